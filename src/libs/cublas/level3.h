// Level 3 bodies: matrices. See bodies.h.
#pragma once
#include <algorithm>
#include <vector>

#include "libs/cublas/bodies.h"
#include "libs/cublas/level1.h"

namespace ppu::cublas {

/// Rows and columns that matrix x has in memory when op(x) is rows x columns.
struct Stored {
  int64_t rows, columns;
};
inline Stored stored(cublasOperation_t o, int64_t rows, int64_t columns) {
  return o == CUBLAS_OP_N ? Stored{rows, columns} : Stored{columns, rows};
}

/// What every gemm checks; kOk when there is work to do or nothing wrong.
inline Status check_gemm(cublasOperation_t ta, cublasOperation_t tb, int64_t m, int64_t n, int64_t k,
                         const void* alpha, const void* beta, int64_t lda, int64_t ldb, int64_t ldc) {
  if (!known(ta) || !known(tb) || m < 0 || n < 0 || k < 0 || !alpha || !beta) return kBad;
  if (lda < std::max<int64_t>(1, stored(ta, m, k).rows) ||
      ldb < std::max<int64_t>(1, stored(tb, k, n).rows) || ldc < std::max<int64_t>(1, m))
    return kBad;
  return fits(m, n, k, lda, ldb, ldc) ? kOk : kNotDone;
}

template <class T>
void run_gemm(cublasOperation_t ta, cublasOperation_t tb, int64_t m, int64_t n, int64_t k, const T& alpha,
              const T* a, int64_t lda, const T* b, int64_t ldb, const T& beta, T* c, int64_t ldc) {
  Blas<T>::gemm(CblasColMajor, op(ta), op(tb), int(m), int(n), int(k), scalar(alpha), a, int(lda), b,
                int(ldb), scalar(beta), c, int(ldc));
}

template <class T>
Status gemm(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int64_t m, int64_t n, int64_t k,
            const T* alpha, const T* a, int64_t lda, const T* b, int64_t ldb, const T* beta, T* c,
            int64_t ldc) {
  const Status bad = check_gemm(ta, tb, m, n, k, alpha, beta, lda, ldb, ldc);
  if (bad != kOk || m == 0 || n == 0) return bad;
  const Stored sa = stored(ta, m, k), sb = stored(tb, k, n);
  if (!reach_matrix(a, sa.rows, sa.columns, lda) || !reach_matrix(b, sb.rows, sb.columns, ldb) ||
      !reach_matrix(c, m, n, ldc))
    return kFailed;
  return enqueue(h, [=, al = Scalar<T>(h, alpha), be = Scalar<T>(h, beta)] {
    run_gemm(ta, tb, m, n, k, al.get(), a, lda, b, ldb, be.get(), c, ldc);
  });
}

template <class T>
Status gemmBatched(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int64_t m, int64_t n,
                   int64_t k, const T* alpha, const T* const a[], int64_t lda, const T* const b[],
                   int64_t ldb, const T* beta, T* const c[], int64_t ldc, int64_t count) {
  const Status bad = check_gemm(ta, tb, m, n, k, alpha, beta, lda, ldb, ldc);
  if (bad != kOk || count < 0) return bad != kOk ? bad : kBad;
  if (m == 0 || n == 0 || count == 0) return kOk;
  if (!reach_vector(a, count, 1) || !reach_vector(b, count, 1) || !reach_vector(c, count, 1)) return kFailed;
  return enqueue(h, [=, al = Scalar<T>(h, alpha), be = Scalar<T>(h, beta)] {
    for (int64_t i = 0; i < count; ++i)
      run_gemm(ta, tb, m, n, k, al.get(), a[i], lda, b[i], ldb, be.get(), c[i], ldc);
  });
}

template <class T>
Status gemmStridedBatched(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int64_t m, int64_t n,
                          int64_t k, const T* alpha, const T* a, int64_t lda, int64_t sa, const T* b,
                          int64_t ldb, int64_t sb, const T* beta, T* c, int64_t ldc, int64_t sc,
                          int64_t count) {
  const Status bad = check_gemm(ta, tb, m, n, k, alpha, beta, lda, ldb, ldc);
  if (bad != kOk || count < 0) return bad != kOk ? bad : kBad;
  if (m == 0 || n == 0 || count == 0) return kOk;
  for (const int64_t i : {int64_t(0), count - 1}) {
    const Stored ra = stored(ta, m, k), rb = stored(tb, k, n);
    if (!reach_matrix(a + i * sa, ra.rows, ra.columns, lda) ||
        !reach_matrix(b + i * sb, rb.rows, rb.columns, ldb) || !reach_matrix(c + i * sc, m, n, ldc))
      return kFailed;
  }
  return enqueue(h, [=, al = Scalar<T>(h, alpha), be = Scalar<T>(h, beta)] {
    for (int64_t i = 0; i < count; ++i)
      run_gemm(ta, tb, m, n, k, al.get(), a + i * sa, lda, b + i * sb, ldb, be.get(), c + i * sc, ldc);
  });
}

template <class T>
void run_gemv(cublasOperation_t trans, int64_t m, int64_t n, const T& alpha, const T* a, int64_t lda,
              const T* x, int64_t incx, const T& beta, T* y, int64_t incy) {
  Blas<T>::gemv(CblasColMajor, op(trans), int(m), int(n), scalar(alpha), a, int(lda), x, int(incx),
                scalar(beta), y, int(incy));
}

template <class T>
Status gemvBatched(cublasHandle_t h, cublasOperation_t trans, int64_t m, int64_t n, const T* alpha,
                   const T* const a[], int64_t lda, const T* const x[], int64_t incx, const T* beta,
                   T* const y[], int64_t incy, int64_t count) {
  if (!known(trans) || m < 0 || n < 0 || lda < std::max<int64_t>(1, m) || !incx || !incy || !alpha || !beta ||
      count < 0)
    return kBad;
  if (m == 0 || n == 0 || count == 0) return kOk;
  if (!fits(m, n, lda, incx, incy)) return kNotDone;
  if (!reach_vector(a, count, 1) || !reach_vector(x, count, 1) || !reach_vector(y, count, 1)) return kFailed;
  return enqueue(h, [=, al = Scalar<T>(h, alpha), be = Scalar<T>(h, beta)] {
    for (int64_t i = 0; i < count; ++i)
      run_gemv(trans, m, n, al.get(), a[i], lda, x[i], incx, be.get(), y[i], incy);
  });
}

template <class T>
Status gemvStridedBatched(cublasHandle_t h, cublasOperation_t trans, int64_t m, int64_t n, const T* alpha,
                          const T* a, int64_t lda, int64_t sa, const T* x, int64_t incx, int64_t sx,
                          const T* beta, T* y, int64_t incy, int64_t sy, int64_t count) {
  if (!known(trans) || m < 0 || n < 0 || lda < std::max<int64_t>(1, m) || !incx || !incy || !alpha || !beta ||
      count < 0)
    return kBad;
  if (m == 0 || n == 0 || count == 0) return kOk;
  if (!fits(m, n, lda, incx, incy)) return kNotDone;
  const bool straight = trans == CUBLAS_OP_N;
  for (const int64_t i : {int64_t(0), count - 1})
    if (!reach_matrix(a + i * sa, m, n, lda) || !reach_vector(x + i * sx, straight ? n : m, incx) ||
        !reach_vector(y + i * sy, straight ? m : n, incy))
      return kFailed;
  return enqueue(h, [=, al = Scalar<T>(h, alpha), be = Scalar<T>(h, beta)] {
    for (int64_t i = 0; i < count; ++i)
      run_gemv(trans, m, n, al.get(), a + i * sa, lda, x + i * sx, incx, be.get(), y + i * sy, incy);
  });
}

/// symm, hemm: a is square, on the side that `side` says.
template <class T, class F>
Status symmetric_mm(cublasHandle_t h, cublasSideMode_t side, cublasFillMode_t uplo, int64_t m, int64_t n,
                    const T* alpha, const T* a, int64_t lda, const T* b, int64_t ldb, const T* beta, T* c,
                    int64_t ldc, F f) {
  const int64_t order = side == CUBLAS_SIDE_LEFT ? m : n;
  if (!known(side) || !known(uplo) || m < 0 || n < 0 || lda < std::max<int64_t>(1, order) ||
      ldb < std::max<int64_t>(1, m) || ldc < std::max<int64_t>(1, m) || !alpha || !beta)
    return kBad;
  if (m == 0 || n == 0) return kOk;
  if (!fits(m, n, lda, ldb, ldc)) return kNotDone;
  if (!reach_matrix(a, order, order, lda) || !reach_matrix(b, m, n, ldb) || !reach_matrix(c, m, n, ldc))
    return kFailed;
  return enqueue(h, [=, al = Scalar<T>(h, alpha), be = Scalar<T>(h, beta)] {
    const T av = al.get(), bv = be.get();
    f(CblasColMajor, part(side), part(uplo), int(m), int(n), scalar(av), a, int(lda), b, int(ldb), scalar(bv),
      c, int(ldc));
  });
}
template <class T>
Status symm(cublasHandle_t h, cublasSideMode_t side, cublasFillMode_t uplo, int64_t m, int64_t n,
            const T* alpha, const T* a, int64_t lda, const T* b, int64_t ldb, const T* beta, T* c,
            int64_t ldc) {
  return symmetric_mm(h, side, uplo, m, n, alpha, a, lda, b, ldb, beta, c, ldc, Blas<T>::symm);
}
template <class T>
Status hemm(cublasHandle_t h, cublasSideMode_t side, cublasFillMode_t uplo, int64_t m, int64_t n,
            const T* alpha, const T* a, int64_t lda, const T* b, int64_t ldb, const T* beta, T* c,
            int64_t ldc) {
  return symmetric_mm(h, side, uplo, m, n, alpha, a, lda, b, ldb, beta, c, ldc, Blas<T>::hemm);
}

/// syrk, herk; S is the type of their scalars.
template <class T, class S, class F>
Status rank_k(cublasHandle_t h, cublasFillMode_t uplo, cublasOperation_t trans, int64_t n, int64_t k,
              const S* alpha, const T* a, int64_t lda, const S* beta, T* c, int64_t ldc, F f) {
  const Stored sa = stored(trans, n, k);
  if (!known(uplo) || !known(trans) || n < 0 || k < 0 || lda < std::max<int64_t>(1, sa.rows) ||
      ldc < std::max<int64_t>(1, n) || !alpha || !beta)
    return kBad;
  if (n == 0) return kOk;
  if (!fits(n, k, lda, ldc)) return kNotDone;
  if (!reach_matrix(a, sa.rows, sa.columns, lda) || !reach_matrix(c, n, n, ldc)) return kFailed;
  return enqueue(h, [=, al = Scalar<S>(h, alpha), be = Scalar<S>(h, beta)] {
    const S av = al.get(), bv = be.get();
    f(CblasColMajor, part(uplo), op(trans), int(n), int(k), scalar(av), a, int(lda), scalar(bv), c, int(ldc));
  });
}
template <class T>
Status syrk(cublasHandle_t h, cublasFillMode_t uplo, cublasOperation_t trans, int64_t n, int64_t k,
            const T* alpha, const T* a, int64_t lda, const T* beta, T* c, int64_t ldc) {
  return rank_k(h, uplo, trans, n, k, alpha, a, lda, beta, c, ldc, Blas<T>::syrk);
}
template <class T>
Status herk(cublasHandle_t h, cublasFillMode_t uplo, cublasOperation_t trans, int64_t n, int64_t k,
            const Real<T>* alpha, const T* a, int64_t lda, const Real<T>* beta, T* c, int64_t ldc) {
  return rank_k(h, uplo, trans, n, k, alpha, a, lda, beta, c, ldc, Blas<T>::herk);
}

/// syr2k, her2k; S is the type of beta.
template <class T, class S, class F>
Status rank_2k(cublasHandle_t h, cublasFillMode_t uplo, cublasOperation_t trans, int64_t n, int64_t k,
               const T* alpha, const T* a, int64_t lda, const T* b, int64_t ldb, const S* beta, T* c,
               int64_t ldc, F f) {
  const Stored s = stored(trans, n, k);
  if (!known(uplo) || !known(trans) || n < 0 || k < 0 || lda < std::max<int64_t>(1, s.rows) ||
      ldb < std::max<int64_t>(1, s.rows) || ldc < std::max<int64_t>(1, n) || !alpha || !beta)
    return kBad;
  if (n == 0) return kOk;
  if (!fits(n, k, lda, ldb, ldc)) return kNotDone;
  if (!reach_matrix(a, s.rows, s.columns, lda) || !reach_matrix(b, s.rows, s.columns, ldb) ||
      !reach_matrix(c, n, n, ldc))
    return kFailed;
  return enqueue(h, [=, al = Scalar<T>(h, alpha), be = Scalar<S>(h, beta)] {
    const T av = al.get();
    const S bv = be.get();
    f(CblasColMajor, part(uplo), op(trans), int(n), int(k), scalar(av), a, int(lda), b, int(ldb), scalar(bv),
      c, int(ldc));
  });
}
template <class T>
Status syr2k(cublasHandle_t h, cublasFillMode_t uplo, cublasOperation_t trans, int64_t n, int64_t k,
             const T* alpha, const T* a, int64_t lda, const T* b, int64_t ldb, const T* beta, T* c,
             int64_t ldc) {
  return rank_2k(h, uplo, trans, n, k, alpha, a, lda, b, ldb, beta, c, ldc, Blas<T>::syr2k);
}
template <class T>
Status her2k(cublasHandle_t h, cublasFillMode_t uplo, cublasOperation_t trans, int64_t n, int64_t k,
             const T* alpha, const T* a, int64_t lda, const T* b, int64_t ldb, const Real<T>* beta, T* c,
             int64_t ldc) {
  return rank_2k(h, uplo, trans, n, k, alpha, a, lda, b, ldb, beta, c, ldc, Blas<T>::her2k);
}

template <class T>
void copy_matrix(int64_t m, int64_t n, const T* from, int64_t ld_from, T* to, int64_t ld_to) {
  for (int64_t j = 0; j < n; ++j) std::copy_n(from + j * ld_from, m, to + j * ld_to);
}

/// cuBLAS's trmm has a result apart from b; CBLAS's replaces b.
template <class T>
Status trmm(cublasHandle_t h, cublasSideMode_t side, cublasFillMode_t uplo, cublasOperation_t trans,
            cublasDiagType_t diag, int64_t m, int64_t n, const T* alpha, const T* a, int64_t lda, const T* b,
            int64_t ldb, T* c, int64_t ldc) {
  const int64_t order = side == CUBLAS_SIDE_LEFT ? m : n;
  if (!known(side) || !known(uplo) || !known(trans) || !known(diag) || m < 0 || n < 0 ||
      lda < std::max<int64_t>(1, order) || ldb < std::max<int64_t>(1, m) || ldc < std::max<int64_t>(1, m) ||
      !alpha)
    return kBad;
  if (m == 0 || n == 0) return kOk;
  if (!fits(m, n, lda, ldb, ldc)) return kNotDone;
  if (!reach_matrix(a, order, order, lda) || !reach_matrix(b, m, n, ldb) || !reach_matrix(c, m, n, ldc))
    return kFailed;
  return enqueue(h, [=, al = Scalar<T>(h, alpha)] {
    const T av = al.get();
    if (b != c) copy_matrix(m, n, b, ldb, c, ldc);
    Blas<T>::trmm(CblasColMajor, part(side), part(uplo), op(trans), part(diag), int(m), int(n), scalar(av), a,
                  int(lda), c, int(ldc));
  });
}

template <class T>
Status check_trsm(cublasSideMode_t side, cublasFillMode_t uplo, cublasOperation_t trans,
                  cublasDiagType_t diag, int64_t m, int64_t n, const T* alpha, int64_t lda, int64_t ldb) {
  const int64_t order = side == CUBLAS_SIDE_LEFT ? m : n;
  if (!known(side) || !known(uplo) || !known(trans) || !known(diag) || m < 0 || n < 0 ||
      lda < std::max<int64_t>(1, order) || ldb < std::max<int64_t>(1, m) || !alpha)
    return kBad;
  return fits(m, n, lda, ldb) ? kOk : kNotDone;
}

template <class T>
void run_trsm(cublasSideMode_t side, cublasFillMode_t uplo, cublasOperation_t trans, cublasDiagType_t diag,
              int64_t m, int64_t n, const T& alpha, const T* a, int64_t lda, T* b, int64_t ldb) {
  Blas<T>::trsm(CblasColMajor, part(side), part(uplo), op(trans), part(diag), int(m), int(n), scalar(alpha),
                a, int(lda), b, int(ldb));
}

template <class T>
Status trsm(cublasHandle_t h, cublasSideMode_t side, cublasFillMode_t uplo, cublasOperation_t trans,
            cublasDiagType_t diag, int64_t m, int64_t n, const T* alpha, const T* a, int64_t lda, T* b,
            int64_t ldb) {
  const Status bad = check_trsm(side, uplo, trans, diag, m, n, alpha, lda, ldb);
  if (bad != kOk || m == 0 || n == 0) return bad;
  const int64_t order = side == CUBLAS_SIDE_LEFT ? m : n;
  if (!reach_matrix(a, order, order, lda) || !reach_matrix(b, m, n, ldb)) return kFailed;
  return enqueue(h, [=, al = Scalar<T>(h, alpha)] {
    run_trsm(side, uplo, trans, diag, m, n, al.get(), a, lda, b, ldb);
  });
}

template <class T>
Status trsmBatched(cublasHandle_t h, cublasSideMode_t side, cublasFillMode_t uplo, cublasOperation_t trans,
                   cublasDiagType_t diag, int64_t m, int64_t n, const T* alpha, const T* const a[],
                   int64_t lda, T* const b[], int64_t ldb, int64_t count) {
  const Status bad = check_trsm(side, uplo, trans, diag, m, n, alpha, lda, ldb);
  if (bad != kOk || count < 0) return bad != kOk ? bad : kBad;
  if (m == 0 || n == 0 || count == 0) return kOk;
  if (!reach_vector(a, count, 1) || !reach_vector(b, count, 1)) return kFailed;
  return enqueue(h, [=, al = Scalar<T>(h, alpha)] {
    for (int64_t i = 0; i < count; ++i)
      run_trsm(side, uplo, trans, diag, m, n, al.get(), a[i], lda, b[i], ldb);
  });
}

template <class T>
T conjugate(T x) {
  if constexpr (std::is_same_v<T, Real<T>>)
    return x;
  else
    return T{x.x, -x.y};
}

/// op(x)'s element (i, j).
template <class T>
T element(cublasOperation_t o, const T* x, int64_t ld, int64_t i, int64_t j) {
  if (o == CUBLAS_OP_N) return x[i + j * ld];
  return o == CUBLAS_OP_T ? x[j + i * ld] : conjugate(x[j + i * ld]);
}

/// c = alpha op(a) + beta op(b); an operand whose factor is zero isn't read. c may be a or b where that one
/// isn't transposed.
template <class T>
Status geam(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int64_t m, int64_t n,
            const T* alpha, const T* a, int64_t lda, const T* beta, const T* b, int64_t ldb, T* c,
            int64_t ldc) {
  if (!known(ta) || !known(tb) || m < 0 || n < 0 || !alpha || !beta || ldc < std::max<int64_t>(1, m) ||
      lda < std::max<int64_t>(1, stored(ta, m, n).rows) || ldb < std::max<int64_t>(1, stored(tb, m, n).rows))
    return kBad;
  if ((c == a && ta != CUBLAS_OP_N) || (c == b && tb != CUBLAS_OP_N)) return kBad;
  if (m == 0 || n == 0) return kOk;
  if (!reach_matrix(c, m, n, ldc)) return kFailed;
  return enqueue(h, [=, al = Scalar<T>(h, alpha), be = Scalar<T>(h, beta)] {
    const T av = al.get(), bv = be.get();
    const bool use_a = !is_zero(av), use_b = !is_zero(bv);
    for (int64_t j = 0; j < n; ++j)
      for (int64_t i = 0; i < m; ++i) {
        const T x = use_a ? times(av, element(ta, a, lda, i, j)) : T{};
        c[i + j * ldc] = use_b ? plus(x, times(bv, element(tb, b, ldb, i, j))) : x;
      }
  });
}

/// c = diag(x) a, or a diag(x).
template <class T>
Status dgmm(cublasHandle_t h, cublasSideMode_t mode, int64_t m, int64_t n, const T* a, int64_t lda,
            const T* x, int64_t incx, T* c, int64_t ldc) {
  if (!known(mode) || m < 0 || n < 0 || lda < std::max<int64_t>(1, m) || ldc < std::max<int64_t>(1, m))
    return kBad;
  if (m == 0 || n == 0) return kOk;
  const int64_t length = mode == CUBLAS_SIDE_LEFT ? m : n;
  if (!reach_matrix(a, m, n, lda) || !reach_vector(x, length, incx) || !reach_matrix(c, m, n, ldc))
    return kFailed;
  return enqueue(h, [=] {
    const T* first = incx < 0 ? x - (length - 1) * incx : x;
    for (int64_t j = 0; j < n; ++j)
      for (int64_t i = 0; i < m; ++i)
        c[i + j * ldc] = times(a[i + j * lda], first[(mode == CUBLAS_SIDE_LEFT ? i : j) * incx]);
  });
}

}  // namespace ppu::cublas
