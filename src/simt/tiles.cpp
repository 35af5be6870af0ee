// Matrix products as tiles (exec/tile_abi.h): fragments of A and B are put into memory where the instruction
// stands, the products of a stretch of code are one call at its end, and accumulators stay in memory where
// tile_webs.h says so.
#include <cstring>

#include "simt/names.h"
#include "simt/widener.h"

using namespace llvm;

namespace ppu::simt {

using exec::kTileBytes;
using exec::kTileRowBytes;
using exec::kTileUnitBytes;

namespace {

constexpr size_t kMaxSteps = 32;  ///< of one tile in a call

/// Words of a program (exec::TileProgram).
class ProgramWriter {
 public:
  void put(size_t v) { words_.push_back(uint16_t(v)); }
  void append(const ProgramWriter& o) { words_.insert(words_.end(), o.words_.begin(), o.words_.end()); }
  GlobalVariable* constant(Module& m) const {
    Constant* data = ConstantDataArray::get(m.getContext(), ArrayRef<uint16_t>(words_));
    auto* g =
        new GlobalVariable(m, data->getType(), true, GlobalValue::InternalLinkage, data, "tile.program");
    g->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
    g->setAlignment(Align(2));
    return g;
  }

 private:
  std::vector<uint16_t> words_;
};

/// A tile's chain of products in one call.
struct Chain {
  size_t tile = 0;
  uint16_t halves = 0;
  std::vector<unsigned> a, b;
  bool same_units(const Chain& o) const { return a == o.a && b == o.b; }
};

/// Chains of both halves become one where they agree.
std::vector<Chain> chains_of(ArrayRef<PendingTiles::Step> steps) {
  std::map<size_t, std::array<Chain, 2>> by_tile;
  for (const PendingTiles::Step& s : steps) {
    Chain& c = by_tile[s.tile][s.right];
    c.tile = s.tile;
    c.halves = s.right ? exec::kRightHalf : exec::kLeftHalf;
    c.a.push_back(s.a);
    c.b.push_back(s.b);
  }
  std::vector<Chain> out;
  for (auto& [tile, halves] : by_tile) {
    auto& [left, right] = halves;
    if (left.same_units(right)) {
      left.halves = exec::kBothHalves;
      right.halves = 0;
    }
    for (const Chain* c : {&left, &right})
      if (c->halves) out.push_back(*c);
  }
  return out;
}

/// Tiles in blocks of up to 2x2 that share their units by rows and columns.
void write_blocks(ProgramWriter& out, const std::vector<Chain>& chains, size_t& blocks) {
  std::vector<bool> done(chains.size());
  const auto find = [&](const std::vector<unsigned>& a, const std::vector<unsigned>& b) {
    for (size_t n = 0; n < chains.size(); n++)
      if (!done[n] && chains[n].halves == exec::kBothHalves && chains[n].a == a && chains[n].b == b) return n;
    return chains.size();
  };
  const auto write = [&](size_t rows, size_t columns, ArrayRef<size_t> tiles) {
    const Chain& first = chains[tiles[0]];
    for (const size_t v : {rows, columns, first.a.size(), size_t(first.halves)}) out.put(v);
    for (const size_t t : tiles) out.put(chains[t].tile);
    for (size_t s = 0; s < first.a.size(); s++) {
      for (size_t i = 0; i < rows; i++) out.put(chains[tiles[i * columns]].a[s]);
      for (size_t j = 0; j < columns; j++) out.put(chains[tiles[j]].b[s]);
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
      if (done[m] || c.halves != exec::kBothHalves || chains[m].halves != c.halves ||
          chains[m].a.size() != c.a.size() || chains[m].a == c.a || chains[m].b == c.b)
        continue;
      below = find(chains[m].a, c.b);
      across = find(c.a, chains[m].b);
      if (below < chains.size() && across < chains.size()) best = m;
    }
    if (best < chains.size())
      write(2, 2, {n, across, below, best});
    else
      write(1, 1, {n});
  }
}

}  // namespace

AllocaInst* Widener::tile_memory(uint64_t bytes) {
  AllocaInst* a = new_slot(ArrayType::get(b_.getInt8Ty(), bytes));
  a->setAlignment(Align(64));
  return a;
}

void Widener::prepare_tiles(const std::set<BasicBlock*>& divergent) {
  webs_.emplace(shapes_, divergent);
  pending_.resize(gang_);
  if (!webs_->tiles()) return;
  for (PendingTiles& p : pending_) {
    p.memory = tile_memory(webs_->tiles() * kTileBytes);
    p.memory->setMetadata(kKeptMetadata, MDNode::get(context_, {}));
    p.a_memory = tile_memory(exec::kMaxTileUnits * kTileUnitBytes);
    p.b_memory = tile_memory(exec::kMaxTileUnits * kTileUnitBytes);
  }
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

void Widener::store_fragment(AllocaInst* memory, uint64_t offset, ArrayRef<Value*> registers) {
  for (size_t k = 0; k < registers.size(); k++)
    b_.CreateAlignedStore(vector(registers[k]),
                          b_.CreateConstGEP1_64(b_.getInt8Ty(), memory, offset + k * kLanes * 4), Align(64));
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

void Widener::call_tile_products(exec::TileKind kind, size_t a_units, size_t b_units,
                                 ArrayRef<PendingTiles::Step> steps, Value* tiles) {
  ProgramWriter blocks;
  size_t count = 0;
  write_blocks(blocks, chains_of(steps), count);
  ProgramWriter program;
  for (const size_t v : {size_t(kind), a_units, b_units, count}) program.put(v);
  program.append(blocks);
  const PendingTiles& p = pending_[g_];
  Type* ptr = b_.getPtrTy();
  CallInst* call = b_.CreateCall(FunctionType::get(b_.getVoidTy(), {ptr, ptr, ptr, ptr}, false),
                                 runtime_helper("tile_products"),
                                 {program.constant(*target_.getParent()), p.a_memory, p.b_memory, tiles});
  call->setOnlyAccessesArgMemory();
  call->setDoesNotThrow();
}

void Widener::flush_tiles() {
  for_each_warp([&] {
    PendingTiles& p = pending_[g_];
    if (!p.steps.empty()) call_tile_products(p.kind, p.a.size(), p.b.size(), p.steps, p.memory);
    p.steps.clear();
    p.a.clear();
    p.b.clear();
  });
}

/// The unit of A that holds these registers.
unsigned Widener::tile_unit_a(ArrayRef<Value*> registers) {
  PendingTiles& p = pending_[g_];
  for (unsigned n = 0; n < p.a.size(); n++)
    if (registers == ArrayRef(p.a[n])) return n;
  store_fragment(p.a_memory, p.a.size() * kTileUnitBytes, registers);
  p.a.push_back(registers.vec());
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
  if (n == p.b.size()) p.b.push_back({{halves[0], halves[1]}, {}});
  const auto half_at = [&](bool right) { return n * kTileUnitBytes + right * kTileUnitBytes / 2; };
  if (!std::exchange(p.b[n].stored[product.right], true)) {
    store_fragment(p.b_memory, half_at(product.right), halves[product.right]);
    if (!product.partner)
      b_.CreateMemSet(b_.CreateConstGEP1_64(b_.getInt8Ty(), p.b_memory, half_at(!product.right)),
                      b_.getInt8(0), kTileUnitBytes / 2, Align(64));
  }
  return n;
}

void Widener::emit_tile_product(CallInst& call, const TileWebs::Product& product) {
  PendingTiles& p = pending_[g_];
  size_t in_tile = 0;
  for (const PendingTiles::Step& s : p.steps) in_tile += s.tile == product.tile;
  const bool full =
      p.a.size() == exec::kMaxTileUnits || p.b.size() == exec::kMaxTileUnits || in_tile >= kMaxSteps;
  const bool waits = !product.in_place && in_tile;
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
  for (unsigned k = 0; k < 4 && !product.in_place; k++)
    store_tile_register(p.memory, {product.tile, product.right, k}, vector(call.getArgOperand(6 + k)));
  std::vector<Value*> a;
  for (unsigned k = 0; k < 4; k++) a.push_back(call.getArgOperand(k));
  const unsigned a_unit = tile_unit_a(a);
  p.steps.push_back({product.tile, product.right, a_unit, tile_unit_b(call, product)});
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
  if (!p.lone) p.lone = tile_memory(kTileBytes);
  if (!p.a_memory) p.a_memory = tile_memory(kTileUnitBytes);
  if (!p.b_memory) p.b_memory = tile_memory(kTileUnitBytes);
  std::vector<Value*> a, b;
  for (unsigned k = 0; k < 4; k++) {
    a.push_back(call.getArgOperand(k));
    store_tile_register(p.lone, {0, false, k}, vector(call.getArgOperand(6 + k)));
  }
  for (unsigned k = 4; k < 6; k++) b.push_back(call.getArgOperand(k));
  store_fragment(p.a_memory, 0, a);
  store_fragment(p.b_memory, 0, b);
  call_tile_products(kind, 1, 1, PendingTiles::Step{}, p.lone);
  for (unsigned k = 0; k < 4; k++)
    set_part(&call, k, load_tile_register(p.lone, {0, false, k}, part_type(call.getType(), k)));
}

}  // namespace ppu::simt
