// What half and bfloat16 have in common: arithmetic, comparisons, pairs, operators. PPU_SMALL_FLOAT(T, T2,
// tag, arith) defines it all for the scalar T and the pair T2; `arith` is the compiler's type whose
// arithmetic is meant (_Float16), and the functions ppu_sdk::tag##_to_float, tag##_from_float (round to
// nearest even) and tag##_fma exist before. Every operation rounds once: f32 has more than twice the bits, so
// add, mul, div and sqrt through it are exact enough (Figueroa's theorem); fma has an instruction of its own.
#pragma once

#define PPU_SMALL static __host__ __device__ __forceinline__

#define PPU_SMALL_BINARY(T, tag, name, expression) \
  PPU_SMALL T name(const T a, const T b) {         \
    const float x = ppu_sdk::tag##_to_float(a);    \
    const float y = ppu_sdk::tag##_to_float(b);    \
    return ppu_sdk::tag##_from_float(expression);  \
  }
#define PPU_SMALL_COMPARE(T, tag, name, expression) \
  PPU_SMALL bool name(const T a, const T b) {       \
    const float x = ppu_sdk::tag##_to_float(a);     \
    const float y = ppu_sdk::tag##_to_float(b);     \
    return expression;                              \
  }
#define PPU_SMALL_UNARY(T, tag, name, expression) \
  PPU_SMALL T name(const T a) {                   \
    const float x = ppu_sdk::tag##_to_float(a);   \
    return ppu_sdk::tag##_from_float(expression); \
  }
#define PPU_PAIR_BINARY(T2, name, scalar)          \
  PPU_SMALL T2 name(const T2 a, const T2 b) {      \
    return T2(scalar(a.x, b.x), scalar(a.y, b.y)); \
  }
#define PPU_PAIR_UNARY(T2, name, scalar) \
  PPU_SMALL T2 name(const T2 a) {        \
    return T2(scalar(a.x), scalar(a.y)); \
  }

#define PPU_SMALL_ARITHMETIC(T, tag)                                                               \
  PPU_SMALL_BINARY(T, tag, __hadd, x + y)                                                          \
  PPU_SMALL_BINARY(T, tag, __hsub, x - y)                                                          \
  PPU_SMALL_BINARY(T, tag, __hmul, x* y)                                                           \
  PPU_SMALL_BINARY(T, tag, __hdiv, x / y)                                                          \
  PPU_SMALL_BINARY(T, tag, __hadd_rn, x + y)                                                       \
  PPU_SMALL_BINARY(T, tag, __hsub_rn, x - y)                                                       \
  PPU_SMALL_BINARY(T, tag, __hmul_rn, x* y)                                                        \
  PPU_SMALL_BINARY(T, tag, __hadd_sat, ppu_sdk::saturate(x + y))                                   \
  PPU_SMALL_BINARY(T, tag, __hsub_sat, ppu_sdk::saturate(x - y))                                   \
  PPU_SMALL_BINARY(T, tag, __hmul_sat, ppu_sdk::saturate(x* y))                                    \
  PPU_SMALL T __hfma(const T a, const T b, const T c) {                                            \
    return ppu_sdk::tag##_fma(a, b, c);                                                            \
  }                                                                                                \
  PPU_SMALL T __hfma_sat(const T a, const T b, const T c) {                                        \
    return ppu_sdk::tag##_from_float(ppu_sdk::saturate(ppu_sdk::tag##_to_float(__hfma(a, b, c)))); \
  }                                                                                                \
  PPU_SMALL T __hfma_relu(const T a, const T b, const T c) {                                       \
    const float r = ppu_sdk::tag##_to_float(__hfma(a, b, c));                                      \
    return ppu_sdk::tag##_from_float(r != r ? r : (r > 0.0f ? r : 0.0f));                          \
  }                                                                                                \
  PPU_SMALL T __hneg(const T a) {                                                                  \
    return ppu_sdk::tag##_bits((unsigned short)(a.__x ^ 0x8000u));                                 \
  }                                                                                                \
  PPU_SMALL T __habs(const T a) {                                                                  \
    return ppu_sdk::tag##_bits((unsigned short)(a.__x & 0x7fffu));                                 \
  }

