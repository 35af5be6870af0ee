// Values that are known for each lane while compiling: made of constants and of a thread's place in a row of
// its block, which is the lane's number or a part of it. min(threadIdx.x + 1, 15) in a row of 16 threads is 1
// to 15 and 15 once more, whatever the operation: it is done here, 32 times.
#include <bit>

#include "llvm/IR/IntrinsicInst.h"
#include "simt/shape.h"

using namespace llvm;

namespace ppu::simt {
namespace {

constexpr int kMaxDepth = 6;

std::optional<APInt> minimum_or_maximum(const MinMaxIntrinsic& m, const APInt& x, const APInt& y) {
  const bool first = ICmpInst::compare(x, y, m.getPredicate());
  return first ? x : y;
}

std::optional<APInt> of_operands(const Instruction& inst, const APInt& x, const APInt& y) {
  const bool in_range = y.ult(y.getBitWidth());
  switch (inst.getOpcode()) {
    case Instruction::Add:
      return x + y;
    case Instruction::Or:
      return x | y;
    case Instruction::Sub:
      return x - y;
    case Instruction::Mul:
      return x * y;
    case Instruction::And:
      return x & y;
    case Instruction::Xor:
      return x ^ y;
    case Instruction::Shl:
      return in_range ? std::optional(x.shl(y)) : std::nullopt;
    case Instruction::LShr:
      return in_range ? std::optional(x.lshr(y)) : std::nullopt;
    case Instruction::AShr:
      return in_range ? std::optional(x.ashr(y)) : std::nullopt;
    case Instruction::UDiv:
      return y.isZero() ? std::nullopt : std::optional(x.udiv(y));
    case Instruction::URem:
      return y.isZero() ? std::nullopt : std::optional(x.urem(y));
    case Instruction::Call:
      return minimum_or_maximum(cast<MinMaxIntrinsic>(inst), x, y);
    default:
      return std::nullopt;
  }
}

/// Whether nothing that a loop carries is in `v`: of such values the shapes are final when they are first
/// asked for. Others are guesses while the analysis goes on, and a change far below would not be seen here.
bool is_settled(const Value* v, int depth) {
  const auto* inst = dyn_cast<Instruction>(v);
  if (!inst) return true;
  if (isa<CallInst>(inst)) return inst->getNumOperands() == 1;  // the callee: a thread's number and its kin
  const bool computed = isa<BinaryOperator>(inst) || isa<CastInst>(inst);
  return computed && depth > 0 &&
         all_of(inst->operands(), [&](const Use& use) { return is_settled(use, depth - 1); });
}

}  // namespace

/// What `v` is in each lane, of integers up to 64 bits, as numbers with a sign.
std::optional<LaneOffsets> ShapeAnalysis::lane_constants(const Value* v, int depth) const {
  if (!v->getType()->isIntegerTy() || v->getType()->getIntegerBitWidth() > 64) return std::nullopt;
  LaneOffsets all{};
  if (const auto* k = dyn_cast<ConstantInt>(v)) {
    all.fill(k->getSExtValue());
    return all;
  }
  const Shape s = of(v);
  if (s.is_linear() && s.base_zeros == 64 && s.if_unwrapped.empty() && is_settled(v, kMaxDepth))
    return s.has_offsets ? s.c : all;
  const auto* inst = dyn_cast<Instruction>(v);
  if (!inst || depth == 0) return std::nullopt;
  if (isa<SExtInst>(inst) || isa<ZExtInst>(inst)) {
    const auto x = lane_constants(inst->getOperand(0), depth - 1);
    if (!x) return std::nullopt;
    const unsigned bits = inst->getOperand(0)->getType()->getIntegerBitWidth();
    for (unsigned l = 0; l < kLanes; l++) {
      const uint64_t low = uint64_t((*x)[l]) << (64 - bits);
      all[l] = isa<SExtInst>(inst) ? int64_t(low) >> (64 - bits) : int64_t(low >> (64 - bits));
    }
    return all;
  }
  if (!isa<BinaryOperator>(inst) && !isa<MinMaxIntrinsic>(inst)) return std::nullopt;
  const auto x = lane_constants(inst->getOperand(0), depth - 1);
  const auto y = x ? lane_constants(inst->getOperand(1), depth - 1) : std::nullopt;
  if (!y) return std::nullopt;
  const unsigned bits = v->getType()->getIntegerBitWidth();
  for (unsigned l = 0; l < kLanes; l++) {
    const auto r =
        of_operands(*inst, APInt(bits, uint64_t((*x)[l]), true), APInt(bits, uint64_t((*y)[l]), true));
    if (!r) return std::nullopt;
    all[l] = r->getSExtValue();
  }
  return all;
}

/// Of an operation for which the lattice has no rule.
Shape ShapeAnalysis::transfer_constants(Instruction& inst) const {
  if (!isa<BinaryOperator>(inst) && !isa<MinMaxIntrinsic>(inst)) return Shape::varying();
  const auto lanes = lane_constants(&inst, kMaxDepth);
  if (!lanes) return Shape::varying();
  const int64_t first = (*lanes)[0];
  Shape s = Shape::uniform(first == 0 ? 64 : unsigned(std::countr_zero(uint64_t(first))));
  s.has_offsets = true;
  for (unsigned l = 0; l < kLanes; l++) s.c[l] = int64_t(uint64_t((*lanes)[l]) - uint64_t(first));
  return s;
}

}  // namespace ppu::simt
