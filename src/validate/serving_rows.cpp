// Rows of language models served: the words of a row become a deployment and a load, src/workload does the
// rest.
#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <type_traits>
#include <unordered_map>

#include "chip/coefficients.h"
#include "chip/stack.h"
#include "validate/row_kinds.h"
#include "validate/words.h"
#include "workload/serving.h"

namespace ppu::validate {
namespace {

using workload::Server;

/// Rows of chat benchmarks that give no lengths: a reasoning model's answers, half grown on average.
constexpr double kChatIn = 500, kChatOut = 2000;
/// Rows of separate decoding that give no lengths or limit: what such clusters are tuned for.
constexpr double kDecodeIn = 4096, kDecodeOut = 1024, kDecodeLimit = 0.05;

/// Rows that give no lengths: what benchmarks of serving usually send.
constexpr double kUsualIn = 1024, kUsualOut = 1024;
constexpr double kShortContext = 512;
constexpr double kStepTokens = 16384;  // of chips that only prefill
/// Groups this large hold a model of experts spread over all chips, attention on each for itself.
constexpr double kSpreadModel = 3e11;

/// Requests of a benchmark run, for each in flight: they start together and all are counted.
constexpr double kRounds = 10;
constexpr double kMostRequests = 20000;
/// A measured run did fit: engines that leave less memory free than we take for granted are met half way.
constexpr double kMoreMemory = 1.15;

/// Where the row names no spreading and the model can't be split over all chips: as far as it can, in copies.
void split_evenly(const Question& q, Server& server) {
  workload::Parallel& p = server.deployment.parallel;
  if (number_at(q.row.scenario, "tp") || p.pp * p.dp * p.ep > 1) return;
  const int chips = p.tp;
  while (p.tp > 1 && (chips % p.tp || !workload::check(server.deployment))) --p.tp;
  p.dp = chips / p.tp;
  if (p.dp > 1) q.assume(std::to_string(p.dp) + " copies");
}

double experts_of(const workload::Model& model) {
  double experts = 0;
  if (model.decoder)
    for (const workload::Layers& layers : model.decoder->layers)
      experts = std::max(experts, layers.feed.experts);
  return experts;
}

/// A row was measured, so the spreading it names did run: what engines make of one that doesn't come out
/// even.
void make_even(const Question& q, workload::Model& model, workload::Parallel& p) {
  if (!model.decoder) return;
  if (p.ep > 1 && experts_of(model) <= 0) p.ep = 1, q.assume("no experts to spread");
  for (workload::Layers& layers : model.decoder->layers) {
    double& heads = layers.attention.heads;
    const double padded = std::ceil(heads / p.tp) * p.tp;
    if (padded > 1.5 * heads || padded == heads) continue;
    heads = padded;
    q.assume("heads filled up to " + std::to_string(int(padded)));
  }
}

/// Copies of a model of experts that don't fit share the experts.
void share_experts(const Question& q, Server& server) {
  workload::Parallel& p = server.deployment.parallel;
  const double tokens = std::max(1.0, q.row.in + q.row.out);
  if (p.dp <= 1 || p.ep > 1 || experts_of(*server.deployment.model) <= 0) return;
  if (workload::fitting_sequences(server, tokens, std::min(8192.0, tokens))) return;
  p.ep = p.tp * p.dp;
  if (workload::check(server.deployment))
    q.assume("experts over all chips");
  else
    p.ep = 1;
}

/// The model a row names, installed on its chips. The models of all rows live as long as the process.
class Installed {
 public:
  static Result<Installed> of(const Question& q) {
    Installed out;
    Result<workload::Model> model = model_of(q);
    if (!model) return model.error();
    out.model_ = std::make_unique<workload::Model>(std::move(model).value());
    const auto parallel = parallel_of(q.row, q.chip.dies);
    if (!parallel) return parallel.error();
    const auto precision = precision_of(q.row, *out.model_, q.chip);
    if (!precision) return precision.error();
    if (!q.row.precision.empty() && !names_precision(q.row)) q.assume(std::string(precision.value().name));
    out.server_.deployment = {
        .model = out.model_.get(), .precision = precision.value(), .parallel = parallel.value()};
    if (number_at(q.row.scenario, "tp"))
      make_even(q, *out.model_, out.server_.deployment.parallel);
    else
      split_evenly(q, out.server_);
    out.server_.deployment.fused = !contains(q.row.scenario, "eager");
    out.server_.chip = q.chip, out.server_.stack = q.stack;
    share_experts(q, out.server_);
    if (const int chips = out.server_.deployment.parallel.chips(); chips != int(q.row.chips))
      q.assume(std::to_string(chips) + " chips");
    const double tokens =
        std::max(1.0, q.row.in + q.row.out) * std::max(1.0, q.row.kind == "serving-static" ? q.row.batch : 1);
    if (!workload::fitting_sequences(out.server_, tokens, std::min(8192.0, tokens)))
      out.server_.chip.memory_gib *= kMoreMemory;
    return out;
  }
  const Server& server() const { return server_; }
  Server& server() { return server_; }
  double chips() const { return server_.deployment.parallel.chips(); }

