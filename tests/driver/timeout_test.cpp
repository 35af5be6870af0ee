// PPU_TIMEOUT (set by ctest): kernels that never end are ended, the context says so until it is reset.
#include "driver_fixture.h"

const char* const kTestPtx = R"(
.version 7.0
.target sm_80
.address_size 64
.visible .entry forever() {
AGAIN: bra AGAIN;
}
.visible .entry count_forever(.param .u64 out) {
  .reg .b32 %r<2>; .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [out];
AGAIN:
  atom.global.add.u32 %r1, [%rd1], 1;
  bar.sync 0;
  bra AGAIN;
}
.visible .entry wait(.param .u64 flag) {
  .reg .pred %p<2>; .reg .b32 %r<2>; .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [flag];
AGAIN:
  ld.volatile.global.u32 %r1, [%rd1];
  setp.eq.u32 %p1, %r1, 0;
  @%p1 bra AGAIN;
  ret;
}
.visible .entry put(.param .u64 out, .param .u32 value) {
  .reg .b32 %r<2>; .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [out];
  ld.param.u32 %r1, [value];
  st.global.u32 [%rd1], %r1;
  ret;
}
)";

namespace {

class TimeoutTest : public DriverTest {
 protected:
  /// The kernel that was launched is ended; the error stays with the context; a new context works.
  void expect_timeout(const char* kernel) {
    testing::internal::CaptureStderr();
    IS(cuCtxSynchronize(), CUDA_ERROR_LAUNCH_TIMEOUT);
    const std::string text = testing::internal::GetCapturedStderr();
    for (const std::string& w : {std::string("kernel ") + kernel, std::string("PPU_TIMEOUT")})
      EXPECT_NE(text.find(w), std::string::npos) << text;
    CUdeviceptr p = 0;
    IS(cuMemAlloc(&p, 4), CUDA_ERROR_LAUNCH_TIMEOUT);
    IS(cuCtxSynchronize(), CUDA_ERROR_LAUNCH_TIMEOUT);
    cuCtxDestroy(context);
    SetUp();
    p = allocate(4);
    OK(run("put", 1, 1, nullptr, p, 5u));
    EXPECT_EQ(read(p, 1)[0], 5u);
  }
};

TEST_F(TimeoutTest, Loop) {
  OK(run("forever", 1, 1, nullptr));
  expect_timeout("forever");
}
TEST_F(TimeoutTest, LoopInEveryBlock) {
  OK(run("forever", 1000, 96, nullptr));
  expect_timeout("forever");
}
TEST_F(TimeoutTest, LoopWithBarriersAndMemory) {
  const CUdeviceptr p = allocate(4);
  OK(run("count_forever", 64, 64, nullptr, p));
  expect_timeout("count_forever");
}
TEST_F(TimeoutTest, WaitForWhatNeverComes) {
  const CUdeviceptr p = allocate(4);
  OK(cuMemsetD32(p, 0, 1));
  OK(run("wait", 600, 32, nullptr, p));
  expect_timeout("wait");
}
TEST_F(TimeoutTest, ShortKernelsAreLeftAlone) {
  const CUdeviceptr p = allocate(4);
  for (unsigned i = 0; i < 500; i++) OK(run("put", 1, 32, nullptr, p, i));
  OK(cuCtxSynchronize());
  EXPECT_EQ(read(p, 1)[0], 499u);
}

}  // namespace
