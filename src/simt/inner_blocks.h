// Two versions of a kernel: one for the blocks in the middle of its grid, whose threads all pass what keeps
// others off the edges, and one for any block.
#pragma once
#include "simt/size_versions.h"

namespace ppu::simt {

BlockVersions split_inner_blocks(llvm::Function& kernel, const WarpLayout& layout);

}  // namespace ppu::simt
