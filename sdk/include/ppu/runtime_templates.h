// C++ forms of runtime calls: typed pointers, symbols by reference, kernels by their own type (CUDA Runtime
// API, "C++ API Routines"). Each is a cast around the C call of the same name in cuda_runtime_api.h.
#pragma once
#include <cstddef>

template <class T>
inline cudaError_t cudaMalloc(T** ptr, size_t bytes) {
  return ::cudaMalloc((void**)(void*)ptr, bytes);
}
template <class T>
inline cudaError_t cudaMallocHost(T** ptr, size_t bytes, unsigned flags = 0) {
  return ::cudaHostAlloc((void**)(void*)ptr, bytes, flags);
}
template <class T>
inline cudaError_t cudaHostAlloc(T** ptr, size_t bytes, unsigned flags) {
  return ::cudaHostAlloc((void**)(void*)ptr, bytes, flags);
}
template <class T>
inline cudaError_t cudaHostGetDevicePointer(T** device, void* host, unsigned flags) {
  return ::cudaHostGetDevicePointer((void**)(void*)device, host, flags);
}
template <class T>
inline cudaError_t cudaMallocManaged(T** ptr, size_t bytes, unsigned flags = cudaMemAttachGlobal) {
  return ::cudaMallocManaged((void**)(void*)ptr, bytes, flags);
}
template <class T>
inline cudaError_t cudaMallocPitch(T** ptr, size_t* pitch, size_t width, size_t height) {
  return ::cudaMallocPitch((void**)(void*)ptr, pitch, width, height);
}
template <class T>
inline cudaError_t cudaMallocAsync(T** ptr, size_t bytes, cudaStream_t stream) {
  return ::cudaMallocAsync((void**)(void*)ptr, bytes, stream);
}
template <class T>
inline cudaError_t cudaMallocAsync(T** ptr, size_t bytes, cudaMemPool_t pool, cudaStream_t stream) {
  return ::cudaMallocFromPoolAsync((void**)(void*)ptr, bytes, pool, stream);
}
template <class T>
inline cudaError_t cudaMallocFromPoolAsync(T** ptr, size_t bytes, cudaMemPool_t pool, cudaStream_t stream) {
  return ::cudaMallocFromPoolAsync((void**)(void*)ptr, bytes, pool, stream);
}

template <class T>
inline cudaError_t cudaMemcpyToSymbol(const T& symbol, const void* source, size_t count, size_t offset = 0,
                                      cudaMemcpyKind kind = cudaMemcpyHostToDevice) {
  return ::cudaMemcpyToSymbol((const void*)&symbol, source, count, offset, kind);
}
template <class T>
inline cudaError_t cudaMemcpyToSymbolAsync(const T& symbol, const void* source, size_t count,
                                           size_t offset = 0, cudaMemcpyKind kind = cudaMemcpyHostToDevice,
                                           cudaStream_t stream = 0) {
  return ::cudaMemcpyToSymbolAsync((const void*)&symbol, source, count, offset, kind, stream);
}
template <class T>
inline cudaError_t cudaMemcpyFromSymbol(void* target, const T& symbol, size_t count, size_t offset = 0,
                                        cudaMemcpyKind kind = cudaMemcpyDeviceToHost) {
  return ::cudaMemcpyFromSymbol(target, (const void*)&symbol, count, offset, kind);
}
template <class T>
inline cudaError_t cudaMemcpyFromSymbolAsync(void* target, const T& symbol, size_t count, size_t offset = 0,
                                             cudaMemcpyKind kind = cudaMemcpyDeviceToHost,
                                             cudaStream_t stream = 0) {
  return ::cudaMemcpyFromSymbolAsync(target, (const void*)&symbol, count, offset, kind, stream);
}
template <class T>
inline cudaError_t cudaGetSymbolAddress(void** ptr, const T& symbol) {
  return ::cudaGetSymbolAddress(ptr, (const void*)&symbol);
}
template <class T>
inline cudaError_t cudaGetSymbolSize(size_t* size, const T& symbol) {
  return ::cudaGetSymbolSize(size, (const void*)&symbol);
}

template <class T>
inline cudaError_t cudaFuncSetCacheConfig(T* function, cudaFuncCache config) {
  return ::cudaFuncSetCacheConfig((const void*)function, config);
}
template <class T>
inline cudaError_t cudaFuncGetName(const char** name, T* function) {
  return ::cudaFuncGetName(name, (const void*)function);
}
template <class T>
inline cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, T* function) {
  return ::cudaFuncGetAttributes(attributes, (const void*)function);
}
template <class T>
inline cudaError_t cudaFuncSetAttribute(T* function, cudaFuncAttribute attribute, int value) {
  return ::cudaFuncSetAttribute((const void*)function, attribute, value);
}

