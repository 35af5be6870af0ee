// cuda::barrier and cuda::pipeline of a block: unified and with a producer warp; copies by groups.
#include <cooperative_groups.h>
#include <cooperative_groups/memcpy_async.h>

#include <cuda/barrier>
#include <cuda/pipeline>

#include "check.h"

namespace cg = cooperative_groups;
constexpr int kThreads = 128, kTiles = 6;

/// Each thread sums, over the tiles, its neighbour's element.
__global__ void unified(const int* in, int* out) {
  __shared__ cuda::pipeline_shared_state<cuda::thread_scope_block, 2> state;
  __shared__ int tile[2][kThreads];
  auto block = cg::this_thread_block();
  auto pipe = cuda::make_pipeline(block, &state);
  int sum = 0;
  for (int t = 0, next = 0; t < kTiles; t++) {
    for (; next < kTiles && next < t + 2; next++) {
      pipe.producer_acquire();
      cuda::memcpy_async(&tile[next % 2][threadIdx.x], &in[next * kThreads + threadIdx.x], sizeof(int), pipe);
      pipe.producer_commit();
    }
    pipe.consumer_wait();
    sum += tile[t % 2][(threadIdx.x + 1) % kThreads];
    pipe.consumer_release();
  }
  out[threadIdx.x] = sum;
}

__global__ void barriers(const int* in, int* out) {
  __shared__ cuda::barrier<cuda::thread_scope_block> bar;
  __shared__ int tile[kThreads];
  auto block = cg::this_thread_block();
  if (block.thread_rank() == 0) init(&bar, kThreads);
  block.sync();
  int sum = 0;
  for (int t = 0; t < kTiles; t++) {
    cuda::memcpy_async(block, tile, in + t * kThreads, sizeof(int) * kThreads, bar);
    bar.wait(bar.arrive());
    sum += tile[kThreads - 1 - threadIdx.x] * (t + 1);
    bar.arrive_and_wait();
  }
  cg::memcpy_async(block, tile, in, sizeof(int) * kThreads);
  cg::wait(block);
  out[threadIdx.x] = sum + tile[(threadIdx.x + 2) % kThreads];
}

int main() {
  std::vector<int> in(kThreads * kTiles), got(kThreads), want(kThreads), want_barriers(kThreads);
  for (size_t i = 0; i < in.size(); i++) in[i] = static_cast<int>(i * 37 % 1001);
  for (int i = 0; i < kThreads; i++)
    for (int t = 0; t < kTiles; t++) {
      want[i] += in[t * kThreads + (i + 1) % kThreads];
      want_barriers[i] += in[t * kThreads + kThreads - 1 - i] * (t + 1) + (t ? 0 : in[(i + 2) % kThreads]);
    }
  int *din, *dout;
  CUDA_CHECK(cudaMalloc(&din, in.size() * 4));
  CUDA_CHECK(cudaMalloc(&dout, got.size() * 4));
  CUDA_CHECK(cudaMemcpy(din, in.data(), in.size() * 4, cudaMemcpyHostToDevice));
  unified<<<1, kThreads>>>(din, dout);
  CUDA_SYNC();
  CUDA_CHECK(cudaMemcpy(got.data(), dout, got.size() * 4, cudaMemcpyDeviceToHost));
  check::equal(got, want, "unified pipeline");
  barriers<<<1, kThreads>>>(din, dout);
  CUDA_SYNC();
  CUDA_CHECK(cudaMemcpy(got.data(), dout, got.size() * 4, cudaMemcpyDeviceToHost));
  check::equal(got, want_barriers, "barriers");
  return check::verdict("block_pipeline");
}
