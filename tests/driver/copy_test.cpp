// Copies and fills in the forms that other groups of tests don't meet: unified, in boxes, between contexts,
// by streams, and what each refuses.
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "driver_fixture.h"

// Variants whose null stream is the thread's own.
extern "C" {
CUresult cuMemcpyAsync_ptsz(CUdeviceptr, CUdeviceptr, size_t, CUstream);
CUresult cuMemcpyHtoDAsync_v2_ptsz(CUdeviceptr, const void*, size_t, CUstream);
CUresult cuMemcpy3DAsync_v2_ptsz(const CUDA_MEMCPY3D*, CUstream);
CUresult cuMemcpy3DPeer_ptds(const CUDA_MEMCPY3D_PEER*);
CUresult cuMemcpy2DUnaligned_v2_ptds(const CUDA_MEMCPY2D*);
CUresult cuMemsetD2D8Async_ptsz(CUdeviceptr, size_t, unsigned char, size_t, size_t, CUstream);
CUresult cuMemsetD16_v2_ptds(CUdeviceptr, unsigned short, size_t);
}

namespace {

using Words = std::vector<uint32_t>;

class CopyTest : public DriverTest {
 protected:
  void SetUp() override {
    DriverTest::SetUp();
    OK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
    a = allocate(kWords * 4), b = allocate(kWords * 4), flag = allocate(4);
    numbers.resize(kWords);
    std::iota(numbers.begin(), numbers.end(), 1u);
    OK(cuMemcpyHtoD(a, numbers.data(), kWords * 4));
    OK(cuMemsetD32(b, 0, kWords));
    OK(cuMemsetD32(flag, 0, 1));
  }
  void TearDown() override {
    OK(cuStreamDestroy(stream));
    DriverTest::TearDown();
  }
  /// What follows in `stream` waits for release().
  void hold() { OK(cuStreamWaitValue32(stream, flag, 1, CU_STREAM_WAIT_VALUE_EQ)); }
  void release() {
    OK(cuStreamWriteValue32(nullptr, flag, 1, 0));
    OK(cuStreamSynchronize(stream));
    OK(cuMemsetD32(flag, 0, 1));
  }
  static constexpr size_t kWords = 64;
  CUstream stream = nullptr;
  CUdeviceptr a = 0, b = 0, flag = 0;
  Words numbers;
};

TEST_F(CopyTest, AsynchronousOnesKeepTheirPlaceInTheStream) {
  uint32_t* pinned = nullptr;
  OK(cuMemAllocHost(reinterpret_cast<void**>(&pinned), 16));
  pinned[0] = 71, pinned[1] = 72;
  hold();
  OK(cuMemcpyHtoDAsync(b, pinned, 8, stream));
  OK(cuMemcpyAsync(b + 8, a, 8, stream));
  OK(cuMemcpyPeerAsync(b + 16, context, a + 8, context, 8, stream));
  EXPECT_EQ(read(b, 6), Words(6));
  pinned[1] = 73;  // pinned memory is read when the copy runs
  release();
  EXPECT_EQ(read(b, 6), (Words{71, 73, 1, 2, 3, 4}));
  OK(cuMemcpyAsync_ptsz(b, a, 4, nullptr));
  OK(cuMemcpyHtoDAsync_v2_ptsz(b + 4, numbers.data() + 9, 4, nullptr));
  OK(cuStreamSynchronize(CU_STREAM_PER_THREAD));
  EXPECT_EQ(read(b, 2), (Words{1, 10}));
  // Unified addresses: either side may be the host's.
  uint32_t back = 0;
  OK(cuMemcpyAsync(CUdeviceptr(&back), a + 20, 4, stream));
  OK(cuStreamSynchronize(stream));
  EXPECT_EQ(back, 6u);
  IS(cuMemcpyAsync(b, a, kWords * 4 + 1, stream), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemcpyAsync(0, a, 4, stream), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemcpyHtoDAsync(b, nullptr, 4, stream), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemcpyHtoDAsync(CUdeviceptr(&back), numbers.data(), 4, stream), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemcpyPeerAsync(b, context, 0x1230, context, 4, stream), CUDA_ERROR_INVALID_VALUE);
  CUstream gone;
  OK(cuStreamCreate(&gone, 0));
  OK(cuStreamDestroy(gone));
  IS(cuMemcpyAsync(b, a, 4, gone), CUDA_ERROR_INVALID_HANDLE);
  IS(cuMemcpyHtoDAsync(b, numbers.data(), 4, gone), CUDA_ERROR_INVALID_HANDLE);
  IS(cuMemcpyPeerAsync(b, context, a, context, 4, gone), CUDA_ERROR_INVALID_HANDLE);
  OK(cuMemFreeHost(pinned));
}

TEST_F(CopyTest, PageableMemoryIsReadBeforeTheCallReturns) {
  Words once = {5, 6};
  hold();
  OK(cuMemcpyHtoDAsync(b, once.data(), 8, stream));
  once = {0, 0};
  release();
  EXPECT_EQ(read(b, 2), (Words{5, 6}));
}

CUDA_MEMCPY3D box(CUdeviceptr from, CUdeviceptr to) {
  CUDA_MEMCPY3D p = {};
  p.srcMemoryType = p.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  p.srcDevice = from, p.dstDevice = to;
  // Of a box of 4 x 3 x 2 words, the right half of the last two rows of both slices, put close together.
  p.srcPitch = 16, p.srcHeight = 3, p.srcXInBytes = 8, p.srcY = 1;
  p.dstPitch = 8, p.dstHeight = 2;
  p.WidthInBytes = 8, p.Height = 2, p.Depth = 2;
  return p;
}
const Words kBox = {7, 8, 11, 12, 19, 20, 23, 24};

TEST_F(CopyTest, Boxes) {
  CUDA_MEMCPY3D p = box(a, b);
  hold();
  OK(cuMemcpy3DAsync(&p, stream));
  EXPECT_EQ(read(b, 2), (Words{0, 0}));
  release();
  EXPECT_EQ(read(b, 9), (Words{7, 8, 11, 12, 19, 20, 23, 24, 0}));
  OK(cuMemsetD32(b, 0, kWords));
  OK(cuMemcpy3DAsync_v2_ptsz(&p, nullptr));
  OK(cuStreamSynchronize(CU_STREAM_PER_THREAD));
  EXPECT_EQ(read(b, 8), kBox);
  IS(cuMemcpy3DAsync(nullptr, stream), CUDA_ERROR_INVALID_VALUE);
  p.srcPitch = 4;  // shorter than a row
  IS(cuMemcpy3DAsync(&p, stream), CUDA_ERROR_INVALID_VALUE);
  p = box(a, b);
  p.Depth = 7;  // beyond the end
  IS(cuMemcpy3DAsync(&p, stream), CUDA_ERROR_INVALID_VALUE);
  p = box(a, b);
  p.srcMemoryType = CUmemorytype(9);
  IS(cuMemcpy3DAsync(&p, stream), CUDA_ERROR_INVALID_VALUE);
  p = box(a, b);
  p.Depth = 0;  // nothing to do
  OK(cuMemcpy3DAsync(&p, stream));
}

TEST_F(CopyTest, BoxesBetweenContexts) {
  CUcontext other;
  OK(cuCtxCreate(&other, 0, device));
  const CUdeviceptr there = allocate(kWords * 4);
  OK(cuMemsetD32(there, 0, kWords));
  OK(cuCtxSetCurrent(context));
  const CUDA_MEMCPY3D flat = box(a, there);
  CUDA_MEMCPY3D_PEER p = {};
  p.srcMemoryType = p.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  p.srcDevice = a, p.dstDevice = there;
  p.srcContext = context, p.dstContext = other;
  p.srcPitch = flat.srcPitch, p.srcHeight = flat.srcHeight, p.srcXInBytes = flat.srcXInBytes,
  p.srcY = flat.srcY;
  p.dstPitch = flat.dstPitch, p.dstHeight = flat.dstHeight;
  p.WidthInBytes = flat.WidthInBytes, p.Height = flat.Height, p.Depth = flat.Depth;
  OK(cuMemcpy3DPeer(&p));
  EXPECT_EQ(read(there, 8), kBox);
  OK(cuMemsetD32(there, 0, kWords));
  hold();
  OK(cuMemcpy3DPeerAsync(&p, stream));
  EXPECT_EQ(read(there, 2), (Words{0, 0}));
  release();
  EXPECT_EQ(read(there, 8), kBox);
  OK(cuMemsetD32(there, 0, kWords));
  OK(cuMemcpy3DPeer_ptds(&p));
  EXPECT_EQ(read(there, 8), kBox);
  OK(cuMemcpyPeerAsync(there, other, a, context, 8, stream));
  OK(cuStreamSynchronize(stream));
  EXPECT_EQ(read(there, 3), (Words{1, 2, 11}));
  IS(cuMemcpy3DPeer(nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemcpy3DPeerAsync(nullptr, stream), CUDA_ERROR_INVALID_VALUE);
  p.dstDevice = 0;
  IS(cuMemcpy3DPeer(&p), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemcpy3DPeerAsync(&p, stream), CUDA_ERROR_INVALID_VALUE);
  OK(cuCtxDestroy(other));
}

TEST_F(CopyTest, RectanglesOfAnyAlignment) {
  std::vector<unsigned char> host(7 * 5);
  std::iota(host.begin(), host.end(), 1);
  CUDA_MEMCPY2D p = {};
  p.srcMemoryType = CU_MEMORYTYPE_HOST, p.srcHost = host.data(), p.srcPitch = 7, p.srcXInBytes = 1,
  p.srcY = 1;
  p.dstMemoryType = CU_MEMORYTYPE_DEVICE, p.dstDevice = b, p.dstPitch = 5, p.dstXInBytes = 2;
  p.WidthInBytes = 3, p.Height = 2;
  OK(cuMemcpy2DUnaligned(&p));
  std::vector<unsigned char> got(10);
  OK(cuMemcpyDtoH(got.data(), b, 10));
  EXPECT_EQ(got, (std::vector<unsigned char>{0, 0, 9, 10, 11, 0, 0, 16, 17, 18}));
  p.dstXInBytes = 0;
  OK(cuMemcpy2DUnaligned_v2_ptds(&p));
  OK(cuMemcpyDtoH(got.data(), b, 5));
  EXPECT_EQ(got[0], 9);
  p.srcPitch = 2;
  IS(cuMemcpy2DUnaligned(&p), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemcpy2DUnaligned(nullptr), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(CopyTest, FillsOfEveryWidth) {
  OK(cuMemsetD16(b, 0x1234, 3));
  EXPECT_EQ(read(b, 2), (Words{0x12341234, 0x1234}));
  OK(cuMemsetD16_v2_ptds(b + 4, 0x5678, 1));
  EXPECT_EQ(read(b, 2), (Words{0x12341234, 0x5678}));
  hold();
  OK(cuMemsetD8Async(b, 0xab, 3, stream));
  OK(cuMemsetD16Async(b + 4, 0xcdef, 2, stream));
  EXPECT_EQ(read(b, 2), (Words{0x12341234, 0x5678}));
  release();
  EXPECT_EQ(read(b, 3), (Words{0x12ababab, 0xcdefcdef, 0}));
  IS(cuMemsetD16(b + 1, 1, 1), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemsetD16(b, 1, kWords * 2 + 1), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemsetD16Async(b + 1, 1, 1, stream), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemsetD8Async(b, 1, kWords * 4 + 1, stream), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemsetD8Async(0, 1, 1, stream), CUDA_ERROR_INVALID_VALUE);
  OK(cuMemsetD16(b, 1, 0));
}

TEST_F(CopyTest, FillsOfRectangles) {
  const auto two_rows = [this](uint32_t first, uint32_t second) {
    EXPECT_EQ(read(b, 6), (Words{first, first, 0, second, second, 0}));
    OK(cuMemsetD32(b, 0, kWords));
  };
  OK(cuMemsetD2D8(b, 12, 0x11, 8, 2));
  two_rows(0x11111111, 0x11111111);
  OK(cuMemsetD2D16(b, 12, 0x2222, 4, 2));
  two_rows(0x22222222, 0x22222222);
  OK(cuMemsetD2D32(b, 12, 0x33333333, 2, 2));
  two_rows(0x33333333, 0x33333333);
  hold();
  OK(cuMemsetD2D8Async(b, 12, 0x44, 8, 1, stream));
  OK(cuMemsetD2D16Async(b + 12, 12, 0x5555, 4, 1, stream));
  EXPECT_EQ(read(b, 6), Words(6));
  release();
  two_rows(0x44444444, 0x55555555);
  OK(cuMemsetD2D32Async(b, 12, 0x66666666, 2, 2, stream));
  OK(cuStreamSynchronize(stream));
  two_rows(0x66666666, 0x66666666);
  OK(cuMemsetD2D8Async_ptsz(b, 12, 0x77, 8, 2, nullptr));
  OK(cuStreamSynchronize(CU_STREAM_PER_THREAD));
  two_rows(0x77777777, 0x77777777);
  IS(cuMemsetD2D8(b, 4, 1, 8, 2), CUDA_ERROR_INVALID_VALUE);    // rows longer than the pitch
  IS(cuMemsetD2D32(b, 10, 1, 2, 2), CUDA_ERROR_INVALID_VALUE);  // a pitch that isn't a multiple
  IS(cuMemsetD2D16(b + 1, 12, 1, 2, 2), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemsetD2D8(b, 64, 1, 64, kWords), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemsetD2D8Async(b, 4, 1, 8, 2, stream), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemsetD2D16Async(b, 11, 1, 4, 2, stream), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemsetD2D32Async(b + 2, 12, 1, 2, 2, stream), CUDA_ERROR_INVALID_VALUE);
}

/// Pages of [from, to) that are in memory.
size_t resident_pages(CUdeviceptr from, CUdeviceptr to) {
  std::vector<unsigned char> pages((to - from) / 4096);
  EXPECT_EQ(::mincore(reinterpret_cast<void*>(from), to - from, pages.data()), 0);
  return size_t(std::count_if(pages.begin(), pages.end(), [](unsigned char p) { return p & 1; }));
}

// Profilers clear a large buffer before each launch that they time.
TEST_F(CopyTest, ClearingLargeMemoryAgainTakesNoMemory) {
  constexpr size_t kBytes = size_t(24) << 20, kEdge = 4100, kHuge = size_t(2) << 20;
  const CUdeviceptr whole = allocate(kBytes), from = whole + kEdge;
  const size_t bytes = kBytes - 2 * kEdge;
  OK(cuMemsetD8(whole, 0x5a, kBytes));
  std::vector<unsigned char> expected(kBytes, 0x5a), actual(kBytes);
  std::fill_n(expected.begin() + kEdge, bytes, 0);
  const CUdeviceptr inside = (from + kHuge - 1) / kHuge * kHuge;
  for (int round = 0; round < 12; round++) {
    SCOPED_TRACE(round);
    OK(cuMemsetD8(from, 0, bytes));
    OK(cuCtxSynchronize());
    if (round == 1) {  // nobody has touched it since it was cleared
      EXPECT_EQ(resident_pages(inside, inside + 16 * kHuge / 2), 0u);
      continue;
    }
    OK(cuMemcpyDtoH(actual.data(), whole, kBytes));
    ASSERT_EQ(actual, expected);
    // What was touched, or written by whatever means, is cleared as well.
    OK(cuMemsetD8(from + size_t(round) * 1000000, 0x77, 12345));
  }
  // Memory that another process may have isn't given back.
  CUipcMemHandle handle;
  OK(cuIpcGetMemHandle(&handle, whole));
  for (int round = 0; round < 3; round++) {
    OK(cuMemsetD8(from, 0x77, bytes));
    OK(cuMemsetD8(from, 0, bytes));
    OK(cuMemcpyDtoH(actual.data(), whole, kBytes));
    ASSERT_EQ(actual, expected);
  }
}

}  // namespace
