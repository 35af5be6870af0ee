#include "bridges/torch/operator_work.h"

#include <time.h>

#include <algorithm>

#include "bridges/torch/profiled_call.h"

namespace ppu::bridge {
namespace {

using c10::IValue;

uint64_t now_ns() {
  timespec t;
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return uint64_t(t.tv_sec) * 1'000'000'000 + uint64_t(t.tv_nsec);
}

template <class Visit>
void visit_dense(const IValue& value, Visit&& visit) {
  const auto look = [&](const at::Tensor& t) {
    if (t.defined() && t.layout() == c10::kStrided && !t.is_nested()) visit(t);
  };
  if (value.isTensor()) {
    look(value.toTensor());
  } else if (value.isTensorList()) {
    for (const at::Tensor& t : value.toTensorVector()) look(t);
  } else if (value.isOptionalTensorList()) {
    for (const std::optional<at::Tensor>& t : value.toOptionalTensorVector())
      if (t) look(*t);
  }
}

/// Bytes that exist: an expanded tensor has fewer than elements.
uint64_t bytes_of(const at::Tensor& t) {
  return std::min<uint64_t>(t.nbytes(), t.storage().nbytes());
}

activity::OperatorRun::Number number_of(at::ScalarType type) {
  using Number = activity::OperatorRun::Number;
  switch (type) {
    case at::kDouble:
    case at::kComplexDouble:
      return Number::kF64;
    case at::kHalf:
    case at::kComplexHalf:
      return Number::kF16;
    case at::kBFloat16:
      return Number::kBf16;
    default:
      return at::isIntegralType(type, true) ? Number::kInteger : Number::kF32;
  }
}

activity::Memory memory_of(const at::Tensor& t) {
  cudaPointerAttributes attributes{};
  if (cudaPointerGetAttributes(&attributes, t.data_ptr()) != cudaSuccess) return activity::Memory::kPageable;
  return attributes.type == cudaMemoryTypeDevice ? activity::Memory::kDevice
         : attributes.type == cudaMemoryTypeHost ? activity::Memory::kPinned
                                                 : activity::Memory::kPageable;
}

uint64_t all_but_first(const at::Tensor& weight) {
  return weight.dim() > 0 && weight.size(0) > 0 ? uint64_t(weight.numel() / weight.size(0)) : 0;
}

}  // namespace

bool work_is_priced() {
  static const bool priced = activity_interface().priced;
  return priced;
}

OperatorWork::OperatorWork(const c10::OperatorHandle& op, Product product, at::ArrayRef<IValue> arguments,
                           at::ArrayRef<size_t> written)
    : op_(op), product_(product) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const bool is_written = std::find(written.begin(), written.end(), i) != written.end();
    visit_dense(arguments[i], [&](const at::Tensor& t) {
      // A number for the whole tensor, like a scalar's: the type of what is worked on counts.
      if (given_.empty() || at::isFloatingType(t.scalar_type())) run_.number = number_of(t.scalar_type());
      given_.push_back(t);
      if (is_written) {
        run_.written_bytes += bytes_of(t);
        written_elements_ += uint64_t(t.numel());
      }
      // What is to be a result, an operator doesn't read.
      if (is_written && op.schema().arguments()[i].kwarg_only()) return;
      run_.read_bytes += bytes_of(t);
      read_elements_ += uint64_t(t.numel());
    });
  }
  if (product_.kind != Product::Kind::kNone)
    for (size_t i = product_.at; i < std::min(arguments.size(), product_.at + 3); ++i)
      factors_.push_back(arguments[i].isTensor() ? arguments[i].toTensor() : at::Tensor());
  for (size_t i = 0; i < arguments.size(); ++i)
    if (op.schema().arguments()[i].name() == "transposed" && arguments[i].isBool())
      transposed_ = arguments[i].toBool();
  note_copy();
  run_.begin_ns = now_ns();
}

void OperatorWork::note_copy() {
  static const c10::OperatorName copy("aten::copy_", "");
  if (op_.operator_name() != copy || given_.size() != 2) return;
  const activity::Memory to = memory_of(given_[0]);
  const activity::Memory from = memory_of(given_[1]);
  if (to == from) return;  // PyTorch has kernels for those on the device
  run_.to = to;
  run_.from = from;
}

uint64_t OperatorWork::flop(at::ArrayRef<IValue> results) const {
  uint64_t of_results = 0;
  for (const IValue& result : results)
    visit_dense(result,
                [&](const at::Tensor& t) { of_results = of_results ? of_results : uint64_t(t.numel()); });
  const auto factor = [&](size_t i) { return i < factors_.size() ? factors_[i] : at::Tensor(); };
  for (size_t i = 0; i < factors_.size() && i < 2; ++i)
    if (!factors_[i].defined() || factors_[i].dim() == 0) return 0;
  const auto attention = [&] { return 2 * uint64_t(factor(0).numel()) * uint64_t(factor(1).size(-2)) * 2; };
  switch (product_.kind) {
    case Product::Kind::kNone:
      return 0;
    case Product::Kind::kMatrix:
      return 2 * of_results * uint64_t(factor(0).size(-1));
    case Product::Kind::kConvolution:
      return 2 * (transposed_ ? uint64_t(factor(0).numel()) : of_results) * all_but_first(factor(1));
    case Product::Kind::kConvolutionBackward:
      if (!factor(2).defined()) return 0;
      return 4 * uint64_t(transposed_ ? factor(1).numel() : factor(0).numel()) * all_but_first(factor(2));
    case Product::Kind::kAttention:
      return attention();
    case Product::Kind::kAttentionBackward:  // scores again, and two products for each of forward's
      return attention() * 5 / 2;
  }
  return 0;
}

void OperatorWork::finish(at::ArrayRef<IValue> results) {
  run_.end_ns = now_ns();
  for (const IValue& result : results)
    visit_dense(result, [&](const at::Tensor& t) {
      const auto shares = [&](const at::Tensor& argument) { return t.is_alias_of(argument); };
      if (std::any_of(given_.begin(), given_.end(), shares)) return;  // written in place, or a view
      run_.written_bytes += bytes_of(t);
      written_elements_ += uint64_t(t.numel());
    });
  run_.elements = std::max(read_elements_, written_elements_);
  run_.product_flop = flop(results);
  const c10::DeviceIndex device = c10::cuda::current_device();
  unsigned long long stream = 0;
  cudaStreamGetId(c10::cuda::getCurrentCUDAStream(device), &stream);
  run_.device = uint32_t(device);
  run_.stream = stream;
  const std::string name = op_.operator_name().name + " (CPU kernel)";
  run_.name = name.c_str();
  activity_interface().price(run_);
}

}  // namespace ppu::bridge
