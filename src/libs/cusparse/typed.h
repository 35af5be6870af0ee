// Bodies of ppu/cusparse_rows.inc: for a row `tail`, a function template over the number type.
#pragma once
#include <cmath>

#include "libs/cusparse/older.h"

namespace ppu::cusparse {

template <class T>
Status gemvi_bufferSize(Handle h, cusparseOperation_t op, int m, int n, int nnz, int* bytes) {
  return answer_buffer(h, known(op) && m >= 0 && n >= 0 && nnz >= 0, bytes);
}
/// y = alpha op(A) x + beta y with a dense A and a sparse x.
template <class T>
Status gemvi(Handle h, cusparseOperation_t op, int m, int n, const T* alpha, const T* a, int lda, int nnz,
             const T* x, const int* indices, const T* beta, T* y, cusparseIndexBase_t base, void*) {
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  const bool plain = op == CUSPARSE_OPERATION_NON_TRANSPOSE;
  if (!known(op) || m < 0 || n < 0 || lda < std::max(1, m) || nnz < 0 || !alpha || !beta ||
      (m && n && !reach(a, int64_t(lda) * (n - 1) + m)) || !reach(x, nnz) || !reach(indices, nnz) ||
      !reach(y, plain ? m : n))
    return kBad;
  return enqueue(h, [=, al = Scalar<T>(h, alpha), be = Scalar<T>(h, beta)] {
    const bool conjugated = op == CUSPARSE_OPERATION_CONJUGATE_TRANSPOSE;
    for (int64_t i = 0; i < (plain ? m : n); ++i) {
      T sum(0);
      for (int p = 0; p < nnz; ++p) {
        const int64_t j = indices[p] - base;
        sum += conjugate_if(conjugated, plain ? a[i + j * lda] : a[j + i * lda]) * x[p];
      }
      y[i] = al.get() * sum + (be.get() == T(0) ? T(0) : be.get() * y[i]);
    }
  });
}

/// Calls body(row, column, value) for each entry of a BSR matrix of square blocks.
template <class T, class Body>
void for_blocks(const Csr& blocks, int mb, int block, cusparseDirection_t direction, const T* values,
                Body&& body) {
  for (int br = 0; br < mb; ++br)
    for (int p = blocks.begin(br); p < blocks.end(br); ++p)
      for (int i = 0; i < block; ++i)
        for (int j = 0; j < block; ++j)
          body(int64_t(br) * block + i, int64_t(blocks.column(p)) * block + j,
               values[int64_t(p) * block * block +
                      (direction == CUSPARSE_DIRECTION_ROW ? i * block + j : j * block + i)]);
}
template <class T>
Status bsrmv(Handle h, cusparseDirection_t direction, cusparseOperation_t op, int mb, int nb, int nnzb,
             const T* alpha, const cusparseMatDescr_t matrix, const T* values, const int* offsets,
             const int* columns, int block, const T* x, const T* beta, T* y) {
  const cusparseMatDescr* m = general(matrix);
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!m || !known(direction) || !known(op) || mb < 0 || nb < 0 || nnzb < 0 || block < 1 || !alpha || !beta ||
      !reach(values, int64_t(nnzb) * block * block) || !reach(offsets, int64_t(mb) + 1) ||
      !reach(columns, nnzb) || !reach(x, int64_t(nb) * block) || !reach(y, int64_t(mb) * block))
    return kBad;
  if (op != CUSPARSE_OPERATION_NON_TRANSPOSE) return kNotDone;  // as documented
  return enqueue(h,
                 [=, a = Csr{offsets, columns, m->base}, al = Scalar<T>(h, alpha), be = Scalar<T>(h, beta)] {
                   for (int64_t i = 0; i < int64_t(mb) * block; ++i)
                     y[i] = be.get() == T(0) ? T(0) : be.get() * y[i];
                   const T factor = al.get();
                   for_blocks(a, mb, block, direction, values,
                              [&](int64_t i, int64_t j, T v) { y[i] += factor * v * x[j]; });
                 });
}
template <class T>
Status bsrmm(Handle h, cusparseDirection_t direction, cusparseOperation_t op_a, cusparseOperation_t op_b,
             int mb, int n, int kb, int nnzb, const T* alpha, const cusparseMatDescr_t matrix,
             const T* values, const int* offsets, const int* columns, int block, const T* b, int ldb,
             const T* beta, T* c, int ldc) {
  const cusparseMatDescr* m = general(matrix);
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  const bool plain = op_b == CUSPARSE_OPERATION_NON_TRANSPOSE;
  const int64_t rows = int64_t(mb) * block, inner = int64_t(kb) * block;
  if (!m || !known(direction) || !known(op_a) || !known(op_b) || mb < 0 || n < 0 || kb < 0 || nnzb < 0 ||
      block < 1 || !alpha || !beta || ldb < std::max<int64_t>(1, plain ? inner : n) ||
      ldc < std::max<int64_t>(1, rows) || !reach(values, int64_t(nnzb) * block * block) ||
      !reach(offsets, int64_t(mb) + 1) || !reach(columns, nnzb) ||
      (n && inner && !reach(b, int64_t(ldb) * ((plain ? n : inner) - 1) + (plain ? inner : n))) ||
      (n && rows && !reach(c, int64_t(ldc) * (n - 1) + rows)))
    return kBad;
  if (op_a != CUSPARSE_OPERATION_NON_TRANSPOSE || op_b == CUSPARSE_OPERATION_CONJUGATE_TRANSPOSE)
    return kNotDone;
  return enqueue(h,
                 [=, a = Csr{offsets, columns, m->base}, al = Scalar<T>(h, alpha), be = Scalar<T>(h, beta)] {
                   for (int64_t k = 0; k < n; ++k)
                     for (int64_t i = 0; i < rows; ++i)
                       c[i + k * ldc] = be.get() == T(0) ? T(0) : be.get() * c[i + k * ldc];
                   const T factor = al.get();
                   for_blocks(a, mb, block, direction, values, [&](int64_t i, int64_t j, T v) {
                     for (int64_t k = 0; k < n; ++k)
                       c[i + k * ldc] += factor * v * (plain ? b[j + k * ldb] : b[k + j * ldb]);
                   });
                 });
}

