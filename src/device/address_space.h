// Device, managed and pinned memory: one reserved window of host addresses for each kind and device, so that
// a pointer is the same number on both sides, its kind is told by its range, and a wild one hits unmapped
// pages.
//
// Every allocation has pages of its own with unmapped ones behind it. Freed ranges become unmapped and are
// reused late, so a use after free faults. Programs with very many small allocations get slabs instead: the
// kernel allows a process 65530 mappings.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "device/cuda_types.h"

namespace ppu::device {

enum class MemoryKind : uint8_t { kDevice, kManaged, kHost, kRegistered };

struct Allocation {
  uint64_t address = 0;
  size_t bytes = 0;  ///< as asked for
  MemoryKind kind = MemoryKind::kDevice;
  int device = 0;
  uint64_t context = 0;  ///< id of the context it was made in
  unsigned flags = 0;    ///< CU_MEMHOSTALLOC_*, CU_MEMHOSTREGISTER_*, CU_MEM_ATTACH_*
  uint64_t id = 0;       ///< CU_POINTER_ATTRIBUTE_BUFFER_ID: never reused in a process
  void* pool = nullptr;  ///< memory pool it belongs to (stream-ordered allocations)
  size_t usable =
      0;  ///< what the program asked for: less than `bytes` in a pool; 0: it gave it back to the pool
  bool of_graph = false;       ///< a graph's: stays for its next launch when the program frees it
  bool internal = false;       ///< made by the library itself: no leak of the program's
  uint8_t* written = nullptr;  ///< under initcheck: a byte for each of `bytes`, not 0 where one was written
  uint8_t blank = 0;           ///< and what they were filled with before
  bool sync_memops = false;
  // How it is mapped.
  uint64_t mapped = 0;
  size_t mapped_bytes = 0;
  bool slab = false;
  int fd = -1;                     ///< memfd behind it, once shared with other processes
  bool imported = false;           ///< another process's memory: not counted as ours
  const void* physical = nullptr;  ///< PhysicalMemory mapped here (virtual_memory.h)
  size_t page_bytes() const { return (address - mapped + bytes + 4095) / 4096 * 4096; }

  bool contains(uint64_t a, size_t n) const {
    return a >= address && a - address <= bytes && n <= bytes - (a - address);
  }
};

/// Large allocations begin at multiples of it, and have pages of this size where the system gives them.
constexpr size_t kHugePage = size_t(2) << 20;

class AddressSpace {
 public:
  static AddressSpace& instance();

  /// Room for `bytes` (> 0). Address is at least 256-byte aligned (512 for small ones, 2 MB from 2 MB on).
  /// CUDA_ERROR_OUT_OF_MEMORY when the device's memory or the host's is exhausted.
  CUresult allocate(MemoryKind kind, int device, uint64_t context, size_t bytes, unsigned flags,
                    uint64_t* address);
  /// Frees the allocation that starts at `address`, of one of these kinds. CUDA_ERROR_INVALID_VALUE if there
  /// is none.
  CUresult release(uint64_t address, bool host_kind);
  /// Makes host memory of the program known (cuMemHostRegister).
  CUresult register_host(uint64_t address, size_t bytes, uint64_t context, unsigned flags);
  CUresult unregister_host(uint64_t address);
  /// Gives pages of one allocation of device memory back to the system, so that they read as zeros. `from`
  /// and `to` are multiples of kHugePage. False where memory is shared or mapped otherwise, and nothing has
  /// changed.
  bool give_back_pages(uint64_t from, uint64_t to);
  /// Puts a memfd behind the allocation that starts at `address`, in place (its contents move, its address
  /// stays), and gives its record. Nothing may be using it. CUDA_ERROR_INVALID_VALUE,
  /// CUDA_ERROR_NOT_SUPPORTED.
  CUresult share(uint64_t address, Allocation* record);
  /// Maps another process's shared allocation; takes `fd` on success.
  CUresult map_shared(int device, uint64_t context, int fd, size_t pages, size_t offset, size_t bytes,
                      uint64_t* address);
  /// Addresses for cuMemAddressReserve, without access; 0 when there are none. They go back by return_range.
  uint64_t reserve_range(size_t bytes, size_t alignment);
  void return_range(uint64_t address, size_t bytes);
  /// Makes a mapping in a reserved range known, or forgets it.
  void add_mapping(Allocation mapping);
  void remove_mapping(uint64_t address);
  /// Counts physical memory of a device. CUDA_ERROR_OUT_OF_MEMORY, CUDA_SUCCESS.
  CUresult count_physical(int device, size_t bytes);
  void uncount_physical(int device, size_t bytes);
  /// Frees everything `context` allocated.
  void release_context(uint64_t context);

