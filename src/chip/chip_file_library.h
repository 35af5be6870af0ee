// What libppu_chip_file.so exports: the reader of chip files for libraries that don't carry it.
#pragma once
#include <cstddef>

namespace ppu::chip {

struct Chip;

constexpr char kLoadChipFile[] = "ppu_load_chip_file";
/// The chip, which lives as long as the process; null with a message in `error`.
using LoadChipFile = const Chip* (*)(const char* path, char* error, size_t room);

}  // namespace ppu::chip
