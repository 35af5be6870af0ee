// See sum_groups.h.
#include "codegen/sum_groups.h"

#include <llvm/Analysis/VectorUtils.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>

#include <algorithm>
#include <map>

#include "simt/elementwise.h"

using namespace llvm;

namespace ppu::codegen {
namespace {

constexpr unsigned kSpare = 2;  ///< registers for what comes and goes

unsigned lanes_of(const Value& v) {
  const auto* t = dyn_cast<FixedVectorType>(v.getType());
  return t ? t->getNumElements() : 0;
}

bool is_sum_type(const Type* t) {
  const Type* e = t->getScalarType();
  return isa<FixedVectorType>(t) && (e->isFloatingPointTy() || (e->isIntegerTy() && !e->isIntegerTy(1)));
}

/// Sums in the order of their first use, not in that of the header.
void in_order_of_use(SumLoop& loop) {
  std::map<const Value*, unsigned> order;
  unsigned n = 0;
  for (const Instruction& inst : *loop.body)
    if (!isa<PHINode>(inst))
      for (const Value* v : inst.operands()) order.try_emplace(v, n++);
  std::vector<std::pair<unsigned, unsigned>> keys;  // of sums: when used, number
  for (unsigned s = 0; s < loop.sums.size(); s++) {
    const auto at = order.find(loop.sums[s].phi);
    keys.emplace_back(at == order.end() ? n : at->second, s);
  }
  std::sort(keys.begin(), keys.end());
  std::vector<Sum> sums;
  for (const auto& [when, s] : keys) sums.push_back(std::move(loop.sums[s]));
  loop.sums = std::move(sums);
}

/// False if a sum isn't computed lane by lane.
bool find_moving(SumLoop& loop) {
  std::map<const Value*, std::set<unsigned>> depends;  // on sums, by number
  std::map<const Value*, std::set<const Instruction*>> slices;
  for (unsigned s = 0; s < loop.sums.size(); s++) {
    depends[loop.sums[s].phi] = {s};
    loop.moving.insert(loop.sums[s].phi);
  }
  for (const Instruction& inst : *loop.body) {
    if (isa<PHINode>(inst)) continue;
    std::set<unsigned> on;
    std::set<const Instruction*> slice{&inst};
    for (const Value* v : inst.operands())
      if (auto at = depends.find(v); at != depends.end()) {
        on.insert(at->second.begin(), at->second.end());
        slice.insert(slices[v].begin(), slices[v].end());
      }
    if (on.empty()) continue;
    if (!simt::is_elementwise(inst, loop.lanes)) return false;
    loop.moving.insert(&inst);
    depends[&inst] = std::move(on);
    slices[&inst] = std::move(slice);
  }
  for (Sum& sum : loop.sums) {
    if (auto at = depends.find(sum.next); at != depends.end()) sum.with = at->second;
    sum.slice = slices[sum.next];
  }
  return true;
}

bool find_results(SumLoop& loop) {
  std::set<const Value*> known;
  for (const Sum& s : loop.sums) known.insert({s.phi, s.next});
  for (Instruction& inst : *loop.body) {
    // Phis behind the loop count, unlike for isUsedOutsideOfBlock.
    const auto outside = [&](const User* user) { return cast<Instruction>(user)->getParent() != loop.body; };
    if (known.contains(&inst) || none_of(inst.users(), outside)) continue;
    if (loop.moving.contains(&inst)) return false;
    loop.other_results.push_back(&inst);
  }
  return true;
}

/// What a sum's instructions take that no sum goes into: a register each while it is used.
class Leaves {
 public:
  explicit Leaves(const SumLoop& loop) : loop_(loop) {
    for (const Sum& sum : loop.sums) {
      std::vector<std::set<unsigned>> of(loop.pieces);
      for (const Instruction* inst : sum.slice)
        for (const Value* v : inst->operands())
          for (unsigned h = 0; h < loop.pieces; h++)
            if (const auto n = number(v, h)) of[h].insert(*n);
      by_sum_.push_back(std::move(of));
    }
  }
  const std::set<unsigned>& of(const SumPiece& p) const { return by_sum_[p.sum][p.piece]; }
  size_t count() const { return stays_.size(); }
  bool stays(unsigned leaf) const { return stays_[leaf]; }
  /// Registers that its lanes are picked from: a permutation each. A row, or one element, costs nothing.
  unsigned picked_from(unsigned leaf) const { return picked_from_[leaf]; }

 private:
  using Key = std::pair<const Value*, std::vector<int>>;

