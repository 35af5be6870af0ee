// cuBLAS: complex symmetric matrices, products of which one triangle is kept, packing, batches of QR.
#include "matrices.h"

namespace cublas_test {
namespace {

using Complex = std::complex<double>;
using Value = cuDoubleComplex;

Complex& at(const Shared<Value>& a, int i) {
  return reinterpret_cast<Complex*>(a.get())[i];
}

TEST_F(Cublas, ComplexSymmetricMatricesAreNotConjugated) {
  const int n = 4;
  for (const auto uplo : {CUBLAS_FILL_MODE_LOWER, CUBLAS_FILL_MODE_UPPER}) {
    Shared<Value> a(n * n), x(n), y(n);
    fill(a, 1), fill(x, 2), fill(y, 3);
    const auto stored = [&](int i, int j) {
      const bool given = uplo == CUBLAS_FILL_MODE_LOWER ? i >= j : i <= j;
      return given ? at(a, i + j * n) : at(a, j + i * n);
    };
    const Complex alpha(2, 1), beta(0, 1);
    std::vector<Complex> want, updated;
    for (int i = 0; i < n; ++i) {
      want.push_back(beta * at(y, i));
      for (int j = 0; j < n; ++j) want.back() += alpha * stored(i, j) * at(x, j);
    }
    const auto *al = reinterpret_cast<const Value*>(&alpha), *be = reinterpret_cast<const Value*>(&beta);
    ASSERT_EQ(cublasZsymv(handle, uplo, n, al, a.get(), n, x.get(), 1, be, y.get(), 1),
              CUBLAS_STATUS_SUCCESS);
    wait();
    for (int i = 0; i < n; ++i) EXPECT_LT(std::abs(at(y, i) - want[size_t(i)]), 1e-12);

    for (int j = 0; j < n; ++j)
      for (int i = 0; i < n; ++i) {
        const bool given = uplo == CUBLAS_FILL_MODE_LOWER ? i >= j : i <= j;
        updated.push_back(at(a, i + j * n));
        if (given)
          updated.back() += alpha * (at(x, i) * at(x, j) + at(x, i) * at(y, j) + at(y, i) * at(x, j));
      }
    ASSERT_EQ(cublasZsyr(handle, uplo, n, al, x.get(), 1, a.get(), n), CUBLAS_STATUS_SUCCESS);
    ASSERT_EQ(cublasZsyr2(handle, uplo, n, al, x.get(), 1, y.get(), 1, a.get(), n), CUBLAS_STATUS_SUCCESS);
    wait();
    for (int i = 0; i < n * n; ++i) EXPECT_LT(std::abs(at(a, i) - updated[size_t(i)]), 1e-12) << i;
  }
}

TEST_F(Cublas, ProductsKeepOneTriangle) {
  const int n = 4, k = 3;
  Shared<Value> a(n * k), b(n * k), c(n * n), d(n * n);
  fill(a, 1), fill(b, 2), fill(c, 3), fill(d, 3);
  const Complex alpha(1, 2), symmetric_beta(0.5, 1);
  const double beta = 0.5;
  std::vector<Complex> symmetric, hermitian;
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i) {
      Complex sum = 0, conjugated = 0;
      for (int l = 0; l < k; ++l) {
        sum += at(a, i + l * n) * at(b, j + l * n);
        conjugated += at(a, i + l * n) * std::conj(at(b, j + l * n));
      }
      const Complex old = at(c, i + j * n);
      symmetric.push_back(i <= j ? alpha * sum + symmetric_beta * old : old);
      Complex kept = i >= j ? alpha * conjugated + beta * old : old;
      if (i == j) kept = kept.real();
      hermitian.push_back(kept);
    }
  const auto* al = reinterpret_cast<const Value*>(&alpha);
  ASSERT_EQ(cublasZsyrkx(handle, CUBLAS_FILL_MODE_UPPER, CUBLAS_OP_N, n, k, al, a.get(), n, b.get(), n,
                         reinterpret_cast<const Value*>(&symmetric_beta), c.get(), n),
            CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cublasZherkx(handle, CUBLAS_FILL_MODE_LOWER, CUBLAS_OP_N, n, k, al, a.get(), n, b.get(), n, &beta,
                         d.get(), n),
            CUBLAS_STATUS_SUCCESS);
  wait();
  for (int i = 0; i < n * n; ++i) {
    EXPECT_LT(std::abs(at(c, i) - symmetric[size_t(i)]), 1e-12) << i;
    EXPECT_LT(std::abs(at(d, i) - hermitian[size_t(i)]), 1e-12) << i;
  }
  EXPECT_EQ(cublasZherkx(handle, CUBLAS_FILL_MODE_LOWER, CUBLAS_OP_T, n, k, al, a.get(), n, b.get(), n, &beta,
                         d.get(), n),
            CUBLAS_STATUS_INVALID_VALUE);
}

TEST_F(Cublas, TrianglesArePackedAndUnpacked) {
  const int n = 3;
  Shared<float> a(n * n), packed(6), back(n * n);
  for (int i = 0; i < n * n; ++i) a[size_t(i)] = float(i);
  ASSERT_EQ(cublasStrttp(handle, CUBLAS_FILL_MODE_LOWER, n, a.get(), n, packed.get()), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cublasStpttr(handle, CUBLAS_FILL_MODE_UPPER, n, packed.get(), back.get(), n),
            CUBLAS_STATUS_SUCCESS);
  wait();
  const float columns[] = {0, 1, 2, 4, 5, 8};
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(packed[i], columns[i]);
  EXPECT_EQ(back[0], 0);
  EXPECT_EQ(back[3], 1);  // row 0, column 1
  EXPECT_EQ(back[8], 8);
}

TEST_F(Cublas, ABatchOfLeastSquares) {
  const int m = 5, n = 2, count = 2;
  Shared<double> a(m * n * count), c(m * count), tau(n * count), q(m * n * count);
  Shared<double*> as(count), cs(count), taus(count), qs(count);
  Shared<int> ranks(count);
  fill(a, 1), fill(c, 2);
  for (int i = 0; i < count; ++i) {
    as[size_t(i)] = a.get() + i * m * n, cs[size_t(i)] = c.get() + i * m;
    qs[size_t(i)] = q.get() + i * m * n, taus[size_t(i)] = tau.get() + i * n;
  }
  std::copy_n(a.get(), a.size(), q.get());
  const std::vector<double> old(a.get(), a.get() + a.size()), right(c.get(), c.get() + c.size());
  int wrong = -1;
  ASSERT_EQ(cublasDgeqrfBatched(handle, m, n, qs.get(), m, taus.get(), &wrong, count), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(wrong, 0);
  ASSERT_EQ(
      cublasDgelsBatched(handle, CUBLAS_OP_N, m, n, 1, as.get(), m, cs.get(), m, &wrong, ranks.get(), count),
      CUBLAS_STATUS_SUCCESS);
  wait();
  for (int s = 0; s < count; ++s) {
    double length = 0;
    for (int i = 0; i < m; ++i) length += old[size_t(s * m * n + i)] * old[size_t(s * m * n + i)];
    EXPECT_NEAR(std::abs(q[size_t(s * m * n)]), std::sqrt(length), 1e-10);  // R's first diagonal
    EXPECT_EQ(ranks[size_t(s)], 0);
    for (int j = 0; j < n; ++j) {  // the rest is normal to every column
      double normal = 0;
      for (int i = 0; i < m; ++i) {
        double rest = -right[size_t(s * m + i)];
        for (int l = 0; l < n; ++l) rest += old[size_t(s * m * n + i + l * m)] * c[size_t(s * m + l)];
        normal += rest * old[size_t(s * m * n + i + j * m)];
      }
      EXPECT_NEAR(normal, 0, 1e-10);
    }
  }
  EXPECT_EQ(
      cublasDgelsBatched(handle, CUBLAS_OP_N, 2, 5, 1, as.get(), 5, cs.get(), 5, &wrong, ranks.get(), count),
      CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_LT(wrong, 0);
}

}  // namespace
}  // namespace cublas_test
