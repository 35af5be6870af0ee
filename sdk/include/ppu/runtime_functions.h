/* Every call of the runtime under its exported name. What a call does and the errors it gives are in the
 * CUDA Runtime API manual. Included by <cuda_runtime_api.h>. */
#ifndef PPU_RUNTIME_FUNCTIONS_H
#define PPU_RUNTIME_FUNCTIONS_H

#ifdef __cplusplus
#define PPU_DEFAULT(value) = value
extern "C" {
#else
#define PPU_DEFAULT(value)
#endif

/* Devices: choice for the calling thread, properties, limits, sharing with other processes. */
cudaError_t CUDARTAPI cudaDeviceReset(void);
cudaError_t CUDARTAPI cudaDeviceSynchronize(void);
cudaError_t CUDARTAPI cudaDeviceSetLimit(enum cudaLimit limit, size_t value);
cudaError_t CUDARTAPI cudaDeviceGetLimit(size_t* value, enum cudaLimit limit);
cudaError_t CUDARTAPI cudaDeviceGetTexture1DLinearMaxWidth(size_t* bytes_out,
                                                           const struct cudaChannelFormatDesc* descriptor,
                                                           int value);
cudaError_t CUDARTAPI cudaDeviceGetCacheConfig(enum cudaFuncCache* value);
cudaError_t CUDARTAPI cudaDeviceGetStreamPriorityRange(int* least, int* greatest);
cudaError_t CUDARTAPI cudaDeviceSetCacheConfig(enum cudaFuncCache value);
cudaError_t CUDARTAPI cudaDeviceGetByPCIBusId(int* device, const char* text);
cudaError_t CUDARTAPI cudaDeviceGetPCIBusId(char* text, int capacity, int device);
cudaError_t CUDARTAPI cudaIpcGetEventHandle(cudaIpcEventHandle_t* handle, cudaEvent_t event);
cudaError_t CUDARTAPI cudaIpcOpenEventHandle(cudaEvent_t* event, cudaIpcEventHandle_t handle);
cudaError_t CUDARTAPI cudaIpcGetMemHandle(cudaIpcMemHandle_t* handle, void* address);
cudaError_t CUDARTAPI cudaIpcOpenMemHandle(void** address, cudaIpcMemHandle_t handle, unsigned int flags);
cudaError_t CUDARTAPI cudaIpcCloseMemHandle(void* address);
cudaError_t CUDARTAPI cudaDeviceFlushGPUDirectRDMAWrites(enum cudaFlushGPUDirectRDMAWritesTarget value,
                                                         enum cudaFlushGPUDirectRDMAWritesScope value2);
cudaError_t CUDARTAPI cudaDeviceRegisterAsyncNotification(int value, cudaAsyncCallback callback, void* data,
                                                          cudaAsyncCallbackHandle_t* value2);
cudaError_t CUDARTAPI cudaDeviceUnregisterAsyncNotification(int value, cudaAsyncCallbackHandle_t value2);
cudaError_t CUDARTAPI cudaDeviceGetSharedMemConfig(enum cudaSharedMemConfig* value);
cudaError_t CUDARTAPI cudaDeviceSetSharedMemConfig(enum cudaSharedMemConfig value);
cudaError_t CUDARTAPI cudaGetDeviceCount(int* count);
cudaError_t CUDARTAPI cudaDeviceGetAttribute(int* value, enum cudaDeviceAttr attribute, int device);
cudaError_t CUDARTAPI cudaDeviceGetHostAtomicCapabilities(unsigned int* count_out,
                                                          const enum cudaAtomicOperation* value,
                                                          unsigned int value2, int value3);
cudaError_t CUDARTAPI cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int value);
cudaError_t CUDARTAPI cudaDeviceSetMemPool(int value, cudaMemPool_t pool);
cudaError_t CUDARTAPI cudaDeviceGetMemPool(cudaMemPool_t* pool, int value);
cudaError_t CUDARTAPI cudaDeviceGetNvSciSyncAttributes(void* data, int value, int value2);
cudaError_t CUDARTAPI cudaDeviceGetP2PAttribute(int* value, enum cudaDeviceP2PAttr attribute, int src_device,
                                                int dst_device);
cudaError_t CUDARTAPI cudaDeviceGetP2PAtomicCapabilities(unsigned int* count_out,
                                                         const enum cudaAtomicOperation* value,
                                                         unsigned int value2, int value3, int value4);
cudaError_t CUDARTAPI cudaChooseDevice(int* device, const struct cudaDeviceProp* wanted);
cudaError_t CUDARTAPI cudaInitDevice(int device, unsigned int device_flags, unsigned int flags);
cudaError_t CUDARTAPI cudaSetDevice(int device);
cudaError_t CUDARTAPI cudaGetDevice(int* device);
cudaError_t CUDARTAPI cudaSetValidDevices(int* devices, int count);
cudaError_t CUDARTAPI cudaSetDeviceFlags(unsigned int flags);
cudaError_t CUDARTAPI cudaGetDeviceFlags(unsigned int* flags);
cudaError_t CUDARTAPI cudaCtxResetPersistingL2Cache(void);
cudaError_t CUDARTAPI cudaDeviceCanAccessPeer(int* can_access, int device, int peer);
cudaError_t CUDARTAPI cudaDeviceEnablePeerAccess(int peer, unsigned int flags);
cudaError_t CUDARTAPI cudaDeviceDisablePeerAccess(int peer);
cudaError_t CUDARTAPI cudaDeviceGraphMemTrim(int value);
cudaError_t CUDARTAPI cudaDeviceGetGraphMemAttribute(int value, enum cudaGraphMemAttributeType attribute,
                                                     void* data);
cudaError_t CUDARTAPI cudaDeviceSetGraphMemAttribute(int value, enum cudaGraphMemAttributeType attribute,
                                                     void* data);

/* Errors. The last error is kept for each host thread; Get clears it, Peek does not. */
cudaError_t CUDARTAPI cudaGetLastError(void);
cudaError_t CUDARTAPI cudaPeekAtLastError(void);
const char* CUDARTAPI cudaGetErrorName(cudaError_t error);
const char* CUDARTAPI cudaGetErrorString(cudaError_t error);

/* Streams: order, callbacks, capture into graphs. */
cudaError_t CUDARTAPI cudaStreamCreate(cudaStream_t* stream);
cudaError_t CUDARTAPI cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned int flags);
cudaError_t CUDARTAPI cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned int flags, int priority);
cudaError_t CUDARTAPI cudaStreamGetPriority(cudaStream_t stream, int* priority);
cudaError_t CUDARTAPI cudaStreamGetFlags(cudaStream_t stream, unsigned int* flags);
cudaError_t CUDARTAPI cudaStreamGetId(cudaStream_t stream, unsigned long long* id);
cudaError_t CUDARTAPI cudaStreamGetDevice(cudaStream_t stream, int* device);
cudaError_t CUDARTAPI cudaStreamCopyAttributes(cudaStream_t dst, cudaStream_t src);
cudaError_t CUDARTAPI cudaStreamGetAttribute(cudaStream_t stream, cudaLaunchAttributeID attribute,
                                             cudaLaunchAttributeValue* value);
