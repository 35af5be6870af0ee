// Parts of a function as the body of another.
#pragma once
#include <vector>

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/IR/Function.h"
#include "llvm/Transforms/Utils/ValueMapper.h"

namespace ppu::simt {

/// What runs from `first` on up to the `last` that come, these included; in the function's order.
std::vector<llvm::BasicBlock*> blocks_between(llvm::Function& f, llvm::ArrayRef<llvm::BasicBlock*> first,
                                              const llvm::SmallPtrSetImpl<llvm::BasicBlock*>& last);

/// Copies `blocks` of `f` behind `entry`, which gets copies of all of the function's stack slots. What they
/// use of other blocks must be in `map`, or have gone through stack slots.
void copy_blocks(llvm::Function& f, llvm::ArrayRef<llvm::BasicBlock*> blocks, llvm::BasicBlock& entry,
                 llvm::ValueToValueMapTy& map);

}  // namespace ppu::simt
