// Launches, and what a program may ask about a kernel or set on it.
#include "runtime/launch.h"

#include <cstring>
#include <mutex>

#include "runtime/entry.h"

namespace ppu::runtime {
namespace {

/// Largest launch shapes of a device.
struct ShapeLimits {
  unsigned grid[3];
  unsigned block[3];
  unsigned block_threads;
};

unsigned attribute(const Driver& d, int device, CUdevice_attribute which) {
  int value = 0;
  d.cuDeviceGetAttribute(&value, which, device);
  return static_cast<unsigned>(value);
}

const ShapeLimits& shape_limits(const Driver& d, int device) {
  static ShapeLimits limits[kMaxDevices];
  static std::once_flag once[kMaxDevices];
  const int slot = device >= 0 && device < kMaxDevices ? device : 0;
  std::call_once(once[slot], [&] {
    ShapeLimits& l = limits[slot];
    for (int i = 0; i < 3; ++i) {
      l.grid[i] = attribute(d, slot, static_cast<CUdevice_attribute>(CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X + i));
      l.block[i] =
          attribute(d, slot, static_cast<CUdevice_attribute>(CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X + i));
    }
    l.block_threads = attribute(d, slot, CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK);
  });
  return limits[slot];
}

bool shape_fits(const ShapeLimits& l, dim3 grid, dim3 block) {
  const unsigned g[] = {grid.x, grid.y, grid.z};
  const unsigned b[] = {block.x, block.y, block.z};
  for (int i = 0; i < 3; ++i)
    if (g[i] == 0 || g[i] > l.grid[i] || b[i] == 0 || b[i] > l.block[i]) return false;
  return uint64_t(block.x) * block.y * block.z <= l.block_threads;
}

/// The kernel with its module loaded, and the shape checked.
cudaError_t prepare(const Driver& d, const void* function, dim3 grid, dim3 block, CUkernel* kernel) {
  if (!function) return cudaErrorInvalidDeviceFunction;
  if (const cudaError_t e = resolve_kernel(d, function, kernel); e != cudaSuccess) return e;
  if (const cudaError_t e = load_managed_modules(d); e != cudaSuccess) return e;
  return shape_fits(shape_limits(d, current_device(d)), grid, block) ? cudaSuccess
                                                                     : cudaErrorInvalidConfiguration;
}

/// The driver's function of a kernel in the current context, for calls that take no CUkernel.
cudaError_t function_of(const Driver& d, const void* symbol, CUfunction* function) {
  CUkernel kernel = nullptr;
  if (const cudaError_t e = resolve_kernel(d, symbol, &kernel); e != cudaSuccess) return e;
  return from_driver(d.cuKernelGetFunction(function, kernel));
}

/// Runs `body(driver, function)`.
template <class F>
cudaError_t function_call(const void* symbol, F&& body) {
  cudaError_t why = cudaSuccess;
  const Driver* d = current_driver(&why);
  if (!d) return why;
  CUfunction function = nullptr;
  if (const cudaError_t e = function_of(*d, symbol, &function); e != cudaSuccess) return e;
  return from_driver(body(*d, function));
}

/// Runs `body(driver, kernel)`.
template <class F>
cudaError_t kernel_call(const void* symbol, F&& body) {
  cudaError_t why = cudaSuccess;
  const Driver* d = current_driver(&why);
  if (!d) return why;
  CUkernel kernel = nullptr;
  if (const cudaError_t e = resolve_kernel(*d, symbol, &kernel); e != cudaSuccess) return e;
  return from_driver(body(*d, kernel));
}

}  // namespace

cudaError_t launch(const void* function, const CallConfiguration& where, void** params, bool cooperative) {
  cudaError_t why = cudaSuccess;
  const Driver* d = current_driver(&why);
  if (!d) return why;
  CUkernel kernel = nullptr;
  if (const cudaError_t e = prepare(*d, function, where.grid, where.block, &kernel); e != cudaSuccess)
    return e;
  // The driver takes a CUkernel wherever it takes a CUfunction to launch (CUDA Driver API, cuLaunchKernel).
  const auto as_function = reinterpret_cast<CUfunction>(kernel);
  if (cooperative)
    return from_driver(d->cuLaunchCooperativeKernel(
        as_function, where.grid.x, where.grid.y, where.grid.z, where.block.x, where.block.y, where.block.z,
        static_cast<unsigned>(where.shared_bytes), where.stream, params));
  return from_driver(d->cuLaunchKernel(
      as_function, where.grid.x, where.grid.y, where.grid.z, where.block.x, where.block.y, where.block.z,
      static_cast<unsigned>(where.shared_bytes), where.stream, params, nullptr));
}

cudaError_t cudaLaunchKernel(const void* function, dim3 grid, dim3 block, void** params, size_t shared_bytes,
                             cudaStream_t stream) {
  return launch(function, {grid, block, shared_bytes, resolve_stream(stream)}, params, false);
}

cudaError_t cudaLaunchCooperativeKernel(const void* function, dim3 grid, dim3 block, void** params,
                                        size_t shared_bytes, cudaStream_t stream) {
  return launch(function, {grid, block, shared_bytes, resolve_stream(stream)}, params, true);
}

namespace {

/// The driver's launch description: attributes have one layout in both interfaces.
CUlaunchConfig translate(const cudaLaunchConfig_t& c) {
  CUlaunchConfig config{};
  config.gridDimX = c.gridDim.x;
  config.gridDimY = c.gridDim.y;
  config.gridDimZ = c.gridDim.z;
  config.blockDimX = c.blockDim.x;
  config.blockDimY = c.blockDim.y;
  config.blockDimZ = c.blockDim.z;
  config.sharedMemBytes = static_cast<unsigned>(c.dynamicSmemBytes);
  config.hStream = resolve_stream(c.stream);
  static_assert(sizeof(cudaLaunchAttribute) == sizeof(CUlaunchAttribute));
  config.attrs = reinterpret_cast<CUlaunchAttribute*>(c.attrs);
  config.numAttrs = c.numAttrs;
  return config;
}

}  // namespace

cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t* config, const void* function, void** params) {
  if (!config) return cudaErrorInvalidValue;
  cudaError_t why = cudaSuccess;
  const Driver* d = current_driver(&why);
  if (!d) return why;
  CUkernel kernel = nullptr;
  if (const cudaError_t e = prepare(*d, function, config->gridDim, config->blockDim, &kernel);
      e != cudaSuccess)
    return e;
  const CUlaunchConfig c = translate(*config);
  return from_driver(d->cuLaunchKernelEx(&c, reinterpret_cast<CUfunction>(kernel), params, nullptr));
}

