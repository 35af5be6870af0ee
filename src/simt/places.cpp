// See places.h.
#include "simt/places.h"

#include <algorithm>

#include "llvm/IR/Constants.h"
#include "llvm/IR/Operator.h"

using namespace llvm;

namespace ppu::simt {

uint64_t space_of(const Instruction& inst) {
  const MDNode* md = inst.getMetadata("ppu.space");
  if (!md || md->getNumOperands() != 1) return 0;
  const auto* k = mdconst::dyn_extract<ConstantInt>(md->getOperand(0));
  return k ? k->getZExtValue() : 0;
}

bool in_other_spaces(const Instruction& a, const Instruction& b) {
  const uint64_t x = space_of(a), y = space_of(b);
  return (x == kGlobalSpace && y == kSharedSpace) || (x == kSharedSpace && y == kGlobalSpace);
}

Place place_of(const Value* pointer) {
  constexpr size_t kMostTerms = 12;  // a sum added to itself again and again has 2^n
  Place place;
  std::vector<const Value*> open = {pointer};
  while (!open.empty()) {
    const Value* v = open.back();
    open.pop_back();
    if (const auto* k = dyn_cast<ConstantInt>(v)) {
      place.bytes = int64_t(uint64_t(place.bytes) + uint64_t(k->getSExtValue()));
      continue;
    }
    const auto* op = dyn_cast<Operator>(v);
    const auto* gep = dyn_cast_or_null<GEPOperator>(op);
    const auto* either = dyn_cast<PossiblyDisjointInst>(v);
    const bool sum = (op && op->getOpcode() == Instruction::Add) || (either && either->isDisjoint()) ||
                     (gep && gep->getSourceElementType()->isIntegerTy(8) && gep->getNumIndices() == 1 &&
                      gep->getOperand(1)->getType()->isIntegerTy(64));
    if (op && (isa<IntToPtrInst>(op) || isa<PtrToIntInst>(op))) {
      open.push_back(op->getOperand(0));
    } else if (sum && place.terms.size() + open.size() < kMostTerms) {
      open.insert(open.end(), {op->getOperand(0), op->getOperand(1)});
    } else {
      place.terms.push_back(v);
    }
  }
  std::sort(place.terms.begin(), place.terms.end());
  return place;
}

}  // namespace ppu::simt
