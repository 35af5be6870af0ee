// The table that embed_chips.cpp generates at build time.
#pragma once
#include <span>

#include "chip/chip.h"

namespace ppu::chip {
std::span<const Chip> embedded_chips();
}
