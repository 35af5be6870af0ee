// Kernels that launch kernels (dynamic parallelism, version 2), as nvcc's PTX calls the device runtime.
#include "driver_fixture.h"

namespace {

const char kPtx[] = R"(
.version 7.8
.target sm_80
.address_size 64
.extern .func (.param .b64 r) __cudaCDP2GetParameterBufferV2(.param .b64 f, .param .align 4 .b8 g[12],
    .param .align 4 .b8 b[12], .param .b32 s);
.extern .func (.param .b32 r) __cudaCDP2LaunchDeviceV2(.param .b64 p, .param .b64 s);
.extern .func (.param .b32 r) __cudaCDP2GetLastError();
.extern .func (.param .b32 r) __cudaCDP2MemsetAsync(.param .b64 p, .param .b32 v, .param .b64 n, .param .b64 s);
.extern .func (.param .b32 r) __cudaCDP2GetDevice(.param .b64 p);
.extern .func (.param .b64 r) cudaCGGetIntrinsicHandle(.param .b32 scope);
.extern .func (.param .b32 r) cudaCGSynchronize(.param .b64 handle, .param .b32 flags);

// log[atomic ticket] = value
.visible .entry note(.param .u64 log, .param .u32 value) {
  .reg .b32 %r<4>; .reg .b64 %rd<4>; .reg .pred %p;
  mov.u32 %r3, %tid.x; setp.ne.u32 %p, %r3, 0; @%p ret;
  ld.param.u64 %rd1, [log]; ld.param.u32 %r1, [value];
  atom.global.add.u32 %r2, [%rd1], 1;
  mul.wide.u32 %rd2, %r2, 4; add.u64 %rd3, %rd1, %rd2;
  st.global.u32 [%rd3+4], %r1;
  ret;
}
// Launches `note` of `blocks` blocks into `stream`; gives the result of the launch, or the error that stands.
.func (.param .b32 result) launch_note(.param .b64 log, .param .b32 value, .param .b64 stream, .param .b32 threads) {
  .reg .b32 %r<8>; .reg .b64 %rd<8>; .reg .pred %p;
  ld.param.u64 %rd1, [log]; ld.param.u32 %r1, [value]; ld.param.u64 %rd2, [stream]; ld.param.u32 %r4, [threads];
  mov.u64 %rd3, note;
  { .param .b64 f; .param .align 4 .b8 g[12]; .param .align 4 .b8 b[12]; .param .b32 s; .param .b64 back;
    st.param.b64 [f], %rd3;
    st.param.b32 [g], 1; st.param.b32 [g+4], 1; st.param.b32 [g+8], 1;
    st.param.b32 [b], %r4; st.param.b32 [b+4], 1; st.param.b32 [b+8], 1;
    st.param.b32 [s], 0;
    call.uni (back), __cudaCDP2GetParameterBufferV2, (f, g, b, s);
    ld.param.b64 %rd4, [back]; }
  setp.eq.u64 %p, %rd4, 0;
  @%p bra failed;
  st.u64 [%rd4], %rd1; st.u32 [%rd4+8], %r1;
  { .param .b64 p; .param .b64 s; .param .b32 back;
    st.param.b64 [p], %rd4; st.param.b64 [s], %rd2;
    call.uni (back), __cudaCDP2LaunchDeviceV2, (p, s);
    ld.param.b32 %r2, [back]; }
  st.param.b32 [result], %r2;
  ret;
failed:
  { .param .b32 back;
    call.uni (back), __cudaCDP2GetLastError, ();
    ld.param.b32 %r2, [back]; }
  st.param.b32 [result], %r2;
  ret;
}
// Thread 0: a tail launch of 9, then 1, 2 and a fill of 4 bytes at `filled`, in this order; its own device.
.visible .entry order(.param .u64 log, .param .u64 filled) {
  .reg .b32 %r<6>; .reg .b64 %rd<6>; .reg .pred %p;
  mov.u32 %r1, %tid.x; setp.ne.u32 %p, %r1, 0; @%p ret;
  ld.param.u64 %rd1, [log]; ld.param.u64 %rd2, [filled];
  { .param .b64 l; .param .b32 v; .param .b64 s; .param .b32 t; .param .b32 back;
    st.param.b64 [l], %rd1; st.param.b32 [v], 9; st.param.b64 [s], 3; st.param.b32 [t], 32;
    call.uni (back), launch_note, (l, v, s, t); }
  { .param .b64 l; .param .b32 v; .param .b64 s; .param .b32 t; .param .b32 back;
    st.param.b64 [l], %rd1; st.param.b32 [v], 1; st.param.b64 [s], 0; st.param.b32 [t], 32;
    call.uni (back), launch_note, (l, v, s, t); }
  { .param .b64 l; .param .b32 v; .param .b64 s; .param .b32 t; .param .b32 back;
    st.param.b64 [l], %rd1; st.param.b32 [v], 2; st.param.b64 [s], 0; st.param.b32 [t], 64;
    call.uni (back), launch_note, (l, v, s, t); }
  { .param .b64 p; .param .b32 v; .param .b64 n; .param .b64 s; .param .b32 back;
    st.param.b64 [p], %rd2; st.param.b32 [v], 7; st.param.b64 [n], 4; st.param.b64 [s], 0;
    call.uni (back), __cudaCDP2MemsetAsync, (p, v, n, s); }
  add.u64 %rd3, %rd2, 4;
  { .param .b64 p; .param .b32 back;
    st.param.b64 [p], %rd3;
    call.uni (back), __cudaCDP2GetDevice, (p); }
  ret;
}
// Every thread launches `note` of its own number, fire and forget.
.visible .entry many(.param .u64 log) {
  .reg .b32 %r<6>; .reg .b64 %rd<6>;
  mov.u32 %r1, %tid.x; mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ntid.x; mad.lo.u32 %r1, %r2, %r3, %r1;
  ld.param.u64 %rd1, [log];
  { .param .b64 l; .param .b32 v; .param .b64 s; .param .b32 t; .param .b32 back;
    st.param.b64 [l], %rd1; st.param.b32 [v], %r1; st.param.b64 [s], 4; st.param.b32 [t], 32;
    call.uni (back), launch_note, (l, v, s, t); }
  ret;
}
// Itself, `depth` times over, then a note.
.visible .entry nest(.param .u64 log, .param .u32 depth) {
  .reg .b32 %r<6>; .reg .b64 %rd<6>; .reg .pred %p;
  ld.param.u64 %rd1, [log]; ld.param.u32 %r1, [depth];
  { .param .b64 l; .param .b32 v; .param .b64 s; .param .b32 t; .param .b32 back;
    st.param.b64 [l], %rd1; st.param.b32 [v], %r1; st.param.b64 [s], 3; st.param.b32 [t], 32;
    call.uni (back), launch_note, (l, v, s, t); }
  setp.eq.u32 %p, %r1, 0; @%p ret;
  mov.u64 %rd2, nest;
  { .param .b64 f; .param .align 4 .b8 g[12]; .param .align 4 .b8 b[12]; .param .b32 s; .param .b64 back;
    st.param.b64 [f], %rd2;
    st.param.b32 [g], 1; st.param.b32 [g+4], 1; st.param.b32 [g+8], 1;
    st.param.b32 [b], 1; st.param.b32 [b+4], 1; st.param.b32 [b+8], 1;
    st.param.b32 [s], 0;
    call.uni (back), __cudaCDP2GetParameterBufferV2, (f, g, b, s);
    ld.param.b64 %rd4, [back]; }
  sub.u32 %r2, %r1, 1;
  st.u64 [%rd4], %rd1; st.u32 [%rd4+8], %r2;
  { .param .b64 p; .param .b64 s; .param .b32 back;
    st.param.b64 [p], %rd4; st.param.b64 [s], 0;
    call.uni (back), __cudaCDP2LaunchDeviceV2, (p, s); }
  ret;
}
// out = what a launch of 4096 threads a block says, then the error that is left
.visible .entry wrong(.param .u64 log, .param .u64 out) {
  .reg .b32 %r<6>; .reg .b64 %rd<6>;
  ld.param.u64 %rd1, [log]; ld.param.u64 %rd2, [out];
  { .param .b64 l; .param .b32 v; .param .b64 s; .param .b32 t; .param .b32 back;
    st.param.b64 [l], %rd1; st.param.b32 [v], 1; st.param.b64 [s], 0; st.param.b32 [t], 4096;
    call.uni (back), launch_note, (l, v, s, t);
    ld.param.b32 %r1, [back]; }
  st.global.u32 [%rd2], %r1;
  { .param .b32 back;
    call.uni (back), __cudaCDP2GetLastError, ();
    ld.param.b32 %r1, [back]; }
  st.global.u32 [%rd2+4], %r1;
  ret;
}
// Three rounds of: add one at counts[round], meet all blocks, note in `wrong` who sees less than all of them.
.visible .entry rounds(.param .u64 counts, .param .u64 wrong, .param .u64 result) {
  .reg .b32 %r<12>; .reg .b64 %rd<8>; .reg .pred %p;
  ld.param.u64 %rd1, [counts]; ld.param.u64 %rd2, [wrong]; ld.param.u64 %rd3, [result];
  { .param .b32 scope; .param .b64 back;
    st.param.b32 [scope], 1;
    call.uni (back), cudaCGGetIntrinsicHandle, (scope);
    ld.param.b64 %rd4, [back]; }
  mov.u32 %r1, %nctaid.x; mov.u32 %r2, %ntid.x; mul.lo.u32 %r3, %r1, %r2;
  mov.u32 %r4, 0;
round:
  atom.global.add.u32 %r5, [%rd1], 1;
  { .param .b64 handle; .param .b32 flags; .param .b32 back;
    st.param.b64 [handle], %rd4; st.param.b32 [flags], 0;
    call.uni (back), cudaCGSynchronize, (handle, flags);
    ld.param.b32 %r6, [back]; }
  ld.volatile.global.u32 %r7, [%rd1];
  setp.eq.u32 %p, %r7, %r3;
  @!%p atom.global.add.u32 %r5, [%rd2], 1;
  add.u64 %rd1, %rd1, 4;
  add.u32 %r4, %r4, 1;
  setp.lt.u32 %p, %r4, 3;
  @%p bra round;
  st.global.u32 [%rd3], %r6;
  ret;
}
)";

