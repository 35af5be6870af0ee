// Scalar passes between src/lower and src/simt: one thread's IR in SSA form, cleaned, loops in the shape that
// src/simt expects (reducible, loop-simplify + LCSSA, one return, no switch).
#pragma once
#include <cstdint>
#include <string>
#include "exec/kernel_image.h"

namespace llvm {
class Module;
class TargetMachine;
}  // namespace llvm

namespace ppu::codegen {

/// Returns the bytes of .local memory a thread needs.
uint32_t prepare(llvm::Module& module, llvm::TargetMachine& target, const std::string& kernel,
                 uint32_t call_stack_bytes = exec::kCallStackBytes);

}  // namespace ppu::codegen
