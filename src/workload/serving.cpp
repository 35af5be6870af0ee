// Closed-form servers: static batches, steady in-flight batching, separate prefill and decode.
#include "workload/serving.h"

#include <algorithm>
#include <cmath>

#include "chip/stack.h"
#include "workload/step_timer.h"

namespace ppu::workload {
namespace {

constexpr double kMostSequences = 1024;

Error does_not_fit(const Server& s, const Memory& m, double tokens) {
  const auto gib = [](double bytes) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f GiB", bytes / (1024.0 * 1024 * 1024));
    return std::string(text);
  };
  const bool whole = !s.deployment.model->encoder && !s.deployment.model->decoder;
  const int chips = whole ? 0 : chips_needed(s.deployment, s.chip, tokens);
  const double need = m.weights + m.activations + tokens * m.kv_per_token + m.state_per_sequence;
  return resource(
      s.deployment.model->name + " in " + s.deployment.precision.name + " doesn't fit: " + gib(need) +
      " on each of " + std::to_string(s.deployment.parallel.chips()) + " chip(s) (weights " + gib(m.weights) +
      ", one request's cache " + gib(tokens * m.kv_per_token + m.state_per_sequence) + ", the engine's own " +
      gib(m.activations) + "), of which " + gib(m.capacity) + " can be used; " +
      (whole       ? std::string("it runs whole on each chip: fewer bits (--precision)")
       : chips > 0 ? "needs " + std::to_string(chips) + " chips (--tp, --pp), or fewer bits (--precision)"
                   : std::string("no number of these chips up to 512 holds it")));
}

/// Passes a pipeline overlaps: with pp stages, pp micro-batches are under way at once.
double micro_batches(const Server& s, double sequences) {
  return std::min<double>(s.deployment.parallel.pp, std::max(1.0, sequences));
}

}  // namespace

chip::Cost encoder_cost(const Server& s, double requests) {
  const Model& model = *s.deployment.model;
  if (!model.encoder && model.stages.empty()) return {};
  chip::Cost cost = chip::predict(lower_items(s.deployment, requests, model.encoder_tokens), s.chip, s.stack);
  cost.seconds = cost.seconds * s.slowdown;
  return cost;
}

double first_seconds(const Server& s) {
  return chip::stack_row(s.stack.name, s.chip).terms.first_us * 1e-6;
}

bool reserves_cache(const Server& s) {
  return chip::stack_row(s.stack.name, s.chip).terms.reserve_cache > 0;
}

Result<double> fitting_sequences(const Server& s, double tokens, double step_tokens) {
  if (Status ok = check(s.deployment); !ok) return ok.error();
  const Memory m = memory_of(s.deployment, s.chip, step_tokens);
  const double n = m.sequences(tokens);
  if (n < 1) return does_not_fit(s, m, tokens);
  return n;
}

Result<StaticRun> static_batch(const Server& s, double batch, double in, double out) {
  const double dp = s.deployment.parallel.dp, mine = std::ceil(batch / dp);
  const Result<double> fits = fitting_sequences(s, in + out, std::min(8192.0, mine * in));
  if (!fits) return fits.error();
  if (mine > fits.value())
    return resource("batch " + std::to_string(int64_t(batch)) + " of " + std::to_string(int64_t(in + out)) +
                    " tokens doesn't fit; at most " + std::to_string(int64_t(fits.value() * dp)) + " do");
  const double parts = micro_batches(s, mine);
  StaticRun run;
  const Piece prompt[] = {{mine / parts, in, 0}};
  // With micro-batches the stages fill once; then each pass gives one micro-batch after 1 / parts of its
  // time.
  chip::Cost first = step_cost(s, prompt);
  first += encoder_cost(s, mine / parts);
  run.ttft = first.seconds.total() * (parts + s.deployment.parallel.pp - 1) / s.deployment.parallel.pp +
             first_seconds(s);
  for (int part = 0; part < int(parts); ++part) run.cost += first;
  constexpr int kSamples = 4;  // contexts, evenly spread: steps grow almost linearly with them
  const double steps = std::max(0.0, out - 1);
  double decode = 0;
  for (int i = 0; i < kSamples && steps > 0; ++i) {
    const Piece piece[] = {{mine / parts, 1, in + steps * (i + 0.5) / kSamples}};
    const chip::Cost one = step_cost(s, piece);
    decode += one.seconds.total() / kSamples;
    run.cost += one * (steps / kSamples * parts);
  }
  run.tpot = decode;
  run.seconds = run.ttft + decode * steps;
  run.tokens_per_second = batch * out / run.seconds;
  return run;
}

