// Products of two sparse matrices, row by row (Gustavson's method). A result's pattern is the host's to be
// asked for, so what finds it waits for the stream; what only computes values goes into the stream.
#include "base/log.h"
#include "libs/cusparse/rows.h"

namespace ppu::cusparse {

struct Pattern {
  std::vector<int64_t> offsets, columns;
};

}  // namespace ppu::cusparse
struct cusparseSpGEMMDescr {
  int64_t products = 0;
  std::shared_ptr<const ppu::cusparse::Pattern> pattern;
  std::shared_ptr<std::vector<char>> values;  ///< of SpGEMM_compute, until SpGEMM_copy
};

namespace ppu::cusparse {
namespace {

Status check(Handle h, cusparseOperation_t op_a, cusparseOperation_t op_b, const cusparseSpMatDescr* a,
             const cusparseSpMatDescr* b, const cusparseSpMatDescr* c, const cusparseSpGEMMDescr* plan) {
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!known(op_a) || !known(op_b) || !a || !b || !c || !plan || a->columns != b->rows ||
      a->rows != c->rows || b->columns != c->columns)
    return kBad;
  const bool plain = op_a == CUSPARSE_OPERATION_NON_TRANSPOSE && op_b == CUSPARSE_OPERATION_NON_TRANSPOSE;
  const auto csr = [](const cusparseSpMatDescr* m) { return m->format == CUSPARSE_FORMAT_CSR; };
  if (plain && csr(a) && csr(b) && csr(c)) return kOk;  // as documented
  log_once("cusparse", "SpGEMM", "cusparseSpGEMM multiplies CSR matrices that aren't transposed");
  return kNotDone;
}

/// Calls body(i, column of A, position in A, column of B, position in B) for every product of two entries.
template <class Body>
void for_products(const Rows& a, const Rows& b, int64_t i, Body&& body) {
  const auto each = [](const Rows& m, int64_t row, auto&& f) {
    const int64_t begin = index_at(m.offset_type, m.offsets, row) - m.base,
                  end = index_at(m.offset_type, m.offsets, row + 1) - m.base;
    for (int64_t p = begin; p < end; ++p) f(index_at(m.index_type, m.indices, p) - m.base, p);
  };
  each(a, i, [&](int64_t k, int64_t pa) { each(b, k, [&](int64_t j, int64_t pb) { body(j, pa, pb); }); });
}

Pattern pattern_of(const Rows& a, const Rows& b, int64_t* products) {
  Pattern c;
  c.offsets.push_back(0);
  std::vector<int64_t> seen(size_t(b.columns), -1);
  *products = 0;
  for (int64_t i = 0; i < a.rows; ++i) {
    for_products(a, b, i, [&](int64_t j, int64_t, int64_t) {
      ++*products;
      if (seen[size_t(j)] == i) return;
      seen[size_t(j)] = i;
      c.columns.push_back(j);
    });
    std::sort(c.columns.begin() + c.offsets.back(), c.columns.end());
    c.offsets.push_back(int64_t(c.columns.size()));
  }
  return c;
}

/// The values on a pattern that holds every product, times alpha.
template <class C>
std::vector<C> values_of(const Pattern& pattern, const cusparseSpMatDescr& a, const cusparseSpMatDescr& b,
                         C alpha) {
  const Rows ra(a), rb(b);
  const RowValues<C> va(a, ra), vb(b, rb);
  std::vector<C> sums(size_t(b.columns), C(0)), values(pattern.columns.size());
  for (int64_t i = 0; i < a.rows; ++i) {
    for_products(ra, rb, i,
                 [&](int64_t j, int64_t pa, int64_t pb) { sums[size_t(j)] += va.get()[pa] * vb.get()[pb]; });
    for (int64_t p = pattern.offsets[size_t(i)]; p < pattern.offsets[size_t(i) + 1]; ++p) {
      C& sum = sums[size_t(pattern.columns[size_t(p)])];
      values[size_t(p)] = alpha * sum;
      sum = C(0);
    }
  }
  return values;
}

void write_pattern(const Pattern& pattern, const cusparseSpMatDescr& c) {
  for (size_t i = 0; i < pattern.offsets.size(); ++i)
    put_index(c.offset_type, c.offsets, int64_t(i), pattern.offsets[i] + c.base);
  for (size_t i = 0; i < pattern.columns.size(); ++i)
    put_index(c.index_type, c.indices, int64_t(i), pattern.columns[i] + c.base);
}
/// `values` plus beta times what C holds: as documented, C then has the product's pattern already.
template <class C>
void write_values(const std::vector<C>& values, C beta, const cusparseSpMatDescr& c) {
  const Numbers<C> to(c.type, c.values, c.nnz);
  for (size_t i = 0; i < values.size(); ++i)
    to[int64_t(i)] = values[i] + (beta == C(0) ? C(0) : beta * to[int64_t(i)]);
  to.write_back();
}
bool holds(const cusparseSpMatDescr& c, const Pattern& pattern) {
  return c.nnz == int64_t(pattern.columns.size()) && reach(c);
}
Status answer(size_t* bytes, const void* buffer) {
  if (!bytes) return kBad;
  if (!buffer) *bytes = kBuffer;
  return kOk;
}

}  // namespace

