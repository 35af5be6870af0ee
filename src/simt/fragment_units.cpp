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

/// What registers are all of, and which of it; null if they are of several things.
const Instruction* loaded_by(ArrayRef<Value*> registers, std::array<unsigned, 4>& matrices) {
  const Instruction* loaded = nullptr;
  std::set<unsigned> seen;
  for (size_t k = 0; k < registers.size(); k++) {
    const auto* extract = dyn_cast<ExtractValueInst>(registers[k]);
    const auto* from = extract ? dyn_cast<Instruction>(extract->getAggregateOperand()) : nullptr;
    if (!from || (loaded && from != loaded) || !seen.insert(extract->getIndices()[0]).second) return nullptr;
    loaded = from;
    matrices[k] = extract->getIndices()[0];
  }
  return loaded;
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
  place_units();
}

void FragmentUnits::claim(bool of_b, ArrayRef<Value*> registers, ArrayRef<const CallInst*> products) {
  Unit unit;
  unit.of_b = of_b;
  const Instruction* loaded = loaded_by(registers, unit.matrices);
  if (!loaded || (!is_load(loaded) && !isa<PHINode>(loaded))) return;
  for (const CallInst* call : products) roles_[loaded].insert({call, of_b});
  const auto [known, is_new] = units_.try_emplace(loaded, unit);
  if (!is_new && (known->second.of_b != of_b || known->second.matrices != unit.matrices))
    refused_.insert(loaded);
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

void FragmentUnits::place_units() {
  std::map<const Value*, Unit> placed;
  for (BasicBlock* b : shapes_.order())
    for (Instruction& inst : *b) {
      const auto known = units_.find(&inst);
      if (known == units_.end() || refused_.contains(&inst) || !used_as_claimed(inst)) continue;
      Unit unit = known->second;
      const auto* phi = dyn_cast<PHINode>(&inst);
      if (phi && !loop_holds(*phi)) continue;
      unit.place = unsigned(places_.size());
      places_.push_back({phi || outlived(inst), taken_soon(inst), phi != nullptr});
      placed[&inst] = unit;
      for (unsigned i = 0; phi && i < phi->getNumIncomingValues(); i++)
        placed[phi->getIncomingValue(i)] = unit;
    }
  units_ = std::move(placed);
}

const FragmentUnits::Unit* FragmentUnits::unit(const Value* loaded) const {
  const auto known = units_.find(loaded);
  return known == units_.end() ? nullptr : &known->second;
}

const FragmentUnits::Unit* FragmentUnits::unit(ArrayRef<Value*> registers) const {
  std::array<unsigned, 4> matrices{};
  const Instruction* loaded = registers.size() == 4 ? loaded_by(registers, matrices) : nullptr;
  const Unit* known = loaded ? unit(loaded) : nullptr;
  return known && known->matrices == matrices ? known : nullptr;
}

}  // namespace ppu::simt
