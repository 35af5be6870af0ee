// The Sobol' sequences of libcurand: direction vectors and points (I. Sobol', 1967; in Gray code's order: I.
// Antonov and V. Saleev, 1979). The first hundred dimensions are Joe and Kuo's, as cuRAND's are; those behind
// are Sobol' sequences of the same polynomials with first numbers that we draw.
#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

namespace ppu::curand {

constexpr unsigned kSobolDimensions = 20000;

using SobolVectors = std::array<uint64_t, 64>;  ///< one dimension's, each as a fraction of 2^64

/// The vectors of the first `dimensions`; scrambled: times a random lower triangle (J. Matousek, "On the
/// L2-discrepancy for anchored boxes", 1998). Those for 32 bits are the upper halves of the first 32.
std::vector<SobolVectors> sobol_vectors(unsigned dimensions, bool scrambled);
/// What all numbers of a scrambled dimension are xored with; for 32 bits, the upper half.
uint64_t sobol_scramble(unsigned dimension);

/// Calls use(i, number `first + i`) for i below `count`; Word: 32 or 64 bits.
template <class Word, class Use>
void sobol_points(const SobolVectors& vectors, uint64_t scramble, uint64_t first, uint64_t count, Use use) {
  constexpr unsigned kBits = 8 * sizeof(Word);
  const auto word = [](uint64_t x) { return Word(x >> (64 - kBits)); };
  Word value = word(scramble);
  for (unsigned bit = 0; bit < kBits; ++bit)
    if ((first ^ first >> 1) >> bit & 1) value ^= word(vectors[bit]);
  for (uint64_t i = 0; i < count; ++i) {
    use(i, value);
    // The sequence begins again behind its last number, where every bit is set.
    const unsigned lowest_zero = unsigned(std::countr_one(first + i));
    value ^= word(vectors[std::min(lowest_zero, kBits - 1)]);
  }
}

}  // namespace ppu::curand
