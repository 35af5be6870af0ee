/* Every entry point of the driver under its exported name. What a call does, its errors and its limits are
 * in the CUDA Driver API manual; where OpenPPU differs is in docs/. Included by <cuda.h>. */
#ifndef PPU_CUDA_FUNCTIONS_H
#define PPU_CUDA_FUNCTIONS_H

#ifdef __cplusplus
extern "C" {
#endif

/* Names and texts of results. */
CUresult CUDAAPI cuGetErrorString(CUresult error, const char** text);
CUresult CUDAAPI cuGetErrorName(CUresult error, const char** text);

/* Start-up, versions, and finding entry points by name. */
CUresult CUDAAPI cuInit(unsigned int flags);
CUresult CUDAAPI cuDriverGetVersion(int* version);
CUresult CUDAAPI cuModuleGetLoadingMode(CUmoduleLoadingMode* mode);
CUresult CUDAAPI cuGetProcAddress_v2(const char* name, void** address, int version, cuuint64_t flags,
                                     CUdriverProcAddressQueryResult* result);
CUresult CUDAAPI cuGetExportTable(const void** table, const CUuuid* id);
CUresult CUDAAPI cuGetProcAddress(const char* name, void** address, int version, cuuint64_t flags);

/* Devices: count, properties, the primary context each one has. */
CUresult CUDAAPI cuDeviceGet(CUdevice* device, int ordinal);
CUresult CUDAAPI cuDeviceGetCount(int* count);
CUresult CUDAAPI cuDeviceGetName(char* name, int capacity, CUdevice device);
CUresult CUDAAPI cuDeviceGetUuid_v2(CUuuid* uuid, CUdevice device);
CUresult CUDAAPI cuDeviceGetLuid(char* luid, unsigned int* node_mask, CUdevice device);
CUresult CUDAAPI cuDeviceTotalMem_v2(size_t* bytes, CUdevice device);
CUresult CUDAAPI cuDeviceGetTexture1DLinearMaxWidth(size_t* bytes_out, CUarray_format kind,
                                                    unsigned int value, CUdevice device);
CUresult CUDAAPI cuDeviceGetAttribute(int* value, CUdevice_attribute attribute, CUdevice device);
CUresult CUDAAPI cuDeviceGetHostAtomicCapabilities(unsigned int* count_out, const CUatomicOperation* in,
                                                   unsigned int value, CUdevice device);
CUresult CUDAAPI cuDeviceGetNvSciSyncAttributes(void* data, CUdevice device, int value);
CUresult CUDAAPI cuDeviceSetMemPool(CUdevice device, CUmemoryPool pool);
CUresult CUDAAPI cuDeviceGetMemPool(CUmemoryPool* pool, CUdevice device);
CUresult CUDAAPI cuDeviceGetDefaultMemPool(CUmemoryPool* pool, CUdevice device);
CUresult CUDAAPI cuDeviceGetExecAffinitySupport(int* value_out, CUexecAffinityType kind, CUdevice device);
CUresult CUDAAPI cuFlushGPUDirectRDMAWrites(CUflushGPUDirectRDMAWritesTarget kind,
                                            CUflushGPUDirectRDMAWritesScope kind2);
CUresult CUDAAPI cuDeviceGetProperties(CUdevprop* out, CUdevice device);
CUresult CUDAAPI cuDeviceComputeCapability(int* major, int* minor, CUdevice device);
CUresult CUDAAPI cuDevicePrimaryCtxRetain(CUcontext* ctx, CUdevice device);
CUresult CUDAAPI cuDevicePrimaryCtxRelease_v2(CUdevice device);
CUresult CUDAAPI cuDevicePrimaryCtxSetFlags_v2(CUdevice device, unsigned int flags);
CUresult CUDAAPI cuDevicePrimaryCtxGetState(CUdevice device, unsigned int* flags, int* active);
CUresult CUDAAPI cuDevicePrimaryCtxReset_v2(CUdevice device);
CUresult CUDAAPI cuDeviceRegisterAsyncNotification(CUdevice device, CUasyncCallback callback, void* data,
                                                   CUasyncCallbackHandle* out);
CUresult CUDAAPI cuDeviceUnregisterAsyncNotification(CUdevice device, CUasyncCallbackHandle kind);
CUresult CUDAAPI cuDeviceGetByPCIBusId(CUdevice* device, const char* text);
CUresult CUDAAPI cuDeviceGetPCIBusId(char* text, int capacity, CUdevice device);
CUresult CUDAAPI cuDeviceGraphMemTrim(CUdevice device);
CUresult CUDAAPI cuDeviceGetGraphMemAttribute(CUdevice device, CUgraphMem_attribute attribute, void* data);
CUresult CUDAAPI cuDeviceSetGraphMemAttribute(CUdevice device, CUgraphMem_attribute attribute, void* data);
CUresult CUDAAPI cuDeviceCanAccessPeer(int* can_access, CUdevice device, CUdevice peer);
CUresult CUDAAPI cuDeviceGetP2PAttribute(int* value, CUdevice_P2PAttribute attribute, CUdevice src_device,
                                         CUdevice dst_device);
CUresult CUDAAPI cuDeviceGetP2PAtomicCapabilities(unsigned int* count_out, const CUatomicOperation* in,
                                                  unsigned int value, CUdevice device, CUdevice device2);
CUresult CUDAAPI cuDeviceGetDevResource(CUdevice device, CUdevResource* resource, CUdevResourceType kind);
CUresult CUDAAPI cuDeviceTotalMem(unsigned int* bytes, CUdevice device);
CUresult CUDAAPI cuDevicePrimaryCtxRelease(CUdevice device);
CUresult CUDAAPI cuDevicePrimaryCtxReset(CUdevice device);
CUresult CUDAAPI cuDevicePrimaryCtxSetFlags(CUdevice device, unsigned int flags);
CUresult CUDAAPI cuDeviceGetUuid(CUuuid* uuid, CUdevice device);

/* Contexts: the stack of the calling thread, limits, synchronisation; parts of a device. */
CUresult CUDAAPI cuCtxCreate_v4(CUcontext* ctx, CUctxCreateParams* params, unsigned int flags,
                                CUdevice device);
CUresult CUDAAPI cuCtxDestroy_v2(CUcontext ctx);
CUresult CUDAAPI cuCtxPushCurrent_v2(CUcontext ctx);
CUresult CUDAAPI cuCtxPopCurrent_v2(CUcontext* ctx);
CUresult CUDAAPI cuCtxSetCurrent(CUcontext ctx);
CUresult CUDAAPI cuCtxGetCurrent(CUcontext* ctx);
CUresult CUDAAPI cuCtxGetDevice(CUdevice* device);
CUresult CUDAAPI cuCtxGetDevice_v2(CUdevice* device, CUcontext ctx);
CUresult CUDAAPI cuCtxGetFlags(unsigned int* count_out);
CUresult CUDAAPI cuCtxSetFlags(unsigned int flags);
CUresult CUDAAPI cuCtxGetId(CUcontext ctx, unsigned long long* id);
CUresult CUDAAPI cuCtxSynchronize(void);
CUresult CUDAAPI cuCtxSynchronize_v2(CUcontext ctx);
CUresult CUDAAPI cuCtxSetLimit(CUlimit limit, size_t value);
CUresult CUDAAPI cuCtxGetLimit(size_t* value, CUlimit limit);
CUresult CUDAAPI cuCtxGetCacheConfig(CUfunc_cache* out);
CUresult CUDAAPI cuCtxSetCacheConfig(CUfunc_cache kind);
CUresult CUDAAPI cuCtxGetApiVersion(CUcontext ctx, unsigned int* version);
CUresult CUDAAPI cuCtxGetStreamPriorityRange(int* least, int* greatest);
CUresult CUDAAPI cuCtxResetPersistingL2Cache(void);
CUresult CUDAAPI cuCtxGetExecAffinity(CUexecAffinityParam* out, CUexecAffinityType kind);
CUresult CUDAAPI cuCtxRecordEvent(CUcontext ctx, CUevent event);
CUresult CUDAAPI cuCtxWaitEvent(CUcontext ctx, CUevent event);
CUresult CUDAAPI cuCtxAttach(CUcontext* ctx, unsigned int flags);
CUresult CUDAAPI cuCtxDetach(CUcontext ctx);
CUresult CUDAAPI cuCtxGetSharedMemConfig(CUsharedconfig* out);
CUresult CUDAAPI cuCtxSetSharedMemConfig(CUsharedconfig kind);
CUresult CUDAAPI cuCtxEnablePeerAccess(CUcontext peer, unsigned int flags);
CUresult CUDAAPI cuCtxDisablePeerAccess(CUcontext ctx);
CUresult CUDAAPI cuGreenCtxCreate(CUgreenCtx* green, CUdevResourceDesc resource_desc, CUdevice device,
                                  unsigned int flags);
CUresult CUDAAPI cuGreenCtxDestroy(CUgreenCtx green);
CUresult CUDAAPI cuCtxFromGreenCtx(CUcontext* ctx, CUgreenCtx green);
CUresult CUDAAPI cuCtxGetDevResource(CUcontext ctx, CUdevResource* resource, CUdevResourceType kind);
CUresult CUDAAPI cuGreenCtxGetDevResource(CUgreenCtx green, CUdevResource* resource, CUdevResourceType kind);
CUresult CUDAAPI cuDevSmResourceSplitByCount(CUdevResource* resource, unsigned int* count_out,
                                             const CUdevResource* resource2, CUdevResource* resource3,
                                             unsigned int value, unsigned int flags);
CUresult CUDAAPI cuDevResourceGenerateDesc(CUdevResourceDesc* resource_desc, CUdevResource* resource,
                                           unsigned int flags);
CUresult CUDAAPI cuGreenCtxRecordEvent(CUgreenCtx green, CUevent event);
CUresult CUDAAPI cuGreenCtxWaitEvent(CUgreenCtx green, CUevent event);
CUresult CUDAAPI cuGreenCtxStreamCreate(CUstream* stream, CUgreenCtx green, unsigned int value, int value2);
CUresult CUDAAPI cuGreenCtxGetId(CUgreenCtx green, unsigned long long* count_out);
CUresult CUDAAPI cuCtxCreate(CUcontext* ctx, unsigned int flags, CUdevice device);
CUresult CUDAAPI cuCtxCreate_v2(CUcontext* ctx, unsigned int flags, CUdevice device);
CUresult CUDAAPI cuCtxCreate_v3(CUcontext* ctx, CUexecAffinityParam* affinity, int affinity_count,
                                unsigned int flags, CUdevice device);
CUresult CUDAAPI cuCtxDestroy(CUcontext ctx);
CUresult CUDAAPI cuCtxPopCurrent(CUcontext* ctx);
CUresult CUDAAPI cuCtxPushCurrent(CUcontext ctx);

/* Modules: PTX, fatbin or linked images in one context; linking several pieces. */
CUresult CUDAAPI cuModuleLoad(CUmodule* module, const char* path);
CUresult CUDAAPI cuModuleLoadData(CUmodule* module, const void* image);
CUresult CUDAAPI cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned int option_count,
                                    CUjit_option* options, void** values);
