// cuRAND's host interface: the moments of each distribution, seeds and offsets; Sobol' sequences.
#include <cuda_runtime.h>
#include <curand.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace {

constexpr size_t kCount = 20000;

struct Moments {
  double mean = 0, deviation = 0, least, most;
};
template <class T>
Moments moments_of(const T* x) {
  Moments m = {0, 0, double(x[0]), double(x[0])};
  for (size_t i = 0; i < kCount; ++i) {
    m.mean += double(x[i]) / kCount;
    m.least = std::min(m.least, double(x[i])), m.most = std::max(m.most, double(x[i]));
  }
  for (size_t i = 0; i < kCount; ++i) m.deviation += std::pow(double(x[i]) - m.mean, 2) / kCount;
  m.deviation = std::sqrt(m.deviation);
  return m;
}

class Generator : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(curandCreateGenerator(&generator, CURAND_RNG_PSEUDO_DEFAULT), CURAND_STATUS_SUCCESS);
    ASSERT_EQ(curandSetPseudoRandomGeneratorSeed(generator, 1234), CURAND_STATUS_SUCCESS);
    ASSERT_EQ(cudaMallocManaged(&data, kCount * sizeof(double), cudaMemAttachGlobal), cudaSuccess);
  }
  void TearDown() override {
    EXPECT_EQ(curandDestroyGenerator(generator), CURAND_STATUS_SUCCESS);
    cudaFree(data);
  }
  template <class T>
  T* made(curandStatus_t status) {
    EXPECT_EQ(status, CURAND_STATUS_SUCCESS);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    return static_cast<T*>(data);
  }
  curandGenerator_t generator = nullptr;
  void* data = nullptr;
};

TEST_F(Generator, DistributionsHaveTheirMoments) {
  auto* const f = static_cast<float*>(data);
  auto* const d = static_cast<double*>(data);
  auto* const u = static_cast<unsigned*>(data);
  // Five standard errors of kCount numbers.
  const double error = 5 / std::sqrt(double(kCount));
  for (const Moments& m : {moments_of(made<float>(curandGenerateUniform(generator, f, kCount))),
                           moments_of(made<double>(curandGenerateUniformDouble(generator, d, kCount)))}) {
    EXPECT_NEAR(m.mean, 0.5, 0.29 * error);
    EXPECT_NEAR(m.deviation, std::sqrt(1.0 / 12), 0.2 * error);
    EXPECT_GT(m.least, 0);
    EXPECT_LE(m.most, 1);
  }
  for (const Moments& m :
       {moments_of(made<float>(curandGenerateNormal(generator, f, kCount, 3, 2))),
        moments_of(made<double>(curandGenerateNormalDouble(generator, d, kCount, 3, 2)))}) {
    EXPECT_NEAR(m.mean, 3, 2 * error);
    EXPECT_NEAR(m.deviation, 2, 1.5 * error);
  }
  const Moments logs = moments_of(made<float>(curandGenerateLogNormal(generator, f, kCount, 0, 0.25f)));
  EXPECT_NEAR(logs.mean, std::exp(0.03125), 0.3 * error);
  for (const double lambda : {4.0, 100.0}) {
    const Moments m = moments_of(made<unsigned>(curandGeneratePoisson(generator, u, kCount, lambda)));
    EXPECT_NEAR(m.mean, lambda, std::sqrt(lambda) * error);
    EXPECT_NEAR(m.deviation, std::sqrt(lambda), std::sqrt(lambda) * error);
  }
}

TEST_F(Generator, ASeedAndAnOffsetNameTheNumbers) {
  auto* const u = static_cast<unsigned*>(data);
  made<unsigned>(curandGenerate(generator, u, 10));
  const std::vector<unsigned> first(u, u + 10);
  made<unsigned>(curandGenerate(generator, u, 10));
  EXPECT_NE(std::vector<unsigned>(u, u + 10), first);
  ASSERT_EQ(curandSetGeneratorOffset(generator, 3), CURAND_STATUS_SUCCESS);
  made<unsigned>(curandGenerate(generator, u, 7));
  EXPECT_EQ(std::vector<unsigned>(u, u + 7), std::vector<unsigned>(first.begin() + 3, first.end()));
  curandGenerator_t host;
  std::vector<unsigned> same(10);
  ASSERT_EQ(curandCreateGeneratorHost(&host, CURAND_RNG_PSEUDO_DEFAULT), CURAND_STATUS_SUCCESS);
  ASSERT_EQ(curandSetPseudoRandomGeneratorSeed(host, 1234), CURAND_STATUS_SUCCESS);
  ASSERT_EQ(curandGenerate(host, same.data(), same.size()), CURAND_STATUS_SUCCESS);
  EXPECT_EQ(same, first);
  curandDestroyGenerator(host);
}