cudaError_t CUDARTAPI cudaStreamSetAttribute(cudaStream_t stream, cudaLaunchAttributeID attribute,
                                             const cudaLaunchAttributeValue* value);
cudaError_t CUDARTAPI cudaStreamDestroy(cudaStream_t stream);
cudaError_t CUDARTAPI cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event,
                                          unsigned int flags PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaStreamAddCallback(cudaStream_t stream, cudaStreamCallback_t callback, void* user,
                                            unsigned int flags);
cudaError_t CUDARTAPI cudaStreamSynchronize(cudaStream_t stream);
cudaError_t CUDARTAPI cudaStreamQuery(cudaStream_t stream);
cudaError_t CUDARTAPI cudaStreamAttachMemAsync(cudaStream_t stream, void* address,
                                               size_t bytes PPU_DEFAULT(0),
                                               unsigned int flags PPU_DEFAULT(4));
cudaError_t CUDARTAPI cudaStreamBeginCapture(cudaStream_t stream, enum cudaStreamCaptureMode mode);
cudaError_t CUDARTAPI cudaStreamBeginCaptureToGraph(cudaStream_t stream, cudaGraph_t graph,
                                                    const cudaGraphNode_t* dependencies,
                                                    const cudaGraphEdgeData* edges, size_t count,
                                                    enum cudaStreamCaptureMode mode);
cudaError_t CUDARTAPI cudaThreadExchangeStreamCaptureMode(enum cudaStreamCaptureMode* mode);
cudaError_t CUDARTAPI cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph);
cudaError_t CUDARTAPI cudaStreamIsCapturing(cudaStream_t stream, enum cudaStreamCaptureStatus* status);

/* Events: marks in a stream, with times in milliseconds. */
cudaError_t CUDARTAPI cudaEventCreate(cudaEvent_t* event);
cudaError_t CUDARTAPI cudaEventCreateWithFlags(cudaEvent_t* event, unsigned int flags);
cudaError_t CUDARTAPI cudaEventRecord(cudaEvent_t event, cudaStream_t stream PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream PPU_DEFAULT(0),
                                               unsigned int flags PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaEventQuery(cudaEvent_t event);
cudaError_t CUDARTAPI cudaEventSynchronize(cudaEvent_t event);
cudaError_t CUDARTAPI cudaEventDestroy(cudaEvent_t event);
cudaError_t CUDARTAPI cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end);

/* Memory and semaphores of other interfaces. */
cudaError_t CUDARTAPI cudaImportExternalMemory(cudaExternalMemory_t* memory,
                                               const struct cudaExternalMemoryHandleDesc* descriptor);
cudaError_t CUDARTAPI cudaExternalMemoryGetMappedBuffer(
    void** data_out, cudaExternalMemory_t memory, const struct cudaExternalMemoryBufferDesc* descriptor);
cudaError_t CUDARTAPI
cudaExternalMemoryGetMappedMipmappedArray(cudaMipmappedArray_t* mipmap, cudaExternalMemory_t memory,
                                          const struct cudaExternalMemoryMipmappedArrayDesc* descriptor);
cudaError_t CUDARTAPI cudaDestroyExternalMemory(cudaExternalMemory_t memory);
cudaError_t CUDARTAPI cudaImportExternalSemaphore(cudaExternalSemaphore_t* semaphore,
                                                  const struct cudaExternalSemaphoreHandleDesc* descriptor);
cudaError_t CUDARTAPI cudaSignalExternalSemaphoresAsync(
    const cudaExternalSemaphore_t* semaphore, const struct cudaExternalSemaphoreSignalParams* params,
    unsigned int value, cudaStream_t stream PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaWaitExternalSemaphoresAsync(const cudaExternalSemaphore_t* semaphore,
                                                      const struct cudaExternalSemaphoreWaitParams* params,
                                                      unsigned int value, cudaStream_t stream PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaDestroyExternalSemaphore(cudaExternalSemaphore_t semaphore);
cudaError_t CUDARTAPI cudaGraphAddExternalSemaphoresSignalNode(
    cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* node2, size_t bytes,
    const struct cudaExternalSemaphoreSignalNodeParams* params);
cudaError_t CUDARTAPI cudaGraphExternalSemaphoresSignalNodeGetParams(
    cudaGraphNode_t node, struct cudaExternalSemaphoreSignalNodeParams* params);
cudaError_t CUDARTAPI cudaGraphExternalSemaphoresSignalNodeSetParams(
    cudaGraphNode_t node, const struct cudaExternalSemaphoreSignalNodeParams* params);
cudaError_t CUDARTAPI cudaGraphAddExternalSemaphoresWaitNode(
    cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* node2, size_t bytes,
    const struct cudaExternalSemaphoreWaitNodeParams* params);
cudaError_t CUDARTAPI cudaGraphExternalSemaphoresWaitNodeGetParams(
    cudaGraphNode_t node, struct cudaExternalSemaphoreWaitNodeParams* params);
cudaError_t CUDARTAPI cudaGraphExternalSemaphoresWaitNodeSetParams(
    cudaGraphNode_t node, const struct cudaExternalSemaphoreWaitNodeParams* params);
cudaError_t CUDARTAPI cudaGraphExecExternalSemaphoresSignalNodeSetParams(
    cudaGraphExec_t exec, cudaGraphNode_t node, const struct cudaExternalSemaphoreSignalNodeParams* params);
cudaError_t CUDARTAPI cudaGraphExecExternalSemaphoresWaitNodeSetParams(
    cudaGraphExec_t exec, cudaGraphNode_t node, const struct cudaExternalSemaphoreWaitNodeParams* params);

/* Kernels by the address of their host function: attributes, launches, occupancy. */
cudaError_t CUDARTAPI cudaLaunchKernel(const void* function, dim3 grid, dim3 block, void** params,
                                       size_t shared_bytes, cudaStream_t stream);
cudaError_t CUDARTAPI cudaLaunchKernelExC(const cudaLaunchConfig_t* config, const void* function,
                                          void** params);
cudaError_t CUDARTAPI cudaLaunchCooperativeKernel(const void* function, dim3 grid, dim3 block, void** params,
                                                  size_t shared_bytes, cudaStream_t stream);
cudaError_t CUDARTAPI cudaFuncSetCacheConfig(const void* function, enum cudaFuncCache config);
cudaError_t CUDARTAPI cudaFuncGetAttributes(struct cudaFuncAttributes* attributes, const void* function);
cudaError_t CUDARTAPI cudaFuncSetAttribute(const void* function, enum cudaFuncAttribute attribute, int value);
cudaError_t CUDARTAPI cudaFuncGetName(const char** name, const void* function);
cudaError_t CUDARTAPI cudaFuncGetParamInfo(const void* function, size_t index, size_t* offset, size_t* bytes);
cudaError_t CUDARTAPI cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t callback, void* user);
cudaError_t CUDARTAPI cudaFuncSetSharedMemConfig(const void* function, enum cudaSharedMemConfig config);
cudaError_t CUDARTAPI cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void* function,
                                                                    int block_threads,
                                                                    size_t dynamic_shared_bytes);
