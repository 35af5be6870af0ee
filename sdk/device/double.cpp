// Device library, part 3: the double-precision functions by their __nv_* names, and the single-precision ones
// that are computed in double and rounded once.
#include "math_double.h"
#include "math_parts.h"
#include "math_special.h"

using namespace ppu_math;

#define NV extern "C"
// name: the function of a double and, with f appended, of a float.
#define BOTH(name, function)           \
  NV double __nv_##name(double x) {    \
    return function(x);                \
  }                                    \
  NV float __nv_##name##f(float x) {   \
    return (float)function((double)x); \
  }
#define DOUBLE(name, function)      \
  NV double __nv_##name(double x) { \
    return function(x);             \
  }

// Those with a single-precision version of their own (float.cpp).
DOUBLE(exp, exp_double)
DOUBLE(exp2, exp2_double)
DOUBLE(log, log_double)
DOUBLE(log2, log2_double)
DOUBLE(log10, log10_double)
DOUBLE(sin, sin_double)
DOUBLE(cos, cos_double)
DOUBLE(tan, tan_double)
DOUBLE(tanh, tanh_double)
DOUBLE(atan, atan_double)
DOUBLE(erf, erf_double)
NV void __nv_sincos(double x, double* s, double* c) {
  sincos_double(x, s, c);
}

BOTH(exp10, exp10_double)
BOTH(expm1, expm1_double)
BOTH(log1p, log1p_double)
BOTH(sinpi, sinpi_double)
BOTH(cospi, cospi_double)
BOTH(asin, asin_double)
BOTH(acos, acos_double)
BOTH(sinh, sinh_double)
BOTH(cosh, cosh_double)
BOTH(asinh, asinh_double)
BOTH(acosh, acosh_double)
BOTH(atanh, atanh_double)
BOTH(cbrt, cbrt_double)
BOTH(erfc, erfc_double)
BOTH(erfcx, erfcx_double)
BOTH(erfinv, erfinv_double)
BOTH(erfcinv, erfcinv_double)
BOTH(normcdf, normcdf_double)
BOTH(normcdfinv, normcdfinv_double)
BOTH(lgamma, lgamma_double)
BOTH(tgamma, tgamma_double)
NV void __nv_sincospi(double x, double* s, double* c) {
  *s = sinpi_double(x);
  *c = cospi_double(x);
}
NV void __nv_sincospif(float x, float* s, float* c) {
  *s = (float)sinpi_double((double)x);
  *c = (float)cospi_double((double)x);
}
NV double __nv_rcbrt(double x) {
  return 1.0 / cbrt_double(x);
}
NV float __nv_rcbrtf(float x) {
  return (float)(1.0 / cbrt_double((double)x));
}
NV double __nv_rsqrt(double x) {
  return 1.0 / sqrt(x);
}

#define BOTH2(name, function)                     \
  NV double __nv_##name(double x, double y) {     \
    return function(x, y);                        \
  }                                               \
  NV float __nv_##name##f(float x, float y) {     \
    return (float)function((double)x, (double)y); \
  }
BOTH2(pow, pow_double)
BOTH2(atan2, atan2_double)
BOTH2(fmod, fmod_double)
NV double __nv_hypot(double x, double y) {
  return hypot_double(x, y);
}
NV double __nv_rhypot(double x, double y) {
  return 1.0 / hypot_double(x, y);
}
NV double __nv_powi(double x, int n) {
  return pow_double(x, (double)n);
}
NV float __nv_powif(float x, int n) {
  return (float)pow_double((double)x, (double)n);
}
NV double __nv_remainder(double x, double y) {
  int quotient;
  return remquo_double(x, y, &quotient);
}
NV float __nv_remainderf(float x, float y) {
  int quotient;
  return (float)remquo_double((double)x, (double)y, &quotient);
}
NV double __nv_remquo(double x, double y, int* quotient) {
  return remquo_double(x, y, quotient);
}
NV float __nv_remquof(float x, float y, int* quotient) {
  return (float)remquo_double((double)x, (double)y, quotient);
}
NV double __nv_fdim(double x, double y) {
  return x != x || y != y ? x + y : (x > y ? x - y : 0.0);
}
NV float __nv_fdimf(float x, float y) {
  return x != x || y != y ? x + y : (x > y ? x - y : 0.0f);
}

