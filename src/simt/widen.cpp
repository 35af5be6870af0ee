// Values and plain instructions of the widened function. Uniform and linear values stay scalars (a linear one
// is its lane-0 base, made by the same operation on the operands' bases); varying ones are <32 x T>.
#include "llvm/Analysis/VectorUtils.h"
#include "llvm/IR/IntrinsicInst.h"
#include "simt/names.h"
#include "simt/widener.h"

using namespace llvm;

namespace ppu::simt {

unsigned part_count(Type* t) {
  if (auto* v = dyn_cast<FixedVectorType>(t)) return v->getNumElements();
  if (auto* s = dyn_cast<StructType>(t)) return s->getNumElements();
  if (auto* a = dyn_cast<ArrayType>(t)) return unsigned(a->getNumElements());
  return 0;
}

Type* part_type(Type* t, unsigned k) {
  if (auto* v = dyn_cast<FixedVectorType>(t)) return v->getElementType();
  if (auto* a = dyn_cast<ArrayType>(t)) return a->getElementType();
  return cast<StructType>(t)->getElementType(k);
}

bool is_barrier(const CallInst& call) {
  const Function* f = call.getCalledFunction();
  return f && f->getName().starts_with(kBarPrefix);
}

bool is_whole_block_barrier(const CallInst& call, const WarpLayout& layout) {
  if (call.getCalledFunction()->getName() == kBarArrive) return false;
  const auto* count = dyn_cast<ConstantInt>(call.getArgOperand(1));
  return count && (count->isZero() || (layout.specialised() && count->getZExtValue() == layout.threads()));
}

Widener::Widener(const ShapeAnalysis& shapes, const Options& options, Function& target, bool is_kernel,
                 unsigned gang)
    : shapes_(shapes),
      options_(options),
      source_(shapes.function),
      target_(target),
      layout_(target.getParent()->getDataLayout()),
      context_(target.getContext()),
      b_(context_),
      is_kernel_(is_kernel),
      gang_(gang) {}

FunctionType* Widener::widened_type(FunctionType* scalar) {
  LLVMContext& c = scalar->getContext();
  Type* ptr = PointerType::getUnqual(c);
  Type* i32 = Type::getInt32Ty(c);
  auto wide = [](Type* t) { return FixedVectorType::get(t, kLanes); };
  std::vector<Type*> params{ptr, ptr, i32, i32};  // launch, block, warp, mask bits
  for (unsigned i = 2; i < scalar->getNumParams(); i++) params.push_back(wide(scalar->getParamType(i)));
  Type* r = scalar->getReturnType();
  if (const unsigned n = part_count(r)) {
    std::vector<Type*> parts;
    for (unsigned k = 0; k < n; k++) parts.push_back(wide(part_type(r, k)));
    r = StructType::get(c, parts);
  } else if (!r->isVoidTy()) {
    r = wide(r);
  }
  return FunctionType::get(r, params, false);
}

void Widener::fail(const Twine& why, const Instruction* at) {
  if (!error_.empty()) return;
  error_ = why.str();
  if (at) {
    raw_string_ostream out(error_);
    out << ":" << *at;
  }
}

BasicBlock* Widener::new_block(const Twine& name) {
  return BasicBlock::Create(context_, name, &target_);
}

AllocaInst* Widener::new_slot(Type* t) {
  IRBuilder<> at(slots_block_);
  return at.CreateAlloca(t);
}

AllocaInst* Widener::slot(Value* v, unsigned k, bool vector, Type* t) {
  const unsigned warp = shapes_.of(v).per_warp ? g_ : 0;
  AllocaInst*& s = (vector ? vector_slots_ : scalar_slots_)[{v, k, warp}];
  if (!s) s = new_slot(t);
  return s;
}

void Widener::set_scalar(Value* v, Value* x) {
  b_.CreateStore(x, slot(v, 0, false, x->getType()));
}
void Widener::set_vector(Value* v, Value* x) {
  b_.CreateStore(x, slot(v, 0, true, x->getType()));
}
void Widener::set_part(Value* v, unsigned k, Value* x) {
  b_.CreateStore(x, slot(v, k, true, x->getType()));
}

Constant* Widener::offsets(const LaneOffsets& c, Type* t) {
  std::vector<Constant*> k;
  for (const int64_t x : c) k.push_back(ConstantInt::get(t, uint64_t(x), true));
  return ConstantVector::get(k);
}

Value* Widener::bits_of(Value* mask) {
  return b_.CreateBitCast(mask, b_.getInt32Ty());
}
Value* Widener::mask_of(Value* bits) {
  return b_.CreateBitCast(bits, wide(b_.getInt1Ty()));
}
Value* Widener::any(Value* mask) {
  return b_.CreateICmpNE(bits_of(mask), b_.getInt32(0));
}
Value* Widener::all(Value* mask) {
  return b_.CreateICmpEQ(bits_of(mask), b_.getInt32(~0u));
}

Value* Widener::slice(Value* v, unsigned first, unsigned n) {
  if (n == cast<FixedVectorType>(v->getType())->getNumElements()) return v;
  std::vector<int> m(n);
  for (unsigned i = 0; i < n; i++) m[i] = int(first + i);
  return b_.CreateShuffleVector(v, m);
}

Value* Widener::concat(std::vector<Value*> parts) {
  while (parts.size() > 1) {
    std::vector<Value*> next;
    for (size_t i = 0; i < parts.size(); i += 2) {
      const unsigned n = cast<FixedVectorType>(parts[i]->getType())->getNumElements();
      std::vector<int> m(2 * n);
      for (unsigned k = 0; k < 2 * n; k++) m[k] = int(k);
      next.push_back(b_.CreateShuffleVector(parts[i], parts[i + 1], m));
    }
    parts = std::move(next);
  }
  return parts[0];
}

Value* Widener::by_chunks(ArrayRef<Value*> args, unsigned lanes, function_ref<Value*(ArrayRef<Value*>)> f) {
  std::vector<Value*> out;
  for (unsigned l = 0; l < kLanes; l += lanes) {
    std::vector<Value*> chunk;
    for (Value* a : args) chunk.push_back(slice(a, l, lanes));
    out.push_back(f(chunk));
  }
  return concat(std::move(out));
}

Value* Widener::scalar(Value* v) {
  if (isa<Constant>(v)) return v;
  if (auto* a = dyn_cast<Argument>(v)) {
    if (a->getArgNo() == 0) return launch_;
    if (a->getArgNo() == 1) return block_;
    return b_.CreateExtractElement(target_.getArg(a->getArgNo() + 2), uint64_t(0));
  }
  return b_.CreateLoad(v->getType(), slot(v, 0, false, v->getType()));
}

Value* Widener::vector(Value* v) {
  if (const auto at = webs_->place(v)) return load_tile_register(pending_[g_].memory, *at, v->getType());
  if (auto* a = dyn_cast<Argument>(v); a && a->getArgNo() >= 2) return target_.getArg(a->getArgNo() + 2);
  const Shape s = shapes_.of(v);
  if (in_lane_slots_only(v)) {
    std::vector<Value*> pieces;
    for (unsigned l = 0; l < kLanes; l += s.piece)
      pieces.push_back(b_.CreateVectorSplat(s.piece, lane_scalar(v, l)));
    return b_.CreateAdd(concat(std::move(pieces)), offsets(s.c, v->getType()));
  }
  if (s.is_varying()) return b_.CreateLoad(wide(v->getType()), slot(v, 0, true, wide(v->getType())));
  if (s.is_unknown()) return PoisonValue::get(wide(v->getType()));
  Value* base = scalar(v);
  if (!s.has_offsets) return splat(base);
  Value* wrapped = wrapping_of(s);  // null: nothing may have wrapped
  if (wrapped) base = opaque(base);
  if (!v->getType()->isPointerTy()) {
    Value* lanes = b_.CreateAdd(splat(base), offsets(s.c, v->getType()));
    return wrapped ? b_.CreateAdd(lanes, wrapped) : lanes;
  }
  Value* lanes = b_.CreateGEP(b_.getInt8Ty(), base, offsets(s.c, b_.getInt64Ty()));
  return wrapped ? b_.CreateGEP(b_.getInt8Ty(), lanes, wrapped) : lanes;
}

Value* Widener::part(Value* v, unsigned k) {
  if (const auto at = webs_->place(v, k))
    return load_tile_register(pending_[g_].memory, *at, part_type(v->getType(), k));
  if (auto* c = dyn_cast<Constant>(v)) return splat(c->getAggregateElement(k));
  const Shape s = shapes_.of(v);
  Type* t = part_type(v->getType(), k);
  if (s.is_unknown()) return PoisonValue::get(wide(t));
  if (s.is_varying()) return b_.CreateLoad(wide(t), slot(v, k, true, wide(t)));
  Value* whole = scalar(v);
  return splat(isa<FixedVectorType>(v->getType()) ? b_.CreateExtractElement(whole, uint64_t(k))
                                                  : b_.CreateExtractValue(whole, k));
}

// Lanes beyond the block's last thread don't exist. Null: all do.
Value* Widener::existing_lanes(Value* warp) {
  if (!is_kernel_) return mask_of(target_.getArg(3));
  if (shapes_.layout.full_warps()) return nullptr;
  Value* threads = target_.getArg(3);
  if (shapes_.layout.specialised()) threads = b_.getInt32(shapes_.layout.threads());
  Value* left = b_.CreateSub(threads, b_.CreateMul(warp, b_.getInt32(kLanes)));
  LaneOffsets lane;
  for (unsigned l = 0; l < kLanes; l++) lane[l] = l;
  return b_.CreateICmpULT(offsets(lane, b_.getInt32Ty()), splat(left));
}

std::set<BasicBlock*> Widener::blocks_with_lanes_off() const {
  std::set<BasicBlock*> off;
  for (const Region& r : regions_)
    for (BasicBlock* b : r.blocks)
      if (!r.all_walk(b)) off.insert(b);
  return off;
}

bool Widener::run() {
  slots_block_ = new_block("slots");
  launch_ = target_.getArg(0);
  block_ = target_.getArg(1);
  b_.SetInsertPoint(slots_block_);
  compact_ = many_irregular_accesses();
  regions_ = find_regions(shapes_);
  std::set<BasicBlock*> in_region;
  for (Region& r : regions_) in_region.insert(r.blocks.begin(), r.blocks.end());
  for (BasicBlock* b : shapes_.order())
    for (Instruction& inst : *b)
      if (auto* call = dyn_cast<CallInst>(&inst); call && is_barrier(*call))
        named_barriers_ |= !is_whole_block_barrier(*call, shapes_.layout);
  prepare_tiles(blocks_with_lanes_off());
  BasicBlock* start = new_block("start");
  for (BasicBlock* b : shapes_.order())
    if (!in_region.contains(b)) block_map_[b] = new_block(b->getName());
  for (Region& r : regions_) block_map_[r.entry] = new_block("region." + r.entry->getName());

  b_.SetInsertPoint(start);
  for (unsigned g = 0; g < gang_; g++) {
    Value* warp = g ? b_.CreateNUWAdd(target_.getArg(2), b_.getInt32(g)) : target_.getArg(2);
    // With its number known, which lanes of a small block's only warp exist is known too.
    if (is_kernel_ && shapes_.layout.specialised() && shapes_.layout.warps() == 1) warp = b_.getInt32(0);
    warps_.push_back(warp);
    entry_masks_.push_back(existing_lanes(warp));
  }
  for (const PendingTiles& p : pending_)
    if (queued_tiles_)
      for (AllocaInst* zero : {p.queue, p.round}) b_.CreateStore(b_.getInt32(0), zero);
  set_masks(entry_masks_);
  b_.CreateBr(block_map_.at(&source_.getEntryBlock()));
  for (BasicBlock* b : shapes_.order())
    if (!in_region.contains(b) && error_.empty()) convergent_block(b);
  for (Region& r : regions_)
    if (error_.empty()) emit_region(r);
  size_units();
  b_.SetInsertPoint(slots_block_);
  b_.CreateBr(start);
  separate_counters();
  return error_.empty();
}

void Widener::body(BasicBlock* block) {
  forget_expansions();
  body_ = block;
  std::vector<Instruction*> code;
  bool uses = false;
  for (Instruction& inst : *block) {
    uses |= uses_tiles(inst);
    if (!isa<PHINode>(inst) && !inst.isTerminator() && !webs_->place(&inst)) code.push_back(&inst);
  }
  if (uses) settle_tiles();
  tiles_wait_ = queued_tiles_ && !uses;
  emit_in_versions(std::move(code));
  flush_tiles();
}

void Widener::emit_all(ArrayRef<Instruction*> code) {
  for (Instruction* inst : code) {
    if (!error_.empty()) return;
    if (reads_pending_tile(*inst)) flush_tiles();
    if (once_for_gang(*inst)) {
      select_gang();
      emit(*inst);
      select_warp(0);
    } else if (!emit_rows(*inst)) {
      for_each_warp([&] { emit(*inst); });
    }
  }
}

void Widener::emit(Instruction& inst) {
  const Shape s = shapes_.of(&inst);
  if (s.is_unknown()) return;  // only reached with undefined operands
  if (auto* load = dyn_cast<LoadInst>(&inst)) return emit_load(*load);
  if (auto* store = dyn_cast<StoreInst>(&inst)) return emit_store(*store);
  if (auto* rmw = dyn_cast<AtomicRMWInst>(&inst)) return emit_atomic_rmw(*rmw);
  if (auto* cas = dyn_cast<AtomicCmpXchgInst>(&inst)) return emit_cmpxchg(*cas);
  if (isa<FenceInst>(inst)) {
    b_.Insert(inst.clone());
    return;
  }
  if (auto* a = dyn_cast<AllocaInst>(&inst)) {
    // One object a lane, side by side.
    IRBuilder<> at(slots_block_);
    auto* array = at.CreateAlloca(ArrayType::get(a->getAllocatedType(), kLanes));
    array->setAlignment(std::max(a->getAlign(), Align(16)));
    LaneOffsets c;
    const auto size = layout_.getTypeAllocSize(a->getAllocatedType()).getFixedValue();
    for (unsigned l = 0; l < kLanes; l++) c[l] = int64_t(l * size);
    set_vector(&inst, b_.CreateGEP(b_.getInt8Ty(), array, offsets(c, b_.getInt64Ty())));
    return;
  }
  if (s.is_uniform() && exchanged_bit(inst) &&
      !(shapes_.uniform(inst.getOperand(0)) && shapes_.uniform(inst.getOperand(1)))) {
    // Lanes differ no longer.
    auto* call = dyn_cast<CallInst>(&inst);
    return set_scalar(&inst,
                      b_.CreateExtractElement(call ? wide_intrinsic(*call) : wide_op(inst), uint64_t(0)));
  }
  if (auto* call = dyn_cast<CallInst>(&inst)) return emit_call(*call);
  if (s.is_linear()) return emit_scalar(inst);
  bool aggregate = part_count(inst.getType()) != 0;
  for (Value* o : inst.operands()) aggregate |= part_count(o->getType()) != 0;
  if (aggregate) return emit_aggregate(inst);
  set_vector(&inst, wide_op(inst));
}

// The operation itself on scalars: uniform operands, or the bases of linear ones.
void Widener::emit_scalar(Instruction& inst) {
  if (inst.getType()->isVoidTy()) return;
  const bool linear = shapes_.of(&inst).has_offsets;
  if (linear && inst.getOpcode() == Instruction::Or) {
    // `or disjoint`: the bases alone need not be disjoint.
    set_scalar(&inst, b_.CreateAdd(scalar(inst.getOperand(0)), scalar(inst.getOperand(1))));
    return;
  }
  Instruction* copy = inst.clone();
  if (mask_ || linear) copy->dropPoisonGeneratingFlags();
  for (unsigned i = 0; i < copy->getNumOperands(); i++) copy->setOperand(i, scalar(inst.getOperand(i)));
  // A warp of a gang may come along with all its lanes off: what it would divide by is anything.
  if (inst.isIntDivRem() && gang_ > 1 && mask_)
    copy->setOperand(1,
                     b_.CreateSelect(any(mask_), copy->getOperand(1), ConstantInt::get(inst.getType(), 1)));
  copy->setDebugLoc({});
  b_.Insert(copy);
  set_scalar(&inst, copy);
}

/// x / y before it is cut off, of whole numbers of 32 bits and one divisor: (|x| + 1/2) / |y| lies 1/2|y| or
/// more from any whole number, and what the reciprocal and the product are rounded by, 2^-52 of 2^32/|y| at
/// most, is less.
Value* Widener::quotients_by_one(Value* x, Value* y, bool is_signed) {
  Type* f64 = b_.getDoubleTy();
  Value* divisor = is_signed ? b_.CreateSIToFP(y, f64) : b_.CreateUIToFP(y, f64);
  Value* reciprocal = b_.CreateFDiv(ConstantFP::get(f64, 1), divisor);
  Value* half = splat(b_.CreateFMul(reciprocal, ConstantFP::get(f64, 0.5)));
  if (is_signed) {  // away from zero
    Type* i64 = wide(b_.getInt64Ty());
    Value* sign = b_.CreateAnd(b_.CreateBitCast(x, i64), splat(b_.getInt64(uint64_t(1) << 63)));
    half = b_.CreateBitCast(b_.CreateXor(b_.CreateBitCast(half, i64), sign), half->getType());
  }
  return b_.CreateIntrinsic(Intrinsic::fma, {x->getType()}, {x, splat(reciprocal), half});
}

Value* Widener::wide_binary(BinaryOperator& op) {
  Value *x = vector(op.getOperand(0)), *y = vector(op.getOperand(1));
  const unsigned code = op.getOpcode();
  const bool is_signed = code == Instruction::SDiv || code == Instruction::SRem;
  const bool is_rem = code == Instruction::URem || code == Instruction::SRem;
  // `or disjoint`: lanes that are off need not be, and yet others may go by their value.
  if (shapes_.of(&op).piece && code == Instruction::Or && cast<PossiblyDisjointInst>(op).isDisjoint())
    return b_.CreateAdd(x, y);
  if (!is_signed && !is_rem && code != Instruction::UDiv)
    return b_.CreateBinOp(Instruction::BinaryOps(code), x, y);
  // Dead lanes must not trap.
  if (mask_) y = b_.CreateSelect(mask_, y, splat(ConstantInt::get(op.getType(), 1)));
  if (isa<Constant>(op.getOperand(1))) return b_.CreateBinOp(Instruction::BinaryOps(code), x, y);
  Value* divisor = shapes_.uniform(op.getOperand(1)) ? scalar(op.getOperand(1)) : nullptr;
  if (op.getType()->getIntegerBitWidth() <= 32) return quotient(x, y, divisor, is_signed, is_rem);
  // Numbers of 64 bits are divided one after another. Mostly they are small.
  Value* high = b_.CreateLShr(b_.CreateOr(x, y), 32);
  if (mask_) high = b_.CreateSelect(mask_, high, Constant::getNullValue(high->getType()));
  BasicBlock *small = new_block("small"), *large = new_block("large"), *done = new_block("divided");
  AllocaInst* out = new_slot(x->getType());
  b_.CreateCondBr(any(b_.CreateIsNotNull(high)), large, small);
  b_.SetInsertPoint(small);
  Type *i32 = b_.getInt32Ty(), *words = wide(i32);
  Value* low = quotient(b_.CreateTrunc(x, words), b_.CreateTrunc(y, words),
                        divisor ? b_.CreateTrunc(divisor, i32) : nullptr, false, is_rem);
  b_.CreateStore(b_.CreateZExt(low, x->getType()), out);
  b_.CreateBr(done);
  b_.SetInsertPoint(large);
  b_.CreateStore(b_.CreateBinOp(Instruction::BinaryOps(code), x, y), out);
  b_.CreateBr(done);
  b_.SetInsertPoint(done);
  return b_.CreateLoad(x->getType(), out);
}

/// x / y or what is left, of numbers of 32 bits or fewer; `divisor`: y, where it's one of all lanes. 32-bit
/// quotients are exact in f64: a/b differs from the next integer by at least 1/b, relatively 1/a >= 2^-32.
Value* Widener::quotient(Value* x, Value* y, Value* divisor, bool is_signed, bool is_rem) {
  Type* f64 = wide(b_.getDoubleTy());
  const auto to_f64 = [&](Value* v) { return is_signed ? b_.CreateSIToFP(v, f64) : b_.CreateUIToFP(v, f64); };
  Value* q = divisor ? quotients_by_one(to_f64(x), divisor, is_signed) : b_.CreateFDiv(to_f64(x), to_f64(y));
  // In range: scalar code that divides by zero, or the smallest number by -1, would be undefined already.
  // (The saturating conversions would be taken apart into scalars.)
  q = is_signed ? b_.CreateFPToSI(q, x->getType()) : b_.CreateFPToUI(q, x->getType());
  return is_rem ? b_.CreateSub(x, b_.CreateMul(q, y)) : q;
}

Value* Widener::wide_op(Instruction& inst) {
  auto v = [&](unsigned i) { return vector(inst.getOperand(i)); };
  if (auto* op = dyn_cast<BinaryOperator>(&inst)) return wide_binary(*op);
  if (auto* cast = dyn_cast<CastInst>(&inst))
    return b_.CreateCast(cast->getOpcode(), v(0), wide(inst.getType()));
  if (auto* cmp = dyn_cast<CmpInst>(&inst)) return b_.CreateCmp(cmp->getPredicate(), v(0), v(1));
  if (isa<UnaryOperator>(inst)) return b_.CreateFNeg(v(0));
  if (isa<FreezeInst>(inst)) return b_.CreateFreeze(v(0));
  if (isa<SelectInst>(inst)) {
    Value* c = inst.getOperand(0);
    return b_.CreateSelect(shapes_.uniform(c) ? scalar(c) : vector(c), v(1), v(2));
  }
  if (auto* gep = dyn_cast<GetElementPtrInst>(&inst)) {
    if (gep->getNumIndices() != 1) {
      fail("address computation with several indices", &inst);
      return PoisonValue::get(wide(inst.getType()));
    }
    Value* p = gep->getPointerOperand();
    Value* base = shapes_.uniform(p) ? scalar(p) : vector(p);
    return b_.CreateGEP(gep->getSourceElementType(), base, v(1));
  }
  fail("instruction has no 32-lane form", &inst);
  return PoisonValue::get(wide(inst.getType()));
}

// Vector and struct values are kept as parts, one <32 x T> each.
void Widener::emit_aggregate(Instruction& inst) {
  const unsigned n = part_count(inst.getType());
  auto constant_index = [&](unsigned operand) -> int {
    auto* k = dyn_cast<ConstantInt>(inst.getOperand(operand));
    return k ? int(k->getZExtValue()) : -1;
  };
  if (isa<ExtractElementInst>(inst)) {
    const int k = constant_index(1);
    if (k < 0) return fail("vector indexed by a run-time value", &inst);
    return set_vector(&inst, part(inst.getOperand(0), unsigned(k)));
  }
  if (auto* extract = dyn_cast<ExtractValueInst>(&inst)) {
    if (extract->getNumIndices() != 1 || n) return fail("nested aggregate", &inst);
    if (fragments_->holds(extract->getAggregateOperand())) return;  // products take them all from memory
    return set_vector(&inst, part(inst.getOperand(0), extract->getIndices()[0]));
  }
  for (unsigned k = 0; k < n; k++) {
    Value* x = nullptr;
    if (isa<InsertElementInst>(inst)) {
      const int at = constant_index(2);
      if (at < 0) return fail("vector indexed by a run-time value", &inst);
      x = unsigned(at) == k ? vector(inst.getOperand(1)) : part(inst.getOperand(0), k);
    } else if (auto* insert = dyn_cast<InsertValueInst>(&inst)) {
      if (insert->getNumIndices() != 1) return fail("nested aggregate", &inst);
      x = insert->getIndices()[0] == k ? vector(inst.getOperand(1)) : part(inst.getOperand(0), k);
    } else if (auto* shuffle = dyn_cast<ShuffleVectorInst>(&inst)) {
      const unsigned width = part_count(shuffle->getOperand(0)->getType());
      const int from = shuffle->getMaskValue(k);
      x = from < 0                 ? PoisonValue::get(wide(part_type(inst.getType(), k)))
          : unsigned(from) < width ? part(shuffle->getOperand(0), unsigned(from))
                                   : part(shuffle->getOperand(1), unsigned(from) - width);
    } else if (isa<SelectInst>(inst)) {
      Value* c = inst.getOperand(0);
      x = b_.CreateSelect(shapes_.uniform(c) ? scalar(c) : vector(c), part(inst.getOperand(1), k),
                          part(inst.getOperand(2), k));
    } else if (isa<FreezeInst>(inst)) {
      x = b_.CreateFreeze(part(inst.getOperand(0), k));
    } else if (auto* op = dyn_cast<BinaryOperator>(&inst)) {
      x = b_.CreateBinOp(op->getOpcode(), part(op->getOperand(0), k), part(op->getOperand(1), k));
    } else if (auto* cast = dyn_cast<CastInst>(&inst);
               cast && part_count(cast->getOperand(0)->getType()) == n) {
      x = b_.CreateCast(cast->getOpcode(), part(cast->getOperand(0), k), wide(part_type(inst.getType(), k)));
    } else if (isa<BitCastInst>(inst)) {
      break;
    } else {
      return fail("vector instruction has no 32-lane form", &inst);
    }
    set_part(&inst, k, x);
  }
  if (!isa<BitCastInst>(inst) || (n && part_count(inst.getOperand(0)->getType()) == n)) return;
  // Bit casts that regroup parts: through one integer a lane.
  Value* from = inst.getOperand(0);
  const unsigned total = unsigned(layout_.getTypeSizeInBits(inst.getType()).getFixedValue());
  Type* whole = wide(b_.getIntNTy(total));
  Value* bits;
  if (const unsigned m = part_count(from->getType())) {
    bits = Constant::getNullValue(whole);
    for (unsigned k = 0; k < m; k++) {
      // A part that nobody reads may be undefined; it mustn't make the others so.
      Value* x = b_.CreateFreeze(b_.CreateBitCast(part(from, k), wide(b_.getIntNTy(total / m))));
      bits = b_.CreateOr(bits, b_.CreateShl(b_.CreateZExt(x, whole), uint64_t(k) * (total / m)));
    }
  } else {
    bits = b_.CreateBitCast(vector(from), whole);
  }
  if (!n) return set_vector(&inst, b_.CreateBitCast(bits, wide(inst.getType())));
  for (unsigned k = 0; k < n; k++) {
    Value* x = b_.CreateTrunc(b_.CreateLShr(bits, uint64_t(k) * (total / n)), wide(b_.getIntNTy(total / n)));
    set_part(&inst, k, b_.CreateBitCast(x, wide(part_type(inst.getType(), k))));
  }
}

Value* Widener::wide_intrinsic(CallInst& call) {
  const Intrinsic::ID id = call.getIntrinsicID();
  std::vector<Value*> args;
  std::vector<Type*> overloads;
  if (isVectorIntrinsicWithOverloadTypeAtArg(id, -1)) overloads.push_back(wide(call.getType()));
  for (unsigned i = 0; i < call.arg_size(); i++) {
    Value* a = call.getArgOperand(i);
    const bool keep = isVectorIntrinsicWithScalarOpAtArg(id, i);
    args.push_back(keep ? scalar(a) : vector(a));
    if (isVectorIntrinsicWithOverloadTypeAtArg(id, int(i))) overloads.push_back(args.back()->getType());
  }
  return b_.CreateIntrinsic(id, overloads, args);
}

void Widener::emit_call(CallInst& call) {
  Function* callee = call.getCalledFunction();
  if (!callee) return fail("call through an unknown pointer", &call);
  const StringRef name = callee->getName();
  if (const Intrinsic::ID id = call.getIntrinsicID(); id != Intrinsic::not_intrinsic) {
    if (call.isLifetimeStartOrEnd() || isa<DbgInfoIntrinsic>(call) || id == Intrinsic::assume ||
        id == Intrinsic::experimental_noalias_scope_decl)
      return;
    if (id == Intrinsic::prefetch) return emit_prefetch(call);
    const Shape s = shapes_.of(&call);
    if (s.is_uniform() && !call.getType()->isVoidTy()) return emit_scalar(call);
    if (isTriviallyVectorizable(id)) return set_vector(&call, wide_intrinsic(call));
    // Anything else (memcpy of a parameter, ...): lane by lane.
    std::vector<AllocaInst*> args(call.arg_size());
    for (unsigned i = 0; i < call.arg_size(); i++)
      if (!isa<Constant>(call.getArgOperand(i))) args[i] = spilled(vector(call.getArgOperand(i)));
    AllocaInst* out = call.getType()->isVoidTy() ? nullptr : new_slot(wide(call.getType()));
    for_each_lane(mask_or_all(), [&](Value* lane) {
      Instruction* copy = call.clone();
      for (unsigned i = 0; i < call.arg_size(); i++)
        if (args[i]) copy->setOperand(i, lane_of(args[i], call.getArgOperand(i)->getType(), lane));
      b_.Insert(copy);
      if (out) b_.CreateStore(copy, b_.CreateGEP(call.getType(), out, lane));
    });
    if (out) set_vector(&call, b_.CreateLoad(wide(call.getType()), out));
    return;
  }
  if (!callee->isDeclaration()) return emit_device_call(call);
  if (!emit_warp_op(call, name)) fail("call of an unknown function " + name, &call);
}

}  // namespace ppu::simt
