// Calls that tell the checker of `ppu check` what a kernel does: ppu.check.* of the contract in simt/simt.h,
// before each access and where threads meet. None of them in other code, but for the test of alignment.
#include <algorithm>

#include "exec/check_abi.h"
#include "lower/lowering.h"

namespace ppu::lower {

using ptx::Space;

uint32_t ModuleLowering::place_of(const ptx::Function& f) const {
  if (places_.empty()) places_ = ptx::reachable(source, kernel.name).functions;
  const int32_t index = int32_t(&f - source.functions.data());
  return uint32_t(std::lower_bound(places_.begin(), places_.end(), index) - places_.begin());
}

uint64_t FunctionLowering::place(uint32_t what, Space space, uint32_t order) const {
  const size_t instruction = now ? size_t(now - source.body.data()) : source.body.size();
  return exec::CheckPlace{module.place_of(source), uint32_t(instruction), what, uint32_t(space), order}
      .word();
}

void FunctionLowering::check_access(const Address& at, uint32_t bytes, exec::CheckedAccess kind,
                                    uint32_t order) {
  if (!module.checking()) return check_alignment(at, bytes);
  if (at.checked) tell(at.pointer, at.space, i32(bytes), kind, order);
}

void FunctionLowering::tell(llvm::Value* pointer, Space space, llvm::Value* bytes, exec::CheckedAccess kind,
                            uint32_t order) {
  call("ppu.check.access", ir.getVoidTy(), {i64(place(uint32_t(kind), space, order)), bytes, pointer});
}

void FunctionLowering::tell_access(llvm::Value* pointer, Space space, llvm::Value* bytes,
                                   exec::CheckedAccess kind, uint32_t order) {
  if (module.checking()) tell(pointer, space, bytes, kind, order | exec::kPieces);
}

void FunctionLowering::tell_sync(exec::CheckedSync kind, llvm::Value* word) {
  if (!module.checking()) return;
  call("ppu.check.sync", ir.getVoidTy(),
       {i64(place(uint32_t(kind), Space::kNone, 0)), ir.CreateZExtOrTrunc(word, ir.getInt64Ty())});
}

}  // namespace ppu::lower
