#include "device/address_space.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <mutex>

#include "base/log.h"
#include "device/checking.h"
#include "device/device.h"
#include "device/registry.h"

namespace ppu::device {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kSmallGap = size_t(64) << 10;
constexpr uint64_t kWindowBytes = uint64_t(1) << 40;
/// What programs reserve themselves: allocators reserve a device's whole memory several times over.
constexpr uint64_t kProgramWindowBytes = uint64_t(1) << 44;
constexpr uint64_t kWantedBase = 0x200000000000;
/// Own pages for this many allocations; small ones come from slabs after that.
constexpr size_t kMaxMappings = 16000, kHardMappings = 28000;
constexpr size_t kSlabBytes = kHugePage;
constexpr size_t kMaxSlabItem = size_t(64) << 10;

constexpr bool kSanitized =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    true;
#else
    false;
#endif
#else
    false;
#endif

uint64_t round_up(uint64_t n, uint64_t to) {
  return (n + to - 1) / to * to;
}

/// Value in bytes of a /proc/meminfo line, 0 if absent.
size_t meminfo(const char* text, const char* key) {
  const char* at = std::strstr(text, key);
  unsigned long long kb = 0;
  if (at && std::sscanf(at + std::strlen(key), " %llu", &kb) == 1) return size_t(kb) << 10;
  return 0;
}

/// A number in a cgroup file; SIZE_MAX if absent or "max".
size_t cgroup_number(const char* path) {
  FILE* f = std::fopen(path, "re");
  if (!f) return SIZE_MAX;
  unsigned long long n = 0;
  const bool ok = std::fscanf(f, "%llu", &n) == 1;
  std::fclose(f);
  return ok ? size_t(n) : SIZE_MAX;
}

}  // namespace

size_t host_available_bytes() {
  char text[4096] = "";
  if (FILE* f = std::fopen("/proc/meminfo", "re")) {
    const size_t n = std::fread(text, 1, sizeof text - 1, f);
    text[n] = 0;
    std::fclose(f);
  }
  size_t available = meminfo(text, "MemAvailable:") + meminfo(text, "SwapFree:");
  if (available == 0) return SIZE_MAX;  // no /proc: let mmap decide
  const size_t limit = cgroup_number("/sys/fs/cgroup/memory.max");
  if (limit != SIZE_MAX) {
    const size_t current = cgroup_number("/sys/fs/cgroup/memory.current");
    available = std::min(available, limit > current ? limit - current : 0);
  }
  return available;
}

AddressSpace& AddressSpace::instance() {
  static AddressSpace* space = new AddressSpace;
  return *space;
}

AddressSpace::AddressSpace() : host_at_start_(host_available_bytes()) {
  windows_.resize(size_t(device_count()) + 3);
  used_.resize(size_t(device_count()));
}

AddressSpace::Window& AddressSpace::window_of(MemoryKind kind, int device) {
  const size_t devices = windows_.size() - 3;
  if (kind == MemoryKind::kManaged) return windows_[devices];
  if (kind == MemoryKind::kHost) return windows_[devices + 1];
  return windows_[size_t(device)];
}

/// Reserves the addresses of a window at its first use; smaller when the process's limits forbid the full
/// size.
bool AddressSpace::reserve(Window& w) {
  if (w.base) return true;
  const uint64_t wanted = kWantedBase + uint64_t(&w - windows_.data()) * kWindowBytes;
  const uint64_t most = &w == &program_window() ? kProgramWindowBytes : kWindowBytes;
  for (uint64_t bytes = most; bytes >= (uint64_t(1) << 30); bytes /= 2) {
    constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void* p = MAP_FAILED;
    if (!kSanitized)
      p = ::mmap(reinterpret_cast<void*>(wanted), bytes, PROT_NONE, kFlags | MAP_FIXED_NOREPLACE, -1, 0);
    if (p == MAP_FAILED) p = ::mmap(nullptr, bytes, PROT_NONE, kFlags, -1, 0);
    if (p == MAP_FAILED) continue;
    w.base = reinterpret_cast<uint64_t>(p);
    w.size = bytes;
    w.next = round_up(w.base, kHugePage) + kHugePage;
    return true;
  }
  log("device", LogLevel::kError, "can't reserve addresses for device memory: %s", std::strerror(errno));
  return false;
}

