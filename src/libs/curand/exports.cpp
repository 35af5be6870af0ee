// libcurand.so.10, the host interface. Every pseudo-random generator is Philox4x32-10, whatever type was
// asked for: the distributions are cuRAND's, the sequences aren't. The quasi-random ones are in sobol.h.
#include <cuda.h>
#include <curand.h>

#include <cmath>
#include <memory>
#include <numbers>

#include "libs/curand/distribution.h"
#include "libs/curand/sobol.h"
#include "libs/curand/words.h"
#include "libs/shell/handles.h"
#include "libs/shell/stream_work.h"

struct curandGenerator_st {
  bool on_host = false;
  CUstream stream = nullptr;
  unsigned long long seed = 0, next = 0;  ///< next: words of the sequence already used, or points
  curandRngType_t type = CURAND_RNG_PSEUDO_DEFAULT;
  /// Of a quasi-random generator: a sequence a dimension.
  std::shared_ptr<const std::vector<ppu::curand::SobolVectors>> dimensions;
};

#define PPU_ROWS <ppu/curand_functions.inc>
#define PPU_LIBRARY curand
#define PPU_STATUS curandStatus_t
#define PPU_NOT_WRITTEN CURAND_STATUS_INTERNAL_ERROR
#define PPU_FAULT CURAND_STATUS_INTERNAL_ERROR
#include "libs/shell/exports.inc"

