// cuSOLVER, dense: every factorization against what its factors multiply to, the documented answers to wrong
// arguments, and work in captured streams.
#include <cusolverDn.h>

#include <cmath>
#include <complex>
#include <thread>
#include <vector>

#include "shared_array.h"

namespace {

using libs_test::Shared;
using Complex = std::complex<double>;
constexpr auto kOk = CUSOLVER_STATUS_SUCCESS;
constexpr auto kUpper = CUBLAS_FILL_MODE_UPPER, kLower = CUBLAS_FILL_MODE_LOWER;
constexpr auto kVectors = CUSOLVER_EIG_MODE_VECTOR;

double value(size_t i) {
  return double(int(i * 2654435761u >> 7 & 63) - 32) / 16;
}
void fill(const Shared<double>& a, size_t seed) {
  for (size_t i = 0; i < a.size(); ++i) a[i] = value(i + seed * 1000);
}
void fill_symmetric(const Shared<double>& a, int n, double diagonal) {
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i) a[size_t(i + j * n)] = value(size_t(i * j + i + j)) + (i == j ? diagonal : 0);
}
std::vector<double> copy(const Shared<double>& a) {
  return std::vector<double>(a.begin(), a.end());
}
/// op(A) B of m x k and k x n.
std::vector<double> product(const double* a, bool transposed, const double* b, int m, int k, int n) {
  std::vector<double> c(size_t(m * n), 0);
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < m; ++i)
      for (int l = 0; l < k; ++l)
        c[size_t(i + j * m)] += (transposed ? a[l + i * k] : a[i + l * m]) * b[l + j * k];
  return c;
}
void expect_near(const std::vector<double>& x, const double* y, double bound = 1e-10) {
  for (size_t i = 0; i < x.size(); ++i) ASSERT_NEAR(x[i], y[i], bound) << i;
}

class Cusolver : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(cusolverDnCreate(&handle), kOk); }
  void TearDown() override { EXPECT_EQ(cusolverDnDestroy(handle), kOk); }
  void wait() { ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess); }
  cusolverDnHandle_t handle = nullptr;
  Shared<int> info{1};
  Shared<double> work{4096};
  Shared<Complex> complex_work{4096};
  cuDoubleComplex* z(Complex* p) { return reinterpret_cast<cuDoubleComplex*>(p); }
};

TEST_F(Cusolver, CholeskySolvesAndInverts) {
  const int n = 7;
  for (const auto uplo : {kUpper, kLower}) {
    Shared<double> a(n * n), b(n * 2);
    fill_symmetric(a, n, 4 * n), fill(b, 1);
    const auto whole = copy(a), right = copy(b);
    int size = 0;
    ASSERT_EQ(cusolverDnDpotrf_bufferSize(handle, uplo, n, a.get(), n, &size), kOk);
    ASSERT_GT(size, 0);
    ASSERT_EQ(cusolverDnDpotrf(handle, uplo, n, a.get(), n, work.get(), size, info.get()), kOk);
    ASSERT_EQ(cusolverDnDpotrs(handle, uplo, n, 2, a.get(), n, b.get(), n, info.get()), kOk);
    wait();
    ASSERT_EQ(info[0], 0);
    expect_near(product(whole.data(), false, b.get(), n, n, 2), right.data());
    ASSERT_EQ(cusolverDnDpotri(handle, uplo, n, a.get(), n, work.get(), size, info.get()), kOk);
    wait();
    for (int j = 0; j < n; ++j)  // one triangle is written
      for (int i = 0; i < n; ++i)
        if (uplo == kUpper ? i > j : i < j) a[size_t(i + j * n)] = a[size_t(j + i * n)];
    const auto one = product(whole.data(), false, a.get(), n, n, n);
    for (int i = 0; i < n * n; ++i) ASSERT_NEAR(one[size_t(i)], i % (n + 1) == 0, 1e-10);
  }
}

TEST_F(Cusolver, AMatrixThatIsNotPositiveDefiniteNamesItsMinor) {
  Shared<double> a{4, 0, 0, 0, -1, 0, 0, 0, 9};
  ASSERT_EQ(cusolverDnDpotrf(handle, kLower, 3, a.get(), 3, work.get(), 64, info.get()), kOk);
  wait();
  EXPECT_EQ(info[0], 2);
}

