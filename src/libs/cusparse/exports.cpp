// libcusparse.so.12: handles and versions, and every other name of cuSPARSE, not written.
#include <cuda.h>
#include <library_types.h>

#include "libs/shell/handles.h"
#include "libs/shell/stream_work.h"

// cuSPARSE API reference, cusparseStatus_t.
enum cusparseStatus_t : int {
  CUSPARSE_STATUS_SUCCESS = 0,
  CUSPARSE_STATUS_NOT_INITIALIZED = 1,
  CUSPARSE_STATUS_ALLOC_FAILED = 2,
  CUSPARSE_STATUS_INVALID_VALUE = 3,
  CUSPARSE_STATUS_ARCH_MISMATCH = 4,
  CUSPARSE_STATUS_MAPPING_ERROR = 5,
  CUSPARSE_STATUS_EXECUTION_FAILED = 6,
  CUSPARSE_STATUS_INTERNAL_ERROR = 7,
  CUSPARSE_STATUS_MATRIX_TYPE_NOT_SUPPORTED = 8,
  CUSPARSE_STATUS_ZERO_PIVOT = 9,
  CUSPARSE_STATUS_NOT_SUPPORTED = 10,
  CUSPARSE_STATUS_INSUFFICIENT_RESOURCES = 11
};
enum cusparsePointerMode_t : int { CUSPARSE_POINTER_MODE_HOST = 0, CUSPARSE_POINTER_MODE_DEVICE = 1 };
struct cusparseContext {
  CUstream stream = nullptr;
  cusparsePointerMode_t pointer_mode = CUSPARSE_POINTER_MODE_HOST;
};
using cusparseHandle_t = cusparseContext*;

#define PPU_ROWS "libs/cusparse/api.inc"
#define PPU_LIBRARY cusparse
#define PPU_STATUS cusparseStatus_t
#define PPU_NOT_WRITTEN CUSPARSE_STATUS_NOT_SUPPORTED
#define PPU_FAULT CUSPARSE_STATUS_INTERNAL_ERROR
#include "libs/shell/exports.inc"

namespace ppu::cusparse {
namespace {

constexpr int kVersion[3] = {12, 6, 0};
auto& contexts = shell::handles<cusparseContext>();

struct Named {
  const char *name, *text;
};
constexpr Named kStatuses[] = {{"CUSPARSE_STATUS_SUCCESS", "success"},
                               {"CUSPARSE_STATUS_NOT_INITIALIZED", "initialization error"},
                               {"CUSPARSE_STATUS_ALLOC_FAILED", "out of memory"},
                               {"CUSPARSE_STATUS_INVALID_VALUE", "invalid value"},
                               {"CUSPARSE_STATUS_ARCH_MISMATCH", "architecture mismatch"},
                               {"CUSPARSE_STATUS_MAPPING_ERROR", "texture mapping error"},
                               {"CUSPARSE_STATUS_EXECUTION_FAILED", "kernel launch failure"},
                               {"CUSPARSE_STATUS_INTERNAL_ERROR", "internal error"},
                               {"CUSPARSE_STATUS_MATRIX_TYPE_NOT_SUPPORTED", "matrix type not supported"},
                               {"CUSPARSE_STATUS_ZERO_PIVOT", "zero pivot"},
                               {"CUSPARSE_STATUS_NOT_SUPPORTED", "operation not supported"},
                               {"CUSPARSE_STATUS_INSUFFICIENT_RESOURCES", "insufficient resources"}};

template <class T>
cusparseStatus_t get(cusparseHandle_t handle, T cusparseContext::* field, T* value) {
  const cusparseContext* context = contexts.find(handle);
  if (!context) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!value) return CUSPARSE_STATUS_INVALID_VALUE;
  *value = context->*field;
  return CUSPARSE_STATUS_SUCCESS;
}
template <class T>
cusparseStatus_t set(cusparseHandle_t handle, T cusparseContext::* field, T value) {
  cusparseContext* context = contexts.find(handle);
  if (!context) return CUSPARSE_STATUS_NOT_INITIALIZED;
  context->*field = value;
  return CUSPARSE_STATUS_SUCCESS;
}

}  // namespace

cusparseStatus_t cusparseCreate(cusparseHandle_t* handle) {
  if (!handle) return CUSPARSE_STATUS_INVALID_VALUE;
  if (shell::need_context() != CUDA_SUCCESS) return CUSPARSE_STATUS_NOT_INITIALIZED;
  *handle = contexts.make();
  return CUSPARSE_STATUS_SUCCESS;
}

cusparseStatus_t cusparseDestroy(cusparseHandle_t handle) {
  return contexts.destroy(handle) ? CUSPARSE_STATUS_SUCCESS : CUSPARSE_STATUS_NOT_INITIALIZED;
}

cusparseStatus_t cusparseGetVersion(cusparseHandle_t handle, int* version) {
  if (!contexts.find(handle)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!version) return CUSPARSE_STATUS_INVALID_VALUE;
  *version = kVersion[0] * 1000 + kVersion[1] * 100 + kVersion[2];
  return CUSPARSE_STATUS_SUCCESS;
}

cusparseStatus_t cusparseGetProperty(libraryPropertyType type, int* value) {
  if (!value || unsigned(type) > PATCH_LEVEL) return CUSPARSE_STATUS_INVALID_VALUE;
  *value = kVersion[type];
  return CUSPARSE_STATUS_SUCCESS;
}

const char* cusparseGetErrorName(cusparseStatus_t status) {
  return size_t(status) < std::size(kStatuses) ? kStatuses[status].name : "unrecognized error code";
}
const char* cusparseGetErrorString(cusparseStatus_t status) {
  return size_t(status) < std::size(kStatuses) ? kStatuses[status].text : "unrecognized error code";
}

cusparseStatus_t cusparseSetStream(cusparseHandle_t handle, CUstream stream) {
  return set(handle, &cusparseContext::stream, stream);
}
cusparseStatus_t cusparseGetStream(cusparseHandle_t handle, CUstream* stream) {
  return get(handle, &cusparseContext::stream, stream);
}
cusparseStatus_t cusparseSetPointerMode(cusparseHandle_t handle, cusparsePointerMode_t mode) {
  if (unsigned(mode) > CUSPARSE_POINTER_MODE_DEVICE) return CUSPARSE_STATUS_INVALID_VALUE;
  return set(handle, &cusparseContext::pointer_mode, mode);
}
cusparseStatus_t cusparseGetPointerMode(cusparseHandle_t handle, cusparsePointerMode_t* mode) {
  return get(handle, &cusparseContext::pointer_mode, mode);
}

}  // namespace ppu::cusparse
