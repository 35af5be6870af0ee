#include "simt/frame_plan.h"

#include <set>

#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/PostOrderIterator.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace ppu::simt {
namespace {

/// Instructions worth repeating rather than keeping a value made of the block's arguments alone.
constexpr int kRecomputeBudget = 24;

// Stack objects are scratch: nothing in them lives across a suspension, each region gets its own. (Those that
// are marked to be kept are given a place in the frame by suspend.cpp.)
bool is_value(const Value* v) {
  return isa<Instruction>(v) && !isa<AllocaInst>(v);
}

bool cheap(const Instruction* inst) {
  if (const auto* load = dyn_cast<LoadInst>(inst)) return load->hasMetadata(LLVMContext::MD_invariant_load);
  const unsigned op = inst->getOpcode();
  if (op == Instruction::UDiv || op == Instruction::SDiv || op == Instruction::URem ||
      op == Instruction::SRem)
    return isa<Constant>(inst->getOperand(1));
  return isa<BinaryOperator>(inst) || isa<CastInst>(inst) || isa<GetElementPtrInst>(inst) ||
         isa<ShuffleVectorInst>(inst) || isa<InsertElementInst>(inst) || isa<CmpInst>(inst) ||
         isa<MinMaxIntrinsic>(inst);
}

}  // namespace

FramePlan::FramePlan(Function& function, ArrayRef<BasicBlock*> resumes) {
  find_live(function, resumes);
  split_live_values();
  place_slots(function.getParent()->getDataLayout());
}

FramePlan::~FramePlan() {
  for (auto& [v, copy] : copies_) copy->deleteValue();
}

std::optional<uint32_t> FramePlan::offset(Instruction* v) const {
  const auto it = offsets_.find(v);
  if (it == offsets_.end()) return std::nullopt;
  return it->second;
}

void FramePlan::find_live(Function& function, ArrayRef<BasicBlock*> resumes) {
  DenseMap<BasicBlock*, SetVector<Instruction*>> live_in;
  for (BasicBlock& b : function) live_in[&b];
  for (bool changed = true; changed;) {
    changed = false;
    for (BasicBlock* b : post_order(&function)) {
      SetVector<Instruction*> live;
      for (BasicBlock* s : successors(b)) {
        live.insert(live_in[s].begin(), live_in[s].end());
        for (PHINode& phi : s->phis())
          if (Value* in = phi.getIncomingValueForBlock(b); is_value(in)) live.insert(cast<Instruction>(in));
      }
      for (Instruction& inst : reverse(*b)) {
        live.remove(&inst);
        if (isa<PHINode>(inst)) continue;
        for (Value* o : inst.operands())
          if (is_value(o)) live.insert(cast<Instruction>(o));
      }
      if (live.size() != live_in[b].size()) {
        live_in[b] = std::move(live);
        changed = true;
      }
    }
  }
  for (BasicBlock* b : resumes) live_.push_back(live_in[b]);
}

// Made of arguments, constants, invariant loads and addresses of stack objects only.
bool FramePlan::from_arguments(Instruction* inst, int& budget) {
  if (isa<AllocaInst>(inst)) return true;  // the region's own
  if (--budget < 0 || !cheap(inst)) return false;
  for (Value* o : inst->operands())
    if (auto* i = dyn_cast<Instruction>(o); i && !from_arguments(i, budget)) return false;
  return true;
}

// p of `gep p, constant`, x of `add x, constant`: keeping the one value serves all that stand beside it. The
// root is never newer than the value: a path that defines it again passes the value's own definition before
// any use.
Instruction* FramePlan::root_of(Instruction* inst) {
  if (!isa<GetElementPtrInst>(inst) && !isa<BinaryOperator>(inst) && !isa<CastInst>(inst)) return nullptr;
  if (!cheap(inst) || inst->getType()->isVectorTy()) return nullptr;
  Instruction* root = nullptr;
  for (Value* o : inst->operands()) {
    auto* i = dyn_cast<Instruction>(o);
    int budget = 8;
    if (!i || from_arguments(i, budget)) continue;
    if (root) return nullptr;
    root = i;
  }
  return root;
}

void FramePlan::copy_expression(Instruction* v) {
  if (isa<AllocaInst>(v) || copies_.contains(v) || kept_.contains(v)) return;
  copies_[v] = v->clone();
  for (Value* o : v->operands())
    if (auto* inner = dyn_cast<Instruction>(o)) copy_expression(inner);
}

void FramePlan::split_live_values() {
  std::map<Instruction*, Instruction*> roots;
  std::vector<Instruction*> recomputed;
  for (SetVector<Instruction*>& live : live_)
    for (size_t i = 0; i < live.size(); i++) {  // grows: roots join
      Instruction* v = live[i];
      if (const auto known = roots.find(v); known != roots.end()) {
        if (known->second) live.insert(known->second);
        continue;
      }
      int budget = kRecomputeBudget;
      if (from_arguments(v, budget)) {
        roots[v] = nullptr;
        recomputed.push_back(v);
      } else if (Instruction* root = root_of(v)) {
        roots[v] = root;
        recomputed.push_back(v);
        live.insert(root);
      } else {
        kept_.insert(v);
      }
    }
  for (Instruction* v : recomputed) copy_expression(v);
}

// One slot for a loop's phi and the value that feeds it round the loop, where they're never alive at the same
// suspension: then a value that a region doesn't touch stays where it is.
void FramePlan::place_slots(const DataLayout& layout) {
  EquivalenceClasses<Instruction*> webs;
  std::map<Instruction*, std::set<size_t>> alive;
  for (size_t k = 0; k < live_.size(); k++)
    for (Instruction* v : live_[k])
      if (kept_.contains(v)) alive[v].insert(k);
  std::map<Instruction*, std::set<size_t>> web_alive;
  for (Instruction* v : kept_) {
    webs.insert(v);
    web_alive[v] = alive[v];
  }
  for (Instruction* v : kept_) {
    auto* phi = dyn_cast<PHINode>(v);
    if (!phi) continue;
    for (Value* in : phi->incoming_values()) {
      auto* other = dyn_cast<Instruction>(in);
      if (!other || !kept_.contains(other)) continue;
      Instruction *a = webs.getLeaderValue(v), *b = webs.getLeaderValue(other);
      if (a == b) continue;
      bool clash = false;
      for (const size_t k : web_alive[a]) clash |= web_alive[b].contains(k);
      if (clash) continue;
      std::set<size_t> both = web_alive[a];
      both.insert(web_alive[b].begin(), web_alive[b].end());
      webs.unionSets(a, b);
      web_alive[webs.getLeaderValue(a)] = std::move(both);
    }
  }
  for (Instruction* v : kept_) {
    Instruction* leader = webs.getLeaderValue(v);
    if (!offsets_.contains(leader)) {
      const uint32_t size = uint32_t(layout.getTypeStoreSize(v->getType()).getFixedValue());
      const uint32_t align = size >= 64 ? 64 : size > 8 ? 16 : 8;
      bytes_ = (bytes_ + align - 1) / align * align;
      offsets_[leader] = bytes_;
      bytes_ += size;
    }
    offsets_[v] = offsets_[leader];
  }
  bytes_ = (bytes_ + 63) / 64 * 64;
}

}  // namespace ppu::simt
