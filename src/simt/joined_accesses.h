// Accesses of one thread that lie side by side (the members of a structure, a row of an unrolled loop) become
// one access of a vector.
#pragma once
#include "llvm/IR/Function.h"
#include "simt/shape.h"

namespace ppu::simt {

/// Lanes that store every third word take a scatter a store; one that stores all three fills a row of memory.
void join_stores(llvm::Function& f);

/// Lanes that read rows of their own take a gather a word; one object of several words is a load a lane. Only
/// where nothing is known of how the lanes lie, or that within pieces they lie apart. `gang`: several warps
/// run in step.
void join_loads(llvm::Function& f, const WarpLayout& layout, bool gang);

}  // namespace ppu::simt
