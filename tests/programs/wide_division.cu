// Division of 128-bit integers, which compilers write out with the carry flag, against the host's.
#include "check.h"

using Wide = __int128;
using Unsigned = unsigned __int128;

struct Pair {
  unsigned long long low, high;
};

__host__ __device__ Unsigned join(Pair p) {
  return static_cast<Unsigned>(p.high) << 64 | p.low;
}
__host__ __device__ Pair part(Unsigned v) {
  return {static_cast<unsigned long long>(v), static_cast<unsigned long long>(v >> 64)};
}

/// Quotients and remainders of both kinds.
__host__ __device__ void divide(Pair x, Pair y, Pair out[4]) {
  const Unsigned a = join(x), b = join(y);
  out[0] = part(a / b);
  out[1] = part(a % b);
  out[2] = part(static_cast<Unsigned>(static_cast<Wide>(a) / static_cast<Wide>(b)));
  out[3] = part(static_cast<Unsigned>(static_cast<Wide>(a) % static_cast<Wide>(b)));
}

__global__ void divide_all(const Pair* x, const Pair* y, Pair* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) divide(x[i], y[i], out + 4 * i);
}

int main() {
  const int n = 4000;
  check::Random random;
  std::vector<Pair> x(n), y(n);
  std::vector<unsigned long long> want;
  // Bits from nowhere to the top, so that quotients of every length come up; small and round divisors.
  const auto draw = [&](int k) -> Pair {
    Unsigned v = 0;
    for (int w = 0; w < 4; ++w) v = v << 32 | random.next();
    v >>= random.below(128);
    return part(k % 5 == 0 ? static_cast<Unsigned>(1) << random.below(127) : k % 7 == 0 ? ~v : v);
  };
  for (int i = 0; i < n; ++i) {
    x[i] = draw(i), y[i] = draw(i + 1);
    if (join(y[i]) == 0 || ~join(y[i]) == 0) y[i].low = 3;  // nothing by 0, and no least number by -1
    Pair results[4];
    divide(x[i], y[i], results);
    for (const Pair& r : results) want.insert(want.end(), {r.low, r.high});
  }
  DeviceArray<Pair> dx(x), dy(y);
  DeviceArray<unsigned long long> out(n * 8);
  divide_all<<<(n + 127) / 128, 128>>>(dx, dy, reinterpret_cast<Pair*>(static_cast<unsigned long long*>(out)),
                                       n);
  CUDA_SYNC();
  check::equal(out.host(), want, "quotients and remainders");
  return check::verdict("wide_division");
}
