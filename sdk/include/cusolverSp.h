// cuSOLVER, sparse, for programs built with ppucc: types and functions of the cuSOLVER documentation. The
// functions are the rows of ppu/cusolversp_functions.inc, which the library is built from.
#pragma once
#include <cusolver_common.h>
#include <cusparse.h>

typedef struct cusolverSpContext* cusolverSpHandle_t;
typedef struct csrqrInfo* csrqrInfo_t;

#ifdef __cplusplus
extern "C" {
#endif
#define API(name, params, args) cusolverStatus_t name params;
#include <ppu/cusolversp_functions.inc>
#undef API
#ifdef __cplusplus
}
#endif
