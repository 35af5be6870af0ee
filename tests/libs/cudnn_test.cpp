// cuDNN: every function against plain loops written from its formula, gradients against differences, layouts,
// types, and the documented answers to wrong arguments.
#include <cuda_fp16.h>
#include <cudnn.h>

#include <cmath>
#include <functional>
#include <vector>

#include "shared_array.h"

namespace {

using libs_test::Shared;
constexpr auto kOk = CUDNN_STATUS_SUCCESS, kBad = CUDNN_STATUS_BAD_PARAM;

double value(size_t i) {
  return double(int(i * 2654435761u >> 7 & 63) - 32) / 16;
}
template <class T>
void fill(const Shared<T>& a, size_t seed) {
  for (size_t i = 0; i < a.size(); ++i) a[i] = T(value(i + seed * 1000));
}

class Cudnn : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(cudnnCreate(&handle), kOk);
    for (auto* t : {&x, &y, &dx, &dy, &p}) ASSERT_EQ(cudnnCreateTensorDescriptor(t), kOk);
    ASSERT_EQ(cudnnCreateFilterDescriptor(&w), kOk);
    ASSERT_EQ(cudnnCreateConvolutionDescriptor(&conv), kOk);
  }
  void TearDown() override {
    for (auto* t : {&x, &y, &dx, &dy, &p}) EXPECT_EQ(cudnnDestroyTensorDescriptor(*t), kOk);
    EXPECT_EQ(cudnnDestroyFilterDescriptor(w), kOk);
    EXPECT_EQ(cudnnDestroyConvolutionDescriptor(conv), kOk);
    EXPECT_EQ(cudnnDestroy(handle), kOk);
  }
  void wait() { ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess); }
  void set(cudnnTensorDescriptor_t t, int n, int c, int h, int w_,
           cudnnTensorFormat_t format = CUDNN_TENSOR_NCHW, cudnnDataType_t type = CUDNN_DATA_DOUBLE) {
    ASSERT_EQ(cudnnSetTensor4dDescriptor(t, format, type, n, c, h, w_), kOk);
  }
  /// Compares a gradient with central differences of `loss` along some thirty inputs.
  void expect_gradient(const Shared<double>& input, const Shared<double>& gradient,
                       const std::function<double()>& loss) {
    wait();  // for the gradient
    for (size_t i = 0; i < input.size(); i += 1 + input.size() / 32) {
      const double was = input[i], step = 1e-5;
      input[i] = was + step;
      const double up = loss();
      input[i] = was - step;
      const double down = loss();
      input[i] = was;
      ASSERT_NEAR(gradient[i], (up - down) / (2 * step), 1e-5) << i;
    }
  }
  double dot(const Shared<double>& a, const Shared<double>& b) {
    wait();
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
  }
  cudnnHandle_t handle = nullptr;
  cudnnTensorDescriptor_t x = nullptr, y = nullptr, dx = nullptr, dy = nullptr, p = nullptr;
  cudnnFilterDescriptor_t w = nullptr;
  cudnnConvolutionDescriptor_t conv = nullptr;
  const double one = 1, none = 0;
  const float one_f = 1, none_f = 0;
};

struct ConvCase {
  int n, c, h, w, k, r, s, pad, stride, dilation, groups;
  cudnnConvolutionMode_t mode;
};