namespace ppu::curand {
namespace {

constexpr int kVersion[3] = {10, 4, 0};
auto& generators = shell::handles<curandGenerator_st>();

/// (0, 1], of 32 and 53 bits (cuRAND documentation, curandGenerateUniform).
double uniform(Words& words, uint64_t at) {
  return (double(words.at(at)) + 1) * 0x1p-32;
}
double fine_uniform(Words& words, uint64_t at) {
  const uint64_t bits = uint64_t(words.at(at)) << 32 | words.at(at + 1);
  return double((bits >> 11) + 1) * 0x1p-53;
}

/// Two numbers of the standard normal distribution (G. Box and M. Muller, 1958).
void normal_pair(double u, double v, double* x, double* y) {
  const double radius = std::sqrt(-2 * std::log(u)), angle = 2 * std::numbers::pi * v;
  *x = radius * std::cos(angle), *y = radius * std::sin(angle);
}

/// Knuth's products below 64; above it the rounded normal approximation, off by less than 1 % in its moments.
unsigned poisson(Words& words, uint64_t at, double lambda) {
  // Each number has 128 words of its own, so that it doesn't depend on its neighbours.
  if (lambda < 64) {
    const double limit = std::exp(-lambda);
    double product = 1;
    unsigned count = 0;
    for (; count < 128; ++count)
      if ((product *= uniform(words, at + count)) <= limit) break;
    return count;
  }
  double x, unused;
  normal_pair(uniform(words, at), uniform(words, at + 1), &x, &unused);
  return unsigned(std::max(0.0, std::floor(lambda + std::sqrt(lambda) * x + 0.5)));
}
constexpr uint64_t kPoissonWords = 128;

/// Runs fill(words, first word) on the host or in the stream, and moves the generator on by `used` words.
template <class F>
curandStatus_t generate(curandGenerator_t handle, const void* to, size_t bytes, uint64_t used, F fill) {
  curandGenerator_st* g = generators.find(handle);
  if (!g) return CURAND_STATUS_NOT_INITIALIZED;
  if (!to && bytes) return CURAND_STATUS_OUT_OF_RANGE;
  const uint64_t first = g->next, seed = g->seed;
  const auto work = [=] {
    Words words(seed);
    fill(words, first);
  };
  if (g->on_host) {
    work();
  } else {
    if (!shell::reachable("curand", to, bytes)) return CURAND_STATUS_LAUNCH_FAILURE;
    if (shell::enqueue(g->stream, work) != CUDA_SUCCESS) return CURAND_STATUS_LAUNCH_FAILURE;
  }
  g->next += used;
  return CURAND_STATUS_SUCCESS;
}

bool is_quasi(const curandGenerator_st* g) {
  return g && g->dimensions;
}
bool is_64_bit(const curandGenerator_st* g) {
  return g->type == CURAND_RNG_QUASI_SOBOL64 || g->type == CURAND_RNG_QUASI_SCRAMBLED_SOBOL64;
}
bool is_scrambled(curandRngType_t type) {
  return type == CURAND_RNG_QUASI_SCRAMBLED_SOBOL32 || type == CURAND_RNG_QUASI_SCRAMBLED_SOBOL64;
}
/// The middle of what a word stands for, in (0, 1).
double quasi_uniform(uint32_t x) {
  return (double(x) + 0.5) * 0x1p-32;
}
double quasi_uniform(uint64_t x) {
  return (double(x >> 11) + 0.5) * 0x1p-53;
}

/// As documented: the numbers of the first dimension, then those of the second, of as many points each.
template <class T, class Map>
curandStatus_t generate_points(curandGenerator_t handle, T* to, size_t count, Map map) {
  curandGenerator_st* g = generators.find(handle);
  const auto dimensions = g->dimensions;
  if (count % dimensions->size()) return CURAND_STATUS_LENGTH_NOT_MULTIPLE;
  const uint64_t points = count / dimensions->size();
  const bool wide = is_64_bit(g), scrambled = is_scrambled(g->type);
  return generate(handle, to, count * sizeof(T), points, [=](Words&, uint64_t first) {
    for (size_t d = 0; d < dimensions->size(); ++d) {
      const uint64_t scramble = scrambled ? sobol_scramble(unsigned(d)) : 0;
      const auto use = [&](uint64_t i, auto word) { to[d * points + i] = T(map(word)); };
      if (wide)
        sobol_points<uint64_t>((*dimensions)[d], scramble, first, points, use);
      else
        sobol_points<uint32_t>((*dimensions)[d], scramble, first, points, use);
    }
  });
}
/// The same for a distribution given by its inverse.
template <class T, class Inverse>
curandStatus_t generate_inverse(curandGenerator_t handle, T* to, size_t count, Inverse inverse) {
  return generate_points(handle, to, count, [=](auto word) { return inverse(quasi_uniform(word)); });
}

template <class T, class Map>
curandStatus_t generate_normal(curandGenerator_t handle, T* to, size_t count, Map map) {
  if (is_quasi(generators.find(handle)))
    return generate_inverse(handle, to, count, [=](double u) { return map(normal_quantile(u)); });
  if (count % 2) return CURAND_STATUS_LENGTH_NOT_MULTIPLE;
  constexpr bool kFine = sizeof(T) == 8;
  constexpr uint64_t kWords = kFine ? 2 : 1;
  return generate(handle, to, count * sizeof(T), count * kWords, [=](Words& words, uint64_t first) {
    for (size_t i = 0; i < count; i += 2) {
      const uint64_t at = first + i * kWords;
      double x, y;
      if (kFine)
        normal_pair(fine_uniform(words, at), fine_uniform(words, at + 2), &x, &y);
      else
        normal_pair(uniform(words, at), uniform(words, at + 1), &x, &y);
      to[i] = T(map(x)), to[i + 1] = T(map(y));
    }
  });
}

curandStatus_t create(curandGenerator_t* generator, curandRngType_t type, bool on_host) {
  if (!generator) return CURAND_STATUS_NOT_INITIALIZED;
  if (type == CURAND_RNG_QUASI_DEFAULT) type = CURAND_RNG_QUASI_SOBOL32;
  const bool quasi = type >= CURAND_RNG_QUASI_SOBOL32 && type <= CURAND_RNG_QUASI_SCRAMBLED_SOBOL64;
  switch (type) {
    case CURAND_RNG_PSEUDO_DEFAULT:
    case CURAND_RNG_PSEUDO_XORWOW:
    case CURAND_RNG_PSEUDO_MRG32K3A:
    case CURAND_RNG_PSEUDO_MTGP32:
    case CURAND_RNG_PSEUDO_MT19937:
    case CURAND_RNG_PSEUDO_PHILOX4_32_10:
      break;
    default:
      if (!quasi) return CURAND_STATUS_TYPE_ERROR;
  }
  if (!on_host && shell::need_context() != CUDA_SUCCESS) return CURAND_STATUS_INITIALIZATION_FAILED;
  *generator = generators.make();
  curandGenerator_st* g = generators.find(*generator);
  g->on_host = on_host, g->type = type;
  if (quasi) return curand::curandSetQuasiRandomGeneratorDimensions(*generator, 1);
  return CURAND_STATUS_SUCCESS;
}

/// A set of direction vectors as programs get it, of all dimensions; made at first use and kept.
template <class Word, size_t kBits, bool kScrambled>
auto kept_table() -> Word (*)[kBits] {
  static const auto table = [] {
    auto* words = new Word[kSobolDimensions][kBits];
    const std::vector<SobolVectors> all = sobol_vectors(kSobolDimensions, kScrambled);
    for (size_t d = 0; d < kSobolDimensions; ++d)
      for (size_t i = 0; i < kBits; ++i) words[d][i] = Word(all[d][i] >> (64 - kBits));
    return words;
  }();
  return table;
}
template <class Word>
Word* scramble_table() {
  auto* words = new Word[kSobolDimensions];
  for (unsigned d = 0; d < kSobolDimensions; ++d)
    words[d] = Word(sobol_scramble(d) >> (64 - 8 * sizeof(Word)));
  return words;
}

}  // namespace

curandStatus_t curandGetVersion(int* version) {
  if (!version) return CURAND_STATUS_OUT_OF_RANGE;
  *version = kVersion[0] * 10000 + kVersion[1] * 100 + kVersion[2];
  return CURAND_STATUS_SUCCESS;
}
curandStatus_t curandGetProperty(libraryPropertyType type, int* value) {
  if (!value || unsigned(type) > PATCH_LEVEL) return CURAND_STATUS_OUT_OF_RANGE;
  *value = kVersion[type];
  return CURAND_STATUS_SUCCESS;
}

curandStatus_t curandCreateGenerator(curandGenerator_t* generator, curandRngType_t type) {
  return create(generator, type, false);
}
curandStatus_t curandCreateGeneratorHost(curandGenerator_t* generator, curandRngType_t type) {
  return create(generator, type, true);
}
curandStatus_t curandDestroyGenerator(curandGenerator_t generator) {
  return generators.destroy(generator) ? CURAND_STATUS_SUCCESS : CURAND_STATUS_NOT_INITIALIZED;
}

curandStatus_t curandSetStream(curandGenerator_t generator, cudaStream_t stream) {
  curandGenerator_st* g = generators.find(generator);
  if (!g) return CURAND_STATUS_NOT_INITIALIZED;
  g->stream = stream;
  return CURAND_STATUS_SUCCESS;
}
curandStatus_t curandSetPseudoRandomGeneratorSeed(curandGenerator_t generator, unsigned long long seed) {
  curandGenerator_st* g = generators.find(generator);
  if (!g) return CURAND_STATUS_NOT_INITIALIZED;
  if (is_quasi(g)) return CURAND_STATUS_TYPE_ERROR;
  g->seed = seed, g->next = 0;
  return CURAND_STATUS_SUCCESS;
}
curandStatus_t curandSetGeneratorOffset(curandGenerator_t generator, unsigned long long offset) {
  curandGenerator_st* g = generators.find(generator);
  if (!g) return CURAND_STATUS_NOT_INITIALIZED;
  g->next = offset;
  return CURAND_STATUS_SUCCESS;
}
// There is one order: by index.
curandStatus_t curandSetGeneratorOrdering(curandGenerator_t generator, curandOrdering_t order) {
  const curandGenerator_st* g = generators.find(generator);
  if (!g) return CURAND_STATUS_NOT_INITIALIZED;
  if (is_quasi(g))
    return order == CURAND_ORDERING_QUASI_DEFAULT ? CURAND_STATUS_SUCCESS : CURAND_STATUS_OUT_OF_RANGE;
  const bool known = order >= CURAND_ORDERING_PSEUDO_BEST && order <= CURAND_ORDERING_PSEUDO_DYNAMIC;
  return known ? CURAND_STATUS_SUCCESS : CURAND_STATUS_OUT_OF_RANGE;
}
curandStatus_t curandSetQuasiRandomGeneratorDimensions(curandGenerator_t generator, unsigned dimensions) {
  curandGenerator_st* g = generators.find(generator);
  if (!g) return CURAND_STATUS_NOT_INITIALIZED;
  if (dimensions < 1 || dimensions > kSobolDimensions) return CURAND_STATUS_OUT_OF_RANGE;
  if (g->type < CURAND_RNG_QUASI_DEFAULT) return CURAND_STATUS_TYPE_ERROR;
  g->dimensions =
      std::make_shared<std::vector<SobolVectors>>(sobol_vectors(dimensions, is_scrambled(g->type)));
  return CURAND_STATUS_SUCCESS;
}
curandStatus_t curandGenerateSeeds(curandGenerator_t generator) {
  return generators.find(generator) ? CURAND_STATUS_SUCCESS : CURAND_STATUS_NOT_INITIALIZED;
}

curandStatus_t curandGenerate(curandGenerator_t generator, unsigned int* to, size_t count) {
  if (const curandGenerator_st* g = generators.find(generator); is_quasi(g)) {
    if (is_64_bit(g)) return CURAND_STATUS_TYPE_ERROR;
    return generate_points(generator, to, count, [](auto word) { return word; });
  }
  return generate(generator, to, count * sizeof *to, count, [=](Words& words, uint64_t first) {
    for (size_t i = 0; i < count; ++i) to[i] = words.at(first + i);
  });
}
/// Whole numbers of 64 bits are for the generators of that width alone.
curandStatus_t curandGenerateLongLong(curandGenerator_t generator, unsigned long long* to, size_t count) {
  const curandGenerator_st* g = generators.find(generator);
  if (!g) return CURAND_STATUS_NOT_INITIALIZED;
  if (!is_quasi(g) || !is_64_bit(g)) return CURAND_STATUS_TYPE_ERROR;
  return generate_points(generator, to, count, [](auto word) { return word; });
}
curandStatus_t curandGenerateUniform(curandGenerator_t generator, float* to, size_t count) {
  if (is_quasi(generators.find(generator)))
    return generate_inverse(generator, to, count, [](double u) { return u; });
  return generate(generator, to, count * sizeof *to, count, [=](Words& words, uint64_t first) {
    for (size_t i = 0; i < count; ++i) to[i] = float(uniform(words, first + i));
  });
}
curandStatus_t curandGenerateUniformDouble(curandGenerator_t generator, double* to, size_t count) {
  if (is_quasi(generators.find(generator)))
    return generate_inverse(generator, to, count, [](double u) { return u; });
  return generate(generator, to, count * sizeof *to, 2 * count, [=](Words& words, uint64_t first) {
    for (size_t i = 0; i < count; ++i) to[i] = fine_uniform(words, first + 2 * i);
  });
}
curandStatus_t curandGenerateNormal(curandGenerator_t generator, float* to, size_t count, float mean,
                                    float deviation) {
  return generate_normal(generator, to, count,
                         [=](double x) { return double(mean) + double(deviation) * x; });
}
curandStatus_t curandGenerateNormalDouble(curandGenerator_t generator, double* to, size_t count, double mean,
                                          double deviation) {
  return generate_normal(generator, to, count, [=](double x) { return mean + deviation * x; });
}
curandStatus_t curandGenerateLogNormal(curandGenerator_t generator, float* to, size_t count, float mean,
                                       float deviation) {
  return generate_normal(generator, to, count,
                         [=](double x) { return std::exp(double(mean) + double(deviation) * x); });
}
curandStatus_t curandGenerateLogNormalDouble(curandGenerator_t generator, double* to, size_t count,
                                             double mean, double deviation) {
  return generate_normal(generator, to, count, [=](double x) { return std::exp(mean + deviation * x); });
}
curandStatus_t curandGeneratePoisson(curandGenerator_t generator, unsigned int* to, size_t count,
                                     double lambda) {
  if (!(lambda > 0) || lambda > 400000) return CURAND_STATUS_OUT_OF_RANGE;
  if (is_quasi(generators.find(generator)))
    return generate_inverse(generator, to, count, [=](double u) { return poisson_quantile(u, lambda); });
  return generate(generator, to, count * sizeof *to, count * kPoissonWords,
                  [=](Words& words, uint64_t first) {
                    for (size_t i = 0; i < count; ++i)
                      to[i] = poisson(words, first + i * kPoissonWords, lambda);
                  });
}

/// Methods differ in how they get at the numbers; one serves here.
curandStatus_t curandGeneratePoissonMethod(curandGenerator_t generator, unsigned int* to, size_t count,
                                           double lambda, curandMethod_t) {
  return curand::curandGeneratePoisson(generator, to, count, lambda);
}

curandStatus_t curandGetDirectionVectors32(curandDirectionVectors32_t** vectors,
                                           curandDirectionVectorSet_t set) {
  const bool scrambled = set == CURAND_SCRAMBLED_DIRECTION_VECTORS_32_JOEKUO6;
  if (!vectors || (!scrambled && set != CURAND_DIRECTION_VECTORS_32_JOEKUO6))
    return CURAND_STATUS_OUT_OF_RANGE;
  *vectors = scrambled ? kept_table<unsigned, 32, true>() : kept_table<unsigned, 32, false>();
  return CURAND_STATUS_SUCCESS;
}
curandStatus_t curandGetDirectionVectors64(curandDirectionVectors64_t** vectors,
                                           curandDirectionVectorSet_t set) {
  const bool scrambled = set == CURAND_SCRAMBLED_DIRECTION_VECTORS_64_JOEKUO6;
  if (!vectors || (!scrambled && set != CURAND_DIRECTION_VECTORS_64_JOEKUO6))
    return CURAND_STATUS_OUT_OF_RANGE;
  *vectors =
      scrambled ? kept_table<unsigned long long, 64, true>() : kept_table<unsigned long long, 64, false>();
  return CURAND_STATUS_SUCCESS;
}
curandStatus_t curandGetScrambleConstants32(unsigned int** constants) {
  static unsigned* const table = scramble_table<unsigned>();
  if (!constants) return CURAND_STATUS_OUT_OF_RANGE;
  *constants = table;
  return CURAND_STATUS_SUCCESS;
}
curandStatus_t curandGetScrambleConstants64(unsigned long long** constants) {
  static auto* const table = scramble_table<unsigned long long>();
  if (!constants) return CURAND_STATUS_OUT_OF_RANGE;
  *constants = table;
  return CURAND_STATUS_SUCCESS;
}

curandStatus_t curandCreatePoissonDistribution(double lambda, curandDiscreteDistribution_t* distribution) {
  if (!distribution || !(lambda > 0) || lambda > 400000) return CURAND_STATUS_OUT_OF_RANGE;
  if (shell::need_context() != CUDA_SUCCESS) return CURAND_STATUS_INITIALIZATION_FAILED;
  *distribution = make_poisson(lambda);
  return *distribution ? CURAND_STATUS_SUCCESS : CURAND_STATUS_ALLOCATION_FAILED;
}
curandStatus_t curandDestroyDistribution(curandDiscreteDistribution_t distribution) {
  return distribution && destroy(distribution) ? CURAND_STATUS_SUCCESS : CURAND_STATUS_NOT_INITIALIZED;
}

}  // namespace ppu::curand
