// Virtual memory management (CUDA Driver API): physical memory that has a handle but no address, ranges of
// addresses with nothing behind them, and mappings of the one into the other.
//
// Physical memory is a memfd, so that it can be mapped twice and handed to other processes. All devices share
// one host page table: access given to one device is access for all, and the host.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "device/cuda_types.h"

namespace ppu::device {

/// Sizes and addresses are multiples of this.
constexpr size_t kVirtualGranularity = size_t(2) << 20;

/// Reference-counted: by its handles and its mappings.
class PhysicalMemory {
 public:
  /// CUDA_ERROR_OUT_OF_MEMORY.
  static CUresult create(const CUmemAllocationProp& properties, size_t bytes, PhysicalMemory** memory);
  /// Memory of another process (or of this one) behind an exported descriptor, which stays the caller's.
  /// CUDA_ERROR_INVALID_VALUE when it isn't one.
  static CUresult import(int fd, int device, PhysicalMemory** memory);
  /// A descriptor for another process, the caller's to close; -1 when the host has none.
  int share() const;

  const CUmemAllocationProp& properties() const { return properties_; }
  size_t bytes() const { return bytes_; }
  int fd() const { return fd_; }
  void add_ref() { refs_.fetch_add(1); }
  void release() {
    if (refs_.fetch_sub(1) == 1) delete this;
  }

 private:
  PhysicalMemory(const CUmemAllocationProp& properties, size_t bytes, int fd, bool counted)
      : properties_(properties), bytes_(bytes), fd_(fd), counted_(counted) {}
  ~PhysicalMemory();
  CUmemAllocationProp properties_;
  size_t bytes_;
  int fd_;
  bool counted_;  ///< of this process's making: counts as used memory of its device
  std::atomic<uint32_t> refs_{1};
};

/// CUDA_ERROR_INVALID_VALUE for sizes and alignments that aren't multiples or powers of two,
/// CUDA_ERROR_OUT_OF_MEMORY.
CUresult reserve_addresses(size_t bytes, size_t alignment, uint64_t* address);
/// Only a whole range in which nothing is mapped. CUDA_ERROR_INVALID_VALUE.
CUresult free_addresses(uint64_t address, size_t bytes);
/// Maps the first `bytes` of `memory`; without access yet. CUDA_ERROR_INVALID_VALUE.
CUresult map_memory(uint64_t address, size_t bytes, PhysicalMemory& memory);
/// Only whole mappings. CUDA_ERROR_INVALID_VALUE.
CUresult unmap_memory(uint64_t address, size_t bytes);
/// What devices may do with the mappings that make up the range. CUDA_ERROR_INVALID_VALUE.
CUresult set_access(uint64_t address, size_t bytes, std::span<const CUmemAccessDesc> access);
/// CUDA_ERROR_INVALID_VALUE when nothing is mapped there.
CUresult get_access(uint64_t address, int device, CUmemAccess_flags* flags);
/// The memory that is mapped at `address`, with a reference for the caller; null if none.
PhysicalMemory* memory_at(uint64_t address);

}  // namespace ppu::device
