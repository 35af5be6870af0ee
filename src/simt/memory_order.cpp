// See memory_order.h. A family: N sums (values carried round a loop) to whose steps the same is done, but
// that at each step the q-th takes element q + N * lane of what is loaded, in pieces of the warp; all else is
// the same for all lanes of a piece. Its N vectors of lanes become N rows: row r has elements r * L ... of
// each piece of L lanes. Loaded, a row is a plain load.
#include "simt/memory_order.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/VectorUtils.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Transforms/Utils/Local.h"
#include "simt/elementwise.h"
#include "simt/places.h"
#include "simt/shape.h"

using namespace llvm;

namespace ppu::simt {
namespace {

constexpr unsigned kMostRows = 8;       ///< results of a thread side by side
constexpr unsigned kSmallestPiece = 8;  ///< lanes

/// A vector of which lane l of each piece is element start + N * l of what a load reads.
struct Strided {
  LoadInst* load = nullptr;
  Place at;                               ///< of lane 0
  std::vector<int> starts;                ///< of the pieces, in elements of the load
  unsigned rows = 0;                      ///< N
  std::vector<const Instruction*> casts;  ///< done to it, last first
};

std::optional<Strided> strided(Value* v, unsigned piece) {
  Strided s;
  while (auto* cast = dyn_cast<CastInst>(v)) {
    if (!is_elementwise(*cast, kLanes)) return std::nullopt;
    s.casts.push_back(cast);
    v = cast->getOperand(0);
  }
  const auto* shuffle = dyn_cast<ShuffleVectorInst>(v);
  s.load = shuffle ? dyn_cast<LoadInst>(shuffle->getOperand(0)) : nullptr;
  if (!s.load || !s.load->isSimple()) return std::nullopt;
  const int elements = int(cast<FixedVectorType>(s.load->getType())->getNumElements());
  const ArrayRef<int> mask = shuffle->getShuffleMask();
  if (mask.size() != kLanes || s.load->getType()->getScalarSizeInBits() % 8) return std::nullopt;
  const int by = mask[1] - mask[0];
  if (by < 2 || by > int(kMostRows) || !isPowerOf2_32(unsigned(by))) return std::nullopt;
  for (unsigned l = 0; l < kLanes; l++) {
    if (mask[l] < 0 || mask[l] >= elements) return std::nullopt;
    if (l % piece == 0) s.starts.push_back(mask[l]);
    if (mask[l] != s.starts.back() + by * int(l % piece)) return std::nullopt;
  }
  s.rows = unsigned(by);
  s.at = place_of(s.load->getPointerOperand());
  s.at.bytes += int64_t{s.starts[0]} * (s.load->getType()->getScalarSizeInBits() / 8);
  return s;
}

/// All lanes of a piece have the same.
bool same_in_pieces(const Value* v, unsigned piece) {
  if (!v->getType()->isVectorTy() || getSplatValue(v)) return true;
  const auto* shuffle = dyn_cast<ShuffleVectorInst>(v);
  if (!shuffle || shuffle->getShuffleMask().size() != kLanes) return false;
  const ArrayRef<int> mask = shuffle->getShuffleMask();
  const int n = int(cast<FixedVectorType>(shuffle->getOperand(0)->getType())->getNumElements());
  for (unsigned first = 0; first < kLanes; first += piece) {
    bool same = true, of_one = true;
    for (unsigned l = first; l < first + piece; l++) {
      same &= mask[l] == mask[first] && mask[l] >= 0;
      of_one &= mask[l] >= 0 && mask[l] / n == mask[first] / n;
    }
    if (!same && !(of_one && getSplatValue(shuffle->getOperand(unsigned(mask[first] / n))))) return false;
  }
  return true;
}

/// From one round of a loop to the next.
struct Chain {
  PHINode* phi = nullptr;
  unsigned back = 0;                     ///< the incoming value that is the last step
  std::vector<Instruction*> steps = {};  ///< each takes the one before, the first the phi
  std::vector<std::vector<std::optional<Strided>>> taken = {};  ///< by step and operand
  std::vector<uint64_t> signature = {};                         ///< equal in all of a family
  int64_t place = 0;                                            ///< of the first element taken
  unsigned rows = 0, piece = 0;
};

/// The one instruction that computes with `v`; null if there are several, or none.
Instruction* only_step(const Value& v) {
  Instruction* step = nullptr;
  for (const User* user : v.users()) {
    auto* inst = const_cast<Instruction*>(cast<Instruction>(user));
    if (!is_elementwise(*inst, kLanes)) continue;
    if (step) return nullptr;
    step = inst;
  }
  return step;
}

std::optional<Chain> chain_of(PHINode& phi) {
  Chain c{.phi = &phi};
  for (Instruction* v = &phi;;) {
    for (unsigned i = 0; i < phi.getNumIncomingValues() && v != &phi; i++)
      if (phi.getIncomingValue(i) == v) {
        c.back = i;
        return c;
      }
    if (v != &phi && !v->hasOneUse()) return std::nullopt;
    Instruction* next = only_step(*v);
    if (!next || std::count(next->value_op_begin(), next->value_op_end(), v) != 1) return std::nullopt;
    c.steps.push_back(next);
    v = next;
  }
}

uint64_t number(const void* p) {
  return uint64_t(reinterpret_cast<uintptr_t>(p));
}

/// Fills in what the steps take, if each lane's is strided or the same for all lanes of a piece.
bool describe(Chain& c, unsigned piece) {
  c.taken.clear(), c.signature.clear();
  c.rows = 0, c.piece = piece;
  c.signature = {number(c.phi->getParent()), c.back, number(c.phi->getType())};
  const Value* before = c.phi;
  for (Instruction* step : c.steps) {
    c.taken.emplace_back();
    auto* call = dyn_cast<IntrinsicInst>(step);
    const unsigned count = call ? call->arg_size() : step->getNumOperands();
    c.signature.insert(c.signature.end(), {step->getOpcode(), call ? call->getIntrinsicID() : 0u,
                                           number(step->getType()), number(step->getParent())});
    if (auto* cmp = dyn_cast<CmpInst>(step)) c.signature.push_back(cmp->getPredicate());
    for (unsigned i = 0; i < count; i++) {
      Value* v = step->getOperand(i);
      std::optional<Strided> s;
      if (v == before) {
        c.signature.push_back(1);
      } else if (same_in_pieces(v, piece)) {
        c.signature.insert(c.signature.end(), {2, number(v)});
      } else if ((s = strided(v, piece)) && (!c.rows || c.rows == s->rows)) {
        if (!c.rows) c.place = s->at.bytes, c.rows = s->rows;
        c.signature.insert(c.signature.end(),
                           {3, uint64_t(s->at.bytes - c.place), number(s->load->getType()->getScalarType()),
                            s->at.terms.size(), number(s->load->getParent()), s->rows, s->casts.size()});
        for (const Value* t : s->at.terms) c.signature.push_back(number(t));
        for (int start : s->starts) c.signature.push_back(uint64_t(start - s->starts[0]));
        for (const Instruction* cast : s->casts)
          c.signature.insert(c.signature.end(), {cast->getOpcode(), number(cast->getType())});
      } else {
        return false;
      }
      c.taken.back().push_back(std::move(s));
    }
    before = step;
  }
  return c.rows != 0 && piece % c.rows == 0;
}

using Values = std::vector<Value*>;

/// Between vectors of lanes and rows in the order of memory, of pieces of `piece` lanes.
class Order {
 public:
  Order(IRBuilder<>& b, unsigned piece) : b_(b), piece_(piece) {}