CUresult CUDAAPI cuModuleLoadFatBinary(CUmodule* module, const void* image);
CUresult CUDAAPI cuModuleUnload(CUmodule module);
CUresult CUDAAPI cuModuleGetFunction(CUfunction* function, CUmodule module, const char* name);
CUresult CUDAAPI cuModuleGetFunctionCount(unsigned int* count, CUmodule module);
CUresult CUDAAPI cuModuleEnumerateFunctions(CUfunction* functions, unsigned int capacity, CUmodule module);
CUresult CUDAAPI cuModuleGetGlobal_v2(CUdeviceptr* address, size_t* bytes, CUmodule module, const char* name);
CUresult CUDAAPI cuLinkCreate_v2(unsigned int option_count, CUjit_option* options, void** values,
                                 CUlinkState* link);
CUresult CUDAAPI cuLinkAddData_v2(CUlinkState link, CUjitInputType kind, void* data, size_t bytes,
                                  const char* name, unsigned int option_count, CUjit_option* options,
                                  void** values);
CUresult CUDAAPI cuLinkAddFile_v2(CUlinkState link, CUjitInputType kind, const char* path,
                                  unsigned int option_count, CUjit_option* options, void** values);
CUresult CUDAAPI cuLinkComplete(CUlinkState link, void** image, size_t* bytes);
CUresult CUDAAPI cuLinkDestroy(CUlinkState link);
CUresult CUDAAPI cuModuleGetTexRef(CUtexref* texref, CUmodule module, const char* name);
CUresult CUDAAPI cuModuleGetSurfRef(CUsurfref* surfref, CUmodule module, const char* name);
CUresult CUDAAPI cuLinkCreate(unsigned int option_count, CUjit_option* options, void** values,
                              CUlinkState* link);
CUresult CUDAAPI cuLinkAddData(CUlinkState link, CUjitInputType kind, void* data, size_t bytes,
                               const char* name, unsigned int option_count, CUjit_option* options,
                               void** values);
CUresult CUDAAPI cuLinkAddFile(CUlinkState link, CUjitInputType kind, const char* path,
                               unsigned int option_count, CUjit_option* options, void** values);

/* Libraries and kernels: images that serve every context. */
CUresult CUDAAPI cuLibraryLoadData(CUlibrary* library, const void* image, CUjit_option* jit_options,
                                   void** jit_values, unsigned int jit_count, CUlibraryOption* options,
                                   void** values, unsigned int count);
CUresult CUDAAPI cuLibraryLoadFromFile(CUlibrary* library, const char* path, CUjit_option* jit_options,
                                       void** jit_values, unsigned int jit_count, CUlibraryOption* options,
                                       void** values, unsigned int count);
CUresult CUDAAPI cuLibraryUnload(CUlibrary library);
CUresult CUDAAPI cuLibraryGetKernel(CUkernel* kernel, CUlibrary library, const char* name);
CUresult CUDAAPI cuLibraryGetKernelCount(unsigned int* count, CUlibrary library);
CUresult CUDAAPI cuLibraryEnumerateKernels(CUkernel* kernels, unsigned int capacity, CUlibrary library);
CUresult CUDAAPI cuLibraryGetModule(CUmodule* module, CUlibrary library);
CUresult CUDAAPI cuKernelGetFunction(CUfunction* function, CUkernel kernel);
CUresult CUDAAPI cuKernelGetLibrary(CUlibrary* library, CUkernel kernel);
CUresult CUDAAPI cuLibraryGetGlobal(CUdeviceptr* address, size_t* bytes, CUlibrary library, const char* name);
CUresult CUDAAPI cuLibraryGetManaged(CUdeviceptr* address, size_t* bytes, CUlibrary library,
                                     const char* name);
CUresult CUDAAPI cuLibraryGetUnifiedFunction(void** address, CUlibrary library, const char* name);
CUresult CUDAAPI cuKernelGetAttribute(int* value, CUfunction_attribute attribute, CUkernel kernel,
                                      CUdevice device);
CUresult CUDAAPI cuKernelSetAttribute(CUfunction_attribute attribute, int value, CUkernel kernel,
                                      CUdevice device);
CUresult CUDAAPI cuKernelSetCacheConfig(CUkernel kernel, CUfunc_cache config, CUdevice device);
CUresult CUDAAPI cuKernelGetName(const char** name, CUkernel kernel);
CUresult CUDAAPI cuKernelGetParamInfo(CUkernel kernel, size_t index, size_t* offset, size_t* bytes);

/* Stream-ordered allocation and its pools. */
CUresult CUDAAPI cuMemFreeAsync_ptsz(CUdeviceptr address, CUstream stream);
CUresult CUDAAPI cuMemAllocAsync_ptsz(CUdeviceptr* address, size_t bytes, CUstream stream);
CUresult CUDAAPI cuMemPoolTrimTo(CUmemoryPool pool, size_t keep_bytes);
CUresult CUDAAPI cuMemPoolSetAttribute(CUmemoryPool pool, CUmemPool_attribute attribute, void* value);
CUresult CUDAAPI cuMemPoolGetAttribute(CUmemoryPool pool, CUmemPool_attribute attribute, void* value);
CUresult CUDAAPI cuMemPoolSetAccess(CUmemoryPool pool, const CUmemAccessDesc* access, size_t count);
CUresult CUDAAPI cuMemPoolGetAccess(CUmemAccess_flags* access, CUmemoryPool pool, CUmemLocation* location);
CUresult CUDAAPI cuMemPoolCreate(CUmemoryPool* pool, const CUmemPoolProps* properties);
CUresult CUDAAPI cuMemPoolDestroy(CUmemoryPool pool);
CUresult CUDAAPI cuMemGetDefaultMemPool(CUmemoryPool* pool, CUmemLocation* location,
                                        CUmemAllocationType kind);
CUresult CUDAAPI cuMemGetMemPool(CUmemoryPool* pool, CUmemLocation* location, CUmemAllocationType kind);
CUresult CUDAAPI cuMemSetMemPool(CUmemLocation* location, CUmemAllocationType kind, CUmemoryPool pool);
CUresult CUDAAPI cuMemAllocFromPoolAsync_ptsz(CUdeviceptr* address, size_t bytes, CUmemoryPool pool,
                                              CUstream stream);
CUresult CUDAAPI cuMemPoolExportToShareableHandle(void* data, CUmemoryPool pool,
                                                  CUmemAllocationHandleType kind, unsigned long long value);
CUresult CUDAAPI cuMemPoolImportFromShareableHandle(CUmemoryPool* pool, void* data,
                                                    CUmemAllocationHandleType kind, unsigned long long value);
CUresult CUDAAPI cuMemPoolExportPointer(CUmemPoolPtrExportData* out, CUdeviceptr address);
CUresult CUDAAPI cuMemPoolImportPointer(CUdeviceptr* address, CUmemoryPool pool, CUmemPoolPtrExportData* out);
CUresult CUDAAPI cuMemFreeAsync(CUdeviceptr address, CUstream stream);
CUresult CUDAAPI cuMemAllocAsync(CUdeviceptr* address, size_t bytes, CUstream stream);
CUresult CUDAAPI cuMemAllocFromPoolAsync(CUdeviceptr* address, size_t bytes, CUmemoryPool pool,
                                         CUstream stream);

/* Address ranges and physical memory apart from each other. */
CUresult CUDAAPI cuMemGetHandleForAddressRange(void* dst, CUdeviceptr src, size_t bytes,
                                               CUmemRangeHandleType kind, unsigned long long value);
CUresult CUDAAPI cuMemAddressReserve(CUdeviceptr* address, size_t bytes, size_t alignment, CUdeviceptr wanted,
                                     unsigned long long flags);
CUresult CUDAAPI cuMemAddressFree(CUdeviceptr address, size_t bytes);
CUresult CUDAAPI cuMemCreate(CUmemGenericAllocationHandle* handle, size_t bytes,
                             const CUmemAllocationProp* properties, unsigned long long flags);
CUresult CUDAAPI cuMemRelease(CUmemGenericAllocationHandle handle);
CUresult CUDAAPI cuMemMap(CUdeviceptr address, size_t bytes, size_t offset,
                          CUmemGenericAllocationHandle handle, unsigned long long flags);
CUresult CUDAAPI cuMemMapArrayAsync_ptsz(CUarrayMapInfo* out, unsigned int value, CUstream stream);
CUresult CUDAAPI cuMemUnmap(CUdeviceptr address, size_t bytes);
CUresult CUDAAPI cuMemSetAccess(CUdeviceptr address, size_t bytes, const CUmemAccessDesc* access,
                                size_t count);
CUresult CUDAAPI cuMemGetAccess(unsigned long long* access, const CUmemLocation* location,
                                CUdeviceptr address);
CUresult CUDAAPI cuMemExportToShareableHandle(void* shareable, CUmemGenericAllocationHandle handle,
                                              CUmemAllocationHandleType kind, unsigned long long flags);
CUresult CUDAAPI cuMemImportFromShareableHandle(CUmemGenericAllocationHandle* handle, void* os_handle,
                                                CUmemAllocationHandleType kind);
CUresult CUDAAPI cuMemGetAllocationGranularity(size_t* bytes, const CUmemAllocationProp* properties,
                                               CUmemAllocationGranularity_flags option);
CUresult CUDAAPI cuMemGetAllocationPropertiesFromHandle(CUmemAllocationProp* properties,
                                                        CUmemGenericAllocationHandle handle);
CUresult CUDAAPI cuMemRetainAllocationHandle(CUmemGenericAllocationHandle* handle, void* address);
CUresult CUDAAPI cuMulticastCreate(CUmemGenericAllocationHandle* handle,
                                   const CUmulticastObjectProp* properties);
CUresult CUDAAPI cuMulticastAddDevice(CUmemGenericAllocationHandle handle, CUdevice device);
CUresult CUDAAPI cuMulticastBindMem(CUmemGenericAllocationHandle handle, size_t bytes,
                                    CUmemGenericAllocationHandle handle2, size_t bytes2, size_t bytes3,
                                    unsigned long long value);
CUresult CUDAAPI cuMulticastBindAddr(CUmemGenericAllocationHandle handle, size_t bytes, CUdeviceptr address,
                                     size_t bytes2, unsigned long long value);
CUresult CUDAAPI cuMulticastUnbind(CUmemGenericAllocationHandle handle, CUdevice device, size_t bytes,
                                   size_t bytes2);
CUresult CUDAAPI cuMulticastGetGranularity(size_t* bytes_out, const CUmulticastObjectProp* properties,
                                           CUmulticastGranularity_flags flags);
CUresult CUDAAPI cuMemMapArrayAsync(CUarrayMapInfo* out, unsigned int value, CUstream stream);

