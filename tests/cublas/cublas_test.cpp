// cuBLAS: products of every type and layout against plain loops, vectors, streams, graphs, pointer modes,
// wrong arguments.
#include <cmath>
#include <limits>

#include "matrices.h"

namespace cublas_test {
namespace {

template <class T>
auto gemm_of() {
  if constexpr (std::is_same_v<T, float>)
    return cublasSgemm_v2;
  else if constexpr (std::is_same_v<T, double>)
    return cublasDgemm_v2;
  else if constexpr (std::is_same_v<T, cuComplex>)
    return cublasCgemm_v2;
  else
    return cublasZgemm_v2;
}

template <class T>
class CublasGemm : public Cublas {};
using Types = testing::Types<float, double, cuComplex, cuDoubleComplex>;
TYPED_TEST_SUITE(CublasGemm, Types);

TYPED_TEST(CublasGemm, EqualsTheDefinitionForEveryPairOfOperations) {
  using T = TypeParam;
  const int m = 7, n = 5, k = 9, pad = 3;
  const NumberOf<T> alpha = fraction<T>(3), beta = fraction<T>(5);
  for (const cublasOperation_t ta : {CUBLAS_OP_N, CUBLAS_OP_T, CUBLAS_OP_C})
    for (const cublasOperation_t tb : {CUBLAS_OP_N, CUBLAS_OP_T, CUBLAS_OP_C}) {
      const int lda = (ta == CUBLAS_OP_N ? m : k) + pad, ldb = (tb == CUBLAS_OP_N ? k : n) + pad,
                ldc = m + pad;
      Shared<T> a(size_t(lda * std::max(m, k))), b(size_t(ldb * std::max(n, k))), c(size_t(ldc * n)),
          want(size_t(ldc * n));
      fill(a, 1), fill(b, 2), fill(c, 3), fill(want, 3);
      ASSERT_EQ(gemm_of<T>()(this->handle, ta, tb, m, n, k, reinterpret_cast<const T*>(&alpha), a.get(), lda,
                             b.get(), ldb, reinterpret_cast<const T*>(&beta), c.get(), ldc),
                CUBLAS_STATUS_SUCCESS);
      multiply(ta, tb, m, n, k, alpha, numbers(a.get()), lda, numbers(b.get()), ldb, beta,
               numbers(want.get()), ldc);
      this->wait();
      for (size_t i = 0; i < c.size(); ++i)
        ASSERT_LE(std::abs(numbers(c.get())[i] - numbers(want.get())[i]), 1e-4)
            << "element " << i << " of " << ta << tb;
    }
}

TEST_F(Cublas, AZeroBetaDoesNotReadTheResult) {
  Shared<float> a(4), b(4), c(4);
  fill(a, 1), fill(b, 2);
  for (size_t i = 0; i < 4; ++i) c[i] = std::numeric_limits<float>::quiet_NaN();
  const float one = 1, zero = 0;
  ASSERT_EQ(
      cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, &one, a.get(), 2, b.get(), 2, &zero, c.get(), 2),
      CUBLAS_STATUS_SUCCESS);
  wait();
  for (size_t i = 0; i < 4; ++i) EXPECT_FALSE(std::isnan(c[i]));
}

TEST_F(Cublas, BatchesAreManyProducts) {
  const int m = 4, n = 3, k = 6, count = 5;
  Shared<float> a(m * k * count), b(k * n * count), c(m * n * count), d(m * n * count);
  Shared<float*> as(count), bs(count), ds(count);
  fill(a, 1), fill(b, 2), fill(c, 3), fill(d, 3);
  for (int i = 0; i < count; ++i)
    as[size_t(i)] = a.get() + i * m * k, bs[size_t(i)] = b.get() + i * k * n,
    ds[size_t(i)] = d.get() + i * m * n;
  const float alpha = 0.5f, beta = 2;
  std::vector<float> want(c.get(), c.get() + c.size());
  for (int i = 0; i < count; ++i)
    multiply(CUBLAS_OP_N, CUBLAS_OP_N, m, n, k, alpha, a.get() + i * m * k, m, b.get() + i * k * n, k, beta,
             want.data() + i * m * n, m);
  ASSERT_EQ(cublasSgemmStridedBatched(handle, CUBLAS_OP_N, CUBLAS_OP_N, m, n, k, &alpha, a.get(), m, m * k,
                                      b.get(), k, k * n, &beta, c.get(), m, m * n, count),
            CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cublasSgemmBatched(handle, CUBLAS_OP_N, CUBLAS_OP_N, m, n, k, &alpha, as.get(), m, bs.get(), k,
                               &beta, ds.get(), m, count),
            CUBLAS_STATUS_SUCCESS);
  wait();
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_FLOAT_EQ(c[i], want[i]);
    EXPECT_FLOAT_EQ(d[i], want[i]);
  }
}

