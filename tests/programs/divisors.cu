// Quotients and remainders of every width, by each lane's own divisor and by one of all lanes, around
// multiples and at both ends of the range, against the host's; and grids whose indices are taken apart by
// such divisors.
#include "check.h"

template <class T>
__global__ void divide_each(const T* x, const T* y, T* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n || y[i] == 0) return;
  out[2 * i] = x[i] / y[i];
  out[2 * i + 1] = x[i] % y[i];
}

template <class T>
__global__ void divide_by_one(const T* x, T y, T* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  out[2 * i] = x[i] / y;
  out[2 * i + 1] = x[i] % y;
}

template <class T>
T one_of(check::Random& random, T near) {
  const int bits = int(sizeof(T)) * 8;
  auto v = static_cast<unsigned long long>(random.next()) << 32 | random.next();
  v = static_cast<T>(v) >> random.below(bits);
  switch (random.below(6)) {
    case 0:
      return static_cast<T>(near * static_cast<T>(random.below(1000)) - static_cast<T>(random.below(2)));
    case 1:
      return static_cast<T>(~v);
    case 2:
      return static_cast<T>((1ull << (bits - 1)) - random.below(3));
    default:
      return static_cast<T>(v);
  }
}

/// Neither 0 nor -1: the host's quotient of the least number by it would be a fault.
template <class T>
T divisor_of(check::Random& random) {
  const T y = one_of<T>(random, T(3));
  return y == 0 || y == static_cast<T>(-1) ? T(7) : y;
}

template <class T>
void all_of(const char* name) {
  constexpr int kCount = 2000, kDivisors = 12;
  check::Random random;
  std::vector<T> x(kCount), y(kCount), want(2 * kCount);
  for (int k = 0; k <= kDivisors; ++k) {
    const T one = divisor_of<T>(random);
    for (int i = 0; i < kCount; ++i) {
      y[i] = k ? one : divisor_of<T>(random);
      x[i] = one_of<T>(random, y[i]);
      want[2 * i] = static_cast<T>(x[i] / y[i]);
      want[2 * i + 1] = static_cast<T>(x[i] % y[i]);
    }
    DeviceArray<T> dx(x), dy(y), out(2 * kCount);
    if (k)
      divide_by_one<T><<<(kCount + 127) / 128, 128>>>(dx, one, out, kCount);
    else
      divide_each<T><<<(kCount + 127) / 128, 128>>>(dx, dy, out, kCount);
    CUDA_SYNC();
    check::equal(out.host(), want, name);
  }
}

/// A row of `columns` is two of half a warp each, or lies anywhere; rows of 64 by a constant.
__global__ void take_apart(const int* in, int* out, int columns, int rows, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  const int column = i % columns, row = i / columns % rows, plane = i / columns / rows;
  out[i] = in[(plane * columns + column) * rows + row] + in[i / 64] - in[i % 64];
}

void indices() {
  for (const int columns : {16, 37, 64}) {
    const int rows = 9, planes = 11, n = columns * rows * planes;
    std::vector<int> in(n), want(n);
    for (int i = 0; i < n; ++i) in[i] = i * 7 % 1009;
    for (int i = 0; i < n; ++i)
      want[i] = in[(i / columns / rows * columns + i % columns) * rows + i / columns % rows] + in[i / 64] -
                in[i % 64];
    DeviceArray<int> din(in), out(n);
    take_apart<<<(n + 255) / 256, 256>>>(din, out, columns, rows, n);
    CUDA_SYNC();
    check::equal(out.host(), want, "indices");
  }
}

int main() {
  all_of<int>("int");
  all_of<unsigned>("unsigned");
  all_of<short>("short");
  all_of<unsigned char>("unsigned char");
  all_of<long long>("long long");
  all_of<unsigned long long>("unsigned long long");
  indices();
  return check::verdict("divisors");
}
