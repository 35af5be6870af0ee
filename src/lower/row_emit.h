// What element-wise rows compute, as scalar LLVM IR of one thread; the host twin is src/isa/host_table.h.
//
// LLVM types of values: b/u/s of N bits, .f16, .bf16, .tf32, e4m3, e5m2 and packed types = iN of their total
// width; .f32 = float; .f64 = double; .pred = i1. Results come so. Arguments may have any first-class type of
// the right width (they are bitcast), or a wider integer (it is truncated): pass the register as it is.
// Directed roundings call `ppu.f{add,sub,mul,div,fma,sqrt}.{rz,rm,rp}.{f32,f64}` (src/simt/simt.h), created
// in the module on first use. Nothing emitted is poison for any argument that isn't poison; no fast-math
// flags.
#pragma once
#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/IRBuilder.h>

#include "isa/table.h"

namespace ppu::lower {

struct RowValue {
  llvm::Value* value = nullptr;
  isa::Type type;
};

struct RowResult {
  llvm::SmallVector<RowValue, 2> out;  ///< one, or two for `p|q` and `d|p`
  llvm::Value* carry = nullptr;        ///< i1, if isa::writes_carry(mods)
};

/// The LLVM type of a value of PTX type `type`, as above.
llvm::Type* llvm_type(llvm::LLVMContext& context, isa::Type type);

/// Emits element row `row` spelt `mods` at the builder's place. `args`: source operands in order, left-out
/// optional ones omitted. `carry_in`: i1, needed if isa::reads_carry(row), else nullptr.
RowResult emit_row(llvm::IRBuilderBase& builder, uint16_t row, const isa::Mods& mods,
                   llvm::ArrayRef<llvm::Value*> args, llvm::Value* carry_in = nullptr);

/// `value` as a register of LLVM type `reg` takes it: bitcast, or extended by its type's sign if `reg` is
/// wider.
llvm::Value* to_register(llvm::IRBuilderBase& builder, RowValue value, llvm::Type* reg);

}  // namespace ppu::lower
