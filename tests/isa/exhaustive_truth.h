// What one-operand .f32 instructions must give, worked out another way than by the rows: from the C library's
// functions on double, rounded here by hand.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace ppu::isa::test {

/// How far an approximate result may be from the truth: the largest of these.
struct Bound {
  double absolute = 0, relative = 0, ulps = 0;
};

enum class Rounding { kNearest, kNearestAway, kZero, kDown, kUp };

class Truth {
 public:
  /// How far `got` is from the truth, in units of the bound (exact results: 0 or infinity). Above 1 is wrong.
  double error(uint32_t input, uint64_t got) const;

  double (*value)(double) = nullptr;
  bool exact = false;
  Bound bound;
  float low = 0, high = 0;  ///< |input| that the bound holds for
  bool ftz = false, sat = false;
  Rounding rounding = Rounding::kNearest;
  // An integer type if integer_bits > 0, else a binary format in the high bits of `width` ones.
  int integer_bits = 0;
  bool is_signed = false;
  int precision = 24, least_exponent = -126, most_exponent = 127, width = 32, fraction_bits = 23;

 private:
  double rounded(double v) const;
  double decoded(uint64_t bits) const;
};

/// Nothing where nobody worked one out.
std::optional<Truth> find_truth(std::string_view opcode);

}  // namespace ppu::isa::test
