// The two-node model of thermal.h, stepped with the exact solution over each step, so that long steps are
// stable.
#include "chip/thermal.h"

#include <algorithm>
#include <cmath>

namespace ppu::chip {
namespace {

constexpr double kClockStep = 0.05;
constexpr double kLowestClock = 0.3;
constexpr double kHysteresis = 3;
constexpr double kMemoryOverDie = 1.2;
constexpr double kMostStepsOfSample = 500;

double approach(double from, double to, double seconds, double constant) {
  return constant > 0 ? to + (from - to) * std::exp(-seconds / constant) : to;
}

bool reached(double temperature, double threshold) {
  return threshold > 0 && temperature >= threshold;
}

/// A chip while it runs: what is warm, and the clock that its own control allows.
class HotChip {
 public:
  HotChip(const Cost& cost, const Numbers& chip, const ThermalPath& path, const Cooling& cooling)
      : cost_(cost), chip_(chip), path_(path), cooling_(cooling), sink_(cooling.inlet_c) {
    cool_ = state_ = operate(cost, chip);
  }

  double die() const { return sink_ + die_rise_; }
  double memory() const { return sink_ + memory_rise_; }
  double watts() const { return stopped_ ? 0 : state_.watts; }
  double clock() const { return stopped_ ? 0 : state_.clock_fraction; }
  bool stopped() const { return stopped_; }
  bool throttled() const { return limit_ < 1; }

  /// Work per second, of the cool chip's.
  double speed() const { return stopped_ ? 0 : state_.seconds > 0 ? cool_.seconds / state_.seconds : 1; }

  void advance(double seconds) {
    const double sink = cooling_.inlet_c + watts() * path_.sink_to_air * cooling_.resistance_factor;
    sink_ = approach(sink_, sink, seconds, path_.sink_seconds);
    die_rise_ = approach(die_rise_, watts() * path_.die_to_sink, seconds, path_.die_seconds);
    memory_rise_ = approach(memory_rise_, watts() * path_.memory_to_sink, seconds, path_.die_seconds);
    if (!stopped_) control();
  }

 private:
  void control() {
    const double before = limit_;
    if (reached(die(), chip_.shut_down_c)) {
      stopped_ = true;
      return;
    }
    if (reached(die(), chip_.hw_slow_down_c))
      limit_ = std::min(limit_, 0.5);
    else if (reached(die(), chip_.slow_down_c) || reached(memory(), chip_.memory_max_c))
      limit_ = std::max(kLowestClock, std::min(limit_, state_.clock_fraction) - kClockStep);
    else if (!reached(die() + kHysteresis, chip_.slow_down_c) &&
             !reached(memory() + kHysteresis, chip_.memory_max_c))
      limit_ = std::min(1.0, limit_ + kClockStep);
    if (limit_ != before) state_ = operate(cost_, chip_, {.watts = 0, .clock_fraction = limit_});
  }

  const Cost& cost_;
  const Numbers& chip_;
  const ThermalPath path_;
  const Cooling cooling_;
  Operating cool_, state_;
  double sink_, die_rise_ = 0, memory_rise_ = 0, limit_ = 1;
  bool stopped_ = false;
};

}  // namespace

ThermalPath thermal_path_of(const Numbers& chip) {
  ThermalPath path;
  path.die_to_sink = chip.die_c_per_w, path.sink_to_air = chip.sink_c_per_w;
  path.memory_to_sink = kMemoryOverDie * path.die_to_sink;
  if (chip.die_tau_s > 0) path.die_seconds = chip.die_tau_s;
  if (chip.sink_tau_s > 0) path.sink_seconds = chip.sink_tau_s;
  return path;
}

double steady_die_c(double watts, const ThermalPath& path, const Cooling& cooling) {
  return cooling.inlet_c + watts * (path.sink_to_air * cooling.resistance_factor + path.die_to_sink);
}

ThermalRun run_hot(const Cost& cost, const Numbers& chip, const ThermalPath& path, const Cooling& cooling,
                   double duration, int samples) {
  ThermalRun run;
  HotChip hot(cost, chip, path, cooling);
  samples = std::max(samples, 2);
  const double interval = std::max(duration, 0.0) / (samples - 1);
  // Short against the die's constant, within what is bearable for days of run time.
  const double steps = std::clamp(std::ceil(interval / (path.die_seconds / 2)), 1.0, kMostStepsOfSample);
  double now = 0, done = 0;
  for (int i = 0; i < samples; ++i) {
    run.samples.push_back({now, hot.die(), hot.memory(), hot.watts(), hot.clock(), hot.speed()});
    for (int k = 0; i + 1 < samples && k < steps; ++k) {
      done += hot.speed() * interval / steps;
      hot.advance(interval / steps);
      now += interval / steps;
      if (run.throttled_after < 0 && hot.throttled()) run.throttled_after = now;
      if (run.stopped_after < 0 && hot.stopped()) run.stopped_after = now;
    }
  }
  if (duration > 0) run.throughput_lost = std::clamp(1 - done / duration, 0.0, 1.0);
  return run;
}

}  // namespace ppu::chip
