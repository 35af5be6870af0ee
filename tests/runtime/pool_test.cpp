// Stream-ordered allocation and its pools; what managed memory is told and remembers; what pinned memory is
// asked.
#include <array>

#include "api_fixture.h"

namespace {

using PoolApi = api::Test;

cudaMemPoolProps device_pool(int device) {
  cudaMemPoolProps p{};
  p.allocType = cudaMemAllocationTypePinned;
  p.location = {cudaMemLocationTypeDevice, device};
  return p;
}

uint64_t pool_number(cudaMemPool_t pool, cudaMemPoolAttr attribute) {
  uint64_t value = ~uint64_t(0);
  EXPECT_OK(cudaMemPoolGetAttribute(pool, attribute, &value));
  return value;
}

TEST_F(PoolApi, AllocatesCountsAndGivesBack) {
  const cudaMemPoolProps properties = device_pool(0);
  cudaMemPool_t pool = nullptr;
  ASSERT_OK(cudaMemPoolCreate(&pool, &properties));
  EXPECT_EQ(pool_number(pool, cudaMemPoolAttrUsedMemCurrent), 0u);
  void* memory = nullptr;
  ASSERT_OK(cudaMallocFromPoolAsync(&memory, 4096, pool, stream_));
  EXPECT_EQ(pool_number(pool, cudaMemPoolAttrUsedMemCurrent), 4096u);
  EXPECT_GE(pool_number(pool, cudaMemPoolAttrReservedMemCurrent), 4096u);
  EXPECT_OK(cudaMemsetAsync(memory, 5, 4096, stream_));
  EXPECT_OK(cudaMemcpyAsync(data_, memory, 64, cudaMemcpyDeviceToDevice, stream_));
  EXPECT_OK(cudaFreeAsync(memory, stream_));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_EQ(word(), 0x05050505u);
  EXPECT_EQ(pool_number(pool, cudaMemPoolAttrUsedMemCurrent), 0u);
  EXPECT_EQ(pool_number(pool, cudaMemPoolAttrUsedMemHigh), 4096u);
  uint64_t zero = 0;
  EXPECT_OK(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrUsedMemHigh, &zero));
  EXPECT_EQ(pool_number(pool, cudaMemPoolAttrUsedMemHigh), 0u);
  uint64_t one = 1;
  EXPECT_FAILS(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrUsedMemHigh, &one), cudaErrorInvalidValue);

  // Kept up to the threshold, and given back by a trim.
  uint64_t threshold = 1 << 24;
  EXPECT_OK(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &threshold));
  EXPECT_EQ(pool_number(pool, cudaMemPoolAttrReleaseThreshold), threshold);
  ASSERT_OK(cudaMallocFromPoolAsync(&memory, 1 << 20, pool, stream_));
  EXPECT_OK(cudaFreeAsync(memory, stream_));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_GE(pool_number(pool, cudaMemPoolAttrReservedMemCurrent), uint64_t(1) << 20);
  void* again = nullptr;
  ASSERT_OK(cudaMallocFromPoolAsync(&again, 1 << 20, pool, stream_));
  EXPECT_EQ(again, memory) << "the block that was kept";
  EXPECT_OK(cudaFreeAsync(again, stream_));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_OK(cudaMemPoolTrimTo(pool, 0));
  EXPECT_EQ(pool_number(pool, cudaMemPoolAttrReservedMemCurrent), 0u);

  int reuse = 0;
  EXPECT_OK(cudaMemPoolSetAttribute(pool, cudaMemPoolReuseAllowOpportunistic, &reuse));
  reuse = 1;
  EXPECT_OK(cudaMemPoolGetAttribute(pool, cudaMemPoolReuseAllowOpportunistic, &reuse));
  EXPECT_EQ(reuse, 0);
  EXPECT_OK(cudaMemPoolGetAttribute(pool, cudaMemPoolReuseFollowEventDependencies, &reuse));
  EXPECT_EQ(reuse, 1);
  EXPECT_FAILS(cudaMemPoolGetAttribute(pool, static_cast<cudaMemPoolAttr>(99), &reuse),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrUsedMemHigh, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrUsedMemCurrent, &zero), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, nullptr),
               cudaErrorInvalidValue);

  // A pool that is destroyed lives on until its last block is freed.
  ASSERT_OK(cudaMallocFromPoolAsync(&memory, 64, pool, stream_));
  EXPECT_OK(cudaMemPoolDestroy(pool));
  EXPECT_OK(cudaMemsetAsync(memory, 6, 64, stream_));
  EXPECT_OK(cudaMemcpyAsync(data_, memory, 64, cudaMemcpyDeviceToDevice, stream_));
  EXPECT_OK(cudaFreeAsync(memory, stream_));
  EXPECT_EQ(word(), 0x06060606u);
  EXPECT_FAILS(cudaMallocFromPoolAsync(&memory, 64, pool, stream_), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemPoolDestroy(pool), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemPoolTrimTo(pool, 0), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMallocFromPoolAsync(nullptr, 64, pool, stream_), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemPoolCreate(nullptr, &properties), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemPoolCreate(&pool, nullptr), cudaErrorInvalidValue);
  const cudaMemPoolProps nowhere = device_pool(2);
  EXPECT_FAILS(cudaMemPoolCreate(&pool, &nowhere), cudaErrorInvalidDevice);
}

