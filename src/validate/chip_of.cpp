// Which chip a row means: names of chips as people and result tables write them.
#include <cctype>
#include <cstring>

#include "validate/predict_row.h"

namespace ppu::validate {
namespace {

std::string folded(std::string_view name) {
  std::string out;
  for (const char c : name)
    if (std::isalnum(static_cast<unsigned char>(c))) out += char(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

/// Calls `visit` with every name of a chip, folded.
template <class Visit>
void each_name(const chip::Chip& chip, const Visit& visit) {
  visit(folded(chip.id)), visit(folded(chip.name));
  for (std::string_view rest = chip.aliases; !rest.empty();) {
    const size_t bar = rest.find('|');
    visit(folded(rest.substr(0, bar)));
    rest = bar == rest.npos ? "" : rest.substr(bar + 1);
  }
}

}  // namespace

Result<const chip::Chip*> chip_of(const Row& row) {
  if (const chip::Chip* chip = chip::find(row.chip)) return chip;
  // The longest name that the row's words contain, its maker and its memory aside; else the chip whose name
  // begins with them ("H800" for "H800 SXM").
  const std::string wanted = folded(row.chip);
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
