// Device code that comes as IR (numba's NVVM IR) doesn't say which calls depend on the lanes that make them
// together: numba marks none, and its tests show that NVVM merges none. Without the mark LLVM makes one of
// two branches that ask for activemask, vote or wait at a barrier in inline assembly. What doesn't need it
// loses it again (FunctionAttrs).
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/InstrTypes.h>
#include <llvm/IR/Module.h>
#include <llvm/TargetParser/Triple.h>

#include "passes.h"

namespace ppu::ppucc {
using namespace llvm;

PreservedAnalyses Convergence::run(Module& m, ModuleAnalysisManager&) {
  if (!Triple(m.getTargetTriple()).isNVPTX()) return PreservedAnalyses::all();
  for (Function& f : m) {
    if (!f.isIntrinsic()) f.setConvergent();
    for (Instruction& i : instructions(f))
      if (auto* call = dyn_cast<CallBase>(&i); call && !call->getCalledFunction()) call->setConvergent();
  }
  return PreservedAnalyses::none();
}

}  // namespace ppu::ppucc