  std::optional<unsigned> number(const Value* v, unsigned h) {
    if (isa<Constant>(v) || lanes_of(*v) != loop_.lanes) return std::nullopt;
    const auto* inst = dyn_cast<Instruction>(v);
    if (inst && loop_.moving.contains(inst)) return std::nullopt;
    const bool inside = inst && inst->getParent() == loop_.body;
    Key key{v, {int(h)}};
    if (const auto* shuffle = dyn_cast<ShuffleVectorInst>(v)) {
      const ArrayRef<int> mask = shuffle->getShuffleMask().slice(h * loop_.piece_lanes, loop_.piece_lanes);
      key = {shuffle->getOperand(0), std::vector<int>(mask.begin(), mask.end())};
    }
    const auto [at, fresh] = numbers_.try_emplace(std::move(key), unsigned(stays_.size()));
    if (fresh) {
      stays_.push_back(!inside);
      picked_from_.push_back(inside ? registers_of(at->first.second) : 0);
    }
    return at->second;
  }

  unsigned registers_of(const std::vector<int>& mask) const {
    bool same = true, row = true;
    std::set<unsigned> registers;
    for (size_t l = 0; l < mask.size(); l++) {
      same &= mask[l] == mask[0];
      row &= mask[l] == mask[0] + int(l);
      registers.insert(unsigned(std::max(mask[l], 0)) / loop_.piece_lanes);
    }
    return same || row ? 0 : unsigned(registers.size());
  }

  const SumLoop& loop_;
  std::map<Key, unsigned> numbers_;
  std::vector<bool> stays_;
  std::vector<unsigned> picked_from_;
  std::vector<std::vector<std::set<unsigned>>> by_sum_;
};

/// Sums that must stay together, of one piece.
struct Cluster {
  std::vector<SumPiece> pieces;
  std::set<unsigned> leaves;
};

std::vector<Cluster> clusters_of(const SumLoop& loop, const Leaves& leaves) {
  std::vector<unsigned> leader(loop.sums.size());
  for (unsigned s = 0; s < leader.size(); s++) leader[s] = s;
  const auto find = [&](unsigned s) {
    while (leader[s] != s) s = leader[s];
    return s;
  };
  for (unsigned s = 0; s < leader.size(); s++)
    for (unsigned other : loop.sums[s].with) {
      const unsigned a = find(s), b = find(other);
      leader[std::max(a, b)] = std::min(a, b);
    }
  std::vector<Cluster> clusters;
  for (unsigned h = 0; h < loop.pieces; h++) {
    std::map<unsigned, Cluster> of;
    for (unsigned s = 0; s < leader.size(); s++) {
      Cluster& c = of[find(s)];
      c.pieces.push_back({s, h});
      const std::set<unsigned>& more = leaves.of({s, h});
      c.leaves.insert(more.begin(), more.end());
    }
    for (auto& [first, c] : of) clusters.push_back(std::move(c));
  }
  return clusters;
}

class Grouping {
 public:
  Grouping(const SumLoop& loop, VectorRegisters registers)
      : leaves_(loop), clusters_(clusters_of(loop, leaves_)), most_(registers.count - kSpare) {
    size_t work = 0;
    for (const Sum& s : loop.sums) work += s.slice.size();
    steps_ = std::max<size_t>(1, work / std::max<size_t>(1, loop.sums.size()));
  }

  std::vector<std::vector<SumPiece>> run() const {
    const std::vector<std::vector<SumPiece>> tight = fill(SIZE_MAX);
    size_t all = 0;
    for (const auto& g : tight) all += g.size();
    if (tight.size() > 1 && picks(tight) > spills()) return {{}};
    return tight.size() < 2 ? tight : fill((all + tight.size() - 1) / tight.size());
  }

 private:
  /// Permutations that groups make in a round because they don't share what others picked.
  size_t picks(const std::vector<std::vector<SumPiece>>& groups) const {
    size_t all = 0;
    std::vector<bool> once(leaves_.count());
    for (const auto& group : groups) {
      std::vector<bool> here(leaves_.count());
      for (const SumPiece& p : group)
        for (unsigned l : leaves_.of(p)) {
          if (!here[l] && once[l]) all += leaves_.picked_from(l);
          here[l] = true;
        }
      for (size_t l = 0; l < here.size(); l++)
        if (here[l]) once[l] = true;
    }
    return all;
  }

  /// Sums that would go to memory and come back in a round, all in one loop.
  size_t spills() const {
    size_t pieces = 0;
    for (const Cluster& c : clusters_) pieces += c.pieces.size();
    const size_t all = needed(pieces, std::vector<bool>(leaves_.count(), true));
    return all > most_ ? (all - most_) * steps_ : 0;
  }