// Ordered forms are false with a NaN, the u forms true; __hne is ordered too (CUDA math API, "Comparison
// Functions").
#define PPU_SMALL_COMPARISONS(T, tag)                                                                \
  PPU_SMALL_COMPARE(T, tag, __heq, x == y)                                                           \
  PPU_SMALL_COMPARE(T, tag, __hne, x<y || x> y)                                                      \
  PPU_SMALL_COMPARE(T, tag, __hlt, x < y)                                                            \
  PPU_SMALL_COMPARE(T, tag, __hle, x <= y)                                                           \
  PPU_SMALL_COMPARE(T, tag, __hgt, x > y)                                                            \
  PPU_SMALL_COMPARE(T, tag, __hge, x >= y)                                                           \
  PPU_SMALL_COMPARE(T, tag, __hequ, !(x < y || x > y))                                               \
  PPU_SMALL_COMPARE(T, tag, __hneu, x != y)                                                          \
  PPU_SMALL_COMPARE(T, tag, __hltu, !(x >= y))                                                       \
  PPU_SMALL_COMPARE(T, tag, __hleu, !(x > y))                                                        \
  PPU_SMALL_COMPARE(T, tag, __hgtu, !(x <= y))                                                       \
  PPU_SMALL_COMPARE(T, tag, __hgeu, !(x < y))                                                        \
  PPU_SMALL bool __hisnan(const T a) {                                                               \
    const float x = ppu_sdk::tag##_to_float(a);                                                      \
    return x != x;                                                                                   \
  }                                                                                                  \
  PPU_SMALL int __hisinf(const T a) {                                                                \
    const float x = ppu_sdk::tag##_to_float(a);                                                      \
    return x == __builtin_inff() ? 1 : (x == -__builtin_inff() ? -1 : 0);                            \
  }                                                                                                  \
  PPU_SMALL_BINARY(T, tag, __hmax,                                                                   \
                   x != x ? y : (y != y ? x : (x > y || (x == y && !__builtin_signbit(x)) ? x : y))) \
  PPU_SMALL_BINARY(T, tag, __hmin,                                                                   \
                   x != x ? y : (y != y ? x : (x < y || (x == y && __builtin_signbit(x)) ? x : y)))  \
  PPU_SMALL T __hmax_nan(const T a, const T b) {                                                     \
    return __hisnan(a) || __hisnan(b) ? ppu_sdk::tag##_bits(0x7fff) : __hmax(a, b);                  \
  }                                                                                                  \
  PPU_SMALL T __hmin_nan(const T a, const T b) {                                                     \
    return __hisnan(a) || __hisnan(b) ? ppu_sdk::tag##_bits(0x7fff) : __hmin(a, b);                  \
  }

