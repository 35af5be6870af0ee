// What to count in a kernel under `ppu prof`: which instructions always run together (units), which accesses
// are judged by their addresses (sites), and what each instruction is worth. A function of the PTX alone, so
// compiler, interpreter and device number everything alike without passing it on. Not here: the counting
// itself.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "exec/counters.h"
#include "ptx/ptx.h"

namespace ppu::ptx {

/// A memory access of one instruction.
struct Access {
  enum class Kind : uint8_t { kLoad, kStore, kAtomic };
  Kind kind = Kind::kLoad;
  Space space = Space::kNone;  ///< kNone: generic, shared or global by address
  uint32_t bytes = 0;          ///< of one lane
  int32_t operand = 0;         ///< the address
};

/// What one execution of an instruction adds.
struct Work {
  exec::Counters per_lane;  ///< times active lanes
  exec::Counters per_warp;
  std::vector<Access> accesses;  ///< those whose addresses matter; their bytes and requests are above, except
                                 ///< those of generic ones, which a site's words tell apart
  bool branches = false;         ///< conditional `bra`: may diverge
};
Work work_of(const Module& module, const Function& function, const Instruction& instruction);

/// Accesses of shared and global memory that are made at one place of the program, or a conditional branch.
struct Site {
  int32_t function = 0, instruction = 0;
  bool is_branch = false;
  Access access;
  uint32_t word = 0;  ///< first of its words
  uint32_t unit = 0;
};
exec::AccessCount count_of(const Access& access);

class ProfilePlan {
 public:
  ProfilePlan(const Module& module, const std::string& kernel);

  /// The unit that starts at this instruction; -1 if none does. `instruction` may be body.size().
  int32_t unit_at(int32_t function, int32_t instruction) const;
  /// Sites of an instruction, in the order of Work::accesses.
  std::span<const Site> sites_of(int32_t function, int32_t instruction) const;
  const std::vector<Site>& sites() const { return sites_; }
  /// Length of the array that compiled code counts in: exec::kUnitWords for each unit, behind them the words
  /// of sites.
  uint32_t words() const { return words_; }
  exec::Counters sum(std::span<const uint64_t> words) const;
  const Module& module() const { return module_; }

 private:
  struct Unit {
    exec::Counters per_lane, per_warp;
  };
  struct FunctionPlan {
    std::vector<int32_t> unit_at;
    std::vector<uint32_t> first_site;  ///< by instruction, one past the end included
  };
  void add_function(int32_t index);
  const Module& module_;
  std::vector<FunctionPlan> functions_;
  std::vector<Unit> units_;
  std::vector<Site> sites_;
  uint32_t words_ = 0;
};

}  // namespace ppu::ptx
