// Rounding by direction: the host's own rounding mode for wide formats, integers for small ones.
// This file is compiled with -frounding-math, so no operation is folded or moved across fesetround.
#include "isa/round.h"

#include <bit>
#include <cfenv>
#include <cmath>

namespace ppu::isa {
namespace {

int mode_of(Round round) {
  switch (round) {
    case Round::kZero:
      return FE_TOWARDZERO;
    case Round::kDown:
      return FE_DOWNWARD;
    case Round::kUp:
      return FE_UPWARD;
    case Round::kNearest:
    case Round::kAway:
      break;
  }
  return FE_TONEAREST;
}

template <class T>
T run(RoundOp op, Round round, T a0, T b0, T c0) {
  const volatile T a = a0, b = b0, c = c0;
  const int before = std::fegetround();
  std::fesetround(mode_of(round));
  volatile T result = 0;
  switch (op) {
    case RoundOp::kAdd:
      result = a + b;
      break;
    case RoundOp::kSub:
      result = a - b;
      break;
    case RoundOp::kMul:
      result = a * b;
      break;
    case RoundOp::kDiv:
      result = a / b;
      break;
    case RoundOp::kFma:
      result = std::fma(T(a), T(b), T(c));
      break;
    case RoundOp::kSqrt:
      result = std::sqrt(T(a));
      break;
  }
  std::fesetround(before);
  return result;
}

}  // namespace

float round_f32(RoundOp op, Round round, float a, float b, float c) {
  return run<float>(op, round, a, b, c);
}
double round_f64(RoundOp op, Round round, double a, double b, double c) {
  return run<double>(op, round, a, b, c);
}

double from_small(uint32_t bits, SmallFormat f) {
  const int sign_at = f.exponent_bits + f.fraction_bits;
  const int bias = (1 << (f.exponent_bits - 1)) - 1;
  const int exponent = int(bits >> f.fraction_bits) & ((1 << f.exponent_bits) - 1);
  const uint32_t fraction = bits & ((1u << f.fraction_bits) - 1);
  const double sign = (bits >> sign_at) & 1 ? -1.0 : 1.0;
  const bool top = exponent == (1 << f.exponent_bits) - 1;
  if (top && f.has_infinity) return fraction ? std::copysign(std::nan(""), sign) : sign * HUGE_VAL;
  if (top && fraction == (1u << f.fraction_bits) - 1) return std::copysign(std::nan(""), sign);
  if (exponent == 0) return sign * std::ldexp(double(fraction), 1 - bias - f.fraction_bits);
  return sign * std::ldexp(double(fraction + (1u << f.fraction_bits)), exponent - bias - f.fraction_bits);
}

uint32_t to_small(double value, SmallFormat f, Round round) {
  const int sign_at = f.exponent_bits + f.fraction_bits;
  const uint32_t all = (1u << sign_at) - 1;
  if (std::isnan(value)) return all;
  const bool negative = std::signbit(value);
  const uint32_t sign = negative ? 1u << sign_at : 0;
  const uint32_t infinity = f.has_infinity ? all ^ ((1u << f.fraction_bits) - 1) : all;
  const uint32_t largest = infinity - 1;
  const int bias = (1 << (f.exponent_bits - 1)) - 1;
  const double magnitude = std::fabs(value);
  if (std::isinf(value)) return sign | infinity;
  if (magnitude == 0) return sign;
  // In units of the last place: below 2^53, so the fraction's bits are exact.
  int exponent = std::ilogb(magnitude);
  if (exponent < 1 - bias) exponent = 1 - bias;
  const double units = std::ldexp(magnitude, f.fraction_bits - exponent);
  const double whole = std::trunc(units), rest = units - whole;
  uint64_t n = uint64_t(whole);
  const bool up = (round == Round::kNearest && (rest > 0.5 || (rest == 0.5 && (n & 1)))) ||
                  (round == Round::kAway && rest >= 0.5) || (round == Round::kUp && rest > 0 && !negative) ||
                  (round == Round::kDown && rest > 0 && negative);
  n += up;
  // n includes the hidden bit; adding it to the exponent field carries by itself, subnormals too.
  const uint64_t code = (uint64_t(exponent - 1 + bias) << f.fraction_bits) + n;
  if (code <= largest) return sign | uint32_t(code);
  const bool to_largest =
      round == Round::kZero || (round == Round::kUp && negative) || (round == Round::kDown && !negative);
  return sign | (to_largest ? largest : infinity);
}

}  // namespace ppu::isa
