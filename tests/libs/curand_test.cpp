// cuRAND's host interface: the moments of each distribution, seeds and offsets.
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
  EXPECT_EQ(curandCreateGenerator(&none, CURAND_RNG_QUASI_SOBOL32), CURAND_STATUS_TYPE_ERROR);
  EXPECT_EQ(curandGenerateNormal(generator, static_cast<float*>(data), 3, 0, 1),
            CURAND_STATUS_LENGTH_NOT_MULTIPLE);
  EXPECT_EQ(curandGeneratePoisson(generator, static_cast<unsigned*>(data), 1, -1),
            CURAND_STATUS_OUT_OF_RANGE);
  unsigned host[4];
  EXPECT_EQ(curandGenerate(generator, host, 4), CURAND_STATUS_LAUNCH_FAILURE);
}

}  // namespace
