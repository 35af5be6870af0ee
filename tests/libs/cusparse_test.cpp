// cuSPARSE: products of every format against dense loops, systems, sums and conversions, the older functions,
// and the documented answers to wrong arguments.
#include <cuda_fp16.h>
#include <cusparse.h>

#include <cmath>
#include <complex>
#include <vector>

#include "shared_array.h"

namespace {

using libs_test::Shared;
constexpr auto kOk = CUSPARSE_STATUS_SUCCESS, kBad = CUSPARSE_STATUS_INVALID_VALUE;
constexpr auto kPlain = CUSPARSE_OPERATION_NON_TRANSPOSE, kTransposed = CUSPARSE_OPERATION_TRANSPOSE,
               kAdjoint = CUSPARSE_OPERATION_CONJUGATE_TRANSPOSE;
constexpr auto kI32 = CUSPARSE_INDEX_32I, kI64 = CUSPARSE_INDEX_64I;
constexpr auto kZero = CUSPARSE_INDEX_BASE_ZERO, kOne = CUSPARSE_INDEX_BASE_ONE;

/// A dense matrix, row-major: what the sparse ones are compared with.
template <class T>
struct Plain {
  int rows, columns;
  std::vector<T> at;
  Plain(int m, int n) : rows(m), columns(n), at(size_t(m * n)) {}
  T& operator()(int i, int j) { return at[size_t(i * columns + j)]; }
  const T& operator()(int i, int j) const { return at[size_t(i * columns + j)]; }
};
template <class T>
T number(int k) {
  const double part = ((k * 7919 + 13) % 17 - 8) / 4.0;
  if constexpr (std::is_same_v<T, std::complex<float>> || std::is_same_v<T, std::complex<double>>)
    return T(typename T::value_type(part), typename T::value_type(((k * 31) % 5 - 2) / 2.0));
  else
    return T(part == 0 ? 1 : part);
}
/// About a third of the entries aren't zero.
template <class T>
Plain<T> sparse_matrix(int m, int n) {
  Plain<T> a(m, n);
  for (int i = 0; i < m; ++i)
    for (int j = 0; j < n; ++j)
      if ((i * 5 + j * 3 + i * j) % 3 == 0) a(i, j) = number<T>(i * n + j);
  return a;
}
template <class T>
T conjugated(T x) {
  if constexpr (std::is_arithmetic_v<T>)
    return x;
  else
    return std::conj(x);
}
template <class T>
Plain<T> op(const Plain<T>& a, cusparseOperation_t how) {
  if (how == kPlain) return a;
  Plain<T> b(a.columns, a.rows);
  for (int i = 0; i < a.rows; ++i)
    for (int j = 0; j < a.columns; ++j) b(j, i) = how == kAdjoint ? conjugated(a(i, j)) : a(i, j);
  return b;
}

template <class T>
constexpr cudaDataType kType = CUDA_R_32F;
template <>
constexpr cudaDataType kType<double> = CUDA_R_64F;
template <>
constexpr cudaDataType kType<std::complex<float>> = CUDA_C_32F;
template <>
constexpr cudaDataType kType<std::complex<double>> = CUDA_C_64F;

/// A matrix's entries row by row (or column by column), with 1-based or 0-based indices of type I.
template <class T, class I>
struct Compressed {
  Shared<I> offsets, indices, lines;
  Shared<T> values;
  int nnz = 0;
  Compressed(const Plain<T>& a, bool by_column, int base)
      : offsets(size_t(std::max(a.rows, a.columns)) + 1),
        indices(a.at.size()),
        lines(a.at.size()),
        values(a.at.size()) {
    offsets[0] = I(base);
    for (int i = 0; i < (by_column ? a.columns : a.rows); ++i) {
      for (int j = 0; j < (by_column ? a.rows : a.columns); ++j) {
        const T value = by_column ? a(j, i) : a(i, j);
        if (value == T(0)) continue;
        indices[size_t(nnz)] = I(j + base), lines[size_t(nnz)] = I(i + base);
        values[size_t(nnz++)] = value;
      }
      offsets[size_t(i) + 1] = I(nnz + base);
    }
  }
};

class Cusparse : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(cusparseCreate(&handle), kOk); }
  void TearDown() override { EXPECT_EQ(cusparseDestroy(handle), kOk); }
  void wait() { ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess); }

  /// y = 2 op(A) x + y/2 by the library and by loops, for all operations.
  template <class T>
  void check_vector_products(const Plain<T>& a, cusparseConstSpMatDescr_t matrix) {
    for (const auto how : {kPlain, kTransposed, kAdjoint}) {
      const Plain<T> b = op(a, how);
      Shared<T> x(size_t(b.columns)), y(size_t(b.rows));
      for (int i = 0; i < b.columns; ++i) x[size_t(i)] = number<T>(i + 3);
      std::vector<T> want(size_t(b.rows));
      for (int i = 0; i < b.rows; ++i) {
        y[size_t(i)] = number<T>(i + 50);
        want[size_t(i)] = y[size_t(i)] * T(0.5);
        for (int j = 0; j < b.columns; ++j) want[size_t(i)] += T(2) * b(i, j) * x[size_t(j)];
      }
      cusparseDnVecDescr_t from = nullptr, to = nullptr;
      ASSERT_EQ(cusparseCreateDnVec(&from, b.columns, x.get(), kType<T>), kOk);
      ASSERT_EQ(cusparseCreateDnVec(&to, b.rows, y.get(), kType<T>), kOk);
      const T alpha(2), beta(0.5);
      size_t bytes = 0;
      ASSERT_EQ(cusparseSpMV_bufferSize(handle, how, &alpha, matrix, from, &beta, to, kType<T>,
                                        CUSPARSE_SPMV_ALG_DEFAULT, &bytes),
                kOk);
      Shared<char> buffer(bytes);
      ASSERT_EQ(cusparseSpMV(handle, how, &alpha, matrix, from, &beta, to, kType<T>,
                             CUSPARSE_SPMV_ALG_DEFAULT, buffer.get()),
                kOk);
      wait();
      for (size_t i = 0; i < want.size(); ++i)
        ASSERT_LT(std::abs(y[i] - want[i]), 1e-4) << i << " op " << how;
      EXPECT_EQ(cusparseDestroyDnVec(from), kOk);
      EXPECT_EQ(cusparseDestroyDnVec(to), kOk);
    }
  }
  template <class T, class I>
  void check_formats(cusparseIndexType_t index, cusparseIndexBase_t base) {
    const Plain<T> a = sparse_matrix<T>(7, 5);
    const Compressed<T, I> rows(a, false, base), columns(a, true, base);
    cusparseSpMatDescr_t csr = nullptr, csc = nullptr, coo = nullptr;
    ASSERT_EQ(cusparseCreateCsr(&csr, 7, 5, rows.nnz, rows.offsets.get(), rows.indices.get(),
                                rows.values.get(), index, index, base, kType<T>),
              kOk);
    ASSERT_EQ(cusparseCreateCsc(&csc, 7, 5, rows.nnz, columns.offsets.get(), columns.indices.get(),
                                columns.values.get(), index, index, base, kType<T>),
              kOk);
    ASSERT_EQ(cusparseCreateCoo(&coo, 7, 5, rows.nnz, rows.lines.get(), rows.indices.get(), rows.values.get(),
                                index, base, kType<T>),
              kOk);
    for (const auto matrix : {csr, csc, coo}) {
      check_vector_products(a, matrix);
      EXPECT_EQ(cusparseDestroySpMat(matrix), kOk);
    }
  }
  cusparseHandle_t handle = nullptr;
};

