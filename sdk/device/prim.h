// The few machine-level operations the device library's math is written in. Everything here compiles both for
// the device (NVPTX) and for the host, so the very same functions are tested against the host's libm
// (tests/sdk). Compiled with -ffp-contract=off: a fused multiply-add happens only where fma is written.
#pragma once

namespace ppu_math {

using u32 = unsigned int;
using i32 = int;
using u64 = unsigned long long;
using i64 = long long;

#define PPU_MATH static inline __attribute__((always_inline, unused))

PPU_MATH u32 bits(float x) {
  return __builtin_bit_cast(u32, x);
}
PPU_MATH u64 bits(double x) {
  return __builtin_bit_cast(u64, x);
}
PPU_MATH float from_bits(u32 x) {
  return __builtin_bit_cast(float, x);
}
PPU_MATH double from_bits(u64 x) {
  return __builtin_bit_cast(double, x);
}
PPU_MATH float fma(float a, float b, float c) {
  return __builtin_fmaf(a, b, c);
}
PPU_MATH double fma(double a, double b, double c) {
  return __builtin_fma(a, b, c);
}
PPU_MATH float rint(float x) {
  return __builtin_rintf(x);
}
PPU_MATH double rint(double x) {
  return __builtin_rint(x);
}
/// The integer nearest to x, which is one already or NaN: that is 0, where C++ leaves the conversion
/// undefined.
PPU_MATH i32 integer(float x) {
#ifdef __NVPTX__
  return __nvvm_f2i_rn(x);
#else
  return x == x ? (i32)x : 0;
#endif
}
PPU_MATH i32 integer(double x) {
#ifdef __NVPTX__
  return __nvvm_d2i_rn(x);
#else
  return x == x ? (i32)x : 0;
#endif
}
PPU_MATH float trunc(float x) {
  return __builtin_truncf(x);
}
PPU_MATH double trunc(double x) {
  return __builtin_trunc(x);
}
PPU_MATH float floor(float x) {
  return __builtin_floorf(x);
}
PPU_MATH double floor(double x) {
  return __builtin_floor(x);
}
PPU_MATH float abs(float x) {
  return from_bits(bits(x) & 0x7fffffffu);
}
PPU_MATH double abs(double x) {
  return from_bits(bits(x) & 0x7fffffffffffffffull);
}
PPU_MATH float copysign(float x, float s) {
  return from_bits((bits(x) & 0x7fffffffu) | (bits(s) & 0x80000000u));
}
PPU_MATH double copysign(double x, double s) {
  return from_bits((bits(x) & 0x7fffffffffffffffull) | (bits(s) & 0x8000000000000000ull));
}
PPU_MATH float sqrt(float x) {
  return __builtin_sqrtf(x);
}
PPU_MATH double sqrt(double x) {
  return __builtin_sqrt(x);
}
PPU_MATH u64 mul_high(u64 a, u64 b) {
  return (u64)(((unsigned __int128)a * b) >> 64);
}

/// 2^n as a number; n within the normal exponent range.
PPU_MATH float pow2f(i32 n) {
  return from_bits((u32)(n + 127) << 23);
}
PPU_MATH double pow2(i32 n) {
  return from_bits((u64)(u32)(n + 1023) << 52);
}

constexpr float kInfF = __builtin_huge_valf();
constexpr double kInf = __builtin_huge_val();
PPU_MATH float nan_f() {
  return from_bits(0x7fffffffu);
}
PPU_MATH double nan_d() {
  return from_bits(0xfff8000000000000ull);
}

/// Horner's scheme, lowest coefficient first.
template <class T, int n>
PPU_MATH T poly(const T (&c)[n], T x) {
  T r = c[n - 1];
#pragma unroll
  for (int i = n - 2; i >= 0; --i) r = fma(r, x, c[i]);
  return r;
}

}  // namespace ppu_math
