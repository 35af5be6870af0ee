// Runs element-wise rows on the host: looks up the meaning, types the operands, unpacks the results.
#include "isa/host_table.h"

#include <array>

#include "base/log.h"
#include "isa/host_rows.h"

namespace ppu::isa {
namespace {

using Meaning = Out<Host> (*)(const Args<Host>&);

/// The meaning of every row; nullptr for op rows.
const std::array<Meaning, kRowCount>& meanings() {
  static const std::array<Meaning, kRowCount> all = [] {
    std::array<Meaning, kRowCount> made{};
#define CHAPTER(name) \
  for (const HostRow& r : host_rows_##name()) made[r.row] = r.meaning;
    PPU_ELEMENT_CHAPTERS(CHAPTER)
#undef CHAPTER
    return made;
  }();
  return all;
}

}  // namespace

HostOp::HostOp(uint16_t row, const Mods& mods, size_t num_args) : mods_(mods), num_args_(num_args) {
  const Row& info = table()[row];
  meaning_ = meanings()[row];
  PPU_CHECK(meaning_ != nullptr && "an element-wise row");
  types_ = types_of(info, mods_);
  size_t next = 0;
  for (int i = 0; i < info.form.num_operands && next < num_args; i++)
    if (!info.form.operands[i].is_dest) arg_types_[next++] = operand_type(info, mods_, i);
}

HostResult HostOp::run(std::span<const uint64_t> args, bool carry) const {
  Args<Host> x{mods_, types_, {}, Host{carry, kPred}, num_args_};
  for (size_t i = 0; i < num_args_; i++)
    x.in[i] = Host{low_bits(args[i], arg_types_[i].total_bits()), arg_types_[i]};
  const Out<Host> out = meaning_(x);
  HostResult result;
  result.count = out.n;
  for (int i = 0; i < out.n; i++) {
    result.out[i] = out.v[i].v;
    result.type[i] = out.v[i].t;
  }
  result.carry = out.carry.v != 0;
  return result;
}

HostResult eval(uint16_t row, const Mods& mods, std::span<const uint64_t> args, bool carry) {
  return HostOp(row, mods, args.size()).run(args, carry);
}

uint64_t to_register(uint64_t bits, Type type, int register_bits) {
  const int width = type.total_bits();
  if (!type.is_signed() || register_bits <= width) return low_bits(bits, register_bits);
  return low_bits(uint64_t(int64_t(bits << (64 - width)) >> (64 - width)), register_bits);
}

}  // namespace ppu::isa
