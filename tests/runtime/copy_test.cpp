// Copies and fills: rectangles, volumes, arrays, symbols, other devices, many at once; now, in a stream, in a
// capture.
#include <algorithm>
#include <array>
#include <atomic>
#include <numeric>
#include <thread>

#include "api_fixture.h"

#if CUDART_VERSION < 13000
// Of CUDA 12.8.
extern "C" cudaError_t cudaMemcpyBatchAsync(void**, void**, size_t*, size_t, cudaMemcpyAttributes*, size_t*,
                                            size_t, size_t* failed, cudaStream_t);
extern "C" cudaError_t cudaMemcpy3DBatchAsync(size_t, cudaMemcpy3DBatchOp*, size_t* failed,
                                              unsigned long long, cudaStream_t);
#else
// Of CUDA 13.2.
extern "C" cudaError_t cudaMemcpyWithAttributesAsync(void*, const void*, size_t, cudaMemcpyAttributes*,
                                                     cudaStream_t);
extern "C" cudaError_t cudaMemcpy3DWithAttributesAsync(cudaMemcpy3DBatchOp*, unsigned long long,
                                                       cudaStream_t);
#endif

namespace {

using Bytes = std::vector<unsigned char>;

Bytes counting(size_t count) {
  Bytes bytes(count);
  std::iota(bytes.begin(), bytes.end(), static_cast<unsigned char>(1));
  return bytes;
}

class CopyApi : public api::Test {
 protected:
  static constexpr size_t kWidth = 12, kHeight = 5, kPitch = 32;

  void SetUp() override {
    api::Test::SetUp();
    ASSERT_OK(cudaMallocHost(reinterpret_cast<void**>(&pinned_), kPinned));
    std::fill_n(pinned_, kPinned, static_cast<unsigned char>(0));
  }
  void TearDown() override {
    EXPECT_OK(cudaFreeHost(pinned_));
    api::Test::TearDown();
  }
  /// What follows in the stream waits until gate_ is opened.
  void close_gate() {
    gate_ = false;
    EXPECT_OK(cudaLaunchHostFunc(
        stream_,
        [](void* gate) {
          while (!*static_cast<std::atomic<bool>*>(gate)) std::this_thread::yield();
        },
        &gate_));
  }
  void open_gate() {
    gate_ = true;
    EXPECT_OK(cudaStreamSynchronize(stream_));
  }
  /// The first bytes of the buffer.
  Bytes buffer(size_t count = kCount * 4) {
    Bytes bytes(count);
    EXPECT_OK(cudaMemcpy(bytes.data(), data_, count, cudaMemcpyDeviceToHost));
    return bytes;
  }
  /// Records `body(stream)` and returns the types of the graph's nodes; runs the graph once.
  template <class F>
  std::vector<cudaGraphNodeType> captured(F&& body) {
    cudaGraph_t graph = nullptr;
    EXPECT_OK(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal));
    body(stream_);
    EXPECT_OK(cudaStreamEndCapture(stream_, &graph));
    size_t count = 16;
    std::array<cudaGraphNode_t, 16> nodes;
    EXPECT_OK(cudaGraphGetNodes(graph, nodes.data(), &count));
    std::vector<cudaGraphNodeType> types(count);
    for (size_t i = 0; i < count; i++) EXPECT_OK(cudaGraphNodeGetType(nodes[i], &types[i]));
    cudaGraphExec_t exec = nullptr;
    EXPECT_OK(cudaGraphInstantiateWithFlags(&exec, graph, 0));
    EXPECT_OK(cudaGraphLaunch(exec, stream_));
    EXPECT_OK(cudaStreamSynchronize(stream_));
    EXPECT_OK(cudaGraphExecDestroy(exec));
    EXPECT_OK(cudaGraphDestroy(graph));
    return types;
  }

  // A copy to pageable memory returns when it is done: what waits at the gate goes here (CUDA Runtime API,
  // "API synchronization behavior").
  static constexpr size_t kPinned = 64;
  unsigned char* pinned_ = nullptr;
  std::atomic<bool> gate_{true};
};

