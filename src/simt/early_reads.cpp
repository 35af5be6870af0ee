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

}  // namespace

void read_before_going_on(Function& kernel, const WarpLayout& layout) {
  if (layout.specialised() && layout.threads() <= kLanes) return;
  std::vector<Instruction*> barriers;
  for (Instruction& inst : instructions(kernel))
    if (is_block_barrier(inst, layout) && cast<CallInst>(inst).getCalledFunction()->getName() == kBarSync)
      barriers.push_back(&inst);
  for (Instruction* barrier : barriers)
    if (LoadInst* last = last_read(*barrier, layout)) barrier->clone()->insertAfter(last);
}

}  // namespace ppu::simt
