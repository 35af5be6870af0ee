// See matrix_function.h. Where elements lie comes from isa/fragment.h, what is computed is in
// matrix_body.cpp.
#include "simt/matrix_function.h"

#include <string>
#include <vector>

#include "llvm/IR/IRBuilder.h"
#include "simt/matrix_body.h"

using namespace llvm;

namespace ppu::simt {
namespace {

using isa::ElementPlace;
using isa::MatrixOp;
using isa::MatrixRole;

/// An internal function of its own, never inlined.
Function* new_function(Module& m, StringRef name, Type* result, ArrayRef<Type*> params) {
  auto* f = Function::Create(FunctionType::get(result, params, false), GlobalValue::InternalLinkage,
                             "tile" + name.drop_front(3), m);
  f->addFnAttr(Attribute::NoInline);
  f->addFnAttr(Attribute::NoUnwind);
  f->addFnAttr(Attribute::WillReturn);
  return f;
}

Function* existing_function(Module& m, StringRef name) {
  return m.getFunction(("tile" + name.drop_front(3)).str());
}

Type* registers_struct(LLVMContext& c, isa::Type element, bool is_accumulator, int count) {
  return StructType::get(
      c, std::vector<Type*>(size_t(count), wide(fragment_register_type(c, element, is_accumulator))));
}

Value* struct_of(IRBuilderBase& b, Type* type, ArrayRef<Value*> parts) {
  Value* s = PoisonValue::get(type);
  for (unsigned k = 0; k < parts.size(); k++) s = b.CreateInsertValue(s, parts[k], k);
  return s;
}

/// A fragment's place in memory: as units of at least a byte (32 bits where elements are smaller).
struct MemoryLayout {
  explicit MemoryLayout(const isa::FragmentOp& f)
      : bits(f.op.d.bits),
        unit(bits < 8 ? 32 : bits),
        units(f.line_length() * bits / unit),
        register_bits(isa::register_bits(f.op, f.role)),
        registers(isa::distinct_registers(f.op, f.role)) {}
  int bits, unit, units, register_bits, registers;

