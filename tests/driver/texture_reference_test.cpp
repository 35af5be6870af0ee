// Texture and surface references: what is set comes back, and kernels see it. References that modules start
// with: texture_test.cpp.
#include <bit>
#include <cmath>
#include <cstring>

#include "driver_fixture.h"

// Forms that cuda.h renames.
extern "C" CUresult cuTexRefSetAddress2D_v2(CUtexref, const CUDA_ARRAY_DESCRIPTOR*, CUdeviceptr, size_t);

namespace {

const char kPtx[] = R"(
.version 7.8
.target sm_80
.address_size 64
.global .texref line;
.global .texref image;
.global .surfref target;
.visible .entry from_line(.param .u64 out, .param .s32 x) {
  .reg .b32 %r<5>; .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [out]; ld.param.s32 %r1, [x];
  tex.1d.v4.u32.s32 {%r2,_,_,_}, [line, {%r1}];
  st.global.u32 [%rd1], %r2;
  ret;
}
.visible .entry from_image(.param .u64 out, .param .f32 x, .param .f32 y, .param .f32 level) {
  .reg .b64 %rd<2>; .reg .f32 %f<8>;
  ld.param.u64 %rd1, [out]; ld.param.f32 %f1, [x]; ld.param.f32 %f2, [y]; ld.param.f32 %f3, [level];
  tex.level.2d.v4.f32.f32 {%f4,%f5,%f6,%f7}, [image, {%f1, %f2}], %f3;
  st.global.f32 [%rd1], %f4; st.global.f32 [%rd1+4], %f5;
  ret;
}
)";

class TextureReferenceTest : public DriverTest {
 protected:
  void SetUp() override {
    DriverTest::SetUp();
    OK(cuModuleLoadData(&module, kPtx));
    OK(cuModuleGetTexRef(&line, module, "line"));
    OK(cuModuleGetTexRef(&image, module, "image"));
    out = allocate(64);
    memory = allocate(4096);
    std::vector<uint32_t> words(1024);
    for (uint32_t i = 0; i < 1024; i++) words[i] = i;
    OK(cuMemcpyHtoD(memory, words.data(), 4096));
  }
  uint32_t at(int x) {
    OK(run("from_line", 1, 1, nullptr, out, x));
    return read(out, 1)[0];
  }
  std::vector<float> at(float x, float y, float level = 0) {
    OK(run("from_image", 1, 1, nullptr, out, x, y, level));
    std::vector<float> v(2);
    OK(cuMemcpyDtoH(v.data(), out, 8));
    return v;
  }
  /// 4 x 4 floats, each `first` more than its place.
  CUarray square(float first, unsigned width = 4) {
    CUDA_ARRAY_DESCRIPTOR d = {width, width, CU_AD_FORMAT_FLOAT, 1};
    CUarray a = nullptr;
    OK(cuArrayCreate(&a, &d));
    fill(a, first, width);
    return a;
  }
  static void fill(CUarray a, float first, unsigned width) {
    std::vector<float> v(width * width);
    for (size_t i = 0; i < v.size(); i++) v[i] = first + float(i);
    CUDA_MEMCPY2D c = {};
    c.srcMemoryType = CU_MEMORYTYPE_HOST, c.srcHost = v.data(), c.srcPitch = width * 4;
    c.dstMemoryType = CU_MEMORYTYPE_ARRAY, c.dstArray = a;
    c.WidthInBytes = width * 4, c.Height = width;
    OK(cuMemcpy2D(&c));
  }
  CUtexref line = nullptr, image = nullptr;
  CUdeviceptr out = 0, memory = 0;
};

