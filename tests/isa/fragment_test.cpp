// isa/fragment.h against the formulas that the PTX manual gives for each shape ("Matrix Fragments for
// mma.m16n8k16 with floating point type" and its neighbours), written down here shape by shape as the manual
// has them.
#include "isa/fragment.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace ppu::isa {
namespace {

struct Position {
  int row, col;
};
/// Element i of the lane with group g = lane / 4 and t = lane % 4.
using Formula = std::function<Position(int i, int g, int t)>;

/// `place` must put the element that `formula` names for each i and lane into register i / per, element i %
/// per.
void expect_layout(const std::string& what, int registers, int per, const Formula& formula,
                   const std::function<ElementPlace(int row, int col)>& place) {
  for (int lane = 0; lane < 32; lane++)
    for (int i = 0; i < registers * per; i++) {
      const Position at = formula(i, lane / 4, lane % 4);
      const ElementPlace p = place(at.row, at.col);
      ASSERT_TRUE(p.lane == lane && p.reg == i / per && p.elem == i % per)
          << what << ": element " << i << " of lane " << lane << " is (" << at.row << ", " << at.col << ")";
    }
}

struct Layout {
  const char* spelling;
  Formula a, b;
};

Position accumulator(int i, int g, int t) {  // c0..c3 of the shapes with 16 rows, c0 and c1 of those with 8
  return {i < 2 ? g : g + 8, t * 2 + (i & 1)};
}

const Layout kLayouts[] = {
    {"mma.m16n8k4.f32.tf32.tf32.f32", [](int i, int g, int t) { return Position{i == 0 ? g : g + 8, t}; },
     [](int, int g, int t) { return Position{t, g}; }},
    {"mma.m16n8k8.f32.tf32.tf32.f32",
     [](int i, int g, int t) { return Position{i == 0 || i == 2 ? g : g + 8, i < 2 ? t : t + 4}; },
     [](int i, int g, int t) { return Position{i == 0 ? t : t + 4, g}; }},
    {"mma.m16n8k8.f32.f16.f16.f32",
     [](int i, int g, int t) { return Position{i < 2 ? g : g + 8, t * 2 + (i & 1)}; },
     [](int i, int g, int t) { return Position{t * 2 + i, g}; }},
    {"mma.m16n8k16.f32.bf16.bf16.f32",
     [](int i, int g, int t) {
       return Position{i < 2 || (i >= 4 && i < 6) ? g : g + 8, t * 2 + (i & 1) + (i < 4 ? 0 : 8)};
     },
     [](int i, int g, int t) { return Position{t * 2 + (i & 1) + (i < 2 ? 0 : 8), g}; }},
    {"mma.m8n8k4.f64.f64.f64.f64", [](int, int g, int t) { return Position{g, t}; },
     [](int, int g, int t) { return Position{t, g}; }},
    {"mma.m8n8k16.s32.s8.s8.s32", [](int i, int g, int t) { return Position{g, t * 4 + i}; },
     [](int i, int g, int t) { return Position{t * 4 + i, g}; }},
    {"mma.m16n8k16.s32.u8.u8.s32",
     [](int i, int g, int t) { return Position{i < 4 ? g : g + 8, t * 4 + (i & 3)}; },
     [](int i, int g, int t) { return Position{t * 4 + i, g}; }},
    {"mma.m16n8k32.f32.e4m3.e5m2.f32",
     [](int i, int g, int t) {
       return Position{i < 4 || (i >= 8 && i < 12) ? g : g + 8, t * 4 + (i & 3) + (i < 8 ? 0 : 16)};
     },
     [](int i, int g, int t) { return Position{t * 4 + (i & 3) + (i < 4 ? 0 : 16), g}; }},
    {"mma.m8n8k32.s32.s4.s4.s32", [](int i, int g, int t) { return Position{g, t * 8 + i}; },
     [](int i, int g, int t) { return Position{t * 8 + i, g}; }},
    {"mma.m16n8k64.s32.u4.u4.s32",
     [](int i, int g, int t) {
       return Position{i < 8 || (i >= 16 && i < 24) ? g : g + 8, t * 8 + (i & 7) + (i < 16 ? 0 : 32)};
     },
     [](int i, int g, int t) { return Position{t * 8 + (i & 7) + (i < 8 ? 0 : 32), g}; }},
    {"mma.m16n8k256.s32.b1.b1.s32.xor.popc",
     [](int i, int g, int t) {
       return Position{i < 32 || (i >= 64 && i < 96) ? g : g + 8, t * 32 + (i & 31) + (i < 64 ? 0 : 128)};
     },
     [](int i, int g, int t) { return Position{t * 32 + (i & 31) + (i < 32 ? 0 : 128), g}; }},
};

TEST(Fragment, DenseLayoutsAreTheManuals) {
  for (const Layout& l : kLayouts) {
    const MatrixOp op = parse_matrix_op(l.spelling);
    expect_layout(std::string("A of ") + l.spelling, num_registers(op, MatrixRole::kA), op.per_word(), l.a,
                  [&](int row, int k) { return a_place(op, row, k); });
    expect_layout(std::string("B of ") + l.spelling, num_registers(op, MatrixRole::kB), op.per_word(), l.b,
                  [&](int k, int col) { return b_place(op, k, col); });
    expect_layout(std::string("C of ") + l.spelling, num_registers(op, MatrixRole::kC), 1, accumulator,
                  [&](int row, int col) { return accumulator_place(op, op.c.bits, row, col); });
  }
}

TEST(Fragment, HalfAccumulatorsPackNeighbours) {
  const MatrixOp op = parse_matrix_op("mma.m16n8k16.f16.f16.f16.f16");
  EXPECT_EQ(num_registers(op, MatrixRole::kC), 2);
  expect_layout("C in halves", 2, 2, accumulator,
                [&](int row, int col) { return accumulator_place(op, 16, row, col); });
}

// "Matrix Fragments for mma.m8n8k4 with .f16 floating point type": four products, lanes 4 q to 4 q + 3 and 16
// more.
TEST(Fragment, FourProductsOf8x8x4) {
  const auto lane_of = [](int g, int t) { return g * 4 + t; };
  for (const bool col : {false, true}) {
    const MatrixOp op = parse_matrix_op(col ? "mma.sync.m8n8k4.col.col.f32.f16.f16.f32"
                                            : "mma.sync.m8n8k4.row.row.f32.f16.f16.f32");
    ASSERT_TRUE(op.quads);
    for (int lane = 0; lane < 32; lane++) {
      const int quad = lane % 16 / 4, high = lane < 16 ? 0 : 4;
      for (int i = 0; i < 4; i++) {
        const ElementPlace a =
            col ? a_place(op, i % 4 + high, lane % 4, quad) : a_place(op, lane % 4 + high, i, quad);
        const ElementPlace b =
            col ? b_place(op, i, lane % 4 + high, quad) : b_place(op, lane % 4, i + high, quad);
        EXPECT_TRUE(a.lane == lane && a.reg == i / 2 && a.elem == i % 2) << "A " << i << " of lane " << lane;
        EXPECT_TRUE(b.lane == lane && b.reg == i / 2 && b.elem == i % 2) << "B " << i << " of lane " << lane;
      }
      for (int i = 0; i < 8; i++) {
        const ElementPlace h = accumulator_place(op, 16, lane % 4 + high, i, quad);
        EXPECT_TRUE(h.lane == lane && h.reg == i / 2 && h.elem == i % 2)
            << "half C " << i << " of lane " << lane;
        const int x = (lane & 1) + (i & 2), row = x + high, c = (i & 4) + (lane & 2) + (i & 1);
        const ElementPlace f = accumulator_place(op, 32, row, c, quad);
        EXPECT_TRUE(f.lane == lane && f.reg == i) << "C " << i << " of lane " << lane;
      }
    }
  }
  EXPECT_EQ(lane_of(7, 3), 31);
}

// Every element of a wmma fragment has a place of its own, and the places fill the registers.
TEST(Fragment, WmmaFragmentsAreComplete) {
  for (const char* text :
       {"wmma.load.a.row.m16n16k16.f16", "wmma.load.b.col.m16n16k16.bf16", "wmma.load.a.row.m32n8k16.s8",
        "wmma.load.b.col.m8n32k16.u8", "wmma.load.c.row.m16n16k16.f16", "wmma.load.c.row.m8n32k16.f32",
        "wmma.load.c.col.m32n8k16.s32", "wmma.load.a.row.m16n16k8.tf32", "wmma.load.b.row.m8n8k4.f64",
        "wmma.load.a.row.m8n8k32.s4", "wmma.load.b.col.m8n8k128.b1", "wmma.load.a.col.m8n32k16.f16"}) {
    const FragmentOp f = parse_fragment_op(text);
    const int per = register_bits(f.op, f.role) / f.op.d.bits, registers = distinct_registers(f.op, f.role);
    std::vector<int> seen(size_t(registers * 32 * per));
    for (int row = 0; row < f.rows(); row++)
      for (int col = 0; col < f.cols(); col++) {
        const ElementPlace p = fragment_place(f, row, col);
        ASSERT_LT(p.reg, registers) << text;
        seen[size_t((p.reg * 32 + p.lane) * per + p.elem)]++;
      }
    for (const int times : seen) ASSERT_EQ(times, 1) << text;
  }
  EXPECT_EQ(num_registers(parse_matrix_op("wmma.mma.row.col.m16n16k16.f32.f32"), MatrixRole::kA), 8);
  EXPECT_EQ(num_registers(parse_matrix_op("wmma.mma.row.col.m32n8k16.f32.bf16.bf16.f32"), MatrixRole::kB), 2);
}

// "Sparse matrix storage": which lane's metadata, and which bits of it, belong to a chunk of a row.
TEST(Fragment, SparseMetadata) {
  const auto at = [](const char* spelling, int row, int chunk, int selector) {
    const ElementPlace p = metadata_place(parse_matrix_op(spelling), row, chunk, selector);
    return std::pair<int, int>(p.lane, p.elem);
  };
  using Where = std::pair<int, int>;
  const char* half = "mma.sp.m16n8k32.f32.f16.f16.f32";
  EXPECT_EQ(at(half, 0, 0, 0), Where(0, 0));
  EXPECT_EQ(at(half, 8, 3, 0), Where(0, 28));
  EXPECT_EQ(at(half, 3, 4, 1), Where(15, 0));
  EXPECT_EQ(at("mma.sp.m16n8k16.f32.f16.f16.f32", 2, 1, 3), Where(11, 4));
  const char* bytes = "mma.sp.m16n8k64.s32.s8.s8.s32";
  EXPECT_EQ(at(bytes, 0, 7, 0), Where(0, 28));
  EXPECT_EQ(at(bytes, 8, 0, 0), Where(1, 0));
  EXPECT_EQ(at(bytes, 5, 8, 0), Where(22, 0));
  EXPECT_EQ(at("mma.sp.m16n8k32.s32.s8.s8.s32", 9, 2, 1), Where(7, 8));
  // 0b1001: elements 1 and 2 of a chunk of four; of 4-bit elements, pairs 1 and 2 of a chunk of eight.
  EXPECT_EQ(sparse_k(parse_matrix_op(half), 2, 0b1001), 5);
  EXPECT_EQ(sparse_k(parse_matrix_op(half), 3, 0b1001), 6);
  EXPECT_EQ(sparse_k(parse_matrix_op("mma.sp.m16n8k64.s32.s4.s4.s32"), 3, 0b1001), 5);
  EXPECT_EQ(sparse_k(parse_matrix_op("mma.sp.m16n8k8.f32.tf32.tf32.f32"), 1, 0b1110), 3);
  EXPECT_EQ(sparse_k(parse_matrix_op("mma.sp.m16n8k8.f32.tf32.tf32.f32"), 1, 0b0100), 2);
}

}  // namespace
}  // namespace ppu::isa
