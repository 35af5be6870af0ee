// The compiler's face: PTX tree in, KernelImage bytes out. Lives in libppu_compiler.so, the only library that
// carries LLVM (statically, hidden), opened when a kernel isn't in the cache.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "exec/kernel_abi.h"
#include "exec/kernel_image.h"
#include "ptx/tree.h"
#include "simt/simt.h"

namespace ppu::codegen {

enum class Cpu : uint8_t { kNative, kAvx512, kAvx2 };  ///< kNative: best of what this machine has; PPU_CPU

/// What libcuda and libppu_compiler must agree on: instruction rows travel by number, trees and launch state
/// by layout. Computed once a process.
inline uint64_t interface_fingerprint() {
  static const uint64_t value = [] {
    uint64_t h = 14695981039346656037u;  // FNV-1a
    auto mix = [&](uint64_t x) { h = (h ^ x) * 1099511628211u; };
    for (const isa::Row& row : isa::table())
      for (const char* c = row.text; *c; c++) mix(uint8_t(*c));
    for (const size_t x : {size_t(exec::kAbiVersion), sizeof(ptx::Module), sizeof(ptx::Function),
                           sizeof(ptx::Instruction), sizeof(ptx::Operand), sizeof(ptx::Variable),
                           sizeof(exec::LaunchArgs), sizeof(exec::BlockState), sizeof(exec::RuntimeTable)})
      mix(x);
    return h;
  }();
  return value;
}

struct CompileRequest {
  uint64_t fingerprint = interface_fingerprint();  ///< always the first field
  const ptx::Module* module = nullptr;
  std::string kernel;             ///< .entry name
  uint32_t block[3] = {0, 0, 0};  ///< specialise on this blockDim; 0,0,0 = generic
  Cpu cpu = Cpu::kNative;
  uint8_t opt_level = 2;                     ///< 0 quick, 2 full
  simt::Lanes lanes = simt::Lanes::kChosen;  ///< PPU_LANES where this says kChosen
  uint32_t gang = 0;   ///< warps run in step where legal; 0 = chosen by the kernel's loops
  bool count = false;  ///< code that counts in BlockState::counters what ptx::ProfilePlan says
  bool check = false;  ///< code that tells the checker what it does (exec/check_abi.h)
  uint32_t call_stack_bytes = exec::kCallStackBytes;  ///< .local memory for functions that aren't inlined
};

/// Compiles one kernel into the bytes of exec::serialize. Thread-safe. Errors: kUnsupported names the
/// instruction and its PTX line; kBug carries the LLVM verifier's words.
Result<std::vector<std::byte>> compile(const CompileRequest& request);

}  // namespace ppu::codegen

/// The one symbol libppu_compiler.so exports; libcuda finds it with dlsym. Returns nullptr on success and
/// puts malloc'ed bytes in *image; else a malloc'ed message whose first byte is '0' + ErrorKind.
extern "C" char* ppu_compile_v1(const ppu::codegen::CompileRequest* request, void** image, size_t* size);
