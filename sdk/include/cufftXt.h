// cuFFT over several devices and callbacks, for programs built with ppucc: types and functions of the cuFFT
// documentation. The functions are the rows of ppu/cufftxt_functions.inc, which the library is built from.
#pragma once
#include <cudalibxt.h>
#include <cufft.h>

typedef enum cufftXtSubFormat_t {
  CUFFT_XT_FORMAT_INPUT = 0,
  CUFFT_XT_FORMAT_OUTPUT = 1,
  CUFFT_XT_FORMAT_INPLACE = 2,
  CUFFT_XT_FORMAT_INPLACE_SHUFFLED = 3,
  CUFFT_XT_FORMAT_1D_INPUT_SHUFFLED = 4,
  CUFFT_XT_FORMAT_DISTRIBUTED_INPUT = 5,
  CUFFT_XT_FORMAT_DISTRIBUTED_OUTPUT = 6,
  CUFFT_FORMAT_UNDEFINED = 7
} cufftXtSubFormat;
typedef enum cufftXtCopyType_t {
  CUFFT_COPY_HOST_TO_DEVICE = 0,
  CUFFT_COPY_DEVICE_TO_HOST = 1,
  CUFFT_COPY_DEVICE_TO_DEVICE = 2,
  CUFFT_COPY_UNDEFINED = 3
} cufftXtCopyType;

typedef enum cufftXtCallbackType_t {
  CUFFT_CB_LD_COMPLEX = 0,
  CUFFT_CB_LD_COMPLEX_DOUBLE = 1,
  CUFFT_CB_LD_REAL = 2,
  CUFFT_CB_LD_REAL_DOUBLE = 3,
  CUFFT_CB_ST_COMPLEX = 4,
  CUFFT_CB_ST_COMPLEX_DOUBLE = 5,
  CUFFT_CB_ST_REAL = 6,
  CUFFT_CB_ST_REAL_DOUBLE = 7,
  CUFFT_CB_UNDEFINED = 8
} cufftXtCallbackType;

#define PPU_CALLBACKS(letter, type)                                                                 \
  typedef type (*cufftJITCallbackLoad##letter)(void* in, unsigned long long offset, void* info,     \
                                               void* shared);                                       \
  typedef void (*cufftJITCallbackStore##letter)(void* out, unsigned long long offset, type element, \
                                                void* info, void* shared);
PPU_CALLBACKS(C, cufftComplex)
PPU_CALLBACKS(Z, cufftDoubleComplex)
PPU_CALLBACKS(R, cufftReal)
PPU_CALLBACKS(D, cufftDoubleReal)
#undef PPU_CALLBACKS

#ifdef __cplusplus
extern "C" {
#endif
#define API(name, params, args) cufftResult name params;
#include <ppu/cufftxt_functions.inc>
#undef API
#ifdef __cplusplus
}
#endif