  Values rows_of(const Values& lanes) {
    if (lanes.size() == 1) return lanes;
    Values halves[2];
    for (size_t q = 0; q < lanes.size(); q++) halves[q % 2].push_back(lanes[q]);
    const Values even = rows_of(halves[0]), odd = rows_of(halves[1]);
    Values rows;
    for (size_t k = 0; k < even.size(); k++)
      for (unsigned half = 0; half < 2; half++)
        rows.push_back(shuffled(even[k], odd[k],
                                [&](unsigned l) { return std::pair(l % 2, half * piece_ / 2 + l / 2); }));
    return rows;
  }

  Values lanes_of(const Values& rows) {
    if (rows.size() == 1) return rows;
    Values halves[2];
    for (size_t k = 0; k < rows.size(); k += 2)
      for (unsigned odd = 0; odd < 2; odd++)
        halves[odd].push_back(shuffled(rows[k], rows[k + 1], [&](unsigned l) {
          return std::pair((2 * l + odd) / piece_, (2 * l + odd) % piece_);
        }));
    const Values even = lanes_of(halves[0]), odd = lanes_of(halves[1]);
    Values lanes;
    for (size_t k = 0; k < even.size(); k++) lanes.push_back(even[k]), lanes.push_back(odd[k]);
    return lanes;
  }

