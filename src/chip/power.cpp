// The power model of power.h. Its constants are rows of coefficients.inc: priors from the literature, the
// floor fitted, none negative.
#include "chip/power.h"

#include <algorithm>
#include <cmath>

#include "chip/coefficients.h"

namespace ppu::chip {
namespace {

constexpr double kLowestClock = 0.2;

constexpr double kLeakage = 0.3;  // of the floor, that no clock changes

/// MHz at which chip files state a tensor FLOP's energy: what the literature measured of each node ran at
/// about the A100's clock (7 nm) or the H100's (5 nm and less).
double energy_clock(const Numbers& chip) {
  return chip.process_nm >= 6 ? 1410 : 1800;
}

/// Energy at a clock over that at another. Energy goes with the square of the voltage, which follows the
/// clock only above the least one that the units work with.
double energy_at(double clock_ratio) {
  return std::pow(clock_ratio, coefficients().voltage_slope);
}

/// Joules of one 16-bit tensor FLOP at the chip's own full clock, before `tensor_energy`: voltage, and with
/// it energy, rises with the clock that a part is sold at.
double joules_per_flop(const Numbers& chip) {
  const double clock = chip.tensor_clock_mhz > 0 ? chip.tensor_clock_mhz : energy_clock(chip);
  return chip.tensor_pj_per_flop * 1e-12 * energy_at(clock / energy_clock(chip));
}

/// Watts that the chip's units would draw above idle, all at work at full clock: a measure of its silicon.
/// The power limit is none: cards of one die are sold with twice and half of it. Nor is the memory, which
/// draws by the byte: a faster one that waits takes nothing from the units.
double silicon_watts(const Numbers& chip) {
  const double peak = std::max(peak_flops(chip, Number::kBf16), peak_flops(chip, Number::kInt8) / 2);
  return peak * joules_per_flop(chip);
}

struct State {
  double watts;
  double seconds;
};

/// Power and time at a clock. Voltage follows it, so that the dynamic power of logic falls faster than the
/// clock; memory and links keep their own.
State at_clock(const Cost& cost, const Numbers& chip, double clock) {
  const Coefficients& c = coefficients();
  const Shares& s = cost.seconds;
  const double on_clock = s.compute * cost.clock;  // at full clock
  const double seconds = on_clock / clock + s.memory + s.link + s.launch + s.host;
  if (!(seconds > 0)) return {chip.idle_w, 0};
  // Between kernels, and while they fill and drain, few units switch.
  const double busy = (seconds - s.host - (1 - c.gap_activity) * s.launch) / seconds;
  const double voltage_squared = energy_at(clock);
  const double floor =
      c.busy_floor * silicon_watts(chip) * busy * (kLeakage + (1 - kLeakage) * clock * voltage_squared);
  const double per_flop = c.tensor_energy * joules_per_flop(chip);
  const double logic = per_flop * (cost.tensor_work + c.vector_energy * (cost.flops - cost.tensor_flops));
  const double moved = c.memory_energy * chip.memory_pj_per_bit * 8e-12 * cost.memory_bytes +
                       c.link_pj_per_bit * 8e-12 * cost.link_bytes;
  return {chip.idle_w + floor + (logic * voltage_squared + moved) / seconds, seconds};
}

}  // namespace

Operating operate(const Cost& cost, const Numbers& chip, const PowerLimits& limits) {
  const double limit = limits.watts > 0 ? std::min(limits.watts, chip.tdp_w) : chip.tdp_w;
  const double highest = std::clamp(limits.clock_fraction, kLowestClock, 1.0);
  Operating out;
  out.clock_fraction = highest;
  State state = at_clock(cost, chip, highest);
  if (state.watts > limit && limit > 0) {
    out.capped = true;
    double low = kLowestClock, high = highest;
    for (int i = 0; i < 40; ++i) {  // watts rise with the clock: bisection
      const double middle = (low + high) / 2;
      (at_clock(cost, chip, middle).watts > limit ? high : low) = middle;
    }
    out.clock_fraction = low;
    state = at_clock(cost, chip, low);
  }
  out.watts = state.watts, out.seconds = state.seconds;
  return out;
}

double node_watts(double chip_watts, double chips) {
  const Coefficients& c = coefficients();
  return c.node_base_w + chips * (chip_watts + c.node_per_chip_w) / c.supply_efficiency;
}

}  // namespace ppu::chip
