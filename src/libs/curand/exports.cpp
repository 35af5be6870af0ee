// libcurand: versions, and every other name of cuRAND's host interface, not written.
#include <cuda.h>
#include <library_types.h>

// cuRAND API reference, curandStatus_t: it has no value for what isn't written.
enum curandStatus_t : int {
  CURAND_STATUS_SUCCESS = 0,
  CURAND_STATUS_OUT_OF_RANGE = 104,
  CURAND_STATUS_INTERNAL_ERROR = 999
};

#define PPU_ROWS "libs/curand/api.inc"
#define PPU_LIBRARY curand
#define PPU_STATUS curandStatus_t
#define PPU_NOT_WRITTEN CURAND_STATUS_INTERNAL_ERROR
#define PPU_FAULT CURAND_STATUS_INTERNAL_ERROR
#include "libs/shell/exports.inc"

namespace ppu::curand {

constexpr int kVersion[3] = {10, 4, 0};

curandStatus_t curandGetVersion(int* version) {
  if (!version) return CURAND_STATUS_OUT_OF_RANGE;
  *version = kVersion[0] * 10000 + kVersion[1] * 100 + kVersion[2];
  return CURAND_STATUS_SUCCESS;
}

curandStatus_t curandGetProperty(libraryPropertyType type, int* value) {
  if (!value || unsigned(type) > PATCH_LEVEL) return CURAND_STATUS_OUT_OF_RANGE;
  *value = kVersion[type];
  return CURAND_STATUS_SUCCESS;
}

}  // namespace ppu::curand
