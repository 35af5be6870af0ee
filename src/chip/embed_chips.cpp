// Build-time tool: `embed_chips OUT.cpp DEFAULT.toml OTHER.toml...` turns chip files into the C++ table of
// embedded.h. A chip file that lacks a number, an interval that is upside down or a missing source stops the
// build here.
#include <toml++/toml.h>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

namespace {

[[noreturn]] void fail(const std::string& file, const std::string& what) {
  std::cerr << file << ": error: " << what << "\n";
  std::exit(1);
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + "\"";
}

std::string text_of(const std::string& file, const toml::table& table, const char* key) {
  const auto text = table[key].value<std::string>();
  if (!text || text->empty()) fail(file, std::string("`") + key + "` is missing or not a text");
  return *text;
}

std::string enumerator(const std::string& file, const std::string& confidence) {
  for (const char* known : {"official", "press", "community", "inferred", "assumed"})
    if (confidence == known) return std::string("Confidence::k") + char(known[0] - 32) + (known + 1);
  fail(file, "confidence `" + confidence + "` is none of official, press, community, inferred, assumed");
}

std::string quantity(const std::string& file, const toml::table& chip, const char* key) {
  const toml::table* table = chip[key].as_table();
  if (!table) fail(file, std::string("[") + key + "] is missing");
  const auto number = [&](const char* part) {
    const auto value = (*table)[part].value<double>();
    if (!value) fail(file, std::string("[") + key + "] " + part + " is missing or not a number");
    return *value;
  };
  const double value = number("value"), low = number("low"), high = number("high");
  if (!(low <= value && value <= high)) fail(file, std::string("[") + key + "] wants low <= value <= high");
  std::ostringstream out;
  out << "{" << value << ", " << low << ", " << high << ", "
      << enumerator(file, text_of(file, *table, "confidence")) << ", "
      << quoted(text_of(file, *table, "source")) << "}";
  return out.str();
}

void emit_chip(std::ostream& out, const std::string& file) {
  toml::table chip;
  try {
    chip = toml::parse_file(file);
  } catch (const toml::parse_error& error) {
    std::ostringstream what;
    what << error;
    fail(file, what.str());
  }
  int major = 0, minor = 0;
  if (std::sscanf(text_of(file, chip, "cc").c_str(), "%d.%d", &major, &minor) != 2)
    fail(file, "cc wants MAJOR.MINOR");
  out << "    {" << quoted(std::filesystem::path(file).stem().string()) << ", "
      << quoted(text_of(file, chip, "name")) << ", " << quoted(text_of(file, chip, "vendor")) << ", " << major
      << ", " << minor;
#define FIELD(key, unit, meaning) out << ",\n     " << quantity(file, chip, #key);
#include "chip/chip_fields.inc"
#undef FIELD
  out << "},\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: embed_chips OUT.cpp DEFAULT.toml OTHER.toml...\n";
    return 2;
  }
  std::ostringstream out;
  out << "// Generated from chips/*.toml by embed_chips; edit those.\n#include \"chip/embedded.h\"\n\n"
      << "namespace ppu::chip {\nnamespace {\nconstexpr Chip kChips[] = {\n";
  for (int i = 2; i < argc; ++i) emit_chip(out, argv[i]);
  out << "};\n}\nstd::span<const Chip> embedded_chips() { return kChips; }\n}\n";
  std::ofstream(argv[1]) << out.str();
  return 0;
}
