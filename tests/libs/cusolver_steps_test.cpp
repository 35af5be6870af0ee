// cuSOLVER's sparse factorizations in steps and its refactorization: what their factors multiply to and
// solve.
#include <cusolverRf.h>
#include <cusolverSp_LOWLEVEL_PREVIEW.h>

#include <cmath>
#include <cstdlib>
#include <vector>

#include "shared_array.h"

namespace {

using libs_test::Shared;
constexpr auto kOk = CUSOLVER_STATUS_SUCCESS, kBad = CUSOLVER_STATUS_INVALID_VALUE;

/// A sparse matrix whose diagonal has zeros, so that LU must exchange rows; symmetric and definite on demand.
struct Matrix {
  static constexpr int n = 12;
  // In parentheses: braces would hold the one value.
  Shared<int> offsets = Shared<int>(n + 1), columns = Shared<int>(n * n);
  Shared<double> values = Shared<double>(n * n);
  int nnz = 0;
  explicit Matrix(bool definite, int base = 0) {
    offsets[0] = base;
    for (int i = 0; i < n; ++i) {
      for (int j = 0; j < n; ++j) {
        const int apart = std::abs(i - j);
        double v = apart == 1 ? -1 : apart == 4 ? -0.5 : 0;
        if (apart == 0) v = definite ? 5 : (i % 3 == 0 ? 0 : 3);
        if (!definite && j == i + 1) v = 2 + 0.1 * i;
        if (v == 0 && apart != 0) continue;
        columns[size_t(nnz)] = j + base, values[size_t(nnz++)] = v;
      }
      offsets[size_t(i) + 1] = nnz + base;
    }
  }
  std::vector<double> dense() const {
    std::vector<double> a(n * n, 0);
    const int base = offsets[0];
    for (int i = 0; i < n; ++i)
      for (int k = offsets[size_t(i)] - base; k < offsets[size_t(i) + 1] - base; ++k)
        a[size_t(i * n + columns[size_t(k)] - base)] += values[size_t(k)];
    return a;
  }
  void expect_solution(const double* x, const double* b, double shift = 0) const {
    const auto a = dense();
    for (int i = 0; i < n; ++i) {
      double sum = -shift * x[i];
      for (int j = 0; j < n; ++j) sum += a[size_t(i * n + j)] * x[j];
      EXPECT_NEAR(sum, b[i], 1e-11) << i;
    }
  }
};

class CusolverSteps : public testing::Test {
 protected:
  static constexpr int n = Matrix::n;
  void SetUp() override {
    ASSERT_EQ(cusolverSpCreate(&handle), kOk);
    ASSERT_EQ(cusparseCreateMatDescr(&zero), CUSPARSE_STATUS_SUCCESS);
    ASSERT_EQ(cusparseCreateMatDescr(&one), CUSPARSE_STATUS_SUCCESS);
    ASSERT_EQ(cusparseSetMatIndexBase(one, CUSPARSE_INDEX_BASE_ONE), CUSPARSE_STATUS_SUCCESS);
    for (int i = 0; i < n; ++i) b[size_t(i)] = 1 + i % 5;
  }
  void TearDown() override {
    EXPECT_EQ(cusolverSpDestroy(handle), kOk);
    cusparseDestroyMatDescr(zero), cusparseDestroyMatDescr(one);
  }
  cusolverSpHandle_t handle = nullptr;
  cusparseMatDescr_t zero = nullptr, one = nullptr;
  Shared<double> b = Shared<double>(n), x = Shared<double>(n);
  size_t data = 0, work = 0;
  int position = 7;
};

TEST_F(CusolverSteps, CholeskyOnHostAndDevice) {
  const Matrix a(true, 1);
  csrcholInfoHost_t host = nullptr;
  ASSERT_EQ(cusolverSpCreateCsrcholInfoHost(&host), kOk);
  ASSERT_EQ(cusolverSpXcsrcholAnalysisHost(handle, n, a.nnz, one, a.offsets.get(), a.columns.get(), host),
            kOk);
  ASSERT_EQ(cusolverSpDcsrcholBufferInfoHost(handle, n, a.nnz, one, a.values.get(), a.offsets.get(),
                                             a.columns.get(), host, &data, &work),
            kOk);
  EXPECT_GT(work, 0u);
  EXPECT_EQ(cusolverSpDcsrcholSolveHost(handle, n, b.get(), x.get(), host, nullptr), kBad) << "not factored";
  ASSERT_EQ(cusolverSpDcsrcholFactorHost(handle, n, a.nnz, one, a.values.get(), a.offsets.get(),
                                         a.columns.get(), host, nullptr),
            kOk);
  ASSERT_EQ(cusolverSpDcsrcholZeroPivotHost(handle, host, 1e-14, &position), kOk);
  EXPECT_EQ(position, -1);
  ASSERT_EQ(cusolverSpDcsrcholSolveHost(handle, n, b.get(), x.get(), host, nullptr), kOk);
  a.expect_solution(x.get(), b.get());
  EXPECT_EQ(cusolverSpDestroyCsrcholInfoHost(host), kOk);

  csrcholInfo_t info = nullptr;
  ASSERT_EQ(cusolverSpCreateCsrcholInfo(&info), kOk);
  ASSERT_EQ(cusolverSpXcsrcholAnalysis(handle, n, a.nnz, one, a.offsets.get(), a.columns.get(), info), kOk);
  ASSERT_EQ(cusolverSpDcsrcholFactor(handle, n, a.nnz, one, a.values.get(), a.offsets.get(), a.columns.get(),
                                     info, nullptr),
            kOk);
  std::fill(x.begin(), x.end(), 0);
  ASSERT_EQ(cusolverSpDcsrcholSolve(handle, n, b.get(), x.get(), info, nullptr), kOk);
  a.expect_solution(x.get(), b.get());
  // Not definite: the row is named.
  const Matrix wrong(false, 1);
  ASSERT_EQ(
      cusolverSpXcsrcholAnalysis(handle, n, wrong.nnz, one, wrong.offsets.get(), wrong.columns.get(), info),
      kOk);
  ASSERT_EQ(cusolverSpDcsrcholFactor(handle, n, wrong.nnz, one, wrong.values.get(), wrong.offsets.get(),
                                     wrong.columns.get(), info, nullptr),
            kOk);
  ASSERT_EQ(cusolverSpDcsrcholZeroPivot(handle, info, 1e-14, &position), kOk);
  EXPECT_GE(position, 0);
  EXPECT_EQ(cusolverSpDestroyCsrcholInfo(info), kOk);
  EXPECT_EQ(cusolverSpDestroyCsrcholInfo(info), kBad);
}

TEST_F(CusolverSteps, QrOfAShiftedMatrix) {
  const Matrix a(false);
  csrqrInfo_t info = nullptr;
  ASSERT_EQ(cusolverSpCreateCsrqrInfo(&info), kOk);
  ASSERT_EQ(cusolverSpXcsrqrAnalysis(handle, n, n, a.nnz, zero, a.offsets.get(), a.columns.get(), info), kOk);
  ASSERT_EQ(cusolverSpDcsrqrBufferInfo(handle, n, n, a.nnz, zero, a.values.get(), a.offsets.get(),
                                       a.columns.get(), info, &data, &work),
            kOk);
  for (const double mu : {0.0, 0.25}) {
    ASSERT_EQ(cusolverSpDcsrqrSetup(handle, n, n, a.nnz, zero, a.values.get(), a.offsets.get(),
                                    a.columns.get(), mu, info),
              kOk);
    ASSERT_EQ(cusolverSpDcsrqrFactor(handle, n, n, a.nnz, nullptr, nullptr, info, nullptr), kOk);
    ASSERT_EQ(cusolverSpDcsrqrZeroPivot(handle, info, 1e-14, &position), kOk);
    EXPECT_EQ(position, -1);
    ASSERT_EQ(cusolverSpDcsrqrSolve(handle, n, n, b.get(), x.get(), info, nullptr), kOk);
    a.expect_solution(x.get(), b.get(), mu);
  }
  EXPECT_EQ(cusolverSpDestroyCsrqrInfo(info), kOk);
}

/// LU of a matrix, and its factors by rows.
struct Factors {
  int nnz_l = 0, nnz_u = 0;
  std::vector<int> p, q, offsets_l, columns_l, offsets_u, columns_u;
  std::vector<double> values_l, values_u;
};

class Refactorization : public CusolverSteps {
 protected:
  Factors factor(const Matrix& a) {
    Factors f;
    csrluInfoHost_t info = nullptr;
    EXPECT_EQ(cusolverSpCreateCsrluInfoHost(&info), kOk);
    EXPECT_EQ(cusolverSpXcsrluAnalysisHost(handle, n, a.nnz, zero, a.offsets.get(), a.columns.get(), info),
              kOk);
    EXPECT_EQ(cusolverSpDcsrluFactorHost(handle, n, a.nnz, zero, a.values.get(), a.offsets.get(),
                                         a.columns.get(), info, 1.0, nullptr),
              kOk);
    EXPECT_EQ(cusolverSpDcsrluZeroPivotHost(handle, info, 1e-14, &position), kOk);
    EXPECT_EQ(position, -1);
    EXPECT_EQ(cusolverSpDcsrluSolveHost(handle, n, b.get(), x.get(), info, nullptr), kOk);
    a.expect_solution(x.get(), b.get());
    EXPECT_EQ(cusolverSpXcsrluNnzHost(handle, &f.nnz_l, &f.nnz_u, info), kOk);
    f.p.resize(n), f.q.resize(n), f.offsets_l.resize(n + 1), f.offsets_u.resize(n + 1);
    f.columns_l.resize(size_t(f.nnz_l)), f.values_l.resize(size_t(f.nnz_l));
    f.columns_u.resize(size_t(f.nnz_u)), f.values_u.resize(size_t(f.nnz_u));
    EXPECT_EQ(cusolverSpDcsrluExtractHost(handle, f.p.data(), f.q.data(), zero, f.values_l.data(),
                                          f.offsets_l.data(), f.columns_l.data(), zero, f.values_u.data(),
                                          f.offsets_u.data(), f.columns_u.data(), info, nullptr),
              kOk);
    EXPECT_EQ(cusolverSpDestroyCsrluInfoHost(info), kOk);
    return f;
  }
  static std::vector<double> dense(const std::vector<int>& offsets, const std::vector<int>& columns,
                                   const std::vector<double>& values) {
    std::vector<double> a(size_t(n) * n, 0);
    for (int i = 0; i < n; ++i)
      for (int k = offsets[size_t(i)]; k < offsets[size_t(i) + 1]; ++k)
        a[size_t(i * n + columns[size_t(k)])] += values[size_t(k)];
    return a;
  }
};

TEST_F(Refactorization, ExtractedFactorsMultiplyToTheMatrix) {
  const Matrix a(false);
  const Factors f = factor(a);
  auto l = dense(f.offsets_l, f.columns_l, f.values_l);
  const auto u = dense(f.offsets_u, f.columns_u, f.values_u), whole = a.dense();
  for (int i = 0; i < n; ++i) {
    for (int j = i; j < n; ++j) EXPECT_EQ(l[size_t(i * n + j)], 0) << "L's ones aren't stored";
    for (int j = 0; j < i; ++j) EXPECT_EQ(u[size_t(i * n + j)], 0);
    l[size_t(i * n + i)] = 1;
  }
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      double sum = 0;
      for (int k = 0; k < n; ++k) sum += l[size_t(i * n + k)] * u[size_t(k * n + j)];
      EXPECT_NEAR(sum, whole[size_t(f.p[size_t(i)] * n + f.q[size_t(j)])], 1e-12) << i << ' ' << j;
    }
}

