// Softmax with a float result of a narrower input, and its gradient: CUDA converts on the way, the CPU
// kernels refuse to.
#include "bridges/torch/own_operators.h"

namespace ppu::bridge {
namespace {

using at::ScalarType;
using at::Tensor;

/// The input as the CPU kernel wants it: of the result's type.
Tensor of_result(const Tensor& x, bool half_to_float) {
  return half_to_float ? x.to(at::kFloat) : x;
}

Tensor softmax(const Tensor& x, int64_t dim, bool half_to_float) {
  return at::_softmax(of_result(x, half_to_float), dim, false);
}
Tensor& softmax_out(const Tensor& x, int64_t dim, bool half_to_float, Tensor& out) {
  return at::_softmax_out(out, of_result(x, half_to_float), dim, false);
}
Tensor log_softmax(const Tensor& x, int64_t dim, bool half_to_float) {
  return at::_log_softmax(of_result(x, half_to_float), dim, false);
}
Tensor& log_softmax_out(const Tensor& x, int64_t dim, bool half_to_float, Tensor& out) {
  return at::_log_softmax_out(out, of_result(x, half_to_float), dim, false);
}

Tensor softmax_backward(const Tensor& grad, const Tensor& y, int64_t dim, ScalarType input_type) {
  return at::_softmax_backward_data(grad, y.to(grad.scalar_type()), dim, grad.scalar_type()).to(input_type);
}
Tensor& softmax_backward_out(const Tensor& grad, const Tensor& y, int64_t dim, ScalarType input_type,
                             Tensor& grad_input) {
  if (input_type == grad.scalar_type())
    return at::_softmax_backward_data_out(grad_input, grad, y, dim, input_type);
  const Tensor result = softmax_backward(grad, y, dim, input_type);
  grad_input.resize_(result.sizes());
  return grad_input.copy_(result);
}
Tensor log_softmax_backward(const Tensor& grad, const Tensor& y, int64_t dim, ScalarType input_type) {
  return at::_log_softmax_backward_data(grad, y.to(grad.scalar_type()), dim, grad.scalar_type())
      .to(input_type);
}
Tensor& log_softmax_backward_out(const Tensor& grad, const Tensor& y, int64_t dim, ScalarType input_type,
                                 Tensor& grad_input) {
  if (input_type == grad.scalar_type())
    return at::_log_softmax_backward_data_out(grad_input, grad, y, dim, input_type);
  const Tensor result = log_softmax_backward(grad, y, dim, input_type);
  grad_input.resize_(result.sizes());
  return grad_input.copy_(result);
}

}  // namespace

OwnOperators softmax_operators() {
  return {
      PPU_OWN(_softmax, softmax),
      PPU_OWN_AS(_softmax_out, "_softmax.out", softmax_out, false),
      PPU_OWN(_log_softmax, log_softmax),
      PPU_OWN_AS(_log_softmax_out, "_log_softmax.out", log_softmax_out, false),
      PPU_OWN(_softmax_backward_data, softmax_backward),
      PPU_OWN_AS(_softmax_backward_data_out, "_softmax_backward_data.out", softmax_backward_out, false),
      PPU_OWN(_log_softmax_backward_data, log_softmax_backward),
      PPU_OWN_AS(_log_softmax_backward_data_out, "_log_softmax_backward_data.out", log_softmax_backward_out,
                 false),
  };
}

}  // namespace ppu::bridge
