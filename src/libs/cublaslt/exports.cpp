// libcublasLt: its exports, handles, versions, and the log's settings. A handle of cuBLAS is one of cuBLASLt
// too.
#include "libs/cublas/statuses.h"
#include "libs/cublaslt/functions.h"
#include "libs/shell/handles.h"
#include "libs/shell/stream_work.h"

struct cublasLtContext {};

#define PPU_ROWS <ppu/cublaslt_functions.inc>
#define PPU_LIBRARY cublaslt
#define PPU_STATUS cublasStatus_t
#define PPU_NOT_WRITTEN CUBLAS_STATUS_NOT_SUPPORTED
#define PPU_FAULT CUBLAS_STATUS_INTERNAL_ERROR
#include "libs/shell/exports.inc"

namespace ppu::cublaslt {
namespace {

constexpr int kVersion[3] = {PPU_LIBRARY_VERSION, PPU_LIBRARY_VERSION == 13 ? 0 : 8, 0};
size_t heuristics_capacity = 8192;

}  // namespace

size_t cublasLtGetVersion() {
  return kVersion[0] * 10000 + kVersion[1] * 100 + kVersion[2];
}
size_t cublasLtGetCudartVersion() {
  return PPU_LIBRARY_VERSION == 13 ? 13000 : 12080;
}
Status cublasLtGetProperty(libraryPropertyType type, int* value) {
  if (!value || unsigned(type) > PATCH_LEVEL) return kBad;
  *value = kVersion[type];
  return kOk;
}
const char* cublasLtGetStatusName(Status status) {
  return cublas::name_of(status);
}
const char* cublasLtGetStatusString(Status status) {
  return cublas::text_of(status);
}

Status cublasLtCreate(cublasLtHandle_t* handle) {
  if (!handle) return kBad;
  if (shell::need_context() != CUDA_SUCCESS) return CUBLAS_STATUS_NOT_INITIALIZED;
  *handle = shell::handles<cublasLtContext>().make();
  return kOk;
}
Status cublasLtDestroy(cublasLtHandle_t handle) {
  return shell::handles<cublasLtContext>().destroy(handle) ? kOk : CUBLAS_STATUS_NOT_INITIALIZED;
}

// There is one algorithm, so no heuristic needs to be remembered: the number is kept to be answered.
Status cublasLtHeuristicsCacheGetCapacity(size_t* capacity) {
  if (!capacity) return kBad;
  *capacity = heuristics_capacity;
  return kOk;
}
Status cublasLtHeuristicsCacheSetCapacity(size_t capacity) {
  heuristics_capacity = capacity;
  return kOk;
}
unsigned cublasLtDisableCpuInstructionsSetMask(unsigned) {
  return 0;
}

// PPU_TRACE=api shows the calls.
Status cublasLtLoggerSetCallback(void (*)(int, const char*, const char*)) {
  return kOk;
}
Status cublasLtLoggerSetFile(FILE*) {
  return kOk;
}
Status cublasLtLoggerOpenFile(const char*) {
  return kOk;
}
Status cublasLtLoggerSetLevel(int level) {
  return level >= 0 && level <= 5 ? kOk : kBad;
}
Status cublasLtLoggerSetMask(int) {
  return kOk;
}
Status cublasLtLoggerForceDisable() {
  return kOk;
}

}  // namespace ppu::cublaslt
