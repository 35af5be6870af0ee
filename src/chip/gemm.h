// The time of one matrix product by tiles: which tile shape and how many parts along k a good library would
// take, and what bounds it. Not here: the narrow roofline everything is compared with (predict.h: baseline).
#pragma once
#include "chip/predict.h"
#include "chip/stack.h"

namespace ppu::chip {

/// One product's seconds by limit; launches are the caller's.
struct GemmTime {
  double compute = 0;  ///< as if tensor work were all there is
  double memory = 0;   ///< device memory, likewise
  double on_chip = 0;  ///< L2, likewise
  double fixed = 0;    ///< pipelines filled and drained, parts added
  double total = 0;
  double memory_bytes = 0;  ///< that reach device memory
  int tile_m = 0, tile_n = 0, parts = 1;
};

/// `op` is a kGemm, its repeats not counted. `tensor_clock` is the clock that power allows, of the highest.
GemmTime gemm_time(const Op& op, const Numbers& chip, const StackTerms& stack, double tensor_clock);

/// Bytes of one element of a product's operands.
double bytes_of(Number math);

/// Share of a loop's operands that are still in L2 when they are used again: 1 when `loop_bytes` are small
/// against it, 0 when they are not or when 0 (cold).
double l2_resident(double loop_bytes, const Numbers& chip);

}  // namespace ppu::chip
