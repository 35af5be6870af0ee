// LLVM passes over the widened module: dissolves the stack slots that widening leaves, then ordinary
// clean-up.
#pragma once

namespace llvm {
class Module;
class TargetMachine;
}  // namespace llvm

namespace ppu::codegen {

/// Runs the pipeline of `opt_level` (0 quick, 2 full). Never vectorises: the code is wide already.
void optimise(llvm::Module& module, llvm::TargetMachine& target, int opt_level);

}  // namespace ppu::codegen
