// See split_sums.h. A loop of one block that only reads and computes may be run once for each part of what it
// carries from round to round: nothing it reads changes meanwhile. A part of a vector of 32 lanes is one
// register's lanes ("piece").
#include "codegen/split_sums.h"

#include <llvm/Analysis/VectorUtils.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/Local.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "codegen/frame_memory.h"
#include "codegen/straight_sums.h"
#include "codegen/sum_groups.h"
#include "simt/elementwise.h"

using namespace llvm;

namespace ppu::codegen {
namespace {

/// One loop, and the loops that it becomes.
class Splitter {
 public:
  Splitter(const SumLoop& loop, std::vector<std::vector<SumPiece>> groups)
      : loop_(loop),
        groups_(std::move(groups)),
        layout_(loop.body->getModule()->getDataLayout()),
        b_(loop.body->getContext()) {}

  void run() {
    make_room();
    find_late_loads();
    for (size_t g = 0; g < groups_.size(); g++) emit_group(g);
    replace_results();
    auto* entry = preheader_->getTerminator();
    entry->replaceSuccessorWith(loop_.body, bodies_.front());
    DeleteDeadBlock(loop_.body);
    for (LoadInst* load : late_loads_)
      if (load->use_empty()) load->eraseFromParent();
    for (BasicBlock* body : bodies_) run_straight(*body);
  }

 private:
  /// A block in front of the loop and one behind it that are the loop's alone.
  void make_room() {
    BasicBlock* body = loop_.body;
    SmallVector<BasicBlock*, 4> outside;
    for (BasicBlock* p : predecessors(body))
      if (p != body) outside.push_back(p);
    preheader_ = outside.size() == 1 && outside[0]->getSingleSuccessor()
                     ? outside[0]
                     : SplitBlockPredecessors(body, outside, ".sums");
    exit_ =
        loop_.exit->getSinglePredecessor() ? loop_.exit : SplitBlockPredecessors(loop_.exit, {body}, ".sums");
    for (PHINode& phi : make_early_inc_range(exit_->phis())) {
      phi.replaceAllUsesWith(phi.getIncomingValue(0));
      phi.eraseFromParent();
    }
  }

  /// First values that are loaded just before the loop, for it alone: each group loads its own.
  void find_late_loads() {
    std::set<const Instruction*> seen;  // with nothing behind them that writes
    BasicBlock* block = preheader_;
    for (bool clean = true; block && clean; block = block->getSinglePredecessor()) {
      for (Instruction& inst : reverse(*block)) {
        clean &= !inst.mayWriteToMemory();
        if (!clean) break;
        seen.insert(&inst);
      }
      const BasicBlock* before = block->getSinglePredecessor();
      if (!before || before->getSingleSuccessor() != block) break;
    }
    for (const Sum& sum : loop_.sums) {
      auto* load = dyn_cast<LoadInst>(sum.phi->getIncomingValueForBlock(preheader_));
      if (load && load->isSimple() && load->hasOneUse() && seen.contains(load)) late_loads_.insert(load);
    }
  }

  unsigned piece_lanes() const { return loop_.piece_lanes; }

  SmallVector<int, 32> mask_of(unsigned h) const {
    return createSequentialMask(h * piece_lanes(), piece_lanes(), 0);
  }

  Type* piece_type(const Value* v) const {
    return FixedVectorType::get(v->getType()->getScalarType(), piece_lanes());
  }

  LoadInst* narrow_load(const LoadInst& load, Value* pointer, unsigned first, Type* type) {
    const uint64_t offset = first * layout_.getTypeStoreSize(load.getType()->getScalarType());
    LoadInst* part = b_.CreateAlignedLoad(type, b_.CreateConstGEP1_64(b_.getInt8Ty(), pointer, offset),
                                          commonAlignment(load.getAlign(), offset));
    part->copyMetadata(load, {LLVMContext::MD_alias_scope, LLVMContext::MD_noalias, LLVMContext::MD_tbaa,
                              LLVMContext::MD_invariant_load, LLVMContext::MD_nontemporal});
    return part;
  }

  /// A piece of what is known before the loop.
  Value* invariant_piece(Value* v, unsigned h) {
    if (Value* x = getSplatValue(v)) return b_.CreateVectorSplat(piece_lanes(), x);
    return b_.CreateShuffleVector(v, mask_of(h));
  }

  Value* first_value(const SumPiece& p) {
    Value* v = loop_.sums[p.sum].phi->getIncomingValueForBlock(preheader_);
    auto* load = dyn_cast<LoadInst>(v);
    if (!load || !late_loads_.contains(load)) return invariant_piece(v, p.piece);
    return narrow_load(*load, load->getPointerOperand(), p.piece * piece_lanes(), piece_type(v));
  }