/* Memory and events shared between processes. */
CUresult CUDAAPI cuIpcGetEventHandle(CUipcEventHandle* handle, CUevent event);
CUresult CUDAAPI cuIpcOpenEventHandle(CUevent* event, CUipcEventHandle handle);
CUresult CUDAAPI cuIpcGetMemHandle(CUipcMemHandle* handle, CUdeviceptr address);
CUresult CUDAAPI cuIpcOpenMemHandle_v2(CUdeviceptr* address, CUipcMemHandle handle, unsigned int flags);
CUresult CUDAAPI cuIpcCloseMemHandle(CUdeviceptr address);
CUresult CUDAAPI cuIpcOpenMemHandle(CUdeviceptr* address, CUipcMemHandle handle, unsigned int flags);

/* Copies. H host, D device, A array; Async variants are ordered by a stream. */
CUresult CUDAAPI cuMemcpy_ptds(CUdeviceptr dst, CUdeviceptr src, size_t bytes);
CUresult CUDAAPI cuMemcpyPeer_ptds(CUdeviceptr dst, CUcontext dst_ctx, CUdeviceptr src, CUcontext src_ctx,
                                   size_t bytes);
CUresult CUDAAPI cuMemcpyHtoD_v2_ptds(CUdeviceptr dst, const void* src, size_t bytes);
CUresult CUDAAPI cuMemcpyDtoH_v2_ptds(void* dst, CUdeviceptr src, size_t bytes);
CUresult CUDAAPI cuMemcpyDtoD_v2_ptds(CUdeviceptr dst, CUdeviceptr src, size_t bytes);
CUresult CUDAAPI cuMemcpyDtoA_v2_ptds(CUarray dst, size_t dst_offset, CUdeviceptr src, size_t bytes);
CUresult CUDAAPI cuMemcpyAtoD_v2_ptds(CUdeviceptr dst, CUarray src, size_t src_offset, size_t bytes);
CUresult CUDAAPI cuMemcpyHtoA_v2_ptds(CUarray dst, size_t dst_offset, const void* src, size_t bytes);
CUresult CUDAAPI cuMemcpyAtoH_v2_ptds(void* dst, CUarray src, size_t src_offset, size_t bytes);
CUresult CUDAAPI cuMemcpyAtoA_v2_ptds(CUarray dst, size_t dst_offset, CUarray src, size_t src_offset,
                                      size_t bytes);
CUresult CUDAAPI cuMemcpy2D_v2_ptds(const CUDA_MEMCPY2D* params);
CUresult CUDAAPI cuMemcpy2DUnaligned_v2_ptds(const CUDA_MEMCPY2D* params);
CUresult CUDAAPI cuMemcpy3D_v2_ptds(const CUDA_MEMCPY3D* params);
CUresult CUDAAPI cuMemcpy3DPeer_ptds(const CUDA_MEMCPY3D_PEER* params);
CUresult CUDAAPI cuMemcpyAsync_ptsz(CUdeviceptr dst, CUdeviceptr src, size_t bytes, CUstream stream);
CUresult CUDAAPI cuMemcpyPeerAsync_ptsz(CUdeviceptr dst, CUcontext dst_ctx, CUdeviceptr src,
                                        CUcontext src_ctx, size_t bytes, CUstream stream);
CUresult CUDAAPI cuMemcpyHtoDAsync_v2_ptsz(CUdeviceptr dst, const void* src, size_t bytes, CUstream stream);
CUresult CUDAAPI cuMemcpyDtoHAsync_v2_ptsz(void* dst, CUdeviceptr src, size_t bytes, CUstream stream);
CUresult CUDAAPI cuMemcpyDtoDAsync_v2_ptsz(CUdeviceptr dst, CUdeviceptr src, size_t bytes, CUstream stream);
CUresult CUDAAPI cuMemcpyHtoAAsync_v2_ptsz(CUarray dst, size_t dst_offset, const void* src, size_t bytes,
                                           CUstream stream);
CUresult CUDAAPI cuMemcpyAtoHAsync_v2_ptsz(void* dst, CUarray src, size_t src_offset, size_t bytes,
                                           CUstream stream);
CUresult CUDAAPI cuMemcpy2DAsync_v2_ptsz(const CUDA_MEMCPY2D* params, CUstream stream);
CUresult CUDAAPI cuMemcpy3DAsync_v2_ptsz(const CUDA_MEMCPY3D* params, CUstream stream);
CUresult CUDAAPI cuMemcpy3DPeerAsync_ptsz(const CUDA_MEMCPY3D_PEER* params, CUstream stream);
CUresult CUDAAPI cuMemcpyBatchAsync_v2_ptsz(CUdeviceptr* address, CUdeviceptr* address2, size_t* bytes_out,
                                            size_t bytes, CUmemcpyAttributes* attribute, size_t* bytes_out2,
                                            size_t bytes2, CUstream stream);
CUresult CUDAAPI cuMemcpy3DBatchAsync_v2_ptsz(size_t bytes, CUDA_MEMCPY3D_BATCH_OP* params,
                                              unsigned long long value, CUstream stream);
CUresult CUDAAPI cuMemBatchDecompressAsync_ptsz(CUmemDecompressParams* params, size_t bytes,
                                                unsigned int value, size_t* bytes_out, CUstream stream);
CUresult CUDAAPI cuMemcpyHtoA(CUarray dst, unsigned int dst_offset, const void* src, unsigned int bytes);
CUresult CUDAAPI cuMemcpyAtoH(void* dst, CUarray src, unsigned int src_offset, unsigned int bytes);
CUresult CUDAAPI cuMemcpyAtoA(CUarray dst, unsigned int dst_offset, CUarray src, unsigned int src_offset,
                              unsigned int bytes);
CUresult CUDAAPI cuMemcpyHtoAAsync(CUarray dst, unsigned int dst_offset, const void* src, unsigned int bytes,
                                   CUstream stream);
CUresult CUDAAPI cuMemcpyAtoHAsync(void* dst, CUarray src, unsigned int src_offset, unsigned int bytes,
                                   CUstream stream);
CUresult CUDAAPI cuMemcpyHtoD_v2(CUdeviceptr dst, const void* src, size_t bytes);
CUresult CUDAAPI cuMemcpyDtoH_v2(void* dst, CUdeviceptr src, size_t bytes);
CUresult CUDAAPI cuMemcpyDtoD_v2(CUdeviceptr dst, CUdeviceptr src, size_t bytes);
CUresult CUDAAPI cuMemcpyDtoA_v2(CUarray dst, size_t dst_offset, CUdeviceptr src, size_t bytes);
CUresult CUDAAPI cuMemcpyAtoD_v2(CUdeviceptr dst, CUarray src, size_t src_offset, size_t bytes);
CUresult CUDAAPI cuMemcpyHtoA_v2(CUarray dst, size_t dst_offset, const void* src, size_t bytes);
CUresult CUDAAPI cuMemcpyAtoH_v2(void* dst, CUarray src, size_t src_offset, size_t bytes);
CUresult CUDAAPI cuMemcpyAtoA_v2(CUarray dst, size_t dst_offset, CUarray src, size_t src_offset,
                                 size_t bytes);
CUresult CUDAAPI cuMemcpyHtoAAsync_v2(CUarray dst, size_t dst_offset, const void* src, size_t bytes,
                                      CUstream stream);
CUresult CUDAAPI cuMemcpyAtoHAsync_v2(void* dst, CUarray src, size_t src_offset, size_t bytes,
                                      CUstream stream);
CUresult CUDAAPI cuMemcpy2D_v2(const CUDA_MEMCPY2D* params);
CUresult CUDAAPI cuMemcpy2DUnaligned_v2(const CUDA_MEMCPY2D* params);
CUresult CUDAAPI cuMemcpy3D_v2(const CUDA_MEMCPY3D* params);
CUresult CUDAAPI cuMemcpyHtoDAsync_v2(CUdeviceptr dst, const void* src, size_t bytes, CUstream stream);
CUresult CUDAAPI cuMemcpyDtoHAsync_v2(void* dst, CUdeviceptr src, size_t bytes, CUstream stream);
CUresult CUDAAPI cuMemcpyDtoDAsync_v2(CUdeviceptr dst, CUdeviceptr src, size_t bytes, CUstream stream);
CUresult CUDAAPI cuMemcpy2DAsync_v2(const CUDA_MEMCPY2D* params, CUstream stream);
CUresult CUDAAPI cuMemcpy3DAsync_v2(const CUDA_MEMCPY3D* params, CUstream stream);
CUresult CUDAAPI cuMemcpy(CUdeviceptr dst, CUdeviceptr src, size_t bytes);
CUresult CUDAAPI cuMemcpyAsync(CUdeviceptr dst, CUdeviceptr src, size_t bytes, CUstream stream);
CUresult CUDAAPI cuMemcpyPeer(CUdeviceptr dst, CUcontext dst_ctx, CUdeviceptr src, CUcontext src_ctx,
                              size_t bytes);
CUresult CUDAAPI cuMemcpyPeerAsync(CUdeviceptr dst, CUcontext dst_ctx, CUdeviceptr src, CUcontext src_ctx,
                                   size_t bytes, CUstream stream);
CUresult CUDAAPI cuMemcpy3DPeer(const CUDA_MEMCPY3D_PEER* params);
CUresult CUDAAPI cuMemcpy3DPeerAsync(const CUDA_MEMCPY3D_PEER* params, CUstream stream);
CUresult CUDAAPI cuMemcpyBatchAsync(CUdeviceptr* address, CUdeviceptr* address2, size_t* bytes_out,
                                    size_t bytes, CUmemcpyAttributes* attribute, size_t* bytes_out2,
                                    size_t bytes2, size_t* bytes_out3, CUstream stream);
CUresult CUDAAPI cuMemcpy3DBatchAsync(size_t bytes, CUDA_MEMCPY3D_BATCH_OP* params, size_t* bytes_out,
                                      unsigned long long value, CUstream stream);
CUresult CUDAAPI cuMemcpyBatchAsync_ptsz(CUdeviceptr* address, CUdeviceptr* address2, size_t* bytes_out,
                                         size_t bytes, CUmemcpyAttributes* attribute, size_t* bytes_out2,
                                         size_t bytes2, size_t* bytes_out3, CUstream stream);
CUresult CUDAAPI cuMemcpy3DBatchAsync_ptsz(size_t bytes, CUDA_MEMCPY3D_BATCH_OP* params, size_t* bytes_out,
                                           unsigned long long value, CUstream stream);
CUresult CUDAAPI cuMemcpyBatchAsync_v2(CUdeviceptr* address, CUdeviceptr* address2, size_t* bytes_out,
                                       size_t bytes, CUmemcpyAttributes* attribute, size_t* bytes_out2,
                                       size_t bytes2, CUstream stream);
CUresult CUDAAPI cuMemcpy3DBatchAsync_v2(size_t bytes, CUDA_MEMCPY3D_BATCH_OP* params,
                                         unsigned long long value, CUstream stream);
