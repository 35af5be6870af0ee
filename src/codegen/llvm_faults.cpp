// See llvm_faults.h.
#include "codegen/llvm_faults.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
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

// A constant index of a gather is narrowed to 32 bits, so that one instruction serves 16 lanes instead of
// two, but not with undefined elements, which InstCombine makes of those for lanes that are off. They become
// 0.
void define_indices(llvm::Function& f) {
  for (llvm::Instruction& i : llvm::instructions(f)) {
    auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&i);
    if (!call) continue;
    const bool gather = call->getIntrinsicID() == llvm::Intrinsic::masked_gather;
    if (!gather && call->getIntrinsicID() != llvm::Intrinsic::masked_scatter) continue;
    auto* pointers = llvm::dyn_cast<llvm::GetElementPtrInst>(call->getArgOperand(gather ? 0 : 1));
    if (!pointers || pointers->getNumIndices() != 1) continue;
    auto* index = llvm::dyn_cast<llvm::Constant>(pointers->getOperand(1));
    if (!index || !index->getType()->isVectorTy() || !index->containsUndefOrPoisonElement()) continue;
    llvm::Constant* zero = llvm::Constant::getNullValue(index->getType()->getScalarType());
    pointers->setOperand(1, llvm::Constant::replaceUndefsWith(index, zero));
  }
}

// The mask of a branch that all lanes take alike, c ? none : all. Where c ? all : none is there too and both
// are joined, AVX-512's instruction selection goes in a circle for ever. The complement of the second is
// safe.
void complement_masks(llvm::Function& f) {
  std::vector<llvm::SelectInst*> found;
  for (llvm::Instruction& i : llvm::instructions(f)) {
    auto* select = llvm::dyn_cast<llvm::SelectInst>(&i);
    if (!select || !select->getType()->isVectorTy() || !select->getType()->isIntOrIntVectorTy(1)) continue;
    const auto* none = llvm::dyn_cast<llvm::Constant>(select->getTrueValue());
    const auto* all = llvm::dyn_cast<llvm::Constant>(select->getFalseValue());
    if (!select->getCondition()->getType()->isVectorTy() && none && none->isNullValue() && all &&
        all->isAllOnesValue())
      found.push_back(select);
  }
  for (llvm::SelectInst* select : found) {
    llvm::IRBuilder<> at(select);
    select->swapValues();
    at.SetInsertPoint(select->getNextNode());
    llvm::Value* complement = at.CreateNot(select);
    select->replaceUsesWithIf(complement, [&](const llvm::Use& use) { return use.getUser() != complement; });
  }
}

}  // namespace

void avoid_llvm_faults(llvm::Module& module) {
  for (llvm::Function& f : module)
    if (!f.isDeclaration()) {
      widen_half_comparisons(f);
      define_indices(f);
      complement_masks(f);
    }
}

}  // namespace ppu::codegen
