// The lattice's transfer functions and its fixpoint with divergent control. Optimistic: everything starts
// unknown and uniform, and only ever moves up.
#include "simt/shape.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <map>

#include "llvm/ADT/DepthFirstIterator.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/PatternMatch.h"
#include "simt/names.h"
#include "simt/widener.h"

using namespace llvm;

namespace ppu::simt {

int64_t Shape::min_offset() const {
  return has_offsets ? *std::min_element(c.begin(), c.end()) : 0;
}
int64_t Shape::max_offset() const {
  return has_offsets ? *std::max_element(c.begin(), c.end()) : 0;
}

uint8_t Shape::indifferent_bits() const {
  if (is_uniform()) return kAllLaneBits;
  if (!is_linear() || !if_unwrapped.empty()) return same_across;
  uint8_t bits = 0;
  for (unsigned bit = 1; bit < kLanes; bit *= 2) {
    bool same = true;
    for (unsigned l = 0; l < kLanes; l++) same &= c[l] == c[l ^ bit];
    if (same) bits |= uint8_t(bit);
  }
  return bits;
}

bool Shape::is_stride() const {
  for (unsigned l = 0; l < kLanes; l++)
    if (has_offsets && c[l] != int64_t(l) * c[1]) return false;
  return true;
}

bool Shape::low_bits_free() const {
  if (!has_offsets) return true;
  if (!if_unwrapped.empty()) return false;
  if (min_offset() < 0) return false;
  return base_zeros >= 64 || uint64_t(max_offset()) < (uint64_t(1) << base_zeros);
}

namespace {

constexpr unsigned kMaxVersioned = 500;  ///< instructions of a function that may have versions of its code

unsigned bit_width(Type* type) {
  if (type->isIntegerTy()) return type->getIntegerBitWidth();
  return 64;
}

Shape normalised(Shape s, unsigned bits) {
  if (!s.is_linear() || !s.has_offsets) return s;
  bool zero = true;
  for (int64_t& x : s.c) {
    if (bits < 64) x = int64_t(uint64_t(x) << (64 - bits)) >> (64 - bits);
    zero &= x == 0;
  }
  if (zero && s.if_unwrapped.empty()) s.has_offsets = false;
  return s;
}

Shape sum(const Shape& a, const Shape& b, int64_t sign) {
  Shape r = Shape::uniform(std::min(a.base_zeros, b.base_zeros));
  r.has_offsets = a.has_offsets || b.has_offsets;
  for (unsigned l = 0; l < kLanes; l++)
    r.c[l] = (a.has_offsets ? a.c[l] : 0) + sign * (b.has_offsets ? b.c[l] : 0);
  r.if_unwrapped = a.if_unwrapped;
  return add_extensions(r.if_unwrapped, b.if_unwrapped, sign) ? r : Shape::varying();
}

Shape scaled(Shape a, int64_t k) {
  for (int64_t& x : a.c) x = int64_t(uint64_t(x) * uint64_t(k));
  for (Extension& e : a.if_unwrapped) e.factor = int64_t(uint64_t(e.factor) * uint64_t(k));
  if (k == 0) a.if_unwrapped.clear();
  a.base_zeros = uint8_t(std::min(64u, a.base_zeros + (k ? unsigned(std::countr_zero(uint64_t(k))) : 64u)));
  return a;
}

/// Tiles in shared memory are swizzled by it. `k`: b, if it is a constant.
Shape exclusive_or(const Shape& a, const Shape& b, const ConstantInt* k) {
  if (!a.is_linear() || !b.is_linear() || !a.low_bits_free() || !b.low_bits_free()) return Shape::varying();
  const unsigned free = std::min(63u, unsigned(k ? a.base_zeros : std::min(a.base_zeros, b.base_zeros)));
  // What of a constant lies below the bits of a's base flips bits of the lanes' offsets; the rest, the
  // base's.
  const uint64_t low = k ? k->getValue().getLoBits(std::min(free, k->getBitWidth())).getZExtValue() : 0;
  if (uint64_t(std::max(a.max_offset(), b.max_offset())) >> free) return Shape::varying();
  Shape r = Shape::uniform(std::min(a.base_zeros, b.base_zeros));
  r.has_offsets = a.has_offsets || b.has_offsets;
  for (unsigned l = 0; l < kLanes; l++) {
    const uint64_t x = a.has_offsets ? uint64_t(a.c[l]) : 0, y = b.has_offsets ? uint64_t(b.c[l]) : 0;
    r.c[l] = int64_t(x ^ y ^ low) - int64_t(low);
  }
  return r;
}

}  // namespace

std::optional<Shape> WarpLayout::tid_shape(int axis) const {
  if (!specialised()) return std::nullopt;
  const uint32_t bx = block[0], by = block[1];
  auto value = [&](uint32_t t) -> int64_t {
    return axis == 0 ? t % bx : axis == 1 ? t / bx % by : t / bx / by;
  };
  Shape s = Shape::uniform(64);
  s.has_offsets = true;
  for (unsigned l = 0; l < kLanes; l++) s.c[l] = value(l) - value(0);
  for (uint32_t first = 0; first < threads(); first += kLanes) {
    const int64_t base = value(first);
    if (base) s.base_zeros = std::min<uint8_t>(s.base_zeros, uint8_t(std::countr_zero(uint64_t(base))));
    for (unsigned l = 0; l < kLanes && first + l < threads(); l++)
      if (value(first + l) - base != s.c[l]) return std::nullopt;
  }
  return normalised(s, 32);
}

bool is_broadcast(const CallInst& call) {
  const Function* f = call.getCalledFunction();
  if (!f || f->getName() != kShflIdx) return false;
  const auto* c = dyn_cast<ConstantInt>(call.getArgOperand(2));
  return c && (c->getZExtValue() & 0x1f1f) == 0x1f;
}

ShapeAnalysis::ShapeAnalysis(Function& f, const WarpLayout& l, bool gang)
    : function(f), layout(l), dom(f), post_dom(f), loops(dom), gang_(gang) {
  order_blocks();
  size_t size = 0;
  for (const BasicBlock* b : order_) size += b->size();
  versions_ = size <= kMaxVersioned;
  do {
    while (propagate()) {
    }
    const size_t before = marks();
    mark_divergent_control();
    if (marks() == before) break;
  } while (true);
}

size_t ShapeAnalysis::marks() const {
  return divergent_branches_.size() + joins_.size() + divergent_loops_.size() + warp_joins_.size() +
         warp_loops_.size() + parted_.size();
}

// Topological order with each loop contiguous: inner loops are collapsed to a node, recursively. Plain
// reverse post-order lets blocks after a loop slip into it when a goto leaves two loops at once.
void ShapeAnalysis::order_blocks() {
  order_loop(nullptr);
  for (size_t i = 0; i < order_.size(); i++) index_[order_[i]] = int(i);
}

void ShapeAnalysis::order_loop(Loop* loop) {
  auto node_of = [&](BasicBlock* b) -> BasicBlock* {
    Loop* inner = loops.getLoopFor(b);
    if (inner == loop) return b;
    while (inner && inner->getParentLoop() != loop) inner = inner->getParentLoop();
    return inner ? inner->getHeader() : nullptr;
  };
  std::vector<BasicBlock*> blocks;
  if (loop)
    blocks.assign(loop->block_begin(), loop->block_end());
  else
    for (BasicBlock* b : depth_first(&function.getEntryBlock())) blocks.push_back(b);
  BasicBlock* entry = loop ? loop->getHeader() : &function.getEntryBlock();
  std::map<BasicBlock*, std::vector<BasicBlock*>> edges;
  for (BasicBlock* b : blocks)
    for (BasicBlock* s : successors(b)) {
      if ((loop && !loop->contains(s)) || s == entry) continue;
      BasicBlock *from = node_of(b), *to = node_of(s);
      if (from != to) edges[from].push_back(to);
    }
  std::set<BasicBlock*> seen;
  std::vector<BasicBlock*> post;
  std::function<void(BasicBlock*)> visit = [&](BasicBlock* b) {
    if (!seen.insert(b).second) return;
    for (BasicBlock* s : edges[b]) visit(s);
    post.push_back(b);
  };
  visit(entry);
  for (auto it = post.rbegin(); it != post.rend(); ++it) {
    Loop* inner = loops.getLoopFor(*it);
    if (inner == loop) {
      order_.push_back(*it);
      continue;
    }
    while (inner->getParentLoop() != loop) inner = inner->getParentLoop();
    order_loop(inner);
  }
}

BasicBlock* ShapeAnalysis::join_of(BasicBlock* block) const {
  const auto* node = post_dom.getNode(block);
  return node && node->getIDom() ? node->getIDom()->getBlock() : nullptr;
}

unsigned ShapeAnalysis::known_zeros(const Value* v) const {
  if (!v->getType()->isIntegerTy() && !v->getType()->isPointerTy()) return 0;
  return computeKnownBits(v, function.getParent()->getDataLayout()).countMinTrailingZeros();
}

Shape ShapeAnalysis::of(const Value* v) const {
  if (isa<Instruction>(v)) return shapes_.lookup(v);
  // Arguments of device functions are vectors; launch and block state are one for the whole block.
  if (isa<Argument>(v) && cast<Argument>(v)->getArgNo() >= 2) {
    Shape s = Shape::varying();
    s.per_warp = true;
    return s;
  }
  return Shape::uniform(known_zeros(v));
}

bool ShapeAnalysis::propagate() {
  bool changed = false;
  for (BasicBlock* b : order_)
    for (Instruction& inst : *b) {
      const Shape old = shapes_.lookup(&inst);
      if (old.is_varying() && old.per_warp && !old.same_across && !old.piece &&
          old.same_above == Shape::kNoSharedBits)
        continue;
      const unsigned bits = bit_width(inst.getType());
      const Shape next = normalised(transfer(inst), bits);
      if (next.is_unknown() || next == old) continue;
      // Monotone: offsets never change back, alignment only shrinks.
      Shape merged = next;
      const uint8_t indifferent = old.indifferent_bits() & next.indifferent_bits();
      if (old.is_varying()) {
        merged = old;
        merged.same_across = indifferent;
        merge_pieces(old, next, merged, bits);
      } else if (old.is_linear()) {
        // A counter's start may be of fewer bits than what it comes to: only then it's known that it may
        // wrap.
        Shape before = old;
        if (before.if_unwrapped.empty()) before.if_unwrapped = next.if_unwrapped;
        if (next.is_linear() && next.same_offsets(before)) {
          merged.base_zeros = std::min(old.base_zeros, next.base_zeros);
        } else {
          merged = Shape::varying();
          merged.same_across = indifferent;
          merge_pieces(old, next, merged, bits);
        }
      }
      merged.per_warp = old.per_warp || next.per_warp;
      if (!old.is_unknown()) merged.same_above = std::max(old.same_above, next.same_above);
      if (merged == old) continue;
      shapes_[&inst] = merged;
      changed = true;
    }
  return changed;
}

void ShapeAnalysis::mark_divergent_control() {
  for (BasicBlock* b : order_) {
    auto* br = dyn_cast<BranchInst>(b->getTerminator());
    if (!br || !br->isConditional()) continue;
    const Shape s = of(br->getCondition());
    if (s.is_unknown()) continue;
    const bool by_lane = !s.is_uniform();
    if (!by_lane && !(gang_ && s.per_warp)) continue;
    // What follows from a branch is the same in every round, unless it is another kind of branch by now.
    if (!divergent_branches_.insert(b).second && !gang_) continue;
    const BasicBlock* join = meeting_of(b);
    mark_joins(b, join, by_lane ? joins_ : warp_joins_);
    if (by_lane) mark_parted(b, join);
    // Lanes that part at b and meet again only outside a loop leave that loop in different iterations.
    for (Loop* l = loops.getLoopFor(b); l && !(join && l->contains(join)); l = l->getParentLoop())
      (by_lane ? divergent_loops_ : warp_loops_).insert(l);
  }
}

/// Where lanes that part at `branch` are together again, all in the same round of every loop around both. The
/// immediate post-dominator may lie on one of two ways to the next round: those who take the other way come
/// to it a round later (an inner loop whose exits are the end of the outer one's round, and a `continue`).
const BasicBlock* ShapeAnalysis::meeting_of(BasicBlock* branch) const {
  const BasicBlock* join = join_of(branch);
  while (join && round_ends_before(branch, join)) join = join_of(const_cast<BasicBlock*>(join));
  return join;
}

/// Whether a way from `branch` begins another round of a loop around it and `join` before it comes to `join`.
bool ShapeAnalysis::round_ends_before(BasicBlock* branch, const BasicBlock* join) const {
  std::vector<BasicBlock*> work(succ_begin(branch), succ_end(branch));
  std::set<BasicBlock*> seen;
  while (!work.empty()) {
    BasicBlock* b = work.back();
    work.pop_back();
    if (b == join || !seen.insert(b).second) continue;
    const Loop* l = loops.getLoopFor(b);
    if (l && l->getHeader() == b && l->contains(branch) && l->contains(join)) return true;
    work.insert(work.end(), succ_begin(b), succ_end(b));
  }
  return false;
}

/// Every block between a divergent branch and where its lanes meet again. Where they have parted before,
/// those blocks are marked already.
void ShapeAnalysis::mark_parted(BasicBlock* branch, const BasicBlock* join) {
  if (parted_.contains(branch)) return;
  std::vector<BasicBlock*> work(succ_begin(branch), succ_end(branch));
  std::set<BasicBlock*> seen;
  while (!work.empty()) {
    BasicBlock* b = work.back();
    work.pop_back();
    if (b == join || !seen.insert(b).second) continue;
    parted_.insert(b);
    work.insert(work.end(), succ_begin(b), succ_end(b));
  }
}

// A block where disjoint paths from `branch` meet: its phis choose by lane. Labels name the last such
// meeting. Lanes that go round a loop once more leave it by any exit, rounds later.
void ShapeAnalysis::mark_joins(BasicBlock* branch, const BasicBlock* join,
                               std::set<const BasicBlock*>& joins) {
  std::map<BasicBlock*, BasicBlock*> label;
  int last = 0;  // of the labelled blocks, where paths go on from
  const auto reach = [&](BasicBlock* s, BasicBlock* from) {
    if (s != join) last = std::max(last, index_of(s));
    const auto [other, fresh] = label.try_emplace(s, from);
    if (fresh || other->second == from) return;
    joins.insert(s);
    other->second = s;
  };
  const auto follow = [&](BasicBlock* b, BasicBlock* s, BasicBlock* from) {
    if (!dom.dominates(s, b)) return reach(s, from);
    const Loop* round = loops.getLoopFor(s);
    if (s == join || !round || !round->contains(branch)) return;
    SmallVector<BasicBlock*> exits;
    round->getUniqueExitBlocks(exits);
    for (BasicBlock* exit : exits) reach(exit, from);
  };
  for (BasicBlock* s : successors(branch)) follow(branch, s, s);
  for (int i = index_of(branch) + 1; i <= last; i++) {
    BasicBlock* b = order_[size_t(i)];
    const auto mine = label.find(b);
    if (mine == label.end() || b == join) continue;
    BasicBlock* from = mine->second;
    for (BasicBlock* s : successors(b)) follow(b, s, from);
  }
  if (join) joins.insert(join);
}

Shape ShapeAnalysis::transfer_phi(PHINode& phi) const {
  Shape result;
  const Value* only = nullptr;
  bool same_value = true;
  for (const Value* v : phi.incoming_values()) {
    if (v == &phi) continue;
    same_value &= !only || only == v;
    only = v;
    const Shape s = of(v);
    if (s.is_unknown() || isa<UndefValue>(v)) continue;
    if (s.is_varying()) return Shape::varying();
    // Temporal divergence: lanes leave the defining loop in different iterations.
    if (const auto* def = dyn_cast<Instruction>(v))
      for (Loop* l = loops.getLoopFor(def->getParent()); l && !l->contains(phi.getParent());
           l = l->getParentLoop())
        if (divergent_loops_.contains(l)) return Shape::varying();
    if (result.is_unknown()) {
      result = s;
      continue;
    }
    if (!s.same_offsets(result)) return Shape::varying();
    result.base_zeros = std::min(result.base_zeros, s.base_zeros);
  }
  if (!extensions_hold_at(phi, result.if_unwrapped)) return Shape::varying();
  if (result.is_unknown()) {  // only undef or not yet known
    for (const Value* v : phi.incoming_values())
      if (isa<UndefValue>(v)) return Shape::uniform();
    return result;
  }
  if (joins_.contains(phi.getParent()) && !same_value) return Shape::varying();
  return result;
}

/// Whether the extensions that a phi's value rests on were last made when that value was, of operands that
/// are still there: behind a loop its header's phis may be those of a later round.
bool ShapeAnalysis::extensions_hold_at(const PHINode& phi, const std::vector<Extension>& extensions) const {
  const BasicBlock* at = phi.getParent();
  const Loop* loop = loops.isLoopHeader(const_cast<BasicBlock*>(at)) ? loops.getLoopFor(at) : nullptr;
  for (const Extension& e : extensions) {
    const BasicBlock* made = e.extension->getParent();
    const Loop* round = loops.getLoopFor(made);
    if (!dom.dominates(made, at) || (loop && loop->contains(made)) || (round && !round->contains(at)))
      return false;
  }
  return true;
}

Shape ShapeAnalysis::transfer_call(CallInst& call, bool all_uniform) const {
  const Function* callee = call.getCalledFunction();
  if (!callee) return Shape::varying();
  const StringRef n = callee->getName();
  if (n == kTidX || n == kTidY || n == kTidZ) {
    const auto s = layout.tid_shape(n == kTidX ? 0 : n == kTidY ? 1 : 2);
    return s ? *s : Shape::varying();
  }
  if (n == kLaneId) {
    Shape s = Shape::uniform(64);
    s.has_offsets = true;
    for (unsigned l = 0; l < kLanes; l++) s.c[l] = l;
    return s;
  }
  if (n == kLocalBase) {
    Shape s = Shape::uniform(4);
    s.has_offsets = true;
    for (unsigned l = 0; l < kLanes; l++) s.c[l] = int64_t(l * layout.local_bytes);
    return s;
  }
  if (n == kSharedBase) return Shape::uniform(8);
  // One value for all lanes that execute the operation together.
  if (n == kActiveMask || n == kWarpId || n == kClock64 || n == kGlobaltimer || n.starts_with(kBarPrefix) ||
      n == kYield || n == kWarpSync || n.starts_with(kCountPrefix))
    return Shape::uniform();
  // ... and for all members, where every lane names the same ones.
  if (n == kBallot || n.starts_with(kReduxPrefix))
    return of(call.getArgOperand(1)).is_uniform() ? Shape::uniform() : Shape::varying();
  if (is_broadcast(call) && of(call.getArgOperand(1)).is_uniform()) return Shape::uniform();
  if (n.starts_with(kShflPrefix) || n.starts_with(kMatchAnyPrefix) || n.starts_with(kMatchAllPrefix) ||
      n.starts_with(kIndirectPrefix) || n.starts_with(kRuntimePrefix) || is_matrix_op(n) ||
      !callee->isDeclaration())
    return Shape::varying();
  return all_uniform ? Shape::uniform(known_zeros(&call)) : Shape::varying();
}

Shape ShapeAnalysis::transfer_gep(GetElementPtrInst& gep) const {
  if (gep.getNumIndices() != 1) return Shape::varying();
  const Shape p = of(gep.getPointerOperand()), i = of(gep.getOperand(1));
  if (!p.is_linear() || !i.is_linear()) return Shape::varying();
  if (gep.getOperand(1)->getType()->getIntegerBitWidth() != 64) return Shape::varying();
  const int64_t size = int64_t(
      function.getParent()->getDataLayout().getTypeAllocSize(gep.getSourceElementType()).getFixedValue());
  return sum(p, scaled(i, size), 1);
}

Shape ShapeAnalysis::transfer_mask(Instruction& inst, const Shape& whole) const {
  const auto* k = dyn_cast<ConstantInt>(inst.getOperand(1));
  if (!k || !whole.is_linear()) return Shape::varying();
  const uint64_t m = k->getZExtValue();
  Shape a = whole;
  if (m >> 32 == 0) a.if_unwrapped.clear();  // wrapping shows in the upper half only
  const bool only_low = m != 0 && a.base_zeros >= unsigned(std::bit_width(m));  // nothing of the base is left
  if (!a.low_bits_free() && !only_low) return Shape::varying();
  Shape r = a;
  for (int64_t& x : r.c) x = int64_t(uint64_t(x) & m);
  r.base_zeros = only_low ? 64 : std::max<uint8_t>(a.base_zeros, uint8_t(m ? std::countr_zero(m) : 64));
  return r;
}

Shape ShapeAnalysis::transfer_shift_right(Instruction& inst, const Shape& a) const {
  const auto* k = dyn_cast<ConstantInt>(inst.getOperand(1));
  if (!k || !a.is_linear() || !a.low_bits_free() || k->getZExtValue() >= 64) return Shape::varying();
  const unsigned s = unsigned(k->getZExtValue());
  Shape r = a;
  for (int64_t& x : r.c) x >>= s;
  r.base_zeros = a.base_zeros == 64 ? 64 : uint8_t(a.base_zeros > s ? a.base_zeros - s : 0);
  return r;
}

Shape ShapeAnalysis::transfer_arith(Instruction& inst) const {
  const Shape a = of(inst.getOperand(0));
  const Shape b = inst.getNumOperands() > 1 ? of(inst.getOperand(1)) : Shape::uniform();
  switch (inst.getOpcode()) {
    case Instruction::Add:
      return a.is_linear() && b.is_linear() ? sum(a, b, 1) : Shape::varying();
    case Instruction::Sub:
      return a.is_linear() && b.is_linear() ? sum(a, b, -1) : Shape::varying();
    case Instruction::Or:
      if (cast<PossiblyDisjointInst>(inst).isDisjoint() && a.is_linear() && b.is_linear())
        return sum(a, b, 1);
      return Shape::varying();
    case Instruction::Shl: {
      const auto* k = dyn_cast<ConstantInt>(inst.getOperand(1));
      if (!k || !a.is_linear() || k->getZExtValue() >= 63) return Shape::varying();
      return scaled(a, int64_t(1) << k->getZExtValue());
    }
    case Instruction::Mul: {
      const bool swap = isa<ConstantInt>(inst.getOperand(0));
      const auto* k = dyn_cast<ConstantInt>(inst.getOperand(swap ? 0 : 1));
      const Shape& x = swap ? b : a;
      return k && x.is_linear() ? scaled(x, k->getSExtValue()) : Shape::varying();
    }
    case Instruction::And:
      return transfer_mask(inst, a);
    case Instruction::LShr:
    case Instruction::AShr:
      return transfer_shift_right(inst, a);
    case Instruction::Trunc: {
      if (!a.is_linear() || inst.getType()->isIntegerTy(1) || inst.getType()->getIntegerBitWidth() > 32)
        return Shape::varying();
      Shape r = a;
      r.if_unwrapped.clear();
      return r;
    }
    case Instruction::SExt:
    case Instruction::ZExt:
      return transfer_extension(inst, a);
    case Instruction::Xor:
      if (match(&inst, PatternMatch::m_Not(PatternMatch::m_Value())))
        return a.is_linear() ? sum(b, a, -1) : Shape::varying();
      return exclusive_or(a, b, dyn_cast<ConstantInt>(inst.getOperand(1)));
    case Instruction::IntToPtr:
    case Instruction::PtrToInt:
    case Instruction::Freeze:
      return a;
    case Instruction::Select: {
      const Shape x = of(inst.getOperand(1)), y = of(inst.getOperand(2));
      if (!a.is_uniform() || !x.is_linear() || !y.is_linear() || !x.same_offsets(y)) return Shape::varying();
      Shape r = x;
      r.base_zeros = std::min(x.base_zeros, y.base_zeros);
      return r;
    }
    case Instruction::ICmp:
      return compare_is_uniform(cast<ICmpInst>(inst)) ? Shape::uniform() : Shape::varying();
    default:
      return Shape::varying();
  }
}

bool addresses_shared_memory(const Value* v, int depth) {
  if (depth == 0) return false;
  for (const User* user : v->users()) {
    const auto* inst = dyn_cast<Instruction>(user);
    if (!inst) return false;
    if (const auto* gep = dyn_cast<GetElementPtrInst>(inst)) {
      const auto* base = dyn_cast<CallInst>(gep->getPointerOperand());
      if (base && base->getCalledFunction() && base->getCalledFunction()->getName() == kSharedBase) continue;
      return false;
    }
    if (inst->getOpcode() == Instruction::And) {  // of the check of its alignment
      const auto* k = dyn_cast<ConstantInt>(inst->getOperand(1));
      if (k && k->getZExtValue() >> 32 == 0) continue;
      return false;
    }
    if (const auto* call = dyn_cast<CallInst>(inst);
        call && call->getCalledFunction() && call->getCalledFunction()->getName() == kCheckAlign)
      continue;
    const auto* either = dyn_cast<PossiblyDisjointInst>(inst);
    const bool adds = inst->getOpcode() == Instruction::Add || (either && either->isDisjoint());
    if (adds && isa<ConstantInt>(inst->getOperand(1)) && addresses_shared_memory(inst, depth - 1)) continue;
    return false;
  }
  return true;
}

Shape ShapeAnalysis::transfer_extension(Instruction& inst, const Shape& a) const {
  if (!a.is_linear() || inst.getOperand(0)->getType()->isIntegerTy(1)) return Shape::varying();
  if (a.low_bits_free() || inst.hasMetadata(kUnwrapped)) return a;
  if (!inst.getOperand(0)->getType()->isIntegerTy(32) || !inst.getType()->isIntegerTy(64))
    return Shape::varying();
  if (inst.getOpcode() == Instruction::SExt && addresses_shared_memory(&inst, 4)) return a;
  // The base, of a lane that may be off, is within 32 bits and no lane is below it: where a lane isn't
  // negative, the base with its offset as numbers of 64 bits are what the lane has.
  if (inst.hasMetadata(kNonNegative) && a.min_offset() >= 0) return a;
  if (!versions_ || a.max_offset() - a.min_offset() > INT32_MAX) return Shape::varying();
  Shape r = a;
  r.if_unwrapped = {{&inst, 1}};
  return r;
}

// (base + c) < K with c below the alignment of both: every lane agrees (tid < 32, tid >> 5 == 0 of whole
// warps).
bool ShapeAnalysis::compare_is_uniform(const ICmpInst& cmp) const {
  const Shape a = of(cmp.getOperand(0));
  const auto* k = dyn_cast<ConstantInt>(cmp.getOperand(1));
  if (!k || !a.is_linear() || !a.has_offsets || !a.low_bits_free()) return false;
  const unsigned bits = unsigned(std::bit_width(uint64_t(a.max_offset())));
  const uint64_t low = (uint64_t(1) << bits) - 1, bound = k->getZExtValue();
  switch (cmp.getPredicate()) {
    case CmpInst::ICMP_ULT:
    case CmpInst::ICMP_SLT:
    case CmpInst::ICMP_UGE:
    case CmpInst::ICMP_SGE:
      return (bound & low) == 0;
    case CmpInst::ICMP_UGT:
    case CmpInst::ICMP_SGT:
    case CmpInst::ICMP_ULE:
    case CmpInst::ICMP_SLE:
      return (bound & low) == low;
    default:
      return false;
  }
}

namespace {

const Value* through_casts(const Value* v) {
  while (const auto* cast = dyn_cast<BitCastInst>(v)) v = cast->getOperand(0);
  return v;
}

/// shfl.bfly where every lane finds its partner.
bool exchanges_whole_warp(const CallInst& call) {
  const auto *distance = dyn_cast<ConstantInt>(call.getArgOperand(1)),
             *clamp = dyn_cast<ConstantInt>(call.getArgOperand(2)),
             *members = dyn_cast<ConstantInt>(call.getArgOperand(3));
  return distance && clamp && members && members->isMinusOne() && (clamp->getZExtValue() & 0x1f) == 0x1f &&
         distance->getZExtValue() < kLanes && (clamp->getZExtValue() >> 8 & distance->getZExtValue()) == 0;
}

/// The exchange across one bit of the lane number that `v` is the result of.
const CallInst* exchange_of(const Value* v) {
  const auto* extract = dyn_cast<ExtractValueInst>(through_casts(v));
  if (!extract || extract->getNumIndices() != 1 || extract->getIndices()[0] != 0) return nullptr;
  const auto* call = dyn_cast<CallInst>(extract->getAggregateOperand());
  const Function* f = call ? call->getCalledFunction() : nullptr;
  if (!f || f->getName() != kShflBfly) return nullptr;
  if (!exchanges_whole_warp(*call)) return nullptr;
  return isPowerOf2_64(cast<ConstantInt>(call->getArgOperand(1))->getZExtValue()) ? call : nullptr;
}

/// The exchange that one operand comes from and the other went into; null: there is none.
const CallInst* exchange_in(const Instruction& op) {
  if (!op.isCommutative() || op.getNumOperands() < 2) return nullptr;
  const auto* intrinsic = dyn_cast<IntrinsicInst>(&op);
  // (Minima and maxima of floats may differ in the sign of zero by the order of their operands.)
  const bool plain = intrinsic && intrinsic->arg_size() == 2 && op.getType()->isIntegerTy();
  if (!isa<BinaryOperator>(op) && !plain) return nullptr;
  for (unsigned i = 0; i < 2; i++)
    if (const CallInst* call = exchange_of(op.getOperand(i)))
      if (through_casts(call->getArgOperand(0)) == through_casts(op.getOperand(1 - i))) return call;
  return nullptr;
}

}  // namespace

unsigned exchanged_bit(const Instruction& op) {
  const CallInst* call = exchange_in(op);
  return call ? unsigned(cast<ConstantInt>(call->getArgOperand(1))->getZExtValue()) : 0;
}

void join_exchanges(Function& f) {
  std::vector<CallInst*> calls;
  for (BasicBlock& b : f)
    for (Instruction& inst : b)
      if (auto* call = dyn_cast<CallInst>(&inst);
          call && call->getCalledFunction() && call->getCalledFunction()->getName() == kShflBfly)
        calls.push_back(call);
  const auto follows_at_once = [](const Instruction* user, const CallInst* call) {
    if (isa<ExtractValueInst>(user) || isa<BitCastInst>(user)) return true;
    // (The other operand may come from an exchange, too, before this one.)
    return exchange_in(*user) == call && !isa<PHINode>(user) && !user->mayReadOrWriteMemory();
  };
  for (CallInst* call : calls) {
    Instruction* last = call;
    std::vector<Instruction*> work{call};
    while (!work.empty()) {
      Instruction* inst = work.back();
      work.pop_back();
      std::vector<Instruction*> users;
      for (User* user : inst->users())
        if (auto* u = dyn_cast<Instruction>(user); u && follows_at_once(u, call)) users.push_back(u);
      for (Instruction* user : users) {
        // The other operand is what was exchanged, through casts, which may stand below.
        for (Use& use : user->operands())
          if (auto* cast = dyn_cast<BitCastInst>(use);
              cast && exchanged_bit(*user) && through_casts(cast) == through_casts(call->getArgOperand(0)))
            use.set(new BitCastInst(const_cast<Value*>(through_casts(cast)), cast->getType(), "",
                                    call->getIterator()));
        if (user->getParent() != last->getParent() || !user->comesBefore(last)) user->moveAfter(last);
        last = user;
        if (!exchanged_bit(*user)) work.push_back(user);
      }
    }
  }
}

/// Which bits of the lane number can't show in the result of an operation that lanes do each for itself.
uint8_t ShapeAnalysis::indifferent_bits(Instruction& inst) const {
  // A function that couldn't be inlined may be called for some lanes; lanes that part may not all be there.
  if (!function.hasFnAttribute("ppu.local.bytes") || parted_.contains(inst.getParent()) ||
      !layout.full_warps())
    return 0;
  const auto* call = dyn_cast<CallInst>(&inst);
  const Function* f = call ? call->getCalledFunction() : nullptr;
  const StringRef n = f ? f->getName() : "";
  const auto* load = dyn_cast<LoadInst>(&inst);
  const auto* phi = dyn_cast<PHINode>(&inst);
  if (phi && joins_.contains(phi->getParent())) return 0;
  const bool each_for_itself =
      phi || (load && load->isSimple()) || isa<BinaryOperator>(inst) || isa<UnaryOperator>(inst) ||
      isa<CastInst>(inst) || isa<CmpInst>(inst) || isa<SelectInst>(inst) || isa<GetElementPtrInst>(inst) ||
      isa<ExtractValueInst>(inst) || (n == kShflBfly && exchanges_whole_warp(*call)) ||
      (f && f->isIntrinsic() && !inst.mayReadOrWriteMemory() && !inst.getType()->isVoidTy());
  if (!each_for_itself) return 0;
  uint8_t bits = kAllLaneBits;
  for (const Use& use : inst.operands()) {
    if (isa<BasicBlock>(use) || isa<Function>(use) || isa<MetadataAsValue>(use)) continue;
    const Shape s = of(use);
    if (!s.is_unknown()) bits &= s.indifferent_bits();
  }
  return uint8_t(bits | exchanged_bit(inst));
}

// Lane pattern and, beside it, whether warps differ.
Shape ShapeAnalysis::transfer(Instruction& inst) const {
  Shape s = lane_transfer(inst);
  if (s.is_varying()) {
    s.same_across = indifferent_bits(inst);
    // Lane 0 has what all have. (Not of phis: their values arrive along edges.)
    const Type* t = inst.getType();
    if (s.same_across == kAllLaneBits && exchanged_bit(inst) && (t->isIntegerTy() || t->isFloatingPointTy()))
      s = Shape::uniform();
    if (s.is_varying()) find_pieces(inst, s);
  }
  if (s.is_unknown()) return s;
  const bool only_lane = s.is_linear() && s.base_zeros == 64 && s.if_unwrapped.empty();
  s.per_warp = !only_lane && differs_by_warp(inst);
  if (s.is_uniform() && !s.per_warp) return s;
  s.same_above = uint8_t(shared_bits(inst));
  return one_of_block(inst, s) ? Shape::uniform(known_zeros(&inst)) : s;
}

bool ShapeAnalysis::differs_by_warp(Instruction& inst) const {
  if (const auto* call = dyn_cast<CallInst>(&inst)) {
    const Function* f = call->getCalledFunction();
    const StringRef n = f ? f->getName() : "";
    if (n == kTidX || n == kTidY || n == kTidZ) {
      const auto s = layout.tid_shape(n == kTidX ? 0 : n == kTidY ? 1 : 2);
      return !s || s->base_zeros != 64;
    }
    if (n == kLaneId || n == kSharedBase || n.starts_with(kBarPrefix)) return false;
    const bool pure = f && (f->isIntrinsic() || n.starts_with(kFloatPrefix) || n == kCheckAlign) &&
                      !inst.mayReadOrWriteMemory();
    const bool shuffle = n.starts_with(kShflPrefix);
    if (!pure && !shuffle) return true;
  }
  if (const auto* load = dyn_cast<LoadInst>(&inst); load && !load->isSimple()) return true;
  if (isa<AtomicRMWInst>(inst) || isa<AtomicCmpXchgInst>(inst) || isa<AllocaInst>(inst)) return true;
  if (const auto* phi = dyn_cast<PHINode>(&inst)) {
    const BasicBlock* b = phi->getParent();
    bool differs = (joins_.contains(b) || warp_joins_.contains(b)) && phi->getNumIncomingValues() > 1;
    for (const Value* v : phi->incoming_values()) {
      differs |= of(v).per_warp;
      if (const auto* def = dyn_cast<Instruction>(v))
        for (Loop* l = loops.getLoopFor(def->getParent()); l && !l->contains(b); l = l->getParentLoop())
          differs |= divergent_loop(l);
    }
    return differs;
  }
  for (const Use& use : inst.operands())
    if (!isa<BasicBlock>(use) && !isa<Function>(use) && !isa<MetadataAsValue>(use) && of(use).per_warp)
      return true;
  return false;
}

Shape ShapeAnalysis::lane_transfer(Instruction& inst) const {
  if (auto* phi = dyn_cast<PHINode>(&inst)) return transfer_phi(*phi);
  if (inst.isTerminator() || isa<StoreInst>(inst) || isa<FenceInst>(inst)) return Shape::uniform();
  bool all_uniform = true;
  for (const Use& use : inst.operands()) {
    if (isa<BasicBlock>(use) || isa<Function>(use) || isa<MetadataAsValue>(use)) continue;
    const Shape s = of(use);
    if (s.is_unknown()) return {};
    all_uniform &= s.is_uniform();
  }
  if (auto* call = dyn_cast<CallInst>(&inst)) return transfer_call(*call, all_uniform);
  if (isa<AtomicRMWInst>(inst) || isa<AtomicCmpXchgInst>(inst) || isa<AllocaInst>(inst))
    return Shape::varying();
  if (all_uniform) return Shape::uniform(known_zeros(&inst));
  if (isa<LoadInst>(inst)) return Shape::varying();
  if (auto* gep = dyn_cast<GetElementPtrInst>(&inst)) return transfer_gep(*gep);
  if (inst.getType()->isIntegerTy() || inst.getType()->isPointerTy()) return transfer_arith(inst);
  return Shape::varying();
}

}  // namespace ppu::simt
