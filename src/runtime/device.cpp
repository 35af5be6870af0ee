// Devices: which there are, which one a thread uses, limits and caches, sharing with other processes.
#include "runtime/entry.h"
#include "runtime/torch_bridge.h"

namespace ppu::runtime {
namespace {

/// The thread's device counts as chosen by the program from now on.
cudaError_t check_device(const Driver& d, int device) {
  int count = 0;
  if (const CUresult r = d.cuDeviceGetCount(&count); r != CUDA_SUCCESS) return from_driver(r);
  return device >= 0 && device < count ? cudaSuccess : cudaErrorInvalidDevice;
}

/// Runs `body(driver)` for calls that name a device: no context, but the ordinal must exist.
template <class F>
cudaError_t device_call(int device, F&& body) {
  cudaError_t why = cudaSuccess;
  const Driver* d = bare_driver(&why);
  if (!d) return why;
  if (const cudaError_t e = check_device(*d, device); e != cudaSuccess) return e;
  return from_driver(body(*d));
}

}  // namespace

cudaError_t cudaGetDeviceCount(int* count) {
  if (!count) return cudaErrorInvalidValue;
  *count = 0;
  const cudaError_t e = bare_call([&](const Driver& d) { return d.cuDeviceGetCount(count); });
  open_torch_bridge();  // PyTorch counts devices before it does anything else
  return e == cudaSuccess && *count == 0 ? cudaErrorNoDevice : e;
}

cudaError_t cudaSetDevice(int device) {
  cudaError_t why = cudaSuccess;
  const Driver* d = bare_driver(&why);
  if (!d) return why;
  if (const cudaError_t e = check_device(*d, device); e != cudaSuccess) return e;
  if (const cudaError_t e = select_device(*d, device); e != cudaSuccess) return e;
  thread_state().device = device;
  return cudaSuccess;
}

cudaError_t cudaGetDevice(int* device) {
  if (!device) return cudaErrorInvalidValue;
  cudaError_t why = cudaSuccess;
  const Driver* d = bare_driver(&why);
  if (!d) return why;
  *device = current_device(*d);
  return cudaSuccess;
}

cudaError_t cudaInitDevice(int device, unsigned int device_flags, unsigned int flags) {
  cudaError_t why = cudaSuccess;
  const Driver* d = bare_driver(&why);
  if (!d) return why;
  if (const cudaError_t e = check_device(*d, device); e != cudaSuccess) return e;
  if (flags & ~unsigned(cudaInitDeviceFlagsAreValid)) return cudaErrorInvalidValue;
  if (flags & cudaInitDeviceFlagsAreValid) {
    const CUresult r = d->cuDevicePrimaryCtxSetFlags_v2(device, device_flags & ~unsigned(cudaDeviceMapHost));
    if (r != CUDA_SUCCESS) return from_driver(r);
  }
  CUcontext before = nullptr;
  d->cuCtxGetCurrent(&before);
  const cudaError_t e = select_device(*d, device);
  d->cuCtxSetCurrent(before);  // none, too: the device is not made current
  return e;
}

cudaError_t cudaSetValidDevices(int* devices, int count) {
  if (count < 0 || (count > 0 && !devices)) return cudaErrorInvalidValue;
  cudaError_t why = cudaSuccess;
  const Driver* d = bare_driver(&why);
  if (!d) return why;
  int all = 0;
  if (const CUresult r = d->cuDeviceGetCount(&all); r != CUDA_SUCCESS) return from_driver(r);
  if (count > all) return cudaErrorInvalidValue;
  for (int i = 0; i < count; ++i)
    if (const cudaError_t e = check_device(*d, devices[i]); e != cudaSuccess) return e;
  thread_state().device = count > 0 ? devices[0] : 0;  // an empty list is the list of all of them
  return cudaSuccess;
}

cudaError_t cudaChooseDevice(int* device, const struct cudaDeviceProp* wanted) {
  if (!device || !wanted) return cudaErrorInvalidValue;
  *device = 0;  // all devices of one machine are alike
  return device_call(0, [](const Driver&) { return CUDA_SUCCESS; });
}

cudaError_t cudaSetDeviceFlags(unsigned int flags) {
  if (flags & ~unsigned(cudaDeviceMask)) return cudaErrorInvalidValue;
  cudaError_t why = cudaSuccess;
  const Driver* d = bare_driver(&why);
  if (!d) return why;
  // Mapped host memory is always possible; the driver does not know the flag as a context flag to change.
  return from_driver(
      d->cuDevicePrimaryCtxSetFlags_v2(current_device(*d), flags & ~unsigned(cudaDeviceMapHost)));
}

cudaError_t cudaGetDeviceFlags(unsigned int* flags) {
  if (!flags) return cudaErrorInvalidValue;
  cudaError_t why = cudaSuccess;
  const Driver* d = bare_driver(&why);
  if (!d) return why;
  int active = 0;
  const CUresult r = d->cuDevicePrimaryCtxGetState(current_device(*d), flags, &active);
  *flags |= cudaDeviceMapHost;
  return from_driver(r);
}

cudaError_t cudaDeviceReset() {
  cudaError_t why = cudaSuccess;
  const Driver* d = bare_driver(&why);
  if (!d) return why;
  forget_loaded_modules(*d);
  thread_state().last_error = cudaSuccess;
  return reset_device(*d, current_device(*d));
}

cudaError_t cudaDeviceSynchronize() {
  return call([](const Driver& d) { return d.cuCtxSynchronize(); });
}

cudaError_t cudaDeviceGetAttribute(int* value, enum cudaDeviceAttr attribute, int device) {
  if (!value) return cudaErrorInvalidValue;
  return device_call(device, [&](const Driver& d) {
    return d.cuDeviceGetAttribute(value, static_cast<CUdevice_attribute>(attribute), device);
  });
}

cudaError_t cudaDeviceSetLimit(enum cudaLimit limit, size_t value) {
  return call([&](const Driver& d) { return d.cuCtxSetLimit(static_cast<CUlimit>(limit), value); });
}

cudaError_t cudaDeviceGetLimit(size_t* value, enum cudaLimit limit) {
  return call([&](const Driver& d) { return d.cuCtxGetLimit(value, static_cast<CUlimit>(limit)); });
}

cudaError_t cudaDeviceGetCacheConfig(enum cudaFuncCache* config) {
  return call(
      [&](const Driver& d) { return d.cuCtxGetCacheConfig(reinterpret_cast<CUfunc_cache*>(config)); });
}

cudaError_t cudaDeviceSetCacheConfig(enum cudaFuncCache config) {
  return call([&](const Driver& d) { return d.cuCtxSetCacheConfig(static_cast<CUfunc_cache>(config)); });
}

cudaError_t cudaDeviceGetSharedMemConfig(enum cudaSharedMemConfig* config) {
  return call(
      [&](const Driver& d) { return d.cuCtxGetSharedMemConfig(reinterpret_cast<CUsharedconfig*>(config)); });
}

cudaError_t cudaDeviceSetSharedMemConfig(enum cudaSharedMemConfig config) {
  return call(
      [&](const Driver& d) { return d.cuCtxSetSharedMemConfig(static_cast<CUsharedconfig>(config)); });
}

cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  return call([&](const Driver& d) { return d.cuCtxGetStreamPriorityRange(least, greatest); });
}

