// Texels of a whole warp: from memory to channel words or values, and back. Rows of 32, one entry a lane.
// Every operation is exact or one IEEE operation, so that all vector widths give the same bits.
#pragma once
#include <bit>
#include <cstdint>

#include "exec/texture.h"

// The loops of a function compiled for each vector width, chosen when the library is loaded.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define PPU_VECTOR_CLONES  // their runtimes aren't ready when the loader asks for the choice
#endif
#endif
#ifndef PPU_VECTOR_CLONES
#define PPU_VECTOR_CLONES __attribute__((target_clones("avx512dq", "avx2", "default")))
#endif

namespace ppu::exec {

constexpr unsigned kTexelLanes = 32;

struct TexelWords {
  alignas(64) uint32_t channel[4][kTexelLanes];
};
struct TexelValues {
  alignas(64) double channel[4][kTexelLanes];
};

/// The channels of the texels at `address` (0: outside, all channels read 0): integers extended to 32 bits,
/// floats as f32 bits, halves as they are.
void load_texels(const TexelFormat& format, const uint64_t* address, TexelWords& words);

/// What the words mean, times texel_scale(): sums of them stay exact, and are divided once.
void texel_values(const TexelFormat& format, const TexelWords& words, TexelValues& values);

/// What a normalized format's integers are divided by to give [0, 1] or [-1, 1]; else 1.
double texel_scale(const TexelFormat& format);

/// The texel that formatted surface stores (sust.p) make of 32-bit words: float formats take f32, integers
/// are clamped to the format's range. Writes format.bytes() to `to`.
void store_texel(const TexelFormat& format, const uint32_t* words, unsigned count, void* to);

/// IEEE half <-> float bits; to half: to nearest even.
inline float half_to_float(uint32_t h) {
  const uint32_t magnitude = (h & 0x7fff) << 13;
  // Scaled by 2^112, subnormal halves come out as the normal floats they are.
  uint32_t bits = std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) * 0x1p112f);
  bits = (h & 0x7c00) == 0x7c00 ? magnitude | 0x7f800000 : bits;
  return std::bit_cast<float>(bits | (h & 0x8000) << 16);
}
uint16_t float_to_half(float f);

}  // namespace ppu::exec
