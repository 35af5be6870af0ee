// Products: sparse vectors with dense ones, SpMV, SpMM, SDDMM, and conversions between sparse and dense.
#include "base/log.h"
#include "libs/cusparse/rows.h"

namespace ppu::cusparse {
namespace {

Status refuse_types(const char* name) {
  log_once("cusparse", name, "%s: this combination of element types isn't supported", name);
  return kNotDone;
}
/// What a _bufferSize function does once its descriptors are known.
Status answer_size(size_t* bytes) {
  if (!bytes) return kBad;
  *bytes = kBuffer;
  return kOk;
}

template <class C, class Body>
void for_entries(const Rows& rows, const C* values, Body&& body) {
  rows.with_types([&](const auto* offsets, const auto* indices) {
    for (int64_t i = 0; i < rows.rows; ++i)
      for (int64_t p = int64_t(offsets[i]) - rows.base, end = int64_t(offsets[i + 1]) - rows.base; p < end;
           ++p)
        body(i, int64_t(indices[p]) - rows.base, values[p], p);
  });
}

template <class C>
void multiply_vector(const Rows& rows, const C* values, View view, int64_t n, C alpha, const C* x, C beta,
                     C* y) {
  const auto scaled = [beta](C old) { return beta == C(0) ? C(0) : beta * old; };
  if (view.transposed) {
    for (int64_t i = 0; i < n; ++i) y[i] = scaled(y[i]);
    for_entries(rows, values, [&](int64_t i, int64_t j, C v, int64_t) {
      y[j] += alpha * conjugate_if(view.conjugated, v) * x[i];
    });
    return;
  }
  rows.with_types([&](const auto* offsets, const auto* indices) {
    for (int64_t i = 0; i < rows.rows; ++i) {
      C sum(0);
      for (int64_t p = int64_t(offsets[i]) - rows.base, end = int64_t(offsets[i + 1]) - rows.base; p < end;
           ++p)
        sum += conjugate_if(view.conjugated, values[p]) * x[int64_t(indices[p]) - rows.base];
      y[i] = scaled(y[i]) + alpha * sum;
    }
  });
}

template <class C>
void scale(const Dense<C>& c, int64_t rows, int64_t columns, C beta) {
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) c(i, j) = beta == C(0) ? C(0) : beta * c(i, j);
}
template <class C>
void multiply_matrix(const Rows& rows, const C* values, View view, int64_t n, C alpha, const Dense<C>& b,
                     const Dense<C>& c) {
  for_entries(rows, values, [&](int64_t i, int64_t j, C v, int64_t) {
    const int64_t to = view.transposed ? j : i, from = view.transposed ? i : j;
    const C factor = alpha * conjugate_if(view.conjugated, v);
    if (b.conjugated)
      for (int64_t k = 0; k < n; ++k) c(to, k) += factor * b.read(from, k);
    else
      for (int64_t k = 0; k < n; ++k) c(to, k) += factor * b(from, k);
  });
}

}  // namespace

Status cusparseAxpby(Handle h, const void* alpha, cusparseConstSpVecDescr_t x, const void* beta,
                     cusparseDnVecDescr_t y) {
  const cusparseSpVecDescr* sx = find(x);
  const cusparseDnVecDescr* dy = find(y);
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!sx || !dy || !alpha || !beta || sx->size != dy->size) return kBad;
  const cudaDataType half = CUDA_R_16F, bfloat = CUDA_R_16BF;
  const cudaDataType compute = sx->type == half || sx->type == bfloat                ? CUDA_R_32F
                               : is_complex_type(sx->type) && sx->type != CUDA_C_64F ? CUDA_C_32F
                                                                                     : sx->type;
  return with_compute(compute, [&](auto one) -> Status {
    using C = decltype(one);
    if (!computes<C>(sx->type) || !computes<C>(dy->type)) return refuse_types("cusparseAxpby");
    if (!reach(*sx) || !reach(*dy)) return kBad;
    return enqueue(
        h, [a = *sx, b = *dy, al = AnyScalar<C>(h, alpha, compute), be = AnyScalar<C>(h, beta, compute)] {
          const Numbers<C> sparse(a.type, a.values, a.nnz), dense(b.type, b.values, b.size);
          for (int64_t i = 0; i < b.size; ++i) dense[i] *= be.get();
          for (int64_t i = 0; i < a.nnz; ++i)
            dense[index_at(a.index_type, a.indices, i) - a.base] += al.get() * sparse[i];
          dense.write_back();
        });
  });
}