TEST_F(Cusolver, LuSolvesWithAndWithoutPivots) {
  const int n = 6;
  for (const bool pivoted : {true, false})
    for (const bool transposed : {true, false}) {
      Shared<double> a(n * n), b(n * 3);
      Shared<int> pivots(n);
      fill_symmetric(a, n, 3 * n), fill(b, 2);
      a[1] += 5;  // not symmetric any more
      const auto whole = copy(a), right = copy(b);
      int* at = pivoted ? pivots.get() : nullptr;
      ASSERT_EQ(cusolverDnDgetrf(handle, n, n, a.get(), n, work.get(), at, info.get()), kOk);
      ASSERT_EQ(cusolverDnDgetrs(handle, transposed ? CUBLAS_OP_T : CUBLAS_OP_N, n, 3, a.get(), n, at,
                                 b.get(), n, info.get()),
                kOk);
      wait();
      ASSERT_EQ(info[0], 0);
      expect_near(product(whole.data(), transposed, b.get(), n, n, 3), right.data());
    }
  Shared<double> singular{1, 2, 2, 4};
  Shared<int> pivots(2);
  ASSERT_EQ(cusolverDnDgetrf(handle, 2, 2, singular.get(), 2, work.get(), pivots.get(), info.get()), kOk);
  wait();
  EXPECT_EQ(info[0], 2);
}

TEST_F(Cusolver, QrGivesItsMatrixBack) {
  const int m = 9, n = 5;
  Shared<double> a(m * n), tau(n), q(m * n), c(m * n);
  fill(a, 3);
  const auto whole = copy(a);
  std::copy(a.begin(), a.end(), c.begin());
  ASSERT_EQ(cusolverDnDgeqrf(handle, m, n, a.get(), m, tau.get(), work.get(), 64, info.get()), kOk);
  wait();
  std::copy(a.begin(), a.end(), q.begin());
  std::vector<double> r(n * n, 0);
  for (int j = 0; j < n; ++j)
    for (int i = 0; i <= j; ++i) r[size_t(i + j * n)] = a[size_t(i + j * m)];
  ASSERT_EQ(cusolverDnDorgqr(handle, m, n, n, q.get(), m, tau.get(), work.get(), 64, info.get()), kOk);
  ASSERT_EQ(cusolverDnDormqr(handle, CUBLAS_SIDE_LEFT, CUBLAS_OP_T, m, n, n, a.get(), m, tau.get(), c.get(),
                             m, work.get(), 64, info.get()),
            kOk);
  wait();
  expect_near(product(q.get(), false, r.data(), m, n, n), whole.data());
  for (int j = 0; j < n; ++j)  // Q^T A is R above zeros
    for (int i = 0; i < m; ++i) ASSERT_NEAR(c[size_t(i + j * m)], i <= j ? r[size_t(i + j * n)] : 0, 1e-10);
}

/// A V = V W for the first `count` eigenvalues.
void expect_eigen(const std::vector<double>& a, const Shared<double>& v, const Shared<double>& w, int n,
                  int count) {
  const auto av = product(a.data(), false, v.get(), n, n, count);
  for (int j = 0; j < count; ++j)
    for (int i = 0; i < n; ++i)
      ASSERT_NEAR(av[size_t(i + j * n)], v[size_t(i + j * n)] * w[size_t(j)], 1e-10);
}

TEST_F(Cusolver, EigenvaluesAscendAndHaveTheirVectors) {
  const int n = 8;
  Shared<double> a(n * n), w(n), all(n);
  fill_symmetric(a, n, 0);
  const auto whole = copy(a);
  int size = 0;
  ASSERT_EQ(cusolverDnDsyevd_bufferSize(handle, kVectors, kLower, n, a.get(), n, w.get(), &size), kOk);
  ASSERT_EQ(cusolverDnDsyevd(handle, kVectors, kLower, n, a.get(), n, w.get(), work.get(), size, info.get()),
            kOk);
  wait();
  EXPECT_TRUE(std::is_sorted(w.begin(), w.end()));
  expect_eigen(whole, a, w, n, n);
  std::copy(w.begin(), w.end(), all.begin());

  std::copy(whole.begin(), whole.end(), a.begin());
  int found = 0;
  ASSERT_EQ(cusolverDnDsyevdx(handle, kVectors, CUSOLVER_EIG_RANGE_I, kUpper, n, a.get(), n, 0, 0, 3, 5,
                              &found, w.get(), work.get(), size, info.get()),
            kOk);
  wait();
  ASSERT_EQ(found, 3);
  EXPECT_NEAR(w[0], all[2], 1e-10);
  expect_eigen(whole, a, w, n, 3);
  std::copy(whole.begin(), whole.end(), a.begin());
  ASSERT_EQ(cusolverDnDsyevdx(handle, kVectors, CUSOLVER_EIG_RANGE_V, kUpper, n, a.get(), n, all[1] - 1e-6,
                              all[4] + 1e-6, 0, 0, &found, w.get(), work.get(), size, info.get()),
            kOk);
  EXPECT_EQ(found, 4);  // known when the call returns
  expect_eigen(whole, a, w, n, 4);
}

