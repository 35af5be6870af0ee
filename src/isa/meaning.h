// The language in which rows state what they compute. A row's meaning is an expression over `x`, an Args<V>;
// V is isa::Host (runs) or lower::Ir (records LLVM), so everything here is a template written on the
// operations that both types offer (host_value.h). This file: arguments, results, integers. Floats:
// meaning_float.h, meaning_convert.h, meaning_half.h.
#pragma once
#include <array>
#include <cstdint>

#include "isa/host_value.h"
#include "isa/table.h"

namespace ppu::isa {

constexpr Type kPred{Kind::kPred, 1, 1};
constexpr Type kU8{Kind::kU, 8, 1}, kU16{Kind::kU, 16, 1}, kU32{Kind::kU, 32, 1}, kU64{Kind::kU, 64, 1};
constexpr Type kS8{Kind::kS, 8, 1}, kS16{Kind::kS, 16, 1}, kS32{Kind::kS, 32, 1}, kS64{Kind::kS, 64, 1};
constexpr Type kF16{Kind::kF, 16, 1}, kF32{Kind::kF, 32, 1}, kF64{Kind::kF, 64, 1};
constexpr Type kBF16{Kind::kBF, 16, 1};

constexpr Type unsigned_of(Type t) {
  return {Kind::kU, uint8_t(t.total_bits()), 1};
}
constexpr Type signed_of(Type t) {
  return {Kind::kS, uint8_t(t.total_bits()), 1};
}
constexpr Type wide_of(Type t) {
  return {t.kind, uint8_t(t.bits * 2), t.packed};
}

/// What a meaning yields: one value, two (`p|q`), or a value and the carry flag.
template <class V>
struct Out {
  V v[2];
  int n = 1;
  V carry;
  Out(V one) : v{one, one} {}
};

template <class V>
Out<V> both(V first, V second) {
  Out<V> out(first);
  out.v[1] = second;
  out.n = 2;
  return out;
}

template <class V>
Out<V> with_carry(V value, V carry) {
  Out<V> out(value);
  out.carry = carry;
  return out;
}

/// The operands and modifiers of one instruction.
template <class V>
struct Args {
  const Mods& mods;
  std::array<Type, 4> types;  ///< types_of()
  std::array<V, 8> in;        ///< sources in order
  V flag;                     ///< the carry flag before, a predicate
  size_t count;               ///< sources given: fewer than the form has if optional ones are left out

