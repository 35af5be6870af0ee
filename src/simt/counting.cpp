// ppu.count.*: what `ppu prof` counts, in arrays of the worker that runs the block. A block's units cost one
// addition a warp (a constant where all lanes are on). What an access takes is a constant or a table of its
// base's low bits where the shape of its address is known and all lanes are on; else it is worked out from
// the 32 addresses by the runtime, which costs more than most accesses: of a place that makes many, a sample
// is (exec::kSamplePeriod).
#include "simt/counting.h"

#include <algorithm>
#include <bit>
#include <cstddef>

#include "exec/counters.h"
#include "exec/kernel_abi.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/MDBuilder.h"
#include "simt/names.h"
#include "simt/widener.h"

using namespace llvm;

namespace ppu::simt {
namespace {

using exec::AccessCount;

/// After how many bytes of its base an access looks the same again.
unsigned period_of(AccessCount how) {
  return how == AccessCount::kSectors      ? exec::kSectorBytes
         : how == AccessCount::kBankPasses ? exec::kBankBytes
                                           : 1;
}

/// Counts of an access by all lanes for each base that is possible, `step` bytes apart.
std::vector<uint64_t> counts_by_base(const LaneOffsets& c, unsigned known_zeros, unsigned bytes,
                                     AccessCount how, unsigned* step) {
  const unsigned period = period_of(how);
  const unsigned known = known_zeros >= 6 ? 64 : 1u << known_zeros;
  *step = std::min(period, std::max(bytes, known));  // accesses are aligned
  std::vector<uint64_t> counts;
  for (unsigned base = 0; base < period; base += *step) {
    uint64_t address[kLanes];
    for (unsigned l = 0; l < kLanes; l++) address[l] = (uint64_t(1) << 40) + base + uint64_t(c[l]);
    counts.push_back(exec::count_access(how, address, ~0u, bytes));
  }
  return counts;
}

LaneOffsets contiguous(unsigned bytes) {
  LaneOffsets c;
  for (unsigned l = 0; l < kLanes; l++) c[l] = int64_t(l) * bytes;
  return c;
}

}  // namespace

bool is_count(const Instruction& inst) {
  const auto* call = dyn_cast<CallInst>(&inst);
  const Function* f = call ? call->getCalledFunction() : nullptr;
  return f && f->getName().starts_with(kCountPrefix);
}

const Value* accessed_pointer(const Instruction& inst) {
  if (!is_count(inst)) return getLoadStorePointerOperand(&inst);
  const auto& call = cast<CallInst>(inst);
  return call.getCalledFunction()->getName() == kCountAccess ? call.getArgOperand(2) : nullptr;
}

/// What doesn't change while the block runs.
Value* Widener::constant_field(Value* object, size_t offset, Type* type) {
  auto* load = b_.CreateLoad(type, b_.CreateConstGEP1_64(b_.getInt8Ty(), object, offset));
  load->setMetadata(LLVMContext::MD_invariant_load, MDNode::get(context_, {}));
  return load;
}

/// The word's value before.
Value* Widener::add_to_counter(uint64_t word, Value* amount) {
  Value* base = constant_field(block_, offsetof(exec::BlockState, counters), b_.getPtrTy());
  Value* at = b_.CreateConstInBoundsGEP1_64(b_.getInt64Ty(), base, word);
  auto* old = b_.CreateAlignedLoad(amount->getType(), at, Align(8));
  counter_accesses_.insert(old);
  counter_accesses_.insert(b_.CreateAlignedStore(b_.CreateAdd(old, amount), at, Align(8)));
  return old;
}

/// Other memory accesses don't touch the counters: in loops these may then live in registers.
void Widener::separate_counters() {
  if (counter_accesses_.empty()) return;
  MDBuilder make(context_);
  MDNode* domain = make.createAnonymousAliasScopeDomain("counters");
  MDNode* scopes = MDNode::get(context_, {make.createAnonymousAliasScope(domain, "counters")});
  for (Instruction& inst : instructions(target_)) {
    const auto* call = dyn_cast<CallInst>(&inst);
    const Function* callee = call ? call->getCalledFunction() : nullptr;
    if (!inst.mayReadOrWriteMemory() || (callee && callee->hasLocalLinkage()))
      continue;  // device functions count too
    const bool counter = counter_accesses_.contains(&inst);
    const unsigned kind = counter ? LLVMContext::MD_alias_scope : LLVMContext::MD_noalias;
    inst.setMetadata(kind, MDNode::concatenate(inst.getMetadata(kind), scopes));
  }
}

/// Active lanes of the selected warp (i64).
Value* Widener::lanes_on() {
  if (!mask_) return b_.getInt64(kLanes);
  return b_.CreateZExt(b_.CreateUnaryIntrinsic(Intrinsic::ctpop, bits_of(mask_)), b_.getInt64Ty());
}

void Widener::count_unit(uint64_t word) {
  Value *lanes = b_.getInt64(0), *warps = b_.getInt64(0);
  for_each_warp([&] {
    lanes = b_.CreateAdd(lanes, lanes_on());
    warps = b_.CreateAdd(warps, mask_ ? b_.CreateZExt(any(mask_), b_.getInt64Ty()) : b_.getInt64(1));
  });
  Value* both = PoisonValue::get(FixedVectorType::get(b_.getInt64Ty(), 2));
  both = b_.CreateInsertElement(both, lanes, uint64_t(0));
  add_to_counter(word, b_.CreateInsertElement(both, warps, uint64_t(1)));
}

Value* Widener::count_divergence(Value* taken) {
  Value* yes = vector(taken);
  Value* no = b_.CreateNot(yes);
  if (mask_) {
    yes = b_.CreateAnd(yes, mask_);
    no = b_.CreateAnd(no, mask_);
  }
  return b_.CreateZExt(b_.CreateAnd(any(yes), any(no)), b_.getInt64Ty());
}

/// One in `period` of the numbers: a multiple of the golden ratio takes its turns evenly and keeps step with
/// no loop of the program.
Value* Widener::is_turn(Value* number, uint64_t period) {
  return b_.CreateICmpULT(b_.CreateMul(number, b_.getInt64(0x9e3779b97f4a7c15u)),
                          b_.getInt64(~uint64_t(0) / period));
}

/// `count()` of the first executions of a place by this worker, and of some of the later ones, which then
/// stand for the others too. The place's word of executions is `tick`.
Value* Widener::sampled(uint64_t tick, function_ref<Value*()> count) {
  Value* before = add_to_counter(tick, b_.getInt64(1));
  Value* early = b_.CreateICmpULT(
      before, constant_field(launch_, offsetof(exec::LaunchArgs, counted_exactly), b_.getInt64Ty()));
  Value* turn = is_turn(before, exec::kSamplePeriod);
  BasicBlock *from = b_.GetInsertBlock(), *yes = new_block("count.taken"), *join = new_block("count.sampled");
  b_.CreateCondBr(b_.CreateOr(early, turn), yes, join);
  b_.SetInsertPoint(yes);
  Value* n = b_.CreateMul(count(), b_.CreateSelect(early, b_.getInt64(1), b_.getInt64(exec::kSamplePeriod)));
  BasicBlock* yes_end = b_.GetInsertBlock();
  b_.CreateBr(join);
  b_.SetInsertPoint(join);
  PHINode* out = b_.CreatePHI(b_.getInt64Ty(), 2);
  out->addIncoming(b_.getInt64(0), from);
  out->addIncoming(n, yes_end);
  return out;
}

/// Whether a loop that would run lane by lane runs as the warps do, to be counted so (exec::kLoopPeriod).
Value* Widener::counts_as_warps() {
  Type *i32 = b_.getInt32Ty(), *i64 = b_.getInt64Ty();
  Value* number = b_.getInt64(0);  // of the block in the grid, then of the warp
  for (unsigned axis = 3; axis-- > 0;) {
    Value* at = constant_field(block_, offsetof(exec::BlockState, ctaid) + 4 * axis, i32);
    Value* extent = constant_field(launch_, offsetof(exec::LaunchArgs, grid) + 4 * axis, i32);
    number = b_.CreateAdd(b_.CreateMul(number, b_.CreateZExt(extent, i64)), b_.CreateZExt(at, i64));
  }
  Value* warp = nullptr;  // the first of a gang speaks for all
  for_each_warp([&] { warp = warp ? warp : warp_; });
  number = b_.CreateAdd(b_.CreateMul(number, b_.getInt64(exec::kMaxWarps)), b_.CreateZExtOrTrunc(warp, i64));
  Value* exactly = constant_field(launch_, offsetof(exec::LaunchArgs, counted_exactly), i64);
  Value* early = b_.CreateICmpULT(number, b_.CreateUDiv(exactly, b_.getInt64(exec::kLoopsOfExactly)));
  return b_.CreateOr(early, is_turn(number, exec::kLoopPeriod));
}

Value* Widener::ask_helper(Value* pointers, unsigned how_and_bytes) {
  Value* helper = runtime_helper("count_access");
  Value* addresses = b_.CreatePtrToInt(spilled(pointers), b_.getInt64Ty());
  FunctionType* type = FunctionType::get(
      b_.getInt64Ty(), {b_.getPtrTy(), b_.getInt32Ty(), b_.getInt64Ty(), b_.getInt32Ty()}, false);
  CallInst* call =
      b_.CreateCall(type, helper, {block_, b_.getInt32(how_and_bytes), addresses, bits_of(mask_or_all())});
  call->setOnlyReadsMemory();
  call->addFnAttr(Attribute::NoUnwind);
  call->addFnAttr(Attribute::WillReturn);
  return call;
}

Value* Widener::choose(Value* test, function_ref<Value*()> fast, function_ref<Value*()> slow) {
  BasicBlock *yes = new_block("count.fast"), *no = new_block("count.slow"), *join = new_block("counted");
  // The slow way calls out: nothing of the usual path should be spilled for it.
  b_.CreateCondBr(test, yes, no)
      ->setMetadata(LLVMContext::MD_prof, MDBuilder(context_).createBranchWeights(1000, 1));
  b_.SetInsertPoint(yes);
  Value* a = fast();
  BasicBlock* yes_end = b_.GetInsertBlock();
  b_.CreateBr(join);
  b_.SetInsertPoint(no);
  Value* b = slow();
  BasicBlock* no_end = b_.GetInsertBlock();
  b_.CreateBr(join);
  b_.SetInsertPoint(join);
  PHINode* out = b_.CreatePHI(b_.getInt64Ty(), 2);
  out->addIncoming(a, yes_end);
  out->addIncoming(b, no_end);
  return out;
}

/// All lanes on, addresses base + c.
Value* Widener::count_full_warp(Value* base, const Shape& shape, unsigned how_and_bytes) {
  const auto how = AccessCount(how_and_bytes % 4);
  unsigned step = 0;
  const std::vector<uint64_t> counts =
      counts_by_base(shape.c, shape.base_zeros, how_and_bytes / 4, how, &step);
  if (std::all_of(counts.begin(), counts.end(), [&](uint64_t n) { return n == counts[0]; }))
    return b_.getInt64(counts[0]);
  Value* low = b_.CreateAnd(b_.CreatePtrToInt(base, b_.getInt64Ty()), period_of(how) - step);
  if (counts.size() <= 8) {
    uint64_t packed = 0;
    for (size_t i = 0; i < counts.size(); i++) packed |= counts[i] << (8 * i);
    return b_.CreateAnd(
        b_.CreateLShr(b_.getInt64(packed), b_.CreateUDiv(b_.CreateShl(low, 3), b_.getInt64(step))), 0xff);
  }
  std::vector<uint8_t> bytes(counts.begin(), counts.end());
  Constant* data = ConstantDataArray::get(context_, bytes);
  auto* table = new GlobalVariable(*target_.getParent(), data->getType(), true, GlobalValue::PrivateLinkage,
                                   data, "count.table");
  Value* at = b_.CreateInBoundsGEP(b_.getInt8Ty(), table, b_.CreateUDiv(low, b_.getInt64(step)));
  return b_.CreateZExt(b_.CreateLoad(b_.getInt8Ty(), at), b_.getInt64Ty());
}

/// True if the lanes of these bits (i32) follow each other without a gap, or there are none.
Value* Widener::is_run(Value* bits) {
  Value* lowest = b_.CreateAnd(bits, b_.CreateNeg(bits));
  return b_.CreateICmpEQ(b_.CreateAnd(b_.CreateAdd(bits, lowest), bits), b_.getInt32(0));
}

/// The sectors [first, second) that lanes of `bits`, a run, touch: lane l at start + l * bytes.
std::pair<Value*, Value*> Widener::sectors_of_run(Value* start, Value* bits, unsigned bytes) {
  static_assert(exec::kSectorBytes == 1 << 5);
  if (auto* all = dyn_cast<ConstantInt>(bits)) {
    const uint64_t span = uint64_t(std::popcount(all->getZExtValue())) * bytes;
    return {b_.CreateLShr(start, 5),
            b_.CreateLShr(b_.CreateAdd(start, b_.getInt64(span + exec::kSectorBytes - 1)), 5)};
  }
  Type *i32 = b_.getInt32Ty(), *i64 = b_.getInt64Ty();
  Value* first = b_.CreateIntrinsic(Intrinsic::cttz, {i32}, {bits, b_.getFalse()});
  Value* past =
      b_.CreateSub(b_.getInt32(32), b_.CreateIntrinsic(Intrinsic::ctlz, {i32}, {bits, b_.getFalse()}));
  const auto at = [&](Value* lane) {
    return b_.CreateAdd(start, b_.CreateMul(b_.CreateZExt(lane, i64), b_.getInt64(bytes)));
  };
  Value* begin = b_.CreateLShr(at(first), 5);
  Value* end = b_.CreateLShr(b_.CreateAdd(at(past), b_.getInt64(exec::kSectorBytes - 1)), 5);
  return {begin, b_.CreateSelect(b_.CreateICmpEQ(bits, b_.getInt32(0)), begin, end)};
}

/// Unknown addresses: two contiguous half warps after all? The test is the one that the access itself makes
/// (load_varying), so that it is made once.
Value* Widener::count_varying(Value* pointer, unsigned how_and_bytes, uint64_t tick) {
  Value* pointers = vector(pointer);
  const auto slow = [&] { return sampled(tick, [&] { return ask_helper(pointers, how_and_bytes); }); };
  const auto how = AccessCount(how_and_bytes % 4);
  const bool wrapped = compact_ && !shapes_.of(pointer).is_varying();  // hardly ever runs: keep it small
  if (wrapped || how == AccessCount::kSameAddress) return slow();
  const unsigned bytes = how_and_bytes / 4;
  constexpr unsigned kHalf = kLanes / 2;
  Value *start[2], *bits[2], *test = b_.getTrue();
  for (unsigned h = 0; h < 2; h++) {
    Value* a =
        b_.CreatePtrToInt(slice(pointers, h * kHalf, kHalf), FixedVectorType::get(b_.getInt64Ty(), kHalf));
    start[h] = b_.CreateExtractElement(a, uint64_t(0));
    bits[h] = b_.getInt32(0xffff);
    std::vector<Constant*> steps;
    for (unsigned l = 0; l < kHalf; l++) steps.push_back(b_.getInt64(l * bytes));
    Value* ok =
        b_.CreateICmpEQ(b_.CreateSub(a, b_.CreateVectorSplat(kHalf, start[h])), ConstantVector::get(steps));
    if (mask_) {
      Value* on = slice(mask_, h * kHalf, kHalf);
      ok = b_.CreateOr(ok, b_.CreateNot(on));
      bits[h] = b_.CreateZExt(b_.CreateBitCast(on, b_.getInt16Ty()), b_.getInt32Ty());
      test = b_.CreateAnd(test, is_run(bits[h]));
    }
    test = b_.CreateAnd(test, b_.CreateICmpEQ(b_.CreateBitCast(ok, b_.getInt16Ty()), b_.getInt16(-1)));
  }
  if (how == AccessCount::kSectors)
    return choose(
        test,
        [&] {
          const auto [begin, end] = sectors_of_run(start[0], bits[0], bytes);
          const auto [begin2, end2] = sectors_of_run(start[1], bits[1], bytes);
          // Those of each, less those that both touch.
          Value* each = b_.CreateAdd(b_.CreateSub(end, begin), b_.CreateSub(end2, begin2));
          Value* both = b_.CreateSub(b_.CreateBinaryIntrinsic(Intrinsic::umin, end, end2),
                                     b_.CreateBinaryIntrinsic(Intrinsic::umax, begin, begin2));
          return b_.CreateSub(each, b_.CreateBinaryIntrinsic(Intrinsic::smax, both, b_.getInt64(0)));
        },
        slow);
  if (mask_) test = b_.CreateAnd(test, all(mask_));
  test = b_.CreateAnd(test, b_.CreateICmpEQ(start[1], b_.CreateAdd(start[0], b_.getInt64(kHalf * bytes))));
  Shape shape = Shape::uniform();
  shape.has_offsets = true;
  shape.c = contiguous(bytes);
  return choose(test, [&] { return count_full_warp(start[0], shape, how_and_bytes); }, slow);
}

/// Some lanes on, addresses base + c.
Value* Widener::count_masked(Value* pointer, const Shape& shape, unsigned how_and_bytes, uint64_t tick) {
  const auto how = AccessCount(how_and_bytes % 4);
  const unsigned bytes = how_and_bytes / 4;
  unsigned step = 0;
  const std::vector<uint64_t> full = counts_by_base(shape.c, shape.base_zeros, bytes, how, &step);
  // Without conflicts among all lanes there are none among some.
  const bool never_conflicts = std::all_of(full.begin(), full.end(), [](uint64_t n) { return n == 1; });
  if (how != AccessCount::kSectors && never_conflicts) return b_.CreateZExt(any(mask_), b_.getInt64Ty());
  const auto slow = [&] { return sampled(tick, [&] { return ask_helper(vector(pointer), how_and_bytes); }); };
  Value* base = scalar(pointer);
  if (how == AccessCount::kSectors && shape.c == contiguous(bytes)) {
    Value* bits = bits_of(mask_);
    return choose(
        is_run(bits),
        [&] {
          const auto [begin, end] = sectors_of_run(b_.CreatePtrToInt(base, b_.getInt64Ty()), bits, bytes);
          return b_.CreateSub(end, begin);
        },
        slow);
  }
  return choose(all(mask_), [&] { return count_full_warp(base, shape, how_and_bytes); }, slow);
}

/// Shared or global by its address: which of them, for each lane, must be exact, for bytes are told by it.
Value* Widener::count_generic(Value* pointer, unsigned bytes, uint64_t tick) {
  Type* i64 = b_.getInt64Ty();
  Value* base =
      b_.CreatePtrToInt(constant_field(block_, offsetof(exec::BlockState, shared), b_.getPtrTy()), i64);
  Value* size =
      b_.CreateZExt(constant_field(launch_, offsetof(exec::LaunchArgs, shared_bytes), b_.getInt32Ty()), i64);
  Value* pointers = vector(pointer);
  Value* offset = b_.CreateSub(b_.CreatePtrToInt(pointers, wide(i64)), splat(base));
  Value* shared = b_.CreateICmpULT(offset, splat(size));
  if (mask_) shared = b_.CreateAnd(shared, mask_);
  const auto count = [&](AccessCount how) { return bytes * 4 + unsigned(how); };
  return choose(
      b_.CreateNot(any(shared)),
      [&] { return count_warp_access(pointer, count(AccessCount::kSectors), tick); },
      [&] { return ask_helper(pointers, count(AccessCount::kGeneric)); });
}

/// What the access takes in the selected warp.
Value* Widener::count_warp_access(Value* pointer, unsigned how_and_bytes, uint64_t tick) {
  const Shape shape = shapes_.of(pointer);
  const auto how = AccessCount(how_and_bytes % 4);
  if (how == AccessCount::kGeneric) return count_generic(pointer, how_and_bytes / 4, tick);
  if (!plainly_linear(shape)) return count_varying(pointer, how_and_bytes, tick);
  if (!shape.has_offsets && how == AccessCount::kSameAddress) return lanes_on();
  if (!mask_) return count_full_warp(scalar(pointer), shape, how_and_bytes);
  if (shape.has_offsets) return count_masked(pointer, shape, how_and_bytes, tick);
  uint64_t same[kLanes] = {};
  const uint32_t n = exec::count_access(how, same, ~0u, how_and_bytes / 4);
  return b_.CreateSelect(any(mask_), b_.getInt64(n), b_.getInt64(0));
}

void Widener::emit_count(CallInst& call, StringRef name) {
  const uint64_t word = cast<ConstantInt>(call.getArgOperand(0))->getZExtValue();
  if (name == kCountUnit) return count_unit(word);
  if (name == kCountBranch && shapes_.uniform(call.getArgOperand(1))) return;
  Value* total = b_.getInt64(0);
  const bool branch = name == kCountBranch;
  const unsigned how_and_bytes =
      branch ? 0 : unsigned(cast<ConstantInt>(call.getArgOperand(1))->getZExtValue());
  const bool generic = !branch && AccessCount(how_and_bytes % 4) == AccessCount::kGeneric;
  const uint64_t tick = word + (generic ? exec::kGenericWords : 1);
  for_each_warp([&] {
    total = b_.CreateAdd(total, branch ? count_divergence(call.getArgOperand(1))
                                       : count_warp_access(call.getArgOperand(2), how_and_bytes, tick));
  });
  if (!generic) {
    add_to_counter(word, total);
    return;
  }
  for (unsigned k = 0; k < exec::kGenericWords; k++)
    add_to_counter(word + k, b_.CreateAnd(b_.CreateLShr(total, 16 * k), 0xffff));
}

void count_for_thread(IRBuilder<>& b, Value* launch, Value* block, CallInst& call) {
  Type* i64 = b.getInt64Ty();
  const auto field = [&](Value* base, size_t offset, Type* type) {
    LoadInst* load = b.CreateLoad(type, b.CreateConstGEP1_64(b.getInt8Ty(), base, offset));
    load->setMetadata(LLVMContext::MD_invariant_load, MDNode::get(b.getContext(), {}));
    return load;
  };
  Value* counters = field(block, offsetof(exec::BlockState, counters), b.getPtrTy());
  const uint64_t word = cast<ConstantInt>(call.getArgOperand(0))->getZExtValue();
  const auto add = [&](unsigned k, Value* amount) {
    Value* at = b.CreateConstInBoundsGEP1_64(i64, counters, word + k);
    b.CreateStore(b.CreateAdd(b.CreateLoad(i64, at), amount), at);
  };
  const StringRef name = call.getCalledFunction()->getName();
  if (name == kCountUnit) {
    add(0, b.getInt64(1));
    add(1, b.getInt64(1));
  }
  if (name != kCountAccess) return;
  const uint64_t how_and_bytes = cast<ConstantInt>(call.getArgOperand(1))->getZExtValue();
  const auto how = AccessCount(how_and_bytes % 4);
  const uint64_t address[kLanes] = {};
  const auto alone = [&](AccessCount h) {
    return b.getInt64(exec::count_access(h, address, 1, uint32_t(how_and_bytes / 4)));
  };
  if (how != AccessCount::kGeneric) return add(0, alone(how));
  Value* base = b.CreatePtrToInt(field(block, offsetof(exec::BlockState, shared), b.getPtrTy()), i64);
  Value* size = b.CreateZExt(field(launch, offsetof(exec::LaunchArgs, shared_bytes), b.getInt32Ty()), i64);
  Value* offset = b.CreateSub(b.CreatePtrToInt(call.getArgOperand(2), i64), base);
  Value* in_shared = b.CreateICmpULT(offset, size);
  Value* shared = b.CreateZExt(in_shared, i64);
  add(0, b.CreateSelect(in_shared, b.getInt64(0), alone(AccessCount::kSectors)));
  add(1, b.CreateMul(shared, alone(AccessCount::kBankPasses)));
  add(2, shared);
  add(3, shared);
}

}  // namespace ppu::simt
