#include "exec/texel.h"

#include <cmath>
#include <cstring>

namespace ppu::exec {
namespace {

template <class T, unsigned kChannels>
void load_channels(const uint64_t* address, TexelWords& words) {
  for (unsigned l = 0; l < kTexelLanes; l++) {
    T v[kChannels] = {};
    if (address[l]) std::memcpy(v, reinterpret_cast<const void*>(address[l]), sizeof v);
    for (unsigned c = 0; c < kChannels; c++) words.channel[c][l] = uint32_t(int64_t(v[c]));
  }
}

template <class T>
void load_as(unsigned channels, const uint64_t* address, TexelWords& words) {
  if (channels == 1)
    load_channels<T, 1>(address, words);
  else if (channels == 2)
    load_channels<T, 2>(address, words);
  else
    load_channels<T, 4>(address, words);
}

/// Linear values of 8-bit sRGB (IEC 61966-2-1), times 255.
const double* srgb_table() {
  static const auto* table = [] {
    auto* t = new double[256];
    for (int i = 0; i < 256; i++) {
      const double v = i / 255.0;
      t[i] = 255 * (v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4));
    }
    return t;
  }();
  return table;
}

PPU_VECTOR_CLONES void unsigned_values(const uint32_t* w, double* out) {
  for (unsigned l = 0; l < kTexelLanes; l++) out[l] = double(w[l]);
}
/// Of two's complement's extra value, one below -1, normalized formats make -1.
PPU_VECTOR_CLONES void signed_values(const uint32_t* w, int32_t least, double* out) {
  for (unsigned l = 0; l < kTexelLanes; l++) {
    const int32_t v = int32_t(w[l]);
    out[l] = double(v < least ? least : v);
  }
}
PPU_VECTOR_CLONES void float_values(const uint32_t* w, double* out) {
  for (unsigned l = 0; l < kTexelLanes; l++) out[l] = double(std::bit_cast<float>(w[l]));
}
PPU_VECTOR_CLONES void half_values(const uint32_t* w, double* out) {
  for (unsigned l = 0; l < kTexelLanes; l++) out[l] = double(half_to_float(w[l]));
}

double largest(const TexelFormat& f) {
  const int bits = f.kind == ChannelKind::kSigned ? f.bits - 1 : f.bits;
  return double((uint64_t(1) << bits) - 1);
}

/// An f32 as a normalized integer, or an integer clamped to `bits`.
uint32_t integer_of(const TexelFormat& f, uint32_t word) {
  const double most = largest(f), least = f.kind == ChannelKind::kSigned ? -most - 1 : 0;
  if (f.normalized) {
    double v = double(std::bit_cast<float>(word));
    const double low = f.kind == ChannelKind::kSigned ? -1.0 : 0.0;
    v = v > low ? (v < 1.0 ? v : 1.0) : low;  // a NaN becomes the lowest
    return uint32_t(int64_t(std::nearbyint(v * most)));
  }
  const double v = f.kind == ChannelKind::kSigned ? double(int32_t(word)) : double(word);
  return uint32_t(int64_t(v < least ? least : v > most ? most : v));
}

}  // namespace

void load_texels(const TexelFormat& format, const uint64_t* address, TexelWords& words) {
  const bool is_signed = format.kind == ChannelKind::kSigned;
  if (format.bits == 32)
    load_as<uint32_t>(format.channels, address, words);
  else if (format.bits == 16)
    is_signed ? load_as<int16_t>(format.channels, address, words)
              : load_as<uint16_t>(format.channels, address, words);
  else
    is_signed ? load_as<int8_t>(format.channels, address, words)
              : load_as<uint8_t>(format.channels, address, words);
}

void texel_values(const TexelFormat& format, const TexelWords& words, TexelValues& values) {
  for (unsigned c = 0; c < format.channels; c++) {
    const uint32_t* w = words.channel[c];
    double* out = values.channel[c];
    if (format.kind == ChannelKind::kFloat) {
      format.bits == 16 ? half_values(w, out) : float_values(w, out);
    } else if (format.srgb && c < 3) {
      const double* table = srgb_table();
      for (unsigned l = 0; l < kTexelLanes; l++) out[l] = table[w[l] & 255];
    } else if (format.kind == ChannelKind::kSigned) {
      signed_values(w, format.normalized ? -int32_t(largest(format)) : INT32_MIN, out);
    } else {
      unsigned_values(w, out);
    }
  }
}

double texel_scale(const TexelFormat& format) {
  return format.normalized ? largest(format) : 1;
}

void store_texel(const TexelFormat& format, const uint32_t* words, unsigned count, void* to) {
  const unsigned bytes = format.bits / 8;
  for (unsigned c = 0; c < format.channels; c++) {
    uint32_t v = c < count ? words[c] : 0;
    if (format.kind != ChannelKind::kFloat)
      v = integer_of(format, v);
    else if (format.bits == 16)
      v = float_to_half(std::bit_cast<float>(v));
    std::memcpy(static_cast<char*>(to) + c * bytes, &v, bytes);
  }
}

uint16_t float_to_half(float f) {
  const uint32_t u = std::bit_cast<uint32_t>(f), sign = u >> 16 & 0x8000, a = u & 0x7fffffff;
  if (a > 0x7f800000) return 0x7fff;  // the canonical NaN
  if (a >= 0x477ff000) return uint16_t(sign | 0x7c00);
  if (a < 0x38800000) {
    // A subnormal half, in units of 2^-24: adding 2^-1 leaves them, rounded, in the low bits.
    const float units = std::bit_cast<float>(a) + 0.5f;
    return uint16_t(sign | (std::bit_cast<uint32_t>(units) - 0x3f000000));
  }
  const uint32_t rounded = a + 0xfff + (a >> 13 & 1);
  return uint16_t(sign | ((rounded - 0x38000000) >> 13));
}

}  // namespace ppu::exec
