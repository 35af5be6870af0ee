// Memory pools as objects, managed ranges, pinned memory's flags, and attributes of pointers that can be set.
#include <cstring>

#include "driver_fixture.h"

// Forms that cuda.h renames, and variants whose null stream is the thread's own.
extern "C" {
CUresult cuMemAllocHost_v2(void**, size_t);
CUresult cuMemDiscardAndPrefetchBatchAsync_ptsz(CUdeviceptr*, size_t*, size_t, CUmemLocation*, size_t*,
                                                size_t, unsigned long long, CUstream);
}

namespace {

class PoolTest : public DriverTest {
 protected:
  CUmemoryPool make() {
    CUmemPoolProps p = {};
    p.allocType = CU_MEM_ALLOCATION_TYPE_PINNED;
    p.location = here;
    CUmemoryPool pool = nullptr;
    OK(cuMemPoolCreate(&pool, &p));
    return pool;
  }
  CUmemLocation here = {CU_MEM_LOCATION_TYPE_DEVICE, 0}, nowhere = {CU_MEM_LOCATION_TYPE_DEVICE, 99},
                host = {CU_MEM_LOCATION_TYPE_HOST, 0};
};

TEST_F(PoolTest, ADevicesPoolIsChosen) {
  CUmemoryPool standard = nullptr, now = nullptr, by_place = nullptr;
  OK(cuDeviceGetDefaultMemPool(&standard, device));
  OK(cuDeviceGetMemPool(&now, device));
  EXPECT_EQ(now, standard);
  OK(cuMemGetDefaultMemPool(&by_place, &here, CU_MEM_ALLOCATION_TYPE_PINNED));
  EXPECT_EQ(by_place, standard);
  const CUmemoryPool own = make();
  OK(cuDeviceSetMemPool(device, own));
  OK(cuDeviceGetMemPool(&now, device));
  EXPECT_EQ(now, own);
  OK(cuMemGetMemPool(&by_place, &here, CU_MEM_ALLOCATION_TYPE_PINNED));
  EXPECT_EQ(by_place, own);
  // cuMemAllocAsync takes from it.
  CUdeviceptr p = 0;
  cuuint64_t used = 0;
  CUmemoryPool of_pointer = nullptr;
  OK(cuMemAllocAsync(&p, 1000, nullptr));
  OK(cuMemPoolGetAttribute(own, CU_MEMPOOL_ATTR_USED_MEM_CURRENT, &used));
  EXPECT_GE(used, 1000u);
  OK(cuPointerGetAttribute(&of_pointer, CU_POINTER_ATTRIBUTE_MEMPOOL_HANDLE, p));
  EXPECT_EQ(of_pointer, own);
  OK(cuMemFreeAsync(p, nullptr));
  OK(cuMemSetMemPool(&here, CU_MEM_ALLOCATION_TYPE_PINNED, standard));
  OK(cuDeviceGetMemPool(&now, device));
  EXPECT_EQ(now, standard);
  // A pool that ends is no longer the device's.
  OK(cuDeviceSetMemPool(device, own));
  OK(cuMemPoolDestroy(own));
  OK(cuDeviceGetMemPool(&now, device));
  EXPECT_EQ(now, standard);
  IS(cuDeviceSetMemPool(device, own), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemSetMemPool(&here, CU_MEM_ALLOCATION_TYPE_PINNED, own), CUDA_ERROR_INVALID_VALUE);
  IS(cuDeviceSetMemPool(99, standard), CUDA_ERROR_INVALID_DEVICE);
  IS(cuDeviceGetMemPool(&now, 99), CUDA_ERROR_INVALID_DEVICE);
  IS(cuDeviceGetMemPool(nullptr, device), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemGetDefaultMemPool(nullptr, &here, CU_MEM_ALLOCATION_TYPE_PINNED), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemGetDefaultMemPool(&now, nullptr, CU_MEM_ALLOCATION_TYPE_PINNED), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemGetMemPool(&now, &nowhere, CU_MEM_ALLOCATION_TYPE_PINNED), CUDA_ERROR_INVALID_DEVICE);
  IS(cuMemGetMemPool(&now, &host, CU_MEM_ALLOCATION_TYPE_PINNED), CUDA_ERROR_NOT_SUPPORTED);
  IS(cuMemSetMemPool(&nowhere, CU_MEM_ALLOCATION_TYPE_PINNED, standard), CUDA_ERROR_INVALID_DEVICE);
}

TEST_F(PoolTest, AttributesAreSet) {
  const CUmemoryPool pool = make();
  cuuint64_t wide = 9;
  int number = 9;
  OK(cuMemPoolGetAttribute(pool, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &wide));
  EXPECT_EQ(wide, 0u);
  wide = 1 << 20;
  OK(cuMemPoolSetAttribute(pool, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &wide));
  OK(cuMemPoolGetAttribute(pool, CU_MEMPOOL_ATTR_REUSE_ALLOW_OPPORTUNISTIC, &number));
  EXPECT_EQ(number, 1);
  number = 0;
  OK(cuMemPoolSetAttribute(pool, CU_MEMPOOL_ATTR_REUSE_ALLOW_OPPORTUNISTIC, &number));
  number = 9;
  OK(cuMemPoolGetAttribute(pool, CU_MEMPOOL_ATTR_REUSE_ALLOW_OPPORTUNISTIC, &number));
  EXPECT_EQ(number, 0);
  OK(cuMemPoolGetAttribute(pool, CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES, &number));
  EXPECT_EQ(number, 1);
  // Memory under the threshold is kept over a synchronisation; trimming gives it back.
  CUdeviceptr p = 0;
  OK(cuMemAllocFromPoolAsync(&p, 4096, pool, nullptr));
  OK(cuMemFreeAsync(p, nullptr));
  OK(cuStreamSynchronize(nullptr));
  OK(cuMemPoolGetAttribute(pool, CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT, &wide));
  EXPECT_GE(wide, 4096u);
  OK(cuMemPoolGetAttribute(pool, CU_MEMPOOL_ATTR_USED_MEM_CURRENT, &wide));
  EXPECT_EQ(wide, 0u);
  OK(cuMemPoolGetAttribute(pool, CU_MEMPOOL_ATTR_USED_MEM_HIGH, &wide));
  EXPECT_GE(wide, 4096u);
  wide = 1;
  IS(cuMemPoolSetAttribute(pool, CU_MEMPOOL_ATTR_USED_MEM_HIGH, &wide),
     CUDA_ERROR_INVALID_VALUE);  // only to zero
  wide = 0;
  OK(cuMemPoolSetAttribute(pool, CU_MEMPOOL_ATTR_USED_MEM_HIGH, &wide));
  OK(cuMemPoolGetAttribute(pool, CU_MEMPOOL_ATTR_USED_MEM_HIGH, &wide));
  EXPECT_EQ(wide, 0u);
  OK(cuMemPoolTrimTo(pool, 0));
  OK(cuMemPoolGetAttribute(pool, CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT, &wide));
  EXPECT_EQ(wide, 0u);
  IS(cuMemPoolSetAttribute(pool, CU_MEMPOOL_ATTR_USED_MEM_CURRENT, &wide),
     CUDA_ERROR_INVALID_VALUE);  // read only
  IS(cuMemPoolSetAttribute(pool, CUmemPool_attribute(99), &wide), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemPoolSetAttribute(pool, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemPoolSetAttribute(nullptr, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &wide), CUDA_ERROR_INVALID_VALUE);
  OK(cuMemPoolDestroy(pool));
  IS(cuMemPoolSetAttribute(pool, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &wide), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(PoolTest, AccessIsKept) {
  const CUmemoryPool pool = make();
  CUmemAccess_flags flags = CU_MEM_ACCESS_FLAGS_PROT_NONE;
  OK(cuMemPoolGetAccess(&flags, pool, &here));
  EXPECT_EQ(flags, CU_MEM_ACCESS_FLAGS_PROT_READWRITE);
  CUmemAccessDesc d = {here, CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
  OK(cuMemPoolSetAccess(pool, &d, 1));
  d.flags = CU_MEM_ACCESS_FLAGS_PROT_NONE;  // its own device can't be kept out
  IS(cuMemPoolSetAccess(pool, &d, 1), CUDA_ERROR_INVALID_VALUE);
  d.flags = CUmemAccess_flags(2);
  IS(cuMemPoolSetAccess(pool, &d, 1), CUDA_ERROR_INVALID_VALUE);
  d = {nowhere, CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
  IS(cuMemPoolSetAccess(pool, &d, 1), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemPoolSetAccess(pool, nullptr, 1), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemPoolSetAccess(nullptr, &d, 1), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemPoolGetAccess(&flags, pool, &nowhere), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemPoolGetAccess(&flags, pool, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemPoolGetAccess(nullptr, pool, &here), CUDA_ERROR_INVALID_VALUE);
  int count = 0;
  OK(cuDeviceGetCount(&count));
  if (count > 1) {
    CUmemLocation there = {CU_MEM_LOCATION_TYPE_DEVICE, 1};
    OK(cuMemPoolGetAccess(&flags, pool, &there));
    EXPECT_EQ(flags, CU_MEM_ACCESS_FLAGS_PROT_NONE);
    d = {there, CU_MEM_ACCESS_FLAGS_PROT_READ};
    OK(cuMemPoolSetAccess(pool, &d, 1));
    OK(cuMemPoolGetAccess(&flags, pool, &there));
    EXPECT_EQ(flags, CU_MEM_ACCESS_FLAGS_PROT_READ);
  }
  OK(cuMemPoolDestroy(pool));
  IS(cuMemPoolGetAccess(&flags, pool, &here), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(PoolTest, WhatCannotBeMade) {
  CUmemPoolProps p = {};
  CUmemoryPool pool = nullptr;
  p.location = here;
  IS(cuMemPoolCreate(&pool, &p), CUDA_ERROR_INVALID_VALUE);  // of no type
  p.allocType = CU_MEM_ALLOCATION_TYPE_PINNED;
  p.location = nowhere;
  IS(cuMemPoolCreate(&pool, &p), CUDA_ERROR_INVALID_DEVICE);
  p.location.type = CU_MEM_LOCATION_TYPE_INVALID;
  IS(cuMemPoolCreate(&pool, &p), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemPoolCreate(nullptr, &p), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemPoolCreate(&pool, nullptr), CUDA_ERROR_INVALID_VALUE);
}

using ManagedTest = PoolTest;

TEST_F(ManagedTest, ManyQuestionsAboutARange) {
  CUdeviceptr p = 0;
  OK(cuMemAllocManaged(&p, 8192, CU_MEM_ATTACH_GLOBAL));
  OK(cuMemAdvise_v2(p, 8192, CU_MEM_ADVISE_SET_READ_MOSTLY, here));
  OK(cuMemAdvise_v2(p, 8192, CU_MEM_ADVISE_SET_ACCESSED_BY, here));
  OK(cuMemPrefetchAsync_v2(p, 4096, host, 0, nullptr));
  int mostly = 9, prefetched = 9, by[3] = {9, 9, 9};
  void* values[] = {&mostly, &prefetched, by};
  size_t sizes[] = {4, 4, 8};
  CUmem_range_attribute which[] = {CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY,
                                   CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION,
                                   CU_MEM_RANGE_ATTRIBUTE_ACCESSED_BY};
  OK(cuMemRangeGetAttributes(values, sizes, which, 3, p, 4096));
  EXPECT_EQ(mostly, 1);
  EXPECT_EQ(prefetched, CU_DEVICE_CPU);
  EXPECT_EQ(by[0], device);
  EXPECT_EQ(by[1], CU_DEVICE_INVALID);
  EXPECT_EQ(by[2], 9);  // behind what was asked for
  OK(cuMemRangeGetAttributes(values, sizes, which, 2, p, 8192));
  EXPECT_EQ(prefetched, CU_DEVICE_INVALID);  // half of it
  IS(cuMemRangeGetAttributes(values, sizes, which, 0, p, 8192), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemRangeGetAttributes(nullptr, sizes, which, 1, p, 8192), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemRangeGetAttributes(values, nullptr, which, 1, p, 8192), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemRangeGetAttributes(values, sizes, nullptr, 1, p, 8192), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemRangeGetAttributes(values, sizes, which, 1, p, 16384), CUDA_ERROR_INVALID_VALUE);
  sizes[0] = 8;  // one number has four bytes
  IS(cuMemRangeGetAttributes(values, sizes, which, 1, p, 8192), CUDA_ERROR_INVALID_VALUE);
  sizes[2] = 6;
  IS(cuMemRangeGetAttribute(by, 6, which[2], p, 8192), CUDA_ERROR_INVALID_VALUE);
  OK(cuMemFree(p));
}

TEST_F(ManagedTest, BatchesOfPrefetches) {
  CUstream s;
  OK(cuStreamCreate(&s, CU_STREAM_NON_BLOCKING));
  CUdeviceptr p[3] = {};
  size_t bytes[3] = {4096, 4096, 4096}, starts[2] = {0, 2};
  CUmemLocation to[2] = {here, host};
  for (CUdeviceptr& one : p) OK(cuMemAllocManaged(&one, 4096, CU_MEM_ATTACH_GLOBAL));
  const auto last = [](CUdeviceptr at) {
    int value = 99;
    OK(cuMemRangeGetAttribute(&value, 4, CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION, at, 4096));
    return value;
  };
  OK(cuMemPrefetchBatchAsync(p, bytes, 3, to, starts, 2, 0, s));
  EXPECT_EQ(last(p[0]), device);
  EXPECT_EQ(last(p[1]), device);
  EXPECT_EQ(last(p[2]), CU_DEVICE_CPU);
  starts[1] = 1;
  OK(cuMemDiscardAndPrefetchBatchAsync(p, bytes, 3, to, starts, 2, 0, s));
  EXPECT_EQ(last(p[0]), device);
  EXPECT_EQ(last(p[1]), CU_DEVICE_CPU);
  to[0] = host;
  OK(cuMemDiscardAndPrefetchBatchAsync_ptsz(p, bytes, 1, to, starts, 1, 0, nullptr));
  EXPECT_EQ(last(p[0]), CU_DEVICE_CPU);
  // What is written after a discard is kept.
  OK(cuMemsetD32Async(p[0], 5, 1024, s));
  OK(cuStreamSynchronize(s));
  EXPECT_EQ(reinterpret_cast<uint32_t*>(p[0])[1023], 5u);
  IS(cuMemDiscardAndPrefetchBatchAsync(p, bytes, 3, to, starts, 2, 1, s), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemDiscardAndPrefetchBatchAsync(p, bytes, 0, to, starts, 1, 0, s), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemDiscardAndPrefetchBatchAsync(p, bytes, 3, nullptr, starts, 2, 0, s), CUDA_ERROR_INVALID_VALUE);
  starts[0] = 1;  // ranges before the first location
  IS(cuMemDiscardAndPrefetchBatchAsync(p, bytes, 3, to, starts, 2, 0, s), CUDA_ERROR_INVALID_VALUE);
  starts[0] = 0, to[1] = nowhere;
  IS(cuMemDiscardAndPrefetchBatchAsync(p, bytes, 3, to, starts, 2, 0, s), CUDA_ERROR_INVALID_DEVICE);
  for (CUdeviceptr one : p) OK(cuMemFree(one));
  IS(cuMemDiscardAndPrefetchBatchAsync(p, bytes, 1, to, starts, 1, 0, s), CUDA_ERROR_INVALID_VALUE);
  OK(cuStreamDestroy(s));
}

using PinnedTest = PoolTest;

TEST_F(PinnedTest, FlagsComeBack) {
  void *plain = nullptr, *other = nullptr;
  unsigned flags = 99;
  OK(cuMemAllocHost(&plain, 64));
  OK(cuMemHostGetFlags(&flags, plain));
  EXPECT_EQ(flags & CU_MEMHOSTALLOC_WRITECOMBINED, 0u);
  EXPECT_NE(flags & CU_MEMHOSTALLOC_DEVICEMAP, 0u);  // with unified addressing all of it is
  OK(cuMemHostAlloc(&other, 64, CU_MEMHOSTALLOC_PORTABLE | CU_MEMHOSTALLOC_WRITECOMBINED));
  OK(cuMemHostGetFlags(&flags, other));
  EXPECT_EQ(flags & (CU_MEMHOSTALLOC_PORTABLE | CU_MEMHOSTALLOC_WRITECOMBINED),
            unsigned(CU_MEMHOSTALLOC_PORTABLE | CU_MEMHOSTALLOC_WRITECOMBINED));
  OK(run("touch", 1, 1, nullptr, CUdeviceptr(plain), 4u));
  OK(cuCtxSynchronize());
  EXPECT_EQ(*static_cast<uint32_t*>(plain), 4u);
  IS(cuMemHostGetFlags(nullptr, plain), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemHostGetFlags(&flags, &flags), CUDA_ERROR_INVALID_VALUE);  // not ours
  OK(cuMemFreeHost(plain));
  OK(cuMemFreeHost(other));
  IS(cuMemHostGetFlags(&flags, plain), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemFreeHost(plain), CUDA_ERROR_INVALID_VALUE);
  OK(cuMemAllocHost_v2(&plain, 64));
  OK(cuMemFreeHost(plain));
  IS(cuMemAllocHost(&plain, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemAllocHost(nullptr, 64), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(PinnedTest, PointersAttributesAreSet) {
  const CUdeviceptr p = allocate(64);
  int on = 9;
  OK(cuPointerGetAttribute(&on, CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, p));
  EXPECT_EQ(on, 0);
  on = 1;
  OK(cuPointerSetAttribute(&on, CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, p));
  on = 9;
  OK(cuPointerGetAttribute(&on, CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, p + 8));
  EXPECT_EQ(on, 1);
  IS(cuPointerSetAttribute(nullptr, CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, p), CUDA_ERROR_INVALID_VALUE);
  IS(cuPointerSetAttribute(&on, CU_POINTER_ATTRIBUTE_CONTEXT, p), CUDA_ERROR_INVALID_VALUE);  // read only
  IS(cuPointerSetAttribute(&on, CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, CUdeviceptr(&on)),
     CUDA_ERROR_INVALID_VALUE);
  OK(cuMemFree(p));
  IS(cuPointerSetAttribute(&on, CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, p), CUDA_ERROR_INVALID_VALUE);
}

}  // namespace
