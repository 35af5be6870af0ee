// Libraries: images a program loads by itself (PTX, fat binaries), their kernels and variables.
#include "runtime/entry.h"

namespace ppu::runtime {
namespace {

CUjit_option* driver_options(enum cudaJitOption* options) {
  return reinterpret_cast<CUjit_option*>(options);
}
CUlibraryOption* driver_options(enum cudaLibraryOption* options) {
  return reinterpret_cast<CUlibraryOption*>(options);
}

}  // namespace

cudaError_t cudaLibraryLoadData(cudaLibrary_t* library, const void* image, enum cudaJitOption* jit_options,
                                void** jit_values, unsigned int jit_count, enum cudaLibraryOption* options,
                                void** values, unsigned int count) {
  return call([&](const Driver& d) {
    return d.cuLibraryLoadData(library, image, driver_options(jit_options), jit_values, jit_count,
                               driver_options(options), values, count);
  });
}

cudaError_t cudaLibraryLoadFromFile(cudaLibrary_t* library, const char* path, enum cudaJitOption* jit_options,
                                    void** jit_values, unsigned int jit_count,
                                    enum cudaLibraryOption* options, void** values, unsigned int count) {
  return call([&](const Driver& d) {
    return d.cuLibraryLoadFromFile(library, path, driver_options(jit_options), jit_values, jit_count,
                                   driver_options(options), values, count);
  });
}

cudaError_t cudaLibraryUnload(cudaLibrary_t library) {
  return call([&](const Driver& d) { return d.cuLibraryUnload(library); });
}

cudaError_t cudaLibraryGetKernel(cudaKernel_t* kernel, cudaLibrary_t library, const char* name) {
  return call([&](const Driver& d) {
    const CUresult r = d.cuLibraryGetKernel(kernel, library, name);
    if (r == CUDA_SUCCESS) note_library_kernel(*kernel);
    return r;
  });
}

cudaError_t cudaLibraryGetKernelCount(unsigned int* count, cudaLibrary_t library) {
  return call([&](const Driver& d) { return d.cuLibraryGetKernelCount(count, library); });
}

cudaError_t cudaLibraryEnumerateKernels(cudaKernel_t* kernels, unsigned int capacity, cudaLibrary_t library) {
  return call([&](const Driver& d) {
    const CUresult r = d.cuLibraryEnumerateKernels(kernels, capacity, library);
    unsigned count = 0;
    if (r == CUDA_SUCCESS && d.cuLibraryGetKernelCount(&count, library) == CUDA_SUCCESS)
      for (unsigned i = 0; i < count && i < capacity; ++i) note_library_kernel(kernels[i]);
    return r;
  });
}

cudaError_t cudaLibraryGetGlobal(void** address, size_t* bytes, cudaLibrary_t library, const char* name) {
  return call([&](const Driver& d) {
    return d.cuLibraryGetGlobal(reinterpret_cast<CUdeviceptr*>(address), bytes, library, name);
  });
}

cudaError_t cudaLibraryGetManaged(void** address, size_t* bytes, cudaLibrary_t library, const char* name) {
  return call([&](const Driver& d) {
    return d.cuLibraryGetManaged(reinterpret_cast<CUdeviceptr*>(address), bytes, library, name);
  });
}

cudaError_t cudaLibraryGetUnifiedFunction(void** address, cudaLibrary_t library, const char* name) {
  return call([&](const Driver& d) { return d.cuLibraryGetUnifiedFunction(address, library, name); });
}

cudaError_t cudaKernelSetAttributeForDevice(cudaKernel_t kernel, enum cudaFuncAttribute attribute, int value,
                                            int device) {
  return call([&](const Driver& d) {
    return d.cuKernelSetAttribute(static_cast<CUfunction_attribute>(attribute), value, kernel, device);
  });
}

}  // namespace ppu::runtime
