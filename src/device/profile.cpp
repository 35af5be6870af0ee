// See profile.h. One lock, one mapping; a record is a few hundred bytes at most. A forked child starts a file
// of its own.
#include "device/profile.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <unordered_map>

#include "base/call_trace.h"
#include "base/log.h"
#include "device/device.h"
#include "device/operation.h"

namespace ppu::device::profile {
namespace {

std::string folder_from_environment() {
  const char* env = std::getenv("PPU_PROFILE");
  return env ? env : "";
}

const std::string& folder() {
  static const auto* text = new std::string(folder_from_environment());
  return *text;
}

thread_local uint32_t own_thread = 0;

class File {
 public:
  static File& instance() {
    static File* file = make();
    return *file;
  }

  /// Number of a name; the record that says so is written at the first use.
  uint32_t name(const char* text) {
    std::lock_guard lock(mutex_);
    return number_of(text);
  }

  /// A call; `name` is a literal, so its address stands for it from the second time on.
  void write_call(const char* name, Call call) {
    std::lock_guard lock(mutex_);
    const auto [at, fresh] = literals_.emplace(name, 0);
    if (fresh) at->second = number_of(name);
    call.name = at->second;
    put(kCall, &call.head, sizeof call);
  }

  uint32_t counters(const exec::Counters& c) {
    std::lock_guard lock(mutex_);
    uint64_t hash = 14695981039346656037u;
    const auto* words = reinterpret_cast<const uint64_t*>(&c);
    for (size_t i = 0; i < sizeof c / 8; i++) hash = (hash ^ words[i]) * 1099511628211u;
    const auto [at, fresh] = counters_.emplace(hash, uint32_t(counters_.size()));
    if (fresh) {
      CounterSet set = {{}, at->second, 0, c};
      put(kCounters, &set.head, sizeof set);
    }
    return at->second;
  }

  void write(Kind kind, Head* head, size_t bytes) {
    std::lock_guard lock(mutex_);
    put(kind, head, bytes);
  }

 private:
  static File* make() {
    auto* file = new File;
    ::pthread_atfork([] { instance().mutex_.lock(); }, [] { instance().mutex_.unlock(); },
                     [] { instance().start_over(); });
    return file;
  }

  /// In the child of a fork: the parent's file stays as it is.
  void start_over() {
    if (chunk_) ::munmap(chunk_, kChunkBytes);
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
    chunk_ = nullptr;
    chunks_ = used_ = 0;
    names_.clear();
    literals_.clear();
    counters_.clear();
    failed_ = false;
    own_thread = 0;
    new (&mutex_) std::mutex;
  }

  uint32_t number_of(const char* text) {
    const auto [at, fresh] = names_.emplace(text, uint32_t(names_.size()));
    if (fresh) write_name(at->first, at->second);
    return at->second;
  }

  void write_name(const std::string& text, uint32_t number) {
    char buffer[sizeof(Name) + 1024] = {};
    auto* record = reinterpret_cast<Name*>(buffer);
    record->number = number;
    record->length = uint32_t(std::min<size_t>(text.size(), 1024));
    std::memcpy(buffer + sizeof(Name), text.data(), record->length);
    put(kName, &record->head, (sizeof(Name) + record->length + 7) / 8 * 8);
  }

  void put(Kind kind, Head* head, size_t bytes) {
    if (failed_ || (!chunk_ && !open())) return;
    if (used_ + bytes > kChunkBytes && !next_chunk()) return;
    head->bytes = uint32_t(bytes);
    head->kind = kEnd;
    char* at = chunk_ + used_;
    std::memcpy(at, head, bytes);
    used_ += bytes;
    // Last: a reader never sees half a record.
    std::atomic_ref<uint32_t>(reinterpret_cast<Head*>(at)->kind).store(kind, std::memory_order_release);
  }

