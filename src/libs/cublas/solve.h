// Batches of small systems: LU factors, solutions and inverses, by OpenBLAS's LAPACK. See bodies.h.
#pragma once
#include <lapacke.h>
#include <complex>

#include "libs/cublas/level3.h"

namespace ppu::cublas {

template <class T>
struct Lapack;
#define PPU_LAPACK(type, own, p)                                                                            \
  template <>                                                                                               \
  struct Lapack<type> {                                                                                     \
    static int getrf(int n, type* a, int lda, int* pivots) {                                                \
      return scipy_LAPACKE_##p##getrf_work(LAPACK_COL_MAJOR, n, n, reinterpret_cast<own*>(a), lda, pivots); \
    }                                                                                                       \
    static int getrs(char trans, int n, int nrhs, const type* a, int lda, const int* pivots, type* b,       \
                     int ldb) {                                                                             \
      return scipy_LAPACKE_##p##getrs_work(LAPACK_COL_MAJOR, trans, n, nrhs,                                \
                                           reinterpret_cast<const own*>(a), lda, pivots,                    \
                                           reinterpret_cast<own*>(b), ldb);                                 \
    }                                                                                                       \
    static int geqrf(int m, int n, type* a, int lda, type* tau) {                                           \
      return scipy_LAPACKE_##p##geqrf(LAPACK_COL_MAJOR, m, n, reinterpret_cast<own*>(a), lda,               \
                                      reinterpret_cast<own*>(tau));                                         \
    }                                                                                                       \
    static int gels(int m, int n, int nrhs, type* a, int lda, type* b, int ldb) {                           \
      return scipy_LAPACKE_##p##gels(LAPACK_COL_MAJOR, 'N', m, n, nrhs, reinterpret_cast<own*>(a), lda,     \
                                     reinterpret_cast<own*>(b), ldb);                                       \
    }                                                                                                       \
  };
PPU_LAPACK(float, float, s)
PPU_LAPACK(double, double, d)
PPU_LAPACK(cuComplex, lapack_complex_float, c)
PPU_LAPACK(cuDoubleComplex, lapack_complex_double, z)
#undef PPU_LAPACK

inline float one(float) {
  return 1;
}
inline double one(double) {
  return 1;
}
inline cuComplex one(cuComplex) {
  return {1, 0};
}
inline cuDoubleComplex one(cuDoubleComplex) {
  return {1, 0};
}

inline float divide(float a, float b) {
  return a / b;
}
inline double divide(double a, double b) {
  return a / b;
}
template <class T>
T divide(T a, T b) {
  const auto q = std::complex(a.x, a.y) / std::complex(b.x, b.y);
  return T{q.real(), q.imag()};
}
inline float minus(float a, float b) {
  return a - b;
}
inline double minus(double a, double b) {
  return a - b;
}
template <class T>
T minus(T a, T b) {
  return T{a.x - b.x, a.y - b.y};
}

/// LU without row exchange, as cuBLAS does when it is given no pivots. Returns the 1-based index of a zero
/// pivot, or 0.
template <class T>
int plain_lu(int n, T* a, int64_t lda) {
  int zero = 0;
  for (int k = 0; k < n; ++k) {
    const T pivot = a[k + k * lda];
    if (is_zero(pivot)) {
      if (!zero) zero = k + 1;
      continue;
    }
    const T inverse = divide(one(pivot), pivot);
    for (int i = k + 1; i < n; ++i) a[i + k * lda] = times(a[i + k * lda], inverse);
    for (int j = k + 1; j < n; ++j)
      for (int i = k + 1; i < n; ++i)
        a[i + j * lda] = minus(a[i + j * lda], times(a[i + k * lda], a[k + j * lda]));
  }
  return zero;
}

template <class T>
Status getrfBatched(cublasHandle_t h, int n, T* const a[], int lda, int* pivots, int* info, int count) {
  if (n < 0 || count < 0 || lda < std::max(1, n)) return kBad;
  if (n == 0 || count == 0) return kOk;
  if (!info) return kBad;
  if (!reach_vector(a, count, 1) || !reach_vector(info, count, 1)) return kFailed;
  return enqueue(h, [=] {
    for (int i = 0; i < count; ++i)
      info[i] = pivots ? Lapack<T>::getrf(n, a[i], lda, pivots + int64_t(i) * n) : plain_lu(n, a[i], lda);
  });
}