TEST_F(CopyApi, RectanglesInAStream) {
  const Bytes source = counting(kWidth * kHeight);
  close_gate();
  EXPECT_OK(cudaMemcpy2DAsync(data_, kPitch, source.data(), kWidth, kWidth, kHeight, cudaMemcpyHostToDevice,
                              stream_));
  EXPECT_EQ(cudaStreamQuery(stream_), cudaErrorNotReady);
  open_gate();
  Bytes seen = buffer();
  for (size_t y = 0; y < kHeight; y++)
    for (size_t x = 0; x < kPitch; x++)
      EXPECT_EQ(seen[y * kPitch + x], x < kWidth ? source[y * kWidth + x] : 0) << x << ',' << y;

  Bytes back(kWidth * kHeight);
  EXPECT_OK(
      cudaMemcpy2DAsync(back.data(), kWidth, data_, kPitch, kWidth, kHeight, cudaMemcpyDefault, stream_));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_EQ(back, source);
  EXPECT_FAILS(cudaMemcpy2DAsync(data_, kWidth - 1, source.data(), kWidth, kWidth, kHeight,
                                 cudaMemcpyHostToDevice, stream_),
               cudaErrorInvalidPitchValue);
  EXPECT_FAILS(cudaMemcpy2DAsync(data_, kPitch, source.data(), kWidth, kWidth, kHeight,
                                 static_cast<cudaMemcpyKind>(5), stream_),
               cudaErrorInvalidMemcpyDirection);
  EXPECT_FAILS(
      cudaMemcpy2DAsync(data_, kPitch, nullptr, kWidth, kWidth, kHeight, cudaMemcpyHostToDevice, stream_),
      cudaErrorInvalidValue);
  EXPECT_FAILS(
      cudaMemcpy2DAsync(data_, 1024, source.data(), kWidth, kWidth, 2, cudaMemcpyHostToDevice, stream_),
      cudaErrorInvalidValue);  // the second row lies behind the buffer
  const auto types = captured([&](cudaStream_t s) {
    EXPECT_OK(cudaMemcpy2DAsync(data_, kPitch, source.data() + kWidth, kWidth, kWidth, 1,
                                cudaMemcpyHostToDevice, s));
  });
  EXPECT_EQ(types, std::vector{cudaGraphNodeTypeMemcpy});
  EXPECT_EQ(buffer(1)[0], source[kWidth]);
}

TEST_F(CopyApi, FillsOfRectanglesAndVolumes) {
  close_gate();
  EXPECT_OK(cudaMemset2DAsync(data_, kPitch, 0x107, kWidth, kHeight, stream_));
  EXPECT_EQ(buffer(1)[0], 0) << "the gate is closed";
  open_gate();
  Bytes seen = buffer();
  for (size_t i = 0; i < kHeight * kPitch; i++) EXPECT_EQ(seen[i], i % kPitch < kWidth ? 7 : 0) << i;
  EXPECT_EQ(seen[kHeight * kPitch], 0);

  // Slices of which the fill takes the first rows only.
  const cudaPitchedPtr volume = {data_, 16, 16, 4};
  close_gate();
  EXPECT_OK(cudaMemset3DAsync(volume, 9, {5, 2, 3}, stream_));
  open_gate();
  seen = buffer();
  for (size_t z = 0; z < 4; z++)
    for (size_t y = 0; y < 4; y++)
      for (size_t x = 0; x < 5; x++)
        if (z < 3 && y < 2) EXPECT_EQ(seen[(z * 4 + y) * 16 + x], 9) << x << ',' << y << ',' << z;
  EXPECT_NE(seen[5], 9);
  EXPECT_NE(seen[2 * 16], 9);
  EXPECT_NE(seen[3 * 4 * 16], 9);
  EXPECT_OK(cudaMemset3D(volume, 3, {16, 4, 3}));
  seen = buffer();
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 3), 192);
  EXPECT_OK(cudaMemset3DAsync(volume, 1, {0, 4, 3}, stream_));
  EXPECT_OK(cudaMemset2DAsync(data_, kPitch, 1, 4, 0, stream_));
  EXPECT_EQ(buffer(), seen) << "nothing to fill";
  EXPECT_FAILS(cudaMemset2DAsync(data_, 8, 1, 16, 2, stream_), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemset2DAsync(nullptr, kPitch, 1, 4, 4, stream_), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemset3DAsync({data_, 16, 16, 4}, 1, {16, 4, 17}, stream_), cudaErrorInvalidValue);
  const auto types =
      captured([&](cudaStream_t s) { EXPECT_OK(cudaMemset2DAsync(data_, kPitch, 0x55, 2, 2, s)); });
  EXPECT_EQ(types, std::vector{cudaGraphNodeTypeMemset});
  EXPECT_EQ(buffer(kPitch + 2)[kPitch + 1], 0x55);
}

