// The older interface's descriptors, and its functions on indices alone: conversions, sorts, patterns.
#include "libs/cusparse/numbers.h"
#include "libs/cusparse/older.h"

namespace ppu::cusparse {

Status cusparseCreateMatDescr(cusparseMatDescr_t* matrix) {
  if (!matrix) return kBad;
  *matrix = shell::handles<cusparseMatDescr>().make();
  return kOk;
}
Status cusparseDestroyMatDescr(cusparseMatDescr_t matrix) {
  return shell::handles<cusparseMatDescr>().destroy(matrix) ? kOk : kBad;
}
// A getter answers the default for what isn't a descriptor: it has no status.
#define PPU_FIELD(Name, type, field, last)                             \
  Status cusparseSetMat##Name(cusparseMatDescr_t matrix, type value) { \
    cusparseMatDescr* m = find(matrix);                                \
    if (!m || unsigned(value) > unsigned(last)) return kBad;           \
    m->field = value;                                                  \
    return kOk;                                                        \
  }                                                                    \
  type cusparseGetMat##Name(const cusparseMatDescr_t matrix) {         \
    const cusparseMatDescr* m = find(matrix);                          \
    return m ? m->field : cusparseMatDescr().field;                    \
  }
PPU_FIELD(Type, cusparseMatrixType_t, type, CUSPARSE_MATRIX_TYPE_TRIANGULAR)
PPU_FIELD(FillMode, cusparseFillMode_t, fill, CUSPARSE_FILL_MODE_UPPER)
PPU_FIELD(DiagType, cusparseDiagType_t, diagonal, CUSPARSE_DIAG_TYPE_UNIT)
PPU_FIELD(IndexBase, cusparseIndexBase_t, base, CUSPARSE_INDEX_BASE_ONE)
#undef PPU_FIELD

#define PPU_INFO(Create, Destroy, zeroPivot, type)                                   \
  Status Create(type* info) {                                                        \
    if (!info) return kBad;                                                          \
    *info = shell::handles<std::remove_pointer_t<type>>().make();                    \
    return kOk;                                                                      \
  }                                                                                  \
  Status Destroy(type info) {                                                        \
    return shell::handles<std::remove_pointer_t<type>>().destroy(info) ? kOk : kBad; \
  }                                                                                  \
  Status zeroPivot(Handle h, type info, int* position) {                             \
    return zero_pivot(h, find(info), position);                                      \
  }
namespace {
/// Blocks, as documented.
Status zero_pivot(Handle h, const IncompleteInfo* info, int* position) {
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!info || !position) return kBad;
  if (const Status waited = wait(h); waited != kOk) return waited;
  *position = *info->zero;
  return *info->zero >= 0 ? CUSPARSE_STATUS_ZERO_PIVOT : kOk;
}
}  // namespace
PPU_INFO(cusparseCreateCsric02Info, cusparseDestroyCsric02Info, cusparseXcsric02_zeroPivot, csric02Info_t)
PPU_INFO(cusparseCreateCsrilu02Info, cusparseDestroyCsrilu02Info, cusparseXcsrilu02_zeroPivot, csrilu02Info_t)
#undef PPU_INFO

Status cusparseXcoo2csr(Handle h, const int* rows, int nnz, int m, int* offsets, cusparseIndexBase_t base) {
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (nnz < 0 || m < 0 || !reach(rows, nnz) || !reach(offsets, int64_t(m) + 1)) return kBad;
  return enqueue(h, [=] {
    std::fill_n(offsets, m + 1, 0);
    for (int p = 0; p < nnz; ++p) ++offsets[rows[p] - base + 1];
    std::partial_sum(offsets, offsets + m + 1, offsets);
    for (int i = 0; i <= m; ++i) offsets[i] += base;
  });
}
Status cusparseXcsr2coo(Handle h, const int* offsets, int nnz, int m, int* rows, cusparseIndexBase_t base) {
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (nnz < 0 || m < 0 || !reach(rows, nnz) || !reach(offsets, int64_t(m) + 1)) return kBad;
  return enqueue(h, [=] {
    for (int i = 0; i < m; ++i)
      std::fill(rows + (offsets[i] - base), rows + (offsets[i + 1] - base), i + base);
  });
}
Status cusparseCreateIdentityPermutation(Handle h, int n, int* p) {
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (n < 0 || !reach(p, n)) return kBad;
  return enqueue(h, [=] { std::iota(p, p + n, 0); });
}

