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
                                     location_count, flags, resolve_stream(stream));
  });
}

cudaError_t cudaMemDiscardAndPrefetchBatchAsync(void** address, size_t* bytes, size_t count,
                                                struct cudaMemLocation* locations, size_t* location_starts,
                                                size_t location_count, unsigned long long flags,
                                                cudaStream_t stream) {
  return call([&](const Driver& d) {
    return d.cuMemDiscardAndPrefetchBatchAsync(addresses(address), bytes, count,
                                               reinterpret_cast<CUmemLocation*>(locations), location_starts,
                                               location_count, flags, resolve_stream(stream));
  });
}

cudaError_t cudaMemDiscardBatchAsync(void** address, size_t* bytes, size_t count, unsigned long long flags,
                                     cudaStream_t stream) {
  return call([&](const Driver& d) {
    return d.cuMemDiscardBatchAsync(addresses(address), bytes, count, flags, resolve_stream(stream));
  });
}

static_assert(sizeof(cudaMemcpyAttributes) == sizeof(CUmemcpyAttributes));
static_assert(sizeof(cudaMemcpy3DBatchOp) == sizeof(CUDA_MEMCPY3D_BATCH_OP));

#if PPU_CUDART_LEVEL == 13
// The driver reads the lists only.
cudaError_t cudaMemcpyBatchAsync(void* const* dst, const void* const* src, const size_t* bytes, size_t count,
                                 struct cudaMemcpyAttributes* attributes, size_t* attribute_starts,
                                 size_t attribute_count, cudaStream_t stream) {
  return call([&](const Driver& d) {
    return d.cuMemcpyBatchAsync_v2(addresses(const_cast<void**>(dst)), addresses(const_cast<void**>(src)),
                                   const_cast<size_t*>(bytes), count,
                                   reinterpret_cast<CUmemcpyAttributes*>(attributes), attribute_starts,
                                   attribute_count, resolve_stream(stream));
  });
}

cudaError_t cudaMemcpy3DBatchAsync(size_t count, struct cudaMemcpy3DBatchOp* operations,
                                   unsigned long long flags, cudaStream_t stream) {
  return call([&](const Driver& d) {
    return d.cuMemcpy3DBatchAsync_v2(count, reinterpret_cast<CUDA_MEMCPY3D_BATCH_OP*>(operations), flags,
                                     resolve_stream(stream));
  });
}

// One copy with what a batch says about its copies. Unlike a batch it may go to the default stream, whose
// handle the driver's batches don't take: there a copy of any kind keeps the stream's order, and reads
// pageable memory at once.
cudaError_t cudaMemcpyWithAttributesAsync(void* dst, const void* src, size_t bytes,
                                          struct cudaMemcpyAttributes* attributes, cudaStream_t stream) {
  if (!attributes) return cudaErrorInvalidValue;
  if (!resolve_stream(stream) || stream == cudaStreamLegacy) {
    if (attributes->srcAccessOrder < cudaMemcpySrcAccessOrderStream ||
        attributes->srcAccessOrder > cudaMemcpySrcAccessOrderAny)
      return cudaErrorInvalidValue;
    const cudaError_t e = ppu::runtime::cudaMemcpyAsync(dst, src, bytes, cudaMemcpyDefault, stream);
    const bool read = attributes->srcAccessOrder == cudaMemcpySrcAccessOrderDuringApiCall;
    return e == cudaSuccess && read ? ppu::runtime::cudaStreamSynchronize(stream) : e;
  }
  size_t start = 0;
  return ppu::runtime::cudaMemcpyBatchAsync(&dst, &src, &bytes, 1, attributes, &start, 1, stream);
}

cudaError_t cudaMemcpy3DWithAttributesAsync(struct cudaMemcpy3DBatchOp* operation, unsigned long long flags,
                                            cudaStream_t stream) {
  return ppu::runtime::cudaMemcpy3DBatchAsync(1, operation, flags, stream);
}
#else
// CUDA 12.8 and 12.9 tell which operation failed.
cudaError_t cudaMemcpyBatchAsync(void** dst, void** src, size_t* bytes, size_t count,
                                 struct cudaMemcpyAttributes* attributes, size_t* attribute_starts,
                                 size_t attribute_count, size_t* failed, cudaStream_t stream) {
  return call([&](const Driver& d) {
    return d.cuMemcpyBatchAsync(addresses(dst), addresses(src), bytes, count,
                                reinterpret_cast<CUmemcpyAttributes*>(attributes), attribute_starts,
                                attribute_count, failed, resolve_stream(stream));
  });
}

cudaError_t cudaMemcpy3DBatchAsync(size_t count, struct cudaMemcpy3DBatchOp* operations, size_t* failed,
                                   unsigned long long flags, cudaStream_t stream) {
  return call([&](const Driver& d) {
    return d.cuMemcpy3DBatchAsync(count, reinterpret_cast<CUDA_MEMCPY3D_BATCH_OP*>(operations), failed, flags,
                                  resolve_stream(stream));
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
