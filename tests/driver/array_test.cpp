// CUDA arrays: what can be made, every kind of copy, and the codes for what can't.
#include <cstring>
#include <numeric>

#include "driver_fixture.h"

namespace {

class ArrayTest : public DriverTest {
 protected:
  static CUDA_ARRAY3D_DESCRIPTOR shape(size_t w, size_t h, size_t d, unsigned flags = 0,
                                       CUarray_format format = CU_AD_FORMAT_UNSIGNED_INT32,
                                       unsigned channels = 1) {
    return {w, h, d, format, channels, flags};
  }
  CUarray make(const CUDA_ARRAY3D_DESCRIPTOR& d) {
    CUarray a = nullptr;
    OK(cuArray3DCreate(&a, &d));
    return a;
  }
  static std::vector<uint32_t> numbers(size_t n, uint32_t first = 0) {
    std::vector<uint32_t> v(n);
    std::iota(v.begin(), v.end(), first);
    return v;
  }
};

TEST_F(ArrayTest, DescriptorsComeBack) {
  const CUDA_ARRAY3D_DESCRIPTOR d = shape(10, 20, 6, CUDA_ARRAY3D_LAYERED, CU_AD_FORMAT_HALF, 4);
  CUarray a = make(d);
  CUDA_ARRAY3D_DESCRIPTOR back{};
  OK(cuArray3DGetDescriptor(&back, a));
  EXPECT_EQ(std::memcmp(&back, &d, sizeof d), 0);
  CUDA_ARRAY_DESCRIPTOR flat{};
  OK(cuArrayGetDescriptor(&flat, a));
  EXPECT_EQ(flat.Width, 10u);
  EXPECT_EQ(flat.NumChannels, 4u);
  OK(cuArrayDestroy(a));
  IS(cuArrayDestroy(a), CUDA_ERROR_INVALID_HANDLE);
  IS(cuArray3DGetDescriptor(&back, a), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(ArrayTest, WhatCannotBeMade) {
  CUarray a = nullptr;
  const auto refuse = [&](CUDA_ARRAY3D_DESCRIPTOR d, const char* why) {
    EXPECT_EQ(name_of(cuArray3DCreate(&a, &d)), "CUDA_ERROR_INVALID_VALUE") << why;
  };
  refuse(shape(0, 0, 0), "no width");
  refuse(shape(4, 0, 4), "depth without height");
  refuse(shape(4, 4, 0, CUDA_ARRAY3D_LAYERED), "no layers");
  refuse(shape(4, 5, 6, CUDA_ARRAY3D_CUBEMAP), "faces that aren't square");
  refuse(shape(4, 4, 5, CUDA_ARRAY3D_CUBEMAP), "five faces");
  refuse(shape(4, 4, 13, CUDA_ARRAY3D_CUBEMAP | CUDA_ARRAY3D_LAYERED), "a part of a cube");
  refuse(shape(4, 0, 0, CUDA_ARRAY3D_TEXTURE_GATHER), "gathers in one dimension");
  refuse(shape(4, 4, 0, 0, CU_AD_FORMAT_FLOAT, 3), "three channels");
  refuse(shape(4, 4, 0, 0, CUarray_format(5)), "no such format");
  refuse(shape(1 << 18, 0, 0), "wider than a 1-D texture");
  refuse(shape(1 << 15, 1 << 15, 4), "wider than a 3-D texture");
  refuse(shape(4, 4, 3000, CUDA_ARRAY3D_LAYERED), "too many layers");
  refuse(shape(4, 4, 0, 0x8000), "an unknown flag");
  const CUDA_ARRAY3D_DESCRIPTOR compressed = shape(4, 4, 0, 0, CU_AD_FORMAT_BC1_UNORM, 4);
  IS(cuArray3DCreate(&a, &compressed), CUDA_ERROR_NOT_SUPPORTED);
  const CUDA_ARRAY3D_DESCRIPTOR sparse = shape(4, 4, 0, CUDA_ARRAY3D_SPARSE);
  IS(cuArray3DCreate(&a, &sparse), CUDA_ERROR_NOT_SUPPORTED);
  IS(cuArray3DCreate(nullptr, &sparse), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(ArrayTest, TakesDeviceMemory) {
  size_t before = 0, after = 0, total = 0;
  OK(cuMemGetInfo(&before, &total));
  CUarray a = make(shape(1024, 1024, 0));
  OK(cuMemGetInfo(&after, &total));
  EXPECT_GE(before - after, 4u << 20);
  OK(cuArrayDestroy(a));
}

TEST_F(ArrayTest, RectanglesGoInAndOut) {
  CUarray a = make(shape(8, 4, 0)), b = make(shape(16, 4, 0));
  const std::vector<uint32_t> in = numbers(32);
  CUDA_MEMCPY2D c{};
  c.srcMemoryType = CU_MEMORYTYPE_HOST, c.srcHost = in.data(), c.srcPitch = 32;
  c.dstMemoryType = CU_MEMORYTYPE_ARRAY, c.dstArray = a;
  c.WidthInBytes = 32, c.Height = 4;
  OK(cuMemcpy2D(&c));
  // The middle of `a` to the end of `b`, asynchronously.
  CUDA_MEMCPY2D move{};
  move.srcMemoryType = move.dstMemoryType = CU_MEMORYTYPE_ARRAY;
  move.srcArray = a, move.srcXInBytes = 8, move.srcY = 1;
  move.dstArray = b, move.dstXInBytes = 48, move.dstY = 2;
  move.WidthInBytes = 16, move.Height = 2;
  OK(cuMemcpy2DAsync(&move, nullptr));
  const CUdeviceptr p = allocate(64 * 4);
  CUDA_MEMCPY2D out{};
  out.srcMemoryType = CU_MEMORYTYPE_ARRAY, out.srcArray = b;
  out.dstMemoryType = CU_MEMORYTYPE_DEVICE, out.dstDevice = p, out.dstPitch = 64;
  out.WidthInBytes = 64, out.Height = 4;
  OK(cuMemcpy2D(&out));
  const std::vector<uint32_t> got = read(p, 64);
  for (uint32_t y = 0; y < 2; y++)
    for (uint32_t x = 0; x < 4; x++) EXPECT_EQ(got[(y + 2) * 16 + 12 + x], (y + 1) * 8 + 2 + x);
  move.dstXInBytes = 52;
  IS(cuMemcpy2D(&move), CUDA_ERROR_INVALID_VALUE);
  move.dstXInBytes = 48, move.dstY = 3;
  IS(cuMemcpy2D(&move), CUDA_ERROR_INVALID_VALUE);
  OK(cuArrayDestroy(a));
  move.dstY = 2;
  IS(cuMemcpy2D(&move), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(ArrayTest, BoxesAndLayers) {
  for (unsigned flags : {0u, unsigned(CUDA_ARRAY3D_LAYERED)}) {
    CUarray a = make(shape(4, 3, 5, flags));
    const std::vector<uint32_t> in = numbers(60);
    CUDA_MEMCPY3D c{};
    c.srcMemoryType = CU_MEMORYTYPE_HOST, c.srcHost = in.data(), c.srcPitch = 16, c.srcHeight = 3;
    c.dstMemoryType = CU_MEMORYTYPE_ARRAY, c.dstArray = a;
    c.WidthInBytes = 16, c.Height = 3, c.Depth = 5;
    OK(cuMemcpy3D(&c));
    std::vector<uint32_t> got(4, 99);
    CUDA_MEMCPY3D one{};
    one.srcMemoryType = CU_MEMORYTYPE_ARRAY, one.srcArray = a, one.srcXInBytes = 4, one.srcY = 2,
    one.srcZ = 3;
    one.dstMemoryType = CU_MEMORYTYPE_HOST, one.dstHost = got.data(), one.dstPitch = 8;
    one.WidthInBytes = 8, one.Height = 1, one.Depth = 2;
    OK(cuMemcpy3D(&one));
    EXPECT_EQ(got, (std::vector<uint32_t>{3 * 12 + 9, 3 * 12 + 10, 4 * 12 + 9, 4 * 12 + 10}));
    one.Depth = 3;
    IS(cuMemcpy3D(&one), CUDA_ERROR_INVALID_VALUE);
  }
}

TEST_F(ArrayTest, LinearCopies) {
  CUarray a = make(shape(5, 3, 0)), b = make(shape(7, 3, 0));
  const std::vector<uint32_t> in = numbers(15, 50);
  OK(cuMemcpyHtoA(a, 0, in.data(), 60));
  std::vector<uint32_t> out(6);
  OK(cuMemcpyAtoH(out.data(), a, 16, 24));
  EXPECT_EQ(out, numbers(6, 54));
  // 11 texels from texel 3 of `a` to texel 4 of `b`, whose rows are longer.
  OK(cuMemcpyAtoA(b, 16, a, 12, 44));
  const CUdeviceptr p = allocate(44);
  OK(cuMemcpyAtoD(p, b, 16, 44));
  EXPECT_EQ(read(p, 11), numbers(11, 53));
  OK(cuMemcpyDtoA(a, 0, p, 44));
  OK(cuMemcpyAtoHAsync(out.data(), a, 20, 24, nullptr));
  OK(cuStreamSynchronize(nullptr));
  EXPECT_EQ(out, numbers(6, 58));
  OK(cuMemcpyHtoAAsync(a, 40, in.data(), 20, nullptr));
  IS(cuMemcpyHtoA(a, 44, in.data(), 20), CUDA_ERROR_INVALID_VALUE);
  IS(cuMemcpyAtoD(p, reinterpret_cast<CUarray>(p), 0, 4), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(ArrayTest, MipLevelsAreArrays) {
  CUmipmappedArray m = nullptr;
  const CUDA_ARRAY3D_DESCRIPTOR d = shape(20, 9, 0);
  IS(cuMipmappedArrayCreate(&m, &d, 0), CUDA_ERROR_INVALID_VALUE);
  OK(cuMipmappedArrayCreate(&m, &d, 100));  // as many as there can be: 20x9, 10x4, 5x2, 2x1, 1x1
  CUarray level = nullptr;
  OK(cuMipmappedArrayGetLevel(&level, m, 2));
  CUDA_ARRAY3D_DESCRIPTOR back{};
  OK(cuArray3DGetDescriptor(&back, level));
  EXPECT_EQ(back.Width, 5u);
  EXPECT_EQ(back.Height, 2u);
  EXPECT_EQ(back.Depth, 0u);
  OK(cuMipmappedArrayGetLevel(&level, m, 4));
  IS(cuMipmappedArrayGetLevel(&level, m, 5), CUDA_ERROR_INVALID_VALUE);
  IS(cuArrayDestroy(level), CUDA_ERROR_INVALID_VALUE);
  OK(cuMipmappedArrayDestroy(m));
  IS(cuMipmappedArrayDestroy(m), CUDA_ERROR_INVALID_HANDLE);
  IS(cuArray3DGetDescriptor(&back, level), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(ArrayTest, SpecialKindsAreDenied) {
  CUarray a = make(shape(8, 8, 0)), plane = nullptr;
  IS(cuArrayGetPlane(&plane, a, 0), CUDA_ERROR_INVALID_VALUE);
  CUDA_ARRAY_SPARSE_PROPERTIES sparse;
  IS(cuArrayGetSparseProperties(&sparse, a), CUDA_ERROR_INVALID_VALUE);
  CUDA_ARRAY_MEMORY_REQUIREMENTS needs;
  IS(cuArrayGetMemoryRequirements(&needs, a, device), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(ArrayTest, GraphsCopyArrays) {
  CUarray a = make(shape(8, 1, 0));
  const std::vector<uint32_t> in = numbers(8, 7);
  CUDA_MEMCPY3D c{};
  c.srcMemoryType = CU_MEMORYTYPE_HOST, c.srcHost = in.data();
  c.dstMemoryType = CU_MEMORYTYPE_ARRAY, c.dstArray = a;
  c.WidthInBytes = 32, c.Height = 1, c.Depth = 1;
  CUgraph graph = nullptr;
  CUgraphNode node = nullptr;
  CUgraphExec exec = nullptr;
  OK(cuGraphCreate(&graph, 0));
  OK(cuGraphAddMemcpyNode(&node, graph, nullptr, 0, &c, context));
  OK(cuGraphInstantiateWithFlags(&exec, graph, 0));
  OK(cuGraphLaunch(exec, nullptr));
  OK(cuStreamSynchronize(nullptr));
  std::vector<uint32_t> out(8);
  OK(cuMemcpyAtoH(out.data(), a, 0, 32));
  EXPECT_EQ(out, in);
  OK(cuGraphExecDestroy(exec));
  OK(cuGraphDestroy(graph));
}

}  // namespace
