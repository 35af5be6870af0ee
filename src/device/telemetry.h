// What a monitoring tool shows of a device right now. How busy it is, is measured (device/registry.h); watts,
// clock, temperature and energy are modelled from that: what a chip of this kind would draw if it were as
// busy with an even mix of matrix products and memory traffic (chip/power.h, chip/thermal.h). The state
// between two looks (temperature, energy) lies in a file beside the registry's, advanced by whoever looks.
#pragma once
#include <cstdint>

#include "chip/chip.h"

namespace ppu::device {

struct Telemetry {
  double kernels = 0;    ///< measured: share of the last second with a kernel running
  double copies = 0;     ///< measured: with a larger copy or fill running
  double watts = 0;      ///< modelled, over the last second
  double die_c = 0;      ///< modelled
  double memory_c = 0;   ///< modelled
  double clock_mhz = 0;  ///< modelled: lowest when idle
  double memory_mhz = 0;
  double joules = 0;  ///< modelled, since somebody first looked after the machine started
  bool power_capped = false;
  bool too_hot = false;  ///< the software slow-down temperature is reached
};

/// Watts of this chip, busy to a share of the time with an even mix. The one place where business becomes
/// power.
double modelled_watts(const chip::Chip& chip, double busy);

/// What a chip of this kind shows; `ordinal` below kRegistryDevices.
Telemetry read_telemetry(int ordinal, const chip::Chip& chip);

/// Degrees of the air that the modelled heat sink stands in: PPU_INLET_C, 25 by default.
double inlet_celsius();

}  // namespace ppu::device
