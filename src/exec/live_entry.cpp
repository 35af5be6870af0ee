#include "exec/live_entry.h"

#include <time.h>

#include <algorithm>

namespace ppu::exec {

namespace {
constexpr uint64_t kWorthwhileNs = 50'000'000;  ///< between the first use and the one that asks
/// Of both codes together, before the trial ends.
constexpr uint64_t kEnoughNs = 4'000'000;
constexpr uint64_t kHopeless = 4;  ///< times as slow: ends it at once
}  // namespace

void LiveEntry::look_at_clock() {
  timespec t;
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  const uint64_t now = uint64_t(t.tv_sec) * 1'000'000'000 + uint64_t(t.tv_nsec);
  uint64_t first = 0;
  if (first_use_ns_.compare_exchange_strong(first, now)) return;
  if (now - first >= kWorthwhileNs && !asked_.exchange(true)) ask_for_better();
}

void LiveEntry::count(uint64_t ns) {
  const uint64_t counted = counted_ns_.fetch_add(ns, std::memory_order_relaxed) + ns;
  if (counted < until_ns_.load(std::memory_order_relaxed)) return;
  if (counts_.exchange(false)) ask_for_trial();
}

void LiveEntry::compared(uint64_t trial_ns, uint64_t now_ns) {
  const uint64_t trial = trial_ns_.fetch_add(trial_ns, std::memory_order_relaxed) + trial_ns;
  const uint64_t now = now_ns_.fetch_add(now_ns, std::memory_order_relaxed) + now_ns;
  if (trial + now < kEnoughNs && trial < kHopeless * std::max<uint64_t>(now, kEnoughNs / 64)) return;
  const BlockFunction tried = trial_.exchange(nullptr);
  if (!tried) return;
  const bool won = trial + trial / 4 < now;  // what's about as fast isn't worth a change
  if (won) replace(tried);
  trial_ended(won);
}

}  // namespace ppu::exec
