// cuRAND's device interface (cuRAND documentation, "Device API"): XORWOW, MRG32k3a, Philox4x32-10 and Sobol'
// sequences from the caller's direction vectors. The distributions and the jumps are cuRAND's; the numbers of
// a seed aren't NVIDIA's. Not here: MTGP32 and curand_discrete.
#pragma once
#include <curand.h>
#include <ppu/random_generators.h>

#define PPU_RANDOM static __device__ __inline__

namespace ppu_random {
/// The second number of a Box-Muller pair, kept for the next call.
struct Spare {
  bool has_float, has_double;
  float of_float;
  double of_double;
};
}  // namespace ppu_random

struct curandStateXORWOW {
  ppu_random::Xorwow generator;
  ppu_random::Spare spare;
};
struct curandStateMRG32k3a {
  ppu_random::Mrg generator;
  ppu_random::Spare spare;
};
struct curandStatePhilox4_32_10 {
  ppu_random::u64 seed, sequence, block;  ///< block: of the four words at hand
  ppu_random::Four words;
  unsigned int used;  ///< 0 .. 3 of them
  ppu_random::Spare spare;
};
struct curandStateSobol32 {
  unsigned int index, value, scramble;
  curandDirectionVectors32_t direction_vectors;
};
struct curandStateSobol64 {
  unsigned long long index, value, scramble;
  curandDirectionVectors64_t direction_vectors;
};
struct curandStateScrambledSobol32 : curandStateSobol32 {};
struct curandStateScrambledSobol64 : curandStateSobol64 {};
typedef struct curandStateXORWOW curandStateXORWOW_t, curandState_t, curandState;
typedef struct curandStateMRG32k3a curandStateMRG32k3a_t;
typedef struct curandStatePhilox4_32_10 curandStatePhilox4_32_10_t;
typedef struct curandStateSobol32 curandStateSobol32_t;
typedef struct curandStateSobol64 curandStateSobol64_t;
typedef struct curandStateScrambledSobol32 curandStateScrambledSobol32_t;
typedef struct curandStateScrambledSobol64 curandStateScrambledSobol64_t;

// Each of the states, with the type of its numbers.
#define PPU_PSEUDO_STATES(F)             \
  F(curandStateXORWOW_t, unsigned int)   \
  F(curandStateMRG32k3a_t, unsigned int) \
  F(curandStatePhilox4_32_10_t, unsigned int)
#define PPU_SOBOL_STATES(F)                      \
  F(curandStateSobol32_t, unsigned int)          \
  F(curandStateSobol64_t, unsigned long long)    \
  F(curandStateScrambledSobol32_t, unsigned int) \
  F(curandStateScrambledSobol64_t, unsigned long long)

// ---- XORWOW
PPU_RANDOM void skipahead(unsigned long long n, curandStateXORWOW_t* state) {
  ppu_random::xorwow_skip(&state->generator, n, 0);
}
PPU_RANDOM void skipahead_sequence(unsigned long long n, curandStateXORWOW_t* state) {
  ppu_random::xorwow_skip(&state->generator, n, ppu_random::kXorwowSequence);
}
PPU_RANDOM void curand_init(unsigned long long seed, unsigned long long sequence, unsigned long long offset,
                            curandStateXORWOW_t* state) {
  ppu_random::xorwow_seed(&state->generator, seed);
  skipahead_sequence(sequence, state);
  skipahead(offset, state);
  state->spare = ppu_random::Spare();
}
PPU_RANDOM unsigned int curand(curandStateXORWOW_t* state) {
  return ppu_random::xorwow_next(&state->generator);
}

// ---- MRG32k3a
PPU_RANDOM void skipahead(unsigned long long n, curandStateMRG32k3a_t* state) {
  ppu_random::mrg_skip(&state->generator, n, 0);
}
PPU_RANDOM void skipahead_subsequence(unsigned long long n, curandStateMRG32k3a_t* state) {
  ppu_random::mrg_skip(&state->generator, n, ppu_random::kMrgSubsequence);
}
PPU_RANDOM void skipahead_sequence(unsigned long long n, curandStateMRG32k3a_t* state) {
  ppu_random::mrg_skip(&state->generator, n, ppu_random::kMrgSequence);
}
PPU_RANDOM void curand_init(unsigned long long seed, unsigned long long sequence, unsigned long long offset,
                            curandStateMRG32k3a_t* state) {
  ppu_random::mrg_seed(&state->generator, seed);
  skipahead_subsequence(sequence, state);
  skipahead(offset, state);
  state->spare = ppu_random::Spare();
}
PPU_RANDOM unsigned int curand(curandStateMRG32k3a_t* state) {
  return ppu_random::mrg_next(&state->generator);
}

