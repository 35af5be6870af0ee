// What element-wise rows compute, on the host: one lane at a time, plain integers and floats. The reference
// interpreter runs these; the compiler builds LLVM IR from the same rows (src/lower/row_emit.h).
#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "isa/table.h"

namespace ppu::isa {

/// A row's results: one register, or two (`p|q`, `d|p`), and the carry flag where the row writes it.
struct HostResult {
  uint64_t out[2] = {0, 0};  ///< bits, zero above type[i].total_bits(); predicates 0 or 1
  Type type[2];              ///< the type computed; a wider register takes it by to_register()
  int count = 0;
  bool carry = false;  ///< only if writes_carry(mods)
};

struct Host;
template <class V>
struct Out;
template <class V>
struct Args;

/// An element row with its modifiers and number of source operands, looked up once and run often.
class HostOp {
 public:
  HostOp(uint16_t row, const Mods& mods, size_t num_args);
  /// As eval() below.
  HostResult run(std::span<const uint64_t> args, bool carry = false) const;

 private:
  Out<Host> (*meaning_)(const Args<Host>&) = nullptr;
  Mods mods_;
  std::array<Type, 4> types_{};
  std::array<Type, 8> arg_types_{};
  size_t num_args_ = 0;
};

/// Runs element row `row` spelt `mods`. `args`: bits of the source operands in order (left-out optional ones
/// omitted); bits above the operand's type are ignored. `carry`: the carry flag before.
HostResult eval(uint16_t row, const Mods& mods, std::span<const uint64_t> args, bool carry = false);

/// The bits a register `register_bits` wide holds after taking `bits` of type `type`.
uint64_t to_register(uint64_t bits, Type type, int register_bits);

}  // namespace ppu::isa
