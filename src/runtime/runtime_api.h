// The runtime's own interface at the level this library is built for (PPU_CUDART_LEVEL: 12 or 13), with
// exported names, together with the driver's.
#pragma once

#if PPU_CUDART_LEVEL == 13
#define CUDART_VERSION 13000
#elif PPU_CUDART_LEVEL == 12
#define CUDART_VERSION 12050
#else
#error "PPU_CUDART_LEVEL must be 12 or 13"
#endif
#define PPU_CUDART_EXACT_NAMES

#include <cuda_runtime_api.h>

#include "runtime/driver.h"

struct cudaExecutionContext_st;  // of CUDA 13.1

namespace ppu::runtime {

/// cudaRuntimeGetVersion: the newest runtime whose programs this library serves.
constexpr int kRuntimeVersion = PPU_CUDART_LEVEL == 13 ? 13000 : 12090;

}  // namespace ppu::runtime
