// The instruction table: every row of isa/*.inc as data that the parser, the reference interpreter and the
// compiler look up by index. The host meaning of element-wise rows is in host_value.h; the LLVM one is built
// from the same rows in src/lower, and is indexed by the same row number.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isa/form.h"
#include "isa/type.h"

namespace ppu::isa {

enum class RowKind : uint8_t {
  kElement,  ///< ROW: each lane on its own; the row holds the meaning
  kOp,       ///< OP: memory, warp, control...; the row names an emit and a ref function
};

/// The modifiers an instruction was written with: one entry a slot of the row's form, empty if left out.
/// The views point into the row's form text (static storage).
struct Mods {
  std::array<std::string_view, kMaxSlots> got{};
  bool has(std::string_view m) const {
    for (std::string_view g : got)
      if (g == m) return true;
    return false;
  }
};

struct Row {
  const char* id;    ///< unique name, e.g. "add_f32"
  const char* text;  ///< the form, as written in the row
  Form form;         ///< the same, parsed at compile time
  RowKind kind;
  std::span<const std::string_view>
      vectors;       ///< element rows: "add.sat.s32 7fffffff 1 = 7fffffff"; op rows: empty
  const char* file;  ///< "isa/int.inc"
  int line;
};

/// All rows, in a fixed order; an instruction stores its index here.
std::span<const Row> table();

struct MatchResult {
  uint16_t row;
  Mods mods;
};

/// The row that spells `opcode` ("add.sat.s32"); nothing if none does. Constant time in the table's size.
std::optional<MatchResult> match(std::string_view opcode);
/// The same for modifiers in another order than the form's, as ptxas takes them (`setp.and.lt.s32`); types
/// keep their order among themselves, and so do .row and .col. Slower: for spellings that match() refuses.
std::optional<MatchResult> match_any_order(std::string_view opcode);

/// For error messages: true if some row has this mnemonic ("add"), with all its forms joined by "; ".
std::string forms_of(std::string_view mnemonic);

/// The instruction's type arguments in order: cvt.rn.f32.s32 -> {f32, s32}; ld.global.v4.u32 -> {u32}.
/// Unused entries have kind kNone.
std::array<Type, 4> types_of(const Row& row, const Mods& mods);

/// The type of operand `index` (as in row.form.operands) of an instruction spelt `mods`: what a register must
/// fit, and how a constant is read. kNone for `:any`, addresses of unknown width, labels, symbols and lists.
Type operand_type(const Row& row, const Mods& mods, int index);
/// The same from types_of(), for those who ask for all operands.
Type operand_type(const Row& row, const std::array<Type, 4>& types, int index);

/// Registers that a `{r}` operand of an instruction spelt `mods` must list, and the bits of each.
struct ListLength {
  int registers = 0, bits = 0;
};
ListLength list_length(const Row& row, const Mods& mods, int operand);

/// The opcode as written, modifiers in the form's order: "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32".
std::string spelling(const Row& row, const Mods& mods);

/// True if the instruction reads / writes the carry flag (addc, subc, madc / a `.cc` modifier).
bool reads_carry(const Row& row);
bool writes_carry(const Mods& mods);

/// How a register of `bits` takes a result of type `type` that is narrower: sign- or zero-extended (PTX ISA,
/// "Operand Size Exceeding Instruction-Type Size").
inline bool extends_signed(Type type) {
  return type.is_signed();
}

/// Row numbers, in table order: kRow_add_int...
enum RowId : uint16_t {
#define ROW(id, ...) kRow_##id,
#define OP(id, ...) kRow_##id,
#include "isa/all_rows.inc"
#undef ROW
#undef OP
  kRowCount
};

}  // namespace ppu::isa