TEST_F(Cudnn, ConvolutionsInBothLayouts) {
  const ConvCase cases[] = {{2, 3, 6, 5, 4, 3, 2, 1, 1, 1, 1, CUDNN_CROSS_CORRELATION},
                            {1, 4, 7, 7, 6, 3, 3, 2, 2, 2, 2, CUDNN_CROSS_CORRELATION},
                            {2, 2, 5, 5, 2, 3, 3, 0, 1, 1, 1, CUDNN_CONVOLUTION},
                            {1, 8, 4, 4, 8, 1, 1, 0, 1, 1, 8, CUDNN_CROSS_CORRELATION}};
  for (const auto format : {CUDNN_TENSOR_NCHW, CUDNN_TENSOR_NHWC})
    for (const ConvCase& q : cases) {
      const int per = q.c / q.groups;
      set(x, q.n, q.c, q.h, q.w, format);
      ASSERT_EQ(cudnnSetFilter4dDescriptor(w, CUDNN_DATA_DOUBLE, format, q.k, per, q.r, q.s), kOk);
      ASSERT_EQ(cudnnSetConvolution2dDescriptor(conv, q.pad, q.pad, q.stride, q.stride, q.dilation,
                                                q.dilation, q.mode, CUDNN_DATA_DOUBLE),
                kOk);
      ASSERT_EQ(cudnnSetConvolutionGroupCount(conv, q.groups), kOk);
      int n = 0, k = 0, oh = 0, ow = 0;
      ASSERT_EQ(cudnnGetConvolution2dForwardOutputDim(conv, x, w, &n, &k, &oh, &ow), kOk);
      set(y, n, k, oh, ow, format);
      Shared<double> in(size_t(q.n * q.c * q.h * q.w)), filter(size_t(q.k * per * q.r * q.s)),
          out(size_t(n * k * oh * ow));
      fill(in, 1), fill(filter, 2), fill(out, 3);
      const bool nhwc = format == CUDNN_TENSOR_NHWC;
      const auto at = [&](int i, int c, int h, int v, int C, int H, int W) {
        return size_t(nhwc ? ((i * H + h) * W + v) * C + c : ((i * C + c) * H + h) * W + v);
      };
      std::vector<double> want(out.size());
      const double alpha = 2, beta = 0.5;
      for (int i = 0; i < n; ++i)
        for (int o = 0; o < k; ++o)
          for (int a = 0; a < oh; ++a)
            for (int b = 0; b < ow; ++b) {
              double sum = 0;
              for (int c = 0; c < per; ++c)
                for (int r = 0; r < q.r; ++r)
                  for (int s = 0; s < q.s; ++s) {
                    const int ih = a * q.stride - q.pad + r * q.dilation,
                              iw = b * q.stride - q.pad + s * q.dilation;
                    if (ih < 0 || ih >= q.h || iw < 0 || iw >= q.w) continue;
                    const bool flip = q.mode == CUDNN_CONVOLUTION;
                    sum += in[at(i, o / (q.k / q.groups) * per + c, ih, iw, q.c, q.h, q.w)] *
                           filter[at(o, c, flip ? q.r - 1 - r : r, flip ? q.s - 1 - s : s, per, q.r, q.s)];
                  }
              const size_t to = at(i, o, a, b, k, oh, ow);
              want[to] = alpha * sum + beta * out[to];
            }
      ASSERT_EQ(
          cudnnConvolutionForward(handle, &alpha, x, in.get(), w, filter.get(), conv,
                                  CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, nullptr, 0, &beta, y, out.get()),
          kOk);
      wait();
      for (size_t i = 0; i < want.size(); ++i) ASSERT_NEAR(out[i], want[i], 1e-10) << i;

      Shared<double> dout(out.size()), din(in.size()), dfilter(filter.size()), bias(static_cast<size_t>(k));
      fill(dout, 4);
      ASSERT_EQ(
          cudnnConvolutionBackwardData(handle, &one, w, filter.get(), y, dout.get(), conv,
                                       CUDNN_CONVOLUTION_BWD_DATA_ALGO_1, nullptr, 0, &none, x, din.get()),
          kOk);
      ASSERT_EQ(cudnnConvolutionBackwardFilter(handle, &one, x, in.get(), y, dout.get(), conv,
                                               CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0, nullptr, 0, &none, w,
                                               dfilter.get()),
                kOk);
      set(p, 1, k, 1, 1);
      ASSERT_EQ(cudnnConvolutionBackwardBias(handle, &one, y, dout.get(), &none, p, bias.get()), kOk);
      const auto loss = [&] {
        EXPECT_EQ(cudnnConvolutionForward(handle, &one, x, in.get(), w, filter.get(), conv,
                                          CUDNN_CONVOLUTION_FWD_ALGO_GEMM, nullptr, 0, &none, y, out.get()),
                  kOk);
        return dot(out, dout);
      };
      expect_gradient(in, din, loss);
      expect_gradient(filter, dfilter, loss);
      double sum = 0;
      for (int i = 0; i < n; ++i)
        for (int a = 0; a < oh; ++a)
          for (int b = 0; b < ow; ++b) sum += dout[at(i, k - 1, a, b, k, oh, ow)];
      EXPECT_NEAR(bias[size_t(k - 1)], sum, 1e-12);
    }
}

