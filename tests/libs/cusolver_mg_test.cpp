// cuSOLVER on several devices: matrices spread over two devices, a part of one among them, against what their
// factors multiply to; and the answers to wrong arguments. main asks for two devices.
#include <cusolverMg.h>

#include <cmath>
#include <complex>
#include <cstdlib>
#include <memory>
#include <vector>

#include "shared_array.h"

namespace {

using libs_test::Shared;
constexpr auto kOk = CUSOLVER_STATUS_SUCCESS, kBad = CUSOLVER_STATUS_INVALID_VALUE;

template <class T>
constexpr cudaDataType kType = std::is_same_v<T, float>    ? CUDA_R_32F
                               : std::is_same_v<T, double> ? CUDA_R_64F
                                                           : CUDA_C_64F;

class CusolverMg : public testing::Test {
 protected:
  static constexpr int kDevices = 2;
  void SetUp() override {
    int devices[kDevices] = {0, 1};
    ASSERT_EQ(cusolverMgCreate(&handle), kOk);
    ASSERT_EQ(cusolverMgDeviceSelect(handle, kDevices, devices), kOk);
    ASSERT_EQ(cusolverMgCreateDeviceGrid(&grid, 1, kDevices, devices, CUDALIBMG_GRID_MAPPING_COL_MAJOR), kOk);
  }
  void TearDown() override {
    EXPECT_EQ(cusolverMgDestroyGrid(grid), kOk);
    EXPECT_EQ(cusolverMgDestroy(handle), kOk);
  }
  cusolverMgHandle_t handle = nullptr;
  cudaLibMgGrid_t grid = nullptr;
  int info = -1;
};

/// A matrix of `columns` in blocks of `block`, one array a device; element (i, j) counts from 0.
template <class T>
class Spread {
 public:
  Spread(cudaLibMgGrid_t grid, int rows, int columns, int block, bool described = true)
      : rows_(rows), block_(block) {
    if (described) {
      EXPECT_EQ(cusolverMgCreateMatrixDesc(&descriptor, rows, columns, rows, block, kType<T>, grid), kOk);
    }
    const int tiles = (columns + block - 1) / block;
    for (int d = 0; d < 2; ++d) {
      parts_.push_back(std::make_unique<Shared<T>>(size_t((tiles + 1) / 2 * block * rows)));
      pointers.push_back(parts_.back()->get());
    }
  }
  ~Spread() {
    if (descriptor) EXPECT_EQ(cusolverMgDestroyMatrixDesc(descriptor), kOk);
  }
  T& at(int i, int j) const {
    const int tile = j / block_;
    return (*parts_[size_t(tile % 2)])[size_t((tile / 2 * block_ + j % block_) * rows_ + i)];
  }
  void** data() { return reinterpret_cast<void**>(pointers.data()); }
  cudaLibMgMatrixDesc_t descriptor = nullptr;
  std::vector<T*> pointers;

