// Complex symmetric matrices, for which BLAS has Hermitian ones alone. See bodies.h.
#pragma once
#include <algorithm>

#include "libs/cublas/level1.h"

namespace ppu::cublas {

/// Element (i, j) of a symmetric matrix of which one triangle is stored.
template <class T>
T symmetric_at(cublasFillMode_t uplo, const T* a, int64_t lda, int64_t i, int64_t j) {
  const bool stored = uplo == CUBLAS_FILL_MODE_LOWER ? i >= j : i <= j;
  return stored ? a[i + j * lda] : a[j + i * lda];
}
/// The first element of a vector as BLAS counts one with a negative increment.
template <class T>
T* first_of_vector(T* x, int64_t n, int64_t increment) {
  return increment < 0 ? x - (n - 1) * increment : x;
}
/// Calls body(i, j) for each element of one triangle.
template <class Body>
void for_triangle(cublasFillMode_t uplo, int64_t n, Body&& body) {
  for (int64_t j = 0; j < n; ++j)
    for (int64_t i = uplo == CUBLAS_FILL_MODE_LOWER ? j : 0; i < (uplo == CUBLAS_FILL_MODE_LOWER ? n : j + 1);
         ++i)
      body(i, j);
}

template <class T>
Status complex_symv(cublasHandle_t h, cublasFillMode_t uplo, int64_t n, const T* alpha, const T* a,
                    int64_t lda, const T* x, int64_t incx, const T* beta, T* y, int64_t incy) {
  if (!known(uplo) || n < 0 || lda < std::max<int64_t>(1, n) || !incx || !incy || !alpha || !beta)
    return kBad;
  if (n == 0) return kOk;
  if (!reach_matrix(a, n, n, lda) || !reach_vector(x, n, incx) || !reach_vector(y, n, incy)) return kFailed;
  return enqueue(h, [=, al = Scalar<T>(h, alpha), be = Scalar<T>(h, beta)] {
    const T *from = first_of_vector(x, n, incx), av = al.get(), bv = be.get();
    T* to = first_of_vector(y, n, incy);
    for (int64_t i = 0; i < n; ++i) {
      T sum{};
      for (int64_t j = 0; j < n; ++j)
        sum = plus(sum, times(symmetric_at(uplo, a, lda, i, j), from[j * incx]));
      T& at = to[i * incy];
      at = is_zero(bv) ? times(av, sum) : plus(times(av, sum), times(bv, at));
    }
  });
}
template <class T>
Status complex_syr2(cublasHandle_t h, cublasFillMode_t uplo, int64_t n, const T* alpha, const T* x,
                    int64_t incx, const T* y, int64_t incy, T* a, int64_t lda, bool twice) {
  if (!known(uplo) || n < 0 || lda < std::max<int64_t>(1, n) || !incx || !incy || !alpha) return kBad;
  if (n == 0) return kOk;
  if (!reach_matrix(a, n, n, lda) || !reach_vector(x, n, incx) || !reach_vector(y, n, incy)) return kFailed;
  return enqueue(h, [=, al = Scalar<T>(h, alpha)] {
    const T *left = first_of_vector(x, n, incx), *right = first_of_vector(y, n, incy), av = al.get();
    for_triangle(uplo, n, [&](int64_t i, int64_t j) {
      T sum = times(left[i * incx], right[j * incy]);
      if (twice) sum = plus(sum, times(right[i * incy], left[j * incx]));
      a[i + j * lda] = plus(a[i + j * lda], times(av, sum));
    });
  });
}

}  // namespace ppu::cublas
