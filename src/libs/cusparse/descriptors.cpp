// Descriptors of sparse and dense vectors and matrices: made, asked, changed. The const ones are the same
// objects.
#include "libs/cusparse/rows.h"

namespace ppu::cusparse {
namespace {

bool known(cusparseIndexType_t type) {
  return type >= CUSPARSE_INDEX_16U && type <= CUSPARSE_INDEX_64I;
}
bool known(cusparseIndexBase_t base) {
  return base == CUSPARSE_INDEX_BASE_ZERO || base == CUSPARSE_INDEX_BASE_ONE;
}
bool known(cusparseOrder_t order) {
  return order == CUSPARSE_ORDER_COL || order == CUSPARSE_ORDER_ROW;
}
void* writable(const void* p) {
  return const_cast<void*>(p);
}

template <class T>
Status make(const T** descriptor, const T& value) {
  if (!descriptor) return kBad;
  if (!element_bytes(value.type)) return kNotDone;
  *descriptor = shell::handles<T>().make(value);
  return kOk;
}
template <class T>
const T** as_const(T** descriptor) {
  return const_cast<const T**>(descriptor);
}
template <class T>
Status destroy(const T* descriptor) {
  return shell::handles<T>().destroy(const_cast<T*>(descriptor)) ? kOk : kBad;
}

/// Answers one value of a descriptor: answer(&to, value), and all of them must be asked for somewhere.
template <class To, class From>
bool answer(To* to, const From& value) {
  if (!to) return false;
  *to = To(value);
  return true;
}

Status make_compressed(cusparseFormat_t format, cusparseConstSpMatDescr_t* matrix, int64_t rows,
                       int64_t columns, int64_t nnz, const void* offsets, const void* indices,
                       const void* values, cusparseIndexType_t offset_type, cusparseIndexType_t index_type,
                       cusparseIndexBase_t base, cudaDataType type) {
  const bool typed =
      known(index_type) && (offset_type == CUSPARSE_INDEX_32I || offset_type == CUSPARSE_INDEX_64I);
  if (rows < 0 || columns < 0 || nnz < 0 || !typed || !known(base)) return kBad;
  return make(matrix, {.format = format,
                       .rows = rows,
                       .columns = columns,
                       .nnz = nnz,
                       .offsets = writable(offsets),
                       .indices = writable(indices),
                       .values = writable(values),
                       .offset_type = offset_type,
                       .index_type = index_type,
                       .base = base,
                       .type = type});
}
Status make_blocks(cusparseConstSpMatDescr_t* matrix, int64_t block_rows, int64_t block_columns,
                   int64_t blocks, int64_t row_block, int64_t column_block, const void* offsets,
                   const void* indices, const void* values, cusparseIndexType_t offset_type,
                   cusparseIndexType_t index_type, cusparseIndexBase_t base, cudaDataType type,
                   cusparseOrder_t order) {
  if (row_block < 1 || column_block < 1 || !known(order)) return kBad;
  const Status made =
      make_compressed(CUSPARSE_FORMAT_BSR, matrix, block_rows * row_block, block_columns * column_block,
                      blocks, offsets, indices, values, offset_type, index_type, base, type);
  if (made != kOk) return made;
  cusparseSpMatDescr* m = find(*matrix);
  m->row_block = row_block, m->column_block = column_block, m->order = order;
  return kOk;
}
Status make_ell(cusparseConstSpMatDescr_t* matrix, int64_t rows, int64_t columns, int64_t block,
                int64_t ell_columns, const void* indices, const void* values, cusparseIndexType_t index_type,
                cusparseIndexBase_t base, cudaDataType type) {
  if (block < 1 || ell_columns < 0 || rows % block || columns % block || ell_columns % block ||
      ell_columns > columns)
    return kBad;
  const Status made = make_compressed(CUSPARSE_FORMAT_BLOCKED_ELL, matrix, rows, columns, rows * ell_columns,
                                      nullptr, indices, values, CUSPARSE_INDEX_32I, index_type, base, type);
  if (made != kOk) return made;
  cusparseSpMatDescr* m = find(*matrix);
  m->row_block = m->column_block = block, m->ell_columns = ell_columns;
  return kOk;
}
Status make_slices(cusparseConstSpMatDescr_t* matrix, int64_t rows, int64_t columns, int64_t nnz,
                   int64_t values_size, int64_t slice, const void* offsets, const void* indices,
                   const void* values, cusparseIndexType_t offset_type, cusparseIndexType_t index_type,
                   cusparseIndexBase_t base, cudaDataType type) {
  if (slice < 1 || values_size < nnz) return kBad;
  const Status made = make_compressed(CUSPARSE_FORMAT_SLICED_ELLPACK, matrix, rows, columns, nnz, offsets,
                                      indices, values, offset_type, index_type, base, type);
  if (made != kOk) return made;
  cusparseSpMatDescr* m = find(*matrix);
  m->slice = slice, m->values_size = values_size;
  return kOk;
}

/// What cusparseCsrGet and its like answer, into pointers of either constness.
template <class P>
Status get_compressed(cusparseFormat_t format, const cusparseSpMatDescr* matrix, int64_t* rows,
                      int64_t* columns, int64_t* nnz, P** offsets, P** indices, P** values,
                      cusparseIndexType_t* offset_type, cusparseIndexType_t* index_type,
                      cusparseIndexBase_t* base, cudaDataType* type) {
  const cusparseSpMatDescr* m = find(matrix);
  if (!m || m->format != format) return kBad;
  const bool all = answer(rows, m->rows) && answer(columns, m->columns) && answer(nnz, m->nnz) &&
                   answer(offsets, m->offsets) && answer(indices, m->indices) && answer(values, m->values) &&
                   answer(offset_type, m->offset_type) && answer(index_type, m->index_type) &&
                   answer(base, m->base) && answer(type, m->type);
  return all ? kOk : kBad;
}
template <class P>
Status get_ell(const cusparseSpMatDescr* matrix, int64_t* rows, int64_t* columns, int64_t* block,
               int64_t* ell_columns, P** indices, P** values, cusparseIndexType_t* index_type,
               cusparseIndexBase_t* base, cudaDataType* type) {
  const cusparseSpMatDescr* m = find(matrix);
  if (!m || m->format != CUSPARSE_FORMAT_BLOCKED_ELL) return kBad;
  const bool all = answer(rows, m->rows) && answer(columns, m->columns) && answer(block, m->row_block) &&
                   answer(ell_columns, m->ell_columns) && answer(indices, m->indices) &&
                   answer(values, m->values) && answer(index_type, m->index_type) && answer(base, m->base) &&
                   answer(type, m->type);
  return all ? kOk : kBad;
}
template <class P>
Status get_sparse_vector(const cusparseSpVecDescr* vector, int64_t* size, int64_t* nnz, P** indices,
                         P** values, cusparseIndexType_t* index_type, cusparseIndexBase_t* base,
                         cudaDataType* type) {
  const cusparseSpVecDescr* v = find(vector);
  if (!v) return kBad;
  const bool all = answer(size, v->size) && answer(nnz, v->nnz) && answer(indices, v->indices) &&
                   answer(values, v->values) && answer(index_type, v->index_type) && answer(base, v->base) &&
                   answer(type, v->type);
  return all ? kOk : kBad;
}
template <class P>
Status get_dense_vector(const cusparseDnVecDescr* vector, int64_t* size, P** values, cudaDataType* type) {
  const cusparseDnVecDescr* v = find(vector);
  return v && answer(size, v->size) && answer(values, v->values) && answer(type, v->type) ? kOk : kBad;
}
template <class P>
Status get_dense_matrix(const cusparseDnMatDescr* matrix, int64_t* rows, int64_t* columns, int64_t* ld,
                        P** values, cudaDataType* type, cusparseOrder_t* order) {
  const cusparseDnMatDescr* m = find(matrix);
  return m && answer(rows, m->rows) && answer(columns, m->columns) && answer(ld, m->ld) &&
                 answer(values, m->values) && answer(type, m->type) && answer(order, m->order)
             ? kOk
             : kBad;
}
template <class T, class P>
Status get_values(const T* descriptor, P** values) {
  const T* d = find(descriptor);
  return d && answer(values, d->values) ? kOk : kBad;
}
template <class T>
Status set_values(T* descriptor, void* values) {
  T* d = find(descriptor);
  if (!d || !values) return kBad;
  d->values = values;
  return kOk;
}
Status set_pointers(cusparseSpMatDescr* matrix, cusparseFormat_t format, void* offsets, void* indices,
                    void* values) {
  cusparseSpMatDescr* m = find(matrix);
  if (!m || m->format != format || !offsets) return kBad;
  m->offsets = offsets, m->indices = indices, m->values = values;
  return kOk;
}

}  // namespace

// clang-format off
Status cusparseCreateConstSpVec(cusparseConstSpVecDescr_t* v, int64_t size, int64_t nnz, const void* indices,
                                const void* values, cusparseIndexType_t index_type, cusparseIndexBase_t base,
                                cudaDataType type) {
  if (size < 0 || nnz < 0 || nnz > size || !known(index_type) || !known(base)) return kBad;
  return make(v, {size, nnz, writable(indices), writable(values), index_type, base, type});
}
Status cusparseCreateSpVec(cusparseSpVecDescr_t* v, int64_t size, int64_t nnz, void* indices, void* values,
                           cusparseIndexType_t index_type, cusparseIndexBase_t base, cudaDataType type) {
  return cusparse::cusparseCreateConstSpVec(as_const(v), size, nnz, indices, values, index_type, base, type);
}
Status cusparseDestroySpVec(cusparseConstSpVecDescr_t v) { return destroy(v); }
Status cusparseSpVecGet(cusparseSpVecDescr_t v, int64_t* size, int64_t* nnz, void** indices, void** values,
                        cusparseIndexType_t* index_type, cusparseIndexBase_t* base, cudaDataType* type) {
  return get_sparse_vector(v, size, nnz, indices, values, index_type, base, type);
}
Status cusparseConstSpVecGet(cusparseConstSpVecDescr_t v, int64_t* size, int64_t* nnz, const void** indices,
                             const void** values, cusparseIndexType_t* index_type, cusparseIndexBase_t* base,
                             cudaDataType* type) {
  return get_sparse_vector(v, size, nnz, indices, values, index_type, base, type);
}
Status cusparseSpVecGetIndexBase(cusparseConstSpVecDescr_t v, cusparseIndexBase_t* base) {
  const cusparseSpVecDescr* d = find(v);
  return d && answer(base, d->base) ? kOk : kBad;
}
Status cusparseSpVecGetValues(cusparseSpVecDescr_t v, void** values) { return get_values(v, values); }
Status cusparseConstSpVecGetValues(cusparseConstSpVecDescr_t v, const void** values) { return get_values(v, values); }
Status cusparseSpVecSetValues(cusparseSpVecDescr_t v, void* values) { return set_values(v, values); }

Status cusparseCreateConstDnVec(cusparseConstDnVecDescr_t* v, int64_t size, const void* values, cudaDataType type) {
  if (size < 0) return kBad;
  return make(v, {size, writable(values), type});
}
Status cusparseCreateDnVec(cusparseDnVecDescr_t* v, int64_t size, void* values, cudaDataType type) {
  return cusparse::cusparseCreateConstDnVec(as_const(v), size, values, type);
}
Status cusparseDestroyDnVec(cusparseConstDnVecDescr_t v) { return destroy(v); }
Status cusparseDnVecGet(cusparseDnVecDescr_t v, int64_t* size, void** values, cudaDataType* type) {
  return get_dense_vector(v, size, values, type);
}
Status cusparseConstDnVecGet(cusparseConstDnVecDescr_t v, int64_t* size, const void** values, cudaDataType* type) {
  return get_dense_vector(v, size, values, type);
}
Status cusparseDnVecGetValues(cusparseDnVecDescr_t v, void** values) { return get_values(v, values); }
Status cusparseConstDnVecGetValues(cusparseConstDnVecDescr_t v, const void** values) { return get_values(v, values); }
Status cusparseDnVecSetValues(cusparseDnVecDescr_t v, void* values) { return set_values(v, values); }

Status cusparseCreateConstDnMat(cusparseConstDnMatDescr_t* m, int64_t rows, int64_t columns, int64_t ld,
                                const void* values, cudaDataType type, cusparseOrder_t order) {
  if (rows < 0 || columns < 0 || !known(order) || ld < (order == CUSPARSE_ORDER_ROW ? columns : rows)) return kBad;
  return make(m, {rows, columns, ld, writable(values), type, order});
}
Status cusparseCreateDnMat(cusparseDnMatDescr_t* m, int64_t rows, int64_t columns, int64_t ld, void* values,
                           cudaDataType type, cusparseOrder_t order) {
  return cusparse::cusparseCreateConstDnMat(as_const(m), rows, columns, ld, values, type, order);
}
Status cusparseDestroyDnMat(cusparseConstDnMatDescr_t m) { return destroy(m); }
Status cusparseDnMatGet(cusparseDnMatDescr_t m, int64_t* rows, int64_t* columns, int64_t* ld, void** values,
                        cudaDataType* type, cusparseOrder_t* order) {
  return get_dense_matrix(m, rows, columns, ld, values, type, order);
}
Status cusparseConstDnMatGet(cusparseConstDnMatDescr_t m, int64_t* rows, int64_t* columns, int64_t* ld,
                             const void** values, cudaDataType* type, cusparseOrder_t* order) {
  return get_dense_matrix(m, rows, columns, ld, values, type, order);
}
Status cusparseDnMatGetValues(cusparseDnMatDescr_t m, void** values) { return get_values(m, values); }
Status cusparseConstDnMatGetValues(cusparseConstDnMatDescr_t m, const void** values) { return get_values(m, values); }
Status cusparseDnMatSetValues(cusparseDnMatDescr_t m, void* values) { return set_values(m, values); }
Status cusparseDnMatSetStridedBatch(cusparseDnMatDescr_t m, int count, int64_t stride) {
  cusparseDnMatDescr* d = find(m);
  if (!d || count < 1 || stride < 0) return kBad;
  d->count = count, d->stride = stride;
  return kOk;
}
Status cusparseDnMatGetStridedBatch(cusparseConstDnMatDescr_t m, int* count, int64_t* stride) {
  const cusparseDnMatDescr* d = find(m);
  return d && answer(count, d->count) && answer(stride, d->stride) ? kOk : kBad;
}

#define PPU_COMPRESSED(Name, format)                                                                                \
  Status cusparseCreate##Name(cusparseSpMatDescr_t* m, int64_t rows, int64_t columns, int64_t nnz, void* offsets,   \
                              void* indices, void* values, cusparseIndexType_t offset_type,                         \
                              cusparseIndexType_t index_type, cusparseIndexBase_t base, cudaDataType type) {        \
    return make_compressed(format, as_const(m), rows, columns, nnz, offsets, indices, values, offset_type,          \
                           index_type, base, type);                                                                 \
  }                                                                                                                 \
  Status cusparseCreateConst##Name(cusparseConstSpMatDescr_t* m, int64_t rows, int64_t columns, int64_t nnz,        \
                                   const void* offsets, const void* indices, const void* values,                    \
                                   cusparseIndexType_t offset_type, cusparseIndexType_t index_type,                 \
                                   cusparseIndexBase_t base, cudaDataType type) {                                   \
    return make_compressed(format, m, rows, columns, nnz, offsets, indices, values, offset_type, index_type, base,  \
                           type);                                                                                   \
  }                                                                                                                 \
  Status cusparse##Name##Get(cusparseSpMatDescr_t m, int64_t* rows, int64_t* columns, int64_t* nnz, void** offsets, \
                             void** indices, void** values, cusparseIndexType_t* offset_type,                       \
                             cusparseIndexType_t* index_type, cusparseIndexBase_t* base, cudaDataType* type) {      \
    return get_compressed(format, m, rows, columns, nnz, offsets, indices, values, offset_type, index_type, base,   \
                          type);                                                                                    \
  }                                                                                                                 \
  Status cusparseConst##Name##Get(cusparseConstSpMatDescr_t m, int64_t* rows, int64_t* columns, int64_t* nnz,       \
                                  const void** offsets, const void** indices, const void** values,                  \
                                  cusparseIndexType_t* offset_type, cusparseIndexType_t* index_type,                \
                                  cusparseIndexBase_t* base, cudaDataType* type) {                                  \
    return get_compressed(format, m, rows, columns, nnz, offsets, indices, values, offset_type, index_type, base,   \
                          type);                                                                                    \
  }                                                                                                                 \
  Status cusparse##Name##SetPointers(cusparseSpMatDescr_t m, void* offsets, void* indices, void* values) {          \
    return set_pointers(m, format, offsets, indices, values);                                                       \
  }
