// Guards, branches, calls, carries, special registers, and what is refused (PTX ISA, "Control Flow
// Instructions").
#include "tests/lower/program.h"

namespace ppu::lower {
namespace {

class Control : public Program {};
PPU_ALL_VARIANTS(Control);

TEST_P(Control, GuardsSelectOrBranch) {
  expect(kernel(R"(
    setp.gt.u32 %p1, %a, 100; mov.u32 %r1, 1; @%p1 add.u32 %r1, %a, 5; @!%p1 mov.u32 %r1, %t;
    @!%p1 st.global.u32 [%out], 77; @%p1 st.global.u32 [%out], %r1;)"),
         [](uint32_t, uint32_t a) { return a > 100 ? a + 5 : 77; });
}

TEST_P(Control, DivergentLoops) {
  expect(kernel(R"(
    and.b32 %r1, %a, 15; mov.u32 %r2, 0;
    LOOP: setp.eq.u32 %p1, %r1, 0; @%p1 bra DONE;
    add.u32 %r2, %r2, %r1; sub.u32 %r1, %r1, 1; bra LOOP;
    DONE: st.global.u32 [%out], %r2;)"),
         [](uint32_t, uint32_t a) { return (a & 15) * ((a & 15) + 1) / 2; });
}

// Both loops begin at ROUND: lanes that are through with the inner one wait for the others there.
TEST_P(Control, NestedLoopsOfOneLabelMeetAtTheInnerEnd) {
  expect(kernel(R"(
    mov.u32 %r1, 0; mov.u32 %r2, 0; mov.u32 %r3, 0;
    ROUND: add.u32 %r1, %r1, 1; and.b32 %r4, %t, 7; setp.le.u32 %p1, %r1, %r4; @%p1 bra ROUND;
    vote.sync.ballot.b32 %r5, 1, -1; add.u32 %r3, %r3, %r5; mov.u32 %r1, 0;
    add.u32 %r2, %r2, 1; setp.lt.u32 %p2, %r2, 3; @%p2 bra ROUND;
    st.global.u32 [%out], %r3;)"),
         [](uint32_t, uint32_t) { return 3 * 0xffffffffu; });
}

TEST_P(Control, IrreducibleFlow) {
  expect(kernel(R"(
    and.b32 %r1, %a, 7; mov.u32 %r2, 0; setp.lt.u32 %p1, %r1, 4; @%p1 bra SECOND;
    FIRST: add.u32 %r2, %r2, 1; add.u32 %r1, %r1, 1;
    SECOND: add.u32 %r2, %r2, 100; add.u32 %r1, %r1, 1; setp.lt.u32 %p2, %r1, 20; @%p2 bra FIRST;
    st.global.u32 [%out], %r2;)"),
         [](uint32_t, uint32_t a) {
           uint32_t i = a & 7, sum = 0;
           bool first = i >= 4;
           for (;;) {
             if (first) sum++, i++;
             first = true;
             sum += 100, i++;
             if (i >= 20) return sum;
           }
         });
}

TEST_P(Control, BranchTables) {
  expect(kernel(R"(
    and.b32 %r1, %a, 3; mov.u32 %r2, 9;
    TABLE: .branchtargets L0, L1, L2, L3;
    brx.idx %r1, TABLE;
    L0: mov.u32 %r2, 10; bra END;
    L1: mov.u32 %r2, 11;
    L2: add.u32 %r2, %r2, 100; bra END;
    L3: mov.u32 %r2, %t;
    END: st.global.u32 [%out], %r2;)"),
         [](uint32_t i, uint32_t a) {
           const uint32_t want[4] = {10, 111, 109, i % 64};
           return want[a & 3];
         });
}

TEST_P(Control, CallsPassAggregates) {
  expect(kernel(R"(
    { .param .align 4 .b8 v[12]; .param .b32 s; .param .align 4 .b8 res[12];
      st.param.b32 [v+0], %a; st.param.b32 [v+4], %t; st.param.b32 [v+8], 5; st.param.b32 [s], 3;
      call.uni (res), rotate, (v, s);
      ld.param.b32 %r1, [res+0]; ld.param.b32 %r2, [res+4]; ld.param.b32 %r3, [res+8]; }
    mad.lo.u32 %r1, %r2, 1000, %r1; xor.b32 %r1, %r1, %r3; st.global.u32 [%out], %r1;)",
                R"(
.func (.param .align 4 .b8 out3[12]) rotate(.param .align 4 .b8 v[12], .param .b32 s) {
  .reg .b32 %r<6>;
  ld.param.b32 %r1, [v]; ld.param.b32 %r2, [v+4]; ld.param.b32 %r3, [v+8]; ld.param.b32 %r4, [s];
  add.u32 %r3, %r3, %r4;
  st.param.b32 [out3+0], %r2; st.param.b32 [out3+4], %r3; st.param.b32 [out3+8], %r1; ret;
})"),
         [](uint32_t i, uint32_t a) { return (8 * 1000 + i % 64) ^ a; });
}

TEST_P(Control, ExitInAFunctionEndsTheThread) {
  expect(kernel(R"(
    st.global.u32 [%out], 1;
    { .param .b32 v; st.param.b32 [v], %t; call.uni leave_if_odd, (v); }
    st.global.u32 [%out], 2;)",
                R"(
.func leave_if_odd(.param .b32 v) {
  .reg .b32 %r<3>; .reg .pred %p;
  ld.param.b32 %r1, [v]; and.b32 %r1, %r1, 1; setp.eq.u32 %p, %r1, 1; @%p exit; ret;
})"),
         [](uint32_t i, uint32_t) { return i & 1 ? 1u : 2u; });
}

