// Graphs as structures: nodes and their edges, what a node was given, instantiated graphs and their updates,
// what a graph keeps alive.
#include <atomic>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

#include "driver_fixture.h"

// Forms that cuda.h renames.
#undef cuGraphExecUpdate
#undef cuGraphGetEdges
#undef cuGraphInstantiateWithParams
extern "C" {
CUresult cuGraphExecUpdate(CUgraphExec, CUgraph, CUgraphNode*, CUgraphExecUpdateResult*);
CUresult cuGraphExecUpdate_v2(CUgraphExec, CUgraph, CUgraphExecUpdateResultInfo*);
CUresult cuGraphGetEdges(CUgraph, CUgraphNode*, CUgraphNode*, size_t*);
CUresult cuGraphGetEdges_v2(CUgraph, CUgraphNode*, CUgraphNode*, CUgraphEdgeData*, size_t*);
CUresult cuGraphInstantiateWithParams(CUgraphExec*, CUgraph, CUDA_GRAPH_INSTANTIATE_PARAMS*);
CUresult cuGraphInstantiateWithParams_ptsz(CUgraphExec*, CUgraph, CUDA_GRAPH_INSTANTIATE_PARAMS*);
CUresult cuGraphUpload_ptsz(CUgraphExec, CUstream);
}

namespace {

using Words = std::vector<uint32_t>;

class GraphTest : public DriverTest {
 protected:
  void SetUp() override {
    DriverTest::SetUp();
    graph = make();
    OK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
    out = allocate(64);
    OK(cuMemsetD32(out, 0, 16));
  }
  void TearDown() override {
    if (exec) OK(cuGraphExecDestroy(exec));
    OK(cuGraphDestroy(graph));
    OK(cuStreamDestroy(stream));
    DriverTest::TearDown();
  }
  static CUgraph make() {
    CUgraph g = nullptr;
    OK(cuGraphCreate(&g, 0));
    return g;
  }
  static CUgraphNode empty(CUgraph g, const std::vector<CUgraphNode>& before = {}) {
    CUgraphNode n = nullptr;
    OK(cuGraphAddEmptyNode(&n, g, before.data(), before.size()));
    return n;
  }
  /// Parameters of a kernel that stores `value` at `to`; valid until the next call.
  const CUDA_KERNEL_NODE_PARAMS* store(CUdeviceptr to, uint32_t value) {
    to_ = to, value_ = value;
    args_[0] = &to_, args_[1] = &value_;
    kernel_ = {};
    kernel_.func = function("touch");
    kernel_.gridDimX = kernel_.gridDimY = kernel_.gridDimZ = 1;
    kernel_.blockDimX = kernel_.blockDimY = kernel_.blockDimZ = 1;
    kernel_.kernelParams = args_;
    return &kernel_;
  }
  CUgraphNode add_store(CUgraph g, CUdeviceptr to, uint32_t value,
                        const std::vector<CUgraphNode>& before = {}) {
    CUgraphNode n = nullptr;
    OK(cuGraphAddKernelNode(&n, g, before.data(), before.size(), store(to, value)));
    return n;
  }
  CUgraphNode add_fill(CUgraph g, CUdeviceptr to, unsigned value, size_t words,
                       const std::vector<CUgraphNode>& before = {}) {
    const CUDA_MEMSET_NODE_PARAMS p = {to, 0, value, 4, words, 1};
    CUgraphNode n = nullptr;
    OK(cuGraphAddMemsetNode(&n, g, before.data(), before.size(), &p, context));
    return n;
  }
  static CUDA_MEMCPY3D flat(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
    CUDA_MEMCPY3D c = {};
    c.srcMemoryType = c.dstMemoryType = CU_MEMORYTYPE_DEVICE;
    c.srcDevice = from, c.dstDevice = to;
    c.WidthInBytes = bytes, c.Height = c.Depth = 1;
    return c;
  }
  Words launch(size_t words) {
    if (!exec) OK(cuGraphInstantiate(&exec, graph, 0));
    OK(cuGraphLaunch(exec, stream));
    OK(cuStreamSynchronize(stream));
    return read(out, words);
  }
  CUgraph graph = nullptr;
  CUgraphExec exec = nullptr;
  CUstream stream = nullptr;
  CUdeviceptr out = 0;

