// Arrays of any element type as the numbers that a function computes with: float, double and their complex
// types.
#pragma once
#include <cstdint>
#include <vector>

#include "libs/cublas/numbers.h"
#include "libs/cusparse/types.h"

namespace ppu::cusparse {

template <class C>
constexpr cudaDataType kTypeOf = CUDA_R_32F;
template <>
inline constexpr cudaDataType kTypeOf<double> = CUDA_R_64F;
template <>
inline constexpr cudaDataType kTypeOf<std::complex<float>> = CUDA_C_32F;
template <>
inline constexpr cudaDataType kTypeOf<std::complex<double>> = CUDA_C_64F;

/// Bytes of an element; 0 for a type that no function here takes.
inline size_t element_bytes(cudaDataType type) {
  switch (type) {
    case CUDA_C_16F:
    case CUDA_C_16BF:
      return 4;
    case CUDA_R_32I:
      return 4;
    default:
      return cublas::element_bytes(type);
  }
}
inline bool is_complex_type(cudaDataType type) {
  return type == CUDA_C_32F || type == CUDA_C_64F || type == CUDA_C_16F || type == CUDA_C_16BF;
}

/// Whether arrays of `type` can be computed with in C: no narrowing, complex with complex.
template <class C>
bool computes(cudaDataType type) {
  if (type == kTypeOf<C>) return true;
  if constexpr (std::is_same_v<C, float>) return cublas::converts(type);
  if constexpr (std::is_same_v<C, double>)  // integers too, whose sums are exact in it
    return type == CUDA_R_8I || type == CUDA_R_32I || type == CUDA_R_32F;
  if constexpr (std::is_same_v<C, std::complex<float>>) return type == CUDA_C_16F || type == CUDA_C_16BF;
  return false;
}

template <class C>
void load(cudaDataType type, const void* from, C* to, int64_t n) {
  if constexpr (std::is_same_v<C, float>)
    cublas::to_float(type, from, to, size_t(n));
  else if constexpr (std::is_same_v<C, std::complex<float>>)
    cublas::to_float(type == CUDA_C_16F ? CUDA_R_16F : CUDA_R_16BF, from, reinterpret_cast<float*>(to),
                     size_t(n) * 2);
  else if constexpr (std::is_same_v<C, double>)
    for (int64_t i = 0; i < n; ++i)
      to[i] = type == CUDA_R_8I    ? static_cast<const int8_t*>(from)[i]
              : type == CUDA_R_32I ? static_cast<const int32_t*>(from)[i]
                                   : double(static_cast<const float*>(from)[i]);
}
template <class C>
void store(cudaDataType type, const C* from, void* to, int64_t n) {
  if constexpr (std::is_same_v<C, float>)
    cublas::from_float(type, from, to, size_t(n));
  else if constexpr (std::is_same_v<C, std::complex<float>>)
    cublas::from_float(type == CUDA_C_16F ? CUDA_R_16F : CUDA_R_16BF, reinterpret_cast<const float*>(from),
                       to, size_t(n) * 2);
  else if constexpr (std::is_same_v<C, double>)
    for (int64_t i = 0; i < n; ++i) {
      if (type == CUDA_R_8I)
        static_cast<int8_t*>(to)[i] = int8_t(from[i]);
      else if (type == CUDA_R_32I)
        static_cast<int32_t*>(to)[i] = int32_t(int64_t(from[i]));
      else
        static_cast<float*>(to)[i] = float(from[i]);
    }
}

/// An array's elements as C: itself where it is of that type, else a copy that `write_back` rounds into it.
template <class C>
class Numbers {
 public:
  Numbers(cudaDataType type, void* at, int64_t n) : type_(type), at_(at), n_(n) {
    if (type == kTypeOf<C>) {
      data_ = static_cast<C*>(at);
      return;
    }
    copy_.resize(size_t(n));
    load(type, at, copy_.data(), n);
    data_ = copy_.data();
  }
  Numbers(const Numbers&) = delete;
  C& operator[](int64_t i) const { return data_[i]; }
  C* get() const { return data_; }
  void write_back() const {
    if (!copy_.empty()) store(type_, copy_.data(), at_, n_);
  }

 private:
  cudaDataType type_;
  void* at_;
  int64_t n_;
  std::vector<C> copy_;
  C* data_;
};

/// Calls `body` with a value of the number type that `compute` names.
template <class Body>
Status with_compute(cudaDataType compute, Body&& body) {
  switch (compute) {
    case CUDA_R_32F:
      return body(float{});
    case CUDA_R_64F:
      return body(double{});
    case CUDA_C_32F:
      return body(std::complex<float>{});
    case CUDA_C_64F:
      return body(std::complex<double>{});
    case CUDA_R_32I:
      return body(double{});
    default:
      return kNotDone;
  }
}

/// A scalar of the compute type as C.
template <class C>
class AnyScalar {
 public:
  AnyScalar(Handle handle, const void* at, cudaDataType compute) : at_(at), compute_(compute) {
    if (handle->pointer_mode == CUSPARSE_POINTER_MODE_HOST && at) value_ = read(), at_ = nullptr;
  }
  C get() const { return at_ ? read() : value_; }

 private:
  C read() const {
    if constexpr (std::is_same_v<C, double>)
      if (compute_ == CUDA_R_32I) return *static_cast<const int32_t*>(at_);
    return *static_cast<const C*>(at_);
  }
  const void* at_;
  cudaDataType compute_;
  C value_{};
};

}  // namespace ppu::cusparse
