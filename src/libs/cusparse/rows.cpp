// See rows.h.
#include "libs/cusparse/rows.h"

namespace ppu::cusparse {

namespace {

void add_blocks(const cusparseSpMatDescr& a, std::vector<Entry>& entries) {
  const int64_t size = a.row_block * a.column_block;
  for (int64_t br = 0; br < a.rows / a.row_block; ++br)
    for (int64_t p = index_at(a.offset_type, a.offsets, br) - a.base,
                 end = index_at(a.offset_type, a.offsets, br + 1) - a.base;
         p < end; ++p) {
      const int64_t bc = index_at(a.index_type, a.indices, p) - a.base;
      for (int64_t i = 0; i < a.row_block; ++i)
        for (int64_t j = 0; j < a.column_block; ++j)
          entries.push_back(
              {br * a.row_block + i, bc * a.column_block + j,
               p * size + (a.order == CUSPARSE_ORDER_ROW ? i * a.column_block + j : j * a.row_block + i)});
    }
}
// Blocked ELL: values are row-major over the padded rows; a block index of -1 is padding.
void add_ell_blocks(const cusparseSpMatDescr& a, std::vector<Entry>& entries) {
  const int64_t blocks = a.ell_columns / a.column_block;
  for (int64_t r = 0; r < a.rows; ++r)
    for (int64_t b = 0; b < blocks; ++b) {
      const int64_t stored = index_at(a.index_type, a.indices, r / a.row_block * blocks + b);
      if (stored < a.base) continue;
      const int64_t block = stored - a.base;
      for (int64_t j = 0; j < a.column_block; ++j)
        entries.push_back({r, block * a.column_block + j, r * a.ell_columns + b * a.column_block + j});
    }
}
// Sliced ELL: slices of rows, each column-major; a column index of -1 is padding.
void add_slices(const cusparseSpMatDescr& a, std::vector<Entry>& entries) {
  for (int64_t s = 0; s * a.slice < a.rows; ++s) {
    const int64_t begin = index_at(a.offset_type, a.offsets, s) - a.base,
                  end = index_at(a.offset_type, a.offsets, s + 1) - a.base;
    for (int64_t p = begin; p < end; ++p) {
      const int64_t row = s * a.slice + (p - begin) % a.slice, column = index_at(a.index_type, a.indices, p);
      if (row < a.rows && column >= a.base) entries.push_back({row, column - a.base, p});
    }
  }
}

}  // namespace

std::vector<Entry> entries_of(const cusparseSpMatDescr& a) {
  std::vector<Entry> entries;
  entries.reserve(size_t(stored_values(a)));
  switch (a.format) {
    case CUSPARSE_FORMAT_COO:
      for (int64_t p = 0; p < a.nnz; ++p)
        entries.push_back({index_at(a.offset_type, a.offsets, p) - a.base,
                           index_at(a.index_type, a.indices, p) - a.base, p});
      break;
    case CUSPARSE_FORMAT_BSR:
      add_blocks(a, entries);
      break;
    case CUSPARSE_FORMAT_BLOCKED_ELL:
      add_ell_blocks(a, entries);
      break;
    case CUSPARSE_FORMAT_SLICED_ELLPACK:
      add_slices(a, entries);
      break;
    default: {
      const bool csr = a.format == CUSPARSE_FORMAT_CSR;
      for (int64_t r = 0; r < (csr ? a.rows : a.columns); ++r)
        for (int64_t p = index_at(a.offset_type, a.offsets, r) - a.base,
                     end = index_at(a.offset_type, a.offsets, r + 1) - a.base;
             p < end; ++p) {
          const int64_t c = index_at(a.index_type, a.indices, p) - a.base;
          entries.push_back({csr ? r : c, csr ? c : r, p});
        }
    }
  }
  return entries;
}

Rows::Rows(const cusparseSpMatDescr& a)
    : rows(a.rows),
      columns(a.columns),
      flipped(a.format == CUSPARSE_FORMAT_CSC),
      offsets(a.offsets),
      indices(a.indices),
      offset_type(a.offset_type),
      index_type(a.index_type),
      base(a.base) {
  if (flipped) std::swap(rows, columns);
  if (a.format == CUSPARSE_FORMAT_CSR || flipped) return;
  const std::vector<Entry> entries = entries_of(a);
  own_offsets_.assign(size_t(rows) + 1, 0);
  for (const Entry& e : entries) ++own_offsets_[size_t(e.row) + 1];
  std::partial_sum(own_offsets_.begin(), own_offsets_.end(), own_offsets_.begin());
  own_indices_.resize(entries.size());
  positions.resize(entries.size());
  std::vector<int64_t> next(own_offsets_.begin(), own_offsets_.end() - 1);
  for (const Entry& e : entries) {
    const size_t at = size_t(next[size_t(e.row)]++);
    own_indices_[at] = e.column, positions[at] = e.position;
  }
  offsets = own_offsets_.data(), indices = own_indices_.data();
  offset_type = index_type = CUSPARSE_INDEX_64I;
  base = 0;
}

}  // namespace ppu::cusparse
