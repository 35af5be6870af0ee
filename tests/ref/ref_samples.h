// Kernels of ref_test.cpp, and what random programs are too tame to contain.
#pragma once

namespace ppu {

inline const char* const kSaxpy = R"(
.visible .entry k(.param .u32 n, .param .f32 a, .param .u64 x, .param .u64 y) {
  .reg .pred %p<2>; .reg .b32 %r<6>; .reg .f32 %f<5>; .reg .b64 %rd<8>;
  ld.param.u32 %r1, [n]; ld.param.f32 %f1, [a]; ld.param.u64 %rd1, [x]; ld.param.u64 %rd2, [y];
  mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ntid.x; mov.u32 %r4, %tid.x;
  mad.lo.s32 %r5, %r2, %r3, %r4;
  setp.ge.s32 %p1, %r5, %r1;
  @%p1 bra DONE;
  cvta.to.global.u64 %rd3, %rd1; cvta.to.global.u64 %rd4, %rd2;
  mul.wide.s32 %rd5, %r5, 4;
  add.s64 %rd6, %rd3, %rd5; add.s64 %rd7, %rd4, %rd5;
  ld.global.f32 %f2, [%rd6]; ld.global.f32 %f3, [%rd7];
  fma.rn.f32 %f4, %f2, %f1, %f3;
  st.global.f32 [%rd7], %f4;
DONE:
  ret;
})";

inline const char* const kDivergentLoop = R"(
.visible .entry k(.param .u64 out) {
  .reg .pred %p; .reg .b32 %r<8>; .reg .b64 %rd<4>;
  ld.param.u64 %rd1, [out];
  mov.u32 %r1, %laneid; mov.u32 %r2, 0; mov.u32 %r3, 0;
LOOP:
  add.u32 %r3, %r3, %r2;
  add.u32 %r2, %r2, 1;
  setp.le.u32 %p, %r2, %r1;
  @%p bra LOOP;
  activemask.b32 %r4;
  popc.b32 %r5, %r4;
  mad.lo.u32 %r3, %r5, 1000, %r3;
  mov.u32 %r6, %tid.x;
  mul.wide.u32 %rd2, %r6, 4;
  add.u64 %rd3, %rd1, %rd2;
  st.global.u32 [%rd3], %r3;
  ret;
})";

inline const char* const kReverse = R"(
.visible .entry k(.param .u64 data) {
  .reg .b32 %r<9>; .reg .b64 %rd<4>;
  .shared .align 4 .b8 buffer[1024];
  ld.param.u64 %rd1, [data];
  mov.u32 %r1, %tid.x; mov.u32 %r2, %ntid.x;
  mul.wide.u32 %rd2, %r1, 4;
  add.u64 %rd3, %rd1, %rd2;
  ld.global.u32 %r3, [%rd3];
  mov.u32 %r4, buffer;
  shl.b32 %r5, %r1, 2;
  add.u32 %r6, %r4, %r5;
  st.shared.u32 [%r6], %r3;
  bar.sync 0;
  sub.u32 %r7, %r2, %r1;
  shl.b32 %r7, %r7, 2;
  add.u32 %r7, %r4, %r7;
  ld.shared.u32 %r8, [%r7+-4];
  st.global.u32 [%rd3], %r8;
  ret;
})";

inline const char* const kShuffles = R"(
.visible .entry k(.param .u64 out) {
  .reg .pred %p<4>; .reg .b32 %r<16>; .reg .b64 %rd<4>;
  ld.param.u64 %rd1, [out];
  mov.u32 %r1, %tid.x;
  mul.wide.u32 %rd2, %r1, 32;
  add.u64 %rd3, %rd1, %rd2;
  shfl.sync.up.b32 %r2|%p1, %r1, 3, 0, -1;
  shfl.sync.down.b32 %r3|%p2, %r1, 5, 31, -1;
  shfl.sync.bfly.b32 %r4, %r1, 9, 31, -1;
  shfl.sync.idx.b32 %r5, %r1, 2, 0x181f, 0xffffffff;
  selp.u32 %r6, 1, 0, %p1;
  and.b32 %r7, %r1, 1;
  setp.eq.u32 %p3, %r7, 0;
  vote.sync.ballot.b32 %r8, %p3, -1;
  match.any.sync.b32 %r9, %r7, -1;
  redux.sync.add.u32 %r10, %r1, -1;
  st.global.v4.u32 [%rd3], {%r2, %r3, %r4, %r5};
  st.global.v4.u32 [%rd3+16], {%r6, %r8, %r9, %r10};
  ret;
})";

