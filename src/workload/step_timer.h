// Times of decoder steps, remembered: a simulation asks for the same few hundred steps thousands of times.
// Contexts and chunks are rounded to within 3 %. Private to the serving functions.
#pragma once
#include <unordered_map>

#include "workload/serving.h"

namespace ppu::workload {

/// Whether the server's engine starts a request only when its whole answer will fit.
bool reserves_cache(const Server& server);

/// The encoder's part of `requests` requests (Whisper, T5); nothing for a decoder alone.
chip::Cost encoder_cost(const Server& server, double requests);

class StepTimer {
 public:
  explicit StepTimer(const Server& server) : server_(server) {}

  /// `decoding` sequences with `context` tokens each on average, and `prefill` new tokens of prompts, `done`
  /// of their tokens being in the cache. `prompts` sequences the new tokens belong to.
  const chip::Cost& step(double decoding, double context, double prefill = 0, double done = 0,
                         double prompts = 1);

  const Server& server() const { return server_; }

 private:
  const Server& server_;
  std::unordered_map<uint64_t, chip::Cost> known_;
};

}  // namespace ppu::workload
