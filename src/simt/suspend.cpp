// Cuts the widened warp function at its suspension points and builds the block function around the pieces.
//
// Frame (BlockState::frame): FrameHeader, then a slot area for each warp. Region k is the code from just
// behind suspension k (k = 0: the function's start) to the next suspensions or the end; it returns the number
// of the suspension it stopped at, 0 for the end. All warps at one suspension run it one after another, which
// keeps shared memory in L1 and lets LLVM hoist what is the same for all warps.
#include "simt/suspend.h"

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "exec/kernel_abi.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Analysis/CFG.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "llvm/Transforms/Utils/Local.h"
#include "llvm/Transforms/Utils/PromoteMemToReg.h"
#include "simt/copied_blocks.h"
#include "simt/frame_plan.h"
#include "simt/names.h"

using namespace llvm;

namespace ppu::simt {
namespace {

using exec::FrameHeader;
using exec::kMaxWarps;
constexpr uint32_t kHeaderBytes = (sizeof(FrameHeader) + 63) / 64 * 64;
/// With more suspensions than this (or 16, and much code in several of them), one region function serves all.
constexpr size_t kMaxCopies = 48, kSurelyCopied = 16, kMaxCopied = 3;

struct Suspension {
  CallInst* call;
  BasicBlock* resume;
  bool yields;
};

class Assembler {
 public:
  Assembler(Function& warp, const std::string& name, const WarpLayout& layout, unsigned gang, bool in_step)
      : f_(warp),
        name_(name),
        layout_(layout),
        in_step_(in_step),
        gang_(gang),
        m_(*warp.getParent()),
        c_(warp.getContext()),
        b_(c_) {}

  Outcome run() {
    reduces_ = m_.getFunction(kReducePut) != nullptr;
    named_ = m_.getFunction(kBarrierWait) || m_.getFunction(kBarrierArrive);
    // One gang is the whole block: it has nobody to wait for.
    if (in_step_ && !reduces_ && layout_.warps() == gang_) erase_barriers();
    cut();
    if (points_.size() <= kSurelyCopied || few_copies())
      for (unsigned k = 0; k <= points_.size(); k++) regions_.push_back(build_region({k}, false));
    else
      regions_.push_back(switched_region());
    const uint32_t warp_bytes = slot_bytes_;
    Outcome out;
    if (points_.empty())
      straight_block();
    else if (regions_.size() > 1 && in_step_ && !named_ && !yields())
      stepped_block();
    else if (regions_.size() > 1)
      phased_block();
    else
      switched_block();
    for (CallInst* call : inline_later_) {
      InlineFunctionInfo info;
      InlineFunction(*call, info);
    }
    for (Function* r : regions_)
      if (r->use_empty()) r->eraseFromParent();
    out.frame_bytes = points_.empty() ? 0 : kHeaderBytes + warp_bytes * max_warps();
    return finished(out);
  }

  // Lanes: one region function for all suspensions; the scheduler is exec's, and knows what a lane waits for
  // by its LaneState, which its saved values follow.
  Outcome run_lanes() {
    slots_at_ = sizeof(exec::LaneState);
    cut();
    Function* region = switched_region();
    open();
    Value* table = b_.CreateLoad(b_.getPtrTy(), field(launch_, offsetof(exec::LaunchArgs, rt)));
    Value* helper = b_.CreateLoad(b_.getPtrTy(), field(table, offsetof(exec::RuntimeTable, run_lanes)));
    FunctionType* type =
        FunctionType::get(b_.getInt32Ty(), {b_.getPtrTy(), b_.getPtrTy(), b_.getInt32Ty()}, false);
    const uint32_t lane_bytes = slots_at_ + slot_bytes_;
    b_.CreateRet(b_.CreateCall(type, helper, {state_, region, b_.getInt32(lane_bytes)}));
    const uint32_t lanes = layout_.specialised() ? layout_.threads() : kMaxWarps * kLanes;
    Outcome out;
    out.frame_bytes = uint32_t(sizeof(exec::LanesHeader)) + lane_bytes * lanes;
    return finished(out);
  }

 private:
  void cut() {
    collect();
    std::vector<BasicBlock*> resumes;
    for (Suspension& p : points_) resumes.push_back(p.resume);
    plan_ = std::make_unique<FramePlan>(f_, resumes);
    slot_bytes_ = plan_->bytes();
    for (Instruction& inst : f_.getEntryBlock()) {
      auto* kept = dyn_cast<AllocaInst>(&inst);
      if (!kept || !kept->hasMetadata(kKeptMetadata) || points_.empty()) continue;
      kept_[kept] = slot_bytes_;
      slot_bytes_ += uint32_t(kept->getAllocationSize(m_.getDataLayout())->getFixedValue() + 63) / 64 * 64;
    }
    demote();
  }

  Outcome finished(Outcome out) {
    plan_.reset();
    f_.eraseFromParent();
    for (const Suspension& p : points_) out.may_yield |= p.yields;
    return out;
  }

  uint32_t max_warps() const { return layout_.specialised() ? layout_.warps() / gang_ : kMaxWarps; }

