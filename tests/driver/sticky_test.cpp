// What an error leaves behind. Faults of kernels stick to the context: every later call says the same, until
// the context is gone; wrong arguments, shapes and images leave no trace. Chips' limits have their documented
// codes.
#include <functional>

#include "driver_fixture.h"

namespace {

const char* const kFaultyPtx = R"(.version 8.0
.target sm_80
.address_size 64
.visible .entry empty() { ret; }
.visible .entry stop() { trap; }
.visible .entry stop_too() { brkpt; }
.visible .entry touch(.param .u64 at) {
  .reg .b64 %d; ld.param.u64 %d, [at]; st.global.u32 [%d], 1; ret;
}
.visible .entry shared_far() { .shared .b32 s[4]; st.shared.u32 [s+1048576], 1; ret; }
.visible .entry local_far() {
  .local .b32 l[4]; .reg .b64 %d; mov.u64 %d, l; add.u64 %d, %d, 1099511627776; st.local.u32 [%d], 1; ret;
}
.func deeper(.param .b32 n) {
  .reg .pred %p; .reg .b32 %r<3>; .local .b32 keep[64];
  ld.param.b32 %r0, [n]; setp.eq.u32 %p, %r0, 0; @%p bra END;
  st.local.u32 [keep], %r0; sub.u32 %r0, %r0, 1;
  { .param .b32 a; st.param.b32 [a], %r0; call deeper, (a); }
  ld.local.u32 %r1, [keep];
END: ret;
}
.visible .entry recurse() {
  { .param .b32 a; st.param.b32 [a], 100000000; call deeper, (a); }
  ret;
}
.extern .func __assertfail(.param .b64 a, .param .b64 b, .param .b32 c, .param .b64 d, .param .b64 e);
.global .b8 text[4] = "x";
.visible .entry claim() {
  .reg .b64 %d; mov.u64 %d, text; cvta.global.u64 %d, %d;
  { .param .b64 a, b, d, e; .param .b32 c;
    st.param.b64 [a], %d; st.param.b64 [b], %d; st.param.b32 [c], 7; st.param.b64 [d], %d; st.param.b64 [e], 1;
    call __assertfail, (a, b, c, d, e); }
  ret;
}
)";

struct FaultCase {
  const char* kernel;
  uint64_t argument;
  const char* code;
};

const FaultCase kFaults[] = {{"stop", 0, "CUDA_ERROR_LAUNCH_FAILED"},
                             {"stop_too", 0, "CUDA_ERROR_LAUNCH_FAILED"},
                             {"touch", 0, "CUDA_ERROR_ILLEGAL_ADDRESS"},
                             {"touch", 0x7fff12345678, "CUDA_ERROR_ILLEGAL_ADDRESS"},
                             {"touch", 0x1001, "CUDA_ERROR_MISALIGNED_ADDRESS"},
                             {"shared_far", 0, "CUDA_ERROR_ILLEGAL_ADDRESS"},
                             {"local_far", 0, "CUDA_ERROR_ILLEGAL_ADDRESS"},
                             {"recurse", 0, "CUDA_ERROR_HARDWARE_STACK_ERROR"},
                             {"claim", 0, "CUDA_ERROR_ASSERT"}};

class StickyTest : public testing::TestWithParam<FaultCase> {
 protected:
  void SetUp() override {
    ASSERT_EQ(cuInit(0), CUDA_SUCCESS);
    ASSERT_EQ(cuDeviceGet(&device, 0), CUDA_SUCCESS);
  }
  CUresult launch(const char* kernel, uint64_t argument, CUstream stream) {
    CUmodule m;
    CUfunction f;
    CUresult r = cuModuleLoadData(&m, kFaultyPtx);
    if (!r) r = cuModuleGetFunction(&f, m, kernel);
    void* params[] = {&argument};
    return r ? r : cuLaunchKernel(f, 1, 1, 1, 32, 1, 1, 0, stream, params, nullptr);
  }
  CUdevice device = 0;
};

