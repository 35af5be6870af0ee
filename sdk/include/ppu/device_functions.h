// Second part of a CUDA pass: everything callable in device code. clang ships the wrappers for math and
// intrinsics (they end in __nv_* functions, which our device library defines, sdk/device); the rest is here.
#pragma once

#include "cuda.h"

// The order is theirs.
// clang-format off
#include <__clang_cuda_libdevice_declares.h>
#include <__clang_cuda_device_functions.h>
#include <__clang_cuda_math.h>
// clang-format on

// clang-format off
#include "math_overloads.h"
#include "memory_functions.h"
#include "dpx_functions.h"
#include "atomics.h"
#include "../texture_indirect_functions.h"
#include "../surface_indirect_functions.h"
// clang-format on

// threadIdx & co. convert to the vector types, which clang's header could only declare.
__device__ inline __cuda_builtin_threadIdx_t::operator dim3() const {
  return dim3(x, y, z);
}
__device__ inline __cuda_builtin_threadIdx_t::operator uint3() const {
  return {x, y, z};
}
__device__ inline __cuda_builtin_blockIdx_t::operator dim3() const {
  return dim3(x, y, z);
}
__device__ inline __cuda_builtin_blockIdx_t::operator uint3() const {
  return {x, y, z};
}
__device__ inline __cuda_builtin_blockDim_t::operator dim3() const {
  return dim3(x, y, z);
}
__device__ inline __cuda_builtin_blockDim_t::operator uint3() const {
  return {x, y, z};
}
__device__ inline __cuda_builtin_gridDim_t::operator dim3() const {
  return dim3(x, y, z);
}
__device__ inline __cuda_builtin_gridDim_t::operator uint3() const {
  return {x, y, z};
}

// clang 19 hands __reduce_*_sync's two arguments to the instruction in the wrong order; ours (warp_reduce.h)
// replace them.
// clang-format off
#define __reduce_add_sync __clang_reduce_add_sync
#define __reduce_min_sync __clang_reduce_min_sync
#define __reduce_max_sync __clang_reduce_max_sync
#define __reduce_or_sync __clang_reduce_or_sync
#define __reduce_and_sync __clang_reduce_and_sync
#define __reduce_xor_sync __clang_reduce_xor_sync
#include <__clang_cuda_cmath.h>
#include <__clang_cuda_intrinsics.h>
#undef __reduce_add_sync
#undef __reduce_min_sync
#undef __reduce_max_sync
#undef __reduce_or_sync
#undef __reduce_and_sync
#undef __reduce_xor_sync
#include "warp_reduce.h"
#include <__clang_cuda_complex_builtins.h>
// clang-format on

// The first half of a <<<>>> launch; clang calls it with the four launch arguments.
extern "C" unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared_bytes = 0,
                                                void* stream = 0);
