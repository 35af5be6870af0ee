// cublasXt's rows and enumerators against a toolkit's header of CUDA 13. A compile-time test.
#include <cublasXt.h>

#include <type_traits>

#define PPU_SAME(name, params)                                               \
  static_assert(std::is_same_v<decltype(&::name), cublasStatus_t(*) params>, \
                #name " differs from the header");
#define API(name, params, args) PPU_SAME(name, params)
#include <ppu/cublasxt_functions.inc>
#define PPU_XT(name, same, params, args) PPU_SAME(name, params)
#define PPU_XT_SPMM(name, type, params, args) PPU_SAME(name, params)
#include <ppu/cublasxt_types.inc>
#define VALUE(name, value) static_assert(name == value, #name " differs from the header");
#include "cublasxt_values.inc"
