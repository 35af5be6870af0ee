// 8-bit floating point, e4m3 and e5m2 (CUDA math API, "FP8 Intrinsics"): conversions, and the types with
// their pairs and fours. Values are stored in it; arithmetic is done in a wider type. The same results on
// host and device.
#pragma once
#include <ppu/tiny_float.h>

typedef unsigned char __nv_fp8_storage_t;
typedef unsigned short __nv_fp8x2_storage_t;
typedef unsigned int __nv_fp8x4_storage_t;
typedef enum __nv_saturation_t { __NV_NOSAT, __NV_SATFINITE } __nv_saturation_t;
typedef enum __nv_fp8_interpretation_t { __NV_E4M3, __NV_E5M2 } __nv_fp8_interpretation_t;

namespace ppu_sdk {

/// Round to nearest even, once. Too large: the largest finite value, or (without saturation) infinity, for
/// which e4m3 has only NaN.
PPU_SMALL unsigned char fp8_from_double(double x, __nv_saturation_t saturate,
                                        __nv_fp8_interpretation_t kind) {
  const unsigned long long bits = __builtin_bit_cast(unsigned long long, x);
  const unsigned char sign = (unsigned char)(bits >> 56 & 0x80);
  const int mantissa = kind == __NV_E4M3 ? 3 : 2, least = kind == __NV_E4M3 ? -6 : -14;
  const double most = kind == __NV_E4M3 ? 448.0 : 57344.0;
  const unsigned char finite = kind == __NV_E4M3 ? 0x7e : 0x7b, beyond = kind == __NV_E4M3 ? 0x7f : 0x7c;
  if (x != x) return sign | 0x7f;
  const double a = __builtin_fabs(x);
  // The middle between the largest value and the one that would follow still rounds down in e4m3 (to even).
  const double limit = kind == __NV_E4M3 ? 464.0 : 61440.0;
  if (a > limit || (a == limit && kind == __NV_E5M2))
    return sign | (saturate == __NV_SATFINITE ? finite : beyond);
  if (a > most) return sign | finite;
  return sign | (unsigned char)tiny_magnitude(a, mantissa, least, true, false);
}

PPU_SMALL float fp8_to_float(unsigned char bits, __nv_fp8_interpretation_t kind) {
  const int mantissa = kind == __NV_E4M3 ? 3 : 2, bias = kind == __NV_E4M3 ? 7 : 15;
  const unsigned magnitude = bits & 0x7fu;
  const float sign = bits & 0x80 ? -1.0f : 1.0f;
  if (kind == __NV_E4M3 ? magnitude == 0x7f : magnitude > 0x7c) return __builtin_nanf("");
  if (kind == __NV_E5M2 && magnitude == 0x7c) return sign * __builtin_inff();
  return sign * tiny_value(magnitude, mantissa, bias);
}

}  // namespace ppu_sdk

