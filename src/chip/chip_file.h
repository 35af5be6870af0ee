// Chip files: TOML to a Chip. Used when the embedded table is made and for a user's own files; the only place
// that knows how a number is written down.
#pragma once
#include <string>

#include "base/result.h"
#include "chip/chip.h"

namespace ppu::chip {

using FindChip = const Chip* (*)(std::string_view);

/// Reads a chip file. With `find_base` the file may name a `base` chip and give only what differs, and may
/// write a number plainly (`memory_gib = 80`: exactly that, stated by the user); without (the files of
/// `chips/`) every number must be there in full. The texts of the chip live as long as the process.
Result<Chip> read_chip_file(const std::string& path, FindChip find_base);

}  // namespace ppu::chip
