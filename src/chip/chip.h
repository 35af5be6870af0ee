// What a chip is: the rows of chips/*.toml, embedded at build time so that a process pays nothing to read
// them, and chips of the user's own read from files. Not here: what a chip does with work (time, power,
// heat), and what CUDA says about it (src/device).
#pragma once
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ppu::chip {

/// How well a number is known, best first. The last two are what a chip file calls `unknown`.
enum class Confidence {
  kOfficial,
  kPress,
  kCommunity,
  kInferred,
  kUser,     ///< stated by the user, in a chip file or an option
  kAssumed,  ///< nobody published it: the interval is what the model assumes in its place
  kUnknown,  ///< nobody published it, and the model has to be told
};

/// One number with the interval it lies in (low <= value <= high) and where it comes from. Never without a
/// source; of an unknown number the source says what was looked at.
struct Quantity {
  double value;
  double low;
  double high;
  Confidence confidence;
  const char* source;

  /// Somebody published, measured or derived it.
  bool known() const { return confidence < Confidence::kAssumed; }
  /// There is a number to calculate with, known or assumed. If not, value, low and high are NaN.
  bool has_number() const { return !std::isnan(value); }
};

constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();

/// Something known of a chip in words; `value` is "unknown" when it isn't known.
struct Fact {
  const char* value;
  Confidence confidence;
  const char* source;
};

/// One chip. `id` is the file's name without .toml (`ppu-810e`), `name` what programs see (`PPU 810E`),
/// `aliases` other names it is looked up by, separated by `|`. Numbers are in the unit that their name ends
/// in (MHz, GiB, GB/s, W, degrees C); see chip_fields.inc and chip_facts.inc.
struct Chip {
  const char* id;
  const char* name;
  const char* vendor;
  const char* aliases;
  int cc_major;  ///< compute capability; 0 for a chip that runs no CUDA program
  int cc_minor;
#define FIELD(key, unit, meaning) Quantity key;
#include "chip/chip_fields.inc"
#undef FIELD
#define FACT(key, allowed, meaning) Fact key;
#include "chip/chip_facts.inc"
#undef FACT

  /// May a CUDA program be given this chip? The others are there to estimate with.
  bool runs_cuda() const { return cc_major > 0; }
};

/// All chips known to this build, the default one first.
std::span<const Chip> all();

/// The chip with this id, name or alias, letter case and the characters ` -_.` aside ("ppu810e"); null when
/// there is none.
const Chip* find(std::string_view id_or_name);

/// The user's own chip, from a file as docs/chips.md describes it: a whole one, or one that changes numbers
/// of `base = "h100-sxm"`. It lives as long as the process. An error names the file, the line and what is
/// allowed.
Result<const Chip*> load_file(const std::string& path);

/// What a command line calls a chip: a path (it has a `/` or ends in .toml), or a name for find(). The error
/// for a name that there isn't lists the closest ones.
Result<const Chip*> resolve(const std::string& name_or_path);

/// The chip that PPU_CHIP names (a name or a path), or the default (PPU 810E) when it is unset or names none
/// that can run CUDA programs (logged once).
const Chip& current();

/// "official", "press", ..., "assumed", "unknown".
const char* confidence_name(Confidence confidence);

}  // namespace ppu::chip
