// What widening makes of matrix products and of the loads and copies that feed them.
#include "exec/tile_abi.h"
#include "tests/simt/widened.h"

namespace ppu::simt {
namespace {

constexpr const char* kMma = "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 ";

TEST(Simt, ProductsOfAStretchOfCodeAreOneCall) {
  const std::string a = "{%r8, %r9, %r10, %r11}, ";
  const Widened w =
      widened(load_words(10) + "mov.f32 %f0, 0f00000000;\n" + kMma + "{%f1, %f2, %f3, %f4}, " + a +
                  "{%r12, %r13}, {%f0, %f0, %f0, %f0};\n" + kMma + "{%f5, %f6, %f7, %f8}, " + a +
                  "{%r14, %r15}, {%f0, %f0, %f0, %f0};\n" + kMma + "{%f1, %f2, %f3, %f4}, " + a +
                  "{%r16, %r17}, {%f1, %f2, %f3, %f4};\n" +
                  "st.global.f32 [%d4], %f1; st.global.f32 [%d4+256], %f8;\n",
              32);
  EXPECT_EQ(w.count("ptr nonnull @tile.program") + w.count("ptr @tile.program"), 1u) << w.ir;
}

/// The two halves of a tile.
std::string products_side_by_side(const std::string& left, const std::string& right) {
  return std::string(kMma) + "{%f1, %f2, %f3, %f4}, {%r8, %r9, %r10, %r11}, {%r12, %r13}, " + left + ";\n" +
         kMma + "{%f5, %f6, %f7, %f8}, {%r8, %r9, %r10, %r11}, {%r14, %r15}, " + right + ";\n" +
         "st.global.f32 [%d4], %f1; st.global.f32 [%d4+256], %f8;\n";
}

TEST(Simt, SumsThatStartAtZeroAreNotStored) {
  const std::string zero = "{%f0, %f0, %f0, %f0}";
  const Widened w =
      widened(load_words(8) + "mov.f32 %f0, 0f00000000;\n" + products_side_by_side(zero, zero), 32);
  EXPECT_EQ(w.count("ptr nonnull @tile.program") + w.count("ptr @tile.program"), 1u) << w.ir;
  EXPECT_EQ(w.count("store <4 x float>"), 0u) << w.ir;  // as pieces of rows are
}

TEST(Simt, SumsOfBothHalvesAreStoredByRows) {
  std::string sums;
  for (int i = 0; i < 8; i++) {
    const std::string f = "%f" + std::to_string(10 + i);
    sums +=
        "mov.b32 " + f + ", %r" + std::to_string(16 + i) + "; mul.rn.f32 " + f + ", " + f + ", 0f3f400000;\n";
  }
  const Widened w = widened(
      load_words(16) + sums + products_side_by_side("{%f10, %f11, %f12, %f13}", "{%f14, %f15, %f16, %f17}"),
      32);
  EXPECT_EQ(w.count("ptr nonnull @tile.program") + w.count("ptr @tile.program"), 1u) << w.ir;
  EXPECT_EQ(w.count("store <4 x float>"), 0u) << w.ir;
}

TEST(Simt, RowsShareColumnsThatTheyGoThroughBackwards) {
  std::string products, stores;
  const auto product = [&](int sum, const std::string& a, const std::string& b) {
    std::string d = "{";
    for (int k = 0; k < 4; k++) d += (k ? ", %f" : "%f") + std::to_string(sum + k);
    products += kMma + d + "}, " + a + ", " + b + ", {%f0, %f0, %f0, %f0};\n";
    stores += "st.global.f32 [%d4+" + std::to_string(sum * 128) + "], %f" + std::to_string(sum) + ";\n";
  };
  const std::string upper = "{%r8, %r9, %r10, %r11}", lower = "{%r16, %r17, %r18, %r19}";
  product(1, upper, "{%r12, %r13}");
  product(5, upper, "{%r14, %r15}");
  product(9, lower, "{%r14, %r15}");
  product(13, lower, "{%r12, %r13}");
  const Widened w = widened(load_words(12) + "mov.f32 %f0, 0f00000000;\n" + products + stores, 32);
  EXPECT_EQ(w.count("store <8 x i32>"), 16u) << w.ir;  // halves of rows of B
}

TEST(Simt, AccumulatorsStayInTilesRoundALoopWithBarriers) {
  const Widened w = widened(
      load_words(6) +
          "mov.f32 %f1, 0f00000000; mov.f32 %f2, %f1; mov.f32 %f3, %f1; mov.f32 %f4, %f1; mov.u32 %r20, 0;\n"
          "L1: bar.sync 0;\n" +
          kMma + "{%f1, %f2, %f3, %f4}, {%r8, %r9, %r10, %r11}, {%r12, %r13}, {%f1, %f2, %f3, %f4};\n" +
          "add.u32 %r20, %r20, 1; setp.lt.u32 %p0, %r20, %r0; @%p0 bra L1;\n"
          "st.global.f32 [%d4], %f1; st.global.f32 [%d4+256], %f4;\n",
      64);
  EXPECT_EQ(w.count("phi <32 x float>"), 0u) << w.ir;
  EXPECT_GE(w.outcome.frame_bytes, 2 * 1024u);  // a tile a warp
}

/// A loop that loads the next round's operands behind its products.
std::string loop_of_loaded_fragments(const std::string& behind) {
  const std::string
      row = "mov.u32 %r5, sh; shl.b32 %r6, %r1, 4; and.b32 %r6, %r6, 496; add.u32 %r5, %r5, %r6;\n",
      loads =
          "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r8, %r9, %r10, %r11}, [%r5];\n"
          "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%r12, %r13, %r14, %r15}, "
          "[%r5+512];\n",
      a = "{%r8, %r9, %r10, %r11}, ";
  return load_words(0) + row +
         "mov.f32 %f1, 0f00000000; mov.f32 %f2, %f1; mov.f32 %f3, %f1; mov.f32 %f4, %f1; mov.f32 %f5, %f1;\n"
         "mov.f32 %f6, %f1; mov.f32 %f7, %f1; mov.f32 %f8, %f1; mov.u32 %r20, 0;\n" +
         loads + "L1: bar.sync 0;\n" + kMma + "{%f1, %f2, %f3, %f4}, " + a +
         "{%r12, %r13}, {%f1, %f2, %f3, %f4};\n" + kMma + "{%f5, %f6, %f7, %f8}, " + a +
         "{%r14, %r15}, {%f5, %f6, %f7, %f8};\n" + loads +
         "add.u32 %r20, %r20, 1; setp.lt.u32 %p0, %r20, %r0; @%p0 bra L1;\n"
         "st.global.f32 [%d4], %f1; st.global.f32 [%d4+256], %f8;\n" +
         behind;
}

TEST(Simt, FragmentsLoadedForProductsOnlyAreRowsInMemory) {
  const Widened w = widened(loop_of_loaded_fragments(""), 64);
  EXPECT_EQ(w.count("shufflevector <64 x i16>") + w.count("<32 x i32> <i32 0, i32 1, i32 2, i32 3, i32 32"),
            0u)
      << w.ir;
  EXPECT_EQ(w.count("shufflevector <32 x i16>"), 16u) << w.ir;  // rows of B, before the loop and in it
}

/// Copies of units have four registers of 16 words each.
constexpr const char* kCopied = "load <32 x i32>, ptr";

TEST(Simt, LoadedFragmentsAreMultipliedWhereTheyLie) {
  // The queue's depth and one round more, of a unit of A and one of B.
  const Widened w = widened(loop_of_loaded_fragments(""), 64);
  EXPECT_EQ(w.count(kCopied), 0u) << w.ir;
  EXPECT_GE(w.outcome.frame_bytes, 2 * 9 * 2 * exec::kTileUnitBytes);
}

TEST(Simt, FragmentsLoadedBeforeAnotherLoopsProductsAreCopied) {
  // Products of the first loop may still wait where those of the second do, of which nobody knows how many.
  const std::string first =
      "mov.u32 %r21, 0;\nL0: bar.sync 0;\n" + std::string(kMma) +
      "{%f1, %f2, %f3, %f4}, {%r22, %r23, %r24, %r25}, {%r26, %r27}, {%f1, %f2, %f3, %f4};\n"
      "add.u32 %r21, %r21, 1; setp.lt.u32 %p0, %r21, %r0; @%p0 bra L0;\n";
  std::string loop = loop_of_loaded_fragments("");
  const size_t at = loop.find("L1:");
  ASSERT_NE(at, std::string::npos);
  loop.insert(at, first);
  std::string words;
  for (int i = 22; i < 28; i++) words += "mov.u32 %r" + std::to_string(i) + ", %r1;\n";
  EXPECT_GT(widened(words + loop, 64).count(kCopied), 0u);
}

TEST(Simt, RowsOfTwoMatricesSideBySideAreOneAccess) {
  // Swizzled: the second is in front of the first in every other pair of rows.
  const Widened w = widened(
      ".shared .align 16 .b8 tile[16384];\n" + load_words(0) +
          "and.b32 %r5, %r1, 15; shl.b32 %r5, %r5, 6; and.b32 %r6, %r1, 16; shl.b32 %r7, %r1, 3; and.b32 "
          "%r7, "
          "%r7, 16; xor.b32 %r6, %r6, %r7; or.b32 %r5, %r5, %r6; mov.u32 %r6, tile; add.u32 %r5, %r5, %r6;\n"
          "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r8, %r9, %r10, %r11}, [%r5];\n"
          "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%r12, %r13, %r14, %r15}, [%r5+1024];\n"
          "mov.f32 %f0, 0f00000000;\n" +
          products_side_by_side("{%f0, %f0, %f0, %f0}", "{%f0, %f0, %f0, %f0}"),
      32);
  EXPECT_EQ(w.count("load <8 x i32>"), 32u) << w.ir;  // of A and of B
  EXPECT_EQ(w.count("load <4 x i32>"), 0u) << w.ir;
}

/// Two steps of k of 16 columns: each load has all 32 k of eight of them.
std::string columns_of_two_steps(bool transposed, const std::string& between) {
  const std::string load =
      "ldmatrix.sync.aligned.m8n8.x4" + std::string(transposed ? ".trans" : "") + ".shared.b16 ";
  std::string products;
  for (int step = 0; step < 2; step++)
    for (int half = 0; half < 2; half++) {
      const std::string sum = half ? "{%f5, %f6, %f7, %f8}" : "{%f1, %f2, %f3, %f4}";
      const int b = 12 + half * 4 + step * 2;
      products += kMma + sum + ", {%r8, %r9, %r10, %r11}, {%r" + std::to_string(b) + ", %r" +
                  std::to_string(b + 1) + "}, " + (step ? sum : "{%f0, %f0, %f0, %f0}") + ";\n";
    }
  return ".shared .align 16 .b8 tile[16384];\n" + load_words(4) +
         "and.b32 %r20, %r1, 7; shl.b32 %r21, %r20, 4; shl.b32 %r22, %r1, 7; and.b32 %r22, %r22, " +
         (transposed ? "3968" : "896") + "; or.b32 %r20, %r21, %r22;\n" +
         (transposed ? "" : "shl.b32 %r22, %r1, 1; and.b32 %r22, %r22, 48; xor.b32 %r20, %r20, %r22;\n") +
         "mov.u32 %r22, tile; shl.b32 %r23, %r0, 13; xor.b32 %r21, %r20, " + (transposed ? "16" : "1024") +
         "; add.u32 %r20, %r20, %r23; add.u32 %r21, %r21, %r23; add.u32 %r20, %r20, %r22; add.u32 %r21, "
         "%r21, "
         "%r22;\n" +
         load + "{%r12, %r13, %r14, %r15}, [%r20];\n" + between + load +
         "{%r16, %r17, %r18, %r19}, [%r21];\nmov.f32 %f0, 0f00000000;\n" + products +
         "st.global.f32 [%d4], %f1; st.global.f32 [%d4+256], %f8;\n";
}

TEST(Simt, HalvesThatTwoLoadsBringArePutTogether) {
  const Widened rows = widened(columns_of_two_steps(true, ""), 32);
  EXPECT_EQ(rows.count("load <8 x i32>"), 32u) << rows.ir;  // a row of k of both halves each
  EXPECT_EQ(rows.count("load <4 x i32>"), 0u) << rows.ir;
  const Widened columns = widened(columns_of_two_steps(false, ""), 32);
  EXPECT_EQ(columns.count("load <8 x i32>"), 32u) << columns.ir;  // 16 k of a column each
  EXPECT_EQ(columns.count("store <8 x i32>"), 0u) << columns.ir;
}

TEST(Simt, HalvesAreRegistersWhereMemoryIsWrittenBetweenTheirLoads) {
  const Widened w = widened(columns_of_two_steps(true, "st.shared.u32 [%r20], %r8;\n"), 32);
  EXPECT_EQ(w.count("load <8 x i32>"), 0u) << w.ir;
  EXPECT_EQ(w.count("store <8 x i32>"), 32u) << w.ir;
}

TEST(Simt, FragmentsThatOtherCodeReadsAreRegisters) {
  const Widened w = widened(loop_of_loaded_fragments("st.global.u32 [%d4+512], %r12;\n"), 64);
  EXPECT_EQ(w.count("shufflevector <32 x i16>"), 0u) << w.ir;
}

TEST(Simt, AccumulatorsStayInTilesWhereABranchOfLanesFollows) {
  // As a pipeline's masked copies do: the branch's block is a region's first.
  const Widened w = widened(
      load_words(6) +
          "mov.f32 %f1, 0f00000000; mov.f32 %f2, %f1; mov.f32 %f3, %f1; mov.f32 %f4, %f1; mov.u32 %r20, 0;\n"
          "setp.lt.u32 %p1, %r8, 7;\n"
          "L1: bar.sync 0;\n" +
          kMma + "{%f1, %f2, %f3, %f4}, {%r8, %r9, %r10, %r11}, {%r12, %r13}, {%f1, %f2, %f3, %f4};\n" +
          "@%p1 bra L2; atom.global.add.u32 %r21, [%d0], 1; st.volatile.global.u32 [%d3], %r21;\n"
          "L2: add.u32 %r20, %r20, 1; setp.lt.u32 %p0, %r20, %r0; @%p0 bra L1;\n"
          "st.global.f32 [%d4], %f1; st.global.f32 [%d4+256], %f4;\n",
      64);
  EXPECT_EQ(w.count("phi <32 x float>"), 0u) << w.ir;
  EXPECT_GE(w.outcome.frame_bytes, 2 * 1024u);
}

// Several rounds' operands are kept until their products are made together, but only where nobody looks.
TEST(Simt, ProductsOfALoopThatOnlyAddsUpWaitForThoseOfOtherRounds) {
  const auto loop = [](const std::string& more) {
    return widened(load_words(6) +
                       "mov.f32 %f1, 0f00000000; mov.f32 %f2, %f1; mov.f32 %f3, %f1; mov.f32 %f4, %f1; "
                       "mov.u32 %r20, 0;\n"
                       "L1: bar.sync 0;\n" +
                       kMma +
                       "{%f1, %f2, %f3, %f4}, {%r8, %r9, %r10, %r11}, {%r12, %r13}, {%f1, %f2, %f3, %f4};\n" +
                       more +
                       "add.u32 %r20, %r20, 1; setp.lt.u32 %p0, %r20, %r0; @%p0 bra L1;\n"
                       "st.global.f32 [%d4], %f1; st.global.f32 [%d4+256], %f4;\n",
                   64);
  };
  constexpr uint32_t kUnits = 2 * 2 * exec::kMaxTileUnits * exec::kTileUnitBytes;  // of A and B, two warps
  EXPECT_GE(loop("").outcome.frame_bytes, kUnits);
  EXPECT_LT(loop("mul.f32 %f1, %f1, %f1;\n").outcome.frame_bytes, kUnits);
}

// Rows of a swizzled tile, one bit of the column from the warp's number: each lane's address is one of a few
// scalars and a constant.
TEST(Simt, RowsOfASwizzledTileNeedNoVectorOfAddresses) {
  const Widened w = widened(
      ".shared .align 16 .b8 tile[16384];\n"
      "and.b32 %r5, %r1, 15; shl.b32 %r5, %r5, 8; shl.b32 %r6, %r1, 4; and.b32 %r6, %r6, 112; or.b32 %r5, "
      "%r5, "
      "%r6;\n"
      "and.b32 %r7, %r1, 16; shl.b32 %r7, %r7, 1; shr.u32 %r8, %r1, 1; and.b32 %r8, %r8, 16; or.b32 %r7, "
      "%r7, "
      "%r8;\n"
      "xor.b32 %r5, %r5, %r7; mov.u32 %r9, tile; add.u32 %r9, %r9, %r5;\n"
      "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r10, %r11, %r12, %r13}, [%r9];\n"
      "mul.wide.s32 %d2, %r4, 4; add.s64 %d3, %d1, %d2; st.global.u32 [%d3], %r10;\n",
      128);
  EXPECT_EQ(w.count("extractelement"), 0u) << w.ir;
}

TEST(Simt, BitsOfLaneAndWarpPutTogetherNeedNoVectorOfAddresses) {
  // Bit 5 of what is swizzled is the lane's, bit 4 the warp's: neither may be taken for the other.
  const Widened w = widened(
      ".shared .align 16 .b8 tile[16384];\n"
      "and.b32 %r5, %r1, 15; shl.b32 %r5, %r5, 8; shl.b32 %r6, %r1, 4; and.b32 %r6, %r6, 112; or.b32 %r5, "
      "%r5, %r6;\n"
      "and.b32 %r7, %r1, 16; shl.b32 %r7, %r7, 1; shr.u32 %r8, %r1, 1; and.b32 %r8, %r8, 16; or.b32 %r7, "
      "%r7, %r8;\n"
      "xor.b32 %r5, %r5, %r7; xor.b32 %r5, %r5, 64; add.u32 %r5, %r5, %r0; mov.u32 %r9, tile; add.u32 %r9, "
      "%r9, %r5;\n"
      "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r10, %r11, %r12, %r13}, [%r9];\n"
      "mul.wide.s32 %d2, %r4, 4; add.s64 %d3, %d1, %d2; st.global.u32 [%d3], %r10;\n",
      128);
  EXPECT_EQ(w.count("extractelement <32 x ptr>"), 0u) << w.ir;
}

// As pipelines write it: four lanes a row, swizzled where it is put, zeros beyond the edge.
TEST(Simt, CopiesToSharedMemoryMoveRegisters) {
  const Widened w = widened(
      ".shared .align 16 .b8 tile[16384];\n"
      "shr.u32 %r5, %r1, 2; rem.u32 %r6, %r5, %r0; mul.lo.u32 %r6, %r6, %r0; mul.wide.u32 %d2, %r6, 4;\n"
      "and.b32 %r7, %r1, 3; mul.wide.u32 %d3, %r7, 16; add.s64 %d2, %d2, %d3; add.s64 %d2, %d2, %d0;\n"
      "setp.lt.u32 %p0, %r7, %r0; selp.b32 %r8, 16, 0, %p0;\n"
      "shl.b32 %r9, %r1, 4; and.b32 %r10, %r1, 24; shl.b32 %r10, %r10, 1; xor.b32 %r9, %r9, %r10;\n"
      "mov.u32 %r11, tile; add.u32 %r11, %r11, %r9;\n"
      "cp.async.cg.shared.global [%r11], [%d2], 16, %r8; cp.async.wait_all; bar.sync 0;\n"
      "ld.shared.u32 %r12, [tile]; mul.wide.s32 %d4, %r4, 4; add.s64 %d5, %d1, %d4; st.global.u32 [%d5], "
      "%r12;\n",
      128);
  EXPECT_EQ(w.count("masked.gather") + w.count("masked.scatter"), 0u) << w.ir;
  EXPECT_GE(w.count("load <16 x i32>"), 8u) << w.ir;  // a row each
  EXPECT_GE(w.count("store <16 x i32>"), 8u) << w.ir;
  EXPECT_EQ(w.count("label %move.rows"), 0u) << w.ir;  // no need to ask
}

// A column's number that wraps at the matrix's width: nobody knows that it doesn't.
TEST(Simt, CopiesOfRowsThatNobodyKnowsAskWhetherTheyAre) {
  const Widened w = widened(
      ".shared .align 16 .b8 tile[16384];\n"
      "and.b32 %r5, %r1, 15; shl.b32 %r5, %r5, 3; rem.u32 %r5, %r5, %r0; mul.wide.u32 %d2, %r5, 2; add.s64 "
      "%d2, "
      "%d2, %d0;\n"
      "shr.u32 %r6, %r1, 4; mul.lo.u32 %r6, %r6, %r0; mul.wide.u32 %d3, %r6, 2; add.s64 %d2, %d2, %d3;\n"
      "shl.b32 %r9, %r1, 4; and.b32 %r10, %r1, 48; xor.b32 %r9, %r9, %r10; mov.u32 %r11, tile; add.u32 %r11, "
      "%r11, %r9;\n"
      "cp.async.cg.shared.global [%r11], [%d2], 16; cp.async.wait_all; bar.sync 0;\n"
      "ld.shared.u32 %r12, [tile]; mul.wide.s32 %d4, %r4, 4; add.s64 %d5, %d1, %d4; st.global.u32 [%d5], "
      "%r12;\n",
      128);
  EXPECT_EQ(w.count("label %move.rows"), 1u) << w.ir;
  EXPECT_EQ(w.count("load <16 x i32>"), 8u) << w.ir;
  EXPECT_EQ(w.count("masked.gather"), 0u) << w.ir;
  // Which of two lanes is first in shared memory is known, which pair is first only the warp knows.
  EXPECT_GE(w.count("store <8 x i32>"), 31u) << w.ir;
}

// More rows than processors follow: the next round's are fetched, by a step that is as small as a row or
// known at run time only.
TEST(Simt, LoopsThatCopyRowsFetchThoseOfTheNextRound) {
  const auto loop = [](const std::string& step) {
    return ".shared .align 16 .b8 tile[4096];\n"
           "shr.u32 %r5, %r1, 2; mul.lo.u32 %r6, %r5, %r0; mul.wide.u32 %d2, %r6, 4;\n"
           "and.b32 %r7, %r1, 3; mul.wide.u32 %d3, %r7, 16; add.s64 %d2, %d2, %d3; add.s64 %d2, %d2, %d0;\n"
           "mov.u32 %r11, tile; shl.b32 %r9, %r1, 4; add.u32 %r11, %r11, %r9; mov.u32 %r12, 0; mov.u32 %r14, "
           "0;\n"
           "mul.wide.u32 %d6, %r0, 4;\n"
           "L1: cp.async.cg.shared.global [%r11], [%d2], 16; cp.async.wait_all; bar.sync 0;\n"
           "ld.shared.u32 %r13, [%r11]; add.u32 %r14, %r14, %r13; bar.sync 0; " +
           step +
           "add.u32 %r12, %r12, 1; setp.lt.u32 %p0, %r12, %r0; @%p0 bra L1;\n"
           "mul.wide.s32 %d4, %r4, 4; add.s64 %d5, %d1, %d4; st.global.u32 [%d5], %r14;\n";
  };
  for (const char* step : {"add.s64 %d2, %d2, 64;\n", "add.s64 %d2, %d2, %d6;\n"}) {
    const Widened w = widened(loop(step), 128);
    EXPECT_GE(w.count("call void @llvm.prefetch"), 8u) << w.ir;
    EXPECT_EQ(w.count("call void @llvm.prefetch"), w.count("load <16 x i32>")) << w.ir;  // a row each
  }
  EXPECT_EQ(widened(loop(""), 128).count("call void @llvm.prefetch"), 0u);
}

}  // namespace
}  // namespace ppu::simt
