// The rows of cuBLAS's first interface against a toolkit's header of CUDA 13. A compile-time test.
#include <cublas.h>

#include <type_traits>

#define PPU_LEGACY(type, name, v2, params, args) \
  static_assert(std::is_same_v<decltype(&::name), type(*) params>, #name " differs from the header");
#include <ppu/cublas_legacy_types.inc>
