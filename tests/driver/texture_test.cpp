// Texture and surface objects: every form of PTX instruction (on both engines), and the codes for descriptors
// that can't be.
#include <bit>
#include <cstring>

#include "driver_fixture.h"

namespace {

class TextureTest : public DriverTest {
 protected:
  /// A 4x4 array of floats 0 ... 15, or of u32 with the same values.
  void SetUp() override {
    DriverTest::SetUp();
    array = make(CU_AD_FORMAT_FLOAT, 1, CUDA_ARRAY3D_SURFACE_LDST);
    std::vector<float> texels(16);
    for (int i = 0; i < 16; i++) texels[size_t(i)] = float(i);
    OK(cuMemcpyHtoA(array, 0, texels.data(), 64));
  }
  CUarray make(CUarray_format format, unsigned channels, unsigned flags, size_t depth = 0) {
    const CUDA_ARRAY3D_DESCRIPTOR d = {4, 4, depth, format, channels, flags};
    CUarray a = nullptr;
    OK(cuArray3DCreate(&a, &d));
    return a;
  }
  static CUDA_RESOURCE_DESC resource(CUarray a) {
    CUDA_RESOURCE_DESC r{};
    r.resType = CU_RESOURCE_TYPE_ARRAY;
    r.res.array.hArray = a;
    return r;
  }
  CUtexObject texture(CUarray a, unsigned flags = 0, CUfilter_mode filter = CU_TR_FILTER_MODE_POINT) {
    const CUDA_RESOURCE_DESC r = resource(a);
    CUDA_TEXTURE_DESC t{};
    for (CUaddress_mode& m : t.addressMode) m = CU_TR_ADDRESS_MODE_CLAMP;
    t.filterMode = filter;
    t.flags = flags;
    CUtexObject object = 0;
    OK(cuTexObjectCreate(&object, &r, &t, nullptr));
    return object;
  }
  CUsurfObject surface(CUarray a) {
    const CUDA_RESOURCE_DESC r = resource(a);
    CUsurfObject object = 0;
    OK(cuSurfObjectCreate(&object, &r));
    return object;
  }

  /// Runs `body`, which has the object in %o and may store words %r0 ... %r7, with 32 threads; returns those
  /// of thread 9, whose %tid.x is in %t and, as a float, in %x.
  std::vector<uint32_t> run_ptx(const std::string& body, unsigned long long object,
                                CUresult want = CUDA_SUCCESS, const std::string& before = "") {
    const std::string text = ".version 8.0\n.target sm_80\n.address_size 64\n" + before + R"(
      .visible .entry k(.param .u64 p_o, .param .u64 p_out) {
      .reg .pred %p<4>; .reg .b16 %h<8>; .reg .b32 %r<16>; .reg .b64 %d<8>; .reg .f32 %f<16>;
      .reg .b32 %t; .reg .f32 %x; .reg .b64 %o, %out;
      ld.param.u64 %o, [p_o]; ld.param.u64 %out, [p_out];
      mov.u32 %t, %tid.x; cvt.rn.f32.u32 %x, %t; mad.wide.u32 %out, %t, 32, %out;
      mov.u32 %r0, 0; mov.u32 %r1, 0; mov.u32 %r2, 0; mov.u32 %r3, 0; mov.u32 %r4, 0; mov.u32 %r5, 0;
      )" + body + R"(
      st.global.v4.b32 [%out], {%r0, %r1, %r2, %r3}; st.global.v4.b32 [%out+16], {%r4, %r5, %r6, %r7}; ret; })";
    CUmodule m = nullptr;
    EXPECT_EQ(name_of(cuModuleLoadData(&m, text.c_str())), "CUDA_SUCCESS") << body;
    if (!m) return std::vector<uint32_t>(8);
    loaded = m;
    if (on_load) on_load(m);
    CUfunction f = nullptr;
    OK(cuModuleGetFunction(&f, m, "k"));
    const CUdeviceptr out = allocate(32 * 32);
    void* params[] = {&object, const_cast<CUdeviceptr*>(&out)};
    CUresult r = cuLaunchKernel(f, 1, 1, 1, 32, 1, 1, 0, nullptr, params, nullptr);
    if (r == CUDA_SUCCESS) r = cuCtxSynchronize();
    EXPECT_EQ(name_of(r), name_of(want)) << body;
    if (r != CUDA_SUCCESS) return std::vector<uint32_t>(8);
    return read(out + 9 * 32, 8);
  }
  static float as_float(uint32_t w) { return std::bit_cast<float>(w); }

