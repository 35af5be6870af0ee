// cuSOLVER, sparse: systems of a grid's Laplacian by every method, orders, eigenvalues, wrong arguments.
#include <cusolverSp.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "shared_array.h"

namespace {

using libs_test::Shared;
constexpr auto kOk = CUSOLVER_STATUS_SUCCESS;

/// The five-point Laplacian of a side x side grid whose rows are shuffled, 1-based.
struct Grid {
  static constexpr int kSide = 6, n = kSide * kSide;
  Shared<int> offsets{n + 1}, columns{n * 5};
  Shared<double> values{n * 5};
  int nnz = 0;
  Grid() : offsets(n + 1), columns(n * 5), values(n * 5) {
    offsets[0] = 1;
    for (int row = 0; row < n; ++row) {
      const int place = row * 7 % n, i = place / kSide, j = place % kSide;
      std::vector<std::pair<int, double>> entries;
      const auto add = [&](int a, int b, double v) {
        if (a < 0 || b < 0 || a == kSide || b == kSide) return;
        for (int other = 0; other < n; ++other)
          if (other * 7 % n == a * kSide + b) entries.emplace_back(other, v);
      };
      add(i, j, 4.5), add(i - 1, j, -1), add(i + 1, j, -1), add(i, j - 1, -1), add(i, j + 1, -1);
      std::sort(entries.begin(), entries.end());
      for (const auto& [column, v] : entries) columns[size_t(nnz)] = column + 1, values[size_t(nnz++)] = v;
      offsets[size_t(row) + 1] = nnz + 1;
    }
  }
  std::vector<double> times(const double* x) const {
    std::vector<double> y(n, 0);
    for (int i = 0; i < n; ++i)
      for (int p = offsets[size_t(i)] - 1; p < offsets[size_t(i) + 1] - 1; ++p)
        y[size_t(i)] += values[size_t(p)] * x[columns[size_t(p)] - 1];
    return y;
  }
};

class CusolverSparse : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(cusolverSpCreate(&handle), kOk);
    ASSERT_EQ(cusparseCreateMatDescr(&general), CUSPARSE_STATUS_SUCCESS);
    ASSERT_EQ(cusparseSetMatIndexBase(general, CUSPARSE_INDEX_BASE_ONE), CUSPARSE_STATUS_SUCCESS);
  }
  void TearDown() override {
    EXPECT_EQ(cusolverSpDestroy(handle), kOk);
    cusparseDestroyMatDescr(general);
  }
  cusolverSpHandle_t handle = nullptr;
  cusparseMatDescr_t general = nullptr;
  Grid grid;
};

TEST_F(CusolverSparse, EveryMethodSolvesTheGrid) {
  for (const auto solve : {cusolverSpDcsrlsvqr, cusolverSpDcsrlsvchol, cusolverSpDcsrlsvluHost,
                           cusolverSpDcsrlsvqrHost, cusolverSpDcsrlsvcholHost}) {
    Shared<double> b(Grid::n), x(Grid::n);
    for (int i = 0; i < Grid::n; ++i) b[size_t(i)] = i % 5 - 2;
    int singularity = 7;
    ASSERT_EQ(solve(handle, Grid::n, grid.nnz, general, grid.values.get(), grid.offsets.get(),
                    grid.columns.get(), b.get(), 1e-12, 1, x.get(), &singularity),
              kOk);
    EXPECT_EQ(singularity, -1);
    const auto back = grid.times(x.get());
    for (int i = 0; i < Grid::n; ++i) ASSERT_NEAR(back[size_t(i)], b[size_t(i)], 1e-10);
  }
}

