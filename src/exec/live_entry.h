// The entry of a kernel whose code may be replaced while its blocks run: quick code gives way to full code. A
// block runs in one code from its start to its end, so the two needn't agree in anything but what they do.
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

 protected:
  /// Called at most once; the thread runs blocks right after.
  virtual void ask_for_better() = 0;

 private:
  void look_at_clock();
  std::atomic<BlockFunction> now_;
  std::atomic<uint64_t> first_use_ns_{0};
  std::atomic<bool> asked_{false};
};

}  // namespace ppu::exec
