// The exported nvrtc* symbols, made from api.inc.
#include <exception>
#include <new>

#include "base/call_trace.h"
#include "base/log.h"
#include "libs/nvrtc/entry.h"

#define PPU_EXPORT extern "C" __attribute__((visibility("default")))

PPU_EXPORT const char* nvrtcGetErrorString(nvrtcResult result) {
  static const char* const names[] = {"NVRTC_SUCCESS",
                                      "NVRTC_ERROR_OUT_OF_MEMORY",
                                      "NVRTC_ERROR_PROGRAM_CREATION_FAILURE",
                                      "NVRTC_ERROR_INVALID_INPUT",
                                      "NVRTC_ERROR_INVALID_PROGRAM",
                                      "NVRTC_ERROR_INVALID_OPTION",
                                      "NVRTC_ERROR_COMPILATION",
                                      "NVRTC_ERROR_BUILTIN_OPERATION_FAILURE",
                                      "NVRTC_ERROR_NO_NAME_EXPRESSIONS_AFTER_COMPILATION",
                                      "NVRTC_ERROR_NO_LOWERED_NAMES_BEFORE_COMPILATION",
                                      "NVRTC_ERROR_NAME_EXPRESSION_NOT_VALID",
                                      "NVRTC_ERROR_INTERNAL_ERROR",
                                      "NVRTC_ERROR_TIME_FILE_WRITE_FAILED",
                                      "NVRTC_ERROR_NO_PCH_CREATE_ATTEMPTED",
                                      "NVRTC_ERROR_PCH_CREATE_HEAP_EXHAUSTED",
                                      "NVRTC_ERROR_PCH_CREATE",
                                      "NVRTC_ERROR_CANCELLED",
                                      "NVRTC_ERROR_TIME_TRACE_FILE_WRITE_FAILED"};
  const size_t index = size_t(result);
  return index < sizeof names / sizeof names[0] ? names[index] : "NVRTC_ERROR unknown";
}

namespace ppu::nvrtc {
namespace {

/// No exception passes to a C caller.
template <class Body>
nvrtcResult enter(const char* name, Body&& body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return NVRTC_ERROR_OUT_OF_MEMORY;
  } catch (const std::exception& e) {
    log("nvrtc", LogLevel::kError, "%s: %s", name, e.what());
  } catch (...) {
    log("nvrtc", LogLevel::kError, "%s: exception of unknown type", name);
  }
  return NVRTC_ERROR_INTERNAL_ERROR;
}

}  // namespace
}  // namespace ppu::nvrtc

#define API(name, params, args)                                                                     \
  PPU_EXPORT nvrtcResult name params {                                                              \
    const nvrtcResult ppu_result = ppu::nvrtc::enter(#name, [&] { return ppu::nvrtc::name args; }); \
    if (ppu::trace_enabled())                                                                       \
      ppu::trace_call(#name, ppu::argument_list args, nvrtcGetErrorString(ppu_result));             \
    return ppu_result;                                                                              \
  }
#if PPU_NVRTC_LEVEL == 12
#define OLD(name, params, args) API(name, params, args)
#else
#define OLD(name, params, args)
#endif
// The System V ABI lets a callee ignore its arguments.
#define NONE(name)                                                                                    \
  PPU_EXPORT nvrtcResult name() {                                                                     \
    ppu::log_once("nvrtc", #name, "%s isn't a public function of NVRTC; it answers an error", #name); \
    return NVRTC_ERROR_INTERNAL_ERROR;                                                                \
  }
#include "libs/nvrtc/api.inc"