TEST_F(Cudnn, ConvolutionWithBiasAndActivationInHalfPrecision) {
  set(x, 1, 2, 3, 3, CUDNN_TENSOR_NCHW, CUDNN_DATA_HALF),
      set(y, 1, 2, 3, 3, CUDNN_TENSOR_NCHW, CUDNN_DATA_HALF);
  set(p, 1, 2, 1, 1, CUDNN_TENSOR_NCHW, CUDNN_DATA_HALF);
  ASSERT_EQ(cudnnSetFilter4dDescriptor(w, CUDNN_DATA_HALF, CUDNN_TENSOR_NCHW, 2, 2, 1, 1), kOk);
  ASSERT_EQ(
      cudnnSetConvolution2dDescriptor(conv, 0, 0, 1, 1, 1, 1, CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT),
      kOk);
  cudnnActivationDescriptor_t relu = nullptr;
  ASSERT_EQ(cudnnCreateActivationDescriptor(&relu), kOk);
  ASSERT_EQ(cudnnSetActivationDescriptor(relu, CUDNN_ACTIVATION_RELU, CUDNN_NOT_PROPAGATE_NAN, 0), kOk);
  Shared<__half> in(18), filter(4), bias(2), z(18), out(18);
  for (size_t i = 0; i < 18; ++i) in[i] = __float2half(float(i) - 8), z[i] = __float2half(1);
  for (size_t i = 0; i < 4; ++i) filter[i] = __float2half(float(i) - 1);
  bias[0] = __float2half(3), bias[1] = __float2half(-2);
  const float alpha2 = 2;
  ASSERT_EQ(cudnnConvolutionBiasActivationForward(handle, &one_f, x, in.get(), w, filter.get(), conv,
                                                  CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM, nullptr,
                                                  0, &alpha2, y, z.get(), p, bias.get(), relu, y, out.get()),
            kOk);
  wait();
  for (int k = 0; k < 2; ++k)
    for (int i = 0; i < 9; ++i) {
      const float sum = (2 * k - 1) * float(i - 8) + (2 * k) * float(i + 1) + 2 + (k ? -2 : 3);
      ASSERT_EQ(__half2float(out[size_t(k * 9 + i)]), std::max(sum, 0.f)) << k << ' ' << i;
    }
  cudnnDestroyActivationDescriptor(relu);
}

TEST_F(Cudnn, AlgorithmQueriesNameWhatRuns) {
  set(x, 1, 1, 8, 8, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT),
      set(y, 1, 1, 6, 6, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT);
  ASSERT_EQ(cudnnSetFilter4dDescriptor(w, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NCHW, 1, 1, 3, 3), kOk);
  ASSERT_EQ(
      cudnnSetConvolution2dDescriptor(conv, 0, 0, 1, 1, 1, 1, CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT),
      kOk);
  int count = 0, returned = 0;
  ASSERT_EQ(cudnnGetConvolutionForwardAlgorithmMaxCount(handle, &count), kOk);
  std::vector<cudnnConvolutionFwdAlgoPerf_t> results(static_cast<size_t>(count));
  ASSERT_EQ(cudnnGetConvolutionForwardAlgorithm_v7(handle, x, w, conv, y, count, &returned, results.data()),
            kOk);
  ASSERT_GE(returned, 1);
  ASSERT_EQ(cudnnFindConvolutionForwardAlgorithm(handle, x, w, conv, y, 2, &returned, results.data()), kOk);
  ASSERT_EQ(returned, 2);
  EXPECT_EQ(results[0].status, kOk);
  EXPECT_GT(results[0].time, 0);
  size_t bytes = 1;
  ASSERT_EQ(cudnnGetConvolutionForwardWorkspaceSize(handle, x, w, conv, y, results[0].algo, &bytes), kOk);
  EXPECT_LE(bytes, results[0].memory);
  cudnnConvolutionBwdDataAlgoPerf_t data[2];
  cudnnConvolutionBwdFilterAlgoPerf_t filter[2];
  ASSERT_EQ(cudnnGetConvolutionBackwardDataAlgorithm_v7(handle, w, y, conv, x, 2, &returned, data), kOk);
  ASSERT_EQ(cudnnFindConvolutionBackwardFilterAlgorithm(handle, x, y, conv, w, 2, &returned, filter), kOk);
  EXPECT_EQ(filter[0].status, kOk);
}

