// How an address changes from one row of a block's threads to the next.
#pragma once
#include "simt/shape.h"

namespace ppu::simt {

/// What a thread's value is more than that of the thread above it (%tid.y one less, all else the same), where
/// that's a constant; unless something wraps.
std::optional<int64_t> row_step(const llvm::Value* v, const ShapeAnalysis& shapes);

/// A load or store whose lanes lie anywhere, but which threads above each other make side by side, as where a
/// matrix is transposed. In blocks of 16 or 32 columns, whose (half) warps are rows.
bool joins_rows(const llvm::Instruction& access, const ShapeAnalysis& shapes);

}  // namespace ppu::simt
