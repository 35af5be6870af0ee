// mbarrier objects, cp.async and bulk copies (PTX ISA, "mbarrier", "Asynchronous copy").
#include "tests/lower/program.h"

namespace ppu::lower {
namespace {

class Async : public Program {};
PPU_ALL_VARIANTS(Async);

// A ring: everyone writes, arrives, waits and reads its neighbour's word; three phases, by state and by
// parity.
TEST_P(Async, AnMbarrierSeparatesPhases) {
  expect(kernel(R"(
    .shared .align 8 .b64 bar; .shared .b32 sh[64];
    setp.ne.u32 %p1, %t, 0; @%p1 bra READY; mov.u32 %r1, %ntid.x; mbarrier.init.shared.b64 [bar], %r1;
    READY: bar.sync 0;
    mov.u32 %r2, sh; shl.b32 %r3, %t, 2; add.u32 %r4, %r2, %r3;
    add.u32 %r5, %t, 1; and.b32 %r5, %r5, 63; shl.b32 %r5, %r5, 2; add.u32 %r5, %r2, %r5;
    st.shared.u32 [%r4], %a;
    mbarrier.arrive.shared::cta.b64 %d1, [bar];
    WAIT1: mbarrier.test_wait.shared.b64 %p2, [bar], %d1; @!%p2 bra WAIT1;
    ld.shared.u32 %r6, [%r5];
    mbarrier.arrive.release.cta.shared::cta.b64 _, [bar];
    WAIT2: mbarrier.try_wait.parity.shared.b64 %p3, [bar], 1; @!%p3 bra WAIT2;
    st.shared.u32 [%r4], %r6;
    mbarrier.arrive.shared.b64 %d2, [bar], 1;
    WAIT3: mbarrier.test_wait.parity.shared.b64 %p4, [bar], 0; @!%p4 bra WAIT3;
    ld.shared.u32 %r7, [%r5];
    st.global.u32 [%out], %r7;)"),
         [](uint32_t i, uint32_t) {
           const uint32_t block = i / 64 * 64;
           return (block + (i % 64 + 2) % 64) * 7 + 3;
         });
}

// One thread: counts that are pending, drops, and phases that bytes hold open.
TEST_P(Async, CountsDropsAndBytes) {
  expect(kernel(R"(
    .shared .align 8 .b64 bar;
    mov.u32 %r9, 0; setp.ne.u32 %p1, %t, 0; @%p1 bra DONE;
    mbarrier.init.shared.b64 [bar], 3;
    mbarrier.arrive.noComplete.shared.b64 %d1, [bar], 1;
    mbarrier.pending_count.b64 %r1, %d1;                       // 3 before the arrival
    mbarrier.arrive_drop.shared.b64 %d2, [bar];
    mbarrier.pending_count.b64 %r2, %d2;                       // 2
    mbarrier.arrive.expect_tx.shared.b64 %d3, [bar], 32;       // the last arrival, but 32 bytes are out
    mbarrier.test_wait.shared.b64 %p2, [bar], %d3;
    mbarrier.complete_tx.shared::cta.b64 [bar], 16;
    mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [bar], 8;
    mbarrier.complete_tx.shared::cta.b64 [bar], 24;
    mbarrier.test_wait.shared.b64 %p3, [bar], %d3;             // complete
    mbarrier.arrive.shared.b64 %d4, [bar];
    mbarrier.pending_count.b64 %r3, %d4;                       // 2: one was dropped
    cp.async.mbarrier.arrive.shared.b64 [bar];
    mbarrier.test_wait.parity.shared.b64 %p4, [bar], 1;        // still open
    cp.async.mbarrier.arrive.noinc.shared.b64 [bar];
    mbarrier.test_wait.parity.shared.b64 %p5, [bar], 1;
    mbarrier.inval.shared.b64 [bar];
    selp.u32 %r4, 1000, 0, %p2; selp.u32 %r5, 2000, 0, %p3; selp.u32 %r6, 4000, 0, %p4; selp.u32 %r7, 8000, 0, %p5;
    mad.lo.u32 %r9, %r1, 100, %r4; mad.lo.u32 %r9, %r2, 10, %r9; add.u32 %r9, %r9, %r3; add.u32 %r9, %r9, %r5;
    add.u32 %r9, %r9, %r6; add.u32 %r9, %r9, %r7;
    DONE: st.global.u32 [%out], %r9;)"),
         [](uint32_t i, uint32_t) { return i % 64 ? 0 : 300 + 20 + 2 + 2000 + 8000; });
}

// A lane that runs by itself, as here where lane 1 waits for lane 0, may invalidate the object before the
// others have seen the phase they wait for.
TEST_P(Async, InvalidatedBarriersKeepTheirPhase) {
  expect(kernel(R"(
    .shared .align 8 .b64 bar; .shared .align 4 .b32 flag;
    setp.ne.u32 %p1, %t, 0; @%p1 bra READY;
    mbarrier.init.shared.b64 [bar], 64; st.shared.u32 [flag], 0;
    READY: bar.sync 0; mbarrier.arrive.shared.b64 %d1, [bar];
    WAIT: mbarrier.test_wait.shared.b64 %p2, [bar], %d1; @!%p2 bra WAIT;
    @%p1 bra POLL;
    mbarrier.inval.shared.b64 [bar]; st.volatile.shared.u32 [flag], 7; bra DONE;
    POLL: ld.volatile.shared.u32 %r1, [flag]; setp.eq.u32 %p3, %r1, 0; @%p3 bra POLL;
    DONE: st.global.u32 [%out], 5;)"),
         [](uint32_t, uint32_t) { return 5; });
}

// A row of the input into shared memory by one bulk copy, doubled there, added to the output by a bulk
// reduction.
TEST_P(Async, BulkCopiesAndReductions) {
  expect(kernel(R"(
    .shared .align 8 .b64 bar; .shared .align 16 .b32 sh[64], twice[64];
    st.global.u32 [%out], 5; bar.sync 0;
    setp.ne.u32 %p1, %t, 0; @%p1 bra WAIT;
    mbarrier.init.shared.b64 [bar], 1; fence.proxy.async.shared::cta;
    mbarrier.arrive.expect_tx.shared.b64 _, [bar], 512;
    cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [sh], [%in], 256, [bar];
    cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes [twice], [sh], 256, [bar];
    WAIT: bar.sync 0;
    SPIN: mbarrier.try_wait.parity.shared.b64 %p2, [bar], 0; @!%p2 bra SPIN;
    @%p1 bra DONE;
    mbarrier.arrive.expect_tx.shared.b64 %d1, [bar], 256;
    cp.reduce.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes.add.u32 [twice], [sh], 256, [bar];
    cp.reduce.async.bulk.global.shared::cta.bulk_group.add.s32 [%out], [twice], 256;
    cp.async.bulk.commit_group; cp.async.bulk.wait_group.read 0; cp.async.bulk.wait_group 0;
    DONE: bar.sync 0;)"),
         [](uint32_t, uint32_t in) { return 5 + 2 * in; });
}

TEST_P(Async, CopiesWithZeroFill) {
  expect(kernel(R"(
    .shared .align 16 .b32 sh[64];
    mov.u32 %r1, sh; shl.b32 %r2, %t, 2; add.u32 %r1, %r1, %r2; mov.u32 %r3, 77; st.shared.u32 [%r1], %r3;
    and.b32 %r4, %t, 1; shl.b32 %r4, %r4, 2; mov.u64 %d1, 0;
    cp.async.ca.shared.global.L2::cache_hint [%r1], [%in], 4, %r4, %d1;
    cp.async.commit_group; cp.async.wait_group 0; ld.shared.u32 %r5, [%r1]; st.global.u32 [%out], %r5;)"),
         [](uint32_t i, uint32_t in) { return i & 1 ? in : 0; });
}

}  // namespace
}  // namespace ppu::lower
