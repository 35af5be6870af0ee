// Triangular systems, SpSV and SpSM: one pass over the rows. There is nothing to analyse: the plan holds the
// values that updateMatrix has put in place of the matrix's own.
#include "base/log.h"
#include "libs/cusparse/rows.h"

namespace ppu::cusparse {

/// Written in stream order by the update, read in stream order by the solution.
struct NewValues {
  bool diagonal = false;
  std::vector<char> bytes;
};
struct Plan {
  bool analysed = false;
  int64_t rows = 0, values = 0;
  cudaDataType type = CUDA_R_32F;
  std::shared_ptr<NewValues> updated;
};

}  // namespace ppu::cusparse
struct cusparseSpSVDescr : ppu::cusparse::Plan {};
struct cusparseSpSMDescr : ppu::cusparse::Plan {};

namespace ppu::cusparse {
namespace {

/// op(A) y = x in place of x, for one right side whose elements are `stride` apart.
template <class C>
void solve_in_place(const Rows& rows, const C* values, View view, bool lower, bool unit,
                    const C* new_diagonal, C* x, int64_t stride) {
  const int64_t n = rows.rows;
  rows.with_types([&](const auto* offsets, const auto* indices) {
    // Transposed, a row holds what its unknown takes off the others: lower rows from the last one on.
    const bool forward = lower != view.transposed;
    for (int64_t step = 0; step < n; ++step) {
      const int64_t i = forward ? step : n - 1 - step;
      const int64_t begin = int64_t(offsets[i]) - rows.base, end = int64_t(offsets[i + 1]) - rows.base;
      C diagonal(0), sum = x[i * stride];
      for (int64_t p = begin; p < end; ++p) {
        const int64_t j = int64_t(indices[p]) - rows.base;
        const C v = conjugate_if(view.conjugated, values[p]);
        if (j == i)
          diagonal += v;
        else if (!view.transposed && (lower ? j < i : j > i))
          sum -= v * x[j * stride];
      }
      if (new_diagonal) diagonal = conjugate_if(view.conjugated, new_diagonal[i]);
      const C y = unit ? sum : sum / diagonal;
      x[i * stride] = y;
      if (!view.transposed) continue;
      for (int64_t p = begin; p < end; ++p) {
        const int64_t j = int64_t(indices[p]) - rows.base;
        if (lower ? j < i : j > i) x[j * stride] -= conjugate_if(view.conjugated, values[p]) * y;
      }
    }
  });
}

/// A with its rows, and with the values of an update in place of its own.
template <class C>
struct System {
  System(const cusparseSpMatDescr& a, cusparseOperation_t op, const NewValues* updated)
      : rows(a), view(op, rows.flipped), unit(a.diagonal == CUSPARSE_DIAG_TYPE_UNIT) {
    cusparseSpMatDescr used = a;
    if (updated && updated->diagonal)
      new_diagonal = reinterpret_cast<const C*>(updated->bytes.data());
    else if (updated)
      used.values = const_cast<char*>(updated->bytes.data());
    values = std::make_unique<RowValues<C>>(used, rows);
    lower = (a.fill == CUSPARSE_FILL_MODE_LOWER) != rows.flipped;
  }
  void solve(C* x, int64_t stride) const {
    solve_in_place(rows, values->get(), view, lower, unit, new_diagonal, x, stride);
  }
  Rows rows;
  View view;
  bool lower = true, unit;
  const C* new_diagonal = nullptr;
  std::unique_ptr<RowValues<C>> values;
};

bool solvable(const cusparseSpMatDescr& a) {
  return a.format == CUSPARSE_FORMAT_CSR || a.format == CUSPARSE_FORMAT_CSC ||
         a.format == CUSPARSE_FORMAT_COO || a.format == CUSPARSE_FORMAT_SLICED_ELLPACK;
}
template <class P>
Status make_plan(P** plan) {
  if (!plan) return kBad;
  *plan = shell::handles<P>().make();
  return kOk;
}
template <class P>
Status destroy_plan(P* plan) {
  return shell::handles<P>().destroy(plan) ? kOk : kBad;
}
Status analyse(Plan* plan, const cusparseSpMatDescr& a) {
  plan->analysed = true, plan->rows = a.rows, plan->values = stored_values(a), plan->type = a.type;
  plan->updated = nullptr;
  return kOk;
}
template <class P>
Status update(Handle h, P* plan, const void* values, bool diagonal) {
  Plan* p = shell::handles<P>().find(plan);
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!p || !p->analysed || !values) return kBad;
  const size_t bytes = size_t(diagonal ? p->rows : p->values) * element_bytes(p->type);
  if (!shell::reachable("cusparse", values, bytes)) return kBad;
  p->updated = std::make_shared<NewValues>();
  p->updated->diagonal = diagonal;
  return enqueue(h, [to = p->updated, values, bytes] {
    const char* from = static_cast<const char*>(values);
    to->bytes.assign(from, from + bytes);
  });
}

Status check_vector(Handle h, cusparseOperation_t op, const void* alpha, const cusparseSpMatDescr* a,
                    const cusparseDnVecDescr* x, const cusparseDnVecDescr* y, cudaDataType compute,
                    const Plan* plan) {
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!known(op) || !alpha || !a || !x || !y || !plan || a->rows != a->columns || x->size != a->rows ||
      y->size != a->rows)
    return kBad;
  const bool typed = a->type == compute && x->type == compute && y->type == compute && compute != CUDA_R_32I;
  return solvable(*a) && typed ? kOk : kNotDone;
}
Status check_matrix(Handle h, cusparseOperation_t op_a, cusparseOperation_t op_b, const void* alpha,
                    const cusparseSpMatDescr* a, const cusparseDnMatDescr* b, const cusparseDnMatDescr* c,
                    cudaDataType compute, const Plan* plan) {
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!known(op_a) || !known(op_b) || !alpha || !a || !b || !c || !plan || a->rows != a->columns ||
      rows_of(*b, op_b) != a->rows || c->rows != a->rows || columns_of(*b, op_b) != c->columns)
    return kBad;
  const bool typed = a->type == compute && b->type == compute && c->type == compute && compute != CUDA_R_32I;
  return solvable(*a) && typed ? kOk : kNotDone;
}
Status answer_size(Status checked, size_t* bytes) {
  if (checked != kOk) return checked;
  if (!bytes) return kBad;
  *bytes = kBuffer;
  return kOk;
}

}  // namespace

