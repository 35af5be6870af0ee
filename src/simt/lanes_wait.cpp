// See lanes_wait.h. Two things make lanes wait for each other: a loop that polls memory while other lanes of
// the warp are elsewhere, and operations that name their partners when these come along another branch.
#include "simt/lanes_wait.h"

#include <algorithm>
#include <optional>

#include "llvm/IR/CFG.h"
#include "simt/asked_again.h"
#include "simt/lane_places.h"
#include "simt/names.h"
#include "simt/widener.h"

using namespace llvm;

namespace ppu::simt {
namespace {

StringRef called(const Instruction& inst) {
  const auto* call = dyn_cast<CallInst>(&inst);
  const Function* f = call ? call->getCalledFunction() : nullptr;
  return f && f->isDeclaration() ? f->getName() : StringRef();
}

/// Writes that other threads may act on.
bool signals(const Instruction& inst) {
  if (const auto* store = dyn_cast<StoreInst>(&inst)) return !store->isSimple();
  if (const auto* rmw = dyn_cast<AtomicRMWInst>(&inst)) {
    const auto* k = dyn_cast<ConstantInt>(rmw->getValOperand());
    const auto op = rmw->getOperation();
    return !(k && k->isZero() &&
             (op == AtomicRMWInst::Add || op == AtomicRMWInst::Or || op == AtomicRMWInst::Xor));
  }
  return isa<AtomicCmpXchgInst>(inst);
}

const Value* address_of(const Instruction& inst) {
  if (const auto* rmw = dyn_cast<AtomicRMWInst>(&inst)) return rmw->getPointerOperand();
  if (const auto* cas = dyn_cast<AtomicCmpXchgInst>(&inst)) return cas->getPointerOperand();
  return getLoadStorePointerOperand(&inst);
}

/// A value of thread `t` of the block, where it depends on nothing but the thread's place.
std::optional<uint64_t> value_in(const Value* v, uint32_t t, const WarpLayout& layout, int depth) {
  if (const auto* k = dyn_cast<ConstantInt>(v)) return k->getZExtValue();
  const auto* inst = dyn_cast<Instruction>(v);
  if (!inst || depth == 0 || !inst->getType()->isIntegerTy()) return std::nullopt;
  const StringRef name = called(*inst);
  const uint32_t bx = layout.block[0], by = layout.block[1];
  if (name == kLaneId) return t % kLanes;
  if (name == kTidX) return t % bx;
  if (name == kTidY) return t / bx % by;
  if (name == kTidZ) return t / bx / by;
  if (isa<CallInst>(inst) || isa<PHINode>(inst) || inst->mayReadFromMemory() || inst->getNumOperands() > 2)
    return std::nullopt;
  const auto a = value_in(inst->getOperand(0), t, layout, depth - 1);
  const auto b = inst->getNumOperands() > 1 ? value_in(inst->getOperand(1), t, layout, depth - 1) : a;
  if (!a || !b) return std::nullopt;
  const unsigned bits = inst->getOperand(0)->getType()->getIntegerBitWidth();
  const APInt x(bits, *a), y(bits, *b);
  const auto shift = [&] { return *b < bits; };
  switch (inst->getOpcode()) {
    case Instruction::Add:
      return (x + y).getZExtValue();
    case Instruction::Sub:
      return (x - y).getZExtValue();
    case Instruction::Mul:
      return (x * y).getZExtValue();
    case Instruction::And:
      return *a & *b;
    case Instruction::Or:
      return *a | *b;
    case Instruction::Xor:
      return *a ^ *b;
    case Instruction::Shl:
      return shift() ? std::optional(x.shl(y).getZExtValue()) : std::nullopt;
    case Instruction::LShr:
      return shift() ? std::optional(x.lshr(y).getZExtValue()) : std::nullopt;
    case Instruction::ZExt:
      return *a;
    case Instruction::Trunc:
      return x.trunc(inst->getType()->getIntegerBitWidth()).getZExtValue();
    case Instruction::ICmp:
      return ICmpInst::compare(x, y, cast<ICmpInst>(inst)->getPredicate());
    default:
      return std::nullopt;
  }
}

class WaitFinder {
 public:
  explicit WaitFinder(const ShapeAnalysis& shapes) : s_(shapes), regions_(find_regions(shapes)) {}

  LanesWait run() {
    if (votes_of_some()) return {"some of the block's threads vote at a barrier of their own", true};
    for (const Region& region : regions_)
      if (std::string why = meetings(region); !why.empty()) return {why, true};
    for (Loop* loop : const_cast<LoopInfo&>(s_.loops).getLoopsInPreorder())
      if (polls(*loop) && waits_for_lane(*loop))
        return {"lanes of a warp wait for each other in a loop that polls memory"};
    return {};
  }

