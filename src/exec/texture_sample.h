// Sampling, gathering and surface access of one object by the lanes of a warp: what run_texture calls once
// per distinct handle. Inputs are filled for all 32 lanes (lanes that are off repeat one that is on).
#pragma once
#include "exec/kernel_abi.h"
#include "exec/texel.h"

namespace ppu::exec {

/// tex, tex.level, tex.grad, tld4: the four channels' words, for all 32 lanes.
void sample_texture(const TextureState& state, TextureOp op, const uint32_t* in, TexelWords& out);

/// suld, sust, sured for `lanes`.
TextureFault access_surface(const TextureState& state, TextureOp op, const uint32_t* in, uint32_t* out,
                            uint32_t lanes);

}  // namespace ppu::exec
