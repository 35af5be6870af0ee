// Bodies of api.inc: handles and their settings.
#include "libs/cublas/bodies.h"

namespace ppu::cublas {
namespace {

constexpr int kVersion[3] = {PPU_CUBLAS_LEVEL, PPU_CUBLAS_LEVEL == 13 ? 0 : 8, 0};

}  // namespace

Status cublasCreate_v2(cublasHandle_t* handle) {
  if (!handle) return kBad;
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (cudaFree(nullptr) != cudaSuccess)
    return CUBLAS_STATUS_NOT_INITIALIZED;  // makes the context, as cuBLAS does
  *handle = new cublasContext;
  add_live(*handle);
  return kOk;
}

Status cublasDestroy_v2(cublasHandle_t handle) {
  if (!remove_live(handle)) return CUBLAS_STATUS_NOT_INITIALIZED;
  cudaStreamSynchronize(handle->stream);
  cudaGetLastError();  // a stream that was destroyed first is no error of ours
  delete handle;
  return kOk;
}

Status cublasGetVersion_v2(cublasHandle_t, int* version) {
  if (!version) return kBad;
  *version = kVersion[0] * 10000 + kVersion[1] * 100 + kVersion[2];
  return kOk;
}

Status cublasGetProperty(libraryPropertyType type, int* value) {
  if (!value || unsigned(type) > PATCH_LEVEL) return kBad;
  *value = kVersion[type];
  return kOk;
}

Status cublasSetStream_v2(cublasHandle_t h, cudaStream_t stream) {
  h->stream = stream;
  h->workspace = nullptr, h->workspace_bytes = 0;  // back to the default one, as documented
  return kOk;
}

Status cublasSetWorkspace_v2(cublasHandle_t h, void* workspace, size_t bytes) {
  if (reinterpret_cast<uintptr_t>(workspace) % 256) return kBad;
  h->workspace = workspace, h->workspace_bytes = bytes;
  return kOk;
}

#define PPU_SETTING(name, type, field, valid)            \
  Status cublasSet##name(cublasHandle_t h, type value) { \
    if (!(valid)) return kBad;                           \
    h->field = value;                                    \
    return kOk;                                          \
  }                                                      \
  PPU_GETTING(name, type, field)
#define PPU_GETTING(name, type, field)                    \
  Status cublasGet##name(cublasHandle_t h, type* value) { \
    if (!value) return kBad;                              \
    *value = h->field;                                    \
    return kOk;                                           \
  }
PPU_GETTING(Stream_v2, cudaStream_t, stream)
PPU_SETTING(PointerMode_v2, cublasPointerMode_t, pointer_mode, unsigned(value) <= CUBLAS_POINTER_MODE_DEVICE)
PPU_SETTING(AtomicsMode, cublasAtomicsMode_t, atomics, unsigned(value) <= CUBLAS_ATOMICS_ALLOWED)
PPU_SETTING(MathMode, cublasMath_t, math, unsigned(value) < 32)
PPU_SETTING(SmCountTarget, int, sm_count_target, value >= 0)
#undef PPU_SETTING
#undef PPU_GETTING

namespace {
cublasLogCallback log_callback = nullptr;
}
Status cublasLoggerConfigure(int, int, int, const char*) {
  return kOk;
}  // PPU_TRACE=api shows the calls
Status cublasSetLoggerCallback(cublasLogCallback callback) {
  log_callback = callback;
  return kOk;
}
Status cublasGetLoggerCallback(cublasLogCallback* callback) {
  if (!callback) return kBad;
  *callback = log_callback;
  return kOk;
}

}  // namespace ppu::cublas