cudaError_t CUDARTAPI cudaOccupancyAvailableDynamicSMemPerBlock(size_t* bytes, const void* function,
                                                                int blocks, int block_threads);
cudaError_t CUDARTAPI cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
    int* blocks, const void* function, int block_threads, size_t dynamic_shared_bytes, unsigned int flags);
cudaError_t CUDARTAPI cudaOccupancyMaxPotentialClusterSize(int* blocks, const void* function,
                                                           const cudaLaunchConfig_t* config);
cudaError_t CUDARTAPI cudaOccupancyMaxActiveClusters(int* clusters, const void* function,
                                                     const cudaLaunchConfig_t* config);

/* Stream-ordered allocation and its pools. */
cudaError_t CUDARTAPI cudaMallocAsync(void** address, size_t bytes, cudaStream_t stream);
cudaError_t CUDARTAPI cudaFreeAsync(void* address, cudaStream_t stream);
cudaError_t CUDARTAPI cudaMemPoolTrimTo(cudaMemPool_t pool, size_t keep_bytes);
cudaError_t CUDARTAPI cudaMemPoolSetAttribute(cudaMemPool_t pool, enum cudaMemPoolAttr attribute,
                                              void* value);
cudaError_t CUDARTAPI cudaMemPoolGetAttribute(cudaMemPool_t pool, enum cudaMemPoolAttr attribute,
                                              void* value);
cudaError_t CUDARTAPI cudaMemPoolSetAccess(cudaMemPool_t pool, const struct cudaMemAccessDesc* access,
                                           size_t count);
cudaError_t CUDARTAPI cudaMemPoolGetAccess(enum cudaMemAccessFlags* access, cudaMemPool_t pool,
                                           struct cudaMemLocation* location);
cudaError_t CUDARTAPI cudaMemPoolCreate(cudaMemPool_t* pool, const struct cudaMemPoolProps* properties);
cudaError_t CUDARTAPI cudaMemPoolDestroy(cudaMemPool_t pool);
cudaError_t CUDARTAPI cudaMemGetDefaultMemPool(cudaMemPool_t* pool, struct cudaMemLocation* location,
                                               enum cudaMemAllocationType value);
cudaError_t CUDARTAPI cudaMemGetMemPool(cudaMemPool_t* pool, struct cudaMemLocation* location,
                                        enum cudaMemAllocationType value);
cudaError_t CUDARTAPI cudaMemSetMemPool(struct cudaMemLocation* location, enum cudaMemAllocationType value,
                                        cudaMemPool_t pool);
cudaError_t CUDARTAPI cudaMallocFromPoolAsync(void** address, size_t bytes, cudaMemPool_t pool,
                                              cudaStream_t stream);
cudaError_t CUDARTAPI cudaMemPoolExportToShareableHandle(void* data, cudaMemPool_t pool,
                                                         enum cudaMemAllocationHandleType value,
                                                         unsigned int flags);
cudaError_t CUDARTAPI cudaMemPoolImportFromShareableHandle(cudaMemPool_t* pool, void* data,
                                                           enum cudaMemAllocationHandleType value,
                                                           unsigned int flags);
cudaError_t CUDARTAPI cudaMemPoolExportPointer(struct cudaMemPoolPtrExportData* value, void* data);
cudaError_t CUDARTAPI cudaMemPoolImportPointer(void** data_out, cudaMemPool_t pool,
                                               struct cudaMemPoolPtrExportData* value);