TEST_F(Generator, SaysWhatIsWrong) {
  curandGenerator_t none;
  EXPECT_EQ(curandCreateGenerator(&none, curandRngType_t(205)), CURAND_STATUS_TYPE_ERROR);
  EXPECT_EQ(curandSetQuasiRandomGeneratorDimensions(generator, 2), CURAND_STATUS_TYPE_ERROR);
  EXPECT_EQ(curandGenerateLongLong(generator, static_cast<unsigned long long*>(data), 1),
            CURAND_STATUS_TYPE_ERROR);
  EXPECT_EQ(curandGenerateNormal(generator, static_cast<float*>(data), 3, 0, 1),
            CURAND_STATUS_LENGTH_NOT_MULTIPLE);
  EXPECT_EQ(curandGeneratePoisson(generator, static_cast<unsigned*>(data), 1, -1),
            CURAND_STATUS_OUT_OF_RANGE);
  unsigned host[4];
  EXPECT_EQ(curandGenerate(generator, host, 4), CURAND_STATUS_LAUNCH_FAILURE);
}

constexpr curandRngType_t kQuasi[] = {CURAND_RNG_QUASI_SOBOL32, CURAND_RNG_QUASI_SCRAMBLED_SOBOL32,
                                      CURAND_RNG_QUASI_SOBOL64, CURAND_RNG_QUASI_SCRAMBLED_SOBOL64};

class QuasiGenerator : public testing::TestWithParam<curandRngType_t> {
 protected:
  void SetUp() override {
    ASSERT_EQ(curandCreateGeneratorHost(&generator, GetParam()), CURAND_STATUS_SUCCESS);
  }
  void TearDown() override { curandDestroyGenerator(generator); }
  curandGenerator_t generator = nullptr;
};
INSTANTIATE_TEST_SUITE_P(Sobol, QuasiGenerator, testing::ValuesIn(kQuasi));

