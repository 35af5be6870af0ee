// What `ppu check` sees of one grid: every access of its threads judged against the allocations (memcheck),
// against what has been written (initcheck), and against what other threads do (block_checker.h). Also the
// guard of a launch that was handed a pointer of the host's: there an access through it ends the launch, as
// on hardware.
#pragma once
#include <functional>
#include <span>
#include <string>

#include "device/block_checker.h"
#include "device/checking.h"
#include "device/module.h"
#include "exec/checker.h"

namespace ppu::device {

/// True if one of these words of the parameters is an address of host memory that no kernel may use (neither
/// managed nor pinned nor registered). Costs a comparison or two a word where there is nothing like it.
bool has_host_pointer(std::span<const std::byte> params, std::span<const uint32_t> words);

class KernelChecker final : public exec::Checker {
 public:
  /// `local_bytes` of a thread; `workspace`: memory of ours that the grid's kernels use; `lent`: tells
  /// whether an address lies in memory of ours that its threads asked for.
  KernelChecker(const Function& function, uint32_t local_bytes, std::span<const std::byte> workspace,
                std::function<bool(uint64_t)> lent, bool interpreted);

  void block_starts(exec::BlockState& block) override;
  exec::Trap access(exec::BlockState& block, uint64_t place, const uint64_t* address, uint32_t bytes,
                    uint32_t mask, uint32_t first, uint64_t* info, uint32_t* lane) override;
  void sync(exec::BlockState& block, uint64_t place, const uint64_t* words, uint32_t mask,
            uint32_t first) override;
  void bad_free(exec::BlockState& block, uint64_t address) override;
  void deadlock(exec::BlockState& block) override;

  /// What a finding of this kernel starts with: its name, block and thread, and the place.
  checking::Finding finding(std::string_view tool, std::string_view kind, const exec::BlockState& block,
                            uint32_t thread, uint64_t place) const;
  /// "function" and "line" (PTX) of a place, and "source" where the PTX names it, under this prefix.
  void add_place(checking::Finding& finding, const std::string& prefix, uint64_t place) const;
  std::string key(std::string_view kind, uint64_t place) const;
  const ptx::Function* function_of(uint64_t place) const;
  /// The barrier there is one that all threads of a warp must come to together (.aligned).
  bool wants_whole_warps(uint64_t place) const;
  /// The load there only guesses what a compare-and-swap of the same address will find.
  bool feeds_swap(uint64_t place) const;

 private:
  exec::Trap judge(exec::BlockState& block, uint64_t place, uint64_t address, uint32_t bytes,
                   uint32_t thread);
  bool valid(uint64_t address, uint32_t bytes, KnownMemory* range) const;
  void report_access(std::string_view kind, exec::BlockState& block, uint64_t place, uint64_t address,
                     uint32_t bytes, uint32_t thread, const std::string& where) const;
  void explain(exec::BlockState& block, uint64_t place, uint64_t address, uint32_t bytes, uint32_t thread);
  void check_values(exec::BlockState& block, uint64_t place, const KnownMemory& range, uint64_t address,
                    uint32_t bytes, uint32_t thread);
  const Function& function_;
  const uint64_t local_bytes_;
  KnownMemory workspace_;
  std::function<bool(uint64_t)> lent_;
  const bool races_;              ///< looks for them: the interpreter doesn't tell where threads meet
  std::vector<int32_t> reached_;  ///< functions by CheckPlace::function
};

}  // namespace ppu::device
