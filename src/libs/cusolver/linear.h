// Bodies of the rows "Linear systems" and "Orthogonal factors", and of the systems in two precisions. See
// dense.h.
#pragma once
#include "base/log.h"
#include "libs/cusolver/dense.h"

namespace ppu::cusolver {

template <class T>
Status potrf_bufferSize(Handle h, cublasFillMode_t uplo, int n, T*, int lda, int* lwork) {
  return answer_size(h, known(uplo) && holds(lda, n), n, lwork);
}
/// A function that overwrites one triangle: factor, inverse, product with its transpose.
template <class T>
Status on_triangle(Handle h, int (*lapack)(int, char, int, T*, int), cublasFillMode_t uplo, int n, T* a,
                   int lda, int lwork, int* info) {
  if (!known(uplo) || !holds(lda, n) || lwork < work_size(n) || !reach(a, n, n, lda) || !reach(info, 1))
    return kBad;
  return queue(h, [=] { *info = lapack(LAPACK_COL_MAJOR, letter(uplo), n, a, lda); });
}
template <class T>
Status potrf(Handle h, cublasFillMode_t uplo, int n, T* a, int lda, T*, int lwork, int* info) {
  return on_triangle<T>(h, Lapack<T>::potrf, uplo, n, a, lda, lwork, info);
}
template <class T>
Status potri_bufferSize(Handle h, cublasFillMode_t uplo, int n, T* a, int lda, int* lwork) {
  return potrf_bufferSize(h, uplo, n, a, lda, lwork);
}
template <class T>
Status potri(Handle h, cublasFillMode_t uplo, int n, T* a, int lda, T*, int lwork, int* info) {
  return on_triangle<T>(h, Lapack<T>::potri, uplo, n, a, lda, lwork, info);
}
template <class T>
Status lauum_bufferSize(Handle h, cublasFillMode_t uplo, int n, T* a, int lda, int* lwork) {
  return potrf_bufferSize(h, uplo, n, a, lda, lwork);
}
template <class T>
Status lauum(Handle h, cublasFillMode_t uplo, int n, T* a, int lda, T*, int lwork, int* info) {
  return on_triangle<T>(h, Lapack<T>::lauum, uplo, n, a, lda, lwork, info);
}
template <class T>
Status potrs(Handle h, cublasFillMode_t uplo, int n, int nrhs, const T* a, int lda, T* b, int ldb,
             int* info) {
  if (!known(uplo) || !holds(lda, n) || nrhs < 0 || !holds(ldb, n) || !reach(a, n, n, lda) ||
      !reach(b, n, nrhs, ldb) || !reach(info, 1))
    return kBad;
  return queue(h, [=] { *info = Lapack<T>::potrs(LAPACK_COL_MAJOR, letter(uplo), n, nrhs, a, lda, b, ldb); });
}
template <class T>
Status potrfBatched(Handle h, cublasFillMode_t uplo, int n, T* a[], int lda, int* info, int count) {
  if (!known(uplo) || !holds(lda, n) || count < 0 || !reach(a, count) || !reach(info, count)) return kBad;
  return queue(h, [=] {
    for (int i = 0; i < count; ++i) info[i] = Lapack<T>::potrf(LAPACK_COL_MAJOR, letter(uplo), n, a[i], lda);
  });
}
/// `info` is one number: it tells of wrong arguments only.
template <class T>
Status potrsBatched(Handle h, cublasFillMode_t uplo, int n, int nrhs, T* a[], int lda, T* b[], int ldb,
                    int* info, int count) {
  if (!known(uplo) || !holds(lda, n) || nrhs < 0 || !holds(ldb, n) || count < 0 || !reach(a, count) ||
      !reach(b, count) || !reach(info, 1))
    return kBad;
  return queue(h, [=] {
    *info = 0;
    for (int i = 0; i < count; ++i)
      Lapack<T>::potrs(LAPACK_COL_MAJOR, letter(uplo), n, nrhs, a[i], lda, b[i], ldb);
  });
}

/// LU without row exchange, which is what cuSOLVER does when it is given no pivots. The 1-based index of the
/// first zero pivot, or 0.
template <class T>
int plain_lu(int m, int n, T* a, int64_t lda) {
  int zero = 0;
  for (int k = 0; k < std::min(m, n); ++k) {
    const T pivot = a[k + k * lda];
    if (pivot == T(0)) {
      if (!zero) zero = k + 1;
      continue;
    }
    for (int i = k + 1; i < m; ++i) a[i + k * lda] /= pivot;
    for (int j = k + 1; j < n; ++j)
      for (int i = k + 1; i < m; ++i) a[i + j * lda] -= a[i + k * lda] * a[k + j * lda];
  }
  return zero;
}
inline std::vector<int> straight_pivots(int n) {
  std::vector<int> pivots;
  for (int i = 1; i <= n; ++i) pivots.push_back(i);
  return pivots;
}

template <class T>
Status getrf_bufferSize(Handle h, int m, int n, T*, int lda, int* lwork) {
  return answer_size(h, n >= 0 && holds(lda, m), std::max(m, n), lwork);
}
template <class T>
Status getrf(Handle h, int m, int n, T* a, int lda, T*, int* pivots, int* info) {
  if (n < 0 || !holds(lda, m) || !reach(a, m, n, lda) || !reach(info, 1) ||
      (pivots && !reach(pivots, std::min(m, n))))
    return kBad;
  return queue(h, [=] {
    *info = pivots ? Lapack<T>::getrf(LAPACK_COL_MAJOR, m, n, a, lda, pivots) : plain_lu(m, n, a, lda);
  });
}
template <class T>
Status getrs(Handle h, cublasOperation_t trans, int n, int nrhs, const T* a, int lda, const int* pivots, T* b,
             int ldb, int* info) {
  if (!known(trans) || !holds(lda, n) || nrhs < 0 || !holds(ldb, n) || !reach(a, n, n, lda) ||
      !reach(b, n, nrhs, ldb) || !reach(info, 1) || (pivots && !reach(pivots, n)))
    return kBad;
  return queue(h, [=] {
    const std::vector<int> straight = pivots ? std::vector<int>() : straight_pivots(n);
    *info = Lapack<T>::getrs(LAPACK_COL_MAJOR, letter<T>(trans), n, nrhs, a, lda,
                             pivots ? pivots : straight.data(), b, ldb);
  });
}
template <class T>
Status laswp(Handle h, int n, T* a, int lda, int k1, int k2, const int* pivots, int incx) {
  if (n < 0 || k1 < 1 || k2 < k1 || incx == 0 || lda < 1 || !reach(a, k2, n, lda) ||
      !reach(pivots, int64_t(k2 - 1) * std::abs(incx) + 1))
    return kBad;
  return queue(h, [=] { Lapack<T>::laswp(LAPACK_COL_MAJOR, n, a, lda, k1, k2, pivots, incx); });
}

template <class T>
Status sytrf_bufferSize(Handle h, int n, T*, int lda, int* lwork) {
  return answer_size(h, holds(lda, n), n, lwork);
}
template <class T>
Status sytrf(Handle h, cublasFillMode_t uplo, int n, T* a, int lda, int* pivots, T*, int lwork, int* info) {
  if (!known(uplo) || !holds(lda, n) || lwork < work_size(n) || !reach(a, n, n, lda) || !reach(info, 1))
    return kBad;
  if (!pivots) {
    log_once("cusolver", "sytrf", "sytrf without pivots isn't written: CUSOLVER_STATUS_NOT_SUPPORTED");
    return kNotDone;
  }
  if (!reach(pivots, n)) return kBad;
  return queue(h, [=] { *info = Lapack<T>::sytrf(LAPACK_COL_MAJOR, letter(uplo), n, a, lda, pivots); });
}
template <class T>
Status sytri_bufferSize(Handle h, cublasFillMode_t uplo, int n, T* a, int lda, const int*, int* lwork) {
  return potrf_bufferSize(h, uplo, n, a, lda, lwork);
}
template <class T>
Status sytri(Handle h, cublasFillMode_t uplo, int n, T* a, int lda, const int* pivots, T*, int lwork,
             int* info) {
  if (!known(uplo) || !holds(lda, n) || lwork < work_size(n) || !reach(a, n, n, lda) || !reach(pivots, n) ||
      !reach(info, 1))
    return kBad;
  return queue(h, [=] { *info = Lapack<T>::sytri(LAPACK_COL_MAJOR, letter(uplo), n, a, lda, pivots); });
}

template <class T>
Status geqrf_bufferSize(Handle h, int m, int n, T*, int lda, int* lwork) {
  return answer_size(h, n >= 0 && holds(lda, m), n, lwork);
}
template <class T>
Status geqrf(Handle h, int m, int n, T* a, int lda, T* tau, T*, int lwork, int* info) {
  if (n < 0 || !holds(lda, m) || lwork < work_size(n) || !reach(a, m, n, lda) ||
      !reach(tau, std::min(m, n)) || !reach(info, 1))
    return kBad;
  return queue(h, [=] { *info = Lapack<T>::geqrf(LAPACK_COL_MAJOR, m, n, a, lda, tau); });
}
template <class T>
Status orgqr_bufferSize(Handle h, int m, int n, int k, const T*, int lda, const T*, int* lwork) {
  return answer_size(h, k >= 0 && n >= k && m >= n && holds(lda, m), n, lwork);
}
template <class T>
Status orgqr(Handle h, int m, int n, int k, T* a, int lda, const T* tau, T*, int lwork, int* info) {
  if (k < 0 || n < k || m < n || !holds(lda, m) || lwork < work_size(n) || !reach(a, m, n, lda) ||
      !reach(tau, k) || !reach(info, 1))
    return kBad;
  return queue(h, [=] { *info = Lapack<T>::orgqr(LAPACK_COL_MAJOR, m, n, k, a, lda, tau); });
}
template <class T>
bool product_fits(cublasSideMode_t side, cublasOperation_t trans, int m, int n, int k, int lda, int ldc) {
  const int order = side == CUBLAS_SIDE_LEFT ? m : n;
  return known(side) && known(trans) && !(is_complex<T> && trans == CUBLAS_OP_T) && n >= 0 && k >= 0 &&
         k <= order && holds(lda, order) && holds(ldc, m);
}
template <class T>
Status ormqr_bufferSize(Handle h, cublasSideMode_t side, cublasOperation_t trans, int m, int n, int k,
                        const T*, int lda, const T*, const T*, int ldc, int* lwork) {
  return answer_size(h, product_fits<T>(side, trans, m, n, k, lda, ldc), std::max(m, n), lwork);
}
template <class T>
Status ormqr(Handle h, cublasSideMode_t side, cublasOperation_t trans, int m, int n, int k, const T* a,
             int lda, const T* tau, T* c, int ldc, T*, int lwork, int* info) {
  if (!product_fits<T>(side, trans, m, n, k, lda, ldc) || lwork < work_size(std::max(m, n)) ||
      !reach(a, side == CUBLAS_SIDE_LEFT ? m : n, k, lda) || !reach(tau, k) || !reach(c, m, n, ldc) ||
      !reach(info, 1))
    return kBad;
  return queue(h, [=] {
    *info = Lapack<T>::ormqr(LAPACK_COL_MAJOR, letter(side), letter<T>(trans), m, n, k, a, lda, tau, c, ldc);
  });
}

template <class T>
Status gebrd_bufferSize(Handle h, int m, int n, int* lwork) {
  return answer_size(h, n >= 0 && m >= n, std::max(m, n), lwork);
}
template <class T>
Status gebrd(Handle h, int m, int n, T* a, int lda, RealOf<T>* d, RealOf<T>* e, T* tauq, T* taup, T*,
             int lwork, int* info) {
  if (n < 0 || m < n || !holds(lda, m) || lwork < work_size(m) || !reach(a, m, n, lda) || !reach(d, n) ||
      !reach(e, n - 1) || !reach(tauq, n) || !reach(taup, n) || !reach(info, 1))
    return kBad;
  return queue(h, [=] { *info = Lapack<T>::gebrd(LAPACK_COL_MAJOR, m, n, a, lda, d, e, tauq, taup); });
}
template <class T>
Status orgbr_bufferSize(Handle h, cublasSideMode_t side, int m, int n, int k, const T*, int lda, const T*,
                        int* lwork) {
  return answer_size(h, known(side) && n >= 0 && k >= 0 && holds(lda, m), std::max(m, n), lwork);
}
template <class T>
Status orgbr(Handle h, cublasSideMode_t side, int m, int n, int k, T* a, int lda, const T* tau, T*, int lwork,
             int* info) {
  if (!known(side) || n < 0 || k < 0 || !holds(lda, m) || lwork < work_size(std::max(m, n)) ||
      !reach(a, m, n, lda) || !reach(tau, std::min(side == CUBLAS_SIDE_LEFT ? m : n, k)) || !reach(info, 1))
    return kBad;
  const char part = side == CUBLAS_SIDE_LEFT ? 'Q' : 'P';
  return queue(h, [=] { *info = Lapack<T>::orgbr(LAPACK_COL_MAJOR, part, m, n, k, a, lda, tau); });
}
template <class T>
Status sytrd_bufferSize(Handle h, cublasFillMode_t uplo, int n, const T*, int lda, const RealOf<T>*,
                        const RealOf<T>*, const T*, int* lwork) {
  return answer_size(h, known(uplo) && holds(lda, n), n, lwork);
}
template <class T>
Status sytrd(Handle h, cublasFillMode_t uplo, int n, T* a, int lda, RealOf<T>* d, RealOf<T>* e, T* tau, T*,
             int lwork, int* info) {
  if (!known(uplo) || !holds(lda, n) || lwork < work_size(n) || !reach(a, n, n, lda) || !reach(d, n) ||
      !reach(e, n - 1) || !reach(tau, n - 1) || !reach(info, 1))
    return kBad;
  return queue(h, [=] { *info = Lapack<T>::sytrd(LAPACK_COL_MAJOR, letter(uplo), n, a, lda, d, e, tau); });
}
template <class T>
Status orgtr_bufferSize(Handle h, cublasFillMode_t uplo, int n, const T*, int lda, const T*, int* lwork) {
  return answer_size(h, known(uplo) && holds(lda, n), n, lwork);
}
template <class T>
Status orgtr(Handle h, cublasFillMode_t uplo, int n, T* a, int lda, const T* tau, T*, int lwork, int* info) {
  if (!known(uplo) || !holds(lda, n) || lwork < work_size(n) || !reach(a, n, n, lda) || !reach(tau, n - 1) ||
      !reach(info, 1))
    return kBad;
  return queue(h, [=] { *info = Lapack<T>::orgtr(LAPACK_COL_MAJOR, letter(uplo), n, a, lda, tau); });
}
template <class T>
Status ormtr_bufferSize(Handle h, cublasSideMode_t side, cublasFillMode_t uplo, cublasOperation_t trans,
                        int m, int n, const T*, int lda, const T*, const T*, int ldc, int* lwork) {
  return answer_size(h, known(uplo) && product_fits<T>(side, trans, m, n, 0, lda, ldc), std::max(m, n),
                     lwork);
}
template <class T>
Status ormtr(Handle h, cublasSideMode_t side, cublasFillMode_t uplo, cublasOperation_t trans, int m, int n,
             T* a, int lda, T* tau, T* c, int ldc, T*, int lwork, int* info) {
  const int order = side == CUBLAS_SIDE_LEFT ? m : n;
  if (!known(uplo) || !product_fits<T>(side, trans, m, n, 0, lda, ldc) || lwork < work_size(std::max(m, n)) ||
      !reach(a, order, order, lda) || !reach(tau, order - 1) || !reach(c, m, n, ldc) || !reach(info, 1))
    return kBad;
  return queue(h, [=] {
    *info = Lapack<T>::ormtr(LAPACK_COL_MAJOR, letter(side), letter(uplo), letter<T>(trans), m, n, a, lda,
                             tau, c, ldc);
  });
}

// Systems in two precisions: solved in the main one, so that no refinement is needed and A stays as it was.

/// LAPACK's answer.
template <class T>
int solve_beside(int n, int nrhs, const T* a, int lda, int* pivots, const T* b, int ldb, T* x, int ldx) {
  std::vector<T> factors(size_t(n) * size_t(n));
  copy_matrix(n, n, a, lda, factors.data(), n);
  const int ld = std::max(1, n), info = Lapack<T>::getrf(LAPACK_COL_MAJOR, n, n, factors.data(), ld, pivots);
  if (info) return info;
  copy_matrix(n, nrhs, b, ldb, x, ldx);
  return Lapack<T>::getrs(LAPACK_COL_MAJOR, 'N', n, nrhs, factors.data(), ld, pivots, x, ldx);
}
template <class T>
Status gesv_bufferSize(Handle h, int n, int nrhs, T*, int lda, int*, T*, int ldb, T*, int ldx, void*,
                       size_t* bytes) {
  if (!contexts.find(h)) return CUSOLVER_STATUS_NOT_INITIALIZED;
  if (nrhs < 0 || !holds(lda, n) || !holds(ldb, n) || !holds(ldx, n) || !bytes) return kBad;
  *bytes = size_t(work_size(n)) * sizeof(T);
  return kOk;
}
template <class T>
Status gesv(Handle h, int n, int nrhs, T* a, int lda, int* pivots, T* b, int ldb, T* x, int ldx, void*,
            size_t bytes, int* iterations, int* info) {
  if (nrhs < 0 || !holds(lda, n) || !holds(ldb, n) || !holds(ldx, n) ||
      bytes < size_t(work_size(n)) * sizeof(T) || !iterations || !reach(a, n, n, lda) || !reach(pivots, n) ||
      !reach(b, n, nrhs, ldb) || !reach(x, n, nrhs, ldx) || !reach(info, 1))
    return kBad;
  *iterations = 0;
  return queue(h, [=] { *info = solve_beside<T>(n, nrhs, a, lda, pivots, b, ldb, x, ldx); });
}
template <class T>
Status gels_bufferSize(Handle h, int m, int n, int nrhs, T*, int lda, T*, int ldb, T*, int ldx, void*,
                       size_t* bytes) {
  if (!contexts.find(h)) return CUSOLVER_STATUS_NOT_INITIALIZED;
  if (n < 0 || m < n || nrhs < 0 || !holds(lda, m) || !holds(ldb, m) || !holds(ldx, n) || !bytes) return kBad;
  *bytes = size_t(work_size(m)) * sizeof(T);
  return kOk;
}
template <class T>
Status gels(Handle h, int m, int n, int nrhs, T* a, int lda, T* b, int ldb, T* x, int ldx, void*,
            size_t bytes, int* iterations, int* info) {
  if (n < 0 || m < n || nrhs < 0 || !holds(lda, m) || !holds(ldb, m) || !holds(ldx, n) ||
      bytes < size_t(work_size(m)) * sizeof(T) || !iterations || !reach(a, m, n, lda) ||
      !reach(b, m, nrhs, ldb) || !reach(x, n, nrhs, ldx) || !reach(info, 1))
    return kBad;
  *iterations = 0;
  return queue(h, [=] {
    const int ld = std::max(1, m);
    std::vector<T> factors(size_t(m) * size_t(n)), right(size_t(m) * size_t(nrhs));
    copy_matrix(m, n, a, lda, factors.data(), ld);
    copy_matrix(m, nrhs, b, ldb, right.data(), ld);
    *info = Lapack<T>::gels(LAPACK_COL_MAJOR, 'N', m, n, nrhs, factors.data(), ld, right.data(), ld);
    copy_matrix(n, nrhs, right.data(), ld, x, ldx);
  });
}

}  // namespace ppu::cusolver
