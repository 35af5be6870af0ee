// Descriptors made, destroyed, set and asked (cuBLAS documentation, "cuBLASLt API Reference").
#include "libs/cublaslt/descriptors.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include "libs/cublaslt/functions.h"

namespace ppu::cublaslt {
namespace {

template <class Kept, class Opaque>
Status init(Opaque* at, size_t size, const Kept& value) {
  if (!at || size < sizeof(Opaque)) return kBad;
  std::memset(static_cast<void*>(at), 0, sizeof(Opaque));
  std::memcpy(static_cast<void*>(at), &value, sizeof value);
  return kOk;
}

template <class Kept, class Opaque>
Status create(Opaque** made, const Kept& value) {
  if (!made) return kBad;
  *made = static_cast<Opaque*>(std::malloc(sizeof(Opaque)));
  return *made ? init(*made, sizeof(Opaque), value) : CUBLAS_STATUS_ALLOC_FAILED;
}

template <class T>
Status write(T& member, const void* value, size_t size) {
  if (!value || size != sizeof member) return kBad;
  std::memcpy(&member, value, size);
  return kOk;
}

/// A size of 0 asks how much room the value needs.
template <class T>
Status read(const T& member, void* value, size_t size, size_t* written) {
  if (size == 0 && !written) return kBad;
  if (written) *written = sizeof member;
  if (size == 0) return kOk;
  if (!value || size != sizeof member) return kBad;
  std::memcpy(value, &member, size);
  return kOk;
}

Layout layout_of(cudaDataType type, uint64_t rows, uint64_t columns, int64_t ld) {
  Layout l;
  l.type = uint32_t(type), l.rows = rows, l.columns = columns, l.ld = ld;
  return l;
}

MatmulDesc desc_of(cublasComputeType_t compute, cudaDataType scale) {
  MatmulDesc d;
  d.compute = compute, d.scale = scale;
  return d;
}

TransformDesc transform_of(cudaDataType scale) {
  TransformDesc d;
  d.scale = scale;
  return d;
}

}  // namespace

Status cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* made, cudaDataType type, uint64_t rows,
                                  uint64_t cols, int64_t ld) {
  return create(made, layout_of(type, rows, cols, ld));
}
Status cublasLtMatrixLayoutInit_internal(cublasLtMatrixLayout_t made, size_t size, cudaDataType type,
                                         uint64_t rows, uint64_t cols, int64_t ld) {
  return init(made, size, layout_of(type, rows, cols, ld));
}
Status cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t dead) {
  std::free(dead);
  return kOk;
}

Status cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* made, cublasComputeType_t compute, cudaDataType scale) {
  return create(made, desc_of(compute, scale));
}
Status cublasLtMatmulDescInit_internal(cublasLtMatmulDesc_t made, size_t size, cublasComputeType_t compute,
                                       cudaDataType scale) {
  // CUDA 12 programs have a smaller one on their stack.
  if (!made || size < sizeof(MatmulDesc)) return kBad;
  const MatmulDesc value = desc_of(compute, scale);
  std::memcpy(static_cast<void*>(made), &value, sizeof value);
  return kOk;
}
Status cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t dead) {
  std::free(dead);
  return kOk;
}

Status cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* made) {
  return create(made, Preference());
}
Status cublasLtMatmulPreferenceInit_internal(cublasLtMatmulPreference_t made, size_t size) {
  return init(made, size, Preference());
}
Status cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t dead) {
  std::free(dead);
  return kOk;
}

Status cublasLtMatrixTransformDescCreate(cublasLtMatrixTransformDesc_t* made, cudaDataType scale) {
  return create(made, transform_of(scale));
}
Status cublasLtMatrixTransformDescInit_internal(cublasLtMatrixTransformDesc_t made, size_t size,
                                                cudaDataType scale) {
  return init(made, size, transform_of(scale));
}
Status cublasLtMatrixTransformDescDestroy(cublasLtMatrixTransformDesc_t dead) {
  std::free(dead);
  return kOk;
}

