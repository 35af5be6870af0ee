// Cooperative groups (CUDA C++ guide, "Cooperative Groups"): the block, the grid, tiles of a block, and the
// coalesced threads of a warp; their barriers, ranks, shuffles and votes. Not here: clusters and multi-device
// grids; async copies are in cooperative_groups/memcpy_async.h.
#pragma once
#include <cuda_awbarrier_primitives.h>
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

/// Shared memory of the tiles of more than a warp: a barrier for each of the up to 16, a word for each warp.
struct tile_memory {
  __mbarrier_t barriers[16];
  unsigned words[32];
};
PPU_GROUP tile_memory* memory_of_tiles() {
  static __shared__ tile_memory memory;
  return &memory;
}

/// Where a cooperative launch keeps its barrier: the driver puts the address in two environment registers.
PPU_GROUP unsigned* grid_workspace() {
  unsigned high, low;
  asm("mov.u32 %0, %%envreg1;" : "=r"(high));
  asm("mov.u32 %0, %%envreg2;" : "=r"(low));
  return (unsigned*)((unsigned long long)high << 32 | low);
}

}  // namespace details

/// What a group's barrier_wait takes from its barrier_arrive: the barrier's phase.
struct arrival_token {
  unsigned phase = 0;
};

/// All threads of a block.
class thread_block {
 public:
  using arrival_token = cooperative_groups::arrival_token;
  PPU_GROUP void sync() { __syncthreads(); }
  /// The waiting half does both: threads of a block must all come to it.
  PPU_GROUP arrival_token barrier_arrive() { return {}; }
  PPU_GROUP void barrier_wait(arrival_token&&) { __syncthreads(); }
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
/// What programs reserve for tiles of more than a warp where the device has none for them, below sm_80.
template <unsigned kMaxThreads = 1024>
struct block_tile_memory {
  char unused;
};
template <unsigned kMaxThreads>
PPU_GROUP thread_block this_thread_block(block_tile_memory<kMaxThreads>&) {
  return thread_block();
}

/// All threads of a cooperative launch (cudaLaunchCooperativeKernel).
class grid_group {
 public:
  using arrival_token = cooperative_groups::arrival_token;
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
  PPU_GROUP arrival_token barrier_arrive() {
    if (!is_valid()) __trap();  // no cooperative launch: waiting would last for ever
    arrival_token token;
    __syncthreads();
    if (details::thread_rank_in_block() == 0) {
      const unsigned blocks = (unsigned)num_blocks();
      __threadfence();
      token.phase =
          atomicAdd(details::grid_workspace() + 1, block_rank() == 0 ? 0x80000000u - (blocks - 1) : 1u);
    }
    return token;
  }
  PPU_GROUP void barrier_wait(arrival_token&& token) {
    if (details::thread_rank_in_block() == 0) {
      while (((*(volatile unsigned*)(details::grid_workspace() + 1) ^ token.phase) & 0x80000000u) == 0) {
      }
      __threadfence();
    }
    __syncthreads();
  }
  PPU_GROUP void sync() { barrier_wait(barrier_arrive()); }
};
PPU_GROUP grid_group this_grid() {
  return grid_group();
}

/// The threads of a warp that are here together, by a mask. Ranks count the mask's bits.
class coalesced_group {
 public:
  PPU_GROUP_MEMBER explicit coalesced_group(unsigned mask, unsigned meta_rank = 0, unsigned meta_size = 1)
      : mask_(mask), meta_rank_(meta_rank), meta_size_(meta_size) {}
  PPU_GROUP_MEMBER unsigned size() const { return __popc(mask_); }
  PPU_GROUP_MEMBER unsigned num_threads() const { return size(); }
  PPU_GROUP_MEMBER unsigned thread_rank() const { return __popc(mask_ & details::lanes_below()); }
  PPU_GROUP_MEMBER unsigned mask() const { return mask_; }
  PPU_GROUP_MEMBER void sync() const { __syncwarp(mask_); }
  PPU_GROUP_MEMBER unsigned meta_group_size() const { return meta_size_; }
  PPU_GROUP_MEMBER unsigned meta_group_rank() const { return meta_rank_; }

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

  unsigned mask_, meta_rank_, meta_size_;
};
PPU_GROUP coalesced_group coalesced_threads() {
  return coalesced_group(__activemask());
}

namespace details {

/// What all tiles have: their place among the tiles of their parent.
template <unsigned kSize>
class any_tile {
  static_assert(kSize > 0 && kSize <= 1024 && (kSize & (kSize - 1)) == 0,
                "a tile's size is a power of two up to 1024");

