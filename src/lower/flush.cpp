// .ftz on .f32 (PTX ISA, "Subnormal Support"): an instruction flushes its operands and its result, each a
// call of ppu.ftz.f32. MXCSR could do it, but only for the whole thread, f64 and non-.ftz instructions
// included. Most calls see a value that was flushed already, through phis too; those go. The others become
// integer tests, two vector instructions each.
#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>

#include "lower/passes.h"

namespace ppu::lower {
namespace {

using Values = llvm::SmallPtrSet<llvm::Value*, 32>;

/// Phis and selects are as subnormal as their operands.
bool passes_through(const llvm::Value* v) {
  return llvm::isa<llvm::PHINode, llvm::SelectInst>(v);
}

/// Values that can't be subnormal whatever their operands are. fneg and fabs are left: rows emit them after
/// flushing.
bool is_normal_source(const llvm::Value* v, const llvm::Function& ftz) {
  if (const auto* number = llvm::dyn_cast<llvm::ConstantFP>(v)) return !number->getValueAPF().isDenormal();
  if (llvm::isa<llvm::SIToFPInst, llvm::UIToFPInst>(v)) return true;
  const auto* call = llvm::dyn_cast<llvm::CallInst>(v);
  if (!call) return false;
  if (call->getCalledFunction() == &ftz) return true;
  switch (call->getIntrinsicID()) {
    case llvm::Intrinsic::roundeven:
    case llvm::Intrinsic::trunc:
    case llvm::Intrinsic::floor:
    case llvm::Intrinsic::ceil:
      return true;
    default:
      return false;
  }
}

/// The .f32 phis and selects of `function` that can only hold values that aren't subnormal: all, minus those
/// with an operand that may be, until nothing changes.
Values normal_joins(llvm::Function& function, const llvm::Function& ftz) {
  Values joins;
  for (llvm::BasicBlock& block : function)
    for (llvm::Instruction& inst : block)
      if (passes_through(&inst) && inst.getType()->isFloatTy()) joins.insert(&inst);
  for (bool changed = true; changed;) {
    changed = false;
    for (llvm::BasicBlock& block : function)
      for (llvm::Instruction& inst : block) {
        if (!joins.contains(&inst)) continue;
        for (unsigned i = llvm::isa<llvm::SelectInst>(inst) ? 1 : 0; i < inst.getNumOperands(); i++) {
          llvm::Value* operand = inst.getOperand(i);
          if (joins.contains(operand) || is_normal_source(operand, ftz)) continue;
          joins.erase(&inst);
          changed = true;
          break;
        }
      }
  }
  return joins;
}

llvm::Value* expand(llvm::CallInst& call) {
  llvm::IRBuilder<> b(&call);
  llvm::Value* bits = b.CreateBitCast(call.getArgOperand(0), b.getInt32Ty());
  llvm::Value* is_small = b.CreateICmpEQ(b.CreateAnd(bits, b.getInt32(0x7f800000)), b.getInt32(0));
  llvm::Value* flushed = b.CreateSelect(is_small, b.CreateAnd(bits, b.getInt32(0x80000000)), bits);
  return b.CreateBitCast(flushed, call.getType());
}

}  // namespace

void lower_flushes(llvm::Module& module) {
  llvm::Function* ftz = module.getFunction("ppu.ftz.f32");
  if (!ftz) return;
  for (llvm::Function& function : module) {
    llvm::SmallVector<llvm::CallInst*, 32> calls;
    for (llvm::BasicBlock& block : function)
      for (llvm::Instruction& inst : block)
        if (auto* call = llvm::dyn_cast<llvm::CallInst>(&inst); call && call->getCalledFunction() == ftz)
          calls.push_back(call);
    if (calls.empty()) continue;
    const Values joins = normal_joins(function, *ftz);
    llvm::SmallVector<llvm::CallInst*, 32> left;
    for (llvm::CallInst* call : calls) {
      llvm::Value* operand = call->getArgOperand(0);
      if (joins.contains(operand) || is_normal_source(operand, *ftz)) continue;
      left.push_back(call);
    }
    // All decisions are made; now the calls may go. A dropped call's operand is flushed itself.
    for (llvm::CallInst* call : calls)
      if (!llvm::is_contained(left, call)) call->replaceAllUsesWith(call->getArgOperand(0));
    for (llvm::CallInst* call : left) call->replaceAllUsesWith(expand(*call));
    for (llvm::CallInst* call : calls) call->eraseFromParent();
  }
  if (ftz->use_empty()) ftz->eraseFromParent();
}

}  // namespace ppu::lower
