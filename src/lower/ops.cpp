// From OP rows to the functions they name. A row whose function doesn't exist is a link error.
#include "lower/lowering.h"

namespace ppu::lower {

#define ROW(id, text, meaning, ...)
#define OP(id, text, emit, ref, program) void emit(FunctionLowering& f, const ptx::Instruction& i);
#include "isa/all_rows.inc"
#undef ROW
#undef OP

EmitFunction emit_function(uint16_t row) {
  static constexpr EmitFunction kEmit[] = {
#define ROW(id, text, meaning, ...) nullptr,
#define OP(id, text, emit, ref, program) emit,
#include "isa/all_rows.inc"
#undef ROW
#undef OP
  };
  return kEmit[row];
}

}  // namespace ppu::lower
