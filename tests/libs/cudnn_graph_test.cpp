// cuDNN's graph interface: a convolution with what is fused behind it against the older functions, and what
// it refuses. Descriptor types and attributes are the numbers of the backend API reference.
#include <cudnn.h>

#include <algorithm>
#include <vector>

#include "shared_array.h"

extern "C" {
cudnnStatus_t cudnnBackendCreateDescriptor(int type, void** descriptor);
cudnnStatus_t cudnnBackendDestroyDescriptor(void* descriptor);
cudnnStatus_t cudnnBackendFinalize(void* descriptor);
cudnnStatus_t cudnnBackendSetAttribute(void* descriptor, int name, int type, int64_t count,
                                       const void* elements);
cudnnStatus_t cudnnBackendGetAttribute(void* descriptor, int name, int type, int64_t requested,
                                       int64_t* count, void* elements);
cudnnStatus_t cudnnBackendExecute(cudnnHandle_t handle, void* plan, void* pack);
}

namespace {

using libs_test::Shared;
constexpr auto kOk = CUDNN_STATUS_SUCCESS;
enum Type : int {
  kDataType = 1,
  kBool = 2,
  kInt64 = 3,
  kFloat = 4,
  kPointer = 6,
  kMode = 7,
  kPointwiseMode = 14,
  kDescriptor = 15
};

class CudnnGraph : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(cudnnCreate(&handle_), kOk); }
  void TearDown() override {
    for (void* d : made_) EXPECT_EQ(cudnnBackendDestroyDescriptor(d), kOk);
    EXPECT_EQ(cudnnDestroy(handle_), kOk);
  }
  void* make(int type) {
    void* d = nullptr;
    EXPECT_EQ(cudnnBackendCreateDescriptor(type, &d), kOk);
    made_.push_back(d);
    return d;
  }
  template <class T>
  void set(void* d, int name, int type, const std::vector<T>& values) {
    EXPECT_EQ(cudnnBackendSetAttribute(d, name, type, int64_t(values.size()), values.data()), kOk) << name;
  }
  void finish(void* d) { EXPECT_EQ(cudnnBackendFinalize(d), kOk); }

  void* tensor(int64_t id, const std::vector<int64_t>& dims, bool is_virtual = false) {
    std::vector<int64_t> strides(dims.size(), 1);
    for (size_t d = dims.size() - 1; d > 0; d--) strides[d - 1] = strides[d] * dims[d];
    void* t = make(17);
    set<int>(t, 901, kDataType, {CUDNN_DATA_FLOAT});
    set(t, 902, kInt64, dims);
    set(t, 903, kInt64, strides);
    set<int64_t>(t, 906, kInt64, {id});
    set<char>(t, 907, kBool, {is_virtual});
    finish(t);
    return t;
  }
  void* convolution(const std::vector<int64_t>& before, const std::vector<int64_t>& after) {
    void* c = make(1);
    set<int>(c, 101, kMode, {CUDNN_CROSS_CORRELATION});
    set<int64_t>(c, 102, kInt64, {1, 1});
    set<int64_t>(c, 103, kInt64, {2, 1});
    set(c, 104, kInt64, after);
    set(c, 105, kInt64, before);
    finish(c);
    return c;
  }
  void* forward(void* c, void* w, void* x, void* y) {
    void* o = make(10);
    set<float>(o, 700, kFloat, {1});
    set<float>(o, 701, kFloat, {0});
    int name = 702;
    for (void* d : {c, w, x, y}) set<void*>(o, name++, kDescriptor, {d});
    finish(o);
    return o;
  }
  void* pointwise(int mode, void* x, void* b, void* y) {
    void *p = make(0), *o = make(13);
    set<int>(p, 0, kPointwiseMode, {mode});
    finish(p);
    set<void*>(o, 750, kDescriptor, {p});
    set<void*>(o, 751, kDescriptor, {x});
    if (b) set<void*>(o, 752, kDescriptor, {b});
    set<void*>(o, 753, kDescriptor, {y});
    finish(o);
    return o;
  }
  void* graph_of(const std::vector<void*>& operations) {
    void* g = make(15);
    set(g, 801, kDescriptor, operations);
    return g;
  }
  /// The plan that the heuristics propose for a finished graph.
  void* plan_for(void* graph) {
    void *heuristics = make(4), *config = make(3), *plan = make(5);
    set<void*>(heuristics, 201, kDescriptor, {graph});
    finish(heuristics);
    int64_t count = 0;
    EXPECT_EQ(cudnnBackendGetAttribute(heuristics, 202, kDescriptor, 1, &count, &config), kOk);
    EXPECT_EQ(count, 1);
    set<void*>(plan, 401, kDescriptor, {config});
    finish(plan);
    int64_t workspace = -1;
    EXPECT_EQ(cudnnBackendGetAttribute(plan, 402, kInt64, 1, &count, &workspace), kOk);
    EXPECT_EQ(workspace, 0);
    return plan;
  }
  cudnnStatus_t execute(void* plan, const std::vector<int64_t>& ids, const std::vector<void*>& pointers) {
    void* pack = make(16);
    set(pack, 1000, kInt64, ids);
    set(pack, 1001, kPointer, pointers);
    finish(pack);
    return cudnnBackendExecute(handle_, plan, pack);
  }

  cudnnHandle_t handle_ = nullptr;
  std::vector<void*> made_;
};