/// A product of the given types: small fractions, which every format holds exactly, as are the sums in float.
template <class In, class Out>
void mixed(cublasHandle_t handle, cudaDataType in, cudaDataType out, cublasComputeType_t compute,
           In (*make)(float), float (*read)(Out), const void* alpha, const void* beta) {
  const int m = 6, n = 4, k = 10;
  Shared<In> a(m * k), b(k * n);
  Shared<Out> c(m * n);
  std::vector<float> fa(m * k), fb(k * n), want(m * n, 0.0f);
  for (size_t i = 0; i < fa.size(); ++i) fa[i] = float(int(i * 7 % 5)) - 2, a[i] = make(fa[i]);
  for (size_t i = 0; i < fb.size(); ++i) fb[i] = float(int(i * 5 % 7)) - 3, b[i] = make(fb[i]);
  ASSERT_EQ(cublasGemmEx(handle, CUBLAS_OP_N, CUBLAS_OP_N, m, n, k, alpha, a.get(), in, m, b.get(), in, k,
                         beta, c.get(), out, m, compute, CUBLAS_GEMM_DEFAULT),
            CUBLAS_STATUS_SUCCESS);
  multiply(CUBLAS_OP_N, CUBLAS_OP_N, m, n, k, 1.0f, fa.data(), m, fb.data(), k, 0.0f, want.data(), m);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  for (size_t i = 0; i < want.size(); ++i) EXPECT_EQ(read(c[i]), want[i]) << i;
}

float same(float x) {
  return x;
}
uint16_t bfloat_bits(float x) {
  return uint16_t(std::bit_cast<uint32_t>(x) >> 16);
}
float bfloat_value(uint16_t x) {
  return std::bit_cast<float>(uint32_t(x) << 16);
}
/// Integers up to 2048 as half.
uint16_t half_bits(float x) {
  if (x == 0) return 0;
  const int e = std::ilogb(std::fabs(x));
  return uint16_t((x < 0 ? 0x8000 : 0) | (e + 15) << 10 | int(std::ldexp(std::fabs(x), 10 - e) - 1024));
}
float half_value(uint16_t x) {
  if (!(x & 0x7fff)) return 0;
  return (x & 0x8000 ? -1.0f : 1.0f) * std::ldexp(float((x & 0x3ff) + 1024), (x >> 10 & 31) - 25);
}

TEST_F(Cublas, MixedTypesMultiplyExactly) {
  const float one = 1, zero = 0;
  const uint16_t half_one = 0x3c00, half_zero = 0;
  const int int_one = 1, int_zero = 0;
  mixed<float, float>(handle, CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F_FAST_TF32, same, same, &one, &zero);
  mixed<uint16_t, uint16_t>(handle, CUDA_R_16BF, CUDA_R_16BF, CUBLAS_COMPUTE_32F, bfloat_bits, bfloat_value,
                            &one, &zero);
  mixed<uint16_t, float>(handle, CUDA_R_16BF, CUDA_R_32F, CUBLAS_COMPUTE_32F, bfloat_bits, same, &one, &zero);
  mixed<uint16_t, uint16_t>(handle, CUDA_R_16F, CUDA_R_16F, CUBLAS_COMPUTE_16F, half_bits, half_value,
                            &half_one, &half_zero);
  mixed<uint16_t, float>(handle, CUDA_R_16F, CUDA_R_32F, CUBLAS_COMPUTE_32F, half_bits, same, &one, &zero);
  mixed<int8_t, int32_t>(
      handle, CUDA_R_8I, CUDA_R_32I, CUBLAS_COMPUTE_32I, [](float x) { return int8_t(x); },
      [](int32_t x) { return float(x); }, &int_one, &int_zero);
  mixed<int8_t, float>(
      handle, CUDA_R_8I, CUDA_R_32F, CUBLAS_COMPUTE_32F, [](float x) { return int8_t(x); }, same, &one,
      &zero);
}

TEST_F(Cublas, VectorsAddUp) {
  const int n = 100;
  Shared<float> x(2 * n), y(n);
  fill(x, 1), fill(y, 2);
  const std::vector<float> old(y.get(), y.get() + n);
  const float alpha = 3;
  ASSERT_EQ(cublasSaxpy(handle, n, &alpha, x.get(), 2, y.get(), 1), CUBLAS_STATUS_SUCCESS);
  float dot = 0, norm = 0, sum = 0;
  ASSERT_EQ(cublasSdot(handle, n, x.get(), 2, y.get(), 1, &dot), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cublasSnrm2(handle, n, y.get(), 1, &norm), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cublasSasum(handle, n, y.get(), 1, &sum), CUBLAS_STATUS_SUCCESS);
  double want_dot = 0, want_norm = 0, want_sum = 0;
  for (int i = 0; i < n; ++i) {
    const float v = old[size_t(i)] + alpha * x[size_t(2 * i)];
    EXPECT_EQ(y[size_t(i)], v);
    want_dot += double(x[size_t(2 * i)]) * v, want_norm += double(v) * v, want_sum += std::fabs(v);
  }
  EXPECT_NEAR(dot, want_dot, 1e-3);
  EXPECT_NEAR(norm, std::sqrt(want_norm), 1e-3);
  EXPECT_NEAR(sum, want_sum, 1e-3);
}

