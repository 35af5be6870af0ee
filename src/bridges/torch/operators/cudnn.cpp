// Operators that PyTorch has for cuDNN alone: convolutions, batch norm, grids, what RNN modules ask at their
// start, CTC. Each is the CPU's general operator under another order of arguments.
#include "bridges/torch/own_operators.h"

namespace ppu::bridge {
namespace {

using at::Tensor;
using OptionalTensor = std::optional<Tensor>;
using Sizes = c10::SymIntArrayRef;

Tensor convolve(const Tensor& x, const Tensor& weight, const OptionalTensor& bias, Sizes stride,
                Sizes padding, Sizes dilation, bool transposed, Sizes output_padding,
                const c10::SymInt& groups) {
  return at::convolution(x, weight, bias, C10_AS_INTARRAYREF_SLOW(stride), C10_AS_INTARRAYREF_SLOW(padding),
                         C10_AS_INTARRAYREF_SLOW(dilation), transposed,
                         C10_AS_INTARRAYREF_SLOW(output_padding), groups.expect_int());
}

std::vector<c10::SymInt> zeros_for(Sizes stride) {
  return std::vector<c10::SymInt>(stride.size(), 0);
}

Tensor convolution(const Tensor& x, const Tensor& weight, Sizes padding, Sizes stride, Sizes dilation,
                   c10::SymInt groups, bool, bool, bool) {
  return convolve(x, weight, std::nullopt, stride, padding, dilation, false, zeros_for(stride), groups);
}

Tensor convolution_transpose(const Tensor& x, const Tensor& weight, Sizes padding, Sizes output_padding,
                             Sizes stride, Sizes dilation, c10::SymInt groups, bool, bool, bool) {
  return convolve(x, weight, std::nullopt, stride, padding, dilation, true, output_padding, groups);
}

Tensor convolution_relu(const Tensor& x, const Tensor& weight, const OptionalTensor& bias, Sizes stride,
                        Sizes padding, Sizes dilation, c10::SymInt groups) {
  return convolve(x, weight, bias, stride, padding, dilation, false, zeros_for(stride), groups).relu_();
}

Tensor convolution_add_relu(const Tensor& x, const Tensor& weight, const Tensor& z,
                            const std::optional<at::Scalar>& alpha, const OptionalTensor& bias, Sizes stride,
                            Sizes padding, Sizes dilation, c10::SymInt groups) {
  return convolve(x, weight, bias, stride, padding, dilation, false, zeros_for(stride), groups)
      .add_(z, alpha.value_or(1))
      .relu_();
}

Tensor depthwise2d(const Tensor& x, const Tensor& weight, Sizes, const OptionalTensor& bias, Sizes stride,
                   Sizes padding, Sizes dilation) {
  return convolve(x, weight, bias, stride, padding, dilation, false, zeros_for(stride), x.size(1));
}

std::tuple<Tensor, Tensor, Tensor, Tensor> batch_norm(const Tensor& x, const Tensor& weight,
                                                      const OptionalTensor& bias, const OptionalTensor& mean,
                                                      const OptionalTensor& variance, bool training,
                                                      double momentum, double epsilon) {
  auto [out, saved_mean, saved_inverse] =
      at::native_batch_norm(x, weight, bias, mean, variance, training, momentum, epsilon);
  return {out, saved_mean, saved_inverse, at::empty({0}, x.options().dtype(at::kByte))};
}

std::tuple<Tensor, Tensor, Tensor> batch_norm_backward(const Tensor& x, const Tensor& grad,
                                                       const Tensor& weight, const OptionalTensor& mean,
                                                       const OptionalTensor& variance,
                                                       const OptionalTensor& saved_mean,
                                                       const OptionalTensor& saved_inverse, double epsilon,
                                                       const Tensor&) {
  return at::native_batch_norm_backward(grad, x, weight, mean, variance, saved_mean, saved_inverse, true,
                                        epsilon, {true, true, true});
}

Tensor grid_sampler(const Tensor& x, const Tensor& grid) {
  return at::grid_sampler_2d(x, grid, 0, 0, true);
}

std::tuple<Tensor, Tensor> grid_sampler_backward(const Tensor& x, const Tensor& grid, const Tensor& grad) {
  return at::grid_sampler_2d_backward(grad, x, grid, 0, 0, true, {true, true});
}

Tensor affine_grid(const Tensor& theta, int64_t n, int64_t c, int64_t h, int64_t w) {
  return at::affine_grid_generator(theta, {n, c, h, w}, true);
}

Tensor affine_grid_backward(const Tensor& grad, int64_t n, int64_t c, int64_t h, int64_t w) {
  return at::affine_grid_generator_backward(grad, {n, c, h, w}, true);
}

bool is_acceptable(const Tensor&) {
  return false;  // cuDNN's choice is never made: what is composed otherwise has CPU kernels
}

Tensor flatten_weight(at::TensorList weights, int64_t, c10::SymInt, int64_t, c10::SymInt, c10::SymInt,
                      int64_t, bool, bool) {
  std::vector<Tensor> flat;
  for (const Tensor& weight : weights) flat.push_back(weight.reshape({-1}));
  return at::cat(flat);
}

bool no_ctc(const Tensor&, const Tensor&, at::IntArrayRef, at::IntArrayRef, int64_t) {
  return false;
}
bool no_ctc_tensor(const Tensor&, const Tensor&, const Tensor&, const Tensor&, int64_t) {
  return false;
}

std::tuple<Tensor, Tensor> ctc(const Tensor& log_probabilities, const Tensor& targets, at::IntArrayRef inputs,
                               at::IntArrayRef lengths, int64_t blank, bool, bool zero_infinity) {
  return at::_ctc_loss(log_probabilities, targets, inputs, lengths, blank, zero_infinity);
}
std::tuple<Tensor, Tensor> ctc_tensor(const Tensor& log_probabilities, const Tensor& targets,
                                      const Tensor& inputs, const Tensor& lengths, int64_t blank, bool,
                                      bool zero_infinity) {
  return at::_ctc_loss(log_probabilities, targets, inputs, lengths, blank, zero_infinity);
}

}  // namespace

OwnOperators cudnn_operators() {
  return {
      PPU_OWN(cudnn_convolution, convolution),
      PPU_OWN(cudnn_convolution_transpose, convolution_transpose),
      PPU_OWN(cudnn_convolution_relu, convolution_relu),
      PPU_OWN(cudnn_convolution_add_relu, convolution_add_relu),
      PPU_OWN(_conv_depthwise2d, depthwise2d),
      PPU_OWN(conv_depthwise3d, depthwise2d),
      PPU_OWN(cudnn_batch_norm, batch_norm),
      PPU_OWN(cudnn_batch_norm_backward, batch_norm_backward),
      PPU_OWN(cudnn_grid_sampler, grid_sampler),
      PPU_OWN(cudnn_grid_sampler_backward, grid_sampler_backward),
      PPU_OWN(cudnn_affine_grid_generator, affine_grid),
      PPU_OWN(cudnn_affine_grid_generator_backward, affine_grid_backward),
      PPU_OWN(cudnn_is_acceptable, is_acceptable),
      PPU_OWN(_cudnn_rnn_flatten_weight, flatten_weight),
      PPU_OWN(_use_cudnn_ctc_loss, no_ctc),
      PPU_OWN_AS(_use_cudnn_ctc_loss_Tensor, "_use_cudnn_ctc_loss.Tensor", no_ctc_tensor, false),
      PPU_OWN(_use_miopen_ctc_loss, no_ctc),
      PPU_OWN_AS(_use_miopen_ctc_loss_Tensor, "_use_miopen_ctc_loss.Tensor", no_ctc_tensor, false),
      PPU_OWN(_cudnn_ctc_loss, ctc),
      PPU_OWN_AS(_cudnn_ctc_loss_Tensor, "_cudnn_ctc_loss.Tensor", ctc_tensor, false),
  };
}

}  // namespace ppu::bridge
