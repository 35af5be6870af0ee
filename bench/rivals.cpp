// The same work as plain OpenMP C++: what a programmer without a GPU writes. clang -O3 -march=native
// -fopenmp.
#include <cmath>
#include <cstring>

#include "kernels.h"

namespace bench::native {

void saxpy(float a, const float* x, float* y) {
#pragma omp parallel for simd schedule(static)
  for (int i = 0; i < kSaxpyN; ++i) y[i] = a * x[i] + y[i];
}

void reduce(const float* x, float* sums) {
  float total = 0.0f;
#pragma omp parallel for simd schedule(static) reduction(+ : total)
  for (int i = 0; i < kReduceN; ++i) total += x[i];
  sums[0] = total;
}

void sgemm(const float* a, const float* b, float* c) {
  const int n = kSgemmN;
#pragma omp parallel for schedule(static)
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) c[i * n + j] = 0.0f;
    for (int k = 0; k < n; ++k)
      for (int j = 0; j < n; ++j) c[i * n + j] += a[i * n + k] * b[k * n + j];
  }
}

void matrix(const unsigned short* a, const unsigned short* b, float* c) {
  const int n = kMatrixN;
  const auto number = [](unsigned short bits) {
    const unsigned word = unsigned(bits) << 16;
    float x;
    std::memcpy(&x, &word, 4);
    return x;
  };
  static float columns[kMatrixN * kMatrixN];  // b as f32, transposed
#pragma omp parallel for schedule(static)
  for (int k = 0; k < n; ++k)
    for (int j = 0; j < n; ++j) columns[k * n + j] = number(b[j * n + k]);
#pragma omp parallel for schedule(static)
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) c[i * n + j] = 0.0f;
    for (int k = 0; k < n; ++k) {
      const float x = number(a[i * n + k]);
      for (int j = 0; j < n; ++j) c[i * n + j] += x * columns[k * n + j];
    }
  }
}

void mandelbrot(int* out) {
  const int size = kMandelbrotSize;
#pragma omp parallel for schedule(dynamic, 8)
  for (int py = 0; py < size; ++py)
    for (int px = 0; px < size; ++px) {
      const float cx = -2.0f + px * (3.0f / size), cy = -1.5f + py * (3.0f / size);
      float x = 0.0f, y = 0.0f;
      int i = 0;
      while (i < kMandelbrotLimit && x * x + y * y <= 4.0f) {
        const float t = x * x - y * y + cx;
        y = 2.0f * x * y + cy;
        x = t;
        ++i;
      }
      out[py * size + px] = i;
    }
}

void softmax(const float* in, float* out) {
  const int n = kSoftmaxColumns;
#pragma omp parallel for schedule(static)
  for (int r = 0; r < kSoftmaxRows; ++r) {
    const float* x = in + r * n;
    float* y = out + r * n;
    float top = -INFINITY, sum = 0.0f;
    for (int i = 0; i < n; ++i) top = std::fmax(top, x[i]);
    for (int i = 0; i < n; ++i) sum += y[i] = std::exp(x[i] - top);
    for (int i = 0; i < n; ++i) y[i] /= sum;
  }
}

void histogram(const unsigned char* data, unsigned* counts) {
  std::memset(counts, 0, 256 * sizeof(unsigned));
#pragma omp parallel
  {
    unsigned local[256] = {};
#pragma omp for schedule(static) nowait
    for (int i = 0; i < kHistogramN; ++i) ++local[data[i]];
#pragma omp critical
    for (int k = 0; k < 256; ++k) counts[k] += local[k];
  }
}

}  // namespace bench::native
