// What a block knows before it starts: values made of the launch's parameters, of its own number, and of
// memory that never changes and that every thread reads anyway.
#pragma once
#include <map>

#include "llvm/Analysis/PostDominators.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Instructions.h"

namespace ppu::simt {

/// The same for all threads of the block, and computable before it starts by `budget` instructions at most.
bool computable_at_start(const llvm::Value* v, const llvm::PostDominatorTree& post_dom, int& budget);
/// `v` in a function (launch, block), both of which are in `known`, as is what has been computed.
llvm::Value* computed_at_start(llvm::IRBuilder<>& b, llvm::Value* v,
                               std::map<llvm::Value*, llvm::Value*>& known);

}  // namespace ppu::simt