TEST_F(Refactorization, NewValuesAreFactoredInTheOldPlaces) {
  Matrix a(false);
  Factors f = factor(a);
  cusolverRfHandle_t rf = nullptr;
  ASSERT_EQ(cusolverRfCreate(&rf), kOk);
  ASSERT_EQ(cusolverRfSetMatrixFormat(rf, CUSOLVERRF_MATRIX_FORMAT_CSR, CUSOLVERRF_UNIT_DIAGONAL_ASSUMED_L),
            kOk);
  EXPECT_EQ(cusolverRfRefactor(rf), kBad);
  ASSERT_EQ(cusolverRfSetupHost(n, a.nnz, a.offsets.get(), a.columns.get(), a.values.get(), f.nnz_l,
                                f.offsets_l.data(), f.columns_l.data(), f.values_l.data(), f.nnz_u,
                                f.offsets_u.data(), f.columns_u.data(), f.values_u.data(), f.p.data(),
                                f.q.data(), rf),
            kOk);
  ASSERT_EQ(cusolverRfAnalyze(rf), kOk);
  Shared<int> p(n), q(n);
  std::copy(f.p.begin(), f.p.end(), p.begin());
  std::copy(f.q.begin(), f.q.end(), q.begin());
  for (int k = 0; k < a.nnz; ++k) a.values[size_t(k)] *= 1 + 0.01 * (k % 7);
  ASSERT_EQ(
      cusolverRfResetValues(n, a.nnz, a.offsets.get(), a.columns.get(), a.values.get(), p.get(), q.get(), rf),
      kOk);
  Shared<double> temporary(n);
  EXPECT_EQ(cusolverRfSolve(rf, p.get(), q.get(), 1, temporary.get(), n, x.get(), n), kBad)
      << "not refactored";
  ASSERT_EQ(cusolverRfRefactor(rf), kOk);
  std::copy(b.begin(), b.end(), x.begin());
  ASSERT_EQ(cusolverRfSolve(rf, p.get(), q.get(), 1, temporary.get(), n, x.get(), n), kOk);
  a.expect_solution(x.get(), b.get());
  // The bundle is L without its ones, and U, beside each other.
  int nnz = 0, nnz_l = 0, nnz_u = 0;
  int *offsets = nullptr, *columns = nullptr, *ol = nullptr, *cl = nullptr, *ou = nullptr, *cu = nullptr;
  double *values = nullptr, *vl = nullptr, *vu = nullptr;
  ASSERT_EQ(cusolverRfExtractBundledFactorsHost(rf, &nnz, &offsets, &columns, &values), kOk);
  ASSERT_EQ(cusolverRfExtractSplitFactorsHost(rf, &nnz_l, &ol, &cl, &vl, &nnz_u, &ou, &cu, &vu), kOk);
  EXPECT_EQ(nnz, nnz_l + nnz_u);
  EXPECT_EQ(offsets[n], nnz);
  EXPECT_EQ(cu[0], 0);
  for (void* each : {static_cast<void*>(offsets), static_cast<void*>(columns), static_cast<void*>(values),
                     static_cast<void*>(ol), static_cast<void*>(cl), static_cast<void*>(vl),
                     static_cast<void*>(ou), static_cast<void*>(cu), static_cast<void*>(vu)})
    std::free(each);
  EXPECT_EQ(cusolverRfDestroy(rf), kOk);
}

