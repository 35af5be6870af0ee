// The generators behind curand_kernel.h and libcurand: XORWOW (G. Marsaglia, "Xorshift RNGs", 2003), MRG32k3a
// (P. L'Ecuyer, 1999) and Philox4x32-10 (J. Salmon and others, "Parallel random numbers: as easy as 1, 2, 3",
// SC 2011), each with its jumps. Seeds are spread by our own hash, so that sequences of a seed aren't
// NVIDIA's. Device functions in a CUDA compile, plain ones elsewhere.
#pragma once

#ifdef __CUDA__
#define PPU_RANDOM static __device__ __inline__
#define PPU_RANDOM_TABLE static __device__ const
#else
#define PPU_RANDOM inline
#define PPU_RANDOM_TABLE inline const
#endif

namespace ppu_random {

typedef unsigned int u32;
typedef unsigned long long u64;

// clang-format off
PPU_RANDOM_TABLE u32 kXorwowJumps[][5] = {  ///< x^(2^k) modulo the minimal polynomial of a step
#define XORWOW_JUMP(...) {__VA_ARGS__},
#define MRG_JUMP(...)
#include "random_jumps.inc"
};
PPU_RANDOM_TABLE u32 kMrgJumps[][2][3][3] = {  ///< both matrices of 2^k steps
#define XORWOW_JUMP(...)
#define MRG_JUMP(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r) {{{a, b, c}, {d, e, f}, {g, h, i}}, {{j, k, l}, {m, n, o}, {p, q, r}}},
#include "random_jumps.inc"
};
// clang-format on
constexpr int kXorwowSequence = 67;  ///< sequences are 2^67 numbers apart (cuRAND documentation, curand_init)
constexpr int kMrgSubsequence = 76, kMrgSequence = 127;

/// Number `index` of the hash sequence of a seed (G. Steele and others, "Fast splittable pseudorandom number
/// generators", 2014).
PPU_RANDOM u64 spread(u64 seed, unsigned index) {
  u64 z = seed + (index + 1) * 0x9E3779B97F4A7C15ull;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

struct Xorwow {
  u32 weyl, word[5];
};

PPU_RANDOM void xorwow_shift(Xorwow* s) {
  const u32 t = s->word[0] ^ (s->word[0] >> 2);
  for (int i = 0; i < 4; ++i) s->word[i] = s->word[i + 1];
  s->word[4] = (s->word[4] ^ (s->word[4] << 4)) ^ (t ^ (t << 1));
}
PPU_RANDOM u32 xorwow_next(Xorwow* s) {
  xorwow_shift(s);
  s->weyl += 362437;
  return s->word[4] + s->weyl;
}
/// count * 2^log2 steps.
PPU_RANDOM void xorwow_skip(Xorwow* s, u64 count, int log2) {
  if (log2 < 32) s->weyl += (u32(count) << log2) * 362437;
  for (int k = log2; count; count >>= 1, ++k) {
    if (!(count & 1)) continue;
    Xorwow sum = {s->weyl, {0, 0, 0, 0, 0}};
    for (int bit = 0; bit < 160; ++bit) {
      const u32 mask = 0u - (kXorwowJumps[k][bit / 32] >> (bit % 32) & 1);
      for (int i = 0; i < 5; ++i) sum.word[i] ^= s->word[i] & mask;
      xorwow_shift(s);
    }
    *s = sum;
  }
}
PPU_RANDOM void xorwow_seed(Xorwow* s, u64 seed) {
  const u64 a = spread(seed, 0), b = spread(seed, 1), c = spread(seed, 2);
  s->weyl = u32(c >> 32);
  s->word[0] = u32(a), s->word[1] = u32(a >> 32), s->word[2] = u32(b), s->word[3] = u32(b >> 32);
  s->word[4] = u32(c) | 1;  // never all zero
}

struct Mrg {
  u32 word[2][3];
};

PPU_RANDOM u64 mrg_prime(int half) {
  return half ? 4294944443ull : 4294967087ull;
}
/// 1 .. 4294967087.
PPU_RANDOM u32 mrg_next(Mrg* s) {
  const u64 m1 = mrg_prime(0), m2 = mrg_prime(1);
  const u32 p = u32((1403580 * u64(s->word[0][1]) + (m1 - 810728) * u64(s->word[0][0])) % m1);
  const u32 q = u32((527612 * u64(s->word[1][2]) + (m2 - 1370589) * u64(s->word[1][0])) % m2);
  for (int half = 0; half < 2; ++half) {
    s->word[half][0] = s->word[half][1], s->word[half][1] = s->word[half][2];
    s->word[half][2] = half ? q : p;
  }
  return p > q ? p - q : u32(p + (m1 - q));
}
PPU_RANDOM void mrg_skip(Mrg* s, u64 count, int log2) {
  for (int k = log2; count; count >>= 1, ++k) {
    if (!(count & 1)) continue;
    for (int half = 0; half < 2; ++half) {
      const u64 m = mrg_prime(half);
      u32 to[3];
      for (int i = 0; i < 3; ++i) {
        u64 sum = 0;
        for (int j = 0; j < 3; ++j) sum = (sum + u64(kMrgJumps[k][half][i][j]) * s->word[half][j] % m) % m;
        to[i] = u32(sum);
      }
      for (int i = 0; i < 3; ++i) s->word[half][i] = to[i];
    }
  }
}
PPU_RANDOM void mrg_seed(Mrg* s, u64 seed) {
  for (int half = 0; half < 2; ++half)
    for (int i = 0; i < 3; ++i)  // 1 .. m - 1
      s->word[half][i] = u32(1 + spread(seed, unsigned(3 * half + i)) % (mrg_prime(half) - 1));
}

struct Four {
  u32 word[4];
};

/// Ten rounds on a counter under a key.
PPU_RANDOM Four philox(Four counter, u32 key0, u32 key1) {
  for (int round = 0; round < 10; ++round) {
    const u64 a = u64(0xD2511F53u) * counter.word[0], b = u64(0xCD9E8D57u) * counter.word[2];
    const Four next = {
        {u32(b >> 32) ^ counter.word[1] ^ key0, u32(b), u32(a >> 32) ^ counter.word[3] ^ key1, u32(a)}};
    counter = next;
    key0 += 0x9E3779B9u, key1 += 0xBB67AE85u;
  }
  return counter;
}
/// Block `block` of sequence `sequence` of a seed.
PPU_RANDOM Four philox_block(u64 seed, u64 sequence, u64 block) {
  const Four counter = {{u32(block), u32(block >> 32), u32(sequence), u32(sequence >> 32)}};
  return philox(counter, u32(seed), u32(seed >> 32));
}

}  // namespace ppu_random
#undef PPU_RANDOM
#undef PPU_RANDOM_TABLE