 private:
  /// Lane l of each piece from (which of the two, lane of its piece).
  Value* shuffled(Value* x, Value* y, function_ref<std::pair<unsigned, unsigned>(unsigned)> from) {
    std::vector<int> mask(kLanes);
    for (unsigned l = 0; l < kLanes; l++) {
      const auto [which, lane] = from(l % piece_);
      mask[l] = int(which * kLanes + l / piece_ * piece_ + lane);
    }
    return b_.CreateShuffleVector(x, y, mask);
  }

  IRBuilder<>& b_;
  unsigned piece_;
};

class MemoryOrder {
 public:
  explicit MemoryOrder(Function& f) : f_(f), b_(f.getContext()), dom_(f), loops_(dom_) {}

  void run() {
    for (const std::vector<Chain>& family : families()) convert(family);
    const size_t converted = known_.size();  // phis and results in turn
    for (size_t i = 0; i < converted; i += 2) fill_phis(known_[i]);
    for (size_t i = 0; i < converted; i++) serve_others(known_[i]);
    for (size_t i = 0; i < entries_.size(); i++) lift(Known(entries_[i]));
    for (PHINode* phi : old_) {
      phi->replaceAllUsesWith(PoisonValue::get(phi->getType()));
      made_.insert(made_.end(), phi->value_op_begin(), phi->value_op_end());
    }
    for (PHINode* phi : old_) phi->eraseFromParent();
    for (const WeakTrackingVH& v : made_)
      if (v) RecursivelyDeleteTriviallyDeadInstructions(v);
  }

 private:
  /// Rows, and the vectors of lanes they are made of or stand for.
  struct Known {
    Values lanes, rows;
    unsigned piece = 0;
  };

  std::vector<std::vector<Chain>> families() {
    std::map<std::vector<uint64_t>, std::vector<Chain>> alike;
    for (BasicBlock& block : f_)
      for (PHINode& phi : block.phis()) {
        const auto* t = dyn_cast<FixedVectorType>(phi.getType());
        if (!t || t->getNumElements() != kLanes || t->getScalarSizeInBits() < 8) continue;
        std::optional<Chain> c = chain_of(phi);
        for (unsigned piece = kLanes; c && piece >= kSmallestPiece; piece /= 2)
          if (describe(*c, piece)) {
            std::vector<uint64_t> key = c->signature;
            key.push_back(piece);
            alike[key].push_back(std::move(*c));
            break;
          }
      }
    std::vector<std::vector<Chain>> families;
    for (auto& [signature, chains] : alike) {
      std::sort(chains.begin(), chains.end(),
                [](const Chain& a, const Chain& b) { return a.place < b.place; });
      const unsigned n = chains[0].rows;
      for (size_t i = 0; i + n <= chains.size();) {
        bool row = true;
        for (unsigned q = 1; q < n; q++)
          row &= chains[i + q].place == chains[i].place + int64_t(q * element_bytes(chains[i]));
        if (row) families.emplace_back(chains.begin() + long(i), chains.begin() + long(i + n));
        i += row ? n : 1;
      }
    }
    return families;
  }

  static unsigned element_bytes(const Chain& c) {
    for (const auto& step : c.taken)
      for (const auto& s : step)
        if (s) return s->load->getType()->getScalarSizeInBits() / 8;
    return 0;
  }

