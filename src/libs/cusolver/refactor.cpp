// cuSOLVER's refactorization: factors of a matrix whose pattern and pivots are those of one that was factored
// before. The bundle M = L + U - I of P A Q^T is kept by rows; new values are spread over its places and
// eliminated there, row by row, without a search for pivots. By rows and with the ones on L's diagonal only;
// in double precision, as documented.
#include <memory>
#include <numeric>
#include <vector>

#include "base/log.h"
#include "libs/cusolver/dense.h"

struct cusolverRfCommon {
  cusolverRfUnitDiagonal_t diagonal = CUSOLVERRF_UNIT_DIAGONAL_STORED_L;
  double zero = 0, boost = 0;
  cusolverRfNumericBoostReport_t boosted = CUSOLVERRF_NUMERIC_BOOST_NOT_USED;
  cusolverRfFactorization_t factorization = CUSOLVERRF_FACTORIZATION_ALG0;
  cusolverRfTriangularSolve_t solve = CUSOLVERRF_TRIANGULAR_SOLVE_ALG1;
  cusolverRfResetValuesFastMode_t mode = CUSOLVERRF_RESET_VALUES_FAST_MODE_OFF;
  int n = -1;
  bool analysed = false, refactored = false;
  std::vector<int> offsets, columns, diagonals;  ///< the bundle's rows; where each row's diagonal is
  std::vector<std::vector<double>> values;       ///< one for each matrix of a batch
  std::vector<int> zero_pivots;                  ///< of each, -1: none
};

