// A model's run as operations of one chip: a decoder step (prefill, decode or both mixed), an encoder batch,
// a batch through a network of kernels. Sharding makes each chip's part smaller and adds collectives. Not
// here: how long it takes (chip/predict.h), what fits (memory.h), which steps a server makes (serving.h).
#pragma once
#include <span>

#include "base/result.h"
#include "chip/work.h"
#include "workload/model.h"
#include "workload/precision.h"

namespace ppu::workload {

/// How a model is spread. Attention and dense layers are split over `tp`; `dp` such groups hold different
/// requests; experts are split over `ep` of the tp x dp chips; `pp` stages follow each other.
struct Parallel {
  int tp = 1, pp = 1, ep = 1, dp = 1;
  int chips() const { return tp * pp * dp; }
};

/// A model as it is installed on a group of chips.
struct Deployment {
  const Model* model = nullptr;
  Precision precision;
  Parallel parallel;
  bool fused = true;  ///< a serving engine's fused kernels; false: one kernel an operator, as eager PyTorch
  int chips_per_node = 8;  ///< groups beyond that speak over the network
};

/// `sequences` sequences that take `tokens` new tokens each behind `context` tokens already in the cache: a
/// decode step is {batch, 1, context}, a prefill {1, n, 0}, a chunk of it {1, chunk, done so far}.
struct Piece {
  double sequences = 1;
  double tokens = 1;
  double context = 0;
};

/// kBadInput when the spreading contradicts itself or the model (heads that can't be split, experts it
/// lacks).
Status check(const Deployment& deployment);

/// One pass of the decoder over `pieces`, through all pipeline stages. With dp > 1 every group has such
/// pieces.
chip::Work lower_step(const Deployment& deployment, std::span<const Piece> pieces);

/// `batch` inputs of `tokens` tokens through the encoder.
chip::Work lower_encoder(const Deployment& deployment, double batch, double tokens);

/// `batch` items through the model's stages, in order. Of a stage's `runs` all are counted.
chip::Work lower_stages(const Deployment& deployment, double batch);

/// All that one batch of items (images, queries, sentences of `tokens` tokens) takes: stages, then encoder.
chip::Work lower_items(const Deployment& deployment, double batch, double tokens);

}  // namespace ppu::workload
