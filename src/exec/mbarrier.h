// The mbarrier object in shared memory: one 64-bit word, and what the instructions do to it. PTX calls its
// layout opaque (PTX ISA, "Contents of the mbarrier object"); this is ours, for all engines:
//   bits 0-19 pending arrivals, 20-39 expected arrivals, 40-60 tx-count (two's complement), 61-63 phase.
#pragma once
#include <cstdint>

namespace ppu::exec {

constexpr uint64_t kMbarrierCount = (uint64_t(1) << 20) - 1;  ///< largest count, and mask of one
constexpr int kMbarrierExpectedShift = 20, kMbarrierTxShift = 40, kMbarrierPhaseShift = 61;
constexpr uint64_t kMbarrierTx = (uint64_t(1) << 21) - 1;

constexpr uint64_t mbarrier_initial(uint32_t count) {
  const uint64_t n = count & kMbarrierCount;
  return n | n << kMbarrierExpectedShift;
}

/// The word after `arrivals` threads arrived and `tx` was added to the tx-count (negative: bytes have come).
/// `drop`: they won't be expected any more. The phase completes when nothing is pending and the tx-count is
/// 0.
constexpr uint64_t mbarrier_updated(uint64_t word, uint32_t arrivals, int32_t tx, bool drop) {
  uint64_t pending = (word - arrivals) & kMbarrierCount;
  const uint64_t expected = ((word >> kMbarrierExpectedShift) - (drop ? arrivals : 0)) & kMbarrierCount;
  const uint64_t count = ((word >> kMbarrierTxShift) + uint64_t(int64_t(tx))) & kMbarrierTx;
  uint64_t phase = word >> kMbarrierPhaseShift;
  if (pending == 0 && count == 0) {
    pending = expected;
    phase++;
  }
  return pending | expected << kMbarrierExpectedShift | count << kMbarrierTxShift |
         phase << kMbarrierPhaseShift;
}

/// Of the word, or of the state that an arrival returned.
constexpr uint32_t mbarrier_phase(uint64_t word) {
  return uint32_t(word >> kMbarrierPhaseShift);
}
constexpr uint32_t mbarrier_pending(uint64_t state) {
  return uint32_t(state & kMbarrierCount);
}

}  // namespace ppu::exec
