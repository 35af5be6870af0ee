// See early_reads.h. Typical is a sum over the block that ends in `__syncthreads(); return s[0];` and is
// called twice.
#include "simt/early_reads.h"

#include <optional>
#include <set>

#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Operator.h"
#include "simt/names.h"
#include "simt/widener.h"

using namespace llvm;

namespace ppu::simt {
namespace {

constexpr size_t kMaxTerms = 16;

/// In the window of shared memory: where the constants in an address lead, and whether there is anything else
/// in it.
struct Place {
  int64_t offset = 0;
  bool exact = true;
};

std::optional<Place> shared_place(const Value* pointer) {
  Place place;
  bool shared = false;
  std::vector<const Value*> terms{pointer};
  for (size_t i = 0; i < terms.size(); i++) {
    const auto* op = dyn_cast<Operator>(terms[i]);
    const auto* call = dyn_cast<CallInst>(terms[i]);
    const auto* gep = dyn_cast<GEPOperator>(terms[i]);
    if (terms.size() > kMaxTerms) return std::nullopt;
    if (const auto* k = dyn_cast<ConstantInt>(terms[i])) {
      place.offset += k->getSExtValue();
    } else if (call && call->getCalledFunction() && call->getCalledFunction()->getName() == kSharedBase) {
      shared = true;
    } else if ((gep && gep->getSourceElementType()->isIntegerTy(8) && gep->getNumIndices() == 1) ||
               (op && op->getOpcode() == Instruction::Add)) {
      terms.push_back(op->getOperand(0)), terms.push_back(op->getOperand(1));
    } else if (op &&
               (isa<IntToPtrInst>(op) || isa<PtrToIntInst>(op) || isa<ZExtInst>(op) || isa<SExtInst>(op))) {
      terms.push_back(op->getOperand(0));
    } else {
      place.exact = false;
    }
  }
  return shared ? std::optional(place) : std::nullopt;
}

bool is_block_barrier(const Instruction& inst, const WarpLayout& layout) {
  const auto* call = dyn_cast<CallInst>(&inst);
  return call && is_barrier(*call) && is_whole_block_barrier(*call, layout);
}

// A store that begins where the load does (an array's other elements lie behind its first), before the next
// barrier.
bool written_again(const LoadInst& load, int64_t offset, const WarpLayout& layout) {
  std::set<const BasicBlock*> seen;
  std::vector<const Instruction*> starts{load.getNextNode()};
  while (!starts.empty()) {
    const Instruction* inst = starts.back();
    starts.pop_back();
    for (; inst && !is_block_barrier(*inst, layout); inst = inst->getNextNode()) {
      const auto* store = dyn_cast<StoreInst>(inst);
      const auto to = store ? shared_place(store->getPointerOperand()) : std::nullopt;
      if (to && to->offset == offset) return true;
      if (!inst->isTerminator()) continue;
      for (const BasicBlock* next : successors(inst->getParent()))
        if (seen.insert(next).second) starts.push_back(&next->front());
    }
  }
  return false;
}

// The last such read before anything is written.
LoadInst* last_read(Instruction& barrier, const WarpLayout& layout) {
  LoadInst* last = nullptr;
  for (Instruction* inst = barrier.getNextNode(); inst; inst = inst->getNextNode()) {
    if (inst->mayWriteToMemory() && !isa<LoadInst>(inst)) break;
    auto* load = dyn_cast<LoadInst>(inst);
    const auto from = load ? shared_place(load->getPointerOperand()) : std::nullopt;
    if (from && from->exact && written_again(*load, from->offset, layout)) last = load;
  }
  return last;
}

/// The barriers that come first on the ways from here, as far as `end`.
std::set<const Instruction*> first_barriers(const BasicBlock* from, const BasicBlock* end) {
  std::set<const Instruction*> first;
  std::set<const BasicBlock*> seen{from};
  std::vector<const BasicBlock*> open{from};
  while (!open.empty()) {
    const BasicBlock* b = open.back();
    open.pop_back();
    if (b == end) continue;
    const auto barrier = find_if(*b, [](const Instruction& inst) {
      const auto* call = dyn_cast<CallInst>(&inst);
      return call && is_barrier(*call);
    });
    if (barrier != b->end())
      first.insert(&*barrier);
    else
      for (const BasicBlock* next : successors(b))
        if (seen.insert(next).second) open.push_back(next);
  }
  return first;
}

/// Where warps part, those that come to a barrier again come to one and the same, or all others end. Warps at
/// different barriers let each other go: one more in the way of some would let them all pass too early.
bool warps_pass_the_same(Function& kernel, const WarpLayout& layout) {
  const ShapeAnalysis shapes(kernel, layout, true);
  for (BasicBlock* b : shapes.order()) {
    if (!shapes.divergent_branch(b)) continue;
    bool between = false;
    unsigned sides = 0;
    std::set<const Instruction*> next;
    for (const BasicBlock* side : successors(b)) {
      between |= !first_barriers(side, shapes.join_of(b)).empty();
      const std::set<const Instruction*> first = first_barriers(side, nullptr);
      next.insert(first.begin(), first.end());
      sides += !first.empty();
    }
    if (between && sides > 1 && next.size() > 1) return false;
  }
  return true;
}

}  // namespace

void read_before_going_on(Function& kernel, const WarpLayout& layout) {
  if (layout.specialised() && layout.threads() <= kLanes) return;
  std::vector<Instruction*> barriers;
  for (Instruction& inst : instructions(kernel))
    if (is_block_barrier(inst, layout) && cast<CallInst>(inst).getCalledFunction()->getName() == kBarSync)
      barriers.push_back(&inst);
  std::vector<std::pair<Instruction*, LoadInst*>> reads;
  for (Instruction* barrier : barriers)
    if (LoadInst* last = last_read(*barrier, layout)) reads.push_back({barrier, last});
  if (reads.empty() || !warps_pass_the_same(kernel, layout)) return;
  for (const auto& [barrier, last] : reads) barrier->clone()->insertAfter(last);
}

}  // namespace ppu::simt
