// Which chip a row means: names of chips as people and result tables write them.
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "chip/names.h"
#include "validate/predict_row.h"
#include "validate/words.h"

namespace ppu::validate {
namespace {

/// Calls `visit` with every name of a chip, letters and digits alone.
template <class Visit>
void each_key(const chip::Chip& chip, const Visit& visit) {
  chip::each_name(chip, [&](std::string_view name) { visit(letters_and_digits(name)); });
}

constexpr const char* kForms[] = {"sxm5", "sxm4", "sxm", "pcie", "nvl", "oam", "hbm", "x8"};

/// What may follow a chip's name without making it another one: its form or its memory. "L40" isn't "L40S",
/// nor "A10" an "A100".
bool begins_with_form(std::string_view rest) {
  for (const char* form : kForms)
    if (rest.starts_with(form)) return true;
  const size_t digits = rest.find_first_not_of("0123456789");
  return rest.empty() || (rest[0] != '0' && digits != rest.npos && rest.substr(digits).starts_with("gb"));
}

std::string without_form(std::string name) {
  for (const char* form : {"sxm5", "sxm4", "sxm", "pcie"})
    if (const size_t at = name.find(form); at != name.npos) return name.erase(at, std::strlen(form));
  return name;
}

/// Makers, families and what else stands beside a chip's name without making it another one.
constexpr const char* kBeside[] = {"nvidia", "tesla",  "geforce",   "amd",       "instinct",    "huawei",
                                   "ascend", "atlas",  "cambricon", "thead",     "alibaba",     "google",
                                   "cloud",  "intel",  "habana",    "dgx",       "hgx",         "grace",
                                   "hopper", "ampere", "ada",       "blackwell", "gracehopper", "superchip",
                                   "gpu",    "npu",    "card",      "server",    "edition",     "accelerator",
                                   "hbm2",   "hbm2e",  "hbm3",      "hbm3e",     "gddr6",       "tensor"};

std::vector<std::string> words_in(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char c : lower_case(text)) {
    if (std::isalnum(static_cast<unsigned char>(c)))
      words.back() += c;
    else if (!words.back().empty())
      words.emplace_back();
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

/// Whether `word` is one of the words, or some that stand together ("rtx4090").
bool among(const std::string& word, const std::vector<std::string>& words) {
  for (size_t first = 0; first < words.size(); ++first) {
    std::string joined;
    for (size_t i = first; i < words.size() && joined.size() < word.size(); ++i) joined += words[i];
    if (joined == word) return true;
  }
  return false;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

/// "x8", which is a number of chips, or of dies where chips are named by it.
bool is_multiple(std::string_view word) {
  return (word.starts_with("x") && is_number(word.substr(1))) ||
         (word.ends_with("x") && is_number(word.substr(0, word.size() - 1)));
}

/// Whether a word of a row's name of a chip says no more than that it is this one.
bool fits(const std::string& word, const chip::Chip& chip) {
  bool named = false, on_board = false, by_multiple = false;
  chip::each_name(chip, [&](std::string_view name) {
    const std::vector<std::string> words = words_in(name);
    named |= among(word, words);
    for (const std::string& own : words) on_board |= own.starts_with("sxm"), by_multiple |= is_multiple(own);
  });
  if (named) return true;
  for (const char* known : kBeside)
    if (word == known) return true;
  if (is_multiple(word)) return !by_multiple;
  const size_t digits = word.find_first_not_of("0123456789");
  if (is_number(word) || (digits > 0 && (word.substr(digits) == "gb" || word.substr(digits) == "gib")))
    return std::strtod(word.c_str(), nullptr) == chip.memory_gib.value;
  if (word.starts_with("sxm")) return on_board;
  return begins_with_form(word) && !on_board;  // boards of one chip differ in power, clocks and links
}

}  // namespace

Result<const chip::Chip*> chip_of(const Row& row, std::string* assumed) {
  if (const chip::Chip* chip = chip::find(row.chip)) return chip;
  // The longest name that the row's words contain, its maker and its memory aside; else the chip whose name
  // begins with them ("H800" for "H800 SXM").
  const std::string wanted = letters_and_digits(row.chip);
  const chip::Chip* best = nullptr;
  size_t longest = 3;  // shorter ones are in too many words
  for (const chip::Chip& chip : chip::all())
    each_key(chip, [&](const std::string& name) {
      if (name.size() > longest && wanted.find(name) != wanted.npos) best = &chip, longest = name.size();
    });
  // "A100 PCIe 40GB" is the 40 GB chip rather than one whose name is "A100" alone.
  if (const std::string bare = without_form(wanted); bare.size() > longest)
    for (const chip::Chip& chip : chip::all())
      each_key(chip, [&](const std::string& name) {
        if (name == bare && name.size() > longest) best = &chip, longest = name.size();
      });
  if (!best && wanted.size() > 2)
    for (const chip::Chip& chip : chip::all())
      each_key(chip, [&](const std::string& name) {
        if (!best && name.starts_with(wanted) && begins_with_form(name.substr(wanted.size()))) best = &chip;
      });
  if (!best)  // names as short as "T4" and "H20" stand alone between other words
    for (const chip::Chip& chip : chip::all())
      each_key(chip, [&](const std::string& name) {
        for (const char* maker : {"nvidia", "tesla", "huawei", "cambricon", "thead", "alibaba"})
          if (!best && wanted.starts_with(maker) && wanted.substr(std::strlen(maker)).starts_with(name))
            best = &chip;
      });
  if (best) {
    const std::vector<std::string> words = words_in(row.chip);
    const bool same = std::all_of(words.begin(), words.end(), [&](const auto& w) { return fits(w, *best); });
    if (assumed && !same) *assumed = row.chip + " as " + best->name;
    return best;
  }
  return chip::resolve(row.chip);  // its error names near ones
}

}  // namespace ppu::validate