namespace {

/// Moves elements of any type between a dense vector and the places of a sparse one.
Status move_elements(Handle h, const cusparseSpVecDescr* sparse, const cusparseDnVecDescr* dense,
                     bool gather) {
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!sparse || !dense || sparse->size != dense->size || sparse->type != dense->type) return kBad;
  if (!reach(*sparse) || !reach(*dense)) return kBad;
  return enqueue(h, [x = *sparse, y = *dense, gather] {
    const size_t bytes = element_bytes(x.type);
    for (int64_t i = 0; i < x.nnz; ++i) {
      char* one = static_cast<char*>(x.values) + size_t(i) * bytes;
      char* other =
          static_cast<char*>(y.values) + size_t(index_at(x.index_type, x.indices, i) - x.base) * bytes;
      std::memcpy(gather ? one : other, gather ? other : one, bytes);
    }
  });
}

}  // namespace

Status cusparseGather(Handle h, cusparseConstDnVecDescr_t y, cusparseSpVecDescr_t x) {
  return move_elements(h, find(x), find(y), true);
}
Status cusparseScatter(Handle h, cusparseConstSpVecDescr_t x, cusparseDnVecDescr_t y) {
  return move_elements(h, find(x), find(y), false);
}

Status cusparseRot(Handle h, const void* c, const void* s, cusparseSpVecDescr_t x, cusparseDnVecDescr_t y) {
  const cusparseSpVecDescr* sx = find(x);
  const cusparseDnVecDescr* dy = find(y);
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!sx || !dy || !c || !s || sx->size != dy->size || sx->type != dy->type) return kBad;
  return with_compute(sx->type, [&](auto one) -> Status {
    using C = decltype(one);
    if (!reach(*sx) || !reach(*dy)) return kBad;
    return enqueue(h,
                   [a = *sx, b = *dy, cs = AnyScalar<C>(h, c, sx->type), sn = AnyScalar<C>(h, s, sx->type)] {
                     const Numbers<C> sparse(a.type, a.values, a.nnz), dense(b.type, b.values, b.size);
                     for (int64_t i = 0; i < a.nnz; ++i) {
                       C& other = dense[index_at(a.index_type, a.indices, i) - a.base];
                       const C was = sparse[i];
                       sparse[i] = cs.get() * was + sn.get() * other;
                       other = cs.get() * other - sn.get() * was;
                     }
                   });
  });
}

Status cusparseSpVV_bufferSize(Handle h, cusparseOperation_t op, cusparseConstSpVecDescr_t x,
                               cusparseConstDnVecDescr_t y, const void*, cudaDataType, size_t* bytes) {
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!known(op) || !find(x) || !find(y)) return kBad;
  return answer_size(bytes);
}
namespace {

/// A captured stream can't be waited for: its graph writes the answer when it runs.
bool is_captured(Handle h) {
  CUstreamCaptureStatus status = CU_STREAM_CAPTURE_STATUS_NONE;
  return cuStreamIsCapturing(h->stream, &status) == CUDA_SUCCESS && status != CU_STREAM_CAPTURE_STATUS_NONE;
}

}  // namespace

Status cusparseSpVV(Handle h, cusparseOperation_t op, cusparseConstSpVecDescr_t x,
                    cusparseConstDnVecDescr_t y, void* result, cudaDataType compute, void*) {
  const cusparseSpVecDescr* sx = find(x);
  const cusparseDnVecDescr* dy = find(y);
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!sx || !dy || !result || !known(op) || sx->size != dy->size) return kBad;
  return with_compute(compute, [&](auto one) -> Status {
    using C = decltype(one);
    if (!computes<C>(sx->type) || !computes<C>(dy->type)) return refuse_types("cusparseSpVV");
    if (!reach(*sx) || !reach(*dy)) return kBad;
    const bool conjugated = op == CUSPARSE_OPERATION_CONJUGATE_TRANSPOSE;
    const Status queued = enqueue(h, [=, a = *sx, b = *dy] {
      const Numbers<C> sparse(a.type, a.values, a.nnz), dense(b.type, b.values, b.size);
      C sum(0);
      for (int64_t i = 0; i < a.nnz; ++i)
        sum += conjugate_if(conjugated, sparse[i]) * dense[index_at(a.index_type, a.indices, i) - a.base];
      if constexpr (std::is_same_v<C, double>)
        if (compute == CUDA_R_32I) {
          *static_cast<int32_t*>(result) = int32_t(int64_t(sum));
          return;
        }
      *static_cast<C*>(result) = sum;
    });
    const bool waits = h->pointer_mode == CUSPARSE_POINTER_MODE_HOST && !is_captured(h);
    return queued == kOk && waits ? wait(h) : queued;
  });
}

