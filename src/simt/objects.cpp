// Vectors of several parts (float4, double2, uchar4) whose lanes lie where memory.cpp has no plan for them:
// each lane's is moved whole, not part by part. Up to 8 bytes it's one element of a gather or scatter; of 16
// bytes, a register's load or store, because no gather has elements of that size.
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/PatternMatch.h"
#include "simt/prefetch.h"
#include "simt/widener.h"

using namespace llvm;
using namespace llvm::PatternMatch;

namespace ppu::simt {
namespace {

constexpr unsigned kHalf = 16;
constexpr unsigned kMovedAtOnce = 8;  ///< lanes whose registers are loaded before they are stored

}  // namespace

unsigned lanes_in_a_row(const Shape& s, unsigned first) {
  if (!s.is_linear() && !s.piece) return 1;
  const unsigned end = s.is_linear() ? kLanes : (first / s.piece + 1) * s.piece;
  unsigned n = 1;
  while (first + n < end && s.has_offsets && s.c[first + n] == s.c[first] + int64_t(n) * 16) n++;
  return n;
}

Widener::Whole Widener::moved_whole(Type* object) const {
  const unsigned parts = part_count(object);
  if (!isa<FixedVectorType>(object) || parts < 2 || (parts & (parts - 1))) return Whole::kNo;
  Type* t = part_type(object, 0);
  if (t->isPointerTy() || t->isIntegerTy(1)) return Whole::kNo;
  const uint64_t size = layout_.getTypeStoreSize(object).getFixedValue();
  if (size == 16) return compact_ ? Whole::kTwoElements : Whole::kRegister;
  return size == 2 || size == 4 || size == 8 ? Whole::kElement : Whole::kNo;
}

// Each part of all lanes, from lanes that lie one after another.
std::vector<Value*> Widener::parts_of(Value* lanes, unsigned parts) {
  const unsigned n = cast<FixedVectorType>(lanes->getType())->getNumElements() / parts;
  std::vector<Value*> out;
  for (unsigned k = 0; k < parts; k++) {
    std::vector<int> pick(n);
    for (unsigned l = 0; l < n; l++) pick[l] = int(l * parts + k);
    out.push_back(b_.CreateShuffleVector(lanes, pick));
  }
  return out;
}

// The other way round, for lanes [first, first + n).
Value* Widener::lanes_of(ArrayRef<Value*> parts, unsigned first, unsigned n) {
  std::vector<Value*> pieces;
  for (Value* v : parts) pieces.push_back(slice(v, first, n));
  std::vector<int> order;
  for (unsigned l = 0; l < n; l++)
    for (unsigned k = 0; k < parts.size(); k++) order.push_back(int(k * n + l));
  return b_.CreateShuffleVector(concat(std::move(pieces)), order);
}

/// Squares of `n` vectors, in each 128 bits of them: part k of vector i becomes part i of vector k. By halves
/// interleaved log2(n) times, each an instruction (unpcklps and its kin).
std::vector<Value*> Widener::transposed(std::vector<Value*> v) {
  const size_t n = v.size();
  const unsigned elements = cast<FixedVectorType>(v[0]->getType())->getNumElements();
  std::vector<int> low(elements), high(elements);
  for (unsigned e = 0; e < elements; e++) {
    const unsigned square = e / n * n, at = e % n;
    low[e] = int(square + at / 2 + (at % 2 ? elements : 0));
    high[e] = low[e] + int(n / 2);
  }
  for (size_t stage = 1; stage < n; stage *= 2) {
    std::vector<Value*> next;
    for (size_t i = 0; i < n / 2; i++) {
      next.push_back(b_.CreateShuffleVector(v[i], v[i + n / 2], low));
      next.push_back(b_.CreateShuffleVector(v[i], v[i + n / 2], high));
    }
    v = std::move(next);
  }
  return v;
}

// Code for a full warp, and for one of which some lanes are off.
void Widener::full_or_some(function_ref<void()> full, function_ref<void()> some_on) {
  if (!mask_) return full();
  BasicBlock *all_on = new_block("objects.full"), *some = new_block("objects.some"),
             *done = new_block("objects.done");
  b_.CreateCondBr(all(mask_), all_on, some);
  b_.SetInsertPoint(some);
  some_on();
  b_.CreateBr(done);
  b_.SetInsertPoint(all_on);
  full();
  b_.CreateBr(done);
  b_.SetInsertPoint(done);
}

AllocaInst* Widener::object_memory(Type* object) {
  AllocaInst* memory = new_slot(ArrayType::get(object, kLanes));
  memory->setAlignment(Align(64));
  return memory;
}

/// A function that gives each lane's pointer, by a constant lane, where no vector of them is needed for it.
std::function<Value*(unsigned)> Widener::known_pointers(Value* pointer) {
  const Shape shape = shapes_.of(pointer);
  if (plainly_linear(shape)) {
    Value* base = scalar(pointer);
    return [this, base, shape](unsigned lane) {
      return b_.CreateGEP(b_.getInt8Ty(), base, b_.getInt64(shape.has_offsets ? uint64_t(shape.c[lane]) : 0));
    };
  }
  std::vector<Value*> places;  // of some lanes more may be known than of others
  for (unsigned lane = 0; lane < kLanes; lane++)
    if (Value* p = lane_address(pointer, lane)) places.push_back(p);
  if (places.size() == kLanes) return [places](unsigned lane) { return places[lane]; };
  return nullptr;
}

std::function<Value*(unsigned)> Widener::object_pointers(Value* pointer) {
  if (auto known = known_pointers(pointer)) return known;
  AllocaInst* pointers = spilled(vector(pointer));
  return
      [this, pointers](unsigned lane) { return lane_of(pointers, b_.getPtrTy(), b_.getInt64(lane), true); };
}

std::vector<Value*> Widener::load_registers(Type* object, Value* pointer) {
  std::function<Value*(unsigned)> pointer_of;
  if (!mask_) {
    pointer_of = object_pointers(pointer);
  } else {
    // Where some lanes are off, the others' objects are copied first; all are then read from there.
    AllocaInst *memory = object_memory(object), *pointers = spilled(vector(pointer));
    full_or_some([] {},
                 [&] {
                   b_.CreateStore(Constant::getNullValue(memory->getAllocatedType()), memory);
                   for_each_lane(mask_, [&](Value* lane) {
                     Value* at = lane_of(pointers, b_.getPtrTy(), lane);
                     b_.CreateStore(b_.CreateAlignedLoad(object, at, Align(1)),
                                    b_.CreateGEP(object, memory, lane));
                   });
                   std::vector<Constant*> lanes;
                   for (unsigned l = 0; l < kLanes; l++) lanes.push_back(b_.getInt64(l));
                   b_.CreateStore(b_.CreateGEP(object, memory, ConstantVector::get(lanes)), pointers);
                 });
    pointer_of = [this, pointers](unsigned lane) {
      return lane_of(pointers, b_.getPtrTy(), b_.getInt64(lane), true);
    };
  }
  const unsigned parts = part_count(object);
  std::vector<Value*> out(parts);
  for (unsigned first = 0; first < kLanes; first += kHalf) {
    std::vector<Value*> rows;
    for (unsigned i = 0; i < parts; i++) {
      std::vector<Value*> row;  // every parts-th lane: a square of parts x parts in each 128 bits
      for (unsigned l = first + i; l < first + kHalf; l += parts)
        row.push_back(b_.CreateAlignedLoad(object, pointer_of(l), Align(1)));
      rows.push_back(concat(std::move(row)));
    }
    const std::vector<Value*> columns = transposed(std::move(rows));
    for (unsigned k = 0; k < parts; k++) out[k] = first ? concat({out[k], columns[k]}) : columns[k];
  }
  return out;
}

/// Objects that lie anywhere, one a lane: all their parts.
std::vector<Value*> Widener::load_objects(Type* object, Value* pointer) {
  const unsigned parts = std::max(1u, part_count(object));
  Type* t = part_count(object) ? part_type(object, 0) : object;
  const Whole how = moved_whole(object);
  if (how == Whole::kRegister) return load_registers(object, pointer);
  const uint64_t size = layout_.getTypeStoreSize(t).getFixedValue();
  std::vector<Value*> out;
  const unsigned n = how == Whole::kElement ? parts : how == Whole::kTwoElements ? parts / 2 : 1;
  for (unsigned first = 0; first < parts; first += n) {
    Value* words = load_anywhere(n == 1 ? t : b_.getIntNTy(unsigned(size) * n * 8), pointer, first * size);
    if (n == 1) {
      out.push_back(words);
      continue;
    }
    for (Value* x : parts_of(b_.CreateBitCast(words, FixedVectorType::get(t, kLanes * n)), n))
      out.push_back(x);
  }
  return out;
}

/// What join_loads has joined. Nothing is known of where the lanes are; if it turns out that they follow each
/// other by one part, or are at one place, it's a vector a part as it would have been without.
std::vector<Value*> Widener::load_joined(Type* object, Value* pointer) {
  const unsigned parts = part_count(object);
  Type* t = part_type(object, 0);
  const uint64_t size = layout_.getTypeStoreSize(t).getFixedValue();
  Value* at = b_.CreatePtrToInt(vector(pointer), wide(b_.getInt64Ty()));
  const auto [start, lowest] = first_places(at, size, mask_);
  const auto holds = [&](Value* first, uint64_t step) {
    std::vector<Constant*> want;
    for (unsigned l = 0; l < kLanes; l++) want.push_back(b_.getInt64(l * step));
    Value* ok = b_.CreateICmpEQ(b_.CreateSub(at, splat(first)), ConstantVector::get(want));
    return all(mask_ ? b_.CreateOr(ok, b_.CreateNot(mask_)) : ok);
  };
  BasicBlock *row = new_block("joined.row"), *other = new_block("joined.other"),
             *equal = new_block("joined.equal"), *rows = new_block("joined.rows"),
             *done = new_block("joined.done");
  std::vector<AllocaInst*> out;
  for (unsigned k = 0; k < parts; k++) out.push_back(new_slot(wide(t)));
  b_.CreateCondBr(holds(start, size), row, other);
  b_.SetInsertPoint(row);
  for (unsigned k = 0; k < parts; k++) {
    Value* p = b_.CreateGEP(t, pointer_to(start), b_.getInt64(k));
    b_.CreateStore(
        mask_ ? (Value*)b_.CreateMaskedLoad(wide(t), p, Align(1), mask_, Constant::getNullValue(wide(t)))
              : b_.CreateAlignedLoad(wide(t), p, Align(1)),
        out[k]);
  }
  b_.CreateBr(done);
  b_.SetInsertPoint(other);
  Value* same = holds(lowest, 0);
  if (mask_) same = b_.CreateAnd(same, any(mask_));  // with no lane on it holds for garbage, too
  b_.CreateCondBr(same, equal, rows);
  b_.SetInsertPoint(equal);
  for (unsigned k = 0; k < parts; k++) {
    Value* p = b_.CreateGEP(t, pointer_to(lowest), b_.getInt64(k));
    b_.CreateStore(splat(b_.CreateAlignedLoad(t, p, Align(1))), out[k]);
  }
  b_.CreateBr(done);
  b_.SetInsertPoint(rows);
  const std::vector<Value*> objects = load_objects(object, pointer);
  for (unsigned k = 0; k < parts; k++) b_.CreateStore(objects[k], out[k]);
  b_.CreateBr(done);
  b_.SetInsertPoint(done);
  std::vector<Value*> loaded;
  for (AllocaInst* slot : out) loaded.push_back(b_.CreateLoad(wide(t), slot));
  return loaded;
}

void Widener::store_registers(Type* object, ArrayRef<Value*> values, Value* pointer) {
  const unsigned parts = part_count(object);
  std::vector<Value*> objects(kLanes);
  for (unsigned first = 0; first < kLanes; first += kHalf) {
    std::vector<Value*> columns;
    for (Value* v : values) columns.push_back(slice(v, first, kHalf));
    const std::vector<Value*> rows = transposed(std::move(columns));
    for (unsigned l = 0; l < kHalf; l++)
      objects[first + l] = slice(rows[l % parts], l / parts * parts, parts);
  }
  const auto store_all = [&](function_ref<Value*(unsigned)> to) {
    for (unsigned l = 0; l < kLanes; l++) b_.CreateAlignedStore(objects[l], to(l), Align(1));
  };
  full_or_some([&] { store_all(object_pointers(pointer)); },
               [&] {
                 AllocaInst *memory = object_memory(object), *pointers = spilled(vector(pointer));
                 store_all([&](unsigned lane) { return b_.CreateGEP(object, memory, b_.getInt64(lane)); });
                 for_each_lane(mask_, [&](Value* lane) {
                   Value* x = b_.CreateLoad(object, b_.CreateGEP(object, memory, lane));
                   b_.CreateAlignedStore(x, lane_of(pointers, b_.getPtrTy(), lane), Align(1));
                 });
               });
}

/// A register's load that only feeds a store, as cp.async is: what each lane brings goes where it belongs
/// without becoming a vector of all lanes. Not where both sides are whole rows, which vectors move at once.
bool Widener::is_moved(const LoadInst& load) const {
  const auto* store = load.hasOneUse() ? dyn_cast<StoreInst>(load.user_back()) : nullptr;
  Type* t = load.getType();
  if (!store || store->getValueOperand() != &load || store->getParent() != load.getParent()) return false;
  if (!isa<FixedVectorType>(t) || part_count(t) < 2 || layout_.getTypeStoreSize(t).getFixedValue() != 16)
    return false;
  if (!load.isSimple() || !store->isSimple()) return false;
  for (const Instruction* i = load.getNextNode(); i != store; i = i->getNextNode())
    if (i->mayWriteToMemory() && !match(i, m_Intrinsic<Intrinsic::assume>())) return false;
  const Shape from = shapes_.of(load.getPointerOperand()), to = shapes_.of(store->getPointerOperand());
  if (from.is_unknown() || to.is_unknown() || from.is_uniform() || to.is_uniform()) return false;
  return !(from.is_linear() && lanes_in_a_row(from, 0) == kLanes && to.is_linear() &&
           lanes_in_a_row(to, 0) == kLanes);
}

/// Bytes from what a load reads to what it will read in the next round of its loop. Null: unknown.
Value* Widener::bytes_to_next_round(const LoadInst& load, Value* from) {
  const Loop* loop = shapes_.loops.getLoopFor(load.getParent());
  const auto advance = loop ? advance_of(from, *loop, shapes_) : std::nullopt;
  if (!advance || !advance->step) return nullptr;
  return b_.CreateMul(b_.CreateSExt(scalar(advance->step), b_.getInt64Ty()),
                      b_.getInt64(uint64_t(advance->factor)));
}

/// Which of `lanes` lanes from `first` on writes the first 16 bytes of a register, which the next ones; empty
/// if they don't fill one, or it isn't known. Tiles in shared memory are swizzled within such pieces.
std::vector<unsigned> Widener::order_of_places(Value* pointer, unsigned first, unsigned lanes) {
  std::vector<int64_t> at(lanes);
  for (unsigned k = 1; k < lanes; k++) {
    const auto between = bytes_between({pointer, first}, {pointer, first + k});
    if (!between) return {};
    at[k] = *between;
  }
  const int64_t lowest = *std::min_element(at.begin(), at.end());
  std::vector<unsigned> order;
  for (unsigned n = 0; n < lanes; n++) {
    const auto lane = std::find(at.begin(), at.end(), lowest + int64_t(n) * 16);
    if (lane == at.end()) return {};
    order.push_back(unsigned(lane - at.begin()));
  }
  return order;
}

/// Whether each register's lanes read 16 bytes each side by side.
Value* Widener::read_rows(Value* pointers) {
  Value* at = b_.CreatePtrToInt(pointers, wide(b_.getInt64Ty()));
  std::vector<int> first(kLanes);
  std::vector<Constant*> apart(kLanes);
  for (unsigned l = 0; l < kLanes; l++) {
    first[l] = int(l / kMovedTogether * kMovedTogether);
    apart[l] = b_.getInt64(l % kMovedTogether * 16);
  }
  Value* between = b_.CreateSub(at, b_.CreateShuffleVector(at, first));
  return all(b_.CreateICmpEQ(between, ConstantVector::get(apart)));
}

/// For a full warp, whose lanes read at `from`. A loop that copies pieces of many rows, a tile of a matrix,
/// follows more lines than processors do: what the next round copies is fetched. `usual`: worth asking
/// whether lanes read rows where that isn't known.
void Widener::emit_full_move(LoadInst& load, StoreInst& store, Value* from, bool usual) {
  Moved m;
  m.type = load.getType();
  m.source = shapes_.of(from);
  m.place_of = object_pointers(store.getPointerOperand());
  // Other lanes may read where one writes, and read first.
  m.apart = space_of(load) == kGlobalSpace && space_of(store) == kSharedSpace;
  m.ahead = m.apart ? bytes_to_next_round(load, from) : nullptr;
  for (unsigned l = 0; m.apart && l < kLanes;) {
    for (unsigned n = kMovedTogether; n; n /= 2)
      if (l % n == 0)
        if (auto order = order_of_places(store.getPointerOperand(), l, n); !order.empty()) {
          l += n;
          m.order.push_back(std::move(order));
          break;
        }
  }
  const bool rows_known = unwraps(m.source) && lanes_in_a_row(m.source, 0) >= kMovedTogether;
  m.source_of = known_pointers(from);
  const bool asks = usual && m.apart && !rows_known && !m.source_of;
  if (!m.source_of) m.source_of = object_pointers(from);
  m.even = unwraps(m.source);
  if (!asks) return move_lanes(m);
  BasicBlock *rows = new_block("move.rows"), *lanes = new_block("move.lanes"), *done = new_block("moved");
  b_.CreateCondBr(read_rows(vector(from)), rows, lanes);
  b_.SetInsertPoint(lanes);
  move_lanes(m);
  b_.CreateBr(done);
  b_.SetInsertPoint(rows);
  m.in_rows = true;
  move_lanes(m);
  b_.CreateBr(done);
  b_.SetInsertPoint(done);
}

void Widener::move_lanes(const Moved& m) {
  const unsigned parts = part_count(m.type);
  const unsigned at_once = m.apart ? kMovedAtOnce : kLanes;
  auto order = m.order.begin();
  for (unsigned first = 0; first < kLanes; first += at_once) {
    std::vector<Value*> lanes;
    for (unsigned l = first, n; l < first + at_once; l += n) {
      n = m.in_rows ? kMovedTogether : m.even ? std::min(lanes_in_a_row(m.source, l), kMovedTogether) : 1;
      n = std::min(unsigned(bit_floor(n)), first + at_once - l);
      Type* row = FixedVectorType::get(part_type(m.type, 0), n * parts);
      Value* at = m.source_of(l);
      Value* x = b_.CreateAlignedLoad(row, at, Align(1));
      if (m.ahead && l % kMovedTogether == 0)  // the lanes behind it read there, too, where they lie in rows
        b_.CreateIntrinsic(
            Intrinsic::prefetch, {at->getType()},
            {b_.CreateGEP(b_.getInt8Ty(), at, m.ahead), b_.getInt32(0), b_.getInt32(3), b_.getInt32(1)});
      for (unsigned k = 0; k < n; k++) lanes.push_back(slice(x, k * parts, parts));
    }
    if (!m.apart)
      for (unsigned k = 0; k < at_once; k++) b_.CreateAlignedStore(lanes[k], m.place_of(first + k), Align(1));
    for (unsigned k = 0; m.apart && k < at_once; order++) {
      std::vector<Value*> row;
      for (const unsigned lane : *order) row.push_back(lanes[k + lane]);
      b_.CreateAlignedStore(concat(std::move(row)), m.place_of(first + k + (*order)[0]), Align(1));
      k += unsigned(order->size());
    }
  }
}

void Widener::emit_move_of_some(LoadInst& load, StoreInst& store) {
  Type* object = load.getType();
  AllocaInst *sources = spilled(vector(load.getPointerOperand())),
             *places = spilled(vector(store.getPointerOperand())), *objects = object_memory(object);
  const auto at = [&](AllocaInst* pointers, Value* lane) { return lane_of(pointers, b_.getPtrTy(), lane); };
  for_each_lane(mask_or_all(), [&](Value* lane) {
    b_.CreateStore(b_.CreateAlignedLoad(object, at(sources, lane), Align(1)),
                   b_.CreateGEP(object, objects, lane));
  });
  for_each_lane(mask_or_all(), [&](Value* lane) {
    b_.CreateAlignedStore(b_.CreateLoad(object, b_.CreateGEP(object, objects, lane)), at(places, lane),
                          Align(1));
  });
}

void Widener::emit_move(LoadInst& load, StoreInst& store) {
  Value* from = load.getPointerOperand();
  // Lanes beyond an edge read zeros instead; mostly there are none.
  auto* choice = dyn_cast<SelectInst>(from);
  const bool zeros_if = choice && isa<Constant>(choice->getTrueValue()),
             zeros_else = choice && isa<Constant>(choice->getFalseValue());
  if (zeros_if == zeros_else) choice = nullptr;
  if (!mask_ && !choice) return emit_full_move(load, store, from, true);
  Value* plain = all(mask_or_all());
  if (choice) {
    Value* c = choice->getCondition();
    Value* real = shapes_.uniform(c) ? scalar(c) : vector(c);
    if (zeros_if) real = b_.CreateNot(real);
    plain = b_.CreateAnd(plain, real->getType()->isVectorTy() ? all(real) : real);
    from = zeros_if ? choice->getFalseValue() : choice->getTrueValue();
  }
  BasicBlock *full = new_block("move.full"), *some = new_block("move.some"), *done = new_block("move.done");
  b_.CreateCondBr(plain, full, some);
  b_.SetInsertPoint(some);
  mask_ ? emit_move_of_some(load, store) : emit_full_move(load, store, load.getPointerOperand(), false);
  b_.CreateBr(done);
  b_.SetInsertPoint(full);
  emit_full_move(load, store, from, true);
  b_.CreateBr(done);
  b_.SetInsertPoint(done);
}

}  // namespace ppu::simt
