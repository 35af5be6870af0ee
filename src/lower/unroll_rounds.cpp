// Loops over doubling or halving distances with a barrier in each round (trees, scans, sorting networks in
// shared memory) are worth a copy a round: with the distance a constant, each round's addresses stand at
// constant distances and each warp knows whether it has work at all. LLVM's own threshold for code size stops
// well before ten such rounds. Loops whose counter grows evenly gain nothing that way: they are left alone.
#include <llvm/Analysis/AssumptionCache.h>
#include <llvm/Analysis/ConstantFolding.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/Utils/Cloning.h>
#include <llvm/Transforms/Utils/LoopUtils.h>

#include <optional>
#include <vector>

#include "lower/passes.h"
#include "simt/names.h"

namespace ppu::lower {
namespace {

constexpr unsigned kMaxRounds = 12;     ///< 4096 elements
constexpr unsigned kMaxUnrolled = 800;  ///< instructions of all rounds together
constexpr unsigned kMaxBarriers = 64;   ///< of a kernel: each is a place where warps stop

bool is_barrier(const llvm::Instruction& i) {
  const auto* call = llvm::dyn_cast<llvm::CallInst>(&i);
  const llvm::Function* f = call ? call->getCalledFunction() : nullptr;
  return f && f->getName().starts_with(simt::kBarPrefix);
}

unsigned barriers_in(llvm::ArrayRef<llvm::BasicBlock*> blocks) {
  unsigned n = 0;
  for (const llvm::BasicBlock* b : blocks)
    for (const llvm::Instruction& i : *b) n += is_barrier(i);
  return n;
}

/// An integer that is doubled, halved or the like from round to round.
bool is_distance(const llvm::PHINode& phi, const llvm::Loop& loop) {
  if (!phi.getType()->isIntegerTy() || phi.getType()->isIntegerTy(1)) return false;
  const llvm::BasicBlock *before = loop.getLoopPreheader(), *latch = loop.getLoopLatch();
  if (!before || !latch) return false;
  const auto* next = llvm::dyn_cast<llvm::BinaryOperator>(phi.getIncomingValueForBlock(latch));
  if (!next || next->getOperand(0) != &phi || !llvm::isa<llvm::ConstantInt>(next->getOperand(1)))
    return false;
  switch (next->getOpcode()) {
    case llvm::Instruction::Shl:
    case llvm::Instruction::LShr:
    case llvm::Instruction::AShr:
    case llvm::Instruction::UDiv:
    case llvm::Instruction::Mul:
      return true;
    default:
      return false;
  }
}

unsigned size_of(const llvm::Loop& loop) {
  unsigned n = 0;
  for (const llvm::BasicBlock* b : loop.blocks()) n += unsigned(b->size());
  return n;
}

bool has_rounds(const llvm::Loop& loop) {
  return loop.isInnermost() && barriers_in(loop.getBlocks()) != 0 &&
         llvm::any_of(loop.getHeader()->phis(), [&](auto& phi) { return is_distance(phi, loop); });
}

/// The kernel's 32-bit parameter that `v` is made of, beside constants.
llvm::LoadInst* parameter_behind(llvm::Value* v) {
  for (int step = 0; step < 4; step++) {
    auto* i = llvm::dyn_cast<llvm::Instruction>(v);
    if (!i) return nullptr;
    if (auto* load = llvm::dyn_cast<llvm::LoadInst>(i)) {
      const auto* params =
          llvm::dyn_cast<llvm::LoadInst>(load->getPointerOperand()->stripInBoundsConstantOffsets());
      const bool is_parameter = load->hasMetadata(llvm::LLVMContext::MD_invariant_load) && params &&
                                params->getPointerOperand() == load->getFunction()->getArg(0);
      return is_parameter && load->getType()->isIntegerTy(32) ? load : nullptr;
    }
    const bool of_one = llvm::isa<llvm::CastInst>(i) || (llvm::isa<llvm::BinaryOperator>(i) &&
                                                         llvm::isa<llvm::ConstantInt>(i->getOperand(1)));
    if (!of_one) return nullptr;
    v = i->getOperand(0);
  }
  return nullptr;
}

/// The parameter that says how many rounds a loop has: where the distance begins, or ends.
llvm::LoadInst* rounds_parameter(const llvm::Loop& loop) {
  for (llvm::PHINode& phi : loop.getHeader()->phis())
    if (is_distance(phi, loop))
      if (auto* p = parameter_behind(phi.getIncomingValueForBlock(loop.getLoopPreheader()))) return p;
  const llvm::BasicBlock* exiting = loop.getExitingBlock();
  const auto* br = exiting ? llvm::dyn_cast<llvm::BranchInst>(exiting->getTerminator()) : nullptr;
  const auto* cmp = br && br->isConditional() ? llvm::dyn_cast<llvm::ICmpInst>(br->getCondition()) : nullptr;
  if (!cmp) return nullptr;
  llvm::LoadInst* p = parameter_behind(cmp->getOperand(1));
  return p ? p : parameter_behind(cmp->getOperand(0));
}

void fold_constants(llvm::ArrayRef<llvm::BasicBlock*> blocks, const llvm::DataLayout& layout) {
  for (bool changed = true; changed;) {
    changed = false;
    for (llvm::BasicBlock* b : blocks)
      for (llvm::Instruction& i : llvm::make_early_inc_range(*b))
        if (llvm::Constant* c = i.isTerminator() ? nullptr : llvm::ConstantFoldInstruction(&i, layout)) {
          i.replaceAllUsesWith(c);
          i.eraseFromParent();
          changed = true;
        }
  }
}

/// A copy of the kernel's body in which `parameter` is `value`; its first block.
llvm::BasicBlock* copy_with(llvm::ArrayRef<llvm::BasicBlock*> body, llvm::LoadInst& parameter,
                            uint32_t value) {
  llvm::Function& f = *parameter.getFunction();
  llvm::ValueToValueMapTy map;
  llvm::SmallVector<llvm::BasicBlock*> copies;
  for (llvm::BasicBlock* b : body) {
    llvm::BasicBlock* copy = llvm::CloneBasicBlock(b, map, ".sized", &f);
    map[b] = copy;
    copies.push_back(copy);
  }
  llvm::remapInstructionsInBlocks(copies, map);
  auto* load = llvm::cast<llvm::Instruction>(map[&parameter]);
  load->replaceAllUsesWith(llvm::ConstantInt::get(load->getType(), value));
  fold_constants(copies, f.getParent()->getDataLayout());
  return copies[0];
}

unsigned threads_of(const llvm::Function& kernel) {
  unsigned threads = 1;
  llvm::SmallVector<llvm::StringRef, 3> extents;
  kernel.getFnAttribute("ppu.block").getValueAsString().split(extents, ',');
  for (const llvm::StringRef e : extents) {
    unsigned n = 0;
    threads *= e.getAsInteger(10, n) ? 0 : n;
  }
  return extents.size() == 3 ? threads : 0;
}

}  // namespace

void copy_for_sizes(llvm::Module& module, const std::string& kernel) {
  constexpr unsigned kMaxCopied = 300;  // instructions
  llvm::Function& f = *module.getFunction(kernel);
  const unsigned threads = threads_of(f);
  if (threads == 0 || f.getInstructionCount() > kMaxCopied) return;
  llvm::LoadInst* parameter = nullptr;
  {
    llvm::DominatorTree dominators(f);
    const llvm::LoopInfo loops(dominators);
    for (const llvm::Loop* loop : loops.getLoopsInPreorder())
      if (!parameter && has_rounds(*loop)) parameter = rounds_parameter(*loop);
  }
  for (const llvm::Instruction& i : f.getEntryBlock())
    if (llvm::isa<llvm::AllocaInst>(i)) parameter = nullptr;
  if (!parameter) return;
  llvm::BasicBlock* entry = &f.getEntryBlock();
  llvm::BasicBlock* any = entry->splitBasicBlock(entry->begin(), "any");
  std::vector<llvm::BasicBlock*> body;
  for (llvm::BasicBlock& b : f)
    if (&b != entry) body.push_back(&b);
  entry->getTerminator()->eraseFromParent();
  llvm::IRBuilder<> ir(entry);
  auto* params = ir.Insert(
      llvm::cast<llvm::Instruction>(parameter->getPointerOperand()->stripInBoundsConstantOffsets())->clone());
  llvm::APInt offset(64, 0);
  parameter->getPointerOperand()->stripAndAccumulateInBoundsConstantOffsets(module.getDataLayout(), offset);
  auto* size = llvm::cast<llvm::LoadInst>(ir.Insert(parameter->clone()));
  size->setOperand(0, ir.Insert(llvm::GetElementPtrInst::CreateInBounds(
                          ir.getInt8Ty(), params, {ir.getInt64(offset.getZExtValue())})));
  size->moveAfter(&entry->back());
  llvm::SwitchInst* choose = ir.CreateSwitch(size, any);
  for (const uint32_t n : {2 * threads, threads})
    choose->addCase(ir.getInt32(n), copy_with(body, *parameter, n));
}

void mark_rounds(llvm::Module& module) {
  llvm::TargetLibraryInfoImpl library_impl;
  llvm::TargetLibraryInfo library(library_impl);
  for (llvm::Function& f : module) {
    if (f.isDeclaration()) continue;
    llvm::DominatorTree dominators(f);
    llvm::LoopInfo loops(dominators);
    llvm::AssumptionCache assumptions(f);
    std::vector<llvm::BasicBlock*> all;
    for (llvm::BasicBlock& b : f) all.push_back(&b);
    unsigned barriers = barriers_in(all);
    std::optional<llvm::ScalarEvolution> evolution;
    for (llvm::Loop* loop : loops.getLoopsInPreorder()) {
      if (!has_rounds(*loop)) continue;
      const unsigned here = barriers_in(loop->getBlocks());
      if (!evolution) evolution.emplace(f, library, assumptions, dominators, loops);
      const unsigned rounds = evolution->getSmallConstantTripCount(loop);
      if (rounds == 0 || rounds > kMaxRounds || rounds * size_of(*loop) > kMaxUnrolled ||
          barriers + here * (rounds - 1) > kMaxBarriers)
        continue;
      barriers += here * (rounds - 1);
      llvm::addStringMetadataToLoop(loop, "llvm.loop.unroll.full");
    }
  }
}

}  // namespace ppu::lower
