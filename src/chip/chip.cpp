// Looks chips up in the embedded table (generated from chips/*.toml by embed_chips.cpp) and loads the user's
// own.
#include "chip/chip.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <numeric>
#include <vector>

#include "base/log.h"
#include "chip/chip_file.h"
#include "chip/embedded.h"

namespace ppu::chip {
namespace {

std::string folded(std::string_view name) {
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

bool is_path(std::string_view text) {
  return text.find('/') != text.npos || text.ends_with(".toml");
}

}  // namespace

std::span<const Chip> all() {
  return embedded_chips();
}

const Chip* find(std::string_view id_or_name) {
  const std::string wanted = folded(id_or_name);
  for (const Chip& chip : all()) {
    bool found = false;
    each_name(chip, [&](std::string_view name) { found |= folded(name) == wanted; });
    if (found) return &chip;
  }
  return nullptr;
}

Result<const Chip*> load_file(const std::string& path) {
  static std::mutex mutex;
  static auto* loaded = new std::deque<Chip>;
  Result<Chip> chip = read_chip_file(path, find);
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

const Chip& current() {
  static const Chip& chosen = []() -> const Chip& {
    const char* wanted = std::getenv("PPU_CHIP");
    if (!wanted || !*wanted) return all().front();
    const Result<const Chip*> chip = resolve(wanted);
    if (chip && (*chip.value()).runs_cuda()) return *chip.value();
    log_once("chip", "PPU_CHIP", "PPU_CHIP=%s: %s; using %s", wanted,
             chip ? "this chip runs no CUDA programs" : chip.error().message.c_str(), all().front().name);
    return all().front();
  }();
  return chosen;
}

}  // namespace ppu::chip
