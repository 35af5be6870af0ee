// Addresses of single lanes as a scalar and a constant, where the lanes of a warp lie in no pattern that a
// shape can say. Tiles in shared memory are swizzled: column ^ row & 7, in which one bit may come from the
// warp's number. Then lanes have two bases between them, or four, and the rest is a constant of each lane,
// which costs nothing in an access.
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/PatternMatch.h"
#include "llvm/Support/KnownBits.h"
#include "simt/widener.h"

using namespace llvm;

namespace ppu::simt {
namespace {

constexpr int kMaxDepth = 12;
constexpr size_t kMostRows = 8;  ///< of a warp's lanes: each is multiplied for itself

/// No bit of the constant is one that the base may have: sum, or and exclusive or are the same.
bool apart(const LaneTerm& t) {
  return t.constant >= 0 && (uint64_t(t.constant) & t.base_bits) == 0;
}

int64_t signed_of(int64_t x, unsigned bits) {
  return bits < 64 ? int64_t(uint64_t(x) << (64 - bits)) >> (64 - bits) : x;
}

}  // namespace

/// `v` of one lane. Nothing where no more is known of it than that it differs from lane to lane.
std::optional<LaneTerm> Widener::lane_term(Value* v, unsigned lane, int depth) {
  const Shape s = shapes_.of(v);
  const bool integer = v->getType()->isIntegerTy() && v->getType()->getIntegerBitWidth() <= 64;
  if (!integer && !v->getType()->isPointerTy()) return std::nullopt;
  if (const auto* k = dyn_cast<ConstantInt>(v)) return LaneTerm{nullptr, 0, k->getSExtValue()};
  auto* inst = dyn_cast<Instruction>(v);
  if (plainly_linear(s)) {
    if (inst && into_operands_ && s.has_offsets && depth < kMaxDepth)
      if (const auto t = term_of_operands(*inst, lane, depth)) return t;
    const int64_t c = s.has_offsets ? s.c[lane] : 0;
    if (integer && s.base_zeros >= 64) return LaneTerm{nullptr, 0, c};
    uint64_t bits = ~uint64_t(0);
    if (integer) bits = (~computeKnownBits(v, layout_).Zero).getZExtValue();
    return LaneTerm{scalar(v), bits & ~uint64_t(0) << std::min<unsigned>(s.base_zeros, 63), c};
  }
  if (!inst || depth >= kMaxDepth) return std::nullopt;
  return term_of_operands(*inst, lane, depth);
}

std::optional<LaneTerm> Widener::term_of_operands(Instruction& inst, unsigned lane, int depth) {
  const auto operand = [&](unsigned i) { return lane_term(inst.getOperand(i), lane, depth + 1); };
  switch (inst.getOpcode()) {
    case Instruction::Or:
      if (!cast<PossiblyDisjointInst>(inst).isDisjoint()) return std::nullopt;
      [[fallthrough]];
    case Instruction::Add:
      return sum_of_terms(operand(0), operand(1));
    case Instruction::Xor:
      return exclusive_or_of_terms(bits_term(inst.getOperand(0), lane, depth + 1),
                                   bits_term(inst.getOperand(1), lane, depth + 1));
    case Instruction::GetElementPtr: {
      const auto* gep = cast<GetElementPtrInst>(&inst);
      if (gep->getNumIndices() != 1 || !gep->getSourceElementType()->isIntegerTy(8) ||
          !gep->getOperand(1)->getType()->isIntegerTy(64))
        return std::nullopt;
      return sum_of_terms(operand(0), operand(1));
    }
    case Instruction::IntToPtr: {
      auto t = operand(0);
      if (!t || !t->base) return std::nullopt;
      t->base = b_.CreateIntToPtr(t->base, inst.getType());
      return t;
    }
    case Instruction::Mul:
      for (const Value* factor : inst.operands())
        if (const Shape f = shapes_.of(factor);
            f.has_offsets && std::set<int64_t>(f.c.begin(), f.c.end()).size() > kMostRows)
          return std::nullopt;
      [[fallthrough]];
    case Instruction::Shl:
      return product_of_terms(inst, operand(0), operand(1));
    case Instruction::SExt:
    case Instruction::ZExt:
      return extended_term(cast<CastInst>(inst), operand(0));
    default:
      return std::nullopt;
  }
}

/// As lane_term, for an exclusive or: of bits put together, those of the lane are no longer mistaken for some
/// that the base may have.
std::optional<LaneTerm> Widener::bits_term(Value* v, unsigned lane, int depth) {
  const auto whole = lane_term(v, lane, depth);
  auto* both = dyn_cast<PossiblyDisjointInst>(v);
  if (!whole || apart(*whole) || !both || !both->isDisjoint() || depth >= kMaxDepth) return whole;
  const auto parts = sum_of_terms(bits_term(both->getOperand(0), lane, depth + 1),
                                  bits_term(both->getOperand(1), lane, depth + 1));
  return parts && apart(*parts) ? parts : whole;
}

/// The number itself.
Value* Widener::whole_term(const LaneTerm& t, Type* type) {
  if (!t.base) return ConstantInt::get(type, uint64_t(t.constant));
  return t.constant ? b_.CreateAdd(t.base, ConstantInt::get(type, uint64_t(t.constant))) : t.base;
}

/// A row's number times the row's length: the lanes of a row have the same, so that there are few.
std::optional<LaneTerm> Widener::product_of_terms(Instruction& product, const std::optional<LaneTerm>& a,
                                                  const std::optional<LaneTerm>& b) {
  if (!a || !b) return std::nullopt;
  if (product.getOpcode() == Instruction::Shl) {
    if (b->base || b->constant < 0 || b->constant > 31) return std::nullopt;
    LaneTerm r{nullptr, a->base_bits << b->constant, int64_t(uint64_t(a->constant) << b->constant)};
    if (a->base) r.base = b_.CreateShl(a->base, uint64_t(b->constant));
    return r;
  }
  Type* type = product.getType();
  return LaneTerm{b_.CreateMul(whole_term(*a, type), whole_term(*b, type)), ~uint64_t(0), 0};
}

/// To 64 bits. An address in shared memory is far from where a number of 32 bits wraps, with and without the
/// constant; elsewhere the constant goes in first.
std::optional<LaneTerm> Widener::extended_term(CastInst& extension, std::optional<LaneTerm> t) {
  Type* from = extension.getOperand(0)->getType();
  if (!t || !extension.getType()->isIntegerTy(64) || !from->isIntegerTy(32)) return std::nullopt;
  if (addresses_shared_memory(&extension, 4)) {
    t->constant = signed_of(t->constant, 32);
    if (t->base) t->base = b_.CreateSExt(t->base, extension.getType());
    t->base_bits = t->base_bits >> 31 & 1 ? ~uint64_t(0) : t->base_bits;
    return t;
  }
  return LaneTerm{b_.CreateCast(extension.getOpcode(), whole_term(*t, from), extension.getType()),
                  ~uint64_t(0), 0};
}

std::optional<LaneTerm> Widener::sum_of_terms(std::optional<LaneTerm> a, const std::optional<LaneTerm>& b) {
  if (!a || !b) return std::nullopt;
  a->constant = int64_t(uint64_t(a->constant) + uint64_t(b->constant));
  if (!a->base || !b->base) {
    if (b->base) a->base = b->base, a->base_bits = b->base_bits;
    return a;
  }
  a->base = a->base->getType()->isPointerTy() ? b_.CreateGEP(b_.getInt8Ty(), a->base, b->base)
                                              : b_.CreateAdd(a->base, b->base);
  a->base_bits = ~uint64_t(0);
  return a;
}

std::optional<LaneTerm> Widener::exclusive_or_of_terms(const std::optional<LaneTerm>& a,
                                                       const std::optional<LaneTerm>& b) {
  if (!a || !b || !apart(*a) || !apart(*b)) return std::nullopt;
  LaneTerm r = a->base ? *a : *b;
  if (a->base && b->base) r.base = b_.CreateXor(a->base, b->base);
  r.base_bits = a->base_bits | b->base_bits;
  const uint64_t k = uint64_t(a->constant) ^ uint64_t(b->constant), flipped = k & r.base_bits;
  if (flipped) r.base = b_.CreateXor(r.base, ConstantInt::get(r.base->getType(), flipped));
  r.constant = int64_t(k & ~r.base_bits);
  return r;
}

/// The address that `lane` has, if it is known without a vector of all lanes' addresses.
Value* Widener::lane_address(Value* pointer, unsigned lane) {
  const Shape shape = shapes_.of(pointer);
  if (plainly_linear(shape))
    return b_.CreateGEP(b_.getInt8Ty(), scalar(pointer),
                        b_.getInt64(shape.has_offsets ? uint64_t(shape.c[lane]) : 0));
  const auto t = lane_term(pointer, lane);
  if (!t || !t->base || !t->base->getType()->isPointerTy()) return nullptr;
  return b_.CreateGEP(b_.getInt8Ty(), t->base, b_.getInt64(uint64_t(t->constant)));
}

}  // namespace ppu::simt
