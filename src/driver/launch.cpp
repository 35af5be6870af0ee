// Functions, launches and occupancy.
#include "device/launch.h"

#include <algorithm>

#include "base/thread_value.h"
#include "driver/handles.h"

namespace ppu::driver {

using device::Context;
using device::Function;
using device::LaunchConfig;

namespace {

CUresult find_function(CUfunction handle, Function** function) {
  Context* c;
  PPU_TRY(current(&c));
  CUresult result;
  *function = device::function_of(handle, *c, &result);
  return *function ? CUDA_SUCCESS : result;
}

CUresult launch(CUfunction handle, const LaunchConfig& config, CUstream stream, void** params, void** extra) {
  device::Stream* s;
  PPU_TRY(find_stream(stream, &s));
  CUresult result;
  Function* f = device::function_of(handle, s->context(), &result);
  if (!f) return result;
  if (params && extra) return CUDA_ERROR_INVALID_VALUE;
  struct ParameterBlock;
  std::vector<std::byte>& block = thread_value<std::vector<std::byte>, ParameterBlock>();
  PPU_TRY(device::gather_params(*f, params, extra, &block));
  return device::launch(*f, config, block, *s, handle);
}

LaunchConfig config_of(unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                       unsigned shared, bool cooperative) {
  return {{gx, gy, gz}, {bx, by, bz}, shared, cooperative};
}

CUresult launch_ex(const CUlaunchConfig* c, CUfunction f, void** params, void** extra, bool thread_default) {
  if (!c || (c->numAttrs && !c->attrs)) return CUDA_ERROR_INVALID_VALUE;
  LaunchConfig config = config_of(c->gridDimX, c->gridDimY, c->gridDimZ, c->blockDimX, c->blockDimY,
                                  c->blockDimZ, c->sharedMemBytes, false);
  for (unsigned i = 0; i < c->numAttrs; i++) {
    const CUlaunchAttribute& a = c->attrs[i];
    switch (a.id) {
      case CU_LAUNCH_ATTRIBUTE_COOPERATIVE:
        config.cooperative = a.value.cooperative != 0;
        break;
      case CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION:
        // Clusters came with capability 9.0; one block a cluster is no cluster.
        if (a.value.clusterDim.x * a.value.clusterDim.y * a.value.clusterDim.z > 1)
          return CUDA_ERROR_INVALID_CLUSTER_SIZE;
        break;
      default:
        break;  // scheduling advice
    }
  }
  return launch(f, config, thread_default ? per_thread(c->hStream) : c->hStream, params, extra);
}

}  // namespace

CUresult cuFuncGetAttribute(int* value, CUfunction_attribute attribute, CUfunction handle) {
  Function* f;
  PPU_TRY(find_function(handle, &f));
  if (!value) return CUDA_ERROR_INVALID_VALUE;
  return f->get_attribute(attribute, value);
}

CUresult cuFuncSetAttribute(CUfunction handle, CUfunction_attribute attribute, int value) {
  Function* f;
  PPU_TRY(find_function(handle, &f));
  return f->set_attribute(attribute, value);
}

// Preferences, and there is nothing to choose.
CUresult cuFuncSetCacheConfig(CUfunction handle, CUfunc_cache config) {
  Function* f;
  PPU_TRY(find_function(handle, &f));
  return unsigned(config) > CU_FUNC_CACHE_PREFER_EQUAL ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}

CUresult cuFuncSetSharedMemConfig(CUfunction handle, CUsharedconfig config) {
  Function* f;
  PPU_TRY(find_function(handle, &f));
  return unsigned(config) > CU_SHARED_MEM_CONFIG_EIGHT_BYTE_BANK_SIZE ? CUDA_ERROR_INVALID_VALUE
                                                                      : CUDA_SUCCESS;
}

CUresult cuFuncGetModule(CUmodule* module, CUfunction handle) {
  Function* f;
  PPU_TRY(find_function(handle, &f));
  if (!module) return CUDA_ERROR_INVALID_VALUE;
  *module = to_handle(&f->module());
  return CUDA_SUCCESS;
}

CUresult cuFuncGetName(const char** name, CUfunction handle) {
  Function* f;
  PPU_TRY(find_function(handle, &f));
  if (!name) return CUDA_ERROR_INVALID_VALUE;
  *name = f->name().c_str();
  return CUDA_SUCCESS;
}

CUresult cuFuncIsLoaded(CUfunctionLoadingState* state, CUfunction handle) {
  Function* f;
  PPU_TRY(find_function(handle, &f));
  if (!state) return CUDA_ERROR_INVALID_VALUE;
  *state = f->loaded() ? CU_FUNCTION_LOADING_STATE_LOADED : CU_FUNCTION_LOADING_STATE_UNLOADED;
  return CUDA_SUCCESS;
}

CUresult cuFuncLoad(CUfunction handle) {
  Function* f;
  PPU_TRY(find_function(handle, &f));
  f->load();
  return CUDA_SUCCESS;
}

CUresult cuLaunchKernel(CUfunction f, unsigned int gx, unsigned int gy, unsigned int gz, unsigned int bx,
                        unsigned int by, unsigned int bz, unsigned int shared, CUstream stream, void** params,
                        void** extra) {
  return launch(f, config_of(gx, gy, gz, bx, by, bz, shared, false), stream, params, extra);
}

CUresult cuLaunchKernel_ptsz(CUfunction f, unsigned int gx, unsigned int gy, unsigned int gz, unsigned int bx,
                             unsigned int by, unsigned int bz, unsigned int shared, CUstream stream,
                             void** params, void** extra) {
  return launch(f, config_of(gx, gy, gz, bx, by, bz, shared, false), per_thread(stream), params, extra);
}

CUresult cuLaunchCooperativeKernel(CUfunction f, unsigned int gx, unsigned int gy, unsigned int gz,
                                   unsigned int bx, unsigned int by, unsigned int bz, unsigned int shared,
                                   CUstream stream, void** params) {
  return launch(f, config_of(gx, gy, gz, bx, by, bz, shared, true), stream, params, nullptr);
}

CUresult cuLaunchCooperativeKernel_ptsz(CUfunction f, unsigned int gx, unsigned int gy, unsigned int gz,
                                        unsigned int bx, unsigned int by, unsigned int bz,
                                        unsigned int shared, CUstream stream, void** params) {
  return launch(f, config_of(gx, gy, gz, bx, by, bz, shared, true), per_thread(stream), params, nullptr);
}

CUresult cuLaunchKernelEx(const CUlaunchConfig* config, CUfunction f, void** params, void** extra) {
  return launch_ex(config, f, params, extra, false);
}

CUresult cuLaunchKernelEx_ptsz(const CUlaunchConfig* config, CUfunction f, void** params, void** extra) {
  return launch_ex(config, f, params, extra, true);
}

CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, CUfunction handle, int block_threads,
                                                     size_t shared) {
  Function* f;
  PPU_TRY(find_function(handle, &f));
  if (!blocks || block_threads <= 0) return CUDA_ERROR_INVALID_VALUE;
  *blocks = device::max_active_blocks(*f, block_threads, shared);
  return CUDA_SUCCESS;
}

