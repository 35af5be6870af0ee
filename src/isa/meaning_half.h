// Meanings of .f16, .f16x2, .bf16 and .bf16x2 rows (see meaning.h): each element is widened to .f32, computed
// and rounded once. add, sub and mul need no more (24 >= 2*11 + 2 bits); fma rounds to odd first.
#pragma once
#include "isa/meaning_convert.h"

namespace ppu::isa {

/// The type of one element of `t`.
constexpr Type element_of(Type t) {
  return {t.kind, t.bits, 1};
}

/// Runs `f` on the .f32 of each element of the first `count` operands and packs what it yields, a 16-bit
/// value.
template <class V, class F>
V each_half(const Args<V>& x, int count, F f) {
  const Type t = x.in[0].t, element = element_of(t);
  V packed = x.in[0];
  for (int i = 0; i < t.packed; i++) {
    V lane[3] = {x.in[0], x.in[0], x.in[0]};
    for (int k = 0; k < count; k++) {
      V half = half_of(x.in[size_t(k)], i, element);
      lane[k] = widen_half(x.has("ftz") ? flush(half) : half);
    }
    V result = resize(bits_of(f(lane)), unsigned_of(t));
    packed = i == 0 ? result : packed | shl_raw(result, like(result, 16));
  }
  return as_bits(packed, t);
}

/// An .f32 result as an element: clamped, rounded, flushed as the modifiers say.
template <class V>
V half_result(const Args<V>& x, V value) {
  if (x.has("sat")) value = saturate(value);
  if (x.has("relu")) value = relu(value);
  const Type element = element_of(x.in[0].t);
  // NaN payloads of arithmetic are free, which spares .f16 a test; .relu and min have made theirs canonical.
  V half = element.kind == Kind::kF ? truncate(value, element) : narrow(value, element, x.round());
  return x.has("ftz") ? flush(half) : half;
}

enum class HalfOp : uint8_t { kAdd, kSub, kMul, kFma, kMin, kMax, kEx2, kTanh };

/// a * b + c, to odd in .f32: the product is exact, and so is the error of the sum (Knuth's two-sum).
template <class V>
V fma_to_odd(V a, V b, V c) {
  V product = fmul(a, b, kRn), sum = ffma(a, b, c, kRn);
  V part = fsub(sum, product, kRn);
  V error = fadd(fsub(product, fsub(sum, part, kRn), kRn), fsub(c, part, kRn), kRn);
  V bits = bits_of(sum);
  V adjust = compare(Compare::kNe, error, zero(error)) & is_zero(bits & like(bits, 1));
  V apart = is_negative(bits ^ bits_of(error));
  V moved = select(apart, bits - like(bits, 1), bits + like(bits, 1));
  return as_bits(select(adjust, moved, bits), kF32);
}

template <class V>
V half_minmax(const Args<V>& x, V a, V b, bool want_max) {
  if (!x.has("xorsign")) return pick_float(a, b, want_max, x.has("NaN"));
  V picked = pick_float(fabs(a), fabs(b), want_max, x.has("NaN"));
  V sign = (bits_of(a) ^ bits_of(b)) & constant(a, kU32, 0x80000000);
  return select(is_nan(picked), picked, as_bits(bits_of(picked) ^ sign, kF32));
}

template <class V>
V half_arithmetic(const Args<V>& x, HalfOp op) {
  const int count = op == HalfOp::kFma ? 3 : op == HalfOp::kEx2 || op == HalfOp::kTanh ? 1 : 2;
  return each_half(x, count, [&](const V(&l)[3]) {
    switch (op) {
      case HalfOp::kAdd:
        return half_result(x, fadd(l[0], l[1], kRn));
      case HalfOp::kSub:
        return half_result(x, fsub(l[0], l[1], kRn));
      case HalfOp::kMul:
        return half_result(x, fmul(l[0], l[1], kRn));
      case HalfOp::kFma:
        // Two roundings in one direction are one; to nearest they aren't, so the first is to odd.
        return half_result(
            x, x.round() == kRn ? fma_to_odd(l[0], l[1], l[2]) : ffma(l[0], l[1], l[2], x.round()));
      case HalfOp::kMin:
        return half_result(x, half_minmax(x, l[0], l[1], false));
      case HalfOp::kMax:
        return half_result(x, half_minmax(x, l[0], l[1], true));
      case HalfOp::kEx2:
        return half_result(x, ex2(l[0]));
      case HalfOp::kTanh:
        break;
    }
    return half_result(x, tanh_approx(l[0]));
  });
}

/// abs and neg: bits only, after flushing.
template <class V>
V half_sign(const Args<V>& x, bool negate) {
  const Type t = x.in[0].t, element = element_of(t);
  V packed = bits_of(x.in[0]);
  if (x.has("ftz")) {
    for (int i = 0; i < t.packed; i++) {
      V half = resize(bits_of(flush(half_of(x.in[0], i, element))), unsigned_of(t));
      packed = i == 0 ? half : packed | shl_raw(half, like(half, 16));
    }
  }
  V signs = like(packed, t.packed == 2 ? 0x80008000 : 0x8000);
  return as_bits(negate ? packed ^ signs : packed & ~signs, t);
}

/// The comparison of element i; a scalar's only element is 0.
template <class V>
V compare_half(const Args<V>& x, int i) {
  const Type element = element_of(x.in[0].t);
  V lane[2] = {x.in[0], x.in[0]};
  for (int k = 0; k < 2; k++) {
    V half = half_of(x.in[size_t(k)], i, element);
    lane[k] = widen_half(x.has("ftz") ? flush(half) : half);
  }
  return compare(compare_op(x.mods), lane[0], lane[1]);
}

/// setp: of a packed type p is the lower element's, q the upper one's; else q is the complement.
template <class V>
Out<V> setp_half(const Args<V>& x) {
  V p = compare_half(x, 0);
  return x.in[0].t.packed == 2 ? both(p, compare_half(x, 1)) : predicates(p);
}
template <class V>
Out<V> setp_half_bool(const Args<V>& x) {
  V p = compare_half(x, 0), c = x.c();
  return x.in[0].t.packed == 2 ? both(combine(x, p, c), combine(x, compare_half(x, 1), c))
                               : predicates(x, p, c);
}

/// What set writes for a true comparison, `bits` wide: ones, or 1.0 of the destination's float type.
constexpr uint64_t truth_bits(Type t, int bits) {
  if (t.kind == Kind::kBF) return 0x3f80;
  if (t.kind == Kind::kF && t.bits == 16) return 0x3c00;
  if (t.kind == Kind::kF) return 0x3f800000;
  return bits == 64 ? ~uint64_t(0) : (uint64_t(1) << bits) - 1;
}

/// set from .f16/.bf16 sources: to one value, or to one in each half of the destination for packed sources.
template <class V>
V set_half(const Args<V>& x, bool with_bool) {
  const Type to = x.types[0];
  const int packed = x.in[0].t.packed, width = packed == 2 ? 16 : to.total_bits();
  V result = x.k(unsigned_of(to), 0);
  for (int i = 0; i < packed; i++) {
    V p = compare_half(x, i);
    if (with_bool) p = combine(x, p, x.c());
    result = result | select(p, like(result, truth_bits(to, width) << (16 * i)), zero(result));
  }
  return as_bits(result, to);
}

/// set to .f16 or .bf16 from the other types.
template <class V>
V truth_half(const Args<V>& x, V p) {
  return select(p, x.k(x.types[0], truth_bits(x.types[0], 16)), x.k(x.types[0], 0));
}

}  // namespace ppu::isa
