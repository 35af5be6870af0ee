// See counters.h. All three judgements are of 32 numbers: how many differ, and how many of one kind there are
// at most. AVX-512 finds that by conflict detection; other processors go lane by lane. Both are exact.
#include "exec/counters.h"

#include <immintrin.h>

#include <algorithm>
#include <array>
#include <bit>

namespace ppu::exec {
namespace {

// ---- Lane by lane

/// A set of at most 64 numbers.
class SmallSet {
 public:
  /// The place of `x`; *fresh tells whether it is new.
  uint32_t insert(uint64_t x, bool* fresh) {
    uint32_t at = uint32_t(x * 0x9e3779b97f4a7c15u >> 57);  // 7 bits: 128 places
    for (; used_[at / 64] >> (at % 64) & 1; at = (at + 1) % 128) {
      if (slots_[at] != x) continue;
      *fresh = false;
      return at;
    }
    used_[at / 64] |= uint64_t(1) << (at % 64);
    slots_[at] = x;
    *fresh = true;
    return at;
  }

 private:
  uint64_t used_[2] = {0, 0};
  uint64_t slots_[128];
};

/// Lanes of `mask` whose number no lower lane of it has.
uint32_t first_lanes(const uint64_t* x, uint32_t mask) {
  SmallSet seen;
  uint32_t first = 0;
  for (uint32_t left = mask; left; left &= left - 1) {
    const int lane = std::countr_zero(left);
    bool fresh = false;
    seen.insert(x[lane], &fresh);
    if (fresh) first |= 1u << lane;
  }
  return first;
}

uint32_t most_equal(const uint64_t* x, uint32_t mask) {
  SmallSet seen;
  std::array<uint8_t, 128> count{};
  uint8_t most = 0;
  for (; mask; mask &= mask - 1) {
    bool fresh = false;
    most = std::max(most, ++count[seen.insert(x[std::countr_zero(mask)], &fresh)]);
  }
  return most;
}

// ---- AVX-512: two halves of 16 numbers, cut to 32 bits

#define PPU_AVX512 __attribute__((target("avx512f,avx512cd,avx512bw,avx512dq,avx512vl,avx512vpopcntdq")))

struct Halves {
  __m512i low, high;
};

/// False when the numbers of the lanes in `mask` differ above their low 32 bits.
PPU_AVX512 bool load_halves(const uint64_t* x, unsigned shift, uint32_t mask, Halves* out) {
  const __m512i first = _mm512_set1_epi64(int64_t(x[std::countr_zero(mask)] >> shift));
  __mmask8 wide = 0;
  __m256i part[4];
  for (int i = 0; i < 4; i++) {
    const __m512i v = _mm512_srli_epi64(_mm512_loadu_si512(x + 8 * i), shift);
    const __m512i difference = _mm512_srli_epi64(_mm512_xor_si512(v, first), 32);
    wide |= _mm512_mask_test_epi64_mask(__mmask8(mask >> (8 * i)), difference, difference);
    part[i] = _mm512_cvtepi64_epi32(v);
  }
  out->low = _mm512_inserti64x4(_mm512_castsi256_si512(part[0]), part[1], 1);
  out->high = _mm512_inserti64x4(_mm512_castsi256_si512(part[2]), part[3], 1);
  return wide == 0;
}

/// Calls f(equal lanes of high, of those whose partner in the rotated low half is in `mask`) for all 16
/// rotations.
template <int r, class F>
PPU_AVX512 inline void for_rotations(const Halves& h, uint32_t low_mask, F f) {
  const __m512i rotated = _mm512_alignr_epi32(h.low, h.low, r);
  const uint32_t there = (low_mask >> r | low_mask << (16 - r)) & 0xffff;
  f(__mmask16(_mm512_cmpeq_epi32_mask(h.high, rotated) & there));
  if constexpr (r < 15) for_rotations<r + 1>(h, low_mask, f);
}

PPU_AVX512 uint32_t first_lanes_fast(const Halves& h, uint32_t mask) {
  const uint32_t low = mask & 0xffff, high = mask >> 16;
  const __mmask16 again_low =
      _mm512_test_epi32_mask(_mm512_conflict_epi32(h.low), _mm512_set1_epi32(int(low)));
  __mmask16 again_high = _mm512_test_epi32_mask(_mm512_conflict_epi32(h.high), _mm512_set1_epi32(int(high)));
  for_rotations<0>(h, low, [&](__mmask16 equal) PPU_AVX512 { again_high |= equal; });
  return (low & ~uint32_t(again_low)) | (high & ~uint32_t(again_high)) << 16;
}

PPU_AVX512 uint32_t most_equal_fast(const Halves& h, uint32_t mask) {
  const uint32_t low = mask & 0xffff, high = mask >> 16;
  const __m512i one = _mm512_set1_epi32(1);
  const auto before = [&](__m512i v, uint32_t m) PPU_AVX512 {
    return _mm512_popcnt_epi32(_mm512_and_si512(_mm512_conflict_epi32(v), _mm512_set1_epi32(int(m))));
  };
  const __m512i in_low = before(h.low, low);
  __m512i in_high = before(h.high, high);
  for_rotations<0>(h, low, [&](__mmask16 equal) PPU_AVX512 {
    in_high = _mm512_mask_add_epi32(in_high, equal, in_high, one);
  });
  const uint32_t most = std::max(_mm512_mask_reduce_max_epu32(__mmask16(low), in_low),
                                 _mm512_mask_reduce_max_epu32(__mmask16(high), in_high));
  return most + 1;
}

PPU_AVX512 uint32_t range_of(const Halves& h, uint32_t mask) {
  const auto low = __mmask16(mask), high = __mmask16(mask >> 16);
  const uint32_t largest =
      std::max(_mm512_mask_reduce_max_epu32(low, h.low), _mm512_mask_reduce_max_epu32(high, h.high));
  const uint32_t least =
      std::min(_mm512_mask_reduce_min_epu32(low, h.low), _mm512_mask_reduce_min_epu32(high, h.high));
  return largest - least;
}

/// All lanes on and never falling from lane to lane: the changes are what differs; 0 if they fall.
PPU_AVX512 uint32_t count_rising(const Halves& h) {
  const __m512i next_low = _mm512_alignr_epi32(h.high, h.low, 1),
                next_high = _mm512_alignr_epi32(h.high, h.high, 1);
  const __mmask16 rises_low = _mm512_cmplt_epu32_mask(h.low, next_low),
                  rises_high = _mm512_mask_cmplt_epu32_mask(0x7fff, h.high, next_high);
  const __mmask16 falls = __mmask16(_mm512_cmpgt_epu32_mask(h.low, next_low) |
                                    _mm512_mask_cmpgt_epu32_mask(0x7fff, h.high, next_high));
  if (falls) return 0;
  return uint32_t(std::popcount(uint32_t(rises_low)) + std::popcount(uint32_t(rises_high))) + 1;
}

PPU_AVX512 uint32_t bank_passes_fast(Halves h, uint32_t mask, uint32_t modulus) {
  if (range_of(h, mask) < modulus) return 1;
  const uint32_t first = first_lanes_fast(h, mask);
  const __m512i low_bits = _mm512_set1_epi32(int(modulus - 1));
  h.low = _mm512_and_si512(h.low, low_bits);
  h.high = _mm512_and_si512(h.high, low_bits);
  return most_equal_fast(h, first);
}

const bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
                        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vpopcntdq");

void shifted(const uint64_t* x, unsigned shift, uint64_t* out) {
  for (int i = 0; i < 32; i++) out[i] = x[i] >> shift;
}

}  // namespace

uint32_t count_sectors(const uint64_t address[32], uint32_t mask, uint32_t bytes) {
  if (!mask) return 0;
  // Accesses are aligned to their size: one sector each, or several of its own.
  const unsigned shift = unsigned(std::bit_width(std::max(kSectorBytes, bytes)) - 1);
  const uint32_t each = (1u << shift) / kSectorBytes;
  if (Halves h; has_avx512 && load_halves(address, shift, mask, &h)) {
    if (mask == ~0u)
      if (const uint32_t rising = count_rising(h)) return rising * each;
    return uint32_t(std::popcount(first_lanes_fast(h, mask))) * each;
  }
  uint64_t sector[32];
  shifted(address, shift, sector);
  return uint32_t(std::popcount(first_lanes(sector, mask))) * each;
}

uint32_t count_bank_passes(const uint64_t address[32], uint32_t mask, uint32_t bytes) {
  if (!mask) return 0;
  // Wider accesses take 2, 4... neighbouring banks together, which then act as one.
  const unsigned shift = unsigned(std::bit_width(std::max(kBankBytes, bytes)) - 1);
  const uint32_t modulus = std::max(1u, kBanks * kBankBytes >> shift);
  const uint32_t rounds = std::max(1u, (1u << shift) / (kBanks * kBankBytes));
  if (Halves h; has_avx512 && load_halves(address, shift, mask, &h))
    return bank_passes_fast(h, mask, modulus) * rounds;
  uint64_t unit[32];
  shifted(address, shift, unit);
  const uint32_t first = first_lanes(unit, mask);
  for (uint64_t& u : unit) u %= modulus;
  return most_equal(unit, first) * rounds;
}

uint32_t count_same_address(const uint64_t address[32], uint32_t mask) {
  if (!mask) return 0;
  if (Halves h; has_avx512 && load_halves(address, 0, mask, &h)) return most_equal_fast(h, mask);
  return most_equal(address, mask);
}

}  // namespace ppu::exec
