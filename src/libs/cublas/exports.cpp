// The exported cublas* symbols, made from ppu/cublas_rows.inc, ppu/cublas_ex_rows.inc,
// ppu/cublas_half_rows.inc and api.inc.
#include <exception>
#include <new>
#include <string_view>
#include <type_traits>

#include "base/call_trace.h"
#include "base/log.h"
#include "libs/cublas/ex.h"
#include "libs/cublas/level1.h"
#include "libs/cublas/level2.h"
#include "libs/cublas/level3.h"
#include "libs/cublas/solve.h"
#include "libs/cublas/statuses.h"
#include "libs/cublas/triangles.h"

#define PPU_EXPORT extern "C" __attribute__((visibility("default")))

namespace ppu::cublas {
#define API(name, params, args) Status name params;
#define STUB(name)
#include "libs/cublas/api.inc"
#undef API
#undef STUB

namespace {

bool no_handle(cublasHandle_t handle) {
  return !is_live(handle);
}
template <class T>
bool no_handle(T) {
  return false;
}

/// JAX asks for the version before it makes a handle.
bool works_without_handle(std::string_view name) {
  return name == "cublasGetVersion_v2";
}

/// No exception passes to a C caller; a first argument that is a handle must be a live one.
template <class First, class Body>
cublasStatus_t enter(const char* name, First first, Body&& body) noexcept {
  try {
    if (no_handle(first) && !works_without_handle(name)) return CUBLAS_STATUS_NOT_INITIALIZED;
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
  return ppu::cublas::name_of(status);
}
PPU_EXPORT const char* cublasGetStatusString(cublasStatus_t status) {
  return ppu::cublas::text_of(status);
}
PPU_EXPORT size_t cublasGetCudartVersion() {
  return CUDART_VERSION;
}
PPU_EXPORT void cublasXerbla(const char* name, int info) {
  ppu::log("cublas", ppu::LogLevel::kError, "%s: argument %d is wrong", name, info);
}

#define PPU_BODY(name, call, args)                                                      \
  const cublasStatus_t ppu_result =                                                     \
      ppu::cublas::enter(#name, ppu::cublas::first_of args, [&] { return call args; }); \
  if (ppu::trace_enabled())                                                             \
    ppu::trace_call(#name, ppu::argument_list args, cublasGetStatusName(ppu_result));   \
  return ppu_result;
#define PPU_ROW(name, tail, params, args)   \
  PPU_EXPORT cublasStatus_t name params {   \
    PPU_BODY(name, ppu::cublas::tail, args) \
  }
#define PPU_ALIAS_v2(short_name, name, params, args)
#include <ppu/cublas_types.inc>
#define PPU_EX(name, tail, params, args)    \
  PPU_EXPORT cublasStatus_t name params {   \
    PPU_BODY(name, ppu::cublas::tail, args) \
  }
#include <ppu/cublas_ex.inc>

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
