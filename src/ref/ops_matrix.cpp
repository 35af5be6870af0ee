// mma, wmma, ldmatrix, stmatrix, movmatrix: element by element, as docs/matrix.md says. PTX ISA, "Warp Level
// Matrix Multiply-Accumulate Instructions". All lanes of the warp take part: those that come early wait.
#include <bit>
#include <cmath>
#include <cstring>

#include "exec/tile_abi.h"
#include "isa/fragment.h"
#include "isa/round.h"
#include "ref/ops.h"

namespace ppu::ref {
namespace {

using isa::ElementPlace;
using isa::MatrixArithmetic;
using isa::MatrixOp;
using isa::MatrixRole;

/// False, and the lanes wait, if live lanes of the warp haven't come yet.
bool all_here(WarpRun& warp, uint32_t mask) {
  if (mask == warp.live || warp.merged_sync) return true;
  for_lanes(warp, mask, [](Lane& lane) { lane.state = Lane::State::kAtWarpSync; });
  return false;
}

const Arg& list_register(const Arg& list, size_t k) {
  return list.kind == Arg::Kind::kVector ? list.elements[k] : list;
}

size_t list_size(const Arg& list) {
  return list.kind == Arg::Kind::kVector ? list.elements.size() : 1;
}

MatrixOp matrix_op(const Op& op) {
  return isa::parse_matrix_op(isa::spelling(isa::table()[op.row], op.mods));
}

/// A fragment's registers as bits, [register][lane].
class Registers {
 public:
  explicit Registers(size_t count) : bits_(count * kWarp) {}
  uint64_t& at(size_t reg, size_t lane) { return bits_[reg * kWarp + lane]; }
  uint64_t element(ElementPlace p, int bits) {
    const uint64_t v = at(p.reg, p.lane) >> (p.elem * bits);
    return bits == 64 ? v : v & ((uint64_t(1) << bits) - 1);
  }
  void set_element(ElementPlace p, int bits, uint64_t v) { at(p.reg, p.lane) |= v << (p.elem * bits); }
  size_t count() const { return bits_.size() / kWarp; }

 private:
  std::vector<uint64_t> bits_;
};

/// The first `count` registers of operand `index` of all lanes.
Registers read_registers(WarpRun& warp, uint32_t mask, size_t index, int count) {
  Registers r{size_t(count)};
  for_lanes(warp, mask, [&](Lane& lane) {
    const Arg& list = warp.own_op(lane).args[index];
    for (size_t k = 0; k < r.count(); k++)
      r.at(k, lane.thread % kWarp) = warp.read(lane, list_register(list, k));
  });
  return r;
}

/// Writes operand `index`, with copies of the first registers where the list is longer.
void write_registers(WarpRun& warp, uint32_t mask, size_t index, Registers& r, int bits) {
  for_lanes(warp, mask, [&](Lane& lane) {
    const Arg& list = warp.own_op(lane).args[index];
    for (size_t k = 0; k < list_size(list); k++)
      warp.write(lane, list_register(list, k), r.at(k % r.count(), lane.thread % kWarp),
                 {isa::Kind::kB, uint8_t(bits), 1});
  });
}

float to_float(isa::Type type, uint64_t bits) {
  using isa::Kind;
  switch (type.kind) {
    case Kind::kTF:
      return std::bit_cast<float>(uint32_t(bits) & 0xffffe000);
    case Kind::kBF:
      return float(isa::from_small(uint32_t(bits), isa::kBrain));
    case Kind::kE4M3:
      return float(isa::from_small(uint32_t(bits), isa::kE4M3Format));
    case Kind::kE5M2:
      return float(isa::from_small(uint32_t(bits), isa::kE5M2Format));
    default:
      return type.bits == 16 ? float(isa::from_small(uint32_t(bits), isa::kHalf))
                             : std::bit_cast<float>(uint32_t(bits));
  }
}

int64_t to_integer(isa::Type type, uint64_t bits) {
  const int unused = 64 - type.bits;
  return type.is_signed() ? int64_t(bits << unused) >> unused : int64_t(bits);
}

/// One element of D: C's bits and the bits of A's and B's elements that meet, in the order of k.
struct Dot {
  const MatrixOp& op;
  uint64_t c;
  std::vector<std::pair<uint64_t, uint64_t>> terms;
  bool by_tiles = false;  ///< the order that sums of tiles have

