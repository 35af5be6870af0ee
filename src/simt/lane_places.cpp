// See lane_places.h.
#include "simt/lane_places.h"

#include <map>

#include "llvm/ADT/MapVector.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Operator.h"
#include "simt/names.h"

using namespace llvm;

namespace ppu::simt {
namespace {

/// The same wherever it is asked for.
bool is_shared_base(const Value* v) {
  const auto* call = dyn_cast<CallInst>(v);
  const Function* f = call ? call->getCalledFunction() : nullptr;
  return f && f->getName() == kSharedBase;
}

/// constant + the sum of coefficient * value, modulo 2^bits.
class Sum {
 public:
  Sum(unsigned bits, const DataLayout& layout) : bits_(bits), layout_(layout) {}

  void add(const Value* v, uint64_t factor, int depth = 32) {
    factor &= mask();
    if (factor == 0) return;
    if (const auto* k = dyn_cast<ConstantInt>(v)) {
      constant += factor * k->getValue().sextOrTrunc(64).getZExtValue();
    } else if (depth == 0 || !open(v, factor, depth - 1)) {
      terms[is_shared_base(v) ? cast<CallInst>(v)->getCalledFunction() : v] += factor;
    }
  }
  uint64_t mask() const { return (uint64_t(1) << bits_) - 1; }

  std::map<const Value*, uint64_t> terms;
  uint64_t constant = 0;

 private:
  static unsigned width(const Value* v) {
    return v->getType()->isIntegerTy() ? v->getType()->getIntegerBitWidth() : 64;
  }

  /// Adds what `v` is made of; false if it is a term itself.
  bool open(const Value* v, uint64_t factor, int depth) {
    if (const auto* gep = dyn_cast<GEPOperator>(v)) return open_gep(*gep, factor, depth);
    const auto* inst = dyn_cast<Instruction>(v);
    if (!inst || width(inst) < bits_) return false;
    const auto operand = [&](unsigned i) { return inst->getOperand(i); };
    const auto constant_operand = [&]() { return dyn_cast<ConstantInt>(operand(1)); };
    switch (inst->getOpcode()) {
      case Instruction::Or:
        if (!cast<PossiblyDisjointInst>(inst)->isDisjoint()) return false;
        [[fallthrough]];
      case Instruction::Add:
        add(operand(0), factor, depth);
        add(operand(1), factor, depth);
        return true;
      case Instruction::Sub:
        add(operand(0), factor, depth);
        add(operand(1), uint64_t(0) - factor, depth);
        return true;
      case Instruction::Mul:
        if (!constant_operand()) return false;
        add(operand(0), factor * constant_operand()->getZExtValue(), depth);
        return true;
      case Instruction::Shl:
        if (!constant_operand() || constant_operand()->getZExtValue() >= 64) return false;
        add(operand(0), factor << constant_operand()->getZExtValue(), depth);
        return true;
      case Instruction::SExt:
      case Instruction::ZExt:
      case Instruction::Trunc:
      case Instruction::PtrToInt:
      case Instruction::IntToPtr:
        if (width(operand(0)) < bits_) return false;
        add(operand(0), factor, depth);
        return true;
      case Instruction::PHI:
        return open_counter(*cast<PHINode>(inst), factor, depth);
      default:
        return false;
    }
  }

  /// A loop's counter whose step is a multiple of the modulus is what it started as.
  bool open_counter(const PHINode& phi, uint64_t factor, int depth) {
    if (phi.getNumIncomingValues() != 2) return false;
    for (unsigned i = 0; i < 2; i++) {
      const auto* next = dyn_cast<BinaryOperator>(phi.getIncomingValue(i));
      if (!next || next->getOpcode() != Instruction::Add || next->getOperand(0) != &phi) continue;
      const auto* step = dyn_cast<ConstantInt>(next->getOperand(1));
      if (!step || ((factor * step->getValue().sextOrTrunc(64).getZExtValue()) & mask()) != 0) continue;
      add(phi.getIncomingValue(1 - i), factor, depth);
      return true;
    }
    return false;
  }

  bool open_gep(const GEPOperator& gep, uint64_t factor, int depth) {
    MapVector<Value*, APInt> variable;
    APInt offset(64, 0);
    if (!gep.getType()->isPointerTy() || !gep.collectOffset(layout_, 64, variable, offset)) return false;
    for (const auto& [index, scale] : variable)
      if (width(index) < bits_) return false;
    add(gep.getPointerOperand(), factor, depth);
    constant += factor * offset.getZExtValue();
    for (const auto& [index, scale] : variable) add(index, factor * scale.getZExtValue(), depth);
    return true;
  }

  unsigned bits_;
  const DataLayout& layout_;
};

/// Computed once, before any loop: the same value wherever it is used.
bool is_settled(const ShapeAnalysis& shapes, const Value* v) {
  const auto* inst = dyn_cast<Instruction>(v);
  return !inst || !shapes.loops.getLoopFor(inst->getParent());
}

/// Proved for one modulus.
bool apart(const ShapeAnalysis& shapes, const Value* a, const Value* b, unsigned bits) {
  const DataLayout& layout = shapes.function.getParent()->getDataLayout();
  Sum x(bits, layout), y(bits, layout);
  x.add(a, 1);
  y.add(b, 1);
  const auto drop_multiples = [&](Sum& s) {
    std::erase_if(s.terms, [&](auto& term) { return (term.second & x.mask()) == 0; });
  };
  drop_multiples(x);
  drop_multiples(y);
  LaneOffsets offset{};
  for (const auto& [value, factor] : x.terms) {
    const auto other = y.terms.find(value);
    if (other == y.terms.end() || ((other->second - factor) & x.mask()) != 0) return false;
    const Shape shape = shapes.of(value);
    if (!shape.is_linear() || !is_settled(shapes, value)) return false;
    for (unsigned l = 0; l < kLanes && shape.has_offsets; l++)
      offset[l] += int64_t(factor * uint64_t(shape.c[l]));
  }
  if (x.terms.size() != y.terms.size()) return false;
  for (unsigned l = 0; l < kLanes; l++)
    for (unsigned k = 0; k < kLanes; k++)
      if (l != k && ((uint64_t(offset[l] - offset[k]) + x.constant - y.constant) & x.mask()) == 0)
        return false;
  return true;
}

/// What the addresses are counted from, where it is the same.
const Value* common_base(const ShapeAnalysis& shapes, const Sum& x, const Sum& y) {
  for (const auto& [value, factor] : x.terms) {
    const auto other = y.terms.find(value);
    const bool wide = value->getType()->isPointerTy() || value->getType()->isIntegerTy(64);
    if (wide && factor == 1 && other != y.terms.end() && other->second == 1 && shapes.uniform(value))
      return value;
  }
  return nullptr;
}

}  // namespace

bool in_one_object(const ShapeAnalysis& shapes, const Value* a, const Value* b) {
  constexpr unsigned kAddressBits = 16;  // what is compared of them: indices are 32 bits wide
  const DataLayout& layout = shapes.function.getParent()->getDataLayout();
  Sum x(kAddressBits, layout), y(kAddressBits, layout);
  x.add(a, 1);
  y.add(b, 1);
  const Value* base = common_base(shapes, x, y);
  if (!base || !isa<Function>(base)) return base;
  // Of all that lies in shared memory: the same index, or none.
  return x.constant == y.constant && x.terms == y.terms;
}

bool lanes_may_meet(const ShapeAnalysis& shapes, const Value* a, const Value* b) {
  for (unsigned bits = 6; bits <= 16; bits++)
    if (apart(shapes, a, b, bits)) return false;
  return true;
}

}  // namespace ppu::simt