TEST_F(Cudnn, PoolingAndItsGradients) {
  cudnnPoolingDescriptor_t pool = nullptr;
  ASSERT_EQ(cudnnCreatePoolingDescriptor(&pool), kOk);
  set(x, 1, 2, 5, 5), set(dx, 1, 2, 5, 5);
  Shared<double> in(50), din(50);
  for (size_t i = 0; i < 50; ++i) in[i] = value(i) + double(i) / 1000;  // no two are equal
  for (const auto mode : {CUDNN_POOLING_MAX, CUDNN_POOLING_AVERAGE_COUNT_INCLUDE_PADDING,
                          CUDNN_POOLING_AVERAGE_COUNT_EXCLUDE_PADDING}) {
    ASSERT_EQ(cudnnSetPooling2dDescriptor(pool, mode, CUDNN_NOT_PROPAGATE_NAN, 3, 3, 1, 1, 2, 2), kOk);
    int n = 0, c = 0, h = 0, v = 0;
    ASSERT_EQ(cudnnGetPooling2dForwardOutputDim(pool, x, &n, &c, &h, &v), kOk);
    ASSERT_EQ(h, 3);
    set(y, n, c, h, v);
    Shared<double> out(size_t(n * c * h * v)), dout(out.size());
    fill(dout, 5);
    ASSERT_EQ(cudnnPoolingForward(handle, pool, &one, x, in.get(), &none, y, out.get()), kOk);
    wait();
    for (int k = 0; k < 2; ++k)
      for (int a = 0; a < 3; ++a)
        for (int b = 0; b < 3; ++b) {
          double most = -1e9, sum = 0;
          int seen = 0;
          for (int i = std::max(0, a * 2 - 1); i < std::min(5, a * 2 + 2); ++i)
            for (int j = std::max(0, b * 2 - 1); j < std::min(5, b * 2 + 2); ++j) {
              const double e = in[size_t(k * 25 + i * 5 + j)];
              most = std::max(most, e), sum += e, ++seen;
            }
          const double want = mode == CUDNN_POOLING_MAX                             ? most
                              : mode == CUDNN_POOLING_AVERAGE_COUNT_INCLUDE_PADDING ? sum / 9
                                                                                    : sum / seen;
          ASSERT_NEAR(out[size_t(k * 9 + a * 3 + b)], want, 1e-12) << mode;
        }
    ASSERT_EQ(cudnnPoolingBackward(handle, pool, &one, y, out.get(), y, dout.get(), x, in.get(), &none, dx,
                                   din.get()),
              kOk);
    expect_gradient(in, din, [&] {
      EXPECT_EQ(cudnnPoolingForward(handle, pool, &one, x, in.get(), &none, y, out.get()), kOk);
      return dot(out, dout);
    });
  }
  cudnnDestroyPoolingDescriptor(pool);
}

