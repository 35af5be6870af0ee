// As driver_layout.cpp, for the runtime's types at level 13.
#define CUDART_VERSION 13000
#include <cuda_runtime_api.h>

#include <sstream>
#include <string>

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

std::string JOIN(runtime_layout_, SIDE)() {
  std::ostringstream text;
#define LAYOUT(name) text << #name << " " << sizeof(name) << " " << alignof(name) << "\n";
#define VALUE(name) text << #name << " " << static_cast<long long>(name) << "\n";
#include "runtime_layout.inc"
  LAYOUT(cudaDeviceProp)
  LAYOUT(cudaLaunchAttributeValue)
  LAYOUT(dim3)
#define VECTORS(type) LAYOUT(type##1) LAYOUT(type##2) LAYOUT(type##3) LAYOUT(type##4)
  // clang-format off
  VECTORS(char) VECTORS(uchar) VECTORS(short) VECTORS(ushort)
  VECTORS(int) VECTORS(uint) VECTORS(long) VECTORS(ulong)
  VECTORS(longlong) VECTORS(ulonglong) VECTORS(float) VECTORS(double)
#define FIELD(name) text << #name << " at " << offsetof(cudaDeviceProp, name) << "\n";
  FIELD(totalGlobalMem) FIELD(maxGridSize) FIELD(multiProcessorCount) FIELD(maxTexture3D)
  FIELD(surfaceAlignment) FIELD(memoryBusWidth) FIELD(sharedMemPerMultiprocessor) FIELD(cooperativeLaunch)
  FIELD(reservedSharedMemPerBlock) FIELD(unifiedFunctionPointers) FIELD(hostNumaId)
      // clang-format on
      return text.str();
}
