// A loop that every lane leaves at another time.
#include "check.h"

inline int escape_time(float cx, float cy, int limit) {
  float x = 0.0f, y = 0.0f;
  int i = 0;
  while (i < limit) {
    const float xx = x * x, yy = y * y;
    if (xx + yy > 4.0f) break;
    y = fmaf(2.0f * x, y, cy);
    x = (xx - yy) + cx;
    ++i;
  }
  return i;
}

__global__ void mandelbrot(int* out, int width, int height, int limit) {
  const int px = blockIdx.x * blockDim.x + threadIdx.x, py = blockIdx.y * blockDim.y + threadIdx.y;
  if (px >= width || py >= height) return;
  const float cx = fmaf(static_cast<float>(px), 3.0f / 256.0f, -2.0f);
  const float cy = fmaf(static_cast<float>(py), 1.0f / 64.0f, -1.0f);
  // The products are rounded before they are added, on host and device alike.
  float x = 0.0f, y = 0.0f;
  int i = 0;
  while (i < limit) {
    const float xx = __fmul_rn(x, x), yy = __fmul_rn(y, y);
    if (__fadd_rn(xx, yy) > 4.0f) break;
    y = fmaf(2.0f * x, y, cy);
    x = __fadd_rn(__fadd_rn(xx, -yy), cx);
    ++i;
  }
  out[py * width + px] = i;
}

int main() {
  const int width = 250, height = 130, limit = 200;
  std::vector<int> want(width * height);
  for (int py = 0; py < height; ++py)
    for (int px = 0; px < width; ++px)
      want[py * width + px] = escape_time(fmaf(static_cast<float>(px), 3.0f / 256.0f, -2.0f),
                                          fmaf(static_cast<float>(py), 1.0f / 64.0f, -1.0f), limit);
  DeviceArray<int> out(width * height);
  mandelbrot<<<dim3((width + 15) / 16, (height + 15) / 16), dim3(16, 16)>>>(out, width, height, limit);
  CUDA_SYNC();
  check::equal(out.host(), want, "escape times");
  return check::verdict("mandelbrot");
}
