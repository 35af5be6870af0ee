// Shared windows are cut from big reservations: 32-bit shared addresses are sign-extended and added to a
// 32-bit immediate, so a wild one lands up to 4 GB either side of its base. Slots lie 4 GB + 1 MB apart and
// each has only its first 228 KB mapped, and a page to read in front: no wild offset reaches another block's.
#include "exec/block_storage.h"

#include <sys/mman.h>

#include <mutex>

#include "base/log.h"

namespace ppu::exec {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kReach = size_t(4) << 30;
constexpr size_t kStride = kReach + (size_t(1) << 20);
/// In front of a block's shared memory, to be read only. Devices keep 1 KB there for themselves (CUDA C++
/// Programming Guide, compute capability 8.x), so what is read just below is no fault there either. Lanes
/// that are off are why it matters: `sh[tid - 1]` of a masked load begins below the window, and the processor
/// takes hundreds of cycles to find that no lane that is on touches a page that isn't there.
constexpr size_t kFront = kPage;
constexpr size_t kKeepBytes = size_t(64) << 20;  ///< local and frame memory a free storage may hold on to

std::mutex mutex;
BlockStorage* free_list = nullptr;
char* slots = nullptr;  // next slot to hand out
size_t slots_left = 0;
size_t slots_per_group = 64;

size_t round_up(size_t n, size_t to) {
  return (n + to - 1) / to * to;
}

/// One shared slot; null when address space is exhausted. Caller holds the mutex.
char* new_shared_slot() {
  while (slots_left == 0) {
    const size_t bytes = slots_per_group * kStride + 2 * kReach;
    void* p = ::mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p != MAP_FAILED) {
      slots = static_cast<char*>(p) + kReach;
      slots_left = slots_per_group;
      break;
    }
    if (slots_per_group == 1) return nullptr;  // RLIMIT_AS: try smaller groups first
    slots_per_group /= 2;
  }
  char* slot = slots;
  slots += kStride;
  slots_left--;
  if (::mprotect(slot, kMaxSharedBytes, PROT_READ | PROT_WRITE) != 0) return nullptr;
  if (::mprotect(slot - kFront, kFront, PROT_READ) != 0) return nullptr;
  *const_cast<volatile char*>(slot - 1);  // an access that no lane makes wouldn't bring the page in
  return slot;
}

}  // namespace

GuardedRegion::~GuardedRegion() {
  if (data_) ::munmap(data_ - kPage, size_ + 2 * kPage);
}

bool GuardedRegion::reserve(size_t bytes) {
  if (bytes <= size_) return true;
  bytes = round_up(bytes < size_ * 2 ? size_ * 2 : bytes, kPage);
  void* p = ::mmap(nullptr, bytes + 2 * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) return false;
  char* data = static_cast<char*>(p) + kPage;
  if (::mprotect(data, bytes, PROT_READ | PROT_WRITE) != 0) {
    ::munmap(p, bytes + 2 * kPage);
    return false;
  }
  if (data_) ::munmap(data_ - kPage, size_ + 2 * kPage);
  data_ = data;
  size_ = bytes;
  return true;
}

BlockStorage* BlockStorage::acquire() {
  std::lock_guard lock(mutex);
  if (BlockStorage* s = free_list) {
    free_list = s->next_;
    return s;
  }
  char* shared = new_shared_slot();
  if (!shared) return nullptr;
  auto* s = new BlockStorage;
  s->shared_ = shared;
  return s;
}

void BlockStorage::release(BlockStorage* s) {
  if (!s) return;
  if (s->local_.size() > kKeepBytes) ::madvise(s->local_.data(), s->local_.size(), MADV_DONTNEED);
  if (s->frame_.size() > kKeepBytes) ::madvise(s->frame_.data(), s->frame_.size(), MADV_DONTNEED);
  std::lock_guard lock(mutex);
  s->next_ = free_list;
  free_list = s;
}

bool BlockStorage::prepare(size_t local_bytes, size_t frame_bytes) {
  if (!local_.reserve(local_bytes) || !frame_.reserve(frame_bytes)) return false;
  state.shared = shared_;
  state.local = local_.data();
  state.frame = frame_.data();
  return true;
}

}  // namespace ppu::exec
