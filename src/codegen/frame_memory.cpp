// See frame_memory.h.
#include "codegen/frame_memory.h"

#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Module.h>

#include <cstddef>

#include "exec/kernel_abi.h"

using namespace llvm;

namespace ppu::codegen {

bool in_frame(const Value* pointer) {
  const auto* load = dyn_cast<LoadInst>(getUnderlyingObject(pointer, 0));
  if (!load) return false;
  const Function& f = *load->getFunction();
  APInt offset(64, 0);
  const Value* from = load->getPointerOperand()->stripAndAccumulateConstantOffsets(
      f.getParent()->getDataLayout(), offset, true);
  return f.arg_size() > 1 && from == f.getArg(1) && offset == offsetof(exec::BlockState, frame);
}

FramePlace frame_place(const Value* pointer, uint64_t bytes, const DataLayout& layout) {
  if (!in_frame(pointer)) return {};
  APInt offset(64, 0);
  const Value* base = pointer->stripAndAccumulateConstantOffsets(layout, offset, true);
  return {base, offset.getSExtValue(), offset.getSExtValue() + int64_t(bytes)};
}

}  // namespace ppu::codegen
