// A compiled kernel as bytes: what the compiler returns, the disk cache keeps, and the executor loads.
// No LLVM here: a warm start never loads the compiler.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "exec/kernel_abi.h"

namespace ppu::exec {

/// .local memory of a thread for the frames of functions that can't be inlined (recursion, function
/// pointers), unless CU_LIMIT_STACK_SIZE asks for more.
constexpr uint32_t kCallStackBytes = 16 << 10;

/// Everything the executor must know of a compiled kernel besides its code.
struct KernelInfo {
  std::string kernel;                ///< PTX name
  uint32_t block[3] = {0, 0, 0};     ///< blockDim it was specialised on; 0,0,0 = any
  uint32_t static_shared_bytes = 0;  ///< .shared variables; dynamic shared follows, 16-byte aligned
  uint32_t local_bytes = 0;          ///< .local bytes per thread, 16-byte multiple
  uint32_t frame_bytes = 0;          ///< BlockState::frame bytes: per block when specialised, else per warp
  bool frame_per_warp = false;
  bool may_yield = false;            ///< BlockFunction may return 1
  uint32_t registers = 0;            ///< an estimate for cudaFuncGetAttributes
  std::vector<std::string> globals;  ///< variables (and function ids) in LaunchArgs::globals order
};

/// Serialised KernelImage: magic, ABI version, checksum, KernelInfo, ELF object.
std::vector<std::byte> serialize(const KernelInfo& info, std::span<const std::byte> elf_object);

/// A loaded kernel; owns its executable pages.
class LoadedKernel {
 public:
  /// Checks magic, version, lengths and checksum before it looks at anything else, then maps the ELF
  /// relocatable object (sections, x86-64 relocations; external symbols from a fixed list: memcpy, memset,
  /// memmove, and libm names the code generator may call), W^X.
  static Result<std::unique_ptr<LoadedKernel>> load(std::span<const std::byte> image);
  ~LoadedKernel();
  const KernelInfo& info() const { return info_; }
  BlockFunction entry() const { return entry_; }

 private:
  LoadedKernel() = default;
  KernelInfo info_;
  BlockFunction entry_ = nullptr;
  void* code_ = nullptr;
  size_t code_bytes_ = 0;
};

}  // namespace ppu::exec
