// See tile_amx.h. bf16: a tile operation for the 16 k of a product. Bytes: one for its 32. f16: each number
// is the sum of two bf16, so that A = [high | low] and B = [high; high], then [low; low] give the exact
// products in two operations; infinities and NaN can't be taken apart and go to `chain`.
#include "exec/tile_amx.h"

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "exec/tile_units.h"

namespace ppu::exec {
namespace {

constexpr int kRequestPermission = 0x1023, kTileData = 18;  ///< ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA

enum class Configuration : uint8_t { kNone, kShort, kLong };
thread_local Configuration configured __attribute__((tls_model("initial-exec"))) = Configuration::kNone;

#pragma clang attribute push(                                                                           \
    __attribute__((target("amx-tile,amx-bf16,amx-int8,f16c,avx2,avx512f,avx512bw,avx512vl,avx512dq"))), \
    apply_to = function)

/// Registers 0-3: accumulators; 4, 5: A; 6, 7: B, with rows of A of 32 bytes (short) or 64.
void configure(Configuration wanted) {
  if (configured == wanted) return;
  struct {
    uint8_t palette = 1, start_row = 0, unused[14] = {};
    uint16_t row_bytes[16] = {};
    uint8_t rows[16] = {};
  } c;
  static_assert(sizeof c == 64);
  const bool is_short = wanted == Configuration::kShort;
  for (int t = 0; t < 8; t++) {
    c.row_bytes[t] = is_short && (t == 4 || t == 5) ? 32 : 64;
    c.rows[t] = is_short && t >= 6 ? 8 : 16;
  }
  _tile_loadconfig(&c);
  configured = wanted;
}

__m512i upper_half(__m512 v) {
  return _mm512_and_si512(_mm512_castps_si512(v), _mm512_set1_epi32(int(0xffff0000)));
}
__m512 rest(__m512 v, __m512i high) {
  return _mm512_sub_ps(v, _mm512_castsi512_ps(high));
}

/// f16 to rows of [high | low].
void split_a(const uint32_t* unit, uint8_t* out) {
  for (size_t m = 0; m < 16; m++, out += 64) {
    const __m512 v = _mm512_cvtph_ps(row_of_a(unit, m));
    const __m512i high = upper_half(v), low = upper_half(rest(v, high));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm512_cvtepi32_epi16(_mm512_srli_epi32(high, 16)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + 32),
                        _mm512_cvtepi32_epi16(_mm512_srli_epi32(low, 16)));
  }
}

/// f16 to [high; high], then [low; low].
void split_b(const uint32_t* unit, uint8_t* out) {
  for (size_t word = 0; word < 8; word++, out += 64) {
    const __m512i row = row_of_b(unit, word);
    const __m512 even = _mm512_cvtph_ps(_mm512_cvtepi32_epi16(row)),
                 odd = _mm512_cvtph_ps(_mm512_cvtepi32_epi16(_mm512_srli_epi32(row, 16)));
    const __m512i even_high = upper_half(even), odd_high = upper_half(odd);
    const __m512i high = _mm512_or_si512(_mm512_srli_epi32(even_high, 16), odd_high);
    const __m512i low = _mm512_or_si512(_mm512_srli_epi32(upper_half(rest(even, even_high)), 16),
                                        upper_half(rest(odd, odd_high)));
    for (const size_t at : {0, 512}) {
      _mm512_storeu_si512(out + at, high);
      _mm512_storeu_si512(out + 1024 + at, low);
    }
  }
}

/// Which of the 32 halves of a unit's 64-byte pieces are infinite or NaN anywhere.
uint32_t infinite_halves(const uint32_t* unit) {
  const __m512i exponent = _mm512_set1_epi16(0x7c00);
  __mmask32 found = 0;
  for (size_t n = 0; n < kTileUnitBytes / 4; n += 16)
    found |= _mm512_cmpeq_epi16_mask(_mm512_and_si512(_mm512_load_si512(unit + n), exponent), exponent);
  return found;
}

constexpr size_t row_bytes_of_a(TileKind kind) {
  return kind == TileKind::kF16 ? 64 : 32;
}
/// How many operations a step of k takes, and the part of a unit of B for each.
constexpr size_t parts_of(TileKind kind) {
  return kind == TileKind::kF16 ? 2 : 1;
}
const uint8_t* part_of(const void* unit, size_t part) {
  return static_cast<const uint8_t*>(unit) + part * 1024;
}

