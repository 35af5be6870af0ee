// See row_steps.h. A matrix that is transposed without shared memory is read or written by columns: each lane
// has a row of its own, in which the warps of a block stand side by side. A gang makes one access of several
// warps' words: 16 bytes a lane, transposed between registers. Whether they do stand side by side is tested
// at run time; if so the same bytes are accessed as one by one. Threads of different warps that write to one
// place race in either form; of lanes of one warp the highest still wins.
#include "simt/names.h"
#include "simt/row_steps.h"
#include "simt/widener.h"

using namespace llvm;

namespace ppu::simt {
namespace {

constexpr unsigned kHalf = 16;
constexpr unsigned kObject = 16;  ///< bytes a lane

std::optional<int64_t> step_of(const Value* v, const ShapeAnalysis& shapes, unsigned depth) {
  const auto* inst = dyn_cast<Instruction>(v);
  if (!inst) return 0;
  if (const auto* call = dyn_cast<CallInst>(inst)) {
    const Function* f = call->getCalledFunction();
    if (f && f->getName() == kTidY) return 1;
    if (f && (f->getName() == kTidX || f->getName() == kTidZ)) return 0;
  }
  const Shape s = shapes.of(v);
  if (s.is_uniform() && !s.per_warp) return 0;
  if (depth == 0 || isa<PHINode>(inst)) return std::nullopt;
  const auto step = [&](unsigned i) { return step_of(inst->getOperand(i), shapes, depth - 1); };
  const auto sum = [&](int64_t times) -> std::optional<int64_t> {
    const auto a = step(0), b = step(1);
    return a && b ? std::optional(*a + times * *b) : std::nullopt;
  };
  switch (inst->getOpcode()) {
    case Instruction::SExt:
    case Instruction::ZExt:
    case Instruction::Trunc:
    case Instruction::IntToPtr:
    case Instruction::PtrToInt:
    case Instruction::Freeze:
      return step(0);
    case Instruction::Or:
      return cast<PossiblyDisjointInst>(inst)->isDisjoint() ? sum(1) : std::nullopt;
    case Instruction::Add:
      return sum(1);
    case Instruction::Sub:
      return sum(-1);
    case Instruction::GetElementPtr: {
      const auto* gep = cast<GetElementPtrInst>(inst);
      const bool bytes = gep->getNumIndices() == 1 && gep->getSourceElementType()->isIntegerTy(8);
      return bytes ? sum(1) : std::nullopt;
    }
    case Instruction::Shl:
    case Instruction::Mul: {
      const auto a = step(0), b = step(1);
      if (a == 0 && b == 0) return 0;
      const auto* k = dyn_cast<ConstantInt>(inst->getOperand(1));
      if (!a || !k || k->getValue().getSignificantBits() > 32) return std::nullopt;
      const int64_t by = k->getSExtValue();
      if (inst->getOpcode() == Instruction::Mul) return *a * by;
      return by < 32 ? std::optional(*a * (int64_t(1) << by)) : std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<int64_t> row_step(const Value* v, const ShapeAnalysis& shapes) {
  constexpr unsigned kDepth = 12;
  return step_of(v, shapes, kDepth);
}

bool joins_rows(const Instruction& access, const ShapeAnalysis& shapes) {
  const uint32_t columns = shapes.layout.block[0];
  if ((columns != 16 && columns != 32) || !shapes.layout.full_warps()) return false;
  const auto* load = dyn_cast<LoadInst>(&access);
  const auto* store = dyn_cast<StoreInst>(&access);
  if (!(load && load->isSimple()) && !(store && store->isSimple())) return false;
  const Type* t = getLoadStoreType(const_cast<Instruction*>(&access));
  const unsigned bits = t->isPointerTy() || t->isVectorTy() ? 0 : unsigned(t->getPrimitiveSizeInBits());
  if (bits != 16 && bits != 32 && bits != 64) return false;
  const Value* pointer = getLoadStorePointerOperand(&access);
  const Shape s = shapes.of(pointer);
  return s.is_varying() && !s.piece && row_step(pointer, shapes) == int64_t(bits / 8);
}

// Half warps, each the row above the next, in as many sequences as a warp has rows.
std::vector<std::vector<Widener::RowOfGang>> Widener::rows_of_gang() const {
  std::vector<std::vector<RowOfGang>> rows(shapes_.layout.block[0] / kHalf);
  for (unsigned g = 0; g < gang_; g++)
    for (unsigned h = 0; h < 2; h++) rows[rows.size() == 2 ? h : 0].push_back({g, h * kHalf});
  return rows;
}

// The whole gang's load or store at once, where its rows do stand side by side; else each warp's. False: not
// an access of this kind.
bool Widener::emit_rows(Instruction& access) {
  if (gang_ < 2 || compact_ || !joins_rows(access, shapes_)) return false;
  Type* t = getLoadStoreType(&access);
  const unsigned size = unsigned(layout_.getTypeStoreSize(t).getFixedValue()), parts = kObject / size;
  const auto rows = rows_of_gang();
  if (rows[0].size() % parts) return false;
  Value* pointer = getLoadStorePointerOperand(&access);
  const auto half = [&](Value* v, RowOfGang at) {
    select_warp(at.first);
    return slice(vector(v), at.second, kHalf);
  };
  Type* addresses = FixedVectorType::get(b_.getInt64Ty(), kHalf);
  Value* fits = b_.getTrue();
  for_each_warp([&] { fits = mask_ ? b_.CreateAnd(fits, all(mask_)) : fits; });
  for (const auto& sequence : rows) {
    Value *first = b_.CreatePtrToInt(half(pointer, sequence[0]), addresses), *apart = nullptr;
    for (unsigned i = 1; i < sequence.size(); i++) {
      Value* at = b_.CreatePtrToInt(half(pointer, sequence[i]), addresses);
      Value* off = b_.CreateXor(b_.CreateSub(at, first), b_.CreateVectorSplat(kHalf, b_.getInt64(i * size)));
      apart = apart ? b_.CreateOr(apart, off) : off;
    }
    Value* in_step = b_.CreateICmpEQ(apart, Constant::getNullValue(addresses));
    fits = b_.CreateAnd(fits, b_.CreateICmpEQ(b_.CreateBitCast(in_step, b_.getInt16Ty()), b_.getInt16(-1)));
  }
  BasicBlock *joined = new_block("rows.joined"), *each = new_block("rows.each"),
             *done = new_block("rows.done");
  b_.CreateCondBr(fits, joined, each);
  b_.SetInsertPoint(joined);
  std::map<RowOfGang, Value*> loaded;
  for (const auto& sequence : rows)
    for (unsigned k = 0; k < sequence.size(); k += parts)
      move_rows(access, half(pointer, sequence[0]), k * size, ArrayRef(sequence).slice(k, parts), loaded);
  if (isa<LoadInst>(access))
    for_each_warp([&] { set_vector(&access, concat({loaded[{g_, 0}], loaded[{g_, kHalf}]})); });
  b_.CreateBr(done);
  b_.SetInsertPoint(each);
  for_each_warp([&] { emit(access); });
  b_.CreateBr(done);
  b_.SetInsertPoint(done);
  return true;
}

/// `rows` of 16 lanes each, at `offset` bytes from where their lanes' first ones are.
void Widener::move_rows(Instruction& access, Value* pointers, unsigned offset, ArrayRef<RowOfGang> rows,
                        std::map<RowOfGang, Value*>& loaded) {
  const unsigned parts = unsigned(rows.size());
  auto* store = dyn_cast<StoreInst>(&access);
  Type* object = FixedVectorType::get(getLoadStoreType(&access), parts);
  const auto place = [&](unsigned lane) {
    return b_.CreateGEP(b_.getInt8Ty(), b_.CreateExtractElement(pointers, uint64_t(lane)),
                        b_.getInt64(offset));
  };
  if (store) {
    std::vector<Value*> columns;
    for (const auto& [g, first] : rows) {
      select_warp(g);
      columns.push_back(slice(vector(store->getValueOperand()), first, kHalf));
    }
    const std::vector<Value*> lanes = transposed(std::move(columns));
    for (unsigned l = 0; l < kHalf; l++)
      b_.CreateAlignedStore(slice(lanes[l % parts], l / parts * parts, parts), place(l), Align(1));
  } else {
    std::vector<Value*> lanes;
    for (unsigned i = 0; i < parts; i++) {
      std::vector<Value*> row;
      for (unsigned l = i; l < kHalf; l += parts)
        row.push_back(b_.CreateAlignedLoad(object, place(l), Align(1)));
      lanes.push_back(concat(std::move(row)));
    }
    const std::vector<Value*> columns = transposed(std::move(lanes));
    for (unsigned i = 0; i < parts; i++) loaded[rows[i]] = columns[i];
  }
  select_warp(0);
}

}  // namespace ppu::simt