TEST_F(Cusolver, JacobiTellsResidualAndSweeps) {
  const int n = 5;
  Shared<double> a(n * n), w(n);
  fill_symmetric(a, n, 0);
  const auto whole = copy(a);
  syevjInfo_t parameters = nullptr;
  ASSERT_EQ(cusolverDnCreateSyevjInfo(&parameters), kOk);
  EXPECT_EQ(cusolverDnXsyevjSetTolerance(parameters, 1e-7), kOk);
  EXPECT_EQ(cusolverDnXsyevjSetMaxSweeps(parameters, 15), kOk);
  EXPECT_EQ(cusolverDnXsyevjSetMaxSweeps(parameters, -1), CUSOLVER_STATUS_INVALID_VALUE);
  ASSERT_EQ(cusolverDnDsyevj(handle, kVectors, kLower, n, a.get(), n, w.get(), work.get(), 64, info.get(),
                             parameters),
            kOk);
  double residual = -1;
  int sweeps = 0;
  ASSERT_EQ(cusolverDnXsyevjGetResidual(handle, parameters, &residual), kOk);
  ASSERT_EQ(cusolverDnXsyevjGetSweeps(handle, parameters, &sweeps), kOk);
  EXPECT_LT(residual, 1e-10);
  EXPECT_GE(residual, 0);
  EXPECT_GE(sweeps, 1);
  expect_eigen(whole, a, w, n, n);

  Shared<double> two(2 * n * n), values(2 * n);
  Shared<int> infos(2);
  std::copy(whole.begin(), whole.end(), two.begin());
  std::copy(whole.begin(), whole.end(), two.begin() + n * n);
  ASSERT_EQ(cusolverDnDsyevjBatched(handle, kVectors, kLower, n, two.get(), n, values.get(), work.get(), 64,
                                    infos.get(), parameters, 2),
            kOk);
  EXPECT_EQ(cusolverDnXsyevjGetResidual(handle, parameters, &residual), CUSOLVER_STATUS_NOT_SUPPORTED);
  wait();
  for (int i = 0; i < n; ++i) EXPECT_DOUBLE_EQ(values[size_t(n + i)], values[size_t(i)]);
  EXPECT_EQ(cusolverDnDestroySyevjInfo(parameters), kOk);
  EXPECT_EQ(cusolverDnDestroySyevjInfo(parameters), CUSOLVER_STATUS_INVALID_VALUE);
}

TEST_F(Cusolver, HermitianPairsOfMatrices) {
  const int n = 4;
  Shared<Complex> a(n * n), b(n * n);
  Shared<double> w(n);
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i) {
      const Complex entry(value(size_t(i + j)), value(size_t(3 * i * j + 1)) * (i < j ? 1 : i > j ? -1 : 0));
      a[size_t(i + j * n)] = entry;
      b[size_t(i + j * n)] = i == j ? 2.0 + i : 0;
    }
  const std::vector<Complex> whole(a.begin(), a.end());
  ASSERT_EQ(cusolverDnZhegvd(handle, CUSOLVER_EIG_TYPE_1, kVectors, kUpper, n, z(a.get()), n, z(b.get()), n,
                             w.get(), z(complex_work.get()), 64, info.get()),
            kOk);
  wait();
  ASSERT_EQ(info[0], 0);
  for (int k = 0; k < n; ++k)
    for (int i = 0; i < n; ++i) {
      Complex left = 0;
      for (int j = 0; j < n; ++j) left += whole[size_t(i + j * n)] * a[size_t(j + k * n)];
      ASSERT_LT(std::abs(left - w[size_t(k)] * (2.0 + i) * a[size_t(i + k * n)]), 1e-10);
    }
}

