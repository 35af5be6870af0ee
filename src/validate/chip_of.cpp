// Which chip a row means: names of chips as people and result tables write them.
#include <cstring>

#include "validate/predict_row.h"
#include "validate/words.h"

namespace ppu::validate {
namespace {

/// Calls `visit` with every name of a chip, letters and digits alone.
template <class Visit>
void each_name(const chip::Chip& chip, const Visit& visit) {
  visit(letters_and_digits(chip.id)), visit(letters_and_digits(chip.name));
  for (std::string_view rest = chip.aliases; !rest.empty();) {
    const size_t bar = rest.find('|');
    visit(letters_and_digits(rest.substr(0, bar)));
    rest = bar == rest.npos ? "" : rest.substr(bar + 1);
  }
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

}  // namespace

Result<const chip::Chip*> chip_of(const Row& row) {
  if (const chip::Chip* chip = chip::find(row.chip)) return chip;
  // The longest name that the row's words contain, its maker and its memory aside; else the chip whose name
  // begins with them ("H800" for "H800 SXM").
  const std::string wanted = letters_and_digits(row.chip);
  const chip::Chip* best = nullptr;
  size_t longest = 3;  // shorter ones are in too many words
  for (const chip::Chip& chip : chip::all())
    each_name(chip, [&](const std::string& name) {
      if (name.size() > longest && wanted.find(name) != wanted.npos) best = &chip, longest = name.size();
    });
  // "A100 PCIe 40GB" is the 40 GB chip rather than one whose name is "A100" alone.
  if (const std::string bare = without_form(wanted); bare.size() > longest)
    for (const chip::Chip& chip : chip::all())
      each_name(chip, [&](const std::string& name) {
        if (name == bare && name.size() > longest) best = &chip, longest = name.size();
      });
  if (!best && wanted.size() > 2)
    for (const chip::Chip& chip : chip::all())
      each_name(chip, [&](const std::string& name) {
        if (!best && name.starts_with(wanted) && begins_with_form(name.substr(wanted.size()))) best = &chip;
      });
  if (!best)  // names as short as "T4" and "H20" stand alone between other words
    for (const chip::Chip& chip : chip::all())
      each_name(chip, [&](const std::string& name) {
        for (const char* maker : {"nvidia", "tesla", "huawei", "cambricon", "thead", "alibaba"})
          if (!best && wanted.starts_with(maker) && wanted.substr(std::strlen(maker)).starts_with(name))
            best = &chip;
      });
  if (best) return best;
  return chip::resolve(row.chip);  // its error names near ones
}

}  // namespace ppu::validate