Status cusparseSpGEMM_createDescr(cusparseSpGEMMDescr_t* plan) {
  if (!plan) return kBad;
  *plan = shell::handles<cusparseSpGEMMDescr>().make();
  return kOk;
}
Status cusparseSpGEMM_destroyDescr(cusparseSpGEMMDescr_t plan) {
  return shell::handles<cusparseSpGEMMDescr>().destroy(plan) ? kOk : kBad;
}
Status cusparseSpGEMM_getNumProducts(cusparseSpGEMMDescr_t plan, int64_t* products) {
  const cusparseSpGEMMDescr* p = find(plan);
  if (!p || !products) return kBad;
  *products = p->products;
  return kOk;
}

Status cusparseSpGEMM_workEstimation(Handle h, cusparseOperation_t op_a, cusparseOperation_t op_b,
                                     const void* alpha, cusparseConstSpMatDescr_t a,
                                     cusparseConstSpMatDescr_t b, const void* beta, cusparseSpMatDescr_t c,
                                     cudaDataType, cusparseSpGEMMAlg_t, cusparseSpGEMMDescr_t plan,
                                     size_t* bytes, void* buffer) {
  cusparseSpGEMMDescr* p = find(plan);
  if (const Status bad = check(h, op_a, op_b, find(a), find(b), find(c), p); bad != kOk) return bad;
  if (!alpha || !beta || !bytes) return kBad;
  if (!buffer) return answer(bytes, buffer);
  if (!reach(*find(a)) || !reach(*find(b))) return kBad;
  if (const Status waited = wait(h); waited != kOk) return waited;
  p->pattern = std::make_shared<const Pattern>(pattern_of(Rows(*find(a)), Rows(*find(b)), &p->products));
  return kOk;
}
Status cusparseSpGEMM_estimateMemory(Handle h, cusparseOperation_t op_a, cusparseOperation_t op_b,
                                     const void* alpha, cusparseConstSpMatDescr_t a,
                                     cusparseConstSpMatDescr_t b, const void* beta, cusparseSpMatDescr_t c,
                                     cudaDataType, cusparseSpGEMMAlg_t, cusparseSpGEMMDescr_t plan, float,
                                     size_t* bytes3, void* buffer3, size_t* bytes2) {
  const Status bad = check(h, op_a, op_b, find(a), find(b), find(c), find(plan));
  if (bad != kOk) return bad;
  if (!alpha || !beta || !bytes3) return kBad;
  if (!buffer3) return answer(bytes3, buffer3);
  return answer(bytes2, nullptr);
}
Status cusparseSpGEMM_compute(Handle h, cusparseOperation_t op_a, cusparseOperation_t op_b, const void* alpha,
                              cusparseConstSpMatDescr_t a, cusparseConstSpMatDescr_t b, const void* beta,
                              cusparseSpMatDescr_t c, cudaDataType compute, cusparseSpGEMMAlg_t,
                              cusparseSpGEMMDescr_t plan, size_t* bytes, void* buffer) {
  cusparseSpGEMMDescr* p = find(plan);
  const cusparseSpMatDescr *sa = find(a), *sb = find(b);
  cusparseSpMatDescr* sc = find(c);
  if (const Status bad = check(h, op_a, op_b, sa, sb, sc, p); bad != kOk) return bad;
  if (!alpha || !beta || !bytes) return kBad;
  if (!buffer) return answer(bytes, buffer);
  if (!p->pattern || !reach(*sa) || !reach(*sb)) return kBad;
  return with_compute(compute, [&](auto one) -> Status {
    using C = decltype(one);
    if (!computes<C>(sa->type) || !computes<C>(sb->type) || !computes<C>(sc->type)) return kNotDone;
    sc->nnz = int64_t(p->pattern->columns.size());
    p->values = std::make_shared<std::vector<char>>();
    return enqueue(
        h, [ma = *sa, mb = *sb, pattern = p->pattern, to = p->values, al = AnyScalar<C>(h, alpha, compute)] {
          const std::vector<C> values = values_of<C>(*pattern, ma, mb, al.get());
          const char* from = reinterpret_cast<const char*>(values.data());
          to->assign(from, from + values.size() * sizeof(C));
        });
  });
}
Status cusparseSpGEMM_copy(Handle h, cusparseOperation_t op_a, cusparseOperation_t op_b, const void* alpha,
                           cusparseConstSpMatDescr_t a, cusparseConstSpMatDescr_t b, const void* beta,
                           cusparseSpMatDescr_t c, cudaDataType compute, cusparseSpGEMMAlg_t,
                           cusparseSpGEMMDescr_t plan) {
  const cusparseSpGEMMDescr* p = find(plan);
  const cusparseSpMatDescr* sc = find(c);
  if (const Status bad = check(h, op_a, op_b, find(a), find(b), sc, p); bad != kOk) return bad;
  if (!alpha || !beta || !p->pattern || !p->values || !holds(*sc, *p->pattern)) return kBad;
  return with_compute(compute, [&](auto one) {
    using C = decltype(one);
    return enqueue(h,
                   [to = *sc, pattern = p->pattern, from = p->values, be = AnyScalar<C>(h, beta, compute)] {
                     std::vector<C> values(pattern->columns.size());
                     if (from->size() == values.size() * sizeof(C))
                       std::memcpy(values.data(), from->data(), from->size());
                     write_pattern(*pattern, to);
                     write_values(values, be.get(), to);
                   });
  });
}

