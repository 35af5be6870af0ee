// Which lanes may come to a block at all, as far as its conditions tell while compiling: `threadIdx.x == 0`
// in a block of 16 columns are lanes 0 and 16, `threadIdx.x < 3` lanes 0 to 2 of whatever warp. What so few
// lanes load and store (a tile's border, a warp's result) is a scalar access for each, not a masked one of
// all: those are slow where they are gathers, and what a masked store has written a load must wait for.
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/PatternMatch.h"
#include "simt/widener.h"

using namespace llvm;
using namespace llvm::PatternMatch;

namespace ppu::simt {
namespace {

constexpr unsigned kFewInARow = 2;      ///< lanes, where a masked access would do
constexpr unsigned kFew = 4;            ///< where it would be a gather by constant distances
constexpr unsigned kFewAnywhere = 8;    ///< and where it would test at run time how lanes lie
constexpr unsigned kMaxScalars = 4000;  ///< of a kernel: compile time

bool holds(CmpInst::Predicate p, int64_t x, int64_t y, unsigned bits) {
  return ICmpInst::compare(APInt(bits, uint64_t(x), true), APInt(bits, uint64_t(y), true), p);
}

}  // namespace

/// Lanes of which `condition` may be `wanted`; all, where it is made of more than `depth` levels.
uint32_t Widener::lanes_that_may(const Value* condition, bool wanted, int depth) const {
  if (depth == 0) return ~0u;
  const Value *a, *b;
  if (match(condition, m_LogicalAnd(m_Value(a), m_Value(b))) ||
      match(condition, m_LogicalOr(m_Value(a), m_Value(b)))) {
    const bool all_of = match(condition, m_LogicalAnd(m_Value(), m_Value())) == wanted;
    const uint32_t x = lanes_that_may(a, wanted, depth - 1), y = lanes_that_may(b, wanted, depth - 1);
    return all_of ? x & y : x | y;
  }
  if (match(condition, m_Not(m_Value(a)))) return lanes_that_may(a, !wanted, depth - 1);
  const auto* cmp = dyn_cast<ICmpInst>(condition);
  const auto* k = cmp ? dyn_cast<ConstantInt>(cmp->getOperand(1)) : nullptr;
  if (!k || k->getBitWidth() > 64) return ~0u;
  const Shape s = shapes_.of(cmp->getOperand(0));
  if (!s.is_linear() || !s.has_offsets || !s.low_bits_free()) return ~0u;
  const CmpInst::Predicate p = wanted ? cmp->getPredicate() : cmp->getInversePredicate();
  const unsigned bits = k->getBitWidth(), zeros = s.base_zeros;
  const bool zero = zeros >= 64;
  // Against multiples of a power of two from 0 on, below that power: only 0 counts.
  const bool below = (ICmpInst::isLT(p) || ICmpInst::isLE(p)) && !zero && zeros < 32 &&
                     k->getValue().ule(uint64_t(1) << zeros) &&
                     (!ICmpInst::isLE(p) || k->getValue().ult(uint64_t(1) << zeros)) &&
                     (ICmpInst::isUnsigned(p) || isKnownNonNegative(cmp->getOperand(0), layout_));
  const bool equal = p == CmpInst::ICMP_EQ && !zero && zeros < 32;
  if (!zero && !below && !equal) return ~0u;
  uint32_t lanes = 0;
  for (unsigned l = 0; l < kLanes; l++) {
    const uint64_t low = k->getZExtValue() & ((uint64_t(1) << (zero ? 0 : zeros)) - 1);
    const bool may = equal ? uint64_t(s.c[l]) == low : holds(p, s.c[l], k->getSExtValue(), bits);
    lanes |= uint32_t(may) << l;
  }
  return lanes;
}

/// Fills possible_lanes_ for the blocks of a region, which stand in topological order.
void Widener::find_possible_lanes(ArrayRef<BasicBlock*> blocks, const Region& region) {
  possible_lanes_.clear();
  for (BasicBlock* b : blocks) {
    uint32_t lanes = b == region.entry ? ~0u : 0;
    for (BasicBlock* from : predecessors(b)) {
      if (b == region.entry || is_back_edge(from, b)) continue;  // none comes that wasn't there
      uint32_t here = possible_lanes_.contains(from) ? possible_lanes_.at(from) : ~0u;
      const auto* br = dyn_cast<BranchInst>(from->getTerminator());
      if (br && br->isConditional() && br->getSuccessor(0) != br->getSuccessor(1))
        here &= lanes_that_may(br->getCondition(), br->getSuccessor(0) == b);
      lanes |= here;
    }
    possible_lanes_[b] = lanes;
  }
}

/// The few lanes that may be on at the insertion point; 0: many, or better off as a whole.
uint32_t Widener::few_lanes(const Shape& pointer, bool in_a_row) {
  if (!mask_ || possible_ == ~0u) return 0;
  const unsigned most = in_a_row ? kFewInARow : pointer.is_varying() ? kFewAnywhere : kFew;
  const unsigned n = unsigned(llvm::popcount(possible_));
  if (n > most || scalars_ + n > kMaxScalars) return 0;
  scalars_ += n;
  return possible_;
}

/// For each of `lanes`: its address, or a harmless place where it is off.
void Widener::for_few_lanes(uint32_t lanes, Value* pointer, function_ref<void(unsigned, Value*)> f) {
  AllocaInst* nowhere = new_slot(ArrayType::get(b_.getInt64Ty(), 8));
  for (unsigned l = 0; l < kLanes; l++) {
    if (!(lanes >> l & 1)) continue;
    Value* on = b_.CreateExtractElement(mask_, uint64_t(l));
    f(l, b_.CreateSelect(on, lane_scalar(pointer, l), nowhere));
  }
}

}  // namespace ppu::simt