PPU_COMPRESSED(Csr, CUSPARSE_FORMAT_CSR)
PPU_COMPRESSED(Csc, CUSPARSE_FORMAT_CSC)
#undef PPU_COMPRESSED

Status cusparseCreateCoo(cusparseSpMatDescr_t* m, int64_t rows, int64_t columns, int64_t nnz, void* row_indices,
                         void* column_indices, void* values, cusparseIndexType_t index_type,
                         cusparseIndexBase_t base, cudaDataType type) {
  return make_compressed(CUSPARSE_FORMAT_COO, as_const(m), rows, columns, nnz, row_indices, column_indices, values,
                         index_type, index_type, base, type);
}
Status cusparseCreateConstCoo(cusparseConstSpMatDescr_t* m, int64_t rows, int64_t columns, int64_t nnz,
                              const void* row_indices, const void* column_indices, const void* values,
                              cusparseIndexType_t index_type, cusparseIndexBase_t base, cudaDataType type) {
  return make_compressed(CUSPARSE_FORMAT_COO, m, rows, columns, nnz, row_indices, column_indices, values, index_type,
                         index_type, base, type);
}
Status cusparseCooGet(cusparseSpMatDescr_t m, int64_t* rows, int64_t* columns, int64_t* nnz, void** row_indices,
                      void** column_indices, void** values, cusparseIndexType_t* index_type,
                      cusparseIndexBase_t* base, cudaDataType* type) {
  return get_compressed(CUSPARSE_FORMAT_COO, m, rows, columns, nnz, row_indices, column_indices, values, index_type,
                        index_type, base, type);
}
Status cusparseConstCooGet(cusparseConstSpMatDescr_t m, int64_t* rows, int64_t* columns, int64_t* nnz,
                           const void** row_indices, const void** column_indices, const void** values,
                           cusparseIndexType_t* index_type, cusparseIndexBase_t* base, cudaDataType* type) {
  return get_compressed(CUSPARSE_FORMAT_COO, m, rows, columns, nnz, row_indices, column_indices, values, index_type,
                        index_type, base, type);
}
Status cusparseCooSetPointers(cusparseSpMatDescr_t m, void* row_indices, void* column_indices, void* values) {
  return set_pointers(m, CUSPARSE_FORMAT_COO, row_indices, column_indices, values);
}
Status cusparseCreateBsr(cusparseSpMatDescr_t* m, int64_t block_rows, int64_t block_columns, int64_t blocks,
                         int64_t row_block, int64_t column_block, void* offsets, void* indices, void* values,
                         cusparseIndexType_t offset_type, cusparseIndexType_t index_type, cusparseIndexBase_t base,
                         cudaDataType type, cusparseOrder_t order) {
  return make_blocks(as_const(m), block_rows, block_columns, blocks, row_block, column_block, offsets, indices, values,
                     offset_type, index_type, base, type, order);
}
Status cusparseCreateConstBsr(cusparseConstSpMatDescr_t* m, int64_t block_rows, int64_t block_columns, int64_t blocks,
                              int64_t row_block, int64_t column_block, const void* offsets, const void* indices,
                              const void* values, cusparseIndexType_t offset_type, cusparseIndexType_t index_type,
                              cusparseIndexBase_t base, cudaDataType type, cusparseOrder_t order) {
  return make_blocks(m, block_rows, block_columns, blocks, row_block, column_block, offsets, indices, values,
                     offset_type, index_type, base, type, order);
}
Status cusparseCreateBlockedEll(cusparseSpMatDescr_t* m, int64_t rows, int64_t columns, int64_t block,
                                int64_t ell_columns, void* indices, void* values, cusparseIndexType_t index_type,
                                cusparseIndexBase_t base, cudaDataType type) {
  return make_ell(as_const(m), rows, columns, block, ell_columns, indices, values, index_type, base, type);
}
Status cusparseCreateConstBlockedEll(cusparseConstSpMatDescr_t* m, int64_t rows, int64_t columns, int64_t block,
                                     int64_t ell_columns, const void* indices, const void* values,
                                     cusparseIndexType_t index_type, cusparseIndexBase_t base, cudaDataType type) {
  return make_ell(m, rows, columns, block, ell_columns, indices, values, index_type, base, type);
}
Status cusparseBlockedEllGet(cusparseSpMatDescr_t m, int64_t* rows, int64_t* columns, int64_t* block,
                             int64_t* ell_columns, void** indices, void** values, cusparseIndexType_t* index_type,
                             cusparseIndexBase_t* base, cudaDataType* type) {
  return get_ell(m, rows, columns, block, ell_columns, indices, values, index_type, base, type);
}
Status cusparseConstBlockedEllGet(cusparseConstSpMatDescr_t m, int64_t* rows, int64_t* columns, int64_t* block,
                                  int64_t* ell_columns, const void** indices, const void** values,
                                  cusparseIndexType_t* index_type, cusparseIndexBase_t* base, cudaDataType* type) {
  return get_ell(m, rows, columns, block, ell_columns, indices, values, index_type, base, type);
}
Status cusparseCreateSlicedEll(cusparseSpMatDescr_t* m, int64_t rows, int64_t columns, int64_t nnz,
                               int64_t values_size, int64_t slice, void* offsets, void* indices, void* values,
                               cusparseIndexType_t offset_type, cusparseIndexType_t index_type,
                               cusparseIndexBase_t base, cudaDataType type) {
  return make_slices(as_const(m), rows, columns, nnz, values_size, slice, offsets, indices, values, offset_type,
                     index_type, base, type);
}
Status cusparseCreateConstSlicedEll(cusparseConstSpMatDescr_t* m, int64_t rows, int64_t columns, int64_t nnz,
                                    int64_t values_size, int64_t slice, const void* offsets, const void* indices,
                                    const void* values, cusparseIndexType_t offset_type,
                                    cusparseIndexType_t index_type, cusparseIndexBase_t base, cudaDataType type) {
  return make_slices(m, rows, columns, nnz, values_size, slice, offsets, indices, values, offset_type, index_type,
                     base, type);
}