TEST_F(Cusparse, VectorProductsInEveryFormatAndType) {
  check_formats<float, int32_t>(kI32, kZero);
  check_formats<double, int32_t>(kI32, kOne);
  check_formats<std::complex<float>, int64_t>(kI64, kZero);
  check_formats<std::complex<double>, int64_t>(kI64, kOne);
}

TEST_F(Cusparse, BlockedAndSlicedFormats) {
  // Two block rows of 2 x 3 blocks, inside column-major.
  Plain<double> a(4, 6);
  Shared<int> offsets{0, 1, 3}, indices{1, 0, 1};
  Shared<double> values(18);
  for (int k = 0; k < 18; ++k) values[size_t(k)] = k + 1;
  const int block_row[] = {0, 1, 1};
  for (int b = 0; b < 3; ++b)
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < 3; ++j)
        a(block_row[b] * 2 + i, indices[size_t(b)] * 3 + j) = values[size_t(b * 6 + j * 2 + i)];
  cusparseSpMatDescr_t matrix = nullptr;
  ASSERT_EQ(cusparseCreateBsr(&matrix, 2, 2, 3, 2, 3, offsets.get(), indices.get(), values.get(), kI32, kI32,
                              kZero, CUDA_R_64F, CUSPARSE_ORDER_COL),
            kOk);
  check_vector_products(a, matrix);
  EXPECT_EQ(cusparseDestroySpMat(matrix), kOk);

  // Blocked ELL: one 2 x 2 block a row, the second row's is padding.
  Plain<double> ell(4, 4);
  Shared<int> blocks{1, -1};
  Shared<double> ell_values{1, 2, 3, 4, 9, 9, 9, 9};
  ell(0, 2) = 1, ell(0, 3) = 2, ell(1, 2) = 3, ell(1, 3) = 4;
  ASSERT_EQ(
      cusparseCreateBlockedEll(&matrix, 4, 4, 2, 2, blocks.get(), ell_values.get(), kI32, kZero, CUDA_R_64F),
      kOk);
  check_vector_products(ell, matrix);
  EXPECT_EQ(cusparseDestroySpMat(matrix), kOk);

  // Sliced ELL of slices of two rows: columns lie beside each other, -1 is padding.
  Plain<double> sell(3, 4);
  sell(0, 1) = 5, sell(1, 0) = 6, sell(1, 3) = 7, sell(2, 2) = 8;
  Shared<int> slices{0, 4, 6}, at{1, 0, -1, 3, 2, -1};
  Shared<double> sell_values{5, 6, 0, 7, 8, 0};
  ASSERT_EQ(cusparseCreateSlicedEll(&matrix, 3, 4, 4, 6, 2, slices.get(), at.get(), sell_values.get(), kI32,
                                    kI32, kZero, CUDA_R_64F),
            kOk);
  check_vector_products(sell, matrix);
  EXPECT_EQ(cusparseDestroySpMat(matrix), kOk);
}

TEST_F(Cusparse, HalfAndIntegerInputs) {
  Shared<int> offsets{0, 2, 3}, indices{0, 1, 1};
  Shared<__half> half_values(3), half_x(2);
  Shared<int8_t> small_values{100, -100, 50}, small_x{100, 3};
  for (size_t i = 0; i < 3; ++i) half_values[i] = __float2half(float(i) + 1);
  for (size_t i = 0; i < 2; ++i) half_x[i] = __float2half(0.5f * float(i + 1));
  Shared<float> y(2);
  Shared<int> whole(2);
  const float one = 1, none = 0;
  const int one_i = 1, none_i = 0;
  for (const bool half : {true, false}) {
    cusparseSpMatDescr_t a = nullptr;
    cusparseDnVecDescr_t x = nullptr, to = nullptr;
    const auto type = half ? CUDA_R_16F : CUDA_R_8I;
    void* values = half ? static_cast<void*>(half_values.get()) : small_values.get();
    void* from = half ? static_cast<void*>(half_x.get()) : small_x.get();
    ASSERT_EQ(cusparseCreateCsr(&a, 2, 2, 3, offsets.get(), indices.get(), values, kI32, kI32, kZero, type),
              kOk);
    ASSERT_EQ(cusparseCreateDnVec(&x, 2, from, type), kOk);
    ASSERT_EQ(half ? cusparseCreateDnVec(&to, 2, y.get(), CUDA_R_32F)
                   : cusparseCreateDnVec(&to, 2, whole.get(), CUDA_R_32I),
              kOk);
    const void *alpha = half ? static_cast<const void*>(&one) : &one_i,
               *beta = half ? static_cast<const void*>(&none) : &none_i;
    ASSERT_EQ(cusparseSpMV(handle, kPlain, alpha, a, x, beta, to, half ? CUDA_R_32F : CUDA_R_32I,
                           CUSPARSE_SPMV_ALG_DEFAULT, nullptr),
              kOk);
    wait();
    cusparseDestroySpMat(a), cusparseDestroyDnVec(x), cusparseDestroyDnVec(to);
  }
  EXPECT_FLOAT_EQ(y[0], 1 * 0.5f + 2 * 1.0f);
  EXPECT_FLOAT_EQ(y[1], 3);
  EXPECT_EQ(whole[0], 100 * 100 - 100 * 3);
  EXPECT_EQ(whole[1], 150);
}

