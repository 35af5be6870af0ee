// Matrices for the cuBLAS tests: made of small fractions, held in managed memory so that both sides see them,
// and multiplied by plain loops.
#pragma once
#include <cublas_v2.h>
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <complex>
#include <vector>

namespace cublas_test {

/// An array both sides see.
template <class T>
class Shared {
 public:
  explicit Shared(size_t n) : size_(n) {
    EXPECT_EQ(cudaMallocManaged(reinterpret_cast<void**>(&data_), std::max<size_t>(n, 1) * sizeof(T),
                                cudaMemAttachGlobal),
              cudaSuccess);
  }
  Shared(const Shared&) = delete;
  ~Shared() { cudaFree(data_); }
  T* get() const { return data_; }
  T& operator[](size_t i) const { return data_[i]; }
  size_t size() const { return size_; }

 private:
  T* data_ = nullptr;
  size_t size_;
};

/// The arithmetic type behind a cuBLAS type.
template <class T>
struct Number {
  using Type = T;
};
template <>
struct Number<cuComplex> {
  using Type = std::complex<float>;
};
template <>
struct Number<cuDoubleComplex> {
  using Type = std::complex<double>;
};
template <class T>
using NumberOf = typename Number<T>::Type;

template <class T>
NumberOf<T>* numbers(T* p) {
  return reinterpret_cast<NumberOf<T>*>(p);
}

/// Eighths from -2 to 2: sums of a few hundred products are exact in float.
template <class T>
NumberOf<T> fraction(size_t i) {
  const auto part = [](size_t k) { return double(int(k * 2654435761u >> 7 & 31) - 16) / 8; };
  if constexpr (std::is_same_v<T, NumberOf<T>>)
    return T(part(i));
  else
    return {typename NumberOf<T>::value_type(part(i)), typename NumberOf<T>::value_type(part(i + 77))};
}

template <class T>
void fill(const Shared<T>& a, size_t seed) {
  for (size_t i = 0; i < a.size(); ++i) numbers(a.get())[i] = fraction<T>(i + seed * 1000);
}

template <class N>
N conjugate(N x) {
  if constexpr (requires { x.imag(); })
    return std::conj(x);
  else
    return x;
}

/// op(a)'s element.
template <class N>
N at(cublasOperation_t op, const N* a, int ld, int i, int j) {
  if (op == CUBLAS_OP_N) return a[i + j * ld];
  return op == CUBLAS_OP_T ? a[j + i * ld] : conjugate(a[j + i * ld]);
}

/// c = alpha op(a) op(b) + beta c, by definition.
template <class N>
void multiply(cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k, N alpha, const N* a, int lda,
              const N* b, int ldb, N beta, N* c, int ldc) {
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < m; ++i) {
      N sum{};
      for (int x = 0; x < k; ++x) sum += at(ta, a, lda, i, x) * at(tb, b, ldb, x, j);
      c[i + j * ldc] = alpha * sum + (beta == N{} ? N{} : beta * c[i + j * ldc]);
    }
}

class Cublas : public testing::Test {
 protected:
  Cublas() { EXPECT_EQ(cublasCreate(&handle), CUBLAS_STATUS_SUCCESS); }
  ~Cublas() override { EXPECT_EQ(cublasDestroy(handle), CUBLAS_STATUS_SUCCESS); }
  void wait() { ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess); }
  cublasHandle_t handle = nullptr;
};

}  // namespace cublas_test