TEST_F(Cudnn, ActivationsAndTheirGradients) {
  cudnnActivationDescriptor_t act = nullptr;
  ASSERT_EQ(cudnnCreateActivationDescriptor(&act), kOk);
  set(x, 1, 1, 1, 8);
  Shared<double> in{-2.5, -1.2, -0.3, 0.1, 0.4, 1.1, 2.2, 3.3}, out(8), dout(8), din(8);
  fill(dout, 6);
  struct {
    cudnnActivationMode_t mode;
    double coefficient, at_one;  ///< what 1.1 becomes
  } const modes[] = {{CUDNN_ACTIVATION_SIGMOID, 0, 1 / (1 + std::exp(-1.1))},
                     {CUDNN_ACTIVATION_RELU, 0, 1.1},
                     {CUDNN_ACTIVATION_TANH, 0, std::tanh(1.1)},
                     {CUDNN_ACTIVATION_CLIPPED_RELU, 1, 1},
                     {CUDNN_ACTIVATION_ELU, 0.7, 1.1},
                     {CUDNN_ACTIVATION_SWISH, 0, 1.1 / (1 + std::exp(-1.1))}};
  for (const auto& m : modes) {
    ASSERT_EQ(cudnnSetActivationDescriptor(act, m.mode, CUDNN_NOT_PROPAGATE_NAN, m.coefficient), kOk);
    const auto run = [&] {
      EXPECT_EQ(cudnnActivationForward(handle, act, &one, x, in.get(), &none, x, out.get()), kOk);
      return dot(out, dout);
    };
    run();
    EXPECT_NEAR(out[5], m.at_one, 1e-12);
    ASSERT_EQ(cudnnActivationBackward(handle, act, &one, x, out.get(), x, dout.get(), x, in.get(), &none, x,
                                      din.get()),
              kOk);
    expect_gradient(in, din, run);
  }
  cudnnDestroyActivationDescriptor(act);
}

TEST_F(Cudnn, SoftmaxInBothModes) {
  set(x, 2, 3, 2, 2);
  Shared<double> in(24), out(24), dout(24), din(24);
  fill(in, 7), fill(dout, 8);
  for (const auto mode : {CUDNN_SOFTMAX_MODE_CHANNEL, CUDNN_SOFTMAX_MODE_INSTANCE})
    for (const auto algorithm : {CUDNN_SOFTMAX_ACCURATE, CUDNN_SOFTMAX_LOG}) {
      const auto run = [&] {
        EXPECT_EQ(cudnnSoftmaxForward(handle, algorithm, mode, &one, x, in.get(), &none, x, out.get()), kOk);
        return dot(out, dout);
      };
      run();
      double sum = 0;
      for (int c = 0; c < 3; ++c)
        for (int i = 0; i < 4; ++i) {
          if (mode == CUDNN_SOFTMAX_MODE_CHANNEL && i) continue;
          const double e = out[size_t(c * 4 + i)];
          sum += algorithm == CUDNN_SOFTMAX_LOG ? std::exp(e) : e;
        }
      EXPECT_NEAR(sum, 1, 1e-12);
      ASSERT_EQ(cudnnSoftmaxBackward(handle, algorithm, mode, &one, x, out.get(), x, dout.get(), &none, x,
                                     din.get()),
                kOk);
      expect_gradient(in, din, run);
    }
}

