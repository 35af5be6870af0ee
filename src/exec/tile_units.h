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
  return _mm256_load_si256(reinterpret_cast<const __m256i*>(unit) + m);
}

#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx512f"))), apply_to = function)

/// Word `word` of k of B's 16 columns.
inline __m512i row_of_b(const uint32_t* unit, size_t word) {
  return _mm512_load_si512(reinterpret_cast<const __m512i*>(unit) + word);
}

#pragma clang attribute pop

}  // namespace ppu::exec
