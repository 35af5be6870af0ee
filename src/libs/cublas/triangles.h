// Bodies on triangles that BLAS doesn't have: products of which one triangle is kept, packing; and batches of
// QR. See bodies.h.
#pragma once
#include <vector>

#include "libs/cublas/solve.h"
#include "libs/cublas/symmetric.h"

namespace ppu::cublas {

template <class T>
constexpr bool is_complex = !std::is_same_v<T, Real<T>>;

/// C = alpha op(A) op(B)^T + beta C, or the conjugate transpose, on one triangle of C.
template <class T, class B>
Status triangle_of_product(cublasHandle_t h, cublasFillMode_t uplo, cublasOperation_t trans, int64_t n,
                           int64_t k, const T* alpha, const T* a, int64_t lda, const T* b, int64_t ldb,
                           const B* beta, T* c, int64_t ldc, bool hermitian) {
  const bool plain = trans == CUBLAS_OP_N;
  // Real numbers know no conjugation; complex ones only their own kind of transposition.
  if (!known(uplo) || !known(trans) || (is_complex<T> && trans == (hermitian ? CUBLAS_OP_T : CUBLAS_OP_C)) ||
      n < 0 || k < 0 || !alpha || !beta || lda < std::max<int64_t>(1, plain ? n : k) ||
      ldb < std::max<int64_t>(1, plain ? n : k) || ldc < std::max<int64_t>(1, n))
    return kBad;
  if (n == 0) return kOk;
  if (!fits(n, k, lda, ldb, ldc)) return kNotDone;
  const Stored s = stored(trans, n, k);
  if (!reach_matrix(a, s.rows, s.columns, lda) || !reach_matrix(b, s.rows, s.columns, ldb) ||
      !reach_matrix(c, n, n, ldc))
    return kFailed;
  return enqueue(h, [=, al = Scalar<T>(h, alpha), be = Scalar<B>(h, beta)] {
    std::vector<T> whole(size_t(n) * size_t(n));
    const cublasOperation_t other = hermitian ? CUBLAS_OP_C : CUBLAS_OP_T;
    run_gemm(plain ? CUBLAS_OP_N : other, plain ? other : CUBLAS_OP_N, n, n, k, al.get(), a, lda, b, ldb, T{},
             whole.data(), n);
    const B bv = be.get();
    for_triangle(uplo, n, [&](int64_t i, int64_t j) {
      T& at = c[i + j * ldc];
      at = is_zero(bv) ? whole[size_t(i + j * n)] : plus(whole[size_t(i + j * n)], times(at, bv));
      if constexpr (is_complex<T>)
        if (hermitian && i == j) at.y = 0;
    });
  });
}
template <class T>
Status syrkx(cublasHandle_t h, cublasFillMode_t uplo, cublasOperation_t trans, int64_t n, int64_t k,
             const T* alpha, const T* a, int64_t lda, const T* b, int64_t ldb, const T* beta, T* c,
             int64_t ldc) {
  return triangle_of_product(h, uplo, trans, n, k, alpha, a, lda, b, ldb, beta, c, ldc, false);
}
template <class T>
Status herkx(cublasHandle_t h, cublasFillMode_t uplo, cublasOperation_t trans, int64_t n, int64_t k,
             const T* alpha, const T* a, int64_t lda, const T* b, int64_t ldb, const Real<T>* beta, T* c,
             int64_t ldc) {
  return triangle_of_product(h, uplo, trans, n, k, alpha, a, lda, b, ldb, beta, c, ldc, true);
}

/// Three multiplications instead of four are the GPU's way to the same product.
template <class T>
Status gemm3m(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int64_t m, int64_t n, int64_t k,
              const T* alpha, const T* a, int64_t lda, const T* b, int64_t ldb, const T* beta, T* c,
              int64_t ldc) {
  return gemm(h, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

/// Between a triangle of a matrix and its columns packed one after the other.
template <class T>
Status trttp(cublasHandle_t h, cublasFillMode_t uplo, int64_t n, const T* a, int64_t lda, T* ap) {
  if (!known(uplo) || n < 0 || lda < std::max<int64_t>(1, n)) return kBad;
  if (!reach_matrix(a, n, n, lda) || !reach_vector(ap, n * (n + 1) / 2, 1)) return kFailed;
  return enqueue(h, [=] {
    int64_t to = 0;
    for_triangle(uplo, n, [&](int64_t i, int64_t j) { ap[to++] = a[i + j * lda]; });
  });
}
template <class T>
Status tpttr(cublasHandle_t h, cublasFillMode_t uplo, int64_t n, const T* ap, T* a, int64_t lda) {
  if (!known(uplo) || n < 0 || lda < std::max<int64_t>(1, n)) return kBad;
  if (!reach_matrix(a, n, n, lda) || !reach_vector(ap, n * (n + 1) / 2, 1)) return kFailed;
  return enqueue(h, [=] {
    int64_t from = 0;
    for_triangle(uplo, n, [&](int64_t i, int64_t j) { a[i + j * lda] = ap[from++]; });
  });
}

/// `info` is the host's: it tells of wrong arguments only.
template <class T>
Status geqrfBatched(cublasHandle_t h, int m, int n, T* const a[], int lda, T* const tau[], int* info,
                    int count) {
  const int wrong = m < 0 ? -1 : n < 0 ? -2 : lda < std::max(1, m) ? -4 : count < 0 ? -7 : 0;
  if (!info) return kBad;
  *info = wrong;
  if (wrong) return kBad;
  if (m == 0 || n == 0 || count == 0) return kOk;
  if (!reach_vector(a, count, 1) || !reach_vector(tau, count, 1)) return kFailed;
  return enqueue(h, [=] {
    scipy_LAPACKE_set_nancheck(0);  // a NaN goes through
    for (int i = 0; i < count; ++i) Lapack<T>::geqrf(m, n, a[i], lda, tau[i]);
  });
}
/// Least squares of tall matrices; `info` is the host's, `ranks` tells on the device of a zero on R's
/// diagonal.
template <class T>
Status gelsBatched(cublasHandle_t h, cublasOperation_t trans, int m, int n, int nrhs, T* const a[], int lda,
                   T* const c[], int ldc, int* info, int* ranks, int count) {
  const int wrong = trans != CUBLAS_OP_N   ? -1
                    : m < n                ? -2
                    : n < 0                ? -3
                    : nrhs < 0             ? -4
                    : lda < std::max(1, m) ? -6
                    : ldc < std::max(1, m) ? -8
                    : count < 0            ? -11
                                           : 0;
  if (!info) return kBad;
  *info = wrong;
  if (wrong) return known(trans) && trans != CUBLAS_OP_N ? kNotDone : kBad;
  if (n == 0 || nrhs == 0 || count == 0) return kOk;
  if (!reach_vector(a, count, 1) || !reach_vector(c, count, 1) || (ranks && !reach_vector(ranks, count, 1)))
    return kFailed;
  return enqueue(h, [=] {
    scipy_LAPACKE_set_nancheck(0);
    for (int i = 0; i < count; ++i) {
      const int zero = Lapack<T>::gels(m, n, nrhs, a[i], lda, c[i], ldc);
      if (ranks) ranks[i] = zero;
    }
  });
}

}  // namespace ppu::cublas
