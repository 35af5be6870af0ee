// cp.async, bulk copies, mbarrier. PTX ISA, "Asynchronous copy" and "mbarrier". A copy is done when its
// instruction is; mbarrier objects are updated by a runtime helper, one lane after another.
#include "exec/kernel_abi.h"
#include "exec/mbarrier.h"
#include "lower/lowering.h"

namespace ppu::lower {

using ptx::Operand;
using ptx::Space;

namespace {

/// What a copy of nothing reads.
llvm::Constant* zeros(FunctionLowering& f) {
  llvm::Module& module = *f.ir.GetInsertBlock()->getModule();
  constexpr const char* kName = "ppu.zeros";
  if (llvm::Constant* known = module.getNamedGlobal(kName)) return known;
  llvm::Type* type = llvm::FixedVectorType::get(f.ir.getInt32Ty(), 4);
  return new llvm::GlobalVariable(module, type, true, llvm::GlobalValue::PrivateLinkage,
                                  llvm::Constant::getNullValue(type), kName);
}

/// Copies `read` (less than `size`) bytes one by one, after the destination has been zeroed.
void copy_bytes(FunctionLowering& f, llvm::Value* to, llvm::Value* from, llvm::Value* read) {
  llvm::BasicBlock *before = f.ir.GetInsertBlock(), *loop = f.new_block("copy"),
                   *after = f.new_block("copied");
  f.ir.CreateCondBr(f.ir.CreateICmpNE(read, f.i32(0)), loop, after);
  f.ir.SetInsertPoint(loop);
  llvm::PHINode* at = f.ir.CreatePHI(f.ir.getInt32Ty(), 2);
  llvm::Value* wide = f.ir.CreateZExt(at, f.ir.getInt64Ty());
  llvm::Value* byte = f.ir.CreateLoad(f.ir.getInt8Ty(), f.ir.CreateGEP(f.ir.getInt8Ty(), from, wide));
  f.ir.CreateStore(byte, f.ir.CreateGEP(f.ir.getInt8Ty(), to, wide));
  llvm::Value* next = f.ir.CreateAdd(at, f.i32(1));
  at->addIncoming(f.i32(0), before);
  at->addIncoming(next, loop);
  f.ir.CreateCondBr(f.ir.CreateICmpULT(next, read), loop, after);
  f.ir.SetInsertPoint(after);
}

}  // namespace

void emit_cp_async(FunctionLowering& f, const ptx::Instruction& i) {
  const Address to = f.address(i.operands[0], Space::kShared),
                from = f.address(i.operands[1], Space::kGlobal);
  const uint32_t size = uint32_t(i.operands[2].value);
  if (size != 16 && (i.mods.has("cg") || (size != 4 && size != 8)))
    return f.fail(i.mods.has("cg") ? "cp-size must be 16" : "cp-size must be 4, 8 or 16");
  const Operand* source_size =
      i.operands.size() > 3 && !i.mods.has("L2::cache_hint") ? &i.operands[3] : nullptr;
  if (i.operands.size() > 4) source_size = &i.operands[3];
  llvm::Type* type = llvm::FixedVectorType::get(f.ir.getInt32Ty(), size / 4);
  f.check_access(to, size, exec::CheckedAccess::kWrite, exec::kAsync);
  if (!source_size) f.check_access(from, size, exec::CheckedAccess::kRead);
  llvm::BasicBlock* after = nullptr;
  llvm::Value* source = from.pointer;
  if (source_size) {
    f.check_alignment(from, size);
    // src-size < cp-size: the rest is zero, and the source beyond src-size isn't read. A predicate here is
    // ignore-src: true means zeros.
    llvm::Value* read = nullptr;
    if (source_size->kind == Operand::Kind::kReg &&
        f.register_type(source_size->index).kind == isa::Kind::kPred)
      read = f.ir.CreateSelect(f.predicate(*source_size), f.i32(0), f.i32(size));
    else
      read = f.value(*source_size, {isa::Kind::kU, 32, 1});
    if (f.failed()) return;
    f.tell_access(from.pointer, from.space,
                  f.ir.CreateSelect(f.ir.CreateICmpULT(read, f.i32(size)), read, f.i32(size)),
                  exec::CheckedAccess::kRead);
    llvm::BasicBlock *part = f.new_block("partial"), *whole = f.new_block("whole");
    after = f.new_block("copied");
    // A size that is all or nothing, as predicates make it, shows in its low bits: then there is no branch.
    llvm::Value* none = f.ir.CreateICmpULT(read, f.i32(size));
    llvm::Value* odd = f.ir.CreateICmpNE(f.ir.CreateAnd(read, f.i32(size - 1)), f.i32(0));
    f.ir.CreateCondBr(f.ir.CreateAnd(odd, none), part, whole);
    f.ir.SetInsertPoint(part);
    f.set_space(f.ir.CreateAlignedStore(llvm::Constant::getNullValue(type), to.pointer, f.alignment(size)),
                to.space);
    copy_bytes(f, to.pointer, from.pointer, read);
    f.ir.CreateBr(after);
    f.ir.SetInsertPoint(whole);
    source = f.ir.CreateSelect(none, zeros(f), source);
  }
  llvm::LoadInst* load = f.ir.CreateAlignedLoad(type, source, f.alignment(size));
  f.set_space(load, from.space);
  f.set_space(f.ir.CreateAlignedStore(load, to.pointer, f.alignment(size)), to.space);
  if (!after) return;
  f.ir.CreateBr(after);
  f.ir.SetInsertPoint(after);
}

void emit_cp_async_commit(FunctionLowering& f, const ptx::Instruction&) {
  f.tell_sync(exec::CheckedSync::kCommit, f.i64(0));
}

void emit_cp_async_wait(FunctionLowering& f, const ptx::Instruction& i) {
  f.tell_sync(exec::CheckedSync::kCopied, f.i64(uint64_t(i.operands[0].value)));
}

void emit_cp_async_wait_all(FunctionLowering& f, const ptx::Instruction&) {
  f.tell_sync(exec::CheckedSync::kAllCopied, f.i64(0));
}

namespace {

constexpr isa::Type kU32{isa::Kind::kU, 32, 1};
constexpr isa::Type kB64{isa::Kind::kB, 64, 1};

/// The host address of an mbarrier object. Arrivals and waits are ordered by themselves, its beginning and
/// its end aren't: others must know of the one, and have come to the other.
Address mbarrier_address(FunctionLowering& f, const Operand& operand, Space space,
                         exec::CheckedAccess kind = exec::CheckedAccess::kAtomic) {
  const Address at = f.address(operand, space);
  f.check_access(at, 8, kind, kind == exec::CheckedAccess::kWrite ? 0 : exec::kStrong);
  return at;
}

/// Arrivals at, and bytes for, the object; returns the word before.
llvm::Value* update_mbarrier(FunctionLowering& f, const Address& at, llvm::Value* arrivals, llvm::Value* tx,
                             bool drop) {
  llvm::Value* word = f.ir.CreatePtrToInt(at.pointer, f.ir.getInt64Ty());
  f.tell_sync(exec::CheckedSync::kRelease, word);
  return f.call("ppu.rt.mbarrier_update", f.ir.getInt64Ty(),
                {f.block_state(), word, arrivals, tx, f.i32(drop)});
}

void store_word(FunctionLowering& f, const Address& at, llvm::Value* word) {
  f.set_space(f.ir.CreateAlignedStore(word, at.pointer, llvm::Align(8)), at.space);
}

}  // namespace

void emit_mbarrier_init(FunctionLowering& f, const ptx::Instruction& i) {
  const Address at = mbarrier_address(f, i.operands[0], space_of(i.mods), exec::CheckedAccess::kWrite);
  llvm::Value* count = f.value(i.operands[1], kU32);
  if (f.failed()) return;
  count = f.ir.CreateAnd(f.ir.CreateZExt(count, f.ir.getInt64Ty()), f.i64(exec::kMbarrierCount));
  store_word(f, at, f.ir.CreateOr(count, f.ir.CreateShl(count, exec::kMbarrierExpectedShift)));
}

void emit_mbarrier_inval(FunctionLowering& f, const ptx::Instruction& i) {
  // The word stays: a lane that runs by itself may still have to see the phase that its warp waited for.
  const Address at = mbarrier_address(f, i.operands[0], space_of(i.mods), exec::CheckedAccess::kWrite);
  if (!f.failed())
    f.set_space(f.ir.CreateAlignedLoad(f.ir.getInt64Ty(), at.pointer, llvm::Align(8), true), at.space);
}

void emit_mbarrier_tx(FunctionLowering& f, const ptx::Instruction& i) {
  const Address at = mbarrier_address(f, i.operands[0], space_of(i.mods));
  llvm::Value* tx = f.value(i.operands[1], kU32);
  if (f.failed()) return;
  update_mbarrier(f, at, f.i32(0), i.mods.has("complete_tx") ? f.ir.CreateNeg(tx) : tx, false);
}

void emit_mbarrier_arrive(FunctionLowering& f, const ptx::Instruction& i) {
  const Address at = mbarrier_address(f, i.operands[1], space_of(i.mods));
  llvm::Value* count = i.operands.size() > 2 ? f.value(i.operands[2], kU32) : f.i32(1);
  if (f.failed()) return;
  const bool expects = i.mods.has("expect_tx");
  llvm::Value* state = update_mbarrier(f, at, expects ? f.i32(1) : count, expects ? count : f.i32(0),
                                       i.mods.has("arrive_drop"));
  f.write(i.operands[0], {state, kB64});
}

/// Without .noinc the pending count goes up before the arrival takes it down: nothing changes.
void emit_cp_async_arrive(FunctionLowering& f, const ptx::Instruction& i) {
  const Address at = mbarrier_address(f, i.operands[0], space_of(i.mods));
  if (f.failed()) return;
  f.tell_sync(exec::CheckedSync::kAllCopied, f.i64(0));
  if (i.mods.has("noinc")) update_mbarrier(f, at, f.i32(1), f.i32(0), false);
}

void emit_mbarrier_wait(FunctionLowering& f, const ptx::Instruction& i) {
  const Address at = mbarrier_address(f, i.operands[1], space_of(i.mods));
  const bool parity = i.mods.has("parity");
  llvm::Value* awaited = f.value(i.operands[2], parity ? kU32 : kB64);
  if (f.failed()) return;
  // Volatile: a loop around it waits for another thread, which src/lower/passes.cpp looks for.
  llvm::LoadInst* word = f.ir.CreateAlignedLoad(f.ir.getInt64Ty(), at.pointer, llvm::Align(8), true);
  f.set_space(word, at.space);
  llvm::Value* phase = f.ir.CreateLShr(word, exec::kMbarrierPhaseShift);
  if (parity) {
    phase = f.ir.CreateAnd(phase, f.i64(1));
    awaited = f.ir.CreateAnd(f.ir.CreateZExt(awaited, f.ir.getInt64Ty()), f.i64(1));
  } else {
    awaited = f.ir.CreateLShr(awaited, exec::kMbarrierPhaseShift);
  }
  f.ir.CreateFence(llvm::AtomicOrdering::Acquire, llvm::SyncScope::SingleThread);
  f.tell_sync(exec::CheckedSync::kAcquire, f.ir.CreatePtrToInt(at.pointer, f.ir.getInt64Ty()));
  f.write(i.operands[0], {f.ir.CreateICmpNE(phase, awaited), {isa::Kind::kPred, 1, 1}});
}

void emit_mbarrier_pending(FunctionLowering& f, const ptx::Instruction& i) {
  llvm::Value* state = f.value(i.operands[1], kB64);
  if (f.failed()) return;
  llvm::Value* count = f.ir.CreateAnd(state, f.i64(exec::kMbarrierCount));
  f.write(i.operands[0], {f.ir.CreateTrunc(count, f.ir.getInt32Ty()), kU32});
}

namespace {

/// What all bulk operations have: `[d], [a], size`, 16-byte aligned each, then the mbarrier if there is one.
struct Bulk {
  Address to, from;
  llvm::Value* bytes = nullptr;
};

std::optional<Bulk> bulk_operands(FunctionLowering& f, const ptx::Instruction& i) {
  const bool to_global = i.mods.has("bulk_group"), from_global = !to_global && i.mods.has("global");
  Bulk bulk;
  bulk.to = f.address(i.operands[0], to_global ? Space::kGlobal : Space::kShared);
  bulk.from = f.address(i.operands[1], from_global ? Space::kGlobal : Space::kShared);
  bulk.bytes = f.value(i.operands[2], kU32);
  if (f.failed()) return std::nullopt;
  f.check_alignment(bulk.to, 16);
  f.check_alignment(bulk.from, 16);
  const bool reduces = i.mods.has("reduce");
  f.tell_access(bulk.from.pointer, bulk.from.space, bulk.bytes, exec::CheckedAccess::kRead);
  f.tell_access(bulk.to.pointer, bulk.to.space, bulk.bytes,
                reduces ? exec::CheckedAccess::kAtomic : exec::CheckedAccess::kWrite, 0);
  llvm::Value* wide = f.ir.CreateZExt(bulk.bytes, f.ir.getInt64Ty());
  f.call("ppu.check.align", f.ir.getVoidTy(), {f.ir.CreateAnd(wide, f.i64(15)), wide});
  return bulk;
}

/// Tells the mbarrier operand, if the completion goes there, that the bytes have come.
void complete_bulk(FunctionLowering& f, const ptx::Instruction& i, llvm::Value* bytes) {
  if (i.mods.has("bulk_group")) return;
  const Address at = mbarrier_address(f, i.operands[3], Space::kShared);
  if (!f.failed()) update_mbarrier(f, at, f.i32(0), f.ir.CreateNeg(bytes), false);
}

}  // namespace

void emit_bulk_copy(FunctionLowering& f, const ptx::Instruction& i) {
  const std::optional<Bulk> bulk = bulk_operands(f, i);
  if (!bulk) return;
  const llvm::Align align(16);
  f.ir.CreateMemCpy(bulk->to.pointer, align, bulk->from.pointer, align,
                    f.ir.CreateZExt(bulk->bytes, f.ir.getInt64Ty()), /*isVolatile=*/true);
  complete_bulk(f, i, bulk->bytes);
}

/// Element by element: `d = d op a`, each atomic.
void emit_bulk_reduce(FunctionLowering& f, const ptx::Instruction& i) {
  const isa::Type type = isa::types_of(isa::table()[i.row], i.mods)[0];
  const std::optional<Bulk> bulk = bulk_operands(f, i);
  if (!bulk) return;
  llvm::BasicBlock *before = f.ir.GetInsertBlock(), *loop = f.new_block("reduce"),
                   *after = f.new_block("reduced");
  f.ir.CreateCondBr(f.ir.CreateICmpNE(bulk->bytes, f.i32(0)), loop, after);
  f.ir.SetInsertPoint(loop);
  llvm::PHINode* at = f.ir.CreatePHI(f.ir.getInt32Ty(), 2);
  at->addIncoming(f.i32(0), before);
  llvm::Value* offset = f.ir.CreateZExt(at, f.ir.getInt64Ty());
  const Address cell{f.ir.CreateGEP(f.ir.getInt8Ty(), bulk->to.pointer, offset), nullptr, bulk->to.space};
  llvm::LoadInst* value = f.ir.CreateAlignedLoad(llvm_type(f.ir.getContext(), type),
                                                 f.ir.CreateGEP(f.ir.getInt8Ty(), bulk->from.pointer, offset),
                                                 llvm::Align(byte_size(type)), true);
  f.set_space(value, bulk->from.space);
  if (!atomic_update(f, cell, value, type, i.mods, llvm::AtomicOrdering::Monotonic)) return;
  llvm::Value* next = f.ir.CreateAdd(at, f.i32(byte_size(type)));
  at->addIncoming(next, f.ir.GetInsertBlock());
  f.ir.CreateCondBr(f.ir.CreateICmpULT(next, bulk->bytes), loop, after);
  f.ir.SetInsertPoint(after);
  complete_bulk(f, i, bulk->bytes);
}

}  // namespace ppu::lower