TEST_F(Cusparse, MatrixProductsAndSampledOnes) {
  using T = std::complex<double>;
  const Plain<T> a = sparse_matrix<T>(6, 4);
  const Compressed<T, int> rows(a, false, 0);
  cusparseSpMatDescr_t sparse = nullptr;
  ASSERT_EQ(cusparseCreateCsr(&sparse, 6, 4, rows.nnz, rows.offsets.get(), rows.indices.get(),
                              rows.values.get(), kI32, kI32, kZero, kType<T>),
            kOk);
  const T alpha(1, 1), beta(0.5);
  for (const auto how_a : {kPlain, kAdjoint})
    for (const auto how_b : {kPlain, kTransposed, kAdjoint})
      for (const auto order : {CUSPARSE_ORDER_ROW, CUSPARSE_ORDER_COL}) {
        const Plain<T> left = op(a, how_a);
        const int n = 3, m = left.rows, k = left.columns, rows_b = how_b == kPlain ? k : n,
                  columns_b = how_b == kPlain ? n : k;
        Plain<T> b(rows_b, columns_b);
        Shared<T> stored_b(size_t(rows_b * columns_b)), c(size_t(m * n));
        for (int i = 0; i < rows_b; ++i)
          for (int j = 0; j < columns_b; ++j) {
            b(i, j) = number<T>(i * 9 + j);
            stored_b[size_t(order == CUSPARSE_ORDER_ROW ? i * columns_b + j : i + j * rows_b)] = b(i, j);
          }
        const Plain<T> right = op(b, how_b);
        for (size_t i = 0; i < c.size(); ++i) c[i] = number<T>(int(i));
        const std::vector<T> was(c.begin(), c.end());
        cusparseDnMatDescr_t db = nullptr, dc = nullptr;
        ASSERT_EQ(
            cusparseCreateDnMat(&db, rows_b, columns_b, order == CUSPARSE_ORDER_ROW ? columns_b : rows_b,
                                stored_b.get(), kType<T>, order),
            kOk);
        ASSERT_EQ(cusparseCreateDnMat(&dc, m, n, n, c.get(), kType<T>, CUSPARSE_ORDER_ROW), kOk);
        ASSERT_EQ(cusparseSpMM(handle, how_a, how_b, &alpha, sparse, db, &beta, dc, kType<T>,
                               CUSPARSE_SPMM_ALG_DEFAULT, nullptr),
                  kOk);
        wait();
        for (int i = 0; i < m; ++i)
          for (int j = 0; j < n; ++j) {
            T want = beta * was[size_t(i * n + j)];
            for (int l = 0; l < k; ++l) want += alpha * left(i, l) * right(l, j);
            ASSERT_LT(std::abs(c[size_t(i * n + j)] - want), 1e-10);
          }
        // The same B times itself, sampled at a pattern, where the shapes allow it.
        if (how_b == kTransposed && order == CUSPARSE_ORDER_ROW && how_a == kPlain) {
          const Plain<T> pattern = sparse_matrix<T>(rows_b, rows_b);
          const Compressed<T, int> at(pattern, false, 0);
          cusparseSpMatDescr_t sampled = nullptr;
          ASSERT_EQ(cusparseCreateCsr(&sampled, rows_b, rows_b, at.nnz, at.offsets.get(), at.indices.get(),
                                      at.values.get(), kI32, kI32, kZero, kType<T>),
                    kOk);
          ASSERT_EQ(cusparseSDDMM(handle, kPlain, kTransposed, &alpha, db, db, &beta, sampled, kType<T>,
                                  CUSPARSE_SDDMM_ALG_DEFAULT, nullptr),
                    kOk);
          wait();
          for (int p = 0; p < at.nnz; ++p) {
            const int i = at.lines[size_t(p)], j = at.indices[size_t(p)];
            T want = beta * pattern(i, j);
            for (int l = 0; l < columns_b; ++l) want += alpha * b(i, l) * b(j, l);
            ASSERT_LT(std::abs(at.values[size_t(p)] - want), 1e-10);
          }
          cusparseDestroySpMat(sampled);
        }
        cusparseDestroyDnMat(db), cusparseDestroyDnMat(dc);
      }
  cusparseDestroySpMat(sparse);
}

