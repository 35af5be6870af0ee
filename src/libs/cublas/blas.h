// OpenBLAS's CBLAS by number type: Blas<float>::gemm is cblas_sgemm and so on (SciPy's build of OpenBLAS
// prefixes its names), with scalars passed as CBLAS wants them (real ones by value, complex ones by address)
// and cuBLAS's enumerators translated.
#pragma once
#include <cblas.h>
#include <cuComplex.h>
#include <ppu/cublas_api.h>

#include <cstdint>

namespace ppu::cublas {

inline CBLAS_TRANSPOSE op(cublasOperation_t o) {
  return o == CUBLAS_OP_N ? CblasNoTrans : o == CUBLAS_OP_T ? CblasTrans : CblasConjTrans;
}
inline CBLAS_UPLO part(cublasFillMode_t u) {
  return u == CUBLAS_FILL_MODE_UPPER ? CblasUpper : CblasLower;
}
inline CBLAS_DIAG part(cublasDiagType_t d) {
  return d == CUBLAS_DIAG_UNIT ? CblasUnit : CblasNonUnit;
}
inline CBLAS_SIDE part(cublasSideMode_t s) {
  return s == CUBLAS_SIDE_RIGHT ? CblasRight : CblasLeft;
}

inline float scalar(const float& x) {
  return x;
}
inline double scalar(const double& x) {
  return x;
}
inline const void* scalar(const cuComplex& x) {
  return &x;
}
inline const void* scalar(const cuDoubleComplex& x) {
  return &x;
}

template <class T>
struct Blas;

#define PPU_BLAS_COMMON(p)                              \
  static constexpr auto axpy = scipy_cblas_##p##axpy;   \
  static constexpr auto scal = scipy_cblas_##p##scal;   \
  static constexpr auto copy = scipy_cblas_##p##copy;   \
  static constexpr auto swap = scipy_cblas_##p##swap;   \
  static constexpr auto amax = scipy_cblas_i##p##amax;  \
  static constexpr auto gemv = scipy_cblas_##p##gemv;   \
  static constexpr auto gbmv = scipy_cblas_##p##gbmv;   \
  static constexpr auto trmv = scipy_cblas_##p##trmv;   \
  static constexpr auto trsv = scipy_cblas_##p##trsv;   \
  static constexpr auto tbmv = scipy_cblas_##p##tbmv;   \
  static constexpr auto tbsv = scipy_cblas_##p##tbsv;   \
  static constexpr auto tpmv = scipy_cblas_##p##tpmv;   \
  static constexpr auto tpsv = scipy_cblas_##p##tpsv;   \
  static constexpr auto gemm = scipy_cblas_##p##gemm;   \
  static constexpr auto symm = scipy_cblas_##p##symm;   \
  static constexpr auto syrk = scipy_cblas_##p##syrk;   \
  static constexpr auto syr2k = scipy_cblas_##p##syr2k; \
  static constexpr auto trmm = scipy_cblas_##p##trmm;   \
  static constexpr auto trsm = scipy_cblas_##p##trsm;
// Symmetric for real numbers, Hermitian for complex ones: the same operation, another name.
#define PPU_BLAS_REAL(type, p)                             \
  template <>                                              \
  struct Blas<type> {                                      \
    using Real = type;                                     \
    PPU_BLAS_COMMON(p)                                     \
    static constexpr auto nrm2 = scipy_cblas_##p##nrm2;    \
    static constexpr auto asum = scipy_cblas_##p##asum;    \
    static constexpr auto mv = scipy_cblas_##p##symv;      \
    static constexpr auto bmv = scipy_cblas_##p##sbmv;     \
    static constexpr auto pmv = scipy_cblas_##p##spmv;     \
    static constexpr auto rank1 = scipy_cblas_##p##syr;    \
    static constexpr auto packed1 = scipy_cblas_##p##spr;  \
    static constexpr auto rank2 = scipy_cblas_##p##syr2;   \
    static constexpr auto packed2 = scipy_cblas_##p##spr2; \
  };
#define PPU_BLAS_COMPLEX(type, p, real, r)                 \
  template <>                                              \
  struct Blas<type> {                                      \
    using Real = real;                                     \
    PPU_BLAS_COMMON(p)                                     \
    static constexpr auto nrm2 = scipy_cblas_##r##p##nrm2; \
    static constexpr auto asum = scipy_cblas_##r##p##asum; \
    static constexpr auto mv = scipy_cblas_##p##hemv;      \
    static constexpr auto bmv = scipy_cblas_##p##hbmv;     \
    static constexpr auto pmv = scipy_cblas_##p##hpmv;     \
    static constexpr auto rank1 = scipy_cblas_##p##her;    \
    static constexpr auto packed1 = scipy_cblas_##p##hpr;  \
    static constexpr auto rank2 = scipy_cblas_##p##her2;   \
    static constexpr auto packed2 = scipy_cblas_##p##hpr2; \
    static constexpr auto hemm = scipy_cblas_##p##hemm;    \
    static constexpr auto herk = scipy_cblas_##p##herk;    \
    static constexpr auto her2k = scipy_cblas_##p##her2k;  \
  };
PPU_BLAS_REAL(float, s)
PPU_BLAS_REAL(double, d)
PPU_BLAS_COMPLEX(cuComplex, c, float, s)
PPU_BLAS_COMPLEX(cuDoubleComplex, z, double, d)
#undef PPU_BLAS_COMMON
#undef PPU_BLAS_REAL
#undef PPU_BLAS_COMPLEX

/// CBLAS counts in int.
template <class... N>
bool fits(N... n) {
  return ((int64_t(n) >= INT32_MIN && int64_t(n) <= INT32_MAX) && ...);
}

}  // namespace ppu::cublas