/// Solves a system of `bands` diagonals each side in place by elimination; at(i, k) is the element k to the
/// right of row i's diagonal.
template <class T, class At, class X>
void solve_band(int m, int bands, bool pivoted, At&& at, X&& x) {
  const int width = 3 * bands + 1;
  std::vector<T> rows(size_t(m) * size_t(width), T(0));
  const auto entry = [&](int i, int j) -> T& {
    return rows[size_t(i) * size_t(width) + size_t(j - i + bands)];
  };
  for (int i = 0; i < m; ++i)
    for (int k = -bands; k <= bands; ++k)
      if (i + k >= 0 && i + k < m) entry(i, i + k) = at(i, k);
  for (int i = 0; i < m; ++i) {
    const int last = std::min(m - 1, i + bands), right = std::min(m - 1, i + 2 * bands);
    int best = i;
    for (int r = i + 1; pivoted && r <= last; ++r)
      if (std::abs(entry(r, i)) > std::abs(entry(best, i))) best = r;
    if (best != i) {
      for (int j = i; j <= right; ++j) std::swap(entry(i, j), entry(best, j));
      std::swap(x(i), x(best));
    }
    for (int r = i + 1; r <= last; ++r) {
      const T factor = entry(r, i) / entry(i, i);
      if (factor == T(0)) continue;
      for (int j = i; j <= right && j <= r + 2 * bands; ++j) entry(r, j) -= factor * entry(i, j);
      x(r) -= factor * x(i);
    }
  }
  for (int i = m - 1; i >= 0; --i) {
    for (int j = i + 1; j <= std::min(m - 1, i + 2 * bands); ++j) x(i) -= entry(i, j) * x(j);
    x(i) /= entry(i, i);
  }
}
template <class T>
Status tridiagonal(Handle h, int m, int n, const T* dl, const T* d, const T* du, T* b, int ldb,
                   bool pivoted) {
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (m < 3 || n < 0 || ldb < m || !reach(dl, m) || !reach(d, m) || !reach(du, m) ||
      (n && !reach(b, int64_t(ldb) * (n - 1) + m)))
    return kBad;
  return enqueue(h, [=] {
    for (int64_t k = 0; k < n; ++k)
      solve_band<T>(
          m, 1, pivoted, [=](int i, int at) { return at < 0 ? dl[i]
                                                     : at   ? du[i]
                                                            : d[i]; },
          [=](int i) -> T& { return b[i + k * ldb]; });
  });
}
template <class T>
Status gtsv2_bufferSizeExt(Handle h, int m, int n, const T*, const T*, const T*, const T*, int ldb,
                           size_t* bytes) {
  return answer_buffer(h, m >= 3 && n >= 0 && ldb >= m, bytes);
}
template <class T>
Status gtsv2(Handle h, int m, int n, const T* dl, const T* d, const T* du, T* b, int ldb, void*) {
  return tridiagonal(h, m, n, dl, d, du, b, ldb, true);
}
template <class T>
Status gtsv2_nopivot_bufferSizeExt(Handle h, int m, int n, const T*, const T*, const T*, const T*, int ldb,
                                   size_t* bytes) {
  return answer_buffer(h, m >= 3 && n >= 0 && ldb >= m, bytes);
}
template <class T>
Status gtsv2_nopivot(Handle h, int m, int n, const T* dl, const T* d, const T* du, T* b, int ldb, void*) {
  return tridiagonal(h, m, n, dl, d, du, b, ldb, false);
}
template <class T>
Status gtsv2StridedBatch_bufferSizeExt(Handle h, int m, const T*, const T*, const T*, const T*, int count,
                                       int stride, size_t* bytes) {
  return answer_buffer(h, m >= 3 && count >= 1 && stride >= m, bytes);
}
template <class T>
Status gtsv2StridedBatch(Handle h, int m, const T* dl, const T* d, const T* du, T* x, int count, int stride,
                         void*) {
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  const int64_t whole = int64_t(stride) * (count - 1) + m;
  if (m < 3 || count < 1 || stride < m || !reach(dl, whole) || !reach(d, whole) || !reach(du, whole) ||
      !reach(x, whole))
    return kBad;
  return enqueue(h, [=] {
    for (int64_t k = 0; k < count; ++k) {
      const int64_t at = k * stride;
      solve_band<T>(
          m, 1, false, [=](int i, int side) { return (side < 0 ? dl
                                                      : side   ? du
                                                               : d)[at + i]; },
          [=](int i) -> T& { return x[at + i]; });
    }
  });
}
template <class T>
Status gtsvInterleavedBatch_bufferSizeExt(Handle h, int algorithm, int m, const T*, const T*, const T*,
                                          const T*, int count, size_t* bytes) {
  return answer_buffer(h, algorithm >= 0 && algorithm <= 2 && m >= 3 && count >= 1, bytes);
}
/// Algorithm 0 is Thomas's, without pivots; 1 and 2 exchange rows.
template <class T>
Status gtsvInterleavedBatch(Handle h, int algorithm, int m, T* dl, T* d, T* du, T* x, int count, void*) {
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  const int64_t whole = int64_t(m) * count;
  if (algorithm < 0 || algorithm > 2 || m < 3 || count < 1 || !reach(dl, whole) || !reach(d, whole) ||
      !reach(du, whole) || !reach(x, whole))
    return kBad;
  return enqueue(h, [=] {
    for (int64_t k = 0; k < count; ++k)
      solve_band<T>(
          m, 1, algorithm != 0,
          [=](int i, int side) {
            return (side < 0 ? dl : side ? du : d)[int64_t(i) * count + k];
          },
          [=](int i) -> T& { return x[int64_t(i) * count + k]; });
  });
}
template <class T>
Status gpsvInterleavedBatch_bufferSizeExt(Handle h, int algorithm, int m, const T*, const T*, const T*,
                                          const T*, const T*, const T*, int count, size_t* bytes) {
  return answer_buffer(h, algorithm == 0 && m >= 3 && count >= 1, bytes);
}
template <class T>
Status gpsvInterleavedBatch(Handle h, int algorithm, int m, T* ds, T* dl, T* d, T* du, T* dw, T* x, int count,
                            void*) {
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  const int64_t whole = int64_t(m) * count;
  if (algorithm != 0 || m < 3 || count < 1 || !reach(ds, whole) || !reach(dl, whole) || !reach(d, whole) ||
      !reach(du, whole) || !reach(dw, whole) || !reach(x, whole))
    return kBad;
  return enqueue(h, [=] {
    const T* diagonals[] = {ds, dl, d, du, dw};
    for (int64_t k = 0; k < count; ++k)
      solve_band<T>(
          m, 2, true, [=](int i, int side) { return diagonals[side + 2][int64_t(i) * count + k]; },
          [=](int i) -> T& { return x[int64_t(i) * count + k]; });
  });
}

