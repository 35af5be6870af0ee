// Texture and surface objects as kernels see them: a 64-bit handle names a TextureState, which says where the
// texels lie, what they are and how they are read. src/device makes the states; the sampler here reads them.
// A state never changes after it got its handle.
#pragma once
#include <cstdint>

#include "exec/texture_abi.h"

namespace ppu::exec {

enum class ChannelKind : uint8_t { kUnsigned, kSigned, kFloat };

/// How one texel lies in memory: `channels` values of `bits`, the first at the lowest address.
struct TexelFormat {
  ChannelKind kind = ChannelKind::kFloat;
  uint8_t bits = 32;     ///< 8, 16 or 32
  uint8_t channels = 1;  ///< 1, 2 or 4
  /// Integer channels read as [0, 1] or [-1, 1] (cudaReadModeNormalizedFloat, and the UNORM, SNORM formats).
  bool normalized = false;
  bool srgb = false;  ///< of 8-bit normalized ones: the first three channels are sRGB-encoded
  uint32_t bytes() const { return uint32_t(bits) / 8 * channels; }
  /// Channels are delivered as f32 rather than as integers.
  bool reads_float() const { return kind == ChannelKind::kFloat || normalized; }
};

/// One mip level. Slices are z planes, layers or cube faces (face 6 * layer + f).
struct TextureLevel {
  uint64_t base = 0;
  int32_t width = 1, height = 1, depth = 1;  ///< in texels; depth of 3-D images only
  int32_t slices = 1;
  uint64_t row_pitch = 0, slice_pitch = 0;  ///< in bytes
};

enum class AddressMode : uint8_t { kWrap, kClamp, kMirror, kBorder };

constexpr unsigned kMaxMipLevels = 18;

struct TextureState {
  TextureKind kind = TextureKind::kTexture;
  TexelFormat format;
  bool normalized_coords = false;
  bool linear_filter = false, linear_mipmap_filter = false;
  bool linear_memory = false;  ///< 1-D in plain memory: what lies outside reads as zero
  bool seamless = false;       ///< filters across cube edges
  AddressMode address[3] = {AddressMode::kClamp, AddressMode::kClamp, AddressMode::kClamp};
  float mip_bias = 0, min_level = 0, max_level = 0;
  float border[4] = {0, 0, 0, 0};
  uint8_t levels = 1;
  uint64_t memory = 0, memory_bytes = 0;  ///< what the object covers
  TextureLevel level[kMaxMipLevels];
};

/// Gives `state` a handle, never 0 and not used before in this process. 0 if 2^20 objects are alive.
uint64_t register_texture(const TextureState& state);
/// False if it isn't a live handle.
bool unregister_texture(uint64_t handle);
/// The state of a live handle; null for anything else. Safe at any time, from any thread.
const TextureState* find_texture(uint64_t handle);

/// Why an access can't be made.
struct TextureFault {
  uint32_t trap = 0;  ///< exec::Trap; 0 = none
  uint32_t lane = 0;
  uint64_t info = 0;
};

/// Runs one instruction for `lanes`; `handles`, `in` and `out` are rows of 32 (texture_abi.h). Reads and
/// writes kernel memory: must be inside a protected region, and holds nothing meanwhile.
TextureFault run_texture(TextureOp op, const uint64_t* handles, const uint32_t* in, uint32_t* out,
                         uint32_t lanes);

}  // namespace ppu::exec
