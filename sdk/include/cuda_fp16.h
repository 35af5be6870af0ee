// half and half2 (CUDA math API, "Half Precision Intrinsics"): conversions, arithmetic, comparisons, math,
// shuffles, atomics; on the host too, with the same results.
#pragma once
#include <cuda_runtime.h>

#include "ppu/small_float.h"

struct __half_raw {
  unsigned short x;
};
struct __half2_raw {
  unsigned short x, y;
};

struct __half;
namespace ppu_sdk {
PPU_SMALL __half half_bits(unsigned short bits);
PPU_SMALL __half half_from_float(float x);
PPU_SMALL float half_to_float(const __half a);
}  // namespace ppu_sdk

struct __attribute__((aligned(2))) __half {
  unsigned short __x;

  __half() = default;
  __host__ __device__ __half(const __half_raw& raw) : __x(raw.x) {}
  __host__ __device__ __half(float x) { *this = ppu_sdk::half_from_float(x); }
  __host__ __device__ __half(double x);
  __host__ __device__ __half(int x);
  __host__ __device__ __half(unsigned x);
  __host__ __device__ __half(short x) { *this = ppu_sdk::half_from_float(x); }
  __host__ __device__ __half(unsigned short x) { *this = ppu_sdk::half_from_float(x); }
  __host__ __device__ __half(long x) : __half((double)x) {}
  __host__ __device__ __half(unsigned long x) : __half((double)x) {}
  __host__ __device__ __half(long long x) : __half((double)x) {}
  __host__ __device__ __half(unsigned long long x) : __half((double)x) {}
  __host__ __device__ operator float() const { return ppu_sdk::half_to_float(*this); }
  __host__ __device__ operator __half_raw() const { return {__x}; }
  __host__ __device__ explicit operator bool() const { return (__x & 0x7fff) != 0; }
  __host__ __device__ explicit operator int() const { return (int)ppu_sdk::half_to_float(*this); }
};
struct __attribute__((aligned(4))) __half2 {
  __half x, y;

  __half2() = default;
  __host__ __device__ __half2(const __half& low, const __half& high) : x(low), y(high) {}
};
typedef __half half;
typedef __half2 half2;
typedef __half __nv_half;
typedef __half2 __nv_half2;

namespace ppu_sdk {
PPU_SMALL __half half_bits(unsigned short bits) {
  return __half(__half_raw{bits});
}
PPU_SMALL __half half_native(_Float16 x) {
  return half_bits(__builtin_bit_cast(unsigned short, x));
}
PPU_SMALL _Float16 native(const __half a) {
  return __builtin_bit_cast(_Float16, a.__x);
}
// NaN is 0x7fff in CUDA, whatever the processor makes of it.
PPU_SMALL __half half_canonical(_Float16 x) {
  return x != x ? half_bits(0x7fff) : half_native(x);
}
PPU_SMALL __half half_from_float(float x) {
  return half_canonical((_Float16)x);
}
PPU_SMALL float half_to_float(const __half a) {
  return (float)native(a);
}
PPU_SMALL __half half_fma(const __half a, const __half b, const __half c) {
#ifdef __CUDA_ARCH__
  unsigned short d;
  asm("fma.rn.f16 %0, %1, %2, %3;" : "=h"(d) : "h"(a.__x), "h"(b.__x), "h"(c.__x));
  return half_bits(d);
#else
  // The product is exact in f64 and so is the sum unless the terms are 2^29 apart, where it can't be a tie of
  // halves.
  return half_canonical((_Float16)((double)half_to_float(a) * half_to_float(b) + half_to_float(c)));
#endif
}
/// One step towards `toward` when the nearest half of x lies on the other side of x.
PPU_SMALL __half half_directed(double x, double toward) {
  __half near = half_canonical((_Float16)x);
  const double value = half_to_float(near);
  if (x != x || value == x) return near;
  if (toward > x ? value > x : value < x) return near;
  // Away from zero the bits count up, towards zero they count down.
  const bool up = toward > x, negative = near.__x >> 15;
  if ((near.__x & 0x7fff) == 0) return half_bits(up ? 0x0001 : 0x8001);
  return half_bits((unsigned short)(up != negative ? near.__x + 1 : near.__x - 1));
}
}  // namespace ppu_sdk

__host__ __device__ inline __half::__half(double x) {
  *this = ppu_sdk::half_canonical((_Float16)x);
}
__host__ __device__ inline __half::__half(int x) {
  *this = ppu_sdk::half_canonical((_Float16)(double)x);
}
__host__ __device__ inline __half::__half(unsigned x) {
  *this = ppu_sdk::half_canonical((_Float16)(double)x);
}

PPU_SMALL_ARITHMETIC(__half, half)
PPU_SMALL_COMPARISONS(__half, half)
PPU_SMALL_PAIRS(__half, __half2, half)
#ifndef __CUDA_NO_HALF_OPERATORS__
PPU_SMALL_OPERATORS(__half, __half2)
#endif

