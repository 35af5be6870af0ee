// Meanings of the video rows (see meaning.h; PTX ISA, "Video Instructions"), without byte selectors and
// masks.
#pragma once
#include "isa/meaning.h"

namespace ppu::isa {

enum class VideoOp : uint8_t { kAdd, kSub, kAbsDiff, kMin, kMax, kShl, kShr };

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
  V d = as_bits(resize(wide, to), to);
  if (x.has("add")) return d + x.c();
  if (x.has("min")) return lesser(d, x.c());
  if (x.has("max")) return greater(d, x.c());
  return d;
}

/// vadd4, vadd2 and their kin: by bytes or halves; .add sums the elements and c.
template <class V>
V video_simd(const Args<V>& x, VideoOp op, int count) {
  const Type to = x.types[0];
  const uint8_t width = uint8_t(32 / count);
  V d = x.has("add") ? bits_of(x.c()) : x.k(kU32, 0);
  for (int i = 0; i < count; i++) {
    V a = as_bits(element(x.a(), i, width, x.types[1]), kS32);
    V b = as_bits(element(x.b(), i, width, x.types[2]), kS32);
    V value = video_step(op, a, b);
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