/// The position of row i's diagonal, or -1.
inline int diagonal_of(const Csr& a, int i) {
  for (int p = a.begin(i); p < a.end(i); ++p)
    if (a.column(p) == i) return p;
  return -1;
}
template <class I, class N>
Status incomplete_size(Handle h, int m, int nnz, cusparseMatDescr_t matrix, I* info, N* bytes) {
  return answer_buffer(h, m >= 0 && nnz >= 0 && general(matrix) && find(info), bytes);
}
inline bool reach_csr(int m, int nnz, const void* values, size_t element, const int* offsets,
                      const int* columns) {
  return m >= 0 && nnz >= 0 && shell::reachable("cusparse", values, size_t(nnz) * element) &&
         reach(offsets, int64_t(m) + 1) && reach(columns, nnz);
}
/// Finds what the pattern already says: a row without its diagonal.
template <class T, class I>
Status incomplete_analysis(Handle h, int m, int nnz, cusparseMatDescr_t matrix, const T* values,
                           const int* offsets, const int* columns, I* info) {
  const cusparseMatDescr* d = general(matrix);
  const I* i = find(info);
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!d || !i || !reach_csr(m, nnz, values, sizeof(T), offsets, columns)) return kBad;
  return enqueue(h, [=, a = Csr{offsets, columns, d->base}, zero = i->zero] {
    *zero = -1;
    for (int row = 0; row < m && *zero < 0; ++row)
      if (diagonal_of(a, row) < 0) *zero = row + a.base;
  });
}

