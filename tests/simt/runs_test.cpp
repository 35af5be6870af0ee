// Lanes that lie in runs of memory, and rows whose distance is known at run time only.
#include <string>

#include "widened.h"

namespace ppu::simt {
namespace {

/// Lane t's place in a tile that is turned over: row t % 4, column t / 4, in rows of 256 floats.
const std::string kTurned =
    "and.b32 %r5, %r1, 3; shl.b32 %r5, %r5, 10; shr.u32 %r6, %r1, 2; shl.b32 %r6, %r6, 2; mov.u32 %r7, sh;\n"
    "add.s32 %r8, %r7, %r5; add.s32 %r8, %r8, %r6; mul.wide.u32 %d2, %r4, 4; add.s64 %d3, %d0, %d2;\n";

TEST(Runs, TilesTurnedOverAreStoredByRuns) {
  const std::string body = kTurned + "ld.global.f32 %f0, [%d3]; st.shared.f32 [%r8], %f0;\n";
  for (bool avx512 : {true, false}) {
    const Widened w = widened(body, 64, 1, 1, avx512);
    EXPECT_EQ(w.count("store <8 x float>"), 4u) << w.ir;
    EXPECT_EQ(w.count("scatter"), 0u);
  }
  const Widened some = widened("setp.lt.u32 %p0, %r1, 50; @%p0 bra L1; bra L2; L1:\n" + body + "L2:\n", 64);
  EXPECT_EQ(some.count("call void @llvm.masked.store.v8f32"), 4u) << some.ir;
}

TEST(Runs, TilesTurnedOverAreLoadedByRuns) {
  const Widened w = widened(kTurned + "ld.shared.f32 %f0, [%r8]; st.global.f32 [%d3], %f0;\n", 64);
  EXPECT_EQ(w.count("load <8 x float>"), 4u) << w.ir;
  EXPECT_EQ(w.count("gather"), 0u);
}

TEST(Runs, ShortOnesAreNot) {
  const Widened w = widened(
      "and.b32 %r5, %r1, 15; shl.b32 %r5, %r5, 8; shr.u32 %r6, %r1, 4; shl.b32 %r6, %r6, 2; mov.u32 %r7, "
      "sh;\n"
      "add.s32 %r8, %r7, %r5; add.s32 %r8, %r8, %r6; mul.wide.u32 %d2, %r4, 4; add.s64 %d3, %d0, %d2;\n"
      "ld.global.f32 %f0, [%d3]; st.shared.f32 [%r8], %f0;\n",
      64);
  EXPECT_EQ(w.count("store <2 x float>"), 0u) << w.ir;
}

/// Four lanes a row of n floats, each 16 bytes of it.
std::string rows(const std::string& row) {
  return row +
         "and.b32 %r6, %r1, 3; shl.b32 %r6, %r6, 2; mad.lo.s32 %r7, %r5, %r0, %r6; mul.wide.s32 %d2, %r7, "
         "4;\n"
         "add.s64 %d3, %d1, %d2; ld.global.v4.f32 {%f0, %f1, %f2, %f3}, [%d3];\n"
         "add.f32 %f0, %f0, %f1; add.f32 %f2, %f2, %f3; mul.f32 %f0, %f0, %f2;\n"
         "mul.wide.u32 %d4, %r4, 4; add.s64 %d5, %d0, %d4; st.global.f32 [%d5], %f0;\n";
}

TEST(Runs, FewRowsHaveScalarAddresses) {
  // Pointers of all lanes in memory, read one by one, are what others need.
  const Widened few = widened(rows("shr.u32 %r5, %r1, 2;\n"), 64, 1, 1, false),
                many = widened(rows("mov.u32 %r5, %r1;\n"), 64, 1, 1, false);
  EXPECT_EQ(few.count("load volatile"), 0u) << few.ir;
  EXPECT_GE(many.count("load volatile"), 32u);
}

}  // namespace
}  // namespace ppu::simt
