// cuSPARSE's rows and enumerators against a toolkit's header of CUDA 13. A compile-time test.
#include <cusparse.h>

#include <type_traits>

#define API(name, params, args)                                                \
  static_assert(std::is_same_v<decltype(&::name), cusparseStatus_t(*) params>, \
                #name " differs from the header");
#define ANY(type, name, params, args) \
  static_assert(std::is_same_v<decltype(&::name), type(*) params>, #name " differs from the header");
#include <ppu/cusparse_functions.inc>
#define VALUE(name, value) static_assert(name == value, #name " differs from the header");
#include "cusparse_values.inc"
