// See object_cache.h. A file is Header, then the image. Writers make a temporary file and rename it, so
// readers and other writers never see a half-written one and nobody needs a lock; a process killed in between
// leaves a temporary file, which eviction removes.
#include "codegen/object_cache.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/log.h"
#include "exec/checksum.h"

namespace ppu::codegen {
namespace {

constexpr char kMagic[8] = {'O', 'P', 'P', 'U', 'O', 'B', 'J', '1'};
constexpr uint64_t kMaxFile = uint64_t{1} << 30;
constexpr time_t kStaleSeconds = 3600;  // a temporary file this old has lost its process
constexpr int kEvictEvery = 32;         // stores between two looks at the folder's size

struct Header {
  char magic[8];
  uint64_t key[2];
  uint64_t image_bytes;
  uint64_t checksum;  ///< of the image
};

struct Hash {
  uint64_t word[2];
};

Hash hash_of(const CacheKey& key) {
  std::string text;
  for (std::string_view part : {key.kernel, key.cpu, key.compiler, key.ptx}) {
    text += std::to_string(part.size()) + ":";
    text += part;
  }
  for (uint32_t b : key.block) text += "," + std::to_string(b);
  text += ";" + std::to_string(key.opt_level);
  if (key.count) text += ";count";
  if (key.check) text += ";check";
  if (key.call_stack_bytes != exec::kCallStackBytes) text += ";stack" + std::to_string(key.call_stack_bytes);
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  return {{exec::checksum(bytes, 0), exec::checksum(bytes, 0x6f70656e70707521)}};
}

std::string file_name(const Hash& hash) {
  char name[48];
  std::snprintf(name, sizeof name, "%016llx%016llx.ppu", (unsigned long long)hash.word[0],
                (unsigned long long)hash.word[1]);
  return name;
}

/// Closes a descriptor at the end of a scope.
struct Descriptor {
  int fd = -1;
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
};

/// Owned by this user, writable by nobody else, and of the wanted kind.
bool is_ours(const struct stat& s, mode_t kind) {
  return (s.st_mode & S_IFMT) == kind && s.st_uid == geteuid() && !(s.st_mode & (S_IWGRP | S_IWOTH));
}

bool read_all(int fd, void* to, size_t bytes) {
  char* p = static_cast<char*>(to);
  while (bytes) {
    const ssize_t n = read(fd, p, bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    p += n;
    bytes -= size_t(n);
  }
  return true;
}

bool write_all(int fd, const void* from, size_t bytes) {
  const char* p = static_cast<const char*>(from);
  while (bytes) {
    const ssize_t n = write(fd, p, bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    p += n;
    bytes -= size_t(n);
  }
  return true;
}

void make_directories(const std::string& path) {
  for (size_t at = path.find('/', 1); at != path.npos; at = path.find('/', at + 1))
    mkdir(path.substr(0, at).c_str(), 0700);
  mkdir(path.c_str(), 0700);
}

void no_cache(const std::string& directory, const char* why) {
  static std::atomic<bool> said{false};
  if (!said.exchange(true)) log("jit", LogLevel::kInfo, "no object cache in %s: %s", directory.c_str(), why);
}

}  // namespace

ObjectCache::ObjectCache(std::string directory, uint64_t max_bytes)
    : directory_(std::move(directory)), max_bytes_(max_bytes) {}

std::string ObjectCache::default_directory() {
  const char* own = std::getenv("PPU_CACHE");
  if (own && !std::strcmp(own, "off")) return {};
  if (own && *own) return std::string(own) + "/openppu";
  const char* xdg = std::getenv("XDG_CACHE_HOME");
  if (xdg && *xdg == '/') return std::string(xdg) + "/openppu";
  const char* home = std::getenv("HOME");
  if (home && *home == '/') return std::string(home) + "/.cache/openppu";
  return {};
}

std::string ObjectCache::path_of(const CacheKey& key) const {
  return directory_ + "/" + file_name(hash_of(key));
}

bool ObjectCache::open_directory(int* fd) const {
  if (directory_.empty()) return false;
  *fd = open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (*fd < 0) return false;
  struct stat s;
  if (fstat(*fd, &s) || !is_ours(s, S_IFDIR)) {
    no_cache(directory_, "the folder belongs to, or is writable by, somebody else");
    return false;
  }
  return true;
}

std::optional<std::vector<std::byte>> ObjectCache::find(const CacheKey& key) const {
  Descriptor directory, file;
  if (!open_directory(&directory.fd)) return std::nullopt;
  const Hash hash = hash_of(key);
  // O_NONBLOCK: a FIFO of that name must not hang the program; is_ours() then refuses it.
  file.fd = openat(directory.fd, file_name(hash).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (file.fd < 0) return std::nullopt;
  struct stat s;
  Header header;
  if (fstat(file.fd, &s) || !is_ours(s, S_IFREG) || uint64_t(s.st_size) < sizeof header ||
      uint64_t(s.st_size) > kMaxFile || !read_all(file.fd, &header, sizeof header))
    return std::nullopt;
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) ||
      std::memcmp(header.key, hash.word, sizeof hash.word) ||
      header.image_bytes != uint64_t(s.st_size) - sizeof header)
    return std::nullopt;
  std::vector<std::byte> image(header.image_bytes);
  if (!read_all(file.fd, image.data(), image.size()) || exec::checksum(image) != header.checksum)
    return std::nullopt;
  futimens(file.fd, nullptr);  // "used now": eviction takes the oldest
  return image;
}

void ObjectCache::store(const CacheKey& key, std::span<const std::byte> image) const {
  if (directory_.empty() || image.size() + sizeof(Header) > kMaxFile) return;
  make_directories(directory_);
  Descriptor directory;
  if (!open_directory(&directory.fd)) return no_cache(directory_, "cannot open the folder");
  static std::atomic<uint64_t> serial{0};
  const Hash hash = hash_of(key);
  const std::string name = file_name(hash);
  const std::string temporary =
      name + "." + std::to_string(getpid()) + "." + std::to_string(serial++) + ".tmp";
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  std::memcpy(header.key, hash.word, sizeof hash.word);
  header.image_bytes = image.size();
  header.checksum = exec::checksum(image);
  bool written = false;
  {
    Descriptor file;
    file.fd =
        openat(directory.fd, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file.fd < 0) return no_cache(directory_, std::strerror(errno));
    written = write_all(file.fd, &header, sizeof header) && write_all(file.fd, image.data(), image.size());
  }
  if (!written || renameat(directory.fd, temporary.c_str(), directory.fd, name.c_str())) {
    no_cache(directory_, std::strerror(errno));
    unlinkat(directory.fd, temporary.c_str(), 0);
    return;
  }
  static std::atomic<int> stores{0};
  if (stores++ % kEvictEvery == 0) evict(directory.fd);
}

void ObjectCache::evict(int directory) const {
  struct Entry {
    std::string name;
    uint64_t bytes;
    timespec used;
  };
  const int copy = dup(directory);
  DIR* list = copy < 0 ? nullptr : fdopendir(copy);
  if (!list) {
    if (copy >= 0) close(copy);
    return;
  }
  rewinddir(list);
  std::vector<Entry> entries;
  uint64_t total = 0;
  const time_t now = time(nullptr);
  while (const dirent* d = readdir(list)) {
    const std::string name = d->d_name;
    struct stat s;
    if (!(name.ends_with(".ppu") || name.ends_with(".tmp"))) continue;  // not ours to remove
    if (fstatat(directory, d->d_name, &s, AT_SYMLINK_NOFOLLOW) || !S_ISREG(s.st_mode)) continue;
    if (name.ends_with(".tmp") && now - s.st_mtim.tv_sec > kStaleSeconds) {
      unlinkat(directory, d->d_name, 0);
      continue;
    }
    entries.push_back({name, uint64_t(s.st_size), s.st_mtim});
    total += uint64_t(s.st_size);
  }
  closedir(list);
  if (total <= max_bytes_) return;
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.used.tv_sec, a.used.tv_nsec) < std::pair(b.used.tv_sec, b.used.tv_nsec);
  });
  // Down to three quarters, so that the next store doesn't have to do it again.
  for (const Entry& e : entries) {
    if (total <= max_bytes_ / 4 * 3) break;
    if (!unlinkat(directory, e.name.c_str(), 0)) total -= e.bytes;
  }
}

