// C = A B with 16x16 tiles in shared memory; sizes that are no multiple of the tile.
#include "check.h"

constexpr int kTile = 16;

__global__ void sgemm(const float* a, const float* b, float* c, int m, int n, int k) {
  __shared__ float tile_a[kTile][kTile], tile_b[kTile][kTile];
  const int row = blockIdx.y * kTile + threadIdx.y, column = blockIdx.x * kTile + threadIdx.x;
  float sum = 0.0f;
  for (int t = 0; t < k; t += kTile) {
    const int ka = t + threadIdx.x, kb = t + threadIdx.y;
    tile_a[threadIdx.y][threadIdx.x] = row < m && ka < k ? a[row * k + ka] : 0.0f;
    tile_b[threadIdx.y][threadIdx.x] = kb < k && column < n ? b[kb * n + column] : 0.0f;
    __syncthreads();
    for (int i = 0; i < kTile; ++i) sum = fmaf(tile_a[threadIdx.y][i], tile_b[i][threadIdx.x], sum);
    __syncthreads();
  }
  if (row < m && column < n) c[row * n + column] = sum;
}

int main() {
  check::Random random;
  const int sizes[][3] = {{16, 16, 16}, {64, 48, 80}, {50, 37, 61}};
  for (const auto& [m, n, k] : sizes) {
    std::vector<float> a(m * k), b(k * n), want(m * n);
    for (float& v : a) v = random.unit() - 0.5f;
    for (float& v : b) v = random.unit() - 0.5f;
    for (int i = 0; i < m; ++i)
      for (int j = 0; j < n; ++j) {
        float sum = 0.0f;
        for (int l = 0; l < k; ++l) sum = fmaf(a[i * k + l], b[l * n + j], sum);
        want[i * n + j] = sum;
      }
    DeviceArray<float> da(a), db(b), dc(m * n);
    sgemm<<<dim3((n + kTile - 1) / kTile, (m + kTile - 1) / kTile), dim3(kTile, kTile)>>>(da, db, dc, m, n,
                                                                                          k);
    CUDA_SYNC();
    check::equal(dc.host(), want, "c");
  }
  return check::verdict("sgemm_tiled");
}