TEST_F(CopyApi, VolumesInAStream) {
  // A box of 3 x 2 x 2 bytes from (1, 1, 1) of 8 x 4 x 3 to (2, 0, 1) of 16 x 3 x 2.
  const Bytes source = counting(8 * 4 * 3);
  cudaMemcpy3DParms p{};
  p.srcPtr = {const_cast<unsigned char*>(source.data()), 8, 8, 4};
  p.srcPos = {1, 1, 1};
  p.dstPtr = {data_, 16, 16, 3};
  p.dstPos = {2, 0, 1};
  p.extent = {3, 2, 2};
  p.kind = cudaMemcpyHostToDevice;
  close_gate();
  EXPECT_OK(cudaMemcpy3DAsync(&p, stream_));
  EXPECT_EQ(cudaStreamQuery(stream_), cudaErrorNotReady);
  open_gate();
  const Bytes seen = buffer();
  size_t marked = 0;
  for (size_t z = 0; z < 2; z++)
    for (size_t y = 0; y < 2; y++)
      for (size_t x = 0; x < 3; x++, marked++)
        EXPECT_EQ(seen[((z + 1) * 3 + y) * 16 + x + 2], source[((z + 1) * 4 + y + 1) * 8 + x + 1]);
  EXPECT_EQ(size_t(std::count_if(seen.begin(), seen.end(), [](unsigned char c) { return c != 0; })), marked);

  EXPECT_FAILS(cudaMemcpy3DAsync(nullptr, stream_), cudaErrorInvalidValue);
  cudaMemcpy3DParms bad = p;
  bad.kind = static_cast<cudaMemcpyKind>(9);
  EXPECT_FAILS(cudaMemcpy3DAsync(&bad, stream_), cudaErrorInvalidMemcpyDirection);
  bad = p;
  bad.srcPtr.ptr = nullptr;
  EXPECT_FAILS(cudaMemcpy3DAsync(&bad, stream_), cudaErrorInvalidValue);  // neither memory nor array
  bad = p;
  bad.extent.width = 17;
  EXPECT_FAILS(cudaMemcpy3DAsync(&bad, stream_), cudaErrorInvalidValue);  // wider than the pitch
  bad = p;
  bad.extent.depth = 0;
  EXPECT_OK(cudaMemcpy3DAsync(&bad, stream_));
}

TEST_F(CopyApi, BetweenDevices) {
  unsigned* there = nullptr;
  EXPECT_OK(cudaSetDevice(1));
  ASSERT_OK(cudaMalloc(reinterpret_cast<void**>(&there), 1024));
  EXPECT_OK(cudaMemset(there, 6, 1024));
  EXPECT_OK(cudaDeviceSynchronize());
  EXPECT_OK(cudaSetDevice(0));
  EXPECT_OK(cudaMemcpyPeer(data_, 0, there, 1, 16));
  EXPECT_EQ(word(3), 0x06060606u);
  EXPECT_EQ(word(4), 0u);
  close_gate();
  EXPECT_OK(cudaMemcpyPeerAsync(data_ + 4, 0, there, 1, 16, stream_));
  EXPECT_EQ(cudaStreamQuery(stream_), cudaErrorNotReady);
  open_gate();
  EXPECT_EQ(word(7), 0x06060606u);
  EXPECT_EQ(word(8), 0u);
  EXPECT_FAILS(cudaMemcpyPeer(data_, 0, there, 2, 16), cudaErrorInvalidDevice);
  EXPECT_FAILS(cudaMemcpyPeerAsync(data_, -1, there, 1, 16, stream_), cudaErrorInvalidDevice);
  EXPECT_FAILS(cudaMemcpyPeer(data_, 0, there, 1, 2048), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemcpyPeer(nullptr, 0, there, 1, 16), cudaErrorInvalidValue);

  cudaMemcpy3DPeerParms p{};
  p.srcPtr = {there, 16, 16, 2};
  p.srcDevice = 1;
  p.dstPtr = {data_ + 16, 8, 8, 2};
  p.dstDevice = 0;
  p.extent = {8, 2, 2};
  EXPECT_OK(cudaMemcpy3DPeer(&p));
  EXPECT_EQ(word(15), 0u);
  EXPECT_EQ(word(16), 0x06060606u);
  EXPECT_EQ(word(23), 0x06060606u);
  EXPECT_EQ(word(24), 0u);
  p.dstPtr.ptr = data_ + 32;
  close_gate();
  EXPECT_OK(cudaMemcpy3DPeerAsync(&p, stream_));
  EXPECT_EQ(cudaStreamQuery(stream_), cudaErrorNotReady);
  open_gate();
  EXPECT_EQ(word(39), 0x06060606u);
  EXPECT_FAILS(cudaMemcpy3DPeer(nullptr), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemcpy3DPeerAsync(nullptr, stream_), cudaErrorInvalidValue);
  p.srcDevice = 2;
  EXPECT_FAILS(cudaMemcpy3DPeer(&p), cudaErrorInvalidDevice);
  EXPECT_OK(cudaFree(there));
}

