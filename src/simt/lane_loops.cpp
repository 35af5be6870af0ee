// Loops that lanes leave by their own data, run one lane after another: plain scalar code, entered once a
// lane. It wins where a masked round would cost more than the rounds of its lanes one by one: accesses at 32
// unrelated places, both ways of every branch, and rounds that few lanes still need.
#include <optional>

#include "exec/counters.h"
#include "exec/kernel_abi.h"
#include "llvm/Analysis/VectorUtils.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/MDBuilder.h"
#include "simt/names.h"
#include "simt/widener.h"

using namespace llvm;

namespace ppu::simt {
namespace {

/// Lanes of 32 that still go round in a typical round of such a loop. A guess that the examples agree with:
/// rows of sparse matrices, graphs, searches.
constexpr double kLanesOn = 16;
constexpr double kInnerRounds = 8;      ///< of a loop in the loop
constexpr double kMispredicted = 8;     ///< cycles a branch on data costs one lane on average
constexpr double kScalarOp = 0.4;       ///< cycles, several going at once
constexpr double kIrregular = 40;       ///< cycles of one gather or scatter of 32 lanes with hardware for it
constexpr double kIrregularSlow = 64;   ///< ... without
constexpr double kContiguityTest = 10;  ///< cycles to find out that the lanes' places follow each other

/// The same for every lane that asks, or a plain function of the lane: computed before the loop.
bool is_thread_constant(const CallInst& call) {
  const Function* f = call.getCalledFunction();
  const StringRef n = f ? f->getName() : "";
  return n == kTidX || n == kTidY || n == kTidZ || n == kLaneId || n == kWarpId || n == kSharedBase ||
         n == kLocalBase;
}

bool is_named(const CallInst& call, StringRef name) {
  return call.getCalledFunction() && call.getCalledFunction()->getName() == name;
}

/// Intrinsics that are a few scalar instructions, not a call into libm.
bool is_plain_intrinsic(Intrinsic::ID id) {
  switch (id) {
    case Intrinsic::exp:
    case Intrinsic::exp2:
    case Intrinsic::exp10:
    case Intrinsic::log:
    case Intrinsic::log2:
    case Intrinsic::log10:
    case Intrinsic::sin:
    case Intrinsic::cos:
    case Intrinsic::tan:
    case Intrinsic::pow:
    case Intrinsic::powi:
      return false;
    default:
      return isTriviallyVectorizable(id);
  }
}

/// What one lane alone can't be counted for: which of the spaces an access falls into is told by the warp.
bool counts_by_space(const Instruction& inst) {
  const auto& call = cast<CallInst>(inst);
  return is_named(call, kCountAccess) &&
         exec::AccessCount(cast<ConstantInt>(call.getArgOperand(1))->getZExtValue() % 4) ==
             exec::AccessCount::kGeneric;
}

/// Has one lane's form here, and never waits for another.
bool one_lane_can_run(const Instruction& inst) {
  if (const auto* load = dyn_cast<LoadInst>(&inst)) return load->isSimple();
  if (const auto* store = dyn_cast<StoreInst>(&inst)) return store->isSimple();
  if (const auto* call = dyn_cast<CallInst>(&inst)) {
    const Intrinsic::ID id = call->getIntrinsicID();
    if (id != Intrinsic::not_intrinsic)
      return call->isLifetimeStartOrEnd() || id == Intrinsic::assume || id == Intrinsic::prefetch ||
             is_plain_intrinsic(id);
    return is_thread_constant(*call) || is_named(*call, kCheckAlign) ||
           (is_count(inst) && !counts_by_space(inst));
  }
  if (inst.isTerminator()) return isa<BranchInst>(inst);
  return !isa<AllocaInst>(inst) && !isa<FenceInst>(inst);
}

/// The distance from lane to lane that `v` has if lanes have gone the same way so far: they may have gone
/// round a loop in front of this one more or less often, but that is rare (what nvcc makes of a grid-stride
/// loop begins with the rounds that four at a time leave over).
class LikelyStride {
 public:
  explicit LikelyStride(const ShapeAnalysis& shapes) : shapes_(shapes) {}
  std::optional<int64_t> of(const Value* v) {
    steps_ = 0;
    const Stride s = find(v);
    return s.known && !s.open ? std::optional(s.bytes) : std::nullopt;
  }

