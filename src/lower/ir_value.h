// Ir: the value type over which a row's meaning is recorded as scalar LLVM IR; the twin of isa::Host
// (src/isa/host_value.h, which says what each operation means). LLVM types are those of row_emit.h.
#pragma once
#include <llvm/IR/IRBuilder.h>

#include "isa/host_value.h"

namespace ppu::lower {

using isa::Compare;
using isa::Round;

struct Ir {
  llvm::Value* v = nullptr;
  isa::Type t;
  llvm::IRBuilderBase* b = nullptr;
};

Ir constant(const Ir& like, isa::Type t, uint64_t bits);
uint64_t known_bits(Ir a);
Ir as_bits(Ir a, isa::Type t);
Ir resize(Ir a, isa::Type t);

Ir operator+(Ir a, Ir b);
Ir operator-(Ir a, Ir b);
Ir operator*(Ir a, Ir b);
Ir operator&(Ir a, Ir b);
Ir operator|(Ir a, Ir b);
Ir operator^(Ir a, Ir b);
Ir operator~(Ir a);
Ir shl_raw(Ir a, Ir n);
Ir shr_raw(Ir a, Ir n);
Ir div_raw(Ir a, Ir b);
Ir rem_raw(Ir a, Ir b);
Ir popc(Ir a);
Ir clz(Ir a);
Ir brev(Ir a);

Ir compare(Compare op, Ir a, Ir b);
Ir select(Ir predicate, Ir a, Ir b);

Ir fadd(Ir a, Ir b, Round round);
Ir fsub(Ir a, Ir b, Round round);
Ir fmul(Ir a, Ir b, Round round);
Ir fdiv(Ir a, Ir b, Round round);
Ir ffma(Ir a, Ir b, Ir c, Round round);
Ir fsqrt(Ir a, Round round);
Ir flush_subnormal(Ir a);  ///< a call of ppu.ftz.f32: see lower_flushes in passes.h
Ir fneg(Ir a);
Ir fabs(Ir a);
Ir round_to_integral(Ir a, Round round);
Ir extend(Ir a, isa::Type t);
Ir truncate(Ir a, isa::Type t);
Ir int_to_float(Ir a, isa::Type t);
Ir float_to_int(Ir a, isa::Type t);

}  // namespace ppu::lower
