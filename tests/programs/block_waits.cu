// Forward progress: blocks that wait for other resident blocks, warps that wait for warps, and lanes of one
// warp that take a lock one after another.
#include "check.h"

/// Every block adds one and waits until all have: a barrier over the grid, three times.
__global__ void grid_barrier(unsigned* arrived, int* out) {
  for (unsigned round = 1; round <= 3; ++round) {
    __syncthreads();
    if (threadIdx.x == 0) {
      __threadfence();
      atomicAdd(arrived, 1u);
      while (*static_cast<volatile unsigned*>(arrived) < round * gridDim.x) {
      }
    }
    __syncthreads();
  }
  out[blockIdx.x * blockDim.x + threadIdx.x] = static_cast<int>(*static_cast<volatile unsigned*>(arrived));
}

/// Block b may go on only when block b + 1 has: the reverse of the order in which blocks start.
__global__ void chain(volatile int* done) {
  if (threadIdx.x == 0) {
    if (blockIdx.x + 1 < gridDim.x)
      while (done[blockIdx.x + 1] == 0) {
      }
    done[blockIdx.x] = done[blockIdx.x + 1] + 1;
  }
}

/// Warp 0 waits for a flag that the last warp sets.
__global__ void warps(int* out) {
  __shared__ volatile int flag;
  if (threadIdx.x == 0) flag = 0;
  __syncthreads();
  if (threadIdx.x < 32)
    while (flag == 0) {
    }
  if (threadIdx.x == blockDim.x - 1) {
    out[1] = 5;
    __threadfence();
    flag = 1;
  }
  __syncthreads();
  if (threadIdx.x == 0) out[0] = out[1] + 1;
}

/// A turn counts only where the lock was free, and who holds it lets other blocks run meanwhile.
__global__ void retries(volatile int* lock, volatile int* count, const volatile int* never, int turns) {
  for (int turn = 0; turn < turns;) {
    if (*lock == 0 && atomicCAS(const_cast<int*>(lock), 0, 1) == 0) {
      int waited = 0;
      while (waited < 3 || *never) waited++;
      *count += 1;
      __threadfence();
      *lock = 0;
      turn++;
    }
  }
}

int main() {
  const int blocks = 16;
  DeviceArray<unsigned> arrived(1);
  DeviceArray<int> out(blocks * 64), done(blocks + 1), two(2);
  arrived.zero();
  grid_barrier<<<blocks, 64>>>(arrived, out);
  CUDA_SYNC();
  check::equal(out.host(), std::vector<int>(blocks * 64, 3 * blocks), "grid_barrier");

  two.zero();
  done.zero();
  retries<<<blocks, 1>>>(two, two + 1, done, 5);
  CUDA_SYNC();
  check::equal(two.host(), std::vector<int>{0, 5 * blocks}, "retries");

  done.zero();
  chain<<<blocks, 32>>>(done);
  CUDA_SYNC();
  std::vector<int> want(blocks + 1, 0);
  for (int b = 0; b < blocks; ++b) want[b] = blocks - b;
  check::equal(done.host(), want, "chain");

  warps<<<2, 128>>>(two);
  CUDA_SYNC();
  check::equal(two.host(), {6, 5}, "warps");

  return check::verdict("block_waits");
}
