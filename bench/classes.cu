// More classes of kernels as CUDA programmers write them: stencil, gather, scan, normalisation, search,
// register tiles, and products of bytes.
#include "kernels.h"

namespace bench::device {
namespace {

__global__ void stencil_kernel(const float* __restrict__ in, float* __restrict__ out, int n) {
  const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x < 1 || y < 1 || x >= n - 1 || y >= n - 1) return;
  const int i = y * n + x;
  out[i] = 0.25f * (in[i - 1] + in[i + 1] + in[i - n] + in[i + n]) - in[i];
}

__global__ void gather_kernel(const float* __restrict__ table, const int* __restrict__ at,
                              float* __restrict__ out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = table[at[i]];
}

/// Sums so far, of each segment by itself: four elements a thread, then warps, then the block.
__global__ void scan_kernel(const float* __restrict__ in, float* __restrict__ out) {
  __shared__ float totals[kScanSegment / 4 / 32];
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32,
            base = blockIdx.x * kScanSegment + threadIdx.x * 4;
  float4 v = *reinterpret_cast<const float4*>(in + base);
  v.y += v.x, v.z += v.y, v.w += v.z;
  float sum = v.w;
  for (int offset = 1; offset < 32; offset *= 2) {
    const float before = __shfl_up_sync(0xffffffffu, sum, offset);
    if (lane >= offset) sum += before;
  }
  if (lane == 31) totals[warp] = sum;
  __syncthreads();
  float before = sum - v.w;
  for (int w = 0; w < warp; ++w) before += totals[w];
  *reinterpret_cast<float4*>(out + base) =
      make_float4(v.x + before, v.y + before, v.z + before, v.w + before);
}

__device__ float block_total(float v, float* scratch) {
  for (int offset = 16; offset > 0; offset /= 2) v += __shfl_xor_sync(0xffffffffu, v, offset);
  if (threadIdx.x % 32 == 0) scratch[threadIdx.x / 32] = v;
  __syncthreads();
  v = scratch[threadIdx.x % 8];
  for (int offset = 4; offset > 0; offset /= 2) v += __shfl_xor_sync(0xffffffffu, v, offset);
  __syncthreads();
  return v;
}

__global__ void layer_norm_kernel(const float* __restrict__ in, const float* __restrict__ scale,
                                  float* __restrict__ out, int columns) {
  __shared__ float scratch[8];
  const float* x = in + blockIdx.x * columns;
  float sum = 0.0f, squares = 0.0f;
  for (int i = threadIdx.x; i < columns; i += blockDim.x) sum += x[i];
  const float mean = block_total(sum, scratch) / columns;
  for (int i = threadIdx.x; i < columns; i += blockDim.x) squares += (x[i] - mean) * (x[i] - mean);
  const float factor = rsqrtf(block_total(squares, scratch) / columns + 1e-5f);
  for (int i = threadIdx.x; i < columns; i += blockDim.x)
    out[blockIdx.x * columns + i] = (x[i] - mean) * factor * scale[i];
}

/// RMS norm of a row, then pairs of each head's halves rotated by its position.
__global__ void norm_rope_kernel(const float* __restrict__ in, const float* __restrict__ cosines,
                                 const float* __restrict__ sines, float* __restrict__ out, int columns) {
  __shared__ float scratch[8];
  const float* x = in + blockIdx.x * columns;
  float* y = out + blockIdx.x * columns;
  float squares = 0.0f;
  for (int i = threadIdx.x; i < columns; i += blockDim.x) squares += x[i] * x[i];
  const float factor = rsqrtf(block_total(squares, scratch) / columns + 1e-5f);
  constexpr int kHalf = kRopeHead / 2;
  for (int i = threadIdx.x; i < columns / 2; i += blockDim.x) {
    const int at = i / kHalf * kRopeHead + i % kHalf;
    const float a = x[at] * factor, b = x[at + kHalf] * factor;
    const float c = cosines[blockIdx.x * kHalf + i % kHalf], s = sines[blockIdx.x * kHalf + i % kHalf];
    y[at] = a * c - b * s;
    y[at + kHalf] = a * s + b * c;
  }
}

/// Solutions below one placement of the first three queens.
__global__ void queens_kernel(unsigned* counts) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  constexpr unsigned kAll = (1u << kQueens) - 1;
  if (i >= kQueens * kQueens * kQueens) return;
  unsigned columns = 0, left = 0, right = 0;
  unsigned found = 0;
  bool possible = true;
  for (int place = i, row = 0; row < 3; ++row, place /= kQueens) {
    const unsigned bit = 1u << place % kQueens;
    possible &= !((columns | left | right) & bit);
    columns |= bit;
    left = (left | bit) << 1;
    right = (right | bit) >> 1;
  }
  unsigned free_stack[kQueens], columns_stack[kQueens], left_stack[kQueens], right_stack[kQueens];
  int depth = 0;
  unsigned free = possible ? kAll & ~(columns | left | right) : 0;
  while (true) {
    if (free == 0) {
      if (depth == 0) break;
      --depth;
      free = free_stack[depth], columns = columns_stack[depth], left = left_stack[depth],
      right = right_stack[depth];
      continue;
    }
    const unsigned bit = free & (0u - free);
    free ^= bit;
    if ((columns | bit) == kAll) {
      ++found;
      continue;
    }
    free_stack[depth] = free, columns_stack[depth] = columns, left_stack[depth] = left,
    right_stack[depth] = right;
    ++depth;
    columns |= bit;
    left = (left | bit) << 1;
    right = (right | bit) >> 1;
    free = kAll & ~(columns | left | right);
  }
  counts[i] = found;
}

