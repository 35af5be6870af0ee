// The answer of `ppu decide` as text and as JSON.
#pragma once
#include <string>
#include <vector>

#include "decide/candidates.h"

namespace ppu::tools {

struct DecideReport {
  const decide::Request& request;
  const decide::Wishes& wishes;
  const decide::Contest& contest;
  const decide::Decision& decision;
  const std::vector<decide::Flip>& flips;
};

std::string text_of(const DecideReport& report);
std::string json_of(const DecideReport& report);

}  // namespace ppu::tools