/// An unused range of `bytes` (whole pages), 0 if the window is full. Fresh addresses first: the later a
/// freed range is used again, the longer a stale pointer into it faults.
uint64_t AddressSpace::take_range(Window& w, size_t bytes, size_t alignment) {
  const uint64_t address = round_up(w.next, alignment);
  if (address + bytes <= w.base + w.size && address + bytes > address) {
    w.next = address + bytes;
    return address;
  }
  return w.take_retired(bytes, alignment);
}

void AddressSpace::Window::retire(uint64_t address, uint64_t bytes) {
  auto next = retired.upper_bound(address);
  if (next != retired.end() && next->first == address + bytes) {
    bytes += next->second;
    next = retired.erase(next);
  }
  if (next != retired.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == address) {
      before->second += bytes;
      return;
    }
  }
  retired.emplace_hint(next, address, bytes);
}

/// Round the window: what was freed long ago comes before what was freed just now.
uint64_t AddressSpace::Window::take_retired(uint64_t bytes, uint64_t alignment) {
  auto it = retired.lower_bound(reused);
  for (size_t left = retired.size(); left > 0; left--, ++it) {
    if (it == retired.end()) it = retired.begin();
    const uint64_t start = it->first, end = start + it->second, at = round_up(start, alignment);
    if (at + bytes > end) continue;
    retired.erase(it);
    if (at > start) retire(start, at - start);
    if (end > at + bytes) retire(at + bytes, end - (at + bytes));
    reused = at + bytes;
    return at;
  }
  return 0;
}

