// A chip's terms from a handful of the user's own measurements: what large products and the memory reach, and
// what the software costs. Not here: what is common to all chips (scripts/fit.py).
#pragma once
#include <string>
#include <vector>

#include "validate/report.h"

namespace ppu::validate {

constexpr size_t kFewestRows = 3;

/// One number that was moved: "effective_bf16_tflops", or "vllm: step_us".
struct Moved {
  std::string what;
  double before = 0, after = 0;
};

struct Calibrated {
  std::string text;  ///< a chip file (docs/chips.md) that begins with the chip as its base
  std::vector<Moved> moved;
  Errors before, after;  ///< over the rows
};

/// Moves the terms of `chip`, one that ships, so that it fits `rows`, all taken to be its own. A term that
/// the rows say nothing about stays. kBadInput for fewer than kFewestRows rows that can be modelled. `source`
/// says in the file where the numbers come from. Adds rows to the table of stacks: for a process that
/// calibrates once.
Result<Calibrated> calibrate(const chip::Chip& chip, const std::vector<Row>& rows, const std::string& id,
                             const std::string& source);

}  // namespace ppu::validate
