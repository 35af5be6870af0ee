// Memory accesses of a warp, planned from the address's shape: one scalar access (uniform), one vector access
// or a few (contiguous, broadcast or strided lane patterns known at compile time), else a gather or scatter
// that looks at run time whether each half warp is contiguous after all.
#include <algorithm>
#include <numeric>

#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/IntrinsicInst.h"
#include "simt/names.h"
#include "simt/widener.h"

using namespace llvm;

namespace ppu::simt {
namespace {

constexpr unsigned kHalf = 16;
/// Widest window, in bytes, that a strided load may read in one piece: below a page, so that its holes lie in
/// pages its ends touch.
constexpr int64_t kMaxWindow = 1024;
constexpr int64_t kMaxStoreWindow = 512;  ///< and that a strided store may write
constexpr unsigned kMaxTestedAccesses = 64;

enum class Pattern { kNone, kBroadcast, kContiguous };

// How lanes [first, first + n) lie, for objects of `size` bytes.
Pattern pattern_of(const Shape& s, unsigned first, unsigned n, int64_t size) {
  bool same = true, contiguous = true;
  const int64_t start = s.has_offsets ? s.c[first] : 0;
  for (unsigned i = 0; i < n; i++) {
    const int64_t c = s.has_offsets ? s.c[first + i] : 0;
    same &= c == start;
    contiguous &= c == start + int64_t(i) * size;
  }
  return same ? Pattern::kBroadcast : contiguous ? Pattern::kContiguous : Pattern::kNone;
}

// The largest chunk of lanes for which every chunk is contiguous (or, for loads, a broadcast); 0 if below 8.
// Of a varying address: none larger than its pieces.
unsigned chunk_of(const Shape& s, int64_t size, bool allow_broadcast) {
  for (unsigned n = s.is_linear() ? kLanes : s.piece; n >= kSmallestChunk; n /= 2) {
    bool ok = true;
    for (unsigned l = 0; l < kLanes && ok; l += n) {
      const Pattern p = pattern_of(s, l, n, size);
      ok = p == Pattern::kContiguous || (allow_broadcast && p == Pattern::kBroadcast);
    }
    if (ok) return n;
  }
  return 0;
}

}  // namespace

/// Whether knowing that nothing wraps helps this access: its lanes lie well.
bool Widener::has_plan(const Instruction& access) const {
  const Value* pointer = accessed_pointer(access);
  if (!pointer) return false;
  if (const auto* store = dyn_cast<StoreInst>(&access))  // what moves a register does so at its store
    if (const auto* load = dyn_cast<LoadInst>(store->getValueOperand()); load && is_moved(*load))
      return has_plan(*load);
  const Shape shape = shapes_.of(pointer);
  if (shape.is_unknown() || unwraps(shape)) return false;
  if (const auto* load = dyn_cast<LoadInst>(&access); load && is_moved(*load))
    return lanes_in_a_row(shape, 0) >= kMovedTogether;
  if (is_count(access)) return shape.is_linear();
  Type* whole = getLoadStoreType(const_cast<Instruction*>(&access));
  const unsigned parts = std::max(1u, part_count(whole));
  Type* t = part_count(whole) ? part_type(whole, 0) : whole;
  const int64_t size = int64_t(layout_.getTypeStoreSize(t).getFixedValue());
  if (shape.is_varying()) return parts == 1 && chunk_of(shape, size, isa<LoadInst>(access));
  if (parts == 1 && !runs_of(shape, size).empty()) return true;
  if (isa<StoreInst>(access)) return chunk_of(shape, size * parts, false);
  return (parts == 1 && chunk_of(shape, size, true)) ||
         shape.max_offset() - shape.min_offset() + size * parts <= kMaxWindow;
}

/// The lines that the lanes' addresses lie in. Where they are unknown, nothing: a prefetch is never needed.
void Widener::emit_prefetch(CallInst& call) {
  constexpr int64_t kLine = 64;
  constexpr size_t kMaxLines = 8;
  const Shape shape = shapes_.of(call.getArgOperand(0));
  if (!shape.is_linear() || (!shape.per_warp && g_ > 0)) return;
  std::map<int64_t, int64_t> lines;  // first offset in each
  const int64_t low = shape.min_offset();
  for (const int64_t c : shape.c) lines.try_emplace(shape.has_offsets ? (c - low) / kLine : 0, c);
  if (lines.size() > kMaxLines) return;
  for (const auto& [line, c] : lines) {
    Value* p = b_.CreateGEP(b_.getInt8Ty(), scalar(call.getArgOperand(0)),
                            b_.getInt64(uint64_t(shape.has_offsets ? c : 0)));
    b_.CreateIntrinsic(Intrinsic::prefetch, {p->getType()},
                       {p, call.getArgOperand(1), call.getArgOperand(2), call.getArgOperand(3)});
  }
}

/// In pieces of 16 bytes: from wider stores, processors don't hand a lane's part on to a load that follows
/// (Zen 4: 1 ns more for each lane). Volatile, or LLVM would join them again.
AllocaInst* Widener::spilled(Value* v) {
  auto* t = cast<FixedVectorType>(v->getType());
  AllocaInst* a = new_slot(t);
  const unsigned bytes = unsigned(layout_.getTypeStoreSize(t->getElementType()).getFixedValue());
  const unsigned n = t->getElementType()->getPrimitiveSizeInBits() == 1 ? kLanes : std::max(1u, 16 / bytes);
  for (unsigned first = 0; first < t->getNumElements(); first += n)
    b_.CreateAlignedStore(slice(v, first, std::min(n, t->getNumElements())),
                          b_.CreateGEP(t->getElementType(), a, b_.getInt64(first)), Align(1), true);
  return a;
}

Value* Widener::lane_of(AllocaInst* array, Type* t, Value* lane, bool opaque) {
  return b_.CreateLoad(t, b_.CreateGEP(t, array, lane), opaque);
}

void Widener::for_each_lane_of_full_warps(function_ref<void(Value*)> f) {
  BasicBlock* done = nullptr;
  if (mask_) {
    BasicBlock *full = new_block("lanes.full"), *some = new_block("lanes.some");
    done = new_block("lanes.done");
    b_.CreateCondBr(all(mask_), full, some);
    b_.SetInsertPoint(some);
    for_each_lane(mask_, f);
    b_.CreateBr(done);
    b_.SetInsertPoint(full);
  }
  for (unsigned lane = 0; lane < kLanes; lane++) f(b_.getInt64(lane));
  if (!done) return;
  b_.CreateBr(done);
  b_.SetInsertPoint(done);
}

void Widener::for_each_lane(Value* lanes, function_ref<void(Value*)> f) {
  Value* bits = bits_of(lanes);
  BasicBlock *before = b_.GetInsertBlock(), *loop = new_block("lane"), *done = new_block("lane.done");
  b_.CreateCondBr(b_.CreateICmpNE(bits, b_.getInt32(0)), loop, done);
  b_.SetInsertPoint(loop);
  PHINode* left = b_.CreatePHI(b_.getInt32Ty(), 2);
  left->addIncoming(bits, before);
  Value* lane = b_.CreateIntrinsic(Intrinsic::cttz, {b_.getInt32Ty()}, {left, b_.getTrue()});
  f(b_.CreateZExt(lane, b_.getInt64Ty()));
  Value* rest = b_.CreateAnd(left, b_.CreateSub(left, b_.getInt32(1)));
  left->addIncoming(rest, b_.GetInsertBlock());
  b_.CreateCondBr(b_.CreateICmpNE(rest, b_.getInt32(0)), loop, done);
  b_.SetInsertPoint(done);
}

Value* Widener::last_active(Value* v) {
  if (!mask_) return b_.CreateExtractElement(v, uint64_t(kLanes - 1));
  Value* zeros = b_.CreateIntrinsic(Intrinsic::ctlz, {b_.getInt32Ty()}, {bits_of(mask_), b_.getFalse()});
  Value* lane = b_.CreateAnd(b_.CreateSub(b_.getInt32(kLanes - 1), zeros), b_.getInt32(kLanes - 1));
  return b_.CreateExtractElement(v, lane);
}

Value* Widener::half_mask(unsigned first) {
  return slice(mask_or_all(), first, kHalf);
}

/// Pointers of a half warp, `offset` bytes further. At a constant distance from lane 0's they are an index of
/// constants, which LLVM narrows to 32 bits: one gather instruction for 16 lanes instead of two.
Value* Widener::half_pointers(Value* pointer, unsigned first, uint64_t offset) {
  const Shape shape = shapes_.of(pointer);
  if (!plainly_linear(shape)) {
    Value* p = slice(vector(pointer), first, kHalf);
    return offset ? b_.CreateGEP(b_.getInt8Ty(), p, b_.getInt64(offset)) : p;
  }
  std::vector<Constant*> c;
  for (unsigned l = first; l < first + kHalf; l++)
    c.push_back(b_.getInt64((shape.has_offsets ? uint64_t(shape.c[l]) : 0) + offset));
  return b_.CreateGEP(b_.getInt8Ty(), scalar(pointer), ConstantVector::get(c));
}

Value* Widener::gather_half(Type* t, Value* pointers, Value* mask) {
  const unsigned n = cast<FixedVectorType>(pointers->getType())->getNumElements();
  Type* vt = FixedVectorType::get(t, n);
  const uint64_t size = layout_.getTypeStoreSize(t).getFixedValue();
  if (options_.avx512 && (size == 4 || size == 8))
    return b_.CreateMaskedGather(vt, pointers, Align(1), mask, Constant::getNullValue(vt));
  // No hardware gather of this size: plain loads, dead lanes pointed at a harmless place.
  Value* safe = new_slot(b_.getInt128Ty());
  Value* p = b_.CreateSelect(mask, pointers, b_.CreateVectorSplat(n, safe));
  Value* out = PoisonValue::get(vt);
  for (unsigned l = 0; l < n; l++) {
    Value* x = b_.CreateAlignedLoad(t, b_.CreateExtractElement(p, uint64_t(l)), Align(1));
    out = b_.CreateInsertElement(out, x, uint64_t(l));
  }
  return out;
}

void Widener::scatter_half(Value* value, Value* pointers, Value* mask) {
  const uint64_t size =
      layout_.getTypeStoreSize(cast<FixedVectorType>(value->getType())->getElementType()).getFixedValue();
  if (options_.avx512 && (size == 4 || size == 8)) {
    b_.CreateMaskedScatter(value, pointers, Align(1), mask);
    return;
  }
  Value* safe = b_.CreateSelect(mask, pointers, b_.CreateVectorSplat(kHalf, new_slot(b_.getInt128Ty())));
  for (unsigned l = 0; l < kHalf; l++)
    b_.CreateAlignedStore(b_.CreateExtractElement(value, uint64_t(l)),
                          b_.CreateExtractElement(safe, uint64_t(l)), Align(1));
}

// Large kernels: a test and three forms for each access would cost more to compile than it gains.
bool Widener::many_irregular_accesses() const {
  unsigned n = 0;
  for (BasicBlock* b : shapes_.order())
    for (Instruction& inst : *b) {
      const Value* p = getLoadStorePointerOperand(&inst);
      if (!p || !shapes_.of(p).is_varying() || shapes_.of(p).piece >= kSmallestChunk) continue;
      const auto* store = dyn_cast<StoreInst>(&inst);
      const auto* load = dyn_cast<LoadInst>(store ? store->getValueOperand() : &inst);
      if (!load || !is_moved(*load)) n += std::max(1u, part_count(getLoadStoreType(&inst)));
    }
  return n > kMaxTestedAccesses;
}

Value* Widener::load_lanes(Type* t, Value* pointers) {
  const uint64_t size = layout_.getTypeStoreSize(t).getFixedValue();
  if (options_.avx512 && (size == 4 || size == 8))
    return b_.CreateMaskedGather(wide(t), pointers, Align(1), mask_or_all(), Constant::getNullValue(wide(t)));
  AllocaInst *addresses = spilled(pointers), *out = new_slot(wide(t));
  for_each_lane(mask_or_all(), [&](Value* lane) {
    Value* x = b_.CreateAlignedLoad(t, lane_of(addresses, b_.getPtrTy(), lane), Align(1));
    b_.CreateStore(x, b_.CreateGEP(t, out, lane));
  });
  return b_.CreateLoad(wide(t), out);
}

void Widener::store_lanes(Value* value, Value* pointers) {
  Type* t = cast<FixedVectorType>(value->getType())->getElementType();
  const uint64_t size = layout_.getTypeStoreSize(t).getFixedValue();
  if (options_.avx512 && (size == 4 || size == 8)) {
    b_.CreateMaskedScatter(value, pointers, Align(1), mask_or_all());
    return;
  }
  AllocaInst *addresses = spilled(pointers), *values = spilled(value);
  for_each_lane(mask_or_all(), [&](Value* lane) {
    b_.CreateAlignedStore(lane_of(values, t, lane), lane_of(addresses, b_.getPtrTy(), lane), Align(1));
  });
}

// Where lanes (a half warp, a warp) would begin if they stood in a row, and where one of its lanes is: lane
// 0, or one in the middle where that is off. (Rows that are clamped to a picture's edges keep their lanes in
// the middle.)
std::pair<Value*, Value*> Widener::first_places(Value* at, uint64_t step, Value* mask) {
  Value* first = b_.CreateExtractElement(at, uint64_t(0));
  if (!mask) return {first, first};
  const unsigned half = cast<FixedVectorType>(at->getType())->getNumElements() / 2;
  Value* on = b_.CreateExtractElement(mask, uint64_t(0));
  Value* middle = b_.CreateExtractElement(at, uint64_t(half));
  Value* row = b_.CreateSub(middle, ConstantInt::get(middle->getType(), half * step));
  return {b_.CreateSelect(on, first, row), b_.CreateSelect(on, first, middle)};
}

// Where the lanes of a half warp load is known at run time only: that it turns out contiguous (the usual
// case: row * n + column) or equal costs one access, else a gather.
Value* Widener::load_half(Type* t, unsigned first, const HalfPlaces& places) {
  Value* mask = half_mask(first);
  Type *vt = FixedVectorType::get(t, kHalf),
       *place = cast<VectorType>(places.at->getType())->getElementType();
  const auto [start_of_row, lowest] = first_places(places.at, places.step, mask_ ? mask : nullptr);
  const auto holds = [&](Value* first, Value* want) {
    Value* ok = b_.CreateICmpEQ(b_.CreateSub(places.at, b_.CreateVectorSplat(kHalf, first)), want);
    if (mask_) ok = b_.CreateOr(ok, b_.CreateNot(mask));
    return b_.CreateICmpEQ(b_.CreateBitCast(ok, b_.getInt16Ty()), b_.getInt16(-1));
  };
  std::vector<Constant*> steps;
  for (unsigned l = 0; l < kHalf; l++) steps.push_back(ConstantInt::get(place, l * places.step));
  BasicBlock *contiguous = new_block("contiguous"), *other = new_block("scattered"),
             *equal = new_block("equal"), *gather = new_block("gather"), *done = new_block("loaded");
  AllocaInst* out = new_slot(vt);
  Value* in_a_row = holds(start_of_row, ConstantVector::get(steps));
  if (place->isIntegerTy(32))  // an index: it mustn't wrap
    in_a_row = b_.CreateAnd(
        in_a_row, b_.CreateICmpSLE(start_of_row, ConstantInt::get(place, INT32_MAX - kHalf * places.step)));
  b_.CreateCondBr(in_a_row, contiguous, other);
  b_.SetInsertPoint(contiguous);
  Value* start = places.pointer(start_of_row);
  Value* x = mask_ ? (Value*)b_.CreateMaskedLoad(vt, start, Align(1), mask, Constant::getNullValue(vt))
                   : b_.CreateAlignedLoad(vt, start, Align(1));
  b_.CreateStore(x, out);
  b_.CreateBr(done);
  b_.SetInsertPoint(other);
  Value* same = holds(lowest, Constant::getNullValue(places.at->getType()));
  // With no lane on, "equal" holds for garbage too.
  if (mask_)
    same = b_.CreateAnd(same, b_.CreateICmpNE(b_.CreateBitCast(mask, b_.getInt16Ty()), b_.getInt16(0)));
  b_.CreateCondBr(same, equal, gather);
  b_.SetInsertPoint(equal);
  b_.CreateStore(b_.CreateVectorSplat(kHalf, b_.CreateAlignedLoad(t, places.pointer(lowest), Align(1))), out);
  b_.CreateBr(done);
  b_.SetInsertPoint(gather);
  b_.CreateStore(gather_half(t, places.pointer(places.at), mask), out);
  b_.CreateBr(done);
  b_.SetInsertPoint(done);
  return b_.CreateLoad(vt, out);
}

Value* Widener::load_indexed(Type* t, const IndexedAddress& at) {
  Value* base = b_.getInt64(0);
  for (Value* v : at.uniform) {
    Value* x = scalar(v);
    base = b_.CreateAdd(base, x->getType()->isPointerTy() ? b_.CreatePtrToInt(x, b_.getInt64Ty()) : x);
  }
  base = pointer_to(base);
  // LLVM keeps the index of a gather in 32 bits: one instruction for 16 lanes, not two.
  const auto pointer = [&](Value* index) {
    Type* unit = at.bytes ? b_.getInt8Ty() : t;
    return b_.CreateGEP(unit, base, b_.CreateSExt(index, index->getType()->getWithNewType(b_.getInt64Ty())));
  };
  const uint64_t step = at.bytes ? layout_.getTypeStoreSize(t).getFixedValue() : 1;
  std::vector<Value*> halves;
  for (unsigned first = 0; first < kLanes; first += kHalf)
    halves.push_back(load_half(t, first, {slice(vector(at.index), first, kHalf), step, pointer}));
  return concat(std::move(halves));
}

Value* Widener::load_varying(Type* t, Value* pointers) {
  if (compact_) return load_lanes(t, pointers);
  const uint64_t size = layout_.getTypeStoreSize(t).getFixedValue();
  const auto pointer = [&](Value* address) {
    return b_.CreateIntToPtr(address, address->getType()->getWithNewType(b_.getPtrTy()));
  };
  std::vector<Value*> halves;
  for (unsigned first = 0; first < kLanes; first += kHalf) {
    Value* p = slice(pointers, first, kHalf);
    Value* addresses = b_.CreatePtrToInt(p, p->getType()->getWithNewType(b_.getInt64Ty()));
    halves.push_back(load_half(t, first, {addresses, size, pointer}));
  }
  return concat(std::move(halves));
}

void Widener::store_varying(Value* value, Value* pointers) {
  if (compact_) return store_lanes(value, pointers);
  Type* t = cast<FixedVectorType>(value->getType())->getElementType();
  const uint64_t size = layout_.getTypeStoreSize(t).getFixedValue();
  for (unsigned first = 0; first < kLanes; first += kHalf) {
    Value *p = slice(pointers, first, kHalf), *v = slice(value, first, kHalf);
    Value* mask = slice(mask_or_all(), first, kHalf);
    Type* addresses = FixedVectorType::get(b_.getInt64Ty(), kHalf);
    Value* a = b_.CreatePtrToInt(p, addresses);
    Value* a0 = first_places(a, size, mask_ ? mask : nullptr).first;
    std::vector<Constant*> steps;
    for (unsigned l = 0; l < kHalf; l++) steps.push_back(b_.getInt64(l * size));
    Value* ok = b_.CreateICmpEQ(b_.CreateSub(a, b_.CreateVectorSplat(kHalf, a0)), ConstantVector::get(steps));
    if (mask_) ok = b_.CreateOr(ok, b_.CreateNot(mask));
    ok = b_.CreateICmpEQ(b_.CreateBitCast(ok, b_.getInt16Ty()), b_.getInt16(-1));
    BasicBlock *contiguous = new_block("contiguous"), *scatter = new_block("scatter"),
               *done = new_block("stored");
    b_.CreateCondBr(ok, contiguous, scatter);
    b_.SetInsertPoint(contiguous);
    if (mask_)
      b_.CreateMaskedStore(v, pointer_to(a0), Align(1), mask);
    else
      b_.CreateAlignedStore(v, pointer_to(a0), Align(1));
    b_.CreateBr(done);
    b_.SetInsertPoint(scatter);
    scatter_half(v, p, mask);
    b_.CreateBr(done);
    b_.SetInsertPoint(done);
  }
}

Value* Widener::pointer_to(Value* address) {
  return b_.CreateIntToPtr(address, b_.getPtrTy());
}

/// Chunks of n lanes, each contiguous or equal from its first lane on.
Value* Widener::load_chunks(Type* t, unsigned n, const Shape& shape, function_ref<Value*(unsigned)> at) {
  const int64_t size = int64_t(layout_.getTypeStoreSize(t).getFixedValue());
  std::vector<Value*> chunks;
  for (unsigned l = 0; l < kLanes; l += n) {
    auto* vt = FixedVectorType::get(t, n);
    Value* p = at(l);
    Value* m = mask_ ? slice(mask_, l, n) : nullptr;
    if (pattern_of(shape, l, n, size) == Pattern::kBroadcast) {
      if (m) {
        Type* bits = b_.getIntNTy(n);
        Value* on = b_.CreateICmpNE(b_.CreateBitCast(m, bits), ConstantInt::get(bits, 0));
        p = b_.CreateSelect(on, p, new_slot(b_.getInt128Ty()));
      }
      chunks.push_back(b_.CreateVectorSplat(n, b_.CreateAlignedLoad(t, p, Align(1))));
    } else if (m) {
      chunks.push_back(b_.CreateMaskedLoad(vt, p, Align(1), m, Constant::getNullValue(vt)));
    } else {
      chunks.push_back(load_registers(vt, p));
    }
  }
  return concat(std::move(chunks));
}

bool Widener::has_lane_slots(const Value* v) const {
  return isa<PHINode>(v) && v->getType()->isIntegerTy() && shapes_.of(v).is_varying() &&
         shapes_.of(v).piece >= kSmallestChunk;
}

/// Where no lane's distance from the first of its piece rests on what may wrap, the vector needn't be kept.
bool Widener::in_lane_slots_only(const Value* v) const {
  return has_lane_slots(v) && shapes_.of(v).if_unwrapped.empty();
}

/// The value of one lane, computed as such where it is made of few simple operations: pieces are loaded from
/// where their first lanes point, without a vector of pointers.
Value* Widener::lane_scalar(Value* v, unsigned lane, int depth) {
  const Shape shape = shapes_.of(v);
  if (plainly_linear(shape)) {
    Value* base = scalar(v);
    if (!shape.has_offsets || shape.c[lane] == 0) return base;
    if (base->getType()->isPointerTy())
      return b_.CreateGEP(b_.getInt8Ty(), base, b_.getInt64(uint64_t(shape.c[lane])));
    return b_.CreateAdd(base, ConstantInt::get(base->getType(), uint64_t(shape.c[lane])));
  }
  auto* inst = dyn_cast<Instruction>(v);
  if (has_lane_slots(v) && lane % shape.piece == 0)
    return b_.CreateLoad(v->getType(), slot(v, kLaneSlots + lane, false, v->getType()));
  const auto* gep = dyn_cast_or_null<GetElementPtrInst>(inst);
  const bool simple =
      inst && (isa<CastInst>(inst) || isa<FreezeInst>(inst) || isa<MinMaxIntrinsic>(inst) ||
               (isa<BinaryOperator>(inst) && !inst->isIntDivRem()) || (gep && gep->getNumIndices() == 1));
  const auto in_parts = [](const Value* o) { return part_count(o->getType()) > 0; };
  if (!simple || depth == 0 || in_parts(inst) || llvm::any_of(inst->operands(), in_parts))
    return b_.CreateExtractElement(vector(v), uint64_t(lane));
  std::vector<Value*> operands;
  for (Value* o : inst->operands())
    operands.push_back(isa<Function>(o) ? o : lane_scalar(o, lane, depth - 1));
  // The lane may be off: what the flags promise needn't hold of it. Yet its value is what others go by.
  if (inst->getOpcode() == Instruction::Or && cast<PossiblyDisjointInst>(inst)->isDisjoint())
    return b_.CreateAdd(operands[0], operands[1]);
  Instruction* copy = inst->clone();
  copy->dropPoisonGeneratingAnnotations();
  for (unsigned i = 0; i < operands.size(); i++) copy->setOperand(i, operands[i]);
  return b_.Insert(copy);
}

/// A load whose pieces (Shape::piece) are contiguous or equal each; null: no such plan.
Value* Widener::load_pieces(Type* t, Value* pointer) {
  const Shape shape = shapes_.of(pointer);
  const int64_t size = int64_t(layout_.getTypeStoreSize(t).getFixedValue());
  const unsigned n = shape.is_varying() && unwraps(shape) ? chunk_of(shape, size, true) : 0;
  if (!n) return nullptr;
  return load_chunks(t, n, shape, [&](unsigned lane) { return lane_scalar(pointer, lane); });
}

/// Elements of one of 512 bits, or of all where they don't fill such registers. What is stored and loaded in
/// the same pieces LLVM hands on as it is; of a piece of something wider it makes shifts of a thousand bits.
unsigned Widener::register_elements(FixedVectorType* t) {
  const unsigned n = unsigned(512 / layout_.getTypeStoreSizeInBits(t->getElementType()).getFixedValue());
  return t->getNumElements() % n == 0 ? n : t->getNumElements();
}

Value* Widener::load_registers(FixedVectorType* t, Value* at) {
  const unsigned n = register_elements(t);
  std::vector<Value*> pieces;
  for (unsigned first = 0; first < t->getNumElements(); first += n)
    pieces.push_back(b_.CreateAlignedLoad(FixedVectorType::get(t->getElementType(), n),
                                          b_.CreateConstGEP1_64(t->getElementType(), at, first), Align(1)));
  return concat(std::move(pieces));
}

void Widener::store_registers(Value* x, Value* at) {
  auto* t = cast<FixedVectorType>(x->getType());
  const unsigned n = register_elements(t);
  for (unsigned first = 0; first < t->getNumElements(); first += n)
    b_.CreateAlignedStore(slice(x, first, n), b_.CreateConstGEP1_64(t->getElementType(), at, first),
                          Align(1));
}

/// Of small elements in two loads of powers of two, the second up to the window's end: LLVM takes vectors of
/// odd lengths apart where they become masks. `order`: where the window's elements are.
Value* Widener::load_window(Type* t, unsigned elements, Value* at, std::vector<int>& order) {
  const unsigned n = bit_floor(elements), rest = elements - n;
  const bool in_one = rest == 0 || layout_.getTypeStoreSize(t).getFixedValue() > 2;
  order.resize(elements);
  for (unsigned i = 0; i < elements; i++) order[i] = int(in_one || i < n ? i : i - rest + n);
  if (in_one && elements == kLanes) return load_registers(FixedVectorType::get(t, elements), at);
  if (in_one) return b_.CreateAlignedLoad(FixedVectorType::get(t, elements), at, Align(1));
  Type* half = FixedVectorType::get(t, n);
  Value* last = b_.CreateAlignedLoad(half, b_.CreateGEP(t, at, b_.getInt64(rest)), Align(1));
  return concat({b_.CreateAlignedLoad(half, at, Align(1)), last});
}

// Component `k` of `parts` interleaved ones, lanes at base + shape.c. Null: no plan, gather instead.
bool Widener::load_linear(Type* t, Value* base, const Shape& shape, unsigned parts,
                          std::vector<Value*>& out) {
  const int64_t size = int64_t(layout_.getTypeStoreSize(t).getFixedValue());
  auto at = [&](int64_t offset) { return b_.CreateGEP(b_.getInt8Ty(), base, b_.getInt64(uint64_t(offset))); };
  if (const unsigned n = parts == 1 ? chunk_of(shape, size, true) : 0) {
    out.push_back(load_chunks(t, n, shape, [&](unsigned lane) { return at(shape.c[lane]); }));
    return true;
  }
  // AVX2 masks words only: a branch for each element of the window took minutes to compile.
  if (mask_ && !options_.avx512 && size < 4) return false;
  // A window: everything between the lowest and the highest lane in one load, then permutes.
  const int64_t low = shape.min_offset(), span = shape.max_offset() - low + size * parts;
  if (span > kMaxWindow) return false;
  for (const int64_t c : shape.c)
    if ((c - low) % size) return false;
  const unsigned elements = unsigned(span / size);
  Type* wt = FixedVectorType::get(t, elements);
  Value* window;
  std::vector<int> order(elements);
  std::iota(order.begin(), order.end(), 0);
  if (!mask_) {
    window = load_window(t, elements, at(low), order);
  } else {
    // Which lanes want each element: two at most, as where a row's index is clamped to its ends.
    std::vector<int> owners[2] = {std::vector<int>(elements, -1), std::vector<int>(elements, -1)};
    bool shared = false;
    for (unsigned l = 0; l < kLanes; l++)
      for (unsigned k = 0; k < parts; k++) {
        const unsigned element = unsigned((shape.c[l] - low) / size) + k;
        const bool second = owners[0][element] >= 0;
        if (owners[second][element] >= 0) return false;
        owners[second][element] = int(l);
        shared |= second;
      }
    for (auto& some : owners)
      for (int& o : some)
        if (o < 0) o = int(kLanes);  // a hole: never loaded
    Value* m = b_.CreateShuffleVector(mask_, no_lanes(), owners[0]);
    if (shared) m = b_.CreateOr(m, b_.CreateShuffleVector(mask_, no_lanes(), owners[1]));
    window = b_.CreateMaskedLoad(wt, at(low), Align(1), m, Constant::getNullValue(wt));
  }
  for (unsigned k = 0; k < parts; k++) {
    std::vector<int> pick(kLanes);
    for (unsigned l = 0; l < kLanes; l++) pick[l] = order[size_t((shape.c[l] - low) / size) + k];
    out.push_back(b_.CreateShuffleVector(window, pick));
  }
  return true;
}

// table + index * size, the size of what is loaded, or table + bytes, with an index of 32 bits that each lane
// has its own.
std::optional<Widener::IndexedAddress> Widener::indexed_address(Value* pointer, uint64_t size) const {
  IndexedAddress at;
  std::vector<Value*> terms{pointer};
  while (!terms.empty()) {
    Value* v = terms.back();
    terms.pop_back();
    auto* inst = dyn_cast<Instruction>(v);
    if (shapes_.uniform(v)) {
      at.uniform.push_back(v);
      continue;
    }
    if (!inst || !shapes_.of(v).is_varying()) return std::nullopt;
    const auto* gep = dyn_cast<GetElementPtrInst>(inst);
    if (inst->getOpcode() == Instruction::Add || (gep && gep->getSourceElementType()->isIntegerTy(8))) {
      if (gep && gep->getNumIndices() != 1) return std::nullopt;
      terms.push_back(inst->getOperand(0)), terms.push_back(inst->getOperand(1));
    } else if (isa<IntToPtrInst>(inst) || isa<PtrToIntInst>(inst)) {
      terms.push_back(inst->getOperand(0));
    } else if ((inst->getOpcode() == Instruction::Shl || isa<SExtInst>(inst) || isa<ZExtInst>(inst)) &&
               !at.index) {
      at.bytes = isa<CastInst>(inst);
      const auto* k = at.bytes ? nullptr : dyn_cast<ConstantInt>(inst->getOperand(1));
      auto* extension = at.bytes ? cast<CastInst>(inst) : dyn_cast<CastInst>(inst->getOperand(0));
      const bool is_signed = isa_and_nonnull<SExtInst>(extension);
      if (!extension || (!at.bytes && (!k || uint64_t(1) << k->getLimitedValue(63) != size)))
        return std::nullopt;
      if (!is_signed && !(isa<ZExtInst>(extension) && isKnownNonNegative(extension->getOperand(0), layout_)))
        return std::nullopt;
      at.index = extension->getOperand(0);
      if (!at.index->getType()->isIntegerTy(32) || !shapes_.of(at.index).is_varying()) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  return at.index ? std::optional(at) : std::nullopt;
}

/// Scalars of the lanes, where no plan reaches them.
Value* Widener::load_anywhere(Type* t, Value* pointer, uint64_t offset) {
  const uint64_t size = layout_.getTypeStoreSize(t).getFixedValue();
  if (!offset && !compact_ && options_.avx512 && (size == 4 || size == 8))
    if (const auto at = indexed_address(pointer, size)) return load_indexed(t, *at);
  if (plainly_linear(shapes_.of(pointer)))
    return concat({gather_half(t, half_pointers(pointer, 0, offset), half_mask(0)),
                   gather_half(t, half_pointers(pointer, kHalf, offset), half_mask(kHalf))});
  Value* pointers = vector(pointer);
  return load_varying(t, offset ? b_.CreateGEP(b_.getInt8Ty(), pointers, b_.getInt64(offset)) : pointers);
}

void Widener::store_anywhere(Value* value, Value* pointer) {
  if (!plainly_linear(shapes_.of(pointer))) return store_varying(value, vector(pointer));
  for (unsigned first = 0; first < kLanes; first += kHalf)
    scatter_half(slice(value, first, kHalf), half_pointers(pointer, first, 0), half_mask(first));
}

void Widener::emit_load(LoadInst& load) {
  if (is_moved(load)) return;  // by its store
  Value* p = load.getPointerOperand();
  const Shape shape = shapes_.of(p);
  Type* whole = load.getType();
  if (shape.is_uniform()) {
    auto* copy = cast<LoadInst>(load.clone());
    copy->setOperand(0, safe_if_off(scalar(p)));
    b_.Insert(copy);
    return set_scalar(&load, copy);
  }
  const unsigned parts = isa<FixedVectorType>(whole) ? part_count(whole) : 1;
  Type* t = isa<FixedVectorType>(whole) ? part_type(whole, 0) : whole;
  if (t->isIntegerTy(1) || t->isStructTy() || t->isArrayTy()) return fail("load of this type", &load);
  if (parts == 1) {
    const bool in_a_row = unwraps(shape) && chunk_of(shape, int64_t(layout_.getTypeStoreSize(t)), true);
    if (const uint32_t lanes = few_lanes(shape, in_a_row)) {
      Value* x = Constant::getNullValue(wide(t));
      for_few_lanes(lanes, p, [&](unsigned lane, Value* at) {
        x = b_.CreateInsertElement(x, b_.CreateAlignedLoad(t, at, Align(1)), uint64_t(lane));
      });
      return set_single(&load, x);
    }
    if (Value* x = load_pieces(t, p)) return set_single(&load, x);
  }
  std::vector<Value*> out;
  const bool linear = plainly_linear(shape);
  if (linear && load_linear(t, scalar(p), shape, parts, out)) {
    // As planned.
  } else if (Value* x = linear && parts == 1 ? load_runs(t, scalar(p), shape) : nullptr) {
    out = {x};
  } else {
    out = load.hasMetadata(kJoined) && !compact_ ? load_joined(whole, p) : load_objects(whole, p);
  }
  if (parts == 1) return set_single(&load, out[0]);
  for (unsigned k = 0; k < parts; k++) set_part(&load, k, out[k]);
}

// Lanes with small gaps between them: permuted to where they go, and stored under a mask that leaves the gaps
// alone. False: no plan.
bool Widener::store_window(Value* value, Value* pointer, const Shape& shape) {
  Type* t = cast<FixedVectorType>(value->getType())->getElementType();
  const int64_t size = int64_t(layout_.getTypeStoreSize(t).getFixedValue());
  const int64_t low = shape.min_offset(), span = shape.max_offset() - low + size;
  // AVX2's masked stores are of some widths only and take more registers than there are.
  if (!options_.avx512 || !plainly_linear(shape) || span > kMaxStoreWindow) return false;
  std::vector<int> owner(alignTo(size_t(span / size), kHalf), int(kLanes)), pick(owner.size());
  for (unsigned l = 0; l < kLanes; l++) {
    int& o = owner[size_t((shape.c[l] - low) / size)];
    if ((shape.c[l] - low) % size != 0 || o != int(kLanes)) return false;
    o = int(l);
  }
  for (size_t i = 0; i < owner.size(); i++) pick[i] = owner[i] == int(kLanes) ? -1 : owner[i];
  Value* mask = b_.CreateShuffleVector(mask_or_all(), no_lanes(), owner);
  Value* at = b_.CreateGEP(b_.getInt8Ty(), scalar(pointer), b_.getInt64(uint64_t(low)));
  b_.CreateMaskedStore(b_.CreateShuffleVector(value, pick), at, Align(1), mask);
  return true;
}

// Contiguous lanes (interleaved parts included) in one store a chunk. False: no plan.
bool Widener::store_linear(ArrayRef<Value*> values, const Shape& shape, function_ref<Value*(unsigned)> at) {
  Type* t = cast<FixedVectorType>(values[0]->getType())->getElementType();
  const unsigned parts = unsigned(values.size());
  const int64_t size = int64_t(layout_.getTypeStoreSize(t).getFixedValue());
  const unsigned n = chunk_of(shape, size * parts, false);
  if (!n) return false;
  for (unsigned l = 0; l < kLanes; l += n) {
    Value* p = at(l);
    std::vector<Value*> chunk;
    for (Value* v : values) chunk.push_back(slice(v, l, n));
    Value* m = mask_ ? slice(mask_, l, n) : nullptr;
    Value* data = chunk[0];
    if (parts > 1) {
      while (chunk.size() & (chunk.size() - 1)) chunk.push_back(PoisonValue::get(chunk[0]->getType()));
      Value* all = concat(chunk);
      std::vector<int> order(n * parts), lanes(n * parts);
      for (unsigned i = 0; i < n * parts; i++) {
        order[i] = int(i % parts * n + i / parts);
        lanes[i] = int(i / parts);
      }
      data = b_.CreateShuffleVector(all, order);
      if (m) m = b_.CreateShuffleVector(m, lanes);
    }
    if (m)
      b_.CreateMaskedStore(data, p, Align(1), m);
    else
      store_registers(data, p);
  }
  return true;
}

void Widener::emit_store(StoreInst& store) {
  Value *p = store.getPointerOperand(), *x = store.getValueOperand();
  if (auto* load = dyn_cast<LoadInst>(x); load && is_moved(*load)) return emit_move(*load, store);
  const Shape shape = shapes_.of(p);
  const unsigned parts = isa<FixedVectorType>(x->getType()) ? part_count(x->getType()) : 1;
  const bool tuple = isa<FixedVectorType>(x->getType());
  if (shape.is_uniform()) {
    auto* copy = cast<StoreInst>(store.clone());
    Value* value;
    if (shapes_.uniform(x)) {
      value = scalar(x);
    } else if (!tuple) {
      value = last_active(vector(x));
    } else {
      value = PoisonValue::get(x->getType());
      for (unsigned k = 0; k < parts; k++)
        value = b_.CreateInsertElement(value, last_active(part(x, k)), uint64_t(k));
    }
    copy->setOperand(0, value);
    copy->setOperand(1, safe_if_off(scalar(p)));
    b_.Insert(copy);
    return;
  }
  std::vector<Value*> values;
  for (unsigned k = 0; k < parts; k++) values.push_back(tuple ? part(x, k) : vector(x));
  Type* t = cast<FixedVectorType>(values[0]->getType())->getElementType();
  if (t->isIntegerTy(1) || t->isStructTy() || t->isArrayTy()) return fail("store of this type", &store);
  const bool in_a_row =
      unwraps(shape) && chunk_of(shape, int64_t(layout_.getTypeStoreSize(t)) * parts, false);
  if (const uint32_t lanes = parts == 1 ? few_lanes(shape, in_a_row) : 0)
    return for_few_lanes(lanes, p, [&](unsigned lane, Value* at) {
      b_.CreateAlignedStore(b_.CreateExtractElement(values[0], uint64_t(lane)), at, Align(1));
    });
  if (unwraps(shape) && store_linear(values, shape, [&](unsigned lane) { return lane_scalar(p, lane); }))
    return;
  if (parts == 1 && store_window(values[0], p, shape)) return;
  if (parts == 1 && plainly_linear(shape) && store_runs(values[0], scalar(p), shape)) return;
  const Whole how = moved_whole(x->getType());
  if (how == Whole::kRegister) return store_registers(x->getType(), values, p);
  const uint64_t size = layout_.getTypeStoreSize(t).getFixedValue();
  if (how == Whole::kElement) {
    Type* words = wide(b_.getIntNTy(unsigned(size) * parts * 8));
    return store_anywhere(b_.CreateBitCast(lanes_of(values, 0, kLanes), words), p);
  }
  if (parts == 1) return store_anywhere(values[0], p);
  if (plainly_linear(shape)) {
    for (unsigned k = 0; k < parts; k++)
      for (unsigned first = 0; first < kLanes; first += kHalf)
        scatter_half(slice(values[k], first, kHalf), half_pointers(p, first, k * size), half_mask(first));
    return;
  }
  Value* pointers = vector(p);
  for (unsigned k = 0; k < parts; k++)
    store_varying(values[k], k ? b_.CreateGEP(b_.getInt8Ty(), pointers, b_.getInt64(k * size)) : pointers);
}

}  // namespace ppu::simt