  Type* unit_vector(LLVMContext& c, int count) const {
    return FixedVectorType::get(Type::getIntNTy(c, unsigned(unit)), unsigned(count));
  }
  int units_of_registers() const { return int(kLanes) * register_bits / unit; }
  /// Calls f(line, unit in it, register, unit in the register) for each unit of the fragment.
  void for_each_unit(const isa::FragmentOp& f,
                     function_ref<void(int line, int at, int reg, int in_reg)> visit) const {
    for (int row = 0; row < f.rows(); row++)
      for (int col = 0; col < f.cols(); col++) {
        const int line = f.col ? col : row, minor = f.col ? row : col;
        if (minor * bits % unit) continue;
        const ElementPlace p = fragment_place(f, row, col);
        visit(line, minor * bits / unit, p.reg, (p.lane * register_bits + p.elem * bits) / unit);
      }
  }
};

/// The address of a line.
Value* line_address(IRBuilderBase& b, Value* base, Value* stride, int line, int bits) {
  Value* elements = b.CreateMul(b.CreateZExt(stride, b.getInt64Ty()), b.getInt64(uint64_t(line * bits)));
  return b.CreateGEP(b.getInt8Ty(), base, b.CreateLShr(elements, 3));
}

}  // namespace

Function* mma_function(Module& m, StringRef name, const Options& options) {
  if (Function* made = existing_function(m, name)) return made;
  const MatrixOp op = isa::parse_matrix_op({name.data(), name.size()});
  LLVMContext& c = m.getContext();
  std::vector<Type*> params;
  for (const MatrixRole role : {MatrixRole::kA, MatrixRole::kB, MatrixRole::kC}) {
    Type* t = wide(fragment_register_type(c, element_type(op, role), role == MatrixRole::kC));
    params.insert(params.end(), size_t(distinct_registers(op, role)), t);
  }
  if (op.sparse) params.push_back(wide(Type::getInt32Ty(c)));
  Type* result = registers_struct(c, op.d, true, distinct_registers(op, MatrixRole::kD));
  Function* f = new_function(m, name, result, params);
  f->setDoesNotAccessMemory();
  IRBuilder<> b(BasicBlock::Create(c, "", f));
  b.CreateRet(struct_of(b, result, MatrixBody(b, op, options.avx512).results(*f)));
  return f;
}

Function* wmma_load_function(Module& m, StringRef name) {
  if (Function* made = existing_function(m, name)) return made;
  const isa::FragmentOp fragment = isa::parse_fragment_op({name.data(), name.size()});
  const MemoryLayout layout(fragment);
  LLVMContext& c = m.getContext();
  Type* result = registers_struct(c, fragment.op.d, is_accumulator(fragment.role), layout.registers);
  Function* f = new_function(m, name, result, {PointerType::getUnqual(c), Type::getInt32Ty(c)});
  f->setOnlyReadsMemory();
  IRBuilder<> b(BasicBlock::Create(c, "", f));
  std::vector<Value*> lines;
  for (int line = 0; line < fragment.lines(); line++)
    lines.push_back(b.CreateAlignedLoad(layout.unit_vector(c, layout.units),
                                        line_address(b, f->getArg(0), f->getArg(1), line, layout.bits),
                                        Align(1)));
  Value* all = side_by_side(b, lines);
  std::vector<std::vector<int>> masks(size_t(layout.registers),
                                      std::vector<int>(size_t(layout.units_of_registers()), -1));
  layout.for_each_unit(fragment, [&](int line, int at, int reg, int in_reg) {
    masks[size_t(reg)][size_t(in_reg)] = line * layout.units + at;
  });
  std::vector<Value*> registers;
  for (unsigned r = 0; r < masks.size(); r++)
    registers.push_back(
        b.CreateBitCast(b.CreateShuffleVector(all, masks[r]), cast<StructType>(result)->getElementType(r)));
  b.CreateRet(struct_of(b, result, registers));
  return f;
}

Function* wmma_store_function(Module& m, StringRef name) {
  if (Function* made = existing_function(m, name)) return made;
  const isa::FragmentOp fragment = isa::parse_fragment_op({name.data(), name.size()});
  const MemoryLayout layout(fragment);
  LLVMContext& c = m.getContext();
  std::vector<Type*> params{PointerType::getUnqual(c), Type::getInt32Ty(c)};
  params.insert(params.end(), size_t(layout.registers), wide(fragment_register_type(c, fragment.op.d, true)));
  Function* f = new_function(m, name, Type::getVoidTy(c), params);
  f->setOnlyWritesMemory();
  IRBuilder<> b(BasicBlock::Create(c, "", f));
  std::vector<Value*> registers;
  for (int r = 0; r < layout.registers; r++)
    registers.push_back(
        b.CreateBitCast(f->getArg(unsigned(r + 2)), layout.unit_vector(c, layout.units_of_registers())));
  Value* all = side_by_side(b, registers);
  std::vector<std::vector<int>> masks(size_t(fragment.lines()), std::vector<int>(size_t(layout.units), -1));
  layout.for_each_unit(fragment, [&](int line, int at, int reg, int in_reg) {
    masks[size_t(line)][size_t(at)] = reg * layout.units_of_registers() + in_reg;
  });
  for (int line = 0; line < fragment.lines(); line++)
    b.CreateAlignedStore(b.CreateShuffleVector(all, masks[size_t(line)]),
                         line_address(b, f->getArg(0), f->getArg(1), line, layout.bits), Align(1));
  b.CreateRetVoid();
  return f;
}

Value* transposed_tile(IRBuilderBase& b, Value* tile) {
  std::vector<int> mask(2 * kLanes);
  for (int row = 0; row < 8; row++)
    for (int col = 0; col < 8; col++) mask[size_t(row * 8 + col)] = col * 8 + row;
  Value* halves = b.CreateBitCast(tile, FixedVectorType::get(b.getInt16Ty(), 2 * kLanes));
  return b.CreateBitCast(b.CreateShuffleVector(halves, mask), tile->getType());
}

}  // namespace ppu::simt