namespace {

/// Puts begin..end of `keys`, of `others` and of the permutation (either may be null) into the order of
/// `less`.
template <class Less>
void sort_together(int begin, int end, int* keys, int* others, int* p, Less&& less) {
  std::vector<int> order(size_t(end - begin));
  std::iota(order.begin(), order.end(), begin);
  std::sort(order.begin(), order.end(), [&](int x, int y) { return less(x, y) || (!less(y, x) && x < y); });
  for (int* array : {keys, others, p}) {
    if (!array) continue;
    std::vector<int> sorted;
    sorted.reserve(order.size());
    for (const int at : order) sorted.push_back(array[at]);
    std::copy(sorted.begin(), sorted.end(), array + begin);
  }
}
Status sort_lines(Handle h, int lines, int nnz, cusparseMatDescr_t matrix, const int* offsets, int* indices,
                  int* p) {
  const cusparseMatDescr* m = find(matrix);
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!m || lines < 0 || nnz < 0 || !reach(offsets, int64_t(lines) + 1) || !reach(indices, nnz) ||
      (p && !reach(p, nnz)))
    return kBad;
  return enqueue(h, [=, base = int(m->base)] {
    for (int i = 0; i < lines; ++i)
      sort_together(offsets[i] - base, offsets[i + 1] - base, indices, nullptr, p,
                    [=](int x, int y) { return indices[x] < indices[y]; });
  });
}
Status sort_coo(Handle h, int m, int n, int nnz, int* first, int* second, int* p) {
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (m < 0 || n < 0 || nnz < 0 || !reach(first, nnz) || !reach(second, nnz) || (p && !reach(p, nnz)))
    return kBad;
  return enqueue(h, [=] {
    sort_together(0, nnz, first, second, p, [=](int x, int y) {
      return first[x] != first[y] ? first[x] < first[y] : second[x] < second[y];
    });
  });
}

}  // namespace

Status cusparseXcoosort_bufferSizeExt(Handle h, int m, int n, int nnz, const int*, const int*,
                                      size_t* bytes) {
  return answer_buffer(h, m >= 0 && n >= 0 && nnz >= 0, bytes);
}
Status cusparseXcoosortByRow(Handle h, int m, int n, int nnz, int* rows, int* columns, int* p, void*) {
  return sort_coo(h, m, n, nnz, rows, columns, p);
}
Status cusparseXcoosortByColumn(Handle h, int m, int n, int nnz, int* rows, int* columns, int* p, void*) {
  return sort_coo(h, m, n, nnz, columns, rows, p);
}
Status cusparseXcsrsort_bufferSizeExt(Handle h, int m, int n, int nnz, const int*, const int*,
                                      size_t* bytes) {
  return answer_buffer(h, m >= 0 && n >= 0 && nnz >= 0, bytes);
}
Status cusparseXcsrsort(Handle h, int m, int, int nnz, const cusparseMatDescr_t matrix, const int* offsets,
                        int* columns, int* p, void*) {
  return sort_lines(h, m, nnz, matrix, offsets, columns, p);
}
Status cusparseXcscsort_bufferSizeExt(Handle h, int m, int n, int nnz, const int*, const int*,
                                      size_t* bytes) {
  return answer_buffer(h, m >= 0 && n >= 0 && nnz >= 0, bytes);
}
Status cusparseXcscsort(Handle h, int, int n, int nnz, const cusparseMatDescr_t matrix, const int* offsets,
                        int* rows, int* p, void*) {
  return sort_lines(h, n, nnz, matrix, offsets, rows, p);
}

