// Build-time tool: `embed_model OUT.cpp coefficients.toml stacks.toml` turns what the chip model was fitted
// with into the tables of embedded.h. A key that is unknown, missing or out of its range stops the build
// here.
#include <toml++/toml.h>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>
#include <string>

namespace {

[[noreturn]] void fail(const std::string& file, const std::string& what) {
  std::cerr << file << ": error: " << what << "\n";
  std::exit(1);
}

toml::table parse(const std::string& file) {
  try {
    return toml::parse_file(file);
  } catch (const toml::parse_error& error) {
    std::ostringstream what;
    what << error;
    fail(file, what.str());
  }
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + "\"";
}

void refuse_unknown(const std::string& file, const toml::table& table, const std::set<std::string>& known) {
  for (const auto& [key, value] : table)
    if (!known.count(std::string(key.str())))
      fail(file, "`" + std::string(key.str()) + "` is not a key here");
}

void emit_coefficients(std::ostream& out, const std::string& file) {
  const toml::table table = parse(file);
  std::set<std::string> known = {"fitted_on"};
  out << "Coefficients embedded_coefficients() {\n  Coefficients c{};\n";
#define COEFFICIENT(key, low, high, meaning)                                                        \
  {                                                                                                 \
    known.insert(#key);                                                                             \
    const auto value = table[#key].value<double>();                                                 \
    if (!value) fail(file, #key " is missing or not a number");                                     \
    if (!(*value >= (low) && *value <= (high))) fail(file, #key " must lie in " #low " to " #high); \
    out << "  c." #key " = " << *value << ";\n";                                                    \
  }
#include "chip/coefficients.inc"
#undef COEFFICIENT
  refuse_unknown(file, table, known);
  out << "  return c;\n}\nstd::string_view embedded_fitted_on() { return "
      << quoted(table["fitted_on"].value_or(std::string())) << "; }\n";
}

/// The texts of a list, joined with `|`.
std::string joined_texts(const std::string& file, const toml::table& stack, const char* key) {
  std::string joined;
  if (const toml::array* list = stack[key].as_array())
    for (const toml::node& one : *list) {
      const auto text = one.value<std::string>();
      if (!text) fail(file, std::string(key) + " holds texts");
      joined += (joined.empty() ? "" : "|") + *text;
    }
  return joined;
}

void emit_stacks(std::ostream& out, const std::string& file) {
  const toml::table table = parse(file);
  const toml::array* rows = table["stack"].as_array();
  if (!rows) fail(file, "[[stack]] is missing");
  out << "std::span<const StackRow> embedded_stacks() {\n  static const StackRow rows[] = {\n";
  for (const toml::node& node : *rows) {
    const toml::table& stack = *node.as_table();
    std::set<std::string> known = {"name", "chip", "aliases", "source", "makers", "fitted"};
    const auto text = [&](const char* key) {
      const auto value = stack[key].value<std::string>();
      if (!value || value->empty()) fail(file, std::string("[[stack]] ") + key + " is missing or not a text");
      return *value;
    };
    out << "    {" << quoted(text("name")) << ", " << quoted(text("chip")) << ", "
        << quoted(joined_texts(file, stack, "aliases")) << ", " << quoted(text("source")) << ", "
        << quoted(joined_texts(file, stack, "makers")) << ", "
        << (stack["fitted"].value_or(false) ? "true" : "false") << ", {";
#define TERM(key, normal, meaning) \
  known.insert(#key);              \
  out << stack[#key].value_or(double(normal)) << ", ";
#include "chip/stack_fields.inc"
#undef TERM
    out << "}},\n";
    refuse_unknown(file, stack, known);
  }
  out << "  };\n  return rows;\n}\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: embed_model OUT.cpp coefficients.toml stacks.toml\n";
    return 2;
  }
  std::ostringstream out;
  out.precision(17);
  out << "// Generated from chips/model/ by embed_model; edit those.\n#include \"chip/embedded_model.h\"\n\n"
      << "namespace ppu::chip {\n";
  emit_coefficients(out, argv[2]);
  emit_stacks(out, argv[3]);
  out << "}\n";
  std::ofstream(argv[1]) << out.str();
  return 0;
}