cudaError_t cudaFuncGetAttributes(struct cudaFuncAttributes* attributes, const void* function) {
  if (!attributes) return cudaErrorInvalidValue;
  return function_call(function, [&](const Driver& d, CUfunction f) {
    CUresult result = CUDA_SUCCESS;
    const auto ask = [&](CUfunction_attribute which) {
      int value = 0;
      const CUresult r = d.cuFuncGetAttribute(&value, which, f);
      if (result == CUDA_SUCCESS && r != CUDA_ERROR_INVALID_VALUE) result = r;
      return value;
    };
    std::memset(attributes, 0, sizeof *attributes);
    attributes->sharedSizeBytes = size_t(ask(CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES));
    attributes->constSizeBytes = size_t(ask(CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES));
    attributes->localSizeBytes = size_t(ask(CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES));
    attributes->maxThreadsPerBlock = ask(CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK);
    attributes->numRegs = ask(CU_FUNC_ATTRIBUTE_NUM_REGS);
    attributes->ptxVersion = ask(CU_FUNC_ATTRIBUTE_PTX_VERSION);
    attributes->binaryVersion = ask(CU_FUNC_ATTRIBUTE_BINARY_VERSION);
    attributes->cacheModeCA = ask(CU_FUNC_ATTRIBUTE_CACHE_MODE_CA);
    attributes->maxDynamicSharedSizeBytes = ask(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES);
    attributes->preferredShmemCarveout = ask(CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT);
    attributes->clusterDimMustBeSet = ask(CU_FUNC_ATTRIBUTE_CLUSTER_SIZE_MUST_BE_SET);
    attributes->requiredClusterWidth = ask(CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH);
    attributes->requiredClusterHeight = ask(CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_HEIGHT);
    attributes->requiredClusterDepth = ask(CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_DEPTH);
    return result;
  });
}

cudaError_t cudaFuncSetAttribute(const void* function, enum cudaFuncAttribute attribute, int value) {
  switch (attribute) {
    case cudaFuncAttributeMaxDynamicSharedMemorySize:
    case cudaFuncAttributePreferredSharedMemoryCarveout:
    case cudaFuncAttributeRequiredClusterWidth:
    case cudaFuncAttributeRequiredClusterHeight:
    case cudaFuncAttributeRequiredClusterDepth:
    case cudaFuncAttributeNonPortableClusterSizeAllowed:
    case cudaFuncAttributeClusterSchedulingPolicyPreference:
      break;
    default:
      return cudaErrorInvalidValue;
  }
  return function_call(function, [&](const Driver& d, CUfunction f) {
    return d.cuFuncSetAttribute(f, static_cast<CUfunction_attribute>(attribute), value);
  });
}

