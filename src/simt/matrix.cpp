// Matrix instructions on a whole warp: what isn't in the functions of matrix_function.h. All lanes take part
// (the manual demands it); a warp of which no lane is on touches no memory.
#include "simt/matrix_expanded.h"
#include "simt/matrix_function.h"
#include "simt/names.h"
#include "simt/widener.h"

using namespace llvm;

namespace ppu::simt {

bool is_matrix_op(StringRef name) {
  return name.starts_with(kMmaPrefix) || name.starts_with(kWmmaPrefix) || name.starts_with(kLdmatrixPrefix) ||
         name.starts_with(kStmatrixPrefix) || name.starts_with(kMovmatrixPrefix);
}

std::optional<exec::TileKind> tile_kind(StringRef name) {
  using exec::TileKind;
  using isa::Kind;
  const isa::MatrixOp op = isa::parse_matrix_op({name.data(), name.size()});
  if (op.wmma || op.m != 16 || op.n != 8 || !has_tile_form(op)) return std::nullopt;
  if (op.arithmetic == isa::MatrixArithmetic::kInteger) {
    const bool a = op.a.is_signed(), b = op.b.is_signed();
    return a ? (b ? TileKind::kS8S8 : TileKind::kS8U8) : (b ? TileKind::kU8S8 : TileKind::kU8U8);
  }
  return op.a.kind == Kind::kBF ? TileKind::kBf16 : op.a.kind == Kind::kTF ? TileKind::kTf32 : TileKind::kF16;
}

void Widener::if_any_lane(function_ref<void()> f) {
  if (!mask_) return f();
  BasicBlock *go = new_block("matrix"), *after = new_block("matrix.done");
  b_.CreateCondBr(any(mask_), go, after);
  b_.SetInsertPoint(go);
  f();
  b_.CreateBr(after);
  b_.SetInsertPoint(after);
}

Value* Widener::warp_value(Value* v) {
  return shapes_.uniform(v) ? scalar(v) : last_active(vector(v));
}

/// The address of row r of an 8x8 tile is what lane r gave.
Value* Widener::lane_pointer(Value* pointer, unsigned lane) {
  if (Value* p = lane_address(pointer, lane)) return p;
  return b_.CreateExtractElement(vector(pointer), uint64_t(lane));
}

/// Eight elements of 16 bits.
Value* Widener::matrix_row(Value* pointer, unsigned lane) {
  return b_.CreateAlignedLoad(FixedVectorType::get(b_.getInt32Ty(), 4), lane_pointer(pointer, lane),
                              Align(16));
}

void Widener::emit_ldmatrix(CallInst& call, bool transposed) {
  const unsigned count = part_count(call.getType());
  for (const auto* unit : fragments_->complete_at(&call)) {
    if (taken_in_place(*unit) && is_pending(*unit)) {
      const unsigned g = g_;
      flush_tiles();
      select_warp(g);
    }
    Value* memory = new_unit(*unit);
    if_any_lane([&] { load_unit(*unit, memory, transposed); });
  }
  if (fragments_->holds(&call)) return;
  if_any_lane([&] {
    for (unsigned tile = 0; tile < count; tile++) {
      std::vector<Value*> rows;
      for (unsigned row = 0; row < 8; row++)
        rows.push_back(matrix_row(call.getArgOperand(0), tile * 8 + row));
      Value* v = concat(std::move(rows));
      set_part(&call, tile, transposed ? transposed_tile(b_, v) : v);
    }
  });
}

void Widener::emit_stmatrix(CallInst& call, bool transposed) {
  if_any_lane([&] {
    for (unsigned tile = 0; tile + 1 < call.arg_size(); tile++) {
      Value* v = vector(call.getArgOperand(tile + 1));
      if (transposed) v = transposed_tile(b_, v);
      for (unsigned row = 0; row < 8; row++)
        b_.CreateAlignedStore(slice(v, row * 4, 4), lane_pointer(call.getArgOperand(0), tile * 8 + row),
                              Align(16));
    }
  });
}

Value* Widener::expanded(Function* spread, uint64_t bytes, ArrayRef<Value*> registers) {
  constexpr ptrdiff_t kMost = 16;  // buffers of a kind: bounds the stack
  const auto same_kind = [&](const Expansion& e) { return e.spread == spread; };
  for (const Expansion& e : expansions_)
    if (e.warp == g_ && same_kind(e) && registers == ArrayRef(e.registers)) return e.buffer;
  std::vector<AllocaInst*>& spare = spare_buffers_[spread];
  if (llvm::count_if(expansions_, same_kind) >= kMost) {
    const auto oldest = llvm::find_if(expansions_, same_kind);
    spare.push_back(oldest->buffer);
    expansions_.erase(oldest);
  }
  if (spare.empty()) {
    spare.push_back(new_slot(ArrayType::get(b_.getInt8Ty(), bytes)));
    spare.back()->setAlignment(Align(64));
  }
  AllocaInst* buffer = spare.back();
  spare.pop_back();
  expansions_.push_back({g_, spread, registers.vec(), buffer});
  std::vector<Value*> args{buffer};
  for (Value* r : registers) args.push_back(vector(r));
  b_.CreateCall(spread, args);
  return buffer;
}

void Widener::forget_expansions() {
  for (const Expansion& e : expansions_) spare_buffers_[e.spread].push_back(e.buffer);
  expansions_.clear();
}

/// Block by block of 16x8, operands spread once for all the products they are in.
void Widener::emit_expanded_mma(CallInst& call, StringRef name) {
  using isa::MatrixRole;
  const isa::MatrixOp op = isa::parse_matrix_op({name.data(), name.size()});
  const isa::MatrixOp block = block_of(op);
  const std::vector<Value*> args(call.arg_begin(), call.arg_end());
  const size_t a_count = size_t(distinct_registers(block, MatrixRole::kA)),
               b_count = size_t(distinct_registers(block, MatrixRole::kB)),
               c_count = size_t(distinct_registers(block, MatrixRole::kC));
  const size_t rows = size_t(op.m / block.m), cols = size_t(op.n / block.n);
  const ArrayRef<Value*> all(args);
  Module& m = *target_.getParent();
  Function *product = expanded_product_function(m, block, options_),
           *spread_a = expand_function(m, block, MatrixRole::kA, options_),
           *spread_b = expand_function(m, block, MatrixRole::kB, options_);
  const uint64_t a_bytes = expanded_bytes(block, MatrixRole::kA),
                 b_bytes = expanded_bytes(block, MatrixRole::kB);
  for (size_t row = 0; row < rows; row++)
    for (size_t col = 0; col < cols; col++) {
      const size_t first = (row * cols + col) * c_count;
      std::vector<Value*> operands{
          expanded(spread_a, a_bytes, all.slice(row * a_count, a_count)),
          expanded(spread_b, b_bytes, all.slice(rows * a_count + col * b_count, b_count))};
      for (Value* c : all.slice(rows * a_count + cols * b_count + first, c_count))
        operands.push_back(vector(c));
      CallInst* result = b_.CreateCall(product, operands);
      result->setCallingConv(product->getCallingConv());
      for (size_t k = 0; k < c_count; k++)
        set_part(&call, unsigned(first + k), b_.CreateExtractValue(result, unsigned(k)));
    }
}

void Widener::emit_mma(CallInst& call, StringRef name) {
  if (const TileWebs::Product* product = webs_->product(&call)) return emit_tile_product(call, *product);
  if (const auto kind = tile_kind(name)) return emit_lone_tile_product(call, *kind);
  if (has_expanded_form(isa::parse_matrix_op({name.data(), name.size()})))
    return emit_expanded_mma(call, name);
  std::vector<Value*> args;
  for (Value* a : call.args()) args.push_back(vector(a));
  Value* result = b_.CreateCall(mma_function(*target_.getParent(), name, options_), args);
  for (unsigned k = 0; k < part_count(call.getType()); k++)
    set_part(&call, k, b_.CreateExtractValue(result, k));
}

void Widener::emit_wmma_memory(CallInst& call, StringRef name) {
  const bool is_load = name.starts_with(kWmmaLoadPrefix);
  std::vector<Value*> args{warp_value(call.getArgOperand(0)), warp_value(call.getArgOperand(1))};
  for (unsigned i = 2; i < call.arg_size(); i++) args.push_back(vector(call.getArgOperand(i)));
  Module& m = *target_.getParent();
  if_any_lane([&] {
    Value* result = b_.CreateCall(is_load ? wmma_load_function(m, name) : wmma_store_function(m, name), args);
    for (unsigned k = 0; is_load && k < part_count(call.getType()); k++)
      set_part(&call, k, b_.CreateExtractValue(result, k));
  });
}

void Widener::emit_matrix_op(CallInst& call, StringRef name) {
  const bool transposed = name.contains(".trans");
  if (name.starts_with(kLdmatrixPrefix)) return emit_ldmatrix(call, transposed);
  if (name.starts_with(kStmatrixPrefix)) return emit_stmatrix(call, transposed);
  if (name.starts_with(kMovmatrixPrefix))
    return set_vector(&call, transposed_tile(b_, vector(call.getArgOperand(0))));
  if (name.starts_with(kWmmaLoadPrefix) || name.starts_with(kWmmaStorePrefix))
    return emit_wmma_memory(call, name);
  emit_mma(call, name);
}

}  // namespace ppu::simt