PPU_SMALL __nv_fp8_storage_t __nv_cvt_double_to_fp8(const double x, const __nv_saturation_t saturate,
                                                    const __nv_fp8_interpretation_t kind) {
  return ppu_sdk::fp8_from_double(x, saturate, kind);
}
PPU_SMALL __nv_fp8_storage_t __nv_cvt_float_to_fp8(const float x, const __nv_saturation_t saturate,
                                                   const __nv_fp8_interpretation_t kind) {
  return ppu_sdk::fp8_from_double(x, saturate, kind);
}
PPU_SMALL __nv_fp8_storage_t __nv_cvt_halfraw_to_fp8(const __half_raw x, const __nv_saturation_t saturate,
                                                     const __nv_fp8_interpretation_t kind) {
  return ppu_sdk::fp8_from_double(__half2float(__half(x)), saturate, kind);
}
PPU_SMALL __nv_fp8_storage_t __nv_cvt_bfloat16raw_to_fp8(const __nv_bfloat16_raw x,
                                                         const __nv_saturation_t saturate,
                                                         const __nv_fp8_interpretation_t kind) {
  return ppu_sdk::fp8_from_double(ppu_sdk::bf16_to_float(__nv_bfloat16(x)), saturate, kind);
}
PPU_SMALL __nv_fp8x2_storage_t __nv_cvt_double2_to_fp8x2(const double2 x, const __nv_saturation_t saturate,
                                                         const __nv_fp8_interpretation_t kind) {
  return (__nv_fp8x2_storage_t)(ppu_sdk::fp8_from_double(x.x, saturate, kind) |
                                ppu_sdk::fp8_from_double(x.y, saturate, kind) << 8);
}
PPU_SMALL __nv_fp8x2_storage_t __nv_cvt_float2_to_fp8x2(const float2 x, const __nv_saturation_t saturate,
                                                        const __nv_fp8_interpretation_t kind) {
  return (__nv_fp8x2_storage_t)(ppu_sdk::fp8_from_double(x.x, saturate, kind) |
                                ppu_sdk::fp8_from_double(x.y, saturate, kind) << 8);
}
PPU_SMALL __nv_fp8x2_storage_t __nv_cvt_halfraw2_to_fp8x2(const __half2_raw x,
                                                          const __nv_saturation_t saturate,
                                                          const __nv_fp8_interpretation_t kind) {
  return (__nv_fp8x2_storage_t)(__nv_cvt_halfraw_to_fp8(__half_raw{x.x}, saturate, kind) |
                                __nv_cvt_halfraw_to_fp8(__half_raw{x.y}, saturate, kind) << 8);
}
PPU_SMALL __nv_fp8x2_storage_t __nv_cvt_bfloat16raw2_to_fp8x2(const __nv_bfloat162_raw x,
                                                              const __nv_saturation_t saturate,
                                                              const __nv_fp8_interpretation_t kind) {
  return (__nv_fp8x2_storage_t)(__nv_cvt_bfloat16raw_to_fp8(__nv_bfloat16_raw{x.x}, saturate, kind) |
                                __nv_cvt_bfloat16raw_to_fp8(__nv_bfloat16_raw{x.y}, saturate, kind) << 8);
}
/// Every fp8 value is a half.
PPU_SMALL __half_raw __nv_cvt_fp8_to_halfraw(const __nv_fp8_storage_t x,
                                             const __nv_fp8_interpretation_t kind) {
  return __float2half(ppu_sdk::fp8_to_float(x, kind));
}
PPU_SMALL __half2_raw __nv_cvt_fp8x2_to_halfraw2(const __nv_fp8x2_storage_t x,
                                                 const __nv_fp8_interpretation_t kind) {
  const __half_raw low = __nv_cvt_fp8_to_halfraw((__nv_fp8_storage_t)x, kind);
  const __half_raw high = __nv_cvt_fp8_to_halfraw((__nv_fp8_storage_t)(x >> 8), kind);
  return __half2_raw{low.x, high.x};
}

// The scalar type: from any number (saturating), to any number.
#define PPU_FP8_FROM(T, kind, From)            \
  explicit __host__ __device__ T(const From x) \
      : __x(ppu_sdk::fp8_from_double((double)x, __NV_SATFINITE, kind)) {}
#define PPU_FP8_TO(kind, To)                         \
  explicit __host__ __device__ operator To() const { \
    return (To)ppu_sdk::fp8_to_float(__x, kind);     \
  }
