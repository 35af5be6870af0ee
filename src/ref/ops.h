// What OP rows do, by the name in the row's `ref` column. See OpFunction in program.h.
#pragma once
#include "ref/machine.h"

namespace ppu::ref {

#define OP(id, text, emit, ref, program) uint32_t ref(WarpRun& warp, const Op& op, uint32_t mask);
#define ROW(...)
#include "isa/all_rows.inc"
#undef OP
#undef ROW

/// One atomic operation, as `op` names it, of `lane` on the cell at `address`; returns the value before.
unsigned __int128 atomic_cell(WarpRun& warp, const Lane& lane, const Op& op, uint64_t address,
                              unsigned __int128 b, unsigned __int128 c = 0);

/// Calls f(lane) for each lane of `mask`, in ascending order.
template <class F>
void for_lanes(WarpRun& warp, uint32_t mask, F f) {
  for (; mask; mask &= mask - 1) f(warp.lanes[size_t(__builtin_ctz(mask))]);
}

}  // namespace ppu::ref
