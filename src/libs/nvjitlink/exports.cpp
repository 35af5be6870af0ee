// libnvJitLink: its version, and every other name of it, not written.
enum nvJitLinkResult : int {
  NVJITLINK_SUCCESS = 0,
  NVJITLINK_ERROR_INVALID_INPUT = 3,
  NVJITLINK_ERROR_INTERNAL = 6
};

#define PPU_ROWS "libs/nvjitlink/api.inc"
#define PPU_LIBRARY nvjitlink
#define PPU_STATUS nvJitLinkResult
#define PPU_NOT_WRITTEN NVJITLINK_ERROR_INTERNAL
#define PPU_FAULT NVJITLINK_ERROR_INTERNAL
#include "libs/shell/exports.inc"

namespace ppu::nvjitlink {

nvJitLinkResult nvJitLinkVersion(unsigned* major, unsigned* minor) {
  if (!major || !minor) return NVJITLINK_ERROR_INVALID_INPUT;
  *major = PPU_LIBRARY_VERSION;
  *minor = PPU_LIBRARY_VERSION == 13 ? 0 : 8;
  return NVJITLINK_SUCCESS;
}

}  // namespace ppu::nvjitlink
