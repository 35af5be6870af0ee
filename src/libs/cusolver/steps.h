// Bodies of ppu/cusolversp_low_rows.inc: sparse factorizations in steps (analysis, factor, pivots, solution),
// whose info keeps what the next one needs. All are bands: see sparse.h. QR takes square matrices only.
#pragma once
#include "libs/cusolver/sparse.h"

struct csrluInfoHost : ppu::cusolver::Steps {};
struct csrqrInfoHost : ppu::cusolver::Steps {};
struct csrcholInfoHost : ppu::cusolver::Steps {};
struct csrcholInfo : ppu::cusolver::Steps {};

namespace ppu::cusolver {

/// The steps of an info that was analysed for matrices of order n; null otherwise.
template <class Info>
Info* analysed(Info* info, int n) {
  Info* steps = shell::handles<Info>().find(info);
  return steps && steps->n == n ? steps : nullptr;
}
template <class T, class Info>
BandFactors<T>* factored(Info* info) {
  Info* steps = shell::handles<Info>().find(info);
  const auto* kept = steps ? std::get_if<std::unique_ptr<BandFactors<T>>>(&steps->factors) : nullptr;
  return kept ? kept->get() : nullptr;
}

template <class Info>
Status make_info(Info** info) {
  if (!info) return kBad;
  *info = shell::handles<Info>().make();
  return kOk;
}
template <class Info>
Status destroy_info(Info* info) {
  return shell::handles<Info>().destroy(info) ? kOk : kBad;
}
template <class Info>
Status analyse(SparseHandle h, int m, int n, int nnz, cusparseMatDescr_t matrix, const int* offsets,
               const int* columns, Info* info) {
  if (const Status bad = begin(h, false); bad != kOk) return bad;
  if (base_of(matrix) < 0) return CUSOLVER_STATUS_MATRIX_TYPE_NOT_SUPPORTED;
  Info* steps = shell::handles<Info>().find(info);
  if (!valid(n, nnz, offsets, columns) || m < 0 || !steps) return kBad;
  if (m != n) return kNotDone;
  steps->n = n;
  return kOk;
}
/// What a factorization asks for is only something to hand over.
template <class Info>
Status answer_buffers(SparseHandle h, int n, Info* info, size_t* data_bytes, size_t* work_bytes) {
  if (const Status bad = begin(h, false); bad != kOk) return bad;
  if (!analysed(info, n) || !data_bytes || !work_bytes) return kBad;
  *data_bytes = *work_bytes = 16;
  return kOk;
}
template <class T, class Info>
Status factor(SparseHandle h, int n, int nnz, cusparseMatDescr_t matrix, const T* values, const int* offsets,
              const int* columns, Info* info, bool cholesky, bool device, T shift = T(0)) {
  if (const Status bad = begin(h, device); bad != kOk) return bad;
  const int base = base_of(matrix);
  if (base < 0) return CUSOLVER_STATUS_MATRIX_TYPE_NOT_SUPPORTED;
  Info* steps = analysed(info, n);
  if (!valid(n, nnz, offsets, columns) || !steps || (nnz && !values)) return kBad;
  if (device && (!reach(offsets, int64_t(n) + 1) || !reach(columns, nnz) || !reach(values, nnz))) return kBad;
  const Pattern a{n, offsets, columns, base};
  steps->factors = std::make_unique<BandFactors<T>>(a, values, cholesky, shift);
  return kOk;
}
template <class T, class Info>
Status find_zero_pivot(SparseHandle h, Info* info, RealOf<T> tolerance, int* position) {
  if (const Status bad = begin(h, false); bad != kOk) return bad;
  const BandFactors<T>* factors = factored<T>(info);
  if (!factors || !position) return kBad;
  *position = factors->singularity(tolerance);
  return kOk;
}
template <class T, class Info>
Status solve_factored(SparseHandle h, int n, const T* b, T* x, Info* info, bool device) {
  if (const Status bad = begin(h, device); bad != kOk) return bad;
  const BandFactors<T>* factors = factored<T>(info);
  if (!factors || !analysed(info, n) || !b || !x || (device && (!reach(b, n) || !reach(x, n)))) return kBad;
  factors->solve(b, x);
  return kOk;
}

#define PPU_STEPS(kind, suffix, Info, cholesky, device)                                                  \
  template <class T>                                                                                     \
  Status csr##kind##BufferInfo##suffix(SparseHandle h, int n, int, const cusparseMatDescr_t, const T*,   \
                                       const int*, const int*, Info* info, size_t* data, size_t* work) { \
    return answer_buffers(h, n, info, data, work);                                                       \
  }                                                                                                      \
  template <class T>                                                                                     \
  Status csr##kind##Factor##suffix(SparseHandle h, int n, int nnz, const cusparseMatDescr_t matrix,      \
                                   const T* values, const int* offsets, const int* columns, Info* info,  \
                                   void*) {                                                              \
    return factor(h, n, nnz, matrix, values, offsets, columns, info, cholesky, device);                  \
  }                                                                                                      \
  template <class T>                                                                                     \
  Status csr##kind##ZeroPivot##suffix(SparseHandle h, Info* info, RealOf<T> tolerance, int* position) {  \
    return find_zero_pivot<T>(h, info, tolerance, position);                                             \
  }                                                                                                      \
  template <class T>                                                                                     \
  Status csr##kind##Solve##suffix(SparseHandle h, int n, const T* b, T* x, Info* info, void*) {          \
    return solve_factored(h, n, b, x, info, device);                                                     \
  }
