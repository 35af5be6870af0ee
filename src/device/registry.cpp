#include "device/registry.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "device/busy_meter.h"

namespace ppu::device {
namespace {

constexpr uint64_t kMagic = 0x3230726770757000;  // changes with the layout below

/// The file's contents, shared by mapping. Each field is written whole, so a reader needs no lock.
struct Record {
  std::atomic<uint64_t> magic;
  std::atomic<uint64_t> pid;
  std::atomic<uint64_t> start_time;  ///< of the process, in clock ticks since boot: tells reused pids apart
  char name[64];
  std::atomic<uint64_t> used[kRegistryDevices];
  std::atomic<uint64_t> open[kRegistryDevices];
  std::atomic<uint64_t> launches;
  BusyMeter busy[kRegistryDevices][kActivities];
};

uint64_t now_ns() {
  timespec t;
  ::clock_gettime(CLOCK_MONOTONIC, &t);  // the same for all processes
  return uint64_t(t.tv_sec) * 1'000'000'000 + uint64_t(t.tv_nsec);
}

std::mutex mutex;
std::atomic<Record*> own{nullptr};

/// Null when this process keeps no record.
BusyMeter* own_meter(int device, Activity activity) {
  Record* r = own.load(std::memory_order_acquire);
  return r && device >= 0 && device < kRegistryDevices ? &r->busy[device][int(activity)] : nullptr;
}

std::string directory() {
  // XDG_RUNTIME_DIR is the user's own; /dev/shm and /tmp need a name and a check of the owner.
  if (const char* run = std::getenv("XDG_RUNTIME_DIR"); run && *run == '/')
    return std::string(run) + "/openppu";
  const char* base = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  return std::string(base) + "/openppu-" + std::to_string(::getuid());
}

/// The directory, made if need be; empty if it isn't ours alone.
std::string owned_directory() {
  const std::string path = directory();
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return "";
  struct stat s;
  if (::lstat(path.c_str(), &s) != 0 || !S_ISDIR(s.st_mode) || s.st_uid != ::getuid() || (s.st_mode & 022))
    return "";
  return path;
}

/// Field 22 of /proc/PID/stat; 0 when the process is gone.
uint64_t process_start_time(pid_t pid) {
  char path[64], text[1024];
  std::snprintf(path, sizeof path, "/proc/%d/stat", int(pid));
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  const ssize_t n = ::read(fd, text, sizeof text - 1);
  ::close(fd);
  if (n <= 0) return 0;
  text[n] = 0;
  const char* p = std::strrchr(text, ')');  // the command name may hold spaces and brackets
  if (!p) return 0;
  for (int field = 2; field < 22 && p; field++) p = std::strchr(p + 1, ' ');
  return p ? std::strtoull(p + 1, nullptr, 10) : 0;
}

void read_command_name(char* to, size_t room) {
  const int fd = ::open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  const ssize_t n = ::read(fd, to, room - 1);
  ::close(fd);
  if (n > 0) to[to[n - 1] == '\n' ? n - 1 : n] = 0;
}

std::string own_path() {
  const std::string dir = owned_directory();
  return dir.empty() ? "" : dir + "/" + std::to_string(::getpid());
}

void remove_own_file() {
  if (Record* r = own.load(); r && r->pid.load() == uint64_t(::getpid())) {
    const std::string path = own_path();
    if (!path.empty()) ::unlink(path.c_str());
  }
}

Record* create_record() {
  const std::string path = own_path();
  if (path.empty()) return nullptr;
  ::unlink(path.c_str());
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return nullptr;
  if (::ftruncate(fd, sizeof(Record)) != 0) {
    ::close(fd);
    return nullptr;
  }
  void* p = ::mmap(nullptr, sizeof(Record), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ::close(fd);
  if (p == MAP_FAILED) return nullptr;
  ::madvise(p, sizeof(Record), MADV_DONTFORK);
  auto* r = static_cast<Record*>(p);
  read_command_name(r->name, sizeof r->name);
  r->pid.store(uint64_t(::getpid()));
  r->start_time.store(process_start_time(::getpid()));
  r->magic.store(kMagic);
  std::atexit(remove_own_file);
  return r;
}

/// Reads one record; false when it isn't one of a live process.
bool read_record(const std::string& path, ProcessUse* use) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return false;
  alignas(Record) char bytes[sizeof(Record)];
  const ssize_t n = ::read(fd, bytes, sizeof bytes);
  ::close(fd);
  if (n != ssize_t(sizeof bytes)) return false;
  const auto* r = reinterpret_cast<const Record*>(bytes);
  if (r->magic.load() != kMagic) return false;
  use->pid = pid_t(r->pid.load());
  const uint64_t start = process_start_time(use->pid);
  if (start == 0 || start != r->start_time.load()) return false;
  use->name.assign(r->name, ::strnlen(r->name, sizeof r->name));
  for (int d = 0; d < kRegistryDevices; d++) {
    use->used[d] = r->used[d].load();
    use->open[d] = r->open[d].load() != 0;
  }
  use->launches = r->launches.load();
  const uint64_t now = now_ns();
  for (int d = 0; d < kRegistryDevices; d++)
    for (int a = 0; a < kActivities; a++) {
      use->busy_ns[d][a] = r->busy[d][a].total(now);
      use->busy_share[d][a] = r->busy[d][a].share_of_last_second(now);
    }
  return true;
}

}  // namespace

void registry_open(int device) {
  std::lock_guard lock(mutex);
  if (!own.load()) own.store(create_record());
  if (Record* r = own.load(); r && device >= 0 && device < kRegistryDevices) r->open[device].store(1);
}

void registry_set_used(int device, uint64_t bytes) {
  if (Record* r = own.load(std::memory_order_acquire); r && device >= 0 && device < kRegistryDevices)
    r->used[device].store(bytes, std::memory_order_relaxed);
}

void registry_count_launch() {
  if (Record* r = own.load(std::memory_order_acquire)) r->launches.fetch_add(1, std::memory_order_relaxed);
}

void registry_begins(int device, Activity activity) {
  if (BusyMeter* meter = own_meter(device, activity)) meter->begin(now_ns());
}

void registry_ends(int device, Activity activity) {
  if (BusyMeter* meter = own_meter(device, activity)) meter->end(now_ns());
}

void registry_forget() {
  own.store(nullptr);
}

std::string registry_folder() {
  return owned_directory();
}

std::vector<ProcessUse> registry_read() {
  std::vector<ProcessUse> all;
  const std::string dir = owned_directory();
  DIR* d = dir.empty() ? nullptr : ::opendir(dir.c_str());
  if (!d) return all;
  while (dirent* e = ::readdir(d)) {
    if (e->d_name[0] < '0' || e->d_name[0] > '9') continue;
    const std::string path = dir + "/" + e->d_name;
    ProcessUse use;
    if (read_record(path, &use))
      all.push_back(use);
    else if (::kill(pid_t(std::atoi(e->d_name)), 0) != 0 && errno == ESRCH)
      ::unlink(path.c_str());
  }
  ::closedir(d);
  return all;
}

}  // namespace ppu::device