cudaError_t cudaFuncSetCacheConfig(const void* function, enum cudaFuncCache config) {
  cudaError_t why = cudaSuccess;
  const Driver* d = current_driver(&why);
  if (!d) return why;
  const int device = current_device(*d);
  return kernel_call(function, [&](const Driver& driver, CUkernel kernel) {
    return driver.cuKernelSetCacheConfig(kernel, static_cast<CUfunc_cache>(config), device);
  });
}

// Bank width has been fixed since compute capability 5.0: accepted, without effect, for a kernel that exists.
cudaError_t cudaFuncSetSharedMemConfig(const void* function, enum cudaSharedMemConfig config) {
  if (config < cudaSharedMemBankSizeDefault || config > cudaSharedMemBankSizeEightByte)
    return cudaErrorInvalidValue;
  return kernel_call(function, [](const Driver&, CUkernel) { return CUDA_SUCCESS; });
}

cudaError_t cudaFuncGetName(const char** name, const void* function) {
  if (!name) return cudaErrorInvalidValue;
  return kernel_call(function, [&](const Driver& d, CUkernel k) { return d.cuKernelGetName(name, k); });
}

cudaError_t cudaFuncGetParamInfo(const void* function, size_t index, size_t* offset, size_t* bytes) {
  return kernel_call(
      function, [&](const Driver& d, CUkernel k) { return d.cuKernelGetParamInfo(k, index, offset, bytes); });
}

#if PPU_CUDART_LEVEL == 13
cudaError_t cudaFuncGetParamCount(const void* function, size_t* count) {
  if (!count) return cudaErrorInvalidValue;
  return kernel_call(function, [&](const Driver& d, CUkernel k) {
    size_t offset = 0, index = 0;
    CUresult r = CUDA_SUCCESS;
    while ((r = d.cuKernelGetParamInfo(k, index, &offset, nullptr)) == CUDA_SUCCESS) ++index;
    if (r != CUDA_ERROR_INVALID_VALUE) return r;  // which is what an index behind the last one gets
    *count = index;
    return CUDA_SUCCESS;
  });
}
#endif

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, const void* function,
                                                                   int block_threads,
                                                                   size_t dynamic_shared_bytes,
                                                                   unsigned int flags) {
  return function_call(function, [&](const Driver& d, CUfunction f) {
    return d.cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(blocks, f, block_threads,
                                                                  dynamic_shared_bytes, flags);
  });
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void* function,
                                                          int block_threads, size_t dynamic_shared_bytes) {
  return ppu::runtime::cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
      blocks, function, block_threads, dynamic_shared_bytes, cudaOccupancyDefault);
}

cudaError_t cudaOccupancyAvailableDynamicSMemPerBlock(size_t* bytes, const void* function, int blocks,
                                                      int block_threads) {
  return function_call(function, [&](const Driver& d, CUfunction f) {
    return d.cuOccupancyAvailableDynamicSMemPerBlock(bytes, f, blocks, block_threads);
  });
}

cudaError_t cudaOccupancyMaxPotentialClusterSize(int* blocks, const void* function,
                                                 const cudaLaunchConfig_t* config) {
  if (!config) return cudaErrorInvalidValue;
  const CUlaunchConfig c = translate(*config);
  return function_call(function, [&](const Driver& d, CUfunction f) {
    return d.cuOccupancyMaxPotentialClusterSize(blocks, f, &c);
  });
}

cudaError_t cudaOccupancyMaxActiveClusters(int* clusters, const void* function,
                                           const cudaLaunchConfig_t* config) {
  if (!config) return cudaErrorInvalidValue;
  const CUlaunchConfig c = translate(*config);
  return function_call(function, [&](const Driver& d, CUfunction f) {
    return d.cuOccupancyMaxActiveClusters(clusters, f, &c);
  });
}

cudaError_t cudaGetFuncBySymbol(cudaFunction_t* function, const void* symbol) {
  if (!function) return cudaErrorInvalidValue;
  cudaError_t why = cudaSuccess;
  const Driver* d = current_driver(&why);
  return d ? function_of(*d, symbol, function) : why;
}

cudaError_t cudaGetKernel(cudaKernel_t* kernel, const void* symbol) {
  if (!kernel) return cudaErrorInvalidValue;
  cudaError_t why = cudaSuccess;
  const Driver* d = current_driver(&why);
  if (!d) return why;
  const cudaError_t e = resolve_kernel(*d, symbol, kernel);
  if (e == cudaSuccess) note_library_kernel(*kernel);
  return e;
}

}  // namespace ppu::runtime
