// PTX scalar and packed types (PTX ISA, "Types"), as isa rows and the PTX tree use them.
#pragma once
#include <cstdint>
#include <string_view>

namespace ppu::isa {

enum class Kind : uint8_t { kNone, kPred, kB, kU, kS, kF, kBF, kTF, kE4M3, kE5M2 };

/// A PTX type: `f16x2` is {kF, 16, 2}; `b128` is {kB, 128, 1}; `pred` is {kPred, 1, 1}.
struct Type {
  Kind kind = Kind::kNone;
  uint8_t bits = 0;    ///< bits of one element
  uint8_t packed = 1;  ///< elements in the register
  constexpr bool operator==(const Type&) const = default;
  constexpr int total_bits() const { return bits * packed; }
  constexpr bool is_float() const { return kind >= Kind::kF; }
  constexpr bool is_signed() const { return kind == Kind::kS; }
};

/// "s32" -> {kS,32}, "f16x2" -> {kF,16,2}, "pred" -> {kPred,1}; kind kNone if `s` names no type.
constexpr Type parse_type(std::string_view s) {
  if (s == "pred") return {Kind::kPred, 1, 1};
  struct Prefix {
    std::string_view text;
    Kind kind;
  };
  constexpr Prefix kPrefixes[] = {{"bf", Kind::kBF}, {"tf", Kind::kTF}, {"b", Kind::kB},
                                  {"u", Kind::kU},   {"s", Kind::kS},   {"f", Kind::kF}};
  if (s.starts_with("e4m3") || s.starts_with("e5m2")) {
    const Kind k = s.starts_with("e4m3") ? Kind::kE4M3 : Kind::kE5M2;
    s.remove_prefix(4);
    if (s.empty()) return {k, 8, 1};
    if (s == "x2") return {k, 8, 2};
    if (s == "x4") return {k, 8, 4};
    return {};
  }
  for (const Prefix& p : kPrefixes) {
    if (!s.starts_with(p.text)) continue;
    std::string_view rest = s.substr(p.text.size());
    int bits = 0, packed = 1;
    size_t i = 0;
    for (; i < rest.size() && rest[i] >= '0' && rest[i] <= '9'; i++) bits = bits * 10 + (rest[i] - '0');
    if (i == 0) continue;
    if (i < rest.size()) {
      if (rest.substr(i) == "x2")
        packed = 2;
      else if (rest.substr(i) == "x4")
        packed = 4;
      else
        continue;
    }
    const bool quarter = bits == 2 && (p.kind == Kind::kU || p.kind == Kind::kS);  // of cvt.pack
    if (bits != 1 && !quarter && bits != 4 && bits != 8 && bits != 16 && bits != 19 && bits != 32 &&
        bits != 64 && bits != 128)
      continue;
    return {p.kind, uint8_t(bits), uint8_t(packed)};
  }
  return {};
}

}  // namespace ppu::isa
