// See cut_blocks.h. The pass runs late because LLVM's own clean-up of the control flow would undo it.
#include "codegen/cut_blocks.h"

#include <llvm/IR/DataLayout.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Module.h>
#include <llvm/Pass.h>

#include <algorithm>
#include <vector>

namespace ppu::codegen {
namespace {

/// Cost at which selection and scheduling still take time in proportion to the length, and more branches make
/// next to no difference; in registers of 256 bits that the results take.
constexpr uint64_t kLongEnough = 500;
/// How much longer a block may get to end behind a store or another instruction without a result: an
/// expression isn't torn there.
constexpr uint64_t kSlack = 100;

uint64_t cost(const llvm::Instruction& i, const llvm::DataLayout& layout) {
  llvm::Type* type = i.getType();
  if (const auto* store = llvm::dyn_cast<llvm::StoreInst>(&i)) type = store->getValueOperand()->getType();
  return type->isVectorTy() ? std::max<uint64_t>(1, layout.getTypeSizeInBits(type) / 256) : 1;
}

bool cut(llvm::BasicBlock* block, const llvm::DataLayout& layout) {
  bool changed = false;
  uint64_t length = 0;
  for (auto at = block->getFirstNonPHIOrDbgOrAlloca(); at != block->end();) {
    const bool ends_expression = at->getType()->isVoidTy();
    length += cost(*at, layout);
    ++at;
    if (length < (ends_expression ? kLongEnough : kLongEnough + kSlack)) continue;
    if (at == block->end() || at->isTerminator()) break;
    block = block->splitBasicBlock(at, "cut");
    at = block->begin();
    length = 0;
    changed = true;
  }
  return changed;
}

class CutBlocks : public llvm::FunctionPass {
 public:
  static char ID;
  CutBlocks() : FunctionPass(ID) {}
  llvm::StringRef getPassName() const override { return "Cut long blocks"; }
  bool runOnFunction(llvm::Function& f) override {
    std::vector<llvm::BasicBlock*> blocks;
    for (llvm::BasicBlock& b : f) blocks.push_back(&b);
    bool changed = false;
    for (llvm::BasicBlock* b : blocks) changed |= cut(b, f.getParent()->getDataLayout());
    return changed;
  }
};
char CutBlocks::ID = 0;

}  // namespace

llvm::Pass* create_cut_blocks_pass() {
  return new CutBlocks;
}

}  // namespace ppu::codegen