  static Instruction* last_of(const std::vector<Instruction*>& v) {
    return *std::max_element(v.begin(), v.end(),
                             [](Instruction* a, Instruction* b) { return a->comesBefore(b); });
  }

  /// What family members take at a place of a step, as rows; empty if it might change while they load it.
  Values loaded_rows(const std::vector<Chain>& family, size_t step, size_t operand) {
    std::vector<Instruction*> loads;
    for (const Chain& c : family) loads.push_back(c.taken[step][operand]->load);
    const Strided& first = *family[0].taken[step][operand];
    std::pair<unsigned, std::vector<const void*>> key{family[0].piece, {loads.begin(), loads.end()}};
    key.second.insert(key.second.end(), first.casts.begin(), first.casts.end());
    if (auto at = loaded_.find(key); at != loaded_.end()) return at->second;
    Instruction* last = last_of(loads);
    Instruction* begin = *std::min_element(loads.begin(), loads.end(),
                                           [](Instruction* a, Instruction* b) { return a->comesBefore(b); });
    for (Instruction* i = begin; i != last; i = i->getNextNode())
      if (i->mayWriteToMemory()) return {};
    b_.SetInsertPoint(last);
    Type* element = first.load->getType()->getScalarType();
    const unsigned piece = family[0].piece, size = element->getPrimitiveSizeInBits() / 8;
    Values rows;
    for (unsigned r = 0; r < family.size(); r++) {
      std::map<int, Value*> from;
      Values parts;
      for (int start : first.starts) {
        Value*& part = from[start];
        const uint64_t offset = (uint64_t(start) + r * piece) * size;
        if (!part) {
          LoadInst* load = b_.CreateAlignedLoad(
              FixedVectorType::get(element, piece),
              b_.CreateConstGEP1_64(b_.getInt8Ty(), first.load->getPointerOperand(), offset),
              commonAlignment(first.load->getAlign(), offset));
          load->copyMetadata(*first.load, {LLVMContext::MD_alias_scope, LLVMContext::MD_noalias,
                                           LLVMContext::MD_tbaa, LLVMContext::MD_invariant_load});
          part = load;
        }
        parts.push_back(part);
      }
      Value* row = parts.size() == 1 ? parts[0] : concatenateVectors(b_, parts);
      for (const Instruction* cast : reverse(first.casts)) {
        Instruction* copy = cast->clone();
        copy->setOperand(0, row);
        row = b_.Insert(copy);
      }
      rows.push_back(row);
    }
    return loaded_[key] = rows;
  }

  /// None of these is read before the last of them is there.
  static bool read_behind(const std::vector<Instruction*>& here) {
    Instruction* last = last_of(here);
    for (size_t q = 0; q < here.size(); q++)
      for (const User* user : here[q]->users()) {
        const auto* inst = cast<Instruction>(user);
        if (!isa<PHINode>(inst) && inst->getParent() == last->getParent() && !last->comesBefore(inst))
          return false;
      }
    return true;
  }

  static std::vector<Instruction*> step_of(const std::vector<Chain>& family, size_t k) {
    std::vector<Instruction*> here;
    for (const Chain& c : family) here.push_back(c.steps[k]);
    return here;
  }

