// CUDA arrays and mipmapped arrays.
#include "driver/array_handles.h"

namespace ppu::driver {

using device::Array;
using device::Context;
using device::MipmappedArray;

CUresult cuArray3DCreate_v2(CUarray* handle, const CUDA_ARRAY3D_DESCRIPTOR* descriptor) {
  Context* c;
  PPU_TRY(current(&c));
  if (!handle || !descriptor) return CUDA_ERROR_INVALID_VALUE;
  std::unique_ptr<Array> array;
  PPU_TRY(Array::create(*c, *descriptor, &array));
  live<Array>().add(array.get());
  *handle = to_handle(array.release());
  return CUDA_SUCCESS;
}

CUresult cuArrayCreate_v2(CUarray* handle, const CUDA_ARRAY_DESCRIPTOR* d) {
  if (!d) return CUDA_ERROR_INVALID_VALUE;
  const CUDA_ARRAY3D_DESCRIPTOR three = {d->Width, d->Height, 0, d->Format, d->NumChannels, 0};
  return ppu::driver::cuArray3DCreate_v2(handle, &three);
}

CUresult cuArray3DGetDescriptor_v2(CUDA_ARRAY3D_DESCRIPTOR* descriptor, CUarray handle) {
  Context* c;
  PPU_TRY(current(&c));
  if (!descriptor) return CUDA_ERROR_INVALID_VALUE;
  const Array* array = find_array(handle);
  if (!array) return CUDA_ERROR_INVALID_HANDLE;
  *descriptor = array->descriptor();
  return CUDA_SUCCESS;
}

CUresult cuArrayGetDescriptor_v2(CUDA_ARRAY_DESCRIPTOR* descriptor, CUarray handle) {
  if (!descriptor) return CUDA_ERROR_INVALID_VALUE;
  CUDA_ARRAY3D_DESCRIPTOR three;
  PPU_TRY(ppu::driver::cuArray3DGetDescriptor_v2(&three, handle));
  *descriptor = {three.Width, three.Height, three.Format, three.NumChannels};
  return CUDA_SUCCESS;
}

CUresult cuArrayDestroy(CUarray handle) {
  Context* c;
  PPU_TRY(current(&c));
  Array* array = to_array(handle);
  if (!find_array(handle)) return CUDA_ERROR_INVALID_HANDLE;
  if (array->is_level()) return CUDA_ERROR_INVALID_VALUE;  // goes with its mipmapped array
  c->synchronize();
  if (!live<Array>().remove(array)) return CUDA_ERROR_INVALID_HANDLE;
  delete array;
  return CUDA_SUCCESS;
}

CUresult cuMipmappedArrayCreate(CUmipmappedArray* handle, const CUDA_ARRAY3D_DESCRIPTOR* descriptor,
                                unsigned int levels) {
  Context* c;
  PPU_TRY(current(&c));
  if (!handle || !descriptor) return CUDA_ERROR_INVALID_VALUE;
  std::unique_ptr<MipmappedArray> array;
  PPU_TRY(MipmappedArray::create(*c, *descriptor, levels, &array));
  for (size_t n = 0; n < array->levels(); n++) live<Array>().add(array->level(n));
  live<MipmappedArray>().add(array.get());
  *handle = to_handle(array.release());
  return CUDA_SUCCESS;
}

CUresult cuMipmappedArrayGetLevel(CUarray* level, CUmipmappedArray handle, unsigned int number) {
  Context* c;
  PPU_TRY(current(&c));
  const MipmappedArray* array = find_mipmap(handle);
  if (!level) return CUDA_ERROR_INVALID_VALUE;
  if (!array) return CUDA_ERROR_INVALID_HANDLE;
  if (number >= array->levels()) return CUDA_ERROR_INVALID_VALUE;
  *level = to_handle(array->level(number));
  return CUDA_SUCCESS;
}

CUresult cuMipmappedArrayDestroy(CUmipmappedArray handle) {
  Context* c;
  PPU_TRY(current(&c));
  MipmappedArray* array = to_mipmap(handle);
  if (!find_mipmap(handle)) return CUDA_ERROR_INVALID_HANDLE;
  c->synchronize();
  if (!live<MipmappedArray>().remove(array)) return CUDA_ERROR_INVALID_HANDLE;
  for (size_t n = 0; n < array->levels(); n++) live<Array>().remove(array->level(n));
  delete array;
  return CUDA_SUCCESS;
}

// Planes, tiles and deferred memory belong to kinds of arrays that can't be made here: for all others these
// functions answer CUDA_ERROR_INVALID_VALUE, as documented.
namespace {

CUresult only_other_arrays(const void* out, bool known) {
  Context* c;
  PPU_TRY(current(&c));
  if (!known) return CUDA_ERROR_INVALID_HANDLE;
  (void)out;
  return CUDA_ERROR_INVALID_VALUE;
}

}  // namespace

CUresult cuArrayGetPlane(CUarray* plane, CUarray array, unsigned int) {
  return only_other_arrays(plane, find_array(array));
}
CUresult cuArrayGetSparseProperties(CUDA_ARRAY_SPARSE_PROPERTIES* out, CUarray array) {
  return only_other_arrays(out, find_array(array));
}
CUresult cuMipmappedArrayGetSparseProperties(CUDA_ARRAY_SPARSE_PROPERTIES* out, CUmipmappedArray mipmap) {
  return only_other_arrays(out, find_mipmap(mipmap));
}
CUresult cuArrayGetMemoryRequirements(CUDA_ARRAY_MEMORY_REQUIREMENTS* out, CUarray array, CUdevice) {
  return only_other_arrays(out, find_array(array));
}
CUresult cuMipmappedArrayGetMemoryRequirements(CUDA_ARRAY_MEMORY_REQUIREMENTS* out, CUmipmappedArray mipmap,
                                               CUdevice) {
  return only_other_arrays(out, find_mipmap(mipmap));
}

}  // namespace ppu::driver
