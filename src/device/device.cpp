#include "device/device.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/log.h"
#include "device/registry.h"

namespace ppu::device {
namespace {

std::atomic<bool> initialized{false};
std::atomic<bool> forked{false};

/// Shared memory and blocks of a multiprocessor for this compute capability.
Limits limits_of(int cc) {
  Limits l;
  l.parameter_bytes = 32764;
  switch (cc) {
    case 70:
    case 72:
      l.shared_per_block_optin = l.shared_per_sm = 96 << 10;
      l.reserved_shared_per_block = 0;
      break;
    case 75:
      l.threads_per_sm = 1024;
      l.blocks_per_sm = 16;
      l.shared_per_block_optin = l.shared_per_sm = 64 << 10;
      l.reserved_shared_per_block = 0;
      break;
    case 80:
    case 87:
      break;
    case 86:
    case 89:
      l.threads_per_sm = 1536;
      l.blocks_per_sm = cc == 89 ? 24 : 16;
      l.shared_per_block_optin = 99 << 10;
      l.shared_per_sm = 100 << 10;
      break;
    case 90:
    case 100:
    case 103:
      l.shared_per_block_optin = 227 << 10;
      l.shared_per_sm = 228 << 10;
      break;
    case 120:
    case 121:
      l.threads_per_sm = 1536;
      l.blocks_per_sm = 24;
      l.shared_per_block_optin = 99 << 10;
      l.shared_per_sm = 100 << 10;
      break;
    default:
      break;
  }
  return l;
}

/// Devices listed in CUDA_VISIBLE_DEVICES, of `count`; the list ends at the first one that doesn't exist.
int visible_devices(int count) {
  const char* env = std::getenv("CUDA_VISIBLE_DEVICES");
  if (!env) return count;
  int visible = 0;
  for (const char* p = env; *p && visible < count;) {
    char* end = nullptr;
    const long n = std::strtol(p, &end, 10);
    if (end == p || n < 0 || n >= count) break;
    visible++;
    p = *end == ',' ? end + 1 : end;
    if (*end != ',' && *end != 0) break;
  }
  return visible;
}

struct DeviceList {
  std::vector<Device*> devices;
  DeviceList() {
    int count = 1;
    if (const char* env = std::getenv("PPU_DEVICES")) count = std::clamp(std::atoi(env), 0, kRegistryDevices);
    count = visible_devices(count);
    const chip::Chip& chip = chip::current();
    size_t bytes = size_t(chip.memory_gib.value * double(size_t(1) << 30));
    if (const char* env = std::getenv("PPU_MEMORY_MB")) {
      const long long mb = std::atoll(env);
      if (mb > 0) bytes = size_t(mb) << 20;
    }
    for (int i = 0; i < count; i++) {
      auto* d = new Device;
      d->ordinal = i;
      d->chip = &chip;
      d->limits = limits_of(chip.cc_major * 10 + chip.cc_minor);
      d->memory_bytes = bytes;
      devices.push_back(d);
    }
  }
};

const std::vector<Device*>& devices() {
  static const DeviceList* list = new DeviceList;
  return list->devices;
}

void after_fork_in_child() {
  if (initialized.load()) forked.store(true);
  registry_forget();
}

constexpr int kYes = 1, kNo = 0;

}  // namespace

int device_count() {
  return int(devices().size());
}

Device* device_at(int ordinal) {
  return ordinal >= 0 && ordinal < device_count() ? devices()[size_t(ordinal)] : nullptr;
}

size_t device_memory_bytes(int ordinal) {
  const Device* d = device_at(ordinal);
  return d ? d->memory_bytes : 0;
}

CUresult initialize() {
  if (forked.load()) return CUDA_ERROR_NOT_INITIALIZED;
  if (device_count() == 0) return CUDA_ERROR_NO_DEVICE;
  static std::once_flag once;
  std::call_once(once, [] { pthread_atfork(nullptr, nullptr, after_fork_in_child); });
  initialized.store(true);
  return CUDA_SUCCESS;
}

CUresult require_initialized() {
  if (forked.load(std::memory_order_relaxed) || !initialized.load(std::memory_order_relaxed))
    return CUDA_ERROR_NOT_INITIALIZED;
  return CUDA_SUCCESS;
}

CUresult device_attribute(const Device& d, CUdevice_attribute attribute, int* value) {
  const chip::Chip& c = *d.chip;
  const Limits& l = d.limits;
  switch (int(attribute)) {
#define ATTRIBUTE(name, number)    \
  case CU_DEVICE_ATTRIBUTE_##name: \
    *value = int(number);          \
    return CUDA_SUCCESS;
#include "device/attributes.inc"
#undef ATTRIBUTE
    default:
      return CUDA_ERROR_INVALID_VALUE;
  }
}

CUuuid device_uuid(const Device& d) {
  // Stable for a machine and ordinal: programs compare ids across processes.
  uint64_t hash = 0xcbf29ce484222325;
  const auto mix = [&hash](const char* s) {
    for (; *s; s++) hash = (hash ^ uint8_t(*s)) * 0x100000001b3;
  };
  mix(d.chip->id);
  if (FILE* f = std::fopen("/etc/machine-id", "re")) {
    char id[64] = "";
    if (std::fgets(id, sizeof id, f)) mix(id);
    std::fclose(f);
  }
  CUuuid uuid = {};
  std::memcpy(uuid.bytes, &hash, 8);
  hash = (hash ^ uint64_t(d.ordinal + 1)) * 0x100000001b3;
  std::memcpy(uuid.bytes + 8, &hash, 8);
  uuid.bytes[6] = char((uuid.bytes[6] & 0x0f) | 0x40);  // RFC 4122 version and variant
  uuid.bytes[8] = char((uuid.bytes[8] & 0x3f) | 0x80);
  uuid.bytes[15] = char(d.ordinal);
  return uuid;
}

std::string pci_bus_id(const Device& d) {
  char text[32];
  std::snprintf(text, sizeof text, "%04x:%02x:%02x.0", 0, d.ordinal + 1, 0);
  return text;
}

int find_by_pci_bus_id(const std::string& text) {
  unsigned domain = 0, bus = 0, slot = 0, function = 0;
  if (std::sscanf(text.c_str(), "%x:%x:%x.%x", &domain, &bus, &slot, &function) < 3) {
    domain = 0;
    if (std::sscanf(text.c_str(), "%x:%x.%x", &bus, &slot, &function) < 2) return -1;
  }
  if (domain != 0 || slot != 0 || function != 0 || bus == 0 || int(bus) > device_count()) return -1;
  return int(bus) - 1;
}

}  // namespace ppu::device
