// Streams asked and told: numbers, flags, priorities, devices, attributes; captures looked into and steered;
// events.
#include <thread>

#include "api_fixture.h"

#if CUDART_VERSION >= 13000
// Of CUDA 13.1.
extern "C" cudaError_t cudaLaunchHostFunc_v2(cudaStream_t, cudaHostFn_t, void*, unsigned sync_mode);
#endif

namespace {

using StreamApi = api::Test;

TEST_F(StreamApi, TellsHowItWasMade) {
  cudaStream_t high = nullptr;
  int least = 0, greatest = 0, priority = 9;
  EXPECT_OK(cudaDeviceGetStreamPriorityRange(&least, &greatest));
  ASSERT_OK(cudaStreamCreateWithPriority(&high, cudaStreamDefault, greatest));
  EXPECT_OK(cudaStreamGetPriority(high, &priority));
  EXPECT_EQ(priority, greatest);
  EXPECT_OK(cudaStreamGetPriority(stream_, &priority));
  EXPECT_EQ(priority, least);
  unsigned flags = 9;
  EXPECT_OK(cudaStreamGetFlags(high, &flags));
  EXPECT_EQ(flags, unsigned(cudaStreamDefault));
  EXPECT_OK(cudaStreamGetFlags(stream_, &flags));
  EXPECT_EQ(flags, unsigned(cudaStreamNonBlocking));
  unsigned long long a = 0, b = 0, again = 0;
  EXPECT_OK(cudaStreamGetId(high, &a));
  EXPECT_OK(cudaStreamGetId(stream_, &b));
  EXPECT_OK(cudaStreamGetId(stream_, &again));
  EXPECT_NE(a, b);
  EXPECT_EQ(b, again);
  // The default streams are streams too.
  unsigned long long legacy = 0, own = 0;
  EXPECT_OK(cudaStreamGetId(nullptr, &legacy));
  EXPECT_OK(cudaStreamGetId(cudaStreamLegacy, &again));
  EXPECT_EQ(legacy, again);
  EXPECT_OK(cudaStreamGetId(cudaStreamPerThread, &own));
  EXPECT_NE(legacy, own);
  std::thread([own] {
    unsigned long long other = 0;
    EXPECT_OK(cudaStreamGetId(cudaStreamPerThread, &other));
    EXPECT_NE(other, own) << "each thread has its own";
  }).join();

  int device = -1;
  EXPECT_OK(cudaSetDevice(1));
  cudaStream_t there = nullptr;
  ASSERT_OK(cudaStreamCreate(&there));
  EXPECT_OK(cudaSetDevice(0));
  EXPECT_OK(cudaStreamGetDevice(there, &device));
  EXPECT_EQ(device, 1);
  EXPECT_OK(cudaStreamGetDevice(nullptr, &device));
  EXPECT_EQ(device, 0);
  EXPECT_OK(cudaStreamDestroy(there));
  EXPECT_OK(cudaStreamDestroy(high));

  EXPECT_FAILS(cudaStreamGetPriority(stream_, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaStreamGetFlags(stream_, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaStreamGetId(stream_, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaStreamGetDevice(stream_, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaStreamGetPriority(high, &priority), cudaErrorInvalidResourceHandle);
  EXPECT_FAILS(cudaStreamGetFlags(high, &flags), cudaErrorInvalidResourceHandle);
  EXPECT_FAILS(cudaStreamGetId(high, &a), cudaErrorInvalidResourceHandle);
  EXPECT_FAILS(cudaStreamGetDevice(high, &device), cudaErrorInvalidResourceHandle);
}

TEST_F(StreamApi, AttributesAreKeptAndCopied) {
  cudaStream_t other = nullptr;
  ASSERT_OK(cudaStreamCreate(&other));
  cudaLaunchAttributeValue value{}, seen{};
  value.accessPolicyWindow = {data_, 256, 0.75f, cudaAccessPropertyPersisting, cudaAccessPropertyNormal};
  EXPECT_OK(cudaStreamSetAttribute(stream_, cudaLaunchAttributeAccessPolicyWindow, &value));
  EXPECT_OK(cudaStreamGetAttribute(stream_, cudaLaunchAttributeAccessPolicyWindow, &seen));
  EXPECT_EQ(seen.accessPolicyWindow.base_ptr, data_);
  EXPECT_EQ(seen.accessPolicyWindow.num_bytes, 256u);
  EXPECT_EQ(seen.accessPolicyWindow.hitRatio, 0.75f);
  EXPECT_EQ(seen.accessPolicyWindow.hitProp, cudaAccessPropertyPersisting);
  value = {};
  value.syncPolicy = cudaSyncPolicyYield;
  EXPECT_OK(cudaStreamSetAttribute(stream_, cudaLaunchAttributeSynchronizationPolicy, &value));
  EXPECT_OK(cudaStreamGetAttribute(other, cudaLaunchAttributeSynchronizationPolicy, &seen));
  EXPECT_EQ(seen.syncPolicy, cudaSyncPolicyAuto);
  EXPECT_OK(cudaStreamCopyAttributes(other, stream_));
  EXPECT_OK(cudaStreamGetAttribute(other, cudaLaunchAttributeSynchronizationPolicy, &seen));
  EXPECT_EQ(seen.syncPolicy, cudaSyncPolicyYield);
  EXPECT_OK(cudaStreamGetAttribute(other, cudaLaunchAttributeAccessPolicyWindow, &seen));
  EXPECT_EQ(seen.accessPolicyWindow.base_ptr, data_);
  value.accessPolicyWindow = {data_, 256, 1.5f, cudaAccessPropertyPersisting, cudaAccessPropertyNormal};
  EXPECT_FAILS(cudaStreamSetAttribute(stream_, cudaLaunchAttributeAccessPolicyWindow, &value),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaStreamSetAttribute(stream_, cudaLaunchAttributeCooperative, &value),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaStreamGetAttribute(stream_, cudaLaunchAttributeCooperative, &seen), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaStreamGetAttribute(stream_, cudaLaunchAttributePriority, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaStreamSetAttribute(stream_, cudaLaunchAttributePriority, nullptr), cudaErrorInvalidValue);
  EXPECT_OK(cudaStreamDestroy(other));
  EXPECT_FAILS(cudaStreamCopyAttributes(other, stream_), cudaErrorInvalidResourceHandle);
  EXPECT_FAILS(cudaStreamCopyAttributes(stream_, other), cudaErrorInvalidResourceHandle);
}

#if CUDART_VERSION >= 13000
cudaError_t capture_info(cudaStream_t s, cudaStreamCaptureStatus* status, unsigned long long* id,
                         cudaGraph_t* graph, const cudaGraphNode_t** nodes, size_t* count) {
  return cudaStreamGetCaptureInfo(s, status, id, graph, nodes, nullptr, count);
}
cudaError_t set_dependencies(cudaStream_t s, cudaGraphNode_t* nodes, size_t count, unsigned flags) {
  return cudaStreamUpdateCaptureDependencies(s, nodes, nullptr, count, flags);
}
#else
cudaError_t capture_info(cudaStream_t s, cudaStreamCaptureStatus* status, unsigned long long* id,
                         cudaGraph_t* graph, const cudaGraphNode_t** nodes, size_t* count) {
  return cudaStreamGetCaptureInfo(s, status, id, graph, nodes, count);
}
cudaError_t set_dependencies(cudaStream_t s, cudaGraphNode_t* nodes, size_t count, unsigned flags) {
  return cudaStreamUpdateCaptureDependencies(s, nodes, count, flags);
}
#endif

TEST_F(StreamApi, CapturesAreLookedIntoAndSteered) {
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusInvalidated;
  unsigned long long id = 0, second_id = 0;
  cudaGraph_t inside = nullptr, graph = nullptr;
  const cudaGraphNode_t* nodes = nullptr;
  size_t count = 99;
  EXPECT_OK(capture_info(stream_, &status, &id, &inside, &nodes, &count));
  EXPECT_EQ(status, cudaStreamCaptureStatusNone);
  ASSERT_OK(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal));
  EXPECT_OK(capture_info(stream_, &status, &id, &inside, &nodes, &count));
  EXPECT_EQ(status, cudaStreamCaptureStatusActive);
  EXPECT_EQ(count, 0u);
  EXPECT_OK(cudaMemsetAsync(data_, 1, 4, stream_));
  EXPECT_OK(capture_info(stream_, &status, &second_id, &inside, &nodes, &count));
  EXPECT_EQ(second_id, id) << "one number a capture";
  ASSERT_EQ(count, 1u);
  cudaGraphNode_t first = nodes[0];
  // A node by hand in the graph that is being captured, and what follows behind both.
  cudaMemsetParams by_hand{};
  by_hand.dst = data_ + 1;
  by_hand.elementSize = 4;
  by_hand.value = 7;
  by_hand.width = by_hand.height = 1;
  cudaGraphNode_t mine = nullptr, last = nullptr;
  ASSERT_OK(cudaGraphAddMemsetNode(&mine, inside, nullptr, 0, &by_hand));
  EXPECT_OK(set_dependencies(stream_, &mine, 1, cudaStreamAddCaptureDependencies));
  EXPECT_OK(capture_info(stream_, &status, nullptr, nullptr, &nodes, &count));
  EXPECT_EQ(count, 2u);
  unsigned n = 2, multiplier = 2, addend = 0;
  void* params[] = {&data_, &n, &multiplier, &addend};
  EXPECT_OK(cudaLaunchKernel(&api::fma_words, dim3(1), dim3(32), params, 0, stream_));
  EXPECT_OK(capture_info(stream_, &status, nullptr, nullptr, &nodes, &count));
  ASSERT_EQ(count, 1u);
  last = nodes[0];
  // Set: only these, so that the next node stands beside the kernel.
  EXPECT_OK(set_dependencies(stream_, &first, 1, cudaStreamSetCaptureDependencies));
  EXPECT_OK(cudaMemsetAsync(data_ + 2, 3, 4, stream_));
  EXPECT_OK(set_dependencies(stream_, &last, 1, cudaStreamAddCaptureDependencies));
  EXPECT_FAILS(set_dependencies(stream_, &first, 1, 5), cudaErrorInvalidValue);
  EXPECT_FAILS(set_dependencies(stream_, nullptr, 1, cudaStreamSetCaptureDependencies),
               cudaErrorInvalidValue);
  ASSERT_OK(cudaStreamEndCapture(stream_, &graph));
  EXPECT_EQ(graph, inside);
  count = 0;
#if CUDART_VERSION >= 13000
  EXPECT_OK(cudaGraphGetEdges(graph, nullptr, nullptr, nullptr, &count));
#else
  EXPECT_OK(cudaGraphGetEdges(graph, nullptr, nullptr, &count));
#endif
  EXPECT_EQ(count, 3u);
  cudaGraphExec_t exec = nullptr;
  ASSERT_OK(cudaGraphInstantiateWithFlags(&exec, graph, 0));
  EXPECT_OK(cudaGraphLaunch(exec, stream_));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_EQ(word(0), 0x02020202u);
  EXPECT_EQ(word(1), 14u);
  EXPECT_EQ(word(2), 0x03030303u);
  EXPECT_OK(cudaGraphExecDestroy(exec));
  EXPECT_OK(cudaGraphDestroy(graph));
  EXPECT_FAILS(set_dependencies(stream_, &first, 1, cudaStreamSetCaptureDependencies), cudaErrorIllegalState);
  EXPECT_FAILS(capture_info(stream_, nullptr, &id, &inside, &nodes, &count), cudaErrorInvalidValue);
#if CUDART_VERSION < 13000
  // The forms that tell edge data.
  const cudaGraphEdgeData* edges = nullptr;
  ASSERT_OK(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal));
  EXPECT_OK(cudaMemsetAsync(data_, 1, 4, stream_));
  EXPECT_OK(cudaStreamGetCaptureInfo_v3(stream_, &status, &second_id, &inside, &nodes, &edges, &count));
  EXPECT_NE(second_id, id);
  EXPECT_EQ(count, 1u);
  EXPECT_OK(
      cudaStreamUpdateCaptureDependencies_v2(stream_, nullptr, nullptr, 0, cudaStreamSetCaptureDependencies));
  EXPECT_OK(cudaStreamGetCaptureInfo_v3(stream_, &status, nullptr, nullptr, &nodes, &edges, &count));
  EXPECT_EQ(count, 0u);
  ASSERT_OK(cudaStreamEndCapture(stream_, &graph));
  EXPECT_OK(cudaGraphDestroy(graph));
#endif
}

TEST_F(StreamApi, ThreadsSayHowMuchTheyMindCaptures) {
  cudaStreamCaptureMode mode = cudaStreamCaptureModeRelaxed;
  EXPECT_OK(cudaThreadExchangeStreamCaptureMode(&mode));
  EXPECT_EQ(mode, cudaStreamCaptureModeGlobal) << "what each thread begins with";
  std::thread([] {
    cudaStreamCaptureMode own = cudaStreamCaptureModeThreadLocal;
    EXPECT_OK(cudaThreadExchangeStreamCaptureMode(&own));
    EXPECT_EQ(own, cudaStreamCaptureModeGlobal);
  }).join();
  // Relaxed: a call that waits for the device doesn't end a capture of another stream.
  cudaGraph_t graph = nullptr;
  ASSERT_OK(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeGlobal));
  EXPECT_OK(cudaMemsetAsync(data_, 1, 4, stream_));
  mode = cudaStreamCaptureModeGlobal;
  EXPECT_OK(cudaThreadExchangeStreamCaptureMode(&mode));
  EXPECT_EQ(mode, cudaStreamCaptureModeRelaxed);
  ASSERT_OK(cudaStreamEndCapture(stream_, &graph));
  EXPECT_OK(cudaGraphDestroy(graph));
  mode = static_cast<cudaStreamCaptureMode>(3);
  EXPECT_FAILS(cudaThreadExchangeStreamCaptureMode(&mode), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaThreadExchangeStreamCaptureMode(nullptr), cudaErrorInvalidValue);
}

TEST_F(StreamApi, EventsOutsideACapture) {
  cudaEvent_t event = nullptr;
  ASSERT_OK(cudaEventCreate(&event));
  EXPECT_OK(cudaEventRecordWithFlags(event, stream_, cudaEventRecordDefault));
  EXPECT_OK(cudaEventSynchronize(event));
  EXPECT_FAILS(cudaEventRecordWithFlags(event, stream_, 2), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaEventRecordWithFlags(nullptr, stream_, 0), cudaErrorInvalidResourceHandle);
  // External: a node of its own that records at each launch, not an edge of the capture.
  cudaGraph_t graph = nullptr;
  cudaEvent_t external = nullptr;
  ASSERT_OK(cudaEventCreate(&external));
  ASSERT_OK(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal));
  EXPECT_OK(cudaEventRecordWithFlags(external, stream_, cudaEventRecordExternal));
  ASSERT_OK(cudaStreamEndCapture(stream_, &graph));
  cudaGraphNode_t node = nullptr;
  size_t count = 1;
  EXPECT_OK(cudaGraphGetNodes(graph, &node, &count));
  EXPECT_EQ(count, 1u);
  cudaGraphNodeType type = cudaGraphNodeTypeEmpty;
  EXPECT_OK(cudaGraphNodeGetType(node, &type));
  EXPECT_EQ(type, cudaGraphNodeTypeEventRecord);
  float ms = -1;
  EXPECT_FAILS(cudaEventElapsedTime(&ms, event, external),
               cudaErrorInvalidResourceHandle);  // not yet recorded
  cudaGraphExec_t exec = nullptr;
  ASSERT_OK(cudaGraphInstantiateWithFlags(&exec, graph, 0));
  EXPECT_OK(cudaGraphLaunch(exec, stream_));
  EXPECT_OK(cudaEventSynchronize(external));
  EXPECT_OK(cudaEventElapsedTime(&ms, event, external));
  EXPECT_GE(ms, 0);
  EXPECT_OK(cudaGraphExecDestroy(exec));
  EXPECT_OK(cudaGraphDestroy(graph));
  EXPECT_OK(cudaEventDestroy(external));
  EXPECT_OK(cudaEventDestroy(event));
}

#if CUDART_VERSION >= 13000
TEST_F(StreamApi, HostFunctionsWithAWayOfWaiting) {
  int calls = 0;
  const auto count = [](void* user) { ++*static_cast<int*>(user); };
  for (const unsigned mode : {0, 1}) EXPECT_OK(cudaLaunchHostFunc_v2(stream_, count, &calls, mode));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_EQ(calls, 2);
  EXPECT_FAILS(cudaLaunchHostFunc_v2(stream_, count, &calls, 2), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaLaunchHostFunc_v2(stream_, nullptr, &calls, 0), cudaErrorInvalidValue);
}
#endif

}  // namespace