PPU_STEPS(chol, Host, csrcholInfoHost, true, false)
PPU_STEPS(chol, , csrcholInfo, true, true)
PPU_STEPS(lu, Host, csrluInfoHost, false, false)
#undef PPU_STEPS
/// The threshold would let LU keep to the diagonal: partial pivoting is always allowed.
template <class T>
Status csrluFactorHost(SparseHandle h, int n, int nnz, const cusparseMatDescr_t matrix, const T* values,
                       const int* offsets, const int* columns, csrluInfoHost* info, RealOf<T>, void* buffer) {
  return csrluFactorHost(h, n, nnz, matrix, values, offsets, columns, info, buffer);
}
// Setup takes A - mu I, and factors it at once; Factor solves where it is given a right side.
#define PPU_QR_STEPS(suffix, Info, device)                                                               \
  template <class T>                                                                                     \
  Status csrqrBufferInfo##suffix(SparseHandle h, int, int n, int, const cusparseMatDescr_t, const T*,    \
                                 const int*, const int*, Info* info, size_t* data, size_t* work) {       \
    return answer_buffers(h, n, info, data, work);                                                       \
  }                                                                                                      \
  template <class T>                                                                                     \
  Status csrqrSetup##suffix(SparseHandle h, int m, int n, int nnz, const cusparseMatDescr_t matrix,      \
                            const T* values, const int* offsets, const int* columns, T mu, Info* info) { \
    if (m != n) return kBad;                                                                             \
    return factor(h, n, nnz, matrix, values, offsets, columns, info, false, device, mu);                 \
  }                                                                                                      \
  template <class T>                                                                                     \
  Status csrqrFactor##suffix(SparseHandle h, int, int n, int, T* b, T* x, Info* info, void*) {           \
    if (b && x) return solve_factored<T>(h, n, b, x, info, device);                                      \
    if (const Status bad = begin(h, device); bad != kOk) return bad;                                     \
    return factored<T>(info) && analysed(info, n) ? kOk : kBad;                                          \
  }                                                                                                      \
  template <class T>                                                                                     \
  Status csrqrZeroPivot##suffix(SparseHandle h, Info* info, RealOf<T> tolerance, int* position) {        \
    return find_zero_pivot<T>(h, info, tolerance, position);                                             \
  }                                                                                                      \
  template <class T>                                                                                     \
  Status csrqrSolve##suffix(SparseHandle h, int, int n, T* b, T* x, Info* info, void*) {                 \
    return solve_factored<T>(h, n, b, x, info, device);                                                  \
  }
PPU_QR_STEPS(Host, csrqrInfoHost, false)
PPU_QR_STEPS(, csrqrInfo, true)
#undef PPU_QR_STEPS

/// How many entries L, without its diagonal, and U have.
template <class T>
void count_entries(const BandFactors<T>& factors, int* lower, int* upper) {
  const auto split = factors.split();
  const auto count = [](const auto& rows) {
    size_t sum = 0;
    for (const auto& row : rows) sum += row.size();
    return int(sum);
  };
  *lower = count(split.lower), *upper = count(split.upper);
}
template <class T>
void write_rows(const std::vector<std::vector<std::pair<int, T>>>& rows, int base, T* values, int* offsets,
                int* columns) {
  int at = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    offsets[i] = at + base;
    for (const auto& [column, value] : rows[i]) columns[at] = column + base, values[at++] = value;
  }
  offsets[rows.size()] = at + base;
}
template <class T>
Status csrluExtractHost(SparseHandle h, int* p, int* q, const cusparseMatDescr_t matrix_l, T* values_l,
                        int* offsets_l, int* columns_l, const cusparseMatDescr_t matrix_u, T* values_u,
                        int* offsets_u, int* columns_u, csrluInfoHost* info, void*) {
  if (const Status bad = begin(h, false); bad != kOk) return bad;
  const int base_l = base_of(matrix_l), base_u = base_of(matrix_u);
  if (base_l < 0 || base_u < 0) return CUSOLVER_STATUS_MATRIX_TYPE_NOT_SUPPORTED;
  const BandFactors<T>* factors = factored<T>(info);
  if (!factors || !p || !q || !values_l || !offsets_l || !columns_l || !values_u || !offsets_u || !columns_u)
    return kBad;
  const auto split = factors->split();
  std::copy(split.p.begin(), split.p.end(), p);
  std::copy(split.q.begin(), split.q.end(), q);
  write_rows(split.lower, base_l, values_l, offsets_l, columns_l);
  write_rows(split.upper, base_u, values_u, offsets_u, columns_u);
  return kOk;
}

}  // namespace ppu::cusolver