 private:
  CUDA_KERNEL_NODE_PARAMS kernel_;
  CUdeviceptr to_;
  uint32_t value_;
  void* args_[2];
};

TEST_F(GraphTest, NodesAndEdgesAreListed) {
  const CUgraphNode a = empty(graph), b = empty(graph, {a}), c = empty(graph, {a}), d = empty(graph, {b, c});
  size_t count = 0;
  OK(cuGraphGetNodes(graph, nullptr, &count));
  EXPECT_EQ(count, 4u);
  CUgraphNode nodes[6], from[6], to[6];
  count = 6;
  OK(cuGraphGetNodes(graph, nodes, &count));
  EXPECT_EQ(count, 4u);
  EXPECT_EQ(nodes[0], a);
  EXPECT_EQ(nodes[3], d);
  EXPECT_EQ(nodes[4], nullptr);
  count = 6;
  OK(cuGraphGetRootNodes(graph, nodes, &count));
  EXPECT_EQ(count, 1u);
  EXPECT_EQ(nodes[0], a);
  EXPECT_EQ(nodes[1], nullptr);
  OK(cuGraphGetEdges(graph, nullptr, nullptr, &count));
  EXPECT_EQ(count, 4u);
  std::fill_n(from, 6, a), std::fill_n(to, 6, a);
  count = 6;
  OK(cuGraphGetEdges(graph, from, to, &count));
  EXPECT_EQ(count, 4u);
  EXPECT_EQ(from[5], nullptr);  // the rest is cleared
  EXPECT_EQ(to[4], nullptr);
  size_t into_d = 0;
  for (size_t i = 0; i < count; i++) into_d += to[i] == d && (from[i] == b || from[i] == c);
  EXPECT_EQ(into_d, 2u);
  CUgraphEdgeData edges[6];
  std::memset(edges, 1, sizeof edges);
  count = 2;  // fewer than there are
  OK(cuGraphGetEdges_v2(graph, from, to, edges, &count));
  EXPECT_EQ(count, 2u);
  EXPECT_EQ(edges[1].type, 0);
  EXPECT_EQ(edges[2].type, 1);  // behind what was asked for
  IS(cuGraphGetEdges(graph, from, nullptr, &count), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphGetEdges(graph, from, to, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphGetNodes(graph, nodes, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphGetNodes(nullptr, nodes, &count), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphGetRootNodes(nullptr, nodes, &count), CUDA_ERROR_INVALID_VALUE);
  count = 6;
  OK(cuGraphNodeGetDependencies_v2(d, nodes, nullptr, &count));
  EXPECT_EQ(count, 2u);
  EXPECT_TRUE((nodes[0] == b && nodes[1] == c) || (nodes[0] == c && nodes[1] == b));
  EXPECT_EQ(nodes[2], nullptr);
  count = 6;
  OK(cuGraphNodeGetDependentNodes_v2(a, nodes, nullptr, &count));
  EXPECT_EQ(count, 2u);
  OK(cuGraphNodeGetDependentNodes_v2(d, nullptr, nullptr, &count));
  EXPECT_EQ(count, 0u);
  OK(cuGraphDestroyNode(b));
  OK(cuGraphNodeGetDependencies_v2(d, nullptr, nullptr, &count));
  EXPECT_EQ(count, 1u);
  OK(cuGraphNodeGetDependencies(d, nodes, &count));
  EXPECT_EQ(nodes[0], c);
  OK(cuGraphNodeGetDependentNodes(c, nodes, &count));
  EXPECT_EQ(nodes[0], d);
  IS(cuGraphNodeGetDependencies_v2(b, nullptr, nullptr, &count), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphNodeGetDependentNodes_v2(b, nullptr, nullptr, &count), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(GraphTest, EdgesComeAndGo) {
  const CUgraphNode first = add_store(graph, out, 1), second = add_store(graph, out, 2);
  const CUgraph other = make();
  const CUgraphNode foreign = empty(other);
  OK(cuGraphAddDependencies_v2(graph, &second, &first, nullptr, 1));
  IS(cuGraphAddDependencies_v2(graph, &second, &first, nullptr, 1),
     CUDA_ERROR_INVALID_VALUE);  // there already
  IS(cuGraphAddDependencies_v2(graph, &first, &second, nullptr, 1), CUDA_ERROR_INVALID_VALUE);  // a cycle
  IS(cuGraphAddDependencies_v2(graph, &first, &first, nullptr, 1), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphAddDependencies_v2(graph, &first, &foreign, nullptr, 1), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphAddDependencies_v2(graph, nullptr, &first, nullptr, 1), CUDA_ERROR_INVALID_VALUE);
  OK(cuGraphAddDependencies_v2(graph, nullptr, nullptr, nullptr, 0));
  EXPECT_EQ(launch(1), Words{1});  // `first` runs last
  OK(cuGraphExecDestroy(exec));
  exec = nullptr;
  OK(cuGraphRemoveDependencies(graph, &second, &first, 1));
  IS(cuGraphRemoveDependencies_v2(graph, &second, &first, nullptr, 1), CUDA_ERROR_INVALID_VALUE);  // gone
  IS(cuGraphRemoveDependencies_v2(graph, &first, nullptr, nullptr, 1), CUDA_ERROR_INVALID_VALUE);
  OK(cuGraphAddDependencies(graph, &first, &second, 1));
  EXPECT_EQ(launch(1), Words{2});
  OK(cuGraphDestroy(other));
  IS(cuGraphAddDependencies_v2(other, &first, &second, nullptr, 1), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(GraphTest, AKernelNodesParameters) {
  const CUgraphNode n = add_store(graph, out, 5);
  CUDA_KERNEL_NODE_PARAMS p = {};
  OK(cuGraphKernelNodeGetParams(n, &p));
  EXPECT_EQ(p.func, function("touch"));
  EXPECT_EQ(p.blockDimX, 1u);
  EXPECT_EQ(*static_cast<CUdeviceptr*>(p.kernelParams[0]), out);
  EXPECT_EQ(*static_cast<uint32_t*>(p.kernelParams[1]), 5u);
  EXPECT_EQ(launch(1), Words{5});
  OK(cuGraphKernelNodeSetParams(n, store(out, 6)));
  EXPECT_EQ(launch(1), Words{5});  // an instantiated graph is a copy
  OK(cuGraphKernelNodeGetParams(n, &p));
  EXPECT_EQ(*static_cast<uint32_t*>(p.kernelParams[1]), 6u);
  OK(cuGraphExecKernelNodeSetParams(exec, n, store(out, 7)));
  EXPECT_EQ(launch(1), Words{7});
  OK(cuGraphKernelNodeGetParams(n, &p));
  EXPECT_EQ(*static_cast<uint32_t*>(p.kernelParams[1]), 6u);  // and the other way round
  CUDA_KERNEL_NODE_PARAMS wrong = *store(out, 1);
  wrong.func = nullptr;
  IS(cuGraphKernelNodeSetParams(n, &wrong), CUDA_ERROR_INVALID_HANDLE);
  IS(cuGraphKernelNodeSetParams(n, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphKernelNodeSetParams(empty(graph), store(out, 1)), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphKernelNodeGetParams(n, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphKernelNodeGetParams(nullptr, &p), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(GraphTest, AKernelNodesAttributes) {
  const CUgraphNode n = add_store(graph, out, 5), m = add_store(graph, out + 4, 5);
  CUkernelNodeAttrValue v = {}, found;
  std::memset(&found, 1, sizeof found);
  OK(cuGraphKernelNodeGetAttribute(n, CU_LAUNCH_ATTRIBUTE_PRIORITY, &found));
  EXPECT_EQ(found.priority, 0);
  v.priority = -3;
  OK(cuGraphKernelNodeSetAttribute(n, CU_LAUNCH_ATTRIBUTE_PRIORITY, &v));
  OK(cuGraphKernelNodeGetAttribute(n, CU_LAUNCH_ATTRIBUTE_PRIORITY, &found));
  EXPECT_EQ(found.priority, -3);
  v = {};
  v.accessPolicyWindow.num_bytes = 64;
  v.accessPolicyWindow.hitRatio = 0.5f;
  OK(cuGraphKernelNodeSetAttribute(n, CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW, &v));
  v.accessPolicyWindow.hitRatio = 2;
  IS(cuGraphKernelNodeSetAttribute(n, CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW, &v),
     CUDA_ERROR_INVALID_VALUE);
  v = {};
  v.cooperative = 1;
  OK(cuGraphKernelNodeSetAttribute(n, CU_LAUNCH_ATTRIBUTE_COOPERATIVE, &v));
  OK(cuGraphKernelNodeSetParams(n, store(out, 6)));  // changes parameters only
  OK(cuGraphKernelNodeGetAttribute(n, CU_LAUNCH_ATTRIBUTE_COOPERATIVE, &found));
  EXPECT_EQ(found.cooperative, 1);
  OK(cuGraphKernelNodeCopyAttributes(m, n));
  OK(cuGraphKernelNodeGetAttribute(m, CU_LAUNCH_ATTRIBUTE_COOPERATIVE, &found));
  EXPECT_EQ(found.cooperative, 1);
  OK(cuGraphKernelNodeGetAttribute(m, CU_LAUNCH_ATTRIBUTE_PRIORITY, &found));
  EXPECT_EQ(found.priority, -3);
  OK(cuGraphKernelNodeGetAttribute(m, CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW, &found));
  EXPECT_EQ(found.accessPolicyWindow.num_bytes, 64u);
  v = {};
  v.clusterDim.x = v.clusterDim.y = 2, v.clusterDim.z = 1;
  IS(cuGraphKernelNodeSetAttribute(n, CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION, &v),
     CUDA_ERROR_INVALID_CLUSTER_SIZE);
  IS(cuGraphKernelNodeSetAttribute(n, CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_EVENT, &v), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphKernelNodeGetAttribute(n, CU_LAUNCH_ATTRIBUTE_MAX, &found), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphKernelNodeGetAttribute(n, CU_LAUNCH_ATTRIBUTE_PRIORITY, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphKernelNodeSetAttribute(n, CU_LAUNCH_ATTRIBUTE_PRIORITY, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphKernelNodeCopyAttributes(m, empty(graph)), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(launch(2), (Words{6, 5}));
}

TEST_F(GraphTest, CopiesAndFills) {
  const CUdeviceptr other = allocate(64);
  const CUgraphNode fill = add_fill(graph, other, 0x01020304, 2);
  CUDA_MEMCPY3D c = flat(out, other, 8), found = {};
  CUgraphNode copy = nullptr;
  OK(cuGraphAddMemcpyNode(&copy, graph, &fill, 1, &c, context));
  OK(cuGraphMemcpyNodeGetParams(copy, &found));
  EXPECT_EQ(found.dstDevice, out);
  EXPECT_EQ(found.WidthInBytes, 8u);
  CUDA_MEMSET_NODE_PARAMS m = {};
  OK(cuGraphMemsetNodeGetParams(fill, &m));
  EXPECT_EQ(m.dst, other);
  EXPECT_EQ(m.value, 0x01020304u);
  EXPECT_EQ(m.elementSize, 4u);
  EXPECT_EQ(m.width, 2u);
  EXPECT_EQ(launch(3), (Words{0x01020304, 0x01020304, 0}));
  // The node, not what was made from it.
  m.value = 9;
  OK(cuGraphMemsetNodeSetParams(fill, &m));
  c.WidthInBytes = 4;
  OK(cuGraphMemcpyNodeSetParams(copy, &c));
  OK(cuGraphMemsetNodeGetParams(fill, &m));
  OK(cuGraphMemcpyNodeGetParams(copy, &found));
  EXPECT_EQ(m.value, 9u);
  EXPECT_EQ(found.WidthInBytes, 4u);
  EXPECT_EQ(launch(2), (Words{0x01020304, 0x01020304}));
  // What was made from it, not the node.
  m.value = 7, m.width = 1;
  OK(cuGraphExecMemsetNodeSetParams(exec, fill, &m, context));
  c.dstDevice = out + 8;
  OK(cuGraphExecMemcpyNodeSetParams(exec, copy, &c, context));
  EXPECT_EQ(launch(4), (Words{0x01020304, 0x01020304, 7, 0}));
  OK(cuGraphMemcpyNodeGetParams(copy, &found));
  EXPECT_EQ(found.dstDevice, out);
  m.elementSize = 3;
  IS(cuGraphMemsetNodeSetParams(fill, &m), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphExecMemsetNodeSetParams(exec, fill, &m, context), CUDA_ERROR_INVALID_VALUE);
  c.srcDevice = 0x1234;
  IS(cuGraphMemcpyNodeSetParams(copy, &c), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphExecMemcpyNodeSetParams(exec, copy, &c, context), CUDA_ERROR_INVALID_VALUE);
  c = flat(out, other, 8);
  IS(cuGraphMemcpyNodeSetParams(fill, &c), CUDA_ERROR_INVALID_VALUE);  // another kind of node
  IS(cuGraphExecMemcpyNodeSetParams(exec, fill, &c, context), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphMemcpyNodeGetParams(fill, &found), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphMemsetNodeGetParams(copy, &m), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphMemcpyNodeGetParams(copy, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphMemsetNodeGetParams(fill, nullptr), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(GraphTest, CapturedNodesTellWhatTheyDo) {
  std::vector<uint32_t> host = {1, 2, 3, 4};
  CUstream urgent;
  OK(cuStreamCreateWithPriority(&urgent, CU_STREAM_NON_BLOCKING, -2));
  OK(cuStreamBeginCapture(urgent, CU_STREAM_CAPTURE_MODE_RELAXED));
  OK(cuMemcpyHtoDAsync(out, host.data(), 16, urgent));
  OK(cuMemsetD2D16Async(out, 8, 0x7777, 1, 2, urgent));
  OK(run("touch", 1, 1, urgent, out + 12, 8u));
  CUgraph captured = nullptr;
  OK(cuStreamEndCapture(urgent, &captured));
  CUgraphNode nodes[3];
  size_t count = 3;
  OK(cuGraphGetNodes(captured, nodes, &count));
  ASSERT_EQ(count, 3u);
  CUDA_MEMCPY3D c = {};
  OK(cuGraphMemcpyNodeGetParams(nodes[0], &c));
  EXPECT_EQ(c.srcMemoryType, CU_MEMORYTYPE_HOST);
  EXPECT_EQ(c.srcHost, host.data());
  EXPECT_EQ(c.dstMemoryType, CU_MEMORYTYPE_DEVICE);
  EXPECT_EQ(c.dstDevice, out);
  EXPECT_EQ(c.WidthInBytes * c.Height * c.Depth, 16u);
  CUDA_MEMSET_NODE_PARAMS m = {};
  OK(cuGraphMemsetNodeGetParams(nodes[1], &m));
  EXPECT_EQ(m.dst, out);
  EXPECT_EQ(m.pitch, 8u);
  EXPECT_EQ(m.value, 0x7777u);
  EXPECT_EQ(m.elementSize, 2u);
  EXPECT_EQ(m.width, 1u);
  EXPECT_EQ(m.height, 2u);
  CUkernelNodeAttrValue v = {};
  OK(cuGraphKernelNodeGetAttribute(nodes[2], CU_LAUNCH_ATTRIBUTE_PRIORITY, &v));
  EXPECT_EQ(v.priority, -2);
  OK(cuGraphMemcpyNodeSetParams(nodes[0], &c));  // as told, it is the same copy
  OK(cuGraphInstantiate(&exec, captured, 0));
  EXPECT_EQ(launch(4), (Words{0x7777, 2, 0x7777, 8}));
  OK(cuGraphDestroy(captured));
  OK(cuStreamDestroy(urgent));
}

TEST_F(GraphTest, HostNodes) {
  int calls = 0, others = 0;
  const CUhostFn count_up = [](void* p) { ++*static_cast<int*>(p); };
  CUDA_HOST_NODE_PARAMS p = {count_up, &calls}, found = {};
  CUgraphNode n = nullptr;
  OK(cuGraphAddHostNode(&n, graph, nullptr, 0, &p));
  OK(cuGraphHostNodeGetParams(n, &found));
  EXPECT_EQ(found.fn, count_up);
  EXPECT_EQ(found.userData, &calls);
  launch(1);
  EXPECT_EQ(calls, 1);
  p.userData = &others;
  OK(cuGraphHostNodeSetParams(n, &p));
  OK(cuGraphHostNodeGetParams(n, &found));
  EXPECT_EQ(found.userData, &others);
  launch(1);
  EXPECT_EQ(calls, 2);
  OK(cuGraphExecHostNodeSetParams(exec, n, &p));
  launch(1);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(others, 1);
  p.fn = nullptr;
  IS(cuGraphAddHostNode(&n, graph, nullptr, 0, &p), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphHostNodeSetParams(n, &p), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphExecHostNodeSetParams(exec, n, &p), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphHostNodeGetParams(n, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphHostNodeGetParams(empty(graph), &found), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(GraphTest, EventNodes) {
  CUevent a, b, gone;
  OK(cuEventCreate(&a, 0));
  OK(cuEventCreate(&b, 0));
  OK(cuEventCreate(&gone, 0));
  OK(cuEventDestroy(gone));
  CUgraphNode record = nullptr, wait = nullptr;
  OK(cuGraphAddEventRecordNode(&record, graph, nullptr, 0, a));
  CUevent found = nullptr;
  OK(cuGraphEventRecordNodeGetEvent(record, &found));
  EXPECT_EQ(found, a);
  // The wait holds the graph until another stream lets its event go.
  const CUdeviceptr flag = allocate(4);
  OK(cuMemsetD32(flag, 0, 1));
  CUstream other;
  OK(cuStreamCreate(&other, CU_STREAM_NON_BLOCKING));
  OK(cuStreamWaitValue32(other, flag, 1, CU_STREAM_WAIT_VALUE_EQ));
  OK(cuEventRecord(b, other));
  OK(cuGraphAddEventWaitNode(&wait, graph, nullptr, 0, b));
  OK(cuGraphEventWaitNodeGetEvent(wait, &found));
  EXPECT_EQ(found, b);
  add_store(graph, out, 3, {wait});
  OK(cuGraphInstantiate(&exec, graph, 0));
  OK(cuGraphLaunch(exec, stream));
  IS(cuStreamQuery(stream), CUDA_ERROR_NOT_READY);
  EXPECT_EQ(read(out, 1), Words{0});
  OK(cuStreamWriteValue32(nullptr, flag, 1, 0));
  OK(cuStreamSynchronize(stream));
  EXPECT_EQ(read(out, 1), Words{3});
  OK(cuEventQuery(a));
  float ms = -1;
  IS(cuEventElapsedTime(&ms, a, a) == CUDA_SUCCESS && ms == 0 ? CUDA_SUCCESS : CUDA_ERROR_UNKNOWN,
     CUDA_SUCCESS);
  // Other events, in the node and in what was made from it.
  CUevent c;
  OK(cuEventCreate(&c, 0));
  OK(cuGraphEventRecordNodeSetEvent(record, c));
  OK(cuGraphEventRecordNodeGetEvent(record, &found));
  EXPECT_EQ(found, c);
  launch(1);
  IS(cuEventElapsedTime(&ms, a, c), CUDA_ERROR_INVALID_HANDLE);  // c has never been recorded
  OK(cuGraphExecEventRecordNodeSetEvent(exec, record, c));
  OK(cuGraphEventWaitNodeSetEvent(wait, a));
  OK(cuGraphEventWaitNodeGetEvent(wait, &found));
  EXPECT_EQ(found, a);
  OK(cuGraphExecEventWaitNodeSetEvent(exec, wait, a));
  launch(1);
  OK(cuEventElapsedTime(&ms, a, c));
  EXPECT_GE(ms, 0);
  IS(cuGraphAddEventRecordNode(&record, graph, nullptr, 0, gone), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphAddEventWaitNode(&wait, graph, nullptr, 0, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphEventRecordNodeSetEvent(record, gone), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphEventWaitNodeSetEvent(record, a), CUDA_ERROR_INVALID_VALUE);  // another kind of node
  IS(cuGraphExecEventWaitNodeSetEvent(exec, record, a), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphExecEventRecordNodeSetEvent(exec, wait, a), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphEventRecordNodeGetEvent(wait, &found), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphEventWaitNodeGetEvent(wait, nullptr), CUDA_ERROR_INVALID_VALUE);
  OK(cuStreamDestroy(other));
  for (CUevent e : {a, b, c}) OK(cuEventDestroy(e));
}

TEST_F(GraphTest, ChildGraphs) {
  const CUgraph child = make();
  const CUgraphNode before = add_store(child, out, 1);
  CUgraphNode n = nullptr;
  OK(cuGraphAddChildGraphNode(&n, graph, nullptr, 0, child));
  OK(cuGraphKernelNodeSetParams(before, store(out, 2)));  // of the original: the node has a copy
  CUgraph inside = nullptr;
  OK(cuGraphChildGraphNodeGetGraph(n, &inside));
  EXPECT_NE(inside, child);
  CUgraphNode kernel = nullptr;
  size_t count = 1;
  OK(cuGraphGetNodes(inside, &kernel, &count));
  ASSERT_EQ(count, 1u);
  EXPECT_EQ(launch(1), Words{1});
  OK(cuGraphExecChildGraphNodeSetParams(exec, n, child));
  EXPECT_EQ(launch(1), Words{2});
  OK(cuGraphExecKernelNodeSetParams(exec, kernel, store(out, 3)));  // its nodes keep their names
  EXPECT_EQ(launch(1), Words{3});
  empty(child);
  IS(cuGraphExecChildGraphNodeSetParams(exec, n, child), CUDA_ERROR_INVALID_VALUE);  // another shape
  IS(cuGraphExecChildGraphNodeSetParams(exec, kernel, child), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphExecChildGraphNodeSetParams(exec, n, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphAddChildGraphNode(&n, graph, nullptr, 0, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphChildGraphNodeGetGraph(kernel, &inside), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphChildGraphNodeGetGraph(n, nullptr), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(launch(1), Words{3});
  OK(cuGraphDestroy(child));
}

TEST_F(GraphTest, NodesByTheirGenericParameters) {
  CUgraphNodeParams p = {};
  p.type = CU_GRAPH_NODE_TYPE_MEMSET;
  p.memset.dst = out, p.memset.value = 4, p.memset.elementSize = 4, p.memset.width = 2, p.memset.height = 1;
  p.memset.ctx = context;
  CUgraphNode n = nullptr;
  OK(cuGraphAddNode_v2(&n, graph, nullptr, nullptr, 0, &p));
  EXPECT_EQ(launch(2), (Words{4, 4}));
  p.memset.value = 5;
  OK(cuGraphNodeSetParams(n, &p));
  CUDA_MEMSET_NODE_PARAMS m = {};
  OK(cuGraphMemsetNodeGetParams(n, &m));
  EXPECT_EQ(m.value, 5u);
  EXPECT_EQ(launch(2), (Words{4, 4}));
  p.memset.value = 6;
  OK(cuGraphExecNodeSetParams(exec, n, &p));
  EXPECT_EQ(launch(2), (Words{6, 6}));
  p = {};
  p.type = CU_GRAPH_NODE_TYPE_EMPTY;
  IS(cuGraphNodeSetParams(n, &p), CUDA_ERROR_INVALID_VALUE);  // another kind of node
  IS(cuGraphExecNodeSetParams(exec, n, &p), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphNodeSetParams(n, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphExecNodeSetParams(exec, n, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphExecNodeSetParams(nullptr, n, &p), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(GraphTest, DisabledNodesAreSkipped) {
  const CUgraphNode n = add_store(graph, out, 5), join = empty(graph, {n});
  launch(1);
  unsigned on = 9;
  OK(cuGraphNodeGetEnabled(exec, n, &on));
  EXPECT_EQ(on, 1u);
  OK(cuGraphNodeSetEnabled(exec, n, 0));
  OK(cuGraphNodeGetEnabled(exec, n, &on));
  EXPECT_EQ(on, 0u);
  OK(cuMemsetD32(out, 0, 1));
  EXPECT_EQ(launch(1), Words{0});
  OK(cuGraphExecKernelNodeSetParams(exec, n, store(out, 6)));  // leaves it disabled
  EXPECT_EQ(launch(1), Words{0});
  OK(cuGraphNodeSetEnabled(exec, n, 1));
  EXPECT_EQ(launch(1), Words{6});
  IS(cuGraphNodeSetEnabled(exec, join, 0), CUDA_ERROR_INVALID_VALUE);  // kernels, copies and fills only
  IS(cuGraphNodeGetEnabled(exec, n, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphNodeGetEnabled(nullptr, n, &on), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphNodeSetEnabled(exec, nullptr, 1), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(GraphTest, Clones) {
  const CUgraphNode n = add_store(graph, out, 1), m = empty(graph, {n});
  CUgraph clone = nullptr;
  OK(cuGraphClone(&clone, graph));
  CUgraphNode copy = nullptr, other = nullptr;
  OK(cuGraphNodeFindInClone(&copy, n, clone));
  EXPECT_NE(copy, n);
  OK(cuGraphNodeFindInClone(&other, m, clone));
  size_t count = 1;
  CUgraphNode before = nullptr;
  OK(cuGraphNodeGetDependencies_v2(other, &before, nullptr, &count));
  EXPECT_EQ(before, copy);
  OK(cuGraphKernelNodeSetParams(copy, store(out, 2)));
  EXPECT_EQ(launch(1), Words{1});
  OK(cuGraphDestroyNode(copy));
  IS(cuGraphNodeFindInClone(&copy, n, clone), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphNodeFindInClone(&copy, n, graph), CUDA_ERROR_INVALID_VALUE);  // no clone of itself
  IS(cuGraphNodeFindInClone(nullptr, n, clone), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphClone(nullptr, graph), CUDA_ERROR_INVALID_VALUE);
  OK(cuGraphDestroy(clone));
  IS(cuGraphClone(&clone, clone), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(GraphTest, InstantiationsFlags) {
  add_store(graph, out, 4);
  CUDA_GRAPH_INSTANTIATE_PARAMS p = {};
  p.flags = CUDA_GRAPH_INSTANTIATE_FLAG_USE_NODE_PRIORITY;
  p.result_out = CUDA_GRAPH_INSTANTIATE_ERROR;
  OK(cuGraphInstantiateWithParams(&exec, graph, &p));
  EXPECT_EQ(p.result_out, CUDA_GRAPH_INSTANTIATE_SUCCESS);
  EXPECT_EQ(p.hErrNode_out, nullptr);
  cuuint64_t flags = 0;
  OK(cuGraphExecGetFlags(exec, &flags));
  EXPECT_EQ(flags, cuuint64_t(CUDA_GRAPH_INSTANTIATE_FLAG_USE_NODE_PRIORITY));
  IS(cuGraphExecGetFlags(exec, nullptr), CUDA_ERROR_INVALID_VALUE);
  OK(cuGraphUpload(exec, stream));
  IS(cuGraphUpload(exec, reinterpret_cast<CUstream>(&flags)), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(launch(1), Words{4});
  CUgraphExec other = nullptr;
  p.flags = 1 << 20;
  IS(cuGraphInstantiateWithParams_ptsz(&other, graph, &p), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(p.result_out, CUDA_GRAPH_INSTANTIATE_ERROR);
  IS(cuGraphInstantiateWithParams(&other, graph, nullptr), CUDA_ERROR_INVALID_VALUE);
  OK(cuGraphExecDestroy(exec));
  IS(cuGraphExecGetFlags(exec, &flags), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphUpload_ptsz(exec, nullptr), CUDA_ERROR_INVALID_VALUE);
  exec = nullptr;
}

TEST_F(GraphTest, AnUpdateTakesOverParametersOfTheSameShape) {
  const CUgraphNode n = add_store(graph, out, 1);
  add_store(graph, out + 4, 2, {n});
  EXPECT_EQ(launch(2), (Words{1, 2}));
  const CUgraph next = make();
  const CUgraphNode m = add_store(next, out, 3);
  const CUgraphNode last = add_store(next, out + 4, 4, {m});
  CUgraphExecUpdateResultInfo info;
  std::memset(&info, 1, sizeof info);
  OK(cuGraphExecUpdate_v2(exec, next, &info));
  EXPECT_EQ(info.result, CU_GRAPH_EXEC_UPDATE_SUCCESS);
  EXPECT_EQ(info.errorNode, nullptr);
  EXPECT_EQ(launch(2), (Words{3, 4}));
  // Nodes of both graphs name the ones they were made into.
  OK(cuGraphExecKernelNodeSetParams(exec, n, store(out, 5)));
  OK(cuGraphExecKernelNodeSetParams(exec, last, store(out + 4, 6)));
  EXPECT_EQ(launch(2), (Words{5, 6}));
  // Another edge, another node, another kind of node.
  OK(cuGraphRemoveDependencies_v2(next, &m, &last, nullptr, 1));
  IS(cuGraphExecUpdate_v2(exec, next, &info), CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE);
  EXPECT_EQ(info.result, CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED);
  EXPECT_EQ(info.errorNode, last);
  OK(cuGraphAddDependencies_v2(next, &m, &last, nullptr, 1));
  const CUgraphNode more = empty(next);
  IS(cuGraphExecUpdate_v2(exec, next, &info), CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE);
  EXPECT_EQ(info.result, CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED);
  EXPECT_EQ(info.errorNode, nullptr);
  OK(cuGraphDestroyNode(more));
  OK(cuGraphDestroyNode(last));
  const CUgraphNode fill = add_fill(next, out, 0, 1, {m});
  CUgraphNode node = nullptr;
  CUgraphExecUpdateResult result = CU_GRAPH_EXEC_UPDATE_SUCCESS;
  IS(cuGraphExecUpdate(exec, next, &node, &result), CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE);
  EXPECT_EQ(result, CU_GRAPH_EXEC_UPDATE_ERROR_NODE_TYPE_CHANGED);
  EXPECT_EQ(node, fill);
  EXPECT_EQ(launch(2), (Words{5, 6}));  // none of that changed anything
  OK(cuGraphDestroy(next));
  IS(cuGraphExecUpdate(exec, next, &node, &result), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(result, CU_GRAPH_EXEC_UPDATE_ERROR);
  EXPECT_EQ(node, nullptr);
  IS(cuGraphExecUpdate_v2(exec, graph, nullptr), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(GraphTest, AnUpdateGoesIntoChildGraphs) {
  const CUgraph child = make(), other_child = make(), next = make();
  const CUgraphNode n = add_store(child, out, 1);
  add_store(other_child, out, 2);
  CUgraphNode a, b;
  OK(cuGraphAddChildGraphNode(&a, graph, nullptr, 0, child));
  OK(cuGraphAddChildGraphNode(&b, next, nullptr, 0, other_child));
  EXPECT_EQ(launch(1), Words{1});
  CUgraphExecUpdateResultInfo info;
  OK(cuGraphExecUpdate_v2(exec, next, &info));
  EXPECT_EQ(launch(1), Words{2});
  CUgraph inside;
  OK(cuGraphChildGraphNodeGetGraph(b, &inside));
  const CUgraphNode more = empty(inside);
  IS(cuGraphExecUpdate_v2(exec, next, &info), CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE);
  EXPECT_EQ(info.result, CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED);
  OK(cuGraphDestroyNode(more));
  OK(cuGraphChildGraphNodeGetGraph(a, &inside));
  CUgraphNode kernel;
  size_t count = 1;
  OK(cuGraphGetNodes(inside, &kernel, &count));
  OK(cuGraphExecKernelNodeSetParams(exec, kernel, store(out, 3)));
  EXPECT_EQ(launch(1), Words{3});
  EXPECT_NE(kernel, n);
  for (CUgraph g : {child, other_child, next}) OK(cuGraphDestroy(g));
}

TEST_F(GraphTest, MemoryNodes) {
  CUmemAccessDesc access = {{CU_MEM_LOCATION_TYPE_DEVICE, device}, CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
  CUDA_MEM_ALLOC_NODE_PARAMS p = {};
  p.poolProps.allocType = CU_MEM_ALLOCATION_TYPE_PINNED;
  p.poolProps.location = {CU_MEM_LOCATION_TYPE_DEVICE, device};
  p.accessDescs = &access, p.accessDescCount = 1;
  p.bytesize = 1000;
  CUgraphNode alloc = nullptr, free_node = nullptr;
  OK(cuGraphAddMemAllocNode(&alloc, graph, nullptr, 0, &p));
  const CUdeviceptr address = p.dptr;
  EXPECT_NE(address, 0u);
  access.flags = CU_MEM_ACCESS_FLAGS_PROT_NONE;  // the node has its own
  CUDA_MEM_ALLOC_NODE_PARAMS found = {};
  OK(cuGraphMemAllocNodeGetParams(alloc, &found));
  EXPECT_EQ(found.dptr, address);
  EXPECT_EQ(found.bytesize, 1000u);
  EXPECT_EQ(found.poolProps.location.id, device);
  ASSERT_EQ(found.accessDescCount, 1u);
  EXPECT_NE(found.accessDescs, &access);
  EXPECT_EQ(found.accessDescs[0].flags, CU_MEM_ACCESS_FLAGS_PROT_READWRITE);
  const CUgraphNode fill = add_fill(graph, address, 11, 2, {alloc});
  const CUDA_MEMCPY3D c = flat(out, address, 8);
  CUgraphNode copy;
  OK(cuGraphAddMemcpyNode(&copy, graph, &fill, 1, &c, context));
  OK(cuGraphAddMemFreeNode(&free_node, graph, &copy, 1, address));
  CUdeviceptr freed = 0;
  OK(cuGraphMemFreeNodeGetParams(free_node, &freed));
  EXPECT_EQ(freed, address);
  EXPECT_EQ(launch(3), (Words{11, 11, 0}));
  EXPECT_EQ(launch(2), (Words{11, 11}));
  IS(cuGraphMemFreeNodeGetParams(free_node, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphMemFreeNodeGetParams(alloc, &freed), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphMemAllocNodeGetParams(free_node, &found), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphMemAllocNodeGetParams(alloc, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphAddMemFreeNode(&free_node, graph, nullptr, 0, 0x1234), CUDA_ERROR_INVALID_VALUE);
  p.bytesize = 0;
  IS(cuGraphAddMemAllocNode(&alloc, graph, nullptr, 0, &p), CUDA_ERROR_INVALID_VALUE);
  p.bytesize = 8, p.poolProps.location.id = 99;
  IS(cuGraphAddMemAllocNode(&alloc, graph, nullptr, 0, &p), CUDA_ERROR_INVALID_VALUE);
  p.poolProps.location.id = device, p.poolProps.allocType = CU_MEM_ALLOCATION_TYPE_INVALID;
  IS(cuGraphAddMemAllocNode(&alloc, graph, nullptr, 0, &p), CUDA_ERROR_INVALID_VALUE);
}

/// A user object that counts its ends.
CUuserObject object_of(int* ends, unsigned references) {
  CUuserObject o = nullptr;
  OK(cuUserObjectCreate(
      &o, ends, [](void* p) { ++*static_cast<int*>(p); }, references, CU_USER_OBJECT_NO_DESTRUCTOR_SYNC));
  return o;
}

TEST_F(GraphTest, UserObjectsLiveAsLongAsTheyAreReferredTo) {
  int ends = 0;
  CUuserObject o = object_of(&ends, 2);
  OK(cuUserObjectRelease(o, 1));
  OK(cuUserObjectRetain(o, 3));
  OK(cuUserObjectRelease(o, 3));
  EXPECT_EQ(ends, 0);
  OK(cuUserObjectRelease(o, 1));
  EXPECT_EQ(ends, 1);
  IS(cuUserObjectRelease(o, 1), CUDA_ERROR_INVALID_VALUE);
  IS(cuUserObjectRetain(o, 1), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphRetainUserObject(graph, o, 1, 0), CUDA_ERROR_INVALID_VALUE);
  const CUhostFn nothing = [](void*) {};
  IS(cuUserObjectCreate(nullptr, &ends, nothing, 1, CU_USER_OBJECT_NO_DESTRUCTOR_SYNC),
     CUDA_ERROR_INVALID_VALUE);
  IS(cuUserObjectCreate(&o, &ends, nullptr, 1, CU_USER_OBJECT_NO_DESTRUCTOR_SYNC), CUDA_ERROR_INVALID_VALUE);
  IS(cuUserObjectCreate(&o, &ends, nothing, 0, CU_USER_OBJECT_NO_DESTRUCTOR_SYNC), CUDA_ERROR_INVALID_VALUE);
  IS(cuUserObjectCreate(&o, &ends, nothing, 1, 0), CUDA_ERROR_INVALID_VALUE);
  o = object_of(&ends, 1);
  IS(cuUserObjectRetain(o, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuUserObjectRelease(o, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuUserObjectRelease(o, 1u << 31), CUDA_ERROR_INVALID_VALUE);
  OK(cuGraphRetainUserObject(graph, o, 2, 0));
  OK(cuGraphRetainUserObject(graph, o, 1, CU_GRAPH_USER_OBJECT_MOVE));  // the caller's own
  IS(cuGraphRetainUserObject(graph, o, 1, 8), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphRetainUserObject(graph, o, 0, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphReleaseUserObject(graph, o, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphReleaseUserObject(graph, o, 4), CUDA_ERROR_INVALID_VALUE);  // more than it has
  CUgraph clone = nullptr;
  OK(cuGraphClone(&clone, graph));
  OK(cuGraphReleaseUserObject(graph, o, 3));
  EXPECT_EQ(ends, 1);
  IS(cuGraphReleaseUserObject(graph, o, 1), CUDA_ERROR_INVALID_VALUE);
  OK(cuGraphDestroy(clone));
  EXPECT_EQ(ends, 2);
}

TEST_F(GraphTest, WhatALaunchNeedsOutlivesItsGraph) {
  static std::atomic<int> ends;
  ends = 0;
  const CUhostFn end = [](void*) { ends++; };
  const CUdeviceptr flag = allocate(4);
  OK(cuMemsetD32(flag, 0, 1));
  CUDA_MEM_ALLOC_NODE_PARAMS p = {};
  p.poolProps.allocType = CU_MEM_ALLOCATION_TYPE_PINNED;
  p.poolProps.location = {CU_MEM_LOCATION_TYPE_DEVICE, device};
  p.bytesize = 64;
  CUgraphNode alloc, copy;
  OK(cuGraphAddMemAllocNode(&alloc, graph, nullptr, 0, &p));
  const CUgraphNode fill = add_fill(graph, p.dptr, 21, 2, {alloc});
  const CUDA_MEMCPY3D c = flat(out, p.dptr, 8);
  OK(cuGraphAddMemcpyNode(&copy, graph, &fill, 1, &c, context));
  CUuserObject o;
  OK(cuUserObjectCreate(&o, nullptr, end, 1, CU_USER_OBJECT_NO_DESTRUCTOR_SYNC));
  OK(cuGraphRetainUserObject(graph, o, 1, CU_GRAPH_USER_OBJECT_MOVE));
  OK(cuGraphInstantiate(&exec, graph, 0));
  OK(cuStreamWaitValue32(stream, flag, 1, CU_STREAM_WAIT_VALUE_EQ));
  OK(cuGraphLaunch(exec, stream));
  OK(cuGraphExecDestroy(exec));
  exec = nullptr;
  OK(cuGraphDestroy(graph));
  graph = make();
  EXPECT_EQ(ends, 0);
  OK(cuStreamWriteValue32(nullptr, flag, 1, 0));
  OK(cuStreamSynchronize(stream));
  EXPECT_EQ(read(out, 2), (Words{21, 21}));
  EXPECT_EQ(ends, 1);
}

TEST_F(GraphTest, AnUpdateExchangesWhatIsKept) {
  int first = 0, second = 0;
  add_store(graph, out, 1);
  const CUgraph next = make();
  add_store(next, out, 2);
  OK(cuGraphRetainUserObject(graph, object_of(&first, 1), 1, CU_GRAPH_USER_OBJECT_MOVE));
  OK(cuGraphRetainUserObject(next, object_of(&second, 1), 1, CU_GRAPH_USER_OBJECT_MOVE));
  launch(1);
  OK(cuGraphDestroy(graph));
  graph = next;
  EXPECT_EQ(first, 0);
  CUgraphExecUpdateResultInfo info;
  OK(cuGraphExecUpdate_v2(exec, next, &info));
  EXPECT_EQ(first, 1);
  OK(cuGraphDestroy(next));
  graph = make();
  EXPECT_EQ(second, 0);
  EXPECT_EQ(launch(1), Words{2});
  OK(cuGraphExecDestroy(exec));
  exec = nullptr;
  EXPECT_EQ(second, 1);
}

TEST_F(GraphTest, IsPrintedAsDot) {
  const CUgraphNode n = add_store(graph, out, 1);
  add_fill(graph, out, 0, 1, {n});
  const std::string path = testing::TempDir() + "openppu_graph_" + std::to_string(getpid()) + ".dot";
  OK(cuGraphDebugDotPrint(graph, path.c_str(), 0));
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  std::remove(path.c_str());
  EXPECT_EQ(text.str().rfind("digraph", 0), 0u) << text.str();
  EXPECT_NE(text.str().find("KERNEL touch"), std::string::npos) << text.str();
  EXPECT_NE(text.str().find("MEMSET"), std::string::npos) << text.str();
  EXPECT_NE(text.str().find("n0 -> n1"), std::string::npos) << text.str();
  IS(cuGraphDebugDotPrint(graph, nullptr, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphDebugDotPrint(graph, "/nowhere/at/all.dot", 0), CUDA_ERROR_OPERATING_SYSTEM);
  IS(cuGraphDebugDotPrint(nullptr, path.c_str(), 0), CUDA_ERROR_INVALID_VALUE);
}

}  // namespace
