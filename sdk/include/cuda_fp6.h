// 6-bit floating point, e2m3 and e3m2, one to a byte (CUDA math API, "FP6 Intrinsics").
#pragma once
#include <cuda_fp8.h>

typedef unsigned char __nv_fp6_storage_t;
typedef unsigned short __nv_fp6x2_storage_t;
typedef unsigned int __nv_fp6x4_storage_t;
typedef enum __nv_fp6_interpretation_t { __NV_E2M3, __NV_E3M2 } __nv_fp6_interpretation_t;

namespace ppu_sdk {
typedef Tiny<2, 3> E2M3;
typedef Tiny<3, 2> E3M2;
}  // namespace ppu_sdk

#define PPU_FP6_FORMAT(kind, call) (kind == __NV_E2M3 ? ppu_sdk::E2M3::call : ppu_sdk::E3M2::call)
PPU_TINY_CONVERSIONS(fp6, __nv_fp6_interpretation_t, PPU_FP6_FORMAT, 8)
PPU_TINY_FLOAT(fp6, __nv_fp6_e2m3, __nv_fp6x2_e2m3, __nv_fp6x4_e2m3, E2M3, __NV_E2M3, 8)
PPU_TINY_FLOAT(fp6, __nv_fp6_e3m2, __nv_fp6x2_e3m2, __nv_fp6x4_e3m2, E3M2, __NV_E3M2, 8)
#undef PPU_FP6_FORMAT