TEST_F(Cusparse, TriangularSystems) {
  const int n = 6;
  for (const bool csc : {false, true})
    for (const auto fill : {CUSPARSE_FILL_MODE_LOWER, CUSPARSE_FILL_MODE_UPPER})
      for (const auto diagonal : {CUSPARSE_DIAG_TYPE_NON_UNIT, CUSPARSE_DIAG_TYPE_UNIT})
        for (const auto how : {kPlain, kTransposed}) {
          Plain<double> a = sparse_matrix<double>(n, n), triangle(n, n);
          for (int i = 0; i < n; ++i) {
            a(i, i) = 4 + i;
            for (int j = 0; j < n; ++j)
              if (fill == CUSPARSE_FILL_MODE_LOWER ? j < i : j > i) triangle(i, j) = a(i, j);
            triangle(i, i) = diagonal == CUSPARSE_DIAG_TYPE_UNIT ? 1 : a(i, i);
          }
          const Compressed<double, int> stored(a, csc, 0);  // the other triangle is there and isn't read
          const Plain<double> system = op(triangle, how);
          cusparseSpMatDescr_t matrix = nullptr;
          const auto create = csc ? cusparseCreateCsc : cusparseCreateCsr;
          ASSERT_EQ(create(&matrix, n, n, stored.nnz, stored.offsets.get(), stored.indices.get(),
                           stored.values.get(), kI32, kI32, kZero, CUDA_R_64F),
                    kOk);
          auto fill_value = fill;
          auto diagonal_value = diagonal;
          ASSERT_EQ(
              cusparseSpMatSetAttribute(matrix, CUSPARSE_SPMAT_FILL_MODE, &fill_value, sizeof(fill_value)),
              kOk);
          ASSERT_EQ(cusparseSpMatSetAttribute(matrix, CUSPARSE_SPMAT_DIAG_TYPE, &diagonal_value,
                                              sizeof(diagonal_value)),
                    kOk);
          Shared<double> x(n * 2), y(n * 2);
          for (int i = 0; i < n * 2; ++i) x[size_t(i)] = i + 1;
          cusparseDnMatDescr_t right = nullptr, solution = nullptr;
          ASSERT_EQ(cusparseCreateDnMat(&right, n, 2, 2, x.get(), CUDA_R_64F, CUSPARSE_ORDER_ROW), kOk);
          ASSERT_EQ(cusparseCreateDnMat(&solution, n, 2, n, y.get(), CUDA_R_64F, CUSPARSE_ORDER_COL), kOk);
          cusparseSpSMDescr_t plan = nullptr;
          ASSERT_EQ(cusparseSpSM_createDescr(&plan), kOk);
          const double alpha = 2;
          EXPECT_EQ(cusparseSpSM_solve(handle, how, kPlain, &alpha, matrix, right, solution, CUDA_R_64F,
                                       CUSPARSE_SPSM_ALG_DEFAULT, plan),
                    kBad);  // not analysed
          ASSERT_EQ(cusparseSpSM_analysis(handle, how, kPlain, &alpha, matrix, right, solution, CUDA_R_64F,
                                          CUSPARSE_SPSM_ALG_DEFAULT, plan, nullptr),
                    kOk);
          ASSERT_EQ(cusparseSpSM_solve(handle, how, kPlain, &alpha, matrix, right, solution, CUDA_R_64F,
                                       CUSPARSE_SPSM_ALG_DEFAULT, plan),
                    kOk);
          wait();
          for (int k = 0; k < 2; ++k)
            for (int i = 0; i < n; ++i) {
              double sum = 0;
              for (int j = 0; j < n; ++j) sum += system(i, j) * y[size_t(j + k * n)];
              ASSERT_NEAR(sum, 2 * x[size_t(i * 2 + k)], 1e-9) << csc << fill << diagonal << how;
            }
          cusparseSpSM_destroyDescr(plan), cusparseDestroySpMat(matrix);
          cusparseDestroyDnMat(right), cusparseDestroyDnMat(solution);
        }
}

TEST_F(Cusparse, AnUpdatedDiagonalReplacesTheMatrixsOwn) {
  Shared<int> offsets{0, 1, 3}, indices{0, 0, 1};
  Shared<double> values{2, 1, 4}, x{6, 9}, y(2), fresh{3, 7};
  cusparseSpMatDescr_t a = nullptr;
  cusparseDnVecDescr_t from = nullptr, to = nullptr;
  ASSERT_EQ(cusparseCreateCsr(&a, 2, 2, 3, offsets.get(), indices.get(), values.get(), kI32, kI32, kZero,
                              CUDA_R_64F),
            kOk);
  ASSERT_EQ(cusparseCreateDnVec(&from, 2, x.get(), CUDA_R_64F), kOk);
  ASSERT_EQ(cusparseCreateDnVec(&to, 2, y.get(), CUDA_R_64F), kOk);
  cusparseSpSVDescr_t plan = nullptr;
  ASSERT_EQ(cusparseSpSV_createDescr(&plan), kOk);
  const double one = 1;
  const auto solve = [&] {
    ASSERT_EQ(
        cusparseSpSV_solve(handle, kPlain, &one, a, from, to, CUDA_R_64F, CUSPARSE_SPSV_ALG_DEFAULT, plan),
        kOk);
    wait();
  };
  ASSERT_EQ(cusparseSpSV_analysis(handle, kPlain, &one, a, from, to, CUDA_R_64F, CUSPARSE_SPSV_ALG_DEFAULT,
                                  plan, nullptr),
            kOk);
  solve();
  EXPECT_DOUBLE_EQ(y[0], 3);
  EXPECT_DOUBLE_EQ(y[1], 1.5);
  ASSERT_EQ(cusparseSpSV_updateMatrix(handle, plan, fresh.get(), CUSPARSE_SPSV_UPDATE_DIAGONAL), kOk);
  solve();
  EXPECT_DOUBLE_EQ(y[0], 2);
  EXPECT_DOUBLE_EQ(y[1], 1);
  cusparseSpSV_destroyDescr(plan), cusparseDestroySpMat(a), cusparseDestroyDnVec(from),
      cusparseDestroyDnVec(to);
}

