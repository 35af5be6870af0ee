// Narrow kernels: instead of a warp of 32-lane vectors, every thread is a state machine of its own, which
// exec/lane_scheduler.cpp runs. Slow, but a lane can wait for any other, wherever each of them stands. For
// the kernels that need it (lanes_wait.h) and as a third engine in tests.
#pragma once
#include <string>

#include "simt/shape.h"
#include "simt/simt.h"

namespace llvm {
class Function;
class Module;
}  // namespace llvm

namespace ppu::simt {

/// Why this kernel can't be narrow (a function that isn't inlined waits, an operation unknown here); empty if
/// it can.
std::string narrow_obstacle(const llvm::Module& module, const std::string& kernel);

/// As widen_module, for a kernel without obstacle.
Outcome narrow_module(llvm::Module& module, const std::string& kernel, const WarpLayout& layout);

}  // namespace ppu::simt
