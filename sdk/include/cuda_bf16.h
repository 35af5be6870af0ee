// __nv_bfloat16 and __nv_bfloat162 (CUDA math API, "Bfloat16 Precision Intrinsics"): conversions, arithmetic,
// comparisons, math, shuffles, atomics; on the host too, with the same results.
#pragma once
#include <cuda_runtime.h>

#include "ppu/small_float.h"

struct __nv_bfloat16_raw {
  unsigned short x;
};
struct __nv_bfloat162_raw {
  unsigned short x, y;
};

struct __nv_bfloat16;
namespace ppu_sdk {
PPU_SMALL __nv_bfloat16 bf16_bits(unsigned short bits);
PPU_SMALL __nv_bfloat16 bf16_from_float(float x);
PPU_SMALL float bf16_to_float(const __nv_bfloat16 a);
/// From a double with one rounding: to f32 with the lost bits kept in the last place ("round to odd"), then
/// to bf16.
PPU_SMALL __nv_bfloat16 bf16_from_double(double x);
}  // namespace ppu_sdk

struct __attribute__((aligned(2))) __nv_bfloat16 {
  unsigned short __x;

  __nv_bfloat16() = default;
  __host__ __device__ __nv_bfloat16(const __nv_bfloat16_raw& raw) : __x(raw.x) {}
  __host__ __device__ __nv_bfloat16(float x) { *this = ppu_sdk::bf16_from_float(x); }
  __host__ __device__ __nv_bfloat16(double x) { *this = ppu_sdk::bf16_from_double(x); }
  __host__ __device__ __nv_bfloat16(int x) { *this = ppu_sdk::bf16_from_double(x); }
  __host__ __device__ __nv_bfloat16(unsigned x) { *this = ppu_sdk::bf16_from_double(x); }
  __host__ __device__ __nv_bfloat16(short x) { *this = ppu_sdk::bf16_from_float(x); }
  __host__ __device__ __nv_bfloat16(unsigned short x) { *this = ppu_sdk::bf16_from_float(x); }
  __host__ __device__ __nv_bfloat16(long x) { *this = ppu_sdk::bf16_from_double((double)x); }
  __host__ __device__ __nv_bfloat16(unsigned long x) { *this = ppu_sdk::bf16_from_double((double)x); }
  __host__ __device__ __nv_bfloat16(long long x) { *this = ppu_sdk::bf16_from_double((double)x); }
  __host__ __device__ __nv_bfloat16(unsigned long long x) { *this = ppu_sdk::bf16_from_double((double)x); }
  __host__ __device__ operator float() const { return ppu_sdk::bf16_to_float(*this); }
  __host__ __device__ operator __nv_bfloat16_raw() const { return {__x}; }
  __host__ __device__ explicit operator bool() const { return (__x & 0x7fff) != 0; }
  __host__ __device__ explicit operator int() const { return (int)ppu_sdk::bf16_to_float(*this); }
};
struct __attribute__((aligned(4))) __nv_bfloat162 {
  __nv_bfloat16 x, y;

  __nv_bfloat162() = default;
  __host__ __device__ __nv_bfloat162(const __nv_bfloat16& low, const __nv_bfloat16& high) : x(low), y(high) {}
};
typedef __nv_bfloat16 nv_bfloat16;
typedef __nv_bfloat162 nv_bfloat162;

namespace ppu_sdk {
PPU_SMALL __nv_bfloat16 bf16_bits(unsigned short bits) {
  return __nv_bfloat16(__nv_bfloat16_raw{bits});
}
PPU_SMALL float bf16_to_float(const __nv_bfloat16 a) {
  return __builtin_bit_cast(float, (unsigned)a.__x << 16);
}
PPU_SMALL __nv_bfloat16 bf16_from_float(float x) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  unsigned short bits;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(x));
  return bf16_bits(bits);
#else
  const unsigned bits = __builtin_bit_cast(unsigned, x);
  if (x != x) return bf16_bits(0x7fff);
  return bf16_bits((unsigned short)((bits + 0x7fffu + (bits >> 16 & 1)) >> 16));
#endif
}
PPU_SMALL float round_to_odd(double x) {
  const float near = (float)x;
  const double back = near;
  unsigned bits = __builtin_bit_cast(unsigned, near);
  if (x != x || back == x || (bits & 0x7fffffffu) == 0x7f800000u) return near;
  if (__builtin_fabs(back) > __builtin_fabs(x)) bits -= 1;  // truncate, then mark that something was lost
  return __builtin_bit_cast(float, bits | 1u);
}
PPU_SMALL __nv_bfloat16 bf16_from_double(double x) {
  return bf16_from_float(round_to_odd(x));
}
PPU_SMALL __nv_bfloat16 bf16_fma(const __nv_bfloat16 a, const __nv_bfloat16 b, const __nv_bfloat16 c) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  unsigned short d;
  asm("fma.rn.bf16 %0, %1, %2, %3;" : "=h"(d) : "h"(a.__x), "h"(b.__x), "h"(c.__x));
  return bf16_bits(d);
