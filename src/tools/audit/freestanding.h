// The few things the audit library needs from the outside. It is loaded into every process before anything
// else and into a namespace of its own, so it links no libc: a second copy would cost start-up time, memory
// and TLS.
#pragma once
#include <cstddef>
#include <cstdint>

namespace ppu::audit {

/// The process's initial environment; null when `name` is unset.
const char* environment(const char* name);

/// argv[0].
const char* program_name();

size_t length(const char* text);
bool equal(const char* a, const char* b);
bool starts_with(const char* text, const char* prefix);
/// The part after the last '/'.
const char* base_name(const char* path);
/// Appends to the NUL-terminated text in `buffer`; false (and unchanged) when it doesn't fit.
bool append(char* buffer, size_t capacity, const char* text);
bool append(char* buffer, size_t capacity, unsigned long number);

/// Writes one line "openppu: loader: ..." to stderr, made of up to six parts (null ends it early).
void say(const char* a, const char* b = nullptr, const char* c = nullptr, const char* d = nullptr,
         const char* e = nullptr, const char* f = nullptr);
/// PPU_LOG asks for at least `info` from channel `loader`.
bool wants_info();

bool file_exists(const char* path);

/// A whole file, mapped for reading; data null when that fails. Stays mapped until unmap_file.
struct MappedFile {
  const unsigned char* data = nullptr;
  size_t size = 0;
};
MappedFile map_file(const char* path);
void unmap_file(MappedFile file);

/// Anonymous memory at exactly `address`, readable and writable; null when something is there already.
void* map_at(uintptr_t address, size_t size);
/// mprotect(2); `protection` is PROT_*. False on failure.
bool protect(uintptr_t address, size_t size, int protection);

}  // namespace ppu::audit
