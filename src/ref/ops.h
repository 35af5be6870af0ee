// What OP rows do, by the name in the row's `ref` column. See OpFunction in program.h.
#pragma once
#include "ref/machine.h"

namespace ppu::ref {

#define OP(id, text, emit, ref, program) uint32_t ref(WarpRun& warp, const Op& op, uint32_t mask);
#define ROW(...)
#include "isa/all_rows.inc"
#undef OP
#undef ROW

/// Calls f(lane) for each lane of `mask`, in ascending order.
template <class F>
void for_lanes(WarpRun& warp, uint32_t mask, F f) {
  for (; mask; mask &= mask - 1) f(warp.lanes[size_t(__builtin_ctz(mask))]);
}

}  // namespace ppu::ref
