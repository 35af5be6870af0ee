// Programs compiled with the thread's own default stream (CUDA_API_PER_THREAD_DEFAULT_STREAM): every call
// given stream 0 goes there, shown by capturing that stream. One that went to the legacy stream would be
// refused, as implicitly captured.
#define CUDA_API_PER_THREAD_DEFAULT_STREAM
#include <array>
#include <atomic>
#include <map>
#include <thread>

#include "api_fixture.h"

namespace {

class PerThreadApi : public api::Test {
 protected:
  using Types = std::map<cudaGraphNodeType, size_t>;

  /// How many nodes of which type the thread's own stream has captured while `body` ran.
  template <class F>
  Types captured(F&& body) {
    cudaGraph_t graph = nullptr;
    EXPECT_OK(cudaStreamBeginCapture(0, cudaStreamCaptureModeThreadLocal));
    body();
    EXPECT_OK(cudaStreamEndCapture(0, &graph));
    std::array<cudaGraphNode_t, 32> nodes;
    size_t count = nodes.size();
    EXPECT_OK(cudaGraphGetNodes(graph, nodes.data(), &count));
    Types types;
    for (size_t i = 0; i < count; i++) {
      cudaGraphNodeType type = cudaGraphNodeTypeEmpty;
      EXPECT_OK(cudaGraphNodeGetType(nodes[i], &type));
      types[type]++;
    }
    EXPECT_OK(cudaGraphDestroy(graph));
    return types;
  }
};

TEST_F(PerThreadApi, CopiesAndFills) {
  cudaArray_t array = nullptr;
  const cudaChannelFormatDesc byte = {8, 0, 0, 0, cudaChannelFormatKindUnsigned};
  ASSERT_OK(cudaMallocArray(&array, &byte, 64, 4, 0));
  unsigned* host = nullptr;
  ASSERT_OK(cudaMallocHost(reinterpret_cast<void**>(&host), 1024));
  cudaMemcpy3DParms box{};
  box.srcPtr = {host, 16, 16, 4};
  box.dstPtr = {data_, 16, 16, 4};
  box.extent = {16, 4, 2};
  box.kind = cudaMemcpyHostToDevice;
  cudaMemcpy3DPeerParms peers{};
  peers.srcPtr = {data_, 16, 16, 4};
  peers.dstPtr = {data_ + 128, 16, 16, 4};
  peers.extent = {16, 4, 1};
  Types types = captured([&] {
    EXPECT_OK(cudaMemcpyAsync(data_, host, 64, cudaMemcpyHostToDevice, 0));
    EXPECT_OK(cudaMemcpy2DAsync(data_, 64, host, 32, 32, 4, cudaMemcpyHostToDevice, 0));
    EXPECT_OK(cudaMemcpy3DAsync(&box, 0));
    EXPECT_OK(cudaMemcpy3DPeerAsync(&peers, 0));
    EXPECT_OK(cudaMemcpy2DToArrayAsync(array, 0, 0, host, 64, 64, 4, cudaMemcpyHostToDevice, 0));
    EXPECT_OK(cudaMemcpy2DFromArrayAsync(host, 64, array, 0, 0, 64, 4, cudaMemcpyDeviceToHost, 0));
    EXPECT_OK(cudaMemcpyToArrayAsync(array, 0, 0, host, 64, cudaMemcpyHostToDevice, 0));
    EXPECT_OK(cudaMemcpyFromArrayAsync(host, array, 0, 0, 64, cudaMemcpyDeviceToHost, 0));
    EXPECT_OK(cudaMemcpyToSymbolAsync(&api::table, host, 4, 12, cudaMemcpyHostToDevice, 0));
    EXPECT_OK(cudaMemcpyFromSymbolAsync(host, &api::table, 4, 12, cudaMemcpyDeviceToHost, 0));
  });
  EXPECT_EQ(types, (Types{{cudaGraphNodeTypeMemcpy, 10}}));
  types = captured([&] {
    EXPECT_OK(cudaMemsetAsync(data_, 1, 64, 0));
    EXPECT_OK(cudaMemset2DAsync(data_, 64, 1, 32, 4, 0));
    EXPECT_OK(cudaMemset3DAsync({data_, 16, 16, 4}, 1, {16, 4, 2}, 0));
  });
  EXPECT_EQ(types, (Types{{cudaGraphNodeTypeMemset, 3}}));
#if CUDART_VERSION >= 13000
  // The driver's batches take no default stream; the thread's own isn't one.
  void* dst[] = {data_, data_ + 4};
  const void* src[] = {host, host + 4};
  const size_t bytes[] = {16, 16};
  cudaMemcpyAttributes how{};
  how.srcAccessOrder = cudaMemcpySrcAccessOrderStream;
  size_t start = 0;
  EXPECT_EQ(captured([&] { EXPECT_OK(cudaMemcpyBatchAsync(dst, src, bytes, 2, &how, &start, 1, 0)); }),
            (Types{{cudaGraphNodeTypeMemcpy, 2}}));
  cudaMemcpy3DBatchOp op{};
  op.src.type = op.dst.type = cudaMemcpyOperandTypePointer;
  op.src.op.ptr.ptr = host;
  op.dst.op.ptr.ptr = data_;
  op.extent = {16, 1, 1};
  op.srcAccessOrder = cudaMemcpySrcAccessOrderStream;
  EXPECT_EQ(captured([&] { EXPECT_OK(cudaMemcpy3DBatchAsync(1, &op, 0, 0)); }),
            (Types{{cudaGraphNodeTypeMemcpy, 1}}));
#endif
  EXPECT_OK(cudaFreeArray(array));
  EXPECT_OK(cudaFreeHost(host));
}

TEST_F(PerThreadApi, LaunchesEventsAndMemory) {
  unsigned n = kCount, multiplier = 1, addend = 1;
  void* params[] = {&data_, &n, &multiplier, &addend};
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(2);
  config.blockDim = dim3(128);
  cudaEvent_t event = nullptr, external = nullptr;
  ASSERT_OK(cudaEventCreate(&event));
  ASSERT_OK(cudaEventCreate(&external));
  cudaMemPool_t pool = nullptr;
  ASSERT_OK(cudaDeviceGetDefaultMemPool(&pool, 0));
  int calls = 0;
  void *a = nullptr, *b = nullptr;
  const Types types = captured([&] {
    EXPECT_OK(cudaLaunchKernel(&api::fma_words, dim3(2), dim3(128), params, 0, 0));
    EXPECT_OK(cudaLaunchKernelExC(&config, &api::fma_words, params));
    EXPECT_OK(cudaLaunchCooperativeKernel(&api::fma_words, dim3(2), dim3(128), params, 0, 0));
    EXPECT_OK(cudaLaunchHostFunc(0, [](void* p) { ++*static_cast<int*>(p); }, &calls));
    EXPECT_OK(cudaEventRecordWithFlags(external, 0, cudaEventRecordExternal));
    EXPECT_OK(cudaEventRecord(event, 0));
    EXPECT_OK(cudaStreamWaitEvent(0, event, 0));
    EXPECT_OK(cudaMallocAsync(&a, 64, 0));
    EXPECT_OK(cudaMallocFromPoolAsync(&b, 64, pool, 0));
    EXPECT_OK(cudaFreeAsync(a, 0));
    EXPECT_OK(cudaFreeAsync(b, 0));
    cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone, again = cudaStreamCaptureStatusNone;
    EXPECT_OK(cudaStreamIsCapturing(0, &status));
    EXPECT_EQ(status, cudaStreamCaptureStatusActive);
    EXPECT_OK(cudaStreamGetCaptureInfo(0, &again));
    EXPECT_EQ(again, cudaStreamCaptureStatusActive);
#if CUDART_VERSION >= 13000
    EXPECT_OK(cudaStreamUpdateCaptureDependencies(0, nullptr, nullptr, 0, cudaStreamSetCaptureDependencies));
#else
    EXPECT_OK(cudaStreamUpdateCaptureDependencies(0, nullptr, 0, cudaStreamSetCaptureDependencies));
#endif
  });
  EXPECT_EQ(types, (Types{{cudaGraphNodeTypeKernel, 3},
                          {cudaGraphNodeTypeHost, 1},
                          {cudaGraphNodeTypeEventRecord, 1},
                          {cudaGraphNodeTypeMemAlloc, 2},
                          {cudaGraphNodeTypeMemFree, 2}}));
  EXPECT_OK(cudaEventDestroy(event));
  EXPECT_OK(cudaEventDestroy(external));
}

TEST_F(PerThreadApi, QuestionsAreAboutTheThreadsStream) {
  unsigned long long zero = 0, own = 1;
  unsigned flags = 9;
  int device = -1, priority = 9;
  EXPECT_OK(cudaStreamGetId(0, &zero));
  EXPECT_OK(cudaStreamGetId(cudaStreamPerThread, &own));
  EXPECT_EQ(zero, own);
  std::thread([own] {
    unsigned long long other = 0;
    EXPECT_OK(cudaStreamGetId(0, &other));
    EXPECT_NE(other, own);
  }).join();
  EXPECT_OK(cudaStreamGetFlags(0, &flags));
  EXPECT_EQ(flags, unsigned(cudaStreamDefault));
  EXPECT_OK(cudaStreamGetDevice(0, &device));
  EXPECT_EQ(device, 0);
  EXPECT_OK(cudaStreamGetPriority(0, &priority));
  EXPECT_EQ(priority, 0);
  // Waiting for the thread's own stream doesn't wait for another's, nor for the legacy one.
  std::atomic<bool> gate{false};
  EXPECT_OK(cudaLaunchHostFunc(
      stream_,
      [](void* open) {
        while (!*static_cast<std::atomic<bool>*>(open)) std::this_thread::yield();
      },
      &gate));
  EXPECT_OK(cudaMemset(data_, 3, 4));
  EXPECT_OK(cudaStreamSynchronize(0));
  EXPECT_OK(cudaStreamQuery(0));
  EXPECT_EQ(cudaStreamQuery(stream_), cudaErrorNotReady);
  gate = true;
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_EQ(word(), 0x03030303u);
}

// The synchronous forms: done when they return, by the thread's own stream.
TEST_F(PerThreadApi, CopiesThatWait) {
  std::array<unsigned, 4> up = {1, 2, 3, 4}, down{};
  EXPECT_OK(cudaMemcpy(data_, up.data(), 16, cudaMemcpyHostToDevice));
  EXPECT_OK(cudaMemcpy(down.data(), data_, 16, cudaMemcpyDeviceToHost));
  EXPECT_EQ(down, up);
  EXPECT_OK(cudaMemcpy2D(data_, 16, up.data(), 4, 4, 4, cudaMemcpyHostToDevice));
  EXPECT_EQ(word(4), 2u);
  cudaMemcpy3DParms box{};
  box.srcPtr = {up.data(), 8, 8, 2};
  box.dstPtr = {data_ + 64, 8, 8, 2};
  box.extent = {8, 2, 1};
  box.kind = cudaMemcpyHostToDevice;
  EXPECT_OK(cudaMemcpy3D(&box));
  EXPECT_EQ(word(67), 4u);
  EXPECT_OK(cudaMemcpyToSymbol(&api::table, &up[2], 4, 8, cudaMemcpyHostToDevice));
  EXPECT_OK(cudaMemcpyFromSymbol(&down[0], &api::table, 4, 8, cudaMemcpyDeviceToHost));
  EXPECT_EQ(down[0], 3u);
  EXPECT_OK(cudaMemset2D(data_, 16, 5, 4, 2));
  EXPECT_EQ(word(4), 0x05050505u);
  EXPECT_OK(cudaMemset3D({data_, 16, 16, 2}, 6, {4, 2, 1}));
  EXPECT_EQ(word(4), 0x06060606u);
}

}  // namespace
