// One delegated call, step by step.
#include "bridges/torch/delegate.h"

#include <c10/cuda/CUDAException.h>

#include "bridges/torch/capture.h"
#include "bridges/torch/crossing.h"
#include "bridges/torch/device_memory.h"
#include "bridges/torch/profiled_call.h"

namespace ppu::bridge {
namespace {

using c10::IValue;
using torch::jit::Stack;

bool is_of(const c10::TypePtr& type, c10::TypeKind kind) {
  if (type->kind() == kind) return true;
  const auto optional = type->cast<c10::OptionalType>();
  return optional && optional->getElementType()->kind() == kind;
}

/// Applies `convert` to the tensors of a value; anything else stays.
template <class Convert>
void convert_tensors(IValue& value, Convert&& convert) {
  if (value.isTensor()) {
    value = IValue(convert(value.toTensor()));
  } else if (value.isTensorList()) {
    c10::List<at::Tensor> converted;
    const c10::List<at::Tensor> given = value.toTensorList();
    converted.reserve(given.size());
    for (size_t i = 0; i < given.size(); ++i) converted.push_back(convert(given.get(i)));
    value = IValue(std::move(converted));
  } else if (value.isOptionalTensorList()) {
    c10::List<std::optional<at::Tensor>> converted;
    const c10::List<std::optional<at::Tensor>> given = value.toOptionalTensorList();
    converted.reserve(given.size());
    for (size_t i = 0; i < given.size(); ++i) {
      const std::optional<at::Tensor> t = given.get(i);
      converted.push_back(t && t->defined() ? std::optional<at::Tensor>(convert(*t)) : std::nullopt);
    }
    value = IValue(std::move(converted));
  }
}

/// The complex type of a real one and the other way round, for types that are up-cast; Undefined for the
/// rest.
at::ScalarType counterpart(at::ScalarType type) {
  switch (type) {
    case at::kHalf:
      return at::kComplexHalf;
    case at::kFloat:
      return at::kComplexFloat;
    case at::kComplexHalf:
      return at::kHalf;
    case at::kComplexFloat:
      return at::kFloat;
    default:
      return at::ScalarType::Undefined;
  }
}

/// The first CUDA tensor's device, if the value has one.
std::optional<c10::Device> device_of(const IValue& value) {
  if (value.isTensor()) {
    const at::Tensor& t = value.toTensor();
    if (t.defined() && t.is_cuda()) return t.device();
  } else if (value.isTensorList()) {
    const c10::List<at::Tensor> list = value.toTensorList();
    for (size_t i = 0; i < list.size(); ++i)
      if (const at::Tensor t = list.get(i); t.defined() && t.is_cuda()) return t.device();
  } else if (value.isDevice() && value.toDevice().is_cuda() && value.toDevice().has_index()) {
    return value.toDevice();
  }
  return std::nullopt;
}

}  // namespace

Delegate::Delegate(const c10::OperatorHandle& op, c10::DispatchKey cpu_key, OperatorTraits traits,
                   c10::KernelFunction own)
    : counter_(add_counter(c10::toString(op.operator_name()))),
      cpu_key_(cpu_key),
      traits_(std::move(traits)),
      own_(std::move(own)) {
  const c10::FunctionSchema& schema = op.schema();
  arguments_ = schema.arguments().size();
  returns_ = schema.returns().size();
  mutable_ = schema.is_mutable();
  for (size_t i = 0; i < arguments_; ++i) {
    const c10::Argument& argument = schema.arguments()[i];
    if (is_of(argument.type(), c10::TypeKind::GeneratorType)) generator_argument_ = static_cast<int>(i);
    if (argument.name() == "dtype") dtype_argument_ = static_cast<int>(i);
    if (argument.alias_info() && argument.alias_info()->isWrite()) written_.push_back(i);
  }
  for (const size_t i : traits_.writes) written_.push_back(i);
}

c10::Device Delegate::device_of_call(at::ArrayRef<IValue> arguments) const {
  for (const IValue& value : arguments)
    if (const auto device = device_of(value)) return *device;
  return {c10::kCUDA, c10::cuda::current_device()};
}

void Delegate::check_devices(const Crossing& crossing, c10::Device device,
                             const c10::OperatorHandle& op) const {
  if (traits_.mixes_devices || !crossing.any_cuda()) return;
  std::optional<c10::Device> other = crossing.other_device();
  for (const at::Tensor& stranger : crossing.strangers())
    if (stranger.dim() > 0 && stranger.numel() > 0) other = stranger.device();
  TORCH_CHECK(!other, "Expected all tensors to be on the same device, but found at least two devices, ",
              device, " and ", *other, "! (when checking arguments of ", op.operator_name(), ")");
}

std::optional<RandomState> Delegate::draw(at::ArrayRef<IValue> arguments, c10::Device device) const {
  if (traits_.draws_random) return draw_random_state(std::nullopt, device);
  if (generator_argument_ < 0) return std::nullopt;
  const IValue& value = arguments[static_cast<size_t>(generator_argument_)];
  if (value.isNone()) return draw_random_state(std::nullopt, device);
  const at::Generator generator = value.toGenerator();
  if (generator.device().is_cpu()) return std::nullopt;
  return draw_random_state(generator, device);
}

void Delegate::take_in(Crossing& crossing, Stack* stack, size_t base) const {
  for (size_t i = base; i < stack->size(); ++i) {
    IValue& value = (*stack)[i];
    if (value.isDevice()) {
      if (value.toDevice().is_cuda()) value = IValue(c10::Device(c10::kCPU));
    } else if (value.isTensor()) {
      value = IValue(crossing.to_cpu(std::move(value).toTensor()));
    } else {
      convert_tensors(value, [&](const at::Tensor& t) { return crossing.to_cpu(t); });
    }
  }
}

void Delegate::take_out(Crossing& crossing, Stack* stack) const {
  if (mutable_) crossing.write_back();
  for (size_t i = stack->size() - returns_; i < stack->size(); ++i)
    convert_tensors((*stack)[i], [&](const at::Tensor& t) { return crossing.to_cuda(t); });
}

void Delegate::call_kernel(const c10::OperatorHandle& op, Stack* stack) const {
  if (own_.isValid())
    own_.callBoxed(op, c10::DispatchKeySet(cpu_key_), stack);
  else
    op.redispatchBoxed(c10::DispatchKeySet(cpu_key_), stack);
}

at::ScalarType Delegate::wider_type(at::ArrayRef<IValue> arguments, at::ScalarType* from) const {
  for (const auto& [narrow, wide] : traits_.upcasts) {
    *from = narrow;
    for (const IValue& value : arguments) {
      if (value.isTensor() && value.toTensor().defined() && value.toTensor().scalar_type() == narrow)
        return wide;
      if (value.isTensorList())
        for (const at::Tensor& t : value.toTensorVector())
          if (t.defined() && t.scalar_type() == narrow) return wide;
    }
    if (dtype_argument_ >= 0 && arguments[static_cast<size_t>(dtype_argument_)].isInt() &&
        arguments[static_cast<size_t>(dtype_argument_)].toScalarType() == narrow)
      return wide;
  }
  return at::ScalarType::Undefined;
}

void Delegate::run_upcast(const c10::OperatorHandle& op, Stack* stack, at::ScalarType from,
                          at::ScalarType to) const {
  const size_t base = stack->size() - arguments_;
  const std::vector<IValue> given(stack->begin() + static_cast<std::ptrdiff_t>(base), stack->end());
  const bool paired = counterpart(from) != at::ScalarType::Undefined;  // bfloat16 has no complex type
  const auto widen = [&](const at::Tensor& t) {
    if (!t.defined()) return t;
    if (t.scalar_type() == from) return t.to(to);
    return paired && t.scalar_type() == counterpart(from) ? t.to(counterpart(to)) : t;
  };
  for (size_t i = base; i < stack->size(); ++i) convert_tensors((*stack)[i], widen);
  bool narrow_results = true;
  if (dtype_argument_ >= 0) {
    IValue& dtype = (*stack)[base + static_cast<size_t>(dtype_argument_)];
    if (dtype.isInt()) {
      narrow_results = dtype.toScalarType() == from;
      if (narrow_results) dtype = IValue(to);
    }
  }
  const std::vector<IValue> wide(stack->begin() + static_cast<std::ptrdiff_t>(base), stack->end());
  call_kernel(op, stack);
  // What was written in the wider copies goes back into the arguments; a result that is one of them is the
  // argument.
  std::vector<std::pair<at::Tensor, at::Tensor>> written;
  for (const size_t i : written_)
    if (wide[i].isTensor() && !wide[i].toTensor().is_same(given[i].toTensor())) {
      const at::Tensor target = given[i].toTensor();
      if (target.sizes() != wide[i].toTensor().sizes()) target.resize_(wide[i].toTensor().sizes());
      target.copy_(wide[i].toTensor());
      written.emplace_back(wide[i].toTensor(), target);
    }
  for (size_t i = stack->size() - returns_; i < stack->size(); ++i)
    convert_tensors((*stack)[i], [&](const at::Tensor& t) {
      for (const auto& [copy, target] : written)
        if (copy.is_same(t)) return target;
      if (!narrow_results || !t.defined()) return t;
      if (t.scalar_type() == to) return t.to(from);
      return paired && t.scalar_type() == counterpart(to) ? t.to(counterpart(from)) : t;
    });
}

void Delegate::run_on_cpu(const c10::OperatorHandle& op, Stack* stack, const RandomState* random,
                          bool captured) const {
  const at::ArrayRef<IValue> arguments(stack->data() + (stack->size() - arguments_), arguments_);
  at::ScalarType from = at::ScalarType::Undefined;
  const at::ScalarType wider =
      traits_.upcasts.empty() ? at::ScalarType::Undefined : wider_type(arguments, &from);
  const Way way = own_.isValid()                       ? Way::kOwn
                  : wider != at::ScalarType::Undefined ? Way::kUpcast
                                                       : Way::kDelegated;
  count(way);
  if (calls_are_logged()) log_call(*counter_, way, arguments);
  if (random) {
    const at::Generator generator = seeded_cpu_generator(*random);
    if (generator_argument_ >= 0)
      (*stack)[stack->size() - arguments_ + static_cast<size_t>(generator_argument_)] = IValue(generator);
  }
  std::optional<OperatorWork> work;
  if (work_is_priced() && !captured) work.emplace(op, traits_.product, arguments, written_);
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  if (wider == at::ScalarType::Undefined)
    call_kernel(op, stack);
  else
    run_upcast(op, stack, from, wider);
  if (work) work->finish(at::ArrayRef<IValue>(stack->data() + (stack->size() - returns_), returns_));
}

void Delegate::operator()(const c10::OperatorHandle& op, c10::DispatchKeySet, Stack* stack) {
  const size_t base = stack->size() - arguments_;
  const at::ArrayRef<IValue> arguments(stack->data() + base, arguments_);
  const c10::Device device = device_of_call(arguments);
  const CurrentDevice current(device);
  const cudaStream_t stream = c10::cuda::getCurrentCUDAStream(device.index());
  const bool captured = is_captured(stream);
  if (traits_.synchronises) c10::cuda::warn_or_error_on_sync();
  if (!captured || traits_.synchronises) C10_CUDA_CHECK(cudaStreamSynchronize(stream));

  const std::optional<RandomState> random = draw(arguments, device);
  Crossing crossing(device);
  take_in(crossing, stack, base);
  check_devices(crossing, device, op);
  const DeviceBackedScope scope(captured);
  if (captured) {
    Recorder recorder(*this, op, *stack, random, stream);
    run_on_cpu(op, stack, random ? &*random : nullptr, true);
    recorder.record(*stack);
  } else {
    const ProfiledCall profiled(op, stream);
    run_on_cpu(op, stack, random ? &*random : nullptr);
  }
  take_out(crossing, stack);
}

}  // namespace ppu::bridge