TEST_P(Control, Recursion) {
  expect(kernel(R"(
    and.b32 %r1, %a, 7;
    { .param .b32 v; .param .b32 res; st.param.b32 [v], %r1; call.uni (res), factorial, (v); ld.param.b32 %r2, [res]; }
    st.global.u32 [%out], %r2;)",
                R"(
.func (.param .b32 res) factorial(.param .b32 v) {
  .reg .b32 %r<5>; .reg .pred %p;
  ld.param.b32 %r1, [v]; mov.u32 %r2, 1; setp.lt.u32 %p, %r1, 2; @%p bra DONE;
  sub.u32 %r3, %r1, 1;
  { .param .b32 w; .param .b32 got; st.param.b32 [w], %r3; call.uni (got), factorial, (w); ld.param.b32 %r4, [got]; }
  mul.lo.u32 %r2, %r4, %r1;
  DONE: st.param.b32 [res], %r2; ret;
})"),
         [](uint32_t, uint32_t a) {
           uint32_t f = 1;
           for (uint32_t k = a & 7; k > 1; k--) f *= k;
           return f;
         });
}

TEST_P(Control, CallsThroughPointers) {
  expect(kernel(R"(
    and.b32 %r1, %t, 1; mul.wide.u32 %d1, %r1, 8; mov.u64 %d2, table; add.u64 %d2, %d2, %d1; ld.global.u64 %d3, [%d2];
    { .param .b32 v; .param .b32 res; st.param.b32 [v], %a;
      proto: .callprototype (.param .b32 _) _ (.param .b32 _);
      call (res), %d3, (v), proto; ld.param.b32 %r2, [res]; }
    st.global.u32 [%out], %r2;)",
                R"(
.func (.param .b32 res) plus(.param .b32 v) { .reg .b32 %r<3>; ld.param.b32 %r1, [v]; add.u32 %r1, %r1, 1000; st.param.b32 [res], %r1; ret; }
.func (.param .b32 res) times(.param .b32 v) { .reg .b32 %r<3>; ld.param.b32 %r1, [v]; mul.lo.u32 %r1, %r1, 3; st.param.b32 [res], %r1; ret; }
.global .align 8 .u64 table[2] = {plus, times};)"),
         [](uint32_t i, uint32_t a) { return i & 1 ? a * 3 : a + 1000; });
}