cudaError_t cudaCtxResetPersistingL2Cache() {
  return call([](const Driver& d) { return d.cuCtxResetPersistingL2Cache(); });
}

cudaError_t cudaDeviceGetByPCIBusId(int* device, const char* text) {
  return bare_call([&](const Driver& d) { return d.cuDeviceGetByPCIBusId(device, text); });
}

cudaError_t cudaDeviceGetPCIBusId(char* text, int capacity, int device) {
  return device_call(device, [&](const Driver& d) { return d.cuDeviceGetPCIBusId(text, capacity, device); });
}

cudaError_t cudaDeviceGetP2PAttribute(int* value, enum cudaDeviceP2PAttr attribute, int src_device,
                                      int dst_device) {
  return device_call(src_device, [&](const Driver& d) {
    return d.cuDeviceGetP2PAttribute(value, static_cast<CUdevice_P2PAttribute>(attribute), src_device,
                                     dst_device);
  });
}

cudaError_t cudaDeviceCanAccessPeer(int* can_access, int device, int peer) {
  if (!can_access) return cudaErrorInvalidValue;
  return device_call(peer,
                     [&](const Driver& d) { return d.cuDeviceCanAccessPeer(can_access, device, peer); });
}

cudaError_t cudaDeviceEnablePeerAccess(int peer, unsigned int flags) {
  cudaError_t why = cudaSuccess;
  const Driver* d = current_driver(&why);
  if (!d) return why;
  CUcontext here = nullptr;
  CUcontext there = nullptr;
  d->cuCtxGetCurrent(&here);
  if (const cudaError_t e = select_device(*d, peer); e != cudaSuccess) return e;
  d->cuCtxGetCurrent(&there);
  d->cuCtxSetCurrent(here);
  return from_driver(d->cuCtxEnablePeerAccess(there, flags));
}

cudaError_t cudaDeviceDisablePeerAccess(int peer) {
  cudaError_t why = cudaSuccess;
  const Driver* d = current_driver(&why);
  if (!d) return why;
  CUcontext here = nullptr;
  CUcontext there = nullptr;
  d->cuCtxGetCurrent(&here);
  if (const cudaError_t e = select_device(*d, peer); e != cudaSuccess) return e;
  d->cuCtxGetCurrent(&there);
  d->cuCtxSetCurrent(here);
  return from_driver(d->cuCtxDisablePeerAccess(there));
}

