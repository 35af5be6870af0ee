// What is counted while kernels run under `ppu prof`: the sums, and how the accesses of one warp are judged.
// The judges are shared by the reference interpreter and by compiled code where a shape isn't known at
// compile time. Not here: which instruction counts as what (src/ptx/profile_plan.h).
#pragma once
#include <cstdint>

namespace ppu::exec {

struct Counters {
#define COUNTER(key, unit, meaning) uint64_t key = 0;
#include "exec/counters.inc"
#undef COUNTER
  Counters& operator+=(const Counters& o) {
#define COUNTER(key, unit, meaning) key += o.key;
#include "exec/counters.inc"
#undef COUNTER
    return *this;
  }
  /// Adds `o` `times` over.
  void add(const Counters& o, uint64_t times) {
#define COUNTER(key, unit, meaning) key += o.key * times;
#include "exec/counters.inc"
#undef COUNTER
  }
  bool operator==(const Counters&) const = default;
};

constexpr uint32_t kSectorBytes = 32;
constexpr uint32_t kBanks = 32;
constexpr uint32_t kBankBytes = 4;

/// Sectors that accesses of `bytes` at the addresses of the lanes in `mask` touch.
uint32_t count_sectors(const uint64_t address[32], uint32_t mask, uint32_t bytes);

/// Passes over the banks of shared memory: the most different words that lanes want of one bank (CUDA C++
/// Best Practices Guide, "Shared Memory and Memory Banks"). Without conflicts 1, and 2 or 4 for 8 or 16 bytes
/// a lane.
uint32_t count_bank_passes(const uint64_t address[32], uint32_t mask, uint32_t bytes);

/// The most lanes of `mask` that stand at one address.
uint32_t count_same_address(const uint64_t address[32], uint32_t mask);

/// How a memory instruction is judged; part of the contract with generated code.
enum class AccessCount : uint32_t { kSectors, kBankPasses, kSameAddress, kGeneric };

/// What accesses at scattered addresses take is worked out exactly for the first of each place in the program
/// and each worker (LaunchArgs::counted_exactly; unless asked otherwise kCountedExactly), then for one of
/// kSamplePeriod, which stands for all of these.
constexpr uint64_t kCountedExactly = 1024, kSamplePeriod = 8;

/// Words of a unit: active lanes where whole warps run it, these warps, and lanes that ran it one by one.
constexpr uint32_t kUnitWords = 3;

/// Loops that lanes leave by their own data run one lane after another where that is faster. What they take
/// as warps is counted for the first warps of a grid (LaunchArgs::counted_exactly over kLoopsOfExactly of
/// them) and for one in kLoopPeriod, and then stands for the others in proportion to their lanes.
constexpr uint64_t kLoopsOfExactly = 512, kLoopPeriod = 16;

/// Words of an access of unknown space: sectors, bank passes, lanes in shared memory, requests with a lane in
/// shared memory. Others have one. Each has another behind them: how many were judged.
constexpr uint32_t kGenericWords = 4;

inline uint32_t count_access(AccessCount how, const uint64_t address[32], uint32_t mask, uint32_t bytes) {
  if (how == AccessCount::kSectors) return count_sectors(address, mask, bytes);
  if (how == AccessCount::kBankPasses) return count_bank_passes(address, mask, bytes);
  return count_same_address(address, mask);
}

}  // namespace ppu::exec
