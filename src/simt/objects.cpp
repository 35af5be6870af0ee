// Vectors of several parts (float4, double2, uchar4) whose lanes lie where memory.cpp has no plan for them:
// each lane's is moved whole, not part by part. Up to 8 bytes it's one element of a gather or scatter; of 16
// bytes, a register's load or store, because no gather has elements of that size.
#include "simt/widener.h"

using namespace llvm;

namespace ppu::simt {
namespace {

constexpr unsigned kHalf = 16;

}  // namespace

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

// Code for a full warp, and for the lanes that are on where some aren't. Both leave `memory`, if there is
// one, in the same state.
void Widener::full_or_some(function_ref<void()> full, function_ref<void(Value*)> lane) {
  if (!mask_) return full();
  BasicBlock *all_on = new_block("objects.full"), *some = new_block("objects.some"),
             *done = new_block("objects.done");
  b_.CreateCondBr(all(mask_), all_on, some);
  b_.SetInsertPoint(some);
  for_each_lane(mask_, lane);
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

// A function that gives each lane's pointer, by a constant lane.
std::function<Value*(unsigned)> Widener::object_pointers(Value* pointer) {
  const Shape shape = shapes_.of(pointer);
  if (plainly_linear(shape)) {
    Value* base = scalar(pointer);
    return [this, base, shape](unsigned lane) {
      return b_.CreateGEP(b_.getInt8Ty(), base, b_.getInt64(shape.has_offsets ? uint64_t(shape.c[lane]) : 0));
    };
  }
  AllocaInst* pointers = spilled(vector(pointer));
  return
      [this, pointers](unsigned lane) { return lane_of(pointers, b_.getPtrTy(), b_.getInt64(lane), true); };
}

std::vector<Value*> Widener::load_registers(Type* object, Value* pointer) {
  Type* half = FixedVectorType::get(part_type(object, 0), kHalf * part_count(object));
  AllocaInst *memory = nullptr, *pointers = nullptr;
  if (mask_) {
    memory = object_memory(object);
    pointers = spilled(vector(pointer));
    b_.CreateStore(Constant::getNullValue(memory->getAllocatedType()), memory);
  }
  std::vector<Value*> halves;
  full_or_some(
      [&] {
        const auto pointer_of = object_pointers(pointer);
        for (unsigned first = 0; first < kLanes; first += kHalf) {
          std::vector<Value*> lanes;
          for (unsigned l = first; l < first + kHalf; l++)
            lanes.push_back(b_.CreateAlignedLoad(object, pointer_of(l), Align(1)));
          halves.push_back(concat(std::move(lanes)));
          if (memory) b_.CreateStore(halves.back(), b_.CreateGEP(object, memory, b_.getInt64(first)));
        }
      },
      [&](Value* lane) {
        Value* x = b_.CreateAlignedLoad(object, lane_of(pointers, b_.getPtrTy(), lane), Align(1));
        b_.CreateStore(x, b_.CreateGEP(object, memory, lane));
      });
  std::vector<Value*> out;
  for (unsigned h = 0; h < 2; h++) {
    if (memory) halves[h] = b_.CreateLoad(half, b_.CreateGEP(object, memory, b_.getInt64(h * kHalf)));
    const std::vector<Value*> parts = parts_of(halves[h], part_count(object));
    for (size_t k = 0; k < parts.size(); k++)
      h ? void(out[k] = concat({out[k], parts[k]})) : out.push_back(parts[k]);
  }
  return out;
}

void Widener::store_registers(Type* object, ArrayRef<Value*> values, Value* pointer) {
  AllocaInst *memory = nullptr, *pointers = nullptr;
  std::vector<Value*> halves;
  for (unsigned first = 0; first < kLanes; first += kHalf) halves.push_back(lanes_of(values, first, kHalf));
  if (mask_) {
    memory = object_memory(object);
    pointers = spilled(vector(pointer));
    for (unsigned h = 0; h < 2; h++)
      b_.CreateStore(halves[h], b_.CreateGEP(object, memory, b_.getInt64(h * kHalf)));
  }
  const unsigned parts = part_count(object);
  full_or_some(
      [&] {
        const auto pointer_of = object_pointers(pointer);
        for (unsigned l = 0; l < kLanes; l++)
          b_.CreateAlignedStore(slice(halves[l / kHalf], l % kHalf * parts, parts), pointer_of(l), Align(1));
      },
      [&](Value* lane) {
        Value* x = b_.CreateLoad(object, b_.CreateGEP(object, memory, lane));
        b_.CreateAlignedStore(x, lane_of(pointers, b_.getPtrTy(), lane), Align(1));
      });
}

}  // namespace ppu::simt
