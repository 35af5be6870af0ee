// Tiles on AMX: one instruction multiplies two of them. See tile_products.h; the order of sums is "tile" in
// docs/matrix.md.
#pragma once
#include "exec/tile_products.h"

namespace ppu::exec {

/// Whether this CPU has AMX for bf16 and bytes, and the system lets this process use it (asks it, once).
bool amx_usable();

/// As run_tile_products; kinds other than tf32. `chain` makes one tile's halves by the chain of f32: wanted
/// where halves aren't finite.
using ChainOfStep = void (*)(TileKind kind, uint32_t* tile, const void* a_unit, const void* b_unit,
                             uint16_t halves);
void run_amx_products(TileRun& run, void* tiles, ChainOfStep chain);

/// Before a thread does other things: gives its tile registers back, if it took them.
void release_amx();

}  // namespace ppu::exec
