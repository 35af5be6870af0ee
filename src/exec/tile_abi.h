// How compiled code and the executor agree on matrix products: many mma.m16n8 of one stretch of code are one
// program of RuntimeTable::tile_products. What each of its words means is said here and nowhere else.
//
// A *tile* is 16x16 accumulators (f32 or s32) in memory, rows of 64 bytes. Columns 0-7 of a tile are those of
// one mma's accumulators, columns 8-15 those of another's with the same A; within eight, the even columns of
// the fragment come first: then each register of an accumulator is eight pieces of 16 bytes, a piece a row.
// A *unit* of A is 16 rows of eight 32-bit words of k, a unit of B eight words of k for the 16 columns of a
// tile each, in their order: what tile operations load as it is.
#pragma once
#include <cstddef>
#include <cstdint>

namespace ppu::exec {

constexpr size_t kTileBytes = 1024, kTileRowBytes = 64, kTileUnitBytes = 512;
constexpr size_t kMaxTileUnits = 32;    ///< of A, and of B, in one call
constexpr size_t kMaxTileSteps = 64;    ///< of one tile in a call
constexpr size_t kMaxTilePrograms = 8;  ///< in one call

/// Elements of A and B. Rows of A are 32 bytes: m16n8k16, m16n8k8 of tf32, m16n8k32 of bytes.
enum class TileKind : uint16_t { kBf16, kF16, kTf32, kS8S8, kS8U8, kU8S8, kU8U8 };

/// Halves of a tile that take part, and whether these start at zero instead of what the tile holds.
enum TileHalf : uint16_t { kLeftHalf = 1, kRightHalf = 2, kBothHalves = 3, kFromZero = 4 };

/// A program is a TileProgram, then its blocks: a TileBlock, rows * columns numbers of tiles (row by row),
/// and for each step `rows` numbers of A units and `columns` of B units. Every tile (i, j) of a block takes
/// tile += A_i * B_j, step after step.
struct TileProgram {
  TileKind kind;
  uint16_t a_units, b_units, blocks;
};
struct TileBlock {
  uint16_t rows, columns;  ///< two of two, or one of up to four
  uint16_t steps, halves;
};

/// A warp's products that wait: rounds of a loop add the same tiles' products over and over, and a tile that
/// is fetched and put back once for several rounds costs less. All programs of a queue agree in everything
/// but the numbers of units in their steps. tile_products empties the queue.
///
/// Units lie anywhere, aligned to 64 bytes, so that they're multiplied where they were put together: a table
/// has the places of program 0's units of A, then of its units of B, then those of the next program.
struct TileQueue {
  uint32_t count;   ///< of programs
  uint32_t layout;  ///< compiled code's own: programs with the same number agree
  const uint16_t* programs[kMaxTilePrograms];
};

}  // namespace ppu::exec