TEST_F(Refactorization, BatchesAndZeroPivots) {
  Matrix a(false), singular(false);
  Factors f = factor(a);
  std::fill(singular.values.begin(), singular.values.end(), 0);
  cusolverRfHandle_t rf = nullptr;
  ASSERT_EQ(cusolverRfCreate(&rf), kOk);
  double* both[] = {a.values.get(), singular.values.get()};
  ASSERT_EQ(cusolverRfBatchSetupHost(2, n, a.nnz, a.offsets.get(), a.columns.get(), both, f.nnz_l,
                                     f.offsets_l.data(), f.columns_l.data(), f.values_l.data(), f.nnz_u,
                                     f.offsets_u.data(), f.columns_u.data(), f.values_u.data(), f.p.data(),
                                     f.q.data(), rf),
            kOk);
  ASSERT_EQ(cusolverRfBatchAnalyze(rf), kOk);
  ASSERT_EQ(cusolverRfBatchRefactor(rf), kOk);
  int positions[2] = {7, 7};
  ASSERT_EQ(cusolverRfBatchZeroPivot(rf, positions), kOk);
  EXPECT_EQ(positions[0], -1);
  EXPECT_EQ(positions[1], 0);
  Shared<double> other(n);
  std::copy(b.begin(), b.end(), x.begin());
  double* sides[] = {x.get(), other.get()};
  ASSERT_EQ(cusolverRfBatchSolve(rf, f.p.data(), f.q.data(), 1, nullptr, n, sides, n), kOk);
  a.expect_solution(x.get(), b.get());
  EXPECT_EQ(cusolverRfDestroy(rf), kOk);
}

