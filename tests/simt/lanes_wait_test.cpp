// Which kernels run one lane at a time (docs/vectorizer.md, "Lanes that wait for each other").
#include "tests/simt/widened.h"

namespace ppu::simt {
namespace {

/// Lanes of a warp run apart in this kernel?
bool runs_narrow(const std::string& body, uint32_t x = 64, uint32_t y = 1) {
  return widened(body, x, y).outcome.narrow;
}

TEST(Simt, ALaneThatWaitsForAnotherMakesTheKernelNarrow) {
  const std::string take =
      "L1: atom.global.cas.b32 %r5, [%d0], 0, 1; setp.ne.s32 %p0, %r5, 0; @%p0 bra L1;\n";
  const std::string give = "atom.global.exch.b32 %r6, [%d0], 0;\n";
  EXPECT_TRUE(runs_narrow(take + give));
  // By one lane of each warp: whom it waits for is elsewhere.
  EXPECT_FALSE(runs_narrow("setp.ne.u32 %p1, %r1, 0; @%p1 bra L2;\n" + take + give + "L2:\n"));
  EXPECT_FALSE(
      runs_narrow("mov.u32 %r7, %tid.y; or.b32 %r7, %r7, %r1; setp.ne.u32 %p1, %r7, 0; @%p1 bra L2;\n" +
                      take + give + "L2:\n",
                  16, 4));
  EXPECT_TRUE(runs_narrow("setp.ne.u32 %p1, %r1, 0; @%p1 bra L2;\n" + take + give + "L2:\n", 16, 4))
      << "every other half warp has such a lane";
  // A loop that gives up some time, unrolled: asking twice isn't giving back.
  const std::string ask = "atom.global.cas.b32 %r5, [%d0], 0, 1; setp.eq.s32 %p0, %r5, 0; @%p0 bra L2;\n";
  EXPECT_TRUE(runs_narrow(
      "mov.u32 %r7, 0;\nL1: " + ask + ask +
      "add.u32 %r7, %r7, 2; setp.lt.u32 %p1, %r7, 1000; @%p1 bra L1; bra L3;\nL2: " + give + "L3:\n"));
  // One lane polls what another of its warp writes behind it; with a barrier between them, it is too late to
  // help.
  const std::string poll =
      "setp.ne.u32 %p1, %r1, 0; @%p1 bra L2;\nL1: ld.volatile.global.u32 %r5, [%d0]; setp.eq.s32 %p0, %r5, "
      "0;\n"
      "@%p0 bra L1;\nL2:\n";
  EXPECT_TRUE(runs_narrow(poll + "st.volatile.global.u32 [%d0], 1;\n"));
  EXPECT_TRUE(runs_narrow("tex.2d.v4.u32.s32 {%r4,_,_,_}, [%d1, {%r1, %r1}];\n" + poll +
                          "st.volatile.global.u32 [%d0], %r4;\n"));
  EXPECT_FALSE(runs_narrow(poll + "bar.sync 0; st.volatile.global.u32 [%d0], 1;\n"));
  // The same by loads that don't say that they poll.
  const auto plainly = [](const std::string& load) {
    return "setp.ne.u32 %p1, %r1, 0; @%p1 bra L2;\nL1: " + load +
           " setp.eq.s32 %p0, %r5, 0; @%p0 bra L1;\nL2: st.volatile.global.u32 [%d0], 1;\n";
  };
  EXPECT_TRUE(runs_narrow(plainly("ld.global.cg.u32 %r5, [%d0];")));
  EXPECT_TRUE(runs_narrow(plainly("ld.global.cv.u32 %r5, [%d0];")));
  EXPECT_TRUE(runs_narrow(plainly("ld.global.u32 %r5, [%d0]; membar.gl;")));
  EXPECT_FALSE(runs_narrow(plainly("add.s64 %d0, %d0, 4; ld.global.cg.u32 %r5, [%d0];"))) << "a search";
  EXPECT_FALSE(runs_narrow(poll + "st.global.u32 [%d1], 1;\n"));
  EXPECT_TRUE(runs_narrow(poll + "st.global.u32 [%d0], 1;\n")) << "a weak write, but of what is polled";
  EXPECT_FALSE(runs_narrow(poll + "st.global.u32 [%d0+4], 1;\n"));
  const auto by_flag = [](const std::string& written) {
    return "setp.eq.u32 %p1, %r1, 3; @%p1 bra L2;\nL1: ld.volatile.shared.u32 %r5, [sh+8]; setp.eq.s32 %p0, "
           "%r5, 0;\n"
           "@%p0 bra L1; bra L3;\nL2: st.shared.u32 [" +
           written + "], 1;\nL3:\n";
  };
  EXPECT_TRUE(runs_narrow(by_flag("sh+8")));
  EXPECT_FALSE(runs_narrow(by_flag("sh+12")));
  // A reader that comes while a lock is written takes itself off the count of readers, and tries again.
  EXPECT_TRUE(runs_narrow(
      "L1: atom.global.add.u32 %r5, [%d0], 1; setp.ge.s32 %p0, %r5, 0; @%p0 bra L2;\n"
      "atom.global.add.u32 %r5, [%d0], -1; bra L1;\nL2: atom.global.add.u32 %r5, [%d0], 0x80000000;\n"));
}

TEST(Simt, LanesThatAskWhoIsActiveAreNotRunAlone) {
  // As cooperative groups' coalesced_threads does: alone, each lane would hear that there is nobody else.
  const Widened w = widened(
      "L1: atom.global.cas.b32 %r5, [%d0], 0, 1; setp.ne.s32 %p0, %r5, 0; @%p0 bra L1;\n"
      "activemask.b32 %r6; st.global.u32 [%d1], %r6; atom.global.exch.b32 %r6, [%d0], 0;\n",
      64, 1);
  EXPECT_FALSE(w.outcome.narrow);
  EXPECT_FALSE(w.outcome.lockstep_is_wrong) << "a loop that polls may end by itself";
  EXPECT_NE(w.outcome.why_narrow.find("active together"), std::string::npos) << w.outcome.why_narrow;
}

TEST(Simt, LanesThatPollRowsOfOtherBlocksStayWide) {
  // Each lane looks back through the rows of earlier blocks in its own column, then fills in its own place.
  const auto look_back = [](const std::string& step) {
    return "mov.u32 %r5, %ctaid.x; shl.b32 %r5, %r5, 6; add.u32 %r5, %r5, %r1; mul.wide.u32 %d2, %r5, 4;\n"
           "add.u64 %d3, %d0, %d2;\n"
           "L0: sub.u32 %r5, %r5, " +
           step +
           "; mul.wide.u32 %d2, %r5, 4; add.u64 %d2, %d0, %d2;\n"
           "L1: ld.volatile.global.u32 %r7, [%d2]; setp.eq.s32 %p0, %r7, 0; @%p0 bra L1;\n"
           "setp.eq.s32 %p1, %r7, 1; @%p1 bra L0; st.volatile.global.u32 [%d3], 2;\n";
  };
  EXPECT_FALSE(runs_narrow(look_back("64")));
  EXPECT_TRUE(runs_narrow(look_back("1"))) << "the neighbour's place";
  EXPECT_TRUE(runs_narrow(look_back("%r4"))) << "any place";
}

TEST(Simt, VotesOfSomeWarpsAreNarrow) {
  const std::string vote = "setp.eq.u32 %p1, %r1, 3; barrier.cta.red.popc.u32 %r5, ";
  EXPECT_FALSE(runs_narrow(vote + "0, %p1; st.global.u32 [%d0], %r5;\n"));
  EXPECT_FALSE(runs_narrow(vote + "1, 64, %p1; st.global.u32 [%d0], %r5;\n"));
  EXPECT_TRUE(
      runs_narrow("shr.u32 %r6, %r1, 6;\n" + vote + "%r6, 64, %p1; st.global.u32 [%d0], %r5;\n", 128));
}

TEST(Simt, LanesThatWaitForOneResultAfterAnotherAreNarrow) {
  // Each lane adds up what five before it have found, as soon as they have, and then says that it has: the
  // place that it polls is another once it has found something there.
  const auto adds_up = [](const std::string& ready) {
    return "sub.u32 %r5, %r1, 5; max.s32 %r5, %r5, 0;\n"
           "L1: mul.wide.u32 %d2, %r5, 4; add.u64 %d3, %d0, %d2;\n" +
           ready +
           "setp.eq.s32 %p0, %r7, 0; @%p0 bra L2; add.u32 %r5, %r5, 1;\n"
           "L2: setp.lt.u32 %p1, %r5, %r1; @%p1 bra L1;\n"
           "mul.wide.u32 %d2, %r1, 4; add.u64 %d3, %d0, %d2; st.volatile.global.u32 [%d3], 1;\n";
  };
  EXPECT_TRUE(runs_narrow(adds_up("ld.volatile.global.u32 %r7, [%d3];\n")));
  EXPECT_TRUE(runs_narrow(adds_up("atom.global.or.b32 %r7, [%d3], 0;\n")));
}

TEST(Simt, LockFreeLoopsStayWide) {
  // Tries again with what it found: some lane always gets on.
  EXPECT_FALSE(runs_narrow(
      "ld.global.u32 %r5, [%d0];\nL1: add.u32 %r6, %r5, %r1; atom.global.cas.b32 %r7, [%d0], %r5, %r6;\n"
      "setp.ne.s32 %p0, %r7, %r5; mov.u32 %r5, %r7; @%p0 bra L1;\n"));
  // The next slot of a hash table.
  EXPECT_FALSE(runs_narrow(
      "mov.u32 %r6, %r1;\nL1: mul.wide.u32 %d2, %r6, 4; add.u64 %d3, %d0, %d2; add.u32 %r6, %r6, 1;\n"
      "atom.global.cas.b32 %r7, [%d3], 0, %r4; setp.ne.s32 %p0, %r7, 0; @%p0 bra L1;\n"
      "atom.global.add.u32 %r8, [%d1], 1;\n"));
  // All lanes poll until all have found something.
  EXPECT_FALSE(runs_narrow(
      "mul.wide.u32 %d2, %r1, 4; add.u64 %d3, %d0, %d2;\n"
      "L1: ld.volatile.global.u32 %r5, [%d3]; setp.eq.s32 %p0, %r5, 0; vote.sync.any.pred %p1, %p0, -1;\n"
      "@%p1 bra L1; st.volatile.global.u32 [%d3], 0;\n"));
}

TEST(Simt, PartnersAlongTwoBranchesMakeTheKernelNarrow) {
  const auto branches = [](const std::string& before, const std::string& one, const std::string& other) {
    return "ld.global.u32 %r5, [%d0]; xor.b32 %r5, %r5, %r1; and.b32 %r5, %r5, 1; setp.eq.u32 %p0, %r5, "
           "0;\n" +
           before + "@%p0 bra L1;\n" + one + "bra L2;\nL1: " + other + "L2: st.global.u32 [%d1], %r6;\n";
  };
  const auto vote = [](const std::string& mask) { return "vote.sync.ballot.b32 %r6, %p0, " + mask + ";\n"; };
  EXPECT_TRUE(runs_narrow(branches("", vote("-1"), vote("-1"))));
  EXPECT_TRUE(runs_narrow(branches("", "bar.warp.sync -1;\n", "bar.warp.sync -1;\n")));
  EXPECT_TRUE(runs_narrow(branches("", "bar.sync 0;\n", "bar.sync 0;\n")));
  EXPECT_TRUE(runs_narrow(branches("", "bar.sync 1, 32;\n", "")));
  EXPECT_FALSE(runs_narrow(branches("", "bar.sync 0;\n", "")));
  EXPECT_FALSE(runs_narrow(branches("", vote("0xffff"), vote("0xffff0000"))));
  EXPECT_FALSE(runs_narrow(branches("", vote("-1"), "redux.sync.add.u32 %r6, %r1, -1;\n")));
  // The mask names those who are there.
  const std::string active = "activemask.b32 %r7;\n";
  EXPECT_FALSE(runs_narrow(branches("", active + vote("%r7"), active + vote("%r7"))));
  EXPECT_FALSE(runs_narrow(
      branches("vote.sync.ballot.b32 %r7, %p0, -1; not.b32 %r8, %r7;\n", vote("%r8"), vote("%r7"))));
}

}  // namespace
}  // namespace ppu::simt
