// Chip files: TOML to a Chip. Used when the embedded table is made and for a user's own files; the only place
// that knows how a number is written down.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "chip/chip.h"

namespace ppu::chip {

using FindChip = const Chip* (*)(std::string_view);

/// A [[stack]] table of a user's chip: what software costs on it, terms by key. Gives the complaint, empty
/// when there is none.
struct StackTable {
  std::string name, source;
  std::vector<std::pair<std::string, double>> terms;
};
using TakeStack = std::string (*)(const Chip& chip, const StackTable& table);

/// Reads a chip file. With `find_base` the file may name a `base` chip and give only what differs, and may
/// write a number plainly (`memory_gib = 80`: exactly that, stated by the user); without (the files of
/// `chips/`) every number must be there in full. [[stack]] tables go to
/// `take_stack`. The texts of the chip live as long as the process.
Result<Chip> read_chip_file(const std::string& path, FindChip find_base, TakeStack take_stack = nullptr);

}  // namespace ppu::chip
