// The bodies behind ppu/cublas_rows.inc: for a row `tail`, a function template ppu::cublas::tail over the
// number type, with every count as int64_t. Arguments are checked as the cuBLAS documentation says before
// anything is queued.
#pragma once
#include "libs/cublas/blas.h"
#include "libs/cublas/handle.h"

namespace ppu::cublas {

constexpr Status kOk = CUBLAS_STATUS_SUCCESS, kBad = CUBLAS_STATUS_INVALID_VALUE,
                 kFailed = CUBLAS_STATUS_EXECUTION_FAILED, kNotDone = CUBLAS_STATUS_NOT_SUPPORTED;

inline bool known(cublasOperation_t o) {
  return o == CUBLAS_OP_N || o == CUBLAS_OP_T || o == CUBLAS_OP_C;
}
inline bool known(cublasFillMode_t u) {
  return u == CUBLAS_FILL_MODE_LOWER || u == CUBLAS_FILL_MODE_UPPER;
}
inline bool known(cublasDiagType_t d) {
  return d == CUBLAS_DIAG_NON_UNIT || d == CUBLAS_DIAG_UNIT;
}
inline bool known(cublasSideMode_t s) {
  return s == CUBLAS_SIDE_LEFT || s == CUBLAS_SIDE_RIGHT;
}

template <class T>
bool reach_vector(const T* x, int64_t n, int64_t increment) {
  return reachable(x, vector_bytes(n, increment, sizeof(T)));
}
template <class T>
bool reach_matrix(const T* a, int64_t rows, int64_t columns, int64_t ld) {
  return reachable(a, matrix_bytes(rows, columns, ld, sizeof(T)));
}

/// First element as CBLAS counts vectors with a negative increment: cuBLAS and reference BLAS agree on it.
template <class T>
using Real = typename Blas<T>::Real;

}  // namespace ppu::cublas
