// A whole program in one file: prints "right" when 1000 sums are.
#include <cstdio>

__global__ void add(const float* a, const float* b, float* c, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) c[i] = a[i] + b[i];
}

extern "C" int check_sums() {
  constexpr int kCount = 1000;
  static float host[kCount], sums[kCount];
  for (int i = 0; i < kCount; ++i) host[i] = float(i);
  float *a, *b, *c;
  cudaMalloc(&a, sizeof host);
  cudaMalloc(&b, sizeof host);
  cudaMalloc(&c, sizeof host);
  cudaMemcpy(a, host, sizeof host, cudaMemcpyHostToDevice);
  cudaMemcpy(b, host, sizeof host, cudaMemcpyHostToDevice);
  add<<<(kCount + 255) / 256, 256>>>(a, b, c, kCount);
  cudaMemcpy(sums, c, sizeof sums, cudaMemcpyDeviceToHost);
  int wrong = 0;
  for (int i = 0; i < kCount; ++i) wrong += sums[i] != 2 * host[i];
  std::puts(wrong || cudaGetLastError() != cudaSuccess ? "wrong" : "right");
  return wrong;
}

#ifndef AS_LIBRARY
int main() {
  return check_sums();
}
#endif
