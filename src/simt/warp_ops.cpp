// The ppu.* operations of the scalar-IR contract (simt.h) on a whole warp.
#include <cstddef>

#include "exec/kernel_abi.h"
#include "exec/texture_abi.h"
#include "llvm/IR/IntrinsicsX86.h"
#include "llvm/IR/MDBuilder.h"
#include "simt/byte_products.h"
#include "simt/names.h"
#include "simt/runtime_calls.h"
#include "simt/suspend.h"
#include "simt/widener.h"

using namespace llvm;

namespace ppu::simt {
namespace {

constexpr LaneOffsets lane_numbers() {
  LaneOffsets c{};
  for (unsigned l = 0; l < kLanes; l++) c[l] = l;
  return c;
}

}  // namespace

Value* Widener::linear_tid() {
  Value* first = b_.CreateMul(warp_, b_.getInt32(kLanes));
  return b_.CreateAdd(splat(first), offsets(lane_numbers(), b_.getInt32Ty()));
}

Value* Widener::thread_of(Value* lane) {
  Value* l = b_.CreateZExtOrTrunc(lane, b_.getInt32Ty());
  return b_.CreateAdd(b_.CreateMul(warp_, b_.getInt32(kLanes)), l);
}

// %tid from the warp number: threads are numbered x first (CUDA C++ Programming Guide, thread hierarchy).
void Widener::emit_thread_index(CallInst& call, StringRef name) {
  const unsigned axis = name == kTidX ? 0 : name == kTidY ? 1 : 2;
  const WarpLayout& layout = shapes_.layout;
  auto extent = [&](unsigned i) -> Value* {
    if (layout.specialised()) return b_.getInt32(layout.block[i]);
    Value* p = b_.CreateConstGEP1_64(b_.getInt8Ty(), launch_, offsetof(exec::LaunchArgs, block) + 4 * i);
    return b_.CreateLoad(b_.getInt32Ty(), p);
  };
  const Shape s = shapes_.of(&call);
  const bool linear = s.is_linear();
  Value* t = linear ? b_.CreateMul(warp_, b_.getInt32(kLanes)) : linear_tid();
  if (layout.specialised() && layout.threads() == layout.block[axis]) {  // the only axis
    linear ? set_scalar(&call, t) : set_vector(&call, t);
    return;
  }
  auto spread = [&](Value* x) { return linear ? x : splat(x); };
  if (axis == 0) {
    t = b_.CreateURem(t, spread(extent(0)));
  } else {
    t = b_.CreateUDiv(t, spread(extent(0)));
    t = axis == 1 ? b_.CreateURem(t, spread(extent(1))) : b_.CreateUDiv(t, spread(extent(1)));
  }
  linear ? set_scalar(&call, t) : set_vector(&call, t);
}

// shfl.sync (PTX ISA 9.7.9.6): j is the source lane, p whether it lies in range.
void Widener::emit_shuffle(CallInst& call, StringRef mode) {
  Value *a = vector(call.getArgOperand(0)), *b = call.getArgOperand(1), *c = call.getArgOperand(2);
  if (shapes_.uniform(&call)) {
    Value* from = b_.CreateAnd(scalar(b), b_.getInt32(kLanes - 1));
    Value* both = b_.CreateInsertValue(PoisonValue::get(call.getType()), b_.CreateExtractElement(a, from), 0);
    return set_scalar(&call, b_.CreateInsertValue(both, b_.getTrue(), 1));
  }
  auto *kb = dyn_cast<ConstantInt>(b), *kc = dyn_cast<ConstantInt>(c);
  if (kb && kc) {
    const uint64_t bv = kb->getZExtValue() & 31, cv = kc->getZExtValue() & 31,
                   seg = kc->getZExtValue() >> 8 & 31;
    std::vector<int> from(kLanes);
    std::vector<Constant*> in_range;
    for (uint64_t l = 0; l < kLanes; l++) {
      const int64_t last = int64_t((l & seg) | (cv & ~seg)), first = int64_t(l & seg);
      int64_t j = mode == "up"     ? int64_t(l) - int64_t(bv)
                  : mode == "down" ? int64_t(l + bv)
                  : mode == "bfly" ? int64_t(l ^ bv)
                                   : first | int64_t(bv & ~seg);
      const bool ok = mode == "up" ? j >= last : j <= last;
      from[l] = int(ok ? j : int64_t(l));
      in_range.push_back(b_.getInt1(ok));
    }
    set_part(&call, 0, b_.CreateShuffleVector(a, from));
    set_part(&call, 1, ConstantVector::get(in_range));
    return;
  }
  Type* i32 = b_.getInt32Ty();
  Value* lane = offsets(lane_numbers(), i32);
  Value* bv = b_.CreateAnd(vector(b), splat(b_.getInt32(31)));
  Value* cv = vector(c);
  Value* clamp = b_.CreateAnd(cv, splat(b_.getInt32(31)));
  Value* seg = b_.CreateAnd(b_.CreateLShr(cv, splat(b_.getInt32(8))), splat(b_.getInt32(31)));
  Value* first = b_.CreateAnd(lane, seg);
  Value* last = b_.CreateOr(first, b_.CreateAnd(clamp, b_.CreateNot(seg)));
  Value* j = mode == "up"     ? b_.CreateSub(lane, bv)
             : mode == "down" ? b_.CreateAdd(lane, bv)
             : mode == "bfly" ? b_.CreateXor(lane, bv)
                              : b_.CreateOr(first, b_.CreateAnd(bv, b_.CreateNot(seg)));
  Value* ok = mode == "up" ? b_.CreateICmpSGE(j, last) : b_.CreateICmpSLE(j, last);
  j = b_.CreateSelect(ok, j, lane);
  Value* moved;
  if (options_.avx512) {
    Value *lo = slice(a, 0, 16), *hi = slice(a, 16, 16);
    moved = by_chunks({j}, 16, [&](ArrayRef<Value*> x) -> Value* {
      return b_.CreateIntrinsic(Intrinsic::x86_avx512_vpermi2var_d_512, {}, {lo, x[0], hi});
    });
  } else {
    AllocaInst* array = spilled(a);
    Value* index = b_.CreateZExt(b_.CreateAnd(j, splat(b_.getInt32(31))), wide(b_.getInt64Ty()));
    moved = PoisonValue::get(wide(i32));
    for (unsigned l = 0; l < kLanes; l++) {
      Value* x = b_.CreateLoad(i32, b_.CreateGEP(i32, array, b_.CreateExtractElement(index, uint64_t(l))));
      moved = b_.CreateInsertElement(moved, x, uint64_t(l));
    }
  }
  set_part(&call, 0, moved);
  set_part(&call, 1, ok);
}

void Widener::emit_match(CallInst& call, bool all) {
  Value *a = vector(call.getArgOperand(0)), *members = vector(call.getArgOperand(1));
  Type *t = cast<FixedVectorType>(a->getType())->getElementType(), *i32 = b_.getInt32Ty();
  Value* active = bits_of(mask_or_all());
  AllocaInst *values = spilled(a), *sets = spilled(Constant::getNullValue(wide(i32)));
  for_each_lane(mask_or_all(), [&](Value* lane) {
    Value* equal = b_.CreateICmpEQ(a, splat(lane_of(values, t, lane)));
    b_.CreateStore(bits_of(equal), b_.CreateGEP(i32, sets, lane));
  });
  Value* group = b_.CreateAnd(splat(active), members);
  Value* equal = b_.CreateAnd(b_.CreateLoad(wide(i32), sets), group);
  if (!all) return set_vector(&call, equal);
  Value* agree = b_.CreateICmpEQ(equal, group);
  set_part(&call, 0, b_.CreateSelect(agree, group, Constant::getNullValue(group->getType())));
  set_part(&call, 1, agree);
}

void Widener::emit_redux(CallInst& call, StringRef op) {
  struct Kind {
    StringLiteral name;
    Intrinsic::ID id;
    uint32_t neutral;
  };
  static const Kind kKinds[] = {{"add", Intrinsic::vector_reduce_add, 0},
                                {"min", Intrinsic::vector_reduce_smin, 0x7fffffff},
                                {"max", Intrinsic::vector_reduce_smax, 0x80000000},
                                {"umin", Intrinsic::vector_reduce_umin, 0xffffffff},
                                {"umax", Intrinsic::vector_reduce_umax, 0},
                                {"and", Intrinsic::vector_reduce_and, 0xffffffff},
                                {"or", Intrinsic::vector_reduce_or, 0},
                                {"xor", Intrinsic::vector_reduce_xor, 0}};
  const Kind* kind = nullptr;
  for (const Kind& k : kKinds)
    if (op == k.name) kind = &k;
  if (!kind) return fail("unknown reduction " + op, &call);
  Value *a = vector(call.getArgOperand(0)), *member = call.getArgOperand(1);
  auto reduced = [&](Value* member_bits) -> Value* {
    Value* lanes = b_.CreateAnd(mask_or_all(), mask_of(member_bits));
    Value* v = b_.CreateSelect(lanes, a, splat(b_.getInt32(kind->neutral)));
    return b_.CreateIntrinsic(kind->id, {v->getType()}, {v});
  };
  if (shapes_.uniform(member)) return set_scalar(&call, reduced(scalar(member)));
  Type* i32 = b_.getInt32Ty();
  AllocaInst *members = spilled(vector(member)), *out = spilled(Constant::getNullValue(wide(i32)));
  for_each_lane(mask_or_all(), [&](Value* lane) {
    b_.CreateStore(reduced(lane_of(members, i32, lane)), b_.CreateGEP(i32, out, lane));
  });
  set_vector(&call, b_.CreateLoad(wide(i32), out));
}

void Widener::emit_suspend(unsigned kind) {
  forget_expansions();
  flush_tiles();
  FunctionCallee f = target_.getParent()->getOrInsertFunction(kSuspend, b_.getVoidTy(), b_.getInt32Ty());
  // One place in the code: warps that came to it by different ways wait for each other there.
  CallInst* call = b_.CreateCall(f, {b_.getInt32(kind)});
  call->addFnAttr(Attribute::NoDuplicate);
  call->addFnAttr(Attribute::Convergent);
  suspend_count_++;
}

void Widener::emit_barrier(CallInst& call, StringRef name) {
  if (!is_kernel_) return fail("barrier inside a function that could not be inlined", &call);
  Module* m = target_.getParent();
  Type* i32 = b_.getInt32Ty();
  if (named_barriers_) {
    auto operand = [&](unsigned i) {
      Value* v = call.getArgOperand(i);
      return shapes_.uniform(v) ? scalar(v) : last_active(vector(v));
    };
    const StringRef hook = name == kBarArrive ? kBarrierArrive : kBarrierWait;
    b_.CreateCall(m->getOrInsertFunction(hook, b_.getVoidTy(), i32, i32), {operand(0), operand(1)});
  }
  if (name == kBarArrive) return;
  if (name == kBarSync) return emit_suspend(kSuspendBarrier);
  // bar.red: each warp leaves its count before the barrier and adds up all warps' counts behind it.
  Value* packed = b_.getInt32(0);
  for_each_warp([&] {
    Value* on = b_.CreateAnd(vector(call.getArgOperand(2)), mask_or_all());
    Value* hits = b_.CreateUnaryIntrinsic(Intrinsic::ctpop, bits_of(on));
    Value* lanes = b_.CreateUnaryIntrinsic(Intrinsic::ctpop, bits_of(mask_or_all()));
    packed = b_.CreateAdd(packed, b_.CreateOr(b_.CreateShl(lanes, 16), hits));
  });
  b_.CreateCall(m->getOrInsertFunction(kReducePut, b_.getVoidTy(), i32), {packed});
  emit_suspend(kSuspendBarrier);
  Value* total = b_.CreateCall(m->getOrInsertFunction(kReduceGet, i32), {});
  Value *sum = b_.CreateAnd(total, 0xffff), *voters = b_.CreateLShr(total, 16);
  const StringRef op = name.substr(kBarRedPrefix.size());
  Value* r = op == "popc"  ? sum
             : op == "and" ? b_.CreateZExt(b_.CreateICmpEQ(sum, voters), i32)
                           : b_.CreateZExt(b_.CreateICmpNE(sum, b_.getInt32(0)), i32);
  set_scalar(&call, r);
}

// Embedded rounding on AVX-512; elsewhere lane by lane through the runtime's fround helpers.
Value* Widener::directed_rounding(CallInst& call, StringRef name) {
  StringRef rest = name.drop_front(kFloatPrefix.size());
  const auto [op, tail] = rest.split('.');
  const auto [mode, type] = tail.split('.');
  const bool is_double = type == "f64";
  const unsigned rounding = mode == "rm" ? 9 : mode == "rp" ? 10 : mode == "rz" ? 11 : 8;
  std::vector<Value*> args;
  for (Value* a : call.args()) args.push_back(vector(a));
  if (options_.avx512) {
    const unsigned chunk = is_double ? 8 : 16;
    struct Row {
      StringLiteral op;
      Intrinsic::ID f32, f64;
    };
    static const Row kRows[] = {
        {"add", Intrinsic::x86_avx512_add_ps_512, Intrinsic::x86_avx512_add_pd_512},
        {"sub", Intrinsic::x86_avx512_sub_ps_512, Intrinsic::x86_avx512_sub_pd_512},
        {"mul", Intrinsic::x86_avx512_mul_ps_512, Intrinsic::x86_avx512_mul_pd_512},
        {"div", Intrinsic::x86_avx512_div_ps_512, Intrinsic::x86_avx512_div_pd_512},
        {"fma", Intrinsic::x86_avx512_vfmadd_ps_512, Intrinsic::x86_avx512_vfmadd_pd_512},
        {"sqrt", Intrinsic::x86_avx512_sqrt_ps_512, Intrinsic::x86_avx512_sqrt_pd_512}};
    for (const Row& row : kRows)
      if (op == row.op)
        return by_chunks(args, chunk, [&](ArrayRef<Value*> x) -> Value* {
          std::vector<Value*> a(x.begin(), x.end());
          a.push_back(b_.getInt32(rounding));
          return b_.CreateIntrinsic(is_double ? row.f64 : row.f32, {}, a);
        });
  }
  const auto selected = rounding_selector(name);
  if (!selected) {
    fail("unknown rounded operation " + name, &call);
    return PoisonValue::get(wide(call.getType()));
  }
  Value* helper = runtime_helper(is_double ? "fround_f64" : "fround_f32");
  Type* t = call.getType();
  std::vector<AllocaInst*> spilt;
  for (Value* a : args) spilt.push_back(spilled(a));
  AllocaInst* out = new_slot(wide(t));
  FunctionType* ft = FunctionType::get(t, {b_.getInt32Ty(), t, t, t}, false);
  Value* selector = b_.getInt32(*selected);
  // A uniform result is read from lane 0, which may be off here: there is one value to compute, so do so.
  if (shapes_.uniform(&call)) {
    std::vector<Value*> a{selector};
    for (unsigned i = 0; i < 3; i++)
      a.push_back(i < args.size() ? scalar(call.getArgOperand(i)) : (Value*)ConstantFP::get(t, 0));
    return b_.CreateVectorSplat(unsigned(cast<FixedVectorType>(wide(t))->getNumElements()),
                                b_.CreateCall(ft, helper, a));
  }
  for_each_lane(mask_or_all(), [&](Value* lane) {
    std::vector<Value*> a{selector};
    for (unsigned i = 0; i < 3; i++)
      a.push_back(i < spilt.size() ? lane_of(spilt[i], t, lane) : (Value*)ConstantFP::get(t, 0));
    b_.CreateStore(b_.CreateCall(ft, helper, a), b_.CreateGEP(t, out, lane));
  });
  return b_.CreateLoad(wide(t), out);
}

Value* Widener::runtime_helper(StringRef name) {
  const auto slot = helper_slot(name);
  return slot ? load_helper(b_, launch_, *slot) : nullptr;
}

void Widener::emit_runtime_call(CallInst& call, StringRef name) {
  Value* helper = runtime_helper(name.drop_front(kRuntimePrefix.size()));
  if (!helper) return fail("unknown runtime helper " + name, &call);
  FunctionType* ft = call.getFunctionType();
  if (name == kGlobaltimer) return set_scalar(&call, b_.CreateCall(ft, helper, {block_}));
  std::vector<AllocaInst*> args(call.arg_size());
  std::vector<Value*> fixed(call.arg_size());
  for (unsigned i = 0; i < call.arg_size(); i++) {
    Value* a = call.getArgOperand(i);
    if (shapes_.uniform(a))
      fixed[i] = scalar(a);
    else
      args[i] = spilled(vector(a));
  }
  Type* t = call.getType();
  AllocaInst* out = t->isVoidTy() ? nullptr : new_slot(wide(t));
  Value* thread_field = b_.CreateConstGEP1_64(b_.getInt8Ty(), block_, offsetof(exec::BlockState, thread));
  for_each_lane(mask_or_all(), [&](Value* lane) {
    b_.CreateStore(thread_of(lane), thread_field);
    std::vector<Value*> a;
    for (unsigned i = 0; i < call.arg_size(); i++)
      a.push_back(args[i] ? lane_of(args[i], call.getArgOperand(i)->getType(), lane) : fixed[i]);
    Value* r = b_.CreateCall(ft, helper, a);
    if (out) b_.CreateStore(r, b_.CreateGEP(t, out, lane));
  });
  if (out) set_vector(&call, b_.CreateLoad(wide(t), out));
}

// One call for the warp: handles and words as rows of 32 lanes, in one block of memory.
void Widener::emit_texture_call(CallInst& call) {
  Value* helper = runtime_helper("texture");
  Type *i32 = b_.getInt32Ty(), *i64 = b_.getInt64Ty();
  const unsigned words = call.arg_size() - 2;
  AllocaInst* handles = spilled(vector(call.getArgOperand(1)));
  AllocaInst* in = new_slot(ArrayType::get(wide(i32), std::max(words, 1u)));
  AllocaInst* out = new_slot(ArrayType::get(wide(i32), exec::kTextureOutputs));
  for (unsigned k = 0; k < words; k++)
    b_.CreateStore(vector(call.getArgOperand(k + 2)), b_.CreateConstGEP1_64(wide(i32), in, k));
  Type* ptr = b_.getPtrTy();
  FunctionType* ft = FunctionType::get(i32, {ptr, i64, ptr, ptr, ptr, i32, i32}, false);
  Value* first = b_.CreateMul(warp_, b_.getInt32(kLanes));
  b_.CreateCall(ft, helper, {block_, call.getArgOperand(0), handles, in, out, bits_of(mask_or_all()), first});
  for (unsigned k = 0; k < exec::kTextureOutputs; k++)
    set_part(&call, k, b_.CreateLoad(wide(i32), b_.CreateConstGEP1_64(wide(i32), out, k)));
}

// Ends the launch for the first of `lanes`; the helper doesn't return.
void Widener::emit_trap(Value* kind, Value* info, Value* lanes) {
  Value* helper = runtime_helper("trap");
  Value* lane = b_.CreateIntrinsic(Intrinsic::cttz, {b_.getInt32Ty()}, {bits_of(lanes), b_.getFalse()});
  lane = b_.CreateAnd(lane, b_.getInt32(kLanes - 1));
  if (info->getType()->isVectorTy()) info = b_.CreateExtractElement(info, lane);
  if (kind->getType()->isVectorTy()) kind = b_.CreateExtractElement(kind, lane);
  FunctionType* ft = FunctionType::get(
      b_.getVoidTy(), {b_.getPtrTy(), b_.getInt32Ty(), b_.getInt64Ty(), b_.getInt32Ty()}, false);
  b_.CreateCall(ft, helper, {block_, kind, info, thread_of(lane)})->addFnAttr(Attribute::Cold);
}

void Widener::emit_align_check(CallInst& call) {
  Value *low = call.getArgOperand(0), *address = call.getArgOperand(1);
  Value *bad, *lanes;
  if (shapes_.uniform(low)) {
    bad = b_.CreateICmpNE(scalar(low), b_.getInt64(0));
    lanes = mask_or_all();
    if (gang_ > 1 && mask_) bad = b_.CreateAnd(bad, any(mask_));
  } else {
    lanes = b_.CreateICmpNE(vector(low), Constant::getNullValue(wide(b_.getInt64Ty())));
    if (mask_) lanes = b_.CreateSelect(mask_, lanes, no_lanes());
    bad = any(lanes);
  }
  BasicBlock *trap = new_block("misaligned"), *go = new_block("aligned");
  auto* br = b_.CreateCondBr(bad, trap, go);
  br->setMetadata(LLVMContext::MD_prof, MDBuilder(context_).createBranchWeights(1, 100000));
  b_.SetInsertPoint(trap);
  Value* info = shapes_.uniform(address) ? scalar(address) : vector(address);
  emit_trap(b_.getInt32(uint32_t(exec::Trap::kMisaligned)), info, lanes);
  b_.CreateUnreachable();
  b_.SetInsertPoint(go);
}

void Widener::emit_device_call(CallInst& call) {
  Function* callee = widened_function(call.getCalledFunction());
  std::vector<Value*> args{launch_, block_, warp_, bits_of(mask_or_all())};
  for (unsigned i = 2; i < call.arg_size(); i++) args.push_back(vector(call.getArgOperand(i)));
  Value* r = b_.CreateCall(callee, args);
  if (call.getType()->isVoidTy()) return;
  if (const unsigned n = part_count(call.getType())) {
    for (unsigned k = 0; k < n; k++) set_part(&call, k, b_.CreateExtractValue(r, k));
    return;
  }
  set_vector(&call, r);
}

// Lanes may hold different targets: one pass for each distinct one among them.
void Widener::emit_indirect_call(CallInst& call) {
  std::vector<Type*> params{b_.getPtrTy(), b_.getPtrTy()};
  for (unsigned i = 1; i < call.arg_size(); i++) params.push_back(call.getArgOperand(i)->getType());
  FunctionType* scalar_type = FunctionType::get(call.getType(), params, false);
  FunctionType* wide_type = widened_type(scalar_type);
  std::vector<std::pair<Function*, uint64_t>> targets;
  if (NamedMDNode* list = target_.getParent()->getNamedMetadata(kFunctionsMetadata))
    for (MDNode* node : list->operands()) {
      auto* f = mdconst::dyn_extract_or_null<Function>(node->getOperand(0));
      auto* id = mdconst::dyn_extract_or_null<ConstantInt>(node->getOperand(1));
      if (f && id && f->getFunctionType() == scalar_type) targets.push_back({f, id->getZExtValue()});
    }
  Value* ids = vector(call.getArgOperand(0));
  std::vector<Value*> values;
  for (unsigned i = 1; i < call.arg_size(); i++) values.push_back(vector(call.getArgOperand(i)));
  const unsigned parts = part_count(call.getType());
  std::vector<AllocaInst*> out;
  if (!call.getType()->isVoidTy())
    for (unsigned k = 0; k < std::max(1u, parts); k++)
      out.push_back(new_slot(wide(parts ? part_type(call.getType(), k) : call.getType())));
  AllocaInst* left = new_slot(wide(b_.getInt1Ty()));
  b_.CreateStore(mask_or_all(), left);
  BasicBlock *top = new_block("targets"), *bad = new_block("bad.target"), *next = new_block("target.next"),
             *done = new_block("target.done");
  b_.CreateBr(top);
  b_.SetInsertPoint(top);
  Value* lanes = load_mask(left);
  Value* lane = b_.CreateIntrinsic(Intrinsic::cttz, {b_.getInt32Ty()}, {bits_of(lanes), b_.getTrue()});
  Value* id = b_.CreateExtractElement(ids, lane);
  Value* mine = b_.CreateAnd(lanes, b_.CreateICmpEQ(ids, splat(id)));
  SwitchInst* choose = b_.CreateSwitch(id, bad, unsigned(targets.size()));
  for (auto& [function, number] : targets) {
    BasicBlock* go = new_block("target");
    choose->addCase(cast<ConstantInt>(ConstantInt::get(id->getType(), number)), go);
    b_.SetInsertPoint(go);
    std::vector<Value*> args{launch_, block_, warp_, bits_of(mine)};
    args.insert(args.end(), values.begin(), values.end());
    Value* r = b_.CreateCall(wide_type, widened_function(function), args);
    for (unsigned k = 0; k < out.size(); k++) {
      Value* x = parts ? b_.CreateExtractValue(r, k) : r;
      b_.CreateStore(b_.CreateSelect(mine, x, b_.CreateLoad(x->getType(), out[k])), out[k]);
    }
    b_.CreateBr(next);
  }
  b_.SetInsertPoint(bad);
  emit_trap(b_.getInt32(uint32_t(exec::Trap::kInvalidPc)), id, mine);
  b_.CreateUnreachable();
  b_.SetInsertPoint(next);
  Value* rest = b_.CreateAnd(lanes, b_.CreateNot(mine));
  b_.CreateStore(rest, left);
  b_.CreateCondBr(any(rest), top, done);
  b_.SetInsertPoint(done);
  for (unsigned k = 0; k < out.size(); k++) {
    Value* x = b_.CreateLoad(out[k]->getAllocatedType(), out[k]);
    parts ? set_part(&call, k, x) : set_vector(&call, x);
  }
}

bool Widener::emit_warp_op(CallInst& call, StringRef name) {
  auto arg = [&](unsigned i) { return call.getArgOperand(i); };
  if (name == kTidX || name == kTidY || name == kTidZ) {
    emit_thread_index(call, name);
  } else if (name == kLaneId) {
    set_scalar(&call, b_.getInt32(0));  // linear: base 0, offsets 0..31
  } else if (name == kWarpId) {
    set_scalar(&call, warp_);
  } else if (name == kSharedBase || name == kLocalBase) {
    const bool shared = name == kSharedBase;
    const size_t field = shared ? offsetof(exec::BlockState, shared) : offsetof(exec::BlockState, local);
    auto* base = b_.CreateLoad(b_.getPtrTy(), b_.CreateConstGEP1_64(b_.getInt8Ty(), block_, field));
    base->setMetadata(LLVMContext::MD_invariant_load, MDNode::get(context_, {}));
    if (shared) {
      set_scalar(&call, base);
    } else {
      Value* first = b_.CreateMul(b_.CreateZExt(warp_, b_.getInt64Ty()),
                                  b_.getInt64(kLanes * shapes_.layout.local_bytes));
      set_scalar(&call, b_.CreateGEP(b_.getInt8Ty(), base, first));
    }
  } else if (name == kActiveMask) {
    set_scalar(&call, bits_of(mask_or_all()));
  } else if (name == kBallot) {
    Value* on = bits_of(b_.CreateSelect(mask_or_all(), vector(arg(0)), no_lanes()));
    if (shapes_.uniform(arg(1)))
      set_scalar(&call, b_.CreateAnd(on, scalar(arg(1))));
    else  // groups of lanes (tiles), each with its own member mask
      set_vector(&call, b_.CreateAnd(splat(on), vector(arg(1))));
  } else if (name.starts_with(kShflPrefix)) {
    emit_shuffle(call, name.drop_front(kShflPrefix.size()));
  } else if (name.starts_with(kMatchAnyPrefix) || name.starts_with(kMatchAllPrefix)) {
    emit_match(call, name.starts_with(kMatchAllPrefix));
  } else if (name.starts_with(kReduxPrefix)) {
    emit_redux(call, name.drop_front(kReduxPrefix.size()));
  } else if (name.starts_with(kBarPrefix)) {
    emit_barrier(call, name);
  } else if (name == kWarpSync) {
    // Lanes of a warp run in step: nothing to wait for.
  } else if (name == kYield) {
    if (!is_kernel_) return true;
    note_poll(b_, block_, call);
    emit_suspend(kSuspendYield);
  } else if (name == kCheckAlign) {
    emit_align_check(call);
  } else if (name == kTrap) {
    Value* kind = shapes_.uniform(arg(0)) ? scalar(arg(0)) : vector(arg(0));
    emit_trap(kind, shapes_.uniform(arg(1)) ? scalar(arg(1)) : vector(arg(1)), mask_or_all());
  } else if (name.starts_with(kTexturePrefix)) {
    emit_texture_call(call);
  } else if (name.starts_with(kRuntimePrefix)) {
    emit_runtime_call(call, name);
  } else if (name.starts_with(kIndirectPrefix)) {
    emit_indirect_call(call);
  } else if (is_matrix_op(name)) {
    emit_matrix_op(call, name);
  } else if (name == kCheckAccess || name == kCheckSync) {
    emit_check(call, name);
  } else if (name.starts_with(kCountPrefix)) {
    emit_count(call, name);
  } else if (name == kClock64) {
    set_scalar(&call, b_.CreateIntrinsic(Intrinsic::readcyclecounter, {}, {}));
  } else if (name.starts_with(kDot4Prefix)) {
    const StringRef features = source_.getFnAttribute("target-features").getValueAsString();
    Value* r = by_chunks(
        {vector(arg(0)), vector(arg(1)), vector(arg(2))}, options_.avx512 ? 16 : 8, [&](ArrayRef<Value*> x) {
          return dot4(b_, name.drop_front(kDot4Prefix.size()), features, options_.avx512, x[0], x[1], x[2]);
        });
    shapes_.uniform(&call) ? set_scalar(&call, b_.CreateExtractElement(r, uint64_t(0)))
                           : set_vector(&call, r);
  } else if (name.starts_with(kFloatPrefix)) {
    Value* r = directed_rounding(call, name);
    shapes_.uniform(&call) ? set_scalar(&call, b_.CreateExtractElement(r, uint64_t(0)))
                           : set_vector(&call, r);
  } else {
    return false;
  }
  return true;
}

}  // namespace ppu::simt
