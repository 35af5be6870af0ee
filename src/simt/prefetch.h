// Loops that step through memory too far for the processor's own prefetching.
#pragma once
#include <optional>

#include "simt/shape.h"

namespace ppu::simt {

/// Adds llvm.prefetch of what rounds to come will load, where a loop's step is large or known at run time
/// only: a grid-stride loop touches a few lines of one page, then some of another.
void prefetch_strides(llvm::Function& kernel, const WarpLayout& layout);

/// What a value grows by each round of a loop: a uniform `step` times a constant. No step: it stays.
struct Advance {
  llvm::Value* step = nullptr;
  int64_t factor = 0;
};
std::optional<Advance> advance_of(llvm::Value* v, const llvm::Loop& loop, const ShapeAnalysis& shapes,
                                  int depth = 0);

}  // namespace ppu::simt
