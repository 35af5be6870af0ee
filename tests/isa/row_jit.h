// Compiles element rows to native scalar code, or folds them with constant operands; keeps LLVM out of the
// tests.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cases.h"

namespace ppu::isa::test {

/// Runs one lane: `in` has the operands and, at [7], the carry flag; `out` gets two results and, at [2], the
/// flag.
using LaneFunction = void (*)(const uint64_t* in, uint64_t* out);

class RowJit {
 public:
  RowJit();
  ~RowJit();
  /// Native code of each spelling, in order. Aborts the program on LLVM errors, with their text.
  std::vector<LaneFunction> compile(std::span<const Spelling> spellings);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct Folded {
  bool is_constant = false;  ///< false where a directed rounding keeps a call
  bool is_poison = false;    ///< poison or undef: undefined behaviour that no run would show
  HostResult result;
};
/// Emits the spelling with constant operands and lets LLVM simplify it.
Folded fold(const Spelling& spelling, std::span<const uint64_t> args, bool carry);

}  // namespace ppu::isa::test