TEST_F(Cusparse, ProductsOfTwoSparseMatrices) {
  const Plain<double> a = sparse_matrix<double>(5, 4), b = sparse_matrix<double>(4, 6);
  const Compressed<double, int> ra(a, false, 0), rb(b, false, 1);
  Shared<int> c_offsets(6);
  cusparseSpMatDescr_t sa = nullptr, sb = nullptr, sc = nullptr;
  ASSERT_EQ(cusparseCreateCsr(&sa, 5, 4, ra.nnz, ra.offsets.get(), ra.indices.get(), ra.values.get(), kI32,
                              kI32, kZero, CUDA_R_64F),
            kOk);
  ASSERT_EQ(cusparseCreateCsr(&sb, 4, 6, rb.nnz, rb.offsets.get(), rb.indices.get(), rb.values.get(), kI32,
                              kI32, kOne, CUDA_R_64F),
            kOk);
  ASSERT_EQ(cusparseCreateCsr(&sc, 5, 6, 0, c_offsets.get(), nullptr, nullptr, kI32, kI32, kZero, CUDA_R_64F),
            kOk);
  cusparseSpGEMMDescr_t plan = nullptr;
  ASSERT_EQ(cusparseSpGEMM_createDescr(&plan), kOk);
  const double alpha = 3, beta = 0;
  size_t bytes = 0;
  const auto estimate = [&](void* buffer) {
    return cusparseSpGEMM_workEstimation(handle, kPlain, kPlain, &alpha, sa, sb, &beta, sc, CUDA_R_64F,
                                         CUSPARSE_SPGEMM_DEFAULT, plan, &bytes, buffer);
  };
  const auto compute = [&](void* buffer) {
    return cusparseSpGEMM_compute(handle, kPlain, kPlain, &alpha, sa, sb, &beta, sc, CUDA_R_64F,
                                  CUSPARSE_SPGEMM_DEFAULT, plan, &bytes, buffer);
  };
  Shared<char> buffer(64);
  ASSERT_EQ(estimate(nullptr), kOk);
  ASSERT_GT(bytes, 0u);
  ASSERT_EQ(estimate(buffer.get()), kOk);
  ASSERT_EQ(compute(nullptr), kOk);
  ASSERT_EQ(compute(buffer.get()), kOk);
  int64_t rows = 0, columns = 0, nnz = 0;
  ASSERT_EQ(cusparseSpMatGetSize(sc, &rows, &columns, &nnz), kOk);
  ASSERT_GT(nnz, 0);
  Shared<int> c_indices(size_t(nnz) + 0);
  Shared<double> c_values(static_cast<size_t>(nnz));
  ASSERT_EQ(cusparseCsrSetPointers(sc, c_offsets.get(), c_indices.get(), c_values.get()), kOk);
  ASSERT_EQ(cusparseSpGEMM_copy(handle, kPlain, kPlain, &alpha, sa, sb, &beta, sc, CUDA_R_64F,
                                CUSPARSE_SPGEMM_DEFAULT, plan),
            kOk);
  Shared<double> dense(30);
  cusparseDnMatDescr_t whole = nullptr;
  ASSERT_EQ(cusparseCreateDnMat(&whole, 5, 6, 6, dense.get(), CUDA_R_64F, CUSPARSE_ORDER_ROW), kOk);
  ASSERT_EQ(cusparseSparseToDense(handle, sc, whole, CUSPARSE_SPARSETODENSE_ALG_DEFAULT, nullptr), kOk);
  wait();
  for (int i = 0; i < 5; ++i)
    for (int j = 0; j < 6; ++j) {
      double want = 0;
      for (int k = 0; k < 4; ++k) want += 3 * a(i, k) * b(k, j);
      ASSERT_NEAR(dense[size_t(i * 6 + j)], want, 1e-12);
    }

  // And back to sparse by columns.
  Shared<int> offsets(7);
  cusparseSpMatDescr_t back = nullptr;
  ASSERT_EQ(cusparseCreateCsc(&back, 5, 6, 0, offsets.get(), nullptr, nullptr, kI32, kI32, kOne, CUDA_R_64F),
            kOk);
  ASSERT_EQ(cusparseDenseToSparse_analysis(handle, whole, back, CUSPARSE_DENSETOSPARSE_ALG_DEFAULT, nullptr),
            kOk);
  ASSERT_EQ(cusparseSpMatGetSize(back, &rows, &columns, &nnz), kOk);
  Shared<int> indices(static_cast<size_t>(nnz));
  Shared<double> values(static_cast<size_t>(nnz));
  ASSERT_EQ(cusparseCscSetPointers(back, offsets.get(), indices.get(), values.get()), kOk);
  ASSERT_EQ(cusparseDenseToSparse_convert(handle, whole, back, CUSPARSE_DENSETOSPARSE_ALG_DEFAULT, nullptr),
            kOk);
  wait();
  EXPECT_EQ(offsets[0], 1);
  EXPECT_EQ(offsets[6], nnz + 1);
  for (int j = 0; j < 6; ++j)
    for (int p = offsets[size_t(j)] - 1; p < offsets[size_t(j) + 1] - 1; ++p)
      ASSERT_EQ(values[size_t(p)], dense[size_t((indices[size_t(p)] - 1) * 6 + j)]);
  cusparseDestroyDnMat(whole), cusparseSpGEMM_destroyDescr(plan);
  for (const auto matrix : {sa, sb, sc, back}) cusparseDestroySpMat(matrix);
}

TEST_F(Cusparse, ACapturedProductAnswersWhenItsGraphRuns) {
  Shared<int> indices{1, 3};
  Shared<float> values{2, 5}, dense{1, 2, 3, 4};
  cusparseSpVecDescr_t x = nullptr;
  cusparseDnVecDescr_t y = nullptr;
  ASSERT_EQ(cusparseCreateSpVec(&x, 4, 2, indices.get(), values.get(), kI32, kZero, CUDA_R_32F), kOk);
  ASSERT_EQ(cusparseCreateDnVec(&y, 4, dense.get(), CUDA_R_32F), kOk);
  cudaStream_t stream = nullptr;
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t runs = nullptr;
  float dot = 0;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  ASSERT_EQ(cusparseSetStream(handle, stream), kOk);
  ASSERT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal), cudaSuccess);
  EXPECT_EQ(cusparseSpVV(handle, kPlain, x, y, &dot, CUDA_R_32F, nullptr), kOk);
  ASSERT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  EXPECT_EQ(dot, 0);
  ASSERT_EQ(cudaGraphInstantiateWithFlags(&runs, graph, 0), cudaSuccess);
  dense[1] = 3;
  ASSERT_EQ(cudaGraphLaunch(runs, stream), cudaSuccess);
  wait();
  EXPECT_FLOAT_EQ(dot, 2 * 3 + 5 * 4);
  ASSERT_EQ(cusparseSetStream(handle, nullptr), kOk);
  cudaGraphExecDestroy(runs), cudaGraphDestroy(graph), cudaStreamDestroy(stream);
  cusparseDestroySpVec(x), cusparseDestroyDnVec(y);
}