TEST_P(Control, RecursiveFunctionsHaveFrames) {
  // Each level keeps an array of its own across the inner call, and returns 12 bytes.
  const std::string sum = R"(
.func (.param .align 4 .b8 res[12]) sum(.param .b32 v) {
  .local .align 4 .b8 depot[16]; .reg .b32 %r<10>; .reg .pred %p; .reg .b64 %d<4>;
  ld.param.b32 %r1, [v]; mov.u32 %r2, 0; mov.u64 %d1, depot; setp.eq.u32 %p, %r1, 0; @%p bra DONE;
  and.b32 %r3, %r1, 3; mul.wide.u32 %d2, %r3, 4; add.u64 %d2, %d1, %d2; st.local.u32 [%d2], %r1;
  sub.u32 %r4, %r1, 1;
  { .param .b32 w; .param .align 4 .b8 got[12]; st.param.b32 [w], %r4; call.uni (got), sum, (w); ld.param.b32 %r5, [got+8]; }
  ld.local.u32 %r6, [%d2]; add.u32 %r2, %r5, %r6;
  DONE: st.param.b32 [res], 0; st.param.b32 [res+4], 0; st.param.b32 [res+8], %r2; ret;
})";
  const std::string body = R"(
    and.b32 %r1, %a, DEPTH;
    { .param .b32 v; .param .align 4 .b8 res[12]; st.param.b32 [v], %r1; call.uni (res), sum, (v); ld.param.b32 %r2, [res+8]; }
    st.global.u32 [%out], %r2;)";
  const auto with_depth = [&](const char* depth) {
    std::string text = body;
    return kernel(text.replace(text.find("DEPTH"), 5, depth), sum);
  };
  expect(with_depth("15"), [](uint32_t, uint32_t a) { return (a & 15) * ((a & 15) + 1) / 2; });
  KernelRunner k = runner(with_depth("-1"));
  std::vector<uint32_t> in(32, 100000), out(32);
  const RunResult r = k.run("k", {1}, {32}, in.data(), out.data());
  EXPECT_EQ(r.error, "");
  EXPECT_EQ(r.trap, exec::Trap::kStackOverflow);
}

TEST_P(Control, CarryChains) {
  expect(kernel(R"(
    mov.u32 %r1, -1; add.cc.u32 %r2, %a, %r1; addc.u32 %r3, %t, 0; sub.cc.u32 %r4, %t, %a; subc.u32 %r5, 100, 0;
    xor.b32 %r3, %r3, %r2; xor.b32 %r3, %r3, %r5; st.global.u32 [%out], %r3;)"),
         [](uint32_t i, uint32_t a) {
           const uint32_t t = i % 64;
           return (t + 1) ^ (a - 1) ^ (100 - (t < a ? 1 : 0));
         });
}

// The flag of a subtraction is that of a + ~b + 1, as nvcc's 128-bit division has it: after subc.cc, addc
// tells whether the result is not below zero.
TEST_P(Control, SubtractionLeavesACarry) {
  expect(kernel(R"(
    sub.cc.u32 %r1, %a, 100; subc.cc.u32 %r2, %t, 5; addc.u32 %r3, 0, 0; sub.cc.u32 %r4, %a, 100; subc.u32 %r4, 0, 0;
    add.cc.u32 %r5, %a, -100; subc.u32 %r5, 50, 0; mad.lo.u32 %r3, %r3, 1000, %r5; add.u32 %r3, %r3, %r4;
    st.global.u32 [%out], %r3;)"),
         [](uint32_t i, uint32_t a) {
           const bool above = (uint64_t{i % 64} << 32 | a) >= (uint64_t{5} << 32 | 100), carry = a >= 100;
           return above * 1000u + 50 - 2 * !carry;
         });
}

TEST_P(Control, PartsOfRegistersInVideoInstructions) {
  expect(kernel(R"(
    mul.lo.u32 %r1, %a, 0x01030507; vadd.s32.s32.u32 %r2, %r1.b1, %r1.h1; vsub.s32.u32.s32.add %r3, %r1.b3, %r1.h0, %r2;
    st.global.u32 [%out], %r3;)"),
         [](uint32_t, uint32_t a) {
           const uint32_t r1 = a * 0x01030507u, r2 = uint32_t(int8_t(r1 >> 8)) + (r1 >> 16);
           return (r1 >> 24) - uint32_t(int16_t(r1)) + r2;
         });
}

TEST_P(Control, SpecialRegisters) {
  expect(kernel(R"(
    mov.u32 %r1, %laneid; mov.u32 %r2, %warpid; mov.u32 %r3, %nwarpid; mov.u32 %r4, %nctaid.x; mov.u32 %r5, %ctaid.x;
    mov.u32 %r6, %lanemask_lt; popc.b32 %r6, %r6; mov.u32 %r7, %lanemask_ge; popc.b32 %r7, %r7; add.u32 %r6, %r6, %r7;
    mov.u32 %r8, %ntid.y; mov.u32 %r9, %tid.y; add.u32 %r8, %r8, %r9;
    mad.lo.u32 %r1, %r2, 32, %r1; mad.lo.u32 %r1, %r3, 1000, %r1; mad.lo.u32 %r1, %r4, 10000, %r1;
    mad.lo.u32 %r1, %r5, 100000, %r1; mad.lo.u32 %r1, %r6, 1000000, %r1; mad.lo.u32 %r1, %r8, 100000000, %r1;
    st.global.u32 [%out], %r1;)"),
         [](uint32_t i, uint32_t) {
           return i % 64 + 2 * 1000 + 2 * 10000 + i / 64 * 100000 + 32 * 1000000 + 100000000;
         });
}

