// Taking numbers apart and remainders: frexp, ldexp, fmod and friends, for both precisions. All results are
// exact.
#pragma once
#include "prim.h"

namespace ppu_math {

PPU_MATH double ldexp_double(double x, i32 n) {
  // Three steps cover the whole range, and the last is the only one that may round.
  n = n > 2200 ? 2200 : (n < -2200 ? -2200 : n);
  if (n > 1023) {
    x *= 0x1p1023;
    n -= 1023;
    if (n > 1023) {
      x *= 0x1p1023;
      n = n - 1023 > 1023 ? 1023 : n - 1023;
    }
  } else if (n < -1022) {
    x *= 0x1p-969;  // 2^-1022 * 2^53: stays clear of a second rounding
    n += 969;
    if (n < -1022) {
      x *= 0x1p-969;
      n = n + 969 < -1022 ? -1022 : n + 969;
    }
  }
  return x * pow2(n);
}
/// ldexp in f64 rounds nothing for f32 arguments in range; one rounding at the end.
PPU_MATH float ldexp_float(float x, i32 n) {
  n = n > 400 ? 400 : (n < -400 ? -400 : n);
  return (float)((double)x * pow2(n));
}
PPU_MATH double frexp_double(double x, i32* e) {
  if (x == 0.0 || !(abs(x) < __builtin_huge_val())) {
    *e = 0;
    return x;
  }
  i32 shift = 0;
  if (abs(x) < 0x1p-1022) {
    x *= 0x1p54;
    shift = -54;
  }
  const u64 b = bits(x);
  *e = (i32)((b >> 52) & 0x7ff) - 1022 + shift;
  return from_bits((b & 0x800fffffffffffffull) | 0x3fe0000000000000ull);
}
PPU_MATH i32 ilogb_double(double x) {
  if (x == 0.0) return -2147483647 - 1;
  if (!(abs(x) < __builtin_huge_val())) return x != x ? -2147483647 - 1 : 2147483647;
  i32 e;
  frexp_double(x, &e);
  return e - 1;
}
PPU_MATH double logb_double(double x) {
  if (x == 0.0) return -kInf;
  if (!(abs(x) < kInf)) return x * x;
  return (double)ilogb_double(x);
}
PPU_MATH double modf_double(double x, double* whole) {
  *whole = trunc(x);
  return abs(x) == kInf ? copysign(0.0, x) : copysign(x - *whole, x);
}
PPU_MATH double nextafter_double(double x, double y) {
  if (x != x || y != y) return x + y;
  if (x == y) return y;
  if (x == 0.0) return copysign(from_bits((u64)1), y);
  const u64 b = bits(x);
  return from_bits((x < y) == (x > 0.0) ? b + 1 : b - 1);
}
PPU_MATH float nextafter_float(float x, float y) {
  if (x != x || y != y) return x + y;
  if (x == y) return y;
  if (x == 0.0f) return copysign(from_bits((u32)1), y);
  const u32 b = bits(x);
  return from_bits((x < y) == (x > 0.0f) ? b + 1 : b - 1);
}
/// |x| mod |y| for finite x and y != 0, and the last bits of the quotient. Long division, a bit a step.
__attribute__((noinline, unused)) static double remainder_bits(double x, double y, u32* quotient) {
  u64 a = bits(abs(x)), b = bits(abs(y));
  i32 ea = (i32)(a >> 52), eb = (i32)(b >> 52);
  a = ea ? (a & 0x000fffffffffffffull) | 0x0010000000000000ull : a;
  b = eb ? (b & 0x000fffffffffffffull) | 0x0010000000000000ull : b;
  ea = ea ? ea : 1;
  eb = eb ? eb : 1;
  // Subnormal numbers: the shorter one is shifted up so that lengths match.
  while (b < 0x0010000000000000ull) b <<= 1, --eb;
  while (a && a < 0x0010000000000000ull) a <<= 1, --ea;
  u32 q = 0;
  if (a && ea >= eb) {
    for (; ea > eb; --ea) {
      const bool take = a >= b;
      a = take ? a - b : a;
      q = (q + (take ? 1 : 0)) << 1;
      a <<= 1;
    }
    if (a >= b) a -= b, ++q;
  }
  *quotient = q;
  if (!a) return 0.0;
  while (a < 0x0010000000000000ull) a <<= 1, --ea;
  return ea > 0 ? from_bits((a & 0x000fffffffffffffull) | (u64)ea << 52) : from_bits(a >> (1 - ea));
}
PPU_MATH double fmod_double(double x, double y) {
  if (!(abs(x) < kInf) || y == 0.0 || y != y) return nan_d();
  u32 q;
  return copysign(remainder_bits(x, y, &q), x);
}
/// IEEE remainder, and the quotient's low 3 bits with its sign.
PPU_MATH double remquo_double(double x, double y, i32* quotient) {
  *quotient = 0;
  if (!(abs(x) < kInf) || y == 0.0 || y != y) return nan_d();
  if (abs(y) == kInf) return x;
  u32 q;
  double r = remainder_bits(x, y, &q);
  const double b = abs(y);
  // More than half of y left, or exactly half and an odd quotient: one more.
  const double gap = b - r;
  if (r > gap || (r == gap && (q & 1))) {
    r = -gap;
    ++q;
  }
  const i32 low = (i32)(q & 7);
  *quotient = (bits(x) ^ bits(y)) >> 63 ? -low : low;
  return r == 0.0 ? copysign(0.0, x) : (bits(x) >> 63 ? -r : r);
}
PPU_MATH double round_double(double x) {
  const double t = trunc(x);
  return abs(x - t) >= 0.5 ? t + copysign(1.0, x) : copysign(t, x);
}
PPU_MATH float round_float(float x) {
  const float t = trunc(x);
  return abs(x - t) >= 0.5f ? t + copysign(1.0f, x) : copysign(t, x);
}

}  // namespace ppu_math
