// See narrow.h. The scalar functions stay as they are; each ppu.* call becomes what one thread does for it.
// Operations that wait write their operands into the thread's LaneState, suspend, and find the result there.
#include "simt/narrow.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <vector>

#include "exec/kernel_abi.h"
#include "exec/texture_abi.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "simt/checking.h"
#include "simt/counting.h"
#include "simt/names.h"
#include "simt/runtime_calls.h"
#include "simt/suspend.h"

using namespace llvm;

namespace ppu::simt {
namespace {

using exec::LaneGroup;
using exec::LaneOp;
using exec::LaneState;

struct WaitingCall {
  StringLiteral name;
  LaneOp op;
  LaneGroup group;
};

const WaitingCall* find_waiting_call(StringRef name) {
#define LANE_OP(enumerator, call, group) {"ppu." call, LaneOp::enumerator, LaneGroup::group},
  static const WaitingCall kCalls[] = {PPU_LANE_OPS(LANE_OP)};
#undef LANE_OP
  for (const WaitingCall& call : kCalls)
    if (name == call.name) return &call;
  return nullptr;
}

bool is_plain_call(StringRef name) {
  for (const StringRef known :
       {StringRef(kTidX), StringRef(kTidY), StringRef(kTidZ), StringRef(kLaneId), StringRef(kWarpId),
        StringRef(kSharedBase), StringRef(kLocalBase), StringRef(kActiveMask), StringRef(kCheckAlign),
        StringRef(kTrap), StringRef(kClock64), StringRef(kCheckAccess), StringRef(kCheckSync)})
    if (name == known) return true;
  return name.starts_with(kIndirectPrefix) || name.starts_with(kCountPrefix) ||
         name.starts_with(kTexturePrefix) || rounding_selector(name) ||
         (name.starts_with(kRuntimePrefix) && helper_slot(name.drop_front(kRuntimePrefix.size())));
}

/// Rewrites the ppu.* calls of one function.
class ThreadBuilder {
 public:
  ThreadBuilder(Function& f, const WarpLayout& layout, bool is_kernel,
                const std::map<const Function*, Function*>& functions)
      : f_(f),
        layout_(layout),
        b_(f.getContext()),
        lane_(is_kernel ? f.getArg(4) : nullptr),
        functions_(functions) {}

  std::string run() {
    std::vector<CallInst*> calls;
    for (Instruction& inst : instructions(f_))
      if (auto* call = dyn_cast<CallInst>(&inst))
        if (const Function* callee = call->getCalledFunction(); callee && !callee->isIntrinsic())
          calls.push_back(call);
    for (CallInst* call : calls) {
      b_.SetInsertPoint(call);
      Value* result = replacement(*call);
      if (!error_.empty()) return error_;
      if (result) call->replaceAllUsesWith(result);
      call->eraseFromParent();
    }
    return {};
  }

 private:
  Value* launch() { return f_.getArg(0); }
  Value* block() { return f_.getArg(1); }
  Value* thread() { return f_.getArg(2); }
  Value* field(Value* base, size_t offset) { return b_.CreateConstGEP1_64(b_.getInt8Ty(), base, offset); }
  /// A pointer in the block's state; read again after each suspension rather than kept.
  Value* block_field(size_t offset) {
    LoadInst* load = b_.CreateLoad(b_.getPtrTy(), field(block(), offset));
    load->setMetadata(LLVMContext::MD_invariant_load, MDNode::get(b_.getContext(), {}));
    return load;
  }
  Value* lane_number() { return b_.CreateAnd(thread(), b_.getInt32(kLanes - 1)); }
  Value* helper(StringRef name) { return load_helper(b_, launch(), *helper_slot(name)); }