Status cusparseSpSV_createDescr(cusparseSpSVDescr_t* plan) {
  return make_plan(plan);
}
Status cusparseSpSV_destroyDescr(cusparseSpSVDescr_t plan) {
  return destroy_plan(plan);
}
Status cusparseSpSV_bufferSize(Handle h, cusparseOperation_t op, const void* alpha,
                               cusparseConstSpMatDescr_t a, cusparseConstDnVecDescr_t x,
                               cusparseDnVecDescr_t y, cudaDataType compute, cusparseSpSVAlg_t,
                               cusparseSpSVDescr_t plan, size_t* bytes) {
  return answer_size(check_vector(h, op, alpha, find(a), find(x), find(y), compute, find(plan)), bytes);
}
Status cusparseSpSV_analysis(Handle h, cusparseOperation_t op, const void* alpha, cusparseConstSpMatDescr_t a,
                             cusparseConstDnVecDescr_t x, cusparseDnVecDescr_t y, cudaDataType compute,
                             cusparseSpSVAlg_t, cusparseSpSVDescr_t plan, void*) {
  const Status bad = check_vector(h, op, alpha, find(a), find(x), find(y), compute, find(plan));
  return bad != kOk ? bad : analyse(find(plan), *find(a));
}
Status cusparseSpSV_solve(Handle h, cusparseOperation_t op, const void* alpha, cusparseConstSpMatDescr_t a,
                          cusparseConstDnVecDescr_t x, cusparseDnVecDescr_t y, cudaDataType compute,
                          cusparseSpSVAlg_t, cusparseSpSVDescr_t plan) {
  const cusparseSpMatDescr* sa = find(a);
  const cusparseDnVecDescr *dx = find(x), *dy = find(y);
  const Plan* p = find(plan);
  if (const Status bad = check_vector(h, op, alpha, sa, dx, dy, compute, p); bad != kOk) return bad;
  if (!p->analysed || !reach(*sa) || !reach(*dx) || !reach(*dy)) return kBad;
  return with_compute(compute, [&](auto one) {
    using C = decltype(one);
    return enqueue(
        h, [=, m = *sa, from = *dx, to = *dy, updated = p->updated, al = AnyScalar<C>(h, alpha, compute)] {
          const System<C> system(m, op, updated.get());
          const C* right = static_cast<const C*>(from.values);
          C* y_at = static_cast<C*>(to.values);
          for (int64_t i = 0; i < m.rows; ++i) y_at[i] = al.get() * right[i];
          system.solve(y_at, 1);
        });
  });
}
Status cusparseSpSV_updateMatrix(Handle h, cusparseSpSVDescr_t plan, void* values,
                                 cusparseSpSVUpdate_t part) {
  return update(h, plan, values, part == CUSPARSE_SPSV_UPDATE_DIAGONAL);
}

