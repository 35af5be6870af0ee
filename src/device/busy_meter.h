// How long something was at work: in total, and in the last second. Lies in memory that other processes read;
// each field is written whole, so a reader needs no lock and is wrong by one interval at worst. Not here:
// what is metered.
#pragma once
#include <atomic>
#include <cstdint>

namespace ppu::device {

class BusyMeter {
 public:
  /// Work of any number of threads and streams may overlap: time counts once.
  void begin(uint64_t now_ns) {
    if (active_.fetch_add(1, std::memory_order_relaxed) == 0) since_.store(now_ns, std::memory_order_relaxed);
  }
  void end(uint64_t now_ns) {
    const uint64_t since = since_.load(std::memory_order_relaxed);
    if (active_.fetch_sub(1, std::memory_order_relaxed) == 1) add(since, now_ns);
  }

  /// Nanoseconds at work so far.
  uint64_t total(uint64_t now_ns) const {
    const uint64_t since = since_.load(std::memory_order_relaxed);
    const bool active = active_.load(std::memory_order_relaxed) > 0;
    return total_.load(std::memory_order_relaxed) + (active && now_ns > since ? now_ns - since : 0);
  }

  /// Of the last second, the share at work: 0 to 1.
  double share_of_last_second(uint64_t now_ns) const {
    const uint64_t from = now_ns > kSecond ? now_ns - kSecond : 0;
    uint64_t busy = 0;
    for (const Bucket& bucket : buckets_) {
      const uint64_t number = bucket.number.load(std::memory_order_relaxed);
      const uint64_t begins = number * kBucket;
      if (begins + kBucket <= from || begins > now_ns) continue;
      const uint64_t all = bucket.busy.load(std::memory_order_relaxed);
      // The oldest bucket reaches out of the second: its part is taken as evenly busy.
      busy += begins < from ? all * (begins + kBucket - from) / kBucket : all;
    }
    const uint64_t since = since_.load(std::memory_order_relaxed);
    if (active_.load(std::memory_order_relaxed) > 0 && now_ns > since)
      busy += now_ns - (since > from ? since : from);
    return busy >= kSecond ? 1 : double(busy) / double(kSecond);
  }

 private:
  static constexpr uint64_t kSecond = 1'000'000'000, kBucket = kSecond / 8;
  struct Bucket {
    std::atomic<uint64_t> number;  ///< since the clock's start: tells old ones
    std::atomic<uint64_t> busy;
  };

  /// Spreads an interval that has ended over the buckets of the last two seconds.
  void add(uint64_t from, uint64_t to) {
    if (to <= from) return;
    total_.fetch_add(to - from, std::memory_order_relaxed);
    if (to - from > 2 * kSecond) from = to - 2 * kSecond;
    for (uint64_t number = from / kBucket; number <= to / kBucket; ++number) {
      Bucket& bucket = buckets_[number % 16];
      const uint64_t begins = number * kBucket, ends = begins + kBucket;
      const uint64_t busy = (to < ends ? to : ends) - (from > begins ? from : begins);
      if (bucket.number.exchange(number, std::memory_order_relaxed) == number)
        bucket.busy.fetch_add(busy, std::memory_order_relaxed);
      else
        bucket.busy.store(busy, std::memory_order_relaxed);
    }
  }

  std::atomic<uint64_t> active_, since_, total_;
  Bucket buckets_[16];
};

}  // namespace ppu::device
