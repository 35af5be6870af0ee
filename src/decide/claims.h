// What is claimed in public of these chips, beside what the model says to it and how sure it is. `ppu claims`
// and docs/claims.md are made from this; no number of an answer is typed in here.
#pragma once
#include <string>
#include <vector>

namespace ppu::decide {

struct Claim {
  std::string subject;  ///< what it is about: "Performance", "Cost" ...
  std::string claim;    ///< as it is told
  std::string says;     ///< what the model (or the chip files) say
  std::string sure;     ///< how well that is known, and what would settle it
};

/// All claims with their answers; some seconds of work. The same at every call.
std::vector<Claim> answer_claims();

}  // namespace ppu::decide
