// Cooperative groups against values worked out on the host: tiles of every size, coalesced groups, scans, the
// grid barrier.
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
#include <cooperative_groups/scan.h>

#include <cstdio>
#include <vector>

namespace cg = cooperative_groups;

struct Answer {
  unsigned rank, size, meta, sum, up, ballot, most, scan, picked, members;
};

template <unsigned kSize>
__global__ void tiles(Answer* out) {
  const auto block = cg::this_thread_block();
  const auto tile = cg::tiled_partition<kSize>(block);
  const unsigned value = block.thread_rank() * 7 % 31;
  Answer a;
  a.rank = tile.thread_rank();
  a.size = tile.size();
  a.meta = tile.meta_group_rank();
  a.sum = cg::reduce(tile, value, cg::plus<unsigned>());
  a.up = tile.shfl_up(value, 1);
  a.ballot = tile.ballot(value & 1);
  a.most = cg::reduce(tile, value, cg::greater<unsigned>());
  a.scan = cg::inclusive_scan(tile, value);
  a.picked = unsigned(tile.shfl(double(value) + 0.5, 0) * 2);
  a.members = 0;
  if (value % 3 == 0) {
    const auto here = cg::coalesced_threads();
    a.members = cg::reduce(here, 1u, cg::plus<unsigned>()) * 100 + here.thread_rank();
  }
  cg::sync(block);
  out[block.thread_rank()] = a;
}

template <unsigned kSize>
int check_tiles(int threads) {
  Answer* device;
  cudaMalloc(&device, threads * sizeof(Answer));
  tiles<kSize><<<1, threads>>>(device);
  std::vector<Answer> have(threads);
  cudaMemcpy(have.data(), device, threads * sizeof(Answer), cudaMemcpyDeviceToHost);
  cudaFree(device);
  int wrong = 0;
  for (int t = 0; t < threads; ++t) {
    const auto value = [](int thread) { return unsigned(thread * 7 % 31); };
    const int first = t / int(kSize) * int(kSize), warp = t / 32 * 32;
    Answer want = {
        unsigned(t - first),  kSize, unsigned(t) / kSize, 0, value(t == first ? t : t - 1), 0, 0, 0,
        value(first) * 2 + 1, 0};
    unsigned members = 0, before = 0;
    for (int i = 0; i < int(kSize); ++i) {
      const unsigned v = value(first + i);
      want.sum += v;
      want.ballot |= (v & 1) << i;
      want.most = v > want.most ? v : want.most;
      if (first + i <= t) want.scan += v;
    }
    for (int i = warp; i < warp + 32; ++i)
      if (value(i) % 3 == 0) ++members, before += i < t;
    if (value(t) % 3 == 0) want.members = members * 100 + before;
    if (__builtin_memcmp(&have[t], &want, sizeof want) != 0 && ++wrong <= 3)
      std::printf("tile %u thread %d: sum %u, not %u; scan %u, not %u; members %u, not %u\n", kSize, t,
                  have[t].sum, want.sum, have[t].scan, want.scan, have[t].members, want.members);
  }
  return wrong;
}

/// Each round every block adds its neighbour's value of the round before: wrong at once when a block runs
/// ahead.
__global__ void rounds(unsigned* a, unsigned* b, int count) {
  const auto grid = cg::this_grid();
  for (int round = 0; round < count; ++round) {
    if (threadIdx.x == 0) b[blockIdx.x] = a[blockIdx.x] + a[(blockIdx.x + 1) % gridDim.x];
    grid.sync();
    unsigned* t = a;
    a = b;
    b = t;
  }
}

int check_grid() {
  const int blocks = 6, count = 10;
  std::vector<unsigned> want(blocks), have(blocks);
  for (int i = 0; i < blocks; ++i) want[i] = i + 1;
  unsigned *a, *b;
  cudaMalloc(&a, blocks * 4);
  cudaMalloc(&b, blocks * 4);
  cudaMemcpy(a, want.data(), blocks * 4, cudaMemcpyHostToDevice);
  int rounds_count = count;
  void* args[] = {&a, &b, &rounds_count};
  const cudaError_t error = cudaLaunchCooperativeKernel((void*)rounds, dim3(blocks), dim3(64), args, 0, 0);
  if (error != cudaSuccess) return std::printf("cooperative launch: %s\n", cudaGetErrorString(error)), 1;
  cudaMemcpy(have.data(), a, blocks * 4, cudaMemcpyDeviceToHost);
  for (int round = 0; round < count; ++round) {
    const std::vector<unsigned> last = want;
    for (int i = 0; i < blocks; ++i) want[i] = last[i] + last[(i + 1) % blocks];
  }
  if (have != want) std::printf("grid: block 0 has %u, not %u\n", have[0], want[0]);
  return have != want;
}

int main() {
  const int wrong = check_tiles<1>(32) + check_tiles<4>(64) + check_tiles<8>(96) + check_tiles<16>(128) +
                    check_tiles<32>(64) + check_grid();
  const cudaError_t error = cudaDeviceSynchronize();
  std::printf("groups: %d wrong, %s\n", wrong, cudaGetErrorString(error));
  return wrong || error != cudaSuccess;
}
