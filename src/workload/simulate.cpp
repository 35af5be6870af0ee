// The event simulation of serving.h: one group of chips, its requests, one step after another. Where nothing
// but decoding goes on until the next finish or arrival, those steps are taken at once.
#include <algorithm>
#include <cmath>
#include <deque>
#include <random>

#include "chip/coefficients.h"
#include "chip/stack.h"
#include "workload/serving.h"
#include "workload/step_timer.h"

namespace ppu::workload {
namespace {

constexpr size_t kLongest = 8;    // times the asked requests, when latencies are long
constexpr double kLatencies = 6;  // of them a run lasts
constexpr double kEncoded = 8;    // inputs that an encoder takes at once
constexpr int64_t kMostSteps =
    200000;  // a bound on time; beyond it the requests finished so far are reported

struct Request {
  double in = 0, out = 0;
  double arrival = 0, first = 0, finish = 0;
  double prefilled = 0, produced = 0;
  double again = 0;   ///< of `produced`, what was dropped from the cache and is prefilled once more
  double beside = 0;  ///< other requests of the server under way when the first token left

  double prompt() const { return in + again; }
  bool decodes() const { return prefilled >= prompt(); }
};

/// The same numbers on every machine: std distributions aren't specified bit by bit.
class Draws {
 public:
  explicit Draws(uint64_t seed) : engine_(seed) {}
  double uniform() { return double(engine_() >> 11) * 0x1p-53; }
  double exponential(double rate) { return -std::log1p(-uniform()) / rate; }

 private:
  std::mt19937_64 engine_;
};

class Simulation {
 public:
  Simulation(const Server& server, const Load& load, const Memory& memory)
      : server_(server),
        load_(load),
        memory_(memory),
        reserve_(reserves_cache(server)),
        timer_(server),
        draws_(load.seed) {
    const double groups = server.deployment.parallel.dp;
    encodes_ = server.deployment.model->encoder.has_value();
    if (encodes_) encoder_ = encoder_cost(server, kEncoded) * (1 / kEncoded);
    rate_ = load.rate / groups;
    concurrency_ = std::max(1.0, std::ceil(load.concurrency / groups));
    target_ = load.requests > 0 ? size_t(load.requests)
              : rate_ > 0       ? 400
                                : size_t(std::clamp(6 * concurrency_, 48.0, 1500.0));
    warm_up_ = load.from_start ? 0 : rate_ > 0 ? target_ / 4 : size_t(concurrency_);
    target_ += warm_up_;
  }

  LoadRun run() {
    if (rate_ > 0)
      next_arrival_ = draws_.exponential(rate_);
    else
      for (int i = 0; i < int(concurrency_); ++i) arrive(0);
    while (!done()) {
      while (rate_ > 0 && next_arrival_ <= now_) {
        arrive(next_arrival_);
        next_arrival_ += draws_.exponential(rate_);
      }
      admit();
      if (!running_.empty())
        step();
      else
        now_ = next_arrival_;
    }
    return report();
  }

 private:
  /// Enough requests, over a time in which those at the start have long left.
  bool done() const {
    if (steps_ >= kMostSteps) return true;
    if (finished_.size() < target_) return false;
    if (rate_ <= 0 || load_.requests > 0) return true;
    return finished_.size() >= kLongest * target_ || now_ >= kLatencies * waited_ / double(finished_.size());
  }

  void arrive(double when) {
    const auto length = [&](double mean) {
      return std::max(1.0, std::round(mean * (1 - load_.spread * draws_.uniform())));
    };
    Request r;
    r.in = length(load_.in), r.out = length(load_.out), r.arrival = when;
    waiting_.push_back(r);
  }

  /// Cache that is held for a request: all it may ever take, or what it has taken.
  double held(const Request& r) const {
    return (r.in + (reserve_ ? r.out : r.produced)) * memory_.kv_per_token + memory_.state_per_sequence;
  }

