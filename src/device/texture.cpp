#include "device/texture.h"

#include <algorithm>

#include "base/log.h"

namespace ppu::device {
namespace {

using exec::AddressMode;
using exec::TexelFormat;
using exec::TextureLevel;
using exec::TextureState;

size_t limit(const Device& device, CUdevice_attribute attribute) {
  int value = 0;
  return device_attribute(device, attribute, &value) == CUDA_SUCCESS ? size_t(value) : 0;
}

CUresult set_linear(const Device& device, const CUDA_RESOURCE_DESC& d, TextureState& s) {
  const auto& m = d.res.linear;
  if (!texel_format(m.format, m.numChannels, &s.format) || !m.devPtr || !m.sizeInBytes)
    return CUDA_ERROR_INVALID_VALUE;
  const size_t texels = m.sizeInBytes / s.format.bytes();
  if (m.devPtr % limit(device, CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT) || texels == 0 ||
      texels > limit(device, CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE1D_LINEAR_WIDTH))
    return CUDA_ERROR_INVALID_VALUE;
  s.linear_memory = true;
  s.level[0].base = s.memory = m.devPtr;
  s.level[0].width = int32_t(texels);
  s.level[0].row_pitch = s.level[0].slice_pitch = s.memory_bytes = texels * s.format.bytes();
  return CUDA_SUCCESS;
}

CUresult set_pitched(const Device& device, const CUDA_RESOURCE_DESC& d, TextureState& s) {
  const auto& m = d.res.pitch2D;
  if (!texel_format(m.format, m.numChannels, &s.format) || !m.devPtr || !m.width || !m.height)
    return CUDA_ERROR_INVALID_VALUE;
  if (m.devPtr % limit(device, CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT) ||
      m.pitchInBytes % limit(device, CU_DEVICE_ATTRIBUTE_TEXTURE_PITCH_ALIGNMENT) ||
      m.pitchInBytes < m.width * s.format.bytes() ||
      m.pitchInBytes > limit(device, CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LINEAR_PITCH) ||
      m.width > limit(device, CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LINEAR_WIDTH) ||
      m.height > limit(device, CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LINEAR_HEIGHT))
    return CUDA_ERROR_INVALID_VALUE;
  s.level[0].base = s.memory = m.devPtr;
  s.level[0].width = int32_t(m.width);
  s.level[0].height = int32_t(m.height);
  s.level[0].row_pitch = m.pitchInBytes;
  s.level[0].slice_pitch = m.pitchInBytes * m.height;
  s.memory_bytes = m.pitchInBytes * (m.height - 1) + m.width * s.format.bytes();
  return CUDA_SUCCESS;
}

/// Format, levels and layers of a resource view, in place of the resource's own.
CUresult apply_view(const CUDA_RESOURCE_VIEW_DESC& v, TextureState& s) {
  if (v.format != CU_RES_VIEW_FORMAT_NONE) {
    if (v.format >= CU_RES_VIEW_FORMAT_UNSIGNED_BC1 && v.format <= CU_RES_VIEW_FORMAT_UNSIGNED_BC7) {
      log("device", LogLevel::kWarn, "block-compressed resource views are not supported");
      return CUDA_ERROR_NOT_SUPPORTED;
    }
    TexelFormat format;
    if (!view_format(v.format, &format) || format.bytes() != s.format.bytes())
      return CUDA_ERROR_INVALID_VALUE;
    s.format = format;
  }
  const TextureLevel& whole = s.level[0];
  if (v.width != size_t(whole.width) || (v.height && v.height != size_t(whole.height)))
    return CUDA_ERROR_INVALID_VALUE;
  if (v.firstMipmapLevel > v.lastMipmapLevel || v.lastMipmapLevel >= s.levels)
    return CUDA_ERROR_INVALID_VALUE;
  if (v.firstLayer > v.lastLayer || v.lastLayer >= unsigned(whole.slices)) return CUDA_ERROR_INVALID_VALUE;
  const bool layers = v.firstLayer || v.lastLayer;  // both 0 also where there are none to choose from
  s.levels = uint8_t(v.lastMipmapLevel - v.firstMipmapLevel + 1);
  for (unsigned n = 0; n < s.levels; n++) {
    s.level[n] = s.level[n + v.firstMipmapLevel];
    if (!layers) continue;
    s.level[n].base += v.firstLayer * s.level[n].slice_pitch;
    s.level[n].slices = int32_t(v.lastLayer - v.firstLayer + 1);
  }
  return CUDA_SUCCESS;
}

CUresult apply_sampler(const CUDA_TEXTURE_DESC& t, bool mipmapped, TextureState& s) {
  constexpr unsigned kKnown = CU_TRSF_READ_AS_INTEGER | CU_TRSF_NORMALIZED_COORDINATES | CU_TRSF_SRGB |
                              CU_TRSF_DISABLE_TRILINEAR_OPTIMIZATION | CU_TRSF_SEAMLESS_CUBEMAP;
  const auto is_filter = [](CUfilter_mode m) {
    return m == CU_TR_FILTER_MODE_POINT || m == CU_TR_FILTER_MODE_LINEAR;
  };
  if ((t.flags & ~kKnown) || !is_filter(t.filterMode) || !is_filter(t.mipmapFilterMode))
    return CUDA_ERROR_INVALID_VALUE;
  for (unsigned a = 0; a < 3; a++) {
    if (unsigned(t.addressMode[a]) > CU_TR_ADDRESS_MODE_BORDER) return CUDA_ERROR_INVALID_VALUE;
    s.address[a] = AddressMode(t.addressMode[a]);
  }
  s.normalized_coords = t.flags & CU_TRSF_NORMALIZED_COORDINATES;
  if (mipmapped && !s.normalized_coords) return CUDA_ERROR_INVALID_VALUE;
  // Integers of 8 and 16 bits become numbers in [0, 1] or [-1, 1] unless asked for as they are; those of 32
  // never do (cuTexObjectCreate, CU_TRSF_READ_AS_INTEGER).
  const bool integers = s.format.kind != exec::ChannelKind::kFloat;
  if (integers && s.format.bits < 32 && !(t.flags & CU_TRSF_READ_AS_INTEGER)) s.format.normalized = true;
  s.format.srgb = (t.flags & CU_TRSF_SRGB) && s.format.normalized && s.format.bits == 8;
  s.linear_filter = t.filterMode == CU_TR_FILTER_MODE_LINEAR;
  s.linear_mipmap_filter = t.mipmapFilterMode == CU_TR_FILTER_MODE_LINEAR;
  if (s.linear_filter && !s.linear_memory && !s.format.reads_float()) return CUDA_ERROR_INVALID_VALUE;
  s.seamless = t.flags & CU_TRSF_SEAMLESS_CUBEMAP;
  s.mip_bias = t.mipmapLevelBias;
  s.min_level = t.minMipmapLevelClamp;
  s.max_level = t.maxMipmapLevelClamp;
  std::copy(std::begin(t.borderColor), std::end(t.borderColor), s.border);
  if (s.linear_memory) {  // address and filter modes are ignored
    s.linear_filter = false;
    s.address[0] = AddressMode::kBorder;
    s.normalized_coords = false;
    std::fill(std::begin(s.border), std::end(s.border), 0.0f);
  }
  return CUDA_SUCCESS;
}

}  // namespace

CUresult texture_state(const Device& device, const TextureSource& source, const CUDA_TEXTURE_DESC& texture,
                       const CUDA_RESOURCE_VIEW_DESC* view, TextureState* state) {
  TextureState s;
  CUresult result = CUDA_SUCCESS;
  if (source.array) {
    s.format = source.array->format();
    s.level[0] = source.array->level();
    s.memory = s.level[0].base;
    s.memory_bytes = source.array->bytes();
  } else if (source.mipmap) {
    s.format = source.mipmap->level(0)->format();
    s.levels = uint8_t(source.mipmap->levels());
    for (unsigned n = 0; n < s.levels; n++) s.level[n] = source.mipmap->level(n)->level();
    s.memory = source.mipmap->memory();
    s.memory_bytes = source.mipmap->bytes();
  } else {
    result = source.memory->resType == CU_RESOURCE_TYPE_LINEAR ? set_linear(device, *source.memory, s)
                                                               : set_pitched(device, *source.memory, s);
    if (view) return CUDA_ERROR_INVALID_VALUE;
  }
  if (result == CUDA_SUCCESS && view) result = apply_view(*view, s);
  if (result == CUDA_SUCCESS) result = apply_sampler(texture, source.mipmap != nullptr, s);
  if (result == CUDA_SUCCESS) *state = s;
  return result;
}

CUresult surface_state(const Array& array, TextureState* state) {
  if (!(array.descriptor().Flags & CUDA_ARRAY3D_SURFACE_LDST)) return CUDA_ERROR_INVALID_VALUE;
  *state = {};
  state->kind = exec::TextureKind::kSurface;
  state->format = array.format();
  state->level[0] = array.level();
  state->memory = array.level().base;
  state->memory_bytes = array.bytes();
  return CUDA_SUCCESS;
}

}  // namespace ppu::device
