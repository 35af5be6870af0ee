// The overloads of math functions that CUDA adds to C++'s: min and max for every integer and float pairing,
// and the float forms of the functions that only CUDA has. Host versions too, as nvcc gives them.
#pragma once

#define PPU_DEVICE static __device__ __forceinline__
#define PPU_HOST static inline __attribute__((host))

// int and unsigned are clang's; `int`/`unsigned` mixes go to unsigned as the CUDA headers do it.
#define PPU_MIN_MAX(qualifier, result, a_type, b_type)    \
  qualifier result min(a_type a, b_type b) {              \
    return (result)a < (result)b ? (result)a : (result)b; \
  }                                                       \
  qualifier result max(a_type a, b_type b) {              \
    return (result)a > (result)b ? (result)a : (result)b; \
  }
#define PPU_MIN_MAX_INTEGERS(qualifier)                                              \
  PPU_MIN_MAX(qualifier, unsigned, unsigned, unsigned)                               \
  PPU_MIN_MAX(qualifier, unsigned, int, unsigned)                                    \
  PPU_MIN_MAX(qualifier, unsigned, unsigned, int)                                    \
  PPU_MIN_MAX(qualifier, long, long, long)                                           \
  PPU_MIN_MAX(qualifier, unsigned long, unsigned long, unsigned long)                \
  PPU_MIN_MAX(qualifier, unsigned long, long, unsigned long)                         \
  PPU_MIN_MAX(qualifier, unsigned long, unsigned long, long)                         \
  PPU_MIN_MAX(qualifier, long long, long long, long long)                            \
  PPU_MIN_MAX(qualifier, unsigned long long, unsigned long long, unsigned long long) \
  PPU_MIN_MAX(qualifier, unsigned long long, long long, unsigned long long)          \
  PPU_MIN_MAX(qualifier, unsigned long long, unsigned long long, long long)
PPU_MIN_MAX_INTEGERS(PPU_DEVICE)
PPU_MIN_MAX_INTEGERS(PPU_HOST)
PPU_MIN_MAX(PPU_HOST, int, int, int)

#define PPU_MIN_MAX_FLOATS(qualifier)        \
  qualifier float min(float a, float b) {    \
    return fminf(a, b);                      \
  }                                          \
  qualifier float max(float a, float b) {    \
    return fmaxf(a, b);                      \
  }                                          \
  qualifier double min(double a, double b) { \
    return fmin(a, b);                       \
  }                                          \
  qualifier double max(double a, double b) { \
    return fmax(a, b);                       \
  }                                          \
  qualifier double min(float a, double b) {  \
    return fmin((double)a, b);               \
  }                                          \
  qualifier double max(float a, double b) {  \
    return fmax((double)a, b);               \
  }                                          \
  qualifier double min(double a, float b) {  \
    return fmin(a, (double)b);               \
  }                                          \
  qualifier double max(double a, float b) {  \
    return fmax(a, (double)b);               \
  }
PPU_MIN_MAX_FLOATS(PPU_DEVICE)
PPU_MIN_MAX_FLOATS(PPU_HOST)
#undef PPU_MIN_MAX_FLOATS
#undef PPU_MIN_MAX_INTEGERS
#undef PPU_MIN_MAX

PPU_DEVICE float rsqrt(float a) {
  return rsqrtf(a);
}
PPU_DEVICE float rcbrt(float a) {
  return rcbrtf(a);
}
PPU_DEVICE float sinpi(float a) {
  return sinpif(a);
}
PPU_DEVICE float cospi(float a) {
  return cospif(a);
}
PPU_DEVICE void sincos(float a, float* s, float* c) {
  sincosf(a, s, c);
}
PPU_DEVICE void sincospi(float a, float* s, float* c) {
  sincospif(a, s, c);
}
PPU_DEVICE float erfcinv(float a) {
  return erfcinvf(a);
}
PPU_DEVICE float erfinv(float a) {
  return erfinvf(a);
}
PPU_DEVICE float erfcx(float a) {
  return erfcxf(a);
}
PPU_DEVICE float normcdf(float a) {
  return normcdff(a);
}
PPU_DEVICE float normcdfinv(float a) {
  return normcdfinvf(a);
}
PPU_DEVICE float exp10(float a) {
  return exp10f(a);
}
PPU_DEVICE float copysign(float a, double b) {
  return copysignf(a, (float)b);
}

PPU_HOST float rsqrtf(float a) {
  return (float)(1.0 / ::sqrt((double)a));
}
PPU_HOST double rsqrt(double a) {
  return 1.0 / ::sqrt(a);
}
PPU_HOST float rsqrt(float a) {
  return rsqrtf(a);
}
PPU_HOST float rcbrtf(float a) {
  return (float)(1.0 / ::cbrt((double)a));
}
PPU_HOST double rcbrt(double a) {
  return 1.0 / ::cbrt(a);
}
PPU_HOST float fdividef(float a, float b) {
  return a / b;
}
PPU_HOST double fdivide(double a, double b) {
  return a / b;
}
PPU_HOST double normcdf(double a) {
  return 0.5 * ::erfc(-a * 0.70710678118654752440);
}
PPU_HOST float normcdff(float a) {
  return (float)normcdf((double)a);
}
PPU_HOST long long llmin(long long a, long long b) {
  return a < b ? a : b;
}
PPU_HOST long long llmax(long long a, long long b) {
  return a > b ? a : b;
}
PPU_HOST unsigned umin(unsigned a, unsigned b) {
  return a < b ? a : b;
}
PPU_HOST unsigned umax(unsigned a, unsigned b) {
  return a > b ? a : b;
}

#undef PPU_HOST
#undef PPU_DEVICE
