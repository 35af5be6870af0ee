// Level 2 bodies: a matrix and vectors. See bodies.h.
#pragma once
#include <algorithm>

#include "libs/cublas/bodies.h"
#include "libs/cublas/symmetric.h"

namespace ppu::cublas {

template <class T>
Status gemv(cublasHandle_t h, cublasOperation_t trans, int64_t m, int64_t n, const T* alpha, const T* a,
            int64_t lda, const T* x, int64_t incx, const T* beta, T* y, int64_t incy) {
  if (!known(trans) || m < 0 || n < 0 || lda < std::max<int64_t>(1, m) || !incx || !incy || !alpha || !beta)
    return kBad;
  if (m == 0 || n == 0) return kOk;
  if (!fits(m, n, lda, incx, incy)) return kNotDone;
  const bool straight = trans == CUBLAS_OP_N;
  if (!reach_matrix(a, m, n, lda) || !reach_vector(x, straight ? n : m, incx) ||
      !reach_vector(y, straight ? m : n, incy))
    return kFailed;
  return enqueue(h, [=, al = Scalar<T>(h, alpha), be = Scalar<T>(h, beta)] {
    const T av = al.get(), bv = be.get();
    Blas<T>::gemv(CblasColMajor, op(trans), int(m), int(n), scalar(av), a, int(lda), x, int(incx), scalar(bv),
                  y, int(incy));
  });
}

template <class T>
Status gbmv(cublasHandle_t h, cublasOperation_t trans, int64_t m, int64_t n, int64_t kl, int64_t ku,
            const T* alpha, const T* a, int64_t lda, const T* x, int64_t incx, const T* beta, T* y,
            int64_t incy) {
  if (!known(trans) || m < 0 || n < 0 || kl < 0 || ku < 0 || lda < kl + ku + 1 || !incx || !incy || !alpha ||
      !beta)
    return kBad;
  if (m == 0 || n == 0) return kOk;
  if (!fits(m, n, kl, ku, lda, incx, incy)) return kNotDone;
  const bool straight = trans == CUBLAS_OP_N;
  if (!reach_matrix(a, kl + ku + 1, n, lda) || !reach_vector(x, straight ? n : m, incx) ||
      !reach_vector(y, straight ? m : n, incy))
    return kFailed;
  return enqueue(h, [=, al = Scalar<T>(h, alpha), be = Scalar<T>(h, beta)] {
    const T av = al.get(), bv = be.get();
    Blas<T>::gbmv(CblasColMajor, op(trans), int(m), int(n), int(kl), int(ku), scalar(av), a, int(lda), x,
                  int(incx), scalar(bv), y, int(incy));
  });
}

/// trmv, trsv: a triangle in full storage.
template <class T, class F>
Status triangle(cublasHandle_t h, cublasFillMode_t uplo, cublasOperation_t trans, cublasDiagType_t diag,
                int64_t n, const T* a, int64_t lda, T* x, int64_t incx, F f) {
  if (!known(uplo) || !known(trans) || !known(diag) || n < 0 || lda < std::max<int64_t>(1, n) || !incx)
    return kBad;
  if (n == 0) return kOk;
  if (!fits(n, lda, incx)) return kNotDone;
  if (!reach_matrix(a, n, n, lda) || !reach_vector(x, n, incx)) return kFailed;
  return enqueue(
      h, [=] { f(CblasColMajor, part(uplo), op(trans), part(diag), int(n), a, int(lda), x, int(incx)); });
}
template <class T>
Status trmv(cublasHandle_t h, cublasFillMode_t uplo, cublasOperation_t trans, cublasDiagType_t diag,
            int64_t n, const T* a, int64_t lda, T* x, int64_t incx) {
  return triangle(h, uplo, trans, diag, n, a, lda, x, incx, Blas<T>::trmv);
}
template <class T>
Status trsv(cublasHandle_t h, cublasFillMode_t uplo, cublasOperation_t trans, cublasDiagType_t diag,
            int64_t n, const T* a, int64_t lda, T* x, int64_t incx) {
  return triangle(h, uplo, trans, diag, n, a, lda, x, incx, Blas<T>::trsv);
}

/// tbmv, tbsv: a triangle of k diagonals beside the main one.
template <class T, class F>
Status band_triangle(cublasHandle_t h, cublasFillMode_t uplo, cublasOperation_t trans, cublasDiagType_t diag,
                     int64_t n, int64_t k, const T* a, int64_t lda, T* x, int64_t incx, F f) {
  if (!known(uplo) || !known(trans) || !known(diag) || n < 0 || k < 0 || lda < k + 1 || !incx) return kBad;
  if (n == 0) return kOk;
  if (!fits(n, k, lda, incx)) return kNotDone;
  if (!reach_matrix(a, k + 1, n, lda) || !reach_vector(x, n, incx)) return kFailed;
  return enqueue(h, [=] {
    f(CblasColMajor, part(uplo), op(trans), part(diag), int(n), int(k), a, int(lda), x, int(incx));
  });
}
template <class T>
Status tbmv(cublasHandle_t h, cublasFillMode_t uplo, cublasOperation_t trans, cublasDiagType_t diag,
            int64_t n, int64_t k, const T* a, int64_t lda, T* x, int64_t incx) {
  return band_triangle(h, uplo, trans, diag, n, k, a, lda, x, incx, Blas<T>::tbmv);
}
template <class T>
Status tbsv(cublasHandle_t h, cublasFillMode_t uplo, cublasOperation_t trans, cublasDiagType_t diag,
            int64_t n, int64_t k, const T* a, int64_t lda, T* x, int64_t incx) {
  return band_triangle(h, uplo, trans, diag, n, k, a, lda, x, incx, Blas<T>::tbsv);
}

/// tpmv, tpsv: a triangle in packed storage.
template <class T, class F>
Status packed_triangle(cublasHandle_t h, cublasFillMode_t uplo, cublasOperation_t trans,
                       cublasDiagType_t diag, int64_t n, const T* ap, T* x, int64_t incx, F f) {
  if (!known(uplo) || !known(trans) || !known(diag) || n < 0 || !incx) return kBad;
  if (n == 0) return kOk;
  if (!fits(n, incx)) return kNotDone;
  if (!reach_vector(ap, n * (n + 1) / 2, 1) || !reach_vector(x, n, incx)) return kFailed;
  return enqueue(h, [=] { f(CblasColMajor, part(uplo), op(trans), part(diag), int(n), ap, x, int(incx)); });
}
template <class T>
Status tpmv(cublasHandle_t h, cublasFillMode_t uplo, cublasOperation_t trans, cublasDiagType_t diag,
            int64_t n, const T* ap, T* x, int64_t incx) {
  return packed_triangle(h, uplo, trans, diag, n, ap, x, incx, Blas<T>::tpmv);
}
template <class T>
Status tpsv(cublasHandle_t h, cublasFillMode_t uplo, cublasOperation_t trans, cublasDiagType_t diag,
            int64_t n, const T* ap, T* x, int64_t incx) {
  return packed_triangle(h, uplo, trans, diag, n, ap, x, incx, Blas<T>::tpsv);
}

template <class T>
Status symmetric_mv(cublasHandle_t h, cublasFillMode_t uplo, int64_t n, const T* alpha, const T* a,
                    int64_t lda, const T* x, int64_t incx, const T* beta, T* y, int64_t incy) {
  if (!known(uplo) || n < 0 || lda < std::max<int64_t>(1, n) || !incx || !incy || !alpha || !beta)
    return kBad;
  if (n == 0) return kOk;
  if (!fits(n, lda, incx, incy)) return kNotDone;
  if (!reach_matrix(a, n, n, lda) || !reach_vector(x, n, incx) || !reach_vector(y, n, incy)) return kFailed;
  return enqueue(h, [=, al = Scalar<T>(h, alpha), be = Scalar<T>(h, beta)] {
    const T av = al.get(), bv = be.get();
    Blas<T>::mv(CblasColMajor, part(uplo), int(n), scalar(av), a, int(lda), x, int(incx), scalar(bv), y,
                int(incy));
  });
}
template <class T>
Status symv(cublasHandle_t h, cublasFillMode_t uplo, int64_t n, const T* alpha, const T* a, int64_t lda,
            const T* x, int64_t incx, const T* beta, T* y, int64_t incy) {
  if constexpr (std::is_same_v<T, Real<T>>)
    return symmetric_mv(h, uplo, n, alpha, a, lda, x, incx, beta, y, incy);
  else
    return complex_symv(h, uplo, n, alpha, a, lda, x, incx, beta, y, incy);
}
template <class T>
Status hemv(cublasHandle_t h, cublasFillMode_t uplo, int64_t n, const T* alpha, const T* a, int64_t lda,
            const T* x, int64_t incx, const T* beta, T* y, int64_t incy) {
  return symmetric_mv(h, uplo, n, alpha, a, lda, x, incx, beta, y, incy);
}

template <class T>
Status symmetric_band(cublasHandle_t h, cublasFillMode_t uplo, int64_t n, int64_t k, const T* alpha,
                      const T* a, int64_t lda, const T* x, int64_t incx, const T* beta, T* y, int64_t incy) {
  if (!known(uplo) || n < 0 || k < 0 || lda < k + 1 || !incx || !incy || !alpha || !beta) return kBad;
  if (n == 0) return kOk;
  if (!fits(n, k, lda, incx, incy)) return kNotDone;
  if (!reach_matrix(a, k + 1, n, lda) || !reach_vector(x, n, incx) || !reach_vector(y, n, incy))
    return kFailed;
  return enqueue(h, [=, al = Scalar<T>(h, alpha), be = Scalar<T>(h, beta)] {
    const T av = al.get(), bv = be.get();
    Blas<T>::bmv(CblasColMajor, part(uplo), int(n), int(k), scalar(av), a, int(lda), x, int(incx), scalar(bv),
                 y, int(incy));
  });
}
template <class T>
Status sbmv(cublasHandle_t h, cublasFillMode_t uplo, int64_t n, int64_t k, const T* alpha, const T* a,
            int64_t lda, const T* x, int64_t incx, const T* beta, T* y, int64_t incy) {
  return symmetric_band(h, uplo, n, k, alpha, a, lda, x, incx, beta, y, incy);
}
template <class T>
Status hbmv(cublasHandle_t h, cublasFillMode_t uplo, int64_t n, int64_t k, const T* alpha, const T* a,
            int64_t lda, const T* x, int64_t incx, const T* beta, T* y, int64_t incy) {
  return symmetric_band(h, uplo, n, k, alpha, a, lda, x, incx, beta, y, incy);
}

template <class T>
Status symmetric_packed(cublasHandle_t h, cublasFillMode_t uplo, int64_t n, const T* alpha, const T* ap,
                        const T* x, int64_t incx, const T* beta, T* y, int64_t incy) {
  if (!known(uplo) || n < 0 || !incx || !incy || !alpha || !beta) return kBad;
  if (n == 0) return kOk;
  if (!fits(n, incx, incy)) return kNotDone;
  if (!reach_vector(ap, n * (n + 1) / 2, 1) || !reach_vector(x, n, incx) || !reach_vector(y, n, incy))
    return kFailed;
  return enqueue(h, [=, al = Scalar<T>(h, alpha), be = Scalar<T>(h, beta)] {
    const T av = al.get(), bv = be.get();
    Blas<T>::pmv(CblasColMajor, part(uplo), int(n), scalar(av), ap, x, int(incx), scalar(bv), y, int(incy));
  });
}
template <class T>
Status spmv(cublasHandle_t h, cublasFillMode_t uplo, int64_t n, const T* alpha, const T* ap, const T* x,
            int64_t incx, const T* beta, T* y, int64_t incy) {
  return symmetric_packed(h, uplo, n, alpha, ap, x, incx, beta, y, incy);
}
template <class T>
Status hpmv(cublasHandle_t h, cublasFillMode_t uplo, int64_t n, const T* alpha, const T* ap, const T* x,
            int64_t incx, const T* beta, T* y, int64_t incy) {
  return symmetric_packed(h, uplo, n, alpha, ap, x, incx, beta, y, incy);
}

/// ger, geru, gerc.
template <class T, class F>
Status rank_one(cublasHandle_t h, int64_t m, int64_t n, const T* alpha, const T* x, int64_t incx, const T* y,
                int64_t incy, T* a, int64_t lda, F f) {
  if (m < 0 || n < 0 || lda < std::max<int64_t>(1, m) || !incx || !incy || !alpha) return kBad;
  if (m == 0 || n == 0) return kOk;
  if (!fits(m, n, lda, incx, incy)) return kNotDone;
  if (!reach_matrix(a, m, n, lda) || !reach_vector(x, m, incx) || !reach_vector(y, n, incy)) return kFailed;
  return enqueue(h, [=, al = Scalar<T>(h, alpha)] {
    const T av = al.get();
    f(CblasColMajor, int(m), int(n), scalar(av), x, int(incx), y, int(incy), a, int(lda));
  });
}
#define PPU_RANK_ONE(name, type, function)                                                                   \
  inline Status name(cublasHandle_t h, int64_t m, int64_t n, const type* alpha, const type* x, int64_t incx, \
                     const type* y, int64_t incy, type* a, int64_t lda) {                                    \
    return rank_one(h, m, n, alpha, x, incx, y, incy, a, lda, function);                                     \
  }
PPU_RANK_ONE(ger, float, scipy_cblas_sger)
PPU_RANK_ONE(ger, double, scipy_cblas_dger)
PPU_RANK_ONE(geru, cuComplex, scipy_cblas_cgeru)
PPU_RANK_ONE(geru, cuDoubleComplex, scipy_cblas_zgeru)
PPU_RANK_ONE(gerc, cuComplex, scipy_cblas_cgerc)
PPU_RANK_ONE(gerc, cuDoubleComplex, scipy_cblas_zgerc)
#undef PPU_RANK_ONE

/// syr, her: alpha is real in both.
template <class T>
Status symmetric_rank1(cublasHandle_t h, cublasFillMode_t uplo, int64_t n, const Real<T>* alpha, const T* x,
                       int64_t incx, T* a, int64_t lda) {
  if (!known(uplo) || n < 0 || lda < std::max<int64_t>(1, n) || !incx || !alpha) return kBad;
  if (n == 0) return kOk;
  if (!fits(n, lda, incx)) return kNotDone;
  if (!reach_matrix(a, n, n, lda) || !reach_vector(x, n, incx)) return kFailed;
  return enqueue(h, [=, al = Scalar<Real<T>>(h, alpha)] {
    Blas<T>::rank1(CblasColMajor, part(uplo), int(n), al.get(), x, int(incx), a, int(lda));
  });
}
template <class T>
Status syr(cublasHandle_t h, cublasFillMode_t uplo, int64_t n, const T* alpha, const T* x, int64_t incx, T* a,
           int64_t lda) {
  if constexpr (std::is_same_v<T, Real<T>>)
    return symmetric_rank1<T>(h, uplo, n, alpha, x, incx, a, lda);
  else
    return complex_syr2(h, uplo, n, alpha, x, incx, x, incx, a, lda, false);
}
template <class T>
Status her(cublasHandle_t h, cublasFillMode_t uplo, int64_t n, const Real<T>* alpha, const T* x, int64_t incx,
           T* a, int64_t lda) {
  return symmetric_rank1<T>(h, uplo, n, alpha, x, incx, a, lda);
}

template <class T>
Status packed_rank1(cublasHandle_t h, cublasFillMode_t uplo, int64_t n, const Real<T>* alpha, const T* x,
                    int64_t incx, T* ap) {
  if (!known(uplo) || n < 0 || !incx || !alpha) return kBad;
  if (n == 0) return kOk;
  if (!fits(n, incx)) return kNotDone;
  if (!reach_vector(ap, n * (n + 1) / 2, 1) || !reach_vector(x, n, incx)) return kFailed;
  return enqueue(h, [=, al = Scalar<Real<T>>(h, alpha)] {
    Blas<T>::packed1(CblasColMajor, part(uplo), int(n), al.get(), x, int(incx), ap);
  });
}
template <class T>
Status spr(cublasHandle_t h, cublasFillMode_t uplo, int64_t n, const T* alpha, const T* x, int64_t incx,
           T* ap) {
  return packed_rank1<T>(h, uplo, n, alpha, x, incx, ap);
}
template <class T>
Status hpr(cublasHandle_t h, cublasFillMode_t uplo, int64_t n, const Real<T>* alpha, const T* x, int64_t incx,
           T* ap) {
  return packed_rank1<T>(h, uplo, n, alpha, x, incx, ap);
}

template <class T>
Status symmetric_rank2(cublasHandle_t h, cublasFillMode_t uplo, int64_t n, const T* alpha, const T* x,
                       int64_t incx, const T* y, int64_t incy, T* a, int64_t lda) {
  if (!known(uplo) || n < 0 || lda < std::max<int64_t>(1, n) || !incx || !incy || !alpha) return kBad;
  if (n == 0) return kOk;
  if (!fits(n, lda, incx, incy)) return kNotDone;
  if (!reach_matrix(a, n, n, lda) || !reach_vector(x, n, incx) || !reach_vector(y, n, incy)) return kFailed;
  return enqueue(h, [=, al = Scalar<T>(h, alpha)] {
    const T av = al.get();
    Blas<T>::rank2(CblasColMajor, part(uplo), int(n), scalar(av), x, int(incx), y, int(incy), a, int(lda));
  });
}
template <class T>
Status syr2(cublasHandle_t h, cublasFillMode_t uplo, int64_t n, const T* alpha, const T* x, int64_t incx,
            const T* y, int64_t incy, T* a, int64_t lda) {
  if constexpr (std::is_same_v<T, Real<T>>)
    return symmetric_rank2(h, uplo, n, alpha, x, incx, y, incy, a, lda);
  else
    return complex_syr2(h, uplo, n, alpha, x, incx, y, incy, a, lda, true);
}
template <class T>
Status her2(cublasHandle_t h, cublasFillMode_t uplo, int64_t n, const T* alpha, const T* x, int64_t incx,
            const T* y, int64_t incy, T* a, int64_t lda) {
  return symmetric_rank2(h, uplo, n, alpha, x, incx, y, incy, a, lda);
}

template <class T>
Status packed_rank2(cublasHandle_t h, cublasFillMode_t uplo, int64_t n, const T* alpha, const T* x,
                    int64_t incx, const T* y, int64_t incy, T* ap) {
  if (!known(uplo) || n < 0 || !incx || !incy || !alpha) return kBad;
  if (n == 0) return kOk;
  if (!fits(n, incx, incy)) return kNotDone;
  if (!reach_vector(ap, n * (n + 1) / 2, 1) || !reach_vector(x, n, incx) || !reach_vector(y, n, incy))
    return kFailed;
  return enqueue(h, [=, al = Scalar<T>(h, alpha)] {
    const T av = al.get();
    Blas<T>::packed2(CblasColMajor, part(uplo), int(n), scalar(av), x, int(incx), y, int(incy), ap);
  });
}
template <class T>
Status spr2(cublasHandle_t h, cublasFillMode_t uplo, int64_t n, const T* alpha, const T* x, int64_t incx,
            const T* y, int64_t incy, T* ap) {
  return packed_rank2(h, uplo, n, alpha, x, incx, y, incy, ap);
}
template <class T>
Status hpr2(cublasHandle_t h, cublasFillMode_t uplo, int64_t n, const T* alpha, const T* x, int64_t incx,
            const T* y, int64_t incy, T* ap) {
  return packed_rank2(h, uplo, n, alpha, x, incx, y, incy, ap);
}

}  // namespace ppu::cublas
