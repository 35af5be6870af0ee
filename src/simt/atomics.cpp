// Atomic operations of a warp: lane by lane in lane order, in shared memory as plain operations; what nobody
// reads back may be added up first, or counted without a vector.
#include <algorithm>
#include <functional>

#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/IntrinsicInst.h"
#include "simt/widener.h"

using namespace llvm;

namespace ppu::simt {

namespace {

bool in_shared(const Instruction& inst) {
  return space_of(inst) == kSharedSpace;
}

// Shared memory belongs to the block's own worker: no other thread can see it, so the plain operation is
// atomic.
Value* plain_rmw(IRBuilder<>& b, AtomicRMWInst::BinOp op, Value* old, Value* x) {
  switch (op) {
    case AtomicRMWInst::Xchg:
      return x;
    case AtomicRMWInst::Add:
      return b.CreateAdd(old, x);
    case AtomicRMWInst::Sub:
      return b.CreateSub(old, x);
    case AtomicRMWInst::And:
      return b.CreateAnd(old, x);
    case AtomicRMWInst::Or:
      return b.CreateOr(old, x);
    case AtomicRMWInst::Xor:
      return b.CreateXor(old, x);
    case AtomicRMWInst::Max:
      return b.CreateBinaryIntrinsic(Intrinsic::smax, old, x);
    case AtomicRMWInst::Min:
      return b.CreateBinaryIntrinsic(Intrinsic::smin, old, x);
    case AtomicRMWInst::UMax:
      return b.CreateBinaryIntrinsic(Intrinsic::umax, old, x);
    case AtomicRMWInst::UMin:
      return b.CreateBinaryIntrinsic(Intrinsic::umin, old, x);
    case AtomicRMWInst::FAdd:
      return b.CreateFAdd(old, x);
    case AtomicRMWInst::UIncWrap:
      return b.CreateSelect(b.CreateICmpUGE(old, x), Constant::getNullValue(old->getType()),
                            b.CreateAdd(old, ConstantInt::get(old->getType(), 1)));
    case AtomicRMWInst::UDecWrap: {
      Value* from_top = b.CreateOr(b.CreateIsNull(old), b.CreateICmpUGT(old, x));
      return b.CreateSelect(from_top, x, b.CreateSub(old, ConstantInt::get(old->getType(), 1)));
    }
    default:
      return nullptr;
  }
}

bool is_sum(AtomicRMWInst::BinOp op) {
  return op == AtomicRMWInst::Add || op == AtomicRMWInst::Sub;
}

/// The operand that changes nothing. Null: not an operation whose lanes can be joined before, in any order.
Constant* neutral(const AtomicRMWInst& rmw) {
  auto* t = dyn_cast<IntegerType>(rmw.getType());
  if (!t) return nullptr;
  const unsigned n = t->getBitWidth();
  switch (rmw.getOperation()) {
    case AtomicRMWInst::Add:
    case AtomicRMWInst::Sub:
    case AtomicRMWInst::Or:
    case AtomicRMWInst::Xor:
    case AtomicRMWInst::UMax:
      return ConstantInt::get(t, 0);
    case AtomicRMWInst::And:
    case AtomicRMWInst::UMin:
      return ConstantInt::get(t, APInt::getMaxValue(n));
    case AtomicRMWInst::Max:
      return ConstantInt::get(t, APInt::getSignedMinValue(n));
    case AtomicRMWInst::Min:
      return ConstantInt::get(t, APInt::getSignedMaxValue(n));
    default:
      return nullptr;
  }
}

Value* joined(IRBuilder<>& b, AtomicRMWInst::BinOp op, Value* lanes) {
  switch (op) {
    case AtomicRMWInst::And:
      return b.CreateAndReduce(lanes);
    case AtomicRMWInst::Or:
      return b.CreateOrReduce(lanes);
    case AtomicRMWInst::Xor:
      return b.CreateXorReduce(lanes);
    case AtomicRMWInst::Max:
    case AtomicRMWInst::UMax:
      return b.CreateIntMaxReduce(lanes, op == AtomicRMWInst::Max);
    case AtomicRMWInst::Min:
    case AtomicRMWInst::UMin:
      return b.CreateIntMinReduce(lanes, op == AtomicRMWInst::Min);
    default:
      return b.CreateAddReduce(lanes);
  }
}

}  // namespace

Value* Widener::rmw_at(AtomicRMWInst& rmw, Value* address, Value* operand) {
  if (in_shared(rmw)) {
    Value* old = b_.CreateAlignedLoad(operand->getType(), address, rmw.getAlign());
    if (Value* next = plain_rmw(b_, rmw.getOperation(), old, operand)) {
      b_.CreateAlignedStore(next, address, rmw.getAlign());
      return old;
    }
  }
  return b_.CreateAtomicRMW(rmw.getOperation(), address, operand, rmw.getAlign(), rmw.getOrdering(),
                            rmw.getSyncScopeID());
}

// What the lanes before each add up to.
Value* Widener::sums_before(Value* v) {
  const auto moved_up = [&](Value* x, unsigned by) {
    std::vector<int> from(kLanes);
    for (unsigned l = 0; l < kLanes; l++) from[l] = int(l < by ? kLanes : l - by);
    return b_.CreateShuffleVector(x, Constant::getNullValue(x->getType()), from);
  };
  Value* sum = moved_up(v, 1);
  for (unsigned by = 1; by < kLanes; by *= 2) sum = b_.CreateAdd(sum, moved_up(sum, by));
  return sum;
}

/// All lanes at one place: one atomic operation for the warp. Where order can't show, of what the lanes'
/// operands join to; else the lanes' operations in their order, between a load and a compare-and-swap.
bool Widener::update_one_place(AtomicRMWInst& rmw) {
  const AtomicRMWInst::BinOp op = rmw.getOperation();
  Value *p = rmw.getPointerOperand(), *x = rmw.getValOperand();
  if (Constant* none = neutral(rmw); none && (rmw.use_empty() || is_sum(op))) {
    Value* v = vector(x);
    if (mask_) v = b_.CreateSelect(mask_, v, splat(none));
    Value* old = rmw_at(rmw, safe_if_off(scalar(p)), joined(b_, op, v));
    if (rmw.use_empty()) return true;
    Value* before = sums_before(v);
    set_vector(&rmw, b_.CreateBinOp(op == AtomicRMWInst::Add ? Instruction::Add : Instruction::Sub,
                                    splat(old), before));
    return true;
  }
  if (in_shared(rmw)) return false;  // nothing is locked there
  update_in_turn(rmw);
  return true;
}

void Widener::update_in_turn(AtomicRMWInst& rmw) {
  Type* t = rmw.getType();
  Type* bits = b_.getIntNTy(unsigned(layout_.getTypeSizeInBits(t).getFixedValue()));
  Value* pointer = safe_if_off(scalar(rmw.getPointerOperand()));
  Value* x = rmw.getValOperand();
  AllocaInst* operands = shapes_.uniform(x) ? nullptr : spilled(vector(x));
  Value* one_operand = operands ? nullptr : scalar(x);
  AllocaInst *out = rmw.use_empty() ? nullptr : new_slot(wide(t)), *now = new_slot(t), *seen = new_slot(bits);
  LoadInst* first = b_.CreateAlignedLoad(bits, pointer, rmw.getAlign());
  first->setAtomic(AtomicOrdering::Monotonic, rmw.getSyncScopeID());
  b_.CreateStore(first, seen);
  BasicBlock *again = new_block("turns"), *done = new_block("turns.done");
  b_.CreateBr(again);
  b_.SetInsertPoint(again);
  Value* old = b_.CreateLoad(bits, seen);
  b_.CreateStore(b_.CreateBitCast(old, t), now);
  for_each_lane(mask_or_all(), [&](Value* lane) {
    Value* before = b_.CreateLoad(t, now);
    if (out) b_.CreateStore(before, b_.CreateGEP(t, out, lane));
    b_.CreateStore(
        plain_rmw(b_, rmw.getOperation(), before, operands ? lane_of(operands, t, lane) : one_operand), now);
  });
  Value* wanted = b_.CreateBitCast(b_.CreateLoad(t, now), bits);
  Value* swap = b_.CreateAtomicCmpXchg(pointer, old, wanted, rmw.getAlign(), rmw.getOrdering(),
                                       AtomicCmpXchgInst::getStrongestFailureOrdering(rmw.getOrdering()),
                                       rmw.getSyncScopeID());
  b_.CreateStore(b_.CreateExtractValue(swap, 0), seen);
  b_.CreateCondBr(b_.CreateExtractValue(swap, 1), done, again);
  b_.SetInsertPoint(done);
  if (out) set_vector(&rmw, b_.CreateLoad(wide(t), out));
}

void Widener::emit_atomic_rmw(AtomicRMWInst& rmw) {
  Value *p = rmw.getPointerOperand(), *x = rmw.getValOperand();
  Type* t = x->getType();
  const bool shared = in_shared(rmw);
  auto one = [&](Value* address, Value* operand) { return rmw_at(rmw, address, operand); };
  if (shapes_.uniform(p) && update_one_place(rmw)) return;
  if (shared && rmw.use_empty() && !compact_) return add_one_by_one(rmw);
  if (!shared && rmw.use_empty() && neutral(rmw) && !compact_) return add_together(rmw, one);
  AllocaInst* addresses = shapes_.uniform(p) ? nullptr : spilled(vector(p));
  AllocaInst* operands = shapes_.uniform(x) ? nullptr : spilled(vector(x));
  AllocaInst* out = rmw.use_empty() ? nullptr : new_slot(wide(t));
  Value *one_address = addresses ? nullptr : scalar(p), *one_operand = operands ? nullptr : scalar(x);
  for_each_lane(mask_or_all(), [&](Value* lane) {
    Value* address = addresses ? lane_of(addresses, b_.getPtrTy(), lane) : one_address;
    Value* operand = operands ? lane_of(operands, t, lane) : one_operand;
    Value* old = one(address, operand);
    if (out) b_.CreateStore(old, b_.CreateGEP(t, out, lane));
  });
  if (out) set_vector(&rmw, b_.CreateLoad(wide(t), out));
}

namespace {

/// base + offset where `offset` is a lane's own and fits 32 bits: half as much to keep in memory.
Value* short_offset(Value* pointer, const ShapeAnalysis& shapes, const DataLayout& layout) {
  auto* gep = dyn_cast<GetElementPtrInst>(pointer);
  if (!gep || gep->getNumIndices() != 1 || !gep->getSourceElementType()->isIntegerTy(8)) return nullptr;
  Value* index = gep->getOperand(1);
  const bool fits = shapes.uniform(gep->getPointerOperand()) && shapes.of(index).is_varying() &&
                    index->getType()->isIntegerTy(64) && ComputeNumSignBits(index, layout) > 32;
  return fits ? index : nullptr;
}

bool is_index_op(const Instruction& inst) {
  const unsigned op = inst.getOpcode();
  const bool by_constant = op == Instruction::Shl || op == Instruction::LShr || op == Instruction::And;
  return isa<ZExtInst>(inst) || isa<SExtInst>(inst) || (by_constant && isa<ConstantInt>(inst.getOperand(1)));
}

/// Everybody who wants `v` makes an index of it, and of that an address in shared memory that is only added
/// to.
bool only_counted_by(const Value* v, int depth) {
  if (depth == 0) return false;
  for (const User* user : v->users()) {
    const auto* inst = dyn_cast<Instruction>(user);
    const auto* rmw = dyn_cast_or_null<AtomicRMWInst>(inst);
    if (rmw && in_shared(*rmw) && rmw->use_empty() && rmw->getPointerOperand() == v) continue;
    if (!inst || !(is_index_op(*inst) || isa<GetElementPtrInst>(inst)) || !only_counted_by(inst, depth - 1))
      return false;
  }
  return true;
}

/// `v` = a load, through a few operations on indices. Nobody else may want what was loaded: LLVM would take
/// the scalars from the vector, one by one.
LoadInst* load_behind(Value* v, std::vector<Instruction*>& made) {
  constexpr int kMaxSteps = 6;
  for (int step = 0; step < kMaxSteps; step++) {
    auto* inst = dyn_cast<Instruction>(v);
    if (!inst) return nullptr;
    if (auto* load = dyn_cast<LoadInst>(inst)) return only_counted_by(load, kMaxSteps + 2) ? load : nullptr;
    if (!is_index_op(*inst)) return nullptr;
    made.insert(made.begin(), inst);
    v = inst->getOperand(0);
  }
  return nullptr;
}

/// Nothing between the two writes where the load has read: updates of shared memory leave global memory
/// alone.
bool still_there(const LoadInst& load, const Instruction& use) {
  if (!load.isSimple() || space_of(load) != kGlobalSpace || load.getParent() != use.getParent()) return false;
  for (auto it = std::next(load.getIterator()); &*it != &use; ++it)
    if (it->mayWriteToMemory() && space_of(*it) != kSharedSpace) return false;
  return true;
}

bool all_differ(const Shape& shape) {
  if (!shape.is_linear() || !shape.has_offsets || !shape.if_unwrapped.empty()) return false;
  LaneOffsets sorted = shape.c;
  std::sort(sorted.begin(), sorted.end());
  return std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
}

}  // namespace

/// Lanes' small indices that memory holds side by side: each lane reads its own there, as a scalar program
/// would. (Indices of 32 bits are scaled as vectors for less than that costs lane by lane.)
std::function<Value*(Value*)> Widener::lane_index_in_memory(Value* index, AtomicRMWInst& rmw) {
  std::vector<Instruction*> made;
  LoadInst* load = load_behind(index, made);
  if (!load || !still_there(*load, rmw)) return nullptr;
  Type* t = load->getType();
  const Shape shape = shapes_.of(load->getPointerOperand());
  const int64_t size = int64_t(layout_.getTypeStoreSize(t).getFixedValue());
  if (!t->isIntegerTy() || size >= 4 || !plainly_linear(shape) || !shape.is_stride() || shape.c[1] != size)
    return nullptr;
  return [=, this](Value* lane) -> Value* {
    Value* x = b_.CreateAlignedLoad(t, b_.CreateGEP(t, scalar(load->getPointerOperand()), lane), Align(1));
    for (Instruction* op : made) {
      Instruction* copy = op->clone();
      copy->setOperand(0, x);
      x = b_.Insert(copy);
    }
    return x;
  };
}

/// Updates of shared memory whose result nobody reads. Lanes go through memory that LLVM can't look through:
/// it would take vectors apart element by element.
void Widener::add_one_by_one(AtomicRMWInst& rmw) {
  Value *p = rmw.getPointerOperand(), *x = rmw.getValOperand();
  Type* i32 = b_.getInt32Ty();
  Value* index = short_offset(p, shapes_, layout_);
  const auto index_of = index ? lane_index_in_memory(index, rmw) : nullptr;
  AllocaInst* offsets = index && !index_of ? spilled(b_.CreateTrunc(vector(index), wide(i32))) : nullptr;
  Value* base = index ? scalar(cast<GetElementPtrInst>(p)->getPointerOperand()) : nullptr;
  AllocaInst* addresses = index || shapes_.uniform(p) ? nullptr : spilled(vector(p));
  AllocaInst* operands = shapes_.uniform(x) ? nullptr : spilled(vector(x));
  Value* one_address = index || addresses ? nullptr : scalar(p);
  Value* one_operand = operands ? nullptr : scalar(x);
  for_each_lane_of_full_warps([&](Value* lane) {
    Value* address = one_address;
    if (index_of)
      address = b_.CreateGEP(b_.getInt8Ty(), base, index_of(lane));
    else if (index)
      address = b_.CreateGEP(b_.getInt8Ty(), base,
                             b_.CreateSExt(lane_of(offsets, i32, lane, true), b_.getInt64Ty()));
    else if (addresses)
      address = lane_of(addresses, b_.getPtrTy(), lane, true);
    rmw_at(rmw, address, operands ? lane_of(operands, x->getType(), lane, true) : one_operand);
  });
}

/// A sum (maximum, ...) whose result nobody reads: where all lanes turn out to have one address, they are
/// joined first.
void Widener::add_together(AtomicRMWInst& rmw, function_ref<Value*(Value*, Value*)> one) {
  Value *pointers = vector(rmw.getPointerOperand()), *operands = vector(rmw.getValOperand());
  Type* t = rmw.getValOperand()->getType();
  const auto one_by_one = [&] {
    AllocaInst *addresses = spilled(pointers), *values = spilled(operands);
    for_each_lane(mask_or_all(), [&](Value* lane) {
      one(lane_of(addresses, b_.getPtrTy(), lane, true), lane_of(values, t, lane, true));
    });
  };
  if (all_differ(shapes_.of(rmw.getPointerOperand()))) return one_by_one();
  Value* bits = bits_of(mask_or_all());
  Value* first = b_.CreateIntrinsic(Intrinsic::cttz, {b_.getInt32Ty()}, {bits, b_.getFalse()});
  first = b_.CreateExtractElement(pointers, b_.CreateAnd(first, b_.getInt32(kLanes - 1)));
  Value* other = b_.CreateICmpNE(pointers, splat(first));
  if (mask_) other = b_.CreateSelect(mask_, other, no_lanes());
  BasicBlock *together = new_block("add.together"), *apart = new_block("add.apart"),
             *done = new_block("add.done");
  b_.CreateCondBr(any(other), apart, together);
  b_.SetInsertPoint(together);
  Value* sum = operands;
  if (mask_) sum = b_.CreateSelect(mask_, sum, splat(neutral(rmw)));
  // No lane on: nothing is added.
  const auto add_sum = [&] { one(first, joined(b_, rmw.getOperation(), sum)); };
  mask_ ? if_any_lane(add_sum) : add_sum();
  b_.CreateBr(done);
  b_.SetInsertPoint(apart);
  one_by_one();
  b_.CreateBr(done);
  b_.SetInsertPoint(done);
}

void Widener::emit_cmpxchg(AtomicCmpXchgInst& cas) {
  Type* t = cas.getCompareOperand()->getType();
  AllocaInst* addresses = spilled(vector(cas.getPointerOperand()));
  AllocaInst* compares = spilled(vector(cas.getCompareOperand()));
  AllocaInst* values = spilled(vector(cas.getNewValOperand()));
  AllocaInst *olds = new_slot(wide(t)), *flags = new_slot(wide(b_.getInt8Ty()));
  for_each_lane(mask_or_all(), [&](Value* lane) {
    Value* r = b_.CreateAtomicCmpXchg(lane_of(addresses, b_.getPtrTy(), lane), lane_of(compares, t, lane),
                                      lane_of(values, t, lane), cas.getAlign(), cas.getSuccessOrdering(),
                                      cas.getFailureOrdering());
    b_.CreateStore(b_.CreateExtractValue(r, 0), b_.CreateGEP(t, olds, lane));
    Value* ok = b_.CreateZExt(b_.CreateExtractValue(r, 1), b_.getInt8Ty());
    b_.CreateStore(ok, b_.CreateGEP(b_.getInt8Ty(), flags, lane));
  });
  set_part(&cas, 0, b_.CreateLoad(wide(t), olds));
  Value* ok = b_.CreateLoad(wide(b_.getInt8Ty()), flags);
  set_part(&cas, 1, b_.CreateICmpNE(ok, Constant::getNullValue(ok->getType())));
}

}  // namespace ppu::simt
