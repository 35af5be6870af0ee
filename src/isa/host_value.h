// Host: the value type over which a row's meaning is run. Its twin, which records LLVM IR, is
// src/lower/ir_value.h; both offer the operations below, and src/isa/meaning.h builds everything else on
// them. A new operation goes here and there; prefer a formula in meaning.h, which both then share.
//
// Every value carries its PTX type; operations check nothing: rows are tested instead (tests/isa).
// Raw shifts need 0 <= n < width, raw divisions a non-zero divisor and no overflow: meaning.h guards them.
#pragma once
#include <cstdint>

#include "isa/round.h"
#include "isa/type.h"

namespace ppu::isa {

enum class Compare : uint8_t {
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,  ///< integers by the type's sign; floats ordered (false on NaN)
  kEqu,
  kNeu,
  kLtu,
  kLeu,
  kGtu,
  kGeu,  ///< floats: true on NaN
  kNum,
  kNan,  ///< floats: both numbers / either NaN
};

struct Host {
  uint64_t v = 0;  ///< bits; zero above the type's width
  Type t;
};

constexpr uint64_t low_bits(uint64_t v, int bits) {
  return bits >= 64 ? v : v & ((uint64_t(1) << bits) - 1);
}

/// A constant. The first argument gives the Ir twin its builder.
inline Host constant(const Host&, Type t, uint64_t bits) {
  return {low_bits(bits, t.total_bits()), t};
}
/// The value of an operand that the form requires to be a constant (`#n`).
inline uint64_t known_bits(Host a) {
  return a.v;
}
/// The same bits as type `t` of the same width.
inline Host as_bits(Host a, Type t) {
  return {a.v, t};
}
/// An integer made narrower, or wider by its own sign.
Host resize(Host a, Type t);

// Integers; results have the first argument's type.
Host operator+(Host a, Host b);
Host operator-(Host a, Host b);
Host operator*(Host a, Host b);
Host operator&(Host a, Host b);
Host operator|(Host a, Host b);
Host operator^(Host a, Host b);
Host operator~(Host a);
Host shl_raw(Host a, Host n);
Host shr_raw(Host a, Host n);  ///< arithmetic if the type is signed
Host div_raw(Host a, Host b);
Host rem_raw(Host a, Host b);
Host popc(Host a);
Host clz(Host a);  ///< width if zero
Host brev(Host a);

/// A predicate.
Host compare(Compare op, Host a, Host b);
Host select(Host predicate, Host a, Host b);

// Floats: .f32 and .f64.
Host fadd(Host a, Host b, Round round);
Host fsub(Host a, Host b, Round round);
Host fmul(Host a, Host b, Round round);
Host fdiv(Host a, Host b, Round round);
Host ffma(Host a, Host b, Host c, Round round);
Host fsqrt(Host a, Round round);
/// .ftz of an .f32: a subnormal becomes zero of its sign.
Host flush_subnormal(Host a);
Host fneg(Host a);
Host fabs(Host a);
Host round_to_integral(Host a, Round round);
/// To a wider float: .f16 -> .f32 -> .f64; exact.
Host extend(Host a, Type t);
/// To a narrower float, to nearest even: .f64 -> .f32, .f32 -> .f16.
Host truncate(Host a, Type t);
/// Integer to float, to nearest even.
Host int_to_float(Host a, Type t);
/// Float to integer of type `t`, towards zero, clamped to its range; NaN gives 0.
Host float_to_int(Host a, Type t);

}  // namespace ppu::isa
