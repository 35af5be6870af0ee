// cuDNN's rows, enumerators and results of algorithm queries against a toolkit's header. A compile-time test.
#include <cudnn.h>

#include <type_traits>

#define API(name, params, args)                                                   \
  static_assert(std::is_same_v<decltype(&::name), cudnnStatus_t(*) params>, #name \
                " differs from the "                                              \
                "header");
#define ANY(type, name, params, args) \
  static_assert(std::is_same_v<decltype(&::name), type(*) params>, #name " differs from the header");
#include <ppu/cudnn_functions.inc>
#define VALUE(name, value) static_assert(name == value, #name " differs from the header");
#include "cudnn_values.inc"
