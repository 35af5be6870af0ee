// See tile_products.h. Units are first unpacked into the elements that a multiply-add takes: f32, or pairs of
// 16-bit integers. An unpacked unit of A is 16 rows of up to 16 such elements, 64 bytes a row; of B, a row of
// 16 columns (in a tile's order) for each of A's elements. The chain of sums runs in the order of k.
#include "exec/tile_products.h"

#include <atomic>
#include <cstdlib>
#include <cstring>

#include "exec/tile_amx.h"
#include "exec/tile_units.h"

namespace ppu::exec {
namespace {

constexpr size_t kRows = 16, kColumns = 16, kWords = 8;  ///< of a tile; words of a row of A
constexpr size_t kUnpackedWords = 256;

bool is_integer(TileKind kind) {
  return kind >= TileKind::kS8S8;
}
bool signed_a(TileKind kind) {
  return kind == TileKind::kS8S8 || kind == TileKind::kS8U8;
}
bool signed_b(TileKind kind) {
  return kind == TileKind::kS8S8 || kind == TileKind::kU8S8;
}
/// Elements of an unpacked row of A.
size_t elements(TileKind kind) {
  return kind == TileKind::kTf32 ? 8 : 16;
}

/// One tile's part of a block.
struct Chain {
  uint32_t* tile;
  const uint32_t* a[kMaxTileSteps];
  const uint32_t* b[kMaxTileSteps];
  size_t steps;
  uint16_t halves;
};

/// Calls f(chain) for every tile of every block, with the unpacked units it takes.
template <class F>
void for_each_chain(TileRun& run, const uint32_t* a, const uint32_t* b, void* tiles, F f) {
  for (size_t block_number = 0; block_number < run.program.blocks; block_number++) {
    const TileBlock block = run.next_block();
    const uint16_t* tile = run.words[0];
    for (size_t i = 0; i < block.rows; i++)
      for (size_t j = 0; j < block.columns; j++) {
        Chain chain;
        chain.tile = reinterpret_cast<uint32_t*>(static_cast<char*>(tiles) + *tile++ * kTileBytes);
        chain.steps = 0;
        chain.halves = block.halves;
        for (size_t n = 0; n < run.count; n++) {
          const uint16_t* units = run.units(n, block);
          for (size_t s = 0; s < block.steps; s++, chain.steps++, units += block.rows + block.columns) {
            chain.a[chain.steps] = a + (n * run.program.a_units + units[i]) * kUnpackedWords;
            chain.b[chain.steps] = b + (n * run.program.b_units + units[block.rows + j]) * kUnpackedWords;
          }
        }
        f(chain);
      }
    run.skip(block);
  }
}

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

void store8(uint32_t* to, __m256i v) {
  _mm256_store_si256(reinterpret_cast<__m256i*>(to), v);
}

/// Pairs of 16-bit integers from the low (or high) two bytes of each word.
__m256i pairs_of_words(__m256i words, bool high, bool is_signed) {
  const __m256i spread = _mm256_shuffle_epi8(
      words, _mm256_add_epi8(_mm256_set_epi8(13, -1, 12, -1, 9, -1, 8, -1, 5, -1, 4, -1, 1, -1, 0, -1, 13, -1,
                                             12, -1, 9, -1, 8, -1, 5, -1, 4, -1, 1, -1, 0, -1),
                             high ? _mm256_set1_epi16(0x0200) : _mm256_setzero_si256()));
  return is_signed ? _mm256_srai_epi16(spread, 8) : _mm256_srli_epi16(spread, 8);
}

__m256i half_to_float(__m128i halves) {
  return _mm256_castps_si256(_mm256_cvtph_ps(halves));
}

void unpack_a_256(TileKind kind, const uint32_t* unit, uint32_t* out) {
  for (size_t m = 0; m < kRows; m++, out += 16) {
    const __m256i row = row_of_a(unit, m);
    const __m128i low = _mm256_castsi256_si128(row), high = _mm256_extracti128_si256(row, 1);
    switch (kind) {
      case TileKind::kBf16:
        store8(out, _mm256_slli_epi32(_mm256_cvtepu16_epi32(low), 16));
        store8(out + 8, _mm256_slli_epi32(_mm256_cvtepu16_epi32(high), 16));
        break;
      case TileKind::kF16:
        store8(out, half_to_float(low));
        store8(out + 8, half_to_float(high));
        break;
      case TileKind::kTf32:
        store8(out, _mm256_and_si256(row, _mm256_set1_epi32(int(0xffffe000))));
        break;
      default:
        store8(out, signed_a(kind) ? _mm256_cvtepi8_epi16(low) : _mm256_cvtepu8_epi16(low));
        store8(out + 8, signed_a(kind) ? _mm256_cvtepi8_epi16(high) : _mm256_cvtepu8_epi16(high));
    }
  }
}

/// Eight columns' words of one k to the rows of elements they hold.
void unpack_words_256(TileKind kind, __m256i words, uint32_t* out) {
  const __m128i low = _mm256_castsi256_si128(words), high = _mm256_extracti128_si256(words, 1);
  switch (kind) {
    case TileKind::kBf16:
      store8(out, _mm256_slli_epi32(words, 16));
      store8(out + kColumns, _mm256_and_si256(words, _mm256_set1_epi32(int(0xffff0000))));
      break;
    case TileKind::kF16: {
      const __m128i mask = _mm_set1_epi32(0xffff);
      const __m128i even = _mm_packus_epi32(_mm_and_si128(low, mask), _mm_and_si128(high, mask));
      const __m128i odd = _mm_packus_epi32(_mm_srli_epi32(low, 16), _mm_srli_epi32(high, 16));
      store8(out, half_to_float(even));
      store8(out + kColumns, half_to_float(odd));
      break;
    }
    case TileKind::kTf32:
      store8(out, _mm256_and_si256(words, _mm256_set1_epi32(int(0xffffe000))));
      break;
    default:
      store8(out, pairs_of_words(words, false, signed_b(kind)));
      store8(out + kColumns, pairs_of_words(words, true, signed_b(kind)));
  }
}

void unpack_b_256(TileKind kind, const uint32_t* unit, uint32_t* out) {
  const size_t rows_of_word = kind == TileKind::kTf32 ? 1 : 2;
  for (size_t word = 0; word < kWords; word++)
    for (size_t half = 0; half < 2; half++)
      unpack_words_256(kind, _mm256_load_si256(reinterpret_cast<const __m256i*>(unit) + word * 2 + half),
                       out + word * rows_of_word * kColumns + half * 8);
}

template <bool kInteger>
__m256 multiply_add_256(__m256 a, __m256 b, __m256 sum) {
  if (!kInteger) return _mm256_fmadd_ps(a, b, sum);
  return _mm256_castsi256_ps(_mm256_add_epi32(
      _mm256_madd_epi16(_mm256_castps_si256(a), _mm256_castps_si256(b)), _mm256_castps_si256(sum)));
}

template <bool kInteger>
void run_chain_256(const Chain& chain, size_t count) {
  constexpr size_t kAtOnce = 4;  // rows: eight accumulators
  for (size_t row = 0; row < kRows; row += kAtOnce) {
    auto* c = reinterpret_cast<float*>(chain.tile) + row * kColumns;
    __m256 sum[kAtOnce][2];
    for (size_t m = 0; m < kAtOnce; m++)
      for (size_t h = 0; h < 2; h++)
        sum[m][h] = chain.halves & kFromZero ? _mm256_setzero_ps() : _mm256_load_ps(c + m * kColumns + h * 8);
    for (size_t s = 0; s < chain.steps; s++) {
      const auto* a = reinterpret_cast<const float*>(chain.a[s]) + row * 16;
      const auto* b = reinterpret_cast<const float*>(chain.b[s]);
      for (size_t k = 0; k < count; k++) {
        const __m256 left = _mm256_load_ps(b + k * kColumns), right = _mm256_load_ps(b + k * kColumns + 8);
        for (size_t m = 0; m < kAtOnce; m++) {
          const __m256 x = _mm256_broadcast_ss(a + m * 16 + k);
          sum[m][0] = multiply_add_256<kInteger>(x, left, sum[m][0]);
          sum[m][1] = multiply_add_256<kInteger>(x, right, sum[m][1]);
        }
      }
    }
    for (size_t m = 0; m < kAtOnce; m++)
      for (size_t h = 0; h < 2; h++)
        if (chain.halves >> h & 1) _mm256_store_ps(c + m * kColumns + h * 8, sum[m][h]);
  }
}

#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq"))), \
                             apply_to = function)

void store16(uint32_t* to, __m512i v) {
  _mm512_store_si512(to, v);
}

void unpack_a_512(TileKind kind, const uint32_t* unit, uint32_t* out) {
  for (size_t m = 0; m < kRows; m++, out += 16) {
    const __m256i row = row_of_a(unit, m);
    switch (kind) {
      case TileKind::kBf16:
        store16(out, _mm512_slli_epi32(_mm512_cvtepu16_epi32(row), 16));
        break;
      case TileKind::kF16:
        store16(out, _mm512_castps_si512(_mm512_cvtph_ps(row)));
        break;
      case TileKind::kTf32:
        store8(out, _mm256_and_si256(row, _mm256_set1_epi32(int(0xffffe000))));
        break;
      default:
        store16(out, signed_a(kind) ? _mm512_cvtepi8_epi16(row) : _mm512_cvtepu8_epi16(row));
    }
  }
}

__m512i pairs_of_words(__m512i words, bool high, bool is_signed) {
  const __m512i from = _mm512_broadcast_i32x4(
      _mm_add_epi8(_mm_set_epi8(13, -1, 12, -1, 9, -1, 8, -1, 5, -1, 4, -1, 1, -1, 0, -1),
                   high ? _mm_set1_epi16(0x0200) : _mm_setzero_si128()));
  const __m512i spread = _mm512_shuffle_epi8(words, from);
  return is_signed ? _mm512_srai_epi16(spread, 8) : _mm512_srli_epi16(spread, 8);
}

void unpack_b_512(TileKind kind, const uint32_t* unit, uint32_t* out) {
  for (size_t word = 0; word < kWords; word++) {
    const __m512i words = row_of_b(unit, word);
    switch (kind) {
      case TileKind::kBf16:
        store16(out, _mm512_slli_epi32(words, 16));
        store16(out + kColumns, _mm512_and_si512(words, _mm512_set1_epi32(int(0xffff0000))));
        break;
      case TileKind::kF16:
        store16(out, _mm512_castps_si512(_mm512_cvtph_ps(_mm512_cvtepi32_epi16(words))));
        store16(out + kColumns,
                _mm512_castps_si512(_mm512_cvtph_ps(_mm512_cvtepi32_epi16(_mm512_srli_epi32(words, 16)))));
        break;
      case TileKind::kTf32:
        store16(out, _mm512_and_si512(words, _mm512_set1_epi32(int(0xffffe000))));
        break;
      default:
        store16(out, pairs_of_words(words, false, signed_b(kind)));
        store16(out + kColumns, pairs_of_words(words, true, signed_b(kind)));
    }
    out += kind == TileKind::kTf32 ? kColumns : 2 * kColumns;
  }
}

template <bool kInteger>
__m512 multiply_add_512(float a, __m512 b, __m512 sum) {
  if (!kInteger) return _mm512_fmadd_ps(_mm512_set1_ps(a), b, sum);
  return _mm512_castsi512_ps(
      _mm512_add_epi32(_mm512_madd_epi16(_mm512_castps_si512(_mm512_set1_ps(a)), _mm512_castps_si512(b)),
                       _mm512_castps_si512(sum)));
}

template <bool kInteger>
void run_chain_512(const Chain& chain, size_t count) {
  auto* c = reinterpret_cast<float*>(chain.tile);
  __m512 sum[kRows];
#pragma clang loop unroll(full)
  for (size_t m = 0; m < kRows; m++)
    sum[m] = chain.halves & kFromZero ? _mm512_setzero_ps() : _mm512_load_ps(c + m * kColumns);
  for (size_t s = 0; s < chain.steps; s++) {
    const auto* a = reinterpret_cast<const float*>(chain.a[s]);
    const auto* b = reinterpret_cast<const float*>(chain.b[s]);
    for (size_t k = 0; k < count; k++, a++, b += kColumns) {
      const __m512 row = _mm512_load_ps(b);
#pragma clang loop unroll(full)
      for (size_t m = 0; m < kRows; m++) sum[m] = multiply_add_512<kInteger>(a[m * 16], row, sum[m]);
    }
  }
  const auto mask =
      __mmask16((chain.halves & kLeftHalf ? 0x00ff : 0) | (chain.halves & kRightHalf ? 0xff00 : 0));
#pragma clang loop unroll(full)
  for (size_t m = 0; m < kRows; m++) _mm512_mask_store_ps(c + m * kColumns, mask, sum[m]);
}

#pragma clang attribute pop

struct Steps {
  void (*unpack_a)(TileKind, const uint32_t*, uint32_t*);
  void (*unpack_b)(TileKind, const uint32_t*, uint32_t*);
  void (*run_floats)(const Chain&, size_t count);
  void (*run_integers)(const Chain&, size_t count);
};
constexpr Steps kSteps[] = {
    {unpack_a_256, unpack_b_256, run_chain_256<false>, run_chain_256<true>},
    {unpack_a_512, unpack_b_512, run_chain_512<false>, run_chain_512<true>},
};

constexpr Steps kAvx512Steps = kSteps[size_t(TileEngine::kAvx512)];

/// One step of one tile.
void chain_of_step(TileKind kind, uint32_t* tile, const void* a, const void* b, uint16_t halves) {
  alignas(64) uint32_t unpacked_a[kUnpackedWords], unpacked_b[kUnpackedWords];
  kAvx512Steps.unpack_a(kind, static_cast<const uint32_t*>(a), unpacked_a);
  kAvx512Steps.unpack_b(kind, static_cast<const uint32_t*>(b), unpacked_b);
  Chain chain;
  chain.tile = tile;
  chain.a[0] = unpacked_a;
  chain.b[0] = unpacked_b;
  chain.steps = 1;
  chain.halves = halves;
  kAvx512Steps.run_floats(chain, elements(kind));
}

/// Unpacks all units, then runs the chains.
[[gnu::noinline]] void run_unpacked(const Steps& steps, TileRun& run, void* tiles) {
  const TileKind kind = run.program.kind;
  const size_t a_units = run.program.a_units, b_units = run.program.b_units;
  alignas(64) uint32_t unpacked_a[kMaxTileUnits * kUnpackedWords], unpacked_b[kMaxTileUnits * kUnpackedWords];
  for (size_t n = 0; n < run.count; n++) {
    for (size_t u = 0; u < a_units; u++)
      steps.unpack_a(kind, static_cast<const uint32_t*>(run.places_of_a(n)[u]),
                     unpacked_a + (n * a_units + u) * kUnpackedWords);
    for (size_t u = 0; u < b_units; u++)
      steps.unpack_b(kind, static_cast<const uint32_t*>(run.places_of_b(n)[u]),
                     unpacked_b + (n * b_units + u) * kUnpackedWords);
  }
  const auto run_chain = is_integer(kind) ? steps.run_integers : steps.run_floats;
  const size_t count = elements(kind);
  for_each_chain(run, unpacked_a, unpacked_b, tiles, [&](const Chain& chain) { run_chain(chain, count); });
}

TileEngine best_engine() {
  const char* cpu = std::getenv("PPU_CPU");
  if (cpu && !std::strcmp(cpu, "avx2")) return TileEngine::kAvx2;
  const char* strict = std::getenv("PPU_STRICT");
  const bool may_use_tiles = !strict || !*strict || !std::strcmp(strict, "0");
  if (may_use_tiles && tile_engine_works(TileEngine::kAmx)) return TileEngine::kAmx;
  return tile_engine_works(TileEngine::kAvx512) ? TileEngine::kAvx512 : TileEngine::kAvx2;
}

std::atomic<TileEngine>& engine_in_use() {
  static std::atomic<TileEngine> engine = best_engine();
  return engine;
}

}  // namespace

