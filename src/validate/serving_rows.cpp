// Rows of language models served: the words of a row become a deployment and a load, src/workload does the
// rest.
#include <algorithm>
#include <cmath>
#include <memory>

#include "chip/power.h"
#include "validate/row_kinds.h"
#include "validate/words.h"
#include "workload/serving.h"

namespace ppu::validate {
namespace {

using workload::Server;

/// Rows of chat benchmarks that give no lengths: a reasoning model's answers, half grown on average.
constexpr double kChatIn = 500, kChatOut = 3000;
/// Rows of separate decoding that give no lengths or limit: what such clusters are tuned for.
constexpr double kDecodeIn = 4096, kDecodeOut = 1024, kDecodeLimit = 0.05;

/// Requests of a benchmark run, for each in flight: they start together and all are counted.
constexpr double kRounds = 10;
/// A measured run did fit: engines that leave less memory free than we take for granted are met half way.
constexpr double kMoreMemory = 1.15;

/// The model a row names, installed on its chips. The models of all rows live as long as the process.
class Installed {
 public:
  static Result<Installed> of(const Question& q) {
    Installed out;
    Result<workload::Model> model = workload::find_model(q.row.model);
    if (!model) return unsupported(model.error().message);
    out.model_ = std::make_unique<workload::Model>(std::move(model).value());
    const auto parallel = parallel_of(q.row);
    if (!parallel) return parallel.error();
    const auto precision = precision_of(q.row, *out.model_);
    if (!precision) return precision.error();
    out.server_.deployment = {
        .model = out.model_.get(), .precision = precision.value(), .parallel = parallel.value()};
    out.server_.deployment.fused = !contains(q.row.scenario, "eager");
    out.server_.chip = q.chip, out.server_.stack = q.stack;
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

bool per_chip(const Row& row) {
  return contains(row.metric, "per_gpu") || contains(row.unit, "/GPU") || contains(row.unit, "/NPU") ||
         contains(row.unit, "/chip") || contains(row.unit, "/card");
}

/// Tokens a second of all chips, in the row's unit.
double rate_for(const Row& row, double all, double chips) {
  if (per_chip(row)) return all / chips;
  if (contains(row.unit, "/node")) return all / chips * std::min(8.0, std::max(chips, row.chips));
  return all;
}

Error unknown_metric(const Row& row, const char* allowed) {
  return unsupported("metric `" + row.metric + "` of kind " + row.kind + ": " + allowed + " is expected");
}

Result<double> in_unit(const Row& row, double seconds) {
  const Result<double> unit = seconds_in(row);
  if (!unit) return unit.error();
  return seconds / unit.value();
}

}  // namespace

Result<double> serving_max_row(const Question& q) {
  const Row& row = q.row;
  auto installed = Installed::of(q);
  if (!installed) return installed.error();
  if (row.in <= 0 || row.out <= 0) return unsupported("in_len and out_len are needed for " + row.kind);
  workload::SteadyOptions options;
  options.max_batch = row.batch;
  const auto run = workload::max_throughput(installed->server(), row.in, row.out, options);
  if (!run) return run.error();
  if (contains(row.metric, "output_throughput"))
    return rate_for(row, run.value().tokens_per_second, installed->chips());
  if (contains(row.metric, "request")) return run.value().tokens_per_second / row.out;
  if (row.metric == "tpot") return in_unit(row, run.value().tpot);
  return unknown_metric(row, "output_throughput, request_throughput or tpot");
}

Result<double> serving_static_row(const Question& q) {
  const Row& row = q.row;
  auto installed = Installed::of(q);
  if (!installed) return installed.error();
  if (row.batch <= 0 || row.in <= 0 || row.out <= 0)
    return unsupported("batch, in_len and out_len are needed for " + row.kind);
  const auto run = workload::static_batch(installed->server(), row.batch, row.in, row.out);
  if (!run) return run.error();
  if (contains(row.metric, "output_throughput"))
    return rate_for(row, run.value().tokens_per_second, installed->chips());
  if (row.metric == "ttft") return in_unit(row, run.value().ttft);
  if (row.metric == "tpot") return in_unit(row, run.value().tpot);
  if (row.metric == "latency") return in_unit(row, run.value().seconds);
  return unknown_metric(row, "output_throughput, ttft, tpot or latency");
}

Result<double> serving_load_row(const Question& q) {
  const Row& row = q.row;
  auto installed = Installed::of(q);
  if (!installed) return installed.error();
  if (row.batch <= 0 || row.in <= 0 || row.out <= 0)
    return unsupported("batch (the concurrency), in_len and out_len are needed for " + row.kind);
  workload::Load load;
  load.in = row.in, load.out = row.out, load.concurrency = row.batch;
  load.max_batch = 1024;
  load.from_start = true, load.requests = int(kRounds * row.batch);
  const auto run = workload::simulate(installed->server(), load);
  if (!run) return run.error();
  if (row.metric == "ttft") return in_unit(row, run.value().ttft.mean);
  if (row.metric == "tpot" || contains(row.metric, "itl")) return in_unit(row, run.value().tpot.mean);
  if (contains(row.metric, "latency")) return in_unit(row, run.value().latency.mean);
  if (contains(row.metric, "output_throughput"))
    return rate_for(row, run.value().tokens_per_second, installed->chips());
  if (contains(row.metric, "request")) return run.value().requests_per_second;
  return unknown_metric(row, "ttft, tpot, latency, output_throughput or request_throughput");
}

Result<double> serving_energy_row(const Question& q) {
  const Row& row = q.row;
  auto installed = Installed::of(q);
  if (!installed) return installed.error();
  if (row.batch <= 0) return unsupported("batch (the most sequences at once) is needed for " + row.kind);
  workload::SteadyOptions options;
  options.max_batch = row.batch;
  const double in = row.in > 0 ? row.in : kChatIn, out = row.out > 0 ? row.out : kChatOut;
  const auto run = workload::max_throughput(installed->server(), in, out, options);
  if (!run) return run.error();
  const workload::SteadyRun& steady = run.value();
  const double watts = chip::operate(steady.cost, q.chip).watts * installed->chips();
  if (contains(row.metric, "output_throughput"))
    return rate_for(row, steady.tokens_per_second, installed->chips());
  if (row.metric == "gpu_power") return watts;
  if (contains(row.metric, "energy_per_token")) return watts / steady.tokens_per_second;
  if (contains(row.metric, "itl") || row.metric == "tpot") return in_unit(row, steady.tpot);
  return unknown_metric(row, "output_throughput, gpu_power, energy_per_token or itl_median");
}

Result<double> serving_split_row(const Question& q) {
  Row row = q.row;
  // "per GPU" of a cluster: a chip's share of the whole, whose size the scenario may name.
  auto installed = Installed::of(q);
  if (!installed) return installed.error();
  Server& server = installed->server();
  if (const auto ep = number_at(row.scenario, "EP"); !ep && server.deployment.model->parameters() > 3e11) {
    // A model this large is spread by experts over a node at least, attention on each chip for itself.
    const int chips = std::max(8, int(row.chips));
    server.deployment.parallel = {.tp = 1, .pp = 1, .ep = chips, .dp = chips};
  } else if (ep) {
    server.deployment.parallel = {.tp = 1, .pp = 1, .ep = int(*ep), .dp = int(*ep)};
  }
  const double chips = installed->chips();
  if (contains(row.metric, "input_throughput")) {
    const auto run = workload::prefill_only(server, row.in > 0 ? row.in : kDecodeIn);
    if (!run) return run.error();
    return rate_for(row, run.value().input_tokens_per_second, chips);
  }
  if (contains(row.metric, "output_throughput")) {
    const double limit = number_at(row.scenario, "tpot").value_or(kDecodeLimit * 1e3) * 1e-3;
    const auto run = workload::decode_only(server, row.in > 0 ? row.in : kDecodeIn,
                                           row.out > 0 ? row.out : kDecodeOut, limit, row.batch);
    if (!run) return run.error();
    return rate_for(row, run.value().tokens_per_second, chips);
  }
  return unknown_metric(row, "input_throughput or output_throughput");
}

Result<double> first_token_row(const Question& q) {
  const Row& row = q.row;
  auto installed = Installed::of(q);
  if (!installed) return installed.error();
  const double in = row.in > 0 ? row.in : number_at(row.scenario, "L").value_or(0);
  if (in <= 0) return unsupported("in_len is needed for " + row.kind);
  const workload::Piece prompt[] = {{std::max(1.0, row.batch), in, 0}};
  return in_unit(row, workload::step_cost(installed->server(), prompt).seconds.total());
}

Result<double> latency_row(const Question& q) {
  const Row& row = q.row;
  if (shape_of(row)) return kernel_row(q);
  if (row.metric == "ttft") return first_token_row(q);
  auto installed = Installed::of(q);
  if (!installed) return installed.error();
  if (row.metric != "tpot" && row.metric != "latency") return unknown_metric(row, "tpot, ttft or latency");
  const double context = row.in > 0 ? row.in : number_at(row.scenario, "cache").value_or(512);
  const workload::Piece step[] = {{std::max(1.0, row.batch), 1, context}};
  return in_unit(row, workload::step_cost(installed->server(), step).seconds.total());
}

}  // namespace ppu::validate