  void collect() {
    std::vector<CallInst*> calls;
    for (Instruction& inst : instructions(f_))
      if (auto* call = dyn_cast<CallInst>(&inst))
        if (call->getCalledFunction() && call->getCalledFunction()->getName() == kSuspend)
          calls.push_back(call);
    for (CallInst* call : calls) {
      const bool yields = cast<ConstantInt>(call->getArgOperand(0))->getZExtValue() != 0;
      BasicBlock* resume = SplitBlock(call->getParent(), call->getNextNode());
      points_.push_back({call, resume, yields});
      suspends_.insert(call->getParent());
    }
  }

  // Every value that lives across goes through a stack slot, so that a region may start with what the frame
  // or a recomputation gives; promotion makes SSA again in each copy.
  void demote() {
    SetVector<Instruction*> all;
    for (size_t k = 0; k < points_.size(); k++) all.insert(plan_->live(k).begin(), plan_->live(k).end());
    const BasicBlock::iterator top = f_.getEntryBlock().getFirstNonPHIOrDbgOrAlloca();
    for (Instruction* v : all) {
      auto* slot = new AllocaInst(v->getType(), 0, "across", top);
      std::vector<Use*> uses;
      for (Use& u : v->uses()) uses.push_back(&u);
      for (Use* u : uses) {
        auto* user = cast<Instruction>(u->getUser());
        if (!user->getParent()) continue;  // one of the copies above
        Instruction* at = user;
        if (auto* phi = dyn_cast<PHINode>(user)) at = phi->getIncomingBlock(*u)->getTerminator();
        auto* load = new LoadInst(v->getType(), slot, "", at->getIterator());
        // A phi may take the value twice from one block: both entries must agree.
        if (auto* phi = dyn_cast<PHINode>(user)) {
          BasicBlock* from = phi->getIncomingBlock(*u);
          for (unsigned i = 0; i < phi->getNumIncomingValues(); i++)
            if (phi->getIncomingBlock(i) == from) phi->setIncomingValue(i, load);
        } else {
          u->set(load);
        }
      }
      auto where = isa<PHINode>(v) ? v->getParent()->getFirstInsertionPt() : std::next(v->getIterator());
      new StoreInst(v, slot, where);
      slots_[v] = slot;
    }
  }

  FunctionType* region_type(bool switched) {
    Type *ptr = PointerType::getUnqual(c_), *i32 = Type::getInt32Ty(c_);
    std::vector<Type*> params{ptr, ptr, i32, i32, ptr};  // launch, block, warp, threads, warp's slots
    if (switched) params.push_back(i32);
    return FunctionType::get(i32, params, false);
  }

  Function* switched_region() {
    std::vector<unsigned> starts;
    for (unsigned k = 0; k <= points_.size(); k++) starts.push_back(k);
    return build_region(starts, true);
  }

  /// What runs from there to the next suspensions.
  std::vector<BasicBlock*> blocks_from(const std::vector<unsigned>& starts) {
    std::vector<BasicBlock*> first;
    for (const unsigned k : starts) first.push_back(k ? points_[k - 1].resume : &f_.getEntryBlock());
    return blocks_between(f_, first, suspends_);
  }

  bool few_copies() {
    size_t copied = 0;
    for (unsigned k = 0; k <= points_.size(); k++)
      for (const BasicBlock* b : blocks_from({k})) copied += b->size();
    return points_.size() <= kMaxCopies && copied <= kMaxCopied * f_.getInstructionCount();
  }

  Function* build_region(const std::vector<unsigned>& starts, bool switched) {
    Function* r = Function::Create(region_type(switched), GlobalValue::InternalLinkage,
                                   name_ + ".region" + std::to_string(starts.back()), m_);
    r->addFnAttrs(AttrBuilder(c_, f_.getAttributes().getFnAttrs()));
    ValueToValueMapTy map;
    for (unsigned i = 0; i < f_.arg_size(); i++) {
      map[f_.getArg(i)] = r->getArg(i);
      r->addParamAttrs(i, AttrBuilder(c_, f_.getAttributes().getParamAttrs(i)));
    }
    Value* slots = r->getArg(4);
    for (unsigned i = 0; i < 5; i++) r->removeParamAttr(i, Attribute::NoAlias);
    BasicBlock* entry = BasicBlock::Create(c_, "resume", r);
    copy_blocks(f_, blocks_from(starts), *entry, map);
    b_.SetInsertPoint(entry);
    for (const auto& [memory, offset] : kept_) {
      auto* own = cast<AllocaInst>(map[memory]);
      Value* place = slot_address(slots, offset);
      own->replaceAllUsesWith(place);
      own->eraseFromParent();
      map[memory] = place;
    }
    std::vector<BasicBlock*> entries;
    for (const unsigned k : starts) {
      BasicBlock* at = BasicBlock::Create(c_, "resume." + std::to_string(k), r);
      entries.push_back(at);
      b_.SetInsertPoint(at);
      if (k == 0) {
        b_.CreateBr(cast<BasicBlock>(map[&f_.getEntryBlock()]));
        continue;
      }
      const Suspension& p = points_[k - 1];
      std::map<Instruction*, Value*> done;
      for (Instruction* v : plan_->live(k - 1))
        b_.CreateStore(restore(v, slots, map, done), cast<AllocaInst>(map[slots_.at(v)]));
      b_.CreateBr(cast<BasicBlock>(map[p.resume]));
    }
    b_.SetInsertPoint(entry);
    if (switched) {
      SwitchInst* choose = b_.CreateSwitch(r->getArg(5), entries[0], unsigned(entries.size()));
      for (unsigned i = 1; i < entries.size(); i++) choose->addCase(b_.getInt32(starts[i]), entries[i]);
    } else {
      b_.CreateBr(entries[0]);
    }
    close_region(r, slots, map);
    if (!switched && starts[0]) load_late(r, starts[0] - 1, slots, map);
    promote(r);
    drop_idle_saves();
    return r;
  }

