// Which part of a value is the same for all threads of a block, where the value isn't: the bits from
// `same_above` up. threadIdx.x of a block of 256 differs in its low 8 bits only, and so does i = blockIdx.x *
// 256 + threadIdx.x and whatever a loop makes of it in steps of 256. Compared with a multiple of 256, or
// shifted right by 8, it is one value of the whole block; the lattice of lanes (shape.cpp) can't see that
// across warps.
#include <algorithm>
#include <bit>

#include "llvm/Analysis/ValueTracking.h"
#include "simt/names.h"
#include "simt/shape.h"

using namespace llvm;

namespace ppu::simt {
namespace {

constexpr unsigned kAll = Shape::kNoSharedBits;

KnownBits bits_of(const Value* v, const Function& f) {
  return computeKnownBits(v, f.getParent()->getDataLayout());
}

/// `low` low bits of `v`, and not all of it, are known to be zeros (ones).
bool ends_in_zeros(const Value* v, unsigned low, const Function& f) {
  const KnownBits bits = bits_of(v, f);
  return low < bits.getBitWidth() && bits.countMinTrailingZeros() >= low;
}
bool ends_in_ones(const Value* v, unsigned low, const Function& f) {
  const KnownBits bits = bits_of(v, f);
  return low < bits.getBitWidth() && bits.countMinTrailingOnes() >= low;
}

/// a < b (a >= b) of an `a` whose bits from `low` up are shared, and a shared b that ends in zeros: the low
/// bits can't decide; a <= b (a > b) of a b that ends in ones likewise.
bool shared_bits_decide(CmpInst::Predicate predicate, const Value* b, unsigned low, const Function& f) {
  switch (predicate) {
    case CmpInst::ICMP_ULT:
    case CmpInst::ICMP_SLT:
    case CmpInst::ICMP_UGE:
    case CmpInst::ICMP_SGE:
      return ends_in_zeros(b, low, f);
    case CmpInst::ICMP_ULE:
    case CmpInst::ICMP_SLE:
    case CmpInst::ICMP_UGT:
    case CmpInst::ICMP_SGT:
      return ends_in_ones(b, low, f);
    default:
      return false;
  }
}

}  // namespace

unsigned ShapeAnalysis::same_above(const Value* v) const {
  const Shape s = of(v);
  return s.is_uniform() && !s.per_warp ? 0 : s.same_above;
}

unsigned ShapeAnalysis::shared_sum(const Instruction& inst, unsigned a, unsigned b) const {
  const Value *x = inst.getOperand(0), *y = inst.getOperand(1);
  if (inst.getOpcode() == Instruction::Sub) {
    if (b == 0) return ends_in_zeros(y, a, function) ? a : kAll;
    return a == 0 && ends_in_ones(x, b, function) ? b : kAll;  // nothing to borrow
  }
  if (b < a) std::swap(a, b), std::swap(x, y);
  // The low bits of y meet zeros in x; what of x may differ lies above or is nothing.
  if (a == 0) return ends_in_zeros(x, b, function) ? b : kAll;
  const auto small = [&](const Value* v, unsigned low) {
    return bits_of(v, function).countMaxActiveBits() <= low;
  };
  if ((ends_in_zeros(x, b, function) || ends_in_zeros(y, a, function)) && small(x, a) && small(y, b))
    return b;
  if (ends_in_zeros(y, a, function) && small(x, a)) return b;
  return kAll;
}

unsigned ShapeAnalysis::shared_call(const CallInst& call) const {
  const Function* f = call.getCalledFunction();
  const StringRef n = f ? f->getName() : "";
  if (!layout.specialised()) return kAll;
  if (n == kTidX || n == kTidY || n == kTidZ)
    return unsigned(std::bit_width(layout.block[n == kTidX ? 0 : n == kTidY ? 1 : 2] - 1));
  return n == kLaneId ? unsigned(std::bit_width(kLanes - 1)) : kAll;
}

unsigned ShapeAnalysis::shared_phi(const PHINode& phi) const {
  const BasicBlock* b = phi.getParent();
  if (joins_.contains(b) || warp_joins_.contains(b)) return kAll;
  unsigned most = 0;
  for (const Value* v : phi.incoming_values()) {
    if (of(v).is_unknown() || v == &phi) continue;
    if (const auto* def = dyn_cast<Instruction>(v))
      for (Loop* l = loops.getLoopFor(def->getParent()); l && !l->contains(b); l = l->getParentLoop())
        if (divergent_loop(l)) return kAll;
    most = std::max(most, same_above(v));
  }
  return most;
}

unsigned ShapeAnalysis::shared_bits(const Instruction& inst) const {
  if (!inst.getType()->isIntegerTy() && !inst.getType()->isPointerTy()) return kAll;
  const unsigned bits = shared_bits_of(inst);
  const unsigned width = inst.getType()->isIntegerTy() ? inst.getType()->getIntegerBitWidth() : 64;
  return bits < width ? bits : kAll;  // all bits may differ: none is shared
}

unsigned ShapeAnalysis::shared_bits_of(const Instruction& inst) const {
  if (const auto* phi = dyn_cast<PHINode>(&inst)) return shared_phi(*phi);
  if (const auto* call = dyn_cast<CallInst>(&inst)) return shared_call(*call);
  if (!isa<BinaryOperator>(inst) && !isa<CastInst>(inst) && !isa<ICmpInst>(inst) && !isa<SelectInst>(inst))
    return kAll;
  const Value *x = inst.getOperand(0), *y = inst.getNumOperands() > 1 ? inst.getOperand(1) : nullptr;
  const unsigned a = same_above(x), b = y ? same_above(y) : 0;
  const auto* k = dyn_cast_or_null<ConstantInt>(y);
  switch (inst.getOpcode()) {
    case Instruction::Add:
    case Instruction::Sub:
      return shared_sum(inst, a, b);
    case Instruction::And:
      if (a != 0 && b == 0)  // bits that are masked out differ no longer
        return (~bits_of(y, function).Zero)
            .trunc(std::min(a, y->getType()->getIntegerBitWidth()))
            .getActiveBits();
      return std::max(a, b);
    case Instruction::Or:
    case Instruction::Xor:
      return std::max(a, b);
    case Instruction::Shl:
      return k && a < kAll ? unsigned(std::min<uint64_t>(kAll, a + k->getLimitedValue(kAll))) : kAll;
    case Instruction::LShr:
    case Instruction::AShr:
      return k && a < kAll ? unsigned(a - std::min<uint64_t>(a, k->getLimitedValue(kAll))) : kAll;
    case Instruction::Trunc:
      return a;
    case Instruction::SExt:
    case Instruction::ZExt:
      return a;
    case Instruction::IntToPtr:
    case Instruction::PtrToInt:
      return a;
    case Instruction::Select:
      return a == 0 ? std::max(b, same_above(inst.getOperand(2))) : kAll;
    case Instruction::ICmp: {
      if (!x->getType()->isIntegerTy()) return kAll;
      const CmpInst::Predicate p = cast<ICmpInst>(inst).getPredicate();
      if (b == 0) return shared_bits_decide(p, y, a, function) ? 0 : kAll;
      return a == 0 && shared_bits_decide(CmpInst::getSwappedPredicate(p), x, b, function) ? 0 : kAll;
    }
    default:
      return kAll;
  }
}

/// One value of the block after all, made of lane 0's operands, which are scalars.
bool ShapeAnalysis::one_of_block(const Instruction& inst, const Shape& s) const {
  if (s.same_above != 0 || isa<PHINode>(inst) || isa<CallInst>(inst)) return false;
  return all_of(inst.operands(), [&](const Use& use) { return of(use).is_linear(); });
}

}  // namespace ppu::simt
