// What the dense bodies share: LAPACK by number type, the handle, checks of arguments, and the way into the
// stream. A body is a function template over the number type with the row's arguments; complex numbers are
// std::complex here, which C programs see as cuComplex.
#pragma once
#include <complex>
#define lapack_complex_float std::complex<float>
#define lapack_complex_double std::complex<double>
#include <cuda.h>
#include <lapacke.h>
#include <library_types.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "libs/cusolver/types.h"
#include "libs/shell/complex.h"
#include "libs/shell/handles.h"
#include "libs/shell/stream_work.h"

namespace ppu::cusolver {

using Status = cusolverStatus_t;
constexpr Status kOk = CUSOLVER_STATUS_SUCCESS, kBad = CUSOLVER_STATUS_INVALID_VALUE,
                 kNotDone = CUSOLVER_STATUS_NOT_SUPPORTED;

template <class T>
struct Lapack;
#define PPU_LAPACK_COMMON(p)                              \
  static constexpr auto potrf = scipy_LAPACKE_##p##potrf; \
  static constexpr auto potrs = scipy_LAPACKE_##p##potrs; \
  static constexpr auto potri = scipy_LAPACKE_##p##potri; \
  static constexpr auto lauum = scipy_LAPACKE_##p##lauum; \
  static constexpr auto trtri = scipy_LAPACKE_##p##trtri; \
  static constexpr auto getrf = scipy_LAPACKE_##p##getrf; \
  static constexpr auto getrs = scipy_LAPACKE_##p##getrs; \
  static constexpr auto laswp = scipy_LAPACKE_##p##laswp; \
  static constexpr auto sytrf = scipy_LAPACKE_##p##sytrf; \
  static constexpr auto sytri = scipy_LAPACKE_##p##sytri; \
  static constexpr auto sytrs = scipy_LAPACKE_##p##sytrs; \
  static constexpr auto gels = scipy_LAPACKE_##p##gels;   \
  static constexpr auto geqrf = scipy_LAPACKE_##p##geqrf; \
  static constexpr auto larft = scipy_LAPACKE_##p##larft; \
  static constexpr auto gebrd = scipy_LAPACKE_##p##gebrd; \
  static constexpr auto gesvd = scipy_LAPACKE_##p##gesvd; \
  static constexpr auto geev = scipy_LAPACKE_##p##geev;
// Orthogonal and symmetric for real numbers, unitary and Hermitian for complex ones.
#define PPU_LAPACK(type, real_type, p, q, s)              \
  template <>                                             \
  struct Lapack<type> {                                   \
    using Real = real_type;                               \
    PPU_LAPACK_COMMON(p)                                  \
    static constexpr auto orgqr = scipy_LAPACKE_##q##gqr; \
    static constexpr auto ormqr = scipy_LAPACKE_##q##mqr; \
    static constexpr auto orgbr = scipy_LAPACKE_##q##gbr; \
    static constexpr auto orgtr = scipy_LAPACKE_##q##gtr; \
    static constexpr auto ormtr = scipy_LAPACKE_##q##mtr; \
    static constexpr auto sytrd = scipy_LAPACKE_##s##trd; \
    static constexpr auto syevd = scipy_LAPACKE_##s##evd; \
    static constexpr auto sygvd = scipy_LAPACKE_##s##gvd; \
  };
PPU_LAPACK(float, float, s, sor, ssy)
PPU_LAPACK(double, double, d, dor, dsy)
PPU_LAPACK(std::complex<float>, float, c, cun, che)
PPU_LAPACK(std::complex<double>, double, z, zun, zhe)
#undef PPU_LAPACK
#undef PPU_LAPACK_COMMON

template <class T>
using RealOf = typename Lapack<T>::Real;
template <class T>
constexpr bool is_complex = !std::is_same_v<T, RealOf<T>>;

using Handle = cusolverDnHandle_t;
inline auto& contexts = shell::handles<cusolverDnContext>();

inline bool known(cublasFillMode_t uplo) {
  return uplo == CUBLAS_FILL_MODE_LOWER || uplo == CUBLAS_FILL_MODE_UPPER;
}
inline bool known(cublasOperation_t o) {
  return o == CUBLAS_OP_N || o == CUBLAS_OP_T || o == CUBLAS_OP_C;
}
inline bool known(cublasSideMode_t side) {
  return side == CUBLAS_SIDE_LEFT || side == CUBLAS_SIDE_RIGHT;
}
inline bool known(cublasDiagType_t diag) {
  return diag == CUBLAS_DIAG_NON_UNIT || diag == CUBLAS_DIAG_UNIT;
}
inline bool known(cusolverEigMode_t job) {
  return job == CUSOLVER_EIG_MODE_NOVECTOR || job == CUSOLVER_EIG_MODE_VECTOR;
}
inline bool known(cusolverEigType_t type) {
  return type >= CUSOLVER_EIG_TYPE_1 && type <= CUSOLVER_EIG_TYPE_3;
}
inline char letter(cublasFillMode_t uplo) {
  return uplo == CUBLAS_FILL_MODE_UPPER ? 'U' : 'L';
}
inline char letter(cusolverEigMode_t job) {
  return job == CUSOLVER_EIG_MODE_VECTOR ? 'V' : 'N';
}
inline char letter(cublasSideMode_t side) {
  return side == CUBLAS_SIDE_RIGHT ? 'R' : 'L';
}
/// Real numbers know no conjugation, and LAPACK's orthogonal products then no 'C'.
template <class T>
char letter(cublasOperation_t o) {
  return o == CUBLAS_OP_N ? 'N' : o == CUBLAS_OP_C && is_complex<T> ? 'C' : 'T';
}

/// A leading dimension that `rows` rows fit in.
inline bool holds(int64_t ld, int64_t rows) {
  return rows >= 0 && ld >= std::max<int64_t>(1, rows);
}

/// True where the whole matrix is memory that a device could reach.
template <class T>
bool reach(const T* a, int64_t rows, int64_t columns, int64_t ld) {
  if (rows <= 0 || columns <= 0) return true;
  return shell::reachable("cusolver", a, (size_t(ld) * size_t(columns - 1) + size_t(rows)) * sizeof(T));
}
template <class T>
bool reach(const T* x, int64_t n) {
  return shell::reachable("cusolver", x, size_t(std::max<int64_t>(n, 0)) * sizeof(T));
}

/// Elements of workspace that a function asks for: LAPACK brings its own, so what is asked for is only
/// something to hand over.
inline int work_size(int64_t n) {
  return int(std::clamp<int64_t>(n, 1, 1 << 20));
}
inline Status answer_size(Handle handle, bool valid, int64_t n, int* lwork) {
  if (!contexts.find(handle)) return CUSOLVER_STATUS_NOT_INITIALIZED;
  if (!valid || !lwork) return kBad;
  *lwork = work_size(n);
  return kOk;
}

/// Runs `work` in the handle's stream.
template <class Work>
Status queue(Handle handle, Work&& work) {
  const cusolverDnContext* context = contexts.find(handle);
  if (!context) return CUSOLVER_STATUS_NOT_INITIALIZED;
  return shell::enqueue(context->stream, std::forward<Work>(work)) == CUDA_SUCCESS
             ? kOk
             : CUSOLVER_STATUS_EXECUTION_FAILED;
}
/// Waits for the handle's stream, for functions that answer on the host.
inline Status wait(Handle handle) {
  const cusolverDnContext* context = contexts.find(handle);
  return context && cuStreamSynchronize(context->stream) == CUDA_SUCCESS ? kOk
                                                                         : CUSOLVER_STATUS_EXECUTION_FAILED;
}

template <class T>
void copy_matrix(int64_t rows, int64_t columns, const T* from, int64_t ld_from, T* to, int64_t ld_to) {
  for (int64_t j = 0; j < columns; ++j) std::copy_n(from + j * ld_from, rows, to + j * ld_to);
}
template <class T>
T conjugate(T x) {
  if constexpr (is_complex<T>)
    return std::conj(x);
  else
    return x;
}

}  // namespace ppu::cusolver
