// The older functions' matrices and what their bodies share: CSR of 32-bit indices with a cusparseMatDescr_t.
#pragma once
#include <algorithm>
#include <numeric>

#include "base/log.h"
#include "libs/cusparse/types.h"

/// Where an incomplete factorization has found a zero on the diagonal; the work holds it too.
struct IncompleteInfo {
  std::shared_ptr<int> zero = std::make_shared<int>(-1);
  bool boosts = false;
  const double* tolerance = nullptr;
  const void* boost = nullptr;
};
struct csric02Info : IncompleteInfo {};
struct csrilu02Info : IncompleteInfo {};

namespace ppu::cusparse {

/// Rows of a CSR matrix of ints.
struct Csr {
  const int *offsets, *columns;
  int base;
  int begin(int i) const { return offsets[i] - base; }
  int end(int i) const { return offsets[i + 1] - base; }
  int column(int p) const { return columns[p] - base; }
};

/// Null for what isn't a descriptor of a general matrix.
inline const cusparseMatDescr* general(cusparseMatDescr_t matrix) {
  const cusparseMatDescr* m = find(matrix);
  return m && m->type == CUSPARSE_MATRIX_TYPE_GENERAL ? m : nullptr;
}
inline bool known(cusparseDirection_t direction) {
  return direction == CUSPARSE_DIRECTION_ROW || direction == CUSPARSE_DIRECTION_COLUMN;
}

/// Runs work that ends in a number for the host, which is waited for, or for the device.
inline Status answer_total(Handle h, int* total, std::function<int()> work) {
  if (h->pointer_mode == CUSPARSE_POINTER_MODE_DEVICE) return enqueue(h, [=] { *total = work(); });
  int value = 0;
  const Status queued = enqueue(h, [&] { value = work(); });
  if (queued != kOk) return queued;
  const Status waited = wait(h);
  if (waited == kOk) *total = value;
  return waited;
}

template <class N>
Status answer_buffer(Handle h, bool valid, N* bytes) {
  if (!contexts.find(h)) return CUSPARSE_STATUS_NOT_INITIALIZED;
  if (!valid || !bytes) return kBad;
  *bytes = N(kBuffer);
  return kOk;
}

/// The union of the columns of row i of two matrices, in order: body(column, position in A or -1, in B or
/// -1). Rows are sorted, as documented.
template <class Body>
void for_union(const Csr& a, const Csr& b, int i, Body&& body) {
  int p = a.begin(i), q = b.begin(i);
  while (p < a.end(i) || q < b.end(i)) {
    const int ca = p < a.end(i) ? a.column(p) : INT32_MAX, cb = q < b.end(i) ? b.column(q) : INT32_MAX;
    const int column = std::min(ca, cb);
    body(column, ca == column ? p++ : -1, cb == column ? q++ : -1);
  }
}

/// Block columns that row `br` of blocks of a CSR matrix touches, in order.
inline std::vector<int> blocks_of(const Csr& a, int m, int br, int block) {
  std::vector<int> blocks;
  for (int i = br * block; i < std::min(m, (br + 1) * block); ++i)
    for (int p = a.begin(i); p < a.end(i); ++p) blocks.push_back(a.column(p) / block);
  std::sort(blocks.begin(), blocks.end());
  blocks.erase(std::unique(blocks.begin(), blocks.end()), blocks.end());
  return blocks;
}

}  // namespace ppu::cusparse
