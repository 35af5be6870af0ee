// Orders of a sparse matrix's rows: what makes its band narrow, its factors thin, its diagonal full. On
// patterns alone, 0-based.
#pragma once
#include <cstdint>
#include <vector>

namespace ppu::cusolver {

/// The pattern of a CSR matrix.
struct Pattern {
  int n;
  const int *offsets, *columns;
  int base;
  int begin(int i) const { return offsets[i] - base; }
  int end(int i) const { return offsets[i + 1] - base; }
  int column(int p) const { return columns[p] - base; }
};

/// Reverse Cuthill-McKee on the pattern of A + A^T: order[k] is the row that comes k-th.
std::vector<int> narrow_order(const Pattern& a);

/// Minimum degree on the pattern of A + A^T.
std::vector<int> thin_order(const Pattern& a);

/// rows[j] is a row with an entry in column j, a different one for each column, as far as there are such; the
/// others are handed out in order. `matched`: how many columns have one.
std::vector<int> full_diagonal(const Pattern& a, const std::vector<bool>& is_entry, int* matched);

}  // namespace ppu::cusolver
