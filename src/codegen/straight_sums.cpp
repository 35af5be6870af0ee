// See straight_sums.h.
#include "codegen/straight_sums.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>

#include <algorithm>
#include <map>

#include "codegen/frame_memory.h"
#include "simt/elementwise.h"

using namespace llvm;

namespace ppu::codegen {
namespace {

/// What a chain of additions begins with: a vector of the frame that only it reads.
LoadInst* start_of(const Value* v) {
  const unsigned lanes = cast<FixedVectorType>(v->getType())->getNumElements();
  for (const auto* inst = dyn_cast<Instruction>(v); inst && simt::is_elementwise(*inst, lanes);) {
    const Instruction* next = nullptr;
    for (const Value* operand : inst->operands()) {
      auto* from = dyn_cast<Instruction>(operand);
      if (!from || from->getParent() != inst->getParent() || !from->hasOneUse()) continue;
      auto* load = const_cast<LoadInst*>(dyn_cast<LoadInst>(from));
      if (load && load->isSimple() && load->getType() == v->getType() && in_frame(load->getPointerOperand()))
        return load;
      // The sum is the last operand of fma, and the only one elsewhere.
      if (simt::is_elementwise(*from, lanes)) next = from;
    }
    inst = next;
  }
  return nullptr;
}

void move_with_operands(Instruction* inst, Instruction* before, const std::set<Instruction*>& late) {
  if (!late.contains(inst) || inst->comesBefore(before)) return;
  for (Value* operand : inst->operands())
    if (auto* from = dyn_cast<Instruction>(operand)) move_with_operands(from, before, late);
  inst->moveBefore(before);
}

}  // namespace

BasicBlock* loop_once(BasicBlock& block, VectorRegisters registers) {
  std::map<StoreInst*, LoadInst*> sums;
  StoreInst* first = nullptr;
  size_t bits = 0;
  for (Instruction& inst : block) {
    auto* store = dyn_cast<StoreInst>(&inst);
    Value* v = store ? store->getValueOperand() : nullptr;
    auto* from = dyn_cast_or_null<Instruction>(v);
    if (!from || from->getParent() != &block || !isa<FixedVectorType>(v->getType()) || !store->isSimple() ||
        !v->hasOneUse() || !in_frame(store->getPointerOperand()))
      continue;
    if (LoadInst* load = start_of(v)) {
      sums[store] = load;
      bits += v->getType()->getPrimitiveSizeInBits();
      if (!first) first = store;
    }
  }
  if (bits / registers.bits < registers.count / 2) return nullptr;
  Instruction* begin = first;
  std::set<Instruction*> late;
  while (begin != &*block.getFirstInsertionPt() && only_reads(*begin->getPrevNode())) {
    begin = begin->getPrevNode();
    late.insert(begin);
  }
  std::set<LoadInst*> starts;
  for (auto it = sums.begin(); it != sums.end();) {
    const auto* v = cast<Instruction>(it->first->getValueOperand());
    const bool whole = late.contains(it->second) && v->comesBefore(first) && starts.insert(it->second).second;
    it = whole ? std::next(it) : sums.erase(it);
  }
  if (sums.empty()) return nullptr;
  // A place in front of which the first values go.
  Instruction* place = new UnreachableInst(block.getContext(), begin->getIterator());
  for (auto& [store, load] : sums) move_with_operands(load, place, late);
  BasicBlock* body = block.splitBasicBlock(place->getNextNode(), "once");
  place->eraseFromParent();
  BasicBlock* exit = body->splitBasicBlock(first, "once.done");
  for (auto& [store, load] : sums) {
    PHINode* phi = PHINode::Create(load->getType(), 2, "", body->begin());
    load->replaceAllUsesWith(phi);
    phi->addIncoming(load, &block);
    phi->addIncoming(store->getValueOperand(), body);
  }
  body->getTerminator()->eraseFromParent();
  BranchInst::Create(body, exit, ConstantInt::getFalse(block.getContext()), body);
  return body;
}

void run_straight(BasicBlock& loop) {
  auto* end = dyn_cast<BranchInst>(loop.getTerminator());
  const auto* never = end && end->isConditional() ? dyn_cast<ConstantInt>(end->getCondition()) : nullptr;
  if (!never || !never->isZero() || end->getSuccessor(0) != &loop) return;
  BasicBlock* exit = end->getSuccessor(1);
  loop.removePredecessor(&loop);
  end->eraseFromParent();
  BranchInst::Create(exit, &loop);
  MergeBlockIntoPredecessor(exit);
  MergeBlockIntoPredecessor(&loop);
}

}  // namespace ppu::codegen