TEST_F(CudnnGraph, ConvolutionBiasAndReluAreTheOlderFunctions) {
  const Shared<float> x(2 * 3 * 8 * 8), w(4 * 3 * 3 * 3), b(4), y(2 * 4 * 4 * 8), want(2 * 4 * 4 * 8);
  for (size_t i = 0; i < x.size(); i++) x[i] = float(int(i * 7 % 11) - 5);
  for (size_t i = 0; i < w.size(); i++) w[i] = float(int(i * 5 % 7) - 3);
  for (size_t i = 0; i < b.size(); i++) b[i] = float(i) - 2;
  void *tx = tensor(1, {2, 3, 8, 8}), *tw = tensor(2, {4, 3, 3, 3}), *tb = tensor(3, {1, 4, 1, 1}),
       *product = tensor(4, {2, 4, 4, 8}, true), *sum = tensor(5, {2, 4, 4, 8}, true),
       *ty = tensor(6, {2, 4, 4, 8});
  void* graph = graph_of({forward(convolution({1, 1}, {1, 1}), tw, tx, product),
                          pointwise(0, product, tb, sum), pointwise(100, sum, nullptr, ty)});
  finish(graph);
  ASSERT_EQ(execute(plan_for(graph), {1, 2, 3, 6}, {x.get(), w.get(), b.get(), y.get()}), kOk);

  cudnnTensorDescriptor_t ox, oy;
  cudnnFilterDescriptor_t ow;
  cudnnConvolutionDescriptor_t oc;
  cudnnCreateTensorDescriptor(&ox), cudnnCreateTensorDescriptor(&oy), cudnnCreateFilterDescriptor(&ow);
  cudnnCreateConvolutionDescriptor(&oc);
  cudnnSetTensor4dDescriptor(ox, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, 2, 3, 8, 8);
  cudnnSetTensor4dDescriptor(oy, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, 2, 4, 4, 8);
  cudnnSetFilter4dDescriptor(ow, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NCHW, 4, 3, 3, 3);
  cudnnSetConvolution2dDescriptor(oc, 1, 1, 2, 1, 1, 1, CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT);
  const float one = 1, zero = 0;
  ASSERT_EQ(
      cudnnConvolutionForward(handle_, &one, ox, x.get(), ow, w.get(), oc,
                              CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, nullptr, 0, &zero, oy, want.get()),
      kOk);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  bool cut = false;
  for (size_t i = 0; i < y.size(); i++) {
    const float sum_i = want[i] + b[i / 32 % 4];
    cut |= sum_i < 0;
    ASSERT_EQ(y[i], std::max(sum_i, 0.f)) << i;
  }
  EXPECT_TRUE(cut);
  cudnnDestroyTensorDescriptor(ox), cudnnDestroyTensorDescriptor(oy), cudnnDestroyFilterDescriptor(ow);
  cudnnDestroyConvolutionDescriptor(oc);
}

TEST_F(CudnnGraph, WhatIsNotWrittenIsSaidWhenTheGraphIsFinished) {
  void *tx = tensor(1, {2, 3, 8, 8}), *tw = tensor(2, {4, 3, 3, 3}), *ty = tensor(3, {2, 4, 4, 8});
  testing::internal::CaptureStderr();
  EXPECT_EQ(cudnnBackendFinalize(graph_of({forward(convolution({1, 0}, {1, 2}), tw, tx, ty)})),
            CUDNN_STATUS_NOT_SUPPORTED);
  EXPECT_EQ(cudnnBackendFinalize(graph_of({pointwise(9999, tx, nullptr, tx)})), CUDNN_STATUS_NOT_SUPPORTED);
  EXPECT_EQ(cudnnBackendFinalize(graph_of({make(22)})), CUDNN_STATUS_NOT_SUPPORTED);
  const std::string said = testing::internal::GetCapturedStderr();
  for (const char* words : {"unequal padding", "pointwise mode 9999", "descriptor type 22"})
    EXPECT_NE(said.find(words), std::string::npos) << said;
}

TEST_F(CudnnGraph, WrongUseIsABadParameter) {
  const Shared<float> x(2 * 3 * 8 * 8);
  void* tx = tensor(1, {2, 3, 8, 8});
  void* graph = graph_of({pointwise(102, tx, nullptr, tensor(2, {2, 3, 8, 8}))});
  finish(graph);
  void* plan = plan_for(graph);
  EXPECT_EQ(execute(plan, {1}, {x.get()}), CUDNN_STATUS_BAD_PARAM) << "no pointer for the output";
  EXPECT_EQ(cudnnBackendExecute(handle_, graph, plan), CUDNN_STATUS_BAD_PARAM);
  EXPECT_EQ(cudnnBackendSetAttribute(tx, 906, kInt64, 1, &x), CUDNN_STATUS_BAD_PARAM) << "it is final";
  int64_t count = 0;
  EXPECT_EQ(cudnnBackendGetAttribute(tx, 1234, kInt64, 1, &count, &count), CUDNN_STATUS_BAD_PARAM);
}

}  // namespace
