// Declarations of the bodies of api.inc: ppu::nvrtc::<exported name>.
#pragma once
#include <nvrtc.h>

namespace ppu::nvrtc {

#define API(name, params, args) nvrtcResult name params;
#if PPU_NVRTC_LEVEL == 12
#define OLD(name, params, args) nvrtcResult name params;
#else
#define OLD(name, params, args)
#endif
#define NONE(name)
#include "libs/nvrtc/api.inc"
#undef API
#undef OLD
#undef NONE

}  // namespace ppu::nvrtc