  /// The allocation that holds `address`.
  std::optional<Allocation> find(uint64_t address) const;
  /// Changes with every change of what find() answers.
  uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  /// The allocation of the past that held `address`, the newest; under `ppu check`, else none.
  std::optional<Allocation> find_freed(uint64_t address) const;
  /// Device and pinned memory that the program has not given back.
  std::vector<Allocation> leaked() const;
  /// Bytes of the allocation that starts at `address` that the program may use; forgets what was written.
  void set_usable(uint64_t address, size_t bytes);
  void set_internal(uint64_t address);
  void set_of_graph(uint64_t address);
  /// Under initcheck: the bytes have been written.
  void mark_written(uint64_t address, size_t bytes);
  void copy_written(uint64_t to, uint64_t from, size_t bytes);
  /// True if all of it is in the allocation that holds `address`, or in mappings that follow each other.
  bool covers(uint64_t address, size_t bytes) const;
  /// Changes the record of the allocation that starts at `address`.
  void set_pool(uint64_t address, void* pool);
  bool set_sync_memops(uint64_t address, bool on);
  /// True if `address` lies in a window: then it must be in an allocation to be used.
  bool in_window(uint64_t address) const;
  /// The same for the windows where they usually are: true is certain, false isn't. Costs a comparison.
  static bool in_usual_windows(uint64_t address);
  /// The allocation that is nearest to `address`, below or above, if there is one within a GiB.
  std::optional<Allocation> nearest(uint64_t address) const;
  /// "4096 bytes after allocation [0x..., 0x...)" for fault reports.
  std::string describe(uint64_t address) const;

  size_t used(int device) const;
  /// Bytes a program may still allocate: of the device's memory, and of what the host can back.
  size_t available(int device) const;

 private:
  struct Window {
    uint64_t base = 0, size = 0, next = 0;
    /// Freed ranges by address, neighbours joined: as many as there are gaps between what is in use.
    std::map<uint64_t, uint64_t> retired;
    uint64_t reused = 0;  ///< end of the range used again last: the next one is looked for behind it
    void retire(uint64_t address, uint64_t bytes);
    uint64_t take_retired(uint64_t bytes, uint64_t alignment);
  };
  struct SlabClass {
    std::deque<uint64_t> free;
  };
  AddressSpace();
  Window& window_of(MemoryKind kind, int device);
  Window& program_window() { return windows_.back(); }
  bool reserve(Window& window);
  uint64_t take_range(Window& window, size_t bytes, size_t alignment);
  CUresult map_own_pages(Window& window, Allocation& a);
  void watch_values(Allocation& a);
  CUresult map_in_slab(Window& window, Allocation& a);
  void unmap(Window& window, const Allocation& a);
  void erase(std::map<uint64_t, Allocation>::iterator it);

  mutable std::shared_mutex mutex_;
  std::map<uint64_t, Allocation> table_;
  std::vector<Window> windows_;  ///< one a device, then managed, pinned, and reserved by programs
  std::map<std::pair<Window*, size_t>, SlabClass> slabs_;
  std::vector<size_t> used_;
  /// What the machine had to give: pages of an allocation are taken from it only when they are touched, so
  /// what it has now doesn't tell what is left.
  const size_t host_at_start_;
  size_t mappings_ = 0;
  std::atomic<uint64_t> generation_{1};
  std::map<uint64_t, Allocation> freed_;
  uint64_t next_id_ = 1;
};

/// Bytes the host could still back: available memory and swap, limited by the cgroup.
size_t host_available_bytes();

}  // namespace ppu::device
