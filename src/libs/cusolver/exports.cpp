// libcusolver: handles and versions, and every other name of cuSOLVER (Dn, Sp, Rf), not written.
#include <cuda.h>
#include <library_types.h>

#include "libs/shell/handles.h"
#include "libs/shell/stream_work.h"

// cuSOLVER API reference, cusolverStatus_t.
enum cusolverStatus_t : int {
  CUSOLVER_STATUS_SUCCESS = 0,
  CUSOLVER_STATUS_NOT_INITIALIZED = 1,
  CUSOLVER_STATUS_INVALID_VALUE = 3,
  CUSOLVER_STATUS_INTERNAL_ERROR = 7,
  CUSOLVER_STATUS_NOT_SUPPORTED = 9
};
struct cusolverDnContext {
  CUstream stream = nullptr;
};
struct cusolverSpContext {
  CUstream stream = nullptr;
};
using cusolverDnHandle_t = cusolverDnContext*;
using cusolverSpHandle_t = cusolverSpContext*;

#define PPU_ROWS "libs/cusolver/api.inc"
#define PPU_LIBRARY cusolver
#define PPU_STATUS cusolverStatus_t
#define PPU_NOT_WRITTEN CUSOLVER_STATUS_NOT_SUPPORTED
#define PPU_FAULT CUSOLVER_STATUS_INTERNAL_ERROR
#include "libs/shell/exports.inc"

namespace ppu::cusolver {
namespace {

constexpr int kVersion[3] = {PPU_LIBRARY_VERSION, PPU_LIBRARY_VERSION == 12 ? 0 : 7, 0};

template <class T>
cusolverStatus_t create(T** handle) {
  if (!handle) return CUSOLVER_STATUS_INVALID_VALUE;
  if (shell::need_context() != CUDA_SUCCESS) return CUSOLVER_STATUS_NOT_INITIALIZED;
  *handle = shell::handles<T>().make();
  return CUSOLVER_STATUS_SUCCESS;
}
template <class T>
cusolverStatus_t destroy(T* handle) {
  return shell::handles<T>().destroy(handle) ? CUSOLVER_STATUS_SUCCESS : CUSOLVER_STATUS_NOT_INITIALIZED;
}
template <class T>
cusolverStatus_t set_stream(T* handle, CUstream stream) {
  T* context = shell::handles<T>().find(handle);
  if (!context) return CUSOLVER_STATUS_NOT_INITIALIZED;
  context->stream = stream;
  return CUSOLVER_STATUS_SUCCESS;
}
template <class T>
cusolverStatus_t get_stream(T* handle, CUstream* stream) {
  const T* context = shell::handles<T>().find(handle);
  if (!context) return CUSOLVER_STATUS_NOT_INITIALIZED;
  if (!stream) return CUSOLVER_STATUS_INVALID_VALUE;
  *stream = context->stream;
  return CUSOLVER_STATUS_SUCCESS;
}

}  // namespace

cusolverStatus_t cusolverGetVersion(int* version) {
  if (!version) return CUSOLVER_STATUS_INVALID_VALUE;
  *version = kVersion[0] * 1000 + kVersion[1] * 100 + kVersion[2];
  return CUSOLVER_STATUS_SUCCESS;
}

cusolverStatus_t cusolverGetProperty(libraryPropertyType type, int* value) {
  if (!value || unsigned(type) > PATCH_LEVEL) return CUSOLVER_STATUS_INVALID_VALUE;
  *value = kVersion[type];
  return CUSOLVER_STATUS_SUCCESS;
}

cusolverStatus_t cusolverDnCreate(cusolverDnHandle_t* handle) {
  return create(handle);
}
cusolverStatus_t cusolverDnDestroy(cusolverDnHandle_t handle) {
  return destroy(handle);
}
cusolverStatus_t cusolverDnSetStream(cusolverDnHandle_t handle, CUstream stream) {
  return set_stream(handle, stream);
}
cusolverStatus_t cusolverDnGetStream(cusolverDnHandle_t handle, CUstream* stream) {
  return get_stream(handle, stream);
}
cusolverStatus_t cusolverSpCreate(cusolverSpHandle_t* handle) {
  return create(handle);
}
cusolverStatus_t cusolverSpDestroy(cusolverSpHandle_t handle) {
  return destroy(handle);
}
cusolverStatus_t cusolverSpSetStream(cusolverSpHandle_t handle, CUstream stream) {
  return set_stream(handle, stream);
}
cusolverStatus_t cusolverSpGetStream(cusolverSpHandle_t handle, CUstream* stream) {
  return get_stream(handle, stream);
}

}  // namespace ppu::cusolver