#else
  // Exact product; the sum in f64 loses bits only where they are far below bf16's last place and can't make a
  // tie.
  return bf16_from_double((double)bf16_to_float(a) * bf16_to_float(b) + bf16_to_float(c));
#endif
}
}  // namespace ppu_sdk

PPU_SMALL_ARITHMETIC(__nv_bfloat16, bf16)
PPU_SMALL_COMPARISONS(__nv_bfloat16, bf16)
PPU_SMALL_PAIRS(__nv_bfloat16, __nv_bfloat162, bf16)
#ifndef __CUDA_NO_BFLOAT16_OPERATORS__
PPU_SMALL_OPERATORS(__nv_bfloat16, __nv_bfloat162)
#endif

// Bits.
PPU_SMALL unsigned short __bfloat16_as_ushort(const __nv_bfloat16 a) {
  return a.__x;
}
PPU_SMALL short __bfloat16_as_short(const __nv_bfloat16 a) {
  return (short)a.__x;
}
PPU_SMALL __nv_bfloat16 __ushort_as_bfloat16(unsigned short bits) {
  return ppu_sdk::bf16_bits(bits);
}
PPU_SMALL __nv_bfloat16 __short_as_bfloat16(short bits) {
  return ppu_sdk::bf16_bits((unsigned short)bits);
}

// From and to float and double.
PPU_SMALL __nv_bfloat16 __float2bfloat16(float x) {
  return ppu_sdk::bf16_from_float(x);
}
PPU_SMALL __nv_bfloat16 __float2bfloat16_rn(float x) {
  return ppu_sdk::bf16_from_float(x);
}
PPU_SMALL __nv_bfloat16 __float2bfloat16_rz(float x) {
  return x != x ? ppu_sdk::bf16_bits(0x7fff)
                : ppu_sdk::bf16_bits((unsigned short)(__builtin_bit_cast(unsigned, x) >> 16));
}
PPU_SMALL __nv_bfloat16 __float2bfloat16_rd(float x) {
  const __nv_bfloat16 t = __float2bfloat16_rz(x);
  return ppu_sdk::bf16_to_float(t) > x ? ppu_sdk::bf16_bits((unsigned short)(t.__x ? t.__x + 1 : 0x8001)) : t;
}
PPU_SMALL __nv_bfloat16 __float2bfloat16_ru(float x) {
  const __nv_bfloat16 t = __float2bfloat16_rz(x);
  return ppu_sdk::bf16_to_float(t) < x
             ? ppu_sdk::bf16_bits((unsigned short)(t.__x == 0x8000 ? 0x0001 : t.__x + 1))
             : t;
}
PPU_SMALL __nv_bfloat16 __double2bfloat16(double x) {
  return ppu_sdk::bf16_from_double(x);
}
PPU_SMALL float __bfloat162float(const __nv_bfloat16 a) {
  return ppu_sdk::bf16_to_float(a);
}
PPU_SMALL __nv_bfloat162 __float2bfloat162_rn(float x) {
  return __nv_bfloat162(__float2bfloat16(x), __float2bfloat16(x));
}
PPU_SMALL __nv_bfloat162 __floats2bfloat162_rn(float x, float y) {
  return __nv_bfloat162(__float2bfloat16(x), __float2bfloat16(y));
}
PPU_SMALL __nv_bfloat162 __float22bfloat162_rn(const float2 a) {
  return __floats2bfloat162_rn(a.x, a.y);
}
PPU_SMALL float2 __bfloat1622float2(const __nv_bfloat162 a) {
  return float2{__bfloat162float(a.x), __bfloat162float(a.y)};
}
PPU_SMALL float __low2float(const __nv_bfloat162 a) {
  return __bfloat162float(a.x);
}
PPU_SMALL float __high2float(const __nv_bfloat162 a) {
  return __bfloat162float(a.y);
}

