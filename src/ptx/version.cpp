// See version.h.
#include "ptx/version.h"

#include <cstdlib>

#include "ptx/lexer.h"

namespace ppu::ptx {
namespace {

constexpr int kNewestMajor = 9;

}  // namespace

std::optional<std::string> why_too_new(std::string_view text) {
  try {
    Lexer lex(text);
    if (!lex.next().is(".version")) return std::nullopt;
    const std::string version(lex.next().text);
    if (std::atoi(version.c_str()) <= kNewestMajor) return std::nullopt;
    return "PTX version " + version + " is newer than the " + std::to_string(kNewestMajor) +
           ".x that OpenPPU knows";
  } catch (const ParseError&) {
    return std::nullopt;
  }
}

}  // namespace ppu::ptx