namespace {

Status check_vector_product(Handle h, cusparseOperation_t op, const void* alpha, const cusparseSpMatDescr* a,
                            const cusparseDnVecDescr* x, const void* beta, const cusparseDnVecDescr* y) {
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!known(op) || !alpha || !a || !x || !beta || !y || x->size != columns_of(*a, op) ||
      y->size != rows_of(*a, op))
    return kBad;
  return kOk;
}

}  // namespace

Status cusparseSpMV_bufferSize(Handle h, cusparseOperation_t op, const void* alpha,
                               cusparseConstSpMatDescr_t a, cusparseConstDnVecDescr_t x, const void* beta,
                               cusparseDnVecDescr_t y, cudaDataType, cusparseSpMVAlg_t, size_t* bytes) {
  const Status bad = check_vector_product(h, op, alpha, find(a), find(x), beta, find(y));
  return bad != kOk ? bad : answer_size(bytes);
}
Status cusparseSpMV_preprocess(Handle h, cusparseOperation_t op, const void* alpha,
                               cusparseConstSpMatDescr_t a, cusparseConstDnVecDescr_t x, const void* beta,
                               cusparseDnVecDescr_t y, cudaDataType, cusparseSpMVAlg_t, void*) {
  return check_vector_product(h, op, alpha, find(a), find(x), beta, find(y));
}
Status cusparseSpMV(Handle h, cusparseOperation_t op, const void* alpha, cusparseConstSpMatDescr_t a,
                    cusparseConstDnVecDescr_t x, const void* beta, cusparseDnVecDescr_t y,
                    cudaDataType compute, cusparseSpMVAlg_t, void*) {
  const cusparseSpMatDescr* sa = find(a);
  const cusparseDnVecDescr *dx = find(x), *dy = find(y);
  if (const Status bad = check_vector_product(h, op, alpha, sa, dx, beta, dy); bad != kOk) return bad;
  return with_compute(compute, [&](auto one) -> Status {
    using C = decltype(one);
    if (!computes<C>(sa->type) || !computes<C>(dx->type) || !computes<C>(dy->type))
      return refuse_types("cusparseSpMV");
    if (!reach(*sa) || !reach(*dx) || !reach(*dy)) return kBad;
    return enqueue(h, [=, m = *sa, vx = *dx, vy = *dy, al = AnyScalar<C>(h, alpha, compute),
                       be = AnyScalar<C>(h, beta, compute)] {
      const Rows rows(m);
      const RowValues<C> values(m, rows);
      const Numbers<C> from(vx.type, vx.values, vx.size), to(vy.type, vy.values, vy.size);
      multiply_vector(rows, values.get(), View(op, rows.flipped), vy.size, al.get(), from.get(), be.get(),
                      to.get());
      to.write_back();
    });
  });
}

namespace {

/// Batches of A, B and C: as many as C has; one of A or B serves all.
bool batches_fit(int a, int b, int c) {
  return (a == c || a == 1) && (b == c || b == 1);
}
/// Of matrices that are sparse or dense, whichever the function takes.
template <class A, class B, class C>
Status check_matrix_product(Handle h, cusparseOperation_t op_a, cusparseOperation_t op_b, const void* alpha,
                            const A* a, const B* b, const void* beta, const C* c) {
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!known(op_a) || !known(op_b) || !alpha || !a || !b || !beta || !c || rows_of(*a, op_a) != c->rows ||
      columns_of(*a, op_a) != rows_of(*b, op_b) || columns_of(*b, op_b) != c->columns ||
      !batches_fit(a->count, b->count, c->count))
    return kBad;
  return kOk;
}

}  // namespace

