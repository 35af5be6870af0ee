// Wrong code that LLVM 19 makes of right IR, and slow code that a small change spares, kept away by changing
// the IR just before code generation. Each wrong one has a kernel in tests/fuzz/found/; with another LLVM,
// try without.
#pragma once

namespace llvm {
class Module;
}

namespace ppu::codegen {

void avoid_llvm_faults(llvm::Module& module);

}  // namespace ppu::codegen
