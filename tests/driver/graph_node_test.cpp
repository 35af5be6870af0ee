// Graph nodes of the driver API: conditional ones, and those that write and wait for values in memory.
#include "driver_fixture.h"

namespace {

const char kPtx[] = R"(
.version 7.8
.target sm_80
.address_size 64
.extern .func cudaGraphSetConditional(.param .b64 handle, .param .b32 value);
// *count += 1; the condition becomes *count < limit
.visible .entry step(.param .u64 handle, .param .u64 count, .param .u32 limit) {
  .reg .b32 %r<5>; .reg .b64 %rd<3>; .reg .pred %p;
  ld.param.u64 %rd1, [handle]; ld.param.u64 %rd2, [count]; ld.param.u32 %r1, [limit];
  ld.global.u32 %r2, [%rd2]; add.u32 %r2, %r2, 1; st.global.u32 [%rd2], %r2;
  setp.lt.u32 %p, %r2, %r1; selp.u32 %r3, 1, 0, %p;
  { .param .b64 h; .param .b32 v;
    st.param.b64 [h], %rd1; st.param.b32 [v], %r3;
    call.uni cudaGraphSetConditional, (h, v); }
  ret;
}
.visible .entry choose(.param .u64 handle, .param .u32 value) {
  .reg .b32 %r<2>; .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [handle]; ld.param.u32 %r1, [value];
  { .param .b64 h; .param .b32 v;
    st.param.b64 [h], %rd1; st.param.b32 [v], %r1;
    call.uni cudaGraphSetConditional, (h, v); }
  ret;
}
.visible .entry add(.param .u64 out, .param .u32 value) {
  .reg .b32 %r<3>; .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [out]; ld.param.u32 %r1, [value];
  ld.global.u32 %r2, [%rd1]; add.u32 %r2, %r2, %r1; st.global.u32 [%rd1], %r2;
  ret;
}
)";

class GraphNodeTest : public DriverTest {
 protected:
  void SetUp() override {
    DriverTest::SetUp();
    ASSERT_EQ(cuModuleLoadData(&module, kPtx), CUDA_SUCCESS);
    OK(cuGraphCreate(&graph_, 0));
    OK(cuStreamCreate(&stream_, CU_STREAM_NON_BLOCKING));
    out_ = allocate(64);
    OK(cuMemsetD32(out_, 0, 16));
  }
  void TearDown() override {
    if (exec_) OK(cuGraphExecDestroy(exec_));
    OK(cuGraphDestroy(graph_));
    OK(cuStreamDestroy(stream_));
    DriverTest::TearDown();
  }
  template <class... A>
  CUgraphNode kernel(CUgraph graph, CUgraphNode before, const char* name, A... args) {
    void* params[] = {&args..., nullptr};
    CUDA_KERNEL_NODE_PARAMS p = {};
    p.func = function(name);
    p.gridDimX = p.gridDimY = p.gridDimZ = p.blockDimX = p.blockDimY = p.blockDimZ = 1;
    p.kernelParams = params;
    CUgraphNode node = nullptr;
    OK(cuGraphAddKernelNode(&node, graph, &before, before ? 1 : 0, &p));
    return node;
  }
  CUgraphNode conditional(CUgraph graph, CUgraphNode before, CUgraphConditionalHandle handle,
                          CUgraphConditionalNodeType type, unsigned size, CUgraph** bodies) {
    CUgraphNodeParams p = {};
    p.type = CU_GRAPH_NODE_TYPE_CONDITIONAL;
    p.conditional.handle = handle;
    p.conditional.type = type;
    p.conditional.size = size;
    p.conditional.ctx = context;
    CUgraphNode node = nullptr;
    OK(cuGraphAddNode(&node, graph, &before, before ? 1 : 0, &p));
    *bodies = p.conditional.phGraph_out;
    return node;
  }
  std::vector<uint32_t> launch(size_t words) {
    if (!exec_) OK(cuGraphInstantiate(&exec_, graph_, 0));
    OK(cuGraphLaunch(exec_, stream_));
    OK(cuStreamSynchronize(stream_));
    return read(out_, words);
  }
  CUgraphConditionalHandle handle(CUgraph graph, unsigned value, unsigned flags) {
    CUgraphConditionalHandle h = 0;
    OK(cuGraphConditionalHandleCreate(&h, graph, context, value, flags));
    return h;
  }
  CUgraph graph_ = nullptr;
  CUgraphExec exec_ = nullptr;
  CUstream stream_ = nullptr;
  CUdeviceptr out_ = 0;
};

