// One texture or surface instruction of a warp: handles looked up, lanes grouped by object, queries answered.
#include <algorithm>
#include <cstring>

#include "exec/texture_sample.h"

namespace ppu::exec {
namespace {

constexpr unsigned kLanes = kTexelLanes;
constexpr uint32_t kAllLanes = ~0u;

unsigned input_rows(TextureOp op) {
  const unsigned axes = texture_axes(op.geometry), place = axes + texture_is_layered(op.geometry);
  const unsigned offsets = op.has(kHasOffset) ? axes : 0;
  switch (op.action) {
    case TextureAction::kSample:
    case TextureAction::kGather:
      return place + offsets;
    case TextureAction::kSampleLevel:
      return place + offsets + 1;
    case TextureAction::kSampleGrad:
      return place + offsets + 2 * axes;
    default:
      return 0;
  }
}

/// PTX ISA, "Texturing Instructions": channel data types and orders are those of OpenCL.
uint32_t channel_data_type(const TexelFormat& f) {
  const uint32_t size = f.bits == 8 ? 0 : f.bits == 16 ? 1 : 2;
  if (f.kind == ChannelKind::kFloat) return f.bits == 16 ? 0x10dd : 0x10de;
  if (f.normalized) return (f.kind == ChannelKind::kSigned ? 0x10d0 : 0x10d2) + size;
  return (f.kind == ChannelKind::kSigned ? 0x10d7 : 0x10da) + size;
}

uint32_t channel_order(const TexelFormat& f) {
  return f.channels == 1 ? 0x10b0 : f.channels == 2 ? 0x10b2 : 0x10b5;  // R, RG, RGBA
}

uint32_t answer(const TextureState& s, TextureOp op, int32_t level) {
  const TextureLevel& t = s.level[op.has(kLevelQuery) ? std::clamp(level, 0, s.levels - 1) : 0];
  switch (TextureQuery(op.detail)) {
    case TextureQuery::kWidth:
      return uint32_t(t.width);
    case TextureQuery::kHeight:
      return uint32_t(t.height);
    case TextureQuery::kDepth:
      return uint32_t(t.depth);
    case TextureQuery::kChannelDataType:
      return channel_data_type(s.format);
    case TextureQuery::kChannelOrder:
      return channel_order(s.format);
    case TextureQuery::kNormalizedCoords:
      return s.normalized_coords;
    case TextureQuery::kForceUnnormalizedCoords:
      return !s.normalized_coords;
    case TextureQuery::kFilterMode:
      return s.linear_filter;
    case TextureQuery::kAddressMode0:
    case TextureQuery::kAddressMode1:
    case TextureQuery::kAddressMode2:
      return uint32_t(s.address[op.detail - unsigned(TextureQuery::kAddressMode0)]);
    case TextureQuery::kArraySize:
      return uint32_t(t.slices);
    case TextureQuery::kMipmapLevels:
      return s.levels;
    case TextureQuery::kSamples:
      return 1;
    case TextureQuery::kMemoryLayout:
      return s.linear_memory ? 0 : 1;
  }
  return 0;
}

/// For all lanes: those outside `lanes` get the inputs of one inside, so that they do no harm.
const uint32_t* filled(const uint32_t* in, unsigned rows, uint32_t lanes, uint32_t* room) {
  if (lanes == kAllLanes) return in;
  const unsigned first = unsigned(__builtin_ctz(lanes));
  for (unsigned r = 0; r < rows; r++)
    for (unsigned l = 0; l < kLanes; l++)
      room[r * kLanes + l] = in[r * kLanes + (lanes >> l & 1 ? l : first)];
  return room;
}

/// The lanes' words of `from`; what others have in `to` stays.
PPU_VECTOR_CLONES void put_words(const uint32_t* from, uint32_t lanes, uint32_t* to) {
  for (unsigned l = 0; l < kLanes; l++) to[l] = lanes >> l & 1 ? from[l] : to[l];
}

void sample(const TextureState& s, TextureOp op, const uint32_t* in, uint32_t* out, uint32_t lanes) {
  uint32_t room[kMaxTextureInputs * kLanes];
  TexelWords words;
  sample_texture(s, op, filled(in, input_rows(op), lanes, room), words);
  for (unsigned c = 0; c < kTextureOutputs; c++) {
    if (op.has(kHalfResult))
      for (uint32_t& w : words.channel[c]) w = float_to_half(std::bit_cast<float>(w));
    if (lanes == kAllLanes)
      std::memcpy(out + c * kLanes, words.channel[c], sizeof words.channel[c]);
    else
      put_words(words.channel[c], lanes, out + c * kLanes);
  }
}

void put_extent(const TextureState& s, uint32_t* out, uint32_t lanes) {
  const uint32_t words[4] = {uint32_t(s.memory), uint32_t(s.memory >> 32), uint32_t(s.memory_bytes),
                             uint32_t(s.memory_bytes >> 32)};
  for (unsigned l = 0; l < kLanes; l++)
    for (unsigned k = 0; k < 4 && (lanes >> l & 1); k++) out[k * kLanes + l] = words[k];
}

TextureFault run_group(uint64_t handle, TextureOp op, const uint32_t* in, uint32_t* out, uint32_t lanes) {
  const TextureState* s = find_texture(handle);
  if (op.action == TextureAction::kIsKind) {
    const bool is_surface = s && s->kind == TextureKind::kSurface;
    const bool yes = s && is_surface == (TextureKind(op.detail) == TextureKind::kSurface);
    for (unsigned l = 0; l < kLanes; l++)
      if (lanes >> l & 1) out[l] = yes;
    return {};
  }
  const bool surface = op.action == TextureAction::kLoad || op.action == TextureAction::kStore ||
                       op.action == TextureAction::kReduce;
  if (!s || (surface && s->kind != TextureKind::kSurface))
    return {uint32_t(Trap::kIllegalAddress), unsigned(__builtin_ctz(lanes)), handle};
  if (surface) return access_surface(*s, op, in, out, lanes);
  if (op.action == TextureAction::kExtent) {
    put_extent(*s, out, lanes);
  } else if (op.action == TextureAction::kQuery) {
    for (unsigned l = 0; l < kLanes; l++)
      if (lanes >> l & 1) out[l] = answer(*s, op, op.has(kLevelQuery) ? int32_t(in[l]) : 0);
  } else if (s->kind != TextureKind::kTexture) {
    return {uint32_t(Trap::kIllegalAddress), unsigned(__builtin_ctz(lanes)), handle};
  } else {
    sample(*s, op, in, out, lanes);
  }
  return {};
}

}  // namespace

TextureFault run_texture(TextureOp op, const uint64_t* handles, const uint32_t* in, uint32_t* out,
                         uint32_t lanes) {
  while (lanes) {
    const uint64_t handle = handles[__builtin_ctz(lanes)];
    uint64_t differs = 0;
    for (unsigned l = 0; l < kLanes; l++) differs |= handles[l] ^ handle;
    uint32_t group = kAllLanes;
    for (unsigned l = 0; l < kLanes && differs; l++) group &= ~(uint32_t(handles[l] != handle) << l);
    group &= lanes;
    const TextureFault fault = run_group(handle, op, in, out, group);
    if (fault.trap) return fault;
    lanes &= ~group;
  }
  return {};
}

}  // namespace ppu::exec
