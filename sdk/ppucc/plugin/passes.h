// What ppucc's plugin adds to clang's pipeline, before anything is optimised, in both passes of a .cu file
// and for IR of other compilers.
#pragma once
#include <llvm/IR/PassManager.h>

namespace ppu::ppucc {

/// `__managed__` for clang, which knows it in HIP only (managed_variables.cpp).
struct ManagedVariables : llvm::PassInfoMixin<ManagedVariables> {
  llvm::PreservedAnalyses run(llvm::Module& m, llvm::ModuleAnalysisManager&);
  static bool isRequired() { return true; }
};

/// Marks what lanes may have to do together as convergent, as clang does for CUDA (convergence.cpp).
struct Convergence : llvm::PassInfoMixin<Convergence> {
  llvm::PreservedAnalyses run(llvm::Module& m, llvm::ModuleAnalysisManager&);
  static bool isRequired() { return true; }
};

}  // namespace ppu::ppucc
