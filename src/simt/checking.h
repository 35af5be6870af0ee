// Calls of the checker in kernels whose lanes run one by one.
#pragma once
#include "llvm/IR/IRBuilder.h"

namespace ppu::simt {

/// ppu.check.* of one thread.
void check_for_thread(llvm::IRBuilder<>& b, llvm::Value* launch, llvm::Value* block, llvm::Value* thread,
                      llvm::CallInst& call);

}  // namespace ppu::simt