Status cusparseSpMM_bufferSize(Handle h, cusparseOperation_t op_a, cusparseOperation_t op_b,
                               const void* alpha, cusparseConstSpMatDescr_t a, cusparseConstDnMatDescr_t b,
                               const void* beta, cusparseDnMatDescr_t c, cudaDataType, cusparseSpMMAlg_t,
                               size_t* bytes) {
  const Status bad = check_matrix_product(h, op_a, op_b, alpha, find(a), find(b), beta, find(c));
  return bad != kOk ? bad : answer_size(bytes);
}
Status cusparseSpMM_preprocess(Handle h, cusparseOperation_t op_a, cusparseOperation_t op_b,
                               const void* alpha, cusparseConstSpMatDescr_t a, cusparseConstDnMatDescr_t b,
                               const void* beta, cusparseDnMatDescr_t c, cudaDataType, cusparseSpMMAlg_t,
                               void*) {
  return check_matrix_product(h, op_a, op_b, alpha, find(a), find(b), beta, find(c));
}
Status cusparseSpMM(Handle h, cusparseOperation_t op_a, cusparseOperation_t op_b, const void* alpha,
                    cusparseConstSpMatDescr_t a, cusparseConstDnMatDescr_t b, const void* beta,
                    cusparseDnMatDescr_t c, cudaDataType compute, cusparseSpMMAlg_t, void*) {
  const cusparseSpMatDescr* sa = find(a);
  const cusparseDnMatDescr *db = find(b), *dc = find(c);
  if (const Status bad = check_matrix_product(h, op_a, op_b, alpha, sa, db, beta, dc); bad != kOk) return bad;
  return with_compute(compute, [&](auto one) -> Status {
    using C = decltype(one);
    if (!computes<C>(sa->type) || !computes<C>(db->type) || !computes<C>(dc->type))
      return refuse_types("cusparseSpMM");
    if (!reach(*sa) || !reach(*db) || !reach(*dc)) return kBad;
    return enqueue(h, [=, ma = *sa, mb = *db, mc = *dc, al = AnyScalar<C>(h, alpha, compute),
                       be = AnyScalar<C>(h, beta, compute)] {
      for (int64_t i = 0; i < mc.count; ++i) {
        const cusparseSpMatDescr one_a = batch(ma, ma.count > 1 ? i : 0);
        const Rows rows(one_a);
        const RowValues<C> values(one_a, rows);
        const Numbers<C> from(
            mb.type, moved(mb.values, mb.count > 1 ? i * mb.stride : 0, element_bytes(mb.type)), extent(mb)),
            to(mc.type, moved(mc.values, i * mc.stride, element_bytes(mc.type)), extent(mc));
        const Dense<C> left(mb, from.get(), op_b), result(mc, to.get());
        scale(result, mc.rows, mc.columns, be.get());
        multiply_matrix(rows, values.get(), View(op_a, rows.flipped), mc.columns, al.get(), left, result);
        to.write_back();
      }
    });
  });
}

Status cusparseSDDMM_bufferSize(Handle h, cusparseOperation_t op_a, cusparseOperation_t op_b,
                                const void* alpha, cusparseConstDnMatDescr_t a, cusparseConstDnMatDescr_t b,
                                const void* beta, cusparseSpMatDescr_t c, cudaDataType, cusparseSDDMMAlg_t,
                                size_t* bytes) {
  const Status bad = check_matrix_product(h, op_a, op_b, alpha, find(a), find(b), beta, find(c));
  return bad != kOk ? bad : answer_size(bytes);
}
Status cusparseSDDMM_preprocess(Handle h, cusparseOperation_t op_a, cusparseOperation_t op_b,
                                const void* alpha, cusparseConstDnMatDescr_t a, cusparseConstDnMatDescr_t b,
                                const void* beta, cusparseSpMatDescr_t c, cudaDataType, cusparseSDDMMAlg_t,
                                void*) {
  return check_matrix_product(h, op_a, op_b, alpha, find(a), find(b), beta, find(c));
}
Status cusparseSDDMM(Handle h, cusparseOperation_t op_a, cusparseOperation_t op_b, const void* alpha,
                     cusparseConstDnMatDescr_t a, cusparseConstDnMatDescr_t b, const void* beta,
                     cusparseSpMatDescr_t c, cudaDataType compute, cusparseSDDMMAlg_t, void*) {
  const cusparseDnMatDescr *da = find(a), *db = find(b);
  const cusparseSpMatDescr* sc = find(c);
  if (const Status bad = check_matrix_product(h, op_a, op_b, alpha, da, db, beta, sc); bad != kOk) return bad;
  return with_compute(compute, [&](auto one) -> Status {
    using C = decltype(one);
    if (!computes<C>(da->type) || !computes<C>(db->type) || !computes<C>(sc->type))
      return refuse_types("cusparseSDDMM");
    if (!reach(*da) || !reach(*db) || !reach(*sc)) return kBad;
    return enqueue(h, [=, ma = *da, mb = *db, mc = *sc, al = AnyScalar<C>(h, alpha, compute),
                       be = AnyScalar<C>(h, beta, compute)] {
      const int64_t inner = columns_of(ma, op_a);
      for (int64_t i = 0; i < mc.count; ++i) {
        const cusparseSpMatDescr one_c = batch(mc, i);
        const auto part = [i](const cusparseDnMatDescr& m) {
          return moved(m.values, m.count > 1 ? i * m.stride : 0, element_bytes(m.type));
        };
        const Numbers<C> left(ma.type, part(ma), extent(ma)), right(mb.type, part(mb), extent(mb)),
            to(one_c.type, one_c.values, stored_values(one_c));
        const Dense<C> x(ma, left.get(), op_a), y(mb, right.get(), op_b);
        for (const Entry& e : entries_of(one_c)) {
          C sum(0);
          for (int64_t k = 0; k < inner; ++k) sum += x.read(e.row, k) * y.read(k, e.column);
          to[e.position] = al.get() * sum + (be.get() == C(0) ? C(0) : be.get() * to[e.position]);
        }
        to.write_back();
      }
    });
  });
}

