// What one texture or surface instruction asks of the runtime helper `texture`: shared by the reader of PTX
// (src/ptx/texture_access), both engines and the sampler. Plain layout, passed as one 64-bit number.
//
// The helper serves a whole warp. Its inputs are rows of 32 words, one word a lane, in this order:
//   coordinates   as many as texture_axes(geometry): f32 bits, or s32 (of surfaces always, x in bytes unless
//                 kFormatted)
//   layer         if texture_is_layered(geometry)
//   kSampleLevel  the level (f32; s32 of kIntegerCoordinates)
//   kSampleGrad   d/dx of each axis, then d/dy of each (f32)
//   kHasOffset    texel offsets of each axis (s32)
//   kQuery        of kLevelQuery: the level
//   kStore        the elements' words: one each, or two (low, high) of 8-byte elements;  kReduce: the value's
// It delivers four rows: the channels (samples, gathers), the elements' words (loads), the answer (queries).
#pragma once
#include <bit>
#include <cstdint>

namespace ppu::exec {

enum class TextureAction : uint8_t {
  kSample,
  kSampleLevel,
  kSampleGrad,
  kGather,
  kQuery,
  kIsKind,  ///< istypep: 1 if the handle is of the kind in `detail`
  kLoad,
  kStore,
  kReduce,
  kExtent,  ///< memory the object covers: address in words 0 and 1, bytes in 2 and 3
};

enum class TextureGeometry : uint8_t { k1D, k2D, k3D, kCube, k1DLayered, k2DLayered, kCubeLayered };

constexpr unsigned texture_axes(TextureGeometry g) {
  constexpr unsigned kAxes[] = {1, 2, 3, 3, 1, 2, 3};
  return kAxes[unsigned(g)];
}
constexpr bool texture_is_layered(TextureGeometry g) {
  return g >= TextureGeometry::k1DLayered;
}

/// TextureOp::detail of kQuery.
enum class TextureQuery : uint8_t {
  kWidth,
  kHeight,
  kDepth,
  kChannelDataType,
  kChannelOrder,
  kNormalizedCoords,
  kForceUnnormalizedCoords,
  kFilterMode,
  kAddressMode0,
  kAddressMode1,
  kAddressMode2,
  kArraySize,
  kMipmapLevels,
  kSamples,
  kMemoryLayout,
};

/// TextureOp::detail of kReduce, with the operand's type.
enum class TextureReduce : uint8_t { kAdd, kMin, kMax, kAnd, kOr };
/// TextureOp::detail of kIsKind.
enum class TextureKind : uint8_t { kTexture, kSampler, kSurface };
/// TextureOp::clamp: what an access outside a surface does.
enum class SurfaceClamp : uint8_t { kTrap, kClamp, kZero };

/// Bits of TextureOp::flags.
constexpr uint8_t kIntegerCoordinates = 1;  ///< s32 coordinates: texels, not filtered
constexpr uint8_t kHasOffset = 2;
constexpr uint8_t kHalfResult = 4;  ///< channels as f16 bits, in a word each
constexpr uint8_t kFormatted = 8;   ///< .p forms of surfaces: x in texels, values converted to the format
constexpr uint8_t kLevelQuery = 16;
constexpr uint8_t kSignedValue = 32;  ///< kReduce: of s32 or s64

struct TextureOp {
  TextureAction action = TextureAction::kSample;
  TextureGeometry geometry = TextureGeometry::k1D;
  uint8_t detail = 0;  ///< gather: the channel; query, reduction, kind: see above
  uint8_t flags = 0;
  SurfaceClamp clamp = SurfaceClamp::kTrap;
  uint8_t element_bytes = 0;  ///< surfaces: 1, 2, 4 or 8
  uint8_t elements = 0;       ///< surfaces: 1, 2 or 4
  uint8_t unused = 0;

  bool has(uint8_t flag) const { return flags & flag; }
  uint64_t bits() const { return std::bit_cast<uint64_t>(*this); }
  static TextureOp of(uint64_t bits) { return std::bit_cast<TextureOp>(bits); }
};
static_assert(sizeof(TextureOp) == 8);

constexpr unsigned kMaxTextureInputs = 16;
constexpr unsigned kTextureOutputs = 4;

}  // namespace ppu::exec