template <class T>
Status csrilu02_numericBoost(Handle h, csrilu02Info_t info, int enable, double* tolerance, T* boost) {
  csrilu02Info* i = find(info);
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!i || (enable && (!tolerance || !boost))) return kBad;
  i->boosts = enable != 0, i->tolerance = tolerance, i->boost = boost;
  return kOk;
}
template <class T>
Status csrilu02_bufferSize(Handle h, int m, int nnz, const cusparseMatDescr_t matrix, T*, const int*,
                           const int*, csrilu02Info_t info, int* bytes) {
  return incomplete_size(h, m, nnz, matrix, info, bytes);
}
template <class T>
Status csrilu02_bufferSizeExt(Handle h, int m, int nnz, const cusparseMatDescr_t matrix, T*, const int*,
                              const int*, csrilu02Info_t info, size_t* bytes) {
  return incomplete_size(h, m, nnz, matrix, info, bytes);
}
template <class T>
Status csrilu02_analysis(Handle h, int m, int nnz, const cusparseMatDescr_t matrix, const T* values,
                         const int* offsets, const int* columns, csrilu02Info_t info, cusparseSolvePolicy_t,
                         void*) {
  return incomplete_analysis(h, m, nnz, matrix, values, offsets, columns, info);
}
/// L and U on A's pattern, in place; the 0-based row of the first zero pivot, or -1.
template <class T, class Boost>
int incomplete_lu(int m, const Csr& a, T* values, Boost&& boosted) {
  int zero = -1;
  std::vector<int> at(size_t(m), -1);  // where row i holds a column
  for (int i = 0; i < m; ++i) {
    for (int p = a.begin(i); p < a.end(i); ++p) at[size_t(a.column(p))] = p;
    for (int p = a.begin(i); p < a.end(i) && a.column(p) < i; ++p) {
      const int k = a.column(p), pivot = diagonal_of(a, k);
      if (pivot < 0) continue;
      values[p] /= values[pivot];
      for (int q = pivot + 1; q < a.end(k); ++q)
        if (const int to = at[size_t(a.column(q))]; to >= 0) values[to] -= values[p] * values[q];
    }
    const int diagonal = diagonal_of(a, i);
    if (diagonal >= 0) values[diagonal] = boosted(values[diagonal]);
    if (zero < 0 && (diagonal < 0 || values[diagonal] == T(0))) zero = i;
    for (int p = a.begin(i); p < a.end(i); ++p) at[size_t(a.column(p))] = -1;
  }
  return zero;
}
template <class T>
Status csrilu02(Handle h, int m, int nnz, const cusparseMatDescr_t matrix, T* values, const int* offsets,
                const int* columns, csrilu02Info_t info, cusparseSolvePolicy_t, void*) {
  const cusparseMatDescr* d = general(matrix);
  const csrilu02Info* i = find(info);
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!d || !i || !reach_csr(m, nnz, values, sizeof(T), offsets, columns)) return kBad;
  const Scalar<double> tolerance(h, i->boosts ? i->tolerance : nullptr);
  const Scalar<T> boost(h, i->boosts ? static_cast<const T*>(i->boost) : nullptr);
  return enqueue(h, [=, a = Csr{offsets, columns, d->base}, zero = i->zero, boosts = i->boosts] {
    const int found = incomplete_lu(m, a, values, [&](T pivot) {
      return boosts && double(std::abs(pivot)) <= tolerance.get() ? boost.get() : pivot;
    });
    *zero = found < 0 ? -1 : found + a.base;
  });
}

