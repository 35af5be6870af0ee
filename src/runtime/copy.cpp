// Copies in one and two dimensions, between devices, and to and from symbols. A kind is a promise of the
// caller; cudaMemcpyDefault leaves the directions to the addresses.
#include "runtime/copy.h"

#include <algorithm>
#include <cstring>

namespace ppu::runtime {

bool known_kind(enum cudaMemcpyKind kind) {
  return kind >= cudaMemcpyHostToHost && kind <= cudaMemcpyDefault;
}

CUmemorytype source_memory(enum cudaMemcpyKind kind) {
  switch (kind) {
    case cudaMemcpyHostToHost:
    case cudaMemcpyHostToDevice:
      return CU_MEMORYTYPE_HOST;
    case cudaMemcpyDeviceToHost:
    case cudaMemcpyDeviceToDevice:
      return CU_MEMORYTYPE_DEVICE;
    default:
      return CU_MEMORYTYPE_UNIFIED;
  }
}

CUmemorytype target_memory(enum cudaMemcpyKind kind) {
  switch (kind) {
    case cudaMemcpyHostToHost:
    case cudaMemcpyDeviceToHost:
      return CU_MEMORYTYPE_HOST;
    case cudaMemcpyHostToDevice:
    case cudaMemcpyDeviceToDevice:
      return CU_MEMORYTYPE_DEVICE;
    default:
      return CU_MEMORYTYPE_UNIFIED;
  }
}

namespace {

CUdeviceptr device_address(const void* address) {
  return reinterpret_cast<CUdeviceptr>(address);
}

CUresult copy_now(const Driver& d, void* dst, const void* src, size_t bytes, enum cudaMemcpyKind kind) {
  switch (kind) {
    case cudaMemcpyHostToDevice:
      return d.cuMemcpyHtoD_v2(device_address(dst), src, bytes);
    case cudaMemcpyDeviceToHost:
      return d.cuMemcpyDtoH_v2(dst, device_address(src), bytes);
    case cudaMemcpyDeviceToDevice:
      return d.cuMemcpyDtoD_v2(device_address(dst), device_address(src), bytes);
    default:
      return d.cuMemcpy(device_address(dst), device_address(src), bytes);
  }
}

CUresult copy_in_stream(const Driver& d, void* dst, const void* src, size_t bytes, enum cudaMemcpyKind kind,
                        CUstream stream) {
  switch (kind) {
    case cudaMemcpyHostToDevice:
      return d.cuMemcpyHtoDAsync_v2(device_address(dst), src, bytes, stream);
    case cudaMemcpyDeviceToHost:
      return d.cuMemcpyDtoHAsync_v2(dst, device_address(src), bytes, stream);
    case cudaMemcpyDeviceToDevice:
      return d.cuMemcpyDtoDAsync_v2(device_address(dst), device_address(src), bytes, stream);
    default:
      return d.cuMemcpyAsync(device_address(dst), device_address(src), bytes, stream);
  }
}

/// Waits for the thread's own default stream: what makes the _ptds form of an asynchronous call synchronous.
cudaError_t wait_per_thread() {
  return call([](const Driver& d) { return d.cuStreamSynchronize(CU_STREAM_PER_THREAD); });
}

/// The reference wants no width above a pitch and says nothing of a single row, which has none to step by:
/// programs of NVIDIA's own (CUDALibrarySamples, cuSOLVER) give a smaller one there, and pass.
bool bad_pitch(size_t dst_pitch, size_t src_pitch, size_t width, size_t height) {
  return height > 1 && width > std::min(dst_pitch, src_pitch);
}

CUDA_MEMCPY2D rectangle(void* dst, size_t dst_pitch, const void* src, size_t src_pitch, size_t width,
                        size_t height, enum cudaMemcpyKind kind) {
  CUDA_MEMCPY2D c{};
  c.srcMemoryType = source_memory(kind);
  c.srcHost = src;
  c.srcDevice = device_address(src);
  c.srcPitch = src_pitch;
  c.dstMemoryType = target_memory(kind);
  c.dstHost = dst;
  c.dstDevice = device_address(dst);
  c.dstPitch = dst_pitch;
  c.WidthInBytes = width;
  c.Height = height;
  return c;
}

}  // namespace

cudaError_t cudaMemcpyAsync(void* dst, const void* src, size_t bytes, enum cudaMemcpyKind kind,
                            cudaStream_t stream) {
  if (!known_kind(kind)) return cudaErrorInvalidMemcpyDirection;
  return call([&](const Driver& d) {
    return bytes ? copy_in_stream(d, dst, src, bytes, kind, resolve_stream(stream)) : CUDA_SUCCESS;
  });
}

cudaError_t cudaMemcpy(void* dst, const void* src, size_t bytes, enum cudaMemcpyKind kind) {
  if (!known_kind(kind)) return cudaErrorInvalidMemcpyDirection;
  if (thread_state().per_thread_default) {
    const cudaError_t e = ppu::runtime::cudaMemcpyAsync(dst, src, bytes, kind, nullptr);
    return e == cudaSuccess ? wait_per_thread() : e;
  }
  return call([&](const Driver& d) { return bytes ? copy_now(d, dst, src, bytes, kind) : CUDA_SUCCESS; });
}

cudaError_t cudaMemcpy2DAsync(void* dst, size_t dst_pitch, const void* src, size_t src_pitch, size_t width,
                              size_t height, enum cudaMemcpyKind kind, cudaStream_t stream) {
  if (!known_kind(kind)) return cudaErrorInvalidMemcpyDirection;
  if (!width || !height) return cudaSuccess;
  if (bad_pitch(dst_pitch, src_pitch, width, height)) return cudaErrorInvalidPitchValue;
  const CUDA_MEMCPY2D c = rectangle(dst, dst_pitch, src, src_pitch, width, height, kind);
  return call([&](const Driver& d) { return d.cuMemcpy2DAsync_v2(&c, resolve_stream(stream)); });
}

cudaError_t cudaMemcpy2D(void* dst, size_t dst_pitch, const void* src, size_t src_pitch, size_t width,
                         size_t height, enum cudaMemcpyKind kind) {
  if (!known_kind(kind)) return cudaErrorInvalidMemcpyDirection;
  if (!width || !height) return cudaSuccess;
  if (bad_pitch(dst_pitch, src_pitch, width, height)) return cudaErrorInvalidPitchValue;
  if (thread_state().per_thread_default) {
    const cudaError_t e =
        ppu::runtime::cudaMemcpy2DAsync(dst, dst_pitch, src, src_pitch, width, height, kind, nullptr);
    return e == cudaSuccess ? wait_per_thread() : e;
  }
  const CUDA_MEMCPY2D c = rectangle(dst, dst_pitch, src, src_pitch, width, height, kind);
  return call([&](const Driver& d) { return d.cuMemcpy2DUnaligned_v2(&c); });
}

namespace {

/// Primary contexts of two devices, for the driver's peer copies; both become usable, the current one stays.
cudaError_t peer_contexts(const Driver& d, int dst_device, int src_device, CUcontext* dst, CUcontext* src) {
  CUcontext here = nullptr;
  d.cuCtxGetCurrent(&here);
  cudaError_t e = select_device(d, dst_device);
  if (e == cudaSuccess) d.cuCtxGetCurrent(dst);
  if (e == cudaSuccess) e = select_device(d, src_device);
  if (e == cudaSuccess) d.cuCtxGetCurrent(src);
  d.cuCtxSetCurrent(here);
  return e;
}

}  // namespace

cudaError_t cudaMemcpyPeer(void* dst, int dst_device, const void* src, int src_device, size_t bytes) {
  cudaError_t why = cudaSuccess;
  const Driver* d = current_driver(&why);
  if (!d) return why;
  CUcontext to = nullptr;
  CUcontext from = nullptr;
  if (const cudaError_t e = peer_contexts(*d, dst_device, src_device, &to, &from); e != cudaSuccess) return e;
  return from_driver(bytes ? d->cuMemcpyPeer(device_address(dst), to, device_address(src), from, bytes)
                           : CUDA_SUCCESS);
}

cudaError_t cudaMemcpyPeerAsync(void* dst, int dst_device, const void* src, int src_device, size_t bytes,
                                cudaStream_t stream) {
  cudaError_t why = cudaSuccess;
  const Driver* d = current_driver(&why);
  if (!d) return why;
  CUcontext to = nullptr;
  CUcontext from = nullptr;
  if (const cudaError_t e = peer_contexts(*d, dst_device, src_device, &to, &from); e != cudaSuccess) return e;
  return from_driver(bytes ? d->cuMemcpyPeerAsync(device_address(dst), to, device_address(src), from, bytes,
                                                  resolve_stream(stream))
                           : CUDA_SUCCESS);
}

cudaError_t symbol_range(const void* symbol, size_t offset, size_t bytes, char** address) {
  Variable* variable = find_variable(symbol);
  if (!variable) return cudaErrorInvalidSymbol;
  cudaError_t why = cudaSuccess;
  const Driver* d = current_driver(&why);
  if (!d) return why;
  CUdeviceptr base = 0;
  size_t size = 0;
  if (const cudaError_t e = load_variable(*d, *variable, &base, &size); e != cudaSuccess) return e;
  if (offset > size || bytes > size - offset) return cudaErrorInvalidValue;
  *address = reinterpret_cast<char*>(base) + offset;
  return cudaSuccess;
}

cudaError_t cudaMemcpyToSymbol(const void* symbol, const void* src, size_t bytes, size_t offset,
                               enum cudaMemcpyKind kind) {
  if (kind != cudaMemcpyHostToDevice && kind != cudaMemcpyDeviceToDevice && kind != cudaMemcpyDefault)
    return cudaErrorInvalidMemcpyDirection;
  char* dst = nullptr;
  if (const cudaError_t e = symbol_range(symbol, offset, bytes, &dst); e != cudaSuccess) return e;
  return ppu::runtime::cudaMemcpy(dst, src, bytes, kind);
}

cudaError_t cudaMemcpyFromSymbol(void* dst, const void* symbol, size_t bytes, size_t offset,
                                 enum cudaMemcpyKind kind) {
  if (kind != cudaMemcpyDeviceToHost && kind != cudaMemcpyDeviceToDevice && kind != cudaMemcpyDefault)
    return cudaErrorInvalidMemcpyDirection;
  char* src = nullptr;
  if (const cudaError_t e = symbol_range(symbol, offset, bytes, &src); e != cudaSuccess) return e;
  return ppu::runtime::cudaMemcpy(dst, src, bytes, kind);
}

cudaError_t cudaMemcpyToSymbolAsync(const void* symbol, const void* src, size_t bytes, size_t offset,
                                    enum cudaMemcpyKind kind, cudaStream_t stream) {
  if (kind != cudaMemcpyHostToDevice && kind != cudaMemcpyDeviceToDevice && kind != cudaMemcpyDefault)
    return cudaErrorInvalidMemcpyDirection;
  char* dst = nullptr;
  if (const cudaError_t e = symbol_range(symbol, offset, bytes, &dst); e != cudaSuccess) return e;
  return ppu::runtime::cudaMemcpyAsync(dst, src, bytes, kind, stream);
}

cudaError_t cudaMemcpyFromSymbolAsync(void* dst, const void* symbol, size_t bytes, size_t offset,
                                      enum cudaMemcpyKind kind, cudaStream_t stream) {
  if (kind != cudaMemcpyDeviceToHost && kind != cudaMemcpyDeviceToDevice && kind != cudaMemcpyDefault)
    return cudaErrorInvalidMemcpyDirection;
  char* src = nullptr;
  if (const cudaError_t e = symbol_range(symbol, offset, bytes, &src); e != cudaSuccess) return e;
  return ppu::runtime::cudaMemcpyAsync(dst, src, bytes, kind, stream);
}

cudaError_t cudaGetSymbolAddress(void** address, const void* symbol) {
  if (!address) return cudaErrorInvalidValue;
  char* found = nullptr;
  const cudaError_t e = symbol_range(symbol, 0, 0, &found);
  if (e == cudaSuccess) *address = found;
  return e;
}

cudaError_t cudaGetSymbolSize(size_t* bytes, const void* symbol) {
  if (!bytes) return cudaErrorInvalidValue;
  Variable* variable = find_variable(symbol);
  if (!variable) return cudaErrorInvalidSymbol;
  cudaError_t why = cudaSuccess;
  const Driver* d = current_driver(&why);
  if (!d) return why;
  CUdeviceptr base = 0;
  return load_variable(*d, *variable, &base, bytes);
}

}  // namespace ppu::runtime
