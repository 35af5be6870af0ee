// An image in host memory and one-lane calls of the sampler, for its unit tests.
#pragma once
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "exec/kernel_abi.h"
#include "exec/texel.h"
#include "exec/texture.h"

namespace ppu::exec::test {

/// A texture of up to three dimensions (or slices) over bytes that the test fills.
struct Image {
  TextureState state;
  std::vector<char> bytes;

  Image(TexelFormat format, int width, int height = 1, int depth = 1, int slices = 1) {
    state.format = format;
    state.max_level = 100;
    TextureLevel& l = state.level[0];
    l.width = width, l.height = height, l.depth = depth, l.slices = slices;
    l.row_pitch = uint64_t(width) * format.bytes() + 16;
    l.slice_pitch = l.row_pitch * uint64_t(height);
    bytes.resize(l.slice_pitch * uint64_t(depth > 1 ? depth : slices));
    l.base = state.memory = reinterpret_cast<uint64_t>(bytes.data());
    state.memory_bytes = bytes.size();
  }
  template <class T>
  T& at(int x, int y = 0, int z = 0, int channel = 0) {
    const TextureLevel& l = state.level[0];
    return reinterpret_cast<T*>(bytes.data() + uint64_t(z) * l.slice_pitch + uint64_t(y) * l.row_pitch +
                                uint64_t(x) * state.format.bytes())[channel];
  }
};

/// The four words that one instruction delivers to a lane of its own.
struct Words {
  uint32_t w[4];
  float f(unsigned c = 0) const { return std::bit_cast<float>(w[c]); }
};

inline uint32_t word(float f) {
  return std::bit_cast<uint32_t>(f);
}

/// A handle for as long as it lives.
struct Handle {
  uint64_t value;
  explicit Handle(const TextureState& s) : value(register_texture(s)) {}
  ~Handle() { unregister_texture(value); }
  Handle(const Handle&) = delete;
};

/// Runs `op` for lane `lane` only, with `inputs` in its order.
inline Words run_one(const Handle& handle, TextureOp op, const std::vector<uint32_t>& inputs,
                     TextureFault* fault = nullptr, unsigned lane = 5) {
  uint64_t handles[32] = {};
  uint32_t in[kMaxTextureInputs][32] = {}, out[kTextureOutputs][32] = {};
  handles[lane] = handle.value;
  for (size_t k = 0; k < inputs.size(); k++) in[k][lane] = inputs[k];
  const TextureFault f = run_texture(op, handles, in[0], out[0], 1u << lane);
  if (fault)
    *fault = f;
  else
    EXPECT_EQ(f.trap, 0u);
  return {{out[0][lane], out[1][lane], out[2][lane], out[3][lane]}};
}

inline TextureOp sample_op(TextureGeometry g, TextureAction action = TextureAction::kSample) {
  TextureOp op;
  op.action = action;
  op.geometry = g;
  return op;
}

}  // namespace ppu::exec::test
