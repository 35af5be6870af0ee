// cuBLAS: functions of any element type, their 64-bit forms, groups of products, vectors of half and
// bfloat16.
#include "matrices.h"

namespace cublas_test {
namespace {

constexpr auto kOk = CUBLAS_STATUS_SUCCESS;

TEST_F(Cublas, VectorsOfAnyType) {
  const int n = 5;
  Shared<__half> x(n), y(n);
  Shared<cuComplex> c(n), d(n);
  fill(c, 1), fill(d, 2);
  for (size_t i = 0; i < n; ++i) x[i] = __float2half(float(i) - 3), y[i] = __float2half(float(i));
  float sum = 0;
  int place = 0;
  int64_t wide_place = 0;
  ASSERT_EQ(cublasAsumEx(handle, n, x.get(), CUDA_R_16F, 1, &sum, CUDA_R_32F, CUDA_R_32F), kOk);
  EXPECT_EQ(sum, 3 + 2 + 1 + 0 + 1);
  ASSERT_EQ(cublasIamaxEx(handle, n, x.get(), CUDA_R_16F, 1, &place), kOk);
  EXPECT_EQ(place, 1);
  ASSERT_EQ(cublasIaminEx_64(handle, n, x.get(), CUDA_R_16F, 1, &wide_place), kOk);
  EXPECT_EQ(wide_place, 4);
  ASSERT_EQ(cublasSwapEx(handle, n, x.get(), CUDA_R_16F, 1, y.get(), CUDA_R_16F, -1), kOk);
  wait();
  EXPECT_EQ(__half2float(x[0]), 4);
  EXPECT_EQ(__half2float(y[4]), -3);
  ASSERT_EQ(cublasCopyEx_64(handle, n, y.get(), CUDA_R_16F, 1, x.get(), CUDA_R_16F, 1), kOk);
  wait();
  EXPECT_EQ(__half2float(x[4]), -3);
  EXPECT_EQ(cublasCopyEx(handle, n, y.get(), CUDA_R_16F, 1, x.get(), CUDA_R_32F, 1),
            CUBLAS_STATUS_NOT_SUPPORTED);

  const auto *a = reinterpret_cast<const std::complex<float>*>(c.get()),
             *b = reinterpret_cast<const std::complex<float>*>(d.get());
  std::complex<float> plain = 0, conjugated = 0, got, got_conjugated;
  for (int i = 0; i < n; ++i) plain += a[i] * b[i], conjugated += std::conj(a[i]) * b[i];
  ASSERT_EQ(
      cublasDotEx(handle, n, c.get(), CUDA_C_32F, 1, d.get(), CUDA_C_32F, 1, &got, CUDA_C_32F, CUDA_C_32F),
      kOk);
  ASSERT_EQ(cublasDotcEx_64(handle, n, c.get(), CUDA_C_32F, 1, d.get(), CUDA_C_32F, 1, &got_conjugated,
                            CUDA_C_32F, CUDA_C_32F),
            kOk);
  EXPECT_EQ(got, plain);
  EXPECT_EQ(got_conjugated, conjugated);
  Shared<double> u(1), v(1);
  const double cosine = 0.6, sine = 0.8;
  u[0] = 3, v[0] = 4;
  ASSERT_EQ(cublasRotEx(handle, 1, u.get(), CUDA_R_64F, 1, v.get(), CUDA_R_64F, 1, &cosine, &sine, CUDA_R_64F,
                        CUDA_R_64F),
            kOk);
  wait();
  EXPECT_DOUBLE_EQ(u[0], 5);
  EXPECT_NEAR(v[0], 0, 1e-15);
}

TEST_F(Cublas, GroupsOfProductsHaveTheirOwnSizes) {
  // Two products of 2x3 by 3x2, and one of 3x1 by 1x3.
  Shared<double> a(2 * 6 + 3), b(2 * 6 + 3), c(2 * 4 + 9);
  fill(a, 1), fill(b, 2), fill(c, 3);
  std::vector<double> want(c.get(), c.get() + c.size());
  Shared<const double*> as(3), bs(3);
  Shared<double*> cs(3);
  const double alpha[] = {2, -1}, beta[] = {0.5, 1};
  const cublasOperation_t ops[] = {CUBLAS_OP_N, CUBLAS_OP_N};
  const int m[] = {2, 3}, n[] = {2, 3}, k[] = {3, 1}, lda[] = {2, 3}, ldb[] = {3, 1}, ldc[] = {2, 3},
            sizes[] = {2, 1};
  for (int i = 0; i < 3; ++i) {
    as[size_t(i)] = a.get() + i * 6, bs[size_t(i)] = b.get() + i * 6, cs[size_t(i)] = c.get() + i * 4;
    const int g = i / 2;
    multiply(CUBLAS_OP_N, CUBLAS_OP_N, m[g], n[g], k[g], alpha[g], as[size_t(i)], lda[g], bs[size_t(i)],
             ldb[g], beta[g], want.data() + i * 4, ldc[g]);
  }
  ASSERT_EQ(cublasDgemmGroupedBatched(handle, ops, ops, m, n, k, alpha, as.get(), lda, bs.get(), ldb, beta,
                                      cs.get(), ldc, 2, sizes),
            kOk);
  wait();
  for (size_t i = 0; i < want.size(); ++i) EXPECT_DOUBLE_EQ(c[i], want[i]) << i;
}

TEST_F(Cublas, HalfMatricesTimesVectors) {
  const int m = 3, n = 2;
  Shared<__half> a(m * n), x(n);
  Shared<__nv_bfloat16> ab(m * n), xb(m), yb(n);
  Shared<float> y(m);
  for (size_t i = 0; i < m * n; ++i) a[i] = __float2half(float(i)), ab[i] = __float2bfloat16(float(i));
  for (size_t i = 0; i < n; ++i) x[i] = __float2half(float(i) + 1), yb[i] = __float2bfloat16(1);
  for (size_t i = 0; i < m; ++i) xb[i] = __float2bfloat16(float(i) - 1), y[i] = 10;
  const float alpha = 2, beta = 1;
  ASSERT_EQ(cublasHSSgemvStridedBatched(handle, CUBLAS_OP_N, m, n, &alpha, a.get(), m, 0, x.get(), 1, 0,
                                        &beta, y.get(), 1, 0, 1),
            kOk);
  ASSERT_EQ(cublasTSTgemvStridedBatched_64(handle, CUBLAS_OP_T, m, n, &alpha, ab.get(), m, 0, xb.get(), 1, 0,
                                           &beta, yb.get(), 1, 0, 1),
            kOk);
  wait();
  for (int i = 0; i < m; ++i) EXPECT_EQ(y[size_t(i)], 10 + 2 * (i * 1 + (i + m) * 2));
  EXPECT_EQ(__bfloat162float(yb[0]), 1 + 2 * (0 * -1 + 1 * 0 + 2 * 1));
  EXPECT_EQ(__bfloat162float(yb[1]), 1 + 2 * (3 * -1 + 5 * 1));
}

TEST_F(Cublas, SixtyFourBitCopiesAndProducts) {
  const int64_t n = 4;
  Shared<float> a(n * n), b(n * n), c(n * n);
  std::vector<float> host(n * n), back(n * n, 0);
  for (size_t i = 0; i < host.size(); ++i) host[i] = float(i);
  ASSERT_EQ(cublasSetMatrix_64(n, n, sizeof(float), host.data(), n, a.get(), n), kOk);
  for (int64_t i = 0; i < n; ++i) b[size_t(i * (n + 1))] = 1;
  const float one = 1, none = 0;
  ASSERT_EQ(
      cublasGemmEx_64(handle, CUBLAS_OP_T, CUBLAS_OP_N, n, n, n, &one, a.get(), CUDA_R_32F, n, b.get(),
                      CUDA_R_32F, n, &none, c.get(), CUDA_R_32F, n, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT),
      kOk);
  wait();
  ASSERT_EQ(cublasGetVector_64(n * n, sizeof(float), c.get(), 1, back.data(), 1), kOk);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j) EXPECT_EQ(back[size_t(i + j * n)], host[size_t(j + i * n)]);
}

}  // namespace
}  // namespace cublas_test
