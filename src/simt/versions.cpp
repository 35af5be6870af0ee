// Two versions of a stretch of code. `row * n + column` is 32 bits wide in PTX; extended to an address it
// grows evenly from lane to lane unless some lane's value wraps, which only a test at run time can tell. One
// scalar test for all addresses of a stretch; where it holds, which is nearly always, they are planned like
// any others. Elsewhere each lane's address is exact, and accesses are gathers.
#include <algorithm>

#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/MDBuilder.h"
#include "simt/names.h"
#include "simt/widener.h"

using namespace llvm;

namespace ppu::simt {
namespace {

/// Reads no memory, writes none, waits for nothing: may run before what stands in front of it.
bool may_move_up(const Instruction& inst) {
  return isa<BinaryOperator>(inst) || isa<CastInst>(inst) || isa<GetElementPtrInst>(inst) ||
         isa<CmpInst>(inst) || isa<SelectInst>(inst);
}

/// Barriers end code; matrix products are kept track of along it; calls of functions are dear.
bool may_stand_twice(const Instruction& inst) {
  const auto* call = dyn_cast<CallInst>(&inst);
  if (!call) return !isa<AllocaInst>(inst);
  const Function* f = call->getCalledFunction();
  if (!f || !f->isDeclaration()) return false;
  const StringRef n = f->getName();
  return !is_barrier(*call) && n != kYield && !n.starts_with(kIndirectPrefix) && !is_matrix_op(n);
}

}  // namespace

bool Widener::plainly_linear(const Shape& shape) const {
  return shape.is_linear() && unwraps(shape);
}

bool Widener::unwraps(const Shape& shape) const {
  for (const Extension& e : shape.if_unwrapped)
    if (!unwrapped_.contains(e.extension)) return false;
  return true;
}

/// True in the version where the extended value of every lane is what the shape says.
Value* Widener::unwrapped(const Instruction& extension) {
  Value* narrow = extension.getOperand(0);
  const Shape shape = shapes_.of(narrow);
  const bool is_signed = extension.getOpcode() == Instruction::SExt;
  const int64_t lowest = is_signed ? INT32_MIN : 0;
  const unsigned lanes = shape.is_linear() ? kLanes : shape.piece;
  Value* ok = b_.getTrue();
  for (unsigned first = 0; first < kLanes; first += lanes) {
    const auto [low, high] = std::minmax_element(shape.c.begin() + first, shape.c.begin() + first + lanes);
    // lowest <= base + low and base + high <= highest, in one comparison.
    Value* base = lane_scalar(narrow, first);
    const int64_t from = *low - shape.c[first], span = *high - *low;
    base = b_.CreateCast(Instruction::CastOps(extension.getOpcode()), base, b_.getInt64Ty());
    Value* above = b_.CreateAdd(base, b_.getInt64(uint64_t(from - lowest)));
    ok = b_.CreateAnd(ok, b_.CreateICmpULE(above, b_.getInt64(uint64_t(UINT32_MAX) - uint64_t(span))));
  }
  return ok;
}

/// What extensions that may have wrapped put each lane off by; null if none may have.
Value* Widener::wrapping_of(const Shape& shape) {
  Value* sum = nullptr;
  for (const Extension& e : shape.if_unwrapped) {
    if (unwrapped_.contains(e.extension)) continue;
    auto* extension = const_cast<Instruction*>(e.extension);
    Value* narrow = extension->getOperand(0);
    const Shape s = shapes_.of(narrow);
    Value* lanes = b_.CreateAdd(splat(opaque(scalar(narrow))), offsets(s.c, narrow->getType()));
    Value* exact = b_.CreateCast(cast<CastInst>(extension)->getOpcode(), lanes, wide(b_.getInt64Ty()));
    Value* even = b_.CreateAdd(splat(scalar(extension)), offsets(s.c, b_.getInt64Ty()));
    Value* off = b_.CreateMul(b_.CreateSub(exact, even), splat(b_.getInt64(uint64_t(e.factor))));
    sum = sum ? b_.CreateAdd(sum, off) : off;
  }
  return sum;
}

/// `x`, so that LLVM computes nothing of it before it is needed: slow versions must not cost fast ones
/// anything.
Value* Widener::opaque(Value* x) {
  Type* t = x->getType();
  if (isa<Constant>(x)) return x;
  auto* type = FunctionType::get(t, {t}, false);
  return b_.CreateCall(type, InlineAsm::get(type, "", "=r,0", true), {x});
}

void Widener::emit_versions(ArrayRef<Instruction*> code) {
  std::set<const Instruction*> extensions;
  for (const Instruction* inst : code)
    if (has_plan(*inst))
      for (const Extension& e : shapes_.of(accessed_pointer(*inst)).if_unwrapped)
        if (std::find(code.begin(), code.end(), e.extension) == code.end() &&
            !unwrapped_.contains(e.extension))
          extensions.insert(e.extension);
  Value* ok = b_.getTrue();
  for_each_warp([&] {
    for (const Instruction* e : extensions) ok = b_.CreateAnd(ok, unwrapped(*e));
  });
  BasicBlock *even = new_block("even"), *wrapped = new_block("wrapped"), *done = new_block("either");
  auto* br = b_.CreateCondBr(ok, even, wrapped);
  br->setMetadata(LLVMContext::MD_prof, MDBuilder(context_).createBranchWeights(100000, 1));
  b_.SetInsertPoint(wrapped);
  const bool compact = std::exchange(compact_, true);
  emit_all(code);
  compact_ = compact;
  b_.CreateBr(done);
  b_.SetInsertPoint(even);
  const std::set<const Instruction*> before = unwrapped_;
  unwrapped_.insert(extensions.begin(), extensions.end());
  emit_all(code);
  unwrapped_ = before;
  b_.CreateBr(done);
  b_.SetInsertPoint(done);
}

void Widener::emit_in_versions(std::vector<Instruction*> code) {
  const auto wants = [&](const Instruction* inst) { return has_plan(*inst); };
  while (true) {
    const auto first = std::find_if(code.begin(), code.end(), wants);
    if (first == code.end()) return emit_all(code);
    auto end = std::find_if(first, code.end(), [](const Instruction* i) { return !may_stand_twice(*i); });
    // What the test needs comes in front of it.
    std::set<const Instruction*> needed, late(first, code.end());
    const std::function<bool(const Value*)> need = [&](const Value* v) {
      const auto* inst = dyn_cast<Instruction>(v);
      if (!inst || !late.contains(inst) || needed.contains(inst)) return true;
      if (!may_move_up(*inst)) return false;
      for (const Value* operand : inst->operands())
        if (!need(operand)) return false;
      needed.insert(inst);
      return true;
    };
    for (auto it = first; it != end; ++it)
      if (wants(*it))
        for (const Extension& e : shapes_.of(accessed_pointer(**it)).if_unwrapped) need(e.extension);
    // What can't come in front (it depends on something loaded here) begins a stretch of its own.
    for (auto it = first; it != end; ++it) {
      if (!wants(*it)) continue;
      for (const Extension& e : shapes_.of(accessed_pointer(**it)).if_unwrapped)
        if (late.contains(e.extension) && !needed.contains(e.extension))
          end = std::min(end, std::find(first, end, e.extension));
    }
    std::vector<Instruction*> front(code.begin(), first), twice;
    for (auto it = first; it != code.end(); ++it)
      if (needed.contains(*it)) front.push_back(*it);
    auto last = end;
    while (last != first && !wants(*std::prev(last))) --last;
    for (auto it = first; it != last; ++it)
      if (!needed.contains(*it)) twice.push_back(*it);
    std::vector<Instruction*> rest;
    for (auto it = last; it != code.end(); ++it)
      if (!needed.contains(*it)) rest.push_back(*it);
    emit_all(front);
    emit_versions(twice);
    code = std::move(rest);
  }
}

}  // namespace ppu::simt