  CUarray array = nullptr;
  CUmodule loaded = nullptr;
  void (*on_load)(CUmodule) = nullptr;
};

const char* const kStoreFour = "mov.b32 %r0, %f0; mov.b32 %r1, %f1; mov.b32 %r2, %f2; mov.b32 %r3, %f3;";

TEST_F(TextureTest, Sampling) {
  const CUtexObject t = texture(array), l = texture(array, 0, CU_TR_FILTER_MODE_LINEAR);
  const std::string two =
      "mov.f32 %f4, 0f3FC00000; tex.2d.v4.f32.f32 {%f0,%f1,%f2,%f3}, [%o, {%f4, 0f40200000}];";
  std::vector<uint32_t> v = run_ptx(two + kStoreFour, t);  // (1.5, 2.5)
  EXPECT_EQ(as_float(v[0]), 9.0f);
  EXPECT_EQ(as_float(v[1]), 0.0f);
  EXPECT_EQ(as_float(v[3]), 1.0f);
  v = run_ptx(
      "tex.2d.v4.f32.f32 {%f0,%f1,%f2,%f3}, [%o, {0f40000000, 0f3F800000}];" + std::string(kStoreFour), l);
  EXPECT_EQ(as_float(v[0]), 3.5f);  // (2, 1): between texels 1, 2 of rows 0, 1
  v = run_ptx(
      "and.b32 %r8, %t, 3; tex.1d.v4.f32.s32 {%f0,%f1,%f2,%f3}, [%o, {%r8}];" + std::string(kStoreFour), t);
  EXPECT_EQ(as_float(v[0]), 1.0f);
  // A residency predicate, a texel offset, results nobody wants.
  v = run_ptx(
      "tex.2d.v4.f32.f32 {%f0,_,_,_}|%p1, [%o, {0f3F000000, 0f3F000000}], {2, 1}; mov.b32 %r0, %f0;"
      "selp.b32 %r1, 7, 8, %p1;",
      t);
  EXPECT_EQ(as_float(v[0]), 6.0f);
  EXPECT_EQ(v[1], 7u);
  v = run_ptx(
      "tex.base.2d.v4.f16.f32 {%h0,%h1,%h2,%h3}, [%o, {0f40600000, 0f40600000}]; mov.b32 %r0, {%h0,%h3};", t);
  EXPECT_EQ(v[0], 0x3c004b80u);  // 15 and 1
  v = run_ptx("tex.2d.v2.f16x2.f32 {%r0,%r1}, [%o, {0f40600000, 0f40600000}];", t);
  EXPECT_EQ(v[0], 0x00004b80u);
  EXPECT_EQ(v[1], 0x3c000000u);
  v = run_ptx(
      "tld4.r.2d.v4.f32.f32 {%f0,%f1,%f2,%f3}, [%o, {0f40000000, 0f3F800000}];" + std::string(kStoreFour), t);
  EXPECT_EQ(as_float(v[0]), 5.0f);
  EXPECT_EQ(as_float(v[1]), 6.0f);
  EXPECT_EQ(as_float(v[2]), 2.0f);
  EXPECT_EQ(as_float(v[3]), 1.0f);
}