// ---- Philox4x32-10
namespace ppu_random {
PPU_RANDOM void turn_to(curandStatePhilox4_32_10_t* state, u64 block) {
  state->block = block;
  state->words = philox_block(state->seed, state->sequence, block);
}
PPU_RANDOM unsigned int word_of(const Four& words, unsigned int index) {  // no indexed local array
  const unsigned int low = index & 1 ? words.word[1] : words.word[0];
  const unsigned int high = index & 1 ? words.word[3] : words.word[2];
  return index & 2 ? high : low;
}
}  // namespace ppu_random
PPU_RANDOM void skipahead(unsigned long long n, curandStatePhilox4_32_10_t* state) {
  const unsigned long long used = state->used + (n & 3);
  state->used = (unsigned int)(used & 3);
  ppu_random::turn_to(state, state->block + (n >> 2) + (used >> 2));
}
PPU_RANDOM void skipahead_sequence(unsigned long long n, curandStatePhilox4_32_10_t* state) {
  state->sequence += n;
  ppu_random::turn_to(state, state->block);
}
PPU_RANDOM void curand_init(unsigned long long seed, unsigned long long sequence, unsigned long long offset,
                            curandStatePhilox4_32_10_t* state) {
  state->seed = seed, state->sequence = sequence, state->used = (unsigned int)(offset & 3);
  state->spare = ppu_random::Spare();
  ppu_random::turn_to(state, offset >> 2);
}
PPU_RANDOM unsigned int curand(curandStatePhilox4_32_10_t* state) {
  const unsigned int word = ppu_random::word_of(state->words, state->used);
  if (++state->used == 4) {
    state->used = 0;
    ppu_random::turn_to(state, state->block + 1);
  }
  return word;
}
/// The next four words.
PPU_RANDOM uint4 curand4(curandStatePhilox4_32_10_t* state) {
  const ppu_random::Four left = state->words;
  ppu_random::turn_to(state, state->block + 1);
  const ppu_random::Four more = state->words;
  const auto at = [&](unsigned int i) {
    return i < 4 ? ppu_random::word_of(left, i) : ppu_random::word_of(more, i - 4);
  };
  const unsigned int u = state->used;
  return make_uint4(at(u), at(u + 1), at(u + 2), at(u + 3));
}

// ---- Sobol' (in Gray code's order: I. Antonov and V. Saleev, 1979)
namespace ppu_random {
template <class State, class Word>
PPU_RANDOM void sobol_start(const Word* vectors, Word scramble, Word offset, State* state) {
  constexpr int kBits = 8 * sizeof(Word);
  state->index = offset, state->value = 0, state->scramble = scramble;
  for (int i = 0; i < kBits; ++i) {
    state->direction_vectors[i] = vectors[i];
    if ((offset ^ offset >> 1) >> i & 1) state->value ^= vectors[i];
  }
}
template <class State>
PPU_RANDOM auto sobol_next(State* state) -> decltype(state->value) {
  const auto value = state->value ^ state->scramble;
  constexpr int kBits = 8 * sizeof state->value;
  const int lowest_zero = __ffsll((long long)~(unsigned long long)state->index) - 1;
  if (lowest_zero >= 0 && lowest_zero < kBits) state->value ^= state->direction_vectors[lowest_zero];
  ++state->index;
  return value;
}
}  // namespace ppu_random
#define PPU_SOBOL(State, Word)                                                                   \
  PPU_RANDOM Word curand(State* state) {                                                         \
    return ppu_random::sobol_next(state);                                                        \
  }                                                                                              \
  PPU_RANDOM void skipahead(Word n, State* state) {                                              \
    ppu_random::sobol_start(state->direction_vectors, state->scramble, state->index + n, state); \
  }
PPU_SOBOL_STATES(PPU_SOBOL)
#undef PPU_SOBOL
PPU_RANDOM void curand_init(curandDirectionVectors32_t vectors, unsigned int offset,
                            curandStateSobol32_t* state) {
  ppu_random::sobol_start(vectors, 0u, offset, state);
}
PPU_RANDOM void curand_init(curandDirectionVectors64_t vectors, unsigned long long offset,
                            curandStateSobol64_t* state) {
  ppu_random::sobol_start(vectors, 0ull, offset, state);
}
PPU_RANDOM void curand_init(curandDirectionVectors32_t vectors, unsigned int scramble, unsigned int offset,
                            curandStateScrambledSobol32_t* state) {
  ppu_random::sobol_start(vectors, scramble, offset, state);
}
PPU_RANDOM void curand_init(curandDirectionVectors64_t vectors, unsigned long long scramble,
                            unsigned long long offset, curandStateScrambledSobol64_t* state) {
  ppu_random::sobol_start(vectors, scramble, offset, state);
}