 private:
  /// bar.red counts the votes of all the block's warps.
  bool votes_of_some() const {
    return llvm::any_of(s_.order(), [&](BasicBlock* b) {
      return llvm::any_of(*b, [&](Instruction& inst) {
        return called(inst).starts_with(kBarRedPrefix) &&
               !is_whole_block_barrier(cast<CallInst>(inst), s_.layout);
      });
    });
  }

  /// The places of memory that the loop asks again and again.
  static std::vector<const Value*> asked(const Loop& loop) {
    std::vector<const Value*> places;
    for (BasicBlock* b : loop.blocks())
      for (const Instruction& inst : *b) {
        const auto* load = dyn_cast<LoadInst>(&inst);
        if (!(load && load->isVolatile()) && !isa<AtomicRMWInst>(inst) && !isa<AtomicCmpXchgInst>(inst))
          continue;
        if (may_be_the_same_again(loop, address_of(inst))) places.push_back(address_of(inst));
      }
    return places;
  }

  bool polls(const Loop& loop) const {
    for (BasicBlock* b : loop.blocks())
      for (const Instruction& inst : *b)
        if (called(inst) == kYield && s_.loops.getLoopFor(b) == &loop) return !asked(loop).empty();
    return false;
  }

  /// The write may be to a place that `asks` names for another lane. (A weak one that wakes others races; but
  /// in the object that they poll it is meant to.)
  bool may_answer(const Instruction& write, const std::vector<const Value*>& asks) const {
    const bool weak = !signals(write);
    if (weak && !isa<StoreInst>(write)) return false;
    return llvm::any_of(asks, [&](const Value* place) {
      return (!weak || in_one_object(s_, place, address_of(write))) &&
             lanes_may_meet(s_, place, address_of(write));
    });
  }

  /// The other isn't what gives back: a copy of the one that asks (a loop with a bound on its turns is
  /// unrolled), or what takes an attempt off a count again.
  static bool asks_too(const Instruction& asks, const Instruction& other) {
    const auto counts = [](const Instruction& inst) {
      const auto* rmw = dyn_cast<AtomicRMWInst>(&inst);
      return rmw && (rmw->getOperation() == AtomicRMWInst::Add || rmw->getOperation() == AtomicRMWInst::Sub);
    };
    return (counts(asks) && counts(other)) ||
           (asks.isSameOperationAs(&other) && std::equal(asks.op_begin(), asks.op_end(), other.op_begin()));
  }

  /// Who holds what the others poll gives it back before leaving the loop: the same place is written by
  /// another instruction than the one that asks.
  bool gives_back_inside(const Loop& loop) const {
    std::vector<const Instruction*> accesses;
    for (BasicBlock* b : loop.blocks())
      for (const Instruction& inst : *b)
        if (address_of(inst) && (signals(inst) || inst.isVolatile())) accesses.push_back(&inst);
    for (const Instruction* asks : accesses)
      for (const Instruction* gives : accesses)
        if (!asks_too(*asks, *gives) && !isa<StoreInst>(asks) && signals(*gives) &&
            address_of(*asks) == address_of(*gives))
          return true;
    return false;
  }

  /// At most one lane of a warp finds the condition equal to `wanted`.
  bool one_lane(const Value* condition, bool wanted) const {
    if (const auto* cmp = dyn_cast<ICmpInst>(condition)) {
      const Shape a = s_.of(cmp->getOperand(0)), b = s_.of(cmp->getOperand(1));
      const bool equal = cmp->getPredicate() == (wanted ? CmpInst::ICMP_EQ : CmpInst::ICMP_NE);
      if (equal && all_differ(a) && b.is_uniform()) return true;
      if (equal && all_differ(b) && a.is_uniform()) return true;
    }
    if (!s_.layout.specialised()) return false;
    for (uint32_t first = 0; first < s_.layout.threads(); first += kLanes) {
      int lanes = 0;
      for (uint32_t t = first; t < std::min(first + kLanes, s_.layout.threads()); t++) {
        const auto v = value_in(condition, t, s_.layout, 12);
        if (!v) return false;
        lanes += bool(*v) == wanted;
      }
      if (lanes > 1) return false;
    }
    return true;
  }

  static bool all_differ(const Shape& shape) {
    if (!shape.is_linear() || !shape.has_offsets || !shape.if_unwrapped.empty()) return false;
    LaneOffsets sorted = shape.c;
    std::sort(sorted.begin(), sorted.end());
    return std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
  }

