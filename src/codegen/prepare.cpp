// See prepare.h. No jump threading, no sinking or hoisting of common code in simplifycfg: a convergent call
// must keep its place in the control flow, and both would make divergent regions that the PTX doesn't have.
#include "codegen/prepare.h"

#include <llvm/IR/Module.h>

#include "codegen/pipeline.h"
#include "lower/passes.h"

namespace ppu::codegen {
namespace {

#define PPU_SIMPLIFYCFG "simplifycfg<no-sink-common-insts;no-hoist-common-insts;no-switch-to-lookup>"
#define PPU_INSTCOMBINE "instcombine<no-verify-fixpoint>"
// No partial redundancy elimination: its phis, where lanes meet again, make varying values of what is the
// same for all (an address that one thread has used before the others do).
#define PPU_GVN "gvn<no-pre>"

constexpr const char* kInline = "always-inline";

// Before SROA: registers are stack slots, thousands in a large kernel, and SROA goes through all that are
// left whenever it has deleted one.
constexpr const char* kPromote = "globaldce,function(mem2reg)";

constexpr const char* kClean =
    "function(sroa<modify-cfg>,early-cse," PPU_SIMPLIFYCFG "," PPU_INSTCOMBINE
    ",lower-switch,fix-irreducible,loop-simplify,lcssa,loop-mssa(licm<allowspeculation>)," PPU_GVN
    "," PPU_INSTCOMBINE ")";

constexpr const char* kUnroll =
    "function(loop(indvars,loop-deletion,loop-unroll-full),sroa<modify-cfg>,early-cse<memssa>"
    "," PPU_INSTCOMBINE "," PPU_SIMPLIFYCFG ",loop-simplify)";

// Last: nothing after this may disturb the loop form.
constexpr const char* kShape = "function(" PPU_INSTCOMBINE "," PPU_GVN ",adce," PPU_SIMPLIFYCFG
                               ",lower-switch,fix-irreducible,mergereturn,loop-simplify,lcssa)";

#undef PPU_SIMPLIFYCFG
#undef PPU_INSTCOMBINE
#undef PPU_GVN

}  // namespace

uint32_t prepare(llvm::Module& module, llvm::TargetMachine& target, const std::string& kernel,
                 uint32_t call_stack_bytes) {
  run_pipeline(module, &target, kInline);
  lower::finish_exits(module, kernel);
  lower::separate_loops(module);
  run_pipeline(module, &target, kPromote);
  lower::keep_polls(module);
  run_pipeline(module, &target, kClean);
  lower::copy_for_sizes(module, kernel);
  lower::mark_rounds(module);
  run_pipeline(module, &target, kUnroll);
  const uint32_t local_bytes = lower::finish_local_memory(module, kernel, call_stack_bytes);
  lower::fold_align_checks(module);
  lower::mark_spin_loops(module);
  lower::lower_flushes(module);
  run_pipeline(module, &target, kShape);
  return local_bytes;
}

}  // namespace ppu::codegen
