// cuBLAS's first interface: its state and errors, and that a row hands every argument on to the current
// function. What the functions compute is tested with those.
#include <cublas.h>
#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <vector>

namespace {

class Legacy : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(cublasInit(), CUBLAS_STATUS_SUCCESS); }
  void TearDown() override {
    EXPECT_EQ(cublasGetError(), CUBLAS_STATUS_SUCCESS);
    EXPECT_EQ(cublasShutdown(), CUBLAS_STATUS_SUCCESS);
  }
  /// Device memory with these numbers, freed with the process.
  template <class T>
  static T* device(const std::vector<T>& host) {
    void* pointer = nullptr;
    EXPECT_EQ(cublasAlloc(int(host.size()), sizeof(T), &pointer), CUBLAS_STATUS_SUCCESS);
    EXPECT_EQ(cublasSetVector(int(host.size()), sizeof(T), host.data(), 1, pointer, 1),
              CUBLAS_STATUS_SUCCESS);
    return static_cast<T*>(pointer);
  }
  template <class T>
  static std::vector<T> host(const T* pointer, size_t count) {
    std::vector<T> values(count);
    EXPECT_EQ(cublasGetVector(int(count), sizeof(T), pointer, 1, values.data(), 1), CUBLAS_STATUS_SUCCESS);
    return values;
  }
};

TEST(LegacyState, NothingBeforeInit) {
  EXPECT_EQ(cublasShutdown(), CUBLAS_STATUS_NOT_INITIALIZED);
  void* pointer = nullptr;
  EXPECT_EQ(cublasAlloc(1, 4, &pointer), CUBLAS_STATUS_NOT_INITIALIZED);
  cublasSscal(1, 2.0f, nullptr, 1);
  EXPECT_EQ(cublasGetError(), CUBLAS_STATUS_NOT_INITIALIZED);
  EXPECT_EQ(cublasGetError(), CUBLAS_STATUS_SUCCESS);  // said once
}

TEST_F(Legacy, ScalarsAndResultsByValue) {
  float* const x = device<float>({1, -2, 3, 4});
  float* const y = device<float>({1, 1, 1, 1});
  cublasSaxpy(4, 2.0f, x, 1, y, 1);
  EXPECT_EQ(host(y, 4), (std::vector<float>{3, -3, 7, 9}));
  EXPECT_EQ(cublasSdot(4, x, 1, y, 1), 3 + 6 + 21 + 36);
  EXPECT_EQ(cublasSasum(4, x, 1), 10);
  EXPECT_EQ(cublasIsamax(4, x, 1), 4);
  EXPECT_EQ(cublasIsamin(2, x, 2), 1);
  EXPECT_EQ(cublasDnrm2(2, device<double>({3, 4}), 1), 5);
  const cuComplex* const z = device<cuComplex>({{1, 2}, {3, -1}});
  const cuComplex plain = cublasCdotu(2, z, 1, z, 1), conjugate = cublasCdotc(2, z, 1, z, 1);
  EXPECT_TRUE(plain.x == 5 && plain.y == -2);
  EXPECT_TRUE(conjugate.x == 15 && conjugate.y == 0);
  cuComplex* const scaled = device<cuComplex>({{1, 2}});
  cublasCsscal(1, 3.0f, scaled, 1);
  EXPECT_EQ(host(scaled, 1)[0].y, 6);
}

TEST_F(Legacy, LettersChooseTheOptions) {
  const double* const a = device<double>({1, 2, 3, 4});  // columns (1 2), (3 4)
  const double* const b = device<double>({1, 0, 1, 1});
  double* const c = device<double>({1, 1, 1, 1});
  cublasDgemm('t', 'N', 2, 2, 2, 1.0, a, 2, b, 2, 10.0, c, 2);
  EXPECT_EQ(host(c, 4), (std::vector<double>{11, 13, 13, 17}));
  double* const x = device<double>({1, 1});
  cublasDtrmv('U', 'N', 'U', 2, a, 2, x, 1);  // ones on the diagonal, 3 above it
  EXPECT_EQ(host(x, 2), (std::vector<double>{4, 1}));
  double* const in_place = device<double>({1, 0, 0, 1});
  cublasDtrmm('L', 'L', 'N', 'N', 2, 2, 2.0, a, 2, in_place, 2);
  EXPECT_EQ(host(in_place, 4), (std::vector<double>{2, 4, 0, 8}));
}

TEST_F(Legacy, BadArgumentsAreKept) {
  float* const x = device<float>({1});
  cublasSgemv('x', 1, 1, 1.0f, x, 1, x, 1, 0.0f, x, 1);
  cublasSscal(1, 2.0f, x, 1);  // a good call doesn't hide it
  EXPECT_EQ(cublasGetError(), CUBLAS_STATUS_INVALID_VALUE);
  void* pointer = nullptr;
  EXPECT_EQ(cublasAlloc(0, 4, &pointer), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(cublasGetError(), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(cublasFree(x), CUBLAS_STATUS_SUCCESS);
}

}  // namespace