#define PPU_ZERO() _tile_zero(0), _tile_zero(1), _tile_zero(2), _tile_zero(3)
#define PPU_MULTIPLY(c, x, y)                    \
  do {                                           \
    if constexpr (kKind == TileKind::kS8S8)      \
      _tile_dpbssd(c, x, y);                     \
    else if constexpr (kKind == TileKind::kS8U8) \
      _tile_dpbsud(c, x, y);                     \
    else if constexpr (kKind == TileKind::kU8S8) \
      _tile_dpbusd(c, x, y);                     \
    else if constexpr (kKind == TileKind::kU8U8) \
      _tile_dpbuud(c, x, y);                     \
    else                                         \
      _tile_dpbf16ps(c, x, y);                   \
  } while (false)

// Blocks of all programs of a run. `run.places` are of units as tile operations take them.

template <TileKind kKind>
void run_row(const TileBlock& block, const TileRun& run, uint8_t* tiles) {
  constexpr size_t kRowA = row_bytes_of_a(kKind), kParts = parts_of(kKind);
  const uint16_t* numbers = run.words[0];
  const bool from_zero = block.halves & kFromZero;
  const size_t columns = block.columns;
  if (from_zero) {
    PPU_ZERO();
  } else {
    _tile_loadd(0, tiles + numbers[0] * kTileBytes, 64);
    if (columns > 1) _tile_loadd(1, tiles + numbers[1] * kTileBytes, 64);
    if (columns > 2) _tile_loadd(2, tiles + numbers[2] * kTileBytes, 64);
    if (columns > 3) _tile_loadd(3, tiles + numbers[3] * kTileBytes, 64);
  }
  for (size_t n = 0; n < run.count; n++) {
    const void *const *a = run.places_of_a(n), *const *b = run.places_of_b(n);
    const uint16_t* units = run.units(n, block);
    for (size_t s = 0; s < block.steps; s++, units += 1 + columns) {
      _tile_loadd(4, a[units[0]], kRowA);
      for (size_t part = 0; part < kParts; part++) {
        _tile_loadd(6, part_of(b[units[1]], part), 64);
        PPU_MULTIPLY(0, 4, 6);
        if (columns > 1) {
          _tile_loadd(7, part_of(b[units[2]], part), 64);
          PPU_MULTIPLY(1, 4, 7);
        }
        if (columns > 2) {
          _tile_loadd(6, part_of(b[units[3]], part), 64);
          PPU_MULTIPLY(2, 4, 6);
        }
        if (columns > 3) {
          _tile_loadd(7, part_of(b[units[4]], part), 64);
          PPU_MULTIPLY(3, 4, 7);
        }
      }
    }
  }
  _tile_stored(0, tiles + numbers[0] * kTileBytes, 64);
  if (columns > 1) _tile_stored(1, tiles + numbers[1] * kTileBytes, 64);
  if (columns > 2) _tile_stored(2, tiles + numbers[2] * kTileBytes, 64);
  if (columns > 3) _tile_stored(3, tiles + numbers[3] * kTileBytes, 64);
}

