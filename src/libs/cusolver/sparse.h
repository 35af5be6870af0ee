// Bodies of ppu/cusolversp_rows.inc: direct solutions by a band. A symmetric reordering makes the band
// narrow, LAPACK factors it; QR, LU and Cholesky differ in what they refuse. The functions answer on the
// host, so that those on device memory wait for their stream and run on the calling thread.
#pragma once
#include <variant>

#include "libs/cusolver/dense.h"
#include "libs/cusolver/order.h"

namespace ppu::cusolver {

using SparseHandle = cusolverSpHandle_t;

template <class T>
struct Band;
#define PPU_BAND(type, p)                                   \
  template <>                                               \
  struct Band<type> {                                       \
    static constexpr auto gbtrf = scipy_LAPACKE_##p##gbtrf; \
    static constexpr auto gbtrs = scipy_LAPACKE_##p##gbtrs; \
    static constexpr auto pbtrf = scipy_LAPACKE_##p##pbtrf; \
    static constexpr auto pbtrs = scipy_LAPACKE_##p##pbtrs; \
    static constexpr auto gelsy = scipy_LAPACKE_##p##gelsy; \
  };
PPU_BAND(float, s)
PPU_BAND(double, d)
PPU_BAND(std::complex<float>, c)
PPU_BAND(std::complex<double>, z)
#undef PPU_BAND

/// -1 where the descriptor isn't one of a general matrix.
inline int base_of(cusparseMatDescr_t matrix) {
  if (!matrix || cusparseGetMatType(matrix) != CUSPARSE_MATRIX_TYPE_GENERAL) return -1;
  return cusparseGetMatIndexBase(matrix);
}
inline bool valid(int n, int nnz, const void* offsets, const void* columns) {
  return n >= 0 && nnz >= 0 && offsets && (nnz == 0 || columns);
}

/// A reordered into a band and factored there: P A P^T = L U, or L L^H from its lower triangle.
template <class T>
class BandFactors {
 public:
  BandFactors(const Pattern& a, const T* values, bool cholesky, T shift = T(0))
      : n_(a.n), cholesky_(cholesky), order_(narrow_order(a)), place_(order_.size()) {
    for (size_t k = 0; k < order_.size(); ++k) place_[size_t(order_[k])] = int(k);
    for (int i = 0; i < n_; ++i)
      for (int p = a.begin(i); p < a.end(i); ++p) {
        const int distance = place_[size_t(i)] - place_[size_t(a.column(p))];
        lower_ = std::max(lower_, cholesky ? std::abs(distance) : distance);
        upper_ = std::max(upper_, -distance);
      }
    ld_ = cholesky ? lower_ + 1 : 2 * lower_ + upper_ + 1;
    band_.assign(size_t(ld_) * size_t(n_), T(0));
    for (int i = 0; i < n_; ++i)
      for (int p = a.begin(i); p < a.end(i); ++p) {
        const int j = a.column(p);
        if (cholesky && j > i) continue;  // the lower triangle is the matrix
        int r = place_[size_t(i)], c = place_[size_t(j)];
        T value = values[p] - (i == j ? shift : T(0));
        if (cholesky && r < c) std::swap(r, c), value = conjugate(value);
        entry(r, c) += value;
      }
    if (cholesky) {
      info_ = Band<T>::pbtrf(LAPACK_COL_MAJOR, 'L', n_, lower_, band_.data(), ld_);
    } else {
      pivots_.resize(size_t(n_));
      info_ = Band<T>::gbtrf(LAPACK_COL_MAJOR, n_, n_, lower_, upper_, band_.data(), ld_, pivots_.data());
    }
  }
  /// The row at which the factorization finds no pivot above `tolerance`, or -1.
  int singularity(RealOf<T> tolerance) const {
    if (cholesky_) return info_ > 0 ? order_[size_t(info_ - 1)] : -1;
    for (int k = 0; k < n_; ++k)
      if (!(std::abs(band_[size_t(k) * size_t(ld_) + size_t(lower_ + upper_)]) > tolerance))
        return order_[size_t(k)];
    return -1;
  }
  void solve(const T* b, T* x) const {
    std::vector<T> right;
    right.reserve(size_t(n_));
    for (const int row : order_) right.push_back(b[row]);
    if (cholesky_)
      Band<T>::pbtrs(LAPACK_COL_MAJOR, 'L', n_, lower_, 1, band_.data(), ld_, right.data(), std::max(1, n_));
    else
      Band<T>::gbtrs(LAPACK_COL_MAJOR, 'N', n_, lower_, upper_, 1, band_.data(), ld_, pivots_.data(),
                     right.data(), std::max(1, n_));
    for (size_t k = 0; k < order_.size(); ++k) x[order_[k]] = right[k];
  }

