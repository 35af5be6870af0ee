// Level 1 bodies: vectors. See bodies.h.
#pragma once
#include <cmath>

#include "libs/cublas/bodies.h"

namespace ppu::cublas {

template <class T>
Status axpy(cublasHandle_t h, int64_t n, const T* alpha, const T* x, int64_t incx, T* y, int64_t incy) {
  if (n <= 0) return kOk;
  if (!alpha) return kBad;
  if (!fits(n, incx, incy)) return kNotDone;
  if (!reach_vector(x, n, incx) || !reach_vector(y, n, incy)) return kFailed;
  return enqueue(h, [=, a = Scalar<T>(h, alpha)] {
    const T value = a.get();
    Blas<T>::axpy(int(n), scalar(value), x, int(incx), y, int(incy));
  });
}

template <class T>
Status scal(cublasHandle_t h, int64_t n, const T* alpha, T* x, int64_t incx) {
  if (n <= 0 || incx <= 0) return kOk;
  if (!alpha) return kBad;
  if (!fits(n, incx)) return kNotDone;
  if (!reach_vector(x, n, incx)) return kFailed;
  return enqueue(h, [=, a = Scalar<T>(h, alpha)] {
    const T value = a.get();
    Blas<T>::scal(int(n), scalar(value), x, int(incx));
  });
}

/// A complex vector by a real number.
template <class T>
  requires(!std::is_same_v<T, Real<T>>)
Status scal(cublasHandle_t h, int64_t n, const Real<T>* alpha, T* x, int64_t incx) {
  if (n <= 0 || incx <= 0) return kOk;
  if (!alpha) return kBad;
  if (!reach_vector(x, n, incx)) return kFailed;
  return enqueue(h, [=, a = Scalar<Real<T>>(h, alpha)] {
    const Real<T> value = a.get();
    for (int64_t i = 0; i < n; ++i) x[i * incx].x *= value, x[i * incx].y *= value;
  });
}

template <class T>
Status copy(cublasHandle_t h, int64_t n, const T* x, int64_t incx, T* y, int64_t incy) {
  if (n <= 0) return kOk;
  if (!fits(n, incx, incy)) return kNotDone;
  if (!reach_vector(x, n, incx) || !reach_vector(y, n, incy)) return kFailed;
  return enqueue(h, [=] { Blas<T>::copy(int(n), x, int(incx), y, int(incy)); });
}

template <class T>
Status swap(cublasHandle_t h, int64_t n, T* x, int64_t incx, T* y, int64_t incy) {
  if (n <= 0) return kOk;
  if (!fits(n, incx, incy)) return kNotDone;
  if (!reach_vector(x, n, incx) || !reach_vector(y, n, incy)) return kFailed;
  return enqueue(h, [=] { Blas<T>::swap(int(n), x, int(incx), y, int(incy)); });
}

/// The three products of two vectors, by CBLAS function.
template <class T, class F>
Status product(cublasHandle_t h, int64_t n, const T* x, int64_t incx, const T* y, int64_t incy, T* result,
               F f) {
  if (!result) return kBad;
  if (!fits(n, incx, incy)) return kNotDone;
  if (!reach_vector(x, n, incx) || !reach_vector(y, n, incy)) return kFailed;
  return enqueue_result<T>(h, result, [=] { return n <= 0 ? T{} : f(int(n), x, int(incx), y, int(incy)); });
}

template <class T>
Status dot(cublasHandle_t h, int64_t n, const T* x, int64_t incx, const T* y, int64_t incy, T* result) {
  return product(h, n, x, incx, y, incy, result, [](int m, const T* a, int ia, const T* b, int ib) {
    if constexpr (std::is_same_v<T, float>)
      return scipy_cblas_sdot(m, a, ia, b, ib);
    else
      return scipy_cblas_ddot(m, a, ia, b, ib);
  });
}

template <class T>
Status dotu(cublasHandle_t h, int64_t n, const T* x, int64_t incx, const T* y, int64_t incy, T* result) {
  return product(h, n, x, incx, y, incy, result, [](int m, const T* a, int ia, const T* b, int ib) {
    T r;
    if constexpr (std::is_same_v<T, cuComplex>)
      scipy_cblas_cdotu_sub(m, a, ia, b, ib, &r);
    else
      scipy_cblas_zdotu_sub(m, a, ia, b, ib, &r);
    return r;
  });
}

template <class T>
Status dotc(cublasHandle_t h, int64_t n, const T* x, int64_t incx, const T* y, int64_t incy, T* result) {
  return product(h, n, x, incx, y, incy, result, [](int m, const T* a, int ia, const T* b, int ib) {
    T r;
    if constexpr (std::is_same_v<T, cuComplex>)
      scipy_cblas_cdotc_sub(m, a, ia, b, ib, &r);
    else
      scipy_cblas_zdotc_sub(m, a, ia, b, ib, &r);
    return r;
  });
}

template <class T>
Status nrm2(cublasHandle_t h, int64_t n, const T* x, int64_t incx, Real<T>* result) {
  if (!result) return kBad;
  if (!fits(n, incx)) return kNotDone;
  const bool none = n <= 0 || incx <= 0;
  if (!none && !reach_vector(x, n, incx)) return kFailed;
  return enqueue_result<Real<T>>(h, result,
                                 [=] { return none ? Real<T>(0) : Blas<T>::nrm2(int(n), x, int(incx)); });
}

template <class T>
Status asum(cublasHandle_t h, int64_t n, const T* x, int64_t incx, Real<T>* result) {
  if (!result) return kBad;
  if (!fits(n, incx)) return kNotDone;
  const bool none = n <= 0 || incx <= 0;
  if (!none && !reach_vector(x, n, incx)) return kFailed;
  return enqueue_result<Real<T>>(h, result,
                                 [=] { return none ? Real<T>(0) : Blas<T>::asum(int(n), x, int(incx)); });
}

inline double magnitude(float x) {
  return std::fabs(x);
}
inline double magnitude(double x) {
  return std::fabs(x);
}
inline double magnitude(cuComplex x) {
  return std::fabs(double(x.x)) + std::fabs(double(x.y));
}
inline double magnitude(cuDoubleComplex x) {
  return std::fabs(x.x) + std::fabs(x.y);
}

/// The first element of the largest (sign 1) or smallest (sign -1) magnitude, counted from 1; 0 for none.
template <class T, class Int>
Status extreme(cublasHandle_t h, int64_t n, const T* x, int64_t incx, Int* result, double sign) {
  if (!result) return kBad;
  const bool none = n <= 0 || incx <= 0;
  if (!none && !reach_vector(x, n, incx)) return kFailed;
  return enqueue_result<Int>(h, result, [=] {
    int64_t best = 0;
    for (int64_t i = 1; !none && i < n; ++i)
      if (sign * magnitude(x[i * incx]) > sign * magnitude(x[best * incx])) best = i;
    return none ? Int(0) : Int(best + 1);
  });
}
template <class T, class Int>
Status iamax(cublasHandle_t h, int64_t n, const T* x, int64_t incx, Int* result) {
  return extreme(h, n, x, incx, result, 1);
}
template <class T, class Int>
Status iamin(cublasHandle_t h, int64_t n, const T* x, int64_t incx, Int* result) {
  return extreme(h, n, x, incx, result, -1);
}

inline float times(float a, float b) {
  return a * b;
}
inline double times(double a, double b) {
  return a * b;
}
template <class T, class R>
T times(T a, R b)
  requires(std::is_same_v<R, Real<T>> && !std::is_same_v<T, R>)
{
  return T{a.x * b, a.y * b};
}
inline cuComplex times(cuComplex a, cuComplex b) {
  return {a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x};
}
inline cuDoubleComplex times(cuDoubleComplex a, cuDoubleComplex b) {
  return {a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x};
}
inline float plus(float a, float b) {
  return a + b;
}
inline double plus(double a, double b) {
  return a + b;
}
template <class T>
T plus(T a, T b) {
  return T{a.x + b.x, a.y + b.y};
}
template <class T>
bool is_zero(T x) {
  if constexpr (std::is_same_v<T, Real<T>>)
    return x == 0;
  else
    return x.x == 0 && x.y == 0;
}
inline float negated_conjugate(float a) {
  return -a;
}
inline double negated_conjugate(double a) {
  return -a;
}
template <class T>
T negated_conjugate(T a) {
  return T{-a.x, a.y};
}

/// x = c x + s y, y = c y - conj(s) x, with a real c and an s of either kind.
template <class T, class S>
Status rot(cublasHandle_t h, int64_t n, T* x, int64_t incx, T* y, int64_t incy, const Real<T>* c,
           const S* s) {
  if (n <= 0) return kOk;
  if (!c || !s) return kBad;
  if (!reach_vector(x, n, incx) || !reach_vector(y, n, incy)) return kFailed;
  return enqueue(h, [=, cosine = Scalar<Real<T>>(h, c), sine = Scalar<S>(h, s)] {
    const Real<T> cv = cosine.get();
    const S sv = sine.get();
    T* p = incx < 0 ? x - (n - 1) * incx : x;
    T* q = incy < 0 ? y - (n - 1) * incy : y;
    for (int64_t i = 0; i < n; ++i) {
      T &a = p[i * incx], &b = q[i * incy];
      const T old = a;
      a = plus(times(a, cv), times(b, sv));
      b = plus(times(b, cv), times(old, negated_conjugate(sv)));
    }
  });
}

/// Scalars in and out are on the side that the pointer mode says: on the host the call waits, to stay in
/// order.
template <class T, class Work>
Status on_scalars(cublasHandle_t h, Work work) {
  const Status status = enqueue(h, work);
  if (status != kOk || h->pointer_mode == CUBLAS_POINTER_MODE_DEVICE) return status;
  return cudaStreamSynchronize(h->stream) == cudaSuccess ? kOk : kFailed;
}

template <class T>
Status rotg(cublasHandle_t h, T* a, T* b, Real<T>* c, T* s) {
  if (!a || !b || !c || !s) return kBad;
  return on_scalars<T>(h, [=] {
    if constexpr (std::is_same_v<T, float>)
      scipy_cblas_srotg(a, b, c, s);
    else if constexpr (std::is_same_v<T, double>)
      scipy_cblas_drotg(a, b, c, s);
    else if constexpr (std::is_same_v<T, cuComplex>)
      scipy_cblas_crotg(a, b, c, s);
    else
      scipy_cblas_zrotg(a, b, c, s);
  });
}

template <class T>
Status rotm(cublasHandle_t h, int64_t n, T* x, int64_t incx, T* y, int64_t incy, const T* param) {
  if (n <= 0) return kOk;
  if (!param) return kBad;
  if (!fits(n, incx, incy)) return kNotDone;
  if (!reach_vector(x, n, incx) || !reach_vector(y, n, incy)) return kFailed;
  struct Five {
    T value[5];
  };
  return enqueue(h, [=, p = Scalar<Five>(h, reinterpret_cast<const Five*>(param))] {
    const Five five = p.get();
    if constexpr (std::is_same_v<T, float>)
      scipy_cblas_srotm(int(n), x, int(incx), y, int(incy), five.value);
    else
      scipy_cblas_drotm(int(n), x, int(incx), y, int(incy), five.value);
  });
}

template <class T>
Status rotmg(cublasHandle_t h, T* d1, T* d2, T* x1, const T* y1, T* param) {
  if (!d1 || !d2 || !x1 || !y1 || !param) return kBad;
  return on_scalars<T>(h, [=] {
    if constexpr (std::is_same_v<T, float>)
      scipy_cblas_srotmg(d1, d2, x1, *y1, param);
    else
      scipy_cblas_drotmg(d1, d2, x1, *y1, param);
  });
}

}  // namespace ppu::cublas
