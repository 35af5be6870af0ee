// Rows of MLPerf Inference and its power runs. Predictions for them are our own and not verified by
// MLCommons. What a benchmark feeds its model (lengths of the data set, bounds of its rules) are rows here.
#include <algorithm>
#include <cmath>

#include "chip/power.h"
#include "chip/stack.h"
#include "validate/row_kinds.h"
#include "validate/words.h"
#include "workload/serving.h"

namespace ppu::validate {
namespace {

using workload::Scenario;

/// One benchmark: `in` and `out` are mean tokens of its data set; `beams` sequences make one answer; `bound`
/// is the rules' latency for the Server scenario in seconds (MLPerf Inference policies), of a token for
/// language models; `interactive` the token's in the Interactive one, 0 where there is none.
struct Benchmark {
  const char* begins;  ///< of the row's model
  double in, out, beams, bound, interactive;
  const char* precision;  ///< submitters' usual one with 8-bit units, "nvfp4" where there are 4-bit ones
};
constexpr Benchmark kBenchmarks[] = {
    {"resnet", 0, 0, 1, 0.015, 0, "int8"},
    {"retinanet", 0, 0, 1, 0.1, 0, "int8"},
    {"ssd", 0, 0, 1, 0.1, 0, "int8"},
    {"3d-unet", 0, 0, 1, 1, 0, "int8"},
    {"bert", 0, 0, 1, 0.13, 0, "int8"},
    {"dlrm", 0, 0, 1, 0.06, 0, "int8"},
    {"stable-diffusion", 0, 0, 1, 20, 0, "fp8"},
    {"whisper", 0, 0, 1, 1, 0, "fp8"},
    {"rnnt", 0, 0, 1, 1, 0, "fp16"},
    {"gnmt", 0, 0, 1, 0.25, 0, "fp16"},
    {"gptj", 870, 69, 4, 0.2, 0, "fp8+kv8"},                  // CNN/DailyMail, beam search of 4
    {"llama2-70b", 294, 294, 1, 0.2, 0.04, "fp8+kv8"},        // OpenOrca
    {"mixtral", 430, 145, 1, 0.2, 0, "fp8+kv8"},              // OpenOrca, GSM8K, MBXP
    {"llama3.1-405b", 9430, 684, 1, 0.175, 0.08, "fp8+kv8"},  // LongBench, RULER, GovReport
    {"llama3.1-8b", 778, 73, 1, 0.1, 0.03, "fp8+kv8"},        // CNN/DailyMail
    {"deepseek-r1", 800, 3880, 1, 0.08, 0, "fp8+kv8"},        // reasoning sets
};

/// Mean length of SQuAD's questions with their texts: engines of BERT pack them without padding.
constexpr double kBertTokens = 178;

constexpr double kSentence = 128;  // tokens, where a row of sentences gives none

/// Seconds between a stream's queries for images (MLPerf Inference v0.5).
constexpr double kStreamInterval = 0.05;
/// Samples of a query of MultiStream since v1.0, whose figure is the latency.
constexpr double kStreamQuery = 8;

const Benchmark* benchmark_of(const Row& row) {
  const std::string name = letters_and_digits(row.model);
  for (const Benchmark& b : kBenchmarks)
    if (name.starts_with(letters_and_digits(b.begins))) return &b;
  return nullptr;
}

/// "Interactive" is a scenario of some tables and part of the benchmark's name in others.
bool names_interactive(const Row& row) {
  return names(row, {"interactive"});
}

Scenario scenario_of(const Row& row) {
  if (contains(row.scenario, "SingleStream")) return Scenario::kSingleStream;
  if (contains(row.scenario, "MultiStream")) return Scenario::kMultiStream;
  if (contains(row.scenario, "Server") || contains(row.scenario, "Interactive")) return Scenario::kServer;
  if (names_interactive(row) && !contains(row.scenario, "Offline")) return Scenario::kServer;
  return Scenario::kOffline;
}

/// What a submission runs in: what the row says, else the usual one with the narrowest units the chip has.
std::string precision_name(const Row& row, const Benchmark& b, const chip::Numbers& chip) {
  if (workload::find_precision(row.precision)) return row.precision;
  const bool language = b.out > 0;
  if (language && chip.fp4_tflops > 0) return "nvfp4+kv8";
  std::string usual = b.precision;
  // 8 bits of the kind whose units are the faster: some chips have hardly any left for integers.
  if (usual == "int8" && chip.fp8_tflops > 2 * chip.int8_tops) usual = "fp8";
  if (usual.starts_with("fp8") && !(chip.fp8_tflops > 0))
    return language && chip.int8_tops > 0 ? "int8+kv8" : "fp16";
  return usual;
}

/// A language model on all of the row's chips: copies of the smallest group that holds it.
Result<workload::SteadyRun> language_run(const Question& q, const Benchmark& b,
                                         const workload::Server& base) {
  workload::SteadyOptions options;
  if (scenario_of(q.row) == Scenario::kServer)
    options.tpot_limit = names_interactive(q.row) && b.interactive > 0 ? b.interactive : b.bound;
  Result<workload::SteadyRun> best = unsupported("no group of the row's chips holds " + q.row.model);
  for (int tp = 1; tp <= int(q.row.chips); tp *= 2) {
    workload::Server s = base;
    s.deployment.parallel = {.tp = tp, .pp = 1, .ep = 1, .dp = 1};
    Result<workload::SteadyRun> run = workload::max_throughput(s, b.in, b.out * b.beams, options);
    if (!run) {
      if (tp > 1 && run.error().kind == ErrorKind::kBadInput) break;  // more chips than heads to split
      if (run.error().kind != ErrorKind::kResource) return run.error();
      best = best ? std::move(best) : Result<workload::SteadyRun>(run.error());
      continue;
    }
    const double copies = std::floor(q.row.chips / tp);
    run->tokens_per_second *= copies;
    if (!best || run->tokens_per_second > best->tokens_per_second) best = std::move(run);
  }
  return best;
}

/// One answer after the other, by the group of the row's chips that gives it soonest.
Result<workload::StaticRun> one_answer(const Question& q, const Benchmark& b, const workload::Server& base) {
  Result<workload::StaticRun> best = unsupported("no group of the row's chips holds " + q.row.model);
  for (int tp = 1; tp <= int(q.row.chips); tp *= 2) {
    workload::Server s = base;
    s.deployment.parallel = {.tp = tp, .pp = 1, .ep = 1, .dp = 1};
    Result<workload::StaticRun> run = workload::static_batch(s, b.beams, b.in, b.out);
    if (run ? !best || run.value().seconds < best.value().seconds : !best) best = std::move(run);
  }
  return best;
}

Result<workload::Server> server_of(const Question& q, const Benchmark& b, const workload::Model& model) {
  const auto precision = workload::find_precision(precision_name(q.row, b, q.chip));
  if (!precision) return precision.error();
  workload::Server s;
  s.deployment = {.model = &model, .precision = precision.value(), .parallel = {}};
  s.deployment.parallel.dp = int(q.row.chips);
  s.chip = q.chip, s.stack = q.stack;
  return s;
}

struct Outcome {
  double items_per_second = 0;  ///< samples; of language models, answers
  double tokens_per_second = 0;
  double latency = 0;
  double batch = 0;  ///< of each chip
  double tpot = 0;   ///< of language models
  chip::Cost cost;   ///< of one chip
};

Result<Outcome> run_benchmark(const Question& q) {
  const Row& row = q.row;
  const Benchmark* b = benchmark_of(row);
  if (!b) return unsupported("benchmark `" + row.model + "` has no row in the model's table of data sets");
  const Result<workload::Model> model = model_of(q);
  if (!model) return model.error();
  const Result<workload::Server> server = server_of(q, *b, model.value());
  if (!server) return server.error();
  // What a benchmark's engine and rules make of the model's rate was fitted on other chips.
  const chip::StackTerms& terms = chip::stack_row(q.stack.name, q.chip).terms;
  const Scenario scenario = scenario_of(row);
  const bool bounded = scenario == Scenario::kServer || scenario == Scenario::kMultiStream;
  const double rate = terms.rate * (bounded ? terms.server_share : 1);
  Outcome out;
  if (b->out > 0 && scenario == Scenario::kSingleStream) {
    const auto run = one_answer(q, *b, server.value());
    if (!run) return run.error();
    out.latency = run.value().seconds / terms.rate, out.tpot = run.value().tpot / terms.rate;
    out.items_per_second = 1 / out.latency, out.tokens_per_second = b->out / out.latency;
    out.cost = run.value().cost;
    return out;
  }
  if (b->out > 0) {
    const auto run = language_run(q, *b, server.value());
    if (!run) return run.error();
    // Of a beam's sequences one is the answer.
    out.tokens_per_second = rate * run.value().tokens_per_second / b->beams;
    out.items_per_second = out.tokens_per_second / b->out;
    out.tpot = run.value().tpot, out.latency = out.tpot * b->out, out.cost = run.value().cost;
    return out;
  }
  const double tokens = lower_case(row.model).starts_with("bert") ? kBertTokens : 0;
  const bool by_query = scenario == Scenario::kMultiStream && q.asked.figure == Figure::kLatency;
  const double bound = scenario == Scenario::kMultiStream ? kStreamInterval : b->bound;
  const auto run = by_query ? workload::run_items(server.value(), Scenario::kOffline, tokens,
                                                  std::ceil(kStreamQuery / row.chips))
                            : workload::run_items(server.value(), scenario, tokens, 0, bound);
  if (!run) return run.error();
  out.items_per_second = rate * run.value().items_per_second, out.cost = run.value().cost;
  out.batch = rate * run.value().batch;
  out.latency = scenario == Scenario::kSingleStream ? run.value().p99 : run.value().latency;
  out.latency /= terms.rate;
  return out;
}

/// A model that MLPerf has no rules for: its items, or a full server's tokens.
Result<double> without_rules(const Question& q) {
  const Result<workload::Model> model = model_of(q);
  if (!model) return model.error();
  if (!model.value().decoder || model.value().encoder) return items_row(q, model.value());
  return serving_energy_row(q);
}

/// Watts of each chip and the share of the full rate, in a run tuned for work a joule: the clock at which it
/// is best, as submitters search for it.
struct Frugal {
  double watts = 0, speed = 1;
};
Frugal frugal(const chip::Cost& cost, const chip::Numbers& chip) {
  const chip::Operating full = chip::operate(cost, chip);
  Frugal best{full.watts, 1};
  double best_efficiency = 0;
  for (double clock = 1; clock >= 0.4; clock -= 0.02) {
    const chip::Operating state = chip::operate(cost, chip, {.watts = 0, .clock_fraction = clock});
    const double speed = full.seconds / state.seconds;
    const double node = chip::node_watts(state.watts, 8);  // the server's own power is worth sharing
    if (speed / node > best_efficiency) best_efficiency = speed / node, best = {state.watts, speed};
  }
  return best;
}

}  // namespace

Result<double> mlperf_row(const Question& q) {
  const Row& row = q.row;
  if (!benchmark_of(row)) return without_rules(q);
  const auto run = run_benchmark(q);
  if (!run) return run.error();
  const Outcome& r = run.value();
  Answers answers(row.chips);
  answers.set(Figure::kItemRate, r.items_per_second).set(Figure::kRequestRate, r.items_per_second);
  answers.set(Figure::kOutputRate, r.tokens_per_second);
  answers.set(Figure::kStreams, r.batch * row.chips);
  answers.set(Figure::kLatency, r.latency).set(Figure::kTpot, r.tpot);
  return answers.set_watts(chip::operate(r.cost, q.chip).watts).pick(q);
}

Result<double> power_row(const Question& q) {
  const Row& row = q.row;
  if (contains(row.model, "idle") || contains(row.metric, "idle") || contains(row.scenario, "idle"))
    return Answers(row.chips).set_watts(q.chip.idle_w).pick(q);
  if (!benchmark_of(row)) return without_rules(q);
  const auto run = run_benchmark(q);
  if (!run) return run.error();
  const bool saving = contains(row.scenario, "MaxQ") || contains(row.precision, "MaxQ");
  const Frugal at =
      saving ? frugal(run.value().cost, q.chip) : Frugal{chip::operate(run.value().cost, q.chip).watts, 1};
  Answers answers(row.chips);
  answers.set(Figure::kItemRate, at.speed * run.value().items_per_second);
  answers.set(Figure::kRequestRate, at.speed * run.value().items_per_second);
  answers.set(Figure::kOutputRate, at.speed * run.value().tokens_per_second);
  return answers.set_watts(at.watts).pick(q);
}

Result<double> items_row(const Question& q, const workload::Model& model) {
  const Row& row = q.row;
  const auto precision = precision_of(row, model, q.chip);
  if (!precision) return precision.error();
  if (!row.precision.empty() && !names_precision(row)) q.assume(std::string(precision.value().name));
  workload::Server s;
  s.deployment = {.model = &model, .precision = precision.value(), .parallel = {}};
  s.deployment.parallel.dp = std::max(1, int(row.chips));
  s.chip = q.chip, s.stack = q.stack;
  const double tokens = model.encoder && model.encoder_tokens <= 0 ? q.in_or(kSentence) : 0;
  const Scenario scenario = scenario_of(row);
  const auto run = workload::run_items(s, scenario, tokens, scenario == Scenario::kOffline ? row.batch : 0);
  if (!run) return run.error();
  Answers answers(row.chips);
  answers.set(Figure::kItemRate, run.value().items_per_second);
  answers.set(Figure::kRequestRate, run.value().items_per_second);
  answers.set(Figure::kOutputRate, run.value().items_per_second * tokens);
  answers.set(Figure::kInputRate, run.value().items_per_second * tokens);
  answers.set(Figure::kTotalRate, run.value().items_per_second * tokens);
  answers.set(Figure::kLatency, run.value().latency).set(Figure::kTtft, run.value().latency);
  answers.set(Figure::kStreams, run.value().batch * row.chips);
  return answers.set_power(run.value().cost, q.chip).pick(q);
}

bool is_benchmark(const Row& row) {
  return benchmark_of(row) != nullptr;
}

}  // namespace ppu::validate
