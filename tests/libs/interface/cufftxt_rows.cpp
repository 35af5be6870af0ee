// cuFFT's rows for several devices and their enumerators against a toolkit's headers of CUDA 13. A
// compile-time test.
#include <cufftXt.h>

#include <type_traits>

#define API(name, params, args) \
  static_assert(std::is_same_v<decltype(&::name), cufftResult(*) params>, #name " differs from the header");
#include <ppu/cufftxt_functions.inc>
#define VALUE(name, value) static_assert(name == value, #name " differs from the header");
#include "cufftxt_values.inc"
