// Random PTX kernels drawn from the instruction table: every result of one engine must be every other
// engine's. The kernel is `k(.param .u64 data, .param .u64 out)`: a thread reads kSlotBytes of its own at
// `data`, ends by writing all its registers to its kSlotBytes of `out`, and on the way branches, loops,
// shuffles and waits at barriers (these only where all threads come).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace ppu::fuzz {

constexpr int kNumWords = 12;  ///< .b32 registers
constexpr int kNumLongs = 6;   ///< .b64
constexpr int kNumHalves = 6;  ///< .b16
constexpr int kNumPreds = 6;
constexpr uint32_t kSlotBytes = 256;  ///< of one thread in `data`, `out` and shared memory

/// The line before and behind the random part.
constexpr const char* kBodyMark = "  // ----\n";

struct RandomKernel {
  std::string text;  ///< a PTX module
  uint32_t grid[3] = {1, 1, 1};
  uint32_t block[3] = {32, 1, 1};
};

/// The kernel of this seed; `statements`: roughly how many.
RandomKernel make_random_kernel(uint64_t seed, int statements);

/// Data for all threads: small integers, ordinary floats, special values, noise.
std::vector<uint32_t> make_random_data(uint64_t seed, size_t words);

}  // namespace ppu::fuzz
