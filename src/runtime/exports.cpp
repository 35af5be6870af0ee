// The exported cuda* symbols, made from api.inc. A row whose parameters differ from cuda_runtime_api.h does
// not compile: extern "C" allows one signature a name.
#include <exception>
#include <new>

#include "base/call_trace.h"
#include "base/log.h"
#include "runtime/entry.h"

#define PPU_EXPORT extern "C" __attribute__((visibility("default")))

namespace ppu::runtime {
namespace {

/// No exception passes to a C caller; what fails is the thread's last error.
template <class Body>
cudaError_t enter(const char* name, Body&& body) noexcept {
  try {
    return record_error(body());
  } catch (const std::bad_alloc&) {
    return record_error(cudaErrorMemoryAllocation);
  } catch (const std::exception& e) {
    log("runtime", LogLevel::kError, "%s: %s", name, e.what());
  } catch (...) {
    log("runtime", LogLevel::kError, "%s: exception of unknown type", name);
  }
  return record_error(cudaErrorUnknown);
}

}  // namespace
}  // namespace ppu::runtime

#define PPU_TRACED(name, args)                                                             \
  ppu_call.returns(#name, ppu_result, true);                                               \
  if (ppu::trace_enabled())                                                                \
    ppu::trace_call(#name, ppu::argument_list args, ppu::runtime::error_name(ppu_result)); \
  return ppu_result

#define STUB(name)
#define PLAIN(name)
#define API(name, params, args)                                                                         \
  PPU_EXPORT cudaError_t CUDARTAPI name params {                                                        \
    const ppu::ObservedCall ppu_call;                                                                   \
    const cudaError_t ppu_result = ppu::runtime::enter(#name, [&] { return ppu::runtime::name args; }); \
    PPU_TRACED(name, args);                                                                             \
  }
#define PER_THREAD(name, base, params, args)                        \
  PPU_EXPORT cudaError_t CUDARTAPI name params {                    \
    const ppu::ObservedCall ppu_call;                               \
    const cudaError_t ppu_result = ppu::runtime::enter(#name, [&] { \
      const ppu::runtime::PerThreadDefault scope;                   \
      return ppu::runtime::base args;                               \
    });                                                             \
    PPU_TRACED(name, args);                                         \
  }
#include "runtime/api.inc"
#undef API
#undef PER_THREAD
#undef STUB
#undef PLAIN
