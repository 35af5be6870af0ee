// Meanings of .f32 and .f64 rows (see meaning.h): flushing, saturation, min and max, and the approximate
// functions. Approximations are sequences of IEEE operations, so Host and LLVM agree bit for bit; tests/isa
// checks their errors against the bounds of the PTX ISA over all inputs. The polynomials are minimax fits.
#pragma once
#include "isa/meaning.h"

namespace ppu::isa {

constexpr Round kRn = Round::kNearest;

constexpr uint64_t sign_bit(Type t) {
  return uint64_t(1) << (t.bits - 1);
}
constexpr uint64_t infinity_bits(Type t) {
  return t.bits == 64          ? 0x7ff0000000000000
         : t.bits == 32        ? 0x7f800000
         : t.kind == Kind::kBF ? 0x7f80
                               : 0x7c00;
}
/// PTX's canonical NaN: all but the sign bit set (f32, f16, bf16); f64 keeps the usual quiet one.
constexpr uint64_t nan_bits(Type t) {
  return t.bits == 64 ? 0x7fffffffffffffff : t.bits == 32 ? 0x7fffffff : 0x7fff;
}

/// A float constant of a's type (f32 or f64).
template <class V>
V number(V a, double value) {
  return constant(a, a.t,
                  a.t.bits == 64 ? __builtin_bit_cast(uint64_t, value)
                                 : uint64_t(__builtin_bit_cast(uint32_t, float(value))));
}
template <class V>
V is_nan(V a) {
  return compare(Compare::kNan, a, a);
}

/// .ftz: a subnormal becomes zero of its sign (f32, f16, bf16).
template <class V>
V flush(V a) {
  if (a.t == kF32) return flush_subnormal(a);
  V bits = bits_of(a);
  V exponent = bits & like(bits, infinity_bits(a.t));
  return as_bits(select(is_zero(exponent), bits & like(bits, sign_bit(a.t)), bits), a.t);
}

/// .sat: to [0, 1]; NaN gives +0.
template <class V>
V saturate(V a) {
  V low = select(compare(Compare::kGt, a, number(a, 0)), a, number(a, 0));
  return select(compare(Compare::kLt, low, number(a, 1)), low, number(a, 1));
}

/// An operand as the instruction sees it: flushed under .ftz.
template <class V>
V input(const Args<V>& x, V a) {
  return x.has("ftz") && a.t == kF32 ? flush(a) : a;
}
/// A result as the instruction delivers it: flushed under .ftz, then clamped under .sat.
template <class V>
V output(const Args<V>& x, V result) {
  if (x.has("ftz") && result.t == kF32) result = flush(result);
  return x.has("sat") ? saturate(result) : result;
}

template <class V>
V add_float(const Args<V>& x) {
  return output(x, fadd(input(x, x.a()), input(x, x.b()), x.round()));
}
template <class V>
V sub_float(const Args<V>& x) {
  return output(x, fsub(input(x, x.a()), input(x, x.b()), x.round()));
}
template <class V>
V mul_float(const Args<V>& x) {
  return output(x, fmul(input(x, x.a()), input(x, x.b()), x.round()));
}
template <class V>
V div_float(const Args<V>& x) {
  return output(x, fdiv(input(x, x.a()), input(x, x.b()), x.round()));
}
template <class V>
V fma_float(const Args<V>& x) {
  return output(x, ffma(input(x, x.a()), input(x, x.b()), input(x, x.c()), x.round()));
}
template <class V>
V sqrt_float(const Args<V>& x) {
  return output(x, fsqrt(input(x, x.a()), x.round()));
}
template <class V>
V rcp_float(const Args<V>& x) {
  V a = input(x, x.a());
  return output(x, fdiv(number(a, 1), a, x.round()));
}

/// .f32x2: the operation on each half of a 64-bit register.
template <class V>
V packed_float(const Args<V>& x, RoundOp op) {
  V packed = x.k(kU64, 0);
  for (int i = 0; i < 2; i++) {
    V lane[3] = {x.in[0], x.in[0], x.in[0]};
    for (size_t k = 0; k < x.count; k++) {
      V bits = bits_of(x.in[k]);
      lane[k] = input(x, as_bits(resize(shr_raw(bits, like(bits, uint64_t(32) * uint64_t(i))), kU32), kF32));
    }
    V value = op == RoundOp::kAdd   ? fadd(lane[0], lane[1], x.round())
              : op == RoundOp::kSub ? fsub(lane[0], lane[1], x.round())
              : op == RoundOp::kMul ? fmul(lane[0], lane[1], x.round())
                                    : ffma(lane[0], lane[1], lane[2], x.round());
    V half = resize(bits_of(output(x, value)), kU64);
    packed = packed | shl_raw(half, like(half, uint64_t(32) * uint64_t(i)));
  }
  return as_bits(packed, x.types[0]);
}

/// div.approx: for 2^126 < |b| < 2^128 the divisor counts as infinite (PTX ISA, "div").
template <class V>
V div_approx(const Args<V>& x) {
  V a = input(x, x.a()), b = input(x, x.b());
  V huge = compare(Compare::kGt, fabs(b), number(b, 0x1p126));
  V infinite = as_bits((bits_of(b) & constant(b, kU32, 0x80000000)) | constant(b, kU32, 0x7f800000), kF32);
  return output(x, fdiv(a, select(huge, infinite, b), kRn));
}
template <class V>
V rsqrt_float(const Args<V>& x) {
  V a = input(x, x.a());
  return output(x, fdiv(number(a, 1), fsqrt(a, kRn), kRn));
}

/// rcp.approx.ftz.f64, rsqrt.approx.ftz.f64: only the upper words of operand and result exist, subnormals are
/// zero.
template <class V>
V upper_word(V a) {
  V bits = bits_of(a);
  V kept = bits & like(bits, 0xffffffff00000000);
  V subnormal = is_zero(bits & like(bits, 0x7ff0000000000000));
  return as_bits(select(subnormal, bits & like(bits, sign_bit(a.t)), kept), a.t);
}
template <class V>
V rcp_gross(V a) {
  return upper_word(fdiv(number(a, 1), upper_word(a), kRn));
}
template <class V>
V rsqrt_gross(V a) {
  return upper_word(fdiv(number(a, 1), fsqrt(upper_word(a), kRn), kRn));
}

template <class V>
V copy_sign(V from, V to) {
  V sign = constant(from, unsigned_of(from.t), sign_bit(from.t));
  return as_bits((bits_of(from) & sign) | (bits_of(to) & ~sign), to.t);
}

/// min / max of floats (PTX ISA, "min"): -0 < +0; one NaN gives the other operand, with .NaN or two a
/// canonical NaN.
template <class V>
V pick_float(V a, V b, bool want_max, bool nan_wins) {
  V first = compare(want_max ? Compare::kGt : Compare::kLt, a, b);
  V equal = compare(Compare::kEq, a, b);
  V merged = want_max ? bits_of(a) & bits_of(b) : bits_of(a) | bits_of(b);  // zeros of both signs
  V picked = select(equal, as_bits(merged, a.t), select(first, a, b));
  V nan = constant(a, a.t, nan_bits(a.t));
  if (nan_wins) return select(compare(Compare::kNan, a, b), nan, picked);
  picked = select(is_nan(b), a, picked);
  return select(is_nan(picked), nan, picked);
}
template <class V>
V minmax_float(const Args<V>& x, bool want_max) {
  V a = input(x, x.a()), b = input(x, x.b());
  if (!x.has("xorsign")) {
    V picked = pick_float(a, b, want_max, x.has("NaN"));
    return x.count < 3 ? picked : pick_float(picked, input(x, x.c()), want_max, x.has("NaN"));
  }
  V picked = pick_float(fabs(a), fabs(b), want_max, x.has("NaN"));
  V sign = (bits_of(a) ^ bits_of(b)) & constant(a, unsigned_of(a.t), sign_bit(a.t));
  V signed_pick = as_bits(bits_of(picked) ^ sign, a.t);
  return select(is_nan(picked), picked, signed_pick);
}

template <class V>
V compare_floats(const Args<V>& x) {
  return compare(compare_op(x.mods), input(x, x.a()), input(x, x.b()));
}

/// slct: a where c >= 0, else b; NaN counts as negative, -0 as zero.
template <class V>
V select_by_sign(const Args<V>& x) {
  V c = input(x, x.c());
  return select(compare(Compare::kGe, c, zero(c)), x.a(), x.b());
}

template <class V>
V test_property(const Args<V>& x) {
  V a = x.a(), size = fabs(a);
  V infinity = constant(a, a.t, infinity_bits(a.t));
  V smallest = number(a, a.t.bits == 64 ? 0x1p-1022 : 0x1p-126);
  if (x.has("finite")) return compare(Compare::kLt, size, infinity);
  if (x.has("infinite")) return compare(Compare::kEq, size, infinity);
  if (x.has("number")) return compare(Compare::kNum, a, a);
  if (x.has("notanumber")) return is_nan(a);
  if (x.has("normal")) return compare(Compare::kGe, size, smallest) & compare(Compare::kLt, size, infinity);
  return compare(Compare::kLt, size, smallest) & ~is_zero(bits_of(size));
}

// ---- Approximate functions (all .f32)
// -------------------------------------------------------------------------

/// c[0] + x (c[1] + x (c[2] + ...)).
template <class V, size_t N>
V polynomial(V x, const float (&c)[N]) {
  V sum = number(x, c[N - 1]);
  for (size_t i = N - 1; i-- > 0;) sum = ffma(sum, x, number(x, c[i]), kRn);
  return sum;
}

inline constexpr float kPowersOf2[] = {1.0f,           0x1.62e430p-1f,  0x1.ebfbdcp-3f, 0x1.c6aee8p-5f,
                                       0x1.3b2d4cp-7f, 0x1.5f3e54p-10f, 0x1.41fbbcp-13f};

/// 2^x: 2^f by polynomial for f in [-1/2, 1/2], scaled in two steps so that subnormal results round once.
/// What vanishes is 0 before it is scaled: products that underflow cost x86 a hundred cycles and more, and
/// masked lanes of a softmax are exp(-inf).
template <class V>
V ex2(V x) {
  V vanishes = compare(Compare::kLt, x, number(x, -151));
  x = select(vanishes, number(x, -151), x);
  x = select(compare(Compare::kGt, x, number(x, 129)), number(x, 129), x);
  V whole = round_to_integral(x, kRn);
  V power = select(vanishes, number(x, 0), polynomial(fsub(x, whole, kRn), kPowersOf2));
  // whole + 1.5*2^23 has the integer in its low bits; NaN gives any, and power is NaN then.
  V n = as_bits(fadd(whole, number(x, 0x1.8p23), kRn), kS32) - constant(x, kS32, 0x4b400000);
  V half = shr_raw(n, like(n, 1));
  V rest = n - half;
  V bias = like(n, 127), at = like(n, 23);
  V scale1 = as_bits(shl_raw(half + bias, at), kF32), scale2 = as_bits(shl_raw(rest + bias, at), kF32);
  return fmul(fmul(power, scale1, kRn), scale2, kRn);
}

/// The same where subnormal results are flushed: the integer is added to the exponent, which is 0 at least
/// and becomes that of infinity from x = 128 on. Subnormal x give 1, flushed or not.
template <class V>
V ex2_to_flush(V x) {
  V near = select(compare(Compare::kLt, x, number(x, -126.5)), number(x, -126.5), x);
  near = select(compare(Compare::kGt, near, number(x, 128)), number(x, 128), near);
  V whole = round_to_integral(near, kRn);
  V power = polynomial(fsub(near, whole, kRn), kPowersOf2);
  V n = as_bits(fadd(whole, number(x, 0x1.8p23), kRn), kS32);  // in the low bits
  V scaled = as_bits(as_bits(power, kS32) + shl_raw(n, like(n, 23)), kF32);
  return select(is_nan(power), power, scaled);
}

/// log2(x): x = m 2^e with m in [sqrt(1/2), sqrt(2)), log2(m) = r P(r), r = m - 1.
template <class V>
V lg2(V x, bool subnormals) {
  static constexpr float kC[] = {0x1.715474p+0f,  -0x1.71546ap-1f, 0x1.ec76f4p-2f,
                                 -0x1.7160e6p-2f, 0x1.268f78p-2f,  -0x1.e87ce2p-3f,
                                 0x1.bd316ap-3f,  -0x1.aeb382p-3f, 0x1.00d832p-3f};
  V scaled = x, shift = constant(x, kS32, 0);
  if (subnormals) {
    V tiny = compare(Compare::kLt, x, number(x, 0x1p-126));
    scaled = select(tiny, fmul(x, number(x, 0x1p23), kRn), x);
    shift = select(tiny, constant(x, kS32, uint64_t(-23)), shift);
  }
  V bits = as_bits(scaled, kS32);
  V exponent = shr_raw(bits - like(bits, 0x3f3504f3), like(bits, 23));
  V r = fsub(as_bits(bits - shl_raw(exponent, like(bits, 23)), kF32), number(x, 1), kRn);
  V result = ffma(r, polynomial(r, kC), int_to_float(exponent + shift, kF32), kRn);
  V infinity = constant(x, kF32, 0x7f800000);
  V outside = select(is_nan(x) | compare(Compare::kLt, x, number(x, 0)), constant(x, kF32, 0x7fffffff),
                     constant(x, kF32, 0xff800000));
  result = select(compare(Compare::kGt, x, number(x, 0)), result, outside);
  return select(compare(Compare::kEq, x, infinity), infinity, result);
}

/// sin(x), or cos(x): x = n pi/2 + r, |r| <= pi/4, pi/2 in three parts.
template <class V>
V sin_cos(V x, bool cosine) {
  static constexpr float kSin[] = {1.0f, -0x1.555540p-3f, 0x1.1105b4p-7f, -0x1.98da66p-13f};
  static constexpr float kCos[] = {1.0f, -0.5f, 0x1.55554ap-5f, -0x1.6c0c8cp-10f, 0x1.9a025ap-16f};
  V n = round_to_integral(fmul(x, number(x, 0x1.45f306p-1), kRn), kRn);
  V r = ffma(n, number(x, -0x1.921fb6p+0), x, kRn);
  r = ffma(n, number(x, 0x1.777a5cp-25), r, kRn);
  r = ffma(n, number(x, 0x1.ee59dap-50), r, kRn);
  // Beyond |x| ~ 2^22 the reduction fails; the result stays in [-1, 1], as the hardware's does.
  r = select(compare(Compare::kGt, r, number(x, 0.8)), number(x, 0.8), r);
  r = select(compare(Compare::kLt, r, number(x, -0.8)), number(x, -0.8), r);
  if (!cosine) r = select(compare(Compare::kEq, x, number(x, 0)), x, r);
  V quadrant = as_bits(fadd(n, number(x, 0x1.8p23), kRn), kU32);
  if (cosine) quadrant = quadrant + like(quadrant, 1);
  V square = fmul(r, r, kRn);
  V by_sin = fmul(r, polynomial(square, kSin), kRn), by_cos = polynomial(square, kCos);
  V value = select(is_zero(quadrant & like(quadrant, 1)), by_sin, by_cos);
  V sign = shl_raw(quadrant & like(quadrant, 2), like(quadrant, 30));
  return as_bits(bits_of(value) ^ sign, kF32);
}

/// tanh(x) = x P(x^2) / Q(x^2) for |x| < 9, else +-1; relative error below 2^-17 (the ISA asks for 2^-11).
template <class V>
V tanh_approx(V x) {
  static constexpr float kP[] = {0x1.ffff3cp-1f, 0x1.ede8e0p-4f, 0x1.0ee3cap-9f, 0x1.95c72ep-19f};
  static constexpr float kQ[] = {1.0f, 0x1.d0c5b2p-2f, 0x1.48ca04p-6f, 0x1.f8e6f8p-14f};
  V size = fabs(x);
  V near = select(compare(Compare::kGt, size, number(x, 9)), number(x, 9), size);
  V square = fmul(near, near, kRn);
  V value = fdiv(fmul(near, polynomial(square, kP), kRn), polynomial(square, kQ), kRn);
  value = select(compare(Compare::kGe, size, number(x, 9)), number(x, 1), value);
  return copy_sign(x, value);
}

template <class V>
V ex2_float(const Args<V>& x) {
  return output(x, x.has("ftz") ? ex2_to_flush(x.a()) : ex2(x.a()));
}
template <class V>
V lg2_float(const Args<V>& x) {
  return output(x, lg2(input(x, x.a()), !x.has("ftz")));
}
template <class V>
V sin_cos_float(const Args<V>& x, bool cosine) {
  return output(x, sin_cos(input(x, x.a()), cosine));
}

/// lop3.BoolOp's second destination: (d != 0) and/or predicate.
template <class V>
Out<V> lop3_predicate(const Args<V>& x) {
  V d = logic3(x.a(), x.b(), x.c(), x.e());
  return both(d, combine(x, ~is_zero(d), x.in[4]));
}

}  // namespace ppu::isa
