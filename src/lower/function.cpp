// One PTX function to one LLVM function: blocks from labels, registers as stack slots (SROA turns them into
// SSA values), guards, and the walk over the instructions. PTX ISA, "Predicated Execution".
#include <algorithm>
#include <cstddef>

#include "exec/kernel_abi.h"
#include "lower/lowering.h"

namespace ppu::lower {

FunctionLowering::FunctionLowering(ModuleLowering& m, const ptx::Function& s, llvm::Function& t)
    : module(m),
      source(s),
      ir(t.getContext()),
      target_(t),
      plan_index_(int32_t(&s - m.source.functions.data())) {}

Status FunctionLowering::run() {
  entry_ = llvm::BasicBlock::Create(ir.getContext(), "entry", &target_);
  ir.SetInsertPoint(entry_);
  make_registers();
  make_params();
  make_blocks();
  llvm::BasicBlock* start = new_block("start");
  ir.SetInsertPoint(start);
  for (size_t i = 0; i < source.body.size() && !failed(); i++) {
    if (blocks_[i]) {
      if (!ir.GetInsertBlock()->getTerminator()) ir.CreateBr(blocks_[i]);
      ir.SetInsertPoint(blocks_[i]);
    } else if (ir.GetInsertBlock()->getTerminator()) {
      ir.SetInsertPoint(new_block("unreachable"));
    }
    now = &source.body[i];
    lower_instruction(*now);
  }
  now = nullptr;
  llvm::BasicBlock* end = blocks_.back();
  if (!ir.GetInsertBlock()->getTerminator()) {
    if (end)
      ir.CreateBr(end);
    else
      return_now();
  }
  if (end) {
    ir.SetInsertPoint(end);
    return_now();
  }
  ir.SetInsertPoint(entry_);
  ir.CreateBr(start);
  // Readable whether or not the code gets to use them: their loads may then leave loops and branches.
  mark_readable(offsetof(exec::LaunchArgs, params), ptx::param_layout(module.kernel).total);
  mark_readable(offsetof(exec::LaunchArgs, globals), size_t{8} * module.global_count());
  if (error_) return *error_;
  return Unit{};
}

void FunctionLowering::mark_readable(size_t field, size_t bytes) {
  const auto table = entry_loads_.find({launch(), field});
  if (table == entry_loads_.end() || bytes == 0) return;
  llvm::Metadata* size = llvm::ConstantAsMetadata::get(ir.getInt64(bytes));
  llvm::Metadata* alignment = llvm::ConstantAsMetadata::get(ir.getInt64(8));
  auto* load = llvm::cast<llvm::LoadInst>(table->second);
  load->setMetadata(llvm::LLVMContext::MD_dereferenceable, llvm::MDNode::get(ir.getContext(), {size}));
  load->setMetadata(llvm::LLVMContext::MD_align, llvm::MDNode::get(ir.getContext(), {alignment}));
}

void FunctionLowering::make_registers() {
  for (const ptx::Register& r : source.registers)
    registers_.push_back(ir.CreateAlloca(llvm_type(ir.getContext(), r.type), nullptr, r.name.substr(1)));
  carry_ = ir.CreateAlloca(ir.getInt1Ty(), nullptr, "cc");
}

void FunctionLowering::make_params() {
  const auto add = [this](const ptx::Variable& v) {
    llvm::AllocaInst* slot = stack_slot(v.size());
    slot->setAlignment(llvm::Align(std::max<uint32_t>(v.align, 8)));
    params_[v.name] = slot;
    return slot;
  };
  for (const ptx::Variable& v : source.locals)
    if (v.space == ptx::Space::kParam) add(v);
  if (is_kernel()) return;
  for (const ptx::Variable& v : source.results) add(v);
  unsigned arg = 2;
  for (const ptx::Variable& v : source.params) {
    llvm::AllocaInst* slot = add(v);
    uint64_t offset = 0;
    for (llvm::Type* word : parameter_words(ir.getContext(), v.size())) {
      ir.CreateStore(target_.getArg(arg++), ir.CreateConstInBoundsGEP1_64(ir.getInt8Ty(), slot, offset));
      offset += word->getIntegerBitWidth() / 8;
    }
  }
  // Register-space parameters of old-style functions are registers of the same name in the body.
  for (size_t r = 0; r < source.registers.size(); r++)
    if (const auto slot = params_.find(source.registers[r].name); slot != params_.end())
      ir.CreateStore(ir.CreateLoad(registers_[r]->getAllocatedType(), slot->second), registers_[r]);
}

void FunctionLowering::make_blocks() {
  blocks_.assign(source.body.size() + 1, nullptr);
  for (const auto& [name, index] : source.labels)
    if (!blocks_[size_t(index)]) blocks_[size_t(index)] = new_block(name.c_str());
}

void FunctionLowering::lower_instruction(const ptx::Instruction& i) {
  if (i.row == ptx::kNoRow)
    return fail("OpenPPU doesn't have this instruction (target " + module.source.target + ")");
  llvm::Value* guard = nullptr;
  if (i.guard >= 0) {
    guard = read_register(i.guard);
    if (i.guard_negated) guard = ir.CreateNot(guard);
  }
  const EmitFunction emit = emit_function(i.row);
  const size_t index = size_t(&i - source.body.data());
  const bool is_branch = isa::table()[i.row].form.mnemonic == "bra";
  if (!guard || is_branch) count_unit(index);
  if (!emit) {
    if (guard) count_guarded(guard, index);
    guard_ = guard;
    lower_element(i);
    guard_ = nullptr;
    return;
  }
  if (is_branch) return lower_branch(i, guard);
  if (!guard) {
    count_accesses(i);
    return emit(*this, i);
  }
  llvm::BasicBlock* then = new_block("guarded");
  llvm::BasicBlock* after = new_block("after");
  ir.CreateCondBr(guard, then, after);
  ir.SetInsertPoint(then);
  count_unit(index);
  count_accesses(i);
  emit(*this, i);
  if (!ir.GetInsertBlock()->getTerminator()) ir.CreateBr(after);
  ir.SetInsertPoint(after);
}

void FunctionLowering::lower_branch(const ptx::Instruction& i, llvm::Value* guard) {
  const int32_t to = i.operands[0].index;
  if (guard) count_branch(i, guard);
  llvm::BasicBlock* after = guard ? new_block("after") : nullptr;
  llvm::BranchInst* branch = guard ? ir.CreateCondBr(guard, block_of(to), after) : ir.CreateBr(block_of(to));
  // `.pragma "nounroll"` stands before the loop's head.
  if (&i - source.body.data() >= to &&
      std::find(source.nounroll.begin(), source.nounroll.end(), to) != source.nounroll.end()) {
    llvm::LLVMContext& context = ir.getContext();
    llvm::Metadata* disable =
        llvm::MDNode::get(context, {llvm::MDString::get(context, "llvm.loop.unroll.disable")});
    llvm::MDNode* loop = llvm::MDNode::getDistinct(context, {nullptr, disable});
    loop->replaceOperandWith(0, loop);
    branch->setMetadata(llvm::LLVMContext::MD_loop, loop);
  }
  if (after) ir.SetInsertPoint(after);
}

void FunctionLowering::lower_element(const ptx::Instruction& i) {
  const isa::Row& row = isa::table()[i.row];
  llvm::SmallVector<llvm::Value*, 6> args;
  llvm::SmallVector<const ptx::Operand*, 2> dests;
  for (size_t k = 0; k < i.operands.size(); k++) {
    const ptx::Operand& operand = i.operands[k];
    if (!row.form.operands[k].is_dest) {
      args.push_back(raw(operand, operand_type(int(k))));
    } else if (operand.kind == ptx::Operand::Kind::kPair) {
      for (const ptx::Operand& one : operand.elements) dests.push_back(&one);
    } else {
      dests.push_back(&operand);
    }
    if (failed()) return;
  }
  llvm::Value* carry = isa::reads_carry(row) ? ir.CreateLoad(ir.getInt1Ty(), carry_) : nullptr;
  const RowResult result = emit_row(ir, i.row, i.mods, args, carry);
  for (size_t k = 0; k < dests.size() && k < result.out.size(); k++) write(*dests[k], result.out[k]);
  if (result.carry) {
    llvm::Value* next = result.carry;
    if (guard_) next = ir.CreateSelect(guard_, next, ir.CreateLoad(ir.getInt1Ty(), carry_));
    ir.CreateStore(next, carry_);
  }
}

llvm::Value* FunctionLowering::read_register(int32_t index) {
  llvm::AllocaInst* slot = registers_[size_t(index)];
  return ir.CreateLoad(slot->getAllocatedType(), slot);
}

void FunctionLowering::write(const ptx::Operand& dest, RowValue value) {
  if (dest.kind == ptx::Operand::Kind::kSink || failed()) return;
  if (dest.kind != ptx::Operand::Kind::kReg) return fail("destination isn't a register");
  llvm::AllocaInst* slot = registers_[size_t(dest.index)];
  llvm::Value* next = to_register(ir, value, slot->getAllocatedType());
  if (guard_) next = ir.CreateSelect(guard_, next, ir.CreateLoad(slot->getAllocatedType(), slot));
  ir.CreateStore(next, slot);
}

isa::Type FunctionLowering::operand_type(int index) const {
  return isa::operand_type(isa::table()[now->row], now->mods, index);
}

void FunctionLowering::fail(const std::string& why) {
  if (error_) return;
  std::string where = module.source.name;
  std::string opcode;
  if (now) {
    where += ":" + std::to_string(now->pos.line);
    opcode = now->row == ptx::kNoRow ? now->opcode : std::string(isa::table()[now->row].form.mnemonic);
    if (now->row != ptx::kNoRow)
      for (std::string_view m : now->mods.got)
        if (!m.empty()) opcode += "." + std::string(m);
  }
  error_ = unsupported(where + ": " + opcode + ": " + why);
}

llvm::BasicBlock* FunctionLowering::new_block(const char* name) {
  return llvm::BasicBlock::Create(ir.getContext(), name, &target_);
}

void FunctionLowering::return_now() {
  const auto slot_of = [this](const ptx::Variable& result) {
    for (size_t r = 0; r < source.registers.size(); r++)
      if (source.registers[r].name == result.name) return registers_[r];
    return params_[result.name];
  };
  if (is_kernel()) tell_sync(exec::CheckedSync::kExit, i64(0));
  llvm::Type* type = target_.getReturnType();
  if (!type->isVoidTy()) {
    ir.CreateRet(ir.CreateLoad(type, slot_of(source.results[0])));
    return;
  }
  if (!is_kernel() && returns_by_pointer(source)) {
    uint64_t offset = 0;
    llvm::Value* to = result_slots();
    for (const ptx::Variable& result : source.results) {
      ir.CreateMemCpy(ir.CreateConstGEP1_64(ir.getInt8Ty(), to, offset), llvm::Align(8), slot_of(result),
                      llvm::Align(8), result.size());
      offset += (result.size() + 7) & ~uint64_t{7};
    }
  }
  ir.CreateRetVoid();
}

llvm::AllocaInst* FunctionLowering::param_slot(const std::string& name) const {
  const auto found = params_.find(name);
  return found == params_.end() ? nullptr : found->second;
}

llvm::AllocaInst* FunctionLowering::stack_slot(uint64_t bytes) {
  llvm::IRBuilder<> at(entry_, entry_->begin());
  llvm::AllocaInst* slot =
      at.CreateAlloca(llvm::ArrayType::get(at.getInt8Ty(), std::max<uint64_t>(bytes, 1)));
  slot->setAlignment(llvm::Align(8));
  return slot;
}

llvm::AllocaInst* FunctionLowering::stack_used() {
  if (stack_used_) return stack_used_;
  llvm::IRBuilder<> at(entry_, entry_->begin());
  stack_used_ = at.CreateAlloca(at.getInt64Ty(), nullptr, "stack.used");
  at.CreateStore(at.getInt64(0), stack_used_);
  return stack_used_;
}

llvm::Value* FunctionLowering::entry_load(llvm::Type* type, llvm::Value* base, size_t offset) {
  llvm::Value*& known = entry_loads_[{base, offset}];
  if (known && known->getType() == type) return known;
  llvm::IRBuilder<> at(entry_);
  llvm::LoadInst* load = at.CreateLoad(type, at.CreateConstInBoundsGEP1_64(at.getInt8Ty(), base, offset));
  load->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(ir.getContext(), {}));
  return known = load;
}

llvm::Value* FunctionLowering::launch_field(llvm::Type* type, size_t offset) {
  return entry_load(type, launch(), offset);
}

llvm::Value* FunctionLowering::block_field(llvm::Type* type, size_t offset) {
  return entry_load(type, block_state(), offset);
}

llvm::Value* FunctionLowering::call(llvm::StringRef name, llvm::Type* result,
                                    llvm::ArrayRef<llvm::Value*> args) {
  llvm::SmallVector<llvm::Type*, 6> types;
  for (llvm::Value* a : args) types.push_back(a->getType());
  return ir.CreateCall(module.intrinsic(name, result, types), args);
}

}  // namespace ppu::lower
