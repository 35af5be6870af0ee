// Control flow of the widened function: convergent blocks keep their branches, a region becomes its blocks in
// topological order, each under the mask of the lanes that reach it.
#include "llvm/IR/CFG.h"
#include "simt/widener.h"

using namespace llvm;

namespace ppu::simt {

AllocaInst* Widener::mask_slot(BasicBlock* block) {
  AllocaInst*& a = mask_slots_[block];
  if (!a) a = new_slot(wide(b_.getInt1Ty()));
  return a;
}

AllocaInst* Widener::next_mask_slot(Loop* loop) {
  AllocaInst*& a = next_masks_[loop];
  if (!a) a = new_slot(wide(b_.getInt1Ty()));
  return a;
}

bool Widener::is_back_edge(BasicBlock* from, BasicBlock* to) {
  for (Loop* l = shapes_.loops.getLoopFor(from); l; l = l->getParentLoop())
    if (l->getHeader() == to) return true;
  return false;
}

// Stores what `to`'s phis take along this edge. lanes null: every lane goes this way. Otherwise phis of a
// join are blended; those of a loop header aren't, because lanes that left the loop never read them again
// (LCSSA).
void Widener::assign_phis(BasicBlock* from, BasicBlock* to, Value* lanes) {
  if (lanes && shapes_.loops.isLoopHeader(to)) lanes = nullptr;
  struct Assignment {
    PHINode* phi;
    std::vector<Value*> values;  // one, or the parts
    bool vector;
  };
  std::vector<Assignment> work;
  for (PHINode& phi : to->phis()) {
    Value* in = phi.getIncomingValueForBlock(from);
    const Shape s = shapes_.of(&phi);
    if (s.is_unknown()) continue;
    const unsigned parts = part_count(phi.getType());
    Assignment a{&phi, {}, s.is_varying()};
    if (!a.vector)
      a.values.push_back(scalar(in));
    else if (!parts)
      a.values.push_back(vector(in));
    else
      for (unsigned k = 0; k < parts; k++) a.values.push_back(part(in, k));
    work.push_back(std::move(a));
  }
  for (Assignment& a : work)
    for (unsigned k = 0; k < a.values.size(); k++) {
      Value* x = a.values[k];
      AllocaInst* s = slot(a.phi, k, a.vector, x->getType());
      if (lanes) {
        Value* old = b_.CreateLoad(x->getType(), s);
        x = b_.CreateSelect(a.vector ? lanes : any(lanes), x, old);
      }
      b_.CreateStore(x, s);
    }
}

void Widener::edge(Region& region, BasicBlock* from, BasicBlock* to, Value* lanes) {
  assign_phis(from, to, lanes);
  if (to == region.join) return;
  AllocaInst* slot = mask_slot(to);
  if (is_back_edge(from, to))
    for (Loop* l = shapes_.loops.getLoopFor(from); l; l = l->getParentLoop())
      if (l->getHeader() == to) slot = next_mask_slot(l);
  b_.CreateStore(b_.CreateOr(load_mask(slot), lanes), slot);
}

// Branching over an empty block pays once it holds memory accesses, calls, divisions or much arithmetic; and
// it is required for anything with an effect.
bool Widener::worth_skipping(BasicBlock* block) {
  unsigned plain = 0;
  for (Instruction& inst : *block) {
    if (isa<PHINode>(inst) || inst.isTerminator()) continue;
    if (inst.mayReadOrWriteMemory() || isa<CallInst>(inst)) return true;
    const unsigned op = inst.getOpcode();
    if (op == Instruction::SDiv || op == Instruction::UDiv || op == Instruction::SRem ||
        op == Instruction::URem)
      return true;
    plain++;
  }
  return plain > 8;
}

void Widener::convergent_block(BasicBlock* block) {
  b_.SetInsertPoint(block_map_.at(block));
  mask_ = entry_mask_;
  body(block);
  Instruction* end = block->getTerminator();
  if (isa<ReturnInst>(end)) return emit_return(block);
  auto* br = dyn_cast<BranchInst>(end);
  if (!br) return fail("unexpected terminator", end);
  auto through_edge = [&](BasicBlock* to) {
    BasicBlock* via = new_block("edge");
    const auto saved = b_.saveIP();
    b_.SetInsertPoint(via);
    assign_phis(block, to, nullptr);
    b_.CreateBr(block_map_.at(to));
    b_.restoreIP(saved);
    return via;
  };
  if (br->isUnconditional()) {
    b_.CreateBr(through_edge(br->getSuccessor(0)));
    return;
  }
  Value* condition = scalar(br->getCondition());
  BasicBlock* yes = through_edge(br->getSuccessor(0));
  BasicBlock* no = through_edge(br->getSuccessor(1));
  b_.CreateCondBr(condition, yes, no);
}

void Widener::emit_return(BasicBlock* block) {
  auto* ret = cast<ReturnInst>(block->getTerminator());
  Value* v = ret->getReturnValue();
  if (!v) {
    b_.CreateRetVoid();
    return;
  }
  const unsigned parts = part_count(v->getType());
  if (!parts) {
    b_.CreateRet(vector(v));
    return;
  }
  Value* aggregate = PoisonValue::get(target_.getReturnType());
  for (unsigned k = 0; k < parts; k++) aggregate = b_.CreateInsertValue(aggregate, part(v, k), k);
  b_.CreateRet(aggregate);
}

void Widener::masked_block(Region& region, BasicBlock* block, bool live) {
  const bool full = live && block == region.entry && !shapes_.loops.isLoopHeader(block);
  Value* lanes = full ? mask_or_all() : load_mask(mask_slot(block));
  BasicBlock* skip = nullptr;
  if (!live && worth_skipping(block)) {
    BasicBlock* on = new_block(block->getName() + ".on");
    skip = new_block(block->getName() + ".skip");
    b_.CreateCondBr(any(lanes), on, skip);
    b_.SetInsertPoint(on);
  }
  mask_ = full ? entry_mask_ : lanes;
  body(block);
  auto* br = dyn_cast<BranchInst>(block->getTerminator());
  if (!br) return fail("unexpected terminator in divergent flow", block->getTerminator());
  if (br->isUnconditional()) {
    edge(region, block, br->getSuccessor(0), lanes);
  } else {
    Value *yes, *no;
    if (shapes_.uniform(br->getCondition())) {
      Value* c = scalar(br->getCondition());
      yes = b_.CreateSelect(c, lanes, no_lanes());
      no = b_.CreateSelect(c, no_lanes(), lanes);
    } else {
      Value* c = vector(br->getCondition());
      yes = b_.CreateSelect(lanes, c, no_lanes());
      no = b_.CreateSelect(lanes, b_.CreateNot(c), no_lanes());
    }
    // Exit edges first: the back edge overwrites header phis that exit phis may read.
    const bool back_first = is_back_edge(block, br->getSuccessor(0));
    edge(region, block, br->getSuccessor(back_first ? 1 : 0), back_first ? no : yes);
    edge(region, block, br->getSuccessor(back_first ? 0 : 1), back_first ? yes : no);
  }
  mask_ = entry_mask_;
  if (skip) {
    b_.CreateBr(skip);
    b_.SetInsertPoint(skip);
  }
}

// A single-block loop runs without masks while all lanes are on, and falls into the masked loop when the
// first lane leaves.
void Widener::emit_full_loop(Region& region, Loop* loop, BasicBlock* masked_loop) {
  BasicBlock* block = loop->getHeader();
  auto* br = cast<BranchInst>(block->getTerminator());
  const bool stay_if_true = br->getSuccessor(0) == block;
  BasicBlock* exit = br->getSuccessor(stay_if_true ? 1 : 0);
  BasicBlock *full = new_block("full.loop"), *back = new_block("full.back"), *leave = new_block("full.leave");
  BasicBlock* masked = b_.GetInsertBlock();
  b_.CreateCondBr(all(load_mask(mask_slot(block))), full, masked_loop);
  (void)masked;
  b_.SetInsertPoint(full);
  mask_ = nullptr;
  body(block);
  Value* stay;
  if (shapes_.uniform(br->getCondition())) {
    Value* c = scalar(br->getCondition());
    if (!stay_if_true) c = b_.CreateNot(c);
    stay = splat(c);
    b_.CreateCondBr(c, back, leave);
  } else {
    stay = vector(br->getCondition());
    if (!stay_if_true) stay = b_.CreateNot(stay);
    b_.CreateCondBr(all(stay), back, leave);
  }
  b_.SetInsertPoint(back);
  assign_phis(block, block, nullptr);
  b_.CreateBr(full);
  b_.SetInsertPoint(leave);
  edge(region, block, exit, b_.CreateNot(stay));
  assign_phis(block, block, stay);
  b_.CreateStore(stay, mask_slot(block));
  mask_ = entry_mask_;
  // The caller continues with "any lane left?" on the block's mask.
}

void Widener::emit_loop(Region& region, Loop* loop, ArrayRef<BasicBlock*> blocks, bool live) {
  BasicBlock* header = loop->getHeader();
  BasicBlock *top = new_block("lanes.loop"), *end = new_block("lanes.end"), *test = new_block("lanes.test");
  auto* br = dyn_cast<BranchInst>(header->getTerminator());
  if (blocks.size() == 1 && br && br->isConditional() && !entry_mask_) {
    emit_full_loop(region, loop, test);
    b_.CreateBr(test);
    b_.SetInsertPoint(test);
    b_.CreateCondBr(any(load_mask(mask_slot(header))), top, end);
  } else {
    b_.CreateBr(test);
    b_.SetInsertPoint(test);
    if (live)
      b_.CreateBr(top);
    else
      b_.CreateCondBr(any(load_mask(mask_slot(header))), top, end);
  }
  b_.SetInsertPoint(top);
  for (BasicBlock* b : blocks)
    if (b != header) b_.CreateStore(no_lanes(), mask_slot(b));
  b_.CreateStore(no_lanes(), next_mask_slot(loop));
  emit_sequence(region, blocks, loop, true);
  Value* next = load_mask(next_mask_slot(loop));
  b_.CreateStore(next, mask_slot(header));
  b_.CreateCondBr(any(next), top, end);
  b_.SetInsertPoint(end);
}

// `live`: the first block is known to have a lane on.
void Widener::emit_sequence(Region& region, ArrayRef<BasicBlock*> blocks, Loop* current, bool live) {
  for (size_t i = 0; i < blocks.size() && error_.empty(); i++) {
    BasicBlock* b = blocks[i];
    Loop* inner = nullptr;
    for (Loop* l = shapes_.loops.getLoopFor(b); l && l != current; l = l->getParentLoop()) inner = l;
    const bool first = live && i == 0;
    if (!inner || inner->getHeader() != b) {
      masked_block(region, b, first);
      continue;
    }
    size_t n = 0;
    while (i + n < blocks.size() && inner->contains(blocks[i + n])) n++;
    if (n != inner->getNumBlocks()) return fail("a loop isn't contiguous in its region", b->getTerminator());
    emit_loop(region, inner, blocks.slice(i, n), first);
    i += n - 1;
  }
}

void Widener::emit_region(Region& region) {
  b_.SetInsertPoint(block_map_.at(region.entry));
  mask_ = entry_mask_;
  for (BasicBlock* b : region.blocks)
    b_.CreateStore(b == region.entry ? mask_or_all() : no_lanes(), mask_slot(b));
  std::vector<BasicBlock*> blocks;
  for (BasicBlock* b : shapes_.order())
    if (region.blocks.contains(b)) blocks.push_back(b);
  if (blocks.front() != region.entry)
    return fail("a region doesn't start at its entry", blocks[0]->getTerminator());
  // Loops that hold the region, rather than lie in it, are not its business.
  Loop* current = shapes_.loops.getLoopFor(region.entry);
  while (current) {
    bool inside = true;
    for (BasicBlock* x : current->blocks()) inside &= region.blocks.contains(x);
    if (!inside) break;
    current = current->getParentLoop();
  }
  emit_sequence(region, blocks, current, true);
  if (!region.join) {
    b_.CreateUnreachable();
    return;
  }
  b_.CreateBr(block_map_.at(region.join));
}

}  // namespace ppu::simt
