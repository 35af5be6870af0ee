// PTX tree -> scalar LLVM IR of one thread, to the contract at the top of simt/simt.h. Each instruction
// becomes IR through the function its row names (OP rows: emit_*) or its row's meaning (element rows:
// row_emit.h).
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "ptx/tree.h"

namespace llvm {
class LLVMContext;
class Module;
}  // namespace llvm

namespace ppu::lower {

struct Lowered {
  std::unique_ptr<llvm::Module> module;
  uint32_t static_shared_bytes = 0;
  uint32_t registers = 0;            ///< 32-bit registers a thread would use; an estimate
  std::vector<std::string> globals;  ///< variables in LaunchArgs::globals order
};

/// Lowers `kernel` and what it may call. `block` = blockDim to specialise on, 0,0,0 = any. `count`: with the
/// ppu.count.* calls of ptx::ProfilePlan; `check`: with the ppu.check.* calls of exec/check_abi.h.
/// Errors: kBadInput if there is no such kernel; kUnsupported names an instruction and its PTX line.
Result<Lowered> lower_kernel(llvm::LLVMContext& context, const ptx::Module& module, const std::string& kernel,
                             const uint32_t block[3], bool count = false, bool check = false);

}  // namespace ppu::lower
