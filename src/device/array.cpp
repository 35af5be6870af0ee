#include "device/array.h"

#include <algorithm>

#include "base/log.h"
#include "device/address_space.h"

namespace ppu::device {
namespace {

using exec::ChannelKind;
using exec::TexelFormat;
using exec::TextureLevel;

/// CUDA_ARRAY3D_DESCRIPTOR::Flags.
constexpr unsigned kLayered = CUDA_ARRAY3D_LAYERED, kCubemap = CUDA_ARRAY3D_CUBEMAP,
                   kGather = CUDA_ARRAY3D_TEXTURE_GATHER;
constexpr unsigned kKnownFlags =
    kLayered | kCubemap | kGather | CUDA_ARRAY3D_SURFACE_LDST | CUDA_ARRAY3D_COLOR_ATTACHMENT;
constexpr unsigned kRefusedFlags = CUDA_ARRAY3D_DEPTH_TEXTURE | CUDA_ARRAY3D_SPARSE |
                                   CUDA_ARRAY3D_DEFERRED_MAPPING | CUDA_ARRAY3D_VIDEO_ENCODE_DECODE;

struct FormatRow {
  int format;
  ChannelKind kind;
  uint8_t bits;
  uint8_t channels;  ///< 0: the descriptor says
  bool normalized;
};

constexpr FormatRow kFormats[] = {
    {CU_AD_FORMAT_UNSIGNED_INT8, ChannelKind::kUnsigned, 8, 0, false},
    {CU_AD_FORMAT_UNSIGNED_INT16, ChannelKind::kUnsigned, 16, 0, false},
    {CU_AD_FORMAT_UNSIGNED_INT32, ChannelKind::kUnsigned, 32, 0, false},
    {CU_AD_FORMAT_SIGNED_INT8, ChannelKind::kSigned, 8, 0, false},
    {CU_AD_FORMAT_SIGNED_INT16, ChannelKind::kSigned, 16, 0, false},
    {CU_AD_FORMAT_SIGNED_INT32, ChannelKind::kSigned, 32, 0, false},
    {CU_AD_FORMAT_HALF, ChannelKind::kFloat, 16, 0, false},
    {CU_AD_FORMAT_FLOAT, ChannelKind::kFloat, 32, 0, false},
    {CU_AD_FORMAT_UNORM_INT8X1, ChannelKind::kUnsigned, 8, 1, true},
    {CU_AD_FORMAT_UNORM_INT8X2, ChannelKind::kUnsigned, 8, 2, true},
    {CU_AD_FORMAT_UNORM_INT8X4, ChannelKind::kUnsigned, 8, 4, true},
    {CU_AD_FORMAT_UNORM_INT16X1, ChannelKind::kUnsigned, 16, 1, true},
    {CU_AD_FORMAT_UNORM_INT16X2, ChannelKind::kUnsigned, 16, 2, true},
    {CU_AD_FORMAT_UNORM_INT16X4, ChannelKind::kUnsigned, 16, 4, true},
    {CU_AD_FORMAT_SNORM_INT8X1, ChannelKind::kSigned, 8, 1, true},
    {CU_AD_FORMAT_SNORM_INT8X2, ChannelKind::kSigned, 8, 2, true},
    {CU_AD_FORMAT_SNORM_INT8X4, ChannelKind::kSigned, 8, 4, true},
    {CU_AD_FORMAT_SNORM_INT16X1, ChannelKind::kSigned, 16, 1, true},
    {CU_AD_FORMAT_SNORM_INT16X2, ChannelKind::kSigned, 16, 2, true},
    {CU_AD_FORMAT_SNORM_INT16X4, ChannelKind::kSigned, 16, 4, true},
};

/// Formats of CUDA that we lack: refused with NOT_SUPPORTED rather than as invalid.
bool is_refused_format(int f) {
  return f == CU_AD_FORMAT_NV12 || f == CU_AD_FORMAT_UNORM_INT_101010_2 ||
         (f >= CU_AD_FORMAT_BC1_UNORM && f <= CU_AD_FORMAT_Y410) ||
         (f >= CU_AD_FORMAT_Y416 && f <= CU_AD_FORMAT_YUV444_16bit_SemiPlanar);
}

struct Limit {
  CUdevice_attribute width, height, depth;  ///< depth: of layers where there are any
};

/// Which attributes bound an array of this shape. CU_DEVICE_ATTRIBUTE_MAX stands for an extent of 1.
Limit limit_of(const CUDA_ARRAY3D_DESCRIPTOR& d, bool mipmapped) {
#define A(x) CU_DEVICE_ATTRIBUTE_MAXIMUM_##x
  const CUdevice_attribute none = CU_DEVICE_ATTRIBUTE_MAX;
  if (d.Flags & kCubemap) {
    if (d.Flags & kLayered)
      return {A(TEXTURECUBEMAP_LAYERED_WIDTH), A(TEXTURECUBEMAP_LAYERED_WIDTH),
              A(TEXTURECUBEMAP_LAYERED_LAYERS)};
    return {A(TEXTURECUBEMAP_WIDTH), A(TEXTURECUBEMAP_WIDTH), none};
  }
  if (d.Flags & kLayered) {
    if (!d.Height) return {A(TEXTURE1D_LAYERED_WIDTH), none, A(TEXTURE1D_LAYERED_LAYERS)};
    return {A(TEXTURE2D_LAYERED_WIDTH), A(TEXTURE2D_LAYERED_HEIGHT), A(TEXTURE2D_LAYERED_LAYERS)};
  }
  if (d.Depth) return {A(TEXTURE3D_WIDTH), A(TEXTURE3D_HEIGHT), A(TEXTURE3D_DEPTH)};
  if (d.Height && (d.Flags & kGather)) return {A(TEXTURE2D_GATHER_WIDTH), A(TEXTURE2D_GATHER_HEIGHT), none};
  if (d.Height && mipmapped) return {A(TEXTURE2D_MIPMAPPED_WIDTH), A(TEXTURE2D_MIPMAPPED_HEIGHT), none};
  if (d.Height) return {A(TEXTURE2D_WIDTH), A(TEXTURE2D_HEIGHT), none};
  return {mipmapped ? A(TEXTURE1D_MIPMAPPED_WIDTH) : A(TEXTURE1D_WIDTH), none, none};
#undef A
}

bool within(const Device& device, size_t extent, CUdevice_attribute limit) {
  int most = 0;
  if (limit == CU_DEVICE_ATTRIBUTE_MAX) return true;
  return device_attribute(device, limit, &most) == CUDA_SUCCESS && extent <= size_t(most);
}

/// The rules of cuArray3DCreate on extents and flags.
CUresult check(const Device& device, const CUDA_ARRAY3D_DESCRIPTOR& d, bool mipmapped) {
  if (d.Width == 0 || (d.Flags & ~(kKnownFlags | kRefusedFlags))) return CUDA_ERROR_INVALID_VALUE;
  const bool cube = d.Flags & kCubemap, layered = d.Flags & kLayered;
  if (d.Depth && !d.Height && !layered) return CUDA_ERROR_INVALID_VALUE;
  if (layered && !d.Depth) return CUDA_ERROR_INVALID_VALUE;
  if (cube && (d.Width != d.Height || d.Depth % 6 || d.Depth == 0 || (!layered && d.Depth != 6)))
    return CUDA_ERROR_INVALID_VALUE;
  if ((d.Flags & kGather) && (!d.Height || d.Depth || cube || layered)) return CUDA_ERROR_INVALID_VALUE;
  const Limit limit = limit_of(d, mipmapped);
  const bool small = within(device, d.Width, limit.width) && within(device, d.Height, limit.height) &&
                     within(device, d.Depth, limit.depth);
  if (!small) {
    const Limit alternate = {CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE3D_WIDTH_ALTERNATE,
                             CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE3D_HEIGHT_ALTERNATE,
                             CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE3D_DEPTH_ALTERNATE};
    if (cube || layered || !d.Depth || !within(device, d.Width, alternate.width) ||
        !within(device, d.Height, alternate.height) || !within(device, d.Depth, alternate.depth))
      return CUDA_ERROR_INVALID_VALUE;
  }
  if (d.Flags & kRefusedFlags) {
    log("device", LogLevel::kWarn, "arrays with flags 0x%x (depth, sparse, deferred) are not supported",
        d.Flags & kRefusedFlags);
    return CUDA_ERROR_NOT_SUPPORTED;
  }
  return CUDA_SUCCESS;
}

CUresult check_format(const CUDA_ARRAY3D_DESCRIPTOR& d, TexelFormat* format) {
  if (texel_format(d.Format, d.NumChannels, format)) return CUDA_SUCCESS;
  if (!is_refused_format(d.Format)) return CUDA_ERROR_INVALID_VALUE;
  log("device", LogLevel::kWarn, "array format 0x%x (compressed, packed or planar) is not supported",
      unsigned(d.Format));
  return CUDA_ERROR_NOT_SUPPORTED;
}

size_t align_up(size_t n, size_t to) {
  return (n + to - 1) / to * to;
}

/// One level's place behind `*bytes`, which grows by it. `base` is still an offset.
TextureLevel lay_out(const CUDA_ARRAY3D_DESCRIPTOR& d, const TexelFormat& format, size_t* bytes) {
  TextureLevel l;
  const bool slices = d.Flags & (kLayered | kCubemap);
  l.width = int32_t(d.Width);
  l.height = int32_t(std::max<size_t>(d.Height, 1));
  l.depth = slices ? 1 : int32_t(std::max<size_t>(d.Depth, 1));
  l.slices = slices ? int32_t(d.Depth) : 1;
  l.row_pitch = align_up(size_t(l.width) * format.bytes(), 64);
  l.slice_pitch = l.row_pitch * size_t(l.height);
  l.base = *bytes;
  *bytes = align_up(*bytes + l.slice_pitch * size_t(slices ? l.slices : l.depth), kArrayAlignment);
  return l;
}

/// Not if its context was reset since: then the memory is gone, or somebody else's.
void release(uint64_t address, uint64_t context) {
  AddressSpace& space = AddressSpace::instance();
  const auto a = space.find(address);
  if (a && a->address == address && a->context == context) space.release(address, false);
}

CUresult allocate(Context& c, size_t bytes, uint64_t* address) {
  return AddressSpace::instance().allocate(MemoryKind::kDevice, c.device().ordinal, c.id(), bytes, 0,
                                           address);
}

}  // namespace

bool texel_format(CUarray_format format, unsigned channels, TexelFormat* texel) {
  for (const FormatRow& row : kFormats) {
    if (row.format != int(format)) continue;
    if (row.channels ? channels != row.channels : channels != 1 && channels != 2 && channels != 4)
      return false;
    *texel = {row.kind, row.bits, uint8_t(channels), row.normalized, false};
    return true;
  }
  return false;
}

bool view_format(CUresourceViewFormat format, TexelFormat* texel) {
  // Groups of three (1, 2 and 4 channels) in the enumeration's order.
  static constexpr TexelFormat kGroups[] = {{ChannelKind::kUnsigned, 8},  {ChannelKind::kSigned, 8},
                                            {ChannelKind::kUnsigned, 16}, {ChannelKind::kSigned, 16},
                                            {ChannelKind::kUnsigned, 32}, {ChannelKind::kSigned, 32},
                                            {ChannelKind::kFloat, 16},    {ChannelKind::kFloat, 32}};
  if (format < CU_RES_VIEW_FORMAT_UINT_1X8 || format > CU_RES_VIEW_FORMAT_FLOAT_4X32) return false;
  const unsigned n = unsigned(format) - CU_RES_VIEW_FORMAT_UINT_1X8;
  *texel = kGroups[n / 3];
  texel->channels = uint8_t(1 << n % 3);
  return true;
}

CUresult Array::create(Context& context, const CUDA_ARRAY3D_DESCRIPTOR& d, std::unique_ptr<Array>* array) {
  TexelFormat format;
  if (const CUresult r = check(context.device(), d, false); r != CUDA_SUCCESS) return r;
  if (const CUresult r = check_format(d, &format); r != CUDA_SUCCESS) return r;
  size_t bytes = 0;
  TextureLevel level = lay_out(d, format, &bytes);
  uint64_t address = 0;
  if (const CUresult r = allocate(context, bytes, &address); r != CUDA_SUCCESS) return r;
  level.base = address;
  *array = std::make_unique<Array>(d, format, level);
  (*array)->owned_ = address;
  (*array)->context_ = context.id();
  return CUDA_SUCCESS;
}

Array::~Array() {
  if (owned_) release(owned_, context_);
}

CUresult MipmappedArray::create(Context& context, const CUDA_ARRAY3D_DESCRIPTOR& d, unsigned levels,
                                std::unique_ptr<MipmappedArray>* out) {
  TexelFormat format;
  if (levels == 0) return CUDA_ERROR_INVALID_VALUE;
  if (const CUresult r = check(context.device(), d, true); r != CUDA_SUCCESS) return r;
  if (const CUresult r = check_format(d, &format); r != CUDA_SUCCESS) return r;
  const bool volume = d.Depth && !(d.Flags & (kLayered | kCubemap));
  const size_t longest = std::max({d.Width, d.Height, volume ? d.Depth : size_t(0)});
  size_t most = 1;
  while (longest >> most) most++;
  auto array = std::make_unique<MipmappedArray>();
  std::vector<std::pair<CUDA_ARRAY3D_DESCRIPTOR, TextureLevel>> plan;
  size_t bytes = 0;
  for (unsigned n = 0; n < std::min<size_t>({levels, most, exec::kMaxMipLevels}); n++) {
    CUDA_ARRAY3D_DESCRIPTOR at = d;
    const auto shrink = [n](size_t& extent) { extent = extent ? std::max<size_t>(extent >> n, 1) : 0; };
    shrink(at.Width);
    shrink(at.Height);
    if (volume) shrink(at.Depth);
    plan.push_back({at, lay_out(at, format, &bytes)});
  }
  if (const CUresult r = allocate(context, bytes, &array->memory_); r != CUDA_SUCCESS) return r;
  array->bytes_ = bytes;
  array->context_ = context.id();
  for (auto& [descriptor, level] : plan) {
    level.base += array->memory_;
    array->levels_.push_back(std::make_unique<Array>(descriptor, format, level));
  }
  *out = std::move(array);
  return CUDA_SUCCESS;
}

MipmappedArray::~MipmappedArray() {
  if (memory_) release(memory_, context_);
}

}  // namespace ppu::device
