// Nearly all blocks of a stencil, a filter or a product of matrices lie where `x > 0 && x < n - 1` holds for
// all their threads, `max(x - 1, 0)` is x - 1, and `row * n + column` doesn't wrap. Whether a block does is
// known before it starts: such values are made of the launch's parameters, the block's number and the
// thread's place in it, which lies in a known range. So the block computes, in exact integers of 64 bits,
// from where to where each compared value goes, and where every comparison has one answer runs a version of
// the kernel made with these answers: no masks, no clamps, no copies of the code for addresses that wrap.
//
// An answer is supposed to be what an inner block gives: above small constants, below sizes. Where that is
// wrong all blocks run the other version, which is right for any of them.
#include "simt/inner_blocks.h"

#include <map>
#include <optional>

#include "llvm/Analysis/AssumptionCache.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/PatternMatch.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "simt/at_start.h"
#include "simt/names.h"

using namespace llvm;
using namespace llvm::PatternMatch;

namespace ppu::simt {
namespace {

constexpr unsigned kMaxInstructions = 500;  ///< of a kernel that is compiled twice
constexpr size_t kMaxFacts = 40;            ///< comparisons that a block makes before it starts
constexpr int kMaxDepth = 24;
constexpr int kMaxExpression = 12;  ///< instructions of a value that is computed as a whole
constexpr unsigned kMaxBits = 62;   ///< of numbers computed with in 64 bits
constexpr unsigned kSmallBits = 30;
constexpr uint64_t kSmall = 32;  ///< constants below are edges near zero, others sizes

/// From where to where the values of a block's threads go: exact integers, |x| < 2^bits. Of one that may have
/// wrapped, integers that are equal to it modulo 2^32 (or 2^64). `facts` (i1): what that rests on.
struct Range {
  Value *low = nullptr, *high = nullptr;
  unsigned bits = 0;
  std::vector<Value*> facts;
  bool is_known() const { return isa<ConstantInt>(low) && isa<ConstantInt>(high); }
};

struct Answer {
  bool is_true = false;
  std::vector<Value*> facts;
};

void add(std::vector<Value*>& to, const std::vector<Value*>& more) {
  for (Value* f : more)
    if (!is_contained(to, f)) to.push_back(f);
}

/// `r` rests on that, too; nothing is known if it can't hold.
void rest_on(std::optional<Range>& r, Value* holds) {
  const auto* known = dyn_cast<ConstantInt>(holds);
  if (!known)
    add(r->facts, {holds});
  else if (known->isZero())
    r.reset();
}

/// Made when it's first asked for.
class Evolution {
 public:
  Evolution(Function& f, DominatorTree& dom, LoopInfo& loops) : f_(f), dom_(dom), loops_(loops) {}
  ScalarEvolution& scev() {
    if (!scev_) scev_.emplace(f_, libraries_, assumptions_, dom_, loops_);
    return *scev_;
  }

 private:
  Function& f_;
  DominatorTree& dom_;
  LoopInfo& loops_;
  AssumptionCache assumptions_{f_};
  TargetLibraryInfoImpl known_;
  TargetLibraryInfo libraries_{known_};
  std::optional<ScalarEvolution> scev_;
};

class Prover {
 public:
  Prover(ShapeAnalysis& shapes, Function& kernel, Function& test)
      : layout_(shapes.layout),
        post_dom_(shapes.post_dom),
        evolution_(kernel, shapes.dom, shapes.loops),
        b_(BasicBlock::Create(test.getContext(), "entry", &test)) {
    known_ = {{kernel.getArg(0), test.getArg(0)}, {kernel.getArg(1), test.getArg(1)}};
  }
  std::optional<Answer> answer(Value* condition, int depth = kMaxDepth);
  /// Which of its operands a minimum or maximum is.
  std::optional<std::pair<unsigned, std::vector<Value*>>> chosen(MinMaxIntrinsic& m);
  /// What has to hold for a value not to be negative, if it follows the thread's place.
  std::optional<std::vector<Value*>> not_negative(Value* v);
  /// What has to hold for the operand of an extension not to wrap from thread to thread.
  std::optional<std::vector<Value*>> unwrapped(CastInst& extension);
  void finish(ArrayRef<Value*> facts) { b_.CreateRet(b_.CreateAnd(facts)); }

