// Self-attention, one block per head and sentence. The head's keys lie transposed in shared memory, so that a
// warp scores 32 keys at once; each warp takes four queries together and reads every key once for the four.
#include "kernels.h"
#include "warp.cuh"

namespace search {
namespace {

constexpr int kWarp = 32;
constexpr int kWarps = 4;
constexpr int kQueries = 4;  // per warp at a time

__host__ __device__ constexpr int rounded(int length) {
  return (length + kWarp - 1) / kWarp * kWarp;
}
/// Transposed keys with one column of padding against bank conflicts, the warps' weights, the warps' queries.
constexpr size_t shared_floats(int length) {
  return size_t(kHeadSize) * (rounded(length) + 1) + size_t(kWarps) * kQueries * rounded(length) +
         size_t(kWarps) * kQueries * kHeadSize;
}

__global__ void __launch_bounds__(kWarp* kWarps)
    attention_kernel(const float* __restrict__ qkv, const int32_t* __restrict__ lengths,
                     float* __restrict__ out, int length, float scale) {
  extern __shared__ float shared[];
  const int lane = threadIdx.x, warp = threadIdx.y, head = blockIdx.x;
  const int valid = lengths[blockIdx.y];
  const int padded = rounded(length), stride = padded + 1;
  float* keys = shared;
  float* weights = keys + kHeadSize * stride + warp * kQueries * padded;
  float* queries = keys + kHeadSize * stride + kWarps * kQueries * padded + warp * kQueries * kHeadSize;
  const float* sentence = qkv + size_t(blockIdx.y) * length * (3 * kHidden) + head * kHeadSize + lane;

  for (int key = warp; key < padded; key += kWarps)
    keys[lane * stride + key] = key < valid ? sentence[size_t(key) * (3 * kHidden) + kHidden] : 0.0f;
  __syncthreads();

  for (int first = warp * kQueries; first < length; first += kWarps * kQueries) {
#pragma unroll
    for (int i = 0; i < kQueries; ++i)
      queries[i * kHeadSize + lane] =
          first + i < valid ? sentence[size_t(first + i) * (3 * kHidden)] * scale : 0.0f;
    __syncwarp();

    float top[kQueries], total[kQueries], result[kQueries];
#pragma unroll
    for (int i = 0; i < kQueries; ++i) top[i] = -INFINITY, total[i] = 0.0f, result[i] = 0.0f;
    for (int tile = 0; tile < padded; tile += kWarp) {
      float score[kQueries] = {};
#pragma unroll
      for (int d = 0; d < kHeadSize; ++d) {
        const float key = keys[d * stride + tile + lane];
#pragma unroll
        for (int i = 0; i < kQueries; ++i) score[i] += queries[i * kHeadSize + d] * key;
      }
#pragma unroll
      for (int i = 0; i < kQueries; ++i) {
        const float masked = tile + lane < valid ? score[i] : -INFINITY;
        weights[i * padded + tile + lane] = masked;
        top[i] = fmaxf(top[i], masked);
      }
    }
#pragma unroll
    for (int i = 0; i < kQueries; ++i) top[i] = warp_max(top[i]);
    for (int tile = 0; tile < padded; tile += kWarp) {
#pragma unroll
      for (int i = 0; i < kQueries; ++i) {
        const float weight = expf(weights[i * padded + tile + lane] - top[i]);
        weights[i * padded + tile + lane] = weight;
        total[i] += weight;
      }
    }
#pragma unroll
    for (int i = 0; i < kQueries; ++i) total[i] = warp_sum(total[i]);
    __syncwarp();

    for (int key = 0; key < valid; ++key) {
      const float value = sentence[size_t(key) * (3 * kHidden) + 2 * kHidden];
#pragma unroll
      for (int i = 0; i < kQueries; ++i) result[i] += weights[i * padded + key] * value;
    }
#pragma unroll
    for (int i = 0; i < kQueries; ++i) {
      if (first + i < length)
        out[(size_t(blockIdx.y) * length + first + i) * kHidden + head * kHeadSize + lane] =
            first + i < valid ? result[i] / total[i] : 0.0f;
    }
    __syncwarp();
  }
}

}  // namespace

void launch_attention(const float* qkv, const int32_t* lengths, float* out, int sequences, int length,
                      cudaStream_t stream) {
  const size_t bytes = shared_floats(length) * sizeof(float);
  // More than 48 KB has to be asked for (CUDA C++ guide, "Shared Memory").
  if (bytes > 48 * 1024)
    cudaFuncSetAttribute(attention_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, int(bytes));
  attention_kernel<<<dim3(kHeads, sequences), dim3(kWarp, kWarps), bytes, stream>>>(
      qkv, lengths, out, length,
      0.17677669529663687f);  // 1/sqrt(32)
}

}  // namespace search