TEST_F(Refactorization, SmallPivotsAreBoosted) {
  Matrix a(false);
  Factors f = factor(a);
  cusolverRfHandle_t rf = nullptr;
  ASSERT_EQ(cusolverRfCreate(&rf), kOk);
  std::fill(a.values.begin(), a.values.end(), 0);
  const auto set_up = [&] {
    return cusolverRfSetupHost(n, a.nnz, a.offsets.get(), a.columns.get(), a.values.get(), f.nnz_l,
                               f.offsets_l.data(), f.columns_l.data(), f.values_l.data(), f.nnz_u,
                               f.offsets_u.data(), f.columns_u.data(), f.values_u.data(), f.p.data(),
                               f.q.data(), rf);
  };
  ASSERT_EQ(set_up(), kOk);
  ASSERT_EQ(cusolverRfAnalyze(rf), kOk);
  EXPECT_EQ(cusolverRfRefactor(rf), CUSOLVER_STATUS_ZERO_PIVOT);
  ASSERT_EQ(set_up(), kOk);
  ASSERT_EQ(cusolverRfSetNumericProperties(rf, 1e-8, 2), kOk);
  ASSERT_EQ(cusolverRfAnalyze(rf), kOk);
  ASSERT_EQ(cusolverRfRefactor(rf), kOk);
  cusolverRfNumericBoostReport_t report{};
  ASSERT_EQ(cusolverRfGetNumericBoostReport(rf, &report), kOk);
  EXPECT_EQ(report, CUSOLVERRF_NUMERIC_BOOST_USED);
  std::copy(b.begin(), b.end(), x.begin());
  ASSERT_EQ(cusolverRfSolve(rf, f.p.data(), f.q.data(), 1, nullptr, n, x.get(), n), kOk);
  EXPECT_EQ(x[size_t(f.q[0])], b[size_t(f.p[0])] / 2);
  EXPECT_EQ(cusolverRfSetMatrixFormat(rf, CUSOLVERRF_MATRIX_FORMAT_CSC, CUSOLVERRF_UNIT_DIAGONAL_STORED_L),
            CUSOLVER_STATUS_NOT_SUPPORTED);
  EXPECT_EQ(cusolverRfDestroy(rf), kOk);
}

}  // namespace
