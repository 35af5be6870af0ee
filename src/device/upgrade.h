// Kernels that began on quick code: their full code, compiled behind their back. And kernels that may be
// faster one lane after the other: whether they are is found out while they run.
#pragma once
#include <memory>
#include <string>

#include "device/kernel_code.h"
#include "exec/live_entry.h"

namespace ppu::device {

/// PPU_TIER: "quick" or "full" code only, or unset: quick code first for kernels that take long to compile.
enum class TierChoice { kBoth, kQuick, kFull };
TierChoice tier_choice();

/// Whether full code of this kernel takes so long to compile that quick code had better come first.
bool wants_quick_code(const KernelSource& source);

/// Whether it may be faster one lane after the other: lanes can go different ways in a loop and never do
/// anything together.
bool may_suit_narrow_code(const KernelSource& source);

/// The frame that narrow code of such a kernel needs, in this block shape.
uint32_t narrow_frame_bytes(const KernelSource& source);

/// Starts with quick or full code. Once the kernel has proved to be worth it, a thread of low priority
/// compiles the full code and puts it in place; and later, if that may be faster, narrow code, which is tried
/// out. Outlives the kernel's module while that thread is at it.
class Upgrade : public exec::LiveEntry, public std::enable_shared_from_this<Upgrade> {
 public:
  /// `info` is what launches are laid out for.
  Upgrade(KernelSource source, const exec::LoadedKernel& first, Tier tier, const exec::KernelInfo& info);
  /// Compiles the next code and puts it in place or on trial, on the calling thread.
  void run();

 protected:
  void ask_for_better() override;
  void ask_for_trial() override { ask_for_better(); }
  void trial_ended(bool won) override;

 private:
  void use_full_code();
  void try_narrow_code();
  /// Full code is in place.
  void settle();

  KernelSource source_;
  exec::KernelInfo info_;
  Tier tier_;  ///< in place
  std::unique_ptr<exec::LoadedKernel> full_, narrow_;
};

}  // namespace ppu::device