TEST_F(Cusparse, DenseIntoGivenBlocks) {
  // By rows, with a gap behind each; of four blocks the two on the second diagonal are named.
  Shared<float> dense(4 * 5);
  for (size_t i = 0; i < dense.size(); ++i) dense[i] = float(i) + 1;
  Shared<int> blocks{1, 0};
  Shared<float> values(8);
  cusparseDnMatDescr_t from = nullptr;
  cusparseSpMatDescr_t to = nullptr;
  ASSERT_EQ(cusparseCreateDnMat(&from, 4, 4, 5, dense.get(), CUDA_R_32F, CUSPARSE_ORDER_ROW), kOk);
  ASSERT_EQ(cusparseCreateBlockedEll(&to, 4, 4, 2, 2, blocks.get(), values.get(), kI32, kZero, CUDA_R_32F),
            kOk);
  const auto algorithm = CUSPARSE_DENSETOSPARSE_ALG_DEFAULT;
  size_t bytes = 0;
  ASSERT_EQ(cusparseDenseToSparse_bufferSize(handle, from, to, algorithm, &bytes), kOk);
  ASSERT_EQ(cusparseDenseToSparse_analysis(handle, from, to, algorithm, nullptr), kOk);
  ASSERT_EQ(cusparseDenseToSparse_convert(handle, from, to, algorithm, nullptr), kOk);
  wait();
  const float want[] = {3, 4, 8, 9, 11, 12, 16, 17};
  for (size_t i = 0; i < 8; ++i) EXPECT_EQ(values[i], want[i]) << i;
  cusparseDestroyDnMat(from), cusparseDestroySpMat(to);
}

TEST_F(Cusparse, SparseVectors) {
  Shared<int> indices{1, 3};
  Shared<float> values{2, 5}, dense{1, 2, 3, 4};
  cusparseSpVecDescr_t x = nullptr;
  cusparseDnVecDescr_t y = nullptr;
  ASSERT_EQ(cusparseCreateSpVec(&x, 4, 2, indices.get(), values.get(), kI32, kZero, CUDA_R_32F), kOk);
  ASSERT_EQ(cusparseCreateDnVec(&y, 4, dense.get(), CUDA_R_32F), kOk);
  float dot = 0;
  ASSERT_EQ(cusparseSpVV(handle, kPlain, x, y, &dot, CUDA_R_32F, nullptr), kOk);
  EXPECT_FLOAT_EQ(dot, 2 * 2 + 5 * 4);  // there when the call returns
  const float alpha = 2, beta = 3;
  ASSERT_EQ(cusparseAxpby(handle, &alpha, x, &beta, y), kOk);
  wait();
  EXPECT_FLOAT_EQ(dense[1], 3 * 2 + 2 * 2);
  EXPECT_FLOAT_EQ(dense[2], 9);
  ASSERT_EQ(cusparseGather(handle, y, x), kOk);
  wait();
  EXPECT_FLOAT_EQ(values[1], dense[3]);
  values[0] = -1;
  ASSERT_EQ(cusparseScatter(handle, x, y), kOk);
  wait();
  EXPECT_FLOAT_EQ(dense[1], -1);
  const float c = 0, s = 1;  // a quarter turn
  values[1] = 7;
  ASSERT_EQ(cusparseRot(handle, &c, &s, x, y), kOk);
  wait();
  EXPECT_FLOAT_EQ(values[0], -1);
  EXPECT_FLOAT_EQ(dense[1], 1);
  EXPECT_FLOAT_EQ(dense[3], -7);
  cusparseDestroySpVec(x), cusparseDestroyDnVec(y);
}

TEST_F(Cusparse, ScalarsOnTheDevice) {
  Shared<int> offsets{0, 1}, indices{0};
  Shared<double> values{3}, x{5}, y{100}, scalars{2, 0.5};
  cusparseSpMatDescr_t a = nullptr;
  cusparseDnVecDescr_t from = nullptr, to = nullptr;
  ASSERT_EQ(cusparseCreateCsr(&a, 1, 1, 1, offsets.get(), indices.get(), values.get(), kI32, kI32, kZero,
                              CUDA_R_64F),
            kOk);
  ASSERT_EQ(cusparseCreateDnVec(&from, 1, x.get(), CUDA_R_64F), kOk);
  ASSERT_EQ(cusparseCreateDnVec(&to, 1, y.get(), CUDA_R_64F), kOk);
  ASSERT_EQ(cusparseSetPointerMode(handle, CUSPARSE_POINTER_MODE_DEVICE), kOk);
  ASSERT_EQ(cusparseSpMV(handle, kPlain, scalars.get(), a, from, scalars.get() + 1, to, CUDA_R_64F,
                         CUSPARSE_SPMV_ALG_DEFAULT, nullptr),
            kOk);
  wait();
  EXPECT_DOUBLE_EQ(y[0], 2 * 3 * 5 + 50);
  cusparseDestroySpMat(a), cusparseDestroyDnVec(from), cusparseDestroyDnVec(to);
}

