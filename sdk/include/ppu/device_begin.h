// First part of a CUDA pass: what must be declared before the standard library is seen. clang's own headers
// (math forward declarations, built-in variables) are used as they ship; no other compiler's are.
#pragma once

#include <__clang_cuda_math_forward_declares.h>

// libstdc++ asks for __CUDACC__ to keep __float128 out of device code.
#ifndef __CUDACC__
#define __CUDACC__ 1
#endif
#ifndef __CUDACC_VER_MAJOR__
#define __CUDACC_VER_MAJOR__ 12
#define __CUDACC_VER_MINOR__ 5
#define __CUDACC_VER_BUILD__ 0
#endif

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmath>
#include <cstdlib>

#include "../host_defines.h"

// Device system calls (CUDA's "PTX interoperability" guide, "System calls"). <new>'s device operators, which
// clang's wrapper header defines, need malloc and free to exist before <new> is first included.
extern "C" {
__device__ int vprintf(const char*, const char*);
__device__ void free(void*) __attribute((nothrow));
__device__ void* malloc(size_t) __attribute((nothrow)) __attribute__((malloc));
__device__ void __assertfail(const char* message, const char* file, unsigned line, const char* function,
                             size_t char_size);
// What <assert.h> calls on Linux.
__device__ static inline void __assert_fail(const char* message, const char* file, unsigned line,
                                            const char* function) {
  __assertfail(message, file, line, function, sizeof(char));
}
// clang lowers printf in device code to vprintf; overload resolution still needs a device declaration.
__device__ int printf(const char*, ...);
}  // extern "C"

namespace std {
__device__ static inline void free(void* ptr) {
  ::free(ptr);
}
__device__ static inline void* malloc(size_t size) {
  return ::malloc(size);
}
}  // namespace std

#include <new>

#include "__clang_cuda_builtin_vars.h"
