// Which device and context a runtime call works on.
#pragma once
#include "runtime/thread_state.h"

namespace ppu::runtime {

/// The driver with a context current to this thread: the one the program made current itself, or else the
/// primary context of the thread's device (created when first needed). Null with *why set on failure.
const Driver* current_driver(cudaError_t* why);

/// The driver alone, for calls that need no context. Null with *why set on failure.
const Driver* bare_driver(cudaError_t* why);

/// The device calls of this thread work on now.
int current_device(const Driver& driver);

/// Makes the primary context of `device` current to the calling thread, creating it if need be.
cudaError_t select_device(const Driver& driver, int device);

/// Gives up the primary context of `device` and everything in it (cudaDeviceReset).
cudaError_t reset_device(const Driver& driver, int device);

constexpr int kMaxDevices = 64;

/// Runs a driver call in the current context and translates its result:
///   return call([&](const Driver& d) { return d.cuMemFree_v2(address); });
template <class F>
cudaError_t call(F&& body) {
  cudaError_t why = cudaSuccess;
  const Driver* d = current_driver(&why);
  return d ? from_driver(body(*d)) : why;
}

/// As call(), without a context.
template <class F>
cudaError_t bare_call(F&& body) {
  cudaError_t why = cudaSuccess;
  const Driver* d = bare_driver(&why);
  return d ? from_driver(body(*d)) : why;
}

}  // namespace ppu::runtime
