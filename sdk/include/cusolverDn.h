// cuSOLVER, dense, for programs built with ppucc: types and functions of the cuSOLVER documentation. The
// functions are the rows of ppu/cusolverdn_functions.inc, which the library is built from; what isn't written
// isn't declared, so that a program's compiler names it.
#pragma once
#include <cusolver_common.h>

typedef struct cusolverDnContext* cusolverDnHandle_t;
typedef struct syevjInfo* syevjInfo_t;
typedef struct gesvdjInfo* gesvdjInfo_t;
typedef struct cusolverDnParams* cusolverDnParams_t;
typedef struct cusolverDnIRSParams* cusolverDnIRSParams_t;
typedef struct cusolverDnIRSInfos* cusolverDnIRSInfos_t;
typedef enum { CUSOLVERDN_GETRF = 0, CUSOLVERDN_POTRF = 1, CUSOLVERDN_SYEVBATCHED = 2 } cusolverDnFunction_t;

#ifdef __cplusplus
extern "C" {
#endif
#define API(name, params, args) cusolverStatus_t name params;
#include <ppu/cusolverdn_functions.inc>
#undef API
#ifdef __cplusplus
}
#endif
