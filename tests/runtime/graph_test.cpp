// Graphs: captured and built by hand, launched, changed, and refused where CUDA refuses them.
#include <gtest/gtest.h>

#include "program.h"

namespace {

const char kPtx[] = R"(.version 8.0
.target sm_80
.address_size 64
.visible .entry fma_words(.param .u64 out, .param .u32 n, .param .u32 factor, .param .u32 addend) {
  .reg .b64 %rd<4>; .reg .b32 %r<9>; .reg .pred %p;
  ld.param.u64 %rd1, [out]; ld.param.u32 %r1, [n]; ld.param.u32 %r2, [factor]; ld.param.u32 %r8, [addend];
  mov.u32 %r3, %ctaid.x; mov.u32 %r4, %ntid.x; mov.u32 %r5, %tid.x;
  mad.lo.s32 %r6, %r3, %r4, %r5;
  setp.ge.u32 %p, %r6, %r1;
  @%p bra done;
  mul.wide.u32 %rd2, %r6, 4; add.s64 %rd3, %rd1, %rd2;
  ld.global.u32 %r7, [%rd3]; mad.lo.s32 %r7, %r7, %r2, %r8; st.global.u32 [%rd3], %r7;
done:
  ret;
}
)";

char stub;

void count_call(void* counter) {
  ++*static_cast<int*>(counter);
}

class GraphTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    unit_ = new program::Unit(kPtx);
    unit_->kernel(&stub, "fma_words");
    unit_->end();
  }
  static void TearDownTestSuite() { delete unit_; }
  void SetUp() override {
    ASSERT_EQ(cudaMalloc(reinterpret_cast<void**>(&data_), kCount * 4), cudaSuccess);
    ASSERT_EQ(cudaMemset(data_, 0, kCount * 4), cudaSuccess);
    ASSERT_EQ(cudaStreamCreate(&stream_), cudaSuccess);
    ASSERT_EQ(cudaStreamCreate(&other_), cudaSuccess);
    ASSERT_EQ(cudaEventCreate(&fork_), cudaSuccess);
    ASSERT_EQ(cudaEventCreate(&join_), cudaSuccess);
  }
  void TearDown() override {
    EXPECT_EQ(cudaStreamDestroy(stream_), cudaSuccess);
    EXPECT_EQ(cudaStreamDestroy(other_), cudaSuccess);
    EXPECT_EQ(cudaEventDestroy(fork_), cudaSuccess);
    EXPECT_EQ(cudaEventDestroy(join_), cudaSuccess);
    EXPECT_EQ(cudaFree(data_), cudaSuccess);
    (void)cudaGetLastError();
  }
  void run(unsigned factor, unsigned addend, cudaStream_t stream) {
    unsigned n = kCount;
    void* params[] = {&data_, &n, &factor, &addend};
    ASSERT_EQ(cudaLaunchKernel(&stub, dim3((kCount + 127) / 128), dim3(128), params, 0, stream), cudaSuccess);
  }
  unsigned last_word() {
    unsigned value = 0;
    EXPECT_EQ(cudaMemcpy(&value, data_ + kCount - 1, 4, cudaMemcpyDeviceToHost), cudaSuccess);
    return value;
  }
  cudaKernelNodeParams kernel(void** params) {
    cudaKernelNodeParams p{};
    p.func = &stub;
    p.gridDim = dim3((kCount + 127) / 128);
    p.blockDim = dim3(128);
    p.kernelParams = params;
    return p;
  }
  /// Launches once and waits.
  void launch(cudaGraphExec_t exec) {
    ASSERT_EQ(cudaGraphLaunch(exec, stream_), cudaSuccess);
    ASSERT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  }

  static constexpr unsigned kCount = 777;
  static program::Unit* unit_;
  unsigned* data_ = nullptr;
  cudaStream_t stream_ = nullptr, other_ = nullptr;
  cudaEvent_t fork_ = nullptr, join_ = nullptr;
};
program::Unit* GraphTest::unit_ = nullptr;

