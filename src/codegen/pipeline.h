// Running LLVM passes by their textual pipeline.
#pragma once

namespace llvm {
class Module;
class TargetMachine;
}  // namespace llvm

namespace ppu::codegen {

/// Runs a textual LLVM pipeline ("function(sroa,instcombine)") over the module; aborts on a wrong text, as it
/// is ours.
void run_pipeline(llvm::Module& module, llvm::TargetMachine* target, const char* pipeline);

}  // namespace ppu::codegen
