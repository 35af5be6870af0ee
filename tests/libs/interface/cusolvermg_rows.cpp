// cuSOLVER's rows for several devices and their enumerators against a toolkit's header of CUDA 13. A
// compile-time test.
#include <cusolverMg.h>

#include <type_traits>

#define API(name, params, args)                                                \
  static_assert(std::is_same_v<decltype(&::name), cusolverStatus_t(*) params>, \
                #name " differs from the header");
#include <ppu/cusolvermg_functions.inc>
#define VALUE(name, value) static_assert(name == value, #name " differs from the header");
#include "cusolvermg_values.inc"