  /// The outermost block, dominating `block`, that only one lane of a warp enters; null if there is none.
  const BasicBlock* one_lane_entry(const BasicBlock* block) const {
    const BasicBlock* entry = nullptr;
    for (const auto* node = s_.dom.getNode(block); node; node = node->getIDom()) {
      const BasicBlock* b = node->getBlock();
      const BasicBlock* from = b->getSinglePredecessor();
      const auto* br = from ? dyn_cast<BranchInst>(from->getTerminator()) : nullptr;
      if (!br || !br->isConditional() || br->getSuccessor(0) == br->getSuccessor(1)) continue;
      if (one_lane(br->getCondition(), br->getSuccessor(0) == b)) entry = b;
    }
    return entry;
  }

  /// Every lane of the warp must come here before any goes on.
  bool holds_all(const Instruction& inst) const {
    const auto* call = dyn_cast<CallInst>(&inst);
    if (!call || called(inst).empty()) return false;
    if (is_barrier(*call)) return is_whole_block_barrier(*call, s_.layout);
    const auto* mask =
        call->arg_size() ? dyn_cast<ConstantInt>(call->getArgOperand(call->arg_size() - 1)) : nullptr;
    return member_group(inst) && mask && mask->isMinusOne();
  }

  const Region* region_of(const BasicBlock* block) const {
    for (const Region& r : regions_)
      if (r.blocks.contains(const_cast<BasicBlock*>(block))) return &r;
    return nullptr;
  }

  /// Where lanes can be that took another way than those in `loop`, or left it before them.
  std::vector<const BasicBlock*> elsewhere(const Region& region, const Loop& loop) const {
    std::vector<const BasicBlock*> starts;
    SmallVector<BasicBlock*> exits;
    loop.getExitBlocks(exits);
    starts.assign(exits.begin(), exits.end());
    for (const BasicBlock* b : region.blocks) {
      if (loop.contains(b) || !s_.dom.dominates(b, loop.getHeader())) continue;
      for (const BasicBlock* next : successors(b))
        if (!s_.dom.dominates(next, loop.getHeader())) starts.push_back(next);
    }
    return starts;
  }

  /// While lanes go round in `loop`, could others of the warp, kept waiting at its end, write what ends it?
  bool waits_for_lane(const Loop& loop) const {
    const Region* region = region_of(loop.getHeader());
    if (!region || gives_back_inside(loop)) return false;
    const BasicBlock* alone = one_lane_entry(loop.getHeader());
    const std::vector<const Value*> asks = asked(loop);
    std::set<const BasicBlock*> seen;
    std::vector<const BasicBlock*> open = elsewhere(*region, loop);
    while (!open.empty()) {
      const BasicBlock* b = open.back();
      open.pop_back();
      if (!seen.insert(b).second) continue;
      const bool by_others = !loop.contains(b) && !(alone && s_.dom.dominates(alone, b));
      bool held = false;
      for (const Instruction& inst : *b) {
        held |= holds_all(inst);
        if (held) break;
        if (by_others && may_answer(inst, asks)) return true;
      }
      if (!held) open.insert(open.end(), succ_begin(b), succ_end(b));
    }
    return false;
  }

  // ---- Operations that several lanes take part in

  /// 0: none; else the kind of operation that a lane at one place may share with a lane at another.
  static int member_group(const Instruction& inst) {
    const StringRef name = called(inst);
    if (name == kWarpSync) return 1;
    if (name == kBallot) return 2;
    if (name.starts_with(kShflPrefix)) return 3;
    if (name.starts_with(kMatchAnyPrefix) || name.starts_with(kMatchAllPrefix)) return 4;
    if (name.starts_with(kReduxPrefix)) return 5;
    return 0;
  }

  bool behind(const BasicBlock* branch, const BasicBlock* block) const {
    return llvm::any_of(successors(branch), [&](const BasicBlock* side) {
      return s_.dom.dominates(BasicBlockEdge(branch, side), block);
    });
  }

  /// The mask was taken on one side of `branch`: it names those who are here, not who should come.
  bool taken_behind(const BasicBlock* branch, const Value* mask, int depth) const {
    const auto* inst = dyn_cast<Instruction>(mask);
    if (!inst || depth == 0) return false;
    const auto operand = [&](const Use& u) { return taken_behind(branch, u.get(), depth - 1); };
    const StringRef name = called(*inst);
    if (name == kActiveMask || name == kBallot || name.starts_with(kMatchAnyPrefix) ||
        name.starts_with(kMatchAllPrefix))
      return behind(branch, inst->getParent());
    switch (inst->getOpcode()) {
      case Instruction::And:
        return llvm::any_of(inst->operands(), operand);
      case Instruction::Or:
      case Instruction::PHI:
      case Instruction::ExtractValue:
        return llvm::all_of(inst->operands(), operand);
      case Instruction::Select:
        return operand(inst->getOperandUse(1)) && operand(inst->getOperandUse(2));
      default:
        return false;
    }
  }

