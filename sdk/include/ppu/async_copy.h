// Copies by a group of threads, behind cooperative_groups::memcpy_async and cuda::memcpy_async.
#pragma once

#ifdef __CUDA__
namespace ppu_sdk {

/// The threads of ranks 0 to count - 1 copy together. Done when it returns, which an asynchronous copy may
/// be.
static __device__ inline void copy_together(void* to, const void* from, decltype(sizeof 0) bytes,
                                            unsigned rank, unsigned count) {
  char* d = static_cast<char*>(to);
  const char* s = static_cast<const char*>(from);
  const bool words = ((unsigned long long)d | (unsigned long long)s | bytes) % 4 == 0;
  if (words)
    for (decltype(sizeof 0) i = rank * 4ul; i < bytes; i += count * 4ul)
      *reinterpret_cast<unsigned*>(d + i) = *reinterpret_cast<const unsigned*>(s + i);
  else
    for (decltype(sizeof 0) i = rank; i < bytes; i += count) d[i] = s[i];
}

}  // namespace ppu_sdk
#endif
