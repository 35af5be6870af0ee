// Grid-stride loops with fewer threads than elements.
#include "check.h"

__global__ void saxpy(int n, float a, const float* __restrict__ x, float* __restrict__ y) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    y[i] = fmaf(a, x[i], y[i]);
}

int main() {
  const int n = 100003;
  check::Random random;
  std::vector<float> x(n), y(n), want(n);
  for (int i = 0; i < n; ++i) {
    x[i] = random.unit();
    y[i] = random.unit();
    want[i] = fmaf(2.5f, x[i], y[i]);
  }
  DeviceArray<float> dx(x), dy(y);
  saxpy<<<37, 192>>>(n, 2.5f, dx, dy);
  CUDA_SYNC();
  check::equal(dy.host(), want, "y");
  return check::verdict("saxpy");
}