  static const Value* without_not(const Value* v, bool& inverted) {
    for (const auto* op = dyn_cast<BinaryOperator>(v);
         op && op->getOpcode() == Instruction::Xor && isa<Constant>(op->getOperand(1)) &&
         cast<Constant>(op->getOperand(1))->isAllOnesValue();
         op = dyn_cast<BinaryOperator>(v)) {
      v = op->getOperand(0);
      inverted = !inverted;
    }
    return v;
  }

  /// The mask holds just the lanes that took this side of `branch`: a vote on its condition.
  bool voted_for_side(const BasicBlock* branch, const CallInst& sync) const {
    const auto* vote = dyn_cast<CallInst>(sync.getArgOperand(sync.arg_size() - 1));
    const auto* br = dyn_cast<BranchInst>(branch->getTerminator());
    if (!vote || called(*vote) != kBallot || !br || !br->isConditional()) return false;
    bool inverted = false;
    const Value* condition = without_not(br->getCondition(), inverted);
    if (condition != without_not(vote->getArgOperand(0), inverted)) return false;
    return s_.dom.dominates(BasicBlockEdge(branch, br->getSuccessor(inverted)), sync.getParent());
  }

  /// May a lane at one and a lane at the other, which parted at `branch`, name each other?
  bool may_share(const CallInst& a, const CallInst& b, const BasicBlock* branch) const {
    const Value *x = a.getArgOperand(a.arg_size() - 1), *y = b.getArgOperand(b.arg_size() - 1);
    const auto *kx = dyn_cast<ConstantInt>(x), *ky = dyn_cast<ConstantInt>(y);
    if (kx && ky) return (kx->getZExtValue() & ky->getZExtValue()) != 0;
    return !taken_behind(branch, x, 8) && !taken_behind(branch, y, 8) && !voted_for_side(branch, a) &&
           !voted_for_side(branch, b);
  }

  bool reaches(const BasicBlock* from, const BasicBlock* to) const {
    std::set<const BasicBlock*> seen;
    std::vector<const BasicBlock*> open{from};
    while (!open.empty()) {
      const BasicBlock* b = open.back();
      open.pop_back();
      if (b == to) return true;
      if (!seen.insert(b).second) continue;
      for (const BasicBlock* next : successors(b))
        if (!s_.dom.dominates(next, b)) open.push_back(next);  // not round a loop again
    }
    return false;
  }

  /// Lanes of one warp part before they come to the one and the other.
  bool apart(BasicBlock* a, BasicBlock* b) {
    if (a == b) return false;
    const auto [known, fresh] = apart_.try_emplace(std::minmax(a, b), false);
    if (fresh)
      known->second =
          s_.divergent_branch(s_.dom.findNearestCommonDominator(a, b)) && !reaches(a, b) && !reaches(b, a);
    return known->second;
  }

  std::string meetings(const Region& region) {
    std::vector<CallInst*> syncs, barriers;
    for (BasicBlock* b : region.blocks)
      for (Instruction& inst : *b) {
        if (member_group(inst)) syncs.push_back(cast<CallInst>(&inst));
        auto* call = dyn_cast<CallInst>(&inst);
        if (!call || !is_barrier(*call)) continue;
        barriers.push_back(call);
        if (b != region.entry && !is_whole_block_barrier(*call, s_.layout))
          return "lanes of a warp come to a barrier of some threads along different branches";
      }
    for (size_t i = 0; i < barriers.size(); i++)
      for (size_t j = 0; j < i; j++)
        if (apart(barriers[i]->getParent(), barriers[j]->getParent()))
          return "lanes of a warp come to a barrier along different branches";
    for (size_t i = 0; i < syncs.size(); i++)
      for (size_t j = 0; j < i; j++)
        if (member_group(*syncs[i]) == member_group(*syncs[j]) &&
            apart(syncs[i]->getParent(), syncs[j]->getParent()) &&
            may_share(*syncs[i], *syncs[j],
                      s_.dom.findNearestCommonDominator(syncs[i]->getParent(), syncs[j]->getParent())))
          return "lanes of one member mask come along different branches";
    return {};
  }

  const ShapeAnalysis& s_;
  std::vector<Region> regions_;
  std::map<std::pair<BasicBlock*, BasicBlock*>, bool> apart_;
};

}  // namespace

LanesWait lanes_wait(const ShapeAnalysis& shapes) {
  return WaitFinder(shapes).run();
}

}  // namespace ppu::simt