TEST_F(TextureTest, DivergentLanesAndObjects) {
  // Lanes 8 and up sample; the others keep 5.
  const CUtexObject t = texture(array);
  const std::vector<uint32_t> v = run_ptx(
      "mov.f32 %f0, 0f40A00000; setp.lt.u32 %p1, %t, 8; @%p1 bra DONE;"
      "and.b32 %r8, %t, 3; tex.2d.v4.s32.s32 {%r4,%r5,%r6,%r7}, [%o, {%r8, %r8}]; mov.b32 %f0, %r4;"
      "DONE: mov.b32 %r0, %f0;",
      t);
  EXPECT_EQ(as_float(v[0]), 5.0f);  // lane 9: texel (1, 1)
}

TEST_F(TextureTest, LanesThatWaitForEachOther) {
  // Lane 9 samples where lane 20 says, which says so after it has sampled itself: no lockstep.
  const CUtexObject t = texture(array);
  const std::vector<uint32_t> v = run_ptx(
      "cvta.global.u64 %d0, said; setp.eq.u32 %p1, %t, 20; @%p1 bra SAY; setp.ne.u32 %p1, %t, 9; @%p1 bra "
      "DONE;"
      "POLL: ld.volatile.global.u32 %r8, [%d0]; setp.eq.u32 %p1, %r8, 0; @%p1 bra POLL;"
      "tex.2d.v4.f32.s32 {%f0,%f1,_,%f3}, [%o, {%r8, 1}]; mov.b32 %r0, %f0; mov.b32 %r1, %f1;"
      "mov.b32 %r2, %f3; bra DONE;"
      "SAY: tex.2d.v4.f32.s32 {%f0,_,_,_}, [%o, {2, 0}]; cvt.rzi.u32.f32 %r8, %f0;"
      "st.volatile.global.u32 [%d0], %r8;"
      "DONE:",
      t, CUDA_SUCCESS, ".global .u32 said;\n");
  EXPECT_EQ(as_float(v[0]), 6.0f);  // texel 2 of row 1
  EXPECT_EQ(as_float(v[1]), 0.0f);
  EXPECT_EQ(as_float(v[2]), 1.0f);
}

TEST_F(TextureTest, LayersCubesAndVolumes) {
  CUarray a = make(CU_AD_FORMAT_SIGNED_INT32, 1, CUDA_ARRAY3D_CUBEMAP | CUDA_ARRAY3D_LAYERED, 12);
  std::vector<int32_t> texels(16 * 12);
  for (size_t i = 0; i < texels.size(); i++) texels[i] = int32_t(i / 16) - 3;  // the face's number - 3
  CUDA_MEMCPY3D c{};
  c.srcMemoryType = CU_MEMORYTYPE_HOST, c.srcHost = texels.data(), c.srcPitch = 16, c.srcHeight = 4;
  c.dstMemoryType = CU_MEMORYTYPE_ARRAY, c.dstArray = a;
  c.WidthInBytes = 16, c.Height = 4, c.Depth = 12;
  OK(cuMemcpy3D(&c));
  const CUtexObject t = texture(a, CU_TRSF_READ_AS_INTEGER);
  std::vector<uint32_t> v = run_ptx(
      "tex.a2d.v4.s32.f32 {%r0,_,_,_}, [%o, {4, 0f3F800000, 0f3F800000, 0f00000000}];"
      "mov.u32 %r8, 1; tex.acube.v4.s32.f32 {%r1,_,_,_}, [%o, {%r8, 0f00000000, 0fBF800000, 0f00000000}];"
      "tex.level.acube.v4.s32.f32 {%r2,_,_,_}, [%o, {%r8, 0f3F800000, 0f3F000000, 0f00000000}], 0f00000000;"
      "tex.a1d.v4.s32.f32 {%r3,_,_,_}, [%o, {%r8, 0f3F800000}];",
      t);
  EXPECT_EQ(int32_t(v[0]), 1);   // layer 4 - 3
  EXPECT_EQ(int32_t(v[1]), 6);   // cube 1, face 3 (-y): 9 - 3
  EXPECT_EQ(int32_t(v[2]), 3);   // cube 1, face 0
  EXPECT_EQ(int32_t(v[3]), -2);  // slice 1
}