CUresult CUDAAPI cuMemBatchDecompressAsync(CUmemDecompressParams* params, size_t bytes, unsigned int value,
                                           size_t* bytes_out, CUstream stream);

/* Fills of 8, 16 or 32 bits, one row or several rows (D2). */
CUresult CUDAAPI cuMemsetD8_v2_ptds(CUdeviceptr dst, unsigned char value, size_t count);
CUresult CUDAAPI cuMemsetD16_v2_ptds(CUdeviceptr dst, unsigned short value, size_t count);
CUresult CUDAAPI cuMemsetD32_v2_ptds(CUdeviceptr dst, unsigned int value, size_t count);
CUresult CUDAAPI cuMemsetD2D8_v2_ptds(CUdeviceptr address, size_t bytes, unsigned char value, size_t bytes2,
                                      size_t bytes3);
CUresult CUDAAPI cuMemsetD2D16_v2_ptds(CUdeviceptr address, size_t bytes, unsigned short value, size_t bytes2,
                                       size_t bytes3);
CUresult CUDAAPI cuMemsetD2D32_v2_ptds(CUdeviceptr address, size_t bytes, unsigned int value, size_t bytes2,
                                       size_t bytes3);
CUresult CUDAAPI cuMemsetD8Async_ptsz(CUdeviceptr dst, unsigned char value, size_t count, CUstream stream);
CUresult CUDAAPI cuMemsetD16Async_ptsz(CUdeviceptr dst, unsigned short value, size_t count, CUstream stream);
CUresult CUDAAPI cuMemsetD32Async_ptsz(CUdeviceptr dst, unsigned int value, size_t count, CUstream stream);
CUresult CUDAAPI cuMemsetD2D8Async_ptsz(CUdeviceptr address, size_t bytes, unsigned char value, size_t bytes2,
                                        size_t bytes3, CUstream stream);
CUresult CUDAAPI cuMemsetD2D16Async_ptsz(CUdeviceptr address, size_t bytes, unsigned short value,
                                         size_t bytes2, size_t bytes3, CUstream stream);
CUresult CUDAAPI cuMemsetD2D32Async_ptsz(CUdeviceptr address, size_t bytes, unsigned int value, size_t bytes2,
                                         size_t bytes3, CUstream stream);
CUresult CUDAAPI cuMemsetD8_v2(CUdeviceptr dst, unsigned char value, size_t count);
CUresult CUDAAPI cuMemsetD16_v2(CUdeviceptr dst, unsigned short value, size_t count);
CUresult CUDAAPI cuMemsetD32_v2(CUdeviceptr dst, unsigned int value, size_t count);
CUresult CUDAAPI cuMemsetD2D8_v2(CUdeviceptr address, size_t bytes, unsigned char value, size_t bytes2,
                                 size_t bytes3);
CUresult CUDAAPI cuMemsetD2D16_v2(CUdeviceptr address, size_t bytes, unsigned short value, size_t bytes2,
                                  size_t bytes3);
CUresult CUDAAPI cuMemsetD2D32_v2(CUdeviceptr address, size_t bytes, unsigned int value, size_t bytes2,
                                  size_t bytes3);
CUresult CUDAAPI cuMemsetD8Async(CUdeviceptr dst, unsigned char value, size_t count, CUstream stream);
CUresult CUDAAPI cuMemsetD16Async(CUdeviceptr dst, unsigned short value, size_t count, CUstream stream);
CUresult CUDAAPI cuMemsetD32Async(CUdeviceptr dst, unsigned int value, size_t count, CUstream stream);
CUresult CUDAAPI cuMemsetD2D8Async(CUdeviceptr address, size_t bytes, unsigned char value, size_t bytes2,
                                   size_t bytes3, CUstream stream);
CUresult CUDAAPI cuMemsetD2D16Async(CUdeviceptr address, size_t bytes, unsigned short value, size_t bytes2,
                                    size_t bytes3, CUstream stream);
CUresult CUDAAPI cuMemsetD2D32Async(CUdeviceptr address, size_t bytes, unsigned int value, size_t bytes2,
                                    size_t bytes3, CUstream stream);

/* Arrays: memory laid out for textures. */
CUresult CUDAAPI cuArrayCreate_v2(CUarray* array, const CUDA_ARRAY_DESCRIPTOR* descriptor);
CUresult CUDAAPI cuArrayGetDescriptor_v2(CUDA_ARRAY_DESCRIPTOR* descriptor, CUarray array);
CUresult CUDAAPI cuArrayGetSparseProperties(CUDA_ARRAY_SPARSE_PROPERTIES* out, CUarray array);
CUresult CUDAAPI cuMipmappedArrayGetSparseProperties(CUDA_ARRAY_SPARSE_PROPERTIES* out,
                                                     CUmipmappedArray mipmap);
CUresult CUDAAPI cuArrayGetMemoryRequirements(CUDA_ARRAY_MEMORY_REQUIREMENTS* out, CUarray array,
                                              CUdevice device);
CUresult CUDAAPI cuMipmappedArrayGetMemoryRequirements(CUDA_ARRAY_MEMORY_REQUIREMENTS* out,
                                                       CUmipmappedArray mipmap, CUdevice device);
CUresult CUDAAPI cuArrayGetPlane(CUarray* array, CUarray array2, unsigned int flags);
CUresult CUDAAPI cuArrayDestroy(CUarray array);
CUresult CUDAAPI cuArray3DCreate_v2(CUarray* array, const CUDA_ARRAY3D_DESCRIPTOR* descriptor);
CUresult CUDAAPI cuArray3DGetDescriptor_v2(CUDA_ARRAY3D_DESCRIPTOR* descriptor, CUarray array);
CUresult CUDAAPI cuMipmappedArrayCreate(CUmipmappedArray* mipmap, const CUDA_ARRAY3D_DESCRIPTOR* descriptor,
                                        unsigned int flags);
CUresult CUDAAPI cuMipmappedArrayGetLevel(CUarray* array, CUmipmappedArray mipmap, unsigned int flags);
CUresult CUDAAPI cuMipmappedArrayDestroy(CUmipmappedArray mipmap);

/* Allocation, host memory, managed memory, questions about addresses. */
CUresult CUDAAPI cuMemGetInfo_v2(size_t* free_bytes, size_t* total_bytes);
CUresult CUDAAPI cuMemAlloc_v2(CUdeviceptr* address, size_t bytes);
CUresult CUDAAPI cuMemAllocPitch_v2(CUdeviceptr* address, size_t* pitch, size_t width_bytes, size_t height,
                                    unsigned int element_bytes);
CUresult CUDAAPI cuMemFree_v2(CUdeviceptr address);
CUresult CUDAAPI cuMemGetAddressRange_v2(CUdeviceptr* base, size_t* bytes, CUdeviceptr address);
CUresult CUDAAPI cuMemAllocHost_v2(void** host, size_t bytes);
CUresult CUDAAPI cuMemFreeHost(void* host);
CUresult CUDAAPI cuMemHostAlloc(void** host, size_t bytes, unsigned int flags);
CUresult CUDAAPI cuMemHostGetDevicePointer_v2(CUdeviceptr* address, void* host, unsigned int flags);
CUresult CUDAAPI cuMemHostGetFlags(unsigned int* flags, void* host);
CUresult CUDAAPI cuMemAllocManaged(CUdeviceptr* address, size_t bytes, unsigned int flags);
CUresult CUDAAPI cuMemHostRegister_v2(void* host, size_t bytes, unsigned int flags);
CUresult CUDAAPI cuMemHostUnregister(void* host);
CUresult CUDAAPI cuPointerGetAttribute(void* value, CUpointer_attribute attribute, CUdeviceptr address);
CUresult CUDAAPI cuMemPrefetchAsync_v2_ptsz(CUdeviceptr address, size_t bytes, CUmemLocation location,
                                            unsigned int flags, CUstream stream);
CUresult CUDAAPI cuMemAdvise_v2(CUdeviceptr address, size_t bytes, CUmem_advise advice,
                                CUmemLocation location);
CUresult CUDAAPI cuMemPrefetchBatchAsync_ptsz(CUdeviceptr* address, size_t* bytes_out, size_t bytes,
                                              CUmemLocation* location, size_t* bytes_out2, size_t bytes2,
                                              unsigned long long value, CUstream stream);
CUresult CUDAAPI cuMemDiscardBatchAsync_ptsz(CUdeviceptr* address, size_t* bytes_out, size_t bytes,
                                             unsigned long long value, CUstream stream);
CUresult CUDAAPI cuMemDiscardAndPrefetchBatchAsync_ptsz(CUdeviceptr* address, size_t* bytes_out, size_t bytes,
                                                        CUmemLocation* location, size_t* bytes_out2,
                                                        size_t bytes2, unsigned long long value,
                                                        CUstream stream);
CUresult CUDAAPI cuMemRangeGetAttribute(void* value, size_t value_bytes, CUmem_range_attribute attribute,
                                        CUdeviceptr address, size_t bytes);
CUresult CUDAAPI cuMemRangeGetAttributes(void** values, size_t* value_bytes,
                                         CUmem_range_attribute* attributes, size_t count, CUdeviceptr address,
                                         size_t bytes);
CUresult CUDAAPI cuPointerSetAttribute(const void* value, CUpointer_attribute attribute, CUdeviceptr address);
CUresult CUDAAPI cuPointerGetAttributes(unsigned int count, CUpointer_attribute* attributes, void** values,
                                        CUdeviceptr address);
CUresult CUDAAPI cuMemHostRegister(void* host, size_t bytes, unsigned int flags);
CUresult CUDAAPI cuMemGetInfo(unsigned int* free_bytes, unsigned int* total_bytes);
CUresult CUDAAPI cuMemAllocHost(void** host, unsigned int bytes);
CUresult CUDAAPI cuMemPrefetchAsync(CUdeviceptr address, size_t bytes, CUdevice device, CUstream stream);
CUresult CUDAAPI cuMemPrefetchAsync_ptsz(CUdeviceptr address, size_t bytes, CUdevice device, CUstream stream);
CUresult CUDAAPI cuMemPrefetchAsync_v2(CUdeviceptr address, size_t bytes, CUmemLocation location,
                                       unsigned int flags, CUstream stream);
CUresult CUDAAPI cuMemAdvise(CUdeviceptr address, size_t bytes, CUmem_advise advice, CUdevice device);
CUresult CUDAAPI cuMemPrefetchBatchAsync(CUdeviceptr* address, size_t* bytes_out, size_t bytes,
                                         CUmemLocation* location, size_t* bytes_out2, size_t bytes2,
                                         unsigned long long value, CUstream stream);
CUresult CUDAAPI cuMemDiscardBatchAsync(CUdeviceptr* address, size_t* bytes_out, size_t bytes,
                                        unsigned long long value, CUstream stream);
CUresult CUDAAPI cuMemDiscardAndPrefetchBatchAsync(CUdeviceptr* address, size_t* bytes_out, size_t bytes,
                                                   CUmemLocation* location, size_t* bytes_out2, size_t bytes2,
                                                   unsigned long long value, CUstream stream);

