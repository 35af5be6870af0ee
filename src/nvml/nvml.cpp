// libnvidia-ml.so.1: what monitoring tools and frameworks ask about devices. Facts about the chip, memory in
// use and processes from the registry; how the device does right now is in telemetry.cpp; what a software
// device doesn't have (fans, links, partitions) is NOT_SUPPORTED.
#include "nvml/nvml.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <string>
#include <type_traits>

#include "base/log.h"
#include "device/device.h"
#include "device/registry.h"
#include "nvml/handle.h"

namespace ppu::nvml {

#define NVML(name, params, args) nvmlReturn_t name params;
#define NONE(name)
#include "nvml/api.inc"
#undef NVML
#undef NONE

namespace {

std::atomic<int> users{0};

constexpr const char* kVersion = "580.0";  ///< the branch that CUDA 13.0 came with
constexpr int kCudaVersion = 13000;

}  // namespace

device::Device* find(nvmlDevice_t handle, nvmlReturn_t* result) {
  *result = users.load() > 0 ? NVML_SUCCESS : NVML_ERROR_UNINITIALIZED;
  if (*result != NVML_SUCCESS) return nullptr;
  device::Device* d = device::device_at(int(reinterpret_cast<uintptr_t>(handle)) - 1);
  if (!d) *result = NVML_ERROR_INVALID_ARGUMENT;
  return d;
}

namespace {

nvmlReturn_t put_text(const std::string& text, char* to, unsigned room) {
  if (!to) return NVML_ERROR_INVALID_ARGUMENT;
  if (room < text.size() + 1) return NVML_ERROR_INSUFFICIENT_SIZE;
  std::memcpy(to, text.c_str(), text.size() + 1);
  return NVML_SUCCESS;
}

nvmlReturn_t handle_of(int ordinal, nvmlDevice_t* device) {
  if (users.load() == 0) return NVML_ERROR_UNINITIALIZED;
  if (!device) return NVML_ERROR_INVALID_ARGUMENT;
  if (!device::device_at(ordinal)) return NVML_ERROR_NOT_FOUND;
  *device = reinterpret_cast<nvmlDevice_t>(uintptr_t(ordinal + 1));
  return NVML_SUCCESS;
}

/// "GPU-xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
std::string uuid_text(const device::Device& d) {
  const CUuuid u = device::device_uuid(d);
  std::string text = "GPU";
  for (int i = 0; i < 16; i++) {
    char hex[4];
    std::snprintf(hex, sizeof hex, "%02x", unsigned(uint8_t(u.bytes[i])));
    if (i == 0 || i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += hex;
  }
  return text;
}

unsigned long long used_bytes(int ordinal) {
  unsigned long long used = 0;
  for (const device::ProcessUse& p : device::registry_read()) used += p.used[ordinal];
  return used;
}

template <class Info>
nvmlReturn_t processes(nvmlDevice_t handle, unsigned* count, Info* infos) {
  nvmlReturn_t result;
  device::Device* d = find(handle, &result);
  if (!d) return result;
  if (!count) return NVML_ERROR_INVALID_ARGUMENT;
  unsigned n = 0;
  const unsigned room = infos ? *count : 0;
  for (const device::ProcessUse& p : device::registry_read()) {
    if (!p.open[d->ordinal]) continue;
    if (n < room) {
      infos[n] = {};
      infos[n].pid = unsigned(p.pid);
      infos[n].usedGpuMemory = p.used[d->ordinal];
      if constexpr (std::is_same_v<Info, nvmlProcessInfo_v2_t>)
        infos[n].gpuInstanceId = infos[n].computeInstanceId = 0xffffffff;  // no instances
    }
    n++;
  }
  *count = n;
  return n > room ? NVML_ERROR_INSUFFICIENT_SIZE : NVML_SUCCESS;
}

template <class T>
nvmlReturn_t put_number(nvmlDevice_t handle, T* to, double (*value)(const device::Device&)) {
  nvmlReturn_t result;
  device::Device* d = find(handle, &result);
  if (!d) return result;
  if (!to) return NVML_ERROR_INVALID_ARGUMENT;
  *to = T(value(*d));
  return NVML_SUCCESS;
}

}  // namespace

nvmlReturn_t nvmlInit_v2() {
  if (device::device_count() == 0) return NVML_ERROR_DRIVER_NOT_LOADED;
  users++;
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlInit() {
  return ppu::nvml::nvmlInit_v2();
}
nvmlReturn_t nvmlInitWithFlags(unsigned int) {
  return ppu::nvml::nvmlInit_v2();
}

nvmlReturn_t nvmlShutdown() {
  int n = users.load();
  while (n > 0 && !users.compare_exchange_weak(n, n - 1)) {
  }
  return n > 0 ? NVML_SUCCESS : NVML_ERROR_UNINITIALIZED;
}

nvmlReturn_t nvmlSystemGetDriverVersion(char* text, unsigned int room) {
  return put_text(kVersion, text, room);
}
nvmlReturn_t nvmlSystemGetNVMLVersion(char* text, unsigned int room) {
  return put_text(std::string("13.") + kVersion, text, room);
}
nvmlReturn_t nvmlSystemGetCudaDriverVersion(int* version) {
  if (!version) return NVML_ERROR_INVALID_ARGUMENT;
  *version = kCudaVersion;
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlSystemGetCudaDriverVersion_v2(int* version) {
  return ppu::nvml::nvmlSystemGetCudaDriverVersion(version);
}

nvmlReturn_t nvmlSystemGetProcessName(unsigned int pid, char* text, unsigned int room) {
  for (const device::ProcessUse& p : device::registry_read())
    if (unsigned(p.pid) == pid) return put_text(p.name, text, room);
  return NVML_ERROR_NOT_FOUND;
}

nvmlReturn_t nvmlDeviceGetCount_v2(unsigned int* count) {
  if (users.load() == 0) return NVML_ERROR_UNINITIALIZED;
  if (!count) return NVML_ERROR_INVALID_ARGUMENT;
  *count = unsigned(device::device_count());
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetCount(unsigned int* count) {
  return ppu::nvml::nvmlDeviceGetCount_v2(count);
}

nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned int index, nvmlDevice_t* device) {
  const nvmlReturn_t result = handle_of(index < 1000 ? int(index) : -1, device);
  return result == NVML_ERROR_NOT_FOUND ? NVML_ERROR_INVALID_ARGUMENT : result;
}
nvmlReturn_t nvmlDeviceGetHandleByIndex(unsigned int index, nvmlDevice_t* device) {
  return ppu::nvml::nvmlDeviceGetHandleByIndex_v2(index, device);
}

nvmlReturn_t nvmlDeviceGetHandleByUUID(const char* uuid, nvmlDevice_t* device) {
  if (!uuid) return NVML_ERROR_INVALID_ARGUMENT;
  for (int i = 0; i < device::device_count(); i++)
    if (uuid_text(*device::device_at(i)) == uuid) return handle_of(i, device);
  return NVML_ERROR_NOT_FOUND;
}

nvmlReturn_t nvmlDeviceGetHandleByPciBusId_v2(const char* id, nvmlDevice_t* device) {
  if (!id) return NVML_ERROR_INVALID_ARGUMENT;
  return handle_of(device::find_by_pci_bus_id(id), device);
}
nvmlReturn_t nvmlDeviceGetHandleByPciBusId(const char* id, nvmlDevice_t* device) {
  return ppu::nvml::nvmlDeviceGetHandleByPciBusId_v2(id, device);
}

nvmlReturn_t nvmlDeviceGetIndex(nvmlDevice_t handle, unsigned int* index) {
  return put_number(handle, index, [](const device::Device& d) { return double(d.ordinal); });
}
nvmlReturn_t nvmlDeviceGetMinorNumber(nvmlDevice_t handle, unsigned int* number) {
  return ppu::nvml::nvmlDeviceGetIndex(handle, number);
}

nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t handle, char* text, unsigned int room) {
  nvmlReturn_t result;
  device::Device* d = find(handle, &result);
  return d ? put_text(d->chip->name, text, room) : result;
}

nvmlReturn_t nvmlDeviceGetBrand(nvmlDevice_t handle, unsigned int* brand) {
  return put_number(handle, brand, [](const device::Device&) { return 0.0; });  // unknown
}

nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t handle, char* text, unsigned int room) {
  nvmlReturn_t result;
  device::Device* d = find(handle, &result);
  return d ? put_text(uuid_text(*d), text, room) : result;
}

nvmlReturn_t nvmlDeviceGetPciInfo_v3(nvmlDevice_t handle, nvmlPciInfo_t* info) {
  nvmlReturn_t result;
  device::Device* d = find(handle, &result);
  if (!d) return result;
  if (!info) return NVML_ERROR_INVALID_ARGUMENT;
  *info = {};
  info->bus = unsigned(d->ordinal + 1);
  std::snprintf(info->busIdLegacy, sizeof info->busIdLegacy, "%04X:%02X:00.0", 0, info->bus);
  std::snprintf(info->busId, sizeof info->busId, "%08X:%02X:00.0", 0, info->bus);
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetPciInfo_v2(nvmlDevice_t handle, nvmlPciInfo_t* info) {
  return ppu::nvml::nvmlDeviceGetPciInfo_v3(handle, info);
}

nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t handle, nvmlMemory_t* memory) {
  nvmlReturn_t result;
  device::Device* d = find(handle, &result);
  if (!d) return result;
  if (!memory) return NVML_ERROR_INVALID_ARGUMENT;
  memory->total = d->memory_bytes;
  memory->used = std::min<unsigned long long>(used_bytes(d->ordinal), memory->total);
  memory->free = memory->total - memory->used;
  return NVML_SUCCESS;
}

nvmlReturn_t nvmlDeviceGetMemoryInfo_v2(nvmlDevice_t handle, nvmlMemory_v2_t* memory) {
  nvmlMemory_t m;
  const nvmlReturn_t result = ppu::nvml::nvmlDeviceGetMemoryInfo(handle, &m);
  if (result != NVML_SUCCESS) return result;
  if (!memory) return NVML_ERROR_INVALID_ARGUMENT;
  memory->total = m.total;
  memory->reserved = 0;
  memory->free = m.free;
  memory->used = m.used;
  return NVML_SUCCESS;
}

nvmlReturn_t nvmlDeviceGetCudaComputeCapability(nvmlDevice_t handle, int* major, int* minor) {
  const nvmlReturn_t result =
      put_number(handle, major, [](const device::Device& d) { return double(d.chip->cc_major); });
  if (result != NVML_SUCCESS) return result;
  return put_number(handle, minor, [](const device::Device& d) { return double(d.chip->cc_minor); });
}

nvmlReturn_t nvmlDeviceGetComputeMode(nvmlDevice_t handle, unsigned int* mode) {
  return put_number(handle, mode, [](const device::Device&) { return 0.0; });
}
nvmlReturn_t nvmlDeviceGetPersistenceMode(nvmlDevice_t handle, unsigned int* mode) {
  return put_number(handle, mode, [](const device::Device&) { return 1.0; });
}
nvmlReturn_t nvmlDeviceGetNumGpuCores(nvmlDevice_t handle, unsigned int* count) {
  return put_number(handle, count, [](const device::Device& d) { return d.chip->sms.value * 64; });
}
nvmlReturn_t nvmlDeviceGetMemoryBusWidth(nvmlDevice_t handle, unsigned int* bits) {
  return put_number(handle, bits, [](const device::Device& d) { return d.chip->memory_bus_bits.value; });
}

nvmlReturn_t nvmlDeviceGetMaxClockInfo(nvmlDevice_t handle, unsigned int kind, unsigned int* mhz) {
  constexpr unsigned kMemory = 2;  // NVML_CLOCK_MEM; 0 graphics, 1 SM, 3 video
  if (kind == kMemory)
    return put_number(handle, mhz, [](const device::Device& d) { return d.chip->memory_clock_mhz.value; });
  if (kind > 3) return NVML_ERROR_INVALID_ARGUMENT;
  return put_number(handle, mhz, [](const device::Device& d) { return d.chip->clock_mhz.value; });
}

nvmlReturn_t nvmlDeviceGetPowerManagementLimit(nvmlDevice_t handle, unsigned int* milliwatts) {
  return put_number(handle, milliwatts, [](const device::Device& d) { return d.chip->tdp_w.value * 1000; });
}
nvmlReturn_t nvmlDeviceGetPowerManagementDefaultLimit(nvmlDevice_t handle, unsigned int* milliwatts) {
  return ppu::nvml::nvmlDeviceGetPowerManagementLimit(handle, milliwatts);
}
nvmlReturn_t nvmlDeviceGetEnforcedPowerLimit(nvmlDevice_t handle, unsigned int* milliwatts) {
  return ppu::nvml::nvmlDeviceGetPowerManagementLimit(handle, milliwatts);
}

nvmlReturn_t nvmlDeviceGetComputeRunningProcesses_v3(nvmlDevice_t d, unsigned int* n,
                                                     nvmlProcessInfo_v2_t* infos) {
  return processes(d, n, infos);
}
nvmlReturn_t nvmlDeviceGetComputeRunningProcesses_v2(nvmlDevice_t d, unsigned int* n,
                                                     nvmlProcessInfo_v2_t* infos) {
  return processes(d, n, infos);
}
nvmlReturn_t nvmlDeviceGetComputeRunningProcesses(nvmlDevice_t d, unsigned int* n,
                                                  nvmlProcessInfo_v1_t* infos) {
  return processes(d, n, infos);
}

namespace {
/// There are no graphics processes.
nvmlReturn_t no_processes(nvmlDevice_t handle, unsigned* count) {
  return put_number(handle, count, [](const device::Device&) { return 0.0; });
}
}  // namespace
nvmlReturn_t nvmlDeviceGetGraphicsRunningProcesses_v3(nvmlDevice_t d, unsigned int* n,
                                                      nvmlProcessInfo_v2_t*) {
  return no_processes(d, n);
}
nvmlReturn_t nvmlDeviceGetGraphicsRunningProcesses_v2(nvmlDevice_t d, unsigned int* n,
                                                      nvmlProcessInfo_v2_t*) {
  return no_processes(d, n);
}
nvmlReturn_t nvmlDeviceGetGraphicsRunningProcesses(nvmlDevice_t d, unsigned int* n, nvmlProcessInfo_v1_t*) {
  return no_processes(d, n);
}

}  // namespace ppu::nvml

#define PPU_EXPORT extern "C" __attribute__((visibility("default")))
#define NVML(name, params, args)        \
  PPU_EXPORT nvmlReturn_t name params { \
    return ppu::nvml::name args;        \
  }
// The System V ABI lets a callee ignore its arguments.
#define NONE(name)                                                                         \
  PPU_EXPORT nvmlReturn_t name() {                                                         \
    ppu::log("nvml", ppu::LogLevel::kInfo, "%s: nothing to answer on this device", #name); \
    return NVML_ERROR_NOT_SUPPORTED;                                                       \
  }
#include "nvml/api.inc"
#undef NVML
#undef NONE

PPU_EXPORT const char* nvmlErrorString(nvmlReturn_t result) {
  switch (result) {
    case NVML_SUCCESS:
      return "The operation was successful";
    case NVML_ERROR_UNINITIALIZED:
      return "NVML was not first initialized with nvmlInit()";
    case NVML_ERROR_INVALID_ARGUMENT:
      return "A supplied argument is invalid";
    case NVML_ERROR_NOT_SUPPORTED:
      return "The requested operation is not available on target device";
    case NVML_ERROR_NO_PERMISSION:
      return "The current user does not have permission for operation";
    case NVML_ERROR_NOT_FOUND:
      return "A query to find an object was unsuccessful";
    case NVML_ERROR_INSUFFICIENT_SIZE:
      return "An input argument is not large enough";
    case NVML_ERROR_DRIVER_NOT_LOADED:
      return "The driver is not loaded";
    default:
      return "Unknown error";
  }
}
