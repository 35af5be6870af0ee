// Mipmapped arrays, and what arrays of special kinds (planar, sparse, with deferred memory) are asked.
#include "runtime/channel_format.h"
#include "runtime/entry.h"

namespace ppu::runtime {
namespace {

CUmipmappedArray driver_mipmap(const struct cudaMipmappedArray* array) {
  return reinterpret_cast<CUmipmappedArray>(const_cast<struct cudaMipmappedArray*>(array));
}
CUarray driver_array(cudaArray_t array) {
  return reinterpret_cast<CUarray>(array);
}

}  // namespace

cudaError_t cudaMallocMipmappedArray(cudaMipmappedArray_t* mipmap,
                                     const struct cudaChannelFormatDesc* channel, struct cudaExtent extent,
                                     unsigned int levels, unsigned int flags) {
  if (!mipmap || !channel) return cudaErrorInvalidValue;
  CUDA_ARRAY3D_DESCRIPTOR a{};
  if (!format_of(*channel, &a.Format, &a.NumChannels)) return cudaErrorInvalidChannelDescriptor;
  a.Width = extent.width;
  a.Height = extent.height;
  a.Depth = extent.depth;
  a.Flags = flags;
  return call([&](const Driver& d) {
    return d.cuMipmappedArrayCreate(reinterpret_cast<CUmipmappedArray*>(mipmap), &a, levels);
  });
}

cudaError_t cudaGetMipmappedArrayLevel(cudaArray_t* array, cudaMipmappedArray_const_t mipmap,
                                       unsigned int level) {
  return call([&](const Driver& d) {
    return d.cuMipmappedArrayGetLevel(reinterpret_cast<CUarray*>(array), driver_mipmap(mipmap), level);
  });
}

cudaError_t cudaFreeMipmappedArray(cudaMipmappedArray_t mipmap) {
  return call([&](const Driver& d) {
    return mipmap ? d.cuMipmappedArrayDestroy(driver_mipmap(mipmap)) : CUDA_SUCCESS;
  });
}

cudaError_t cudaArrayGetPlane(cudaArray_t* plane, cudaArray_t array, unsigned int index) {
  return call([&](const Driver& d) {
    return d.cuArrayGetPlane(reinterpret_cast<CUarray*>(plane), driver_array(array), index);
  });
}

// The runtime's structures are the driver's under other names.
cudaError_t cudaArrayGetSparseProperties(struct cudaArraySparseProperties* out, cudaArray_t array) {
  return call([&](const Driver& d) {
    return d.cuArrayGetSparseProperties(reinterpret_cast<CUDA_ARRAY_SPARSE_PROPERTIES*>(out),
                                        driver_array(array));
  });
}
cudaError_t cudaMipmappedArrayGetSparseProperties(struct cudaArraySparseProperties* out,
                                                  cudaMipmappedArray_t mipmap) {
  return call([&](const Driver& d) {
    return d.cuMipmappedArrayGetSparseProperties(reinterpret_cast<CUDA_ARRAY_SPARSE_PROPERTIES*>(out),
                                                 driver_mipmap(mipmap));
  });
}
cudaError_t cudaArrayGetMemoryRequirements(struct cudaArrayMemoryRequirements* out, cudaArray_t array,
                                           int device) {
  return call([&](const Driver& d) {
    return d.cuArrayGetMemoryRequirements(reinterpret_cast<CUDA_ARRAY_MEMORY_REQUIREMENTS*>(out),
                                          driver_array(array), device);
  });
}
cudaError_t cudaMipmappedArrayGetMemoryRequirements(struct cudaArrayMemoryRequirements* out,
                                                    cudaMipmappedArray_t mipmap, int device) {
  return call([&](const Driver& d) {
    return d.cuMipmappedArrayGetMemoryRequirements(reinterpret_cast<CUDA_ARRAY_MEMORY_REQUIREMENTS*>(out),
                                                   driver_mipmap(mipmap), device);
  });
}

}  // namespace ppu::runtime
