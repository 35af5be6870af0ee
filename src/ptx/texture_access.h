// Texture and surface instructions (PTX ISA, "Texture Instructions", "Surface Instructions") in the form the
// runtime helper takes (exec/texture_abi.h): which operand is which input word, and which output word goes to
// which destination. One reading of them for both engines.
#pragma once
#include <string>
#include <vector>

#include "exec/texture_abi.h"
#include "ptx/tree.h"

namespace ppu::ptx {

/// Where an operand is in Instruction::operands: element -1 = the operand itself, sub -1 = the element
/// itself.
struct OperandPath {
  int8_t operand = 0, element = -1, sub = -1;
};

/// One input word: the value at `at` as a `type`, shifted right by `shift`.
struct TextureInput {
  OperandPath at;
  isa::Type type;
  uint8_t shift = 0;
};

/// One destination, of `type`: made of output words `word`... (the first lowest), `part_bits` of each.
struct TextureOutput {
  OperandPath at;
  isa::Type type;
  uint8_t word = 0, parts = 1, part_bits = 32;
};

struct TextureAccess {
  exec::TextureOp op;
  OperandPath handle;  ///< a 64-bit register, or the symbol of a .texref or .surfref
  std::vector<TextureInput> inputs;
  std::vector<TextureOutput> outputs;
  int8_t resident = -1;  ///< element of operand 0 that takes the residency predicate, always true; or -1
  std::string error;     ///< not empty: what isn't supported
};

TextureAccess texture_access(const Instruction& instruction, const Function& function);

/// The operand at `path`.
const Operand& operand_at(const Instruction& instruction, OperandPath path);

}  // namespace ppu::ptx