Result<SteadyRun> max_throughput(const Server& s, double in, double out, const SteadyOptions& o) {
  const double mean = in + out / 2;  // live sequences are on average half way
  const Result<double> fits = fitting_sequences(s, reserves_cache(s) ? in + out : mean / o.fill, o.chunk);
  if (!fits) return fits.error();
  if (const auto whole = fitting_sequences(s, in + out, o.chunk); !whole) return whole.error();
  const double most = std::min(fits.value(), o.max_batch > 0 ? o.max_batch : kMostSequences);
  const double dp = s.deployment.parallel.dp;
  SteadyRun best;
  for (double n = most; n >= 1; n = std::floor(n / 1.5)) {
    // Each step starts n / out requests to replace those that end.
    const double wanted = n * in / out, prefill = std::min(wanted, std::max(1.0, o.chunk - n));
    const double decoding =
        n * prefill / std::max(wanted, 1e-9);  // prompts that take longer hold fewer decoding
    const double parts = micro_batches(s, decoding);
    const Piece pieces[] = {{decoding / parts, 1, mean}, {std::max(prefill / in, 1e-6) / parts, in, 0}};
    chip::Cost cost = step_cost(s, pieces);
    cost += encoder_cost(s, 8) * (prefill / in / parts / 8);  // encoders run in batches
    const double seconds = cost.seconds.total();
    const double rate = decoding * dp / seconds * (parts / s.deployment.parallel.pp);
    if (rate <= best.tokens_per_second || (o.tpot_limit > 0 && seconds > o.tpot_limit && n > 1)) continue;
    best = {rate, rate * in / out, seconds, decoding * dp, cost};
  }
  return best;
}

Result<SteadyRun> prefill_only(const Server& s, double in, double chunk) {
  const Result<double> fits = fitting_sequences(s, in, chunk);
  if (!fits) return fits.error();
  const double n = std::clamp(std::floor(chunk / in), 1.0, fits.value());
  const Piece pieces[] = {{n, in, 0}};
  SteadyRun run;
  run.cost = step_cost(s, pieces);
  run.cost += encoder_cost(s, 8) * (n / 8);  // as in a full server
  run.batch = n * s.deployment.parallel.dp;
  const Model& model = *s.deployment.model;
  const double tokens = model.encodes_prompt ? model.encoder_tokens : in;
  run.input_tokens_per_second = run.batch * tokens / run.cost.seconds.total();
  return run;
}

Result<SteadyRun> decode_only(const Server& s, double in, double out, double tpot_limit, double max_batch) {
  const double context = in + out / 2;
  const Result<double> fits = fitting_sequences(s, context, 1024);
  if (!fits) return fits.error();
  const double dp = s.deployment.parallel.dp;
  SteadyRun best;
  for (double n = std::min(fits.value(), max_batch > 0 ? max_batch : kMostSequences); n >= 1;
       n = std::floor(n / 1.2)) {
    const double parts = micro_batches(s, n);
    const Piece pieces[] = {{n / parts, 1, context}};
    const chip::Cost cost = step_cost(s, pieces);
    const double seconds = cost.seconds.total();
    if (tpot_limit > 0 && seconds > tpot_limit && n > 1) continue;
    const double rate = n * dp / seconds * (parts / s.deployment.parallel.pp);
    if (rate > best.tokens_per_second) best = {rate, 0, seconds, n * dp, cost};
    if (tpot_limit > 0 || rate < 0.97 * best.tokens_per_second) break;  // smaller ones give less
  }
  return best;
}

}  // namespace ppu::workload
