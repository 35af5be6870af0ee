// See sobol.h.
#include "libs/curand/sobol.h"

#include <iterator>

#include "ppu/random_generators.h"

namespace ppu::curand {
namespace {

constexpr int kStarts[] = {
#include "libs/curand/sobol_starts.inc"
};

int degree_of(uint32_t polynomial) {
  return std::bit_width(polynomial) - 1;
}
/// a * b modulo the polynomial, over the field of two elements.
uint32_t product(uint32_t a, uint32_t b, uint32_t polynomial) {
  const int degree = degree_of(polynomial);
  uint32_t sum = 0;
  for (; b; b >>= 1) {
    if (b & 1) sum ^= a;
    a <<= 1;
    if (a >> degree & 1) a ^= polynomial;
  }
  return sum;
}
uint32_t power_of_x(uint32_t exponent, uint32_t polynomial) {
  uint32_t power = 1, square = degree_of(polynomial) == 1 ? 2 ^ polynomial : 2;
  for (; exponent; exponent >>= 1) {
    if (exponent & 1) power = product(power, square, polynomial);
    square = product(square, square, polynomial);
  }
  return power;
}
std::vector<uint32_t> prime_factors(uint32_t n) {
  std::vector<uint32_t> factors;
  for (uint32_t p = 2; p * p <= n; ++p) {
    if (n % p) continue;
    factors.push_back(p);
    while (n % p == 0) n /= p;
  }
  if (n > 1) factors.push_back(n);
  return factors;
}
/// A primitive polynomial: the powers of x pass through all residues but 0.
bool is_primitive(uint32_t polynomial, const std::vector<uint32_t>& factors_of_order) {
  const uint32_t order = (1u << degree_of(polynomial)) - 1;
  if (power_of_x(order, polynomial) != 1) return false;
  for (const uint32_t p : factors_of_order)
    if (power_of_x(order / p, polynomial) == 1) return false;
  return true;
}
/// The first primitive polynomials in ascending order: each dimension but the first has one.
std::vector<uint32_t> polynomials(size_t count) {
  std::vector<uint32_t> found;
  for (int degree = 1; found.size() < count; ++degree) {
    const std::vector<uint32_t> factors = prime_factors((1u << degree) - 1);
    // One of an even number of terms is divided by x + 1.
    for (uint32_t p = (1u << degree) + 1; p < 2u << degree && found.size() < count; p += 2)
      if (std::popcount(p) % 2 + (degree == 1) && is_primitive(p, factors)) found.push_back(p);
  }
  return found;
}

/// The vectors that belong to a polynomial and its first numbers m (odd, below 2^i): v_i = m_i / 2^i.
SobolVectors vectors_of(uint32_t polynomial, const std::vector<uint32_t>& m) {
  const size_t degree = m.size();
  SobolVectors v;
  for (size_t i = 0; i < 64; ++i) {
    if (i < degree) {
      v[i] = uint64_t(m[i]) << (63 - i);
      continue;
    }
    v[i] = v[i - degree] ^ v[i - degree] >> degree;
    for (size_t j = 1; j < degree; ++j)
      if (polynomial >> (degree - j) & 1) v[i] ^= v[i - j];
  }
  return v;
}
/// Multiplies a dimension's vectors by a lower triangle of its own: bit i of a product takes bit i of the
/// vector and a random choice of the bits above it, so that what makes the sequence even stays.
void scramble(SobolVectors& vectors, unsigned dimension) {
  SobolVectors rows;
  for (unsigned i = 0; i < 64; ++i) {
    const uint64_t bit = uint64_t(1) << (63 - i);
    rows[i] = bit | (ppu_random::spread(dimension, i) & ~(bit | (bit - 1)));
  }
  for (uint64_t& v : vectors) {
    uint64_t to = 0;
    for (const uint64_t row : rows) to = to << 1 | uint64_t(std::popcount(v & row) & 1);
    v = to;
  }
}

}  // namespace

std::vector<SobolVectors> sobol_vectors(unsigned dimensions, bool scrambled) {
  std::vector<SobolVectors> all(1);
  for (size_t i = 0; i < 64; ++i) all[0][i] = uint64_t(1) << (63 - i);
  const int* start = kStarts;
  for (const uint32_t polynomial : polynomials(dimensions - 1)) {
    std::vector<uint32_t> m;
    for (int i = 0; i < degree_of(polynomial); ++i) {
      const auto drawn = uint32_t(ppu_random::spread(polynomial, unsigned(i))) & ((2u << i) - 1);
      m.push_back(start != std::end(kStarts) ? uint32_t(*start++) : drawn | 1);
    }
    all.push_back(vectors_of(polynomial, m));
  }
  if (scrambled)
    for (unsigned d = 0; d < dimensions; ++d) scramble(all[d], d);
  return all;
}

uint64_t sobol_scramble(unsigned dimension) {
  return ppu_random::spread(~0ull, dimension);
}

}  // namespace ppu::curand
