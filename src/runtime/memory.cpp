// Allocation, host memory, managed memory, questions about addresses, fills. Addresses are the same numbers
// on host and device (CUDA C++ Programming Guide, "Unified Virtual Address Space").
#include "runtime/entry.h"

namespace ppu::runtime {
namespace {

CUdeviceptr device_address(const void* address) {
  return reinterpret_cast<CUdeviceptr>(address);
}

CUdeviceptr* device_address_of(void** address) {
  return reinterpret_cast<CUdeviceptr*>(address);
}

/// Alignment the driver pads rows for: any element up to this size stays aligned.
constexpr unsigned kPitchElementBytes = 16;

}  // namespace

cudaError_t cudaMalloc(void** address, size_t bytes) {
  if (!address) return cudaErrorInvalidValue;
  return call([&](const Driver& d) {
    *address = nullptr;
    return bytes ? d.cuMemAlloc_v2(device_address_of(address), bytes) : CUDA_SUCCESS;
  });
}

cudaError_t cudaFree(void* address) {
  return call(
      [&](const Driver& d) { return address ? d.cuMemFree_v2(device_address(address)) : CUDA_SUCCESS; });
}

cudaError_t cudaMallocPitch(void** address, size_t* pitch, size_t width, size_t height) {
  if (!address || !pitch) return cudaErrorInvalidValue;
  return call([&](const Driver& d) {
    *address = nullptr;
    *pitch = 0;
    if (!width || !height) return CUDA_SUCCESS;
    return d.cuMemAllocPitch_v2(device_address_of(address), pitch, width, height, kPitchElementBytes);
  });
}

cudaError_t cudaMalloc3D(struct cudaPitchedPtr* pitched, struct cudaExtent extent) {
  if (!pitched) return cudaErrorInvalidValue;
  *pitched = {nullptr, 0, extent.width, extent.height};
  return ppu::runtime::cudaMallocPitch(&pitched->ptr, &pitched->pitch, extent.width,
                                       extent.height * extent.depth);
}

cudaError_t cudaHostAlloc(void** host, size_t bytes, unsigned int flags) {
  if (!host) return cudaErrorInvalidValue;
  return call([&](const Driver& d) {
    *host = nullptr;
    return bytes ? d.cuMemHostAlloc(host, bytes, flags) : CUDA_SUCCESS;
  });
}

cudaError_t cudaMallocHost(void** host, size_t bytes) {
  return ppu::runtime::cudaHostAlloc(host, bytes, cudaHostAllocPortable);
}

cudaError_t cudaFreeHost(void* host) {
  return call([&](const Driver& d) { return host ? d.cuMemFreeHost(host) : CUDA_SUCCESS; });
}

cudaError_t cudaMallocManaged(void** address, size_t bytes, unsigned int flags) {
  if (!address || !bytes) return cudaErrorInvalidValue;
  return call([&](const Driver& d) { return d.cuMemAllocManaged(device_address_of(address), bytes, flags); });
}

cudaError_t cudaHostRegister(void* host, size_t bytes, unsigned int flags) {
  return call([&](const Driver& d) { return d.cuMemHostRegister_v2(host, bytes, flags); });
}

cudaError_t cudaHostUnregister(void* host) {
  return call([&](const Driver& d) { return d.cuMemHostUnregister(host); });
}

cudaError_t cudaHostGetDevicePointer(void** address, void* host, unsigned int flags) {
  return call([&](const Driver& d) {
    return d.cuMemHostGetDevicePointer_v2(device_address_of(address), host, flags);
  });
}

cudaError_t cudaHostGetFlags(unsigned int* flags, void* host) {
  return call([&](const Driver& d) { return d.cuMemHostGetFlags(flags, host); });
}

cudaError_t cudaMemGetInfo(size_t* free_bytes, size_t* total_bytes) {
  return call([&](const Driver& d) { return d.cuMemGetInfo_v2(free_bytes, total_bytes); });
}

// An address the driver doesn't know is plain host memory: since CUDA 11 that is an answer, not an error.
cudaError_t cudaPointerGetAttributes(struct cudaPointerAttributes* attributes, const void* address) {
  if (!attributes) return cudaErrorInvalidValue;
  return call([&](const Driver& d) {
    unsigned memory_type = 0;
    unsigned managed = 0;
    int device = 0;
    CUdeviceptr device_pointer = 0;
    void* host_pointer = nullptr;
    CUpointer_attribute which[] = {CU_POINTER_ATTRIBUTE_MEMORY_TYPE, CU_POINTER_ATTRIBUTE_IS_MANAGED,
                                   CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL, CU_POINTER_ATTRIBUTE_DEVICE_POINTER,
                                   CU_POINTER_ATTRIBUTE_HOST_POINTER};
    void* values[] = {&memory_type, &managed, &device, &device_pointer, &host_pointer};
    const CUresult r = d.cuPointerGetAttributes(5, which, values, device_address(address));
    if (r != CUDA_SUCCESS && r != CUDA_ERROR_INVALID_VALUE) return r;
    *attributes = {};
    if (r != CUDA_SUCCESS || memory_type == 0) {
      attributes->type = cudaMemoryTypeUnregistered;
      attributes->device = cudaInvalidDeviceId;
      attributes->hostPointer = const_cast<void*>(address);
      return CUDA_SUCCESS;
    }
    attributes->type = managed                             ? cudaMemoryTypeManaged
                       : memory_type == CU_MEMORYTYPE_HOST ? cudaMemoryTypeHost
                                                           : cudaMemoryTypeDevice;
    attributes->device = device;
    attributes->devicePointer = reinterpret_cast<void*>(device_pointer);
    attributes->hostPointer = host_pointer;
    return CUDA_SUCCESS;
  });
}

cudaError_t cudaMemsetAsync(void* dst, int value, size_t bytes, cudaStream_t stream) {
  return call([&](const Driver& d) {
    if (!bytes) return CUDA_SUCCESS;
    return d.cuMemsetD8Async(device_address(dst), static_cast<unsigned char>(value), bytes,
                             resolve_stream(stream));
  });
}

cudaError_t cudaMemset(void* dst, int value, size_t bytes) {
  if (thread_state().per_thread_default) return ppu::runtime::cudaMemsetAsync(dst, value, bytes, nullptr);
  return call([&](const Driver& d) {
    if (!bytes) return CUDA_SUCCESS;
    return d.cuMemsetD8_v2(device_address(dst), static_cast<unsigned char>(value), bytes);
  });
}

cudaError_t cudaMemset2DAsync(void* dst, size_t pitch, int value, size_t width, size_t height,
                              cudaStream_t stream) {
  return call([&](const Driver& d) {
    if (!width || !height) return CUDA_SUCCESS;
    return d.cuMemsetD2D8Async(device_address(dst), pitch, static_cast<unsigned char>(value), width, height,
                               resolve_stream(stream));
  });
}

cudaError_t cudaMemset2D(void* dst, size_t pitch, int value, size_t width, size_t height) {
  if (thread_state().per_thread_default)
    return ppu::runtime::cudaMemset2DAsync(dst, pitch, value, width, height, nullptr);
  return call([&](const Driver& d) {
    if (!width || !height) return CUDA_SUCCESS;
    return d.cuMemsetD2D8_v2(device_address(dst), pitch, static_cast<unsigned char>(value), width, height);
  });
}

cudaError_t cudaMemset3DAsync(struct cudaPitchedPtr pitched, int value, struct cudaExtent extent,
                              cudaStream_t stream) {
  // Slices follow each other every ysize rows; when none is skipped they are one tall rectangle.
  if (extent.height == pitched.ysize || extent.depth <= 1)
    return ppu::runtime::cudaMemset2DAsync(pitched.ptr, pitched.pitch, value, extent.width,
                                           extent.height * extent.depth, stream);
  for (size_t z = 0; z < extent.depth; ++z) {
    char* slice = static_cast<char*>(pitched.ptr) + z * pitched.ysize * pitched.pitch;
    const cudaError_t e =
        ppu::runtime::cudaMemset2DAsync(slice, pitched.pitch, value, extent.width, extent.height, stream);
    if (e != cudaSuccess) return e;
  }
  return cudaSuccess;
}

cudaError_t cudaMemset3D(struct cudaPitchedPtr pitched, int value, struct cudaExtent extent) {
  const cudaError_t e = ppu::runtime::cudaMemset3DAsync(pitched, value, extent, nullptr);
  return e == cudaSuccess ? ppu::runtime::cudaStreamSynchronize(nullptr) : e;
}

namespace {

CUmemLocation location_of(struct cudaMemLocation location) {
  return {static_cast<CUmemLocationType>(location.type), location.id};
}

#if PPU_CUDART_LEVEL == 12
CUmemLocation location_of_device(int device) {
  if (device == cudaCpuDeviceId) return {CU_MEM_LOCATION_TYPE_HOST, 0};
  return {CU_MEM_LOCATION_TYPE_DEVICE, device};
}
#endif

cudaError_t prefetch(const void* address, size_t bytes, CUmemLocation location, unsigned flags,
                     cudaStream_t stream) {
  return call([&](const Driver& d) {
    return d.cuMemPrefetchAsync_v2(device_address(address), bytes, location, flags, resolve_stream(stream));
  });
}

cudaError_t advise(const void* address, size_t bytes, enum cudaMemoryAdvise advice, CUmemLocation location) {
  return call([&](const Driver& d) {
    return d.cuMemAdvise_v2(device_address(address), bytes, static_cast<CUmem_advise>(advice), location);
  });
}

}  // namespace

#if PPU_CUDART_LEVEL == 13
cudaError_t cudaMemPrefetchAsync(const void* address, size_t bytes, struct cudaMemLocation location,
                                 unsigned int flags, cudaStream_t stream) {
  return prefetch(address, bytes, location_of(location), flags, stream);
}
cudaError_t cudaMemAdvise(const void* address, size_t bytes, enum cudaMemoryAdvise advice,
                          struct cudaMemLocation location) {
  return advise(address, bytes, advice, location_of(location));
}
#else
cudaError_t cudaMemPrefetchAsync(const void* address, size_t bytes, int device, cudaStream_t stream) {
  return prefetch(address, bytes, location_of_device(device), 0, stream);
}
cudaError_t cudaMemPrefetchAsync_v2(const void* address, size_t bytes, struct cudaMemLocation location,
                                    unsigned int flags, cudaStream_t stream) {
  return prefetch(address, bytes, location_of(location), flags, stream);
}
cudaError_t cudaMemAdvise(const void* address, size_t bytes, enum cudaMemoryAdvise advice, int device) {
  return advise(address, bytes, advice, location_of_device(device));
}
cudaError_t cudaMemAdvise_v2(const void* address, size_t bytes, enum cudaMemoryAdvise advice,
                             struct cudaMemLocation location) {
  return advise(address, bytes, advice, location_of(location));
}
#endif

cudaError_t cudaMemRangeGetAttribute(void* value, size_t value_bytes, enum cudaMemRangeAttribute attribute,
                                     const void* address, size_t bytes) {
  return call([&](const Driver& d) {
    return d.cuMemRangeGetAttribute(value, value_bytes, static_cast<CUmem_range_attribute>(attribute),
                                    device_address(address), bytes);
  });
}

cudaError_t cudaMemRangeGetAttributes(void** values, size_t* value_bytes,
                                      enum cudaMemRangeAttribute* attributes, size_t count,
                                      const void* address, size_t bytes) {
  return call([&](const Driver& d) {
    return d.cuMemRangeGetAttributes(values, value_bytes,
                                     reinterpret_cast<CUmem_range_attribute*>(attributes), count,
                                     device_address(address), bytes);
  });
}

}  // namespace ppu::runtime
