// The exported cublas* symbols, made from ppu/cublas_rows.inc and api.inc.
#include <exception>
#include <new>
#include <type_traits>

#include "base/call_trace.h"
#include "base/log.h"
#include "libs/cublas/level1.h"
#include "libs/cublas/level2.h"
#include "libs/cublas/level3.h"
#include "libs/cublas/solve.h"

#define PPU_EXPORT extern "C" __attribute__((visibility("default")))

namespace ppu::cublas {
#define API(name, params, args) Status name params;
#define STUB(name)
#include "libs/cublas/api.inc"
#undef API
#undef STUB

namespace {

struct Named {
  cublasStatus_t status;
  const char *name, *text;
};
constexpr Named kStatuses[] = {
    {CUBLAS_STATUS_SUCCESS, "CUBLAS_STATUS_SUCCESS", "success"},
    {CUBLAS_STATUS_NOT_INITIALIZED, "CUBLAS_STATUS_NOT_INITIALIZED", "the library was not initialized"},
    {CUBLAS_STATUS_ALLOC_FAILED, "CUBLAS_STATUS_ALLOC_FAILED", "the resource allocation failed"},
    {CUBLAS_STATUS_INVALID_VALUE, "CUBLAS_STATUS_INVALID_VALUE", "an invalid value was used as an argument"},
    {CUBLAS_STATUS_ARCH_MISMATCH, "CUBLAS_STATUS_ARCH_MISMATCH",
     "an absent device architectural feature is required"},
    {CUBLAS_STATUS_MAPPING_ERROR, "CUBLAS_STATUS_MAPPING_ERROR", "an access to device memory space failed"},
    {CUBLAS_STATUS_EXECUTION_FAILED, "CUBLAS_STATUS_EXECUTION_FAILED",
     "the function failed to launch on the device"},
    {CUBLAS_STATUS_INTERNAL_ERROR, "CUBLAS_STATUS_INTERNAL_ERROR", "an internal operation failed"},
    {CUBLAS_STATUS_NOT_SUPPORTED, "CUBLAS_STATUS_NOT_SUPPORTED", "the functionality is not supported"},
    {CUBLAS_STATUS_LICENSE_ERROR, "CUBLAS_STATUS_LICENSE_ERROR",
     "the requested functionality requires some license"}};

const Named* named(cublasStatus_t status) {
  for (const Named& s : kStatuses)
    if (s.status == status) return &s;
  return nullptr;
}

bool no_handle(cublasHandle_t handle) {
  return !is_live(handle);
}
template <class T>
bool no_handle(T) {
  return false;
}

/// No exception passes to a C caller; a first argument that is a handle must be a live one.
template <class First, class Body>
cublasStatus_t enter(const char* name, First first, bool destroys, Body&& body) noexcept {
  try {
    if (!destroys && no_handle(first)) return CUBLAS_STATUS_NOT_INITIALIZED;
    return body();
  } catch (const std::bad_alloc&) {
    return CUBLAS_STATUS_ALLOC_FAILED;
  } catch (const std::exception& e) {
    log("cublas", LogLevel::kError, "%s: %s", name, e.what());
  } catch (...) {
    log("cublas", LogLevel::kError, "%s: exception of unknown type", name);
  }
  return CUBLAS_STATUS_INTERNAL_ERROR;
}

template <class First, class... Rest>
First first_of(First first, Rest...) {
  return first;
}

}  // namespace
}  // namespace ppu::cublas

PPU_EXPORT const char* cublasGetStatusName(cublasStatus_t status) {
  const auto* s = ppu::cublas::named(status);
  return s ? s->name : "unknown cublasStatus_t";
}
PPU_EXPORT const char* cublasGetStatusString(cublasStatus_t status) {
  const auto* s = ppu::cublas::named(status);
  return s ? s->text : "unknown cublasStatus_t";
}
PPU_EXPORT size_t cublasGetCudartVersion() {
  return CUDART_VERSION;
}
PPU_EXPORT void cublasXerbla(const char* name, int info) {
  ppu::log("cublas", ppu::LogLevel::kError, "%s: argument %d is wrong", name, info);
}

#define PPU_BODY(name, call, args)                                                             \
  const cublasStatus_t ppu_result =                                                            \
      ppu::cublas::enter(#name, ppu::cublas::first_of args, false, [&] { return call args; }); \
  if (ppu::trace_enabled())                                                                    \
    ppu::trace_call(#name, ppu::argument_list args, cublasGetStatusName(ppu_result));          \
  return ppu_result;
#define PPU_ROW(name, tail, params, args)   \
  PPU_EXPORT cublasStatus_t name params {   \
    PPU_BODY(name, ppu::cublas::tail, args) \
  }
#define PPU_ALIAS_v2(short_name, name, params, args)
#include <ppu/cublas_types.inc>

#define API(name, params, args)             \
  PPU_EXPORT cublasStatus_t name params {   \
    PPU_BODY(name, ppu::cublas::name, args) \
  }
// The System V ABI lets a callee ignore its arguments.
#define STUB(name)                                                                              \
  PPU_EXPORT cublasStatus_t name() {                                                            \
    ppu::log_once("cublas", #name, "%s isn't written yet: CUBLAS_STATUS_NOT_SUPPORTED", #name); \
    return CUBLAS_STATUS_NOT_SUPPORTED;                                                         \
  }
#include "libs/cublas/api.inc"
