// One template for all signatures; the table at the end lists those that are made.
#include "bridges/torch/direct.h"

#include <c10/cuda/CUDAException.h>

#include "bridges/torch/capture.h"
#include "bridges/torch/crossing.h"
#include "bridges/torch/device_memory.h"
#include "bridges/torch/profiled_call.h"

namespace ppu::bridge {
namespace {

using at::Tensor;
using c10::Scalar;

void find_device(const Tensor& t, std::optional<c10::Device>& device) {
  if (!device && t.defined() && t.is_cuda()) device = t.device();
}
void find_device(const Scalar&, std::optional<c10::Device>&) {}
void find_device(bool, std::optional<c10::Device>&) {}

Tensor crossed(Crossing& crossing, const Tensor& t) {
  return crossing.to_cpu(t);
}
const Scalar& crossed(Crossing&, const Scalar& s) {
  return s;
}
bool crossed(Crossing&, bool b) {
  return b;
}

constexpr size_t kCleared = size_t(4) << 20;  // bytes from which on clearing is the device's

/// zero_ of large memory is the device's fill, which knows memory that nobody touched since it was last
/// cleared.
bool clear(const Tensor& t, cudaStream_t stream) {
  if (t.nbytes() < kCleared || !t.is_non_overlapping_and_dense()) return false;
  C10_CUDA_CHECK(cudaMemsetAsync(t.data_ptr(), 0, t.nbytes(), stream));
  return true;
}

template <class Signature>
class Direct;

template <class Result, class... Args>
class Direct<Result(Args...)> {
 public:
  Direct(const c10::OperatorHandle& op, const OperatorTraits& traits)
      : op_(op.typed<Result(Args...)>()),
        delegate_(std::make_shared<Delegate>(op, c10::DispatchKey::CPU, traits, c10::KernelFunction())),
        clears_(op.operator_name() == c10::OperatorName("aten::zero_", "")) {}

  Result operator()(c10::DispatchKeySet keys, Args... args) const {
    std::optional<c10::Device> found;
    (find_device(args, found), ...);
    const c10::Device device = found ? *found : c10::Device(c10::kCUDA, c10::cuda::current_device());
    const CurrentDevice current(device);
    const cudaStream_t stream = c10::cuda::getCurrentCUDAStream(device.index());
    if (calls_are_logged() || work_is_priced() || is_captured(stream)) return boxed(keys, args...);
    if constexpr (std::is_same_v<Result(Args...), Tensor&(Tensor&)>)
      if (clears_ && clear(args..., stream)) return std::get<0>(std::tie(args...));
    C10_CUDA_CHECK(cudaStreamSynchronize(stream));
    ProfiledCall profiled(op_, stream);
    if constexpr (std::is_same_v<Result(Args...), Tensor&(Tensor&, const Tensor&, bool)>) {
      const auto [to, from, non_blocking] = std::tie(args...);
      // torch.cuda.set_sync_debug_mode: on NVIDIA's devices these wait.
      if (to.is_cuda() != from.is_cuda() && !non_blocking) c10::cuda::warn_or_error_on_sync();
      profiled.copies(to, from);
    }
    Crossing crossing(device);
    std::tuple<std::decay_t<Args>...> across{crossed(crossing, args)...};
    delegate_->check_devices(crossing, device, op_);
    delegate_->count(Way::kDelegated);
    const DeviceBackedScope scope;
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    const auto run = [&](auto&... a) -> Result {
      return op_.redispatch(c10::DispatchKeySet(c10::DispatchKey::CPU), a...);
    };
    if constexpr (std::is_reference_v<Result>) {
      std::apply(run, across);
      crossing.write_back();
      return std::get<0>(std::tie(args...));  // in place
    } else {
      Tensor result = std::apply(run, across);
      return crossing.to_cuda(result);
    }
  }

 private:
  Result boxed(c10::DispatchKeySet keys, Args... args) const {
    torch::jit::Stack stack;
    (stack.emplace_back(args), ...);
    (*delegate_)(op_, keys, &stack);
    if constexpr (std::is_reference_v<Result>)
      return std::get<0>(std::tie(args...));
    else
      return std::move(stack.back()).toTensor();
  }

  c10::TypedOperatorHandle<Result(Args...)> op_;
  std::shared_ptr<Delegate> delegate_;
  bool clears_;
};

/// "Tensor Tensor Scalar -> Tensor": the schema's types as C++ spells them.
std::string signature_of(const c10::FunctionSchema& schema) {
  std::string text;
  for (const c10::Argument& argument : schema.arguments()) {
    if (argument.alias_info() && argument.alias_info()->isWrite()) text += "&";
    text += argument.real_type()->str() + " ";
  }
  text += "->";
  for (const c10::Argument& result : schema.returns())
    text += (result.alias_info() ? " &" : " ") + result.real_type()->str();
  return text;
}

template <class Signature>
torch::CppFunction make(const c10::OperatorHandle& op, const OperatorTraits& traits) {
  return torch::CppFunction(Direct<Signature>(op, traits));
}

struct Row {
  const char* signature;
  torch::CppFunction (*make)(const c10::OperatorHandle&, const OperatorTraits&);
};
using CT = const Tensor&;
using CS = const Scalar&;
constexpr Row kRows[] = {
    {"Tensor -> Tensor", &make<Tensor(CT)>},
    {"Tensor Tensor -> Tensor", &make<Tensor(CT, CT)>},
    {"Tensor Scalar -> Tensor", &make<Tensor(CT, CS)>},
    {"Tensor Tensor Scalar -> Tensor", &make<Tensor(CT, CT, CS)>},
    {"Tensor Scalar Scalar -> Tensor", &make<Tensor(CT, CS, CS)>},
    {"Tensor Tensor Tensor -> Tensor", &make<Tensor(CT, CT, CT)>},
    {"Tensor Tensor Tensor Scalar Scalar -> Tensor", &make<Tensor(CT, CT, CT, CS, CS)>},
    {"&Tensor -> &Tensor", &make<Tensor&(Tensor&)>},
    {"&Tensor Tensor -> &Tensor", &make<Tensor&(Tensor&, CT)>},
    {"&Tensor Scalar -> &Tensor", &make<Tensor&(Tensor&, CS)>},
    {"&Tensor Tensor bool -> &Tensor", &make<Tensor&(Tensor&, CT, bool)>},
    {"&Tensor Tensor Scalar -> &Tensor", &make<Tensor&(Tensor&, CT, CS)>},
    {"&Tensor Tensor Tensor Scalar -> &Tensor", &make<Tensor&(Tensor&, CT, CT, CS)>},
};

}  // namespace

std::optional<torch::CppFunction> direct_kernel(const c10::OperatorHandle& op, const OperatorTraits& traits) {
  if (traits.synchronises || traits.draws_random || !traits.upcasts.empty() || !traits.writes.empty())
    return std::nullopt;
  const std::string signature = signature_of(op.schema());
  for (const Row& row : kRows)
    if (signature == row.signature) return row.make(op, traits);
  return std::nullopt;
}

}  // namespace ppu::bridge
