// Code in a straight line that adds to many sums (a loop unrolled whole, between two barriers) is made a loop
// of one round, so that split_sums.h sees it as any other; and loops of one round are made straight again.
#pragma once
#include "codegen/sum_groups.h"

namespace ppu::codegen {

/// A block's part that computes vectors of the frame from those that stood there. Null: too few to matter.
llvm::BasicBlock* loop_once(llvm::BasicBlock& block, VectorRegisters registers);

/// Takes back `loop_once`; also of the loops that came of it.
void run_straight(llvm::BasicBlock& loop);

}  // namespace ppu::codegen
