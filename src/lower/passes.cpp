// See passes.h.
#include "lower/passes.h"

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>

#include <llvm/Transforms/Utils/BasicBlockUtils.h>

#include <algorithm>
#include <functional>
#include <map>
#include <vector>

#include "exec/kernel_abi.h"
#include "simt/asked_again.h"
#include "simt/names.h"

namespace ppu::lower {

using llvm::Attribute;

namespace {

bool is_named(const llvm::Instruction& i, llvm::StringRef name) {
  const auto* call = llvm::dyn_cast<llvm::CallInst>(&i);
  return call && call->getCalledFunction() && call->getCalledFunction()->getName() == name;
}

/// The result lies in [0, limit).
void set_range(llvm::Function& f, uint32_t limit) {
  const unsigned bits = f.getReturnType()->getIntegerBitWidth();
  f.addRetAttr(Attribute::get(f.getContext(), Attribute::Range,
                              llvm::ConstantRange(llvm::APInt(bits, 0), llvm::APInt(bits, limit))));
}

constexpr uint32_t kMaxBlockDim[3] = {1024, 1024, 64};

}  // namespace

void set_intrinsic_attributes(llvm::Function& f, const uint32_t block[3]) {
  if (f.hasFnAttribute(Attribute::NoCallback)) return;
  f.addFnAttr(Attribute::NoCallback);
  f.addFnAttr(Attribute::NoUnwind);
  llvm::StringRef name = f.getName();
  if (!name.consume_front("ppu.")) return;
  const auto starts = [&](std::initializer_list<const char*> prefixes) {
    return std::any_of(prefixes.begin(), prefixes.end(), [&](const char* p) { return name.starts_with(p); });
  };
  if (starts({"tid.", "laneid", "warpid", "shared.base", "local.", "frame.end", "fadd.", "fsub.", "fmul.",
              "fdiv.", "ffma.", "fsqrt."})) {
    f.setDoesNotAccessMemory();
    f.addFnAttr(Attribute::WillReturn);
    f.addFnAttr(Attribute::Speculatable);
    f.addFnAttr(Attribute::NoSync);
  } else if (starts({"activemask"})) {
    f.setDoesNotAccessMemory();
    f.addFnAttr(Attribute::WillReturn);
    f.addFnAttr(Attribute::Convergent);
  } else if (starts({"ballot", "shfl.", "match.", "redux."})) {
    // Not to be dropped if the result is unused: another lane may wait for this one to take part. Once
    // src/simt knows that none does, they become pure.
    f.setOnlyAccessesInaccessibleMemory();
    f.addFnAttr(Attribute::WillReturn);
    f.addFnAttr(Attribute::Convergent);
  } else if (starts({"mma.", "wmma.mma.", "movmatrix."})) {
    f.setDoesNotAccessMemory();
    f.addFnAttr(Attribute::WillReturn);
    f.addFnAttr(Attribute::Convergent);
  } else if (starts({"wmma.load.", "ldmatrix."})) {
    f.setOnlyReadsMemory();  // at the addresses of all lanes
    f.addFnAttr(Attribute::WillReturn);
    f.addFnAttr(Attribute::Convergent);
  } else if (starts({"wmma.store.", "stmatrix."})) {
    f.setOnlyWritesMemory();
    f.addFnAttr(Attribute::WillReturn);
    f.addFnAttr(Attribute::Convergent);
  } else if (starts({"check.access", "check.sync"})) {
    f.setOnlyAccessesInaccessibleMemory();  // and may end the launch
  } else if (starts({"check.align", "clock64", "rt.globaltimer", "count."})) {
    f.setOnlyAccessesInaccessibleMemory();
    f.addFnAttr(Attribute::WillReturn);
  } else if (starts({"trap"})) {
    f.setOnlyAccessesInaccessibleMemory();
    f.addFnAttr(Attribute::Cold);
  } else if (starts({"warp.sync", "bar.", "yield", "call.indirect"})) {
    f.addFnAttr(Attribute::Convergent);  // and any memory: other threads run in between
  }
  for (unsigned dim = 0; dim < 3; dim++)
    if (name == (llvm::Twine("tid.") + llvm::Twine("xyz"[dim])).str())
      set_range(f, block[dim] ? block[dim] : kMaxBlockDim[dim]);
  if (name == "laneid" || name == "warpid") set_range(f, 32);
  if (name == "shared.base" || name == "local.base") {
    f.addRetAttr(Attribute::NonNull);
    f.addRetAttr(Attribute::getWithAlignment(f.getContext(), llvm::Align(name == "shared.base" ? 256 : 16)));
  }
}

void finish_exits(llvm::Module& module, const std::string& kernel) {
  llvm::Function* exit = module.getFunction("ppu.exit");
  if (!exit) return;
  for (llvm::User* user : llvm::make_early_inc_range(exit->users())) {
    auto* call = llvm::cast<llvm::CallInst>(user);
    if (call->getFunction()->getName() != kernel)
      continue;  // a function that is inlined everywhere: about to go
    llvm::Instruction* end = call->getParent()->getTerminator();
    llvm::ReturnInst::Create(module.getContext(), nullptr, end->getIterator());
    end->eraseFromParent();
    call->eraseFromParent();
  }
}

namespace {

/// Does every way into the loop make this check before anything leaves the loop?
bool always_runs(const llvm::Instruction& check, const llvm::Loop& loop,
                 const llvm::DominatorTree& dominators) {
  llvm::SmallVector<llvm::BasicBlock*, 4> exiting;
  loop.getExitingBlocks(exiting);
  for (llvm::BasicBlock* b : exiting)
    if (!dominators.dominates(check.getParent(), b)) return false;
  return !exiting.empty();
}

void hoist(llvm::Instruction& check, const llvm::LoopInfo& loops, const llvm::DominatorTree& dominators) {
  for (llvm::Loop* loop = loops.getLoopFor(check.getParent()); loop;
       loop = loops.getLoopFor(check.getParent())) {
    llvm::BasicBlock* before = loop->getLoopPreheader();
    const bool same =
        llvm::all_of(check.operands(), [&](const llvm::Use& u) { return loop->isLoopInvariant(u); });
    if (!before || !same || !always_runs(check, *loop, dominators)) return;
    check.moveBefore(before->getTerminator());
  }
}

}  // namespace

void fold_align_checks(llvm::Module& module) {
  if (!module.getFunction("ppu.check.align")) return;
  for (llvm::Function& f : module) {
    if (f.isDeclaration()) continue;
    llvm::DominatorTree dominators(f);
    const llvm::LoopInfo loops(dominators);
    std::map<llvm::Value*, std::vector<llvm::Instruction*>> made;  // by the low bits
    // Blocks in dominator-tree order: a dominating check is always seen first.
    for (auto* node : llvm::depth_first(&dominators))
      for (llvm::Instruction& i : llvm::make_early_inc_range(*node->getBlock())) {
        if (!is_named(i, "ppu.check.align")) continue;
        llvm::Value* low = i.getOperand(0);
        // Report the value whose low bits are wrong (`and base, 3`), not the full address: it's often the
        // same for all lanes and turns, so the check can leave the loop and nothing else must be kept for it.
        if (auto* mask = llvm::dyn_cast<llvm::BinaryOperator>(low);
            mask && mask->getOpcode() == llvm::Instruction::And)
          i.setOperand(1, mask->getOperand(0));
        const auto* known = llvm::dyn_cast<llvm::ConstantInt>(low);
        const auto covers = [&](llvm::Instruction* earlier) { return dominators.dominates(earlier, &i); };
        if ((known && known->isZero()) || llvm::any_of(made[low], covers)) {
          i.eraseFromParent();
          continue;
        }
        hoist(i, loops, dominators);
        made[low].push_back(&i);
      }
  }
}

namespace {

uint64_t align_up(uint64_t n, uint64_t to) {
  return (n + to - 1) / to * to;
}

uint64_t number_attribute(const llvm::Function& f, llvm::StringRef name) {
  uint64_t n = 0;
  f.getFnAttribute(name).getValueAsString().getAsInteger(10, n);
  return n;
}

llvm::Value* local_base(llvm::IRBuilder<>& at, llvm::Module& module) {
  llvm::FunctionCallee base =
      module.getOrInsertFunction("ppu.local.base", llvm::FunctionType::get(at.getPtrTy(), false));
  constexpr uint32_t kAnyBlock[3] = {0, 0, 0};
  set_intrinsic_attributes(*llvm::cast<llvm::Function>(base.getCallee()), kAnyBlock);
  return at.CreateCall(base);
}

/// Moves the function's stack slots behind `bytes` of its local memory; returns the new size.
uint64_t move_slots(llvm::Function& f, uint64_t bytes) {
  std::vector<llvm::AllocaInst*> slots;
  for (llvm::Instruction& i : llvm::instructions(f))
    if (auto* slot = llvm::dyn_cast<llvm::AllocaInst>(&i)) slots.push_back(slot);
  if (slots.empty()) return bytes;
  llvm::IRBuilder<> at(&*f.getEntryBlock().getFirstInsertionPt());
  llvm::Value* start = f.hasFnAttribute("ppu.frame")
                           ? at.CreateIntToPtr(f.getArg(unsigned(f.arg_size() - 1)), at.getPtrTy())
                           : local_base(at, *f.getParent());
  const llvm::DataLayout& layout = f.getParent()->getDataLayout();
  // All places before any slot goes: the first slot may be where they are inserted.
  std::vector<llvm::Value*> places;
  for (const llvm::AllocaInst* slot : slots) {
    bytes = align_up(bytes, std::max<uint64_t>(slot->getAlign().value(), 16));
    places.push_back(at.CreateConstGEP1_64(at.getInt8Ty(), start, bytes));
    bytes += layout.getTypeAllocSize(slot->getAllocatedType());
  }
  for (size_t k = 0; k < slots.size(); k++) {
    for (llvm::User* user : llvm::make_early_inc_range(slots[k]->users()))
      if (auto* marker = llvm::dyn_cast<llvm::LifetimeIntrinsic>(user)) marker->eraseFromParent();
    slots[k]->replaceAllUsesWith(places[k]);
    slots[k]->eraseFromParent();
  }
  return align_up(bytes, 16);
}

/// On entry: the frame must lie inside the thread's local memory.
void check_frame(llvm::Function& f, uint64_t bytes, uint64_t local_bytes) {
  llvm::IRBuilder<> at(&*f.getEntryBlock().getFirstInsertionPt());
  llvm::Value* end = at.CreateAdd(f.getArg(unsigned(f.arg_size() - 1)), at.getInt64(bytes));
  llvm::Value* limit = at.CreateAdd(at.CreatePtrToInt(local_base(at, *f.getParent()), at.getInt64Ty()),
                                    at.getInt64(local_bytes));
  llvm::Value* over = at.CreateICmpUGT(end, limit);
  llvm::Instruction* then = llvm::SplitBlockAndInsertIfThen(over, &*at.GetInsertPoint(), false);
  llvm::IRBuilder<> in(then);
  llvm::FunctionCallee trap = f.getParent()->getOrInsertFunction(
      "ppu.trap", llvm::FunctionType::get(in.getVoidTy(), {in.getInt32Ty(), in.getInt64Ty()}, false));
  constexpr uint32_t kAnyBlock[3] = {0, 0, 0};
  set_intrinsic_attributes(*llvm::cast<llvm::Function>(trap.getCallee()), kAnyBlock);
  in.CreateCall(trap, {in.getInt32(uint32_t(exec::Trap::kStackOverflow)), in.getInt64(0)});
}

/// Replaces every call of `name` in the module by what `value` makes at its place.
void replace_calls(llvm::Module& module, llvm::StringRef name,
                   const std::function<llvm::Value*(llvm::IRBuilder<>&, llvm::Function&)>& value) {
  llvm::Function* callee = module.getFunction(name);
  if (!callee) return;
  for (llvm::User* user : llvm::make_early_inc_range(callee->users())) {
    auto* call = llvm::cast<llvm::CallInst>(user);
    llvm::IRBuilder<> at(call);
    call->replaceAllUsesWith(value(at, *call->getFunction()));
    call->eraseFromParent();
  }
}

}  // namespace

namespace {

/// From thread to thread. Lanes reach the same place of theirs together: a large power of two apart, it would
/// be one set of the processor's first cache for all of them.
uint64_t local_stride(uint64_t bytes, const llvm::Module& module) {
  constexpr uint64_t kLine = 64, kApart = 512, kLarge = 1024;
  if (module.getFunction("ppu.check.access")) return bytes;  // checked to the byte
  return bytes >= kLarge && bytes % kApart == 0 ? bytes + kLine : bytes;
}

}  // namespace

uint32_t finish_local_memory(llvm::Module& module, const std::string& kernel, uint32_t call_stack_bytes) {
  llvm::Function& entry = *module.getFunction(kernel);
  std::map<llvm::Function*, uint64_t> frames;
  uint64_t local_bytes = move_slots(entry, number_attribute(entry, "ppu.local.bytes"));
  bool needs_stack = false;
  for (llvm::Function& f : module) {
    if (f.isDeclaration() || &f == &entry) continue;
    frames[&f] = move_slots(f, number_attribute(f, "ppu.frame"));
    needs_stack |= frames[&f] > 0;
  }
  const uint64_t fixed_bytes = local_bytes;
  if (needs_stack) local_bytes += call_stack_bytes;
  local_bytes = local_stride(local_bytes, module);
  for (const auto& [f, bytes] : frames)
    if (bytes) check_frame(*f, bytes, local_bytes);
  replace_calls(module, "ppu.frame.end", [&](llvm::IRBuilder<>& at, llvm::Function& f) -> llvm::Value* {
    if (&f != &entry) return at.CreateAdd(f.getArg(unsigned(f.arg_size() - 1)), at.getInt64(frames[&f]));
    return at.CreateAdd(at.CreatePtrToInt(local_base(at, module), at.getInt64Ty()), at.getInt64(fixed_bytes));
  });
  replace_calls(module, "ppu.local.size",
                [&](llvm::IRBuilder<>& at, llvm::Function&) { return at.getInt32(uint32_t(local_bytes)); });
  entry.addFnAttr("ppu.local.bytes", std::to_string(local_bytes));
  return uint32_t(local_bytes);
}

namespace {

/// A reader that has found a writer takes itself off the count again.
bool is_moved_back(const llvm::AtomicRMWInst& counter, const llvm::Loop& loop) {
  return llvm::any_of(loop.blocks(), [&](llvm::BasicBlock* b) {
    return llvm::any_of(*b, [&](llvm::Instruction& i) {
      const auto* back = llvm::dyn_cast<llvm::AtomicRMWInst>(&i);
      return back && back != &counter && back->getPointerOperand() == counter.getPointerOperand() &&
             (back->getOperation() == llvm::AtomicRMWInst::Add ||
              back->getOperation() == llvm::AtomicRMWInst::Sub) &&
             (back->getOperation() != counter.getOperation() ||
              back->getValOperand() != counter.getValOperand());
    });
  });
}

/// Would the loop do just the same again until another thread writes? Then its exits depend on this.
bool waits_for_others(const llvm::Instruction& i, const llvm::Loop& loop) {
  if (const auto* load = llvm::dyn_cast<llvm::LoadInst>(&i)) return load->isVolatile();
  // At another place each turn (a hash table's next slot) it isn't the same thing again.
  if (const auto* swap = llvm::dyn_cast<llvm::AtomicCmpXchgInst>(&i))
    return loop.isLoopInvariant(swap->getCompareOperand()) &&
           simt::may_be_the_same_again(loop, swap->getPointerOperand());
  if (const auto* rmw = llvm::dyn_cast<llvm::AtomicRMWInst>(&i)) {
    if (!simt::may_be_the_same_again(loop, rmw->getPointerOperand())) return false;
    // A counter that moves on each turn (atomicAdd of 1) isn't waiting, unless it is moved back.
    const bool counts =
        rmw->getOperation() == llvm::AtomicRMWInst::Add || rmw->getOperation() == llvm::AtomicRMWInst::Sub;
    const auto* by = llvm::dyn_cast<llvm::ConstantInt>(rmw->getValOperand());
    return loop.isLoopInvariant(rmw->getValOperand()) &&
           (!counts || (by && by->isZero()) || is_moved_back(*rmw, loop));
  }
  return false;
}

using OpenValues = llvm::SmallVector<llvm::Value*, 8>;
using IsPoll = llvm::function_ref<bool(const llvm::Instruction&, const llvm::Loop&)>;

/// The conditions in the loop that choose which value `phi` takes.
void push_choices(const llvm::PHINode& phi, const llvm::Loop& loop, const llvm::DominatorTree& dominators,
                  OpenValues& open) {
  const auto push = [&](const llvm::BasicBlock* b) {
    const auto* branch = llvm::dyn_cast<llvm::BranchInst>(b->getTerminator());
    if (branch && branch->isConditional()) open.push_back(branch->getCondition());
  };
  const llvm::BasicBlock* place = phi.getParent();
  const bool at_header = place == loop.getHeader();
  const llvm::BasicBlock* from = at_header ? place : dominators.getNode(place)->getIDom()->getBlock();
  llvm::SmallVector<const llvm::BasicBlock*, 4> ways;
  for (const llvm::BasicBlock* b : phi.blocks())
    if (loop.contains(b)) ways.push_back(b);
  if (ways.size() < 2) return;
  for (const llvm::BasicBlock* b : ways)
    for (; b != from && loop.contains(b); b = dominators.getNode(b)->getIDom()->getBlock()) push(b);
  push(from);
}

/// The poll in the loop that `condition` comes from, if there is one: by its operands, or
/// by the branches that decide what they are (a turn that counts only where a lock was free).
llvm::Instruction* spins_on(llvm::Value* condition, const llvm::Loop& loop,
                            const llvm::DominatorTree& dominators, IsPoll is_poll) {
  llvm::SmallPtrSet<llvm::Value*, 16> seen;
  OpenValues open{condition};
  while (!open.empty()) {
    auto* i = llvm::dyn_cast<llvm::Instruction>(open.pop_back_val());
    if (!i || !loop.contains(i) || !seen.insert(i).second) continue;
    if (is_poll(*i, loop)) return i;
    if (llvm::isa<llvm::LoadInst>(i)) continue;
    for (llvm::Value* v : i->operands()) open.push_back(v);
    if (const auto* phi = llvm::dyn_cast<llvm::PHINode>(i)) push_choices(*phi, loop, dominators, open);
  }
  return nullptr;
}

llvm::Instruction* polls(const llvm::Loop& loop, const llvm::DominatorTree& dominators, IsPoll is_poll) {
  llvm::SmallVector<llvm::BasicBlock*, 4> exiting;
  loop.getExitingBlocks(exiting);
  for (llvm::BasicBlock* b : exiting)
    if (auto* branch = llvm::dyn_cast<llvm::BranchInst>(b->getTerminator()))
      if (llvm::Instruction* poll =
              branch->isConditional() ? spins_on(branch->getCondition(), loop, dominators, is_poll) : nullptr)
        return poll;
  return nullptr;
}

bool has_fence(const llvm::Loop& loop) {
  return llvm::any_of(loop.blocks(), [](llvm::BasicBlock* b) {
    return llvm::any_of(*b, [](llvm::Instruction& i) { return llvm::isa<llvm::FenceInst>(i); });
  });
}

/// Warps pass a barrier in the loop: others get on.
bool has_barrier(const llvm::Loop& loop) {
  return llvm::any_of(loop.blocks(), [](llvm::BasicBlock* b) {
    return llvm::any_of(*b, [](llvm::Instruction& i) {
      const auto* call = llvm::dyn_cast<llvm::CallInst>(&i);
      const llvm::Function* f = call ? call->getCalledFunction() : nullptr;
      return f && f->getName().starts_with(simt::kBarPrefix);
    });
  });
}

/// A plain load that is nevertheless meant to be made in every turn.
bool is_plain_poll(const llvm::Instruction& i, const llvm::Loop& loop) {
  const auto* load = llvm::dyn_cast<llvm::LoadInst>(&i);
  return load && load->isSimple() && !load->hasMetadata(llvm::LLVMContext::MD_invariant_load) &&
         !llvm::isa<llvm::AllocaInst>(load->getPointerOperand()->stripInBoundsOffsets()) &&
         simt::may_be_the_same_again(loop, load->getPointerOperand()) &&
         (load->hasMetadata(simt::kFreshMetadata) || has_fence(loop));
}

}  // namespace

void keep_polls(llvm::Module& module) {
  for (llvm::Function& f : module) {
    const bool any = llvm::any_of(llvm::instructions(f), [](const llvm::Instruction& i) {
      return llvm::isa<llvm::FenceInst>(i) || i.hasMetadata(simt::kFreshMetadata);
    });
    if (!any) continue;
    const llvm::DominatorTree dominators(f);
    const llvm::LoopInfo loops(dominators);
    for (llvm::Loop* loop : loops.getLoopsInPreorder())
      while (llvm::Instruction* poll = has_barrier(*loop) ? nullptr : polls(*loop, dominators, is_plain_poll))
        llvm::cast<llvm::LoadInst>(poll)->setVolatile(true);
  }
}

void mark_spin_loops(llvm::Module& module) {
  for (llvm::Function& f : module) {
    if (f.isDeclaration()) continue;
    const llvm::DominatorTree dominators(f);
    const llvm::LoopInfo loops(dominators);
    for (llvm::Loop* loop : loops.getLoopsInPreorder()) {
      llvm::SmallVector<llvm::BasicBlock*, 2> latches;
      loop->getLoopLatches(latches);
      // A loop may yield on one way round only (libcu++'s waits sleep after many polls).
      llvm::erase_if(latches, [&](llvm::BasicBlock* latch) {
        return llvm::any_of(loop->blocks(), [&](llvm::BasicBlock* b) {
          return dominators.dominates(b, latch) &&
                 llvm::any_of(*b, [](llvm::Instruction& i) { return is_named(i, "ppu.yield"); });
        });
      });
      const llvm::Instruction* poll = latches.empty() ? nullptr : polls(*loop, dominators, waits_for_others);
      if (!poll) continue;
      llvm::FunctionCallee yield = module.getOrInsertFunction(
          "ppu.yield", llvm::FunctionType::get(llvm::Type::getVoidTy(module.getContext()), false));
      constexpr uint32_t kAnyBlock[3] = {0, 0, 0};
      set_intrinsic_attributes(*llvm::cast<llvm::Function>(yield.getCallee()), kAnyBlock);
      for (llvm::BasicBlock* latch : latches)
        llvm::CallInst::Create(yield, "", latch->getTerminator()->getIterator())
            ->setMetadata(simt::kLineMetadata, poll->getMetadata(simt::kLineMetadata));
    }
  }
}

}  // namespace ppu::lower