inline const char* const kCalls = R"(
.func (.param .b32 result) fact(.param .b32 n) {
  .reg .pred %p; .reg .b32 %r<6>;
  ld.param.b32 %r1, [n];
  setp.lt.u32 %p, %r1, 2;
  mov.u32 %r2, 1;
  @%p bra END;
  {
    .param .b32 arg; .param .b32 res;
    sub.u32 %r3, %r1, 1;
    st.param.b32 [arg], %r3;
    call.uni (res), fact, (arg);
    ld.param.b32 %r4, [res];
  }
  mul.lo.u32 %r2, %r1, %r4;
END:
  st.param.b32 [result], %r2;
  ret;
}
.func (.reg .u32 r) twice(.reg .u32 a) { add.u32 r, a, a; ret; }
.func (.reg .u32 r) thrice(.reg .u32 a) { mul.lo.u32 r, a, 3; ret; }
.global .u64 table[2] = {twice, thrice};
.visible .entry k(.param .u64 out) {
  .reg .b32 %r<8>; .reg .b64 %rd<8>; .reg .pred %p;
  ld.param.u64 %rd1, [out];
  mov.u32 %r1, %tid.x;
  setp.gt.u32 %p, %r1, 9;
  @%p exit;
  {
    .param .b32 arg; .param .b32 res;
    st.param.b32 [arg], %r1;
    call (res), fact, (arg);
    ld.param.b32 %r2, [res];
  }
  and.b32 %r3, %r1, 1;
  mul.wide.u32 %rd2, %r3, 8;
  mov.u64 %rd3, table;
  add.u64 %rd4, %rd3, %rd2;
  ld.global.u64 %rd5, [%rd4];
proto: .callprototype (.reg .u32 _) _ (.reg .u32 _);
  call (%r4), %rd5, (%r1), proto;
  add.u32 %r5, %r2, %r4;
  mul.wide.u32 %rd6, %r1, 4;
  add.u64 %rd7, %rd1, %rd6;
  st.global.u32 [%rd7], %r5;
  ret;
})";

inline const char* const kSpinLock = R"(
.visible .entry k(.param .u64 lock) {
  .reg .pred %p; .reg .b32 %r<8>; .reg .b64 %rd<4>;
  ld.param.u64 %rd1, [lock];
TRY:
  atom.global.cas.b32 %r1, [%rd1], 0, 1;
  setp.ne.u32 %p, %r1, 0;
  @%p bra TRY;
  ld.volatile.global.u32 %r2, [%rd1+4];
  add.u32 %r2, %r2, 1;
  st.volatile.global.u32 [%rd1+4], %r2;
  membar.gl;
  atom.global.exch.b32 %r3, [%rd1], 0;
  ret;
})";

inline const char* const kGridBarrier = R"(
.visible .entry k(.param .u64 data) {
  .reg .pred %p<3>; .reg .b32 %r<8>; .reg .b64 %rd<6>;
  ld.param.u64 %rd1, [data];
  mov.u32 %r1, %tid.x; mov.u32 %r2, %ctaid.x; mov.u32 %r3, %nctaid.x;
  setp.ne.u32 %p1, %r1, 0;
  @%p1 bra WAIT;
  atom.global.add.u32 %r4, [%rd1], 1;
SPIN:
  ld.acquire.gpu.global.u32 %r5, [%rd1];
  setp.lt.u32 %p2, %r5, %r3;
  @%p2 bra SPIN;
WAIT:
  bar.sync 0;
  ld.volatile.global.u32 %r6, [%rd1];
  mul.wide.u32 %rd2, %r2, 4;
  add.u64 %rd3, %rd1, %rd2;
  st.global.u32 [%rd3+4], %r6;
  ret;
})";

