// See estimator.h.
#include "workload/estimator.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "chip/power.h"

namespace ppu::workload {

Estimator::Estimator(const Question& question, const chip::Chip& chip, const Precision& precision)
    : question_(question), chip_(chip), precision_(precision), stack_(stack_of(question)) {
  in_ = question.model.encodes_prompt ? 1  // the token that the decoder begins with
        : question.in > 0             ? question.in
                                      : question.model.default_in;
  out_ = question.out > 0 ? question.out : question.model.default_out;
}

Server Estimator::server(const chip::Numbers& numbers) const {
  Server s;
  s.deployment.model = &question_.model;
  s.deployment.precision = precision_;
  s.deployment.parallel = question_.parallel;
  s.deployment.fused = !stack_.starts_with("eager") && !stack_.starts_with("graphs");
  s.chip = numbers;
  s.stack = {stack_};
  return s;
}

Status Estimator::possible() const {
  const chip::Numbers numbers = chip::values_of(chip_);
  if (!(chip::effective_flops(numbers, precision_.math) > 0))
    return unsupported(std::string(chip_.name) + " has no units that multiply " + precision_.name +
                       (numbers.int8_tops > 0 ? "; --precision int8 is what it does" : ""));
  const Server s = server(numbers);
  const Result<double> fits = generates() ? fitting_sequences(s, in_ + out_, std::min(8192.0, in_))
                                          : fitting_sequences(s, 1, std::max(1.0, question_.batch) * in_);
  if (!fits) return fits.error();
  if (generates() && question_.batch > 0 && question_.rate <= 0 && question_.concurrency <= 0)
    if (const auto batch = static_batch(s, question_.batch, in_, out_); !batch) return batch.error();
  return Unit{};
}

const Values& Estimator::values(const chip::Numbers& numbers) {
  std::string key(sizeof numbers, '\0');
  std::memcpy(key.data(), &numbers, sizeof numbers);
  const auto [at, added] = known_.try_emplace(key);
  if (added) {
    const Server s = server(numbers);
    at->second = generates() ? generate(s) : items(s);
  }
  return at->second;
}

void Estimator::operate(Values& v, const Server& s, const chip::Cost& cost, double per_second) {
  const chip::Operating state = chip::operate(cost, s.chip);
  v["per_second"] = per_second;
  v["watts"] = state.watts;
  v["joules"] = per_second > 0 ? state.watts * chips() / per_second : 0;
  v["die_c"] = chip::steady_die_c(state.watts, chip::thermal_path_of(s.chip), question_.cooling);
  if (known_.size() == 1) operating_ = cost;  // the first numbers asked for are the chip file's values
}

Values Estimator::generate(const Server& s) {
  Values v;
  chip::Cost busy;
  double rate = 0;
  if (const auto one = static_batch(s, 1, in_, out_)) {
    v["ttft"] = one.value().ttft, v["tpot"] = one.value().tpot;
    v["one_per_second"] = one.value().tokens_per_second;
  }
  if (const auto full = max_throughput(s, in_, out_)) {
    v["full_per_second"] = full.value().tokens_per_second, v["full_tpot"] = full.value().tpot;
    v["full_batch"] = full.value().batch;
    busy = full.value().cost, rate = full.value().tokens_per_second;
  }
  if (const auto prefill = prefill_only(s, in_))
    v["prefill_per_second"] = prefill.value().input_tokens_per_second;
  if (const auto decode = decode_only(s, in_, out_))
    v["decode_per_second"] = decode.value().tokens_per_second;
  if (question_.batch > 0)
    if (const auto batch = static_batch(s, question_.batch, in_, out_)) {
      v["batch_ttft"] = batch.value().ttft, v["batch_tpot"] = batch.value().tpot;
      v["batch_per_second"] = batch.value().tokens_per_second;
      busy = batch.value().cost, rate = batch.value().tokens_per_second;
    }
  operate(v, s, busy, rate);
  return v;
}

Values Estimator::items(const Server& s) {
  Values v;
  if (const auto one = run_items(s, Scenario::kSingleStream, in_)) v["latency"] = one.value().latency;
  // The best batch is looked for once: the chip's other numbers are to answer for the same work.
  const auto offline = run_items(s, Scenario::kOffline, in_, batch_ > 0 ? batch_ : question_.batch);
  if (!offline) return v;
  const double rate = offline.value().items_per_second;
  if (batch_ == 0) {
    batch_ = offline.value().batch;
    const auto server = run_items(s, Scenario::kServer, in_, question_.batch, question_.latency_bound);
    if (server) server_share_ = server.value().items_per_second / rate;
  }
  v["items_per_second"] = rate;
  v["items_batch"] = offline.value().batch;
  v["batch_latency"] = offline.value().latency;
  v["server_per_second"] = rate * server_share_;
  if (question_.model.task == Task::kEmbed) v["embed_tokens"] = rate * in_;
  operate(v, s, offline.value().cost, rate);
  return v;
}

Result<LoadRun> Estimator::load_at(double rate, double slowdown) const {
  Server s = server(chip::values_of(chip_));
  s.slowdown = slowdown;
  if (!generates()) return simulate_items(s, in_, rate, question_.batch);
  Load load;
  load.in = in_, load.out = out_, load.rate = rate, load.seed = question_.seed;
  if (question_.batch > 0) load.max_batch = question_.batch;
  return simulate(s, load);
}

Result<LoadRun> Estimator::load(double slowdown) const {
  if (question_.rate > 0) return load_at(question_.rate, slowdown);
  Server s = server(chip::values_of(chip_));
  s.slowdown = slowdown;
  if (generates()) {
    Load load;
    load.in = in_, load.out = out_, load.concurrency = question_.concurrency, load.seed = question_.seed;
    load.max_batch = question_.batch > 0 ? question_.batch : std::max(256.0, question_.concurrency);
    return simulate(s, load);
  }
  // Items in flight are one batch on each copy; the next starts when it is done.
  const double each = std::max(1.0, std::ceil(question_.concurrency / question_.parallel.dp));
  const auto batch = run_items(s, Scenario::kOffline, in_, each);
  if (!batch) return batch.error();
  LoadRun run;
  run.latency = run.ttft = {batch.value().latency, batch.value().latency, batch.value().latency};
  run.requests_per_second = run.tokens_per_second = batch.value().items_per_second;
  run.utilisation = 1, run.mean_batch = each, run.cost = batch.value().cost;
  return run;
}

double Estimator::cost(double watts, double per_second, const chip::Pricing& pricing) const {
  if (pricing.rent_per_hour <= 0 && pricing.purchase <= 0) return 0;
  return chip::cost_per_million(pricing, chips(), watts, per_second);
}

namespace {

std::string usd(double low, double high) {
  char text[64];
  if (low == high)
    std::snprintf(text, sizeof text, "%g", low);
  else
    std::snprintf(text, sizeof text, "%g-%g", low, high);
  return text;
}

}  // namespace

Price price_of(const Question& q, const chip::Chip& chip) {
  Price p{q.pricing, q.pricing, q.pricing, "", true};
  if (q.pricing.rent_per_hour > 0) {
    p.basis = "your rent of " + usd(q.pricing.rent_per_hour, q.pricing.rent_per_hour) + " USD/h a chip";
    return p;
  }
  if (q.pricing.purchase > 0) {
    p.basis = "your price of " + usd(q.pricing.purchase, q.pricing.purchase) + " USD a chip, energy and PUE";
    return p;
  }
  const auto take = [&](const chip::Quantity& quantity, double chip::Pricing::* term, const char* what,
                        const char* unit) {
    p.low.*term = quantity.low, p.middle.*term = quantity.value, p.high.*term = quantity.high;
    p.basis = std::string(what) + " " + usd(quantity.low, quantity.high) + " " + unit + " (" +
              chip::confidence_name(quantity.confidence) + ")";
  };
  if (chip.rent_usd_h.has_number() && chip.rent_usd_h.value > 0) {
    take(chip.rent_usd_h, &chip::Pricing::rent_per_hour, "rent", "USD/h a chip");
    return p;
  }
  if (chip.price_usd.has_number() && chip.price_usd.value > 0) {
    take(chip.price_usd, &chip::Pricing::purchase, "price", "USD a chip, energy and PUE");
    return p;
  }
  double low = 1e18, high = 0;
  // Those of its class: with half its memory or more.
  for (const chip::Chip& other : chip::all())
    if (other.rent_usd_h.has_number() && other.rent_usd_h.low > 0 &&
        2 * other.memory_gib.value >= chip.memory_gib.value) {
      low = std::min(low, other.rent_usd_h.low), high = std::max(high, other.rent_usd_h.high);
    }
  p.known = false;
  if (high <= 0) {
    p.basis = "no price known; give --rent or --price";
    return p;
  }
  p.low.rent_per_hour = low, p.high.rent_per_hour = high, p.middle.rent_per_hour = std::sqrt(low * high);
  p.basis = "rent and price unknown: as if rented for " + usd(low, high) +
            " USD/h, the range of chips with half its memory or more; give --rent or --price";
  return p;
}

}  // namespace ppu::workload