  // More vectors than there are registers would be loaded at the region's start and spilled at once: each is
  // loaded where it is used. Not in loops, which LLVM couldn't hoist it out of.
  void load_late(Function* r, size_t point, Value* slots, ValueToValueMapTy& map) {
    constexpr uint64_t kRegisters = 32 * 64, kVector = 32;
    constexpr size_t kMaxUses = 3;
    const DataLayout& layout = m_.getDataLayout();
    std::vector<Instruction*> vectors;
    uint64_t bytes = 0;
    for (Instruction* v : plan_->live(point)) {
      const uint64_t size = layout.getTypeStoreSize(v->getType()).getFixedValue();
      if (!plan_->offset(v) || !v->getType()->isVectorTy() || size < kVector) continue;
      vectors.push_back(v);
      bytes += size;
    }
    if (bytes <= kRegisters) return;
    const DominatorTree dom(*r);
    const LoopInfo loops(dom);
    for (Instruction* v : vectors) {
      std::vector<StoreInst*> others;
      std::vector<LoadInst*> loads;
      for (User* user : cast<AllocaInst>(map[slots_.at(v)])->users()) {
        auto* store = dyn_cast<StoreInst>(user);
        if (auto* load = dyn_cast<LoadInst>(user))
          loads.push_back(load);
        else if (store && !restored_.contains(store->getValueOperand()))
          others.push_back(store);
      }
      const auto stays = [&](LoadInst* load) {
        return loops.getLoopFor(load->getParent()) || any_of(others, [&](StoreInst* store) {
                 return isPotentiallyReachable(store, load, nullptr, &dom, &loops);
               });
      };
      std::erase_if(loads, stays);
      if (loads.size() > kMaxUses) continue;
      for (LoadInst* load : loads) {
        b_.SetInsertPoint(load);
        auto* late = b_.CreateAlignedLoad(v->getType(), slot_address(slots, *plan_->offset(v)), Align(8));
        restored_[late] = *plan_->offset(v);
        load->replaceAllUsesWith(late);
        load->eraseFromParent();
      }
    }
  }

  Value* restore(Instruction* v, Value* slots, ValueToValueMapTy& map, std::map<Instruction*, Value*>& done) {
    if (auto it = done.find(v); it != done.end()) return it->second;
    Value* result;
    if (const auto offset = plan_->offset(v)) {
      auto* load = b_.CreateAlignedLoad(v->getType(), slot_address(slots, *offset), Align(8));
      restored_[load] = *offset;
      result = load;
    } else {
      Instruction* copy = plan_->expression(v)->clone();
      std::vector<Value*> operands;
      for (Value* o : copy->operands()) {
        if (auto* inner = dyn_cast<Instruction>(o); inner && !isa<AllocaInst>(inner))
          o = restore(inner, slots, map, done);
        if (map.count(o)) o = map[o];
        operands.push_back(o);
      }
      for (unsigned i = 0; i < operands.size(); i++) copy->setOperand(i, operands[i]);
      copy->insertInto(b_.GetInsertBlock(), b_.GetInsertBlock()->end());
      result = copy;
    }
    return done[v] = result;
  }

  Value* slot_address(Value* slots, uint32_t offset) {
    return b_.CreateConstGEP1_32(b_.getInt8Ty(), slots, slots_at_ + offset);
  }

  // What a region restores and saves unchanged to the same place stays there.
  void drop_idle_saves() {
    for (auto& [store, offset] : saves_) {
      const auto it = restored_.find(store->getValueOperand());
      if (it != restored_.end() && it->second == offset) store->eraseFromParent();
    }
    for (auto& [load, offset] : restored_)
      if (auto* inst = cast<Instruction>(load); inst->use_empty()) inst->eraseFromParent();
    saves_.clear();
    restored_.clear();
  }

