// Items: batches of images, sentences or queries. A server collects what has arrived while the chip was busy
// (up to a batch) and runs it; chips are served in turn.
#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "workload/serving.h"

namespace ppu::workload {
namespace {

constexpr double kLargestBatch = 2048;
constexpr int kQueries = 4000;

class Batches {
 public:
  Batches(const Server& server, double tokens) : server_(server), tokens_(tokens) {}
  const chip::Cost& cost(double batch) {
    const auto [at, added] = known_.try_emplace(batch);
    if (added) {
      at->second =
          chip::predict(lower_items(server_.deployment, batch, tokens_), server_.chip, server_.stack);
      at->second.seconds = at->second.seconds * server_.slowdown;
    }
    return at->second;
  }
  double seconds(double batch) { return cost(batch).seconds.total(); }

 private:
  const Server& server_;
  double tokens_;
  std::map<double, chip::Cost> known_;
};

double largest_batch(const Server& s, double tokens) {
  const double length = s.deployment.model->encoder_tokens > 0 ? s.deployment.model->encoder_tokens : tokens;
  double n = kLargestBatch;
  while (n > 1 && memory_of(s.deployment, s.chip, n * std::max(1.0, length)).room() < 0)
    n = std::floor(n / 2);
  return n;
}

/// Poisson arrivals at `rate` on one chip, which runs what has come meanwhile as one batch.
LoadRun queue_at(Batches& batches, double rate, double most) {
  std::mt19937_64 engine(7);
  std::vector<double> arrivals(kQueries), latency;
  double t = 0;
  for (double& a : arrivals) t += -std::log1p(-double(engine() >> 11) * 0x1p-53) / rate, a = t;
  LoadRun run;
  double free = 0, busy = 0, rounds = 0;
  for (size_t i = 0; i < arrivals.size();) {
    const double start = std::max(free, arrivals[i]);
    size_t n = 0;
    while (i + n < arrivals.size() && arrivals[i + n] <= start && double(n) < most) ++n;
    // Batches are padded to the next size that was compiled: powers of two and halves between.
    double size = 1;
    while (size < double(n)) size = size * 1.5 >= double(n) && size >= 2 ? size * 1.5 : size * 2;
    const chip::Cost& cost = batches.cost(std::min(std::ceil(size), most));
    free = start + cost.seconds.total();
    busy += cost.seconds.total(), ++rounds;
    run.cost += cost;
    for (size_t k = 0; k < n; ++k) latency.push_back(free - arrivals[i + k]);
    i += n;
  }
  run.latency = run.ttft = percentiles(latency);
  run.seconds = free;
  run.requests_per_second = double(arrivals.size()) / free;
  run.utilisation = busy / free;
  run.mean_batch = double(arrivals.size()) / rounds;
  run.saturated = run.utilisation > 0.95 && run.requests_per_second < 0.97 * rate;
  return run;
}

ItemRun offline(Batches& batches, double batch, double most) {
  ItemRun run;
  for (double n = batch > 0 ? batch : 1; n <= (batch > 0 ? batch : most); n *= 2) {
    const double rate = n / batches.seconds(n);
    // A larger batch must be worth its latency and memory.
    if (rate > run.items_per_second * (n > 1 ? 1.01 : 1)) run.items_per_second = rate, run.batch = n;
  }
  run.latency = run.p99 = batches.seconds(run.batch);
  run.cost = batches.cost(run.batch);
  return run;
}

ItemRun server_rate(Batches& batches, const ItemRun& best, double bound) {
  // The largest batch that two of (one runs, one waits) keep to the bound.
  double most = 1;
  while (most * 2 <= best.batch && 2 * batches.seconds(most * 2) <= bound) most *= 2;
  double low = 0, high = most / batches.seconds(most);
  for (int i = 0; i < 12; ++i) {
    const double rate = (low + high) / 2;
    (queue_at(batches, rate, most).latency.p99 <= bound ? low : high) = rate;
  }
  ItemRun run;
  run.items_per_second = low;
  if (low > 0) {
    const LoadRun q = queue_at(batches, low, most);
    run.latency = q.latency.p50, run.p99 = q.latency.p99;
  }
  run.batch = most;
  run.cost = batches.cost(most);
  return run;
}

}  // namespace

Result<ItemRun> run_items(const Server& s, Scenario scenario, double tokens, double batch,
                          double latency_bound) {
  if (Status ok = check(s.deployment); !ok) return ok.error();
  if (s.deployment.model->decoder && !s.deployment.model->encoder && s.deployment.model->stages.empty())
    return bad_input(s.deployment.model->name + " generates tokens; it has no items");
  const double length = s.deployment.model->encoder_tokens > 0 ? s.deployment.model->encoder_tokens : tokens;
  if (const auto fits = fitting_sequences(s, 1, std::max(1.0, batch) * length); !fits) return fits.error();
  const double copies = s.deployment.parallel.dp;
  Batches batches(s, tokens);
  const double most = batch > 0 ? batch : largest_batch(s, tokens);
  const double alone = batches.seconds(1);
  const double bound = latency_bound > 0 ? latency_bound : std::max(0.015, 10 * alone);
  ItemRun run;
  switch (scenario) {
    case Scenario::kOffline:
      run = offline(batches, batch, most);
      break;
    case Scenario::kServer:
      run = server_rate(batches, offline(batches, batch, most), bound);
      break;
    case Scenario::kSingleStream:
      run = {1 / alone, alone, alone, 1, batches.cost(1)};
      return run;
    case Scenario::kMultiStream: {  // streams of one item each, all answered within the bound
      double n = 1;
      while (n * 2 <= kLargestBatch && batches.seconds(n * 2) <= bound) n *= 2;
      for (double grain = n / 2; grain >= 1; grain /= 2)
        if (batches.seconds(n + grain) <= bound) n += grain;
      run = {n / bound, batches.seconds(n), batches.seconds(n), n, batches.cost(n)};
      break;
    }
  }
  run.items_per_second *= copies;
  return run;
}

Result<LoadRun> simulate_items(const Server& s, double tokens, double rate, double batch) {
  if (!(rate > 0)) return bad_input("a rate of items is above 0");
  const Result<ItemRun> best = run_items(s, Scenario::kOffline, tokens, batch);
  if (!best) return best.error();
  const double copies = s.deployment.parallel.dp;
  Batches batches(s, tokens);
  LoadRun run = queue_at(batches, rate / copies, best.value().batch);
  run.requests_per_second *= copies;
  run.tokens_per_second = run.requests_per_second;
  return run;
}

}  // namespace ppu::workload
