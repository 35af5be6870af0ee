// Names of the special registers (PTX ISA, "Special Registers").
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "ptx/tree.h"

namespace ppu::ptx {

struct SpecialRef {
  Special special;
  int64_t number = 0;  ///< for kEnvreg, kPm, kClusterId
};

/// "%tid.x", "%envreg3"; nothing if it isn't one.
std::optional<SpecialRef> find_special(std::string_view name);

/// The spelling find_special reads back.
std::string special_name(Special special, int64_t number);

}  // namespace ppu::ptx