CUresult cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, CUfunction f, int block_threads,
                                                              size_t shared, unsigned int flags) {
  if (flags & ~1u) return CUDA_ERROR_INVALID_VALUE;
  return ppu::driver::cuOccupancyMaxActiveBlocksPerMultiprocessor(blocks, f, block_threads, shared);
}

CUresult cuOccupancyMaxPotentialBlockSizeWithFlags(int* min_grid, int* block_threads, CUfunction handle,
                                                   CUoccupancyB2DSize shared_of_block, size_t shared,
                                                   int limit, unsigned int flags) {
  Function* f;
  PPU_TRY(find_function(handle, &f));
  if (!min_grid || !block_threads || (flags & ~1u)) return CUDA_ERROR_INVALID_VALUE;
  const device::Device& d = f->module().context().device();
  int most = f->max_threads();
  if (limit > 0) most = std::min(most, limit);
  int best_threads = 0, best_blocks = 0;
  // The largest block that keeps the most threads on a multiprocessor.
  for (int threads = (most + 31) / 32 * 32; threads > 0; threads -= 32) {
    const int size = std::min(threads, most);
    const int blocks = device::max_active_blocks(*f, size, shared_of_block ? shared_of_block(size) : shared);
    if (blocks * size > best_blocks * best_threads) {
      best_blocks = blocks;
      best_threads = size;
    }
    if (best_blocks * best_threads == d.limits.threads_per_sm) break;
  }
  *block_threads = best_threads;
  *min_grid = best_blocks * int(d.chip->sms.value);
  return CUDA_SUCCESS;
}

