// Streams as objects, what they say of a capture, and captures into a program's own graph.
#include <cstring>
#include <thread>

#include "driver_fixture.h"

// Forms that cuda.h renames, or that take a null stream for the thread's own.
#undef cuStreamGetCaptureInfo
#undef cuStreamUpdateCaptureDependencies
#undef cuStreamBatchMemOp
extern "C" {
CUresult cuStreamGetCaptureInfo(CUstream, CUstreamCaptureStatus*, cuuint64_t*);
CUresult cuStreamGetCaptureInfo_v2(CUstream, CUstreamCaptureStatus*, cuuint64_t*, CUgraph*,
                                   const CUgraphNode**, size_t*);
CUresult cuStreamGetCaptureInfo_v3(CUstream, CUstreamCaptureStatus*, cuuint64_t*, CUgraph*,
                                   const CUgraphNode**, const CUgraphEdgeData**, size_t*);
CUresult cuStreamUpdateCaptureDependencies(CUstream, CUgraphNode*, size_t, unsigned int);
CUresult cuStreamUpdateCaptureDependencies_v2(CUstream, CUgraphNode*, const CUgraphEdgeData*, size_t,
                                              unsigned int);
CUresult cuStreamBatchMemOp(CUstream, unsigned int, CUstreamBatchMemOpParams*, unsigned int);
CUresult cuStreamBatchMemOp_v2(CUstream, unsigned int, CUstreamBatchMemOpParams*, unsigned int);
CUresult cuStreamBatchMemOp_ptsz(CUstream, unsigned int, CUstreamBatchMemOpParams*, unsigned int);
CUresult cuStreamIsCapturing_ptsz(CUstream, CUstreamCaptureStatus*);
CUresult cuStreamGetFlags_ptsz(CUstream, unsigned int*);
CUresult cuStreamGetCtx_ptsz(CUstream, CUcontext*);
CUresult cuStreamGetDevice_ptsz(CUstream, CUdevice*);
CUresult cuStreamGetPriority_ptsz(CUstream, int*);
CUresult cuStreamAttachMemAsync_ptsz(CUstream, CUdeviceptr, size_t, unsigned int);
CUresult cuEventRecordWithFlags_ptsz(CUevent, CUstream, unsigned int);
}

