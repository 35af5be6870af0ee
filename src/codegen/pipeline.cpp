// See pipeline.h. The only file that names LLVM's pass builder: it costs seconds to compile.
#include "codegen/pipeline.h"

#include <llvm/IR/Module.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Target/TargetMachine.h>

#include "base/log.h"

namespace ppu::codegen {

void run_pipeline(llvm::Module& module, llvm::TargetMachine* target, const char* pipeline) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graph;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(target);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graph, modules);
  llvm::ModulePassManager passes;
  if (llvm::Error e = builder.parsePassPipeline(passes, pipeline)) {
    log("jit", LogLevel::kError, "bad pipeline: %s", llvm::toString(std::move(e)).c_str());
    PPU_CHECK(!"pass pipeline text");
  }
  passes.run(module, modules);
}

}  // namespace ppu::codegen
