// Texture and surface objects: the runtime's descriptors put into the driver's, whose enumerations have the
// same numbers.
#include "runtime/channel_format.h"
#include "runtime/entry.h"

namespace ppu::runtime {
namespace {

CUarray driver_array(const struct cudaArray* array) {
  return reinterpret_cast<CUarray>(const_cast<struct cudaArray*>(array));
}

cudaError_t to_driver(const cudaResourceDesc& from, CUDA_RESOURCE_DESC* to) {
  *to = {};
  to->resType = CUresourcetype(from.resType);
  switch (from.resType) {
    case cudaResourceTypeArray:
      to->res.array.hArray = driver_array(from.res.array.array);
      return cudaSuccess;
    case cudaResourceTypeMipmappedArray:
      to->res.mipmap.hMipmappedArray = reinterpret_cast<CUmipmappedArray>(from.res.mipmap.mipmap);
      return cudaSuccess;
    case cudaResourceTypeLinear: {
      auto& d = to->res.linear;
      d.devPtr = reinterpret_cast<CUdeviceptr>(from.res.linear.devPtr);
      d.sizeInBytes = from.res.linear.sizeInBytes;
      return format_of(from.res.linear.desc, &d.format, &d.numChannels) ? cudaSuccess
                                                                        : cudaErrorInvalidChannelDescriptor;
    }
    case cudaResourceTypePitch2D: {
      auto& d = to->res.pitch2D;
      d.devPtr = reinterpret_cast<CUdeviceptr>(from.res.pitch2D.devPtr);
      d.width = from.res.pitch2D.width;
      d.height = from.res.pitch2D.height;
      d.pitchInBytes = from.res.pitch2D.pitchInBytes;
      return format_of(from.res.pitch2D.desc, &d.format, &d.numChannels) ? cudaSuccess
                                                                         : cudaErrorInvalidChannelDescriptor;
    }
    default:
      return cudaErrorInvalidValue;
  }
}

void from_driver_resource(const CUDA_RESOURCE_DESC& from, cudaResourceDesc* to) {
  *to = {};
  to->resType = cudaResourceType(from.resType);
  if (from.resType == CU_RESOURCE_TYPE_ARRAY) {
    to->res.array.array = reinterpret_cast<cudaArray_t>(from.res.array.hArray);
  } else if (from.resType == CU_RESOURCE_TYPE_MIPMAPPED_ARRAY) {
    to->res.mipmap.mipmap = reinterpret_cast<cudaMipmappedArray_t>(from.res.mipmap.hMipmappedArray);
  } else if (from.resType == CU_RESOURCE_TYPE_LINEAR) {
    const auto& d = from.res.linear;
    to->res.linear.devPtr = reinterpret_cast<void*>(d.devPtr);
    to->res.linear.desc = descriptor_of(d.format, d.numChannels);
    to->res.linear.sizeInBytes = d.sizeInBytes;
  } else {
    const auto& d = from.res.pitch2D;
    to->res.pitch2D.devPtr = reinterpret_cast<void*>(d.devPtr);
    to->res.pitch2D.desc = descriptor_of(d.format, d.numChannels);
    to->res.pitch2D.width = d.width;
    to->res.pitch2D.height = d.height;
    to->res.pitch2D.pitchInBytes = d.pitchInBytes;
  }
}

void to_driver(const cudaTextureDesc& from, CUDA_TEXTURE_DESC* to) {
  *to = {};
  for (int a = 0; a < 3; a++) to->addressMode[a] = CUaddress_mode(from.addressMode[a]);
  for (int c = 0; c < 4; c++) to->borderColor[c] = from.borderColor[c];
  to->filterMode = CUfilter_mode(from.filterMode);
  to->flags = (from.readMode == cudaReadModeElementType ? CU_TRSF_READ_AS_INTEGER : 0) |
              (from.normalizedCoords ? CU_TRSF_NORMALIZED_COORDINATES : 0) | (from.sRGB ? CU_TRSF_SRGB : 0) |
              (from.disableTrilinearOptimization ? CU_TRSF_DISABLE_TRILINEAR_OPTIMIZATION : 0) |
              (from.seamlessCubemap ? CU_TRSF_SEAMLESS_CUBEMAP : 0);
  to->maxAnisotropy = from.maxAnisotropy;
  to->mipmapFilterMode = CUfilter_mode(from.mipmapFilterMode);
  to->mipmapLevelBias = from.mipmapLevelBias;
  to->minMipmapLevelClamp = from.minMipmapLevelClamp;
  to->maxMipmapLevelClamp = from.maxMipmapLevelClamp;
}

void from_driver_texture(const CUDA_TEXTURE_DESC& from, cudaTextureDesc* to) {
  *to = {};
  for (int a = 0; a < 3; a++) to->addressMode[a] = cudaTextureAddressMode(from.addressMode[a]);
  for (int c = 0; c < 4; c++) to->borderColor[c] = from.borderColor[c];
  to->filterMode = cudaTextureFilterMode(from.filterMode);
  to->readMode = from.flags & CU_TRSF_READ_AS_INTEGER ? cudaReadModeElementType : cudaReadModeNormalizedFloat;
  to->normalizedCoords = (from.flags & CU_TRSF_NORMALIZED_COORDINATES) != 0;
  to->sRGB = (from.flags & CU_TRSF_SRGB) != 0;
  to->disableTrilinearOptimization = (from.flags & CU_TRSF_DISABLE_TRILINEAR_OPTIMIZATION) != 0;
  to->seamlessCubemap = (from.flags & CU_TRSF_SEAMLESS_CUBEMAP) != 0;
  to->maxAnisotropy = from.maxAnisotropy;
  to->mipmapFilterMode = cudaTextureFilterMode(from.mipmapFilterMode);
  to->mipmapLevelBias = from.mipmapLevelBias;
  to->minMipmapLevelClamp = from.minMipmapLevelClamp;
  to->maxMipmapLevelClamp = from.maxMipmapLevelClamp;
}

CUDA_RESOURCE_VIEW_DESC to_driver(const cudaResourceViewDesc& v) {
  CUDA_RESOURCE_VIEW_DESC to{};
  to.format = CUresourceViewFormat(v.format);
  to.width = v.width, to.height = v.height, to.depth = v.depth;
  to.firstMipmapLevel = v.firstMipmapLevel, to.lastMipmapLevel = v.lastMipmapLevel;
  to.firstLayer = v.firstLayer, to.lastLayer = v.lastLayer;
  return to;
}

/// The element format that a texture of this resource and view reads; false if the driver shall complain.
bool element_of(const Driver& d, const CUDA_RESOURCE_DESC& r, const CUDA_RESOURCE_VIEW_DESC* view,
                cudaChannelFormatDesc* element) {
  CUDA_ARRAY3D_DESCRIPTOR a{};
  CUarray array = r.res.array.hArray;
  if (view && view->format != CU_RES_VIEW_FORMAT_NONE) return false;
  if (r.resType == CU_RESOURCE_TYPE_LINEAR) {
    *element = descriptor_of(r.res.linear.format, r.res.linear.numChannels);
    return true;
  }
  if (r.resType == CU_RESOURCE_TYPE_PITCH2D) {
    *element = descriptor_of(r.res.pitch2D.format, r.res.pitch2D.numChannels);
    return true;
  }
  if (r.resType == CU_RESOURCE_TYPE_MIPMAPPED_ARRAY &&
      d.cuMipmappedArrayGetLevel(&array, r.res.mipmap.hMipmappedArray, 0) != CUDA_SUCCESS)
    return false;
  if (d.cuArray3DGetDescriptor_v2(&a, array) != CUDA_SUCCESS) return false;
  *element = descriptor_of(a.Format, a.NumChannels);
  return true;
}

/// Combinations that have codes of their own in the runtime.
cudaError_t check_reading(const cudaChannelFormatDesc& element, const cudaTextureDesc& t, bool filtered) {
  const bool integer = element.f == cudaChannelFormatKindSigned || element.f == cudaChannelFormatKindUnsigned;
  if (t.readMode != cudaReadModeElementType && t.readMode != cudaReadModeNormalizedFloat)
    return cudaErrorInvalidValue;
  if (integer && element.x == 32 && t.readMode == cudaReadModeNormalizedFloat)
    return cudaErrorInvalidNormSetting;
  if (integer && filtered && t.filterMode == cudaFilterModeLinear && t.readMode == cudaReadModeElementType)
    return cudaErrorInvalidFilterSetting;
  return cudaSuccess;
}

}  // namespace

cudaError_t cudaCreateTextureObject(cudaTextureObject_t* object, const struct cudaResourceDesc* resource,
                                    const struct cudaTextureDesc* texture,
                                    const struct cudaResourceViewDesc* view) {
  if (!object || !resource || !texture) return cudaErrorInvalidValue;
  cudaError_t why = cudaSuccess;
  const Driver* d = current_driver(&why);
  if (!d) return why;
  CUDA_RESOURCE_DESC r;
  CUDA_TEXTURE_DESC t;
  CUDA_RESOURCE_VIEW_DESC v{};
  if (const cudaError_t e = to_driver(*resource, &r); e != cudaSuccess) return e;
  to_driver(*texture, &t);
  if (view) v = to_driver(*view);
  cudaChannelFormatDesc element;
  if (element_of(*d, r, view ? &v : nullptr, &element)) {
    const bool filtered = r.resType != CU_RESOURCE_TYPE_LINEAR;
    if (const cudaError_t e = check_reading(element, *texture, filtered); e != cudaSuccess) return e;
  }
  return from_driver(d->cuTexObjectCreate(object, &r, &t, view ? &v : nullptr));
}

cudaError_t cudaDestroyTextureObject(cudaTextureObject_t object) {
  return call([&](const Driver& d) { return d.cuTexObjectDestroy(object); });
}

cudaError_t cudaGetTextureObjectResourceDesc(struct cudaResourceDesc* descriptor,
                                             cudaTextureObject_t object) {
  return call([&](const Driver& d) {
    CUDA_RESOURCE_DESC r;
    const CUresult result = d.cuTexObjectGetResourceDesc(descriptor ? &r : nullptr, object);
    if (result == CUDA_SUCCESS) from_driver_resource(r, descriptor);
    return result;
  });
}

cudaError_t cudaGetTextureObjectTextureDesc(struct cudaTextureDesc* descriptor, cudaTextureObject_t object) {
  return call([&](const Driver& d) {
    CUDA_TEXTURE_DESC t;
    const CUresult result = d.cuTexObjectGetTextureDesc(descriptor ? &t : nullptr, object);
    if (result == CUDA_SUCCESS) from_driver_texture(t, descriptor);
    return result;
  });
}

cudaError_t cudaGetTextureObjectResourceViewDesc(struct cudaResourceViewDesc* descriptor,
                                                 cudaTextureObject_t object) {
  return call([&](const Driver& d) {
    CUDA_RESOURCE_VIEW_DESC v;
    const CUresult result = d.cuTexObjectGetResourceViewDesc(descriptor ? &v : nullptr, object);
    if (result != CUDA_SUCCESS) return result;
    *descriptor = {};
    descriptor->format = cudaResourceViewFormat(v.format);
    descriptor->width = v.width, descriptor->height = v.height, descriptor->depth = v.depth;
    descriptor->firstMipmapLevel = v.firstMipmapLevel, descriptor->lastMipmapLevel = v.lastMipmapLevel;
    descriptor->firstLayer = v.firstLayer, descriptor->lastLayer = v.lastLayer;
    return result;
  });
}

cudaError_t cudaCreateSurfaceObject(cudaSurfaceObject_t* object, const struct cudaResourceDesc* resource) {
  if (!object || !resource) return cudaErrorInvalidValue;
  if (resource->resType != cudaResourceTypeArray) return cudaErrorInvalidValue;
  CUDA_RESOURCE_DESC r;
  if (const cudaError_t e = to_driver(*resource, &r); e != cudaSuccess) return e;
  return call([&](const Driver& d) { return d.cuSurfObjectCreate(object, &r); });
}

cudaError_t cudaDestroySurfaceObject(cudaSurfaceObject_t object) {
  return call([&](const Driver& d) { return d.cuSurfObjectDestroy(object); });
}

cudaError_t cudaGetSurfaceObjectResourceDesc(struct cudaResourceDesc* descriptor,
                                             cudaSurfaceObject_t object) {
  return call([&](const Driver& d) {
    CUDA_RESOURCE_DESC r;
    const CUresult result = d.cuSurfObjectGetResourceDesc(descriptor ? &r : nullptr, object);
    if (result == CUDA_SUCCESS) from_driver_resource(r, descriptor);
    return result;
  });
}

cudaError_t cudaDeviceGetTexture1DLinearMaxWidth(size_t* width, const struct cudaChannelFormatDesc* element,
                                                 int device) {
  if (!width || !element) return cudaErrorInvalidValue;
  CUarray_format format;
  unsigned channels = 0;
  if (!format_of(*element, &format, &channels)) return cudaErrorInvalidChannelDescriptor;
  return bare_call([&](const Driver& d) {
    CUdevice handle;
    const CUresult r = d.cuDeviceGet(&handle, device);
    return r == CUDA_SUCCESS ? d.cuDeviceGetTexture1DLinearMaxWidth(width, format, channels, handle) : r;
  });
}

}  // namespace ppu::runtime