TEST_P(Control, BlocksThatAreNoMultipleOfAWarp) {
  expect(
      kernel("add.u32 %r1, %a, 1; st.global.u32 [%out], %r1;"), [](uint32_t, uint32_t a) { return a + 1; },
      37, 3);
}

TEST_P(Control, TrapEndsTheLaunch) {
  KernelRunner k = runner(kernel("setp.eq.u32 %p1, %t, 40; @%p1 trap; st.global.u32 [%out], 1;"));
  std::vector<uint32_t> in(64), out(64);
  const RunResult r = k.run("k", {1}, {64}, in.data(), out.data());
  EXPECT_EQ(r.error, "");
  EXPECT_EQ(r.trap, exec::Trap::kTrap);
}

// libcu++'s waits: many polls in a row, then some with a sleep between them. Warp 0 must let warp 1 run
// before it ever sleeps, which here it never does.
TEST_P(Control, LoopsThatSleepNowAndThenPollWithoutHoldingOthersUp) {
  expect(kernel(R"(
    mov.u32 %r1, flag; mov.u32 %r4, 0; setp.eq.u32 %p1, %t, 0; @%p1 st.shared.u32 [%r1], %r4; bar.sync 0;
    setp.ge.u32 %p1, %t, 32; @%p1 bra SET;
    POLL: ld.volatile.shared.u32 %r2, [%r1]; setp.ne.u32 %p2, %r2, 0; @%p2 bra DONE;
    mov.u64 %d1, %globaltimer; setp.gt.u64 %p3, %d1, 16; @%p3 bra POLL;
    nanosleep.u32 100; bra POLL;
    SET: st.volatile.shared.u32 [%r1], %t;
    DONE: add.u32 %r3, %a, 1; st.global.u32 [%out], %r3;)",
                ".shared .align 4 .b32 flag;"),
         [](uint32_t, uint32_t a) { return a + 1; });
}

// A warp executes the instruction once (and reading the host's clock for each lane would take microseconds).
TEST_P(Control, LanesOfAWarpReadOneGlobaltimer) {
  expect(kernel(R"(
    mov.u64 %d1, %globaltimer; cvt.u32.u64 %r1, %d1; shfl.sync.idx.b32 %r2, %r1, 0, 31, -1;
    sub.u32 %r3, %r1, %r2; st.global.u32 [%out], %r3;)"),
         [](uint32_t, uint32_t) { return 0; });
}

TEST_P(Control, RefusalsNameInstructionAndLine) {
  KernelRunner k = runner(kernel("\n  mov.u32 %r1, %tid.x;\n  wgmma.fence.sync.aligned;"));
  std::vector<uint32_t> in(64), out(64);
  const RunResult r = k.run("k", {1}, {64}, in.data(), out.data());
  EXPECT_NE(r.error.find("wgmma"), std::string::npos) << r.error;
  EXPECT_NE(r.error.find("test:"), std::string::npos) << r.error;
}

