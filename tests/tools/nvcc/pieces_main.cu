// One half of an -rdc=true program: the kernel, which needs a function, a variable and a table of the other
// half.
#include <cstdio>

extern __device__ int calls;
extern __constant__ float table[4];
__device__ float plus_one(float x);
void fill_table();
int calls_so_far();

__global__ void scale(float* p) {
  p[threadIdx.x] = plus_one(p[threadIdx.x]) * table[threadIdx.x & 3];
  atomicAdd(&calls, 1);
}

int main() {
  float host[64], *device;
  for (int i = 0; i < 64; ++i) host[i] = float(i);
  fill_table();
  cudaMalloc(&device, sizeof host);
  cudaMemcpy(device, host, sizeof host, cudaMemcpyHostToDevice);
  scale<<<1, 64>>>(device);
  cudaMemcpy(host, device, sizeof host, cudaMemcpyDeviceToHost);
  int wrong = 0;
  for (int i = 0; i < 64; ++i) wrong += host[i] != (float(i) + 1) * float(1 + (i & 3));
  std::puts(wrong || calls_so_far() != 64 ? "wrong" : "right");
  return wrong;
}
