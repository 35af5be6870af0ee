// See copied_blocks.h.
#include "simt/copied_blocks.h"

#include "llvm/IR/CFG.h"
#include "llvm/IR/Instructions.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace llvm;

namespace ppu::simt {

std::vector<BasicBlock*> blocks_between(Function& f, ArrayRef<BasicBlock*> first,
                                        const SmallPtrSetImpl<BasicBlock*>& last) {
  SmallPtrSet<BasicBlock*, 32> seen;
  std::vector<BasicBlock*> work(first.begin(), first.end()), found;
  while (!work.empty()) {
    BasicBlock* b = work.back();
    work.pop_back();
    if (seen.insert(b).second && !last.contains(b)) append_range(work, successors(b));
  }
  for (BasicBlock& b : f)
    if (seen.contains(&b)) found.push_back(&b);
  return found;
}

void copy_blocks(Function& f, ArrayRef<BasicBlock*> blocks, BasicBlock& entry, ValueToValueMapTy& map) {
  Function* to = entry.getParent();
  SmallVector<BasicBlock*> copies;
  for (BasicBlock* b : blocks) {
    BasicBlock* copy = CloneBasicBlock(b, map, "", to);
    map[b] = copy;
    copies.push_back(copy);
  }
  const bool from_start = map.count(&f.getEntryBlock());
  for (Instruction& inst : f.getEntryBlock()) {
    if (!isa<AllocaInst>(inst)) continue;
    if (!from_start) map[&inst] = inst.clone();
    auto* own = cast<Instruction>(map[&inst]);
    if (from_start) own->removeFromParent();
    own->insertInto(&entry, entry.end());
  }
  remapInstructionsInBlocks(copies, map);
  for (BasicBlock* copy : copies)
    for (PHINode& phi : copy->phis())
      phi.removeIncomingValueIf([&](unsigned i) { return phi.getIncomingBlock(i)->getParent() != to; },
                                false);
}

}  // namespace ppu::simt