TEST_F(Cusparse, IncompleteFactorsOfATridiagonalMatrixAreWhole) {
  const int n = 5;
  cusparseMatDescr_t general = nullptr;
  ASSERT_EQ(cusparseCreateMatDescr(&general), kOk);
  Plain<double> a(n, n);
  for (int i = 0; i < n; ++i) {
    a(i, i) = 4;
    if (i) a(i, i - 1) = a(i - 1, i) = -1;
  }
  const Compressed<double, int> lu(a, false, 0), chol(a, false, 0);
  csrilu02Info_t lu_info = nullptr;
  csric02Info_t chol_info = nullptr;
  ASSERT_EQ(cusparseCreateCsrilu02Info(&lu_info), kOk);
  ASSERT_EQ(cusparseCreateCsric02Info(&chol_info), kOk);
  ASSERT_EQ(cusparseDcsrilu02_analysis(handle, n, lu.nnz, general, lu.values.get(), lu.offsets.get(),
                                       lu.indices.get(), lu_info, CUSPARSE_SOLVE_POLICY_NO_LEVEL, nullptr),
            kOk);
  ASSERT_EQ(cusparseDcsrilu02(handle, n, lu.nnz, general, lu.values.get(), lu.offsets.get(), lu.indices.get(),
                              lu_info, CUSPARSE_SOLVE_POLICY_NO_LEVEL, nullptr),
            kOk);
  ASSERT_EQ(cusparseDcsric02(handle, n, chol.nnz, general, chol.values.get(), chol.offsets.get(),
                             chol.indices.get(), chol_info, CUSPARSE_SOLVE_POLICY_NO_LEVEL, nullptr),
            kOk);
  int position = 0;
  EXPECT_EQ(cusparseXcsrilu02_zeroPivot(handle, lu_info, &position), kOk);
  EXPECT_EQ(position, -1);
  Plain<double> l(n, n), u(n, n), g(n, n);
  for (int p = 0; p < lu.nnz; ++p) {
    const int i = lu.lines[size_t(p)], j = lu.indices[size_t(p)];
    (j < i ? l : u)(i, j) = lu.values[size_t(p)];
    if (j <= i) g(i, j) = chol.values[size_t(p)];
  }
  for (int i = 0; i < n; ++i) l(i, i) = 1;
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      double lu_product = 0, chol_product = 0;
      for (int k = 0; k < n; ++k) lu_product += l(i, k) * u(k, j), chol_product += g(i, k) * g(j, k);
      ASSERT_NEAR(lu_product, a(i, j), 1e-12);
      ASSERT_NEAR(chol_product, a(i, j), 1e-12);
    }
  Shared<int> offsets{0, 1, 2}, indices{0, 1};
  Shared<double> values{1, 0};
  ASSERT_EQ(cusparseDcsrilu02(handle, 2, 2, general, values.get(), offsets.get(), indices.get(), lu_info,
                              CUSPARSE_SOLVE_POLICY_NO_LEVEL, nullptr),
            kOk);
  EXPECT_EQ(cusparseXcsrilu02_zeroPivot(handle, lu_info, &position), CUSPARSE_STATUS_ZERO_PIVOT);
  EXPECT_EQ(position, 1);
  cusparseDestroyCsrilu02Info(lu_info), cusparseDestroyCsric02Info(chol_info),
      cusparseDestroyMatDescr(general);
}

TEST_F(Cusparse, BandedSystems) {
  const int m = 6;
  Shared<double> dl(m), d(m), du(m), b(m), ds(m), dw(m);
  for (int i = 0; i < m; ++i) {
    dl[size_t(i)] = i ? 3 + i : 0, d[size_t(i)] = i % 2 ? 0.5 : 1, du[size_t(i)] = i < m - 1 ? 2 : 0;
    ds[size_t(i)] = i > 1 ? 1.5 : 0, dw[size_t(i)] = i < m - 2 ? -1 : 0;
    b[size_t(i)] = i + 1;
  }
  const std::vector<double> l(dl.begin(), dl.end()), c(d.begin(), d.end()), u(du.begin(), du.end());
  ASSERT_EQ(cusparseDgtsv2(handle, m, 1, dl.get(), d.get(), du.get(), b.get(), m, nullptr), kOk);
  wait();
  for (int i = 0; i < m; ++i) {
    const size_t k = size_t(i);
    EXPECT_NEAR((i ? l[k] * b[k - 1] : 0) + c[k] * b[k] + (i < m - 1 ? u[k] * b[k + 1] : 0), i + 1, 1e-10);
  }
  Shared<double> x(m);
  for (int i = 0; i < m; ++i) x[size_t(i)] = i + 1;
  ASSERT_EQ(cusparseDgpsvInterleavedBatch(handle, 0, m, ds.get(), dl.get(), d.get(), du.get(), dw.get(),
                                          x.get(), 1, nullptr),
            kOk);
  wait();
  for (int i = 0; i < m; ++i) {
    const auto at = [&](int k) { return k >= 0 && k < m ? x[size_t(k)] : 0; };
    EXPECT_NEAR((i > 1 ? 1.5 : 0) * at(i - 2) + l[size_t(i)] * at(i - 1) + c[size_t(i)] * at(i) +
                    u[size_t(i)] * at(i + 1) - (i < m - 2 ? 1 : 0) * at(i + 2),
                i + 1, 1e-10);
  }
}