template <class T>
Status csric02_bufferSize(Handle h, int m, int nnz, const cusparseMatDescr_t matrix, T*, const int*,
                          const int*, csric02Info_t info, int* bytes) {
  return incomplete_size(h, m, nnz, matrix, info, bytes);
}
template <class T>
Status csric02_bufferSizeExt(Handle h, int m, int nnz, const cusparseMatDescr_t matrix, T*, const int*,
                             const int*, csric02Info_t info, size_t* bytes) {
  return incomplete_size(h, m, nnz, matrix, info, bytes);
}
template <class T>
Status csric02_analysis(Handle h, int m, int nnz, const cusparseMatDescr_t matrix, const T* values,
                        const int* offsets, const int* columns, csric02Info_t info, cusparseSolvePolicy_t,
                        void*) {
  return incomplete_analysis(h, m, nnz, matrix, values, offsets, columns, info);
}
/// L of L L^H on the lower triangle of A's pattern, in place; the 0-based row of the first pivot that isn't
/// positive, or -1.
template <class T>
int incomplete_cholesky(int m, const Csr& a, T* values) {
  int zero = -1;
  for (int i = 0; i < m; ++i)
    for (int p = a.begin(i); p < a.end(i) && a.column(p) <= i; ++p) {
      const int k = a.column(p);
      T sum = values[p];
      for (int q = a.begin(i), r = a.begin(k); q < p && r < a.end(k) && a.column(r) < k;) {
        if (a.column(q) == a.column(r))
          sum -= values[q++] * conjugate_if(true, values[r++]);
        else
          a.column(q) < a.column(r) ? ++q : ++r;
      }
      if (k < i) {
        const int pivot = diagonal_of(a, k);
        if (pivot >= 0) values[p] = sum / values[pivot];
        continue;
      }
      if (zero < 0 && !(std::real(sum) > 0)) zero = i;
      values[p] = std::sqrt(sum);
    }
  return zero;
}
template <class T>
Status csric02(Handle h, int m, int nnz, const cusparseMatDescr_t matrix, T* values, const int* offsets,
               const int* columns, csric02Info_t info, cusparseSolvePolicy_t, void*) {
  const cusparseMatDescr* d = general(matrix);
  const csric02Info* i = find(info);
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!d || !i || !reach_csr(m, nnz, values, sizeof(T), offsets, columns)) return kBad;
  return enqueue(h, [=, a = Csr{offsets, columns, d->base}, zero = i->zero] {
    const int found = incomplete_cholesky(m, a, values);
    *zero = found < 0 ? -1 : found + a.base;
  });
}