  void convert(const std::vector<Chain>& family) {
    const size_t n = family.size(), steps = family[0].steps.size();
    if (!read_behind(step_of(family, steps - 1))) return;
    std::vector<std::vector<Values>> taken(steps);  // by step and operand: rows
    for (size_t k = 0; k < steps; k++)
      for (size_t i = 0; i < family[0].taken[k].size(); i++) {
        taken[k].emplace_back();
        if (!family[0].taken[k][i]) continue;
        taken[k].back() = loaded_rows(family, k, i);
        if (taken[k].back().empty()) return;
      }
    Known phis{.lanes = {}, .rows = {}, .piece = family[0].piece}, results = phis;
    for (const Chain& c : family) {
      phis.lanes.push_back(c.phi);
      results.lanes.push_back(c.steps.back());
    }
    make_phis(phis);
    results.rows = phis.rows;
    for (size_t k = 0; k < steps; k++) {
      const std::vector<Instruction*> here = step_of(family, k);
      b_.SetInsertPoint(last_of(here));
      const Value* before = k ? family[0].steps[k - 1] : static_cast<Value*>(family[0].phi);
      for (size_t r = 0; r < n; r++) {
        Instruction* copy = here[0]->clone();
        for (const Instruction* other : here) copy->andIRFlags(other);
        for (unsigned i = 0; i < taken[k].size(); i++) {
          if (here[0]->getOperand(i) == before) copy->setOperand(i, results.rows[r]);
          if (!taken[k][i].empty()) copy->setOperand(i, taken[k][i][r]);
        }
        results.rows[r] = b_.Insert(copy);
      }
    }
    known_.push_back(results);
    for (size_t q = 0; q < n; q++) {
      own_.insert({family[q].phi, family[q].steps[0]});
      own_.insert({family[q].steps.back(), family[q].phi});
    }
  }

  /// Rows for phis of lanes, without values yet.
  void make_phis(Known& phis) {
    auto* first = cast<PHINode>(phis.lanes[0]);
    for (Value* v : phis.lanes) {
      phis.rows.push_back(
          PHINode::Create(v->getType(), first->getNumIncomingValues(), "row", first->getIterator()));
      old_.push_back(cast<PHINode>(v));
      replaced_.insert(v);
    }
    known_.push_back(phis);
  }

  void fill_phis(const Known& phis) {
    auto* first = cast<PHINode>(phis.lanes[0]);
    for (unsigned i = 0; i < first->getNumIncomingValues(); i++) {
      BasicBlock* from = first->getIncomingBlock(i);
      const Values lanes = incoming(phis.lanes, from);
      Values rows;
      if (const Known* k = find(lanes, phis.piece))
        rows = k->rows;
      else if (phis_of_known(lanes, phis.piece))
        rows = lift_phis(lanes, phis.piece);
      else
        rows = rows_at(lanes, phis.piece, from->getTerminator());
      for (size_t r = 0; r < rows.size(); r++) cast<PHINode>(phis.rows[r])->addIncoming(rows[r], from);
    }
  }

  static Values incoming(const Values& phis, const BasicBlock* from) {
    Values v;
    for (Value* phi : phis) v.push_back(cast<PHINode>(phi)->getIncomingValueForBlock(from));
    return v;
  }

  const Known* find(const Values& lanes, unsigned piece) const {
    for (const Known& k : known_)
      if (k.piece == piece && k.lanes == lanes) return &k;
    return nullptr;
  }

  /// Phis of one block, some value of which is known as rows: then theirs are better rows, too.
  bool phis_of_known(const Values& lanes, unsigned piece) const {
    const auto* first = dyn_cast<PHINode>(lanes[0]);
    std::set<const Value*> different(lanes.begin(), lanes.end());
    if (!first || different.size() != lanes.size()) return false;
    for (const Value* v : lanes)
      if (!isa<PHINode>(v) || cast<PHINode>(v)->getParent() != first->getParent() || replaced_.contains(v))
        return false;
    for (const BasicBlock* from : first->blocks())
      if (const Values v = incoming(lanes, from);
          find(v, piece) || (first->getNumIncomingValues() == 1 && phis_of_known(v, piece)))
        return true;
    return false;
  }

  Values lift_phis(const Values& lanes, unsigned piece) {
    Known phis{.lanes = lanes, .rows = {}, .piece = piece};
    make_phis(phis);
    fill_phis(phis);
    serve_others(phis);
    return phis.rows;
  }

  /// An entry made of an outer loop's phis.
  void lift(const Known& entry) {
    if (!phis_of_known(entry.lanes, entry.piece)) return;
    const Known* known = find(entry.lanes, entry.piece);
    const Values rows = known ? known->rows : lift_phis(entry.lanes, entry.piece);
    for (size_t r = 0; r < rows.size(); r++) entry.rows[r]->replaceAllUsesWith(rows[r]);
  }