  // Suspensions become "save and return their number", returns become "return 0".
  void close_region(Function* r, Value* slots, ValueToValueMapTy& map) {
    for (BasicBlock& b : *r)
      if (auto* ret = dyn_cast<ReturnInst>(b.getTerminator())) {
        ReturnInst::Create(c_, ConstantInt::get(Type::getInt32Ty(c_), 0), ret->getIterator());
        ret->eraseFromParent();
      }
    for (unsigned k = 1; k <= points_.size(); k++) {
      Suspension& p = points_[k - 1];
      if (!map.count(p.call)) continue;
      auto* call = cast<CallInst>(map[p.call]);
      BasicBlock* b = call->getParent();
      Instruction* end = b->getTerminator();
      b_.SetInsertPoint(call);
      for (Instruction* v : plan_->live(k - 1)) {
        const auto offset = plan_->offset(v);
        if (!offset) continue;
        Value* x = b_.CreateLoad(v->getType(), cast<AllocaInst>(map[slots_.at(v)]));
        saves_.push_back({b_.CreateAlignedStore(x, slot_address(slots, *offset), Align(8)), *offset});
      }
      Instruction* stop = b_.CreateRet(b_.getInt32(k));
      for (BasicBlock* s : successors(end))
        if (s->getParent() == r) s->removePredecessor(b);
      while (&b->back() != stop) b->back().eraseFromParent();
    }
  }

  static void promote(Function* r) {
    std::vector<AllocaInst*> slots;
    for (Instruction& inst : r->getEntryBlock())
      if (auto* a = dyn_cast<AllocaInst>(&inst); a && isAllocaPromotable(a)) slots.push_back(a);
    if (slots.empty()) return;
    DominatorTree dom(*r);
    PromoteMemToReg(slots, dom);
  }

  // ---- the block function
  Value* field(Value* base, size_t offset) { return b_.CreateConstGEP1_64(b_.getInt8Ty(), base, offset); }

  Value* warp_field(Value* frame, size_t offset, Value* warp) {
    return b_.CreateGEP(b_.getInt32Ty(), field(frame, offset), warp);
  }

  BasicBlock* block(const Twine& name) { return BasicBlock::Create(c_, name, out_); }

  void open() {
    Type* ptr = PointerType::getUnqual(c_);
    out_ = Function::Create(FunctionType::get(Type::getInt32Ty(c_), {ptr, ptr}, false),
                            GlobalValue::ExternalLinkage, name_, m_);
    launch_ = out_->getArg(0);
    state_ = out_->getArg(1);
    for (unsigned i = 0; i < 2; i++) {
      out_->addParamAttr(i, Attribute::NoUndef);
      out_->addParamAttr(i, Attribute::NonNull);
    }
    out_->addFnAttr(Attribute::NoUnwind);
    b_.SetInsertPoint(block("entry"));
    if (layout_.specialised()) {
      threads_ = b_.getInt32(layout_.threads());
      warps_ = b_.getInt32(layout_.warps() / gang_);
    } else {
      auto extent = [&](unsigned i) {
        return b_.CreateLoad(b_.getInt32Ty(), field(launch_, offsetof(exec::LaunchArgs, block) + 4 * i));
      };
      threads_ = b_.CreateMul(b_.CreateMul(extent(0), extent(1)), extent(2));
      warps_ = b_.CreateLShr(b_.CreateAdd(threads_, b_.getInt32(kLanes - 1)), 5);
    }
  }

  // for (warp = 0; warp < warps; warp++) body(warp)
  void for_each_warp(function_ref<void(Value*)> body) {
    BasicBlock *before = b_.GetInsertBlock(), *loop = block("warp"), *done = block("warps.done");
    b_.CreateBr(loop);
    b_.SetInsertPoint(loop);
    PHINode* warp = b_.CreatePHI(b_.getInt32Ty(), 2);
    warp->addIncoming(b_.getInt32(0), before);
    body(warp);
    Value* next = b_.CreateNUWAdd(warp, b_.getInt32(1));
    warp->addIncoming(next, b_.GetInsertBlock());
    b_.CreateCondBr(b_.CreateICmpULT(next, warps_), loop, done);
    b_.SetInsertPoint(done);
  }

  Value* run_warp(Function* r, Value* frame, Value* warp, Value* start = nullptr) {
    Value* first = gang_ > 1 ? b_.CreateNUWMul(warp, b_.getInt32(gang_)) : warp;
    b_.CreateStore(first, field(state_, offsetof(exec::BlockState, warp)));
    Value* slots = ConstantPointerNull::get(b_.getPtrTy());
    if (frame) {
      Value* offset = b_.CreateMul(b_.CreateZExt(warp, b_.getInt64Ty()), b_.getInt64(slot_bytes_));
      slots = b_.CreateGEP(b_.getInt8Ty(), field(frame, kHeaderBytes), offset);
    }
    std::vector<Value*> args{launch_, state_, first, threads_, slots};
    if (start) args.push_back(start);
    CallInst* call = b_.CreateCall(r, args);
    if (!start) inline_later_.push_back(call);
    return call;
  }

  void straight_block() {
    open();
    for_each_warp([&](Value* warp) { run_warp(regions_[0], nullptr, warp); });
    b_.CreateRet(b_.getInt32(0));
    fill_reduce_hooks();
  }

