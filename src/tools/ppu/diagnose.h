// Says why a program can't run on OpenPPU, before it is started.
#pragma once
#include <string>

#include "image/program.h"

namespace ppu::tools {

/// One line: what was found and what to do. Empty when nothing speaks against running the program.
std::string why_not(const image::ProgramFacts& facts);

}  // namespace ppu::tools
