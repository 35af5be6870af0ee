// See pipeline.h. The only file that names LLVM's pass builder: it costs seconds to compile.
#include "codegen/pipeline.h"

#include <llvm/IR/Module.h>
#include <llvm/IR/PassTimingInfo.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Target/TargetMachine.h>

#include "base/log.h"
#include "codegen/pass_times.h"

namespace ppu::codegen {

void run_pipeline(llvm::Module& module, llvm::TargetMachine* target, const char* pipeline) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graph;
  llvm::ModuleAnalysisManager modules;
  llvm::PassInstrumentationCallbacks callbacks;
  std::string times;
  llvm::raw_string_ostream report(times);
  llvm::TimePassesHandler timer(pass_times_wanted());
  timer.setOutStream(report);
  timer.registerCallbacks(callbacks);
  llvm::PassBuilder builder(target, llvm::PipelineTuningOptions(), std::nullopt, &callbacks);
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
  timer.print();
  if (!times.empty()) log("jit", LogLevel::kDebug, "%s", times.c_str());
}

}  // namespace ppu::codegen
