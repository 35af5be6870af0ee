// See matrix_expanded.h. With group = lane / 4 and t = lane % 4, lane l of D's registers needs A's row
// `group` and B's columns 2 t and 2 t + 1, for each step of k:
//   A in memory: a <32 x T> a step and block of 8 rows, lane l its row's element;
//   B in memory: 4 T a step and parity of the column, read as a broadcast to all groups.
#include "simt/matrix_expanded.h"

#include <algorithm>
#include <string>

#include "simt/matrix_body.h"

using namespace llvm;

namespace ppu::simt {

using isa::MatrixArithmetic;
using isa::MatrixOp;
using isa::MatrixRole;

namespace {

constexpr uint64_t kRowBytes = kLanes * 4;  ///< of <32 x float|i32>

/// Steps of k that one word holds.
int steps_of_word(const MatrixOp& block) {
  return block.arithmetic == MatrixArithmetic::kInteger ? block.per_word() / 2 : block.per_word();
}
int words_of_k(const MatrixOp& block) {
  return block.k / block.per_word();
}
int row_blocks_of(const MatrixOp& block) {
  return block.m / 8;
}

/// Says all that the functions depend on.
std::string block_name(const MatrixOp& block, const char* what) {
  std::string name = std::string("tile.") + what;
  for (const int v : {block.m, block.n, block.k, int(block.a.kind), int(block.a.bits), int(block.b.kind),
                      int(block.satfinite)})
    name += "." + std::to_string(v);
  return name;
}

Function* tile_function(Module& m, const std::string& name, Type* result, ArrayRef<Type*> params) {
  auto* f = Function::Create(FunctionType::get(result, params, false), GlobalValue::InternalLinkage, name, m);
  for (const auto attribute : {Attribute::NoInline, Attribute::NoUnwind, Attribute::WillReturn})
    f->addFnAttr(attribute);
  f->setOnlyAccessesArgMemory();
  return f;
}

Value* at_offset(IRBuilder<>& b, Value* base, uint64_t bytes) {
  return b.CreateConstGEP1_64(b.getInt8Ty(), base, bytes);
}

}  // namespace

bool has_expanded_form(const MatrixOp& op) {
  if (op.quads || op.sparse) return false;
  if (op.arithmetic == MatrixArithmetic::kInteger) return true;
  return op.arithmetic == MatrixArithmetic::kFloat && op.c.bits == 32 && op.d.bits == 32;
}

MatrixOp block_of(const MatrixOp& op) {
  MatrixOp block = op;
  block.m = std::min(op.m, 16);
  block.n = 8;
  block.wmma = false;
  return block;
}

uint64_t expanded_bytes(const MatrixOp& block, MatrixRole role) {
  const int vectors = role == MatrixRole::kA ? words_of_k(block) * steps_of_word(block) * row_blocks_of(block)
                                             : words_of_k(block) / 4 * steps_of_word(block);
  return uint64_t(vectors) * kRowBytes;
}

Function* expand_function(Module& m, const MatrixOp& block, MatrixRole role, const Options& options) {
  const std::string name = block_name(block, role == MatrixRole::kA ? "a" : "b");
  if (Function* made = m.getFunction(name)) return made;
  LLVMContext& c = m.getContext();
  std::vector<Type*> params{PointerType::getUnqual(c)};
  const int count = distinct_registers(block, role);
  params.insert(params.end(), size_t(count), wide(Type::getInt32Ty(c)));
  Function* f = tile_function(m, name, Type::getVoidTy(c), params);
  f->setOnlyWritesMemory();
  IRBuilder<> b(BasicBlock::Create(c, "", f));
  MatrixBody body(b, block, options.avx512);
  std::vector<Value*> registers;
  for (int r = 0; r < count; r++) registers.push_back(f->getArg(unsigned(r + 1)));
  body.set_registers(role, std::move(registers));
  uint64_t offset = 0;
  const auto put = [&](const ElementPlaces& at) {
    b.CreateAlignedStore(body.pick(role, at, body.view()), at_offset(b, f->getArg(0), offset), Align(64));
    offset += kRowBytes;
  };
  if (role == MatrixRole::kA) {
    for (int k = 0; k < block.k; k++)
      for (int rows = 0; rows < row_blocks_of(block) && body.is_step(k); rows++) {
        ElementPlaces at;
        for (int l = 0; l < int(kLanes); l++) at[size_t(l)] = a_place(block, rows * 8 + l / 4, k);
        put(at);
      }
  } else {
    // Lane 8 t + 4 p + j of a vector: what columns 2 j + p have at word t of the register.
    for (int r = 0; r < count; r++)
      for (int step = 0; step < steps_of_word(block); step++) {
        ElementPlaces at;
        for (int l = 0; l < int(kLanes); l++)
          at[size_t(l)] = {uint8_t((l % 4 * 2 + l / 4 % 2) * 4 + l / 8), uint8_t(r), uint8_t(step)};
        put(at);
      }
  }
  b.CreateRetVoid();
  return f;
}

Function* expanded_product_function(Module& m, const MatrixOp& block, const Options& options) {
  const std::string name = block_name(block, "product");
  if (Function* made = m.getFunction(name)) return made;
  LLVMContext& c = m.getContext();
  const bool integer = block.arithmetic == MatrixArithmetic::kInteger;
  Type* element = integer ? Type::getInt32Ty(c) : Type::getFloatTy(c);
  const unsigned count = unsigned(2 * row_blocks_of(block));
  const std::vector<Type*> registers(count, wide(element));
  std::vector<Type*> params(2, PointerType::getUnqual(c));
  params.insert(params.end(), registers.begin(), registers.end());
  Function* f = tile_function(m, name, StructType::get(c, registers), params);
  f->setOnlyReadsMemory();
  // C and D in registers, unless D's four would be all that AVX2 has: then LLVM can run out of them at a
  // call.
  if (options.avx512 || count < 4) f->setCallingConv(CallingConv::X86_RegCall);
  IRBuilder<> b(BasicBlock::Create(c, "", f));
  MatrixBody body(b, block, options.avx512);
  // As many lanes at once as the accumulators fit the registers: all with 512 bits, half of them with 256.
  const unsigned lanes = options.avx512 ? kLanes : kLanes / 2;
  std::vector<std::vector<Value*>> parts(count);
  std::vector<int> slice(lanes), repeat(lanes);
  for (unsigned first = 0; first < kLanes; first += lanes) {
    for (unsigned l = 0; l < lanes; l++) slice[l] = int(first + l), repeat[l] = int(l % 4);
    Type* part = FixedVectorType::get(element, lanes);
    std::vector<Value*> acc(count);
    for (unsigned i = 0; i < count; i++)
      acc[i] =
          block.satfinite ? Constant::getNullValue(part) : b.CreateShuffleVector(f->getArg(2 + i), slice);
    uint64_t row = 0;
    for (int k = 0; k < block.k; k++) {
      if (!body.is_step(k)) continue;
      const int word = k / block.per_word();
      const uint64_t vector = uint64_t(word / 4 * steps_of_word(block) + k % block.per_word());
      Value* columns[2];
      for (unsigned p = 0; p < 2; p++) {
        Value* four = b.CreateAlignedLoad(
            FixedVectorType::get(element, 4),
            at_offset(b, f->getArg(1), vector * kRowBytes + uint64_t(word % 4) * 32 + p * 16), Align(16));
        columns[p] = b.CreateShuffleVector(four, repeat);
      }
      for (unsigned i = 0; i < count; i += 2, row++) {
        Value* a =
            b.CreateAlignedLoad(part, at_offset(b, f->getArg(0), row * kRowBytes + first * 4), Align(32));
        for (unsigned p = 0; p < 2; p++) acc[i + p] = body.step(acc[i + p], a, columns[p], body.view());
      }
    }
    for (unsigned i = 0; i < count; i++) {
      if (block.satfinite)
        acc[i] = b.CreateBinaryIntrinsic(Intrinsic::sadd_sat, b.CreateShuffleVector(f->getArg(2 + i), slice),
                                         acc[i]);
      parts[i].push_back(acc[i]);
    }
  }
  Value* result = PoisonValue::get(f->getReturnType());
  for (unsigned i = 0; i < count; i++) result = b.CreateInsertValue(result, side_by_side(b, parts[i]), i);
  b.CreateRet(result);
  return f;
}

}  // namespace ppu::simt
