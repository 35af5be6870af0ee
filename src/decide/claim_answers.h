// Answers to claims that are in a file of their own: what to watch before and after a choice. Private to
// claims*.cpp.
#pragma once
#include <string>

#include "decide/claim_figures.h"

namespace ppu::decide {

struct Answer {
  std::string says, sure;
};

Answer four_figures(ClaimFigures& f);
Answer vanilla_runs(ClaimFigures& f);
Answer odd_models(ClaimFigures& f);
Answer months_later(ClaimFigures& f);
Answer mix_of_work(ClaimFigures& f);
Answer supply_chain(ClaimFigures& f);
Answer traction(ClaimFigures& f);

}  // namespace ppu::decide
