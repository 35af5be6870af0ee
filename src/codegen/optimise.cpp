// See optimise.h. Pipelines are LLVM's own text form, one line a purpose, so they can be tried with `opt
// -passes=`.
#include "codegen/optimise.h"

#include "codegen/pipeline.h"

namespace ppu::codegen {
namespace {

// Quick: SSA form and the cheap redundancies; enough that code generation doesn't drown in stack slots.
constexpr const char* kQuick =
    "always-inline,"
    "function(sroa,early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg,early-cse<memssa>,adce)";

// Full. The gang loop's invariants are block-uniform values: LICM is what computes them once a block. More
// rounds of the same passes cost a third of the compile time and made no kernel of bench/ faster. GVN loads
// nothing on one way because another way has it: of rows just stored it would load each first element again.
constexpr const char* kFull =
    "always-inline,"
    "function(sroa<modify-cfg>,early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg,"
    "loop-simplify,lcssa,loop-mssa(licm<allowspeculation>),gvn<no-load-pre>,dse,"
    "instcombine<no-verify-fixpoint>,simplifycfg,adce),"
    "globaldce";

}  // namespace

void optimise(llvm::Module& module, llvm::TargetMachine& target, int opt_level) {
  run_pipeline(module, &target, opt_level == 0 ? kQuick : kFull);
}

}  // namespace ppu::codegen
