// Looks stacks up in the embedded table (generated from chips/model/stacks.toml by embed_model.cpp).
#include "chip/stack.h"

#include <cctype>
#include <deque>
#include <set>
#include <vector>

#include "base/log.h"
#include "chip/embedded_model.h"
#include "chip/predict.h"

namespace ppu::chip {
namespace {

std::vector<StackRow>& rows_in_use() {
  static std::vector<StackRow> rows(embedded_stacks().begin(), embedded_stacks().end());
  return rows;
}

std::string folded(std::string_view name) {
  std::string out;
  for (const char c : name)
    if (std::isalnum(static_cast<unsigned char>(c))) out += char(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

/// Calls `visit` with each part of a list whose parts `|` separates.
template <class Visit>
void each_part(std::string_view list, const Visit& visit) {
  while (!list.empty()) {
    const size_t bar = list.find('|');
    visit(list.substr(0, bar));
    list = bar == list.npos ? "" : list.substr(bar + 1);
  }
}

/// How many letters of `wanted` the row's name or an alias covers from its beginning; 0: it is another stack.
size_t covers(const StackRow& row, const std::string& wanted) {
  size_t most = 0;
  const auto consider = [&](std::string_view name) {
    const std::string key = folded(name);
    if (!key.empty() && wanted.starts_with(key)) most = std::max(most, key.size());
  };
  consider(row.name);
  each_part(row.aliases, consider);
  return most;
}

/// 3: this very chip, 2: its vendor, 1: all chips, 0: others.
int nearness(const StackRow& row, const Numbers& chip) {
  const std::string_view whose = row.chip;
  return whose == chip.id ? 3 : whose == chip.vendor ? 2 : whose == "*" ? 1 : 0;
}

}  // namespace

std::span<const StackRow> stack_rows() {
  return rows_in_use();
}

bool measured_on(const StackRow& row, std::string_view maker) {
  bool among = std::string_view(row.makers).empty();
  each_part(row.makers, [&](std::string_view one) { among |= one == maker; });
  return row.fitted && among;
}

bool knows_stack(std::string_view name) {
  const std::string wanted = folded(name);
  for (const StackRow& row : stack_rows())
    if (covers(row, wanted) > 0) return true;
  return false;
}

std::string stack_names() {
  std::set<std::string> names;
  for (const StackRow& row : stack_rows()) {
    const std::string_view name = row.name;
    if (!name.starts_with("kernel") && !name.starts_with("mlperf")) names.emplace(name);
  }
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

bool set_term(StackTerms& terms, std::string_view key, double value) {
#define TERM(name, normal, meaning) \
  if (key == #name) return terms.name = value, true;
#include "chip/stack_fields.inc"
#undef TERM
  return false;
}

void add_stack_row(std::string_view name, std::string_view chip, std::string_view source,
                   const StackTerms& terms) {
  static auto* texts = new std::deque<std::string>;
  const auto keep = [&](std::string_view text) { return texts->emplace_back(text).c_str(); };
  rows_in_use().push_back({keep(name), keep(chip), "", keep(source), "", true, terms});
}

Status set_stack_term(std::string_view name, std::string_view chip, std::string_view term, double value) {
  StackRow* found = nullptr;
  for (StackRow& row : rows_in_use())
    if (row.name == name && row.chip == chip) found = &row;
  if (!found)
    return bad_input(std::string(name) + " on " + std::string(chip) +
                     ": no such row in chips/model/stacks.toml");
  if (set_term(found->terms, term, value)) return Unit{};
  return bad_input(std::string(term) + ": no such term (src/chip/stack_fields.inc lists them)");
}

const StackRow& stack_row(std::string_view name, const Numbers& chip) {
  const StackRow* best = nullptr;
  const std::string wanted = folded(name);
  size_t best_cover = 0;
  int best_nearness = 0;
  for (const StackRow& row : stack_rows()) {
    const int near = nearness(row, chip);
    if (near == 0) continue;
    const size_t cover = covers(row, wanted);
    const bool fallback = row.name == std::string_view("default");
    if (cover == 0 && !fallback) continue;
    if (!best || cover > best_cover || (cover == best_cover && near >= best_nearness))
      best = &row, best_cover = cover, best_nearness = near;
  }
  PPU_CHECK(best);  // embed_model.cpp refuses a table without the row `default` for all chips
  return *best;
}

}  // namespace ppu::chip