 private:
  int rows_, block_;
  std::vector<std::unique_ptr<Shared<T>>> parts_;
};

double value(int i, int j) {
  return double((i * 37 + j * 101 + i * j * 7) % 64 - 32) / 16;
}
// Differs from its transpose, and has a dominant diagonal.
void set(std::complex<double>& x, int i, int j) {
  x = {value(i, j) + (i == j ? 40 : 0), i == j ? 0 : value(j + 3, i)};
}
template <class T>
void set(T& x, int i, int j) {
  x = T(value(i, j) + (i == j ? 40 : 0));
}

template <class T>
void lu_solves(cusolverMgHandle_t handle, cudaLibMgGrid_t grid, double bound) {
  constexpr int n = 11, nrhs = 3;
  // The system is the lower right part of a larger matrix, which must stay as it is around it.
  Spread<T> a(grid, n + 1, n + 2, 2), b(grid, n, nrhs, 2);
  Spread<int> pivots(grid, 1, n + 2, 2, false);
  for (int j = 0; j < n + 2; ++j)
    for (int i = 0; i < n + 1; ++i) set(a.at(i, j), i, j - 1);  // the diagonal of the part
  std::vector<T> whole(size_t(n * n));
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i) whole[size_t(i + j * n)] = a.at(i + 1, j + 2);
  for (int j = 0; j < nrhs; ++j)
    for (int i = 0; i < n; ++i) b.at(i, j) = T(value(i, j + 1));
  const T edge = a.at(0, 5), before = a.at(4, 1);
  int64_t factor_size = 0, solve_size = 0;
  int info = -1;
  const auto type = kType<T>;
  ASSERT_EQ(cusolverMgGetrf_bufferSize(handle, n, n, a.data(), 2, 3, a.descriptor, pivots.pointers.data(),
                                       type, &factor_size),
            kOk);
  ASSERT_EQ(
      cusolverMgGetrs_bufferSize(handle, CUBLAS_OP_N, n, nrhs, a.data(), 2, 3, a.descriptor,
                                 pivots.pointers.data(), b.data(), 1, 1, b.descriptor, type, &solve_size),
      kOk);
  ASSERT_EQ(cusolverMgGetrf(handle, n, n, a.data(), 2, 3, a.descriptor, pivots.pointers.data(), type, nullptr,
                            factor_size, &info),
            kOk);
  ASSERT_EQ(info, 0);
  EXPECT_GE(pivots.at(0, 2), 1);
  EXPECT_EQ(pivots.at(0, 2 + n - 1), n);
  for (const auto trans : {CUBLAS_OP_N, CUBLAS_OP_T}) {
    Spread<T> x(grid, n, nrhs, 2);
    for (int j = 0; j < nrhs; ++j)
      for (int i = 0; i < n; ++i) x.at(i, j) = b.at(i, j);
    ASSERT_EQ(cusolverMgGetrs(handle, trans, n, nrhs, a.data(), 2, 3, a.descriptor, pivots.pointers.data(),
                              x.data(), 1, 1, x.descriptor, type, nullptr, solve_size, &info),
              kOk);
    for (int j = 0; j < nrhs; ++j)
      for (int i = 0; i < n; ++i) {
        T sum = 0;
        for (int k = 0; k < n; ++k)
          sum += whole[size_t(trans == CUBLAS_OP_N ? i + k * n : k + i * n)] * x.at(k, j);
        ASSERT_NEAR(std::abs(sum - b.at(i, j)), 0, bound) << i << ' ' << j << ' ' << trans;
      }
  }
  EXPECT_EQ(a.at(0, 5), edge);
  EXPECT_EQ(a.at(4, 1), before);
}
TEST_F(CusolverMg, LuSolves) {
  lu_solves<float>(handle, grid, 1e-4);
  lu_solves<double>(handle, grid, 1e-12);
  lu_solves<std::complex<double>>(handle, grid, 1e-12);
}

TEST_F(CusolverMg, CholeskySolvesAndInverts) {
  constexpr int n = 9;
  for (const auto uplo : {CUBLAS_FILL_MODE_LOWER, CUBLAS_FILL_MODE_UPPER}) {
    Spread<double> a(grid, n, n, 3), b(grid, n, 1, 1);
    const auto element = [](int i, int j) { return value(i * j, i + j) + (i == j ? 40 : 0); };
    for (int j = 0; j < n; ++j)
      for (int i = 0; i < n; ++i) a.at(i, j) = element(i, j);
    for (int i = 0; i < n; ++i) b.at(i, 0) = value(i, 2);
    int64_t size = 0;
    const auto type = CUDA_R_64F;
    ASSERT_EQ(cusolverMgPotrf_bufferSize(handle, uplo, n, a.data(), 1, 1, a.descriptor, type, &size), kOk);
    ASSERT_EQ(cusolverMgPotrf(handle, uplo, n, a.data(), 1, 1, a.descriptor, type, nullptr, size, &info),
              kOk);
    ASSERT_EQ(info, 0);
    ASSERT_EQ(cusolverMgPotrs_bufferSize(handle, uplo, n, 1, a.data(), 1, 1, a.descriptor, b.data(), 1, 1,
                                         b.descriptor, type, &size),
              kOk);
    ASSERT_EQ(cusolverMgPotrs(handle, uplo, n, 1, a.data(), 1, 1, a.descriptor, b.data(), 1, 1, b.descriptor,
                              type, nullptr, size, &info),
              kOk);
    for (int i = 0; i < n; ++i) {
      double sum = 0;
      for (int k = 0; k < n; ++k) sum += element(i, k) * b.at(k, 0);
      ASSERT_NEAR(sum, value(i, 2), 1e-12);
    }
    ASSERT_EQ(cusolverMgPotri_bufferSize(handle, uplo, n, a.data(), 1, 1, a.descriptor, type, &size), kOk);
    ASSERT_EQ(cusolverMgPotri(handle, uplo, n, a.data(), 1, 1, a.descriptor, type, nullptr, size, &info),
              kOk);
    for (int j = 0; j < n; ++j)
      for (int i = 0; i < n; ++i) {
        double sum = 0;
        for (int k = 0; k < n; ++k) {
          const bool given = uplo == CUBLAS_FILL_MODE_LOWER ? k >= j : k <= j;
          sum += element(i, k) * (given ? a.at(k, j) : a.at(j, k));
        }
        ASSERT_NEAR(sum, i == j, 1e-12) << i << ' ' << j;
      }
  }
}
TEST_F(CusolverMg, ANegativeMinorIsNamed) {
  Spread<double> a(grid, 4, 4, 1);
  for (int i = 0; i < 4; ++i) a.at(i, i) = i == 2 ? -1 : 1;
  ASSERT_EQ(cusolverMgPotrf(handle, CUBLAS_FILL_MODE_LOWER, 4, a.data(), 1, 1, a.descriptor, CUDA_R_64F,
                            nullptr, 1, &info),
            kOk);
  EXPECT_EQ(info, 3);
}

