// What a profiling tool sees of a delegated operator: a kernel that ran while the operator did.
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
  ProfiledCall(const ProfiledCall&) = delete;
  ProfiledCall& operator=(const ProfiledCall&) = delete;

 private:
  void begin(const c10::OperatorHandle& op, cudaStream_t stream);
  void end();
  const c10::OperatorHandle* op_ = nullptr;  ///< while a tool listens
  cudaStream_t stream_;
  activity::Origin origin_;
};

}  // namespace ppu::bridge
