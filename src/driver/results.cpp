// cuGetErrorName and cuGetErrorString, from the rows of base/cuda_results.inc.
#include "driver/entry.h"

namespace ppu::driver {

const char* result_name(CUresult result) {
  switch (result) {
#define RESULT(name, runtime, text) \
  case name:                        \
    return #name;
#include "base/cuda_results.inc"
#undef RESULT
  }
  return nullptr;
}

const char* result_text(CUresult result) {
  switch (result) {
#define RESULT(name, runtime, text) \
  case name:                        \
    return text;
#include "base/cuda_results.inc"
#undef RESULT
  }
  return nullptr;
}

CUresult cuGetErrorName(CUresult error, const char** text) {
  if (!text) return CUDA_ERROR_INVALID_VALUE;
  *text = result_name(error);
  return *text ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuGetErrorString(CUresult error, const char** text) {
  if (!text) return CUDA_ERROR_INVALID_VALUE;
  *text = result_text(error);
  return *text ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuDriverGetVersion(int* version) {
  if (!version) return CUDA_ERROR_INVALID_VALUE;
  *version = kDriverVersion;
  return CUDA_SUCCESS;
}

CUresult not_implemented(const char* name) {
  log_once("driver", name, "%s is not implemented; it returned CUDA_ERROR_NOT_SUPPORTED", name);
  return CUDA_ERROR_NOT_SUPPORTED;
}

}  // namespace ppu::driver
