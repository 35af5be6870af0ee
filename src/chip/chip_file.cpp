// Reads chip files. Every complaint says the file, the line, what is wrong and what is allowed.
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include "chip/chip_file.h"

#include <sys/stat.h>
#include <toml++/toml.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <deque>
#include <mutex>

namespace ppu::chip {
namespace {

constexpr const char* kKinds = "official, press, community, inferred, user, unknown";

/// Texts of chips live as long as the process: a Chip is a plain table of pointers, like the embedded ones.
const char* keep(std::string text) {
  static std::mutex mutex;
  static auto* texts = new std::deque<std::string>;
  std::lock_guard lock(mutex);
  return texts->emplace_back(std::move(text)).c_str();
}

/// The file's name without folder and ending.
std::string stem_of(const std::string& path) {
  const std::string name = path.substr(path.find_last_of('/') + 1);
  return name.substr(0, name.find_last_of('.'));
}

Result<std::string> contents_of(const std::string& path) {
  struct stat info{};
  FILE* file = std::fopen(path.c_str(), "rbe");
  if (!file) return bad_input(path + ": can't be read: " + std::strerror(errno));
  std::string bytes;
  const bool is_file = ::fstat(::fileno(file), &info) == 0 && !S_ISDIR(info.st_mode);
  char piece[4096];
  for (size_t n; is_file && (n = std::fread(piece, 1, sizeof piece, file)) > 0;) bytes.append(piece, n);
  std::fclose(file);
  if (!is_file) return bad_input(path + ": is a folder; a chip file is wanted");
  return bytes;
}

struct Reader {
  std::string path;
  bool own = false;       ///< a user's file, which may be partial and write numbers plainly
  bool has_base = false;  ///< what the file doesn't give is there already
  std::string error;

  bool fail(const toml::node* node, const std::string& what) {
    if (!error.empty()) return false;
    error = path;
    if (node && node->source().begin) error += ":" + std::to_string(node->source().begin.line);
    error += ": " + what;
    return false;
  }

  bool text(const toml::table& table, const char* key, const std::string& where, std::string* out) {
    const toml::node* node = table.get(key);
    if (!node) return fail(&table, where + "`" + key + "` is missing (a text is wanted)");
    const auto value = node->value<std::string>();
    if (!value || !node->is_string()) return fail(node, where + "`" + key + "` wants a text in quotes");
    if (value->empty()) return fail(node, where + "`" + key + "` is empty");
    *out = *value;
    return true;
  }

  bool number(const toml::table& table, const char* key, const std::string& where, double* out) {
    const toml::node* node = table.get(key);
    if (!node) return fail(&table, where + "`" + key + "` is missing (value, low and high are wanted)");
    if (!node->is_number()) return fail(node, where + "`" + key + "` wants a number");
    *out = *node->value<double>();
    if (!std::isfinite(*out) || *out < 0)
      return fail(node, where + "`" + key + "` wants a finite number of at least 0");
    return true;
  }

  bool only(const toml::table& table, const std::string& where, std::initializer_list<const char*> allowed) {
    for (const auto& [key, node] : table) {
      bool found = false;
      std::string list;
      for (const char* name : allowed) {
        found |= key == name;
        list += (list.empty() ? "" : ", ") + std::string(name);
      }
      if (!found)
        return fail(&node, where + "`" + std::string(key.str()) + "` is not known here; allowed: " + list);
    }
    return true;
  }

  bool kind(const toml::table& table, const std::string& where, Confidence* out) {
    std::string name;
    if (!text(table, "kind", where, &name)) return false;
    for (const Confidence c : {Confidence::kOfficial, Confidence::kPress, Confidence::kCommunity,
                               Confidence::kInferred, Confidence::kUser, Confidence::kUnknown})
      if (name == confidence_name(c)) {
        *out = c;
        return true;
      }
    return fail(table.get("kind"), where + "kind `" + name + "` is none of " + kKinds);
  }