/* Memory: device, pitched, host, mapped, managed, arrays, symbols; copies and fills. Sizes in bytes. */
cudaError_t CUDARTAPI cudaMallocManaged(void** address, size_t bytes, unsigned int flags PPU_DEFAULT(1));
cudaError_t CUDARTAPI cudaMalloc(void** address, size_t bytes);
cudaError_t CUDARTAPI cudaMallocHost(void** host, size_t bytes);
cudaError_t CUDARTAPI cudaMallocPitch(void** address, size_t* pitch, size_t width, size_t height);
cudaError_t CUDARTAPI cudaMallocArray(cudaArray_t* array, const struct cudaChannelFormatDesc* channel,
                                      size_t width, size_t height PPU_DEFAULT(0),
                                      unsigned int flags PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaFree(void* address);
cudaError_t CUDARTAPI cudaFreeHost(void* host);
cudaError_t CUDARTAPI cudaFreeArray(cudaArray_t array);
cudaError_t CUDARTAPI cudaFreeMipmappedArray(cudaMipmappedArray_t mipmap);
cudaError_t CUDARTAPI cudaHostAlloc(void** host, size_t bytes, unsigned int flags);
cudaError_t CUDARTAPI cudaHostRegister(void* host, size_t bytes, unsigned int flags);
cudaError_t CUDARTAPI cudaHostUnregister(void* host);
cudaError_t CUDARTAPI cudaHostGetDevicePointer(void** address, void* host, unsigned int flags);
cudaError_t CUDARTAPI cudaHostGetFlags(unsigned int* flags, void* host);
cudaError_t CUDARTAPI cudaMalloc3D(struct cudaPitchedPtr* pitched, struct cudaExtent extent);
cudaError_t CUDARTAPI cudaMalloc3DArray(cudaArray_t* array, const struct cudaChannelFormatDesc* channel,
                                        struct cudaExtent extent, unsigned int flags PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaMallocMipmappedArray(cudaMipmappedArray_t* mipmap,
                                               const struct cudaChannelFormatDesc* channel,
                                               struct cudaExtent extent, unsigned int levels,
                                               unsigned int flags PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaGetMipmappedArrayLevel(cudaArray_t* array, cudaMipmappedArray_const_t mipmap,
                                                 unsigned int level);
cudaError_t CUDARTAPI cudaMemcpy3D(const struct cudaMemcpy3DParms* params);
cudaError_t CUDARTAPI cudaMemcpy3DPeer(const struct cudaMemcpy3DPeerParms* params);
cudaError_t CUDARTAPI cudaMemcpy3DAsync(const struct cudaMemcpy3DParms* params,
                                        cudaStream_t stream PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaMemcpy3DPeerAsync(const struct cudaMemcpy3DPeerParms* params,
                                            cudaStream_t stream PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaMemGetInfo(size_t* free_bytes, size_t* total_bytes);
cudaError_t CUDARTAPI cudaArrayGetInfo(struct cudaChannelFormatDesc* channel, struct cudaExtent* extent,
                                       unsigned int* flags, cudaArray_t array);
cudaError_t CUDARTAPI cudaArrayGetPlane(cudaArray_t* array, cudaArray_t array2, unsigned int flags);
cudaError_t CUDARTAPI cudaArrayGetMemoryRequirements(struct cudaArrayMemoryRequirements* value,
                                                     cudaArray_t array, int value2);
cudaError_t CUDARTAPI cudaMipmappedArrayGetMemoryRequirements(struct cudaArrayMemoryRequirements* value,
                                                              cudaMipmappedArray_t mipmap, int value2);
cudaError_t CUDARTAPI cudaArrayGetSparseProperties(struct cudaArraySparseProperties* properties,
                                                   cudaArray_t array);
cudaError_t CUDARTAPI cudaMipmappedArrayGetSparseProperties(struct cudaArraySparseProperties* properties,
                                                            cudaMipmappedArray_t mipmap);
cudaError_t CUDARTAPI cudaMemcpy(void* dst, const void* src, size_t bytes, enum cudaMemcpyKind kind);
cudaError_t CUDARTAPI cudaMemcpyPeer(void* dst, int dst_device, const void* src, int src_device,
                                     size_t bytes);
cudaError_t CUDARTAPI cudaMemcpy2D(void* dst, size_t dst_pitch, const void* src, size_t src_pitch,
                                   size_t width, size_t height, enum cudaMemcpyKind kind);
cudaError_t CUDARTAPI cudaMemcpy2DToArray(cudaArray_t dst, size_t x, size_t y, const void* src,
                                          size_t src_pitch, size_t width, size_t height,
                                          enum cudaMemcpyKind kind);
cudaError_t CUDARTAPI cudaMemcpy2DFromArray(void* dst, size_t dst_pitch, cudaArray_const_t src, size_t x,
                                            size_t y, size_t width, size_t height, enum cudaMemcpyKind kind);
cudaError_t CUDARTAPI cudaMemcpy2DArrayToArray(
    cudaArray_t dst, size_t dst_x, size_t dst_y, cudaArray_const_t src, size_t src_x, size_t src_y,
    size_t width, size_t height, enum cudaMemcpyKind kind PPU_DEFAULT(cudaMemcpyDeviceToDevice));
cudaError_t CUDARTAPI cudaMemcpyToSymbol(const void* symbol, const void* src, size_t bytes,
                                         size_t offset PPU_DEFAULT(0),
                                         enum cudaMemcpyKind kind PPU_DEFAULT(cudaMemcpyHostToDevice));
cudaError_t CUDARTAPI cudaMemcpyFromSymbol(void* dst, const void* symbol, size_t bytes,
                                           size_t offset PPU_DEFAULT(0),
                                           enum cudaMemcpyKind kind PPU_DEFAULT(cudaMemcpyDeviceToHost));
cudaError_t CUDARTAPI cudaMemcpyAsync(void* dst, const void* src, size_t bytes, enum cudaMemcpyKind kind,
                                      cudaStream_t stream PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaMemcpyPeerAsync(void* dst, int dst_device, const void* src, int src_device,
                                          size_t bytes, cudaStream_t stream PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaMemcpy2DAsync(void* dst, size_t dst_pitch, const void* src, size_t src_pitch,
                                        size_t width, size_t height, enum cudaMemcpyKind kind,
                                        cudaStream_t stream PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaMemcpy2DToArrayAsync(cudaArray_t dst, size_t x, size_t y, const void* src,
                                               size_t src_pitch, size_t width, size_t height,
                                               enum cudaMemcpyKind kind, cudaStream_t stream PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaMemcpy2DFromArrayAsync(void* dst, size_t dst_pitch, cudaArray_const_t src, size_t x,
                                                 size_t y, size_t width, size_t height,
                                                 enum cudaMemcpyKind kind,
                                                 cudaStream_t stream PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaMemcpyToSymbolAsync(const void* symbol, const void* src, size_t bytes,
                                              size_t offset, enum cudaMemcpyKind kind,
                                              cudaStream_t stream PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaMemcpyFromSymbolAsync(void* dst, const void* symbol, size_t bytes, size_t offset,
                                                enum cudaMemcpyKind kind, cudaStream_t stream PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaMemset(void* dst, int value, size_t bytes);
cudaError_t CUDARTAPI cudaMemset2D(void* dst, size_t pitch, int value, size_t width, size_t height);
cudaError_t CUDARTAPI cudaMemset3D(struct cudaPitchedPtr pitched, int value, struct cudaExtent extent);
cudaError_t CUDARTAPI cudaMemsetAsync(void* dst, int value, size_t bytes, cudaStream_t stream PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaMemset2DAsync(void* dst, size_t pitch, int value, size_t width, size_t height,
                                        cudaStream_t stream PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaMemset3DAsync(struct cudaPitchedPtr pitched, int value, struct cudaExtent extent,
                                        cudaStream_t stream PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaGetSymbolAddress(void** address, const void* symbol);
cudaError_t CUDARTAPI cudaGetSymbolSize(size_t* bytes, const void* symbol);
cudaError_t CUDARTAPI cudaMemPrefetchBatchAsync(void** data_out, size_t* bytes_out, size_t bytes,
                                                struct cudaMemLocation* location, size_t* bytes_out2,
                                                size_t bytes2, unsigned long long value, cudaStream_t stream);
cudaError_t CUDARTAPI cudaMemDiscardBatchAsync(void** data_out, size_t* bytes_out, size_t bytes,
                                               unsigned long long value, cudaStream_t stream);
cudaError_t CUDARTAPI cudaMemDiscardAndPrefetchBatchAsync(void** data_out, size_t* bytes_out, size_t bytes,
                                                          struct cudaMemLocation* location,
                                                          size_t* bytes_out2, size_t bytes2,
                                                          unsigned long long value, cudaStream_t stream);
cudaError_t CUDARTAPI cudaMemRangeGetAttribute(void* value, size_t value_bytes,
                                               enum cudaMemRangeAttribute attribute, const void* address,
                                               size_t bytes);
cudaError_t CUDARTAPI cudaMemRangeGetAttributes(void** values, size_t* value_bytes,
                                                enum cudaMemRangeAttribute* attributes, size_t count,
                                                const void* address, size_t bytes);
cudaError_t CUDARTAPI cudaMemcpyToArray(cudaArray_t dst, size_t x, size_t y, const void* src, size_t bytes,
                                        enum cudaMemcpyKind kind);
cudaError_t CUDARTAPI cudaMemcpyFromArray(void* dst, cudaArray_const_t src, size_t x, size_t y, size_t bytes,
                                          enum cudaMemcpyKind kind);
cudaError_t CUDARTAPI cudaMemcpyArrayToArray(cudaArray_t dst, size_t dst_x, size_t dst_y,
                                             cudaArray_const_t src, size_t src_x, size_t src_y, size_t bytes,
                                             enum cudaMemcpyKind kind PPU_DEFAULT(cudaMemcpyDeviceToDevice));
cudaError_t CUDARTAPI cudaMemcpyToArrayAsync(cudaArray_t dst, size_t x, size_t y, const void* src,
                                             size_t bytes, enum cudaMemcpyKind kind,
                                             cudaStream_t stream PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaMemcpyFromArrayAsync(void* dst, cudaArray_const_t src, size_t x, size_t y,
                                               size_t bytes, enum cudaMemcpyKind kind,
                                               cudaStream_t stream PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaPointerGetAttributes(struct cudaPointerAttributes* attributes, const void* address);

/* Textures and surfaces. */
cudaError_t CUDARTAPI cudaGetChannelDesc(struct cudaChannelFormatDesc* descriptor, cudaArray_const_t array);
struct cudaChannelFormatDesc CUDARTAPI cudaCreateChannelDesc(int x, int y, int z, int w,
                                                             enum cudaChannelFormatKind kind);
cudaError_t CUDARTAPI cudaCreateTextureObject(cudaTextureObject_t* object,
                                              const struct cudaResourceDesc* resource,
                                              const struct cudaTextureDesc* texture,
                                              const struct cudaResourceViewDesc* view);
cudaError_t CUDARTAPI cudaDestroyTextureObject(cudaTextureObject_t object);
cudaError_t CUDARTAPI cudaGetTextureObjectResourceDesc(struct cudaResourceDesc* descriptor,
                                                       cudaTextureObject_t object);
cudaError_t CUDARTAPI cudaGetTextureObjectTextureDesc(struct cudaTextureDesc* descriptor,
                                                      cudaTextureObject_t object);
cudaError_t CUDARTAPI cudaGetTextureObjectResourceViewDesc(struct cudaResourceViewDesc* descriptor,
                                                           cudaTextureObject_t object);
cudaError_t CUDARTAPI cudaCreateSurfaceObject(cudaSurfaceObject_t* object,
                                              const struct cudaResourceDesc* resource);
cudaError_t CUDARTAPI cudaDestroySurfaceObject(cudaSurfaceObject_t object);
cudaError_t CUDARTAPI cudaGetSurfaceObjectResourceDesc(struct cudaResourceDesc* descriptor,
                                                       cudaSurfaceObject_t object);

/* Resources of graphics interfaces. */
cudaError_t CUDARTAPI cudaGraphicsUnregisterResource(cudaGraphicsResource_t graphics);
cudaError_t CUDARTAPI cudaGraphicsResourceSetMapFlags(cudaGraphicsResource_t graphics, unsigned int flags);
cudaError_t CUDARTAPI cudaGraphicsMapResources(int value, cudaGraphicsResource_t* graphics,
                                               cudaStream_t stream PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaGraphicsUnmapResources(int value, cudaGraphicsResource_t* graphics,
                                                 cudaStream_t stream PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaGraphicsResourceGetMappedPointer(void** data_out, size_t* bytes_out,
                                                           cudaGraphicsResource_t graphics);
cudaError_t CUDARTAPI cudaGraphicsSubResourceGetMappedArray(cudaArray_t* array,
                                                            cudaGraphicsResource_t graphics,
                                                            unsigned int value, unsigned int flags);
cudaError_t CUDARTAPI cudaGraphicsResourceGetMappedMipmappedArray(cudaMipmappedArray_t* mipmap,
                                                                  cudaGraphicsResource_t graphics);

/* Graphs: work described once, launched often. */
cudaError_t CUDARTAPI cudaGraphCreate(cudaGraph_t* graph, unsigned int flags);
cudaError_t CUDARTAPI cudaGraphAddKernelNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                             const cudaGraphNode_t* dependencies, size_t count,
                                             const struct cudaKernelNodeParams* params);
cudaError_t CUDARTAPI cudaGraphKernelNodeGetParams(cudaGraphNode_t node, struct cudaKernelNodeParams* params);
cudaError_t CUDARTAPI cudaGraphKernelNodeSetParams(cudaGraphNode_t node,
                                                   const struct cudaKernelNodeParams* params);
cudaError_t CUDARTAPI cudaGraphKernelNodeCopyAttributes(cudaGraphNode_t node, cudaGraphNode_t node2);
cudaError_t CUDARTAPI cudaGraphKernelNodeGetAttribute(cudaGraphNode_t node, cudaLaunchAttributeID attribute,
                                                      cudaLaunchAttributeValue* value);
cudaError_t CUDARTAPI cudaGraphKernelNodeSetAttribute(cudaGraphNode_t node, cudaLaunchAttributeID attribute,
                                                      const cudaLaunchAttributeValue* value);
cudaError_t CUDARTAPI cudaGraphAddMemcpyNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                             const cudaGraphNode_t* dependencies, size_t count,
                                             const struct cudaMemcpy3DParms* params);
cudaError_t CUDARTAPI cudaGraphAddMemcpyNodeToSymbol(cudaGraphNode_t* node, cudaGraph_t graph,
                                                     const cudaGraphNode_t* node2, size_t bytes,
                                                     const void* source, const void* source2, size_t bytes2,
                                                     size_t bytes3, enum cudaMemcpyKind kind);
cudaError_t CUDARTAPI cudaGraphAddMemcpyNodeFromSymbol(cudaGraphNode_t* node, cudaGraph_t graph,
                                                       const cudaGraphNode_t* node2, size_t bytes, void* data,
                                                       const void* source, size_t bytes2, size_t bytes3,
                                                       enum cudaMemcpyKind kind);
cudaError_t CUDARTAPI cudaGraphAddMemcpyNode1D(cudaGraphNode_t* node, cudaGraph_t graph,
                                               const cudaGraphNode_t* dependencies, size_t count, void* dst,
                                               const void* src, size_t bytes, enum cudaMemcpyKind kind);
cudaError_t CUDARTAPI cudaGraphMemcpyNodeGetParams(cudaGraphNode_t node, struct cudaMemcpy3DParms* params);
cudaError_t CUDARTAPI cudaGraphMemcpyNodeSetParams(cudaGraphNode_t node,
                                                   const struct cudaMemcpy3DParms* params);
cudaError_t CUDARTAPI cudaGraphMemcpyNodeSetParamsToSymbol(cudaGraphNode_t node, const void* source,
                                                           const void* source2, size_t bytes, size_t bytes2,
                                                           enum cudaMemcpyKind kind);
cudaError_t CUDARTAPI cudaGraphMemcpyNodeSetParamsFromSymbol(cudaGraphNode_t node, void* data,
                                                             const void* source, size_t bytes, size_t bytes2,
                                                             enum cudaMemcpyKind kind);
cudaError_t CUDARTAPI cudaGraphMemcpyNodeSetParams1D(cudaGraphNode_t node, void* data, const void* source,
                                                     size_t bytes, enum cudaMemcpyKind kind);
cudaError_t CUDARTAPI cudaGraphAddMemsetNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                             const cudaGraphNode_t* dependencies, size_t count,
                                             const struct cudaMemsetParams* params);
cudaError_t CUDARTAPI cudaGraphMemsetNodeGetParams(cudaGraphNode_t node, struct cudaMemsetParams* params);
cudaError_t CUDARTAPI cudaGraphMemsetNodeSetParams(cudaGraphNode_t node,
                                                   const struct cudaMemsetParams* params);
cudaError_t CUDARTAPI cudaGraphAddHostNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                           const cudaGraphNode_t* dependencies, size_t count,
                                           const struct cudaHostNodeParams* params);
cudaError_t CUDARTAPI cudaGraphHostNodeGetParams(cudaGraphNode_t node, struct cudaHostNodeParams* params);
cudaError_t CUDARTAPI cudaGraphHostNodeSetParams(cudaGraphNode_t node,
                                                 const struct cudaHostNodeParams* params);
cudaError_t CUDARTAPI cudaGraphAddChildGraphNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                                 const cudaGraphNode_t* dependencies, size_t count,
                                                 cudaGraph_t child);
cudaError_t CUDARTAPI cudaGraphChildGraphNodeGetGraph(cudaGraphNode_t node, cudaGraph_t* graph);
cudaError_t CUDARTAPI cudaGraphAddEmptyNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                            const cudaGraphNode_t* dependencies, size_t count);
cudaError_t CUDARTAPI cudaGraphAddEventRecordNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                                  const cudaGraphNode_t* dependencies, size_t count,
                                                  cudaEvent_t event);
cudaError_t CUDARTAPI cudaGraphEventRecordNodeGetEvent(cudaGraphNode_t node, cudaEvent_t* event);
cudaError_t CUDARTAPI cudaGraphEventRecordNodeSetEvent(cudaGraphNode_t node, cudaEvent_t event);
cudaError_t CUDARTAPI cudaGraphAddEventWaitNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                                const cudaGraphNode_t* dependencies, size_t count,
                                                cudaEvent_t event);
cudaError_t CUDARTAPI cudaGraphEventWaitNodeGetEvent(cudaGraphNode_t node, cudaEvent_t* event);
cudaError_t CUDARTAPI cudaGraphEventWaitNodeSetEvent(cudaGraphNode_t node, cudaEvent_t event);
cudaError_t CUDARTAPI cudaGraphAddMemAllocNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                               const cudaGraphNode_t* node2, size_t bytes,
                                               struct cudaMemAllocNodeParams* params);
cudaError_t CUDARTAPI cudaGraphMemAllocNodeGetParams(cudaGraphNode_t node,
                                                     struct cudaMemAllocNodeParams* params);
cudaError_t CUDARTAPI cudaGraphAddMemFreeNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                              const cudaGraphNode_t* node2, size_t bytes, void* data);
cudaError_t CUDARTAPI cudaGraphMemFreeNodeGetParams(cudaGraphNode_t node, void* data);
cudaError_t CUDARTAPI cudaGraphClone(cudaGraph_t* clone, cudaGraph_t original);
cudaError_t CUDARTAPI cudaGraphNodeFindInClone(cudaGraphNode_t* node, cudaGraphNode_t node2,
                                               cudaGraph_t graph);
cudaError_t CUDARTAPI cudaGraphNodeGetType(cudaGraphNode_t node, enum cudaGraphNodeType* type);
cudaError_t CUDARTAPI cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, size_t* count);
cudaError_t CUDARTAPI cudaGraphGetRootNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, size_t* count);
cudaError_t CUDARTAPI cudaGraphDestroyNode(cudaGraphNode_t node);
cudaError_t CUDARTAPI cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph,
                                           unsigned long long flags PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaGraphInstantiateWithFlags(cudaGraphExec_t* exec, cudaGraph_t graph,
                                                    unsigned long long flags PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaGraphInstantiateWithParams(cudaGraphExec_t* exec, cudaGraph_t graph,
                                                     cudaGraphInstantiateParams* params);
cudaError_t CUDARTAPI cudaGraphExecGetFlags(cudaGraphExec_t exec, unsigned long long* flags);
cudaError_t CUDARTAPI cudaGraphExecKernelNodeSetParams(cudaGraphExec_t exec, cudaGraphNode_t node,
                                                       const struct cudaKernelNodeParams* params);
cudaError_t CUDARTAPI cudaGraphExecMemcpyNodeSetParams(cudaGraphExec_t exec, cudaGraphNode_t node,
                                                       const struct cudaMemcpy3DParms* params);
cudaError_t CUDARTAPI cudaGraphExecMemcpyNodeSetParamsToSymbol(cudaGraphExec_t exec, cudaGraphNode_t node,
                                                               const void* source, const void* source2,
                                                               size_t bytes, size_t bytes2,
                                                               enum cudaMemcpyKind kind);
cudaError_t CUDARTAPI cudaGraphExecMemcpyNodeSetParamsFromSymbol(cudaGraphExec_t exec, cudaGraphNode_t node,
                                                                 void* data, const void* source, size_t bytes,
                                                                 size_t bytes2, enum cudaMemcpyKind kind);
cudaError_t CUDARTAPI cudaGraphExecMemcpyNodeSetParams1D(cudaGraphExec_t exec, cudaGraphNode_t node,
                                                         void* data, const void* source, size_t bytes,
                                                         enum cudaMemcpyKind kind);
cudaError_t CUDARTAPI cudaGraphExecMemsetNodeSetParams(cudaGraphExec_t exec, cudaGraphNode_t node,
                                                       const struct cudaMemsetParams* params);
cudaError_t CUDARTAPI cudaGraphExecHostNodeSetParams(cudaGraphExec_t exec, cudaGraphNode_t node,
                                                     const struct cudaHostNodeParams* params);
cudaError_t CUDARTAPI cudaGraphExecChildGraphNodeSetParams(cudaGraphExec_t exec, cudaGraphNode_t node,
                                                           cudaGraph_t graph);
cudaError_t CUDARTAPI cudaGraphExecEventRecordNodeSetEvent(cudaGraphExec_t exec, cudaGraphNode_t node,
                                                           cudaEvent_t event);
cudaError_t CUDARTAPI cudaGraphExecEventWaitNodeSetEvent(cudaGraphExec_t exec, cudaGraphNode_t node,
                                                         cudaEvent_t event);
cudaError_t CUDARTAPI cudaGraphNodeSetEnabled(cudaGraphExec_t exec, cudaGraphNode_t node,
                                              unsigned int enabled);
cudaError_t CUDARTAPI cudaGraphNodeGetEnabled(cudaGraphExec_t exec, cudaGraphNode_t node,
                                              unsigned int* enabled);
cudaError_t CUDARTAPI cudaGraphExecUpdate(cudaGraphExec_t exec, cudaGraph_t graph,
                                          cudaGraphExecUpdateResultInfo* result);
cudaError_t CUDARTAPI cudaGraphUpload(cudaGraphExec_t exec, cudaStream_t stream);
cudaError_t CUDARTAPI cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream);
cudaError_t CUDARTAPI cudaGraphExecDestroy(cudaGraphExec_t exec);
cudaError_t CUDARTAPI cudaGraphDestroy(cudaGraph_t graph);
cudaError_t CUDARTAPI cudaGraphDebugDotPrint(cudaGraph_t graph, const char* path, unsigned int flags);
cudaError_t CUDARTAPI cudaUserObjectCreate(cudaUserObject_t* object, void* user, cudaHostFn_t destroy,
                                           unsigned int initial_refs, unsigned int flags);
cudaError_t CUDARTAPI cudaUserObjectRetain(cudaUserObject_t object, unsigned int count PPU_DEFAULT(1));
cudaError_t CUDARTAPI cudaUserObjectRelease(cudaUserObject_t object, unsigned int count PPU_DEFAULT(1));
cudaError_t CUDARTAPI cudaGraphRetainUserObject(cudaGraph_t graph, cudaUserObject_t object,
                                                unsigned int count PPU_DEFAULT(1),
                                                unsigned int flags PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaGraphReleaseUserObject(cudaGraph_t graph, cudaUserObject_t object,
                                                 unsigned int count PPU_DEFAULT(1));
cudaError_t CUDARTAPI cudaGraphNodeSetParams(cudaGraphNode_t node, struct cudaGraphNodeParams* params);
cudaError_t CUDARTAPI cudaGraphExecNodeSetParams(cudaGraphExec_t exec, cudaGraphNode_t node,
                                                 struct cudaGraphNodeParams* params);
cudaError_t CUDARTAPI cudaGraphConditionalHandleCreate(cudaGraphConditionalHandle* handle, cudaGraph_t graph,
                                                       unsigned int default_value PPU_DEFAULT(0),
                                                       unsigned int flags PPU_DEFAULT(0));

/* Libraries: images loaded by the program itself, their kernels and variables. */
cudaError_t CUDARTAPI cudaLibraryLoadData(cudaLibrary_t* library, const void* image,
                                          enum cudaJitOption* jit_options, void** jit_values,
                                          unsigned int jit_count, enum cudaLibraryOption* options,
                                          void** values, unsigned int count);
cudaError_t CUDARTAPI cudaLibraryLoadFromFile(cudaLibrary_t* library, const char* path,
                                              enum cudaJitOption* jit_options, void** jit_values,
                                              unsigned int jit_count, enum cudaLibraryOption* options,
                                              void** values, unsigned int count);
cudaError_t CUDARTAPI cudaLibraryUnload(cudaLibrary_t library);
cudaError_t CUDARTAPI cudaLibraryGetKernel(cudaKernel_t* kernel, cudaLibrary_t library, const char* name);
cudaError_t CUDARTAPI cudaLibraryGetGlobal(void** address, size_t* bytes, cudaLibrary_t library,
                                           const char* name);
cudaError_t CUDARTAPI cudaLibraryGetManaged(void** address, size_t* bytes, cudaLibrary_t library,
                                            const char* name);
cudaError_t CUDARTAPI cudaLibraryGetUnifiedFunction(void** address, cudaLibrary_t library, const char* name);
cudaError_t CUDARTAPI cudaLibraryGetKernelCount(unsigned int* count, cudaLibrary_t library);
cudaError_t CUDARTAPI cudaLibraryEnumerateKernels(cudaKernel_t* kernels, unsigned int capacity,
                                                  cudaLibrary_t library);
cudaError_t CUDARTAPI cudaKernelSetAttributeForDevice(cudaKernel_t kernel, enum cudaFuncAttribute attribute,
                                                      int value, int device);
cudaError_t CUDARTAPI cudaGetFuncBySymbol(cudaFunction_t* function, const void* symbol);
cudaError_t CUDARTAPI cudaGetKernel(cudaKernel_t* kernel, const void* symbol);

/* Versions, driver entry points, logs. */
cudaError_t CUDARTAPI cudaDriverGetVersion(int* version);
cudaError_t CUDARTAPI cudaRuntimeGetVersion(int* version);
cudaError_t CUDARTAPI cudaLogsRegisterCallback(cudaLogsCallback_t value, void* data,
                                               cudaLogsCallbackHandle* value2);
cudaError_t CUDARTAPI cudaLogsUnregisterCallback(cudaLogsCallbackHandle value);
cudaError_t CUDARTAPI cudaLogsCurrent(cudaLogIterator* value, unsigned int flags);
cudaError_t CUDARTAPI cudaLogsDumpToFile(cudaLogIterator* value, const char* name, unsigned int flags);
cudaError_t CUDARTAPI cudaLogsDumpToMemory(cudaLogIterator* value, char* text, size_t* bytes_out,
                                           unsigned int flags);
cudaError_t CUDARTAPI cudaGetDriverEntryPoint(const char* name, void** address, unsigned long long flags,
                                              enum cudaDriverEntryPointQueryResult* result);
cudaError_t CUDARTAPI cudaGetDriverEntryPointByVersion(const char* name, void** address, unsigned int version,
                                                       unsigned long long flags,
                                                       enum cudaDriverEntryPointQueryResult* result);
cudaError_t CUDARTAPI cudaGetExportTable(const void** table, const cudaUUID_t* id);

/* Profiler control. */
cudaError_t CUDARTAPI cudaProfilerStart(void);
cudaError_t CUDARTAPI cudaProfilerStop(void);

/* What changed with CUDA 13. */
#if CUDART_VERSION >= 13000
cudaError_t CUDARTAPI cudaGetDeviceProperties(struct cudaDeviceProp* properties, int device);
cudaError_t CUDARTAPI cudaGraphAddDependencies(cudaGraph_t graph, const cudaGraphNode_t* from,
                                               const cudaGraphNode_t* to, const cudaGraphEdgeData* edges,
                                               size_t count);
cudaError_t CUDARTAPI cudaGraphAddNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                       const cudaGraphNode_t* dependencies, const cudaGraphEdgeData* edges,
                                       size_t count, struct cudaGraphNodeParams* params);
cudaError_t CUDARTAPI cudaGraphGetEdges(cudaGraph_t graph, cudaGraphNode_t* from, cudaGraphNode_t* to,
                                        cudaGraphEdgeData* edges, size_t* count);
cudaError_t CUDARTAPI cudaGraphNodeGetDependencies(cudaGraphNode_t node, cudaGraphNode_t* dependencies,
                                                   cudaGraphEdgeData* edges, size_t* count);
cudaError_t CUDARTAPI cudaGraphNodeGetDependentNodes(cudaGraphNode_t node, cudaGraphNode_t* dependents,
                                                     cudaGraphEdgeData* edges, size_t* count);
cudaError_t CUDARTAPI cudaGraphRemoveDependencies(cudaGraph_t graph, const cudaGraphNode_t* from,
                                                  const cudaGraphNode_t* to, const cudaGraphEdgeData* edges,
                                                  size_t count);
cudaError_t CUDARTAPI cudaMemAdvise(const void* address, size_t bytes, enum cudaMemoryAdvise advice,
                                    struct cudaMemLocation location);
cudaError_t CUDARTAPI cudaMemPrefetchAsync(const void* address, size_t bytes, struct cudaMemLocation location,
                                           unsigned int flags, cudaStream_t stream PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaMemcpy3DBatchAsync(size_t bytes, struct cudaMemcpy3DBatchOp* value,
                                             unsigned long long value2, cudaStream_t stream);
cudaError_t CUDARTAPI cudaMemcpyBatchAsync(void* const* data, const void* const* source, const size_t* value,
                                           size_t bytes, struct cudaMemcpyAttributes* attribute,
                                           size_t* bytes_out, size_t bytes2, cudaStream_t stream);
cudaError_t CUDARTAPI cudaStreamGetCaptureInfo(cudaStream_t stream, enum cudaStreamCaptureStatus* status,
                                               unsigned long long* id PPU_DEFAULT(0),
                                               cudaGraph_t* graph PPU_DEFAULT(0),
                                               const cudaGraphNode_t** dependencies PPU_DEFAULT(0),
                                               const cudaGraphEdgeData** edges PPU_DEFAULT(0),
                                               size_t* count PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaStreamUpdateCaptureDependencies(cudaStream_t stream, cudaGraphNode_t* dependencies,
                                                          const cudaGraphEdgeData* edges, size_t count,
                                                          unsigned int flags PPU_DEFAULT(0));
#else
cudaError_t CUDARTAPI cudaGetDeviceProperties_v2(struct cudaDeviceProp* properties, int device);
cudaError_t CUDARTAPI cudaMemPrefetchAsync(const void* address, size_t bytes, int device,
                                           cudaStream_t stream PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaMemPrefetchAsync_v2(const void* address, size_t bytes,
                                              struct cudaMemLocation location, unsigned int flags,
                                              cudaStream_t stream PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaMemAdvise(const void* address, size_t bytes, enum cudaMemoryAdvise advice,
                                    int device);
cudaError_t CUDARTAPI cudaMemAdvise_v2(const void* address, size_t bytes, enum cudaMemoryAdvise advice,
                                       struct cudaMemLocation location);
cudaError_t CUDARTAPI cudaStreamGetCaptureInfo_v2(cudaStream_t stream, enum cudaStreamCaptureStatus* status,
                                                  unsigned long long* id PPU_DEFAULT(0),
                                                  cudaGraph_t* graph PPU_DEFAULT(0),
                                                  const cudaGraphNode_t** dependencies PPU_DEFAULT(0),
                                                  size_t* count PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaStreamGetCaptureInfo_v3(cudaStream_t stream, enum cudaStreamCaptureStatus* status,
                                                  unsigned long long* id PPU_DEFAULT(0),
                                                  cudaGraph_t* graph PPU_DEFAULT(0),
                                                  const cudaGraphNode_t** dependencies PPU_DEFAULT(0),
                                                  const cudaGraphEdgeData** edges PPU_DEFAULT(0),
                                                  size_t* count PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaStreamUpdateCaptureDependencies(cudaStream_t stream, cudaGraphNode_t* dependencies,
                                                          size_t count, unsigned int flags PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaStreamUpdateCaptureDependencies_v2(cudaStream_t stream,
                                                             cudaGraphNode_t* dependencies,
                                                             const cudaGraphEdgeData* edges, size_t count,
                                                             unsigned int flags PPU_DEFAULT(0));
cudaError_t CUDARTAPI cudaGraphAddNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                       const cudaGraphNode_t* dependencies, size_t count,
                                       struct cudaGraphNodeParams* params);
cudaError_t CUDARTAPI cudaGraphAddNode_v2(cudaGraphNode_t* node, cudaGraph_t graph,
                                          const cudaGraphNode_t* dependencies, const cudaGraphEdgeData* edges,
                                          size_t count, struct cudaGraphNodeParams* params);
cudaError_t CUDARTAPI cudaGraphGetEdges(cudaGraph_t graph, cudaGraphNode_t* from, cudaGraphNode_t* to,
                                        size_t* count);
cudaError_t CUDARTAPI cudaGraphGetEdges_v2(cudaGraph_t graph, cudaGraphNode_t* from, cudaGraphNode_t* to,
                                           cudaGraphEdgeData* edges, size_t* count);
cudaError_t CUDARTAPI cudaGraphNodeGetDependencies(cudaGraphNode_t node, cudaGraphNode_t* dependencies,
                                                   size_t* count);
cudaError_t CUDARTAPI cudaGraphNodeGetDependencies_v2(cudaGraphNode_t node, cudaGraphNode_t* dependencies,
                                                      cudaGraphEdgeData* edges, size_t* count);
cudaError_t CUDARTAPI cudaGraphNodeGetDependentNodes(cudaGraphNode_t node, cudaGraphNode_t* dependents,
                                                     size_t* count);
cudaError_t CUDARTAPI cudaGraphNodeGetDependentNodes_v2(cudaGraphNode_t node, cudaGraphNode_t* dependents,
                                                        cudaGraphEdgeData* edges, size_t* count);
cudaError_t CUDARTAPI cudaGraphAddDependencies(cudaGraph_t graph, const cudaGraphNode_t* from,
                                               const cudaGraphNode_t* to, size_t count);
cudaError_t CUDARTAPI cudaGraphAddDependencies_v2(cudaGraph_t graph, const cudaGraphNode_t* from,
                                                  const cudaGraphNode_t* to, const cudaGraphEdgeData* edges,
                                                  size_t count);
cudaError_t CUDARTAPI cudaGraphRemoveDependencies(cudaGraph_t graph, const cudaGraphNode_t* from,
                                                  const cudaGraphNode_t* to, size_t count);
cudaError_t CUDARTAPI cudaGraphRemoveDependencies_v2(cudaGraph_t graph, const cudaGraphNode_t* from,
                                                     const cudaGraphNode_t* to,
                                                     const cudaGraphEdgeData* edges, size_t count);
cudaError_t CUDARTAPI cudaThreadExit(void);
cudaError_t CUDARTAPI cudaThreadSynchronize(void);
cudaError_t CUDARTAPI cudaThreadSetLimit(enum cudaLimit limit, size_t value);
cudaError_t CUDARTAPI cudaThreadGetLimit(size_t* value, enum cudaLimit limit);
cudaError_t CUDARTAPI cudaThreadGetCacheConfig(enum cudaFuncCache* config);
cudaError_t CUDARTAPI cudaThreadSetCacheConfig(enum cudaFuncCache config);
cudaError_t CUDARTAPI cudaSetDoubleForDevice(double* value);
cudaError_t CUDARTAPI cudaSetDoubleForHost(double* value);
#endif

#ifdef __cplusplus
}
#endif

#endif
