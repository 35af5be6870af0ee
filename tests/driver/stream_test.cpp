// Streams, events, callbacks and memory operations in streams.
#include <atomic>
#include <chrono>
#include <thread>

#include "driver_fixture.h"

/// For our own libraries; no header has it.
extern "C" void ppu_library_work_v1(void (*function)(void*));

namespace {

using StreamTest = DriverTest;

TEST_F(StreamTest, WorkIsAsynchronousAndOrdered) {
  uint32_t* flag = nullptr;
  OK(cuMemHostAlloc(reinterpret_cast<void**>(&flag), 4, 0));
  *flag = 0;
  CUstream a, b;
  OK(cuStreamCreate(&a, CU_STREAM_NON_BLOCKING));
  OK(cuStreamCreate(&b, CU_STREAM_NON_BLOCKING));
  const CUdeviceptr out = allocate(400);
  OK(cuMemsetD32(out, 0, 100));
  CUevent before, after;
  OK(cuEventCreate(&before, 0));
  OK(cuEventCreate(&after, 0));
  OK(cuEventRecord(before, a));
  OK(run("spin", 1, 1, a, CUdeviceptr(flag)));
  OK(run("fill", 1, 100, a, out, 3u, 100u));
  OK(cuEventRecord(after, a));
  IS(cuStreamQuery(a), CUDA_ERROR_NOT_READY);
  IS(cuEventQuery(after), CUDA_ERROR_NOT_READY);
  float ms = 0;
  IS(cuEventElapsedTime(&ms, before, after), CUDA_ERROR_NOT_READY);
  OK(cuStreamWaitEvent(b, after, 0));
  OK(run("add_one", 1, 100, b, out, 100u));
  // Another stream isn't held up by the spinning one.
  CUstream c;
  OK(cuStreamCreate(&c, CU_STREAM_NON_BLOCKING));
  OK(run("empty", 1, 32, c));
  OK(cuStreamSynchronize(c));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  IS(cuStreamQuery(b), CUDA_ERROR_NOT_READY);
  __atomic_store_n(flag, 1u, __ATOMIC_RELEASE);
  OK(cuStreamSynchronize(b));
  EXPECT_EQ(read(out, 100)[99], 4u);
  OK(cuEventElapsedTime(&ms, before, after));
  EXPECT_GE(ms, 20.0f);
  for (CUstream s : {a, b, c}) OK(cuStreamDestroy(s));
  IS(cuStreamDestroy(a), CUDA_ERROR_INVALID_HANDLE);
  IS(cuStreamSynchronize(a), CUDA_ERROR_INVALID_HANDLE);
  OK(cuEventDestroy(before));
  IS(cuEventQuery(before), CUDA_ERROR_INVALID_HANDLE);
  OK(cuMemFreeHost(flag));
}

TEST_F(StreamTest, TheNullStreamIsABarrierForBlockingStreams) {
  CUstream a, b;
  OK(cuStreamCreate(&a, 0));
  OK(cuStreamCreate(&b, 0));
  const CUdeviceptr out = allocate(4000);
  for (unsigned i = 0; i < 50; i++) {
    OK(run("fill", 4, 256, a, out, i * 3, 1000u));
    OK(run("add_one", 4, 256, nullptr, out, 1000u));
    OK(run("add_one", 4, 256, b, out, 1000u));
    for (uint32_t v : read(out, 1000)) ASSERT_EQ(v, i * 3 + 2);
  }
  OK(cuStreamDestroy(a));
  OK(cuStreamDestroy(b));
}

TEST_F(StreamTest, HostFunctionsRunInOrder) {
  struct State {
    std::atomic<int> calls{0};
    CUresult status = CUDA_ERROR_UNKNOWN;
    std::thread::id thread;
  } state;
  CUstream s;
  OK(cuStreamCreate(&s, 0));
  OK(cuLaunchHostFunc(
      s,
      [](void* p) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        static_cast<State*>(p)->calls++;
        static_cast<State*>(p)->thread = std::this_thread::get_id();
      },
      &state));
  OK(cuStreamAddCallback(
      s,
      [](CUstream, CUresult status, void* p) {
        auto* st = static_cast<State*>(p);
        st->status = st->calls == 1 ? status : CUDA_ERROR_UNKNOWN;
        st->calls++;
      },
      &state, 0));
  IS(cuStreamQuery(s), CUDA_ERROR_NOT_READY);
  OK(cuStreamSynchronize(s));
  EXPECT_EQ(state.calls.load(), 2);
  EXPECT_EQ(state.status, CUDA_SUCCESS);
  EXPECT_NE(state.thread, std::this_thread::get_id());
  OK(cuStreamDestroy(s));
}

struct Meeting {
  std::atomic<int> here{0};
  std::atomic<bool> met{false};
};

