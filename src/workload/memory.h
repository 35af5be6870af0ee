// Whether a deployment fits a chip's memory, and how many requests do beside the weights. All in bytes of one
// chip. Not here: bytes moved (lower.h).
#pragma once
#include "chip/predict.h"
#include "workload/lower.h"

namespace ppu::workload {

struct Memory {
  double capacity = 0;  ///< what an engine uses: 92 % of the chip's memory, or its SRAM where it has none
  double weights = 0;
  double activations = 0;         ///< of one step, and the engine's own (context, graphs, workspaces)
  double kv_per_token = 0;        ///< of one sequence, where it grows with the context
  double state_per_sequence = 0;  ///< what a sequence takes whatever its length (windows, linear attention)
  /// What is left for requests; negative when the model doesn't fit.
  double room() const { return capacity - weights - activations; }
  /// Sequences of `tokens` tokens that fit at once.
  double sequences(double tokens) const;
};

/// `step_tokens`: tokens of the largest step. A window layer's cache counts up to its window.
Memory memory_of(const Deployment& deployment, const chip::Numbers& chip, double step_tokens);

/// The smallest number of chips, by tensor (and beyond a node pipeline) parallel alone, that holds the
/// weights and a request of `tokens`; 0 when 64 x 8 don't.
int chips_needed(const Deployment& deployment, const chip::Numbers& chip, double tokens);

}  // namespace ppu::workload
