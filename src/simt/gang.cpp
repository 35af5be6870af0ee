// Several warps in step: the same code, each warp with its own values and masks. Interleaving hides latency,
// keeps one row of memory after another in flight, and computes what is the same for all warps once.
#include "simt/names.h"
#include "simt/widener.h"

using namespace llvm;

namespace ppu::simt {

void Widener::select_warp(unsigned g) {
  g_ = g;
  warp_ = warps_[g];
  mask_ = masks_[g];
}

void Widener::for_each_warp(function_ref<void()> f) {
  for (unsigned g = 0; g < gang_; g++) {
    select_warp(g);
    f();
  }
  select_warp(0);
}

void Widener::set_masks(Masks masks) {
  masks_ = std::move(masks);
  select_warp(0);
}

void Widener::select_gang() {
  select_warp(0);
  for (unsigned g = 1; g < gang_ && mask_; g++) mask_ = masks_[g] ? b_.CreateOr(mask_, masks_[g]) : nullptr;
}

Value* Widener::any_of(const Masks& masks) {
  Value* bits = bits_of(masks[0]);
  for (unsigned g = 1; g < gang_; g++) bits = b_.CreateOr(bits, bits_of(masks[g]));
  return b_.CreateICmpNE(bits, b_.getInt32(0));
}

Value* Widener::all_of(const Masks& masks) {
  Value* bits = bits_of(masks[0]);
  for (unsigned g = 1; g < gang_; g++) bits = b_.CreateAnd(bits, bits_of(masks[g]));
  return b_.CreateICmpEQ(bits, b_.getInt32(~0u));
}

Widener::Masks Widener::load_masks(BasicBlock* block) {
  Masks masks;
  for_each_warp([&] { masks.push_back(load_mask(mask_slot(block))); });
  return masks;
}

Widener::Masks Widener::load_next_masks(Loop* loop) {
  Masks masks;
  for_each_warp([&] { masks.push_back(load_mask(next_mask_slot(loop))); });
  return masks;
}

void Widener::store_masks(BasicBlock* block, const Masks& masks) {
  for_each_warp([&] { b_.CreateStore(masks[g_] ? masks[g_] : all_lanes(), mask_slot(block)); });
}

// The same in every warp and without effect, or an operation of the whole block.
bool Widener::once_for_gang(const Instruction& inst) const {
  if (gang_ == 1) return true;
  if (const auto* call = dyn_cast<CallInst>(&inst))
    if (const Function* f = call->getCalledFunction();
        f && (f->getName().starts_with(kBarPrefix) || f->getName().starts_with(kCountPrefix)))
      return true;
  if (inst.mayWriteToMemory()) return false;
  return !inst.getType()->isVoidTy() && !shapes_.of(&inst).per_warp;
}

Value* Widener::safe_if_off(Value* pointer) {
  if (gang_ == 1 || !mask_) return pointer;
  return b_.CreateSelect(any(mask_), pointer, new_slot(ArrayType::get(b_.getInt64Ty(), 8)));
}

}  // namespace ppu::simt
