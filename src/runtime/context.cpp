#include "runtime/context.h"

#include <atomic>
#include <mutex>

namespace ppu::runtime {
namespace {

/// Primary contexts this process holds a reference to, one a device.
std::atomic<CUcontext> primary_contexts[kMaxDevices];
std::mutex primary_mutex;

}  // namespace

const Driver* bare_driver(cudaError_t* why) {
  CUresult result = CUDA_SUCCESS;
  const Driver* d = driver(&result);
  if (!d) {
    *why = result == CUDA_ERROR_STUB_LIBRARY || result == CUDA_ERROR_SYSTEM_DRIVER_MISMATCH
               ? cudaErrorInsufficientDriver
               : from_driver(result);
  }
  return d;
}

cudaError_t select_device(const Driver& driver, int device) {
  if (device < 0 || device >= kMaxDevices) return cudaErrorInvalidDevice;
  CUcontext context = primary_contexts[device].load(std::memory_order_acquire);
  if (!context) {
    const std::lock_guard lock(primary_mutex);
    context = primary_contexts[device].load();
    if (!context) {
      CUdevice handle = 0;
      if (const CUresult r = driver.cuDeviceGet(&handle, device); r != CUDA_SUCCESS) return from_driver(r);
      if (const CUresult r = driver.cuDevicePrimaryCtxRetain(&context, handle); r != CUDA_SUCCESS)
        return from_driver(r);
      primary_contexts[device].store(context, std::memory_order_release);
    }
  }
  return from_driver(driver.cuCtxSetCurrent(context));
}

const Driver* current_driver(cudaError_t* why) {
  const Driver* d = bare_driver(why);
  if (!d) return nullptr;
  CUcontext context = nullptr;
  if (d->cuCtxGetCurrent(&context) == CUDA_SUCCESS && context) return d;
  *why = select_device(*d, thread_state().device);
  return *why == cudaSuccess ? d : nullptr;
}

int current_device(const Driver& driver) {
  CUcontext context = nullptr;
  CUdevice device = 0;
  if (driver.cuCtxGetCurrent(&context) == CUDA_SUCCESS && context &&
      driver.cuCtxGetDevice(&device) == CUDA_SUCCESS)
    return device;
  return thread_state().device;
}

cudaError_t reset_device(const Driver& driver, int device) {
  if (device < 0 || device >= kMaxDevices) return cudaErrorInvalidDevice;
  const std::lock_guard lock(primary_mutex);
  CUcontext context = nullptr;
  if (driver.cuCtxGetCurrent(&context) == CUDA_SUCCESS && context &&
      context == primary_contexts[device].load())
    driver.cuCtxSetCurrent(nullptr);
  primary_contexts[device].store(nullptr);
  return from_driver(driver.cuDevicePrimaryCtxReset_v2(device));
}

}  // namespace ppu::runtime
