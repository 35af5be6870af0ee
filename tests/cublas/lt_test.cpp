// cuBLASLt: every type, order and epilogue against plain loops in double, through the public descriptors.
#include <cublasLt.h>
#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <cstring>
#include <random>
#include <vector>

#include "libs/cublas/numbers.h"

namespace {

using ppu::cublas::element_bytes;

/// Memory of `n` numbers of a type, read and written as floats.
class Numbers {
 public:
  Numbers(cudaDataType type, size_t n) : type_(type), n_(n) {
    EXPECT_EQ(cudaMallocManaged(&data_, n * element_bytes(type)), cudaSuccess);
    std::memset(data_, 0, n * element_bytes(type));
  }
  ~Numbers() { cudaFree(data_); }
  Numbers(const Numbers&) = delete;
  void* get() const { return data_; }
  size_t size() const { return n_; }
  cudaDataType type() const { return type_; }
  float at(size_t i) const {
    if (type_ == CUDA_R_32I) return float(static_cast<int32_t*>(data_)[i]);
    if (type_ == CUDA_R_64F) return float(static_cast<double*>(data_)[i]);
    float value;
    ppu::cublas::to_float(type_, static_cast<char*>(data_) + i * element_bytes(type_), &value, 1);
    return value;
  }
  void set(size_t i, float value) {
    if (type_ == CUDA_R_32I)
      static_cast<int32_t*>(data_)[i] = int32_t(value);
    else if (type_ == CUDA_R_64F)
      static_cast<double*>(data_)[i] = value;
    else
      ppu::cublas::from_float(type_, &value, static_cast<char*>(data_) + i * element_bytes(type_), 1);
  }
  /// Small multiples of 1/4 (of 1 for integers), which every type holds exactly.
  void fill(unsigned seed) {
    std::mt19937 random(seed);
    const float unit = type_ == CUDA_R_8I || type_ == CUDA_R_32I ? 1 : 0.25f;
    for (size_t i = 0; i < n_; ++i) set(i, float(int(random() % 9) - 4) * unit);
  }

 private:
  cudaDataType type_;
  size_t n_;
  void* data_ = nullptr;
};

struct Types {
  cudaDataType a, b, c, d;
  cublasComputeType_t compute;
  cudaDataType scale;
  double tolerance;
};

/// One product: m x n x k, `count` of them, operands with some room between their columns.
struct Case {
  Types t;
  int m = 33, n = 17, k = 29, count = 2;
  cublasOperation_t ta = CUBLAS_OP_N, tb = CUBLAS_OP_N;
  int order_a = CUBLASLT_ORDER_COL, order_b = CUBLASLT_ORDER_COL, order_d = CUBLASLT_ORDER_COL;
  unsigned epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  float alpha = 0.5f, beta = 0.25f;
};

double gelu(double x) {
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}
double gelu_gradient(double x) {
  return (gelu(x + 1e-5) - gelu(x - 1e-5)) / 2e-5;
}

struct Shape {
  int rows, columns, ld, order;
  size_t matrix() const { return size_t(ld) * size_t(order == CUBLASLT_ORDER_COL ? columns : rows); }
  size_t index(int batch, int i, int j) const {
    return size_t(batch) * matrix() + (order == CUBLASLT_ORDER_COL ? size_t(j) * ld + i : size_t(i) * ld + j);
  }
};

Shape shape_of(int rows, int columns, int order, int pad) {
  return {rows, columns, (order == CUBLASLT_ORDER_COL ? rows : columns) + pad, order};
}

class Lt : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(cublasLtCreate(&handle), CUBLAS_STATUS_SUCCESS); }
  void TearDown() override { EXPECT_EQ(cublasLtDestroy(handle), CUBLAS_STATUS_SUCCESS); }

  cublasLtMatrixLayout_t layout(cudaDataType type, const Shape& s, int count) {
    cublasLtMatrixLayout_t l;
    EXPECT_EQ(cublasLtMatrixLayoutCreate(&l, type, s.rows, s.columns, s.ld), CUBLAS_STATUS_SUCCESS);
    const int64_t stride = int64_t(s.matrix());
    cublasLtMatrixLayoutSetAttribute(l, CUBLASLT_MATRIX_LAYOUT_ORDER, &s.order, sizeof s.order);
    cublasLtMatrixLayoutSetAttribute(l, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof count);
    cublasLtMatrixLayoutSetAttribute(l, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &stride, sizeof stride);
    return l;
  }
  template <class T>
  void set(cublasLtMatmulDescAttributes_t attribute, T value) {
    ASSERT_EQ(cublasLtMatmulDescSetAttribute(desc, attribute, &value, sizeof value), CUBLAS_STATUS_SUCCESS);
  }
  void check(const Case& c);
  void expect_epilogue(const Case& c, std::vector<double>& x, const Numbers& bias, const Numbers& aux,
                       int ld);

  cublasLtHandle_t handle = nullptr;
  cublasLtMatmulDesc_t desc = nullptr;
};