template <class T>
Status csrgeam2_bufferSizeExt(Handle h, int m, int n, const T*, const cusparseMatDescr_t a, int, const T*,
                              const int*, const int*, const T*, const cusparseMatDescr_t b, int, const T*,
                              const int*, const int*, const cusparseMatDescr_t c, const T*, const int*,
                              const int*, size_t* bytes) {
  return answer_buffer(h, m >= 0 && n >= 0 && general(a) && general(b) && general(c), bytes);
}
/// C = alpha A + beta B; C's offsets are there already, as cusparseXcsrgeam2Nnz has written them.
template <class T>
Status csrgeam2(Handle h, int m, int n, const T* alpha, const cusparseMatDescr_t a_matrix, int a_nnz,
                const T* a_values, const int* a_offsets, const int* a_columns, const T* beta,
                const cusparseMatDescr_t b_matrix, int b_nnz, const T* b_values, const int* b_offsets,
                const int* b_columns, const cusparseMatDescr_t c_matrix, T* c_values, int* c_offsets,
                int* c_columns, void*) {
  const cusparseMatDescr *ma = general(a_matrix), *mb = general(b_matrix), *mc = general(c_matrix);
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!ma || !mb || !mc || n < 0 || !alpha || !beta ||
      !reach_csr(m, a_nnz, a_values, sizeof(T), a_offsets, a_columns) ||
      !reach_csr(m, b_nnz, b_values, sizeof(T), b_offsets, b_columns) || !reach(c_offsets, int64_t(m) + 1) ||
      !c_values || !c_columns)
    return kBad;
  return enqueue(h, [=, a = Csr{a_offsets, a_columns, ma->base}, b = Csr{b_offsets, b_columns, mb->base},
                     base = int(mc->base), al = Scalar<T>(h, alpha), be = Scalar<T>(h, beta)] {
    for (int i = 0; i < m; ++i) {
      int to = c_offsets[i] - base;
      for_union(a, b, i, [&](int column, int p, int q) {
        c_columns[to] = column + base;
        c_values[to++] = (p < 0 ? T(0) : al.get() * a_values[p]) + (q < 0 ? T(0) : be.get() * b_values[q]);
      });
    }
  });
}

template <class T>
Status nnz(Handle h, cusparseDirection_t direction, int m, int n, const cusparseMatDescr_t matrix, const T* a,
           int lda, int* counts, int* total) {
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  const bool by_row = direction == CUSPARSE_DIRECTION_ROW;
  if (!general(matrix) || !known(direction) || m < 0 || n < 0 || lda < std::max(1, m) || !total ||
      (m && n && !reach(a, int64_t(lda) * (n - 1) + m)) || !reach(counts, by_row ? m : n))
    return kBad;
  return answer_total(h, total, [=] {
    std::fill_n(counts, by_row ? m : n, 0);
    int sum = 0;
    for (int64_t j = 0; j < n; ++j)
      for (int64_t i = 0; i < m; ++i)
        if (a[i + j * lda] != T(0)) ++counts[by_row ? i : j], ++sum;
    return sum;
  });
}
/// What a tolerance keeps: elements larger than its real part.
template <class T>
bool kept(T value, T tolerance) {
  return std::abs(value) > std::real(tolerance);
}
template <class T>
Status nnz_compress(Handle h, int m, const cusparseMatDescr_t matrix, const T* values, const int* offsets,
                    int* counts, int* total, T tolerance) {
  const cusparseMatDescr* d = general(matrix);
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!d || m < 0 || !values || !total || std::real(tolerance) < 0 || !reach(offsets, int64_t(m) + 1) ||
      !reach(counts, m))
    return kBad;
  return answer_total(h, total, [=, base = int(d->base)] {
    int sum = 0;
    for (int i = 0; i < m; ++i) {
      counts[i] = 0;
      for (int p = offsets[i] - base; p < offsets[i + 1] - base; ++p) counts[i] += kept(values[p], tolerance);
      sum += counts[i];
    }
    return sum;
  });
}
template <class T>
Status csr2csr_compress(Handle h, int m, int n, const cusparseMatDescr_t matrix, const T* a_values,
                        const int* a_columns, const int* a_offsets, int a_nnz, const int* counts, T* c_values,
                        int* c_columns, int* c_offsets, T tolerance) {
  const cusparseMatDescr* d = general(matrix);
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!d || n < 0 || std::real(tolerance) < 0 || !c_values || !c_columns ||
      !reach_csr(m, a_nnz, a_values, sizeof(T), a_offsets, a_columns) || !reach(counts, m) ||
      !reach(c_offsets, int64_t(m) + 1))
    return kBad;
  return enqueue(h, [=, base = int(d->base)] {
    int to = 0;
    c_offsets[0] = base;
    for (int i = 0; i < m; ++i) {
      for (int p = a_offsets[i] - base; p < a_offsets[i + 1] - base; ++p)
        if (kept(a_values[p], tolerance)) c_columns[to] = a_columns[p], c_values[to++] = a_values[p];
      c_offsets[i + 1] = to + base;
    }
  });
}

