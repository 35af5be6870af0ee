// Serving a model on a group of chips: a static batch, the most a server with in-flight batching gives,
// requests that arrive over time (an event simulation), items such as images, and separate prefill and
// decode. Times in seconds; rates are of all chips of the deployment together unless said otherwise. Not
// here: intervals (estimate.h) and what the chips draw and cost (chip/power.h, chip/cost.h).
#pragma once
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "chip/predict.h"
#include "workload/lower.h"
#include "workload/memory.h"

namespace ppu::workload {

/// A deployment on chips with these numbers, driven by this software.
struct Server {
  Deployment deployment;
  chip::Numbers chip;
  chip::Stack stack;
  double slowdown = 1;  ///< every step takes this much longer: how intervals reach a simulation
};

/// What one chip of the group did, and how fast.
struct StaticRun {
  double ttft = 0;  ///< prefill of the whole batch
  double tpot = 0;  ///< mean of the decode steps
  double seconds = 0;
  double tokens_per_second = 0;  ///< output
  chip::Cost cost;               ///< of the whole run, one chip
};

/// `batch` requests that start together: all prefills, then `out` - 1 steps. kResource when they don't fit.
Result<StaticRun> static_batch(const Server& server, double batch, double in, double out);

/// How many sequences of `tokens` tokens one group holds, at least 1; kBadInput for contradictory spreading,
/// kResource (with the number of chips that would do) when not even one fits. `step_tokens`: of the largest
/// step.
Result<double> fitting_sequences(const Server& server, double tokens, double step_tokens);

/// The time of a prefill or decode step, for callers that want one number.
chip::Cost step_cost(const Server& server, std::span<const Piece> pieces);

/// Host time before the first step of a batch that no server drives.
double first_seconds(const Server& server);

struct SteadyRun {
  double tokens_per_second = 0;        ///< output
  double input_tokens_per_second = 0;  ///< prefilled meanwhile
  double tpot = 0;
  double batch = 0;  ///< sequences decoding at once, all groups
  chip::Cost cost;   ///< of one step, one chip
};

struct SteadyOptions {
  double max_batch = 0;   ///< sequences of one group; 0: 1024, or what fits
  double chunk = 8192;    ///< tokens of one step at most
  double fill = 0.95;     ///< share of the KV cache that live sequences take
  double tpot_limit = 0;  ///< seconds a step may take; 0: any
};

/// In-flight batching with always more requests than fit: every step decodes the batch and prefills as much
/// as the finished requests leave room for. Batches below the largest are tried too and the best is given.
Result<SteadyRun> max_throughput(const Server& server, double in, double out,
                                 const SteadyOptions& options = {});

/// The prompt tokens a second that chips which only prefill take, batches of about `chunk` tokens.
Result<SteadyRun> prefill_only(const Server& server, double in, double chunk = 16384);

/// The output tokens a second of chips that only decode, contexts between `in` and `in` + `out`; with
/// `tpot_limit` above 0 the largest batch that keeps to it.
Result<SteadyRun> decode_only(const Server& server, double in, double out, double tpot_limit = 0,
                              double max_batch = 0);

struct Load {
  double in = 1024, out = 256;
  double spread = 0.2;      ///< lengths are even between (1 - spread) and 1 times these
  double concurrency = 0;   ///< requests in flight, always (closed loop); or:
  double rate = 0;          ///< arrivals a second, Poisson
  double chunk = 8192;      ///< tokens of one step at most
  double max_batch = 256;   ///< sequences of one group
  bool chunked = true;      ///< false: a prompt is prefilled whole, decoding waits
  bool from_start = false;  ///< counts the first requests too, which come all at once in a closed loop
  int requests = 0;         ///< measured; 0: enough for the asked load
  uint64_t seed = 1;
};

struct Percentiles {
  double p50 = 0, p99 = 0, mean = 0;
};

/// Of no values: zeros.
Percentiles percentiles(std::vector<double> values);

struct LoadRun {
  Percentiles ttft, tpot, latency;
  double tokens_per_second = 0;  ///< output (items: items)
  double requests_per_second = 0;
  double utilisation = 0;  ///< share of time with a step running
  double mean_batch = 0;   ///< decoding sequences of one group, over steps
  double kv_used = 0;      ///< share of the KV room at its fullest
  bool saturated = false;  ///< requests arrive faster than they are served: waiting grows without bound
  double seconds = 0;
  chip::Cost cost;  ///< one chip, the whole run
};

/// Simulates the load, step by step: running requests decode, waiting ones are prefilled in chunks with the
/// tokens left in a step, and start when the KV cache has room for all they will need. Same seed, same
/// answer.
Result<LoadRun> simulate(const Server& server, const Load& load);

enum class Scenario {
  kOffline,       ///< all items there at once: throughput
  kServer,        ///< Poisson arrivals: the highest rate whose p99 latency keeps to the bound
  kSingleStream,  ///< one item after the other: p90 latency
  kMultiStream,   ///< fixed queries of `batch` items at an interval: streams
};

struct ItemRun {
  double items_per_second = 0;
  double latency = 0;  ///< p50 of one item (kOffline: of its batch)
  double p99 = 0;
  double batch = 0;  ///< of one chip
  chip::Cost cost;   ///< of one batch, one chip
};

/// Items (images, sentences of `tokens` tokens, queries) on `dp` copies of the model. `batch` 0: the best
/// one. `latency_bound` (kServer, kMultiStream) 0: ten times a single item's latency, at least 15 ms.
Result<ItemRun> run_items(const Server& server, Scenario scenario, double tokens, double batch = 0,
                          double latency_bound = 0);

/// Items that arrive at `rate` a second (Poisson) on `dp` copies, in batches of up to `batch` (0: the best).
Result<LoadRun> simulate_items(const Server& server, double tokens, double rate, double batch = 0);

}  // namespace ppu::workload
