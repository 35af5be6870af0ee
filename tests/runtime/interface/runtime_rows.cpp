// The rows of src/runtime/api.inc against a toolkit's cuda_runtime_api.h of CUDA 13. A compile-time test.
#include <cuda_profiler_api.h>
#include <cuda_runtime_api.h>

#include <type_traits>

#define API(name, params, args) \
  static_assert(std::is_same_v<decltype(&::name), cudaError_t(*) params>, #name " differs from the header");
#define PER_THREAD(name, base, params, args) \
  static_assert(std::is_same_v<decltype(&::base), cudaError_t(*) params>, #name " differs from the header");
#define NEWER(name, params, args)  // no prototype in the toolkit
#define NEWER_PER_THREAD(name, base, params, args)
#define PLAIN(name)
#define STUB(name)
#include "runtime/api.inc"
