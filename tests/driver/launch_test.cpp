// Launching: shapes, limits, parameters, attributes, occupancy, cooperative grids, device printf and assert.
#include <algorithm>
#include <cstring>
#include <thread>

#include "driver_fixture.h"

const char* const kTestPtx = R"(
.version 7.0
.target sm_80
.address_size 64
.visible .global .align 4 .u32 counter = 7;
.visible .const .align 4 .u32 table[4] = {1, 2, 3, 4};
.extern .func (.param .b32 r) vprintf (.param .b64 f, .param .b64 a);
.extern .func __assertfail (.param .b64 m, .param .b64 f, .param .b32 l, .param .b64 n, .param .b64 c);
.global .align 1 .b8 text[9] = {116, 61, 37, 100, 32, 37, 115, 10, 0};
.global .align 1 .b8 word[3] = {111, 107, 0};
.global .align 1 .b8 condition[6] = {120, 32, 61, 61, 32, 0};
.extern .shared .align 16 .b8 dynamic[];
.visible .entry empty() { ret; }
.visible .entry fill(.param .u64 out, .param .u32 value, .param .u32 n) {
  .reg .pred %p<2>; .reg .b32 %r<8>; .reg .b64 %rd<4>;
  ld.param.u64 %rd1, [out]; ld.param.u32 %r1, [value]; ld.param.u32 %r2, [n];
  mov.u32 %r3, %ctaid.x; mov.u32 %r4, %ntid.x; mov.u32 %r5, %tid.x;
  mad.lo.u32 %r6, %r3, %r4, %r5;
  setp.ge.u32 %p1, %r6, %r2;
  @%p1 bra DONE;
  mul.wide.u32 %rd2, %r6, 4; add.s64 %rd3, %rd1, %rd2;
  st.global.u32 [%rd3], %r1;
DONE: ret;
}
.visible .entry add_one(.param .u64 out, .param .u32 n) {
  .reg .pred %p<2>; .reg .b32 %r<8>; .reg .b64 %rd<4>;
  ld.param.u64 %rd1, [out]; ld.param.u32 %r2, [n];
  mov.u32 %r3, %ctaid.x; mov.u32 %r4, %ntid.x; mov.u32 %r5, %tid.x;
  mad.lo.u32 %r6, %r3, %r4, %r5;
  setp.ge.u32 %p1, %r6, %r2;
  @%p1 bra DONE;
  mul.wide.u32 %rd2, %r6, 4; add.s64 %rd3, %rd1, %rd2;
  ld.global.u32 %r7, [%rd3]; add.u32 %r7, %r7, 1; st.global.u32 [%rd3], %r7;
DONE: ret;
}
.visible .entry dependent_add_one(.param .u64 out) {
  .reg .b32 %r<2>; .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [out];
  griddepcontrol.wait;
  ld.global.u32 %r1, [%rd1]; add.u32 %r1, %r1, 1; st.global.u32 [%rd1], %r1;
  griddepcontrol.launch_dependents;
  ret;
}
.visible .entry touch(.param .u64 address, .param .u32 value) {
  .reg .b32 %r<2>; .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [address]; ld.param.u32 %r1, [value];
  st.global.u32 [%rd1], %r1;
  ret;
}
.visible .entry peek(.param .u64 address, .param .u64 out) {
  .reg .b32 %r<2>; .reg .b64 %rd<3>;
  ld.param.u64 %rd1, [address]; ld.param.u64 %rd2, [out];
  ld.global.u32 %r1, [%rd1]; add.u32 %r1, %r1, 7; st.global.u32 [%rd2], %r1;
  ret;
}
.visible .entry stop() { trap; }
.visible .entry spin(.param .u64 flag) {
  .reg .pred %p<2>; .reg .b32 %r<2>; .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [flag];
AGAIN:
  ld.volatile.global.u32 %r1, [%rd1];
  setp.eq.u32 %p1, %r1, 0;
  @%p1 bra AGAIN;
  ret;
}
.visible .entry count() {
  .reg .b32 %r<2>; .reg .b64 %rd<2>;
  mov.u64 %rd1, counter;
  atom.global.add.u32 %r1, [%rd1], 1;
  ret;
}
.visible .entry use_dynamic(.param .u64 out, .param .u32 bytes) {
  .reg .b32 %r<6>; .reg .b64 %rd<4>;
  ld.param.u64 %rd1, [out]; ld.param.u32 %r1, [bytes];
  mov.u32 %r2, dynamic; add.u32 %r3, %r2, %r1;
  mov.u32 %r4, 99;
  st.shared.u32 [%r3+-4], %r4; ld.shared.u32 %r5, [%r3+-4];
  st.global.u32 [%rd1], %r5;
  ret;
}
.visible .entry bounded(.param .u64 out) .maxntid 64, 1, 1 { ret; }
.visible .entry say(.param .u32 t) {
  .local .align 8 .b8 args[16];
  .reg .b32 %r<3>; .reg .b64 %rd<6>;
  ld.param.u32 %r1, [t];
  mov.u64 %rd1, args; cvta.local.u64 %rd2, %rd1;
  st.u32 [%rd2], %r1;
  mov.u64 %rd3, word; cvta.global.u64 %rd4, %rd3; st.u64 [%rd2+8], %rd4;
  mov.u64 %rd3, text; cvta.global.u64 %rd5, %rd3;
  { .param .b64 p0; st.param.b64 [p0], %rd5; .param .b64 p1; st.param.b64 [p1], %rd2; .param .b32 q;
    call.uni (q), vprintf, (p0, p1); ld.param.b32 %r2, [q]; }
  ret;
}
.visible .entry check(.param .u32 line) {
  .reg .b32 %r<3>; .reg .b64 %rd<6>;
  ld.param.u32 %r1, [line];
  mov.u64 %rd1, condition; cvta.global.u64 %rd2, %rd1;
  mov.u64 %rd3, word; cvta.global.u64 %rd4, %rd3;
  { .param .b64 p0; st.param.b64 [p0], %rd2; .param .b64 p1; st.param.b64 [p1], %rd4; .param .b32 p2; st.param.b32 [p2], %r1;
    .param .b64 p3; st.param.b64 [p3], %rd4; .param .b64 p4; st.param.b64 [p4], 1;
    call.uni __assertfail, (p0, p1, p2, p3, p4); }
  trap;
}
.visible .entry meet(.param .u64 arrived, .param .u32 blocks) {
  .reg .pred %p<2>; .reg .b32 %r<4>; .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [arrived]; ld.param.u32 %r1, [blocks];
  mov.u32 %r3, %tid.x; setp.ne.u32 %p1, %r3, 0; @%p1 bra DONE;
  atom.global.add.u32 %r2, [%rd1], 1;
AGAIN:
  ld.volatile.global.u32 %r2, [%rd1];
  setp.lt.u32 %p1, %r2, %r1;
  @%p1 bra AGAIN;
DONE: bar.sync 0; ret;
}
)";

