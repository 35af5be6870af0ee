// cublasXt on the program's own memory, against plain loops.
#include <cublasXt.h>
#include <gtest/gtest.h>

#include <vector>

namespace {

constexpr auto kOk = CUBLAS_STATUS_SUCCESS, kBad = CUBLAS_STATUS_INVALID_VALUE;

double value(size_t i, size_t j) {
  return double((i * 37 + j * 101 + i * j * 7) % 64) / 16 - 2;
}
std::vector<double> matrix(size_t rows, size_t columns, size_t seed) {
  std::vector<double> a(rows * columns);
  for (size_t j = 0; j < columns; ++j)
    for (size_t i = 0; i < rows; ++i) a[i + j * rows] = value(i + seed, j);
  return a;
}

class CublasXt : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(cublasXtCreate(&handle), kOk);
    int device = 0;
    ASSERT_EQ(cublasXtDeviceSelect(handle, 1, &device), kOk);
  }
  void TearDown() override { EXPECT_EQ(cublasXtDestroy(handle), kOk); }
  cublasXtHandle_t handle = nullptr;
};

TEST_F(CublasXt, MultipliesHostMatrices) {
  constexpr size_t m = 5, n = 4, k = 6;
  const auto a = matrix(k, m, 1), b = matrix(k, n, 2), before = matrix(m, n, 3);
  auto c = before;
  const double alpha = 2, beta = -1;
  ASSERT_EQ(cublasXtDgemm(handle, CUBLAS_OP_T, CUBLAS_OP_N, m, n, k, &alpha, a.data(), k, b.data(), k, &beta,
                          c.data(), m),
            kOk);
  for (size_t j = 0; j < n; ++j)
    for (size_t i = 0; i < m; ++i) {
      double sum = -before[i + j * m];
      for (size_t l = 0; l < k; ++l) sum += 2 * a[l + i * k] * b[l + j * k];
      EXPECT_NEAR(c[i + j * m], sum, 1e-12);
    }
}

TEST_F(CublasXt, MultipliesPackedSymmetricMatrices) {
  constexpr size_t m = 4, n = 3;
  const auto b = matrix(m, n, 2);
  const double alpha = 1, beta = 0;
  for (const auto side : {CUBLAS_SIDE_LEFT, CUBLAS_SIDE_RIGHT})
    for (const auto uplo : {CUBLAS_FILL_MODE_UPPER, CUBLAS_FILL_MODE_LOWER}) {
      const size_t order = side == CUBLAS_SIDE_LEFT ? m : n;
      const auto element = [](size_t i, size_t j) { return value(i + j, i * j); };
      std::vector<double> packed, c(m * n, 0);
      for (size_t j = 0; j < order; ++j)
        for (size_t i = 0; i < order; ++i)
          if (uplo == CUBLAS_FILL_MODE_UPPER ? i <= j : i >= j) packed.push_back(element(i, j));
      ASSERT_EQ(
          cublasXtDspmm(handle, side, uplo, m, n, &alpha, packed.data(), b.data(), m, &beta, c.data(), m),
          kOk);
      for (size_t j = 0; j < n; ++j)
        for (size_t i = 0; i < m; ++i) {
          double sum = 0;
          for (size_t l = 0; l < order; ++l)
            sum += side == CUBLAS_SIDE_LEFT ? element(i, l) * b[l + j * m] : b[i + l * m] * element(l, j);
          EXPECT_NEAR(c[i + j * m], sum, 1e-12) << side << uplo;
        }
    }
}

