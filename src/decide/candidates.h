// From a request to candidates: chips looked up, measured with the model, with the market's rules and the
// user's prices. Not here: the choice among them (decide.h).
#pragma once
#include <vector>

#include "decide/decide.h"
#include "decide/measure.h"
#include "decide/wishes_file.h"

namespace ppu::decide {

struct Contest {
  std::vector<Candidate> candidates;
  std::vector<Measured> measured;        ///< in the same order
  std::vector<const chip::Chip*> chips;  ///< in the same order
  Work work;
  std::vector<std::string> asked;  ///< what the user should state, as it is unknown
};

/// kBadInput for a chip, model or precision that there isn't, or a price for a chip that isn't a candidate.
Result<Contest> gather(const Request& request);

}  // namespace ppu::decide
