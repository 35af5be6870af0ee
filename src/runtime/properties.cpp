// cudaGetDeviceProperties in the layouts programs were compiled with: CUDA 11, 12 and 13.
#include <cstddef>
#include <cstring>

#include "runtime/entry.h"

namespace ppu::runtime {
namespace {

/// Every layout of one level; fields of the other level are left out.
#if PPU_CUDART_LEVEL == 13
#define PROPERTY12(field, attribute)
#define PROPERTY13(field, attribute) PROPERTY(field, attribute)
#else
#define PROPERTY12(field, attribute) PROPERTY(field, attribute)
#define PROPERTY13(field, attribute)
#endif

cudaError_t fill(const Driver& d, cudaDeviceProp* p, int device) {
  int count = 0;
  if (const CUresult r = d.cuDeviceGetCount(&count); r != CUDA_SUCCESS) return from_driver(r);
  if (device < 0 || device >= count) return cudaErrorInvalidDevice;
  std::memset(p, 0, sizeof *p);
  CUresult result = d.cuDeviceGetName(p->name, sizeof p->name, device);
  if (result == CUDA_SUCCESS) result = d.cuDeviceGetUuid_v2(reinterpret_cast<CUuuid*>(&p->uuid), device);
  if (result == CUDA_SUCCESS) result = d.cuDeviceTotalMem_v2(&p->totalGlobalMem, device);
  if (result != CUDA_SUCCESS) return from_driver(result);
  // A LUID exists on Windows only; elsewhere the manual leaves both fields zero.
  const auto attribute = [&](CUdevice_attribute which) {
    int value = 0;  // what the driver doesn't know (an older one) reads as 0
    return d.cuDeviceGetAttribute(&value, which, device) == CUDA_SUCCESS ? value : 0;
  };
#define PROPERTY(field, name) p->field = attribute(CU_DEVICE_ATTRIBUTE_##name);
#include "runtime/properties.inc"
#undef PROPERTY
  return cudaSuccess;
}

cudaError_t properties_of(cudaDeviceProp* properties, int device) {
  if (!properties) return cudaErrorInvalidValue;
  cudaError_t why = cudaSuccess;
  const Driver* d = bare_driver(&why);
  return d ? fill(*d, properties, device) : why;
}

}  // namespace

#if PPU_CUDART_LEVEL == 13
cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp* properties, int device) {
  return properties_of(properties, device);
}
#else
cudaError_t cudaGetDeviceProperties_v2(struct cudaDeviceProp* properties, int device) {
  return properties_of(properties, device);
}

// Programs of CUDA 11 know the layout up to reservedSharedMemPerBlock.
cudaError_t cudaGetDeviceProperties(void* properties, int device) {
  if (!properties) return cudaErrorInvalidValue;
  cudaDeviceProp all;
  const cudaError_t e = properties_of(&all, device);
  if (e == cudaSuccess) std::memcpy(properties, &all, offsetof(cudaDeviceProp, hostRegisterSupported));
  return e;
}
#endif

}  // namespace ppu::runtime
