// Which instruction set kernels are compiled for, and whether lanes run as vectors. No LLVM: the object
// cache's key is made of this without the compiler library being loaded.
#pragma once
#include <string>

#include "base/result.h"
#include "codegen/compiler.h"

namespace ppu::codegen {

/// True if this machine (CPU and OS) can run the tier.
bool cpu_supports(Cpu cpu);

/// kNative becomes what PPU_CPU names (avx512 or avx2), else the best tier of this machine. Errors: kBadInput
/// for an unknown PPU_CPU, kUnsupported if the machine lacks the tier (or has neither).
Result<Cpu> resolve_cpu(Cpu cpu);

const char* cpu_name(Cpu cpu);

/// kChosen becomes what PPU_LANES says: wide, narrow, or (unset, auto) as each kernel needs. Errors:
/// kBadInput.
Result<simt::Lanes> resolve_lanes(simt::Lanes lanes);

/// Tier, PPU_LANES, and everything about this machine that the generated code may depend on (CPUID model and
/// features).
std::string cpu_key(Cpu cpu);

}  // namespace ppu::codegen
