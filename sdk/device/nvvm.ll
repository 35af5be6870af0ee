target datalayout = "e-i64:64-i128:128-v16:16-v32:32-n16:32:64"
target triple = "nvptx64-nvidia-cuda"

; What NVVM IR calls intrinsics and LLVM has under other names and operands (NVVM IR specification,
; "Warp-level Intrinsics"): src/libs/nvvm/dialect.cpp sends calls of the first to these.

; mode: 0 idx, 1 up, 2 down, 3 bfly
define { i32, i1 } @__ppu_nvvm_shfl_sync_i32(i32 %mask, i32 %mode, i32 %value, i32 %lane, i32 %clamp) #0 {
  switch i32 %mode, label %bfly [
    i32 0, label %idx
    i32 1, label %up
    i32 2, label %down
  ]
idx:
  %a = call { i32, i1 } @llvm.nvvm.shfl.sync.idx.i32p(i32 %mask, i32 %value, i32 %lane, i32 %clamp)
  ret { i32, i1 } %a
up:
  %b = call { i32, i1 } @llvm.nvvm.shfl.sync.up.i32p(i32 %mask, i32 %value, i32 %lane, i32 %clamp)
  ret { i32, i1 } %b
down:
  %c = call { i32, i1 } @llvm.nvvm.shfl.sync.down.i32p(i32 %mask, i32 %value, i32 %lane, i32 %clamp)
  ret { i32, i1 } %c
bfly:
  %d = call { i32, i1 } @llvm.nvvm.shfl.sync.bfly.i32p(i32 %mask, i32 %value, i32 %lane, i32 %clamp)
  ret { i32, i1 } %d
}

; mode: 0 all, 1 any, 2 eq, 3 ballot
define { i32, i1 } @__ppu_nvvm_vote_sync(i32 %mask, i32 %mode, i1 %predicate) #0 {
  switch i32 %mode, label %ballot [
    i32 0, label %all
    i32 1, label %any
    i32 2, label %eq
  ]
all:
  %a = call i1 @llvm.nvvm.vote.all.sync(i32 %mask, i1 %predicate)
  br label %predicate_out
any:
  %b = call i1 @llvm.nvvm.vote.any.sync(i32 %mask, i1 %predicate)
  br label %predicate_out
eq:
  %c = call i1 @llvm.nvvm.vote.uni.sync(i32 %mask, i1 %predicate)
  br label %predicate_out
predicate_out:
  %p = phi i1 [ %a, %all ], [ %b, %any ], [ %c, %eq ]
  %r = insertvalue { i32, i1 } zeroinitializer, i1 %p, 1
  ret { i32, i1 } %r
ballot:
  %d = call i32 @llvm.nvvm.vote.ballot.sync(i32 %mask, i1 %predicate)
  %s = insertvalue { i32, i1 } zeroinitializer, i32 %d, 0
  ret { i32, i1 } %s
}

define { i32, i1 } @__ppu_nvvm_match_all_sync_i32(i32 %mask, i32 %value) #0 {
  %r = call { i32, i1 } @llvm.nvvm.match.all.sync.i32p(i32 %mask, i32 %value)
  ret { i32, i1 } %r
}

define { i32, i1 } @__ppu_nvvm_match_all_sync_i64(i32 %mask, i64 %value) #0 {
  %r = call { i32, i1 } @llvm.nvvm.match.all.sync.i64p(i32 %mask, i64 %value)
  ret { i32, i1 } %r
}

declare { i32, i1 } @llvm.nvvm.shfl.sync.idx.i32p(i32, i32, i32, i32)
declare { i32, i1 } @llvm.nvvm.shfl.sync.up.i32p(i32, i32, i32, i32)
declare { i32, i1 } @llvm.nvvm.shfl.sync.down.i32p(i32, i32, i32, i32)
declare { i32, i1 } @llvm.nvvm.shfl.sync.bfly.i32p(i32, i32, i32, i32)
declare i1 @llvm.nvvm.vote.all.sync(i32, i1)
declare i1 @llvm.nvvm.vote.any.sync(i32, i1)
declare i1 @llvm.nvvm.vote.uni.sync(i32, i1)
declare i32 @llvm.nvvm.vote.ballot.sync(i32, i1)
declare { i32, i1 } @llvm.nvvm.match.all.sync.i32p(i32, i32)
declare { i32, i1 } @llvm.nvvm.match.all.sync.i64p(i32, i64)

attributes #0 = { alwaysinline convergent nounwind }
