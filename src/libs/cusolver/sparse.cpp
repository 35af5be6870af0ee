// The sparse functions: those on patterns here, the typed ones bound to their bodies.
#include "libs/cusolver/sparse.h"

#include <new>
#include <numeric>

#include "libs/shell/complex.h"

namespace ppu::cusolver {

using shell::native;
using shell::NumberOf;

#define PPU_ROWS <ppu/cusolversp_functions.inc>
#include "libs/cusolver/typed_rows.inc"

namespace {

/// A pattern, and the status where it isn't one.
Status pattern_of(SparseHandle h, int n, int nnz, cusparseMatDescr_t matrix, const int* offsets,
                  const int* columns, Pattern* a) {
  if (const Status bad = begin(h, false); bad != kOk) return bad;
  const int base = base_of(matrix);
  if (base < 0) return CUSOLVER_STATUS_MATRIX_TYPE_NOT_SUPPORTED;
  if (!valid(n, nnz, offsets, columns)) return kBad;
  *a = {n, offsets, columns, base};
  return kOk;
}
Status order_rows(SparseHandle h, int n, int nnz, cusparseMatDescr_t matrix, const int* offsets,
                  const int* columns, int* p, std::vector<int> (*order)(const Pattern&)) {
  Pattern a;
  if (const Status bad = pattern_of(h, n, nnz, matrix, offsets, columns, &a); bad != kOk) return bad;
  if (!p) return kBad;
  const std::vector<int> rows = order(a);
  std::copy(rows.begin(), rows.end(), p);
  return kOk;
}
bool is_permutation(const int* p, int n) {
  std::vector<bool> seen(size_t(n), false);
  for (int i = 0; i < n; ++i) {
    if (p[i] < 0 || p[i] >= n || seen[size_t(p[i])]) return false;
    seen[size_t(p[i])] = true;
  }
  return true;
}

}  // namespace

Status cusolverSpXcsrissymHost(SparseHandle h, int m, int nnz, const cusparseMatDescr_t matrix,
                               const int* begins, const int* ends, const int* columns, int* symmetric) {
  Pattern a;
  if (const Status bad = pattern_of(h, m, nnz, matrix, begins, columns, &a); bad != kOk) return bad;
  if (!ends || !symmetric) return kBad;
  std::vector<std::pair<int, int>> there, mirrored;
  for (int i = 0; i < m; ++i)
    for (int p = begins[i] - a.base; p < ends[i] - a.base; ++p)
      there.emplace_back(i, a.column(p)), mirrored.emplace_back(a.column(p), i);
  std::sort(there.begin(), there.end()), std::sort(mirrored.begin(), mirrored.end());
  *symmetric = there == mirrored;
  return kOk;
}
Status cusolverSpXcsrsymrcmHost(SparseHandle h, int n, int nnz, const cusparseMatDescr_t matrix,
                                const int* offsets, const int* columns, int* p) {
  return order_rows(h, n, nnz, matrix, offsets, columns, p, narrow_order);
}
// Three ways to thin factors, here one: minimum degree.
Status cusolverSpXcsrsymmdqHost(SparseHandle h, int n, int nnz, const cusparseMatDescr_t matrix,
                                const int* offsets, const int* columns, int* p) {
  return order_rows(h, n, nnz, matrix, offsets, columns, p, thin_order);
}
Status cusolverSpXcsrsymamdHost(SparseHandle h, int n, int nnz, const cusparseMatDescr_t matrix,
                                const int* offsets, const int* columns, int* p) {
  return order_rows(h, n, nnz, matrix, offsets, columns, p, thin_order);
}
Status cusolverSpXcsrmetisndHost(SparseHandle h, int n, int nnz, const cusparseMatDescr_t matrix,
                                 const int* offsets, const int* columns, const int64_t*, int* p) {
  return order_rows(h, n, nnz, matrix, offsets, columns, p, thin_order);
}

Status cusolverSpXcsrperm_bufferSizeHost(SparseHandle h, int m, int n, int nnz,
                                         const cusparseMatDescr_t matrix, const int* offsets,
                                         const int* columns, const int* p, const int* q, size_t* bytes) {
  Pattern a;
  if (const Status bad = pattern_of(h, m, nnz, matrix, offsets, columns, &a); bad != kOk) return bad;
  if (n < 0 || !p || !q || !bytes) return kBad;
  *bytes = 16;
  return kOk;
}
/// B(i, j) = A(p(i), q(j)) in place, each row in order; `map` goes with the entries.
Status cusolverSpXcsrpermHost(SparseHandle h, int m, int n, int nnz, const cusparseMatDescr_t matrix,
                              int* offsets, int* columns, const int* p, const int* q, int* map, void*) {
  Pattern a;
  if (const Status bad = pattern_of(h, m, nnz, matrix, offsets, columns, &a); bad != kOk) return bad;
  if (n < 0 || !p || !q || !map || !is_permutation(p, m) || !is_permutation(q, n)) return kBad;
  std::vector<int> to(static_cast<size_t>(n));
  for (int j = 0; j < n; ++j) to[size_t(q[j])] = j;
  std::vector<int> new_offsets = {a.base}, new_columns, new_map;
  for (int i = 0; i < m; ++i) {
    std::vector<std::pair<int, int>> row;
    for (int k = a.begin(p[i]); k < a.end(p[i]); ++k) row.emplace_back(to[size_t(a.column(k))], map[k]);
    std::sort(row.begin(), row.end());
    for (const auto& [column, was] : row) new_columns.push_back(column + a.base), new_map.push_back(was);
    new_offsets.push_back(int(new_columns.size()) + a.base);
  }
  std::copy(new_offsets.begin(), new_offsets.end(), offsets);
  std::copy(new_columns.begin(), new_columns.end(), columns);
  std::copy(new_map.begin(), new_map.end(), map);
  return kOk;
}

Status cusolverSpCreateCsrqrInfo(csrqrInfo_t* info) {
  if (!info) return kBad;
  *info = shell::handles<csrqrInfo>().make();
  return kOk;
}
Status cusolverSpDestroyCsrqrInfo(csrqrInfo_t info) {
  return shell::handles<csrqrInfo>().destroy(info) ? kOk : kBad;
}
Status cusolverSpXcsrqrAnalysisBatched(SparseHandle h, int m, int n, int nnz, const cusparseMatDescr_t matrix,
                                       const int* offsets, const int* columns, csrqrInfo_t info) {
  Pattern a;
  if (const Status bad = pattern_of(h, m, nnz, matrix, offsets, columns, &a); bad != kOk) return bad;
  csrqrInfo* i = shell::handles<csrqrInfo>().find(info);
  if (!i || n < 0) return kBad;
  if (m != n) return kNotDone;
  i->rows = m;
  return kOk;
}

}  // namespace ppu::cusolver