/// Solves with factors that getrf made; pivots null = no row exchange.
template <class T>
void solve(char trans, int n, int nrhs, const T* a, int lda, const int* pivots, T* b, int ldb) {
  std::vector<int> straight;
  if (!pivots) {
    for (int i = 1; i <= n; ++i) straight.push_back(i);
    pivots = straight.data();
  }
  Lapack<T>::getrs(trans, n, nrhs, a, lda, pivots, b, ldb);
}

/// `info` is the host's: it tells of wrong arguments only.
template <class T>
Status getrsBatched(cublasHandle_t h, cublasOperation_t trans, int n, int nrhs, const T* const a[], int lda,
                    const int* pivots, T* const b[], int ldb, int* info, int count) {
  const int wrong = !known(trans)          ? -1
                    : n < 0                ? -2
                    : nrhs < 0             ? -3
                    : lda < std::max(1, n) ? -5
                    : ldb < std::max(1, n) ? -8
                    : count < 0            ? -10
                                           : 0;
  if (info) *info = wrong;
  if (wrong) return kBad;
  if (n == 0 || nrhs == 0 || count == 0) return kOk;
  if (!reach_vector(a, count, 1) || !reach_vector(b, count, 1)) return kFailed;
  const char letter = trans == CUBLAS_OP_N ? 'N' : trans == CUBLAS_OP_T ? 'T' : 'C';
  return enqueue(h, [=] {
    for (int i = 0; i < count; ++i)
      solve(letter, n, nrhs, a[i], lda, pivots ? pivots + int64_t(i) * n : nullptr, b[i], ldb);
  });
}

template <class T>
void identity(int n, T* c, int64_t ldc) {
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i) c[i + j * ldc] = i == j ? one(T{}) : T{};
}

template <class T>
int zero_pivot(int n, const T* a, int64_t lda) {
  for (int i = 0; i < n; ++i)
    if (is_zero(a[i + i * lda])) return i + 1;
  return 0;
}

template <class T>
Status getriBatched(cublasHandle_t h, int n, const T* const a[], int lda, const int* pivots, T* const c[],
                    int ldc, int* info, int count) {
  if (n < 0 || count < 0 || lda < std::max(1, n) || ldc < std::max(1, n) || !info) return kBad;
  if (n == 0 || count == 0) return kOk;
  if (!reach_vector(a, count, 1) || !reach_vector(c, count, 1) || !reach_vector(info, count, 1))
    return kFailed;
  return enqueue(h, [=] {
    for (int i = 0; i < count; ++i) {
      info[i] = zero_pivot(n, a[i], lda);
      if (info[i]) continue;
      identity(n, c[i], ldc);
      solve('N', n, n, a[i], lda, pivots ? pivots + int64_t(i) * n : nullptr, c[i], ldc);
    }
  });
}

template <class T>
Status matinvBatched(cublasHandle_t h, int n, const T* const a[], int lda, T* const inverse[], int ldinv,
                     int* info, int count) {
  if (n < 0 || n > 32 || count < 0 || lda < std::max(1, n) || ldinv < std::max(1, n) || !info) return kBad;
  if (n == 0 || count == 0) return kOk;
  if (!reach_vector(a, count, 1) || !reach_vector(inverse, count, 1) || !reach_vector(info, count, 1))
    return kFailed;
  return enqueue(h, [=] {
    std::vector<T> factors(size_t(n) * size_t(n));
    std::vector<int> pivots(size_t(n), 0);
    for (int i = 0; i < count; ++i) {
      copy_matrix(n, n, a[i], lda, factors.data(), n);
      info[i] = Lapack<T>::getrf(n, factors.data(), n, pivots.data());
      if (info[i]) continue;
      identity(n, inverse[i], ldinv);
      solve('N', n, n, factors.data(), n, pivots.data(), inverse[i], ldinv);
    }
  });
}

}  // namespace ppu::cublas