template <class T>
inline cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, T function, int block_size,
                                                                 size_t shared_bytes) {
  return ::cudaOccupancyMaxActiveBlocksPerMultiprocessor(blocks, (const void*)function, block_size,
                                                         shared_bytes);
}
template <class T>
inline cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, T function,
                                                                          int block_size, size_t shared_bytes,
                                                                          unsigned flags) {
  return ::cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(blocks, (const void*)function, block_size,
                                                                  shared_bytes, flags);
}

template <class T>
inline cudaError_t cudaOccupancyAvailableDynamicSMemPerBlock(size_t* bytes, T* function, int blocks,
                                                             int block_size) {
  return ::cudaOccupancyAvailableDynamicSMemPerBlock(bytes, (const void*)function, blocks, block_size);
}
template <class T>
inline cudaError_t cudaOccupancyMaxPotentialClusterSize(int* blocks, T* function,
                                                        const cudaLaunchConfig_t* config) {
  return ::cudaOccupancyMaxPotentialClusterSize(blocks, (const void*)function, config);
}
template <class T>
inline cudaError_t cudaOccupancyMaxActiveClusters(int* clusters, T* function,
                                                  const cudaLaunchConfig_t* config) {
  return ::cudaOccupancyMaxActiveClusters(clusters, (const void*)function, config);
}

/// The block size with the highest occupancy and the grid that fills the device with it. Tries every multiple
/// of the warp size up to the kernel's limit; `shared_bytes_of` maps a block size to its dynamic shared
/// memory.
template <class F, class T>
inline cudaError_t cudaOccupancyMaxPotentialBlockSizeVariableSMem(int* grid, int* block, T function,
                                                                  F shared_bytes_of, int block_limit = 0) {
  if (!grid || !block) return cudaErrorInvalidValue;
  int device = 0, multiprocessors = 0, warp = 32;
  cudaError_t error = ::cudaGetDevice(&device);
  if (!error) error = ::cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device);
  if (!error) error = ::cudaDeviceGetAttribute(&warp, cudaDevAttrWarpSize, device);
  cudaFuncAttributes attributes;
  if (!error) error = ::cudaFuncGetAttributes(&attributes, (const void*)function);
  if (error) return error;
  int limit = attributes.maxThreadsPerBlock;
  if (block_limit > 0 && block_limit < limit) limit = block_limit;
  int best_threads = 0;
  for (int size = (limit + warp - 1) / warp * warp; size > 0; size -= warp) {
    int tried = size < limit ? size : limit, blocks = 0;
    error = ::cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, (const void*)function, tried,
                                                            (size_t)shared_bytes_of(tried));
    if (error) return error;
    if (blocks * tried > best_threads) {
      best_threads = blocks * tried;
      *block = tried;
      *grid = blocks * multiprocessors;
    }
  }
  return best_threads ? cudaSuccess : cudaErrorInvalidConfiguration;
}
template <class T>
inline cudaError_t cudaOccupancyMaxPotentialBlockSize(int* grid, int* block, T function,
                                                      size_t shared_bytes = 0, int block_limit = 0) {
  return ::cudaOccupancyMaxPotentialBlockSizeVariableSMem(
      grid, block, function, [shared_bytes](int) { return shared_bytes; }, block_limit);
}

template <class T, class F>
inline cudaError_t cudaOccupancyMaxPotentialBlockSizeVariableSMemWithFlags(int* grid, int* block, T function,
                                                                           F shared_bytes_of,
                                                                           int block_limit = 0,
                                                                           unsigned flags = 0) {
  if (flags & ~(unsigned)cudaOccupancyDisableCachingOverride) return cudaErrorInvalidValue;
  return ::cudaOccupancyMaxPotentialBlockSizeVariableSMem(grid, block, function, shared_bytes_of,
                                                          block_limit);
}
template <class T>
inline cudaError_t cudaOccupancyMaxPotentialBlockSizeWithFlags(int* grid, int* block, T function,
                                                               size_t shared_bytes = 0, int block_limit = 0,
                                                               unsigned flags = 0) {
  return ::cudaOccupancyMaxPotentialBlockSizeVariableSMemWithFlags(
      grid, block, function, [shared_bytes](int) { return shared_bytes; }, block_limit, flags);
}

