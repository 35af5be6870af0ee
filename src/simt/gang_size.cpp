#include "simt/gang_size.h"

#include <algorithm>
#include <map>
#include <set>

#include "llvm/IR/CFG.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "simt/names.h"
#include "simt/row_steps.h"
#include "simt/widener.h"

using namespace llvm;

namespace ppu::simt {
namespace {

constexpr unsigned kMaxGang = 8;
constexpr unsigned kLoopRegisters = 16;   ///< 512-bit registers that loop-carried values of a gang may take
constexpr unsigned kAliveRegisters = 48;  ///< that values of a gang may take anywhere: a few spills are cheap
constexpr unsigned kMaxVectorCode = 600;  ///< varying instructions times warps: compile time, code size
/// A gang that is the whole block, whose barriers vanish, may be larger.
constexpr unsigned kMaxBlockGang = 16, kMaxBlockCode = 1200;
constexpr unsigned kMaxParting = 4;  ///< branches on which warps of a gang may part

// Vectors of addresses count little: they're used once an iteration and may as well wait in memory. So may
// numbers of elements of which only pieces are even (pieces.cpp): accesses want the first lane of each.
unsigned registers(const ShapeAnalysis& shapes, const Value* v) {
  Type* t = v->getType();
  if (t->isIntOrIntVectorTy() && shapes.of(v).piece >= kSmallestChunk) return 0;
  const unsigned parts = std::max(1u, part_count(t));
  const unsigned bits = t->getScalarSizeInBits();
  return parts *
         (t->isIntOrIntVectorTy(64) || t->isPtrOrPtrVectorTy() ? 1 : std::max(1u, bits * kLanes / 512));
}

// Nothing that waits for another warp, runs other code, or needs one warp at a time.
bool steps_together(Function& kernel, const WarpLayout& layout) {
  for (Instruction& inst : instructions(kernel)) {
    if (isa<AtomicCmpXchgInst>(inst) || isa<AllocaInst>(inst) || isa<FenceInst>(inst)) return false;
    if (const auto* load = dyn_cast<LoadInst>(&inst); load && !load->isSimple()) return false;
    const auto* call = dyn_cast<CallInst>(&inst);
    if (!call) continue;
    const Function* f = call->getCalledFunction();
    if (!f || !f->isDeclaration()) return false;
    if (f->isIntrinsic()) continue;
    const StringRef n = f->getName();
    if (is_barrier(*call)) {
      if (!is_whole_block_barrier(*call, layout)) return false;
      continue;
    }
    if (n == kTrap || n == kYield || n.starts_with(kRuntimePrefix) || n.starts_with(kIndirectPrefix) ||
        (n.starts_with(kMmaPrefix) && tile_kind(n)))
      return false;
  }
  return true;
}

// A loop that lanes leave by their data, not by a trip count: the longest lane of the whole gang decides.
bool leaves_by_data(const Loop& loop, const ShapeAnalysis& shapes) {
  if (!shapes.divergent_loop(&loop)) return false;
  SmallVector<BasicBlock*> exiting;
  loop.getExitingBlocks(exiting);
  for (BasicBlock* b : exiting) {
    const auto* br = dyn_cast<BranchInst>(b->getTerminator());
    if (!br || !br->isConditional()) continue;
    const auto* cmp = dyn_cast<ICmpInst>(br->getCondition());
    if (!cmp || shapes.of(cmp->getOperand(0)).is_varying() || shapes.of(cmp->getOperand(1)).is_varying())
      return true;
  }
  return false;
}

/// The most 512-bit registers that values of one warp need at any one place.
unsigned most_alive(const ShapeAnalysis& shapes) {
  using Values = std::set<const Value*>;
  std::map<const BasicBlock*, Values> at_start;
  const auto counts = [&](const Value* v) {
    return isa<Instruction>(v) && shapes.of(v).is_varying() && !v->getType()->isIntOrIntVectorTy(1);
  };
  unsigned most = 0;
  const auto scan = [&](const BasicBlock& b) {
    Values live;
    for (const BasicBlock* next : successors(&b)) {
      live.insert(at_start[next].begin(), at_start[next].end());
      for (const PHINode& phi : next->phis())
        if (const Value* in = phi.getIncomingValueForBlock(&b); counts(in)) live.insert(in);
    }
    unsigned now = 0;
    for (const Value* v : live) now += registers(shapes, v);
    most = std::max(most, now);
    for (const Instruction& inst : reverse(b)) {
      if (live.erase(&inst)) now -= registers(shapes, &inst);
      if (isa<PHINode>(inst)) continue;
      for (const Value* v : inst.operands())
        if (counts(v) && live.insert(v).second) now += registers(shapes, v);
      most = std::max(most, now);
    }
    return live;
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (const BasicBlock* b : reverse(shapes.order())) {
      Values live = scan(*b);
      if (live.size() == at_start[b].size()) continue;
      at_start[b] = std::move(live);
      changed = true;
    }
  }
  return most;
}

/// Branches that a warp takes as one and a gang only in part, as where the rounds of a tree get by with ever
/// fewer warps: alone, a warp knows by one test that it has nothing to do.
unsigned parting_branches(Function& kernel, const ShapeAnalysis& shapes) {
  const ShapeAnalysis of_gang(kernel, shapes.layout, true);
  return unsigned(count_if(kernel, [&](const BasicBlock& b) {
    return of_gang.divergent_branch(&b) && !shapes.divergent_branch(&b);
  }));
}

unsigned wanted(Function& kernel, const ShapeAnalysis& shapes, unsigned warps, bool whole_block) {
  unsigned vector_code = 0, carried = 0;
  bool by_data = false, any_loop = false, barriers = false;
  for (Instruction& inst : instructions(kernel)) {
    vector_code += shapes.of(&inst).is_varying();
    const auto* call = dyn_cast<CallInst>(&inst);
    barriers |= call && is_barrier(*call);
  }
  for (Loop* loop : const_cast<LoopInfo&>(shapes.loops).getLoopsInPreorder()) {
    any_loop = true;
    by_data |= leaves_by_data(*loop, shapes);
    unsigned here = 0;
    for (PHINode& phi : loop->getHeader()->phis())
      if (shapes.of(&phi).is_varying()) here += registers(shapes, &phi);
    carried = std::max(carried, here);
  }
  const unsigned alive = most_alive(shapes);
  const auto fits = [&](unsigned g, unsigned most_code) {
    return g * carried <= kLoopRegisters && g * alive <= kAliveRegisters && g * vector_code <= most_code;
  };
  if (whole_block && barriers && !by_data && warps <= kMaxBlockGang && fits(warps, kMaxBlockCode))
    return warps;
  if (!any_loop && none_of(instructions(kernel), [&](const Instruction& i) { return joins_rows(i, shapes); }))
    return 1;
  if (parting_branches(kernel, shapes) > kMaxParting) return 1;
  unsigned g = by_data ? 2 : kMaxGang;
  while (g > 1 && !fits(g, kMaxVectorCode)) g /= 2;
  return g;
}

}  // namespace

unsigned gang_size(Function& kernel, const WarpLayout& layout, unsigned forced, bool whole_block) {
  if (!layout.full_warps() || layout.warps() < 2 || !steps_together(kernel, layout)) return 1;
  unsigned g = forced ? std::min(forced, kMaxGang)
                      : wanted(kernel, ShapeAnalysis(kernel, layout, false), layout.warps(), whole_block);
  while (g > 1 && layout.warps() % g) g /= 2;
  if (g == 1) return 1;
  return barriers_in_step(kernel, layout) ? g : 1;
}

// Where a gang would walk as one; a region's entry is such a place unless lanes come back to it.
bool barriers_in_step(Function& kernel, const WarpLayout& layout) {
  if (!layout.full_warps()) return false;
  const ShapeAnalysis shapes(kernel, layout, true);
  std::set<const BasicBlock*> parted;
  for (const Region& region : find_regions(shapes))
    for (BasicBlock* b : region.blocks)
      if (!region.all_walk(b)) parted.insert(b);
  for (Instruction& inst : instructions(kernel))
    if (const auto* call = dyn_cast<CallInst>(&inst); call && is_barrier(*call))
      if (parted.contains(inst.getParent()) || !is_whole_block_barrier(*call, layout)) return false;
  return true;
}

}  // namespace ppu::simt
