// Arrays (memory laid out for textures), and copies in three dimensions or to and from arrays. The driver's
// CUarray is the runtime's cudaArray_t. Extents count elements where an array takes part, bytes elsewhere.
#include "runtime/channel_format.h"
#include "runtime/copy.h"

#include <algorithm>

namespace ppu::runtime {
namespace {

CUarray driver_array(const struct cudaArray* array) {
  return reinterpret_cast<CUarray>(const_cast<struct cudaArray*>(array));
}

/// Bytes of one element of an array.
cudaError_t element_bytes(const Driver& d, const struct cudaArray* array, size_t* bytes) {
  CUDA_ARRAY3D_DESCRIPTOR a{};
  if (const CUresult r = d.cuArray3DGetDescriptor_v2(&a, driver_array(array)); r != CUDA_SUCCESS)
    return from_driver(r);
  const cudaChannelFormatDesc c = descriptor_of(a.Format, a.NumChannels);
  *bytes = size_t(c.x + c.y + c.z + c.w) / 8;
  return cudaSuccess;
}

/// Fills one end of a driver copy. Positions are in elements of the array, or bytes.
void set_source(CUDA_MEMCPY3D& c, const struct cudaArray* array, const cudaPitchedPtr& pitched, cudaPos at,
                size_t element, enum cudaMemcpyKind kind) {
  c.srcXInBytes = at.x * (array ? element : 1);
  c.srcY = at.y;
  c.srcZ = at.z;
  c.srcMemoryType = array ? CU_MEMORYTYPE_ARRAY : source_memory(kind);
  c.srcArray = driver_array(array);
  c.srcHost = pitched.ptr;
  c.srcDevice = reinterpret_cast<CUdeviceptr>(pitched.ptr);
  c.srcPitch = pitched.pitch;
  c.srcHeight = pitched.ysize;
}

void set_target(CUDA_MEMCPY3D& c, const struct cudaArray* array, const cudaPitchedPtr& pitched, cudaPos at,
                size_t element, enum cudaMemcpyKind kind) {
  c.dstXInBytes = at.x * (array ? element : 1);
  c.dstY = at.y;
  c.dstZ = at.z;
  c.dstMemoryType = array ? CU_MEMORYTYPE_ARRAY : target_memory(kind);
  c.dstArray = driver_array(array);
  c.dstHost = pitched.ptr;
  c.dstDevice = reinterpret_cast<CUdeviceptr>(pitched.ptr);
  c.dstPitch = pitched.pitch;
  c.dstHeight = pitched.ysize;
}

/// Rows of an array as a 3-D copy of depth 1: what the cudaMemcpy2D*Array calls are. Widths in bytes.
struct ArrayRows {
  const struct cudaArray* src_array = nullptr;
  const struct cudaArray* dst_array = nullptr;
  const void* src = nullptr;
  void* dst = nullptr;
  size_t src_pitch = 0, dst_pitch = 0;
  size_t src_x = 0, src_y = 0, dst_x = 0, dst_y = 0;
  size_t width = 0, height = 0;
  enum cudaMemcpyKind kind = cudaMemcpyDefault;
};

cudaError_t copy_rows(const ArrayRows& r, cudaStream_t stream, bool wait) {
  if (!known_kind(r.kind)) return cudaErrorInvalidMemcpyDirection;
  if (!r.width || !r.height) return cudaSuccess;
  if (r.height > 1 && ((r.src && r.width > r.src_pitch) || (r.dst && r.width > r.dst_pitch)))
    return cudaErrorInvalidPitchValue;
  CUDA_MEMCPY3D c{};
  set_source(c, r.src_array, {const_cast<void*>(r.src), r.src_pitch, r.width, r.height},
             {r.src_x, r.src_y, 0}, 1, r.kind);
  set_target(c, r.dst_array, {r.dst, r.dst_pitch, r.width, r.height}, {r.dst_x, r.dst_y, 0}, 1, r.kind);
  c.WidthInBytes = r.width;
  c.Height = r.height;
  c.Depth = 1;
  return call([&](const Driver& d) {
    if (wait && !thread_state().per_thread_default) return d.cuMemcpy3D_v2(&c);
    const CUresult result = d.cuMemcpy3DAsync_v2(&c, resolve_stream(stream));
    return result == CUDA_SUCCESS && wait ? d.cuStreamSynchronize(resolve_stream(stream)) : result;
  });
}

}  // namespace

cudaError_t translate_copy(const Driver& d, const cudaMemcpy3DParms& p, CUDA_MEMCPY3D* copy) {
  if (!known_kind(p.kind)) return cudaErrorInvalidMemcpyDirection;
  if (!p.srcArray == !p.srcPtr.ptr || !p.dstArray == !p.dstPtr.ptr) return cudaErrorInvalidValue;
  const struct cudaArray* array = p.srcArray ? p.srcArray : p.dstArray;
  size_t element = 1;
  if (array)
    if (const cudaError_t e = element_bytes(d, array, &element); e != cudaSuccess) return e;
  if (p.srcArray && p.dstArray) {
    size_t other = 0;
    if (const cudaError_t e = element_bytes(d, p.dstArray, &other); e != cudaSuccess) return e;
    if (other != element) return cudaErrorInvalidValue;
  }
  *copy = {};
  set_source(*copy, p.srcArray, p.srcPtr, p.srcPos, element, p.kind);
  set_target(*copy, p.dstArray, p.dstPtr, p.dstPos, element, p.kind);
  copy->WidthInBytes = p.extent.width * element;
  copy->Height = p.extent.height;
  copy->Depth = p.extent.depth;
  return cudaSuccess;
}

cudaError_t translate_back(const Driver& d, const CUDA_MEMCPY3D& c, cudaMemcpy3DParms* p) {
  const auto array_of = [](CUmemorytype type, CUarray array) {
    return type == CU_MEMORYTYPE_ARRAY ? reinterpret_cast<cudaArray_t>(array) : nullptr;
  };
  const auto memory_of = [](CUmemorytype type, const void* host, CUdeviceptr device, size_t pitch,
                            size_t height) -> cudaPitchedPtr {
    if (type == CU_MEMORYTYPE_ARRAY) return {};
    const void* at = type == CU_MEMORYTYPE_HOST ? host : reinterpret_cast<const void*>(device);
    return {const_cast<void*>(at), pitch, pitch, height};
  };
  *p = {};
  p->srcArray = array_of(c.srcMemoryType, c.srcArray);
  p->dstArray = array_of(c.dstMemoryType, c.dstArray);
  const cudaArray_t array = p->srcArray ? p->srcArray : p->dstArray;
  size_t element = 1;
  if (array)
    if (const cudaError_t e = element_bytes(d, array, &element); e != cudaSuccess) return e;
  p->srcPos = {c.srcXInBytes / (p->srcArray ? element : 1), c.srcY, c.srcZ};
  p->dstPos = {c.dstXInBytes / (p->dstArray ? element : 1), c.dstY, c.dstZ};
  p->srcPtr = memory_of(c.srcMemoryType, c.srcHost, c.srcDevice, c.srcPitch, c.srcHeight);
  p->dstPtr = memory_of(c.dstMemoryType, c.dstHost, c.dstDevice, c.dstPitch, c.dstHeight);
  p->extent = {c.WidthInBytes / element, c.Height, c.Depth};
  const bool from_host = c.srcMemoryType == CU_MEMORYTYPE_HOST,
             to_host = c.dstMemoryType == CU_MEMORYTYPE_HOST;
  if (c.srcMemoryType == CU_MEMORYTYPE_UNIFIED || c.dstMemoryType == CU_MEMORYTYPE_UNIFIED)
    p->kind = cudaMemcpyDefault;
  else if (from_host)
    p->kind = to_host ? cudaMemcpyHostToHost : cudaMemcpyHostToDevice;
  else
    p->kind = to_host ? cudaMemcpyDeviceToHost : cudaMemcpyDeviceToDevice;
  return cudaSuccess;
}

CUDA_MEMCPY3D linear_copy(void* dst, const void* src, size_t bytes, enum cudaMemcpyKind kind) {
  CUDA_MEMCPY3D c{};
  set_source(c, nullptr, {const_cast<void*>(src), bytes, bytes, 1}, {}, 1, kind);
  set_target(c, nullptr, {dst, bytes, bytes, 1}, {}, 1, kind);
  c.WidthInBytes = bytes;
  c.Height = 1;
  c.Depth = 1;
  return c;
}

cudaError_t cudaMalloc3DArray(cudaArray_t* array, const struct cudaChannelFormatDesc* channel,
                              struct cudaExtent extent, unsigned int flags) {
  if (!array || !channel) return cudaErrorInvalidValue;
  CUDA_ARRAY3D_DESCRIPTOR a{};
  if (!format_of(*channel, &a.Format, &a.NumChannels)) return cudaErrorInvalidChannelDescriptor;
  a.Width = extent.width;
  a.Height = extent.height;
  a.Depth = extent.depth;
  a.Flags = flags;
  return call([&](const Driver& d) { return d.cuArray3DCreate_v2(reinterpret_cast<CUarray*>(array), &a); });
}

cudaError_t cudaMallocArray(cudaArray_t* array, const struct cudaChannelFormatDesc* channel, size_t width,
                            size_t height, unsigned int flags) {
  return ppu::runtime::cudaMalloc3DArray(array, channel, {width, height, 0}, flags);
}

cudaError_t cudaFreeArray(cudaArray_t array) {
  return call([&](const Driver& d) { return array ? d.cuArrayDestroy(driver_array(array)) : CUDA_SUCCESS; });
}

cudaError_t cudaArrayGetInfo(struct cudaChannelFormatDesc* channel, struct cudaExtent* extent,
                             unsigned int* flags, cudaArray_t array) {
  return call([&](const Driver& d) {
    CUDA_ARRAY3D_DESCRIPTOR a{};
    const CUresult r = d.cuArray3DGetDescriptor_v2(&a, driver_array(array));
    if (r != CUDA_SUCCESS) return r;
    if (channel) *channel = descriptor_of(a.Format, a.NumChannels);
    if (extent) *extent = {a.Width, a.Height, a.Depth};
    if (flags) *flags = a.Flags;
    return CUDA_SUCCESS;
  });
}

cudaError_t cudaGetChannelDesc(struct cudaChannelFormatDesc* descriptor, cudaArray_const_t array) {
  if (!descriptor) return cudaErrorInvalidValue;
  return ppu::runtime::cudaArrayGetInfo(descriptor, nullptr, nullptr, const_cast<cudaArray_t>(array));
}

cudaError_t cudaMemcpy3DAsync(const struct cudaMemcpy3DParms* params, cudaStream_t stream) {
  if (!params) return cudaErrorInvalidValue;
  cudaError_t why = cudaSuccess;
  const Driver* d = current_driver(&why);
  if (!d) return why;
  CUDA_MEMCPY3D c;
  if (const cudaError_t e = translate_copy(*d, *params, &c); e != cudaSuccess) return e;
  if (!c.WidthInBytes || !c.Height || !c.Depth) return cudaSuccess;
  return from_driver(d->cuMemcpy3DAsync_v2(&c, resolve_stream(stream)));
}

cudaError_t cudaMemcpy3D(const struct cudaMemcpy3DParms* params) {
  if (!params) return cudaErrorInvalidValue;
  cudaError_t why = cudaSuccess;
  const Driver* d = current_driver(&why);
  if (!d) return why;
  CUDA_MEMCPY3D c;
  if (const cudaError_t e = translate_copy(*d, *params, &c); e != cudaSuccess) return e;
  if (!c.WidthInBytes || !c.Height || !c.Depth) return cudaSuccess;
  if (!thread_state().per_thread_default) return from_driver(d->cuMemcpy3D_v2(&c));
  const CUresult r = d->cuMemcpy3DAsync_v2(&c, CU_STREAM_PER_THREAD);
  return from_driver(r == CUDA_SUCCESS ? d->cuStreamSynchronize(CU_STREAM_PER_THREAD) : r);
}

namespace {

/// One address space holds all devices' memory: a peer copy is a copy, between devices that exist.
cudaError_t as_copy(const cudaMemcpy3DPeerParms* p, cudaMemcpy3DParms* copy) {
  if (!p) return cudaErrorInvalidValue;
  int count = 0;
  if (const cudaError_t e = bare_call([&](const Driver& d) { return d.cuDeviceGetCount(&count); });
      e != cudaSuccess)
    return e;
  for (const int device : {p->srcDevice, p->dstDevice})
    if (device < 0 || device >= count) return cudaErrorInvalidDevice;
  *copy = {p->srcArray, p->srcPos, p->srcPtr, p->dstArray,
           p->dstPos,   p->dstPtr, p->extent, cudaMemcpyDefault};
  return cudaSuccess;
}

}  // namespace

cudaError_t cudaMemcpy3DPeerAsync(const struct cudaMemcpy3DPeerParms* params, cudaStream_t stream) {
  cudaMemcpy3DParms p;
  if (const cudaError_t e = as_copy(params, &p); e != cudaSuccess) return e;
  return ppu::runtime::cudaMemcpy3DAsync(&p, stream);
}

cudaError_t cudaMemcpy3DPeer(const struct cudaMemcpy3DPeerParms* params) {
  cudaMemcpy3DParms p;
  if (const cudaError_t e = as_copy(params, &p); e != cudaSuccess) return e;
  return ppu::runtime::cudaMemcpy3D(&p);
}

cudaError_t cudaMemcpy2DToArrayAsync(cudaArray_t dst, size_t x, size_t y, const void* src, size_t src_pitch,
                                     size_t width, size_t height, enum cudaMemcpyKind kind,
                                     cudaStream_t stream) {
  return copy_rows({.dst_array = dst,
                    .src = src,
                    .src_pitch = src_pitch,
                    .dst_x = x,
                    .dst_y = y,
                    .width = width,
                    .height = height,
                    .kind = kind},
                   stream, false);
}

cudaError_t cudaMemcpy2DToArray(cudaArray_t dst, size_t x, size_t y, const void* src, size_t src_pitch,
                                size_t width, size_t height, enum cudaMemcpyKind kind) {
  return copy_rows({.dst_array = dst,
                    .src = src,
                    .src_pitch = src_pitch,
                    .dst_x = x,
                    .dst_y = y,
                    .width = width,
                    .height = height,
                    .kind = kind},
                   nullptr, true);
}

cudaError_t cudaMemcpy2DFromArrayAsync(void* dst, size_t dst_pitch, cudaArray_const_t src, size_t x, size_t y,
                                       size_t width, size_t height, enum cudaMemcpyKind kind,
                                       cudaStream_t stream) {
  return copy_rows({.src_array = src,
                    .dst = dst,
                    .dst_pitch = dst_pitch,
                    .src_x = x,
                    .src_y = y,
                    .width = width,
                    .height = height,
                    .kind = kind},
                   stream, false);
}

cudaError_t cudaMemcpy2DFromArray(void* dst, size_t dst_pitch, cudaArray_const_t src, size_t x, size_t y,
                                  size_t width, size_t height, enum cudaMemcpyKind kind) {
  return copy_rows({.src_array = src,
                    .dst = dst,
                    .dst_pitch = dst_pitch,
                    .src_x = x,
                    .src_y = y,
                    .width = width,
                    .height = height,
                    .kind = kind},
                   nullptr, true);
}

cudaError_t cudaMemcpy2DArrayToArray(cudaArray_t dst, size_t dst_x, size_t dst_y, cudaArray_const_t src,
                                     size_t src_x, size_t src_y, size_t width, size_t height,
                                     enum cudaMemcpyKind kind) {
  return copy_rows({.src_array = src,
                    .dst_array = dst,
                    .src_x = src_x,
                    .src_y = src_y,
                    .dst_x = dst_x,
                    .dst_y = dst_y,
                    .width = width,
                    .height = height,
                    .kind = kind},
                   nullptr, true);
}

// The forms without a height copy `bytes` from (x, y) on, in the order of the array's texels: the rest of the
// first row, whole rows, the start of a last one.
namespace {

cudaError_t row_bytes(const struct cudaArray* array, size_t* bytes) {
  cudaError_t why = cudaSuccess;
  const Driver* d = current_driver(&why);
  CUDA_ARRAY3D_DESCRIPTOR a{};
  size_t element = 0;
  if (!d) return why;
  if (const cudaError_t e = element_bytes(*d, array, &element); e != cudaSuccess) return e;
  if (const CUresult r = d->cuArray3DGetDescriptor_v2(&a, driver_array(array)); r != CUDA_SUCCESS)
    return from_driver(r);
  *bytes = a.Width * element;
  return cudaSuccess;
}

/// Calls piece(x, y, done, width, height) for each rectangle of rows of `row` bytes.
template <class F>
cudaError_t for_pieces(size_t row, size_t x, size_t y, size_t bytes, F piece) {
  if (row == 0 || x >= row) return bytes ? cudaErrorInvalidValue : cudaSuccess;
  for (size_t done = 0; done < bytes;) {
    const size_t left = bytes - done;
    const size_t width = std::min(row - x, left), height = x == 0 && left >= row ? left / row : 1;
    if (const cudaError_t e = piece(x, y, done, width, height); e != cudaSuccess) return e;
    done += width * height;
    x = (x + width) % row;
    y += x == 0 ? height : 0;
  }
  return cudaSuccess;
}

cudaError_t copy_linear(cudaArray_t dst_array, void* dst, const struct cudaArray* src_array, const void* src,
                        size_t x, size_t y, size_t bytes, enum cudaMemcpyKind kind, cudaStream_t stream,
                        bool wait) {
  size_t row = 0;
  if (const cudaError_t e = row_bytes(dst_array ? dst_array : src_array, &row); e != cudaSuccess) return e;
  return for_pieces(row, x, y, bytes, [&](size_t px, size_t py, size_t done, size_t width, size_t height) {
    ArrayRows r;
    r.dst_array = dst_array;
    r.src_array = src_array;
    (dst_array ? r.dst_x : r.src_x) = px;
    (dst_array ? r.dst_y : r.src_y) = py;
    r.src = src ? static_cast<const char*>(src) + done : nullptr;
    r.dst = dst ? static_cast<char*>(dst) + done : nullptr;
    r.src_pitch = r.dst_pitch = r.width = width;
    r.height = height;
    r.kind = kind;
    return copy_rows(r, stream, wait);
  });
}

}  // namespace

cudaError_t cudaMemcpyToArrayAsync(cudaArray_t dst, size_t x, size_t y, const void* src, size_t bytes,
                                   enum cudaMemcpyKind kind, cudaStream_t stream) {
  return copy_linear(dst, nullptr, nullptr, src, x, y, bytes, kind, stream, false);
}

cudaError_t cudaMemcpyToArray(cudaArray_t dst, size_t x, size_t y, const void* src, size_t bytes,
                              enum cudaMemcpyKind kind) {
  return copy_linear(dst, nullptr, nullptr, src, x, y, bytes, kind, nullptr, true);
}

cudaError_t cudaMemcpyFromArrayAsync(void* dst, cudaArray_const_t src, size_t x, size_t y, size_t bytes,
                                     enum cudaMemcpyKind kind, cudaStream_t stream) {
  return copy_linear(nullptr, dst, src, nullptr, x, y, bytes, kind, stream, false);
}

cudaError_t cudaMemcpyFromArray(void* dst, cudaArray_const_t src, size_t x, size_t y, size_t bytes,
                                enum cudaMemcpyKind kind) {
  return copy_linear(nullptr, dst, src, nullptr, x, y, bytes, kind, nullptr, true);
}

cudaError_t cudaMemcpyArrayToArray(cudaArray_t dst, size_t dst_x, size_t dst_y, cudaArray_const_t src,
                                   size_t src_x, size_t src_y, size_t bytes, enum cudaMemcpyKind kind) {
  size_t dst_row = 0, src_row = 0;
  if (const cudaError_t e = row_bytes(dst, &dst_row); e != cudaSuccess) return e;
  if (const cudaError_t e = row_bytes(src, &src_row); e != cudaSuccess) return e;
  return call([&](const Driver& d) {
    return d.cuMemcpyAtoA_v2(driver_array(dst), dst_y * dst_row + dst_x, driver_array(src),
                             src_y * src_row + src_x, bytes);
  });
}

}  // namespace ppu::runtime
