// The 64-bit functions cusolverDnX*: matrices of any type behind void*, sorted out here into the bodies of
// the typed ones. Sizes beyond LAPACK's int are refused by name.
#include <climits>
#include <cmath>

#include "base/log.h"
#include "libs/cusolver/linear.h"
#include "libs/cusolver/spectral.h"

namespace ppu::cusolver {
#define PPU_TYPED(name, tail, params, args)
#define PPU_MIXED(name, tail, type, params, args)
#define API(name, params, args) cusolverStatus_t name params;
#include <ppu/cusolverdn_functions.inc>
#undef API
#undef PPU_TYPED
#undef PPU_MIXED
}  // namespace ppu::cusolver

namespace ppu::cusolver {
namespace {

constexpr size_t kBytes = 256;  // asked for as workspace: LAPACK brings its own
constexpr int kAnySize = INT_MAX;

/// Calls `body` with a null pointer of the number type.
template <class Body>
Status by_type(cudaDataType type, Body&& body) {
  switch (type) {
    case CUDA_R_32F:
      return body(static_cast<float*>(nullptr));
    case CUDA_R_64F:
      return body(static_cast<double*>(nullptr));
    case CUDA_C_32F:
      return body(static_cast<std::complex<float>*>(nullptr));
    case CUDA_C_64F:
      return body(static_cast<std::complex<double>*>(nullptr));
    default:
      return kBad;
  }
}
cudaDataType real_of(cudaDataType type) {
  return type == CUDA_C_32F ? CUDA_R_32F : type == CUDA_C_64F ? CUDA_R_64F : type;
}
template <class... N>
bool fits(N... n) {
  return ((int64_t(n) <= INT_MAX && int64_t(n) >= INT_MIN) && ...);
}
Status too_large(const char* name) {
  log_once("cusolver", name, "%s: a size of 2^31 or more isn't written: CUSOLVER_STATUS_NOT_SUPPORTED", name);
  return kNotDone;
}
Status answer_bytes(Handle h, bool valid, size_t* device, size_t* host) {
  if (!contexts.find(h)) return CUSOLVER_STATUS_NOT_INITIALIZED;
  if (!valid || !device || !host) return kBad;
  *device = kBytes, *host = 0;
  return kOk;
}
bool is_type(cudaDataType type) {
  return type == CUDA_R_32F || type == CUDA_R_64F || type == CUDA_C_32F || type == CUDA_C_64F;
}
template <class T>
T* as(void* p) {
  return static_cast<T*>(p);
}
template <class T>
const T* as(const void* p) {
  return static_cast<const T*>(p);
}
template <class T>
using Element = std::remove_pointer_t<T>;

std::vector<int> narrow(const int64_t* pivots, int64_t n) {
  return std::vector<int>(pivots, pivots + n);
}

}  // namespace

#define PPU_BYTES size_t *device_bytes, size_t *host_bytes
#define PPU_BUFFERS void *, size_t device_bytes, void *, size_t, int *info

Status cusolverDnXpotrf_bufferSize(Handle h, cusolverDnParams_t, cublasFillMode_t uplo, int64_t n,
                                   cudaDataType type, const void*, int64_t lda, cudaDataType compute,
                                   PPU_BYTES) {
  return answer_bytes(h, known(uplo) && holds(lda, n) && is_type(type) && type == compute, device_bytes,
                      host_bytes);
}
Status cusolverDnXpotrf(Handle h, cusolverDnParams_t, cublasFillMode_t uplo, int64_t n, cudaDataType type,
                        void* a, int64_t lda, cudaDataType compute, PPU_BUFFERS) {
  if (type != compute || device_bytes < kBytes) return kBad;
  if (!fits(n, lda)) return too_large("cusolverDnXpotrf");
  return by_type(type, [&](auto* t) {
    using T = Element<decltype(t)>;
    return potrf<T>(h, uplo, int(n), as<T>(a), int(lda), nullptr, kAnySize, info);
  });
}
Status cusolverDnXpotrs(Handle h, cusolverDnParams_t, cublasFillMode_t uplo, int64_t n, int64_t nrhs,
                        cudaDataType type, const void* a, int64_t lda, cudaDataType btype, void* b,
                        int64_t ldb, int* info) {
  if (type != btype) return kBad;
  if (!fits(n, nrhs, lda, ldb)) return too_large("cusolverDnXpotrs");
  return by_type(type, [&](auto* t) {
    using T = Element<decltype(t)>;
    return potrs<T>(h, uplo, int(n), int(nrhs), as<T>(a), int(lda), as<T>(b), int(ldb), info);
  });
}

Status cusolverDnXgeqrf_bufferSize(Handle h, cusolverDnParams_t, int64_t m, int64_t n, cudaDataType type,
                                   const void*, int64_t lda, cudaDataType tautype, const void*,
                                   cudaDataType compute, PPU_BYTES) {
  return answer_bytes(h, n >= 0 && holds(lda, m) && is_type(type) && type == compute && type == tautype,
                      device_bytes, host_bytes);
}
Status cusolverDnXgeqrf(Handle h, cusolverDnParams_t, int64_t m, int64_t n, cudaDataType type, void* a,
                        int64_t lda, cudaDataType tautype, void* tau, cudaDataType compute, PPU_BUFFERS) {
  if (type != compute || type != tautype || device_bytes < kBytes) return kBad;
  if (!fits(m, n, lda)) return too_large("cusolverDnXgeqrf");
  return by_type(type, [&](auto* t) {
    using T = Element<decltype(t)>;
    return geqrf<T>(h, int(m), int(n), as<T>(a), int(lda), as<T>(tau), nullptr, kAnySize, info);
  });
}

Status cusolverDnXgetrf_bufferSize(Handle h, cusolverDnParams_t, int64_t m, int64_t n, cudaDataType type,
                                   const void*, int64_t lda, cudaDataType compute, PPU_BYTES) {
  return answer_bytes(h, n >= 0 && holds(lda, m) && is_type(type) && type == compute, device_bytes,
                      host_bytes);
}
Status cusolverDnXgetrf(Handle h, cusolverDnParams_t, int64_t m, int64_t n, cudaDataType type, void* a,
                        int64_t lda, int64_t* pivots, cudaDataType compute, PPU_BUFFERS) {
  if (type != compute || device_bytes < kBytes) return kBad;
  if (!fits(m, n, lda)) return too_large("cusolverDnXgetrf");
  return by_type(type, [&](auto* t) -> Status {
    using T = Element<decltype(t)>;
    const int rows = int(m), columns = int(n), ld = int(lda), least = std::min(rows, columns);
    if (!pivots) return getrf<T>(h, rows, columns, as<T>(a), ld, nullptr, nullptr, info);
    if (columns < 0 || !holds(ld, rows) || !reach(as<T>(a), rows, columns, ld) || !reach(pivots, least) ||
        !reach(info, 1))
      return kBad;
    return queue(h, [=] {
      std::vector<int> small(static_cast<size_t>(least));
      *info = Lapack<T>::getrf(LAPACK_COL_MAJOR, rows, columns, as<T>(a), ld, small.data());
      std::copy(small.begin(), small.end(), pivots);
    });
  });
}
Status cusolverDnXgetrs(Handle h, cusolverDnParams_t, cublasOperation_t trans, int64_t n, int64_t nrhs,
                        cudaDataType type, const void* a, int64_t lda, const int64_t* pivots,
                        cudaDataType btype, void* b, int64_t ldb, int* info) {
  if (type != btype || !known(trans)) return kBad;
  if (!fits(n, nrhs, lda, ldb)) return too_large("cusolverDnXgetrs");
  return by_type(type, [&](auto* t) -> Status {
    using T = Element<decltype(t)>;
    if (nrhs < 0 || !holds(lda, n) || !holds(ldb, n) || !reach(as<T>(a), n, n, lda) ||
        !reach(as<T>(b), n, nrhs, ldb) || (pivots && !reach(pivots, n)) || !reach(info, 1))
      return kBad;
    return queue(h, [=] {
      const std::vector<int> small = pivots ? narrow(pivots, n) : straight_pivots(int(n));
      *info = Lapack<T>::getrs(LAPACK_COL_MAJOR, letter<T>(trans), int(n), int(nrhs), as<T>(a), int(lda),
                               small.data(), as<T>(b), int(ldb));
    });
  });
}

Status cusolverDnXtrtri_bufferSize(Handle h, cublasFillMode_t uplo, cublasDiagType_t diag, int64_t n,
                                   cudaDataType type, void*, int64_t lda, PPU_BYTES) {
  return answer_bytes(h, known(uplo) && known(diag) && holds(lda, n) && is_type(type), device_bytes,
                      host_bytes);
}
Status cusolverDnXtrtri(Handle h, cublasFillMode_t uplo, cublasDiagType_t diag, int64_t n, cudaDataType type,
                        void* a, int64_t lda, PPU_BUFFERS) {
  if (!known(uplo) || !known(diag) || !holds(lda, n) || device_bytes < kBytes) return kBad;
  if (!fits(n, lda)) return too_large("cusolverDnXtrtri");
  return by_type(type, [&](auto* t) -> Status {
    using T = Element<decltype(t)>;
    if (!reach(as<T>(a), n, n, lda) || !reach(info, 1)) return kBad;
    const char unit = diag == CUBLAS_DIAG_UNIT ? 'U' : 'N';
    return queue(h, [=] {
      *info = Lapack<T>::trtri(LAPACK_COL_MAJOR, letter(uplo), unit, int(n), as<T>(a), int(lda));
    });
  });
}

Status cusolverDnXsytrs_bufferSize(Handle h, cublasFillMode_t uplo, int64_t n, int64_t nrhs,
                                   cudaDataType type, const void*, int64_t lda, const int64_t*,
                                   cudaDataType btype, void*, int64_t ldb, PPU_BYTES) {
  return answer_bytes(
      h, known(uplo) && nrhs >= 0 && holds(lda, n) && holds(ldb, n) && is_type(type) && type == btype,
      device_bytes, host_bytes);
}
Status cusolverDnXsytrs(Handle h, cublasFillMode_t uplo, int64_t n, int64_t nrhs, cudaDataType type,
                        const void* a, int64_t lda, const int64_t* pivots, cudaDataType btype, void* b,
                        int64_t ldb, PPU_BUFFERS) {
  if (!known(uplo) || nrhs < 0 || !holds(lda, n) || !holds(ldb, n) || type != btype || device_bytes < kBytes)
    return kBad;
  if (!fits(n, nrhs, lda, ldb)) return too_large("cusolverDnXsytrs");
  return by_type(type, [&](auto* t) -> Status {
    using T = Element<decltype(t)>;
    if (!reach(as<T>(a), n, n, lda) || !reach(as<T>(b), n, nrhs, ldb) || (pivots && !reach(pivots, n)) ||
        !reach(info, 1))
      return kBad;
    return queue(h, [=] {
      const std::vector<int> small = pivots ? narrow(pivots, n) : straight_pivots(int(n));
      *info = Lapack<T>::sytrs(LAPACK_COL_MAJOR, letter(uplo), int(n), int(nrhs), as<T>(a), int(lda),
                               small.data(), as<T>(b), int(ldb));
    });
  });
}

Status cusolverDnXsyevd_bufferSize(Handle h, cusolverDnParams_t, cusolverEigMode_t jobz,
                                   cublasFillMode_t uplo, int64_t n, cudaDataType type, const void*,
                                   int64_t lda, cudaDataType wtype, const void*, cudaDataType compute,
                                   PPU_BYTES) {
  return answer_bytes(h,
                      known(jobz) && known(uplo) && holds(lda, n) && is_type(type) && type == compute &&
                          wtype == real_of(type),
                      device_bytes, host_bytes);
}
Status cusolverDnXsyevd(Handle h, cusolverDnParams_t, cusolverEigMode_t jobz, cublasFillMode_t uplo,
                        int64_t n, cudaDataType type, void* a, int64_t lda, cudaDataType wtype, void* w,
                        cudaDataType compute, PPU_BUFFERS) {
  if (type != compute || wtype != real_of(type) || device_bytes < kBytes) return kBad;
  if (!fits(n, lda)) return too_large("cusolverDnXsyevd");
  return by_type(type, [&](auto* t) {
    using T = Element<decltype(t)>;
    return syevd<T>(h, jobz, uplo, int(n), as<T>(a), int(lda), as<RealOf<T>>(w), nullptr, kAnySize, info);
  });
}
Status cusolverDnXsyevBatched_bufferSize(Handle h, cusolverDnParams_t p, cusolverEigMode_t jobz,
                                         cublasFillMode_t uplo, int64_t n, cudaDataType type, const void* a,
                                         int64_t lda, cudaDataType wtype, const void* w, cudaDataType compute,
                                         PPU_BYTES, int64_t count) {
  if (count < 0) return kBad;
  return cusolver::cusolverDnXsyevd_bufferSize(h, p, jobz, uplo, n, type, a, lda, wtype, w, compute,
                                               device_bytes, host_bytes);
}
Status cusolverDnXsyevBatched(Handle h, cusolverDnParams_t, cusolverEigMode_t jobz, cublasFillMode_t uplo,
                              int64_t n, cudaDataType type, void* a, int64_t lda, cudaDataType wtype, void* w,
                              cudaDataType compute, PPU_BUFFERS, int64_t count) {
  if (type != compute || wtype != real_of(type) || device_bytes < kBytes) return kBad;
  if (!fits(n, lda, count)) return too_large("cusolverDnXsyevBatched");
  return by_type(type, [&](auto* t) {
    using T = Element<decltype(t)>;
    return eigen_batch<T>(h, jobz, uplo, int(n), as<T>(a), int(lda), as<RealOf<T>>(w), info, int(count));
  });
}
Status cusolverDnXsyevdx_bufferSize(Handle h, cusolverDnParams_t p, cusolverEigMode_t jobz,
                                    cusolverEigRange_t, cublasFillMode_t uplo, int64_t n, cudaDataType type,
                                    const void* a, int64_t lda, void*, void*, int64_t, int64_t, int64_t*,
                                    cudaDataType wtype, const void* w, cudaDataType compute, PPU_BYTES) {
  return cusolver::cusolverDnXsyevd_bufferSize(h, p, jobz, uplo, n, type, a, lda, wtype, w, compute,
                                               device_bytes, host_bytes);
}
Status cusolverDnXsyevdx(Handle h, cusolverDnParams_t, cusolverEigMode_t jobz, cusolverEigRange_t range,
                         cublasFillMode_t uplo, int64_t n, cudaDataType type, void* a, int64_t lda, void* vl,
                         void* vu, int64_t il, int64_t iu, int64_t* found, cudaDataType wtype, void* w,
                         cudaDataType compute, PPU_BUFFERS) {
  const bool interval = range == CUSOLVER_EIG_RANGE_V;
  if (type != compute || wtype != real_of(type) || device_bytes < kBytes || !found ||
      (interval && (!vl || !vu)))
    return kBad;
  if (!fits(n, lda, il, iu)) return too_large("cusolverDnXsyevdx");
  return by_type(type, [&](auto* t) {
    using T = Element<decltype(t)>;
    using R = RealOf<T>;
    int kept = 0;
    const Status done =
        syevdx<T>(h, jobz, range, uplo, int(n), as<T>(a), int(lda), interval ? *as<R>(vl) : R(0),
                  interval ? *as<R>(vu) : R(0), int(il), int(iu), &kept, as<R>(w), nullptr, kAnySize, info);
    *found = kept;
    return done;
  });
}

Status cusolverDnXgesvd_bufferSize(Handle h, cusolverDnParams_t, signed char jobu, signed char jobvt,
                                   int64_t m, int64_t n, cudaDataType type, const void*, int64_t lda,
                                   cudaDataType stype, const void*, cudaDataType utype, const void*, int64_t,
                                   cudaDataType vttype, const void*, int64_t, cudaDataType compute,
                                   PPU_BYTES) {
  return answer_bytes(h,
                      known_job(jobu) && known_job(jobvt) && n >= 0 && m >= n && holds(lda, m) &&
                          is_type(type) && type == compute && stype == real_of(type) && utype == type &&
                          vttype == type,
                      device_bytes, host_bytes);
}
Status cusolverDnXgesvd(Handle h, cusolverDnParams_t, signed char jobu, signed char jobvt, int64_t m,
                        int64_t n, cudaDataType type, void* a, int64_t lda, cudaDataType stype, void* s,
                        cudaDataType utype, void* u, int64_t ldu, cudaDataType vttype, void* vt, int64_t ldvt,
                        cudaDataType compute, PPU_BUFFERS) {
  if (type != compute || stype != real_of(type) || utype != type || vttype != type || device_bytes < kBytes)
    return kBad;
  if (!fits(m, n, lda, ldu, ldvt)) return too_large("cusolverDnXgesvd");
  return by_type(type, [&](auto* t) {
    using T = Element<decltype(t)>;
    return gesvd<T>(h, jobu, jobvt, int(m), int(n), as<T>(a), int(lda), as<RealOf<T>>(s), as<T>(u), int(ldu),
                    as<T>(vt), int(ldvt), nullptr, kAnySize, nullptr, info);
  });
}

Status cusolverDnXgesvdp_bufferSize(Handle h, cusolverDnParams_t, cusolverEigMode_t jobz, int econ, int64_t m,
                                    int64_t n, cudaDataType type, const void*, int64_t lda,
                                    cudaDataType stype, const void*, cudaDataType utype, const void*, int64_t,
                                    cudaDataType vtype, const void*, int64_t, cudaDataType compute,
                                    PPU_BYTES) {
  return answer_bytes(h,
                      known(jobz) && (econ == 0 || econ == 1) && n >= 0 && holds(lda, m) && is_type(type) &&
                          type == compute && stype == real_of(type) && utype == type && vtype == type,
                      device_bytes, host_bytes);
}
/// `sigma` is the host's: how far the input was moved to be factored, which it isn't here.
Status cusolverDnXgesvdp(Handle h, cusolverDnParams_t, cusolverEigMode_t jobz, int econ, int64_t m, int64_t n,
                         cudaDataType type, void* a, int64_t lda, cudaDataType stype, void* s,
                         cudaDataType utype, void* u, int64_t ldu, cudaDataType vtype, void* v, int64_t ldv,
                         cudaDataType compute, PPU_BUFFERS, double* sigma) {
  const bool vectors = jobz == CUSOLVER_EIG_MODE_VECTOR;
  if (!known(jobz) || (econ != 0 && econ != 1) || n < 0 || !holds(lda, m) || type != compute ||
      stype != real_of(type) || utype != type || vtype != type || device_bytes < kBytes || !sigma ||
      (vectors && (!holds(ldu, m) || !holds(ldv, n))))
    return kBad;
  if (!fits(m, n, lda, ldu, ldv)) return too_large("cusolverDnXgesvdp");
  return by_type(type, [&](auto* t) -> Status {
    using T = Element<decltype(t)>;
    const int64_t least = std::min(m, n);
    if (!reach(as<T>(a), m, n, lda) || !reach(as<RealOf<T>>(s), least) || !reach(info, 1) ||
        (vectors &&
         (!reach(as<T>(u), m, econ ? least : m, ldu) || !reach(as<T>(v), n, econ ? least : n, ldv))))
      return kBad;
    *sigma = 0;
    return queue(h, [=] {
      *info = decompose<T>(!econ, int(m), int(n), as<T>(a), int(lda), as<RealOf<T>>(s),
                           vectors ? as<T>(u) : nullptr, int(ldu), as<T>(v), int(ldv));
    });
  });
}

Status cusolverDnXgesvdr_bufferSize(Handle h, cusolverDnParams_t, signed char jobu, signed char jobv,
                                    int64_t m, int64_t n, int64_t k, int64_t p, int64_t, cudaDataType type,
                                    const void*, int64_t lda, cudaDataType stype, const void*,
                                    cudaDataType utype, const void*, int64_t, cudaDataType vtype, const void*,
                                    int64_t, cudaDataType compute, PPU_BYTES) {
  return answer_bytes(h,
                      (jobu == 'S' || jobu == 'N') && (jobv == 'S' || jobv == 'N') && n >= 0 &&
                          holds(lda, m) && k >= 1 && p >= 0 && k + p <= std::min(m, n) && is_type(type) &&
                          type == compute && stype == real_of(type) && utype == type && vtype == type,
                      device_bytes, host_bytes);
}
/// The first k values and vectors of the whole decomposition, which the random method approximates.
Status cusolverDnXgesvdr(Handle h, cusolverDnParams_t parameters, signed char jobu, signed char jobv,
                         int64_t m, int64_t n, int64_t k, int64_t p, int64_t iterations, cudaDataType type,
                         void* a, int64_t lda, cudaDataType stype, void* s, cudaDataType utype, void* u,
                         int64_t ldu, cudaDataType vtype, void* v, int64_t ldv, cudaDataType compute,
                         PPU_BUFFERS) {
  size_t device = 0, host = 0;
  const Status valid =
      cusolver::cusolverDnXgesvdr_bufferSize(h, parameters, jobu, jobv, m, n, k, p, iterations, type, a, lda,
                                             stype, s, utype, u, ldu, vtype, v, ldv, compute, &device, &host);
  if (valid != kOk) return valid;
  if (device_bytes < device || (jobu == 'S' && !holds(ldu, m)) || (jobv == 'S' && !holds(ldv, n)))
    return kBad;
  if (!fits(m, n, lda, ldu, ldv)) return too_large("cusolverDnXgesvdr");
  return by_type(type, [&](auto* t) -> Status {
    using T = Element<decltype(t)>;
    if (!reach(as<T>(a), m, n, lda) || !reach(as<RealOf<T>>(s), k) || !reach(info, 1) ||
        (jobu == 'S' && !reach(as<T>(u), m, k, ldu)) || (jobv == 'S' && !reach(as<T>(v), n, k, ldv)))
      return kBad;
    return queue(h, [=] {
      const int64_t least = std::min(m, n);
      Matrix<T> all_u(size_t(m * least)), all_v(size_t(n * least));
      std::vector<RealOf<T>> values(static_cast<size_t>(least));
      *info = decompose<T>(false, int(m), int(n), as<T>(a), int(lda), values.data(), all_u.data(), int(m),
                           all_v.data(), int(n));
      std::copy_n(values.data(), k, as<RealOf<T>>(s));
      if (jobu == 'S') copy_matrix(m, k, all_u.data(), m, as<T>(u), ldu);
      if (jobv == 'S') copy_matrix(n, k, all_v.data(), n, as<T>(v), ldv);
    });
  });
}

namespace {

/// A real matrix's eigenvalues are complex, or, in an array of reals, first all real parts and then all
/// imaginary ones.
template <class T>
int eigenvalues(char left, char right, int n, T* a, int lda, bool complex_w, void* w, T* vl, int ldvl, T* vr,
                int ldvr) {
  if constexpr (is_complex<T>) {
    return Lapack<T>::geev(LAPACK_COL_MAJOR, left, right, n, a, lda, as<T>(w), vl, ldvl, vr, ldvr);
  } else {
    std::vector<T> re(static_cast<size_t>(n)), im(static_cast<size_t>(n));
    const int info =
        Lapack<T>::geev(LAPACK_COL_MAJOR, left, right, n, a, lda, re.data(), im.data(), vl, ldvl, vr, ldvr);
    for (int i = 0; i < n; ++i) {
      if (complex_w)
        as<std::complex<T>>(w)[i] = {re[size_t(i)], im[size_t(i)]};
      else
        as<T>(w)[i] = re[size_t(i)], as<T>(w)[n + i] = im[size_t(i)];
    }
    return info;
  }
}
bool eigenvalue_type(cudaDataType type, cudaDataType wtype) {
  return wtype == type || (type == CUDA_R_32F && wtype == CUDA_C_32F) ||
         (type == CUDA_R_64F && wtype == CUDA_C_64F);
}

}  // namespace

Status cusolverDnXgeev_bufferSize(Handle h, cusolverDnParams_t, cusolverEigMode_t jobvl,
                                  cusolverEigMode_t jobvr, int64_t n, cudaDataType type, const void*,
                                  int64_t lda, cudaDataType wtype, const void*, cudaDataType vltype,
                                  const void*, int64_t ldvl, cudaDataType vrtype, const void*, int64_t ldvr,
                                  cudaDataType compute, PPU_BYTES) {
  return answer_bytes(h,
                      known(jobvl) && known(jobvr) && holds(lda, n) && is_type(type) && type == compute &&
                          eigenvalue_type(type, wtype) && vltype == type && vrtype == type &&
                          (jobvl == CUSOLVER_EIG_MODE_NOVECTOR || holds(ldvl, n)) &&
                          (jobvr == CUSOLVER_EIG_MODE_NOVECTOR || holds(ldvr, n)),
                      device_bytes, host_bytes);
}
Status cusolverDnXgeev(Handle h, cusolverDnParams_t parameters, cusolverEigMode_t jobvl,
                       cusolverEigMode_t jobvr, int64_t n, cudaDataType type, void* a, int64_t lda,
                       cudaDataType wtype, void* w, cudaDataType vltype, void* vl, int64_t ldvl,
                       cudaDataType vrtype, void* vr, int64_t ldvr, cudaDataType compute, PPU_BUFFERS) {
  size_t device = 0, host = 0;
  const Status valid =
      cusolver::cusolverDnXgeev_bufferSize(h, parameters, jobvl, jobvr, n, type, a, lda, wtype, w, vltype, vl,
                                           ldvl, vrtype, vr, ldvr, compute, &device, &host);
  if (valid != kOk) return valid;
  if (device_bytes < device) return kBad;
  if (!fits(n, lda, ldvl, ldvr)) return too_large("cusolverDnXgeev");
  const bool left = jobvl == CUSOLVER_EIG_MODE_VECTOR, right = jobvr == CUSOLVER_EIG_MODE_VECTOR;
  return by_type(type, [&](auto* t) -> Status {
    using T = Element<decltype(t)>;
    if (!reach(as<T>(a), n, n, lda) || !reach(as<RealOf<T>>(w), 2 * n) || !reach(info, 1) ||
        (left && !reach(as<T>(vl), n, n, ldvl)) || (right && !reach(as<T>(vr), n, n, ldvr)))
      return kBad;
    return queue(h, [=] {
      *info =
          eigenvalues<T>(letter(jobvl), letter(jobvr), int(n), as<T>(a), int(lda), wtype != real_of(wtype), w,
                         as<T>(vl), left ? int(ldvl) : 1, as<T>(vr), right ? int(ldvr) : 1);
    });
  });
}

Status cusolverDnXlarft_bufferSize(Handle h, cusolverDnParams_t, cusolverDirectMode_t direct,
                                   cusolverStorevMode_t storev, int64_t n, int64_t k, cudaDataType type,
                                   const void*, int64_t ldv, cudaDataType tautype, const void*,
                                   cudaDataType ttype, void*, int64_t ldt, cudaDataType compute, PPU_BYTES) {
  if (direct != CUBLAS_DIRECT_FORWARD || storev != CUBLAS_STOREV_COLUMNWISE)
    return kNotDone;  // as documented
  return answer_bytes(h,
                      k >= 0 && holds(ldv, n) && holds(ldt, k) && is_type(type) && type == compute &&
                          tautype == type && ttype == type,
                      device_bytes, host_bytes);
}
Status cusolverDnXlarft(Handle h, cusolverDnParams_t parameters, cusolverDirectMode_t direct,
                        cusolverStorevMode_t storev, int64_t n, int64_t k, cudaDataType type, const void* v,
                        int64_t ldv, cudaDataType tautype, const void* tau, cudaDataType ttype, void* t,
                        int64_t ldt, cudaDataType compute, void*, size_t device_bytes, void*, size_t) {
  size_t device = 0, host = 0;
  const Status valid =
      cusolver::cusolverDnXlarft_bufferSize(h, parameters, direct, storev, n, k, type, v, ldv, tautype, tau,
                                            ttype, t, ldt, compute, &device, &host);
  if (valid != kOk) return valid;
  if (device_bytes < device) return kBad;
  if (!fits(n, k, ldv, ldt)) return too_large("cusolverDnXlarft");
  return by_type(type, [&](auto* none) -> Status {
    using T = Element<decltype(none)>;
    if (!reach(as<T>(v), n, k, ldv) || !reach(as<T>(tau), k) || !reach(as<T>(t), k, k, ldt)) return kBad;
    return queue(h, [=] {
      Lapack<T>::larft(LAPACK_COL_MAJOR, 'F', 'C', int(n), int(k), as<T>(v), int(ldv), as<T>(tau), as<T>(t),
                       int(ldt));
    });
  });
}

}  // namespace ppu::cusolver
