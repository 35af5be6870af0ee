// `ppu smi`: the devices a program sees, how they do and who uses them, from the registry that running
// processes keep (device/registry.h). Works with nothing running; records of dead processes are removed on
// the way. Memory and utilisation are measured; power, temperature, clock and energy are modelled, and marked
// so.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "chip/chip.h"
#include "device/registry.h"
#include "device/telemetry.h"
#include "tools/ppu/commands.h"

#ifndef PPU_VERSION
#error "PPU_VERSION is set by the build"
#endif

namespace ppu::tools {
namespace {

using device::Activity;
using nlohmann::ordered_json;

constexpr uint64_t kMib = uint64_t(1) << 20;
constexpr char kLine[] =
    "+-----+----------------------+------+---------------------------+------+------+---------------+---------"
    "-+"
    "-----------+----------+\n";
constexpr char kHead[] =
    "| id  | name                 | cc   | memory used / total       | busy | temp*| power* / limit| clock*  "
    " |"
    " processes | launches |\n";

/// One device as it is now.
struct Row {
  int id = 0;
  uint64_t used = 0, total = 0, launches = 0;
  int users = 0;
  device::Telemetry now;
};

/// The same rule as src/device: PPU_DEVICES, else one.
int device_count(const std::vector<device::ProcessUse>& processes) {
  const char* wanted = std::getenv("PPU_DEVICES");
  int count = wanted ? std::clamp(std::atoi(wanted), 0, device::kRegistryDevices) : 1;
  for (const device::ProcessUse& p : processes)  // a program may have been given more devices than this shell
    for (int i = count; i < device::kRegistryDevices; ++i)
      if (p.open[i]) count = i + 1;
  return count;
}

uint64_t total_bytes(const chip::Chip& chip) {
  const char* wanted = std::getenv("PPU_MEMORY_MB");
  const uint64_t mib = wanted ? std::strtoull(wanted, nullptr, 10) : uint64_t(chip.memory_gib.value * 1024);
  return mib * kMib;
}

std::vector<Row> read_rows(const chip::Chip& chip, const std::vector<device::ProcessUse>& processes) {
  std::vector<Row> rows;
  const int count = device_count(processes);
  for (int i = 0; i < count; ++i) {
    Row row;
    row.id = i;
    row.total = total_bytes(chip);
    for (const device::ProcessUse& p : processes) {
      row.used += p.used[i];
      row.users += p.open[i];
      if (p.open[i]) row.launches += p.launches;
    }
    row.now = device::read_telemetry(i, chip);
    rows.push_back(row);
  }
  return rows;
}

void print_table(const chip::Chip& chip, const std::vector<Row>& rows) {
  std::printf("OpenPPU %s\n%s%s%s", PPU_VERSION, kLine, kHead, kLine);
  for (const Row& row : rows) {
    char memory[40], power[24], clock[16];
    std::snprintf(memory, sizeof memory, "%llu MiB / %llu MiB", (unsigned long long)(row.used / kMib),
                  (unsigned long long)(row.total / kMib));
    std::snprintf(power, sizeof power, "%.0f W / %.0f W", row.now.watts, chip.tdp_w.value);
    std::snprintf(clock, sizeof clock, "%.0f MHz", row.now.clock_mhz);
    std::printf("| %3d | %-20.20s | %d.%-2d | %25s | %3.0f%% | %3.0fC | %13s | %8s | %9d | %8llu |\n", row.id,
                chip.name, chip.cc_major, chip.cc_minor, memory, 100 * row.now.kernels, row.now.die_c, power,
                clock, row.users, (unsigned long long)row.launches);
  }
  if (rows.empty()) std::printf("| no devices (PPU_DEVICES=0)\n");
  std::printf("%s* modelled: what a %s would show if it were as busy; busy and memory are measured\n", kLine,
              chip.name);
}

void print_processes(size_t devices, const std::vector<device::ProcessUse>& processes) {
  bool any = false;
  for (const device::ProcessUse& p : processes)
    for (size_t i = 0; i < devices; ++i) {
      if (!p.open[i]) continue;
      if (!any) std::printf("%4s %9s %-32s %5s %14s\n", "id", "pid", "process", "busy", "memory");
      any = true;
      std::printf("%4zu %9d %-32.32s %4.0f%% %10.1f MiB\n", i, int(p.pid), p.name.c_str(),
                  100 * p.busy_share[i][int(Activity::kKernels)], double(p.used[i]) / double(kMib));
    }
  if (!any) std::printf("no process is using a device\n");
}

void print_details(const chip::Chip& chip, const std::vector<Row>& rows) {
  const auto line = [](const char* what, const char* how, const char* format, auto... values) {
    std::printf("    %-24s: ", what);
    std::printf(format, values...);
    std::printf("%s%s\n", *how ? "   " : "", how);
  };
  for (const Row& row : rows) {
    const device::Telemetry& t = row.now;
    std::printf("Device %d: %s (%s), compute capability %d.%d\n", row.id, chip.name, chip.id, chip.cc_major,
                chip.cc_minor);
    line("memory used", "measured", "%.1f MiB of %.0f MiB", double(row.used) / double(kMib),
         double(row.total / kMib));
    line("busy with kernels", "measured, last second", "%.0f %%", 100 * t.kernels);
    line("busy with copies", "measured, last second", "%.0f %%", 100 * t.copies);
    line("power", "modelled", "%.1f W", t.watts);
    line("power limit", chip::confidence_name(chip.tdp_w.confidence), "%.0f W", chip.tdp_w.value);
    line("energy", "modelled, since first looked at", "%.1f J", t.joules);
    line("die temperature", "modelled", "%.1f C", t.die_c);
    line("memory temperature", "modelled", "%.1f C", t.memory_c);
    line("inlet temperature", "PPU_INLET_C", "%.0f C", device::inlet_celsius());
    line("slow-down at", chip::confidence_name(chip.slow_down_c.confidence), "%.0f C",
         chip.slow_down_c.value);
    line("shut-down at", chip::confidence_name(chip.shut_down_c.confidence), "%.0f C",
         chip.shut_down_c.value);
    line("clock", "modelled", "%.0f MHz of %.0f MHz", t.clock_mhz, chip.clock_mhz.value);
    line("memory clock", chip::confidence_name(chip.memory_clock_mhz.confidence), "%.0f MHz", t.memory_mhz);
    line("clock lowered by", "modelled", "%s",
         t.too_hot        ? "heat"
         : t.power_capped ? "power limit"
                          : "nothing");
    line("processes", "", "%d", row.users);
    line("launches", "measured", "%llu", (unsigned long long)row.launches);
  }
}

void print_json(const chip::Chip& chip, const std::vector<Row>& rows,
                const std::vector<device::ProcessUse>& processes) {
  ordered_json out;
  out["version"] = PPU_VERSION;
  out["devices"] = ordered_json::array();
  out["processes"] = ordered_json::array();
  for (const Row& row : rows) {
    const device::Telemetry& t = row.now;
    out["devices"].push_back(
        {{"id", row.id},
         {"name", chip.name},
         {"chip", chip.id},
         {"compute_capability", std::to_string(chip.cc_major) + "." + std::to_string(chip.cc_minor)},
         {"processes", row.users},
         {"launches", row.launches},
         {"measured",
          {{"memory_used_bytes", row.used},
           {"memory_total_bytes", row.total},
           {"kernels_pct", 100 * t.kernels},
           {"copies_pct", 100 * t.copies}}},
         {"modelled",
          {{"power_w", t.watts},
           {"power_limit_w", chip.tdp_w.value},
           {"energy_j", t.joules},
           {"die_c", t.die_c},
           {"memory_c", t.memory_c},
           {"inlet_c", device::inlet_celsius()},
           {"clock_mhz", t.clock_mhz},
           {"memory_clock_mhz", t.memory_mhz},
           {"power_capped", t.power_capped},
           {"too_hot", t.too_hot}}}});
  }
  for (const device::ProcessUse& p : processes)
    for (size_t i = 0; i < rows.size(); ++i)
      if (p.open[i])
        out["processes"].push_back({{"device", i},
                                    {"pid", p.pid},
                                    {"name", p.name},
                                    {"memory_bytes", p.used[i]},
                                    {"kernels_pct", 100 * p.busy_share[i][int(Activity::kKernels)]}});
  std::printf("%s\n", out.dump(2).c_str());
}

void show_once(const SmiOptions& options) {
  const chip::Chip& chip = chip::current();
  const std::vector<device::ProcessUse> processes = device::registry_read();
  const std::vector<Row> rows = read_rows(chip, processes);
  if (options.json) {
    print_json(chip, rows, processes);
  } else if (options.query) {
    print_details(chip, rows);
    print_processes(rows.size(), processes);
  } else {
    print_table(chip, rows);
    print_processes(rows.size(), processes);
  }
  std::fflush(stdout);
}

}  // namespace

int smi(const SmiOptions& options) {
  for (int n = 0; options.loop_seconds <= 0 || options.count <= 0 || n < options.count; ++n) {
    if (n > 0) ::usleep(useconds_t(options.loop_seconds * 1e6));
    show_once(options);
    if (options.loop_seconds <= 0) break;
  }
  return kOk;
}

}  // namespace ppu::tools
