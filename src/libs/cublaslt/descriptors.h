// The descriptors of cuBLASLt as this library keeps them inside of the opaque public ones. Their members are
// the rows of ppu/cublaslt_attributes.inc.
#pragma once
#include <cublasLt.h>
#include <cuda.h>

namespace ppu::cublaslt {

using Status = cublasStatus_t;
constexpr Status kOk = CUBLAS_STATUS_SUCCESS, kBad = CUBLAS_STATUS_INVALID_VALUE,
                 kNotDone = CUBLAS_STATUS_NOT_SUPPORTED;

#define PPU_ATTRIBUTE(number, name, type, member, initial) type member = static_cast<type>(initial);
struct Layout {
#define PPU_LAYOUT
#include <ppu/cublaslt_attributes.inc>
#undef PPU_LAYOUT
};
struct MatmulDesc {
#define PPU_MATMUL_DESC
#include <ppu/cublaslt_attributes.inc>
#undef PPU_MATMUL_DESC
};
struct Preference {
#define PPU_PREFERENCE
#include <ppu/cublaslt_attributes.inc>
#undef PPU_PREFERENCE
};
struct TransformDesc {
#define PPU_TRANSFORM_DESC
#include <ppu/cublaslt_attributes.inc>
#undef PPU_TRANSFORM_DESC
};
#undef PPU_ATTRIBUTE

static_assert(sizeof(Layout) <= sizeof(cublasLtMatrixLayoutOpaque_t));
static_assert(sizeof(MatmulDesc) <= sizeof(cublasLtMatmulDescOpaque_t));
static_assert(sizeof(Preference) <= sizeof(cublasLtMatmulPreferenceOpaque_t));
static_assert(sizeof(TransformDesc) <= sizeof(cublasLtMatrixTransformDescOpaque_t));

inline Layout& of(cublasLtMatrixLayout_t p) {
  return *reinterpret_cast<Layout*>(p);
}
inline MatmulDesc& of(cublasLtMatmulDesc_t p) {
  return *reinterpret_cast<MatmulDesc*>(p);
}
inline Preference& of(cublasLtMatmulPreference_t p) {
  return *reinterpret_cast<Preference*>(p);
}
inline TransformDesc& of(cublasLtMatrixTransformDesc_t p) {
  return *reinterpret_cast<TransformDesc*>(p);
}

}  // namespace ppu::cublaslt
