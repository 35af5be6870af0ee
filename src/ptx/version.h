// Which versions of PTX this OpenPPU knows.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace ppu::ptx {

/// Why `text` is of a version beyond those we know; nothing if it isn't, or if it doesn't say (parse() then
/// does). Asked for before parsing: what a newer version adds would look like an error of the text.
std::optional<std::string> why_too_new(std::string_view text);

}  // namespace ppu::ptx
