// What a software stack costs on a chip: rows of chips/model/stacks.toml, fitted where rows measured with it
// exist, a prior with a wide interval where none do. Not here: what is common to all stacks (coefficients.h).
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ppu::chip {

struct Numbers;
struct Stack;

struct StackTerms {
#define TERM(key, normal, meaning) double key = normal;
#include "chip/stack_fields.inc"
#undef TERM
};

/// One row: the terms of a stack on one chip, on the chips of a vendor, or on all.
struct StackRow {
  const char* name;     ///< "vllm"
  const char* chip;     ///< a chip's id, a vendor's name, or "*"
  const char* aliases;  ///< other beginnings of its name, separated by `|`
  const char* source;   ///< what it was fitted on, or why it is assumed
  const char* makers;   ///< of the chips it was fitted on, separated by `|`; "": all that the row is for
  bool fitted;          ///< on rows measured with it
  StackTerms terms;
};

/// All rows of this build.
std::span<const StackRow> stack_rows();

/// The row for a stack named as people do ("TRT-LLM 0.17", "vllm 0.18.0": letter case, punctuation and what
/// follows the name aside), the one for this very chip first, then its vendor's, then the one for all chips,
/// then the row "default".
const StackRow& stack_row(std::string_view name, const Numbers& chip);

/// Whether the row was fitted to measurements on chips of this maker: what a stack costs on others is a
/// prior.
bool measured_on(const StackRow& row, std::string_view maker);

/// Whether a row is called so on some chip: stack_row() then knows the software, if not on this chip.
bool knows_stack(std::string_view name);

/// The names that a user may give, "vllm, trtllm, ..."; how benchmarks were run is left out.
std::string stack_names();

/// Adds a row for a user's own chip; of two rows for the same name and chip the later one counts. The texts
/// live as long as the process. Not to be called while others predict.
void add_stack_row(std::string_view name, std::string_view chip, std::string_view source,
                   const StackTerms& terms);

/// Sets one term by its key; false when there is none of that name.
bool set_term(StackTerms& terms, std::string_view key, double value);

/// For scripts/fit and calibrated chips: another value of one term of the row with exactly this name and
/// chip, for the whole process. kBadInput when there is no such row or term. Not to be called while others
/// predict.
Status set_stack_term(std::string_view name, std::string_view chip, std::string_view term, double value);

}  // namespace ppu::chip
