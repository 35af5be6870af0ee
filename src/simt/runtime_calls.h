// Names of the scalar-IR contract that become calls of exec::RuntimeTable: which slot, with what selector.
#pragma once
#include <optional>

#include "llvm/ADT/StringRef.h"
#include "llvm/IR/IRBuilder.h"

namespace ppu::simt {

/// The slot of exec::PPU_RUNTIME_HELPERS' row `name`.
std::optional<unsigned> helper_slot(llvm::StringRef name);

/// Loads the helper's address.
llvm::Value* load_helper(llvm::IRBuilder<>& b, llvm::Value* launch, unsigned slot);

/// Notes in the block's state which PTX line polls memory, as far as `yield` knows.
void note_poll(llvm::IRBuilder<>& b, llvm::Value* block, const llvm::CallInst& yield);

/// First argument of fround_f32/f64 for "ppu.f<op>.<mode>.<type>".
std::optional<uint32_t> rounding_selector(llvm::StringRef call);

}  // namespace ppu::simt
