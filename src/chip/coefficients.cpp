// The coefficients in use. See coefficients.h.
#include "chip/coefficients.h"

#include "chip/embedded_model.h"

namespace ppu::chip {
namespace {

Coefficients& in_use() {
  static Coefficients values = embedded_coefficients();
  return values;
}

std::string text_of(double value) {
  std::string out = std::to_string(value);
  while (out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
  return out;
}

}  // namespace

const Coefficients& coefficients() {
  return in_use();
}

void replace_coefficients(const Coefficients& other) {
  in_use() = other;
}

Status set_coefficient(Coefficients& into, std::string_view key, double value) {
#define COEFFICIENT(name, low, high, meaning)                                                    \
  if (key == #name) {                                                                            \
    if (!(value >= (low) && value <= (high)))                                                    \
      return bad_input(#name " = " + text_of(value) + ": must lie in " + text_of(low) + " to " + \
                       text_of(high));                                                           \
    into.name = value;                                                                           \
    return Unit{};                                                                               \
  }
#include "chip/coefficients.inc"
#undef COEFFICIENT
  return bad_input(std::string(key) + ": no such coefficient (src/chip/coefficients.inc lists them)");
}

std::string_view coefficients_fitted_on() {
  return embedded_fitted_on();
}

}  // namespace ppu::chip
