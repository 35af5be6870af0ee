// A masked store costs 6 to 8 % of a streaming kernel's time on Intel (a store whose mask the core must look
// at before it may forward or combine it), and a mask keeps loads from being folded into arithmetic. See
// full_versions.h. Done on the scalar function: the branch on "all lanes" is uniform, so the widener needs to
// know nothing of it.
#include "simt/full_versions.h"

#include <bit>

#include "llvm/IR/CFG.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/PatternMatch.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "simt/names.h"
#include "simt/widener.h"

using namespace llvm;
using namespace llvm::PatternMatch;

namespace ppu::simt {
namespace {

constexpr unsigned kMaxBody = 250;    ///< instructions: a second version is compiled too
constexpr unsigned kMaxVersions = 4;  ///< in a kernel

/// What one branch guards: the blocks between it and its join, entered from the branch alone.
struct Guarded {
  BranchInst* branch = nullptr;
  BasicBlock* body = nullptr;  ///< the successor that isn't the join
  BasicBlock* join = nullptr;
  std::vector<BasicBlock*> blocks;
  Value* all = nullptr;  ///< every lane goes to `body`
};

// An inequality of values that grow by known steps from lane to lane, or several of them: a bounds check.
bool is_bounds_check(Value* v, const ShapeAnalysis& shapes) {
  Value *a, *b;
  if (match(v, m_LogicalAnd(m_Value(a), m_Value(b))) || match(v, m_LogicalOr(m_Value(a), m_Value(b))))
    return is_bounds_check(a, shapes) && is_bounds_check(b, shapes);
  if (match(v, m_Not(m_Value(a)))) return is_bounds_check(a, shapes);
  const auto* cmp = dyn_cast<ICmpInst>(v);
  return cmp && !cmp->isEquality() && shapes.of(cmp->getOperand(0)).is_linear() &&
         shapes.of(cmp->getOperand(1)).is_linear();
}

// Memory accesses that lie side by side are what the unmasked version wins by.
bool is_contiguous_access(Instruction& inst, const ShapeAnalysis& shapes) {
  const Value* pointer = getLoadStorePointerOperand(&inst);
  if (!pointer) return false;
  const Shape s = shapes.of(pointer);
  return s.is_linear() && s.has_offsets;
}

// Barriers and calls of unknown code stay alone: a suspension must not have two places.
bool may_stand_twice(const Instruction& inst) {
  if (isa<AllocaInst>(inst)) return false;
  const auto* call = dyn_cast<CallInst>(&inst);
  if (!call) return true;
  const Function* f = call->getCalledFunction();
  if (!f || !f->isDeclaration()) return false;
  return !is_barrier(*call) && f->getName() != kYield && !f->getName().starts_with(kIndirectPrefix);
}

bool collect(Guarded& g, const ShapeAnalysis& shapes) {
  const std::set<BasicBlock*> before = {g.branch->getParent(), g.join};
  std::set<BasicBlock*> seen;
  std::vector<BasicBlock*> work = {g.body};
  unsigned instructions = 0, accesses = 0;
  while (!work.empty()) {
    BasicBlock* b = work.back();
    work.pop_back();
    if (before.contains(b)) {
      if (b != g.join) return false;
      continue;
    }
    if (!seen.insert(b).second) continue;
    g.blocks.push_back(b);
    for (Instruction& inst : *b) {
      if (!may_stand_twice(inst) || ++instructions > kMaxBody) return false;
      accesses += is_contiguous_access(inst, shapes);
    }
    if (!isa<BranchInst>(b->getTerminator())) return false;
    for (BasicBlock* s : successors(b)) work.push_back(s);
  }
  for (BasicBlock* b : g.blocks)
    for (BasicBlock* p : predecessors(b))
      if (!seen.contains(p) && p != g.branch->getParent()) return false;
  return accesses > 0;
}

// `cmp` holds for every lane if it holds for the lane that is nearest to failing. Where the lanes' offsets
// fill low bits that are free in the base, nothing wraps, and that lane is the first or the last.
Value* all_lanes_compare(IRBuilder<>& b, ICmpInst::Predicate predicate, Value* x, Value* limit,
                         const Shape& shape) {
  const uint64_t low = (uint64_t(1) << std::bit_width(uint64_t(shape.max_offset()))) - 1;
  Value* first = b.CreateAnd(x, ConstantInt::getSigned(x->getType(), int64_t(~low)));
  const bool grows_towards_limit = ICmpInst::isLT(predicate) || ICmpInst::isLE(predicate);
  Value* nearest = grows_towards_limit
                       ? b.CreateOr(first, ConstantInt::get(x->getType(), uint64_t(shape.max_offset())))
                       : first;
  return b.CreateICmp(predicate, nearest, limit);
}

// A uniform value: whether `v` is `wanted` in every lane of a full warp.
Value* all_lanes(IRBuilder<>& b, Value* v, bool wanted, const ShapeAnalysis& shapes) {
  Value *x, *y;
  if (match(v, m_Not(m_Value(x)))) return all_lanes(b, x, !wanted, shapes);
  if (wanted ? match(v, m_LogicalAnd(m_Value(x), m_Value(y))) : match(v, m_LogicalOr(m_Value(x), m_Value(y))))
    return b.CreateAnd(all_lanes(b, x, wanted, shapes), all_lanes(b, y, wanted, shapes));
  if (auto* cmp = dyn_cast<ICmpInst>(v); cmp && cmp->getOperand(0)->getType()->isIntegerTy()) {
    ICmpInst::Predicate predicate = wanted ? cmp->getPredicate() : cmp->getInversePredicate();
    x = cmp->getOperand(0), y = cmp->getOperand(1);
    Shape a = shapes.of(x), c = shapes.of(y);
    if (a.is_uniform() && c.is_uniform()) return b.CreateICmp(predicate, x, y);
    if (a.is_uniform()) {
      std::swap(a, c), std::swap(x, y);
      predicate = ICmpInst::getSwappedPredicate(predicate);
    }
    if (c.is_uniform() && a.is_linear() && a.low_bits_free()) return all_lanes_compare(b, predicate, x, y, a);
  }
  FunctionCallee ballot = b.GetInsertBlock()->getModule()->getOrInsertFunction(kBallot, b.getInt32Ty(),
                                                                               b.getInt1Ty(), b.getInt32Ty());
  CallInst* lanes = b.CreateCall(ballot, {wanted ? v : b.CreateNot(v), b.getInt32(~0u)});
  lanes->setConvergent();
  return b.CreateICmpEQ(lanes, b.getInt32(~0u));
}

std::vector<Guarded> find_guarded(const ShapeAnalysis& shapes) {
  std::vector<Guarded> found;
  for (const Region& region : find_regions(shapes)) {
    auto* branch = dyn_cast<BranchInst>(region.entry->getTerminator());
    if (found.size() == kMaxVersions) break;
    if (!branch || !branch->isConditional() || !region.join || !shapes.divergent_branch(region.entry))
      continue;
    // A region that begins with a loop's header holds that loop: its first branch is taken once a round.
    if (shapes.loops.isLoopHeader(region.entry) && region.blocks.size() > 1 &&
        region.blocks.contains(shapes.loops.getLoopFor(region.entry)->getLoopLatch()))
      continue;
    Guarded g{branch, nullptr, region.join, {}};
    if (branch->getSuccessor(0) == region.join) g.body = branch->getSuccessor(1);
    if (branch->getSuccessor(1) == region.join) g.body = branch->getSuccessor(0);
    if (!g.body || g.body == region.join || !is_bounds_check(branch->getCondition(), shapes)) continue;
    if (!collect(g, shapes)) continue;
    IRBuilder<> b(branch);
    g.all = all_lanes(b, branch->getCondition(), branch->getSuccessor(0) == g.body, shapes);
    found.push_back(std::move(g));
  }
  return found;
}

void split(const Guarded& g) {
  BasicBlock* from = g.branch->getParent();
  Function& f = *from->getParent();
  ValueToValueMapTy map;
  std::vector<BasicBlock*> copies;
  for (BasicBlock* b : g.blocks) {
    BasicBlock* copy = CloneBasicBlock(b, map, ".full", &f);
    map[b] = copy;
    copies.push_back(copy);
  }
  for (BasicBlock* copy : copies)
    for (Instruction& inst : *copy)
      RemapInstruction(&inst, map, RF_NoModuleLevelChanges | RF_IgnoreMissingLocals);
  // `from` tests for all lanes; the old branch moves to a block of its own behind that.
  BasicBlock* some = from->splitBasicBlock(g.branch, "some");
  for (PHINode& phi : g.join->phis())
    for (BasicBlock* b : g.blocks)
      for (unsigned k = 0, n = phi.getNumIncomingValues(); k < n; k++)
        if (phi.getIncomingBlock(k) == b) {
          Value* v = phi.getIncomingValue(k);
          const auto copied = map.find(v);
          phi.addIncoming(copied == map.end() ? v : static_cast<Value*>(copied->second),
                          cast<BasicBlock>(map[b]));
        }
  auto* first = cast<BasicBlock>(map[g.body]);
  from->getTerminator()->eraseFromParent();
  IRBuilder<>(from).CreateCondBr(g.all, first, some);
}

}  // namespace

bool split_full_versions(Function& kernel, const WarpLayout& layout) {
  if (!layout.full_warps()) return false;
  std::vector<Guarded> found;
  {
    const ShapeAnalysis shapes(kernel, layout, false);
    found = find_guarded(shapes);
  }
  for (const Guarded& g : found) split(g);
  return !found.empty();
}

}  // namespace ppu::simt
