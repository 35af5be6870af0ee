// Compiled kernels on disk, one file each, shared by all processes of one user. Never trusted: a file that
// isn't exactly what this user's own process wrote is ignored and replaced. No LLVM.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exec/kernel_image.h"

namespace ppu::codegen {

/// Everything a kernel's code depends on. Two requests with equal keys may share an image.
struct CacheKey {
  std::string_view ptx;  ///< ptx::print_reachable
  std::string_view kernel;
  uint32_t block[3] = {0, 0, 0};
  std::string_view cpu;       ///< cpu_key()
  std::string_view compiler;  ///< compiler_identity()
  int opt_level = 2;
  bool count = false;  ///< CompileRequest::count
  bool check = false;  ///< CompileRequest::check
  uint32_t call_stack_bytes = exec::kCallStackBytes;
};

class ObjectCache {
 public:
  /// `directory` is made if missing (mode 0700); `max_bytes` bounds it, oldest files go first.
  explicit ObjectCache(std::string directory = default_directory(), uint64_t max_bytes = uint64_t{1} << 30);

  /// The image stored under `key`; nothing if there is none that is whole, ours alone and of this key.
  std::optional<std::vector<std::byte>> find(const CacheKey& key) const;

  /// Stores an image. Failures (full disk, read-only folder) cost a recompilation later, so they are only
  /// logged, once.
  void store(const CacheKey& key, std::span<const std::byte> image) const;

  /// ${PPU_CACHE:-${XDG_CACHE_HOME:-~/.cache}}/openppu; empty (no cache) if PPU_CACHE=off or there is no
  /// home.
  static std::string default_directory();

  /// The file that `key` is kept in.
  std::string path_of(const CacheKey& key) const;

 private:
  bool open_directory(int* fd) const;
  void evict(int directory) const;

  std::string directory_;
  uint64_t max_bytes_;
};

/// Identifies one build of the compiler library: its build id, else size and time of the file.
std::string compiler_identity(const std::string& library_path);

}  // namespace ppu::codegen
