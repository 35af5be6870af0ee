// The few numbers that the chip model is fitted with, the same for all chips, from
// chips/model/coefficients.toml by way of the build. Not here: a chip's numbers (chip.h), a software stack's
// (stack.h).
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ppu::chip {

struct Coefficients {
#define COEFFICIENT(key, low, high, meaning) double key;
#include "chip/coefficients.inc"
#undef COEFFICIENT
};

/// The fitted coefficients, or what replace_coefficients() put in their place.
const Coefficients& coefficients();

/// For scripts/fit: other values for the whole process. Not to be called while others predict.
void replace_coefficients(const Coefficients& other);

/// Sets one coefficient by its key. kBadInput names the key or the range that it must lie in.
Status set_coefficient(Coefficients& into, std::string_view key, double value);

/// SHA-256 of the rows that the coefficients were fitted on.
std::string_view coefficients_fitted_on();

}  // namespace ppu::chip
