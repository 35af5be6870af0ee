// cuSOLVER's sparse factorizations step by step, for programs built with ppucc. The functions are the rows of
// ppu/cusolversp_low_functions.inc, which the library is built from.
#pragma once
#include <cusolverSp.h>

typedef struct csrluInfoHost* csrluInfoHost_t;
typedef struct csrqrInfoHost* csrqrInfoHost_t;
typedef struct csrcholInfoHost* csrcholInfoHost_t;
typedef struct csrcholInfo* csrcholInfo_t;

#ifdef __cplusplus
extern "C" {
#endif
#define API(name, params, args) cusolverStatus_t name params;
#include <ppu/cusolversp_low_functions.inc>
#undef API
#ifdef __cplusplus
}
#endif
