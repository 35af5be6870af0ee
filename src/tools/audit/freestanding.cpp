// System calls and text, without a libc. x86-64 Linux only, as is all of OpenPPU.
#include "tools/audit/freestanding.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

// The stack as the kernel set it up (argc, argv, null, environment): an export of the dynamic loader, which
// is all this library links to.
extern "C" void* __libc_stack_end;

// The compiler may call these for loops and struct copies, libc or not. In assembly, because it would find
// the loops of a plain memcpy to be one.
extern "C" {
void* memcpy(void* to, const void* from, size_t n) {
  void* end = to;
  __asm__ volatile("rep movsb" : "+D"(end), "+S"(from), "+c"(n) : : "memory");
  return to;
}
void* memset(void* to, int value, size_t n) {
  void* end = to;
  __asm__ volatile("rep stosb" : "+D"(end), "+c"(n) : "a"(value) : "memory");
  return to;
}
}

namespace ppu::audit {
namespace {

long call(long number, long a, long b = 0, long c = 0, long d = 0, long e = -1, long f = 0) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

bool failed(long result) {
  return result < 0 && result > -4096;
}

}  // namespace

const char* environment(const char* name) {
  const long* stack = static_cast<const long*>(__libc_stack_end);
  const char* const* entry = reinterpret_cast<const char* const*>(stack + 1 + stack[0] + 1);
  const size_t n = length(name);
  for (; *entry; ++entry)
    if (starts_with(*entry, name) && (*entry)[n] == '=') return *entry + n + 1;
  return nullptr;
}

const char* program_name() {
  const long* stack = static_cast<const long*>(__libc_stack_end);
  return stack[0] > 0 ? reinterpret_cast<const char*>(stack[1]) : "the program";
}

size_t length(const char* text) {
  size_t n = 0;
  while (text[n]) ++n;
  return n;
}

bool equal(const char* a, const char* b) {
  while (*a && *a == *b) ++a, ++b;
  return *a == *b;
}

bool starts_with(const char* text, const char* prefix) {
  while (*prefix)
    if (*text++ != *prefix++) return false;
  return true;
}

const char* base_name(const char* path) {
  const char* name = path;
  for (; *path; ++path)
    if (*path == '/') name = path + 1;
  return name;
}

bool append(char* buffer, size_t capacity, const char* text) {
  const size_t at = length(buffer), n = length(text);
  if (at + n + 1 > capacity) return false;
  memcpy(buffer + at, text, n + 1);
  return true;
}

bool append(char* buffer, size_t capacity, unsigned long number) {
  char digits[24] = {};
  char* first = digits + sizeof digits - 1;
  do *--first = char('0' + number % 10);
  while (number /= 10);
  return append(buffer, capacity, first);
}

void say(const char* a, const char* b, const char* c, const char* d, const char* e, const char* f) {
  char line[1024] = "openppu: loader: ";
  const size_t room = sizeof line - 1;  // the newline always fits
  const char* const parts[] = {a, b, c, d, e, f};
  for (const char* part : parts) {
    if (!part) break;
    append(line, room, part);
  }
  append(line, sizeof line, "\n");
  call(SYS_write, 2, reinterpret_cast<long>(line), long(length(line)));
}

bool wants_info() {
  const char* rest = environment("PPU_LOG");
  bool wanted = false;
  while (rest && *rest) {
    const char* level = rest;
    const bool ours = starts_with(rest, "loader=");
    if (ours) level = rest + 7;
    const bool detailed = starts_with(level, "info") || starts_with(level, "debug");
    if (ours) return detailed;
    wanted |= detailed;
    while (*rest && *rest != ',') ++rest;
    if (*rest) ++rest;
  }
  return wanted;
}

bool file_exists(const char* path) {
  return call(SYS_access, reinterpret_cast<long>(path), 4 /* R_OK */) == 0;
}

MappedFile map_file(const char* path) {
  const long fd = call(SYS_openat, AT_FDCWD, reinterpret_cast<long>(path), O_RDONLY | O_CLOEXEC);
  if (failed(fd)) return {};
  struct stat info;
  MappedFile file;
  if (call(SYS_fstat, fd, reinterpret_cast<long>(&info)) == 0 && S_ISREG(info.st_mode) && info.st_size > 0) {
    const long map = call(SYS_mmap, 0, info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (!failed(map)) file = {reinterpret_cast<const unsigned char*>(map), size_t(info.st_size)};
  }
  call(SYS_close, fd);
  return file;
}

void unmap_file(MappedFile file) {
  if (file.data) call(SYS_munmap, reinterpret_cast<long>(file.data), long(file.size));
}

void* map_at(uintptr_t address, size_t size) {
  const long map = call(SYS_mmap, long(address), long(size), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (failed(map)) return nullptr;
  if (uintptr_t(map) == address) return reinterpret_cast<void*>(map);
  call(SYS_munmap, map, long(size));  // a kernel before 4.17 took the address as a hint
  return nullptr;
}

bool protect(uintptr_t address, size_t size, int protection) {
  return !failed(call(SYS_mprotect, long(address), long(size), protection));
}

}  // namespace ppu::audit
