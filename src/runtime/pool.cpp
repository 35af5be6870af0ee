// Stream-ordered allocation and its pools. Enumerations and structures are the driver's under other names.
#include "runtime/entry.h"

namespace ppu::runtime {

static_assert(sizeof(cudaMemPoolProps) == sizeof(CUmemPoolProps));
static_assert(sizeof(cudaMemAccessDesc) == sizeof(CUmemAccessDesc));

cudaError_t cudaMallocAsync(void** address, size_t bytes, cudaStream_t stream) {
  if (!address) return cudaErrorInvalidValue;
  return call([&](const Driver& d) {
    *address = nullptr;
    if (!bytes) return CUDA_SUCCESS;
    return d.cuMemAllocAsync(reinterpret_cast<CUdeviceptr*>(address), bytes, resolve_stream(stream));
  });
}

cudaError_t cudaMallocFromPoolAsync(void** address, size_t bytes, cudaMemPool_t pool, cudaStream_t stream) {
  if (!address) return cudaErrorInvalidValue;
  return call([&](const Driver& d) {
    *address = nullptr;
    if (!bytes) return CUDA_SUCCESS;
    return d.cuMemAllocFromPoolAsync(reinterpret_cast<CUdeviceptr*>(address), bytes, pool,
                                     resolve_stream(stream));
  });
}

cudaError_t cudaFreeAsync(void* address, cudaStream_t stream) {
  return call([&](const Driver& d) {
    if (!address) return CUDA_SUCCESS;
    return d.cuMemFreeAsync(reinterpret_cast<CUdeviceptr>(address), resolve_stream(stream));
  });
}

cudaError_t cudaMemPoolCreate(cudaMemPool_t* pool, const struct cudaMemPoolProps* properties) {
  return call([&](const Driver& d) {
    return d.cuMemPoolCreate(pool, reinterpret_cast<const CUmemPoolProps*>(properties));
  });
}

cudaError_t cudaMemPoolDestroy(cudaMemPool_t pool) {
  return call([&](const Driver& d) { return d.cuMemPoolDestroy(pool); });
}

cudaError_t cudaMemPoolTrimTo(cudaMemPool_t pool, size_t keep_bytes) {
  return call([&](const Driver& d) { return d.cuMemPoolTrimTo(pool, keep_bytes); });
}

cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t pool, enum cudaMemPoolAttr attribute, void* value) {
  return call([&](const Driver& d) {
    return d.cuMemPoolSetAttribute(pool, static_cast<CUmemPool_attribute>(attribute), value);
  });
}

cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t pool, enum cudaMemPoolAttr attribute, void* value) {
  return call([&](const Driver& d) {
    return d.cuMemPoolGetAttribute(pool, static_cast<CUmemPool_attribute>(attribute), value);
  });
}

cudaError_t cudaMemPoolSetAccess(cudaMemPool_t pool, const struct cudaMemAccessDesc* access, size_t count) {
  return call([&](const Driver& d) {
    return d.cuMemPoolSetAccess(pool, reinterpret_cast<const CUmemAccessDesc*>(access), count);
  });
}

cudaError_t cudaMemPoolGetAccess(enum cudaMemAccessFlags* access, cudaMemPool_t pool,
                                 struct cudaMemLocation* location) {
  return call([&](const Driver& d) {
    return d.cuMemPoolGetAccess(reinterpret_cast<CUmemAccess_flags*>(access), pool,
                                reinterpret_cast<CUmemLocation*>(location));
  });
}

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int device) {
  return bare_call([&](const Driver& d) { return d.cuDeviceGetDefaultMemPool(pool, device); });
}

cudaError_t cudaDeviceGetMemPool(cudaMemPool_t* pool, int device) {
  return bare_call([&](const Driver& d) { return d.cuDeviceGetMemPool(pool, device); });
}

cudaError_t cudaDeviceSetMemPool(int device, cudaMemPool_t pool) {
  return bare_call([&](const Driver& d) { return d.cuDeviceSetMemPool(device, pool); });
}

cudaError_t cudaDeviceGetGraphMemAttribute(int device, enum cudaGraphMemAttributeType attribute,
                                           void* value) {
  return bare_call([&](const Driver& d) {
    return d.cuDeviceGetGraphMemAttribute(device, static_cast<CUgraphMem_attribute>(attribute), value);
  });
}

cudaError_t cudaDeviceSetGraphMemAttribute(int device, enum cudaGraphMemAttributeType attribute,
                                           void* value) {
  return bare_call([&](const Driver& d) {
    return d.cuDeviceSetGraphMemAttribute(device, static_cast<CUgraphMem_attribute>(attribute), value);
  });
}

cudaError_t cudaDeviceGraphMemTrim(int device) {
  return bare_call([&](const Driver& d) { return d.cuDeviceGraphMemTrim(device); });
}

cudaError_t cudaMemPoolExportToShareableHandle(void* shareable, cudaMemPool_t pool,
                                               enum cudaMemAllocationHandleType kind, unsigned int flags) {
  return call([&](const Driver& d) {
    return d.cuMemPoolExportToShareableHandle(shareable, pool, static_cast<CUmemAllocationHandleType>(kind),
                                              flags);
  });
}

cudaError_t cudaMemPoolImportFromShareableHandle(cudaMemPool_t* pool, void* shareable,
                                                 enum cudaMemAllocationHandleType kind, unsigned int flags) {
  return call([&](const Driver& d) {
    return d.cuMemPoolImportFromShareableHandle(pool, shareable, static_cast<CUmemAllocationHandleType>(kind),
                                                flags);
  });
}

cudaError_t cudaMemPoolExportPointer(struct cudaMemPoolPtrExportData* data, void* address) {
  return call([&](const Driver& d) {
    return d.cuMemPoolExportPointer(reinterpret_cast<CUmemPoolPtrExportData*>(data),
                                    reinterpret_cast<CUdeviceptr>(address));
  });
}

cudaError_t cudaMemPoolImportPointer(void** address, cudaMemPool_t pool,
                                     struct cudaMemPoolPtrExportData* data) {
  return call([&](const Driver& d) {
    return d.cuMemPoolImportPointer(reinterpret_cast<CUdeviceptr*>(address), pool,
                                    reinterpret_cast<CUmemPoolPtrExportData*>(data));
  });
}

cudaError_t cudaMemGetDefaultMemPool(cudaMemPool_t* pool, struct cudaMemLocation* location,
                                     enum cudaMemAllocationType kind) {
  return bare_call([&](const Driver& d) {
    return d.cuMemGetDefaultMemPool(pool, reinterpret_cast<CUmemLocation*>(location),
                                    static_cast<CUmemAllocationType>(kind));
  });
}

cudaError_t cudaMemGetMemPool(cudaMemPool_t* pool, struct cudaMemLocation* location,
                              enum cudaMemAllocationType kind) {
  return bare_call([&](const Driver& d) {
    return d.cuMemGetMemPool(pool, reinterpret_cast<CUmemLocation*>(location),
                             static_cast<CUmemAllocationType>(kind));
  });
}

cudaError_t cudaMemSetMemPool(struct cudaMemLocation* location, enum cudaMemAllocationType kind,
                              cudaMemPool_t pool) {
  return bare_call([&](const Driver& d) {
    return d.cuMemSetMemPool(reinterpret_cast<CUmemLocation*>(location),
                             static_cast<CUmemAllocationType>(kind), pool);
  });
}

}  // namespace ppu::runtime
