// Reads a little past the end of an allocation. A GPU's pages are 2 MB and hold many small allocations, so
// there such a read finds memory, and programs with it pass. Here it is an error like any other, unless
// PPU_OVERREADS is set (ppu run --overreads): then they read zeros and are named once. What writes past an
// end faults in any case, and so does what reads further away.
#pragma once
#include <cstdint>

namespace ppu::device {

/// Lets kernels read behind small allocations if the user asked for it. Once or more.
void allow_overreads_if_asked();
/// True for an address that would be let to.
bool is_overread(uint64_t address);
/// The address of such a read since the last call; 0 if there was none.
uint64_t take_overread();

}  // namespace ppu::device