TEST_F(GraphTest, CaptureForksAndJoinsByEvents) {
  int calls = 0;
  ASSERT_EQ(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeGlobal), cudaSuccess);
  run(1, 1, stream_);
  ASSERT_EQ(cudaEventRecord(fork_, stream_), cudaSuccess);
  ASSERT_EQ(cudaStreamWaitEvent(other_, fork_, 0), cudaSuccess);
  run(2, 0, other_);
  ASSERT_EQ(cudaEventRecord(join_, other_), cudaSuccess);
  ASSERT_EQ(cudaStreamWaitEvent(stream_, join_, 0), cudaSuccess);
  run(1, 3, stream_);
  ASSERT_EQ(cudaLaunchHostFunc(stream_, count_call, &calls), cudaSuccess);
  cudaStreamCaptureStatus status;
  EXPECT_EQ(cudaStreamIsCapturing(other_, &status), cudaSuccess);
  EXPECT_EQ(status, cudaStreamCaptureStatusActive);
  cudaGraph_t graph = nullptr;
  ASSERT_EQ(cudaStreamEndCapture(stream_, &graph), cudaSuccess);
  EXPECT_EQ(last_word(), 0u) << "nothing runs while it is captured";
  size_t nodes = 0;
  EXPECT_EQ(cudaGraphGetNodes(graph, nullptr, &nodes), cudaSuccess);
  EXPECT_EQ(nodes, 4u);
  cudaGraphExec_t exec = nullptr;
  ASSERT_EQ(cudaGraphInstantiateWithFlags(&exec, graph, 0), cudaSuccess);
  EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  for (int i = 0; i < 3; ++i) launch(exec);
  EXPECT_EQ(last_word(), 35u);  // (x + 1) * 2 + 3, three times
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(cudaGraphExecDestroy(exec), cudaSuccess);
  EXPECT_EQ(cudaGraphExecDestroy(exec), cudaErrorInvalidValue);
}

// A function that forks into a stream of its own may destroy it once it is joined again.
TEST_F(GraphTest, JoinedStreamsMayBeDestroyedDuringTheCapture) {
  for (const bool joins : {true, false}) {
    cudaStream_t own = nullptr;
    ASSERT_EQ(cudaStreamCreateWithFlags(&own, cudaStreamNonBlocking), cudaSuccess);
    ASSERT_EQ(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeGlobal), cudaSuccess);
    ASSERT_EQ(cudaEventRecord(fork_, stream_), cudaSuccess);
    ASSERT_EQ(cudaStreamWaitEvent(own, fork_, 0), cudaSuccess);
    run(1, 6, own);
    ASSERT_EQ(cudaEventRecord(join_, own), cudaSuccess);
    if (joins) ASSERT_EQ(cudaStreamWaitEvent(stream_, join_, 0), cudaSuccess);
    ASSERT_EQ(cudaStreamDestroy(own), cudaSuccess);
    run(2, 0, stream_);
    cudaGraph_t graph = nullptr;
    ASSERT_EQ(cudaStreamEndCapture(stream_, &graph), joins ? cudaSuccess : cudaErrorStreamCaptureUnjoined);
    if (!joins) break;
    cudaGraphExec_t exec = nullptr;
    ASSERT_EQ(cudaGraphInstantiateWithFlags(&exec, graph, 0), cudaSuccess);
    launch(exec);
    EXPECT_EQ(last_word(), 12u);
    EXPECT_EQ(cudaGraphExecDestroy(exec), cudaSuccess);
    EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  }
}

