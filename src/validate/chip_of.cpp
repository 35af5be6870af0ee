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
  if (!best && wanted.size() > 2)
    for (const chip::Chip& chip : chip::all())
      each_name(chip, [&](const std::string& name) {
        if (!best && name.starts_with(wanted)) best = &chip;
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