TEST_F(Cusolver, SingularValuesGiveTheirMatrixBack) {
  const int m = 7, n = 4;
  Shared<double> a(m * n), s(n), u(m * m), vt(n * n), v(n * n);
  fill(a, 4);
  const auto whole = copy(a);
  const auto rebuilt = [&](bool transposed, const double* right) {
    std::vector<double> sum(size_t(m * n), 0);
    for (int j = 0; j < n; ++j)
      for (int i = 0; i < m; ++i)
        for (int k = 0; k < n; ++k)
          sum[size_t(i + j * m)] +=
              u[size_t(i + k * m)] * s[size_t(k)] * (transposed ? right[k + j * n] : right[j + k * n]);
    return sum;
  };
  int size = 0;
  ASSERT_EQ(cusolverDnDgesvd_bufferSize(handle, m, n, &size), kOk);
  ASSERT_EQ(cusolverDnDgesvd(handle, 'A', 'A', m, n, a.get(), m, s.get(), u.get(), m, vt.get(), n, work.get(),
                             size, nullptr, info.get()),
            kOk);
  wait();
  EXPECT_TRUE(std::is_sorted(s.begin(), s.end(), std::greater<>()));
  expect_near(rebuilt(true, vt.get()), whole.data());
  EXPECT_EQ(cusolverDnDgesvd_bufferSize(handle, n, m, &size), CUSOLVER_STATUS_INVALID_VALUE);  // m >= n only

  gesvdjInfo_t parameters = nullptr;
  ASSERT_EQ(cusolverDnCreateGesvdjInfo(&parameters), kOk);
  std::copy(whole.begin(), whole.end(), a.begin());
  ASSERT_EQ(cusolverDnDgesvdj(handle, kVectors, 1, m, n, a.get(), m, s.get(), u.get(), m, v.get(), n,
                              work.get(), 64, info.get(), parameters),
            kOk);
  double residual = -1;
  ASSERT_EQ(cusolverDnXgesvdjGetResidual(handle, parameters, &residual), kOk);
  EXPECT_LT(residual, 1e-10);
  expect_near(rebuilt(false, v.get()), whole.data());
  EXPECT_EQ(cusolverDnDestroyGesvdjInfo(parameters), kOk);

  std::copy(whole.begin(), whole.end(), a.begin());
  residual = -1;
  ASSERT_EQ(
      cusolverDnDgesvdaStridedBatched(handle, kVectors, 2, m, n, a.get(), m, m * n, s.get(), n, u.get(), m,
                                      m * m, v.get(), n, n * n, work.get(), 64, info.get(), &residual, 1),
      kOk);
  double rest = 0;  // what the last two values leave
  ASSERT_EQ(cusolverDnDgesvd(handle, 'N', 'N', m, n, a.get(), m, s.get(), nullptr, 1, nullptr, 1, work.get(),
                             64, nullptr, info.get()),
            kOk);
  wait();
  for (size_t i = 2; i < n; ++i) rest += s[i] * s[i];
  EXPECT_NEAR(residual, std::sqrt(rest), 1e-10);
}

