// The status codes of cuBLAS and cuBLASLt with their names and texts.
#pragma once
#include <ppu/cublas_api.h>

namespace ppu::cublas {

struct NamedStatus {
  cublasStatus_t status;
  const char *name, *text;
};
inline constexpr NamedStatus kStatuses[] = {
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

inline const char* name_of(cublasStatus_t status) {
  for (const NamedStatus& s : kStatuses)
    if (s.status == status) return s.name;
  return "unknown cublasStatus_t";
}
inline const char* text_of(cublasStatus_t status) {
  for (const NamedStatus& s : kStatuses)
    if (s.status == status) return s.text;
  return "unknown cublasStatus_t";
}

}  // namespace ppu::cublas
