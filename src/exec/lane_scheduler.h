// The scheduler of narrow kernels, behind LaunchArgs::rt's run_lanes.
#pragma once
#include "exec/kernel_abi.h"

namespace ppu::exec {

/// A BlockFunction's work: the threads of `block`, each in a LaneState of `lane_bytes` (its saved values
/// included) behind the LanesHeader in BlockState::frame.
uint32_t run_lanes(BlockState* block, LaneFunction function, uint32_t lane_bytes);

}  // namespace ppu::exec