  bool yields() const {
    return any_of(points_, [](const Suspension& p) { return p.yields; });
  }

  void erase_barriers() {
    for (Instruction& inst : make_early_inc_range(instructions(f_)))
      if (auto* call = dyn_cast<CallInst>(&inst);
          call && call->getCalledFunction() && call->getCalledFunction()->getName() == kSuspend &&
          cast<ConstantInt>(call->getArgOperand(0))->getZExtValue() == kSuspendBarrier)
        call->eraseFromParent();
  }

  /// The suspensions that a region may stop at; 0 = the end.
  static std::set<uint64_t> stops_of(const Function& region) {
    std::set<uint64_t> stops;
    for (const BasicBlock& b : region)
      if (const auto* ret = dyn_cast<ReturnInst>(b.getTerminator()))
        stops.insert(cast<ConstantInt>(ret->getReturnValue())->getZExtValue());
    return stops;
  }

  // All warps stop at the same suspensions: nobody has to remember where each is.
  void stepped_block() {
    open();
    Type* i32 = b_.getInt32Ty();
    Value* frame = b_.CreateLoad(b_.getPtrTy(), field(state_, offsetof(exec::BlockState, frame)));
    AllocaInst* at = b_.CreateAlloca(i32);
    clear_header(frame);
    std::vector<BasicBlock*> entries{block("start")};
    for (unsigned k = 1; k <= points_.size(); k++) entries.push_back(block("step." + Twine(k)));
    BasicBlock* ended = block("ended");
    const auto entry_of = [&](uint64_t stop) { return stop ? entries[stop] : ended; };
    b_.CreateBr(entries[0]);
    for (size_t k = 0; k < entries.size(); k++) {
      const std::set<uint64_t> stops = stops_of(*regions_[k]);
      b_.SetInsertPoint(entries[k]);
      for_each_warp([&](Value* warp) { b_.CreateStore(run_warp(regions_[k], frame, warp), at); });
      if (stops.empty()) {  // it traps
        b_.CreateBr(ended);
        continue;
      }
      SwitchInst* next = b_.CreateSwitch(b_.CreateLoad(i32, at), entry_of(*stops.begin()));
      for (auto stop = std::next(stops.begin()); stop != stops.end(); ++stop)
        next->addCase(b_.getInt32(uint32_t(*stop)), entry_of(*stop));
    }
    b_.SetInsertPoint(ended);
    b_.CreateRet(b_.getInt32(0));
    fill_reduce_hooks();
  }

  void phased_block() {
    open();
    Type *i32 = b_.getInt32Ty(), *i64 = b_.getInt64Ty();
    Value* frame = b_.CreateLoad(b_.getPtrTy(), field(state_, offsetof(exec::BlockState, frame)));
    Value* resume = field(state_, offsetof(exec::BlockState, resume));
    AllocaInst* present = b_.CreateAlloca(i64);
    uint64_t yields = 0;
    for (unsigned k = 1; k <= points_.size(); k++) yields |= uint64_t(points_[k - 1].yields) << k;
    BasicBlock *fresh = block("fresh"), *again = block("again"), *phase = block("phase"),
               *work = block("work"), *ended = block("ended");
    b_.CreateCondBr(b_.CreateICmpEQ(b_.CreateLoad(i32, resume), b_.getInt32(0)), fresh, again);
    b_.SetInsertPoint(again);
    b_.CreateStore(b_.CreateLoad(i64, field(frame, offsetof(FrameHeader, present))), present);
    b_.CreateBr(phase);

    b_.SetInsertPoint(fresh);
    b_.CreateStore(b_.getInt64(0), present);
    auto note = [&](Value* warp, Value* stop, size_t array) {
      b_.CreateStore(stop, warp_field(frame, array, warp));
      Value* bit = b_.CreateShl(b_.getInt64(1), b_.CreateZExt(stop, i64));
      b_.CreateStore(b_.CreateOr(b_.CreateLoad(i64, present), bit), present);
    };
    clear_header(frame);
    for_each_warp(
        [&](Value* warp) { note(warp, run_warp(regions_[0], frame, warp), offsetof(FrameHeader, state)); });
    if (yields) {
      b_.CreateStore(b_.getInt32(1), resume);
      yield_if_needed(frame, present, yields, phase);
    } else {
      b_.CreateBr(phase);
    }

    b_.SetInsertPoint(phase);
    Value* live = b_.CreateAnd(b_.CreateLoad(i64, present), b_.getInt64(~uint64_t(1)));
    b_.CreateCondBr(b_.CreateICmpEQ(live, b_.getInt64(0)), ended, work);
    b_.SetInsertPoint(work);
    // Yielding warps run on; warps at a barrier wait until every live warp is at one.
    Value* yielding = b_.CreateAnd(live, b_.getInt64(yields));
    Value* run =
        yields && !named_ ? b_.CreateSelect(b_.CreateICmpNE(yielding, b_.getInt64(0)), yielding, live) : live;
    release_barriers(frame);
    // Named: warps that may not run keep their state, so every state stays present until the next count.
    b_.CreateStore(named_ ? live : b_.CreateAnd(live, b_.CreateNot(run)), present);
    Value *states = field(frame, offsetof(FrameHeader, state)),
          *nexts = field(frame, offsetof(FrameHeader, next));
    b_.CreateMemCpy(nexts, Align(64), states, Align(64), 4 * kMaxWarps);
    for (unsigned k = 1; k <= points_.size(); k++) {
      BasicBlock *go = block("region." + Twine(k)), *skip = block("after." + Twine(k));
      Value* bit = b_.CreateAnd(run, b_.getInt64(uint64_t(1) << k));
      b_.CreateCondBr(b_.CreateICmpNE(bit, b_.getInt64(0)), go, skip);
      b_.SetInsertPoint(go);
      for_each_warp([&](Value* warp) {
        BasicBlock *mine = block("mine"), *other = block("other");
        Value* at = b_.CreateLoad(i32, warp_field(frame, offsetof(FrameHeader, state), warp));
        b_.CreateCondBr(may_run(frame, warp, b_.CreateICmpEQ(at, b_.getInt32(k))), mine, other);
        b_.SetInsertPoint(mine);
        note(warp, run_warp(regions_[k], frame, warp), offsetof(FrameHeader, next));
        b_.CreateBr(other);
        b_.SetInsertPoint(other);
      });
      b_.CreateBr(skip);
      b_.SetInsertPoint(skip);
    }
    b_.CreateMemCpy(states, Align(64), nexts, Align(64), 4 * kMaxWarps);
    if (named_) {
      b_.CreateStore(b_.getInt64(0), present);
      for_each_warp([&](Value* warp) {
        Value* at = b_.CreateLoad(i32, warp_field(frame, offsetof(FrameHeader, state), warp));
        Value* bit = b_.CreateShl(b_.getInt64(1), b_.CreateZExt(at, i64));
        b_.CreateStore(b_.CreateOr(b_.CreateLoad(i64, present), bit), present);
      });
    }
    if (yields)
      yield_if_needed(frame, present, yields, phase);
    else
      b_.CreateBr(phase);
    b_.SetInsertPoint(ended);
    b_.CreateRet(b_.getInt32(0));
    fill_reduce_hooks();
  }

