// Result codes that no other group of tests meets on its way: each is provoked, and what had been started
// works on afterwards.
#include <thread>

#include "driver_fixture.h"

namespace {

using ErrorCodes = DriverTest;

TEST_F(ErrorCodes, Limits) {
  size_t value = 0;
  IS(cuCtxGetLimit(&value, CU_LIMIT_MAX), CUDA_ERROR_UNSUPPORTED_LIMIT);
  IS(cuCtxSetLimit(CU_LIMIT_MAX, 1), CUDA_ERROR_UNSUPPORTED_LIMIT);
}

TEST_F(ErrorCodes, ExecutionAffinity) {
  CUexecAffinityParam affinity = {};
  affinity.type = CU_EXEC_AFFINITY_TYPE_SM_COUNT;
  IS(cuCtxGetExecAffinity(&affinity, CU_EXEC_AFFINITY_TYPE_SM_COUNT), CUDA_ERROR_UNSUPPORTED_EXEC_AFFINITY);
}

TEST_F(ErrorCodes, Clusters) {
  CUlaunchAttribute attribute = {};
  attribute.id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
  attribute.value.clusterDim.x = 2;
  attribute.value.clusterDim.y = attribute.value.clusterDim.z = 1;
  CUlaunchConfig config = {};
  config.gridDimX = 4, config.gridDimY = config.gridDimZ = 1;
  config.blockDimX = 32, config.blockDimY = config.blockDimZ = 1;
  config.attrs = &attribute;
  config.numAttrs = 1;
  IS(cuLaunchKernelEx(&config, function("empty"), nullptr, nullptr), CUDA_ERROR_INVALID_CLUSTER_SIZE);
  attribute.value.clusterDim.x = 1;
  OK(cuLaunchKernelEx(&config, function("empty"), nullptr, nullptr));
  OK(cuCtxSynchronize());
}

TEST_F(ErrorCodes, CapturesOfTwoStreamsDontMerge) {
  CUstream a, b;
  CUevent e;
  CUgraph graph = nullptr;
  OK(cuStreamCreate(&a, CU_STREAM_NON_BLOCKING));
  OK(cuStreamCreate(&b, CU_STREAM_NON_BLOCKING));
  OK(cuEventCreate(&e, CU_EVENT_DISABLE_TIMING));
  OK(cuStreamBeginCapture(a, CU_STREAM_CAPTURE_MODE_RELAXED));
  OK(cuStreamBeginCapture(b, CU_STREAM_CAPTURE_MODE_RELAXED));
  OK(cuEventRecord(e, a));
  IS(cuStreamWaitEvent(b, e, 0), CUDA_ERROR_STREAM_CAPTURE_MERGE);
  IS(cuStreamEndCapture(a, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  IS(cuStreamEndCapture(b, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  OK(run("empty", 1, 1, a));
  OK(cuStreamSynchronize(a));
  OK(cuEventDestroy(e));
  OK(cuStreamDestroy(a));
  OK(cuStreamDestroy(b));
}

TEST_F(ErrorCodes, AnotherThreadDoesntEndACapture) {
  CUstream s;
  CUgraph graph = nullptr;
  OK(cuStreamCreate(&s, CU_STREAM_NON_BLOCKING));
  OK(cuStreamBeginCapture(s, CU_STREAM_CAPTURE_MODE_GLOBAL));
  std::thread([&] {
    cuCtxSetCurrent(context);
    IS(cuStreamEndCapture(s, &graph), CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD);
  }).join();
  OK(cuStreamEndCapture(s, &graph));
  OK(cuGraphDestroy(graph));
  OK(cuStreamDestroy(s));
}

TEST_F(ErrorCodes, ACallThroughAWildFunctionPointer) {
  CUmodule own;
  OK(cuModuleLoadData(&own, R"(.version 8.0
.target sm_80
.address_size 64
.func known() { ret; }
.visible .entry wild(.param .u64 at) {
  .reg .b64 %rd<3>;
  ld.param.u64 %rd1, [at]; mov.u64 %rd2, known; add.u64 %rd1, %rd1, %rd2;
P: .callprototype _ ();
  call %rd1, (), P;
  ret;
}
)"));
  CUfunction f;
  OK(cuModuleGetFunction(&f, own, "wild"));
  uint64_t far = 0x123456;
  void* params[] = {&far};
  testing::internal::CaptureStderr();
  OK(cuLaunchKernel(f, 1, 1, 1, 1, 1, 1, 0, nullptr, params, nullptr));
  IS(cuCtxSynchronize(), CUDA_ERROR_INVALID_PC);
  IS(cuCtxSynchronize(), CUDA_ERROR_INVALID_PC);
  testing::internal::GetCapturedStderr();
}

TEST_F(ErrorCodes, TheLogTellsWhatIsMissing) {
  std::vector<std::string> lines;
  const CUlogsCallback listen = [](void* to, CUlogLevel level, char* text, size_t bytes) {
    if (level == CU_LOG_LEVEL_WARNING) static_cast<std::vector<std::string>*>(to)->emplace_back(text, bytes);
  };
  CUlogsCallbackHandle handle = nullptr;
  IS(cuLogsRegisterCallback(nullptr, nullptr, &handle), CUDA_ERROR_INVALID_VALUE);
  OK(cuLogsRegisterCallback(listen, &lines, &handle));
  IS(cuCoredumpGetAttribute(CU_COREDUMP_FILE, nullptr, nullptr), CUDA_ERROR_NOT_SUPPORTED);
  OK(cuLogsUnregisterCallback(handle));
  IS(cuLogsUnregisterCallback(handle), CUDA_ERROR_INVALID_VALUE);
  IS(cuCoredumpSetAttribute(CU_COREDUMP_FILE, nullptr, nullptr), CUDA_ERROR_NOT_SUPPORTED);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("cuCoredumpGetAttribute"), std::string::npos);
}

}  // namespace
