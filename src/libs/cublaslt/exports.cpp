// libcublasLt: handles and versions, and every other name of cuBLASLt, not written.
#include <cuda.h>
#include <library_types.h>

#include "libs/shell/handles.h"
#include "libs/shell/stream_work.h"

// cuBLAS documentation, cublasStatus_t.
enum cublasStatus_t : int {
  CUBLAS_STATUS_SUCCESS = 0,
  CUBLAS_STATUS_NOT_INITIALIZED = 1,
  CUBLAS_STATUS_INVALID_VALUE = 7,
  CUBLAS_STATUS_INTERNAL_ERROR = 14,
  CUBLAS_STATUS_NOT_SUPPORTED = 15
};
struct cublasLtContext {};
using cublasLtHandle_t = cublasLtContext*;

#define PPU_ROWS "libs/cublaslt/api.inc"
#define PPU_LIBRARY cublaslt
#define PPU_STATUS cublasStatus_t
#define PPU_NOT_WRITTEN CUBLAS_STATUS_NOT_SUPPORTED
#define PPU_FAULT CUBLAS_STATUS_INTERNAL_ERROR
#include "libs/shell/exports.inc"

namespace ppu::cublaslt {
namespace {
constexpr int kVersion[3] = {PPU_LIBRARY_VERSION, PPU_LIBRARY_VERSION == 13 ? 0 : 8, 0};
}

size_t cublasLtGetVersion() {
  return kVersion[0] * 10000 + kVersion[1] * 100 + kVersion[2];
}
size_t cublasLtGetCudartVersion() {
  return PPU_LIBRARY_VERSION == 13 ? 13000 : 12080;
}
cublasStatus_t cublasLtGetProperty(libraryPropertyType type, int* value) {
  if (!value || unsigned(type) > PATCH_LEVEL) return CUBLAS_STATUS_INVALID_VALUE;
  *value = kVersion[type];
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  if (!handle) return CUBLAS_STATUS_INVALID_VALUE;
  if (shell::need_context() != CUDA_SUCCESS) return CUBLAS_STATUS_NOT_INITIALIZED;
  *handle = shell::handles<cublasLtContext>().make();
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  return shell::handles<cublasLtContext>().destroy(handle) ? CUBLAS_STATUS_SUCCESS
                                                           : CUBLAS_STATUS_NOT_INITIALIZED;
}

}  // namespace ppu::cublaslt
