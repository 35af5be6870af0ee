// What widening makes of a kernel: the few lines of IR that matter, not whole functions. Results are judged
// elsewhere (tests/lower, tests/fuzz); this is about not falling back to slow forms unnoticed.
#include "tests/simt/widened.h"

namespace ppu::simt {
namespace {

/// The text of one function.
std::string function_of(const Widened& w, const std::string& name) {
  const size_t at = w.ir.find("@" + name + "(");
  const size_t start = at == std::string::npos ? at : w.ir.rfind("define", at);
  return start == std::string::npos ? "" : w.ir.substr(start, w.ir.find("\n}\n", start) - start);
}

TEST(Simt, ContiguousAccessesAreVectorAccesses) {
  const Widened w = widened(
      "mul.wide.s32 %d2, %r4, 4; add.s64 %d3, %d0, %d2; add.s64 %d4, %d1, %d2;\n"
      "ld.global.f32 %f0, [%d3]; st.global.f32 [%d4], %f0;\n",
      256);
  EXPECT_EQ(w.count("call <16 x float> @llvm.masked.gather"), 0u);
  EXPECT_GE(w.count("load <16 x float>"), 1u) << w.ir;
  EXPECT_GE(w.count("store <16 x float>"), 1u);
}

TEST(Simt, AnAddressOfTheWholeBlockIsOneScalarAccess) {
  const Widened w = widened("ld.global.f32 %f0, [%d0]; st.global.f32 [%d1], %f0;\n", 64);
  EXPECT_EQ(w.count("<32 x float>"), 0u) << w.ir;
  EXPECT_GE(w.count("load float"), 1u);
}

// A branch of one thread that has used the address before doesn't make it one of each lane.
TEST(Simt, AnAddressThatOneThreadHasUsedStaysOneOfAll) {
  const Widened w = widened(
      "setp.ne.u32 %p1, %r1, 0; mul.lo.u32 %r7, %r0, 12; @%p1 bra L;\n"
      "mov.u32 %r5, sh; add.u32 %r5, %r5, %r7; st.shared.u32 [%r5+16], %r0;\n"
      "L: bar.sync 0; mov.u32 %r6, sh; add.u32 %r6, %r6, %r7; ld.shared.u32 %r8, [%r6+16];\n"
      "mul.wide.u32 %d2, %r8, 4; add.u64 %d2, %d2, %d0; ld.global.u32 %r9, [%d2];\n"
      "mul.wide.u32 %d3, %r1, 4; add.u64 %d3, %d1, %d3; st.global.u32 [%d3], %r9;\n",
      64);
  EXPECT_EQ(w.count("masked.gather"), 0u);
  EXPECT_EQ(w.count("extractelement"), 0u) << w.ir;
}

TEST(Simt, TileRowsOfA16WideBlockAreBroadcastAndHalfContiguous) {
  // sh[tid.y * 64] (the same in a half warp) and sh[tid.x * 4] (a row twice).
  const Widened w = widened(
      "mov.u32 %r5, %tid.y; mov.u32 %r6, sh; shl.b32 %r7, %r5, 6; add.s32 %r8, %r6, %r7;\n"
      "shl.b32 %r9, %r1, 2; add.s32 %r10, %r6, %r9;\n"
      "ld.shared.f32 %f0, [%r8]; ld.shared.f32 %f1, [%r10]; fma.rn.f32 %f2, %f0, %f1, %f1;\n"
      "st.shared.f32 [%r10+1024], %f2;\n",
      16, 16);
  EXPECT_EQ(w.count("gather"), 0u) << w.ir;
  EXPECT_GE(w.count("<16 x float>"), 1u);
}

TEST(Simt, RowsOfALoopAreCountedAsScalars) {
  // for (i = tid.y * n + tid.x; ...; i += 16): two rows a warp.
  const Widened w = widened(
      "mov.u32 %r5, %tid.y; mad.lo.u32 %r6, %r5, %r0, %r1; mov.u32 %r7, 0; mov.f32 %f0, 0f00000000;\n"
      "L1: mul.wide.u32 %d2, %r6, 4; add.u64 %d2, %d0, %d2; ld.global.f32 %f1, [%d2]; add.f32 %f0, %f0, "
      "%f1;\n"
      "add.u32 %r6, %r6, 16; add.u32 %r7, %r7, 16; setp.lt.u32 %p0, %r7, %r0; @%p0 bra L1;\n"
      "mul.wide.u32 %d3, %r1, 4; add.u64 %d3, %d1, %d3; st.global.f32 [%d3], %f0;\n",
      16, 16);
  EXPECT_EQ(w.count("phi <32 x i32>"), 0u) << w.ir;
  EXPECT_GE(w.count("phi <32 x float>"), 1u) << w.ir;
}

// A number that no lane can have below zero goes to 64 bits as the lanes lie: no version for what may wrap.
TEST(Simt, WhatIsNeverNegativeDoesntWrap) {
  const auto row = [](const char* masked) {
    return widened(std::string("ld.global.u32 %r5, [%d1]; add.s32 %r6, %r5, %r1; ") + masked +
                       "cvt.u64.u32 %d2, %r6; shl.b64 %d2, %d2, 2; add.s64 %d3, %d0, %d2;\n"
                       "ld.global.f32 %f0, [%d3]; st.global.f32 [%d3+4096], %f0; L1:\n",
                   256);
  };
  EXPECT_GE(row("").count("\nwrapped"), 1u);
  const Widened known = row("setp.lt.s32 %p0, %r6, 0; @%p0 bra L1;\n");
  EXPECT_EQ(known.count("\nwrapped"), 0u) << known.ir;
  EXPECT_EQ(known.count("gather"), 0u);
}

// Two rows of a matrix in a warp, or a row clamped to an edge: each half stands at known distances, wherever
// it begins.
TEST(Simt, RowsThatLieAnywhereAreContiguousPieces) {
  const std::string matrix =
      "mov.u32 %r5, %tid.y; mad.lo.s32 %r6, %r5, %r0, %r1; mul.wide.s32 %d2, %r6, 4;\n"
      "add.s64 %d3, %d0, %d2; add.s64 %d4, %d1, %d2; ld.global.f32 %f0, [%d3]; st.global.f32 [%d4], %f0;\n";
  const Widened halves = widened(matrix, 16, 16);
  EXPECT_EQ(halves.count("load <16 x float>"), 2u) << halves.ir;
  EXPECT_EQ(halves.count("store <16 x float>"), 2u);
  EXPECT_EQ(halves.count("<16 x i64>"), 0u);  // no test of the lanes' distances at run time
  EXPECT_EQ(widened(matrix, 8, 8).count("load <8 x float>"), 4u);
  // In shared memory nothing can wrap: not even that is tested.
  const Widened clamped = widened(
      "mov.u32 %r5, %tid.y; add.s32 %r5, %r5, -1; ld.global.u32 %r9, [%d1]; max.s32 %r6, %r5, %r9;\n"
      "shl.b32 %r7, %r6, 6; mov.u32 %r8, sh; add.s32 %r8, %r8, %r7; shl.b32 %r9, %r1, 2; add.s32 %r8, %r8, "
      "%r9;\n"
      "ld.shared.f32 %f0, [%r8]; mad.lo.s32 %r6, %r5, 16, %r1; mul.wide.s32 %d2, %r6, 4;\n"
      "add.s64 %d3, %d0, %d2; st.global.f32 [%d3+64], %f0;\n",
      16, 16);
  EXPECT_EQ(clamped.count("load <16 x float>"), 2u) << clamped.ir;
  EXPECT_EQ(clamped.count("contiguous"), 0u);
}

// The first column of each row of 16, or the first three threads of the block: scalar accesses.
TEST(Simt, WhatFewLanesAccessIsScalar) {
  const std::string border =
      "mov.u32 %r5, %tid.y; mad.lo.s32 %r6, %r5, %r0, %r1; mul.wide.s32 %d2, %r6, 4;\n"
      "add.s64 %d3, %d0, %d2; mov.u32 %r7, sh; mad.lo.s32 %r7, %r5, 72, %r7;\n";
  const Widened column =
      widened(border +
                  "setp.ne.u32 %p0, %r1, 0; setp.lt.s32 %p1, %r0, 1; or.pred %p0, %p0, %p1;\n"
                  "@%p0 bra S; ld.global.f32 %f0, [%d3+-4]; st.shared.f32 [%r7], %f0;\nS:\n",
              16, 16);
  EXPECT_EQ(column.count("masked"), 0u) << column.ir;
  EXPECT_EQ(column.count("load <16 x float>"), 0u);
  const Widened halo = widened(
      "mov.u32 %r7, sh; mad.lo.s32 %r7, %r1, 12, %r7; setp.gt.u32 %p0, %r1, 2;\n"
      "@%p0 bra S; ld.global.f32 %f0, [%d0]; st.shared.f32 [%r7], %f0;\nS:\n",
      256);
  EXPECT_EQ(halo.count("scatter"), 0u) << halo.ir;
  EXPECT_EQ(halo.count("store <16 x float>"), 0u);
}

// sh[tid] += sh[tid + distance] over doubling distances: each round's addresses are constant distances.
TEST(Simt, RoundsOfATreeAreCopiesWithConstantDistances) {
  const auto tree = [](const std::string& next) {
    return "mov.u32 %r5, sh; mov.u32 %r8, 1;\n"
           "L: bar.sync 0; shl.b32 %r9, %r8, 1; mul.lo.u32 %r10, %r9, %r1; setp.gt.u32 %p0, %r10, 63;\n"
           "@%p0 bra S; shl.b32 %r11, %r10, 2; add.u32 %r11, %r5, %r11; ld.shared.u32 %r12, [%r11];\n"
           "shl.b32 %r13, %r8, 2; add.u32 %r13, %r11, %r13; ld.shared.u32 %r14, [%r13];\n"
           "add.u32 %r12, %r12, %r14; st.shared.u32 [%r11], %r12;\n"
           "S: " +
           next + " setp.lt.u32 %p1, %r8, 64; @%p1 bra L;\n";
  };
  const Widened doubled = widened(tree("mov.u32 %r8, %r9;"), 64);
  EXPECT_EQ(doubled.count("mul "), 0u) << doubled.ir;
  // As many rounds as a parameter says: copies for one and for two elements a thread, and the loop.
  std::string sized = tree("mov.u32 %r8, %r9;");
  sized.replace(sized.find("%r8, 64; @%p1"), 7, "%r8, %r0");
  const Widened copies = widened(sized, 64);
  EXPECT_GE(copies.count("icmp eq i32 %"), 2u) << copies.ir;
  EXPECT_GT(copies.count("\n"), 2 * doubled.count("\n"));
  // A distance that nobody knows stays a loop.
  EXPECT_GE(widened(tree("mul.lo.u32 %r8, %r8, %r0;"), 64).count("mul "), 1u);
}

TEST(Simt, StridedLoadsAreAWindowAndAPermute) {
  const Widened w = widened(
      "mul.wide.s32 %d2, %r1, 12; add.s64 %d3, %d0, %d2; ld.global.f32 %f0, [%d3];\n"
      "mul.wide.s32 %d4, %r1, 4; add.s64 %d5, %d1, %d4; st.global.f32 [%d5], %f0;\n",
      32);
  EXPECT_EQ(w.count("gather"), 0u) << w.ir;
  EXPECT_GE(w.count("shufflevector"), 1u);
}

// AVX2 can leave out words of a load, not bytes: a branch for each byte of the window would be hundreds.
TEST(Simt, MaskedBytesOfStructuresAreLoadedByLanesWithoutAvx512) {
  const std::string load =
      "mul.wide.s32 %d2, %r1, 12; add.s64 %d3, %d0, %d2; ld.global.u8 %r5, [%d3];\n"
      "mul.wide.s32 %d4, %r1, 4; add.s64 %d5, %d1, %d4; st.global.u32 [%d5], %r5;\n";
  EXPECT_EQ(widened(load, 40, 1, 1, false).count("@llvm.masked.load"), 0u);
  EXPECT_GE(widened(load, 40).count("@llvm.masked.load"), 1u);
}

// The members of a structure, one after another: a row of memory, not every third word of it.
TEST(Simt, MembersStoredOneByOneAreARow) {
  const std::string at = "mul.wide.s32 %d2, %r4, 12; add.s64 %d3, %d0, %d2; ld.global.u32 %r6, [%d1];\n";
  const Widened w =
      widened(at + "st.global.u32 [%d3+4], %r4; st.global.u32 [%d3], %r1; st.global.u32 [%d3+8], %r2;\n", 64);
  EXPECT_EQ(w.count("scatter"), 0u) << w.ir;
  EXPECT_GE(w.count("store <"), 1u);
  // What another pointer may read in between is there.
  const Widened apart = widened(at + "st.global.u32 [%d3], %r4; ld.global.u32 %r7, [%d1]; st.global.u32 "
                                     "[%d3+4], %r7; st.global.u32 [%d1], "
                                     "%r6;\n",
                                64);
  EXPECT_GE(apart.count("call void @llvm.masked.store"), 2u) << apart.ir;
}

// A row of memory a thread: each lane's part of it in one load, then transposed. Not over a write, which may
// be to what is read behind it.
TEST(Simt, RowsOfThreadsAreReadInOneLoadEach) {
  const std::string row = "mul.lo.s32 %r5, %r4, %r0; mul.wide.s32 %d2, %r5, 4; add.s64 %d3, %d0, %d2;\n",
                    use =
                        "add.f32 %f0, %f0, %f1; add.f32 %f0, %f0, %f2; add.f32 %f0, %f0, %f3;\n"
                        "mul.wide.s32 %d4, %r1, 4; add.s64 %d5, %d1, %d4; st.global.f32 [%d5], %f0;\n",
                    two = "ld.global.f32 %f1, [%d3+4]; ld.global.f32 %f0, [%d3];\n",
                    others = "ld.global.f32 %f2, [%d3+8]; ld.global.f32 %f3, [%d3+12];\n";
  const Widened w = widened(row + two + others + use, 64);
  EXPECT_EQ(w.count("gather"), 0u) << w.ir;
  EXPECT_EQ(w.count("load <4 x float>"), 32u);
  EXPECT_EQ(w.count("sub <32 x i64>"), 1u);  // one test of the distances
  const Widened apart = widened(row + two + "st.global.u32 [%d1], %r1;\n" + others + use, 64);
  EXPECT_EQ(apart.count("load <4 x float>"), 0u) << apart.ir;
  EXPECT_GE(apart.count("gather.v"), 2u);
  const Widened shared = widened(row + two + "st.shared.u32 [sh], %r1;\n" + others + use, 64);
  EXPECT_EQ(shared.count("load <4 x float>"), 32u) << shared.ir;
}

// A structure of four words that is copied one after another: half a warp's are a row.
TEST(Simt, WordsCopiedOneByOneAreMovedTogether) {
  const Widened w = widened(
      "mov.u32 %r5, %tid.y; shl.b32 %r6, %r1, 4; mad.lo.s32 %r7, %r5, 256, %r6; mov.u32 %r8, sh;\n"
      "add.u32 %r8, %r8, %r7; mul.lo.s32 %r9, %r5, %r0; mul.wide.s32 %d2, %r9, 4; cvt.u64.u32 %d4, %r6;\n"
      "add.s64 %d2, %d2, %d4; add.s64 %d3, %d0, %d2;\n"
      "ld.global.u32 %r10, [%d3+12]; st.shared.u32 [%r8+12], %r10; ld.global.u32 %r10, [%d3+8];\n"
      "st.shared.u32 [%r8+8], %r10; ld.global.u32 %r10, [%d3+4]; st.shared.u32 [%r8+4], %r10;\n"
      "ld.global.u32 %r10, [%d3]; st.shared.u32 [%r8], %r10; bar.sync 0; ld.shared.u32 %r11, [%r8+64];\n"
      "st.global.u32 [%d1], %r11;\n",
      16, 8);
  EXPECT_EQ(w.count("gather"), 0u) << w.ir;
  EXPECT_EQ(w.count("masked"), 0u);
}

// A matrix that is transposed without shared memory: a column of each lane's, whose words the warps of a gang
// have. Not where rows lie apart.
TEST(Simt, ColumnsThatWarpsShareAreMovedTogether) {
  const auto transpose = [](const char* pitch) {
    return "mov.u32 %r5, %tid.y; mad.lo.s32 %r6, %r5, 32, %r1; mul.wide.s32 %d2, %r6, 4; add.s64 %d3, %d0, "
           "%d2;\n"
           "ld.global.f32 %f0, [%d3]; mul.lo.s32 %r7, %r1, %r0; mul.lo.s32 %r5, %r5, " +
           std::string(pitch) +
           "; add.s32 %r7, %r7, %r5; mul.wide.s32 %d4, %r7, 4; add.s64 %d5, %d1, %d4; st.global.f32 [%d5], "
           "%f0;\n";
  };
  const Widened w = widened(transpose("1"), 32, 8, 0);
  EXPECT_EQ(w.count("store <4 x float>"), 2u * 32) << w.ir;
  EXPECT_GE(w.count("call void @llvm.masked.scatter"), 2u);  // where they aren't side by side after all
  EXPECT_EQ(widened(transpose("3"), 32, 8, 0).count("store <4 x float>"), 0u);
}

TEST(Simt, StridedStoresAreAPermuteAndAMask) {
  const Widened w = widened(
      "mul.wide.s32 %d2, %r1, 8; add.s64 %d3, %d0, %d2; st.global.u32 [%d3], %r1;\n"
      "mul.wide.s32 %d4, %r1, 40; add.s64 %d5, %d1, %d4; st.global.u32 [%d5], %r1;\n",
      32);
  EXPECT_GE(w.count("call void @llvm.masked.store.v64i32"), 1u) << w.ir;
  EXPECT_GE(w.count("call void @llvm.masked.scatter"), 1u);  // too far apart
}

// A column: the index is a constant, and a block of half a warp has no other half to load.
TEST(Simt, ColumnsAreGatheredByAConstantIndexHalfAWarpAtATime) {
  const std::string column =
      "shl.b32 %r5, %r1, 8; mov.u32 %r6, sh; add.u32 %r5, %r6, %r5; ld.shared.f32 %f0, [%r5];\n"
      "mul.wide.s32 %d4, %r1, 4; add.s64 %d5, %d1, %d4; st.global.f32 [%d5], %f0; st.shared.f32 [%r5], "
      "%f0;\n";
  for (const uint32_t threads : {32u, 16u}) {
    const Widened w = widened(column, threads);
    const size_t halves = threads / 16;
    EXPECT_EQ(w.count("call <16 x float> @llvm.masked.gather"), halves) << w.ir;
    EXPECT_EQ(w.count("call void @llvm.masked.scatter"), halves);
    EXPECT_GE(w.count("<16 x i64> <i64 0, i64 256, i64 512"), 1u) << w.ir;
    EXPECT_EQ(w.count("sub <16 x i64>"), 0u);  // no test of the distances at run time
  }
}

TEST(Simt, ConstantShufflesArePermutes) {
  const Widened w = widened(
      "mul.wide.s32 %d2, %r4, 4; add.s64 %d3, %d0, %d2; ld.global.u32 %r5, [%d3];\n"
      "shfl.sync.bfly.b32 %r6|%p0, %r5, 1, 31, -1;\n"
      "st.global.u32 [%d3], %r6;\n",
      32);
  EXPECT_GE(w.count("<32 x i32> <i32 1, i32 0, i32 3, i32 2"), 1u) << w.ir;
}

TEST(Simt, ABroadcastIsOneValue) {
  // The number of the warp as CUDA programs make sure of it: the branch isn't divergent.
  const Widened w = widened(
      "shr.u32 %r5, %r1, 5; shfl.sync.idx.b32 %r6|%p1, %r5, 0, 31, -1; setp.eq.u32 %p0, %r6, 1; @%p0 bra "
      "L1;\n"
      "st.global.u32 [%d0], %r1;\nL1:\n",
      64);
  EXPECT_EQ(w.count("<32 x i1>"), 0u) << w.ir;
}

TEST(Simt, ABranchOfWholeWarpsStaysABranch) {
  const Widened w = widened(
      "setp.lt.s32 %p0, %r1, 32; @%p0 bra L1; st.global.u32 [%d0], %r1;\nL1:\n"
      "mul.wide.s32 %d2, %r1, 4; add.s64 %d3, %d1, %d2; st.global.u32 [%d3], %r1;\n",
      64);
  EXPECT_EQ(w.count("masked"), 0u) << w.ir;
}

TEST(Simt, EarlyReturnIsAMask) {
  const Widened w = widened(
      "setp.ge.s32 %p0, %r4, %r0; @%p0 bra L1;\n"
      "mul.wide.s32 %d2, %r4, 4; add.s64 %d3, %d0, %d2; st.global.u32 [%d3], %r4;\nL1:\n",
      128);
  EXPECT_GE(w.count("@llvm.masked.store.v32i32"), 1u) << w.ir;
}

TEST(Simt, AWarpThatABoundsCheckLetsThroughWholeIsNotMasked) {
  const std::string guarded =
      "mul.wide.s32 %d2, %r4, 4; add.s64 %d3, %d0, %d2; st.global.u32 [%d3], %r4;\nL1:\n";
  const Widened w = widened("setp.ge.s32 %p0, %r4, %r0; @%p0 bra L1;\n" + guarded, 128);
  EXPECT_EQ(w.count("store <16 x i32>"), 2u) << w.ir;
  EXPECT_EQ(w.count("call void @llvm.masked.store.v32i32"), 1u);
  // The last lane alone decides: one scalar comparison, and one of all lanes where that fails.
  EXPECT_EQ(w.count("icmp slt <32 x i32>") + w.count("icmp sgt <32 x i32>"), 1u);
  // Two bounds, as of a matrix, are two scalar comparisons.
  const Widened two = widened(
      "mov.u32 %r5, %tid.y; setp.ge.u32 %p0, %r4, %r0; setp.ge.u32 %p1, %r5, %r0; or.pred %p2, %p0, %p1;\n"
      "@%p2 bra L1;\n" +
          guarded,
      32, 4);
  EXPECT_EQ(two.count("store <16 x i32>"), 4u) << two.ir;  // of an inner block, and of a full warp
  // Lanes chosen by a value, or by equality, rarely go together: one version.
  for (const char* test : {"setp.ne.s32 %p0, %r4, %r0;",
                           "ld.global.s32 %r6, [%d1+4]; xor.b32 %r6, %r6, %r4;"
                           "setp.lt.s32 %p0, %r6, %r0;"}) {
    const Widened once = widened(std::string(test) + " @%p0 bra L1;\n" + guarded, 128);
    EXPECT_EQ(once.count("store <16 x i32>"), 0u) << once.ir;
  }
}

// In the middle of the grid nothing is masked, clamped or tested for wrapping; a test at the block's start
// chooses.
TEST(Simt, InnerBlocksHaveNoEdges) {
  const auto stencil = [](const std::string& bound) {
    return widened(
        "mov.u32 %r5, %tid.y; mov.u32 %r6, %ctaid.y; mad.lo.s32 %r6, %r6, 16, %r5;\n" + bound +
            "add.s32 %r10, %r9, -1; setp.lt.s32 %p0, %r4, 1; setp.ge.s32 %p1, %r4, %r10;\n"
            "or.pred %p0, %p0, %p1; setp.ge.s32 %p1, %r6, %r10; or.pred %p0, %p0, %p1; @%p0 bra L1;\n"
            "add.s32 %r11, %r6, -1; max.s32 %r11, %r11, 0; mad.lo.s32 %r12, %r11, %r9, %r4;\n"
            "mad.lo.s32 %r13, %r6, %r9, %r4; mul.wide.s32 %d2, %r12, 4; mul.wide.s32 %d3, %r13, 4;\n"
            "add.s64 %d2, %d0, %d2; ld.global.f32 %f0, [%d2+-4]; add.s64 %d3, %d1, %d3;\n"
            "st.global.f32 [%d3], %f0; L1:\n",
        16, 16);
  };
  const Widened w = stencil("mov.u32 %r9, %r0;\n");
  const std::string inner = function_of(w, "k.block.inner"), any = function_of(w, "k.block.any");
  ASSERT_NE(inner, "") << w.ir;
  for (const char* edge : {"<32 x i1>", "<16 x i1>", "gather", "scatter", "smax", "\nwrapped"})
    EXPECT_EQ(inner.find(edge), std::string::npos) << edge << inner;
  EXPECT_NE(inner.find("load <16 x float>"), std::string::npos);
  EXPECT_NE(any.find("<32 x i1>"), std::string::npos);
  // Two bounds in one, as LLVM writes them.
  const std::string both = function_of(
      widened("mov.u32 %r5, %tid.y; mov.u32 %r6, %ctaid.y; mad.lo.s32 %r6, %r6, 16, %r5;\n"
              "max.s32 %r7, %r4, %r6; setp.ge.s32 %p0, %r7, %r0; @%p0 bra L1;\n"
              "mad.lo.s32 %r13, %r6, %r0, %r4; mul.wide.s32 %d3, %r13, 4; add.s64 %d3, %d1, %d3;\n"
              "st.global.u32 [%d3], %r13; L1:\n",
              16, 16),
      "k.block.inner");
  EXPECT_NE(both, "");
  EXPECT_EQ(both.find("<32 x i1>"), std::string::npos) << both;
  // A counter goes as far as its loop does.
  const std::string counter = function_of(
      widened(
          "mov.u32 %r7, %tid.y; max.s32 %r8, %r4, %r7; setp.ge.s32 %p0, %r8, %r0; @%p0 bra L1;\n"
          "mov.u32 %r5, %r4; mov.u32 %r6, 0; mov.f32 %f0, 0f00000000;\n"
          "L2: mul.wide.s32 %d2, %r5, 4; add.s64 %d3, %d0, %d2; ld.global.f32 %f1, [%d3];\n"
          "add.f32 %f0, %f0, %f1; add.s32 %r5, %r5, %r0; add.s32 %r6, %r6, 1; setp.lt.s32 %p1, %r6, %r0;\n"
          "@%p1 bra L2; mad.lo.s32 %r9, %r7, %r0, %r4; mul.wide.s32 %d4, %r9, 4; add.s64 %d5, %d1, %d4;\n"
          "st.global.f32 [%d5], %f0; L1:\n",
          16, 16),
      "k.block.inner");
  EXPECT_NE(counter.find("load <16 x float>"), std::string::npos) << counter;
  for (const char* edge : {"<32 x i1>", "gather", "\nwrapped", "\nscattered"})
    EXPECT_EQ(counter.find(edge), std::string::npos) << edge << counter;
  // What only memory knows a block doesn't before it starts.
  const std::string loaded = function_of(stencil("ld.global.u32 %r9, [%d1];\n"), "k.block.inner");
  EXPECT_NE(loaded.find("<32 x i1>"), std::string::npos) << loaded;
}

// Code that is wanted soon is there once: no versions for sizes or inner blocks, no gangs.
TEST(Simt, BriefCodeIsThereOnce) {
  const std::string guarded =
      "mov.u32 %r5, %tid.y; max.s32 %r6, %r4, %r5; setp.ge.s32 %p0, %r6, %r0; @%p0 bra L1;\n"
      "mul.wide.s32 %d2, %r4, 4; add.s64 %d3, %d0, %d2; st.global.u32 [%d3], %r5; L1:\n";
  const Widened all = widened(guarded, 64, 2, 0), brief = widened(guarded, 64, 2, 0, true, true);
  EXPECT_GE(all.count("k.block.inner"), 1u) << all.ir;
  EXPECT_EQ(brief.count("k.block.inner"), 0u) << brief.ir;
  EXPECT_LT(brief.ir.size(), all.ir.size());
}

// Division by one number is a product; the sign of an inner block's index, which division by a power of two
// asks for, is known.
TEST(Simt, DivisorsOfAllLanesAreInvertedOnce) {
  const std::string store = "mul.wide.u32 %d2, %r1, 4; add.s64 %d3, %d1, %d2; st.global.u32 [%d3], %r6;\n";
  for (const char* divide : {"div.u32 %r6, %r4, %r0;\n", "rem.s32 %r6, %r4, %r0;\n"}) {
    const Widened w = widened(divide + store, 64);
    EXPECT_EQ(w.count("fdiv <"), 0u) << w.ir;
    EXPECT_GE(w.count("fdiv double"), 1u);
  }
  EXPECT_GE(widened("ld.global.u32 %r5, [%d0]; add.u32 %r5, %r5, %r1; div.u32 %r6, %r4, %r5;\n" + store, 64)
                .count("fdiv <"),
            1u);
  // Numbers of 64 bits that are small are divided as such.
  EXPECT_GE(widened("cvt.s64.s32 %d5, %r4; add.s64 %d5, %d5, %d0; div.s64 %d6, %d5, %d1; cvt.u32.u64 %r6, "
                    "%d6;\n" +
                        store,
                    64)
                .count("fdiv double"),
            1u);
  const Widened index = widened(
      "mov.u32 %r7, %tid.y; max.s32 %r8, %r4, %r7; setp.ge.s32 %p0, %r8, %r0; @%p0 bra L1;\n"
      "shr.s32 %r8, %r4, 31; shr.u32 %r8, %r8, 26; add.s32 %r8, %r4, %r8; shr.s32 %r8, %r8, 6;\n"
      "mul.wide.s32 %d2, %r8, 4; add.s64 %d3, %d0, %d2; ld.global.u32 %r6, [%d3];\n" +
          store + "L1:\n",
      64, 2);
  const std::string inner = function_of(index, "k.block.inner");
  EXPECT_NE(inner.find("load i32"), std::string::npos) << index.ir;
  EXPECT_EQ(inner.find("gather"), std::string::npos) << inner;
}

// Every other of 63 halfwords: two loads of a register each.
TEST(Simt, WindowsOfSmallElementsAreWholeRegisters) {
  const Widened w = widened(
      "mul.wide.s32 %d2, %r1, 4; add.s64 %d3, %d0, %d2; .reg .b16 %h1; ld.global.u16 %h1, [%d3];\n"
      "add.s64 %d4, %d1, %d2; cvt.u32.u16 %r5, %h1; st.global.u32 [%d4], %r5;\n",
      64);
  EXPECT_EQ(w.count("<63 x i16>"), 0u) << w.ir;
  EXPECT_EQ(w.count("load <32 x i16>"), 2u);
}

TEST(Simt, AGuardedBarrierStandsOnce) {
  const Widened w = widened(
      "setp.ge.s32 %p0, %r4, %r0; @%p0 bra L1;\n"
      "mul.wide.s32 %d2, %r4, 4; add.s64 %d3, %d0, %d2; st.global.u32 [%d3], %r4; bar.sync 0;\nL1:\n",
      128);
  const std::string any = function_of(w, "k.block.any");
  ASSERT_NE(any, "") << w.ir;
  EXPECT_EQ(any.find("store <16 x i32>"), std::string::npos) << any;
}

TEST(Simt, BarriersKeepOnlyWhatLivesAcross) {
  const std::string body =
      "mul.wide.s32 %d2, %r4, 4; add.s64 %d3, %d0, %d2; ld.global.f32 %f0, [%d3];\n"
      "mov.u32 %r5, sh; shl.b32 %r6, %r1, 2; add.s32 %r7, %r5, %r6; st.shared.f32 [%r7], %f0;\n"
      "bar.sync 0;\n"
      "xor.b32 %r8, %r6, 128; add.s32 %r9, %r5, %r8; ld.shared.f32 %f1, [%r9];\n";
  const Widened once = widened(body + "st.global.f32 [%d3], %f1;\n", 256);
  // The address is computed again: nothing but the header and the padding of a slot area.
  const Widened kept = widened(body + "add.f32 %f1, %f1, %f0; st.global.f32 [%d3], %f1;\n", 256);
  EXPECT_GE(kept.outcome.frame_bytes, once.outcome.frame_bytes + 8 * 128);
  EXPECT_LT(kept.outcome.frame_bytes, once.outcome.frame_bytes + 8 * 256);
}

TEST(Simt, AKernelWithoutBarriersNeedsNoFrame) {
  EXPECT_EQ(widened("st.global.u32 [%d0], %r0;\n", 256).outcome.frame_bytes, 0u);
}

TEST(Simt, GangsComputeSharedValuesOnce) {
  // The loop's bound and step are the block's; its sum is each warp's.
  const std::string body =
      "mov.u32 %r5, 0; mov.f32 %f0, 0f00000000;\n"
      "L1: mul.wide.u32 %d2, %r5, 4; add.s64 %d3, %d0, %d2; ld.global.f32 %f1, [%d3];\n"
      "cvt.rn.f32.s32 %f2, %r1; fma.rn.f32 %f0, %f1, %f2, %f0; add.u32 %r5, %r5, 1; setp.lt.u32 %p0, %r5, "
      "%r0;\n"
      "@%p0 bra L1; mul.wide.s32 %d4, %r1, 4; add.s64 %d5, %d1, %d4; st.global.f32 [%d5], %f0;\n";
  const Widened one = widened(body, 128, 1, 1), four = widened(body, 128, 1, 4);
  EXPECT_EQ(one.count("load float"), four.count("load float")) << four.ir;
  EXPECT_EQ(four.count("@llvm.fma.v32f32("), 4 * (one.count("@llvm.fma.v32f32(") - 1) + 1);
}

// As cuda::barrier asks of its object, which may be in any memory.
TEST(Simt, DeclaredSharedVariablesAreKnownToBeShared) {
  const Widened w = widened(
      ".shared .align 8 .b64 bar[2];\n"
      "mov.u64 %d2, bar; cvta.shared.u64 %d2, %d2; add.s64 %d3, %d2, 8; isspacep.shared %p0, %d3; @%p0 bra "
      "L1;\n"
      "atom.add.u64 %d4, [%d3], 1; st.global.u64 [%d0], %d4;\nL1:\n",
      64);
  EXPECT_EQ(w.count("atomicrmw"), 0u) << w.ir;
}

TEST(Simt, VectorsThatAreKeptAcrossABarrierAreLoadedWhereTheyAreUsed) {
  std::string body = load_words(20);
  for (int i = 0; i < 4; i++)
    body += "add.u32 %r" + std::to_string(28 + i) + ", %r8, " + std::to_string(i) + ";\n";
  body += "bar.sync 0;\n";
  for (int i = 0; i < 20; i++)
    body += "st.global.u32 [%d4+" + std::to_string(i * 256) + "], %r" + std::to_string(8 + i) + ";\n";
  const Widened w = widened(body, 64);
  // The last one is loaded behind the first store, not before all.
  const size_t region = w.ir.find("store", w.ir.rfind("br label"));
  EXPECT_LT(region, w.ir.rfind("load <32 x i32>")) << w.ir;
}

TEST(Simt, SharedAtomicsWithoutResultArePlainAndUnrolled) {
  const Widened w = widened(
      "mul.wide.s32 %d2, %r4, 4; add.s64 %d3, %d0, %d2; ld.global.u32 %r5, [%d3];\n"
      "xor.b32 %r5, %r5, %r0; and.b32 %r5, %r5, 1020; mov.u32 %r6, sh; add.s32 %r6, %r6, %r5;\n"
      "red.shared.add.u32 [%r6], 1;\n",
      32);
  EXPECT_EQ(w.count("atomicrmw"), 0u) << w.ir;
  EXPECT_GE(w.count("load volatile i32"), 32u);  // of offsets: half as much as addresses
}

TEST(Simt, GlobalSumsOfLanesWithOneAddressMeet) {
  const Widened w = widened(
      "mul.wide.s32 %d2, %r4, 8; add.s64 %d3, %d0, %d2; ld.global.u64 %d5, [%d3];\n"
      "red.global.add.u32 [%d5], 1;\n",
      32);
  EXPECT_EQ(w.count("atomicrmw"), 2u) << w.ir;  // together, or lane by lane
}

// row * n + column, n known at run time only: one test that nothing wraps, then plain vector accesses.
TEST(Simt, IndicesThatDoNotWrapAreContiguous) {
  const Widened w = widened(
      "mul.lo.s32 %r5, %r2, %r0; add.s32 %r6, %r5, %r1; mul.wide.s32 %d2, %r6, 4; add.s64 %d3, %d0, %d2;\n"
      "ld.global.f32 %f0, [%d3]; ld.global.f32 %f1, [%d3+4]; add.f32 %f0, %f0, %f1;\n"
      "add.s64 %d4, %d1, %d2; st.global.f32 [%d4], %f0;\n",
      64);
  EXPECT_EQ(w.count("load <16 x float>"), 4u) << w.ir;
  EXPECT_EQ(w.count("store <16 x float>"), 2u);
}

// A loop that is all gathers and as long as each lane's data say: lane by lane, in scalar code. One of
// arithmetic stays a masked one.
TEST(Simt, ChainsAreFollowedLaneByLane) {
  const std::string begin = "mov.u32 %r5, %r1; mov.u32 %r6, 0; L1: ",
                    end =
                        " add.u32 %r6, %r6, 1; setp.ne.u32 %p0, %r5, 0; @%p0 bra L1;\n"
                        "mul.wide.u32 %d3, %r4, 4; add.s64 %d3, %d1, %d3; st.global.u32 [%d3], %r6;\n";
  const Widened chain =
      widened(begin + "mul.wide.u32 %d2, %r5, 4; add.s64 %d2, %d0, %d2; ld.global.u32 %r5, [%d2];" + end, 64);
  EXPECT_EQ(chain.count("load <16 x i32>"), 0u) << chain.ir;
  EXPECT_GE(chain.count("load i32"), 1u);
  // Behind a check that no lane of a warp may pass, lanes bring nothing before one has.
  const Widened checked = widened(
      "add.u32 %r7, %r1, %r0; and.b32 %r7, %r7, 5; setp.eq.u32 %p1, %r7, 5; @%p1 bra END;\n" + begin +
          "mul.wide.u32 %d2, %r5, 4; add.s64 %d2, %d0, %d2; ld.global.u32 %r5, [%d2];" + end + "END: ",
      64);
  EXPECT_NE(checked.ir.find("\nby.lane"), std::string::npos) << checked.ir;
  EXPECT_GT(checked.ir.find("store volatile"), checked.ir.find("\nby.lane"));
  const Widened arithmetic = widened(begin + "mul.lo.u32 %r5, %r5, %r5; shr.u32 %r5, %r5, 3;" + end, 64);
  EXPECT_GE(arithmetic.count("mul <32 x i32>"), 1u) << arithmetic.ir;
}

// A grid-stride loop as nvcc unrolls it: first the rounds left over, how many by each lane's own division,
// then two at a time. Lanes nearly always go round as often, so their places still follow each other.
TEST(Simt, UnrolledGridStrideLoopsKeepVectorAccesses) {
  const std::string access =
      "mul.wide.s32 %d2, %r4, 4; add.s64 %d3, %d0, %d2; ld.global.f32 %f0, [%d3];\n"
      "add.s64 %d4, %d1, %d2; st.global.f32 [%d4], %f0; add.s32 %r4, %r4, %r5;\n";
  const Widened w = widened(
      "mov.u32 %r5, %nctaid.x; mul.lo.u32 %r5, %r5, 64; setp.ge.s32 %p0, %r4, %r0; @%p0 bra END;\n"
      "sub.s32 %r6, %r0, %r4; div.u32 %r6, %r6, %r5; and.b32 %r7, %r6, 3; setp.eq.s32 %p1, %r7, 0; @%p1 bra "
      "MANY;\n"
      "ONE: " +
          access +
          "add.s32 %r7, %r7, -1; setp.ne.s32 %p2, %r7, 0; @%p2 bra ONE;\n"
          "MANY: setp.lt.u32 %p3, %r6, 3; @%p3 bra END;\n"
          "TWO: " +
          access + access + "setp.lt.s32 %p4, %r4, %r0; @%p4 bra TWO;\nEND: ",
      64);
  EXPECT_GE(w.count("@llvm.masked.load.v16f32"), 6u) << w.ir;
}

// All lanes have the sum after five exchanges: comparing it is one scalar comparison, and one scalar waits
// for the barrier.
TEST(Simt, SumsOfAWholeWarpAreOneValue) {
  std::string exchanges;
  for (const char* distance : {"16", "8", "4", "2", "1"})
    exchanges += std::string("mov.b32 %r5, %f0; shfl.sync.bfly.b32 %r6|%p0, %r5, ") + distance +
                 ", 31, -1; mov.b32 %f1, %r6; add.f32 %f0, %f0, %f1;\n";
  const std::string load = "mul.wide.s32 %d2, %r1, 4; add.s64 %d3, %d0, %d2; ld.global.f32 %f0, [%d3];\n";
  const Widened w = widened(
      load + exchanges +
          "bar.sync 0; setp.gt.f32 %p1, %f0, 0f00000000; @%p1 bra L1; st.global.u32 [%d1], %r0; L1:\n",
      64);
  EXPECT_EQ(w.count("<32 x i1>"), 0u) << w.ir;
  EXPECT_GE(w.count("fcmp ogt float"), 1u);
  EXPECT_LT(w.outcome.frame_bytes, sizeof(exec::FrameHeader) + 2 * 128) << "a vector of each warp is kept";
}

TEST(Simt, ProductsOfBytesAreTheProcessorsOwn) {
  const Widened w = widened(
      "mul.wide.s32 %d2, %r1, 4; add.s64 %d3, %d0, %d2; ld.global.u32 %r5, [%d3]; ld.global.u32 %r6, "
      "[%d3+128];\n"
      "dp4a.s32.s32 %r7, %r5, %r6, %r0; dp4a.s32.s32 %r7, %r6, %r6, %r7; add.s64 %d4, %d1, %d2;\n"
      "st.global.u32 [%d4], %r7;\n",
      64);
  EXPECT_GE(w.count("@llvm.x86.avx512.pmaddw.d.512("), 8u) << w.ir;
  EXPECT_EQ(w.count("mul <32 x i32>"), 0u);
}

// What a loop with a step known at run time only will load is fetched ahead; neighbours aren't.
TEST(Simt, LargeStepsAreFetchedAhead) {
  const auto loop = [](const std::string& step) {
    return "mov.u32 %r5, %r1; mov.u32 %r6, 0; L1: mul.wide.s32 %d2, %r5, 4; add.s64 %d3, %d0, %d2;\n"
           "ld.global.u32 %r7, [%d3]; add.u32 %r6, %r6, %r7; add.s32 %r5, %r5, " +
           step +
           "; setp.lt.s32 %p0, %r5, %r0; @%p0 bra L1;\n"
           "mul.wide.s32 %d4, %r1, 4; add.s64 %d5, %d1, %d4; st.global.u32 [%d5], %r6;\n";
  };
  EXPECT_GE(widened("mov.u32 %r8, %nctaid.x; mul.lo.u32 %r8, %r8, 64;" + loop("%r8"), 64)
                .count("call void @llvm.prefetch"),
            1u);
  EXPECT_EQ(widened(loop("64"), 64).count("call void @llvm.prefetch"), 0u);
  const Widened written = widened(
      "mov.u32 %r8, %nctaid.x; mul.lo.u32 %r8, %r8, 64; mov.u32 %r5, %r1; L1: mul.wide.s32 %d2, %r5, 4;\n"
      "add.s64 %d3, %d0, %d2; st.global.u32 [%d3], %r5; add.s32 %r5, %r5, %r8; setp.lt.s32 %p0, %r5, %r0; "
      "@%p0 bra L1;\n",
      64);
  EXPECT_GE(written.count("call void @llvm.prefetch"), 1u) << written.ir;
  // ... and so is what the next block will, where blocks are short.
  EXPECT_EQ(widened("mul.wide.s32 %d2, %r4, 4; add.s64 %d3, %d0, %d2; ld.global.f32 %f0, [%d3];\n"
                    "add.s64 %d4, %d1, %d2; st.global.f32 [%d4], %f0;\n",
                    64)
                .count("call void @llvm.prefetch"),
            2u);
}

// A row a block, of a length that the launch knows: the next block's is fetched while this one's is read.
TEST(Simt, TheNextBlocksRowIsFetchedAhead) {
  const auto row = [](const std::string& length) {
    return widened(
               "mul.lo.s32 %r9, %r2, " + length +
                   "; mul.wide.s32 %d5, %r9, 4; add.s64 %d6, %d0, %d5; mov.u32 %r5, %r1; mov.u32 %r6, 0;\n"
                   "L1: mul.wide.s32 %d2, %r5, 4; add.s64 %d3, %d6, %d2; ld.global.u32 %r7, [%d3];\n"
                   "add.u32 %r6, %r6, %r7; add.s32 %r5, %r5, 64; setp.lt.s32 %p0, %r5, %r0; @%p0 bra L1;\n"
                   "mul.wide.s32 %d4, %r1, 4; add.s64 %d5, %d1, %d4; st.global.u32 [%d5], %r6;\n",
               64)
        .count("call void @llvm.prefetch");
  };
  EXPECT_GE(row("%r0"), 2u);  // 128 bytes
  EXPECT_EQ(row("64"), 0u);
}

/// The sum of a row in steps of the block's 64 threads, four rounds unrolled behind a loop that does what is
/// left over, as compilers make it.
std::string unrolled_row(const std::string& bound) {
  const std::string add = "add.s64 %d4, %d4, 256; ld.global.f32 %f1, [%d4]; add.f32 %f0, %f0, %f1;\n";
  return bound +
         "mov.f32 %f0, 0f00000000; mov.u32 %r10, %r1; setp.ge.s32 %p0, %r1, %r9; @%p0 bra L9;\n"
         "not.b32 %r5, %r1; add.s32 %r6, %r9, %r5; shr.u32 %r7, %r6, 6; add.s32 %r7, %r7, 1; and.b32 %r8, "
         "%r7, 3;\n"
         "setp.eq.s32 %p1, %r8, 0; @%p1 bra L2;\n"
         "mul.wide.s32 %d3, %r1, 4; add.s64 %d4, %d0, %d3; sub.s64 %d4, %d4, 256; mov.u32 %r11, %r8;\n"
         "L1: " +
         add +
         "add.s32 %r11, %r11, -1; setp.ne.s32 %p2, %r11, 0; @%p2 bra L1;\n"
         "shl.b32 %r12, %r8, 6; or.b32 %r10, %r12, %r1;\n"
         "L2: setp.lt.u32 %p3, %r6, 192; @%p3 bra L9;\n"
         "L3: mul.wide.s32 %d3, %r10, 4; add.s64 %d4, %d0, %d3; sub.s64 %d4, %d4, 256;\n" +
         add + add + add + add +
         "add.s32 %r10, %r10, 256; setp.lt.s32 %p4, %r10, %r9; @%p4 bra L3;\n"
         "L9: mul.wide.s32 %d5, %r1, 4; add.s64 %d6, %d1, %d5; st.global.f32 [%d6], %f0;\n";
}

TEST(Simt, RowsThatTheBlockDividesHaveNoMasks) {
  const Widened w = widened(unrolled_row("mov.u32 %r9, %r0;\n"), 64);
  const std::string even = function_of(w, "k.block.even"), any = function_of(w, "k.block.any");
  ASSERT_NE(even, "") << w.ir;
  EXPECT_EQ(even.find("<32 x i1>"), std::string::npos) << even;
  EXPECT_EQ(even.find("gather"), std::string::npos);
  EXPECT_NE(even.find("load <16 x float>"), std::string::npos);
  EXPECT_NE(any.find("<32 x i1>"), std::string::npos);
  EXPECT_NE(function_of(w, "k.block").find("63"), std::string::npos) << "chosen by n & 63";
}

TEST(Simt, SizesThatOnlyMemoryKnowsHaveOneVersion) {
  EXPECT_EQ(widened(unrolled_row("ld.global.u32 %r9, [%d1];\n"), 64).count("k.block.even"), 0u);
  EXPECT_EQ(widened(unrolled_row("mov.u32 %r9, %r0;\n"), 48).count("k.block.even"), 0u) << "half a warp";
  // The length of the block's row, from memory that nobody writes: blocks that have no row have no length.
  const std::string length =
      "mov.u32 %r9, %ctaid.x; mul.wide.u32 %d2, %r9, 4; add.s64 %d2, %d1, %d2; ld.global.nc.u32 %r9, "
      "[%d2];\n";
  EXPECT_NE(widened(unrolled_row(length), 64).count("k.block.even"), 0u);
  EXPECT_EQ(widened("mov.u32 %r9, %ctaid.x; setp.ge.u32 %p5, %r9, %r0; @%p5 bra L8;\n" +
                        unrolled_row(length) + "L8:\n",
                    64)
                .count("k.block.even"),
            0u);
  // Without a loop there is a version for whole warps already.
  EXPECT_EQ(
      widened("setp.ge.s32 %p0, %r4, %r0; @%p0 bra L1; mul.wide.s32 %d2, %r4, 4; add.s64 %d3, %d0, %d2;\n"
              "st.global.u32 [%d3], %r0; L1:\n",
              64)
          .count("k.block.even"),
      0u);
}

// Multiples of what the threads of a block differ in: comparisons and shifts are the block's, not a lane's.
TEST(Simt, HighBitsOfTheThreadsIndexAreOneValue) {
  const auto branches = [](const std::string& value, const std::string& compare) {
    return widened("mov.u32 %r8, %nctaid.x; shl.b32 %r8, %r8, 8;\n" + value + compare +
                       "@%p0 bra L1; mul.wide.s32 %d2, %r1, 4; add.s64 %d3, %d0, %d2; st.global.u32 [%d3], "
                       "%r5; L1:\n",
                   256)
        .count("<32 x i1>");
  };
  const std::string i = "add.s32 %r5, %r4, %r8;\n", back = "not.b32 %r5, %r1; add.s32 %r5, %r8, %r5;\n";
  EXPECT_EQ(branches(i, "setp.lt.s32 %p0, %r5, 4096;\n"), 0u);
  EXPECT_EQ(branches(i, "shr.u32 %r6, %r5, 8; setp.eq.s32 %p0, %r6, %r0;\n"), 0u);
  EXPECT_EQ(branches(back, "shr.u32 %r6, %r5, 9; and.b32 %r6, %r6, 3; setp.eq.s32 %p0, %r6, 0;\n"), 0u);
  EXPECT_NE(branches("shl.b32 %r5, %r1, 27;\n", "setp.lt.s32 %p0, %r5, 0;\n"), 0u) << "of either sign";
  EXPECT_NE(
      branches(
          "ld.global.u64 %d4, [%d1]; cvt.s64.s32 %d5, %r1; mul.lo.s64 %d5, %d4, %d5; mov.u32 %r5, %r4;\n",
          "setp.lt.s64 %p0, %d5, 0;\n"),
      0u);
  EXPECT_NE(branches(i, "setp.lt.s32 %p0, %r5, 4010;\n"), 0u);
  EXPECT_NE(branches(i, "setp.le.s32 %p0, %r5, 4096;\n"), 0u);
  EXPECT_NE(branches(i, "shr.u32 %r6, %r5, 4; setp.eq.s32 %p0, %r6, %r0;\n"), 0u);
  EXPECT_NE(branches("add.s32 %r5, %r4, %r0;\n", "setp.lt.s32 %p0, %r5, 4096;\n"), 0u);
  EXPECT_NE(branches("sub.s32 %r5, %r8, %r1;\n", "shr.u32 %r6, %r5, 8; setp.eq.s32 %p0, %r6, %r0;\n"), 0u);
}

TEST(Simt, BarriersThatAllWarpsMeetNeedNoStates) {
  const std::string tree =
      "mov.u32 %r5, sh; shl.b32 %r6, %r1, 2; add.s32 %r7, %r5, %r6; st.shared.u32 [%r7], %r4; bar.sync 0;\n"
      "xor.b32 %r8, %r6, 128; add.s32 %r9, %r5, %r8; ld.shared.u32 %r10, [%r9]; bar.sync 0;\n"
      "st.shared.u32 [%r7], %r10;\n";
  // As many warps as may run in step: nothing waits.
  EXPECT_EQ(widened(tree, 256, 1, 0).outcome.frame_bytes, 0u);
  // ... but other blocks may be waited for.
  EXPECT_TRUE(
      widened("L1: ld.volatile.global.u32 %r5, [%d0]; setp.eq.s32 %p0, %r5, 0; @%p0 bra L1;\n" + tree, 32)
          .outcome.may_yield);
  const Widened many = widened(tree, 1024, 1, 0),
                some = widened("setp.lt.u32 %p0, %r1, 64; @%p0 bra L1;\n" + tree + "L1:\n", 1024, 1, 0);
  EXPECT_GT(many.outcome.frame_bytes, 0u);
  EXPECT_EQ(many.count("call void @llvm.memcpy"), 0u) << many.ir;
  EXPECT_GE(some.count("call void @llvm.memcpy"), 1u);
  // Rounds that begin with one, in which ever fewer threads work; each warp sees for itself whether it does.
  const Widened rounds = widened(
      "mov.u32 %r5, sh; shl.b32 %r6, %r1, 2; add.s32 %r7, %r5, %r6; ld.global.u32 %r11, [%d0];\n"
      "L1: bar.sync 0; setp.ge.u32 %p0, %r1, %r11; @%p0 bra L2; shl.b32 %r12, %r11, 2; add.s32 %r12, %r7, "
      "%r12;\n"
      "ld.shared.u32 %r13, [%r12]; ld.shared.u32 %r10, [%r7]; add.u32 %r10, %r10, %r13; st.shared.u32 [%r7], "
      "%r10;\n"
      "L2: shr.u32 %r11, %r11, 1; setp.gt.u32 %p1, %r11, 0; @%p1 bra L1;\n",
      1024, 1, 1);
  EXPECT_GT(rounds.outcome.frame_bytes, 0u);
  EXPECT_EQ(rounds.count("call void @llvm.memcpy"), 0u) << rounds.ir;
}

// With the distances known, the warps of a tree's late rounds pass by one test each: a gang of some would go
// through them with masks.
TEST(Simt, WarpsThatPartOftenRunInNoGang) {
  const auto tree = [](unsigned rounds) {
    std::string body =
        "mov.u32 %r5, sh; shl.b32 %r6, %r1, 2; add.s32 %r7, %r5, %r6; mov.u32 %r9, 0;\n"
        "L0: add.u32 %r9, %r9, 1;\n";
    for (unsigned r = 0, d = 512; r < rounds; r++, d /= 2) {
      const std::string distance = std::to_string(d), skip = "L" + std::to_string(r + 1);
      body += "bar.sync 0; setp.ge.u32 %p0, %r1, " + distance + "; @%p0 bra " + skip +
              "; ld.shared.u32 %r10, [%r7]; ld.shared.u32 %r11, [%r7+" + std::to_string(4 * d) +
              "]; add.u32 %r10, %r10, %r11; st.shared.u32 [%r7], %r10; " + skip + ":\n";
    }
    return widened(body + "setp.lt.u32 %p1, %r9, %r0; @%p1 bra L0;\n", 1024, 1, 0);
  };
  EXPECT_GE(tree(5).count(", 31\n"), 5u) << "loops over 32 warps";
  EXPECT_EQ(tree(2).count(", 31\n"), 0u);
  EXPECT_GE(tree(2).count(", 3\n"), 2u) << "over 4 gangs";
}

TEST(Simt, WhatAllWarpsReadFromSharedMemoryIsOneValueOfTheBlock) {
  const Widened w = widened(
      "mov.u32 %r5, sh; shl.b32 %r6, %r1, 2; and.b32 %r7, %r6, 28; add.s32 %r8, %r5, %r7; ld.shared.f32 %f0, "
      "[%r8];\n"
      "mov.u32 %r9, 0; L1: sqrt.rn.f32 %f0, %f0; add.s32 %r9, %r9, 1; setp.lt.u32 %p0, %r9, %r0; @%p0 bra "
      "L1;\n"
      "mul.wide.s32 %d2, %r1, 4; add.s64 %d3, %d0, %d2; st.global.f32 [%d3], %f0;\n",
      128, 1, 4);
  EXPECT_EQ(w.count("call <32 x float> @llvm.sqrt"), 1u) << w.ir;
}

TEST(Simt, TablesAreReadByIndicesOf32Bits) {
  const Widened w = widened(
      "mul.wide.s32 %d2, %r4, 4; add.s64 %d3, %d1, %d2; ld.global.u32 %r5, [%d3];\n"
      "mul.wide.s32 %d4, %r5, 4; add.s64 %d5, %d0, %d4; ld.global.f32 %f0, [%d5]; st.global.f32 [%d3], "
      "%f0;\n",
      64);
  EXPECT_GE(w.count("@llvm.masked.gather.v16f32"), 1u);
  EXPECT_GE(w.count("sext <16 x i32>"), 1u) << w.ir;
  EXPECT_EQ(w.count("sext <32 x i32>"), 0u);
}

TEST(Simt, BinsAreCountedByIndicesFromMemory) {
  const Widened w = widened(
      "cvt.s64.s32 %d2, %r4; add.s64 %d3, %d0, %d2; ld.global.u8 %r5, [%d3]; shl.b32 %r6, %r5, 2; mov.u32 "
      "%r7, sh;\n"
      "add.s32 %r8, %r7, %r6; atom.shared.add.u32 %r9, [%r8], 1;\n",
      64);
  EXPECT_EQ(w.count("load <32 x i8>"), 0u) << w.ir;
  EXPECT_GE(w.count("load i8"), 32u);
}

}  // namespace
}  // namespace ppu::simt
