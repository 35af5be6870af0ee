// Watts and clock of a chip that runs work: idle power, a floor while busy, energy per operation and per
// byte, and the clock that fits under the power limit. Pure functions of a Cost. Not here: temperature
// (thermal.h), money (cost.h), which work it is (work.h).
#pragma once
#include "chip/predict.h"

namespace ppu::chip {

/// Where a chip settles while it runs the same work again and again.
struct Operating {
  double watts = 0;           ///< of the chip alone, mean over the run
  double clock_fraction = 1;  ///< of the highest clock; below 1 when the limit or the caller asks for it
  double seconds = 0;         ///< the work's time at that clock; only compute stretches with it
  bool capped = false;        ///< the power limit lowered the clock
  double joules() const { return watts * seconds; }
};

/// What is asked of the chip besides the work.
struct PowerLimits {
  double watts = 0;           ///< a limit below the chip's own; 0 = the chip's tdp_w
  double clock_fraction = 1;  ///< highest clock allowed, e.g. by a hot die; 0.2 to 1
};

/// The fixed point of clock and power for `cost`, the chip's work on its own (one chip of a group). A cost
/// with no seconds is an idle chip. The clock never falls below 0.2 of the highest, so that a limit below
/// what the chip draws there is exceeded, with `capped` set.
Operating operate(const Cost& cost, const Numbers& chip, const PowerLimits& limits = {});

/// Watts of one server at the wall: chips at `chip_watts` each, host, fans and the loss of the power
/// supplies.
double node_watts(double chip_watts, double chips);

}  // namespace ppu::chip