#define PPU_SMALL_PAIRS(T, T2, tag)                                                                \
  PPU_PAIR_BINARY(T2, __hadd2, __hadd)                                                             \
  PPU_PAIR_BINARY(T2, __hsub2, __hsub)                                                             \
  PPU_PAIR_BINARY(T2, __hmul2, __hmul)                                                             \
  PPU_PAIR_BINARY(T2, __h2div, __hdiv)                                                             \
  PPU_PAIR_BINARY(T2, __hadd2_rn, __hadd)                                                          \
  PPU_PAIR_BINARY(T2, __hsub2_rn, __hsub)                                                          \
  PPU_PAIR_BINARY(T2, __hmul2_rn, __hmul)                                                          \
  PPU_PAIR_BINARY(T2, __hadd2_sat, __hadd_sat)                                                     \
  PPU_PAIR_BINARY(T2, __hsub2_sat, __hsub_sat)                                                     \
  PPU_PAIR_BINARY(T2, __hmul2_sat, __hmul_sat)                                                     \
  PPU_PAIR_BINARY(T2, __hmax2, __hmax)                                                             \
  PPU_PAIR_BINARY(T2, __hmin2, __hmin)                                                             \
  PPU_PAIR_BINARY(T2, __hmax2_nan, __hmax_nan)                                                     \
  PPU_PAIR_BINARY(T2, __hmin2_nan, __hmin_nan)                                                     \
  PPU_PAIR_UNARY(T2, __hneg2, __hneg)                                                              \
  PPU_PAIR_UNARY(T2, __habs2, __habs)                                                              \
  PPU_SMALL T2 __hfma2(const T2 a, const T2 b, const T2 c) {                                       \
    return T2(__hfma(a.x, b.x, c.x), __hfma(a.y, b.y, c.y));                                       \
  }                                                                                                \
  PPU_SMALL T2 __hfma2_sat(const T2 a, const T2 b, const T2 c) {                                   \
    return T2(__hfma_sat(a.x, b.x, c.x), __hfma_sat(a.y, b.y, c.y));                               \
  }                                                                                                \
  PPU_SMALL T2 __hfma2_relu(const T2 a, const T2 b, const T2 c) {                                  \
    return T2(__hfma_relu(a.x, b.x, c.x), __hfma_relu(a.y, b.y, c.y));                             \
  }                                                                                                \
  PPU_SMALL_PAIR_COMPARE(T2, tag, eq)                                                              \
  PPU_SMALL_PAIR_COMPARE(T2, tag, ne)                                                              \
  PPU_SMALL_PAIR_COMPARE(T2, tag, lt)                                                              \
  PPU_SMALL_PAIR_COMPARE(T2, tag, le)                                                              \
  PPU_SMALL_PAIR_COMPARE(T2, tag, gt)                                                              \
  PPU_SMALL_PAIR_COMPARE(T2, tag, ge)                                                              \
  PPU_SMALL T2 __hisnan2(const T2 a) {                                                             \
    return T2(ppu_sdk::tag##_from_float(__hisnan(a.x)), ppu_sdk::tag##_from_float(__hisnan(a.y))); \
  }

// __heq2 gives 1.0 or 0.0 an element, __heq2_mask all ones or zeros, __hbeq2 one bool for both.
#define PPU_SMALL_PAIR_COMPARE(T2, tag, op)                                                                \
  PPU_SMALL T2 __h##op##2(const T2 a, const T2 b) {                                                        \
    return T2(ppu_sdk::tag##_from_float(__h##op(a.x, b.x)), ppu_sdk::tag##_from_float(__h##op(a.y, b.y))); \
  }                                                                                                        \
  PPU_SMALL T2 __h##op##u2(const T2 a, const T2 b) {                                                       \
    return T2(ppu_sdk::tag##_from_float(__h##op##u(a.x, b.x)),                                             \
              ppu_sdk::tag##_from_float(__h##op##u(a.y, b.y)));                                            \
  }                                                                                                        \
  PPU_SMALL unsigned __h##op##2_mask(const T2 a, const T2 b) {                                             \
    return (__h##op(a.x, b.x) ? 0xffffu : 0u) | (__h##op(a.y, b.y) ? 0xffff0000u : 0u);                    \
  }                                                                                                        \
  PPU_SMALL unsigned __h##op##u2_mask(const T2 a, const T2 b) {                                            \
    return (__h##op##u(a.x, b.x) ? 0xffffu : 0u) | (__h##op##u(a.y, b.y) ? 0xffff0000u : 0u);              \
  }                                                                                                        \
  PPU_SMALL bool __hb##op##2(const T2 a, const T2 b) {                                                     \
    return __h##op(a.x, b.x) && __h##op(a.y, b.y);                                                         \
  }                                                                                                        \
  PPU_SMALL bool __hb##op##u2(const T2 a, const T2 b) {                                                    \
    return __h##op##u(a.x, b.x) && __h##op##u(a.y, b.y);                                                   \
  }