  void admit() {
    while (!waiting_.empty() && double(running_.size()) < load_.max_batch &&
           used_ + held(waiting_.front()) <= memory_.room()) {
      used_ += held(waiting_.front());
      running_.push_back(waiting_.front());
      waiting_.pop_front();
    }
    fullest_ = std::max(fullest_, used_ / std::max(1.0, memory_.room()));
  }

  /// Sends the latest back until each of the others has room for its next token.
  void make_room() {
    used_ = 0;
    for (const Request& r : running_) used_ += held(r);
    while (!reserve_ && running_.size() > 1 &&
           used_ + double(running_.size()) * memory_.kv_per_token > memory_.room()) {
      Request r = running_.back();
      running_.pop_back();
      used_ -= held(r);
      r.again = r.produced, r.prefilled = 0;
      waiting_.push_front(r);
    }
  }

  struct Plan {
    double decoding = 0, context = 0;           // sequences, mean tokens in their cache
    double prefill = 0, done = 0, prompts = 0;  // new tokens, mean tokens done before, sequences
    double starting = 0;                        // of the prompts, those whose input is still to be encoded
    double least_left = 1e18;                   // steps until a decoding request ends
  };

  /// Who takes part in the next step: all that decode, then prompts in order of arrival.
  Plan plan() {
    Plan p;
    for (const Request& r : running_)
      if (r.decodes()) {
        ++p.decoding, p.context += r.in + r.produced;
        p.least_left = std::min(p.least_left, r.out - r.produced);
      }
    if (p.decoding > 0) p.context /= p.decoding;
    double budget = std::max(1.0, load_.chunk - p.decoding);
    shares_.assign(running_.size(), 0);
    for (size_t i = 0; i < running_.size() && budget > 0; ++i) {
      const Request& r = running_[i];
      const double left = r.prompt() - r.prefilled;
      if (left <= 0) continue;
      if (!load_.chunked && left > budget && p.prompts > 0) break;
      const double take = load_.chunked ? std::min(left, budget) : left;
      shares_[i] = take, budget -= take;
      p.prefill += take, p.done += r.prefilled, ++p.prompts;
      if (r.prefilled == 0 && r.again == 0) ++p.starting;
    }
    if (p.prompts > 0) p.done /= p.prompts;
    return p;
  }

  void step() {
    make_room();
    const Plan p = plan();
    const double parts =
        std::min<double>(server_.deployment.parallel.pp, std::max(1.0, p.decoding + p.prompts));
    chip::Cost cost =
        timer_.step(p.decoding / parts, p.context, p.prefill / parts, p.done, p.prompts / parts);
    if (encodes_ && p.starting > 0) cost += encoder_ * p.starting;
    const double seconds = cost.seconds.total();
    double times = 1;
    if (p.prefill <= 0) {  // nothing changes until the first finish, an arrival, or contexts 3 % longer
      times = std::min(p.least_left, std::max(1.0, std::floor(p.context / 32)));
      if (rate_ > 0) times = std::min(times, std::max(1.0, std::ceil((next_arrival_ - now_) / seconds)));
      const double growth = p.decoding * memory_.kv_per_token;
      if (!reserve_ && growth > 0)
        times = std::min(times, std::max(1.0, std::floor((memory_.room() - used_) / growth)));
    }
    const double end = now_ + seconds * times;
    busy_ += seconds * times;
    batches_ += p.decoding * times, decode_steps_ += times;
    total_ += cost * times;
    ++steps_;
    finish_step(end, times);
    now_ = end;
  }

  void finish_step(double end, double times) {
    const double under_way = double(running_.size() + waiting_.size());
    size_t kept = 0;
    for (size_t i = 0; i < running_.size(); ++i) {
      Request& r = running_[i];
      if (shares_[i] > 0) {
        r.prefilled += shares_[i];
        if (r.decodes() && r.produced++ == 0)  // the prompt's last step gives a token
          r.first = end, r.beside = under_way * server_.deployment.parallel.dp - 1;
      } else if (r.decodes()) {
        r.produced += times;
      }
      if (r.decodes() && r.produced >= r.out) {
        r.finish = end;
        waited_ += end - r.arrival;
        used_ -= held(r);
        finished_.push_back(r);
        if (rate_ <= 0) arrive(end);
      } else {
        running_[kept++] = r;
      }
    }
    running_.resize(kept);
  }