TEST_F(CopyApi, SymbolsInAStream) {
  const unsigned values[] = {70, 80};
  unsigned seen[2] = {};
  close_gate();
  EXPECT_OK(cudaMemcpyToSymbolAsync(&api::table, values, 8, 4, cudaMemcpyHostToDevice, stream_));
  EXPECT_OK(cudaMemcpyFromSymbolAsync(data_, &api::table, 16, 0, cudaMemcpyDeviceToDevice, stream_));
  EXPECT_EQ(cudaStreamQuery(stream_), cudaErrorNotReady);
  open_gate();
  EXPECT_EQ(word(0), 1u);
  EXPECT_EQ(word(1), 70u);
  EXPECT_EQ(word(2), 80u);
  EXPECT_EQ(word(3), 4u);
  EXPECT_OK(cudaMemcpyFromSymbolAsync(seen, &api::table, 8, 8, cudaMemcpyDefault, stream_));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_EQ(seen[0], 80u);
  EXPECT_EQ(seen[1], 4u);
  EXPECT_FAILS(cudaMemcpyToSymbolAsync(&api::table, values, 8, 12, cudaMemcpyHostToDevice, stream_),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemcpyFromSymbolAsync(seen, &api::table, 4, 0, cudaMemcpyHostToDevice, stream_),
               cudaErrorInvalidMemcpyDirection);
  EXPECT_FAILS(cudaMemcpyToSymbolAsync(&api::table, values, 4, 0, cudaMemcpyDeviceToHost, stream_),
               cudaErrorInvalidMemcpyDirection);
  EXPECT_FAILS(cudaMemcpyToSymbolAsync(values, values, 4, 0, cudaMemcpyHostToDevice, stream_),
               cudaErrorInvalidSymbol);
  EXPECT_FAILS(cudaMemcpyFromSymbolAsync(seen, nullptr, 4, 0, cudaMemcpyDeviceToHost, stream_),
               cudaErrorInvalidSymbol);
  const unsigned back[] = {2, 3};
  const auto types = captured([&](cudaStream_t s) {
    EXPECT_OK(cudaMemcpyToSymbolAsync(&api::table, back, 8, 4, cudaMemcpyHostToDevice, s));
  });
  EXPECT_EQ(types, std::vector{cudaGraphNodeTypeMemcpy});
  EXPECT_OK(cudaMemcpyFromSymbol(seen, &api::table, 8, 4, cudaMemcpyDeviceToHost));
  EXPECT_EQ(seen[0], 2u);
}

class ArrayApi : public CopyApi {
 protected:
  static constexpr size_t kRow = 8, kRows = 4, kTexel = 2;  // an array of 8 x 4 two-byte texels
  void SetUp() override {
    CopyApi::SetUp();
    for (cudaArray_t* a : {&array_, &other_}) ASSERT_OK(cudaMallocArray(a, &kShort, kRow, kRows, 0));
    const Bytes zero(kRow * kRows * kTexel);
    for (cudaArray_t a : {array_, other_}) put(a, zero);
  }
  void TearDown() override {
    for (cudaArray_t a : {array_, other_}) EXPECT_OK(cudaFreeArray(a));
    CopyApi::TearDown();
  }
  void put(cudaArray_t a, const Bytes& bytes) {
    EXPECT_OK(cudaMemcpy2DToArray(a, 0, 0, bytes.data(), kRow * kTexel, kRow * kTexel, kRows,
                                  cudaMemcpyHostToDevice));
  }
  Bytes texels(cudaArray_t a) {
    Bytes bytes(kRow * kRows * kTexel);
    EXPECT_OK(cudaMemcpy2DFromArray(bytes.data(), kRow * kTexel, a, 0, 0, kRow * kTexel, kRows,
                                    cudaMemcpyDeviceToHost));
    return bytes;
  }
  static constexpr cudaChannelFormatDesc kShort = {16, 0, 0, 0, cudaChannelFormatKindUnsigned};
  cudaArray_t array_ = nullptr, other_ = nullptr;
};

