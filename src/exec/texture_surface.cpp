// Surface access (PTX ISA, "Surface Instructions"): unfiltered loads, stores and reductions, lane by lane in
// lane order. Out of range: .trap ends the launch, .clamp goes to the nearest place of the access's size,
// .zero reads zeros and drops writes.
#include <atomic>
#include <cstring>

#include "exec/texture_sample.h"

namespace ppu::exec {
namespace {

constexpr unsigned kLanes = kTexelLanes;

/// Moves `v` into [0, count) by the clamp mode; false if it is outside and may not be moved.
bool clamp_index(int64_t& v, int64_t count, SurfaceClamp mode) {
  if (v >= 0 && v < count) return true;
  if (mode != SurfaceClamp::kClamp || count <= 0) return false;
  v = v < 0 ? 0 : count - 1;
  return true;
}

template <class T>
void reduce(TextureReduce op, uint64_t address, T value) {
  std::atomic_ref<T> cell(*reinterpret_cast<T*>(address));
  T old = cell.load(std::memory_order_relaxed), next;
  do {
    switch (op) {
      case TextureReduce::kAdd:
        next = T(std::make_unsigned_t<T>(old) + std::make_unsigned_t<T>(value));
        break;
      case TextureReduce::kMin:
        next = value < old ? value : old;
        break;
      case TextureReduce::kMax:
        next = value > old ? value : old;
        break;
      case TextureReduce::kAnd:
        next = old & value;
        break;
      default:
        next = old | value;
    }
  } while (!cell.compare_exchange_weak(old, next, std::memory_order_relaxed));
}

/// One instruction's lanes.
class Access {
 public:
  Access(const TextureState& s, TextureOp op, const uint32_t* in, uint32_t* out)
      : state_(s), op_(op), in_(in), out_(out) {
    const unsigned axes = texture_axes(op.geometry);
    data_ = in + (axes + texture_is_layered(op.geometry)) * kLanes;
    bytes_ = op.has(kFormatted) && op.action != TextureAction::kReduce
                 ? s.format.bytes()
                 : uint32_t(op.element_bytes) * op.elements;
  }

  TextureFault run(unsigned lane) {
    uint64_t address = 0;
    const TextureFault fault = locate(lane, address);
    if (fault.trap) return fault;
    if (op_.action == TextureAction::kLoad)
      load(lane, address);
    else if (address && op_.action == TextureAction::kStore)
      store(lane, address);
    else if (address)
      reduce_at(lane, address);
    return {};
  }

 private:
  /// The address of a lane's access; 0 if it is dropped.
  TextureFault locate(unsigned lane, uint64_t& address) const {
    const TextureLevel& t = state_.level[0];
    const unsigned axes = texture_axes(op_.geometry);
    const auto word = [&](unsigned row) { return int64_t(int32_t(in_[row * kLanes + lane])); };
    const int64_t texel = state_.format.bytes();
    int64_t x = word(0), y = axes > 1 ? word(1) : 0;
    if (op_.has(kFormatted)) x *= texel;
    if (x % bytes_ && !op_.has(kFormatted)) return {uint32_t(Trap::kMisaligned), lane, t.base + uint64_t(x)};
    int64_t slice = axes > 2 ? word(2) : texture_is_layered(op_.geometry) ? word(axes) : 0;
    const int64_t slices = axes > 2 ? t.depth : t.slices;
    // In units of the access, so that a clamped one lies wholly inside.
    int64_t unit = x >= 0 ? x / bytes_ : -1;
    const bool inside = clamp_index(unit, t.width * texel / bytes_, op_.clamp) &&
                        clamp_index(y, t.height, op_.clamp) && clamp_index(slice, slices, op_.clamp);
    if (inside) {
      address =
          t.base + uint64_t(unit * bytes_) + uint64_t(y) * t.row_pitch + uint64_t(slice) * t.slice_pitch;
    } else if (op_.clamp == SurfaceClamp::kTrap) {
      return {uint32_t(Trap::kTrap), lane, t.base + uint64_t(x)};
    }
    return {};
  }

  void load(unsigned lane, uint64_t address) {
    uint8_t data[32] = {};
    if (address) std::memcpy(data, reinterpret_cast<const void*>(address), bytes_);
    for (unsigned e = 0, row = 0; e < op_.elements; e++) {
      uint64_t v = 0;
      std::memcpy(&v, data + e * op_.element_bytes, op_.element_bytes);
      out_[row++ * kLanes + lane] = uint32_t(v);
      if (op_.element_bytes == 8) out_[row++ * kLanes + lane] = uint32_t(v >> 32);
    }
  }

  void store(unsigned lane, uint64_t address) {
    if (op_.has(kFormatted)) {
      uint32_t words[4] = {};
      for (unsigned c = 0; c < op_.elements; c++) words[c] = data_[c * kLanes + lane];
      return store_texel(state_.format, words, op_.elements, reinterpret_cast<void*>(address));
    }
    uint8_t data[32];
    for (unsigned e = 0, row = 0; e < op_.elements; e++) {
      uint64_t v = data_[row++ * kLanes + lane];
      if (op_.element_bytes == 8) v |= uint64_t(data_[row++ * kLanes + lane]) << 32;
      std::memcpy(data + e * op_.element_bytes, &v, op_.element_bytes);
    }
    std::memcpy(reinterpret_cast<void*>(address), data, bytes_);
  }

  void reduce_at(unsigned lane, uint64_t address) {
    const auto op = TextureReduce(op_.detail);
    const uint32_t low = data_[lane];
    if (op_.element_bytes == 4) {
      op_.has(kSignedValue) ? reduce(op, address, int32_t(low)) : reduce(op, address, low);
      return;
    }
    const uint64_t v = low | uint64_t(data_[kLanes + lane]) << 32;
    op_.has(kSignedValue) ? reduce(op, address, int64_t(v)) : reduce(op, address, v);
  }

  const TextureState& state_;
  const TextureOp op_;
  const uint32_t* in_;
  const uint32_t* data_;
  uint32_t* out_;
  int64_t bytes_;  ///< of the access
};

}  // namespace

TextureFault access_surface(const TextureState& state, TextureOp op, const uint32_t* in, uint32_t* out,
                            uint32_t lanes) {
  Access access(state, op, in, out);
  for (uint32_t left = lanes; left; left &= left - 1) {
    const TextureFault fault = access.run(unsigned(__builtin_ctz(left)));
    if (fault.trap) return fault;
  }
  return {};
}

}  // namespace ppu::exec