template <class T>
inline cudaError_t cudaLaunchKernel(T* function, dim3 grid, dim3 block, void** args, size_t shared_bytes = 0,
                                    cudaStream_t stream = 0) {
  return ::cudaLaunchKernel((const void*)function, grid, block, args, shared_bytes, stream);
}
template <class T>
inline cudaError_t cudaLaunchCooperativeKernel(T* function, dim3 grid, dim3 block, void** args,
                                               size_t shared_bytes = 0, cudaStream_t stream = 0) {
  return ::cudaLaunchCooperativeKernel((const void*)function, grid, block, args, shared_bytes, stream);
}
/// Launches with the arguments themselves: each is converted to the kernel's parameter type first.
template <class... Params, class... Args>
inline cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Params...),
                                      Args&&... args) {
  return [&](Params... values) {
    void* pointers[sizeof...(Params) + 1] = {(void*)&values..., nullptr};
    return ::cudaLaunchKernelExC(config, (const void*)kernel, pointers);
  }(static_cast<Args&&>(args)...);
}

template <class T>
inline cudaError_t cudaGetKernel(cudaKernel_t* kernel, T* function) {
  return ::cudaGetKernel(kernel, (const void*)function);
}
template <class T>
inline cudaError_t cudaLibraryGetGlobal(T** address, size_t* bytes, cudaLibrary_t library, const char* name) {
  return ::cudaLibraryGetGlobal((void**)(void*)address, bytes, library, name);
}
template <class T>
inline cudaError_t cudaLibraryGetManaged(T** address, size_t* bytes, cudaLibrary_t library,
                                         const char* name) {
  return ::cudaLibraryGetManaged((void**)(void*)address, bytes, library, name);
}
template <class T>
inline cudaError_t cudaLibraryGetUnifiedFunction(T** address, cudaLibrary_t library, const char* name) {
  return ::cudaLibraryGetUnifiedFunction((void**)(void*)address, library, name);
}
template <class T>
inline cudaError_t cudaStreamAttachMemAsync(cudaStream_t stream, T* address, size_t bytes = 0,
                                            unsigned flags = cudaMemAttachSingle) {
  return ::cudaStreamAttachMemAsync(stream, (void*)address, bytes, flags);
}

template <class T>
inline cudaError_t cudaGraphAddMemcpyNodeToSymbol(cudaGraphNode_t* node, cudaGraph_t graph,
                                                  const cudaGraphNode_t* dependencies, size_t count,
                                                  const T& symbol, const void* source, size_t bytes,
                                                  size_t offset, cudaMemcpyKind kind) {
  return ::cudaGraphAddMemcpyNodeToSymbol(node, graph, dependencies, count, (const void*)&symbol, source,
                                          bytes, offset, kind);
}
template <class T>
inline cudaError_t cudaGraphAddMemcpyNodeFromSymbol(cudaGraphNode_t* node, cudaGraph_t graph,
                                                    const cudaGraphNode_t* dependencies, size_t count,
                                                    void* target, const T& symbol, size_t bytes,
                                                    size_t offset, cudaMemcpyKind kind) {
  return ::cudaGraphAddMemcpyNodeFromSymbol(node, graph, dependencies, count, target, (const void*)&symbol,
                                            bytes, offset, kind);
}
template <class T>
inline cudaError_t cudaGraphMemcpyNodeSetParamsToSymbol(cudaGraphNode_t node, const T& symbol,
                                                        const void* source, size_t bytes, size_t offset,
                                                        cudaMemcpyKind kind) {
  return ::cudaGraphMemcpyNodeSetParamsToSymbol(node, (const void*)&symbol, source, bytes, offset, kind);
}
template <class T>
inline cudaError_t cudaGraphMemcpyNodeSetParamsFromSymbol(cudaGraphNode_t node, void* target, const T& symbol,
                                                          size_t bytes, size_t offset, cudaMemcpyKind kind) {
  return ::cudaGraphMemcpyNodeSetParamsFromSymbol(node, target, (const void*)&symbol, bytes, offset, kind);
}
template <class T>
inline cudaError_t cudaGraphExecMemcpyNodeSetParamsToSymbol(cudaGraphExec_t exec, cudaGraphNode_t node,
                                                            const T& symbol, const void* source, size_t bytes,
                                                            size_t offset, cudaMemcpyKind kind) {
  return ::cudaGraphExecMemcpyNodeSetParamsToSymbol(exec, node, (const void*)&symbol, source, bytes, offset,
                                                    kind);
}
template <class T>
inline cudaError_t cudaGraphExecMemcpyNodeSetParamsFromSymbol(cudaGraphExec_t exec, cudaGraphNode_t node,
                                                              void* target, const T& symbol, size_t bytes,
                                                              size_t offset, cudaMemcpyKind kind) {
  return ::cudaGraphExecMemcpyNodeSetParamsFromSymbol(exec, node, target, (const void*)&symbol, bytes, offset,
                                                      kind);
}
/// An object of C++ that is deleted with its last reference.
template <class T>
inline cudaError_t cudaUserObjectCreate(cudaUserObject_t* object, T* wrapped, unsigned initial_refs,
                                        unsigned flags) {
  return ::cudaUserObjectCreate(object, wrapped, [](void* p) { delete (T*)p; }, initial_refs, flags);
}

