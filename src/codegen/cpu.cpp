// See cpu.h. The tiers are the x86-64 psABI micro-architecture levels v3 (AVX2) and v4 (AVX-512).
#include "codegen/cpu.h"

#include <cpuid.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace ppu::codegen {

bool cpu_supports(Cpu cpu) {
  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                  __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
                  __builtin_cpu_supports("f16c") && __builtin_cpu_supports("lzcnt") &&
                  __builtin_cpu_supports("movbe");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vl");
  return cpu == Cpu::kAvx512 ? v4 : v3;
}

Result<Cpu> resolve_cpu(Cpu cpu) {
  if (cpu == Cpu::kNative) {
    const char* wanted = std::getenv("PPU_CPU");
    if (!wanted || !*wanted || !std::strcmp(wanted, "native"))
      cpu = cpu_supports(Cpu::kAvx512) ? Cpu::kAvx512 : Cpu::kAvx2;
    else if (!std::strcmp(wanted, "avx512"))
      cpu = Cpu::kAvx512;
    else if (!std::strcmp(wanted, "avx2"))
      cpu = Cpu::kAvx2;
    else
      return bad_input(std::string("PPU_CPU=") + wanted + ": expected avx512, avx2 or native");
  }
  if (!cpu_supports(cpu))
    return unsupported(std::string("this machine lacks ") + cpu_name(cpu) +
                       "; OpenPPU needs an x86-64 CPU with at least AVX2, FMA and BMI2");
  return cpu;
}

Result<simt::Lanes> resolve_lanes(simt::Lanes lanes) {
  const char* wanted = std::getenv("PPU_LANES");
  if (lanes != simt::Lanes::kChosen || !wanted || !*wanted || !std::strcmp(wanted, "auto")) return lanes;
  if (!std::strcmp(wanted, "wide")) return simt::Lanes::kWide;
  if (!std::strcmp(wanted, "narrow")) return simt::Lanes::kNarrow;
  return bad_input(std::string("PPU_LANES=") + wanted + ": expected wide, narrow or auto");
}

const char* cpu_name(Cpu cpu) {
  return cpu == Cpu::kAvx512 ? "avx512" : cpu == Cpu::kAvx2 ? "avx2" : "native";
}

std::string cpu_key(Cpu cpu) {
  std::string key = cpu_name(cpu);
  if (const char* lanes = std::getenv("PPU_LANES")) key += std::string(";lanes=") + lanes;
  const auto add = [&key](unsigned leaf, unsigned subleaf) {
    unsigned r[4] = {0, 0, 0, 0};
    if (!__get_cpuid_count(leaf, subleaf, &r[0], &r[1], &r[2], &r[3])) return;
    if (leaf == 1) r[1] = 0;  // initial APIC id: differs from core to core
    char text[48];
    std::snprintf(text, sizeof text, ";%x.%x=%x,%x,%x,%x", leaf, subleaf, r[0], r[1], r[2], r[3]);
    key += text;
  };
  add(0, 0);
  add(1, 0);
  add(7, 0);
  add(7, 1);
  add(0x80000001, 0);
  return key;
}

}  // namespace ppu::codegen