TEST_F(Cudnn, BatchNormalization) {
  const int n = 4, c = 2, h = 2;
  set(x, n, c, h, 1);
  for (const auto mode : {CUDNN_BATCHNORM_SPATIAL, CUDNN_BATCHNORM_PER_ACTIVATION}) {
    ASSERT_EQ(cudnnDeriveBNTensorDescriptor(p, x, mode), kOk);
    size_t bytes = 0;
    ASSERT_EQ(cudnnGetTensorSizeInBytes(p, &bytes), kOk);
    const size_t params = bytes / sizeof(double);
    ASSERT_EQ(params, size_t(mode == CUDNN_BATCHNORM_SPATIAL ? c : c * h));
    Shared<double> in(size_t(n * c * h)), out(in.size()), dout(in.size()), din(in.size()), scale(params),
        bias(params), mean(params), variance(params), saved(params), inverse(params), dscale(params),
        dbias(params);
    fill(in, 9), fill(dout, 10);
    for (size_t i = 0; i < params; ++i)
      scale[i] = 1 + double(i), bias[i] = double(i) - 1, mean[i] = 10, variance[i] = 20;
    const double epsilon = 1e-3;
    ASSERT_EQ(cudnnBatchNormalizationForwardTraining(handle, mode, &one, &none, x, in.get(), x, out.get(), p,
                                                     scale.get(), bias.get(), 0.25, mean.get(),
                                                     variance.get(), epsilon, saved.get(), inverse.get()),
              kOk);
    wait();
    for (int k = 0; k < c; ++k)
      for (int i = 0; i < h; ++i) {
        double sum = 0, squares = 0;
        int m = 0;
        for (int b = 0; b < n; ++b)
          for (int j = 0; j < h; ++j)
            if (mode == CUDNN_BATCHNORM_SPATIAL || j == i) sum += in[size_t((b * c + k) * h + j)], ++m;
        for (int b = 0; b < n; ++b)
          for (int j = 0; j < h; ++j)
            if (mode == CUDNN_BATCHNORM_SPATIAL || j == i)
              squares += std::pow(in[size_t((b * c + k) * h + j)] - sum / m, 2);
        const size_t at = size_t(mode == CUDNN_BATCHNORM_SPATIAL ? k : k * h + i);
        const double inv = 1 / std::sqrt(squares / m + epsilon);
        ASSERT_NEAR(saved[at], sum / m, 1e-12);
        ASSERT_NEAR(inverse[at], inv, 1e-12);
        ASSERT_NEAR(mean[at], 7.5 + 0.25 * sum / m, 1e-12);
        ASSERT_NEAR(variance[at], 15 + 0.25 * squares / (m - 1), 1e-12);
        ASSERT_NEAR(out[size_t(k * h + i)], scale[at] * (in[size_t(k * h + i)] - sum / m) * inv + bias[at],
                    1e-12);
      }
    ASSERT_EQ(cudnnBatchNormalizationBackward(handle, mode, &one, &none, &one, &none, x, in.get(), x,
                                              dout.get(), x, din.get(), p, scale.get(), dscale.get(),
                                              dbias.get(), epsilon, saved.get(), inverse.get()),
              kOk);
    const auto loss = [&] {
      EXPECT_EQ(cudnnBatchNormalizationForwardTraining(handle, mode, &one, &none, x, in.get(), x, out.get(),
                                                       p, scale.get(), bias.get(), 1, nullptr, nullptr,
                                                       epsilon, nullptr, nullptr),
                kOk);
      return dot(out, dout);
    };
    expect_gradient(in, din, loss);
    expect_gradient(scale, dscale, loss);
    expect_gradient(bias, dbias, loss);
    ASSERT_EQ(
        cudnnBatchNormalizationForwardInference(handle, mode, &one, &none, x, in.get(), x, out.get(), p,
                                                scale.get(), bias.get(), mean.get(), variance.get(), epsilon),
        kOk);
    wait();
    EXPECT_NEAR(out[0], scale[0] * (in[0] - mean[0]) / std::sqrt(variance[0] + epsilon) + bias[0], 1e-12);
  }
}

TEST_F(Cudnn, NormalizationAcrossChannels) {
  cudnnLRNDescriptor_t lrn = nullptr;
  ASSERT_EQ(cudnnCreateLRNDescriptor(&lrn), kOk);
  ASSERT_EQ(cudnnSetLRNDescriptor(lrn, 3, 0.5, 0.75, 2), kOk);
  EXPECT_EQ(cudnnSetLRNDescriptor(lrn, 0, 0.5, 0.75, 2), kBad);
  set(x, 1, 5, 1, 2);
  Shared<double> in(10), out(10), dout(10), din(10);
  fill(in, 11), fill(dout, 12);
  const auto run = [&] {
    EXPECT_EQ(cudnnLRNCrossChannelForward(handle, lrn, CUDNN_LRN_CROSS_CHANNEL_DIM1, &one, x, in.get(), &none,
                                          x, out.get()),
              kOk);
    return dot(out, dout);
  };
  run();
  const double sum = in[2] * in[2] + in[4] * in[4] + in[6] * in[6];  // channels 1 to 3 of the first column
  EXPECT_NEAR(out[4], in[4] / std::pow(2 + 0.5 / 3 * sum, 0.75), 1e-12);
  ASSERT_EQ(cudnnLRNCrossChannelBackward(handle, lrn, CUDNN_LRN_CROSS_CHANNEL_DIM1, &one, x, out.get(), x,
                                         dout.get(), x, in.get(), &none, x, din.get()),
            kOk);
  expect_gradient(in, din, run);
  cudnnDestroyLRNDescriptor(lrn);
}

