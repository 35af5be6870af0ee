// Puts an answer together: values with the chip's numbers, their intervals, limits, memory, money. See
// estimate.h.
#include "workload/estimate.h"

#include <algorithm>
#include <cmath>

#include "chip/power.h"
#include "chip/show.h"
#include "chip/stack.h"
#include "workload/estimator.h"

namespace ppu::workload {
namespace {

constexpr double kNormal90 = 1.2816;  // P90 of a normal distribution, in standard deviations

// clang-format off
constexpr FigureRow kFigures[] = {
    // key in Values       shown as                                     unit       residual   scale
    {"ttft",              "one request: time to first token",          "ms",      "ttft",    1e3},
    {"tpot",              "one request: time per output token",        "ms",      "serving", 1e3},
    {"one_per_second",    "one request: output",                       "tokens/s","serving", 1},
    {"batch_ttft",        "batch: time to first token",                "ms",      "ttft",    1e3},
    {"batch_tpot",        "batch: time per output token",              "ms",      "serving", 1e3},
    {"batch_per_second",  "batch: output",                             "tokens/s","serving", 1},
    {"full_batch",        "full server: requests at once",             "",        "",        1},
    {"full_tpot",         "full server: time per output token",        "ms",      "serving", 1e3},
    {"full_per_second",   "full server: output",                       "tokens/s","serving", 1},
    {"prefill_per_second", "prefill alone: input",                     "tokens/s","serving", 1},
    {"decode_per_second",  "decode alone, full batch: output",         "tokens/s","serving", 1},
    {"latency",           "one alone: latency",                        "ms",      "items",   1e3},
    {"items_batch",       "offline: batch",                            "",        "",        1},
    {"batch_latency",     "offline: latency of a batch",               "ms",      "items",   1e3},
    {"items_per_second",  "offline: throughput",                       "item/s",  "items",   1},
    {"server_per_second", "server: highest rate within the p99 bound", "item/s",  "items",   1},
    {"embed_tokens",      "offline: throughput in tokens",             "tokens/s","items",   1},
    {"watts",             "power of a chip",                           "W",       "watts",   1},
    {"joules",            "energy",                                    "J/item",  "watts",   1},
    {"die_c",             "die temperature, settled",                  "C",       "watts",   1},
};
// clang-format on

std::string unit_of(const char* unit, const Model& model) {
  std::string text = unit;
  const std::string item = model.decoder ? "token" : model.item;
  if (text == "item/s") return plural_item(model) + "/s";
  if (text == "J/item") return "J/" + item;
  return text;
}

chip::Interval scaled(const chip::Interval& i, double f) {
  return {i.p10 * f, i.p50 * f, i.p90 * f};
}

class Asking {
 public:
  Asking(const Question& q, const chip::Chip& chip, const Precision& precision)
      : q_(q),
        chip_(chip),
        estimator_(q, chip, precision),
        stack_(chip::stack_row(stack_of(q), chip::values_of(chip))) {
    answer_.chip = &chip;
    answer_.precision = precision;
    answer_.chips = q.parallel.chips();
  }

  Answer run() {
    const Status possible = estimator_.possible();
    if (!possible) {
      answer_.refusal = possible.error().message;
      return std::move(answer_);
    }
    numbers_ = chip::values_of(chip_);
    add_notes();
    add_memory();
    for (const FigureRow& row : kFigures) add_figure(row);
    without_load_ = estimator_.operating_cost().seconds;
    if (q_.rate > 0 || q_.concurrency > 0) add_load();
    add_cost();
    add_phases();
    add_roofline(q_, estimator_, answer_);
    add_heat(q_, estimator_, answer_);
    if (q_.curve) add_curve(estimator_, answer_, most_per_second());
    return std::move(answer_);
  }