TEST_F(CusolverMg, EigenvectorsAreScaledOnly) {
  constexpr int n = 8;
  using C = std::complex<double>;
  Spread<C> a(grid, n, n, 3);
  const auto element = [](int i, int j) {
    return C(value(i + j, i * j), i == j ? 0 : (i < j ? 1 : -1) * value(i + j, 3));
  };
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i) a.at(i, j) = element(i, j);
  int64_t size = 0;
  double w[n] = {};
  const auto job = CUSOLVER_EIG_MODE_VECTOR;
  const auto uplo = CUBLAS_FILL_MODE_LOWER;
  ASSERT_EQ(cusolverMgSyevd_bufferSize(handle, job, uplo, n, a.data(), 1, 1, a.descriptor, w, CUDA_R_64F,
                                       CUDA_C_64F, &size),
            kOk);
  ASSERT_EQ(cusolverMgSyevd(handle, job, uplo, n, a.data(), 1, 1, a.descriptor, w, CUDA_R_64F, CUDA_C_64F,
                            nullptr, size, &info),
            kOk);
  ASSERT_EQ(info, 0);
  for (int j = 0; j < n; ++j) {
    if (j) EXPECT_LE(w[j - 1], w[j]);
    double length = 0;
    for (int i = 0; i < n; ++i) {
      C sum = 0;
      for (int k = 0; k < n; ++k) sum += element(i, k) * a.at(k, j);
      ASSERT_NEAR(std::abs(sum - w[j] * a.at(i, j)), 0, 1e-12);
      length += std::norm(a.at(i, j));
    }
    EXPECT_NEAR(length, 1, 1e-12);
  }
}

TEST_F(CusolverMg, WrongArgumentsAreRefused) {
  int devices[2] = {0, 7};
  EXPECT_EQ(cusolverMgDeviceSelect(handle, 2, devices), kBad);
  cudaLibMgGrid_t tall = nullptr;
  EXPECT_EQ(cusolverMgCreateDeviceGrid(&tall, 2, 1, devices, CUDALIBMG_GRID_MAPPING_COL_MAJOR), kBad);
  cudaLibMgMatrixDesc_t desc = nullptr;
  EXPECT_EQ(cusolverMgCreateMatrixDesc(&desc, 4, 4, 2, 2, CUDA_R_64F, grid), kBad);
  EXPECT_EQ(cusolverMgCreateMatrixDesc(&desc, 4, 4, 4, 2, CUDA_R_16F, grid), kBad);
  Spread<double> a(grid, 4, 4, 2);
  int64_t size = 0;
  const auto lower = CUBLAS_FILL_MODE_LOWER;
  EXPECT_EQ(cusolverMgPotrf_bufferSize(handle, lower, 4, a.data(), 2, 1, a.descriptor, CUDA_R_64F, &size),
            kBad);
  EXPECT_EQ(cusolverMgPotrf_bufferSize(handle, lower, 4, a.data(), 1, 1, a.descriptor, CUDA_R_32F, &size),
            kBad);
  EXPECT_EQ(cusolverMgPotrf_bufferSize(nullptr, lower, 4, a.data(), 1, 1, a.descriptor, CUDA_R_64F, &size),
            CUSOLVER_STATUS_NOT_INITIALIZED);
}

}  // namespace

int main(int argc, char** argv) {
  setenv("PPU_DEVICES", "2", 1);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