TEST_F(TextureTest, MipmapsByLevelAndGradient) {
  CUmipmappedArray m = nullptr;
  const CUDA_ARRAY3D_DESCRIPTOR d = {4, 4, 0, CU_AD_FORMAT_FLOAT, 1, 0};
  OK(cuMipmappedArrayCreate(&m, &d, 3));
  for (unsigned n = 0; n < 3; n++) {
    CUarray level = nullptr;
    OK(cuMipmappedArrayGetLevel(&level, m, n));
    const std::vector<float> texels(16 >> 2 * n, float(n + 1));
    OK(cuMemcpyHtoA(level, 0, texels.data(), texels.size() * 4));
  }
  CUDA_RESOURCE_DESC r{};
  r.resType = CU_RESOURCE_TYPE_MIPMAPPED_ARRAY;
  r.res.mipmap.hMipmappedArray = m;
  CUDA_TEXTURE_DESC t{};
  t.mipmapFilterMode = CU_TR_FILTER_MODE_LINEAR;
  t.maxMipmapLevelClamp = 10;
  CUtexObject object = 0;
  IS(cuTexObjectCreate(&object, &r, &t, nullptr), CUDA_ERROR_INVALID_VALUE);  // must be normalized
  t.flags = CU_TRSF_NORMALIZED_COORDINATES;
  OK(cuTexObjectCreate(&object, &r, &t, nullptr));
  const std::vector<uint32_t> v = run_ptx(
      "mov.f32 %f4, 0f3F000000;"
      "tex.level.2d.v4.f32.f32 {%f0,_,_,_}, [%o, {%f4, %f4}], 0f3F800000; mov.b32 %r0, %f0;"
      "tex.level.2d.v4.f32.f32 {%f0,_,_,_}, [%o, {%f4, %f4}], 0f3FC00000; mov.b32 %r1, %f0;"
      "tex.grad.2d.v4.f32.f32 {%f0,_,_,_}, [%o, {%f4, %f4}], {%f4, 0f00000000}, {0f00000000, 0f00000000}; "
      "mov.b32 %r2, %f0;"
      "txq.num_mipmap_levels.b32 %r3, [%o]; txq.level.width.b32 %r4, [%o], 1; txq.width.b32 %r5, [%o];"
      "txq.channel_data_type.b32 %r6, [%o]; txq.normalized_coords.b32 %r7, [%o];",
      object);
  EXPECT_EQ(as_float(v[0]), 2.0f);
  EXPECT_EQ(as_float(v[1]), 2.5f);
  EXPECT_EQ(as_float(v[2]), 2.0f);  // half the texture a pixel: two texels
  EXPECT_EQ(v[3], 3u);
  EXPECT_EQ(v[4], 2u);
  EXPECT_EQ(v[5], 4u);
  EXPECT_EQ(v[6], 0x10deu);
  EXPECT_EQ(v[7], 1u);
  // Texels by number: the level is an integer too, and gradients count texels.
  const std::vector<uint32_t> w = run_ptx(
      "mov.f32 %f4, 0f40000000;"
      "tex.level.2d.v4.f32.s32 {%f0,_,_,_}, [%o, {0, 1}], 1; mov.b32 %r0, %f0;"
      "tex.level.2d.v4.f32.s32 {%f0,_,_,_}, [%o, {0, 0}], 2; mov.b32 %r1, %f0;"
      "tex.grad.2d.v4.f32.s32 {%f0,_,_,_}, [%o, {1, 1}], {%f4, 0f00000000}, {0f00000000, 0f00000000};"
      "mov.b32 %r2, %f0;",
      object);
  EXPECT_EQ(as_float(w[0]), 2.0f);
  EXPECT_EQ(as_float(w[1]), 3.0f);
  EXPECT_EQ(as_float(w[2]), 2.0f);
}

