// CCCL of a checkout or an installed package, compiled by ppucc with -I: CUB's block and device algorithms, a
// Thrust vector and transform, libcu++'s atomics.
#include <thrust/complex.h>
#include <thrust/device_vector.h>
#include <thrust/transform.h>
#include <cub/block/block_reduce.cuh>
#include <cub/device/device_scan.cuh>
#include <cuda/atomic>

#include "../programs/check.h"

constexpr int kCount = 10000, kBlock = 256;

__global__ void sum_of_blocks(const int* x, int* total) {
  using Reduce = cub::BlockReduce<int, kBlock>;
  __shared__ Reduce::TempStorage storage;
  const int i = int(blockIdx.x * blockDim.x + threadIdx.x);
  const int sum = Reduce(storage).Sum(i < kCount ? x[i] : 0);
  if (threadIdx.x == 0) cuda::atomic_ref<int, cuda::thread_scope_device>(*total).fetch_add(sum);
}

struct Twice {
  __host__ __device__ thrust::complex<float> operator()(int x) const { return {2.0f * x, 1.0f}; }
};

int main() {
  std::vector<int> x(kCount), scanned(kCount);
  check::Random random;
  for (int& v : x) v = int(random.below(100));
  int sum = 0;
  for (int i = 0; i < kCount; ++i) scanned[i] = sum += x[i];

  const DeviceArray<int> in(x), out(kCount);
  DeviceArray<int> total(1);
  total.zero();
  sum_of_blocks<<<(kCount + kBlock - 1) / kBlock, kBlock>>>(in, total);
  CUDA_SYNC();
  EXPECT(total.host()[0] == sum);

  size_t bytes = 0;
  CUDA_CHECK(
      cub::DeviceScan::InclusiveSum(nullptr, bytes, static_cast<int*>(in), static_cast<int*>(out), kCount));
  const DeviceArray<char> space(bytes);
  CUDA_CHECK(cub::DeviceScan::InclusiveSum(static_cast<char*>(space), bytes, static_cast<int*>(in),
                                           static_cast<int*>(out), kCount));
  check::equal(out.host(), scanned, "scan");

  const thrust::device_vector<int> v(x.begin(), x.end());
  thrust::device_vector<thrust::complex<float>> z(kCount);
  thrust::transform(v.begin(), v.end(), z.begin(), Twice());
  const thrust::complex<float> last = z.back();
  EXPECT(last.real() == 2.0f * float(x.back()) && last.imag() == 1.0f);
  return check::verdict("cccl_test");
}