bool tile_engine_works(TileEngine engine) {
  static const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  return engine == TileEngine::kAvx2 || (wide && (engine == TileEngine::kAvx512 || amx_usable()));
}

TileEngine tile_engine() {
  return engine_in_use().load(std::memory_order_relaxed);
}

void set_tile_engine(TileEngine engine) {
  engine_in_use().store(engine);
}

bool sums_by_tiles(TileKind kind) {
  return tile_engine() == TileEngine::kAmx && (kind == TileKind::kBf16 || kind == TileKind::kF16);
}

TileBlock TileRun::next_block() {
  TileBlock block;
  std::memcpy(&block, words[0], sizeof block);
  for (size_t n = 0; n < count; n++) words[n] += sizeof block / 2;
  return block;
}

void run_tile_products(TileEngine engine, TileQueue& queue, const void* const* units, void* tiles) {
  TileRun run;
  run.places = units;
  run.count = queue.count;
  queue.count = 0;
  std::memcpy(&run.program, queue.programs[0], sizeof run.program);
  for (size_t n = 0; n < run.count; n++) run.words[n] = queue.programs[n] + sizeof run.program / 2;
  if (engine == TileEngine::kAmx) {
    if (run.program.kind != TileKind::kTf32) return run_amx_products(run, tiles, chain_of_step);
    engine = TileEngine::kAvx512;
  }
  run_unpacked(kSteps[size_t(engine)], run, tiles);
}

}  // namespace ppu::exec
