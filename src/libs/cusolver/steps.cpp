// See steps.h.
#include "libs/cusolver/steps.h"

#include <new>

#include "libs/shell/complex.h"

namespace ppu::cusolver {

using shell::native;
using shell::NumberOf;

#define PPU_ROWS <ppu/cusolversp_low_functions.inc>
#include "libs/cusolver/typed_rows.inc"

Status cusolverSpCreateCsrluInfoHost(csrluInfoHost_t* info) {
  return make_info(info);
}
Status cusolverSpDestroyCsrluInfoHost(csrluInfoHost_t info) {
  return destroy_info(info);
}
Status cusolverSpCreateCsrqrInfoHost(csrqrInfoHost_t* info) {
  return make_info(info);
}
Status cusolverSpDestroyCsrqrInfoHost(csrqrInfoHost_t info) {
  return destroy_info(info);
}
Status cusolverSpCreateCsrcholInfoHost(csrcholInfoHost_t* info) {
  return make_info(info);
}
Status cusolverSpDestroyCsrcholInfoHost(csrcholInfoHost_t info) {
  return destroy_info(info);
}
Status cusolverSpCreateCsrcholInfo(csrcholInfo_t* info) {
  return make_info(info);
}
Status cusolverSpDestroyCsrcholInfo(csrcholInfo_t info) {
  return destroy_info(info);
}
Status cusolverSpXcsrluAnalysisHost(SparseHandle h, int n, int nnz, const cusparseMatDescr_t matrix,
                                    const int* offsets, const int* columns, csrluInfoHost_t info) {
  return analyse(h, n, n, nnz, matrix, offsets, columns, info);
}
Status cusolverSpXcsrqrAnalysisHost(SparseHandle h, int m, int n, int nnz, const cusparseMatDescr_t matrix,
                                    const int* offsets, const int* columns, csrqrInfoHost_t info) {
  return analyse(h, m, n, nnz, matrix, offsets, columns, info);
}
Status cusolverSpXcsrqrAnalysis(SparseHandle h, int m, int n, int nnz, const cusparseMatDescr_t matrix,
                                const int* offsets, const int* columns, csrqrInfo_t info) {
  return analyse(h, m, n, nnz, matrix, offsets, columns, info);
}
Status cusolverSpXcsrcholAnalysisHost(SparseHandle h, int n, int nnz, const cusparseMatDescr_t matrix,
                                      const int* offsets, const int* columns, csrcholInfoHost_t info) {
  return analyse(h, n, n, nnz, matrix, offsets, columns, info);
}
Status cusolverSpXcsrcholAnalysis(SparseHandle h, int n, int nnz, const cusparseMatDescr_t matrix,
                                  const int* offsets, const int* columns, csrcholInfo_t info) {
  return analyse(h, n, n, nnz, matrix, offsets, columns, info);
}
Status cusolverSpXcsrluNnzHost(SparseHandle h, int* lower, int* upper, csrluInfoHost_t info) {
  if (const Status bad = begin(h, false); bad != kOk) return bad;
  const csrluInfoHost* steps = shell::handles<csrluInfoHost>().find(info);
  if (!lower || !upper || !steps) return kBad;
  return std::visit(
      [&](const auto& factors) {
        if (!factors) return kBad;
        count_entries(*factors, lower, upper);
        return kOk;
      },
      steps->factors);
}

}  // namespace ppu::cusolver