  Value* replacement(CallInst& call) {
    Function* callee = call.getCalledFunction();
    const StringRef name = callee->getName();
    if (!callee->isDeclaration()) return device_call(call, functions_.at(callee));
    if (const WaitingCall* waiting = find_waiting_call(name)) return wait(call, *waiting);
    if (name == kTidX || name == kTidY || name == kTidZ)
      return thread_index(name == kTidX ? 0 : name == kTidY ? 1 : 2);
    if (name == kLaneId) return lane_number();
    if (name == kWarpId) return b_.CreateLShr(thread(), b_.getInt32(5));
    if (name == kSharedBase) return block_field(offsetof(exec::BlockState, shared));
    if (name == kLocalBase) {
      Value* base = block_field(offsetof(exec::BlockState, local));
      Value* mine = b_.CreateMul(b_.CreateZExt(thread(), b_.getInt64Ty()), b_.getInt64(layout_.local_bytes));
      return b_.CreateGEP(b_.getInt8Ty(), base, mine);
    }
    // Every thread for itself: the lanes that are sure to run this together are this one.
    if (name == kActiveMask) return b_.CreateShl(b_.getInt32(1), lane_number());
    if (name == kCheckAlign) return check_align(call);
    if (name == kTrap) return trap(call.getArgOperand(0), call.getArgOperand(1));
    if (name == kClock64) return b_.CreateIntrinsic(Intrinsic::readcyclecounter, {}, {});
    if (name.starts_with(kIndirectPrefix)) return indirect_call(call);
    if (name.starts_with(kCountPrefix)) {
      count_for_thread(b_, launch(), block(), call);
      return nullptr;
    }
    if (name == kCheckAccess || name == kCheckSync) {
      check_for_thread(b_, launch(), block(), thread(), call);
      return nullptr;
    }
    if (name.starts_with(kTexturePrefix)) return texture_call(call);
    if (name.starts_with(kRuntimePrefix)) {
      std::vector<Value*> args(call.arg_begin(), call.arg_end());
      return b_.CreateCall(call.getFunctionType(), helper(name.drop_front(kRuntimePrefix.size())), args);
    }
    if (const auto selector = rounding_selector(name)) return directed_rounding(call, *selector);
    error_ = ("no form for one thread: " + name).str();
    return nullptr;
  }

  Value* thread_index(int axis) {
    const auto extent = [&](unsigned i) -> Value* {
      if (layout_.specialised()) return b_.getInt32(layout_.block[i]);
      return b_.CreateLoad(b_.getInt32Ty(), field(launch(), offsetof(exec::LaunchArgs, block) + 4 * i));
    };
    if (axis == 0) return b_.CreateURem(thread(), extent(0));
    Value* rows = b_.CreateUDiv(thread(), extent(0));
    return axis == 1 ? b_.CreateURem(rows, extent(1)) : b_.CreateUDiv(rows, extent(1));
  }

  void put(size_t offset, Value* v) { b_.CreateStore(v, field(lane_, offset)); }

  Value* wait(CallInst& call, const WaitingCall& waiting) {
    if (!lane_) return nullptr;  // a yield, see narrow_obstacle
    const auto arg = [&](unsigned i) { return call.getArgOperand(i); };
    Value *value = nullptr, *members = nullptr, *b = nullptr;
    switch (waiting.group) {
      case LaneGroup::kNone:
        note_poll(b_, block(), call);
        break;
      case LaneGroup::kBlock:
        members = arg(0), b = arg(1);
        if (call.arg_size() > 2) value = arg(2);
        break;
      case LaneGroup::kSync:
        members = arg(0);
        break;
      case LaneGroup::kShfl:
        value = arg(0), b = arg(1), members = arg(3);
        put(offsetof(LaneState, c), arg(2));
        break;
      default:
        value = arg(0), members = arg(1);
    }
    put(offsetof(LaneState, op), b_.getInt32(uint32_t(waiting.op)));
    if (members) put(offsetof(LaneState, members), members);
    if (b) put(offsetof(LaneState, b), b);
    if (value) put(offsetof(LaneState, value), b_.CreateZExtOrTrunc(value, b_.getInt64Ty()));
    FunctionCallee suspend = f_.getParent()->getOrInsertFunction(kSuspend, b_.getVoidTy(), b_.getInt32Ty());
    b_.CreateCall(suspend, {b_.getInt32(waiting.op == LaneOp::kYield ? kSuspendYield : kSuspendBarrier)});
    return call.getType()->isVoidTy() ? nullptr : result(call.getType());
  }

  Value* result(Type* type) {
    Value* value = b_.CreateLoad(b_.getInt64Ty(), field(lane_, offsetof(LaneState, value)));
    if (!type->isStructTy()) return b_.CreateTrunc(value, type);
    Value* flag = b_.CreateLoad(b_.getInt32Ty(), field(lane_, offsetof(LaneState, flag)));
    Value* pair = PoisonValue::get(type);
    pair = b_.CreateInsertValue(pair, b_.CreateTrunc(value, type->getStructElementType(0)), 0);
    return b_.CreateInsertValue(pair, b_.CreateICmpNE(flag, b_.getInt32(0)), 1);
  }

