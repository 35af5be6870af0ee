// libcusolver: the exports, the handles and parameters, and the dense functions over LAPACK, which the rows
// of ppu/cusolverdn_functions.inc bind to their bodies; the sparse ones are in sparse.cpp and steps.cpp,
// refactorization in refactor.cpp.
#include <cmath>

#include "libs/cusolver/linear.h"
#include "libs/cusolver/spectral.h"

#define PPU_ROWS "libs/cusolver/api.inc"
#define PPU_LIBRARY cusolver
#define PPU_STATUS cusolverStatus_t
#define PPU_NOT_WRITTEN CUSOLVER_STATUS_NOT_SUPPORTED
#define PPU_FAULT CUSOLVER_STATUS_INTERNAL_ERROR
#include "libs/shell/exports.inc"

namespace ppu::cusolver {

using shell::native;
using shell::NumberOf;

// The typed rows: the body is the template of the row's tail.
#define API(name, params, args)
#define PPU_TYPED(name, tail, params, args)                                    \
  Status name params {                                                         \
    return [](auto... a) { return tail<NumberOf<PPU_T>>(native(a)...); } args; \
  }
#define PPU_MIXED(name, tail, type, params, args)                             \
  Status name params {                                                        \
    return [](auto... a) { return tail<NumberOf<type>>(native(a)...); } args; \
  }
#include <ppu/cusolverdn_functions.inc>
#undef API
#undef PPU_TYPED
#undef PPU_MIXED

namespace {

constexpr int kVersion[3] = {PPU_LIBRARY_VERSION, PPU_LIBRARY_VERSION == 12 ? 0 : 7, 0};

template <class T>
Status create(T** handle) {
  if (!handle) return kBad;
  if (shell::need_context() != CUDA_SUCCESS) return CUSOLVER_STATUS_NOT_INITIALIZED;
  // cuSOLVER hands not-a-number on; LAPACKE's wrappers would refuse it.
  scipy_LAPACKE_set_nancheck(0);
  *handle = shell::handles<T>().make();
  return kOk;
}
template <class T>
Status destroy(T* handle) {
  return shell::handles<T>().destroy(handle) ? kOk : CUSOLVER_STATUS_NOT_INITIALIZED;
}
template <class T, class V>
Status set(T* handle, V T::* field, V value) {
  T* context = shell::handles<T>().find(handle);
  if (!context) return CUSOLVER_STATUS_NOT_INITIALIZED;
  context->*field = value;
  return kOk;
}
template <class T, class V>
Status get(T* handle, V T::* field, V* value) {
  const T* context = shell::handles<T>().find(handle);
  if (!context) return CUSOLVER_STATUS_NOT_INITIALIZED;
  if (!value) return kBad;
  *value = context->*field;
  return kOk;
}

}  // namespace

Status cusolverGetVersion(int* version) {
  if (!version) return kBad;
  *version = kVersion[0] * 1000 + kVersion[1] * 100 + kVersion[2];
  return kOk;
}
Status cusolverGetProperty(libraryPropertyType type, int* value) {
  if (!value || unsigned(type) > PATCH_LEVEL) return kBad;
  *value = kVersion[type];
  return kOk;
}

Status cusolverDnCreate(cusolverDnHandle_t* handle) {
  return create(handle);
}
Status cusolverDnDestroy(cusolverDnHandle_t handle) {
  return destroy(handle);
}
Status cusolverDnSetStream(cusolverDnHandle_t handle, CUstream stream) {
  return set(handle, &cusolverDnContext::stream, stream);
}
Status cusolverDnGetStream(cusolverDnHandle_t handle, CUstream* stream) {
  return get(handle, &cusolverDnContext::stream, stream);
}
Status cusolverDnSetDeterministicMode(cusolverDnHandle_t handle, cusolverDeterministicMode_t mode) {
  if (mode != CUSOLVER_DETERMINISTIC_RESULTS && mode != CUSOLVER_ALLOW_NON_DETERMINISTIC_RESULTS) return kBad;
  return set(handle, &cusolverDnContext::deterministic, mode);
}
Status cusolverDnGetDeterministicMode(cusolverDnHandle_t handle, cusolverDeterministicMode_t* mode) {
  return get(handle, &cusolverDnContext::deterministic, mode);
}
Status cusolverDnSetMathMode(cusolverDnHandle_t handle, cusolverMathMode_t mode) {
  if (mode != CUSOLVER_DEFAULT_MATH && mode != CUSOLVER_FP32_EMULATED_BF16X9_MATH) return kBad;
  return set(handle, &cusolverDnContext::math, mode);
}
Status cusolverDnGetMathMode(cusolverDnHandle_t handle, cusolverMathMode_t* mode) {
  return get(handle, &cusolverDnContext::math, mode);
}
Status cusolverSpCreate(cusolverSpHandle_t* handle) {
  return create(handle);
}
Status cusolverSpDestroy(cusolverSpHandle_t handle) {
  return destroy(handle);
}
Status cusolverSpSetStream(cusolverSpHandle_t handle, CUstream stream) {
  return set(handle, &cusolverSpContext::stream, stream);
}
Status cusolverSpGetStream(cusolverSpHandle_t handle, CUstream* stream) {
  return get(handle, &cusolverSpContext::stream, stream);
}

// There is one algorithm for each function; which one a program prefers is only kept.
Status cusolverDnCreateParams(cusolverDnParams_t* parameters) {
  if (!parameters) return kBad;
  *parameters = shell::handles<cusolverDnParams>().make();
  return kOk;
}
Status cusolverDnDestroyParams(cusolverDnParams_t parameters) {
  return shell::handles<cusolverDnParams>().destroy(parameters) ? kOk : kBad;
}
Status cusolverDnSetAdvOptions(cusolverDnParams_t parameters, cusolverDnFunction_t function,
                               cusolverAlgMode_t algorithm) {
  cusolverDnParams* p = shell::handles<cusolverDnParams>().find(parameters);
  if (!p || unsigned(function) > CUSOLVERDN_SYEVBATCHED || unsigned(algorithm) > CUSOLVER_ALG_2) return kBad;
  p->algorithms[function] = algorithm;
  return kOk;
}

namespace {

template <class Info>
Status make_info(Info** parameters) {
  if (!parameters) return kBad;
  *parameters = shell::handles<Info>().make();
  return kOk;
}
template <class Info, class V>
Status set_info(Info* parameters, V Jacobi::* field, V value, bool valid) {
  Info* p = shell::handles<Info>().find(parameters);
  if (!p || !valid) return kBad;
  p->*field = value;
  return kOk;
}
/// Waits for the work that finds the value.
template <class Info, class V>
Status answer_found(Handle handle, Info* parameters, V Found::* field, V* value) {
  const Info* p = shell::handles<Info>().find(parameters);
  if (!contexts.find(handle)) return CUSOLVER_STATUS_NOT_INITIALIZED;
  if (!p || !value) return kBad;
  if (!p->tells) return kNotDone;
  const Status waited = wait(handle);
  if (waited == kOk) *value = (*p->found).*field;
  return waited;
}

}  // namespace

#define PPU_JACOBI(Create, Destroy, prefix, type)                                          \
  Status Create(type* parameters) {                                                        \
    return make_info(parameters);                                                          \
  }                                                                                        \
  Status Destroy(type parameters) {                                                        \
    return shell::handles<std::remove_pointer_t<type>>().destroy(parameters) ? kOk : kBad; \
  }                                                                                        \
  Status prefix##SetTolerance(type parameters, double tolerance) {                         \
    return set_info(parameters, &Jacobi::tolerance, tolerance, tolerance >= 0);            \
  }                                                                                        \
  Status prefix##SetMaxSweeps(type parameters, int sweeps) {                               \
    return set_info(parameters, &Jacobi::sweeps, sweeps, sweeps >= 0);                     \
  }                                                                                        \
  Status prefix##SetSortEig(type parameters, int sort) {                                   \
    return set_info(parameters, &Jacobi::sort, sort, sort == 0 || sort == 1);              \
  }                                                                                        \
  Status prefix##GetResidual(Handle handle, type parameters, double* residual) {           \
    return answer_found(handle, parameters, &Found::residual, residual);                   \
  }                                                                                        \
  Status prefix##GetSweeps(Handle handle, type parameters, int* sweeps) {                  \
    return answer_found(handle, parameters, &Found::sweeps, sweeps);                       \
  }
PPU_JACOBI(cusolverDnCreateSyevjInfo, cusolverDnDestroySyevjInfo, cusolverDnXsyevj, syevjInfo_t)
PPU_JACOBI(cusolverDnCreateGesvdjInfo, cusolverDnDestroyGesvdjInfo, cusolverDnXgesvdj, gesvdjInfo_t)

}  // namespace ppu::cusolver
