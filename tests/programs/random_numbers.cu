// cuRAND's device interface: the moments of each distribution, jumps against steps, and sequences of a seed
// that differ. What is checked holds for every implementation, whatever its numbers are.
#include <curand_kernel.h>

#include "check.h"

constexpr int kThreads = 128, kEach = 64, kCount = kThreads * kEach;

enum Kind {
  kUniform,
  kUniformDouble,
  kNormal,
  kNormalDouble,
  kLogNormal,
  kPoissonSmall,
  kPoissonLarge,
  kKinds
};

template <class State>
__global__ void draw(double* out, Kind kind) {
  const int id = int(blockIdx.x * blockDim.x + threadIdx.x);
  State state;
  curand_init(1234ull, (unsigned long long)id, 0ull, &state);
  for (int i = 0; i < kEach; ++i) {
    double x = 0;
    switch (kind) {
      case kUniform:
        x = curand_uniform(&state);
        break;
      case kUniformDouble:
        x = curand_uniform_double(&state);
        break;
      case kNormal:
        x = curand_normal(&state);
        break;
      case kNormalDouble:
        x = curand_normal_double(&state);
        break;
      case kLogNormal:
        x = curand_log_normal(&state, 0.0f, 0.25f);
        break;
      case kPoissonSmall:
        x = curand_poisson(&state, 3.5);
        break;
      default:
        x = curand_poisson(&state, 40.0);
        break;
    }
    out[id * kEach + i] = x;
  }
}

struct Moments {
  double mean = 0, variance = 0, least = 1e300, most = -1e300;
};

template <class State>
void check_distributions(const char* name) {
  DeviceArray<double> numbers(kCount);
  // Five standard errors of the mean and of the variance; kurtosis 3 unless a distribution has more.
  const double wanted[kKinds][2] = {{0.5, 1.0 / 12},
                                    {0.5, 1.0 / 12},
                                    {0, 1},
                                    {0, 1},
                                    {std::exp(0.03125), std::expm1(0.0625) * std::exp(0.0625)},
                                    {3.5, 3.5},
                                    {40, 40}};
  for (int kind = 0; kind < kKinds; ++kind) {
    draw<State><<<kThreads / 128, 128>>>(numbers, Kind(kind));
    CUDA_SYNC();
    const std::vector<double> x = numbers.host();
    check::digest(x.data(), kCount * sizeof(double));
    Moments m;
    for (double v : x) {
      m.mean += v / kCount;
      m.least = std::fmin(m.least, v), m.most = std::fmax(m.most, v);
    }
    for (double v : x) m.variance += (v - m.mean) * (v - m.mean) / kCount;
    const double error = 5 / std::sqrt(double(kCount)), variance = wanted[kind][1];
    if (std::fabs(m.mean - wanted[kind][0]) > error * std::sqrt(variance) ||
        std::fabs(m.variance - variance) > 2 * error * variance)
      check::fail("%s, distribution %d: mean %g, variance %g\n", name, kind, m.mean, m.variance);
    if (kind <= kUniformDouble) EXPECT(m.least > 0 && m.most <= 1);
    if (kind >= kPoissonSmall) EXPECT(m.least >= 0);
  }
}

/// out[0] counts what is wrong.
template <class State>
__global__ void jumps(int* out) {
  State stepped, jumped, placed;
  curand_init(99ull, 5ull, 0ull, &stepped);
  jumped = stepped;
  curand_init(99ull, 5ull, 1000ull + threadIdx.x, &placed);
  for (unsigned i = 0; i < 1000 + threadIdx.x; ++i) curand(&stepped);
  skipahead(1000ull + threadIdx.x, &jumped);
  for (int i = 0; i < 9; ++i) {
    const unsigned want = curand(&stepped);
    if (curand(&jumped) != want || curand(&placed) != want) atomicAdd(out, 1);
  }
  State next;
  curand_init(99ull, 6ull, 0ull, &next);
  curand_init(99ull, 5ull, 0ull, &stepped);
  int equal = 0;
  for (int i = 0; i < 9; ++i) equal += curand(&next) == curand(&stepped);
  if (equal == 9) atomicAdd(out, 1);
}

/// Philox's fours are its ones, and its sequences can be reached by a jump.
__global__ void fours(int* out) {
  curandStatePhilox4_32_10_t a, b;
  curand_init(7ull, 1ull, threadIdx.x * 4ull, &a);
  curand_init(7ull, 0ull, threadIdx.x * 4ull, &b);
  skipahead_sequence(1ull, &b);
  for (int i = 0; i < 5; ++i) {
    const uint4 x = curand4(&a);
    if (x.x != curand(&b) || x.y != curand(&b) || x.z != curand(&b) || x.w != curand(&b)) atomicAdd(out, 1);
  }
  const float4 u = curand_uniform4(&a);
  if (!(u.x > 0 && u.y > 0 && u.z > 0 && u.w > 0 && u.x <= 1 && u.y <= 1 && u.z <= 1 && u.w <= 1))
    atomicAdd(out, 1);
}

/// With the vectors of the first dimension (van der Corput's) 2^n points are all multiples of 2^-n.
__global__ void sobol(unsigned* hits, int* out) {
  curandDirectionVectors32_t vectors;
  for (int i = 0; i < 32; ++i) vectors[i] = 0x80000000u >> i;
  curandStateSobol32_t state;
  curand_init(vectors, threadIdx.x * 8, &state);
  for (int i = 0; i < 8; ++i) atomicAdd(&hits[curand(&state) >> 24], 1);
  curandStateScrambledSobol32_t scrambled;
  curand_init(vectors, 0x12345678u, threadIdx.x * 8, &scrambled);
  curandStateSobol32_t again;
  curand_init(vectors, threadIdx.x * 8, &again);
  curandStateSobol32_t jumped;
  curand_init(vectors, 3, &jumped);
  skipahead(threadIdx.x * 8 - 3, &jumped);
  const unsigned first = curand(&again);
  if (curand(&scrambled) != (first ^ 0x12345678u) || curand(&jumped) != first) atomicAdd(out, 1);
}

int main() {
  check_distributions<curandState>("XORWOW");
  check_distributions<curandStateMRG32k3a_t>("MRG32k3a");
  check_distributions<curandStatePhilox4_32_10_t>("Philox4x32-10");
  DeviceArray<int> wrong(1);
  DeviceArray<unsigned> hits(256);
  wrong.zero();
  hits.zero();
  jumps<curandState><<<1, 32>>>(wrong);
  jumps<curandStateMRG32k3a_t><<<1, 32>>>(wrong);
  jumps<curandStatePhilox4_32_10_t><<<1, 32>>>(wrong);
  fours<<<1, 32>>>(wrong);
  sobol<<<1, 32>>>(hits, wrong);
  CUDA_SYNC();
  EXPECT(wrong.host()[0] == 0);
  for (unsigned n : hits.host()) EXPECT(n == 1);
  return check::verdict("random_numbers");
}
