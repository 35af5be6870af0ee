// What the formats of 4, 6 and 8 bits have in common: rounding to few bits, and for those of 4 and 6 bits,
// which have neither infinities nor NaN (OCP Microscaling Formats, 1.0), their types. PPU_TINY_FLOAT(...)
// defines a scalar, its pair and its four with the conversions that CUDA's math API has. The same results on
// host and device.
#pragma once
#include <cuda_bf16.h>
#include <cuda_fp16.h>

namespace ppu_sdk {

/// The code of a >= 0 with `mantissa` bits and least exponent `least`, whatever the largest value is: rounded
/// once, to nearest even or down (`up`: away from zero).
PPU_SMALL unsigned tiny_magnitude(double a, int mantissa, int least, bool nearest, bool up) {
  int exponent = (int)(__builtin_bit_cast(unsigned long long, a) >> 52 & 0x7ff) - 1023;
  if (exponent < least) exponent = least;
  const double unit = __builtin_bit_cast(double, (unsigned long long)(1023 + exponent - mantissa) << 52);
  const double scaled = a / unit;
  // Adding and taking off 1.5 * 2^52 rounds to an integer, ties to even.
  const double big = 6755399441055744.0;
  unsigned units = nearest ? (unsigned)((scaled + big) - big) : (unsigned)scaled;
  if (!nearest && up && (double)units < scaled) ++units;
  return (units >> mantissa ? (unsigned)(exponent - least) << mantissa : 0) + units;
}
/// The value of a code without its sign.
PPU_SMALL float tiny_value(unsigned code, int mantissa, int bias) {
  const unsigned exponent = code >> mantissa, fraction = code & ((1u << mantissa) - 1);
  const int power = (exponent ? (int)exponent : 1) - bias - mantissa;
  const float unit = __builtin_bit_cast(float, (unsigned)(127 + power) << 23);
  return (float)((exponent ? 1u << mantissa : 0u) + fraction) * unit;
}

/// A format without infinities: too large becomes the largest value, NaN the largest positive one.
template <int kExponentBits, int kMantissa>
struct Tiny {
  static constexpr int kBias = (1 << (kExponentBits - 1)) - 1, kSign = 1 << (kExponentBits + kMantissa);
  static __host__ __device__ __forceinline__ unsigned char from(double x, enum cudaRoundMode mode) {
    if (x != x) return kSign - 1;
    const bool negative = __builtin_signbit(x);
    const bool up = mode == (negative ? cudaRoundMinInf : cudaRoundPosInf);
    const double most = tiny_value(kSign - 1, kMantissa, kBias), a = __builtin_fabs(x);
    const unsigned code =
        a >= most ? kSign - 1 : tiny_magnitude(a, kMantissa, 1 - kBias, mode == cudaRoundNearest, up);
    return (unsigned char)(code | (negative ? kSign : 0));
  }
  static __host__ __device__ __forceinline__ float value(unsigned bits) {
    const float magnitude = tiny_value(bits & (kSign - 1), kMantissa, kBias);
    return bits & kSign ? -magnitude : magnitude;
  }
};

}  // namespace ppu_sdk

// fp: fp6 or fp4; Kind: the enumeration of formats, of which FORMAT(kind, call) picks one; `bits` apart in
// pairs.
#define PPU_TINY_CONVERSIONS(fp, Kind, FORMAT, bits)                                                         \
  PPU_SMALL __nv_##fp##_storage_t __nv_cvt_double_to_##fp(const double x, const Kind kind,                   \
                                                          const enum cudaRoundMode mode) {                   \
    return FORMAT(kind, from(x, mode));                                                                      \
  }                                                                                                          \
  PPU_SMALL __nv_##fp##_storage_t __nv_cvt_float_to_##fp(const float x, const Kind kind,                     \
                                                         const enum cudaRoundMode mode) {                    \
    return __nv_cvt_double_to_##fp(x, kind, mode);                                                           \
  }                                                                                                          \
  PPU_SMALL __nv_##fp##_storage_t __nv_cvt_halfraw_to_##fp(const __half_raw x, const Kind kind,              \
                                                           const enum cudaRoundMode mode) {                  \
    return __nv_cvt_double_to_##fp(__half2float(__half(x)), kind, mode);                                     \
  }                                                                                                          \
  PPU_SMALL __nv_##fp##_storage_t __nv_cvt_bfloat16raw_to_##fp(const __nv_bfloat16_raw x, const Kind kind,   \
                                                               const enum cudaRoundMode mode) {              \
    return __nv_cvt_double_to_##fp(ppu_sdk::bf16_to_float(__nv_bfloat16(x)), kind, mode);                    \
  }                                                                                                          \
  PPU_SMALL __nv_##fp##x2_storage_t __nv_cvt_double2_to_##fp##x2(const double2 x, const Kind kind,           \
                                                                 const enum cudaRoundMode mode) {            \
    return (__nv_##fp##x2_storage_t)(__nv_cvt_double_to_##fp(x.x, kind, mode) |                              \
                                     __nv_cvt_double_to_##fp(x.y, kind, mode) << bits);                      \
  }                                                                                                          \
  PPU_SMALL __nv_##fp##x2_storage_t __nv_cvt_float2_to_##fp##x2(const float2 x, const Kind kind,             \
                                                                const enum cudaRoundMode mode) {             \
    return __nv_cvt_double2_to_##fp##x2(make_double2(x.x, x.y), kind, mode);                                 \
  }                                                                                                          \
  PPU_SMALL __nv_##fp##x2_storage_t __nv_cvt_halfraw2_to_##fp##x2(const __half2_raw x, const Kind kind,      \
                                                                  const enum cudaRoundMode mode) {           \
    return (__nv_##fp##x2_storage_t)(__nv_cvt_halfraw_to_##fp(__half_raw{x.x}, kind, mode) |                 \
                                     __nv_cvt_halfraw_to_##fp(__half_raw{x.y}, kind, mode) << bits);         \
  }                                                                                                          \
  PPU_SMALL __nv_##fp##x2_storage_t __nv_cvt_bfloat16raw2_to_##fp##x2(                                       \
      const __nv_bfloat162_raw x, const Kind kind, const enum cudaRoundMode mode) {                          \
    return (__nv_##fp##x2_storage_t)(__nv_cvt_bfloat16raw_to_##fp(__nv_bfloat16_raw{x.x}, kind, mode) |      \
                                     __nv_cvt_bfloat16raw_to_##fp(__nv_bfloat16_raw{x.y}, kind, mode)        \
                                         << bits);                                                           \
  }                                                                                                          \
  PPU_SMALL __half_raw __nv_cvt_##fp##_to_halfraw(const __nv_##fp##_storage_t x, const Kind kind) {          \
    return __float2half(FORMAT(kind, value(x)));                                                             \
  }                                                                                                          \
  PPU_SMALL __half2_raw __nv_cvt_##fp##x2_to_halfraw2(const __nv_##fp##x2_storage_t x, const Kind kind) {    \
    const __half_raw low = __nv_cvt_##fp##_to_halfraw((__nv_##fp##_storage_t)(x & ((1 << bits) - 1)), kind); \
    const __half_raw high = __nv_cvt_##fp##_to_halfraw((__nv_##fp##_storage_t)(x >> bits), kind);            \
    return __half2_raw{low.x, high.x};                                                                       \
  }

