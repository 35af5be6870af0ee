// The x86-64 target of each CPU tier, and turning a module into an ELF object in memory.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "codegen/compiler.h"

namespace llvm {
class Module;
class TargetMachine;
}  // namespace llvm

namespace ppu::codegen {

/// A machine for `cpu` (kAvx512 or kAvx2, resolved). PIC, small code model.
Result<std::unique_ptr<llvm::TargetMachine>> make_target(Cpu cpu, int opt_level);

/// Sets triple, data layout, CPU attributes of every function, 512-bit preference, no unwinding, no probes.
void set_target_attributes(llvm::Module& module, const llvm::TargetMachine& target, Cpu cpu);

/// Machine code: an ELF relocatable object. Consumes nothing; the module is changed by code preparation.
std::vector<std::byte> emit_object(llvm::Module& module, llvm::TargetMachine& target);

/// The same as assembler text, from a copy of the module.
std::string emit_assembly(const llvm::Module& module, llvm::TargetMachine& target);

}  // namespace ppu::codegen
