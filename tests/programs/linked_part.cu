// The other half of linked_main.cu.
#include "linked.h"

__device__ int shared_counter = 100;
__managed__ int shared_managed = 3;
__constant__ float shared_weights[4] = {0.5f, 1.5f, 2.5f, 3.5f};
static __device__ int private_value = 1;  // linked_main.cu has one of the same name

__device__ Pair combine(int a, double b) {
  return {a * 2 + private_value, b * 0.5};
}
__device__ int count_up(int by) {
  return atomicAdd(&shared_counter, by);
}

__global__ void other(int* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = i * private_value + shared_counter + shared_managed;
}

void launch_other(int* out, int n) {
  other<<<(n + 63) / 64, 64>>>(out, n);
}
