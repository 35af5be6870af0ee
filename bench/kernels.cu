// The measured kernels as a CUDA programmer writes them.
#include "kernels.h"

namespace bench::device {
namespace {

__global__ void saxpy_kernel(int n, float a, const float* __restrict__ x, float* __restrict__ y) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = a * x[i] + y[i];
}

/// One sum a block: grid-stride loop, then shuffles, then shared memory between warps.
__global__ void reduce_kernel(const float* __restrict__ x, float* sums, int n) {
  __shared__ float partial[kReduceBlock / 32];
  float sum = 0.0f;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) sum += x[i];
  for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_down_sync(0xffffffffu, sum, offset);
  if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x < 32) {
    sum = threadIdx.x < kReduceBlock / 32 ? partial[threadIdx.x] : 0.0f;
    for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_down_sync(0xffffffffu, sum, offset);
    if (threadIdx.x == 0) sums[blockIdx.x] = sum;
  }
}

constexpr int kTile = 16;

__global__ void sgemm_kernel(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c,
                             int n) {
  __shared__ float tile_a[kTile][kTile], tile_b[kTile][kTile];
  const int row = blockIdx.y * kTile + threadIdx.y, column = blockIdx.x * kTile + threadIdx.x;
  float sum = 0.0f;
  for (int k = 0; k < n; k += kTile) {
    tile_a[threadIdx.y][threadIdx.x] = a[row * n + k + threadIdx.x];
    tile_b[threadIdx.y][threadIdx.x] = b[(k + threadIdx.y) * n + column];
    __syncthreads();
    for (int i = 0; i < kTile; ++i) sum += tile_a[threadIdx.y][i] * tile_b[i][threadIdx.x];
    __syncthreads();
  }
  c[row * n + column] = sum;
}

__global__ void mandelbrot_kernel(int* out, int size, int limit) {
  const int px = blockIdx.x * blockDim.x + threadIdx.x, py = blockIdx.y * blockDim.y + threadIdx.y;
  const float cx = -2.0f + px * (3.0f / size), cy = -1.5f + py * (3.0f / size);
  float x = 0.0f, y = 0.0f;
  int i = 0;
  while (i < limit && x * x + y * y <= 4.0f) {
    const float t = x * x - y * y + cx;
    y = 2.0f * x * y + cy;
    x = t;
    ++i;
  }
  out[py * size + px] = i;
}

__device__ float block_max(float v, float* scratch) {
  for (int offset = 16; offset > 0; offset /= 2) v = fmaxf(v, __shfl_xor_sync(0xffffffffu, v, offset));
  if (threadIdx.x % 32 == 0) scratch[threadIdx.x / 32] = v;
  __syncthreads();
  v = scratch[threadIdx.x % 8];
  for (int offset = 4; offset > 0; offset /= 2) v = fmaxf(v, __shfl_xor_sync(0xffffffffu, v, offset));
  __syncthreads();
  return v;
}

__device__ float block_sum(float v, float* scratch) {
  for (int offset = 16; offset > 0; offset /= 2) v += __shfl_xor_sync(0xffffffffu, v, offset);
  if (threadIdx.x % 32 == 0) scratch[threadIdx.x / 32] = v;
  __syncthreads();
  v = scratch[threadIdx.x % 8];
  for (int offset = 4; offset > 0; offset /= 2) v += __shfl_xor_sync(0xffffffffu, v, offset);
  __syncthreads();
  return v;
}

/// A row a block of 256 threads.
__global__ void softmax_kernel(const float* __restrict__ in, float* __restrict__ out, int columns) {
  __shared__ float scratch[8];
  const float* x = in + blockIdx.x * columns;
  float* y = out + blockIdx.x * columns;
  float top = -INFINITY, sum = 0.0f;
  for (int i = threadIdx.x; i < columns; i += blockDim.x) top = fmaxf(top, x[i]);
  top = block_max(top, scratch);
  for (int i = threadIdx.x; i < columns; i += blockDim.x) {
    const float e = expf(x[i] - top);
    y[i] = e;
    sum += e;
  }
  sum = block_sum(sum, scratch);
  for (int i = threadIdx.x; i < columns; i += blockDim.x) y[i] /= sum;
}

__global__ void histogram_kernel(const unsigned char* __restrict__ data, unsigned* counts, int n) {
  __shared__ unsigned local[256];
  local[threadIdx.x] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    atomicAdd(&local[data[i]], 1u);
  __syncthreads();
  atomicAdd(&counts[threadIdx.x], local[threadIdx.x]);
}

__global__ void empty_kernel() {}

}  // namespace

void saxpy(float a, const float* x, float* y) {
  saxpy_kernel<<<(kSaxpyN + 255) / 256, 256>>>(kSaxpyN, a, x, y);
}
void reduce(const float* x, float* sums) {
  reduce_kernel<<<256, kReduceBlock>>>(x, sums, kReduceN);
}
void sgemm(const float* a, const float* b, float* c) {
  sgemm_kernel<<<dim3(kSgemmN / kTile, kSgemmN / kTile), dim3(kTile, kTile)>>>(a, b, c, kSgemmN);
}
void mandelbrot(int* out) {
  mandelbrot_kernel<<<dim3(kMandelbrotSize / 32, kMandelbrotSize / 8), dim3(32, 8)>>>(out, kMandelbrotSize,
                                                                                      kMandelbrotLimit);
}
void softmax(const float* in, float* out) {
  softmax_kernel<<<kSoftmaxRows, 256>>>(in, out, kSoftmaxColumns);
}
void histogram(const unsigned char* data, unsigned* counts) {
  cudaMemsetAsync(counts, 0, 256 * sizeof(unsigned));
  histogram_kernel<<<256, 256>>>(data, counts, kHistogramN);
}
void empty(void* stream) {
  empty_kernel<<<1, 1, 0, static_cast<cudaStream_t>(stream)>>>();
}

}  // namespace bench::device