CUresult AddressSpace::map_own_pages(Window& w, Allocation& a) {
  const bool huge = a.bytes >= kHugePage;
  // As on a GPU, what is large has whole pages of 2 MB, and all of the last one to itself.
  const size_t pages = round_up(a.bytes, huge ? kHugePage : kPage);
  const size_t gap = huge ? kHugePage : kSmallGap;
  const uint64_t range = take_range(w, pages + gap, huge ? kHugePage : kPage);
  if (!range) return CUDA_ERROR_OUT_OF_MEMORY;
  void* p = ::mmap(reinterpret_cast<void*>(range), pages, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  if (p == MAP_FAILED) {
    w.retire(range, pages + gap);
    return CUDA_ERROR_OUT_OF_MEMORY;
  }
  if (huge) ::madvise(p, pages, MADV_HUGEPAGE);
  // A child must not pay for device memory at fork: it can't use it (CUDA contexts don't survive fork).
  if (a.kind == MemoryKind::kDevice) ::madvise(p, pages, MADV_DONTFORK);
  a.mapped = range;
  a.mapped_bytes = pages + gap;
  // Small ones end as near to the unmapped page as 512-byte alignment allows: overruns fault early.
  a.address = huge ? range : range + (pages - a.bytes) / 512 * 512;
  mappings_++;
  return CUDA_SUCCESS;
}

CUresult AddressSpace::map_in_slab(Window& w, Allocation& a) {
  size_t item = 256;
  while (item < a.bytes) item *= 2;
  SlabClass& slab = slabs_[{&w, item}];
  if (slab.free.empty()) {
    const uint64_t range = take_range(w, kSlabBytes + kSmallGap, kHugePage);
    if (!range) return CUDA_ERROR_OUT_OF_MEMORY;
    void* p = ::mmap(reinterpret_cast<void*>(range), kSlabBytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    if (p == MAP_FAILED) return CUDA_ERROR_OUT_OF_MEMORY;
    mappings_++;
    for (size_t at = kSlabBytes; at >= item; at -= item) slab.free.push_back(range + at - item);
  }
  a.address = slab.free.back();
  slab.free.pop_back();
  a.mapped = a.address;
  a.mapped_bytes = item;
  a.slab = true;
  return CUDA_SUCCESS;
}

/// Fresh memory of moderate size gets a pattern, so that what something writes that no kernel is (a library's
/// host code) isn't taken for what nobody wrote; the rest is zeros, as it comes.
void AddressSpace::watch_values(Allocation& a) {
  constexpr size_t kMostPatterned = size_t(64) << 20;
  void* p =
      ::mmap(nullptr, a.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) return;
  a.written = static_cast<uint8_t*>(p);
  a.blank = a.bytes <= kMostPatterned ? 0xcb : 0;
  std::memset(reinterpret_cast<void*>(a.address), a.blank, a.blank ? a.bytes : 0);
}

CUresult AddressSpace::allocate(MemoryKind kind, int device, uint64_t context, size_t bytes, unsigned flags,
                                uint64_t* address) {
  const size_t limit = device_memory_bytes(device);
  if (bytes > limit) return CUDA_ERROR_OUT_OF_MEMORY;
  // Overcommit is allowed; a single allocation the host could never back isn't.
  if (bytes >= (size_t(64) << 20) && bytes > host_available_bytes()) {
    log("device", LogLevel::kWarn, "an allocation of %zu bytes is more than this machine has free", bytes);
    return CUDA_ERROR_OUT_OF_MEMORY;
  }
  std::unique_lock lock(mutex_);
  const bool counted = kind == MemoryKind::kDevice;
  if (counted && used_[size_t(device)] + bytes > limit) return CUDA_ERROR_OUT_OF_MEMORY;
  Window& w = window_of(kind, device);
  if (!reserve(w)) return CUDA_ERROR_OUT_OF_MEMORY;
  Allocation a;
  a.kind = kind;
  a.device = device;
  a.context = context;
  a.bytes = bytes;
  a.flags = flags;
  a.id = next_id_++;
  const bool slab = mappings_ >= kMaxMappings && bytes <= kMaxSlabItem;
  if (!slab && mappings_ >= kHardMappings) return CUDA_ERROR_OUT_OF_MEMORY;
  const CUresult result = slab ? map_in_slab(w, a) : map_own_pages(w, a);
  if (result != CUDA_SUCCESS) return result;
  a.usable = bytes;
  if (checking::tools().values && kind == MemoryKind::kDevice) watch_values(a);
  table_[a.address] = a;
  generation_++;
  if (counted) {
    used_[size_t(device)] += bytes;
    registry_set_used(device, used_[size_t(device)]);
  }
  *address = a.address;
  return CUDA_SUCCESS;
}

void AddressSpace::unmap(Window& w, const Allocation& a) {
  if (a.slab) {
    slabs_[{&w, a.mapped_bytes}].free.push_front(a.address);  // taken from the back: reused late
    return;
  }
  void* p = ::mmap(reinterpret_cast<void*>(a.mapped), a.mapped_bytes, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  if (p == MAP_FAILED) ::madvise(reinterpret_cast<void*>(a.mapped), a.mapped_bytes, MADV_DONTNEED);
  if (a.fd >= 0) ::close(a.fd);
  w.retire(a.mapped, a.mapped_bytes);
  mappings_--;
}

/// Caller holds the lock exclusively.
void AddressSpace::erase(std::map<uint64_t, Allocation>::iterator it) {
  const Allocation a = it->second;
  table_.erase(it);
  generation_++;
  if (checking::on()) freed_[a.address] = a;
  // Its addresses stay: a kernel that runs on may look once more.
  if (a.written) ::madvise(a.written, a.bytes, MADV_DONTNEED);
  if (a.kind == MemoryKind::kRegistered) return;
  unmap(window_of(a.kind, a.device), a);
  if (a.kind == MemoryKind::kDevice && !a.imported) {
    used_[size_t(a.device)] -= a.bytes;
    registry_set_used(a.device, used_[size_t(a.device)]);
  }
}

CUresult AddressSpace::release(uint64_t address, bool host_kind) {
  std::unique_lock lock(mutex_);
  const auto it = table_.find(address);
  if (it == table_.end()) return CUDA_ERROR_INVALID_VALUE;
  const MemoryKind kind = it->second.kind;
  const bool is_host = kind == MemoryKind::kHost;
  if (is_host != host_kind || kind == MemoryKind::kRegistered || it->second.physical)
    return CUDA_ERROR_INVALID_VALUE;
  erase(it);
  return CUDA_SUCCESS;
}

CUresult AddressSpace::register_host(uint64_t address, size_t bytes, uint64_t context, unsigned flags) {
  std::unique_lock lock(mutex_);
  auto after = table_.lower_bound(address + bytes);
  if (after != table_.begin()) {
    const Allocation& before = std::prev(after)->second;
    if (before.address + before.bytes > address) {
      return before.kind == MemoryKind::kRegistered ? CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED
                                                    : CUDA_ERROR_INVALID_VALUE;
    }
  }
  Allocation a;
  a.address = address;
  a.bytes = bytes;
  a.kind = MemoryKind::kRegistered;
  a.context = context;
  a.flags = flags;
  a.id = next_id_++;
  a.usable = bytes;
  table_[address] = a;
  generation_++;
  return CUDA_SUCCESS;
}

CUresult AddressSpace::unregister_host(uint64_t address) {
  std::unique_lock lock(mutex_);
  const auto it = table_.find(address);
  if (it == table_.end() || it->second.kind != MemoryKind::kRegistered)
    return CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED;
  table_.erase(it);
  generation_++;
  return CUDA_SUCCESS;
}

void AddressSpace::release_context(uint64_t context) {
  std::unique_lock lock(mutex_);
  for (auto it = table_.begin(); it != table_.end();) {
    const auto at = it++;
    if (at->second.context == context) erase(at);
  }
}

bool AddressSpace::give_back_pages(uint64_t from, uint64_t to) {
  std::shared_lock lock(mutex_);  // not while share() exchanges the mapping
  auto it = table_.upper_bound(from);
  if (it == table_.begin()) return false;
  const Allocation& a = std::prev(it)->second;
  const bool own = a.kind == MemoryKind::kDevice && !a.slab && a.fd < 0 && !a.imported && !a.physical;
  if (!own || a.written || !a.contains(from, to - from)) return false;
  return ::madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED) == 0;
}

CUresult AddressSpace::share(uint64_t address, Allocation* record) {
  std::unique_lock lock(mutex_);
  const auto it = table_.find(address);
  if (it == table_.end() || it->second.kind != MemoryKind::kDevice || it->second.imported ||
      it->second.physical)
    return CUDA_ERROR_INVALID_VALUE;
  Allocation& a = it->second;
  if (a.slab || (a.pool && a.fd < 0)) return CUDA_ERROR_NOT_SUPPORTED;
  if (a.fd < 0) {
    const size_t pages = a.page_bytes();
    const int fd = ::memfd_create("openppu-memory", MFD_CLOEXEC);
    if (fd < 0) return CUDA_ERROR_OUT_OF_MEMORY;
    void* p = MAP_FAILED;
    bool copied = ::ftruncate(fd, off_t(pages)) == 0;
    for (size_t done = 0; copied && done < pages;) {
      const ssize_t n = ::pwrite(fd, reinterpret_cast<char*>(a.mapped) + done, pages - done, off_t(done));
      copied = n > 0;
      if (copied) done += size_t(n);
    }
    if (copied)
      p = ::mmap(reinterpret_cast<void*>(a.mapped), pages, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
                 0);
    if (p == MAP_FAILED) {
      ::close(fd);
      return CUDA_ERROR_OUT_OF_MEMORY;
    }
    ::madvise(p, pages, MADV_DONTFORK);
    a.fd = fd;
  }
  *record = a;
  return CUDA_SUCCESS;
}

CUresult AddressSpace::map_shared(int device, uint64_t context, int fd, size_t pages, size_t offset,
                                  size_t bytes, uint64_t* address) {
  std::unique_lock lock(mutex_);
  Window& w = window_of(MemoryKind::kDevice, device);
  if (!reserve(w)) return CUDA_ERROR_OUT_OF_MEMORY;
  const uint64_t range = take_range(w, pages + kSmallGap, bytes >= kHugePage ? kHugePage : kPage);
  if (!range) return CUDA_ERROR_OUT_OF_MEMORY;
  void* p =
      ::mmap(reinterpret_cast<void*>(range), pages, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
  if (p == MAP_FAILED) return CUDA_ERROR_MAP_FAILED;
  ::madvise(p, pages, MADV_DONTFORK);
  mappings_++;
  Allocation a;
  a.address = range + offset;
  a.bytes = bytes;
  a.device = device;
  a.context = context;
  a.id = next_id_++;
  a.mapped = range;
  a.mapped_bytes = pages + kSmallGap;
  a.fd = fd;
  a.imported = true;
  a.usable = bytes;
  table_[a.address] = a;
  generation_++;
  *address = a.address;
  return CUDA_SUCCESS;
}

std::optional<Allocation> AddressSpace::find(uint64_t address) const {
  std::shared_lock lock(mutex_);
  auto it = table_.upper_bound(address);
  if (it == table_.begin()) return std::nullopt;
  const Allocation& a = std::prev(it)->second;
  if (address - a.address >= a.bytes) return std::nullopt;
  return a;
}

bool AddressSpace::covers(uint64_t address, size_t bytes) const {
  std::shared_lock lock(mutex_);
  auto it = table_.upper_bound(address);
  if (it == table_.begin()) return false;
  --it;
  if (it->second.contains(address, bytes)) return true;
  const uint64_t end = address + bytes;
  if (address - it->first >= it->second.bytes || end < address) return false;
  // Physical pieces mapped one behind the other look like one allocation to a program.
  uint64_t at = it->first;
  for (; it != table_.end() && it->second.physical && it->first == at; ++it) {
    at += it->second.bytes;
    if (at >= end) return true;
  }
  return false;
}

uint64_t AddressSpace::reserve_range(size_t bytes, size_t alignment) {
  std::unique_lock lock(mutex_);
  return reserve(program_window()) ? take_range(program_window(), bytes, alignment) : 0;
}

void AddressSpace::return_range(uint64_t address, size_t bytes) {
  std::unique_lock lock(mutex_);
  program_window().retire(address, bytes);
}

void AddressSpace::add_mapping(Allocation mapping) {
  std::unique_lock lock(mutex_);
  mapping.id = next_id_++;
  mapping.usable = mapping.bytes;
  generation_++;
  table_[mapping.address] = mapping;
  mappings_++;
}

void AddressSpace::remove_mapping(uint64_t address) {
  std::unique_lock lock(mutex_);
  if (table_.erase(address)) mappings_--;
  generation_++;
}

CUresult AddressSpace::count_physical(int device, size_t bytes) {
  if (bytes > host_available_bytes()) return CUDA_ERROR_OUT_OF_MEMORY;
  std::unique_lock lock(mutex_);
  size_t& used = used_[size_t(device)];
  if (used + bytes > device_memory_bytes(device) || mappings_ >= kHardMappings)
    return CUDA_ERROR_OUT_OF_MEMORY;
  used += bytes;
  registry_set_used(device, used);
  return CUDA_SUCCESS;
}

void AddressSpace::uncount_physical(int device, size_t bytes) {
  std::unique_lock lock(mutex_);
  used_[size_t(device)] -= bytes;
  registry_set_used(device, used_[size_t(device)]);
}

std::optional<Allocation> AddressSpace::find_freed(uint64_t address) const {
  std::shared_lock lock(mutex_);
  auto it = freed_.upper_bound(address);
  if (it == freed_.begin()) return std::nullopt;
  const Allocation& a = std::prev(it)->second;
  if (address - a.address >= a.bytes) return std::nullopt;
  return a;
}

std::vector<Allocation> AddressSpace::leaked() const {
  std::shared_lock lock(mutex_);
  std::vector<Allocation> all;
  for (const auto& [address, a] : table_)
    if (!a.internal && !a.imported && a.usable && a.kind != MemoryKind::kRegistered) all.push_back(a);
  return all;
}

void AddressSpace::set_usable(uint64_t address, size_t bytes) {
  std::unique_lock lock(mutex_);
  const auto it = table_.find(address);
  if (it == table_.end()) return;
  Allocation& a = it->second;
  a.usable = bytes;
  generation_++;
  if (!a.written || !bytes) return;
  std::memset(a.written, 0, a.bytes);
  std::memset(reinterpret_cast<void*>(a.address), a.blank, a.blank ? a.bytes : 0);
}

void AddressSpace::set_of_graph(uint64_t address) {
  std::unique_lock lock(mutex_);
  if (const auto it = table_.find(address); it != table_.end()) it->second.of_graph = true;
}

void AddressSpace::set_internal(uint64_t address) {
  std::unique_lock lock(mutex_);
  const auto it = table_.find(address);
  if (it == table_.end()) return;
  Allocation& a = it->second;
  a.internal = true;
  if (a.blank) std::memset(reinterpret_cast<void*>(a.address), 0, a.bytes);
  a.written = nullptr;  // what is ours has a value from the start
}

void AddressSpace::mark_written(uint64_t address, size_t bytes) {
  const auto a = find(address);
  if (a && a->written)
    std::memset(a->written + (address - a->address), 1, std::min(bytes, a->bytes - (address - a->address)));
}

void AddressSpace::copy_written(uint64_t to, uint64_t from, size_t bytes) {
  const auto a = find(to), b = find(from);
  if (!a || !a->written) return;
  if (!b || !b->written) return mark_written(to, bytes);
  const size_t n = std::min({bytes, a->bytes - (to - a->address), b->bytes - (from - b->address)});
  std::memmove(a->written + (to - a->address), b->written + (from - b->address), n);
}

void AddressSpace::set_pool(uint64_t address, void* pool) {
  std::unique_lock lock(mutex_);
  const auto it = table_.find(address);
  if (it != table_.end()) it->second.pool = pool;
}

bool AddressSpace::set_sync_memops(uint64_t address, bool on) {
  std::unique_lock lock(mutex_);
  auto it = table_.upper_bound(address);
  if (it == table_.begin()) return false;
  Allocation& a = std::prev(it)->second;
  if (address - a.address >= a.bytes) return false;
  a.sync_memops = on;
  return true;
}

bool AddressSpace::in_window(uint64_t address) const {
  std::shared_lock lock(mutex_);
  for (const Window& w : windows_)
    if (w.base && address - w.base < w.size) return true;
  return false;
}

bool AddressSpace::in_usual_windows(uint64_t address) {
  static std::atomic<uint64_t> usual{0};
  uint64_t bytes = usual.load(std::memory_order_relaxed);
  if (!bytes) {
    // As many as can't be anything else: those that lie where they were wanted.
    const AddressSpace& space = instance();
    std::shared_lock lock(space.mutex_);
    const uint64_t windows = space.windows_.size() - 1;
    bytes = windows * kWindowBytes;
    for (uint64_t w = 0; w < windows; w++) {
      const uint64_t base = space.windows_[size_t(w)].base;
      if (base && base != kWantedBase + w * kWindowBytes) bytes = 1;
    }
    usual.store(bytes, std::memory_order_relaxed);
  }
  return address - kWantedBase < bytes;
}

std::optional<Allocation> AddressSpace::nearest(uint64_t address) const {
  constexpr uint64_t kNear = uint64_t(1) << 30;
  std::shared_lock lock(mutex_);
  const auto after = table_.upper_bound(address);
  const Allocation* below = after == table_.begin() ? nullptr : &std::prev(after)->second;
  const Allocation* above = after == table_.end() ? nullptr : &after->second;
  const uint64_t past = below ? address - std::min(address, below->address + below->bytes) : UINT64_MAX;
  const uint64_t before = above ? above->address - address : UINT64_MAX;
  if (std::min(past, before) > kNear) return std::nullopt;
  return past <= before ? *below : *above;
}

std::string AddressSpace::describe(uint64_t address) const {
  std::shared_lock lock(mutex_);
  char text[160];
  const auto after = table_.upper_bound(address);
  const Allocation* below = after == table_.begin() ? nullptr : &std::prev(after)->second;
  const Allocation* above = after == table_.end() ? nullptr : &after->second;
  const uint64_t past = below ? address - (below->address + below->bytes) : UINT64_MAX;
  const uint64_t before = above ? above->address - address : UINT64_MAX;
  if (below && address < below->address + below->bytes) {
    std::snprintf(text, sizeof text, "inside allocation [0x%" PRIx64 ", 0x%" PRIx64 ")", below->address,
                  below->address + below->bytes);
  } else if (below && past <= before) {
    std::snprintf(text, sizeof text,
                  "%" PRIu64 " bytes after the end of allocation [0x%" PRIx64 ", 0x%" PRIx64 ")", past,
                  below->address, below->address + below->bytes);
  } else if (above) {
    std::snprintf(text, sizeof text, "%" PRIu64 " bytes before allocation [0x%" PRIx64 ", 0x%" PRIx64 ")",
                  before, above->address, above->address + above->bytes);
  } else {
    std::snprintf(text, sizeof text, "there are no allocations");
  }
  return text;
}

size_t AddressSpace::used(int device) const {
  std::shared_lock lock(mutex_);
  return used_[size_t(device)];
}

size_t AddressSpace::available(int device) const {
  const size_t limit = std::min(device_memory_bytes(device), host_at_start_), taken = used(device);
  return limit > taken ? limit - taken : 0;
}

}  // namespace ppu::device
