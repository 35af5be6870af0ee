// A sparse matrix of any format as rows of entries. CSR is seen in place; CSC is the transpose of one; the
// others are brought into order first.
#pragma once
#include <algorithm>
#include <numeric>

#include "libs/cusparse/numbers.h"

namespace ppu::cusparse {

inline int64_t index_at(cusparseIndexType_t type, const void* at, int64_t i) {
  return type == CUSPARSE_INDEX_64I   ? static_cast<const int64_t*>(at)[i]
         : type == CUSPARSE_INDEX_32I ? static_cast<const int32_t*>(at)[i]
                                      : static_cast<const uint16_t*>(at)[i];
}
inline void put_index(cusparseIndexType_t type, void* at, int64_t i, int64_t value) {
  if (type == CUSPARSE_INDEX_64I)
    static_cast<int64_t*>(at)[i] = value;
  else if (type == CUSPARSE_INDEX_32I)
    static_cast<int32_t*>(at)[i] = int32_t(value);
  else
    static_cast<uint16_t*>(at)[i] = uint16_t(value);
}
inline size_t index_bytes(cusparseIndexType_t type) {
  return type == CUSPARSE_INDEX_64I ? 8 : type == CUSPARSE_INDEX_32I ? 4 : 2;
}
/// The address of element i of an array of indices or values.
inline void* moved(void* at, int64_t i, size_t bytes) {
  return at ? static_cast<char*>(at) + i * int64_t(bytes) : nullptr;
}

/// Elements that the arrays hold.
inline int64_t stored_values(const cusparseSpMatDescr& a) {
  if (a.format == CUSPARSE_FORMAT_BSR) return a.nnz * a.row_block * a.column_block;
  if (a.format == CUSPARSE_FORMAT_BLOCKED_ELL) return a.rows * a.ell_columns;
  if (a.format == CUSPARSE_FORMAT_SLICED_ELLPACK) return a.values_size;
  return a.nnz;
}
inline int64_t stored_indices(const cusparseSpMatDescr& a) {
  if (a.format == CUSPARSE_FORMAT_BSR) return a.nnz;
  if (a.format == CUSPARSE_FORMAT_BLOCKED_ELL) return a.rows / a.row_block * (a.ell_columns / a.column_block);
  return stored_values(a);
}
inline int64_t stored_offsets(const cusparseSpMatDescr& a) {
  switch (a.format) {
    case CUSPARSE_FORMAT_CSR:
      return a.rows + 1;
    case CUSPARSE_FORMAT_CSC:
      return a.columns + 1;
    case CUSPARSE_FORMAT_COO:
      return a.nnz;
    case CUSPARSE_FORMAT_BSR:
      return a.rows / a.row_block + 1;
    case CUSPARSE_FORMAT_SLICED_ELLPACK:
      return (a.rows + a.slice - 1) / a.slice + 1;
    default:
      return 0;
  }
}

/// Batch i of a matrix.
inline cusparseSpMatDescr batch(const cusparseSpMatDescr& a, int64_t i) {
  cusparseSpMatDescr b = a;
  b.offsets = moved(a.offsets, i * a.offset_stride, index_bytes(a.offset_type));
  b.indices = moved(a.indices, i * a.index_stride, index_bytes(a.index_type));
  b.values = moved(a.values, i * a.value_stride, element_bytes(a.type));
  return b;
}

/// One entry: row, column and where its value lies in the array of values.
struct Entry {
  int64_t row, column, position;
};
/// The entries of a format that has no rows to be seen in place.
std::vector<Entry> entries_of(const cusparseSpMatDescr& a);

/// The rows of op(A)'s matrix as seen: `flipped` says that these are the rows of A's transpose.
struct Rows {
  explicit Rows(const cusparseSpMatDescr& a);
  int64_t rows, columns;
  bool flipped;
  const void *offsets, *indices;
  cusparseIndexType_t offset_type, index_type;
  int64_t base;
  std::vector<int64_t> positions;  ///< where the values lie; empty: in the order of the entries

  /// Calls body(o, i) with the typed arrays; offsets and indices count from `base`.
  template <class Body>
  void with_types(Body&& body) const {
    const auto inner = [&](auto* o) {
      if (index_type == CUSPARSE_INDEX_64I)
        body(o, static_cast<const int64_t*>(indices));
      else if (index_type == CUSPARSE_INDEX_32I)
        body(o, static_cast<const int32_t*>(indices));
      else
        body(o, static_cast<const uint16_t*>(indices));
    };
    if (offset_type == CUSPARSE_INDEX_64I)
      inner(static_cast<const int64_t*>(offsets));
    else
      inner(static_cast<const int32_t*>(offsets));
  }

