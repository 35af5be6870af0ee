// Five-point heat steps with a halo in shared memory, and a 1-D stencil with a constant-memory filter.
#include "check.h"

#include <algorithm>

__constant__ float filter[7];

__global__ void heat(const float* in, float* out, int width, int height) {
  __shared__ float tile[18][18];
  const int x = blockIdx.x * 16 + threadIdx.x, y = blockIdx.y * 16 + threadIdx.y;
  const auto at = [&](int px, int py) {
    px = min(max(px, 0), width - 1);
    py = min(max(py, 0), height - 1);
    return in[py * width + px];
  };
  const int tx = threadIdx.x + 1, ty = threadIdx.y + 1;
  tile[ty][tx] = at(x, y);
  if (threadIdx.x == 0) tile[ty][0] = at(x - 1, y);
  if (threadIdx.x == 15) tile[ty][17] = at(x + 1, y);
  if (threadIdx.y == 0) tile[0][tx] = at(x, y - 1);
  if (threadIdx.y == 15) tile[17][tx] = at(x, y + 1);
  __syncthreads();
  if (x < width && y < height) {
    const float around = __fadd_rn(__fadd_rn(tile[ty][tx - 1], tile[ty][tx + 1]),
                                   __fadd_rn(tile[ty - 1][tx], tile[ty + 1][tx]));
    out[y * width + x] = fmaf(0.1f, fmaf(-4.0f, tile[ty][tx], around), tile[ty][tx]);
  }
}

__global__ void convolve(const float* in, float* out, int n) {
  __shared__ float line[128 + 6];
  const int i = blockIdx.x * 128 + threadIdx.x;
  for (int t = threadIdx.x; t < 134; t += 128) {
    const int from = static_cast<int>(blockIdx.x * 128) + t - 3;
    line[t] = from >= 0 && from < n ? in[from] : 0.0f;
  }
  __syncthreads();
  float sum = 0.0f;
#pragma unroll
  for (int k = 0; k < 7; ++k) sum = fmaf(filter[k], line[threadIdx.x + k], sum);
  if (i < n) out[i] = sum;
}

int main() {
  const int width = 100, height = 75, steps = 5, n = 3000;
  check::Random random;
  std::vector<float> field(width * height), x(n), want_x(n);
  for (float& v : field) v = random.unit();
  for (float& v : x) v = random.unit();
  DeviceArray<float> a(field), b(width * height), dx(x), dy(n);
  std::vector<float> want = field, next(width * height);
  for (int s = 0; s < steps; ++s) {
    for (int y = 0; y < height; ++y)
      for (int px = 0; px < width; ++px) {
        const auto at = [&](int qx, int qy) {
          return want[std::min(std::max(qy, 0), height - 1) * width + std::min(std::max(qx, 0), width - 1)];
        };
        const float here = at(px, y), sides = at(px - 1, y) + at(px + 1, y),
                    ends = at(px, y - 1) + at(px, y + 1);
        next[y * width + px] = fmaf(0.1f, fmaf(-4.0f, here, sides + ends), here);
      }
    want.swap(next);
    heat<<<dim3((width + 15) / 16, (height + 15) / 16), dim3(16, 16)>>>(s % 2 ? b : a, s % 2 ? a : b, width,
                                                                        height);
  }
  CUDA_SYNC();
  check::equal((steps % 2 ? b : a).host(), want, "heat");

  const float weights[7] = {0.1f, -0.2f, 0.3f, 0.5f, 0.25f, -0.125f, 0.75f};
  CUDA_CHECK(cudaMemcpyToSymbol(filter, weights, sizeof weights));
  for (int i = 0; i < n; ++i) {
    float sum = 0.0f;
    for (int k = 0; k < 7; ++k)
      sum = fmaf(weights[k], i + k - 3 >= 0 && i + k - 3 < n ? x[i + k - 3] : 0.0f, sum);
    want_x[i] = sum;
  }
  convolve<<<(n + 127) / 128, 128>>>(dx, dy, n);
  CUDA_SYNC();
  check::equal(dy.host(), want_x, "convolve");
  return check::verdict("stencil");
}
