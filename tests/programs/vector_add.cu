// The first program of every course: sizes around block and warp borders.
#include "check.h"

__global__ void add(const float* a, const float* b, float* c, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) c[i] = a[i] + b[i];
}

int main() {
  check::Random random;
  for (int n : {1, 31, 32, 33, 255, 256, 257, 50000}) {
    std::vector<float> a(n), b(n), want(n);
    for (int i = 0; i < n; ++i) {
      a[i] = random.unit();
      b[i] = random.unit() - 0.5f;
      want[i] = a[i] + b[i];
    }
    DeviceArray<float> da(a), db(b), dc(n);
    add<<<(n + 255) / 256, 256>>>(da, db, dc, n);
    CUDA_SYNC();
    check::equal(dc.host(), want, "c");
  }
  return check::verdict("vector_add");
}
