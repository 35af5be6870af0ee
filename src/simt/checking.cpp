// ppu.check.*: one call of the checker's helper a warp, with the values of its 32 lanes in memory; lane by
// lane where lanes access different numbers of bytes.
#include "simt/checking.h"

#include "exec/check_abi.h"
#include "simt/names.h"
#include "simt/runtime_calls.h"
#include "simt/widener.h"

using namespace llvm;

namespace ppu::simt {
namespace {

FunctionType* access_type(IRBuilder<>& b) {
  Type *i32 = b.getInt32Ty(), *i64 = b.getInt64Ty();
  return FunctionType::get(b.getVoidTy(), {b.getPtrTy(), i64, i64, i32, i32, i32}, false);
}

FunctionType* sync_type(IRBuilder<>& b) {
  Type *i32 = b.getInt32Ty(), *i64 = b.getInt64Ty();
  return FunctionType::get(b.getVoidTy(), {b.getPtrTy(), i64, i64, i32, i32}, false);
}

}  // namespace

void Widener::emit_check(CallInst& call, StringRef name) {
  const bool access = name == kCheckAccess;
  Value* helper = runtime_helper(access ? "check_access" : "check_sync");
  Value *place = call.getArgOperand(0), *words = vector(call.getArgOperand(access ? 2 : 1));
  if (access) words = b_.CreatePtrToInt(words, wide(b_.getInt64Ty()));
  Value* at = b_.CreatePtrToInt(spilled(words), b_.getInt64Ty());
  Value* first = b_.CreateMul(warp_, b_.getInt32(kLanes));
  if (!access) {
    b_.CreateCall(sync_type(b_), helper, {block_, place, at, bits_of(mask_or_all()), first});
    return;
  }
  Value* bytes = call.getArgOperand(1);
  if (shapes_.uniform(bytes)) {
    b_.CreateCall(access_type(b_), helper, {block_, place, at, scalar(bytes), bits_of(mask_or_all()), first});
    return;
  }
  AllocaInst* sizes = spilled(vector(bytes));
  for_each_lane(mask_or_all(), [&](Value* lane) {
    Value* one = b_.CreateShl(b_.getInt32(1), b_.CreateTrunc(lane, b_.getInt32Ty()));
    b_.CreateCall(access_type(b_), helper,
                  {block_, place, at, lane_of(sizes, b_.getInt32Ty(), lane), one, first});
  });
}

void check_for_thread(IRBuilder<>& b, Value* launch, Value* block, Value* thread, CallInst& call) {
  const bool access = call.getCalledFunction()->getName() == kCheckAccess;
  Value* helper = load_helper(b, launch, *helper_slot(access ? "check_access" : "check_sync"));
  Value* lane = b.CreateAnd(thread, kLanes - 1);
  Value* first = b.CreateSub(thread, lane);
  // The helper reads the lane's word of a row of 32.
  IRBuilder<> entry(&*call.getFunction()->getEntryBlock().getFirstInsertionPt());
  AllocaInst* row = entry.CreateAlloca(ArrayType::get(b.getInt64Ty(), kLanes));
  Value* word = call.getArgOperand(access ? 2 : 1);
  if (access) word = b.CreatePtrToInt(word, b.getInt64Ty());
  b.CreateStore(word, b.CreateGEP(b.getInt64Ty(), row, lane));
  Value* at = b.CreatePtrToInt(row, b.getInt64Ty());
  Value* one = b.CreateShl(b.getInt32(1), lane);
  Value* place = b.CreateOr(call.getArgOperand(0), uint64_t{exec::kAlone} << 56);
  if (access)
    b.CreateCall(access_type(b), helper, {block, place, at, call.getArgOperand(1), one, first});
  else
    b.CreateCall(sync_type(b), helper, {block, place, at, one, first});
}

}  // namespace ppu::simt
