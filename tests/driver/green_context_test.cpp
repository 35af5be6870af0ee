// Green contexts: a device's multiprocessors split into parts, contexts made of them, and their streams.
#include <cstring>

#include "driver_fixture.h"

namespace {

using Words = std::vector<uint32_t>;

class GreenContextTest : public DriverTest {
 protected:
  void SetUp() override {
    DriverTest::SetUp();
    OK(cuDevicePrimaryCtxRetain(&primary, device));
    OK(cuDeviceGetDevResource(device, &whole, CU_DEV_RESOURCE_TYPE_SM));
  }
  void TearDown() override {
    OK(cuDevicePrimaryCtxRelease(device));
    DriverTest::TearDown();
  }
  CUgreenCtx make(std::vector<CUdevResource> parts) {
    CUdevResourceDesc description = nullptr;
    CUgreenCtx green = nullptr;
    OK(cuDevResourceGenerateDesc(&description, parts.data(), unsigned(parts.size())));
    OK(cuGreenCtxCreate(&green, description, device, CU_GREEN_CTX_DEFAULT_STREAM));
    return green;
  }
  CUcontext primary = nullptr;
  CUdevResource whole;
};

TEST_F(GreenContextTest, MultiprocessorsAreSplit) {
  int sms = 0;
  OK(cuDeviceGetAttribute(&sms, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, device));
  EXPECT_EQ(whole.type, CU_DEV_RESOURCE_TYPE_SM);
  EXPECT_EQ(whole.sm.smCount, unsigned(sms));
  const unsigned least = whole.sm.minSmPartitionSize, step = whole.sm.smCoscheduledAlignment;
  // How many would there be?
  unsigned groups = 0;
  OK(cuDevSmResourceSplitByCount(nullptr, &groups, &whole, nullptr, 0, 5));
  const unsigned each = (std::max(5u, least) + step - 1) / step * step;
  EXPECT_EQ(groups, unsigned(sms) / each);
  // Two of them, and what is left.
  CUdevResource parts[3], rest;
  std::memset(parts, 0xff, sizeof parts);
  groups = 2;
  OK(cuDevSmResourceSplitByCount(parts, &groups, &whole, &rest, 0, 5));
  EXPECT_EQ(groups, 2u);
  EXPECT_EQ(parts[0].sm.smCount, each);
  EXPECT_EQ(parts[1].sm.smCount, each);
  EXPECT_EQ(rest.sm.smCount, unsigned(sms) - 2 * each);
  EXPECT_EQ(parts[2].type, CUdevResourceType(~0));  // behind what was asked for
  // More than there can be; nothing is left.
  groups = 3;
  OK(cuDevSmResourceSplitByCount(parts, &groups, &whole, &rest, 0, unsigned(sms)));
  EXPECT_EQ(groups, 1u);
  EXPECT_EQ(rest.type, CU_DEV_RESOURCE_TYPE_INVALID);
  // One by one.
  OK(cuDevSmResourceSplitByCount(nullptr, &groups, &whole, nullptr,
                                 CU_DEV_SM_RESOURCE_SPLIT_IGNORE_SM_COSCHEDULING, 1));
  EXPECT_EQ(groups, unsigned(sms));
  IS(cuDevSmResourceSplitByCount(parts, &groups, &whole, nullptr, 0, unsigned(sms) + 1),
     CUDA_ERROR_INVALID_VALUE);
  IS(cuDevSmResourceSplitByCount(parts, &groups, &whole, nullptr, 8, 4), CUDA_ERROR_INVALID_VALUE);
  IS(cuDevSmResourceSplitByCount(parts, nullptr, &whole, nullptr, 0, 4), CUDA_ERROR_INVALID_VALUE);
  IS(cuDevSmResourceSplitByCount(parts, &groups, nullptr, nullptr, 0, 4), CUDA_ERROR_INVALID_VALUE);
  groups = 1;
  IS(cuDevSmResourceSplitByCount(&rest, &groups, &parts[0], nullptr, 0, 4),
     CUDA_ERROR_INVALID_RESOURCE_CONFIGURATION);
  rest.type = CU_DEV_RESOURCE_TYPE_INVALID;
  IS(cuDevSmResourceSplitByCount(parts, &groups, &rest, nullptr, 0, 4), CUDA_ERROR_INVALID_RESOURCE_TYPE);
  IS(cuDeviceGetDevResource(device, &rest, CU_DEV_RESOURCE_TYPE_INVALID), CUDA_ERROR_INVALID_RESOURCE_TYPE);
  IS(cuDeviceGetDevResource(device, nullptr, CU_DEV_RESOURCE_TYPE_SM), CUDA_ERROR_INVALID_VALUE);
  IS(cuDeviceGetDevResource(99, &rest, CU_DEV_RESOURCE_TYPE_SM), CUDA_ERROR_INVALID_DEVICE);
}

TEST_F(GreenContextTest, AreMadeOfParts) {
  CUdevResource parts[2], other[1], found;
  unsigned groups = 2;
  OK(cuDevSmResourceSplitByCount(parts, &groups, &whole, nullptr, 0, 4));
  ASSERT_EQ(groups, 2u);
  groups = 1;
  OK(cuDevSmResourceSplitByCount(other, &groups, &whole, nullptr, 0, 4));
  const CUgreenCtx one = make({parts[0]}), both = make({parts[0], parts[1]});
  OK(cuGreenCtxGetDevResource(one, &found, CU_DEV_RESOURCE_TYPE_SM));
  EXPECT_EQ(found.sm.smCount, parts[0].sm.smCount);
  OK(cuGreenCtxGetDevResource(both, &found, CU_DEV_RESOURCE_TYPE_SM));
  EXPECT_EQ(found.sm.smCount, parts[0].sm.smCount * 2);
  groups = 2;  // a context's part may be split again
  OK(cuDevSmResourceSplitByCount(parts, &groups, &found, nullptr, 0, 4));
  EXPECT_EQ(groups, 2u);
  OK(cuCtxGetDevResource(primary, &found, CU_DEV_RESOURCE_TYPE_SM));
  EXPECT_EQ(found.sm.smCount, whole.sm.smCount);
  unsigned long long a = 0, b = 0;
  OK(cuGreenCtxGetId(one, &a));
  OK(cuGreenCtxGetId(both, &b));
  EXPECT_NE(a, b);
  CUcontext converted = nullptr;
  OK(cuCtxFromGreenCtx(&converted, one));
  EXPECT_EQ(converted, primary);
  // Parts of different splits may overlap.
  CUdevResource mixed[2] = {parts[0], other[0]};
  CUdevResourceDesc description = nullptr;
  CUgreenCtx green = nullptr;
  IS(cuDevResourceGenerateDesc(&description, mixed, 2), CUDA_ERROR_INVALID_RESOURCE_CONFIGURATION);
  mixed[1].type = CU_DEV_RESOURCE_TYPE_INVALID;
  IS(cuDevResourceGenerateDesc(&description, mixed, 2), CUDA_ERROR_INVALID_RESOURCE_TYPE);
  IS(cuDevResourceGenerateDesc(&description, parts, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuDevResourceGenerateDesc(nullptr, parts, 1), CUDA_ERROR_INVALID_VALUE);
  IS(cuDevResourceGenerateDesc(&description, nullptr, 1), CUDA_ERROR_INVALID_VALUE);
  OK(cuDevResourceGenerateDesc(&description, parts, 1));
  IS(cuGreenCtxCreate(&green, description, device, 0), CUDA_ERROR_INVALID_VALUE);  // the flag is required
  IS(cuGreenCtxCreate(&green, nullptr, device, CU_GREEN_CTX_DEFAULT_STREAM), CUDA_ERROR_INVALID_VALUE);
  IS(cuGreenCtxCreate(nullptr, description, device, CU_GREEN_CTX_DEFAULT_STREAM), CUDA_ERROR_INVALID_VALUE);
  IS(cuGreenCtxCreate(&green, description, 99, CU_GREEN_CTX_DEFAULT_STREAM), CUDA_ERROR_INVALID_DEVICE);
  OK(cuGreenCtxDestroy(both));
  OK(cuGreenCtxDestroy(one));
  IS(cuGreenCtxDestroy(one), CUDA_ERROR_CONTEXT_IS_DESTROYED);
  IS(cuGreenCtxGetId(one, &a), CUDA_ERROR_CONTEXT_IS_DESTROYED);
  IS(cuCtxFromGreenCtx(&converted, one), CUDA_ERROR_CONTEXT_IS_DESTROYED);
  IS(cuGreenCtxGetId(nullptr, &a), CUDA_ERROR_INVALID_CONTEXT);
  IS(cuGreenCtxGetDevResource(nullptr, &found, CU_DEV_RESOURCE_TYPE_SM), CUDA_ERROR_INVALID_CONTEXT);
  IS(cuCtxGetDevResource(nullptr, &found, CU_DEV_RESOURCE_TYPE_SM), CUDA_ERROR_INVALID_CONTEXT);
  unsigned flags = 0;
  int active = 0;
  OK(cuDevicePrimaryCtxGetState(device, &flags, &active));
  EXPECT_EQ(active, 1);  // each had retained it once
}

TEST_F(GreenContextTest, StreamsRunWork) {
  CUdevResource parts[1];
  unsigned groups = 1;
  OK(cuDevSmResourceSplitByCount(parts, &groups, &whole, nullptr, 0, 4));
  const CUgreenCtx green = make({parts[0]});
  CUstream s = nullptr, other = nullptr;
  OK(cuGreenCtxStreamCreate(&s, green, CU_STREAM_NON_BLOCKING, -1));
  OK(cuCtxPushCurrent(primary));
  OK(cuModuleLoadData(&module, kTestPtx));
  OK(cuStreamCreate(&other, CU_STREAM_NON_BLOCKING));
  int priority = 0;
  OK(cuStreamGetPriority(s, &priority));
  EXPECT_EQ(priority, -1);
  CUcontext of = nullptr;
  CUgreenCtx of_green = nullptr;
  OK(cuStreamGetCtx_v2(s, &of, &of_green));
  EXPECT_EQ(of, primary);
  EXPECT_EQ(of_green, green);
  OK(cuStreamGetCtx_v2(other, &of, &of_green));
  EXPECT_EQ(of_green, nullptr);
  // Its event covers its streams and no others.
  const CUdeviceptr out = allocate(16), flag = allocate(8);
  OK(cuMemsetD32(out, 0, 4));
  OK(cuMemsetD32(flag, 0, 2));
  CUevent e;
  OK(cuEventCreate(&e, CU_EVENT_DISABLE_TIMING));
  OK(cuStreamWaitValue32(s, flag, 1, CU_STREAM_WAIT_VALUE_EQ));
  OK(run("touch", 1, 1, s, out, 5u));
  OK(cuStreamWaitValue32(other, flag + 4, 1, CU_STREAM_WAIT_VALUE_EQ));
  OK(cuGreenCtxRecordEvent(green, e));
  IS(cuEventQuery(e), CUDA_ERROR_NOT_READY);
  OK(cuStreamWriteValue32(nullptr, flag, 1, 0));
  OK(cuEventSynchronize(e));  // `other` still waits
  EXPECT_EQ(read(out, 1), Words{5});
  IS(cuStreamQuery(other), CUDA_ERROR_NOT_READY);
  // And its streams wait for an event.
  OK(cuEventRecord(e, other));
  OK(cuGreenCtxWaitEvent(green, e));
  OK(run("touch", 1, 1, s, out, 6u));
  IS(cuStreamQuery(s), CUDA_ERROR_NOT_READY);
  EXPECT_EQ(read(out, 1), Words{5});
  OK(cuStreamWriteValue32(nullptr, flag + 4, 1, 0));
  OK(cuStreamSynchronize(s));
  EXPECT_EQ(read(out, 1), Words{6});
  OK(cuStreamBeginCapture(s, CU_STREAM_CAPTURE_MODE_RELAXED));
  IS(cuGreenCtxRecordEvent(green, e), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  CUgraph graph = nullptr;
  IS(cuStreamEndCapture(s, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  IS(cuGreenCtxStreamCreate(&other, green, CU_STREAM_DEFAULT, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuGreenCtxStreamCreate(nullptr, green, CU_STREAM_NON_BLOCKING, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuGreenCtxStreamCreate(&other, nullptr, CU_STREAM_NON_BLOCKING, 0), CUDA_ERROR_INVALID_CONTEXT);
  IS(cuGreenCtxRecordEvent(green, nullptr), CUDA_ERROR_INVALID_HANDLE);
  IS(cuGreenCtxWaitEvent(green, nullptr), CUDA_ERROR_INVALID_HANDLE);
  IS(cuGreenCtxWaitEvent(nullptr, e), CUDA_ERROR_INVALID_CONTEXT);
  IS(cuGreenCtxRecordEvent(nullptr, e), CUDA_ERROR_INVALID_CONTEXT);
  // Streams that outlive it say so.
  OK(cuGreenCtxDestroy(green));
  IS(cuStreamSynchronize(s), CUDA_ERROR_CONTEXT_IS_DESTROYED);
  IS(cuStreamDestroy(s), CUDA_ERROR_CONTEXT_IS_DESTROYED);
  IS(cuGreenCtxStreamCreate(&s, green, CU_STREAM_NON_BLOCKING, 0), CUDA_ERROR_CONTEXT_IS_DESTROYED);
  OK(cuEventDestroy(e));
  OK(cuStreamDestroy(other));
  OK(cuMemFree(out));
  OK(cuMemFree(flag));
  OK(cuModuleUnload(module));
  OK(cuCtxPopCurrent(nullptr));
}

}  // namespace