namespace {

using Words = std::vector<uint32_t>;

class CaptureTest : public DriverTest {
 protected:
  void SetUp() override {
    DriverTest::SetUp();
    OK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
    out = allocate(64);
    OK(cuMemsetD32(out, 0, 16));
  }
  void TearDown() override {
    OK(cuStreamDestroy(stream));
    DriverTest::TearDown();
  }
  CUstreamCaptureStatus status(CUstream s) {
    CUstreamCaptureStatus now = CUstreamCaptureStatus(9);
    OK(cuStreamIsCapturing(s, &now));
    return now;
  }
  Words launch(CUgraph graph, size_t words) {
    CUgraphExec exec = nullptr;
    OK(cuGraphInstantiate(&exec, graph, 0));
    OK(cuGraphLaunch(exec, stream));
    OK(cuStreamSynchronize(stream));
    OK(cuGraphExecDestroy(exec));
    return read(out, words);
  }
  CUstream stream = nullptr;
  CUdeviceptr out = 0;
};

TEST_F(CaptureTest, StreamsSayWhatTheyAre) {
  CUstream blocking, other_stream;
  OK(cuStreamCreateWithPriority(&blocking, CU_STREAM_DEFAULT, -1));
  unsigned flags = 9;
  OK(cuStreamGetFlags(stream, &flags));
  EXPECT_EQ(flags, unsigned(CU_STREAM_NON_BLOCKING));
  OK(cuStreamGetFlags(blocking, &flags));
  EXPECT_EQ(flags, unsigned(CU_STREAM_DEFAULT));
  flags = 9;
  OK(cuStreamGetFlags_ptsz(nullptr, &flags));
  EXPECT_EQ(flags, unsigned(CU_STREAM_DEFAULT));
  int priority = 9;
  OK(cuStreamGetPriority(blocking, &priority));
  EXPECT_EQ(priority, -1);
  OK(cuStreamGetPriority_ptsz(nullptr, &priority));
  EXPECT_EQ(priority, 0);
  // Of its own context, whichever is current.
  CUcontext other, found = nullptr;
  CUdevice d = -1;
  OK(cuCtxCreate(&other, 0, device));
  OK(cuStreamCreate(&other_stream, 0));
  OK(cuStreamGetCtx(stream, &found));
  EXPECT_EQ(found, context);
  OK(cuStreamGetCtx(nullptr, &found));
  EXPECT_EQ(found, other);
  OK(cuStreamGetCtx_ptsz(nullptr, &found));
  EXPECT_EQ(found, other);
  CUgreenCtx green = reinterpret_cast<CUgreenCtx>(&green);
  OK(cuStreamGetCtx_v2(stream, &found, &green));
  EXPECT_EQ(green, nullptr);
  EXPECT_EQ(found, context);
  OK(cuStreamGetDevice(stream, &d));
  EXPECT_EQ(d, device);
  d = -1;
  OK(cuStreamGetDevice_ptsz(nullptr, &d));
  EXPECT_EQ(d, device);
  OK(cuCtxDestroy(other));
  OK(cuStreamDestroy(blocking));
  IS(cuStreamGetFlags(blocking, &flags), CUDA_ERROR_INVALID_HANDLE);
  IS(cuStreamGetPriority(blocking, &priority), CUDA_ERROR_INVALID_HANDLE);
  IS(cuStreamGetCtx(blocking, &found), CUDA_ERROR_INVALID_HANDLE);
  IS(cuStreamGetDevice(blocking, &d), CUDA_ERROR_INVALID_HANDLE);
  IS(cuStreamGetCtx(other_stream, &found), CUDA_ERROR_CONTEXT_IS_DESTROYED);
  IS(cuStreamGetFlags(stream, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuStreamGetPriority(stream, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuStreamGetCtx(stream, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuStreamGetDevice(stream, nullptr), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(CaptureTest, AttributesAreKeptAndCopied) {
  CUstream other;
  OK(cuStreamCreate(&other, CU_STREAM_NON_BLOCKING));
  CUstreamAttrValue v = {}, found;
  std::memset(&found, 1, sizeof found);
  OK(cuStreamGetAttribute(stream, CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY, &found));
  EXPECT_EQ(found.syncPolicy, CU_SYNC_POLICY_AUTO);
  OK(cuStreamGetAttribute(stream, CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN_MAP, &found));
  EXPECT_EQ(found.memSyncDomainMap.default_, 0);
  v.syncPolicy = CU_SYNC_POLICY_SPIN;
  OK(cuStreamSetAttribute(stream, CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY, &v));
  v = {};
  v.memSyncDomain = CU_LAUNCH_MEM_SYNC_DOMAIN_REMOTE;
  OK(cuStreamSetAttribute(stream, CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN, &v));
  v = {};
  v.priority = -2;
  OK(cuStreamSetAttribute(stream, CU_LAUNCH_ATTRIBUTE_PRIORITY, &v));
  OK(cuStreamCopyAttributes(other, stream));
  for (CUstream s : {stream, other}) {
    OK(cuStreamGetAttribute(s, CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY, &found));
    EXPECT_EQ(found.syncPolicy, CU_SYNC_POLICY_SPIN);
    OK(cuStreamGetAttribute(s, CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN, &found));
    EXPECT_EQ(found.memSyncDomain, CU_LAUNCH_MEM_SYNC_DOMAIN_REMOTE);
    int priority = 9;
    OK(cuStreamGetPriority(s, &priority));
    EXPECT_EQ(priority, -2);
  }
  v.syncPolicy = CUsynchronizationPolicy(9);
  IS(cuStreamSetAttribute(stream, CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY, &v), CUDA_ERROR_INVALID_VALUE);
  v.memSyncDomain = CUlaunchMemSyncDomain(7);
  IS(cuStreamSetAttribute(stream, CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN, &v), CUDA_ERROR_INVALID_VALUE);
  IS(cuStreamSetAttribute(stream, CU_LAUNCH_ATTRIBUTE_COOPERATIVE, &v), CUDA_ERROR_INVALID_VALUE);
  OK(cuStreamDestroy(other));
  IS(cuStreamCopyAttributes(other, stream), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(CaptureTest, StatusAndInfo) {
  CUstreamCaptureStatus now = CU_STREAM_CAPTURE_STATUS_ACTIVE;
  cuuint64_t id = 77, again = 0;
  EXPECT_EQ(status(stream), CU_STREAM_CAPTURE_STATUS_NONE);
  OK(cuStreamGetCaptureInfo(stream, &now, &id));
  EXPECT_EQ(now, CU_STREAM_CAPTURE_STATUS_NONE);
  OK(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
  EXPECT_EQ(status(stream), CU_STREAM_CAPTURE_STATUS_ACTIVE);
  CUgraph graph = nullptr;
  const CUgraphNode* nodes = nullptr;
  size_t count = 9;
  OK(cuStreamGetCaptureInfo_v2(stream, &now, &id, &graph, &nodes, &count));
  EXPECT_EQ(now, CU_STREAM_CAPTURE_STATUS_ACTIVE);
  EXPECT_NE(id, 0u);
  EXPECT_NE(graph, nullptr);
  EXPECT_EQ(count, 0u);
  OK(run("touch", 1, 1, stream, out, 1u));
  const CUgraphEdgeData* edges = reinterpret_cast<const CUgraphEdgeData*>(&id);
  OK(cuStreamGetCaptureInfo_v3(stream, &now, &again, nullptr, &nodes, &edges, &count));
  EXPECT_EQ(again, id);
  ASSERT_EQ(count, 1u);
  CUgraphNodeType type;
  OK(cuGraphNodeGetType(nodes[0], &type));
  EXPECT_EQ(type, CU_GRAPH_NODE_TYPE_KERNEL);
  EXPECT_EQ(edges, nullptr);  // all of them plain
  IS(cuStreamGetCaptureInfo(stream, nullptr, &id), CUDA_ERROR_INVALID_VALUE);
  IS(cuStreamIsCapturing(stream, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuStreamSynchronize(stream), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  EXPECT_EQ(status(stream), CU_STREAM_CAPTURE_STATUS_INVALIDATED);
  CUgraph ended = nullptr;
  IS(cuStreamEndCapture(stream, &ended), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  EXPECT_EQ(ended, nullptr);
  EXPECT_EQ(status(stream), CU_STREAM_CAPTURE_STATUS_NONE);
  OK(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_RELAXED));
  OK(cuStreamGetCaptureInfo(stream, &now, &again));
  EXPECT_NE(again, id);  // each capture has its own
  OK(cuStreamEndCapture(stream, &ended));
  OK(cuGraphDestroy(ended));
  CUstream gone = nullptr;
  OK(cuStreamCreate(&gone, 0));
  OK(cuStreamDestroy(gone));
  IS(cuStreamIsCapturing(gone, &now), CUDA_ERROR_INVALID_HANDLE);
  IS(cuStreamGetCaptureInfo(gone, &now, &id), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(CaptureTest, TheLegacyStreamSaysSoBesideABlockingOne) {
  CUstream blocking;
  OK(cuStreamCreate(&blocking, CU_STREAM_DEFAULT));
  OK(cuStreamBeginCapture(blocking, CU_STREAM_CAPTURE_MODE_RELAXED));
  CUstreamCaptureStatus now;
  cuuint64_t id;
  IS(cuStreamIsCapturing(nullptr, &now), CUDA_ERROR_STREAM_CAPTURE_IMPLICIT);
  IS(cuStreamGetCaptureInfo(nullptr, &now, &id), CUDA_ERROR_STREAM_CAPTURE_IMPLICIT);
  OK(cuStreamIsCapturing_ptsz(nullptr, &now));
  EXPECT_EQ(now, CU_STREAM_CAPTURE_STATUS_NONE);
  EXPECT_EQ(status(blocking), CU_STREAM_CAPTURE_STATUS_ACTIVE);  // asking did no harm
  CUgraph graph = nullptr;
  OK(cuStreamEndCapture(blocking, &graph));
  EXPECT_EQ(status(nullptr), CU_STREAM_CAPTURE_STATUS_NONE);
  OK(cuGraphDestroy(graph));
  OK(cuStreamDestroy(blocking));
}

TEST_F(CaptureTest, IntoAGraphOfTheProgramsOwn) {
  CUgraph graph = nullptr, ended = nullptr;
  OK(cuGraphCreate(&graph, 0));
  const CUDA_MEMSET_NODE_PARAMS fill = {out, 0, 3, 4, 2, 1};
  CUgraphNode before = nullptr, found[3];
  OK(cuGraphAddMemsetNode(&before, graph, nullptr, 0, &fill, context));
  OK(cuStreamBeginCaptureToGraph(stream, graph, &before, nullptr, 1, CU_STREAM_CAPTURE_MODE_RELAXED));
  OK(run("add_one", 1, 1, stream, out, 1u));
  OK(cuStreamEndCapture(stream, &ended));
  EXPECT_EQ(ended, graph);
  size_t count = 3;
  OK(cuGraphNodeGetDependentNodes_v2(before, found, nullptr, &count));
  EXPECT_EQ(count, 1u);
  EXPECT_EQ(launch(graph, 2), (Words{4, 3}));
  // Once more, behind what is there.
  OK(cuStreamBeginCaptureToGraph(stream, graph, found, nullptr, 1, CU_STREAM_CAPTURE_MODE_RELAXED));
  OK(run("add_one", 1, 1, stream, out, 1u));
  OK(cuStreamEndCapture(stream, nullptr));
  EXPECT_EQ(launch(graph, 2), (Words{5, 3}));
  CUgraph other = nullptr;
  OK(cuGraphCreate(&other, 0));
  IS(cuStreamBeginCaptureToGraph(stream, other, &before, nullptr, 1, CU_STREAM_CAPTURE_MODE_RELAXED),
     CUDA_ERROR_INVALID_VALUE);  // a node of another graph
  IS(cuStreamBeginCaptureToGraph(stream, nullptr, nullptr, nullptr, 0, CU_STREAM_CAPTURE_MODE_RELAXED),
     CUDA_ERROR_INVALID_VALUE);
  IS(cuStreamBeginCaptureToGraph(stream, graph, nullptr, nullptr, 1, CU_STREAM_CAPTURE_MODE_RELAXED),
     CUDA_ERROR_INVALID_VALUE);
  IS(cuStreamBeginCaptureToGraph(stream, graph, nullptr, nullptr, 0, CUstreamCaptureMode(3)),
     CUDA_ERROR_INVALID_VALUE);
  IS(cuStreamBeginCaptureToGraph(nullptr, graph, nullptr, nullptr, 0, CU_STREAM_CAPTURE_MODE_RELAXED),
     CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  OK(cuGraphDestroy(other));
  OK(cuGraphDestroy(graph));
}

TEST_F(CaptureTest, DependenciesAreChangedByHand) {
  OK(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_RELAXED));
  CUstreamCaptureStatus now;
  CUgraph graph = nullptr;
  const CUgraphNode* tail = nullptr;
  size_t count = 0;
  OK(run("touch", 1, 1, stream, out, 1u));
  OK(cuStreamGetCaptureInfo_v2(stream, &now, nullptr, &graph, &tail, &count));
  ASSERT_EQ(count, 1u);
  CUgraphNode first = tail[0], own = nullptr;
  OK(cuGraphAddEmptyNode(&own, graph, nullptr, 0));
  OK(cuStreamUpdateCaptureDependencies(stream, &own, 1, CU_STREAM_ADD_CAPTURE_DEPENDENCIES));
  OK(cuStreamGetCaptureInfo_v2(stream, &now, nullptr, nullptr, &tail, &count));
  EXPECT_EQ(count, 2u);
  OK(cuStreamUpdateCaptureDependencies_v2(stream, &own, nullptr, 1, CU_STREAM_SET_CAPTURE_DEPENDENCIES));
  OK(cuStreamGetCaptureInfo_v2(stream, &now, nullptr, nullptr, &tail, &count));
  ASSERT_EQ(count, 1u);
  EXPECT_EQ(tail[0], own);
  OK(run("touch", 1, 1, stream, out + 4, 2u));
  OK(cuGraphNodeGetDependentNodes_v2(first, nullptr, nullptr, &count));
  EXPECT_EQ(count, 0u);
  OK(cuGraphNodeGetDependentNodes_v2(own, nullptr, nullptr, &count));
  EXPECT_EQ(count, 1u);
  CUgraph other = nullptr;
  CUgraphNode foreign = nullptr;
  OK(cuGraphCreate(&other, 0));
  OK(cuGraphAddEmptyNode(&foreign, other, nullptr, 0));
  IS(cuStreamUpdateCaptureDependencies(stream, &foreign, 1, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuStreamUpdateCaptureDependencies(stream, nullptr, 1, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuStreamUpdateCaptureDependencies(stream, &own, 1, 2), CUDA_ERROR_INVALID_VALUE);
  // Whose last node isn't joined by hand is unjoined.
  OK(cuStreamUpdateCaptureDependencies(stream, &first, 1, CU_STREAM_ADD_CAPTURE_DEPENDENCIES));
  OK(cuStreamEndCapture(stream, &graph));
  IS(cuStreamUpdateCaptureDependencies(stream, &own, 1, 0), CUDA_ERROR_ILLEGAL_STATE);
  EXPECT_EQ(launch(graph, 2), (Words{1, 2}));
  OK(cuGraphDestroy(graph));
  OK(cuGraphDestroy(other));
}

TEST_F(CaptureTest, AThreadsModeSaysWhichCapturesItMindsOf) {
  CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_RELAXED;
  OK(cuThreadExchangeStreamCaptureMode(&mode));
  EXPECT_EQ(mode, CU_STREAM_CAPTURE_MODE_GLOBAL);  // the default
  OK(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
  OK(cuCtxSynchronize());
  std::thread([&] {
    CUstreamCaptureMode other = CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
    OK(cuCtxSetCurrent(context));
    OK(cuThreadExchangeStreamCaptureMode(&other));
    EXPECT_EQ(other, CU_STREAM_CAPTURE_MODE_GLOBAL);  // each thread has its own
    OK(cuCtxSynchronize());
    OK(cuThreadExchangeStreamCaptureMode(&other));
    EXPECT_EQ(other, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
    IS(cuCtxSynchronize(), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  }).join();
  EXPECT_EQ(status(stream), CU_STREAM_CAPTURE_STATUS_INVALIDATED);
  CUgraph graph = nullptr;
  IS(cuStreamEndCapture(stream, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  OK(cuThreadExchangeStreamCaptureMode(&mode));
  EXPECT_EQ(mode, CU_STREAM_CAPTURE_MODE_RELAXED);
  OK(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
  IS(cuCtxSynchronize(), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  IS(cuStreamEndCapture(stream, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  mode = CUstreamCaptureMode(3);
  IS(cuThreadExchangeStreamCaptureMode(&mode), CUDA_ERROR_INVALID_VALUE);
  IS(cuThreadExchangeStreamCaptureMode(nullptr), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(CaptureTest, ExternalEventsBecomeNodes) {
  CUevent e;
  OK(cuEventCreate(&e, CU_EVENT_DISABLE_TIMING));
  OK(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_RELAXED));
  OK(run("touch", 1, 1, stream, out, 1u));
  OK(cuEventRecordWithFlags(e, stream, CU_EVENT_RECORD_EXTERNAL));
  CUgraph graph = nullptr;
  OK(cuStreamEndCapture(stream, &graph));
  CUgraphNode nodes[2], found = nullptr;
  size_t count = 2;
  OK(cuGraphGetNodes(graph, nodes, &count));
  ASSERT_EQ(count, 2u);
  CUevent of_node = nullptr;
  OK(cuGraphEventRecordNodeGetEvent(nodes[1], &of_node));
  EXPECT_EQ(of_node, e);
  count = 1;
  OK(cuGraphNodeGetDependencies_v2(nodes[1], &found, nullptr, &count));
  EXPECT_EQ(found, nodes[0]);
  launch(graph, 1);
  OK(cuEventQuery(e));
  // Outside a capture either flag records as always.
  const CUdeviceptr flag = allocate(4);
  OK(cuMemsetD32(flag, 0, 1));
  OK(cuStreamWaitValue32(stream, flag, 1, CU_STREAM_WAIT_VALUE_EQ));
  OK(cuEventRecordWithFlags(e, stream, CU_EVENT_RECORD_DEFAULT));
  IS(cuEventQuery(e), CUDA_ERROR_NOT_READY);
  OK(cuStreamWriteValue32(nullptr, flag, 1, 0));
  OK(cuEventSynchronize(e));
  OK(cuEventRecordWithFlags_ptsz(e, nullptr, CU_EVENT_RECORD_EXTERNAL));
  OK(cuEventSynchronize(e));
  IS(cuEventRecordWithFlags(e, stream, 2), CUDA_ERROR_INVALID_VALUE);
  IS(cuEventRecordWithFlags(nullptr, stream, 0), CUDA_ERROR_INVALID_HANDLE);
  OK(cuEventDestroy(e));
  IS(cuEventRecordWithFlags(e, stream, 0), CUDA_ERROR_INVALID_HANDLE);
  OK(cuGraphDestroy(graph));
}

TEST_F(CaptureTest, WideValuesHoldAStream) {
  const CUdeviceptr value = allocate(64), flag = value + 8;
  OK(cuMemsetD32(value, 0, 16));
  const uint64_t wanted = uint64_t(5) << 32 | 1;
  OK(cuStreamWaitValue64(stream, value, wanted, CU_STREAM_WAIT_VALUE_EQ));
  OK(cuMemsetD32Async(flag, 7, 1, stream));
  OK(cuStreamWriteValue64(nullptr, value, 1, 0));  // the low half alone won't do
  IS(cuStreamQuery(stream), CUDA_ERROR_NOT_READY);
  EXPECT_EQ(read(flag, 1), Words{0});
  OK(cuStreamWriteValue64(nullptr, value, wanted, 0));
  OK(cuStreamSynchronize(stream));
  EXPECT_EQ(read(value, 3), (Words{1, 5, 7}));
  IS(cuStreamWaitValue64(stream, value + 4, 1, 0), CUDA_ERROR_INVALID_VALUE);  // misaligned
  IS(cuStreamWriteValue64(stream, value + 4, 1, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuStreamWriteValue64(stream, 0x1230, 1, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuStreamWaitValue64(stream, value, 1, 1u << 20), CUDA_ERROR_INVALID_VALUE);
  IS(cuStreamWriteValue64(stream, value, 1, 1u << 20), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(CaptureTest, BatchesOfMemoryOperations) {
  const CUdeviceptr value = allocate(64);
  OK(cuMemsetD32(value, 0, 16));
  CUstreamBatchMemOpParams o[3] = {};
  o[0].writeValue.operation = CU_STREAM_MEM_OP_WRITE_VALUE_32;
  o[0].writeValue.address = value;
  o[0].writeValue.value = 3;
  o[1].waitValue.operation = CU_STREAM_MEM_OP_WAIT_VALUE_32;
  o[1].waitValue.address = value + 8;
  o[1].waitValue.value = 1;
  o[2].writeValue.operation = CU_STREAM_MEM_OP_WRITE_VALUE_64;
  o[2].writeValue.address = value + 16;
  o[2].writeValue.value64 = uint64_t(1) << 32 | 2;
  OK(cuStreamBatchMemOp(stream, 3, o, 0));
  while (read(value, 1)[0] != 3) std::this_thread::yield();
  EXPECT_EQ(read(value + 16, 2), (Words{0, 0}));  // behind the wait
  OK(cuMemsetD32(value + 8, 1, 1));
  OK(cuStreamSynchronize(stream));
  EXPECT_EQ(read(value + 16, 2), (Words{2, 1}));
  o[0].writeValue.value = 4;
  OK(cuStreamBatchMemOp_v2(stream, 1, o, 0));
  OK(cuStreamSynchronize(stream));
  EXPECT_EQ(read(value, 1), Words{4});
  o[0].writeValue.value = 5;
  OK(cuStreamBatchMemOp_ptsz(nullptr, 1, o, 0));
  OK(cuCtxSynchronize());
  EXPECT_EQ(read(value, 1), Words{5});
  IS(cuStreamBatchMemOp(stream, 1, o, 1), CUDA_ERROR_INVALID_VALUE);
  IS(cuStreamBatchMemOp(stream, 1, nullptr, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuStreamBatchMemOp(stream, 300, o, 0), CUDA_ERROR_INVALID_VALUE);
  o[1].waitValue.operation = CUstreamBatchMemOpType(99);
  o[0].writeValue.value = 6;
  IS(cuStreamBatchMemOp(stream, 2, o, 0), CUDA_ERROR_INVALID_VALUE);
  OK(cuStreamSynchronize(stream));
  EXPECT_EQ(read(value, 1), Words{5});  // all of a batch, or nothing
}

TEST_F(CaptureTest, ManagedMemoryIsAttached) {
  CUdeviceptr managed = 0;
  OK(cuMemAllocManaged(&managed, 4096, CU_MEM_ATTACH_HOST));
  OK(cuStreamAttachMemAsync(stream, managed, 0, CU_MEM_ATTACH_SINGLE));
  OK(cuStreamAttachMemAsync(stream, managed, 4096, CU_MEM_ATTACH_GLOBAL));
  OK(cuStreamAttachMemAsync(nullptr, managed, 0, CU_MEM_ATTACH_HOST));
  OK(cuStreamAttachMemAsync_ptsz(nullptr, managed, 0, CU_MEM_ATTACH_SINGLE));
  IS(cuStreamAttachMemAsync(nullptr, managed, 0, CU_MEM_ATTACH_SINGLE), CUDA_ERROR_INVALID_VALUE);
  IS(cuStreamAttachMemAsync(stream, managed, 100, CU_MEM_ATTACH_GLOBAL), CUDA_ERROR_INVALID_VALUE);  // a part
  IS(cuStreamAttachMemAsync(stream, managed, 0, 8), CUDA_ERROR_INVALID_VALUE);
  IS(cuStreamAttachMemAsync(stream, managed, 0, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuStreamAttachMemAsync(stream, out, 0, CU_MEM_ATTACH_GLOBAL), CUDA_ERROR_INVALID_VALUE);  // not managed
  OK(run("touch", 1, 1, stream, managed, 8u));
  OK(cuStreamSynchronize(stream));
  EXPECT_EQ(*reinterpret_cast<uint32_t*>(managed), 8u);
  OK(cuMemFree(managed));
}

}  // namespace