Status cusparseDestroySpMat(cusparseConstSpMatDescr_t m) { return destroy(m); }
Status cusparseSpMatGetFormat(cusparseConstSpMatDescr_t m, cusparseFormat_t* format) {
  const cusparseSpMatDescr* d = find(m);
  return d && answer(format, d->format) ? kOk : kBad;
}
Status cusparseSpMatGetIndexBase(cusparseConstSpMatDescr_t m, cusparseIndexBase_t* base) {
  const cusparseSpMatDescr* d = find(m);
  return d && answer(base, d->base) ? kOk : kBad;
}
Status cusparseSpMatGetValues(cusparseSpMatDescr_t m, void** values) { return get_values(m, values); }
Status cusparseConstSpMatGetValues(cusparseConstSpMatDescr_t m, const void** values) { return get_values(m, values); }
Status cusparseSpMatSetValues(cusparseSpMatDescr_t m, void* values) { return set_values(m, values); }
Status cusparseSpMatGetSize(cusparseConstSpMatDescr_t m, int64_t* rows, int64_t* columns, int64_t* nnz) {
  const cusparseSpMatDescr* d = find(m);
  return d && answer(rows, d->rows) && answer(columns, d->columns) && answer(nnz, d->nnz) ? kOk : kBad;
}
Status cusparseSpMatGetStridedBatch(cusparseConstSpMatDescr_t m, int* count) {
  const cusparseSpMatDescr* d = find(m);
  return d && answer(count, d->count) ? kOk : kBad;
}
Status cusparseCooSetStridedBatch(cusparseSpMatDescr_t m, int count, int64_t stride) {
  cusparseSpMatDescr* d = find(m);
  if (!d || d->format != CUSPARSE_FORMAT_COO || count < 1 || stride < 0) return kBad;
  d->count = count, d->offset_stride = d->index_stride = d->value_stride = stride;
  return kOk;
}
Status cusparseCsrSetStridedBatch(cusparseSpMatDescr_t m, int count, int64_t offset_stride, int64_t value_stride) {
  cusparseSpMatDescr* d = find(m);
  if (!d || d->format != CUSPARSE_FORMAT_CSR || count < 1 || offset_stride < 0 || value_stride < 0) return kBad;
  d->count = count, d->offset_stride = offset_stride, d->index_stride = d->value_stride = value_stride;
  return kOk;
}
Status cusparseBsrSetStridedBatch(cusparseSpMatDescr_t m, int count, int64_t offset_stride, int64_t index_stride,
                                  int64_t value_stride) {
  cusparseSpMatDescr* d = find(m);
  if (!d || d->format != CUSPARSE_FORMAT_BSR || count < 1 || offset_stride < 0 || index_stride < 0 || value_stride < 0)
    return kBad;
  d->count = count, d->offset_stride = offset_stride, d->index_stride = index_stride, d->value_stride = value_stride;
  return kOk;
}
// clang-format on