inline const char* const kMisaligned = R"(
.visible .entry k(.param .u64 data) {
  .reg .pred %p; .reg .b32 %r<4>; .reg .b64 %rd<4>;
  ld.param.u64 %rd1, [data];
  mov.u32 %r1, %tid.x;
  setp.eq.u32 %p, %r1, 5;
  @%p add.u64 %rd1, %rd1, 2;
  ld.global.u32 %r2, [%rd1];
  ret;
})";

inline const char* const kDeadlock = R"(
.visible .entry k() {
  .reg .pred %p; .reg .b32 %r<4>;
  mov.u32 %r1, %tid.x;
  setp.lt.u32 %p, %r1, 32;
  @%p bra OTHER;
  bar.sync 1, 64;
  ret;
OTHER:
  bar.sync 2, 64;
  ret;
})";

inline const char* const kNamedBarrier = R"(
.visible .entry k(.param .u64 data) {
  .reg .pred %p; .reg .b32 %r<8>; .reg .b64 %rd<5>;
  .shared .align 4 .b8 buffer[256];
  ld.param.u64 %rd1, [data];
  mov.u32 %r1, %tid.x;
  setp.ge.u32 %p, %r1, 64;
  @%p bra CONSUMER;
  add.u32 %r2, %r1, 1000;
  shl.b32 %r3, %r1, 2;
  mov.u32 %r4, buffer;
  add.u32 %r5, %r4, %r3;
  st.shared.u32 [%r5], %r2;
  bar.arrive 3, 128;
  ret;
CONSUMER:
  bar.sync 3, 128;
  sub.u32 %r2, %r1, 64;
  shl.b32 %r3, %r2, 2;
  mov.u32 %r4, buffer;
  add.u32 %r5, %r4, %r3;
  ld.shared.u32 %r6, [%r5];
  mul.wide.u32 %rd2, %r1, 4;
  add.u64 %rd3, %rd1, %rd2;
  st.global.u32 [%rd3], %r6;
  ret;
})";

inline const char* const kBarrierReduce = R"(
.visible .entry k(.param .u64 data) {
  .reg .pred %p<5>; .reg .b32 %r<8>; .reg .b64 %rd<5>;
  ld.param.u64 %rd1, [data];
  mov.u32 %r1, %tid.x;
  setp.lt.u32 %p1, %r1, 32;
  bar.red.popc.u32 %r2, 0, %p1;
  bar.red.and.pred %p2, 0, %p1;
  bar.red.or.pred %p3, 0, 96, %p1;
  selp.u32 %r3, 1, 0, %p2;
  selp.u32 %r4, 1, 0, %p3;
  mul.wide.u32 %rd2, %r1, 12;
  add.u64 %rd3, %rd1, %rd2;
  st.global.u32 [%rd3], %r2;
  st.global.u32 [%rd3+4], %r3;
  st.global.u32 [%rd3+8], %r4;
  ret;
})";

inline const char* const kAtomics = R"(
.visible .entry k(.param .u64 cells) {
  .reg .pred %p; .reg .b32 %r<12>; .reg .b64 %rd<4>; .reg .f32 %f;
  ld.param.u64 %rd1, [cells];
  mov.u32 %r1, %tid.x;
  atom.global.add.u32 %r2, [%rd1], 1;
  red.global.add.f32 [%rd1+8], 0f3F000000;
  atom.global.inc.u32 %r3, [%rd1+16], 9;
  atom.global.max.u32 %r4, [%rd1+24], %r1;
  neg.s32 %r5, %r1;
  red.global.min.s32 [%rd1+32], %r5;
  atom.and.global.b32 %r6, [%rd1+40], 0xffff0000;
  atom.add.release.gpu.global.u64 %rd2, [%rd1+48], 0x100000000;
AGAIN:
  ld.volatile.global.u32 %r7, [%rd1+56];
  add.u32 %r8, %r7, 1;
  atom.global.cas.b32 %r9, [%rd1+56], %r7, %r8;
  setp.ne.u32 %p, %r7, %r9;
  @%p bra AGAIN;
  mov.b32 %r10, 0x3c003c00;
  red.global.add.noftz.f16x2 [%rd1+64], %r10;
  ret;
})";

