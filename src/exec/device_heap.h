// The heap behind malloc, free and new in kernels (CUDA C++ Programming Guide, "Dynamic Global Memory
// Allocation"). Its bookkeeping is host memory: an overrun in a kernel can't damage it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>

namespace ppu::exec {

class DeviceHeap {
 public:
  /// `allocate(bytes)` gives the heap its device memory at the first malloc; 0 when there is none.
  explicit DeviceHeap(std::function<uint64_t(size_t)> allocate) : allocate_(std::move(allocate)) {}
  /// 16-byte aligned; 0 when the heap is full.
  uint64_t malloc(size_t bytes);
  /// False when `address` isn't a live allocation of this heap.
  bool free(uint64_t address);
  /// cudaLimitMallocHeapSize; only before the first malloc. False after it.
  bool set_limit(size_t bytes);
  size_t limit() const { return limit_; }
  struct Block {
    uint64_t address = 0;
    size_t bytes = 0;  ///< as asked for; 0: not live
  };
  /// The live allocation that starts at or before `address` and is the nearest to it.
  Block block_below(uint64_t address);
  /// True if `address` lies in the heap's memory.
  bool holds(uint64_t address);
  std::map<uint64_t, size_t> live();

 private:
  std::mutex mutex_;
  std::function<uint64_t(size_t)> allocate_;
  size_t limit_ = size_t(8) << 20;
  uint64_t base_ = 0;
  bool started_ = false;
  std::map<uint64_t, size_t> free_;  ///< address -> bytes, neighbours merged
  std::map<uint64_t, size_t> live_;  ///< as asked for
};

}  // namespace ppu::exec
