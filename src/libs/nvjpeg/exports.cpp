// libnvjpeg.so.13: every name of it, not written. torchvision's wheel links to it, and asks only for its GPU
// decoder.

// nvJPEG documentation, "nvJPEG API Return Codes".
enum nvjpegStatus_t : int {
  NVJPEG_STATUS_INTERNAL_ERROR = 8,
  NVJPEG_STATUS_IMPLEMENTATION_NOT_SUPPORTED = 9
};

#define PPU_ROWS "libs/nvjpeg/api.inc"
#define PPU_LIBRARY nvjpeg
#define PPU_STATUS nvjpegStatus_t
#define PPU_NOT_WRITTEN NVJPEG_STATUS_IMPLEMENTATION_NOT_SUPPORTED
#define PPU_FAULT NVJPEG_STATUS_INTERNAL_ERROR
#include "libs/shell/exports.inc"
