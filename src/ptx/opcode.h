// Opcode text -> table row, and the lists of words that PTX knows, so that a typing error ("add.s33") and an
// instruction we lack ("wgmma.fence") get different answers.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "isa/table.h"

namespace ppu::ptx {

/// The mnemonic: everything before the first dot.
std::string_view mnemonic_of(std::string_view opcode);

/// Memory instructions may name their modifiers in any order in practice (`atom.add.release.gpu.u32`, inline
/// assembly of real programs): puts them into the order of the manual's syntax line, which the rows use.
/// Other opcodes come back as they are.
std::string canonical_opcode(std::string_view opcode);

/// True for every instruction name of PTX ISA 9, supported or not.
bool is_ptx_mnemonic(std::string_view word);

/// True for every word PTX uses as a modifier or type ("rn", "sat", "L2::128B", "m16n8k16").
bool is_ptx_modifier(std::string_view word);

/// isa::match behind a cache keyed by the text as written; `opcode` must outlive the matcher.
class OpcodeMatcher {
 public:
  const std::optional<isa::MatchResult>& match(std::string_view opcode);

 private:
  std::unordered_map<std::string_view, std::optional<isa::MatchResult>> cache_;
};

}  // namespace ppu::ptx