  void emit_group(size_t g) {
    BasicBlock* before = g ? outs_.back() : preheader_;
    Function* f = loop_.body->getParent();
    body_ = BasicBlock::Create(b_.getContext(), "sums", f, loop_.body);
    BasicBlock* out =
        g + 1 == groups_.size() ? exit_ : BasicBlock::Create(b_.getContext(), "sums.done", f, loop_.body);
    bodies_.push_back(body_), outs_.push_back(out);
    copies_.clear(), pieces_.clear(), open_.clear();
    before_ = before;
    if (g) {
      b_.SetInsertPoint(before);
      b_.CreateBr(body_);
    }
    for (const SumPiece& p : groups_[g]) {
      b_.SetInsertPoint(before->getTerminator());
      Value* first = first_value(p);
      PHINode* phi = PHINode::Create(piece_type(loop_.sums[p.sum].phi), 2, "", body_);
      phi->addIncoming(first, before);
      pieces_[{loop_.sums[p.sum].phi, p.piece}] = phi;
    }
    b_.SetInsertPoint(body_);
    std::set<std::pair<const Instruction*, unsigned>> wanted;
    for (const SumPiece& p : groups_[g])
      for (const Instruction* inst : loop_.sums[p.sum].slice) wanted.insert({inst, p.piece});
    for (Instruction& inst : *loop_.body)
      for (unsigned h = 0; h < loop_.pieces; h++)
        if (wanted.contains({&inst, h})) piece(&inst, h);
    for (const SumPiece& p : groups_[g]) {
      const Sum& sum = loop_.sums[p.sum];
      auto* phi = cast<PHINode>(pieces_.at({sum.phi, p.piece}));
      phi->addIncoming(piece(sum.next, p.piece), body_);
      results_[{sum.phi, p.piece}] = phi;
      results_[{sum.next, p.piece}] = pieces_.at({sum.next, p.piece});
    }
    if (g + 1 == groups_.size())
      for (Instruction* v : loop_.other_results) scalars_[v] = whole(v);
    auto* end = cast<BranchInst>(loop_.body->getTerminator());
    Value* condition = whole(end->getCondition());
    while (!open_.empty()) {
      PHINode* phi = open_.back();
      open_.pop_back();
      Value* next = whole(phi->getIncomingValueForBlock(loop_.body));
      cast<PHINode>(copies_.at(phi))->addIncoming(next, body_);
    }
    const bool goes_on_if = end->getSuccessor(0) == loop_.body;
    b_.CreateCondBr(condition, goes_on_if ? body_ : out, goes_on_if ? out : body_);
  }

  /// The group's copy of a value that no sum goes into.
  Value* whole(Value* v) {
    auto* inst = dyn_cast<Instruction>(v);
    if (!inst || inst->getParent() != loop_.body) return v;
    if (auto at = copies_.find(v); at != copies_.end()) return at->second;
    if (auto* phi = dyn_cast<PHINode>(inst)) {
      PHINode* copy = PHINode::Create(phi->getType(), 2, "", body_->begin());
      copy->addIncoming(phi->getIncomingValueForBlock(preheader_), before_);
      open_.push_back(phi);
      return copies_[v] = copy;
    }
    Instruction* copy = inst->clone();
    std::vector<Value*> operands;
    for (Value* operand : inst->operands()) operands.push_back(whole(operand));
    for (unsigned i = 0; i < operands.size(); i++) copy->setOperand(i, operands[i]);
    return copies_[v] = b_.Insert(copy);
  }

  Value* piece(Value* v, unsigned h) {
    auto* inst = dyn_cast<Instruction>(v);
    if (auto at = pieces_.find({v, h}); at != pieces_.end()) return at->second;
    if (inst && inst->getParent() == loop_.body) return pieces_[{v, h}] = piece_of(*inst, h);
    IRBuilder<>::InsertPointGuard guard(b_);
    b_.SetInsertPoint(before_->getTerminator());
    return pieces_[{v, h}] = invariant_piece(v, h);
  }

  Value* piece_of(Instruction& inst, unsigned h) {
    if (simt::is_elementwise(inst, loop_.lanes)) return elementwise(inst, h);
    if (auto* load = dyn_cast<LoadInst>(&inst); load && load->isSimple())
      return narrow_load(*load, whole(load->getPointerOperand()), h * piece_lanes(), piece_type(load));
    if (auto* shuffle = dyn_cast<ShuffleVectorInst>(&inst)) return shuffled(*shuffle, h);
    return b_.CreateShuffleVector(whole(&inst), mask_of(h));
  }