  LoadRun report() const {
    LoadRun run;
    std::vector<double> ttft, tpot, latency;
    const size_t count = finished_.size();
    const size_t first = std::min(load_.from_start ? 0
                                  : rate_ > 0      ? std::max(warm_up_, count / 4)
                                                   : warm_up_,
                                  count / 2);
    double tokens = 0;
    const chip::StackTerms& terms = chip::stack_row(server_.stack.name, server_.chip).terms;
    const double alone = terms.request_us * 1e-6;
    // Without a server there is no front end to share.
    const bool shares = alone > 0 && terms.trivial <= 0;
    const double shared = shares ? chip::coefficients().front_end_us * 1e-6 : 0;
    for (size_t i = first; i < count; ++i) {
      const Request& r = finished_[i];
      const double server_time = alone + shared * r.beside;
      ttft.push_back(r.first - r.arrival + server_time);
      if (r.out > 1) tpot.push_back((r.finish - r.first) / (r.out - 1));
      latency.push_back(r.finish - r.arrival + server_time);
      tokens += r.out;
    }
    const double start = first > 0 ? finished_[first - 1].finish : 0, groups = server_.deployment.parallel.dp;
    const double span = count > 0 ? std::max(finished_.back().finish - start, 1e-12) : 1;
    run.ttft = percentiles(ttft), run.tpot = percentiles(tpot), run.latency = percentiles(latency);
    run.tokens_per_second = tokens / span * groups;
    run.requests_per_second = double(latency.size()) / span * groups;
    run.utilisation = now_ > 0 ? busy_ / now_ : 0;
    run.mean_batch = decode_steps_ > 0 ? batches_ / decode_steps_ : 0;
    run.kv_used = fullest_;
    run.saturated = rate_ > 0 && double(waiting_.size()) > 0.1 * double(count) && run.utilisation > 0.95;
    run.seconds = now_;
    run.cost = total_;
    return run;
  }

  const Server& server_;
  const Load& load_;
  const Memory& memory_;
  const bool reserve_;
  StepTimer timer_;
  Draws draws_;
  double rate_ = 0, concurrency_ = 0, next_arrival_ = 0, now_ = 0, used_ = 0, fullest_ = 0, busy_ = 0,
         waited_ = 0;
  double batches_ = 0, decode_steps_ = 0;
  size_t warm_up_ = 0, target_ = 0;
  int64_t steps_ = 0;
  std::deque<Request> waiting_;
  std::vector<Request> running_, finished_;
  std::vector<double> shares_;
  chip::Cost total_, encoder_;
  bool encodes_ = false;
};

}  // namespace

Percentiles percentiles(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const auto at = [&](double p) { return values[size_t(p * double(values.size() - 1) + 0.5)]; };
  double sum = 0;
  for (const double v : values) sum += v;
  return {at(0.5), at(0.99), sum / double(values.size())};
}

Result<LoadRun> simulate(const Server& server, const Load& load) {
  if (!server.deployment.model->decoder)
    return bad_input(server.deployment.model->name + " generates no tokens");
  if ((load.rate > 0) == (load.concurrency > 0))
    return bad_input("a load is either a concurrency or a rate, above 0");
  if (load.in < 1 || load.out < 1) return bad_input("a request has at least one token in and one out");
  const Result<double> fits = fitting_sequences(server, load.in + load.out, load.chunk);
  if (!fits) return fits.error();
  const Memory memory = memory_of(server.deployment, server.chip, load.chunk);
  return Simulation(server, load, memory).run();
}

}  // namespace ppu::workload