  V a() const { return in[0]; }
  V b() const { return in[1]; }
  V c() const { return in[2]; }
  V e() const { return in[3]; }  ///< the fourth: `d` is the destination
  bool has(std::string_view m) const { return mods.has(m); }
  V k(Type t, uint64_t bits) const { return constant(in[0], t, bits); }
  /// The rounding modifier; to nearest without one. The integer kinds (.rni...) give the same directions.
  Round round() const {
    for (std::string_view m : mods.got) {
      if (m == "rz" || m == "rzi") return Round::kZero;
      if (m == "rm" || m == "rmi") return Round::kDown;
      if (m == "rp" || m == "rpi") return Round::kUp;
      if (m == "rna") return Round::kAway;
    }
    return Round::kNearest;
  }
};

// ---- Small words
// ----------------------------------------------------------------------------------------------

/// A constant of a's type.
template <class V>
V like(V a, uint64_t bits) {
  return constant(a, a.t, bits);
}
template <class V>
V zero(V a) {
  return like(a, 0);
}
template <class V>
V is_negative(V a) {
  return compare(Compare::kLt, as_bits(a, signed_of(a.t)), constant(a, signed_of(a.t), 0));
}
template <class V>
V is_zero(V a) {
  return compare(Compare::kEq, a, zero(a));
}
template <class V>
V lesser(V a, V b) {
  return select(compare(Compare::kLt, b, a), b, a);
}
template <class V>
V greater(V a, V b) {
  return select(compare(Compare::kLt, a, b), b, a);
}
/// An integer as an unsigned one of the same width.
template <class V>
V bits_of(V a) {
  return as_bits(a, unsigned_of(a.t));
}

/// a << n with any n (u32): n >= width gives 0 (PTX ISA, "shl").
template <class V>
V shl(V a, V n) {
  const uint64_t width = uint64_t(a.t.total_bits());
  V in_range = resize(n & like(n, width - 1), unsigned_of(a.t));
  return select(compare(Compare::kLt, n, like(n, width)), shl_raw(a, as_bits(in_range, a.t)), zero(a));
}

/// a >> n with any n (u32): n >= width gives 0, or the sign in every bit (PTX ISA, "shr").
template <class V>
V shr(V a, V n) {
  const uint64_t width = uint64_t(a.t.total_bits());
  if (a.t.is_signed()) {
    V clamped = lesser(n, like(n, width - 1));
    return shr_raw(a, as_bits(resize(clamped, unsigned_of(a.t)), a.t));
  }
  V in_range = resize(n & like(n, width - 1), unsigned_of(a.t));
  return select(compare(Compare::kLt, n, like(n, width)), shr_raw(a, as_bits(in_range, a.t)), zero(a));
}

/// A mask of the `n` low bits of type `t`, any n (u32).
template <class V>
V low_mask(V n, Type t) {
  V ones = constant(n, t, ~uint64_t(0));
  return ~shl(ones, n);
}

// ---- Integer arithmetic
// ---------------------------------------------------------------------------------------

/// The type's largest value if `a` is not negative, else its smallest: where a signed sum of a and x
/// overflows to.
template <class V>
V overflow_bound(V a) {
  const uint64_t width = uint64_t(a.t.total_bits());
  return shr_raw(a, like(a, width - 1)) ^ like(a, (uint64_t(1) << (width - 1)) - 1);
}
template <class V>
V add_sat(V a, V b) {
  V sum = a + b;
  return select(is_negative((a ^ sum) & (b ^ sum)), overflow_bound(a), sum);
}
template <class V>
V sub_sat(V a, V b) {
  V difference = a - b;
  return select(is_negative((a ^ b) & (a ^ difference)), overflow_bound(a), difference);
}

template <class V>
V mul_wide(V a, V b) {
  const Type wide = wide_of(a.t);
  return resize(a, wide) * resize(b, wide);
}

/// The upper half of the product. 64 bits: from four 32-bit products, as vector units have no wider
/// multiplier.
template <class V>
V mul_hi(V a, V b) {
  if (a.t.bits < 64) {
    V wide = mul_wide(a, b);
    return resize(shr_raw(wide, like(wide, a.t.bits)), a.t);
  }
  V ua = bits_of(a), ub = bits_of(b);
  V k32 = like(ua, 32), low = like(ua, 0xffffffff);
  V al = ua & low, ah = shr_raw(ua, k32), bl = ub & low, bh = shr_raw(ub, k32);
  V ll = al * bl, lh = al * bh, hl = ah * bl;
  V middle = shr_raw(ll, k32) + (lh & low) + (hl & low);
  V high = ah * bh + shr_raw(lh, k32) + shr_raw(hl, k32) + shr_raw(middle, k32);
  if (a.t.is_signed()) {
    high = high - select(is_negative(a), ub, zero(ub));
    high = high - select(is_negative(b), ua, zero(ua));
  }
  return as_bits(high, a.t);
}

/// The 24 low bits of a, extended by its sign (PTX ISA, "mul24").
template <class V>
V low24(V a) {
  return shr_raw(shl_raw(a, like(a, 8)), like(a, 8));
}
template <class V>
V mul24(V a, V b, bool high) {
  V product = mul_wide(low24(a), low24(b));
  return resize(high ? shr_raw(product, like(product, 16)) : product, a.t);
}

template <class V>
V absolute(V a) {
  return select(is_negative(a), zero(a) - a, a);
}
template <class V>
V sad(V a, V b, V c) {
  V difference = select(compare(Compare::kLt, a, b), b - a, a - b);
  return c + as_bits(difference, c.t);
}

/// Quotient and remainder. Division by zero doesn't trap: all bits set, as the hardware's sequences leave.
/// The smallest number by -1 gives itself, remainder 0.
template <class V>
V divide(V a, V b, bool remainder) {
  V ones = like(a, ~uint64_t(0)), one = like(a, 1);
  V by_zero = is_zero(b);
  V safe = select(by_zero, one, b);
  if (a.t.is_signed()) {
    V by_minus_one = compare(Compare::kEq, b, ones);
    safe = select(by_minus_one, one, safe);
    V result = remainder ? rem_raw(a, safe) : div_raw(a, safe);
    if (!remainder) result = select(by_minus_one, zero(a) - a, result);
    return select(by_zero, ones, result);
  }
  return select(by_zero, ones, remainder ? rem_raw(a, safe) : div_raw(a, safe));
}

// ---- Bits
// -----------------------------------------------------------------------------------------------------

template <class V>
V find_leading(V a, bool shift_amount) {
  V bits = a.t.is_signed() ? bits_of(select(is_negative(a), ~a, a)) : a;
  V zeros = resize(clz(bits), kU32);
  if (shift_amount) return select(is_zero(bits), like(zeros, ~uint64_t(0)), zeros);
  return like(zeros, uint64_t(a.t.bits) - 1) - zeros;
}

/// fns: position of the n-th set bit of `mask` from `base` on, up (n > 0) or down (n < 0); all ones if none.
template <class V>
V find_nth_set(V mask, V base, V n) {
  V none = like(mask, ~uint64_t(0)), thirty_one = like(mask, 31);
  V down = is_negative(n);
  V bits = select(down, brev(mask), mask);
  V from = select(down, thirty_one - base, base);
  bits = bits & shl(none, from);
  V skip = bits_of(absolute(n)) - like(mask, 1);
  V left = bits;
  for (uint64_t i = 0; i < 31; i++)
    left = select(compare(Compare::kLt, like(mask, i), skip), left & (left - like(mask, 1)), left);
  left = select(compare(Compare::kLt, skip, like(mask, 32)), left, zero(left));
  V position = thirty_one - clz(left & (zero(left) - left));
  V found = select(is_zero(left), none, select(down, thirty_one - position, position));
  V at_base = select(is_zero(shr(mask, base) & like(mask, 1)), none, base);
  found = select(is_zero(n), at_base, found);
  return select(compare(Compare::kLt, base, like(base, 32)), found, none);
}

template <class V>
V bit_field_extract(V a, V position, V length) {
  V pos = position & like(position, 0xff), len = length & like(length, 0xff);
  V shifted = shr(a, pos);
  if (!a.t.is_signed()) return shifted & low_mask(len, a.t);
  const uint64_t width = uint64_t(a.t.bits);
  // Shift the field to the top and back: sign from the field's last bit, which `shr` filled past the msb.
  V up = select(compare(Compare::kLt, len, like(len, width)), like(len, width) - len, zero(len));
  V extended = shr(shl(shifted, up), up);
  return select(is_zero(len), zero(a), extended);
}

template <class V>
V bit_field_insert(V a, V b, V position, V length) {
  V pos = position & like(position, 0xff), len = length & like(length, 0xff);
  V mask = shl(low_mask(len, a.t), pos);
  return (b & ~mask) | (shl(a, pos) & mask);
}

template <class V>
V bit_mask(V position, V length, bool clamp) {
  V k31 = like(position, 31), k32 = like(position, 32), ones = like(position, ~uint64_t(0));
  V from = position & k31, len = length & k31;
  V end = from + len;
  V low = shl_raw(ones, from), high = shl(ones, end);
  if (clamp) {
    low = select(compare(Compare::kLt, position, k32), low, zero(low));
    high = select(compare(Compare::kLt, length, k32), high, zero(high));
  }
  return low & ~high;
}

template <class V>
V sign_or_zero_extend(V a, V n, bool clamp) {
  V bits = bits_of(a);
  V width = n & like(n, 31);
  V mask = shl_raw(like(bits, ~uint64_t(0)), width);
  V too_large = compare(Compare::kGe, n, like(n, 32));
  if (clamp) mask = select(too_large, zero(mask), mask);
  V kept = bits & ~mask;
  if (!a.t.is_signed()) return as_bits(kept, a.t);
  V sign = shr_raw(bits, (width - like(width, 1)) & like(width, 31)) & like(bits, 1);
  V extended = select(is_zero(sign), kept, kept | mask);
  return as_bits(select(is_zero(width), kept, extended), a.t);
}

/// Element i (`width` bits) of a packed integer, as a 32-bit integer of the sign of `t`.
template <class V>
V element(V a, int i, uint8_t width, Type t) {
  V bits = bits_of(a);
  V low = resize(shr_raw(bits, like(bits, uint64_t(i) * width)), Type{Kind::kU, width, 1});
  V typed = as_bits(low, Type{t.kind, width, 1});
  return as_bits(resize(typed, kS32), kU32);
}

template <class V>
V dot(const Args<V>& x, int a_width, int b_width, int b_first) {
  V sum = bits_of(x.c());
  for (int i = 0; i < 32 / a_width; i++)
    sum = sum + element(x.a(), i, uint8_t(a_width), x.types[0]) *
                    element(x.b(), i + b_first, uint8_t(b_width), x.types[1]);
  return as_bits(sum, x.c().t);
}

enum class PackedOp : uint8_t { kAdd, kMin, kMax };

/// add, min and max of two 16-bit integers in a register; .relu: negative results become 0.
template <class V>
V packed16(const Args<V>& x, PackedOp op) {
  const Type half{x.types[0].kind, 16, 1};
  V result = x.k(kU32, 0);
  for (int i = 0; i < 2; i++) {
    V a = element(x.a(), i, 16, half), b = element(x.b(), i, 16, half);
    a = as_bits(a, kS32);
    b = as_bits(b, kS32);
    V value = op == PackedOp::kAdd ? a + b : op == PackedOp::kMin ? lesser(a, b) : greater(a, b);
    if (x.has("relu")) value = greater(value, zero(value));
    result =
        result | shl_raw(bits_of(value) & like(result, 0xffff), like(result, uint64_t(16) * uint64_t(i)));
  }
  return as_bits(result, x.types[0]);
}

/// cvt.pack: a and b clamped to the type, b in the low bits, a next; c's low bits above them if there is
/// room.
template <class V>
V convert_pack(const Args<V>& x, V c) {
  const Type t = x.types[0];
  const uint64_t top = (uint64_t(1) << (t.bits - t.is_signed())) - 1, mask = (uint64_t(1) << t.bits) - 1;
  const auto clamp = [&](V v) {
    v = lesser(greater(v, like(v, t.is_signed() ? ~top : 0)), like(v, top));
    return bits_of(v) & constant(v, kU32, mask);
  };
  V low = clamp(x.b()), high = clamp(x.a());
  V packed = low | shl_raw(high, like(high, t.bits));
  return t.bits == 16 ? packed : packed | shl_raw(c, like(c, 2 * t.bits));
}

// ---- Logic and shifts
// -----------------------------------------------------------------------------------------

/// A function of two bits: bit (2b + c) of `table` is the result.
template <class V>
V logic2(V b, V c, unsigned table) {
  switch (table) {
    case 0:
      return zero(b);
    case 1:
      return ~(b | c);
    case 2:
      return ~b & c;
    case 3:
      return ~b;
    case 4:
      return b & ~c;
    case 5:
      return ~c;
    case 6:
      return b ^ c;
    case 7:
      return ~(b & c);
    case 8:
      return b & c;
    case 9:
      return ~(b ^ c);
    case 10:
      return c;
    case 11:
      return ~b | c;
    case 12:
      return b;
    case 13:
      return b | ~c;
    case 14:
      return b | c;
    default:
      return ~zero(b);
  }
}

/// A function of three bits split by one of them: `high` where it is 1, `low` where it is 0, tables of
/// logic2.
struct LogicSplit {
  int pivot = 0;  ///< 0 = a, 1 = b, 2 = c; the other two keep their order
  unsigned high = 0, low = 0;
  constexpr int cost() const {
    constexpr int kCost[] = {0, 2, 2, 1, 2, 1, 1, 2, 1, 2, 0, 2, 0, 2, 1, 0};
    if (high == low) return kCost[low];
    if (high == 15 - low || low == 0 || high == 15) return kCost[low == 0 ? high : low] + 1;
    if (high == 0) return kCost[low] + 2;
    return low == 15 ? kCost[high] + 2 : kCost[high] + kCost[low] + 3;
  }
};
constexpr LogicSplit split_logic(unsigned table) {
  LogicSplit best;
  for (int pivot = 0; pivot < 3; pivot++) {
    LogicSplit split{pivot, 0, 0};
    const unsigned at = 2 - unsigned(pivot);  // the pivot's bit in an index of `table`
    for (unsigned i = 0; i < 8; i++) {
      const unsigned rest = (i >> (at + 1)) << at | (i & ((1u << at) - 1));
      ((i >> at & 1) ? split.high : split.low) |= (table >> i & 1) << rest;
    }
    if (pivot == 0 || split.cost() < best.cost()) best = split;
  }
  return best;
}

/// lop3: bit (4a + 2b + c) of `table`, a constant, is the result. Few operations, as LLVM finds no shorter
/// ones.
template <class V>
V logic3(V a, V b, V c, V table) {
  const LogicSplit split = split_logic(unsigned(known_bits(table)) & 255);
  V pivot = split.pivot == 0 ? a : split.pivot == 1 ? b : c;
  V first = split.pivot == 0 ? b : a, second = split.pivot == 2 ? b : c;
  V high = logic2(first, second, split.high), low = logic2(first, second, split.low);
  if (split.high == split.low) return low;
  if (split.high == 15 - split.low) return pivot ^ low;
  if (split.low == 0) return pivot & high;
  if (split.high == 15) return pivot | low;
  if (split.high == 0) return ~pivot & low;
  if (split.low == 15) return ~pivot | high;
  return ((high ^ low) & pivot) ^ low;
}

/// shf.l / shf.r: the upper / lower 32 bits of b:a shifted by n.
template <class V>
V funnel_shift(V a, V b, V n, bool left, bool clamp) {
  V in_range = n & like(n, 31), rest = like(n, 31) - in_range;
  V one = like(a, 1);
  V shifted = left ? shl_raw(b, in_range) | shr_raw(shr_raw(a, one), rest)
                   : shr_raw(a, in_range) | shl_raw(shl_raw(b, one), rest);
  if (!clamp) return shifted;
  return select(compare(Compare::kLt, n, like(n, 32)), shifted, left ? a : b);
}

/// The selector of byte i of prmt's result, by mode (PTX ISA, "prmt").
template <class V>
V permute_selector(const Args<V>& x, uint64_t i) {
  V n = x.c() & like(x.c(), 3), index = like(n, i);
  if (x.has("f4e")) return n + index;
  if (x.has("b4e")) return (n - index) & like(n, 7);
  if (x.has("rc8")) return n;
  if (x.has("ecl")) return greater(n, index);
  if (x.has("ecr")) return lesser(n, index);
  if (x.has("rc16")) return shl_raw(n & like(n, 1), like(n, 1)) + like(n, i & 1);
  return shr_raw(x.c(), like(n, 4 * i)) & like(n, 15);
}

template <class V>
V permute_bytes(const Args<V>& x) {
  V result = zero(x.a());
  for (uint64_t i = 0; i < 4; i++) {
    V selector = permute_selector(x, i);
    V word = select(is_zero(selector & like(selector, 4)), x.a(), x.b());
    V amount = shl_raw(selector & like(selector, 3), like(selector, 3));
    V byte = shr_raw(word, amount) & like(word, 0xff);
    V sign = select(is_zero(byte & like(byte, 0x80)), zero(byte), like(byte, 0xff));
    byte = select(is_zero(selector & like(selector, 8)), byte, sign);
    result = result | shl_raw(byte, like(byte, 8 * i));
  }
  return result;
}

// ---- Carry (PTX ISA, "Extended-Precision Integer Arithmetic")
// -------------------------------------------------

template <class V>
Out<V> add_carry(V a, V b, V carry) {
  V ua = bits_of(a), ub = bits_of(b);
  V partial = ua + ub, sum = partial + resize(carry, ua.t);
  V out = compare(Compare::kLt, partial, ua) | compare(Compare::kLt, sum, partial);
  return with_carry(as_bits(sum, a.t), out);
}
/// a + ~b + carry: the flag is set where there is no borrow. PTX ISA speaks of a borrow, which chains of
/// sub.cc and subc can't tell from this, but nvcc's 128-bit division asks with addc whether subc.cc went
/// below zero.
template <class V>
Out<V> sub_carry(V a, V b, V carry) {
  V ua = bits_of(a), ub = bits_of(b);
  V borrow = resize(~carry, ua.t);
  V partial = ua - ub, difference = partial - borrow;
  V below = compare(Compare::kLt, ua, ub) | compare(Compare::kLt, partial, borrow);
  return with_carry(as_bits(difference, a.t), ~below);
}
template <class V>
V no_carry(V a) {
  return constant(a, kPred, 0);
}
template <class V>
V mul_part(const Args<V>& x) {
  return x.has("hi") ? mul_hi(x.a(), x.b()) : x.a() * x.b();
}

// ---- Comparison
// -----------------------------------------------------------------------------------------------

/// The comparison modifier; .lo .ls .hi .hs compare as unsigned (see compare_ints).
inline Compare compare_op(const Mods& mods) {
  struct Name {
    std::string_view text;
    Compare op;
  };
  constexpr Name kNames[] = {{"eq", Compare::kEq},   {"ne", Compare::kNe},   {"lt", Compare::kLt},
                             {"le", Compare::kLe},   {"gt", Compare::kGt},   {"ge", Compare::kGe},
                             {"lo", Compare::kLt},   {"ls", Compare::kLe},   {"hi", Compare::kGt},
                             {"hs", Compare::kGe},   {"equ", Compare::kEqu}, {"neu", Compare::kNeu},
                             {"ltu", Compare::kLtu}, {"leu", Compare::kLeu}, {"gtu", Compare::kGtu},
                             {"geu", Compare::kGeu}, {"num", Compare::kNum}, {"nan", Compare::kNan}};
  for (const Name& name : kNames)
    if (mods.has(name.text)) return name.op;
  return Compare::kEq;
}

template <class V>
V compare_ints(const Args<V>& x) {
  const bool as_unsigned = x.has("lo") || x.has("ls") || x.has("hi") || x.has("hs");
  return as_unsigned ? compare(compare_op(x.mods), bits_of(x.a()), bits_of(x.b()))
                     : compare(compare_op(x.mods), x.a(), x.b());
}

template <class V>
V combine(const Args<V>& x, V p, V c) {
  return x.has("and") ? p & c : x.has("or") ? p | c : p ^ c;
}

/// setp's pair: the comparison, and its complement; each combined with predicate `c` by .and .or .xor.
template <class V>
Out<V> predicates(V p) {
  return both(p, ~p);
}
template <class V>
Out<V> predicates(const Args<V>& x, V p, V c) {
  return both(combine(x, p, c), combine(x, ~p, c));
}

/// set's result: all ones or 1.0 where true (types[0] = destination).
template <class V>
V truth(const Args<V>& x, V p) {
  const Type t = x.types[0];
  const uint64_t yes = t.is_float() ? 0x3f800000u : ~uint64_t(0);
  return select(p, x.k(t, yes), x.k(t, 0));
}

}  // namespace ppu::isa