NV double __nv_ldexp(double x, int n) {
  return ldexp_double(x, n);
}
NV float __nv_ldexpf(float x, int n) {
  return ldexp_float(x, n);
}
NV double __nv_scalbn(double x, int n) {
  return ldexp_double(x, n);
}
NV float __nv_scalbnf(float x, int n) {
  return ldexp_float(x, n);
}
NV double __nv_frexp(double x, int* e) {
  return frexp_double(x, e);
}
NV float __nv_frexpf(float x, int* e) {
  return (float)frexp_double((double)x, e);
}
NV int __nv_ilogb(double x) {
  return ilogb_double(x);
}
NV int __nv_ilogbf(float x) {
  return ilogb_double((double)x);
}
NV double __nv_logb(double x) {
  return logb_double(x);
}
NV float __nv_logbf(float x) {
  return (float)logb_double((double)x);
}
NV double __nv_modf(double x, double* whole) {
  return modf_double(x, whole);
}
NV float __nv_modff(float x, float* whole) {
  double w;
  const double r = modf_double((double)x, &w);
  *whole = (float)w;
  return (float)r;
}
NV double __nv_nextafter(double x, double y) {
  return nextafter_double(x, y);
}
NV float __nv_nextafterf(float x, float y) {
  return nextafter_float(x, y);
}
NV double __nv_round(double x) {
  return round_double(x);
}
NV float __nv_roundf(float x) {
  return round_float(x);
}
NV i64 __nv_llround(double x) {
  return (i64)round_double(x);
}
NV i64 __nv_llroundf(float x) {
  return (i64)round_float(x);
}
NV double __nv_nan(const signed char*) {
  return nan_d();
}
NV float __nv_nanf(const signed char*) {
  return nan_f();
}

// Lengths of vectors. In single precision, squares can't overflow a double; in double, all are scaled by the
// largest.
NV float __nv_hypotf(float x, float y) {
  const bool infinite = abs(x) == kInfF || abs(y) == kInfF;
  return infinite ? kInfF : (float)sqrt(fma((double)x, (double)x, (double)y * (double)y));
}
NV float __nv_rhypotf(float x, float y) {
  const bool infinite = abs(x) == kInfF || abs(y) == kInfF;
  return infinite ? 0.0f : (float)(1.0 / sqrt(fma((double)x, (double)x, (double)y * (double)y)));
}
static double norm_double(const double* v, int n) {
  double big = 0.0;
  for (int i = 0; i < n; ++i) big = abs(v[i]) > big ? abs(v[i]) : big;
  bool infinite = false, nan = false;
  for (int i = 0; i < n; ++i) {
    infinite |= abs(v[i]) == kInf;
    nan |= v[i] != v[i];
  }
  if (infinite) return kInf;
  if (nan) return nan_d();
  if (big == 0.0) return 0.0;
  int e;
  frexp_double(big, &e);
  double sum = 0.0, lost = 0.0;
  for (int i = 0; i < n; ++i) {
    const double x = ldexp_double(v[i], -e);
    const double square = x * x;
    const Pair s = two_sum(sum, square);
    sum = s.high;
    lost += s.low + fma(x, x, -square);
  }
  return ldexp_double(sqrt(sum + lost), e);
}
static double norm_float(const float* v, int n) {
  double sum = 0.0;
  bool infinite = false;
  for (int i = 0; i < n; ++i) {
    sum = fma((double)v[i], (double)v[i], sum);
    infinite |= abs(v[i]) == kInfF;
  }
  return infinite ? kInf : sqrt(sum);
}
NV double __nv_norm(int n, const double* v) {
  return norm_double(v, n);
}
NV float __nv_normf(int n, const float* v) {
  return (float)norm_float(v, n);
}
NV double __nv_rnorm(int n, const double* v) {
  return 1.0 / norm_double(v, n);
}
NV float __nv_rnormf(int n, const float* v) {
  return (float)(1.0 / norm_float(v, n));
}
#define NORMS(n, params, list, fparams)     \
  NV double __nv_norm##n##d params {        \
    const double v[] = list;                \
    return norm_double(v, n);               \
  }                                         \
  NV double __nv_rnorm##n##d params {       \
    const double v[] = list;                \
    return 1.0 / norm_double(v, n);         \
  }                                         \
  NV float __nv_norm##n##df fparams {       \
    const float v[] = list;                 \
    return (float)norm_float(v, n);         \
  }                                         \
  NV float __nv_rnorm##n##df fparams {      \
    const float v[] = list;                 \
    return (float)(1.0 / norm_float(v, n)); \
  }
#define LIST3 {a, b, c}
#define LIST4 {a, b, c, d}
NORMS(3, (double a, double b, double c), LIST3, (float a, float b, float c))
NORMS(4, (double a, double b, double c, double d), LIST4, (float a, float b, float c, float d))