cudaError_t cudaDriverGetVersion(int* version) {
  if (!version) return cudaErrorInvalidValue;
  *version = 0;
  CUresult why = CUDA_SUCCESS;
  const Driver* d = driver(&why);
  return d ? from_driver(d->cuDriverGetVersion(version)) : cudaSuccess;  // the manual: 0 without a driver
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  if (!version) return cudaErrorInvalidValue;
  *version = kRuntimeVersion;
  return cudaSuccess;
}

cudaError_t cudaIpcGetEventHandle(cudaIpcEventHandle_t* handle, cudaEvent_t event) {
  return call([&](const Driver& d) {
    return d.cuIpcGetEventHandle(reinterpret_cast<CUipcEventHandle*>(handle), event);
  });
}

cudaError_t cudaIpcOpenEventHandle(cudaEvent_t* event, cudaIpcEventHandle_t handle) {
  return call([&](const Driver& d) {
    return d.cuIpcOpenEventHandle(event, reinterpret_cast<const CUipcEventHandle&>(handle));
  });
}

cudaError_t cudaIpcGetMemHandle(cudaIpcMemHandle_t* handle, void* address) {
  return call([&](const Driver& d) {
    return d.cuIpcGetMemHandle(reinterpret_cast<CUipcMemHandle*>(handle),
                               reinterpret_cast<CUdeviceptr>(address));
  });
}

cudaError_t cudaIpcOpenMemHandle(void** address, cudaIpcMemHandle_t handle, unsigned int flags) {
  return call([&](const Driver& d) {
    return d.cuIpcOpenMemHandle_v2(reinterpret_cast<CUdeviceptr*>(address),
                                   reinterpret_cast<const CUipcMemHandle&>(handle), flags);
  });
}

cudaError_t cudaIpcCloseMemHandle(void* address) {
  return call([&](const Driver& d) { return d.cuIpcCloseMemHandle(reinterpret_cast<CUdeviceptr>(address)); });
}

cudaError_t cudaGetDriverEntryPointByVersion(const char* name, void** address, unsigned int version,
                                             unsigned long long flags,
                                             enum cudaDriverEntryPointQueryResult* result) {
  const cuuint64_t how = flags == 0 && thread_state().per_thread_default
                             ? cuuint64_t(CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM)
                             : flags;
  return bare_call([&](const Driver& d) {
    return d.cuGetProcAddress_v2(name, address, int(version), how,
                                 reinterpret_cast<CUdriverProcAddressQueryResult*>(result));
  });
}

cudaError_t cudaGetDriverEntryPoint(const char* name, void** address, unsigned long long flags,
                                    enum cudaDriverEntryPointQueryResult* result) {
  return ppu::runtime::cudaGetDriverEntryPointByVersion(name, address, kRuntimeVersion, flags, result);
}

// Private tables between NVIDIA's libraries: there are none here.
cudaError_t cudaGetExportTable(const void** table, const cudaUUID_t* id) {
  if (!table || !id) return cudaErrorInvalidValue;
  *table = nullptr;
  return cudaErrorSymbolNotFound;
}

cudaError_t cudaProfilerStart() {
  return call([](const Driver&) { return CUDA_SUCCESS; });
}
cudaError_t cudaProfilerStop() {
  return call([](const Driver&) { return CUDA_SUCCESS; });
}

#if PPU_CUDART_LEVEL == 12
// The cudaThread* names are old spellings of cudaDevice*.
cudaError_t cudaThreadExit() {
  return ppu::runtime::cudaDeviceReset();
}
cudaError_t cudaThreadSynchronize() {
  return ppu::runtime::cudaDeviceSynchronize();
}
cudaError_t cudaThreadSetLimit(enum cudaLimit limit, size_t value) {
  return ppu::runtime::cudaDeviceSetLimit(limit, value);
}
cudaError_t cudaThreadGetLimit(size_t* value, enum cudaLimit limit) {
  return ppu::runtime::cudaDeviceGetLimit(value, limit);
}
cudaError_t cudaThreadGetCacheConfig(enum cudaFuncCache* config) {
  return ppu::runtime::cudaDeviceGetCacheConfig(config);
}
cudaError_t cudaThreadSetCacheConfig(enum cudaFuncCache config) {
  return ppu::runtime::cudaDeviceSetCacheConfig(config);
}
// Doubles need no conversion since compute capability 1.3.
cudaError_t cudaSetDoubleForDevice(double* value) {
  return value ? cudaSuccess : cudaErrorInvalidValue;
}
cudaError_t cudaSetDoubleForHost(double* value) {
  return value ? cudaSuccess : cudaErrorInvalidValue;
}
#endif

}  // namespace ppu::runtime
