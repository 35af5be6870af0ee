// When the modelled chip would have run what the streams were given: a second clock beside the host's, kept
// while kernels count. Work starts when what it waits for has ended and its engine has room: kernels share
// the multiprocessors, copies have one engine a direction. The host's own time doesn't pass on this clock.
// Not here: how long each takes (src/chip/kernel_cost.h).
#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

namespace ppu::device {

/// What an operation takes of the chip.
struct ChipUse {
  enum class Engine : uint8_t { kNone, kCompute, kCopyIn, kCopyOut };
  Engine engine = Engine::kNone;
  double share = 1;  ///< of the engine, while it runs
  uint64_t ns = 0;
};
struct ChipSpan {
  uint64_t begin_ns = 0, end_ns = 0;
};

class ChipClock {
 public:
  static ChipClock& instance();
  /// The first time from `ready_ns` on at which the engine of `device` has room.
  ChipSpan place(int device, const ChipUse& use, uint64_t ready_ns);
  /// The host has learnt that work was over at `ns`: what it submits from now on starts later.
  void host_saw(uint64_t ns);
  uint64_t host_ns() const { return host_ns_.load(std::memory_order_relaxed); }

 private:
  struct Interval {
    uint64_t begin, end;
    double share;
  };
  struct EngineState {
    std::vector<Interval> busy;  ///< the latest ones
  };
  std::mutex mutex_;
  std::vector<EngineState> engines_;
  std::atomic<uint64_t> host_ns_{0};
};

}  // namespace ppu::device