class DeviceLaunchTest : public DriverTest {
 protected:
  void SetUp() override {
    DriverTest::SetUp();
    ASSERT_EQ(cuModuleLoadData(&module, kPtx), CUDA_SUCCESS);
    log_ = allocate(4000);
    OK(cuMemsetD32(log_, 0, 1000));
  }
  CUdeviceptr log_ = 0;
};

TEST_F(DeviceLaunchTest, ABlocksLaunchesKeepTheirOrderAndTailLaunchesComeLast) {
  const CUdeviceptr filled = allocate(8);
  OK(cuMemsetD32(filled, 0x55, 2));
  OK(run("order", 1, 32, nullptr, log_, filled));
  // Work behind the grid sees what its children did.
  EXPECT_EQ(read(log_, 4), (std::vector<uint32_t>{3, 1, 2, 9}));
  EXPECT_EQ(read(filled, 2), (std::vector<uint32_t>{0x07070707, 0}));
}

TEST_F(DeviceLaunchTest, EveryThreadLaunches) {
  OK(run("many", 4, 64, nullptr, log_));
  const auto words = read(log_, 257);
  EXPECT_EQ(words[0], 256u);
  std::vector<bool> seen(256);
  for (size_t i = 1; i < words.size(); i++) seen.at(words[i]) = true;
  for (size_t i = 0; i < seen.size(); i++) EXPECT_TRUE(seen[i]) << i;
}