TEST_F(TextureTest, TheOnlySample) {
  const CUtexObject t = texture(array);
  const std::vector<uint32_t> v = run_ptx(
      "tex.2dms.v4.f32.s32 {%f0,_,_,_}, [%o, {0, 1, 2, 0}]; mov.b32 %r0, %f0;"
      "tex.base.2dms.v2.f16x2.s32 {%r1,_}|%p1, [%o, {0, 3, 3, 0}]; selp.b32 %r2, 7, 8, %p1;"
      "tex.2dms.v4.f32.s32 {%f0,_,_,_}, [%o, {0, 1, 2, 0}], {1, -1}; mov.b32 %r3, %f0;"
      "tex.a2dms.v4.f32.s32 {%f0,_,_,_}, [%o, {0, 0, 3, 1}]; mov.b32 %r4, %f0;"
      "txq.num_samples.b32 %r5, [%o]; txq.memory_layout.b32 %r6, [%o];",
      t);
  EXPECT_EQ(as_float(v[0]), 9.0f);
  EXPECT_EQ(v[1], 0x00004b80u);  // 15
  EXPECT_EQ(v[2], 7u);
  EXPECT_EQ(as_float(v[3]), 6.0f);
  EXPECT_EQ(as_float(v[4]), 7.0f);
  EXPECT_EQ(v[5], 1u);
  EXPECT_EQ(v[6], 1u);
}

TEST_F(TextureTest, Surfaces) {
  const CUsurfObject s = surface(array);
  std::vector<uint32_t> v = run_ptx(
      "suld.b.2d.b32.trap %r0, [%o, {8, 1}]; suld.b.2d.v2.b32.clamp {%r1,%r2}, [%o, {80, 3}];"
      "suld.b.2d.cg.b64.zero %d0, [%o, {0, 0}]; mov.b64 {%r3,%r4}, %d0; suld.b.2d.b16.zero %h0, [%o, {14, "
      "0}];"
      "cvt.u32.u16 %r5, %h0; suld.b.2d.v4.b8.trap {%h0,%h1,%h2,%h3}, [%o, {4, 0}]; mov.b32 %r6, {%h2,%h3};"
      "suq.width.b32 %r7, [%o];",
      s);
  EXPECT_EQ(as_float(v[0]), 6.0f);
  EXPECT_EQ(as_float(v[1]), 14.0f);
  EXPECT_EQ(as_float(v[2]), 15.0f);
  EXPECT_EQ(as_float(v[4]), 1.0f);
  EXPECT_EQ(v[5], 0x4040u);
  EXPECT_EQ(v[6], 0x003f0080u);
  EXPECT_EQ(v[7], 4u);
  // Every lane adds to one texel; lanes 0 to 3 write a row, one outside is dropped.
  v = run_ptx(
      "sust.b.2d.b32.zero [%o, {0, 2}], 0; bar.sync 0; sured.b.add.2d.u32.trap [%o, {0, 2}], %t; bar.sync 0;"
      "suld.b.2d.b32.trap %r0, [%o, {0, 2}]; shl.b32 %r8, %t, 2; add.s32 %r8, %r8, 4;"
      "mov.b32 %r9, %x; sust.b.2d.b32.zero [%o, {%r8, 2}], %r9; bar.sync 0; suld.b.2d.v2.b64.trap {%d0,%d1}, "
      "[%o, {0, 2}];"
      "mov.b64 {%r1,%r2}, %d0; mov.b64 {%r3,%r4}, %d1;"
      "sust.p.2d.b32.trap [%o, {3, 3}], 0f40A00000; suld.b.2d.b32.trap %r5, [%o, {12, 3}];",
      s);
  EXPECT_EQ(v[0], 31u * 16);
  EXPECT_EQ(as_float(v[2]), 0.0f);
  EXPECT_EQ(as_float(v[4]), 2.0f);
  EXPECT_EQ(as_float(v[5]), 5.0f);
}

