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

// Waits in a function that can't be part of the kernel, because it calls itself.
__device__ __noinline__ int wait_for(volatile int* flag, int wanted, int depth) {
  if (depth > 0) return wait_for(flag, wanted, depth - 1) + 1;
  while (*flag < wanted) {
  }
  return wanted;
}

/// Each block waits for the one behind it, each warp of the first for the one behind it.
__global__ void waits_below(volatile int* flags, int* out) {
  if (threadIdx.x % 32 != 0) return;
  const int warp = static_cast<int>(threadIdx.x / 32), warps = static_cast<int>(blockDim.x / 32);
  const int before = static_cast<int>(gridDim.x - 1 - blockIdx.x) * warps + warps - 1 - warp;
  out[before] = wait_for(flags, before, warp);
  __threadfence();
  *flags = before + 1;
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

  // As many blocks as fit on the device at once, by its own account.
  cudaDeviceProp device;
  int on_each = 0;
  const size_t shared = 16 << 10;
  CUDA_CHECK(cudaGetDeviceProperties(&device, 0));
  CUDA_CHECK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&on_each, grid_barrier, 64, shared));
  const int most = on_each * device.multiProcessorCount;
  EXPECT(most > 256);
  DeviceArray<int> all(static_cast<size_t>(most) * 64);
  arrived.zero();
  grid_barrier<<<most, 64, shared>>>(arrived, all);
  CUDA_SYNC();
  check::equal(all.host(), std::vector<int>(static_cast<size_t>(most) * 64, 3 * most),
               "grid_barrier of all that fit");

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

  two.zero();
  DeviceArray<int> below(32);
  waits_below<<<8, 128>>>(two, below);
  CUDA_SYNC();
  std::vector<int> turns(32);
  for (int k = 0; k < 32; ++k) turns[k] = k + (3 - k % 4);
  check::equal(below.host(), turns, "waits_below");

  warps<<<2, 128>>>(two);
  CUDA_SYNC();
  check::equal(two.host(), {6, 5}, "warps");

  return check::verdict("block_waits");
}
