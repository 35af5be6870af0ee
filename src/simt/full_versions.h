// Guards such as `if (i < n)` are true for every lane of nearly every warp: gives what they guard a second
// version for those warps, in which no access is masked.
#pragma once
#include "simt/shape.h"

namespace ppu::simt {

/// Splits each small guarded body that accesses memory lane after lane into one copy for warps that enter it
/// whole and one for the rest. True when the function changed (loop forms must be made anew). Only for
/// kernels whose warps are full and walk alone (gang 1): elsewhere a mask is needed anyway.
bool split_full_versions(llvm::Function& kernel, const WarpLayout& layout);

}  // namespace ppu::simt