 public:
  PPU_GROUP unsigned size() { return kSize; }
  PPU_GROUP unsigned num_threads() { return kSize; }
  PPU_GROUP unsigned thread_rank() { return thread_rank_in_block() % kSize; }
  PPU_GROUP_MEMBER unsigned meta_group_rank() const { return meta_rank_; }
  PPU_GROUP_MEMBER unsigned meta_group_size() const { return meta_size_; }

 protected:
  PPU_GROUP_MEMBER any_tile(unsigned meta_rank, unsigned meta_size)
      : meta_rank_(meta_rank), meta_size_(meta_size) {}

 private:
  unsigned meta_rank_, meta_size_;
};

/// Up to a warp.
template <unsigned kSize, bool kLarge = (kSize > 32)>
class tile : public any_tile<kSize> {
 public:
  PPU_GROUP_MEMBER tile(unsigned meta_rank, unsigned meta_size) : any_tile<kSize>(meta_rank, meta_size) {}
  PPU_GROUP void sync() { __syncwarp(mask()); }

  template <class T>
  PPU_GROUP T shfl(const T& value, int rank) {
    return by_words(value, [=](unsigned word) { return __shfl_sync(mask(), word, rank, kSize); });
  }
  template <class T>
  PPU_GROUP T shfl_up(const T& value, unsigned delta) {
    return by_words(value, [=](unsigned word) { return __shfl_up_sync(mask(), word, delta, kSize); });
  }
  template <class T>
  PPU_GROUP T shfl_down(const T& value, unsigned delta) {
    return by_words(value, [=](unsigned word) { return __shfl_down_sync(mask(), word, delta, kSize); });
  }
  template <class T>
  PPU_GROUP T shfl_xor(const T& value, unsigned lanes) {
    return by_words(value, [=](unsigned word) { return __shfl_xor_sync(mask(), word, (int)lanes, kSize); });
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

  /// cooperative_groups::reduce and the scans; `before` gets the exclusive scan, but for the first thread.
  template <class T, class Op>
  PPU_GROUP T reduced(T value, Op op) {
#pragma unroll
    for (unsigned lanes = kSize / 2; lanes > 0; lanes /= 2) value = op(value, shfl_xor(value, lanes));
    return value;
  }
  template <class T, class Op>
  PPU_GROUP T scanned(T value, Op op, T* before) {
#pragma unroll
    for (unsigned delta = 1; delta < kSize; delta *= 2) {
      const T other = shfl_up(value, delta);
      if (any_tile<kSize>::thread_rank() >= delta) value = op(other, value);
    }
    *before = shfl_up(value, 1);
    return value;
  }

 private:
  PPU_GROUP unsigned first_lane() { return lane() & ~(kSize - 1); }
};

/// Several warps, with what shared memory they meet in.
template <unsigned kSize>
class tile<kSize, true> : public any_tile<kSize> {
 public:
  PPU_GROUP_MEMBER tile(unsigned meta_rank, unsigned meta_size)
      : any_tile<kSize>(meta_rank, meta_size), memory_(memory_of_tiles()) {
    __syncthreads();  // no thread is in an older barrier of the same place
    if (any_tile<kSize>::thread_rank() == 0) __mbarrier_init(barrier(), kSize);
    __syncthreads();
  }
  PPU_GROUP_MEMBER void sync() const {
    const __mbarrier_token_t token = __mbarrier_arrive(barrier());
    while (!__mbarrier_test_wait(barrier(), token)) {
    }
  }
  /// `rank` must be the same in all threads.
  template <class T>
  PPU_GROUP_MEMBER T shfl(const T& value, unsigned rank) const {
    return by_words(value, [=](unsigned word) {
      if (any_tile<kSize>::thread_rank() == rank) memory_->words[first_warp()] = word;
      sync();
      const unsigned result = memory_->words[first_warp()];
      sync();
      return result;
    });
  }
  PPU_GROUP_MEMBER int any(int predicate) const {
    int of_warp[kWarps];
    collect(__any_sync(~0u, predicate), 0, of_warp);
    int result = 0;
    for (int one : of_warp) result |= one;
    return result;
  }
  PPU_GROUP_MEMBER int all(int predicate) const { return !any(!predicate); }

