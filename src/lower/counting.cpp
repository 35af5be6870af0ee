// Calls that count, for `ppu prof`: ppu.count.* of the contract in simt/simt.h, at the places of
// ptx::ProfilePlan. They neither read nor write anything the program can see, so all other passes work around
// them; a call is never dropped, and one that is duplicated counts the same.
#include "lower/lowering.h"
#include "ptx/profile_plan.h"

namespace ppu::lower {

void FunctionLowering::count_unit(size_t instruction) {
  if (!module.counting()) return;
  const int32_t unit = module.counting()->unit_at(plan_index_, int32_t(instruction));
  if (unit >= 0) call("ppu.count.unit", ir.getVoidTy(), {i32(uint32_t(unit) * exec::kUnitWords)});
}

void FunctionLowering::count_accesses(const ptx::Instruction& i) {
  if (!module.counting()) return;
  for (const ptx::Site& site : module.counting()->sites_of(plan_index_, int32_t(&i - source.body.data()))) {
    if (site.is_branch) continue;
    const Address at = address(i.operands[size_t(site.access.operand)], site.access.space);
    if (failed()) return;
    const uint32_t how = site.access.bytes * 4 + uint32_t(ptx::count_of(site.access));
    call("ppu.count.access", ir.getVoidTy(), {i32(site.word), i32(how), at.pointer});
  }
}

void FunctionLowering::count_branch(const ptx::Instruction& i, llvm::Value* taken) {
  if (!module.counting()) return;
  for (const ptx::Site& site : module.counting()->sites_of(plan_index_, int32_t(&i - source.body.data())))
    if (site.is_branch) call("ppu.count.branch", ir.getVoidTy(), {i32(site.word), taken});
}

void FunctionLowering::count_guarded(llvm::Value* guard, size_t instruction) {
  if (!module.counting()) return;
  llvm::BasicBlock *then = new_block("counted"), *after = new_block("after");
  ir.CreateCondBr(guard, then, after);
  ir.SetInsertPoint(then);
  count_unit(instruction);
  ir.CreateBr(after);
  ir.SetInsertPoint(after);
}

}  // namespace ppu::lower
