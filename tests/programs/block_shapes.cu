// Which thread is who: odd and multi-dimensional blocks and grids, partial warps, the special registers.
#include "check.h"

struct Who {
  unsigned linear, lane, warp, ballot;
};

__global__ void identify(Who* out) {
  const unsigned thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  const unsigned block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  const unsigned threads = blockDim.x * blockDim.y * blockDim.z;
  unsigned lane, warp;
  asm volatile("mov.u32 %0, %%laneid;" : "=r"(lane));
  asm volatile("mov.u32 %0, %%warpid;" : "=r"(warp));
  const unsigned mask = __activemask();
  Who& who = out[block * threads + thread];
  who = {thread, lane, warp, __ballot_sync(mask, thread % 3 == 0)};
  unsigned below;
  asm("mov.u32 %0, %%lanemask_lt;" : "=r"(below));
  if (below != (1u << lane) - 1) who.lane = 1000;
}

__global__ void dimensions(unsigned* out) {
  unsigned* to = out + 6 * (blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z));
  if (threadIdx.x == blockDim.x - 1 && threadIdx.y == blockDim.y - 1 && threadIdx.z == blockDim.z - 1) {
    const unsigned values[6] = {threadIdx.x, threadIdx.y, threadIdx.z, blockIdx.x, blockIdx.y, blockIdx.z};
    for (int i = 0; i < 6; ++i) to[i] = values[i];
  }
}

int main() {
  const dim3 blocks[] = {{1, 1, 1},    {31, 1, 1},  {33, 1, 1},  {100, 1, 1}, {1023, 1, 1},
                         {1024, 1, 1}, {16, 16, 1}, {8, 3, 1},   {5, 7, 3},   {1, 64, 1},
                         {1, 1, 64},   {32, 2, 16}, {17, 11, 1}, {4, 4, 4},   {2, 32, 5}};
  for (const dim3& block : blocks) {
    const unsigned threads = block.x * block.y * block.z;
    const dim3 grid(3, 2, 2);
    const unsigned count = grid.x * grid.y * grid.z;
    DeviceArray<Who> out(count * threads);
    identify<<<grid, block>>>(out);
    CUDA_SYNC();
    const std::vector<Who> who = out.host();
    for (unsigned i = 0; i < who.size(); ++i) {
      const unsigned t = i % threads, first = t / 32 * 32;
      unsigned ballot = 0;
      for (unsigned l = 0; l < 32 && first + l < threads; ++l)
        ballot |= ((first + l) % 3 == 0 ? 1u : 0u) << l;
      EXPECT(who[i].linear == t && who[i].lane == t % 32 && who[i].warp == t / 32 && who[i].ballot == ballot);
    }
    check::digest(who.data(), who.size() * sizeof(Who));

    DeviceArray<unsigned> last(6 * count);
    dimensions<<<grid, block>>>(last);
    CUDA_SYNC();
    std::vector<unsigned> want;
    for (unsigned z = 0; z < grid.z; ++z)
      for (unsigned y = 0; y < grid.y; ++y)
        for (unsigned x = 0; x < grid.x; ++x)
          for (unsigned v : {block.x - 1, block.y - 1, block.z - 1, x, y, z}) want.push_back(v);
    check::equal(last.host(), want, "dimensions");
  }
  return check::verdict("block_shapes");
}
