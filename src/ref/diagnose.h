// After a kernel faulted: runs the faulting block once more in the interpreter, with no effect on memory, to
// say which thread touched what, and in which line of the PTX.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "ref/ref.h"

namespace ppu::ref {

struct BadAccess {
  exec::Trap kind = exec::Trap::kIllegalAddress;  ///< or kMisaligned, kTrap, ...: what stopped the block
  uint64_t address = 0;
  uint32_t bytes = 0;
  bool is_write = false;
  uint32_t thread = 0;   ///< linear in the block
  ptx::SourcePos pos;    ///< in the PTX text
  std::string function;  ///< PTX name
};

/// True if a kernel may read (or write) `bytes` at `address` in global memory.
using AddressCheck = std::function<bool(uint64_t address, uint32_t bytes, bool is_write)>;

/// Runs block `ctaid` of `launch`; its stores go to an overlay that its loads see. Shared, local and
/// parameter memory is checked here, everything else by `valid`. Nothing if the block ends well, or waits for
/// another one: the memory may have changed since.
std::optional<BadAccess> diagnose(RefKernel& kernel, const exec::LaunchArgs& launch, const uint32_t ctaid[3],
                                  const AddressCheck& valid);

/// "thread (3,0,0) wrote 4 bytes at 0x7f..., in function f, PTX line 41".
std::string describe(const BadAccess& bad, const uint32_t block[3]);

}  // namespace ppu::ref