/// C's offsets are there already, as cusparseXcsr2bsrNnz has written them.
template <class T>
Status csr2bsr(Handle h, cusparseDirection_t direction, int m, int n, const cusparseMatDescr_t a_matrix,
               const T* a_values, const int* a_offsets, const int* a_columns, int block,
               const cusparseMatDescr_t c_matrix, T* c_values, int* c_offsets, int* c_columns) {
  const cusparseMatDescr *ma = general(a_matrix), *mc = general(c_matrix);
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  const int rows = block > 0 ? (m + block - 1) / block : 0;
  if (!ma || !mc || !known(direction) || m < 0 || n < 0 || block < 1 || !a_values || !a_columns ||
      !c_values || !c_columns || !reach(a_offsets, int64_t(m) + 1) || !reach(c_offsets, int64_t(rows) + 1))
    return kBad;
  return enqueue(h, [=, a = Csr{a_offsets, a_columns, ma->base}, base = int(mc->base)] {
    const int64_t size = int64_t(block) * block;
    for (int br = 0; br < rows; ++br) {
      const std::vector<int> blocks = blocks_of(a, m, br, block);
      const int64_t first = c_offsets[br] - base;
      for (size_t k = 0; k < blocks.size(); ++k) c_columns[first + int64_t(k)] = blocks[k] + base;
      std::fill_n(c_values + first * size, int64_t(blocks.size()) * size, T(0));
      for (int i = br * block; i < std::min(m, (br + 1) * block); ++i)
        for (int p = a.begin(i); p < a.end(i); ++p) {
          const auto at =
              std::lower_bound(blocks.begin(), blocks.end(), a.column(p) / block) - blocks.begin();
          const int r = i % block, c = a.column(p) % block;
          c_values[(first + at) * size +
                   (direction == CUSPARSE_DIRECTION_ROW ? r * block + c : c * block + r)] = a_values[p];
        }
    }
  });
}
template <class T>
Status bsr2csr(Handle h, cusparseDirection_t direction, int mb, int nb, const cusparseMatDescr_t a_matrix,
               const T* a_values, const int* a_offsets, const int* a_columns, int block,
               const cusparseMatDescr_t c_matrix, T* c_values, int* c_offsets, int* c_columns) {
  const cusparseMatDescr *ma = general(a_matrix), *mc = general(c_matrix);
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!ma || !mc || !known(direction) || mb < 0 || nb < 0 || block < 1 || !a_values || !a_columns ||
      !c_values || !c_columns || !reach(a_offsets, int64_t(mb) + 1) ||
      !reach(c_offsets, int64_t(mb) * block + 1))
    return kBad;
  return enqueue(h, [=, a = Csr{a_offsets, a_columns, ma->base}, base = int(mc->base)] {
    int64_t to = 0;
    c_offsets[0] = base;
    for (int br = 0; br < mb; ++br)
      for (int i = 0; i < block; ++i) {
        for (int p = a.begin(br); p < a.end(br); ++p)
          for (int j = 0; j < block; ++j) {
            c_columns[to] = a.column(p) * block + j + base;
            c_values[to++] = a_values[int64_t(p) * block * block +
                                      (direction == CUSPARSE_DIRECTION_ROW ? i * block + j : j * block + i)];
          }
        c_offsets[br * block + i + 1] = int(to) + base;
      }
  });
}

}  // namespace ppu::cusparse
