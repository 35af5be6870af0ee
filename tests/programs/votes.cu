// ballot, any, all, activemask, match, reduce: over whole warps, member masks and divergent branches.
#include "check.h"

struct Result {
  unsigned ballot, any, all, match_any, match_all, all_agree, match_wide, add, smallest, largest, bits_and,
      bits_or, bits_xor;
  int least, most;
};

__global__ void vote(const int* values, Result* out) {
  const int value = values[threadIdx.x];
  const unsigned lane = threadIdx.x % 32;
  const auto ask = [&](unsigned mask) {
    Result r;
    int agree = 0;
    r.ballot = __ballot_sync(mask, value & 1);
    r.any = __any_sync(mask, value > 5);
    r.all = __all_sync(mask, value < 7);
    r.match_any = __match_any_sync(mask, value);
    r.match_all = __match_all_sync(mask, value / 100, &agree);
    r.all_agree = agree;
    r.match_wide = __match_any_sync(mask, static_cast<long long>(value) << 33);
    r.add = __reduce_add_sync(mask, static_cast<unsigned>(value));
    r.smallest = __reduce_min_sync(mask, static_cast<unsigned>(value));
    r.largest = __reduce_max_sync(mask, static_cast<unsigned>(value));
    r.bits_and = __reduce_and_sync(mask, static_cast<unsigned>(value) | 8u);
    r.bits_or = __reduce_or_sync(mask, static_cast<unsigned>(value));
    r.bits_xor = __reduce_xor_sync(mask, static_cast<unsigned>(value));
    r.least = __reduce_min_sync(mask, value - 4);
    r.most = __reduce_max_sync(mask, value - 4);
    out[threadIdx.x] = r;
  };
  if (threadIdx.x < 32)
    ask(0xffffffffu);
  else if (lane % 4 == 1)
    ask(0x22222222u);
  else
    ask(0xddddddddu);
}

__global__ void who_is_active(unsigned* out, int bound) {
  out[threadIdx.x] = __activemask();
  if (static_cast<int>(threadIdx.x) < bound) out[threadIdx.x] = __ballot_sync(__activemask(), 1);
}

Result expected(const std::vector<int>& values, int thread, unsigned mask) {
  const int w = thread / 32 * 32;
  Result r{0, 0, 1, 0, mask, 1, 0, 0, ~0u, 0, ~0u, 0, 0, 1 << 30, -(1 << 30)};
  for (int l = 0; l < 32; ++l) {
    if (!(mask >> l & 1)) continue;
    const int v = values[w + l];
    const unsigned u = static_cast<unsigned>(v), bit = 1u << l;
    if (v & 1) r.ballot |= bit;
    r.any |= v > 5;
    r.all &= v < 7;
    if (v == values[thread]) r.match_any |= bit;
    r.add += u;
    r.smallest = u < r.smallest ? u : r.smallest;
    r.largest = u > r.largest ? u : r.largest;
    r.bits_and &= u | 8u;
    r.bits_or |= u;
    r.bits_xor ^= u;
    r.least = v - 4 < r.least ? v - 4 : r.least;
    r.most = v - 4 > r.most ? v - 4 : r.most;
  }
  r.match_wide = r.match_any;
  return r;
}

int main() {
  check::Random random;
  for (int range : {1, 3, 8}) {
    std::vector<int> values(64);
    for (int& v : values) v = static_cast<int>(random.below(range));
    DeviceArray<int> in(values);
    DeviceArray<Result> out(64);
    vote<<<1, 64>>>(in, out);
    CUDA_SYNC();
    const std::vector<Result> got = out.host();
    for (int t = 0; t < 64; ++t) {
      const Result want = expected(values, t, t < 32 ? 0xffffffffu : t % 4 == 1 ? 0x22222222u : 0xddddddddu);
      if (std::memcmp(&got[t], &want, sizeof want) == 0) continue;
      const unsigned *g = &got[t].ballot, *w = &want.ballot;
      for (int f = 0; f < 15; ++f)
        if (g[f] != w[f]) check::fail("thread %d, field %d: %08x, not %08x\n", t, f, g[f], w[f]);
    }
    check::digest(got.data(), got.size() * sizeof(Result));
  }
  DeviceArray<unsigned> out(45);
  who_is_active<<<1, 45>>>(out, 10);
  CUDA_SYNC();
  std::vector<unsigned> want(45);
  for (int t = 0; t < 45; ++t) want[t] = t < 10 ? 0x3ffu : t < 32 ? 0xffffffffu : 0x1fffu;
  check::equal(out.host(), want, "activemask");
  return check::verdict("votes");
}
