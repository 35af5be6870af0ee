// Virtual memory management and shared pools: ranges, mappings, access, other processes.
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "driver_fixture.h"

namespace {

constexpr size_t kPiece = size_t(2) << 20;

class VirtualMemoryTest : public DriverTest {
 protected:
  CUmemAllocationProp properties(unsigned handle_types = 0) {
    CUmemAllocationProp p = {};
    p.type = CU_MEM_ALLOCATION_TYPE_PINNED;
    p.location = {CU_MEM_LOCATION_TYPE_DEVICE, device};
    p.requestedHandleTypes = CUmemAllocationHandleType(handle_types);
    return p;
  }
  CUmemGenericAllocationHandle create(size_t bytes, unsigned handle_types = 0) {
    CUmemGenericAllocationHandle h = 0;
    const CUmemAllocationProp p = properties(handle_types);
    OK(cuMemCreate(&h, bytes, &p, 0));
    return h;
  }
  CUdeviceptr reserve(size_t bytes) {
    CUdeviceptr a = 0;
    OK(cuMemAddressReserve(&a, bytes, 0, 0, 0));
    return a;
  }
  CUresult allow(CUdeviceptr a, size_t bytes, CUmemAccess_flags flags) {
    const CUmemAccessDesc d = {{CU_MEM_LOCATION_TYPE_DEVICE, device}, flags};
    return cuMemSetAccess(a, bytes, &d, 1);
  }
  size_t free_bytes() {
    size_t free_now = 0, total = 0;
    OK(cuMemGetInfo(&free_now, &total));
    return free_now;
  }
};

TEST_F(VirtualMemoryTest, ARangeGrowsPieceByPiece) {
  size_t granularity = 0;
  const CUmemAllocationProp p = properties();
  OK(cuMemGetAllocationGranularity(&granularity, &p, CU_MEM_ALLOC_GRANULARITY_MINIMUM));
  ASSERT_EQ(granularity, kPiece);
  const size_t before = free_bytes();
  const CUdeviceptr a = reserve(size_t(64) << 30);
  EXPECT_EQ(a % kPiece, 0u);
  CUmemGenericAllocationHandle h[3];
  for (int i = 0; i < 3; i++) {
    h[i] = create(kPiece);
    OK(cuMemMap(a + i * kPiece, kPiece, 0, h[i], 0));
    OK(cuMemRelease(h[i]));  // the mapping keeps it
  }
  EXPECT_EQ(before - free_bytes(), 3 * kPiece);
  OK(allow(a, 3 * kPiece, CU_MEM_ACCESS_FLAGS_PROT_READWRITE));
  // Kernels and copies go over the seams.
  const unsigned n = 3 * kPiece / 4;
  OK(run("fill", n / 256, 256, nullptr, a, 7u, n));
  OK(cuMemsetD32(a + kPiece - 400, 9, 200));
  const auto words = read(a, n);
  EXPECT_EQ(words[0], 7u);
  EXPECT_EQ(words[kPiece / 4 - 101], 7u);
  EXPECT_EQ(words[kPiece / 4 - 100], 9u);
  EXPECT_EQ(words[kPiece / 4 + 99], 9u);
  EXPECT_EQ(words[n - 1], 7u);
  IS(cuMemsetD32(a, 0, n + 1), CUDA_ERROR_INVALID_VALUE);
  // As a pointer.
  CUcontext c = context;
  OK(cuPointerGetAttribute(&c, CU_POINTER_ATTRIBUTE_CONTEXT, a));
  EXPECT_EQ(c, nullptr);
  IS(cuMemFree(a), CUDA_ERROR_INVALID_VALUE);
  CUmemGenericAllocationHandle again = 0;
  OK(cuMemRetainAllocationHandle(&again, reinterpret_cast<void*>(a + kPiece + 5)));
  CUmemAllocationProp found = {};
  OK(cuMemGetAllocationPropertiesFromHandle(&found, again));
  EXPECT_EQ(found.location.id, device);
  OK(cuMemRelease(again));
  IS(cuMemRelease(again), CUDA_ERROR_INVALID_VALUE);
  // Only whole mappings go, and the range only when it is empty.
  IS(cuMemUnmap(a, kPiece / 2), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemAddressFree(a, size_t(64) << 30), CUDA_ERROR_INVALID_VALUE);
  OK(cuMemUnmap(a + kPiece, 2 * kPiece));
  OK(cuMemUnmap(a, kPiece));
  EXPECT_EQ(free_bytes(), before);
  IS(cuMemAddressFree(a, kPiece), CUDA_ERROR_INVALID_VALUE);
  OK(cuMemAddressFree(a, size_t(64) << 30));
}

TEST_F(VirtualMemoryTest, OnePieceAtTwoAddresses) {
  const CUdeviceptr a = reserve(2 * kPiece);
  const auto h = create(kPiece);
  for (size_t at : {size_t(0), kPiece}) OK(cuMemMap(a + at, kPiece, 0, h, 0));
  OK(allow(a, 2 * kPiece, CU_MEM_ACCESS_FLAGS_PROT_READWRITE));
  OK(run("fill", 1, 64, nullptr, a, 3u, 64u));
  EXPECT_EQ(read(a + kPiece, 64)[63], 3u);
  OK(cuMemUnmap(a, 2 * kPiece));
  OK(cuMemRelease(h));
  OK(cuMemAddressFree(a, 2 * kPiece));
}

TEST_F(VirtualMemoryTest, AccessIsAskedForAndEnforced) {
  const CUdeviceptr a = reserve(kPiece);
  const auto h = create(kPiece);
  OK(cuMemMap(a, kPiece, 0, h, 0));
  unsigned long long flags = 9;
  const CUmemLocation here = {CU_MEM_LOCATION_TYPE_DEVICE, device};
  OK(cuMemGetAccess(&flags, &here, a));
  EXPECT_EQ(flags, 0ull);
  OK(allow(a, kPiece, CU_MEM_ACCESS_FLAGS_PROT_READ));
  OK(cuMemGetAccess(&flags, &here, a));
  EXPECT_EQ(flags, unsigned(CU_MEM_ACCESS_FLAGS_PROT_READ));
  EXPECT_EQ(read(a, 1)[0], 0u);
  testing::internal::CaptureStderr();
  OK(run("touch", 1, 1, nullptr, a, 1u));
  IS(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
  testing::internal::GetCapturedStderr();
  OK(cuMemUnmap(a, kPiece));
  OK(cuMemRelease(h));
  OK(cuMemAddressFree(a, kPiece));
}

TEST_F(VirtualMemoryTest, WrongArguments) {
  CUdeviceptr a = 0;
  IS(cuMemAddressReserve(&a, 100, 0, 0, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemAddressReserve(&a, kPiece, 3, 0, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemAddressReserve(&a, kPiece, 0, 0, 1), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemAddressReserve(nullptr, kPiece, 0, 0, 0), CUDA_ERROR_INVALID_VALUE);
  OK(cuMemAddressReserve(&a, kPiece, size_t(64) << 20, 0, 0));
  EXPECT_EQ(a % (size_t(64) << 20), 0u);
  CUmemGenericAllocationHandle h = 0;
  CUmemAllocationProp p = properties();
  IS(cuMemCreate(&h, kPiece + 1, &p, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemCreate(&h, kPiece << 30, &p, 0), CUDA_ERROR_OUT_OF_MEMORY);
  p.location.id = 99;
  IS(cuMemCreate(&h, kPiece, &p, 0), CUDA_ERROR_INVALID_DEVICE);
  p = properties(CU_MEM_HANDLE_TYPE_FABRIC);
  IS(cuMemCreate(&h, kPiece, &p, 0), CUDA_ERROR_NOT_SUPPORTED);
  h = create(kPiece);
  IS(cuMemMap(a, kPiece, 1, h, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemMap(a, 2 * kPiece, 0, h, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemMap(a + kPiece, kPiece, 0, h, 0), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemMap(a, kPiece, 0, 12345, 0), CUDA_ERROR_INVALID_VALUE);
  IS(allow(a, kPiece, CU_MEM_ACCESS_FLAGS_PROT_READ), CUDA_ERROR_INVALID_VALUE);  // nothing is mapped
  OK(cuMemMap(a, kPiece, 0, h, 0));
  IS(cuMemMap(a, kPiece, 0, h, 0), CUDA_ERROR_INVALID_VALUE);
  int fd = -1;
  IS(cuMemExportToShareableHandle(&fd, h, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0),
     CUDA_ERROR_INVALID_VALUE);
  IS(cuMemImportFromShareableHandle(&h, nullptr, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR),
     CUDA_ERROR_INVALID_VALUE);
  OK(cuMemUnmap(a, kPiece));
  OK(cuMemAddressFree(a, kPiece));
  OK(cuMemRelease(h));
}

/// The other process: what the descriptors in the environment stand for.
TEST_F(VirtualMemoryTest, DISABLED_sharing_child) {
  CUmemGenericAllocationHandle h = 0;
  const auto descriptor = [](const char* name) {
    return reinterpret_cast<void*>(intptr_t(std::atoi(std::getenv(name))));
  };
  OK(cuMemImportFromShareableHandle(&h, descriptor("PPU_TEST_MEMORY"),
                                    CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR));
  const CUdeviceptr a = reserve(kPiece);
  OK(cuMemMap(a, kPiece, 0, h, 0));
  OK(allow(a, kPiece, CU_MEM_ACCESS_FLAGS_PROT_READWRITE));
  OK(run("add_one", 1, 64, nullptr, a, 64u));
  OK(cuCtxSynchronize());
  CUmemoryPool pool = nullptr;
  OK(cuMemPoolImportFromShareableHandle(&pool, descriptor("PPU_TEST_POOL"),
                                        CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0));
  CUdeviceptr p = 0;
  IS(cuMemAllocFromPoolAsync(&p, 100, pool, nullptr), CUDA_ERROR_INVALID_VALUE);
  CUmemPoolPtrExportData data;
  ASSERT_EQ(pread(std::atoi(std::getenv("PPU_TEST_POINTER")), &data, sizeof data, 0), ssize_t(sizeof data));
  OK(cuMemPoolImportPointer(&p, pool, &data));
  OK(run("add_one", 1, 64, nullptr, p, 64u));
  OK(cuMemFreeAsync(p, nullptr));
  OK(cuCtxSynchronize());
  OK(cuMemPoolDestroy(pool));
  std::_Exit(HasFailure() ? 1 : 9);
}

TEST_F(VirtualMemoryTest, AnotherProcessMapsWhatADescriptorStandsFor) {
  const auto h = create(kPiece, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR);
  const CUdeviceptr a = reserve(kPiece);
  OK(cuMemMap(a, kPiece, 0, h, 0));
  OK(allow(a, kPiece, CU_MEM_ACCESS_FLAGS_PROT_READWRITE));
  OK(run("fill", 1, 64, nullptr, a, 41u, 64u));
  int memory = -1, pool_descriptor = -1;
  OK(cuMemExportToShareableHandle(&memory, h, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0));
  CUmemPoolProps wanted = {};
  wanted.allocType = CU_MEM_ALLOCATION_TYPE_PINNED;
  wanted.handleTypes = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
  wanted.location = {CU_MEM_LOCATION_TYPE_DEVICE, device};
  CUmemoryPool pool = nullptr;
  OK(cuMemPoolCreate(&pool, &wanted));
  OK(cuMemPoolExportToShareableHandle(&pool_descriptor, pool, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0));
  CUdeviceptr p = 0;
  OK(cuMemAllocFromPoolAsync(&p, 256, pool, nullptr));
  OK(run("fill", 1, 64, nullptr, p, 51u, 64u));
  OK(cuCtxSynchronize());
  CUmemPoolPtrExportData data;
  OK(cuMemPoolExportPointer(&data, p));
  char name[] = "/tmp/openppu_pointerXXXXXX";
  const int pointer = mkstemp(name);
  unlink(name);
  ASSERT_EQ(pwrite(pointer, &data, sizeof data, 0), ssize_t(sizeof data));
  char path[4096];
  const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
  path[n > 0 ? n : 0] = 0;
  // dup: the copies are inherited.
  const std::string command = "PPU_TEST_MEMORY=" + std::to_string(dup(memory)) +
                              " PPU_TEST_POOL=" + std::to_string(dup(pool_descriptor)) +
                              " PPU_TEST_POINTER=" + std::to_string(pointer) + " timeout 60 " + path +
                              " --gtest_also_run_disabled_tests --gtest_filter='*sharing_child' >&2";
  const int status = std::system(command.c_str());
  EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 9);
  EXPECT_EQ(read(a, 64)[63], 42u);
  EXPECT_EQ(read(p, 64)[63], 52u);
  OK(cuMemFreeAsync(p, nullptr));
  IS(cuMemPoolExportPointer(&data, a), CUDA_ERROR_INVALID_VALUE);
  OK(cuCtxSynchronize());
  OK(cuMemPoolDestroy(pool));
  for (int fd : {memory, pool_descriptor, pointer}) close(fd);
  OK(cuMemUnmap(a, kPiece));
  OK(cuMemRelease(h));
  OK(cuMemAddressFree(a, kPiece));
}

TEST_F(VirtualMemoryTest, BatchesOfCopiesAndRanges) {
  CUstream s;
  OK(cuStreamCreate(&s, CU_STREAM_NON_BLOCKING));
  CUdeviceptr from[3], to[3];
  size_t bytes[3] = {400, 40, 4};
  for (unsigned i = 0; i < 3; i++) {
    from[i] = allocate(400);
    to[i] = allocate(400);
    OK(cuMemsetD32(from[i], i + 1, 100));
    OK(cuMemsetD32(to[i], 0, 100));
  }
  CUmemcpyAttributes how = {};
  how.srcAccessOrder = CU_MEMCPY_SRC_ACCESS_ORDER_STREAM;
  size_t start = 0;
  OK(cuMemcpyBatchAsync_v2(to, from, bytes, 3, &how, &start, 1, s));
  OK(cuStreamSynchronize(s));
  EXPECT_EQ(read(to[0], 100)[99], 1u);
  EXPECT_EQ(read(to[1], 100)[9], 2u);
  EXPECT_EQ(read(to[1], 100)[10], 0u);
  EXPECT_EQ(read(to[2], 100)[0], 3u);
  size_t failed = 0;
  to[1] = 0;
  IS(cuMemcpyBatchAsync(to, from, bytes, 3, &how, &start, 1, &failed, s), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(failed, 1u);
  IS(cuMemcpyBatchAsync_v2(to, from, bytes, 3, &how, &start, 1, nullptr), CUDA_ERROR_INVALID_VALUE);
  how.srcAccessOrder = CU_MEMCPY_SRC_ACCESS_ORDER_INVALID;
  IS(cuMemcpyBatchAsync_v2(to, from, bytes, 3, &how, &start, 1, s), CUDA_ERROR_INVALID_VALUE);

  CUDA_MEMCPY3D_BATCH_OP op = {};
  op.src.type = op.dst.type = CU_MEMCPY_OPERAND_TYPE_POINTER;
  op.src.op.ptr = {from[1], 40, 0, {}};
  op.dst.op.ptr = {to[0], 80, 0, {}};
  op.extent = {8, 3, 1};
  op.srcAccessOrder = CU_MEMCPY_SRC_ACCESS_ORDER_STREAM;
  OK(cuMemcpy3DBatchAsync_v2(1, &op, 0, s));
  OK(cuStreamSynchronize(s));
  const auto words = read(to[0], 100);
  EXPECT_EQ(words[40], 2u);
  EXPECT_EQ(words[41], 2u);
  EXPECT_EQ(words[42], 1u);

  CUdeviceptr managed = 0;
  size_t size = 4096;
  OK(cuMemAllocManaged(&managed, size, CU_MEM_ATTACH_GLOBAL));
  CUmemLocation here = {CU_MEM_LOCATION_TYPE_DEVICE, device};
  OK(cuMemPrefetchBatchAsync(&managed, &size, 1, &here, &start, 1, 0, s));
  OK(cuMemDiscardBatchAsync(&managed, &size, 1, 0, s));
  IS(cuMemPrefetchBatchAsync(&managed, &size, 1, &here, &start, 2, 0, s), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemDiscardBatchAsync(&from[0], &size, 1, 0, s), CUDA_ERROR_INVALID_VALUE);
  OK(cuStreamDestroy(s));
}

TEST_F(VirtualMemoryTest, AnEventForAWholeContext) {
  uint32_t* flag = nullptr;
  OK(cuMemHostAlloc(reinterpret_cast<void**>(&flag), 4, 0));
  *flag = 0;
  CUstream s;
  CUevent e;
  OK(cuStreamCreate(&s, CU_STREAM_NON_BLOCKING));
  OK(cuEventCreate(&e, CU_EVENT_DISABLE_TIMING));
  OK(run("spin", 1, 1, s, CUdeviceptr(flag)));
  OK(cuCtxRecordEvent(context, e));
  IS(cuEventQuery(e), CUDA_ERROR_NOT_READY);
  __atomic_store_n(flag, 1u, __ATOMIC_RELEASE);
  OK(cuEventSynchronize(e));
  OK(cuCtxWaitEvent(context, e));
  OK(cuCtxSynchronize());
  OK(cuStreamDestroy(s));
  OK(cuEventDestroy(e));
}

}  // namespace
