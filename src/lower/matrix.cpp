// mma, wmma, ldmatrix, stmatrix, movmatrix: each becomes one convergent call whose name is the PTX spelling
// behind "ppu."; src/simt works on whole warps of fragments. PTX ISA, "Warp Level Matrix Multiply-Accumulate
// Instructions".
#include "isa/fragment.h"
#include "lower/lowering.h"

namespace ppu::lower {

using isa::MatrixRole;
using ptx::Operand;

namespace {

constexpr isa::Type kB32{isa::Kind::kB, 32, 1};

llvm::ArrayRef<Operand> registers_of(const Operand& operand) {
  if (operand.kind == Operand::Kind::kVector) return operand.elements;
  return operand;
}

std::string intrinsic_name(const ptx::Instruction& i) {
  return "ppu." + isa::spelling(isa::table()[i.row], i.mods);
}

/// The type a fragment register is passed as: f32 and f64 as such, all else as 32 bits.
isa::Type register_type(isa::Type element, bool is_accumulator) {
  if (element.bits == 64) return {isa::Kind::kF, 64, 1};
  if (is_accumulator && element.kind == isa::Kind::kF && element.bits == 32) return element;
  return kB32;
}

void push_registers(FunctionLowering& f, const Operand& list, isa::Type type, int count,
                    std::vector<llvm::Value*>& args) {
  for (const Operand& r : registers_of(list).take_front(size_t(count))) args.push_back(f.value(r, type));
}

llvm::Type* result_struct(FunctionLowering& f, isa::Type type, int count) {
  std::vector<llvm::Type*> parts(size_t(count), llvm_type(f.ir.getContext(), type));
  return llvm::StructType::get(f.ir.getContext(), parts);
}

/// Register k of the list is part k of `result`, or a copy of an earlier one where wmma lists more.
void write_registers(FunctionLowering& f, const Operand& list, llvm::Value* result, isa::Type type,
                     unsigned distinct) {
  const llvm::ArrayRef<Operand> registers = registers_of(list);
  for (unsigned k = 0; k < registers.size(); k++)
    f.write(registers[k], {f.ir.CreateExtractValue(result, k % distinct), type});
}

/// Lane `lane`'s f64, by two shuffles.
llvm::Value* shuffled_double(FunctionLowering& f, llvm::Value* v, llvm::Value* lane) {
  llvm::Type* word = f.ir.getInt32Ty();
  llvm::Value* bits = f.ir.CreateBitCast(v, f.ir.getInt64Ty());
  llvm::Value* moved = nullptr;
  for (const uint64_t shift : {uint64_t(0), uint64_t(32)}) {
    llvm::Value* half = f.ir.CreateTrunc(f.ir.CreateLShr(bits, shift), word);
    llvm::Value* pair = f.call("ppu.shfl.idx", llvm::StructType::get(word, f.ir.getInt1Ty()),
                               {half, lane, f.i32(31), f.i32(0xffffffff)});
    half = f.ir.CreateShl(f.ir.CreateZExt(f.ir.CreateExtractValue(pair, 0), f.ir.getInt64Ty()), shift);
    moved = moved ? f.ir.CreateOr(moved, half) : half;
  }
  return f.ir.CreateBitCast(moved, f.ir.getDoubleTy());
}

/// wmma.mma.m8n8k4.f64 in a rounding direction: rare, and the directed operations exist for one thread.
void emit_directed_double(FunctionLowering& f, const ptx::Instruction& i, const isa::MatrixOp& op) {
  constexpr isa::Type kF64{isa::Kind::kF, 64, 1};
  llvm::Value* a = f.value(registers_of(i.operands[1])[0], kF64);
  llvm::Value* b = f.value(registers_of(i.operands[2])[0], kF64);
  llvm::Value* lane = f.call("ppu.laneid", f.ir.getInt32Ty(), {});
  llvm::Value* row = f.ir.CreateAnd(lane, f.i32(~3u));                   // A(row, 0)
  llvm::Value* col = f.ir.CreateShl(f.ir.CreateAnd(lane, f.i32(3)), 3);  // B(0, 2 t), two columns a lane
  std::vector<llvm::Value*> sums;
  for (const Operand& c : registers_of(i.operands[3])) sums.push_back(f.value(c, kF64));
  if (f.failed()) return;
  const std::string fma = std::string("ppu.ffma.r") + op.rounding + ".f64";
  for (uint32_t k = 0; k < 4; k++)
    for (uint32_t j = 0; j < 2; j++) {
      llvm::Value* x = shuffled_double(f, a, f.ir.CreateAdd(row, f.i32(k)));
      llvm::Value* y = shuffled_double(f, b, f.ir.CreateAdd(col, f.i32(4 * j + k)));
      sums[j] = f.call(fma, f.ir.getDoubleTy(), {x, y, sums[j]});
    }
  for (size_t j = 0; j < 2; j++) f.write(registers_of(i.operands[0])[j], {sums[j], kF64});
}

/// wmma's products that tiles can make, as mma for each 16x8 block: its fragments are theirs, one after
/// another.
void emit_in_blocks(FunctionLowering& f, const ptx::Instruction& i, const isa::MatrixOp& op,
                    std::vector<llvm::Value*> args) {
  using isa::Kind;  // integers have no such shape in wmma
  const std::string factor = op.a.kind == Kind::kBF ? ".bf16" : op.a.kind == Kind::kTF ? ".tf32" : ".f16";
  const std::string name =
      "ppu.mma.sync.aligned.m16n8k" + std::to_string(op.k) + ".row.col.f32" + factor + factor + ".f32";
  const isa::Type type = register_type(op.d, true);
  const size_t rows = size_t(op.m / 16), columns = size_t(op.n / 8), b_at = rows * 4,
               c_at = b_at + columns * 2;
  llvm::Type* block = result_struct(f, type, 4);
  llvm::Value* all = llvm::PoisonValue::get(result_struct(f, type, int(rows * columns * 4)));
  for (size_t n = 0; n < rows * columns; n++) {
    const llvm::ArrayRef<llvm::Value*> from(args);
    std::vector<llvm::Value*> own = from.slice(n / columns * 4, 4).vec();
    for (llvm::Value* v : from.slice(b_at + n % columns * 2, 2)) own.push_back(v);
    for (llvm::Value* v : from.slice(c_at + n * 4, 4)) own.push_back(v);
    llvm::Value* result = f.call(name, block, own);
    for (unsigned k = 0; k < 4; k++)
      all = f.ir.CreateInsertValue(all, f.ir.CreateExtractValue(result, k), unsigned(n * 4 + k));
  }
  write_registers(f, i.operands[0], all, type, unsigned(rows * columns * 4));
}

}  // namespace

void emit_mma(FunctionLowering& f, const ptx::Instruction& i) {
  std::string name = intrinsic_name(i);
  isa::MatrixOp op = isa::parse_matrix_op(name);
  if (op.rounding != 'n') return emit_directed_double(f, i, op);
  std::vector<llvm::Value*> args;
  const MatrixRole roles[] = {MatrixRole::kA, MatrixRole::kB, MatrixRole::kC};
  for (size_t k = 0; k < 3; k++) {
    const isa::Type type = register_type(element_type(op, roles[k]), roles[k] == MatrixRole::kC);
    push_registers(f, i.operands[k + 1], type, distinct_registers(op, roles[k]), args);
  }
  if (op.sparse) {
    args.push_back(f.value(i.operands[4], kB32));
    const int64_t selector = i.operands[5].value;
    const int chunks = op.k / isa::sparse_chunk(op);
    const int64_t most = op.a.bits >= 16 ? (chunks == 4 ? 3 : 1) : (chunks == 8 ? 1 : 0);
    if (selector < 0 || selector > most)
      return f.fail("the sparsity selector must be 0 to " + std::to_string(most));
    name += ".selector" + std::to_string(selector);
  }
  if (f.failed()) return;
  if (op.wmma && op.d.is_float() && has_tile_form(op)) return emit_in_blocks(f, i, op, std::move(args));
  const isa::Type type = register_type(op.d, true);
  const int count = distinct_registers(op, MatrixRole::kD);
  write_registers(f, i.operands[0], f.call(name, result_struct(f, type, count), args), type, unsigned(count));
}

namespace {

/// Alignment, and for the checker the lines of the fragment, one or more a lane.
void check_fragment(FunctionLowering& f, const isa::FragmentOp& fragment, const Address& at,
                    llvm::Value* stride, exec::CheckedAccess kind) {
  f.check_alignment(at, uint32_t(std::max(fragment.op.d.bits, uint8_t(32)) / 8));
  if (!f.module.checking()) return;
  const uint32_t bits = fragment.op.d.bits;
  llvm::Value* line =
      f.ir.CreateURem(f.call("ppu.laneid", f.ir.getInt32Ty(), {}), f.i32(uint32_t(fragment.lines())));
  llvm::Value* offset = f.ir.CreateUDiv(f.ir.CreateMul(f.ir.CreateMul(line, stride), f.i32(bits)), f.i32(8));
  f.tell_access(f.ir.CreateGEP(f.ir.getInt8Ty(), at.pointer, f.ir.CreateZExt(offset, f.ir.getInt64Ty())),
                at.space, f.i32(uint32_t(fragment.line_length()) * bits / 8), kind);
}

}  // namespace

void emit_wmma_load(FunctionLowering& f, const ptx::Instruction& i) {
  const std::string name = intrinsic_name(i);
  const isa::FragmentOp fragment = isa::parse_fragment_op(name);
  const Address at = f.address(i.operands[1], space_of(i.mods));
  llvm::Value* stride = i.operands.size() > 2 ? f.value(i.operands[2], {isa::Kind::kU, 32, 1})
                                              : f.i32(uint32_t(fragment.line_length()));
  if (f.failed()) return;
  check_fragment(f, fragment, at, stride, exec::CheckedAccess::kRead);
  const isa::Type type = register_type(fragment.op.d, is_accumulator(fragment.role));
  const int count = distinct_registers(fragment.op, fragment.role);
  llvm::Value* result = f.call(name, result_struct(f, type, count), {at.pointer, stride});
  write_registers(f, i.operands[0], result, type, unsigned(count));
}

void emit_wmma_store(FunctionLowering& f, const ptx::Instruction& i) {
  const std::string name = intrinsic_name(i);
  const isa::FragmentOp fragment = isa::parse_fragment_op(name);
  const Address at = f.address(i.operands[0], space_of(i.mods));
  llvm::Value* stride = i.operands.size() > 2 ? f.value(i.operands[2], {isa::Kind::kU, 32, 1})
                                              : f.i32(uint32_t(fragment.line_length()));
  std::vector<llvm::Value*> args{at.pointer, stride};
  push_registers(f, i.operands[1], register_type(fragment.op.d, true),
                 distinct_registers(fragment.op, fragment.role), args);
  if (f.failed()) return;
  check_fragment(f, fragment, at, stride, exec::CheckedAccess::kWrite);
  f.call(name, f.ir.getVoidTy(), args);
}

namespace {

/// The row address of ldmatrix and stmatrix: only the first lanes' addresses count, and each must be aligned.
Address row_address(FunctionLowering& f, const ptx::Instruction& i, const Operand& operand, uint32_t matrices,
                    exec::CheckedAccess kind) {
  Address at = f.address(operand, space_of(i.mods));
  if (f.module.checking()) {
    llvm::Value* on = f.ir.CreateICmpULT(f.call("ppu.laneid", f.ir.getInt32Ty(), {}), f.i32(8 * matrices));
    f.tell_access(at.pointer, at.space, f.ir.CreateSelect(on, f.i32(16), f.i32(0)), kind);
  }
  if (at.checked && matrices < 4) {
    llvm::Value* lane = f.call("ppu.laneid", f.ir.getInt32Ty(), {});
    at.checked = f.ir.CreateSelect(f.ir.CreateICmpULT(lane, f.i32(8 * matrices)), at.checked, f.i64(0));
  }
  f.check_alignment(at, 16);
  return at;
}

}  // namespace

void emit_ldmatrix(FunctionLowering& f, const ptx::Instruction& i) {
  const uint32_t count = uint32_t(registers_of(i.operands[0]).size());
  const Address at = row_address(f, i, i.operands[1], count, exec::CheckedAccess::kRead);
  if (f.failed()) return;
  write_registers(f, i.operands[0],
                  f.call(intrinsic_name(i), result_struct(f, kB32, int(count)), {at.pointer}), kB32, count);
}

void emit_stmatrix(FunctionLowering& f, const ptx::Instruction& i) {
  const uint32_t count = uint32_t(registers_of(i.operands[1]).size());
  const Address at = row_address(f, i, i.operands[0], count, exec::CheckedAccess::kWrite);
  std::vector<llvm::Value*> args{at.pointer};
  push_registers(f, i.operands[1], kB32, int(count), args);
  if (!f.failed()) f.call(intrinsic_name(i), f.ir.getVoidTy(), args);
}

void emit_movmatrix(FunctionLowering& f, const ptx::Instruction& i) {
  llvm::Value* a = f.value(i.operands[1], kB32);
  if (!f.failed()) f.write(i.operands[0], {f.call(intrinsic_name(i), f.ir.getInt32Ty(), {a}), kB32});
}

}  // namespace ppu::lower