TEST_F(Cusolver, SixtyFourBitFunctions) {
  const int64_t n = 6;
  size_t device = 0, host = 0;
  Shared<double> a(n * n), b(n);
  fill_symmetric(a, n, 20), fill(b, 5);
  const auto whole = copy(a), right = copy(b);
  cusolverDnParams_t parameters = nullptr;
  ASSERT_EQ(cusolverDnCreateParams(&parameters), kOk);
  EXPECT_EQ(cusolverDnSetAdvOptions(parameters, CUSOLVERDN_GETRF, CUSOLVER_ALG_0), kOk);
  ASSERT_EQ(cusolverDnXgetrf_bufferSize(handle, parameters, n, n, CUDA_R_64F, a.get(), n, CUDA_R_64F, &device,
                                        &host),
            kOk);
  EXPECT_EQ(cusolverDnXgetrf_bufferSize(handle, parameters, n, n, CUDA_R_16F, a.get(), n, CUDA_R_16F, &device,
                                        &host),
            CUSOLVER_STATUS_INVALID_VALUE);
  Shared<int64_t> pivots(n);
  ASSERT_EQ(cusolverDnXgetrf(handle, parameters, n, n, CUDA_R_64F, a.get(), n, pivots.get(), CUDA_R_64F,
                             work.get(), device, nullptr, host, info.get()),
            kOk);
  ASSERT_EQ(cusolverDnXgetrs(handle, parameters, CUBLAS_OP_N, n, 1, CUDA_R_64F, a.get(), n, pivots.get(),
                             CUDA_R_64F, b.get(), n, info.get()),
            kOk);
  wait();
  expect_near(product(whole.data(), false, b.get(), int(n), int(n), 1), right.data());

  // A rotation by a right angle: eigenvalues i and -i, in either form of W.
  Shared<double> turn{0, 1, -1, 0}, reals(4), none(1);
  Shared<Complex> w(2);
  ASSERT_EQ(cusolverDnXgeev(handle, parameters, CUSOLVER_EIG_MODE_NOVECTOR, CUSOLVER_EIG_MODE_NOVECTOR, 2,
                            CUDA_R_64F, turn.get(), 2, CUDA_C_64F, w.get(), CUDA_R_64F, nullptr, 1,
                            CUDA_R_64F, nullptr, 1, CUDA_R_64F, work.get(), 256, nullptr, 0, info.get()),
            kOk);
  wait();
  EXPECT_NEAR(std::abs(w[0].imag()), 1, 1e-12);
  EXPECT_NEAR(w[0].imag(), -w[1].imag(), 1e-12);
  std::copy_n(std::vector<double>{0, 1, -1, 0}.data(), 4, turn.get());
  ASSERT_EQ(cusolverDnXgeev(handle, parameters, CUSOLVER_EIG_MODE_NOVECTOR, CUSOLVER_EIG_MODE_NOVECTOR, 2,
                            CUDA_R_64F, turn.get(), 2, CUDA_R_64F, reals.get(), CUDA_R_64F, nullptr, 1,
                            CUDA_R_64F, nullptr, 1, CUDA_R_64F, work.get(), 256, nullptr, 0, info.get()),
            kOk);
  wait();
  EXPECT_NEAR(reals[0], 0, 1e-12);
  EXPECT_NEAR(reals[2], w[0].imag(), 1e-12);
  EXPECT_EQ(cusolverDnDestroyParams(parameters), kOk);
}

TEST_F(Cusolver, TwoPrecisionsAndLeastSquares) {
  const int m = 8, n = 3;
  Shared<double> a(m * n), b(m), x(n);
  fill(a, 6), fill(b, 7);
  int iterations = -1;
  size_t bytes = 0;
  ASSERT_EQ(cusolverDnDSgels_bufferSize(handle, m, n, 1, a.get(), m, b.get(), m, x.get(), n, nullptr, &bytes),
            kOk);
  ASSERT_EQ(cusolverDnDSgels(handle, m, n, 1, a.get(), m, b.get(), m, x.get(), n, work.get(), bytes,
                             &iterations, info.get()),
            kOk);
  wait();
  EXPECT_GE(iterations, 0);
  auto rest = product(a.get(), false, x.get(), m, n, 1);
  for (int i = 0; i < m; ++i) rest[size_t(i)] -= b[size_t(i)];
  for (const double normal : product(a.get(), true, rest.data(), n, m, 1)) EXPECT_NEAR(normal, 0, 1e-10);

  Shared<double> square(n * n), right(n);
  Shared<int> pivots(n);
  fill_symmetric(square, n, 9), fill(right, 8);
  const auto whole = copy(square);
  ASSERT_EQ(cusolverDnDDgesv(handle, n, 1, square.get(), n, pivots.get(), right.get(), n, x.get(), n,
                             work.get(), 4096, &iterations, info.get()),
            kOk);
  wait();
  expect_near(product(whole.data(), false, x.get(), n, n, 1), right.get());
}