/// x (m x n, row i of column j at j * m + i) to what D should hold; checks what the epilogue keeps.
void Lt::expect_epilogue(const Case& c, std::vector<double>& x, const Numbers& bias, const Numbers& aux,
                         int ld) {
  const auto* bits = static_cast<const unsigned char*>(aux.get());
  for (int j = 0; j < c.n; ++j)
    for (int i = 0; i < c.m; ++i) {
      double& v = x[size_t(j * c.m + i)];
      const size_t at = size_t(j) * ld + i;
      if (c.epilogue & 4) v += bias.at(size_t(i));
      if (c.epilogue == CUBLASLT_EPILOGUE_RELU_AUX_BIAS)
        ASSERT_EQ(bits[at / 8] >> at % 8 & 1, v > 0) << i << ", " << j;
      if (c.epilogue == CUBLASLT_EPILOGUE_GELU_AUX_BIAS) ASSERT_NEAR(aux.at(at), v, c.t.tolerance * 8);
      if (c.epilogue & CUBLASLT_EPILOGUE_RELU) v = std::max(v, 0.0);
      if (c.epilogue & CUBLASLT_EPILOGUE_GELU) v = gelu(v);
      if (c.epilogue & 8) v = bits[at / 8] >> at % 8 & 1 ? v : 0;
      if (c.epilogue & 64) v *= gelu_gradient(aux.at(at));
    }
}

