// Loops that begin at one label keep their nesting: lanes that go round the inner one wait for each other at
// its end, before any starts the next round of the outer one. LLVM would make one loop of both, where a lane
// that is through with the inner one goes on alone.
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/PostDominators.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Module.h>

#include "lower/passes.h"

namespace ppu::lower {
namespace {

using llvm::BasicBlock;

/// The latches of `loop` whose lanes meet again inside it (immediate post-dominator) on the way to another
/// latch.
std::vector<BasicBlock*> inner_latches(const llvm::Loop& loop, const llvm::DominatorTree& dom,
                                       const llvm::PostDominatorTree& post) {
  llvm::SmallVector<BasicBlock*> latches;
  loop.getLoopLatches(latches);
  std::vector<BasicBlock*> inner;
  for (BasicBlock* latch : latches) {
    const auto* end = llvm::dyn_cast<llvm::BranchInst>(latch->getTerminator());
    const auto* node = post.getNode(latch);
    if (!end || !end->isConditional() || !node || !node->getIDom()) continue;
    BasicBlock* join = node->getIDom()->getBlock();
    if (!join || join == loop.getHeader() || join == latch || !loop.contains(join)) continue;
    for (BasicBlock* other : latches)
      if (other != latch && dom.dominates(join, other)) {
        inner.push_back(latch);
        break;
      }
  }
  return inner;
}

/// Gives one pair of loops that share a header two. False when there is none left.
bool split_one(llvm::Function& f) {
  const llvm::DominatorTree dom(f);
  const llvm::LoopInfo loops(dom);
  const llvm::PostDominatorTree post(f);
  for (llvm::Loop* loop : loops.getLoopsInPreorder()) {
    BasicBlock* header = loop->getHeader();
    if (header == &f.getEntryBlock() || llvm::isa<llvm::PHINode>(header->front())) continue;
    const std::vector<BasicBlock*> inner = inner_latches(*loop, dom, post);
    if (inner.empty()) continue;
    BasicBlock* inner_header = header->splitBasicBlock(header->begin(), header->getName() + ".inner");
    for (BasicBlock* latch : inner) {
      BasicBlock* from = latch == header ? inner_header : latch;  // its branch has moved along
      from->getTerminator()->replaceSuccessorWith(header, inner_header);
    }
    return true;
  }
  return false;
}

}  // namespace

void separate_loops(llvm::Module& module) {
  constexpr int kMost = 16;  // of a function: each takes fresh analyses
  for (llvm::Function& f : module)
    for (int i = 0; !f.isDeclaration() && i < kMost && split_one(f); ++i) {
    }
}

}  // namespace ppu::lower
