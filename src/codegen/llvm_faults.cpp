// See llvm_faults.h.
#include "codegen/llvm_faults.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Module.h>

namespace ppu::codegen {
namespace {

// AVX512-FP16: where a masked vcmpph takes its first operand from a spill slot, LLVM exchanges the operands
// and keeps the predicate (a < b becomes b < a). Predicates that read the same both ways are safe; the others
// compare in f32, which holds every f16 exactly.
void widen_half_comparisons(llvm::Function& f) {
  std::vector<llvm::FCmpInst*> found;
  for (llvm::Instruction& i : llvm::instructions(f))
    if (auto* compare = llvm::dyn_cast<llvm::FCmpInst>(&i))
      if (compare->getOperand(0)->getType()->getScalarType()->isHalfTy() && !compare->isCommutative())
        found.push_back(compare);
  for (llvm::FCmpInst* compare : found) {
    llvm::IRBuilder<> at(compare);
    llvm::Type* wide = compare->getOperand(0)->getType()->getWithNewType(at.getFloatTy());
    for (llvm::Use& operand : compare->operands()) operand.set(at.CreateFPExt(operand.get(), wide));
  }
}

}  // namespace

void avoid_llvm_faults(llvm::Module& module) {
  for (llvm::Function& f : module)
    if (!f.isDeclaration()) widen_half_comparisons(f);
}

}  // namespace ppu::codegen
