// Finding the nearest rows: dot products, then a bitonic sort of 1,024 pairs per block of which the best few
// survive.
#include <cmath>

#include "kernels.h"
#include "warp.cuh"

namespace search {
namespace {

constexpr int kWarp = 32;
constexpr int kWarps = 8;

__global__ void __launch_bounds__(kWarp* kWarps)
    scores_kernel(const float* __restrict__ rows, const float* __restrict__ query, float* __restrict__ scores,
                  int count) {
  const int row = blockIdx.x * kWarps + threadIdx.y, lane = threadIdx.x;
  if (row >= count) return;
  float sum = 0.0f;
#pragma unroll
  for (int i = 0; i < kHidden / kWarp; ++i)
    sum += rows[size_t(row) * kHidden + i * kWarp + lane] * query[i * kWarp + lane];
  sum = warp_sum(sum);
  if (lane == 0) scores[row] = sum;
}

constexpr int kSorters = 256;
constexpr int32_t kNobody = 0x7fffffff;

/// Higher scores first; equal ones in the order of their ids, so that results don't depend on the blocks.
__device__ inline bool comes_first(float score_a, int32_t id_a, float score_b, int32_t id_b) {
  return score_a > score_b || (score_a == score_b && id_a < id_b);
}

__global__ void __launch_bounds__(kSorters)
    top_kernel(const float* __restrict__ scores, const int32_t* __restrict__ ids, int count, int top,
               float* __restrict__ out_scores, int32_t* __restrict__ out_ids) {
  __shared__ float score[kTopTile];
  __shared__ int32_t id[kTopTile];
  const int base = blockIdx.x * kTopTile;
  for (int i = threadIdx.x; i < kTopTile; i += kSorters) {
    const bool inside = base + i < count;
    score[i] = inside ? scores[base + i] : -INFINITY;
    id[i] = inside ? (ids ? ids[base + i] : base + i) : kNobody;
  }
  for (int size = 2; size <= kTopTile; size *= 2) {
    for (int stride = size / 2; stride > 0; stride /= 2) {
      __syncthreads();
      for (int pair = threadIdx.x; pair < kTopTile / 2; pair += kSorters) {
        const int a = 2 * pair - (pair & (stride - 1)), b = a + stride;
        const bool forward = (a & size) == 0;
        if (comes_first(score[b], id[b], score[a], id[a]) == forward) {
          const float other_score = score[a];
          const int32_t other_id = id[a];
          score[a] = score[b], id[a] = id[b];
          score[b] = other_score, id[b] = other_id;
        }
      }
    }
  }
  __syncthreads();
  for (int i = threadIdx.x; i < top; i += kSorters) {
    out_scores[blockIdx.x * top + i] = score[i];
    out_ids[blockIdx.x * top + i] = id[i];
  }
}

}  // namespace

void launch_scores(const float* rows, const float* query, float* scores, int count, cudaStream_t stream) {
  scores_kernel<<<(count + kWarps - 1) / kWarps, dim3(kWarp, kWarps), 0, stream>>>(rows, query, scores,
                                                                                   count);
}

int launch_top(const float* scores, const int32_t* ids, int count, int top, float* out_scores,
               int32_t* out_ids, cudaStream_t stream) {
  const int blocks = (count + kTopTile - 1) / kTopTile;
  top_kernel<<<blocks, kSorters, 0, stream>>>(scores, ids, count, top, out_scores, out_ids);
  return blocks * top;
}

}  // namespace search
