// Single-precision functions that kernels call most: exp, log, trigonometry, tanh, erf. All arithmetic is f32
// apart from the trigonometric argument reduction. Polynomials are near-minimax fits
// (tools/fit_polynomials.py prints them); the bounds are those of the CUDA C++ guide's table
// "Single-Precision Mathematical Standard Library Functions".
#pragma once
#include "prim.h"

namespace ppu_math {

/// p * 2^n for n in [-300, 300]: two steps, so results in the subnormal range come out right.
PPU_MATH float scale(float p, i32 n) {
  const i32 half = n >> 1;
  return p * pow2f(half) * pow2f(n - half);
}

/// e^(x + low), |low| far below ulp(x). At most 1 ulp.
PPU_MATH float exp_float(float x, float low = 0.0f) {
  constexpr float kP[] = {0x1.000000p-1f, 0x1.5554dep-3f, 0x1.55551ap-5f, 0x1.120b62p-7f, 0x1.6d10fcp-10f};
  // Beyond these the result is infinite or zero; written so that NaN passes through.
  float t = x > 89.0f ? 89.0f : x;
  t = t < -104.0f ? -104.0f : t;
  const float n = rint(t * 0x1.715476p+0f);
  float r = fma(n, -0x1.62e430p-1f, t);
  r = fma(n, 0x1.05c610p-29f, r) + low;
  const float p = fma(r * r, poly(kP, r), r) + 1.0f;
  return scale(p, integer(n));
}
PPU_MATH float exp2_float(float x) {
  constexpr float kP[] = {0x1.62e430p-1f, 0x1.ebfbe0p-3f,  0x1.c6af6cp-5f,
                          0x1.3b2a54p-7f, 0x1.5f0890p-10f, 0x1.44138ap-13f};
  float t = x > 129.0f ? 129.0f : x;
  t = t < -151.0f ? -151.0f : t;
  const float n = rint(t);
  const float r = t - n;
  return scale(fma(r, poly(kP, r), 1.0f), integer(n));
}

/// x = m * 2^e with m in [sqrt(1/2), sqrt(2)); x positive and finite.
PPU_MATH float split_exponent(float x, i32* exponent) {
  i32 e = 0;
  if (x < 0x1p-126f) {
    x *= 0x1p24f;
    e = -24;
  }
  const u32 shifted = bits(x) - 0x3f3504f3u;  // sqrt(1/2)
  e += (i32)shifted >> 23;
  *exponent = e;
  return from_bits((shifted & 0x007fffffu) + 0x3f3504f3u);
}
/// log(1+t) - t for t in [sqrt(1/2)-1, sqrt(2)-1].
PPU_MATH float log1p_tail(float t) {
  constexpr float kP[] = {0x1.555554p-2f,  -0x1.fffffcp-3f, 0x1.999d5ap-3f,  -0x1.555b4ap-3f, 0x1.23d21ap-3f,
                          -0x1.fcf4c6p-4f, 0x1.dea282p-4f,  -0x1.d635bcp-4f, 0x1.1d8ea6p-4f};
  return (t * t) * fma(t, poly(kP, t), -0.5f);
}
/// The results of a logarithm that need no computing.
PPU_MATH float log_special(float x, float result) {
  if (!(x < kInfF)) return x + x;  // inf and NaN
  if (x <= 0.0f) return x == 0.0f ? -kInfF : nan_f();
  return result;
}
PPU_MATH float log_float(float x) {
  i32 e;
  const float t = split_exponent(x, &e) - 1.0f;
  const float n = (float)e;
  const float tail = fma(n, -0x1.05c610p-29f, log1p_tail(t));
  return log_special(x, fma(n, 0x1.62e430p-1f, t + tail));
}
PPU_MATH float log2_float(float x) {
  i32 e;
  const float t = split_exponent(x, &e) - 1.0f;
  const float tail = log1p_tail(t);
  // (t + tail) / ln 2 with 1/ln 2 = 1.4427 in two parts, the larger product last.
  float r = fma(tail, 0x1.715476p+0f, fma(t, 0x1.4ae0c0p-26f, tail * 0x1.4ae0c0p-26f));
  r = fma(t, 0x1.715476p+0f, r);
  return log_special(x, (float)e + r);
}
PPU_MATH float log10_float(float x) {
  i32 e;
  const float t = split_exponent(x, &e) - 1.0f;
  const float tail = log1p_tail(t);
  const float n = (float)e;
  float r = fma(tail, 0x1.bcb7b2p-2f, n * -0x1.ec10c0p-27f);
  r = fma(t, 0x1.bcb7b2p-2f, r);
  return log_special(x, fma(n, 0x1.344136p-2f, r));
}

/// 2/pi's bits from the binary point on, 32 at a time: enough for any float (Payne and Hanek's method).
constexpr u32 kTwoOverPi[] = {0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u,
                              0xdb629599u, 0x3c439041u, 0xfe5163abu};

/// x mod pi/2 for |x| >= 2^27, exactly: quadrant in *quadrant, remainder in [-pi/4, pi/4].
// Out of line: rare, and long.
__attribute__((noinline, unused)) static double reduce_large(float x, i32* quadrant) {
  const u32 b = bits(x);
  const i32 e = (i32)((b >> 23) & 0xff) - 150;  // |x| = m * 2^e
  const u64 m = (b & 0x007fffffu) | 0x00800000u;
  // Words of 2/pi from bit position e-2 on: those before give multiples of 4 quadrants.
  const i32 start = e - 2;
  const i32 word = start >> 5, shift = start & 31;
  u32 w[4];
#pragma unroll
  for (int i = 0; i < 4; ++i) w[i] = word + i < 7 ? kTwoOverPi[word + i < 0 ? 0 : word + i] : 0;
  u32 a[3];
#pragma unroll
  for (int i = 0; i < 3; ++i) a[i] = shift ? (w[i] << shift) | (w[i + 1] >> (32 - shift)) : w[i];
  // m times the 96-bit window, its top 24 bits overflow out of the window: quadrant is the top 2 of what
  // stays.
  const u64 low = m * a[2];
  const u64 mid = m * a[1] + (low >> 32);
  const u64 high = (m * a[0]) + (mid >> 32);
  const u64 fraction = (high << 32) | (mid & 0xffffffffu);  // 64 bits, top two = quadrant
  i32 q = (i32)(fraction >> 62);
  i64 rest = (i64)(fraction << 2);  // signed: the nearest quadrant
  if (rest < 0) q += 1;
  double r = (double)rest * (0x1.921fb54442d18p+0 * 0x1p-64);
  if (x < 0.0f) {
    r = -r;
    q = -q;
  }
  *quadrant = q & 3;
  return r;
}
/// x mod pi/2, rounded to float. NaN for infinities.
PPU_MATH float reduce_trig(float x, i32* quadrant) {
  if (abs(x) < 0x1p27f) {
    const double n = rint((double)x * 0x1.45f306dc9c883p-1);
    *quadrant = integer(n) & 3;
    return (float)fma(n, -0x1.1a62633145c07p-54, fma(n, -0x1.921fb54442d18p+0, (double)x));
  }
  if (!(abs(x) < kInfF)) {
    *quadrant = 0;
    return x - x;
  }
  return (float)reduce_large(x, quadrant);
}
PPU_MATH float sin_kernel(float r) {
  constexpr float kS[] = {-0x1.555552p-3f, 0x1.110c28p-7f, -0x1.9ac9b0p-13f};
  const float z = r * r;
  return fma(r * z, poly(kS, z), r);
}
PPU_MATH float cos_kernel(float r) {
  constexpr float kC[] = {0x1.555554p-5f, -0x1.6c12d2p-10f, 0x1.9bd89cp-16f};
  const float z = r * r;
  return fma(z * z, poly(kC, z), fma(z, -0.5f, 1.0f));
}
PPU_MATH float sin_of_quadrant(float r, i32 quadrant) {
  const float s = sin_kernel(r), c = cos_kernel(r);
  const float v = quadrant & 1 ? c : s;
  return quadrant & 2 ? -v : v;
}
PPU_MATH float sin_float(float x) {
  i32 q;
  const float r = reduce_trig(x, &q);
  return x == 0.0f ? x : sin_of_quadrant(r, q);
}
PPU_MATH float cos_float(float x) {
  i32 q;
  const float r = reduce_trig(x, &q);
  return sin_of_quadrant(r, q + 1);
}
PPU_MATH void sincos_float(float x, float* s, float* c) {
  i32 q;
  const float r = reduce_trig(x, &q);
  *s = x == 0.0f ? x : sin_of_quadrant(r, q);
  *c = sin_of_quadrant(r, q + 1);
}
PPU_MATH float tan_float(float x) {
  i32 q;
  const float r = reduce_trig(x, &q);
  const float s = sin_kernel(r), c = cos_kernel(r);
  return x == 0.0f ? x : (q & 1 ? -c / s : s / c);
}

PPU_MATH float tanh_float(float x) {
  constexpr float kP[] = {-0x1.555554p-2f, 0x1.110feap-3f, -0x1.b9a044p-5f, 0x1.5d220ep-6f, -0x1.b13538p-8f};
  const float a = abs(x);
  const float z = x * x;
  const float small = fma(x * z, poly(kP, z), x);
  const float large = copysign(1.0f - 2.0f / (exp_float(2.0f * a) + 1.0f), x);
  return a < 0.55f ? small : (a != a ? x + x : large);
}

PPU_MATH float erf_float(float x) {
  constexpr float kSmall[] = {0x1.06eba8p-3f, -0x1.81273ep-2f,  0x1.ce2d10p-4f, -0x1.b7faba0p-6f,
                              0x1.541270p-8f, -0x1.a45088p-11f, 0x1.4a5690p-14f};
  constexpr float kLogErfc[] = {-0x1.918d10p-11f, -0x1.203a90p+0f, -0x1.473d86p-1f, -0x1.a70a1ap-4f,
                                0x1.725b4ap-6f,   -0x1.c1e29ap-9f, 0x1.4c5522p-12f, -0x1.bd58b8p-17f};
  const float a = abs(x);
  // Both parts are computed and one is chosen: lanes of a warp would take both ways nearly always.
  const float small = fma(x, poly(kSmall, x * x), x);
  const float t = a > 4.0f ? 4.0f : a;  // 1 - erf(4) is below half an ulp of 1
  const float large = copysign(1.0f - exp_float(poly(kLogErfc, t)), x);
  return a <= 1.0f ? small : (a != a ? x + x : large);
}

PPU_MATH float atan_kernel(float t) {  // t in [0, 1]
  constexpr float kP[] = {-0x1.555554p-2f, 0x1.99983cp-3f,  -0x1.246cd2p-3f, 0x1.c3f168p-4f, -0x1.6295f8p-4f,
                          0x1.0001c6p-4f,  -0x1.25dc12p-5f, 0x1.ba9f66p-7f,  -0x1.38de56p-9f};
  const float z = t * t;
  return fma(t * z, poly(kP, z), t);
}
PPU_MATH float atan_float(float x) {
  const float a = abs(x);
  const float r = atan_kernel(a > 1.0f ? 1.0f / a : a);
  const float v = a > 1.0f ? 0x1.921fb6p+0f - r : r;
  return a != a ? x + x : copysign(v, x);
}

}  // namespace ppu_math