Status cusparseSparseToDense_bufferSize(Handle h, cusparseConstSpMatDescr_t a, cusparseDnMatDescr_t b,
                                        cusparseSparseToDenseAlg_t, size_t* bytes) {
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!find(a) || !find(b)) return kBad;
  return answer_size(bytes);
}
Status cusparseSparseToDense(Handle h, cusparseConstSpMatDescr_t a, cusparseDnMatDescr_t b,
                             cusparseSparseToDenseAlg_t, void*) {
  const cusparseSpMatDescr* sa = find(a);
  const cusparseDnMatDescr* db = find(b);
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!sa || !db || sa->rows != db->rows || sa->columns != db->columns || sa->type != db->type ||
      !reach(*sa) || !reach(*db))
    return kBad;
  return enqueue(h, [from = *sa, to = *db] {
    const size_t bytes = element_bytes(from.type);
    const int64_t row = to.order == CUSPARSE_ORDER_ROW ? to.ld : 1,
                  column = to.order == CUSPARSE_ORDER_ROW ? 1 : to.ld;
    char* at = static_cast<char*>(to.values);
    for (int64_t i = 0; i < to.rows; ++i)
      for (int64_t j = 0; j < to.columns; ++j)
        std::memset(at + size_t(i * row + j * column) * bytes, 0, bytes);
    for (const Entry& e : entries_of(from))
      std::memcpy(at + size_t(e.row * row + e.column * column) * bytes,
                  static_cast<const char*>(from.values) + size_t(e.position) * bytes, bytes);
  });
}

namespace {

Status check_densities(Handle h, const cusparseDnMatDescr* a, const cusparseSpMatDescr* b) {
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!a || !b || a->rows != b->rows || a->columns != b->columns || a->type != b->type) return kBad;
  if (b->format != CUSPARSE_FORMAT_CSR && b->format != CUSPARSE_FORMAT_CSC &&
      b->format != CUSPARSE_FORMAT_COO && b->format != CUSPARSE_FORMAT_BLOCKED_ELL) {
    log_once("cusparse", "DenseToSparse", "cusparseDenseToSparse makes CSR, CSC, COO and blocked ELL only");
    return kNotDone;
  }
  return kOk;
}
bool is_zero(cudaDataType type, const char* at, size_t bytes) {
  if (is_complex_type(type)) {
    const cudaDataType part = type == CUDA_C_32F   ? CUDA_R_32F
                              : type == CUDA_C_64F ? CUDA_R_64F
                              : type == CUDA_C_16F ? CUDA_R_16F
                                                   : CUDA_R_16BF;
    return is_zero(part, at, bytes / 2) && is_zero(part, at + bytes / 2, bytes / 2);
  }
  // Minus zero is a zero.
  for (size_t i = 0; i < bytes; ++i)
    if (at[i] && !(i + 1 == bytes && bytes > 1 && at[i] == char(0x80) && type != CUDA_R_32I)) return false;
  return true;
}
const char* element_of(const cusparseDnMatDescr& a, int64_t row, int64_t column) {
  const bool by_row = a.order == CUSPARSE_ORDER_ROW;
  const int64_t at = by_row ? row * a.ld + column : row + column * a.ld;
  return static_cast<const char*>(a.values) + size_t(at) * element_bytes(a.type);
}
/// The values of the blocks that a matrix of blocked ELL names.
void fill_blocks(const cusparseDnMatDescr& from, const cusparseSpMatDescr& to) {
  const size_t bytes = element_bytes(to.type);
  for (const Entry& e : entries_of(to))
    std::memcpy(static_cast<char*>(to.values) + size_t(e.position) * bytes, element_of(from, e.row, e.column),
                bytes);
}
/// Calls body(line, at, address) for each element that isn't zero, line by line: rows, or columns for CSC.
template <class Body>
void for_nonzeros(const cusparseDnMatDescr& a, bool by_column, Body&& body) {
  const size_t bytes = element_bytes(a.type);
  for (int64_t i = 0; i < (by_column ? a.columns : a.rows); ++i)
    for (int64_t j = 0; j < (by_column ? a.rows : a.columns); ++j) {
      const char* at = element_of(a, by_column ? j : i, by_column ? i : j);
      if (!is_zero(a.type, at, bytes)) body(i, j, at);
    }
}

}  // namespace

