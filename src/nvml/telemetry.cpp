// The entry points about how a device does right now: utilisation is measured, power, energy, temperature and
// clocks are modelled from it (device/telemetry.h). Limits and thresholds are the chip file's. Not here:
// fans, which the model doesn't know.
#include "device/telemetry.h"

#include <cmath>

#include "device/device.h"
#include "device/registry.h"
#include "nvml/handle.h"
#include "nvml/nvml.h"

namespace ppu::nvml {

#define NVML(name, params, args) nvmlReturn_t name params;
#define NONE(name)
#include "nvml/api.inc"
#undef NVML
#undef NONE

namespace {

using device::Telemetry;

constexpr unsigned kClockMemory = 2, kClockKinds = 4;  // 0 graphics, 1 SM, 3 video
// nvmlClocksEventReasons
constexpr unsigned long long kGpuIdle = 0x1, kSoftwarePowerCap = 0x4, kSoftwareThermal = 0x20,
                             kHardwareThermal = 0x40;
constexpr unsigned kActiveState = 0, kIdleState = 8;  // P0, P8

/// Answers with a number made of the device's telemetry.
template <class T, class Value>
nvmlReturn_t put(nvmlDevice_t handle, T* to, const Value& value) {
  nvmlReturn_t result;
  device::Device* d = find(handle, &result);
  if (!d) return result;
  if (!to) return NVML_ERROR_INVALID_ARGUMENT;
  *to = T(value(device::read_telemetry(d->ordinal, *d->chip)));
  return NVML_SUCCESS;
}

template <class T>
nvmlReturn_t put_fact(nvmlDevice_t handle, T* to, const chip::Quantity chip::Chip::* number,
                      double factor = 1) {
  nvmlReturn_t result;
  device::Device* d = find(handle, &result);
  if (!d) return result;
  if (!to) return NVML_ERROR_INVALID_ARGUMENT;
  *to = T(std::lround((d->chip->*number).value * factor));
  return NVML_SUCCESS;
}

unsigned percent(double share) {
  return unsigned(std::lround(100 * share));
}

unsigned long long reasons_of(const Telemetry& t) {
  unsigned long long out = t.kernels > 0 ? 0 : kGpuIdle;
  if (t.power_capped) out |= kSoftwarePowerCap;
  if (t.too_hot) out |= kSoftwareThermal;
  return out;
}

void answer(nvmlFieldValue_t& field, const Telemetry& t) {
  constexpr unsigned kMemoryTemperature = 82, kTotalEnergy = 83, kAveragePower = 185, kInstantPower = 186;
  constexpr unsigned kUnsigned = 1, kUnsignedLongLong = 3;  // nvmlValueType_t
  field.nvmlReturn = NVML_SUCCESS;
  field.valueType = kUnsigned;
  switch (field.fieldId) {
    case kMemoryTemperature:
      field.value.uiVal = unsigned(std::lround(t.memory_c));
      return;
    case kTotalEnergy:
      field.valueType = kUnsignedLongLong;
      field.value.ullVal = (unsigned long long)(t.joules * 1000);
      return;
    case kAveragePower:
    case kInstantPower:
      field.value.uiVal = unsigned(std::lround(t.watts * 1000));
      return;
    default:
      field.nvmlReturn = NVML_ERROR_NOT_SUPPORTED;
  }
}

}  // namespace

nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t handle, nvmlUtilization_t* utilization) {
  nvmlReturn_t result;
  device::Device* d = find(handle, &result);
  if (!d) return result;
  if (!utilization) return NVML_ERROR_INVALID_ARGUMENT;
  const Telemetry t = device::read_telemetry(d->ordinal, *d->chip);
  utilization->gpu = percent(t.kernels);
  utilization->memory = percent(t.copies);
  return NVML_SUCCESS;
}

nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t handle, unsigned int sensor, unsigned int* celsius) {
  if (sensor != 0) return NVML_ERROR_INVALID_ARGUMENT;  // NVML_TEMPERATURE_GPU is the only one
  return put(handle, celsius, [](const Telemetry& t) { return std::lround(t.die_c); });
}

nvmlReturn_t nvmlDeviceGetTemperatureV(nvmlDevice_t handle, nvmlTemperature_v1_t* temperature) {
  if (!temperature || temperature->sensorType != 0) return NVML_ERROR_INVALID_ARGUMENT;
  return put(handle, &temperature->temperature, [](const Telemetry& t) { return std::lround(t.die_c); });
}

nvmlReturn_t nvmlDeviceGetTemperatureThreshold(nvmlDevice_t handle, unsigned int kind,
                                               unsigned int* celsius) {
  switch (kind) {
    case 0:  // NVML_TEMPERATURE_THRESHOLD_SHUTDOWN
      return put_fact(handle, celsius, &chip::Chip::shut_down_c);
    case 1:  // SLOWDOWN
      return put_fact(handle, celsius, &chip::Chip::hw_slow_down_c);
    case 2:  // MEM_MAX
      return put_fact(handle, celsius, &chip::Chip::memory_max_c);
    case 3:  // GPU_MAX
      return put_fact(handle, celsius, &chip::Chip::slow_down_c);
    default:
      return kind < 9 ? NVML_ERROR_NOT_SUPPORTED : NVML_ERROR_INVALID_ARGUMENT;
  }
}

nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t handle, unsigned int* milliwatts) {
  return put(handle, milliwatts, [](const Telemetry& t) { return std::lround(t.watts * 1000); });
}
nvmlReturn_t nvmlDeviceGetTotalEnergyConsumption(nvmlDevice_t handle, unsigned long long* millijoules) {
  return put(handle, millijoules, [](const Telemetry& t) { return t.joules * 1000; });
}
nvmlReturn_t nvmlDeviceGetPowerManagementMode(nvmlDevice_t handle, unsigned int* mode) {
  return put(handle, mode, [](const Telemetry&) { return 1; });
}
nvmlReturn_t nvmlDeviceGetPowerManagementLimitConstraints(nvmlDevice_t handle, unsigned int* least,
                                                          unsigned int* most) {
  const nvmlReturn_t result = put_fact(handle, least, &chip::Chip::tdp_w, 1000);
  return result == NVML_SUCCESS ? put_fact(handle, most, &chip::Chip::tdp_w, 1000) : result;
}

nvmlReturn_t nvmlDeviceGetPerformanceState(nvmlDevice_t handle, unsigned int* state) {
  return put(handle, state, [](const Telemetry& t) { return t.kernels > 0 ? kActiveState : kIdleState; });
}
nvmlReturn_t nvmlDeviceGetPowerState(nvmlDevice_t handle, unsigned int* state) {
  return ppu::nvml::nvmlDeviceGetPerformanceState(handle, state);
}

nvmlReturn_t nvmlDeviceGetClockInfo(nvmlDevice_t handle, unsigned int kind, unsigned int* mhz) {
  if (kind >= kClockKinds) return NVML_ERROR_INVALID_ARGUMENT;
  return put(handle, mhz, [kind](const Telemetry& t) {
    return std::lround(kind == kClockMemory ? t.memory_mhz : t.clock_mhz);
  });
}
nvmlReturn_t nvmlDeviceGetClock(nvmlDevice_t handle, unsigned int kind, unsigned int which,
                                unsigned int* mhz) {
  if (which > 3) return NVML_ERROR_INVALID_ARGUMENT;
  if (which == 0) return ppu::nvml::nvmlDeviceGetClockInfo(handle, kind, mhz);  // NVML_CLOCK_ID_CURRENT
  return ppu::nvml::nvmlDeviceGetMaxClockInfo(handle, kind, mhz);  // application targets and the boost limit
}
nvmlReturn_t nvmlDeviceGetApplicationsClock(nvmlDevice_t handle, unsigned int kind, unsigned int* mhz) {
  return ppu::nvml::nvmlDeviceGetMaxClockInfo(handle, kind, mhz);
}

nvmlReturn_t nvmlDeviceGetCurrentClocksThrottleReasons(nvmlDevice_t handle, unsigned long long* reasons) {
  return put(handle, reasons, reasons_of);
}
nvmlReturn_t nvmlDeviceGetCurrentClocksEventReasons(nvmlDevice_t handle, unsigned long long* reasons) {
  return put(handle, reasons, reasons_of);
}
nvmlReturn_t nvmlDeviceGetSupportedClocksThrottleReasons(nvmlDevice_t handle, unsigned long long* reasons) {
  return put(handle, reasons, [](const Telemetry&) {
    return kGpuIdle | kSoftwarePowerCap | kSoftwareThermal | kHardwareThermal;
  });
}
nvmlReturn_t nvmlDeviceGetSupportedClocksEventReasons(nvmlDevice_t handle, unsigned long long* reasons) {
  return ppu::nvml::nvmlDeviceGetSupportedClocksThrottleReasons(handle, reasons);
}

nvmlReturn_t nvmlDeviceGetCurrPcieLinkGeneration(nvmlDevice_t handle, unsigned int* generation) {
  return put_fact(handle, generation, &chip::Chip::pcie_generation);
}
nvmlReturn_t nvmlDeviceGetMaxPcieLinkGeneration(nvmlDevice_t handle, unsigned int* generation) {
  return put_fact(handle, generation, &chip::Chip::pcie_generation);
}
nvmlReturn_t nvmlDeviceGetCurrPcieLinkWidth(nvmlDevice_t handle, unsigned int* lanes) {
  return put(handle, lanes, [](const Telemetry&) { return 16; });
}
nvmlReturn_t nvmlDeviceGetMaxPcieLinkWidth(nvmlDevice_t handle, unsigned int* lanes) {
  return ppu::nvml::nvmlDeviceGetCurrPcieLinkWidth(handle, lanes);
}

nvmlReturn_t nvmlDeviceGetFieldValues(nvmlDevice_t handle, int count, nvmlFieldValue_t* values) {
  nvmlReturn_t result;
  device::Device* d = find(handle, &result);
  if (!d) return result;
  if (count < 1 || !values) return NVML_ERROR_INVALID_ARGUMENT;
  const Telemetry t = device::read_telemetry(d->ordinal, *d->chip);
  for (int i = 0; i < count; i++) answer(values[i], t);
  return NVML_SUCCESS;
}

nvmlReturn_t nvmlDeviceGetProcessUtilization(nvmlDevice_t handle, nvmlProcessUtilizationSample_t* samples,
                                             unsigned int* count, unsigned long long) {
  nvmlReturn_t result;
  device::Device* d = find(handle, &result);
  if (!d) return result;
  if (!count) return NVML_ERROR_INVALID_ARGUMENT;
  const unsigned room = samples ? *count : 0;
  unsigned n = 0;
  for (const device::ProcessUse& p : device::registry_read()) {
    if (!p.open[d->ordinal]) continue;
    if (n < room) {
      samples[n] = {};
      samples[n].pid = unsigned(p.pid);
      samples[n].smUtil = percent(p.busy_share[d->ordinal][int(device::Activity::kKernels)]);
      samples[n].memUtil = percent(p.busy_share[d->ordinal][int(device::Activity::kCopies)]);
    }
    n++;
  }
  *count = n;
  return n > room ? NVML_ERROR_INSUFFICIENT_SIZE : NVML_SUCCESS;
}

}  // namespace ppu::nvml
