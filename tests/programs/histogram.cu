// Byte counts with atomics on shared memory, merged with atomics on global memory.
#include "check.h"

__global__ void histogram(const unsigned char* data, unsigned* counts, int n) {
  __shared__ unsigned local[256];
  for (int i = threadIdx.x; i < 256; i += blockDim.x) local[i] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    atomicAdd(&local[data[i]], 1u);
  __syncthreads();
  for (int i = threadIdx.x; i < 256; i += blockDim.x) atomicAdd(&counts[i], local[i]);
}

int main() {
  const int n = 200001;
  check::Random random;
  std::vector<unsigned char> data(n);
  std::vector<unsigned> want(256, 0);
  for (auto& v : data) ++want[v = static_cast<unsigned char>(random.below(16) * random.below(16))];
  DeviceArray<unsigned char> d(data);
  DeviceArray<unsigned> counts(256);
  for (int threads : {64, 256, 100}) {
    counts.zero();
    histogram<<<7, threads>>>(d, counts, n);
    CUDA_SYNC();
    check::equal(counts.host(), want, "counts");
  }
  return check::verdict("histogram");
}
