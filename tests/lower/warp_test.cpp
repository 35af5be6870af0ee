// Shuffles, votes, barriers (PTX ISA, "Parallel Synchronization and Communication Instructions").
#include <bit>

#include "tests/lower/program.h"

namespace ppu::lower {
namespace {

class Warp : public Program {};
PPU_ALL_VARIANTS(Warp);

TEST_P(Warp, Shuffles) {
  expect(kernel(R"(
    shfl.sync.down.b32 %r1|%p1, %a, 3, 31, -1; shfl.sync.bfly.b32 %r2, %a, 5, 31, -1;
    shfl.sync.up.b32 %r3|%p2, %a, 1, 0, -1; and.b32 %r9, %t, 7; shfl.sync.idx.b32 %r4, %a, %r9, 0x181f, -1;
    selp.u32 %r5, 1, 0, %p1; selp.u32 %r6, 2, 0, %p2; add.u32 %r1, %r1, %r2; mad.lo.u32 %r1, %r3, 3, %r1;
    mad.lo.u32 %r1, %r4, 5, %r1; shl.b32 %r5, %r5, 30; shl.b32 %r6, %r6, 28; add.u32 %r1, %r1, %r5;
    add.u32 %r1, %r1, %r6; st.global.u32 [%out], %r1;)"),
         [](uint32_t i, uint32_t) {
           const uint32_t lane = i % 32, first = i - lane;
           const auto in = [&](uint32_t l) { return (first + l) * 7 + 3; };
           return in(lane + 3 < 32 ? lane + 3 : lane) + in(lane ^ 5) + 3 * in(lane ? lane - 1 : 0) +
                  5 * in((lane & ~7u) | (lane & 7)) + (lane + 3 < 32 ? 1u << 30 : 0) + (lane ? 2u << 28 : 0);
         });
}

TEST_P(Warp, Votes) {
  expect(kernel(R"(
    and.b32 %r1, %a, 1; setp.eq.u32 %p1, %r1, 1; vote.sync.ballot.b32 %r2, %p1, -1; vote.sync.any.pred %p2, %p1, -1;
    vote.sync.all.pred %p3, %p1, -1; setp.lt.u32 %p4, %t, 64; vote.sync.uni.pred %p5, %p4, -1;
    activemask.b32 %r3; selp.u32 %r4, 1, 0, %p2; selp.u32 %r5, 2, 0, %p3; selp.u32 %r6, 4, 0, %p5;
    xor.b32 %r2, %r2, %r3; add.u32 %r2, %r2, %r4; add.u32 %r2, %r2, %r5; add.u32 %r2, %r2, %r6;
    st.global.u32 [%out], %r2;)"),
         [](uint32_t, uint32_t) { return (0x55555555u ^ 0xffffffffu) + 1 + 4; });
}

TEST_P(Warp, MatchAndReduce) {
  expect(kernel(R"(
    and.b32 %r1, %t, 3; match.any.sync.b32 %r2, %r1, -1; mov.u32 %r9, 4; match.all.sync.b32 %r3|%p1, %r9, -1;
    redux.sync.add.u32 %r4, %t, -1; redux.sync.max.s32 %r5, %t, -1; redux.sync.xor.b32 %r6, %a, -1;
    selp.u32 %r7, 1, 0, %p1; add.u32 %r2, %r2, %r3; add.u32 %r2, %r2, %r4; mad.lo.u32 %r2, %r5, 3, %r2;
    add.u32 %r2, %r2, %r7; xor.b32 %r2, %r2, %r6; st.global.u32 [%out], %r2;)"),
         [](uint32_t i, uint32_t) {
           const uint32_t warp = i % 64 / 32, first = i / 32 * 32;
           uint32_t all = 0, sum = 0;
           for (uint32_t l = 0; l < 32; l++) all ^= (first + l) * 7 + 3, sum += warp * 32 + l;
           return ((0x11111111u << (i & 3)) + 0xffffffffu + sum + 3 * (warp * 32 + 31) + 1) ^ all;
         });
}

TEST_P(Warp, OldFormsMeanTheActiveLanes) {
  expect(kernel(R"(
    mov.u32 %r2, 0; setp.lt.u32 %p1, %t, 40; @!%p1 bra DONE;
    setp.ne.u32 %p2, %a, 0; vote.ballot.b32 %r2, %p2; shfl.bfly.b32 %r3, %a, 1, 31; add.u32 %r2, %r2, %r3;
    DONE: st.global.u32 [%out], %r2;)"),
         [](uint32_t i, uint32_t) {
           const uint32_t t = i % 64;
           return t >= 40 ? 0 : (t < 32 ? ~0u : 0xffu) + (i ^ 1) * 7 + 3;
         });
}

TEST_P(Warp, BarriersInLoops) {
  expect(kernel(R"(
    mov.u32 %r1, sh; shl.b32 %r2, %t, 2; add.u32 %r3, %r1, %r2; st.shared.u32 [%r3], %t; mov.u32 %r4, 32;
    LOOP: bar.sync 0; setp.ge.u32 %p1, %t, %r4; @%p1 bra SKIP;
    shl.b32 %r5, %r4, 2; add.u32 %r5, %r5, %r3; ld.shared.u32 %r6, [%r5]; ld.shared.u32 %r7, [%r3];
    add.u32 %r6, %r6, %r7; st.shared.u32 [%r3], %r6;
    SKIP: shr.u32 %r4, %r4, 1; setp.ne.u32 %p2, %r4, 0; @%p2 bra LOOP;
    bar.sync 0; ld.shared.u32 %r8, [sh]; st.global.u32 [%out], %r8;)",
                ".shared .align 4 .b8 sh[256];"),
         [](uint32_t, uint32_t) { return 63u * 64 / 2; });
}

// Two sums over the block with no barrier between the first's result and the second's start: a race that
// programs have. Warps leave a barrier together on hardware, so the result is read before it is written
// again.
TEST_P(Warp, WhatIsReadBehindABarrierIsReadBeforeAnyWarpGoesOn) {
  for (const uint32_t block : {64u, 640u})
    expect(
        kernel(R"(
    .shared .b32 sh[32];
    shr.u32 %r1, %t, 5; shl.b32 %r1, %r1, 2; and.b32 %r2, %t, 31; setp.eq.u32 %p1, %r2, 0;
    mov.u32 %r3, sh; add.u32 %r3, %r3, %r1; add.u32 %r4, %a, 1;
    @%p1 st.shared.u32 [%r3], %a; bar.sync 0; ld.shared.u32 %r5, [sh];
    @%p1 st.shared.u32 [%r3], %r4; bar.sync 0; ld.shared.u32 %r6, [sh];
    mad.lo.u32 %r7, %r5, 1000, %r6; st.global.u32 [%out], %r7;)"),
        [&](uint32_t i, uint32_t) {
          const uint32_t first = i / block * block * 7 + 3;
          return first * 1000 + first + 1;
        },
        block);
}

TEST_P(Warp, BarrierReductions) {
  expect(kernel(R"(
    setp.lt.u32 %p1, %t, 10; bar.red.popc.u32 %r1, 0, %p1; bar.red.or.pred %p2, 0, %p1; bar.red.and.pred %p3, 0, %p1;
    selp.u32 %r2, 100, 0, %p2; selp.u32 %r3, 1000, 0, %p3; add.u32 %r1, %r1, %r2; add.u32 %r1, %r1, %r3;
    st.global.u32 [%out], %r1;)"),
         [](uint32_t, uint32_t) { return 110u; });
}

TEST_P(Warp, DivergentLanesMeetAtWarpSync) {
  expect(kernel(R"(
    mov.u32 %r1, sh; shl.b32 %r2, %t, 2; add.u32 %r3, %r1, %r2; and.b32 %r4, %t, 1; setp.eq.u32 %p1, %r4, 0;
    @%p1 bra EVEN; st.shared.u32 [%r3], 5; bra JOIN; EVEN: st.shared.u32 [%r3], 6;
    JOIN: bar.warp.sync -1; xor.b32 %r5, %t, 1; shl.b32 %r5, %r5, 2; add.u32 %r5, %r1, %r5; ld.shared.u32 %r6, [%r5];
    st.global.u32 [%out], %r6;)",
                ".shared .align 4 .b8 sh[256];"),
         [](uint32_t i, uint32_t) { return i & 1 ? 6u : 5u; });
}

}  // namespace
}  // namespace ppu::lower
