// C = A B, a block computes 64x64, a thread 4x4 in registers, with float4 loads: the shape of tuned kernels.
#include "check.h"

constexpr int kBlock = 64, kDepth = 16;

__global__ void __launch_bounds__(256) sgemm(const float* a, const float* b, float* c, int n) {
  __shared__ float tile_a[kDepth][kBlock], tile_b[kDepth][kBlock];
  const int tx = threadIdx.x % 16, ty = threadIdx.x / 16;
  const int row0 = blockIdx.y * kBlock, column0 = blockIdx.x * kBlock;
  float sum[4][4] = {};
  for (int k = 0; k < n; k += kDepth) {
    const float4 va =
        *reinterpret_cast<const float4*>(&a[(row0 + threadIdx.x / 4) * n + k + threadIdx.x % 4 * 4]);
    const int r = threadIdx.x / 4, q = threadIdx.x % 4 * 4;
    tile_a[q][r] = va.x;
    tile_a[q + 1][r] = va.y;
    tile_a[q + 2][r] = va.z;
    tile_a[q + 3][r] = va.w;
    *reinterpret_cast<float4*>(&tile_b[ty][tx * 4]) =
        *reinterpret_cast<const float4*>(&b[(k + ty) * n + column0 + tx * 4]);
    __syncthreads();
#pragma unroll
    for (int l = 0; l < kDepth; ++l) {
      const float4 x = *reinterpret_cast<const float4*>(&tile_a[l][ty * 4]);
      const float4 y = *reinterpret_cast<const float4*>(&tile_b[l][tx * 4]);
      const float xs[4] = {x.x, x.y, x.z, x.w}, ys[4] = {y.x, y.y, y.z, y.w};
#pragma unroll
      for (int i = 0; i < 4; ++i)
#pragma unroll
        for (int j = 0; j < 4; ++j) sum[i][j] = fmaf(xs[i], ys[j], sum[i][j]);
    }
    __syncthreads();
  }
  for (int i = 0; i < 4; ++i)
    *reinterpret_cast<float4*>(&c[(row0 + ty * 4 + i) * n + column0 + tx * 4]) =
        make_float4(sum[i][0], sum[i][1], sum[i][2], sum[i][3]);
}

int main() {
  const int n = 128;
  check::Random random;
  std::vector<float> a(n * n), b(n * n), want(n * n, 0.0f);
  for (float& v : a) v = random.unit() - 0.5f;
  for (float& v : b) v = random.unit() - 0.5f;
  for (int i = 0; i < n; ++i)
    for (int l = 0; l < n; ++l)
      for (int j = 0; j < n; ++j) want[i * n + j] = fmaf(a[i * n + l], b[l * n + j], want[i * n + j]);
  DeviceArray<float> da(a), db(b), dc(n * n);
  sgemm<<<dim3(n / kBlock, n / kBlock), 256>>>(da, db, dc, n);
  CUDA_SYNC();
  check::equal(dc.host(), want, "c");
  return check::verdict("sgemm_registers");
}
