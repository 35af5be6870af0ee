// The kernels around the matrix products: embedding look-up, LayerNorm, pooling. A warp has one token, a lane
// 12 of its 384 numbers, so a mean or a variance is one warp reduction.
#include "kernels.h"
#include "warp.cuh"

namespace search {
namespace {

constexpr int kWarp = 32;
constexpr int kWarps = 4;
constexpr int kPerLane = kHidden / kWarp;

__device__ inline void normalize_row(const float (&x)[kPerLane], const float* __restrict__ gamma,
                                     const float* __restrict__ beta, float epsilon, float* __restrict__ out,
                                     int lane) {
  float sum = 0.0f, squares = 0.0f;
#pragma unroll
  for (int i = 0; i < kPerLane; ++i) sum += x[i];
  const float mean = warp_sum(sum) * (1.0f / kHidden);
#pragma unroll
  for (int i = 0; i < kPerLane; ++i) squares += (x[i] - mean) * (x[i] - mean);
  const float scale = 1.0f / sqrtf(warp_sum(squares) * (1.0f / kHidden) + epsilon);
#pragma unroll
  for (int i = 0; i < kPerLane; ++i) {
    const int d = i * kWarp + lane;
    out[d] = (x[i] - mean) * scale * gamma[d] + beta[d];
  }
}

__global__ void __launch_bounds__(kWarp* kWarps)
    embedding_kernel(const int32_t* __restrict__ ids, const float* __restrict__ word,
                     const float* __restrict__ position, const float* __restrict__ type0,
                     const float* __restrict__ gamma, const float* __restrict__ beta, float epsilon,
                     float* __restrict__ out, int tokens, int length) {
  const int token = blockIdx.x * kWarps + threadIdx.y, lane = threadIdx.x;
  if (token >= tokens) return;
  const float* word_row = word + size_t(ids[token]) * kHidden;
  const float* position_row = position + size_t(token % length) * kHidden;
  float x[kPerLane];
#pragma unroll
  for (int i = 0; i < kPerLane; ++i) {
    const int d = i * kWarp + lane;
    x[i] = word_row[d] + type0[d] + position_row[d];
  }
  normalize_row(x, gamma, beta, epsilon, out + size_t(token) * kHidden, lane);
}

__global__ void __launch_bounds__(kWarp* kWarps)
    layer_norm_kernel(const float* in, const float* __restrict__ gamma, const float* __restrict__ beta,
                      float epsilon, float* out, int tokens) {
  const int token = blockIdx.x * kWarps + threadIdx.y, lane = threadIdx.x;
  if (token >= tokens) return;
  float x[kPerLane];
#pragma unroll
  for (int i = 0; i < kPerLane; ++i) x[i] = in[size_t(token) * kHidden + i * kWarp + lane];
  normalize_row(x, gamma, beta, epsilon, out + size_t(token) * kHidden, lane);
}

__global__ void __launch_bounds__(kHidden)
    pooling_kernel(const float* __restrict__ x, const int32_t* __restrict__ lengths, float* __restrict__ out,
                   int length) {
  __shared__ float partial[kHidden / kWarp];
  const int d = threadIdx.x, valid = lengths[blockIdx.x];
  const float* column = x + size_t(blockIdx.x) * length * kHidden + d;
  float sum = 0.0f;
  for (int t = 0; t < valid; ++t) sum += column[size_t(t) * kHidden];
  const float mean = sum / valid;
  const float squares = warp_sum(mean * mean);
  if (d % kWarp == 0) partial[d / kWarp] = squares;
  __syncthreads();
  float total = 0.0f;
#pragma unroll
  for (int i = 0; i < kHidden / kWarp; ++i) total += partial[i];
  out[size_t(blockIdx.x) * kHidden + d] = mean / fmaxf(sqrtf(total), 1e-12f);
}

}  // namespace

void launch_embedding(const int32_t* ids, const float* word, const float* position, const float* type0,
                      const float* gamma, const float* beta, float epsilon, float* out, int sequences,
                      int length, cudaStream_t stream) {
  const int tokens = sequences * length;
  embedding_kernel<<<(tokens + kWarps - 1) / kWarps, dim3(kWarp, kWarps), 0, stream>>>(
      ids, word, position, type0, gamma, beta, epsilon, out, tokens, length);
}

void launch_layer_norm(const float* x, const float* gamma, const float* beta, float epsilon, float* out,
                       int tokens, cudaStream_t stream) {
  layer_norm_kernel<<<(tokens + kWarps - 1) / kWarps, dim3(kWarp, kWarps), 0, stream>>>(x, gamma, beta,
                                                                                        epsilon, out, tokens);
}

void launch_pooling(const float* x, const int32_t* lengths, float* out, int sequences, int length,
                    cudaStream_t stream) {
  pooling_kernel<<<sequences, kHidden, 0, stream>>>(x, lengths, out, length);
}

}  // namespace search
