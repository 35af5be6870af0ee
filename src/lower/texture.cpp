// tex, tld4, txq, suld, sust, sured...: each becomes a call of the runtime's sampler, which serves the whole
// warp (exec/texture_abi.h). PTX ISA, "Texture Instructions" and "Surface Instructions".
#include "lower/lowering.h"
#include "ptx/texture_access.h"

namespace ppu::lower {

using ptx::Operand;

namespace {

constexpr isa::Type kU64{isa::Kind::kU, 64, 1};

/// The object's handle: a register's value, or what the variable of a .texref or .surfref holds.
llvm::Value* handle(FunctionLowering& f, const Operand& operand) {
  if (operand.kind != Operand::Kind::kSymbol) return f.value(operand, kU64);
  return f.ir.CreateLoad(f.ir.getInt64Ty(), f.pointer(f.symbol_address(operand.symbol)));
}

llvm::Value* input_word(FunctionLowering& f, const Operand& operand, const ptx::TextureInput& input) {
  llvm::Value* v = f.value(operand, input.type);
  if (f.failed()) return v;
  v = f.ir.CreateBitCast(v, f.ir.getIntNTy(unsigned(input.type.total_bits())));
  if (input.shift) v = f.ir.CreateLShr(v, input.shift);
  return f.ir.CreateZExtOrTrunc(v, f.ir.getInt32Ty());
}

llvm::Value* output_value(FunctionLowering& f, llvm::Value* words, const ptx::TextureOutput& output) {
  const unsigned bits = unsigned(output.type.total_bits());
  llvm::Type* whole = f.ir.getIntNTy(bits);
  llvm::Value* v = nullptr;
  for (unsigned k = 0; k < output.parts; k++) {
    llvm::Value* part = f.ir.CreateExtractValue(words, output.word + k);
    part = f.ir.CreateTrunc(part, f.ir.getIntNTy(output.part_bits));
    part = f.ir.CreateShl(f.ir.CreateZExt(part, whole), uint64_t{output.part_bits} * k);
    v = v ? f.ir.CreateOr(v, part) : part;
  }
  return f.ir.CreateBitCast(v, llvm_type(f.ir.getContext(), output.type));
}

bool writes_memory(exec::TextureAction action) {
  return action == exec::TextureAction::kStore || action == exec::TextureAction::kReduce;
}

}  // namespace

void emit_texture(FunctionLowering& f, const ptx::Instruction& i) {
  const ptx::TextureAccess access = ptx::texture_access(i, f.source);
  if (!access.error.empty()) return f.fail(access.error);
  std::vector<llvm::Value*> args{f.i64(access.op.bits()), handle(f, ptx::operand_at(i, access.handle))};
  for (const ptx::TextureInput& input : access.inputs)
    args.push_back(input_word(f, ptx::operand_at(i, input.at), input));
  if (f.failed()) return;
  llvm::Type* word = f.ir.getInt32Ty();
  llvm::Value* words = f.call("ppu.rt.texture." + std::to_string(access.inputs.size()),
                              llvm::StructType::get(word, word, word, word), args);
  if (!writes_memory(access.op.action)) {
    auto* call = llvm::cast<llvm::CallInst>(words);
    call->setOnlyReadsMemory();
    call->addFnAttr(llvm::Attribute::WillReturn);
  }
  for (const ptx::TextureOutput& output : access.outputs)
    f.write(ptx::operand_at(i, output.at), {output_value(f, words, output), output.type});
  if (access.resident >= 0)
    f.write(i.operands[0].elements[size_t(access.resident)], {f.ir.getTrue(), {isa::Kind::kPred, 1, 1}});
}

}  // namespace ppu::lower