  Value* elementwise(Instruction& inst, unsigned h) {
    const auto operand = [&](unsigned i) -> Value* {
      Value* x = inst.getOperand(i);
      return x->getType()->isVectorTy() ? piece(x, h) : whole(x);
    };
    Value* made = nullptr;
    if (auto* call = dyn_cast<IntrinsicInst>(&inst)) {
      std::vector<Value*> args;
      std::vector<Type*> overloads;
      const Intrinsic::ID id = call->getIntrinsicID();
      if (isVectorIntrinsicWithOverloadTypeAtArg(id, -1)) overloads.push_back(piece_type(call));
      for (unsigned i = 0; i < call->arg_size(); i++) {
        args.push_back(operand(i));
        if (isVectorIntrinsicWithOverloadTypeAtArg(id, int(i))) overloads.push_back(args.back()->getType());
      }
      made = b_.CreateIntrinsic(id, overloads, args);
    } else if (auto* op = dyn_cast<BinaryOperator>(&inst)) {
      Value *x = operand(0), *y = operand(1);
      made = b_.CreateBinOp(op->getOpcode(), x, y);
    } else if (auto* conversion = dyn_cast<CastInst>(&inst)) {
      made = b_.CreateCast(conversion->getOpcode(), operand(0), piece_type(conversion));
    } else if (auto* cmp = dyn_cast<CmpInst>(&inst)) {
      Value *x = operand(0), *y = operand(1);
      made = b_.CreateCmp(cmp->getPredicate(), x, y);
    } else if (isa<SelectInst>(inst)) {
      Value *c = operand(0), *x = operand(1), *y = operand(2);
      made = b_.CreateSelect(c, x, y);
    } else if (isa<FreezeInst>(inst)) {
      made = b_.CreateFreeze(operand(0));
    } else {
      made = b_.CreateUnOp(cast<UnaryOperator>(inst).getOpcode(), operand(0));
    }
    if (auto* i = dyn_cast<Instruction>(made); i && isa<FPMathOperator>(i) == isa<FPMathOperator>(inst))
      i->copyIRFlags(&inst);
    return made;
  }

  /// Of what is loaded only what is wanted: one element for all lanes, or a row of them.
  Value* shuffled(ShuffleVectorInst& shuffle, unsigned h) {
    const ArrayRef<int> mask = shuffle.getShuffleMask().slice(h * piece_lanes(), piece_lanes());
    auto* load = dyn_cast<LoadInst>(shuffle.getOperand(0));
    const int elements = int(cast<FixedVectorType>(shuffle.getOperand(0)->getType())->getNumElements());
    const int first = mask[0];
    if (load && load->isSimple() && load->getParent() == loop_.body && first >= 0 && first < elements) {
      const auto at = [&](int by) {
        for (int l = 0; l < int(mask.size()); l++)
          if (mask[size_t(l)] != first + by * l) return false;
        return first + by * (int(mask.size()) - 1) < elements;
      };
      Value* pointer = at(0) || at(1) ? whole(load->getPointerOperand()) : nullptr;
      if (at(0))
        return b_.CreateVectorSplat(
            piece_lanes(), narrow_load(*load, pointer, unsigned(first), load->getType()->getScalarType()));
      if (at(1)) return narrow_load(*load, pointer, unsigned(first), piece_type(&shuffle));
    }
    for (int i = 0; i < 2; i++)  // one of the vectors that a warp's is put together of
      if (elements == int(piece_lanes()) && is_contained(mask, i * elements) &&
          equal(mask, seq(i * elements, (i + 1) * elements)))
        return whole(shuffle.getOperand(unsigned(i)));
    Value* x = whole(shuffle.getOperand(0));
    return b_.CreateShuffleVector(x, whole(shuffle.getOperand(1)), mask);
  }

  /// What is read of the loop behind it.
  void replace_results() {
    for (const Sum& sum : loop_.sums)
      for (Value* v : {static_cast<Value*>(sum.phi), sum.next}) replace_sum(v);
    for (const auto& [v, copy] : scalars_) v->replaceUsesOutsideBlock(copy, loop_.body);
  }

