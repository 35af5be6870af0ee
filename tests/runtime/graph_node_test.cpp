// Nodes of graphs: each kind added, asked, changed in the graph and in an instantiated one; graphs as a
// whole.
#include <array>
#include <fstream>
#include <sstream>

#include "api_fixture.h"

#if CUDART_VERSION >= 13000
// Of CUDA 13.2.
extern "C" cudaError_t cudaGraphNodeGetParams(cudaGraphNode_t, cudaGraphNodeParams*);
#endif

namespace {

void count_call(void* counter) {
  ++*static_cast<int*>(counter);
}

class NodeApi : public api::Test {
 protected:
  void SetUp() override {
    api::Test::SetUp();
    ASSERT_OK(cudaGraphCreate(&graph_, 0));
    ASSERT_OK(cudaEventCreate(&event_));
    ASSERT_OK(cudaEventCreate(&other_event_));
  }
  void TearDown() override {
    if (exec_) EXPECT_OK(cudaGraphExecDestroy(exec_));
    EXPECT_OK(cudaGraphDestroy(graph_));
    EXPECT_OK(cudaEventDestroy(event_));
    EXPECT_OK(cudaEventDestroy(other_event_));
    exec_ = nullptr;
    api::Test::TearDown();
  }
  void instantiate() { ASSERT_OK(cudaGraphInstantiateWithFlags(&exec_, graph_, 0)); }
  void launch() {
    EXPECT_OK(cudaGraphLaunch(exec_, stream_));
    EXPECT_OK(cudaStreamSynchronize(stream_));
  }
  cudaMemsetParams fill(unsigned value, size_t words = 4) const {
    cudaMemsetParams p{};
    p.dst = data_;
    p.elementSize = 4;
    p.value = value;
    p.width = words;
    p.height = 1;
    return p;
  }
  /// data_[i] = data_[i] * multiplier + addend.
  cudaKernelNodeParams kernel(unsigned multiplier, unsigned addend) {
    multiplier_ = multiplier, addend_ = addend;
    return {const_cast<char*>(&api::fma_words), dim3(2), dim3(128), 0, params_, nullptr};
  }
  cudaMemcpy3DParms row(void* dst, const void* src, size_t bytes, cudaMemcpyKind kind) const {
    cudaMemcpy3DParms p{};
    p.srcPtr = {const_cast<void*>(src), bytes, bytes, 1};
    p.dstPtr = {dst, bytes, bytes, 1};
    p.extent = {bytes, 1, 1};
    p.kind = kind;
    return p;
  }
  bool recorded(cudaEvent_t event) {
    float ms = 0;
    const cudaError_t e = cudaEventElapsedTime(&ms, event, event);
    (void)cudaGetLastError();
    return e == cudaSuccess;
  }

