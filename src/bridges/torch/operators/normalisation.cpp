// Normalisation and dropout for which the wheel has CUDA kernels only: the pieces of SyncBatchNorm, RMS
// norm's gradient, the fused dropouts; and layer norm, whose statistics CUDA keeps in another type.
#include "bridges/torch/own_operators.h"
#include "bridges/torch/random.h"

namespace ppu::bridge {
namespace {

using at::Tensor;
using OptionalTensor = std::optional<Tensor>;

/// All dimensions but the channels'.
std::vector<int64_t> all_but_channels(const Tensor& x) {
  std::vector<int64_t> dims = {0};
  for (int64_t i = 2; i < x.dim(); ++i) dims.push_back(i);
  return dims;
}

/// A value a channel, shaped to be combined with `x`.
Tensor a_channel(const Tensor& values, const Tensor& x) {
  std::vector<int64_t> shape(static_cast<size_t>(x.dim()), 1);
  shape[1] = -1;
  return values.to(at::kFloat).view(shape);
}

std::tuple<Tensor, Tensor> stats(const Tensor& x, double epsilon) {
  auto [variance, mean] = at::var_mean(x.to(at::kFloat), all_but_channels(x), /*correction=*/0);
  return {mean, variance.add(epsilon).rsqrt_()};
}

Tensor elemt(const Tensor& x, const OptionalTensor& weight, const OptionalTensor& bias, const Tensor& mean,
             const Tensor& inverse, double) {
  Tensor out = (x.to(at::kFloat) - a_channel(mean, x)) * a_channel(inverse, x);
  if (weight && weight->defined()) out = out * a_channel(*weight, x);
  if (bias && bias->defined()) out = out + a_channel(*bias, x);
  return out.to(x.scalar_type());
}

Tensor& elemt_out(const Tensor& x, const OptionalTensor& weight, const OptionalTensor& bias,
                  const Tensor& mean, const Tensor& inverse, double epsilon, Tensor& out) {
  const Tensor result = elemt(x, weight, bias, mean, inverse, epsilon);
  out.resize_(result.sizes());
  return out.copy_(result);
}

/// Means and inverse deviations of several processes, [process, channel], become those of all together.
std::tuple<Tensor, Tensor> gather_with_counts(const Tensor&, const Tensor& mean, const Tensor& inverse,
                                              const OptionalTensor& running_mean,
                                              const OptionalTensor& running_variance, double momentum,
                                              double epsilon, const Tensor& counts) {
  const Tensor weights = counts.to(at::kFloat).view({-1, 1});
  const Tensor total = weights.sum();
  const Tensor all = (mean * weights).sum(0) / total;
  const Tensor variances = inverse.pow(-2) - epsilon;
  const Tensor squares = ((variances + (mean - all).square()) * weights).sum(0);
  if (running_mean && running_mean->defined()) running_mean->mul_(1 - momentum).add_(all, momentum);
  if (running_variance && running_variance->defined())
    running_variance->mul_(1 - momentum).add_(squares / (total - 1), momentum);
  return {all, (squares / total + epsilon).rsqrt()};
}

std::tuple<Tensor, Tensor> gather(const Tensor& x, const Tensor& mean, const Tensor& inverse,
                                  const OptionalTensor& running_mean, const OptionalTensor& running_variance,
                                  double momentum, double epsilon, int64_t count) {
  const Tensor counts = at::full({mean.size(0)}, count, mean.options().dtype(at::kFloat));
  return gather_with_counts(x, mean, inverse, running_mean, running_variance, momentum, epsilon, counts);
}

std::tuple<Tensor, Tensor, Tensor, Tensor> backward_reduce(const Tensor& grad, const Tensor& x,
                                                           const Tensor& mean, const Tensor& inverse,
                                                           const OptionalTensor& weight, bool, bool, bool) {
  const std::vector<int64_t> dims = all_but_channels(x);
  const Tensor g = grad.to(at::kFloat);
  const Tensor sum = g.sum(dims);
  const Tensor sum_times_x = (g * (x.to(at::kFloat) - a_channel(mean, x))).sum(dims);
  Tensor grad_weight;
  Tensor grad_bias;
  if (weight && weight->defined()) {
    grad_weight = (sum_times_x * inverse).to(weight->scalar_type());
    grad_bias = sum.to(weight->scalar_type());
  }
  return {sum, sum_times_x, grad_weight, grad_bias};
}

Tensor backward_elemt(const Tensor& grad, const Tensor& x, const Tensor& mean, const Tensor& inverse,
                      const OptionalTensor& weight, const Tensor& sum, const Tensor& sum_times_x,
                      const Tensor& counts) {
  const Tensor total = counts.to(at::kFloat).sum();
  const Tensor factor = inverse.square() * sum_times_x / total;
  Tensor scale = a_channel(inverse, x);
  if (weight && weight->defined()) scale = scale * a_channel(*weight, x);
  const Tensor centred = x.to(at::kFloat) - a_channel(mean, x);
  return ((grad.to(at::kFloat) - a_channel(sum / total, x) - centred * a_channel(factor, x)) * scale)
      .to(x.scalar_type());
}

/// CUDA's kernel keeps the mean and the inverse deviation of half types in float, for the gradients. The
/// CPU's does where the weight is float.
std::tuple<Tensor, Tensor, Tensor> layer_norm(const Tensor& x, c10::SymIntArrayRef shape,
                                              const OptionalTensor& weight, const OptionalTensor& bias,
                                              double epsilon) {
  const auto widened = [](const OptionalTensor& t) {
    return t && t->defined() ? OptionalTensor(t->to(at::kFloat)) : std::nullopt;
  };
  if (!at::isReducedFloatingType(x.scalar_type()))
    return at::native_layer_norm_symint(x, shape, weight, bias, epsilon);
  OptionalTensor wide = widened(weight);
  if (!wide) wide = at::ones_symint(shape, x.options().dtype(at::kFloat));
  return at::native_layer_norm_symint(x, shape, wide, widened(bias), epsilon);
}

std::tuple<Tensor, Tensor> rms_norm_backward(const Tensor& grad, const Tensor& x, at::IntArrayRef shape,
                                             const Tensor& inverse, const OptionalTensor& weight,
                                             std::array<bool, 2> wanted) {
  const auto type = x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  std::vector<int64_t> inner;
  for (size_t i = 0; i < shape.size(); ++i) inner.push_back(x.dim() - static_cast<int64_t>(shape.size() - i));
  const bool weighted = weight && weight->defined();
  const Tensor g = grad.to(type);
  const Tensor normal = x.to(type) * inverse;
  const Tensor inflow = weighted ? g * weight->to(type) : g;
  Tensor grad_x;
  Tensor grad_weight;
  if (wanted[0])
    grad_x = ((inflow - normal * (inflow * normal).mean(inner, true)) * inverse).to(x.scalar_type());
  if (wanted[1] && weighted) grad_weight = (g * normal).sum_to_size(shape).to(weight->scalar_type());
  return {grad_x, grad_weight};
}

/// Keeps each element with probability `keep`.
Tensor kept_elements(const Tensor& x, double keep) {
  return at::empty(x.sizes(), x.options().dtype(at::kBool)).bernoulli_(keep, operator_generator());
}

std::tuple<Tensor, Tensor> native_dropout(const Tensor& x, double p, std::optional<bool> train) {
  if (x.numel() == 0 || !train.value_or(true))
    return {x.clone(), at::ones_like(x, x.options().dtype(at::kBool))};
  const Tensor kept = kept_elements(x, 1 - p);
  return {p == 1 ? at::zeros_like(x) : (x * kept).mul_(1 / (1 - p)), kept};
}

/// `p` is the probability to keep, as the CUDA kernel has it.
std::tuple<Tensor, Tensor> fused_dropout(const Tensor& x, double p, std::optional<at::Generator>) {
  const Tensor kept = kept_elements(x, p);
  return {(x * kept).mul_(1 / p), kept.to(at::kByte)};
}

Tensor masked_scale(const Tensor& x, const Tensor& mask, double scale) {
  return (x * mask.to(x.scalar_type())).mul_(scale);
}

}  // namespace

OwnOperators normalisation_operators() {
  return {
      PPU_OWN(batch_norm_stats, stats),
      PPU_OWN(batch_norm_elemt, elemt),
      PPU_OWN_AS(batch_norm_elemt_out, "batch_norm_elemt.out", elemt_out, false),
      PPU_OWN(batch_norm_gather_stats, gather),
      PPU_OWN(batch_norm_gather_stats_with_counts, gather_with_counts),
      PPU_OWN(batch_norm_backward_reduce, backward_reduce),
      PPU_OWN(batch_norm_backward_elemt, backward_elemt),
      PPU_OWN(native_layer_norm, layer_norm),
      PPU_OWN(_fused_rms_norm_backward, rms_norm_backward),
      PPU_OWN_RANDOM(native_dropout, native_dropout),
      PPU_OWN_RANDOM(_fused_dropout, fused_dropout),
      PPU_OWN(_masked_scale, masked_scale),
  };
}

}  // namespace ppu::bridge
