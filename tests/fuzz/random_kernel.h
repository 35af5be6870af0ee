// Random PTX kernels drawn from the instruction table: every result of one engine must be every other
// engine's. The kernel is `k(.param .u64 data, .param .u64 out)`: a thread reads its registers from `data`,
// ends by writing them all to `out`, and on the way branches, loops, calls, exchanges values with the lanes
// that it knows to be with it, and waits at barriers (these only where all threads come).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace ppu::fuzz {

constexpr int kNumWords = 12;  ///< .b32 registers
constexpr int kNumLongs = 6;   ///< .b64
constexpr int kNumHalves = 6;  ///< .b16
constexpr int kNumPreds = 6;
/// `data` and `out`: a thread's values (all threads' side by side), then bytes of its own; the latter in
/// shared and local memory too.
constexpr uint32_t kValueBytes = 176, kOwnBytes = 128, kThreadBytes = kValueBytes + kOwnBytes;

/// A statement with what belongs to it. Any may be left out without another one becoming undefined.
struct Node {
  std::string head, middle, tail;
  std::vector<Node> body, other;  ///< behind head, behind middle
  bool fixed = false;             ///< never left out
  bool left_out = false;
};

struct RandomKernel {
  Node root;
  uint32_t grid[3] = {1, 1, 1};
  uint32_t block[3] = {32, 1, 1};
  std::string text() const;  ///< a PTX module
};

/// The kernel of this seed; `statements`: roughly how many.
RandomKernel make_random_kernel(uint64_t seed, int statements);

/// Data for all threads: small integers, ordinary floats, special values, noise.
std::vector<uint32_t> make_random_data(uint64_t seed, size_t words);

}  // namespace ppu::fuzz