 private:
  std::unique_ptr<workload::Model> model_;
  Server server_;
};

/// The widest group up to `chips` over which these experts come out even: clusters that are wider hold some
/// twice.
int even_group(double experts, int chips) {
  for (int n = chips; n > 1; --n)
    if (std::fmod(experts, n) == 0) return n;
  return 1;
}

/// Clusters that prefill and decode apart spread a large model by experts, attention on each chip for itself
/// (the scenario may name the width); where the chips don't hold that, attention is split as well.
void spread_experts(const Question& q, double in, Server& server) {
  const Row& row = q.row;
  const auto ep = number_at(row.scenario, "EP");
  const workload::Model& model = *server.deployment.model;
  int wanted = ep ? int(*ep) : 0;
  if (q.chip.dies > 1 && wanted == int(row.chips * q.chip.dies)) wanted = int(row.chips);
  if (!ep && model.parameters() > kSpreadModel) wanted = std::max(8, int(row.chips));
  const double experts = experts_of(model);
  if (wanted <= 1 || experts <= 0) return;
  const int chips = even_group(experts, wanted);
  if (chips != wanted) q.assume("experts over " + std::to_string(chips) + " chips");
  const workload::Parallel before = server.deployment.parallel;
  for (int tp = 1; tp <= std::min(chips, server.deployment.chips_per_node); tp *= 2) {
    if (chips % tp) continue;
    server.deployment.parallel = {.tp = tp, .pp = 1, .ep = chips, .dp = chips / tp};
    if (workload::fitting_sequences(server, in, std::max(kStepTokens, in))) return;
  }
  server.deployment.parallel = before;
}

/// The question as one of a model that makes no tokens, or of the inputs a second that one encodes ("audio/s"
/// of Whisper); nothing when it is about tokens.
std::optional<Result<double>> as_items(const Question& q, const Server& server) {
  const Figure asked = q.asked.figure;
  const bool of_items =
      asked == Figure::kItemRate || asked == Figure::kItemsPerJoule || asked == Figure::kEnergyItem;
  if (server.deployment.model->decoder && !(server.deployment.model->encoder && of_items))
    return std::nullopt;
  return items_row(q, *server.deployment.model);
}

/// A request of the row, or what such rows usually ask.
struct Lengths {
  double in, out;
};
Lengths lengths_of(const Question& q, double in = kUsualIn, double out = kUsualOut) {
  return {q.in_or(in), q.out_or(out)};
}

/// How many requests are under way: the batch, or the scenario's words.
double concurrency_of(const Row& row) {
  if (row.batch > 0)
    return row.batch * (attention_apart(row) ? number_at(row.scenario, "dp").value_or(1) : 1);
  for (const char* word : {"concurrency", "conc", "batch size", "batch", "bs", "max_num_seqs", "users"})
    if (const auto n = number_at(row.scenario, word); n && *n > 0) return *n;
  return 0;
}

/// Arrivals a second where the scenario names a rate; 0: it doesn't.
double rate_of(const Row& row) {
  for (const char* word : {"request rate", "rate", "qps", "rps"})
    if (const auto n = number_at(row.scenario, word); n && *n > 0) return *n;
  return 0;
}

Answers steady_answers(const Question& q, const workload::SteadyRun& run, double chips, const Lengths& l) {
  Answers answers(chips);
  answers.set_rates(run.tokens_per_second, l.in, l.out);
  answers.set(Figure::kTpot, run.tpot).set(Figure::kUserRate, 1 / run.tpot);
  return answers.set_power(run.cost, q.chip);
}

/// All that a simulated load depends on, as bytes: tables give several figures of one run, each in its own
/// row.
std::string key_of(const Row& row, const Server& server) {
  std::string key;
  for (const std::string* words : {&row.model, &row.precision, &row.scenario, &row.software, &row.kind})
    key += *words + '\t';
  const auto add = [&](const auto& plain) {
    static_assert(std::is_trivially_copyable_v<std::decay_t<decltype(plain)>>);
    key.append(reinterpret_cast<const char*>(&plain), sizeof plain);
  };
  add(row.chips), add(row.batch), add(row.in), add(row.out);
  add(server.chip), add(chip::coefficients()), add(chip::stack_row(server.stack.name, server.chip).terms);
  return key;
}

/// The same load of the same server is simulated once.
Result<workload::LoadRun> simulate_once(const Row& row, const Server& server, const workload::Load& load) {
  constexpr size_t kKept = 512;
  thread_local std::unordered_map<std::string, workload::LoadRun> known;
  const std::string key = key_of(row, server);
  if (const auto at = known.find(key); at != known.end()) return at->second;
  auto run = workload::simulate(server, load);
  if (known.size() >= kKept) known.clear();
  if (run) known.emplace(key, run.value());
  return run;
}

double seconds_of_prompt(const Server& server, double sequences, double in) {
  const workload::Piece prompt[] = {{sequences, in, 0}};
  return workload::step_cost(server, prompt).seconds.total() + workload::first_seconds(server);
}

}  // namespace

Result<double> serving_max_row(const Question& q) {
  const Row& row = q.row;
  auto installed = Installed::of(q);
  if (!installed) return installed.error();
  if (const auto items = as_items(q, installed->server())) return *items;
  if (q.asked.figure == Figure::kTtft || q.asked.figure == Figure::kLatency) return serving_load_row(q);
  const Lengths l = lengths_of(q);
  workload::SteadyOptions options;
  options.max_batch = row.batch;
  const auto run = workload::max_throughput(installed->server(), l.in, l.out, options);
  if (!run) return run.error();
  return steady_answers(q, run.value(), installed->chips(), l).pick(q);
}

Result<double> serving_static_row(const Question& q) {
  auto installed = Installed::of(q);
  if (!installed) return installed.error();
  if (const auto items = as_items(q, installed->server())) return *items;
  const Lengths l = lengths_of(q);
  double batch = concurrency_of(q.row);
  if (batch <= 0) batch = q.batch_or(1);
  const auto run = workload::static_batch(installed->server(), batch, l.in, l.out);
  if (!run) return run.error();
  const workload::StaticRun& r = run.value();
  Answers answers(installed->chips());
  answers.set_rates(r.tokens_per_second, l.in, l.out);
  answers.set(Figure::kTtft, r.ttft).set(Figure::kTpot, r.tpot).set(Figure::kLatency, r.seconds);
  if (r.tpot > 0) answers.set(Figure::kUserRate, 1 / r.tpot);
  return answers.set_power(r.cost, q.chip).pick(q);
}

Result<double> serving_load_row(const Question& q) {
  const Row& row = q.row;
  auto installed = Installed::of(q);
  if (!installed) return installed.error();
  if (const auto items = as_items(q, installed->server())) return *items;
  const double concurrency = concurrency_of(row), rate = concurrency > 0 ? 0 : rate_of(row);
  if (concurrency <= 0 && rate <= 0 && q.asked.figure != Figure::kTtft && q.asked.figure != Figure::kLatency)
    return serving_max_row(q);
  const Lengths l = lengths_of(q);
  workload::Load load;
  load.in = l.in, load.out = l.out;
  load.max_batch = 1024;
  if (rate > 0)
    load.rate = rate;
  else
    load.concurrency = concurrency > 0 ? concurrency : q.batch_or(1);
  if (rate <= 0)
    load.from_start = true, load.requests = int(std::min(kMostRequests, kRounds * load.concurrency));
  const auto run = simulate_once(row, installed->server(), load);
  if (!run) return run.error();
  const workload::LoadRun& r = run.value();
  const auto at = [&](const workload::Percentiles& p) {
    return q.asked.percentile >= 0.9 ? p.p99 : q.asked.percentile > 0 ? p.p50 : p.mean;
  };
  Answers answers(installed->chips());
  answers.set_rates(r.tokens_per_second, l.in, l.out);
  answers.set(Figure::kRequestRate, r.requests_per_second).set(Figure::kItemRate, r.requests_per_second);
  answers.set(Figure::kTtft, at(r.ttft)).set(Figure::kTpot, at(r.tpot)).set(Figure::kLatency, at(r.latency));
  if (r.tpot.mean > 0) answers.set(Figure::kUserRate, 1 / at(r.tpot));
  return answers.set_power(r.cost, q.chip).pick(q);
}

Result<double> serving_energy_row(const Question& q) {
  auto installed = Installed::of(q);
  if (!installed) return installed.error();
  if (const auto items = as_items(q, installed->server())) return *items;
  if (q.asked.figure == Figure::kTtft || q.asked.figure == Figure::kLatency) return serving_load_row(q);
  workload::SteadyOptions options;
  options.max_batch = concurrency_of(q.row);
  // The reasoning sets behind such rows, told when they are taken for granted.
  const Lengths l = lengths_of(q, kChatIn, kChatOut);
  const auto run = workload::max_throughput(installed->server(), l.in, l.out, options);
  if (!run) return run.error();
  return steady_answers(q, run.value(), installed->chips(), l).pick(q);
}

Result<double> serving_split_row(const Question& q) {
  const Row& row = q.row;
  auto installed = Installed::of(q);
  if (!installed) return installed.error();
  if (const auto items = as_items(q, installed->server())) return *items;
  Server& server = installed->server();
  const double in = q.in_or(kDecodeIn), out = row.out > 0 ? row.out : kDecodeOut;
  spread_experts(q, in, server);
  Answers answers(installed->chips());
  const Figure asked = q.asked.figure;
  // What a row of separate phases means by its rate, its words say.
  const bool prefills =
      asked == Figure::kInputRate || asked == Figure::kTtft ||
      (contains(row.scenario, "prefill") && asked != Figure::kOutputRate && asked != Figure::kTpot);
  if (prefills) {
    const auto run = workload::prefill_only(server, in);
    if (!run) return run.error();
    answers.set(Figure::kInputRate, run.value().input_tokens_per_second);
    answers.set(Figure::kTotalRate, run.value().input_tokens_per_second);
    answers.set(Figure::kTtft, run.value().cost.seconds.total());
    answers.set(Figure::kLatency, run.value().cost.seconds.total());
    return answers.set_power(run.value().cost, q.chip).pick(q);
  }
  const double limit = number_at(row.scenario, "tpot").value_or(kDecodeLimit * 1e3) * 1e-3;
  const double each = concurrency_of(row);  // such tables state the batch of one chip
  const auto run = workload::decode_only(server, in, out, each > 0 ? 0 : limit, each);
  if (!run) return run.error();
  answers.set_rates(run.value().tokens_per_second, in, out);
  answers.set(Figure::kTotalRate, run.value().tokens_per_second);
  answers.set(Figure::kTpot, run.value().tpot).set(Figure::kUserRate, 1 / run.value().tpot);
  answers.set(Figure::kLatency, run.value().tpot);
  return answers.set_power(run.value().cost, q.chip).pick(q);
}

Result<double> first_token_row(const Question& q) {
  const Row& row = q.row;
  auto installed = Installed::of(q);
  if (!installed) return installed.error();
  if (const auto items = as_items(q, installed->server())) return *items;
  const double named = number_at(row.scenario, "L").value_or(number_at(row.scenario, "isl").value_or(0));
  const double in = row.in > 0 ? row.in : named > 0 ? named : q.in_or(kUsualIn);
  const double sequences = std::max(1.0, row.batch);
  const double seconds = seconds_of_prompt(installed->server(), sequences, in);
  Answers answers(installed->chips());
  answers.set(Figure::kTtft, seconds).set(Figure::kLatency, seconds);
  answers.set(Figure::kInputRate, sequences * in / seconds).set(Figure::kTotalRate, sequences * in / seconds);
  if (q.asked.figure == Figure::kTpot || q.asked.figure == Figure::kOutputRate) return serving_static_row(q);
  const workload::Piece prompt[] = {{sequences, in, 0}};
  return answers.set_power(workload::step_cost(installed->server(), prompt), q.chip).pick(q);
}

Result<double> latency_row(const Question& q) {
  const Row& row = q.row;
  if (shape_of(row)) return kernel_row(q);
  if (q.asked.figure == Figure::kTtft || q.asked.figure == Figure::kInputRate) return first_token_row(q);
  auto installed = Installed::of(q);
  if (!installed) return installed.error();
  if (const auto items = as_items(q, installed->server())) return *items;
  if (contains(row.scenario, "prefill") && q.asked.figure == Figure::kLatency) return first_token_row(q);
  const bool whole = q.asked.figure == Figure::kLatency && row.in > 0 && row.out > 1;
  if (whole) return serving_static_row(q);
  const auto cache = number_at(row.scenario, "cache");
  const double context = row.in > 0 ? row.in : cache ? *cache : q.in_or(kShortContext);
  const double sequences = std::max(1.0, row.batch);
  const workload::Piece step[] = {{sequences, 1, context}};
  const chip::Cost cost = workload::step_cost(installed->server(), step);
  const double seconds = cost.seconds.total();
  Answers answers(installed->chips());
  answers.set(Figure::kTpot, seconds).set(Figure::kLatency, seconds).set(Figure::kUserRate, 1 / seconds);
  answers.set(Figure::kOutputRate, sequences / seconds);
  return answers.set_power(cost, q.chip).pick(q);
}

}  // namespace ppu::validate
