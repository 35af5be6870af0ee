// Cooperative groups beyond a warp's tiles: tiles of several warps, tiles of tiles and of coalesced threads,
// the grid's barrier in two halves, calls by one thread.
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
#include <cooperative_groups/scan.h>

#include <algorithm>
#include <utility>

#include "check.h"

namespace cg = cooperative_groups;

constexpr int kThreads = 256;

/// Wider than a word, to go through the exchanges in parts.
struct Both {
  unsigned sum, product;
};
struct Join {
  __device__ Both operator()(const Both& a, const Both& b) const {
    return {a.sum + b.sum, a.product * b.product};
  }
};

struct Answer {
  int sum, most, up_to, before, any, all, picked, rank, meta, of, once;
  unsigned product;
};

template <unsigned kSize>
__global__ void large(const int* values, Answer* out, int* calls) {
  __shared__ cg::block_tile_memory<kThreads> memory;
  const auto block = cg::this_thread_block(memory);
  const auto tile = cg::tiled_partition<kSize>(block);
  const int value = values[threadIdx.x];
  Answer a;
  a.sum = cg::reduce(tile, value, cg::plus<int>());
  a.most = cg::reduce(tile, value, cg::greater<int>());
  a.up_to = cg::inclusive_scan(tile, value, cg::plus<int>());
  a.before = cg::exclusive_scan(tile, value, cg::plus<int>());
  a.any = tile.any(value == 97) != 0;
  a.all = tile.all(value < 98) != 0;
  a.picked = tile.shfl(value, 41);
  a.rank = int(tile.thread_rank());
  a.meta = int(tile.meta_group_rank());
  a.of = int(tile.meta_group_size());
  const Both both = cg::inclusive_scan(tile, Both{unsigned(value), 2 * unsigned(value) + 1}, Join());
  a.product = both.product + both.sum;
  a.once =
      cg::invoke_one_broadcast(tile, [=](int step) { return atomicAdd(calls, step) >= 0 ? value : -1; }, 1);
  tile.sync();
  out[threadIdx.x] = a;
}

template <unsigned kSize>
void check_large() {
  std::vector<int> values(kThreads);
  check::Random random;
  for (int& v : values) v = int(random.below(100));
  DeviceArray<int> in(values), calls(1);
  DeviceArray<Answer> out(kThreads);
  calls.zero();
  large<kSize><<<1, kThreads>>>(in, out, calls);
  CUDA_SYNC();
  const std::vector<Answer> have = out.host();
  for (int first = 0; first < kThreads; first += int(kSize)) {
    int sum = 0, most = 0, any = 0, all = 1;
    for (int t = first; t < first + int(kSize); ++t) {
      sum += values[t], most = std::max(most, values[t]);
      any |= values[t] == 97, all &= values[t] < 98;
    }
    int up_to = 0;
    unsigned product = 1;
    for (int t = first; t < first + int(kSize); ++t) {
      const Answer& a = have[t];
      EXPECT(a.sum == sum && a.most == most && a.any == any && a.all == all);
      EXPECT(a.before == up_to);
      up_to += values[t];
      product *= 2 * unsigned(values[t]) + 1;
      EXPECT(a.up_to == up_to && a.product == product + unsigned(up_to));
      EXPECT(a.picked == values[first + 41] && a.once == values[first]);
      EXPECT(a.rank == t - first && a.meta == first / int(kSize) && a.of == kThreads / int(kSize));
    }
  }
  EXPECT(calls.host()[0] == kThreads / int(kSize));
}

__global__ void nested(int* out) {
  const auto warp = cg::tiled_partition<32>(cg::this_thread_block());
  const cg::thread_block_tile<4> quad = cg::tiled_partition<4>(warp);
  int* const own = out + 4 * threadIdx.x;
  own[0] = int(quad.meta_group_rank() * 100 + quad.meta_group_size());
  own[1] = own[2] = -1;
  if (threadIdx.x % 3) {
    const auto here = cg::coalesced_threads();
    const auto part = cg::tiled_partition(here, 8);
    own[1] = int(part.thread_rank() * 10000 + part.size() * 100 + part.meta_group_rank() * 10 +
                 part.meta_group_size());
    own[2] = cg::reduce(part, 1, cg::plus<int>());
  }
  own[3] = 0;
  cg::invoke_one(quad, [=](int add) { own[3] += add; }, 5);
}

__global__ void halves(int* a, int* out, int rounds) {
  const auto grid = cg::this_grid();
  for (int i = 0; i < rounds; ++i) {
    if (threadIdx.x == 0) a[blockIdx.x * 2 + i % 2] = i * 100 + int(blockIdx.x);
    auto token = grid.barrier_arrive();
    const int apart = i;  // work that needs no other block
    grid.barrier_wait(std::move(token));
    if (threadIdx.x == 0) out[blockIdx.x] += a[(blockIdx.x + 1) % gridDim.x * 2 + i % 2] + apart;
  }
}

int main() {
  check_large<64>();
  check_large<256>();

  DeviceArray<int> out(4 * 64);
  nested<<<1, 64>>>(out);
  CUDA_SYNC();
  const std::vector<int> have = out.host();
  for (int t = 0; t < 64; ++t) {
    EXPECT(have[4 * t] == t % 32 / 4 * 100 + 8 && have[4 * t + 3] == (t % 4 ? 0 : 5));
    if (t % 3 == 0) continue;
    int rank = 0, members = 0;
    for (int i = t / 32 * 32; i < t / 32 * 32 + 32; ++i) members += i % 3 != 0, rank += i % 3 != 0 && i < t;
    const int size = std::min(8, members - rank / 8 * 8);
    EXPECT(have[4 * t + 1] == rank % 8 * 10000 + size * 100 + rank / 8 * 10 + (members + 7) / 8);
    EXPECT(have[4 * t + 2] == size);
  }

  int blocks = 5, rounds = 7;
  DeviceArray<int> shared(2 * blocks), sums(blocks);
  sums.zero();
  int *a = shared, *s = sums;
  void* arguments[] = {&a, &s, &rounds};
  CUDA_CHECK(cudaLaunchCooperativeKernel((void*)halves, dim3(blocks), dim3(96), arguments, 0, 0));
  CUDA_SYNC();
  std::vector<int> want;
  for (int b = 0; b < blocks; ++b) want.push_back(21 * 100 + rounds * ((b + 1) % blocks) + 21);
  check::equal(sums.host(), want, "sums");
  return check::verdict("groups");
}