TEST_F(GraphNodeTest, WhileRunsUntilItsKernelSaysSo) {
  const auto h = handle(graph_, 1, CU_GRAPH_COND_ASSIGN_DEFAULT);
  CUgraph* bodies = nullptr;
  const CUgraphNode loop = conditional(graph_, nullptr, h, CU_GRAPH_COND_TYPE_WHILE, 1, &bodies);
  kernel(bodies[0], nullptr, "step", h, out_, 10u);
  kernel(graph_, loop, "add", out_ + 4, 1u);
  EXPECT_EQ(launch(2), (std::vector<uint32_t>{10, 1}));
  // Anew with its default value: the loop runs once, then its kernel ends it.
  EXPECT_EQ(launch(2), (std::vector<uint32_t>{11, 2}));
  CUgraphNodeType type;
  OK(cuGraphNodeGetType(loop, &type));
  EXPECT_EQ(type, CU_GRAPH_NODE_TYPE_CONDITIONAL);
}

TEST_F(GraphNodeTest, IfTakesOneOfTwoBodies) {
  const auto h = handle(graph_, 0, 0);
  CUgraph* bodies = nullptr;
  const CUgraphNode first = kernel(graph_, nullptr, "choose", h, 0u);
  conditional(graph_, first, h, CU_GRAPH_COND_TYPE_IF, 2, &bodies);
  kernel(bodies[0], nullptr, "add", out_, 1u);
  kernel(bodies[1], nullptr, "add", out_ + 4, 1u);
  EXPECT_EQ(launch(2), (std::vector<uint32_t>{0, 1}));
}

TEST_F(GraphNodeTest, SwitchTakesTheBodyOfItsNumberOrNone) {
  const auto h = handle(graph_, 2, CU_GRAPH_COND_ASSIGN_DEFAULT);
  CUgraph* bodies = nullptr;
  const CUgraphNode node = conditional(graph_, nullptr, h, CU_GRAPH_COND_TYPE_SWITCH, 3, &bodies);
  for (unsigned i = 0; i < 3; i++) kernel(bodies[i], nullptr, "add", out_ + 4 * i, i + 1);
  const CUgraphNode other = kernel(graph_, node, "choose", h, 7u);
  conditional(graph_, other, h, CU_GRAPH_COND_TYPE_SWITCH, 1, &bodies);
  kernel(bodies[0], nullptr, "add", out_ + 12, 1u);
  EXPECT_EQ(launch(4), (std::vector<uint32_t>{0, 0, 3, 0}));
}

TEST_F(GraphNodeTest, LoopsNest) {
  const auto outer = handle(graph_, 1, CU_GRAPH_COND_ASSIGN_DEFAULT);
  CUgraph* body = nullptr;
  conditional(graph_, nullptr, outer, CU_GRAPH_COND_TYPE_WHILE, 1, &body);
  const CUgraph outside = body[0];
  const CUgraphNode advance = kernel(outside, nullptr, "step", outer, out_, 3u);
  const auto inner = handle(outside, 0, 0);
  const CUgraphNode arm = kernel(outside, advance, "choose", inner, 1u);
  conditional(outside, arm, inner, CU_GRAPH_COND_TYPE_IF, 1, &body);
  kernel(body[0], nullptr, "add", out_ + 4, 5u);
  EXPECT_EQ(launch(2), (std::vector<uint32_t>{3, 15}));
}

