// Units of A and B (exec/tile_abi.h): put together from registers where a product is the first to take them,
// or by ldmatrix itself (fragment_units.h), where they are multiplied without being copied. Products that
// wait in a queue still need the units of the rounds before: then a place's memory holds several, and each
// load puts its unit behind that of the last one, round and round. Programs that enter the queue count the
// rounds, so that of `depth` that wait, the oldest's units are overwritten by the load that comes `depth`
// programs later at the earliest, and as many more as stand between a load and what takes it.
#include "simt/matrix_function.h"
#include "simt/widener.h"

using namespace llvm;

namespace ppu::simt {

using exec::kTileRowBytes;
using exec::kTileUnitBytes;

namespace {

/// The column of a fragment that is column c of a half tile: even ones come first.
int tile_column(int c) {
  return c % 4 * 2 + c / 4;
}

/// Whether they are the same number, both made just now: slots hold what they held.
bool same_number(const Value* a, const Value* b) {
  if (a == b) return true;
  const auto *x = dyn_cast<Instruction>(a), *y = dyn_cast<Instruction>(b);
  if (!x || !y || x->getOpcode() != y->getOpcode() || x->getType() != y->getType()) return false;
  if (isa<LoadInst>(x)) return isa<AllocaInst>(x->getOperand(0)) && x->getOperand(0) == y->getOperand(0);
  if (const auto* gep = dyn_cast<GetElementPtrInst>(x);
      gep && gep->getSourceElementType() != cast<GetElementPtrInst>(y)->getSourceElementType())
    return false;
  if (!isa<BinaryOperator>(x) && !isa<CastInst>(x) && !isa<GetElementPtrInst>(x)) return false;
  if (x->getNumOperands() != y->getNumOperands()) return false;
  for (unsigned i = 0; i < x->getNumOperands(); i++)
    if (!same_number(x->getOperand(i), y->getOperand(i))) return false;
  return true;
}

}  // namespace

void Widener::prepare_units() {
  unit_events_.resize(fragments_->places().size());
  for (PendingTiles& p : pending_) {
    if (queued_tiles_) {
      p.round = new_slot(b_.getInt32Ty());
      p.rounds = tile_memory(kTileUnitBytes);
      keep(p.rounds);
    }
    for (const FragmentUnits::Place& place : fragments_->places()) {
      p.units.push_back(tile_memory(kTileUnitBytes));
      p.unit_at.push_back(new_slot(b_.getInt32Ty()));
      if (place.kept) keep(p.units.back());
    }
  }
}

/// Whether products multiply the unit where a load put it, instead of a copy. If they don't wait, a place has
/// memory for one only, and the next round's load may come before them.
bool Widener::taken_in_place(const FragmentUnits::Unit& unit) const {
  const FragmentUnits::Place& place = fragments_->places()[unit.place];
  return queued_tiles_ ? place.direct : !place.round || place.settled;
}

/// Whether products of the stretch being emitted take the unit, and haven't been made yet.
bool Widener::is_pending(const FragmentUnits::Unit& unit) const {
  const auto is_its = [&](ArrayRef<Value*> registers) {
    const auto* u = fragments_->unit(registers);
    return u && u->place == unit.place;
  };
  for (const PendingTiles& p : pending_) {
    for (const auto& a : p.a)
      if (is_its(a.registers)) return true;
    for (const auto& b : p.b) {
      std::vector<Value*> both = b.halves[0];
      both.insert(both.end(), b.halves[1].begin(), b.halves[1].end());
      if (is_its(both)) return true;
    }
  }
  return false;
}

/// Where a load puts its unit.
Value* Widener::new_unit(const FragmentUnits::Unit& unit) {
  PendingTiles& p = pending_[g_];
  if (!queued_tiles_ || !taken_in_place(unit)) return p.units[unit.place];
  if (!g_) unit_events_[unit.place].loads.push_back({body_, queued_programs_[body_]});
  Value* at = b_.CreateLoad(b_.getInt32Ty(), p.round);
  b_.CreateStore(at, p.unit_at[unit.place]);
  return unit_of_round(unit, at);
}

Value* Widener::unit_of_round(const FragmentUnits::Unit& unit, Value* at) {
  Value* round = b_.CreateGEP(b_.getInt8Ty(), pending_[g_].rounds, b_.CreateZExt(at, b_.getInt64Ty()));
  return b_.CreateConstGEP1_64(b_.getInt8Ty(), round, unit.place * kTileUnitBytes);
}

/// Where the last load has put it.
Value* Widener::taken_unit(const FragmentUnits::Unit& unit) {
  PendingTiles& p = pending_[g_];
  if (!queued_tiles_) return p.units[unit.place];
  if (!g_) unit_events_[unit.place].takes.push_back({body_, queued_programs_[body_]});
  return unit_of_round(unit, b_.CreateLoad(b_.getInt32Ty(), p.unit_at[unit.place]));
}

/// A program of the selected warp has entered the queue.
void Widener::next_round_of_units(unsigned depth) {
  deepest_queue_ = std::max(deepest_queue_, depth);
  AllocaInst* round = pending_[g_].round;
  Value* next = b_.CreateAdd(b_.CreateLoad(b_.getInt32Ty(), round),
                             b_.getInt32(uint32_t(fragments_->places().size() * kTileUnitBytes)));
  // The constant is put in by size_units.
  auto* wraps = ICmpInst::Create(Instruction::ICmp, CmpInst::ICMP_EQ, next, b_.getInt32(0));
  unit_wraps_.push_back(b_.Insert(wraps));
  b_.CreateStore(b_.CreateSelect(wraps, b_.getInt32(0), next), round);
}

/// Once all is emitted: for how many rounds there must be memory. A multiple of the programs in a loop, so
/// that each of them comes back to fewer rounds' memory.
void Widener::size_units() {
  if (unit_wraps_.empty()) return;
  unsigned between = 0;  // programs that enter the queue from a load on till its unit is taken
  unsigned in_a_block = 1;
  for (const auto& [block, count] : queued_programs_) in_a_block = std::max(in_a_block, count);
  for (size_t place = 0; place < unit_events_.size(); place++)
    for (const auto& [taken_in, taken] : unit_events_[place].takes)
      for (const auto& [loaded_in, loaded] : unit_events_[place].loads)
        between =
            std::max(between, fragments_->places()[place].round ? queued_programs_[loaded_in] - loaded + taken
                                                                : std::max(taken, loaded) - loaded);
  const uint64_t rounds = alignTo(deepest_queue_ + between, in_a_block),
                 bytes = rounds * fragments_->places().size() * kTileUnitBytes;
  for (Instruction* wraps : unit_wraps_) wraps->setOperand(1, b_.getInt32(uint32_t(bytes)));
  for (PendingTiles& p : pending_) p.rounds->setAllocatedType(ArrayType::get(b_.getInt8Ty(), bytes));
}

/// Rows of A: words 0-3 of rows 0-7 are in the first register, those of rows 8-15 in the second, words 4-7 in
/// the others.
void Widener::store_unit_a(Value* memory, ArrayRef<Value*> registers) {
  std::vector<int> rows(kLanes);
  uint64_t offset = 0;
  for (unsigned half = 0; half < 2; half++) {
    Value *low = registers[half], *high = registers[half + 2];
    for (int first = 0; first < 8; first += 4, offset += kLanes * 4) {
      for (int i = 0; i < int(kLanes); i++)
        rows[size_t(i)] = (first + i / 8) * 4 + i % 4 + (i % 8 < 4 ? 0 : int(kLanes));
      b_.CreateAlignedStore(b_.CreateShuffleVector(low, high, rows),
                            b_.CreateConstGEP1_64(b_.getInt8Ty(), memory, offset), Align(64));
    }
  }
}

/// The halves of rows that a register of B has, one after another: lane 4 column + t has word t.
Value* Widener::rows_of_b(Value* reg) {
  std::vector<int> rows(kLanes);
  for (int i = 0; i < int(kLanes); i++) rows[size_t(i)] = tile_column(i % 8) * 4 + i / 8;
  return b_.CreateShuffleVector(reg, rows);
}

/// A fragment of B as one half of a unit's rows: the first register has words 0-3, the second 4-7.
void Widener::store_unit_b(Value* memory, ArrayRef<Value*> registers, bool right) {
  constexpr unsigned kHalf = kTileRowBytes / 8;  // words
  uint64_t offset = right * kHalf * 4;
  for (Value* r : registers) {
    Value* words = rows_of_b(r);
    for (unsigned word = 0; word < 4; word++, offset += kTileRowBytes)
      b_.CreateAlignedStore(slice(words, word * kHalf, kHalf),
                            b_.CreateConstGEP1_64(b_.getInt8Ty(), memory, offset), Align(32));
  }
}

void Widener::copy_unit(Value* memory, Value* from) {
  for (uint64_t at = 0; at < kTileUnitBytes; at += kLanes * 4)
    b_.CreateAlignedStore(b_.CreateAlignedLoad(wide(b_.getInt32Ty()),
                                               b_.CreateConstGEP1_64(b_.getInt8Ty(), from, at), Align(64)),
                          b_.CreateConstGEP1_64(b_.getInt8Ty(), memory, at), Align(64));
}

std::vector<Value*> Widener::vectors(ArrayRef<Value*> values) {
  std::vector<Value*> out;
  for (Value* v : values) out.push_back(vector(v));
  return out;
}

/// How many bytes lie from what a lane addresses to what another does, if that's known.
std::optional<int64_t> Widener::bytes_between(const LaneOfPointer& from, const LaneOfPointer& to) {
  const Shape shape = shapes_.of(from.pointer);
  if (from.pointer == to.pointer && plainly_linear(shape))
    return shape.has_offsets ? shape.c[to.lane] - shape.c[from.lane] : 0;
  const bool into_operands = std::exchange(into_operands_, from.pointer != to.pointer);
  const auto a = lane_term(from.pointer, from.lane), b = lane_term(to.pointer, to.lane);
  into_operands_ = into_operands;
  if (!a || !b || !a->base || !b->base || !same_number(a->base, b->base)) return std::nullopt;
  return b->constant - a->constant;
}

/// Rows that two lanes give, one after the other: a single access where they lie side by side, as those of
/// two matrices mostly do. Swizzling may have put the second in front.
Widener::TwoRows Widener::two_rows(const LaneOfPointer& one, const LaneOfPointer& other) {
  constexpr int64_t kRow = 16;
  const int64_t between = bytes_between(one, other).value_or(0);
  if (between != kRow && between != -kRow)
    return {concat({matrix_row(one.pointer, one.lane), matrix_row(other.pointer, other.lane)}), false};
  const LaneOfPointer& first = between > 0 ? one : other;
  return {b_.CreateAlignedLoad(FixedVectorType::get(b_.getInt32Ty(), 8),
                               lane_pointer(first.pointer, first.lane), Align(kRow)),
          between < 0};
}

/// Eight words of k of each column, turned over: words of 16 columns. Two columns of a half are a register;
/// its quarters are turned over each for itself, and then picked: words 0-3 are in the first and the third,
/// or where swizzling put them.
std::vector<Value*> Widener::words_of_columns(function_ref<TwoRows(unsigned half, unsigned n)> column) {
  std::vector<Value*> turned[2];
  std::array<unsigned, 4> low{};  // quarters with words 0-3, of each half two
  for (unsigned half = 0; half < 2; half++) {
    TwoRows rows[8];
    bool alike = true;
    for (unsigned i = 0; i < 8; i++) {
      rows[i] = column(half, unsigned(tile_column(int(i))));
      alike &= rows[i].second_first == rows[i / 4 * 4].second_first;
    }
    for (unsigned i = 0; i < 4; i++) {
      std::vector<int> order(16);
      for (int k = 0; k < 16; k++)
        order[size_t(k)] = !alike && rows[i + unsigned(k) / 8 * 4].second_first ? k ^ 4 : k;
      turned[half].push_back(b_.CreateShuffleVector(rows[i].words, rows[i + 4].words, order));
    }
    turned[half] = transposed(std::move(turned[half]));
    for (unsigned k = 0; k < 2; k++) low[half * 2 + k] = 2 * k + (alike && rows[4 * k].second_first);
  }
  std::vector<Value*> words;
  for (unsigned word = 0; word < 8; word++) {
    std::vector<int> order(16);
    for (unsigned k = 0; k < 16; k++) order[k] = int((low[k / 4] ^ word / 4) * 4 + k % 4 + k / 8 * 16);
    words.push_back(b_.CreateShuffleVector(turned[0][word % 4], turned[1][word % 4], order));
  }
  return words;
}

/// What ldmatrix loads, as a unit. Rows of A, and of B stored by columns (.trans), are put together where
/// they are loaded.
void Widener::load_unit(const FragmentUnits::Unit& unit, Value* memory, bool transposed) {
  const auto at = [&](unsigned which, unsigned n) {
    const auto& [load, matrix] = unit.matrices[which];
    return LaneOfPointer{cast<CallInst>(load)->getArgOperand(0), matrix * 8 + n};
  };
  const auto rows_of_two = [&](unsigned which, unsigned n) {
    return two_rows(at(which, n), at(which + 2, n));
  };
  const auto put = [&](Value* v, uint64_t offset) {
    b_.CreateAlignedStore(v, b_.CreateConstGEP1_64(b_.getInt8Ty(), memory, offset), Align(64));
  };
  if (!unit.of_b && !transposed) {
    for (unsigned m = 0; m < 16; m += 2) {
      const TwoRows rows[2] = {rows_of_two(m / 8, m % 8), rows_of_two(m / 8, m % 8 + 1)};
      std::vector<int> order(16);
      for (int i = 0; i < 16; i++) order[size_t(i)] = rows[i / 8].second_first ? i ^ 4 : i;
      put(b_.CreateShuffleVector(rows[0].words, rows[1].words, order), m * kTileRowBytes / 2);
    }
    return;
  }
  if (unit.of_b && transposed) {
    // Two rows of k of both halves: column by column side by side.
    Type* halves = FixedVectorType::get(b_.getInt16Ty(), 32);
    for (unsigned word = 0; word < 8; word++) {
      const TwoRows rows[2] = {rows_of_two(word / 4, word % 4 * 2), rows_of_two(word / 4, word % 4 * 2 + 1)};
      std::vector<int> order(32);
      for (int i = 0; i < 32; i++)
        order[size_t(i)] = i % 2 * 16 + (i / 16 ^ int(rows[i % 2].second_first)) * 8 + tile_column(i / 2 % 8);
      Value* both = b_.CreateBitCast(concat({rows[0].words, rows[1].words}), halves);
      put(b_.CreateShuffleVector(both, order), word * kTileRowBytes);
    }
    return;
  }
  if (unit.of_b) {
    const std::vector<Value*> words = words_of_columns(
        [&](unsigned half, unsigned n) { return two_rows(at(half * 2, n), at(half * 2 + 1, n)); });
    for (unsigned word = 0; word < 8; word++) put(words[word], word * kTileRowBytes);
    return;
  }
  std::vector<Value*> registers;
  for (unsigned which = 0; which < 4; which++) {
    std::vector<Value*> rows;
    for (unsigned n = 0; n < 8; n++) rows.push_back(matrix_row(at(which, n).pointer, at(which, n).lane));
    registers.push_back(transposed_tile(b_, concat(std::move(rows))));
  }
  store_unit_a(memory, registers);
}

/// The unit of A that holds these registers.
unsigned Widener::tile_unit_a(ArrayRef<Value*> registers) {
  PendingTiles& p = pending_[g_];
  for (unsigned n = 0; n < p.a.size(); n++)
    if (registers == ArrayRef(p.a[n].registers)) return n;
  const auto* unit = fragments_->unit(registers);
  Value* memory = nullptr;
  if (unit && taken_in_place(*unit)) {
    memory = taken_unit(*unit);
  } else {
    memory = b_.CreateConstGEP1_64(b_.getInt8Ty(), p.a_at, p.a.size() * kTileUnitBytes);
    unit ? copy_unit(memory, p.units[unit->place]) : store_unit_a(memory, vectors(registers));
  }
  p.a.push_back({registers.vec(), memory});
  return unsigned(p.a.size() - 1);
}

/// The unit of B with these registers in one half and, now or later, the partner's in the other.
unsigned Widener::tile_unit_b(const CallInst& call, const TileWebs::Product& product) {
  PendingTiles& p = pending_[g_];
  std::vector<Value*> halves[2];
  const auto registers = [](const CallInst& c) {
    return std::vector<Value*>{c.getArgOperand(4), c.getArgOperand(5)};
  };
  halves[product.right] = registers(call);
  if (product.partner) halves[!product.right] = registers(*product.partner);
  unsigned n = 0;
  while (n < p.b.size() && (p.b[n].halves[0] != halves[0] || p.b[n].halves[1] != halves[1])) n++;
  if (n == p.b.size()) {
    Value* memory = b_.CreateConstGEP1_64(b_.getInt8Ty(), p.b_at, n * kTileUnitBytes);
    std::vector<Value*> both = halves[0];
    both.insert(both.end(), halves[1].begin(), halves[1].end());
    const auto* unit = fragments_->unit(both);
    if (unit && taken_in_place(*unit))
      memory = taken_unit(*unit);
    else if (unit)
      copy_unit(memory, p.units[unit->place]);
    p.b.push_back({{halves[0], halves[1]}, memory, {unit != nullptr, unit != nullptr}});
  }
  if (!std::exchange(p.b[n].stored[product.right], true)) {
    if (!product.partner) b_.CreateMemSet(p.b[n].memory, b_.getInt8(0), kTileUnitBytes, Align(64));
    store_unit_b(p.b[n].memory, vectors(halves[product.right]), product.right);
  }
  return n;
}

}  // namespace ppu::simt