/// Instructions of targets after sm_89 that aren't here, each as ptxas takes it for the target in front.
const char* const kNewer[][2] = {
    {"sm_90", "elect.sync %r1|%p1, 0xffffffff;"},
    {"sm_90", "mapa.shared::cluster.u32 %r1, %r2, %r3;"},
    {"sm_90", "mapa.u64 %d1, %d2, %r3;"},
    {"sm_90", "getctarank.shared::cluster.u32 %r1, %r2;"},
    {"sm_90", "barrier.cluster.arrive.aligned;"},
    {"sm_90", "barrier.cluster.wait.aligned;"},
    {"sm_90", "multimem.ld_reduce.global.add.f32 %r1, [%d1];"},
    {"sm_90", "multimem.st.global.f32 [%d1], %r1;"},
    {"sm_90", "multimem.red.release.sys.global.add.v4.bf16x2 [%d1], {%r1,%r2,%r3,%r4};"},
    {"sm_90", "atom.global.v4.f32.add {%r1,%r2,%r3,%r4}, [%d1], {%r5,%r6,%r7,%r8};"},
    {"sm_90", "red.global.add.noftz.v2.f16x2 [%d1], {%r3,%r4};"},
    {"sm_90", "fma.rn.oob.f16 %h1, %h2, %h3, %h4;"},
    {"sm_90",
     "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%r1], [%d1, {%r2,%r3}],"
     " [%r4];"},
    {"sm_90", "cp.async.bulk.tensor.2d.global.shared::cta.bulk_group [%d1, {%r2,%r3}], [%r1];"},
    {"sm_90",
     "cp.async.bulk.tensor.3d.shared::cluster.global.im2col.mbarrier::complete_tx::bytes [%r1],"
     " [%d1, {%r2,%r3,%r4}], [%r7], {%h1};"},
    {"sm_90", "cp.reduce.async.bulk.tensor.2d.global.shared::cta.add.bulk_group [%d1, {%r2,%r3}], [%r1];"},
    {"sm_90", "cp.async.bulk.prefetch.tensor.2d.L2.global.tile [%d1, {%r2,%r3}];"},
    {"sm_90",
     "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster [%r1], [%d1],"
     " 256, [%r2], %h1;"},
    {"sm_90", "st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.b32 [%r1], %r2, [%r3];"},
    {"sm_90",
     "red.async.relaxed.cluster.shared::cluster.mbarrier::complete_tx::bytes.add.u32 [%r1], %r2, [%r3];"},
    {"sm_90",
     "tensormap.cp_fenceproxy.global.shared::cta.tensormap::generic.release.gpu.sync.aligned [%d1], [%r1],"
     " 128;"},
    {"sm_90", "fence.proxy.tensormap::generic.acquire.gpu [%d1], 128;"},
    {"sm_90", "fence.acquire.sync_restrict::shared::cluster.cluster;"},
    {"sm_90a", "tensormap.replace.tile.global_address.global.b1024.b64 [%d1], %d2;"},
    {"sm_90a", "setmaxnreg.inc.sync.aligned.u32 96;"},
    {"sm_90a", "wgmma.fence.sync.aligned;"},
    {"sm_90a", "wgmma.wait_group.sync.aligned 0;"},
    {"sm_90a",
     "wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 {%r1,%r2,%r3,%r4}, %d1, %d2, %p1, 1, 1, 0, 0;"},
    {"sm_100", "clusterlaunchcontrol.query_cancel.is_canceled.pred.b128 %p1, %q1;"},
    {"sm_100",
     "clusterlaunchcontrol.try_cancel.async.shared::cta.mbarrier::complete_tx::bytes.b128 [%r1], [%r2];"},
    {"sm_100", "cp.async.bulk.global.shared::cta.bulk_group.cp_mask [%d1], [%r1], 256, %h1;"},
    {"sm_100", "st.bulk.weak.shared::cta [%r1], 128, 0;"},
    {"sm_100", "add.rn.f32.f16 %r1, %h1, %r2;"},
    {"sm_100a", "tcgen05.alloc.cta_group::1.sync.aligned.shared::cta.b32 [%r1], 32;"},
    {"sm_100a", "tcgen05.ld.sync.aligned.32x32b.x1.b32 {%r1}, [%r2];"},
    {"sm_100a", "tcgen05.cp.cta_group::1.32x128b.warpx4.b8x16.b4x16_p64 [%r1], %d1;"},
    {"sm_100a",
     "tcgen05.mma.cta_group::1.kind::mxf8f6f4.block_scale.scale_vec::1X [%r1], %d1, %d2, %r2, [%r3],"
     " [%r4], %p1;"},
    {"sm_100a", "redux.sync.max.f32 %r1, %r2, 0xffffffff;"},
    {"sm_100a", "cvt.rn.f16x2.e2m3x2 %r1, %h1;"},
    {"sm_100a", "cvt.rs.f16x2.f32 %r1, %r2, %r3, %r4;"},
    {"sm_100a", "ldmatrix.sync.aligned.m16n16.x1.trans.shared.b8 {%r1,%r2}, [%r3];"},
    {"sm_100a", "ldmatrix.sync.aligned.m8n16.x2.shared::cta.b8x16.b4x16_p64 {%r1,%r2}, [%r3];"},
    {"sm_100a", "stmatrix.sync.aligned.m16n8.x1.trans.shared.b8 [%r1], {%r2};"},
    {"sm_120a",
     "mma.sync.aligned.m16n8k64.row.col.kind::mxf4nvf4.block_scale.scale_vec::4X.f32.e2m1.e2m1.f32.ue4m3"
     " {%r1,%r2,%r3,%r4}, {%r5,%r6,%r7,%r8}, {%r9,%r10}, {%r11,%r12,%r13,%r14}, {%r15}, {0, 1}, {%r16},"
     " {0, 1};"},
    {"sm_120a",
     "mma.sp::ordered_metadata.sync.aligned.m16n8k64.row.col.kind::f8f6f4.f32.e4m3.e2m1.f32"
     " {%r1,%r2,%r3,%r4}, {%r5,%r6,%r7,%r8}, {%r9,%r10,%r11,%r12}, {%r11,%r12,%r13,%r14}, %r15, 0;"},
};