TEST_F(TextureTest, ObjectsKnowTheirKind) {
  const char* ask =
      "istypep.texref %p1, %o; selp.b32 %r0, 1, 0, %p1; istypep.surfref %p1, %o; selp.b32 %r1, 1, 0, %p1;";
  std::vector<uint32_t> v = run_ptx(ask, texture(array));
  EXPECT_EQ(v[0], 1u);
  EXPECT_EQ(v[1], 0u);
  v = run_ptx(ask, surface(array));
  EXPECT_EQ(v[0], 0u);
  EXPECT_EQ(v[1], 1u);
  v = run_ptx(ask, 12345);
  EXPECT_EQ(v[0] | v[1], 0u);
}

TEST_F(TextureTest, SurfaceOutOfRangeTraps) {
  run_ptx("suld.b.2d.b32.trap %r0, [%o, {16, 0}];", surface(array), CUDA_ERROR_LAUNCH_FAILED);
}
TEST_F(TextureTest, SurfaceMisaligned) {
  run_ptx("suld.b.2d.b32.zero %r0, [%o, {2, 0}];", surface(array), CUDA_ERROR_MISALIGNED_ADDRESS);
}
TEST_F(TextureTest, WildHandleIsAnIllegalAddress) {
  run_ptx("tex.2d.v4.f32.f32 {%f0,%f1,%f2,%f3}, [%o, {%x, %x}]; mov.b32 %r0, %f0;", 0x7f0012345678,
          CUDA_ERROR_ILLEGAL_ADDRESS);
}
TEST_F(TextureTest, DestroyedObjectIsAnIllegalAddress) {
  const CUtexObject t = texture(array);
  OK(cuTexObjectDestroy(t));
  run_ptx("tex.2d.v4.f32.f32 {%f0,%f1,%f2,%f3}, [%o, {%x, %x}]; mov.b32 %r0, %f0;", t,
          CUDA_ERROR_ILLEGAL_ADDRESS);
}
TEST_F(TextureTest, FreedArrayIsAnIllegalAddress) {
  const CUtexObject t = texture(array);
  OK(cuArrayDestroy(array));
  run_ptx("tex.2d.v4.f32.f32 {%f0,%f1,%f2,%f3}, [%o, {%x, %x}]; mov.b32 %r0, %f0;", t,
          CUDA_ERROR_ILLEGAL_ADDRESS);
}

TEST_F(TextureTest, ObjectsTellTheirDescriptors) {
  const CUtexObject t = texture(array, CU_TRSF_NORMALIZED_COORDINATES, CU_TR_FILTER_MODE_LINEAR);
  CUDA_RESOURCE_DESC r{};
  CUDA_TEXTURE_DESC d{};
  CUDA_RESOURCE_VIEW_DESC view{};
  OK(cuTexObjectGetResourceDesc(&r, t));
  EXPECT_EQ(r.res.array.hArray, array);
  OK(cuTexObjectGetTextureDesc(&d, t));
  EXPECT_EQ(d.flags, unsigned(CU_TRSF_NORMALIZED_COORDINATES));
  EXPECT_EQ(d.filterMode, CU_TR_FILTER_MODE_LINEAR);
  IS(cuTexObjectGetResourceViewDesc(&view, t), CUDA_ERROR_INVALID_VALUE);
  OK(cuTexObjectDestroy(t));
  IS(cuTexObjectDestroy(t), CUDA_ERROR_INVALID_VALUE);
  IS(cuTexObjectGetTextureDesc(&d, t), CUDA_ERROR_INVALID_VALUE);
  const CUsurfObject s = surface(array);
  OK(cuSurfObjectGetResourceDesc(&r, s));
  IS(cuTexObjectDestroy(s), CUDA_ERROR_INVALID_VALUE);
  OK(cuSurfObjectDestroy(s));
}

