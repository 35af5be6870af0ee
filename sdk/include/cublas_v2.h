// cuBLAS for programs built with ppucc: types and functions of the cuBLAS documentation (the current, "_v2",
// interface). The functions that exist once for each number type come from ppu/cublas_rows.inc, which the
// library is built from.
#pragma once
#include <cuComplex.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <ppu/cublas_api.h>

#ifdef __cplusplus
extern "C" {
#endif
#define PPU_HALF __half
#define PPU_BFLOAT16 __nv_bfloat16
#define PPU_HALF_ONLY
#define PPU_EX(name, tail, params, args) cublasStatus_t name params;
#include <ppu/cublas_ex.inc>
#undef PPU_EX
#undef PPU_HALF
#undef PPU_BFLOAT16
#undef PPU_HALF_ONLY
#ifdef __cplusplus
}
#endif