  /// P A Q^T = L U, row by row: p[i] and q[i] are the row and the column of A that come i-th. L is without
  /// its diagonal of ones; what lies within the band is there, zeros too, so that other values find their
  /// places.
  struct Split {
    std::vector<int> p, q;
    std::vector<std::vector<std::pair<int, T>>> lower, upper;
  };
  Split split() const {
    const auto n = size_t(n_);
    Split s{std::vector<int>(n), order_, {}, {}};
    s.lower.resize(n), s.upper.resize(n);
    // LAPACK leaves the multipliers of a column where the exchanges before it put the rows (xGBTRF): `at`
    // says where the later ones take them.
    std::vector<int> at(n);
    for (int k = 0; k < n_; ++k) at[size_t(k)] = k;
    for (int k = n_ - 1; k >= 0; --k) {
      for (int i = k + 1; i <= std::min(k + lower_, n_ - 1); ++i)
        s.lower[size_t(at[size_t(i)])].emplace_back(k, stored(i, k));
      std::swap(at[size_t(k)], at[size_t(pivots_[size_t(k)] - 1)]);
    }
    for (int i = 0; i < n_; ++i) {
      s.p[size_t(at[size_t(i)])] = order_[size_t(i)];
      std::reverse(s.lower[size_t(i)].begin(), s.lower[size_t(i)].end());
      for (int j = i; j <= std::min(i + lower_ + upper_, n_ - 1); ++j)
        s.upper[size_t(i)].emplace_back(j, stored(i, j));
    }
    return s;
  }