void Lt::check(const Case& c) {
  const bool ta = c.ta != CUBLAS_OP_N, tb = c.tb != CUBLAS_OP_N;
  const Shape sa = shape_of(ta ? c.k : c.m, ta ? c.m : c.k, c.order_a, 3);
  const Shape sb = shape_of(tb ? c.n : c.k, tb ? c.k : c.n, c.order_b, 5);
  const Shape sd = shape_of(c.m, c.n, c.order_d, 7);
  Numbers a(c.t.a, sa.matrix() * c.count), b(c.t.b, sb.matrix() * c.count), in(c.t.c, sd.matrix() * c.count),
      out(c.t.d, sd.matrix() * c.count), bias(c.t.d == CUDA_R_8I ? CUDA_R_32F : c.t.d, size_t(c.m));
  a.fill(1), b.fill(2), in.fill(3), bias.fill(4);
  const int aux_ld = 128;
  Numbers aux(CUDA_R_16BF, size_t(aux_ld) * c.n);
  aux.fill(5);
  const bool gradient = c.epilogue & 16;
  ASSERT_EQ(cublasLtMatmulDescCreate(&desc, c.t.compute, c.t.scale), CUBLAS_STATUS_SUCCESS);
  set(CUBLASLT_MATMUL_DESC_TRANSA, int32_t(c.ta));
  set(CUBLASLT_MATMUL_DESC_TRANSB, int32_t(c.tb));
  set(CUBLASLT_MATMUL_DESC_EPILOGUE, uint32_t(c.epilogue));
  set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias.get());
  set(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, aux.get());
  set(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, int64_t(aux_ld));
  set(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_DATA_TYPE, int32_t(CUDA_R_16BF));
  const auto la = layout(c.t.a, sa, c.count), lb = layout(c.t.b, sb, c.count),
             lc = layout(c.t.c, sd, c.count), ld = layout(c.t.d, sd, c.count);
  cublasLtMatmulPreference_t preference;
  ASSERT_EQ(cublasLtMatmulPreferenceCreate(&preference), CUBLAS_STATUS_SUCCESS);
  cublasLtMatmulHeuristicResult_t found;
  int results = 0;
  ASSERT_EQ(cublasLtMatmulAlgoGetHeuristic(handle, desc, la, lb, lc, ld, preference, 1, &found, &results),
            CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(results, 1);
  union {
    float f;
    double d;
    int32_t i;
    uint16_t h[2];
  } alpha = {}, beta = {};
  alpha.f = c.alpha, beta.f = c.beta;
  if (c.t.scale == CUDA_R_64F) alpha.d = c.alpha, beta.d = c.beta;
  if (c.t.scale == CUDA_R_32I) alpha.i = int(c.alpha), beta.i = int(c.beta);
  ASSERT_EQ(cublasLtMatmul(handle, desc, &alpha, a.get(), la, b.get(), lb, &beta, in.get(), lc, out.get(), ld,
                           &found.algo, nullptr, 0, nullptr),
            CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  const bool whole = c.t.scale == CUDA_R_32I;
  for (int batch = 0; batch < c.count; ++batch) {
    std::vector<double> x(size_t(c.m * c.n)), sums(size_t(c.m), 0.0);
    for (int j = 0; j < c.n; ++j)
      for (int i = 0; i < c.m; ++i) {
        double sum = 0;
        for (int p = 0; p < c.k; ++p)
          sum += double(a.at(ta ? sa.index(batch, p, i) : sa.index(batch, i, p))) *
                 b.at(tb ? sb.index(batch, j, p) : sb.index(batch, p, j));
        x[size_t(j * c.m + i)] = (whole ? int(c.alpha) : c.alpha) * sum +
                                 (whole ? int(c.beta) : c.beta) * double(in.at(sd.index(batch, i, j)));
      }
    if (c.epilogue != CUBLASLT_EPILOGUE_DEFAULT) expect_epilogue(c, x, bias, aux, aux_ld);
    for (int j = 0; j < c.n; ++j)
      for (int i = 0; i < c.m; ++i) {
        double want = x[size_t(j * c.m + i)];
        sums[size_t(i)] += want;
        if (c.t.d == CUDA_R_8I) want = std::min(127.0, std::max(-128.0, std::nearbyint(want)));
        ASSERT_NEAR(out.at(sd.index(batch, i, j)), want, c.t.tolerance * std::max(1.0, std::fabs(want)))
            << "batch " << batch << " row " << i << " column " << j;
      }
    if (gradient && batch == c.count - 1)
      for (int i = 0; i < c.m; ++i)
        ASSERT_NEAR(bias.at(size_t(i)), sums[size_t(i)],
                    c.t.tolerance * std::max(1.0, std::fabs(sums[size_t(i)])));
  }
  cublasLtMatmulPreferenceDestroy(preference);
  for (const auto l : {la, lb, lc, ld}) cublasLtMatrixLayoutDestroy(l);
  cublasLtMatmulDescDestroy(desc);
}

constexpr Types kF32 = {CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F, CUDA_R_32F, 1e-5};
constexpr Types kF64 = {CUDA_R_64F, CUDA_R_64F, CUDA_R_64F, CUDA_R_64F, CUBLAS_COMPUTE_64F, CUDA_R_64F, 1e-6};
constexpr Types kF16 = {CUDA_R_16F, CUDA_R_16F, CUDA_R_16F, CUDA_R_16F, CUBLAS_COMPUTE_32F, CUDA_R_32F, 1e-3};
constexpr Types kBf16 = {CUDA_R_16BF,        CUDA_R_16BF, CUDA_R_16BF, CUDA_R_16BF,
                         CUBLAS_COMPUTE_32F, CUDA_R_32F,  8e-3};
constexpr Types kBf16F32 = {CUDA_R_16BF,        CUDA_R_16BF, CUDA_R_32F, CUDA_R_32F,
                            CUBLAS_COMPUTE_32F, CUDA_R_32F,  1e-5};
constexpr Types kInt8 = {CUDA_R_8I, CUDA_R_8I, CUDA_R_32I, CUDA_R_32I, CUBLAS_COMPUTE_32I, CUDA_R_32I, 0};
constexpr Types kInt8Out = {CUDA_R_8I, CUDA_R_8I, CUDA_R_8I, CUDA_R_8I, CUBLAS_COMPUTE_32I, CUDA_R_32F, 0};
constexpr Types kFp8 = {CUDA_R_8F_E4M3,     CUDA_R_8F_E5M2, CUDA_R_16BF, CUDA_R_16BF,
                        CUBLAS_COMPUTE_32F, CUDA_R_32F,     8e-3};

TEST_F(Lt, EveryTypeEqualsTheDefinitionForEveryPairOfOperations) {
  for (const Types& t : {kF32, kF64, kF16, kBf16, kBf16F32, kInt8, kInt8Out, kFp8})
    for (const cublasOperation_t ta : {CUBLAS_OP_N, CUBLAS_OP_T})
      for (const cublasOperation_t tb : {CUBLAS_OP_N, CUBLAS_OP_T}) {
        SCOPED_TRACE(testing::Message() << "types " << t.a << " " << t.d << " operations " << ta << tb);
        Case c{t};
        c.ta = ta, c.tb = tb;
        const bool once = t.a != CUDA_R_32F && t.a != CUDA_R_16BF && t.d != CUDA_R_32I;
        if (once && (ta == CUBLAS_OP_N || tb != CUBLAS_OP_N)) continue;
        if (t.scale == CUDA_R_32I) c.alpha = 3, c.beta = 2;
        check(c);
        // Large enough for the tensor units, with the scalars that they take whole.
        c.m = 70, c.n = 45, c.k = 67, c.alpha = 1, c.beta = 0;
        check(c);
      }
}

TEST_F(Lt, RowMajorMatricesMeanTheSame) {
  for (const Types& t : {kF32, kBf16})
    for (int orders = 0; orders < 8; ++orders)
      for (const unsigned epilogue : {CUBLASLT_EPILOGUE_DEFAULT, CUBLASLT_EPILOGUE_GELU_BIAS}) {
        SCOPED_TRACE(testing::Message()
                     << "type " << t.a << " orders " << orders << " epilogue " << epilogue);
        Case c{t};
        c.order_a = orders & 1, c.order_b = orders >> 1 & 1, c.order_d = orders >> 2;
        c.tb = CUBLAS_OP_T, c.epilogue = epilogue, c.count = 1;
        check(c);
      }
}

TEST_F(Lt, EveryEpilogueEqualsItsDefinition) {
  for (const Types& t : {kF32, kF16, kBf16, kInt8Out})
    for (const unsigned epilogue :
         {CUBLASLT_EPILOGUE_RELU, CUBLASLT_EPILOGUE_BIAS, CUBLASLT_EPILOGUE_RELU_BIAS,
          CUBLASLT_EPILOGUE_RELU_AUX_BIAS, CUBLASLT_EPILOGUE_GELU, CUBLASLT_EPILOGUE_GELU_BIAS,
          CUBLASLT_EPILOGUE_GELU_AUX_BIAS, CUBLASLT_EPILOGUE_DRELU, CUBLASLT_EPILOGUE_DRELU_BGRAD,
          CUBLASLT_EPILOGUE_DGELU, CUBLASLT_EPILOGUE_DGELU_BGRAD}) {
      SCOPED_TRACE(testing::Message() << "type " << t.a << " epilogue " << epilogue);
      Case c{t};
      c.epilogue = epilogue, c.count = 1;
      if (t.d == CUDA_R_8I && epilogue != CUBLASLT_EPILOGUE_BIAS && epilogue != CUBLASLT_EPILOGUE_RELU_BIAS)
        continue;
      if (t.d != CUDA_R_32F && epilogue & 16) continue;  // sums of what was rounded after
      check(c);
      c.m = 96, c.n = 64, c.k = 80, c.alpha = 1, c.beta = 0;
      check(c);
    }
}

TEST_F(Lt, ScalesOfEightBitFloats) {
  const int n = 32;
  Numbers a(CUDA_R_8F_E4M3, n * n), b(CUDA_R_8F_E4M3, n * n), d(CUDA_R_8F_E4M3, n * n), bias(CUDA_R_16BF, n);
  Numbers scales(CUDA_R_32F, 3), amax(CUDA_R_32F, 1), rows(CUDA_R_32F, n);
  a.fill(1), b.fill(2), bias.fill(3);
  scales.set(0, 0.5f), scales.set(1, 0.25f), scales.set(2, 4.0f);
  auto* const s = static_cast<float*>(scales.get());
  ASSERT_EQ(cublasLtMatmulDescCreate(&desc, CUBLAS_COMPUTE_32F, CUDA_R_32F), CUBLAS_STATUS_SUCCESS);
  set(CUBLASLT_MATMUL_DESC_TRANSA, int32_t(CUBLAS_OP_T));
  set(CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, static_cast<void*>(s));
  set(CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, static_cast<void*>(s + 1));
  set(CUBLASLT_MATMUL_DESC_D_SCALE_POINTER, static_cast<void*>(s + 2));
  set(CUBLASLT_MATMUL_DESC_AMAX_D_POINTER, amax.get());
  set(CUBLASLT_MATMUL_DESC_EPILOGUE, uint32_t(CUBLASLT_EPILOGUE_BIAS));
  set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias.get());
  const Shape shape = shape_of(n, n, CUBLASLT_ORDER_COL, 0);
  const auto l8 = layout(CUDA_R_8F_E4M3, shape, 1), lc = layout(CUDA_R_16BF, shape, 1);
  const float alpha = 1, beta = 0;
  for (const bool by_row : {false, true}) {
    if (by_row) {
      rows.fill(7);
      set(CUBLASLT_MATMUL_DESC_A_SCALE_MODE, int32_t(CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F));
      set(CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, rows.get());
    }
    ASSERT_EQ(cublasLtMatmul(handle, desc, &alpha, a.get(), l8, b.get(), l8, &beta, d.get(), lc, d.get(), l8,
                             nullptr, nullptr, 0, nullptr),
              CUBLAS_STATUS_SUCCESS);
    ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    double most = 0;
    for (int j = 0; j < n; ++j)
      for (int i = 0; i < n; ++i) {
        double sum = 0;
        for (int p = 0; p < n; ++p) sum += double(a.at(size_t(i * n + p))) * b.at(size_t(j * n + p));
        const double x = sum * (by_row ? rows.at(size_t(i)) : 0.5) * 0.25 + bias.at(size_t(i));
        most = std::max(most, std::fabs(x));
        ASSERT_NEAR(d.at(size_t(j * n + i)), 4 * x, 0.0625 * std::max(0.25, std::fabs(4 * x)));
      }
    EXPECT_NEAR(amax.at(0), most, 1e-4);
  }
  cublasLtMatrixLayoutDestroy(l8), cublasLtMatrixLayoutDestroy(lc), cublasLtMatmulDescDestroy(desc);
}

