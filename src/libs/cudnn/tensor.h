// Tensors as bodies see them: numbers of one type, whatever the tensor's, and walks over several tensors at
// once.
#pragma once
#include <cstdint>
#include <cstring>
#include <vector>

#include "libs/cublas/numbers.h"
#include "libs/cudnn/types.h"

namespace ppu::cudnn {

/// Elements of memory from the first to the last one.
inline int64_t extent(const cudnnTensorStruct& t) {
  int64_t last = 0;
  for (int d = 0; d < t.count; ++d) last += int64_t(t.dims[d] - 1) * t.strides[d];
  return last + 1;
}
inline int64_t elements(const cudnnTensorStruct& t) {
  int64_t n = 1;
  for (int d = 0; d < t.count; ++d) n *= t.dims[d];
  return n;
}
inline bool same_shape(const cudnnTensorStruct& a, const cudnnTensorStruct& b) {
  return a.count == b.count && std::equal(a.dims, a.dims + a.count, b.dims);
}
/// Whether a goes over b: each dimension is b's or 1.
inline bool spreads_over(const cudnnTensorStruct& a, const cudnnTensorStruct& b) {
  if (a.count != b.count) return false;
  for (int d = 0; d < a.count; ++d)
    if (a.dims[d] != b.dims[d] && a.dims[d] != 1) return false;
  return true;
}
inline bool reach(const cudnnTensorStruct& t, const void* at) {
  return shell::reachable("cudnn", at, size_t(extent(t)) * element_bytes(t.type));
}

inline cudaDataType small_type(cudnnDataType_t type) {
  switch (type) {
    case CUDNN_DATA_HALF:
      return CUDA_R_16F;
    case CUDNN_DATA_BFLOAT16:
      return CUDA_R_16BF;
    case CUDNN_DATA_INT8:
      return CUDA_R_8I;
    case CUDNN_DATA_FP8_E4M3:
      return CUDA_R_8F_E4M3;
    case CUDNN_DATA_FP8_E5M2:
      return CUDA_R_8F_E5M2;
    default:
      return CUDA_R_32F;
  }
}
template <class From, class C>
void load_as(const void* from, C* to, int64_t n) {
  std::transform(static_cast<const From*>(from), static_cast<const From*>(from) + n, to,
                 [](From x) { return C(x); });
}
template <class To, class C>
void store_as(const C* from, void* to, int64_t n) {
  std::transform(from, from + n, static_cast<To*>(to), [](C x) { return To(x); });
}
template <class C>
void load(cudnnDataType_t type, const void* from, C* to, int64_t n) {
  switch (type) {
    case CUDNN_DATA_FLOAT:
      return load_as<float>(from, to, n);
    case CUDNN_DATA_DOUBLE:
      return load_as<double>(from, to, n);
    case CUDNN_DATA_INT32:
      return load_as<int32_t>(from, to, n);
    case CUDNN_DATA_INT64:
      return load_as<int64_t>(from, to, n);
    case CUDNN_DATA_UINT8:
    case CUDNN_DATA_BOOLEAN:
      return load_as<uint8_t>(from, to, n);
    default:
      break;
  }
  std::vector<float> floats(size_t(n), 0.f);
  cublas::to_float(small_type(type), from, floats.data(), size_t(n));
  std::copy(floats.begin(), floats.end(), to);
}
template <class C>
void store(cudnnDataType_t type, const C* from, void* to, int64_t n) {
  switch (type) {
    case CUDNN_DATA_FLOAT:
      return store_as<float>(from, to, n);
    case CUDNN_DATA_DOUBLE:
      return store_as<double>(from, to, n);
    case CUDNN_DATA_INT32:
      return store_as<int32_t>(from, to, n);
    case CUDNN_DATA_INT64:
      return store_as<int64_t>(from, to, n);
    case CUDNN_DATA_UINT8:
    case CUDNN_DATA_BOOLEAN:
      return store_as<uint8_t>(from, to, n);
    default:
      break;
  }
  const std::vector<float> floats(from, from + n);
  cublas::from_float(small_type(type), floats.data(), to, size_t(n));
}

template <class C>
constexpr cudnnDataType_t kTypeOf = std::is_same_v<C, double> ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT;

/// `n` elements as C: the memory itself where it is of that type, else a copy that `write_back` rounds into
/// it.
template <class C>
class Numbers {
 public:
  Numbers(cudnnDataType_t type, const void* at, int64_t n) : type_(type), at_(const_cast<void*>(at)), n_(n) {
    if (type == kTypeOf<C>) {
      data_ = static_cast<C*>(at_);
      return;
    }
    copy_.resize(size_t(n));
    load(type, at, copy_.data(), n);
    data_ = copy_.data();
  }
  Numbers(const cudnnTensorStruct& t, const void* at) : Numbers(t.type, at, extent(t)) {}
  Numbers(const Numbers&) = delete;
  C& operator[](int64_t i) const { return data_[i]; }
  C* get() const { return data_; }
  void write_back() const {
    if (!copy_.empty()) store(type_, copy_.data(), at_, n_);
  }

 private:
  cudnnDataType_t type_;
  void* at_;
  int64_t n_;
  std::vector<C> copy_;
  C* data_ = nullptr;
};

/// Calls `body` with a value of the type to compute in: double where any tensor needs it, else float.
template <class Body, class... Types>
void with_compute(Body&& body, Types... types) {
  const bool wide =
      ((types == CUDNN_DATA_DOUBLE || types == CUDNN_DATA_INT32 || types == CUDNN_DATA_INT64) || ...);
  if (wide)
    body(double{});
  else
    body(float{});
}

/// Where an element of the shape walked over lies in one tensor.
struct Place {
  int64_t stride[CUDNN_DIM_MAX] = {};
  Place() = default;
  /// A dimension of 1 is the same for all.
  Place(const cudnnTensorStruct& t) {
    for (int d = 0; d < t.count; ++d) stride[d] = t.dims[d] == 1 ? 0 : t.strides[d];
  }
};
/// Calls body(offsets in each tensor) for every element of a shape, in order of its dimensions.
template <size_t N, class Body>
void walk(int count, const int* dims, const Place (&places)[N], Body&& body) {
  int64_t at[N] = {};
  int index[CUDNN_DIM_MAX] = {};
  for (int d = 0; d < count; ++d)
    if (dims[d] <= 0) return;
  const int last = count - 1;
  while (true) {
    for (int i = 0; i < dims[last]; ++i) {
      body(at);
      for (size_t k = 0; k < N; ++k) at[k] += places[k].stride[last];
    }
    for (size_t k = 0; k < N; ++k) at[k] -= places[k].stride[last] * dims[last];
    int d = last - 1;
    for (; d >= 0; --d) {
      for (size_t k = 0; k < N; ++k) at[k] += places[k].stride[d];
      if (++index[d] < dims[d]) break;
      for (size_t k = 0; k < N; ++k) at[k] -= places[k].stride[d] * dims[d];
      index[d] = 0;
    }
    if (d < 0) return;
  }
}
template <size_t N, class Body>
void walk(const cudnnTensorStruct& shape, const Place (&places)[N], Body&& body) {
  walk(shape.count, shape.dims, places, std::forward<Body>(body));
}

/// alpha * value + beta * old, where a beta of 0 never looks at what was there.
template <class C>
C blend(C alpha, C value, C beta, C old) {
  return beta == C(0) ? alpha * value : alpha * value + beta * old;
}

}  // namespace ppu::cudnn
