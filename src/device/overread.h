// Reads a little past the end of an allocation. A GPU's pages are 2 MB and hold many small allocations, so
// there such a read finds memory, and programs with it pass: they pass here too, read zeros, and are named
// once. What writes past an end still faults, and so does what reads further away.
#pragma once
#include <cstdint>

namespace ppu::device {

/// Lets kernels read behind small allocations. Once or more.
void allow_overreads();
/// The address of such a read since the last call; 0 if there was none.
uint64_t take_overread();

}  // namespace ppu::device