  void replace_sum(Value* v) {
    auto* inst = dyn_cast<Instruction>(v);
    if (!inst || inst->getParent() != loop_.body) return;
    std::vector<StoreInst*> stores;
    for (User* user : v->users())
      if (auto* store = dyn_cast<StoreInst>(user);
          store && store->getValueOperand() == v && may_be_early(*store))
        stores.push_back(store);
    for (StoreInst* store : stores) {
      const uint64_t bytes = layout_.getTypeStoreSize(piece_type(v));
      for (unsigned h = 0; h < loop_.pieces; h++) {
        b_.SetInsertPoint(outs_[group_of(v, h)], outs_[group_of(v, h)]->getFirstInsertionPt());
        Value* to = b_.CreateConstGEP1_64(b_.getInt8Ty(), store->getPointerOperand(), h * bytes);
        b_.CreateAlignedStore(results_.at({v, h}), to, commonAlignment(store->getAlign(), h * bytes));
      }
      store->eraseFromParent();
    }
    if (!inst->isUsedOutsideOfBlock(loop_.body)) return;
    b_.SetInsertPoint(exit_, exit_->getFirstInsertionPt());
    std::vector<Value*> parts;
    for (unsigned h = 0; h < loop_.pieces; h++) parts.push_back(results_.at({v, h}));
    inst->replaceUsesOutsideBlock(parts.size() == 1 ? parts[0] : concatenateVectors(b_, parts), loop_.body);
  }

  size_t group_of(const Value* v, unsigned h) const {
    for (size_t g = 0; g < groups_.size(); g++)
      for (const SumPiece& p : groups_[g])
        if (p.piece == h && (loop_.sums[p.sum].phi == v || loop_.sums[p.sum].next == v)) return g;
    return groups_.size() - 1;
  }

  /// A store behind the loop that may as well stand right behind the group it is of: into the frame, where
  /// nothing in between looks.
  bool may_be_early(const StoreInst& store) const {
    const Value* pointer = store.getPointerOperand();
    const auto* at = dyn_cast<Instruction>(pointer);
    if (!store.isSimple() || store.getParent() != exit_ || (at && at->getParent() == exit_)) return false;
    const auto place = [&](const Value* p, Type* t) {
      return frame_place(p, layout_.getTypeStoreSize(t), layout_);
    };
    const Type* type = store.getValueOperand()->getType();
    const FramePlace mine = place(pointer, const_cast<Type*>(type));
    if (!mine.base) return false;
    for (const Instruction& inst : *exit_) {
      if (&inst == &store) break;
      if (!inst.mayReadOrWriteMemory()) continue;
      const auto* other = dyn_cast<StoreInst>(&inst);
      if (!other || !place(other->getPointerOperand(), other->getValueOperand()->getType()).apart(mine))
        return false;
    }
    for (const Instruction& inst : *loop_.body)
      if (inst.mayReadFromMemory())
        if (const auto* load = dyn_cast<LoadInst>(&inst); !load || in_frame(load->getPointerOperand()))
          return false;
    // A group's first values are loaded after the stores of groups before it. Those of the same sum go to
    // where its own came from.
    for (const Sum& sum : loop_.sums) {
      const auto* load = dyn_cast<LoadInst>(sum.phi->getIncomingValueForBlock(preheader_));
      if (!load || !late_loads_.contains(const_cast<LoadInst*>(load))) continue;
      const FramePlace from = place(load->getPointerOperand(), load->getType());
      const bool own =
          store.getValueOperand() == sum.next && from.base == mine.base && from.from == mine.from;
      if (!own && in_frame(load->getPointerOperand()) && !from.apart(mine)) return false;
    }
    return true;
  }

  const SumLoop& loop_;
  const std::vector<std::vector<SumPiece>> groups_;
  const DataLayout& layout_;
  IRBuilder<> b_;
  BasicBlock *preheader_ = nullptr, *exit_ = nullptr;
  std::set<LoadInst*> late_loads_;
  std::vector<BasicBlock*> bodies_, outs_;  ///< of each group
  std::map<std::pair<const Value*, unsigned>, Value*> results_;
  std::map<Instruction*, Value*> scalars_;
  // Of the group at work.
  BasicBlock *body_ = nullptr, *before_ = nullptr;
  std::map<const Value*, Value*> copies_;
  std::map<std::pair<const Value*, unsigned>, Value*> pieces_;
  std::vector<PHINode*> open_;  ///< whose copies have no next value yet
};

}  // namespace

void split_sums(Module& module, bool avx512) {
  const VectorRegisters registers = avx512 ? VectorRegisters{512, 32} : VectorRegisters{256, 16};
  for (Function& f : module) {
    std::vector<BasicBlock*> blocks;
    for (BasicBlock& b : f) blocks.push_back(&b);
    for (BasicBlock* b : blocks) {
      BasicBlock* once = loop_once(*b, registers);
      BasicBlock* body = once ? once : b;
      const std::optional<SumLoop> loop = sum_loop(*body, registers);
      std::vector<std::vector<SumPiece>> groups;
      if (loop) groups = group_sums(*loop, registers);
      if (groups.size() > 1)
        Splitter(*loop, std::move(groups)).run();
      else if (once)
        run_straight(*once);
    }
  }
}

}  // namespace ppu::codegen