  size_t needed(size_t pieces, const std::vector<bool>& leaves) const {
    size_t inside = 0, outside = 0;
    for (unsigned l = 0; l < leaves.size(); l++) (leaves_.stays(l) ? outside : inside) += leaves[l];
    return pieces + outside + (inside + steps_ - 1) / steps_;
  }

  static size_t fresh(const std::vector<bool>& have, const Cluster& c) {
    return size_t(std::count_if(c.leaves.begin(), c.leaves.end(), [&](unsigned l) { return !have[l]; }));
  }

  /// Groups of about `wanted` pieces, each of clusters that share what they read. A group ends where the next
  /// cluster would read something of its own.
  std::vector<std::vector<SumPiece>> fill(size_t wanted) const {
    std::vector<std::vector<SumPiece>> groups;
    std::vector<const Cluster*> left;
    for (const Cluster& c : clusters_) left.push_back(&c);
    while (!left.empty()) {
      std::vector<const Cluster*> chosen;
      std::vector<bool> leaves(leaves_.count());
      size_t pieces = 0, complete = 0;
      while (!left.empty()) {
        const auto next = std::min_element(left.begin(), left.end(), [&](const Cluster* a, const Cluster* b) {
          return fresh(leaves, *a) < fresh(leaves, *b);
        });
        const bool boundary = !chosen.empty() && fresh(leaves, **next) > 0;
        if (boundary) complete = chosen.size();
        if (boundary && pieces >= wanted) break;
        std::vector<bool> with = leaves;
        for (unsigned l : (*next)->leaves) with[l] = true;
        if (!chosen.empty() && needed(pieces + (*next)->pieces.size(), with) > most_) {
          while (chosen.size() > complete && complete * 2 >= chosen.size()) {
            left.insert(left.begin(), chosen.back());
            chosen.pop_back();
          }
          break;
        }
        leaves = std::move(with);
        pieces += (*next)->pieces.size();
        chosen.push_back(*next);
        left.erase(next);
      }
      groups.emplace_back();
      for (const Cluster* c : chosen)
        groups.back().insert(groups.back().end(), c->pieces.begin(), c->pieces.end());
    }
    return groups;
  }

  const Leaves leaves_;
  const std::vector<Cluster> clusters_;
  const size_t most_;
  size_t steps_ = 1;
};

}  // namespace

bool only_reads(const Instruction& inst) {
  if (inst.isTerminator() || isa<PHINode>(inst)) return true;
  if (inst.mayHaveSideEffects() || inst.isVolatile() || inst.isAtomic() || isa<AllocaInst>(inst))
    return false;
  const auto* call = dyn_cast<CallInst>(&inst);
  return !call || (isa<IntrinsicInst>(inst) && !call->isConvergent());
}

std::optional<SumLoop> sum_loop(BasicBlock& block, VectorRegisters registers) {
  const auto* end = dyn_cast<BranchInst>(block.getTerminator());
  if (!end || !end->isConditional() || end->getSuccessor(0) == end->getSuccessor(1)) return std::nullopt;
  if (end->getSuccessor(0) != &block && end->getSuccessor(1) != &block) return std::nullopt;
  SumLoop loop{.body = &block, .exit = end->getSuccessor(end->getSuccessor(0) == &block)};
  unsigned widest = 0;
  size_t bits = 0;
  for (PHINode& phi : block.phis()) {
    if (!phi.getType()->isVectorTy()) continue;
    if (!is_sum_type(phi.getType()) || (loop.lanes && loop.lanes != lanes_of(phi))) return std::nullopt;
    loop.lanes = lanes_of(phi);
    widest = std::max(widest, phi.getType()->getScalarSizeInBits());
    bits += size_t{loop.lanes} * phi.getType()->getScalarSizeInBits();
    loop.sums.push_back({.phi = &phi, .next = phi.getIncomingValueForBlock(&block)});
  }
  if (bits / registers.bits < registers.count / 2 || !std::all_of(block.begin(), block.end(), only_reads))
    return std::nullopt;
  loop.piece_lanes = std::min(loop.lanes, registers.bits / widest);
  if (!loop.piece_lanes || loop.lanes % loop.piece_lanes) return std::nullopt;
  loop.pieces = loop.lanes / loop.piece_lanes;
  in_order_of_use(loop);
  if (!find_moving(loop) || !find_results(loop)) return std::nullopt;
  return loop;
}

std::vector<std::vector<SumPiece>> group_sums(const SumLoop& loop, VectorRegisters registers) {
  return Grouping(loop, registers).run();
}

}  // namespace ppu::codegen
