// cuSOLVER on several devices, for programs built with ppucc: types and functions of the cuSOLVER
// documentation. The functions are the rows of ppu/cusolvermg_functions.inc, which the library is built from.
#pragma once
#include <cusolver_common.h>

typedef struct cusolverMgContext* cusolverMgHandle_t;
typedef enum {
  CUDALIBMG_GRID_MAPPING_COL_MAJOR = 0,
  CUDALIBMG_GRID_MAPPING_ROW_MAJOR = 1
} cusolverMgGridMapping_t;
typedef void* cudaLibMgGrid_t;
typedef void* cudaLibMgMatrixDesc_t;

#ifdef __cplusplus
extern "C" {
#endif
#define API(name, params, args) cusolverStatus_t name params;
#include <ppu/cusolvermg_functions.inc>
#undef API
#ifdef __cplusplus
}
#endif
