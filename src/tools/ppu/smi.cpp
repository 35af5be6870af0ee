// `ppu smi`: the devices a program sees and who uses them, from the registry that running processes keep
// (device/registry.h). Works with nothing running; records of dead processes are removed on the way.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "chip/chip.h"
#include "device/registry.h"
#include "tools/ppu/commands.h"

#ifndef PPU_VERSION
#error "PPU_VERSION is set by the build"
#endif

namespace ppu::tools {
namespace {

constexpr uint64_t kMib = uint64_t(1) << 20;
constexpr char kLine[] =
    "+-----+----------------------+------+---------------------------+-----------+----------+\n";

/// The same rule as src/device: PPU_DEVICES, else one.
int device_count() {
  const char* wanted = std::getenv("PPU_DEVICES");
  return wanted ? std::clamp(std::atoi(wanted), 0, device::kRegistryDevices) : 1;
}

uint64_t total_mib(const chip::Chip& chip) {
  const char* wanted = std::getenv("PPU_MEMORY_MB");
  return wanted ? std::strtoull(wanted, nullptr, 10) : uint64_t(chip.memory_gib.value * 1024);
}

void print_devices(const chip::Chip& chip, int count, const std::vector<device::ProcessUse>& processes) {
  std::printf("OpenPPU %s\n%s", PPU_VERSION, kLine);
  std::printf("| id  | name                 | cc   | memory used / total       | processes | launches |\n%s",
              kLine);
  for (int i = 0; i < count; ++i) {
    uint64_t used = 0, launches = 0;
    int users = 0;
    for (const device::ProcessUse& p : processes) {
      used += p.used[i];
      users += p.open[i];
      if (p.open[i]) launches += p.launches;
    }
    char memory[40];
    std::snprintf(memory, sizeof memory, "%llu MiB / %llu MiB", static_cast<unsigned long long>(used / kMib),
                  static_cast<unsigned long long>(total_mib(chip)));
    std::printf("| %3d | %-20s | %d.%-2d | %25s | %9d | %8llu |\n", i, chip.name, chip.cc_major,
                chip.cc_minor, memory, users, static_cast<unsigned long long>(launches));
  }
  if (count == 0) std::printf("| no devices (PPU_DEVICES=0)%58s |\n", "");
  std::printf("%s", kLine);
}

void print_processes(int count, const std::vector<device::ProcessUse>& processes) {
  bool any = false;
  for (const device::ProcessUse& p : processes)
    for (int i = 0; i < count; ++i) {
      if (!p.open[i]) continue;
      if (!any) std::printf("%4s %9s %-32s %14s\n", "id", "pid", "process", "memory");
      any = true;
      std::printf("%4d %9d %-32.32s %10.1f MiB\n", i, int(p.pid), p.name.c_str(),
                  double(p.used[i]) / double(kMib));
    }
  if (!any) std::printf("no process is using a device\n");
}

}  // namespace

int smi() {
  const std::vector<device::ProcessUse> processes = device::registry_read();
  int count = device_count();
  for (const device::ProcessUse& p : processes)  // a program may have been given more devices than this shell
    for (int i = count; i < device::kRegistryDevices; ++i)
      if (p.open[i]) count = i + 1;
  print_devices(chip::current(), count, processes);
  print_processes(count, processes);
  return kOk;
}

}  // namespace ppu::tools
