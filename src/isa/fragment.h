// Matrix multiply-accumulate instructions (mma, mma.sp, wmma) as data: shapes and types read from the
// modifiers, and where each matrix element lies in the registers of the warp. PTX ISA, "Warp Level Matrix
// Multiply- Accumulate Instructions". Both engines and the parser read this; it depends on nothing but types.
//
// One law covers every dense fragment but those of mma.m8n8k4.f16: with group = lane / 4, t = lane % 4,
//   A: register r holds row group + 8 (r % 2) (r if M is 8), word t + 4 (r / 2) of that row's words of k
//   B: register r holds column group, word t + 4 r of that column's words of k
//   C: 32-bit element i lies in row group + 8 (i / 2), column 2 t + i % 2
// and larger shapes (wmma) repeat it for each block of 16 rows and 8 columns; the manual leaves wmma's
// fragments open, and this is our choice. A word is 32 bits of consecutive k (64 for f64).
#pragma once
#include <cstdint>
#include <string_view>

#include "isa/type.h"

namespace ppu::isa {

/// Where an element lies: the `elem`th of register `reg` of `lane`, counted from the low end.
struct ElementPlace {
  uint8_t lane = 0, reg = 0, elem = 0;
};

enum class MatrixRole : uint8_t { kA, kB, kC, kD };

/// What is computed for each element of D, see docs/matrix.md.
enum class MatrixArithmetic : uint8_t { kFloat, kDouble, kInteger, kXorPopc, kAndPopc };

struct MatrixOp {
  int m = 0, n = 0, k = 0;
  Type a, b, c, d;
  bool wmma = false;    ///< fragments of wmma: f16 multiplicands take 8 registers whatever the shape
  bool quads = false;   ///< mma.m8n8k4.f16: four products, one for each group of 8 lanes
  bool sparse = false;  ///< A holds k/2 elements of each row, metadata says which
  bool a_col = false, b_col = false;
  bool satfinite = false;
  char rounding = 'n';  ///< of f64: n, z, m or p as in .rn, .rz, .rm, .rp
  int selector = 0;     ///< sparsity selector
  MatrixArithmetic arithmetic = MatrixArithmetic::kFloat;

