// Looks chips up in the embedded table (generated from chips/*.toml by embed_chips.cpp).
#include "chip/chip.h"

#include <cctype>
#include <cstdlib>

#include "base/log.h"
#include "chip/embedded.h"

namespace ppu::chip {
namespace {

std::string folded(std::string_view name) {
  std::string out;
  for (const char c : name)
    if (c != ' ' && c != '-' && c != '_') out += char(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

}  // namespace

std::span<const Chip> all() {
  return embedded_chips();
}

const Chip* find(std::string_view id_or_name) {
  const std::string wanted = folded(id_or_name);
  for (const Chip& chip : all())
    if (folded(chip.id) == wanted || folded(chip.name) == wanted) return &chip;
  return nullptr;
}

const Chip& current() {
  static const Chip& chosen = []() -> const Chip& {
    const char* wanted = std::getenv("PPU_CHIP");
    if (!wanted || !*wanted) return all().front();
    if (const Chip* chip = find(wanted)) return *chip;
    log_once("chip", "PPU_CHIP", "PPU_CHIP=%s names no chip (see `ppu chips`); using %s", wanted,
             all().front().name);
    return all().front();
  }();
  return chosen;
}

const char* confidence_name(Confidence confidence) {
  switch (confidence) {
    case Confidence::kOfficial:
      return "official";
    case Confidence::kPress:
      return "press";
    case Confidence::kCommunity:
      return "community";
    case Confidence::kInferred:
      return "inferred";
    case Confidence::kAssumed:
      return "assumed";
  }
  return "assumed";
}

}  // namespace ppu::chip
