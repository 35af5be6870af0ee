#include "device/chip_clock.h"

#include <algorithm>

namespace ppu::device {
namespace {

constexpr size_t kRemembered = 64;  // intervals an engine: older ones are over for all that is still to come
constexpr size_t kEngines = 3;

}  // namespace

ChipClock& ChipClock::instance() {
  static auto* clock = new ChipClock;
  return *clock;
}

void ChipClock::host_saw(uint64_t ns) {
  uint64_t now = host_ns_.load(std::memory_order_relaxed);
  while (now < ns && !host_ns_.compare_exchange_weak(now, ns, std::memory_order_relaxed)) {
  }
}

ChipSpan ChipClock::place(int device, const ChipUse& use, uint64_t ready) {
  if (use.engine == ChipUse::Engine::kNone || use.ns == 0) return {ready, ready + use.ns};
  std::lock_guard lock(mutex_);
  const size_t index = size_t(device) * kEngines + size_t(use.engine) - 1;
  if (engines_.size() <= index) engines_.resize(index + 1);
  std::vector<Interval>& busy = engines_[index].busy;
  const auto fits = [&](uint64_t begin) {
    // Room is least where some interval begins, or at `begin` itself.
    const auto used = [&](uint64_t at) {
      double sum = 0;
      for (const Interval& i : busy)
        if (i.begin <= at && at < i.end) sum += i.share;
      return sum;
    };
    if (used(begin) + use.share > 1.0001) return false;
    return std::none_of(busy.begin(), busy.end(), [&](const Interval& i) {
      return i.begin > begin && i.begin < begin + use.ns && used(i.begin) + use.share > 1.0001;
    });
  };
  uint64_t begin = ready;
  if (!fits(begin)) {
    std::vector<uint64_t> ends;
    for (const Interval& i : busy)
      if (i.end > ready) ends.push_back(i.end);
    std::sort(ends.begin(), ends.end());
    for (const uint64_t end : ends) {
      begin = end;
      if (fits(begin)) break;
    }
  }
  if (busy.size() >= kRemembered)
    busy.erase(std::min_element(busy.begin(), busy.end(),
                                [](const Interval& a, const Interval& b) { return a.end < b.end; }));
  busy.push_back({begin, begin + use.ns, use.share});
  return {begin, begin + use.ns};
}

}  // namespace ppu::device
