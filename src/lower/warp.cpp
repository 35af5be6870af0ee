// Warp-wide exchange, votes and barriers: each becomes a convergent ppu.* call that src/simt widens.
#include "lower/lowering.h"

namespace ppu::lower {

using ptx::Operand;

namespace {

constexpr isa::Type kU32{isa::Kind::kU, 32, 1};
constexpr isa::Type kB32{isa::Kind::kB, 32, 1};
constexpr isa::Type kPredicate{isa::Kind::kPred, 1, 1};

/// The member mask at `index`; forms without .sync mean the lanes that are there.
llvm::Value* member_mask(FunctionLowering& f, const ptx::Instruction& i, size_t index) {
  if (index < i.operands.size()) {
    llvm::Value* mask = f.value(i.operands[index], kU32);
    f.tell_sync(exec::CheckedSync::kMembers, mask);
    return mask;
  }
  f.module.ir.getOrInsertNamedMetadata("ppu.lockstep");
  return f.call("ppu.activemask", f.ir.getInt32Ty(), {});
}

/// The first of `words` that the instruction was written with.
std::string which(const ptx::Instruction& i, std::initializer_list<const char*> words) {
  for (const char* word : words)
    if (i.mods.has(word)) return word;
  return {};
}

llvm::Type* word_and_flag(FunctionLowering& f) {
  return llvm::StructType::get(f.ir.getInt32Ty(), f.ir.getInt1Ty());
}

void tell_barrier(FunctionLowering& f, exec::CheckedSync kind, llvm::Value* id, llvm::Value* threads) {
  if (f.module.checking()) f.tell_sync(kind, f.ir.CreateOr(id, f.ir.CreateShl(threads, 8)));
}

/// Writes {word, flag} to a destination `d` or `d|p`.
void write_pair(FunctionLowering& f, const Operand& dest, llvm::Value* pair) {
  const bool both = dest.kind == Operand::Kind::kPair;
  f.write(both ? dest.elements[0] : dest, {f.ir.CreateExtractValue(pair, 0), kB32});
  if (both) f.write(dest.elements[1], {f.ir.CreateExtractValue(pair, 1), kPredicate});
}

}  // namespace

void emit_shfl(FunctionLowering& f, const ptx::Instruction& i) {
  const std::string mode = which(i, {"up", "down", "bfly", "idx"});
  llvm::Value* a = f.value(i.operands[1], kB32);
  llvm::Value* b = f.value(i.operands[2], kU32);
  llvm::Value* c = f.value(i.operands[3], kU32);
  llvm::Value* mask = member_mask(f, i, 4);
  if (f.failed()) return;
  write_pair(f, i.operands[0], f.call("ppu.shfl." + mode, word_and_flag(f), {a, b, c, mask}));
}

void emit_vote(FunctionLowering& f, const ptx::Instruction& i) {
  llvm::Type* word = f.ir.getInt32Ty();
  llvm::Value* p = f.predicate(i.operands[1]);
  llvm::Value* mask = member_mask(f, i, 2);
  if (f.failed()) return;
  const auto none_with = [&](llvm::Value* predicate) {
    return f.ir.CreateICmpEQ(f.call("ppu.ballot", word, {predicate, mask}), f.i32(0));
  };
  if (i.mods.has("all")) {
    f.write(i.operands[0], {none_with(f.ir.CreateNot(p)), kPredicate});
  } else if (i.mods.has("any")) {
    f.write(i.operands[0], {f.ir.CreateNot(none_with(p)), kPredicate});
  } else if (i.mods.has("uni")) {
    llvm::Value* same = f.ir.CreateOr(none_with(p), none_with(f.ir.CreateNot(p)));
    f.write(i.operands[0], {same, kPredicate});
  } else {
    f.write(i.operands[0], {f.call("ppu.ballot", word, {p, mask}), kB32});
  }
}

void emit_match(FunctionLowering& f, const ptx::Instruction& i) {
  const isa::Type type = isa::types_of(isa::table()[i.row], i.mods)[0];
  llvm::Value* a = f.value(i.operands[1], type);
  llvm::Value* mask = member_mask(f, i, 2);
  if (f.failed()) return;
  const std::string suffix = type.total_bits() == 64 ? "i64" : "i32";
  if (i.mods.has("any"))
    f.write(i.operands[0], {f.call("ppu.match.any." + suffix, f.ir.getInt32Ty(), {a, mask}), kB32});
  else
    write_pair(f, i.operands[0], f.call("ppu.match.all." + suffix, word_and_flag(f), {a, mask}));
}

void emit_redux(FunctionLowering& f, const ptx::Instruction& i) {
  const isa::Type type = isa::types_of(isa::table()[i.row], i.mods)[0];
  std::string operation = which(i, {"add", "min", "max", "and", "or", "xor"});
  if (type.kind == isa::Kind::kU && (operation == "min" || operation == "max")) operation = "u" + operation;
  llvm::Value* a = f.value(i.operands[1], type);
  llvm::Value* mask = member_mask(f, i, 2);
  if (f.failed()) return;
  f.write(i.operands[0], {f.call("ppu.redux." + operation, f.ir.getInt32Ty(), {a, mask}), type});
}

void emit_activemask(FunctionLowering& f, const ptx::Instruction& i) {
  f.write(i.operands[0], {f.call("ppu.activemask", f.ir.getInt32Ty(), {}), kB32});
}

void emit_bar_warp(FunctionLowering& f, const ptx::Instruction& i) {
  llvm::Value* mask = f.value(i.operands[0], kU32);
  if (f.failed()) return;
  f.tell_sync(exec::CheckedSync::kWarpSync, mask);
  f.call("ppu.warp.sync", f.ir.getVoidTy(), {mask});
}

void emit_bar_sync(FunctionLowering& f, const ptx::Instruction& i) {
  llvm::Value* id = f.value(i.operands[0], kU32);
  llvm::Value* threads = i.operands.size() > 1 ? f.value(i.operands[1], kU32) : f.i32(0);
  if (f.failed()) return;
  tell_barrier(f, exec::CheckedSync::kBarrier, id, threads);
  f.call("ppu.bar.sync", f.ir.getVoidTy(), {id, threads});
  tell_barrier(f, exec::CheckedSync::kBehind, id, threads);
}

void emit_bar_arrive(FunctionLowering& f, const ptx::Instruction& i) {
  llvm::Value* id = f.value(i.operands[0], kU32);
  llvm::Value* threads = f.value(i.operands[1], kU32);
  if (f.failed()) return;
  tell_barrier(f, exec::CheckedSync::kArrive, id, threads);
  f.call("ppu.bar.arrive", f.ir.getVoidTy(), {id, threads});
}

void emit_bar_red(FunctionLowering& f, const ptx::Instruction& i) {
  llvm::Value* id = f.value(i.operands[1], kU32);
  llvm::Value* threads = i.operands.size() > 3 ? f.value(i.operands[2], kU32) : f.i32(0);
  llvm::Value* p = f.predicate(i.operands.back());
  if (f.failed()) return;
  const std::string operation = which(i, {"popc", "and", "or"});
  tell_barrier(f, exec::CheckedSync::kBarrier, id, threads);
  llvm::Value* word = f.call("ppu.bar.red." + operation, f.ir.getInt32Ty(), {id, threads, p});
  tell_barrier(f, exec::CheckedSync::kBehind, id, threads);
  if (operation == "popc")
    f.write(i.operands[0], {word, kU32});
  else
    f.write(i.operands[0], {f.ir.CreateICmpNE(word, f.i32(0)), kPredicate});
}

}  // namespace ppu::lower
