// Stream-ordered allocation (CUDA Driver API, "Stream Ordered Memory Allocator"): freed blocks are kept and
// given out again once the stream has reached their free.
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <unordered_map>

#include "device/operation.h"

namespace ppu::device {

class MemoryPool {
 public:
  /// Who may see the pool's memory. An imported pool stands for another process's: it holds what was imported
  /// from there and allocates nothing.
  enum class Sharing { kPrivate, kExportable, kImported };
  /// `max_bytes`: what it may reserve (CUmemPoolProps::maxSize), rounded up to whole granules; 0: what the
  /// device has.
  MemoryPool(int device, uint64_t context, Sharing sharing = Sharing::kPrivate, size_t max_bytes = 0);
  ~MemoryPool();

  CUresult allocate(size_t bytes, Stream& stream, uint64_t* address);
  /// Frees once `stream` has come to it. CUDA_ERROR_INVALID_VALUE if `address` isn't a live block of this
  /// pool.
  CUresult free(uint64_t address, Stream& stream);
  /// Frees at once (cuMemFree of a pool's block, after its work).
  CUresult free_now(uint64_t address);
  void trim(size_t keep_bytes);
  CUresult get_attribute(CUmemPool_attribute attribute, void* value);
  CUresult set_attribute(CUmemPool_attribute attribute, const void* value);
  int device() const { return device_; }
  /// What other devices may do: nothing unless told. Its own device reads and writes.
  CUmemAccess_flags access(int device);
  void set_access(int device, CUmemAccess_flags flags);
  Sharing sharing() const { return sharing_; }
  /// Takes over memory that was mapped from another process.
  void adopt(uint64_t address, size_t bytes);

  void add_ref() { refs_.fetch_add(1); }
  void release() {
    if (refs_.fetch_sub(1) == 1) delete this;
  }

 private:
  friend class PoolFree;
  void give_back(uint64_t address, size_t bytes);
  void trim_locked(size_t keep_bytes);

  const int device_;
  const uint64_t context_;
  const Sharing sharing_;
  const size_t max_bytes_;
  std::atomic<uint32_t> refs_{1};
  std::mutex mutex_;
  std::unordered_map<uint64_t, size_t> live_;
  std::multimap<size_t, uint64_t> cached_;  ///< free blocks by size
  uint64_t threshold_ = 0;                  ///< CU_MEMPOOL_ATTR_RELEASE_THRESHOLD
  uint64_t cached_bytes_ = 0, used_ = 0, used_high_ = 0, reserved_high_ = 0;
  std::map<int, CUmemAccess_flags> access_;
  int reuse_flags_[3] = {1, 1, 1};
};

/// The pool that cuMemAllocAsync uses on a device: its default one, or what cuDeviceSetMemPool chose.
MemoryPool* current_pool(int device);
MemoryPool* default_pool(int device);
void set_current_pool(int device, MemoryPool* pool);

}  // namespace ppu::device
