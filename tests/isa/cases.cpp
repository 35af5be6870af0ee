// Spellings, vectors and operand values for the tests of the instruction table.
#include "cases.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdio>
#include <sstream>

namespace ppu::isa::test {
namespace {

/// What slot `s` may hold: its choices, and nothing if optional.
std::vector<std::string_view> choices(const Slot& s) {
  std::vector<std::string_view> all;
  if (s.optional) all.push_back({});
  for (std::string_view rest = s.text;;) {
    const size_t bar = s.choice ? rest.find('|') : rest.npos;
    all.push_back(rest.substr(0, bar));
    if (bar == rest.npos) return all;
    rest.remove_prefix(bar + 1);
  }
}

std::vector<uint64_t> float_corners(int exponent_bits, int fraction_bits) {
  const uint64_t one = uint64_t(1) << fraction_bits;
  const uint64_t sign = uint64_t(1) << (exponent_bits + fraction_bits);
  const uint64_t infinity = ((uint64_t(1) << exponent_bits) - 1) << fraction_bits;
  const uint64_t bias = (uint64_t(1) << (exponent_bits - 1)) - 1;
  std::vector<uint64_t> all = {0,
                               1,
                               2,
                               3,
                               one - 1,
                               one,
                               one + 1,
                               infinity - 1,
                               infinity,
                               infinity + 1,
                               infinity + one / 2,
                               infinity + one - 1,
                               infinity - one};
  for (uint64_t e : {uint64_t(0), uint64_t(1), uint64_t(2), uint64_t(7), uint64_t(8), uint64_t(10),
                     uint64_t(15), uint64_t(16), uint64_t(22), uint64_t(23), uint64_t(24), uint64_t(31),
                     uint64_t(32), uint64_t(52), uint64_t(63), uint64_t(64)}) {
    if (bias + e >= (uint64_t(1) << exponent_bits) - 1) continue;
    for (uint64_t f : {uint64_t(0), uint64_t(1), one / 2, one / 2 + 1, one / 4, one - 1})
      for (uint64_t b : {bias + e, bias - e})
        if (b < 2 * bias + 1) all.push_back((b << fraction_bits) + f);
  }
  const size_t n = all.size();
  for (size_t i = 0; i < n; i++) all.push_back(all[i] | sign);
  return all;
}

const std::vector<uint64_t>& corners(Type t) {
  static const std::vector<uint64_t> f16 = float_corners(5, 10), bf16 = float_corners(8, 7),
                                     f32 = float_corners(8, 23), f64 = float_corners(11, 52);
  static const std::vector<uint64_t> integers = {0,
                                                 1,
                                                 2,
                                                 3,
                                                 4,
                                                 5,
                                                 7,
                                                 8,
                                                 15,
                                                 16,
                                                 17,
                                                 23,
                                                 24,
                                                 31,
                                                 32,
                                                 33,
                                                 40,
                                                 63,
                                                 64,
                                                 65,
                                                 127,
                                                 128,
                                                 255,
                                                 256,
                                                 0x7fff,
                                                 0x8000,
                                                 0xffff,
                                                 0x10000,
                                                 0x7fffff,
                                                 0x800000,
                                                 0xffffff,
                                                 0x1000000,
                                                 0x7fffffff,
                                                 0x80000000,
                                                 0xffffffff,
                                                 0x100000000,
                                                 0x1fffffffffffff,
                                                 0x7fffffffffffffff,
                                                 0x8000000000000000,
                                                 0xffffffffffffffff,
                                                 0xfffffffffffffffe,
                                                 0xffffffffffffff80,
                                                 0xffffffffffff8000,
                                                 0xffffffff80000000,
                                                 0x8080808080808080};
  if (t.kind == Kind::kF) return t.bits == 64 ? f64 : t.bits == 32 ? f32 : f16;
  if (t.kind == Kind::kBF) return bf16;
  return integers;
}

bool is_nan(uint64_t v, Type t) {
  if (t.kind == Kind::kF && t.bits == 64) return (v & ~(uint64_t(1) << 63)) > 0x7ff0000000000000;
  if (t.kind == Kind::kF && t.bits == 32) return (v & 0x7fffffff) > 0x7f800000;
  if (t.kind == Kind::kF && t.bits == 16) return (v & 0x7fff) > 0x7c00;
  if (t.kind == Kind::kBF) return (v & 0x7fff) > 0x7f80;
  return false;
}

}  // namespace

std::vector<Spelling> spellings(uint16_t row, size_t limit) {
  const Form& form = table()[row].form;
  std::vector<std::vector<std::string_view>> options;
  size_t total = 1;
  for (int k = 0; k < form.num_slots; k++) {
    options.push_back(choices(form.slots[k]));
    total *= options.back().size();
  }
  const bool takes_constant = constant_source(table()[row]) >= 0;
  if (takes_constant) total *= 256;
  const bool sample = total > limit;
  std::mt19937_64 rng(row);
  std::vector<Spelling> all;
  for (size_t n = 0; n < (sample ? limit : total); n++) {
    Spelling s{row, std::string(form.mnemonic), {}};
    if (form.num_operands && form.operands[form.num_operands - 1].optional) s.left_out = n & 1;
    size_t code = n;
    if (takes_constant) {
      s.constant = sample ? rng() % 256 : n % 256;
      code /= 256;
    }
    for (size_t k = 0; k < options.size(); k++) {
      const std::vector<std::string_view>& o = options[k];
      const std::string_view word = o[sample ? (n < o.size() ? n : rng() % o.size()) : code % o.size()];
      code /= o.size();
      if (word.empty()) continue;
      s.mods.got[k] = word;
      s.opcode += "." + std::string(word);
    }
    all.push_back(s);
  }
  return all;
}

int constant_source(const Row& row) {
  int source = 0;
  for (int i = 0; i < row.form.num_operands; i++) {
    if (row.form.operands[i].is_dest) continue;
    if (row.form.operands[i].shape == Shape::kConstant) return source;
    source++;
  }
  return -1;
}

Vector parse_vector(std::string_view text) {
  Vector vector;
  std::istringstream words{std::string(text)};
  words >> vector.opcode;
  bool after = false;
  for (std::string word; words >> word;) {
    if (word == "=") {
      after = true;
    } else if (word.starts_with("cc:")) {
      (after ? vector.carry_out : vector.carry_in) = word == "cc:1";
      if (after) vector.checks_carry = true;
    } else {
      char* end = nullptr;
      (after ? vector.out : vector.in).push_back(std::strtoull(word.c_str(), &end, 16));
      EXPECT_EQ(*end, 0) << "not a hexadecimal number: " << text;
    }
  }
  EXPECT_FALSE(vector.out.empty()) << "no result: " << text;
  return vector;
}

std::vector<Type> source_types(const Row& row, const Mods& mods) {
  std::vector<Type> types;
  for (int i = 0; i < row.form.num_operands; i++)
    if (!row.form.operands[i].is_dest) types.push_back(operand_type(row, mods, i));
  return types;
}

std::vector<Type> source_types(const Spelling& spelling) {
  std::vector<Type> types = source_types(table()[spelling.row], spelling.mods);
  types.resize(types.size() - spelling.left_out);
  return types;
}

uint64_t operand_value(Type type, size_t n, std::mt19937_64& rng) {
  if (type.packed == 2) {
    const Type element{type.kind, type.bits, 1};
    const uint64_t high = operand_value(element, rng() % 100, rng);
    return high << type.bits | operand_value(element, n, rng);
  }
  const std::vector<uint64_t>& c = corners(type);
  uint64_t v = rng();
  if (n % 3 != 2) {
    v = c[rng() % c.size()];
  } else if (!type.is_float()) {
    v >>= rng() % 64;
    if (rng() & 1) v = ~v;
  } else if (rng() & 1) {
    // A number of moderate size: the exponent near the middle.
    const int fraction = type.bits == 64 ? 52 : type.bits == 32 ? 23 : type.kind == Kind::kBF ? 7 : 10;
    const uint64_t middle = (uint64_t(1) << (type.bits - 2)) >> fraction;
    const uint64_t exponent = middle - 6 + rng() % 12;
    v = (v & ((uint64_t(1) << fraction) - 1)) | exponent << fraction | (rng() & 1) << (type.bits - 1);
  }
  return type.bits >= 64 ? v : v & ((uint64_t(1) << type.bits) - 1);
}

bool same(uint64_t a, uint64_t b, Type type) {
  if (a == b) return true;
  if (!type.is_float()) return false;
  const Type element{type.kind, type.bits, 1};
  const uint64_t mask = type.bits >= 64 ? ~uint64_t(0) : (uint64_t(1) << type.bits) - 1;
  for (int i = 0; i < type.packed; i++) {
    const uint64_t x = a >> (i * type.bits) & mask, y = b >> (i * type.bits) & mask;
    if (x != y && !(is_nan(x, element) && is_nan(y, element))) return false;
  }
  return true;
}

std::string place(const Row& row) {
  return std::string(row.file) + ":" + std::to_string(row.line);
}

std::string hex(uint64_t v) {
  char text[24];
  std::snprintf(text, sizeof text, "%llx", static_cast<unsigned long long>(v));
  return text;
}

}  // namespace ppu::isa::test
