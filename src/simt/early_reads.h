// Programs that leave out a barrier: threads read a place of shared memory right behind one, and one of them
// writes it again before the next.
#pragma once
#include "simt/shape.h"

namespace ppu::simt {

/// Has all warps of the block read such places before any goes on. The program's race is undefined; on
/// hardware, where warps leave a barrier together, the reads come first.
void read_before_going_on(llvm::Function& kernel, const WarpLayout& layout);

}  // namespace ppu::simt
