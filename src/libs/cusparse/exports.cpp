// libcusparse.so.12: the exports and the handle. The older typed functions are bound to their bodies here;
// blocked triangular systems and factors, prunings, colourings and conversions of rectangular blocks aren't
// written.
#include <library_types.h>

#include "libs/cusparse/typed.h"
#include "libs/shell/complex.h"

#define PPU_ROWS "libs/cusparse/api.inc"
#define PPU_LIBRARY cusparse
#define PPU_STATUS cusparseStatus_t
#define PPU_NOT_WRITTEN CUSPARSE_STATUS_NOT_SUPPORTED
#define PPU_FAULT CUSPARSE_STATUS_INTERNAL_ERROR
#include "libs/shell/exports.inc"

namespace ppu::cusparse {

using shell::native;
using shell::NumberOf;

// The typed rows: the body is the template of the row's tail.
#define API(name, params, args)
#define ANY(type, name, params, args)
#define PPU_TYPED(name, tail, params, args)                                    \
  Status name params {                                                         \
    return [](auto... a) { return tail<NumberOf<PPU_T>>(native(a)...); } args; \
  }
#include <ppu/cusparse_functions.inc>
#undef API
#undef ANY
#undef PPU_TYPED

}  // namespace ppu::cusparse

namespace ppu::cusparse {
namespace {

constexpr int kVersion[3] = {12, 6, 0};

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
