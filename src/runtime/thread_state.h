// What the runtime keeps for each host thread: last error, chosen device, launch configurations being built.
#pragma once
#include <vector>

#include "runtime/runtime_api.h"

namespace ppu::runtime {

/// One <<<...>>> between its push and the stub's pop.
struct CallConfiguration {
  dim3 grid;
  dim3 block;
  size_t shared_bytes;
  cudaStream_t stream;
};

struct ThreadState {
  cudaError_t last_error = cudaSuccess;
  int device = 0;                   ///< cudaSetDevice; counts while no context is current
  bool per_thread_default = false;  ///< inside a _ptsz or _ptds call: stream 0 is this thread's own
  std::vector<CallConfiguration> configurations;
};

ThreadState& thread_state();

/// True for errors that a corrupt context repeats until the device is reset (CUDA Runtime API, cudaError).
bool is_sticky(cudaError_t error);

/// Notes `error` as the thread's last one unless it is cudaSuccess; returns it.
cudaError_t record_error(cudaError_t error);

/// The runtime's code for a driver result: the same number wherever both have one.
cudaError_t from_driver(CUresult result);

/// Name and text of a runtime code; "unrecognized error code" for others.
const char* error_name(cudaError_t error);
const char* error_text(cudaError_t error);

/// What the driver must be given for the caller's stream.
CUstream resolve_stream(cudaStream_t stream);

}  // namespace ppu::runtime