  Value* trap(Value* kind, Value* info) {
    FunctionType* type = FunctionType::get(
        b_.getVoidTy(), {b_.getPtrTy(), b_.getInt32Ty(), b_.getInt64Ty(), b_.getInt32Ty()}, false);
    b_.CreateCall(type, helper("trap"), {block(), kind, info, thread()})->addFnAttr(Attribute::Cold);
    return nullptr;
  }

  /// `count` rows of a warp's values, and where this lane's are in the first.
  std::pair<AllocaInst*, Value*> warp_rows(Type* type, unsigned count) {
    auto* rows = new AllocaInst(ArrayType::get(type, size_t{count} * kLanes), 0, "rows",
                                f_.getEntryBlock().getFirstNonPHIOrDbgOrAlloca());
    return {rows, b_.CreateGEP(type, rows, lane_number())};
  }

  /// The helper serves a warp: it is given this lane alone.
  Value* texture_call(CallInst& call) {
    Type *i32 = b_.getInt32Ty(), *i64 = b_.getInt64Ty(), *ptr = b_.getPtrTy();
    const unsigned words = call.arg_size() - 2;
    const auto [handles, my_handle] = warp_rows(i64, 1);
    const auto [in, my_in] = warp_rows(i32, std::max(words, 1u));
    const auto [out, my_out] = warp_rows(i32, exec::kTextureOutputs);
    b_.CreateStore(call.getArgOperand(1), my_handle);
    for (unsigned k = 0; k < words; k++)
      b_.CreateStore(call.getArgOperand(k + 2), b_.CreateConstGEP1_64(i32, my_in, k * kLanes));
    FunctionType* type = FunctionType::get(i32, {ptr, i64, ptr, ptr, ptr, i32, i32}, false);
    Value* first = b_.CreateAnd(thread(), b_.getInt32(~(kLanes - 1)));
    b_.CreateCall(type, helper("texture"),
                  {block(), call.getArgOperand(0), handles, in, out,
                   b_.CreateShl(b_.getInt32(1), lane_number()), first});
    Value* result = PoisonValue::get(call.getType());
    for (unsigned k = 0; k < exec::kTextureOutputs; k++)
      result =
          b_.CreateInsertValue(result, b_.CreateLoad(i32, b_.CreateConstGEP1_64(i32, my_out, k * kLanes)), k);
    return result;
  }

  Value* check_align(CallInst& call) {
    Value* bad = b_.CreateICmpNE(call.getArgOperand(0), b_.getInt64(0));
    b_.SetInsertPoint(SplitBlockAndInsertIfThen(bad, &call, true));
    return trap(b_.getInt32(uint32_t(exec::Trap::kMisaligned)), call.getArgOperand(1));
  }

  Value* directed_rounding(CallInst& call, uint32_t selector) {
    Type* t = call.getType();
    std::vector<Value*> args{b_.getInt32(selector)};
    for (unsigned i = 0; i < 3; i++)
      args.push_back(i < call.arg_size() ? call.getArgOperand(i) : (Value*)ConstantFP::get(t, 0));
    FunctionType* type = FunctionType::get(t, {b_.getInt32Ty(), t, t, t}, false);
    return b_.CreateCall(type, helper(t->isDoubleTy() ? "fround_f64" : "fround_f32"), args);
  }

  Value* call_value(CallInst* made) { return made->getType()->isVoidTy() ? nullptr : made; }

  Value* device_call(CallInst& call, Function* callee) {
    std::vector<Value*> args{launch(), block(), thread()};
    for (unsigned i = 2; i < call.arg_size(); i++) args.push_back(call.getArgOperand(i));
    return call_value(b_.CreateCall(callee, args));
  }