Status cusparseSpGEMMreuse_workEstimation(Handle h, cusparseOperation_t op_a, cusparseOperation_t op_b,
                                          cusparseConstSpMatDescr_t a, cusparseConstSpMatDescr_t b,
                                          cusparseSpMatDescr_t c, cusparseSpGEMMAlg_t,
                                          cusparseSpGEMMDescr_t plan, size_t* bytes, void* buffer) {
  const Status bad = check(h, op_a, op_b, find(a), find(b), find(c), find(plan));
  return bad != kOk ? bad : answer(bytes, buffer);
}
Status cusparseSpGEMMreuse_nnz(Handle h, cusparseOperation_t op_a, cusparseOperation_t op_b,
                               cusparseConstSpMatDescr_t a, cusparseConstSpMatDescr_t b,
                               cusparseSpMatDescr_t c, cusparseSpGEMMAlg_t, cusparseSpGEMMDescr_t plan,
                               size_t* bytes2, void* buffer2, size_t* bytes3, void* buffer3, size_t* bytes4,
                               void* buffer4) {
  cusparseSpGEMMDescr* p = find(plan);
  cusparseSpMatDescr* sc = find(c);
  if (const Status bad = check(h, op_a, op_b, find(a), find(b), sc, p); bad != kOk) return bad;
  if (!bytes2 || !bytes3 || !bytes4) return kBad;
  if (!buffer2 || !buffer3 || !buffer4) {
    *bytes2 = *bytes3 = *bytes4 = kBuffer;
    return kOk;
  }
  if (!reach(*find(a)) || !reach(*find(b))) return kBad;
  if (const Status waited = wait(h); waited != kOk) return waited;
  p->pattern = std::make_shared<const Pattern>(pattern_of(Rows(*find(a)), Rows(*find(b)), &p->products));
  sc->nnz = int64_t(p->pattern->columns.size());
  return kOk;
}
Status cusparseSpGEMMreuse_copy(Handle h, cusparseOperation_t op_a, cusparseOperation_t op_b,
                                cusparseConstSpMatDescr_t a, cusparseConstSpMatDescr_t b,
                                cusparseSpMatDescr_t c, cusparseSpGEMMAlg_t, cusparseSpGEMMDescr_t plan,
                                size_t* bytes, void* buffer) {
  const cusparseSpGEMMDescr* p = find(plan);
  const cusparseSpMatDescr* sc = find(c);
  if (const Status bad = check(h, op_a, op_b, find(a), find(b), sc, p); bad != kOk) return bad;
  if (!bytes) return kBad;
  if (!buffer) return answer(bytes, buffer);
  if (!p->pattern || !holds(*sc, *p->pattern)) return kBad;
  return enqueue(h, [to = *sc, pattern = p->pattern] { write_pattern(*pattern, to); });
}
Status cusparseSpGEMMreuse_compute(Handle h, cusparseOperation_t op_a, cusparseOperation_t op_b,
                                   const void* alpha, cusparseConstSpMatDescr_t a,
                                   cusparseConstSpMatDescr_t b, const void* beta, cusparseSpMatDescr_t c,
                                   cudaDataType compute, cusparseSpGEMMAlg_t, cusparseSpGEMMDescr_t plan) {
  const cusparseSpGEMMDescr* p = find(plan);
  const cusparseSpMatDescr *sa = find(a), *sb = find(b), *sc = find(c);
  if (const Status bad = check(h, op_a, op_b, sa, sb, sc, p); bad != kOk) return bad;
  if (!alpha || !beta || !p->pattern || !holds(*sc, *p->pattern) || !reach(*sa) || !reach(*sb)) return kBad;
  return with_compute(compute, [&](auto one) -> Status {
    using C = decltype(one);
    if (!computes<C>(sa->type) || !computes<C>(sb->type) || !computes<C>(sc->type)) return kNotDone;
    return enqueue(h, [ma = *sa, mb = *sb, to = *sc, pattern = p->pattern,
                       al = AnyScalar<C>(h, alpha, compute), be = AnyScalar<C>(h, beta, compute)] {
      write_values(values_of<C>(*pattern, ma, mb, al.get()), be.get(), to);
    });
  });
}

}  // namespace ppu::cusparse