CUresult cuOccupancyMaxPotentialBlockSize(int* min_grid, int* block_threads, CUfunction f,
                                          CUoccupancyB2DSize shared_of_block, size_t shared, int limit) {
  return ppu::driver::cuOccupancyMaxPotentialBlockSizeWithFlags(min_grid, block_threads, f, shared_of_block,
                                                                shared, limit, 0);
}

CUresult cuOccupancyAvailableDynamicSMemPerBlock(size_t* bytes, CUfunction handle, int blocks,
                                                 int block_threads) {
  Function* f;
  PPU_TRY(find_function(handle, &f));
  if (!bytes || blocks <= 0 || block_threads <= 0) return CUDA_ERROR_INVALID_VALUE;
  if (device::max_active_blocks(*f, block_threads, 0) < blocks) return CUDA_ERROR_INVALID_VALUE;
  const device::Limits& l = f->module().context().device().limits;
  const size_t each = l.shared_per_sm / size_t(blocks) / 128 * 128;
  const size_t taken = f->static_shared_bytes() + l.reserved_shared_per_block;
  *bytes = std::min(each > taken ? each - taken : 0, l.shared_per_block_optin - f->static_shared_bytes());
  return CUDA_SUCCESS;
}

CUresult cuOccupancyMaxPotentialClusterSize(int* blocks, CUfunction handle, const CUlaunchConfig*) {
  Function* f;
  PPU_TRY(find_function(handle, &f));
  if (!blocks) return CUDA_ERROR_INVALID_VALUE;
  *blocks = 1;
  return CUDA_SUCCESS;
}

// Capability 8.0 has no clusters: every block is its own.
CUresult cuOccupancyMaxActiveClusters(int* clusters, CUfunction handle, const CUlaunchConfig* config) {
  Function* f;
  PPU_TRY(find_function(handle, &f));
  if (!clusters || !config) return CUDA_ERROR_INVALID_VALUE;
  for (unsigned i = 0; i < config->numAttrs; i++) {
    const CUlaunchAttribute& a = config->attrs[i];
    if (a.id != CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION) continue;
    if (a.value.clusterDim.x * a.value.clusterDim.y * a.value.clusterDim.z != 1)
      return CUDA_ERROR_INVALID_CLUSTER_SIZE;
  }
  const int threads = int(config->blockDimX * config->blockDimY * config->blockDimZ);
  *clusters = device::max_active_blocks(*f, threads, config->sharedMemBytes) *
              int(f->module().context().device().chip->sms.value);
  return CUDA_SUCCESS;
}

// Gone with CUDA 13; before it, the answer of devices without
// CU_DEVICE_ATTRIBUTE_COOPERATIVE_MULTI_DEVICE_LAUNCH.
CUresult cuLaunchCooperativeKernelMultiDevice(CUDA_LAUNCH_PARAMS* launches, unsigned int count,
                                              unsigned int) {
  PPU_TRY(device::require_initialized());
  return launches && count ? CUDA_ERROR_NOT_SUPPORTED : CUDA_ERROR_INVALID_VALUE;
}

}  // namespace ppu::driver