/// Waits for the function of another stream that does the same.
void meet(void* meeting) {
  auto* m = static_cast<Meeting*>(meeting);
  m->here++;
  for (int i = 0; i < 20'000 && m->here < 2; i++) std::this_thread::sleep_for(std::chrono::microseconds(100));
  if (m->here >= 2) m->met = true;
}

TEST_F(StreamTest, LibraryWorkOfTwoStreamsRunsAtOnce) {
  ppu_library_work_v1(meet);
  ppu_library_work_v1(meet);  // once is enough
  Meeting meeting;
  CUstream a, b;
  OK(cuStreamCreate(&a, CU_STREAM_NON_BLOCKING));
  OK(cuStreamCreate(&b, CU_STREAM_NON_BLOCKING));
  OK(cuLaunchHostFunc(a, meet, &meeting));
  OK(cuLaunchHostFunc(b, meet, &meeting));
  OK(cuStreamSynchronize(a));  // this thread may be the one that runs a's
  OK(cuStreamSynchronize(b));
  EXPECT_TRUE(meeting.met.load());
  OK(cuStreamDestroy(a));
  OK(cuStreamDestroy(b));
}

// Work that waiting threads have always run themselves is left to them; it runs if none comes, too, and
// without company.
TEST_F(StreamTest, LibraryWorkThatNobodyWaitsForRuns) {
  const auto count = [](void* n) { ++*static_cast<std::atomic<int>*>(n); };
  ppu_library_work_v1(count);
  std::atomic<int> calls{0};
  for (int round = 0; round < 5; round++) {
    for (int i = 0; i < 50; i++) {
      OK(cuLaunchHostFunc(nullptr, count, &calls));
      OK(cuStreamSynchronize(nullptr));
    }
    const int before = calls;
    EXPECT_EQ(before, 52 * round + 50);
    for (int i = 1; i <= 2; i++) {
      OK(cuLaunchHostFunc(nullptr, count, &calls));
      for (int ms = 0; ms < 10'000 && calls < before + i; ms++)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      EXPECT_EQ(calls, before + i);
    }
  }
}

TEST_F(StreamTest, LibraryWorkKeepsTheOrderOfItsStream) {
  const auto append = [](void* numbers) {
    auto* v = static_cast<std::vector<size_t>*>(numbers);
    v->push_back(v->size());
  };
  ppu_library_work_v1(append);
  std::vector<size_t> numbers;
  const CUdeviceptr word = allocate(4);
  for (int i = 0; i < 200; i++) {
    OK(cuLaunchHostFunc(nullptr, append, &numbers));
    if (i % 3 == 0) OK(run("fill", 1, 1, nullptr, word, 1u, 1u));
    if (i % 50 == 0) OK(cuStreamSynchronize(nullptr));
  }
  OK(cuStreamSynchronize(nullptr));
  ASSERT_EQ(numbers.size(), 200u);
  for (size_t i = 0; i < numbers.size(); i++) EXPECT_EQ(numbers[i], i);
}

TEST_F(StreamTest, ValuesHoldAStream) {
  const CUdeviceptr word = allocate(8), out = allocate(4);
  OK(cuMemsetD32(word, 0, 2));
  OK(cuMemsetD32(out, 0, 1));
  CUstream a, b;
  OK(cuStreamCreate(&a, CU_STREAM_NON_BLOCKING));
  OK(cuStreamCreate(&b, CU_STREAM_NON_BLOCKING));
  OK(cuStreamWaitValue32(a, word, 5, CU_STREAM_WAIT_VALUE_GEQ));
  OK(run("fill", 1, 1, a, out, 8u, 1u));
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  IS(cuStreamQuery(a), CUDA_ERROR_NOT_READY);
  OK(cuStreamWriteValue32(b, word, 6, 0));
  OK(cuStreamSynchronize(a));
  EXPECT_EQ(read(out, 1)[0], 8u);
  IS(cuStreamWriteValue32(b, word + 2, 6, 0), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(StreamTest, AccessPoliciesAreKept) {
  CUstream a, b;
  OK(cuStreamCreate(&a, CU_STREAM_NON_BLOCKING));
  OK(cuStreamCreate(&b, CU_STREAM_NON_BLOCKING));
  CUstreamAttrValue value = {};
  value.accessPolicyWindow.num_bytes = 4096;
  value.accessPolicyWindow.hitRatio = 0.5f;
  value.accessPolicyWindow.hitProp = CU_ACCESS_PROPERTY_PERSISTING;
  OK(cuStreamSetAttribute(a, CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW, &value));
  OK(cuStreamCopyAttributes(b, a));
  CUstreamAttrValue got = {};
  OK(cuStreamGetAttribute(b, CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW, &got));
  EXPECT_EQ(got.accessPolicyWindow.num_bytes, 4096u);
  EXPECT_EQ(got.accessPolicyWindow.hitProp, CU_ACCESS_PROPERTY_PERSISTING);
  value.accessPolicyWindow.hitRatio = 1.5f;
  IS(cuStreamSetAttribute(a, CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW, &value), CUDA_ERROR_INVALID_VALUE);
  OK(cuStreamDestroy(a));
  OK(cuStreamDestroy(b));
}

TEST_F(StreamTest, PerThreadDefaultStreamsAreDistinct) {
  unsigned long long id[3] = {};
  OK(cuStreamGetId(CU_STREAM_LEGACY, &id[0]));
  OK(cuStreamGetId(CU_STREAM_PER_THREAD, &id[1]));
  std::thread([&] {
    cuCtxSetCurrent(context);
    cuStreamGetId(CU_STREAM_PER_THREAD, &id[2]);
  }).join();
  EXPECT_NE(id[0], id[1]);
  EXPECT_NE(id[1], id[2]);
  OK(run("empty", 1, 1, CU_STREAM_PER_THREAD));
  OK(cuStreamSynchronize(CU_STREAM_PER_THREAD));
}

}  // namespace