TEST_F(TextureTest, BadDescriptors) {
  CUtexObject object = 0;
  CUDA_TEXTURE_DESC t{};
  CUDA_RESOURCE_DESC r{};
  const auto refuse = [&](const char* why, const CUDA_RESOURCE_VIEW_DESC* view = nullptr) {
    EXPECT_EQ(name_of(cuTexObjectCreate(&object, &r, &t, view)), "CUDA_ERROR_INVALID_VALUE") << why;
  };
  refuse("no array");
  const CUdeviceptr p = allocate(4096);
  r.resType = CU_RESOURCE_TYPE_LINEAR;
  r.res.linear.devPtr = p, r.res.linear.format = CU_AD_FORMAT_FLOAT;
  r.res.linear.numChannels = 1, r.res.linear.sizeInBytes = 4096;
  OK(cuTexObjectCreate(&object, &r, &t, nullptr));
  CUDA_RESOURCE_VIEW_DESC view{};
  refuse("a view of linear memory", &view);
  r.res.linear.devPtr = p + 16;
  refuse("misaligned");
  r.res.linear.devPtr = p, r.res.linear.numChannels = 3;
  refuse("three channels");
  r.resType = CU_RESOURCE_TYPE_PITCH2D;
  r.res.pitch2D.devPtr = p, r.res.pitch2D.format = CU_AD_FORMAT_FLOAT, r.res.pitch2D.numChannels = 1;
  r.res.pitch2D.width = 8, r.res.pitch2D.height = 8, r.res.pitch2D.pitchInBytes = 32;
  OK(cuTexObjectCreate(&object, &r, &t, nullptr));
  r.res.pitch2D.pitchInBytes = 48;
  refuse("a pitch that isn't a multiple of 32");
  r.res.pitch2D.pitchInBytes = 32, r.res.pitch2D.width = 9;
  refuse("rows longer than the pitch");
  r = resource(make(CU_AD_FORMAT_SIGNED_INT8, 4, 0));
  OK(cuTexObjectCreate(&object, &r, &t, nullptr));
  t.filterMode = CU_TR_FILTER_MODE_LINEAR;
  OK(cuTexObjectCreate(&object, &r, &t, nullptr));
  t.flags = CU_TRSF_READ_AS_INTEGER;
  refuse("filtered integers");
  t = {};
  t.addressMode[1] = CUaddress_mode(4);
  refuse("an unknown address mode");
  t = {};
  view.format = CU_RES_VIEW_FORMAT_UINT_1X32, view.width = 4, view.height = 4;
  OK(cuTexObjectCreate(&object, &r, &t, &view));
  view.format = CU_RES_VIEW_FORMAT_UINT_1X16;
  refuse("a view of another size", &view);
  view.format = CU_RES_VIEW_FORMAT_NONE, view.lastMipmapLevel = 1;
  refuse("levels that aren't there", &view);
  CUsurfObject s = 0;
  IS(cuSurfObjectCreate(&s, &r), CUDA_ERROR_INVALID_VALUE);  // made without SURFACE_LDST
}

TEST_F(TextureTest, ReferencesStartAsTheirInitialisersSay) {
  static CUarray bound;
  bound = array;
  on_load = [](CUmodule m) {
    CUtexref t = nullptr;
    OK(cuModuleGetTexRef(&t, m, "image"));
    CUaddress_mode mode{};
    CUfilter_mode filter{};
    unsigned flags = 0;
    OK(cuTexRefGetAddressMode(&mode, t, 0));
    EXPECT_EQ(mode, CU_TR_ADDRESS_MODE_MIRROR);
    OK(cuTexRefGetAddressMode(&mode, t, 1));
    EXPECT_EQ(mode, CU_TR_ADDRESS_MODE_CLAMP);
    OK(cuTexRefGetFilterMode(&filter, t));
    EXPECT_EQ(filter, CU_TR_FILTER_MODE_LINEAR);
    OK(cuTexRefGetFlags(&flags, t));
    EXPECT_EQ(flags, unsigned(CU_TRSF_NORMALIZED_COORDINATES));
    OK(cuTexRefSetAddressMode(t, 1, CU_TR_ADDRESS_MODE_BORDER));
    OK(cuModuleGetTexRef(&t, m, "image"));  // what was set stays
    OK(cuTexRefGetAddressMode(&mode, t, 1));
    EXPECT_EQ(mode, CU_TR_ADDRESS_MODE_BORDER);
    OK(cuTexRefSetArray(t, bound, CU_TRSA_OVERRIDE_FORMAT));
  };
  const std::vector<uint32_t> v = run_ptx(
      "tex.2d.v4.f32.f32 {%f0,_,_,_}, [image, {0f3FA00000, 0f3F000000}]; mov.b32 %r0, %f0;", 0, CUDA_SUCCESS,
      ".global .texref image = { addr_mode_0 = mirror, addr_mode_1 = clamp_to_edge, filter_mode = linear,\n"
      "  normalized_coords = 1, width = 4, channel_data_type = float };\n"
      ".global .surfref target = { width = 4, memory_layout = 0 };\n");
  EXPECT_EQ(as_float(v[0]),
            8.5f);  // x = 1.25 is 0.75 mirrored: between texels 2 and 3; y between rows 1 and 2
}

