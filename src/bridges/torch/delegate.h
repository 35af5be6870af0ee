// The kernel that stands on a CUDA key of PyTorch's dispatcher for one operator: takes the arguments across,
// runs the CPU kernel, takes the results back.
#pragma once
#include <memory>

#include "bridges/torch/counters.h"
#include "bridges/torch/operator_work.h"
#include "bridges/torch/random.h"
#include "bridges/torch/torch_headers.h"

namespace ppu::bridge {

class Crossing;

/// What is special about an operator (rows of operators.inc and upcasts.inc).
struct OperatorTraits {
  bool mixes_devices = false;  ///< takes CPU tensors beside CUDA ones
  bool synchronises =
      false;  ///< what it returns depends on the data: not possible while a stream is captured
  bool draws_random = false;           ///< our own kernel, random though its schema has no generator
  c10::SmallVector<size_t, 2> writes;  ///< arguments that it writes unsaid by the schema
  c10::SmallVector<std::pair<at::ScalarType, at::ScalarType>, 3> upcasts;  ///< from, to
  Product product;
};

class Delegate final : public c10::OperatorKernel {
 public:
  /// `own`: our kernel in place of the wheel's, valid() or not. `cpu_key`: where the wheel's is found.
  Delegate(const c10::OperatorHandle& op, c10::DispatchKey cpu_key, OperatorTraits traits,
           c10::KernelFunction own);

  void operator()(const c10::OperatorHandle& op, c10::DispatchKeySet keys, torch::jit::Stack* stack);

  /// Refuses operands of several devices, as PyTorch does.
  void check_devices(const Crossing& crossing, c10::Device device, const c10::OperatorHandle& op) const;
  void count(Way way) const {
    counter_->calls[static_cast<int>(way)].fetch_add(1, std::memory_order_relaxed);
  }

  /// Runs the kernel on CPU tensors on top of the stack. Random numbers come from `random` if it isn't null.
  /// `captured`: for its effect on a graph that is being captured, so that it is no work done.
  void run_on_cpu(const c10::OperatorHandle& op, torch::jit::Stack* stack, const RandomState* random,
                  bool captured = false) const;

 private:
  friend class Recorder;
  c10::Device device_of_call(at::ArrayRef<c10::IValue> arguments) const;
  std::optional<RandomState> draw(at::ArrayRef<c10::IValue> arguments, c10::Device device) const;
  void take_in(Crossing& crossing, torch::jit::Stack* stack, size_t base) const;
  void take_out(Crossing& crossing, torch::jit::Stack* stack) const;
  /// The wider type for this call, or Undefined where the CPU kernel has the types given.
  at::ScalarType wider_type(at::ArrayRef<c10::IValue> arguments, at::ScalarType* from) const;
  void run_upcast(const c10::OperatorHandle& op, torch::jit::Stack* stack, at::ScalarType from,
                  at::ScalarType to) const;
  void call_kernel(const c10::OperatorHandle& op, torch::jit::Stack* stack) const;

  OperatorCounter* counter_;
  c10::DispatchKey cpu_key_;
  OperatorTraits traits_;
  c10::KernelFunction own_;
  size_t arguments_;
  size_t returns_;
  bool mutable_;
  int generator_argument_ = -1;
  int dtype_argument_ = -1;
  c10::SmallVector<size_t, 4> written_;  // arguments that it writes
};

}  // namespace ppu::bridge