TEST_F(Cusolver, WrongArgumentsGetTheirDocumentedStatus) {
  Shared<double> a(16);
  EXPECT_EQ(cusolverDnCreate(nullptr), CUSOLVER_STATUS_INVALID_VALUE);
  EXPECT_EQ(cusolverDnSetStream(nullptr, nullptr), CUSOLVER_STATUS_NOT_INITIALIZED);
  EXPECT_EQ(cusolverDnDpotrf(nullptr, kLower, 4, a.get(), 4, work.get(), 64, info.get()),
            CUSOLVER_STATUS_NOT_INITIALIZED);
  const auto bad = CUSOLVER_STATUS_INVALID_VALUE;
  EXPECT_EQ(cusolverDnDpotrf(handle, kLower, -1, a.get(), 4, work.get(), 64, info.get()), bad);
  EXPECT_EQ(cusolverDnDpotrf(handle, kLower, 4, a.get(), 3, work.get(), 64, info.get()), bad);
  EXPECT_EQ(cusolverDnDpotrf(handle, kLower, 4, a.get(), 4, work.get(), 0, info.get()), bad);
  EXPECT_EQ(cusolverDnDpotrf(handle, CUBLAS_FILL_MODE_FULL, 4, a.get(), 4, work.get(), 64, info.get()), bad);
  EXPECT_EQ(cusolverDnDormqr(handle, CUBLAS_SIDE_LEFT, CUBLAS_OP_N, 4, 2, 5, a.get(), 4, a.get(), a.get(), 4,
                             work.get(), 64, info.get()),
            bad);
  Shared<Complex> c(16);
  EXPECT_EQ(cusolverDnZunmqr(handle, CUBLAS_SIDE_LEFT, CUBLAS_OP_T, 4, 2, 2, z(c.get()), 4, z(c.get()),
                             z(c.get()), 4, z(complex_work.get()), 64, info.get()),
            bad);
  testing::internal::CaptureStderr();
  std::vector<double> mine(16);
  EXPECT_EQ(
      cusolverDnDpotrf(handle, kLower, 4, reinterpret_cast<double*>(0x10), 4, work.get(), 64, info.get()),
      bad);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("cusolver"), std::string::npos);
}

TEST_F(Cusolver, AThreadMayBeginWithALibrarysCall) {
  Shared<double> a{4, 0, 0, 9};
  auto status = CUSOLVER_STATUS_INTERNAL_ERROR;
  std::thread([&] {
    status = cusolverDnDpotrf(handle, kLower, 2, a.get(), 2, work.get(), 64, info.get());
  }).join();
  ASSERT_EQ(status, kOk);
  wait();
  EXPECT_DOUBLE_EQ(a[3], 3);
}

TEST_F(Cusolver, WorkIsCapturedIntoAGraph) {
  const int n = 3;
  Shared<double> a(n * n), w(n);
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  ASSERT_EQ(cusolverDnSetStream(handle, stream), kOk);
  ASSERT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal), cudaSuccess);
  ASSERT_EQ(cusolverDnDsyevd(handle, CUSOLVER_EIG_MODE_NOVECTOR, kLower, n, a.get(), n, w.get(), work.get(),
                             64, info.get()),
            kOk);
  cudaGraph_t graph = nullptr;
  ASSERT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  cudaGraphExec_t ready = nullptr;
  ASSERT_EQ(cudaGraphInstantiate(&ready, graph, 0), cudaSuccess);
  for (const double scale : {1.0, 2.0}) {
    for (int i = 0; i < n * n; ++i) a[size_t(i)] = i % (n + 1) == 0 ? scale * (i + 1) : 0;
    ASSERT_EQ(cudaGraphLaunch(ready, stream), cudaSuccess);
    ASSERT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
    EXPECT_NEAR(w[n - 1], scale * 9, 1e-12);
  }
  EXPECT_EQ(cusolverDnSetStream(handle, nullptr), kOk);
  cudaGraphExecDestroy(ready), cudaGraphDestroy(graph), cudaStreamDestroy(stream);
}

