// LU factorization without pivoting, which LAPACK hasn't; with pivoting it is the CPU's.
#include "bridges/torch/own_operators.h"

namespace ppu::bridge {
namespace {

using at::Tensor;
using ThreeTensors = std::tuple<Tensor, Tensor, Tensor>;
using ThreeResults = std::tuple<Tensor&, Tensor&, Tensor&>;

/// The first column, counted from 1, whose pivot is zero; 0 where there is none. As LAPACK's info.
Tensor first_zero_pivot(const Tensor& lu) {
  const Tensor zero = lu.diagonal(0, -2, -1).eq(0);
  const int64_t columns = zero.size(-1);
  if (columns == 0) return at::zeros(zero.sizes().slice(0, zero.dim() - 1), lu.options().dtype(at::kInt));
  const Tensor numbers = at::arange(1, columns + 1, lu.options().dtype(at::kInt));
  const Tensor first = at::where(zero, numbers, numbers.new_full({}, columns + 1)).amin(-1);
  return at::where(first.gt(columns), first.new_zeros({}), first);
}

/// L below the diagonal of ones and U, in one matrix of A's shape whose columns are contiguous.
Tensor factor_without_pivots(const Tensor& a) {
  Tensor lu = a.mT().clone(at::MemoryFormat::Contiguous).mT();
  const int64_t rows = lu.size(-2);
  const int64_t columns = lu.size(-1);
  for (int64_t i = 0; i < std::min(rows, columns); ++i) {
    const Tensor pivot = lu.narrow(-2, i, 1).narrow(-1, i, 1);
    Tensor below = lu.narrow(-2, i + 1, rows - i - 1).narrow(-1, i, 1);
    below.div_(at::where(pivot.eq(0), pivot.new_ones({}), pivot));
    const Tensor beside = lu.narrow(-2, i, 1).narrow(-1, i + 1, columns - i - 1);
    lu.narrow(-2, i + 1, rows - i - 1).narrow(-1, i + 1, columns - i - 1).sub_(at::matmul(below, beside));
  }
  return lu;
}

Tensor& give(const Tensor& result, Tensor& out) {
  out.resize_(result.sizes());
  return out.copy_(result);
}

ThreeTensors lu_factor_ex(const Tensor& a, bool pivot, bool check_errors) {
  if (pivot) return at::linalg_lu_factor_ex(a, true, check_errors);
  const Tensor lu = factor_without_pivots(a);
  const Tensor info = first_zero_pivot(lu);
  if (check_errors) at::_linalg_check_errors(info, "torch.linalg.lu_factor_ex", a.dim() == 2);
  std::vector<int64_t> shape(a.sizes().begin(), a.sizes().end() - 2);
  const int64_t length = std::min(a.size(-2), a.size(-1));
  shape.push_back(length);
  return {lu, at::arange(1, length + 1, a.options().dtype(at::kInt)).expand(shape).contiguous(), info};
}

ThreeResults lu_factor_ex_out(const Tensor& a, bool pivot, bool check_errors, Tensor& lu, Tensor& pivots,
                              Tensor& info) {
  if (pivot) return at::linalg_lu_factor_ex_out(lu, pivots, info, a, true, check_errors);
  const auto [lu_result, pivots_result, info_result] = lu_factor_ex(a, false, check_errors);
  return {give(lu_result, lu), give(pivots_result, pivots), give(info_result, info)};
}

ThreeTensors lu(const Tensor& a, bool pivot) {
  if (pivot) return at::linalg_lu(a, true);
  const Tensor packed = factor_without_pivots(a);
  const int64_t inner = std::min(a.size(-2), a.size(-1));
  Tensor lower = packed.narrow(-1, 0, inner).tril(-1);
  lower.diagonal(0, -2, -1).fill_(1);
  return {at::empty({0}, a.options()), lower, packed.narrow(-2, 0, inner).triu()};
}

ThreeResults lu_out(const Tensor& a, bool pivot, Tensor& p, Tensor& l, Tensor& u) {
  if (pivot) return at::linalg_lu_out(p, l, u, a, true);
  const auto [p_result, l_result, u_result] = lu(a, false);
  return {give(p_result, p), give(l_result, l), give(u_result, u)};
}

}  // namespace

OwnOperators linalg_operators() {
  return {
      PPU_OWN(linalg_lu_factor_ex, lu_factor_ex),
      PPU_OWN_AS(linalg_lu_factor_ex_out, "linalg_lu_factor_ex.out", lu_factor_ex_out, false),
      PPU_OWN(linalg_lu, lu),
      PPU_OWN_AS(linalg_lu_out, "linalg_lu.out", lu_out, false),
  };
}

}  // namespace ppu::bridge