/* Memory and semaphores of other interfaces. */
CUresult CUDAAPI cuImportExternalMemory(CUexternalMemory* memory,
                                        const CUDA_EXTERNAL_MEMORY_HANDLE_DESC* descriptor);
CUresult CUDAAPI cuExternalMemoryGetMappedBuffer(CUdeviceptr* address, CUexternalMemory memory,
                                                 const CUDA_EXTERNAL_MEMORY_BUFFER_DESC* descriptor);
CUresult CUDAAPI
cuExternalMemoryGetMappedMipmappedArray(CUmipmappedArray* mipmap, CUexternalMemory memory,
                                        const CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC* descriptor);
CUresult CUDAAPI cuDestroyExternalMemory(CUexternalMemory memory);
CUresult CUDAAPI cuImportExternalSemaphore(CUexternalSemaphore* semaphore,
                                           const CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC* descriptor);
CUresult CUDAAPI cuSignalExternalSemaphoresAsync_ptsz(const CUexternalSemaphore* semaphore,
                                                      const CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS* params,
                                                      unsigned int value, CUstream stream);
CUresult CUDAAPI cuWaitExternalSemaphoresAsync_ptsz(const CUexternalSemaphore* semaphore,
                                                    const CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS* params,
                                                    unsigned int value, CUstream stream);
CUresult CUDAAPI cuDestroyExternalSemaphore(CUexternalSemaphore semaphore);
CUresult CUDAAPI cuGraphAddExternalSemaphoresSignalNode(CUgraphNode* node, CUgraph graph,
                                                        const CUgraphNode* node2, size_t bytes,
                                                        const CUDA_EXT_SEM_SIGNAL_NODE_PARAMS* params);
CUresult CUDAAPI cuGraphExternalSemaphoresSignalNodeGetParams(CUgraphNode node,
                                                              CUDA_EXT_SEM_SIGNAL_NODE_PARAMS* params);
CUresult CUDAAPI cuGraphExternalSemaphoresSignalNodeSetParams(CUgraphNode node,
                                                              const CUDA_EXT_SEM_SIGNAL_NODE_PARAMS* params);
CUresult CUDAAPI cuGraphAddExternalSemaphoresWaitNode(CUgraphNode* node, CUgraph graph,
                                                      const CUgraphNode* node2, size_t bytes,
                                                      const CUDA_EXT_SEM_WAIT_NODE_PARAMS* params);
CUresult CUDAAPI cuGraphExternalSemaphoresWaitNodeGetParams(CUgraphNode node,
                                                            CUDA_EXT_SEM_WAIT_NODE_PARAMS* params);
CUresult CUDAAPI cuGraphExternalSemaphoresWaitNodeSetParams(CUgraphNode node,
                                                            const CUDA_EXT_SEM_WAIT_NODE_PARAMS* params);
CUresult CUDAAPI cuGraphExecExternalSemaphoresSignalNodeSetParams(
    CUgraphExec exec, CUgraphNode node, const CUDA_EXT_SEM_SIGNAL_NODE_PARAMS* params);
CUresult CUDAAPI cuGraphExecExternalSemaphoresWaitNodeSetParams(CUgraphExec exec, CUgraphNode node,
                                                                const CUDA_EXT_SEM_WAIT_NODE_PARAMS* params);
CUresult CUDAAPI cuSignalExternalSemaphoresAsync(const CUexternalSemaphore* semaphore,
                                                 const CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS* params,
                                                 unsigned int value, CUstream stream);
CUresult CUDAAPI cuWaitExternalSemaphoresAsync(const CUexternalSemaphore* semaphore,
                                               const CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS* params,
                                               unsigned int value, CUstream stream);

/* Streams: order, callbacks, capture into graphs. */
CUresult CUDAAPI cuStreamCreate(CUstream* stream, unsigned int flags);
CUresult CUDAAPI cuStreamCreateWithPriority(CUstream* stream, unsigned int flags, int priority);
CUresult CUDAAPI cuStreamGetPriority_ptsz(CUstream stream, int* priority);
CUresult CUDAAPI cuStreamGetDevice_ptsz(CUstream stream, CUdevice* device);
CUresult CUDAAPI cuStreamGetFlags_ptsz(CUstream stream, unsigned int* flags);
CUresult CUDAAPI cuStreamGetId_ptsz(CUstream stream, unsigned long long* id);
CUresult CUDAAPI cuStreamGetCtx_ptsz(CUstream stream, CUcontext* ctx);
CUresult CUDAAPI cuStreamGetCtx_v2_ptsz(CUstream stream, CUcontext* ctx, CUgreenCtx* green);
CUresult CUDAAPI cuStreamWaitEvent_ptsz(CUstream stream, CUevent event, unsigned int flags);
CUresult CUDAAPI cuStreamAddCallback_ptsz(CUstream stream, CUstreamCallback callback, void* user,
                                          unsigned int flags);
CUresult CUDAAPI cuStreamBeginCapture_v2_ptsz(CUstream stream, CUstreamCaptureMode mode);
CUresult CUDAAPI cuStreamBeginCaptureToGraph_ptsz(CUstream stream, CUgraph graph,
                                                  const CUgraphNode* dependencies,
                                                  const CUgraphEdgeData* edges, size_t count,
                                                  CUstreamCaptureMode mode);
CUresult CUDAAPI cuThreadExchangeStreamCaptureMode(CUstreamCaptureMode* mode);
CUresult CUDAAPI cuStreamEndCapture_ptsz(CUstream stream, CUgraph* graph);
CUresult CUDAAPI cuStreamIsCapturing_ptsz(CUstream stream, CUstreamCaptureStatus* status);
CUresult CUDAAPI cuStreamGetCaptureInfo_v3_ptsz(CUstream stream, CUstreamCaptureStatus* status,
                                                cuuint64_t* id, CUgraph* graph,
                                                const CUgraphNode** dependencies,
                                                const CUgraphEdgeData** edges, size_t* count);
CUresult CUDAAPI cuStreamUpdateCaptureDependencies_v2_ptsz(CUstream stream, CUgraphNode* dependencies,
                                                           const CUgraphEdgeData* edges, size_t count,
                                                           unsigned int flags);
CUresult CUDAAPI cuStreamAttachMemAsync_ptsz(CUstream stream, CUdeviceptr address, size_t bytes,
                                             unsigned int flags);
CUresult CUDAAPI cuStreamQuery_ptsz(CUstream stream);
CUresult CUDAAPI cuStreamSynchronize_ptsz(CUstream stream);
CUresult CUDAAPI cuStreamDestroy_v2(CUstream stream);
CUresult CUDAAPI cuStreamCopyAttributes_ptsz(CUstream stream, CUstream stream2);
CUresult CUDAAPI cuStreamGetAttribute_ptsz(CUstream stream, CUstreamAttrID attribute,
                                           CUstreamAttrValue* value);
CUresult CUDAAPI cuStreamSetAttribute_ptsz(CUstream stream, CUstreamAttrID attribute,
                                           const CUstreamAttrValue* value);
CUresult CUDAAPI cuStreamWaitValue32_v2_ptsz(CUstream stream, CUdeviceptr address, cuuint32_t value,
                                             unsigned int flags);
CUresult CUDAAPI cuStreamWaitValue64_v2_ptsz(CUstream stream, CUdeviceptr address, cuuint64_t value,
                                             unsigned int flags);
CUresult CUDAAPI cuStreamWriteValue32_v2_ptsz(CUstream stream, CUdeviceptr address, cuuint32_t value,
                                              unsigned int flags);
CUresult CUDAAPI cuStreamWriteValue64_v2_ptsz(CUstream stream, CUdeviceptr address, cuuint64_t value,
                                              unsigned int flags);
CUresult CUDAAPI cuStreamBatchMemOp_v2_ptsz(CUstream stream, unsigned int value,
                                            CUstreamBatchMemOpParams* params, unsigned int flags);
CUresult CUDAAPI cuStreamGetGreenCtx(CUstream stream, CUgreenCtx* green);
CUresult CUDAAPI cuStreamDestroy(CUstream stream);
CUresult CUDAAPI cuStreamGetPriority(CUstream stream, int* priority);
CUresult CUDAAPI cuStreamGetId(CUstream stream, unsigned long long* id);
CUresult CUDAAPI cuStreamGetFlags(CUstream stream, unsigned int* flags);
CUresult CUDAAPI cuStreamGetDevice(CUstream stream, CUdevice* device);
CUresult CUDAAPI cuStreamGetCtx(CUstream stream, CUcontext* ctx);
CUresult CUDAAPI cuStreamGetCtx_v2(CUstream stream, CUcontext* ctx, CUgreenCtx* green);
CUresult CUDAAPI cuStreamWaitEvent(CUstream stream, CUevent event, unsigned int flags);
CUresult CUDAAPI cuStreamAddCallback(CUstream stream, CUstreamCallback callback, void* user,
                                     unsigned int flags);
CUresult CUDAAPI cuStreamAttachMemAsync(CUstream stream, CUdeviceptr address, size_t bytes,
                                        unsigned int flags);
CUresult CUDAAPI cuStreamQuery(CUstream stream);
CUresult CUDAAPI cuStreamSynchronize(CUstream stream);
CUresult CUDAAPI cuStreamWriteValue32(CUstream stream, CUdeviceptr address, cuuint32_t value,
                                      unsigned int flags);
CUresult CUDAAPI cuStreamWaitValue32(CUstream stream, CUdeviceptr address, cuuint32_t value,
                                     unsigned int flags);
CUresult CUDAAPI cuStreamWriteValue64(CUstream stream, CUdeviceptr address, cuuint64_t value,
                                      unsigned int flags);
CUresult CUDAAPI cuStreamWaitValue64(CUstream stream, CUdeviceptr address, cuuint64_t value,
                                     unsigned int flags);
CUresult CUDAAPI cuStreamBatchMemOp(CUstream stream, unsigned int value, CUstreamBatchMemOpParams* params,
                                    unsigned int flags);
CUresult CUDAAPI cuStreamWriteValue32_ptsz(CUstream stream, CUdeviceptr address, cuuint32_t value,
                                           unsigned int flags);
CUresult CUDAAPI cuStreamWaitValue32_ptsz(CUstream stream, CUdeviceptr address, cuuint32_t value,
                                          unsigned int flags);
CUresult CUDAAPI cuStreamWriteValue64_ptsz(CUstream stream, CUdeviceptr address, cuuint64_t value,
                                           unsigned int flags);
CUresult CUDAAPI cuStreamWaitValue64_ptsz(CUstream stream, CUdeviceptr address, cuuint64_t value,
                                          unsigned int flags);
CUresult CUDAAPI cuStreamBatchMemOp_ptsz(CUstream stream, unsigned int value,
                                         CUstreamBatchMemOpParams* params, unsigned int flags);
CUresult CUDAAPI cuStreamWriteValue32_v2(CUstream stream, CUdeviceptr address, cuuint32_t value,
                                         unsigned int flags);
