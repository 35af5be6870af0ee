// See matrix_body.h. Where elements lie comes from isa/fragment.h, what is computed from docs/matrix.md:
// every element of D is one chain of fused multiply-adds in the order of k, so that all engines give the same
// bits.
#include "simt/matrix_body.h"

#include "llvm/IR/IntrinsicsX86.h"

using namespace llvm;

namespace ppu::simt {

using isa::ElementPlace;
using isa::Kind;
using isa::MatrixArithmetic;
using isa::MatrixRole;

FixedVectorType* wide(Type* t) {
  return FixedVectorType::get(t, kLanes);
}

Type* fragment_register_type(LLVMContext& c, isa::Type element, bool is_accumulator) {
  if (element.bits == 64) return Type::getDoubleTy(c);
  if (is_accumulator && element.kind == Kind::kF && element.bits == 32) return Type::getFloatTy(c);
  return Type::getInt32Ty(c);
}

Value* side_by_side(IRBuilderBase& b, std::vector<Value*> parts) {
  while (parts.size() > 1) {
    std::vector<Value*> next;
    for (size_t i = 0; i < parts.size(); i += 2) {
      std::vector<int> all(2 * cast<FixedVectorType>(parts[i]->getType())->getNumElements());
      for (size_t k = 0; k < all.size(); k++) all[k] = int(k);
      next.push_back(b.CreateShuffleVector(parts[i], parts[i + 1], all));
    }
    parts = std::move(next);
  }
  return parts[0];
}

void MatrixBody::find_elements() {
  const bool halves = op_.d.bits == 16;
  elements_.resize(size_t(distinct_registers(op_, MatrixRole::kD) * (halves ? 2 : 1)));
  for (int quad = 0; quad < (op_.quads ? 4 : 1); quad++)
    for (int row = 0; row < op_.m; row++)
      for (int col = 0; col < op_.n; col++) {
        const ElementPlace p = accumulator_place(op_, op_.d.bits, row, col, quad);
        elements_[size_t(halves ? p.reg * 2 + p.elem : p.reg)][p.lane] = {row, col, quad};
      }
}

Value* MatrixBody::float8(isa::Type type, Value* bits) {
  if (type.kind == Kind::kE5M2) {  // the upper half of an f16
    Value* half = b_.CreateTrunc(b_.CreateShl(bits, constant(8)), wide(b_.getInt16Ty()));
    return b_.CreateFPExt(b_.CreateBitCast(half, wide(b_.getHalfTy())), wide(b_.getFloatTy()));
  }
  // e4m3: exponent and fraction in an f32's place, then the bias put right; subnormals come out normal.
  Value* magnitude = b_.CreateAnd(bits, constant(0x7f));
  Value* placed = b_.CreateBitCast(b_.CreateShl(magnitude, constant(20)), wide(b_.getFloatTy()));
  Value* scaled = b_.CreateFMul(placed, ConstantFP::get(wide(b_.getFloatTy()), 0x1p120));
  Value* nan = b_.CreateICmpEQ(magnitude, constant(0x7f));
  Value* value = b_.CreateSelect(nan, constant(0x7fffffff), b_.CreateBitCast(scaled, i32()));
  value = b_.CreateOr(value, b_.CreateShl(b_.CreateAnd(bits, constant(0x80)), constant(24)));
  return b_.CreateBitCast(value, wide(b_.getFloatTy()));
}

Value* MatrixBody::element(isa::Type type, Value* word, int elem) {
  const uint32_t shift = uint32_t(type.bits * elem);
  Type* f32 = wide(b_.getFloatTy());
  if (type.kind == Kind::kTF) return b_.CreateBitCast(b_.CreateAnd(word, constant(0xffffe000)), f32);
  if (type.bits >= 32) return word;
  if (type.kind == Kind::kS) {
    Value* high = b_.CreateShl(word, constant(32 - type.bits - shift));
    return b_.CreateAShr(high, constant(32 - type.bits));
  }
  if (type.kind == Kind::kBF) {
    Value* high = elem ? b_.CreateAnd(word, constant(0xffff0000)) : b_.CreateShl(word, constant(16));
    return b_.CreateBitCast(high, f32);
  }
  Value* bits = b_.CreateAnd(b_.CreateLShr(word, constant(shift)), constant((1u << type.bits) - 1));
  if (type.kind == Kind::kU || type.kind == Kind::kB) return bits;
  if (type.bits == 8) return float8(type, bits);
  Value* half = b_.CreateBitCast(b_.CreateTrunc(bits, wide(b_.getInt16Ty())), wide(b_.getHalfTy()));
  return b_.CreateFPExt(half, f32);
}

Value* MatrixBody::pairs(isa::Type type, Value* word, int elem) {
  auto* t = FixedVectorType::get(b_.getInt16Ty(), 2 * kLanes);
  Value* v = b_.CreateBitCast(word, t);
  v = b_.CreateShl(v, ConstantInt::get(t, uint64_t(16 - type.bits * (elem + 1))));
  Value* by = ConstantInt::get(t, uint64_t(16 - type.bits));
  v = type.kind == Kind::kS ? b_.CreateAShr(v, by) : b_.CreateLShr(v, by);
  return b_.CreateBitCast(v, i32());
}

Value* MatrixBody::expanded(MatrixRole role, int reg, int elem, View view) {
  Value*& v = expansions_[{int(role), reg, elem, int(view)}];
  if (v) return v;
  Value* word = registers(role)[size_t(reg)];
  const isa::Type type = element_type(op_, role);
  v = view == View::kWord ? word : view == View::kPairs ? pairs(type, word, elem) : element(type, word, elem);
  return v;
}

Value* MatrixBody::pick(MatrixRole role, const ElementPlaces& at, View view) {
  std::string key;
  for (const ElementPlace& p : at) key += {char(p.lane), char(p.reg), char(p.elem)};
  Value*& result = picks_[{int(role) * 4 + int(view), key}];
  if (result) return result;
  std::map<std::pair<int, int>, std::vector<int>> sources;  // (register, element) -> mask of one shuffle
  for (unsigned l = 0; l < kLanes; l++) {
    auto& mask = sources[{at[l].reg, view == View::kWord ? 0 : at[l].elem}];
    mask.resize(kLanes, -1);
    mask[l] = at[l].lane;
  }
  for (auto& [from, mask] : sources) {
    Value* v = expanded(role, from.first, from.second, view);
    bool in_place = true;
    for (int l = 0; l < int(kLanes); l++) in_place &= mask[size_t(l)] == -1 || mask[size_t(l)] == l;
    if (!in_place) v = b_.CreateShuffleVector(v, mask);
    if (!result) {
      result = v;
      continue;
    }
    std::vector<int> blend(kLanes);
    for (int l = 0; l < int(kLanes); l++) blend[size_t(l)] = mask[size_t(l)] == -1 ? l : l + int(kLanes);
    result = b_.CreateShuffleVector(result, v, blend);
  }
  return result;
}

Value* MatrixBody::pair_products(Value* a, Value* b) {
  const unsigned lanes = avx512_ ? 16 : 8;
  const Intrinsic::ID id = avx512_ ? Intrinsic::x86_avx512_pmaddw_d_512 : Intrinsic::x86_avx2_pmadd_wd;
  std::vector<Value*> parts;
  const unsigned all = cast<FixedVectorType>(a->getType())->getNumElements();
  for (unsigned first = 0; first < all; first += lanes) {
    std::vector<int> slice(lanes);
    for (unsigned l = 0; l < lanes; l++) slice[l] = int(first + l);
    Type* t = FixedVectorType::get(b_.getInt16Ty(), 2 * lanes);
    Value* x = b_.CreateBitCast(b_.CreateShuffleVector(a, slice), t);
    Value* y = b_.CreateBitCast(b_.CreateShuffleVector(b, slice), t);
    parts.push_back(b_.CreateIntrinsic(id, {}, {x, y}));
  }
  return side_by_side(b_, std::move(parts));
}

Value* MatrixBody::step(Value* acc, Value* a, Value* b, View view) {
  switch (op_.arithmetic) {
    case MatrixArithmetic::kFloat:
    case MatrixArithmetic::kDouble:
      return b_.CreateIntrinsic(Intrinsic::fma, {acc->getType()}, {a, b, acc});
    case MatrixArithmetic::kInteger:
      return b_.CreateAdd(acc, view == View::kPairs ? pair_products(a, b) : b_.CreateMul(a, b));
    case MatrixArithmetic::kXorPopc:
      return b_.CreateAdd(acc, b_.CreateUnaryIntrinsic(Intrinsic::ctpop, b_.CreateXor(a, b)));
    case MatrixArithmetic::kAndPopc:
      return b_.CreateAdd(acc, b_.CreateUnaryIntrinsic(Intrinsic::ctpop, b_.CreateAnd(a, b)));
  }
  return acc;
}

View MatrixBody::view() const {
  switch (op_.arithmetic) {
    case MatrixArithmetic::kFloat:
    case MatrixArithmetic::kDouble:
      return View::kElement;
    case MatrixArithmetic::kInteger:
      return View::kPairs;
    default:
      return View::kWord;
  }
}

bool MatrixBody::is_step(int k) const {
  const int in_word = k % op_.per_word();
  return view() == View::kElement || (view() == View::kPairs ? in_word < op_.per_word() / 2 : in_word == 0);
}

void MatrixBody::dense() {
  for (int k = 0; k < op_.k; k++) {
    if (!is_step(k)) continue;
    for (size_t i = 0; i < acc_.size(); i++) {
      ElementPlaces a, b;
      for (unsigned l = 0; l < kLanes; l++) {
        const Element& e = elements_[i][l];
        a[l] = a_place(op_, e.row, k, e.quad);
        b[l] = b_place(op_, k, e.col, e.quad);
      }
      acc_[i] = step(acc_[i], pick(MatrixRole::kA, a, view()), pick(MatrixRole::kB, b, view()), view());
    }
  }
}

/// The 4 bits that say which elements of its row's `chunk` each lane's row stores.
Value* MatrixBody::metadata_bits(size_t i, int chunk) {
  std::vector<int> lanes(kLanes);
  std::vector<Constant*> shifts(kLanes);
  for (unsigned l = 0; l < kLanes; l++) {
    const ElementPlace p = metadata_place(op_, elements_[i][l].row, chunk, op_.selector);
    lanes[l] = p.lane;
    shifts[l] = b_.getInt32(p.elem);
  }
  return b_.CreateLShr(b_.CreateShuffleVector(metadata_, lanes), ConstantVector::get(shifts));
}

/// B's element that meets stored element j of A's row: chosen among those of the chunk.
Value* MatrixBody::sparse_b(size_t i, int j, Value* bits) {
  const bool of_two = op_.a.bits == 32;
  const int per_chunk = sparse_chunk(op_) / 2, step = op_.a.bits == 4 ? 2 : 1;
  const int which = of_two ? 0 : j % per_chunk / step;
  Value* index =
      b_.CreateAnd(b_.CreateLShr(bits, constant(uint32_t(of_two ? 1 : 2 * which))), constant(of_two ? 1 : 3));
  Value* chosen = nullptr;
  for (int candidate = 0; candidate < (of_two ? 2 : 4); candidate++) {
    const int k = sparse_k(op_, j, of_two ? candidate << 1 : candidate << (2 * which));
    ElementPlaces at;
    for (unsigned l = 0; l < kLanes; l++) at[l] = b_place(op_, k, elements_[i][l].col);
    Value* b = pick(MatrixRole::kB, at, View::kElement);
    chosen = chosen ? b_.CreateSelect(b_.CreateICmpEQ(index, constant(uint32_t(candidate))), b, chosen) : b;
  }
  return chosen;
}

void MatrixBody::sparse() {
  const int per_chunk = sparse_chunk(op_) / 2;
  for (int j = 0; j < op_.stored_k(); j++)
    for (size_t i = 0; i < acc_.size(); i++) {
      ElementPlaces a;
      for (unsigned l = 0; l < kLanes; l++) a[l] = a_place(op_, elements_[i][l].row, j);
      Value* b = sparse_b(i, j, metadata_bits(i, j / per_chunk));
      acc_[i] = step(acc_[i], pick(MatrixRole::kA, a, View::kElement), b, View::kElement);
    }
}

/// f32 to the nearest f16, NaN to the canonical one.
Value* MatrixBody::half_bits(Value* v) {
  Value* half = b_.CreateBitCast(b_.CreateFPTrunc(v, wide(b_.getHalfTy())), wide(b_.getInt16Ty()));
  Value* nan = ConstantInt::get(half->getType(), 0x7fff);
  return b_.CreateZExt(b_.CreateSelect(b_.CreateFCmpUNO(v, v), nan, half), i32());
}

std::vector<Value*> MatrixBody::finished() {
  std::vector<Value*> out;
  const bool integer = !acc_[0]->getType()->isFPOrFPVectorTy();
  for (size_t i = 0; i < acc_.size(); i++) {
    if (integer) {
      Value* c = registers(MatrixRole::kC)[i];
      out.push_back(op_.satfinite ? b_.CreateBinaryIntrinsic(Intrinsic::sadd_sat, c, acc_[i])
                                  : b_.CreateAdd(c, acc_[i]));
    } else if (op_.d.bits == 16) {
      Value* high = b_.CreateShl(half_bits(acc_[i + 1]), constant(16));
      out.push_back(b_.CreateOr(half_bits(acc_[i]), high));
      i++;
    } else {
      out.push_back(acc_[i]);
    }
  }
  return out;
}

std::vector<Value*> MatrixBody::results(Function& f) {
  size_t next = 0;
  for (const MatrixRole role : {MatrixRole::kA, MatrixRole::kB, MatrixRole::kC}) {
    std::vector<Value*> registers;
    for (int r = 0; r < distinct_registers(op_, role); r++) registers.push_back(f.getArg(unsigned(next++)));
    set_registers(role, std::move(registers));
  }
  if (op_.sparse) metadata_ = f.getArg(unsigned(next));
  find_elements();
  for (const auto& lanes : elements_) {
    ElementPlaces c;
    for (unsigned l = 0; l < kLanes; l++)
      c[l] = accumulator_place(op_, op_.c.bits, lanes[l].row, lanes[l].col, lanes[l].quad);
    // Integers: the products are summed first and meet C at the end, where .satfinite clamps.
    acc_.push_back(view() == View::kElement && op_.arithmetic != MatrixArithmetic::kInteger
                       ? pick(MatrixRole::kC, c, View::kElement)
                       : Constant::getNullValue(i32()));
  }
  op_.sparse ? sparse() : dense();
  return finished();
}

}  // namespace ppu::simt
