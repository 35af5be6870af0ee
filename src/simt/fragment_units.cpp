// See fragment_units.h.
#include "simt/fragment_units.h"

#include "simt/names.h"
#include "simt/widener.h"

using namespace llvm;

namespace ppu::simt {
namespace {

const CallInst* called(const Value* v, StringRef prefix) {
  const auto* call = dyn_cast<CallInst>(v);
  return call && call->getCalledFunction() && call->getCalledFunction()->getName().starts_with(prefix)
             ? call
             : nullptr;
}

/// What a register is one of, and which.
FragmentUnits::Matrix matrix_of(const Value* v) {
  const auto* extract = dyn_cast<ExtractValueInst>(v);
  const auto* from = extract ? dyn_cast<Instruction>(extract->getAggregateOperand()) : nullptr;
  return {from, from ? extract->getIndices()[0] : 0};
}

/// Whether a load may be done behind `inst` instead of in front of it.
bool may_be_passed(const Instruction& inst) {
  const auto* call = dyn_cast<CallInst>(&inst);
  if (!call) return !inst.mayWriteToMemory();
  const StringRef name = call->getCalledFunction() ? call->getCalledFunction()->getName() : "";
  if (is_matrix_op(name)) return !name.starts_with(kStmatrixPrefix) && !name.starts_with(kWmmaStorePrefix);
  return name == kCheckAlign || !(call->isConvergent() || call->mayWriteToMemory());
}

}  // namespace

bool FragmentUnits::is_load(const Value* v) const {
  const CallInst* call = called(v, kLdmatrixPrefix);
  const auto* t = call ? dyn_cast<StructType>(call->getType()) : nullptr;
  return t && t->getNumElements() == 4 && shapes_.of(v).is_varying() &&
         !divergent_.contains(const_cast<BasicBlock*>(call->getParent()));
}

FragmentUnits::FragmentUnits(const ShapeAnalysis& shapes, const TileWebs& webs,
                             const std::set<BasicBlock*>& divergent)
    : shapes_(shapes), webs_(webs), divergent_(divergent) {
  if (!webs.tiles()) return;
  for (BasicBlock* b : shapes.order())
    for (Instruction& inst : *b) {
      const auto* call = dyn_cast<CallInst>(&inst);
      const TileWebs::Product* product = call ? webs.product(call) : nullptr;
      if (!product) continue;
      std::vector<Value*> a, columns;
      for (unsigned k = 0; k < 4; k++) a.push_back(call->getArgOperand(k));
      claim(false, a, call);
      if (!product->partner) continue;
      const CallInst* halves[] = {product->right ? product->partner : call,
                                  product->right ? call : product->partner};
      for (const CallInst* half : halves)
        for (unsigned k = 4; k < 6; k++) columns.push_back(half->getArgOperand(k));
      claim(true, columns, halves);
    }
  refuse();
  place_units();
}

void FragmentUnits::claim(bool of_b, ArrayRef<Value*> registers, ArrayRef<const CallInst*> products) {
  Unit unit;
  unit.of_b = of_b;
  for (size_t k = 0; k < 4; k++) unit.matrices[k] = matrix_of(registers[k]);
  const auto& m = unit.matrices;
  bool fits = std::set<Matrix>(m.begin(), m.end()).size() == 4;
  for (const Matrix& k : m) fits &= k.first && (is_load(k.first) || isa<PHINode>(k.first));
  const bool halves = m[0].first == m[1].first && m[2].first == m[3].first;
  if (fits)
    fits = halves && (m[1].first == m[2].first || (of_b && is_load(m[0].first) && is_load(m[2].first)));
  if (fits) {
    const auto known = matrices_.find(m[0]);
    if (known == matrices_.end()) {
      for (const Matrix& k : m) fits &= matrices_.try_emplace(k, units_.size()).second;
      units_.push_back(unit);
    } else {
      fits = units_[known->second].of_b == of_b && units_[known->second].matrices == m;
    }
  }
  for (const Matrix& k : m) {
    if (!k.first) continue;
    if (!fits) refused_.insert(k.first);
    for (const CallInst* call : products) roles_[k.first].insert({call, of_b});
  }
}

/// No register has another use than in the products that claimed it.
bool FragmentUnits::used_as_claimed(const Instruction& loaded) const {
  const Roles& roles = roles_.at(&loaded);
  for (const User* u : loaded.users()) {
    if (!isa<ExtractValueInst>(u)) return false;
    for (const Use& use : u->uses()) {
      const unsigned operand = use.getOperandNo();
      if (operand >= 6 || !roles.contains({dyn_cast<CallInst>(use.getUser()), operand >= 4})) return false;
    }
  }
  return true;
}

/// The loads that a phi takes may all have its place: it's that of a loop of one block, which uses it before
/// it loads the next, and the first load is done each time the loop is come to.
bool FragmentUnits::loop_holds(const PHINode& phi) const {
  auto* block = const_cast<BasicBlock*>(phi.getParent());
  const Loop* loop = shapes_.loops.getLoopFor(block);
  if (!loop || loop->getNumBlocks() != 1 || phi.getNumIncomingValues() != 2) return false;
  if (divergent_.contains(block) || !shapes_.of(&phi).is_varying()) return false;
  for (const Value* v : phi.incoming_values()) {
    const auto* load = dyn_cast<CallInst>(v);
    if (!load || !is_load(load) || !load->hasOneUse()) return false;
    auto* at = const_cast<BasicBlock*>(load->getParent());
    if (at != block && shapes_.loops.getLoopFor(at) != loop->getParentLoop()) return false;
    for (const User* extract : phi.users())
      for (const User* u : extract->users()) {
        const auto* use = cast<Instruction>(u);
        if (use->getParent() != block || (at == block && load->comesBefore(use))) return false;
      }
  }
  return phi.getIncomingValue(0) != phi.getIncomingValue(1);
}

/// Halves from two loads: with the second, what the first read is still there, and nobody wants it before.
bool FragmentUnits::one_after_another(const Unit& unit) const {
  const Instruction *x = unit.matrices[0].first, *y = unit.matrices[2].first;
  if (x == y) return true;
  const auto *left = cast<CallInst>(x), *right = cast<CallInst>(y);
  if (x->getParent() != y->getParent() || left->getCalledFunction() != right->getCalledFunction())
    return false;
  if (y->comesBefore(x)) std::swap(x, y);
  for (const Instruction* i = x; i != y; i = i->getNextNode())
    if (!may_be_passed(*i)) return false;
  for (const User* extract : x->users())
    for (const User* u : extract->users())
      if (const auto* use = cast<Instruction>(u); use->getParent() == y->getParent() && use->comesBefore(y))
        return false;
  return true;
}

/// Whether the warp may be suspended between the load and a use.
bool FragmentUnits::outlived(const Instruction& loaded) const {
  for (const User* extract : loaded.users())
    for (const User* u : extract->users()) {
      const auto* use = cast<Instruction>(u);
      if (use->getParent() != loaded.getParent()) return true;
      for (const Instruction* i = loaded.getNextNode(); i && i != use; i = i->getNextNode())
        if (const auto* call = dyn_cast<CallInst>(i);
            call && call->isConvergent() &&
            !(call->getCalledFunction() && is_matrix_op(call->getCalledFunction()->getName())))
          return true;
    }
  return false;
}

/// Whether all that takes the registers stands in their block, and a loop's first load comes to it by no
/// other products.
bool FragmentUnits::taken_soon(const Instruction& loaded) const {
  for (const User* extract : loaded.users())
    for (const User* u : extract->users())
      if (cast<Instruction>(u)->getParent() != loaded.getParent()) return false;
  const auto* phi = dyn_cast<PHINode>(&loaded);
  for (unsigned i = 0; phi && i < phi->getNumIncomingValues(); i++) {
    const auto* load = cast<Instruction>(phi->getIncomingValue(i));
    for (const BasicBlock* b = phi->getIncomingBlock(i); b != load->getParent();) {
      for (const Instruction& inst : *b)
        if (const auto* call = dyn_cast<CallInst>(&inst); call && webs_.product(call)) return false;
      b = b->getSinglePredecessor();
      if (!b) return false;
    }
  }
  return true;
}

/// A barrier stands between what takes a round's registers and the load of the next.
bool FragmentUnits::settled(const PHINode& phi) const {
  for (const Value* v : phi.incoming_values()) {
    const auto* load = cast<Instruction>(v);
    if (load->getParent() != phi.getParent()) continue;
    const Instruction* barrier = load->getPrevNode();
    while (barrier && !(isa<CallInst>(barrier) && is_barrier(cast<CallInst>(*barrier))))
      barrier = barrier->getPrevNode();
    if (!barrier) return false;
    for (const User* extract : phi.users())
      for (const User* u : extract->users())
        if (!cast<Instruction>(u)->comesBefore(barrier)) return false;
  }
  return true;
}

/// What can't be units after all, and what was to share some with it.
void FragmentUnits::refuse() {
  for (const auto& [loaded, roles] : roles_) {
    const auto* phi = dyn_cast<PHINode>(loaded);
    bool all = true;
    for (unsigned k = 0; k < 4; k++) all &= matrices_.contains({loaded, k});
    if (!all || !used_as_claimed(*cast<Instruction>(loaded)) || (phi && !loop_holds(*phi)))
      refused_.insert(loaded);
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (const Unit& unit : units_) {
      bool refused = !one_after_another(unit);
      for (const Matrix& m : unit.matrices) refused |= refused_.contains(m.first);
      for (const Matrix& m : unit.matrices)
        if (refused && m.first) changed |= refused_.insert(m.first).second;
    }
  }
}

void FragmentUnits::place_units() {
  std::vector<Unit> placed;
  for (Unit unit : units_) {
    const Instruction *left = unit.matrices[0].first, *right = unit.matrices[2].first;
    if (refused_.contains(left)) continue;
    const auto* phi = dyn_cast<PHINode>(left);
    unit.place = unsigned(places_.size());
    places_.push_back({phi || outlived(*left) || outlived(*right), taken_soon(*left) && taken_soon(*right),
                       phi != nullptr, phi && settled(*phi)});
    placed.push_back(unit);
    for (unsigned i = 0; phi && i < phi->getNumIncomingValues(); i++) {
      for (Matrix& m : unit.matrices) m.first = cast<Instruction>(phi->getIncomingValue(i));
      placed.push_back(unit);
    }
  }
  units_ = std::move(placed);
  matrices_.clear();
  for (size_t n = 0; n < units_.size(); n++)
    for (const Matrix& m : units_[n].matrices) matrices_[m] = n;
}

std::vector<const FragmentUnits::Unit*> FragmentUnits::complete_at(const Value* load) const {
  std::set<const Unit*> complete;
  for (unsigned k = 0; k < 4; k++) {
    const auto known = matrices_.find({load, k});
    if (known == matrices_.end()) continue;
    const Unit& unit = units_[known->second];
    const Instruction *left = unit.matrices[0].first, *right = unit.matrices[2].first;
    if (load == (left != right && left->comesBefore(right) ? right : left)) complete.insert(&unit);
  }
  return {complete.begin(), complete.end()};
}

const FragmentUnits::Unit* FragmentUnits::unit(ArrayRef<Value*> registers) const {
  if (registers.size() != 4) return nullptr;
  const auto known = matrices_.find(matrix_of(registers[0]));
  if (known == matrices_.end()) return nullptr;
  const Unit& unit = units_[known->second];
  for (size_t k = 0; k < 4; k++)
    if (matrix_of(registers[k]) != unit.matrices[k]) return nullptr;
  return &unit;
}

}  // namespace ppu::simt
