#include "exec/live_entry.h"

#include <time.h>

namespace ppu::exec {

namespace {
constexpr uint64_t kWorthwhileNs = 50'000'000;  ///< between the first use and the one that asks
}

void LiveEntry::look_at_clock() {
  timespec t;
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  const uint64_t now = uint64_t(t.tv_sec) * 1'000'000'000 + uint64_t(t.tv_nsec);
  uint64_t first = 0;
  if (first_use_ns_.compare_exchange_strong(first, now)) return;
  if (now - first >= kWorthwhileNs && !asked_.exchange(true)) ask_for_better();
}

}  // namespace ppu::exec
