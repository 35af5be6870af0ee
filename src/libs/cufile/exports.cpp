// libcufile.so.0: files read into device memory and written from it, by pread and pwrite, since device memory
// is host memory. Batches and stream-ordered calls are not written.
#include <cuda.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "libs/shell/handles.h"
#include "libs/shell/stream_work.h"

// cuFile API reference: CUfileOpError and the pair that functions return.
enum CUfileOpError : int {
  CU_FILE_SUCCESS = 0,
  CU_FILE_PLATFORM_NOT_SUPPORTED = 5007,
  CU_FILE_INVALID_VALUE = 5022,
  CU_FILE_HANDLE_NOT_REGISTERED = 5018,
  CU_FILE_INTERNAL_ERROR = 5030
};
struct CUfileError_t {
  CUfileOpError err;
  CUresult cu_err;
};
struct CUfileDescr_t {
  int type;  ///< 1: a file descriptor of this system
  union {
    int fd;
    void* handle;
  } handle;
  const void* operations;
};
using CUfileHandle_t = void*;

#define PPU_ROWS "libs/cufile/api.inc"
#define PPU_LIBRARY cufile
#define PPU_STATUS CUfileError_t
#define PPU_NOT_WRITTEN (CUfileError_t{CU_FILE_PLATFORM_NOT_SUPPORTED, CUDA_SUCCESS})
#define PPU_NOT_WRITTEN_TEXT "CU_FILE_PLATFORM_NOT_SUPPORTED"
#define PPU_FAULT (CUfileError_t{CU_FILE_INTERNAL_ERROR, CUDA_SUCCESS})
#include "libs/shell/exports.inc"

namespace ppu::cufile {
namespace {

constexpr CUfileError_t kDone = {CU_FILE_SUCCESS, CUDA_SUCCESS};
constexpr CUfileError_t kBad = {CU_FILE_INVALID_VALUE, CUDA_SUCCESS};
std::atomic<long> users{0};

struct File {
  int fd;
};
auto& files = shell::handles<File, CUfileHandle_t>();

/// -1 with errno: the system said no; else minus a CUfileOpError (cuFile API reference, cuFileRead).
template <class Move>
ssize_t transfer(CUfileHandle_t handle, const void* memory, size_t bytes, off_t memory_offset, Move&& move) {
  const File* file = files.find(handle);
  if (!file) return -CU_FILE_HANDLE_NOT_REGISTERED;
  if (!shell::reachable("cufile", static_cast<const char*>(memory) + memory_offset, bytes))
    return -CU_FILE_INVALID_VALUE;
  size_t done = 0;
  while (done < bytes) {
    const ssize_t n = move(file->fd, done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return done ? ssize_t(done) : -1;
    if (n == 0) break;
    done += size_t(n);
  }
  return ssize_t(done);
}

}  // namespace

CUfileError_t cuFileDriverOpen() {
  ++users;
  return kDone;
}
CUfileError_t cuFileDriverClose() {
  if (users > 0) --users;
  return kDone;
}
CUfileError_t cuFileDriverClose_v2() {
  return cufile::cuFileDriverClose();
}
long cuFileUseCount() {
  return users;
}
CUfileError_t cuFileGetVersion(int* version) {
  if (!version) return kBad;
  *version = 1150;  // 1.15
  return kDone;
}

CUfileError_t cuFileHandleRegister(CUfileHandle_t* handle, CUfileDescr_t* description) {
  constexpr int kOpaqueFd = 1;
  if (!handle || !description || description->type != kOpaqueFd || description->handle.fd < 0) return kBad;
  *handle = files.make(File{description->handle.fd});
  return kDone;
}
void cuFileHandleDeregister(CUfileHandle_t handle) {
  files.destroy(handle);
}
CUfileError_t cuFileBufRegister(const void* memory, size_t bytes, int) {
  return shell::reachable("cufile", memory, bytes) ? kDone : kBad;
}
CUfileError_t cuFileBufDeregister(const void* memory) {
  return memory ? kDone : kBad;
}

ssize_t cuFileRead(CUfileHandle_t handle, void* memory, size_t bytes, off_t file_offset,
                   off_t memory_offset) {
  return transfer(handle, memory, bytes, memory_offset, [&](int fd, size_t done) {
    return ::pread(fd, static_cast<char*>(memory) + memory_offset + done, bytes - done,
                   file_offset + off_t(done));
  });
}
ssize_t cuFileWrite(CUfileHandle_t handle, const void* memory, size_t bytes, off_t file_offset,
                    off_t memory_offset) {
  return transfer(handle, memory, bytes, memory_offset, [&](int fd, size_t done) {
    return ::pwrite(fd, static_cast<const char*>(memory) + memory_offset + done, bytes - done,
                    file_offset + off_t(done));
  });
}

}  // namespace ppu::cufile