TEST_F(Lt, BiasGradientsOfTheInputsAreTheirSums) {
  const int m = 5, n = 4, k = 6;
  Numbers a(CUDA_R_32F, m * k), b(CUDA_R_32F, k * n), d(CUDA_R_32F, m * n), bias(CUDA_R_32F, 8);
  a.fill(1), b.fill(2);
  const float alpha = 1, beta = 0;
  for (const unsigned epilogue : {CUBLASLT_EPILOGUE_BGRADA, CUBLASLT_EPILOGUE_BGRADB}) {
    ASSERT_EQ(cublasLtMatmulDescCreate(&desc, CUBLAS_COMPUTE_32F, CUDA_R_32F), CUBLAS_STATUS_SUCCESS);
    set(CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue);
    set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias.get());
    const auto la = layout(CUDA_R_32F, shape_of(m, k, 0, 0), 1),
               lb = layout(CUDA_R_32F, shape_of(k, n, 0, 0), 1),
               ld = layout(CUDA_R_32F, shape_of(m, n, 0, 0), 1);
    ASSERT_EQ(cublasLtMatmul(handle, desc, &alpha, a.get(), la, b.get(), lb, &beta, d.get(), ld, d.get(), ld,
                             nullptr, nullptr, 0, nullptr),
              CUBLAS_STATUS_SUCCESS);
    ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    for (int x = 0; x < (epilogue == CUBLASLT_EPILOGUE_BGRADA ? m : n); ++x) {
      float sum = 0;
      for (int p = 0; p < k; ++p)
        sum += epilogue == CUBLASLT_EPILOGUE_BGRADA ? a.at(size_t(p * m + x)) : b.at(size_t(x * k + p));
      EXPECT_FLOAT_EQ(bias.at(size_t(x)), sum);
    }
    for (const auto l : {la, lb, ld}) cublasLtMatrixLayoutDestroy(l);
    cublasLtMatmulDescDestroy(desc);
  }
}

