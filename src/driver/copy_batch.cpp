// Many copies in one call. They may run in any order; here they run in theirs.
#include <algorithm>

#include "driver/array_handles.h"

namespace ppu::driver {

namespace {

constexpr size_t kNoOperation = SIZE_MAX;  ///< *failed when the fault isn't a certain operation's

bool known_order(CUmemcpySrcAccessOrder order) {
  return order >= CU_MEMCPY_SRC_ACCESS_ORDER_STREAM && order <= CU_MEMCPY_SRC_ACCESS_ORDER_ANY;
}

CUresult check_attributes(const CUmemcpyAttributes* attributes, const size_t* starts, size_t parts,
                          size_t count) {
  if (!attributes || !starts || parts == 0 || parts > count || starts[0] != 0)
    return CUDA_ERROR_INVALID_VALUE;
  for (size_t i = 0; i < parts; i++) {
    if (!known_order(attributes[i].srcAccessOrder)) return CUDA_ERROR_INVALID_VALUE;
    if (i > 0 && (starts[i] <= starts[i - 1] || starts[i] >= count)) return CUDA_ERROR_INVALID_VALUE;
  }
  return CUDA_SUCCESS;
}

CUresult linear_batch(CUdeviceptr* dst, CUdeviceptr* src, size_t* bytes, size_t count,
                      CUmemcpyAttributes* attributes, size_t* starts, size_t parts, size_t* failed,
                      CUstream handle) {
  if (failed) *failed = kNoOperation;
  if (!handle || handle == CU_STREAM_LEGACY) return CUDA_ERROR_INVALID_VALUE;  // the manual excludes it
  device::Stream* s;
  PPU_TRY(find_stream(handle, &s));
  if (!dst || !src || !bytes || count == 0) return CUDA_ERROR_INVALID_VALUE;
  PPU_TRY(check_attributes(attributes, starts, parts, count));
  for (size_t i = 0; i < count; i++) {
    device::CopyRequest request =
        device::linear_copy(dst[i], device::Side::kAny, src[i], device::Side::kAny, bytes[i]);
    const size_t part = size_t(std::upper_bound(starts, starts + parts, i) - starts) - 1;
    request.read_now = attributes[part].srcAccessOrder == CU_MEMCPY_SRC_ACCESS_ORDER_DURING_API_CALL;
    const CUresult result = device::copy(request, *s, true);
    if (result == CUDA_SUCCESS) continue;
    if (failed) *failed = i;
    return result;
  }
  return CUDA_SUCCESS;
}

/// Bytes of what extents, offsets and row lengths count: texels of the arrays that take part, which must be
/// alike, and bytes between pointers (CUDA_MEMCPY3D_BATCH_OP).
CUresult element_bytes(const CUDA_MEMCPY3D_BATCH_OP& op, size_t* bytes) {
  *bytes = 0;
  for (const CUmemcpy3DOperand* o : {&op.src, &op.dst}) {
    if (o->type == CU_MEMCPY_OPERAND_TYPE_POINTER) continue;
    const device::Array* a =
        o->type == CU_MEMCPY_OPERAND_TYPE_ARRAY ? find_array(o->op.array.array) : nullptr;
    if (!a || (*bytes && *bytes != a->format().bytes())) return CUDA_ERROR_INVALID_VALUE;
    *bytes = a->format().bytes();
  }
  if (*bytes == 0) *bytes = 1;
  return CUDA_SUCCESS;
}

/// A row length or height of 0 stands for tightly packed.
CUresult volume(const CUDA_MEMCPY3D_BATCH_OP& op, device::CopyRequest* request) {
  size_t element = 1;
  PPU_TRY(element_bytes(op, &element));
  if (!known_order(op.srcAccessOrder)) return CUDA_ERROR_INVALID_VALUE;
  CUDA_MEMCPY3D p = {};
  if (op.src.type == CU_MEMCPY_OPERAND_TYPE_ARRAY) {
    const auto& [array, offset] = op.src.op.array;
    p.srcMemoryType = CU_MEMORYTYPE_ARRAY;
    p.srcArray = array;
    p.srcXInBytes = offset.x * element, p.srcY = offset.y, p.srcZ = offset.z;
  } else {
    p.srcMemoryType = CU_MEMORYTYPE_UNIFIED;
    p.srcDevice = op.src.op.ptr.ptr;
    p.srcPitch = op.src.op.ptr.rowLength * element;
    p.srcHeight = op.src.op.ptr.layerHeight;
  }
  if (op.dst.type == CU_MEMCPY_OPERAND_TYPE_ARRAY) {
    const auto& [array, offset] = op.dst.op.array;
    p.dstMemoryType = CU_MEMORYTYPE_ARRAY;
    p.dstArray = array;
    p.dstXInBytes = offset.x * element, p.dstY = offset.y, p.dstZ = offset.z;
  } else {
    p.dstMemoryType = CU_MEMORYTYPE_UNIFIED;
    p.dstDevice = op.dst.op.ptr.ptr;
    p.dstPitch = op.dst.op.ptr.rowLength * element;
    p.dstHeight = op.dst.op.ptr.layerHeight;
  }
  p.WidthInBytes = op.extent.width * element;
  p.Height = op.extent.height;
  p.Depth = op.extent.depth;
  PPU_TRY(copy_request_of(p, request));
  request->read_now = op.srcAccessOrder == CU_MEMCPY_SRC_ACCESS_ORDER_DURING_API_CALL;
  return CUDA_SUCCESS;
}

CUresult volume_batch(size_t count, CUDA_MEMCPY3D_BATCH_OP* operations, size_t* failed,
                      unsigned long long flags, CUstream handle) {
  if (failed) *failed = kNoOperation;
  if (!handle || handle == CU_STREAM_LEGACY) return CUDA_ERROR_INVALID_VALUE;
  device::Stream* s;
  PPU_TRY(find_stream(handle, &s));
  if (!operations || count == 0 || flags != 0) return CUDA_ERROR_INVALID_VALUE;
  for (size_t i = 0; i < count; i++) {
    device::CopyRequest request;
    CUresult result = volume(operations[i], &request);
    if (result == CUDA_SUCCESS) result = device::copy(request, *s, true);
    if (result == CUDA_SUCCESS) continue;
    if (failed) *failed = i;
    return result;
  }
  return CUDA_SUCCESS;
}

}  // namespace

#define COPY_BATCH(suffix, STREAM)                                                                        \
  CUresult cuMemcpyBatchAsync##suffix(CUdeviceptr* dst, CUdeviceptr* src, size_t* bytes, size_t count,    \
                                      CUmemcpyAttributes* attributes, size_t* starts, size_t parts,       \
                                      size_t* failed, CUstream stream) {                                  \
    return linear_batch(dst, src, bytes, count, attributes, starts, parts, failed, STREAM);               \
  }                                                                                                       \
  CUresult cuMemcpyBatchAsync_v2##suffix(CUdeviceptr* dst, CUdeviceptr* src, size_t* bytes, size_t count, \
                                         CUmemcpyAttributes* attributes, size_t* starts, size_t parts,    \
                                         CUstream stream) {                                               \
    return linear_batch(dst, src, bytes, count, attributes, starts, parts, nullptr, STREAM);              \
  }                                                                                                       \
  CUresult cuMemcpy3DBatchAsync##suffix(size_t count, CUDA_MEMCPY3D_BATCH_OP* operations, size_t* failed, \
                                        unsigned long long flags, CUstream stream) {                      \
    return volume_batch(count, operations, failed, flags, STREAM);                                        \
  }                                                                                                       \
  CUresult cuMemcpy3DBatchAsync_v2##suffix(size_t count, CUDA_MEMCPY3D_BATCH_OP* operations,              \
                                           unsigned long long flags, CUstream stream) {                   \
    return volume_batch(count, operations, nullptr, flags, STREAM);                                       \
  }
COPY_BATCH(, stream)
COPY_BATCH(_ptsz, per_thread(stream))
#undef COPY_BATCH

}  // namespace ppu::driver