TEST_P(StickyTest, StaysWithTheContextAndOnlyThere) {
  CUcontext primary = nullptr;
  OK(cuDevicePrimaryCtxRetain(&primary, device));
  OK(cuCtxSetCurrent(primary));
  CUstream stream;
  CUevent event;
  CUdeviceptr before = 0, p = 0;
  OK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  OK(cuEventCreate(&event, 0));
  OK(cuMemAlloc(&before, 64));
  testing::internal::CaptureStderr();
  EXPECT_EQ(name_of(launch(GetParam().kernel, GetParam().argument, stream)), "CUDA_SUCCESS");
  EXPECT_EQ(name_of(cuStreamSynchronize(stream)), GetParam().code);
  testing::internal::GetCapturedStderr();
  char bytes[64] = {};
  const std::function<CUresult()> calls[] = {[] { return cuCtxSynchronize(); },
                                             [&] { return cuMemAlloc(&p, 64); },
                                             [&] { return cuMemcpyHtoD(before, bytes, 64); },
                                             [&] { return cuMemcpyDtoH(bytes, before, 64); },
                                             [&] { return cuMemsetD32(before, 1, 4); },
                                             [&] { return cuStreamSynchronize(stream); },
                                             [&] { return cuStreamQuery(stream); },
                                             [&] { return cuEventRecord(event, stream); },
                                             [&] { return launch("empty", 0, stream); },
                                             [&] { return cuCtxSynchronize(); }};
  for (size_t i = 0; i < std::size(calls); i++)
    EXPECT_EQ(name_of(calls[i]()), GetParam().code) << "call " << i;

  // The device itself works: in another context, and in the primary one after a reset.
  CUcontext other;
  OK(cuCtxCreate(&other, 0, device));
  OK(launch("empty", 0, nullptr));
  OK(cuCtxSynchronize());
  OK(cuMemAlloc(&p, 64));
  OK(cuCtxDestroy(other));
  OK(cuDevicePrimaryCtxReset(device));
  OK(cuCtxSetCurrent(primary));
  OK(launch("empty", 0, nullptr));
  OK(cuMemAlloc(&p, 64));
  OK(cuCtxSynchronize());
  OK(cuDevicePrimaryCtxRelease(device));
  OK(cuCtxSetCurrent(nullptr));
}

INSTANTIATE_TEST_SUITE_P(Faults, StickyTest, testing::ValuesIn(kFaults), [](const auto& info) {
  return std::string(info.param.kernel) + std::to_string(info.index);
});

using PassingTest = DriverTest;

TEST_F(PassingTest, RefusedCallsLeaveNoTrace) {
  CUdeviceptr p = 0;
  CUmodule m = nullptr;
  CUfunction f = nullptr;
  CUdevice none;
  testing::internal::CaptureStderr();
  const struct {
    const char* code;
    std::function<CUresult()> call;
  } cases[] = {
      {"CUDA_ERROR_INVALID_VALUE", [&] { return cuMemAlloc(&p, 0); }},
      {"CUDA_ERROR_OUT_OF_MEMORY", [&] { return cuMemAlloc(&p, size_t(1) << 50); }},
      {"CUDA_ERROR_INVALID_DEVICE", [&] { return cuDeviceGet(&none, 99); }},
      {"CUDA_ERROR_NOT_FOUND", [&] { return cuModuleGetFunction(&f, module, "nowhere"); }},
      {"CUDA_ERROR_FILE_NOT_FOUND", [&] { return cuModuleLoad(&m, "/nowhere/x.ptx"); }},
      {"CUDA_ERROR_INVALID_PTX",
       [&] {
         return cuModuleLoadData(&m, ".version 8.0\n.target sm_80\n.address_size 64\n.entry k() { bad; }\n");
       }},
      {"CUDA_ERROR_UNSUPPORTED_PTX_VERSION",
       [&] {
         return cuModuleLoadData(&m, ".version 12.3\n.target sm_80\n.address_size 64\nthings of tomorrow");
       }},
      {"CUDA_ERROR_INVALID_IMAGE",
       [&] {
         // As long as a header, which is read before anything in it can be doubted.
         return cuModuleLoadData(&m,
                                 "\x7f"
                                 "ELFnot really an ELF file, is it? It has no more than these words");
       }},
      {"CUDA_ERROR_INVALID_HANDLE",
       [&] { return cuStreamSynchronize(reinterpret_cast<CUstream>(0x1234567)); }},
      {"CUDA_ERROR_INVALID_VALUE", [&] { return run("empty", 1, 1025, nullptr); }},
      {"CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", [&] { return run("bounded", 1, 65, nullptr, CUdeviceptr(0)); }},
      {"CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED", [&] { return cuMemHostUnregister(&p); }},
      {"CUDA_ERROR_PEER_ACCESS_NOT_ENABLED", [&] { return cuCtxDisablePeerAccess(context); }},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(name_of(c.call()), c.code);
    EXPECT_EQ(name_of(run("empty", 1, 1, nullptr)), "CUDA_SUCCESS") << "behind " << c.code;
    EXPECT_EQ(name_of(cuCtxSynchronize()), "CUDA_SUCCESS") << "behind " << c.code;
  }
  testing::internal::GetCapturedStderr();
}

}  // namespace
