// cuBLAS: triangular products and solutions, rank updates, batches of systems.
#include "matrices.h"

namespace cublas_test {
namespace {

/// A well-conditioned matrix: fractions, with a large diagonal.
void fill_dominant(const Shared<double>& a, int n) {
  fill(a, 1);
  for (int i = 0; i < n; ++i) a[size_t(i + i * n)] += 4 * n;
}

TEST_F(Cublas, ATriangleTimesItsSolutionIsTheRightSide) {
  const int m = 6, n = 4;
  Shared<double> a(m * m), b(m * n), x(m * n);
  fill_dominant(a, m);
  fill(b, 2);
  std::copy_n(b.get(), m * n, x.get());
  const double one = 1;
  ASSERT_EQ(cublasDtrsm(handle, CUBLAS_SIDE_LEFT, CUBLAS_FILL_MODE_LOWER, CUBLAS_OP_T, CUBLAS_DIAG_NON_UNIT,
                        m, n, &one, a.get(), m, x.get(), m),
            CUBLAS_STATUS_SUCCESS);
  Shared<double> back(m * n);
  ASSERT_EQ(cublasDtrmm(handle, CUBLAS_SIDE_LEFT, CUBLAS_FILL_MODE_LOWER, CUBLAS_OP_T, CUBLAS_DIAG_NON_UNIT,
                        m, n, &one, a.get(), m, x.get(), m, back.get(), m),
            CUBLAS_STATUS_SUCCESS);
  wait();
  for (size_t i = 0; i < b.size(); ++i) EXPECT_NEAR(back[i], b[i], 1e-12);
}

TEST_F(Cublas, RankUpdatesFillOneTriangle) {
  const int n = 5, k = 3;
  Shared<double> a(n * k), c(n * n), want(n * n);
  fill(a, 1), fill(c, 2), fill(want, 2);
  const double alpha = 2, beta = 0.5;
  ASSERT_EQ(
      cublasDsyrk(handle, CUBLAS_FILL_MODE_UPPER, CUBLAS_OP_N, n, k, &alpha, a.get(), n, &beta, c.get(), n),
      CUBLAS_STATUS_SUCCESS);
  std::vector<double> full(want.get(), want.get() + n * n);
  multiply(CUBLAS_OP_N, CUBLAS_OP_T, n, n, k, alpha, a.get(), n, a.get(), n, beta, full.data(), n);
  wait();
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i) {
      const size_t at = size_t(i + j * n);
      EXPECT_DOUBLE_EQ(c[at], i <= j ? full[at] : want[at]) << i << ' ' << j;
    }
}

TEST_F(Cublas, GeamAddsAndTransposes) {
  const int m = 3, n = 4;
  Shared<float> a(m * n), b(m * n), c(m * n);
  fill(a, 1), fill(b, 2);
  const float alpha = 2, beta = -1;
  ASSERT_EQ(
      cublasSgeam(handle, CUBLAS_OP_T, CUBLAS_OP_N, m, n, &alpha, a.get(), n, &beta, b.get(), m, c.get(), m),
      CUBLAS_STATUS_SUCCESS);
  wait();
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < m; ++i)
      EXPECT_EQ(c[size_t(i + j * m)], 2 * a[size_t(j + i * n)] - b[size_t(i + j * m)]);
}

TEST_F(Cublas, ABatchOfSystemsIsSolvedAndInverted) {
  const int n = 4, count = 3;
  Shared<double> a(n * n * count), b(n * count), inverse(n * n * count);
  Shared<double*> as(count), bs(count), inverses(count);
  Shared<int> pivots(n * count), info(count);
  fill(a, 1), fill(b, 2);
  for (int i = 0; i < count; ++i) {
    for (int d = 0; d < n; ++d) a[size_t(i * n * n + d * (n + 1))] += 10;
    as[size_t(i)] = a.get() + i * n * n, bs[size_t(i)] = b.get() + i * n,
    inverses[size_t(i)] = inverse.get() + i * n * n;
  }
  const std::vector<double> old(a.get(), a.get() + a.size()), right(b.get(), b.get() + b.size());
  int wrong = -1;
  ASSERT_EQ(cublasDgetrfBatched(handle, n, as.get(), n, pivots.get(), info.get(), count),
            CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(
      cublasDgetrsBatched(handle, CUBLAS_OP_N, n, 1, as.get(), n, pivots.get(), bs.get(), n, &wrong, count),
      CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cublasDgetriBatched(handle, n, as.get(), n, pivots.get(), inverses.get(), n, info.get(), count),
            CUBLAS_STATUS_SUCCESS);
  wait();
  EXPECT_EQ(wrong, 0);
  for (int s = 0; s < count; ++s) {
    EXPECT_EQ(info[size_t(s)], 0);
    for (int i = 0; i < n; ++i) {
      double sum = 0;
      for (int j = 0; j < n; ++j) sum += old[size_t(s * n * n + i + j * n)] * b[size_t(s * n + j)];
      EXPECT_NEAR(sum, right[size_t(s * n + i)], 1e-10);
      for (int j = 0; j < n; ++j) {
        double product = 0;
        for (int x = 0; x < n; ++x)
          product += old[size_t(s * n * n + i + x * n)] * inverse[size_t(s * n * n + x + j * n)];
        EXPECT_NEAR(product, i == j, 1e-10);
      }
    }
  }
}

}  // namespace
}  // namespace cublas_test
