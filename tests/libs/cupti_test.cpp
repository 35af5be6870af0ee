// CUPTI's activity records, read as a profiler reads them, of work whose kernels, sizes and order are known.
#include <cuda.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "libs/cupti/records.h"
#include "libs/cupti/results.h"

#define API(name, params, args) extern "C" CUptiResult name params;
#define STUB(name)
#include "libs/cupti/api.inc"
#undef API
#undef STUB

namespace {

using namespace ppu::cupti;  // NOLINT: the records

constexpr char kPtx[] = R"(
.version 7.0
.target sm_80
.address_size 64
.visible .entry twice(.param .u64 data) {
  .reg .b64 %p, %i;
  .reg .b32 %v, %t;
  ld.param.u64 %p, [data];
  mov.u32 %t, %tid.x;
  mul.wide.u32 %i, %t, 4;
  add.s64 %p, %p, %i;
  ld.global.u32 %v, [%p];
  add.u32 %v, %v, %v;
  st.global.u32 [%p], %v;
  ret;
}
)";
constexpr size_t kBufferBytes = 1024;  // a few records: what there is takes several

std::vector<std::pair<uint8_t*, size_t>> ready;

void request(uint8_t** buffer, size_t* bytes, size_t* most) {
  *buffer = static_cast<uint8_t*>(std::aligned_alloc(8, kBufferBytes));
  *bytes = kBufferBytes;
  *most = 0;
}
void complete(void*, uint32_t, uint8_t* buffer, size_t, size_t valid) {
  ready.emplace_back(buffer, valid);
}

class Cupti : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(cuInit(0), CUDA_SUCCESS);
    CUdevice device;
    ASSERT_EQ(cuDeviceGet(&device, 0), CUDA_SUCCESS);
    ASSERT_EQ(cuDevicePrimaryCtxRetain(&context_, device), CUDA_SUCCESS);
    ASSERT_EQ(cuCtxSetCurrent(context_), CUDA_SUCCESS);
    ASSERT_EQ(cuModuleLoadData(&module_, kPtx), CUDA_SUCCESS);
    ASSERT_EQ(cuModuleGetFunction(&twice_, module_, "twice"), CUDA_SUCCESS);
    ASSERT_EQ(cuMemAlloc(&data_, sizeof values_), CUDA_SUCCESS);
    ASSERT_EQ(cuptiActivityRegisterCallbacks(request, complete), CUPTI_SUCCESS);
  }
  void TearDown() override {
    cuptiFinalize();
    cuptiActivityFlushAll(0);
    for (const auto& [buffer, bytes] : ready) std::free(buffer);
    ready.clear();
    cuMemFree(data_);
    cuModuleUnload(module_);
  }
  void launch() {
    void* parameters[] = {&data_};
    ASSERT_EQ(cuLaunchKernel(twice_, 1, 1, 1, 32, 1, 1, 64, nullptr, parameters, nullptr), CUDA_SUCCESS);
  }
  /// The records of all buffers, in order.
  std::vector<const uint8_t*> records() {
    EXPECT_EQ(cuCtxSynchronize(), CUDA_SUCCESS);
    EXPECT_EQ(cuptiActivityFlushAll(0), CUPTI_SUCCESS);
    std::vector<const uint8_t*> all;
    for (const auto& [buffer, bytes] : ready)
      for (uint8_t* record = nullptr; cuptiActivityGetNextRecord(buffer, bytes, &record) == CUPTI_SUCCESS;)
        all.push_back(record);
    return all;
  }
  static uint32_t kind_of(const uint8_t* record) {
    uint32_t kind;
    std::memcpy(&kind, record, sizeof kind);
    return kind;
  }
  template <class Record>
  static const Record& as(const uint8_t* record) {
    return *reinterpret_cast<const Record*>(record);
  }

  CUcontext context_ = nullptr;
  CUmodule module_ = nullptr;
  CUfunction twice_ = nullptr;
  CUdeviceptr data_ = 0;
  uint32_t values_[32] = {};
};