  constexpr bool valid() const { return m && a.bits; }
  constexpr int word_bits() const { return a.bits == 64 ? 64 : 32; }
  constexpr int per_word() const { return word_bits() / a.bits; }
  /// Elements of k that a row of A stores.
  constexpr int stored_k() const { return sparse ? k / 2 : k; }
};

/// The operation that dot-separated `words` name: "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32". Also
/// reads wmma.load and wmma.store, whose one type is left in `d`, and "selector1". Not valid() without a
/// shape.
constexpr MatrixOp parse_matrix_op(std::string_view words) {
  MatrixOp op;
  Type types[4] = {};
  int num_types = 0, num_layouts = 0;
  for (std::string_view rest = words; !rest.empty();) {
    const size_t dot = rest.find('.');
    const std::string_view word = rest.substr(0, dot);
    rest = dot == rest.npos ? std::string_view{} : rest.substr(dot + 1);
    if (word == "wmma") op.wmma = true;
    if (word == "row" || word == "col") (num_layouts++ == 0 ? op.a_col : op.b_col) = word == "col";
    if (word == "satfinite") op.satfinite = true;
    if (word == "sp" || word == "sp::ordered_metadata") op.sparse = true;
    if (word == "xor") op.arithmetic = MatrixArithmetic::kXorPopc;
    if (word == "and") op.arithmetic = MatrixArithmetic::kAndPopc;
    if (word == "rn" || word == "rz" || word == "rm" || word == "rp") op.rounding = word[1];
    if (word.starts_with("selector")) op.selector = word.back() - '0';
    if (word.size() > 5 && word[0] == 'm' && word.find('n') != word.npos && word.find('k') != word.npos) {
      int* dims[] = {&op.m, &op.n, &op.k};
      int which = -1;
      for (char ch : word) {
        if (ch < '0' || ch > '9')
          which++;
        else if (which < 3)
          *dims[which] = *dims[which] * 10 + (ch - '0');
      }
    }
    const Type type = parse_type(word);
    if (type.kind != Kind::kNone && num_types < 4) types[num_types++] = type;
  }
  op.d = types[0];
  op.c = types[num_types > 1 ? num_types - 1 : 0];
  op.a = num_types == 4 ? types[1] : Type{Kind::kF, 16, 1};  // wmma.mma of halves names only d and c
  op.b = num_types == 4 ? types[2] : op.a;
  op.quads = !op.wmma && op.m == 8 && op.n == 8 && op.k == 4 && op.a.bits == 16;
  if (op.a.bits == 64)
    op.arithmetic = MatrixArithmetic::kDouble;
  else if (op.a.kind == Kind::kS || op.a.kind == Kind::kU)
    op.arithmetic = MatrixArithmetic::kInteger;
  return op;
}

/// Blocks of 8 rows that one step of the law covers.
constexpr int row_blocks(const MatrixOp& op) {
  return op.m >= 16 ? 2 : 1;
}

/// Dense, in blocks of 16x8 with rows of A of 32 bytes, into f32 or s32: what can be made as tiles.
constexpr bool has_tile_form(const MatrixOp& op) {
  return op.m % 16 == 0 && op.n % 8 == 0 && op.k * op.a.bits == 256 && op.a.bits >= 8 && op.a.bits <= 32 &&
         op.c.bits == 32 && op.d.bits == 32 && !op.sparse && !op.satfinite && !op.quads &&
         (op.arithmetic == MatrixArithmetic::kFloat || op.arithmetic == MatrixArithmetic::kInteger) &&
         (op.a.bits > 8 || op.arithmetic == MatrixArithmetic::kInteger);
}

/// The type of a role's elements.
constexpr Type element_type(const MatrixOp& op, MatrixRole role) {
  return role == MatrixRole::kA ? op.a : role == MatrixRole::kB ? op.b : role == MatrixRole::kC ? op.c : op.d;
}

constexpr bool is_accumulator(MatrixRole role) {
  return role == MatrixRole::kC || role == MatrixRole::kD;
}

/// Registers that differ. wmma lists copies of them behind, up to num_registers().
constexpr int distinct_registers(const MatrixOp& op, MatrixRole role) {
  const int lanes = 32, halves = element_type(op, role).bits == 16 ? 2 : 1;
  if (op.quads) return is_accumulator(role) ? 8 / halves : 2;
  switch (role) {
    case MatrixRole::kA:
      return op.m * op.stored_k() / op.per_word() / lanes;
    case MatrixRole::kB:
      return op.n * op.k / op.per_word() / lanes;
    case MatrixRole::kC:
    case MatrixRole::kD:
      return op.m * op.n / lanes / halves;
  }
  return 0;
}

/// Registers as the instruction lists them.
constexpr int num_registers(const MatrixOp& op, MatrixRole role) {
  if (op.wmma && !is_accumulator(role) && op.a.kind == Kind::kF && op.a.bits == 16) return 8;
  return distinct_registers(op, role);
}

/// Bits of one register of a fragment.
constexpr int register_bits(const MatrixOp& op, MatrixRole role) {
  return element_type(op, role).bits == 64 ? 64 : 32;
}

/// wmma.load and wmma.store: one fragment and its layout in memory.
struct FragmentOp {
  MatrixOp op;  ///< all types are the fragment's
  MatrixRole role = MatrixRole::kA;
  bool col = false;  ///< column-major in memory

