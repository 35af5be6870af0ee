// What each of LLVM's passes takes, for PPU_LOG=jit=debug.
#pragma once

namespace ppu::codegen {

/// Whether passes are timed. The first call sets LLVM's switch for code generation.
bool pass_times_wanted();

/// Logs what code generation's passes took since the last call.
void log_pass_times();

}  // namespace ppu::codegen