TEST_F(GraphTest, CapturesAreRefusedWhereTheyWouldBreak) {
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamBeginCapture(nullptr, cudaStreamCaptureModeGlobal), cudaErrorStreamCaptureUnsupported);
  EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaErrorIllegalState);

  ASSERT_EQ(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeGlobal), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(stream_), cudaErrorStreamCaptureUnsupported);
  EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaErrorStreamCaptureInvalidated);
  EXPECT_EQ(graph, nullptr);

  ASSERT_EQ(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeGlobal), cudaSuccess);
  EXPECT_EQ(cudaMemset(data_, 0, 4), cudaErrorStreamCaptureImplicit);
  EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaErrorStreamCaptureInvalidated);

  ASSERT_EQ(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeGlobal), cudaSuccess);
  ASSERT_EQ(cudaEventRecord(fork_, stream_), cudaSuccess);
  EXPECT_EQ(cudaEventSynchronize(fork_), cudaErrorCapturedEvent);
  ASSERT_EQ(cudaStreamWaitEvent(other_, fork_, 0), cudaSuccess);
  run(1, 1, other_);
  EXPECT_EQ(cudaStreamEndCapture(other_, &graph), cudaErrorStreamCaptureUnmatched);
  EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaErrorStreamCaptureUnjoined);

  ASSERT_EQ(cudaEventRecord(join_, other_), cudaSuccess);
  ASSERT_EQ(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeRelaxed), cudaSuccess);
  EXPECT_EQ(cudaStreamWaitEvent(stream_, join_, 0), cudaErrorStreamCaptureIsolation);
  EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaErrorStreamCaptureInvalidated);
  run(1, 4, stream_);
  EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess) << "streams work as before";
  EXPECT_EQ(last_word(), 4u);
}

