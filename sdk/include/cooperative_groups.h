// Cooperative groups (CUDA C++ guide, "Cooperative Groups"): the block, the grid, tiles of a block, and the
// coalesced threads of a warp; their barriers, ranks, shuffles and votes. Not here: clusters, multi-device
// grids, async copies.
#pragma once
#include <cuda_runtime.h>

#ifdef __CUDA__
#define PPU_GROUP static __device__ __forceinline__
#define PPU_GROUP_MEMBER __device__ __forceinline__

namespace cooperative_groups {
namespace details {

PPU_GROUP unsigned thread_rank_in_block() {
  return (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
}
PPU_GROUP unsigned threads_in_block() {
  return blockDim.x * blockDim.y * blockDim.z;
}
PPU_GROUP unsigned lane() {
  unsigned id;
  asm("mov.u32 %0, %%laneid;" : "=r"(id));
  return id;
}
PPU_GROUP unsigned lanes_below() {
  unsigned mask;
  asm("mov.u32 %0, %%lanemask_lt;" : "=r"(mask));
  return mask;
}
/// Shuffles any type a word at a time.
template <class T, class Shuffle>
PPU_GROUP T by_words(const T& value, Shuffle shuffle) {
  static_assert(__is_trivially_copyable(T), "shuffles move bits: the type must be trivially copyable");
  unsigned words[(sizeof(T) + 3) / 4] = {};
  __builtin_memcpy(words, &value, sizeof(T));
#pragma unroll
  for (unsigned& word : words) word = shuffle(word);
  T result;
  __builtin_memcpy(&result, words, sizeof(T));
  return result;
}

/// Where a cooperative launch keeps its barrier: the driver puts the address in two environment registers.
PPU_GROUP unsigned* grid_workspace() {
  unsigned high, low;
  asm("mov.u32 %0, %%envreg1;" : "=r"(high));
  asm("mov.u32 %0, %%envreg2;" : "=r"(low));
  return (unsigned*)((unsigned long long)high << 32 | low);
}

}  // namespace details

/// All threads of a block.
class thread_block {
 public:
  PPU_GROUP void sync() { __syncthreads(); }
  PPU_GROUP unsigned thread_rank() { return details::thread_rank_in_block(); }
  PPU_GROUP unsigned size() { return details::threads_in_block(); }
  PPU_GROUP unsigned num_threads() { return size(); }
  PPU_GROUP dim3 group_index() { return dim3(blockIdx.x, blockIdx.y, blockIdx.z); }
  PPU_GROUP dim3 thread_index() { return dim3(threadIdx.x, threadIdx.y, threadIdx.z); }
  PPU_GROUP dim3 group_dim() { return dim3(blockDim.x, blockDim.y, blockDim.z); }
  PPU_GROUP dim3 dim_threads() { return group_dim(); }
};
PPU_GROUP thread_block this_thread_block() {
  return thread_block();
}

/// All threads of a cooperative launch (cudaLaunchCooperativeKernel).
class grid_group {
 public:
  PPU_GROUP bool is_valid() { return details::grid_workspace() != nullptr; }
  PPU_GROUP unsigned long long num_blocks() { return (unsigned long long)gridDim.x * gridDim.y * gridDim.z; }
  PPU_GROUP unsigned long long block_rank() {
    return ((unsigned long long)blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  }
  PPU_GROUP unsigned long long size() { return num_blocks() * details::threads_in_block(); }
  PPU_GROUP unsigned long long num_threads() { return size(); }
  PPU_GROUP unsigned long long thread_rank() {
    return block_rank() * details::threads_in_block() + details::thread_rank_in_block();
  }
  PPU_GROUP dim3 group_dim() { return dim3(gridDim.x, gridDim.y, gridDim.z); }
  PPU_GROUP dim3 dim_blocks() { return group_dim(); }
  PPU_GROUP dim3 block_index() { return dim3(blockIdx.x, blockIdx.y, blockIdx.z); }

  /// One thread a block counts in. The first block adds what makes the top bit flip when all have come;
  /// everybody waits for that flip, so the counter needs no reset between barriers.
  PPU_GROUP void sync() {
    if (!is_valid()) __trap();  // no cooperative launch: waiting would last for ever
    __syncthreads();
    if (details::thread_rank_in_block() == 0) {
      unsigned* arrived = details::grid_workspace() + 1;
      const unsigned blocks = (unsigned)num_blocks();
      __threadfence();
      const unsigned before = atomicAdd(arrived, block_rank() == 0 ? 0x80000000u - (blocks - 1) : 1u);
      while (((*(volatile unsigned*)arrived ^ before) & 0x80000000u) == 0) {
      }
      __threadfence();
    }
    __syncthreads();
  }
};
PPU_GROUP grid_group this_grid() {
  return grid_group();
}

/// The threads of a warp that are here together, by a mask. Ranks count the mask's bits.
class coalesced_group {
 public:
  PPU_GROUP_MEMBER explicit coalesced_group(unsigned mask) : mask_(mask) {}
  PPU_GROUP_MEMBER unsigned size() const { return __popc(mask_); }
  PPU_GROUP_MEMBER unsigned num_threads() const { return size(); }
  PPU_GROUP_MEMBER unsigned thread_rank() const { return __popc(mask_ & details::lanes_below()); }
  PPU_GROUP_MEMBER unsigned mask() const { return mask_; }
  PPU_GROUP_MEMBER void sync() const { __syncwarp(mask_); }
  PPU_GROUP_MEMBER unsigned meta_group_size() const { return 1; }
  PPU_GROUP_MEMBER unsigned meta_group_rank() const { return 0; }