TEST_F(Cublas, TheFirstOfEqualExtremesIsFoundCountedFromOne) {
  Shared<double> x(6);
  const double values[] = {1, -4, 4, 0.5, -0.5, 2};
  std::copy(std::begin(values), std::end(values), x.get());
  int most = -1, least = -1;
  ASSERT_EQ(cublasIdamax(handle, 6, x.get(), 1, &most), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cublasIdamin(handle, 6, x.get(), 1, &least), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(most, 2);
  EXPECT_EQ(least, 4);
  int64_t wide = -1;
  ASSERT_EQ(cublasIdamax_64(handle, 0, x.get(), 1, &wide), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(wide, 0);
}

TEST_F(Cublas, ScalarsOfTheDeviceAreReadInTheOrderOfTheStream) {
  Shared<float> x(8), alpha(1), result(1);
  for (size_t i = 0; i < 8; ++i) x[i] = 1;
  alpha[0] = 5;
  cudaStream_t stream;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  ASSERT_EQ(cublasSetStream(handle, stream), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cublasSetPointerMode(handle, CUBLAS_POINTER_MODE_DEVICE), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cudaMemsetAsync(alpha.get(), 0, sizeof(float), stream), cudaSuccess);
  ASSERT_EQ(cublasSscal(handle, 4, alpha.get(), x.get(), 1), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cublasSasum(handle, 8, x.get(), 1, result.get()), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  EXPECT_EQ(result[0], 4);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
  cublasSetStream(handle, nullptr);
}

TEST_F(Cublas, ACapturedProductRunsWithEachLaunchOfItsGraph) {
  Shared<float> x(4), y(4);
  for (size_t i = 0; i < 4; ++i) x[i] = 2, y[i] = 0;
  cudaStream_t stream;
  cudaGraph_t graph;
  cudaGraphExec_t exec;
  const float one = 1;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  cublasSetStream(handle, stream);
  ASSERT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal), cudaSuccess);
  ASSERT_EQ(cublasSaxpy(handle, 4, &one, x.get(), 1, y.get(), 1), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  ASSERT_EQ(cudaGraphInstantiateWithFlags(&exec, graph, 0), cudaSuccess);
  EXPECT_EQ(y[0], 0);
  for (int i = 0; i < 3; ++i) ASSERT_EQ(cudaGraphLaunch(exec, stream), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  EXPECT_EQ(y[3], 6);
  cudaGraphExecDestroy(exec);
  cudaGraphDestroy(graph);
  cublasSetStream(handle, nullptr);
  cudaStreamDestroy(stream);
}

TEST_F(Cublas, WrongArgumentsAreTold) {
  int version = 0;
  EXPECT_EQ(cublasGetVersion(nullptr, &version), CUBLAS_STATUS_SUCCESS);
  EXPECT_GE(version, 120000);
  Shared<float> x(16);
  const float one = 1;
  EXPECT_EQ(
      cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 4, 4, -1, &one, x.get(), 4, x.get(), 4, &one, x.get(), 4),
      CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(
      cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 4, 4, 4, &one, x.get(), 3, x.get(), 4, &one, x.get(), 4),
      CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(
      cublasSgemm(nullptr, CUBLAS_OP_N, CUBLAS_OP_N, 4, 4, 4, &one, x.get(), 4, x.get(), 4, &one, x.get(), 4),
      CUBLAS_STATUS_NOT_INITIALIZED);
  EXPECT_EQ(cublasSetPointerMode(handle, cublasPointerMode_t(7)), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(cublasGemmEx(handle, CUBLAS_OP_N, CUBLAS_OP_N, 4, 4, 4, &one, x.get(), CUDA_R_64F, 4, x.get(),
                         CUDA_R_8I, 4, &one, x.get(), CUDA_R_32F, 4, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT),
            CUBLAS_STATUS_NOT_SUPPORTED);
  EXPECT_STREQ(cublasGetStatusString(CUBLAS_STATUS_SUCCESS), "success");
}

TEST_F(Cublas, AWildPointerFailsTheCallNotTheProcess) {
  float* wild = reinterpret_cast<float*>(0x1234567000);
  const float one = 1;
  EXPECT_EQ(cublasSaxpy(handle, 4, &one, wild, 1, wild, 1), CUBLAS_STATUS_EXECUTION_FAILED);
}

TEST_F(Cublas, MatricesAndVectorsAreCopied) {
  const float host[] = {1, 2, 3, 4, 5, 6};
  float back[4] = {};
  float* device;
  ASSERT_EQ(cudaMalloc(reinterpret_cast<void**>(&device), 64), cudaSuccess);
  ASSERT_EQ(cublasSetMatrix(2, 2, sizeof(float), host, 3, device, 2),
            CUBLAS_STATUS_SUCCESS);  // rows 0 and 1 of 3
  ASSERT_EQ(cublasGetVector(4, sizeof(float), device, 1, back, 1), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(back[0], 1);
  EXPECT_EQ(back[1], 2);
  EXPECT_EQ(back[2], 4);
  EXPECT_EQ(back[3], 5);
  cudaFree(device);
}

}  // namespace
}  // namespace cublas_test