  template <class T, class Op>
  PPU_GROUP_MEMBER T reduced(T value, Op op) const {
    T of_warp[kWarps];
    collect(tile<32>::reduced(value, op), 0, of_warp);
    for (unsigned i = 1; i < kWarps; ++i) of_warp[0] = op(of_warp[0], of_warp[i]);
    return of_warp[0];
  }
  template <class T, class Op>
  PPU_GROUP_MEMBER T scanned(T value, Op op, T* before) const {
    T of_warp[kWarps];
    const T own = tile<32>::scanned(value, op, before);
    collect(own, 31, of_warp);
    const unsigned warp = thread_rank_in_block() / 32 - first_warp();
    if (warp == 0) return own;
    T sum = of_warp[0];
    for (unsigned i = 1; i < warp; ++i) sum = op(sum, of_warp[i]);
    *before = lane() == 0 ? sum : op(sum, *before);
    return op(sum, own);
  }

 private:
  static constexpr unsigned kWarps = kSize / 32;
  PPU_GROUP unsigned first_warp() { return thread_rank_in_block() / kSize * kWarps; }
  PPU_GROUP_MEMBER __mbarrier_t* barrier() const {
    return &memory_->barriers[thread_rank_in_block() / kSize];
  }
  /// Lane `from`'s value of each warp.
  template <class T>
  PPU_GROUP_MEMBER void collect(const T& value, unsigned from, T (&of_warp)[kWarps]) const {
    unsigned words[(sizeof(T) + 3) / 4] = {}, all[kWarps][(sizeof(T) + 3) / 4];
    __builtin_memcpy(words, &value, sizeof(T));
    for (unsigned i = 0; i < sizeof words / 4; ++i) {
      if (lane() == from) memory_->words[thread_rank_in_block() / 32] = words[i];
      sync();
      for (unsigned warp = 0; warp < kWarps; ++warp) all[warp][i] = memory_->words[first_warp() + warp];
      sync();
    }
    for (unsigned warp = 0; warp < kWarps; ++warp) __builtin_memcpy(&of_warp[warp], all[warp], sizeof(T));
  }

  tile_memory* memory_;
};

}  // namespace details

/// A tile of kSize consecutive threads of a block, kSize a power of two; those of more than 32 threads have
/// barrier, shfl, any, all, reduce and scans. `void`: a tile of any parent.
template <unsigned kSize, class Parent = void>
class thread_block_tile : public details::tile<kSize> {
 public:
  PPU_GROUP_MEMBER thread_block_tile(unsigned meta_rank, unsigned meta_size)
      : details::tile<kSize>(meta_rank, meta_size) {}
  template <class Other>
  PPU_GROUP_MEMBER thread_block_tile(const thread_block_tile<kSize, Other>& other)
      : details::tile<kSize>(other) {}
};

template <unsigned kSize, class Parent>
PPU_GROUP thread_block_tile<kSize, Parent> tiled_partition(const Parent& parent) {
  return {unsigned(parent.thread_rank()) / kSize, (unsigned(parent.size()) + kSize - 1) / kSize};
}
/// Threads of consecutive ranks.
PPU_GROUP coalesced_group tiled_partition(const coalesced_group& parent, unsigned size) {
  const unsigned tile = parent.thread_rank() / size;
  return coalesced_group(__match_any_sync(parent.mask(), tile), tile, (parent.size() + size - 1) / size);
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

namespace details {
template <class Group, class T>
PPU_GROUP T broadcast(const Group& group, const T& value) {
  return group.shfl(value, 0);
}
template <class T>
PPU_GROUP T broadcast(const thread_block&, const T& value) {
  return by_words(value, [](unsigned word) {
    unsigned* const place = memory_of_tiles()->words;
    if (thread_rank_in_block() == 0) *place = word;
    __syncthreads();
    const unsigned result = *place;
    __syncthreads();
    return result;
  });
}
template <class T>
union unset {
  char none;
  T value;
  PPU_GROUP_MEMBER unset() : none(0) {}
};
}  // namespace details

/// Calls `function` in the group's first thread.
template <class Group, class F, class... Args>
PPU_GROUP void invoke_one(const Group& group, F&& function, Args&&... args) {
  if (group.thread_rank() == 0) static_cast<F&&>(function)(static_cast<Args&&>(args)...);
}
/// The same, and every thread gets the result.
template <class Group, class F, class... Args>
PPU_GROUP auto invoke_one_broadcast(const Group& group, F&& function, Args&&... args)
    -> decltype(function(static_cast<Args&&>(args)...)) {
  details::unset<decltype(function(static_cast<Args&&>(args)...))> result;
  if (group.thread_rank() == 0) result.value = static_cast<F&&>(function)(static_cast<Args&&>(args)...);
  return details::broadcast(group, result.value);
}
}  // namespace cooperative_groups

#undef PPU_GROUP_MEMBER
#undef PPU_GROUP
#endif