  bool open() {
    const std::string path =
        folder() + "/" + std::to_string(::getpid()) + "-" + std::to_string(monotonic_ns()) + ".prof";
    fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd_ < 0 || !next_chunk()) return fail(path);
    Process p = {};
    std::memcpy(p.magic, kMagic, sizeof kMagic);
    p.counter_bytes = sizeof(exec::Counters);
    p.pid = uint32_t(::getpid());
    p.parent = uint32_t(::getppid());
    p.devices = uint32_t(device_count());
    p.start_ns = monotonic_ns();
    std::strncpy(p.chip, chip::current().id, sizeof p.chip - 1);
    if (::readlink("/proc/self/exe", p.program, sizeof p.program - 1) < 0) p.program[0] = 0;
    put(kProcess, &p.head, sizeof p);
    return true;
  }

  bool next_chunk() {
    if (chunk_) ::munmap(chunk_, kChunkBytes);
    chunk_ = nullptr;
    used_ = 0;
    const off_t offset = off_t(chunks_ * kChunkBytes);
    // Blocks are reserved now: running out of disk later would be a SIGBUS.
    if (::posix_fallocate(fd_, offset, kChunkBytes) != 0) return fail("the profile");
    void* p = ::mmap(nullptr, kChunkBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, offset);
    if (p == MAP_FAILED) return fail("the profile");
    chunk_ = static_cast<char*>(p);
    chunks_++;
    return true;
  }

  bool fail(const std::string& what) {
    failed_ = true;
    log("prof", LogLevel::kError, "%s can't be written: %s; this process is not recorded from here on",
        what.c_str(), std::strerror(errno));
    return false;
  }

  std::mutex mutex_;
  int fd_ = -1;
  char* chunk_ = nullptr;
  size_t chunks_ = 0, used_ = 0;
  bool failed_ = false;
  std::unordered_map<std::string, uint32_t> names_;
  std::unordered_map<const char*, uint32_t> literals_;
  std::unordered_map<uint64_t, uint32_t> counters_;  ///< by hash
};

void record_call(const char* name, uint64_t begin_ns, int result, bool is_runtime) {
  File::instance().write_call(
      name, {{}, 0, thread_number(), begin_ns, monotonic_ns(), result, uint32_t(is_runtime)});
}

/// Before anything else of the library runs: from now on entry points report their calls.
__attribute__((constructor)) void observe_calls() {
  if (recording()) call_observer = record_call;
}

}  // namespace

uint32_t thread_number() {
  if (!own_thread) own_thread = uint32_t(::gettid());
  return own_thread;
}

bool recording() {
  static const bool on = !folder().empty();
  return on;
}

bool chip_time() {
  static const bool on = [] {
    const char* env = std::getenv("PPU_TIME");
    return env && std::strcmp(env, "chip") == 0;
  }();
  return on;
}

bool exact() {
  static const bool on = [] {
    const char* env = std::getenv("PPU_PROFILE_EXACT");
    return env && std::strcmp(env, "0") != 0;
  }();
  return on;
}

void record_kernel(const Span& span, const std::string& name, const chip::KernelRun& run,
                   const uint32_t grid[3], const uint32_t block[3], bool interpreted) {
  Kernel k = {};
  k.span = span;
  k.name = File::instance().name(name.c_str());
  k.counters = File::instance().counters(run.counters);
  std::memcpy(k.grid, grid, sizeof k.grid);
  std::memcpy(k.block, block, sizeof k.block);
  k.shared_bytes = run.shared_bytes;
  k.interpreted = interpreted;
  k.footprint_bytes = run.footprint_bytes;
  File::instance().write(kKernel, &k.head, sizeof k);
}

void record_copy(const Span& span, chip::CopyKind kind, uint64_t bytes) {
  Copy copy = {{}, span, uint32_t(kind), 0, bytes};
  File::instance().write(kCopy, &copy.head, sizeof copy);
}

void record_range(const char* name, uint64_t begin_ns, uint64_t end_ns) {
  if (!recording()) return;
  Range range = {{}, File::instance().name(name), thread_number(), begin_ns, end_ns};
  File::instance().write(kRange, &range.head, sizeof range);
}

}  // namespace ppu::device::profile
