// See reduce.h.
#include "libs/nccl/reduce.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "libs/cublas/numbers.h"

namespace ppu::nccl {
namespace {

/// Types without arithmetic in C++: pieces of them as floats.
struct Small {
  cudaDataType type;
  size_t bytes;
};
constexpr size_t kPiece = 1024;

Small small_of(ncclDataType_t type) {
  switch (type) {
    case ncclFloat16:
      return {CUDA_R_16F, 2};
    case ncclBfloat16:
      return {CUDA_R_16BF, 2};
    case ncclFloat8e4m3:
      return {CUDA_R_8F_E4M3, 1};
    default:
      return {CUDA_R_8F_E5M2, 1};
  }
}

template <class T>
T unsigned_sum(T a, T b) {
  return T(std::make_unsigned_t<T>(a) + std::make_unsigned_t<T>(b));
}

/// Sums and products of integers wrap, as the device's do. Minimum and maximum of a NaN are NaN.
template <class T, class F>
void each(const T* a, const T* b, T* to, size_t n, F f) {
  for (size_t i = 0; i < n; ++i) to[i] = f(a[i], b[i]);
}

template <class T>
void combine(ncclRedOp_t op, const void* va, const void* vb, void* vto, size_t n) {
  const T *a = static_cast<const T*>(va), *b = static_cast<const T*>(vb);
  T* to = static_cast<T*>(vto);
  switch (op) {
    case ncclProd:
      if constexpr (std::is_integral_v<T>)
        return each(a, b, to, n, [](T x, T y) { return T(uint64_t(x) * uint64_t(y)); });
      else
        return each(a, b, to, n, [](T x, T y) { return x * y; });
    case ncclMax:
      return each(a, b, to, n, [](T x, T y) { return x > y || x != x ? x : y; });
    case ncclMin:
      return each(a, b, to, n, [](T x, T y) { return x < y || x != x ? x : y; });
    default:
      if constexpr (std::is_integral_v<T>)
        return each(a, b, to, n, [](T x, T y) { return unsigned_sum(x, y); });
      else
        return each(a, b, to, n, [](T x, T y) { return x + y; });
  }
}

/// Calls f(float* x, const char* source, char* destination, count) piece by piece; x holds `from`, and is
/// rounded into `to` afterwards.
template <class F>
void in_floats(ncclDataType_t type, const void* from, void* to, size_t count, F f) {
  const Small small = small_of(type);
  float x[kPiece];
  for (size_t first = 0; first < count; first += kPiece) {
    const size_t n = std::min(kPiece, count - first), offset = first * small.bytes;
    cublas::to_float(small.type, static_cast<const char*>(from) + offset, x, n);
    f(x, first, n);
    cublas::from_float(small.type, x, static_cast<char*>(to) + offset, n);
  }
}

/// Calls f with a null pointer of the C++ type; false for those without one.
template <class F>
bool with_type(ncclDataType_t type, F f) {
  switch (type) {
    case ncclInt8:
      f(static_cast<int8_t*>(nullptr));
      return true;
    case ncclUint8:
      f(static_cast<uint8_t*>(nullptr));
      return true;
    case ncclInt32:
      f(static_cast<int32_t*>(nullptr));
      return true;
    case ncclUint32:
      f(static_cast<uint32_t*>(nullptr));
      return true;
    case ncclInt64:
      f(static_cast<int64_t*>(nullptr));
      return true;
    case ncclUint64:
      f(static_cast<uint64_t*>(nullptr));
      return true;
    case ncclFloat32:
      f(static_cast<float*>(nullptr));
      return true;
    case ncclFloat64:
      f(static_cast<double*>(nullptr));
      return true;
    default:
      return false;
  }
}

}  // namespace

size_t element_bytes(ncclDataType_t type) {
  switch (type) {
    case ncclInt8:
    case ncclUint8:
    case ncclFloat8e4m3:
    case ncclFloat8e5m2:
      return 1;
    case ncclFloat16:
    case ncclBfloat16:
      return 2;
    case ncclInt32:
    case ncclUint32:
    case ncclFloat32:
      return 4;
    case ncclInt64:
    case ncclUint64:
    case ncclFloat64:
      return 8;
    default:
      return 0;
  }
}

void reduce(ncclDataType_t type, ncclRedOp_t op, const void* a, const void* b, void* to, size_t count) {
  const bool done =
      with_type(type, [&](auto* t) { combine<std::remove_pointer_t<decltype(t)>>(op, a, b, to, count); });
  if (done) return;
  const Small small = small_of(type);
  in_floats(type, a, to, count, [&](float* x, size_t first, size_t n) {
    float y[kPiece];
    cublas::to_float(small.type, static_cast<const char*>(b) + first * small.bytes, y, n);
    combine<float>(op, x, y, x, n);
  });
}

void multiply(ncclDataType_t type, const void* scalar, const void* from, void* to, size_t count) {
  const bool done = with_type(type, [&](auto* t) {
    using T = std::remove_pointer_t<decltype(t)>;
    const T factor = *static_cast<const T*>(scalar);
    for (size_t i = 0; i < count; ++i) {
      const T x = static_cast<const T*>(from)[i];
      if constexpr (std::is_integral_v<T>)
        static_cast<T*>(to)[i] = T(uint64_t(x) * uint64_t(factor));
      else
        static_cast<T*>(to)[i] = x * factor;
    }
  });
  if (done) return;
  float factor;
  cublas::to_float(small_of(type).type, scalar, &factor, 1);
  in_floats(type, from, to, count, [&](float* x, size_t, size_t n) {
    for (size_t i = 0; i < n; ++i) x[i] *= factor;
  });
}

void divide(ncclDataType_t type, void* x, size_t count, int by) {
  const bool done = with_type(type, [&](auto* t) {
    using T = std::remove_pointer_t<decltype(t)>;
    for (size_t i = 0; i < count; ++i) static_cast<T*>(x)[i] = T(static_cast<T*>(x)[i] / T(by));
  });
  if (done) return;
  in_floats(type, x, x, count, [&](float* f, size_t, size_t n) {
    for (size_t i = 0; i < n; ++i) f[i] /= float(by);
  });
}

}  // namespace ppu::nccl