  constexpr int rows() const { return role == MatrixRole::kB ? op.k : op.m; }
  constexpr int cols() const { return role == MatrixRole::kA ? op.k : op.n; }
  /// Lines of consecutive elements in memory, and elements of a line.
  constexpr int lines() const { return col ? cols() : rows(); }
  constexpr int line_length() const { return col ? rows() : cols(); }
};

/// "wmma.load.a.sync.aligned.row.m16n16k16.shared.f16"
constexpr FragmentOp parse_fragment_op(std::string_view words) {
  FragmentOp f;
  f.op = parse_matrix_op(words);
  f.op.a = f.op.b = f.op.c = f.op.d;
  f.col = f.op.a_col;
  f.role = words.find(".a.") != words.npos   ? MatrixRole::kA
           : words.find(".b.") != words.npos ? MatrixRole::kB
                                             : MatrixRole::kC;
  return f;
}

/// A's element (row, k), k counted over the stored ones; `quad` is the product of mma.m8n8k4.f16, else 0.
constexpr ElementPlace a_place(const MatrixOp& op, int row, int k, int quad = 0) {
  if (op.quads) {
    const int i = op.a_col ? row % 4 : k, in_four = op.a_col ? k : row % 4;
    return {uint8_t(in_four + 4 * quad + 16 * (row / 4)), uint8_t(i / 2), uint8_t(i % 2)};
  }
  const int word = k / op.per_word(), words = op.stored_k() / op.per_word(), blocks = row_blocks(op);
  const int in_block = row % (8 * blocks);
  const int reg = row / (8 * blocks) * (words / 4 * blocks) + word / 4 * blocks + in_block / 8;
  return {uint8_t(row % 8 * 4 + word % 4), uint8_t(reg), uint8_t(k % op.per_word())};
}

/// B's element (k, col).
constexpr ElementPlace b_place(const MatrixOp& op, int k, int col, int quad = 0) {
  if (op.quads) {
    const int i = op.b_col ? k : col % 4, in_four = op.b_col ? col % 4 : k;
    return {uint8_t(in_four + 4 * quad + 16 * (col / 4)), uint8_t(i / 2), uint8_t(i % 2)};
  }
  const int word = k / op.per_word(), words = op.k / op.per_word();
  return {uint8_t(col % 8 * 4 + word % 4), uint8_t(col / 8 * (words / 4) + word / 4),
          uint8_t(k % op.per_word())};
}

/// Element (row, col) of an accumulator (C or D) of elements of `bits`.
constexpr ElementPlace accumulator_place(const MatrixOp& op, int bits, int row, int col, int quad = 0) {
  const bool half = bits == 16;
  if (op.quads) {
    const int r = row % 4, lane_high = 4 * quad + 16 * (row / 4);
    if (half) return {uint8_t(r + lane_high), uint8_t(col / 2), uint8_t(col % 2)};
    return {uint8_t(((r & 1) | (col & 2)) + lane_high), uint8_t((r & 2) | (col & 4) | (col & 1)), 0};
  }
  const int blocks = row_blocks(op), per_block = 2 * blocks;
  const int block = row / (8 * blocks) * (op.n / 8) + col / 8;
  const int i = block * per_block + row % (8 * blocks) / 8 * 2 + col % 2;
  return {uint8_t(row % 8 * 4 + col % 8 / 2), uint8_t(half ? i / 2 : i), uint8_t(half ? i % 2 : 0)};
}

/// Elements of k whose positions 4 bits of metadata give, and how many of those are stored.
constexpr int sparse_chunk(const MatrixOp& op) {
  return op.a.bits == 32 ? 2 : op.a.bits == 4 ? 8 : 4;
}

/// The fragment's element (row, col).
constexpr ElementPlace fragment_place(const FragmentOp& f, int row, int col) {
  if (f.role == MatrixRole::kA) return a_place(f.op, row, col);
  if (f.role == MatrixRole::kB) return b_place(f.op, row, col);
  return accumulator_place(f.op, f.op.c.bits, row, col);
}

/// The 4 bits of metadata of chunk `chunk` of a row: shifted left by ElementPlace::elem in `lane`. `selector`
/// is the instruction's sparsity selector (PTX ISA, "Sparse matrix storage", and the figures of each shape).
constexpr ElementPlace metadata_place(const MatrixOp& op, int row, int chunk, int selector) {
  const int group = row % 8 * 4, high = row / 8, chunks = op.k / sparse_chunk(op);
  if (op.a.bits >= 16) {  // 16 bits a row and four chunks, rows group and group + 8 in one register
    const int lane = chunks == 4 ? selector : 2 * selector + chunk / 4;
    return {uint8_t(group + lane % 4), 0, uint8_t(4 * (chunk % 4) + 16 * high)};
  }
  const int lane = chunks == 8 ? 2 * selector + high : high + 2 * (chunk / 8);
  return {uint8_t(group + lane % 4), 0, uint8_t(4 * (chunk % 8))};
}

/// The k of stored element `j` of a row, given its chunk's 4 bits of metadata.
constexpr int sparse_k(const MatrixOp& op, int j, int bits) {
  const int chunk = sparse_chunk(op), per_chunk = chunk / 2, first = j / per_chunk * chunk;
  if (op.a.bits == 32) return first + (bits >> 1 & 1);  // 0b1110: the second of two, 0b0100: the first
  const int step = op.a.bits == 4 ? 2 : 1;              // pairs of 4-bit elements stay together
  const int which = j % per_chunk / step, index = bits >> (2 * which) & 3;
  return first + index * step + j % step;
}

}  // namespace ppu::isa
