// Whether a place in memory that one lane names may be the one that another lane of its warp names.
#pragma once
#include "simt/shape.h"

namespace ppu::simt {

/// False only if it is proved: for no two different lanes of a warp is `a` of the one `b` of the other,
/// however often the loops around them have gone round. Sums of values that stay the same all through the
/// kernel are compared modulo powers of two, so a place in another row of a table (`row * 256 + lane`) is
/// told apart.
bool lanes_may_meet(const ShapeAnalysis& shapes, const llvm::Value* a, const llvm::Value* b);

/// Both lie in one object: an array that is a parameter or a global variable, or one variable of shared
/// memory.
bool in_one_object(const ShapeAnalysis& shapes, const llvm::Value* a, const llvm::Value* b);

}  // namespace ppu::simt