TEST_F(Cupti, RecordsKernelsCopiesAndFills) {
  for (const uint32_t kind : {kMemcpy, kMemset, kConcurrentKernel})
    ASSERT_EQ(cuptiActivityEnable(kind), CUPTI_SUCCESS);
  ASSERT_EQ(cuMemsetD32(data_, 3, 32), CUDA_SUCCESS);
  launch();
  ASSERT_EQ(cuMemcpyDtoH(values_, data_, sizeof values_), CUDA_SUCCESS);
  ASSERT_EQ(cuMemcpyHtoD(data_, values_, 8), CUDA_SUCCESS);
  EXPECT_EQ(values_[31], 6u);
  const std::vector<const uint8_t*> all = records();
  ASSERT_EQ(all.size(), 4u);
  EXPECT_GT(ready.size(), 0u);
  ASSERT_EQ(kind_of(all[0]), kMemset);
  const auto& fill = as<FillRecord>(all[0]);
  EXPECT_EQ(fill.bytes, sizeof values_);
  EXPECT_EQ(fill.value, 3u);
  ASSERT_EQ(kind_of(all[1]), kConcurrentKernel);
  const auto& kernel = as<KernelRecord>(all[1]);
  EXPECT_STREQ(kernel.name, "twice");
  EXPECT_EQ(kernel.grid[0], 1u);
  EXPECT_EQ(kernel.block[0], 32u);
  EXPECT_EQ(kernel.dynamic_shared_bytes, 64u);
  EXPECT_LE(fill.end, kernel.start);
  EXPECT_LE(kernel.start, kernel.end);
  EXPECT_NE(kernel.correlation, fill.correlation);
  ASSERT_EQ(kind_of(all[2]), kMemcpy);
  EXPECT_EQ(as<CopyRecord>(all[2]).copy_kind, kDeviceToHost);
  EXPECT_EQ(as<CopyRecord>(all[2]).bytes, sizeof values_);
  EXPECT_LE(kernel.end, as<CopyRecord>(all[2]).start);
  ASSERT_EQ(kind_of(all[3]), kMemcpy);
  EXPECT_EQ(as<CopyRecord>(all[3]).copy_kind, kHostToDevice);
}

struct Told {
  std::vector<std::pair<uint32_t, void*>> contexts;
};

void note(void* user, CUpti_CallbackDomain domain, uint32_t callback, const void* data) {
  EXPECT_EQ(domain, CUPTI_CB_DOMAIN_RESOURCE);
  static_cast<Told*>(user)->contexts.emplace_back(callback,
                                                  static_cast<const CUpti_ResourceData*>(data)->context);
}

TEST_F(Cupti, TellsASubscriberOfContexts) {
  Told told;
  CUpti_SubscriberHandle subscriber = nullptr, second = nullptr;
  ASSERT_EQ(cuptiSubscribe(&subscriber, note, &told), CUPTI_SUCCESS);
  EXPECT_EQ(cuptiSubscribe(&second, note, &told), CUPTI_ERROR_MAX_LIMIT_REACHED);
  CUdevice device;
  ASSERT_EQ(cuCtxGetDevice(&device), CUDA_SUCCESS);
  const auto make_one = [&] {
    CUcontext context;
    EXPECT_EQ(cuCtxCreate_v2(&context, 0, device), CUDA_SUCCESS);
    EXPECT_EQ(cuCtxDestroy(context), CUDA_SUCCESS);
    return context;
  };
  make_one();  // nothing is enabled
  EXPECT_TRUE(told.contexts.empty());
  for (const uint32_t id :
       {CUPTI_CBID_RESOURCE_CONTEXT_CREATED, CUPTI_CBID_RESOURCE_CONTEXT_DESTROY_STARTING})
    ASSERT_EQ(cuptiEnableCallback(1, subscriber, CUPTI_CB_DOMAIN_RESOURCE, id), CUPTI_SUCCESS);
  void* const context = make_one();
  const std::vector<std::pair<uint32_t, void*>> both = {{1, context}, {2, context}};
  EXPECT_EQ(told.contexts, both);
  uint32_t enabled = 0;
  EXPECT_EQ(cuptiGetCallbackState(&enabled, subscriber, CUPTI_CB_DOMAIN_RESOURCE, 1), CUPTI_SUCCESS);
  EXPECT_EQ(enabled, 1u);
  // Calls of functions aren't told.
  EXPECT_EQ(cuptiEnableCallback(1, subscriber, CUpti_CallbackDomain(2), 13), CUPTI_ERROR_NOT_SUPPORTED);
  EXPECT_EQ(cuptiEnableCallback(1, subscriber, CUpti_CallbackDomain(9), 1), CUPTI_ERROR_INVALID_PARAMETER);
  ASSERT_EQ(cuptiUnsubscribe(subscriber), CUPTI_SUCCESS);
  make_one();
  EXPECT_EQ(told.contexts, both);
  EXPECT_EQ(cuptiUnsubscribe(subscriber), CUPTI_ERROR_INVALID_PARAMETER);
}

