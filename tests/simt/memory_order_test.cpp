// Results that lie side by side in memory are kept as rows of it.
#include <string>

#include "widened.h"

namespace ppu::simt {
namespace {

/// Each thread adds `depth` products to `columns` sums side by side: b's row at 16 columns' threads, and an
/// element of a that `a_of` chooses (%r10).
std::string product(unsigned columns, const std::string& a_of) {
  const std::string bytes = std::to_string(columns * 4);
  std::string body = "mov.u32 %r5, sh; and.b32 %r6, %r1, 15; mul.lo.s32 %r6, %r6, " + bytes +
                     "; add.s32 %r7, %r5, %r6;\n" + a_of +
                     "shl.b32 %r10, %r10, 2; add.s32 %r8, %r5, %r10; mov.u32 %r9, 0;\n";
  for (unsigned q = 0; q < columns; q++) body += "mov.f32 %f" + std::to_string(q) + ", 0f00000000;\n";
  body += "setp.lt.s32 %p1, %r0, 1; @%p1 bra DONE;\nLOOP: ld.shared.f32 %f20, [%r8+2048];\n";
  for (unsigned q = 0; q < columns; q++) {
    const std::string sum = "%f" + std::to_string(q);
    body += "ld.shared.f32 %f21, [%r7+" + std::to_string(q * 4) + "]; fma.rn.f32 " + sum + ", %f20, %f21, " +
            sum + ";\n";
  }
  body +=
      "add.s32 %r7, %r7, 1024; add.s32 %r8, %r8, 64; add.s32 %r9, %r9, 1; setp.lt.s32 %p0, %r9, %r0;\n"
      "@%p0 bra LOOP;\nDONE: mul.wide.s32 %d2, %r4, " +
      bytes + "; add.s64 %d3, %d0, %d2;\n";
  for (unsigned q = 0; q < columns; q++)
    body += "st.global.f32 [%d3+" + std::to_string(q * 4) + "], %f" + std::to_string(q) + ";\n";
  return body;
}

const char* const kRowOfHalf = "shr.u32 %r10, %r1, 4;\n";

TEST(MemoryOrder, SumsSideBySideAreRows) {
  for (unsigned columns : {2u, 4u, 8u}) {
    const Widened w = widened(product(columns, kRowOfHalf), 32);
    EXPECT_EQ(w.count("= phi <32 x float>"), columns * 2) << w.ir;  // in the loop, and behind it
    // Rows of each half, which are the same for both.
    EXPECT_GE(w.count("load <16 x float>"), columns);
    EXPECT_EQ(w.count("load <" + std::to_string(16 * columns) + " x float>"), 0u);
    EXPECT_EQ(w.count("load <" + std::to_string(15 * columns + 1) + " x float>"), 0u);
  }
}

TEST(MemoryOrder, SumsThatOtherLanesMultiplyOtherwiseAreNot) {
  const Widened w = widened(product(4, "mov.u32 %r10, %r1;\n"), 32);
  EXPECT_EQ(w.count("load <61 x float>") + w.count("load <64 x float>"), 4u) << w.ir;
}

TEST(MemoryOrder, OnlyAWholeRowIsOne) {
  const Widened w = widened(product(3, kRowOfHalf), 32);
  EXPECT_EQ(w.count("load <16 x float>"), 0u) << w.ir;
}

}  // namespace
}  // namespace ppu::simt
