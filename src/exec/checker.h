// Who is told what checked code does: the interface behind the helpers check_access and check_sync.
#pragma once
#include <cstdint>

#include "exec/check_abi.h"
#include "exec/kernel_abi.h"

namespace ppu::exec {

/// One grid's. All calls come from the worker that runs the block, inside the kernel's protected region.
class Checker {
 public:
  virtual ~Checker() = default;
  /// A block starts in this state.
  virtual void block_starts(BlockState& block) = 0;
  /// The lanes of `mask` (lane 0 is thread `first` of the block) are about to access `bytes` at their
  /// addresses. Kind of trap to end the launch with, its address in *info and its lane in *lane; kNone: go
  /// on.
  virtual Trap access(BlockState& block, uint64_t place, const uint64_t* address, uint32_t bytes,
                      uint32_t mask, uint32_t first, uint64_t* info, uint32_t* lane) = 0;
  virtual void sync(BlockState& block, uint64_t place, const uint64_t* words, uint32_t mask,
                    uint32_t first) = 0;
  /// free() in a kernel of what isn't a live allocation of the device's heap.
  virtual void bad_free(BlockState& block, uint64_t address) = 0;
  /// The block waits for ever at its barriers.
  virtual void deadlock(BlockState& block) = 0;
};

}  // namespace ppu::exec
