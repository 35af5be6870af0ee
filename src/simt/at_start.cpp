// See at_start.h.
#include "simt/at_start.h"

#include "llvm/IR/IntrinsicInst.h"
#include "simt/names.h"

using namespace llvm;

namespace ppu::simt {

namespace {

/// Of the parameters and the block's state, or of what every thread reads anyway: nothing else may be asked
/// for before the kernel has made sure that it is there (a row's length, of blocks that have a row).
bool readable_at_start(const LoadInst& load, const PostDominatorTree& post_dom) {
  const Value* from = load.getPointerOperand()->stripInBoundsConstantOffsets();
  if (const auto* params = dyn_cast<LoadInst>(from))
    from = params->getPointerOperand()->stripInBoundsConstantOffsets();
  return isa<Argument>(from) || post_dom.dominates(load.getParent(), &load.getFunction()->getEntryBlock());
}

}  // namespace

bool computable_at_start(const Value* v, const PostDominatorTree& post_dom, int& budget) {
  if (isa<ConstantInt>(v) || (isa<Argument>(v) && cast<Argument>(v)->getArgNo() < 2)) return true;
  const auto* inst = dyn_cast<Instruction>(v);
  if (!inst || --budget < 0) return false;
  const auto* load = dyn_cast<LoadInst>(inst);
  if (load && !(load->hasMetadata(LLVMContext::MD_invariant_load) && readable_at_start(*load, post_dom)))
    return false;
  if (!load && !isa<BinaryOperator>(inst) && !isa<CastInst>(inst) && !isa<GetElementPtrInst>(inst) &&
      !isa<MinMaxIntrinsic>(inst))
    return false;
  if (inst->isIntDivRem() && !isa<ConstantInt>(inst->getOperand(1))) return false;
  return all_of(inst->operands(), [&](const Use& use) {
    return isa<Function>(use) || computable_at_start(use, post_dom, budget);
  });
}

Value* computed_at_start(IRBuilder<>& b, Value* v, std::map<Value*, Value*>& known) {
  if (isa<Constant>(v)) return v;
  if (const auto it = known.find(v); it != known.end()) return it->second;
  Instruction* copy = cast<Instruction>(v)->clone();
  copy->dropPoisonGeneratingAnnotations();  // what they promise may hold behind a condition only
  copy->setMetadata(kNonNegative, nullptr);
  for (Use& use : copy->operands()) use.set(computed_at_start(b, use, known));
  return known[v] = b.Insert(copy);
}

}  // namespace ppu::simt
