// Matrix products as tiles (exec/tile_abi.h): fragments of A and B are put into memory where the instruction
// stands, the products of a stretch of code are one program at its end, and accumulators stay in memory where
// tile_webs.h says so. Programs of a loop that only adds up wait in a queue for those of the next rounds: one
// round of 16 elements fetches and stores as much of the tiles as eight.
#include <cstring>

#include "simt/matrix_function.h"
#include "simt/names.h"
#include "simt/widener.h"

using namespace llvm;

namespace ppu::simt {

using exec::kTileBytes;
using exec::kTileRowBytes;
using exec::kTileUnitBytes;

namespace {

constexpr size_t kMaxSteps = 32;  ///< of one tile in a program
constexpr size_t kMaxInARow = 4;  ///< tiles of a block

/// Words of a program (exec::TileProgram), and of those the ones that programs of a queue have in common.
struct ProgramWriter {
  std::vector<uint16_t> words, layout;
  void put(size_t v) { words.push_back(uint16_t(v)), layout.push_back(uint16_t(v)); }
  void put_unit(size_t v) { words.push_back(uint16_t(v)); }
};

Constant* program_constant(Module& m, ArrayRef<uint16_t> words) {
  Constant* data = ConstantDataArray::get(m.getContext(), words);
  auto* g = new GlobalVariable(m, data->getType(), true, GlobalValue::InternalLinkage, data, "tile.program");
  g->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
  g->setAlignment(Align(2));
  return g;
}

bool is_zero_sum(const CallInst& product) {
  for (unsigned k = 6; k < 10; k++) {
    const auto* c = dyn_cast<Constant>(product.getArgOperand(k));
    if (!c || !c->isNullValue()) return false;
  }
  return true;
}

/// A tile's chain of products in one call.
struct Chain {
  size_t tile = 0;
  uint16_t halves = 0;
  std::vector<unsigned> a, b;
  bool joins(const Chain& o) const {
    return a == o.a && b == o.b && (halves & exec::kFromZero) == (o.halves & exec::kFromZero);
  }
  bool whole() const { return (halves & exec::kBothHalves) == exec::kBothHalves; }
};

/// Chains of both halves become one where they agree.
std::vector<Chain> chains_of(ArrayRef<PendingTiles::Step> steps) {
  std::map<size_t, std::array<Chain, 2>> by_tile;
  for (const PendingTiles::Step& s : steps) {
    Chain& c = by_tile[s.tile][s.right];
    c.tile = s.tile;
    if (c.a.empty())
      c.halves =
          uint16_t((s.right ? exec::kRightHalf : exec::kLeftHalf) | (s.from_zero ? exec::kFromZero : 0));
    c.a.push_back(s.a);
    c.b.push_back(s.b);
  }
  std::vector<Chain> out;
  for (auto& [tile, halves] : by_tile) {
    auto& [left, right] = halves;
    if (left.joins(right)) {
      left.halves |= exec::kBothHalves;
      right.halves = 0;
    }
    for (const Chain* c : {&left, &right})
      if (c->halves) out.push_back(*c);
  }
  return out;
}

/// Tiles in blocks of 2x2 that share their units by rows and columns, or rows of up to four that share A's.
void write_blocks(ProgramWriter& out, const std::vector<Chain>& chains, size_t& blocks) {
  std::vector<bool> done(chains.size());
  const auto find = [&](uint16_t halves, const std::vector<unsigned>& a, const std::vector<unsigned>& b) {
    for (size_t n = 0; n < chains.size(); n++)
      if (!done[n] && chains[n].halves == halves && chains[n].a == a && chains[n].b == b) return n;
    return chains.size();
  };
  const auto write = [&](size_t rows, size_t columns, ArrayRef<size_t> tiles) {
    const Chain& first = chains[tiles[0]];
    for (const size_t v : {rows, columns, first.a.size(), size_t(first.halves)}) out.put(v);
    for (const size_t t : tiles) out.put(chains[t].tile);
    for (size_t s = 0; s < first.a.size(); s++) {
      for (size_t i = 0; i < rows; i++) out.put_unit(chains[tiles[i * columns]].a[s]);
      for (size_t j = 0; j < columns; j++) out.put_unit(chains[tiles[j]].b[s]);
    }
    for (const size_t t : tiles) done[t] = true;
    blocks++;
  };
  for (size_t n = 0; n < chains.size(); n++) {
    const Chain& c = chains[n];
    if (done[n]) continue;
    done[n] = true;
    size_t best = chains.size(), below = best, across = best;
    for (size_t m = n + 1; m < chains.size() && best == chains.size(); m++) {
      if (done[m] || !c.whole() || chains[m].halves != c.halves || chains[m].a.size() != c.a.size() ||
          chains[m].a == c.a || chains[m].b == c.b)
        continue;
      below = find(c.halves, chains[m].a, c.b);
      across = find(c.halves, c.a, chains[m].b);
      if (below < chains.size() && across < chains.size()) best = m;
    }
    if (best < chains.size()) {
      write(2, 2, {n, across, below, best});
      continue;
    }
    std::vector<size_t> row{n};
    for (size_t m = n + 1; m < chains.size() && row.size() < kMaxInARow; m++)
      if (!done[m] && chains[m].halves == c.halves && chains[m].a == c.a) row.push_back(m);
    write(1, row.size(), row);
  }
}

}  // namespace

AllocaInst* Widener::tile_memory(uint64_t bytes) {
  AllocaInst* a = new_slot(ArrayType::get(b_.getInt8Ty(), bytes));
  a->setAlignment(Align(64));
  return a;
}

/// Has the frame hold it while the warp is suspended.
void Widener::keep(AllocaInst* memory) {
  memory->setMetadata(kKeptMetadata, MDNode::get(context_, {}));
}

void Widener::prepare_tiles(const std::set<BasicBlock*>& divergent) {
  webs_.emplace(shapes_, divergent);
  fragments_.emplace(shapes_, *webs_, divergent);
  pending_.resize(gang_);
  if (!webs_->tiles()) return;
  queued_tiles_ = products_may_wait();
  for (PendingTiles& p : pending_) {
    p.memory = tile_memory(webs_->tiles() * kTileBytes);
    p.a_memory = tile_memory(exec::kMaxTileUnits * kTileUnitBytes);
    p.b_memory = tile_memory(exec::kMaxTileUnits * kTileUnitBytes);
    p.queue = tile_memory(sizeof(exec::TileQueue));
    p.table = tile_memory(2 * exec::kMaxTileUnits * sizeof(void*));
    keep(p.memory);
    if (queued_tiles_)
      for (AllocaInst* a : {p.a_memory, p.b_memory, p.queue, p.table}) keep(a);
  }
  prepare_units();
}

/// Whether `inst` reads tiles, or writes them otherwise than by adding a product.
bool Widener::uses_tiles(const Instruction& inst) const {
  const auto* call = dyn_cast<CallInst>(&inst);
  const TileWebs::Product* product = call ? webs_->product(call) : nullptr;
  if (product && (!product->in_place || product->eager)) return true;
  if (isa<PHINode>(inst) || isa<ExtractValueInst>(inst)) return false;
  const unsigned n = product ? 6 : inst.getNumOperands();  // without the accumulator
  for (unsigned i = 0; i < n; i++)
    if (webs_->place(inst.getOperand(i)) || webs_->place(inst.getOperand(i), 0)) return true;
  return false;
}

/// Some block of a loop does nothing to tiles but to add products.
bool Widener::products_may_wait() const {
  if (!is_kernel_) return false;
  for (BasicBlock* b : shapes_.order()) {
    bool adds = false, uses = !shapes_.loops.getLoopFor(b);
    for (Instruction& inst : *b) {
      const auto* call = dyn_cast<CallInst>(&inst);
      adds |= call && webs_->product(call);
      uses |= uses_tiles(inst);
    }
    if (adds && !uses) return true;
  }
  return false;
}

Value* Widener::tile_piece(AllocaInst* tiles, const TileRegister& at, unsigned row) {
  const uint64_t offset = at.tile * kTileBytes + (at.reg / 2 * 8 + row) * kTileRowBytes +
                          at.right * kTileRowBytes / 2 + at.reg % 2 * 16;
  return b_.CreateConstGEP1_64(b_.getInt8Ty(), tiles, offset);
}

Value* Widener::load_tile_register(AllocaInst* tiles, const TileRegister& at, Type* element) {
  std::vector<Value*> rows;
  for (unsigned row = 0; row < 8; row++)
    rows.push_back(
        b_.CreateAlignedLoad(FixedVectorType::get(element, 4), tile_piece(tiles, at, row), Align(16)));
  return concat(std::move(rows));
}

void Widener::store_tile_register(AllocaInst* tiles, const TileRegister& at, Value* v) {
  for (unsigned row = 0; row < 8; row++)
    b_.CreateAlignedStore(slice(v, row * 4, 4), tile_piece(tiles, at, row), Align(16));
}

bool Widener::reads_pending_tile(const Instruction& inst) const {
  bool waits = false;
  for (const PendingTiles& p : pending_) waits |= !p.steps.empty();
  if (!waits || isa<ExtractValueInst>(inst)) return false;
  if (const auto* call = dyn_cast<CallInst>(&inst); call && webs_->product(call)) return false;
  for (const Value* o : inst.operands())
    if (webs_->place(o) || webs_->place(o, 0)) return true;
  return false;
}

TileWords Widener::tile_program(exec::TileKind kind, size_t a_units, size_t b_units,
                                ArrayRef<PendingTiles::Step> steps) {
  const std::vector<Chain> chains = chains_of(steps);
  size_t count = 0, longest = 1;
  ProgramWriter blocks, all;
  write_blocks(blocks, chains, count);
  for (const size_t v : {size_t(kind), a_units, b_units, count}) all.put(v);
  all.words.insert(all.words.end(), blocks.words.begin(), blocks.words.end());
  all.layout.insert(all.layout.end(), blocks.layout.begin(), blocks.layout.end());
  for (const Chain& c : chains) longest = std::max(longest, c.a.size());
  Constant*& constant = tile_programs_[all.words];
  if (!constant) constant = program_constant(*target_.getParent(), all.words);
  const unsigned layout = tile_layouts_.try_emplace(all.layout, unsigned(tile_layouts_.size())).first->second;
  const size_t depth = std::min({exec::kMaxTileUnits / std::max(a_units, b_units),
                                 exec::kMaxTileSteps / longest, exec::kMaxTilePrograms});
  return {constant, layout, unsigned(depth)};
}

Value* Widener::tile_queue_field(AllocaInst* queue, size_t offset, Value* number) {
  Value* field = b_.CreateConstGEP1_64(b_.getInt8Ty(), queue, offset);
  return number ? b_.CreateGEP(b_.getPtrTy(), field, number) : field;
}

/// Makes `words` the program of this number, the last one.
void Widener::put_in_tile_queue(AllocaInst* queue, Value* number, const TileWords& words) {
  using exec::TileQueue;
  b_.CreateStore(words.program, tile_queue_field(queue, offsetof(TileQueue, programs), number));
  b_.CreateStore(b_.getInt32(words.layout), tile_queue_field(queue, offsetof(TileQueue, layout)));
  b_.CreateStore(b_.CreateAdd(number, b_.getInt32(1)), tile_queue_field(queue, offsetof(TileQueue, count)));
}

/// Where the units of the program of this number lie.
void Widener::put_in_tile_table(AllocaInst* table, Value* number, ArrayRef<Value*> units) {
  Type* ptr = b_.getPtrTy();
  Value* first =
      b_.CreateGEP(ArrayType::get(ptr, units.size()), table, b_.CreateZExt(number, b_.getInt64Ty()));
  for (unsigned n = 0; n < units.size(); n++) b_.CreateStore(units[n], b_.CreateConstGEP1_64(ptr, first, n));
}

void Widener::call_tile_products(AllocaInst* queue, AllocaInst* table, Value* tiles) {
  Type* ptr = b_.getPtrTy();
  CallInst* call = b_.CreateCall(FunctionType::get(b_.getVoidTy(), {ptr, ptr, ptr}, false),
                                 runtime_helper("tile_products"), {queue, table, tiles});
  call->setDoesNotThrow();
}

/// What waits in the selected warp's queue.
void Widener::call_tile_products_if(Value* condition) {
  const PendingTiles& p = pending_[g_];
  BasicBlock *run = new_block("products"), *done = new_block("products.done");
  b_.CreateCondBr(condition, run, done);
  b_.SetInsertPoint(run);
  call_tile_products(p.queue, p.table, p.memory);
  b_.CreateBr(done);
  b_.SetInsertPoint(done);
}

void Widener::settle_tiles() {
  if (!queued_tiles_) return;
  for_each_warp([&] {
    Value* count = tile_queue_field(pending_[g_].queue, offsetof(exec::TileQueue, count));
    call_tile_products_if(b_.CreateICmpNE(b_.CreateLoad(b_.getInt32Ty(), count), b_.getInt32(0)));
  });
}

/// Finds the place for the units of a stretch: behind those of the programs that wait.
void Widener::begin_tile_stretch() {
  using exec::TileQueue;
  PendingTiles& p = pending_[g_];
  p.a_at = p.a_memory;
  p.b_at = p.b_memory;
  p.a_size = p.b_size = p.layout = nullptr;
  if (!tiles_wait_) return;
  Type* i32 = b_.getInt32Ty();
  Value *count_at = tile_queue_field(p.queue, offsetof(TileQueue, count)),
        *layout = b_.CreateLoad(i32, tile_queue_field(p.queue, offsetof(TileQueue, layout))),
        *waiting = b_.CreateLoad(i32, count_at);
  // The constants are put in by flush_tiles.
  p.layout = ICmpInst::Create(Instruction::ICmp, CmpInst::ICMP_NE, layout, b_.getInt32(0));
  b_.Insert(p.layout);
  call_tile_products_if(b_.CreateAnd(p.layout, b_.CreateICmpNE(waiting, b_.getInt32(0))));
  Value* number = b_.CreateZExt(b_.CreateLoad(i32, count_at), b_.getInt64Ty());
  p.a_size = BinaryOperator::CreateMul(number, b_.getInt64(0));
  p.b_size = BinaryOperator::CreateMul(number, b_.getInt64(0));
  p.a_at = b_.CreateGEP(b_.getInt8Ty(), p.a_memory, b_.Insert(p.a_size));
  p.b_at = b_.CreateGEP(b_.getInt8Ty(), p.b_memory, b_.Insert(p.b_size));
}

void Widener::flush_tiles() {
  bool queued = false;
  for_each_warp([&] {
    PendingTiles& p = pending_[g_];
    if (p.steps.empty()) return;
    const TileWords words = tile_program(p.kind, p.a.size(), p.b.size(), p.steps);
    std::vector<Value*> units;
    for (const auto& a : p.a) units.push_back(a.memory);
    for (const auto& b : p.b) units.push_back(b.memory);
    if (p.layout) {
      p.layout->setOperand(1, b_.getInt32(words.layout));
      p.a_size->setOperand(1, b_.getInt64(p.a.size() * kTileUnitBytes));
      p.b_size->setOperand(1, b_.getInt64(p.b.size() * kTileUnitBytes));
      Value* number =
          b_.CreateLoad(b_.getInt32Ty(), tile_queue_field(p.queue, offsetof(exec::TileQueue, count)));
      put_in_tile_queue(p.queue, number, words);
      put_in_tile_table(p.table, number, units);
      next_round_of_units(words.depth);
      queued = true;
      call_tile_products_if(b_.CreateICmpUGE(number, b_.getInt32(words.depth - 1)));
    } else {
      put_in_tile_queue(p.queue, b_.getInt32(0), words);
      put_in_tile_table(p.table, b_.getInt32(0), units);
      call_tile_products(p.queue, p.table, p.memory);
    }
    p.steps.clear();
    p.a.clear();
    p.b.clear();
  });
  if (queued) queued_programs_[body_]++;
}

/// A whole tile: its left half's registers, then the right one's. Rows are stored whole, because tile
/// operations load them whole: a load gets nothing from several stores that are still on their way.
void Widener::store_tile(AllocaInst* tiles, unsigned tile, ArrayRef<Value*> registers) {
  constexpr unsigned kPiece = 4, kAtOnce = 16;  // lanes of a register in a row; of four rows
  const auto chunks = [&](Value* x, Value* y, std::array<int, 4> from) {
    std::vector<int> mask;
    for (const int c : from)
      for (int l = 0; l < int(kPiece); l++) mask.push_back(c * int(kPiece) + l);
    return b_.CreateShuffleVector(x, y, mask);
  };
  for (unsigned half = 0; half < 2; half++)
    for (unsigned first = 0; first < kLanes; first += kAtOnce) {
      Value* x[4];
      for (unsigned k = 0; k < 4; k++) x[k] = slice(registers[k / 2 * 4 + half * 2 + k % 2], first, kAtOnce);
      for (unsigned pair = 0; pair < 2; pair++) {
        const int c = int(pair) * 2;
        Value *left = chunks(x[0], x[1], {c, c + 1, c + 4, c + 5}),
              *right = chunks(x[2], x[3], {c, c + 1, c + 4, c + 5});
        for (int r = 0; r < 2; r++)
          b_.CreateAlignedStore(chunks(left, right, {r, r + 2, r + 4, r + 6}),
                                tile_piece(tiles, {tile, false, half * 2}, first / kPiece + unsigned(c + r)),
                                Align(64));
      }
    }
}

/// Whether the other half's accumulators can be put into the tile with this one's: they are there, and
/// nobody reads what the tile holds now before they are due.
bool Widener::partner_has_sum(const CallInst& call, const TileWebs::Product& product) {
  const CallInst* other = product.partner;
  const TileWebs::Product* its = other ? webs_->product(other) : nullptr;
  if (!its || its->in_place || other->getParent() != call.getParent() || !call.comesBefore(other))
    return false;
  if (is_zero_sum(*other)) return false;
  const auto in_tile = [&](const Value* v) {
    const auto at = webs_->place(v), first = webs_->place(v, 0);
    return (at && at->tile == product.tile) || (first && first->tile == product.tile);
  };
  for (unsigned k = 6; k < 10; k++) {
    const auto* made = dyn_cast<Instruction>(other->getArgOperand(k));
    if (made && made->getParent() == call.getParent() && !made->comesBefore(&call)) return false;
    if (in_tile(other->getArgOperand(k)) || in_tile(call.getArgOperand(k))) return false;
  }
  for (const Instruction* i = call.getNextNode(); i != other; i = i->getNextNode())
    for (const Value* o : i->operands())
      if (!isa<ExtractValueInst>(i) && in_tile(o)) return false;
  return true;
}

/// Puts a product's accumulators into its tile.
void Widener::store_sums(CallInst& call, const TileWebs::Product& product) {
  PendingTiles& p = pending_[g_];
  if (p.has_sum.erase(&call)) return;
  const auto sums_of = [&](const CallInst& c, std::vector<Value*>& to) {
    for (unsigned k = 6; k < 10; k++) to.push_back(vector(c.getArgOperand(k)));
  };
  const bool pending = llvm::any_of(p.steps, [&](const auto& s) { return s.tile == product.tile; });
  if (!pending && partner_has_sum(call, product)) {
    std::vector<Value*> registers;
    sums_of(product.right ? *product.partner : call, registers);
    sums_of(product.right ? call : *product.partner, registers);
    p.has_sum.insert(product.partner);
    return store_tile(p.memory, product.tile, registers);
  }
  for (unsigned k = 0; k < 4; k++)
    store_tile_register(p.memory, {product.tile, product.right, k}, vector(call.getArgOperand(6 + k)));
}

void Widener::emit_tile_product(CallInst& call, const TileWebs::Product& product) {
  PendingTiles& p = pending_[g_];
  size_t in_tile = 0, in_half = 0;
  for (const PendingTiles::Step& s : p.steps) {
    in_tile += s.tile == product.tile;
    in_half += s.tile == product.tile && s.right == product.right;
  }
  const bool full =
      p.a.size() == exec::kMaxTileUnits || p.b.size() == exec::kMaxTileUnits || in_tile >= kMaxSteps;
  const bool waits = !product.in_place && in_half;
  const bool other_kind = !p.steps.empty() && p.kind != product.kind;
  bool reads = false;
  for (unsigned k = 0; k < (product.in_place ? 6 : 10); k++)
    reads |= webs_->place(call.getArgOperand(k)).has_value();
  if (full || waits || other_kind || reads) {
    const unsigned g = g_;
    flush_tiles();
    select_warp(g);
  }
  p.kind = product.kind;
  if (p.steps.empty()) begin_tile_stretch();
  const bool from_zero = !product.in_place && is_zero_sum(call);
  if (!product.in_place && !from_zero) store_sums(call, product);
  std::vector<Value*> a;
  for (unsigned k = 0; k < 4; k++) a.push_back(call.getArgOperand(k));
  const unsigned a_unit = tile_unit_a(a);
  p.steps.push_back({product.tile, product.right, a_unit, tile_unit_b(call, product), from_zero});
  if (!product.eager) return;
  const unsigned g = g_;
  flush_tiles();
  select_warp(g);
  for (unsigned k = 0; k < 4; k++)
    set_part(&call, k,
             load_tile_register(p.memory, {product.tile, product.right, k}, part_type(call.getType(), k)));
}

void Widener::emit_lone_tile_product(CallInst& call, exec::TileKind kind) {
  PendingTiles& p = pending_[g_];
  if (!p.lone) {
    p.lone = tile_memory(kTileBytes);
    p.lone_a = tile_memory(kTileUnitBytes);
    p.lone_b = tile_memory(kTileUnitBytes);
    p.lone_queue = tile_memory(sizeof(exec::TileQueue));
    p.lone_table = tile_memory(2 * sizeof(void*));
  }
  std::vector<Value*> a, b;
  for (unsigned k = 0; k < 4; k++) {
    a.push_back(call.getArgOperand(k));
    store_tile_register(p.lone, {0, false, k}, vector(call.getArgOperand(6 + k)));
  }
  for (unsigned k = 4; k < 6; k++) b.push_back(call.getArgOperand(k));
  store_unit_a(p.lone_a, vectors(a));
  store_unit_b(p.lone_b, vectors(b), false);
  put_in_tile_queue(p.lone_queue, b_.getInt32(0), tile_program(kind, 1, 1, PendingTiles::Step{}));
  put_in_tile_table(p.lone_table, b_.getInt32(0), {p.lone_a, p.lone_b});
  call_tile_products(p.lone_queue, p.lone_table, p.lone);
  for (unsigned k = 0; k < 4; k++)
    set_part(&call, k, load_tile_register(p.lone, {0, false, k}, part_type(call.getType(), k)));
}

}  // namespace ppu::simt