  template <class T>
  PPU_GROUP_MEMBER T shfl(const T& value, unsigned rank) const {
    return from_lane(value, lane_of(rank % size()));
  }
  template <class T>
  PPU_GROUP_MEMBER T shfl_up(const T& value, unsigned delta) const {
    const unsigned rank = thread_rank();
    return from_lane(value, lane_of(rank < delta ? rank : rank - delta));
  }
  template <class T>
  PPU_GROUP_MEMBER T shfl_down(const T& value, unsigned delta) const {
    const unsigned rank = thread_rank();
    return from_lane(value, lane_of(rank + delta >= size() ? rank : rank + delta));
  }
  PPU_GROUP_MEMBER int any(int predicate) const { return __any_sync(mask_, predicate); }
  PPU_GROUP_MEMBER int all(int predicate) const { return __all_sync(mask_, predicate); }
  PPU_GROUP_MEMBER unsigned ballot(int predicate) const { return packed(__ballot_sync(mask_, predicate)); }
  template <class T>
  PPU_GROUP_MEMBER unsigned match_any(T value) const {
    return packed(__match_any_sync(mask_, value));
  }
  template <class T>
  PPU_GROUP_MEMBER unsigned match_all(T value, int& predicate) const {
    return packed(__match_all_sync(mask_, value, &predicate));
  }

 private:
  /// The lane of the thread of this rank: the mask's rank-th set bit.
  PPU_GROUP_MEMBER unsigned lane_of(unsigned rank) const {
    unsigned left = mask_;
    for (; rank > 0; --rank) left &= left - 1;
    return __ffs(left) - 1;
  }
  /// Bits of lanes become bits of ranks.
  PPU_GROUP_MEMBER unsigned packed(unsigned lanes) const {
    unsigned result = 0, rank = 0;
    for (unsigned left = mask_; left; left &= left - 1, ++rank)
      if (lanes & left & (0u - left)) result |= 1u << rank;
    return result;
  }
  template <class T>
  PPU_GROUP_MEMBER T from_lane(const T& value, unsigned lane) const {
    const unsigned mask = mask_;
    return details::by_words(value, [=](unsigned word) { return __shfl_sync(mask, word, lane); });
  }

  unsigned mask_;
};
PPU_GROUP coalesced_group coalesced_threads() {
  return coalesced_group(__activemask());
}

/// A tile of kSize consecutive threads of a block, kSize a power of two up to 32.
template <unsigned kSize, class Parent = thread_block>
class thread_block_tile {
  static_assert(kSize > 0 && kSize <= 32 && (kSize & (kSize - 1)) == 0,
                "a tile's size is a power of two up to 32");

 public:
  PPU_GROUP unsigned size() { return kSize; }
  PPU_GROUP unsigned num_threads() { return kSize; }
  PPU_GROUP unsigned thread_rank() { return details::thread_rank_in_block() % kSize; }
  PPU_GROUP unsigned meta_group_rank() { return details::thread_rank_in_block() / kSize; }
  PPU_GROUP unsigned meta_group_size() { return (details::threads_in_block() + kSize - 1) / kSize; }
  PPU_GROUP void sync() { __syncwarp(mask()); }