TEST_F(GraphTest, BuiltByHandAndChanged) {
  cudaGraph_t graph;
  ASSERT_EQ(cudaGraphCreate(&graph, 0), cudaSuccess);
  cudaMemsetParams fill{};
  fill.dst = data_;
  fill.elementSize = 4;
  fill.value = 5;
  fill.width = kCount;
  fill.height = 1;
  cudaGraphNode_t fill_node, kernel_node, copy_node, host_node;
  ASSERT_EQ(cudaGraphAddMemsetNode(&fill_node, graph, nullptr, 0, &fill), cudaSuccess);
  unsigned n = kCount, factor = 7, addend = 0;
  void* params[] = {&data_, &n, &factor, &addend};
  cudaKernelNodeParams p = kernel(params);
  ASSERT_EQ(cudaGraphAddKernelNode(&kernel_node, graph, &fill_node, 1, &p), cudaSuccess);
  unsigned seen = 0;
  ASSERT_EQ(
      cudaGraphAddMemcpyNode1D(&copy_node, graph, &kernel_node, 1, &seen, data_, 4, cudaMemcpyDeviceToHost),
      cudaSuccess);
  cudaMemcpy3DParms copy{};
  ASSERT_EQ(cudaGraphMemcpyNodeGetParams(copy_node, &copy), cudaSuccess);
  EXPECT_EQ(copy.srcPtr.ptr, data_);
  EXPECT_EQ(copy.dstPtr.ptr, &seen);
  EXPECT_EQ(copy.extent.width, 4u);
  EXPECT_EQ(copy.kind, cudaMemcpyDeviceToHost);
  EXPECT_EQ(cudaGraphMemcpyNodeSetParams(copy_node, &copy), cudaSuccess);
  EXPECT_EQ(cudaGraphMemcpyNodeGetParams(fill_node, &copy), cudaErrorInvalidValue);
  (void)cudaGetLastError();
  int calls = 0;
  cudaHostNodeParams host{count_call, &calls};
  ASSERT_EQ(cudaGraphAddHostNode(&host_node, graph, &copy_node, 1, &host), cudaSuccess);
  cudaGraphExec_t exec;
  ASSERT_EQ(cudaGraphInstantiateWithFlags(&exec, graph, 0), cudaSuccess);
  launch(exec);
  EXPECT_EQ(seen, 35u);

  factor = 9;
  EXPECT_EQ(cudaGraphExecKernelNodeSetParams(exec, kernel_node, &p), cudaSuccess);
  launch(exec);
  EXPECT_EQ(seen, 45u);
  cudaKernelNodeParams given;
  ASSERT_EQ(cudaGraphKernelNodeGetParams(kernel_node, &given), cudaSuccess);
  EXPECT_EQ(*static_cast<unsigned*>(given.kernelParams[2]), 7u) << "the graph itself is as it was";
  EXPECT_EQ(given.func, p.func) << "the host stub, as programs compare it with their own";

  EXPECT_EQ(cudaGraphNodeSetEnabled(exec, kernel_node, 0), cudaSuccess);
  launch(exec);
  EXPECT_EQ(seen, 5u);
  EXPECT_EQ(cudaGraphNodeSetEnabled(exec, kernel_node, 1), cudaSuccess);

  factor = 11;
  EXPECT_EQ(cudaGraphKernelNodeSetParams(kernel_node, &p), cudaSuccess);
  cudaGraphExecUpdateResultInfo info;
  EXPECT_EQ(cudaGraphExecUpdate(exec, graph, &info), cudaSuccess);
  launch(exec);
  EXPECT_EQ(seen, 55u);
  EXPECT_EQ(cudaGraphDestroyNode(host_node), cudaSuccess);
  EXPECT_EQ(cudaGraphExecUpdate(exec, graph, &info), cudaErrorGraphExecUpdateFailure);
  EXPECT_EQ(info.result, cudaGraphExecUpdateErrorTopologyChanged);
  EXPECT_EQ(calls, 4);

  cudaGraph_t outer;
  cudaGraphNode_t child, after;
  ASSERT_EQ(cudaGraphCreate(&outer, 0), cudaSuccess);
  ASSERT_EQ(cudaGraphAddChildGraphNode(&child, outer, nullptr, 0, graph), cudaSuccess);
  factor = 1, addend = 100;
  ASSERT_EQ(cudaGraphAddKernelNode(&after, outer, &child, 1, &p), cudaSuccess);
  cudaGraphExec_t outer_exec;
  ASSERT_EQ(cudaGraphInstantiateWithFlags(&outer_exec, outer, 0), cudaSuccess);
  launch(outer_exec);
  EXPECT_EQ(last_word(), 155u);
  for (cudaGraphExec_t e : {exec, outer_exec}) EXPECT_EQ(cudaGraphExecDestroy(e), cudaSuccess);
  for (cudaGraph_t g : {graph, outer}) EXPECT_EQ(cudaGraphDestroy(g), cudaSuccess);
}

TEST_F(GraphTest, MemoryOfACaptureBelongsToTheGraph) {
  ASSERT_EQ(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), cudaSuccess);
  void* memory = nullptr;
  ASSERT_EQ(cudaMallocAsync(&memory, kCount * 4, stream_), cudaSuccess);
  ASSERT_EQ(cudaMemsetAsync(memory, 1, kCount * 4, stream_), cudaSuccess);
  ASSERT_EQ(cudaMemcpyAsync(data_, memory, kCount * 4, cudaMemcpyDeviceToDevice, stream_), cudaSuccess);
  ASSERT_EQ(cudaFreeAsync(memory, stream_), cudaSuccess);
  cudaGraph_t graph;
  ASSERT_EQ(cudaStreamEndCapture(stream_, &graph), cudaSuccess);
  cudaGraphExec_t exec;
  ASSERT_EQ(cudaGraphInstantiateWithFlags(&exec, graph, 0), cudaSuccess);
  EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  launch(exec);
  EXPECT_EQ(cudaGraphLaunch(exec, other_), cudaSuccess);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(last_word(), 0x01010101u);
  EXPECT_EQ(cudaGraphExecDestroy(exec), cudaSuccess);
  cudaPointerAttributes attributes;
  EXPECT_EQ(cudaPointerGetAttributes(&attributes, memory), cudaSuccess);
  EXPECT_EQ(attributes.type, cudaMemoryTypeUnregistered) << "freed with the last graph";
}

