// libcudnn.so.9: the exports and the handle. Recurrent networks, attention, CTC and spatial transformers
// aren't written; of the graph interface, convolutions and pointwise operations are (graph.h).
#include <library_types.h>

#include <cstdio>

#include "libs/cudnn/types.h"

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

struct NamedStatus {
  cudnnStatus_t status;
  const char* name;
};
#define PPU_NAMED(status) {status, #status}
constexpr NamedStatus kStatuses[] = {PPU_NAMED(CUDNN_STATUS_SUCCESS),
                                     PPU_NAMED(CUDNN_STATUS_NOT_INITIALIZED),
                                     PPU_NAMED(CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH),
                                     PPU_NAMED(CUDNN_STATUS_LICENSE_ERROR),
                                     PPU_NAMED(CUDNN_STATUS_BAD_PARAM),
                                     PPU_NAMED(CUDNN_STATUS_BAD_PARAM_NULL_POINTER),
                                     PPU_NAMED(CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT),
                                     PPU_NAMED(CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH),
                                     PPU_NAMED(CUDNN_STATUS_NOT_SUPPORTED),
                                     PPU_NAMED(CUDNN_STATUS_INTERNAL_ERROR),
                                     PPU_NAMED(CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED),
                                     PPU_NAMED(CUDNN_STATUS_EXECUTION_FAILED)};
#undef PPU_NAMED

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
  for (const NamedStatus& s : kStatuses)
    if (s.status == status) return s.name;
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
