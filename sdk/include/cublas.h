// cuBLAS's first interface for programs built with ppucc (cuBLAS documentation, "Using the cuBLAS Legacy
// API"). The functions come from ppu/cublas_legacy_rows.inc, which the library is built from. Not beside
// cublas_v2.h: the names are the same.
#pragma once
#include <cuComplex.h>
#define PPU_CUBLAS_NO_SHORT_NAMES
#include <ppu/cublas_api.h>
#undef PPU_CUBLAS_NO_SHORT_NAMES

typedef cublasStatus_t cublasStatus;

#ifdef __cplusplus
extern "C" {
#endif
cublasStatus_t cublasInit(void);
cublasStatus_t cublasShutdown(void);
cublasStatus_t cublasGetError(void);
cublasStatus_t cublasGetVersion(int* version);
cublasStatus_t cublasAlloc(int count, int element_bytes, void** pointer);
cublasStatus_t cublasFree(void* pointer);
cublasStatus_t cublasSetKernelStream(cudaStream_t stream);
#define PPU_LEGACY(type, name, v2, params, args) type name params;
#include <ppu/cublas_legacy_types.inc>
#undef PPU_LEGACY
#ifdef __cplusplus
}
#endif
