// Build-time tool: `embed_chips OUT.cpp DEFAULT.toml OTHER.toml...` turns chip files into the C++ table of
// embedded.h. A chip file that lacks a number, an interval that is upside down or a missing source stops the
// build here.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "chip/chip_file.h"

namespace ppu::chip {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + "\"";
}

std::string enumerator(Confidence confidence) {
  std::string name = confidence_name(confidence);
  name[0] = char(name[0] - 'a' + 'A');
  return "Confidence::k" + name;
}

std::string row(const Quantity& q) {
  std::ostringstream out;
  out.precision(17);
  if (q.has_number())
    out << "{" << q.value << ", " << q.low << ", " << q.high;
  else
    out << "{kNoNumber, kNoNumber, kNoNumber";
  out << ", " << enumerator(q.confidence) << ", " << quoted(q.source) << "}";
  return out.str();
}

std::string row(const Fact& fact) {
  return "{" + quoted(fact.value) + ", " + enumerator(fact.confidence) + ", " + quoted(fact.source) + "}";
}

void emit_chip(std::ostream& out, const std::string& path) {
  const Result<Chip> read = read_chip_file(path, nullptr);
  if (!read) {
    std::cerr << "error: " << read.error().message << "\n";
    std::exit(1);
  }
  const Chip& chip = read.value();
  out << "    {" << quoted(chip.id) << ", " << quoted(chip.name) << ", " << quoted(chip.vendor) << ", "
      << quoted(chip.aliases) << ", " << chip.cc_major << ", " << chip.cc_minor;
#define FIELD(key, unit, meaning) out << ",\n     " << row(chip.key);
#include "chip/chip_fields.inc"
#undef FIELD
#define FACT(key, allowed, meaning) out << ",\n     " << row(chip.key);
#include "chip/chip_facts.inc"
#undef FACT
  out << "},\n";
}

}  // namespace
}  // namespace ppu::chip

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: embed_chips OUT.cpp DEFAULT.toml OTHER.toml...\n";
    return 2;
  }
  std::ostringstream out;
  out << "// Generated from chips/*.toml by embed_chips; edit those.\n#include \"chip/embedded.h\"\n\n"
      << "namespace ppu::chip {\nnamespace {\nconstexpr Chip kChips[] = {\n";
  for (int i = 2; i < argc; ++i) ppu::chip::emit_chip(out, argv[i]);
  out << "};\n}\nstd::span<const Chip> embedded_chips() { return kChips; }\n}\n";
  std::ofstream(argv[1]) << out.str();
  return 0;
}