// Of the first 2^k points of any one dimension, each of 2^k equal intervals holds one.
TEST_P(QuasiGenerator, EveryIntervalHasItsPoint) {
  constexpr size_t kPoints = 256;
  for (const unsigned dimensions : {1u, 2u, 99u, 100u, 101u, 1000u}) {
    ASSERT_EQ(curandSetQuasiRandomGeneratorDimensions(generator, dimensions), CURAND_STATUS_SUCCESS);
    ASSERT_EQ(curandSetGeneratorOffset(generator, 0), CURAND_STATUS_SUCCESS);
    std::vector<double> x(kPoints * dimensions);
    ASSERT_EQ(curandGenerateUniformDouble(generator, x.data(), x.size()), CURAND_STATUS_SUCCESS);
    for (size_t d = 0; d < dimensions; ++d) {
      std::vector<int> hits(kPoints, 0);
      for (size_t i = 0; i < kPoints; ++i) ++hits[size_t(x[d * kPoints + i] * kPoints)];
      ASSERT_EQ(hits, std::vector<int>(kPoints, 1)) << "dimension " << d;
    }
  }
}
// Neighbouring dimensions of the table: the first 16 points leave no 4 x 4 square of the first two empty, and
// the points are evenly spread over any pair of the first few.
TEST_P(QuasiGenerator, PairsFillTheSquare) {
  constexpr size_t kPoints = 1024, kDimensions = 8;
  ASSERT_EQ(curandSetQuasiRandomGeneratorDimensions(generator, kDimensions), CURAND_STATUS_SUCCESS);
  std::vector<float> x(kPoints * kDimensions);
  ASSERT_EQ(curandGenerateUniform(generator, x.data(), x.size()), CURAND_STATUS_SUCCESS);
  const auto hits = [&](size_t d, size_t e, size_t points, size_t n) {
    std::vector<int> count(n * n, 0);
    for (size_t i = 0; i < points; ++i)
      ++count[size_t(x[d * kPoints + i] * float(n)) * n + size_t(x[e * kPoints + i] * float(n))];
    return count;
  };
  EXPECT_EQ(hits(0, 1, 16, 4), std::vector<int>(16, 1));
  for (size_t d = 0; d < kDimensions; ++d)
    for (size_t e = 0; e < d; ++e)
      EXPECT_EQ(hits(d, e, kPoints, 4), std::vector<int>(16, kPoints / 16)) << d << ' ' << e;
}
TEST_P(QuasiGenerator, DistributionsHaveTheirMoments) {
  std::vector<double> x(kCount);
  ASSERT_EQ(curandGenerateNormalDouble(generator, x.data(), kCount, 3, 2), CURAND_STATUS_SUCCESS);
  // The first number of all stands for a probability of 2^-54.
  EXPECT_NEAR(moments_of(x.data()).mean, 3, 0.002);
  EXPECT_NEAR(moments_of(x.data()).deviation, 2, 0.005);
  // Numbers that are as many in one dimension needn't be even.
  ASSERT_EQ(curandGenerateLogNormalDouble(generator, x.data(), 3, 0, 1), CURAND_STATUS_SUCCESS);
  EXPECT_GT(x[0], 0);
  std::vector<unsigned> k(kCount);
  for (const double lambda : {0.5, 30.0, 800.0, 5000.0}) {
    ASSERT_EQ(curandGeneratePoissonMethod(generator, k.data(), kCount, lambda, CURAND_CHOOSE_BEST),
              CURAND_STATUS_SUCCESS);
    EXPECT_NEAR(moments_of(k.data()).mean, lambda, 0.003 * std::sqrt(lambda) + 1e-3) << lambda;
    EXPECT_NEAR(moments_of(k.data()).deviation, std::sqrt(lambda), 0.003 * std::sqrt(lambda)) << lambda;
  }
}
TEST_P(QuasiGenerator, SaysWhatIsWrong) {
  EXPECT_EQ(curandSetQuasiRandomGeneratorDimensions(generator, 0), CURAND_STATUS_OUT_OF_RANGE);
  EXPECT_EQ(curandSetQuasiRandomGeneratorDimensions(generator, 20001), CURAND_STATUS_OUT_OF_RANGE);
  ASSERT_EQ(curandSetQuasiRandomGeneratorDimensions(generator, 3), CURAND_STATUS_SUCCESS);
  float x[4];
  EXPECT_EQ(curandGenerateUniform(generator, x, 4), CURAND_STATUS_LENGTH_NOT_MULTIPLE);
  EXPECT_EQ(curandSetPseudoRandomGeneratorSeed(generator, 1), CURAND_STATUS_TYPE_ERROR);
  EXPECT_EQ(curandSetGeneratorOrdering(generator, CURAND_ORDERING_PSEUDO_BEST), CURAND_STATUS_OUT_OF_RANGE);
  unsigned word[3];
  const bool wide = GetParam() >= CURAND_RNG_QUASI_SOBOL64;
  EXPECT_EQ(curandGenerate(generator, word, 3), wide ? CURAND_STATUS_TYPE_ERROR : CURAND_STATUS_SUCCESS);
}

