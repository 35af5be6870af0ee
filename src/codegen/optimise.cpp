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

// Full. The gang loop's invariants are block-uniform values: LICM is what computes them once a block.
constexpr const char* kFull =
    "always-inline,"
    "function(sroa<modify-cfg>,early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg,"
    "loop-simplify,lcssa,loop-mssa(licm<allowspeculation>),gvn,"
    "instcombine<no-verify-fixpoint>,simplifycfg,"
    "sroa<modify-cfg>,early-cse<memssa>,dse,bdce,adce,"
    "loop-simplify,lcssa,loop-mssa(licm<allowspeculation>),instsimplify,"
    "loop-simplify,lcssa,loop(indvars,loop-deletion),"
    "instcombine<no-verify-fixpoint>,simplifycfg,vector-combine,early-cse,adce),"
    "globaldce";

}  // namespace

void optimise(llvm::Module& module, llvm::TargetMachine& target, int opt_level) {
  run_pipeline(module, &target, opt_level == 0 ? kQuick : kFull);
}

}  // namespace ppu::codegen