TEST_F(ArrayApi, RectanglesGoInAndOut) {
  const Bytes source = counting(kRow * kRows * kTexel);
  close_gate();
  // Two rows of 4 bytes to byte 6 of row 1.
  EXPECT_OK(cudaMemcpy2DToArrayAsync(array_, 6, 1, source.data(), 16, 4, 2, cudaMemcpyHostToDevice, stream_));
  EXPECT_EQ(cudaStreamQuery(stream_), cudaErrorNotReady);
  open_gate();
  const Bytes seen = texels(array_);
  for (size_t y = 0; y < kRows; y++)
    for (size_t x = 0; x < kRow * kTexel; x++)
      EXPECT_EQ(seen[y * 16 + x], y >= 1 && y < 3 && x >= 6 && x < 10 ? source[(y - 1) * 16 + x - 6] : 0);

  put(array_, source);
  close_gate();
  EXPECT_OK(cudaMemcpy2DFromArrayAsync(pinned_, 3, array_, 5, 2, 3, 2, cudaMemcpyDeviceToHost, stream_));
  EXPECT_EQ(cudaStreamQuery(stream_), cudaErrorNotReady);
  open_gate();
  Bytes part(pinned_, pinned_ + 6);
  EXPECT_EQ(part, (Bytes{38, 39, 40, 54, 55, 56}));

  EXPECT_OK(cudaMemcpy2DArrayToArray(other_, 2, 1, array_, 4, 0, 6, 3, cudaMemcpyDeviceToDevice));
  const Bytes moved = texels(other_);
  for (size_t y = 0; y < kRows; y++)
    for (size_t x = 0; x < 16; x++)
      EXPECT_EQ(moved[y * 16 + x], y >= 1 && x >= 2 && x < 8 ? source[(y - 1) * 16 + x + 2] : 0)
          << x << ',' << y;

  EXPECT_FAILS(
      cudaMemcpy2DToArrayAsync(array_, 14, 0, source.data(), 16, 4, 1, cudaMemcpyHostToDevice, stream_),
      cudaErrorInvalidValue);  // over the end of the row
  EXPECT_FAILS(cudaMemcpy2DFromArray(part.data(), 3, array_, 0, 3, 3, 2, cudaMemcpyDeviceToHost),
               cudaErrorInvalidValue);  // below the last row
  EXPECT_FAILS(
      cudaMemcpy2DFromArrayAsync(part.data(), 2, array_, 0, 0, 3, 2, cudaMemcpyDeviceToHost, stream_),
      cudaErrorInvalidPitchValue);
  EXPECT_FAILS(cudaMemcpy2DArrayToArray(other_, 0, 0, array_, 12, 0, 6, 3, cudaMemcpyDeviceToDevice),
               cudaErrorInvalidValue);
  EXPECT_FAILS(
      cudaMemcpy2DToArrayAsync(nullptr, 0, 0, source.data(), 16, 4, 1, cudaMemcpyHostToDevice, stream_),
      cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemcpy2DFromArray(part.data(), 3, array_, 0, 0, 3, 2, static_cast<cudaMemcpyKind>(8)),
               cudaErrorInvalidMemcpyDirection);
}

TEST_F(ArrayApi, LinearCopiesRunOverRowEnds) {
  const Bytes source = counting(kRow * kRows * kTexel);
  // 40 bytes from byte 10 of row 0: the rest of it, row 1, row 2, two bytes of... row 3 stays.
  EXPECT_OK(cudaMemcpyToArray(array_, 10, 0, source.data(), 40, cudaMemcpyHostToDevice));
  Bytes seen = texels(array_);
  for (size_t i = 0; i < seen.size(); i++) EXPECT_EQ(seen[i], i >= 10 && i < 50 ? source[i - 10] : 0) << i;
  put(array_, source);
  Bytes part(20);
  EXPECT_OK(cudaMemcpyFromArray(part.data(), array_, 12, 1, 20, cudaMemcpyDeviceToHost));
  EXPECT_TRUE(std::equal(part.begin(), part.end(), source.begin() + 28));
  close_gate();
  EXPECT_OK(cudaMemcpyToArrayAsync(other_, 4, 2, source.data(), 18, cudaMemcpyHostToDevice, stream_));
  EXPECT_OK(cudaMemcpyFromArrayAsync(pinned_, other_, 0, 2, 20, cudaMemcpyDeviceToHost, stream_));
  EXPECT_EQ(cudaStreamQuery(stream_), cudaErrorNotReady);
  open_gate();
  EXPECT_EQ(pinned_[3], 0);
  EXPECT_EQ(pinned_[4], 1);
  EXPECT_EQ(pinned_[19], 16);
  EXPECT_EQ(texels(other_)[53], 18);
  EXPECT_EQ(texels(other_)[54], 0);
  EXPECT_OK(cudaMemcpyArrayToArray(other_, 8, 0, array_, 4, 1, 30, cudaMemcpyDeviceToDevice));
  seen = texels(other_);
  EXPECT_EQ(seen[7], 0);
  for (size_t i = 0; i < 30; i++) EXPECT_EQ(seen[8 + i], source[20 + i]) << i;
  EXPECT_FAILS(cudaMemcpyToArray(array_, 0, 3, source.data(), 17, cudaMemcpyHostToDevice),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemcpyFromArray(part.data(), array_, 16, 0, 1, cudaMemcpyDeviceToHost),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemcpyArrayToArray(other_, 0, 0, array_, 0, 3, 17, cudaMemcpyDeviceToDevice),
               cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemcpyToArrayAsync(nullptr, 0, 0, source.data(), 4, cudaMemcpyHostToDevice, stream_),
               cudaErrorInvalidResourceHandle);
  EXPECT_FAILS(cudaMemcpyFromArray(part.data(), array_, 0, 0, 4, static_cast<cudaMemcpyKind>(8)),
               cudaErrorInvalidMemcpyDirection);
}

