// Kernels that began on quick code: their full code, compiled behind their back.
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

/// Starts with quick code; once the kernel has proved to be worth it, a thread of low priority compiles the
/// full code and puts it in place. Outlives the kernel's module while that thread is at it.
class Upgrade : public exec::LiveEntry, public std::enable_shared_from_this<Upgrade> {
 public:
  Upgrade(KernelSource source, const exec::LoadedKernel& quick);
  /// Compiles the full code and puts it in place, on the calling thread.
  void run();

 protected:
  void ask_for_better() override;

 private:
  KernelSource source_;
  exec::KernelInfo info_;
  std::unique_ptr<exec::LoadedKernel> full_;
};

}  // namespace ppu::device