namespace {

/// The GNU build id of an ELF file, as hexadecimal; empty if it has none.
std::string build_id(int fd) {
  Elf64_Ehdr e;
  if (pread(fd, &e, sizeof e, 0) != sizeof e || std::memcmp(e.e_ident, ELFMAG, SELFMAG)) return {};
  for (int i = 0; i < e.e_phnum; i++) {
    Elf64_Phdr p;
    if (pread(fd, &p, sizeof p, off_t(e.e_phoff + uint64_t(i) * sizeof p)) != sizeof p) return {};
    if (p.p_type != PT_NOTE || p.p_filesz > 4096) continue;
    std::vector<unsigned char> notes(p.p_filesz);
    if (pread(fd, notes.data(), notes.size(), off_t(p.p_offset)) != ssize_t(notes.size())) return {};
    for (size_t at = 0; at + sizeof(Elf64_Nhdr) <= notes.size();) {
      Elf64_Nhdr note;
      std::memcpy(&note, notes.data() + at, sizeof note);
      const size_t data = at + sizeof note + ((note.n_namesz + 3) & ~size_t{3});
      const size_t end = data + note.n_descsz;
      if (data > notes.size() || end > notes.size()) break;
      if (note.n_type == NT_GNU_BUILD_ID) {
        std::string text;
        for (size_t k = data; k < end; k++) {
          char byte[3];
          std::snprintf(byte, sizeof byte, "%02x", notes[k]);
          text += byte;
        }
        return text;
      }
      at = (end + 3) & ~size_t{3};
    }
  }
  return {};
}

}  // namespace

std::string compiler_identity(const std::string& library_path) {
  Descriptor file;
  file.fd = open(library_path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat s;
  if (file.fd < 0 || fstat(file.fd, &s)) return "missing";
  const std::string id = build_id(file.fd);
  if (!id.empty()) return id;
  return std::to_string(s.st_size) + "." + std::to_string(s.st_mtim.tv_sec) + "." +
         std::to_string(s.st_mtim.tv_nsec);
}

}  // namespace ppu::codegen
