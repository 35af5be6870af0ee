// Clearing the same large memory again and again, which nobody touched in between: what profilers and
// autotuners do to flush a GPU's cache before each launch that they time (Triton's do_bench, Inductor's,
// nvbench: 40 to 256 MB, hundreds of times).
#pragma once
#include <cstddef>
#include <cstdint>

namespace ppu::device {

/// Makes `bytes` bytes of device memory zero by giving their pages back, where that is worth it: a range that
/// was cleared before and isn't known to be used between. False: nothing has changed, they are to be written.
bool zero_by_pages(uint64_t address, size_t bytes);

}  // namespace ppu::device
