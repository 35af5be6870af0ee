// From a kernel of a module to something that runs: the object cache, the compiler library, or the reference
// interpreter.
#pragma once
#include <memory>

#include "device/module.h"

namespace ppu::device {

/// Block shapes a kernel is specialised on before a generic build serves the rest.
constexpr size_t kSpecialisedShapes = 4;

/// Which engine runs kernels. PPU_ENGINE: "jit" (no fall-back), "ref", or unset: compiled code, and the
/// reference interpreter, with one warning a kernel, for what the compiler doesn't do.
enum class Engine { kDefault, kJit, kRef };
Engine engine();

/// Code of `function` for this block shape (0,0,0: any). Null with *result set: NOT_SUPPORTED for
/// instructions that aren't done, with one log line naming them. `check`: code that tells an exec::Checker
/// what it does.
std::unique_ptr<Executable> build_executable(const Function& function, const uint32_t block[3], bool check,
                                             CUresult* result);

/// The reference interpreter for `function`, whatever the engine; null if it doesn't take it.
std::unique_ptr<Executable> build_interpreter(const Function& function);

}  // namespace ppu::device
