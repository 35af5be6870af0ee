// What every entry point of libcuda goes through, and the declarations of the bodies. api.inc is the only
// list of names; a body is a function ppu::driver::<exported name> that may throw nothing but std::bad_alloc.
// Bodies that call another entry point write ppu::driver::name (the unqualified name also finds the export).
#pragma once

#ifndef __CUDA_API_VERSION_INTERNAL
#define __CUDA_API_VERSION_INTERNAL  // exported names, no renaming
#endif
#include <cuda.h>

#include <exception>
#include <new>

#include "base/call_trace.h"
#include "base/log.h"

namespace ppu::driver {

/// One exported name. `call` is the exported function itself.
struct EntryPoint {
  const char* name;
  int since;     ///< CUDA version that brought this variant, 1000 * major + 10 * minor
  bool written;  ///< false: answers CUDA_ERROR_NOT_SUPPORTED
  void* call;
};

/// Every row of api.inc, in file order.
const EntryPoint* entry_points(size_t* count);

/// Finds the variant of `base_name` that a caller compiled for CUDA `version` expects: the newest one that is
/// not newer than `version`; the per-thread variant first when `per_thread`. Null with *result set otherwise.
void* find_entry_point(const char* base_name, int version, bool per_thread,
                       CUdriverProcAddressQueryResult* result);

/// Documented name ("CUDA_ERROR_INVALID_VALUE") and text ("invalid argument") of a result; null if unknown.
const char* result_name(CUresult result);
const char* result_text(CUresult result);

/// Longest-running version of CUDA whose driver this library stands for: cuDriverGetVersion.
constexpr int kDriverVersion = 13000;

// Bodies.
#define API(group, since, name, params, args) CUresult name params;
#define STUB(group, since, name, params, args)
#define NAME(since, name)
#include "driver/api.inc"
#undef API
#undef STUB
#undef NAME

/// Keeps what is logged from now on, for cuLogsDumpTo*.
void keep_log();

/// Says once a process that `name` is not implemented; returns CUDA_ERROR_NOT_SUPPORTED.
CUresult not_implemented(const char* name);

/// The wall between a C caller and a body: no exception passes, every call can be traced.
template <class Body>
CUresult enter(const char* name, Body&& body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return CUDA_ERROR_OUT_OF_MEMORY;
  } catch (const std::exception& e) {
    log("driver", LogLevel::kError, "%s: %s", name, e.what());
  } catch (...) {
    log("driver", LogLevel::kError, "%s: exception of unknown type", name);
  }
  return CUDA_ERROR_UNKNOWN;
}

}  // namespace ppu::driver
