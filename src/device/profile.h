// What `ppu prof` and `--time=chip` switch on: whether kernels count, whose clock events show, and the record
// of calls, kernels and copies. All of it is off by default and then costs one test of a constant each.
#pragma once
#include <cstdint>
#include <string>

#include "chip/kernel_cost.h"
#include "device/profile_file.h"

namespace ppu::device::profile {

/// PPU_PROFILE names a folder: this process leaves a file of records in it.
bool recording();
/// PPU_TIME=chip: events answer the modelled chip's time.
bool chip_time();
/// Kernels are built to count: for either.
inline bool counting() {
  return recording() || chip_time();
}

/// PPU_PROFILE_EXACT: scattered accesses are all judged, not a sample of them.
bool exact();

/// The calling thread, as the system numbers it.
uint32_t thread_number();

void record_kernel(const Span& span, const std::string& name, const chip::KernelRun& run,
                   const uint32_t grid[3], const uint32_t block[3], bool interpreted);
void record_copy(const Span& span, chip::CopyKind kind, uint64_t bytes);
void record_range(const char* name, uint64_t begin_ns, uint64_t end_ns);

}  // namespace ppu::device::profile