TEST_F(Cupti, SaysWhichOfTheToolsNumbersSubmittedAKernel) {
  ASSERT_EQ(cuptiActivityEnable(kExternalCorrelation), CUPTI_SUCCESS);
  ASSERT_EQ(cuptiActivityEnable(kConcurrentKernel), CUPTI_SUCCESS);
  for (const uint64_t number : {42, 43}) {
    ASSERT_EQ(cuptiActivityPushExternalCorrelationId(3, number), CUPTI_SUCCESS);
    launch();
  }
  uint64_t last = 0;
  ASSERT_EQ(cuptiActivityPopExternalCorrelationId(3, &last), CUPTI_SUCCESS);
  EXPECT_EQ(last, 43u);
  launch();
  ASSERT_EQ(cuptiActivityPopExternalCorrelationId(3, &last), CUPTI_SUCCESS);
  EXPECT_EQ(cuptiActivityPopExternalCorrelationId(3, &last), CUPTI_ERROR_QUEUE_EMPTY);
  launch();
  std::map<uint32_t, uint64_t> submitters;
  std::vector<uint64_t> found;
  for (const uint8_t* record : records())
    if (kind_of(record) == kExternalCorrelation)
      submitters[as<CorrelationRecord>(record).correlation] = as<CorrelationRecord>(record).external;
    else
      found.push_back(submitters[as<KernelRecord>(record).correlation]);
  EXPECT_EQ(found, (std::vector<uint64_t>{42, 43, 42, 0}));
}

TEST_F(Cupti, TimesWithTheToolsClock) {
  static uint64_t ticks = 1000;
  ASSERT_EQ(cuptiActivityRegisterTimestampCallback([] { return ticks++; }), CUPTI_SUCCESS);
  ASSERT_EQ(cuptiActivityEnable(kConcurrentKernel), CUPTI_SUCCESS);
  launch();
  const std::vector<const uint8_t*> all = records();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_GE(as<KernelRecord>(all[0]).start, 1000u);
  EXPECT_LE(as<KernelRecord>(all[0]).end, ticks);
}

TEST_F(Cupti, IsSilentOnceDisabledAndRefusesWhatItHasNot) {
  ASSERT_EQ(cuptiActivityEnable(kConcurrentKernel), CUPTI_SUCCESS);
  ASSERT_EQ(cuptiActivityDisable(kConcurrentKernel), CUPTI_SUCCESS);
  launch();
  EXPECT_TRUE(records().empty());
  EXPECT_EQ(cuptiActivityEnable(5), CUPTI_ERROR_NOT_SUPPORTED);  // calls of the runtime
  EXPECT_EQ(cuptiActivityPushExternalCorrelationId(99, 1), CUPTI_ERROR_INVALID_PARAMETER);
}

}  // namespace
