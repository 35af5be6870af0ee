// Sums that leave NaN out, of complex numbers: CUDA's kernel takes them, the CPU's refuses.
#include "bridges/torch/own_operators.h"

namespace ppu::bridge {
namespace {

using at::ScalarType;
using at::Tensor;

bool is_complex(const Tensor& x, std::optional<ScalarType> dtype) {
  return c10::isComplexType(dtype.value_or(x.scalar_type()));
}

/// A complex number is left out if either part is NaN.
Tensor without_nan(const Tensor& x) {
  return at::where(at::isnan(x), x.new_zeros({}), x);
}

Tensor nansum(const Tensor& x, at::OptionalIntArrayRef dim, bool keepdim, std::optional<ScalarType> dtype) {
  return is_complex(x, dtype) ? at::sum(without_nan(x), dim, keepdim, dtype)
                              : at::nansum(x, dim, keepdim, dtype);
}
Tensor& nansum_out(const Tensor& x, at::OptionalIntArrayRef dim, bool keepdim,
                   std::optional<ScalarType> dtype, Tensor& out) {
  return is_complex(x, dtype) ? at::sum_out(out, without_nan(x), dim, keepdim, dtype)
                              : at::nansum_out(out, x, dim, keepdim, dtype);
}

}  // namespace

OwnOperators reduction_operators() {
  return {
      PPU_OWN(nansum, nansum),
      PPU_OWN_AS(nansum_out, "nansum.out", nansum_out, false),
  };
}

}  // namespace ppu::bridge
