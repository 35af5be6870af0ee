#include "tools/audit/device_files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "tools/audit/freestanding.h"
#include "tools/audit/redirect.h"

namespace ppu::audit {
namespace {

using ErrnoLocation = int* (*)();
ErrnoLocation errno_location = nullptr;  // of the program's libc

/// The device files of NVIDIA's driver on Linux; all devices have the first.
bool is_device_file(const char* path) {
  return path && (equal(path, "/dev/nvidia0") || equal(path, "/dev/nvidiactl"));
}

long system_call(long number, long a, long b, long c, long d) {
  register long r10 __asm__("r10") = d;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                   : "rcx", "r11", "memory");
  return result;
}

int as_libc(long result) {
  if (result >= 0) return static_cast<int>(result);
  if (errno_location) *errno_location() = static_cast<int>(-result);
  return -1;
}

/// stat() of glibc for x86-64, whose struct stat is the kernel's.
int stat_file(const char* path, struct stat* out) {
  const auto ask = [&](const char* p) {
    return system_call(SYS_newfstatat, AT_FDCWD, reinterpret_cast<long>(p), reinterpret_cast<long>(out), 0);
  };
  long result = ask(path);
  if (result == -ENOENT && is_device_file(path)) result = ask("/dev/null");
  return as_libc(result);
}

int access_file(const char* path, int mode) {
  const auto ask = [&](const char* p) {
    return system_call(SYS_faccessat, AT_FDCWD, reinterpret_cast<long>(p), mode, 0);
  };
  long result = ask(path);
  if (result == -ENOENT && is_device_file(path)) result = ask("/dev/null");
  return as_libc(result);
}

/// movabs r11, target; jmp r11
constexpr size_t kJumpSize = 13;
void write_jump(unsigned char* code, void* target) {
  code[0] = 0x49, code[1] = 0xBB;
  __builtin_memcpy(code + 2, &target, 8);
  code[10] = 0x41, code[11] = 0xFF, code[12] = 0xE3;
}

void replace(const struct link_map* libc, const char* name, void* replacement) {
  constexpr uintptr_t kPage = 4096;
  size_t size = 0;
  const auto function = reinterpret_cast<uintptr_t>(symbol_in(libc, name, &size));
  if (!function || size < kJumpSize) return;
  const uintptr_t begin = function & ~(kPage - 1), end = (function + kJumpSize + kPage - 1) & ~(kPage - 1);
  if (protect(begin, end - begin, PROT_READ | PROT_WRITE))
    write_jump(reinterpret_cast<unsigned char*>(function), replacement);
  protect(begin, end - begin, PROT_READ | PROT_EXEC);
}

}  // namespace

void show_device_files(const struct link_map* libc) {
  if (file_exists("/dev/nvidiactl")) return;
  errno_location = reinterpret_cast<ErrnoLocation>(symbol_in(libc, "__errno_location"));
  if (!errno_location) return;
  replace(libc, "stat", reinterpret_cast<void*>(&stat_file));
  replace(libc, "stat64", reinterpret_cast<void*>(&stat_file));
  replace(libc, "access", reinterpret_cast<void*>(&access_file));
}

}  // namespace ppu::audit