TEST_F(TextureReferenceTest, LinearMemory) {
  CUdeviceptr back = 0;
  size_t offset = 99;
  CUarray_format format = CU_AD_FORMAT_HALF;
  int channels = 9;
  OK(cuTexRefSetFormat(line, CU_AD_FORMAT_UNSIGNED_INT32, 1));
  OK(cuTexRefGetFormat(&format, &channels, line));
  EXPECT_EQ(format, CU_AD_FORMAT_UNSIGNED_INT32);
  EXPECT_EQ(channels, 1);
  OK(cuTexRefSetFlags(line, CU_TRSF_READ_AS_INTEGER));
  OK(cuTexRefSetAddress(&offset, line, memory, 4096));
  EXPECT_EQ(offset, 0u);
  OK(cuTexRefGetAddress(&back, line));
  EXPECT_EQ(back, memory);
  EXPECT_EQ(at(100), 100u);
  // Off the alignment: the rest comes back as an offset, which the kernel adds.
  OK(cuTexRefSetAddress(&offset, line, memory + 32, 64));
  EXPECT_EQ(offset, 32u);
  EXPECT_EQ(at(8 + 3), 11u);
  IS(cuTexRefSetAddress(nullptr, line, memory + 32, 64), CUDA_ERROR_INVALID_VALUE);
  // Another format for what is bound.
  OK(cuTexRefSetAddress(nullptr, line, memory, 4096));
  OK(cuTexRefSetFormat(line, CU_AD_FORMAT_UNSIGNED_INT16, 1));
  EXPECT_EQ(at(2 * 7), 7u);
  EXPECT_EQ(at(2 * 7 + 1), 0u);
  IS(cuTexRefSetFormat(line, CU_AD_FORMAT_UNSIGNED_INT16, 3), CUDA_ERROR_INVALID_VALUE);
  IS(cuTexRefSetFormat(line, CUarray_format(77), 1), CUDA_ERROR_INVALID_VALUE);
  IS(cuTexRefGetAddress(nullptr, line), CUDA_ERROR_INVALID_VALUE);
  IS(cuTexRefGetAddress(&back, image), CUDA_ERROR_INVALID_VALUE);  // bound to nothing
  IS(cuTexRefSetAddress(&offset, nullptr, memory, 64), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(TextureReferenceTest, PitchedMemory) {
  std::vector<float> rows(3 * 16, -1);  // 3 rows of 4 floats, 64 bytes apart
  for (size_t i = 0; i < 12; i++) rows[i / 4 * 16 + i % 4] = float(i);
  OK(cuMemcpyHtoD(memory, rows.data(), 192));
  CUDA_ARRAY_DESCRIPTOR d = {4, 3, CU_AD_FORMAT_FLOAT, 1};
  OK(cuTexRefSetAddress2D(image, &d, memory, 64));
  EXPECT_EQ(at(2.5f, 1.5f)[0], 6);
  OK(cuTexRefSetFilterMode(image, CU_TR_FILTER_MODE_LINEAR));
  EXPECT_EQ(at(2.5f, 2.0f)[0], 8);  // between rows 1 and 2
  CUdeviceptr back = 0;
  OK(cuTexRefGetAddress(&back, image));
  EXPECT_EQ(back, memory);
  d.Width = 2;
  OK(cuTexRefSetAddress2D_v2(image, &d, memory, 64));
  OK(cuTexRefSetFilterMode(image, CU_TR_FILTER_MODE_POINT));
  OK(cuTexRefSetAddressMode(image, 0, CU_TR_ADDRESS_MODE_CLAMP));
  EXPECT_EQ(at(3.5f, 1.5f)[0], 5);
  IS(cuTexRefSetAddress2D(image, nullptr, memory, 64), CUDA_ERROR_INVALID_VALUE);
  IS(cuTexRefSetAddress2D(nullptr, &d, memory, 64), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(TextureReferenceTest, SettingsComeBackAndCount) {
  CUarray a = square(10);
  OK(cuTexRefSetArray(image, a, CU_TRSA_OVERRIDE_FORMAT));
  // The border's colour where the address mode says so.
  float colour[4] = {0.5f, 1, 2, 3}, found[4] = {};
  OK(cuTexRefSetBorderColor(image, colour));
  OK(cuTexRefGetBorderColor(found, image));
  EXPECT_EQ(std::memcmp(colour, found, sizeof colour), 0);
  for (int axis = 0; axis < 2; axis++) OK(cuTexRefSetAddressMode(image, axis, CU_TR_ADDRESS_MODE_BORDER));
  EXPECT_EQ(at(-5.f, 0.5f)[0], 0.5f);
  EXPECT_EQ(at(1.5f, 0.5f)[0], 11);
  // Flags: coordinates from 0 to 1.
  unsigned flags = 99;
  OK(cuTexRefSetFlags(image, CU_TRSF_NORMALIZED_COORDINATES));
  OK(cuTexRefGetFlags(&flags, image));
  EXPECT_EQ(flags, unsigned(CU_TRSF_NORMALIZED_COORDINATES));
  EXPECT_EQ(at(0.375f, 0.375f)[0], 15);
  IS(cuTexRefSetFlags(image, 0x100), CUDA_ERROR_INVALID_VALUE);
  OK(cuTexRefSetFlags(image, 0));
  int most = 99;
  OK(cuTexRefSetMaxAnisotropy(image, 8));
  OK(cuTexRefGetMaxAnisotropy(&most, image));
  EXPECT_EQ(most, 8);
  EXPECT_EQ(at(1.5f, 0.5f)[0], 11);
  IS(cuTexRefSetBorderColor(image, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuTexRefGetBorderColor(nullptr, image), CUDA_ERROR_INVALID_VALUE);
  IS(cuTexRefGetMaxAnisotropy(nullptr, image), CUDA_ERROR_INVALID_VALUE);
  IS(cuTexRefSetFilterMode(image, CUfilter_mode(2)), CUDA_ERROR_INVALID_VALUE);
  OK(cuTexRefSetArray(image, nullptr, CU_TRSA_OVERRIDE_FORMAT));
  CUarray back = nullptr;
  IS(cuTexRefGetArray(&back, image), CUDA_ERROR_INVALID_VALUE);
  OK(cuArrayDestroy(a));
}

TEST_F(TextureReferenceTest, MipmappedArrays) {
  const CUDA_ARRAY3D_DESCRIPTOR d = {4, 4, 0, CU_AD_FORMAT_FLOAT, 1, 0};
  CUmipmappedArray mipmap = nullptr, back = nullptr;
  OK(cuMipmappedArrayCreate(&mipmap, &d, 3));
  for (unsigned n = 0; n < 3; n++) {
    CUarray level = nullptr;
    OK(cuMipmappedArrayGetLevel(&level, mipmap, n));
    fill(level, float(100 * n), 4 >> n);
  }
  OK(cuTexRefSetFlags(image, CU_TRSF_NORMALIZED_COORDINATES));
  OK(cuTexRefSetMipmapLevelClamp(image, 0, 2));
  OK(cuTexRefSetMipmappedArray(image, mipmap, CU_TRSA_OVERRIDE_FORMAT));
  OK(cuTexRefGetMipmappedArray(&back, image));
  EXPECT_EQ(back, mipmap);
  EXPECT_EQ(at(0.1f, 0.1f, 1)[0], 100);
  EXPECT_EQ(at(0.9f, 0.1f, 1)[0], 101);
  // A bias of levels, and a least and a greatest one.
  float bias = 9, low = 9, high = 9;
  OK(cuTexRefSetMipmapLevelBias(image, 1));
  OK(cuTexRefGetMipmapLevelBias(&bias, image));
  EXPECT_EQ(bias, 1);
  EXPECT_EQ(at(0.1f, 0.1f, 1)[0], 200);
  OK(cuTexRefSetMipmapLevelBias(image, 0));
  OK(cuTexRefSetMipmapLevelClamp(image, 1, 1.5f));
  OK(cuTexRefGetMipmapLevelClamp(&low, &high, image));
  EXPECT_EQ(low, 1);
  EXPECT_EQ(high, 1.5f);
  EXPECT_EQ(at(0.1f, 0.1f, 0)[0], 100);
  OK(cuTexRefSetMipmapLevelClamp(image, 0, 2));
  // Between levels.
  CUfilter_mode filter = CU_TR_FILTER_MODE_LINEAR;
  OK(cuTexRefGetMipmapFilterMode(&filter, image));
  EXPECT_EQ(filter, CU_TR_FILTER_MODE_POINT);
  OK(cuTexRefSetMipmapFilterMode(image, CU_TR_FILTER_MODE_LINEAR));
  OK(cuTexRefGetMipmapFilterMode(&filter, image));
  EXPECT_EQ(filter, CU_TR_FILTER_MODE_LINEAR);
  EXPECT_EQ(at(0.1f, 0.1f, 0.5f)[0], 50);
  IS(cuTexRefSetMipmapFilterMode(image, CUfilter_mode(2)), CUDA_ERROR_INVALID_VALUE);
  IS(cuTexRefGetMipmapFilterMode(nullptr, image), CUDA_ERROR_INVALID_VALUE);
  IS(cuTexRefGetMipmapLevelBias(nullptr, image), CUDA_ERROR_INVALID_VALUE);
  IS(cuTexRefGetMipmapLevelClamp(nullptr, &high, image), CUDA_ERROR_INVALID_VALUE);
  IS(cuTexRefGetMipmappedArray(nullptr, image), CUDA_ERROR_INVALID_VALUE);
  IS(cuTexRefGetMipmappedArray(&back, line), CUDA_ERROR_INVALID_VALUE);  // bound to nothing
  IS(cuTexRefSetMipmappedArray(image, mipmap, 0), CUDA_ERROR_INVALID_VALUE);
  CUDA_ARRAY_SPARSE_PROPERTIES sparse;
  CUDA_ARRAY_MEMORY_REQUIREMENTS needs;
  IS(cuMipmappedArrayGetSparseProperties(&sparse, mipmap), CUDA_ERROR_INVALID_VALUE);  // it isn't sparse
  IS(cuMipmappedArrayGetMemoryRequirements(&needs, mipmap, device),
     CUDA_ERROR_INVALID_VALUE);  // nor deferred
  OK(cuTexRefSetMipmappedArray(image, nullptr, CU_TRSA_OVERRIDE_FORMAT));
  OK(cuMipmappedArrayDestroy(mipmap));
  IS(cuTexRefSetMipmappedArray(image, mipmap, CU_TRSA_OVERRIDE_FORMAT), CUDA_ERROR_INVALID_VALUE);
  IS(cuMipmappedArrayGetSparseProperties(&sparse, mipmap), CUDA_ERROR_INVALID_HANDLE);
  IS(cuMipmappedArrayGetMemoryRequirements(&needs, mipmap, device), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(TextureReferenceTest, OfTheProgramsOwn) {
  CUtexref own = nullptr;
  OK(cuTexRefCreate(&own));
  OK(cuTexRefSetFormat(own, CU_AD_FORMAT_HALF, 2));
  CUarray_format format = CU_AD_FORMAT_FLOAT;
  int channels = 0;
  OK(cuTexRefGetFormat(&format, &channels, own));
  EXPECT_EQ(format, CU_AD_FORMAT_HALF);
  EXPECT_EQ(channels, 2);
  OK(cuTexRefGetFormat(&format, &channels, line));  // each has its own
  EXPECT_EQ(format, CU_AD_FORMAT_FLOAT);
  OK(cuTexRefDestroy(own));
  IS(cuTexRefDestroy(own), CUDA_ERROR_INVALID_VALUE);
  IS(cuTexRefGetFormat(&format, &channels, own), CUDA_ERROR_INVALID_VALUE);
  IS(cuTexRefDestroy(line), CUDA_ERROR_INVALID_VALUE);  // a module's
  IS(cuTexRefCreate(nullptr), CUDA_ERROR_INVALID_VALUE);
  without_context([&] { IS(cuTexRefCreate(&own), CUDA_ERROR_INVALID_CONTEXT); });
}

TEST_F(TextureReferenceTest, Surfaces) {
  CUsurfref target = nullptr;
  CUarray a = nullptr, back = nullptr;
  OK(cuModuleGetSurfRef(&target, module, "target"));
  IS(cuSurfRefGetArray(&back, target), CUDA_ERROR_INVALID_VALUE);  // bound to nothing
  const CUDA_ARRAY3D_DESCRIPTOR d = {4, 4, 0, CU_AD_FORMAT_FLOAT, 1, CUDA_ARRAY3D_SURFACE_LDST};
  OK(cuArray3DCreate(&a, &d));
  OK(cuSurfRefSetArray(target, a, 0));
  OK(cuSurfRefGetArray(&back, target));
  EXPECT_EQ(back, a);
  IS(cuSurfRefGetArray(nullptr, target), CUDA_ERROR_INVALID_VALUE);
  IS(cuSurfRefGetArray(&back, nullptr), CUDA_ERROR_INVALID_VALUE);
  IS(cuSurfRefSetArray(target, a, 1), CUDA_ERROR_INVALID_VALUE);
  IS(cuSurfRefSetArray(target, square(0), 0), CUDA_ERROR_INVALID_VALUE);  // made without SURFACE_LDST
  OK(cuSurfRefGetArray(&back, target));
  EXPECT_EQ(back, a);
}

TEST_F(TextureReferenceTest, ArraysOfOneAndTwoDimensions) {
  CUDA_ARRAY_DESCRIPTOR d = {8, 0, CU_AD_FORMAT_UNSIGNED_INT32, 1}, back = {};
  CUarray a = nullptr;
  OK(cuArrayCreate(&a, &d));
  OK(cuArrayGetDescriptor(&back, a));
  EXPECT_EQ(back.Height, 0u);
  const uint32_t words[] = {1, 2, 3, 4, 5, 6, 7, 8};
  OK(cuMemcpyHtoA(a, 0, words, 32));
  OK(cuTexRefSetFlags(line, CU_TRSF_READ_AS_INTEGER));
  OK(cuTexRefSetArray(line, a, CU_TRSA_OVERRIDE_FORMAT));
  EXPECT_EQ(at(6), 7u);
  OK(cuArrayDestroy(a));
  d.Width = 0;
  IS(cuArrayCreate(&a, &d), CUDA_ERROR_INVALID_VALUE);
  d.Width = 8, d.NumChannels = 3;
  IS(cuArrayCreate(&a, &d), CUDA_ERROR_INVALID_VALUE);
  d.NumChannels = 1;
  IS(cuArrayCreate(nullptr, &d), CUDA_ERROR_INVALID_VALUE);
  IS(cuArrayCreate(&a, nullptr), CUDA_ERROR_INVALID_VALUE);
}

}  // namespace
