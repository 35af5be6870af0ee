// Many host threads: each with a stream of its own and all on the default stream; errors of one thread are
// not seen by another.
#include <atomic>
#include <thread>

#include "check.h"

__global__ void mix(unsigned* x, int n, unsigned seed) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) x[i] = (x[i] ^ seed) * 2654435761u + i;
}

std::atomic<int> wrong{0};

void worker(int id, bool own_stream) {
  const int n = 700;
  cudaStream_t stream = nullptr;
  if (own_stream) cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
  unsigned* x = nullptr;
  if (cudaMalloc(&x, n * sizeof(unsigned)) != cudaSuccess) ++wrong;
  cudaMemsetAsync(x, 0, n * sizeof(unsigned), stream);
  std::vector<unsigned> want(n, 0), got(n);
  for (unsigned round = 0; round < 10; ++round) {
    mix<<<(n + 63) / 64, 64, 0, stream>>>(x, n, id * 100 + round);
    for (int i = 0; i < n; ++i) want[i] = (want[i] ^ (id * 100 + round)) * 2654435761u + i;
  }
  if (id == 3) {
    void* p;
    cudaMalloc(&p, ~size_t{0} / 2);
    if (cudaGetLastError() != cudaErrorMemoryAllocation) ++wrong;
  } else if (cudaGetLastError() != cudaSuccess) {
    ++wrong;
  }
  cudaMemcpyAsync(got.data(), x, n * sizeof(unsigned), cudaMemcpyDeviceToHost, stream);
  if (cudaStreamSynchronize(stream) != cudaSuccess || got != want) ++wrong;
  cudaFree(x);
  if (own_stream) cudaStreamDestroy(stream);
}

int main() {
  for (bool own_stream : {false, true}) {
    std::vector<std::thread> threads;
    for (int id = 0; id < 16; ++id) threads.emplace_back(worker, id, own_stream);
    for (std::thread& t : threads) t.join();
  }
  EXPECT(wrong == 0);
  return check::verdict("host_threads");
}