 private:
  T stored(int r, int c) const { return band_[size_t(c) * size_t(ld_) + size_t(lower_ + upper_ + r - c)]; }
  T& entry(int r, int c) {
    return band_[size_t(c) * size_t(ld_) + size_t(cholesky_ ? r - c : lower_ + upper_ + r - c)];
  }
  int n_, lower_ = 0, upper_ = 0, ld_ = 1, info_ = 0;
  bool cholesky_;
  std::vector<int> order_, place_, pivots_;
  std::vector<T> band_;
};

/// What a factorization in steps keeps from one to the next.
struct Steps {
  int n = -1;  ///< of the pattern that was analysed
  std::variant<std::unique_ptr<BandFactors<float>>, std::unique_ptr<BandFactors<double>>,
               std::unique_ptr<BandFactors<std::complex<float>>>,
               std::unique_ptr<BandFactors<std::complex<double>>>>
      factors;
};

}  // namespace ppu::cusolver
/// A batch of systems of one pattern keeps nothing but that it was analysed.
struct csrqrInfo : ppu::cusolver::Steps {
  int rows = -1;
};
namespace ppu::cusolver {

/// Waits for the stream where the arrays are the device's.
inline Status begin(SparseHandle h, bool device) {
  const cusolverSpContext* context = shell::handles<cusolverSpContext>().find(h);
  if (!context) return CUSOLVER_STATUS_NOT_INITIALIZED;
  if (device && cuStreamSynchronize(context->stream) != CUDA_SUCCESS) return CUSOLVER_STATUS_EXECUTION_FAILED;
  return kOk;
}
template <class T>
Status solve_sparse(SparseHandle h, int n, int nnz, cusparseMatDescr_t matrix, const T* values,
                    const int* offsets, const int* columns, const T* b, RealOf<T> tolerance, int reorder,
                    T* x, int* singularity, bool cholesky, bool device) {
  if (const Status bad = begin(h, device); bad != kOk) return bad;
  const int base = base_of(matrix);
  if (base < 0) return CUSOLVER_STATUS_MATRIX_TYPE_NOT_SUPPORTED;
  if (!valid(n, nnz, offsets, columns) || reorder < 0 || reorder > 3 || !b || !x || !singularity) return kBad;
  if (device && (!reach(offsets, int64_t(n) + 1) || !reach(columns, nnz) || !reach(values, nnz) ||
                 !reach(b, n) || !reach(x, n)))
    return kBad;
  const BandFactors<T> factors({n, offsets, columns, base}, values, cholesky);
  *singularity = factors.singularity(tolerance);
  if (*singularity < 0 || !cholesky) factors.solve(b, x);
  return kOk;
}
#define PPU_SOLVE(name, cholesky, device)                                                                   \
  template <class T>                                                                                        \
  Status name(SparseHandle h, int n, int nnz, const cusparseMatDescr_t matrix, const T* values,             \
              const int* offsets, const int* columns, const T* b, RealOf<T> tolerance, int reorder, T* x,   \
              int* singularity) {                                                                           \
    return solve_sparse(h, n, nnz, matrix, values, offsets, columns, b, tolerance, reorder, x, singularity, \
                        cholesky, device);                                                                  \
  }
PPU_SOLVE(csrlsvluHost, false, false)
PPU_SOLVE(csrlsvqrHost, false, false)
PPU_SOLVE(csrlsvqr, false, true)
PPU_SOLVE(csrlsvcholHost, true, false)
PPU_SOLVE(csrlsvchol, true, true)
#undef PPU_SOLVE

template <class T>
std::vector<T> dense_of(int m, int n, const Pattern& a, const T* values) {
  std::vector<T> whole(size_t(m) * size_t(n), T(0));
  for (int i = 0; i < m; ++i)
    for (int p = a.begin(i); p < a.end(i); ++p)
      whole[size_t(i) + size_t(a.column(p)) * size_t(m)] += values[p];
  return whole;
}
/// Least squares of small norm, dense: A P = Q R with the columns in the order of p.
template <class T>
Status csrlsqvqrHost(SparseHandle h, int m, int n, int nnz, const cusparseMatDescr_t matrix, const T* values,
                     const int* offsets, const int* columns, const T* b, RealOf<T> tolerance, int* rank, T* x,
                     int* p, RealOf<T>* residual) {
  if (const Status bad = begin(h, false); bad != kOk) return bad;
  const int base = base_of(matrix);
  if (base < 0) return CUSOLVER_STATUS_MATRIX_TYPE_NOT_SUPPORTED;
  if (!valid(m, nnz, offsets, columns) || n < 0 || m < n || !b || !rank || !x || !p || !residual) return kBad;
  const Pattern a{m, offsets, columns, base};
  std::vector<T> whole = dense_of(m, n, a, values), right(b, b + m);
  std::vector<int> order(size_t(n), 0);
  const int ld = std::max(1, m);
  Band<T>::gelsy(LAPACK_COL_MAJOR, m, n, 1, whole.data(), ld, right.data(), ld, order.data(), tolerance,
                 rank);
  std::copy_n(right.begin(), n, x);
  for (int j = 0; j < n; ++j) p[j] = order[size_t(j)] - 1;
  double sum = 0;
  for (int i = 0; i < m; ++i) {
    T rest = -b[i];
    for (int k = a.begin(i); k < a.end(i); ++k) rest += values[k] * x[a.column(k)];
    sum += double(std::norm(rest));
  }
  *residual = RealOf<T>(std::sqrt(sum));
  return kOk;
}

/// Inverse iteration: the eigenvalue nearest to `start`, and its vector.
template <class T>
Status inverse_iteration(SparseHandle h, int n, int nnz, cusparseMatDescr_t matrix, const T* values,
                         const int* offsets, const int* columns, T start, const T* x0, int most,
                         RealOf<T> tolerance, T* mu, T* x, bool device) {
  if (const Status bad = begin(h, device); bad != kOk) return bad;
  const int base = base_of(matrix);
  if (base < 0) return CUSOLVER_STATUS_MATRIX_TYPE_NOT_SUPPORTED;
  if (!valid(n, nnz, offsets, columns) || n < 1 || !x0 || most < 0 || !mu || !x) return kBad;
  if (device && (!reach(offsets, int64_t(n) + 1) || !reach(columns, nnz) || !reach(values, nnz) ||
                 !reach(x0, n) || !reach(mu, 1) || !reach(x, n)))
    return kBad;
  const Pattern a{n, offsets, columns, base};
  const BandFactors<T> factors(a, values, false, start);
  std::vector<T> v(x0, x0 + n), next(v.size());
  T found = start;
  for (int step = 0; step < most; ++step) {
    factors.solve(v.data(), next.data());
    double length = 0, off = 0;
    for (const T e : next) length += double(std::norm(e));
    length = std::sqrt(length);
    for (size_t i = 0; i < v.size(); ++i) v[i] = next[i] / RealOf<T>(length);
    found = T(0);  // Rayleigh's quotient
    for (int i = 0; i < n; ++i) {
      next[size_t(i)] = T(0);
      for (int p = a.begin(i); p < a.end(i); ++p) next[size_t(i)] += values[p] * v[size_t(a.column(p))];
      found += conjugate(v[size_t(i)]) * next[size_t(i)];
    }
    for (size_t i = 0; i < v.size(); ++i) off += double(std::norm(next[i] - found * v[i]));
    if (std::sqrt(off) <= double(tolerance)) break;
  }
  std::copy(v.begin(), v.end(), x);
  *mu = found;
  return kOk;
}
template <class T>
Status csreigvsiHost(SparseHandle h, int n, int nnz, const cusparseMatDescr_t matrix, const T* values,
                     const int* offsets, const int* columns, T start, const T* x0, int most,
                     RealOf<T> tolerance, T* mu, T* x) {
  return inverse_iteration(h, n, nnz, matrix, values, offsets, columns, start, x0, most, tolerance, mu, x,
                           false);
}
template <class T>
Status csreigvsi(SparseHandle h, int n, int nnz, const cusparseMatDescr_t matrix, const T* values,
                 const int* offsets, const int* columns, T start, const T* x0, int most, RealOf<T> tolerance,
                 T* mu, T* x) {
  return inverse_iteration(h, n, nnz, matrix, values, offsets, columns, start, x0, most, tolerance, mu, x,
                           true);
}

/// How many eigenvalues lie in a rectangle of the complex plane.
template <class T>
Status csreigsHost(SparseHandle h, int n, int nnz, const cusparseMatDescr_t matrix, const T* values,
                   const int* offsets, const int* columns, std::complex<RealOf<T>> lower,
                   std::complex<RealOf<T>> upper, int* count) {
  if (const Status bad = begin(h, false); bad != kOk) return bad;
  const int base = base_of(matrix);
  if (base < 0) return CUSOLVER_STATUS_MATRIX_TYPE_NOT_SUPPORTED;
  if (!valid(n, nnz, offsets, columns) || !count) return kBad;
  using R = RealOf<T>;
  std::vector<T> whole = dense_of(n, n, Pattern{n, offsets, columns, base}, values);
  std::vector<std::complex<R>> w(static_cast<size_t>(n));
  const int ld = std::max(1, n);
  if constexpr (is_complex<T>) {
    Lapack<T>::geev(LAPACK_COL_MAJOR, 'N', 'N', n, whole.data(), ld, w.data(), nullptr, 1, nullptr, 1);
  } else {
    std::vector<R> re(w.size()), im(w.size());
    Lapack<T>::geev(LAPACK_COL_MAJOR, 'N', 'N', n, whole.data(), ld, re.data(), im.data(), nullptr, 1,
                    nullptr, 1);
    for (size_t i = 0; i < w.size(); ++i) w[i] = {re[i], im[i]};
  }
  *count = int(std::count_if(w.begin(), w.end(), [&](std::complex<R> e) {
    return e.real() >= lower.real() && e.real() <= upper.real() && e.imag() >= lower.imag() &&
           e.imag() <= upper.imag();
  }));
  return kOk;
}

template <class T>
Status csrzfdHost(SparseHandle h, int n, int nnz, const cusparseMatDescr_t matrix, const T* values,
                  const int* offsets, const int* columns, int* p, int* count) {
  if (const Status bad = begin(h, false); bad != kOk) return bad;
  const int base = base_of(matrix);
  if (base < 0) return CUSOLVER_STATUS_MATRIX_TYPE_NOT_SUPPORTED;
  if (!valid(n, nnz, offsets, columns) || !values || !p || !count) return kBad;
  std::vector<bool> is_entry;
  for (int k = 0; k < nnz; ++k) is_entry.push_back(values[k] != T(0));
  const std::vector<int> rows = full_diagonal({n, offsets, columns, base}, is_entry, count);
  std::copy(rows.begin(), rows.end(), p);
  return kOk;
}

template <class T>
Status csrqrBufferInfoBatched(SparseHandle h, int m, int n, int nnz, const cusparseMatDescr_t matrix,
                              const T*, const int* offsets, const int* columns, int count, csrqrInfo_t info,
                              size_t* data_bytes, size_t* work_bytes) {
  if (const Status bad = begin(h, false); bad != kOk) return bad;
  const csrqrInfo* i = shell::handles<csrqrInfo>().find(info);
  if (base_of(matrix) < 0) return CUSOLVER_STATUS_MATRIX_TYPE_NOT_SUPPORTED;
  if (!valid(m, nnz, offsets, columns) || n != m || count < 0 || !i || i->rows != m || !data_bytes ||
      !work_bytes)
    return kBad;
  *data_bytes = *work_bytes = 256;  // LAPACK brings its own
  return kOk;
}
/// Systems of one pattern, their values, right sides and solutions one after the other. As documented for
/// square matrices here; least squares of batches aren't written.
template <class T>
Status csrqrsvBatched(SparseHandle h, int m, int n, int nnz, const cusparseMatDescr_t matrix, const T* values,
                      const int* offsets, const int* columns, const T* b, T* x, int count, csrqrInfo_t info,
                      void*) {
  if (const Status bad = begin(h, false); bad != kOk) return bad;
  const csrqrInfo* i = shell::handles<csrqrInfo>().find(info);
  const int base = base_of(matrix);
  if (base < 0) return CUSOLVER_STATUS_MATRIX_TYPE_NOT_SUPPORTED;
  if (!valid(m, nnz, offsets, columns) || n != m || count < 0 || !i || i->rows != m ||
      !reach(offsets, int64_t(m) + 1) || !reach(columns, nnz) || !reach(values, int64_t(nnz) * count) ||
      !reach(b, int64_t(m) * count) || !reach(x, int64_t(m) * count))
    return kBad;
  const CUstream stream = shell::handles<cusolverSpContext>().find(h)->stream;
  return shell::enqueue(stream,
                        [=] {
                          for (int64_t k = 0; k < count; ++k) {
                            const BandFactors<T> factors({m, offsets, columns, base}, values + k * nnz,
                                                         false);
                            factors.solve(b + k * m, x + k * m);
                          }
                        }) == CUDA_SUCCESS
             ? kOk
             : CUSOLVER_STATUS_EXECUTION_FAILED;
}

}  // namespace ppu::cusolver
