// Launching kernels by what a program calls a kernel.
#pragma once
#include "runtime/registry.h"

namespace ppu::runtime {

/// Launches `function` (see resolve_kernel) in `where.stream`, a driver stream. `params`: one address a
/// parameter. Checks the shape against the device first: the runtime reports a bad one as
/// cudaErrorInvalidConfiguration.
cudaError_t launch(const void* function, const CallConfiguration& where, void** params, bool cooperative);

/// While it lives, stream 0 means this thread's own stream: the body of _ptsz and _ptds entry points.
class PerThreadDefault {
 public:
  PerThreadDefault() : before_(thread_state().per_thread_default) {
    thread_state().per_thread_default = true;
  }
  ~PerThreadDefault() { thread_state().per_thread_default = before_; }
  PerThreadDefault(const PerThreadDefault&) = delete;
  PerThreadDefault& operator=(const PerThreadDefault&) = delete;

 private:
  bool before_;
};

}  // namespace ppu::runtime
