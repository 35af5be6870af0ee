// libcudnn.so.9: handles and versions, and every other name of cuDNN, not written. Not here: any of its
// mathematics.
#include <cuda.h>
#include <library_types.h>

#include <cstdio>

#include "libs/shell/handles.h"
#include "libs/shell/stream_work.h"

// cuDNN 9 API reference, cudnnStatus_t.
enum cudnnStatus_t : int {
  CUDNN_STATUS_SUCCESS = 0,
  CUDNN_STATUS_NOT_INITIALIZED = 1001,
  CUDNN_STATUS_BAD_PARAM = 2000,
  CUDNN_STATUS_NOT_SUPPORTED = 3000,
  CUDNN_STATUS_INTERNAL_ERROR = 4000,
  CUDNN_STATUS_EXECUTION_FAILED = 5000
};
struct cudnnContext {
  CUstream stream = nullptr;
};
using cudnnHandle_t = cudnnContext*;

#define PPU_ROWS "libs/cudnn/api.inc"
#define PPU_LIBRARY cudnn
#define PPU_STATUS cudnnStatus_t
#define PPU_NOT_WRITTEN CUDNN_STATUS_NOT_SUPPORTED
#define PPU_FAULT CUDNN_STATUS_INTERNAL_ERROR
#include "libs/shell/exports.inc"

namespace ppu::cudnn {
namespace {

// Frameworks refuse a cuDNN older than the one they were built with, so the minor is above every 9.x there
// is.
constexpr int kVersion[3] = {9, 99, 0};
constexpr size_t kNumber = kVersion[0] * 10000 + kVersion[1] * 100 + kVersion[2];
auto& contexts = shell::handles<cudnnContext>();

}  // namespace

size_t cudnnGetVersion() {
  return kNumber;
}
size_t cudnnGetMaxDeviceVersion() {
  return kNumber;
}
size_t cudnnGetCudartVersion() {
  return 13000;
}

const char* cudnnGetErrorString(cudnnStatus_t status) {
  switch (status) {
    case CUDNN_STATUS_SUCCESS:
      return "CUDNN_STATUS_SUCCESS";
    case CUDNN_STATUS_NOT_INITIALIZED:
      return "CUDNN_STATUS_NOT_INITIALIZED";
    case CUDNN_STATUS_BAD_PARAM:
      return "CUDNN_STATUS_BAD_PARAM";
    case CUDNN_STATUS_NOT_SUPPORTED:
      return "CUDNN_STATUS_NOT_SUPPORTED";
    case CUDNN_STATUS_INTERNAL_ERROR:
      return "CUDNN_STATUS_INTERNAL_ERROR";
    case CUDNN_STATUS_EXECUTION_FAILED:
      return "CUDNN_STATUS_EXECUTION_FAILED";
  }
  return "CUDNN_UNKNOWN_STATUS";
}

void cudnnGetLastErrorString(char* message, size_t size) {
  if (message && size)
    std::snprintf(message, size, "%s", "OpenPPU's cuDNN: the log names what isn't written");
}

cudnnStatus_t cudnnGetProperty(libraryPropertyType type, int* value) {
  if (!value || unsigned(type) > PATCH_LEVEL) return CUDNN_STATUS_BAD_PARAM;
  *value = kVersion[type];
  return CUDNN_STATUS_SUCCESS;
}

// The parts of NVIDIA's library check that they belong together; here is only one.
cudnnStatus_t cudnnGraphVersionCheck() {
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnOpsVersionCheck() {
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnCnnVersionCheck() {
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnAdvVersionCheck() {
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
  if (!handle) return CUDNN_STATUS_BAD_PARAM;
  if (shell::need_context() != CUDA_SUCCESS) return CUDNN_STATUS_NOT_INITIALIZED;
  *handle = contexts.make();
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  return contexts.destroy(handle) ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_NOT_INITIALIZED;
}

cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, CUstream stream) {
  cudnnContext* context = contexts.find(handle);
  if (!context) return CUDNN_STATUS_BAD_PARAM;
  context->stream = stream;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetStream(cudnnHandle_t handle, CUstream* stream) {
  const cudnnContext* context = contexts.find(handle);
  if (!context || !stream) return CUDNN_STATUS_BAD_PARAM;
  *stream = context->stream;
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace ppu::cudnn
