// cuBLAS's rows and enumerators against a toolkit's header of CUDA 13. A compile-time test.
#include <cublas_v2.h>

#include <type_traits>

#define PPU_ROW(name, tail, params, args)                                    \
  static_assert(std::is_same_v<decltype(&::name), cublasStatus_t(*) params>, \
                #name " differs from the header");
#define PPU_ALIAS_v2(short_name, name, params, args)
#include <ppu/cublas_types.inc>
// An overload in C++ takes the older compute types: the cast picks ours.
#define PPU_HALF __half
#define PPU_BFLOAT16 __nv_bfloat16
#define PPU_AS_IN_THE_HEADER(name, params) \
  [[maybe_unused]] constexpr auto name##_of_ours = static_cast<cublasStatus_t(*) params>(&::name);
#define PPU_EX(name, tail, params, args) PPU_AS_IN_THE_HEADER(name, params)
#include <ppu/cublas_ex.inc>
