#include "simt/runtime_calls.h"

#include <cstddef>

#include "exec/kernel_abi.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Metadata.h"
#include "simt/names.h"

using namespace llvm;

namespace ppu::simt {

std::optional<unsigned> helper_slot(StringRef name) {
  struct Row {
    StringLiteral name;
    unsigned slot;
  };
#define RT(helper, result, params) {#helper, offsetof(exec::RuntimeTable, helper) / sizeof(void*)},
  static const Row kRows[] = {PPU_RUNTIME_HELPERS(RT)};
#undef RT
  for (const Row& row : kRows)
    if (name == row.name) return row.slot;
  return std::nullopt;
}

Value* load_helper(IRBuilder<>& b, Value* launch, unsigned slot) {
  Value* table =
      b.CreateLoad(b.getPtrTy(), b.CreateConstGEP1_64(b.getInt8Ty(), launch, offsetof(exec::LaunchArgs, rt)));
  return b.CreateLoad(b.getPtrTy(), b.CreateConstGEP1_64(b.getPtrTy(), table, slot));
}

void note_poll(IRBuilder<>& b, Value* block, const CallInst& yield) {
  const MDNode* node = yield.getMetadata(kLineMetadata);
  auto* line = node ? mdconst::dyn_extract<ConstantInt>(node->getOperand(0)) : nullptr;
  if (line)
    b.CreateStore(line, b.CreateConstGEP1_64(b.getInt8Ty(), block, offsetof(exec::BlockState, poll_line)));
}

std::optional<uint32_t> rounding_selector(StringRef call) {
  static const StringLiteral kOps[] = {"add", "sub", "mul", "div", "fma", "sqrt"};
  static const StringLiteral kModes[] = {"rn", "rz", "rm", "rp"};
  const auto [op, tail] = call.drop_front(kFloatPrefix.size()).split('.');
  const StringRef mode = tail.split('.').first;
  for (uint32_t o = 0; o < 6; o++)
    for (uint32_t m = 0; m < 4; m++)
      if (op == kOps[o] && mode == kModes[m]) return o * 4 + m;
  return std::nullopt;
}

}  // namespace ppu::simt
