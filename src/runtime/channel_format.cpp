#include "runtime/channel_format.h"

namespace ppu::runtime {
namespace {

/// Plain formats: the kind, the width of a channel, the driver's format. Any of 1, 2 or 4 channels.
struct PlainRow {
  int kind, bits;
  CUarray_format format;
};
constexpr PlainRow kPlain[] = {
    {cudaChannelFormatKindSigned, 8, CU_AD_FORMAT_SIGNED_INT8},
    {cudaChannelFormatKindSigned, 16, CU_AD_FORMAT_SIGNED_INT16},
    {cudaChannelFormatKindSigned, 32, CU_AD_FORMAT_SIGNED_INT32},
    {cudaChannelFormatKindUnsigned, 8, CU_AD_FORMAT_UNSIGNED_INT8},
    {cudaChannelFormatKindUnsigned, 16, CU_AD_FORMAT_UNSIGNED_INT16},
    {cudaChannelFormatKindUnsigned, 32, CU_AD_FORMAT_UNSIGNED_INT32},
    {cudaChannelFormatKindFloat, 16, CU_AD_FORMAT_HALF},
    {cudaChannelFormatKindFloat, 32, CU_AD_FORMAT_FLOAT},
};

/// Kinds that say everything: the widths of the descriptor that cudaArrayGetInfo returns, and the format.
struct WholeRow {
  int kind, bits;
  unsigned channels;
  CUarray_format format;
};
constexpr WholeRow kWhole[] = {
    {cudaChannelFormatKindUnsignedNormalized8X1, 8, 1, CU_AD_FORMAT_UNORM_INT8X1},
    {cudaChannelFormatKindUnsignedNormalized8X2, 8, 2, CU_AD_FORMAT_UNORM_INT8X2},
    {cudaChannelFormatKindUnsignedNormalized8X4, 8, 4, CU_AD_FORMAT_UNORM_INT8X4},
    {cudaChannelFormatKindUnsignedNormalized16X1, 16, 1, CU_AD_FORMAT_UNORM_INT16X1},
    {cudaChannelFormatKindUnsignedNormalized16X2, 16, 2, CU_AD_FORMAT_UNORM_INT16X2},
    {cudaChannelFormatKindUnsignedNormalized16X4, 16, 4, CU_AD_FORMAT_UNORM_INT16X4},
    {cudaChannelFormatKindSignedNormalized8X1, 8, 1, CU_AD_FORMAT_SNORM_INT8X1},
    {cudaChannelFormatKindSignedNormalized8X2, 8, 2, CU_AD_FORMAT_SNORM_INT8X2},
    {cudaChannelFormatKindSignedNormalized8X4, 8, 4, CU_AD_FORMAT_SNORM_INT8X4},
    {cudaChannelFormatKindSignedNormalized16X1, 16, 1, CU_AD_FORMAT_SNORM_INT16X1},
    {cudaChannelFormatKindSignedNormalized16X2, 16, 2, CU_AD_FORMAT_SNORM_INT16X2},
    {cudaChannelFormatKindSignedNormalized16X4, 16, 4, CU_AD_FORMAT_SNORM_INT16X4},
    // The driver refuses these by name.
    {cudaChannelFormatKindNV12, 8, 3, CU_AD_FORMAT_NV12},
    {cudaChannelFormatKindUnsignedBlockCompressed1, 8, 4, CU_AD_FORMAT_BC1_UNORM},
    {cudaChannelFormatKindUnsignedBlockCompressed1SRGB, 8, 4, CU_AD_FORMAT_BC1_UNORM_SRGB},
    {cudaChannelFormatKindUnsignedBlockCompressed2, 8, 4, CU_AD_FORMAT_BC2_UNORM},
    {cudaChannelFormatKindUnsignedBlockCompressed2SRGB, 8, 4, CU_AD_FORMAT_BC2_UNORM_SRGB},
    {cudaChannelFormatKindUnsignedBlockCompressed3, 8, 4, CU_AD_FORMAT_BC3_UNORM},
    {cudaChannelFormatKindUnsignedBlockCompressed3SRGB, 8, 4, CU_AD_FORMAT_BC3_UNORM_SRGB},
    {cudaChannelFormatKindUnsignedBlockCompressed4, 8, 1, CU_AD_FORMAT_BC4_UNORM},
    {cudaChannelFormatKindSignedBlockCompressed4, 8, 1, CU_AD_FORMAT_BC4_SNORM},
    {cudaChannelFormatKindUnsignedBlockCompressed5, 8, 2, CU_AD_FORMAT_BC5_UNORM},
    {cudaChannelFormatKindSignedBlockCompressed5, 8, 2, CU_AD_FORMAT_BC5_SNORM},
    {cudaChannelFormatKindUnsignedBlockCompressed6H, 16, 3, CU_AD_FORMAT_BC6H_UF16},
    {cudaChannelFormatKindSignedBlockCompressed6H, 16, 3, CU_AD_FORMAT_BC6H_SF16},
    {cudaChannelFormatKindUnsignedBlockCompressed7, 8, 4, CU_AD_FORMAT_BC7_UNORM},
    {cudaChannelFormatKindUnsignedBlockCompressed7SRGB, 8, 4, CU_AD_FORMAT_BC7_UNORM_SRGB},
};

}  // namespace

bool format_of(const cudaChannelFormatDesc& c, CUarray_format* format, unsigned* channels) {
  for (const WholeRow& row : kWhole)
    if (row.kind == int(c.f)) {
      *format = row.format;
      *channels = row.channels;
      return true;
    }
  const int widths[] = {c.x, c.y, c.z, c.w};
  unsigned n = 0;
  while (n < 4 && widths[n]) ++n;
  if (n == 0 || n == 3) return false;
  for (unsigned i = 0; i < 4; ++i)
    if (widths[i] != (i < n ? c.x : 0)) return false;
  *channels = n;
  for (const PlainRow& row : kPlain)
    if (row.kind == int(c.f) && row.bits == c.x) {
      *format = row.format;
      return true;
    }
  return false;
}

cudaChannelFormatDesc descriptor_of(CUarray_format format, unsigned channels) {
  int bits = 0, kind = cudaChannelFormatKindNone;
  for (const PlainRow& row : kPlain)
    if (row.format == format) bits = row.bits, kind = row.kind;
  for (const WholeRow& row : kWhole)
    if (row.format == format) bits = row.bits, kind = row.kind;
  const auto width = [&](unsigned channel) { return channel < channels ? bits : 0; };
  return {width(0), width(1), width(2), width(3), cudaChannelFormatKind(kind)};
}

}  // namespace ppu::runtime
