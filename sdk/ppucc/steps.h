// The steps from sources to a program: device pass to PTX, PTX into a fat binary, host pass with that fat
// binary inside, link.
#pragma once
#include "options.h"
#include "toolchain.h"

namespace ppu::ppucc {

/// Does what the options ask. Returns the exit status: 0, the failing tool's, or 1 with a message printed.
int build(const Options& options, const Toolchain& toolchain);

}  // namespace ppu::ppucc