TEST_F(DeviceLaunchTest, Nested) {
  OK(run("nest", 1, 1, nullptr, log_, 5u));
  // A grid's tail launch follows its children: the innermost note comes first.
  EXPECT_EQ(read(log_, 7), (std::vector<uint32_t>{6, 0, 1, 2, 3, 4, 5}));
}

TEST_F(DeviceLaunchTest, WrongLaunchesAreRefusedOnTheDevice) {
  const CUdeviceptr out = allocate(8);
  OK(run("wrong", 1, 1, nullptr, log_, out));
  EXPECT_EQ(read(out, 2), (std::vector<uint32_t>{9, 0}));  // cudaErrorInvalidConfiguration, then none
  EXPECT_EQ(read(log_, 1)[0], 0u);
}

TEST_F(DeviceLaunchTest, TheWholeGridMeetsThroughTheRuntimesFunctions) {
  CUdeviceptr counts = log_, wrong = log_ + 400, result = log_ + 800;
  void* params[] = {&counts, &wrong, &result};
  OK(cuLaunchCooperativeKernel(function("rounds"), 5, 1, 1, 96, 1, 1, 0, nullptr, params));
  EXPECT_EQ(read(counts, 3), (std::vector<uint32_t>{480, 480, 480}));
  EXPECT_EQ(read(wrong, 1)[0], 0u);
  EXPECT_EQ(read(result, 1)[0], 0u);
  // Not a cooperative launch: there is no grid to meet, and nobody waits.
  OK(cuMemsetD32(log_, 0, 1000));
  OK(run("rounds", 2, 32, nullptr, counts, wrong, result));
  EXPECT_EQ(read(result, 1)[0], 1u);  // cudaErrorInvalidValue
}

TEST_F(DeviceLaunchTest, AFailingChildFailsTheContext) {
  testing::internal::CaptureStderr();
  OK(run("nest", 1, 1, nullptr, CUdeviceptr(64), 1u));
  IS(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("kernel note"), std::string::npos);
}

}  // namespace
