// Result codes that no other group of tests meets on its way: each is provoked, and what had been started
// works on afterwards.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

#include "driver_fixture.h"

// Gone from cuda.h.
extern "C" CUresult cuProfilerInitialize(const char*, const char*, int);

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
  IS(cuMulticastUnbind(0, 0, 0, 0), CUDA_ERROR_NOT_SUPPORTED);
  OK(cuLogsUnregisterCallback(handle));
  IS(cuLogsUnregisterCallback(handle), CUDA_ERROR_INVALID_VALUE);
  IS(cuMulticastAddDevice(0, 0), CUDA_ERROR_NOT_SUPPORTED);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("cuMulticastUnbind"), std::string::npos);
}

TEST_F(ErrorCodes, TheLogIsDumped) {
  const auto text_from = [](CUlogIterator* from, size_t room, CUresult wanted = CUDA_SUCCESS) {
    std::vector<char> buffer(room, 'x');
    size_t bytes = room;
    EXPECT_EQ(cuLogsDumpToMemory(from, buffer.data(), &bytes, 0), wanted);
    EXPECT_EQ(std::strlen(buffer.data()), bytes);
    return std::string(buffer.data());
  };
  CUlogIterator at = 0, again = 0;
  OK(cuLogsCurrent(&at, 0));
  EXPECT_EQ(text_from(&at, 1000), "");
  again = at;
  CUmodule none;
  testing::internal::CaptureStderr();
  IS(cuModuleLoadData(&none, "first"), CUDA_ERROR_INVALID_IMAGE);
  IS(cuModuleLoadData(&none, "second"), CUDA_ERROR_INVALID_IMAGE);
  const std::string stderr_text = testing::internal::GetCapturedStderr();
  const std::string both = text_from(&at, 4096);
  EXPECT_EQ(both, stderr_text);
  EXPECT_EQ(text_from(&at, 1000), "");  // it has advanced
  // Too little room: the last line, behind a note; and none at all.
  CUlogIterator last = again, no = again;
  const std::string part = text_from(&last, both.size());
  EXPECT_EQ(part.find("first"), std::string::npos) << part;
  EXPECT_NE(part.find("second"), std::string::npos) << part;
  EXPECT_NE(part.find("missing"), std::string::npos) << part;
  EXPECT_EQ(text_from(&no, 20, CUDA_ERROR_INVALID_VALUE), "");
  // Everything, whatever has been read.
  EXPECT_NE(text_from(nullptr, 30000).find(both), std::string::npos);
  const std::string path = testing::TempDir() + "openppu_log_" + std::to_string(getpid());
  OK(cuLogsDumpToFile(&again, path.c_str(), 0));
  std::stringstream file;
  file << std::ifstream(path).rdbuf();
  EXPECT_EQ(file.str(), both);
  EXPECT_EQ(text_from(&again, 1000), "");
  std::remove(path.c_str());
  size_t bytes = 10;
  char buffer[10];
  IS(cuLogsCurrent(nullptr, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuLogsCurrent(&at, 1), CUDA_ERROR_INVALID_VALUE);
  IS(cuLogsDumpToFile(&at, nullptr, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuLogsDumpToFile(&at, "/nowhere/at/all", 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuLogsDumpToMemory(&at, nullptr, &bytes, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuLogsDumpToMemory(&at, buffer, nullptr, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuLogsDumpToMemory(&at, buffer, &bytes, 1), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(ErrorCodes, SettingsOfCoreDumpsAreKept) {
  size_t bytes = 0;
  OK(cuCoredumpGetAttribute(CU_COREDUMP_FILE, nullptr, &bytes));
  EXPECT_EQ(bytes, 1024u);
  OK(cuCoredumpSetAttributeGlobal(CU_COREDUMP_LIGHTWEIGHT, nullptr, &bytes));
  EXPECT_EQ(bytes, sizeof(bool));
  char name[1024] = "", of_context[1024] = "";
  bytes = sizeof name;
  OK(cuCoredumpGetAttributeGlobal(CU_COREDUMP_FILE, name, &bytes));
  EXPECT_EQ(std::string(name).rfind("core.cuda.", 0), 0u) << name;
  EXPECT_NE(std::string(name).find("." + std::to_string(getpid())), std::string::npos) << name;
  // A context has the process's settings until it gets its own.
  OK(cuCoredumpGetAttribute(CU_COREDUMP_FILE, of_context, &bytes));
  EXPECT_STREQ(of_context, name);
  char mine[] = "mine";
  bytes = sizeof mine;
  OK(cuCoredumpSetAttribute(CU_COREDUMP_FILE, mine, &bytes));
  bytes = sizeof name;
  OK(cuCoredumpGetAttribute(CU_COREDUMP_FILE, of_context, &bytes));
  EXPECT_STREQ(of_context, "mine");
  OK(cuCoredumpGetAttributeGlobal(CU_COREDUMP_FILE, of_context, &bytes));
  EXPECT_STREQ(of_context, name);
  bool yes = true, found = true;
  bytes = sizeof yes;
  OK(cuCoredumpGetAttribute(CU_COREDUMP_ENABLE_ON_EXCEPTION, &found, &bytes));
  EXPECT_FALSE(found);
  OK(cuCoredumpGetAttribute(CU_COREDUMP_TRIGGER_HOST, &found, &bytes));
  EXPECT_TRUE(found);
  // Lightweight is a set of flags.
  OK(cuCoredumpSetAttribute(CU_COREDUMP_LIGHTWEIGHT, &yes, &bytes));
  unsigned flags = 0;
  bytes = sizeof flags;
  OK(cuCoredumpGetAttribute(CU_COREDUMP_GENERATION_FLAGS, &flags, &bytes));
  EXPECT_EQ(flags, unsigned(CU_COREDUMP_LIGHTWEIGHT_FLAGS));
  flags = CU_COREDUMP_SKIP_ABORT;
  OK(cuCoredumpSetAttribute(CU_COREDUMP_GENERATION_FLAGS, &flags, &bytes));
  OK(cuCoredumpGetAttribute(CU_COREDUMP_LIGHTWEIGHT, &found, &bytes));
  EXPECT_FALSE(found);
  flags = 1u << 20;
  IS(cuCoredumpSetAttribute(CU_COREDUMP_GENERATION_FLAGS, &flags, &bytes), CUDA_ERROR_INVALID_VALUE);
  IS(cuCoredumpSetAttribute(CU_COREDUMP_PIPE, mine, &bytes), CUDA_ERROR_NOT_PERMITTED);  // the process's only
  IS(cuCoredumpSetAttribute(CU_COREDUMP_ENABLE_USER_TRIGGER, &yes, &bytes), CUDA_ERROR_NOT_PERMITTED);
  IS(cuCoredumpGetAttribute(CU_COREDUMP_MAX, &found, &bytes), CUDA_ERROR_INVALID_VALUE);
  IS(cuCoredumpGetAttribute(CU_COREDUMP_FILE, name, nullptr), CUDA_ERROR_INVALID_VALUE);
  bytes = 2;
  IS(cuCoredumpGetAttribute(CU_COREDUMP_FILE, name, &bytes), CUDA_ERROR_INVALID_VALUE);
  without_context(
      [&] { IS(cuCoredumpGetAttribute(CU_COREDUMP_FILE, name, &bytes), CUDA_ERROR_INVALID_CONTEXT); });
}

TEST_F(ErrorCodes, HandlesThatNothingElseCouldRead) {
  const CUdeviceptr p = allocate(1 << 20);
  int fd = -1;
  const auto ask = [&](CUdeviceptr at, size_t bytes,
                       CUmemRangeHandleType kind = CU_MEM_RANGE_HANDLE_TYPE_DMA_BUF_FD) {
    return cuMemGetHandleForAddressRange(&fd, at, bytes, kind, 0);
  };
  int can = -1;
  OK(cuDeviceGetAttribute(&can, CU_DEVICE_ATTRIBUTE_DMA_BUF_SUPPORTED, device));
  EXPECT_EQ(can, 0);
  IS(ask(p, 1 << 20), CUDA_ERROR_NOT_SUPPORTED);
  IS(ask(p + 8, 4096), CUDA_ERROR_INVALID_VALUE);  // not on a page
  IS(ask(p, 100), CUDA_ERROR_INVALID_VALUE);
  IS(ask(p, 1 << 30), CUDA_ERROR_INVALID_VALUE);  // beyond the end
  IS(ask(p, 4096, CUmemRangeHandleType(9)), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemGetHandleForAddressRange(nullptr, p, 4096, CU_MEM_RANGE_HANDLE_TYPE_DMA_BUF_FD, 0),
     CUDA_ERROR_INVALID_VALUE);
  IS(cuProfilerInitialize("in", "out", 0), CUDA_ERROR_NOT_SUPPORTED);  // gone with CUDA 12
}

}  // namespace
