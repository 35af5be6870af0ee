// The order of steps that makes a block function of a scalar kernel.
#include <set>

#include "llvm/IR/InstIterator.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/ValueHandle.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Transforms/Scalar/ADCE.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/InstSimplifyPass.h"
#include "llvm/Transforms/Scalar/SROA.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"
#include "llvm/Transforms/Utils/FixIrreducible.h"
#include "llvm/Transforms/Utils/LCSSA.h"
#include "llvm/Transforms/Utils/Local.h"
#include "llvm/Transforms/Utils/LoopSimplify.h"
#include "llvm/Transforms/Utils/LowerSwitch.h"
#include "llvm/Transforms/Utils/UnifyFunctionExitNodes.h"
#include "simt/byte_products.h"
#include "simt/early_reads.h"
#include "simt/full_versions.h"
#include "simt/gang_size.h"
#include "simt/inner_blocks.h"
#include "simt/joined_accesses.h"
#include "simt/lanes_wait.h"
#include "simt/memory_order.h"
#include "simt/names.h"
#include "simt/narrow.h"
#include "simt/prefetch.h"
#include "simt/size_versions.h"
#include "simt/suspend.h"
#include "simt/widener.h"

using namespace llvm;

namespace ppu::simt {
namespace {

/// Runs function passes with all analyses registered.
class Passes {
 public:
  Passes() {
    builder_.registerModuleAnalyses(modules_);
    builder_.registerCGSCCAnalyses(sccs_);
    builder_.registerFunctionAnalyses(functions_);
    builder_.registerLoopAnalyses(loops_);
    builder_.crossRegisterProxies(loops_, functions_, sccs_, modules_);
  }
  void run(Function& f, FunctionPassManager& passes) {
    functions_.invalidate(f, PreservedAnalyses::none());
    passes.run(f, functions_);
    functions_.clear(f, f.getName());
  }

