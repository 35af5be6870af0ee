// The rows of src/driver/api.inc against a toolkit's cuda.h: the parameters of every row must be exactly
// those of the prototype. A compile-time test: that this file builds is the result.
#define __CUDA_API_VERSION_INTERNAL
#include <cuda.h>
#include <cudaProfiler.h>

#include <type_traits>

#define API(group, since, name, params, args) CHECK_##group(name, params)
#define STUB(group, since, name, params, args) CHECK_##group(name, params)
#define NAME(since, name)
// cuProfilerInitialize's mode is an enumeration of that header only; the row has its integer.
#define CHECK_profiler(name, params)                                                                \
  static_assert(                                                                                    \
      std::is_same_v<decltype(&::name), CUresult(*) params> ||                                      \
          std::is_same_v<decltype(&::name), CUresult (*)(const char*, const char*, CUoutput_mode)>, \
      #name " differs from cuda.h");
#define CHECK_ROW(name, params) \
  static_assert(std::is_same_v<decltype(&::name), CUresult(*) params>, #name " differs from cuda.h");
#define CHECK_error CHECK_ROW
#define CHECK_init CHECK_ROW
#define CHECK_device CHECK_ROW
#define CHECK_context CHECK_ROW
#define CHECK_module CHECK_ROW
#define CHECK_library CHECK_ROW
#define CHECK_pool CHECK_ROW
#define CHECK_vmm CHECK_ROW
#define CHECK_ipc CHECK_ROW
#define CHECK_copy CHECK_ROW
#define CHECK_set CHECK_ROW
#define CHECK_array CHECK_ROW
#define CHECK_memory CHECK_ROW
#define CHECK_external CHECK_ROW
#define CHECK_stream CHECK_ROW
#define CHECK_event CHECK_ROW
#define CHECK_launch CHECK_ROW
#define CHECK_occupancy CHECK_ROW
#define CHECK_texture CHECK_ROW
#define CHECK_tensor_map CHECK_ROW
#define CHECK_graphics CHECK_ROW
#define CHECK_graph CHECK_ROW
#define CHECK_misc CHECK_ROW
#define CHECK_coredump CHECK_ROW
#define CHECK_green CHECK_ROW
#define CHECK_logs CHECK_ROW
#include "driver/api.inc"