// Pairs.
PPU_SMALL __nv_bfloat162 __halves2bfloat162(const __nv_bfloat16 low, const __nv_bfloat16 high) {
  return __nv_bfloat162(low, high);
}
PPU_SMALL __nv_bfloat162 make_bfloat162(const __nv_bfloat16 low, const __nv_bfloat16 high) {
  return __nv_bfloat162(low, high);
}
PPU_SMALL __nv_bfloat162 __bfloat162bfloat162(const __nv_bfloat16 a) {
  return __nv_bfloat162(a, a);
}
PPU_SMALL __nv_bfloat16 __low2bfloat16(const __nv_bfloat162 a) {
  return a.x;
}
PPU_SMALL __nv_bfloat16 __high2bfloat16(const __nv_bfloat162 a) {
  return a.y;
}
PPU_SMALL __nv_bfloat162 __low2bfloat162(const __nv_bfloat162 a) {
  return __nv_bfloat162(a.x, a.x);
}
PPU_SMALL __nv_bfloat162 __high2bfloat162(const __nv_bfloat162 a) {
  return __nv_bfloat162(a.y, a.y);
}
PPU_SMALL __nv_bfloat162 __lowhigh2highlow(const __nv_bfloat162 a) {
  return __nv_bfloat162(a.y, a.x);
}

PPU_SMALL __nv_bfloat162 __lows2bfloat162(const __nv_bfloat162 a, const __nv_bfloat162 b) {
  return __nv_bfloat162(a.x, b.x);
}
PPU_SMALL __nv_bfloat162 __highs2bfloat162(const __nv_bfloat162 a, const __nv_bfloat162 b) {
  return __nv_bfloat162(a.y, b.y);
}

namespace ppu_sdk {
/// An integer rounded to odd: bits that a float can't hold leave a mark in its last one, so that rounding the
/// float once more is rounding the integer (S. Boldo and G. Melquiond, "When double rounding is odd", 2005).
template <class T>
PPU_SMALL float odd_float(T x) {
  const bool negative = x < 0;
  unsigned long long magnitude = negative ? 0ull - (unsigned long long)x : (unsigned long long)x;
  int shift = 0;
  while (magnitude >> shift >= 1ull << 24) ++shift;
  const bool lost = (magnitude & ((1ull << shift) - 1)) != 0;
  const float kept = (float)(unsigned)(magnitude >> shift | lost);
  const float scaled = kept * (float)(1ull << shift);
  return negative ? -scaled : scaled;
}
}  // namespace ppu_sdk
#define PPU_BF16_FROM(name, type, way)                        \
  PPU_SMALL __nv_bfloat16 __##name##2bfloat16_##way(type x) { \
    return __float2bfloat16_##way(ppu_sdk::odd_float(x));     \
  }
#define PPU_BF16_FROM_INTEGER(name, type) \
  PPU_BF16_FROM(name, type, rn)           \
  PPU_BF16_FROM(name, type, rz)           \
  PPU_BF16_FROM(name, type, rd)           \
  PPU_BF16_FROM(name, type, ru)
PPU_BF16_FROM_INTEGER(int, int)
PPU_BF16_FROM_INTEGER(uint, unsigned)
PPU_BF16_FROM_INTEGER(ll, long long)
PPU_BF16_FROM_INTEGER(ull, unsigned long long)
PPU_BF16_FROM_INTEGER(short, short)
PPU_BF16_FROM_INTEGER(ushort, unsigned short)
#undef PPU_BF16_FROM_INTEGER
#undef PPU_BF16_FROM

#ifdef __CUDA__
PPU_SMALL_INTEGERS(__nv_bfloat16, bf16, bfloat16)

PPU_SMALL_MATH(__nv_bfloat16, __nv_bfloat162, bf16)
PPU_SMALL_WARP(__nv_bfloat16)
PPU_SMALL_WARP(__nv_bfloat162)

// No instruction before sm_90: compare and swap on the 16 or 32 bits.
PPU_SMALL_DEVICE __nv_bfloat16 atomicAdd(__nv_bfloat16* p, const __nv_bfloat16 v) {
  unsigned short* bits = (unsigned short*)p;
  unsigned short old = *(volatile unsigned short*)bits, seen;
  do {
    seen = old;
    old = atomicCAS(bits, seen, __hadd(ppu_sdk::bf16_bits(seen), v).__x);
  } while (old != seen);
  return ppu_sdk::bf16_bits(old);
}
PPU_SMALL_DEVICE __nv_bfloat162 atomicAdd(__nv_bfloat162* p, const __nv_bfloat162 v) {
  unsigned* bits = (unsigned*)p;
  unsigned old = *(volatile unsigned*)bits, seen;
  do {
    seen = old;
    const __nv_bfloat162 sum = __hadd2(__builtin_bit_cast(__nv_bfloat162, seen), v);
    old = atomicCAS(bits, seen, __builtin_bit_cast(unsigned, sum));
  } while (old != seen);
  return __builtin_bit_cast(__nv_bfloat162, old);
}
#endif