// CUDA Programming Guide, "Graph Memory Nodes": what a graph allocates and doesn't free is the program's to
// free, and the next launch allocates it at the same address.
TEST_F(GraphTest, MemoryThatAGraphLeavesIsFreedByTheProgramAndAllocatedAnew) {
  ASSERT_EQ(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), cudaSuccess);
  void* memory = nullptr;
  ASSERT_EQ(cudaMallocAsync(&memory, kCount * 4, stream_), cudaSuccess);
  ASSERT_EQ(cudaMemsetAsync(memory, 1, kCount * 4, stream_), cudaSuccess);
  cudaGraph_t graph;
  ASSERT_EQ(cudaStreamEndCapture(stream_, &graph), cudaSuccess);
  cudaGraphExec_t exec;
  ASSERT_EQ(cudaGraphInstantiateWithFlags(&exec, graph, 0), cudaSuccess);
  for (int round = 0; round < 4; round++) {
    ASSERT_EQ(cudaMemset(data_, 0, kCount * 4), cudaSuccess);
    launch(exec);
    ASSERT_EQ(cudaMemcpy(data_, memory, kCount * 4, cudaMemcpyDeviceToDevice), cudaSuccess);
    EXPECT_EQ(last_word(), 0x01010101u);
    EXPECT_EQ(round % 2 ? cudaFree(memory) : cudaFreeAsync(memory, stream_), cudaSuccess);
  }
  EXPECT_EQ(cudaGraphExecDestroy(exec), cudaSuccess);
  EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  cudaPointerAttributes attributes;
  EXPECT_EQ(cudaPointerGetAttributes(&attributes, memory), cudaSuccess);
  EXPECT_EQ(attributes.type, cudaMemoryTypeUnregistered) << "freed with the last graph";
}

TEST_F(GraphTest, StaleHandlesAreErrors) {
  cudaGraph_t graph;
  cudaGraphNode_t node, other;
  ASSERT_EQ(cudaGraphCreate(&graph, 0), cudaSuccess);
  ASSERT_EQ(cudaGraphAddEmptyNode(&node, graph, nullptr, 0), cudaSuccess);
  ASSERT_EQ(cudaGraphDestroyNode(node), cudaSuccess);
  cudaGraphNodeType type;
  EXPECT_EQ(cudaGraphNodeGetType(node, &type), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGraphDestroyNode(node), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGraphAddEmptyNode(&other, graph, &node, 1), cudaErrorInvalidValue);
  ASSERT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  EXPECT_EQ(cudaGraphDestroy(graph), cudaErrorInvalidValue);
  size_t count = 0;
  EXPECT_EQ(cudaGraphGetNodes(graph, nullptr, &count), cudaErrorInvalidValue);
  cudaGraphExec_t exec;
  EXPECT_EQ(cudaGraphInstantiateWithFlags(&exec, graph, 0), cudaErrorInvalidValue);
}

TEST_F(GraphTest, UserObjectsLiveAsLongAsTheGraph) {
  int destroyed = 0;
  cudaUserObject_t object;
  ASSERT_EQ(cudaUserObjectCreate(&object, &destroyed, count_call, 1, cudaUserObjectNoDestructorSync),
            cudaSuccess);
  cudaGraph_t graph;
  ASSERT_EQ(cudaGraphCreate(&graph, 0), cudaSuccess);
  ASSERT_EQ(cudaGraphRetainUserObject(graph, object, 1, cudaGraphUserObjectMove), cudaSuccess);
  cudaGraphExec_t exec;
  ASSERT_EQ(cudaGraphInstantiateWithFlags(&exec, graph, 0), cudaSuccess);
  EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  EXPECT_EQ(destroyed, 0);
  EXPECT_EQ(cudaGraphExecDestroy(exec), cudaSuccess);
  EXPECT_EQ(destroyed, 1);
}

}  // namespace