 private:
  LoopAnalysisManager loops_;
  FunctionAnalysisManager functions_;
  CGSCCAnalysisManager sccs_;
  ModuleAnalysisManager modules_;
  PassBuilder builder_;
};

// Every path ends in the one return: traps don't come back, and a loop without exit gets one that is never
// taken, so that post-dominators exist everywhere.
void end_everywhere(Function& f) {
  std::vector<UnreachableInst*> dead_ends;
  for (Instruction& inst : instructions(f))
    if (auto* u = dyn_cast<UnreachableInst>(&inst)) dead_ends.push_back(u);
  Type* r = f.getReturnType();
  auto make_return = [&](Instruction* before) {
    ReturnInst::Create(f.getContext(), r->isVoidTy() ? nullptr : UndefValue::get(r), before->getIterator());
  };
  for (UnreachableInst* u : dead_ends) {
    make_return(u);
    u->eraseFromParent();
  }
  DominatorTree dom(f);
  LoopInfo loops(dom);
  for (Loop* l : loops.getLoopsInPreorder()) {
    SmallVector<BasicBlock*> exits;
    l->getExitBlocks(exits);
    if (!exits.empty()) continue;
    BasicBlock* latch = l->getLoopLatch();
    if (!latch) latch = *pred_begin(l->getHeader());
    auto* br = dyn_cast<BranchInst>(latch->getTerminator());
    if (!br || !br->isUnconditional()) continue;
    BasicBlock* out = BasicBlock::Create(f.getContext(), "never", &f);
    auto* end = new UnreachableInst(f.getContext(), out);
    make_return(end);
    end->eraseFromParent();
    IRBuilder<> b(br);
    Value* never = b.CreateICmpEQ(f.getArg(0), ConstantPointerNull::get(b.getPtrTy()));
    b.CreateCondBr(never, out, br->getSuccessor(0));
    br->eraseFromParent();
  }
}

// `zext nneg` holds of lanes that are on. Others may be below zero, and what is known of lanes' distances
// must hold of them too: lane 0 is where addresses begin.
void sign_extend(Function& f) {
  for (Instruction& inst : make_early_inc_range(instructions(f)))
    if (inst.getOpcode() == Instruction::ZExt && inst.hasNonNeg() && inst.getType()->isIntegerTy(64) &&
        inst.getOperand(0)->getType()->isIntegerTy(32)) {
      auto* extended = new SExtInst(inst.getOperand(0), inst.getType(), "", inst.getIterator());
      extended->setMetadata(kNonNegative, MDNode::get(f.getContext(), {}));
      inst.replaceAllUsesWith(extended);
      inst.eraseFromParent();
    }
}

void canonicalise(Function& f, Passes& passes) {
  end_everywhere(f);
  sign_extend(f);
  FunctionPassManager p;
  p.addPass(LowerSwitchPass());
  p.addPass(FixIrreduciblePass());
  p.addPass(UnifyFunctionExitNodesPass());
  p.addPass(LoopSimplifyPass());
  p.addPass(LCSSAPass());
  passes.run(f, p);
}

/// Drops what conditions that are known by now rule out.
void fold(Function& f, Passes& passes) {
  FunctionPassManager p;
  p.addPass(InstSimplifyPass());
  p.addPass(SimplifyCFGPass());
  p.addPass(EarlyCSEPass());
  p.addPass(ADCEPass());
  passes.run(f, p);
}

void clean_up(Function& f, Passes& passes) {
  FunctionPassManager p;
  p.addPass(SROAPass(SROAOptions::ModifyCFG));
  p.addPass(EarlyCSEPass());
  p.addPass(SimplifyCFGPass());
  p.addPass(ADCEPass());
  passes.run(f, p);
}

void set_vector_width(Function& f, const Options& options) {
  const char* width = options.avx512 ? "512" : "256";
  f.addFnAttr("prefer-vector-width", width);
  f.addFnAttr("min-legal-vector-width", width);
  f.addFnAttr(Attribute::NoUnwind);
}

std::string verified(Module& m) {
  std::string text;
  raw_string_ostream out(text);
  return verifyModule(m, &out) ? "invalid IR after widening: " + text : "";
}

/// A value that is used before it's computed would be read as anything, and nobody would notice.
std::string verified(const Function& f) {
  std::string text;
  raw_string_ostream out(text);
  return verifyFunction(f, &out) ? "invalid IR before widening: " + text : "";
}

uint64_t attribute_number(const Function& f, StringRef name) {
  uint64_t n = 0;
  f.getFnAttribute(name).getValueAsString().getAsInteger(10, n);
  return n;
}

/// Functions that may be called through pointers: lanes of a warp may then be in different ones.
std::set<const Function*> pointer_targets(const Module& module) {
  std::set<const Function*> targets;
  if (const NamedMDNode* list = module.getNamedMetadata(kFunctionsMetadata))
    for (const MDNode* node : list->operands())
      if (const auto* f = mdconst::dyn_extract_or_null<Function>(node->getOperand(0))) targets.insert(f);
  return targets;
}

bool polls(const Function& f, const ShapeAnalysis& shapes) {
  for (const BasicBlock& b : f)
    for (const Instruction& inst : b) {
      const auto* call = dyn_cast<CallInst>(&inst);
      const Function* callee = call ? call->getCalledFunction() : nullptr;
      if (callee && callee->getName() == kYield && shapes.loops.getLoopFor(&b)) return true;
    }
  return false;
}

/// Why lanes can't run in lockstep through a function that isn't inlined, or warps one after another. Alone
/// lanes can't either: who waits stops in the kernel only.
std::string waits_in_function(Function& kernel, const WarpLayout& layout) {
  const std::set<const Function*> targets = pointer_targets(*kernel.getParent());
  for (Function& f : *kernel.getParent()) {
    if (f.isDeclaration() || &f == &kernel) continue;
    const ShapeAnalysis shapes(f, layout, false);
    if (polls(f, shapes))
      return targets.contains(&f)
                 ? "lanes may wait in " + f.getName().str() +
                       " for lanes in other functions called through pointers"
                 : "warps would wait for others in " + f.getName().str() + ", which isn't inlined";
    const LanesWait wait = lanes_wait(shapes);
    if (!wait.why.empty() && !wait.surely)
      return wait.why + " of " + f.getName().str() + ", which isn't inlined";
  }
  return {};
}

/// Whether the kernel is to be narrow, and why.
void choose_lanes(Function& kernel, const WarpLayout& layout, Lanes wanted, Outcome& out) {
  if (wanted == Lanes::kWide) return;
  out.why_narrow = waits_in_function(kernel, layout);
  out.lockstep_is_wrong = !out.why_narrow.empty();
  if (out.lockstep_is_wrong) return;
  const LanesWait wait =
      wanted == Lanes::kNarrow ? LanesWait{"so chosen"} : lanes_wait(ShapeAnalysis(kernel, layout, false));
  out.why_narrow = wait.why;
  if (out.why_narrow.empty()) return;
  const std::string obstacle = narrow_obstacle(*kernel.getParent(), kernel.getName().str());
  out.narrow = obstacle.empty();
  out.lockstep_is_wrong = !out.narrow && wait.surely;
  if (!out.narrow) out.why_narrow += ", but " + obstacle;
}

/// Lanes never wait for each other: an exchange whose result nobody uses may go.
void make_exchanges_pure(Module& module) {
  SmallVector<WeakTrackingVH> results;  // one may hang on another: it goes along
  for (Function& f : module) {
    const StringRef n = f.getName();
    if (n != kBallot && !n.starts_with(kShflPrefix) && !n.starts_with(kReduxPrefix) &&
        !n.starts_with(kMatchAnyPrefix) && !n.starts_with(kMatchAllPrefix))
      continue;
    f.setDoesNotAccessMemory();
    results.append(f.user_begin(), f.user_end());
  }
  RecursivelyDeleteTriviallyDeadInstructionsPermissive(results);
}

/// What the warps of a block do in step.
struct Steps {
  unsigned gang = 1;
  bool barriers = false;
};

/// The block function, of one version of the kernel or of both.
Outcome assemble(Function& kernel, Function* fast, const std::map<const Function*, Steps>& steps_of,
                 const BlockVersions& versions, const std::string& name, const WarpLayout& layout) {
  Module& module = *kernel.getParent();
  const auto assembled = [&](Function& f, const std::string& to) {
    const Steps steps = steps_of.at(&f);
    return assemble_block(f, to, layout, steps.gang, steps.barriers);
  };
  if (!fast) return assembled(kernel, name);
  const std::string any_name = name + ".any", fast_name = name + "." + versions.name;
  Outcome out = assembled(kernel, any_name);
  const Outcome other = assembled(*fast, fast_name);
  out.frame_bytes = std::max(out.frame_bytes, other.frame_bytes);
  choose_version(versions, *module.getFunction(fast_name), *module.getFunction(any_name), name);
  return out;
}

void set_vector_widths(Module& module, const Options& options) {
  for (Function& f : module)
    if (!f.isDeclaration()) set_vector_width(f, options);
}

/// A version of the kernel for sizes that blocks divide, or for inner blocks, if there is one.
BlockVersions split_versions(Function& kernel, const WarpLayout& layout, Passes& passes) {
  BlockVersions versions = split_by_size(kernel, layout);
  if (!versions.fast) {
    versions = split_inner_blocks(kernel, layout);
    if (versions.fast) fold(*versions.fast, passes);
  }
  if (versions.fast) canonicalise(*versions.fast, passes);
  return versions;
}

}  // namespace

Outcome widen_module(Module& module, const std::string& kernel, const Options& options) {
  Outcome out;
  Function* entry = module.getFunction(kernel);
  if (!entry) return {.error = "no kernel " + kernel + " in its module"};
  WarpLayout layout;
  std::copy(options.block, options.block + 3, layout.block);
  layout.local_bytes = attribute_number(*entry, "ppu.local.bytes");

  Passes passes;
  std::vector<Function*> scalars;
  for (Function& f : module)
    if (!f.isDeclaration()) scalars.push_back(&f);
  for (Function* f : scalars) canonicalise(*f, passes);
  choose_lanes(*entry, layout, options.lanes, out);
  if (out.narrow) {
    Outcome narrow = narrow_module(module, kernel, layout);
    narrow.narrow = true;
    narrow.why_narrow = out.why_narrow;
    set_vector_widths(module, options);
    if (narrow.error.empty()) narrow.error = verified(module);
    return narrow;
  }
  make_exchanges_pure(module);
  if (!options.check) read_before_going_on(*entry, layout);
  for (Function* f : scalars) {
    join_exchanges(*f);
    join_byte_products(*f);
    if (!options.check) join_stores(*f);
  }
  const bool one_version = options.check || options.brief;
  const BlockVersions versions = one_version ? BlockVersions{} : split_versions(*entry, layout, passes);
  std::vector<Function*> kernels{entry};
  if (versions.fast) {
    scalars.push_back(versions.fast);
    kernels.push_back(versions.fast);
  }
  std::map<Function*, Function*> wide;
  for (Function* f : scalars) {
    FunctionType* type = Widener::widened_type(f->getFunctionType());
    wide[f] = Function::Create(type, GlobalValue::InternalLinkage, f->getName() + ".warp", module);
    set_vector_width(*wide[f], options);
  }
  std::map<const Function*, Steps> steps_of;  // by widened function
  for (Function* f : scalars) {
    const bool is_kernel = is_contained(kernels, f);
    unsigned gang = 1;
    if (is_kernel) prefetch_strides(*f, layout);
    // The version for any block is the one that costs more to compile.
    const bool whole_block = !versions.fast || f == versions.fast;
    if (is_kernel) gang = gang_size(*f, layout, one_version ? 1 : options.gang, whole_block);
    const bool rare = versions.others_are_few && f == entry;
    if (is_kernel && gang == 1 && !rare && !options.brief && split_full_versions(*f, layout))
      canonicalise(*f, passes);
    if (is_kernel) steps_of[wide[f]] = {gang, barriers_in_step(*f, layout)};
    if (!options.check) join_loads(*f, layout, gang > 1);
    if (std::string error = verified(*f); !error.empty()) return {.error = error};
    const ShapeAnalysis shapes(*f, layout, gang > 1);
    Widener widener(shapes, options, *wide[f], is_kernel, gang);
    widener.widened_function = [&](Function* scalar) { return wide.at(scalar); };
    if (!widener.run()) return {.error = widener.error()};
    clean_up(*wide[f], passes);
    if (!options.check) keep_memory_order(*wide[f]);
  }
  const std::string name = entry->getName().str() + ".block";
  if (NamedMDNode* list = module.getNamedMetadata(kFunctionsMetadata)) list->eraseFromParent();
  for (Function* f : scalars) f->dropAllReferences();
  for (Function* f : scalars) f->eraseFromParent();
  const std::string why = std::move(out.why_narrow);
  const bool wrong = out.lockstep_is_wrong;
  out = assemble(*wide.at(entry), versions.fast ? wide.at(versions.fast) : nullptr, steps_of, versions, name,
                 layout);
  out.why_narrow = why;
  out.lockstep_is_wrong = wrong;
  set_vector_widths(module, options);
  if (out.error.empty()) out.error = verified(module);
  return out;
}

}  // namespace ppu::simt
