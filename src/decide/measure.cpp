// See measure.h.
#include "decide/measure.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "chip/power.h"
#include "chip/stack.h"
#include "chip/uncertainty.h"
#include "workload/serving.h"

namespace ppu::decide {
namespace {

using workload::Server;

constexpr double kMostBatch = 1024;

struct Point {
  double per_second = 0;  ///< all chips
  chip::Cost cost;
};

class Measurer {
 public:
  Measurer(const Work& work, const chip::Chip& chip, workload::Precision precision)
      : work_(work), chip_(chip), precision_(std::move(precision)) {
    in_ = work.in > 0 ? work.in : work.model.default_in;
    out_ = work.out > 0 ? work.out : work.model.default_out;
  }

  Measured run() {
    Measured m;
    m.precision = precision_.name;
    const chip::Numbers numbers = chip::values_of(chip_);
    if (!(chip::effective_flops(numbers, precision_.math) > 0)) {
      m.cannot = "has no units that multiply " + precision_.name;
      return m;
    }
    if (const Status placed = place(numbers); !placed) {
      m.cannot = placed.error().message;
      return m;
    }
    m.chips = parallel_.chips();
    if (const Status runs = can_run(server(numbers)); !runs) {
      m.cannot = m.chips == 1 ? runs.error().message
                              : "even " + std::to_string(m.chips) + " chips don't hold " + work_.model.name +
                                    " and a request in " + precision_.name;
      return m;
    }
    find_batch(numbers, m);
    const double n = m.chips;
    m.per_chip =
        range(generates() ? "serving" : "items", [&](const Server& s) { return at_level(s).per_second / n; });
    m.watts = range("watts", [&](const Server& s) { return chip::operate(at_level(s).cost, s.chip).watts; });
    if (!generates()) return m;
    m.ttft = range("ttft", [&](const Server& s) { return alone(s).ttft; });
    m.tpot = range("serving", [&](const Server& s) { return alone(s).tpot; });
    return m;
  }

 private:
  bool generates() const { return work_.model.decoder.has_value(); }

  Server server(const chip::Numbers& numbers) const {
    Server s;
    s.deployment.model = &work_.model;
    s.deployment.precision = precision_;
    s.deployment.parallel = parallel_;
    s.chip = numbers;
    s.stack = {work_.stack};
    return s;
  }

  /// The fewest chips that hold the model and a request.
  Status place(const chip::Numbers& numbers) {
    const double tokens = generates() ? in_ + out_ : in_;
    if (generates()) {
      const int n = workload::chips_needed(server(numbers).deployment, numbers, tokens);
      if (n == 0) return resource("no number of chips that it may be spread over holds " + work_.model.name);
      const int per_node = server(numbers).deployment.chips_per_node;
      parallel_ = {.tp = std::min(n, per_node), .pp = std::max(1, n / per_node)};
      return Unit{};
    }
    const Result<double> fits = workload::fitting_sequences(server(numbers), 1, in_);
    if (!fits) return fits.error();
    return Unit{};
  }

  /// kResource, as the model's memory or the chip's rates leave no throughput.
  Status can_run(const Server& s) const {
    double per_second = 0;
    if (generates()) {
      const auto run = workload::max_throughput(s, in_, out_);
      if (!run) return run.error();
      per_second = run.value().tokens_per_second;
    } else {
      const auto run = workload::run_items(s, workload::Scenario::kOffline, in_);
      if (!run) return run.error();
      per_second = run.value().items_per_second;
    }
    if (per_second > 0 && std::isfinite(per_second)) return Unit{};
    return resource(std::string("gives no throughput with ") + work_.model.name);
  }

  workload::StaticRun alone(const Server& s) const {
    const auto run = workload::static_batch(s, 1, in_, out_);
    return run ? run.value() : workload::StaticRun{};
  }

  Point at_level(const Server& s) const {
    if (generates()) {
      workload::SteadyOptions options;
      options.max_batch = batch_;
      const auto run = workload::max_throughput(s, in_, out_, options);
      return run ? Point{run.value().tokens_per_second, run.value().cost} : Point{};
    }
    const auto scenario = work_.latency > 0 ? workload::Scenario::kServer : workload::Scenario::kOffline;
    const auto run = workload::run_items(s, scenario, in_, 0, work_.latency);
    return run ? Point{run.value().items_per_second, run.value().cost} : Point{};
  }

  double tpot_at(const Server& s, double batch) const {
    workload::SteadyOptions options;
    options.max_batch = batch;
    const auto run = workload::max_throughput(s, in_, out_, options);
    return run ? run.value().tpot : INFINITY;
  }

  /// The largest batch that keeps to the time per token, and whether the level is met at all.
  void find_batch(const chip::Numbers& numbers, Measured& m) {
    const Server s = server(numbers);
    char text[160] = "";
    if (!generates()) {
      if (work_.latency <= 0) return;
      const auto one = workload::run_items(s, workload::Scenario::kSingleStream, in_);
      const double alone = one ? one.value().latency : INFINITY;
      m.meets_level = alone <= work_.latency && at_level(s).per_second > 0;
      std::snprintf(text, sizeof text, "one alone takes %.3g ms of %.3g ms", alone * 1e3,
                    work_.latency * 1e3);
      m.level = text;
      return;
    }
    if (work_.tpot > 0) {
      double best = 0;
      for (double b = kMostBatch; b >= 1; b /= 2)
        if (tpot_at(s, b) <= work_.tpot) {
          best = b;
          break;
        }
      m.meets_level = best > 0;
      batch_ = std::max(best, 1.0);
      std::snprintf(text, sizeof text, "%.3g ms a token of %.3g ms", tpot_at(s, batch_) * 1e3,
                    work_.tpot * 1e3);
      m.level = text;
    }
    if (work_.ttft > 0) {
      const double ttft = alone(s).ttft;
      m.meets_level = m.meets_level && ttft <= work_.ttft;
      std::snprintf(text, sizeof text, "%s%.3g ms to the first token of %.3g ms", m.level.empty() ? "" : ", ",
                    ttft * 1e3, work_.ttft * 1e3);
      m.level += text;
    }
  }

  template <class Answer>
  Range range(const char* kind, const Answer& answer) const {
    const chip::Spread spread =
        chip::spread_of(chip_, [&](const chip::Numbers& n) { return answer(server(n)); });
    if (!(spread.value > 0)) return Range::exactly(0);
    const chip::StackRow& stack = chip::stack_row(work_.stack, chip::values_of(chip_));
    const chip::Interval i = chip::interval_of(spread, chip::left_over(kind, stack, chip_.vendor));
    return {i.p10, i.p50, i.p90};
  }

  const Work& work_;
  const chip::Chip& chip_;
  workload::Precision precision_;
  workload::Parallel parallel_;
  double in_ = 0, out_ = 0, batch_ = 0;
};

}  // namespace

Result<Measured> measure(const Work& work, const chip::Chip& chip) {
  const bool has_floats = chip.bf16_tflops.value > 0;
  const std::string name = !work.precision.empty() ? work.precision : has_floats ? "bf16" : "int8";
  const Result<workload::Precision> precision = workload::find_precision(name);
  if (!precision) return precision.error();
  return Measurer(work, chip, precision.value()).run();
}

std::string unit_of(const workload::Model& model) {
  return model.item == "query" ? "queries" : model.item + "s";
}

}  // namespace ppu::decide