TEST_F(Cudnn, TensorsAddedReducedAndMoved) {
  set(x, 2, 3, 1, 2, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT),
      set(p, 1, 3, 1, 1, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT);
  Shared<float> a(12), bias{10, 20, 30}, c(12), sums(3);
  Shared<uint32_t> where(3);
  for (size_t i = 0; i < 12; ++i) a[i] = float(i), c[i] = 1;
  ASSERT_EQ(cudnnAddTensor(handle, &one_f, p, bias.get(), &one_f, x, a.get()), kOk);
  wait();
  EXPECT_EQ(a[0], 10);
  EXPECT_EQ(a[3], 23);
  EXPECT_EQ(a[11], 41);

  cudnnOpTensorDescriptor_t op = nullptr;
  ASSERT_EQ(cudnnCreateOpTensorDescriptor(&op), kOk);
  ASSERT_EQ(cudnnSetOpTensorDescriptor(op, CUDNN_OP_TENSOR_MAX, CUDNN_DATA_FLOAT, CUDNN_NOT_PROPAGATE_NAN),
            kOk);
  const float two = 2;
  ASSERT_EQ(cudnnOpTensor(handle, op, &one_f, x, a.get(), &two, p, bias.get(), &one_f, x, c.get()), kOk);
  wait();
  EXPECT_EQ(c[0], 20 + 1);
  EXPECT_EQ(c[11], 60 + 1);
  cudnnDestroyOpTensorDescriptor(op);

  cudnnReduceTensorDescriptor_t reduce = nullptr;
  ASSERT_EQ(cudnnCreateReduceTensorDescriptor(&reduce), kOk);
  ASSERT_EQ(cudnnSetReduceTensorDescriptor(reduce, CUDNN_REDUCE_TENSOR_MAX, CUDNN_DATA_FLOAT,
                                           CUDNN_NOT_PROPAGATE_NAN, CUDNN_REDUCE_TENSOR_FLATTENED_INDICES,
                                           CUDNN_32BIT_INDICES),
            kOk);
  size_t bytes = 0;
  ASSERT_EQ(cudnnGetReductionIndicesSize(handle, reduce, x, p, &bytes), kOk);
  ASSERT_EQ(bytes, 3 * sizeof(uint32_t));
  ASSERT_EQ(cudnnReduceTensor(handle, reduce, where.get(), bytes, nullptr, 0, &one_f, x, a.get(), &none_f, p,
                              sums.get()),
            kOk);
  wait();
  EXPECT_EQ(sums[1], a[9]);
  EXPECT_EQ(where[1], 3u);
  ASSERT_EQ(cudnnSetReduceTensorDescriptor(reduce, CUDNN_REDUCE_TENSOR_NORM2, CUDNN_DATA_FLOAT,
                                           CUDNN_NOT_PROPAGATE_NAN, CUDNN_REDUCE_TENSOR_NO_INDICES,
                                           CUDNN_32BIT_INDICES),
            kOk);
  ASSERT_EQ(
      cudnnReduceTensor(handle, reduce, nullptr, 0, nullptr, 0, &one_f, x, a.get(), &none_f, p, sums.get()),
      kOk);
  wait();
  EXPECT_NEAR(sums[0], std::sqrt(10 * 10 + 11 * 11 + 16 * 16 + 17 * 17), 1e-4);
  cudnnDestroyReduceTensorDescriptor(reduce);

  Shared<float> moved(12);
  set(y, 2, 3, 1, 2, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT);
  ASSERT_EQ(cudnnTransformTensor(handle, &one_f, x, a.get(), &none_f, y, moved.get()), kOk);
  const float nine = 9;
  ASSERT_EQ(cudnnSetTensor(handle, x, c.get(), &nine), kOk);
  ASSERT_EQ(cudnnScaleTensor(handle, x, c.get(), &two), kOk);
  wait();
  EXPECT_EQ(moved[1], a[2]);
  EXPECT_EQ(moved[3], a[1]);
  EXPECT_EQ(moved[11], a[11]);
  EXPECT_EQ(c[7], 18);
}

