// Entry points that are owed: they answer cudaErrorNotSupported (801) and say so once. Compiled without
// cuda_runtime_api.h: a stub needs no parameters, and the System V ABI lets a callee ignore its arguments.
#include "base/log.h"

namespace ppu::runtime {
/// Records cudaErrorNotSupported as the thread's last error and returns it.
int record_not_supported();
}  // namespace ppu::runtime

#define API(name, params, args)
#define PER_THREAD(name, base, params, args)
#define PLAIN(name)
#define STUB(name)                                                                                      \
  extern "C" __attribute__((visibility("default"))) int name() {                                        \
    ppu::log_once("runtime", #name, "%s is not implemented; it returned cudaErrorNotSupported", #name); \
    return ppu::runtime::record_not_supported();                                                        \
  }
#include "runtime/api.inc"