  cudaGraph_t graph_ = nullptr;
  cudaGraphExec_t exec_ = nullptr;
  cudaEvent_t event_ = nullptr, other_event_ = nullptr;
  unsigned n_ = kCount, multiplier_ = 0, addend_ = 0;
  void* params_[4] = {&data_, &n_, &multiplier_, &addend_};
};

TEST_F(NodeApi, FillsAreAskedAndChanged) {
  cudaGraphNode_t node = nullptr, empty = nullptr;
  cudaMemsetParams p = fill(7), seen{};
  ASSERT_OK(cudaGraphAddMemsetNode(&node, graph_, nullptr, 0, &p));
  ASSERT_OK(cudaGraphAddEmptyNode(&empty, graph_, nullptr, 0));
  EXPECT_OK(cudaGraphMemsetNodeGetParams(node, &seen));
  EXPECT_EQ(seen.dst, data_);
  EXPECT_EQ(seen.value, 7u);
  EXPECT_EQ(seen.elementSize, 4u);
  EXPECT_EQ(seen.width, 4u);
  EXPECT_EQ(seen.height, 1u);
  p.value = 8;
  EXPECT_OK(cudaGraphMemsetNodeSetParams(node, &p));
  EXPECT_OK(cudaGraphMemsetNodeGetParams(node, &seen));
  EXPECT_EQ(seen.value, 8u);
  instantiate();
  launch();
  EXPECT_EQ(word(3), 8u);
  EXPECT_EQ(word(4), 0u);
  p.value = 9;
  p.dst = data_ + 4;
  EXPECT_OK(cudaGraphExecMemsetNodeSetParams(exec_, node, &p));
  launch();
  EXPECT_EQ(word(3), 8u);
  EXPECT_EQ(word(7), 9u);
  EXPECT_OK(cudaGraphMemsetNodeGetParams(node, &seen));
  EXPECT_EQ(seen.value, 8u) << "the graph is as it was";
  p.elementSize = 3;
  EXPECT_FAILS(cudaGraphMemsetNodeSetParams(node, &p), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphExecMemsetNodeSetParams(exec_, node, &p), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphMemsetNodeSetParams(node, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphMemsetNodeGetParams(node, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphMemsetNodeGetParams(empty, &seen), cudaErrorInvalidValue);
  p.elementSize = 4;
  EXPECT_FAILS(cudaGraphExecMemsetNodeSetParams(exec_, empty, &p), cudaErrorInvalidValue);
}

TEST_F(NodeApi, HostFunctionsAreAskedAndChanged) {
  int first = 0, second = 0, third = 0;
  cudaHostNodeParams p{count_call, &first}, seen{};
  cudaGraphNode_t node = nullptr;
  ASSERT_OK(cudaGraphAddHostNode(&node, graph_, nullptr, 0, &p));
  EXPECT_OK(cudaGraphHostNodeGetParams(node, &seen));
  EXPECT_EQ(seen.fn, p.fn);
  EXPECT_EQ(seen.userData, &first);
  p.userData = &second;
  EXPECT_OK(cudaGraphHostNodeSetParams(node, &p));
  instantiate();
  launch();
  EXPECT_EQ(first, 0);
  EXPECT_EQ(second, 1);
  p.userData = &third;
  EXPECT_OK(cudaGraphExecHostNodeSetParams(exec_, node, &p));
  launch();
  launch();
  EXPECT_EQ(second, 1);
  EXPECT_EQ(third, 2);
  EXPECT_OK(cudaGraphHostNodeGetParams(node, &seen));
  EXPECT_EQ(seen.userData, &second);
  p.fn = nullptr;
  EXPECT_FAILS(cudaGraphHostNodeSetParams(node, &p), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphExecHostNodeSetParams(exec_, node, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphHostNodeGetParams(node, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphHostNodeGetParams(nullptr, &seen), cudaErrorInvalidValue);
}

TEST_F(NodeApi, CopiesAreChanged) {
  const unsigned source[] = {1, 2, 3, 4};
  unsigned seen[4] = {};
  cudaGraphNode_t up = nullptr, down = nullptr;
  cudaMemcpy3DParms p = row(data_, source, 8, cudaMemcpyHostToDevice);
  ASSERT_OK(cudaGraphAddMemcpyNode(&up, graph_, nullptr, 0, &p));
  ASSERT_OK(cudaGraphAddMemcpyNode1D(&down, graph_, &up, 1, seen, data_, 4, cudaMemcpyDeviceToHost));
  EXPECT_OK(cudaGraphMemcpyNodeSetParams1D(down, seen, data_, 8, cudaMemcpyDeviceToHost));
  instantiate();
  launch();
  EXPECT_EQ(seen[1], 2u);
  EXPECT_EQ(seen[2], 0u);
  p = row(data_ + 1, source + 2, 4, cudaMemcpyHostToDevice);
  EXPECT_OK(cudaGraphExecMemcpyNodeSetParams(exec_, up, &p));
  EXPECT_OK(cudaGraphExecMemcpyNodeSetParams1D(exec_, down, seen + 2, data_, 8, cudaMemcpyDeviceToHost));
  launch();
  EXPECT_EQ(seen[2], 1u);
  EXPECT_EQ(seen[3], 3u);
  cudaMemcpy3DParms kept{};
  EXPECT_OK(cudaGraphMemcpyNodeGetParams(up, &kept));
  EXPECT_EQ(kept.extent.width, 8u) << "the graph is as it was";

  EXPECT_FAILS(cudaGraphMemcpyNodeSetParams1D(down, seen, data_, 8, static_cast<cudaMemcpyKind>(9)),
               cudaErrorInvalidMemcpyDirection);
  EXPECT_FAILS(cudaGraphMemcpyNodeSetParams1D(down, nullptr, data_, 8, cudaMemcpyDeviceToHost),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphExecMemcpyNodeSetParams1D(exec_, down, seen, nullptr, 8, cudaMemcpyDeviceToHost),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphExecMemcpyNodeSetParams(exec_, up, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphAddMemcpyNode(&up, graph_, nullptr, 0, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphAddMemcpyNode(nullptr, graph_, nullptr, 0, &p), cudaErrorInvalidValue);
}

TEST_F(NodeApi, CopiesOfSymbolsAreChanged) {
  const unsigned source[] = {50, 60};
  unsigned seen[2] = {};
  cudaGraphNode_t to = nullptr, from = nullptr;
  ASSERT_OK(cudaGraphAddMemcpyNodeToSymbol(&to, graph_, nullptr, 0, &api::table, source, 4, 0,
                                           cudaMemcpyHostToDevice));
  ASSERT_OK(cudaGraphAddMemcpyNodeFromSymbol(&from, graph_, &to, 1, seen, &api::table, 4, 4,
                                             cudaMemcpyDeviceToHost));
  EXPECT_OK(cudaGraphMemcpyNodeSetParamsToSymbol(to, &api::table, source, 8, 8, cudaMemcpyHostToDevice));
  EXPECT_OK(cudaGraphMemcpyNodeSetParamsFromSymbol(from, seen, &api::table, 8, 4, cudaMemcpyDeviceToHost));
  instantiate();
  launch();
  EXPECT_EQ(seen[0], 2u);
  EXPECT_EQ(seen[1], 50u);
  EXPECT_OK(cudaGraphExecMemcpyNodeSetParamsToSymbol(exec_, to, &api::table, source + 1, 4, 4,
                                                     cudaMemcpyHostToDevice));
  EXPECT_OK(cudaGraphExecMemcpyNodeSetParamsFromSymbol(exec_, from, seen, &api::table, 8, 0,
                                                       cudaMemcpyDeviceToHost));
  launch();
  EXPECT_EQ(seen[0], 1u);
  EXPECT_EQ(seen[1], 60u);
  EXPECT_FAILS(cudaGraphMemcpyNodeSetParamsToSymbol(to, &api::table, source, 8, 12, cudaMemcpyHostToDevice),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphMemcpyNodeSetParamsFromSymbol(from, seen, seen, 4, 0, cudaMemcpyDeviceToHost),
               cudaErrorInvalidSymbol);
  EXPECT_FAILS(cudaGraphExecMemcpyNodeSetParamsFromSymbol(exec_, from, seen, &api::table, 4, 16,
                                                          cudaMemcpyDeviceToHost),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphAddMemcpyNodeToSymbol(&to, graph_, nullptr, 0, &api::table, source, 4, 0,
                                              cudaMemcpyDeviceToHost),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphAddMemcpyNodeFromSymbol(&from, graph_, nullptr, 0, seen, &api::table, 4, 0,
                                                cudaMemcpyHostToDevice),
               cudaErrorInvalidValue);
  const unsigned before[] = {1, 2, 3, 4};
  EXPECT_OK(cudaMemcpyToSymbol(&api::table, before, 16, 0, cudaMemcpyHostToDevice));
}

TEST_F(NodeApi, EventsAreRecordedAndWaitedFor) {
  cudaGraphNode_t record = nullptr, wait = nullptr;
  ASSERT_OK(cudaGraphAddEventRecordNode(&record, graph_, nullptr, 0, event_));
  ASSERT_OK(cudaGraphAddEventWaitNode(&wait, graph_, &record, 1, event_));
  cudaEvent_t seen = nullptr;
  EXPECT_OK(cudaGraphEventRecordNodeGetEvent(record, &seen));
  EXPECT_EQ(seen, event_);
  EXPECT_OK(cudaGraphEventWaitNodeGetEvent(wait, &seen));
  EXPECT_EQ(seen, event_);
  EXPECT_FALSE(recorded(event_));
  instantiate();
  EXPECT_FALSE(recorded(event_));
  launch();
  EXPECT_TRUE(recorded(event_)) << "with each launch";
  EXPECT_OK(cudaGraphExecEventRecordNodeSetEvent(exec_, record, other_event_));
  EXPECT_OK(cudaGraphExecEventWaitNodeSetEvent(exec_, wait, other_event_));
  EXPECT_FALSE(recorded(other_event_));
  launch();
  EXPECT_TRUE(recorded(other_event_));
  EXPECT_OK(cudaGraphEventRecordNodeGetEvent(record, &seen));
  EXPECT_EQ(seen, event_) << "the graph is as it was";
  EXPECT_OK(cudaGraphEventRecordNodeSetEvent(record, other_event_));
  EXPECT_OK(cudaGraphEventRecordNodeGetEvent(record, &seen));
  EXPECT_EQ(seen, other_event_);
  EXPECT_OK(cudaGraphEventWaitNodeSetEvent(wait, other_event_));
  EXPECT_OK(cudaGraphEventWaitNodeGetEvent(wait, &seen));
  EXPECT_EQ(seen, other_event_);

  EXPECT_FAILS(cudaGraphEventRecordNodeGetEvent(wait, &seen), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphEventWaitNodeGetEvent(record, &seen), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphEventRecordNodeGetEvent(record, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphEventRecordNodeSetEvent(wait, event_), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphEventWaitNodeSetEvent(record, event_), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphExecEventRecordNodeSetEvent(exec_, wait, event_), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphExecEventWaitNodeSetEvent(exec_, record, event_), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphAddEventRecordNode(&record, graph_, nullptr, 0, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphAddEventWaitNode(&wait, graph_, nullptr, 0, nullptr), cudaErrorInvalidValue);
}

TEST_F(NodeApi, ChildGraphsAreCopiesThatCanBeReplaced) {
  cudaGraph_t child = nullptr, inside = nullptr, other = nullptr;
  cudaGraphNode_t fill_node = nullptr, node = nullptr, copy = nullptr;
  ASSERT_OK(cudaGraphCreate(&child, 0));
  cudaMemsetParams p = fill(5);
  ASSERT_OK(cudaGraphAddMemsetNode(&fill_node, child, nullptr, 0, &p));
  ASSERT_OK(cudaGraphAddChildGraphNode(&node, graph_, nullptr, 0, child));
  EXPECT_OK(cudaGraphChildGraphNodeGetGraph(node, &inside));
  EXPECT_NE(inside, child);
  // Its nodes can be changed through the node's own graph.
  ASSERT_OK(cudaGraphNodeFindInClone(&copy, fill_node, inside));
  EXPECT_NE(copy, fill_node);
  p.value = 6;
  EXPECT_OK(cudaGraphMemsetNodeSetParams(copy, &p));
  instantiate();
  launch();
  EXPECT_EQ(word(), 6u);
  p.value = 4;
  ASSERT_OK(cudaGraphClone(&other, child));
  ASSERT_OK(cudaGraphNodeFindInClone(&copy, fill_node, other));
  EXPECT_OK(cudaGraphMemsetNodeSetParams(copy, &p));
  EXPECT_OK(cudaGraphExecChildGraphNodeSetParams(exec_, node, other));
  launch();
  EXPECT_EQ(word(), 4u);
  // Only a graph of the same shape takes a child's place.
  cudaGraphNode_t more = nullptr;
  ASSERT_OK(cudaGraphAddEmptyNode(&more, other, &copy, 1));
  EXPECT_FAILS(cudaGraphExecChildGraphNodeSetParams(exec_, node, other), cudaErrorInvalidValue);
  launch();
  EXPECT_EQ(word(), 4u);
  EXPECT_FAILS(cudaGraphChildGraphNodeGetGraph(fill_node, &inside), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphChildGraphNodeGetGraph(node, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphExecChildGraphNodeSetParams(exec_, node, nullptr), cudaErrorInvalidValue);
  for (cudaGraph_t g : {child, other}) EXPECT_OK(cudaGraphDestroy(g));
}

TEST_F(NodeApi, ClonesAreIndependent) {
  cudaGraphNode_t a = nullptr, b = nullptr, found = nullptr;
  cudaMemsetParams p = fill(3);
  ASSERT_OK(cudaGraphAddMemsetNode(&a, graph_, nullptr, 0, &p));
  cudaKernelNodeParams k = kernel(2, 1);
  ASSERT_OK(cudaGraphAddKernelNode(&b, graph_, &a, 1, &k));
  cudaGraph_t clone = nullptr;
  ASSERT_OK(cudaGraphClone(&clone, graph_));
  EXPECT_OK(cudaGraphNodeFindInClone(&found, b, clone));
  cudaGraphNodeType type;
  EXPECT_OK(cudaGraphNodeGetType(found, &type));
  EXPECT_EQ(type, cudaGraphNodeTypeKernel);
  EXPECT_OK(cudaGraphNodeFindInClone(&found, a, clone));
  p.value = 10;
  EXPECT_OK(cudaGraphMemsetNodeSetParams(found, &p));
  ASSERT_OK(cudaGraphInstantiateWithFlags(&exec_, clone, 0));
  launch();
  EXPECT_EQ(word(), 21u);
  EXPECT_OK(cudaGraphMemsetNodeGetParams(a, &p));
  EXPECT_EQ(p.value, 3u);

  std::array<cudaGraphNode_t, 4> roots{};
  size_t count = 4;
  EXPECT_OK(cudaGraphGetRootNodes(clone, roots.data(), &count));
  EXPECT_EQ(count, 1u);
  EXPECT_EQ(roots[0], found);
  cudaGraphNode_t late = nullptr;
  ASSERT_OK(cudaGraphAddEmptyNode(&late, graph_, nullptr, 0));
  EXPECT_FAILS(cudaGraphNodeFindInClone(&found, late, clone), cudaErrorInvalidValue);  // added since
  count = 0;
  EXPECT_OK(cudaGraphGetRootNodes(graph_, nullptr, &count));
  EXPECT_EQ(count, 2u);
  count = 4;
  roots.fill(a);
  EXPECT_OK(cudaGraphGetRootNodes(graph_, roots.data(), &count));
  EXPECT_EQ(count, 2u);
  EXPECT_EQ(roots[2], nullptr) << "what is asked for beyond is null";
  EXPECT_FAILS(cudaGraphGetRootNodes(graph_, nullptr, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphGetRootNodes(nullptr, nullptr, &count), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphClone(nullptr, graph_), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphClone(&clone, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphNodeFindInClone(nullptr, a, clone), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphNodeFindInClone(&found, a, graph_), cudaErrorInvalidValue);  // no clone of anything
  EXPECT_OK(cudaGraphDestroy(clone));
}

TEST_F(NodeApi, AttributesOfKernelsAreKept) {
  cudaGraphNode_t a = nullptr, b = nullptr, empty = nullptr;
  cudaKernelNodeParams k = kernel(1, 1);
  ASSERT_OK(cudaGraphAddKernelNode(&a, graph_, nullptr, 0, &k));
  ASSERT_OK(cudaGraphAddKernelNode(&b, graph_, &a, 1, &k));
  ASSERT_OK(cudaGraphAddEmptyNode(&empty, graph_, nullptr, 0));
  cudaLaunchAttributeValue value{}, seen{};
  value.cooperative = 1;
  EXPECT_OK(cudaGraphKernelNodeSetAttribute(a, cudaLaunchAttributeCooperative, &value));
  EXPECT_OK(cudaGraphKernelNodeGetAttribute(a, cudaLaunchAttributeCooperative, &seen));
  EXPECT_EQ(seen.cooperative, 1);
  EXPECT_OK(cudaGraphKernelNodeGetAttribute(b, cudaLaunchAttributeCooperative, &seen));
  EXPECT_EQ(seen.cooperative, 0);
  value.priority = -1;
  EXPECT_OK(cudaGraphKernelNodeSetAttribute(a, cudaLaunchAttributePriority, &value));
  EXPECT_OK(cudaGraphKernelNodeGetAttribute(a, cudaLaunchAttributePriority, &seen));
  EXPECT_EQ(seen.priority, -1);
  value = {};
  value.accessPolicyWindow = {data_, 512, 0.5f, cudaAccessPropertyPersisting, cudaAccessPropertyStreaming};
  EXPECT_OK(cudaGraphKernelNodeSetAttribute(a, cudaLaunchAttributeAccessPolicyWindow, &value));
  EXPECT_OK(cudaGraphKernelNodeGetAttribute(a, cudaLaunchAttributeAccessPolicyWindow, &seen));
  EXPECT_EQ(seen.accessPolicyWindow.base_ptr, data_);
  EXPECT_EQ(seen.accessPolicyWindow.num_bytes, 512u);
  EXPECT_EQ(seen.accessPolicyWindow.hitRatio, 0.5f);
  // New parameters don't touch them, and a copy takes them all.
  k = kernel(1, 2);
  EXPECT_OK(cudaGraphKernelNodeSetParams(a, &k));
  EXPECT_OK(cudaGraphKernelNodeCopyAttributes(b, a));
  for (cudaGraphNode_t node : {a, b}) {
    EXPECT_OK(cudaGraphKernelNodeGetAttribute(node, cudaLaunchAttributeCooperative, &seen));
    EXPECT_EQ(seen.cooperative, 1);
    EXPECT_OK(cudaGraphKernelNodeGetAttribute(node, cudaLaunchAttributePriority, &seen));
    EXPECT_EQ(seen.priority, -1);
    EXPECT_OK(cudaGraphKernelNodeGetAttribute(node, cudaLaunchAttributeAccessPolicyWindow, &seen));
    EXPECT_EQ(seen.accessPolicyWindow.base_ptr, data_);
  }
  instantiate();
  launch();
  EXPECT_EQ(word(), 3u);
  value.accessPolicyWindow.hitRatio = 2;
  EXPECT_FAILS(cudaGraphKernelNodeSetAttribute(a, cudaLaunchAttributeAccessPolicyWindow, &value),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphKernelNodeSetAttribute(empty, cudaLaunchAttributePriority, &value),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphKernelNodeGetAttribute(empty, cudaLaunchAttributePriority, &seen),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphKernelNodeGetAttribute(a, cudaLaunchAttributePriority, nullptr),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphKernelNodeSetAttribute(a, cudaLaunchAttributePriority, nullptr),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphKernelNodeGetAttribute(a, static_cast<cudaLaunchAttributeID>(60), &seen),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphKernelNodeCopyAttributes(empty, a), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphKernelNodeCopyAttributes(a, nullptr), cudaErrorInvalidValue);
}

TEST_F(NodeApi, GenericParametersSetEveryKind) {
  cudaGraphNode_t fill_node = nullptr, kernel_node = nullptr, host_node = nullptr;
  int calls = 0, other_calls = 0;
  cudaMemsetParams f = fill(2);
  cudaKernelNodeParams k = kernel(3, 0);
  cudaHostNodeParams h{count_call, &calls};
  ASSERT_OK(cudaGraphAddMemsetNode(&fill_node, graph_, nullptr, 0, &f));
  ASSERT_OK(cudaGraphAddKernelNode(&kernel_node, graph_, &fill_node, 1, &k));
  ASSERT_OK(cudaGraphAddHostNode(&host_node, graph_, &kernel_node, 1, &h));
  cudaGraphNodeParams p{};
  p.type = cudaGraphNodeTypeMemset;
  p.memset.dst = data_;
  p.memset.value = 4;
  p.memset.elementSize = 4;
  p.memset.width = 1;
  p.memset.height = 1;
  EXPECT_OK(cudaGraphNodeSetParams(fill_node, &p));
  cudaGraphNodeParams other = p;
  EXPECT_FAILS(cudaGraphNodeSetParams(kernel_node, &other), cudaErrorInvalidValue);  // a fill is no kernel
  instantiate();
  launch();
  EXPECT_EQ(word(), 12u);
  p.memset.value = 6;
  EXPECT_OK(cudaGraphExecNodeSetParams(exec_, fill_node, &p));
  multiplier_ = 5;
  cudaGraphNodeParams kp{};
  kp.type = cudaGraphNodeTypeKernel;
  kp.kernel.func = const_cast<char*>(&api::fma_words);
  kp.kernel.gridDim = dim3(2);
  kp.kernel.blockDim = dim3(128);
  kp.kernel.kernelParams = params_;
  EXPECT_OK(cudaGraphExecNodeSetParams(exec_, kernel_node, &kp));
  cudaGraphNodeParams hp{};
  hp.type = cudaGraphNodeTypeHost;
  hp.host.fn = count_call;
  hp.host.userData = &other_calls;
  EXPECT_OK(cudaGraphExecNodeSetParams(exec_, host_node, &hp));
  launch();
  EXPECT_EQ(word(), 30u);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(other_calls, 1);
  EXPECT_FAILS(cudaGraphExecNodeSetParams(exec_, host_node, &kp), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphExecNodeSetParams(exec_, host_node, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphNodeSetParams(fill_node, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphNodeSetParams(nullptr, &p), cudaErrorInvalidValue);
  kp.kernel.func = &calls;
  EXPECT_FAILS(cudaGraphNodeSetParams(kernel_node, &kp), cudaErrorInvalidDeviceFunction);
}

TEST_F(NodeApi, NodesAreSwitchedOff) {
  cudaGraphNode_t node = nullptr, empty = nullptr;
  cudaMemsetParams p = fill(7);
  ASSERT_OK(cudaGraphAddMemsetNode(&node, graph_, nullptr, 0, &p));
  ASSERT_OK(cudaGraphAddEmptyNode(&empty, graph_, nullptr, 0));
  instantiate();
  unsigned enabled = 9;
  EXPECT_OK(cudaGraphNodeGetEnabled(exec_, node, &enabled));
  EXPECT_EQ(enabled, 1u);
  EXPECT_OK(cudaGraphNodeSetEnabled(exec_, node, 0));
  EXPECT_OK(cudaGraphNodeGetEnabled(exec_, node, &enabled));
  EXPECT_EQ(enabled, 0u);
  launch();
  EXPECT_EQ(word(), 0u);
  // Parameters set meanwhile count once it is on again.
  p.value = 8;
  EXPECT_OK(cudaGraphExecMemsetNodeSetParams(exec_, node, &p));
  EXPECT_OK(cudaGraphNodeGetEnabled(exec_, node, &enabled));
  EXPECT_EQ(enabled, 0u);
  EXPECT_OK(cudaGraphNodeSetEnabled(exec_, node, 1));
  launch();
  EXPECT_EQ(word(), 8u);
  EXPECT_FAILS(cudaGraphNodeSetEnabled(exec_, empty, 0), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphNodeGetEnabled(exec_, node, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphNodeGetEnabled(nullptr, node, &enabled), cudaErrorInvalidValue);
}

TEST_F(NodeApi, AllocationsAndFrees) {
  cudaMemAllocNodeParams alloc{}, seen{};
  alloc.poolProps.allocType = cudaMemAllocationTypePinned;
  alloc.poolProps.location = {cudaMemLocationTypeDevice, 0};
  alloc.bytesize = 2048;
  cudaGraphNode_t get = nullptr, set = nullptr, copy = nullptr, drop = nullptr, again = nullptr;
  ASSERT_OK(cudaGraphAddMemAllocNode(&get, graph_, nullptr, 0, &alloc));
  ASSERT_TRUE(alloc.dptr);
  EXPECT_OK(cudaGraphMemAllocNodeGetParams(get, &seen));
  EXPECT_EQ(seen.dptr, alloc.dptr);
  EXPECT_EQ(seen.bytesize, 2048u);
  EXPECT_EQ(seen.poolProps.location.type, cudaMemLocationTypeDevice);
  cudaMemsetParams p = fill(0x77, 16);
  p.dst = alloc.dptr;
  ASSERT_OK(cudaGraphAddMemsetNode(&set, graph_, &get, 1, &p));
  ASSERT_OK(
      cudaGraphAddMemcpyNode1D(&copy, graph_, &set, 1, data_, alloc.dptr, 64, cudaMemcpyDeviceToDevice));
  ASSERT_OK(cudaGraphAddMemFreeNode(&drop, graph_, &copy, 1, alloc.dptr));
  void* address = nullptr;
  EXPECT_OK(cudaGraphMemFreeNodeGetParams(drop, &address));
  EXPECT_EQ(address, alloc.dptr);
  instantiate();
  launch();
  launch();
  EXPECT_EQ(word(15), 0x77u);
  EXPECT_EQ(word(16), 0u);

  EXPECT_FAILS(cudaGraphAddMemFreeNode(&again, graph_, &drop, 1, alloc.dptr),
               cudaErrorInvalidValue);  // twice
  EXPECT_FAILS(cudaGraphAddMemFreeNode(&again, graph_, nullptr, 0, data_),
               cudaErrorInvalidValue);  // no graph's
  EXPECT_FAILS(cudaGraphAddMemFreeNode(&again, graph_, nullptr, 0, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphMemAllocNodeGetParams(drop, &seen), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphMemAllocNodeGetParams(get, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphMemFreeNodeGetParams(get, &address), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphMemFreeNodeGetParams(drop, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphAddMemAllocNode(&again, graph_, nullptr, 0, nullptr), cudaErrorInvalidValue);
  alloc.poolProps.location.id = 2;
  EXPECT_FAILS(cudaGraphAddMemAllocNode(&again, graph_, nullptr, 0, &alloc), cudaErrorInvalidValue);
  alloc.poolProps.location.id = 0;
  alloc.bytesize = 0;
  EXPECT_FAILS(cudaGraphAddMemAllocNode(&again, graph_, nullptr, 0, &alloc), cudaErrorInvalidValue);
}

TEST_F(NodeApi, CapturedAllocationsTellTheirSize) {
  cudaGraph_t graph = nullptr;
  void* memory = nullptr;
  ASSERT_OK(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal));
  EXPECT_OK(cudaMallocAsync(&memory, 3000, stream_));
  EXPECT_OK(cudaFreeAsync(memory, stream_));
  ASSERT_OK(cudaStreamEndCapture(stream_, &graph));
  cudaGraphNode_t root = nullptr;
  size_t count = 1;
  EXPECT_OK(cudaGraphGetRootNodes(graph, &root, &count));
  cudaMemAllocNodeParams seen{};
  EXPECT_OK(cudaGraphMemAllocNodeGetParams(root, &seen));
  EXPECT_EQ(seen.dptr, memory);
  EXPECT_EQ(seen.bytesize, 3000u);
  EXPECT_EQ(seen.poolProps.allocType, cudaMemAllocationTypePinned);
  EXPECT_EQ(seen.poolProps.location.type, cudaMemLocationTypeDevice);
  EXPECT_EQ(seen.poolProps.location.id, 0);
  EXPECT_OK(cudaGraphDestroy(graph));
}

TEST_F(NodeApi, InstantiationTellsWhatItMade) {
  cudaGraphNode_t node = nullptr;
  cudaMemsetParams p = fill(1);
  ASSERT_OK(cudaGraphAddMemsetNode(&node, graph_, nullptr, 0, &p));
  cudaGraphInstantiateParams how{};
  how.flags = cudaGraphInstantiateFlagAutoFreeOnLaunch | cudaGraphInstantiateFlagUpload;
  how.uploadStream = stream_;
  how.result_out = cudaGraphInstantiateError;
  ASSERT_OK(cudaGraphInstantiateWithParams(&exec_, graph_, &how));
  EXPECT_EQ(how.result_out, cudaGraphInstantiateSuccess);
  unsigned long long flags = 0;
  EXPECT_OK(cudaGraphExecGetFlags(exec_, &flags));
  EXPECT_TRUE(flags & cudaGraphInstantiateFlagAutoFreeOnLaunch);
  launch();
  EXPECT_EQ(word(), 1u);
  EXPECT_OK(cudaGraphUpload(exec_, stream_));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_FAILS(cudaGraphInstantiateWithParams(nullptr, graph_, &how), cudaErrorInvalidValue);
  cudaGraphExec_t none = nullptr;
  EXPECT_FAILS(cudaGraphInstantiateWithParams(&none, graph_, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphInstantiateWithFlags(&none, graph_, 1ull << 20), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphExecGetFlags(exec_, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphExecGetFlags(nullptr, &flags), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphUpload(nullptr, stream_), cudaErrorInvalidValue);
}

TEST_F(NodeApi, DotShowsNodesAndEdges) {
  cudaGraphNode_t a = nullptr, b = nullptr;
  cudaMemsetParams p = fill(1);
  cudaKernelNodeParams k = kernel(1, 1);
  ASSERT_OK(cudaGraphAddMemsetNode(&a, graph_, nullptr, 0, &p));
  ASSERT_OK(cudaGraphAddKernelNode(&b, graph_, &a, 1, &k));
  const std::string path = ::testing::TempDir() + "runtime_graph.dot";
  ASSERT_OK(cudaGraphDebugDotPrint(graph_, path.c_str(), 0));
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  std::remove(path.c_str());
  EXPECT_EQ(text.str().rfind("digraph", 0), 0u) << text.str();
  EXPECT_NE(text.str().find("->"), std::string::npos);
  EXPECT_NE(text.str().find("fma_words"), std::string::npos);
  EXPECT_FAILS(cudaGraphDebugDotPrint(graph_, nullptr, 0), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphDebugDotPrint(nullptr, path.c_str(), 0), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphDebugDotPrint(graph_, "/no/such/folder/graph.dot", 0), cudaErrorOperatingSystem);
}

TEST_F(NodeApi, UserObjectsAreCounted) {
  int destroyed = 0;
  cudaUserObject_t object = nullptr;
  ASSERT_OK(cudaUserObjectCreate(&object, &destroyed, count_call, 1, cudaUserObjectNoDestructorSync));
  EXPECT_OK(cudaUserObjectRetain(object, 2));
  EXPECT_OK(cudaGraphRetainUserObject(graph_, object, 1, 0));
  EXPECT_OK(cudaUserObjectRelease(object, 3));
  EXPECT_EQ(destroyed, 0) << "the graph holds one";
  cudaGraph_t clone = nullptr;
  ASSERT_OK(cudaGraphClone(&clone, graph_));
  EXPECT_OK(cudaGraphReleaseUserObject(graph_, object, 1));
  EXPECT_EQ(destroyed, 0) << "and its clone another";
  EXPECT_OK(cudaGraphDestroy(clone));
  EXPECT_EQ(destroyed, 1);

  ASSERT_OK(cudaUserObjectCreate(&object, &destroyed, count_call, 2, cudaUserObjectNoDestructorSync));
  EXPECT_FAILS(cudaGraphReleaseUserObject(graph_, object, 1), cudaErrorInvalidValue);  // it holds none
  EXPECT_FAILS(cudaUserObjectRetain(object, 0), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaUserObjectRelease(object, 0), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaUserObjectRetain(nullptr, 1), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaUserObjectRelease(nullptr, 1), cudaErrorInvalidValue);
  EXPECT_OK(cudaUserObjectRelease(object, 1));
  EXPECT_EQ(destroyed, 1);
  EXPECT_OK(cudaUserObjectRelease(object, 1));
  EXPECT_EQ(destroyed, 2);
}

#if CUDART_VERSION >= 13000
TEST_F(NodeApi, GenericParametersComeBack) {
  int calls = 0;
  cudaGraph_t child = nullptr;
  ASSERT_OK(cudaGraphCreate(&child, 0));
  std::array<cudaGraphNode_t, 9> nodes{};
  cudaMemsetParams f = fill(2);
  cudaKernelNodeParams k = kernel(3, 4);
  cudaHostNodeParams h{count_call, &calls};
  cudaMemAllocNodeParams alloc{};
  alloc.poolProps.allocType = cudaMemAllocationTypePinned;
  alloc.poolProps.location = {cudaMemLocationTypeDevice, 0};
  alloc.bytesize = 512;
  ASSERT_OK(cudaGraphAddKernelNode(&nodes[0], graph_, nullptr, 0, &k));
  ASSERT_OK(cudaGraphAddMemcpyNode1D(&nodes[1], graph_, nullptr, 0, data_, data_ + 8, 16,
                                     cudaMemcpyDeviceToDevice));
  ASSERT_OK(cudaGraphAddMemsetNode(&nodes[2], graph_, nullptr, 0, &f));
  ASSERT_OK(cudaGraphAddHostNode(&nodes[3], graph_, nullptr, 0, &h));
  ASSERT_OK(cudaGraphAddChildGraphNode(&nodes[4], graph_, nullptr, 0, child));
  ASSERT_OK(cudaGraphAddEmptyNode(&nodes[5], graph_, nullptr, 0));
  ASSERT_OK(cudaGraphAddEventRecordNode(&nodes[6], graph_, nullptr, 0, event_));
  ASSERT_OK(cudaGraphAddMemAllocNode(&nodes[7], graph_, nullptr, 0, &alloc));
  ASSERT_OK(cudaGraphAddMemFreeNode(&nodes[8], graph_, &nodes[7], 1, alloc.dptr));
  const cudaGraphNodeType types[] = {
      cudaGraphNodeTypeKernel,      cudaGraphNodeTypeMemcpy,   cudaGraphNodeTypeMemset,
      cudaGraphNodeTypeHost,        cudaGraphNodeTypeGraph,    cudaGraphNodeTypeEmpty,
      cudaGraphNodeTypeEventRecord, cudaGraphNodeTypeMemAlloc, cudaGraphNodeTypeMemFree};
  std::array<cudaGraphNodeParams, 9> p{};
  for (size_t i = 0; i < nodes.size(); i++) {
    EXPECT_OK(cudaGraphNodeGetParams(nodes[i], &p[i]));
    EXPECT_EQ(p[i].type, types[i]);
  }
  EXPECT_EQ(p[0].kernel.func, k.func);
  EXPECT_EQ(p[0].kernel.gridDim.x, 2u);
  EXPECT_EQ(*static_cast<unsigned*>(p[0].kernel.kernelParams[3]), 4u);
  EXPECT_EQ(p[1].memcpy.copyParams.srcPtr.ptr, data_ + 8);
  EXPECT_EQ(p[1].memcpy.copyParams.extent.width, 16u);
  EXPECT_EQ(p[2].memset.value, 2u);
  EXPECT_EQ(p[2].memset.dst, data_);
  EXPECT_EQ(p[3].host.userData, &calls);
  EXPECT_TRUE(p[4].graph.graph);
  EXPECT_EQ(p[6].eventRecord.event, event_);
  EXPECT_EQ(p[7].alloc.dptr, alloc.dptr);
  EXPECT_EQ(p[7].alloc.bytesize, 512u);
  EXPECT_EQ(p[8].free.dptr, alloc.dptr);
  // What comes back sets the node again.
  for (const size_t i : {0, 1, 2, 3}) EXPECT_OK(cudaGraphNodeSetParams(nodes[i], &p[i]));
  EXPECT_FAILS(cudaGraphNodeGetParams(nodes[0], nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaGraphNodeGetParams(nullptr, &p[0]), cudaErrorInvalidValue);
  EXPECT_OK(cudaGraphDestroy(child));
}
#endif

}  // namespace
