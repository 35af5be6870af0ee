// What the variable of a .texref holds until the program binds it: how its initialiser has it sampled (PTX
// ISA, "Texture, Sampler and Surface Types"). The driver takes its first settings from there; the
// initialiser's size and format come with what is bound.
#pragma once
#include <cstdint>

namespace ppu::ptx {

struct TexrefState {
  uint8_t address[3] = {};  ///< as CUaddress_mode
  bool linear = false, normalized = false;
};

constexpr uint64_t kTexrefMark = uint64_t{0x7e} << 56;  ///< no handle of a live object has these bits

constexpr bool is_texref_state(uint64_t holds) {
  return holds >> 56 == kTexrefMark >> 56;
}

constexpr uint64_t pack_texref_state(const TexrefState& s) {
  uint64_t bits = kTexrefMark | uint64_t{s.linear} << 8 | uint64_t{s.normalized} << 9;
  for (int axis = 0; axis < 3; axis++) bits |= uint64_t{s.address[axis]} << (2 * axis);
  return bits;
}

constexpr TexrefState unpack_texref_state(uint64_t bits) {
  TexrefState s;
  for (int axis = 0; axis < 3; axis++) s.address[axis] = bits >> (2 * axis) & 3;
  s.linear = bits >> 8 & 1, s.normalized = bits >> 9 & 1;
  return s;
}

}  // namespace ppu::ptx