// ---- distributions. Uniform ones are (0, 1] (cuRAND documentation, "Uniform distributions").
namespace ppu_random {
PPU_RANDOM float unit(u32 word) {
  return float(word) * 0x1p-32f + 0x1p-33f;
}
/// 53 bits.
PPU_RANDOM double fine_unit(u32 low, u32 high) {
  return double((u64(high) << 21 ^ low >> 11) + 1) * 0x1p-53;
}
PPU_RANDOM double fine_unit(u64 word) {
  return double((word >> 11) + 1) * 0x1p-53;
}
template <class State>
PPU_RANDOM float next_unit(State* state) {
  return unit(curand(state));
}
template <class State>
PPU_RANDOM double next_fine_unit(State* state) {
  const u32 low = curand(state);
  return fine_unit(low, curand(state));
}
// z of MRG32k3a is 1 .. 4294967087, and has no finer number.
PPU_RANDOM float next_unit(curandStateMRG32k3a_t* state) {
  return float(double(curand(state)) * (1.0 / 4294967087.0));
}
PPU_RANDOM double next_fine_unit(curandStateMRG32k3a_t* state) {
  return double(curand(state)) * (1.0 / 4294967087.0);
}
// One dimension of a Sobol' sequence gives one number a point.
#define PPU_SOBOL(State, Word)                                \
  PPU_RANDOM double next_fine_unit(State* state) {            \
    constexpr int kShift = 64 - 8 * int(sizeof state->value); \
    return fine_unit(u64(curand(state)) << kShift);           \
  }                                                           \
  PPU_RANDOM float next_unit(State* state) {                  \
    return float(next_fine_unit(state));                      \
  }
PPU_SOBOL_STATES(PPU_SOBOL)
#undef PPU_SOBOL

// G. Box and M. Muller, 1958.
PPU_RANDOM float2 normal_pair(float u, float v) {
  float s, c;
  sincospif(2.0f * v, &s, &c);
  const float radius = sqrtf(-2.0f * logf(u));
  return make_float2(radius * s, radius * c);
}
PPU_RANDOM double2 normal_pair(double u, double v) {
  double s, c;
  sincospi(2.0 * v, &s, &c);
  const double radius = sqrt(-2.0 * log(u));
  return make_double2(radius * s, radius * c);
}
template <class State>
PPU_RANDOM float2 next_normals(State* state) {
  const float u = next_unit(state);
  return normal_pair(u, next_unit(state));
}
template <class State>
PPU_RANDOM double2 next_fine_normals(State* state) {
  const double u = next_fine_unit(state);
  return normal_pair(u, next_fine_unit(state));
}
template <class State>
PPU_RANDOM float next_normal(State* state) {
  if ((state->spare.has_float = !state->spare.has_float)) {
    const float2 pair = next_normals(state);
    state->spare.of_float = pair.y;
    return pair.x;
  }
  return state->spare.of_float;
}
template <class State>
PPU_RANDOM double next_fine_normal(State* state) {
  if ((state->spare.has_double = !state->spare.has_double)) {
    const double2 pair = next_fine_normals(state);
    state->spare.of_double = pair.y;
    return pair.x;
  }
  return state->spare.of_double;
}
// One number of a Sobol' sequence makes one normal number, by the inverse.
#define PPU_SOBOL(State, Word)                          \
  PPU_RANDOM double next_fine_normal(State* state) {    \
    return normcdfinv(next_fine_unit(state) - 0x1p-54); \
  }                                                     \
  PPU_RANDOM float next_normal(State* state) {          \
    return float(next_fine_normal(state));              \
  }
PPU_SOBOL_STATES(PPU_SOBOL)
#undef PPU_SOBOL

/// Products of uniform numbers (D. Knuth) below 10, transformed rejection above (W. Hormann, "The transformed
/// rejection method for generating Poisson random variables", 1993, algorithm PTRS).
template <class State>
PPU_RANDOM unsigned int next_poisson(State* state, double lambda) {
  if (!(lambda > 0)) return 0;
  if (lambda < 10) {
    const double limit = exp(-lambda);
    unsigned int count = 0;
    for (double product = next_fine_unit(state); product > limit; product *= next_fine_unit(state)) ++count;
    return count;
  }
  const double b = 0.931 + 2.53 * sqrt(lambda), a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), bound = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const double u = next_fine_unit(state) - 0.5, v = next_fine_unit(state);
    const double us = 0.5 - fabs(u), k = floor((2 * a / us + b) * u + lambda + 0.43);
    if (us >= 0.07 && v <= bound) return (unsigned int)k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (log(v * inverse_alpha / (a / (us * us) + b)) <= k * log(lambda) - lambda - lgamma(k + 1))
      return (unsigned int)k;
  }
}
}  // namespace ppu_random