 private:
  chip::Spread spread(const std::string& key) {
    return chip::spread_of(chip_, [&](const chip::Numbers& n) {
      const Values& v = estimator_.values(n);
      const auto at = v.find(key);
      return at == v.end() ? 0.0 : at->second;
    });
  }

  void add(const std::string& key, const std::string& name, const std::string& unit,
           const chip::Interval& value) {
    answer_.figures.push_back({key, name, unit, value});
  }

  /// What the model leaves unexplained of such answers here.
  double left(const char* answers) const { return chip::left_over(answers, stack_, numbers_.vendor); }

  void add_figure(const FigureRow& row) {
    const Values& v = estimator_.values(numbers_);
    const auto at = v.find(row.key);
    if (at == v.end() || !(at->second > 0)) return;
    chip::Interval value{at->second, at->second, at->second};
    if (std::string_view(row.residual) != "")
      value = chip::interval_of(spread(row.key), left(row.residual), q_.seed);
    if (std::string_view(row.key) == "watts" &&
        chip_.tdp_w.has_number())  // a limit holds, however wrong we are
      for (double* watts : {&value.p10, &value.p50, &value.p90}) *watts = std::min(*watts, chip_.tdp_w.high);
    const std::string unit = unit_of(row.unit, q_.model);
    std::string key = row.key;
    if (row.scale == 1e3) key += "_ms";
    add(key, row.name, unit, scaled(value, row.scale));
  }

  void add_notes() {
    const Precision& p = answer_.precision;
    if (p.math == chip::Number::kFp8 && !(numbers_.fp8_tflops > 0))
      answer_.notes.push_back("no FP8 units: weights are kept in 8 bits and multiplied in 16");
    if (p.math == chip::Number::kFp4 && !(numbers_.fp4_tflops > 0))
      answer_.notes.push_back("no FP4 units: weights are kept in 4 bits and multiplied in 16");
    if (!chip::measured_on(stack_, numbers_.vendor))
      answer_.notes.push_back("no measurement of stack `" + stack_of(q_) +
                              "` on chips of its maker: intervals are wide");
    if (!q_.model.uncertain.empty()) answer_.notes.push_back(q_.model.name + ": " + q_.model.uncertain);
    const double tokens = estimator_.in() + estimator_.out();
    if (q_.model.context_limit > 0 && !(q_.model.encoder_tokens > 0) && tokens > q_.model.context_limit)
      answer_.notes.push_back("in + out is beyond the model's context of " +
                              chip::number_text(q_.model.context_limit) + " tokens");
  }

  void add_memory() {
    const Server s = estimator_.server(numbers_);
    answer_.memory = memory_of(s.deployment, numbers_, std::min(8192.0, estimator_.in()));
    answer_.requests_that_fit =
        estimator_.generates() ? answer_.memory.sequences(estimator_.in() + estimator_.out()) * q_.parallel.dp
                               : 0;
  }

  double most_per_second() {
    const Values& v = estimator_.values(numbers_);
    if (const auto full = v.find("full_per_second"); full != v.end()) return full->second / estimator_.out();
    const auto items = v.find("items_per_second");
    return items == v.end() ? 0 : items->second;
  }

