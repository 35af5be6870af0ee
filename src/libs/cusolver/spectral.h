// Bodies of the rows "Singular values" and "Eigenvalues". Jacobi methods are LAPACK's divide and conquer
// here, with results as documented. See dense.h.
#pragma once
#include "libs/cusolver/dense.h"

namespace ppu::cusolver {

template <class T>
using Matrix = std::vector<T>;

template <class T>
Status gesvd_bufferSize(Handle h, int m, int n, int* lwork) {
  return answer_size(h, n >= 0 && m >= n, std::max(m, n), lwork);
}
inline bool known_job(signed char job) {
  return job == 'A' || job == 'S' || job == 'O' || job == 'N';
}
/// As documented, m >= n only; rwork gets the superdiagonal that didn't converge.
template <class T>
Status gesvd(Handle h, signed char jobu, signed char jobvt, int m, int n, T* a, int lda, RealOf<T>* s, T* u,
             int ldu, T* vt, int ldvt, T*, int lwork, RealOf<T>* rwork, int* info) {
  const int rows_vt = jobvt == 'A' || jobvt == 'S' ? n : 0, columns_u = jobu == 'A' ? m : jobu == 'S' ? n : 0;
  if (!known_job(jobu) || !known_job(jobvt) || (jobu == 'O' && jobvt == 'O') || n < 0 || m < n ||
      !holds(lda, m) || !holds(ldu, columns_u ? m : 0) || !holds(ldvt, rows_vt) ||
      lwork < work_size(std::max(m, n)) || !reach(a, m, n, lda) || !reach(s, n) ||
      !reach(u, m, columns_u, ldu) || !reach(vt, rows_vt, n, ldvt) || !reach(info, 1))
    return kBad;
  return queue(h, [=] {
    std::vector<RealOf<T>> superdiagonal(size_t(std::max(n, 1)));
    *info = Lapack<T>::gesvd(LAPACK_COL_MAJOR, char(jobu), char(jobvt), m, n, a, lda, s, u, ldu, vt, ldvt,
                             superdiagonal.data());
    if (*info > 0 && rwork) std::copy_n(superdiagonal.data(), n - 1, rwork);
  });
}

/// A = U S V^H with V itself; A is overwritten. `all`: U is m x m and V n x n, else both have min(m, n)
/// columns; u null: values only.
template <class T>
int decompose(bool all, int m, int n, T* a, int lda, RealOf<T>* s, T* u, int ldu, T* v, int ldv) {
  const int least = std::min(m, n), rows = all ? n : least;
  std::vector<RealOf<T>> superdiagonal(size_t(std::max(least, 1)));
  if (!u)
    return Lapack<T>::gesvd(LAPACK_COL_MAJOR, 'N', 'N', m, n, a, lda, s, nullptr, 1, nullptr, 1,
                            superdiagonal.data());
  Matrix<T> vt(size_t(std::max(1, rows)) * size_t(n));
  const char job = all ? 'A' : 'S';
  const int info = Lapack<T>::gesvd(LAPACK_COL_MAJOR, job, job, m, n, a, lda, s, u, ldu, vt.data(),
                                    std::max(1, rows), superdiagonal.data());
  for (int64_t j = 0; j < rows; ++j)
    for (int64_t i = 0; i < n; ++i) v[i + j * ldv] = conjugate(vt[size_t(j + i * std::max(1, rows))]);
  return info;
}
/// The Frobenius norm of A - U S V^H over the first `rank` values.
template <class T>
double residual_of(int rank, int m, int n, const T* a, int64_t lda, const RealOf<T>* s, const T* u,
                   int64_t ldu, const T* v, int64_t ldv) {
  double sum = 0;
  for (int64_t j = 0; j < n; ++j)
    for (int64_t i = 0; i < m; ++i) {
      T rest = a[i + j * lda];
      for (int64_t k = 0; k < rank; ++k) rest -= u[i + k * ldu] * s[k] * conjugate(v[j + k * ldv]);
      sum += double(std::norm(rest));
    }
  return std::sqrt(sum);
}

template <class T>
Status gesvdj_bufferSize(Handle h, cusolverEigMode_t jobz, int econ, int m, int n, const T*, int lda,
                         const RealOf<T>*, const T*, int ldu, const T*, int ldv, int* lwork, gesvdjInfo_t) {
  const bool vectors = jobz == CUSOLVER_EIG_MODE_VECTOR;
  return answer_size(h,
                     known(jobz) && n >= 0 && holds(lda, m) &&
                         (!vectors || (holds(ldu, m) && holds(ldv, n))) && (econ == 0 || econ == 1),
                     std::max(m, n), lwork);
}
template <class T>
Status gesvdj(Handle h, cusolverEigMode_t jobz, int econ, int m, int n, T* a, int lda, RealOf<T>* s, T* u,
              int ldu, T* v, int ldv, T*, int lwork, int* info, gesvdjInfo_t parameters) {
  const bool vectors = jobz == CUSOLVER_EIG_MODE_VECTOR;
  gesvdjInfo* p = shell::handles<gesvdjInfo>().find(parameters);
  const int least = std::min(m, n);
  if (!p || !known(jobz) || (econ != 0 && econ != 1) || n < 0 || !holds(lda, m) ||
      lwork < work_size(std::max(m, n)) || !reach(a, m, n, lda) || !reach(s, least) || !reach(info, 1) ||
      (vectors && (!holds(ldu, m) || !holds(ldv, n) || !reach(u, m, econ ? least : m, ldu) ||
                   !reach(v, n, econ ? least : n, ldv))))
    return kBad;
  p->tells = true;
  return queue(h, [=, found = p->found] {
    Matrix<T> copy(size_t(m) * size_t(n));
    copy_matrix(m, n, a, lda, copy.data(), m);
    *info = decompose<T>(!econ, m, n, a, lda, s, vectors ? u : nullptr, ldu, v, ldv);
    found->sweeps = 1;
    found->residual = vectors ? residual_of(least, m, n, copy.data(), m, s, u, ldu, v, ldv) : 0;
  });
}
/// Small matrices side by side, as documented up to 32 x 32.
template <class T>
Status gesvdjBatched_bufferSize(Handle h, cusolverEigMode_t jobz, int m, int n, const T* a, int lda,
                                const RealOf<T>* s, const T* u, int ldu, const T* v, int ldv, int* lwork,
                                gesvdjInfo_t parameters, int count) {
  if (m > 32 || n > 32 || count < 0) return kBad;
  return gesvdj_bufferSize(h, jobz, 0, m, n, a, lda, s, u, ldu, v, ldv, lwork, parameters);
}
template <class T>
Status gesvdjBatched(Handle h, cusolverEigMode_t jobz, int m, int n, T* a, int lda, RealOf<T>* s, T* u,
                     int ldu, T* v, int ldv, T*, int lwork, int* info, gesvdjInfo_t parameters, int count) {
  const bool vectors = jobz == CUSOLVER_EIG_MODE_VECTOR;
  gesvdjInfo* p = shell::handles<gesvdjInfo>().find(parameters);
  const int64_t least = std::min(m, n), all = count;
  if (!p || !known(jobz) || n < 0 || m > 32 || n > 32 || count < 0 || !holds(lda, m) ||
      lwork < work_size(std::max(m, n)) || !reach(a, m, n * all, lda) || !reach(s, least * all) ||
      !reach(info, count) ||
      (vectors &&
       (!holds(ldu, m) || !holds(ldv, n) || !reach(u, m, m * all, ldu) || !reach(v, n, n * all, ldv))))
    return kBad;
  p->tells = false;
  return queue(h, [=] {
    for (int64_t i = 0; i < count; ++i)
      info[i] =
          decompose<T>(true, m, n, a + i * lda * n, lda, s + i * least, vectors ? u + i * ldu * m : nullptr,
                       ldu, vectors ? v + i * ldv * n : nullptr, ldv);
  });
}

template <class T>
Status gesvdaStridedBatched_bufferSize(Handle h, cusolverEigMode_t jobz, int rank, int m, int n, const T*,
                                       int lda, long long, const RealOf<T>*, long long, const T*, int ldu,
                                       long long, const T*, int ldv, long long, int* lwork, int count) {
  const bool vectors = jobz == CUSOLVER_EIG_MODE_VECTOR;
  return answer_size(h,
                     known(jobz) && n >= 0 && holds(lda, m) && rank >= 0 && rank <= std::min(m, n) &&
                         count >= 0 && (!vectors || (holds(ldu, m) && holds(ldv, n))),
                     std::max(m, n), lwork);
}
/// The first `rank` values and vectors; A is kept. `residuals` is the host's.
template <class T>
Status gesvdaStridedBatched(Handle h, cusolverEigMode_t jobz, int rank, int m, int n, const T* a, int lda,
                            long long stridea, RealOf<T>* s, long long strides, T* u, int ldu,
                            long long strideu, T* v, int ldv, long long stridev, T*, int lwork, int* info,
                            double* residuals, int count) {
  const bool vectors = jobz == CUSOLVER_EIG_MODE_VECTOR;
  if (!known(jobz) || n < 0 || !holds(lda, m) || rank < 0 || rank > std::min(m, n) || count < 0 ||
      lwork < work_size(std::max(m, n)) || !reach(info, count) ||
      (vectors && (!holds(ldu, m) || !holds(ldv, n))))
    return kBad;
  for (const int64_t i : {int64_t(0), int64_t(count) - 1})
    if (count &&
        (!reach(a + i * stridea, m, n, lda) || !reach(s + i * strides, rank) ||
         (vectors && (!reach(u + i * strideu, m, rank, ldu) || !reach(v + i * stridev, n, rank, ldv)))))
      return kBad;
  const Status queued = queue(h, [=] {
    const int least = std::min(m, n);
    for (int64_t i = 0; i < count; ++i) {
      Matrix<T> copy(size_t(m) * size_t(n)), all_u(size_t(m) * size_t(least)),
          all_v(size_t(n) * size_t(least));
      std::vector<RealOf<T>> values(static_cast<size_t>(least));
      copy_matrix(m, n, a + i * stridea, lda, copy.data(), m);
      info[i] = decompose<T>(false, m, n, copy.data(), std::max(1, m), values.data(), all_u.data(),
                             std::max(1, m), all_v.data(), std::max(1, n));
      std::copy_n(values.data(), rank, s + i * strides);
      if (!vectors) continue;
      copy_matrix(m, rank, all_u.data(), m, u + i * strideu, ldu);
      copy_matrix(n, rank, all_v.data(), n, v + i * stridev, ldv);
      if (residuals)
        residuals[i] =
            residual_of(rank, m, n, a + i * stridea, lda, values.data(), all_u.data(), m, all_v.data(), n);
    }
  });
  return queued == kOk && residuals ? wait(h) : queued;
}

template <class T>
Status syevd_bufferSize(Handle h, cusolverEigMode_t jobz, cublasFillMode_t uplo, int n, const T*, int lda,
                        const RealOf<T>*, int* lwork) {
  return answer_size(h, known(jobz) && known(uplo) && holds(lda, n), n, lwork);
}
template <class T>
Status syevd(Handle h, cusolverEigMode_t jobz, cublasFillMode_t uplo, int n, T* a, int lda, RealOf<T>* w, T*,
             int lwork, int* info) {
  if (!known(jobz) || !known(uplo) || !holds(lda, n) || lwork < work_size(n) || !reach(a, n, n, lda) ||
      !reach(w, n) || !reach(info, 1))
    return kBad;
  return queue(h,
               [=] { *info = Lapack<T>::syevd(LAPACK_COL_MAJOR, letter(jobz), letter(uplo), n, a, lda, w); });
}

/// Which eigenvalues a caller wants.
template <class R>
struct Wanted {
  cusolverEigRange_t range;
  R vl, vu;
  int il, iu;
  bool valid(int n) const {
    if (range == CUSOLVER_EIG_RANGE_ALL) return true;
    if (range == CUSOLVER_EIG_RANGE_V) return n == 0 || vl < vu;
    return range == CUSOLVER_EIG_RANGE_I && (n == 0 || (il >= 1 && iu >= il && iu <= n));
  }
};
/// Keeps the wanted ones of all eigenvalues, and their vectors, at the front. How many they are.
template <class T>
int keep_wanted(const Wanted<RealOf<T>>& wanted, bool vectors, int n, T* a, int64_t lda, RealOf<T>* w) {
  int kept = 0;
  for (int i = 0; i < n; ++i) {
    const bool keep = wanted.range == CUSOLVER_EIG_RANGE_ALL ||
                      (wanted.range == CUSOLVER_EIG_RANGE_V ? w[i] > wanted.vl && w[i] <= wanted.vu
                                                            : i + 1 >= wanted.il && i + 1 <= wanted.iu);
    if (!keep) continue;
    w[kept] = w[i];
    if (vectors && kept != i) std::copy_n(a + i * lda, n, a + kept * lda);
    ++kept;
  }
  return kept;
}
/// `found` is the host's; how many eigenvalues lie in an interval is known when the work is done.
inline Status answer_found(Handle h, Status queued, cusolverEigRange_t range, int n, int il, int iu,
                           int* found) {
  if (queued != kOk) return queued;
  if (range == CUSOLVER_EIG_RANGE_V) return wait(h);
  *found = range == CUSOLVER_EIG_RANGE_ALL ? n : n ? iu - il + 1 : 0;
  return kOk;
}

template <class T>
Status syevdx_bufferSize(Handle h, cusolverEigMode_t jobz, cusolverEigRange_t range, cublasFillMode_t uplo,
                         int n, const T*, int lda, RealOf<T> vl, RealOf<T> vu, int il, int iu, int*,
                         const RealOf<T>*, int* lwork) {
  const Wanted<RealOf<T>> wanted{range, vl, vu, il, iu};
  return answer_size(h, known(jobz) && known(uplo) && holds(lda, n) && wanted.valid(n), n, lwork);
}
template <class T>
Status syevdx(Handle h, cusolverEigMode_t jobz, cusolverEigRange_t range, cublasFillMode_t uplo, int n, T* a,
              int lda, RealOf<T> vl, RealOf<T> vu, int il, int iu, int* found, RealOf<T>* w, T*, int lwork,
              int* info) {
  const Wanted<RealOf<T>> wanted{range, vl, vu, il, iu};
  if (!known(jobz) || !known(uplo) || !holds(lda, n) || !wanted.valid(n) || !found || lwork < work_size(n) ||
      !reach(a, n, n, lda) || !reach(w, n) || !reach(info, 1))
    return kBad;
  const Status queued = queue(h, [=] {
    *info = Lapack<T>::syevd(LAPACK_COL_MAJOR, letter(jobz), letter(uplo), n, a, lda, w);
    const int kept = keep_wanted(wanted, jobz == CUSOLVER_EIG_MODE_VECTOR, n, a, lda, w);
    if (range == CUSOLVER_EIG_RANGE_V) *found = kept;
  });
  return answer_found(h, queued, range, n, il, iu, found);
}

/// The Frobenius norm of A V - V W for a symmetric A of which one triangle is given.
template <class T>
double residual_of(cublasFillMode_t uplo, int n, const T* a, const T* v, int64_t ldv, const RealOf<T>* w) {
  const auto at = [=](int64_t i, int64_t j) {
    const bool given = uplo == CUBLAS_FILL_MODE_UPPER ? i <= j : i >= j;
    return given ? a[i + j * n] : conjugate(a[j + i * n]);
  };
  double sum = 0;
  for (int64_t k = 0; k < n; ++k)
    for (int64_t i = 0; i < n; ++i) {
      T rest = -v[i + k * ldv] * w[k];
      for (int64_t j = 0; j < n; ++j) rest += at(i, j) * v[j + k * ldv];
      sum += double(std::norm(rest));
    }
  return std::sqrt(sum);
}

template <class T>
Status syevj_bufferSize(Handle h, cusolverEigMode_t jobz, cublasFillMode_t uplo, int n, const T* a, int lda,
                        const RealOf<T>* w, int* lwork, syevjInfo_t) {
  return syevd_bufferSize(h, jobz, uplo, n, a, lda, w, lwork);
}
template <class T>
Status syevj(Handle h, cusolverEigMode_t jobz, cublasFillMode_t uplo, int n, T* a, int lda, RealOf<T>* w, T*,
             int lwork, int* info, syevjInfo_t parameters) {
  syevjInfo* p = shell::handles<syevjInfo>().find(parameters);
  if (!p || !known(jobz) || !known(uplo) || !holds(lda, n) || lwork < work_size(n) || !reach(a, n, n, lda) ||
      !reach(w, n) || !reach(info, 1))
    return kBad;
  p->tells = true;
  return queue(h, [=, found = p->found] {
    Matrix<T> copy(size_t(n) * size_t(n));
    copy_matrix(n, n, a, lda, copy.data(), n);
    *info = Lapack<T>::syevd(LAPACK_COL_MAJOR, letter(jobz), letter(uplo), n, a, lda, w);
    found->sweeps = 1;
    found->residual =
        jobz == CUSOLVER_EIG_MODE_VECTOR && *info == 0 ? residual_of(uplo, n, copy.data(), a, lda, w) : 0;
  });
}
template <class T>
Status syevjBatched_bufferSize(Handle h, cusolverEigMode_t jobz, cublasFillMode_t uplo, int n, const T* a,
                               int lda, const RealOf<T>* w, int* lwork, syevjInfo_t, int count) {
  if (count < 0) return kBad;
  return syevd_bufferSize(h, jobz, uplo, n, a, lda, w, lwork);
}
template <class T>
Status eigen_batch(Handle h, cusolverEigMode_t jobz, cublasFillMode_t uplo, int n, T* a, int lda,
                   RealOf<T>* w, int* info, int count) {
  if (!known(jobz) || !known(uplo) || !holds(lda, n) || count < 0 || !reach(a, n, int64_t(n) * count, lda) ||
      !reach(w, int64_t(n) * count) || !reach(info, count))
    return kBad;
  return queue(h, [=] {
    for (int64_t i = 0; i < count; ++i)
      info[i] =
          Lapack<T>::syevd(LAPACK_COL_MAJOR, letter(jobz), letter(uplo), n, a + i * lda * n, lda, w + i * n);
  });
}
template <class T>
Status syevjBatched(Handle h, cusolverEigMode_t jobz, cublasFillMode_t uplo, int n, T* a, int lda,
                    RealOf<T>* w, T*, int lwork, int* info, syevjInfo_t parameters, int count) {
  syevjInfo* p = shell::handles<syevjInfo>().find(parameters);
  if (!p || lwork < work_size(n)) return kBad;
  p->tells = false;
  return eigen_batch(h, jobz, uplo, n, a, lda, w, info, count);
}

template <class T>
Status sygvd_bufferSize(Handle h, cusolverEigType_t itype, cusolverEigMode_t jobz, cublasFillMode_t uplo,
                        int n, const T*, int lda, const T*, int ldb, const RealOf<T>*, int* lwork) {
  return answer_size(h, known(itype) && known(jobz) && known(uplo) && holds(lda, n) && holds(ldb, n), n,
                     lwork);
}
template <class T>
bool pair_fits(cusolverEigType_t itype, cusolverEigMode_t jobz, cublasFillMode_t uplo, int n, const T* a,
               int lda, const T* b, int ldb, const RealOf<T>* w, int lwork, const int* info) {
  return known(itype) && known(jobz) && known(uplo) && holds(lda, n) && holds(ldb, n) &&
         lwork >= work_size(n) && reach(a, n, n, lda) && reach(b, n, n, ldb) && reach(w, n) && reach(info, 1);
}
template <class T>
Status sygvd(Handle h, cusolverEigType_t itype, cusolverEigMode_t jobz, cublasFillMode_t uplo, int n, T* a,
             int lda, T* b, int ldb, RealOf<T>* w, T*, int lwork, int* info) {
  if (!pair_fits(itype, jobz, uplo, n, a, lda, b, ldb, w, lwork, info)) return kBad;
  return queue(h, [=] {
    *info = Lapack<T>::sygvd(LAPACK_COL_MAJOR, itype, letter(jobz), letter(uplo), n, a, lda, b, ldb, w);
  });
}
template <class T>
Status sygvdx_bufferSize(Handle h, cusolverEigType_t itype, cusolverEigMode_t jobz, cusolverEigRange_t range,
                         cublasFillMode_t uplo, int n, const T* a, int lda, const T* b, int ldb, RealOf<T> vl,
                         RealOf<T> vu, int il, int iu, int*, const RealOf<T>* w, int* lwork) {
  const Wanted<RealOf<T>> wanted{range, vl, vu, il, iu};
  if (!wanted.valid(n)) return kBad;
  return sygvd_bufferSize(h, itype, jobz, uplo, n, a, lda, b, ldb, w, lwork);
}
template <class T>
Status sygvdx(Handle h, cusolverEigType_t itype, cusolverEigMode_t jobz, cusolverEigRange_t range,
              cublasFillMode_t uplo, int n, T* a, int lda, T* b, int ldb, RealOf<T> vl, RealOf<T> vu, int il,
              int iu, int* found, RealOf<T>* w, T*, int lwork, int* info) {
  const Wanted<RealOf<T>> wanted{range, vl, vu, il, iu};
  if (!wanted.valid(n) || !found || !pair_fits(itype, jobz, uplo, n, a, lda, b, ldb, w, lwork, info))
    return kBad;
  const Status queued = queue(h, [=] {
    *info = Lapack<T>::sygvd(LAPACK_COL_MAJOR, itype, letter(jobz), letter(uplo), n, a, lda, b, ldb, w);
    const int kept = keep_wanted(wanted, jobz == CUSOLVER_EIG_MODE_VECTOR, n, a, lda, w);
    if (range == CUSOLVER_EIG_RANGE_V) *found = kept;
  });
  return answer_found(h, queued, range, n, il, iu, found);
}
template <class T>
Status sygvj_bufferSize(Handle h, cusolverEigType_t itype, cusolverEigMode_t jobz, cublasFillMode_t uplo,
                        int n, const T* a, int lda, const T* b, int ldb, const RealOf<T>* w, int* lwork,
                        syevjInfo_t) {
  return sygvd_bufferSize(h, itype, jobz, uplo, n, a, lda, b, ldb, w, lwork);
}
/// The Frobenius norm of A V - B V W, or of A B V - V W or B A V - V W, by the type of the problem. A and B
/// are n x n with one triangle given.
template <class T>
double generalized_residual(cusolverEigType_t itype, cublasFillMode_t uplo, int n, Matrix<T> a, Matrix<T> b,
                            const T* v, int64_t ldv, const RealOf<T>* w) {
  const auto at = [n](int64_t i, int64_t j) { return size_t(i + j * n); };
  for (Matrix<T>* x : {&a, &b})
    for (int64_t j = 0; j < n; ++j)
      for (int64_t i = 0; i < j; ++i) {
        const bool lower = uplo == CUBLAS_FILL_MODE_LOWER;
        (*x)[lower ? at(i, j) : at(j, i)] = conjugate((*x)[lower ? at(j, i) : at(i, j)]);
      }
  const auto times = [&](const Matrix<T>& x, const Matrix<T>& y) {
    Matrix<T> z(y.size());
    for (int64_t j = 0; j < n; ++j)
      for (int64_t k = 0; k < n; ++k)
        for (int64_t i = 0; i < n; ++i) z[at(i, j)] += x[at(i, k)] * y[at(k, j)];
    return z;
  };
  Matrix<T> vectors(a.size());
  copy_matrix(n, n, v, ldv, vectors.data(), n);
  const Matrix<T> left = itype == CUSOLVER_EIG_TYPE_1   ? times(a, vectors)
                         : itype == CUSOLVER_EIG_TYPE_2 ? times(a, times(b, vectors))
                                                        : times(b, times(a, vectors));
  const Matrix<T> right = itype == CUSOLVER_EIG_TYPE_1 ? times(b, vectors) : vectors;
  double sum = 0;
  for (int64_t j = 0; j < n; ++j)
    for (int64_t i = 0; i < n; ++i) sum += double(std::norm(left[at(i, j)] - right[at(i, j)] * w[j]));
  return std::sqrt(sum);
}
template <class T>
Status sygvj(Handle h, cusolverEigType_t itype, cusolverEigMode_t jobz, cublasFillMode_t uplo, int n, T* a,
             int lda, T* b, int ldb, RealOf<T>* w, T*, int lwork, int* info, syevjInfo_t parameters) {
  syevjInfo* p = shell::handles<syevjInfo>().find(parameters);
  if (!p || !pair_fits(itype, jobz, uplo, n, a, lda, b, ldb, w, lwork, info)) return kBad;
  p->tells = true;
  return queue(h, [=, found = p->found] {
    Matrix<T> a_before(size_t(n) * size_t(n)), b_before(size_t(n) * size_t(n));
    copy_matrix(n, n, a, lda, a_before.data(), n), copy_matrix(n, n, b, ldb, b_before.data(), n);
    *info = Lapack<T>::sygvd(LAPACK_COL_MAJOR, itype, letter(jobz), letter(uplo), n, a, lda, b, ldb, w);
    found->sweeps = 1;
    found->residual =
        jobz == CUSOLVER_EIG_MODE_VECTOR && *info == 0
            ? generalized_residual(itype, uplo, n, std::move(a_before), std::move(b_before), a, lda, w)
            : 0;
  });
}

}  // namespace ppu::cusolver