  void clear_header(Value* frame) {
    if (!reduces_ && !named_) return;
    const size_t first = offsetof(FrameHeader, reduce);
    b_.CreateMemSet(field(frame, first), b_.getInt8(0), sizeof(FrameHeader) - first, Align(8));
  }

  // With named barriers, warps at an incomplete one stay; when none can run the runtime releases complete
  // ones.
  Value* may_run(Value* frame, Value* warp, Value* ready) {
    if (!named_) return ready;
    Value* waits = b_.CreateLoad(b_.getInt32Ty(), warp_field(frame, offsetof(FrameHeader, barrier), warp));
    return b_.CreateAnd(ready, b_.CreateICmpEQ(waits, b_.getInt32(0)));
  }

  void release_barriers(Value* frame) {
    if (!named_) return;
    AllocaInst* count = new AllocaInst(b_.getInt32Ty(), 0, "runnable", out_->getEntryBlock().begin());
    b_.CreateStore(b_.getInt32(0), count);
    for_each_warp([&](Value* warp) {
      Value* at = b_.CreateLoad(b_.getInt32Ty(), warp_field(frame, offsetof(FrameHeader, state), warp));
      Value* runs = may_run(frame, warp, b_.CreateICmpNE(at, b_.getInt32(0)));
      Value* n = b_.CreateLoad(b_.getInt32Ty(), count);
      b_.CreateStore(b_.CreateAdd(n, b_.CreateZExt(runs, b_.getInt32Ty())), count);
    });
    BasicBlock *none = block("all.wait"), *go = block("some.run");
    b_.CreateCondBr(b_.CreateICmpEQ(b_.CreateLoad(b_.getInt32Ty(), count), b_.getInt32(0)), none, go);
    b_.SetInsertPoint(none);
    Value* table = b_.CreateLoad(b_.getPtrTy(), field(launch_, offsetof(exec::LaunchArgs, rt)));
    Value* helper =
        b_.CreateLoad(b_.getPtrTy(), field(table, offsetof(exec::RuntimeTable, release_barriers)));
    FunctionType* type = FunctionType::get(b_.getVoidTy(), {b_.getPtrTy(), b_.getInt32Ty()}, false);
    b_.CreateCall(type, helper, {state_, warps_});
    b_.CreateBr(go);
    b_.SetInsertPoint(go);
  }

  // A block with warps that wait for something returns 1 now and then, so that other blocks may bring it
  // about.
  void yield_if_needed(Value* frame, AllocaInst* present, uint64_t yields, BasicBlock* phase) {
    BasicBlock* leave = block("yield");
    Value* p = b_.CreateLoad(b_.getInt64Ty(), present);
    b_.CreateCondBr(b_.CreateICmpNE(b_.CreateAnd(p, b_.getInt64(yields)), b_.getInt64(0)), leave, phase);
    b_.SetInsertPoint(leave);
    b_.CreateStore(p, field(frame, offsetof(FrameHeader, present)));
    b_.CreateRet(b_.getInt32(1));
  }

