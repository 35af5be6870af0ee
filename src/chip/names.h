// The names that a chip answers to, for looking one up.
#pragma once
#include <cctype>
#include <string>
#include <string_view>

#include "chip/chip.h"

namespace ppu::chip {

/// Without letter case and the characters ` -_.`.
inline std::string folded(std::string_view name) {
  std::string out;
  for (const char c : name)
    if (c != ' ' && c != '-' && c != '_' && c != '.')
      out += char(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

/// Calls `visit` with each name that the chip answers to.
template <class Visit>
void each_name(const Chip& chip, const Visit& visit) {
  visit(std::string_view(chip.id));
  visit(std::string_view(chip.name));
  for (std::string_view rest = chip.aliases; !rest.empty();) {
    const size_t bar = rest.find('|');
    visit(rest.substr(0, bar));
    rest = bar == rest.npos ? "" : rest.substr(bar + 1);
  }
}

/// The path of a chip file, not a name.
inline bool is_path(std::string_view text) {
  return text.find('/') != text.npos || text.ends_with(".toml");
}

}  // namespace ppu::chip