TEST_F(Lt, LargeSumsOfIntegersAreExact) {
  const int k = 40000, n = 2;
  Numbers a(CUDA_R_8I, size_t(k) * n), b(CUDA_R_8I, size_t(k) * n), d(CUDA_R_32I, n * n);
  for (int i = 0; i < k * n; ++i) a.set(size_t(i), 127), b.set(size_t(i), i % 3 ? 127 : 126);
  int64_t want = 0;
  for (int i = 0; i < k; ++i) want += 127 * int64_t(b.at(size_t(i)));
  ASSERT_EQ(cublasLtMatmulDescCreate(&desc, CUBLAS_COMPUTE_32I, CUDA_R_32I), CUBLAS_STATUS_SUCCESS);
  set(CUBLASLT_MATMUL_DESC_TRANSA, int32_t(CUBLAS_OP_T));
  const auto in = layout(CUDA_R_8I, shape_of(k, n, 0, 0), 1),
             out = layout(CUDA_R_32I, shape_of(n, n, 0, 0), 1);
  const int32_t alpha = 1, beta = 0;
  ASSERT_EQ(cublasLtMatmul(handle, desc, &alpha, a.get(), in, b.get(), in, &beta, d.get(), out, d.get(), out,
                           nullptr, nullptr, 0, nullptr),
            CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(static_cast<int32_t*>(d.get())[0], int32_t(want));
  cublasLtMatrixLayoutDestroy(in), cublasLtMatrixLayoutDestroy(out), cublasLtMatmulDescDestroy(desc);
}

TEST_F(Lt, TransformsBetweenOrdersAndTypes) {
  const int rows = 6, columns = 9;
  Numbers a(CUDA_R_16F, rows * columns), b(CUDA_R_32F, rows * columns), c(CUDA_R_16BF, rows * columns);
  a.fill(1), b.fill(2);
  const Shape sa = shape_of(columns, rows, CUBLASLT_ORDER_COL, 0),
              sb = shape_of(rows, columns, CUBLASLT_ORDER_ROW, 0),
              sc = shape_of(rows, columns, CUBLASLT_ORDER_COL, 0);
  const auto la = layout(CUDA_R_16F, sa, 1), lb = layout(CUDA_R_32F, sb, 1), lc = layout(CUDA_R_16BF, sc, 1);
  cublasLtMatrixTransformDesc_t transform;
  ASSERT_EQ(cublasLtMatrixTransformDescCreate(&transform, CUDA_R_32F), CUBLAS_STATUS_SUCCESS);
  const int32_t t = CUBLAS_OP_T;
  ASSERT_EQ(
      cublasLtMatrixTransformDescSetAttribute(transform, CUBLASLT_MATRIX_TRANSFORM_DESC_TRANSA, &t, sizeof t),
      CUBLAS_STATUS_SUCCESS);
  const float alpha = 2, beta = -1;
  ASSERT_EQ(cublasLtMatrixTransform(handle, transform, &alpha, a.get(), la, &beta, b.get(), lb, c.get(), lc,
                                    nullptr),
            CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < columns; ++j)
      EXPECT_EQ(c.at(sc.index(0, i, j)), 2 * a.at(sa.index(0, j, i)) - b.at(sb.index(0, i, j)));
  for (const auto l : {la, lb, lc}) cublasLtMatrixLayoutDestroy(l);
  cublasLtMatrixTransformDescDestroy(transform);
}

TEST_F(Lt, SaysWhatIsWrong) {
  ASSERT_EQ(cublasLtMatmulDescCreate(&desc, CUBLAS_COMPUTE_32F, CUDA_R_32F), CUBLAS_STATUS_SUCCESS);
  const auto square = layout(CUDA_R_32F, shape_of(4, 4, 0, 0), 1),
             other = layout(CUDA_R_32F, shape_of(3, 4, 0, 0), 1),
             col32 = layout(CUDA_R_32F, Shape{4, 4, 128, CUBLASLT_ORDER_COL32}, 1);
  Numbers a(CUDA_R_32F, 16);
  std::vector<float> host(16);
  const float one = 1;
  const auto multiply = [&](void* x, cublasLtMatrixLayout_t l) {
    return cublasLtMatmul(handle, desc, &one, x, l, a.get(), square, &one, a.get(), square, a.get(), square,
                          nullptr, nullptr, 0, nullptr);
  };
  EXPECT_EQ(multiply(a.get(), other), CUBLAS_STATUS_INVALID_VALUE);          // shapes
  EXPECT_EQ(multiply(a.get(), col32), CUBLAS_STATUS_NOT_SUPPORTED);          // order
  EXPECT_EQ(multiply(host.data(), square), CUBLAS_STATUS_EXECUTION_FAILED);  // not device memory
  set(CUBLASLT_MATMUL_DESC_EPILOGUE, uint32_t(3));
  EXPECT_EQ(multiply(a.get(), square), CUBLAS_STATUS_INVALID_VALUE);
  const int64_t wide = 0;  // the attribute has 4 bytes
  EXPECT_EQ(cublasLtMatmulDescSetAttribute(desc, CUBLASLT_MATMUL_DESC_TRANSA, &wide, sizeof wide),
            CUBLAS_STATUS_INVALID_VALUE);
  size_t written = 0;
  EXPECT_EQ(cublasLtMatmulDescGetAttribute(desc, CUBLASLT_MATMUL_DESC_BIAS_POINTER, nullptr, 0, &written),
            CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(written, sizeof(void*));
  for (const auto l : {square, other, col32}) cublasLtMatrixLayoutDestroy(l);
  cublasLtMatmulDescDestroy(desc);
}

}  // namespace
