#include "device/virtual_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>

#include "device/address_space.h"
#include "device/device.h"

namespace ppu::device {
namespace {

/// The name tells an exported descriptor from any other file.
constexpr const char* kFileName = "openppu-physical";

struct Mapping {
  size_t bytes = 0;
  PhysicalMemory* memory = nullptr;  ///< with a reference
  std::map<int, CUmemAccess_flags> access;

  int protection() const {
    int bits = PROT_NONE;
    for (const auto& [device, flags] : access) {
      if (flags & CU_MEM_ACCESS_FLAGS_PROT_READ) bits |= PROT_READ;
      if (flags == CU_MEM_ACCESS_FLAGS_PROT_READWRITE) bits |= PROT_WRITE;
    }
    return bits;
  }
};

/// What the program reserved and mapped. Never destroyed: calls may come during exit.
struct Ranges {
  std::mutex mutex;
  std::map<uint64_t, size_t> reserved;
  std::map<uint64_t, Mapping> mapped;

  /// The mapping that holds `address`, or the end.
  std::map<uint64_t, Mapping>::iterator holding(uint64_t address) {
    auto it = mapped.upper_bound(address);
    if (it == mapped.begin()) return mapped.end();
    --it;
    return address - it->first < it->second.bytes ? it : mapped.end();
  }
  /// The mappings that make up [address, address + bytes) exactly; none if they don't.
  std::vector<std::map<uint64_t, Mapping>::iterator> exactly(uint64_t address, size_t bytes) {
    std::vector<std::map<uint64_t, Mapping>::iterator> all;
    uint64_t at = address;
    for (auto it = mapped.find(address); at < address + bytes; ++it) {
      if (it == mapped.end() || it->first != at) return {};
      all.push_back(it);
      at += it->second.bytes;
    }
    if (at != address + bytes) return {};
    return all;
  }
};
Ranges& ranges() {
  static auto* r = new Ranges;
  return *r;
}

bool whole(uint64_t n) {
  return n % kVirtualGranularity == 0;
}

void* pointer(uint64_t address) {
  return reinterpret_cast<void*>(address);
}

}  // namespace

CUresult PhysicalMemory::create(const CUmemAllocationProp& properties, size_t bytes,
                                PhysicalMemory** memory) {
  const int device = properties.location.id;
  CUresult result = AddressSpace::instance().count_physical(device, bytes);
  if (result != CUDA_SUCCESS) return result;
  const int fd = ::memfd_create(kFileName, MFD_CLOEXEC);
  if (fd < 0 || ::ftruncate(fd, off_t(bytes)) != 0) {
    if (fd >= 0) ::close(fd);
    AddressSpace::instance().uncount_physical(device, bytes);
    return CUDA_ERROR_OUT_OF_MEMORY;
  }
  *memory = new PhysicalMemory(properties, bytes, fd, true);
  return CUDA_SUCCESS;
}

CUresult PhysicalMemory::import(int fd, int device, PhysicalMemory** memory) {
  char path[64], target[64] = "";
  std::snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  struct stat s;
  if (::readlink(path, target, sizeof target - 1) < 0 || !std::strstr(target, kFileName))
    return CUDA_ERROR_INVALID_VALUE;
  if (::fstat(fd, &s) != 0 || s.st_size <= 0 || !whole(uint64_t(s.st_size))) return CUDA_ERROR_INVALID_VALUE;
  const int own = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (own < 0) return CUDA_ERROR_OPERATING_SYSTEM;
  CUmemAllocationProp properties = {};
  properties.type = CU_MEM_ALLOCATION_TYPE_PINNED;
  properties.requestedHandleTypes = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
  properties.location = {CU_MEM_LOCATION_TYPE_DEVICE, device};
  *memory = new PhysicalMemory(properties, size_t(s.st_size), own, false);
  return CUDA_SUCCESS;
}

int PhysicalMemory::share() const {
  return ::fcntl(fd_, F_DUPFD_CLOEXEC, 0);
}

PhysicalMemory::~PhysicalMemory() {
  ::close(fd_);
  if (counted_) AddressSpace::instance().uncount_physical(properties_.location.id, bytes_);
}

CUresult reserve_addresses(size_t bytes, size_t alignment, uint64_t* address) {
  if (bytes == 0 || !whole(bytes) || (alignment & (alignment - 1))) return CUDA_ERROR_INVALID_VALUE;
  *address = AddressSpace::instance().reserve_range(bytes, std::max(alignment, kVirtualGranularity));
  if (!*address) return CUDA_ERROR_OUT_OF_MEMORY;
  const std::lock_guard lock(ranges().mutex);
  ranges().reserved[*address] = bytes;
  return CUDA_SUCCESS;
}

CUresult free_addresses(uint64_t address, size_t bytes) {
  Ranges& r = ranges();
  const std::lock_guard lock(r.mutex);
  const auto range = r.reserved.find(address);
  if (range == r.reserved.end() || range->second != bytes) return CUDA_ERROR_INVALID_VALUE;
  const auto inside = r.mapped.lower_bound(address);
  if (inside != r.mapped.end() && inside->first < address + bytes) return CUDA_ERROR_INVALID_VALUE;
  r.reserved.erase(range);
  AddressSpace::instance().return_range(address, bytes);
  return CUDA_SUCCESS;
}

CUresult map_memory(uint64_t address, size_t bytes, PhysicalMemory& memory) {
  if (bytes == 0 || !whole(bytes) || !whole(address) || bytes > memory.bytes())
    return CUDA_ERROR_INVALID_VALUE;
  Ranges& r = ranges();
  const std::lock_guard lock(r.mutex);
  auto range = r.reserved.upper_bound(address);
  if (range == r.reserved.begin()) return CUDA_ERROR_INVALID_VALUE;
  --range;
  const uint64_t offset = address - range->first;
  if (offset >= range->second || bytes > range->second - offset) return CUDA_ERROR_INVALID_VALUE;
  const auto next = r.mapped.lower_bound(address);
  if (r.holding(address) != r.mapped.end()) return CUDA_ERROR_INVALID_VALUE;
  if (next != r.mapped.end() && next->first < address + bytes) return CUDA_ERROR_INVALID_VALUE;
  if (::mmap(pointer(address), bytes, PROT_NONE, MAP_SHARED | MAP_FIXED, memory.fd(), 0) == MAP_FAILED)
    return CUDA_ERROR_OUT_OF_MEMORY;
  ::madvise(pointer(address), bytes, MADV_DONTFORK);
  memory.add_ref();
  Mapping& m = r.mapped[address];
  m.bytes = bytes;
  m.memory = &memory;
  Allocation a;
  a.address = a.mapped = address;
  a.bytes = a.mapped_bytes = bytes;
  a.device = memory.properties().location.id;
  a.physical = &memory;
  AddressSpace::instance().add_mapping(a);
  return CUDA_SUCCESS;
}

CUresult unmap_memory(uint64_t address, size_t bytes) {
  Ranges& r = ranges();
  const std::lock_guard lock(r.mutex);
  const auto parts = r.exactly(address, bytes);
  if (parts.empty()) return CUDA_ERROR_INVALID_VALUE;
  ::mmap(pointer(address), bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  for (const auto& part : parts) {
    AddressSpace::instance().remove_mapping(part->first);
    part->second.memory->release();
    r.mapped.erase(part);
  }
  return CUDA_SUCCESS;
}

CUresult set_access(uint64_t address, size_t bytes, std::span<const CUmemAccessDesc> access) {
  for (const CUmemAccessDesc& a : access) {
    if (a.location.type != CU_MEM_LOCATION_TYPE_DEVICE) return CUDA_ERROR_NOT_SUPPORTED;
    if (a.location.id < 0 || a.location.id >= device_count()) return CUDA_ERROR_INVALID_DEVICE;
    if (a.flags != CU_MEM_ACCESS_FLAGS_PROT_NONE && a.flags != CU_MEM_ACCESS_FLAGS_PROT_READ &&
        a.flags != CU_MEM_ACCESS_FLAGS_PROT_READWRITE)
      return CUDA_ERROR_INVALID_VALUE;
  }
  Ranges& r = ranges();
  const std::lock_guard lock(r.mutex);
  const auto parts = r.exactly(address, bytes);
  if (parts.empty()) return CUDA_ERROR_INVALID_VALUE;
  for (const auto& part : parts) {
    for (const CUmemAccessDesc& a : access) part->second.access[a.location.id] = a.flags;
    if (::mprotect(pointer(part->first), part->second.bytes, part->second.protection()) != 0)
      return CUDA_ERROR_OUT_OF_MEMORY;
  }
  return CUDA_SUCCESS;
}

CUresult get_access(uint64_t address, int device, CUmemAccess_flags* flags) {
  Ranges& r = ranges();
  const std::lock_guard lock(r.mutex);
  const auto m = r.holding(address);
  if (m == r.mapped.end()) return CUDA_ERROR_INVALID_VALUE;
  const auto known = m->second.access.find(device);
  *flags = known == m->second.access.end() ? CU_MEM_ACCESS_FLAGS_PROT_NONE : known->second;
  return CUDA_SUCCESS;
}

PhysicalMemory* memory_at(uint64_t address) {
  Ranges& r = ranges();
  const std::lock_guard lock(r.mutex);
  const auto m = r.holding(address);
  if (m == r.mapped.end()) return nullptr;
  m->second.memory->add_ref();
  return m->second.memory;
}

}  // namespace ppu::device
