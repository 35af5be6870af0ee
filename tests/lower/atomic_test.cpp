// Atomic operations and loops that wait (PTX ISA, "atom", "red", "membar").
#include <algorithm>
#include <bit>
#include <functional>

#include "tests/lower/program.h"

namespace ppu::lower {
namespace {

class Atomic : public Program {
 protected:
  /// Runs `body` for 96 threads on memory cells with these start values; returns the cells afterwards.
  std::vector<uint32_t> cells(const std::string& body, std::vector<uint32_t> start,
                              std::vector<uint32_t>* out = nullptr) {
    KernelRunner k = runner(kernel(body));
    std::vector<uint32_t> in = std::move(start), result(96);
    in.resize(96);
    const RunResult r = k.run("k", {1}, {96}, in.data(), result.data());
    EXPECT_EQ(r.error, "");
    EXPECT_EQ(r.trap, exec::Trap::kNone);
    if (out) *out = result;
    return in;
  }
};
PPU_ALL_VARIANTS(Atomic);

TEST_P(Atomic, IntegerOperations) {
  const std::vector<uint32_t> got = cells(R"(
    red.global.add.u32 [%base], %t; red.global.max.s32 [%base+4], %t; red.global.min.u32 [%base+8], %t;
    shl.b32 %r1, 1, %t; red.global.or.b32 [%base+12], %r1; red.global.and.b32 [%base+16], %r1;
    red.global.xor.b32 [%base+20], %t; red.global.inc.u32 [%base+24], 50; red.global.dec.u32 [%base+28], 50;)",
                                          {1, uint32_t(-9), 77, 0, 0xffffffff, 0, 0, 10});
  EXPECT_EQ(got[0], 1 + 95u * 96 / 2);
  EXPECT_EQ(got[1], 95u);
  EXPECT_EQ(got[2], 0u);
  EXPECT_EQ(got[3], 0xffffffffu);
  EXPECT_EQ(got[4], 0u);
  EXPECT_EQ(got[5], 0u);
  EXPECT_EQ(got[6], 96 % 51u);
  EXPECT_EQ(got[7], (10 + 51 * 2 - 96u) % 51);
}

TEST_P(Atomic, EveryThreadSeesAnotherOldValue) {
  std::vector<uint32_t> old;
  const auto got = cells("atom.global.add.u32 %r1, [%base], 1; st.global.u32 [%out], %r1;", {5}, &old);
  EXPECT_EQ(got[0], 101u);
  std::sort(old.begin(), old.end());
  for (uint32_t i = 0; i < 96; i++) EXPECT_EQ(old[i], 5 + i);
}

// One place for the whole warp, some lanes off: in lane order, as many atomic operations as threads.
TEST_P(Atomic, LanesAtOnePlaceSeeWhatThoseBeforeThemLeft) {
  const std::string some = "and.b32 %r2, %t, 3; setp.ne.u32 %p1, %r2, 1; mov.u32 %r1, 0;\n",
                    end = "st.global.u32 [%out], %r1;";
  const auto lanes_on = [](uint32_t t) { return t % 4 != 1; };
  const auto check = [&](const std::string& op, uint32_t start,
                         const std::function<uint32_t(uint32_t, uint32_t)>& next) {
    std::vector<uint32_t> old;
    const auto got = cells(some + "@%p1 atom.global." + op + ";" + end, {start}, &old);
    uint32_t now = start;
    for (uint32_t t = 0; t < 96; t++) {
      EXPECT_EQ(old[t], lanes_on(t) ? now : 0) << op << ", thread " << t;
      if (lanes_on(t)) now = next(now, t);
    }
    EXPECT_EQ(got[0], now) << op;
    EXPECT_EQ(cells(some + "@%p1 red.global." + op.substr(0, op.find(' ')) + " " +
                        op.substr(op.find(',') + 1) + ";",
                    {start})[0],
              now)
        << op;
  };
  check("add.u32 %r1, [%base], %t", 7, [](uint32_t a, uint32_t t) { return a + t; });
  check("add.f32 %r1, [%base], 0f3DCCCCCD", 0x4b800000,
        [](uint32_t a, uint32_t) { return std::bit_cast<uint32_t>(std::bit_cast<float>(a) + 0.1f); });
  check("max.s32 %r1, [%base], %t", uint32_t(-5),
        [](uint32_t a, uint32_t t) { return uint32_t(std::max(int32_t(a), int32_t(t))); });
  check("inc.u32 %r1, [%base], 20", 18, [](uint32_t a, uint32_t) { return a >= 20 ? 0 : a + 1; });
  check("dec.u32 %r1, [%base], %t", 4, [](uint32_t a, uint32_t t) { return a == 0 || a > t ? t : a - 1; });
  check("xor.b32 %r1, [%base], %t", 9, [](uint32_t a, uint32_t t) { return a ^ t; });
}

TEST_P(Atomic, FloatingPoint) {
  const auto got = cells(R"(
    red.global.add.f32 [%base], 0f3F000000; mov.b32 %r1, 0x3c003800; red.global.add.noftz.f16x2 [%base+4], %r1;
    mov.f64 %g1, 0d3FD0000000000000; red.global.add.f64 [%base+8], %g1;)",
                         {0x3f800000, 0, 0, 0});
  EXPECT_EQ(std::bit_cast<float>(got[0]), 49.0f);
  EXPECT_EQ(got[1], 0x56005200u) << "halves: 96 and 48";
  EXPECT_EQ(std::bit_cast<double>(uint64_t{got[3]} << 32 | got[2]), 24.0);
}

