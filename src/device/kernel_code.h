// Machine code of a kernel: from the object cache or from the compiler library, at one of two levels.
#pragma once
#include <memory>

#include "base/result.h"
#include "exec/kernel_image.h"
#include "ptx/tree.h"

namespace ppu::device {

/// What code is made of. Keeps the tree, so that code can be made for a module that has been unloaded since.
struct KernelSource {
  KernelSource(std::shared_ptr<const ptx::Module> tree, const std::string& kernel, const uint32_t block[3],
               bool check = false, uint32_t call_stack_bytes = exec::kCallStackBytes);
  std::shared_ptr<const ptx::Module> tree;
  std::string kernel;
  uint32_t block[3];  ///< 0,0,0: any
  bool check;         ///< code that tells an exec::Checker what it does
  uint32_t call_stack_bytes;
  std::string text;  ///< of all that the kernel reaches: the cache's key
};

/// Quick code is there in a fraction of the time and slower by a factor. Narrow code is full code that runs
/// one lane after the other (src/simt/narrow.h): faster where lanes go different ways most of the time. What
/// all compute is the same.
enum class Tier : uint8_t { kQuick, kFull, kNarrow };

/// Code from the cache; null if there is none that can be used.
std::unique_ptr<exec::LoadedKernel> cached_code(const KernelSource& source, Tier tier);

/// Starts the message of an error that means CUDA_ERROR_JIT_COMPILER_NOT_FOUND.
inline constexpr char kNoCompiler[] = "the compiler library can't be loaded: ";

/// Compiles, and puts what comes out into the cache.
Result<std::unique_ptr<exec::LoadedKernel>> compile_code(const KernelSource& source, Tier tier);

}  // namespace ppu::device