// The same for all states.
#define PPU_DISTRIBUTIONS(State, Word)                                                      \
  PPU_RANDOM float curand_uniform(State* state) {                                           \
    return ppu_random::next_unit(state);                                                    \
  }                                                                                         \
  PPU_RANDOM double curand_uniform_double(State* state) {                                   \
    return ppu_random::next_fine_unit(state);                                               \
  }                                                                                         \
  PPU_RANDOM float curand_normal(State* state) {                                            \
    return ppu_random::next_normal(state);                                                  \
  }                                                                                         \
  PPU_RANDOM double curand_normal_double(State* state) {                                    \
    return ppu_random::next_fine_normal(state);                                             \
  }                                                                                         \
  PPU_RANDOM float curand_log_normal(State* state, float mean, float deviation) {           \
    return expf(mean + deviation * ppu_random::next_normal(state));                         \
  }                                                                                         \
  PPU_RANDOM double curand_log_normal_double(State* state, double mean, double deviation) { \
    return exp(mean + deviation * ppu_random::next_fine_normal(state));                     \
  }                                                                                         \
  PPU_RANDOM unsigned int curand_poisson(State* state, double lambda) {                     \
    return ppu_random::next_poisson(state, lambda);                                         \
  }
PPU_PSEUDO_STATES(PPU_DISTRIBUTIONS)
PPU_SOBOL_STATES(PPU_DISTRIBUTIONS)
#undef PPU_DISTRIBUTIONS

// Pairs.
#define PPU_PAIRS(State, Word)                                                                \
  PPU_RANDOM float2 curand_normal2(State* state) {                                            \
    return ppu_random::next_normals(state);                                                   \
  }                                                                                           \
  PPU_RANDOM double2 curand_normal2_double(State* state) {                                    \
    return ppu_random::next_fine_normals(state);                                              \
  }                                                                                           \
  PPU_RANDOM float2 curand_log_normal2(State* state, float mean, float deviation) {           \
    const float2 n = ppu_random::next_normals(state);                                         \
    return make_float2(expf(mean + deviation * n.x), expf(mean + deviation * n.y));           \
  }                                                                                           \
  PPU_RANDOM double2 curand_log_normal2_double(State* state, double mean, double deviation) { \
    const double2 n = ppu_random::next_fine_normals(state);                                   \
    return make_double2(exp(mean + deviation * n.x), exp(mean + deviation * n.y));            \
  }
PPU_PSEUDO_STATES(PPU_PAIRS)
#undef PPU_PAIRS

// Philox has four words at once.
PPU_RANDOM float4 curand_uniform4(curandStatePhilox4_32_10_t* state) {
  const uint4 w = curand4(state);
  return make_float4(ppu_random::unit(w.x), ppu_random::unit(w.y), ppu_random::unit(w.z),
                     ppu_random::unit(w.w));
}
PPU_RANDOM double2 curand_uniform2_double(curandStatePhilox4_32_10_t* state) {
  const uint4 w = curand4(state);
  return make_double2(ppu_random::fine_unit(w.x, w.y), ppu_random::fine_unit(w.z, w.w));
}
PPU_RANDOM float4 curand_normal4(curandStatePhilox4_32_10_t* state) {
  const float4 u = curand_uniform4(state);
  const float2 a = ppu_random::normal_pair(u.x, u.y), b = ppu_random::normal_pair(u.z, u.w);
  return make_float4(a.x, a.y, b.x, b.y);
}
PPU_RANDOM float4 curand_log_normal4(curandStatePhilox4_32_10_t* state, float mean, float deviation) {
  const float4 n = curand_normal4(state);
  return make_float4(expf(mean + deviation * n.x), expf(mean + deviation * n.y), expf(mean + deviation * n.z),
                     expf(mean + deviation * n.w));
}
PPU_RANDOM uint4 curand_poisson4(curandStatePhilox4_32_10_t* state, double lambda) {
  const unsigned int x = curand_poisson(state, lambda), y = curand_poisson(state, lambda);
  const unsigned int z = curand_poisson(state, lambda);
  return make_uint4(x, y, z, curand_poisson(state, lambda));
}
#undef PPU_RANDOM
#undef PPU_PSEUDO_STATES
#undef PPU_SOBOL_STATES