// The direction vectors that kernels start their own sequences from: the first points of the first dimensions
// are those of Joe and Kuo's paper.
TEST(DirectionVectors, AreTheSequences) {
  curandDirectionVectors32_t* v = nullptr;
  ASSERT_EQ(curandGetDirectionVectors32(&v, CURAND_DIRECTION_VECTORS_32_JOEKUO6), CURAND_STATUS_SUCCESS);
  constexpr unsigned kFirst[3][4] = {{0x80000000, 0x40000000, 0x20000000, 0x10000000},
                                     {0x80000000, 0xC0000000, 0xA0000000, 0xF0000000},
                                     {0x80000000, 0xC0000000, 0x60000000, 0x90000000}};
  for (int d = 0; d < 3; ++d)
    for (int i = 0; i < 4; ++i) EXPECT_EQ(v[d][i], kFirst[d][i]) << d << ' ' << i;
  curandDirectionVectors64_t* wide = nullptr;
  ASSERT_EQ(curandGetDirectionVectors64(&wide, CURAND_DIRECTION_VECTORS_64_JOEKUO6), CURAND_STATUS_SUCCESS);
  unsigned *scramble = nullptr, points[2 * 5];
  curandGenerator_t generator;
  ASSERT_EQ(curandGetDirectionVectors32(&v, CURAND_SCRAMBLED_DIRECTION_VECTORS_32_JOEKUO6),
            CURAND_STATUS_SUCCESS);
  ASSERT_EQ(curandGetScrambleConstants32(&scramble), CURAND_STATUS_SUCCESS);
  ASSERT_EQ(curandCreateGeneratorHost(&generator, CURAND_RNG_QUASI_SCRAMBLED_SOBOL32), CURAND_STATUS_SUCCESS);
  ASSERT_EQ(curandSetQuasiRandomGeneratorDimensions(generator, 2), CURAND_STATUS_SUCCESS);
  ASSERT_EQ(curandSetGeneratorOffset(generator, 3), CURAND_STATUS_SUCCESS);
  ASSERT_EQ(curandGenerate(generator, points, 10), CURAND_STATUS_SUCCESS);
  curandDestroyGenerator(generator);
  for (unsigned d = 0; d < 2; ++d)
    for (unsigned i = 0; i < 5; ++i) {
      const unsigned index = i + 3, gray = index ^ index >> 1;
      unsigned want = scramble[d];
      for (unsigned bit = 0; bit < 4; ++bit) want ^= gray >> bit & 1 ? v[d][bit] : 0;
      EXPECT_EQ(points[d * 5 + i], want);
    }
  EXPECT_EQ(wide[19999][63] & 1, 1u);
  EXPECT_EQ(curandGetDirectionVectors32(&v, CURAND_DIRECTION_VECTORS_64_JOEKUO6), CURAND_STATUS_OUT_OF_RANGE);
}

// What curand_discrete() in a program's kernels reads: columns of two outcomes each.
struct Columns {
  const double *threshold, *unused;
  const unsigned* other;
};
struct Table {
  const Columns *columns, *unused;
  unsigned shift, length;
};
struct Distribution {
  const void* unused;
  const Table *table, *also_unused;
  double deviation, mean;
  int method;
};
TEST(PoissonDistribution, TablesHaveItsProbabilities) {
  for (const double lambda : {0.01, 12.0, 1999.0}) {
    curandDiscreteDistribution_t made = nullptr;
    ASSERT_EQ(curandCreatePoissonDistribution(lambda, &made), CURAND_STATUS_SUCCESS);
    const auto& d = *reinterpret_cast<const Distribution*>(made);
    ASSERT_EQ(d.method, CURAND_M2);
    const Table& table = *d.table;
    std::vector<double> p(table.length, 0);
    for (unsigned j = 0; j < table.length; ++j) {
      const double from = double(j) / table.length, to = double(j + 1) / table.length;
      p[j] += table.columns->threshold[j] - from;
      p[table.columns->other[j]] += to - table.columns->threshold[j];
    }
    for (unsigned j = 0; j < table.length; ++j) {
      const double k = double(table.shift) + j;
      EXPECT_NEAR(p[j], std::exp(k * std::log(lambda) - lambda - std::lgamma(k + 1)), 1e-13)
          << lambda << ' ' << k;
    }
    EXPECT_EQ(curandDestroyDistribution(made), CURAND_STATUS_SUCCESS);
    EXPECT_EQ(curandDestroyDistribution(made), CURAND_STATUS_NOT_INITIALIZED);
  }
}
TEST(PoissonDistribution, LargeOnesAreNormal) {
  curandDiscreteDistribution_t made = nullptr;
  ASSERT_EQ(curandCreatePoissonDistribution(400000, &made), CURAND_STATUS_SUCCESS);
  const auto& d = *reinterpret_cast<const Distribution*>(made);
  EXPECT_NE(d.method, CURAND_M2);
  EXPECT_EQ(d.mean, 400000);
  EXPECT_EQ(d.deviation, std::sqrt(400000.0));
  EXPECT_EQ(curandDestroyDistribution(made), CURAND_STATUS_SUCCESS);
  EXPECT_EQ(curandCreatePoissonDistribution(0, &made), CURAND_STATUS_OUT_OF_RANGE);
}

}  // namespace
