// How many warps of a block run in step (facts on gains: docs/architecture.md).
#pragma once
#include "simt/shape.h"

namespace ppu::simt {

/// 1, 2, 4 or 8, a divisor of the block's warps. More than one only where it is sure to be legal (nothing in
/// the kernel waits for another warp except whole-block barriers in flow the whole gang shares) and likely to
/// pay (loops whose values fit the registers).
/// `forced`: not 0 = that many where legal, for tests.
unsigned gang_size(llvm::Function& kernel, const WarpLayout& layout, unsigned forced);

}  // namespace ppu::simt
