#include "simt/elementwise.h"

#include "llvm/Analysis/VectorUtils.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;

namespace ppu::simt {

bool is_elementwise(const Instruction& inst, unsigned lanes) {
  const auto count = [](const Value& v) {
    const auto* t = dyn_cast<FixedVectorType>(v.getType());
    return t ? t->getNumElements() : 0;
  };
  if (count(inst) != lanes) return false;
  if (const auto* call = dyn_cast<IntrinsicInst>(&inst))
    return isTriviallyVectorizable(call->getIntrinsicID());
  if (isa<CastInst>(inst)) return count(*inst.getOperand(0)) == lanes;
  return isa<BinaryOperator>(inst) || isa<UnaryOperator>(inst) || isa<CmpInst>(inst) ||
         isa<SelectInst>(inst) || isa<FreezeInst>(inst);
}

}  // namespace ppu::simt
