// Entry points that do not report through the last error: asking for it, and naming codes.
#include "base/call_trace.h"
#include "runtime/entry.h"

#define PPU_EXPORT extern "C" __attribute__((visibility("default")))

namespace ppu::runtime {

int record_not_supported() {
  return record_error(cudaErrorNotSupported);
}

}  // namespace ppu::runtime

using namespace ppu::runtime;

// An error that corrupted the context stays until the device is reset; any other is handed out once.
PPU_EXPORT cudaError_t cudaGetLastError() {
  ThreadState& state = thread_state();
  const cudaError_t error = state.last_error;
  if (!is_sticky(error)) state.last_error = cudaSuccess;
  if (ppu::trace_enabled()) ppu::trace_call("cudaGetLastError", "", error_name(error));
  return error;
}

PPU_EXPORT cudaError_t cudaPeekAtLastError() {
  return thread_state().last_error;
}

PPU_EXPORT const char* cudaGetErrorName(cudaError_t error) {
  return error_name(error);
}

PPU_EXPORT const char* cudaGetErrorString(cudaError_t error) {
  return error_text(error);
}

PPU_EXPORT cudaChannelFormatDesc cudaCreateChannelDesc(int x, int y, int z, int w,
                                                       cudaChannelFormatKind kind) {
  return {x, y, z, w, kind};
}
