// Control flow of the widened function: convergent blocks keep their branches, a region becomes its blocks in
// topological order, each under the mask of the lanes that reach it.
#include "llvm/IR/CFG.h"
#include "simt/widener.h"

using namespace llvm;

namespace ppu::simt {

AllocaInst* Widener::mask_slot(BasicBlock* block) {
  AllocaInst*& a = mask_slots_[{block, g_}];
  if (!a) a = new_slot(wide(b_.getInt1Ty()));
  return a;
}

AllocaInst* Widener::next_mask_slot(Loop* loop) {
  AllocaInst*& a = next_masks_[{loop, g_}];
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
void Widener::assign_phis(BasicBlock* from, BasicBlock* to, const Masks* lanes) {
  if (lanes && shapes_.loops.isLoopHeader(to)) lanes = nullptr;
  struct Assignment {
    AllocaInst* slot;
    Value* value;
    Value* chosen;  // i1 or lanes; null = always
  };
  struct TileAssignment {
    TileRegister at;
    Value* value;
    unsigned warp;
  };
  std::vector<Assignment> work;
  std::vector<TileAssignment> tiles;
  const auto uses_tiles = [&](PHINode& phi) {
    if (webs_->phi(&phi)) return !webs_->flows(&phi, from) || !webs_->place(&phi);
    const Value* in = phi.getIncomingValueForBlock(from);
    return webs_->place(in) || webs_->place(in, 0);
  };
  if (llvm::any_of(to->phis(), uses_tiles)) settle_tiles();
  for (PHINode& phi : to->phis()) {
    Value* in = phi.getIncomingValueForBlock(from);
    if (const auto at = webs_->phi(&phi)) {
      if (!webs_->flows(&phi, from)) for_each_warp([&] { tiles.push_back({*at, vector(in), g_}); });
      if (webs_->place(&phi)) continue;
    }
    const Shape s = shapes_.of(&phi);
    if (s.is_unknown() || fragments_->holds(&phi)) continue;
    const bool vector_value = s.is_varying();
    const unsigned parts = vector_value ? part_count(phi.getType()) : 0;
    auto assign = [&](Value* mask, Value* any_lane) {
      for (unsigned k = 0; k < std::max(1u, parts) && !in_lane_slots_only(&phi); k++) {
        Value* x = !vector_value ? scalar(in) : parts ? part(in, k) : vector(in);
        work.push_back({slot(&phi, k, vector_value, x->getType()), x, vector_value ? mask : any_lane});
      }
      for (unsigned l = 0; has_lane_slots(&phi) && l < kLanes; l += s.piece)
        work.push_back({slot(&phi, kLaneSlots + l, false, phi.getType()), lane_scalar(in, l),
                        mask ? b_.CreateExtractElement(mask, uint64_t(l)) : nullptr});
    };
    if (gang_ > 1 && !s.per_warp) {
      Value* mask = nullptr;
      if (lanes)
        for (Value* m : *lanes) mask = mask ? b_.CreateOr(mask, m) : m;
      assign(mask, lanes ? any(mask) : nullptr);
    } else {
      for_each_warp([&] { assign(lanes ? (*lanes)[g_] : nullptr, lanes ? any((*lanes)[g_]) : nullptr); });
    }
  }
  for (const Assignment& a : work) {
    Value* x = a.value;
    if (a.chosen) x = b_.CreateSelect(a.chosen, x, b_.CreateLoad(x->getType(), a.slot));
    b_.CreateStore(x, a.slot);
  }
  for (const TileAssignment& t : tiles) {
    select_warp(t.warp);
    store_tile_register(pending_[g_].memory, t.at, t.value);
  }
  select_warp(0);
}

void Widener::edge(Region& region, BasicBlock* from, BasicBlock* to, const Masks& lanes) {
  assign_phis(from, to, &lanes);
  if (to == region.join) return;
  Loop* back = nullptr;
  if (is_back_edge(from, to))
    for (Loop* l = shapes_.loops.getLoopFor(from); l; l = l->getParentLoop())
      if (l->getHeader() == to) back = l;
  for_each_warp([&] {
    AllocaInst* slot = back ? next_mask_slot(back) : mask_slot(to);
    b_.CreateStore(b_.CreateOr(load_mask(slot), lanes[g_]), slot);
  });
}

// Branching over an empty block pays once it holds memory accesses, calls, divisions or much arithmetic; and
// it is required for anything with an effect.
bool Widener::worth_skipping(BasicBlock* block) {
  unsigned plain = 0;
  for (Instruction& inst : *block) {
    if (isa<PHINode>(inst) || inst.isTerminator() || is_count(inst)) continue;
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
  set_masks(entry_masks_);
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
  const bool full = live && region.all_walk(block);
  Masks lanes = load_masks(block);
  if (full)
    for (unsigned g = 0; g < gang_; g++) lanes[g] = entry_masks_[g] ? entry_masks_[g] : all_lanes();
  BasicBlock* skip = nullptr;
  if (!live && worth_skipping(block)) {
    BasicBlock* on = new_block(block->getName() + ".on");
    skip = new_block(block->getName() + ".skip");
    b_.CreateCondBr(any_of(lanes), on, skip);
    b_.SetInsertPoint(on);
  }
  set_masks(full ? entry_masks_ : lanes);
  possible_ = full ? ~0u : possible_lanes_.at(block);
  body(block);
  possible_ = ~0u;
  auto* br = dyn_cast<BranchInst>(block->getTerminator());
  if (!br) return fail("unexpected terminator in divergent flow", block->getTerminator());
  if (br->isUnconditional()) {
    edge(region, block, br->getSuccessor(0), lanes);
  } else {
    Masks yes, no;
    const bool uniform = shapes_.uniform(br->getCondition());
    for_each_warp([&] {
      Value* c = uniform ? scalar(br->getCondition()) : vector(br->getCondition());
      Value* l = lanes[g_];
      yes.push_back(uniform ? b_.CreateSelect(c, l, no_lanes()) : b_.CreateSelect(l, c, no_lanes()));
      no.push_back(uniform ? b_.CreateSelect(c, no_lanes(), l)
                           : b_.CreateSelect(l, b_.CreateNot(c), no_lanes()));
    });
    // Exit edges first: the back edge overwrites header phis that exit phis may read.
    const bool back_first = is_back_edge(block, br->getSuccessor(0));
    edge(region, block, br->getSuccessor(back_first ? 1 : 0), back_first ? no : yes);
    edge(region, block, br->getSuccessor(back_first ? 0 : 1), back_first ? yes : no);
  }
  set_masks(entry_masks_);
  if (skip) {
    b_.CreateBr(skip);
    b_.SetInsertPoint(skip);
  }
}

// A scalar that is true only if `condition` is `wanted` in all lanes; null where none is known. Of base +
// c[lane] against a uniform limit, the lane nearest to the limit decides; where it would wrap the answer is
// no.
Value* Widener::surely_all(Value* condition, bool wanted) {
  auto* cmp = dyn_cast<ICmpInst>(condition);
  if (!cmp || !cmp->getOperand(0)->getType()->isIntegerTy(32)) return nullptr;
  ICmpInst::Predicate predicate = wanted ? cmp->getPredicate() : cmp->getInversePredicate();
  Value *x = cmp->getOperand(0), *limit = cmp->getOperand(1);
  if (shapes_.uniform(x)) {
    std::swap(x, limit);
    predicate = ICmpInst::getSwappedPredicate(predicate);
  }
  const Shape shape = shapes_.of(x);
  if (!shape.is_linear() || !shape.has_offsets || !shapes_.uniform(limit) || ICmpInst::isEquality(predicate))
    return nullptr;
  const bool below = ICmpInst::isLT(predicate) || ICmpInst::isLE(predicate);
  const bool is_signed = ICmpInst::isSigned(predicate);
  // 64 bits hold every base + c exactly. A lane on the far side must not wrap either.
  const auto widened = [&](Value* v) {
    return is_signed ? b_.CreateSExt(v, b_.getInt64Ty()) : b_.CreateZExt(v, b_.getInt64Ty());
  };
  const int64_t near = below ? shape.max_offset() : shape.min_offset(),
                far = below ? shape.min_offset() : shape.max_offset();
  Value* base = widened(scalar(x));
  Value* nearest = b_.CreateAdd(base, b_.getInt64(uint64_t(near)));
  Value* sure = b_.CreateICmp(ICmpInst::getSignedPredicate(predicate), nearest, widened(scalar(limit)));
  if (far == 0) return sure;  // lane 0 itself
  const int64_t lowest = is_signed ? INT32_MIN : 0, highest = is_signed ? INT32_MAX : int64_t(UINT32_MAX);
  Value* farthest = b_.CreateAdd(base, b_.getInt64(uint64_t(far)));
  Value* no_wrap = below ? b_.CreateICmpSGE(farthest, b_.getInt64(uint64_t(lowest)))
                         : b_.CreateICmpSLE(farthest, b_.getInt64(uint64_t(highest)));
  return b_.CreateAnd(sure, no_wrap);
}

// A single-block loop runs without masks while all lanes are on, and falls into the masked loop when the
// first lane leaves.
void Widener::emit_full_loop(Region& region, Loop* loop, BasicBlock* masked_loop) {
  BasicBlock* block = loop->getHeader();
  auto* br = cast<BranchInst>(block->getTerminator());
  const bool stay_if_true = br->getSuccessor(0) == block;
  BasicBlock* exit = br->getSuccessor(stay_if_true ? 1 : 0);
  BasicBlock *full = new_block("full.loop"), *back = new_block("full.back"), *leave = new_block("full.leave");
  b_.CreateCondBr(all_of(load_masks(block)), full, masked_loop);
  b_.SetInsertPoint(full);
  set_masks(same_masks(nullptr));
  body(block);
  Masks stay, gone;
  Value* everyone = b_.getTrue();
  const bool uniform = shapes_.uniform(br->getCondition());
  for_each_warp([&] {
    Value* c = uniform ? scalar(br->getCondition()) : vector(br->getCondition());
    if (!stay_if_true) c = b_.CreateNot(c);
    // The scalar test may say no though all stay: the masked loop is right then, too.
    Value* sure = uniform ? c : surely_all(br->getCondition(), stay_if_true);
    everyone = b_.CreateAnd(everyone, sure ? sure : all(c));
    stay.push_back(uniform ? splat(c) : c);
  });
  b_.CreateCondBr(everyone, back, leave);
  b_.SetInsertPoint(back);
  assign_phis(block, block, nullptr);
  b_.CreateBr(full);
  b_.SetInsertPoint(leave);
  for (Value* s : stay) gone.push_back(b_.CreateNot(s));
  edge(region, block, exit, gone);
  assign_phis(block, block, &stay);
  store_masks(block, stay);
  set_masks(entry_masks_);
  // The caller continues with "any lane left?" on the block's mask.
}

void Widener::emit_loop(Region& region, Loop* loop, ArrayRef<BasicBlock*> blocks, bool live) {
  if (!better_by_lane(loop)) return emit_masked_loop(region, loop, blocks, live);
  const bool counted = llvm::any_of(loop->blocks(), [](BasicBlock* b) { return llvm::any_of(*b, is_count); });
  if (!counted) return emit_loop_by_lane(region, loop);
  BasicBlock *together = new_block("count.together"), *by_lane = new_block("count.by.lane"),
             *join = new_block("count.loop");
  b_.CreateCondBr(counts_as_warps(), together, by_lane);
  b_.SetInsertPoint(by_lane);
  emit_loop_by_lane(region, loop);
  b_.CreateBr(join);
  b_.SetInsertPoint(together);
  emit_masked_loop(region, loop, blocks, live);
  b_.CreateBr(join);
  b_.SetInsertPoint(join);
}

void Widener::emit_masked_loop(Region& region, Loop* loop, ArrayRef<BasicBlock*> blocks, bool live) {
  BasicBlock* header = loop->getHeader();
  BasicBlock *top = new_block("lanes.loop"), *end = new_block("lanes.end"), *test = new_block("lanes.test");
  auto* br = dyn_cast<BranchInst>(header->getTerminator());
  if (blocks.size() == 1 && br && br->isConditional() && !entry_masks_[0]) {
    emit_full_loop(region, loop, test);
    b_.CreateBr(test);
    b_.SetInsertPoint(test);
    b_.CreateCondBr(any_of(load_masks(header)), top, end);
  } else {
    b_.CreateBr(test);
    b_.SetInsertPoint(test);
    if (live)
      b_.CreateBr(top);
    else
      b_.CreateCondBr(any_of(load_masks(header)), top, end);
  }
  b_.SetInsertPoint(top);
  for (BasicBlock* b : blocks)
    if (b != header) store_masks(b, same_masks(no_lanes()));
  for_each_warp([&] { b_.CreateStore(no_lanes(), next_mask_slot(loop)); });
  emit_sequence(region, blocks, loop, true);
  const Masks next = load_next_masks(loop);
  store_masks(header, next);
  b_.CreateCondBr(any_of(next), top, end);
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
  set_masks(entry_masks_);
  for (BasicBlock* b : region.blocks)
    store_masks(b, b == region.entry ? entry_masks_ : same_masks(no_lanes()));
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
  find_possible_lanes(blocks, region);
  emit_sequence(region, blocks, current, true);
  if (!region.join) {
    b_.CreateUnreachable();
    return;
  }
  b_.CreateBr(block_map_.at(region.join));
}

}  // namespace ppu::simt