  Value* indirect_call(CallInst& call) {
    std::vector<Value*> args{launch(), block(), thread()};
    std::vector<Type*> scalar{b_.getPtrTy(), b_.getPtrTy()},
        narrow{b_.getPtrTy(), b_.getPtrTy(), b_.getInt32Ty()};
    for (unsigned i = 1; i < call.arg_size(); i++) {
      args.push_back(call.getArgOperand(i));
      scalar.push_back(args.back()->getType());
      narrow.push_back(args.back()->getType());
    }
    const FunctionType* wanted = FunctionType::get(call.getType(), scalar, false);
    Value* id = call.getArgOperand(0);
    Value* target = ConstantPointerNull::get(b_.getPtrTy());
    if (NamedMDNode* list = f_.getParent()->getNamedMetadata(kFunctionsMetadata))
      for (MDNode* node : list->operands()) {
        auto* f = mdconst::dyn_extract_or_null<Function>(node->getOperand(0));
        auto* number = mdconst::dyn_extract_or_null<ConstantInt>(node->getOperand(1));
        if (!f || !number || f->getFunctionType() != wanted) continue;
        target = b_.CreateSelect(b_.CreateICmpEQ(id, number), functions_.at(f), target);
      }
    Instruction* bad = SplitBlockAndInsertIfThen(b_.CreateIsNull(target), &call, true);
    b_.SetInsertPoint(bad);
    trap(b_.getInt32(uint32_t(exec::Trap::kInvalidPc)), id);
    b_.SetInsertPoint(&call);
    return call_value(b_.CreateCall(FunctionType::get(call.getType(), narrow, false), target, args));
  }

  Function& f_;
  const WarpLayout& layout_;
  IRBuilder<> b_;
  Value* lane_;  ///< null in a device function
  const std::map<const Function*, Function*>& functions_;
  std::string error_;
};

/// launch, block, thread; a kernel: threads, lane state; a device function: its own parameters.
FunctionType* narrow_type(const Function& f, bool is_kernel) {
  LLVMContext& c = f.getContext();
  Type *ptr = PointerType::getUnqual(c), *i32 = Type::getInt32Ty(c);
  std::vector<Type*> params{ptr, ptr, i32};
  if (is_kernel) params.insert(params.end(), {i32, ptr});
  for (unsigned i = 2; i < f.arg_size(); i++) params.push_back(f.getArg(i)->getType());
  return FunctionType::get(f.getReturnType(), params, false);
}

}  // namespace

std::string narrow_obstacle(const Module& module, const std::string& kernel) {
  if (module.getNamedMetadata(kLockstepMetadata)) return "it has warp operations without member masks";
  for (const Function& f : module) {
    if (f.isDeclaration()) continue;
    for (const Instruction& inst : instructions(f)) {
      const auto* call = dyn_cast<CallInst>(&inst);
      const Function* callee = call ? call->getCalledFunction() : nullptr;
      if (!callee || callee->isIntrinsic() || !callee->isDeclaration()) continue;
      const StringRef name = callee->getName();
      // Run one at a time, lanes would each be told that they are alone (coalesced_threads of one).
      if (name == kActiveMask) return "it asks which lanes are active together";
      const WaitingCall* waiting = find_waiting_call(name);
      if (waiting && waiting->op != LaneOp::kYield && f.getName() != kernel)
        return (name + " in a function that could not be inlined").str();
      if (!waiting && !is_plain_call(name)) return (name + " has no form for one thread").str();
    }
  }
  return {};
}

Outcome narrow_module(Module& module, const std::string& kernel, const WarpLayout& layout) {
  std::vector<Function*> scalars;
  for (Function& f : module)
    if (!f.isDeclaration()) scalars.push_back(&f);
  std::map<const Function*, Function*> narrow;
  for (Function* f : scalars) {
    Function* n = Function::Create(narrow_type(*f, f->getName() == kernel), GlobalValue::InternalLinkage,
                                   f->getName() + ".lane", module);
    narrow[f] = n;
  }
  for (Function* f : scalars) {
    Function* n = narrow.at(f);
    const bool is_kernel = f->getName() == kernel;
    ValueToValueMapTy map;
    for (unsigned i = 0; i < f->arg_size(); i++) map[f->getArg(i)] = n->getArg(i < 2 ? i : i + 1);
    SmallVector<ReturnInst*, 4> returns;
    CloneFunctionInto(n, f, map, CloneFunctionChangeType::LocalChangesOnly, returns);
    n->setDSOLocal(true);  // cloning copies that too
    const std::string error = ThreadBuilder(*n, layout, is_kernel, narrow).run();
    if (!error.empty()) return {.error = error};
  }
  if (NamedMDNode* list = module.getNamedMetadata(kFunctionsMetadata)) list->eraseFromParent();
  Function* lane = narrow.at(module.getFunction(kernel));
  const std::string name = kernel + ".block";
  for (Function* f : scalars) f->dropAllReferences();
  for (Function* f : scalars) f->eraseFromParent();
  return assemble_lanes(*lane, name, layout);
}

}  // namespace ppu::simt
