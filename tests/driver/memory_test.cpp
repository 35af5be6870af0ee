// Memory of every kind, copies in every direction, and the pointers and sizes that must be refused.
#include <cstring>
#include <numeric>

#include "driver_fixture.h"

namespace {

using MemoryTest = DriverTest;

TEST_F(MemoryTest, CopiesUpDownAndAcross) {
  std::vector<uint32_t> from(100000), to(100000);
  std::iota(from.begin(), from.end(), 1u);
  const size_t bytes = from.size() * 4;
  const CUdeviceptr a = allocate(bytes), b = allocate(bytes);
  OK(cuMemcpyHtoD(a, from.data(), bytes));
  OK(cuMemcpyDtoD(b, a, bytes));
  OK(cuMemcpyDtoH(to.data(), b, bytes));
  EXPECT_EQ(from, to);
  OK(cuMemcpy(a, CUdeviceptr(to.data()), bytes / 2));
  OK(cuMemFree(a));
  OK(cuMemFree(b));
}

TEST_F(MemoryTest, LargeCopiesUseThePoolAndArriveWhole) {
  std::vector<uint32_t> from(8 << 20), to(8 << 20);
  for (size_t i = 0; i < from.size(); i++) from[i] = uint32_t(i * 2654435761u);
  const CUdeviceptr a = allocate(from.size() * 4);
  OK(cuMemcpyHtoD(a, from.data(), from.size() * 4));
  OK(cuMemcpyDtoH(to.data(), a, to.size() * 4));
  EXPECT_EQ(from, to);
  OK(cuMemFree(a));
}

TEST_F(MemoryTest, BadPointersAndSizesAreRefused) {
  std::vector<char> host(4096);
  const CUdeviceptr a = allocate(1000);
  IS(cuMemcpyHtoD(0, host.data(), 10), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemcpyHtoD(a, nullptr, 10), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemcpyHtoD(a, host.data(), 1001), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemcpyHtoD(a + 990, host.data(), 11), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemcpyDtoH(host.data(), a + 1000, 1), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemcpyDtoH(host.data(), 0x1234, 1), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemcpyDtoH(nullptr, a, 1), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemcpyDtoD(a, CUdeviceptr(host.data()), 10), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemsetD8(a, 0, 1001), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemsetD32(a + 2, 0, 1), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemFree(a + 4), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemFree(CUdeviceptr(host.data())), CUDA_ERROR_INVALID_VALUE);
  OK(cuMemFree(0));
  OK(cuMemFree(a));
  IS(cuMemFree(a), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemcpyHtoD(a, host.data(), 10), CUDA_ERROR_INVALID_VALUE);
  CUdeviceptr p = 0;
  IS(cuMemAlloc(&p, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemAlloc(nullptr, 10), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemAlloc(&p, size_t(1) << 60), CUDA_ERROR_OUT_OF_MEMORY);
  IS(cuMemAlloc(&p, ~size_t(0)), CUDA_ERROR_OUT_OF_MEMORY);
  OK(cuCtxSynchronize());  // none of these is sticky
}

TEST_F(MemoryTest, TwoAndThreeDimensions) {
  CUdeviceptr d = 0;
  size_t pitch = 0;
  OK(cuMemAllocPitch(&d, &pitch, 100, 20, 4));
  EXPECT_EQ(pitch % 512, 0u);
  std::vector<uint8_t> from(100 * 20), to(100 * 20);
  std::iota(from.begin(), from.end(), uint8_t(0));
  CUDA_MEMCPY2D p = {};
  p.srcMemoryType = CU_MEMORYTYPE_HOST;
  p.srcHost = from.data();
  p.srcPitch = 100;
  p.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  p.dstDevice = d;
  p.dstPitch = pitch;
  p.WidthInBytes = 100;
  p.Height = 20;
  OK(cuMemcpy2D(&p));
  CUDA_MEMCPY2D q = {};
  q.srcMemoryType = CU_MEMORYTYPE_DEVICE;
  q.srcDevice = d;
  q.srcPitch = pitch;
  q.srcXInBytes = 10;
  q.srcY = 5;
  q.dstMemoryType = CU_MEMORYTYPE_HOST;
  q.dstHost = to.data();
  q.dstPitch = 100;
  q.WidthInBytes = 50;
  q.Height = 10;
  OK(cuMemcpy2D(&q));
  for (size_t y = 0; y < 10; y++)
    for (size_t x = 0; x < 50; x++) ASSERT_EQ(to[y * 100 + x], from[(y + 5) * 100 + x + 10]);
  q.Height = 16;  // five rows too far
  IS(cuMemcpy2D(&q), CUDA_ERROR_INVALID_VALUE);

  CUDA_MEMCPY3D c = {};
  c.srcMemoryType = CU_MEMORYTYPE_HOST;
  c.srcHost = from.data();
  c.srcPitch = 10;
  c.srcHeight = 20;
  c.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  c.dstDevice = d;
  c.dstPitch = 16;
  c.dstHeight = 25;
  c.WidthInBytes = 10;
  c.Height = 20;
  c.Depth = 5;
  OK(cuMemcpy3D(&c));
  std::vector<uint8_t> raw(16 * 25 * 5);
  OK(cuMemcpyDtoH(raw.data(), d, raw.size()));
  for (size_t z = 0; z < 5; z++)
    for (size_t y = 0; y < 20; y++)
      for (size_t x = 0; x < 10; x++) ASSERT_EQ(raw[(z * 25 + y) * 16 + x], from[(z * 20 + y) * 10 + x]);
  OK(cuMemsetD2D16(d, 32, 0xbeef, 8, 4));
  OK(cuMemcpyDtoH(raw.data(), d, 128));
  EXPECT_EQ(raw[0], 0xef);
  EXPECT_EQ(raw[15], 0xbe);
  EXPECT_NE(raw[16], 0xef);
  EXPECT_EQ(raw[32], 0xef);
}

TEST_F(MemoryTest, PinnedRegisteredAndManagedMemoryIsSeenByBothSides) {
  void* pinned = nullptr;
  OK(cuMemHostAlloc(&pinned, 4096, CU_MEMHOSTALLOC_DEVICEMAP));
  CUdeviceptr p = 0;
  OK(cuMemHostGetDevicePointer(&p, pinned, 0));
  OK(run("fill", 4, 256, nullptr, p, 5u, 1024u));
  OK(cuCtxSynchronize());
  EXPECT_EQ(static_cast<uint32_t*>(pinned)[1023], 5u);
  std::vector<uint32_t> plain(1024);
  IS(cuMemHostGetDevicePointer(&p, plain.data(), 0), CUDA_ERROR_INVALID_VALUE);
  OK(cuMemHostRegister(plain.data(), 4096, 0));
  IS(cuMemHostRegister(plain.data(), 4096, 0), CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED);
  OK(cuMemHostGetDevicePointer(&p, plain.data(), 0));
  OK(run("fill", 4, 256, nullptr, p, 6u, 1024u));
  OK(cuCtxSynchronize());
  EXPECT_EQ(plain[512], 6u);
  OK(cuMemHostUnregister(plain.data()));
  IS(cuMemHostUnregister(plain.data()), CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED);
  CUdeviceptr m = 0;
  OK(cuMemAllocManaged(&m, 4096, CU_MEM_ATTACH_GLOBAL));
  reinterpret_cast<uint32_t*>(m)[3] = 1;
  OK(run("add_one", 4, 256, nullptr, m, 1024u));
  OK(cuCtxSynchronize());
  EXPECT_EQ(reinterpret_cast<uint32_t*>(m)[3], 2u);
  OK(cuMemFree(m));
  IS(cuMemFree(CUdeviceptr(pinned)), CUDA_ERROR_INVALID_VALUE);
  OK(cuMemFreeHost(pinned));
  IS(cuMemFreeHost(pinned), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(MemoryTest, PointerAttributes) {
  const CUdeviceptr d = allocate(1000);
  CUmemorytype type;
  OK(cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, d + 10));
  EXPECT_EQ(type, CU_MEMORYTYPE_DEVICE);
  CUcontext c = nullptr;
  OK(cuPointerGetAttribute(&c, CU_POINTER_ATTRIBUTE_CONTEXT, d));
  EXPECT_EQ(c, context);
  CUdeviceptr base = 0;
  size_t bytes = 0;
  OK(cuMemGetAddressRange(&base, &bytes, d + 999));
  EXPECT_EQ(base, d);
  EXPECT_EQ(bytes, 1000u);
  int on_stack = 0;
  IS(cuMemGetAddressRange(&base, &bytes, CUdeviceptr(&on_stack)), CUDA_ERROR_NOT_FOUND);
  void* mapped = nullptr;
  OK(cuMemHostAlloc(&mapped, 300, CU_MEMHOSTALLOC_DEVICEMAP));
  CUdeviceptr seen = 0;
  OK(cuMemHostGetDevicePointer(&seen, mapped, 0));
  OK(cuMemGetAddressRange(&base, &bytes, seen + 200));
  EXPECT_EQ(base, seen);
  EXPECT_EQ(bytes, 300u);
  OK(cuMemFreeHost(mapped));
  IS(cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, CUdeviceptr(&on_stack)),
     CUDA_ERROR_INVALID_VALUE);
  CUpointer_attribute attributes[] = {CU_POINTER_ATTRIBUTE_MEMORY_TYPE, CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL};
  unsigned kind = 9;
  int ordinal = 9;
  void* values[] = {&kind, &ordinal};
  OK(cuPointerGetAttributes(2, attributes, values, CUdeviceptr(&on_stack)));
  EXPECT_EQ(kind, 0u);
  EXPECT_EQ(ordinal, -2);
}

TEST_F(MemoryTest, StreamOrderedAllocation) {
  CUstream s;
  OK(cuStreamCreate(&s, 0));
  for (int i = 0; i < 100; i++) {
    CUdeviceptr p = 0;
    OK(cuMemAllocAsync(&p, 100000, s));
    OK(run("fill", 98, 256, s, p, unsigned(i), 25000u));
    uint32_t last = 0;
    OK(cuMemcpyDtoHAsync(&last, p + 24999 * 4, 4, s));
    OK(cuMemFreeAsync(p, s));
    OK(cuStreamSynchronize(s));
    EXPECT_EQ(last, unsigned(i));
    IS(cuMemFreeAsync(p, s), CUDA_ERROR_INVALID_VALUE);
  }
  CUmemoryPool pool;
  OK(cuDeviceGetDefaultMemPool(&pool, device));
  cuuint64_t used = 1;
  OK(cuMemPoolGetAttribute(pool, CU_MEMPOOL_ATTR_USED_MEM_CURRENT, &used));
  EXPECT_EQ(used, 0u);
  OK(cuMemPoolTrimTo(pool, 0));
  OK(cuStreamDestroy(s));
}

TEST_F(MemoryTest, APoolKeepsWithinItsGreatestSize) {
  CUmemPoolProps wanted = {};
  wanted.allocType = CU_MEM_ALLOCATION_TYPE_PINNED;
  wanted.location = {CU_MEM_LOCATION_TYPE_DEVICE, device};
  wanted.maxSize = 3 << 20;  // in granules of 2 MiB: two
  CUmemoryPool pool;
  OK(cuMemPoolCreate(&pool, &wanted));
  CUdeviceptr a = 0, b = 0;
  OK(cuMemAllocFromPoolAsync(&a, 2 << 20, pool, nullptr));
  IS(cuMemAllocFromPoolAsync(&b, 3 << 20, pool, nullptr), CUDA_ERROR_OUT_OF_MEMORY);
  OK(cuMemAllocFromPoolAsync(&b, 1 << 20, pool, nullptr));
  OK(cuMemFreeAsync(a, nullptr));
  OK(cuMemFreeAsync(b, nullptr));
  OK(cuCtxSynchronize());
  OK(cuMemAllocFromPoolAsync(&a, 4 << 20, pool, nullptr));  // what is free makes room
  cuuint64_t reserved = 0;
  OK(cuMemPoolGetAttribute(pool, CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT, &reserved));
  EXPECT_EQ(reserved, cuuint64_t(4) << 20);
  OK(cuMemFreeAsync(a, nullptr));
  OK(cuMemPoolDestroy(pool));
}

TEST_F(MemoryTest, FreeMemoryIsAccounted) {
  size_t free_before = 0, free_after = 0, total = 0;
  OK(cuMemGetInfo(&free_before, &total));
  EXPECT_LE(free_before, total);
  const CUdeviceptr p = allocate(64 << 20);
  OK(cuMemGetInfo(&free_after, &total));
  EXPECT_EQ(free_after + (64 << 20), free_before);
  OK(cuMemFree(p));
  OK(cuMemGetInfo(&free_after, &total));
  EXPECT_EQ(free_after, free_before);
}

TEST_F(MemoryTest, AdviceIsKeptByRanges) {
  CUdeviceptr p = 0;
  OK(cuMemAllocManaged(&p, 1 << 20, CU_MEM_ATTACH_GLOBAL));
  const CUmemLocation host = {CU_MEM_LOCATION_TYPE_HOST, 0}, here = {CU_MEM_LOCATION_TYPE_DEVICE, device};
  const auto attribute = [&](CUmem_range_attribute a, CUdeviceptr at, size_t bytes) {
    int value = 99;
    OK(cuMemRangeGetAttribute(&value, sizeof value, a, at, bytes));
    return value;
  };
  EXPECT_EQ(attribute(CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION, p, 1 << 20), CU_DEVICE_INVALID);
  OK(cuMemAdvise_v2(p, 1 << 19, CU_MEM_ADVISE_SET_READ_MOSTLY, here));
  OK(cuMemAdvise_v2(p + 4096, 1 << 19, CU_MEM_ADVISE_SET_PREFERRED_LOCATION, host));
  EXPECT_EQ(attribute(CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY, p, 1 << 19), 1);
  EXPECT_EQ(attribute(CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY, p, 1 << 20), 0);
  EXPECT_EQ(attribute(CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION, p + 4096, 4096), CU_DEVICE_CPU);
  EXPECT_EQ(attribute(CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION_TYPE, p + 4096, 4096),
            CU_MEM_LOCATION_TYPE_HOST);
  EXPECT_EQ(attribute(CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION, p, 8192), CU_DEVICE_INVALID);
  OK(cuMemAdvise_v2(p, 4096, CU_MEM_ADVISE_SET_ACCESSED_BY, here));
  int devices[2] = {};
  OK(cuMemRangeGetAttribute(devices, sizeof devices, CU_MEM_RANGE_ATTRIBUTE_ACCESSED_BY, p, 4096));
  EXPECT_EQ(devices[0], device);
  EXPECT_EQ(devices[1], CU_DEVICE_INVALID);
  OK(cuMemPrefetchAsync_v2(p, 4096, here, 0, nullptr));
  EXPECT_EQ(attribute(CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION, p, 4096), device);
  OK(cuMemAdvise_v2(p, 1 << 19, CU_MEM_ADVISE_UNSET_READ_MOSTLY, here));
  EXPECT_EQ(attribute(CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY, p, 4096), 0);
  IS(cuMemAdvise_v2(p, 4096, CU_MEM_ADVISE_SET_PREFERRED_LOCATION, {CU_MEM_LOCATION_TYPE_DEVICE, 77}),
     CUDA_ERROR_INVALID_DEVICE);
  IS(cuMemAdvise_v2(p, 4096, CUmem_advise(99), here), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemAdvise_v2(p, 2 << 20, CU_MEM_ADVISE_SET_READ_MOSTLY, here), CUDA_ERROR_INVALID_VALUE);
  OK(cuMemFree(p));
}

}  // namespace
