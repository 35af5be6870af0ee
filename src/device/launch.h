// Starting kernels: checks against the device's limits, parameter blocks, and what becomes of a kernel that
// fails.
#pragma once
#include "device/module.h"

namespace ppu::device {

struct LaunchConfig {
  uint32_t grid[3] = {1, 1, 1};
  uint32_t block[3] = {1, 1, 1};
  uint32_t dynamic_shared_bytes = 0;
  bool cooperative = false;
};

/// Checks a launch against the limits of the kernel and its device, with the documented code for each.
CUresult check_launch(const Function& function, const LaunchConfig& config);

/// Copies parameters into one block: from `params` (an address a parameter) or `extra` (CU_LAUNCH_PARAM_*).
/// CUDA_ERROR_INVALID_VALUE.
CUresult gather_params(const Function& function, void* const* params, void* const* extra,
                       std::vector<std::byte>* block);

/// Checks and starts a kernel in `stream`; `params` is laid out as Function::params() says. While the stream
/// captures, `handle` (what the program called it by) and the rest become a node of its graph.
CUresult launch(Function& function, const LaunchConfig& config, std::span<const std::byte> params,
                Stream& stream, CUfunction handle = nullptr);

/// Blocks of this shape that fit on a multiprocessor at once.
int max_active_blocks(const Function& function, int block_threads, size_t dynamic_shared_bytes);

}  // namespace ppu::device
