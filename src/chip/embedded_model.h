// The tables that embed_model.cpp generates at build time.
#pragma once
#include <span>
#include <string_view>

#include "chip/coefficients.h"
#include "chip/stack.h"

namespace ppu::chip {
Coefficients embedded_coefficients();
std::string_view embedded_fitted_on();
std::span<const StackRow> embedded_stacks();
}  // namespace ppu::chip