Status cusparseCsr2cscEx2_bufferSize(Handle h, int m, int n, int nnz, const void*, const int*, const int*,
                                     void*, int*, int*, cudaDataType type, cusparseAction_t,
                                     cusparseIndexBase_t, cusparseCsr2CscAlg_t, size_t* bytes) {
  return answer_buffer(h, m >= 0 && n >= 0 && nnz >= 0 && element_bytes(type), bytes);
}
Status cusparseCsr2cscEx2(Handle h, int m, int n, int nnz, const void* values, const int* offsets,
                          const int* columns, void* csc_values, int* csc_offsets, int* csc_rows,
                          cudaDataType type, cusparseAction_t action, cusparseIndexBase_t base,
                          cusparseCsr2CscAlg_t, void*) {
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  const size_t bytes = element_bytes(type);
  const bool numeric = action == CUSPARSE_ACTION_NUMERIC;
  if (m < 0 || n < 0 || nnz < 0 || !bytes || !reach(offsets, int64_t(m) + 1) || !reach(columns, nnz) ||
      !reach(csc_offsets, int64_t(n) + 1) || !reach(csc_rows, nnz) ||
      (numeric && (!shell::reachable("cusparse", values, size_t(nnz) * bytes) ||
                   !shell::reachable("cusparse", csc_values, size_t(nnz) * bytes))))
    return kBad;
  return enqueue(h, [=] {
    std::vector<int> next(size_t(n) + 1, 0);
    for (int p = 0; p < nnz; ++p) ++next[size_t(columns[p] - base) + 1];
    std::partial_sum(next.begin(), next.end(), next.begin());
    for (int j = 0; j <= n; ++j) csc_offsets[j] = next[size_t(j)] + base;
    for (int i = 0; i < m; ++i)
      for (int p = offsets[i] - base; p < offsets[i + 1] - base; ++p) {
        const int to = next[size_t(columns[p] - base)]++;
        csc_rows[to] = i + base;
        if (numeric)
          std::memcpy(static_cast<char*>(csc_values) + size_t(to) * bytes,
                      static_cast<const char*>(values) + size_t(p) * bytes, bytes);
      }
  });
}

Status cusparseXcsr2bsrNnz(Handle h, cusparseDirection_t direction, int m, int n,
                           const cusparseMatDescr_t a_matrix, const int* offsets, const int* columns,
                           int block, const cusparseMatDescr_t c_matrix, int* c_offsets, int* total) {
  const cusparseMatDescr *a = general(a_matrix), *c = general(c_matrix);
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  const int rows = block > 0 ? (m + block - 1) / block : 0;
  if (!a || !c || !known(direction) || m < 0 || n < 0 || block < 1 || !total || !columns ||
      !reach(offsets, int64_t(m) + 1) || !reach(c_offsets, int64_t(rows) + 1))
    return kBad;
  return answer_total(h, total, [=, csr = Csr{offsets, columns, a->base}, base = int(c->base)] {
    c_offsets[0] = base;
    for (int br = 0; br < rows; ++br)
      c_offsets[br + 1] = c_offsets[br] + int(blocks_of(csr, m, br, block).size());
    return c_offsets[rows] - base;
  });
}

Status cusparseXcsrgeam2Nnz(Handle h, int m, int n, const cusparseMatDescr_t a_matrix, int a_nnz,
                            const int* a_offsets, const int* a_columns, const cusparseMatDescr_t b_matrix,
                            int b_nnz, const int* b_offsets, const int* b_columns,
                            const cusparseMatDescr_t c_matrix, int* c_offsets, int* total, void*) {
  const cusparseMatDescr *ma = general(a_matrix), *mb = general(b_matrix), *mc = general(c_matrix);
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!ma || !mb || !mc || m < 0 || n < 0 || a_nnz < 0 || b_nnz < 0 || !total ||
      !reach(a_offsets, int64_t(m) + 1) || !reach(a_columns, a_nnz) || !reach(b_offsets, int64_t(m) + 1) ||
      !reach(b_columns, b_nnz) || !reach(c_offsets, int64_t(m) + 1))
    return kBad;
  const Csr a{a_offsets, a_columns, ma->base}, b{b_offsets, b_columns, mb->base};
  return answer_total(h, total, [=, base = int(mc->base)] {
    c_offsets[0] = base;
    for (int i = 0; i < m; ++i) {
      c_offsets[i + 1] = c_offsets[i];
      for_union(a, b, i, [&](int, int, int) { ++c_offsets[i + 1]; });
    }
    return c_offsets[m] - base;
  });
}

}  // namespace ppu::cusparse