TEST(Refusals, OfNewerTargetsNameInstructionAndTarget) {
  for (const auto& [target, text] : kNewer) {
    const std::string instruction = text, opcode = instruction.substr(0, instruction.find_first_of(" ;"));
    KernelRunner k(".version 9.0\n.target " + std::string(target) + R"(
.address_size 64
.visible .entry k(.param .u64 p_in, .param .u64 p_out) {
  .reg .pred %p<4>; .reg .b16 %h<8>; .reg .b32 %r<20>; .reg .b64 %d<4>; .reg .b128 %q<4>;
  )" + instruction +
                   "\n  ret;\n}\n.visible .entry other(.param .u64 p_in, .param .u64 p_out) { ret; }\n");
    const RunResult r = k.run("k", {1}, {32}, nullptr, nullptr);
    EXPECT_EQ(r.error,
              "test:6: " + opcode + ": OpenPPU doesn't have this instruction (target " + target + ")");
    EXPECT_EQ(k.run("other", {1}, {32}, nullptr, nullptr).error, "") << "beside " << text;
  }
}

// Neither lockstep nor a lane alone gets through these; the driver has the interpreter.
TEST_P(Control, LanesThatWaitInCalledFunctionsAreRefused) {
  const auto error = [&](const std::string& body, const std::string& functions) {
    KernelRunner k = runner(kernel(body, functions));
    std::vector<uint32_t> in(64), out(64);
    return k.run("k", {1}, {64}, in.data(), out.data()).error;
  };
  const std::string head =
      R"((.param .b64 p) { .reg .pred %q; .reg .b32 %w; .reg .b64 %at; ld.param.b64 %at, [p];)";
  const std::string wait =
      " WAIT: ld.acquire.gpu.global.u32 %w, [%at]; setp.eq.u32 %q, %w, 0; @%q bra WAIT; ret; }\n";
  // One lane waits in one function for another that is in another function.
  std::string why =
      error(R"(
    mov.u64 %d1, await; setp.eq.u32 %p1, %t, 1; @%p1 mov.u64 %d1, give;
    { .param .b64 a; st.param.b64 [a], %o; proto: .callprototype _ (.param .b64 _); call %d1, (a), proto; })",
            ".func await" + head + wait + ".func give" + head + "st.release.gpu.global.u32 [%at], 7; ret; }");
  EXPECT_NE(why.find("one lane at a time"), std::string::npos) << why;
  EXPECT_NE(why.find("await for lanes in other functions"), std::string::npos) << why;
  // Both are in one, which calls itself and so isn't inlined.
  why = error("{ .param .b64 a; st.param.b64 [a], %o; call meet, (a); }",
              ".func meet" + head + R"(
      mov.u32 %w, %tid.x; setp.gt.u32 %q, %w, 40; @%q bra AGAIN; setp.eq.u32 %q, %w, 1; @%q bra GIVE;)" +
                  wait.substr(0, wait.size() - 2) + R"(
      GIVE: st.release.gpu.global.u32 [%at], 7; ret;
      AGAIN: { .param .b64 a; st.param.b64 [a], %at; call meet, (a); } ret; })");
  EXPECT_NE(why.find("one lane at a time"), std::string::npos) << why;
  EXPECT_NE(why.find("meet, which isn't inlined"), std::string::npos) << why;
}

TEST_P(Control, UndefinedFunctionsAreNamed) {
  KernelRunner k = runner(kernel("{ call.uni mystery, (); }", ".extern .func mystery();"));
  std::vector<uint32_t> in(64), out(64);
  const RunResult r = k.run("k", {1}, {64}, in.data(), out.data());
  EXPECT_NE(r.error.find("'mystery'"), std::string::npos) << r.error;
}

}  // namespace
}  // namespace ppu::lower
