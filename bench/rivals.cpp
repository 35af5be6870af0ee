// The same work as plain OpenMP C++: what a programmer without a GPU writes. clang -O3 -march=native
// -fopenmp.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <vector>

#include "kernels.h"

namespace bench::native {
namespace {

double seconds() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace

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

void stencil(const float* in, float* out) {
  const int n = kStencilN;
#pragma omp parallel for schedule(static)
  for (int y = 1; y < n - 1; ++y)
    for (int x = 1; x < n - 1; ++x) {
      const int i = y * n + x;
      out[i] = 0.25f * (in[i - 1] + in[i + 1] + in[i - n] + in[i + n]) - in[i];
    }
}

void gather(const float* table, const int* at, float* out) {
#pragma omp parallel for simd schedule(static)
  for (int i = 0; i < kGatherN; ++i) out[i] = table[at[i]];
}

void scan(const float* in, float* out) {
#pragma omp parallel for schedule(static)
  for (int first = 0; first < kScanN; first += kScanSegment) {
    float sum = 0.0f;
    for (int i = first; i < first + kScanSegment; ++i) out[i] = sum += in[i];
  }
}

void layer_norm(const float* in, const float* scale, float* out) {
  const int n = kSoftmaxColumns;
#pragma omp parallel for schedule(static)
  for (int r = 0; r < kSoftmaxRows; ++r) {
    const float* x = in + r * n;
    float sum = 0.0f, squares = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < n; ++i) sum += x[i];
    const float mean = sum / n;
#pragma omp simd reduction(+ : squares)
    for (int i = 0; i < n; ++i) squares += (x[i] - mean) * (x[i] - mean);
    const float factor = 1.0f / std::sqrt(squares / n + 1e-5f);
    for (int i = 0; i < n; ++i) out[r * n + i] = (x[i] - mean) * factor * scale[i];
  }
}

void norm_rope(const float* in, const float* cosines, const float* sines, float* out) {
  constexpr int n = kRopeColumns, half = kRopeHead / 2;
#pragma omp parallel for schedule(static)
  for (int r = 0; r < kRopeRows; ++r) {
    const float *x = in + r * n, *c = cosines + r * half, *s = sines + r * half;
    float squares = 0.0f;
#pragma omp simd reduction(+ : squares)
    for (int i = 0; i < n; ++i) squares += x[i] * x[i];
    const float factor = 1.0f / std::sqrt(squares / n + 1e-5f);
    for (int head = 0; head < n; head += kRopeHead) {
      const float* from = x + head;
      float* to = out + r * n + head;
#pragma omp simd
      for (int i = 0; i < half; ++i) {
        const float a = from[i] * factor, b = from[i + half] * factor;
        to[i] = a * c[i] - b * s[i];
        to[i + half] = a * s[i] + b * c[i];
      }
    }
  }
}

namespace {

unsigned place_queens(unsigned columns, unsigned left, unsigned right) {
  constexpr unsigned kAll = (1u << kQueens) - 1;
  if (columns == kAll) return 1;
  unsigned found = 0;
  for (unsigned free = kAll & ~(columns | left | right); free; free &= free - 1) {
    const unsigned bit = free & (0u - free);
    found += place_queens(columns | bit, (left | bit) << 1, (right | bit) >> 1);
  }
  return found;
}

}  // namespace

void queens(unsigned* counts) {
#pragma omp parallel for schedule(dynamic, 16)
  for (int i = 0; i < kQueens * kQueens * kQueens; ++i) {
    unsigned columns = 0, left = 0, right = 0;
    bool possible = true;
    for (int place = i, row = 0; row < 3; ++row, place /= kQueens) {
      const unsigned bit = 1u << place % kQueens;
      possible = possible && !((columns | left | right) & bit);
      columns |= bit;
      left = (left | bit) << 1;
      right = (right | bit) >> 1;
    }
    counts[i] = possible ? place_queens(columns, left, right) : 0;
  }
}

void dp4a(const int* a, const int* b, int* c) {
  const auto *x = reinterpret_cast<const signed char*>(a), *y = reinterpret_cast<const signed char*>(b);
  constexpr int n = kDp4aN, k = kDp4aWords * 4;
#pragma omp parallel for schedule(static)
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      int sum = 0;
      for (int p = 0; p < k; ++p) sum += int(x[i * k + p]) * int(y[j * k + p]);
      c[i * n + j] = sum;
    }
}

double triad_gb_s() {
  constexpr size_t n = 16 << 20;
  std::vector<float> a(n), b(n, 1.0f), c(n, 2.0f);
  double best = 0;
  for (int round = 0; round < 5; ++round) {
    const double start = seconds();
#pragma omp parallel for simd schedule(static)
    for (size_t i = 0; i < n; ++i) a[i] = b[i] + 3.0f * c[i];
    best = std::max(best, 12.0 * n / (seconds() - start));
  }
  return best * 1e-9;
}

namespace {

using Vector = float __attribute__((vector_size(64)));
constexpr int kChains = 12,
              kRounds = 4'000'000;  // chains enough for the latency, few enough for the registers

/// Multiply-adds in registers; in 512 bits where the CPU has them, although compilers prefer less.
__attribute__((noinline, min_vector_width(512))) float multiply_adds() {
  Vector x[kChains] = {};
  for (int i = 0; i < kRounds; ++i)
#pragma clang loop unroll(full)
    for (int c = 0; c < kChains; ++c) x[c] = x[c] * 0.999f + 0.5f;
  Vector sum = {};
  for (const Vector& v : x) sum += v;
  return sum[0] + sum[7] + sum[15];
}

}  // namespace

double fma_gflop_s() {
  double best = 0;
  for (int repeat = 0; repeat < 3; ++repeat) {
    const double start = seconds();
    double operations = 0;
#pragma omp parallel reduction(+ : operations)
    {
      volatile float sink = multiply_adds();
      operations += sink * 0 + 2.0 * sizeof(Vector) / sizeof(float) * kChains * kRounds;
    }
    best = std::max(best, operations / (seconds() - start));
  }
  return best * 1e-9;
}

}  // namespace bench::native
