// Row softmax: maximum and sum by shuffles within and shared memory between the warps of a block.
#include "check.h"

template <class Combine>
__device__ float over_block(float value, Combine combine, float* scratch) {
  for (int offset = 16; offset > 0; offset /= 2)
    value = combine(value, __shfl_xor_sync(0xffffffffu, value, offset));
  if (threadIdx.x % 32 == 0) scratch[threadIdx.x / 32] = value;
  __syncthreads();
  value = scratch[threadIdx.x % (blockDim.x / 32)];
  for (int offset = 16; offset > 0; offset /= 2)
    if (offset < blockDim.x / 32) value = combine(value, __shfl_xor_sync(0xffffffffu, value, offset));
  __syncthreads();
  return value;
}

__global__ void softmax(const float* in, float* out, int columns) {
  __shared__ float scratch[32];
  const float* x = in + blockIdx.x * columns;
  float top = -INFINITY, sum = 0.0f;
  for (int i = threadIdx.x; i < columns; i += blockDim.x) top = fmaxf(top, x[i]);
  top = over_block(top, [](float a, float b) { return fmaxf(a, b); }, scratch);
  for (int i = threadIdx.x; i < columns; i += blockDim.x) sum += expf(x[i] - top);
  sum = over_block(sum, [](float a, float b) { return a + b; }, scratch);
  for (int i = threadIdx.x; i < columns; i += blockDim.x)
    out[blockIdx.x * columns + i] = expf(x[i] - top) / sum;
}

int main() {
  const int rows = 16, columns = 1000;
  check::Random random;
  std::vector<float> x(rows * columns);
  std::vector<double> want(rows * columns);
  for (float& v : x) v = random.unit() * 20.0f - 10.0f;
  for (int r = 0; r < rows; ++r) {
    double sum = 0;
    for (int i = 0; i < columns; ++i) sum += std::exp(static_cast<double>(x[r * columns + i]));
    for (int i = 0; i < columns; ++i)
      want[r * columns + i] = std::exp(static_cast<double>(x[r * columns + i])) / sum;
  }
  DeviceArray<float> dx(x), dy(rows * columns);
  for (int threads : {32, 128, 256}) {
    softmax<<<rows, threads>>>(dx, dy, columns);
    CUDA_SYNC();
    check::near(dy.host(), want, 1e-6, "softmax");
  }
  return check::verdict("softmax");
}
