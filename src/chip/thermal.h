// Temperature of a chip over time: two nodes (die, memory) on one heat sink, and the clock steps of a hot
// die. Not here: what draws the power (power.h), how many hours a user asks about (src/workload).
#pragma once
#include <vector>

#include "chip/power.h"

namespace ppu::chip {

/// Thermal resistances (degrees for each watt of the whole chip) and time constants (seconds) of a chip with
/// its heat sink.
struct ThermalPath {
  double die_to_sink = 0;
  double memory_to_sink = 0;
  double sink_to_air = 0;
  double die_seconds = 2;
  double sink_seconds = 120;
};

/// The path that the chip's file gives (die_c_per_w, sink_c_per_w, their time constants). Memory stacks are
/// taken to rise a fifth more over the sink than the die does.
ThermalPath thermal_path_of(const Numbers& chip);

/// What surrounds the chip.
struct Cooling {
  double inlet_c = 30;
  double resistance_factor = 1;  ///< above 1: clogged, warm neighbours; below 1: liquid
};

/// The state after `seconds` from a start at the inlet's temperature.
struct ThermalSample {
  double seconds = 0;
  double die_c = 0;
  double memory_c = 0;
  double watts = 0;
  double clock_fraction = 1;
  double speed = 1;  ///< work done per second, of what the cool chip does
};

struct ThermalRun {
  std::vector<ThermalSample> samples;  ///< evenly spaced, first at 0
  double throttled_after = -1;         ///< seconds until a temperature first lowered the clock; -1: never
  double stopped_after = -1;           ///< seconds until shut_down_c was reached; -1: never
  double throughput_lost = 0;  ///< share of the work of a cool chip that was not done in the whole run
};

/// Runs `cost` again and again for `duration` seconds, `samples` (at least 2) states reported. The die at
/// slow_down_c or the memory at memory_max_c lowers the clock in steps, at hw_slow_down_c to half; three
/// degrees below it rises again; at shut_down_c the chip stops for good. A threshold of 0 is none.
ThermalRun run_hot(const Cost& cost, const Numbers& chip, const ThermalPath& path, const Cooling& cooling,
                   double duration, int samples = 200);

/// Temperature in the steady state at constant power.
double steady_die_c(double watts, const ThermalPath& path, const Cooling& cooling);

}  // namespace ppu::chip
