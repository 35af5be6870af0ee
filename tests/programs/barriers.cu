// Barriers of every kind: threads that have left before one, barriers in loops and uniform branches, the
// voting barriers, and named barriers that part of a block uses.
#include "check.h"

/// Threads beyond n leave first; the rest still meet (an exited thread counts as arrived).
__global__ void early_return(int* out, int n) {
  __shared__ int values[128];
  values[threadIdx.x] = 0;
  __syncthreads();
  if (threadIdx.x >= n) return;
  values[threadIdx.x] = threadIdx.x * 3;
  __syncthreads();
  out[blockIdx.x * n + threadIdx.x] = values[n - 1 - threadIdx.x] + blockIdx.x;
}

/// A barrier inside a loop whose trip count is a kernel argument, and inside a branch on the block's index.
__global__ void in_loops(int* out, int rounds) {
  __shared__ int ring[96];
  ring[threadIdx.x] = threadIdx.x;
  for (int r = 0; r < rounds; ++r) {
    __syncthreads();
    const int next = ring[(threadIdx.x + 1) % blockDim.x];
    __syncthreads();
    if (blockIdx.x % 2 == 0) {
      ring[threadIdx.x] = next;
      __syncthreads();
      if (threadIdx.x == 0) ring[0] += 1000;
    } else {
      ring[threadIdx.x] = next + 1;
    }
  }
  __syncthreads();
  out[blockIdx.x * blockDim.x + threadIdx.x] = ring[threadIdx.x];
}

__global__ void votes(int* out, int bound) {
  const int below = __syncthreads_count(threadIdx.x < bound);
  const int all = __syncthreads_and(threadIdx.x < bound), any = __syncthreads_or(threadIdx.x == bound);
  out[threadIdx.x] = below * 4 + (all != 0) * 2 + (any != 0);
}

/// The first half of the block produces, the second half consumes; two named barriers order them.
__global__ void producer_consumer(int* out) {
  __shared__ int box[64];
  if (threadIdx.x < 64) {
    for (int round = 0; round < 3; ++round) {
      box[threadIdx.x] = round * 100 + threadIdx.x;
      asm volatile("bar.arrive 1, 128;" ::: "memory");
      asm volatile("bar.sync 2, 128;" ::: "memory");
    }
  } else {
    int sum = 0;
    for (int round = 0; round < 3; ++round) {
      asm volatile("bar.sync 1, 128;" ::: "memory");
      sum += box[127 - threadIdx.x] * (round + 1);
      asm volatile("bar.arrive 2, 128;" ::: "memory");
    }
    out[threadIdx.x - 64] = sum;
  }
}

int main() {
  for (int n : {1, 32, 50, 127, 128}) {
    std::vector<int> want(3 * n);
    for (int b = 0; b < 3; ++b)
      for (int t = 0; t < n; ++t) want[b * n + t] = (n - 1 - t) * 3 + b;
    DeviceArray<int> out(3 * n);
    early_return<<<3, 128>>>(out, n);
    CUDA_SYNC();
    check::equal(out.host(), want, "early_return");
  }
  for (int threads : {32, 75, 96}) {
    DeviceArray<int> out(2 * threads);
    in_loops<<<2, threads>>>(out, 4);
    CUDA_SYNC();
    std::vector<int> want;
    for (int b = 0; b < 2; ++b) {
      std::vector<int> ring(threads);
      for (int t = 0; t < threads; ++t) ring[t] = t;
      for (int r = 0; r < 4; ++r) {
        std::vector<int> next(threads);
        for (int t = 0; t < threads; ++t) next[t] = ring[(t + 1) % threads] + (b % 2);
        if (b % 2 == 0) next[0] += 1000;
        ring = next;
      }
      want.insert(want.end(), ring.begin(), ring.end());
    }
    check::equal(out.host(), want, "in_loops");
  }
  for (int bound : {0, 40, 99, 100}) {
    DeviceArray<int> out(100);
    votes<<<1, 100>>>(out, bound);
    CUDA_SYNC();
    check::equal(out.host(), std::vector<int>(100, bound * 4 + (bound == 100) * 2 + (bound < 100)), "votes");
  }
  DeviceArray<int> out(64);
  producer_consumer<<<1, 128>>>(out);
  CUDA_SYNC();
  std::vector<int> want(64);
  for (int t = 0; t < 64; ++t)
    for (int round = 0; round < 3; ++round) want[t] += (round * 100 + 63 - t) * (round + 1);
  check::equal(out.host(), want, "producer_consumer");
  return check::verdict("barriers");
}
