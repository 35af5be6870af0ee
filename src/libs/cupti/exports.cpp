// libcupti: versions and texts, and every other name of it, not written: `ppu prof` profiles.
#include <time.h>

#include <cstdint>

// CUPTI API reference, CUptiResult.
enum CUptiResult : int {
  CUPTI_SUCCESS = 0,
  CUPTI_ERROR_INVALID_PARAMETER = 1,
  CUPTI_ERROR_NOT_SUPPORTED = 27,
  CUPTI_ERROR_UNKNOWN = 999
};

#define PPU_ROWS "libs/cupti/api.inc"
#define PPU_LIBRARY cupti
#define PPU_STATUS CUptiResult
#define PPU_NOT_WRITTEN CUPTI_ERROR_NOT_SUPPORTED
#define PPU_FAULT CUPTI_ERROR_UNKNOWN
#include "libs/shell/exports.inc"

namespace ppu::cupti {

CUptiResult cuptiGetVersion(uint32_t* version) {
  if (!version) return CUPTI_ERROR_INVALID_PARAMETER;
  *version = PPU_LIBRARY_VERSION == 13 ? 130000 : 26;  // CUPTI_API_VERSION of CUDA 13.0 and 12.8
  return CUPTI_SUCCESS;
}

CUptiResult cuptiGetResultString(CUptiResult result, const char** text) {
  if (!text) return CUPTI_ERROR_INVALID_PARAMETER;
  switch (result) {
    case CUPTI_SUCCESS:
      *text = "CUPTI_SUCCESS";
      return CUPTI_SUCCESS;
    case CUPTI_ERROR_INVALID_PARAMETER:
      *text = "CUPTI_ERROR_INVALID_PARAMETER";
      return CUPTI_SUCCESS;
    case CUPTI_ERROR_NOT_SUPPORTED:
      *text = "CUPTI_ERROR_NOT_SUPPORTED";
      return CUPTI_SUCCESS;
    case CUPTI_ERROR_UNKNOWN:
      *text = "CUPTI_ERROR_UNKNOWN";
      return CUPTI_SUCCESS;
  }
  *text = nullptr;
  return CUPTI_ERROR_INVALID_PARAMETER;
}
CUptiResult cuptiGetErrorMessage(CUptiResult result, const char** text) {
  return cupti::cuptiGetResultString(result, text);
}

CUptiResult cuptiGetTimestamp(uint64_t* ns) {
  if (!ns) return CUPTI_ERROR_INVALID_PARAMETER;
  timespec t;
  ::clock_gettime(CLOCK_REALTIME, &t);
  *ns = uint64_t(t.tv_sec) * 1'000'000'000 + uint64_t(t.tv_nsec);
  return CUPTI_SUCCESS;
}

CUptiResult cuptiFinalize() {
  return CUPTI_SUCCESS;
}

}  // namespace ppu::cupti
