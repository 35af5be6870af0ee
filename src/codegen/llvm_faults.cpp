// See llvm_faults.h.
#include "codegen/llvm_faults.h"

#include <llvm/Analysis/VectorUtils.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InlineAsm.h>
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

// `mask` itself, kept in mask registers of AVX-512 by an instruction that says nothing and costs nothing, so
// that nobody sees what it is made of.
llvm::Value* opaque_mask(llvm::IRBuilder<>& at, llvm::Value* mask) {
  constexpr int kWidest = 64;  // lanes of a mask register
  const int lanes = int(llvm::cast<llvm::FixedVectorType>(mask->getType())->getNumElements());
  std::vector<llvm::Value*> parts;
  for (int first = 0; first < lanes; first += kWidest) {
    llvm::Value* part = lanes <= kWidest ? mask
                                         : at.CreateShuffleVector(
                                               mask, llvm::createSequentialMask(unsigned(first), kWidest, 0));
    auto* type = llvm::FunctionType::get(part->getType(), {part->getType()}, false);
    parts.push_back(at.CreateCall(llvm::InlineAsm::get(type, "", "=k,0", /*hasSideEffects=*/false), {part}));
  }
  return llvm::concatenateVectors(at, parts);
}

// LLVM issue 123333 (mended in LLVM 20): of logic over masks that are words, AVX-512's instruction selection
// makes logic over the words, and of that logic over the masks, for ever. Words are also what it chooses
// between where one condition chooses between two masks. A function that has two such masks keeps what they
// are made of for itself.
void hide_words_of_masks(llvm::Function& f) {
  if (!f.getFnAttribute("target-features").getValueAsString().contains("+avx512bw")) return;
  std::vector<llvm::Instruction*> found;
  for (llvm::Instruction& i : llvm::instructions(f)) {
    auto* mask = llvm::dyn_cast<llvm::FixedVectorType>(i.getType());
    if (!mask || !mask->getElementType()->isIntegerTy(1) || mask->getNumElements() < 8 ||
        !llvm::isPowerOf2_32(mask->getNumElements()))
      continue;
    const bool word = llvm::isa<llvm::BitCastInst>(i) && i.getOperand(0)->getType()->isIntegerTy();
    const bool choice = llvm::isa<llvm::SelectInst>(i) && !i.getOperand(0)->getType()->isVectorTy();
    if (word || choice) found.push_back(&i);
  }
  if (found.size() < 2) return;
  for (llvm::Instruction* mask : found) {
    std::vector<llvm::Use*> uses;
    for (llvm::Use& use : mask->uses()) uses.push_back(&use);
    llvm::IRBuilder<> at(mask->getNextNode());
    llvm::Value* opaque = opaque_mask(at, mask);
    for (llvm::Use* use : uses) use->set(opaque);
  }
}

}  // namespace

void avoid_llvm_faults(llvm::Module& module) {
  for (llvm::Function& f : module)
    if (!f.isDeclaration()) {
      widen_half_comparisons(f);
      define_indices(f);
      hide_words_of_masks(f);
    }
}

}  // namespace ppu::codegen
