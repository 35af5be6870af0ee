// Shared by the tests of the instruction table: the spellings a row allows, its vectors, interesting
// operands, and how results are compared and shown.
#pragma once
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "isa/host_table.h"
#include "isa/table.h"

namespace ppu::isa::test {

/// One spelling of a row: "add.sat.s32".
struct Spelling {
  uint16_t row;
  std::string opcode;
  Mods mods;
  uint64_t constant = 0;  ///< of the operand that must be one (`#n` in the form), if there is any
  size_t left_out = 0;    ///< optional operands not given
};

/// The place of that operand among the sources, or -1.
int constant_source(const Row& row);

/// Every spelling of `row`; of rows with more than `limit`, a sample with every choice of every slot.
std::vector<Spelling> spellings(uint16_t row, size_t limit);

/// "addc.cc.u32 1 2 cc:1 = 4 cc:0".
struct Vector {
  std::string opcode;
  std::vector<uint64_t> in, out;
  bool carry_in = false, carry_out = false, checks_carry = false;
};
/// Fails the running test on a malformed text.
Vector parse_vector(std::string_view text);

/// The types of the source operands, in order.
std::vector<Type> source_types(const Row& row, const Mods& mods);
/// Those that are given.
std::vector<Type> source_types(const Spelling& spelling);

/// The n-th value to try for an operand: corner cases of its type first, then random ones of all sizes.
uint64_t operand_value(Type type, size_t n, std::mt19937_64& rng);

/// True if the results agree: the same bits, any NaN being as good as another, element by element.
bool same(uint64_t a, uint64_t b, Type type);

/// "isa/int.inc:7".
std::string place(const Row& row);
std::string hex(uint64_t v);

}  // namespace ppu::isa::test
