// The matrix product, where nearly all time goes. A block of 8 warps makes a 64x32 tile of c: a warp has 8
// rows, a lane one column of each, so a value of a is the same for the whole warp (a broadcast) and a row of
// w is one coalesced read.
#include "kernels.h"

namespace search {
namespace {

constexpr int kWarp = 32;
constexpr int kWarps = 8;
constexpr int kRows = 8;  // of c, per thread
constexpr int kTileM = kWarps * kRows;
constexpr int kTileN = kWarp;
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
  const int column = blockIdx.x * kTileN + lane;
  float sum[kRows] = {};

  for (int k0 = 0; k0 < k; k0 += kTileK) {
#pragma unroll
    for (int i = 0; i < kRows; ++i)
      tile_a[warp * kRows + i][lane] = first_row + i < m ? a[size_t(first_row + i) * k + k0 + lane] : 0.0f;
#pragma unroll
    for (int i = 0; i < kTileK / kWarps; ++i) {
      const int row = warp * (kTileK / kWarps) + i;
      tile_w[row][lane] = w[size_t(k0 + row) * n + column];
    }
    __syncthreads();
#pragma unroll
    for (int kk = 0; kk < kTileK; ++kk) {
      const float value = tile_w[kk][lane];
#pragma unroll
      for (int i = 0; i < kRows; ++i) sum[i] += tile_a[warp * kRows + i][kk] * value;
    }
    __syncthreads();
  }

  const float shift = bias[column];
#pragma unroll
  for (int i = 0; i < kRows; ++i) {
    if (first_row + i >= m) break;
    const size_t place = size_t(first_row + i) * n + column;
    float value = sum[i] + shift;
    if (kEpilogue == Epilogue::kBiasGelu) value = gelu(value);
    if (kEpilogue == Epilogue::kBiasResidual) value += residual[place];
    c[place] = value;
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