  // Many suspensions: one region function, entered by a switch; each warp remembers where it is.
  void switched_block() {
    open();
    Type* i32 = b_.getInt32Ty();
    Value* frame = b_.CreateLoad(b_.getPtrTy(), field(state_, offsetof(exec::BlockState, frame)));
    Value* resume = field(state_, offsetof(exec::BlockState, resume));
    constexpr uint32_t kFresh = ~0u;
    AllocaInst *live = b_.CreateAlloca(i32), *yielding = b_.CreateAlloca(i32);
    BasicBlock *fresh = block("fresh"), *phase = block("phase"), *ended = block("ended"),
               *more = block("more");
    b_.CreateCondBr(b_.CreateICmpEQ(b_.CreateLoad(i32, resume), b_.getInt32(0)), fresh, phase);
    b_.SetInsertPoint(fresh);
    b_.CreateStore(b_.getInt32(1), resume);
    for_each_warp([&](Value* warp) {
      b_.CreateStore(b_.getInt32(kFresh), warp_field(frame, offsetof(FrameHeader, state), warp));
    });
    clear_header(frame);
    b_.CreateBr(phase);
    b_.SetInsertPoint(phase);
    // next[w] != 0: the warp is at a yield.
    b_.CreateStore(b_.getInt32(0), yielding);
    b_.CreateStore(b_.getInt32(0), live);
    for_each_warp([&](Value* warp) {
      BasicBlock *alive = block("alive"), *skip = block("dead");
      Value* at = b_.CreateLoad(i32, warp_field(frame, offsetof(FrameHeader, state), warp));
      b_.CreateCondBr(b_.CreateICmpNE(at, b_.getInt32(0)), alive, skip);
      b_.SetInsertPoint(alive);
      Value* y = b_.CreateZExt(is_yield(at), i32);
      b_.CreateStore(b_.CreateOr(b_.CreateLoad(i32, yielding), y), yielding);
      b_.CreateStore(b_.getInt32(1), live);
      b_.CreateBr(skip);
      b_.SetInsertPoint(skip);
    });
    b_.CreateCondBr(b_.CreateICmpEQ(b_.CreateLoad(i32, live), b_.getInt32(0)), ended, more);
    b_.SetInsertPoint(more);
    release_barriers(frame);
    Value* some_yield = b_.CreateICmpNE(b_.CreateLoad(i32, yielding), b_.getInt32(0));
    Value* only_yields = named_ ? b_.getFalse() : some_yield;
    for_each_warp([&](Value* warp) {
      BasicBlock *mine = block("mine"), *other = block("other");
      Value* p = warp_field(frame, offsetof(FrameHeader, state), warp);
      Value* at = b_.CreateLoad(i32, p);
      Value* ready = b_.CreateSelect(only_yields, is_yield(at), b_.CreateICmpNE(at, b_.getInt32(0)));
      b_.CreateCondBr(may_run(frame, warp, ready), mine, other);
      b_.SetInsertPoint(mine);
      Value* start = b_.CreateSelect(b_.CreateICmpEQ(at, b_.getInt32(kFresh)), b_.getInt32(0), at);
      Value* stop = run_warp(regions_[0], frame, warp, start);
      b_.CreateStore(stop, p);
      b_.CreateBr(other);
      b_.SetInsertPoint(other);
    });
    BasicBlock* leave = block("yield");
    if (yields())
      b_.CreateCondBr(some_yield, leave, phase);
    else
      b_.CreateBr(phase);
    b_.SetInsertPoint(leave);
    b_.CreateRet(b_.getInt32(1));
    b_.SetInsertPoint(ended);
    b_.CreateRet(b_.getInt32(0));
    fill_reduce_hooks();
  }

  Value* is_yield(Value* at) {
    Value* r = b_.getFalse();
    for (unsigned k = 1; k <= points_.size(); k++)
      if (points_[k - 1].yields) r = b_.CreateOr(r, b_.CreateICmpEQ(at, b_.getInt32(k)));
    return r;
  }

  // ppu.reduce.put/get inside the regions: through the frame header, two copies in turn, because a warp may
  // reach its next bar.red before another has read this one.
  void fill_reduce_hooks() {
    Function *put = m_.getFunction(kReducePut), *get = m_.getFunction(kReduceGet);
    if (put) fill_hook(put, true);
    if (get) fill_hook(get, false);
    for (const StringRef name : {StringRef(kBarrierWait), StringRef(kBarrierArrive)})
      if (Function* f = m_.getFunction(name)) fill_barrier(f, name == kBarrierWait);
  }

  std::vector<CallInst*> calls_of(Function* hook) {
    std::vector<CallInst*> calls;
    for (User* u : hook->users())
      if (auto* call = dyn_cast<CallInst>(u);
          call && (call->getFunction() == out_ || is_contained(regions_, call->getFunction())))
        calls.push_back(call);
    return calls;
  }

