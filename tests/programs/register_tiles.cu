// Threads that keep many sums each, in tiles of every shape: results side by side in memory or a block apart,
// loops that are unrolled and not, sums that hang on each other, sums read before they are complete, loops of
// no round at all. More sums than a processor has registers are computed in several loops, and those side by
// side are kept in the order of memory: neither may change a bit.
#include "check.h"

template <class T>
__device__ __host__ T step(T x, T y, T sum) {
  return x * y + sum;
}
template <>
__device__ __host__ float step(float x, float y, float sum) {
  return fmaf(x, y, sum);
}
template <>
__device__ __host__ double step(double x, double y, double sum) {
  return fma(x, y, sum);
}

/// c = a^T b, `depth` long, by one block; a thread has Rows x Columns results, its columns side by side or
/// Threads apart.
template <class T, int Rows, int Columns, int Threads, bool SideBySide, int Unroll>
__global__ void product(const T* a, const T* b, T* c, int depth) {
  constexpr int kTile = 8, kRows = Rows * Threads, kColumns = Columns * Threads, kThreads = Threads * Threads;
  __shared__ T ta[kTile * kRows], tb[kTile * kColumns];
  const int tx = threadIdx.x % Threads, ty = threadIdx.x / Threads;
  const auto column = [=](int j) { return SideBySide ? tx * Columns + j : tx + j * Threads; };
  T sum[Rows][Columns] = {};
  for (int k = 0; k < depth; k += kTile) {
    for (int i = threadIdx.x; i < kTile * kRows; i += kThreads) ta[i] = a[k * kRows + i];
    for (int i = threadIdx.x; i < kTile * kColumns; i += kThreads) tb[i] = b[k * kColumns + i];
    __syncthreads();
#pragma unroll Unroll
    for (int l = 0; l < kTile; ++l)
      for (int i = 0; i < Rows; ++i)
        for (int j = 0; j < Columns; ++j)
          sum[i][j] = step(ta[l * kRows + ty * Rows + i], tb[l * kColumns + column(j)], sum[i][j]);
    __syncthreads();
  }
  for (int i = 0; i < Rows; ++i)
    for (int j = 0; j < Columns; ++j) c[(ty * Rows + i) * kColumns + column(j)] = sum[i][j];
}

template <class T, int Rows, int Columns, int Threads, bool SideBySide, int Unroll>
void test_product(const char* what) {
  check::Random random;
  const int rows = Rows * Threads, columns = Columns * Threads;
  for (int depth : {0, 16}) {
    std::vector<T> a(rows * depth + 1), b(depth * columns + 1), want(rows * columns);
    for (T& v : a) v = T(random.unit() * 64 - 32);
    for (T& v : b) v = T(random.unit() * 64 - 32);
    for (int l = 0; l < depth; ++l)
      for (int i = 0; i < rows; ++i)
        for (int j = 0; j < columns; ++j)
          want[i * columns + j] = step(a[l * rows + i], b[l * columns + j], want[i * columns + j]);
    DeviceArray<T> da(a), db(b), dc(rows * columns);
    product<T, Rows, Columns, Threads, SideBySide, Unroll><<<1, Threads * Threads>>>(da, db, dc, depth);
    CUDA_SYNC();
    check::equal(dc.host(), want, what);
  }
}

/// Running maximum and rescaled sums, as attention has them: each sum hangs on another.
template <int Columns>
__global__ void rescaled(const float* x, float* out, int rows) {
  float most[Columns], sum[Columns], weighted[Columns];
  for (int j = 0; j < Columns; ++j) most[j] = -1e30f, sum[j] = 0, weighted[j] = 0;
  for (int r = 0; r < rows; ++r)
    for (int j = 0; j < Columns; ++j) {
      const float v = x[(r * Columns + j) * 256 + threadIdx.x], m = fmaxf(most[j], v);
      const float by = most[j] == m ? 1.0f : 0.5f;
      sum[j] = fmaf(sum[j], by, v);
      weighted[j] = fmaf(weighted[j], by, sum[j]);
      most[j] = m;
    }
  for (int j = 0; j < Columns; ++j)
    out[j * 256 + threadIdx.x] = fmaf(3, weighted[j], fmaf(2, sum[j], most[j]));
}

