// Looks chips up in the embedded table (generated from chips/*.toml by embed_chips.cpp).
#include "chip/chip.h"

#include "chip/embedded.h"
#include "chip/names.h"

namespace ppu::chip {

std::span<const Chip> all() {
  return embedded_chips();
}

const Chip* find(std::string_view id_or_name) {
  const std::string wanted = folded(id_or_name);
  for (const Chip& chip : all()) {
    bool found = false;
    each_name(chip, [&](std::string_view name) { found |= folded(name) == wanted; });
    if (found) return &chip;
  }
  return nullptr;
}

}  // namespace ppu::chip