#define PPU_SMALL_OPERATORS(T, T2)                      \
  PPU_SMALL T operator+(const T& a, const T& b) {       \
    return __hadd(a, b);                                \
  }                                                     \
  PPU_SMALL T operator-(const T& a, const T& b) {       \
    return __hsub(a, b);                                \
  }                                                     \
  PPU_SMALL T operator*(const T& a, const T& b) {       \
    return __hmul(a, b);                                \
  }                                                     \
  PPU_SMALL T operator/(const T& a, const T& b) {       \
    return __hdiv(a, b);                                \
  }                                                     \
  PPU_SMALL T& operator+=(T& a, const T& b) {           \
    return a = __hadd(a, b);                            \
  }                                                     \
  PPU_SMALL T& operator-=(T& a, const T& b) {           \
    return a = __hsub(a, b);                            \
  }                                                     \
  PPU_SMALL T& operator*=(T& a, const T& b) {           \
    return a = __hmul(a, b);                            \
  }                                                     \
  PPU_SMALL T& operator/=(T& a, const T& b) {           \
    return a = __hdiv(a, b);                            \
  }                                                     \
  PPU_SMALL T operator+(const T& a) {                   \
    return a;                                           \
  }                                                     \
  PPU_SMALL T operator-(const T& a) {                   \
    return __hneg(a);                                   \
  }                                                     \
  PPU_SMALL T& operator++(T& a) {                       \
    return a = __hadd(a, T(1.0f));                      \
  }                                                     \
  PPU_SMALL T& operator--(T& a) {                       \
    return a = __hsub(a, T(1.0f));                      \
  }                                                     \
  PPU_SMALL T operator++(T& a, int) {                   \
    const T old = a;                                    \
    ++a;                                                \
    return old;                                         \
  }                                                     \
  PPU_SMALL T operator--(T& a, int) {                   \
    const T old = a;                                    \
    --a;                                                \
    return old;                                         \
  }                                                     \
  PPU_SMALL bool operator==(const T& a, const T& b) {   \
    return __heq(a, b);                                 \
  }                                                     \
  PPU_SMALL bool operator!=(const T& a, const T& b) {   \
    return __hneu(a, b);                                \
  }                                                     \
  PPU_SMALL bool operator<(const T& a, const T& b) {    \
    return __hlt(a, b);                                 \
  }                                                     \
  PPU_SMALL bool operator<=(const T& a, const T& b) {   \
    return __hle(a, b);                                 \
  }                                                     \
  PPU_SMALL bool operator>(const T& a, const T& b) {    \
    return __hgt(a, b);                                 \
  }                                                     \
  PPU_SMALL bool operator>=(const T& a, const T& b) {   \
    return __hge(a, b);                                 \
  }                                                     \
  PPU_SMALL T2 operator+(const T2& a, const T2& b) {    \
    return __hadd2(a, b);                               \
  }                                                     \
  PPU_SMALL T2 operator-(const T2& a, const T2& b) {    \
    return __hsub2(a, b);                               \
  }                                                     \
  PPU_SMALL T2 operator*(const T2& a, const T2& b) {    \
    return __hmul2(a, b);                               \
  }                                                     \
  PPU_SMALL T2 operator/(const T2& a, const T2& b) {    \
    return __h2div(a, b);                               \
  }                                                     \
  PPU_SMALL T2& operator+=(T2& a, const T2& b) {        \
    return a = __hadd2(a, b);                           \
  }                                                     \
  PPU_SMALL T2& operator-=(T2& a, const T2& b) {        \
    return a = __hsub2(a, b);                           \
  }                                                     \
  PPU_SMALL T2& operator*=(T2& a, const T2& b) {        \
    return a = __hmul2(a, b);                           \
  }                                                     \
  PPU_SMALL T2& operator/=(T2& a, const T2& b) {        \
    return a = __h2div(a, b);                           \
  }                                                     \
  PPU_SMALL T2 operator-(const T2& a) {                 \
    return __hneg2(a);                                  \
  }                                                     \
  PPU_SMALL bool operator==(const T2& a, const T2& b) { \
    return __hbeq2(a, b);                               \
  }                                                     \
  PPU_SMALL bool operator!=(const T2& a, const T2& b) { \
    return !__hbeq2(a, b);                              \
  }

// Device only: math through f32, shuffles, cached loads.
#define PPU_SMALL_DEVICE static __device__ __forceinline__
#define PPU_SMALL_MATH1(T, T2, tag, name, expression) \
  PPU_SMALL_DEVICE T h##name(const T a) {             \
    const float x = ppu_sdk::tag##_to_float(a);       \
    return ppu_sdk::tag##_from_float(expression);     \
  }                                                   \
  PPU_SMALL_DEVICE T2 h2##name(const T2 a) {          \
    return T2(h##name(a.x), h##name(a.y));            \
  }
#define PPU_SMALL_MATH(T, T2, tag)                    \
  PPU_SMALL_MATH1(T, T2, tag, sqrt, sqrtf(x))         \
  PPU_SMALL_MATH1(T, T2, tag, rsqrt, 1.0f / sqrtf(x)) \
  PPU_SMALL_MATH1(T, T2, tag, rcp, 1.0f / x)          \
  PPU_SMALL_MATH1(T, T2, tag, exp, expf(x))           \
  PPU_SMALL_MATH1(T, T2, tag, exp2, exp2f(x))         \
  PPU_SMALL_MATH1(T, T2, tag, exp10, exp10f(x))       \
  PPU_SMALL_MATH1(T, T2, tag, log, logf(x))           \
  PPU_SMALL_MATH1(T, T2, tag, log2, log2f(x))         \
  PPU_SMALL_MATH1(T, T2, tag, log10, log10f(x))       \
  PPU_SMALL_MATH1(T, T2, tag, sin, sinf(x))           \
  PPU_SMALL_MATH1(T, T2, tag, cos, cosf(x))           \
  PPU_SMALL_MATH1(T, T2, tag, tanh, tanhf(x))         \
  PPU_SMALL_MATH1(T, T2, tag, ceil, ceilf(x))         \
  PPU_SMALL_MATH1(T, T2, tag, floor, floorf(x))       \
  PPU_SMALL_MATH1(T, T2, tag, rint, rintf(x))         \
  PPU_SMALL_MATH1(T, T2, tag, trunc, truncf(x))
