// How many warps of a block run in step (facts on gains: docs/architecture.md).
#pragma once
#include "simt/shape.h"

namespace ppu::simt {

/// 1, 2, 4 or 8, a divisor of the block's warps, or all of them. More than one only where it is sure to be
/// legal (nothing in the kernel waits for another warp except whole-block barriers in flow the whole gang
/// shares) and likely to pay (loops whose values fit the registers). `forced`: not 0 = that many where legal,
/// for tests. `whole_block`: more code is worth it where barriers vanish.
unsigned gang_size(llvm::Function& kernel, const WarpLayout& layout, unsigned forced, bool whole_block);

/// Every barrier is one of the whole block, in flow that all its warps share.
bool barriers_in_step(llvm::Function& kernel, const WarpLayout& layout);

}  // namespace ppu::simt
