// Host operations: plain integers and IEEE floats.
#include "isa/host_value.h"

#include <bit>
#include <cmath>
#include <limits>

namespace ppu::isa {
namespace {

int width(Host a) {
  return a.t.total_bits();
}
int64_t signed_of(Host a) {
  return int64_t(a.v << (64 - width(a))) >> (64 - width(a));
}
float f32(Host a) {
  return std::bit_cast<float>(uint32_t(a.v));
}
double f64(Host a) {
  return std::bit_cast<double>(a.v);
}
Host of(float f, Type t) {
  return {std::bit_cast<uint32_t>(f), t};
}
Host of(double d, Type t) {
  return {std::bit_cast<uint64_t>(d), t};
}
Host of_bits(uint64_t v, Type t) {
  return {low_bits(v, t.total_bits()), t};
}
bool is_double(Host a) {
  return a.t.bits == 64;
}

Host arithmetic(RoundOp op, Round round, Host a, Host b, Host c) {
  return is_double(a) ? of(round_f64(op, round, f64(a), f64(b), f64(c)), a.t)
                      : of(round_f32(op, round, f32(a), f32(b), f32(c)), a.t);
}

template <class T>
bool compare_as(Compare op, T a, T b) {
  const bool nan = a != a || b != b;
  switch (op) {
    case Compare::kEq:
      return !nan && a == b;
    case Compare::kNe:
      return !nan && a != b;
    case Compare::kLt:
      return a < b;
    case Compare::kLe:
      return a <= b;
    case Compare::kGt:
      return a > b;
    case Compare::kGe:
      return a >= b;
    case Compare::kEqu:
      return nan || a == b;
    case Compare::kNeu:
      return nan || a != b;
    case Compare::kLtu:
      return nan || a < b;
    case Compare::kLeu:
      return nan || a <= b;
    case Compare::kGtu:
      return nan || a > b;
    case Compare::kGeu:
      return nan || a >= b;
    case Compare::kNum:
      return !nan;
    case Compare::kNan:
      return nan;
  }
  return false;
}

template <class T>
T to_integral(T a, Round round) {
  switch (round) {
    case Round::kZero:
      return std::trunc(a);
    case Round::kDown:
      return std::floor(a);
    case Round::kUp:
      return std::ceil(a);
    case Round::kAway:
      return std::round(a);
    case Round::kNearest:
      break;
  }
  return std::nearbyint(a);
}

}  // namespace

Host resize(Host a, Type t) {
  return of_bits(a.t.is_signed() ? uint64_t(signed_of(a)) : a.v, t);
}
Host operator+(Host a, Host b) {
  return of_bits(a.v + b.v, a.t);
}
Host operator-(Host a, Host b) {
  return of_bits(a.v - b.v, a.t);
}
Host operator*(Host a, Host b) {
  return of_bits(a.v * b.v, a.t);
}
Host operator&(Host a, Host b) {
  return {a.v & b.v, a.t};
}
Host operator|(Host a, Host b) {
  return {a.v | b.v, a.t};
}
Host operator^(Host a, Host b) {
  return {a.v ^ b.v, a.t};
}
Host operator~(Host a) {
  return of_bits(~a.v, a.t);
}
Host shl_raw(Host a, Host n) {
  return of_bits(a.v << n.v, a.t);
}
Host shr_raw(Host a, Host n) {
  return of_bits(a.t.is_signed() ? uint64_t(signed_of(a) >> n.v) : a.v >> n.v, a.t);
}
Host div_raw(Host a, Host b) {
  return of_bits(a.t.is_signed() ? uint64_t(signed_of(a) / signed_of(b)) : a.v / b.v, a.t);
}
Host rem_raw(Host a, Host b) {
  return of_bits(a.t.is_signed() ? uint64_t(signed_of(a) % signed_of(b)) : a.v % b.v, a.t);
}
Host popc(Host a) {
  return of_bits(uint64_t(std::popcount(a.v)), a.t);
}
Host clz(Host a) {
  return of_bits(uint64_t(std::countl_zero(a.v) - (64 - width(a))), a.t);
}
Host brev(Host a) {
  uint64_t r = 0;
  for (int i = 0; i < width(a); i++) r |= ((a.v >> i) & 1) << (width(a) - 1 - i);
  return {r, a.t};
}

Host compare(Compare op, Host a, Host b) {
  bool r;
  if (a.t.kind == Kind::kF)
    r = is_double(a) ? compare_as(op, f64(a), f64(b)) : compare_as(op, f32(a), f32(b));
  else
    r = a.t.is_signed() ? compare_as(op, signed_of(a), signed_of(b)) : compare_as(op, a.v, b.v);
  return {r, {Kind::kPred, 1, 1}};
}
Host select(Host predicate, Host a, Host b) {
  return predicate.v ? a : b;
}

Host fadd(Host a, Host b, Round round) {
  if (round != Round::kNearest) return arithmetic(RoundOp::kAdd, round, a, b, a);
  return is_double(a) ? of(f64(a) + f64(b), a.t) : of(f32(a) + f32(b), a.t);
}
Host fsub(Host a, Host b, Round round) {
  if (round != Round::kNearest) return arithmetic(RoundOp::kSub, round, a, b, a);
  return is_double(a) ? of(f64(a) - f64(b), a.t) : of(f32(a) - f32(b), a.t);
}
Host fmul(Host a, Host b, Round round) {
  if (round != Round::kNearest) return arithmetic(RoundOp::kMul, round, a, b, a);
  return is_double(a) ? of(f64(a) * f64(b), a.t) : of(f32(a) * f32(b), a.t);
}
Host fdiv(Host a, Host b, Round round) {
  if (round != Round::kNearest) return arithmetic(RoundOp::kDiv, round, a, b, a);
  return is_double(a) ? of(f64(a) / f64(b), a.t) : of(f32(a) / f32(b), a.t);
}
Host ffma(Host a, Host b, Host c, Round round) {
  if (round != Round::kNearest) return arithmetic(RoundOp::kFma, round, a, b, c);
  return is_double(a) ? of(std::fma(f64(a), f64(b), f64(c)), a.t) : of(std::fma(f32(a), f32(b), f32(c)), a.t);
}
Host fsqrt(Host a, Round round) {
  if (round != Round::kNearest) return arithmetic(RoundOp::kSqrt, round, a, a, a);
  return is_double(a) ? of(std::sqrt(f64(a)), a.t) : of(std::sqrt(f32(a)), a.t);
}
Host flush_subnormal(Host a) {
  return (a.v & 0x7f800000) == 0 ? Host{a.v & 0x80000000, a.t} : a;
}
Host fneg(Host a) {
  return {a.v ^ (uint64_t(1) << (width(a) - 1)), a.t};
}
Host fabs(Host a) {
  return {low_bits(a.v, width(a) - 1), a.t};
}
Host round_to_integral(Host a, Round round) {
  return is_double(a) ? of(to_integral(f64(a), round), a.t) : of(to_integral(f32(a), round), a.t);
}

Host extend(Host a, Type t) {
  if (a.t.bits == 16) return of(float(from_small(uint32_t(a.v), kHalf)), t);
  return of(double(f32(a)), t);
}
Host truncate(Host a, Type t) {
  if (t.bits == 16) return {to_small(double(f32(a)), kHalf, Round::kNearest), t};
  return of(float(f64(a)), t);
}
Host int_to_float(Host a, Type t) {
  if (a.t.is_signed()) return t.bits == 64 ? of(double(signed_of(a)), t) : of(float(signed_of(a)), t);
  return t.bits == 64 ? of(double(a.v), t) : of(float(a.v), t);
}
Host float_to_int(Host a, Type t) {
  const double d = std::trunc(is_double(a) ? f64(a) : double(f32(a)));
  if (d != d) return {0, t};
  const double top = std::ldexp(1.0, t.is_signed() ? t.bits - 1 : t.bits);  // one above the largest
  if (t.is_signed()) {
    const uint64_t largest = (uint64_t(1) << (t.bits - 1)) - 1;
    if (d >= top) return {largest, t};
    if (d < -top) return {largest + 1, t};
    return of_bits(uint64_t(int64_t(d)), t);
  }
  if (d >= top) return of_bits(~uint64_t(0), t);
  return d <= 0 ? Host{0, t} : of_bits(uint64_t(d), t);
}

}  // namespace ppu::isa