CUresult CUDAAPI cuStreamWaitValue32_v2(CUstream stream, CUdeviceptr address, cuuint32_t value,
                                        unsigned int flags);
CUresult CUDAAPI cuStreamWriteValue64_v2(CUstream stream, CUdeviceptr address, cuuint64_t value,
                                         unsigned int flags);
CUresult CUDAAPI cuStreamWaitValue64_v2(CUstream stream, CUdeviceptr address, cuuint64_t value,
                                        unsigned int flags);
CUresult CUDAAPI cuStreamBatchMemOp_v2(CUstream stream, unsigned int value, CUstreamBatchMemOpParams* params,
                                       unsigned int flags);
CUresult CUDAAPI cuStreamBeginCapture(CUstream stream);
CUresult CUDAAPI cuStreamBeginCapture_ptsz(CUstream stream);
CUresult CUDAAPI cuStreamBeginCapture_v2(CUstream stream, CUstreamCaptureMode mode);
CUresult CUDAAPI cuStreamBeginCaptureToGraph(CUstream stream, CUgraph graph, const CUgraphNode* dependencies,
                                             const CUgraphEdgeData* edges, size_t count,
                                             CUstreamCaptureMode mode);
CUresult CUDAAPI cuStreamEndCapture(CUstream stream, CUgraph* graph);
CUresult CUDAAPI cuStreamIsCapturing(CUstream stream, CUstreamCaptureStatus* status);
CUresult CUDAAPI cuStreamGetCaptureInfo(CUstream stream, CUstreamCaptureStatus* status, cuuint64_t* value);
CUresult CUDAAPI cuStreamGetCaptureInfo_ptsz(CUstream stream, CUstreamCaptureStatus* status,
                                             cuuint64_t* value);
CUresult CUDAAPI cuStreamGetCaptureInfo_v2(CUstream stream, CUstreamCaptureStatus* status, cuuint64_t* id,
                                           CUgraph* graph, const CUgraphNode** dependencies, size_t* count);
CUresult CUDAAPI cuStreamGetCaptureInfo_v2_ptsz(CUstream stream, CUstreamCaptureStatus* status,
                                                cuuint64_t* id, CUgraph* graph,
                                                const CUgraphNode** dependencies, size_t* count);
CUresult CUDAAPI cuStreamGetCaptureInfo_v3(CUstream stream, CUstreamCaptureStatus* status, cuuint64_t* id,
                                           CUgraph* graph, const CUgraphNode** dependencies,
                                           const CUgraphEdgeData** edges, size_t* count);
CUresult CUDAAPI cuStreamCopyAttributes(CUstream stream, CUstream stream2);
CUresult CUDAAPI cuStreamGetAttribute(CUstream stream, CUstreamAttrID attribute, CUstreamAttrValue* value);
CUresult CUDAAPI cuStreamSetAttribute(CUstream stream, CUstreamAttrID attribute,
                                      const CUstreamAttrValue* value);
CUresult CUDAAPI cuStreamUpdateCaptureDependencies(CUstream stream, CUgraphNode* dependencies, size_t count,
                                                   unsigned int flags);
CUresult CUDAAPI cuStreamUpdateCaptureDependencies_ptsz(CUstream stream, CUgraphNode* dependencies,
                                                        size_t count, unsigned int flags);
CUresult CUDAAPI cuStreamUpdateCaptureDependencies_v2(CUstream stream, CUgraphNode* dependencies,
                                                      const CUgraphEdgeData* edges, size_t count,
                                                      unsigned int flags);

/* Events: marks in a stream, with times in milliseconds. */
CUresult CUDAAPI cuEventCreate(CUevent* event, unsigned int flags);
CUresult CUDAAPI cuEventRecord_ptsz(CUevent event, CUstream stream);
CUresult CUDAAPI cuEventRecordWithFlags_ptsz(CUevent event, CUstream stream, unsigned int flags);
CUresult CUDAAPI cuEventQuery(CUevent event);
CUresult CUDAAPI cuEventSynchronize(CUevent event);
CUresult CUDAAPI cuEventDestroy_v2(CUevent event);
CUresult CUDAAPI cuEventElapsedTime_v2(float* milliseconds, CUevent start, CUevent end);
CUresult CUDAAPI cuEventDestroy(CUevent event);
CUresult CUDAAPI cuEventElapsedTime(float* milliseconds, CUevent start, CUevent end);
CUresult CUDAAPI cuEventRecord(CUevent event, CUstream stream);
CUresult CUDAAPI cuEventRecordWithFlags(CUevent event, CUstream stream, unsigned int flags);

/* Kernels: attributes and launches. Sizes are in threads and blocks, shared memory in bytes. */
CUresult CUDAAPI cuFuncGetAttribute(int* value, CUfunction_attribute attribute, CUfunction function);
CUresult CUDAAPI cuFuncSetAttribute(CUfunction function, CUfunction_attribute attribute, int value);
CUresult CUDAAPI cuFuncSetCacheConfig(CUfunction function, CUfunc_cache config);
CUresult CUDAAPI cuFuncGetModule(CUmodule* module, CUfunction function);
CUresult CUDAAPI cuFuncGetName(const char** name, CUfunction function);
CUresult CUDAAPI cuFuncGetParamInfo(CUfunction function, size_t index, size_t* offset, size_t* bytes);
CUresult CUDAAPI cuFuncIsLoaded(CUfunctionLoadingState* state, CUfunction function);
CUresult CUDAAPI cuFuncLoad(CUfunction function);
CUresult CUDAAPI cuLaunchKernel_ptsz(CUfunction function, unsigned int grid_x, unsigned int grid_y,
                                     unsigned int grid_z, unsigned int block_x, unsigned int block_y,
                                     unsigned int block_z, unsigned int shared_bytes, CUstream stream,
                                     void** params, void** extra);
CUresult CUDAAPI cuLaunchKernelEx_ptsz(const CUlaunchConfig* config, CUfunction function, void** params,
                                       void** extra);
CUresult CUDAAPI cuLaunchCooperativeKernel_ptsz(CUfunction function, unsigned int grid_x, unsigned int grid_y,
                                                unsigned int grid_z, unsigned int block_x,
                                                unsigned int block_y, unsigned int block_z,
                                                unsigned int shared_bytes, CUstream stream, void** params);
CUresult CUDAAPI cuLaunchCooperativeKernelMultiDevice(CUDA_LAUNCH_PARAMS* launches, unsigned int count,
                                                      unsigned int flags);
CUresult CUDAAPI cuLaunchHostFunc_ptsz(CUstream stream, CUhostFn callback, void* user);
CUresult CUDAAPI cuFuncSetBlockShape(CUfunction function, int x, int y, int z);
CUresult CUDAAPI cuFuncSetSharedSize(CUfunction function, unsigned int bytes);
CUresult CUDAAPI cuParamSetSize(CUfunction function, unsigned int bytes);
CUresult CUDAAPI cuParamSeti(CUfunction function, int offset, unsigned int value);
CUresult CUDAAPI cuParamSetf(CUfunction function, int offset, float value);
CUresult CUDAAPI cuParamSetv(CUfunction function, int offset, void* value, unsigned int bytes);
CUresult CUDAAPI cuLaunch(CUfunction function);
CUresult CUDAAPI cuLaunchGrid(CUfunction function, int width, int height);
CUresult CUDAAPI cuLaunchGridAsync(CUfunction function, int width, int height, CUstream stream);
CUresult CUDAAPI cuParamSetTexRef(CUfunction function, int unit, CUtexref reference);
CUresult CUDAAPI cuFuncSetSharedMemConfig(CUfunction function, CUsharedconfig kind);
CUresult CUDAAPI cuLaunchKernel(CUfunction function, unsigned int grid_x, unsigned int grid_y,
                                unsigned int grid_z, unsigned int block_x, unsigned int block_y,
                                unsigned int block_z, unsigned int shared_bytes, CUstream stream,
                                void** params, void** extra);
CUresult CUDAAPI cuLaunchKernelEx(const CUlaunchConfig* config, CUfunction function, void** params,
                                  void** extra);
CUresult CUDAAPI cuLaunchHostFunc(CUstream stream, CUhostFn callback, void* user);
CUresult CUDAAPI cuLaunchCooperativeKernel(CUfunction function, unsigned int grid_x, unsigned int grid_y,
                                           unsigned int grid_z, unsigned int block_x, unsigned int block_y,
                                           unsigned int block_z, unsigned int shared_bytes, CUstream stream,
                                           void** params);

/* How many blocks fit. */
CUresult CUDAAPI cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, CUfunction function,
                                                             int block_threads, size_t dynamic_shared_bytes);
CUresult CUDAAPI cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, CUfunction function,
                                                                      int block_threads,
                                                                      size_t dynamic_shared_bytes,
                                                                      unsigned int flags);
CUresult CUDAAPI cuOccupancyMaxPotentialBlockSize(int* min_grid, int* block_threads, CUfunction function,
                                                  CUoccupancyB2DSize shared_of_block,
                                                  size_t dynamic_shared_bytes, int limit);
CUresult CUDAAPI cuOccupancyMaxPotentialBlockSizeWithFlags(int* min_grid, int* block_threads,
                                                           CUfunction function,
                                                           CUoccupancyB2DSize shared_of_block,
                                                           size_t dynamic_shared_bytes, int limit,
                                                           unsigned int flags);
CUresult CUDAAPI cuOccupancyAvailableDynamicSMemPerBlock(size_t* bytes, CUfunction function, int blocks,
                                                         int block_threads);
CUresult CUDAAPI cuOccupancyMaxPotentialClusterSize(int* blocks, CUfunction function,
                                                    const CUlaunchConfig* config);
CUresult CUDAAPI cuOccupancyMaxActiveClusters(int* clusters, CUfunction function,
                                              const CUlaunchConfig* config);

/* Textures and surfaces. */
CUresult CUDAAPI cuTexRefSetArray(CUtexref texref, CUarray array, unsigned int flags);
CUresult CUDAAPI cuTexRefSetMipmappedArray(CUtexref texref, CUmipmappedArray mipmap, unsigned int flags);
CUresult CUDAAPI cuTexRefSetAddress_v2(size_t* bytes_out, CUtexref texref, CUdeviceptr address, size_t bytes);
CUresult CUDAAPI cuTexRefSetAddress2D_v3(CUtexref texref, const CUDA_ARRAY_DESCRIPTOR* descriptor,
                                         CUdeviceptr address, size_t bytes);