/// 64x64 of C a block, 4x4 a thread.
__global__ void register_sgemm_kernel(const float* __restrict__ a, const float* __restrict__ b,
                                      float* __restrict__ c, int n) {
  constexpr int kTile = 64, kStep = 16;
  __shared__ float tile_a[kStep][kTile], tile_b[kStep][kTile];
  const int tx = threadIdx.x % 16, ty = threadIdx.x / 16;
  float sum[4][4] = {};
  for (int k = 0; k < n; k += kStep) {
    const int row = threadIdx.x / 4, first = threadIdx.x % 4 * 4;
    const float4 from = *reinterpret_cast<const float4*>(a + (blockIdx.y * kTile + row) * n + k + first);
    tile_a[first][row] = from.x, tile_a[first + 1][row] = from.y, tile_a[first + 2][row] = from.z,
    tile_a[first + 3][row] = from.w;
    *reinterpret_cast<float4*>(&tile_b[ty][tx * 4]) =
        *reinterpret_cast<const float4*>(b + (k + ty) * n + blockIdx.x * kTile + tx * 4);
    __syncthreads();
    for (int i = 0; i < kStep; ++i) {
      const float4 x = *reinterpret_cast<const float4*>(&tile_a[i][ty * 4]);
      const float4 y = *reinterpret_cast<const float4*>(&tile_b[i][tx * 4]);
      const float xs[4] = {x.x, x.y, x.z, x.w}, ys[4] = {y.x, y.y, y.z, y.w};
      for (int p = 0; p < 4; ++p)
        for (int q = 0; q < 4; ++q) sum[p][q] += xs[p] * ys[q];
    }
    __syncthreads();
  }
  for (int p = 0; p < 4; ++p)
    *reinterpret_cast<float4*>(c + (blockIdx.y * kTile + ty * 4 + p) * n + blockIdx.x * kTile + tx * 4) =
        make_float4(sum[p][0], sum[p][1], sum[p][2], sum[p][3]);
}

/// c = a b^T of bytes: 16x16 tiles of words.
__global__ void dp4a_kernel(const int* __restrict__ a, const int* __restrict__ b, int* __restrict__ c, int n,
                            int words) {
  __shared__ int tile_a[16][17], tile_b[16][17];
  const int tx = threadIdx.x, ty = threadIdx.y;
  int sum = 0;
  for (int k = 0; k < words; k += 16) {
    tile_a[ty][tx] = a[(blockIdx.y * 16 + ty) * words + k + tx];
    tile_b[tx][ty] = b[(blockIdx.x * 16 + ty) * words + k + tx];
    __syncthreads();
    for (int i = 0; i < 16; ++i) sum = __dp4a(tile_a[ty][i], tile_b[i][tx], sum);
    __syncthreads();
  }
  c[(blockIdx.y * 16 + ty) * n + blockIdx.x * 16 + tx] = sum;
}

}  // namespace

void stencil(const float* in, float* out) {
  stencil_kernel<<<dim3(kStencilN / 32, kStencilN / 8), dim3(32, 8)>>>(in, out, kStencilN);
}
void gather(const float* table, const int* at, float* out) {
  gather_kernel<<<kGatherN / 256, 256>>>(table, at, out, kGatherN);
}
void scan(const float* in, float* out) {
  scan_kernel<<<kScanN / kScanSegment, kScanSegment / 4>>>(in, out);
}
void layer_norm(const float* in, const float* scale, float* out) {
  layer_norm_kernel<<<kSoftmaxRows, 256>>>(in, scale, out, kSoftmaxColumns);
}
void norm_rope(const float* in, const float* cosines, const float* sines, float* out) {
  norm_rope_kernel<<<kRopeRows, 256>>>(in, cosines, sines, out, kRopeColumns);
}
void queens(unsigned* counts) {
  queens_kernel<<<(kQueens * kQueens * kQueens + 127) / 128, 128>>>(counts);
}
void register_sgemm(const float* a, const float* b, float* c) {
  register_sgemm_kernel<<<dim3(kSgemmN / 64, kSgemmN / 64), 256>>>(a, b, c, kSgemmN);
}
void dp4a(const int* a, const int* b, int* c) {
  dp4a_kernel<<<dim3(kDp4aN / 16, kDp4aN / 16), dim3(16, 16)>>>(a, b, c, kDp4aN, kDp4aWords);
}

}  // namespace bench::device
