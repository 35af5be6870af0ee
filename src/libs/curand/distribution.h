// Distributions by their inverses, for quasi-random numbers, and the tables that curand_discrete reads in
// kernels.
#pragma once
#include <curand.h>

namespace ppu::curand {

/// The x below which a standard normal number lies with probability u, 0 < u < 1.
double normal_quantile(double u);
/// The least k up to which a Poisson number lies with probability u.
unsigned poisson_quantile(double u, double lambda);

/// The table of a Poisson distribution in device memory; null: no memory left.
curandDiscreteDistribution_t make_poisson(double lambda);
/// False for what make_poisson() didn't make.
bool destroy(curandDiscreteDistribution_t distribution);

}  // namespace ppu::curand