TEST_F(ArrayApi, ExtentsCountTexelsWhereAnArrayTakesPart) {
  const Bytes source = counting(kRow * kRows * kTexel);
  cudaMemcpy3DParms p{};
  p.srcPtr = {const_cast<unsigned char*>(source.data()), 16, 8, 4};
  p.srcPos = {2, 0, 0};  // bytes of memory
  p.dstArray = array_;
  p.dstPos = {3, 1, 0};  // texels of the array
  p.extent = {4, 2, 1};
  p.kind = cudaMemcpyHostToDevice;
  EXPECT_OK(cudaMemcpy3DAsync(&p, stream_));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  const Bytes seen = texels(array_);
  for (size_t y = 0; y < kRows; y++)
    for (size_t x = 0; x < 16; x++)
      EXPECT_EQ(seen[y * 16 + x], y >= 1 && y < 3 && x >= 6 && x < 14 ? source[(y - 1) * 16 + x - 4] : 0);

  // Arrays of unlike texels don't copy into each other.
  cudaArray_t wide = nullptr;
  const cudaChannelFormatDesc word = {32, 0, 0, 0, cudaChannelFormatKindUnsigned};
  ASSERT_OK(cudaMallocArray(&wide, &word, kRow, kRows, 0));
  cudaMemcpy3DParms between{};
  between.srcArray = array_;
  between.dstArray = wide;
  between.extent = {4, 2, 1};
  between.kind = cudaMemcpyDeviceToDevice;
  EXPECT_FAILS(cudaMemcpy3D(&between), cudaErrorInvalidValue);
  EXPECT_OK(cudaFreeArray(wide));
  between.dstArray = other_;
  between.srcPos = {3, 1, 0};
  EXPECT_OK(cudaMemcpy3D(&between));
  EXPECT_EQ(texels(other_)[0], source[2]);
}

#if CUDART_VERSION < 13000
size_t failed_at = 0;  // which operation it was
#endif

cudaError_t batch(void** dst, const void** src, size_t* bytes, size_t count, cudaMemcpyAttributes* how,
                  size_t* starts, size_t parts, cudaStream_t stream) {
#if CUDART_VERSION >= 13000
  return cudaMemcpyBatchAsync(dst, src, bytes, count, how, starts, parts, stream);
#else
  return cudaMemcpyBatchAsync(dst, const_cast<void**>(src), bytes, count, how, starts, parts, &failed_at,
                              stream);
#endif
}

cudaError_t batch(size_t count, cudaMemcpy3DBatchOp* operations, unsigned long long flags,
                  cudaStream_t stream) {
#if CUDART_VERSION >= 13000
  return cudaMemcpy3DBatchAsync(count, operations, flags, stream);
#else
  return cudaMemcpy3DBatchAsync(count, operations, &failed_at, flags, stream);
#endif
}

