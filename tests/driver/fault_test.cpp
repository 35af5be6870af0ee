// Kernels that fail: the documented code at the next synchronisation, sticky in the context, the log names
// who and where, the process lives on, and a new context works.
#include <sys/mman.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "driver_fixture.h"

namespace {

using FaultTest = DriverTest;

/// Runs `touch` on an address and checks code, stickiness and log; then proves that a new context works.
class AddressTest : public DriverTest {
 protected:
  void expect_failure(CUdeviceptr address, const char* code, const char* words) {
    testing::internal::CaptureStderr();
    OK(run("touch", 2, 64, nullptr, address, 1u));
    EXPECT_EQ(name_of(cuCtxSynchronize()), code);
    const std::string text = testing::internal::GetCapturedStderr();
    for (const char* w : {"kernel touch", "block (", words})
      EXPECT_NE(text.find(w), std::string::npos) << text;
    EXPECT_EQ(name_of(cuCtxSynchronize()), code);
    CUdeviceptr p = 0;
    EXPECT_EQ(name_of(cuMemAlloc(&p, 4)), code);
    EXPECT_EQ(name_of(run("empty", 1, 1, nullptr)), code);
    cuCtxDestroy(context);
    SetUp();
    const CUdeviceptr out = allocate(4);
    OK(run("fill", 1, 1, nullptr, out, 77u, 1u));
    EXPECT_EQ(read(out, 1)[0], 77u);
  }
};

TEST_F(AddressTest, Null) {
  expect_failure(0, "CUDA_ERROR_ILLEGAL_ADDRESS", "illegal address 0x0");
}
TEST_F(AddressTest, Wild) {
  void* nothing = mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char text[32];
  std::snprintf(text, sizeof text, "%p", nothing);
  expect_failure(CUdeviceptr(nothing), "CUDA_ERROR_ILLEGAL_ADDRESS", text);
}
TEST_F(AddressTest, NonCanonical) {
  expect_failure(0xfeed000000000000, "CUDA_ERROR_ILLEGAL_ADDRESS", "illegal");
}
TEST_F(AddressTest, Misaligned) {
  expect_failure(allocate(16) + 2, "CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address");
}
TEST_F(AddressTest, OutOfRange) {
  expect_failure(allocate(4096) + 4096 + 4096, "CUDA_ERROR_ILLEGAL_ADDRESS", "after the end of allocation");
}
// ctest runs this with PPU_OVERREADS set and without.
TEST_F(AddressTest, ReadsJustBehindAnAllocationFailUnlessAskedFor) {
  const CUdeviceptr p = allocate(3920), out = allocate(4);
  testing::internal::CaptureStderr();
  OK(run("peek", 1, 1, nullptr, p + 3920 + 512, out));
  if (std::getenv("PPU_OVERREADS")) {
    OK(cuCtxSynchronize());
    EXPECT_NE(testing::internal::GetCapturedStderr().find("kernel peek reads"), std::string::npos);
    EXPECT_EQ(read(out, 1)[0], 7u);
    // What was lent goes with the allocation, and nothing can be written there.
    expect_failure(p + 3920 + 512, "CUDA_ERROR_ILLEGAL_ADDRESS", "after the end of allocation");
  } else {
    IS(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
    EXPECT_NE(testing::internal::GetCapturedStderr().find("--overreads"), std::string::npos);
    cuCtxDestroy(context);
    SetUp();
  }
}
TEST_F(AddressTest, ReadsFarBehindAnAllocationFault) {
  testing::internal::CaptureStderr();
  OK(run("peek", 1, 1, nullptr, allocate(4096) + (1 << 20), allocate(4)));
  IS(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
  testing::internal::GetCapturedStderr();
  cuCtxDestroy(context);
  SetUp();
}
TEST_F(AddressTest, TheLastPageOfALargeAllocationIsAllItsOwn) {
  constexpr size_t kPage = size_t{2} << 20, kBytes = kPage + 8;
  const CUdeviceptr p = allocate(kBytes), out = allocate(4);
  OK(run("touch", 1, 1, nullptr, p + kBytes + 8192, 1u));
  OK(run("peek", 1, 1, nullptr, p + 2 * kPage - 4, out));
  OK(cuCtxSynchronize());
  expect_failure(p + 2 * kPage, "CUDA_ERROR_ILLEGAL_ADDRESS", "after the end of allocation");
}
TEST_F(AddressTest, Freed) {
  const CUdeviceptr p = allocate(1 << 20);
  OK(cuMemFree(p));
  expect_failure(p, "CUDA_ERROR_ILLEGAL_ADDRESS", "illegal address");
}

TEST_F(FaultTest, TrapIsALaunchFailure) {
  testing::internal::CaptureStderr();
  OK(run("stop", 1, 32, nullptr));
  IS(cuCtxSynchronize(), CUDA_ERROR_LAUNCH_FAILED);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("kernel stop, block (0,0,0), thread (0,0,0): trap"),
            std::string::npos);
}

TEST_F(FaultTest, WorkBehindAFailureIsAbandonedAndEventsComplete) {
  CUevent e;
  OK(cuEventCreate(&e, 0));
  testing::internal::CaptureStderr();
  OK(run("touch", 100000, 32, nullptr, CUdeviceptr(0x10), 1u));
  cuEventRecord(e, nullptr);
  for (int i = 0; i < 10; i++) run("empty", 1, 1, nullptr);
  IS(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
  IS(cuEventQuery(e), CUDA_ERROR_ILLEGAL_ADDRESS);
  testing::internal::GetCapturedStderr();
}

TEST_F(FaultTest, PrimaryContextIsUsableAfterReset) {
  CUcontext primary = nullptr;
  OK(cuDevicePrimaryCtxRetain(&primary, device));
  OK(cuCtxPushCurrent(primary));
  CUmodule m = nullptr;
  OK(cuModuleLoadData(&m, kTestPtx));
  CUfunction f = nullptr;
  OK(cuModuleGetFunction(&f, m, "stop"));
  testing::internal::CaptureStderr();
  OK(cuLaunchKernel(f, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr));
  IS(cuCtxSynchronize(), CUDA_ERROR_LAUNCH_FAILED);
  testing::internal::GetCapturedStderr();
  OK(cuDevicePrimaryCtxReset(device));
  CUdeviceptr p = 0;
  OK(cuMemAlloc(&p, 100));
  OK(cuCtxSynchronize());
  OK(cuDevicePrimaryCtxRelease(device));
  IS(cuMemAlloc(&p, 100), CUDA_ERROR_CONTEXT_IS_DESTROYED);
  OK(cuCtxPopCurrent(nullptr));
}

TEST_F(FaultTest, CallsWithoutAContext) {
  OK(cuCtxPopCurrent(nullptr));
  CUdeviceptr p = 0;
  IS(cuMemAlloc(&p, 4), CUDA_ERROR_INVALID_CONTEXT);
  IS(cuCtxSynchronize(), CUDA_ERROR_INVALID_CONTEXT);
  IS(cuCtxPopCurrent(nullptr), CUDA_ERROR_INVALID_CONTEXT);
  OK(cuCtxPushCurrent(context));
  IS(cuDeviceGet(nullptr, 0), CUDA_ERROR_INVALID_VALUE);
  CUdevice d;
  IS(cuDeviceGet(&d, 99), CUDA_ERROR_INVALID_DEVICE);
  IS(cuInit(1), CUDA_ERROR_INVALID_VALUE);
}

}  // namespace
