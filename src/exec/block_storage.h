// Memory of one resident block: its shared window, local memory and frame. Kept and reused from block to
// block.
#pragma once
#include <cstddef>
#include <cstdint>

#include "exec/kernel_abi.h"

namespace ppu::exec {

/// Bytes of shared memory behind BlockState::shared: the most a block of any chip we model may ask for.
constexpr size_t kMaxSharedBytes = 228 << 10;

/// One growing mapping with an unmapped page on both sides.
class GuardedRegion {
 public:
  GuardedRegion() = default;
  ~GuardedRegion();
  GuardedRegion(const GuardedRegion&) = delete;
  GuardedRegion& operator=(const GuardedRegion&) = delete;
  /// At least `bytes` of zeroed or stale memory, page-aligned; false when the host has no more.
  bool reserve(size_t bytes);
  char* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
};

class BlockStorage {
 public:
  /// From the process-wide free list, or new. Null when address space or memory is exhausted.
  static BlockStorage* acquire();
  /// Back to the free list. Large local and frame memory is given back to the host.
  static void release(BlockStorage* storage);

  /// Points state.shared/local/frame at memory of these sizes. False when the host has no more.
  bool prepare(size_t local_bytes, size_t frame_bytes);

  BlockState state = {};
  uint64_t frame_seen = 0;  ///< checksum of the frame when the block last waited in vain

 private:
  BlockStorage() = default;
  char* shared_ = nullptr;
  GuardedRegion local_, frame_;
  BlockStorage* next_ = nullptr;
};

}  // namespace ppu::exec
