// What a profiling tool sees of a delegated operator: a kernel or a copy that ran while the operator did.
#pragma once
#include "base/activity.h"
#include "bridges/torch/torch_headers.h"

namespace ppu::bridge {

/// The driver's table, or one that nobody listens to.
const activity::Interface& activity_interface();

/// One run of an operator's CPU kernel, from construction to destruction.
class ProfiledCall {
 public:
  ProfiledCall(const c10::OperatorHandle& op, cudaStream_t stream) {
    static const std::atomic<bool>* const on = activity_interface().on;
    if (on->load(std::memory_order_relaxed)) begin(op, stream);
  }
  ~ProfiledCall() {
    if (op_) end();
  }
  /// The call is to(from): shown as CUDA's PyTorch would do it, a copy of bytes where one would serve.
  void copies(const at::Tensor& to, const at::Tensor& from) {
    if (op_) note_copy(to, from);
  }
  ProfiledCall(const ProfiledCall&) = delete;
  ProfiledCall& operator=(const ProfiledCall&) = delete;

 private:
  void begin(const c10::OperatorHandle& op, cudaStream_t stream);
  void end();
  void note_copy(const at::Tensor& to, const at::Tensor& from);
  const c10::OperatorHandle* op_ = nullptr;  ///< while a tool listens
  cudaStream_t stream_;
  activity::Origin origin_;
  uint64_t copied_bytes_ = 0;  ///< 0: no copy of bytes, but a kernel
  activity::Memory from_ = activity::Memory::kUnknown, to_ = activity::Memory::kUnknown;
};

}  // namespace ppu::bridge
