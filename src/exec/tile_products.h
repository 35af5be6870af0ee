// Products of tiles (see tile_abi.h) on the best unit that this CPU has. Every sum is the one that
// docs/matrix.md defines, bit by bit.
#pragma once
#include "exec/tile_abi.h"

namespace ppu::exec {

/// Units of a CPU that multiply matrices, the plainest first.
enum class TileEngine : uint8_t { kAvx2, kAvx512, kAmx };

/// Whether this machine has it.
bool tile_engine_works(TileEngine engine);
/// The one in use: the best that PPU_CPU allows, without AMX if PPU_STRICT is set.
TileEngine tile_engine();
/// For tests: use another that works.
void set_tile_engine(TileEngine engine);
/// How the engine in use sums products of this kind: by the chain, or as tiles do (docs/matrix.md).
bool sums_by_tiles(TileKind kind);

/// Runs `program`: `a` and `b` hold its units, `tiles` its tiles; all aligned to 64 bytes.
void run_tile_products(TileEngine engine, const uint16_t* program, const void* a, const void* b, void* tiles);

}  // namespace ppu::exec