// Bits.
PPU_SMALL unsigned short __half_as_ushort(const __half a) {
  return a.__x;
}
PPU_SMALL short __half_as_short(const __half a) {
  return (short)a.__x;
}
PPU_SMALL __half __ushort_as_half(unsigned short bits) {
  return ppu_sdk::half_bits(bits);
}
PPU_SMALL __half __short_as_half(short bits) {
  return ppu_sdk::half_bits((unsigned short)bits);
}

// From and to float and double.
PPU_SMALL __half __float2half(float x) {
  return ppu_sdk::half_from_float(x);
}
PPU_SMALL __half __float2half_rn(float x) {
  return ppu_sdk::half_from_float(x);
}
PPU_SMALL __half __float2half_rz(float x) {
  return ppu_sdk::half_directed(x, x > 0 ? -1e300 : 1e300);
}
PPU_SMALL __half __float2half_rd(float x) {
  return ppu_sdk::half_directed(x, -1e300);
}
PPU_SMALL __half __float2half_ru(float x) {
  return ppu_sdk::half_directed(x, 1e300);
}
PPU_SMALL __half __double2half(double x) {
  return __half(x);
}
PPU_SMALL float __half2float(const __half a) {
  return ppu_sdk::half_to_float(a);
}
PPU_SMALL __half2 __float2half2_rn(float x) {
  return __half2(__float2half(x), __float2half(x));
}
PPU_SMALL __half2 __floats2half2_rn(float x, float y) {
  return __half2(__float2half(x), __float2half(y));
}
PPU_SMALL __half2 __float22half2_rn(const float2 a) {
  return __floats2half2_rn(a.x, a.y);
}
PPU_SMALL float2 __half22float2(const __half2 a) {
  return float2{__half2float(a.x), __half2float(a.y)};
}
PPU_SMALL float __low2float(const __half2 a) {
  return __half2float(a.x);
}
PPU_SMALL float __high2float(const __half2 a) {
  return __half2float(a.y);
}

// Pairs.
PPU_SMALL __half2 __halves2half2(const __half low, const __half high) {
  return __half2(low, high);
}
PPU_SMALL __half2 make_half2(const __half low, const __half high) {
  return __half2(low, high);
}
PPU_SMALL __half2 __half2half2(const __half a) {
  return __half2(a, a);
}
PPU_SMALL __half __low2half(const __half2 a) {
  return a.x;
}
PPU_SMALL __half __high2half(const __half2 a) {
  return a.y;
}
PPU_SMALL __half2 __low2half2(const __half2 a) {
  return __half2(a.x, a.x);
}
PPU_SMALL __half2 __high2half2(const __half2 a) {
  return __half2(a.y, a.y);
}
PPU_SMALL __half2 __lowhigh2highlow(const __half2 a) {
  return __half2(a.y, a.x);
}
PPU_SMALL __half2 __lows2half2(const __half2 a, const __half2 b) {
  return __half2(a.x, b.x);
}
PPU_SMALL __half2 __highs2half2(const __half2 a, const __half2 b) {
  return __half2(a.y, b.y);
}

#define PPU_HALF_FROM_INTEGER(name, type)                             \
  PPU_SMALL __half __##name##2half_rn(type x) {                       \
    return __half((double)x);                                         \
  }                                                                   \
  PPU_SMALL __half __##name##2half_rz(type x) {                       \
    return ppu_sdk::half_directed((double)x, x > 0 ? -1e300 : 1e300); \
  }                                                                   \
  PPU_SMALL __half __##name##2half_rd(type x) {                       \
    return ppu_sdk::half_directed((double)x, -1e300);                 \
  }                                                                   \
  PPU_SMALL __half __##name##2half_ru(type x) {                       \
    return ppu_sdk::half_directed((double)x, 1e300);                  \
  }
PPU_HALF_FROM_INTEGER(int, int)
PPU_HALF_FROM_INTEGER(uint, unsigned)
PPU_HALF_FROM_INTEGER(ll, long long)
PPU_HALF_FROM_INTEGER(ull, unsigned long long)
PPU_HALF_FROM_INTEGER(short, short)
PPU_HALF_FROM_INTEGER(ushort, unsigned short)
#undef PPU_HALF_FROM_INTEGER

#ifdef __CUDA__
PPU_SMALL_INTEGERS(__half, half, half)

PPU_SMALL_MATH(__half, __half2, half)
PPU_SMALL_WARP(__half)
PPU_SMALL_WARP(__half2)

PPU_SMALL_DEVICE __half2 atomicAdd(__half2* p, const __half2 v) {
  unsigned old, bits;
  __builtin_memcpy(&bits, &v, 4);
  asm volatile("atom.add.noftz.f16x2 %0, [%1], %2;" : "=r"(old) : "l"(p), "r"(bits) : "memory");
  __half2 result;
  __builtin_memcpy(&result, &old, 4);
  return result;
}
PPU_SMALL_DEVICE __half atomicAdd(__half* p, const __half v) {
  unsigned short old;
  asm volatile("atom.add.noftz.f16 %0, [%1], %2;" : "=h"(old) : "l"(p), "h"(v.__x) : "memory");
  return ppu_sdk::half_bits(old);
}
#endif
