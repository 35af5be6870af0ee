// Chips by path or name, for the tools: the user's own files, and help with a name that there isn't.
#include <algorithm>
#include <deque>
#include <mutex>
#include <numeric>
#include <vector>

#include "chip/chip.h"
#include "chip/chip_file.h"
#include "chip/names.h"
#include "chip/predict.h"
#include "chip/stack.h"

namespace ppu::chip {
namespace {

/// Levenshtein's distance: how many letters have to change.
size_t distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t(0));
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t up = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = up;
    }
  }
  return row[b.size()];
}

/// The ids of the chips whose names are nearest to a name that there isn't.
std::string closest(std::string_view wanted) {
  std::vector<std::pair<size_t, const char*>> near;
  const std::string key = folded(wanted);
  for (const Chip& chip : all()) {
    size_t best = size_t(-1);
    each_name(chip, [&](std::string_view name) {
      const std::string other = folded(name);
      const bool part = !key.empty() && other.find(key) != other.npos;
      best = std::min(best, part ? size_t(0) : distance(key, other));
    });
    near.emplace_back(best, chip.id);
  }
  std::sort(near.begin(), near.end());
  std::string out;
  for (size_t i = 0; i < std::min<size_t>(3, near.size()); ++i)
    out += (i ? ", " : "") + std::string(near[i].second);
  return out;
}

/// A user's stack begins with what is known of that software on other chips.
std::string take_stack(const Chip& chip, const StackTable& table) {
  const Numbers numbers = values_of(chip);
  StackTerms terms = stack_row(table.name, numbers).terms;
  for (const auto& [key, value] : table.terms)
    if (!set_term(terms, key, value))
      return "stack: `" + key + "` is no term of a stack; docs/chip-model.md lists them";
  add_stack_row(table.name, chip.id, table.source, terms);
  return "";
}

}  // namespace

Result<const Chip*> load_file(const std::string& path) {
  static std::mutex mutex;
  static auto* loaded = new std::deque<Chip>;
  Result<Chip> chip = read_chip_file(path, find, take_stack);
  if (!chip) return chip.error();
  std::lock_guard lock(mutex);
  return static_cast<const Chip*>(&loaded->emplace_back(*chip));
}

Result<const Chip*> resolve(const std::string& name_or_path) {
  if (is_path(name_or_path)) return load_file(name_or_path);
  if (const Chip* chip = find(name_or_path)) return chip;
  return bad_input(name_or_path + ": no such chip (" + closest(name_or_path) +
                   ", …: `ppu chips` lists them); a file of your own is given by its path");
}

}  // namespace ppu::chip
