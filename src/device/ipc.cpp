#include "device/ipc.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>

#include "base/log.h"
#include "device/address_space.h"
#include "device/context.h"

namespace ppu::device {
namespace {

constexpr uint64_t kMemoryMagic = 0x6d656d2d75707031, kEventMagic = 0x7665652d75707031,
                   kPoolMagic = 0x6c6f6f702d757031;

/// What the 64 bytes of a handle hold.
struct HandleText {
  uint64_t magic;
  uint32_t pid, fd;
  uint64_t id;     ///< of the allocation: the same memory has the same id
  uint64_t inode;  ///< of the memfd: a reused descriptor number is noticed
  uint64_t pages, offset, bytes;
};
static_assert(sizeof(HandleText) <= CU_IPC_HANDLE_SIZE);

uint64_t inode_of(int fd) {
  struct stat s;
  return ::fstat(fd, &s) == 0 ? s.st_ino : 0;
}

/// Another process's file; -1 when it or the file is gone, or isn't ours to open.
int open_remote(const HandleText& h) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%u/fd/%u", h.pid, h.fd);
  const int fd = ::open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return -1;
  if (inode_of(fd) == h.inode) return fd;
  ::close(fd);
  return -1;
}

struct Import {
  uint64_t address;
  unsigned references;
};
std::mutex imports_mutex;
std::map<std::pair<uint32_t, uint64_t>, Import>& imports() {
  static auto* map = new std::map<std::pair<uint32_t, uint64_t>, Import>;
  return *map;
}

}  // namespace

CUresult export_memory(uint64_t address, CUipcMemHandle* handle) {
  Allocation a;
  const CUresult result = AddressSpace::instance().share(address, &a);
  if (result != CUDA_SUCCESS) return result;
  HandleText h = {};
  h.magic = kMemoryMagic;
  h.pid = uint32_t(::getpid());
  h.fd = uint32_t(a.fd);
  h.id = a.id;
  h.inode = inode_of(a.fd);
  h.pages = a.page_bytes();
  h.offset = a.address - a.mapped;
  h.bytes = a.bytes;
  *handle = {};
  std::memcpy(handle->reserved, &h, sizeof h);
  return CUDA_SUCCESS;
}

CUresult import_memory(Context& context, const CUipcMemHandle& handle, uint64_t* address) {
  HandleText h;
  std::memcpy(&h, handle.reserved, sizeof h);
  if (h.magic != kMemoryMagic || h.offset >= h.pages || h.bytes > h.pages - h.offset)
    return CUDA_ERROR_INVALID_VALUE;
  if (h.pid == uint32_t(::getpid())) return CUDA_ERROR_INVALID_CONTEXT;
  std::lock_guard lock(imports_mutex);
  const auto known = imports().find({h.pid, h.id});
  if (known != imports().end() && AddressSpace::instance().find(known->second.address)) {
    known->second.references++;
    *address = known->second.address;
    return CUDA_SUCCESS;
  }
  const int fd = open_remote(h);
  struct stat s;
  if (fd < 0) return CUDA_ERROR_MAP_FAILED;
  if (::fstat(fd, &s) != 0 || uint64_t(s.st_size) != h.pages) {
    ::close(fd);
    return CUDA_ERROR_INVALID_VALUE;
  }
  const CUresult result = AddressSpace::instance().map_shared(context.device().ordinal, context.id(), fd,
                                                              h.pages, h.offset, h.bytes, address);
  if (result == CUDA_SUCCESS)
    imports()[{h.pid, h.id}] = {*address, 1};
  else
    ::close(fd);
  return result;
}

CUresult close_memory(uint64_t address) {
  std::lock_guard lock(imports_mutex);
  for (auto it = imports().begin(); it != imports().end(); ++it) {
    if (it->second.address != address) continue;
    if (--it->second.references > 0) return CUDA_SUCCESS;
    imports().erase(it);
    return AddressSpace::instance().release(address, false);
  }
  return CUDA_ERROR_INVALID_VALUE;
}

int describe_pool(int device) {
  const int fd = ::memfd_create("openppu-pool", MFD_CLOEXEC);
  HandleText h = {};
  h.magic = kPoolMagic;
  h.fd = uint32_t(device);
  if (fd >= 0 && ::pwrite(fd, &h, sizeof h, 0) == ssize_t(sizeof h)) return fd;
  if (fd >= 0) ::close(fd);
  return -1;
}

CUresult read_pool(int fd, int* device) {
  HandleText h = {};
  if (::pread(fd, &h, sizeof h, 0) != ssize_t(sizeof h) || h.magic != kPoolMagic)
    return CUDA_ERROR_INVALID_VALUE;
  if (int(h.fd) >= device_count()) return CUDA_ERROR_INVALID_DEVICE;
  *device = int(h.fd);
  return CUDA_SUCCESS;
}

SharedEvent* create_shared_event(int* fd) {
  *fd = ::memfd_create("openppu-event", MFD_CLOEXEC);
  if (*fd < 0) return nullptr;
  void* p = MAP_FAILED;
  if (::ftruncate(*fd, sizeof(SharedEvent)) == 0)
    p = ::mmap(nullptr, sizeof(SharedEvent), PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
  if (p != MAP_FAILED) return static_cast<SharedEvent*>(p);
  ::close(*fd);
  return nullptr;
}

void describe_shared_event(int fd, CUipcEventHandle* handle) {
  HandleText h = {};
  h.magic = kEventMagic;
  h.pid = uint32_t(::getpid());
  h.fd = uint32_t(fd);
  h.inode = inode_of(fd);
  *handle = {};
  std::memcpy(handle->reserved, &h, sizeof h);
}

SharedEvent* open_shared_event(const CUipcEventHandle& handle, int* fd) {
  HandleText h;
  std::memcpy(&h, handle.reserved, sizeof h);
  if (h.magic != kEventMagic) return nullptr;
  *fd = open_remote(h);
  if (*fd < 0) return nullptr;
  void* p = ::mmap(nullptr, sizeof(SharedEvent), PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
  if (p != MAP_FAILED) return static_cast<SharedEvent*>(p);
  ::close(*fd);
  return nullptr;
}

}  // namespace ppu::device
