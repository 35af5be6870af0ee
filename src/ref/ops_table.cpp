// Row number -> function.
#include "ref/ops.h"

namespace ppu::ref {

OpFunction op_function(uint16_t row) {
  static constexpr OpFunction kFunctions[] = {
#define OP(id, text, emit, ref, program) ref,
#define ROW(...) nullptr,
#include "isa/all_rows.inc"
#undef OP
#undef ROW
  };
  return kFunctions[row];
}

}  // namespace ppu::ref