TEST_F(CopyApi, ManyAtOnce) {
  const Bytes source = counting(64);
  void* dst[] = {data_, data_ + 8, pinned_};
  const void* src[] = {source.data(), source.data() + 16, source.data() + 40};
  size_t bytes[] = {8, 16, 8};
  cudaMemcpyAttributes how{};
  how.srcAccessOrder = cudaMemcpySrcAccessOrderStream;
  size_t start = 0;
  close_gate();
  EXPECT_OK(batch(dst, src, bytes, 3, &how, &start, 1, stream_));
  EXPECT_EQ(pinned_[0], 0);
  open_gate();
  const Bytes seen = buffer(64);
  EXPECT_TRUE(std::equal(source.begin(), source.begin() + 8, seen.begin()));
  EXPECT_EQ(seen[8], 0);
  EXPECT_TRUE(std::equal(source.begin() + 16, source.begin() + 32, seen.begin() + 32));
  EXPECT_TRUE(std::equal(pinned_, pinned_ + 8, source.begin() + 40));
  EXPECT_FAILS(batch(dst, src, bytes, 0, &how, &start, 1, stream_), cudaErrorInvalidValue);
  EXPECT_FAILS(batch(dst, src, bytes, 3, nullptr, &start, 1, stream_), cudaErrorInvalidValue);
  EXPECT_FAILS(batch(dst, src, bytes, 3, &how, &start, 1, nullptr), cudaErrorInvalidValue);
  src[1] = nullptr;
  EXPECT_FAILS(batch(dst, src, bytes, 3, &how, &start, 1, stream_), cudaErrorInvalidValue);
#if CUDART_VERSION < 13000
  EXPECT_EQ(failed_at, 1u);
#endif
  start = 1;
  EXPECT_FAILS(batch(dst, src, bytes, 3, &how, &start, 1, stream_), cudaErrorInvalidValue);
  how.srcAccessOrder = cudaMemcpySrcAccessOrderInvalid;
  start = 0;
  EXPECT_FAILS(batch(dst, src, bytes, 3, &how, &start, 1, stream_), cudaErrorInvalidValue);

  // What is read during the call may change behind it; what is read in the stream's order is what it is then.
  cudaMemcpyAttributes orders[2] = {};
  orders[0].srcAccessOrder = cudaMemcpySrcAccessOrderDuringApiCall;
  orders[1].srcAccessOrder = cudaMemcpySrcAccessOrderStream;
  size_t starts[] = {0, 1};
  dst[0] = data_, dst[1] = data_ + 1;
  src[0] = src[1] = pinned_;
  bytes[0] = bytes[1] = 4;
  std::fill_n(pinned_, 4, static_cast<unsigned char>(1));
  close_gate();
  EXPECT_OK(batch(dst, src, bytes, 2, orders, starts, 2, stream_));
  std::fill_n(pinned_, 4, static_cast<unsigned char>(2));
  open_gate();
  EXPECT_EQ(word(0), 0x01010101u);
  EXPECT_EQ(word(1), 0x02020202u);

  cudaMemcpy3DBatchOp op{};
  op.src.type = op.dst.type = cudaMemcpyOperandTypePointer;
  op.src.op.ptr.ptr = const_cast<unsigned char*>(source.data());
  op.src.op.ptr.rowLength = 8;
  op.src.op.ptr.layerHeight = 4;
  op.dst.op.ptr.ptr = data_ + 32;  // tight
  op.extent = {4, 2, 2};
  op.srcAccessOrder = cudaMemcpySrcAccessOrderStream;
  EXPECT_OK(batch(1, &op, 0, stream_));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  const Bytes box = buffer(144);
  EXPECT_EQ(Bytes(box.begin() + 128, box.end()),
            (Bytes{1, 2, 3, 4, 9, 10, 11, 12, 33, 34, 35, 36, 41, 42, 43, 44}));
  EXPECT_FAILS(batch(1, nullptr, 0, stream_), cudaErrorInvalidValue);
  EXPECT_FAILS(batch(1, &op, 1, stream_), cudaErrorInvalidValue);
  op.srcAccessOrder = cudaMemcpySrcAccessOrderInvalid;
  EXPECT_FAILS(batch(1, &op, 0, stream_), cudaErrorInvalidValue);
  op.srcAccessOrder = cudaMemcpySrcAccessOrderStream;
  op.src.type = static_cast<cudaMemcpy3DOperandType>(0);
  EXPECT_FAILS(batch(1, &op, 0, stream_), cudaErrorInvalidValue);
}

