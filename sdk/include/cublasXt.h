// cuBLAS over several devices on the program's own memory, for programs built with ppucc (cuBLAS
// documentation, "Using the cublasXt API"). The functions are the rows that the library is built from.
#pragma once
#include <cublas_v2.h>
#include <stddef.h>

typedef struct cublasXtContext* cublasXtHandle_t;
typedef enum { CUBLASXT_PINNING_DISABLED = 0, CUBLASXT_PINNING_ENABLED = 1 } cublasXtPinnedMemMode_t;
typedef enum {
  CUBLASXT_FLOAT = 0,
  CUBLASXT_DOUBLE = 1,
  CUBLASXT_COMPLEX = 2,
  CUBLASXT_DOUBLECOMPLEX = 3
} cublasXtOpType_t;
typedef enum {
  CUBLASXT_GEMM = 0,
  CUBLASXT_SYRK = 1,
  CUBLASXT_HERK = 2,
  CUBLASXT_SYMM = 3,
  CUBLASXT_HEMM = 4,
  CUBLASXT_TRSM = 5,
  CUBLASXT_SYR2K = 6,
  CUBLASXT_HER2K = 7,
  CUBLASXT_SPMM = 8,
  CUBLASXT_SYRKX = 9,
  CUBLASXT_HERKX = 10,
  CUBLASXT_TRMM = 11,
  CUBLASXT_ROUTINE_MAX = 12
} cublasXtBlasOp_t;

#ifdef __cplusplus
extern "C" {
#endif
#define API(name, params, args) cublasStatus_t name params;
#include <ppu/cublasxt_functions.inc>
#undef API
#define PPU_XT(name, same, params, args) cublasStatus_t name params;
#define PPU_XT_SPMM(name, type, params, args) cublasStatus_t name params;
#include <ppu/cublasxt_types.inc>
#undef PPU_XT
#undef PPU_XT_SPMM
#ifdef __cplusplus
}
#endif
