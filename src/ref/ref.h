// The reference interpreter: runs a kernel's PTX one warp at a time, with no compiler in between. Slow and
// obvious; every result of the compiler is judged by it. Offers the face of a compiled kernel, so
// PPU_ENGINE=ref runs any program on it.
//
// Lanes have their own program counters. The lanes of a warp that stand at the same place run together, those
// at the lowest place first, so branches meet again where the text does. Lanes that spin on memory let the
// others go on after a while; so do warps, and blocks through the return value of run_block.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "exec/kernel_abi.h"
#include "exec/kernel_image.h"
#include "ptx/tree.h"

namespace ppu::ref {

struct Program;
class BlockRun;

/// Sees every memory access of a run, before it happens; `address` is a host address. For diagnosis.
class AccessHook {
 public:
  virtual ~AccessHook() = default;
  struct Access {
    uint64_t address = 0;
    uint32_t bytes = 0;
    bool is_write = false;
    uint32_t thread = 0;  ///< linear in the block
    ptx::SourcePos pos;   ///< of the instruction
    const char* function = "";
  };
  /// Reads `bytes` into `out`, or writes them from `in`. False stops the run.
  virtual bool load(const Access& access, void* out) = 0;
  virtual bool store(const Access& access, const void* in) = 0;
  /// The run stops: misaligned (address and size in `access`), trap, deadlock...
  virtual void trapped(const Access& access, exec::Trap kind) {}
};

class RefKernel {
 public:
  /// Prepares `kernel` of `module` (copied). Errors: kBadInput if there is no such kernel; kUnsupported names
  /// the instruction that is reachable from it and has no meaning yet, with its PTX line.
  /// `check`: tells LaunchServices::checker what it does. `count`: adds what it does to BlockState::counters,
  /// then an exec::Counters. `call_stack_bytes`: .local memory for the frames of called functions.
  static Result<std::unique_ptr<RefKernel>> make(const ptx::Module& module, const std::string& kernel,
                                                 bool count = false, bool check = false,
                                                 uint32_t call_stack_bytes = exec::kCallStackBytes);
  ~RefKernel();

  const exec::KernelInfo& info() const;
  /// Bytes of the parameter block.
  uint32_t param_bytes() const;

  /// Runs one block as an exec::BlockFunction does: 0 when it has ended, 1 when it waits for another block.
  /// May be left by longjmp when a kernel faults or traps; nothing is lost then. Thread-safe.
  uint32_t run_block(const exec::LaunchArgs* launch, exec::BlockState* block);

  /// As run_block, with every access going through `hook`; device printf and malloc do nothing. False if the
  /// hook or a trap stopped it, or if it isn't done after `max_rounds` turns of 20,000 steps for each warp.
  bool run_hooked(const exec::LaunchArgs* launch, exec::BlockState* block, AccessHook* hook,
                  int max_rounds = 200);

 private:
  RefKernel();
  BlockRun* acquire();
  void release(BlockRun* run);
  struct Pool;
  std::unique_ptr<Program> program_;
  std::unique_ptr<Pool> pool_;
};

}  // namespace ppu::ref
