// Inclusive prefix sums: in a warp, in a block, over blocks.
#include "check.h"

__device__ int warp_scan(int value) {
  for (int offset = 1; offset < 32; offset *= 2) {
    const int other = __shfl_up_sync(0xffffffffu, value, offset);
    if (threadIdx.x % 32 >= offset) value += other;
  }
  return value;
}

__global__ void scan_blocks(const int* in, int* out, int* totals, int n) {
  __shared__ int warps[32];
  const int i = blockIdx.x * blockDim.x + threadIdx.x, warp = threadIdx.x / 32;
  int value = warp_scan(i < n ? in[i] : 0);
  if (threadIdx.x % 32 == 31) warps[warp] = value;
  __syncthreads();
  if (warp == 0) {
    const int sum = warp_scan(threadIdx.x < blockDim.x / 32 ? warps[threadIdx.x] : 0);
    warps[threadIdx.x] = sum;
  }
  __syncthreads();
  if (warp > 0) value += warps[warp - 1];
  if (i < n) out[i] = value;
  if (threadIdx.x == blockDim.x - 1) totals[blockIdx.x] = value;
}

__global__ void add_offsets(int* out, const int* offsets, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (blockIdx.x > 0 && i < n) out[i] += offsets[blockIdx.x - 1];
}

/// Hillis and Steele's scan with two buffers in shared memory.
__global__ void scan_one_block(const int* in, int* out, int n) {
  extern __shared__ int buffers[];
  int* from = buffers;
  int* to = buffers + blockDim.x;
  from[threadIdx.x] = threadIdx.x < n ? in[threadIdx.x] : 0;
  __syncthreads();
  for (int offset = 1; offset < blockDim.x; offset *= 2) {
    to[threadIdx.x] = from[threadIdx.x] + (threadIdx.x >= offset ? from[threadIdx.x - offset] : 0);
    int* swap = from;
    from = to;
    to = swap;
    __syncthreads();
  }
  if (threadIdx.x < n) out[threadIdx.x] = from[threadIdx.x];
}

int main() {
  const int n = 40000, threads = 256, blocks = (n + threads - 1) / threads;
  check::Random random;
  std::vector<int> x(n), want(n);
  for (int& v : x) v = static_cast<int>(random.below(100)) - 20;
  for (int i = 0; i < n; ++i) want[i] = x[i] + (i ? want[i - 1] : 0);
  DeviceArray<int> dx(x), dy(n), totals(blocks), offsets(blocks);
  scan_blocks<<<blocks, threads>>>(dx, dy, totals, n);
  scan_one_block<<<1, 256, 2 * 256 * sizeof(int)>>>(totals, offsets, blocks);
  add_offsets<<<blocks, threads>>>(dy, offsets, n);
  CUDA_SYNC();
  check::equal(dy.host(), want, "scan");
  return check::verdict("scan");
}
