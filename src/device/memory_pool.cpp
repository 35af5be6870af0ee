#include "device/memory_pool.h"

#include <algorithm>

#include "device/address_space.h"
#include "device/checking.h"
#include "device/context.h"
#include "device/ipc.h"
#include "device/registry.h"

namespace ppu::device {

/// Free blocks a pool keeps although its threshold is lower: mapping and zeroing memory anew is slow.
constexpr uint64_t kKeepBytes = uint64_t(128) << 20;

/// Runs when a stream reaches a free.
class PoolFree : public Operation {
 public:
  PoolFree(MemoryPool& pool, uint64_t address, size_t bytes) : pool_(pool), address_(address), bytes_(bytes) {
    pool_.add_ref();
  }
  ~PoolFree() override { pool_.release(); }

 protected:
  void start() override {
    pool_.give_back(address_, bytes_);
    complete();
  }

 private:
  MemoryPool& pool_;
  uint64_t address_;
  size_t bytes_;
};

namespace {

constexpr size_t kGranule = size_t(2) << 20;

size_t round_up(size_t bytes, size_t unit) {
  return bytes / unit * unit + (bytes % unit ? unit : 0);
}
size_t round_size(size_t bytes) {
  return round_up(bytes, bytes <= (size_t(1) << 20) ? 512 : kGranule);
}

struct DevicePools {
  std::mutex mutex;
  MemoryPool* defaults[kRegistryDevices] = {};
  MemoryPool* current[kRegistryDevices] = {};
};
DevicePools& pools() {
  static auto* p = new DevicePools;
  return *p;
}

}  // namespace

MemoryPool::MemoryPool(int device, uint64_t context, Sharing sharing, size_t max_bytes)
    : device_(device),
      context_(context),
      sharing_(sharing),
      max_bytes_(max_bytes ? round_up(max_bytes, kGranule) : SIZE_MAX) {}

MemoryPool::~MemoryPool() {
  for (const auto& [bytes, address] : cached_) AddressSpace::instance().release(address, false);
}

CUresult MemoryPool::allocate(size_t bytes, Stream& stream, uint64_t* address) {
  if (bytes == 0 || sharing_ == Sharing::kImported) return CUDA_ERROR_INVALID_VALUE;
  const size_t size = round_size(bytes);
  std::lock_guard lock(mutex_);
  const auto fit = cached_.lower_bound(size);
  if (fit != cached_.end() && fit->first <= size + size / 4) {
    *address = fit->second;
    cached_bytes_ -= fit->first;
    live_[*address] = fit->first;
    used_ += fit->first;
    cached_.erase(fit);
  } else {
    if (size > max_bytes_ || used_ > max_bytes_ - size) return CUDA_ERROR_OUT_OF_MEMORY;
    trim_locked(max_bytes_ - size - used_);
    AddressSpace& space = AddressSpace::instance();
    CUresult result = space.allocate(MemoryKind::kDevice, device_, context_, size, 0, address);
    if (result == CUDA_ERROR_OUT_OF_MEMORY && !cached_.empty()) {
      trim_locked(0);
      result = space.allocate(MemoryKind::kDevice, device_, context_, size, 0, address);
    }
    // While nothing uses it: what is exported later must lie in a file already.
    Allocation record;
    if (result == CUDA_SUCCESS && sharing_ == Sharing::kExportable) result = space.share(*address, &record);
    if (result != CUDA_SUCCESS) return result;
    space.set_pool(*address, this);
    live_[*address] = size;
    used_ += size;
  }
  add_ref();  // of the block: "resources are released once there are no more outstanding allocations"
  if (checking::on()) AddressSpace::instance().set_usable(*address, bytes);
  used_high_ = std::max(used_high_, used_);
  reserved_high_ = std::max(reserved_high_, used_ + cached_bytes_);
  return CUDA_SUCCESS;
}

void MemoryPool::adopt(uint64_t address, size_t bytes) {
  std::lock_guard lock(mutex_);
  AddressSpace::instance().set_pool(address, this);
  live_[address] = bytes;
  used_ += bytes;
  add_ref();
}

CUresult MemoryPool::free(uint64_t address, Stream& stream) {
  size_t bytes = 0;
  {
    std::lock_guard lock(mutex_);
    const auto it = live_.find(address);
    if (it == live_.end()) return CUDA_ERROR_INVALID_VALUE;
    bytes = it->second;
    live_.erase(it);
  }
  stream.submit(new PoolFree(*this, address, bytes));
  release();  // the block's reference; the operation holds its own
  return CUDA_SUCCESS;
}

CUresult MemoryPool::free_now(uint64_t address) {
  size_t bytes = 0;
  {
    std::lock_guard lock(mutex_);
    const auto it = live_.find(address);
    if (it == live_.end()) return CUDA_ERROR_INVALID_VALUE;
    bytes = it->second;
    live_.erase(it);
  }
  give_back(address, bytes);
  release();
  return CUDA_SUCCESS;
}

void MemoryPool::give_back(uint64_t address, size_t bytes) {
  std::lock_guard lock(mutex_);
  used_ -= bytes;
  if (sharing_ == Sharing::kImported) {
    close_memory(address);
    return;
  }
  if (checking::on()) AddressSpace::instance().set_usable(address, 0);
  cached_.emplace(bytes, address);
  cached_bytes_ += bytes;
  const uint64_t keep = std::max(threshold_, kKeepBytes);
  if (cached_bytes_ > keep) trim_locked(keep);
}

void MemoryPool::trim_locked(size_t keep) {
  while (cached_bytes_ > keep && !cached_.empty()) {
    const auto largest = std::prev(cached_.end());
    AddressSpace::instance().release(largest->second, false);
    cached_bytes_ -= largest->first;
    cached_.erase(largest);
  }
}

void MemoryPool::trim(size_t keep_bytes) {
  std::lock_guard lock(mutex_);
  trim_locked(keep_bytes > used_ ? keep_bytes - used_ : 0);
}

CUresult MemoryPool::get_attribute(CUmemPool_attribute attribute, void* value) {
  std::lock_guard lock(mutex_);
  auto* wide = static_cast<cuuint64_t*>(value);
  switch (attribute) {
    case CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES:
    case CU_MEMPOOL_ATTR_REUSE_ALLOW_OPPORTUNISTIC:
    case CU_MEMPOOL_ATTR_REUSE_ALLOW_INTERNAL_DEPENDENCIES:
      *static_cast<int*>(value) = reuse_flags_[attribute - CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES];
      return CUDA_SUCCESS;
    case CU_MEMPOOL_ATTR_RELEASE_THRESHOLD:
      *wide = threshold_;
      return CUDA_SUCCESS;
    case CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT:
      *wide = used_ + cached_bytes_;
      return CUDA_SUCCESS;
    case CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH:
      *wide = reserved_high_;
      return CUDA_SUCCESS;
    case CU_MEMPOOL_ATTR_USED_MEM_CURRENT:
      *wide = used_;
      return CUDA_SUCCESS;
    case CU_MEMPOOL_ATTR_USED_MEM_HIGH:
      *wide = used_high_;
      return CUDA_SUCCESS;
    default:
      return CUDA_ERROR_INVALID_VALUE;
  }
}

CUresult MemoryPool::set_attribute(CUmemPool_attribute attribute, const void* value) {
  std::lock_guard lock(mutex_);
  const auto* wide = static_cast<const cuuint64_t*>(value);
  switch (attribute) {
    case CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES:
    case CU_MEMPOOL_ATTR_REUSE_ALLOW_OPPORTUNISTIC:
    case CU_MEMPOOL_ATTR_REUSE_ALLOW_INTERNAL_DEPENDENCIES:
      reuse_flags_[attribute - CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES] =
          *static_cast<const int*>(value);
      return CUDA_SUCCESS;
    case CU_MEMPOOL_ATTR_RELEASE_THRESHOLD:
      threshold_ = *wide;
      return CUDA_SUCCESS;
    case CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH:
      if (*wide != 0) return CUDA_ERROR_INVALID_VALUE;
      reserved_high_ = used_ + cached_bytes_;
      return CUDA_SUCCESS;
    case CU_MEMPOOL_ATTR_USED_MEM_HIGH:
      if (*wide != 0) return CUDA_ERROR_INVALID_VALUE;
      used_high_ = used_;
      return CUDA_SUCCESS;
    default:
      return CUDA_ERROR_INVALID_VALUE;
  }
}

CUmemAccess_flags MemoryPool::access(int device) {
  if (device == device_) return CU_MEM_ACCESS_FLAGS_PROT_READWRITE;
  std::lock_guard lock(mutex_);
  const auto found = access_.find(device);
  return found == access_.end() ? CU_MEM_ACCESS_FLAGS_PROT_NONE : found->second;
}

void MemoryPool::set_access(int device, CUmemAccess_flags flags) {
  std::lock_guard lock(mutex_);
  access_[device] = flags;
}

MemoryPool* default_pool(int device) {
  DevicePools& p = pools();
  std::lock_guard lock(p.mutex);
  if (!p.defaults[device]) p.defaults[device] = new MemoryPool(device, 0);
  return p.defaults[device];
}

MemoryPool* current_pool(int device) {
  DevicePools& p = pools();
  {
    std::lock_guard lock(p.mutex);
    if (p.current[device]) return p.current[device];
  }
  return default_pool(device);
}

void set_current_pool(int device, MemoryPool* pool) {
  DevicePools& p = pools();
  std::lock_guard lock(p.mutex);
  p.current[device] = pool;
}

}  // namespace ppu::device
