#include <cublas.h>

#include <atomic>
#include <cctype>
#include <mutex>

#include "libs/cublas/legacy.h"

namespace ppu::cublas::legacy {
namespace {

std::mutex mutex;  // of the making and the end of the handle
std::atomic<cublasHandle_t> the_handle{nullptr};
std::atomic<cublasStatus_t> first_error{CUBLAS_STATUS_SUCCESS};

template <class Option>
Option option(char letter, std::initializer_list<std::pair<char, Option>> known) {
  for (const auto& [name, value] : known)
    if (std::toupper(static_cast<unsigned char>(letter)) == name) return value;
  return static_cast<Option>(-1);
}

cublasStatus_t kept(cublasStatus_t status) {
  keep(status);
  return status;
}

}  // namespace

cublasHandle_t handle() {
  return the_handle;
}
void keep(cublasStatus_t status) {
  cublasStatus_t none = CUBLAS_STATUS_SUCCESS;
  if (status != CUBLAS_STATUS_SUCCESS) first_error.compare_exchange_strong(none, status);
}

cublasOperation_t op(char letter) {
  return option<cublasOperation_t>(letter, {{'N', CUBLAS_OP_N}, {'T', CUBLAS_OP_T}, {'C', CUBLAS_OP_C}});
}
cublasFillMode_t fill(char letter) {
  return option<cublasFillMode_t>(letter, {{'U', CUBLAS_FILL_MODE_UPPER}, {'L', CUBLAS_FILL_MODE_LOWER}});
}
cublasDiagType_t diag(char letter) {
  return option<cublasDiagType_t>(letter, {{'U', CUBLAS_DIAG_UNIT}, {'N', CUBLAS_DIAG_NON_UNIT}});
}
cublasSideMode_t side(char letter) {
  return option<cublasSideMode_t>(letter, {{'L', CUBLAS_SIDE_LEFT}, {'R', CUBLAS_SIDE_RIGHT}});
}

}  // namespace ppu::cublas::legacy

#define PPU_EXPORT extern "C" __attribute__((visibility("default")))
using namespace ppu::cublas::legacy;

PPU_EXPORT cublasStatus_t cublasInit() {
  const std::lock_guard lock(mutex);
  if (the_handle) return CUBLAS_STATUS_SUCCESS;
  cublasHandle_t made = nullptr;
  const cublasStatus_t status = cublasCreate_v2(&made);
  the_handle = made;
  return kept(status);
}
PPU_EXPORT cublasStatus_t cublasShutdown() {
  const std::lock_guard lock(mutex);
  if (!the_handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  return cublasDestroy_v2(the_handle.exchange(nullptr));
}
// Says it once: the next call finds no error.
PPU_EXPORT cublasStatus_t cublasGetError() {
  return first_error.exchange(CUBLAS_STATUS_SUCCESS);
}
PPU_EXPORT cublasStatus_t cublasGetVersion(int* version) {
  return kept(cublasGetVersion_v2(handle(), version));
}
PPU_EXPORT cublasStatus_t cublasAlloc(int count, int element_bytes, void** pointer) {
  if (!handle()) return kept(CUBLAS_STATUS_NOT_INITIALIZED);
  if (count <= 0 || element_bytes <= 0 || !pointer) return kept(CUBLAS_STATUS_INVALID_VALUE);
  const bool made = cudaMalloc(pointer, size_t(count) * size_t(element_bytes)) == cudaSuccess;
  return kept(made ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_ALLOC_FAILED);
}
PPU_EXPORT cublasStatus_t cublasFree(void* pointer) {
  if (!handle()) return kept(CUBLAS_STATUS_NOT_INITIALIZED);
  return kept(cudaFree(pointer) == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INTERNAL_ERROR);
}
PPU_EXPORT cublasStatus_t cublasSetKernelStream(cudaStream_t stream) {
  return kept(cublasSetStream_v2(handle(), stream));
}

#define PPU_LEGACY(type, name, v2, params, args)                                                 \
  PPU_EXPORT type name params {                                                                  \
    return call<type>([&](cublasHandle_t H, [[maybe_unused]] auto* result) { return v2 args; }); \
  }
#include <ppu/cublas_legacy_types.inc>