template <TileKind kKind>
void run_square(const TileBlock& block, const TileRun& run, uint8_t* tiles) {
  constexpr size_t kRowA = row_bytes_of_a(kKind), kParts = parts_of(kKind);
  const uint16_t* numbers = run.words[0];
  const bool from_zero = block.halves & kFromZero;
  if (from_zero) {
    PPU_ZERO();
  } else {
    _tile_loadd(0, tiles + numbers[0] * kTileBytes, 64);
    _tile_loadd(1, tiles + numbers[1] * kTileBytes, 64);
    _tile_loadd(2, tiles + numbers[2] * kTileBytes, 64);
    _tile_loadd(3, tiles + numbers[3] * kTileBytes, 64);
  }
  for (size_t n = 0; n < run.count; n++) {
    const void *const *a = run.places_of_a(n), *const *b = run.places_of_b(n);
    const uint16_t* units = run.units(n, block);
    for (size_t s = 0; s < block.steps; s++, units += 4) {
      _tile_loadd(4, a[units[0]], kRowA);
      _tile_loadd(5, a[units[1]], kRowA);
      for (size_t part = 0; part < kParts; part++) {
        _tile_loadd(6, part_of(b[units[2]], part), 64);
        _tile_loadd(7, part_of(b[units[3]], part), 64);
        PPU_MULTIPLY(0, 4, 6);
        PPU_MULTIPLY(1, 4, 7);
        PPU_MULTIPLY(2, 5, 6);
        PPU_MULTIPLY(3, 5, 7);
      }
    }
  }
  _tile_stored(0, tiles + numbers[0] * kTileBytes, 64);
  _tile_stored(1, tiles + numbers[1] * kTileBytes, 64);
  _tile_stored(2, tiles + numbers[2] * kTileBytes, 64);
  _tile_stored(3, tiles + numbers[3] * kTileBytes, 64);
}
#undef PPU_MULTIPLY
#undef PPU_ZERO

template <TileKind kKind>
void run_block(const TileBlock& block, const TileRun& run, uint8_t* tiles) {
  block.rows == 1 ? run_row<kKind>(block, run, tiles) : run_square<kKind>(block, run, tiles);
}

using RunBlock = void (*)(const TileBlock&, const TileRun&, uint8_t*);

RunBlock block_runner(TileKind kind) {
  switch (kind) {
    case TileKind::kF16:
      return run_block<TileKind::kF16>;
    case TileKind::kS8S8:
      return run_block<TileKind::kS8S8>;
    case TileKind::kS8U8:
      return run_block<TileKind::kS8U8>;
    case TileKind::kU8S8:
      return run_block<TileKind::kU8S8>;
    case TileKind::kU8U8:
      return run_block<TileKind::kU8U8>;
    default:
      return run_block<TileKind::kBf16>;
  }
}

#pragma clang attribute pop

/// Halves of a tile, to be put back: tile operations work on whole ones.
void copy_halves(uint8_t* to, const uint8_t* from, uint16_t halves) {
  for (size_t row = 0; row < 16; row++)
    for (size_t h = 0; h < 2; h++)
      if (halves >> h & 1) std::memcpy(to + row * 64 + h * 32, from + row * 64 + h * 32, 32);
}

/// Units that hold infinities or NaN, a bit each; of B by halves.
struct Infinite {
  uint32_t a = 0, b[2] = {};
  bool any() const { return a || b[0] || b[1]; }
};

/// Zeros in the halves of a tile that take part.
void clear_halves(uint8_t* tile, uint16_t halves) {
  alignas(64) static constexpr uint8_t kZeros[kTileBytes] = {};
  copy_halves(tile, kZeros, halves);
}

/// Puts back the halves that don't take part.
[[gnu::noinline]] void run_half(const TileBlock& block, const TileRun& run, RunBlock run_block,
                                uint8_t* tiles) {
  alignas(64) uint8_t before[4][kTileBytes];
  const uint16_t* numbers = run.words[0];
  const size_t count = size_t(block.rows) * block.columns;
  for (size_t t = 0; t < count; t++) std::memcpy(before[t], tiles + numbers[t] * kTileBytes, kTileBytes);
  run_block(block, run, tiles);
  for (size_t t = 0; t < count; t++)
    copy_halves(tiles + numbers[t] * kTileBytes, before[t], uint16_t(~block.halves));
}

