// Integer intrinsics and arithmetic of every width, against plain loops on the host.
#include "check.h"

enum { kResults = 30 };

__global__ void evaluate(const unsigned* a, const unsigned* b, unsigned* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  const unsigned x = a[i], y = b[i];
  const unsigned long long wide = static_cast<unsigned long long>(x) << 32 | y;
  int k = 0;
  const auto put = [&](unsigned v) { out[n * k++ + i] = v; };
  put(__popc(x));
  put(__clz(x));
  put(__brev(x));
  put(__ffs(x));
  put(__popcll(wide));
  put(__clzll(wide));
  put(static_cast<unsigned>(__brevll(wide) >> 32));
  put(__ffsll(wide));
  put(__mulhi(static_cast<int>(x), static_cast<int>(y)));
  put(__umulhi(x, y));
  put(static_cast<unsigned>(__umul64hi(wide, wide * 3 + 1)));
  put(static_cast<unsigned>(__mul64hi(static_cast<long long>(wide), static_cast<long long>(wide * 5 + 3))));
  put(__byte_perm(x, y, 0x3614 + (i & 3)));
  put(__funnelshift_l(x, y, i % 40));
  put(__funnelshift_r(x, y, i % 40));
  put(__funnelshift_lc(x, y, i % 40));
  put(__sad(static_cast<int>(x), static_cast<int>(y), 5u));
  put(__usad(x, y, 5u));
  put(__mul24(static_cast<int>(x), static_cast<int>(y)));
  put(__umul24(x, y));
  put(x / (y | 1));
  put(x % (y | 1));
  put(static_cast<int>(x) / static_cast<int>(y | 1));
  put(static_cast<int>(x) % static_cast<int>(y | 1));
  put(static_cast<unsigned>(wide / ((y & 0xffff) | 1)));
  put(static_cast<unsigned>(static_cast<long long>(wide) % static_cast<long long>((y & 0xfffff) | 1)));
  put(__hadd(static_cast<int>(x), static_cast<int>(y)));
  put(min(static_cast<int>(x), static_cast<int>(y)) ^ max(x, y));
  put(static_cast<unsigned>(static_cast<short>(x) * static_cast<signed char>(y)) +
      static_cast<unsigned char>(y));
  put(static_cast<unsigned>(abs(static_cast<int>(x >> 1)) + (wide >> (i % 64)) + (x << (i % 32))));
}

unsigned funnel(unsigned low, unsigned high, unsigned shift, bool left) {
  const unsigned long long both = static_cast<unsigned long long>(high) << 32 | low;
  return static_cast<unsigned>(left ? both << shift >> 32 : both >> shift);
}

unsigned permute(unsigned x, unsigned y, unsigned selector) {
  const unsigned long long bytes = static_cast<unsigned long long>(y) << 32 | x;
  unsigned out = 0;
  for (int k = 0; k < 4; ++k)
    out |= static_cast<unsigned>(bytes >> (selector >> (4 * k) & 7) * 8 & 0xff) << 8 * k;
  return out;
}

unsigned reverse(unsigned long long v, int bits) {
  unsigned long long r = 0;
  for (int k = 0; k < bits; ++k) r |= (v >> k & 1) << (bits - 1 - k);
  return static_cast<unsigned>(bits == 64 ? r >> 32 : r);
}

template <class T>
int leading_zeros(T v) {
  const int bits = sizeof(T) * 8;
  int k = 0;
  while (k < bits && !(v >> (bits - 1 - k) & 1)) ++k;
  return k;
}

template <class T>
int first_set(T v) {
  for (int k = 0; k < static_cast<int>(sizeof(T) * 8); ++k)
    if (v >> k & 1) return k + 1;
  return 0;
}

int sign_extend_24(unsigned v) {
  return static_cast<int>(v << 8) >> 8;
}

std::vector<unsigned> expected(unsigned x, unsigned y, int i) {
  const int sx = static_cast<int>(x), sy = static_cast<int>(y);
  const long long lx = sx, ly = sy;
  const unsigned long long wide = static_cast<unsigned long long>(x) << 32 | y;
  std::vector<unsigned> v;
  const auto put = [&](auto value) { v.push_back(static_cast<unsigned>(value)); };
  put(__builtin_popcount(x));
  put(leading_zeros(x));
  put(reverse(x, 32));
  put(first_set(x));
  put(__builtin_popcountll(wide));
  put(leading_zeros(wide));
  put(reverse(wide, 64));
  put(first_set(wide));
  put(lx * ly >> 32);
  put(static_cast<unsigned long long>(x) * y >> 32);
  put(static_cast<unsigned __int128>(wide) * (wide * 3 + 1) >> 64);
  put(static_cast<__int128>(static_cast<long long>(wide)) * static_cast<long long>(wide * 5 + 3) >> 64);
  put(permute(x, y, 0x3614 + (i & 3)));
  put(funnel(x, y, i % 40 & 31, true));
  put(funnel(x, y, i % 40 & 31, false));
  put(i % 40 >= 32 ? x : funnel(x, y, i % 40, true));
  put((sx > sy ? x - y : y - x) + 5);
  put((x > y ? x - y : y - x) + 5);
  put(static_cast<long long>(sign_extend_24(x)) * sign_extend_24(y));
  put(static_cast<unsigned long long>(x & 0xffffff) * (y & 0xffffff));
  put(x / (y | 1));
  put(x % (y | 1));
  put(lx / static_cast<int>(y | 1));
  put(lx % static_cast<int>(y | 1));
  put(wide / ((y & 0xffff) | 1));
  put(static_cast<long long>(wide) % static_cast<long long>((y & 0xfffff) | 1));
  put((lx + ly) >> 1);
  put((sx < sy ? x : y) ^ (x > y ? x : y));
  put(static_cast<unsigned>(static_cast<short>(x) * static_cast<signed char>(y)) +
      static_cast<unsigned char>(y));
  put((x >> 1) + (wide >> (i % 64)) + (x << (i % 32)));
  return v;
}

int main() {
  const int n = 3000;
  check::Random random;
  std::vector<unsigned> a(n), b(n), want(n * kResults);
  const unsigned special[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x8000, 0xffff, 2};
  for (int i = 0; i < n; ++i) {
    a[i] = i < 64 ? special[i % 8] : random.next() >> random.below(32);
    b[i] = i < 64 ? special[i / 8] : random.next() >> random.below(32);
    if (a[i] == 0x80000000 && b[i] == 0xffffffff) b[i] = 3;  // INT_MIN / -1 has no value
    const std::vector<unsigned> v = expected(a[i], b[i], i);
    for (int k = 0; k < kResults; ++k) want[n * k + i] = v[k];
  }
  DeviceArray<unsigned> da(a), db(b), out(n * kResults);
  evaluate<<<(n + 127) / 128, 128>>>(da, db, out, n);
  CUDA_SYNC();
  check::equal(out.host(), want, "results");
  return check::verdict("integer_functions");
}