#define PPU_FP8(T, T2, T4, kind)                                                                        \
  struct T {                                                                                            \
    __nv_fp8_storage_t __x;                                                                             \
    T() = default;                                                                                      \
    PPU_FP8_FROM(T, kind, float)                                                                        \
    PPU_FP8_FROM(T, kind, double)                                                                       \
    PPU_FP8_FROM(T, kind, int)                                                                          \
    PPU_FP8_FROM(T, kind, unsigned)                                                                     \
    PPU_FP8_FROM(T, kind, short)                                                                        \
    PPU_FP8_FROM(T, kind, unsigned short)                                                               \
    PPU_FP8_FROM(T, kind, long)                                                                         \
    PPU_FP8_FROM(T, kind, unsigned long)                                                                \
    PPU_FP8_FROM(T, kind, long long)                                                                    \
    PPU_FP8_FROM(T, kind, unsigned long long)                                                           \
    explicit __host__ __device__ T(const __half x) : T(__half2float(x)) {}                              \
    explicit __host__ __device__ T(const __nv_bfloat16 x) : T(ppu_sdk::bf16_to_float(x)) {}             \
    PPU_FP8_TO(kind, float)                                                                             \
    PPU_FP8_TO(kind, double)                                                                            \
    PPU_FP8_TO(kind, int)                                                                               \
    PPU_FP8_TO(kind, unsigned)                                                                          \
    PPU_FP8_TO(kind, short)                                                                             \
    PPU_FP8_TO(kind, unsigned short)                                                                    \
    PPU_FP8_TO(kind, long)                                                                              \
    PPU_FP8_TO(kind, long long)                                                                         \
    explicit __host__ __device__ operator bool() const {                                                \
      return (__x & 0x7f) != 0;                                                                         \
    }                                                                                                   \
    explicit __host__ __device__ operator __half() const {                                              \
      return __nv_cvt_fp8_to_halfraw(__x, kind);                                                        \
    }                                                                                                   \
    explicit __host__ __device__ operator __nv_bfloat16() const {                                       \
      return ppu_sdk::bf16_from_float(ppu_sdk::fp8_to_float(__x, kind));                                \
    }                                                                                                   \
  };                                                                                                    \
  struct __attribute__((aligned(2))) T2 {                                                               \
    __nv_fp8x2_storage_t __x;                                                                           \
    T2() = default;                                                                                     \
    explicit __host__ __device__ T2(const float2 x)                                                     \
        : __x(__nv_cvt_float2_to_fp8x2(x, __NV_SATFINITE, kind)) {}                                     \
    explicit __host__ __device__ T2(const double2 x)                                                    \
        : __x(__nv_cvt_double2_to_fp8x2(x, __NV_SATFINITE, kind)) {}                                    \
    explicit __host__ __device__ T2(const __half2 x) : T2(__half22float2(x)) {}                         \
    explicit __host__ __device__ T2(const __nv_bfloat162 x)                                             \
        : T2(make_float2(ppu_sdk::bf16_to_float(x.x), ppu_sdk::bf16_to_float(x.y))) {}                  \
    explicit __host__ __device__ operator float2() const {                                              \
      return make_float2(ppu_sdk::fp8_to_float((__nv_fp8_storage_t)__x, kind),                          \
                         ppu_sdk::fp8_to_float((__nv_fp8_storage_t)(__x >> 8), kind));                  \
    }                                                                                                   \
    explicit __host__ __device__ operator __half2() const {                                             \
      const __half2_raw r = __nv_cvt_fp8x2_to_halfraw2(__x, kind);                                      \
      return __half2(__half(__half_raw{r.x}), __half(__half_raw{r.y}));                                 \
    }                                                                                                   \
  };                                                                                                    \
  struct __attribute__((aligned(4))) T4 {                                                               \
    __nv_fp8x4_storage_t __x;                                                                           \
    T4() = default;                                                                                     \
    explicit __host__ __device__ T4(const float4 x)                                                     \
        : __x((unsigned)__nv_cvt_float2_to_fp8x2(make_float2(x.x, x.y), __NV_SATFINITE, kind) |         \
              (unsigned)__nv_cvt_float2_to_fp8x2(make_float2(x.z, x.w), __NV_SATFINITE, kind) << 16) {} \
    explicit __host__ __device__ operator float4() const {                                              \
      return make_float4(ppu_sdk::fp8_to_float((__nv_fp8_storage_t)__x, kind),                          \
                         ppu_sdk::fp8_to_float((__nv_fp8_storage_t)(__x >> 8), kind),                   \
                         ppu_sdk::fp8_to_float((__nv_fp8_storage_t)(__x >> 16), kind),                  \
                         ppu_sdk::fp8_to_float((__nv_fp8_storage_t)(__x >> 24), kind));                 \
    }                                                                                                   \
  };
PPU_FP8(__nv_fp8_e4m3, __nv_fp8x2_e4m3, __nv_fp8x4_e4m3, __NV_E4M3)
PPU_FP8(__nv_fp8_e5m2, __nv_fp8x2_e5m2, __nv_fp8x4_e5m2, __NV_E5M2)
#undef PPU_FP8
#undef PPU_FP8_FROM
#undef PPU_FP8_TO