TEST_P(Atomic, CompareAndSwapLoop) {
  const auto got = cells(R"(
    ld.global.u32 %r1, [%base];
    AGAIN: add.u32 %r2, %r1, %t; mov.u32 %r3, %r1; atom.global.cas.b32 %r1, [%base], %r3, %r2;
    setp.ne.u32 %p1, %r1, %r3; @%p1 bra AGAIN;)",
                         {7});
  EXPECT_EQ(got[0], 7 + 95u * 96 / 2);
}

TEST_P(Atomic, SixtyFourBits) {
  const auto got = cells(R"(
    mov.u64 %d1, 0x100000001; red.global.add.u64 [%base], %d1; atom.global.exch.b64 %d2, [%base+8], 9;
    cvt.u64.u32 %d3, %t; red.global.max.u64 [%base+16], %d3;)",
                         {0, 0, 0, 0, 0, 0});
  EXPECT_EQ(got[0], 96u);
  EXPECT_EQ(got[1], 96u);
  EXPECT_EQ(got[2], 9u);
  EXPECT_EQ(got[4], 95u);
}

TEST_P(Atomic, SharedCounters) {
  expect(kernel(R"(
    mov.u32 %r1, sh; and.b32 %r2, %t, 3; shl.b32 %r2, %r2, 2; add.u32 %r1, %r1, %r2;
    setp.lt.u32 %p1, %t, 4; @%p1 st.shared.u32 [%r1], 0; bar.sync 0; atom.shared.add.u32 %r3, [%r1], 2; bar.sync 0;
    ld.shared.u32 %r4, [%r1]; st.global.u32 [%out], %r4;)",
                ".shared .align 4 .b8 sh[16];"),
         [](uint32_t, uint32_t) { return 32u; });
}

TEST_P(Atomic, WarpsThatWaitForEachOther) {
  // Warp 0 spins until warp 2 has written: only possible if a waiting warp lets the others run.
  const auto got = cells(R"(
    setp.lt.u32 %p1, %t, 32; @%p1 bra WAIT; setp.lt.u32 %p2, %t, 64; @%p2 bra DONE;
    st.volatile.global.u32 [%base+4], 1; bra DONE;
    WAIT: ld.volatile.global.u32 %r1, [%base+4]; setp.eq.u32 %p3, %r1, 0; @%p3 bra WAIT;
    st.global.u32 [%base+8], 33;
    DONE:)",
                         {0, 0, 0});
  EXPECT_EQ(got[2], 33u);
}

TEST_P(Atomic, LocksAmongWarps) {
  const auto got = cells(R"(
    and.b32 %r1, %t, 31; setp.ne.u32 %p1, %r1, 0; @%p1 bra DONE;
    TAKE: atom.global.cas.b32 %r2, [%base], 0, 1; setp.ne.u32 %p2, %r2, 0; @%p2 bra TAKE; membar.gl;
    ld.volatile.global.u32 %r3, [%base+4]; add.u32 %r3, %r3, 1; st.volatile.global.u32 [%base+4], %r3; membar.gl;
    atom.global.exch.b32 %r4, [%base], 0;
    DONE:)",
                         {0, 0});
  EXPECT_EQ(got[0], 0u);
  EXPECT_EQ(got[1], 3u);
}

}  // namespace
}  // namespace ppu::lower
