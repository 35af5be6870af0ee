// Dynamic shared memory: several arrays in one piece, beside static shared memory, above 48 KB after asking,
// and refused where it is too much.
#include "check.h"

__global__ void reverse(const int* in, double* out, int n) {
  extern __shared__ __align__(16) unsigned char pool[];
  __shared__ int fixed[64];
  double* doubles = reinterpret_cast<double*>(pool);
  int* ints = reinterpret_cast<int*>(doubles + n);
  for (int i = threadIdx.x; i < n; i += blockDim.x) {
    ints[i] = in[i];
    doubles[n - 1 - i] = in[i] * 0.5;
  }
  if (threadIdx.x < 64) fixed[threadIdx.x] = threadIdx.x;
  __syncthreads();
  for (int i = threadIdx.x; i < n; i += blockDim.x) out[i] = doubles[i] + ints[i] + fixed[i % 64];
  if (threadIdx.x == 0) {
    unsigned total, dynamic;
    asm("mov.u32 %0, %%total_smem_size;" : "=r"(total));
    asm("mov.u32 %0, %%dynamic_smem_size;" : "=r"(dynamic));
    if (dynamic != n * 12 || total < dynamic + 256) out[0] = -1.0;
  }
}

int main() {
  const auto run = [](int n) {
    std::vector<int> in(n);
    std::vector<double> want(n);
    for (int i = 0; i < n; ++i) in[i] = i * 7 % 101;
    for (int i = 0; i < n; ++i) want[i] = in[n - 1 - i] * 0.5 + in[i] + i % 64;
    DeviceArray<int> din(in);
    DeviceArray<double> out(n);
    reverse<<<1, 128, n * 12>>>(din, out, n);
    CUDA_SYNC();
    check::equal(out.host(), want, "reverse");
  };
  run(10);
  run(2000);
  reverse<<<1, 128, 90000>>>(nullptr, nullptr, 0);
  EXPECT_ERROR(cudaGetLastError(), cudaErrorInvalidValue);
  CUDA_CHECK(cudaFuncSetAttribute(reverse, cudaFuncAttributeMaxDynamicSharedMemorySize, 98304));
  run(8000);
  EXPECT_ERROR(cudaFuncSetAttribute(reverse, cudaFuncAttributeMaxDynamicSharedMemorySize, 1 << 30),
               cudaErrorInvalidValue);
  return check::verdict("dynamic_shared");
}
