// Errors of the runtime: their texts, their relation to the driver's results, and the last error of a thread.
#include "base/thread_value.h"
#include "runtime/thread_state.h"

namespace ppu::runtime {
namespace {

constexpr cudaError_t kNone = static_cast<cudaError_t>(0x3fff);  // rows the runtime has no code for

struct ErrorRow {
  cudaError_t code;
  const char* name;
  const char* text;
};

constexpr ErrorRow kErrors[] = {
#define RESULT(driver_name, runtime_name, text) {runtime_name, #runtime_name, text},
#include "base/cuda_results.inc"
#undef RESULT
#define ERROR(name, text) {name, #name, text},
#include "runtime/errors.inc"
#undef ERROR
};

// Both interfaces number a failure alike; what from_driver relies on.
#define RESULT(driver_name, runtime_name, text) \
  static_assert(runtime_name == kNone || int(runtime_name) == int(driver_name));
#include "base/cuda_results.inc"
#undef RESULT

const ErrorRow* find(cudaError_t error) {
  for (const ErrorRow& row : kErrors)
    if (row.code == error && error != kNone) return &row;
  return nullptr;
}

}  // namespace

ThreadState& thread_state() {
  return thread_value<ThreadState>();
}

bool is_sticky(cudaError_t error) {
  switch (error) {
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchTimeout:
    case cudaErrorAssert:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorLaunchFailure:
    case cudaErrorECCUncorrectable:
      return true;
    default:
      return false;
  }
}

cudaError_t record_error(cudaError_t error) {
  // "Not ready" isn't an error, and not reported by cudaGetLastError (CUDA C++ Programming Guide, "Error
  // Checking"). CUB takes what is reported there for a failure of its own launch.
  if (error == cudaSuccess || error == cudaErrorNotReady) return error;
  ThreadState& state = thread_state();
  if (!is_sticky(state.last_error)) state.last_error = error;
  return error;
}

cudaError_t from_driver(CUresult result) {
  switch (result) {
    case CUDA_ERROR_CONTEXT_ALREADY_CURRENT:
    case CUDA_ERROR_KEY_ROTATION:
      return cudaErrorUnknown;
    default:
      return static_cast<cudaError_t>(result);
  }
}

const char* error_name(cudaError_t error) {
  const ErrorRow* row = find(error);
  return row ? row->name : "unrecognized error code";
}

const char* error_text(cudaError_t error) {
  const ErrorRow* row = find(error);
  return row ? row->text : "unrecognized error code";
}

CUstream resolve_stream(cudaStream_t stream) {
  if (stream) return stream;
  return thread_state().per_thread_default ? CU_STREAM_PER_THREAD : nullptr;
}

}  // namespace ppu::runtime
