// `ppu chips`: the embedded rows of chips/*.toml.
#include <cstdio>

#include "chip/chip.h"
#include "tools/ppu/commands.h"

namespace ppu::tools {
namespace {

void print_number(const char* key, const char* unit, const chip::Quantity& q) {
  char interval[48] = "";
  if (q.low != q.high) std::snprintf(interval, sizeof interval, "(%g-%g)", q.low, q.high);
  std::printf("  %-18s %8g %-5s %-12s %-10s %s\n", key, q.value, unit, interval,
              chip::confidence_name(q.confidence), q.source);
}

void print_all(const chip::Chip& c) {
  std::printf("%s (%s): %s, compute capability %d.%d\n", c.name, c.id, c.vendor, c.cc_major, c.cc_minor);
#define FIELD(key, unit, meaning) print_number(#key, unit, c.key);
#include "chip/chip_fields.inc"
#undef FIELD
}

}  // namespace

int chips(const std::string& wanted) {
  if (!wanted.empty()) {
    const chip::Chip* found = chip::find(wanted);
    if (!found) {
      std::fprintf(stderr, "ppu: chips: %s: no such chip; `ppu chips` lists them\n", wanted.c_str());
      return kUsage;
    }
    print_all(*found);
    return kOk;
  }
  std::printf("%-16s %-16s %4s %4s %10s %11s %13s\n", "id", "name", "cc", "SMs", "memory", "bandwidth",
              "BF16 peak");
  for (const chip::Chip& c : chip::all())
    std::printf("%-16s %-16s %d.%d %5g %6g GiB %6g GB/s %8g TF/s\n", c.id, c.name, c.cc_major, c.cc_minor,
                c.sms.value, c.memory_gib.value, c.memory_gbps.value, c.bf16_tflops.value);
  std::printf("\n`ppu chips NAME` shows every number with its interval, confidence and source.\n");
  return kOk;
}

}  // namespace ppu::tools