namespace ppu::cusolver {
namespace {

auto& problems = shell::handles<cusolverRfCommon>();

template <class Body>
Status with(cusolverRfHandle_t handle, Body body) {
  cusolverRfCommon* problem = problems.find(handle);
  return problem ? body(*problem) : CUSOLVER_STATUS_NOT_INITIALIZED;
}
/// Waits for what the program has queued: the functions take no stream.
Status settle() {
  return cuCtxSynchronize() == CUDA_SUCCESS ? kOk : CUSOLVER_STATUS_EXECUTION_FAILED;
}

struct Csr {
  int nnz;
  const int *offsets, *columns;
  const double* values;
  bool valid(int n) const {
    if (nnz < 0 || !offsets || (nnz && !columns) || offsets[0] != 0 || offsets[n] != nnz) return false;
    for (int i = 0; i < n; ++i)
      if (offsets[i + 1] < offsets[i]) return false;
    for (int k = 0; k < nnz; ++k)
      if (columns[k] < 0 || columns[k] >= n) return false;
    return true;
  }
};
std::vector<int> inverse(const int* p, int n) {
  std::vector<int> to(size_t(n), -1);
  for (int i = 0; i < n; ++i)
    if (p[i] >= 0 && p[i] < n) to[size_t(p[i])] = i;
  return to;
}
bool is_permutation(const int* p, int n) {
  if (!p) return false;
  const std::vector<int> to = inverse(p, n);
  return std::find(to.begin(), to.end(), -1) == to.end();
}

/// Spreads A's values over the bundle: row i of P A Q^T is row p[i] of A. False where a value has no place
/// there.
bool spread(cusolverRfCommon& r, const Csr& a, const double* values, const int* p, const int* q,
            std::vector<double>& to) {
  const std::vector<int> place = inverse(q, r.n);
  std::vector<int> at(size_t(r.n), -1);
  to.assign(r.columns.size(), 0);
  for (int i = 0; i < r.n; ++i) {
    for (int k = r.offsets[size_t(i)]; k < r.offsets[size_t(i) + 1]; ++k)
      at[size_t(r.columns[size_t(k)])] = k;
    for (int k = a.offsets[p[i]]; k < a.offsets[p[i] + 1]; ++k) {
      const int slot = at[size_t(place[size_t(a.columns[k])])];
      if (slot < r.offsets[size_t(i)]) return false;
      to[size_t(slot)] += values[k];
    }
  }
  return true;
}
/// The bundle's pattern from those of L and U; false where a diagonal of U is missing.
bool bundle(cusolverRfCommon& r, const Csr& l, const Csr& u) {
  r.offsets = {0}, r.columns.clear(), r.diagonals.clear();
  for (int i = 0; i < r.n; ++i) {
    std::vector<int> row;
    for (int k = l.offsets[i]; k < l.offsets[i + 1]; ++k)
      if (l.columns[k] < i) row.push_back(l.columns[k]);
    for (int k = u.offsets[i]; k < u.offsets[i + 1]; ++k)
      if (u.columns[k] >= i) row.push_back(u.columns[k]);
    std::sort(row.begin(), row.end());
    row.erase(std::unique(row.begin(), row.end()), row.end());
    const auto diagonal = std::lower_bound(row.begin(), row.end(), i);
    if (diagonal == row.end() || *diagonal != i) return false;
    r.diagonals.push_back(int(r.columns.size()) + int(diagonal - row.begin()));
    r.columns.insert(r.columns.end(), row.begin(), row.end());
    r.offsets.push_back(int(r.columns.size()));
  }
  return true;
}
/// The 0-based row of the first pivot that is zero, or -1.
int eliminate(cusolverRfCommon& r, std::vector<double>& m) {
  std::vector<int> at(size_t(r.n), -1);
  int zero_pivot = -1;
  for (int i = 0; i < r.n; ++i) {
    const auto first = size_t(r.offsets[size_t(i)]), last = size_t(r.offsets[size_t(i) + 1]);
    for (size_t k = first; k < last; ++k) at[size_t(r.columns[k])] = int(k);
    for (size_t k = first; r.columns[k] < i; ++k) {
      const int j = r.columns[k];
      const auto pivot = size_t(r.diagonals[size_t(j)]);
      const double factor = m[k] /= m[pivot];
      for (size_t s = pivot + 1; s < size_t(r.offsets[size_t(j) + 1]); ++s) {
        const int slot = at[size_t(r.columns[s])];
        if (slot >= int(first)) m[size_t(slot)] -= factor * m[s];
      }
    }
    double& pivot = m[size_t(r.diagonals[size_t(i)])];
    if (std::abs(pivot) < r.zero) pivot = r.boost, r.boosted = CUSOLVERRF_NUMERIC_BOOST_USED;
    if (pivot == 0 && zero_pivot < 0) zero_pivot = i;
  }
  return zero_pivot;
}
/// x = Q^T U^-1 L^-1 P x.
void solve_one(const cusolverRfCommon& r, const std::vector<double>& m, const int* p, const int* q,
               double* x) {
  std::vector<double> y(static_cast<size_t>(r.n));
  for (int i = 0; i < r.n; ++i) {
    double sum = x[p[i]];
    for (auto k = size_t(r.offsets[size_t(i)]); k < size_t(r.diagonals[size_t(i)]); ++k)
      sum -= m[k] * y[size_t(r.columns[k])];
    y[size_t(i)] = sum;
  }
  for (int i = r.n - 1; i >= 0; --i) {
    const auto diagonal = size_t(r.diagonals[size_t(i)]);
    double sum = y[size_t(i)];
    for (size_t k = diagonal + 1; k < size_t(r.offsets[size_t(i) + 1]); ++k)
      sum -= m[k] * y[size_t(r.columns[k])];
    y[size_t(i)] = sum / m[diagonal];
  }
  for (int i = 0; i < r.n; ++i) x[q[i]] = y[size_t(i)];
}

Status set_up(cusolverRfHandle_t handle, int count, int n, const Csr& a, const double* const values[],
              const Csr& l, const Csr& u, const int* p, const int* q) {
  return with(handle, [&](cusolverRfCommon& r) {
    if (const Status bad = settle()) return bad;
    if (n < 1 || count < 1 || !a.valid(n) || !l.valid(n) || !u.valid(n) || !values || !is_permutation(p, n) ||
        !is_permutation(q, n))
      return kBad;
    r.n = n, r.analysed = r.refactored = false;
    if (!bundle(r, l, u)) return kBad;
    r.values.assign(size_t(count), {});
    r.zero_pivots.assign(size_t(count), -1);
    for (int i = 0; i < count; ++i)
      if (!values[i] || !spread(r, a, values[i], p, q, r.values[size_t(i)])) return kBad;
    return kOk;
  });
}
Status reset(cusolverRfHandle_t handle, int count, int n, const Csr& a, const double* const values[],
             const int* p, const int* q) {
  return with(handle, [&](cusolverRfCommon& r) {
    if (const Status bad = settle()) return bad;
    if (n != r.n || count != int(r.values.size()) || !a.valid(n) || !values || !is_permutation(p, n) ||
        !is_permutation(q, n))
      return kBad;
    r.refactored = false;
    for (int i = 0; i < count; ++i)
      if (!values[i] || !spread(r, a, values[i], p, q, r.values[size_t(i)])) return kBad;
    return kOk;
  });
}
Status analyse(cusolverRfHandle_t handle) {
  return with(handle, [](cusolverRfCommon& r) {
    if (r.n < 0) return kBad;
    r.analysed = true;
    return kOk;
  });
}
Status refactor(cusolverRfHandle_t handle) {
  return with(handle, [](cusolverRfCommon& r) {
    if (!r.analysed) return kBad;
    r.boosted = CUSOLVERRF_NUMERIC_BOOST_NOT_USED;
    for (size_t i = 0; i < r.values.size(); ++i) r.zero_pivots[i] = eliminate(r, r.values[i]);
    r.refactored = true;
    const bool one = r.values.size() == 1;
    return one && r.zero_pivots[0] >= 0 ? CUSOLVER_STATUS_ZERO_PIVOT : kOk;
  });
}
Status solve(cusolverRfHandle_t handle, const int* p, const int* q, int nrhs, double* const x[], int ldx) {
  return with(handle, [&](cusolverRfCommon& r) {
    if (const Status bad = settle()) return bad;
    if (!r.refactored || nrhs != 1 || ldx < r.n || !x || !is_permutation(p, r.n) || !is_permutation(q, r.n))
      return kBad;
    for (size_t i = 0; i < r.values.size(); ++i) {
      if (!reach(x[i], r.n)) return kBad;
      solve_one(r, r.values[i], p, q, x[i]);
    }
    return kOk;
  });
}
template <class T>
T* malloc_copy(const std::vector<T>& from) {
  T* to = static_cast<T*>(std::malloc(std::max<size_t>(1, from.size()) * sizeof(T)));
  if (to) std::copy(from.begin(), from.end(), to);
  return to;
}

}  // namespace

Status cusolverRfCreate(cusolverRfHandle_t* handle) {
  if (!handle) return kBad;
  if (shell::need_context() != CUDA_SUCCESS) return CUSOLVER_STATUS_NOT_INITIALIZED;
  *handle = problems.make();
  return kOk;
}
Status cusolverRfDestroy(cusolverRfHandle_t handle) {
  return problems.destroy(handle) ? kOk : CUSOLVER_STATUS_NOT_INITIALIZED;
}
Status cusolverRfGetMatrixFormat(cusolverRfHandle_t handle, cusolverRfMatrixFormat_t* format,
                                 cusolverRfUnitDiagonal_t* diagonal) {
  return with(handle, [&](const cusolverRfCommon& r) {
    if (!format || !diagonal) return kBad;
    *format = CUSOLVERRF_MATRIX_FORMAT_CSR, *diagonal = r.diagonal;
    return kOk;
  });
}
Status cusolverRfSetMatrixFormat(cusolverRfHandle_t handle, cusolverRfMatrixFormat_t format,
                                 cusolverRfUnitDiagonal_t diagonal) {
  return with(handle, [&](cusolverRfCommon& r) {
    const bool ones_in_l =
        diagonal == CUSOLVERRF_UNIT_DIAGONAL_STORED_L || diagonal == CUSOLVERRF_UNIT_DIAGONAL_ASSUMED_L;
    if (format == CUSOLVERRF_MATRIX_FORMAT_CSR && ones_in_l) {
      r.diagonal = diagonal;
      return kOk;
    }
    if (unsigned(format) > CUSOLVERRF_MATRIX_FORMAT_CSC ||
        unsigned(diagonal) > CUSOLVERRF_UNIT_DIAGONAL_ASSUMED_U)
      return kBad;
    log_once("cusolver", "rf-format", "refactorization by columns, or with ones in U, isn't written yet");
    return kNotDone;
  });
}
Status cusolverRfSetNumericProperties(cusolverRfHandle_t handle, double zero, double boost) {
  return with(handle, [&](cusolverRfCommon& r) {
    r.zero = zero, r.boost = boost;
    return kOk;
  });
}
Status cusolverRfGetNumericProperties(cusolverRfHandle_t handle, double* zero, double* boost) {
  return with(handle, [&](const cusolverRfCommon& r) {
    if (!zero || !boost) return kBad;
    *zero = r.zero, *boost = r.boost;
    return kOk;
  });
}
Status cusolverRfGetNumericBoostReport(cusolverRfHandle_t handle, cusolverRfNumericBoostReport_t* report) {
  return with(handle, [&](const cusolverRfCommon& r) {
    if (!report) return kBad;
    *report = r.boosted;
    return kOk;
  });
}
Status cusolverRfSetAlgs(cusolverRfHandle_t handle, cusolverRfFactorization_t factorization,
                         cusolverRfTriangularSolve_t solve) {
  return with(handle, [&](cusolverRfCommon& r) {
    if (unsigned(factorization) > CUSOLVERRF_FACTORIZATION_ALG2 || solve < CUSOLVERRF_TRIANGULAR_SOLVE_ALG1 ||
        solve > CUSOLVERRF_TRIANGULAR_SOLVE_ALG3)
      return kBad;
    r.factorization = factorization, r.solve = solve;
    return kOk;
  });
}
Status cusolverRfGetAlgs(cusolverRfHandle_t handle, cusolverRfFactorization_t* factorization,
                         cusolverRfTriangularSolve_t* solve) {
  return with(handle, [&](const cusolverRfCommon& r) {
    if (!factorization || !solve) return kBad;
    *factorization = r.factorization, *solve = r.solve;
    return kOk;
  });
}
Status cusolverRfGetResetValuesFastMode(cusolverRfHandle_t handle, cusolverRfResetValuesFastMode_t* mode) {
  return with(handle, [&](const cusolverRfCommon& r) {
    if (!mode) return kBad;
    *mode = r.mode;
    return kOk;
  });
}
Status cusolverRfSetResetValuesFastMode(cusolverRfHandle_t handle, cusolverRfResetValuesFastMode_t mode) {
  return with(handle, [&](cusolverRfCommon& r) {
    if (unsigned(mode) > CUSOLVERRF_RESET_VALUES_FAST_MODE_ON) return kBad;
    r.mode = mode;
    return kOk;
  });
}

Status cusolverRfSetupHost(int n, int nnz_a, int* offsets_a, int* columns_a, double* values_a, int nnz_l,
                           int* offsets_l, int* columns_l, double* values_l, int nnz_u, int* offsets_u,
                           int* columns_u, double* values_u, int* p, int* q, cusolverRfHandle_t handle) {
  return set_up(handle, 1, n, {nnz_a, offsets_a, columns_a, values_a}, &values_a,
                {nnz_l, offsets_l, columns_l, values_l}, {nnz_u, offsets_u, columns_u, values_u}, p, q);
}
// Device memory is the host's.
Status cusolverRfSetupDevice(int n, int nnz_a, int* offsets_a, int* columns_a, double* values_a, int nnz_l,
                             int* offsets_l, int* columns_l, double* values_l, int nnz_u, int* offsets_u,
                             int* columns_u, double* values_u, int* p, int* q, cusolverRfHandle_t handle) {
  return cusolver::cusolverRfSetupHost(n, nnz_a, offsets_a, columns_a, values_a, nnz_l, offsets_l, columns_l,
                                       values_l, nnz_u, offsets_u, columns_u, values_u, p, q, handle);
}
Status cusolverRfBatchSetupHost(int count, int n, int nnz_a, int* offsets_a, int* columns_a,
                                double* values_a[], int nnz_l, int* offsets_l, int* columns_l,
                                double* values_l, int nnz_u, int* offsets_u, int* columns_u, double* values_u,
                                int* p, int* q, cusolverRfHandle_t handle) {
  return set_up(handle, count, n, {nnz_a, offsets_a, columns_a, nullptr}, values_a,
                {nnz_l, offsets_l, columns_l, values_l}, {nnz_u, offsets_u, columns_u, values_u}, p, q);
}
Status cusolverRfResetValues(int n, int nnz_a, int* offsets_a, int* columns_a, double* values_a, int* p,
                             int* q, cusolverRfHandle_t handle) {
  return reset(handle, 1, n, {nnz_a, offsets_a, columns_a, values_a}, &values_a, p, q);
}
Status cusolverRfBatchResetValues(int count, int n, int nnz_a, int* offsets_a, int* columns_a,
                                  double* values_a[], int* p, int* q, cusolverRfHandle_t handle) {
  return reset(handle, count, n, {nnz_a, offsets_a, columns_a, nullptr}, values_a, p, q);
}
Status cusolverRfAnalyze(cusolverRfHandle_t handle) {
  return analyse(handle);
}
Status cusolverRfBatchAnalyze(cusolverRfHandle_t handle) {
  return analyse(handle);
}
Status cusolverRfRefactor(cusolverRfHandle_t handle) {
  return refactor(handle);
}
Status cusolverRfBatchRefactor(cusolverRfHandle_t handle) {
  return refactor(handle);
}
Status cusolverRfSolve(cusolverRfHandle_t handle, int* p, int* q, int nrhs, double*, int, double* x,
                       int ldx) {
  return solve(handle, p, q, nrhs, &x, ldx);
}
Status cusolverRfBatchSolve(cusolverRfHandle_t handle, int* p, int* q, int nrhs, double*, int, double* x[],
                            int ldx) {
  return solve(handle, p, q, nrhs, x, ldx);
}
Status cusolverRfBatchZeroPivot(cusolverRfHandle_t handle, int* position) {
  return with(handle, [&](const cusolverRfCommon& r) {
    if (!position || !r.refactored) return kBad;
    std::copy(r.zero_pivots.begin(), r.zero_pivots.end(), position);
    return kOk;
  });
}
/// The handle's own arrays: they are the host's and the device's.
Status cusolverRfAccessBundledFactorsDevice(cusolverRfHandle_t handle, int* nnz, int** offsets, int** columns,
                                            double** values) {
  return with(handle, [&](cusolverRfCommon& r) {
    if (!nnz || !offsets || !columns || !values || r.values.size() != 1) return kBad;
    *nnz = int(r.columns.size());
    *offsets = r.offsets.data(), *columns = r.columns.data(), *values = r.values[0].data();
    return kOk;
  });
}
/// As documented, the caller frees the arrays.
Status cusolverRfExtractBundledFactorsHost(cusolverRfHandle_t handle, int* nnz, int** offsets, int** columns,
                                           double** values) {
  return with(handle, [&](const cusolverRfCommon& r) {
    if (!nnz || !offsets || !columns || !values || r.values.size() != 1) return kBad;
    *nnz = int(r.columns.size());
    *offsets = malloc_copy(r.offsets), *columns = malloc_copy(r.columns), *values = malloc_copy(r.values[0]);
    return *offsets && *columns && *values ? kOk : CUSOLVER_STATUS_ALLOC_FAILED;
  });
}
Status cusolverRfExtractSplitFactorsHost(cusolverRfHandle_t handle, int* nnz_l, int** offsets_l,
                                         int** columns_l, double** values_l, int* nnz_u, int** offsets_u,
                                         int** columns_u, double** values_u) {
  return with(handle, [&](const cusolverRfCommon& r) {
    if (!nnz_l || !offsets_l || !columns_l || !values_l || !nnz_u || !offsets_u || !columns_u || !values_u ||
        r.values.size() != 1)
      return kBad;
    std::vector<int> lower_offsets = {0}, lower_columns, upper_offsets = {0}, upper_columns;
    std::vector<double> lower, upper;
    const bool stored = r.diagonal == CUSOLVERRF_UNIT_DIAGONAL_STORED_L;
    for (int i = 0; i < r.n; ++i) {
      for (auto k = size_t(r.offsets[size_t(i)]); k < size_t(r.offsets[size_t(i) + 1]); ++k) {
        const bool below = r.columns[k] < i;
        (below ? lower_columns : upper_columns).push_back(r.columns[k]);
        (below ? lower : upper).push_back(r.values[0][k]);
      }
      if (stored) lower_columns.push_back(i), lower.push_back(1);
      lower_offsets.push_back(int(lower.size())), upper_offsets.push_back(int(upper.size()));
    }
    *nnz_l = int(lower.size()), *nnz_u = int(upper.size());
    *offsets_l = malloc_copy(lower_offsets), *columns_l = malloc_copy(lower_columns);
    *values_l = malloc_copy(lower);
    *offsets_u = malloc_copy(upper_offsets), *columns_u = malloc_copy(upper_columns);
    *values_u = malloc_copy(upper);
    return *offsets_l && *columns_l && *values_l && *offsets_u && *columns_u && *values_u
               ? kOk
               : CUSOLVER_STATUS_ALLOC_FAILED;
  });
}

}  // namespace ppu::cusolver
