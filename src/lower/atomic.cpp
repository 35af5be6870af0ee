// atom, red, membar, fence. PTX ISA, "Parallel Synchronization and Communication Instructions".
#include "lower/lowering.h"

namespace ppu::lower {

using llvm::AtomicOrdering;
using llvm::AtomicRMWInst;
using ptx::Operand;

namespace {

AtomicOrdering ordering_of(const isa::Mods& mods) {
  if (mods.has("acquire")) return AtomicOrdering::Acquire;
  if (mods.has("release")) return AtomicOrdering::Release;
  if (mods.has("acq_rel")) return AtomicOrdering::AcquireRelease;
  return AtomicOrdering::Monotonic;
}

/// The read-modify-write operation of an atom or red on `type`; BAD_BINOP if it's cas or has none.
AtomicRMWInst::BinOp operation_of(const isa::Mods& mods, isa::Type type) {
  const bool is_signed = type.is_signed(), is_float = type.is_float();
  if (mods.has("add")) return is_float ? AtomicRMWInst::FAdd : AtomicRMWInst::Add;
  if (mods.has("exch")) return AtomicRMWInst::Xchg;
  if (mods.has("and")) return AtomicRMWInst::And;
  if (mods.has("or")) return AtomicRMWInst::Or;
  if (mods.has("xor")) return AtomicRMWInst::Xor;
  if (is_float) return AtomicRMWInst::BAD_BINOP;
  if (mods.has("min")) return is_signed ? AtomicRMWInst::Min : AtomicRMWInst::UMin;
  if (mods.has("max")) return is_signed ? AtomicRMWInst::Max : AtomicRMWInst::UMax;
  if (mods.has("inc")) return AtomicRMWInst::UIncWrap;
  if (mods.has("dec")) return AtomicRMWInst::UDecWrap;
  return AtomicRMWInst::BAD_BINOP;
}

/// Element row that adds values of a half type, e.g. add.rn.f16x2 as the atomic does it.
std::optional<isa::MatchResult> half_add_row(isa::Type type) {
  return isa::match(type.kind == isa::Kind::kBF ? (type.packed == 2 ? "add.rn.bf16x2" : "add.rn.bf16")
                                                : (type.packed == 2 ? "add.rn.f16x2" : "add.rn.f16"));
}

/// A value of 16 or 32 bits updated by compare and swap: old = *p; while (!cas(p, old, add(old, b)));
llvm::Value* half_add_loop(FunctionLowering& f, const Address& at, llvm::Value* b, isa::Type type,
                           const isa::MatchResult& add, AtomicOrdering order) {
  llvm::BasicBlock *before = f.ir.GetInsertBlock(), *loop = f.new_block("atomic"),
                   *after = f.new_block("done");
  llvm::Type* word = b->getType();
  llvm::LoadInst* first = f.ir.CreateAlignedLoad(word, at.pointer, llvm::Align(byte_size(type)), true);
  f.set_space(first, at.space);
  f.ir.CreateBr(loop);
  f.ir.SetInsertPoint(loop);
  llvm::PHINode* old = f.ir.CreatePHI(word, 2);
  llvm::Value* sum = emit_row(f.ir, add.row, add.mods, {old, b}).out[0].value;
  llvm::AtomicCmpXchgInst* swap =
      f.ir.CreateAtomicCmpXchg(at.pointer, old, sum, llvm::Align(byte_size(type)), order,
                               llvm::AtomicCmpXchgInst::getStrongestFailureOrdering(order));
  f.set_space(swap, at.space);
  old->addIncoming(first, before);
  old->addIncoming(f.ir.CreateExtractValue(swap, 0), loop);
  f.ir.CreateCondBr(f.ir.CreateExtractValue(swap, 1), after, loop);
  f.ir.SetInsertPoint(after);
  return old;
}

}  // namespace

llvm::Value* atomic_update(FunctionLowering& f, const Address& at, llvm::Value* b, isa::Type type,
                           const isa::Mods& mods, AtomicOrdering order) {
  const AtomicRMWInst::BinOp operation = operation_of(mods, type);
  if (operation == AtomicRMWInst::BAD_BINOP) {
    f.fail("no such atomic operation on this type");
    return nullptr;
  }
  if (operation == AtomicRMWInst::FAdd && type.bits == 16) {
    const auto add = half_add_row(type);
    if (add) return half_add_loop(f, at, b, type, *add, order);
    f.fail("atomic addition of this half type isn't supported");
    return nullptr;
  }
  AtomicRMWInst* rmw = f.ir.CreateAtomicRMW(operation, at.pointer, b, llvm::Align(byte_size(type)), order);
  f.set_space(rmw, at.space);
  return rmw;
}

void emit_atom(FunctionLowering& f, const ptx::Instruction& i) {
  const isa::Row& row = isa::table()[i.row];
  const isa::Type type = isa::types_of(row, i.mods)[0];
  const bool returns = row.form.mnemonic == "atom";
  const Operand* operands = i.operands.data() + (returns ? 1 : 0);
  const Address at = f.address(operands[0], space_of(i.mods));
  llvm::Value* b = f.value(operands[1], type);
  if (f.failed()) return;
  const uint32_t bytes = byte_size(type);
  const AtomicOrdering order = ordering_of(i.mods);
  const bool both = i.mods.has("acq_rel");
  const uint32_t told = exec::kStrong | (both || i.mods.has("acquire") ? exec::kAcquires : 0) |
                        (both || i.mods.has("release") ? exec::kReleases : 0);
  f.check_access(at, bytes, exec::CheckedAccess::kAtomic, told);
  llvm::Value* old = nullptr;
  if (i.mods.has("cas")) {
    llvm::Value* next = f.value(operands[2], type);
    if (f.failed()) return;
    llvm::AtomicCmpXchgInst* swap =
        f.ir.CreateAtomicCmpXchg(at.pointer, b, next, llvm::Align(bytes), order,
                                 llvm::AtomicCmpXchgInst::getStrongestFailureOrdering(order));
    f.set_space(swap, at.space);
    old = f.ir.CreateExtractValue(swap, 0);
  } else {
    old = atomic_update(f, at, b, type, i.mods, order);
    if (!old) return;
  }
  if (returns) f.write(i.operands[0], {old, type});
}

void emit_fence(FunctionLowering& f, const ptx::Instruction& i) {
  const bool block_only = i.mods.has("cta");
  f.tell_sync(exec::CheckedSync::kFence, f.i64(0));
  const bool weak = i.mods.has("acq_rel") || i.mods.has("acquire") || i.mods.has("release");
  // The warps of a block share one worker, so inside a block only the compiler has to keep the order.
  f.ir.CreateFence(weak ? AtomicOrdering::AcquireRelease : AtomicOrdering::SequentiallyConsistent,
                   block_only ? llvm::SyncScope::SingleThread : llvm::SyncScope::System);
}

}  // namespace ppu::lower
