// Arrays (memory laid out for textures), and copies in three dimensions or to and from arrays. The driver's
// CUarray is the runtime's cudaArray_t. Extents count elements where an array takes part, bytes elsewhere.
#include "runtime/copy.h"

namespace ppu::runtime {
namespace {

CUarray driver_array(const struct cudaArray* array) {
  return reinterpret_cast<CUarray>(const_cast<struct cudaArray*>(array));
}

/// The driver's format and channel count of a channel descriptor: equal widths of 8, 16 or 32 bits, 1, 2 or 4
/// channels.
bool format_of(const cudaChannelFormatDesc& c, CUarray_format* format, unsigned* channels) {
  const int widths[] = {c.x, c.y, c.z, c.w};
  unsigned n = 0;
  while (n < 4 && widths[n]) ++n;
  if (n == 0 || n == 3) return false;
  for (unsigned i = 0; i < 4; ++i)
    if (widths[i] != (i < n ? c.x : 0)) return false;
  *channels = n;
  const int bits = c.x;
  switch (c.f) {
    case cudaChannelFormatKindSigned:
      *format = bits == 8    ? CU_AD_FORMAT_SIGNED_INT8
                : bits == 16 ? CU_AD_FORMAT_SIGNED_INT16
                             : CU_AD_FORMAT_SIGNED_INT32;
      return bits == 8 || bits == 16 || bits == 32;
    case cudaChannelFormatKindUnsigned:
      *format = bits == 8    ? CU_AD_FORMAT_UNSIGNED_INT8
                : bits == 16 ? CU_AD_FORMAT_UNSIGNED_INT16
                             : CU_AD_FORMAT_UNSIGNED_INT32;
      return bits == 8 || bits == 16 || bits == 32;
    case cudaChannelFormatKindFloat:
      *format = bits == 16 ? CU_AD_FORMAT_HALF : CU_AD_FORMAT_FLOAT;
      return bits == 16 || bits == 32;
    default:
      return false;
  }
}

cudaChannelFormatDesc descriptor_of(CUarray_format format, unsigned channels) {
  int bits = 32;
  cudaChannelFormatKind kind = cudaChannelFormatKindFloat;
  switch (format) {
    case CU_AD_FORMAT_SIGNED_INT8:
      bits = 8, kind = cudaChannelFormatKindSigned;
      break;
    case CU_AD_FORMAT_SIGNED_INT16:
      bits = 16, kind = cudaChannelFormatKindSigned;
      break;
    case CU_AD_FORMAT_SIGNED_INT32:
      bits = 32, kind = cudaChannelFormatKindSigned;
      break;
    case CU_AD_FORMAT_UNSIGNED_INT8:
      bits = 8, kind = cudaChannelFormatKindUnsigned;
      break;
    case CU_AD_FORMAT_UNSIGNED_INT16:
      bits = 16, kind = cudaChannelFormatKindUnsigned;
      break;
    case CU_AD_FORMAT_UNSIGNED_INT32:
      bits = 32, kind = cudaChannelFormatKindUnsigned;
      break;
    case CU_AD_FORMAT_HALF:
      bits = 16;
      break;
    default:
      break;
  }
  const auto width = [&](unsigned channel) { return channel < channels ? bits : 0; };
  return {width(0), width(1), width(2), width(3), kind};
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
  if ((r.src && r.width > r.src_pitch) || (r.dst && r.width > r.dst_pitch)) return cudaErrorInvalidPitchValue;
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
  *copy = {};
  set_source(*copy, p.srcArray, p.srcPtr, p.srcPos, element, p.kind);
  set_target(*copy, p.dstArray, p.dstPtr, p.dstPos, element, p.kind);
  copy->WidthInBytes = p.extent.width * element;
  copy->Height = p.extent.height;
  copy->Depth = p.extent.depth;
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

// One address space holds all devices' memory: a peer copy is a copy.
cudaError_t cudaMemcpy3DPeerAsync(const struct cudaMemcpy3DPeerParms* params, cudaStream_t stream) {
  if (!params) return cudaErrorInvalidValue;
  const cudaMemcpy3DParms p = {params->srcArray, params->srcPos, params->srcPtr, params->dstArray,
                               params->dstPos,   params->dstPtr, params->extent, cudaMemcpyDefault};
  return ppu::runtime::cudaMemcpy3DAsync(&p, stream);
}

cudaError_t cudaMemcpy3DPeer(const struct cudaMemcpy3DPeerParms* params) {
  if (!params) return cudaErrorInvalidValue;
  const cudaMemcpy3DParms p = {params->srcArray, params->srcPos, params->srcPtr, params->dstArray,
                               params->dstPos,   params->dstPtr, params->extent, cudaMemcpyDefault};
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

// The forms without a height copy `bytes` from (x, y) on; as documented for linear use, within one row.
cudaError_t cudaMemcpyToArrayAsync(cudaArray_t dst, size_t x, size_t y, const void* src, size_t bytes,
                                   enum cudaMemcpyKind kind, cudaStream_t stream) {
  return ppu::runtime::cudaMemcpy2DToArrayAsync(dst, x, y, src, bytes, bytes, 1, kind, stream);
}

cudaError_t cudaMemcpyToArray(cudaArray_t dst, size_t x, size_t y, const void* src, size_t bytes,
                              enum cudaMemcpyKind kind) {
  return ppu::runtime::cudaMemcpy2DToArray(dst, x, y, src, bytes, bytes, 1, kind);
}

cudaError_t cudaMemcpyFromArrayAsync(void* dst, cudaArray_const_t src, size_t x, size_t y, size_t bytes,
                                     enum cudaMemcpyKind kind, cudaStream_t stream) {
  return ppu::runtime::cudaMemcpy2DFromArrayAsync(dst, bytes, src, x, y, bytes, 1, kind, stream);
}

cudaError_t cudaMemcpyFromArray(void* dst, cudaArray_const_t src, size_t x, size_t y, size_t bytes,
                                enum cudaMemcpyKind kind) {
  return ppu::runtime::cudaMemcpy2DFromArray(dst, bytes, src, x, y, bytes, 1, kind);
}

cudaError_t cudaMemcpyArrayToArray(cudaArray_t dst, size_t dst_x, size_t dst_y, cudaArray_const_t src,
                                   size_t src_x, size_t src_y, size_t bytes, enum cudaMemcpyKind kind) {
  return ppu::runtime::cudaMemcpy2DArrayToArray(dst, dst_x, dst_y, src, src_x, src_y, bytes, 1, kind);
}

}  // namespace ppu::runtime
