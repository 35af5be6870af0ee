// What one chip does with one model at a service level: throughput, latencies, watts, each as an interval.
// The questions of `ppu decide` and of the claims come down to this. Not here: load over time, heat
// (src/workload).
#pragma once
#include <string>

#include "chip/chip.h"
#include "decide/decide.h"
#include "workload/model.h"
#include "workload/precision.h"

namespace ppu::decide {

/// The work, and what it has to keep to (seconds; 0: anything).
struct Work {
  workload::Model model;
  std::string precision;  ///< empty: bf16, or int8 where a chip has no 16-bit units
  std::string stack = "vllm";
  double in = 0, out = 0;  ///< tokens; 0: the model's usual ones
  double ttft = 0, tpot = 0, latency = 0;
};

struct Measured {
  std::string cannot;  ///< why the chip can't do it; empty: it can
  std::string precision;
  int chips = 1;  ///< the fewest that hold the model
  bool meets_level = true;
  std::string level;  ///< what it reaches of the service level, in words; empty: none was asked for
  Range per_chip;     ///< tokens (images, sentences) a second and chip, at the service level
  Range ttft, tpot;   ///< of one request alone; generation only
  Range watts;        ///< of a chip at that throughput
};

/// Intervals are P10, P50, P90 of the model's draws. kBadInput for a model or precision that there isn't.
Result<Measured> measure(const Work& work, const chip::Chip& chip);

/// What a unit of work is called: "tokens", "images".
std::string unit_of(const workload::Model& model);

}  // namespace ppu::decide
