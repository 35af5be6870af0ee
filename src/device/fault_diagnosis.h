// Which thread faulted: compiled code knows the warp, the reference interpreter the rest.
#pragma once
#include <string>

#include "device/module.h"

namespace ppu::device {

/// Runs the faulted block again in the interpreter, without effect on memory, to name the first access that
/// can't be made: "thread (3,0,0) wrote 4 bytes at 0x7f..., PTX line 41". Empty if it doesn't happen again
/// (another block has changed what led there).
std::string diagnose_fault(const Function& function, const exec::LaunchArgs& launch, const uint32_t ctaid[3]);

}  // namespace ppu::device
