// Whether a loop may come to the same place of memory again, turn after turn: what a spin loop polls.
#pragma once
#include "llvm/Analysis/LoopInfo.h"

namespace ppu::simt {

/// `v` may be in the next turn of `loop` what it was in this one: it is made of nothing in the loop, or of a
/// counter that goes on in some turns only (`if (ready[j]) sum += x[j++];`).
bool may_be_the_same_again(const llvm::Loop& loop, const llvm::Value* v);

}  // namespace ppu::simt
