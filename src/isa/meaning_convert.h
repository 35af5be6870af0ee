// Meanings of cvt rows (see meaning.h; PTX ISA, "cvt"): conversions between integers and floats in any
// rounding direction, to and from the small floats. Exact integer and float steps, one rounding each.
#pragma once
#include "isa/meaning_float.h"

namespace ppu::isa {

// ---- Float to float
// -------------------------------------------------------------------------------------------

/// A small float (.f16, .bf16) as .f32; exact.
template <class V>
V widen_half(V a) {
  if (a.t.kind == Kind::kF) return extend(a, kF32);
  V bits = resize(bits_of(a), kU32);
  return as_bits(shl_raw(bits, like(bits, 16)), kF32);
}

/// Moves the magnitude of a float's bits by one, if `p`.
template <class V>
V step(V bits, V p, bool up) {
  V one = resize(p, bits.t);
  return up ? bits + one : bits - one;
}

/// Corrects `rounded` (to nearest, of `exact`; `back` is it again in exact's type) to another direction.
template <class V>
V redirect(V exact, V rounded, V back, Round round) {
  V bits = bits_of(rounded);
  V negative = is_negative(bits);
  V above = compare(Compare::kGt, back, exact), below = compare(Compare::kLt, back, exact);
  V shrink = round == Round::kDown ? above & ~negative
             : round == Round::kUp ? below & negative
                                   : (above & ~negative) | (below & negative);
  bits = step(bits, shrink, false);
  if (round == Round::kDown) bits = step(bits, above & negative, true);
  if (round == Round::kUp) bits = step(bits, below & ~negative, true);
  return as_bits(bits, rounded.t);
}

/// .f64 -> .f32 rounded to odd: a further rounding to a narrower format is then the only one that counts.
template <class V>
V narrow_to_odd(V a) {
  V rounded = truncate(a, kF32);
  V back = extend(rounded, kF64);
  V bits = bits_of(redirect(a, rounded, back, Round::kZero));
  return as_bits(bits | resize(compare(Compare::kNe, back, a), kU32), kF32);
}

/// .f32 -> .bf16 by integers: the upper half, rounded; NaN canonical.
template <class V>
V narrow_to_bf16(V a, Round round) {
  V bits = bits_of(a);
  V upper = shr_raw(bits, like(bits, 16));
  V lower = bits & like(bits, 0xffff);
  V inexact = ~is_zero(lower);
  V negative = is_negative(bits);
  V last = upper & like(bits, 1);
  if (round == Round::kNearest) upper = shr_raw(bits + like(bits, 0x7fff) + last, like(bits, 16));
  if (round == Round::kDown) upper = step(upper, inexact & negative, true);
  if (round == Round::kUp) upper = step(upper, inexact & ~negative, true);
  V half = select(is_nan(a), like(bits, 0x7fff), upper);
  return as_bits(resize(half, kU16), kBF16);
}

/// A wider float as `t` (.f32 from .f64; .f16, .bf16 from .f32 or .f64); NaN canonical.
template <class V>
V narrow(V a, Type t, Round round) {
  if (t.bits == 16 && a.t == kF64) a = narrow_to_odd(a);
  if (t.kind == Kind::kBF) return narrow_to_bf16(a, round);
  V rounded = truncate(a, t);
  if (round != Round::kNearest) rounded = redirect(a, rounded, extend(rounded, a.t), round);
  V nan = constant(a, unsigned_of(t), nan_bits(t));
  return as_bits(select(is_nan(a), nan, bits_of(rounded)), t);
}

/// .f32 -> .tf32: 10 fraction bits, the 13 low bits zero.
template <class V>
V narrow_to_tf32(V a, Round round) {
  V bits = bits_of(a);
  V last = shr_raw(bits, like(bits, 13)) & like(bits, 1);
  if (round == Round::kAway) bits = bits + like(bits, 0x1000);
  if (round == Round::kNearest) bits = bits + like(bits, 0xfff) + last;
  V kept = bits & like(bits, 0xffffe000);
  return as_bits(select(is_nan(a), like(bits, 0x7fffffff), kept), Type{Kind::kTF, 32, 1});
}

/// .relu: negative numbers and -0 become +0; NaN canonical.
template <class V>
V relu(V a) {
  V positive = select(compare(Compare::kGt, a, zero(a)), a, zero(a));
  return select(is_nan(a), constant(a, a.t, nan_bits(a.t)), positive);
}

/// A float source widened to what can be computed with: .f32 or .f64, flushed under .ftz.
template <class V>
V float_source(const Args<V>& x, V a) {
  return a.t.bits == 16 ? widen_half(a) : input(x, a);
}

/// .satfinite: what would become infinite is the largest finite number.
template <class V>
V limit_finite(V a, Type t) {
  V bound =
      t.kind == Kind::kTF ? constant(a, kF32, 0x7f7fe000) : widen_half(constant(a, t, infinity_bits(t) - 1));
  V limited = copy_sign(a, bound);
  return select(compare(Compare::kGt, fabs(a), bound), limited, a);
}

/// cvt between floats.
template <class V>
V convert_float(const Args<V>& x) {
  const Type t = x.types[0];
  V a = float_source(x, x.a());
  const bool to_integral = x.has("rni") || x.has("rzi") || x.has("rmi") || x.has("rpi");
  if (to_integral) a = round_to_integral(a, x.round());
  if (x.has("sat")) a = saturate(a);
  if (x.has("relu")) a = relu(a);
  if (x.has("satfinite")) a = limit_finite(a, t);
  if (t.kind == Kind::kTF) return narrow_to_tf32(a, x.round());
  if (t == a.t) return input(x, a);
  if (t == kF64) return extend(a, kF64);
  const Round round = to_integral ? kRn : x.round();
  V result = narrow(a, t, round);
  return t == kF32 && x.has("ftz") ? flush(result) : result;
}

/// cvt.f16x2.f32 and its kin: two sources in one register, the first in the upper half.
template <class V>
V pack_halves(V high, V low) {
  V upper = resize(bits_of(high), kU32), lower = resize(bits_of(low), kU32);
  return shl_raw(upper, like(upper, 16)) | lower;
}
template <class V>
V convert_pair(const Args<V>& x) {
  const Type element{x.types[0].kind, 16, 1};
  V parts[2] = {x.a(), x.b()};
  for (V& part : parts) {
    if (x.has("relu")) part = relu(part);
    if (x.has("satfinite")) part = limit_finite(part, element);
    part = narrow(part, element, x.round());
  }
  return as_bits(pack_halves(parts[0], parts[1]), x.types[0]);
}

// ---- 8-bit floats
// ---------------------------------------------------------------------------------------------

/// .f32 -> e4m3 or e5m2, to nearest even, too large -> largest finite (.satfinite); a byte as u32.
template <class V>
V to_float8(V a, Kind kind) {
  const bool e4m3 = kind == Kind::kE4M3;
  const int fraction = e4m3 ? 3 : 2, bias = e4m3 ? 7 : 15;
  const uint64_t largest = e4m3 ? 0x7e : 0x7b, drop = uint64_t(23 - fraction);
  V size = fabs(a);
  V bits = bits_of(size);
  V last = shr_raw(bits, like(bits, drop)) & like(bits, 1);
  V normal = shr_raw(bits + like(bits, (uint64_t(1) << (drop - 1)) - 1) + last, like(bits, drop)) -
             like(bits, uint64_t(127 - bias) << fraction);
  // Below the smallest normal number, the code counts units of the last place: f + 2^23 holds round(f) low.
  V units = fmul(size, number(a, e4m3 ? 0x1p9 : 0x1p16), kRn);
  V subnormal = bits_of(fadd(units, number(a, 0x1p23), kRn)) & like(bits, 0xff);
  V code = select(compare(Compare::kLt, size, number(a, e4m3 ? 0x1p-6 : 0x1p-14)), subnormal, normal);
  code = lesser(code, like(code, largest));
  V sign = shr_raw(bits_of(a), like(bits, 24)) & like(bits, 0x80);
  return select(is_nan(a), like(code, 0x7f), code | sign);
}

/// A byte (low bits of a u32) as .f16; exact.
template <class V>
V from_float8(V byte, Kind kind) {
  V nan = constant(byte, kU16, 0x7fff);
  V number_bits = byte & like(byte, 0x7f);
  if (kind == Kind::kE5M2) {
    V half = resize(shl_raw(byte, like(byte, 8)), kU16);
    return as_bits(select(compare(Compare::kGt, number_bits, like(byte, 0x7c)), nan, half), kF16);
  }
  V sign = shl_raw(byte & like(byte, 0x80), like(byte, 24));
  V magnitude = as_bits(shl_raw(number_bits, like(byte, 20)), kF32);
  V value = bits_of(fmul(magnitude, number(magnitude, 0x1p120), kRn)) | sign;
  V half = bits_of(truncate(as_bits(value, kF32), kF16));
  return as_bits(select(compare(Compare::kEq, number_bits, like(byte, 0x7f)), nan, half), kF16);
}

template <class V>
V half_of(V a, int i, Type element) {
  V bits = resize(bits_of(a), kU32);
  return as_bits(resize(shr_raw(bits, like(bits, uint64_t(16) * uint64_t(i))), kU16), element);
}

/// cvt.rn.satfinite{.relu}.e4m3x2.f32 d, a, b and .e4m3x2.f16x2 d, a: the first source in the upper byte.
template <class V>
V convert_to_float8(const Args<V>& x) {
  const bool packed = x.types[1].packed == 2;
  const Type element{x.types[1].kind, 16, 1};
  V high = packed ? widen_half(half_of(x.a(), 1, element)) : x.a();
  V low = packed ? widen_half(half_of(x.a(), 0, element)) : x.b();
  if (x.has("relu")) {
    high = relu(high);
    low = relu(low);
  }
  V upper = to_float8(high, x.types[0].kind);
  V both_bytes = shl_raw(upper, like(upper, 8)) | to_float8(low, x.types[0].kind);
  return as_bits(resize(both_bytes, kU16), x.types[0]);
}
template <class V>
V convert_from_float8(const Args<V>& x) {
  V bits = resize(bits_of(x.a()), kU32);
  V halves[2] = {from_float8(bits & like(bits, 0xff), x.types[1].kind),
                 from_float8(shr_raw(bits, like(bits, 8)), x.types[1].kind)};
  if (x.has("relu"))
    for (V& half : halves) half = narrow(relu(widen_half(half)), kF16, kRn);
  return as_bits(pack_halves(halves[1], halves[0]), x.types[0]);
}

// ---- Integers
// -------------------------------------------------------------------------------------------------

/// cvt between integers; .sat clamps to the destination's range.
template <class V>
V convert_int(const Args<V>& x) {
  const Type to = x.types[0], from = x.types[1];
  V a = x.a();
  if (x.has("sat")) {
    // Bounds that the source's range can exceed, compared in the source's type.
    const int to_max_bits = to.bits - to.is_signed(), from_max_bits = from.bits - from.is_signed();
    if (from_max_bits > to_max_bits) a = lesser(a, like(a, low_bits(~uint64_t(0), to_max_bits)));
    if (from.is_signed() && !to.is_signed()) a = greater(a, zero(a));
    if (from.is_signed() && to.is_signed() && to.bits < from.bits)
      a = greater(a, like(a, ~uint64_t(0) << (to.bits - 1)));
  }
  return as_bits(resize(a, to), to);
}

/// Magnitude of an integer with only its `precision` leading bits, as a float; and whether bits were lost.
template <class V>
struct LeadingBits {
  V value;
  V inexact;
};
template <class V>
LeadingBits<V> leading_bits(V magnitude, Type t, int precision) {
  V used = like(magnitude, magnitude.t.bits) - clz(magnitude);
  V p = like(magnitude, uint64_t(precision));
  V excess = select(compare(Compare::kGt, used, p), used - p, zero(used));
  V kept = shl_raw(shr_raw(magnitude, excess), excess);
  return {int_to_float(kept, t), compare(Compare::kNe, kept, magnitude)};
}

/// Integer to .f32 or .f64 in any direction (kAway here: to odd, for a second rounding).
template <class V>
V int_to_float_rounded(V a, Type t, Round round) {
  if (round == Round::kNearest) return int_to_float(a, t);
  V negative = a.t.is_signed() ? is_negative(a) : constant(a, kPred, 0);
  V magnitude = bits_of(a.t.is_signed() ? absolute(a) : a);
  if (magnitude.t.bits < 32) magnitude = resize(magnitude, kU32);
  const LeadingBits<V> leading = leading_bits(magnitude, t, t.bits == 64 ? 53 : 24);
  V bits = bits_of(leading.value);
  if (round == Round::kAway) bits = bits | resize(leading.inexact, bits.t);
  if (round == Round::kUp) bits = step(bits, leading.inexact & ~negative, true);
  if (round == Round::kDown) bits = step(bits, leading.inexact & negative, true);
  V sign = select(negative, like(bits, sign_bit(t)), zero(bits));
  return as_bits(bits | sign, t);
}

template <class V>
V convert_int_to_float(const Args<V>& x) {
  const Type t = x.types[0];
  V a = x.a();
  V value = t.bits == 16 ? int_to_float_rounded(a, kF32, a.t.bits <= 16 ? Round::kNearest : Round::kAway)
                         : int_to_float_rounded(a, t, x.round());
  if (x.has("sat")) value = saturate(value);
  return t.bits == 16 ? narrow(value, t, x.round()) : value;
}

/// cvt from a float to an integer: rounded, clamped to the range; NaN gives 0, or the middle bit pattern
/// where .f64, .s64 or .u64 is involved (PTX ISA, "cvt").
template <class V>
V convert_float_to_int(const Args<V>& x) {
  const Type to = x.types[0];
  V a = round_to_integral(float_source(x, x.a()), x.round());
  const Type middle{to.kind, uint8_t(to.bits < 32 ? 32 : to.bits), 1};
  V value = float_to_int(a, middle);
  if (to.bits < 32) {
    value = lesser(value, like(value, low_bits(~uint64_t(0), to.bits - to.is_signed())));
    if (to.is_signed()) value = greater(value, like(value, ~uint64_t(0) << (to.bits - 1)));
  }
  const bool keeps_zero = a.t.bits != 64 && to.bits != 64;
  if (!keeps_zero) value = select(is_nan(a), like(value, uint64_t(1) << (to.bits - 1)), value);
  return as_bits(resize(value, to), to);
}

}  // namespace ppu::isa