  /// Simulated with the chip as it is, slower and faster by what the intervals say of its throughput.
  void add_load() {
    const std::string base = estimator_.generates() ? "full_per_second" : "items_per_second";
    const double residual = left(estimator_.generates() ? "serving" : "items");
    const chip::Interval speed = chip::interval_of(spread(base), residual, q_.seed);
    const Result<LoadRun> middle = estimator_.load(1), slow = estimator_.load(speed.p50 / speed.p10),
                          fast = estimator_.load(speed.p50 / speed.p90);
    for (const auto* run : {&middle, &slow, &fast})
      if (!*run) {
        answer_.notes.push_back("no answer under load: " + run->error().message);
        return;
      }
    load_ = middle.value();
    move_to_load();
    const auto between = [&](auto figure, const char* figures) {
      // What is left unexplained of a load beyond that of the throughput itself.
      const double more = std::sqrt(std::max(0.0, std::pow(left(figures), 2) - residual * residual));
      const double m = figure(middle.value()), a = figure(slow.value()), b = figure(fast.value());
      chip::Interval i{std::min({a, b, m}), m, std::max({a, b, m})};
      if (!(i.p10 > 0)) return i;
      i.p90 = m * std::exp(std::hypot(std::log(i.p90 / m), kNormal90 * more));
      i.p10 = m * std::exp(-std::hypot(std::log(i.p10 / m), kNormal90 * more));
      return i;
    };
    const bool tokens = estimator_.generates();
    const auto ms = [&](const char* key, const char* name, auto figure, const char* left) {
      add(key, name, "ms", scaled(between(figure, left), 1e3));
    };
    if (tokens) {
      ms(
          "load_ttft_p50_ms", "under load: time to first token, median",
          [](const LoadRun& r) { return r.ttft.p50; }, "ttft_load");
      ms(
          "load_ttft_p99_ms", "under load: time to first token, p99",
          [](const LoadRun& r) { return r.ttft.p99; }, "ttft_load");
      ms(
          "load_tpot_p50_ms", "under load: time per output token, median",
          [](const LoadRun& r) { return r.tpot.p50; }, "tpot_load");
      ms(
          "load_tpot_p99_ms", "under load: time per output token, p99",
          [](const LoadRun& r) { return r.tpot.p99; }, "tpot_load");
    }
    ms(
        "load_latency_p50_ms", "under load: latency, median", [](const LoadRun& r) { return r.latency.p50; },
        "tpot_load");
    ms(
        "load_latency_p99_ms", "under load: latency, p99", [](const LoadRun& r) { return r.latency.p99; },
        "tpot_load");
    add("load_per_second", "under load: output", tokens ? "tokens/s" : plural_item(q_.model) + "/s",
        between([](const LoadRun& r) { return r.tokens_per_second; }, "serving"));
    add("load_utilisation", "under load: busy", "%",
        scaled(between([](const LoadRun& r) { return r.utilisation; }, "serving"), 100));
    answer_.figures.back().value.p90 = std::min(100.0, answer_.figures.back().value.p90);
    if (load_.saturated)
      answer_.notes.push_back(
          "the load is more than it serves: requests queue without end, latencies are those so far");
  }

  /// Power, energy and temperature are those of the load: waiting between requests draws as little as an idle
  /// chip.
  void move_to_load() {
    chip::Cost cost = load_.cost;
    cost.seconds.host += std::max(0.0, load_.seconds - cost.seconds.total());
    const Values& full = estimator_.values(numbers_);
    if (!(cost.seconds.total() > 0) || !full.count("watts") || !(load_.tokens_per_second > 0)) return;
    estimator_.set_operating_cost(cost);
    watts_ratio_ = chip::operate(cost, numbers_).watts / full.at("watts");
    const double energy = watts_ratio_ * full.at("per_second") / load_.tokens_per_second;
    for (Figure& f : answer_.figures) {
      if (f.key == "watts") f.value = scaled(f.value, watts_ratio_);
      if (f.key == "joules") f.value = scaled(f.value, energy);
      if (f.key != "die_c") continue;
      for (double* t : {&f.value.p10, &f.value.p50, &f.value.p90})
        *t = q_.cooling.inlet_c + (*t - q_.cooling.inlet_c) * watts_ratio_;
    }
  }