TEST_F(CusolverSparse, ASingularMatrixIsNamed) {
  Shared<int> offsets{1, 2, 3}, columns{1, 1};
  Shared<double> values{1, 1}, b{1, 1}, x(2);
  int singularity = -1;
  ASSERT_EQ(cusolverSpDcsrlsvqr(handle, 2, 2, general, values.get(), offsets.get(), columns.get(), b.get(),
                                1e-12, 0, x.get(), &singularity),
            kOk);
  EXPECT_GE(singularity, 0);
  values[0] = -1, columns[1] = 2;
  ASSERT_EQ(cusolverSpDcsrlsvchol(handle, 2, 2, general, values.get(), offsets.get(), columns.get(), b.get(),
                                  1e-12, 0, x.get(), &singularity),
            kOk);
  EXPECT_GE(singularity, 0);
  EXPECT_EQ(cusolverSpDcsrlsvqr(handle, 2, 2, nullptr, values.get(), offsets.get(), columns.get(), b.get(),
                                1e-12, 0, x.get(), &singularity),
            CUSOLVER_STATUS_MATRIX_TYPE_NOT_SUPPORTED);
  EXPECT_EQ(cusolverSpDcsrlsvqr(handle, -1, 2, general, values.get(), offsets.get(), columns.get(), b.get(),
                                1e-12, 0, x.get(), &singularity),
            CUSOLVER_STATUS_INVALID_VALUE);
  EXPECT_EQ(cusolverSpDcsrlsvqr(nullptr, 2, 2, general, values.get(), offsets.get(), columns.get(), b.get(),
                                1e-12, 0, x.get(), &singularity),
            CUSOLVER_STATUS_NOT_INITIALIZED);
}

TEST_F(CusolverSparse, OrdersArePermutationsAndNarrowTheBand) {
  std::vector<int> p(Grid::n);
  for (const auto order : {cusolverSpXcsrsymrcmHost, cusolverSpXcsrsymamdHost, cusolverSpXcsrsymmdqHost}) {
    ASSERT_EQ(order(handle, Grid::n, grid.nnz, general, grid.offsets.get(), grid.columns.get(), p.data()),
              kOk);
    std::vector<int> sorted = p, all(Grid::n);
    std::iota(all.begin(), all.end(), 0);
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(sorted, all);
  }
  ASSERT_EQ(cusolverSpXcsrsymrcmHost(handle, Grid::n, grid.nnz, general, grid.offsets.get(),
                                     grid.columns.get(), p.data()),
            kOk);
  std::vector<int> offsets(grid.offsets.begin(), grid.offsets.end()),
      columns(grid.columns.begin(), grid.columns.end()), map(size_t(grid.nnz), 0);
  std::iota(map.begin(), map.end(), 0);
  size_t bytes = 0;
  ASSERT_EQ(cusolverSpXcsrperm_bufferSizeHost(handle, Grid::n, Grid::n, grid.nnz, general, offsets.data(),
                                              columns.data(), p.data(), p.data(), &bytes),
            kOk);
  ASSERT_EQ(cusolverSpXcsrpermHost(handle, Grid::n, Grid::n, grid.nnz, general, offsets.data(),
                                   columns.data(), p.data(), p.data(), map.data(), nullptr),
            kOk);
  int band = 0;
  for (int i = 0; i < Grid::n; ++i)
    for (int k = offsets[size_t(i)] - 1; k < offsets[size_t(i) + 1] - 1; ++k) {
      const int j = columns[size_t(k)] - 1;
      band = std::max(band, std::abs(i - j));
      // B(i, j) = A(p(i), p(j)), with its value where the map says.
      const int row = p[size_t(i)], was = map[size_t(k)];
      ASSERT_GE(was, grid.offsets[size_t(row)] - 1);
      ASSERT_EQ(grid.columns[size_t(was)] - 1, p[size_t(j)]);
    }
  EXPECT_LE(band, Grid::kSide + 1);
  int symmetric = 0;
  ASSERT_EQ(cusolverSpXcsrissymHost(handle, Grid::n, grid.nnz, general, grid.offsets.get(),
                                    grid.offsets.get() + 1, grid.columns.get(), &symmetric),
            kOk);
  EXPECT_EQ(symmetric, 1);
}