namespace {

Status attribute(cusparseConstSpMatDescr_t m, cusparseSpMatAttribute_t which, void* data, size_t bytes,
                 bool write) {
  cusparseSpMatDescr* d = find(m);
  if (!d || !data || bytes != sizeof(int)) return kBad;
  int value = 0;
  if (write) std::memcpy(&value, data, sizeof(value));
  if (write && value != 0 && value != 1) return kBad;
  if (which == CUSPARSE_SPMAT_FILL_MODE && write)
    d->fill = cusparseFillMode_t(value);
  else if (which == CUSPARSE_SPMAT_DIAG_TYPE && write)
    d->diagonal = cusparseDiagType_t(value);
  else if (which == CUSPARSE_SPMAT_FILL_MODE)
    value = d->fill;
  else if (which == CUSPARSE_SPMAT_DIAG_TYPE)
    value = d->diagonal;
  else
    return kBad;
  if (!write) std::memcpy(data, &value, sizeof(value));
  return kOk;
}

}  // namespace

Status cusparseSpMatGetAttribute(cusparseConstSpMatDescr_t m, cusparseSpMatAttribute_t which, void* data,
                                 size_t bytes) {
  return attribute(m, which, data, bytes, false);
}
Status cusparseSpMatSetAttribute(cusparseSpMatDescr_t m, cusparseSpMatAttribute_t which, void* data,
                                 size_t bytes) {
  return attribute(m, which, data, bytes, true);
}

}  // namespace ppu::cusparse