 private:
  std::vector<int64_t> own_offsets_, own_indices_;
};

/// The values of a matrix in the order of its rows' entries.
template <class C>
class RowValues {
 public:
  RowValues(const cusparseSpMatDescr& a, const Rows& rows) : all_(a.type, a.values, stored_values(a)) {
    if (rows.positions.empty()) {
      data_ = all_.get();
      return;
    }
    ordered_.reserve(rows.positions.size());
    for (const int64_t position : rows.positions) ordered_.push_back(all_[position]);
    data_ = ordered_.data();
  }
  RowValues(const RowValues&) = delete;
  const C* get() const { return data_; }

 private:
  Numbers<C> all_;
  std::vector<C> ordered_;
  const C* data_;
};

/// How op(A) reads from the rows as seen.
struct View {
  bool transposed, conjugated;
  View(cusparseOperation_t op, bool flipped)
      : transposed((op != CUSPARSE_OPERATION_NON_TRANSPOSE) != flipped),
        conjugated(op == CUSPARSE_OPERATION_CONJUGATE_TRANSPOSE) {}
};

/// A dense matrix as strides.
template <class C>
struct Dense {
  Dense(const cusparseDnMatDescr& m, C* first, cusparseOperation_t op = CUSPARSE_OPERATION_NON_TRANSPOSE)
      : at(first), conjugated(op == CUSPARSE_OPERATION_CONJUGATE_TRANSPOSE) {
    const bool by_row = m.order == CUSPARSE_ORDER_ROW;
    row = by_row ? m.ld : 1, column = by_row ? 1 : m.ld;
    if (op != CUSPARSE_OPERATION_NON_TRANSPOSE) std::swap(row, column);
  }
  C& operator()(int64_t i, int64_t j) const { return at[i * row + j * column]; }
  C read(int64_t i, int64_t j) const { return conjugate_if(conjugated, at[i * row + j * column]); }
  C* at;
  int64_t row, column;
  bool conjugated;
};
/// Elements of a dense matrix from its first to its last.
inline int64_t extent(const cusparseDnMatDescr& m) {
  const int64_t lines = m.order == CUSPARSE_ORDER_ROW ? m.rows : m.columns,
                length = m.order == CUSPARSE_ORDER_ROW ? m.columns : m.rows;
  return lines == 0 || length == 0 ? 0 : m.ld * (lines - 1) + length;
}
inline int64_t rows_of(const cusparseDnMatDescr& m, cusparseOperation_t op) {
  return op == CUSPARSE_OPERATION_NON_TRANSPOSE ? m.rows : m.columns;
}
inline int64_t columns_of(const cusparseDnMatDescr& m, cusparseOperation_t op) {
  return op == CUSPARSE_OPERATION_NON_TRANSPOSE ? m.columns : m.rows;
}
inline int64_t rows_of(const cusparseSpMatDescr& m, cusparseOperation_t op) {
  return op == CUSPARSE_OPERATION_NON_TRANSPOSE ? m.rows : m.columns;
}
inline int64_t columns_of(const cusparseSpMatDescr& m, cusparseOperation_t op) {
  return op == CUSPARSE_OPERATION_NON_TRANSPOSE ? m.columns : m.rows;
}

/// True where all arrays are memory that a device could reach.
inline bool reach(const cusparseSpMatDescr& a) {
  const auto whole = [](const void* at, int64_t n, size_t bytes) {
    return shell::reachable("cusparse", at, size_t(std::max<int64_t>(n, 0)) * bytes);
  };
  return whole(a.offsets, stored_offsets(a), index_bytes(a.offset_type)) &&
         whole(a.indices, stored_indices(a), index_bytes(a.index_type)) &&
         whole(a.values, stored_values(a), element_bytes(a.type));
}
inline bool reach(const cusparseDnVecDescr& x) {
  return shell::reachable("cusparse", x.values, size_t(x.size) * element_bytes(x.type));
}
inline bool reach(const cusparseDnMatDescr& m) {
  const int64_t whole = extent(m) + (m.count > 1 ? (m.count - 1) * m.stride : 0);
  return shell::reachable("cusparse", m.values, size_t(whole) * element_bytes(m.type));
}
inline bool reach(const cusparseSpVecDescr& x) {
  return shell::reachable("cusparse", x.values, size_t(x.nnz) * element_bytes(x.type)) &&
         shell::reachable("cusparse", x.indices, size_t(x.nnz) * index_bytes(x.index_type));
}

}  // namespace ppu::cusparse
