// Barriers whose arrival and wait are apart (mbarrier): phases, drops, copies that arrive on one, a producer
// warp.
#include <cuda_awbarrier.h>
#include <cuda_pipeline.h>

#include "check.h"

using nvcuda::experimental::awbarrier;

/// Steps of a ring: every thread passes a value on, working between its arrival and its wait.
__global__ void ring(int* out, int steps) {
  __shared__ awbarrier barrier;
  __shared__ int value[2][128];
  const int t = threadIdx.x;
  if (t == 0) init(&barrier, blockDim.x);
  __syncthreads();
  int mine = t, busy = 0;
  for (int s = 0; s < steps; s++) {
    value[s % 2][t] = mine;
    auto token = barrier.arrive();
    for (int i = 0; i < t % 7; i++) busy += i;
    barrier.wait(token);
    mine = value[s % 2][(t + 1) % blockDim.x] + 1;
  }
  out[blockIdx.x * blockDim.x + t] = mine + (busy == -1);
}

/// Warps leave one after another; those that stay go on without them.
__global__ void leave(int* out) {
  __shared__ awbarrier barrier;
  __shared__ int count;
  const int warp = threadIdx.x / 32;
  if (threadIdx.x == 0) {
    init(&barrier, blockDim.x);
    count = 0;
  }
  __syncthreads();
  for (int s = 0; s < warp; s++) barrier.arrive_and_wait();
  if (threadIdx.x % 32 == 0) out[warp] = atomicAdd(&count, 1);
  barrier.arrive_and_drop();
}

/// __mbarrier_test_wait_parity, which nvcc's header has for sm_90 only though the instruction is older.
__device__ bool phase_is_over(__mbarrier_t* barrier, unsigned parity) {
  unsigned over;
  asm volatile("{ .reg .pred p; mbarrier.test_wait.parity.shared.b64 p, [%1], %2; selp.u32 %0, 1, 0, p; }"
               : "=r"(over)
               : "r"(static_cast<unsigned>(__cvta_generic_to_shared(barrier))), "r"(parity)
               : "memory");
  return over != 0;
}

/// The first warp fills stages, the others read them: full and empty barriers by parity.
__global__ void stages(const float4* in, float* out, int rounds) {
  __shared__ __mbarrier_t full[2], empty[2];
  __shared__ float4 data[2][32];
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  if (threadIdx.x == 0)
    for (int s = 0; s < 2; s++) {
      __mbarrier_init(&full[s], 32);
      __mbarrier_init(&empty[s], blockDim.x - 32);
    }
  __syncthreads();
  float sum = 0;
  for (int r = 0; r < rounds; r++) {
    const int s = r % 2;
    const bool parity = r / 2 % 2;
    if (warp == 0) {
      if (r >= 2)
        while (!phase_is_over(&empty[s], !parity)) {
        }
      __pipeline_memcpy_async(&data[s][lane], &in[r * 32 + lane], 16);
      __pipeline_arrive_on(&full[s]);
      __mbarrier_arrive(&full[s]);
    } else {
      while (!phase_is_over(&full[s], parity)) {
      }
      const float4 v = data[s][(lane + warp) % 32];
      sum += v.x + v.y * warp + v.z + v.w;
      __mbarrier_arrive(&empty[s]);
    }
  }
  out[threadIdx.x] = sum;
}

int main() {
  int *dints, steps = 9, rounds = 7;
  CUDA_CHECK(cudaMalloc(&dints, 4096));
  std::vector<int> got(256), want(256), order(4);
  ring<<<2, 128>>>(dints, steps);
  CUDA_SYNC();
  CUDA_CHECK(cudaMemcpy(got.data(), dints, 1024, cudaMemcpyDeviceToHost));
  for (int i = 0; i < 256; i++) want[i] = (i % 128 + steps) % 128 + steps;
  check::equal(got, want, "ring");
  leave<<<1, 128>>>(dints);
  CUDA_SYNC();
  CUDA_CHECK(cudaMemcpy(order.data(), dints, 16, cudaMemcpyDeviceToHost));
  check::equal(order, std::vector<int>{0, 1, 2, 3}, "order of leaving");

  std::vector<float> in(size_t(rounds) * 128), sums(128), expected(128);
  for (size_t i = 0; i < in.size(); i++) in[i] = static_cast<float>(i % 13);
  for (int t = 32; t < 128; t++)
    for (int r = 0; r < rounds; r++) {
      const float* v = &in[size_t(r * 32 + (t % 32 + t / 32) % 32) * 4];
      expected[t] += v[0] + v[1] * static_cast<float>(t / 32) + v[2] + v[3];
    }
  float *din, *dout;
  CUDA_CHECK(cudaMalloc(&din, in.size() * 4));
  CUDA_CHECK(cudaMalloc(&dout, 512));
  CUDA_CHECK(cudaMemcpy(din, in.data(), in.size() * 4, cudaMemcpyHostToDevice));
  stages<<<1, 128>>>(reinterpret_cast<float4*>(din), dout, rounds);
  CUDA_SYNC();
  CUDA_CHECK(cudaMemcpy(sums.data(), dout, 512, cudaMemcpyDeviceToHost));
  check::equal(sums, expected, "stages");
  return check::verdict("split_barriers");
}
