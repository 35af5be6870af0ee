// Many copies, prefetches or discards in one call, and what atomics devices and host have in common.
#include "runtime/entry.h"

namespace ppu::runtime {
namespace {

CUdeviceptr* addresses(void** list) {
  return reinterpret_cast<CUdeviceptr*>(list);
}

}  // namespace

cudaError_t cudaMemPrefetchBatchAsync(void** address, size_t* bytes, size_t count,
                                      struct cudaMemLocation* locations, size_t* location_starts,
                                      size_t location_count, unsigned long long flags, cudaStream_t stream) {
  return call([&](const Driver& d) {
    return d.cuMemPrefetchBatchAsync(addresses(address), bytes, count,
                                     reinterpret_cast<CUmemLocation*>(locations), location_starts,
                                     location_count, flags, stream);
  });
}

cudaError_t cudaMemDiscardAndPrefetchBatchAsync(void** address, size_t* bytes, size_t count,
                                                struct cudaMemLocation* locations, size_t* location_starts,
                                                size_t location_count, unsigned long long flags,
                                                cudaStream_t stream) {
  return call([&](const Driver& d) {
    return d.cuMemDiscardAndPrefetchBatchAsync(addresses(address), bytes, count,
                                               reinterpret_cast<CUmemLocation*>(locations), location_starts,
                                               location_count, flags, stream);
  });
}

cudaError_t cudaMemDiscardBatchAsync(void** address, size_t* bytes, size_t count, unsigned long long flags,
                                     cudaStream_t stream) {
  return call([&](const Driver& d) {
    return d.cuMemDiscardBatchAsync(addresses(address), bytes, count, flags, stream);
  });
}

#if PPU_CUDART_LEVEL == 13
// The driver reads the lists only.
cudaError_t cudaMemcpyBatchAsync(void* const* dst, const void* const* src, const size_t* bytes, size_t count,
                                 struct cudaMemcpyAttributes* attributes, size_t* attribute_starts,
                                 size_t attribute_count, cudaStream_t stream) {
  return call([&](const Driver& d) {
    return d.cuMemcpyBatchAsync_v2(
        addresses(const_cast<void**>(dst)), addresses(const_cast<void**>(src)), const_cast<size_t*>(bytes),
        count, reinterpret_cast<CUmemcpyAttributes*>(attributes), attribute_starts, attribute_count, stream);
  });
}

cudaError_t cudaMemcpy3DBatchAsync(size_t count, struct cudaMemcpy3DBatchOp* operations,
                                   unsigned long long flags, cudaStream_t stream) {
  static_assert(sizeof *operations == sizeof(CUDA_MEMCPY3D_BATCH_OP));
  return call([&](const Driver& d) {
    return d.cuMemcpy3DBatchAsync_v2(count, reinterpret_cast<CUDA_MEMCPY3D_BATCH_OP*>(operations), flags,
                                     stream);
  });
}
#endif

cudaError_t cudaDeviceGetHostAtomicCapabilities(unsigned int* capabilities,
                                                const enum cudaAtomicOperation* operations,
                                                unsigned int count, int device) {
  return bare_call([&](const Driver& d) {
    return d.cuDeviceGetHostAtomicCapabilities(
        capabilities, reinterpret_cast<const CUatomicOperation*>(operations), count, device);
  });
}

cudaError_t cudaDeviceGetP2PAtomicCapabilities(unsigned int* capabilities,
                                               const enum cudaAtomicOperation* operations, unsigned int count,
                                               int src_device, int dst_device) {
  return bare_call([&](const Driver& d) {
    return d.cuDeviceGetP2PAtomicCapabilities(
        capabilities, reinterpret_cast<const CUatomicOperation*>(operations), count, src_device, dst_device);
  });
}

}  // namespace ppu::runtime
