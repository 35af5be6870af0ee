// ppu.count.* where it isn't a warp that counts (counting.cpp has both).
#pragma once
#include "llvm/IR/IRBuilder.h"

namespace ppu::simt {

/// The call's meaning in code of one thread, which counts as a warp with one lane on. `launch` and `block`
/// are exec::LaunchArgs* and exec::BlockState*.
void count_for_thread(llvm::IRBuilder<>& b, llvm::Value* launch, llvm::Value* block, llvm::CallInst& call);

}  // namespace ppu::simt
