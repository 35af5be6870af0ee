// See distribution.h.
#include "libs/curand/distribution.h"

#include <cuda.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <numbers>
#include <vector>

// What a program's kernels see, compiled into them: the square histogram of G. Marsaglia, W. Tsang and J.
// Wang ("Fast generation of discrete random variables", 2004). A uniform u in column j of `length` means
// shift + j where it is below threshold[j], else shift + other[j].
namespace {
struct Histogram {
  double *threshold, *host_threshold;
  unsigned *other, *host_other;
  unsigned on_host;
};
struct Shifted {
  Histogram *histogram, *host_histogram;
  unsigned shift, length, on_host;
};
}  // namespace
struct curandDiscreteDistribution_st {
  curandDiscreteDistribution_st* host;
  Shifted *table, *host_table;
  double deviation, mean;
  curandMethod_t method;
  unsigned on_host;
};

namespace ppu::curand {
namespace {

/// Probabilities are left out where they are below 1e-17, and from this mean on the normal distribution
/// serves.
constexpr double kNormalFrom = 2000;

double probability(unsigned k, double lambda) {
  return std::exp(k * std::log(lambda) - lambda - std::lgamma(double(k) + 1));
}
unsigned nearest(double x) {
  return unsigned(std::max(0.0, std::floor(x + 0.5)));
}
/// The first and the last k that count.
std::pair<unsigned, unsigned> range_of(double lambda) {
  const double reach = 9 * std::sqrt(lambda) + 20;
  return {unsigned(std::max(0.0, std::floor(lambda - reach))), unsigned(std::ceil(lambda + reach))};
}

/// Cuts a distribution into columns of equal weight of at most two outcomes each.
void square(std::vector<double> weights, double* threshold, unsigned* other) {
  const size_t n = weights.size();
  const double column = 1.0 / double(n);
  std::vector<size_t> poor, rich;
  for (size_t i = 0; i < n; ++i) (weights[i] < column ? poor : rich).push_back(i);
  for (size_t i = 0; i < n; ++i) threshold[i] = double(i + 1) * column, other[i] = unsigned(i);
  while (!poor.empty() && !rich.empty()) {
    const size_t i = poor.back(), from = rich.back();
    poor.pop_back();
    threshold[i] = double(i) * column + weights[i], other[i] = unsigned(from);
    weights[from] -= column - weights[i];
    if (weights[from] >= column) continue;
    rich.pop_back(), poor.push_back(from);
  }
}

std::mutex made_mutex;
auto& made = *new std::map<curandDiscreteDistribution_t, CUdeviceptr>;

}  // namespace

double normal_quantile(double u) {
  if (u > 0.5) return -normal_quantile(1 - u);
  // M. Abramowitz and I. Stegun, 26.2.23, then Halley's steps on the distribution itself.
  const double t = std::sqrt(-2 * std::log(u));
  double x =
      (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
  for (int step = 0; step < 2; ++step) {
    const double error = 0.5 * std::erfc(-x / std::numbers::sqrt2) - u;
    const double newton = error * std::sqrt(2 * std::numbers::pi) * std::exp(x * x / 2);
    x -= newton / (1 + x * newton / 2);
  }
  return x;
}

unsigned poisson_quantile(double u, double lambda) {
  if (lambda >= kNormalFrom) return nearest(lambda + std::sqrt(lambda) * normal_quantile(u));
  const auto [first, last] = range_of(lambda);
  double sum = 0;
  for (unsigned k = first; k < last; ++k)
    if ((sum += probability(k, lambda)) >= u) return k;
  return last;
}

curandDiscreteDistribution_t make_poisson(double lambda) {
  const bool tabled = lambda < kNormalFrom;
  const auto [first, last] = tabled ? range_of(lambda) : std::pair(0u, 0u);
  const size_t length = last - first + 1;
  struct Block {
    curandDiscreteDistribution_st distribution;
    Shifted shifted;
    Histogram histogram;
  };
  // A uniform number may be 1, which is one column too far.
  const size_t bytes = sizeof(Block) + (length + 1) * (sizeof(double) + sizeof(unsigned));
  CUdeviceptr memory;
  if (cuMemAlloc(&memory, bytes) != CUDA_SUCCESS) return nullptr;
  // Device memory is the host's.
  auto* block = reinterpret_cast<Block*>(memory);
  auto* threshold = reinterpret_cast<double*>(block + 1);
  auto* other = reinterpret_cast<unsigned*>(threshold + length + 1);
  std::vector<double> weights(length, 1);
  double sum = 0;
  for (size_t i = 0; tabled && i < length; ++i) sum += weights[i] = probability(first + unsigned(i), lambda);
  for (double& w : weights) w /= tabled ? sum : 1;
  square(weights, threshold, other);
  threshold[length] = threshold[length - 1], other[length] = other[length - 1];
  block->histogram = {threshold, threshold, other, other, 0};
  block->shifted = {&block->histogram, &block->histogram, first, unsigned(length), 0};
  block->distribution = {&block->distribution,
                         &block->shifted,
                         &block->shifted,
                         std::sqrt(lambda),
                         lambda,
                         tabled ? CURAND_M2 : CURAND_DISCRETE_GAUSS,
                         0};
  const std::lock_guard lock(made_mutex);
  made.emplace(&block->distribution, memory);
  return &block->distribution;
}

bool destroy(curandDiscreteDistribution_t distribution) {
  const std::lock_guard lock(made_mutex);
  const auto at = made.find(distribution);
  if (at == made.end()) return false;
  cuMemFree(at->second);
  made.erase(at);
  return true;
}

}  // namespace ppu::curand