CUresult CUDAAPI cuTexRefSetFormat(CUtexref texref, CUarray_format kind, int value);
CUresult CUDAAPI cuTexRefSetAddressMode(CUtexref texref, int value, CUaddress_mode mode);
CUresult CUDAAPI cuTexRefSetFilterMode(CUtexref texref, CUfilter_mode mode);
CUresult CUDAAPI cuTexRefSetMipmapFilterMode(CUtexref texref, CUfilter_mode mode);
CUresult CUDAAPI cuTexRefSetMipmapLevelBias(CUtexref texref, float value);
CUresult CUDAAPI cuTexRefSetMipmapLevelClamp(CUtexref texref, float value, float value2);
CUresult CUDAAPI cuTexRefSetMaxAnisotropy(CUtexref texref, unsigned int flags);
CUresult CUDAAPI cuTexRefSetBorderColor(CUtexref texref, float* value_out);
CUresult CUDAAPI cuTexRefSetFlags(CUtexref texref, unsigned int flags);
CUresult CUDAAPI cuTexRefGetAddress_v2(CUdeviceptr* address, CUtexref texref);
CUresult CUDAAPI cuTexRefGetArray(CUarray* array, CUtexref texref);
CUresult CUDAAPI cuTexRefGetMipmappedArray(CUmipmappedArray* mipmap, CUtexref texref);
CUresult CUDAAPI cuTexRefGetAddressMode(CUaddress_mode* mode, CUtexref texref, int value);
CUresult CUDAAPI cuTexRefGetFilterMode(CUfilter_mode* mode, CUtexref texref);
CUresult CUDAAPI cuTexRefGetFormat(CUarray_format* out, int* value_out, CUtexref texref);
CUresult CUDAAPI cuTexRefGetMipmapFilterMode(CUfilter_mode* mode, CUtexref texref);
CUresult CUDAAPI cuTexRefGetMipmapLevelBias(float* value_out, CUtexref texref);
CUresult CUDAAPI cuTexRefGetMipmapLevelClamp(float* value_out, float* value_out2, CUtexref texref);
CUresult CUDAAPI cuTexRefGetMaxAnisotropy(int* value_out, CUtexref texref);
CUresult CUDAAPI cuTexRefGetBorderColor(float* value_out, CUtexref texref);
CUresult CUDAAPI cuTexRefGetFlags(unsigned int* count_out, CUtexref texref);
CUresult CUDAAPI cuTexRefCreate(CUtexref* texref);
CUresult CUDAAPI cuTexRefDestroy(CUtexref texref);
CUresult CUDAAPI cuSurfRefSetArray(CUsurfref surfref, CUarray array, unsigned int flags);
CUresult CUDAAPI cuSurfRefGetArray(CUarray* array, CUsurfref surfref);
CUresult CUDAAPI cuTexObjectCreate(CUtexObject* object, const CUDA_RESOURCE_DESC* resource,
                                   const CUDA_TEXTURE_DESC* texture, const CUDA_RESOURCE_VIEW_DESC* view);
CUresult CUDAAPI cuTexObjectDestroy(CUtexObject kind);
CUresult CUDAAPI cuTexObjectGetResourceDesc(CUDA_RESOURCE_DESC* descriptor, CUtexObject kind);
CUresult CUDAAPI cuTexObjectGetTextureDesc(CUDA_TEXTURE_DESC* descriptor, CUtexObject kind);
CUresult CUDAAPI cuTexObjectGetResourceViewDesc(CUDA_RESOURCE_VIEW_DESC* descriptor, CUtexObject kind);
CUresult CUDAAPI cuSurfObjectCreate(CUsurfObject* object, const CUDA_RESOURCE_DESC* resource);
CUresult CUDAAPI cuSurfObjectDestroy(CUsurfObject kind);
CUresult CUDAAPI cuSurfObjectGetResourceDesc(CUDA_RESOURCE_DESC* descriptor, CUsurfObject kind);
CUresult CUDAAPI cuTexRefSetAddress2D_v2(CUtexref texref, const CUDA_ARRAY_DESCRIPTOR* descriptor,
                                         CUdeviceptr address, size_t bytes);

/* Tensor maps. */
CUresult CUDAAPI cuTensorMapEncodeTiled(CUtensorMap* map, CUtensorMapDataType data_type, cuuint32_t rank,
                                        void* base, const cuuint64_t* dims, const cuuint64_t* strides,
                                        const cuuint32_t* box, const cuuint32_t* element_strides,
                                        CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle,
                                        CUtensorMapL2promotion promotion, CUtensorMapFloatOOBfill fill);
CUresult CUDAAPI cuTensorMapEncodeIm2col(CUtensorMap* map, CUtensorMapDataType kind, cuuint32_t value,
                                         void* data, const cuuint64_t* value2, const cuuint64_t* value3,
                                         const int* value4, const int* value5, cuuint32_t value6,
                                         cuuint32_t value7, const cuuint32_t* value8,
                                         CUtensorMapInterleave kind2, CUtensorMapSwizzle kind3,
                                         CUtensorMapL2promotion kind4, CUtensorMapFloatOOBfill kind5);
CUresult CUDAAPI cuTensorMapEncodeIm2colWide(CUtensorMap* map, CUtensorMapDataType kind, cuuint32_t value,
                                             void* data, const cuuint64_t* value2, const cuuint64_t* value3,
                                             int value4, int value5, cuuint32_t value6, cuuint32_t value7,
                                             const cuuint32_t* value8, CUtensorMapInterleave kind2,
                                             CUtensorMapIm2ColWideMode mode, CUtensorMapSwizzle kind3,
                                             CUtensorMapL2promotion kind4, CUtensorMapFloatOOBfill kind5);
CUresult CUDAAPI cuTensorMapReplaceAddress(CUtensorMap* map, void* data);

/* Resources of graphics interfaces. */
CUresult CUDAAPI cuGraphicsUnregisterResource(CUgraphicsResource graphics);
CUresult CUDAAPI cuGraphicsSubResourceGetMappedArray(CUarray* array, CUgraphicsResource graphics,
                                                     unsigned int value, unsigned int flags);
CUresult CUDAAPI cuGraphicsResourceGetMappedMipmappedArray(CUmipmappedArray* mipmap,
                                                           CUgraphicsResource graphics);
CUresult CUDAAPI cuGraphicsResourceGetMappedPointer_v2(CUdeviceptr* address, size_t* bytes_out,
                                                       CUgraphicsResource graphics);
CUresult CUDAAPI cuGraphicsResourceSetMapFlags_v2(CUgraphicsResource graphics, unsigned int flags);
CUresult CUDAAPI cuGraphicsMapResources_ptsz(unsigned int value, CUgraphicsResource* graphics,
                                             CUstream stream);
CUresult CUDAAPI cuGraphicsUnmapResources_ptsz(unsigned int value, CUgraphicsResource* graphics,
                                               CUstream stream);
CUresult CUDAAPI cuGraphicsResourceSetMapFlags(CUgraphicsResource graphics, unsigned int flags);
CUresult CUDAAPI cuGraphicsMapResources(unsigned int value, CUgraphicsResource* graphics, CUstream stream);
CUresult CUDAAPI cuGraphicsUnmapResources(unsigned int value, CUgraphicsResource* graphics, CUstream stream);

/* Graphs: work described once, launched often. */
CUresult CUDAAPI cuGraphCreate(CUgraph* graph, unsigned int flags);
CUresult CUDAAPI cuGraphAddKernelNode_v2(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies,
                                         size_t count, const CUDA_KERNEL_NODE_PARAMS* params);
CUresult CUDAAPI cuGraphKernelNodeGetParams_v2(CUgraphNode node, CUDA_KERNEL_NODE_PARAMS* params);
CUresult CUDAAPI cuGraphKernelNodeSetParams_v2(CUgraphNode node, const CUDA_KERNEL_NODE_PARAMS* params);
CUresult CUDAAPI cuGraphAddMemcpyNode(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies,
                                      size_t count, const CUDA_MEMCPY3D* params, CUcontext ctx);
CUresult CUDAAPI cuGraphMemcpyNodeGetParams(CUgraphNode node, CUDA_MEMCPY3D* params);
CUresult CUDAAPI cuGraphMemcpyNodeSetParams(CUgraphNode node, const CUDA_MEMCPY3D* params);
CUresult CUDAAPI cuGraphAddMemsetNode(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies,
                                      size_t count, const CUDA_MEMSET_NODE_PARAMS* params, CUcontext ctx);
CUresult CUDAAPI cuGraphMemsetNodeGetParams(CUgraphNode node, CUDA_MEMSET_NODE_PARAMS* params);
CUresult CUDAAPI cuGraphMemsetNodeSetParams(CUgraphNode node, const CUDA_MEMSET_NODE_PARAMS* params);
CUresult CUDAAPI cuGraphAddHostNode(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies,
                                    size_t count, const CUDA_HOST_NODE_PARAMS* params);
CUresult CUDAAPI cuGraphHostNodeGetParams(CUgraphNode node, CUDA_HOST_NODE_PARAMS* params);
CUresult CUDAAPI cuGraphHostNodeSetParams(CUgraphNode node, const CUDA_HOST_NODE_PARAMS* params);
CUresult CUDAAPI cuGraphAddChildGraphNode(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies,
                                          size_t count, CUgraph child);
CUresult CUDAAPI cuGraphChildGraphNodeGetGraph(CUgraphNode node, CUgraph* graph);
CUresult CUDAAPI cuGraphAddEmptyNode(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies,
                                     size_t count);
CUresult CUDAAPI cuGraphAddEventRecordNode(CUgraphNode* node, CUgraph graph, const CUgraphNode* node2,
                                           size_t bytes, CUevent event);
CUresult CUDAAPI cuGraphEventRecordNodeGetEvent(CUgraphNode node, CUevent* event);
CUresult CUDAAPI cuGraphEventRecordNodeSetEvent(CUgraphNode node, CUevent event);
CUresult CUDAAPI cuGraphAddEventWaitNode(CUgraphNode* node, CUgraph graph, const CUgraphNode* node2,
                                         size_t bytes, CUevent event);
CUresult CUDAAPI cuGraphEventWaitNodeGetEvent(CUgraphNode node, CUevent* event);
CUresult CUDAAPI cuGraphEventWaitNodeSetEvent(CUgraphNode node, CUevent event);
CUresult CUDAAPI cuGraphAddBatchMemOpNode(CUgraphNode* node, CUgraph graph, const CUgraphNode* node2,
                                          size_t bytes, const CUDA_BATCH_MEM_OP_NODE_PARAMS* params);
CUresult CUDAAPI cuGraphBatchMemOpNodeGetParams(CUgraphNode node, CUDA_BATCH_MEM_OP_NODE_PARAMS* params);
CUresult CUDAAPI cuGraphBatchMemOpNodeSetParams(CUgraphNode node,
                                                const CUDA_BATCH_MEM_OP_NODE_PARAMS* params);
CUresult CUDAAPI cuGraphExecBatchMemOpNodeSetParams(CUgraphExec exec, CUgraphNode node,
                                                    const CUDA_BATCH_MEM_OP_NODE_PARAMS* params);
CUresult CUDAAPI cuGraphAddMemAllocNode(CUgraphNode* node, CUgraph graph, const CUgraphNode* node2,
                                        size_t bytes, CUDA_MEM_ALLOC_NODE_PARAMS* params);
