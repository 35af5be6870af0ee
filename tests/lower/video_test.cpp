// Video instructions that write parts of registers or choose elements: what the parser makes of them.
#include "tests/lower/program.h"

namespace ppu::lower {
namespace {

class Video : public Program {};
PPU_ALL_VARIANTS(Video);

// %r1 = 0x01020384 + t, %r2 = 0x10203040, %r3 = 0xaabbccdd; the result is in %r0.
std::string video(const std::string& body) {
  return "add.u32 %r1, %t, 0x01020384; mov.u32 %r2, 0x10203040; mov.u32 %r3, 0xaabbccdd; " + body +
         " st.global.u32 [%out], %r0;";
}

TEST_P(Video, PartsAreMerged) {
  expect(kernel(video("vadd.u32.u32.u32 %r0.b1, %r1.b0, %r2.b1, %r3;")),
         [](uint32_t i, uint32_t) { return (0xaabb00ddu) | ((0x84 + i % 64 + 0x30) & 255) << 8; });
  expect(kernel(video("vsub.u32.u32.u32 %r0.h1, %r2, %r1.h1, %r3;")),
         [](uint32_t, uint32_t) { return 0xccddu | ((0x10203040u - 0x0102) & 0xffff) << 16; });
}

TEST_P(Video, SaturationIsThatOfThePart) {
  expect(kernel(video("vadd.s32.s32.s32.sat %r0.b0, %r2, 5, %r3;")),
         [](uint32_t, uint32_t) { return 0xaabbcc7fu; });
  expect(kernel(video("vsub.s32.u32.u32.sat %r0.h0, 0, %r2, %r3;")),
         [](uint32_t, uint32_t) { return 0xaabb8000u; });
  expect(kernel(video("vadd.u32.u32.u32.sat %r0.b3, %r2, 5, %r3;")),
         [](uint32_t, uint32_t) { return 0xffbbccddu; });
}

TEST_P(Video, AGuardCoversAll) {
  expect(kernel(video("mov.u32 %r0, 7; setp.lt.u32 %p1, %t, 10; @%p1 vmax.u32.u32.u32 %r0.b0, 1, 2, %r3;")),
         [](uint32_t i, uint32_t) { return i % 64 < 10 ? 0xaabbcc02u : 7u; });
}

TEST_P(Video, ProductsAndSummandsAreSubtracted) {
  expect(kernel(video("vmad.s32.u32.u32 %r0, -%r1.b0, %r2.b1, %r3;")),
         [](uint32_t i, uint32_t) { return 0xaabbccddu - (0x84 + i % 64) % 256 * 0x30; });
  expect(kernel(video("vmad.s32.u32.s32 %r0, %r1, -%r2.b1, 5;")),
         [](uint32_t i, uint32_t) { return 5 - (0x01020384 + i % 64) * 0x30; });
  expect(kernel(video("vmad.u32.u32.u32 %r0, %r1.b0, %r2.b1, -%r3;")),
         [](uint32_t i, uint32_t) { return (0x84 + i % 64) % 256 * 0x30 - 0xaabbccddu; });
  expect(kernel(video("vmad.u32.u32.u32 %r0, -%r1.b3, -%r2.b1, 2;")),
         [](uint32_t, uint32_t) { return 0x30 + 2u; });
}

TEST_P(Video, SignsThatExcludeEachOtherAreRefused) {
  EXPECT_FALSE(ptx::parse(kernel(video("vmad.s32.u32.u32 %r0, -%r1, %r2, -%r3;")), "both"));
  EXPECT_FALSE(ptx::parse(kernel(video("vmad.s32.u32.u32.po %r0, -%r1, %r2, %r3;")), "po"));
  EXPECT_FALSE(ptx::parse(kernel(video("add.u32 %r0, -%r1, %r2;")), "add"));
}

TEST_P(Video, ElementsAreChosen) {
  // a's lanes, low to high: a0, a2, b0, b2.
  expect(kernel(video("vadd4.u32.u32.u32 %r0, %r1.b6420, 0, 0;")),
         [](uint32_t i, uint32_t) { return ((0x84 + i % 64) & 255) | 0x02u << 8; });
  expect(kernel(video("vadd2.u32.u32.u32 %r0, %r2.h01, %r1.h33, 0;")),
         [](uint32_t, uint32_t) { return (0x3040u + 0x0102) << 16 | (0x1020u + 0x0102); });
}

TEST_P(Video, MasksKeepTheRest) {
  expect(kernel(video("vadd4.u32.u32.u32 %r0.b31, %r2, %r2, %r3;")),
         [](uint32_t, uint32_t) { return 0x20bb60ddu; });
  expect(kernel(video("vadd2.u32.u32.u32.add %r0.h0, %r2, %r2, 1;")),
         [](uint32_t, uint32_t) { return 2 * 0x3040u + 1; });
  expect(kernel(video("vset4.u32.u32.eq.add %r0.b210, %r3, %r3, 5;")), [](uint32_t, uint32_t) { return 8u; });
}

}  // namespace
}  // namespace ppu::lower
