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

// The float forms that clang declares before <cmath> and leaves to the CUDA headers to define.
PPU_DEVICE float acosh(float a) {
  return acoshf(a);
}
PPU_DEVICE float asinh(float a) {
  return asinhf(a);
}
PPU_DEVICE float atanh(float a) {
  return atanhf(a);
}
PPU_DEVICE float cbrt(float a) {
  return cbrtf(a);
}
PPU_DEVICE float erf(float a) {
  return erff(a);
}
PPU_DEVICE float erfc(float a) {
  return erfcf(a);
}
PPU_DEVICE float exp2(float a) {
  return exp2f(a);
}
PPU_DEVICE float expm1(float a) {
  return expm1f(a);
}
PPU_DEVICE float lgamma(float a) {
  return lgammaf(a);
}
PPU_DEVICE float log1p(float a) {
  return log1pf(a);
}
PPU_DEVICE float log2(float a) {
  return log2f(a);
}
PPU_DEVICE float logb(float a) {
  return logbf(a);
}
PPU_DEVICE float nearbyint(float a) {
  return nearbyintf(a);
}
PPU_DEVICE float rint(float a) {
  return rintf(a);
}
PPU_DEVICE float round(float a) {
  return roundf(a);
}
PPU_DEVICE float tgamma(float a) {
  return tgammaf(a);
}
PPU_DEVICE float trunc(float a) {
  return truncf(a);
}
PPU_DEVICE float copysign(float a, float b) {
  return copysignf(a, b);
}
PPU_DEVICE float fdim(float a, float b) {
  return fdimf(a, b);
}
PPU_DEVICE float fmax(float a, float b) {
  return fmaxf(a, b);
}
PPU_DEVICE float fmin(float a, float b) {
  return fminf(a, b);
}
PPU_DEVICE float hypot(float a, float b) {
  return hypotf(a, b);
}
PPU_DEVICE float nextafter(float a, float b) {
  return nextafterf(a, b);
}
PPU_DEVICE float remainder(float a, float b) {
  return remainderf(a, b);
}
PPU_DEVICE float fma(float a, float b, float c) {
  return fmaf(a, b, c);
}
PPU_DEVICE int ilogb(float a) {
  return ilogbf(a);
}
PPU_DEVICE long long llrint(float a) {
  return llrintf(a);
}
PPU_DEVICE long long llround(float a) {
  return llroundf(a);
}
PPU_DEVICE long lrint(float a) {
  return lrintf(a);
}
PPU_DEVICE long lround(float a) {
  return lroundf(a);
}
PPU_DEVICE float scalbln(float a, long n) {
  return scalblnf(a, n);
}
PPU_DEVICE float scalbn(float a, int n) {
  return scalbnf(a, n);
}
PPU_DEVICE double nan(const char*) {
  return __longlong_as_double(0x7ff8000000000000ll);
}
PPU_DEVICE float nanf(const char*) {
  return __int_as_float(0x7fffffff);
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