/// Tile by tile, step by step, half by half where need be: halves that aren't finite go to `chain`, with the
/// units as `plain` has them.
void run_carefully(const TileBlock& block, const TileRun& run, RunBlock run_block, const Infinite& infinite,
                   const TileRun& plain, uint8_t* tiles, ChainOfStep chain) {
  const size_t count = size_t(block.rows) * block.columns, unit_count = size_t(block.rows) + block.columns;
  alignas(64) uint8_t before[kTileBytes];
  for (size_t t = 0; t < count; t++)
    for (size_t n = 0; n < run.count; n++)
      for (size_t s = 0; s < block.steps; s++) {
        const uint16_t* units = run.units(n, block) + s * unit_count;
        const size_t a_unit = units[t / block.columns], b_unit = units[block.rows + t % block.columns];
        const size_t a_number = n * run.program.a_units + a_unit, b_number = n * run.program.b_units + b_unit;
        const uint16_t one[] = {run.words[0][t], 0, 0};
        const void* places[] = {run.places_of_a(n)[a_unit], run.places_of_b(n)[b_unit]};
        uint8_t* tile = tiles + one[0] * kTileBytes;
        uint16_t chained = 0;
        for (size_t h = 0; h < 2; h++)
          if (((infinite.a >> a_number) | (infinite.b[h] >> b_number)) & 1) chained |= uint16_t(1u << h);
        std::memcpy(before, tile, kTileBytes);
        run_block({1, 1, 1, kBothHalves}, {{run.program.kind, 1, 1, 1}, 1, {one}, places}, tiles);
        copy_halves(tile, before, uint16_t(~block.halves | chained));
        if (chained & block.halves)
          chain(run.program.kind, reinterpret_cast<uint32_t*>(tile), plain.places_of_a(n)[a_unit],
                plain.places_of_b(n)[b_unit], chained & block.halves);
      }
}

/// All blocks; `plain`: the same with units that weren't split.
void run_blocks(TileRun& run, const Infinite& infinite, const TileRun& plain, void* tiles,
                ChainOfStep chain) {
  const RunBlock run_block = block_runner(run.program.kind);
  auto* tile_bytes = static_cast<uint8_t*>(tiles);
  for (size_t n = 0; n < run.program.blocks; n++) {
    const TileBlock block = run.next_block();
    if (infinite.any()) {
      for (size_t t = 0; block.halves & kFromZero && t < size_t(block.rows) * block.columns; t++)
        clear_halves(tile_bytes + run.words[0][t] * kTileBytes, block.halves);
      run_carefully(block, run, run_block, infinite, plain, tile_bytes, chain);
    } else if ((block.halves & kBothHalves) == kBothHalves) {
      run_block(block, run, tile_bytes);
    } else {
      run_half(block, run, run_block, tile_bytes);
    }
    run.skip(block);
  }
}

[[gnu::noinline]] void run_split(TileRun& run, void* tiles, ChainOfStep chain) {
  configure(Configuration::kLong);
  alignas(64) uint8_t packed_a[kMaxTileUnits * 1024], packed_b[kMaxTileUnits * 2048];
  const void* places[2 * kMaxTileUnits];
  const TileRun plain = run;
  run.places = places;
  Infinite infinite;
  const void** place = places;
  for (size_t n = 0, a = 0, b = 0; n < run.count; n++) {
    for (size_t u = 0; u < run.program.a_units; u++, a++) {
      const auto* unit = static_cast<const uint32_t*>(plain.places_of_a(n)[u]);
      split_a(unit, packed_a + a * 1024);
      *place++ = packed_a + a * 1024;
      infinite.a |= uint32_t(infinite_halves(unit) != 0) << a;
    }
    for (size_t u = 0; u < run.program.b_units; u++, b++) {
      const auto* unit = static_cast<const uint32_t*>(plain.places_of_b(n)[u]);
      split_b(unit, packed_b + b * 2048);
      *place++ = packed_b + b * 2048;
      const uint32_t halves = infinite_halves(unit);
      infinite.b[0] |= uint32_t((halves & 0xffff) != 0) << b;
      infinite.b[1] |= uint32_t(halves >> 16 != 0) << b;
    }
  }
  run_blocks(run, infinite, plain, tiles, chain);
}

}  // namespace

bool amx_usable() {
  static const bool usable = [] {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
    constexpr unsigned kBf16 = 1u << 22, kTile = 1u << 24, kInt8 = 1u << 25;
    if ((d & (kBf16 | kTile | kInt8)) != (kBf16 | kTile | kInt8)) return false;
    return ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
  }();
  return usable;
}

void run_amx_products(TileRun& run, void* tiles, ChainOfStep chain) {
  if (run.program.kind == TileKind::kF16) return run_split(run, tiles, chain);
  configure(Configuration::kShort);
  run_blocks(run, {}, run, tiles, chain);
}

__attribute__((target("amx-tile"))) void release_amx() {
  if (configured == Configuration::kNone) return;
  _tile_release();
  configured = Configuration::kNone;
}

}  // namespace ppu::exec
