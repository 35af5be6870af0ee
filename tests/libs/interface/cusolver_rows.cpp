// cuSOLVER's rows and enumerators against a toolkit's headers of CUDA 13. A compile-time test.
#include <cusolverDn.h>
#include <cusolverRf.h>
#include <cusolverSp.h>
#include <cusolverSp_LOWLEVEL_PREVIEW.h>

#include <type_traits>

#define API(name, params, args)                                                \
  static_assert(std::is_same_v<decltype(&::name), cusolverStatus_t(*) params>, \
                #name " differs from the header");
#include <ppu/cusolverdn_functions.inc>
#include <ppu/cusolverrf_functions.inc>
#include <ppu/cusolversp_functions.inc>
#include <ppu/cusolversp_low_functions.inc>
#define VALUE(name, value) static_assert(name == value, #name " differs from the header");
#include "cusolver_values.inc"
