// What a chip is: the rows of chips/*.toml, embedded at build time so that a process pays nothing to read
// them. Not here: what a chip does with work (time, power, heat), and what CUDA says about it (src/device).
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace ppu::chip {

/// How well a number is known, best first.
enum class Confidence { kOfficial, kPress, kCommunity, kInferred, kAssumed };

/// One number with the interval it lies in (low <= value <= high) and where it comes from. Never without a
/// source.
struct Quantity {
  double value;
  double low;
  double high;
  Confidence confidence;
  const char* source;
};

/// One chip. `id` is the file's name without .toml (`ppu-810e`), `name` what programs see (`PPU 810E`).
/// Numbers are in the unit that their name ends in (MHz, GiB, GB/s, W, degrees C); see chip_fields.inc.
struct Chip {
  const char* id;
  const char* name;
  const char* vendor;
  int cc_major;
  int cc_minor;
#define FIELD(key, unit, meaning) Quantity key;
#include "chip/chip_fields.inc"
#undef FIELD
};

/// All chips known to this build, the default one first.
std::span<const Chip> all();

/// The chip with this id or name, letter case and the characters ` -_` aside ("ppu810e"); null when there is
/// none.
const Chip* find(std::string_view id_or_name);

/// The chip that PPU_CHIP names, or the default (PPU 810E) when it is unset or names none (logged once).
const Chip& current();

/// "official", "press", ...
const char* confidence_name(Confidence confidence);

}  // namespace ppu::chip
