// Sums: a tree in shared memory, warp shuffles, and one over the whole grid whose last block finishes the
// job.
#include "check.h"

__global__ void tree_sum(const float* in, float* out, int n) {
  __shared__ float partial[256];
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  partial[threadIdx.x] = i < n ? in[i] : 0.0f;
  __syncthreads();
  for (int half = blockDim.x / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) partial[threadIdx.x] += partial[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0) out[blockIdx.x] = partial[0];
}

__global__ void shuffle_sum(const int* in, int* out, int n) {
  __shared__ int partial[32];
  int sum = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) sum += in[i];
  for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_down_sync(0xffffffffu, sum, offset);
  if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x < 32) {
    sum = threadIdx.x < blockDim.x / 32 ? partial[threadIdx.x] : 0;
    for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, offset);
    if (threadIdx.x == 0) atomicAdd(out, sum);
  }
}

__device__ unsigned blocks_done;

__global__ void grid_sum(const int* in, int* partial, int* out, int n) {
  __shared__ int sum;
  __shared__ bool last;
  if (threadIdx.x == 0) sum = 0;
  __syncthreads();
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) atomicAdd(&sum, in[i]);
  __syncthreads();
  if (threadIdx.x == 0) {
    partial[blockIdx.x] = sum;
    __threadfence();
    last = atomicInc(&blocks_done, gridDim.x - 1) == gridDim.x - 1;
  }
  __syncthreads();
  if (last && threadIdx.x == 0) {
    int total = 0;
    for (unsigned b = 0; b < gridDim.x; ++b) total += static_cast<volatile int*>(partial)[b];
    *out = total;
  }
}

int main() {
  const int n = 30000, blocks = (n + 255) / 256;
  check::Random random;
  std::vector<float> x(n);
  std::vector<int> k(n);
  int total = 0;
  for (int i = 0; i < n; ++i) {
    x[i] = static_cast<float>(random.below(1024)) / 16.0f;  // sums of these are exact in any order
    k[i] = static_cast<int>(random.below(2000)) - 1000;
    total += k[i];
  }
  std::vector<float> want(blocks, 0.0f);
  for (int i = 0; i < n; ++i) want[i / 256] += x[i];

  DeviceArray<float> dx(x), sums(blocks);
  tree_sum<<<blocks, 256>>>(dx, sums, n);
  CUDA_SYNC();
  check::equal(sums.host(), want, "tree_sum");

  DeviceArray<int> dk(k), out(1), partial(blocks);
  for (int threads : {32, 96, 256, 1024}) {
    out.zero();
    shuffle_sum<<<5, threads>>>(dk, out, n);
    CUDA_SYNC();
    check::equal(out.host(), {total}, "shuffle_sum");
  }
  for (int round = 0; round < 2; ++round) {  // twice: atomicInc wraps the counter to 0
    out.zero();
    grid_sum<<<blocks, 256>>>(dk, partial, out, n);
    CUDA_SYNC();
    check::equal(out.host(), {total}, "grid_sum");
  }
  return check::verdict("reduce");
}
