// Values of which only pieces of a warp are even: base + c[lane] within 4, 8 or 16 lanes, whose bases lie
// anywhere. A block of 16 x 16 threads has two rows in a warp; row * n + column is one number more from
// thread to thread, and from row to row something that nobody knows until run time. The same holds of rows
// that are clamped to a picture's edge. Each piece is planned as a whole warp's access would be.
#include <algorithm>

#include "llvm/IR/IntrinsicInst.h"
#include "simt/names.h"
#include "simt/shape.h"

using namespace llvm;

namespace ppu::simt {
namespace {

constexpr unsigned kPieces[] = {16, 8, 4}, kSmallest = 4;

/// The largest piece, of `most` lanes at most, within which lanes have the same value.
unsigned same_within(const Shape& s) {
  const uint8_t same = s.indifferent_bits();
  for (const unsigned n : kPieces)
    if ((same & (n - 1)) == n - 1) return n;
  return 0;
}

/// No lane is below the first of its piece, as numbers of 32 bits.
bool rises(const Piece& p) {
  for (unsigned l = 0; p.lanes && l < kLanes; l++)
    if (const int64_t up = p.c[l] - p.c[l / p.lanes * p.lanes]; up < 0 || up > INT32_MAX) return false;
  return true;
}

Piece piece_of(const Shape& s) {
  if (s.is_linear()) return {kLanes, s.has_offsets ? s.c : LaneOffsets{}, s.if_unwrapped};
  return {s.piece, s.piece ? s.c : LaneOffsets{}, s.if_unwrapped};
}

/// Offsets from each piece's first lane, as numbers of `bits` bits.
void from_first_lanes(Piece& p, unsigned bits) {
  for (unsigned first = 0; p.lanes && first < kLanes; first += p.lanes) {
    const int64_t base = p.c[first];
    for (unsigned l = first; l < first + p.lanes; l++) {
      p.c[l] -= base;
      if (bits < 64) p.c[l] = int64_t(uint64_t(p.c[l]) << (64 - bits)) >> (64 - bits);
    }
  }
}

/// a + factor * b.
Piece combined(Piece a, const Piece& b, int64_t factor) {
  a.lanes = std::min(a.lanes, b.lanes);
  for (unsigned l = 0; l < kLanes; l++)
    a.c[l] = int64_t(uint64_t(a.c[l]) + uint64_t(factor) * uint64_t(b.c[l]));
  if (!add_extensions(a.if_unwrapped, b.if_unwrapped, factor)) a.lanes = 0;
  return a;
}

/// What holds of both.
Piece common(Piece a, Piece b, unsigned bits) {
  if (a.if_unwrapped != b.if_unwrapped) return {};
  for (a.lanes = std::min({a.lanes, b.lanes, kPieces[0]}); a.lanes >= kSmallest; a.lanes /= 2) {
    b.lanes = a.lanes;
    from_first_lanes(a, bits);
    from_first_lanes(b, bits);
    if (a.c == b.c) return a;
  }
  return {};
}

void set_piece(Shape& s, Piece p, unsigned bits) {
  from_first_lanes(p, bits);
  s.piece = uint8_t(p.lanes);
  s.has_offsets = p.lanes != 0;
  s.c = p.lanes ? p.c : LaneOffsets{};
  s.if_unwrapped = p.lanes ? std::move(p.if_unwrapped) : std::vector<Extension>{};
}

}  // namespace

bool add_extensions(std::vector<Extension>& to, const std::vector<Extension>& more, int64_t factor) {
  constexpr size_t kMaxExtensions = 4;  // that one value may rest on
  const auto times = [&](int64_t x) { return int64_t(uint64_t(x) * uint64_t(factor)); };
  for (const Extension& e : more) {
    const auto same =
        std::find_if(to.begin(), to.end(), [&](const Extension& x) { return x.extension == e.extension; });
    if (same == to.end())
      to.push_back({e.extension, times(e.factor)});
    else if ((same->factor = int64_t(uint64_t(same->factor) + uint64_t(times(e.factor)))) == 0)
      to.erase(same);
  }
  return to.size() <= kMaxExtensions;
}

Piece ShapeAnalysis::piece_by_operation(Instruction& inst, unsigned bits) const {
  const auto operand = [&](unsigned i) { return piece_of(of(inst.getOperand(i))); };
  const auto factor = [&](unsigned i) { return dyn_cast<ConstantInt>(inst.getOperand(i)); };
  Piece p;
  switch (inst.getOpcode()) {
    case Instruction::Or:
      if (!cast<PossiblyDisjointInst>(inst).isDisjoint()) break;
      [[fallthrough]];
    case Instruction::Add:
      p = combined(operand(0), operand(1), 1);
      break;
    case Instruction::Sub:
      p = combined(operand(0), operand(1), -1);
      break;
    case Instruction::GetElementPtr: {
      auto& gep = cast<GetElementPtrInst>(inst);
      if (gep.getNumIndices() == 1 && gep.getSourceElementType()->isIntegerTy(8) &&
          gep.getOperand(1)->getType()->isIntegerTy(64))
        p = combined(operand(0), operand(1), 1);
      break;
    }
    case Instruction::Shl:
      if (const auto* k = factor(1); k && k->getZExtValue() < 63)
        p = combined({kLanes}, operand(0), int64_t(1) << k->getZExtValue());
      break;
    case Instruction::Mul:
      if (const auto* k = factor(1)) p = combined({kLanes}, operand(0), k->getSExtValue());
      break;
    case Instruction::IntToPtr:
    case Instruction::PtrToInt:
    case Instruction::Freeze:
      p = operand(0);
      break;
    case Instruction::Trunc:
      p = operand(0);
      if (bits <= 32) p.if_unwrapped.clear();  // wrapping shows in the upper half only
      break;
    case Instruction::SExt:
    case Instruction::ZExt:
      if (bits == 64 && inst.getOperand(0)->getType()->isIntegerTy(32)) {
        p = operand(0);
        if (inst.hasMetadata(kUnwrapped) || (isa<SExtInst>(inst) && addresses_shared_memory(&inst, 4))) break;
        if (inst.hasMetadata(kNonNegative) && rises(p)) break;
        if (const unsigned same = same_within(of(inst.getOperand(0))); same && same >= p.lanes) {
          p = {same};
          break;
        }
        p.if_unwrapped = {{&inst, 1}};
        if (!versions_) p.lanes = 0;
      }
      break;
    case Instruction::PHI:
      p = piece_of_phi(cast<PHINode>(inst), bits);
      break;
    default:
      break;
  }
  return p;
}

/// Of a loop's counter, or where all lanes come the same way. In masked code other phis keep what off lanes
/// had, and a piece's first lane may be off.
Piece ShapeAnalysis::piece_of_phi(const PHINode& phi, unsigned bits) const {
  const BasicBlock* at = phi.getParent();
  if (joins_.contains(at) || (parted_.contains(at) && !loops.isLoopHeader(at))) return {};
  std::optional<Piece> p;
  for (const Value* v : phi.incoming_values()) {
    const Shape s = of(v);
    if (v == &phi || s.is_unknown() || isa<UndefValue>(v)) continue;
    if (const auto* def = dyn_cast<Instruction>(v))
      for (Loop* l = loops.getLoopFor(def->getParent()); l && !l->contains(at); l = l->getParentLoop())
        if (divergent_loops_.contains(l)) return {};
    p = p ? common(*p, piece_of(s), bits) : piece_of(s);
  }
  return p && extensions_hold_at(phi, p->if_unwrapped) ? *p : Piece{};
}

/// Whatever is made of operands that are the same within a piece is so too.
Piece ShapeAnalysis::piece_of_equals(const Instruction& inst) const {
  const bool each_for_itself =
      (isa<BinaryOperator>(inst) && !inst.isIntDivRem()) || isa<CastInst>(inst) || isa<MinMaxIntrinsic>(inst);
  Piece p{each_for_itself ? kPieces[0] : 0};
  for (const Use& use : inst.operands()) {
    if (isa<Function>(use)) continue;
    const Shape s = of(use);
    Piece x = piece_of(s);
    from_first_lanes(x, 64);
    const bool same = x.c == LaneOffsets{} && x.if_unwrapped.empty();
    p.lanes = std::min(p.lanes, std::max(same ? x.lanes : 0, same_within(s)));
  }
  return p;
}

/// Sets what is known of the pieces of a varying value.
void ShapeAnalysis::find_pieces(Instruction& inst, Shape& s) const {
  Type* t = inst.getType();
  if (!t->isIntegerTy() && !t->isPointerTy()) return;
  const unsigned bits = t->isIntegerTy() ? t->getIntegerBitWidth() : 64;
  if (bits == 1) return;
  Piece p = piece_by_operation(inst, bits);
  if (p.lanes < kSmallest) p = piece_of_equals(inst);
  p.lanes = std::min(p.lanes, kPieces[0]);
  if (const unsigned same = same_within(s); p.lanes < same) p = {same};
  set_piece(s, p, bits);
}

/// Of a value that was first seen as `old`, then as `next`: what both say of its pieces.
void ShapeAnalysis::merge_pieces(const Shape& old, const Shape& next, Shape& merged, unsigned bits) {
  set_piece(merged, common(piece_of(old), piece_of(next), bits), bits);
}

}  // namespace ppu::simt
