// Emits element-wise rows as LLVM IR: looks up the meaning, types the operands, unpacks the results.
#include "lower/row_emit.h"

#include <array>

#include "base/log.h"
#include "lower/ir_rows.h"

namespace ppu::lower {
namespace {

using isa::Kind;
using Meaning = isa::Out<Ir> (*)(const isa::Args<Ir>&);

/// The meaning of every row; nullptr for op rows.
const std::array<Meaning, isa::kRowCount>& meanings() {
  static const std::array<Meaning, isa::kRowCount> all = [] {
    std::array<Meaning, isa::kRowCount> made{};
#define CHAPTER(name) \
  for (const IrRow& r : ir_rows_##name()) made[r.row] = r.meaning;
    PPU_ELEMENT_CHAPTERS(CHAPTER)
#undef CHAPTER
    return made;
  }();
  return all;
}

/// A register's value as one of PTX type `type`: its low bits, in the LLVM type of row_emit.h.
llvm::Value* from_register(llvm::IRBuilderBase& b, llvm::Value* value, isa::Type type) {
  llvm::Type* wanted = llvm_type(b.getContext(), type);
  if (value->getType() == wanted) return value;
  const unsigned have = unsigned(value->getType()->getPrimitiveSizeInBits());
  const unsigned bits = unsigned(type.total_bits());
  PPU_CHECK(have >= bits && "a register is at least as wide as the operand");
  value = b.CreateBitCast(value, b.getIntNTy(have));
  if (have > bits) value = b.CreateTrunc(value, b.getIntNTy(bits));
  return b.CreateBitCast(value, wanted);
}

}  // namespace

llvm::Type* llvm_type(llvm::LLVMContext& context, isa::Type type) {
  if (type.kind == Kind::kF && type.packed == 1) {
    if (type.bits == 32) return llvm::Type::getFloatTy(context);
    if (type.bits == 64) return llvm::Type::getDoubleTy(context);
  }
  return llvm::IntegerType::get(context, unsigned(type.total_bits()));
}

RowResult emit_row(llvm::IRBuilderBase& builder, uint16_t row, const isa::Mods& mods,
                   llvm::ArrayRef<llvm::Value*> args, llvm::Value* carry_in) {
  const isa::Row& info = isa::table()[row];
  const Meaning meaning = meanings()[row];
  PPU_CHECK(meaning != nullptr && "an element-wise row");
  isa::Args<Ir> x{mods, isa::types_of(info, mods), {}, Ir{carry_in, isa::kPred, &builder}, args.size()};
  size_t next = 0;
  for (int i = 0; i < info.form.num_operands && next < args.size(); i++) {
    if (info.form.operands[i].is_dest) continue;
    const isa::Type type = isa::operand_type(info, x.types, i);
    x.in[next] = Ir{from_register(builder, args[next], type), type, &builder};
    next++;
  }
  const isa::Out<Ir> out = meaning(x);
  RowResult result;
  for (int i = 0; i < out.n; i++) result.out.push_back({out.v[i].v, out.v[i].t});
  result.carry = out.carry.v;
  return result;
}

llvm::Value* to_register(llvm::IRBuilderBase& builder, RowValue value, llvm::Type* reg) {
  llvm::Value* v = value.value;
  if (v->getType() == reg) return v;
  const unsigned have = unsigned(v->getType()->getPrimitiveSizeInBits());
  const unsigned want = unsigned(reg->getPrimitiveSizeInBits());
  v = builder.CreateBitCast(v, builder.getIntNTy(have));
  llvm::Type* wide = builder.getIntNTy(want);
  v = value.type.is_signed() ? builder.CreateSExtOrTrunc(v, wide) : builder.CreateZExtOrTrunc(v, wide);
  return builder.CreateBitCast(v, reg);
}

}  // namespace ppu::lower