TEST_F(CusolverSparse, ADiagonalIsFilledAndEigenvaluesAreFound) {
  Shared<int> offsets{1, 2, 4, 5}, columns{2, 1, 2, 3};
  Shared<double> values{1, 2, 3, 4};
  std::vector<int> p(3);
  int count = 0;
  ASSERT_EQ(cusolverSpDcsrzfdHost(handle, 3, 4, general, values.get(), offsets.get(), columns.get(), p.data(),
                                  &count),
            kOk);
  EXPECT_EQ(count, 3);
  EXPECT_EQ(p, (std::vector<int>{1, 0, 2}));
  Shared<double> x0(Grid::n), x(Grid::n), mu(1);
  for (int i = 0; i < Grid::n; ++i) x0[size_t(i)] = 1 + i % 3;
  ASSERT_EQ(cusolverSpDcsreigvsi(handle, Grid::n, grid.nnz, general, grid.values.get(), grid.offsets.get(),
                                 grid.columns.get(), 0.5, x0.get(), 200, 1e-9, mu.get(), x.get()),
            kOk);
  const double least = 4.5 - 4 * std::cos(M_PI / (Grid::kSide + 1));
  EXPECT_NEAR(mu[0], least, 1e-6);
  int inside = 0;
  const cuDoubleComplex low = {least - 0.01, -1}, high = {least + 0.01, 1};
  ASSERT_EQ(cusolverSpDcsreigsHost(handle, Grid::n, grid.nnz, general, grid.values.get(), grid.offsets.get(),
                                   grid.columns.get(), low, high, &inside),
            kOk);
  EXPECT_EQ(inside, 1);
}

TEST_F(CusolverSparse, BatchesAndLeastSquares) {
  csrqrInfo_t info = nullptr;
  ASSERT_EQ(cusolverSpCreateCsrqrInfo(&info), kOk);
  Shared<int> offsets{1, 3, 5}, columns{1, 2, 1, 2};
  Shared<double> values{4, 1, 1, 3, 2, 0, 0, 5}, b{1, 2, 4, 10}, x(4);
  ASSERT_EQ(cusolverSpXcsrqrAnalysisBatched(handle, 2, 2, 4, general, offsets.get(), columns.get(), info),
            kOk);
  size_t data = 0, work = 0;
  ASSERT_EQ(cusolverSpDcsrqrBufferInfoBatched(handle, 2, 2, 4, general, values.get(), offsets.get(),
                                              columns.get(), 2, info, &data, &work),
            kOk);
  ASSERT_EQ(cusolverSpDcsrqrsvBatched(handle, 2, 2, 4, general, values.get(), offsets.get(), columns.get(),
                                      b.get(), x.get(), 2, info, nullptr),
            kOk);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_NEAR(4 * x[0] + x[1], 1, 1e-12);
  EXPECT_NEAR(x[0] + 3 * x[1], 2, 1e-12);
  EXPECT_NEAR(x[2], 2, 1e-12);
  EXPECT_NEAR(x[3], 2, 1e-12);
  EXPECT_EQ(cusolverSpDestroyCsrqrInfo(info), kOk);

  int tall_offsets[] = {1, 2, 3, 4}, tall_columns[] = {1, 1, 2}, rank = 0, p[2];
  double tall_values[] = {1, 1, 2}, right[] = {1, 3, 4}, solution[2], residual = 0;
  ASSERT_EQ(cusolverSpDcsrlsqvqrHost(handle, 3, 2, 3, general, tall_values, tall_offsets, tall_columns, right,
                                     1e-12, &rank, solution, p, &residual),
            kOk);
  EXPECT_EQ(rank, 2);
  EXPECT_NEAR(solution[0], 2, 1e-12);
  EXPECT_NEAR(solution[1], 2, 1e-12);
  EXPECT_NEAR(residual, std::sqrt(2), 1e-12);
}

}  // namespace
