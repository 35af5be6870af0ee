// Complex numbers of CUDA: cuFloatComplex and cuDoubleComplex are float2 and double2, with functions for
// arithmetic.
#pragma once
#include <cuda_runtime.h>
#include <math.h>

typedef float2 cuFloatComplex;
typedef double2 cuDoubleComplex;
typedef cuFloatComplex cuComplex;

#define PPU_COMPLEX static __host__ __device__ __forceinline__

// Abs scales by the larger part, div by the sum of the divisor's parts: no overflow in between.
#define PPU_COMPLEX_FUNCTIONS(suffix, type, real, absolute, root)                                \
  PPU_COMPLEX real cuCreal##suffix(type x) {                                                     \
    return x.x;                                                                                  \
  }                                                                                              \
  PPU_COMPLEX real cuCimag##suffix(type x) {                                                     \
    return x.y;                                                                                  \
  }                                                                                              \
  PPU_COMPLEX type cuConj##suffix(type x) {                                                      \
    return type{x.x, -x.y};                                                                      \
  }                                                                                              \
  PPU_COMPLEX type cuCadd##suffix(type x, type y) {                                              \
    return type{x.x + y.x, x.y + y.y};                                                           \
  }                                                                                              \
  PPU_COMPLEX type cuCsub##suffix(type x, type y) {                                              \
    return type{x.x - y.x, x.y - y.y};                                                           \
  }                                                                                              \
  PPU_COMPLEX type cuCmul##suffix(type x, type y) {                                              \
    return type{x.x * y.x - x.y * y.y, x.x * y.y + x.y * y.x};                                   \
  }                                                                                              \
  PPU_COMPLEX type cuCdiv##suffix(type x, type y) {                                              \
    const real scale = (real)1 / (absolute(y.x) + absolute(y.y));                                \
    const real a = x.x * scale, b = x.y * scale, c = y.x * scale, d = y.y * scale;               \
    const real norm = (real)1 / (c * c + d * d);                                                 \
    return type{(a * c + b * d) * norm, (b * c - a * d) * norm};                                 \
  }                                                                                              \
  PPU_COMPLEX real cuCabs##suffix(type x) {                                                      \
    const real a = absolute(x.x), b = absolute(x.y), big = a > b ? a : b, small = a > b ? b : a; \
    const real ratio = small / big;                                                              \
    return big == (real)0 || big - big != (real)0 ? a + b : big * root((real)1 + ratio * ratio); \
  }                                                                                              \
  PPU_COMPLEX type cuCfma##suffix(type x, type y, type z) {                                      \
    return cuCadd##suffix(cuCmul##suffix(x, y), z);                                              \
  }
PPU_COMPLEX_FUNCTIONS(f, cuFloatComplex, float, fabsf, sqrtf)
PPU_COMPLEX_FUNCTIONS(, cuDoubleComplex, double, fabs, sqrt)
#undef PPU_COMPLEX_FUNCTIONS

PPU_COMPLEX cuFloatComplex make_cuFloatComplex(float x, float y) {
  return cuFloatComplex{x, y};
}
PPU_COMPLEX cuDoubleComplex make_cuDoubleComplex(double x, double y) {
  return cuDoubleComplex{x, y};
}
PPU_COMPLEX cuComplex make_cuComplex(float x, float y) {
  return cuComplex{x, y};
}
PPU_COMPLEX cuDoubleComplex cuComplexFloatToDouble(cuFloatComplex x) {
  return cuDoubleComplex{x.x, x.y};
}
PPU_COMPLEX cuFloatComplex cuComplexDoubleToFloat(cuDoubleComplex x) {
  return cuFloatComplex{(float)x.x, (float)x.y};
}
#undef PPU_COMPLEX