 private:
  std::optional<Range> exact(Value* v, int depth);
  std::optional<Range> exact_of(Value* v, int depth);
  std::optional<Range> sum(std::optional<Range> x, std::optional<Range> y, bool subtracted = false);
  std::optional<Range> product(std::optional<Range> x, std::optional<Range> y);
  std::optional<Range> larger(std::optional<Range> x, std::optional<Range> y);
  std::optional<Range> counted(const SCEV* value, int depth);
  std::optional<Range> counted(const SCEVAddRecExpr& counter, int depth);
  std::optional<Range> never_negative(std::optional<Range> x);
  void keep_small(Range& x);
  std::optional<Range> observed(Value* v, bool is_signed, int depth);
  std::optional<Answer> both(const std::optional<Answer>& a, const std::optional<Answer>& b,
                             bool conjunction);
  std::optional<Answer> compared(ICmpInst::Predicate p, Value* x, Value* y, int depth);
  std::optional<std::pair<bool, std::vector<Value*>>> below(Value* x, Value* y, bool is_signed, bool strict,
                                                            std::optional<bool> wanted, int depth);
  bool follows_place(const Value* v, int depth = kMaxDepth);

  const WarpLayout& layout_;
  const PostDominatorTree& post_dom_;
  Evolution evolution_;
  IRBuilder<> b_;
  std::map<Value*, Value*> known_;
  std::map<const Value*, bool> follows_;
  std::map<Value*, std::optional<Range>> ranges_;
  std::map<std::pair<Value*, bool>, std::optional<Range>> observed_;
};

/// The thread's place in its block, or the block's number, is in it.
bool Prover::follows_place(const Value* v, int depth) {
  const auto* inst = dyn_cast<Instruction>(v);
  if (!inst || depth == 0 || isa<PHINode>(inst)) return false;
  if (const auto it = follows_.find(v); it != follows_.end()) return it->second;
  bool follows = false;
  if (const auto* load = dyn_cast<LoadInst>(inst)) {
    const auto* of = dyn_cast<Argument>(load->getPointerOperand()->stripInBoundsConstantOffsets());
    follows = of && of->getArgNo() == 1;
  } else if (const auto* call = dyn_cast<CallInst>(inst); call && !isa<MinMaxIntrinsic>(call)) {
    const Function* f = call->getCalledFunction();
    follows = f && (f->getName() == kTidX || f->getName() == kTidY || f->getName() == kTidZ);
  } else {
    follows = any_of(inst->operands(), [&](const Use& use) { return follows_place(use, depth - 1); });
  }
  return follows_[v] = follows;
}

std::optional<Range> Prover::exact(Value* v, int depth) {
  if (depth == 0 || (!v->getType()->isIntegerTy(32) && !v->getType()->isIntegerTy(64))) return std::nullopt;
  if (const auto it = ranges_.find(v); it != ranges_.end()) return it->second;
  std::optional<Range> r = exact_of(v, depth - 1);
  if (r && r->bits > kMaxBits) r.reset();
  return ranges_[v] = r;
}

std::optional<Range> Prover::sum(std::optional<Range> x, std::optional<Range> y, bool subtracted) {
  if (!x || !y || std::max(x->bits, y->bits) >= kMaxBits) return std::nullopt;
  if (subtracted) {
    std::swap(y->low, y->high);
    x->low = b_.CreateSub(x->low, y->low), x->high = b_.CreateSub(x->high, y->high);
  } else {
    x->low = b_.CreateAdd(x->low, y->low), x->high = b_.CreateAdd(x->high, y->high);
  }
  x->bits = std::max(x->bits, y->bits) + 1;
  add(x->facts, y->facts);
  return x;
}

/// Numbers of so many bits belong to no inner block.
void Prover::keep_small(Range& x) {
  const uint64_t most = 1ull << kSmallBits;
  if (x.bits <= kSmallBits) return;
  for (Value* end : {x.low, x.high})
    add(x.facts, {b_.CreateICmpULT(b_.CreateAdd(end, b_.getInt64(most)), b_.getInt64(2 * most))});
  x.bits = kSmallBits;
}

std::optional<Range> Prover::product(std::optional<Range> x, std::optional<Range> y) {
  if (x && y && y->low != y->high) std::swap(x, y);
  if (!x || !y || y->low != y->high) return std::nullopt;
  if (x->bits + y->bits >= kMaxBits) keep_small(*x), keep_small(*y);
  Value *p = b_.CreateMul(x->low, y->low), *q = x->low == x->high ? p : b_.CreateMul(x->high, y->low);
  x->low = p == q ? p : b_.CreateBinaryIntrinsic(Intrinsic::smin, p, q);
  x->high = p == q ? p : b_.CreateBinaryIntrinsic(Intrinsic::smax, p, q);
  x->bits += y->bits;
  add(x->facts, y->facts);
  return x;
}

std::optional<Range> Prover::larger(std::optional<Range> x, std::optional<Range> y) {
  if (!x || !y) return std::nullopt;
  for (Range* r : {&*x, &*y})
    if (r->bits > 31) keep_small(*r);
  const bool one = x->low == x->high && y->low == y->high;
  x->low = b_.CreateBinaryIntrinsic(Intrinsic::smax, x->low, y->low);
  x->high = one ? x->low : b_.CreateBinaryIntrinsic(Intrinsic::smax, x->high, y->high);
  x->bits = std::max(x->bits, y->bits);
  add(x->facts, y->facts);
  return x;
}

/// As a number without sign, of 32 bits or more, that isn't so large that it may have wrapped.
std::optional<Range> Prover::never_negative(std::optional<Range> x) {
  if (!x) return x;
  if (x->bits > 31) keep_small(*x);
  rest_on(x, b_.CreateICmpSGE(x->low, b_.getInt64(0)));
  return x;
}

/// What a counter of a loop goes through: its start, and as many steps as the loop makes at most.
std::optional<Range> Prover::counted(const SCEVAddRecExpr& counter, int depth) {
  if (!counter.isAffine()) return std::nullopt;
  ScalarEvolution& scev = evolution_.scev();
  const SCEV* rounds = scev.getBackedgeTakenCount(counter.getLoop());
  if (isa<SCEVCouldNotCompute>(rounds)) rounds = scev.getSymbolicMaxBackedgeTakenCount(counter.getLoop());
  std::optional<Range> n = never_negative(counted(rounds, depth)),
                       step = counted(counter.getStepRecurrence(scev), depth);
  if (n) n->low = n->high;
  std::optional<Range> last = product(n, step);
  if (!last || last->low != last->high) return std::nullopt;
  last->low = b_.CreateBinaryIntrinsic(Intrinsic::smin, last->low, b_.getInt64(0));
  last->high = b_.CreateBinaryIntrinsic(Intrinsic::smax, last->high, b_.getInt64(0));
  return sum(counted(counter.getStart(), depth), last);
}

std::optional<Range> Prover::counted(const SCEV* value, int depth) {
  if (depth-- == 0 || (!value->getType()->isIntegerTy(32) && !value->getType()->isIntegerTy(64)))
    return std::nullopt;  // parts of numbers are other numbers
  if (const auto* u = dyn_cast<SCEVUnknown>(value)) return exact(u->getValue(), depth);
  if (const auto* k = dyn_cast<SCEVConstant>(value)) return exact(k->getValue(), depth);
  if (const auto* counter = dyn_cast<SCEVAddRecExpr>(value)) return counted(*counter, depth);
  if (const auto* cut = dyn_cast<SCEVTruncateExpr>(value)) return counted(cut->getOperand(), depth);
  if (const auto* widened = dyn_cast<SCEVZeroExtendExpr>(value)) {
    return never_negative(counted(widened->getOperand(), depth));
  }
  if (const auto* quotient = dyn_cast<SCEVUDivExpr>(value)) {
    std::optional<Range> x = never_negative(counted(quotient->getLHS(), depth));
    const auto* by = dyn_cast<SCEVConstant>(quotient->getRHS());
    if (!x || !by || !by->getAPInt().isStrictlyPositive()) return std::nullopt;
    Value* divisor = b_.getInt64(by->getAPInt().getZExtValue());
    const bool one = x->low == x->high;
    x->low = b_.CreateUDiv(x->low, divisor);
    x->high = one ? x->low : b_.CreateUDiv(x->high, divisor);
    return x;
  }
  const auto* terms = dyn_cast<SCEVNAryExpr>(value);
  if (!terms) return std::nullopt;
  std::optional<Range> r = counted(terms->getOperand(0), depth);
  for (const SCEV* term : drop_begin(terms->operands())) {
    const std::optional<Range> x = counted(term, depth);
    if (isa<SCEVAddExpr>(terms))
      r = sum(r, x);
    else if (isa<SCEVMulExpr>(terms))
      r = product(r, x);
    else if (isa<SCEVSMaxExpr>(terms))
      r = larger(r, x);
    else
      return std::nullopt;
  }
  return r;
}

std::optional<Range> Prover::exact_of(Value* v, int depth) {
  if (const auto* k = dyn_cast<ConstantInt>(v)) {
    Value* x = b_.getInt64(uint64_t(k->getSExtValue()));
    return Range{x, x, k->getValue().getSignificantBits(), {}};
  }
  int budget = kMaxExpression;
  if (computable_at_start(v, post_dom_, budget)) {
    Value* x = computed_at_start(b_, v, known_);
    const unsigned bits = x->getType()->getIntegerBitWidth() - 1;
    if (bits < 63) x = b_.CreateSExt(x, b_.getInt64Ty());
    Range r{x, x, bits, {}};
    if (bits == 63) keep_small(r);
    return r;
  }
  auto* inst = dyn_cast<Instruction>(v);
  if (!inst) return std::nullopt;
  switch (inst->getOpcode()) {
    case Instruction::Or:
      if (!cast<PossiblyDisjointInst>(inst)->isDisjoint()) return std::nullopt;
      [[fallthrough]];
    case Instruction::Add:
    case Instruction::Sub:
      return sum(exact(inst->getOperand(0), depth), exact(inst->getOperand(1), depth),
                 inst->getOpcode() == Instruction::Sub);
    case Instruction::Mul:
      return product(exact(inst->getOperand(0), depth), exact(inst->getOperand(1), depth));
    case Instruction::Shl: {
      const auto* k = dyn_cast<ConstantInt>(inst->getOperand(1));
      if (!k || k->getZExtValue() >= inst->getType()->getIntegerBitWidth() - 1) return std::nullopt;
      return product(exact(inst->getOperand(0), depth),
                     exact(ConstantInt::get(inst->getType(), 1ull << k->getZExtValue()), depth));
    }
    case Instruction::SExt:
    case Instruction::ZExt:
      return observed(inst->getOperand(0), isa<SExtInst>(inst), depth);
    case Instruction::Trunc:  // equal modulo 2^32 still
    case Instruction::Freeze:
      return exact(inst->getOperand(0), depth);
    case Instruction::Select: {
      const std::optional<Answer> way = answer(inst->getOperand(0), depth);
      std::optional<Range> r = way ? exact(inst->getOperand(way->is_true ? 1 : 2), depth) : std::nullopt;
      if (r) add(r->facts, way->facts);
      return r;
    }
    case Instruction::PHI: {
      ScalarEvolution& scev = evolution_.scev();
      const auto* counter = dyn_cast<SCEVAddRecExpr>(scev.getSCEV(inst));
      return counter ? counted(*counter, depth) : std::nullopt;
    }
    case Instruction::Call: {
      auto* call = cast<CallInst>(inst);
      if (auto* m = dyn_cast<MinMaxIntrinsic>(call)) {
        const auto way = chosen(*m);
        std::optional<Range> r =
            way ? observed(m->getArgOperand(way->first), m->isSigned(), depth) : std::nullopt;
        if (r) add(r->facts, way->second);
        return r;
      }
      const Function* f = call->getCalledFunction();
      const StringRef n = f ? f->getName() : "";
      const int axis = n == kTidX ? 0 : n == kTidY ? 1 : n == kTidZ ? 2 : -1;
      if (axis < 0) return std::nullopt;
      return Range{b_.getInt64(0), b_.getInt64(layout_.block[axis] - 1), 10, {}};
    }
    default:
      return std::nullopt;
  }
}

/// The values themselves, as numbers with or without sign: they don't wrap.
std::optional<Range> Prover::observed(Value* v, bool is_signed, int depth) {
  if (const auto it = observed_.find({v, is_signed}); it != observed_.end()) return it->second;
  std::optional<Range> r = exact(v, depth);
  if (r) {
    const bool narrow = v->getType()->isIntegerTy(32);
    const int64_t lowest = is_signed ? INT32_MIN : 0, highest = is_signed ? INT32_MAX : int64_t(UINT32_MAX);
    if (!is_signed || (narrow && r->bits > 31))
      rest_on(r, b_.CreateICmpSGE(r->low, b_.getInt64(uint64_t(lowest))));
    if (r && narrow && r->bits > 31) rest_on(r, b_.CreateICmpSLE(r->high, b_.getInt64(uint64_t(highest))));
    if (r && narrow) r->bits = std::min(r->bits, 32u);
  }
  return observed_[{v, is_signed}] = r;
}

/// Whether x lies below y in an inner block, or above it (unless that is given: `wanted`), and the facts that
/// it does for all threads. Nothing where that is the same in all blocks, or follows from something else.
std::optional<std::pair<bool, std::vector<Value*>>> Prover::below(Value* x, Value* y, bool is_signed,
                                                                  bool strict, std::optional<bool> wanted,
                                                                  int depth) {
  const bool x_moves = follows_place(x);
  if (x_moves == follows_place(y)) return std::nullopt;
  std::optional<Range> a = observed(x, is_signed, depth), b = observed(y, is_signed, depth);
  if (!a || !b || (a->is_known() && b->is_known())) return std::nullopt;
  const Range& limit = x_moves ? *b : *a;
  const auto* k = dyn_cast<ConstantInt>(limit.low);
  const bool limit_is_edge = k && k->getValue().slt(kSmall);
  const bool is_below = wanted.value_or(x_moves != limit_is_edge);
  Value *from = is_below ? a->high : b->high, *to = is_below ? b->low : a->low;
  std::vector<Value*> facts = a->facts;
  add(facts, b->facts);
  add(facts, {strict ? b_.CreateICmpSLT(from, to) : b_.CreateICmpSLE(from, to)});
  return std::pair(is_below, facts);
}

/// Of two answers joined by `and`, or by `or`.
std::optional<Answer> Prover::both(const std::optional<Answer>& a, const std::optional<Answer>& b,
                                   bool conjunction) {
  for (const auto& one : {a, b})
    if (one && one->is_true != conjunction) return one;
  if (!a || !b) return std::nullopt;
  std::optional<Answer> all = a;
  add(all->facts, b->facts);
  return all;
}

std::optional<Answer> Prover::answer(Value* condition, int depth) {
  if (depth == 0) return std::nullopt;
  if (const auto* k = dyn_cast<ConstantInt>(condition)) return Answer{k->isOne(), {}};
  Value *x, *y;
  if (match(condition, m_Not(m_Value(x)))) {
    std::optional<Answer> a = answer(x, depth - 1);
    if (a) a->is_true = !a->is_true;
    return a;
  }
  const bool conjunction = match(condition, m_LogicalAnd(m_Value(x), m_Value(y)));
  if (conjunction || match(condition, m_LogicalOr(m_Value(x), m_Value(y)))) {
    return both(answer(x, depth - 1), answer(y, depth - 1), conjunction);
  }
  auto* cmp = dyn_cast<ICmpInst>(condition);
  if (!cmp) return std::nullopt;
  return compared(cmp->getPredicate(), cmp->getOperand(0), cmp->getOperand(1), depth);
}

std::optional<Answer> Prover::compared(ICmpInst::Predicate p, Value* x, Value* y, int depth) {
  if (depth == 0) return std::nullopt;
  if (isa<MinMaxIntrinsic>(y) && !isa<MinMaxIntrinsic>(x)) {
    std::swap(x, y);
    p = ICmpInst::getSwappedPredicate(p);
  }
  // max(a, b) < y: two bounds in one, as LLVM writes them.
  if (auto* m = dyn_cast<MinMaxIntrinsic>(x); m && ICmpInst::isRelational(p) &&
                                              m->isSigned() == ICmpInst::isSigned(p) &&
                                              follows_place(m->getLHS()) == follows_place(m->getRHS())) {
    const bool less = ICmpInst::isLT(p) || ICmpInst::isLE(p), is_minimum = ICmpInst::isLT(m->getPredicate());
    return both(compared(p, m->getLHS(), y, depth - 1), compared(p, m->getRHS(), y, depth - 1),
                less != is_minimum);
  }
  // Which way it goes decides whether the answer has to be a strict inequality: first as if below.
  for (const bool strict : {true, false}) {
    const auto way = below(x, y, !ICmpInst::isUnsigned(p), strict, {}, depth - 1);
    if (!way) return std::nullopt;
    const bool lies_below = way->first;
    if (ICmpInst::isEquality(p)) return Answer{p == ICmpInst::ICMP_NE, way->second};
    const bool or_equal = ICmpInst::isLE(p) || ICmpInst::isGE(p);
    const bool less = ICmpInst::isLT(p) || ICmpInst::isLE(p);
    // x < y is true if x is strictly below, false if x is above or equal; x <= y the other way round.
    const bool needs_strict = (less == lies_below) != or_equal;
    if (needs_strict == strict) return Answer{less == lies_below, way->second};
  }
  return std::nullopt;
}

std::optional<std::pair<unsigned, std::vector<Value*>>> Prover::chosen(MinMaxIntrinsic& m) {
  // It keeps something inside limits: what moves with the block, unless that is a distance back from it.
  const bool is_minimum = ICmpInst::isLT(m.getPredicate());
  const unsigned moving = follows_place(m.getLHS()) ? 0 : 1;
  const auto* difference = dyn_cast<Instruction>(m.getArgOperand(moving));
  const bool backwards =
      difference && difference->getOpcode() == Instruction::Sub && !follows_place(difference->getOperand(0));
  const unsigned result = backwards ? 1 - moving : moving;
  const auto way = below(m.getLHS(), m.getRHS(), m.isSigned(), false, is_minimum == (result == 0), kMaxDepth);
  return way ? std::optional(std::pair(result, way->second)) : std::nullopt;
}

std::optional<std::vector<Value*>> Prover::not_negative(Value* v) {
  std::optional<Range> r = follows_place(v) ? never_negative(observed(v, true, kMaxDepth)) : std::nullopt;
  return r ? std::optional(r->facts) : std::nullopt;
}

std::optional<std::vector<Value*>> Prover::unwrapped(CastInst& extension) {
  std::optional<Range> r = observed(extension.getOperand(0), isa<SExtInst>(extension), kMaxDepth);
  if (!r) return std::nullopt;
  // Distances between lanes are known modulo 2^32: as numbers with a sign they must be the true ones.
  Value* span = b_.CreateSub(r->high, r->low);
  rest_on(r, b_.CreateICmpSLE(span, b_.getInt64(INT32_MAX)));
  return r ? std::optional(r->facts) : std::nullopt;
}

/// What a version for inner blocks knows.
struct Known {
  std::vector<std::pair<Instruction*, Value*>> values;
  std::vector<Instruction*> unwrapped;
  std::vector<Value*> facts;
  unsigned of_lanes = 0;  ///< values that aren't the block's anyway
};

Known find_known(const ShapeAnalysis& shapes, Prover& prover) {
  Known known;
  const auto one_of_block = [&](const Value* v) {
    const Shape s = shapes.of(v);
    return s.is_uniform() && !s.per_warp;
  };
  const auto take = [&](Instruction& inst, Value* v, const std::vector<Value*>& facts) {
    known.values.emplace_back(&inst, v);
    add(known.facts, facts);
    known.of_lanes += !one_of_block(&inst);
  };
  for (Instruction& inst : instructions(shapes.function)) {
    if (isa<ICmpInst>(inst) && !one_of_block(&inst)) {
      if (const auto a = prover.answer(&inst))
        take(inst, ConstantInt::getBool(inst.getContext(), a->is_true), a->facts);
    } else if (auto* m = dyn_cast<MinMaxIntrinsic>(&inst)) {
      if (const auto way = prover.chosen(*m)) take(inst, m->getArgOperand(way->first), way->second);
    } else if (Value * x; match(&inst, m_AShr(m_Value(x), m_SpecificInt(31)))) {
      // The sign of an index, which division by a power of two asks for.
      if (const auto facts = prover.not_negative(x)) take(inst, ConstantInt::get(inst.getType(), 0), *facts);
    } else if (isa<SelectInst>(inst) && inst.getType()->isIntegerTy(32) && one_of_block(inst.getOperand(0))) {
      if (const auto a = prover.answer(inst.getOperand(0)))
        take(inst, inst.getOperand(a->is_true ? 1 : 2), a->facts);
    }
  }
  if (!known.of_lanes) return known;
  for (Instruction& inst : instructions(shapes.function))
    if ((isa<SExtInst>(inst) || isa<ZExtInst>(inst)) && inst.getType()->isIntegerTy(64) &&
        !shapes.of(&inst).if_unwrapped.empty())
      if (const auto facts = prover.unwrapped(cast<CastInst>(inst))) {
        known.unwrapped.push_back(&inst);
        add(known.facts, *facts);
      }
  return known;
}

}  // namespace

BlockVersions split_inner_blocks(Function& kernel, const WarpLayout& layout) {
  if (!layout.full_warps() || kernel.getInstructionCount() > kMaxInstructions) return {};
  LLVMContext& c = kernel.getContext();
  Type* pointer = PointerType::getUnqual(c);
  auto* type = FunctionType::get(Type::getInt1Ty(c), {pointer, pointer}, false);
  BlockVersions out{nullptr, nullptr, "inner"};
  out.test = Function::Create(type, GlobalValue::InternalLinkage, kernel.getName() + ".is.inner",
                              *kernel.getParent());
  ShapeAnalysis shapes(kernel, layout, true);
  Prover prover(shapes, kernel, *out.test);
  const Known known = find_known(shapes, prover);
  const bool never = any_of(known.facts, [](const Value* f) { return isa<Constant>(f); });
  if (!known.of_lanes || never || known.facts.size() > kMaxFacts) {
    out.test->eraseFromParent();
    return {};
  }
  prover.finish(known.facts);
  // One check of a bound fails at the end of the grid only, several along all edges of it.
  out.others_are_few = known.of_lanes == 1;
  out.test->addFnAttr(Attribute::AlwaysInline);
  ValueToValueMapTy map;
  out.fast = CloneFunction(&kernel, map);
  out.fast->setName(kernel.getName() + ".inner");
  for (Instruction* inst : known.unwrapped)
    cast<Instruction>(map[inst])->setMetadata(kUnwrapped, MDNode::get(c, {}));
  // (A value that another one is replaced by may itself be replaced later: uses follow.)
  for (const auto& [inst, value] : known.values) {
    const auto copied = map.find(value);
    cast<Instruction>(map[inst])->replaceAllUsesWith(
        copied == map.end() ? value : static_cast<Value*>(copied->second));
  }
  return out;
}

}  // namespace ppu::simt
