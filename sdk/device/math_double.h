// Double-precision exponentials, logarithms, powers and trigonometry. The hard parts (logarithm of pow,
// arguments reduced by pi) are carried in two doubles. Bounds: the CUDA C++ guide's table "Double-Precision
// Mathematical Standard Library Functions"; polynomials are near-minimax fits.
#pragma once
#include "prim.h"

namespace ppu_math {

/// An unevaluated sum high + low, |low| <= ulp(high)/2.
struct Pair {
  double high, low;
};
PPU_MATH Pair fast_sum(double a, double b) {  // |a| >= |b|
  const double s = a + b;
  return {s, b - (s - a)};
}
PPU_MATH Pair two_sum(double a, double b) {
  const double s = a + b, t = s - a;
  return {s, (a - (s - t)) + (b - t)};
}
PPU_MATH Pair product(Pair a, Pair b) {
  const double p = a.high * b.high;
  return fast_sum(p, fma(a.high, b.high, -p) + (a.high * b.low + a.low * b.high));
}
PPU_MATH Pair sum(Pair a, Pair b) {
  const Pair s = two_sum(a.high, b.high);
  return fast_sum(s.high, s.low + (a.low + b.low));
}

/// p * 2^n for |n| <= 2100, in steps that keep subnormal results right.
PPU_MATH double scale(double p, i32 n) {
  const i32 half = n >> 1;
  return p * pow2(half) * pow2(n - half);
}

/// e^r - 1 - r for |r| <= ln 2 / 2, divided by r^2.
PPU_MATH double exp_tail(double r) {
  constexpr double kP[] = {0x1.0000000000000p-1,  0x1.5555555555557p-3,  0x1.5555555555552p-5,
                           0x1.11111111100dfp-7,  0x1.6c16c16c17a25p-10, 0x1.a01a01abe62ddp-13,
                           0x1.a01a019fe9548p-16, 0x1.71de02375656cp-19, 0x1.27e4e9d468faep-22,
                           0x1.af4ddd84882fep-26, 0x1.1f5d26b72748cp-29};
  return poly(kP, r);
}
constexpr double kLn2 = 0x1.62e42fefa39efp-1, kLn2Low = 0x1.abc9e3b39803fp-56;
constexpr double kInvLn2 = 0x1.71547652b82fep+0;

/// e^(x + low).
PPU_MATH double exp_pair(double x, double low) {
  double t = x > 710.0 ? 710.0 : x;
  t = t < -746.0 ? -746.0 : t;
  const double n = rint(t * kInvLn2);
  const double r_high = fma(n, -kLn2, t), rest = fma(n, -kLn2Low, low);
  const double r = r_high + rest, r_low = (r_high - r) + rest;
  return scale((fma(r * r, exp_tail(r), r_low) + r) + 1.0, integer(n));
}
PPU_MATH double exp_double(double x) {
  return exp_pair(x, 0.0);
}
PPU_MATH double exp2_double(double x) {
  double t = x > 1025.0 ? 1025.0 : x;
  t = t < -1076.0 ? -1076.0 : t;
  const double n = rint(t), f = t - n;
  const double r = f * kLn2;
  const double error = fma(f, kLn2, -r) + f * 0x1.abc9e3b39803fp-56;
  return scale(fma(r * r, exp_tail(r), r + error) + 1.0, integer(n));
}
PPU_MATH double exp10_double(double x) {
  double t = x > 310.0 ? 310.0 : x;
  t = t < -325.0 ? -325.0 : t;
  const double n = rint(t * 0x1.a934f0979a371p+1);
  // t - n log10(2), then times ln(10), each in two parts.
  const double f = fma(n, 0x1.9dc1da994fd21p-59, fma(n, -0x1.34413509f79ffp-2, t));
  const double r = f * 0x1.26bb1bbb55516p+1;
  const double error = fma(f, 0x1.26bb1bbb55516p+1, -r) - f * 0x1.f48ad494ea3e9p-53;
  return scale(fma(r * r, exp_tail(r), r + error) + 1.0, integer(n));
}
PPU_MATH double expm1_double(double x) {
  double t = x > 710.0 ? 710.0 : x;
  t = t < -80.0 ? -80.0 : t;
  const double n = rint(t * kInvLn2);
  const double r_high = fma(n, -kLn2, t), r = fma(n, -kLn2Low, r_high);
  const double r_low = fma(n, -kLn2Low, r_high - r);
  const double e = r + (r_low + (r * r) * exp_tail(r));  // e^r - 1
  if (n == 0.0) return x == 0.0 ? x : e;
  if (n > 1023.0) return scale(e + 1.0, integer(n));
  const double power = pow2(integer(n));
  const Pair s = n > 0.0 ? two_sum(power, -1.0) : two_sum(-1.0, power);
  return x != x ? x : fma(power, e, s.low) + s.high;
}

/// x = m * 2^e, m in [sqrt(1/2), sqrt(2)); x positive and finite.
PPU_MATH double split_exponent(double x, i32* exponent) {
  i32 e = 0;
  if (x < 0x1p-1022) {
    x *= 0x1p54;
    e = -54;
  }
  const u64 shifted = bits(x) - 0x3fe6a09e667f3bcdull;  // sqrt(1/2)
  *exponent = e + (i32)((i64)shifted >> 52);
  return from_bits((shifted & 0x000fffffffffffffull) + 0x3fe6a09e667f3bcdull);
}
PPU_MATH double log_special(double x, double result) {
  if (!(x < kInf)) return x + x;
  if (x <= 0.0) return x == 0.0 ? -kInf : nan_d();
  return result;
}
PPU_MATH double log_double(double x) {
  constexpr double kR[] = {0x1.5555555555558p-1, 0x1.9999999995273p-2, 0x1.2492492dfd86cp-2,
                           0x1.c71c62d5e53e0p-3, 0x1.7462b91b8df65p-3, 0x1.39fdcceb4bb45p-3,
                           0x1.2b5f68a50d903p-3};
  i32 e;
  const double f = split_exponent(x, &e) - 1.0;
  const double s = f / (2.0 + f), z = s * s, n = (double)e;
  const double half_square = 0.5 * f * f;
  const double tail = fma(s, half_square + z * poly(kR, z), n * 0x1.a39ef35793c76p-33);
  return log_special(x, fma(n, 0x1.62e42fee00000p-1, f - (half_square - tail)));
}
/// log(m) for m in [sqrt(1/2), sqrt(2)) in two doubles, about 2^-66 relative.
PPU_MATH Pair log_mantissa(double m) {
  constexpr double kQ[] = {0x1.999999999999fp-2, 0x1.249249248e4d8p-2, 0x1.c71c71d7fbbacp-3,
                           0x1.745d09e3d8241p-3, 0x1.3b18bc82cc745p-3, 0x1.1018374c7f117p-3,
                           0x1.087e4945615c6p-3};
  const double f = m - 1.0;
  const Pair d = fast_sum(2.0, f);
  const double s_high = f / d.high;
  const double s_low = (fma(-s_high, d.high, f) - s_high * d.low) / d.high;
  const Pair s = {s_high, s_low};
  const Pair z = product(s, s), cube = product(s, z);
  // 2 s + 2/3 s^3 + s^5 Q(s^2)
  const Pair third = product(cube, {0x1.5555555555555p-1, 0x1.5555555555555p-55});
  const double rest = cube.high * z.high * poly(kQ, z.high);
  Pair total = fast_sum(2.0 * s.high, third.high);
  return fast_sum(total.high, total.low + (2.0 * s.low + third.low + rest));
}
PPU_MATH Pair log_pair(double x) {
  i32 e;
  const Pair m = log_mantissa(split_exponent(x, &e));
  const double n = (double)e;
  const Pair whole = fast_sum(n * 0x1.62e42fee00000p-1, 0.0);  // exact: 32 + 11 bits
  const Pair low = {n * 0x1.a39ef35793c76p-33, fma(n, 0x1.a39ef35793c76p-33, -(n * 0x1.a39ef35793c76p-33))};
  return sum(sum(whole, m), low);
}
PPU_MATH double log2_double(double x) {
  i32 e;
  const Pair r = product(log_mantissa(split_exponent(x, &e)), {kInvLn2, 0x1.777d0ffda0d24p-56});
  const Pair s = two_sum((double)e, r.high);
  return log_special(x, s.high + (s.low + r.low));
}
PPU_MATH double log10_double(double x) {
  const Pair r = product(log_pair(x), {0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57});
  return log_special(x, r.high + r.low);
}
PPU_MATH double log1p_double(double x) {
  if (abs(x) < 0x1p-54) return x;
  const double u = 1.0 + x;
  const double c = abs(x) < 1.0 ? x - (u - 1.0) : 1.0 - (u - x);
  const Pair r = log_pair(u);
  const double value = r.high + (r.low + c / u);
  return u < kInf ? log_special(u, value) : x + x;
}

/// |x|^y times `sign`, x finite and not 0, y finite.
PPU_MATH double pow_positive(double x, double y) {
  const Pair l = log_pair(x);
  const double high = l.high * y;
  const double low = fma(l.high, y, -high) + l.low * y;
  // Far out of range the low part may be NaN (inf - inf); the high part decides there.
  return exp_pair(high, abs(high) < 800.0 ? low : 0.0);
}
/// pow with C's special cases (C17 F.10.4.4).
PPU_MATH double pow_double(double x, double y) {
  if (x == 1.0 || y == 0.0) return 1.0;
  if (x != x || y != y) return x + y;
  const double a = abs(x);
  const bool whole = trunc(y) == y;
  const bool odd = whole && abs(y) < 0x1p53 && trunc(y * 0.5) * 2.0 != y;
  const double sign = odd && (bits(x) >> 63) ? -1.0 : 1.0;
  if (abs(y) == kInf) return a == 1.0 ? 1.0 : ((a > 1.0) == (y > 0.0) ? kInf : 0.0);
  if (a == 0.0 || a == kInf) return sign * (((a == kInf) == (y > 0.0)) ? kInf : 0.0);
  if (x < 0.0 && !whole) return nan_d();
  return sign * pow_positive(a, y);
}

/// 2/pi's bits; the first word is the 64 bits before the binary point.
constexpr u64 kTwoOverPi64[] = {0,
                                0xa2f9836e4e441529ull,
                                0xfc2757d1f534ddc0ull,
                                0xdb6295993c439041ull,
                                0xfe5163abdebbc561ull,
                                0xb7246e3a424dd2e0ull,
                                0x06492eea09d1921cull,
                                0xfe1deb1cb129a73eull,
                                0xe88235f52ebb4484ull,
                                0xe99c7026b45f7e41ull,
                                0x3991d639835339f4ull,
                                0x9c845f8bbdf9283bull,
                                0x1ff897ffde05980full,
                                0xef2f118b5a0a6d1full,
                                0x6d367ecf27cb09b7ull,
                                0x4f463f669e5fea2dull,
                                0x7527bac7ebe5f17bull,
                                0x3d0739f78a5292eaull,
                                0x6bfb5fb11f8d5d08ull,
                                0x56033046fc7b6babull};

/// x mod pi/2 for |x| >= 2^30 (Payne and Hanek): the product with 192 bits of 2/pi, all in integers.
__attribute__((noinline, unused)) static Pair reduce_large(double x, i32* quadrant) {
  const u64 b = bits(x);
  const i32 e = (i32)((b >> 52) & 0x7ff) - 1075;
  const u64 m = (b & 0x000fffffffffffffull) | 0x0010000000000000ull;
  // Window of 2/pi from bit e - 2 after the binary point on; bits before give multiples of 4 quadrants.
  const i32 start = e - 2 + 64;
  const i32 word = start >> 6, shift = start & 63;
  u64 a[3];
  for (int i = 0; i < 3; ++i) {
    const u64 first = kTwoOverPi64[word + i];
    const u64 second = kTwoOverPi64[word + i + 1];
    a[i] = shift ? (first << shift) | (second >> (64 - shift)) : first;
  }
  const u64 p2 = mul_high(m, a[2]);
  const u64 p1_low = m * a[1], p1_high = mul_high(m, a[1]);
  const u64 middle = p1_low + p2;
  const u64 high = m * a[0] + p1_high + (middle < p1_low ? 1 : 0);
  // `high` has the quadrant in its top two bits, then come 62 + 64 bits of fraction.
  i32 q = (i32)(high >> 62);
  u64 f_high = (high << 2) | (middle >> 62), f_low = middle << 2;
  const bool negative = (i64)f_high < 0;
  if (negative) {  // the nearest quadrant: 1 - fraction, negated
    q += 1;
    f_high = ~f_high;
    f_low = ~f_low;
  }
  const i32 zeros = f_high ? __builtin_clzll(f_high) : 63;
  if (zeros) {
    f_high = (f_high << zeros) | (f_low >> (64 - zeros));
    f_low <<= zeros;
  }
  const double top = (double)(f_high >> 11), rest = (double)((f_high << 53) | (f_low >> 11));
  const double unit = pow2(-53 - zeros);
  Pair r = product({top * unit, rest * (unit * 0x1p-64)}, {0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54});
  if (negative != (x < 0.0)) r = {-r.high, -r.low};
  if (x < 0.0) q = -q;
  *quadrant = q & 3;
  return r;
}
/// x mod pi/2 in two doubles, and which quadrant.
PPU_MATH Pair reduce_trig(double x, i32* quadrant) {
  if (abs(x) < 0x1p30) {
    const double n = rint(x * 0x1.45f306dc9c883p-1);
    *quadrant = (i32)((i64)n & 3);
    // pi/2 in three parts; each product is exact in an fma, the sums are caught in two.
    const double a = fma(n, -0x1.921fb54442d18p+0, x);
    const double p = n * 0x1.1a62633145c07p-54;
    const Pair s = two_sum(a, -p);
    const double error = fma(n, 0x1.1a62633145c07p-54, -p);
    const double low = s.low - error - n * -0x1.f1976b7ed8fbcp-110;
    return fast_sum(s.high, low);
  }
  if (!(abs(x) < kInf)) {
    *quadrant = 0;
    return {x - x, 0.0};
  }
  return reduce_large(x, quadrant);
}
PPU_MATH double sin_kernel(Pair r) {
  constexpr double kS[] = {-0x1.5555555555555p-3, 0x1.1111111111110p-7,   -0x1.a01a01a019938p-13,
                           0x1.71de3a546095bp-19, -0x1.ae645412c560cp-26, 0x1.61217f0b800d5p-33,
                           -0x1.ab17d404de5b3p-41};
  const double x = r.high, z = x * x;
  return x + fma(x * z, poly(kS, z), r.low * fma(z, -0.5, 1.0));
}
PPU_MATH double cos_kernel(Pair r) {
  constexpr double kC[] = {0x1.5555555555555p-5,   -0x1.6c16c16c16967p-10, 0x1.a01a019f4eb01p-16,
                           -0x1.27e4fa17da09ep-22, 0x1.1eeb68e93b64cp-29,  -0x1.907da367a37cbp-37};
  const double x = r.high, z = x * x;
  const double half = 0.5 * z, w = 1.0 - half;
  return w + ((1.0 - w - half) + fma(z * z, poly(kC, z), -x * r.low));
}
PPU_MATH double sin_of_quadrant(Pair r, i32 quadrant) {
  const double s = sin_kernel(r), c = cos_kernel(r);
  const double v = quadrant & 1 ? c : s;
  return quadrant & 2 ? -v : v;
}
PPU_MATH double sin_double(double x) {
  i32 q;
  const Pair r = reduce_trig(x, &q);
  return x == 0.0 ? x : sin_of_quadrant(r, q);
}
PPU_MATH double cos_double(double x) {
  i32 q;
  const Pair r = reduce_trig(x, &q);
  return sin_of_quadrant(r, q + 1);
}
PPU_MATH void sincos_double(double x, double* s, double* c) {
  i32 q;
  const Pair r = reduce_trig(x, &q);
  *s = x == 0.0 ? x : sin_of_quadrant(r, q);
  *c = sin_of_quadrant(r, q + 1);
}
PPU_MATH double tan_double(double x) {
  i32 q;
  const Pair r = reduce_trig(x, &q);
  const double s = sin_kernel(r), c = cos_kernel(r);
  return x == 0.0 ? x : (q & 1 ? -c / s : s / c);
}
/// sin(pi x) and cos(pi x): the reduction is exact.
PPU_MATH Pair reduce_pi(double x, i32* quadrant) {
  const double n = rint(x + x);
  const double f = fma(n, -0.5, x);  // exact, |f| <= 1/4
  *quadrant = abs(n) < 0x1p62 ? (i32)((i64)n & 3) : 0;
  const double p = f * 0x1.921fb54442d18p+1;
  return {p, fma(f, 0x1.921fb54442d18p+1, -p) + f * 0x1.1a62633145c07p-53};
}
PPU_MATH double sinpi_double(double x) {
  if (!(abs(x) < kInf)) return x - x;
  i32 q;
  const Pair r = reduce_pi(x, &q);
  // Whole numbers give a zero of x's sign.
  return trunc(x) == x ? copysign(0.0, x) : sin_of_quadrant(r, q);
}
PPU_MATH double cospi_double(double x) {
  if (!(abs(x) < kInf)) return x - x;
  i32 q;
  const Pair r = reduce_pi(x, &q);
  // Halves give +0.
  return abs(x) < 0x1p52 && trunc(x) != x && trunc(x + x) == x + x ? 0.0 : sin_of_quadrant(r, q + 1);
}

/// atan(t) for |t| <= tan(pi/8).
PPU_MATH double atan_kernel(double t) {
  constexpr double kP[] = {-0x1.5555555555555p-2, 0x1.9999999999952p-3,  -0x1.249249248d739p-3,
                           0x1.c71c71c2fc236p-4,  -0x1.745d165c497f3p-4, 0x1.3b1392a9c2d8bp-4,
                           -0x1.110e84aa36d9dp-4, 0x1.e199c62156609p-5,  -0x1.ac7858539e493p-5,
                           0x1.74d3a7b43351ap-5,  -0x1.1b1992aa413c9p-5, 0x1.0a997ba33c1dbp-6};
  const double z = t * t;
  return fma(t * z, poly(kP, z), t);
}
/// atan of y / x, both >= 0 and finite, not both 0.
PPU_MATH double atan_ratio(double y, double x) {
  const bool steep = y > x;
  const double n = steep ? x : y, d = steep ? y : x;  // n / d <= 1
  const bool far = n > 0x1.a827999fcef32p-2 * d;      // tan(pi/8)
  const double t = far ? (n - d) / (n + d) : n / d;
  double r = atan_kernel(t);
  if (far) r = 0x1.921fb54442d18p-1 + (r + 0x1.1a62633145c07p-55);
  return steep ? 0x1.921fb54442d18p+0 - (r - 0x1.1a62633145c07p-54) : r;
}
PPU_MATH double atan_double(double x) {
  const double a = abs(x);
  if (!(a < kInf)) return a == kInf ? copysign(0x1.921fb54442d18p+0, x) : x + x;
  return copysign(atan_ratio(a, 1.0), x);
}
PPU_MATH double atan2_double(double y, double x) {
  if (x != x || y != y) return x + y;
  double a = abs(x), b = abs(y);
  if (a == kInf && b == kInf)
    a = b = 1.0;
  else if (a == kInf)
    b = 0.0, a = 1.0;
  else if (b == kInf)
    b = 1.0, a = 0.0;
  // Huge or tiny pairs are scaled alike, so that sums neither overflow nor lose bits.
  const double big = a > b ? a : b;
  if (big > 0x1p1000) a *= 0x1p-60, b *= 0x1p-60;
  if (big < 0x1p-900) a *= 0x1p120, b *= 0x1p120;
  double r = a == 0.0 && b == 0.0 ? 0.0 : atan_ratio(b, a);
  if (bits(x) >> 63) r = 0x1.921fb54442d18p+1 - (r - 0x1.1a62633145c07p-53);
  return copysign(r, y);
}
/// asin(t) / t - 1 for z = t^2 <= 1/4.
PPU_MATH double asin_tail(double z) {
  constexpr double kP[] = {0x1.5555555555555p-3,  0x1.3333333333388p-4, 0x1.6db6db6dac1e0p-5,
                           0x1.f1c71c7a52ba3p-6,  0x1.6e8ba123e494cp-6, 0x1.1c4efce23019fp-6,
                           0x1.c990ad3d8fdcap-7,  0x1.7b027ee1dd585p-7, 0x1.3b49de7121487p-7,
                           0x1.31622469ce5adp-7,  0x1.8f193743418ffp-9, 0x1.406192d124629p-6,
                           -0x1.3b416bb7d9257p-6, 0x1.e529c6fce9bb4p-6};
  return z * poly(kP, z);
}
/// 2 asin(sqrt(w)) for w <= 1/4 in two parts: the square root's error is carried.
PPU_MATH Pair twice_asin_sqrt(double w) {
  const double s = sqrt(w);
  const double error = s > 0.0 ? fma(-s, s, w) / (2.0 * s) : 0.0;
  return {2.0 * s, 2.0 * fma(s, asin_tail(w), error)};
}
PPU_MATH double asin_double(double x) {
  const double a = abs(x);
  if (a <= 0.5) return fma(x, asin_tail(x * x), x);
  if (!(a <= 1.0)) return x != x ? x + x : nan_d();
  const Pair t = twice_asin_sqrt(0.5 * (1.0 - a));
  return copysign(0x1.921fb54442d18p+0 - (t.high + (t.low - 0x1.1a62633145c07p-54)), x);
}
PPU_MATH double acos_double(double x) {
  const double a = abs(x);
  if (a <= 0.5) return 0x1.921fb54442d18p+0 - (x - (0x1.1a62633145c07p-54 - x * asin_tail(x * x)));
  if (!(a <= 1.0)) return x != x ? x + x : nan_d();
  const Pair t = twice_asin_sqrt(0.5 * (1.0 - a));
  return x > 0.0 ? t.high + t.low : 0x1.921fb54442d18p+1 - (t.high + (t.low - 0x1.1a62633145c07p-53));
}

PPU_MATH double sinh_double(double x) {
  const double a = abs(x);
  if (a > 709.0) {  // e^a / 2 without overflow on the way
    const double h = exp_double(a * 0.5);
    return a != a ? x + x : copysign(0.5 * h * h, x);
  }
  const double t = expm1_double(a);
  return a == 0.0 ? x : copysign(0.5 * (t + t / (t + 1.0)), x);
}
PPU_MATH double cosh_double(double x) {
  const double a = abs(x);
  if (a > 709.0) {
    const double h = exp_double(a * 0.5);
    return a != a ? x + x : 0.5 * h * h;
  }
  const double t = exp_double(a);
  return fma(0.5, t, 0.5 / t);
}
PPU_MATH double tanh_double(double x) {
  constexpr double kP[] = {-0x1.5555555555555p-2,  0x1.1111111110c21p-3,  -0x1.ba1ba1b9783d6p-5,
                           0x1.664f484114832p-6,   -0x1.226e27ed0ac68p-7, 0x1.d6d0a485132ebp-9,
                           -0x1.7d68abe445c4bp-10, 0x1.32b0b92ad1a40p-11, -0x1.cf9f3fe656023p-13,
                           0x1.f2ddeb9a07da7p-15};
  const double a = abs(x);
  if (a < 0.5) return fma(x * (x * x), poly(kP, x * x), x);
  if (a != a) return x + x;
  const double t = a > 20.0 ? 0.0 : 2.0 / (exp_double(2.0 * a) + 1.0);
  return copysign(1.0 - t, x);
}
PPU_MATH double asinh_double(double x) {
  const double a = abs(x);
  if (a > 0x1p28) return a < kInf ? copysign(log_double(a) + kLn2, x) : x + x;
  const double s = a * a;
  return copysign(log1p_double(a + s / (1.0 + sqrt(1.0 + s))), x);
}
PPU_MATH double acosh_double(double x) {
  if (x > 0x1p28) return x < kInf ? log_double(x) + kLn2 : x + x;
  const double t = x - 1.0;
  return x < 1.0 ? nan_d() : log1p_double(t + sqrt(fma(t, t, 2.0 * t)));
}
PPU_MATH double atanh_double(double x) {
  const double a = abs(x);
  return copysign(0.5 * log1p_double(2.0 * a / (1.0 - a)), a <= 1.0 || a != a ? x : 1.0);
}

PPU_MATH double cbrt_double(double x) {
  const double a = abs(x);
  if (!(a < kInf) || a == 0.0) return x + x;
  i32 e;
  const double m = split_exponent(a, &e);
  const i32 third = (e >= 0 ? e : e - 2) / 3;  // floor
  const double y = m * pow2(e - 3 * third);    // in [0.7, 5.7)
  double r = exp_double(log_double(y) * (1.0 / 3.0));
  // One Newton step with the residual exact.
  const double square = r * r, square_error = fma(r, r, -square);
  const double residual = fma(-square, r, y) - square_error * r;
  r = fma(residual, 1.0 / (3.0 * square), r);
  return copysign(scale(r, third), x);
}
PPU_MATH double hypot_double(double x, double y) {
  double a = abs(x), b = abs(y);
  if (a == kInf || b == kInf) return kInf;
  const double big = a > b ? a : b, small = a > b ? b : a;
  if (big != big || small != small) return x + y;
  if (big == 0.0) return 0.0;
  const i32 e = (i32)(bits(big) >> 52) - 1023;
  const i32 half = e / 2;
  a = big * pow2(-half) * pow2(half - e);
  b = small * pow2(-half) * pow2(half - e);
  const double aa = a * a, bb = b * b;
  const double s = aa + bb;
  const double error = fma(a, a, -aa) + fma(b, b, -bb) + ((aa - s) + bb);
  double r = sqrt(s);
  r += (fma(-r, r, s) + error) / (2.0 * r);
  return r * pow2(half) * pow2(e - half);
}

}  // namespace ppu_math
