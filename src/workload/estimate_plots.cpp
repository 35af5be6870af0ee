// What the plots of an answer are drawn from: roofline, temperature over time, latency against load.
#include <algorithm>
#include <cmath>

#include "workload/estimator.h"

namespace ppu::workload {
namespace {

constexpr int kSamples = 240;
constexpr double kWarmUp = 1200;  // seconds, looked at more closely than the hours after
/// Of a triangular distribution's way from its peak to an end, P10 and P90 are that far.
constexpr double kTriangular90 = 0.5528;

void add_points(const chip::Work& work, const Server& s, bool prefill, std::vector<RooflinePoint>& points) {
  std::map<std::string, chip::Cost> sums;
  double total = 0;
  for (const chip::Op& op : work) {
    if (op.kind >= chip::OpKind::kAllReduce) continue;
    const chip::Cost cost = chip::predict(op, s.chip, s.stack);
    sums[op.label] += cost;
    total += cost.seconds.total();
  }
  for (const auto& [label, cost] : sums) {
    if (!(cost.flops > 0) || !(cost.memory_bytes > 0)) continue;
    const double seconds = cost.seconds.total();
    points.push_back({label, cost.flops / cost.memory_bytes, cost.flops / seconds, seconds / total, prefill});
  }
}

void prepend_warm_up(chip::ThermalRun& run, const chip::ThermalRun& start) {
  if (run.samples.size() < 2) return;
  const double first = run.samples[1].seconds;
  std::vector<chip::ThermalSample> samples;
  for (const chip::ThermalSample& s : start.samples)
    if (s.seconds < first) samples.push_back(s);
  samples.insert(samples.end(), run.samples.begin() + 1, run.samples.end());
  run.samples = std::move(samples);
}

}  // namespace

void add_roofline(const Question& q, Estimator& e, Answer& answer) {
  const Server s = e.server(chip::values_of(*answer.chip));
  answer.peak_flops = chip::effective_flops(s.chip, answer.precision.math);
  answer.bandwidth = (s.chip.memory_gbps > 0 ? s.chip.memory_gbps : s.chip.l2_gbps) * 1e9;
  if (!e.generates()) {
    const auto offline = run_items(s, Scenario::kOffline, e.in(), q.batch);
    if (offline)
      add_points(lower_items(s.deployment, offline.value().batch, e.in()), s, true, answer.roofline);
    return;
  }
  const Piece prompt[] = {{1, e.in(), 0}};
  add_points(lower_step(s.deployment, prompt), s, true, answer.roofline);
  const auto full = max_throughput(s, e.in(), e.out());
  const double batch = q.batch > 0 ? q.batch : full ? full.value().batch : 1;
  const Piece step[] = {{std::max(1.0, batch / q.parallel.dp), 1, e.in() + e.out() / 2}};
  add_points(lower_step(s.deployment, step), s, false, answer.roofline);
}

void add_heat(const Question& q, Estimator& e, Answer& answer) {
  if (!(q.hours > 0) || !(e.operating_cost().seconds.total() > 0)) return;
  const chip::Chip& chip = *answer.chip;
  const auto run = [&](double toward_end, double seconds) {
    chip::Numbers n = chip::values_of(chip);
    const auto moved = [&](const chip::Quantity& quantity) {
      const double end = toward_end > 0 ? quantity.high : quantity.low;
      return quantity.value + std::abs(toward_end) * (end - quantity.value);
    };
    n.die_c_per_w = moved(chip.die_c_per_w), n.sink_c_per_w = moved(chip.sink_c_per_w);
    // The chip's heat is its power times these: what isn't known of the power is as good as other cooling.
    const double usual = chip.die_c_per_w.value + chip.sink_c_per_w.value;
    if (const Figure* watts = answer.find("watts"); watts && usual > 0 && toward_end != 0) {
      const double cooling = std::log((n.die_c_per_w + n.sink_c_per_w) / usual);
      const double power =
          std::log((toward_end > 0 ? watts->value.p90 : watts->value.p10) / watts->value.p50);
      const double both = std::exp(std::copysign(std::hypot(cooling, power), toward_end)) * usual;
      const double more = both / (n.die_c_per_w + n.sink_c_per_w);
      n.die_c_per_w *= more, n.sink_c_per_w *= more;
    }
    return chip::run_hot(e.operating_cost(), n, chip::thermal_path_of(n), q.cooling, seconds, kSamples);
  };
  answer.heat = run(0, q.hours * 3600);
  prepend_warm_up(answer.heat, run(0, std::min(q.hours * 3600, kWarmUp)));
  answer.slow_down_c = chip.slow_down_c.value;
  const chip::ThermalRun cool = run(-kTriangular90, q.hours * 3600), hot = run(kTriangular90, q.hours * 3600);
  const auto figure = [&](const char* key, const char* name, const char* unit, auto of) {
    double v[] = {of(cool), of(answer.heat), of(hot)};
    std::sort(std::begin(v), std::end(v));
    answer.figures.push_back({key, name, unit, {v[0], v[1], v[2]}});
  };
  const auto hottest = [](const chip::ThermalRun& r) {
    double t = 0;
    for (const chip::ThermalSample& s : r.samples) t = std::max(t, s.die_c);
    return t;
  };
  figure("die_hottest_c", "die temperature, hottest of the run", "C", hottest);
  figure("throughput_lost_pct", "throughput lost to heat", "%",
         [](const chip::ThermalRun& r) { return r.throughput_lost < 1e-6 ? 0 : 100 * r.throughput_lost; });
  const auto note = [&](const char* case_name, const chip::ThermalRun& r) {
    if (r.throttled_after < 0) return false;
    char text[200];
    std::snprintf(text, sizeof text,
                  "%s the clock is lowered by heat after %.0f s, and %.1f %% of the throughput lost",
                  case_name, r.throttled_after, 100 * r.throughput_lost);
    answer.notes.push_back(text);
    return true;
  };
  if (!note("as assumed,", answer.heat))
    note("with the worse cooling and the higher power of the intervals (P90),", hot);
}

void add_curve(Estimator& e, Answer& answer, double most) {
  if (!(most > 0)) return;
  for (const double share : {0.05, 0.2, 0.35, 0.5, 0.65, 0.75, 0.85, 0.95}) {
    const Result<LoadRun> run = e.load_at(share * most, 1);
    if (!run || run.value().saturated) break;
    answer.curve.push_back({share * most, run.value().latency, run.value().tokens_per_second});
  }
}

}  // namespace ppu::workload