Status cusparseDenseToSparse_bufferSize(Handle h, cusparseConstDnMatDescr_t a, cusparseSpMatDescr_t b,
                                        cusparseDenseToSparseAlg_t, size_t* bytes) {
  const Status bad = check_densities(h, find(a), find(b));
  return bad != kOk ? bad : answer_size(bytes);
}
/// Counts: the number of entries is the host's to be asked for after this.
Status cusparseDenseToSparse_analysis(Handle h, cusparseConstDnMatDescr_t a, cusparseSpMatDescr_t b,
                                      cusparseDenseToSparseAlg_t, void*) {
  const cusparseDnMatDescr* da = find(a);
  cusparseSpMatDescr* sb = find(b);
  if (const Status bad = check_densities(h, da, sb); bad != kOk) return bad;
  if (sb->format == CUSPARSE_FORMAT_BLOCKED_ELL) return kOk;  // its blocks are given
  if (!reach(*da)) return kBad;
  if (const Status waited = wait(h); waited != kOk) return waited;
  const bool by_column = sb->format == CUSPARSE_FORMAT_CSC;
  std::vector<int64_t> counts(size_t(by_column ? da->columns : da->rows) + 1, 0);
  for_nonzeros(*da, by_column, [&](int64_t line, int64_t, const char*) { ++counts[size_t(line) + 1]; });
  std::partial_sum(counts.begin(), counts.end(), counts.begin());
  sb->nnz = counts.back();
  if (sb->format == CUSPARSE_FORMAT_COO || !sb->offsets) return kOk;
  if (!shell::reachable("cusparse", sb->offsets, counts.size() * index_bytes(sb->offset_type))) return kBad;
  return enqueue(h, [to = *sb, counts] {
    for (size_t i = 0; i < counts.size(); ++i)
      put_index(to.offset_type, to.offsets, int64_t(i), counts[i] + to.base);
  });
}
Status cusparseDenseToSparse_convert(Handle h, cusparseConstDnMatDescr_t a, cusparseSpMatDescr_t b,
                                     cusparseDenseToSparseAlg_t, void*) {
  const cusparseDnMatDescr* da = find(a);
  const cusparseSpMatDescr* sb = find(b);
  if (const Status bad = check_densities(h, da, sb); bad != kOk) return bad;
  if (!reach(*da) || !reach(*sb)) return kBad;
  if (sb->format == CUSPARSE_FORMAT_BLOCKED_ELL)
    return enqueue(h, [from = *da, to = *sb] { fill_blocks(from, to); });
  return enqueue(h, [from = *da, to = *sb] {
    const bool by_column = to.format == CUSPARSE_FORMAT_CSC, coo = to.format == CUSPARSE_FORMAT_COO;
    const size_t bytes = element_bytes(to.type);
    std::vector<int64_t> counts(size_t(by_column ? from.columns : from.rows) + 1, 0);
    int64_t next = 0;
    for_nonzeros(from, by_column, [&](int64_t line, int64_t at, const char* value) {
      if (next == to.nnz) return;  // the matrix has changed since it was counted
      if (coo)
        put_index(to.offset_type, to.offsets, next, line + to.base);
      else
        ++counts[size_t(line) + 1];
      put_index(to.index_type, to.indices, next, at + to.base);
      std::memcpy(static_cast<char*>(to.values) + size_t(next++) * bytes, value, bytes);
    });
    if (coo) return;
    std::partial_sum(counts.begin(), counts.end(), counts.begin());
    for (size_t i = 0; i < counts.size(); ++i)
      put_index(to.offset_type, to.offsets, int64_t(i), counts[i] + to.base);
  });
}

}  // namespace ppu::cusparse