namespace {

TEST_F(DriverTest, FillsEveryElementForEveryShape) {
  constexpr unsigned kCount = 10000;
  const CUdeviceptr out = allocate(kCount * 4);
  unsigned value = 1;
  for (unsigned block : {1u, 7u, 32u, 33u, 64u, 100u, 256u, 1024u}) {  // more shapes than are specialised
    OK(run("fill", (kCount + block - 1) / block, block, nullptr, out, value, kCount));
    for (uint32_t v : read(out, kCount)) ASSERT_EQ(v, value);
    value++;
  }
}

TEST_F(DriverTest, DependentGridsSeeWhatTheOneBeforeWrote) {
  constexpr uint32_t kLaunches = 20;
  CUdeviceptr out = allocate(4);
  OK(cuMemsetD32(out, 0, 1));
  void* params[] = {&out};
  CUlaunchAttribute overlap{};
  overlap.id = CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION;
  overlap.value.programmaticStreamSerializationAllowed = 1;
  CUlaunchConfig config{};
  config.gridDimX = config.gridDimY = config.gridDimZ = 1;
  config.blockDimX = config.blockDimY = config.blockDimZ = 1;
  config.attrs = &overlap;
  config.numAttrs = 1;
  for (uint32_t i = 0; i < kLaunches; ++i)
    OK(cuLaunchKernelEx(&config, function("dependent_add_one"), params, nullptr));
  EXPECT_EQ(read(out, 1)[0], kLaunches);
}

TEST_F(DriverTest, RefusesWhatTheDeviceCannotRun) {
  const CUfunction f = function("empty");
  const auto launch = [&](unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                          unsigned shared) {
    return cuLaunchKernel(f, gx, gy, gz, bx, by, bz, shared, nullptr, nullptr, nullptr);
  };
  IS(launch(0, 1, 1, 1, 1, 1, 0), CUDA_ERROR_INVALID_VALUE);
  IS(launch(1, 1, 1, 0, 1, 1, 0), CUDA_ERROR_INVALID_VALUE);
  IS(launch(1, 1, 1, 1025, 1, 1, 0), CUDA_ERROR_INVALID_VALUE);
  IS(launch(1, 1, 1, 1024, 2, 1, 0), CUDA_ERROR_INVALID_VALUE);
  IS(launch(1, 1, 1, 1, 1, 65, 0), CUDA_ERROR_INVALID_VALUE);
  IS(launch(1, 65536, 1, 1, 1, 1, 0), CUDA_ERROR_INVALID_VALUE);
  IS(launch(1, 1, 1, 1, 1, 1, (48 << 10) + 1), CUDA_ERROR_INVALID_VALUE);
  OK(launch(1, 1, 1, 1, 1, 1, 48 << 10));
  IS(run("bounded", 1, 65, nullptr, CUdeviceptr(0)), CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES);
  IS(cuLaunchKernel(nullptr, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr), CUDA_ERROR_INVALID_HANDLE);
  IS(cuLaunchKernel(function("fill"), 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr),
     CUDA_ERROR_INVALID_VALUE);
  OK(cuCtxSynchronize());
}

TEST_F(DriverTest, DynamicSharedMemoryUpToTheOptInLimit) {
  const CUfunction f = function("use_dynamic");
  const CUdeviceptr out = allocate(4);
  unsigned bytes = 163 << 10;
  CUdeviceptr o = out;
  void* params[] = {&o, &bytes};
  IS(cuLaunchKernel(f, 1, 1, 1, 1, 1, 1, bytes, nullptr, params, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuFuncSetAttribute(f, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 164 << 10),
     CUDA_ERROR_INVALID_VALUE);
  OK(cuFuncSetAttribute(f, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, int(bytes)));
  OK(cuLaunchKernel(f, 1, 1, 1, 1, 1, 1, bytes, nullptr, params, nullptr));
  EXPECT_EQ(read(out, 1)[0], 99u);
}

TEST_F(DriverTest, ParametersByBuffer) {
  constexpr unsigned kCount = 100;
  struct {
    CUdeviceptr out;
    unsigned value, count;
  } buffer = {allocate(kCount * 4), 42, kCount};
  size_t bytes = sizeof buffer;
  void* extra[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, &buffer, CU_LAUNCH_PARAM_BUFFER_SIZE, &bytes,
                   CU_LAUNCH_PARAM_END};
  OK(cuLaunchKernel(function("fill"), 1, 1, 1, 128, 1, 1, 0, nullptr, nullptr, extra));
  for (uint32_t v : read(buffer.out, kCount)) ASSERT_EQ(v, 42u);
  CUlaunchConfig config = {};
  config.gridDimX = config.gridDimY = config.gridDimZ = 1;
  config.blockDimX = 128;
  config.blockDimY = config.blockDimZ = 1;
  buffer.value = 43;
  OK(cuLaunchKernelEx(&config, function("fill"), nullptr, extra));
  for (uint32_t v : read(buffer.out, kCount)) ASSERT_EQ(v, 43u);
}

TEST_F(DriverTest, LaunchesPreparedCallByCall) {
  constexpr unsigned kCount = 1000;
  CUdeviceptr out = allocate(kCount * 4);
  const CUfunction f = function("fill");
  OK(cuFuncSetBlockShape(f, 128, 1, 1));
  OK(cuFuncSetSharedSize(f, 0));
  OK(cuParamSetSize(f, 16));
  OK(cuParamSetv(f, 0, &out, sizeof out));
  OK(cuParamSeti(f, 8, 42));
  OK(cuParamSeti(f, 12, kCount));
  OK(cuLaunchGrid(f, 8, 1));
  for (uint32_t v : read(out, kCount)) ASSERT_EQ(v, 42u);
  OK(cuParamSetf(f, 8, 1.5f));  // the rest stays
  OK(cuLaunch(f));              // one block
  EXPECT_EQ(read(out, kCount)[127], 0x3fc00000u);
  EXPECT_EQ(read(out, kCount)[128], 42u);
  CUstream stream;
  OK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  OK(cuParamSeti(f, 8, 43));
  OK(cuLaunchGridAsync(f, 4, 2, stream));
  OK(cuStreamSynchronize(stream));
  OK(cuStreamDestroy(stream));
  EXPECT_EQ(read(out, kCount)[511], 43u);  // fill looks at ctaid.x only: two rows of the same four blocks
  EXPECT_EQ(read(out, kCount)[512], 42u);
  OK(cuFuncSetBlockShape(f, 2048, 1, 1));
  IS(cuLaunch(f), CUDA_ERROR_INVALID_VALUE);
  IS(cuFuncSetBlockShape(f, 0, 1, 1), CUDA_ERROR_INVALID_VALUE);
  IS(cuParamSeti(f, -1, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuParamSetv(f, 32760, &out, 8), CUDA_ERROR_INVALID_VALUE);
  IS(cuLaunchGrid(f, 0, 1), CUDA_ERROR_INVALID_VALUE);
  IS(cuLaunchGrid(nullptr, 1, 1), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(DriverTest, FunctionAttributesAndOccupancy) {
  int value = 0;
  OK(cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, function("fill")));
  EXPECT_EQ(value, 1024);
  OK(cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, function("bounded")));
  EXPECT_EQ(value, 64);
  OK(cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES, function("say")));
  EXPECT_EQ(value, 16);
  OK(cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_PTX_VERSION, function("fill")));
  EXPECT_EQ(value, 80);
  int blocks = 0, grid = 0, threads = 0;
  OK(cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, function("fill"), 256, 0));
  EXPECT_EQ(blocks, 8);
  OK(cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, function("fill"), 256, 48 << 10));
  EXPECT_EQ(blocks, 3);
  OK(cuOccupancyMaxPotentialBlockSize(&grid, &threads, function("fill"), nullptr, 0, 0));
  EXPECT_EQ(grid * threads, 64 * 2048);
  size_t offset = 0, bytes = 0;
  OK(cuFuncGetParamInfo(function("fill"), 2, &offset, &bytes));
  EXPECT_EQ(offset, 12u);
  EXPECT_EQ(bytes, 4u);
  IS(cuFuncGetParamInfo(function("fill"), 3, &offset, &bytes), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(DriverTest, CooperativeGridsAreResidentTogether) {
  const CUdeviceptr arrived = allocate(4);
  OK(cuMemsetD32(arrived, 0, 1));
  CUdeviceptr a = arrived;
  unsigned blocks = 300;
  void* params[] = {&a, &blocks};
  OK(cuLaunchCooperativeKernel(function("meet"), blocks, 1, 1, 64, 1, 1, 0, nullptr, params));
  OK(cuCtxSynchronize());
  EXPECT_EQ(read(arrived, 1)[0], blocks);
  IS(cuLaunchCooperativeKernel(function("meet"), 64 * 32 + 1, 1, 1, 64, 1, 1, 0, nullptr, params),
     CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE);
}

TEST_F(DriverTest, ManyThreadsLaunchAndCopy) {
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 6; t++) {
    threads.emplace_back([this, t] {
      cuCtxSetCurrent(context);
      CUstream s;
      OK(cuStreamCreate(&s, t % 2 ? CU_STREAM_NON_BLOCKING : 0));
      constexpr unsigned kCount = 5000;
      const CUdeviceptr out = allocate(kCount * 4);
      for (unsigned i = 0; i < 30; i++) {
        OK(run("fill", 20, 256, s, out, t * 1000 + i, kCount));
        OK(run("add_one", 20, 256, s, out, kCount));
        std::vector<uint32_t> back(kCount);
        OK(cuMemcpyDtoHAsync(back.data(), out, kCount * 4, s));
        OK(cuStreamSynchronize(s));
        ASSERT_EQ(std::count(back.begin(), back.end(), t * 1000 + i + 1), ptrdiff_t(kCount));
      }
      OK(cuStreamDestroy(s));
      OK(cuMemFree(out));
    });
  }
  for (auto& t : threads) t.join();
}

TEST_F(DriverTest, PrintfComesOutAtSynchronisation) {
  testing::internal::CaptureStdout();
  OK(run("say", 2, 1, nullptr, 5u));
  OK(cuCtxSynchronize());
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "t=5 ok\nt=5 ok\n");
}

TEST_F(DriverTest, AssertPrintsLikeCudaAndSticks) {
  testing::internal::CaptureStderr();
  OK(run("check", 1, 1, nullptr, 19u));
  IS(cuCtxSynchronize(), CUDA_ERROR_ASSERT);
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("ok:19: ok: block: [0,0,0], thread: [0,0,0] Assertion `x == ` failed."),
            std::string::npos)
      << text;
  IS(cuCtxSynchronize(), CUDA_ERROR_ASSERT);
}

}  // namespace
