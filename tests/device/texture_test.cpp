// The sampler against the formulas of the CUDA C++ Programming Guide ("Texture Fetching"), written out in
// plain double precision, and against values worked out by hand.
#include <random>

#include "texture_sample.h"

namespace ppu::exec::test {
namespace {

constexpr TexelFormat kFloat{ChannelKind::kFloat, 32, 1};

// ---- The guide's formulas

/// Texel of one axis by address mode: -1 for the border.
int address(double i, int n, AddressMode mode) {
  const int k = int(i);
  switch (mode) {
    case AddressMode::kClamp:
      return k < 0 ? 0 : k >= n ? n - 1 : k;
    case AddressMode::kBorder:
      return k < 0 || k >= n ? -1 : k;
    case AddressMode::kWrap:
      return ((k % n) + n) % n;
    case AddressMode::kMirror: {
      const int m = ((k % (2 * n)) + 2 * n) % (2 * n);
      return m < n ? m : 2 * n - 1 - m;
    }
  }
  return -1;
}

struct Model {
  TextureState state;
  int size[3];
  unsigned axes;
  std::vector<double> texels;  ///< x fastest, one channel

  double texel(const int* at) const {
    for (unsigned a = 0; a < axes; a++)
      if (at[a] < 0) return double(state.border[0]);
    const int y = axes > 1 ? at[1] : 0, z = axes > 2 ? at[2] : 0;
    return texels[size_t((z * size[1] + y) * size[0] + at[0])];
  }
  AddressMode mode(unsigned a) const {
    const AddressMode m = state.address[a];
    return !state.normalized_coords && (m == AddressMode::kWrap || m == AddressMode::kMirror)
               ? AddressMode::kClamp
               : m;
  }
  double sample(const float* coordinate) const {
    double first[3], weight[3];
    for (unsigned a = 0; a < axes; a++) {
      double x = double(coordinate[a]) * (state.normalized_coords ? size[a] : 1);
      if (!state.linear_filter) {
        first[a] = std::floor(x);
        weight[a] = 0;
        continue;
      }
      x -= 0.5;
      first[a] = std::floor(x);
      weight[a] = std::round((x - first[a]) * 256) / 256;  // 1.8 fixed point
    }
    double sum = 0;
    for (unsigned k = 0; k < (state.linear_filter ? 1u << axes : 1u); k++) {
      double w = 1;
      int at[3] = {};
      for (unsigned a = 0; a < axes; a++) {
        const bool second = k >> a & 1;
        w *= second ? weight[a] : 1 - weight[a];
        at[a] = address(first[a] + second, size[a], mode(a));
      }
      if (w != 0) sum += w * texel(at);
    }
    return sum;
  }
};

struct FormatCase {
  TexelFormat format;
  const char* name;
};
const FormatCase kFormats[] = {
    {{ChannelKind::kFloat, 32, 1}, "f32"},          {{ChannelKind::kFloat, 16, 2}, "f16x2"},
    {{ChannelKind::kUnsigned, 8, 4, true}, "u8x4"}, {{ChannelKind::kSigned, 8, 1, true}, "s8"},
    {{ChannelKind::kUnsigned, 16, 1, true}, "u16"}, {{ChannelKind::kSigned, 16, 4, true}, "s16x4"}};

/// Fills channel 0 with random texels; returns their values.
std::vector<double> fill(Image& image, std::mt19937& rng) {
  const TexelFormat& f = image.state.format;
  const TextureLevel& l = image.state.level[0];
  std::vector<double> values;
  for (int z = 0; z < l.depth; z++)
    for (int y = 0; y < l.height; y++)
      for (int x = 0; x < l.width; x++) {
        const int v = int(rng() & 0xffff);
        if (f.bits == 32) {
          image.at<float>(x, y, z) = float(v) / 257 - 100;
          values.push_back(double(image.at<float>(x, y, z)));
        } else if (f.kind == ChannelKind::kFloat) {
          image.at<uint16_t>(x, y, z) = float_to_half(float(v & 0xfff) / 16 - 100);
          values.push_back(double(half_to_float(image.at<uint16_t>(x, y, z))));
        } else if (f.bits == 8) {
          image.at<uint8_t>(x, y, z) = uint8_t(v);
          values.push_back(f.kind == ChannelKind::kSigned ? std::max(int8_t(v) / 127.0, -1.0)
                                                          : uint8_t(v) / 255.0);
        } else {
          image.at<uint16_t>(x, y, z) = uint16_t(v);
          values.push_back(f.kind == ChannelKind::kSigned ? std::max(int16_t(v) / 32767.0, -1.0)
                                                          : uint16_t(v) / 65535.0);
        }
      }
  return values;
}

/// True where the guide's floor is a matter of the coordinate's last bits.
bool near_edge(double x) {
  return std::fabs(x - std::round(x)) < 1e-3;
}

/// 32 random places of one texture, all lanes at once.
void compare(const Image& image, const Model& model, std::mt19937& rng, const std::string& what) {
  const TextureGeometry kPlain[] = {TextureGeometry::k1D, TextureGeometry::k2D, TextureGeometry::k3D};
  std::uniform_real_distribution<float> anywhere(-1.7f, 2.7f);
  const Handle handle(image.state);
  uint64_t handles[32];
  uint32_t in[3][32], out[4][32];
  float c[32][3];
  for (unsigned l = 0; l < 32; l++) {
    handles[l] = handle.value;
    for (unsigned a = 0; a < model.axes; a++) {
      c[l][a] = anywhere(rng) * (model.state.normalized_coords ? 1.0f : float(model.size[a]));
      in[a][l] = word(c[l][a]);
    }
  }
  const TextureOp op = sample_op(kPlain[model.axes - 1]);
  ASSERT_EQ(run_texture(op, handles, in[0], out[0], ~0u).trap, 0u);
  for (unsigned l = 0; l < 32; l++) {
    bool edge = false;
    for (unsigned a = 0; a < model.axes; a++) {
      const double x = double(c[l][a]) * (model.state.normalized_coords ? model.size[a] : 1);
      // Halves of 1/256 round either way in fixed point.
      edge |= model.state.linear_filter ? near_edge(x * 256 + 0.5) : near_edge(x);
    }
    if (edge) continue;
    const double want = model.sample(c[l]), got = double(std::bit_cast<float>(out[0][l]));
    EXPECT_NEAR(got, want, 1e-6 * (1 + std::fabs(want))) << what << " lane " << l << " at " << c[l][0];
  }
}

TEST(Sampler, FollowsTheGuidesFormulas) {
  std::mt19937 rng(1);
  for (const FormatCase& f : kFormats)
    for (unsigned axes = 1; axes <= 3; axes++)
      for (int mode = 0; mode < 4; mode++)
        for (int flags = 0; flags < 4; flags++) {
          const int size[3] = {7, axes > 1 ? 16 : 1, axes > 2 ? 5 : 1};
          Image image(f.format, size[0], size[1], size[2]);
          Model model{image.state, {size[0], size[1], size[2]}, axes, fill(image, rng)};
          for (TextureState* s : {&image.state, &model.state}) {
            for (AddressMode& m : s->address) m = AddressMode(mode);
            s->linear_filter = flags & 1;
            s->normalized_coords = flags & 2;
            s->border[0] = 0.25f;
          }
          compare(image, model, rng,
                  std::string(f.name) + " axes " + std::to_string(axes) + " mode " + std::to_string(mode) +
                      " flags " + std::to_string(flags));
        }
}

TEST(Sampler, WeightsHaveEightBits) {
  Image image(kFloat, 2);
  image.at<float>(0) = 0;
  image.at<float>(1) = 1;
  image.state.linear_filter = true;
  const Handle handle(image.state);
  const auto at = [&](float x) { return run_one(handle, sample_op(TextureGeometry::k1D), {word(x)}).f(); };
  EXPECT_EQ(at(0.5f), 0.0f);
  EXPECT_EQ(at(1.0f), 0.5f);
  EXPECT_EQ(at(1.5f), 1.0f);
  EXPECT_EQ(at(0.5f + 1 / 256.0f), 1 / 256.0f);
  EXPECT_EQ(at(0.5f + 0.4f / 256), 0.0f);
  EXPECT_EQ(at(0.5f + 0.6f / 256), 1 / 256.0f);
}

TEST(Sampler, ConstantImagesStayConstant) {
  Image image(kFloat, 5, 5, 5);
  for (int z = 0; z < 5; z++)
    for (int y = 0; y < 5; y++)
      for (int x = 0; x < 5; x++) image.at<float>(x, y, z) = 0.1f;
  image.state.linear_filter = true;
  const Handle handle(image.state);
  for (float x = -1; x < 6; x += 0.37f)
    EXPECT_EQ(run_one(handle, sample_op(TextureGeometry::k3D), {word(x), word(x * 0.7f), word(3 - x)}).f(),
              0.1f);
}

TEST(Sampler, TexelsOfWeightZeroDontCount) {
  Image image(kFloat, 2);
  image.at<float>(0) = 3;
  image.at<float>(1) = INFINITY;
  image.state.linear_filter = true;
  EXPECT_EQ(run_one(Handle(image.state), sample_op(TextureGeometry::k1D), {word(0.5f)}).f(), 3.0f);
}

TEST(Sampler, NormalizedQuotientsNameTheirTexel) {
  for (int n : {3, 7, 41, 49, 100, 1000, 1920}) {
    Image image(kFloat, n);
    for (int i = 0; i < n; i++) image.at<float>(i) = float(i);
    image.state.normalized_coords = true;
    const Handle handle(image.state);
    for (int i = 0; i < n; i++)
      ASSERT_EQ(run_one(handle, sample_op(TextureGeometry::k1D), {word(float(i) / float(n))}).f(), float(i))
          << n;
  }
}

TEST(Sampler, NanIsZeroAndFarIsTheEdge) {
  Image image(kFloat, 4);
  for (int i = 0; i < 4; i++) image.at<float>(i) = float(i + 1);
  const Handle handle(image.state);
  const auto at = [&](float x) { return run_one(handle, sample_op(TextureGeometry::k1D), {word(x)}).f(); };
  EXPECT_EQ(at(NAN), 1.0f);
  EXPECT_EQ(at(INFINITY), 4.0f);
  EXPECT_EQ(at(-INFINITY), 1.0f);
  EXPECT_EQ(at(3e38f), 4.0f);
}

TEST(Sampler, NearestKeepsTheBitsOfFloats) {
  Image image(kFloat, 2);
  const uint32_t bits[2] = {0x7f812345, 0x00000001};  // a signalling NaN, a subnormal
  std::memcpy(&image.at<float>(0), bits, 8);
  const Handle handle(image.state);
  for (unsigned i = 0; i < 2; i++)
    EXPECT_EQ(run_one(handle, sample_op(TextureGeometry::k1D), {word(float(i))}).w[0], bits[i]);
}

TEST(Sampler, IntegersAreExtendedAndMissingChannelsAreZeroZeroOne) {
  Image image({ChannelKind::kSigned, 8, 2}, 1);
  image.at<int8_t>(0, 0, 0, 0) = -3;
  image.at<int8_t>(0, 0, 0, 1) = 100;
  const Words v = run_one(Handle(image.state), sample_op(TextureGeometry::k1D), {word(0.0f)});
  EXPECT_EQ(v.w[0], uint32_t(-3));
  EXPECT_EQ(v.w[1], 100u);
  EXPECT_EQ(v.w[2], 0u);
  EXPECT_EQ(v.w[3], 1u);
}

TEST(Sampler, LinearMemoryReadsZeroOutside) {
  Image image(kFloat, 4);
  for (int i = 0; i < 4; i++) image.at<float>(i) = 5;
  image.state.linear_memory = true;
  image.state.address[0] = AddressMode::kBorder;
  TextureOp op = sample_op(TextureGeometry::k1D);
  op.flags = kIntegerCoordinates;
  const Handle handle(image.state);
  EXPECT_EQ(run_one(handle, op, {3}).f(), 5.0f);
  EXPECT_EQ(run_one(handle, op, {4}).f(), 0.0f);
  EXPECT_EQ(run_one(handle, op, {uint32_t(-1)}).f(), 0.0f);
}

TEST(Sampler, SrgbDecodesColoursButNotAlpha) {
  Image image({ChannelKind::kUnsigned, 8, 4, true, true}, 1);
  for (int c = 0; c < 4; c++) image.at<uint8_t>(0, 0, 0, c) = 188;
  const Words v = run_one(Handle(image.state), sample_op(TextureGeometry::k1D), {word(0.0f)});
  EXPECT_NEAR(v.f(0), std::pow((188 / 255.0 + 0.055) / 1.055, 2.4), 1e-6);
  EXPECT_EQ(v.f(3), float(188 / 255.0));
}

TEST(Sampler, LayersClampAndDontFilter) {
  Image image(kFloat, 2, 2, 1, 3);
  for (int s = 0; s < 3; s++)
    for (int i = 0; i < 4; i++) image.at<float>(i & 1, i >> 1, s) = float(10 * s + i);
  image.state.linear_filter = true;
  const Handle handle(image.state);
  const auto at = [&](int layer) {
    return run_one(handle, sample_op(TextureGeometry::k2DLayered), {word(1.0f), word(1.0f), uint32_t(layer)})
        .f();
  };
  EXPECT_EQ(at(0), 1.5f);
  EXPECT_EQ(at(2), 21.5f);
  EXPECT_EQ(at(9), 21.5f);
  EXPECT_EQ(at(-1), 1.5f);
}

// The table of "Cubemap Textures": face, m, s, t by direction; a texel's value is 100 * face + 10 * t + s.
TEST(Sampler, CubeFaces) {
  Image image(kFloat, 2, 2, 1, 6);
  for (int f = 0; f < 6; f++)
    for (int i = 0; i < 4; i++) image.at<float>(i & 1, i >> 1, f) = float(100 * f + 10 * (i >> 1) + (i & 1));
  const Handle handle(image.state);
  const auto at = [&](float x, float y, float z) {
    return run_one(handle, sample_op(TextureGeometry::kCube), {word(x), word(y), word(z)}).f();
  };
  EXPECT_EQ(at(2, -1, -1), 0 + 10 + 1);     // +x: s = -z, t = -y
  EXPECT_EQ(at(-2, 1, -1), 100 + 0 + 0);    // -x: s = z, t = -y
  EXPECT_EQ(at(1, 2, 1), 200 + 10 + 1);     // +y: s = x, t = z
  EXPECT_EQ(at(1, -2, 1), 300 + 0 + 1);     // -y: s = x, t = -z
  EXPECT_EQ(at(-1, 1, 2), 400 + 0 + 0);     // +z: s = x, t = -y
  EXPECT_EQ(at(-1, -1, -2), 500 + 10 + 1);  // -z: s = -x, t = -y
}

TEST(Sampler, SeamlessCubesFilterAcrossEdges) {
  Image image(kFloat, 4, 4, 1, 6);
  for (int f = 0; f < 6; f++)
    for (int i = 0; i < 16; i++) image.at<float>(i & 3, i >> 2, f) = float(f);
  image.state.linear_filter = true;
  for (bool seamless : {false, true}) {
    image.state.seamless = seamless;
    // At the edge of +x and +z, on the side of +x: half of each when seamless.
    const float v =
        run_one(Handle(image.state), sample_op(TextureGeometry::kCube), {word(1), word(0.1f), word(1)}).f();
    EXPECT_EQ(v, seamless ? 2.0f : 0.0f);
  }
}

TEST(Sampler, GatherGoesCounterClockwise) {
  Image image({ChannelKind::kUnsigned, 32, 4}, 3, 3);
  for (int i = 0; i < 9; i++)
    for (int c = 0; c < 4; c++) image.at<uint32_t>(i % 3, i / 3, 0, c) = uint32_t(100 * c + i);
  TextureOp op = sample_op(TextureGeometry::k2D, TextureAction::kGather);
  op.detail = 2;
  const Words v = run_one(Handle(image.state), op, {word(1.9f), word(0.9f)});
  EXPECT_EQ(v.w[0], 204u);  // (1, 1)
  EXPECT_EQ(v.w[1], 205u);  // (2, 1)
  EXPECT_EQ(v.w[2], 202u);  // (2, 0)
  EXPECT_EQ(v.w[3], 201u);  // (1, 0)
}

TEST(Sampler, OffsetsCountTexels) {
  Image image(kFloat, 4, 4);
  for (int i = 0; i < 16; i++) image.at<float>(i & 3, i >> 2) = float(i);
  TextureOp op = sample_op(TextureGeometry::k2D);
  op.flags = kHasOffset;
  EXPECT_EQ(run_one(Handle(image.state), op, {word(0.5f), word(0.5f), 2, 1}).f(), 6.0f);
}

TEST(Sampler, HalfResults) {
  Image image(kFloat, 1);
  image.at<float>(0) = 1.0f / 3;
  TextureOp op = sample_op(TextureGeometry::k1D);
  op.flags = kHalfResult;
  EXPECT_EQ(run_one(Handle(image.state), op, {word(0.0f)}).w[0], 0x3555u);
}

/// Three levels of 4, 2 and 1 texels whose values are 1, 2 and 4.
struct Pyramid : Image {
  Pyramid() : Image(kFloat, 8) {
    state.levels = 3;
    for (int l = 0, at = 0; l < 3; at += 4 >> l, l++) {
      state.level[l] = state.level[0];
      state.level[l].base = reinterpret_cast<uint64_t>(&this->at<float>(at));
      state.level[l].width = 4 >> l;
      for (int i = 0; i < 4 >> l; i++) this->at<float>(at + i) = float(1 << l);
      if (l == 0) first = state.level[0];
    }
    state.normalized_coords = true;
  }
  TextureLevel first;
};

TEST(Sampler, MipLevels) {
  Pyramid p;
  const auto at = [&](float level) {
    const TextureOp op = sample_op(TextureGeometry::k1D, TextureAction::kSampleLevel);
    return run_one(Handle(p.state), op, {word(0.5f), word(level)}).f();
  };
  EXPECT_EQ(at(0.4f), 1.0f);
  EXPECT_EQ(at(0.6f), 2.0f);
  EXPECT_EQ(at(7), 4.0f);
  EXPECT_EQ(at(-1), 1.0f);
  p.state.linear_mipmap_filter = true;
  EXPECT_EQ(at(0.5f), 1.5f);
  EXPECT_EQ(at(1.25f), 2.5f);
  p.state.mip_bias = 0.5f;
  EXPECT_EQ(at(0), 1.5f);
  p.state.min_level = 1;
  EXPECT_EQ(at(0), 2.0f);
  p.state.max_level = 1.5f;
  EXPECT_EQ(at(2), 3.0f);
}

TEST(Sampler, GradientsChooseTheLevel) {
  Pyramid p;
  p.state.linear_mipmap_filter = true;
  const auto at = [&](float dx, float dy) {
    const TextureOp op = sample_op(TextureGeometry::k1D, TextureAction::kSampleGrad);
    return run_one(Handle(p.state), op, {word(0.5f), word(dx), word(dy)}).f();
  };
  EXPECT_EQ(at(0.25f, 0), 1.0f);  // one texel a pixel
  EXPECT_EQ(at(0.25f, 0.5f), 2.0f);
  EXPECT_EQ(at(1, 0), 4.0f);
  EXPECT_EQ(at(0, 0), 1.0f);
}

TEST(Handles, StaleAndWildOnesAreFaults) {
  Image image(kFloat, 1);
  uint64_t stale;
  {
    const Handle handle(image.state);
    stale = handle.value;
    EXPECT_NE(find_texture(stale), nullptr);
  }
  EXPECT_EQ(find_texture(stale), nullptr);
  EXPECT_FALSE(unregister_texture(stale));
  for (uint64_t wild : {uint64_t(0), uint64_t(1), stale, stale + 1, ~uint64_t(0), uint64_t(0xdeadbeef)}) {
    uint64_t handles[32] = {};
    uint32_t in[32] = {}, out[4][32] = {};
    handles[3] = wild;
    const TextureFault f = run_texture(sample_op(TextureGeometry::k1D), handles, in, out[0], 8);
    EXPECT_EQ(f.trap, uint32_t(Trap::kIllegalAddress)) << wild;
    EXPECT_EQ(f.lane, 3u);
    EXPECT_EQ(f.info, wild);
  }
}

TEST(Handles, LanesMayReadDifferentObjects) {
  Image a(kFloat, 1), b(kFloat, 1);
  a.at<float>(0) = 1;
  b.at<float>(0) = 2;
  const Handle ha(a.state), hb(b.state);
  uint64_t handles[32];
  uint32_t in[32] = {}, out[4][32];
  for (unsigned l = 0; l < 32; l++) handles[l] = l % 3 ? ha.value : hb.value;
  ASSERT_EQ(run_texture(sample_op(TextureGeometry::k1D), handles, in, out[0], ~0u).trap, 0u);
  for (unsigned l = 0; l < 32; l++) EXPECT_EQ(std::bit_cast<float>(out[0][l]), l % 3 ? 1.0f : 2.0f);
}

}  // namespace
}  // namespace ppu::exec::test
