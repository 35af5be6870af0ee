// Random work in many streams against a model of what memory must hold; random handles against every check.
#include <random>
#include <thread>

#include "driver_fixture.h"

namespace {

using StressTest = DriverTest;

constexpr unsigned kCount = 3000, kBuffers = 4, kStreams = 3;

/// One host thread's buffers. Each holds one value everywhere; `last` is the event after its latest writer.
struct Buffer {
  CUdeviceptr address;
  uint32_t value;
  CUevent last;
};

TEST_F(StressTest, RandomWorkInManyStreamsKeepsItsOrder) {
  const auto work = [this](unsigned seed) {
    cuCtxSetCurrent(context);
    std::mt19937 random(seed);
    CUstream streams[kStreams];
    for (unsigned i = 0; i < kStreams; i++)
      OK(cuStreamCreate(&streams[i], i == 0 ? 0 : CU_STREAM_NON_BLOCKING));
    Buffer buffers[kBuffers];
    for (Buffer& b : buffers) {
      b.address = allocate(kCount * 4);
      b.value = 0;
      OK(cuMemsetD32(b.address, 0, kCount));
      OK(cuEventCreate(&b.last, CU_EVENT_DISABLE_TIMING));
      OK(cuEventRecord(b.last, nullptr));
    }
    for (int i = 0; i < 400; i++) {
      CUstream s = streams[random() % kStreams];
      Buffer& b = buffers[random() % kBuffers];
      OK(cuStreamWaitEvent(s, b.last, 0));
      switch (random() % 5) {
        case 0:
          b.value = random();
          OK(run("fill", 12, 256, s, b.address, b.value, kCount));
          break;
        case 1:
          b.value++;
          OK(run("add_one", 24, 128, s, b.address, kCount));
          break;
        case 2:
          b.value = random();
          OK(cuMemsetD32Async(b.address, b.value, kCount, s));
          break;
        case 3: {
          Buffer& from = buffers[random() % kBuffers];
          if (&from == &b) break;
          OK(cuStreamWaitEvent(s, from.last, 0));
          OK(cuMemcpyDtoDAsync(b.address, from.address, kCount * 4, s));
          OK(cuEventRecord(from.last, s));  // who writes `from` next waits for this reader
          b.value = from.value;
          break;
        }
        default: {
          std::vector<uint32_t> back(kCount);
          OK(cuMemcpyDtoHAsync(back.data(), b.address, kCount * 4, s));
          OK(cuStreamSynchronize(s));
          for (uint32_t v : back) ASSERT_EQ(v, b.value) << "seed " << seed << " step " << i;
        }
      }
      OK(cuEventRecord(b.last, s));
    }
    OK(cuCtxSynchronize());
    for (Buffer& b : buffers) {
      for (uint32_t v : read(b.address, kCount)) ASSERT_EQ(v, b.value) << "seed " << seed;
      OK(cuMemFree(b.address));
      OK(cuEventDestroy(b.last));
    }
    for (CUstream s : streams) OK(cuStreamDestroy(s));
  };
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 3; t++) threads.emplace_back(work, t + 1);
  for (auto& t : threads) t.join();
}

template <class T>
T garbage(std::mt19937& random) {
  // A null, a small number, a mapped address that is no object, a wild one.
  static char mapped[256];
  switch (random() % 4) {
    case 0:
      return nullptr;
    case 1:
      return reinterpret_cast<T>(uintptr_t(random() % 64 + 3));
    case 2:
      return reinterpret_cast<T>(mapped + random() % 64);
    default:
      return reinterpret_cast<T>((uintptr_t(random()) << 20) ^ random());
  }
}

TEST_F(StressTest, ForeignHandlesAreRefused) {
  std::mt19937 random(1);
  for (int i = 0; i < 500; i++) {
    const auto f = garbage<CUfunction>(random);
    const auto m = garbage<CUmodule>(random);
    const auto e = garbage<CUevent>(random);
    const auto l = garbage<CUlibrary>(random);
    const auto k = garbage<CUkernel>(random);
    auto s = garbage<CUstream>(random);
    int value = 0;
    size_t bytes = 0;
    CUdeviceptr p = 0;
    EXPECT_NE(cuLaunchKernel(f, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr), CUDA_SUCCESS);
    EXPECT_NE(cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_NUM_REGS, f), CUDA_SUCCESS);
    EXPECT_NE(cuModuleUnload(m), CUDA_SUCCESS);
    EXPECT_NE(cuModuleGetGlobal(&p, &bytes, m, "counter"), CUDA_SUCCESS);
    EXPECT_NE(cuEventRecord(e, nullptr), CUDA_SUCCESS);
    EXPECT_NE(cuEventSynchronize(e), CUDA_SUCCESS);
    EXPECT_NE(cuEventDestroy(e), CUDA_SUCCESS);
    EXPECT_NE(cuLibraryUnload(l), CUDA_SUCCESS);
    EXPECT_NE(cuKernelGetAttribute(&value, CU_FUNC_ATTRIBUTE_NUM_REGS, k, device), CUDA_SUCCESS);
    if (s) {
      EXPECT_NE(cuStreamSynchronize(s), CUDA_SUCCESS);
      EXPECT_NE(cuStreamDestroy(s), CUDA_SUCCESS);
    }
    EXPECT_NE(cuMemFree(CUdeviceptr(garbage<void*>(random)) | 1), CUDA_SUCCESS);
    EXPECT_NE(cuCtxSetCurrent(reinterpret_cast<CUcontext>(uintptr_t(random()) | 1)), CUDA_SUCCESS);
  }
  OK(cuCtxSynchronize());
}

}  // namespace
