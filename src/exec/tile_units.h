// Pieces of the units of tile_abi.h in vector registers: for the engines in tile_products.cpp and
// tile_amx.cpp.
#pragma once
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace ppu::exec {

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

/// The eight words of A's row m.
inline __m256i row_of_a(const uint32_t* unit, size_t m) {
  const uint32_t* low = unit + m / 8 * 32 + m % 8 * 4;
  return _mm256_loadu2_m128i(reinterpret_cast<const __m128i*>(low + 64),
                             reinterpret_cast<const __m128i*>(low));
}

#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,avx512f,avx512bw,avx512vl,avx512dq"))), \
                             apply_to = function)

/// Four words of k of a unit of B, 16 columns each in the order of a tile.
inline void words_of_b(const uint32_t* unit, size_t reg, __m512i rows[4]) {
  // Four words (by lanes of 128 bits) of the even columns of a fragment, and of the odd ones.
  const __m512i even = _mm512_set_epi32(27, 19, 11, 3, 26, 18, 10, 2, 25, 17, 9, 1, 24, 16, 8, 0);
  const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(4));
  __m512i e[2], o[2];
  for (size_t f = 0; f < 2; f++) {
    const uint32_t* from = unit + f * 64 + reg * 32;
    const __m512i low = _mm512_loadu_si512(from), high = _mm512_loadu_si512(from + 16);
    e[f] = _mm512_permutex2var_epi32(low, even, high);
    o[f] = _mm512_permutex2var_epi32(low, odd, high);
  }
  const __m512i t0 = _mm512_shuffle_i32x4(e[0], o[0], 0x44), t1 = _mm512_shuffle_i32x4(e[0], o[0], 0xee),
                t2 = _mm512_shuffle_i32x4(e[1], o[1], 0x44), t3 = _mm512_shuffle_i32x4(e[1], o[1], 0xee);
  rows[0] = _mm512_shuffle_i32x4(t0, t2, 0x88);
  rows[1] = _mm512_shuffle_i32x4(t0, t2, 0xdd);
  rows[2] = _mm512_shuffle_i32x4(t1, t3, 0x88);
  rows[3] = _mm512_shuffle_i32x4(t1, t3, 0xdd);
}

#pragma clang attribute pop

}  // namespace ppu::exec
