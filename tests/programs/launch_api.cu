// Launching: all the ways to do it, big and odd parameters, attributes, occupancy, device properties, and the
// rules of cudaGetLastError.
#include <string>

#include "check.h"

struct Big {
  int values[900];
  double tail;
};

struct Odd {
  char a;
  double b;
  short c[3];
};

__global__ void big_parameter(Big big, int* out) {
  int sum = 0;
  for (int v : big.values) sum += v;
  out[threadIdx.x] = sum + static_cast<int>(big.tail) + big.values[threadIdx.x * 7];
}

__global__ void odd_parameters(char a, Odd odd, short b, const int* in, bool c, double d, int* out,
                               float3 e) {
  out[0] = a + odd.a + static_cast<int>(odd.b) + odd.c[2] + b + in[0] + c + static_cast<int>(d) +
           static_cast<int>(e.z);
}

__global__ void count(int* out) {
  atomicAdd(out, 1);
}

__global__ void __launch_bounds__(64, 2) bounded(int* out) {
  atomicAdd(out, 1);
}

template <class T, int kFactor>
__global__ void scaled(T* x) {
  x[threadIdx.x] *= kFactor;
}

void parameters() {
  Big big;
  int sum = 0;
  for (int i = 0; i < 900; ++i) sum += big.values[i] = i * i % 77;
  big.tail = 1000.0;
  DeviceArray<int> out(64);
  big_parameter<<<1, 64>>>(big, out);
  CUDA_SYNC();
  std::vector<int> want(64);
  for (int t = 0; t < 64; ++t) want[t] = sum + 1000 + big.values[t * 7];
  check::equal(out.host(), want, "big parameter");
  DeviceArray<int> in(std::vector<int>{7});
  odd_parameters<<<1, 1>>>('a', Odd{1, 2.5, {3, 4, 5}}, -6, in, true, 8.75, out, make_float3(1, 2, 3));
  CUDA_SYNC();
  EXPECT(out.host()[0] == 'a' + 1 + 2 + 5 - 6 + 7 + 1 + 8 + 3);
}

void ways_to_launch() {
  DeviceArray<int> out(1);
  out.zero();
  int* pointer = out;
  void* arguments[] = {&pointer};
  CUDA_CHECK(
      cudaLaunchKernel(reinterpret_cast<const void*>(count), dim3(2, 3), dim3(10), arguments, 0, nullptr));
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(4);
  config.blockDim = dim3(5);
  CUDA_CHECK(cudaLaunchKernelEx(&config, count, pointer));
  CUDA_CHECK(cudaLaunchKernelExC(&config, reinterpret_cast<const void*>(count), arguments));
  count<<<dim3(1, 2, 3), dim3(4, 5, 6)>>>(out);
  CUDA_SYNC();
  check::equal(out.host(), {60 + 20 + 20 + 720}, "count");
  DeviceArray<double> x(std::vector<double>{1, 2, 3, 4});
  scaled<double, 3><<<1, 4>>>(x);
  CUDA_SYNC();
  check::equal(x.host(), {3.0, 6.0, 9.0, 12.0}, "template");
  void (*by_pointer)(int*) = count;
  by_pointer<<<1, 1>>>(out);
  CUDA_SYNC();
}

void about_kernels() {
  cudaFuncAttributes about;
  CUDA_CHECK(cudaFuncGetAttributes(&about, bounded));
  EXPECT(about.maxThreadsPerBlock == 64);
  CUDA_CHECK(cudaFuncGetAttributes(&about, count));
  EXPECT(about.maxThreadsPerBlock == 1024 && about.sharedSizeBytes == 0);
  bounded<<<1, 65>>>(nullptr);
  EXPECT(cudaGetLastError() != cudaSuccess);
  int blocks = 0, threads = 0;
  CUDA_CHECK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, count, 256, 0));
  EXPECT(blocks >= 1 && blocks <= 32);
  CUDA_CHECK(cudaOccupancyMaxPotentialBlockSize(&blocks, &threads, count, 0, 0));
  EXPECT(threads >= 32 && threads <= 1024 && blocks >= 1);
}

void about_devices() {
  int devices = 0, current = -1, value = 0;
  cudaDeviceProp p;
  CUDA_CHECK(cudaGetDeviceCount(&devices));
  EXPECT(devices >= 1);
  CUDA_CHECK(cudaSetDevice(0));
  CUDA_CHECK(cudaGetDevice(&current));
  EXPECT(current == 0);
  CUDA_CHECK(cudaGetDeviceProperties(&p, 0));
  EXPECT(p.major >= 8 && p.warpSize == 32 && p.multiProcessorCount >= 1 && p.maxThreadsPerBlock == 1024);
  EXPECT(p.name[0] != 0 && p.totalGlobalMem > 0 && p.sharedMemPerBlock == 49152 && p.unifiedAddressing);
  CUDA_CHECK(cudaDeviceGetAttribute(&value, cudaDevAttrMultiProcessorCount, 0));
  EXPECT(value == p.multiProcessorCount);
  CUDA_CHECK(cudaDeviceGetAttribute(&value, cudaDevAttrWarpSize, 0));
  EXPECT(value == 32);
  int driver = 0, runtime = 0;
  CUDA_CHECK(cudaDriverGetVersion(&driver));
  CUDA_CHECK(cudaRuntimeGetVersion(&runtime));
  EXPECT(runtime >= 12000 && driver >= runtime);
}

/// An error is kept until it's asked for; a success in between doesn't clear it.
void last_error() {
  void* p;
  EXPECT(cudaGetLastError() == cudaSuccess);
  EXPECT(cudaMalloc(&p, ~size_t{0} / 4) == cudaErrorMemoryAllocation);
  EXPECT(cudaDeviceSynchronize() == cudaSuccess);
  EXPECT(cudaPeekAtLastError() == cudaErrorMemoryAllocation);
  EXPECT(cudaGetLastError() == cudaErrorMemoryAllocation);
  EXPECT(cudaGetLastError() == cudaSuccess);
  EXPECT(std::string(cudaGetErrorName(cudaSuccess)) == "cudaSuccess");
}

int main() {
  parameters();
  ways_to_launch();
  about_kernels();
  about_devices();
  last_error();
  return check::verdict("launch_api");
}
