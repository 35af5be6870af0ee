// libcupti: versions, texts and time; its records are made in activity.cpp. What reads counters of hardware
// is not written: `ppu prof` counts.
#include <time.h>

#include <cstdint>

#include "libs/cupti/results.h"

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
#define PPU_CASE(name, number) \
  case name:                   \
    *text = #name;             \
    return CUPTI_SUCCESS;
    PPU_CUPTI_RESULTS(PPU_CASE)
#undef PPU_CASE
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

}  // namespace ppu::cupti
