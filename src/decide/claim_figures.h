// The figures that answers to claims are made of, each worked out once. Private to claims*.cpp.
#pragma once
#include <map>
#include <string>

#include "chip/predict.h"
#include "decide/measure.h"

namespace ppu::decide {

class ClaimFigures {
 public:
  /// The preset on the chip, both by id, the service level aside.
  const Measured& of(const std::string& chip, const std::string& model);
  /// a / b, with the intervals of both.
  static Range ratio(const Range& a, const Range& b);
  static Range ratio(const chip::Quantity& a, const chip::Quantity& b);
  /// Tokens a second and chip, of `chip` over `other`.
  Range throughput_ratio(const std::string& chip, const std::string& other, const std::string& model);
  /// Tokens a joule.
  Range per_joule(const std::string& chip, const std::string& model);
  /// USD an hour at which `chip` costs as much a token as `other` does at its own rent or price.
  Range break_even_rent(const std::string& chip, const std::string& other, const std::string& model);
  /// Rent, or price written off with energy, USD an hour; unknown where neither is known.
  static Range hourly(const std::string& chip);

 private:
  std::map<std::string, Measured> known_;
};

const chip::Chip& chip_of(const std::string& id);
/// A bf16 product of 8192 x 8192 x 8192: what heats a chip.
chip::Op large_product();
/// Watts of the chip while it runs that, at most its limit.
Range product_watts(const chip::Chip& chip);
/// Inlet temperature at which a chip that draws `watts` settles at its slow-down threshold, C.
double slowing_inlet(const chip::Numbers& chip, double watts);

/// "14 % (12-23 %)", "0.42 (0.3-0.6) USD/h": two figures, as nobody knows more.
std::string percent_text(const Range& share);
std::string range_text(const Range& range, const char* unit);

}  // namespace ppu::decide
