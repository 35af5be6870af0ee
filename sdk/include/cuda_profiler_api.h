/* Kept for programs that include it by name. */
#ifndef PPU_CUDA_PROFILER_API_H
#define PPU_CUDA_PROFILER_API_H
#include "cuda_runtime_api.h"
#endif
