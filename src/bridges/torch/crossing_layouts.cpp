// Tensors that are made of tensors: sparse (indices, values), compressed sparse, nested (one buffer),
// quantized (bytes and a quantizer, whose scales are tensors when they are per channel).
#include "bridges/torch/crossing.h"

namespace ppu::bridge {
namespace {

at::QuantizerPtr convert_quantizer(const at::QuantizerPtr& quantizer,
                                   const std::function<at::Tensor(const at::Tensor&)>& convert) {
  if (quantizer->qscheme() == at::kPerTensorAffine) return quantizer;
  const auto* const per_channel = static_cast<const at::PerChannelAffineQuantizer*>(quantizer.get());
  const at::Tensor scales = convert(per_channel->scales());
  const at::Tensor zero_points = convert(per_channel->zero_points());
  if (quantizer->qscheme() == at::kPerChannelAffineFloatQParams)
    return c10::make_intrusive<at::PerChannelAffineFloatQParamsQuantizer>(quantizer->scalar_type(), scales,
                                                                          zero_points, per_channel->axis());
  return c10::make_intrusive<at::PerChannelAffineQuantizer>(quantizer->scalar_type(), scales, zero_points,
                                                            per_channel->axis());
}

}  // namespace

at::Tensor Crossing::convert_quantized(const at::Tensor& t, c10::Storage storage, c10::DispatchKey key,
                                       bool in) {
  const auto convert = [&](const at::Tensor& x) { return in ? to_cpu(x) : to_cuda(x); };
  const at::QuantizerPtr quantizer = static_cast<at::QTensorImpl*>(t.unsafeGetTensorImpl())->quantizer();
  auto impl = c10::make_intrusive<at::QTensorImpl>(std::move(storage), c10::DispatchKeySet(key), t.dtype(),
                                                   convert_quantizer(quantizer, convert));
  impl->set_storage_offset(t.storage_offset());
  impl->set_sizes_and_strides(t.sizes(), t.strides());
  return at::Tensor(std::move(impl));
}

at::Tensor Crossing::convert_layout(const at::Tensor& t, bool in) {
  const auto convert = [&](const at::Tensor& x) { return in ? to_cpu(x) : to_cuda(x); };
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  if (t.is_nested()) {
    const auto* const nested = at::native::get_nested_tensor_impl(t);
    // Sizes, strides and offsets of the pieces live on the CPU on both sides.
    return at::native::wrap_buffer(convert(nested->get_unsafe_storage_as_tensor()),
                                   nested->get_nested_sizes(), nested->get_nested_strides(),
                                   nested->get_storage_offsets());
  }
  if (t.layout() == c10::kSparse) {
    const auto* const sparse = at::sparse::get_sparse_impl(t);
    const at::Tensor indices = convert(sparse->indices());
    const at::Tensor values = convert(sparse->values());
    return at::_sparse_coo_tensor_with_dims_and_tensors(
        sparse->sparse_dim(), sparse->dense_dim(), t.sizes(), indices, values,
        values.options().layout(c10::kSparse), sparse->coalesced());
  }
  TORCH_CHECK(at::sparse_csr::is_sparse_compressed(t), "OpenPPU: a tensor of layout ", t.layout(),
              " can't be given to a CPU kernel");
  const auto* const compressed = at::sparse_csr::get_sparse_csr_impl(t);
  const at::Tensor outer = convert(compressed->compressed_indices());
  const at::Tensor inner = convert(compressed->plain_indices());
  const at::Tensor values = convert(compressed->values());
  return at::_sparse_compressed_tensor_unsafe(outer, inner, values, t.sizes(),
                                              values.options().layout(t.layout()));
}

void Crossing::write_back_sparse(const at::Tensor& cpu, const at::Tensor& cuda) {
  auto* const to = at::sparse::get_sparse_impl(cuda);
  const auto* const from = at::sparse::get_sparse_impl(cpu);
  const at::Tensor indices = to_cuda(from->indices());
  const at::Tensor values = to_cuda(from->values());
  if (to->sizes() != from->sizes() || to->sparse_dim() != from->sparse_dim())
    to->raw_resize_(from->sparse_dim(), from->dense_dim(), from->sizes());
  if (!indices.is_same(to->indices()) || !values.is_same(to->values()))
    to->set_indices_and_values_unsafe(indices, values);
  to->set_coalesced(from->coalesced());
}

void Crossing::write_back_compressed(const at::Tensor& cpu, const at::Tensor& cuda) {
  auto* const to = at::sparse_csr::get_sparse_csr_impl(cuda);
  const auto* const from = at::sparse_csr::get_sparse_csr_impl(cpu);
  const at::Tensor outer = to_cuda(from->compressed_indices());
  const at::Tensor inner = to_cuda(from->plain_indices());
  const at::Tensor values = to_cuda(from->values());
  if (outer.is_same(to->compressed_indices()) && inner.is_same(to->plain_indices()) &&
      values.is_same(to->values()) && to->sizes() == from->sizes())
    return;
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  to->set_member_tensors(outer, inner, values, from->sizes());
}

}  // namespace ppu::bridge