// CUDA 11's form; the log was never written by CUDA 12.
inline cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, cudaGraphNode_t*, char*,
                                        size_t) {
  return ::cudaGraphInstantiate(exec, graph, 0);
}

inline cudaError_t cudaEventCreate(cudaEvent_t* event, unsigned flags) {
  return ::cudaEventCreateWithFlags(event, flags);
}

#ifdef __CUDA__
/// In a kernel: the value of a conditional node's handle (CUDA Runtime API, "Graph Management").
extern "C" __device__ void cudaGraphSetConditional(cudaGraphConditionalHandle handle, unsigned value);
#endif

// Managed memory by location and graphs' edges with data, as CUDA 13 has them under the plain names.
#if CUDART_VERSION < 13000
inline cudaError_t cudaGraphAddDependencies(cudaGraph_t graph, const cudaGraphNode_t* from,
                                            const cudaGraphNode_t* to, const cudaGraphEdgeData* edges,
                                            size_t count) {
  return ::cudaGraphAddDependencies_v2(graph, from, to, edges, count);
}
inline cudaError_t cudaGraphRemoveDependencies(cudaGraph_t graph, const cudaGraphNode_t* from,
                                               const cudaGraphNode_t* to, const cudaGraphEdgeData* edges,
                                               size_t count) {
  return ::cudaGraphRemoveDependencies_v2(graph, from, to, edges, count);
}
inline cudaError_t cudaGraphGetEdges(cudaGraph_t graph, cudaGraphNode_t* from, cudaGraphNode_t* to,
                                     cudaGraphEdgeData* edges, size_t* count) {
  return ::cudaGraphGetEdges_v2(graph, from, to, edges, count);
}
inline cudaError_t cudaGraphNodeGetDependencies(cudaGraphNode_t node, cudaGraphNode_t* dependencies,
                                                cudaGraphEdgeData* edges, size_t* count) {
  return ::cudaGraphNodeGetDependencies_v2(node, dependencies, edges, count);
}
inline cudaError_t cudaGraphNodeGetDependentNodes(cudaGraphNode_t node, cudaGraphNode_t* dependents,
                                                  cudaGraphEdgeData* edges, size_t* count) {
  return ::cudaGraphNodeGetDependentNodes_v2(node, dependents, edges, count);
}
inline cudaError_t cudaGraphAddNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                    const cudaGraphNode_t* dependencies, const cudaGraphEdgeData* edges,
                                    size_t count, cudaGraphNodeParams* params) {
  return ::cudaGraphAddNode_v2(node, graph, dependencies, edges, count, params);
}
inline cudaError_t cudaStreamGetCaptureInfo(cudaStream_t stream, cudaStreamCaptureStatus* status,
                                            unsigned long long* id, cudaGraph_t* graph,
                                            const cudaGraphNode_t** dependencies,
                                            const cudaGraphEdgeData** edges, size_t* count) {
  return ::cudaStreamGetCaptureInfo_v3(stream, status, id, graph, dependencies, edges, count);
}
inline cudaError_t cudaStreamUpdateCaptureDependencies(cudaStream_t stream, cudaGraphNode_t* dependencies,
                                                       const cudaGraphEdgeData* edges, size_t count,
                                                       unsigned flags = 0) {
  return ::cudaStreamUpdateCaptureDependencies_v2(stream, dependencies, edges, count, flags);
}
inline cudaError_t cudaMemPrefetchAsync(const void* address, size_t bytes, cudaMemLocation location,
                                        unsigned flags, cudaStream_t stream = 0) {
  return ::cudaMemPrefetchAsync_v2(address, bytes, location, flags, stream);
}
inline cudaError_t cudaMemAdvise(const void* address, size_t bytes, cudaMemoryAdvise advice,
                                 cudaMemLocation location) {
  return ::cudaMemAdvise_v2(address, bytes, advice, location);
}
#endif
