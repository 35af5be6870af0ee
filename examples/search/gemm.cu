// The matrix product, where nearly all time goes. A block of 8 warps makes a 48x64 tile of c: a warp has 6
// rows, a lane two columns of each, so a value of a is the same for the whole warp (a broadcast) and a row of
// w is coalesced reads. The 12 sums of a thread fit a software device's registers too: 24 of 32 vectors of 16
// floats for a warp.
#include "kernels.h"

namespace search {
namespace {

constexpr int kWarp = 32;
constexpr int kWarps = 8;
constexpr int kRows = 6;     // of c, per thread
constexpr int kColumns = 2;  // 32 apart
constexpr int kTileM = kWarps * kRows;
constexpr int kTileN = kWarp * kColumns;
constexpr int kTileK = 32;

__device__ inline float gelu(float x) {
  return 0.5f * x * (1.0f + erff(x * 0.70710678118654752f));
}

template <Epilogue kEpilogue>
__global__ void __launch_bounds__(kWarp* kWarps)
    gemm_kernel(const float* __restrict__ a, const float* __restrict__ w, const float* __restrict__ bias,
                const float* residual, float* c, int m, int n, int k) {
  __shared__ float tile_a[kTileM][kTileK];
  __shared__ float tile_w[kTileK][kTileN];
  const int lane = threadIdx.x, warp = threadIdx.y;
  const int first_row = blockIdx.y * kTileM + warp * kRows;
  const int first_column = blockIdx.x * kTileN + lane;
  float sum[kRows][kColumns] = {};

  for (int k0 = 0; k0 < k; k0 += kTileK) {
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      // Rows past the end repeat the last one; their sums are not stored.
      const float* row = a + size_t(min(first_row + i, m - 1)) * k + k0;
#pragma unroll
      for (int j = 0; j < kTileK; j += kWarp) tile_a[warp * kRows + i][j + lane] = row[j + lane];
    }
#pragma unroll
    for (int i = 0; i < kTileK / kWarps; ++i) {
      const int row = warp * (kTileK / kWarps) + i;
#pragma unroll
      for (int j = 0; j < kColumns; ++j)
        tile_w[row][j * kWarp + lane] = w[size_t(k0 + row) * n + first_column + j * kWarp];
    }
    __syncthreads();
#pragma unroll
    for (int kk = 0; kk < kTileK; ++kk) {
      float value[kColumns];
#pragma unroll
      for (int j = 0; j < kColumns; ++j) value[j] = tile_w[kk][j * kWarp + lane];
#pragma unroll
      for (int i = 0; i < kRows; ++i)
#pragma unroll
        for (int j = 0; j < kColumns; ++j) sum[i][j] += tile_a[warp * kRows + i][kk] * value[j];
    }
    __syncthreads();
  }

#pragma unroll
  for (int i = 0; i < kRows; ++i) {
    if (first_row + i >= m) break;
#pragma unroll
    for (int j = 0; j < kColumns; ++j) {
      const int column = first_column + j * kWarp;
      const size_t place = size_t(first_row + i) * n + column;
      float value = sum[i][j] + bias[column];
      if (kEpilogue == Epilogue::kBiasGelu) value = gelu(value);
      if (kEpilogue == Epilogue::kBiasResidual) value += residual[place];
      c[place] = value;
    }
  }
}

}  // namespace

void launch_gemm(Epilogue epilogue, const float* a, const float* w, const float* bias, const float* residual,
                 float* c, int m, int n, int k, cudaStream_t stream) {
  const dim3 block(kWarp, kWarps), grid(n / kTileN, (m + kTileM - 1) / kTileM);
  switch (epilogue) {
    case Epilogue::kBias:
      gemm_kernel<Epilogue::kBias><<<grid, block, 0, stream>>>(a, w, bias, residual, c, m, n, k);
      break;
    case Epilogue::kBiasGelu:
      gemm_kernel<Epilogue::kBiasGelu><<<grid, block, 0, stream>>>(a, w, bias, residual, c, m, n, k);
      break;
    case Epilogue::kBiasResidual:
      gemm_kernel<Epilogue::kBiasResidual><<<grid, block, 0, stream>>>(a, w, bias, residual, c, m, n, k);
      break;
  }
}

}  // namespace search