inline const char* const kStructs = R"(
.func (.param .align 8 .b8 result[16]) pair(.param .align 8 .b8 in[16], .param .b32 add) {
  .reg .b32 %r<5>;
  ld.param.v2.b32 {%r1, %r2}, [in];
  ld.param.b32 %r3, [add];
  add.u32 %r1, %r1, %r3;
  st.param.v2.b32 [result], {%r1, %r2};
  ret;
}
.visible .entry k(.param .u64 out, .param .align 8 .b8 s[8]) {
  .local .align 16 .b8 stack[16];
  .reg .b32 %r<12>; .reg .b64 %rd<8>;
  ld.param.u64 %rd1, [out];
  ld.param.v2.u32 {%r1, %r2}, [s];
  mov.u32 %r3, %tid.x;
  {
    .param .align 8 .b8 param0[16]; .param .b32 param1; .param .align 8 .b8 retval0[16];
    st.param.v2.b32 [param0], {%r1, %r2};
    st.param.b32 [param1], %r3;
    call.uni (retval0), pair, (param0, param1);
    ld.param.v2.b32 {%r4, %r5}, [retval0];
  }
  mov.u64 %rd2, stack;
  cvta.local.u64 %rd3, %rd2;
  st.u32 [%rd3], 0;
  st.u32 [%rd3+4], 3;
  st.local.v2.u32 [%rd2+8], {6, 9};
  and.b32 %r6, %r3, 3;
  mul.wide.u32 %rd4, %r6, 4;
  add.u64 %rd5, %rd3, %rd4;
  ld.u32 %r7, [%rd5];
  add.u32 %r8, %r4, %r5;
  add.u32 %r8, %r8, %r7;
  mul.wide.u32 %rd6, %r3, 4;
  add.u64 %rd7, %rd1, %rd6;
  st.global.u32 [%rd7], %r8;
  ret;
})";

inline const char* const kBranchTable = R"(
.visible .entry k(.param .u64 out) {
  .reg .b32 %r<4>; .reg .b64 %rd<4>;
  ld.param.u64 %rd1, [out];
  mov.u32 %r1, %tid.x;
  rem.u32 %r2, %r1, 3;
ts: .branchtargets A, B, C;
  brx.idx %r2, ts;
A: mov.u32 %r3, 10; bra END;
B: mov.u32 %r3, 20; bra END;
C: mov.u32 %r3, 30;
END:
  mul.wide.u32 %rd2, %r1, 4;
  add.u64 %rd3, %rd1, %rd2;
  st.global.u32 [%rd3], %r3;
  ret;
})";

/// A compiler may copy a .sync into both sides of a branch.
inline const char* const kDuplicatedShuffle = R"(
.visible .entry k(.param .u64 out) {
  .reg .pred %p; .reg .b32 %r<6>; .reg .b64 %rd<4>;
  ld.param.u64 %rd1, [out];
  mov.u32 %r1, %tid.x;
  setp.lt.u32 %p, %r1, 16;
  @%p bra LOW;
  shfl.sync.bfly.b32 %r3, %r1, 31, 31, -1;
  bra END;
LOW:
  add.u32 %r4, %r1, 0;
  shfl.sync.bfly.b32 %r3, %r4, 31, 31, -1;
END:
  mul.wide.u32 %rd2, %r1, 4;
  add.u64 %rd3, %rd1, %rd2;
  st.global.u32 [%rd3], %r3;
  ret;
})";

// Each thread's array holds its number; a second alloca behind a restored stack gives the same place again.
inline const char* const kAllocaAndParts = R"(
.entry k(.param .u64 p) {
  .reg .b32 %r<10>; .reg .b64 %d<10>; .reg .pred %q;
  ld.param.u64 %d1, [p]; mov.u32 %r1, %tid.x; mul.wide.u32 %d2, %r1, 4; add.u64 %d1, %d1, %d2;
  stacksave.u64 %d3; alloca.u64 %d4, 16, 64; st.local.u32 [%d4+4], %r1; stackrestore.u64 %d3;
  alloca.u64 %d5, 16, 64; ld.local.u32 %r2, [%d5+4];
  mov.u32 %r3, 0xff00fe00; vadd.s32.s32.u32 %r4, %r3.b1, %r3.b3; add.u32 %r2, %r2, %r4;
  st.global.u32 [%d1], %r2; ret;
})";

}  // namespace ppu