/// Values of the round before are read behind the loop, as are a counter and a place; two carried values
/// change places each round.
template <int Columns>
__global__ void carried(const float* x, float* out, int rows) {
  float now[Columns], before[Columns], swapped[2] = {1, 2};
  for (int j = 0; j < Columns; ++j) now[j] = before[j] = float(j);
  const float* at = x + threadIdx.x * Columns;
  int r = 0;
  for (; r < rows; ++r, at += 128 * Columns) {
    for (int j = 0; j < Columns; ++j) {
      before[j] = now[j];
      now[j] = fmaf(now[j], 0.5f, at[j]);
    }
    const float s = swapped[0];
    swapped[0] = swapped[1] + at[0];
    swapped[1] = s;
  }
  for (int j = 0; j < Columns; ++j)
    out[threadIdx.x * Columns + j] = fmaf(4, before[j], now[j]) + swapped[0] - swapped[1] + float(r) +
                                     float(at - x - threadIdx.x * Columns);
}

template <int Columns>
void test_chains() {
  const int rows = 9;
  check::Random random;
  std::vector<float> x(rows * Columns * 256), want(Columns * 256), wanted(128 * Columns);
  for (float& v : x) v = random.unit() - 0.5f;
  for (int t = 0; t < 256; ++t)
    for (int j = 0; j < Columns; ++j) {
      float most = -1e30f, sum = 0, weighted = 0;
      for (int r = 0; r < rows; ++r) {
        const float v = x[(r * Columns + j) * 256 + t], m = fmaxf(most, v), by = most == m ? 1.0f : 0.5f;
        sum = fmaf(sum, by, v);
        weighted = fmaf(weighted, by, sum);
        most = m;
      }
      want[j * 256 + t] = fmaf(3, weighted, fmaf(2, sum, most));
    }
  DeviceArray<float> dx(x), out(Columns * 256), out2(128 * Columns);
  rescaled<Columns><<<1, 256>>>(dx, out, rows);
  CUDA_SYNC();
  check::equal(out.host(), want, "rescaled");
  for (int rounds : {0, 1, 9}) {
    for (int t = 0; t < 128; ++t) {
      float swapped[2] = {1, 2};
      for (int r = 0; r < rounds; ++r) {
        const float s = swapped[0];
        swapped[0] = swapped[1] + x[r * 128 * Columns + t * Columns];
        swapped[1] = s;
      }
      for (int j = 0; j < Columns; ++j) {
        float now = float(j), before = float(j);
        for (int r = 0; r < rounds; ++r) {
          before = now;
          now = fmaf(now, 0.5f, x[r * 128 * Columns + t * Columns + j]);
        }
        wanted[t * Columns + j] =
            fmaf(4, before, now) + swapped[0] - swapped[1] + float(rounds) + float(rounds * 128 * Columns);
      }
    }
    carried<Columns><<<1, 128>>>(dx, out2, rounds);
    CUDA_SYNC();
    check::equal(out2.host(), wanted, "carried");
  }
}

int main() {
  test_product<float, 8, 8, 16, true, 1>("8x8 side by side");
  test_product<float, 4, 4, 16, true, 8>("4x4 side by side, unrolled");
  test_product<float, 4, 4, 16, false, 8>("4x4 apart, unrolled");
  test_product<float, 8, 4, 8, true, 2>("8x4, rows of eight lanes");
  test_product<double, 4, 2, 16, true, 2>("doubles");
  test_product<int, 3, 3, 16, true, 1>("integers, 3x3");
  test_chains<4>();
  test_chains<16>();
  return check::verdict("register_tiles");
}
