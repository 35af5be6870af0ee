// 4-bit floating point, e2m1, two to a byte (CUDA math API, "FP4 Intrinsics").
#pragma once
#include <cuda_fp6.h>

typedef unsigned char __nv_fp4_storage_t;
typedef unsigned char __nv_fp4x2_storage_t;
typedef unsigned short __nv_fp4x4_storage_t;
typedef enum __nv_fp4_interpretation_t { __NV_E2M1 } __nv_fp4_interpretation_t;

namespace ppu_sdk {
typedef Tiny<2, 1> E2M1;
}  // namespace ppu_sdk

#define PPU_FP4_FORMAT(kind, call) ((void)kind, ppu_sdk::E2M1::call)
PPU_TINY_CONVERSIONS(fp4, __nv_fp4_interpretation_t, PPU_FP4_FORMAT, 4)
PPU_TINY_FLOAT(fp4, __nv_fp4_e2m1, __nv_fp4x2_e2m1, __nv_fp4x4_e2m1, E2M1, __NV_E2M1, 4)
#undef PPU_FP4_FORMAT
