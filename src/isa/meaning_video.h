// Meanings of the video rows (see meaning.h; PTX ISA, "Video Instructions"). Parts of registers are taken
// before; destinations are whole.
#pragma once
#include "isa/meaning.h"

namespace ppu::isa {

enum class VideoOp : uint8_t { kAdd, kSub, kAbsDiff, kMin, kMax, kShl, kShr, kAverage, kSet };

/// One operation in a wide signed type, before saturation.
template <class V>
V video_step(VideoOp op, V a, V b) {
  switch (op) {
    case VideoOp::kSub:
      return a - b;
    case VideoOp::kAbsDiff:
      return absolute(a - b);
    case VideoOp::kMin:
      return lesser(a, b);
    case VideoOp::kMax:
      return greater(a, b);
    case VideoOp::kAverage: {  // halves away from zero
      V sum = a + b, one = like(a, 1);
      return shr_raw(select(is_negative(sum), sum, sum + one), one);
    }
    default:
      return a + b;
  }
}

/// A wide signed value clamped to the range of a `bits`-wide integer.
template <class V>
V clamp_to(V a, bool is_signed, int bits) {
  const uint64_t top = (uint64_t(1) << (bits - is_signed)) - 1;
  return lesser(greater(a, like(a, is_signed ? ~top : 0)), like(a, top));
}

/// The comparison that the modifiers name, of signed values: 1 or 0.
template <class V>
V video_compare(const Args<V>& x, V a, V b) {
  Compare how = Compare::kEq;
  if (x.has("ne")) how = Compare::kNe;
  if (x.has("lt")) how = Compare::kLt;
  if (x.has("le")) how = Compare::kLe;
  if (x.has("gt")) how = Compare::kGt;
  if (x.has("ge")) how = Compare::kGe;
  return select(compare(how, a, b), like(a, 1), zero(a));
}

/// The second operation, with c.
template <class V>
V video_then(const Args<V>& x, V d) {
  if (x.has("add")) return d + x.c();
  if (x.has("min")) return lesser(d, x.c());
  if (x.has("max")) return greater(d, x.c());
  return d;
}

/// vadd and its kin: in 64 bits, clamped under .sat, then the second operation with c, in the destination's
/// type.
template <class V>
V video(const Args<V>& x, VideoOp op) {
  const Type to = x.types[0];
  V a = as_bits(resize(x.a(), kS64), kS64), wide = a;
  if (op == VideoOp::kShl || op == VideoOp::kShr) {
    V n = bits_of(x.b());
    n = x.has("clamp") ? lesser(n, like(n, 32)) : n & like(n, 31);
    V amount = as_bits(resize(n, kU64), kS64);
    wide = op == VideoOp::kShl ? shl_raw(a, amount) : shr_raw(a, amount);
  } else {
    wide = video_step(op, a, as_bits(resize(x.b(), kS64), kS64));
  }
  if (x.has("sat")) wide = clamp_to(wide, to.is_signed(), 32);
  return video_then(x, as_bits(resize(wide, to), to));
}

template <class V>
V video_set(const Args<V>& x) {
  V a = as_bits(resize(x.a(), kS64), kS64), b = as_bits(resize(x.b(), kS64), kS64);
  return video_then(x, as_bits(resize(video_compare(x, a, b), kU32), kU32));
}

/// vmad: the product and c in 64 bits, signed if a or b is or if one is subtracted; .po adds one more, then
/// scale and .sat.
template <class V>
V video_mad(const Args<V>& x) {
  const bool unsigned_factors = !x.types[1].is_signed() && !x.types[2].is_signed();
  const bool is_signed = !unsigned_factors || x.has("minus_ab") || x.has("minus_c");
  const Type wide = is_signed ? kS64 : kU64, c32 = is_signed ? kS32 : kU32;
  const auto widen = [&](V v) { return as_bits(resize(v, wide), wide); };
  V product = widen(x.a()) * widen(x.b());
  if (unsigned_factors && is_signed && x.has("sat")) {  // up to 2^64: less does to reach the range's end
    V bits = as_bits(product, kU64);
    product = as_bits(lesser(bits, like(bits, uint64_t(1) << 62)), wide);
  }
  V c = widen(as_bits(x.c(), c32));
  V sum = x.has("minus_ab") ? c - product : x.has("minus_c") ? product - c : product + c;
  if (x.has("po")) sum = sum + like(sum, 1);
  if (x.has("shr7")) sum = shr_raw(sum, like(sum, 7));
  if (x.has("shr15")) sum = shr_raw(sum, like(sum, 15));
  if (x.has("sat") && is_signed) sum = clamp_to(sum, true, 32);
  if (x.has("sat") && !is_signed) sum = lesser(sum, like(sum, 0xffffffff));
  return as_bits(resize(sum, x.types[0]), x.types[0]);
}

/// vadd4, vadd2 and their kin: by bytes or halves; .add sums the elements and c.
template <class V>
V video_simd(const Args<V>& x, VideoOp op, int count) {
  const bool sets = op == VideoOp::kSet;  // vset2, vset4: the result has no type of its own
  const Type to = sets ? kU32 : x.types[0], a_type = x.types[sets ? 0 : 1], b_type = x.types[sets ? 1 : 2];
  const uint8_t width = uint8_t(32 / count);
  V d = x.has("add") ? bits_of(x.c()) : x.k(kU32, 0);
  for (int i = 0; i < count; i++) {
    V a = as_bits(element(x.a(), i, width, a_type), kS32);
    V b = as_bits(element(x.b(), i, width, b_type), kS32);
    V value = sets ? video_compare(x, a, b) : video_step(op, a, b);
    if (x.has("sat")) value = clamp_to(value, to.is_signed(), width);
    if (x.has("add")) {
      d = d + bits_of(value);
    } else {
      V bits = bits_of(value) & like(d, (uint64_t(1) << width) - 1);
      d = d | shl_raw(bits, like(d, uint64_t(i) * width));
    }
  }
  return as_bits(d, to);
}

}  // namespace ppu::isa
