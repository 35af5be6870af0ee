// alloca and its kin: pieces of the area that src/ptx gives a function with such instructions. PTX ISA,
// "Stack Manipulation Instructions".
#include "exec/kernel_abi.h"
#include "lower/lowering.h"

namespace ppu::lower {

void emit_alloca(FunctionLowering& f, const ptx::Instruction& i) {
  const uint64_t align = i.operands.size() > 2 ? uint64_t(i.operands[2].value) : ptx::kStackAlign;
  llvm::IRBuilder<>& ir = f.ir;
  llvm::Value* size = ir.CreateZExt(f.value(i.operands[1], f.operand_type(1)), ir.getInt64Ty());
  llvm::Value* base = f.symbol_address(ptx::kDynamicStack);
  if (f.failed()) return;
  llvm::Value* used = ir.CreateLoad(ir.getInt64Ty(), f.stack_used());
  llvm::Value* at = ir.CreateAdd(ir.CreateAdd(base, used), f.i64(align - 1));
  at = ir.CreateAnd(at, f.i64(~(align - 1)));
  llvm::Value* end = ir.CreateSub(ir.CreateAdd(at, size), base);
  llvm::Value* limit = f.i64(ptx::kDynamicStackBytes);
  llvm::Value* over = ir.CreateOr(ir.CreateICmpUGT(size, limit), ir.CreateICmpUGT(end, limit));
  llvm::BasicBlock *full = f.new_block("stack.full"), *go_on = f.new_block("stack.taken");
  ir.CreateCondBr(over, full, go_on);
  ir.SetInsertPoint(full);
  f.call("ppu.trap", ir.getVoidTy(), {f.i32(uint32_t(exec::Trap::kStackOverflow)), f.i64(0)});
  ir.CreateBr(go_on);
  ir.SetInsertPoint(go_on);
  ir.CreateStore(end, f.stack_used());
  f.write(i.operands[0], {at, {isa::Kind::kU, 64, 1}});
}

void emit_stacksave(FunctionLowering& f, const ptx::Instruction& i) {
  llvm::Value* used = f.ir.CreateLoad(f.ir.getInt64Ty(), f.stack_used());
  f.write(i.operands[0], {used, {isa::Kind::kU, 64, 1}});
}

void emit_stackrestore(FunctionLowering& f, const ptx::Instruction& i) {
  llvm::Value* used = f.value(i.operands[0], f.operand_type(0));
  if (!f.failed()) f.ir.CreateStore(f.ir.CreateZExt(used, f.ir.getInt64Ty()), f.stack_used());
}

}  // namespace ppu::lower
