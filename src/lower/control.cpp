// Branches, calls, returns, traps. PTX ISA, "Control Flow Instructions" and "Function Declarations".
#include "exec/kernel_abi.h"
#include "lower/lowering.h"
#include "ptx/device_runtime.h"

namespace ppu::lower {

using ptx::Operand;

std::vector<llvm::Type*> parameter_words(llvm::LLVMContext& context, uint64_t bytes) {
  std::vector<llvm::Type*> words(bytes / 8, llvm::Type::getInt64Ty(context));
  for (const unsigned bits : {32u, 16u, 8u})
    if (bytes & (bits / 8)) words.push_back(llvm::Type::getIntNTy(context, bits));
  return words;
}

bool returns_by_pointer(const ptx::Function& f) {
  if (f.results.size() > 1) return true;
  if (f.results.empty()) return false;
  const uint64_t size = f.results[0].size();
  return size != 1 && size != 2 && size != 4 && size != 8;
}

llvm::Type* result_type(llvm::LLVMContext& context, const ptx::Function& f) {
  if (f.results.empty() || returns_by_pointer(f)) return llvm::Type::getVoidTy(context);
  return llvm::Type::getIntNTy(context, unsigned(f.results[0].size()) * 8);
}

void emit_bra(FunctionLowering& f, const ptx::Instruction& i) {
  f.ir.CreateBr(f.block_of(i.operands[0].index));
}

void emit_brx(FunctionLowering& f, const ptx::Instruction& i) {
  llvm::Value* index = f.value(i.operands[0], {isa::Kind::kU, 32, 1});
  if (f.failed()) return;
  // An index outside the list is undefined behaviour in PTX; the first target is as good as any.
  const std::vector<Operand>& targets = i.operands[1].elements;
  llvm::SwitchInst* jump = f.ir.CreateSwitch(index, f.block_of(targets[0].index), unsigned(targets.size()));
  for (size_t k = 1; k < targets.size(); k++)
    jump->addCase(f.ir.getInt32(uint32_t(k)), f.block_of(targets[k].index));
}

void emit_ret(FunctionLowering& f, const ptx::Instruction&) {
  f.return_now();
}

void emit_exit(FunctionLowering& f, const ptx::Instruction&) {
  if (f.is_kernel()) return f.return_now();
  // In a device function the whole thread ends: finish_exits() turns this into the kernel's return after
  // inlining.
  if (!f.module.may_inline(f.source)) return f.fail("exit inside a recursive function");
  f.tell_sync(exec::CheckedSync::kExit, f.i64(0));
  f.call("ppu.exit", f.ir.getVoidTy(), {});
  f.ir.CreateUnreachable();
}

void emit_trap(FunctionLowering& f, const ptx::Instruction&) {
  f.call("ppu.trap", f.ir.getVoidTy(), {f.i32(uint32_t(exec::Trap::kTrap)), f.i64(0)});
}

void emit_nanosleep(FunctionLowering& f, const ptx::Instruction& i) {
  llvm::Value* ns = f.value(i.operands[0], {isa::Kind::kU, 32, 1});
  if (f.failed()) return;
  f.set_line(llvm::cast<llvm::Instruction>(f.call("ppu.yield", f.ir.getVoidTy(), {})));
  f.call("ppu.rt.nanosleep", f.ir.getVoidTy(), {f.block_state(), ns});
}

namespace {

/// Reads the value a call passes for `param`: from a .param slot, or a register or constant (old style).
void push_argument(FunctionLowering& f, const Operand& from, const ptx::Variable& param,
                   llvm::SmallVectorImpl<llvm::Value*>& args) {
  uint64_t offset = 0;
  llvm::AllocaInst* slot = from.kind == Operand::Kind::kSymbol ? f.param_slot(from.symbol) : nullptr;
  const std::vector<llvm::Type*> words = parameter_words(f.ir.getContext(), param.size());
  if (!slot && words.size() != 1) return f.fail("an aggregate argument must be a .param variable");
  for (llvm::Type* word : words) {
    if (slot)
      args.push_back(f.ir.CreateLoad(word, f.ir.CreateConstInBoundsGEP1_64(f.ir.getInt8Ty(), slot, offset)));
    else
      args.push_back(f.value(from, {isa::Kind::kB, uint8_t(word->getIntegerBitWidth()), 1}));
    offset += word->getIntegerBitWidth() / 8;
  }
}

void take_result(FunctionLowering& f, const Operand& to, llvm::Value* value) {
  if (to.kind == Operand::Kind::kSymbol) {
    if (llvm::AllocaInst* slot = f.param_slot(to.symbol)) {
      f.ir.CreateStore(value, slot);
      return;
    }
  }
  f.write(to, {value, {isa::Kind::kB, uint8_t(value->getType()->getIntegerBitWidth()), 1}});
}

/// The device functions that the executor provides: PTX declares them as externs.
bool call_builtin(FunctionLowering& f, const ptx::Instruction& i, const std::string& name) {
  struct Builtin {
    const char* name;
    const char* helper;
    std::vector<unsigned> bits;
    unsigned result;
  };
  static const Builtin kBuiltins[] = {{"vprintf", "ppu.rt.vprintf", {64, 64}, 32},
                                      {"malloc", "ppu.rt.malloc", {64}, 64},
                                      {"free", "ppu.rt.free", {64}, 0},
                                      {"__assertfail", "ppu.rt.assertfail", {64, 64, 32, 64, 64}, 0},
                                      {ptx::kDeviceCall, "ppu.rt.device_call", {32, 64}, 64}};
  for (const Builtin& b : kBuiltins) {
    if (name != b.name) continue;
    const std::vector<Operand>& from = i.operands[2].elements;
    if (from.size() != b.bits.size()) {
      f.fail("'" + name + "' takes " + std::to_string(b.bits.size()) + " arguments");
      return true;
    }
    llvm::SmallVector<llvm::Value*, 6> args{f.block_state()};
    for (size_t k = 0; k < from.size(); k++) {
      ptx::Variable param;
      param.type = {isa::Kind::kB, uint8_t(b.bits[k]), 1};
      push_argument(f, from[k], param, args);
    }
    if (f.failed()) return true;
    llvm::Type* result = b.result ? static_cast<llvm::Type*>(f.ir.getIntNTy(b.result)) : f.ir.getVoidTy();
    llvm::Value* v = f.call(b.helper, result, args);
    if (b.result && !i.operands[0].elements.empty()) take_result(f, i.operands[0].elements[0], v);
    return true;
  }
  return false;
}

/// Passes arguments, calls, stores the results. `callee` is null for an indirect call of `id`.
void call_function(FunctionLowering& f, const ptx::Instruction& i, const ptx::Function& signature,
                   llvm::Function* callee, llvm::Value* id) {
  const std::vector<Operand>&from = i.operands[2].elements, &to = i.operands[0].elements;
  if (from.size() != signature.params.size() || to.size() != signature.results.size())
    return f.fail("call of '" + signature.name + "' doesn't fit its declaration");
  llvm::SmallVector<llvm::Value*, 8> args;
  if (callee)
    args.append({f.launch(), f.block_state()});
  else
    args.push_back(id);
  for (size_t k = 0; k < from.size() && !f.failed(); k++)
    push_argument(f, from[k], signature.params[k], args);
  if (f.failed()) return;
  const bool by_pointer = returns_by_pointer(signature);
  llvm::Value* slots = nullptr;
  if (by_pointer) {
    uint64_t bytes = 0;
    for (const ptx::Variable& r : signature.results) bytes += (r.size() + 7) & ~uint64_t{7};
    slots = f.stack_slot(bytes);
    args.push_back(slots);
  }
  if (!callee || f.module.has_frame(signature)) args.push_back(f.frame_end());
  llvm::Value* v = nullptr;
  if (callee)
    v = f.ir.CreateCall(callee, args);
  else
    v = f.call("ppu.call.indirect." + std::to_string(i.pos.line), result_type(f.ir.getContext(), signature),
               args);
  if (!by_pointer) {
    if (!to.empty()) take_result(f, to[0], v);
  } else {
    uint64_t offset = 0;
    for (size_t k = 0; k < to.size(); k++) {
      const uint64_t size = signature.results[k].size();
      llvm::Value* at = f.ir.CreateConstGEP1_64(f.ir.getInt8Ty(), slots, offset);
      llvm::AllocaInst* slot = to[k].kind == Operand::Kind::kSymbol ? f.param_slot(to[k].symbol) : nullptr;
      if (slot)
        f.ir.CreateMemCpy(slot, llvm::Align(8), at, llvm::Align(8), size);
      else if (size <= 8)
        take_result(f, to[k], f.ir.CreateLoad(f.ir.getIntNTy(unsigned(size) * 8), at));
      else
        return f.fail("an aggregate result must be a .param variable");
      offset += (size + 7) & ~uint64_t{7};
    }
  }
}

const ptx::Function* find_prototype(const FunctionLowering& f, const std::string& name) {
  if (const auto own = f.source.prototypes.find(name); own != f.source.prototypes.end()) return &own->second;
  const auto module = f.module.source.prototypes.find(name);
  return module == f.module.source.prototypes.end() ? nullptr : &module->second;
}

}  // namespace

void emit_call(FunctionLowering& f, const ptx::Instruction& i) {
  const Operand& callee = i.operands[1];
  if (callee.kind == Operand::Kind::kSymbol) {
    const auto alias = f.module.source.aliases.find(callee.symbol);
    const std::string& name = alias == f.module.source.aliases.end() ? callee.symbol : alias->second;
    const ptx::Function* function = f.module.source.find_function(name);
    if (function && function->has_body) {
      call_function(f, i, *function, f.module.function(*function), nullptr);
    } else if (!call_builtin(f, i, name)) {
      return f.fail("device function '" + name +
                    "' isn't defined in this program and OpenPPU doesn't provide it");
    }
    return;
  }
  llvm::Value* id = f.value(callee, {isa::Kind::kB, 64, 1});
  if (i.operands.size() < 4) return f.fail("an indirect call needs a .callprototype");
  const ptx::Function* signature = nullptr;
  if (i.operands[3].kind == Operand::Kind::kSymbol) signature = find_prototype(f, i.operands[3].symbol);
  if (i.operands[3].kind == Operand::Kind::kTargets && !i.operands[3].elements.empty())
    signature = f.module.source.find_function(i.operands[3].elements[0].symbol);
  if (!signature) return f.fail("the call's prototype isn't declared");
  if (!f.failed()) call_function(f, i, *signature, nullptr, id);
}

}  // namespace ppu::lower