 private:
  struct Stride {
    bool known = false;
    bool open = false;  ///< that of a phi further up: any
    int64_t bytes = 0;
  };
  static Stride is(int64_t bytes) { return {true, false, bytes}; }
  static Stride either(Stride a, Stride b) {
    if (a.open || b.open) return a.open ? b : a;
    return {a.known && b.known && a.bytes == b.bytes, false, a.bytes};
  }
  static Stride sum(Stride a, Stride b, int64_t times) {
    if (a.open || b.open) {
      const Stride &open = a.open ? a : b, &step = a.open ? b : a;
      return (a.open || times == 1) && step.known && !step.open && step.bytes == 0 ? open : Stride{};
    }
    return {a.known && b.known, false, a.bytes + b.bytes * times};
  }
  Stride find(const Value* v);
  Stride of_quotient(const Instruction& inst);
  Stride of_same(const Instruction& inst);

  const ShapeAnalysis& shapes_;
  unsigned steps_ = 0;
  SmallPtrSet<const PHINode*, 8> open_;
};

LikelyStride::Stride LikelyStride::find(const Value* v) {
  constexpr unsigned kMostSteps = 64;
  if (isa<Constant>(v)) return is(0);
  const Shape s = shapes_.of(v);
  if (s.is_uniform()) return is(0);
  if (s.is_linear()) return s.is_stride() ? is(s.c[1]) : Stride{};
  const auto* inst = dyn_cast<Instruction>(v);
  if (!inst || ++steps_ > kMostSteps) return {};
  const auto operand = [&](unsigned i) { return find(inst->getOperand(i)); };
  if (const auto* phi = dyn_cast<PHINode>(inst)) {
    Stride all{true, true, 0};
    if (!open_.insert(phi).second) return all;
    for (const Value* in : phi->incoming_values()) all = either(all, find(in));
    open_.erase(phi);
    return all;
  }
  if (const auto* gep = dyn_cast<GetElementPtrInst>(inst)) {
    if (gep->getNumIndices() != 1) return {};
    const DataLayout& layout = gep->getModule()->getDataLayout();
    return sum(operand(0), operand(1),
               int64_t(layout.getTypeAllocSize(gep->getSourceElementType()).getFixedValue()));
  }
  switch (inst->getOpcode()) {
    case Instruction::SExt:
    case Instruction::ZExt:
    case Instruction::Trunc:
    case Instruction::IntToPtr:
    case Instruction::PtrToInt:
    case Instruction::BitCast:
      return operand(0);
    case Instruction::UDiv:
    case Instruction::SDiv:
      return of_quotient(*inst);
    case Instruction::Add:
      return sum(operand(0), operand(1), 1);
    case Instruction::Sub:
      return sum(operand(0), operand(1), -1);
    case Instruction::Xor:
      if (const auto* ones = dyn_cast<ConstantInt>(inst->getOperand(1)); ones && ones->isMinusOne())
        return sum(is(0), operand(0), -1);
      return of_same(*inst);
    case Instruction::Or:
      if (cast<PossiblyDisjointInst>(inst)->isDisjoint()) return sum(operand(0), operand(1), 1);
      return of_same(*inst);
    case Instruction::Shl:
      if (const auto* by = dyn_cast<ConstantInt>(inst->getOperand(1)); by && by->getValue().ult(32))
        return sum(is(0), operand(0), int64_t(1) << by->getZExtValue());
      return of_same(*inst);
    case Instruction::Select:
      return either(operand(1), operand(2));
    default:
      return of_same(*inst);
  }
}

/// Of neighbours divided by what is no small constant, nearly all are equal.
LikelyStride::Stride LikelyStride::of_quotient(const Instruction& inst) {
  constexpr int64_t kFar = 64;
  const Stride a = find(inst.getOperand(0)), b = find(inst.getOperand(1));
  const auto* by = dyn_cast<ConstantInt>(inst.getOperand(1));
  if (!a.known || a.open || !b.known || b.open || b.bytes != 0) return {};
  const bool far = !by || by->getValue().ugt(uint64_t(std::abs(a.bytes)) * kLanes * kFar);
  return a.bytes == 0 || far ? is(0) : Stride{};
}

/// Operations on what all lanes have give all the same.
LikelyStride::Stride LikelyStride::of_same(const Instruction& inst) {
  if (isa<CallInst>(inst) && (!isa<IntrinsicInst>(inst) || inst.mayReadOrWriteMemory())) return {};
  if (inst.mayWriteToMemory() || isa<AllocaInst>(inst)) return {};
  for (const Use& use : inst.operands()) {
    if (isa<Function>(use)) continue;
    const Stride s = find(use);
    if (!s.known || s.open || s.bytes != 0) return {};
  }
  return is(0);
}

bool is_data(const Value* v, const ShapeAnalysis& shapes) {
  return shapes.of(v).is_varying() && !LikelyStride(shapes).of(v);
}

/// Lanes go round as often as their data say: a value of each lane's own decides.
bool left_by_data(const Loop& loop, const ShapeAnalysis& shapes) {
  SmallVector<BasicBlock*> exiting;
  loop.getExitingBlocks(exiting);
  for (BasicBlock* b : exiting) {
    const auto* br = dyn_cast<BranchInst>(b->getTerminator());
    if (!br || !br->isConditional() || !shapes.divergent_branch(b)) continue;
    const auto* cmp = dyn_cast<ICmpInst>(br->getCondition());
    if (!cmp || is_data(cmp->getOperand(0), shapes) || is_data(cmp->getOperand(1), shapes)) return true;
  }
  return false;
}

/// Booleans as bytes: in vectors they are bits, which can't be addressed.
Type* in_memory(Type* t) {
  return t->isIntegerTy(1) ? Type::getInt8Ty(t->getContext()) : t;
}

bool has_place_in_memory(Type* t) {
  for (unsigned k = 0, n = part_count(t); k < n; k++)
    if (!has_place_in_memory(part_type(t, k))) return false;
  if (!t->isIntegerTy()) return true;
  const unsigned bits = t->getIntegerBitWidth();
  return bits == 1 || bits == 8 || bits == 16 || bits == 32 || bits == 64;
}

/// Cycles of one round: of a masked warp, and of one lane alone.
struct Round {
  double masked = 0, alone = 0;
};

Round cost_of(const Instruction& inst, const ShapeAnalysis& shapes, bool avx512) {
  const bool varying = shapes.of(&inst).is_varying();
  const unsigned registers = (avx512 ? 1 : 2) * kLanes / 16;
  const auto access = [&](const Value* pointer, Type* t) -> Round {
    const unsigned parts = std::max(1u, part_count(t));
    const unsigned bits = t->getScalarSizeInBits();
    const bool gathers = avx512 && (bits == 32 || bits == 64);
    if (!shapes.of(pointer).is_varying()) return {double(2 * registers), 0.5};
    const std::optional<int64_t> stride = LikelyStride(shapes).of(pointer);
    if (stride && (*stride == 0 || *stride == int64_t(parts * bits / 8)))
      return {2 * registers + kContiguityTest, 0.5 * parts};
    return {parts * (gathers ? kIrregular : kIrregularSlow), 0.5 * parts};
  };
  if (isa<PHINode>(inst)) return {varying ? double(registers) : 0.0, 0.2};
  if (const Value* p = getLoadStorePointerOperand(&inst))
    return access(p, getLoadStoreType(const_cast<Instruction*>(&inst)));
  if (isa<AtomicRMWInst>(inst) || isa<AtomicCmpXchgInst>(inst)) return {kLanesOn * 20, 20};
  switch (inst.getOpcode()) {
    case Instruction::SDiv:
    case Instruction::UDiv:
    case Instruction::SRem:
    case Instruction::URem:
      return isa<Constant>(inst.getOperand(1)) ? Round{6.0 * registers, 2} : Round{20.0 * registers, 8};
    case Instruction::FDiv:
      return {10.0 * registers, 4};
    case Instruction::Br:
      return {shapes.divergent_branch(inst.getParent()) ? 4.0 : 1.0, kScalarOp};
    default:
      break;
  }
  if (!varying) return {1, kScalarOp};
  const bool wide = inst.getType()->getScalarSizeInBits() == 64;
  return {double(registers * (wide ? 2 : 1)), kScalarOp};
}

}  // namespace

bool Widener::better_by_lane(Loop* loop) {
  if (options_.data_loops == DataLoops::kMasked || !shapes_.lanes_part_in(loop)) return false;
  const bool forced = options_.data_loops == DataLoops::kByLane;
  if (!forced && !left_by_data(*loop, shapes_)) return false;
  Round round;
  for (BasicBlock* b : loop->blocks()) {
    double rounds = shapes_.dom.dominates(b, loop->getLoopLatch()) ? 1 : 0.5;
    double masked_rounds = 1;
    for (Loop* l = shapes_.loops.getLoopFor(b); l != loop; l = l->getParentLoop()) {
      rounds *= kInnerRounds;
      // The lane that goes round most decides for all.
      masked_rounds *= kInnerRounds * (left_by_data(*l, shapes_) ? kLanes / kLanesOn : 1);
    }
    for (Instruction& inst : *b) {
      if (!one_lane_can_run(inst) || webs_->place(&inst) || !has_place_in_memory(inst.getType()))
        return false;
      if (auto* phi = dyn_cast<PHINode>(&inst); phi && webs_->phi(phi)) return false;
      if (is_count(inst)) continue;
      const Round cost = cost_of(inst, shapes_, options_.avx512);
      round.masked += masked_rounds * cost.masked;
      round.alone += rounds * cost.alone;
    }
    if (shapes_.divergent_branch(b) && !loop->isLoopExiting(b)) round.alone += rounds * kMispredicted;
  }
  SmallVector<BasicBlock*> exits;
  loop->getExitBlocks(exits);
  for (BasicBlock* exit : exits)
    for (PHINode& phi : exit->phis())
      if (webs_->phi(&phi)) return false;
  return forced || round.masked > kLanesOn * round.alone;
}

/// What one lane's run of a loop reads and writes. Values live in scalar slots, as the widened function's do.
struct Widener::LaneRun {
  Loop* loop = nullptr;
  Value* lane = nullptr;  ///< i64
  std::map<Value*, AllocaInst*> slots;
  std::map<BasicBlock*, BasicBlock*> blocks;
  std::map<BasicBlock*, AllocaInst*> left_to;  ///< i32: lanes that left to this block
  std::map<std::pair<PHINode*, unsigned>, AllocaInst*> results;
  std::map<std::pair<Value*, unsigned>, AllocaInst*> spilt;  ///< what lanes bring along, 32 of each
  BasicBlock* done = nullptr;
};

/// Puts what lanes bring into the loop where each finds its own.
void Widener::spill_for_lanes(LaneRun& run, Value* v) {
  const Shape s = shapes_.of(v);
  if (isa<Constant>(v) || isa<BasicBlock>(v) || s.is_uniform() || s.is_unknown()) return;
  if (s.is_linear() && s.is_stride() && s.if_unwrapped.empty()) return;
  for (unsigned k = 0; k < std::max(1u, part_count(v->getType())); k++) {
    AllocaInst*& array = run.spilt[{v, k}];
    if (array) continue;
    Value* lanes = part_count(v->getType()) ? part(v, k) : vector(v);
    Type* t = in_memory(cast<FixedVectorType>(lanes->getType())->getElementType());
    array = spilled(lanes->getType()->getScalarType() == t ? lanes : b_.CreateZExt(lanes, wide(t)));
  }
}

/// `v` as the lane that runs sees it, where it comes from outside the loop (or is a header's phi at first).
Value* Widener::brought_by_lane(LaneRun& run, Value* v) {
  const Shape s = shapes_.of(v);
  if (isa<Constant>(v)) return v;
  if (s.is_unknown()) return PoisonValue::get(v->getType());
  if (s.is_uniform()) return scalar(v);
  Type* t = v->getType();
  if (!run.spilt.contains({v, 0})) {  // base + lane * stride
    const bool pointer = t->isPointerTy();
    Value* lane = pointer ? run.lane : b_.CreateTrunc(run.lane, t);
    Value* offset = b_.CreateMul(lane, ConstantInt::getSigned(lane->getType(), s.c[1]));
    return pointer ? b_.CreateGEP(b_.getInt8Ty(), scalar(v), offset) : b_.CreateAdd(scalar(v), offset);
  }
  const unsigned parts = part_count(t);
  const auto read = [&](unsigned k, Type* type) {
    Value* x = lane_of(run.spilt.at({v, k}), in_memory(type), run.lane);
    return type == in_memory(type) ? x : b_.CreateIsNotNull(x);
  };
  if (!parts) return read(0, t);
  Value* whole = PoisonValue::get(t);
  for (unsigned k = 0; k < parts; k++) {
    Value* x = read(k, part_type(t, k));
    whole = isa<FixedVectorType>(t) ? b_.CreateInsertElement(whole, x, uint64_t(k))
                                    : b_.CreateInsertValue(whole, x, k);
  }
  return whole;
}

Value* Widener::lane_value(LaneRun& run, Value* v) {
  if (auto* a = dyn_cast<Argument>(v); a && a->getArgNo() < 2) return a->getArgNo() ? block_ : launch_;
  const auto* inst = dyn_cast<Instruction>(v);
  const auto own = run.slots.find(v);
  if (inst && own != run.slots.end()) return b_.CreateLoad(v->getType(), own->second);
  return brought_by_lane(run, v);
}

void Widener::set_lane_value(LaneRun& run, Value* v, Value* x) {
  AllocaInst*& slot = run.slots[v];
  if (!slot) slot = new_slot(v->getType());
  b_.CreateStore(x, slot);
}

/// Along the edge from -> to: phis of the loop's blocks, or what the lane leaves behind.
void Widener::lane_edge(LaneRun& run, BasicBlock* from, BasicBlock* to) {
  std::vector<std::pair<PHINode*, Value*>> values;
  for (PHINode& phi : to->phis())
    values.push_back({&phi, lane_value(run, phi.getIncomingValueForBlock(from))});
  if (run.loop->contains(to)) {
    for (auto& [phi, x] : values) set_lane_value(run, phi, x);
    b_.CreateBr(run.blocks.at(to));
    return;
  }
  for (auto& [phi, x] : values) {
    if (!shapes_.of(phi).is_varying()) continue;
    Type* t = phi->getType();
    const unsigned parts = part_count(t);
    for (unsigned k = 0; k < std::max(1u, parts); k++) {
      Value* y = !parts                    ? x
                 : isa<FixedVectorType>(t) ? b_.CreateExtractElement(x, uint64_t(k))
                                           : b_.CreateExtractValue(x, k);
      Type* stored = in_memory(y->getType());
      b_.CreateStore(b_.CreateZExtOrBitCast(y, stored),
                     b_.CreateGEP(stored, run.results.at({phi, k}), run.lane));
    }
  }
  AllocaInst* left = run.left_to.at(to);
  Value* bit = b_.CreateShl(b_.getInt32(1), b_.CreateTrunc(run.lane, b_.getInt32Ty()));
  b_.CreateStore(b_.CreateOr(b_.CreateLoad(b_.getInt32Ty(), left), bit), left);
  b_.CreateBr(run.done);
}

void Widener::lane_align_check(LaneRun& run, CallInst& call) {
  BasicBlock *trap = new_block("misaligned"), *go = new_block("aligned");
  auto* br = b_.CreateCondBr(b_.CreateIsNotNull(lane_value(run, call.getArgOperand(0))), trap, go);
  br->setMetadata(LLVMContext::MD_prof, MDBuilder(context_).createBranchWeights(1, 100000));
  b_.SetInsertPoint(trap);
  FunctionType* ft = FunctionType::get(
      b_.getVoidTy(), {b_.getPtrTy(), b_.getInt32Ty(), b_.getInt64Ty(), b_.getInt32Ty()}, false);
  b_.CreateCall(ft, runtime_helper("trap"),
                {block_, b_.getInt32(uint32_t(exec::Trap::kMisaligned)),
                 lane_value(run, call.getArgOperand(1)), thread_of(run.lane)})
      ->addFnAttr(Attribute::Cold);
  b_.CreateUnreachable();
  b_.SetInsertPoint(go);
}

void Widener::lane_instruction(LaneRun& run, Instruction& inst) {
  if (auto* call = dyn_cast<CallInst>(&inst)) {
    if (is_thread_constant(*call)) return;  // brought along
    if (is_named(*call, kCheckAlign)) return lane_align_check(run, *call);
    if (is_named(*call, kCountUnit)) {
      const uint64_t word = cast<ConstantInt>(call->getArgOperand(0))->getZExtValue();
      add_to_counter(word + 2, b_.getInt64(1));
    }
    if (is_count(*call)) return;
    if (call->isLifetimeStartOrEnd() || call->getIntrinsicID() == Intrinsic::assume) return;
  }
  if (auto* rmw = dyn_cast<AtomicRMWInst>(&inst))
    return set_lane_value(
        run, rmw,
        rmw_at(*rmw, lane_value(run, rmw->getPointerOperand()), lane_value(run, rmw->getValOperand())));
  if (inst.hasMetadata(kJoined)) {  // one lane's loads stay what they were
    Value *at = lane_value(run, getLoadStorePointerOperand(&inst)), *all = PoisonValue::get(inst.getType());
    Type* t = part_type(inst.getType(), 0);
    for (unsigned k = 0; k < part_count(inst.getType()); k++)
      all = b_.CreateInsertElement(
          all, b_.CreateAlignedLoad(t, b_.CreateGEP(t, at, b_.getInt64(k)), Align(1)), uint64_t(k));
    return set_lane_value(run, &inst, all);
  }
  Instruction* copy = inst.clone();
  for (unsigned i = 0; i < copy->getNumOperands(); i++) {
    Value* operand = inst.getOperand(i);
    if (!isa<Function>(operand)) copy->setOperand(i, lane_value(run, operand));
  }
  copy->setDebugLoc({});
  b_.Insert(copy);
  if (!inst.getType()->isVoidTy()) set_lane_value(run, &inst, copy);
}

void Widener::lane_block(LaneRun& run, BasicBlock* block) {
  b_.SetInsertPoint(run.blocks.at(block));
  for (Instruction& inst : *block)
    if (!isa<PHINode>(inst) && !inst.isTerminator()) lane_instruction(run, inst);
  auto* br = cast<BranchInst>(block->getTerminator());
  if (br->isUnconditional()) return lane_edge(run, block, br->getSuccessor(0));
  BasicBlock *yes = new_block("lane.yes"), *no = new_block("lane.no");
  b_.CreateCondBr(lane_value(run, br->getCondition()), yes, no);
  b_.SetInsertPoint(yes);
  lane_edge(run, block, br->getSuccessor(0));
  b_.SetInsertPoint(no);
  lane_edge(run, block, br->getSuccessor(1));
}

/// Everything lanes read, where one of them can be picked; room for what they leave.
void Widener::prepare_lane_run(LaneRun& run) {
  std::vector<Instruction*> constants;
  for (BasicBlock* b : run.loop->blocks())
    for (Instruction& inst : *b) {
      if (auto* call = dyn_cast<CallInst>(&inst); call && is_thread_constant(*call)) {
        emit(inst);
        constants.push_back(&inst);
      } else if (!inst.getType()->isVoidTy()) {
        run.slots[&inst] = new_slot(inst.getType());
      }
    }
  for (Instruction* inst : constants) spill_for_lanes(run, inst);
  for (PHINode& phi : run.loop->getHeader()->phis()) spill_for_lanes(run, &phi);
  const auto outside = [&](Value* v) {
    const auto* inst = dyn_cast<Instruction>(v);
    return inst ? !run.loop->contains(inst) : isa<Argument>(v);
  };
  SmallVector<BasicBlock*> exits;
  run.loop->getUniqueExitBlocks(exits);
  for (BasicBlock* b : run.loop->blocks())
    for (Instruction& inst : *b)
      for (Value* operand : inst.operands())
        if (outside(operand)) spill_for_lanes(run, operand);
  for (BasicBlock* to : exits) {
    run.left_to[to] = new_slot(b_.getInt32Ty());
    b_.CreateStore(b_.getInt32(0), run.left_to[to]);
    for (PHINode& phi : to->phis()) {
      for (BasicBlock* from : phi.blocks())
        if (run.loop->contains(from) && outside(phi.getIncomingValueForBlock(from)))
          spill_for_lanes(run, phi.getIncomingValueForBlock(from));
      if (!shapes_.of(&phi).is_varying()) continue;
      const unsigned parts = part_count(phi.getType());
      for (unsigned k = 0; k < std::max(1u, parts); k++) {
        Type* t = parts ? part_type(phi.getType(), k) : phi.getType();
        Value* before = b_.CreateLoad(wide(t), slot(&phi, k, true, wide(t)));
        run.results[{&phi, k}] = spilled(b_.CreateZExtOrBitCast(before, wide(in_memory(t))));
      }
    }
  }
}

/// Gives the warp what its lanes left: masks and phis of the blocks they left to.
void Widener::collect_lane_run(LaneRun& run, Region& region) {
  for (auto& [to, left] : run.left_to) {
    Value* bits = b_.CreateLoad(b_.getInt32Ty(), left);
    for (PHINode& phi : to->phis()) {
      const Shape s = shapes_.of(&phi);
      if (s.is_unknown()) continue;
      const unsigned parts = part_count(phi.getType());
      if (s.is_varying()) {
        for (unsigned k = 0; k < std::max(1u, parts); k++) {
          Type* t = parts ? part_type(phi.getType(), k) : phi.getType();
          Value* lanes = b_.CreateLoad(wide(in_memory(t)), run.results.at({&phi, k}));
          if (t != in_memory(t)) lanes = b_.CreateIsNotNull(lanes);
          b_.CreateStore(lanes, slot(&phi, k, true, wide(t)));
        }
        continue;
      }
      for (BasicBlock* from : phi.blocks()) {
        if (!run.loop->contains(from)) continue;
        AllocaInst* at = slot(&phi, 0, false, phi.getType());
        Value* x = scalar(phi.getIncomingValueForBlock(from));
        b_.CreateStore(b_.CreateSelect(b_.CreateIsNotNull(bits), x, b_.CreateLoad(phi.getType(), at)), at);
        break;
      }
    }
    if (to == region.join) continue;
    AllocaInst* mask = mask_slot(to);
    b_.CreateStore(b_.CreateOr(load_mask(mask), mask_of(bits)), mask);
  }
}

void Widener::emit_loop_by_lane(Region& region, Loop* loop) {
  for_each_warp([&] {
    // What lanes bring is a store of each: not for a loop that none comes to, such as one that compilers
    // unrolled, of short rows.
    BasicBlock *some = new_block("by.lane"), *done = new_block("by.lane.done");
    b_.CreateCondBr(any(load_mask(mask_slot(loop->getHeader()))), some, done);
    b_.SetInsertPoint(some);
    LaneRun run;
    run.loop = loop;
    prepare_lane_run(run);
    for (BasicBlock* b : loop->blocks()) run.blocks[b] = new_block(b->getName() + ".lane");
    for_each_lane(load_mask(mask_slot(loop->getHeader())), [&](Value* lane) {
      run.lane = lane;
      run.done = new_block("lane.left");
      for (PHINode& phi : loop->getHeader()->phis()) set_lane_value(run, &phi, brought_by_lane(run, &phi));
      b_.CreateBr(run.blocks.at(loop->getHeader()));
      for (BasicBlock* b : loop->blocks()) lane_block(run, b);
      b_.SetInsertPoint(run.done);
    });
    collect_lane_run(run, region);
    b_.CreateBr(done);
    b_.SetInsertPoint(done);
  });
}

}  // namespace ppu::simt
