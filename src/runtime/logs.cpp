// CUDA's error log (Runtime API, "Error Log Management Functions"): the driver's.
#include "runtime/entry.h"

namespace ppu::runtime {

// No context: a log is there before the first one is, and after a failure to make it.
cudaError_t cudaLogsRegisterCallback(cudaLogsCallback_t callback, void* user,
                                     cudaLogsCallbackHandle* handle) {
  return bare_call([&](const Driver& d) {
    return d.cuLogsRegisterCallback(reinterpret_cast<CUlogsCallback>(callback), user, handle);
  });
}

cudaError_t cudaLogsUnregisterCallback(cudaLogsCallbackHandle handle) {
  return bare_call([&](const Driver& d) { return d.cuLogsUnregisterCallback(handle); });
}

cudaError_t cudaLogsCurrent(cudaLogIterator* iterator, unsigned int flags) {
  return bare_call([&](const Driver& d) { return d.cuLogsCurrent(iterator, flags); });
}

cudaError_t cudaLogsDumpToFile(cudaLogIterator* iterator, const char* path, unsigned int flags) {
  return bare_call([&](const Driver& d) { return d.cuLogsDumpToFile(iterator, path, flags); });
}

cudaError_t cudaLogsDumpToMemory(cudaLogIterator* iterator, char* text, size_t* bytes, unsigned int flags) {
  return bare_call([&](const Driver& d) { return d.cuLogsDumpToMemory(iterator, text, bytes, flags); });
}

}  // namespace ppu::runtime