#define PPU_ATTRIBUTE(number, name, type, member, initial) \
  case name:                                               \
    return write(object.member, value, size);
Status cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t layout,
                                        cublasLtMatrixLayoutAttribute_t attribute, const void* value,
                                        size_t size) {
  if (!layout) return kBad;
  Layout& object = of(layout);
  switch (attribute) {
#define PPU_LAYOUT
#include <ppu/cublaslt_attributes.inc>
#undef PPU_LAYOUT
    default:
      return kBad;
  }
}
Status cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t desc, cublasLtMatmulDescAttributes_t attribute,
                                      const void* value, size_t size) {
  if (!desc) return kBad;
  MatmulDesc& object = of(desc);
  switch (attribute) {
#define PPU_MATMUL_DESC
#include <ppu/cublaslt_attributes.inc>
#undef PPU_MATMUL_DESC
    default:
      return kBad;
  }
}
Status cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                            cublasLtMatmulPreferenceAttributes_t attribute, const void* value,
                                            size_t size) {
  if (!preference) return kBad;
  auto& object = *reinterpret_cast<Preference*>(preference);
  switch (attribute) {
#define PPU_PREFERENCE
#include <ppu/cublaslt_attributes.inc>
#undef PPU_PREFERENCE
    default:
      return kBad;
  }
}
Status cublasLtMatrixTransformDescSetAttribute(cublasLtMatrixTransformDesc_t desc,
                                               cublasLtMatrixTransformDescAttributes_t attribute,
                                               const void* value, size_t size) {
  if (!desc) return kBad;
  TransformDesc& object = of(desc);
  switch (attribute) {
#define PPU_TRANSFORM_DESC
#include <ppu/cublaslt_attributes.inc>
#undef PPU_TRANSFORM_DESC
    default:
      return kBad;
  }
}
#undef PPU_ATTRIBUTE

#define PPU_ATTRIBUTE(number, name, type, member, initial) \
  case name:                                               \
    return read(object.member, value, size, written);
Status cublasLtMatrixLayoutGetAttribute(cublasLtMatrixLayout_t layout,
                                        cublasLtMatrixLayoutAttribute_t attribute, void* value, size_t size,
                                        size_t* written) {
  if (!layout) return kBad;
  const Layout& object = of(layout);
  switch (attribute) {
#define PPU_LAYOUT
#include <ppu/cublaslt_attributes.inc>
#undef PPU_LAYOUT
    default:
      return kBad;
  }
}
Status cublasLtMatmulDescGetAttribute(cublasLtMatmulDesc_t desc, cublasLtMatmulDescAttributes_t attribute,
                                      void* value, size_t size, size_t* written) {
  if (!desc) return kBad;
  const MatmulDesc& object = of(desc);
  switch (attribute) {
#define PPU_MATMUL_DESC
#include <ppu/cublaslt_attributes.inc>
#undef PPU_MATMUL_DESC
    default:
      return kBad;
  }
}
Status cublasLtMatmulPreferenceGetAttribute(cublasLtMatmulPreference_t preference,
                                            cublasLtMatmulPreferenceAttributes_t attribute, void* value,
                                            size_t size, size_t* written) {
  if (!preference) return kBad;
  const auto& object = *reinterpret_cast<Preference*>(preference);
  switch (attribute) {
#define PPU_PREFERENCE
#include <ppu/cublaslt_attributes.inc>
#undef PPU_PREFERENCE
    default:
      return kBad;
  }
}
Status cublasLtMatrixTransformDescGetAttribute(cublasLtMatrixTransformDesc_t desc,
                                               cublasLtMatrixTransformDescAttributes_t attribute, void* value,
                                               size_t size, size_t* written) {
  if (!desc) return kBad;
  const TransformDesc& object = of(desc);
  switch (attribute) {
#define PPU_TRANSFORM_DESC
#include <ppu/cublaslt_attributes.inc>
#undef PPU_TRANSFORM_DESC
    default:
      return kBad;
  }
}
#undef PPU_ATTRIBUTE

}  // namespace ppu::cublaslt
