// See asked_again.h.
#include "simt/asked_again.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/IR/Instructions.h"

using namespace llvm;

namespace ppu::simt {
namespace {

using Seen = SmallPtrSet<const Value*, 16>;

/// Of two numbers, the one that isn't counted on by.
bool may_be_zero(const Value* v) {
  const auto is_zero = [](const Value* x) { return isa<ConstantInt>(x) && cast<ConstantInt>(x)->isZero(); };
  if (const auto* extension = dyn_cast<CastInst>(v))
    return extension->getOperand(0)->getType()->isIntegerTy(1);
  if (const auto* select = dyn_cast<SelectInst>(v))
    return is_zero(select->getTrueValue()) || is_zero(select->getFalseValue());
  const auto* phi = dyn_cast<PHINode>(v);
  return phi && any_of(phi->incoming_values(), is_zero);
}

/// The value that goes round may be the counter itself.
bool may_stay(const Value* v, const PHINode& counter, const Loop& loop, Seen& seen) {
  if (v == &counter) return true;
  const auto* inst = dyn_cast<Instruction>(v);
  if (!inst || !loop.contains(inst) || !seen.insert(v).second) return false;
  const auto operand = [&](const Value* x) { return may_stay(x, counter, loop, seen); };
  if (const auto* phi = dyn_cast<PHINode>(inst)) return any_of(phi->incoming_values(), operand);
  if (const auto* select = dyn_cast<SelectInst>(inst))
    return operand(select->getTrueValue()) || operand(select->getFalseValue());
  if (inst->getOpcode() != Instruction::Add) return false;
  const Value *a = inst->getOperand(0), *b = inst->getOperand(1);
  return (may_be_zero(b) && operand(a)) || (may_be_zero(a) && operand(b));
}

bool may_repeat(const Value* v, const Loop& loop, Seen& seen) {
  const auto* inst = dyn_cast<Instruction>(v);
  if (!inst || !loop.contains(inst)) return true;
  if (!seen.insert(v).second) return true;  // others decide
  const auto operand = [&](const Value* x) { return may_repeat(x, loop, seen); };
  if (const auto* phi = dyn_cast<PHINode>(inst)) {
    if (phi->getParent() != loop.getHeader()) return any_of(phi->incoming_values(), operand);
    return any_of(phi->blocks(), [&](const BasicBlock* from) {
      Seen on_the_way;
      return loop.contains(from) && may_stay(phi->getIncomingValueForBlock(from), *phi, loop, on_the_way);
    });
  }
  const auto* load = dyn_cast<LoadInst>(inst);
  if ((load && load->isVolatile()) || (!load && inst->mayReadOrWriteMemory())) return false;
  return all_of(inst->operands(), [&](const Use& use) { return isa<BasicBlock>(use) || operand(use); });
}

}  // namespace

bool may_be_the_same_again(const Loop& loop, const Value* v) {
  Seen seen;
  return may_repeat(v, loop, seen);
}

}  // namespace ppu::simt