  template <class T>
  PPU_GROUP T shfl(const T& value, int rank) {
    return details::by_words(value, [=](unsigned word) { return __shfl_sync(mask(), word, rank, kSize); });
  }
  template <class T>
  PPU_GROUP T shfl_up(const T& value, unsigned delta) {
    return details::by_words(value,
                             [=](unsigned word) { return __shfl_up_sync(mask(), word, delta, kSize); });
  }
  template <class T>
  PPU_GROUP T shfl_down(const T& value, unsigned delta) {
    return details::by_words(value,
                             [=](unsigned word) { return __shfl_down_sync(mask(), word, delta, kSize); });
  }
  template <class T>
  PPU_GROUP T shfl_xor(const T& value, unsigned lanes) {
    return details::by_words(value,
                             [=](unsigned word) { return __shfl_xor_sync(mask(), word, (int)lanes, kSize); });
  }
  PPU_GROUP int any(int predicate) { return __any_sync(mask(), predicate); }
  PPU_GROUP int all(int predicate) { return __all_sync(mask(), predicate); }
  PPU_GROUP unsigned ballot(int predicate) { return __ballot_sync(mask(), predicate) >> first_lane(); }
  template <class T>
  PPU_GROUP unsigned match_any(T value) {
    return __match_any_sync(mask(), value) >> first_lane();
  }
  template <class T>
  PPU_GROUP unsigned match_all(T value, int& predicate) {
    return __match_all_sync(mask(), value, &predicate) >> first_lane();
  }
  PPU_GROUP unsigned mask() {
    return (kSize == 32 ? 0xffffffffu : (1u << (kSize % 32)) - 1u) << first_lane();
  }

 private:
  PPU_GROUP unsigned first_lane() { return details::lane() & ~(kSize - 1); }
};

template <unsigned kSize, class Parent>
PPU_GROUP thread_block_tile<kSize, Parent> tiled_partition(const Parent&) {
  return {};
}

/// The sub-group of the threads with the same label.
template <class Group, class Label>
PPU_GROUP coalesced_group labeled_partition(const Group& group, Label label) {
  return coalesced_group(__match_any_sync(group.mask(), label));
}
template <class Group>
PPU_GROUP coalesced_group binary_partition(const Group& group, bool predicate) {
  const unsigned yes = __ballot_sync(group.mask(), predicate);
  return coalesced_group(predicate ? yes : group.mask() & ~yes);
}

/// A group whose kind is known at run time only: a block, or lanes of a warp by their mask.
class thread_group {
 public:
  PPU_GROUP_MEMBER thread_group(const thread_block&) : mask_(0) {}
  PPU_GROUP_MEMBER thread_group(const coalesced_group& group) : mask_(group.mask()) {}
  template <unsigned kSize, class Parent>
  PPU_GROUP_MEMBER thread_group(const thread_block_tile<kSize, Parent>& tile) : mask_(tile.mask()) {}
  PPU_GROUP_MEMBER unsigned size() const { return mask_ ? __popc(mask_) : details::threads_in_block(); }
  PPU_GROUP_MEMBER unsigned num_threads() const { return size(); }
  PPU_GROUP_MEMBER unsigned thread_rank() const {
    return mask_ ? __popc(mask_ & details::lanes_below()) : details::thread_rank_in_block();
  }
  PPU_GROUP_MEMBER void sync() const {
    if (mask_)
      __syncwarp(mask_);
    else
      __syncthreads();
  }

 private:
  unsigned mask_;  ///< 0: the whole block
};

/// A tile whose size is known at run time: a power of two up to 32.
PPU_GROUP thread_group tiled_partition(const thread_group&, unsigned size) {
  const unsigned first = details::lane() & ~(size - 1);
  return coalesced_group((size >= 32 ? 0xffffffffu : (1u << size) - 1u) << (size >= 32 ? 0 : first));
}

template <class Group>
PPU_GROUP void sync(const Group& group) {
  group.sync();
}
}  // namespace cooperative_groups

#undef PPU_GROUP_MEMBER
#undef PPU_GROUP
#endif