TEST_F(Cusparse, ConversionsSortsAndSums) {
  cusparseMatDescr_t general = nullptr;
  ASSERT_EQ(cusparseCreateMatDescr(&general), kOk);
  Shared<int> rows{0, 0, 2, 2, 2}, offsets(4), columns{4, 1, 3, 0, 2}, p(5);
  ASSERT_EQ(cusparseXcoo2csr(handle, rows.get(), 5, 3, offsets.get(), kZero), kOk);
  ASSERT_EQ(cusparseCreateIdentityPermutation(handle, 5, p.get()), kOk);
  ASSERT_EQ(cusparseXcsrsort(handle, 3, 5, 5, general, offsets.get(), columns.get(), p.get(), nullptr), kOk);
  wait();
  EXPECT_TRUE(std::equal(offsets.begin(), offsets.end(), std::vector<int>{0, 2, 2, 5}.begin()));
  EXPECT_TRUE(std::equal(columns.begin(), columns.end(), std::vector<int>{1, 4, 0, 2, 3}.begin()));
  EXPECT_TRUE(std::equal(p.begin(), p.end(), std::vector<int>{1, 0, 3, 4, 2}.begin()));

  // A + A^T of a 2 x 2 matrix, A = [1 2; 0 3].
  Shared<int> ao{0, 2, 3}, ac{0, 1, 1}, bo(3), bc(3), co(3), cc(4);
  Shared<float> av{1, 2, 3}, bv(3), cv(4);
  ASSERT_EQ(
      cusparseCsr2cscEx2(handle, 2, 2, 3, av.get(), ao.get(), ac.get(), bv.get(), bo.get(), bc.get(),
                         CUDA_R_32F, CUSPARSE_ACTION_NUMERIC, kZero, CUSPARSE_CSR2CSC_ALG_DEFAULT, nullptr),
      kOk);
  int total = 0;
  ASSERT_EQ(cusparseXcsrgeam2Nnz(handle, 2, 2, general, 3, ao.get(), ac.get(), general, 3, bo.get(), bc.get(),
                                 general, co.get(), &total, nullptr),
            kOk);
  ASSERT_EQ(total, 4);
  const float one = 1;
  ASSERT_EQ(cusparseScsrgeam2(handle, 2, 2, &one, general, 3, av.get(), ao.get(), ac.get(), &one, general, 3,
                              bv.get(), bo.get(), bc.get(), general, cv.get(), co.get(), cc.get(), nullptr),
            kOk);
  wait();
  EXPECT_TRUE(std::equal(cv.begin(), cv.end(), std::vector<float>{2, 2, 2, 6}.begin()));

  Shared<int> block_offsets(2), block_columns(1), back_offsets(3), back_columns(4);
  Shared<float> blocks(4), back(4);
  ASSERT_EQ(cusparseXcsr2bsrNnz(handle, CUSPARSE_DIRECTION_COLUMN, 2, 2, general, ao.get(), ac.get(), 2,
                                general, block_offsets.get(), &total),
            kOk);
  ASSERT_EQ(total, 1);
  ASSERT_EQ(cusparseScsr2bsr(handle, CUSPARSE_DIRECTION_COLUMN, 2, 2, general, av.get(), ao.get(), ac.get(),
                             2, general, blocks.get(), block_offsets.get(), block_columns.get()),
            kOk);
  ASSERT_EQ(
      cusparseSbsr2csr(handle, CUSPARSE_DIRECTION_COLUMN, 1, 1, general, blocks.get(), block_offsets.get(),
                       block_columns.get(), 2, general, back.get(), back_offsets.get(), back_columns.get()),
      kOk);
  wait();
  EXPECT_TRUE(std::equal(blocks.begin(), blocks.end(), std::vector<float>{1, 0, 2, 3}.begin()));
  EXPECT_TRUE(std::equal(back.begin(), back.end(), std::vector<float>{1, 2, 0, 3}.begin()));
  EXPECT_EQ(cusparseDestroyMatDescr(general), kOk);
}

TEST_F(Cusparse, WrongArgumentsGetTheirDocumentedStatus) {
  Shared<int> offsets{0, 1}, indices{0};
  Shared<double> values{1};
  cusparseSpMatDescr_t a = nullptr;
  EXPECT_EQ(cusparseCreateCsr(&a, -1, 1, 1, offsets.get(), indices.get(), values.get(), kI32, kI32, kZero,
                              CUDA_R_64F),
            kBad);
  EXPECT_EQ(cusparseCreateCsr(nullptr, 1, 1, 1, offsets.get(), indices.get(), values.get(), kI32, kI32, kZero,
                              CUDA_R_64F),
            kBad);
  ASSERT_EQ(cusparseCreateCsr(&a, 1, 1, 1, offsets.get(), indices.get(), values.get(), kI32, kI32, kZero,
                              CUDA_R_64F),
            kOk);
  cusparseDnVecDescr_t x = nullptr, longer = nullptr;
  ASSERT_EQ(cusparseCreateDnVec(&x, 1, values.get(), CUDA_R_64F), kOk);
  ASSERT_EQ(cusparseCreateDnVec(&longer, 2, values.get(), CUDA_R_64F), kOk);
  const double one = 1;
  const auto multiply = [&](cusparseHandle_t h, cusparseDnVecDescr_t y, cudaDataType compute) {
    return cusparseSpMV(h, kPlain, &one, a, x, &one, y, compute, CUSPARSE_SPMV_ALG_DEFAULT, nullptr);
  };
  EXPECT_EQ(multiply(nullptr, x, CUDA_R_64F), CUSPARSE_STATUS_NOT_INITIALIZED);
  EXPECT_EQ(multiply(handle, longer, CUDA_R_64F), kBad);
  EXPECT_EQ(multiply(handle, nullptr, CUDA_R_64F), kBad);
  EXPECT_EQ(multiply(handle, x, CUDA_R_16F), CUSPARSE_STATUS_NOT_SUPPORTED);
  testing::internal::CaptureStderr();
  EXPECT_EQ(multiply(handle, x, CUDA_C_64F), CUSPARSE_STATUS_NOT_SUPPORTED);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("cusparseSpMV"), std::string::npos);
  int64_t rows = 0, columns = 0, nnz = 0;
  EXPECT_EQ(cusparseSpMatGetSize(a, &rows, nullptr, &nnz), kBad);
  EXPECT_EQ(cusparseSpMatGetSize(a, &rows, &columns, &nnz), kOk);
  EXPECT_EQ(cusparseDestroySpMat(a), kOk);
  EXPECT_EQ(cusparseDestroySpMat(a), kBad);
  cusparseDestroyDnVec(x), cusparseDestroyDnVec(longer);
}

}  // namespace
