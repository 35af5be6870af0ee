// NVVM IR as its users write it is the LLVM IR of old: pointers have types, and a few intrinsics are NVVM's
// own (NVVM IR specification, "Intrinsic Functions"). Here it becomes what LLVM 19 reads. Bitcode needs none
// of this: LLVM's reader upgrades it.
#pragma once
#include <string>
#include <string_view>

namespace ppu::nvvm {

/// True for bitcode (either wrapper), false for text.
bool is_bitcode(std::string_view module);

/// The same module in LLVM 19's dialect: `T*` becomes `ptr`, NVVM's own intrinsics become calls of
/// functions of sdk/device/nvvm.ll, and the target's layout is left to the compiler. Text that isn't IR
/// comes out as wrong as it went in; the compiler reports it.
std::string modernised(std::string_view text);

}  // namespace ppu::nvvm
