// Running commands, with nothing between us and exec: no shell, no quoting.
#pragma once
#include <string>
#include <vector>

namespace ppu::ppucc {

using Command = std::vector<std::string>;

/// The command as one would type it, for -v.
std::string shell_text(const Command& command);

/// Runs it to the end. Returns its exit status, 128 + n for signal n, 127 when it couldn't be started.
int run_command(const Command& command);

}  // namespace ppu::ppucc
