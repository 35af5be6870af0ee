// The ring buffer of link.h. One writer, one reader: each owns one of the two counters.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>

#include "base/log.h"
#include "libs/nccl/link.h"

namespace ppu::nccl {
namespace {

constexpr size_t kRoom = 512 * 1024;

/// Fresh memory, all zero, is a valid empty ring.
struct Ring {
  alignas(64) std::atomic<uint64_t> written;
  alignas(64) std::atomic<uint64_t> read;
  alignas(64) std::atomic<uint32_t> users;
  alignas(64) std::byte bytes[kRoom];
};
static_assert(std::atomic<uint64_t>::is_always_lock_free);

/// Gone, or a zombie that nobody has waited for.
bool has_ended(int pid) {
  char path[32], text[256] = "";
  std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno == ENOENT;
  const ssize_t n = ::read(file, text, sizeof text - 1);
  ::close(file);
  const char* name_end = n > 0 ? std::strrchr(text, ')') : nullptr;
  return n <= 0 || (name_end && name_end[1] && (name_end[2] == 'Z' || name_end[2] == 'X'));
}

class MemoryLink : public Link {
 public:
  MemoryLink(std::shared_ptr<Ring> ring, int peer_pid) : ring_(std::move(ring)), peer_pid_(peer_pid) {}

  size_t send_some(const std::byte* from, size_t n) override {
    // A part is published before the next is copied, so that the other side starts early.
    constexpr size_t kPart = 64 * 1024;
    const uint64_t written = ring_->written.load(std::memory_order_relaxed);
    const size_t free = kRoom - size_t(written - ring_->read.load(std::memory_order_acquire));
    const size_t at = size_t(written % kRoom), fits = std::min({n, free, kRoom - at, kPart});
    std::memcpy(ring_->bytes + at, from, fits);
    ring_->written.store(written + fits, std::memory_order_release);
    return fits;
  }
  std::span<const std::byte> arrived() override {
    const uint64_t read = ring_->read.load(std::memory_order_relaxed);
    const size_t there = size_t(ring_->written.load(std::memory_order_acquire) - read);
    const size_t at = size_t(read % kRoom);
    return {ring_->bytes + at, std::min(there, kRoom - at)};
  }
  void consume(size_t n) override { ring_->read.fetch_add(n, std::memory_order_release); }
  bool broken() override { return peer_pid_ && has_ended(peer_pid_); }

 private:
  std::shared_ptr<Ring> ring_;
  int peer_pid_;  ///< 0: this process
};

/// Rings between ranks of this process, by name, while one side has still to come for it.
std::shared_ptr<Ring> ring_of_this_process(const std::string& name) {
  static std::mutex mutex;
  static auto* waiting = new std::map<std::string, std::shared_ptr<Ring>>;
  const std::lock_guard lock(mutex);
  const auto at = waiting->find(name);
  if (at == waiting->end()) return (*waiting)[name] = std::make_shared<Ring>();
  std::shared_ptr<Ring> ring = std::move(at->second);
  waiting->erase(at);
  return ring;
}

/// Both sides may come first. The second removes the name: nothing is left behind by a program that ends
/// well.
std::shared_ptr<Ring> shared_ring(const std::string& name) {
  const int file = ::shm_open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return nullptr;
  void* memory = MAP_FAILED;
  if (::posix_fallocate(file, 0, sizeof(Ring)) == 0)
    memory = ::mmap(nullptr, sizeof(Ring), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ::close(file);
  if (memory == MAP_FAILED) return nullptr;
  auto* ring = static_cast<Ring*>(memory);
  if (ring->users.fetch_add(1) == 1) ::shm_unlink(name.c_str());
  return {ring, [](Ring* r) { ::munmap(r, sizeof(Ring)); }};
}

}  // namespace

std::unique_ptr<Link> memory_link(const std::string& name, const RankInfo& self, const RankInfo& peer,
                                  bool is_sender, ncclResult_t* result) {
  if (peer.process == self.process) return std::make_unique<MemoryLink>(ring_of_this_process(name), 0);
  std::shared_ptr<Ring> ring = shared_ring(name);
  if (!ring) {
    log("nccl", LogLevel::kError, "no %zu KiB of shared memory for %s: %s (/dev/shm full?)",
        sizeof(Ring) >> 10, name.c_str(), std::strerror(errno));
    *result = ncclSystemError;
    return nullptr;
  }
  return std::make_unique<MemoryLink>(std::move(ring), peer.pid);
}

}  // namespace ppu::nccl
