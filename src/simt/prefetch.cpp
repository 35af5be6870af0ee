// See prefetch.h.
#include "simt/prefetch.h"

#include <functional>
#include <map>
#include <set>

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "simt/names.h"
#include "simt/places.h"

using namespace llvm;

namespace ppu::simt {
namespace {

constexpr uint64_t kSmallStep =
    1024;                          ///< elements: processors follow what stays on a page or goes to the next
constexpr unsigned kMaxChain = 8;  ///< instructions from the counter to the address
constexpr unsigned kMaxPrefetches = 8;  ///< in a loop

constexpr unsigned kMaxStreaming =
    250;  ///< instructions of a kernel whose blocks are short beside their loads

/// A value that grows by the same amount from round to round, or from block to block.
struct Counter {
  Instruction* value = nullptr;
  Value* step = nullptr;
};

std::vector<Counter> far_counters(const Loop& loop, const ShapeAnalysis& shapes) {
  std::vector<Counter> found;
  for (PHINode& phi : loop.getHeader()->phis()) {
    auto* next = dyn_cast<BinaryOperator>(phi.getIncomingValueForBlock(loop.getLoopLatch()));
    if (!phi.getType()->isIntegerTy() || !next || next->getOpcode() != Instruction::Add) continue;
    if (next->getOperand(0) != &phi && next->getOperand(1) != &phi) continue;
    Value* step = next->getOperand(next->getOperand(0) == &phi ? 1 : 0);
    if (!loop.isLoopInvariant(step) || !shapes.uniform(step)) continue;
    const auto* known = dyn_cast<ConstantInt>(step);
    if (!known || known->getValue().abs().uge(kSmallStep)) found.push_back({&phi, step});
  }
  return found;
}

/// The same in every block: parameters and fields of the launch, %tid and its like.
bool same_in_all_blocks(const Instruction& inst) {
  if (const auto* call = dyn_cast<CallInst>(&inst))
    return call->doesNotAccessMemory() && !call->isConvergent();
  const auto* load = dyn_cast<LoadInst>(&inst);
  if (!load) return false;
  const Value* from = load->getPointerOperand()->stripInBoundsConstantOffsets();
  if (const auto* argument = dyn_cast<Argument>(from)) return argument->getArgNo() == 0;
  return isa<LoadInst>(from) && same_in_all_blocks(*cast<LoadInst>(from));
}

/// The instructions that make `v` of the counter, operands first. False: something else of the loop is in it.
bool chain_from(Value* v, const Counter& counter, const Loop* loop, std::vector<Instruction*>& chain,
                bool& reached) {
  if (v == counter.value) return reached = true;
  auto* inst = dyn_cast<Instruction>(v);
  if (!inst || (loop && !loop->contains(inst))) return true;
  if (std::find(chain.begin(), chain.end(), inst) != chain.end()) return true;
  if (!loop && (isa<CallInst>(inst) || isa<LoadInst>(inst))) return same_in_all_blocks(*inst);
  if (!isa<BinaryOperator>(inst) && !isa<CastInst>(inst) && !isa<GetElementPtrInst>(inst)) return false;
  if (inst->isIntDivRem()) {  // a divisor that isn't zero in this round may be in another
    std::vector<Instruction*> divisor;
    bool follows = false;
    if (!chain_from(inst->getOperand(1), counter, loop, divisor, follows) || follows) return false;
  }
  for (Value* operand : inst->operands())
    if (!chain_from(operand, counter, loop, chain, reached)) return false;
  chain.push_back(inst);
  return chain.size() <= kMaxChain;
}

/// Rounds ahead: far enough for memory to answer, by the work in a round.
unsigned distance(const Loop& loop) {
  size_t work = 0;
  for (const BasicBlock* b : loop.blocks()) work += b->size();
  return work <= 16 ? 4 : work <= 48 ? 2 : 1;
}

/// What is fetched already: accesses side by side share their lines.
using Fetched = std::set<std::vector<const Value*>>;

void prefetch(Instruction& access, const Counter& counter, const std::vector<Instruction*>& chain,
              unsigned rounds) {
  IRBuilder<> b(&access);
  std::map<Value*, Value*> ahead;
  ahead[counter.value] = b.CreateAdd(
      counter.value, b.CreateMul(counter.step, ConstantInt::get(counter.step->getType(), rounds)));
  for (Instruction* inst : chain) {
    // `or disjoint` may have bits in common in a round that doesn't come.
    const auto* either = dyn_cast<PossiblyDisjointInst>(inst);
    Instruction* copy = either && either->isDisjoint()
                            ? BinaryOperator::CreateAdd(inst->getOperand(0), inst->getOperand(1))
                            : inst->clone();
    copy->dropPoisonGeneratingFlags();
    copy->setMetadata(kUnwrapped, nullptr);
    copy->setMetadata(kNonNegative, nullptr);
    for (unsigned i = 0; i < copy->getNumOperands(); i++)
      if (const auto it = ahead.find(copy->getOperand(i)); it != ahead.end()) copy->setOperand(i, it->second);
    b.Insert(copy);
    ahead[inst] = copy;
  }
  b.CreateIntrinsic(Intrinsic::prefetch, {b.getPtrTy()},
                    {ahead.at(getLoadStorePointerOperand(&access)), b.getInt32(isa<StoreInst>(access)),
                     b.getInt32(3), b.getInt32(1)});
}

bool is_simple(const Instruction& access) {
  const auto* load = dyn_cast<LoadInst>(&access);
  return load ? load->isSimple() : isa<StoreInst>(access) && cast<StoreInst>(access).isSimple();
}

/// Where the access's address follows the counter, and its line isn't fetched already.
void prefetch_if_far(Instruction& access, const Counter& counter, const Loop* loop, unsigned rounds,
                     const ShapeAnalysis& shapes, Fetched& done) {
  Value* pointer = getLoadStorePointerOperand(&access);
  if (!is_simple(access) || space_of(access) == kSharedSpace /* never far away */ ||
      done.size() >= kMaxPrefetches)
    return;
  const Shape shape = shapes.of(pointer);
  if (!shape.is_linear() || (!loop && !shape.has_offsets)) return;
  std::vector<Instruction*> chain;
  bool reached = false;
  if (!chain_from(pointer, counter, loop, chain, reached) || !reached || chain.empty()) return;
  if (done.insert(place_of(pointer).terms).second) prefetch(access, counter, chain, rounds);
}

/// Of the instructions that make an address, those of the block's number: all of them `of_block`, the last
/// one outside the loop the row. Null: the address doesn't follow the block's number by a factor that only
/// the launch knows.
const Instruction* row_behind(Value* v, const Counter& block, const Loop& loop,
                              std::vector<Instruction*>& of_block) {
  bool scaled = false;
  std::function<bool(Value*)> follows = [&](Value* x) {
    if (x == block.value) return true;
    auto* inst = dyn_cast<Instruction>(x);
    if (!inst || std::find(of_block.begin(), of_block.end(), inst) != of_block.end()) return inst != nullptr;
    if (of_block.size() >= kMaxChain) return false;
    if (!isa<BinaryOperator>(inst) && !isa<CastInst>(inst) && !isa<GetElementPtrInst>(inst)) return false;
    if (inst->isIntDivRem() && follows(inst->getOperand(1))) return false;
    bool any = false;
    for (Value* operand : inst->operands()) any |= follows(operand);
    if (!any) return false;
    of_block.push_back(inst);
    scaled |= inst->getOpcode() == Instruction::Mul && !isa<Constant>(inst->getOperand(1));
    return true;
  };
  if (!follows(v) || !scaled) return nullptr;
  const Instruction* row = nullptr;
  for (const Instruction* inst : of_block)
    if (!loop.contains(inst)) row = inst;
  return row;
}

/// A row a block: while one is read the next is fetched. Processors follow addresses to the end of a page
/// only.
void prefetch_next_row(const Loop& loop, const Counter& block, const ShapeAnalysis& shapes, Fetched& done) {
  constexpr size_t kMaxStreamingLoop = 40;
  BasicBlock* body = loop.getHeader();
  if (loop.getNumBlocks() != 1 || body->size() > kMaxStreamingLoop) return;
  for (Instruction& inst : *body)
    if (const auto* call = dyn_cast<CallInst>(&inst); call && call->isConvergent()) return;
  for (Instruction& inst : make_early_inc_range(*body)) {
    auto* load = dyn_cast<LoadInst>(&inst);
    if (!load || !load->isSimple() || space_of(*load) == kSharedSpace) continue;
    if (!shapes.of(load->getPointerOperand()).is_linear()) continue;
    std::vector<Instruction*> chain;
    const Instruction* row = row_behind(load->getPointerOperand(), block, loop, chain);
    if (row && done.insert({row}).second) prefetch(*load, block, chain, 1);
  }
}

/// Blocks come one after another on a worker: what the next one will load.
void prefetch_next_block(Function& kernel, const ShapeAnalysis& shapes) {
  size_t size = 0;
  Counter block;
  for (BasicBlock& b : kernel) {
    size += b.size();
    for (Instruction& inst : b)
      if (auto* load = dyn_cast<LoadInst>(&inst);
          load && load->getPointerOperand() == kernel.getArg(1) && load->getType()->isIntegerTy(32))
        block = {load, ConstantInt::get(load->getType(), 1)};
  }
  if (!block.value || size > kMaxStreaming) return;
  Fetched done;
  for (const BasicBlock* b : shapes.order())
    if (const Loop* loop = shapes.loops.getLoopFor(b); loop && loop->getHeader() == b)
      prefetch_next_row(*loop, block, shapes, done);
  for (BasicBlock& b : kernel) {
    if (shapes.loops.getLoopFor(&b)) continue;
    for (Instruction& inst : make_early_inc_range(b))
      if (auto* load = dyn_cast<LoadInst>(&inst)) prefetch_if_far(*load, block, nullptr, 1, shapes, done);
  }
}

/// What a loop's phi is increased by.
std::optional<Advance> advance_of_phi(const PHINode& phi, const Loop& loop, const ShapeAnalysis& shapes) {
  if (phi.getParent() != loop.getHeader() || !loop.getLoopLatch()) return std::nullopt;
  const auto* next = dyn_cast<Instruction>(phi.getIncomingValueForBlock(loop.getLoopLatch()));
  if (!next || next->getNumOperands() != 2) return std::nullopt;
  if (const auto* gep = dyn_cast<GetElementPtrInst>(next);
      gep ? !gep->getSourceElementType()->isIntegerTy(8) : next->getOpcode() != Instruction::Add)
    return std::nullopt;
  if (next->getOperand(0) != &phi && next->getOperand(1) != &phi) return std::nullopt;
  Value* step = next->getOperand(next->getOperand(0) == &phi ? 1 : 0);
  if (!step->getType()->isIntegerTy() || !loop.isLoopInvariant(step) || !shapes.uniform(step))
    return std::nullopt;
  return Advance{step, 1};
}

}  // namespace

std::optional<Advance> advance_of(Value* v, const Loop& loop, const ShapeAnalysis& shapes, int depth) {
  constexpr int kMaxDepth = 12;
  if (loop.isLoopInvariant(v)) return Advance{};
  if (const auto* phi = dyn_cast<PHINode>(v)) return advance_of_phi(*phi, loop, shapes);
  auto* inst = dyn_cast<Instruction>(v);
  if (!inst || depth > kMaxDepth) return std::nullopt;
  const auto of = [&](unsigned i) { return advance_of(inst->getOperand(i), loop, shapes, depth + 1); };
  switch (inst->getOpcode()) {
    case Instruction::GetElementPtr:
      if (inst->getNumOperands() != 2 ||
          !cast<GetElementPtrInst>(inst)->getSourceElementType()->isIntegerTy(8))
        return std::nullopt;
      break;
    case Instruction::Or:
      if (!cast<PossiblyDisjointInst>(inst)->isDisjoint()) return std::nullopt;
      break;
    case Instruction::Add:
      break;
    case Instruction::SExt:
    case Instruction::ZExt:
    case Instruction::IntToPtr:
    case Instruction::PtrToInt:
      return of(0);
    case Instruction::Mul:
    case Instruction::Shl: {
      const auto* k = dyn_cast<ConstantInt>(inst->getOperand(1));
      auto a = of(0);
      if (!k || !a || k->getValue().getActiveBits() > 16) return std::nullopt;
      const uint64_t n = k->getZExtValue();
      if (inst->getOpcode() == Instruction::Shl && n > 16) return std::nullopt;
      a->factor *= int64_t(inst->getOpcode() == Instruction::Shl ? uint64_t(1) << n : n);
      return a;
    }
    default:
      return std::nullopt;
  }
  const auto a = of(0), b = of(1);
  if (!a || !b || (a->step && b->step)) return std::nullopt;
  return a->step ? a : b;
}

void prefetch_strides(Function& kernel, const WarpLayout& layout) {
  const ShapeAnalysis shapes(kernel, layout, false);
  for (Loop* loop : const_cast<LoopInfo&>(shapes.loops).getLoopsInPreorder()) {
    if (!loop->isInnermost() || !loop->getLoopLatch()) continue;
    Fetched done;
    for (const Counter& counter : far_counters(*loop, shapes))
      for (BasicBlock* b : loop->blocks())
        for (Instruction& inst : make_early_inc_range(*b))
          if (is_simple(inst)) prefetch_if_far(inst, counter, loop, distance(*loop), shapes, done);
  }
  prefetch_next_block(kernel, shapes);
}

}  // namespace ppu::simt
