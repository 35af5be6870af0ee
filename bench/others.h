// Rivals that aren't OpenMP loops.
#pragma once

namespace bench {

/// Matrix products of cuBLAS beside OpenBLAS and oneDNN called directly; products.cpp.
void measure_products(int repeats);
/// Kernels beside PoCL's; pocl.cpp.
void measure_pocl(int repeats);

}  // namespace bench
