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

/// Runs the programs of `queue`, and empties it: `units` has the places of their units, `tiles` are their
/// tiles; all aligned to 64 bytes.
void run_tile_products(TileEngine engine, TileQueue& queue, const void* const* units, void* tiles);

/// The programs of a queue, read side by side.
struct TileRun {
  TileProgram program;  ///< what they have in common
  size_t count;
  const uint16_t* words[kMaxTilePrograms];  ///< of each, from where it has been read to

  const void* const* places;  ///< of units

  TileBlock next_block();
  /// Where the units of program n lie: those of A, and those of B.
  const void* const* places_of_a(size_t n) const { return places + n * (program.a_units + program.b_units); }
  const void* const* places_of_b(size_t n) const { return places_of_a(n) + program.a_units; }
  /// Where the units of the block's steps are named in program n, whose tiles `words` are at.
  const uint16_t* units(size_t n, const TileBlock& block) const {
    return words[n] + block.rows * block.columns;
  }
  void skip(const TileBlock& block) {
    for (size_t n = 0; n < count; n++)
      words[n] += block.rows * block.columns + block.steps * (block.rows + block.columns);
  }
};

}  // namespace ppu::exec
