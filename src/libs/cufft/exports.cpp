// libcufft: versions, and every other name of cuFFT, not written.
#include <cuda.h>
#include <library_types.h>

// cuFFT API reference, cufftResult.
enum cufftResult : int {
  CUFFT_SUCCESS = 0,
  CUFFT_INVALID_VALUE = 4,
  CUFFT_INTERNAL_ERROR = 5,
  CUFFT_NOT_IMPLEMENTED = 14
};

#define PPU_ROWS "libs/cufft/api.inc"
#define PPU_LIBRARY cufft
#define PPU_STATUS cufftResult
#define PPU_NOT_WRITTEN CUFFT_NOT_IMPLEMENTED
#define PPU_FAULT CUFFT_INTERNAL_ERROR
#include "libs/shell/exports.inc"

namespace ppu::cufft {

constexpr int kVersion[3] = {PPU_LIBRARY_VERSION, PPU_LIBRARY_VERSION == 12 ? 0 : 3, 0};

cufftResult cufftGetVersion(int* version) {
  if (!version) return CUFFT_INVALID_VALUE;
  *version = kVersion[0] * 1000 + kVersion[1] * 100 + kVersion[2];
  return CUFFT_SUCCESS;
}

cufftResult cufftGetProperty(libraryPropertyType type, int* value) {
  if (!value || unsigned(type) > PATCH_LEVEL) return CUFFT_INVALID_VALUE;
  *value = kVersion[type];
  return CUFFT_SUCCESS;
}

}  // namespace ppu::cufft