CUresult CUDAAPI cuGraphMemAllocNodeGetParams(CUgraphNode node, CUDA_MEM_ALLOC_NODE_PARAMS* params);
CUresult CUDAAPI cuGraphAddMemFreeNode(CUgraphNode* node, CUgraph graph, const CUgraphNode* node2,
                                       size_t bytes, CUdeviceptr address);
CUresult CUDAAPI cuGraphMemFreeNodeGetParams(CUgraphNode node, CUdeviceptr* address);
CUresult CUDAAPI cuGraphClone(CUgraph* clone, CUgraph original);
CUresult CUDAAPI cuGraphNodeFindInClone(CUgraphNode* node, CUgraphNode node2, CUgraph graph);
CUresult CUDAAPI cuGraphNodeGetType(CUgraphNode node, CUgraphNodeType* type);
CUresult CUDAAPI cuGraphGetNodes(CUgraph graph, CUgraphNode* nodes, size_t* count);
CUresult CUDAAPI cuGraphGetRootNodes(CUgraph graph, CUgraphNode* nodes, size_t* count);
CUresult CUDAAPI cuGraphGetEdges_v2(CUgraph graph, CUgraphNode* from, CUgraphNode* to, CUgraphEdgeData* edges,
                                    size_t* count);
CUresult CUDAAPI cuGraphNodeGetDependencies_v2(CUgraphNode node, CUgraphNode* dependencies,
                                               CUgraphEdgeData* edges, size_t* count);
CUresult CUDAAPI cuGraphNodeGetDependentNodes_v2(CUgraphNode node, CUgraphNode* dependents,
                                                 CUgraphEdgeData* edges, size_t* count);
CUresult CUDAAPI cuGraphAddDependencies_v2(CUgraph graph, const CUgraphNode* from, const CUgraphNode* to,
                                           const CUgraphEdgeData* edges, size_t count);
CUresult CUDAAPI cuGraphRemoveDependencies_v2(CUgraph graph, const CUgraphNode* from, const CUgraphNode* to,
                                              const CUgraphEdgeData* edges, size_t count);
CUresult CUDAAPI cuGraphDestroyNode(CUgraphNode node);
CUresult CUDAAPI cuGraphInstantiateWithFlags(CUgraphExec* exec, CUgraph graph, unsigned long long flags);
CUresult CUDAAPI cuGraphInstantiateWithParams_ptsz(CUgraphExec* exec, CUgraph graph,
                                                   CUDA_GRAPH_INSTANTIATE_PARAMS* params);
CUresult CUDAAPI cuGraphExecGetFlags(CUgraphExec exec, cuuint64_t* value);
CUresult CUDAAPI cuGraphExecKernelNodeSetParams_v2(CUgraphExec exec, CUgraphNode node,
                                                   const CUDA_KERNEL_NODE_PARAMS* params);
CUresult CUDAAPI cuGraphExecMemcpyNodeSetParams(CUgraphExec exec, CUgraphNode node,
                                                const CUDA_MEMCPY3D* params, CUcontext ctx);
CUresult CUDAAPI cuGraphExecMemsetNodeSetParams(CUgraphExec exec, CUgraphNode node,
                                                const CUDA_MEMSET_NODE_PARAMS* params, CUcontext ctx);
CUresult CUDAAPI cuGraphExecHostNodeSetParams(CUgraphExec exec, CUgraphNode node,
                                              const CUDA_HOST_NODE_PARAMS* params);
CUresult CUDAAPI cuGraphExecChildGraphNodeSetParams(CUgraphExec exec, CUgraphNode node, CUgraph graph);
CUresult CUDAAPI cuGraphExecEventRecordNodeSetEvent(CUgraphExec exec, CUgraphNode node, CUevent event);
CUresult CUDAAPI cuGraphExecEventWaitNodeSetEvent(CUgraphExec exec, CUgraphNode node, CUevent event);
CUresult CUDAAPI cuGraphNodeSetEnabled(CUgraphExec exec, CUgraphNode node, unsigned int flags);
CUresult CUDAAPI cuGraphNodeGetEnabled(CUgraphExec exec, CUgraphNode node, unsigned int* count_out);
CUresult CUDAAPI cuGraphUpload_ptsz(CUgraphExec exec, CUstream stream);
CUresult CUDAAPI cuGraphLaunch_ptsz(CUgraphExec exec, CUstream stream);
CUresult CUDAAPI cuGraphExecDestroy(CUgraphExec exec);
CUresult CUDAAPI cuGraphDestroy(CUgraph graph);
CUresult CUDAAPI cuGraphExecUpdate_v2(CUgraphExec exec, CUgraph graph, CUgraphExecUpdateResultInfo* result);
CUresult CUDAAPI cuGraphKernelNodeCopyAttributes(CUgraphNode node, CUgraphNode node2);
CUresult CUDAAPI cuGraphKernelNodeGetAttribute(CUgraphNode node, CUkernelNodeAttrID attribute,
                                               CUkernelNodeAttrValue* value);
CUresult CUDAAPI cuGraphKernelNodeSetAttribute(CUgraphNode node, CUkernelNodeAttrID attribute,
                                               const CUkernelNodeAttrValue* value);
CUresult CUDAAPI cuGraphDebugDotPrint(CUgraph graph, const char* path, unsigned int flags);
CUresult CUDAAPI cuUserObjectCreate(CUuserObject* object, void* user, CUhostFn destroy,
                                    unsigned int initial_refs, unsigned int flags);
CUresult CUDAAPI cuUserObjectRetain(CUuserObject object, unsigned int flags);
CUresult CUDAAPI cuUserObjectRelease(CUuserObject object, unsigned int flags);
CUresult CUDAAPI cuGraphRetainUserObject(CUgraph graph, CUuserObject object, unsigned int count,
                                         unsigned int flags);
CUresult CUDAAPI cuGraphReleaseUserObject(CUgraph graph, CUuserObject object, unsigned int flags);
CUresult CUDAAPI cuGraphAddNode_v2(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies,
                                   const CUgraphEdgeData* edges, size_t count, CUgraphNodeParams* params);
CUresult CUDAAPI cuGraphNodeSetParams(CUgraphNode node, CUgraphNodeParams* params);
CUresult CUDAAPI cuGraphExecNodeSetParams(CUgraphExec exec, CUgraphNode node, CUgraphNodeParams* params);
CUresult CUDAAPI cuGraphConditionalHandleCreate(CUgraphConditionalHandle* out, CUgraph graph, CUcontext ctx,
                                                unsigned int value, unsigned int flags);
CUresult CUDAAPI cuGraphAddKernelNode(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies,
                                      size_t count, const CUDA_KERNEL_NODE_PARAMS_v1* params);
CUresult CUDAAPI cuGraphKernelNodeGetParams(CUgraphNode node, CUDA_KERNEL_NODE_PARAMS_v1* params);
CUresult CUDAAPI cuGraphKernelNodeSetParams(CUgraphNode node, const CUDA_KERNEL_NODE_PARAMS_v1* params);
CUresult CUDAAPI cuGraphExecKernelNodeSetParams(CUgraphExec exec, CUgraphNode node,
                                                const CUDA_KERNEL_NODE_PARAMS_v1* params);
CUresult CUDAAPI cuGraphInstantiateWithParams(CUgraphExec* exec, CUgraph graph,
                                              CUDA_GRAPH_INSTANTIATE_PARAMS* params);
CUresult CUDAAPI cuGraphExecUpdate(CUgraphExec exec, CUgraph graph, CUgraphNode* error_node,
                                   CUgraphExecUpdateResult* result);
CUresult CUDAAPI cuGraphUpload(CUgraphExec exec, CUstream stream);
CUresult CUDAAPI cuGraphLaunch(CUgraphExec exec, CUstream stream);
CUresult CUDAAPI cuGraphGetEdges(CUgraph graph, CUgraphNode* from, CUgraphNode* to, size_t* count);
CUresult CUDAAPI cuGraphNodeGetDependencies(CUgraphNode node, CUgraphNode* dependencies, size_t* count);
CUresult CUDAAPI cuGraphNodeGetDependentNodes(CUgraphNode node, CUgraphNode* dependents, size_t* count);
CUresult CUDAAPI cuGraphAddDependencies(CUgraph graph, const CUgraphNode* from, const CUgraphNode* to,
                                        size_t count);
CUresult CUDAAPI cuGraphRemoveDependencies(CUgraph graph, const CUgraphNode* from, const CUgraphNode* to,
                                           size_t count);
CUresult CUDAAPI cuGraphAddNode(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies,
                                size_t count, CUgraphNodeParams* params);
CUresult CUDAAPI cuGraphInstantiate(CUgraphExec* exec, CUgraph graph, CUgraphNode* error_node, char* log,
                                    size_t capacity);
CUresult CUDAAPI cuGraphInstantiate_v2(CUgraphExec* exec, CUgraph graph, CUgraphNode* error_node, char* log,
                                       size_t capacity);

/* Everything else: peers, process checkpoints, logs, core dumps. */
CUresult CUDAAPI cuCoredumpGetAttribute(CUcoredumpSettings kind, void* data, size_t* bytes_out);
CUresult CUDAAPI cuCoredumpGetAttributeGlobal(CUcoredumpSettings kind, void* data, size_t* bytes_out);
CUresult CUDAAPI cuCoredumpSetAttribute(CUcoredumpSettings kind, void* data, size_t* bytes_out);
CUresult CUDAAPI cuCoredumpSetAttributeGlobal(CUcoredumpSettings kind, void* data, size_t* bytes_out);
CUresult CUDAAPI cuLogsRegisterCallback(CUlogsCallback callback, void* data, CUlogsCallbackHandle* out);
CUresult CUDAAPI cuLogsUnregisterCallback(CUlogsCallbackHandle kind);
CUresult CUDAAPI cuLogsCurrent(CUlogIterator* out, unsigned int flags);
CUresult CUDAAPI cuLogsDumpToFile(CUlogIterator* out, const char* name, unsigned int flags);
CUresult CUDAAPI cuLogsDumpToMemory(CUlogIterator* out, char* text, size_t* bytes_out, unsigned int flags);
CUresult CUDAAPI cuCheckpointProcessGetRestoreThreadId(int value, int* value_out);
CUresult CUDAAPI cuCheckpointProcessGetState(int value, CUprocessState* out);
CUresult CUDAAPI cuCheckpointProcessLock(int value, CUcheckpointLockArgs* out);
CUresult CUDAAPI cuCheckpointProcessCheckpoint(int value, CUcheckpointCheckpointArgs* out);
CUresult CUDAAPI cuCheckpointProcessRestore(int value, CUcheckpointRestoreArgs* out);
CUresult CUDAAPI cuCheckpointProcessUnlock(int value, CUcheckpointUnlockArgs* out);

/* Profiler control. */
CUresult CUDAAPI cuProfilerInitialize(const char* config_path, const char* output_path, int output_mode);
CUresult CUDAAPI cuProfilerStart(void);
CUresult CUDAAPI cuProfilerStop(void);

#ifdef __cplusplus
}
#endif

#endif