TEST_F(Cusolver, RefinedSystemsByParameters) {
  cusolverDnIRSParams_t params = nullptr;
  cusolverDnIRSInfos_t infos = nullptr;
  ASSERT_EQ(cusolverDnIRSParamsCreate(&params), kOk);
  ASSERT_EQ(cusolverDnIRSInfosCreate(&infos), kOk);
  const int n = 6, nrhs = 2;
  Shared<double> a(n * n), b(n * nrhs), x(n * nrhs);
  fill_symmetric(a, n, 30), fill(b, 3);
  const auto whole = copy(a), right = copy(b);
  size_t bytes = 0;
  EXPECT_EQ(cusolverDnIRSXgesv_bufferSize(handle, params, n, nrhs, &bytes),
            CUSOLVER_STATUS_IRS_PARAMS_INVALID_PREC);
  EXPECT_EQ(cusolverDnIRSParamsSetSolverPrecisions(params, CUSOLVER_R_16F, CUSOLVER_R_16F),
            CUSOLVER_STATUS_IRS_PARAMS_INVALID_PREC);
  ASSERT_EQ(cusolverDnIRSParamsSetSolverPrecisions(params, CUSOLVER_R_64F, CUSOLVER_C_32F), kOk);
  ASSERT_EQ(cusolverDnIRSParamsSetRefinementSolver(params, CUSOLVER_IRS_REFINE_GMRES), kOk);
  EXPECT_EQ(cusolverDnIRSXgesv_bufferSize(handle, params, n, nrhs, &bytes),
            CUSOLVER_STATUS_IRS_PARAMS_INVALID_PREC)
      << "complex below real";
  ASSERT_EQ(cusolverDnIRSParamsSetSolverLowestPrecision(params, CUSOLVER_R_16F), kOk);
  ASSERT_EQ(cusolverDnIRSParamsSetMaxIters(params, 20), kOk);
  ASSERT_EQ(cusolverDnIRSXgesv_bufferSize(handle, params, n, nrhs, &bytes), kOk);
  int iterations = -1, most = 0;
  ASSERT_EQ(cusolverDnIRSXgesv(handle, params, infos, n, nrhs, a.get(), n, b.get(), n, x.get(), n, work.get(),
                               bytes, &iterations, info.get()),
            kOk);
  wait();
  EXPECT_EQ(info[0], 0);
  EXPECT_GE(iterations, 0);
  expect_near(product(whole.data(), false, x.get(), n, n, nrhs), right.data());
  ASSERT_EQ(cusolverDnIRSInfosGetMaxIters(infos, &most), kOk);
  EXPECT_EQ(most, 20);
  ASSERT_EQ(cusolverDnIRSXgels_bufferSize(handle, params, n, n, nrhs, &bytes), kOk);
  ASSERT_EQ(cusolverDnIRSXgels(handle, params, infos, n, n, nrhs, a.get(), n, b.get(), n, x.get(), n,
                               work.get(), bytes, &iterations, info.get()),
            kOk);
  wait();
  expect_near(product(whole.data(), false, x.get(), n, n, nrhs), right.data());
  EXPECT_EQ(cusolverDnIRSInfosDestroy(infos), kOk);
  EXPECT_EQ(cusolverDnIRSParamsDestroy(params), kOk);
  EXPECT_EQ(cusolverDnIRSParamsDestroy(params), CUSOLVER_STATUS_IRS_PARAMS_NOT_INITIALIZED);
}

TEST_F(Cusolver, JacobiForAPairTellsWhatItFound) {
  const int n = 5;
  syevjInfo_t parameters = nullptr;
  ASSERT_EQ(cusolverDnCreateSyevjInfo(&parameters), kOk);
  for (const auto type : {CUSOLVER_EIG_TYPE_1, CUSOLVER_EIG_TYPE_2, CUSOLVER_EIG_TYPE_3})
    for (const auto uplo : {kUpper, kLower}) {
      Shared<double> a(n * n), b(n * n), w(n);
      fill_symmetric(a, n, 3), fill_symmetric(b, n, 20);
      int size = 0, sweeps = 0;
      double residual = -1;
      ASSERT_EQ(cusolverDnDsygvj_bufferSize(handle, type, kVectors, uplo, n, a.get(), n, b.get(), n, w.get(),
                                            &size, parameters),
                kOk);
      ASSERT_EQ(cusolverDnDsygvj(handle, type, kVectors, uplo, n, a.get(), n, b.get(), n, w.get(), work.get(),
                                 size, info.get(), parameters),
                kOk);
      wait();
      ASSERT_EQ(info[0], 0);
      ASSERT_EQ(cusolverDnXsyevjGetSweeps(handle, parameters, &sweeps), kOk);
      ASSERT_EQ(cusolverDnXsyevjGetResidual(handle, parameters, &residual), kOk);
      EXPECT_GE(sweeps, 1);
      EXPECT_GE(residual, 0);
      EXPECT_LT(residual, 1e-11) << int(type) << int(uplo);
    }
  EXPECT_EQ(cusolverDnDestroySyevjInfo(parameters), kOk);
}

}  // namespace