TEST_F(Cudnn, DropoutKeepsItsShareAndItsMask) {
  set(x, 1, 1, 100, 100, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT);
  cudnnDropoutDescriptor_t drop = nullptr;
  ASSERT_EQ(cudnnCreateDropoutDescriptor(&drop), kOk);
  size_t states = 0, reserve = 0;
  ASSERT_EQ(cudnnDropoutGetStatesSize(handle, &states), kOk);
  ASSERT_EQ(cudnnDropoutGetReserveSpaceSize(x, &reserve), kOk);
  Shared<uint64_t> state(states / 8 + 1);
  Shared<char> kept(reserve);
  Shared<float> in(10000), out(10000), again(10000), din(10000);
  std::fill(in.begin(), in.end(), 1.f);
  ASSERT_EQ(cudnnSetDropoutDescriptor(drop, handle, 0.25f, state.get(), states, 42), kOk);
  ASSERT_EQ(cudnnDropoutForward(handle, drop, x, in.get(), x, out.get(), kept.get(), reserve), kOk);
  ASSERT_EQ(cudnnDropoutBackward(handle, drop, x, in.get(), x, din.get(), kept.get(), reserve), kOk);
  wait();
  int alive = 0;
  for (size_t i = 0; i < 10000; ++i) {
    ASSERT_TRUE(out[i] == 0 || std::abs(out[i] - 1 / 0.75f) < 1e-6f);
    ASSERT_EQ(out[i], din[i]);
    alive += out[i] != 0;
  }
  EXPECT_NEAR(alive, 7500, 200);
  ASSERT_EQ(cudnnDropoutForward(handle, drop, x, in.get(), x, again.get(), kept.get(), reserve), kOk);
  wait();
  EXPECT_FALSE(std::equal(out.begin(), out.end(), again.begin()));  // the next numbers
  cudnnDestroyDropoutDescriptor(drop);
}

TEST_F(Cudnn, WrongArgumentsGetTheirDocumentedStatus) {
  EXPECT_EQ(cudnnCreate(nullptr), kBad);
  EXPECT_EQ(cudnnSetTensor4dDescriptor(x, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, 0, 1, 1, 1), kBad);
  EXPECT_EQ(cudnnSetTensor4dDescriptor(nullptr, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, 1, 1, 1, 1), kBad);
  testing::internal::CaptureStderr();
  EXPECT_EQ(cudnnSetTensor4dDescriptor(x, CUDNN_TENSOR_NCHW_VECT_C, CUDNN_DATA_INT8, 1, 4, 1, 1),
            CUDNN_STATUS_NOT_SUPPORTED);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("VECT_C"), std::string::npos);
  set(x, 1, 2, 4, 4), set(y, 1, 1, 2, 2);
  ASSERT_EQ(cudnnSetFilter4dDescriptor(w, CUDNN_DATA_DOUBLE, CUDNN_TENSOR_NCHW, 1, 3, 3, 3), kOk);
  ASSERT_EQ(
      cudnnSetConvolution2dDescriptor(conv, 0, 0, 1, 1, 1, 1, CUDNN_CROSS_CORRELATION, CUDNN_DATA_DOUBLE),
      kOk);
  int dims[4];
  EXPECT_EQ(cudnnGetConvolutionNdForwardOutputDim(conv, x, w, 4, dims), kBad);  // channels disagree
  Shared<double> data(64);
  EXPECT_EQ(cudnnConvolutionForward(handle, &one, x, data.get(), w, data.get(), conv,
                                    CUDNN_CONVOLUTION_FWD_ALGO_GEMM, nullptr, 0, &none, y, data.get()),
            kBad);
  EXPECT_EQ(cudnnAddTensor(nullptr, &one, x, data.get(), &one, x, data.get()), CUDNN_STATUS_NOT_INITIALIZED);
  EXPECT_EQ(cudnnAddTensor(handle, &one, x, data.get(), &one, y, data.get()), kBad);
  EXPECT_STREQ(cudnnGetErrorString(CUDNN_STATUS_BAD_PARAM), "CUDNN_STATUS_BAD_PARAM");
}

}  // namespace
