// The entry of a kernel whose code may be replaced while its blocks run: quick code gives way to full code,
// and that to other code where a trial shows it to be faster. A block runs in one code from its start to its
// end, so the two needn't agree in anything but what they do.
#pragma once
#include <atomic>

#include "exec/kernel_abi.h"

namespace ppu::exec {

class LiveEntry {
 public:
  explicit LiveEntry(BlockFunction first) : now_(first) {}
  virtual ~LiveEntry() = default;
  LiveEntry(const LiveEntry&) = delete;
  LiveEntry& operator=(const LiveEntry&) = delete;

  BlockFunction now() const { return now_.load(std::memory_order_acquire); }
  void replace(BlockFunction better) { now_.store(better, std::memory_order_release); }
  /// Called whenever a thread begins some blocks. A kernel that is still in use some time after its first
  /// block is worth better code.
  void used() {
    if (!asked_.load(std::memory_order_relaxed)) look_at_clock();
  }
  /// Some blocks took so long together.
  void took(uint64_t ns) {
    if (counts_.load(std::memory_order_acquire)) count(ns);
  }

  /// Code that may be faster or slower than now(): of neighbouring blocks one runs in each, and both are
  /// timed.
  BlockFunction on_trial() const { return trial_.load(std::memory_order_acquire); }
  /// What two neighbours took, in thread time. Ends the trial once enough is known.
  void compared(uint64_t trial_ns, uint64_t now_ns);

 protected:
  explicit LiveEntry(BlockFunction first, bool asks) : now_(first), asked_(!asks) {}

  /// Called at most once; the thread runs blocks right after.
  virtual void ask_for_better() = 0;
  /// Called at most once, when the blocks since count_time() have taken so long.
  virtual void ask_for_trial() {}
  virtual void trial_ended(bool won) {}

  void count_time(uint64_t until_ns) {
    until_ns_.store(until_ns, std::memory_order_relaxed);
    counts_.store(true, std::memory_order_release);
  }
  void try_out(BlockFunction other) { trial_.store(other, std::memory_order_release); }

 private:
  void look_at_clock();
  void count(uint64_t ns);
  std::atomic<BlockFunction> now_;
  std::atomic<BlockFunction> trial_{nullptr};
  std::atomic<uint64_t> until_ns_{0}, counted_ns_{0}, trial_ns_{0}, now_ns_{0};
  std::atomic<bool> counts_{false};
  std::atomic<uint64_t> first_use_ns_{0};
  std::atomic<bool> asked_{false};
};

}  // namespace ppu::exec