  // A warp counts as a whole, however many of its lanes are on (PTX ISA 9.7.13.1).
  void fill_barrier(Function* hook, bool waits) {
    Type* i32 = b_.getInt32Ty();
    for (CallInst* call : calls_of(hook)) {
      Function* r = call->getFunction();
      b_.SetInsertPoint(call);
      Value* frame = b_.CreateLoad(b_.getPtrTy(), field(r->getArg(1), offsetof(exec::BlockState, frame)));
      Value *id = b_.CreateAnd(call->getArgOperand(0), b_.getInt32(exec::kNamedBarriers - 1)),
            *threads = call->getArgOperand(1);
      Value* arrived = warp_field(frame, offsetof(FrameHeader, arrived), id);
      b_.CreateStore(b_.CreateAdd(b_.CreateLoad(i32, arrived), b_.getInt32(kLanes)), arrived);
      Value* all = b_.CreateICmpEQ(threads, b_.getInt32(0));
      b_.CreateStore(b_.CreateSelect(all, b_.getInt32(exec::kAllThreads), threads),
                     warp_field(frame, offsetof(FrameHeader, expected), id));
      if (waits)
        b_.CreateStore(b_.CreateAdd(id, b_.getInt32(1)),
                       warp_field(frame, offsetof(FrameHeader, barrier), r->getArg(2)));
      call->eraseFromParent();
    }
  }

  void fill_hook(Function* hook, bool is_put) {
    Type* i32 = b_.getInt32Ty();
    for (CallInst* call : calls_of(hook)) {
      Function* r = call->getFunction();
      b_.SetInsertPoint(call);
      Value* frame = b_.CreateLoad(b_.getPtrTy(), field(r->getArg(1), offsetof(exec::BlockState, frame)));
      Value* warp = r->getArg(2);
      Value* p = warp_field(frame, offsetof(FrameHeader, reductions), warp);
      Value* count = b_.CreateLoad(i32, p);
      if (is_put) {
        count = b_.CreateAdd(count, b_.getInt32(1));
        b_.CreateStore(count, p);
      }
      Value* row = b_.CreateMul(b_.CreateAnd(count, b_.getInt32(1)), b_.getInt32(kMaxWarps));
      if (is_put) {
        b_.CreateStore(call->getArgOperand(0),
                       warp_field(frame, offsetof(FrameHeader, reduce), b_.CreateAdd(row, warp)));
      } else {
        // Those vote that have reached this bar.red: all that run, and not the ones that ended before it.
        Type* v = FixedVectorType::get(i32, kMaxWarps);
        const auto all_warps = [&](size_t offset, Value* first) -> Value* {
          return b_.CreateAlignedLoad(v, warp_field(frame, offset, first), Align(4));
        };
        Value* votes = all_warps(offsetof(FrameHeader, reduce), row);
        Value* counts = all_warps(offsetof(FrameHeader, reductions), b_.getInt32(0));
        Value* voted = b_.CreateICmpUGE(counts, b_.CreateVectorSplat(kMaxWarps, count));
        votes = b_.CreateSelect(voted, votes, Constant::getNullValue(v));
        call->replaceAllUsesWith(b_.CreateAddReduce(votes));
      }
      call->eraseFromParent();
    }
  }

  Function& f_;
  std::string name_;
  const WarpLayout& layout_;
  bool in_step_;   ///< all warps of a block take the same way from barrier to barrier
  unsigned gang_;  ///< "warp" below means a gang of so many: one state, one slot area
  Module& m_;
  LLVMContext& c_;
  IRBuilder<> b_;
  std::vector<Suspension> points_;
  SmallPtrSet<BasicBlock*, 16> suspends_;  ///< blocks that end at a suspension
  std::unique_ptr<FramePlan> plan_;
  std::map<Instruction*, AllocaInst*> slots_;
  std::map<AllocaInst*, uint32_t> kept_;                ///< stack memory that lives in the frame: its offset
  uint32_t slot_bytes_ = 0;                             ///< of a warp's area
  std::map<Value*, uint32_t> restored_;                 ///< of the region being built: load -> frame offset
  std::vector<std::pair<StoreInst*, uint32_t>> saves_;  ///< and its saves
  uint32_t slots_at_ = 0;  ///< where saved values begin in the area that a region is given
  bool reduces_ = false, named_ = false;
  std::vector<Function*> regions_;
  std::vector<CallInst*> inline_later_;
  Function* out_ = nullptr;
  Value *launch_ = nullptr, *state_ = nullptr, *threads_ = nullptr, *warps_ = nullptr;
};

}  // namespace

Outcome assemble_block(Function& warp_function, const std::string& name, const WarpLayout& layout,
                       unsigned gang, bool in_step) {
  return Assembler(warp_function, name, layout, gang, in_step).run();
}

Outcome assemble_lanes(Function& lane_function, const std::string& name, const WarpLayout& layout) {
  return Assembler(lane_function, name, layout, 1, false).run_lanes();
}

}  // namespace ppu::simt