TEST_F(CublasXt, SolvesAndMultipliesTriangles) {
  constexpr size_t n = 4;
  auto a = matrix(n, n, 5);
  for (size_t i = 0; i < n; ++i) a[i + i * n] = 8;
  const auto b = matrix(n, 2, 1);
  auto x = b, back = b;
  const double one = 1;
  ASSERT_EQ(cublasXtDtrsm(handle, CUBLAS_SIDE_LEFT, CUBLAS_FILL_MODE_LOWER, CUBLAS_OP_N, CUBLAS_DIAG_NON_UNIT,
                          n, 2, &one, a.data(), n, x.data(), n),
            kOk);
  EXPECT_NEAR(x[0], b[0] / 8, 1e-15);
  ASSERT_EQ(cublasXtDtrmm(handle, CUBLAS_SIDE_LEFT, CUBLAS_FILL_MODE_LOWER, CUBLAS_OP_N, CUBLAS_DIAG_NON_UNIT,
                          n, 2, &one, a.data(), n, x.data(), n, back.data(), n),
            kOk);
  for (size_t i = 0; i < b.size(); ++i) EXPECT_NEAR(back[i], b[i], 1e-13);
}

TEST_F(CublasXt, ComplexRankUpdatesAreHermitian) {
  const std::vector<cuComplex> a = {{1, 2}, {3, -1}};
  std::vector<cuComplex> c(4, cuComplex{0, 0});
  const float alpha = 1, beta = 0;
  ASSERT_EQ(cublasXtCherk(handle, CUBLAS_FILL_MODE_LOWER, CUBLAS_OP_N, 2, 1, &alpha, a.data(), 2, &beta,
                          c.data(), 2),
            kOk);
  EXPECT_EQ(c[0].x, 5);  // |1 + 2i|^2
  EXPECT_EQ(c[1].x, 1);  // (3 - i)(1 - 2i)
  EXPECT_EQ(c[1].y, -7);
  EXPECT_EQ(c[3].x, 10);
}

TEST_F(CublasXt, KeepsItsSettings) {
  int block = 0, boards = 0, wrong = 99;
  ASSERT_EQ(cublasXtSetBlockDim(handle, 256), kOk);
  ASSERT_EQ(cublasXtGetBlockDim(handle, &block), kOk);
  EXPECT_EQ(block, 256);
  EXPECT_EQ(cublasXtSetBlockDim(handle, 0), kBad);
  ASSERT_EQ(cublasXtMaxBoards(&boards), kOk);
  EXPECT_GE(boards, 1);
  EXPECT_EQ(cublasXtDeviceSelect(handle, 1, &wrong), kBad);
  cublasXtPinnedMemMode_t mode{};
  ASSERT_EQ(cublasXtSetPinningMemMode(handle, CUBLASXT_PINNING_ENABLED), kOk);
  ASSERT_EQ(cublasXtGetPinningMemMode(handle, &mode), kOk);
  EXPECT_EQ(mode, CUBLASXT_PINNING_ENABLED);
  EXPECT_EQ(cublasXtSetCpuRatio(handle, CUBLASXT_GEMM, CUBLASXT_FLOAT, 2), kBad);
  EXPECT_EQ(cublasXtGetBlockDim(nullptr, &block), CUBLAS_STATUS_NOT_INITIALIZED);
  const float one = 1;
  float x = 0;
  EXPECT_EQ(
      cublasXtSgemm(handle, cublasOperation_t(9), CUBLAS_OP_N, 1, 1, 1, &one, &x, 1, &x, 1, &one, &x, 1),
      kBad);
}

// Only cublasXt takes memory that isn't the device's.
TEST_F(CublasXt, LeavesCublasAsItWas) {
  cublasHandle_t plain = nullptr;
  ASSERT_EQ(cublasCreate_v2(&plain), kOk);
  const float one = 1;
  float x = 3, y = 4, z = 0;
  ASSERT_EQ(cublasXtSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, &one, &x, 1, &y, 1, &one, &z, 1), kOk);
  EXPECT_EQ(z, 12);
  EXPECT_EQ(cublasSgemm_v2(plain, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, &one, &x, 1, &y, 1, &one, &z, 1),
            CUBLAS_STATUS_EXECUTION_FAILED);
  EXPECT_EQ(cublasDestroy_v2(plain), kOk);
}

}  // namespace