TEST_F(ArrayApi, ManyVolumesOfArraysAtOnce) {
  const Bytes source = counting(kRow * kRows * kTexel);
  cudaMemcpy3DBatchOp op[3] = {};
  // Memory to an array: lengths of rows in texels.
  op[0].src.type = cudaMemcpyOperandTypePointer;
  op[0].src.op.ptr.ptr = const_cast<unsigned char*>(source.data());
  op[0].src.op.ptr.rowLength = 8;
  op[0].src.op.ptr.layerHeight = 4;
  op[0].dst.type = cudaMemcpyOperandTypeArray;
  op[0].dst.op.array.array = array_;
  op[0].dst.op.array.offset = {1, 1, 0};
  op[0].extent = {3, 2, 1};
  // An array to an array, and back to memory.
  op[1].src.type = op[1].dst.type = cudaMemcpyOperandTypeArray;
  op[1].src.op.array.array = array_;
  op[1].src.op.array.offset = {2, 1, 0};
  op[1].dst.op.array.array = other_;
  op[1].extent = {2, 2, 1};
  op[2].src.type = cudaMemcpyOperandTypeArray;
  op[2].src.op.array.array = other_;
  op[2].dst.type = cudaMemcpyOperandTypePointer;
  op[2].dst.op.ptr.ptr = data_;
  op[2].extent = {2, 2, 1};
  for (cudaMemcpy3DBatchOp& o : op) {
    o.srcAccessOrder = cudaMemcpySrcAccessOrderStream;
    EXPECT_OK(batch(1, &o, 0, stream_));
  }
  EXPECT_OK(cudaStreamSynchronize(stream_));
  const Bytes seen = texels(array_);
  for (size_t y = 0; y < kRows; y++)
    for (size_t x = 0; x < 16; x++)
      EXPECT_EQ(seen[y * 16 + x], y >= 1 && y < 3 && x >= 2 && x < 8 ? source[(y - 1) * 16 + x - 2] : 0);
  EXPECT_EQ(buffer(9), (Bytes{3, 4, 5, 6, 19, 20, 21, 22, 0}));
  op[0].dst.op.array.offset.x = 6;
  EXPECT_FAILS(batch(1, op, 0, stream_), cudaErrorInvalidValue);  // over the end of the row
  op[1].dst.op.array.array = nullptr;
  EXPECT_FAILS(batch(1, op + 1, 0, stream_), cudaErrorInvalidValue);
}

#if CUDART_VERSION >= 13000
TEST_F(ArrayApi, OneCopyWithAttributes) {
  cudaMemcpyAttributes how{};
  how.srcAccessOrder = cudaMemcpySrcAccessOrderDuringApiCall;
  std::fill_n(pinned_, 8, static_cast<unsigned char>(1));
  close_gate();
  EXPECT_OK(cudaMemcpyWithAttributesAsync(data_, pinned_, 4, &how, stream_));
  how.srcAccessOrder = cudaMemcpySrcAccessOrderStream;
  EXPECT_OK(cudaMemcpyWithAttributesAsync(data_ + 1, pinned_, 4, &how, stream_));
  std::fill_n(pinned_, 8, static_cast<unsigned char>(2));
  open_gate();
  EXPECT_EQ(word(0), 0x01010101u);
  EXPECT_EQ(word(1), 0x02020202u);
  EXPECT_OK(cudaMemcpyWithAttributesAsync(data_ + 2, pinned_, 4, &how, nullptr));
  EXPECT_EQ(word(2), 0x02020202u);
  EXPECT_FAILS(cudaMemcpyWithAttributesAsync(data_, pinned_, 4, nullptr, stream_), cudaErrorInvalidValue);
  how.srcAccessOrder = cudaMemcpySrcAccessOrderInvalid;
  EXPECT_FAILS(cudaMemcpyWithAttributesAsync(data_, pinned_, 4, &how, stream_), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemcpyWithAttributesAsync(data_, pinned_, 4, &how, nullptr), cudaErrorInvalidValue);

  const Bytes source = counting(8);
  cudaMemcpy3DBatchOp op{};
  op.src.type = cudaMemcpyOperandTypePointer;
  op.src.op.ptr.ptr = const_cast<unsigned char*>(source.data());
  op.dst.type = cudaMemcpyOperandTypeArray;
  op.dst.op.array.array = array_;
  op.dst.op.array.offset = {4, 3, 0};
  op.extent = {4, 1, 1};
  op.srcAccessOrder = cudaMemcpySrcAccessOrderStream;
  EXPECT_OK(cudaMemcpy3DWithAttributesAsync(&op, 0, stream_));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  const Bytes seen = texels(array_);
  EXPECT_EQ(Bytes(seen.end() - 8, seen.end()), source);
  EXPECT_FAILS(cudaMemcpy3DWithAttributesAsync(nullptr, 0, stream_), cudaErrorInvalidValue);
  EXPECT_FAILS(cudaMemcpy3DWithAttributesAsync(&op, 1, stream_), cudaErrorInvalidValue);
}
#endif

}  // namespace
