// What the rows of isa/matrix.inc leave to code: how many registers an operand lists.
#include "isa/fragment.h"
#include "isa/table.h"

namespace ppu::isa {

std::string spelling(const Row& row, const Mods& mods) {
  std::string text(row.form.mnemonic);
  for (std::string_view m : mods.got)
    if (!m.empty()) text.append(1, '.').append(m);
  return text;
}

ListLength list_length(const Row& row, const Mods& mods, int operand) {
  if (row.form.mnemonic == "ldmatrix" || row.form.mnemonic == "stmatrix")
    return {mods.has("x4") ? 4 : mods.has("x2") ? 2 : 1, 32};
  const std::string text = spelling(row, mods);
  const MatrixOp op = parse_matrix_op(text);
  if (!mods.has("mma") && row.form.mnemonic == "wmma") {
    const FragmentOp load = parse_fragment_op(text);
    return {num_registers(load.op, load.role), register_bits(load.op, load.role)};
  }
  const char name = row.form.operands[operand].name[0];
  const MatrixRole role = name == 'a'   ? MatrixRole::kA
                          : name == 'b' ? MatrixRole::kB
                          : name == 'c' ? MatrixRole::kC
                                        : MatrixRole::kD;
  return {num_registers(op, role), register_bits(op, role)};
}

}  // namespace ppu::isa