TEST_F(TextureTest, ReferencesOfModules) {
  static CUarray bound;
  bound = array;
  on_load = [](CUmodule m) {
    CUtexref t = nullptr;
    CUsurfref s = nullptr;
    OK(cuModuleGetTexRef(&t, m, "image"));
    OK(cuTexRefSetFilterMode(t, CU_TR_FILTER_MODE_LINEAR));
    OK(cuTexRefSetAddressMode(t, 0, CU_TR_ADDRESS_MODE_CLAMP));
    OK(cuTexRefSetAddressMode(t, 1, CU_TR_ADDRESS_MODE_CLAMP));
    OK(cuTexRefSetArray(t, bound, CU_TRSA_OVERRIDE_FORMAT));
    OK(cuModuleGetSurfRef(&s, m, "target"));
    OK(cuSurfRefSetArray(s, bound, 0));
    IS(cuModuleGetTexRef(&t, m, "nothing"), CUDA_ERROR_NOT_FOUND);
    CUarray back = nullptr;
    OK(cuTexRefGetArray(&back, t));
    EXPECT_EQ(back, bound);
    CUfunction f = nullptr;
    OK(cuModuleGetFunction(&f, m, "k"));
    OK(cuParamSetTexRef(f, CU_PARAM_TR_DEFAULT, t));
    IS(cuParamSetTexRef(f, 0, t), CUDA_ERROR_INVALID_VALUE);
  };
  const std::vector<uint32_t> v = run_ptx(
      "tex.2d.v4.f32.f32 {%f0,_,_,_}, [image, {0f40000000, 0f3F800000}]; mov.b32 %r0, %f0;"
      "suld.b.2d.b32.trap %r1, [target, {8, 1}]; txq.width.b32 %r2, [image];",
      0, CUDA_SUCCESS, ".global .texref image;\n.global .surfref target;\n");
  EXPECT_EQ(as_float(v[0]), 3.5f);
  EXPECT_EQ(as_float(v[1]), 6.0f);
  EXPECT_EQ(v[2], 4u);
}

TEST_F(TextureTest, RefusedByName) {
  CUmodule m = nullptr;
  CUfunction f = nullptr;
  const char* text =
      ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k(.param .u64 p) { .reg .b64 %o; .reg "
      ".f32 %f<4>;"
      "ld.param.u64 %o, [p]; tex.2d.v4.f32.f32 {%f0,%f1,%f2,%f3}, [%o, {%f0,%f1}], 0f3F000000; ret; }";
  OK(cuModuleLoadData(&m, text));
  OK(cuModuleGetFunction(&f, m, "k"));
  CUtexObject t = texture(array);
  void* params[] = {&t};
  IS(cuLaunchKernel(f, 1, 1, 1, 1, 1, 1, 0, nullptr, params, nullptr), CUDA_ERROR_NOT_SUPPORTED);
}

}  // namespace