  bool quantity(const toml::node& node, const char* key, bool may_be_open, Quantity* out);
  bool fact(const toml::node& node, const char* key, const char* allowed, Fact* out);
  bool names(const toml::table& file, Chip* chip);
  bool capability(const toml::table& file, Chip* chip);
  bool rows(const toml::table& file, Chip* chip);
  bool known_keys(const toml::table& file);
  bool stacks(const toml::table& file, const Chip& chip, TakeStack take_stack);
};

bool Reader::quantity(const toml::node& node, const char* key, bool may_be_open, Quantity* out) {
  const std::string where = std::string(key) + ": ";
  if (own && node.is_number()) {
    const double value = *node.value<double>();
    if (!std::isfinite(value) || value < 0) return fail(&node, where + "wants a finite number of at least 0");
    *out = {value, value, value, Confidence::kUser, keep(path)};
    return true;
  }
  const toml::table* table = node.as_table();
  if (!table)
    return fail(&node, where + "wants { value = …, low = …, high = …, kind = \"…\", source = \"…\" }");
  std::string source;
  if (!only(*table, where, {"value", "low", "high", "kind", "source"}) ||
      !kind(*table, where, &out->confidence) || !text(*table, "source", where, &source))
    return false;
  out->source = keep(source);
  if (out->confidence == Confidence::kUnknown) {
    if (!table->contains("value") && !table->contains("low") && !table->contains("high")) {
      if (!may_be_open)
        return fail(&node, where + "is unknown, so give the interval to assume (value, low, high)");
      out->value = out->low = out->high = kNoNumber;
      return true;
    }
    out->confidence = Confidence::kAssumed;
  }
  if (!number(*table, "value", where, &out->value) || !number(*table, "low", where, &out->low) ||
      !number(*table, "high", where, &out->high))
    return false;
  if (!(out->low <= out->value && out->value <= out->high)) {
    char text[120];
    std::snprintf(text, sizeof text, "wants low <= value <= high, not %g <= %g <= %g", out->low, out->value,
                  out->high);
    return fail(&node, where + text);
  }
  return true;
}

bool allows(std::string_view allowed, std::string_view value) {
  if (allowed.empty()) return true;
  while (!allowed.empty()) {
    const size_t bar = allowed.find('|');
    if (allowed.substr(0, bar) == value) return true;
    allowed = bar == allowed.npos ? "" : allowed.substr(bar + 1);
  }
  return false;
}

bool Reader::fact(const toml::node& node, const char* key, const char* allowed, Fact* out) {
  const std::string where = std::string(key) + ": ";
  std::string value, source;
  if (own && node.is_string()) {
    value = *node.value<std::string>();
    source = path;
    out->confidence = Confidence::kUser;
  } else {
    const toml::table* table = node.as_table();
    if (!table) return fail(&node, where + "wants { value = \"…\", kind = \"…\", source = \"…\" }");
    if (!only(*table, where, {"value", "kind", "source"}) || !kind(*table, where, &out->confidence) ||
        !text(*table, "source", where, &source))
      return false;
    if (out->confidence == Confidence::kUnknown && !table->contains("value")) {
      *out = {"unknown", Confidence::kUnknown, keep(source)};
      return true;
    }
    if (!text(*table, "value", where, &value)) return false;
    if (out->confidence == Confidence::kUnknown) out->confidence = Confidence::kAssumed;
  }
  if (!allows(allowed, value))
    return fail(&node, where + "`" + value + "` is none of " + std::string(allowed));
  out->value = keep(value);
  out->source = keep(source);
  return true;
}

bool Reader::names(const toml::table& file, Chip* chip) {
  std::string name, vendor, aliases;
  chip->id = keep(stem_of(path));
  if (has_base && !file.contains("name")) {
    chip->name = chip->id;
  } else {
    if (!text(file, "name", "", &name)) return false;
    chip->name = keep(name);
  }
  if (!has_base || file.contains("vendor")) {
    if (!text(file, "vendor", "", &vendor)) return false;
    chip->vendor = keep(vendor);
  }
  if (const toml::node* node = file.get("aliases")) {
    const toml::array* list = node->as_array();
    if (!list) return fail(node, "aliases wants a list of texts: [\"…\", \"…\"]");
    for (const toml::node& one : *list) {
      if (!one.is_string()) return fail(&one, "aliases wants texts in quotes");
      aliases += (aliases.empty() ? "" : "|") + *one.value<std::string>();
    }
  }
  chip->aliases = keep(aliases);
  return true;
}

bool Reader::capability(const toml::table& file, Chip* chip) {
  const toml::node* node = file.get("cc");
  if (!node && has_base) return true;
  std::string cc, source;
  if (!text(file, "cc", "", &cc)) return false;
  if (!own && !text(file, "cc_source", "", &source)) return false;
  chip->cc_major = chip->cc_minor = 0;
  if (cc == "none") return true;
  int end = 0;
  if (std::sscanf(cc.c_str(), "%d.%d%n", &chip->cc_major, &chip->cc_minor, &end) != 2 ||
      end != int(cc.size()) || chip->cc_major < 5 || chip->cc_minor < 0 || chip->cc_minor > 9)
    return fail(node, "cc wants the compute capability as \"8.0\" (5.0 or higher), or \"none\"");
  return true;
}

bool Reader::rows(const toml::table& file, Chip* chip) {
  std::string missing;
  const auto absent = [&](const char* key) { missing += (missing.empty() ? "" : ", ") + std::string(key); };
#define ROW(key, read)                           \
  if (const toml::node* node = file.get(#key)) { \
    if (!read) return false;                     \
  } else if (!has_base) {                        \
    absent(#key);                                \
  }
#define FIELD(key, unit, meaning) ROW(key, quantity(*node, #key, false, &chip->key))
#define OPEN_FIELD(key, unit, meaning) ROW(key, quantity(*node, #key, true, &chip->key))
#include "chip/chip_fields.inc"
#undef FIELD
#define FACT(key, allowed, meaning) ROW(key, fact(*node, #key, allowed, &chip->key))
#include "chip/chip_facts.inc"
#undef FACT
#undef ROW
  if (missing.empty()) return true;
  return fail(nullptr, "missing: " + missing +
                           (own ? " (give them, or start from a chip you know: base = \"h100-sxm\")" : ""));
}

bool Reader::known_keys(const toml::table& file) {
  for (const auto& [key, node] : file) {
    bool found = key == "name" || key == "vendor" || key == "aliases" || key == "cc" || key == "cc_source" ||
                 (own && (key == "base" || key == "stack"));
#define FIELD(name, unit, meaning) found |= key == #name;
#include "chip/chip_fields.inc"
#undef FIELD
#define FACT(name, allowed, meaning) found |= key == #name;
#include "chip/chip_facts.inc"
#undef FACT
    if (!found)
      return fail(&node, "`" + std::string(key.str()) +
                             "` is nothing a chip has; `ppu chips show ppu-810e` lists what there is");
  }
  return true;
}

/// [[stack]] tables: what software costs on this very chip, beginning with what is known of it on others.
bool Reader::stacks(const toml::table& file, const Chip& chip, TakeStack take_stack) {
  const toml::node* node = file.get("stack");
  if (!node || !take_stack) return true;
  const toml::array* list = node->as_array();
  if (!list) return fail(node, "stack wants tables: [[stack]]");
  for (const toml::node& one : *list) {
    const toml::table* table = one.as_table();
    std::string name, source = path;
    if (!table) return fail(&one, "stack wants tables: [[stack]]");
    if (!text(*table, "name", "stack: ", &name)) return false;
    StackTable stack;
    for (const auto& [key, value] : *table) {
      if (key == "name") continue;
      if (key == "source") {
        if (!text(*table, "source", "stack: ", &source)) return false;
        continue;
      }
      double given = 0;
      const std::string term(key.str());
      if (!number(*table, term.c_str(), "stack: ", &given)) return false;
      stack.terms.emplace_back(term, given);
    }
    stack.name = name, stack.source = source;
    if (const std::string complaint = take_stack(chip, stack); !complaint.empty())
      return fail(&one, complaint);
  }
  return true;
}

}  // namespace

Result<Chip> read_chip_file(const std::string& path, FindChip find_base, TakeStack take_stack) {
  const Result<std::string> bytes = contents_of(path);
  if (!bytes) return bytes.error();
  const toml::parse_result parsed = toml::parse(std::string_view(bytes.value()), std::string_view(path));
  if (!parsed) {
    const toml::parse_error& e = parsed.error();
    return bad_input(path + ":" + std::to_string(e.source().begin.line) + ":" +
                     std::to_string(e.source().begin.column) + ": " + std::string(e.description()));
  }
  const toml::table& file = parsed.table();
  Reader reader{path, find_base != nullptr, false, {}};
  Chip chip = {};
  if (const toml::node* node = file.get("base"); node && find_base) {
    const auto name = node->value<std::string>();
    const Chip* base = name ? find_base(*name) : nullptr;
    if (!base) {
      reader.fail(node, "base wants the name of a chip that `ppu chips` lists, in quotes");
      return bad_input(reader.error);
    }
    chip = *base;
    reader.has_base = true;
  }
  const bool peak_is_effective = chip.effective_bf16_tflops.value == chip.bf16_tflops.value;
  if (!reader.known_keys(file) || !reader.names(file, &chip) || !reader.capability(file, &chip) ||
      !reader.rows(file, &chip) || !reader.stacks(file, chip, take_stack))
    return bad_input(reader.error);
  // Where large products reach the stated peak, a new peak is what they reach.
  if (peak_is_effective && file.contains("bf16_tflops") && !file.contains("effective_bf16_tflops"))
    chip.effective_bf16_tflops = chip.bf16_tflops;
  return chip;
}

}  // namespace ppu::chip