/// Integers are cut towards zero, other numbers rounded to nearest even (CUDA math API, "FP6 Intrinsics").
#define PPU_TINY_FLOAT(fp, T, T2, T4, format, kind, bits)                                                   \
  struct T {                                                                                                \
    __nv_##fp##_storage_t __x;                                                                              \
    T() = default;                                                                                          \
    template <class From, class = decltype((double)From())>                                                 \
    explicit __host__ __device__ T(const From x)                                                            \
        : __x(ppu_sdk::format::from((double)x, (From)0.5 == (From)0 ? cudaRoundZero : cudaRoundNearest)) {} \
    explicit __host__ __device__ T(const __half x) : T(__half2float(x)) {}                                  \
    explicit __host__ __device__ T(const __nv_bfloat16 x) : T(ppu_sdk::bf16_to_float(x)) {}                 \
    template <class To, class = decltype((To)1.0f, To() + 1)>                                               \
    explicit __host__ __device__ operator To() const {                                                      \
      return (To)ppu_sdk::format::value(__x);                                                               \
    }                                                                                                       \
    explicit __host__ __device__ operator __half() const {                                                  \
      return __half(__nv_cvt_##fp##_to_halfraw(__x, kind));                                                 \
    }                                                                                                       \
    explicit __host__ __device__ operator __nv_bfloat16() const {                                           \
      return ppu_sdk::bf16_from_float(ppu_sdk::format::value(__x));                                         \
    }                                                                                                       \
  };                                                                                                        \
  struct T2 {                                                                                               \
    __nv_##fp##x2_storage_t __x;                                                                            \
    T2() = default;                                                                                         \
    explicit __host__ __device__ T2(const double2 x)                                                        \
        : __x(__nv_cvt_double2_to_##fp##x2(x, kind, cudaRoundNearest)) {}                                   \
    explicit __host__ __device__ T2(const float2 x) : T2(make_double2(x.x, x.y)) {}                         \
    explicit __host__ __device__ T2(const __half2 x) : T2(__half22float2(x)) {}                             \
    explicit __host__ __device__ T2(const __nv_bfloat162 x)                                                 \
        : T2(make_float2(ppu_sdk::bf16_to_float(x.x), ppu_sdk::bf16_to_float(x.y))) {}                      \
    explicit __host__ __device__ operator float2() const {                                                  \
      return make_float2(ppu_sdk::format::value(__x & ((1 << bits) - 1)),                                   \
                         ppu_sdk::format::value(__x >> bits));                                              \
    }                                                                                                       \
    explicit __host__ __device__ operator __half2() const {                                                 \
      const float2 f = (float2) * this;                                                                     \
      return __floats2half2_rn(f.x, f.y);                                                                   \
    }                                                                                                       \
  };                                                                                                        \
  struct T4 {                                                                                               \
    __nv_##fp##x4_storage_t __x;                                                                            \
    T4() = default;                                                                                         \
    explicit __host__ __device__ T4(const double4 x)                                                        \
        : __x((__nv_##fp##x4_storage_t)(T2(make_double2(x.x, x.y)).__x |                                    \
                                        (unsigned)T2(make_double2(x.z, x.w)).__x << 2 * bits)) {}           \
    explicit __host__ __device__ T4(const float4 x) : T4(make_double4(x.x, x.y, x.z, x.w)) {}               \
    explicit __host__ __device__ operator float4() const {                                                  \
      constexpr unsigned kMask = (1u << bits) - 1;                                                          \
      return make_float4(ppu_sdk::format::value(__x & kMask), ppu_sdk::format::value(__x >> bits & kMask),  \
                         ppu_sdk::format::value(__x >> 2 * bits & kMask),                                   \
                         ppu_sdk::format::value(__x >> 3 * bits & kMask));                                  \
    }                                                                                                       \
  };
