// What a matrix instruction computes, as vector IR: fragment registers are <32 x i32|float|double>, one lane
// a lane. Used by the functions of matrix_function.h only.
#pragma once
#include <array>
#include <map>
#include <string>
#include <vector>

#include "isa/fragment.h"
#include "llvm/IR/IRBuilder.h"
#include "simt/shape.h"

namespace ppu::simt {

using ElementPlaces = std::array<isa::ElementPlace, kLanes>;

llvm::FixedVectorType* wide(llvm::Type* t);
/// The type a fragment register is passed as: f64 and f32 accumulators as such, all else as i32.
llvm::Type* fragment_register_type(llvm::LLVMContext& c, isa::Type element, bool is_accumulator);
/// All vectors side by side; their number is a power of two.
llvm::Value* side_by_side(llvm::IRBuilderBase& b, std::vector<llvm::Value*> parts);

/// How a step of k sees the registers of A and B.
enum class View {
  kElement,  ///< one element, as float, double or i32
  kPairs,    ///< two elements of each word, half a word apart, as i16
  kWord,
};

/// The body of one mma function.
class MatrixBody {
 public:
  MatrixBody(llvm::IRBuilder<>& b, const isa::MatrixOp& op, bool avx512) : b_(b), op_(op), avx512_(avx512) {}
  /// The registers of a role, in order; before any other call.
  void set_registers(isa::MatrixRole role, std::vector<llvm::Value*> registers) {
    registers_[size_t(role)] = std::move(registers);
  }
  /// D's registers from A's, B's, C's (and the metadata), which are f's arguments in this order.
  std::vector<llvm::Value*> results(llvm::Function& f);
  /// Lane l of the result is lane at[l].lane of register at[l].reg, seen as `view` says.
  llvm::Value* pick(isa::MatrixRole role, const ElementPlaces& at, View view);
  /// acc + a * b, or what the operation has for it.
  llvm::Value* step(llvm::Value* acc, llvm::Value* a, llvm::Value* b, View view);
  /// How the steps see A and B, and whether one stands at k.
  View view() const;
  bool is_step(int k) const;

 private:
  llvm::Type* i32() { return wide(b_.getInt32Ty()); }
  llvm::Value* constant(uint32_t v) { return llvm::ConstantInt::get(i32(), v); }
  void find_elements();
  const std::vector<llvm::Value*>& registers(isa::MatrixRole role) const { return registers_[size_t(role)]; }
  llvm::Value* expanded(isa::MatrixRole role, int reg, int elem, View view);
  llvm::Value* element(isa::Type type, llvm::Value* word, int elem);
  llvm::Value* pairs(isa::Type type, llvm::Value* word, int elem);
  llvm::Value* float8(isa::Type type, llvm::Value* bits);
  llvm::Value* pair_products(llvm::Value* a, llvm::Value* b);
  void dense();
  void sparse();
  llvm::Value* metadata_bits(size_t i, int chunk);
  llvm::Value* sparse_b(size_t i, int j, llvm::Value* bits);
  std::vector<llvm::Value*> finished();
  llvm::Value* half_bits(llvm::Value* v);

  llvm::IRBuilder<>& b_;
  const isa::MatrixOp& op_;
  bool avx512_;
  std::vector<llvm::Value*> registers_[3];
  llvm::Value* metadata_ = nullptr;
  // Of each accumulator (one element a lane, in the order of D's registers): which element each lane holds.
  struct Element {
    int row = 0, col = 0, quad = 0;
  };
  std::vector<std::array<Element, kLanes>> elements_;
  std::vector<llvm::Value*> acc_;
  std::map<std::array<int, 4>, llvm::Value*> expansions_;
  std::map<std::pair<int, std::string>, llvm::Value*> picks_;
};

}  // namespace ppu::simt
