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

// The attributes of each kind of object, from the rows: body(the member that an attribute names).
namespace {
#define PPU_ATTRIBUTE(number, name, type, member, initial) \
  case name:                                               \
    return body(object.member);
template <class Body>
Status with_attribute(Layout& object, cublasLtMatrixLayoutAttribute_t attribute, Body&& body) {
  switch (attribute) {
#define PPU_LAYOUT
#include <ppu/cublaslt_attributes.inc>
#undef PPU_LAYOUT
    default:
      return kBad;
  }
}
template <class Body>
Status with_attribute(MatmulDesc& object, cublasLtMatmulDescAttributes_t attribute, Body&& body) {
  switch (attribute) {
#define PPU_MATMUL_DESC
#include <ppu/cublaslt_attributes.inc>
#undef PPU_MATMUL_DESC
    default:
      return kBad;
  }
}
template <class Body>
Status with_attribute(Preference& object, cublasLtMatmulPreferenceAttributes_t attribute, Body&& body) {
  switch (attribute) {
#define PPU_PREFERENCE
#include <ppu/cublaslt_attributes.inc>
#undef PPU_PREFERENCE
    default:
      return kBad;
  }
}
template <class Body>
Status with_attribute(TransformDesc& object, cublasLtMatrixTransformDescAttributes_t attribute, Body&& body) {
  switch (attribute) {
#define PPU_TRANSFORM_DESC
#include <ppu/cublaslt_attributes.inc>
#undef PPU_TRANSFORM_DESC
    default:
      return kBad;
  }
}
#undef PPU_ATTRIBUTE
template <class Handle, class Attribute>
Status set_attribute(Handle handle, Attribute attribute, const void* value, size_t size) {
  if (!handle) return kBad;
  return with_attribute(of(handle), attribute, [&](auto& member) { return write(member, value, size); });
}
template <class Handle, class Attribute>
Status get_attribute(Handle handle, Attribute attribute, void* value, size_t size, size_t* written) {
  if (!handle) return kBad;
  return with_attribute(of(handle), attribute,
                        [&](const auto& member) { return read(member, value, size, written); });
}
}  // namespace

Status cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t handle,
                                        cublasLtMatrixLayoutAttribute_t attribute, const void* value,
                                        size_t size) {
  return set_attribute(handle, attribute, value, size);
}
Status cublasLtMatrixLayoutGetAttribute(cublasLtMatrixLayout_t handle,
                                        cublasLtMatrixLayoutAttribute_t attribute, void* value, size_t size,
                                        size_t* written) {
  return get_attribute(handle, attribute, value, size, written);
}
Status cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t handle, cublasLtMatmulDescAttributes_t attribute,
                                      const void* value, size_t size) {
  return set_attribute(handle, attribute, value, size);
}
Status cublasLtMatmulDescGetAttribute(cublasLtMatmulDesc_t handle, cublasLtMatmulDescAttributes_t attribute,
                                      void* value, size_t size, size_t* written) {
  return get_attribute(handle, attribute, value, size, written);
}
Status cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t handle,
                                            cublasLtMatmulPreferenceAttributes_t attribute, const void* value,
                                            size_t size) {
  return set_attribute(handle, attribute, value, size);
}
Status cublasLtMatmulPreferenceGetAttribute(cublasLtMatmulPreference_t handle,
                                            cublasLtMatmulPreferenceAttributes_t attribute, void* value,
                                            size_t size, size_t* written) {
  return get_attribute(handle, attribute, value, size, written);
}
Status cublasLtMatrixTransformDescSetAttribute(cublasLtMatrixTransformDesc_t handle,
                                               cublasLtMatrixTransformDescAttributes_t attribute,
                                               const void* value, size_t size) {
  return set_attribute(handle, attribute, value, size);
}
Status cublasLtMatrixTransformDescGetAttribute(cublasLtMatrixTransformDesc_t handle,
                                               cublasLtMatrixTransformDescAttributes_t attribute, void* value,
                                               size_t size, size_t* written) {
  return get_attribute(handle, attribute, value, size, written);
}

}  // namespace ppu::cublaslt