#define PPU_SMALL_SHUFFLE(T, name, Lane)                                                   \
  PPU_SMALL_DEVICE T name(unsigned mask, const T value, Lane lane, int width = warpSize) { \
    int word = 0;                                                                          \
    __builtin_memcpy(&word, &value, sizeof(T));                                            \
    word = name(mask, word, lane, width);                                                  \
    T result;                                                                              \
    __builtin_memcpy(&result, &word, sizeof(T));                                           \
    return result;                                                                         \
  }
#define PPU_SMALL_WARP(T)                          \
  PPU_SMALL_SHUFFLE(T, __shfl_sync, int)           \
  PPU_SMALL_SHUFFLE(T, __shfl_up_sync, unsigned)   \
  PPU_SMALL_SHUFFLE(T, __shfl_down_sync, unsigned) \
  PPU_SMALL_SHUFFLE(T, __shfl_xor_sync, int)       \
  PPU_SMALL_DEVICE T __ldg(const T* p) {           \
    return *p;                                     \
  }                                                \
  PPU_SMALL_DEVICE T __ldcg(const T* p) {          \
    return *p;                                     \
  }                                                \
  PPU_SMALL_DEVICE T __ldca(const T* p) {          \
    return *p;                                     \
  }                                                \
  PPU_SMALL_DEVICE T __ldcs(const T* p) {          \
    return *p;                                     \
  }

namespace ppu_sdk {
PPU_SMALL float saturate(float x) {
  return x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f;
}
}  // namespace ppu_sdk

#ifdef __CUDA__
// A small float to an integer of every width, in four roundings. Out of range: the nearest end of the range;
// NaN: 0, as float's own conversions have it.
#define PPU_SMALL_TO_INTEGER(T, tag, prefix, name, type, float_name, way)                     \
  PPU_SMALL_DEVICE type __##prefix##2##name##_##way(const T a) {                              \
    return ppu_sdk::narrowed<type>(__float2##float_name##_##way(ppu_sdk::tag##_to_float(a))); \
  }
#define PPU_SMALL_TO_INTEGERS(T, tag, prefix, name, type, float_name) \
  PPU_SMALL_TO_INTEGER(T, tag, prefix, name, type, float_name, rn)    \
  PPU_SMALL_TO_INTEGER(T, tag, prefix, name, type, float_name, rz)    \
  PPU_SMALL_TO_INTEGER(T, tag, prefix, name, type, float_name, rd)    \
  PPU_SMALL_TO_INTEGER(T, tag, prefix, name, type, float_name, ru)
#define PPU_SMALL_INTEGERS(T, tag, prefix)                            \
  PPU_SMALL_TO_INTEGERS(T, tag, prefix, int, int, int)                \
  PPU_SMALL_TO_INTEGERS(T, tag, prefix, uint, unsigned, uint)         \
  PPU_SMALL_TO_INTEGERS(T, tag, prefix, ll, long long, ll)            \
  PPU_SMALL_TO_INTEGERS(T, tag, prefix, ull, unsigned long long, ull) \
  PPU_SMALL_TO_INTEGERS(T, tag, prefix, short, short, int)            \
  PPU_SMALL_TO_INTEGERS(T, tag, prefix, ushort, unsigned short, uint) \
  PPU_SMALL_TO_INTEGER(T, tag, prefix, char, signed char, int, rz)    \
  PPU_SMALL_TO_INTEGER(T, tag, prefix, uchar, unsigned char, uint, rz)

namespace ppu_sdk {
/// The nearest number of up to 32 bits.
template <class Narrow>
PPU_SMALL_DEVICE Narrow clamped(long long x) {
  const int bits = 8 * sizeof(Narrow);
  const bool is_signed = (Narrow)-1 < (Narrow)0;
  const long long least = is_signed ? -(1ll << (bits - 1)) : 0, most = (1ll << (bits - is_signed)) - 1;
  return (Narrow)(x < least ? least : x > most ? most : x);
}
template <class Narrow>
PPU_SMALL_DEVICE Narrow narrowed(int x) {
  return clamped<Narrow>(x);
}
template <class Narrow>
PPU_SMALL_DEVICE Narrow narrowed(unsigned x) {
  return clamped<Narrow>(x);
}
template <class Narrow>
PPU_SMALL_DEVICE Narrow narrowed(long long x) {
  return x;
}
template <class Narrow>
PPU_SMALL_DEVICE Narrow narrowed(unsigned long long x) {
  return x;
}
}  // namespace ppu_sdk
#endif