  void add_cost() {
    const Price price = price_of(q_, chip_);
    answer_.price_known = price.known;
    answer_.price_basis = price.basis;
    const bool loaded = load_.tokens_per_second > 0;
    const auto million = [&](const chip::Numbers& n, const chip::Pricing& pricing) {
      const Values& v = estimator_.values(n);
      if (!v.count("watts") || !v.count("per_second")) return 0.0;
      // Under load the chips are paid for while they wait.
      const double share =
          loaded ? load_.tokens_per_second / estimator_.values(numbers_).at("per_second") : 1;
      return estimator_.cost(v.at("watts") * watts_ratio_, v.at("per_second") * share, pricing);
    };
    chip::Spread spread =
        chip::spread_of(chip_, [&](const chip::Numbers& n) { return million(n, price.middle); });
    if (!(spread.value > 0)) return;
    const double low = million(numbers_, price.low), high = million(numbers_, price.high);
    if (low < high) spread.numbers.push_back({price.middle.rent_per_hour > 0 ? "rent" : "price", low, high});
    const double rest = left(estimator_.generates() ? "serving" : "items");
    chip::Interval value = chip::interval_of(spread, rest, q_.seed);
    if (!price.known) value.p10 = std::min(value.p10, low), value.p90 = std::max(value.p90, high);
    add("usd_per_million", "cost of a million " + plural_item(q_.model), "USD", value);
    for (const chip::Sensitivity& s : spread.numbers) answer_.tornado.push_back({s.key, s.at_low, s.at_high});
    answer_.tornado.push_back(
        {"stack and model", spread.value * std::exp(-rest), spread.value * std::exp(rest)});
    std::sort(answer_.tornado.begin(), answer_.tornado.end(), [](const Bar& a, const Bar& b) {
      return std::make_pair(-std::abs(a.at_high - a.at_low), a.name) <
             std::make_pair(-std::abs(b.at_high - b.at_low), b.name);
    });
    answer_.tornado_base = spread.value;
  }

  void add_phases() {
    const Server s = estimator_.server(numbers_);
    if (estimator_.generates()) {
      const Piece prompt[] = {{1, estimator_.in(), 0}};
      answer_.phases.push_back({"prefill of one request", step_cost(s, prompt).seconds});
      const Piece one[] = {{1, 1, estimator_.in() + estimator_.out() / 2}};
      answer_.phases.push_back({"decode of one request", step_cost(s, one).seconds});
    }
    answer_.phases.push_back({q_.batch > 0             ? "the batch"
                              : estimator_.generates() ? "full server"
                                                       : "offline batch",
                              without_load_});
    if (load_.seconds > 0) answer_.phases.push_back({"under load", load_.cost.seconds});
  }

  const Question& q_;
  const chip::Chip& chip_;
  Estimator estimator_;
  const chip::StackRow& stack_;
  chip::Numbers numbers_;
  LoadRun load_;
  chip::Shares without_load_;
  double watts_ratio_ = 1;  ///< of the load's power to the full server's
  Answer answer_;
};

}  // namespace

const Figure* Answer::find(const std::string& key) const {
  for (const Figure& f : figures)
    if (f.key == key) return &f;
  return nullptr;
}

std::string stack_of(const Question& q) {
  if (!q.stack.empty()) return q.stack;
  return q.model.decoder ? "vllm" : "tensorrt";
}

std::string plural_item(const Model& model) {
  if (model.decoder) return "tokens";
  return model.item == "query" ? "queries" : model.item + "s";
}

Result<Answer> estimate(const Question& q, const chip::Chip& chip) {
  const Result<Precision> precision = find_precision(q.precision.empty() ? q.model.precision : q.precision);
  if (!precision) return precision.error();
  if (!chip::knows_stack(stack_of(q)))
    return bad_input("--stack " + q.stack + ": no such software; there are " + chip::stack_names() +
                     " (`default`: any other engine)");
  if (q.rate > 0 && q.concurrency > 0) return bad_input("--rate and --concurrency are two loads; give one");
  Deployment d{&q.model, precision.value(), q.parallel};
  if (Status ok = check(d); !ok) return ok.error();
  if (!q.model.decoder && q.out > 0) return bad_input("--out: " + q.model.name + " generates no tokens");
  return Asking(q, chip, precision.value()).run();
}

}  // namespace ppu::workload