  /// Two chains, of the even and the odd terms, meet before they meet C; subnormal numbers are taken as zero,
  /// and made zero.
  static float tile_step(float c, const std::vector<std::pair<float, float>>& terms) {
    const auto flushed = [](float x) {
      return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x;
    };
    float sums[2] = {};
    for (size_t k = 0; k < terms.size(); k++)
      sums[k % 2] = flushed(std::fma(flushed(terms[k].first), flushed(terms[k].second), sums[k % 2]));
    return flushed(flushed(c) + flushed(sums[0] + sums[1]));
  }
  /// f16: each number is a bf16 and the rest, and the products of A's two parts with B's rests come last.
  float sum_by_tiles(float d) const {
    std::vector<std::pair<float, float>> step;
    if (op.a.kind == isa::Kind::kBF) {
      for (const auto& [a, b] : terms) step.emplace_back(to_float(op.a, a), to_float(op.b, b));
      return tile_step(d, step);
    }
    const auto part = [](float x, bool rest) {
      const float high = std::bit_cast<float>(std::bit_cast<uint32_t>(x) & 0xffff0000);
      return rest ? x - high : high;
    };
    for (const bool b_rest : {false, true}) {
      step.clear();
      for (const bool a_rest : {false, true})
        for (const auto& [a, b] : terms)
          step.emplace_back(part(to_float(op.a, a), a_rest), part(to_float(op.b, b), b_rest));
      d = tile_step(d, step);
    }
    return d;
  }
  uint64_t float_sum() const {
    float d = to_float(op.c, c);
    if (by_tiles) return std::bit_cast<uint32_t>(sum_by_tiles(d));
    for (const auto& [a, b] : terms) d = std::fma(to_float(op.a, a), to_float(op.b, b), d);
    return op.d.bits == 16 ? isa::to_small(double(d), isa::kHalf, isa::Round::kNearest)
                           : std::bit_cast<uint32_t>(d);
  }
  uint64_t double_sum() const {
    const isa::Round round = op.rounding == 'z'   ? isa::Round::kZero
                             : op.rounding == 'm' ? isa::Round::kDown
                             : op.rounding == 'p' ? isa::Round::kUp
                                                  : isa::Round::kNearest;
    double d = std::bit_cast<double>(c);
    for (const auto& [a, b] : terms)
      d = isa::round_f64(isa::RoundOp::kFma, round, std::bit_cast<double>(a), std::bit_cast<double>(b), d);
    return std::bit_cast<uint64_t>(d);
  }
  uint64_t integer_sum() const {
    int64_t d = int32_t(uint32_t(c));
    for (const auto& [a, b] : terms) d += to_integer(op.a, a) * to_integer(op.b, b);
    if (op.satfinite) d = std::min<int64_t>(std::max<int64_t>(d, INT32_MIN), INT32_MAX);
    return uint32_t(d);
  }
  uint64_t bit_sum() const {
    uint32_t d = uint32_t(c);
    for (const auto& [a, b] : terms) d += (op.arithmetic == MatrixArithmetic::kXorPopc ? a ^ b : a & b) & 1;
    return d;
  }
  uint64_t value() const {
    switch (op.arithmetic) {
      case MatrixArithmetic::kFloat:
        return float_sum();
      case MatrixArithmetic::kDouble:
        return double_sum();
      case MatrixArithmetic::kInteger:
        return integer_sum();
      default:
        return bit_sum();
    }
  }
};

}  // namespace

namespace {

/// Whether the executor's engine sums this operation as tiles do.
bool sums_by_tiles(const WarpRun& warp, const MatrixOp& m) {
  if (!has_tile_form(m) || m.arithmetic != MatrixArithmetic::kFloat || m.a.bits != 16) return false;
  const exec::RuntimeTable* rt = warp.block->launch->rt;
  const auto kind = m.a.kind == isa::Kind::kBF ? exec::TileKind::kBf16 : exec::TileKind::kF16;
  return rt && rt->sums_by_tiles && rt->sums_by_tiles(uint32_t(kind));
}

/// f16 infinities and NaN can't be taken apart: blocks of 16x8 of which A or B has one are summed by the
/// chain. Says which rows (in blocks of 16) or columns (of 8) have.
std::vector<bool> with_infinities(const MatrixOp& m, Registers& r, MatrixRole role) {
  const bool is_a = role == MatrixRole::kA;
  const int per_block = is_a ? 16 : 8, lines = is_a ? m.m : m.n;
  std::vector<bool> found(size_t(lines / per_block), false);
  if (m.a.kind != isa::Kind::kF) return found;
  for (int line = 0; line < lines; line++)
    for (int k = 0; k < m.k; k++) {
      const uint64_t bits = r.element(is_a ? a_place(m, line, k, 0) : b_place(m, k, line, 0), 16);
      if ((bits & 0x7c00) == 0x7c00) found[size_t(line / per_block)] = true;
    }
  return found;
}

}  // namespace

uint32_t ref_mma(WarpRun& warp, const Op& op, uint32_t mask) {
  if (!all_here(warp, mask)) return 0;
  MatrixOp m = matrix_op(op);
  Registers a = read_registers(warp, mask, 1, distinct_registers(m, MatrixRole::kA));
  Registers b = read_registers(warp, mask, 2, distinct_registers(m, MatrixRole::kB));
  Registers c = read_registers(warp, mask, 3, distinct_registers(m, MatrixRole::kC));
  Registers d{size_t(distinct_registers(m, MatrixRole::kD))};
  Registers metadata = m.sparse ? read_registers(warp, mask, 4, 1) : Registers(0);
  const int selector = m.sparse ? int(op.args[5].value) : 0;
  const bool by_tiles = sums_by_tiles(warp, m);
  std::vector<bool> a_infinite, b_infinite;
  if (by_tiles)
    a_infinite = with_infinities(m, a, MatrixRole::kA), b_infinite = with_infinities(m, b, MatrixRole::kB);
  for (int quad = 0; quad < (m.quads ? 4 : 1); quad++)
    for (int row = 0; row < m.m; row++)
      for (int col = 0; col < m.n; col++) {
        Dot dot{m, c.element(accumulator_place(m, m.c.bits, row, col, quad), m.c.bits), {}};
        dot.by_tiles = by_tiles && !a_infinite[size_t(row / 16)] && !b_infinite[size_t(col / 8)];
        for (int j = 0; j < m.stored_k(); j++) {
          int k = j;
          if (m.sparse) {
            const ElementPlace at = metadata_place(m, row, j / (sparse_chunk(m) / 2), selector);
            k = sparse_k(m, j, int(metadata.at(0, at.lane) >> at.elem & 15));
          }
          dot.terms.emplace_back(a.element(a_place(m, row, j, quad), m.a.bits),
                                 b.element(b_place(m, k, col, quad), m.b.bits));
        }
        d.set_element(accumulator_place(m, m.d.bits, row, col, quad), m.d.bits, dot.value());
      }
  write_registers(warp, mask, 0, d, register_bits(m, MatrixRole::kD));
  return mask;
}

namespace {

/// Calls f(element's place, its address) for every element of a wmma fragment in memory; of 4-bit and 1-bit
/// elements, for every 32 bits of them.
template <class F>
void for_each_in_memory(const WarpRun& warp, const Op& op, const isa::FragmentOp& m, uint32_t mask,
                        size_t address_arg, F f) {
  const Lane& first = warp.lanes[size_t(__builtin_ctz(mask))];
  const uint64_t base = warp.address(first, op, op.args[address_arg]);
  const uint64_t stride =
      op.args.size() > 2 ? uint32_t(warp.read(first, op.args[2])) : uint64_t(m.line_length());
  const int bits = m.op.d.bits;
  for (int row = 0; row < m.rows(); row++)
    for (int col = 0; col < m.cols(); col++) {
      const int line = m.col ? col : row, minor = m.col ? row : col;
      if (bits < 8 && minor * bits % 32) continue;
      f(fragment_place(m, row, col), base + (uint64_t(line) * stride + uint64_t(minor)) * uint64_t(bits) / 8);
    }
}

}  // namespace

uint32_t ref_wmma_load(WarpRun& warp, const Op& op, uint32_t mask) {
  if (!all_here(warp, mask)) return 0;
  const isa::FragmentOp m = isa::parse_fragment_op(isa::spelling(isa::table()[op.row], op.mods));
  const int bits = std::max<int>(m.op.d.bits, 1), access = bits < 8 ? 32 : bits;
  Registers r{size_t(distinct_registers(m.op, m.role))};
  for_each_in_memory(warp, op, m, mask, 1, [&](ElementPlace p, uint64_t address) {
    const Lane& lane = (mask >> p.lane & 1) ? warp.lanes[p.lane] : warp.lanes[size_t(__builtin_ctz(mask))];
    uint64_t v = 0;
    warp.load(lane, op, address, &v, uint32_t(access) / 8);
    r.set_element({p.lane, p.reg, uint8_t(bits < 8 ? 0 : p.elem)}, access, v);
  });
  write_registers(warp, mask, 0, r, register_bits(m.op, m.role));
  return mask;
}

uint32_t ref_wmma_store(WarpRun& warp, const Op& op, uint32_t mask) {
  if (!all_here(warp, mask)) return 0;
  const isa::FragmentOp m = isa::parse_fragment_op(isa::spelling(isa::table()[op.row], op.mods));
  Registers r = read_registers(warp, mask, 1, distinct_registers(m.op, m.role));
  for_each_in_memory(warp, op, m, mask, 0, [&](ElementPlace p, uint64_t address) {
    const Lane& lane = (mask >> p.lane & 1) ? warp.lanes[p.lane] : warp.lanes[size_t(__builtin_ctz(mask))];
    const uint64_t v = r.element(p, m.op.d.bits);
    warp.store(lane, op, address, &v, uint32_t(m.op.d.bits) / 8);
  });
  return mask;
}

namespace {

/// The address of row `row` of tile `tile`: lane 8 tile + row gave it.
uint64_t row_address(WarpRun& warp, uint32_t mask, size_t address_arg, size_t tile, size_t row) {
  const Lane& lane = warp.lanes[tile * 8 + row];
  if (!(mask >> (tile * 8 + row) & 1)) return 0;
  const Op& own = warp.own_op(lane);
  const uint64_t address = warp.address(lane, own, own.args[address_arg]);
  warp.check_align(lane, address, 16);
  return address;
}

/// 8x8 elements of 16 bits, [row][column]; lane 4 row + column / 2 holds two of a row.
struct HalfTile {
  uint16_t at[8][8] = {};
  uint32_t word(size_t lane) const {
    return uint32_t(at[lane / 4][lane % 4 * 2]) | uint32_t(at[lane / 4][lane % 4 * 2 + 1]) << 16;
  }
  void set_word(size_t lane, uint32_t v) {
    at[lane / 4][lane % 4 * 2] = uint16_t(v);
    at[lane / 4][lane % 4 * 2 + 1] = uint16_t(v >> 16);
  }
  void transpose() {
    for (size_t r = 0; r < 8; r++)
      for (size_t c = 0; c < r; c++) std::swap(at[r][c], at[c][r]);
  }
};

}  // namespace

uint32_t ref_ldmatrix(WarpRun& warp, const Op& op, uint32_t mask) {
  if (!all_here(warp, mask)) return 0;
  Registers r{list_size(op.args[0])};
  for (size_t tile = 0; tile < r.count(); tile++) {
    HalfTile t;
    for (size_t row = 0; row < 8; row++)
      if (const uint64_t address = row_address(warp, mask, 1, tile, row))
        warp.load(warp.lanes[tile * 8 + row], op, address, t.at[row], 16);
    if (op.mods.has("trans")) t.transpose();
    for (size_t lane = 0; lane < kWarp; lane++) r.at(tile, lane) = t.word(lane);
  }
  write_registers(warp, mask, 0, r, 32);
  return mask;
}

uint32_t ref_stmatrix(WarpRun& warp, const Op& op, uint32_t mask) {
  if (!all_here(warp, mask)) return 0;
  Registers r = read_registers(warp, mask, 1, int(list_size(op.args[1])));
  for (size_t tile = 0; tile < r.count(); tile++) {
    HalfTile t;
    for (size_t lane = 0; lane < kWarp; lane++) t.set_word(lane, uint32_t(r.at(tile, lane)));
    if (op.mods.has("trans")) t.transpose();
    for (size_t row = 0; row < 8; row++)
      if (const uint64_t address = row_address(warp, mask, 0, tile, row))
        warp.store(warp.lanes[tile * 8 + row], op, address, t.at[row], 16);
  }
  return mask;
}

uint32_t ref_movmatrix(WarpRun& warp, const Op&, uint32_t mask) {
  if (!all_here(warp, mask)) return 0;
  Registers r = read_registers(warp, mask, 1, 1);
  HalfTile t;
  for (size_t lane = 0; lane < kWarp; lane++) t.set_word(lane, uint32_t(r.at(0, lane)));
  t.transpose();
  for (size_t lane = 0; lane < kWarp; lane++) r.at(0, lane) = t.word(lane);
  write_registers(warp, mask, 0, r, 32);
  return mask;
}

}  // namespace ppu::ref
