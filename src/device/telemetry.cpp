#include "device/telemetry.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "chip/power.h"
#include "chip/thermal.h"
#include "device/registry.h"

namespace ppu::device {
namespace {

constexpr uint64_t kStateMagic = 0x3130746d75707000;  // changes with the layout below

/// Between two looks, by device.
struct DeviceState {
  uint64_t last_ns;       ///< CLOCK_MONOTONIC of the last look; 0: nobody looked yet
  uint64_t last_busy_ns;  ///< of kernels, all processes that were alive then
  double sink_rise;       ///< degrees over the inlet
  double die_rise;        ///< over the heat sink
  double memory_rise;
  double joules;
};

struct State {
  uint64_t magic;
  DeviceState devices[kRegistryDevices];
};

uint64_t monotonic_now() {
  timespec t;
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return uint64_t(t.tv_sec) * 1'000'000'000 + uint64_t(t.tv_nsec);
}

/// The chip as if it ran for a second with half of the time at its tensor rate and half at its memory's.
chip::Cost even_mix(const chip::Numbers& n) {
  chip::Cost cost;
  cost.seconds.compute = cost.seconds.memory = 0.5;
  const chip::Number math = n.effective_bf16_tflops > 0 ? chip::Number::kBf16 : chip::Number::kInt8;
  cost.flops = cost.tensor_flops = 0.5 * chip::effective_flops(n, math);
  cost.tensor_work = math == chip::Number::kBf16 ? cost.flops : cost.flops / 2;
  cost.memory_bytes = 0.5 * chip::memory_rate(n);
  return cost;
}

double approach(double from, double to, double seconds, double constant) {
  return constant > 0 ? to + (from - to) * std::exp(-seconds / constant) : to;
}

/// `seconds` at constant power.
void warm(DeviceState& s, const chip::ThermalPath& path, double watts, double seconds) {
  s.sink_rise = approach(s.sink_rise, watts * path.sink_to_air, seconds, path.sink_seconds);
  s.die_rise = approach(s.die_rise, watts * path.die_to_sink, seconds, path.die_seconds);
  s.memory_rise = approach(s.memory_rise, watts * path.memory_to_sink, seconds, path.die_seconds);
  s.joules += watts * seconds;
}

/// An idle chip that nobody looked at: as warm as its idle power makes it.
void start(DeviceState& s, const chip::ThermalPath& path, double idle_watts) {
  s.sink_rise = idle_watts * path.sink_to_air;
  s.die_rise = idle_watts * path.die_to_sink;
  s.memory_rise = idle_watts * path.memory_to_sink;
  s.joules = 0;
}

/// The state file, locked until it is closed; -1 where no directory is writable.
int open_state() {
  const std::string folder = registry_folder();
  if (folder.empty()) return -1;
  const int fd = ::open((folder + "/telemetry").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd >= 0) ::flock(fd, LOCK_EX);
  return fd;
}

/// Kernels of all live processes: nanoseconds so far, share of the last second, and that of copies.
struct Busy {
  uint64_t kernel_ns = 0;
  double kernels = 0, copies = 0;
};

Busy busy_of(int ordinal) {
  Busy out;
  for (const ProcessUse& p : registry_read()) {
    out.kernel_ns += p.busy_ns[ordinal][int(Activity::kKernels)];
    out.kernels += p.busy_share[ordinal][int(Activity::kKernels)];
    out.copies += p.busy_share[ordinal][int(Activity::kCopies)];
  }
  out.kernels = std::min(1.0, out.kernels);
  out.copies = std::min(1.0, out.copies);
  return out;
}

/// Brings one device's state up to now.
DeviceState advance(int ordinal, const chip::Chip& chip, const chip::ThermalPath& path, const Busy& busy) {
  const int fd = open_state();
  State state = {};
  if (fd < 0 || ::pread(fd, &state, sizeof state, 0) != ssize_t(sizeof state) || state.magic != kStateMagic)
    state = {kStateMagic, {}};
  DeviceState& s = state.devices[ordinal];
  const uint64_t now = monotonic_now();
  if (s.last_ns == 0 || s.last_ns > now) {
    start(s, path, modelled_watts(chip, 0));
  } else if (now > s.last_ns) {
    const double seconds = double(now - s.last_ns) * 1e-9;
    // A process that ended in between took its count with it: what is left is taken as it is.
    const uint64_t worked =
        busy.kernel_ns >= s.last_busy_ns ? busy.kernel_ns - s.last_busy_ns : busy.kernel_ns;
    warm(s, path, modelled_watts(chip, std::min(1.0, double(worked) * 1e-9 / seconds)), seconds);
  }
  s.last_ns = now;
  s.last_busy_ns = busy.kernel_ns;
  const DeviceState out = s;
  if (fd >= 0) {
    if (::pwrite(fd, &state, sizeof state, 0) != ssize_t(sizeof state)) ::ftruncate(fd, 0);
    ::close(fd);
  }
  return out;
}

}  // namespace

double inlet_celsius() {
  const char* wanted = std::getenv("PPU_INLET_C");
  const double c = wanted && *wanted ? std::atof(wanted) : 25;
  return std::clamp(c, -40.0, 80.0);
}

double modelled_watts(const chip::Chip& chip, double busy) {
  const chip::Numbers n = chip::values_of(chip);
  const double working = chip::operate(even_mix(n), n).watts;
  return n.idle_w + std::clamp(busy, 0.0, 1.0) * std::max(0.0, working - n.idle_w);
}

Telemetry read_telemetry(int ordinal, const chip::Chip& chip) {
  const chip::Numbers n = chip::values_of(chip);
  const chip::ThermalPath path = chip::thermal_path_of(n);
  const Busy busy = busy_of(ordinal);
  const DeviceState s = advance(ordinal, chip, path, busy);
  const chip::Operating working = chip::operate(even_mix(n), n);
  Telemetry t;
  t.kernels = busy.kernels;
  t.copies = busy.copies;
  t.watts = modelled_watts(chip, busy.kernels);
  const double inlet = inlet_celsius();
  t.die_c = inlet + s.sink_rise + s.die_rise;
  t.memory_c = inlet + s.sink_rise + s.memory_rise;
  t.joules = s.joules;
  t.power_capped = busy.kernels > 0 && working.capped;
  t.too_hot = n.slow_down_c > 0 && t.die_c >= n.slow_down_c;
  constexpr double kIdleClockShare =
      0.2;  // an idle chip turns its clock down; by how much is nowhere published
  double share = busy.kernels > 0 ? working.clock_fraction : kIdleClockShare;
  if (t.too_hot) share = std::min(share, n.hw_slow_down_c > 0 && t.die_c >= n.hw_slow_down_c ? 0.5 : 0.9);
  t.clock_mhz = n.clock_mhz * share;
  t.memory_mhz = n.memory_clock_mhz;
  return t;
}

}  // namespace ppu::device
