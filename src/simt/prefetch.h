// Loops that step through memory too far for the processor's own prefetching.
#pragma once
#include "simt/shape.h"

namespace ppu::simt {

/// Adds llvm.prefetch of what rounds to come will load, where a loop's step is large or known at run time
/// only: a grid-stride loop touches a few lines of one page, then some of another.
void prefetch_strides(llvm::Function& kernel, const WarpLayout& layout);

}  // namespace ppu::simt