Status cusparseSpSM_createDescr(cusparseSpSMDescr_t* plan) {
  return make_plan(plan);
}
Status cusparseSpSM_destroyDescr(cusparseSpSMDescr_t plan) {
  return destroy_plan(plan);
}
Status cusparseSpSM_bufferSize(Handle h, cusparseOperation_t op_a, cusparseOperation_t op_b,
                               const void* alpha, cusparseConstSpMatDescr_t a, cusparseConstDnMatDescr_t b,
                               cusparseDnMatDescr_t c, cudaDataType compute, cusparseSpSMAlg_t,
                               cusparseSpSMDescr_t plan, size_t* bytes) {
  return answer_size(check_matrix(h, op_a, op_b, alpha, find(a), find(b), find(c), compute, find(plan)),
                     bytes);
}
Status cusparseSpSM_analysis(Handle h, cusparseOperation_t op_a, cusparseOperation_t op_b, const void* alpha,
                             cusparseConstSpMatDescr_t a, cusparseConstDnMatDescr_t b, cusparseDnMatDescr_t c,
                             cudaDataType compute, cusparseSpSMAlg_t, cusparseSpSMDescr_t plan, void*) {
  const Status bad = check_matrix(h, op_a, op_b, alpha, find(a), find(b), find(c), compute, find(plan));
  return bad != kOk ? bad : analyse(find(plan), *find(a));
}
Status cusparseSpSM_solve(Handle h, cusparseOperation_t op_a, cusparseOperation_t op_b, const void* alpha,
                          cusparseConstSpMatDescr_t a, cusparseConstDnMatDescr_t b, cusparseDnMatDescr_t c,
                          cudaDataType compute, cusparseSpSMAlg_t, cusparseSpSMDescr_t plan) {
  const cusparseSpMatDescr* sa = find(a);
  const cusparseDnMatDescr *db = find(b), *dc = find(c);
  const Plan* p = find(plan);
  if (const Status bad = check_matrix(h, op_a, op_b, alpha, sa, db, dc, compute, p); bad != kOk) return bad;
  if (!p->analysed || !reach(*sa) || !reach(*db) || !reach(*dc)) return kBad;
  return with_compute(compute, [&](auto one) {
    using C = decltype(one);
    return enqueue(
        h, [=, m = *sa, mb = *db, mc = *dc, updated = p->updated, al = AnyScalar<C>(h, alpha, compute)] {
          const System<C> system(m, op_a, updated.get());
          const Dense<C> from(mb, static_cast<C*>(mb.values), op_b), to(mc, static_cast<C*>(mc.values));
          for (int64_t j = 0; j < mc.columns; ++j) {
            for (int64_t i = 0; i < mc.rows; ++i) to(i, j) = al.get() * from.read(i, j);
            system.solve(&to(0, j), to.row);
          }
        });
  });
}
Status cusparseSpSM_updateMatrix(Handle h, cusparseSpSMDescr_t plan, void* values,
                                 cusparseSpSMUpdate_t part) {
  return update(h, plan, values, part == CUSPARSE_SPSM_UPDATE_DIAGONAL);
}

}  // namespace ppu::cusparse
