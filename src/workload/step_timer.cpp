// See step_timer.h.
#include "workload/step_timer.h"

#include <algorithm>
#include <cmath>

namespace ppu::workload {
namespace {

/// Steps of a sixteenth of the value's octave, 1 below 16.
double rounded(double value) {
  if (value < 16) return std::round(value);
  const double grain = std::exp2(std::floor(std::log2(value)) - 4);
  return std::round(value / grain) * grain;
}

}  // namespace

chip::Cost step_cost(const Server& server, std::span<const Piece> pieces) {
  double sequences = 0;
  for (const Piece& piece : pieces) sequences += piece.sequences;
  chip::Cost cost =
      chip::predict(lower_step(server.deployment, pieces), server.chip, server.stack, sequences);
  cost.seconds = cost.seconds * server.slowdown;
  return cost;
}

const chip::Cost& StepTimer::step(double decoding, double context, double prefill, double done,
                                  double prompts) {
  decoding = rounded(decoding), context = rounded(context), prefill = rounded(prefill), done = rounded(done);
  prompts = std::max(1.0, rounded(prompts));
  uint64_t key = 0;
  for (const double part : {decoding, context, prefill, done, prompts})
    key = key * 0x9e3779b97f4a7c15u + uint64_t(part) + 1;
  const auto [at, added] = known_.try_emplace(key);
  if (!added) return at->second;
  Piece pieces[2];
  size_t n = 0;
  if (decoding > 0) pieces[n++] = {decoding, 1, std::max(0.0, context)};
  // A lone new token would be lowered as decoding, which it is.
  if (prefill > 0) pieces[n++] = {prompts, std::max(1.0, prefill / prompts), done};
  at->second = step_cost(server_, std::span(pieces, n));
  return at->second;
}

}  // namespace ppu::workload