  Values rows_at(const Values& lanes, unsigned piece, Instruction* before) {
    b_.SetInsertPoint(before);
    const Values rows = Order(b_, piece).rows_of(lanes);
    if (isa<Instruction>(rows[0])) entries_.push_back({.lanes = lanes, .rows = rows, .piece = piece});
    made_.insert(made_.end(), rows.begin(), rows.end());
    return rows;
  }

  /// Where all of them come by, in no loop that the rows aren't in: an outer loop's sums are read behind it.
  void set_place_for_others(const Known& k, function_ref<bool(const Use&)> other) {
    auto* row = cast<Instruction>(k.rows.back());
    BasicBlock* at = nullptr;
    for (const Value* v : k.lanes)
      for (const Use& use : v->uses()) {
        if (!other(use)) continue;
        auto* user = cast<Instruction>(use.getUser());
        BasicBlock* here =
            isa<PHINode>(user) ? cast<PHINode>(user)->getIncomingBlock(use) : user->getParent();
        at = at ? dom_.findNearestCommonDominator(at, here) : here;
      }
    while (at != row->getParent() && loops_.getLoopDepth(at) > loops_.getLoopDepth(row->getParent()))
      at = dom_.getNode(at)->getIDom()->getBlock();
    if (at != row->getParent() || isa<PHINode>(row))
      b_.SetInsertPoint(at, at->getFirstInsertionPt());
    else
      b_.SetInsertPoint(row->getNextNode());
  }

  /// Phis of another block that the vectors of lanes go to together: theirs are rows, too.
  void follow(const Known& k) {
    std::vector<Values> found;
    for (const User* user : k.lanes[0]->users()) {
      auto* first = const_cast<PHINode*>(dyn_cast<PHINode>(user));
      if (!first || replaced_.contains(first) || own_.contains({k.lanes[0], first})) continue;
      for (const BasicBlock* from : first->blocks()) {
        if (first->getIncomingValueForBlock(from) != k.lanes[0]) continue;
        Values phis;
        for (Value* v : k.lanes)
          for (PHINode& phi : first->getParent()->phis())
            if (phi.getIncomingValueForBlock(from) == v && !replaced_.contains(&phi)) {
              phis.push_back(&phi);
              break;
            }
        if (phis.size() == k.lanes.size()) found.push_back(std::move(phis));
        break;
      }
    }
    for (const Values& phis : found)
      if (!find(phis, k.piece)) lift_phis(phis, k.piece);
  }

  /// Others who read the vectors of lanes get them made of the rows.
  void serve_others(const Known& k) {
    follow(k);
    const auto other = [&](const Use& use) {
      return !own_.contains({use.get(), use.getUser()}) && !replaced_.contains(use.getUser());
    };
    if (std::none_of(k.lanes.begin(), k.lanes.end(),
                     [&](const Value* v) { return std::any_of(v->use_begin(), v->use_end(), other); }))
      return;
    set_place_for_others(k, other);
    const Values lanes = Order(b_, k.piece).lanes_of(k.rows);
    for (size_t q = 0; q < lanes.size(); q++)
      k.lanes[q]->replaceUsesWithIf(lanes[q], [&](Use& use) { return other(use); });
    made_.insert(made_.end(), lanes.begin(), lanes.end());
    known_.push_back({.lanes = lanes, .rows = k.rows, .piece = k.piece});
  }

  Function& f_;
  IRBuilder<> b_;
  const DominatorTree dom_;
  const LoopInfo loops_;
  std::deque<Known> known_;
  std::vector<Known> entries_;                           ///< rows made of lanes in front of a loop
  std::set<std::pair<const Value*, const Value*>> own_;  ///< uses within what rows replace: value, user
  std::map<std::pair<unsigned, std::vector<const void*>>, Values> loaded_;  ///< by piece, loads and casts
  std::vector<PHINode*> old_;
  std::set<const Value*> replaced_;   ///< those of old_
  std::vector<WeakTrackingVH> made_;  ///< that nobody may need in the end
};

}  // namespace

void keep_memory_order(Function& f) {
  MemoryOrder(f).run();
}

}  // namespace ppu::simt