TEST_F(GraphNodeTest, AWrongConditionIsRefused) {
  const auto h = handle(graph_, 0, 0);
  CUgraphConditionalHandle other = 0;
  IS(cuGraphConditionalHandleCreate(&other, graph_, context, 0, 8), CUDA_ERROR_INVALID_VALUE);
  IS(cuGraphConditionalHandleCreate(nullptr, graph_, context, 0, 0), CUDA_ERROR_INVALID_VALUE);
  CUgraphNodeParams p = {};
  p.type = CU_GRAPH_NODE_TYPE_CONDITIONAL;
  p.conditional.handle = 12345;
  p.conditional.size = 1;
  CUgraphNode node = nullptr;
  IS(cuGraphAddNode(&node, graph_, nullptr, 0, &p), CUDA_ERROR_INVALID_VALUE);
  p.conditional.handle = h;
  p.conditional.size = 3;
  IS(cuGraphAddNode(&node, graph_, nullptr, 0, &p), CUDA_ERROR_INVALID_VALUE);
  p.conditional.type = CU_GRAPH_COND_TYPE_WHILE;
  p.conditional.size = 2;
  IS(cuGraphAddNode(&node, graph_, nullptr, 0, &p), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(GraphNodeTest, ValuesInMemory) {
  CUstreamBatchMemOpParams operations[2] = {};
  operations[0].writeValue.operation = CU_STREAM_MEM_OP_WRITE_VALUE_32;
  operations[0].writeValue.address = out_;
  operations[0].writeValue.value = 6;
  operations[1].waitValue.operation = CU_STREAM_MEM_OP_WAIT_VALUE_32;
  operations[1].waitValue.address = out_;
  operations[1].waitValue.value = 6;
  operations[1].waitValue.flags = CU_STREAM_WAIT_VALUE_EQ;
  CUDA_BATCH_MEM_OP_NODE_PARAMS p = {context, 2, operations, 0};
  CUgraphNode node = nullptr;
  OK(cuGraphAddBatchMemOpNode(&node, graph_, nullptr, 0, &p));
  kernel(graph_, node, "add", out_ + 4, 1u);
  CUDA_BATCH_MEM_OP_NODE_PARAMS found = {};
  OK(cuGraphBatchMemOpNodeGetParams(node, &found));
  EXPECT_EQ(found.count, 2u);
  EXPECT_EQ(found.paramArray[0].writeValue.value, 6u);
  EXPECT_EQ(launch(2), (std::vector<uint32_t>{6, 1}));
  operations[0].writeValue.value = operations[1].waitValue.value = 8;
  OK(cuGraphExecBatchMemOpNodeSetParams(exec_, node, &p));
  EXPECT_EQ(launch(2), (std::vector<uint32_t>{8, 2}));
  operations[0].writeValue.address = 5;
  IS(cuGraphBatchMemOpNodeSetParams(node, &p), CUDA_ERROR_INVALID_VALUE);
  p.count = 0;
  IS(cuGraphAddBatchMemOpNode(&node, graph_, nullptr, 0, &p), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(GraphNodeTest, MemoryOfGraphsIsCounted) {
  cuuint64_t before = 0, now = 0, zero = 0;
  OK(cuDeviceGetGraphMemAttribute(device, CU_GRAPH_MEM_ATTR_USED_MEM_CURRENT, &before));
  CUDA_MEM_ALLOC_NODE_PARAMS p = {};
  p.poolProps.allocType = CU_MEM_ALLOCATION_TYPE_PINNED;
  p.poolProps.location = {CU_MEM_LOCATION_TYPE_DEVICE, device};
  p.bytesize = 1 << 20;
  CUgraphNode node = nullptr;
  OK(cuGraphAddMemAllocNode(&node, graph_, nullptr, 0, &p));
  OK(cuDeviceGetGraphMemAttribute(device, CU_GRAPH_MEM_ATTR_USED_MEM_CURRENT, &now));
  EXPECT_EQ(now - before, 1u << 20);
  OK(cuGraphDestroyNode(node));
  OK(cuGraphDestroy(graph_));
  OK(cuGraphCreate(&graph_, 0));
  OK(cuDeviceGetGraphMemAttribute(device, CU_GRAPH_MEM_ATTR_USED_MEM_CURRENT, &now));
  EXPECT_EQ(now, before);
  OK(cuDeviceGetGraphMemAttribute(device, CU_GRAPH_MEM_ATTR_USED_MEM_HIGH, &now));
  EXPECT_GE(now, before + (1 << 20));
  OK(cuDeviceSetGraphMemAttribute(device, CU_GRAPH_MEM_ATTR_USED_MEM_HIGH, &zero));
  IS(cuDeviceSetGraphMemAttribute(device, CU_GRAPH_MEM_ATTR_USED_MEM_CURRENT, &zero),
     CUDA_ERROR_INVALID_VALUE);
  OK(cuDeviceGraphMemTrim(device));
}

}  // namespace