TEST_F(PoolApi, PoolsOfADevice) {
  cudaMemPool_t first = nullptr, second = nullptr, current = nullptr, own = nullptr;
  ASSERT_OK(cudaDeviceGetDefaultMemPool(&first, 0));
  ASSERT_OK(cudaDeviceGetDefaultMemPool(&second, 1));
  EXPECT_NE(first, second);
  EXPECT_OK(cudaDeviceGetMemPool(&current, 0));
  EXPECT_EQ(current, first);
  const cudaMemPoolProps properties = device_pool(0);
  ASSERT_OK(cudaMemPoolCreate(&own, &properties));
  EXPECT_OK(cudaDeviceSetMemPool(0, own));
  EXPECT_OK(cudaDeviceGetMemPool(&current, 0));
  EXPECT_EQ(current, own);
  void* memory = nullptr;
  ASSERT_OK(cudaMallocAsync(&memory, 512, stream_));
  EXPECT_EQ(pool_number(own, cudaMemPoolAttrUsedMemCurrent), 512u) << "what cudaMallocAsync takes from";
  EXPECT_OK(cudaFreeAsync(memory, stream_));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_FAILS(cudaDeviceSetMemPool(1, own), cudaErrorInvalidDevice);  // another device's
  EXPECT_FAILS(cudaDeviceSetMemPool(2, own), cudaErrorInvalidDevice);
  EXPECT_FAILS(cudaDeviceSetMemPool(0, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaDeviceGetMemPool(&current, 2), cudaErrorInvalidDevice);
  EXPECT_FAILS(cudaDeviceGetMemPool(nullptr, 0), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaDeviceGetDefaultMemPool(&current, -1), cudaErrorInvalidDevice);
  EXPECT_FAILS(cudaDeviceGetDefaultMemPool(nullptr, 0), cudaErrorInvalidValue);
  EXPECT_OK(cudaMemPoolDestroy(own));
  EXPECT_OK(cudaDeviceGetMemPool(&current, 0));
  EXPECT_EQ(current, first) << "with the current pool gone the default one is current";
  EXPECT_FAILS(cudaMemPoolDestroy(first), cudaErrorInvalidValue);  // the default one stays

#if CUDART_VERSION >= 13000
  cudaMemLocation here = {cudaMemLocationTypeDevice, 0};
  EXPECT_OK(cudaMemGetDefaultMemPool(&current, &here, cudaMemAllocationTypePinned));
  EXPECT_EQ(current, first);
  ASSERT_OK(cudaMemPoolCreate(&own, &properties));
  EXPECT_OK(cudaMemSetMemPool(&here, cudaMemAllocationTypePinned, own));
  EXPECT_OK(cudaMemGetMemPool(&current, &here, cudaMemAllocationTypePinned));
  EXPECT_EQ(current, own);
  EXPECT_OK(cudaMemSetMemPool(&here, cudaMemAllocationTypePinned, first));
  EXPECT_OK(cudaMemPoolDestroy(own));
  EXPECT_FAILS(cudaMemGetDefaultMemPool(&current, nullptr, cudaMemAllocationTypePinned),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemGetMemPool(nullptr, &here, cudaMemAllocationTypePinned), cudaErrorInvalidValue);
  here.id = 2;
  EXPECT_FAILS(cudaMemGetMemPool(&current, &here, cudaMemAllocationTypePinned), cudaErrorInvalidDevice);
  EXPECT_FAILS(cudaMemSetMemPool(&here, cudaMemAllocationTypePinned, first), cudaErrorInvalidDevice);
#endif
}

TEST_F(PoolApi, AccessIsGivenToOtherDevices) {
  const cudaMemPoolProps properties = device_pool(0);
  cudaMemPool_t pool = nullptr;
  ASSERT_OK(cudaMemPoolCreate(&pool, &properties));
  cudaMemAccessFlags access = cudaMemAccessFlagsProtNone;
  cudaMemLocation own = {cudaMemLocationTypeDevice, 0}, other = {cudaMemLocationTypeDevice, 1};
  EXPECT_OK(cudaMemPoolGetAccess(&access, pool, &own));
  EXPECT_EQ(access, cudaMemAccessFlagsProtReadWrite);
  EXPECT_OK(cudaMemPoolGetAccess(&access, pool, &other));
  EXPECT_EQ(access, cudaMemAccessFlagsProtNone) << "nobody asked for it";
  cudaMemAccessDesc both = {other, cudaMemAccessFlagsProtReadWrite};
  EXPECT_OK(cudaMemPoolSetAccess(pool, &both, 1));
  EXPECT_OK(cudaMemPoolGetAccess(&access, pool, &other));
  EXPECT_EQ(access, cudaMemAccessFlagsProtReadWrite);
  both.flags = cudaMemAccessFlagsProtNone;
  EXPECT_OK(cudaMemPoolSetAccess(pool, &both, 1));
  EXPECT_OK(cudaMemPoolGetAccess(&access, pool, &other));
  EXPECT_EQ(access, cudaMemAccessFlagsProtNone);
  const cudaMemAccessDesc mine = {own, cudaMemAccessFlagsProtNone};
  EXPECT_FAILS(cudaMemPoolSetAccess(pool, &mine, 1),
               cudaErrorInvalidValue);  // a device reaches its own pools
  const cudaMemAccessDesc nobody = {{cudaMemLocationTypeDevice, 2}, cudaMemAccessFlagsProtReadWrite};
  EXPECT_FAILS(cudaMemPoolSetAccess(pool, &nobody, 1), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemPoolSetAccess(pool, nullptr, 1), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemPoolGetAccess(nullptr, pool, &own), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemPoolGetAccess(&access, pool, nullptr), cudaErrorInvalidValue);
  own.id = 2;
  EXPECT_FAILS(cudaMemPoolGetAccess(&access, pool, &own), cudaErrorInvalidValue);
  EXPECT_OK(cudaMemPoolDestroy(pool));
}

TEST_F(PoolApi, MemoryOfGraphsIsCounted) {
  const auto counter = [](cudaGraphMemAttributeType which) {
    uint64_t value = ~uint64_t(0);
    EXPECT_OK(cudaDeviceGetGraphMemAttribute(0, which, &value));
    return value;
  };
  uint64_t zero = 0;
  EXPECT_OK(cudaDeviceGraphMemTrim(0));
  EXPECT_OK(cudaDeviceSetGraphMemAttribute(0, cudaGraphMemAttrUsedMemHigh, &zero));
  EXPECT_OK(cudaDeviceSetGraphMemAttribute(0, cudaGraphMemAttrReservedMemHigh, &zero));
  EXPECT_EQ(counter(cudaGraphMemAttrUsedMemCurrent), 0u);
  EXPECT_EQ(counter(cudaGraphMemAttrUsedMemHigh), 0u);
  cudaGraph_t graph = nullptr;
  cudaGraphNode_t node = nullptr;
  ASSERT_OK(cudaGraphCreate(&graph, 0));
  cudaMemAllocNodeParams alloc{};
  alloc.poolProps = device_pool(0);
  alloc.bytesize = 1 << 16;
  ASSERT_OK(cudaGraphAddMemAllocNode(&node, graph, nullptr, 0, &alloc));
  cudaGraphExec_t exec = nullptr;
  ASSERT_OK(cudaGraphInstantiateWithFlags(&exec, graph, 0));
  EXPECT_OK(cudaGraphLaunch(exec, stream_));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_GE(counter(cudaGraphMemAttrUsedMemCurrent), uint64_t(1) << 16);
  EXPECT_GE(counter(cudaGraphMemAttrReservedMemCurrent), uint64_t(1) << 16);
  EXPECT_GE(counter(cudaGraphMemAttrUsedMemHigh), uint64_t(1) << 16);
  EXPECT_OK(cudaFree(alloc.dptr));
  EXPECT_OK(cudaGraphExecDestroy(exec));
  EXPECT_OK(cudaGraphDestroy(graph));
  EXPECT_OK(cudaDeviceGraphMemTrim(0));
  EXPECT_EQ(counter(cudaGraphMemAttrUsedMemCurrent), 0u);
  EXPECT_EQ(counter(cudaGraphMemAttrReservedMemCurrent), 0u);
  EXPECT_GE(counter(cudaGraphMemAttrUsedMemHigh), uint64_t(1) << 16) << "until it is set to 0";
  EXPECT_OK(cudaDeviceSetGraphMemAttribute(0, cudaGraphMemAttrUsedMemHigh, &zero));
  EXPECT_EQ(counter(cudaGraphMemAttrUsedMemHigh), 0u);
  EXPECT_FAILS(cudaDeviceSetGraphMemAttribute(0, cudaGraphMemAttrUsedMemCurrent, &zero),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaDeviceGetGraphMemAttribute(0, cudaGraphMemAttrUsedMemHigh, nullptr),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaDeviceGetGraphMemAttribute(2, cudaGraphMemAttrUsedMemHigh, &zero), cudaErrorInvalidDevice);
  EXPECT_FAILS(cudaDeviceGetGraphMemAttribute(0, static_cast<cudaGraphMemAttributeType>(9), &zero),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaDeviceGraphMemTrim(2), cudaErrorInvalidDevice);
}

class ManagedApi : public api::Test {
 protected:
  static constexpr size_t kPage = 4096, kBytes = 16 * kPage;
  void SetUp() override {
    api::Test::SetUp();
    ASSERT_OK(cudaMallocManaged(reinterpret_cast<void**>(&memory_), kBytes, cudaMemAttachGlobal));
  }
  void TearDown() override {
    EXPECT_OK(cudaFree(memory_));
    api::Test::TearDown();
  }
  int range(cudaMemRangeAttribute attribute, size_t from = 0, size_t bytes = kBytes) {
    int value = -7;
    EXPECT_OK(cudaMemRangeGetAttribute(&value, sizeof value, attribute, memory_ + from, bytes));
    return value;
  }
  cudaError_t advise(cudaMemoryAdvise advice, int device, size_t from = 0, size_t bytes = kBytes) {
#if CUDART_VERSION >= 13000
    return cudaMemAdvise(memory_ + from, bytes, advice, location(device));
#else
    return cudaMemAdvise(memory_ + from, bytes, advice, device);
#endif
  }
  cudaError_t prefetch(int device, size_t from = 0, size_t bytes = kBytes) {
#if CUDART_VERSION >= 13000
    return cudaMemPrefetchAsync(memory_ + from, bytes, location(device), 0, stream_);
#else
    return cudaMemPrefetchAsync(memory_ + from, bytes, device, stream_);
#endif
  }
  static cudaMemLocation location(int device) {
    if (device == cudaCpuDeviceId) return {cudaMemLocationTypeHost, 0};
    return {cudaMemLocationTypeDevice, device};
  }
  char* memory_ = nullptr;
};

TEST_F(ManagedApi, AdviceIsRememberedByRange) {
  EXPECT_EQ(range(cudaMemRangeAttributeReadMostly), 0);
  EXPECT_EQ(range(cudaMemRangeAttributePreferredLocation), cudaInvalidDeviceId);
  EXPECT_EQ(range(cudaMemRangeAttributeLastPrefetchLocation), cudaInvalidDeviceId);
  EXPECT_OK(advise(cudaMemAdviseSetReadMostly, 0, 0, 4 * kPage));
  EXPECT_EQ(range(cudaMemRangeAttributeReadMostly, 0, 4 * kPage), 1);
  EXPECT_EQ(range(cudaMemRangeAttributeReadMostly), 0) << "not all of it";
  EXPECT_OK(advise(cudaMemAdviseUnsetReadMostly, 0));
  EXPECT_EQ(range(cudaMemRangeAttributeReadMostly, 0, 4 * kPage), 0);
  EXPECT_OK(advise(cudaMemAdviseSetPreferredLocation, 1));
  EXPECT_EQ(range(cudaMemRangeAttributePreferredLocation), 1);
  EXPECT_OK(advise(cudaMemAdviseSetPreferredLocation, cudaCpuDeviceId, kPage, kPage));
  EXPECT_EQ(range(cudaMemRangeAttributePreferredLocation, kPage, kPage), cudaCpuDeviceId);
  EXPECT_EQ(range(cudaMemRangeAttributePreferredLocation), cudaInvalidDeviceId) << "parts differ";
  EXPECT_OK(advise(cudaMemAdviseUnsetPreferredLocation, 0));
  EXPECT_EQ(range(cudaMemRangeAttributePreferredLocation, kPage, kPage), cudaInvalidDeviceId);

  int list[3] = {-7, -7, -7};
  EXPECT_OK(advise(cudaMemAdviseSetAccessedBy, 1));
  EXPECT_OK(advise(cudaMemAdviseSetAccessedBy, cudaCpuDeviceId));
  EXPECT_OK(cudaMemRangeGetAttribute(list, sizeof list, cudaMemRangeAttributeAccessedBy, memory_, kBytes));
  EXPECT_EQ(list[0] + list[1], 1 + cudaCpuDeviceId);
  EXPECT_EQ(list[2], cudaInvalidDeviceId) << "as many as there are, then the invalid one";
  EXPECT_OK(advise(cudaMemAdviseUnsetAccessedBy, cudaCpuDeviceId));
  EXPECT_OK(cudaMemRangeGetAttribute(list, sizeof list, cudaMemRangeAttributeAccessedBy, memory_, kBytes));
  EXPECT_EQ(list[0], 1);
  EXPECT_EQ(list[1], cudaInvalidDeviceId);

  EXPECT_FAILS(advise(static_cast<cudaMemoryAdvise>(99), 0), cudaErrorInvalidValue);
  EXPECT_FAILS(advise(cudaMemAdviseSetPreferredLocation, 2), cudaErrorInvalidDevice);
  EXPECT_FAILS(advise(cudaMemAdviseSetReadMostly, 0, 0, kBytes + kPage), cudaErrorInvalidValue);
  int value = 0;
  EXPECT_FAILS(cudaMemRangeGetAttribute(&value, 4, cudaMemRangeAttributeReadMostly, data_, 64),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemRangeGetAttribute(&value, 3, cudaMemRangeAttributeReadMostly, memory_, 64),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemRangeGetAttribute(nullptr, 4, cudaMemRangeAttributeReadMostly, memory_, 64),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemRangeGetAttribute(&value, 4, static_cast<cudaMemRangeAttribute>(99), memory_, 64),
               cudaErrorInvalidValue);
}

TEST_F(ManagedApi, PrefetchesAreRemembered) {
  EXPECT_OK(prefetch(1));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_EQ(range(cudaMemRangeAttributeLastPrefetchLocation), 1);
  EXPECT_OK(prefetch(cudaCpuDeviceId, 0, kPage));
  EXPECT_EQ(range(cudaMemRangeAttributeLastPrefetchLocation, 0, kPage), cudaCpuDeviceId);
  EXPECT_EQ(range(cudaMemRangeAttributeLastPrefetchLocation), cudaInvalidDeviceId);
  EXPECT_EQ(range(cudaMemRangeAttributeLastPrefetchLocation, kPage, kPage), 1);
  EXPECT_FAILS(prefetch(2), cudaErrorInvalidDevice);
  EXPECT_FAILS(prefetch(0, 0, kBytes + kPage), cudaErrorInvalidValue);

  int mostly = -7, last = -7, preferred = -7;
  void* values[] = {&mostly, &last, &preferred};
  size_t sizes[] = {4, 4, 4};
  cudaMemRangeAttribute attributes[] = {cudaMemRangeAttributeReadMostly,
                                        cudaMemRangeAttributeLastPrefetchLocation,
                                        cudaMemRangeAttributePreferredLocation};
  EXPECT_OK(advise(cudaMemAdviseSetReadMostly, 0));
  EXPECT_OK(cudaMemRangeGetAttributes(values, sizes, attributes, 3, memory_, kPage));
  EXPECT_EQ(mostly, 1);
  EXPECT_EQ(last, cudaCpuDeviceId);
  EXPECT_EQ(preferred, cudaInvalidDeviceId);
  EXPECT_FAILS(cudaMemRangeGetAttributes(nullptr, sizes, attributes, 3, memory_, kPage),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemRangeGetAttributes(values, sizes, attributes, 0, memory_, kPage),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemRangeGetAttributes(values, sizes, attributes, 3, data_, 64), cudaErrorInvalidValue);
}

#if CUDART_VERSION >= 13000
TEST_F(ManagedApi, ManyRangesAtOnce) {
  void* ranges[] = {memory_, memory_ + 4 * kPage, memory_ + 8 * kPage};
  size_t bytes[] = {kPage, 2 * kPage, kPage};
  cudaMemLocation places[] = {location(1), location(cudaCpuDeviceId)};
  size_t starts[] = {0, 2};
  EXPECT_OK(cudaMemPrefetchBatchAsync(ranges, bytes, 3, places, starts, 2, 0, stream_));
  EXPECT_EQ(range(cudaMemRangeAttributeLastPrefetchLocation, 0, kPage), 1);
  EXPECT_EQ(range(cudaMemRangeAttributeLastPrefetchLocation, 4 * kPage, 2 * kPage), 1);
  EXPECT_EQ(range(cudaMemRangeAttributeLastPrefetchLocation, 8 * kPage, kPage), cudaCpuDeviceId);
  EXPECT_EQ(range(cudaMemRangeAttributeLastPrefetchLocation, kPage, kPage), cudaInvalidDeviceId);
  places[0].id = 0;
  EXPECT_OK(cudaMemDiscardAndPrefetchBatchAsync(ranges, bytes, 3, places, starts, 2, 0, stream_));
  EXPECT_EQ(range(cudaMemRangeAttributeLastPrefetchLocation, 0, kPage), 0);
  EXPECT_OK(cudaMemDiscardBatchAsync(ranges, bytes, 3, 0, stream_));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  memory_[0] = 5;  // what was discarded may be written again
  EXPECT_OK(cudaMemcpyAsync(data_, memory_, 1, cudaMemcpyDefault, stream_));
  EXPECT_EQ(word(), 5u);

  EXPECT_FAILS(cudaMemPrefetchBatchAsync(ranges, bytes, 0, places, starts, 2, 0, stream_),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemPrefetchBatchAsync(ranges, bytes, 3, nullptr, starts, 2, 0, stream_),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemPrefetchBatchAsync(ranges, bytes, 3, places, starts, 2, 1, stream_),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemDiscardBatchAsync(nullptr, bytes, 3, 0, stream_), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemDiscardBatchAsync(ranges, bytes, 3, 1, stream_), cudaErrorInvalidValue);
  places[0].id = 2;
  EXPECT_FAILS(cudaMemPrefetchBatchAsync(ranges, bytes, 3, places, starts, 2, 0, stream_),
               cudaErrorInvalidDevice);
  places[0].id = 1;
  starts[0] = 1;
  EXPECT_FAILS(cudaMemDiscardAndPrefetchBatchAsync(ranges, bytes, 3, places, starts, 2, 0, stream_),
               cudaErrorInvalidValue);
  ranges[2] = data_;
  EXPECT_FAILS(cudaMemDiscardBatchAsync(ranges, bytes, 3, 0, stream_), cudaErrorInvalidValue);  // not managed
}
#endif

TEST_F(ManagedApi, AttachesToStreams) {
  EXPECT_OK(cudaStreamAttachMemAsync(stream_, memory_, 0, cudaMemAttachSingle));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  unsigned n = kCount, multiplier = 1, addend = 3;
  void* params[] = {&memory_, &n, &multiplier, &addend};
  EXPECT_OK(cudaLaunchKernel(&api::fma_words, dim3(2), dim3(128), params, 0, stream_));
  EXPECT_OK(cudaStreamAttachMemAsync(stream_, memory_, kBytes, cudaMemAttachGlobal));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_EQ(reinterpret_cast<unsigned*>(memory_)[kCount - 1], 3u);
  EXPECT_FAILS(cudaStreamAttachMemAsync(stream_, memory_, 0, 7), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaStreamAttachMemAsync(stream_, memory_, kPage, cudaMemAttachHost), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaStreamAttachMemAsync(stream_, data_, 0, cudaMemAttachGlobal), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaStreamAttachMemAsync(nullptr, memory_, 0, cudaMemAttachSingle), cudaErrorInvalidValue);
}

TEST_F(PoolApi, FlagsOfPinnedMemory) {
  void* host = nullptr;
  unsigned flags = 99;
  ASSERT_OK(cudaHostAlloc(&host, 4096, cudaHostAllocPortable | cudaHostAllocWriteCombined));
  EXPECT_OK(cudaHostGetFlags(&flags, static_cast<char*>(host) + 5));
  EXPECT_EQ(flags, unsigned(cudaHostAllocPortable | cudaHostAllocWriteCombined | cudaHostAllocMapped));
  EXPECT_OK(cudaFreeHost(host));
  EXPECT_FAILS(cudaHostGetFlags(&flags, host), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaHostGetFlags(&flags, data_), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaHostGetFlags(&flags, nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaHostGetFlags(nullptr, host), cudaErrorInvalidValue);
}

}  // namespace
